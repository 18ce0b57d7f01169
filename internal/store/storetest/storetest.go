// Package storetest opens migrated databases for tests: SQLite in a fresh file,
// and PostgreSQL, each test in a database of its own, where
// ERRATA_TEST_POSTGRES_URL names a server (scripts/postgres starts one).
package storetest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/migrations"
)

// Each runs fn on SQLite and on PostgreSQL, in subtests of these names. Without
// a server the second is skipped, or fails where ERRATA_TEST_REQUIRE lists
// "postgres".
func Each(t *testing.T, fn func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
}

// SQLite opens a fresh file.
func SQLite(t testing.TB) *store.Store {
	t.Helper()
	return Open(t, store.Options{Path: filepath.Join(t.TempDir(), "errata.db")})
}

// Postgres opens a fresh database, or skips the test.
func Postgres(t testing.TB) *store.Store {
	t.Helper()
	return Open(t, store.Options{URL: PostgresURL(t)})
}

// Open opens a store with the clock and the permissions of tests where the
// options have none, and closes it at the end of the test.
func Open(t testing.TB, opt store.Options) *store.Store {
	t.Helper()
	if opt.Clock == nil {
		opt.Clock = time.Now
	}
	if opt.Decide == nil {
		opt.Decide = Decide
	}
	s, err := store.Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Decide is the rule of tests: who is active may do all, a token its scopes.
func Decide(who errata.Actor, what errata.Action, project string) error {
	if !who.Active || !who.Scopes.Allows(what, project) {
		return errata.E(errata.Forbidden, "You may not do this.", nil)
	}
	return nil
}

// PostgresURL returns the address of a fresh database with the schema of this
// program, dropped at the end of the test; or it skips the test.
func PostgresURL(t testing.TB) string {
	t.Helper()
	server := server(t)
	template, err := template(server)
	if err != nil {
		t.Fatal(err)
	}
	return clone(t, server, template)
}

// EmptyPostgresURL returns the address of a database without any table.
func EmptyPostgresURL(t testing.TB) string {
	t.Helper()
	return clone(t, server(t), "template0")
}

// server returns the address of the server for tests.
func server(t testing.TB) string {
	t.Helper()
	u := os.Getenv("ERRATA_TEST_POSTGRES_URL")
	if u != "" {
		return u
	}
	const why = "PostgreSQL: ERRATA_TEST_POSTGRES_URL is not set; scripts/postgres start prints it"
	if strings.Contains(os.Getenv("ERRATA_TEST_REQUIRE"), "postgres") {
		t.Fatal(why)
	}
	t.Skip(why)
	return ""
}

var clones atomic.Int64

func clone(t testing.TB, server, template string) string {
	t.Helper()
	name := fmt.Sprintf("errata_test_%d_%d", os.Getpid(), clones.Add(1))
	if err := admin(server, func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx, `CREATE DATABASE `+name+` TEMPLATE `+template+` LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'UTF8'`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := admin(server, func(ctx context.Context, c *sql.Conn) error {
			_, err := c.ExecContext(ctx, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	return at(server, name)
}

// at returns the address of another database of the server.
func at(server, database string) string {
	u, err := url.Parse(server)
	if err != nil {
		panic("ERRATA_TEST_POSTGRES_URL: " + err.Error())
	}
	u.Path = "/" + database
	return u.String()
}

// admin runs fn on a connection to the database of the address.
func admin(server string, fn func(context.Context, *sql.Conn) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db, err := sql.Open("pgx", server)
	if err != nil {
		return err
	}
	defer db.Close()
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return fn(ctx, c)
}

// templates remembers the template per server: cloning one takes a fraction of
// migrating anew.
var templates sync.Map

// template returns the name of a migrated database that test processes share.
// It is named by the migrations, made under a lock, and renamed when complete.
func template(server string) (string, error) {
	if name, ok := templates.Load(server); ok {
		return name.(string), nil
	}
	name, err := templateName()
	if err != nil {
		return "", err
	}
	err = admin(server, func(ctx context.Context, c *sql.Conn) error {
		if _, err := c.ExecContext(ctx, `SELECT pg_advisory_lock(72372)`); err != nil {
			return err
		}
		var found bool
		err := c.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`, name).Scan(&found)
		if err != nil || found {
			return err
		}
		return makeTemplate(ctx, c, server, name)
	})
	if err == nil {
		templates.Store(server, name)
	}
	return name, err
}

func makeTemplate(ctx context.Context, c *sql.Conn, server, name string) error {
	draft := name + "_draft"
	for _, text := range []string{
		`DROP DATABASE IF EXISTS ` + draft + ` WITH (FORCE)`,
		`CREATE DATABASE ` + draft + ` TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'UTF8'`,
	} {
		if _, err := c.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	s, err := store.Open(ctx, store.Options{URL: at(server, draft), Clock: time.Now})
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	_, err = c.ExecContext(ctx, `ALTER DATABASE `+draft+` RENAME TO `+name)
	return err
}

func templateName() (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(migrations.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(migrations.FS, path)
		fmt.Fprintf(sum, "%s %d\n%s", path, len(b), b)
		return err
	})
	return "errata_template_" + hex.EncodeToString(sum.Sum(nil))[:12], err
}
