package store_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// TestLockedFile lets another program hold SQLite's lock for a while.
func TestLockedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "e.db")
	s := storetest.Open(t, store.Options{Path: path})
	other, err := openRaw(t, "sqlite", "file:"+path).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		done <- s.InTx(t.Context(), func(tx *store.Tx) error {
			tx.System("test")
			_, err := tx.Next(t.Context(), "n")
			return err
		})
	}()
	eventually(t, "the writer to wait", func() bool {
		st, err := s.Stats(t.Context())
		return err == nil && st.Busy > 0
	})
	_, busy := openRaw(t, "sqlite", "file:"+path).Exec(`CREATE TABLE x (n)`)
	if got := store.Fault(t.Context(), busy); errata.CodeOf(got) != errata.Unavailable || !store.Passing(got) {
		t.Errorf("busy: %v", got)
	}
	if _, err := other.ExecContext(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	wantNumber(t, s, 2)
}

func TestMissingFile(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"deleted": os.Remove,
		"replaced": func(path string) error {
			return errors.Join(os.Rename(path, path+".old"), os.WriteFile(path, nil, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "e.db")
			s := storetest.Open(t, store.Options{Path: path})
			if err := harm(path); err != nil {
				t.Fatal(err)
			}
			nothing := func(*store.Tx) error { return nil }
			for act, err := range map[string]error{"Ping": s.Ping(t.Context()), "View": s.View(t.Context(), nothing), "InTx": s.InTx(t.Context(), nothing)} {
				if errata.CodeOf(err) != errata.Unavailable || !strings.Contains(errata.MessageOf(err), "deleted or replaced") {
					t.Errorf("%s: %v", act, err)
				}
			}
		})
	}
}

func TestCannotOpen(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database at all\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		opt  store.Options
		code errata.Code
	}{
		"another kind of file":  {store.Options{Path: text}, errata.Unavailable},
		"a folder":              {store.Options{Path: dir}, errata.Unavailable},
		"below a file":          {store.Options{Path: filepath.Join(text, "e.db")}, errata.Unavailable},
		"nobody listens":        {store.Options{URL: "postgres://u:secret@127.0.0.1:1/d?sslmode=disable&connect_timeout=1"}, errata.Unavailable},
		"an unreadable address": {store.Options{URL: "postgres://u:secret@127.0.0.1:port/d"}, errata.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := store.Open(t.Context(), c.opt)
			if err == nil {
				s.Close()
			}
			if errata.CodeOf(err) != c.code {
				t.Fatalf("got %s: %v", errata.CodeOf(err), err)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the password is in the message: %v", err)
			}
		})
	}
}

func TestFilesAreTheOwners(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "e.db")
	s := storetest.Open(t, store.Options{Path: path})
	wantNumber(t, s, 1)
	for _, name := range []string{path, path + "-wal", filepath.Dir(path)} {
		f, err := os.Stat(name)
		if err != nil || f.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", name, f.Mode(), err)
		}
	}
}

func TestLostConnections(t *testing.T) {
	s := storetest.Postgres(t)
	wantNumber(t, s, 1)
	err := s.InTx(t.Context(), func(tx *store.Tx) error {
		tx.System("test")
		if _, err := tx.Next(t.Context(), "n"); err != nil {
			return err
		}
		err := s.View(t.Context(), func(other *store.Tx) error {
			return other.Select(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`, nil,
				func(func(...any) error) error { return nil })
		})
		if err != nil {
			return err
		}
		_, err = tx.Next(t.Context(), "n")
		return err
	})
	if errata.CodeOf(err) != errata.Unavailable {
		t.Errorf("got %v", err)
	}
	wantNumber(t, s, 2)
}

// TestLostCommit cuts the connection between the last statement and COMMIT.
func TestLostCommit(t *testing.T) {
	s := storetest.Postgres(t)
	runs := 0
	err := s.InTx(t.Context(), func(tx *store.Tx) error {
		tx.System("test")
		runs++
		var pid int64
		err := tx.Select(t.Context(), `SELECT pg_backend_pid()`, nil, func(scan func(...any) error) error { return scan(&pid) })
		if err == nil {
			_, err = tx.Next(t.Context(), "n")
		}
		if err != nil {
			return err
		}
		return s.View(t.Context(), func(other *store.Tx) error {
			return other.Select(t.Context(), `SELECT pg_terminate_backend($1)`, []any{pid}, func(func(...any) error) error { return nil })
		})
	})
	if errata.ReasonOf(err) != store.ReasonMaybeSaved || errata.CodeOf(err) != errata.Unavailable || runs != 1 {
		t.Errorf("%d runs: %v", runs, err)
	}
}

func TestFaults(t *testing.T) {
	for code, want := range map[string]errata.Code{
		"08006": errata.Unavailable, "57P01": errata.Unavailable, "53300": errata.Unavailable, "25006": errata.Unavailable,
		"57014": errata.Unavailable, "55P03": errata.Unavailable, "40P01": errata.Unavailable, "53100": errata.Unavailable,
		"28P01": errata.Unavailable, "3D000": errata.Unavailable, "23505": errata.Conflict, "23514": errata.Internal, "42601": errata.Internal,
	} {
		if got := errata.CodeOf(store.Fault(t.Context(), &pgconn.PgError{Code: code})); got != want {
			t.Errorf("%s: %s, want %s", code, got, want)
		}
	}
}

func TestDurability(t *testing.T) {
	for name, c := range map[string]struct {
		fsync, commit string
		ok, warns     bool
	}{
		"as it should be":        {"on", "on", true, false},
		"confirms early":         {"on", "off", true, true},
		"never writes":           {"off", "on", false, false},
		"replicas do not matter": {"on", "local", true, false},
	} {
		var log strings.Builder
		err := store.JudgeDurability(c.fsync, c.commit, slog.New(slog.NewTextHandler(&log, nil)))
		if (err == nil) != c.ok || (log.Len() > 0) != c.warns {
			t.Errorf("%s: %v, %q", name, err, log.String())
		}
	}
}
