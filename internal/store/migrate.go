package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"errata/internal/errata"
)

// dialectFiles shows one database its migrations: NNNN_name.sql for both,
// NNNN_name.<dialect>.sql for one. goose refuses a number that comes twice.
type dialectFiles struct {
	fs.FS
	dialect string // sqlite, postgres
}

// ReadDir implements fs.ReadDirFS.
func (d dialectFiles) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(d.FS, name)
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return d.hidden(e.Name()) }), err
}

func (d dialectFiles) hidden(name string) bool {
	parts := strings.Split(name, ".")
	return len(parts) == 3 && parts[2] == "sql" && parts[1] != d.dialect
}

// migratePostgres queues on an advisory lock when several processes start.
func migratePostgres(ctx context.Context, db *sql.DB, files fs.FS, log *slog.Logger) error {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // every second, for five minutes
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, dialectFiles{files, "postgres"},
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()), goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	return up(ctx, p, log)
}

// migrateSQLite has no lock to queue on: who loses the race for a step finds it
// done and goes on after it.
func migrateSQLite(ctx context.Context, db *sql.DB, files fs.FS, log *slog.Logger) error {
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dialectFiles{files, "sqlite"},
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	for before := int64(-1); ; {
		err := up(ctx, p, log)
		if err == nil || errata.CodeOf(err) != errata.Internal || ctx.Err() != nil {
			return err
		}
		now, verr := p.GetDBVersion(ctx)
		if verr != nil || now <= before {
			return errors.Join(err, verr)
		}
		before = now
	}
}

func up(ctx context.Context, p *goose.Provider, log *slog.Logger) error {
	if err := refuseNewer(ctx, p); err != nil {
		return err
	}
	done, err := p.Up(ctx)
	for _, r := range done {
		log.InfoContext(ctx, "schema migrated", slog.Int64("version", r.Source.Version), slog.String("file", r.Source.Path), slog.Duration("took", r.Duration))
	}
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// refuseNewer keeps an old program from working on a schema it does not know.
func refuseNewer(ctx context.Context, p *goose.Provider) error {
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if have > want {
		return errata.E(errata.Conflict, fmt.Sprintf("The database has schema %d, this program knows %d. Start a newer program.", have, want), nil)
	}
	return nil
}
