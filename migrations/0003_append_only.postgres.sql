-- +goose Up
-- The ledger and the audit are only ever added to.
-- +goose StatementBegin
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
-- +goose StatementEnd
CREATE TRIGGER transition_update BEFORE UPDATE ON issue_transition FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER transition_delete BEFORE DELETE ON issue_transition FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER audit_update BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER audit_delete BEFORE DELETE ON audit FOR EACH ROW WHEN (OLD.stream = 'change') EXECUTE FUNCTION append_only();
