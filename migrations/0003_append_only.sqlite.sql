-- +goose Up
-- The ledger and the audit are only ever added to.
-- +goose StatementBegin
CREATE TRIGGER transition_update BEFORE UPDATE ON issue_transition BEGIN SELECT RAISE(ABORT, 'issue_transition is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER transition_delete BEFORE DELETE ON issue_transition BEGIN SELECT RAISE(ABORT, 'issue_transition is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_delete BEFORE DELETE ON audit WHEN OLD.stream = 'change' BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
-- +goose StatementEnd
