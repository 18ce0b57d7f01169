package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

var tables = []string{
	"api_token", "app_user", "audit", "audit_head", "auth_token", "bulk_item", "counter", "dead_letter",
	"environment_half", "epoch", "event_applied", "ingest_key", "installation", "issue", "issue_env", "issue_episode",
	"issue_fingerprint", "issue_hour", "issue_release", "issue_resolution", "issue_transition", "issue_user", "job",
	"lease", "note", "outcome_hourly", "policy", "project", "project_environment", "project_half", "project_quarter",
	"release", "report_run", "saved_view", "session", "status_hour", "target", "team", "team_member", "watch",
}

var indexes = []string{
	"applied_at", "audit_actor", "audit_at", "audit_object", "episode_alerted", "episode_closed", "episode_opened",
	"episode_regressed", "episode_resolved", "episode_responded", "fingerprint_issue", "issue_env_name", "issue_first",
	"issue_open", "issue_owner", "issue_release_name", "issue_seen", "issue_seen_project", "issue_todo",
	"issue_todo_project", "job_due", "job_owner", "key_project", "letter_last", "member_user", "note_issue", "note_origin",
	"one_open_episode", "project_routed", "project_team", "release_seen", "report_as_of", "session_end", "session_owner", "token_user",
	"transition_project", "view_owner", "view_team", "watch_user",
}

// shape is a schema as text.
type shape struct{ Tables, Columns, Indexes []string }

// column lists, by database: table.column type null/not null.
var (
	sqliteColumns = `SELECT m.name, c.name, c.type, c."notnull" = 1 FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name <> 'goose_db_version'`
	postgresColumns = `SELECT table_name, column_name, UPPER(data_type), is_nullable = 'NO' FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name <> 'goose_db_version'`
	sqliteIndexes   = `SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL`
	postgresIndexes = `SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%_pkey' AND indexname NOT LIKE '%_key'
		AND tablename <> 'goose_db_version'`
)

func shapeOf(t *testing.T, s *store.Store) (out shape) {
	t.Helper()
	columns, indexes := sqliteColumns, sqliteIndexes
	if s.Postgres() {
		columns, indexes = postgresColumns, postgresIndexes
	}
	view(t, s, func(ctx context.Context, tx *store.Tx) error {
		err := tx.Select(ctx, columns, nil, func(scan func(...any) error) error {
			var table, column, kind string
			var never bool
			err := scan(&table, &column, &kind, &never)
			out.Tables = append(out.Tables, table)
			out.Columns = append(out.Columns, table+"."+column+" "+kind+map[bool]string{true: " NOT NULL"}[never])
			return err
		})
		if err != nil {
			return err
		}
		return tx.Select(ctx, indexes, nil, func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			out.Indexes = append(out.Indexes, name)
			return err
		})
	})
	slices.Sort(out.Tables)
	out.Tables = slices.Compact(out.Tables)
	slices.Sort(out.Columns)
	slices.Sort(out.Indexes)
	return out
}

func TestSchemaOfBoth(t *testing.T) {
	lite := shapeOf(t, storetest.SQLite(t))
	if d := cmp.Diff(tables, lite.Tables); d != "" {
		t.Errorf("tables (-want +got):\n%s", d)
	}
	if d := cmp.Diff(indexes, lite.Indexes); d != "" {
		t.Errorf("indexes (-want +got):\n%s", d)
	}
	if d := cmp.Diff(lite, shapeOf(t, storetest.Postgres(t))); d != "" {
		t.Errorf("schemas differ (-sqlite +postgres):\n%s", d)
	}
}

func TestOpenAgain(t *testing.T) {
	for _, base := range bases(t) {
		t.Run(base.name, func(t *testing.T) {
			opt := base.options(t)
			before := shapeOf(t, storetest.Open(t, opt))
			if d := cmp.Diff(before, shapeOf(t, storetest.Open(t, opt))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestOpenAtOnce(t *testing.T) {
	for _, base := range bases(t) {
		t.Run(base.name, func(t *testing.T) {
			opt := base.empty(t)
			opt.Clock = time.Now
			errs := make(chan error)
			const processes = 4
			for range processes {
				go func() {
					s, err := store.Open(t.Context(), opt)
					if err == nil {
						err = s.Close()
					}
					errs <- err
				}()
			}
			for range processes {
				if err := <-errs; err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	for _, base := range bases(t) {
		t.Run(base.name, func(t *testing.T) {
			opt := base.options(t)
			s := storetest.Open(t, opt)
			change(t, s, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Change(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)`)
				return err
			})
			_, err := store.Open(t.Context(), opt)
			if errata.CodeOf(err) != errata.Conflict || !strings.Contains(err.Error(), "9999") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestDialectFiles(t *testing.T) {
	files := fstest.MapFS{"0001_a.sql": {}, "0002_b.sqlite.sql": {}, "0002_b.postgres.sql": {}, "0003_c.sql": {}, "embed.go": {}}
	for dialect, want := range map[string][]string{
		"sqlite":   {"0001_a.sql", "0002_b.sqlite.sql", "0003_c.sql"},
		"postgres": {"0001_a.sql", "0002_b.postgres.sql", "0003_c.sql"},
	} {
		got, err := store.Visible(files, dialect)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v", dialect, got, err)
		}
	}
}

const (
	stepOne = "-- +goose Up\nCREATE TABLE one (n BIGINT NOT NULL);\n"
	stepTwo = "-- +goose Up\nCREATE TABLE two (n BIGINT NOT NULL);\nINSERT INTO two VALUES (1);\n"
)

func history(two string) fstest.MapFS {
	return fstest.MapFS{"0001_one.sql": {Data: []byte(stepOne)}, "0002_two.sql": {Data: []byte(two)}}
}

// TestFailedStepLeavesNothing breaks a step in its middle and mends it.
func TestFailedStepLeavesNothing(t *testing.T) {
	for _, base := range bases(t) {
		t.Run(base.name, func(t *testing.T) {
			db, migrate := base.raw(t)
			err := migrate(t.Context(), db, history(stepTwo+"INSERT INTO nowhere VALUES (1);\n"))
			if err == nil {
				t.Fatal("the broken step succeeded")
			}
			if n, err := count(db, "one"); n != 0 || err != nil {
				t.Errorf("the step before is gone: %d, %v", n, err)
			}
			if _, err := count(db, "two"); err == nil {
				t.Error("half of the broken step remained")
			}
			if err := migrate(t.Context(), db, history(stepTwo)); err != nil {
				t.Fatal(err)
			}
			if n, err := count(db, "two"); n != 1 || err != nil {
				t.Errorf("after mending: %d, %v", n, err)
			}
		})
	}
}

func count(db *sql.DB, table string) (n int, err error) {
	err = db.QueryRow(`SELECT COUNT(*) FROM ` + table).Scan(&n)
	return n, err
}

// slowSQLite fills a table until it is killed.
const slowSQLite = "-- +goose Up\nCREATE TABLE two (n BIGINT NOT NULL);\n" +
	"INSERT INTO two WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000000) SELECT n FROM c;\n"

// TestKilledSQLite kills a process in the middle of a step. The child is this
// test itself, told by the environment which file to migrate.
func TestKilledSQLite(t *testing.T) {
	const variable = "ERRATA_TEST_MIGRATE"
	if path := os.Getenv(variable); path != "" {
		db := openRaw(t, "sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=cache_size(10)&_txlock=immediate")
		t.Fatal(store.MigrateSQLite(t.Context(), db, history(slowSQLite)))
	}
	path := filepath.Join(t.TempDir(), "killed.db")
	child := exec.Command(os.Args[0], "-test.run=^TestKilledSQLite$")
	child.Env = append(os.Environ(), variable+"="+path)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the child to be in the middle of its step", func() bool {
		f, err := os.Stat(path + "-wal")
		return err == nil && f.Size() > 1<<20
	})
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the child ended before it was killed")
	}
	db := openRaw(t, "sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_txlock=immediate")
	if err := store.MigrateSQLite(t.Context(), db, history(stepTwo)); err != nil {
		t.Fatal(err)
	}
	if n, err := count(db, "two"); n != 1 || err != nil {
		t.Errorf("got %d rows, %v", n, err)
	}
}

// TestKilledPostgres ends the server's side of a migration in its middle.
func TestKilledPostgres(t *testing.T) {
	db := openRaw(t, "pgx", storetest.EmptyPostgresURL(t))
	done := make(chan error, 1)
	go func() {
		done <- store.MigratePostgres(context.WithoutCancel(t.Context()), db, history("-- +goose Up\nCREATE TABLE two (n BIGINT NOT NULL);\nSELECT pg_sleep(60);\n"))
	}()
	eventually(t, "the migration to sleep", func() bool {
		var killed bool
		err := db.QueryRow(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()`).Scan(&killed)
		return err == nil && killed
	})
	if err := <-done; err == nil {
		t.Fatal("the migration survived")
	}
	if err := store.MigratePostgres(t.Context(), db, history(stepTwo)); err != nil {
		t.Fatal(err)
	}
	if n, err := count(db, "two"); n != 1 || err != nil {
		t.Errorf("got %d rows, %v", n, err)
	}
}

// database is a kind of database under test.
type database struct {
	name    string
	options func(t testing.TB) store.Options // migrated, or about to be
	empty   func(t testing.TB) store.Options // without a table
	raw     func(t testing.TB) (*sql.DB, func(context.Context, *sql.DB, fstest.MapFS) error)
}

// bases lists the databases; that of PostgreSQL skips its subtest.
func bases(*testing.T) []database {
	file := func(t testing.TB) store.Options {
		return store.Options{Path: filepath.Join(t.TempDir(), "a b%", "errata.db")}
	}
	return []database{
		{"sqlite", file, file, func(t testing.TB) (*sql.DB, func(context.Context, *sql.DB, fstest.MapFS) error) {
			db := openRaw(t, "sqlite", "file:"+filepath.Join(t.TempDir(), "raw.db"))
			return db, func(ctx context.Context, db *sql.DB, files fstest.MapFS) error {
				return store.MigrateSQLite(ctx, db, files)
			}
		}},
		{
			"postgres", func(t testing.TB) store.Options { return store.Options{URL: storetest.PostgresURL(t)} },
			func(t testing.TB) store.Options { return store.Options{URL: storetest.EmptyPostgresURL(t)} },
			func(t testing.TB) (*sql.DB, func(context.Context, *sql.DB, fstest.MapFS) error) {
				return openRaw(t, "pgx", storetest.EmptyPostgresURL(t)), func(ctx context.Context, db *sql.DB, files fstest.MapFS) error {
					return store.MigratePostgres(ctx, db, files)
				}
			},
		},
	}
}

func openRaw(t testing.TB, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil && !errors.Is(err, sql.ErrConnDone) {
			t.Error(err)
		}
	})
	return db
}

// eventually waits for a condition that another process brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick, limit := time.NewTicker(5*time.Millisecond), time.NewTimer(30*time.Second)
	defer tick.Stop()
	defer limit.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// view reads, change writes in the name of the test.
func view(t testing.TB, s *store.Store, fn func(context.Context, *store.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), func(tx *store.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

func change(t testing.TB, s *store.Store, fn func(context.Context, *store.Tx) error) {
	t.Helper()
	err := s.InTx(t.Context(), func(tx *store.Tx) error {
		tx.System("test")
		return fn(t.Context(), tx)
	})
	if err != nil {
		t.Fatal(err)
	}
}
