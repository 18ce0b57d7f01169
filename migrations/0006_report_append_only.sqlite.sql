-- +goose Up
-- A stored report is only ever added.
-- +goose StatementBegin
CREATE TRIGGER report_update BEFORE UPDATE ON report_run BEGIN SELECT RAISE(ABORT, 'report_run is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER report_delete BEFORE DELETE ON report_run BEGIN SELECT RAISE(ABORT, 'report_run is append-only'); END;
-- +goose StatementEnd
