-- +goose Up
-- A stored report is only ever added.
CREATE TRIGGER report_update BEFORE UPDATE ON report_run FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER report_delete BEFORE DELETE ON report_run FOR EACH ROW EXECUTE FUNCTION append_only();
