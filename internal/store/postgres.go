package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"errata/internal/errata"
)

const (
	poolSize   = 20
	commitWait = 10 * time.Second
)

// postgresSettings are sent with every connection unless the address sets them.
var postgresSettings = map[string]string{
	"application_name":                    "errata",
	"statement_timeout":                   "30s",
	"lock_timeout":                        "3s",
	"idle_in_transaction_session_timeout": "60s",
	"jit":                                 "off", // compiling costs more than these queries
	"default_transaction_isolation":       "read committed",
}

type postgresBase struct {
	pool *pgxpool.Pool
	db   *sql.DB
}

func openPostgres(ctx context.Context, opt Options, files fs.FS) (base, error) {
	cfg, err := postgresConfig(opt.URL)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), cfg)
	if err != nil {
		return nil, err
	}
	b := &postgresBase{pool: pool, db: stdlib.OpenDBFromPool(pool)}
	if err = b.durable(ctx, opt.Log); err == nil {
		err = migratePostgres(ctx, b.db, files, opt.Log)
	}
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func postgresConfig(url string) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The address holds a password: pgx masks it in its message.
		return nil, errata.E(errata.Invalid, "The address of the database cannot be read.", err)
	}
	if !strings.Contains(url, "pool_max_conns") {
		cfg.MaxConns = poolSize
	}
	for k, v := range postgresSettings {
		if _, set := cfg.ConnConfig.RuntimeParams[k]; !set {
			cfg.ConnConfig.RuntimeParams[k] = v
		}
	}
	if !strings.Contains(url, "connect_timeout") {
		cfg.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	return cfg, nil
}

// durable refuses a server that does not write to disk what it has confirmed.
func (b *postgresBase) durable(ctx context.Context, log *slog.Logger) error {
	var fsync, commit string
	err := b.db.QueryRowContext(ctx, `SELECT current_setting('fsync'), current_setting('synchronous_commit')`).Scan(&fsync, &commit)
	if err != nil {
		return err
	}
	return judgeDurability(fsync, commit, log)
}

func judgeDurability(fsync, commit string, log *slog.Logger) error {
	if fsync != "on" {
		return errata.E(errata.Unavailable, "PostgreSQL runs with fsync off and may lose what it confirmed. Turn fsync on.", nil)
	}
	if commit == "off" {
		log.Warn("postgresql confirms before it has written", slog.String("synchronous_commit", commit))
	}
	return nil
}

func (b *postgresBase) begin(ctx context.Context, write bool) (link, error) {
	wait, opts := readWait, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	if write {
		wait, opts = writeWait, nil
	}
	conn, err := b.conn(ctx, wait)
	if err != nil {
		return nil, err
	}
	// The transaction is not bound to ctx, so that COMMIT is not broken off;
	// its statements are.
	whole, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	tx, err := conn.BeginTx(whole, opts)
	stop()
	if err != nil {
		cancel()
		return nil, errors.Join(err, conn.Close())
	}
	return &postgresLink{conn: conn, tx: tx, cancel: cancel}, nil
}

func (b *postgresBase) conn(ctx context.Context, wait time.Duration) (*sql.Conn, error) {
	limited, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return b.db.Conn(limited)
}

func (b *postgresBase) now(ctx context.Context, l link, _ errata.Clock) (at int64, err error) {
	rows, err := l.query(ctx, `SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)`, nil)
	err = walk(ctx, rows, err, func(r scanner) error { return r.Scan(&at) })
	return at, err
}

func (b *postgresBase) ping(ctx context.Context) error {
	var standby bool
	if err := b.db.QueryRowContext(ctx, `SELECT pg_is_in_recovery()`).Scan(&standby); err != nil {
		return err
	}
	if standby {
		return errata.E(errata.Unavailable, "The database is a standby and takes no changes.", nil)
	}
	return nil
}

// optimize is autovacuum's work here.
func (b *postgresBase) optimize(context.Context) error { return nil }

func (b *postgresBase) describe(ctx context.Context, s *Stats) error {
	p := b.pool.Stat()
	s.Busy, s.Limit = int(p.AcquiredConns()), int(p.MaxConns())
	var version string
	err := b.db.QueryRowContext(ctx, `SELECT current_setting('server_version'), pg_database_size(current_database())`).Scan(&version, &s.Bytes)
	s.Engine = "PostgreSQL " + strings.Fields(version + " ?")[0]
	return err
}

func (b *postgresBase) close() error {
	err := b.db.Close()
	done := make(chan struct{})
	go func() { b.pool.Close(); close(done) }()
	timer := time.NewTimer(closeWait)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		err = errors.Join(err, errors.New("store: transactions were still running at the end"))
	}
	return err
}

// postgresLink is one transaction. pgx itself keeps statements prepared.
type postgresLink struct {
	conn   *sql.Conn
	tx     *sql.Tx
	cancel context.CancelFunc
}

func (l *postgresLink) exec(ctx context.Context, text string, args []any) (int64, error) {
	r, err := l.tx.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (l *postgresLink) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	return l.tx.QueryContext(ctx, text, args...)
}

func (l *postgresLink) queryOnce(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	return l.query(ctx, text, args)
}

func (l *postgresLink) commit() error {
	limit := time.AfterFunc(commitWait, l.cancel)
	err := l.tx.Commit()
	limit.Stop()
	l.end()
	if err != nil && !answered(err) {
		return maybeSaved(fmt.Errorf("commit: %w", err))
	}
	return err
}

// answered says whether the server refused to commit, rather than went away.
func answered(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && !strings.HasPrefix(e.Code, "57P") && !strings.HasPrefix(e.Code, "08")
}

func (l *postgresLink) rollback() {
	_ = l.tx.Rollback() // what it could tell, the failure before has told
	l.end()
}

func (l *postgresLink) end() {
	l.cancel()
	_ = l.conn.Close() // gives it back to the pool
}
