package store

import (
	"context"
	"log/slog"
	"sync/atomic"

	"errata/internal/errata"
	"errata/migrations"
)

// Options say where the database is and what the store is handed.
type Options struct {
	URL  string // postgres://…; "" selects SQLite
	Path string // SQLite: the file; its folder is made if need be

	Clock  errata.Clock
	Decide errata.Decide // answers Tx.Permit; nil refuses everybody
	Log    *slog.Logger  // nil: discarded

	// PolicyChanged is called after the commit of a change of the policy. nil: not.
	PolicyChanged func(ctx context.Context)

	// Guard wraps every transaction, retries included: a circuit breaker. It
	// sees errata.Unavailable for a database that cannot be used. nil: none.
	Guard func(ctx context.Context, call func(context.Context) error) error
}

// Store is an open, migrated database. It is safe for concurrent use.
type Store struct {
	base  base
	opt   Options
	tally tally
}

// tally counts what Stats reports.
type tally struct {
	reads, writes, retries, failures atomic.Int64
}

// base is a kind of database: what SQLite and PostgreSQL do differently.
type base interface {
	begin(ctx context.Context, write bool) (link, error)
	now(ctx context.Context, l link, clock errata.Clock) (int64, error)
	ping(ctx context.Context) error
	optimize(ctx context.Context) error
	describe(ctx context.Context, s *Stats) error
	close() error
}

// Open opens the database, creating it (SQLite) and bringing its schema up to
// date. Errors: unavailable when it cannot be reached or opened, conflict when
// its schema is newer than this program.
func Open(ctx context.Context, opt Options) (*Store, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Guard == nil {
		opt.Guard = func(ctx context.Context, call func(context.Context) error) error { return call(ctx) }
	}
	open := openSQLite
	if opt.URL != "" {
		open = openPostgres
	}
	b, err := open(ctx, opt, migrations.FS)
	if err != nil {
		return nil, fault(ctx, err)
	}
	return &Store{base: b, opt: opt}, nil
}

// Ping returns nil when the database answers and takes changes.
func (s *Store) Ping(ctx context.Context) error { return fault(ctx, s.base.ping(ctx)) }

// Optimize refreshes the statistics that SQLite plans by; call it hourly.
// PostgreSQL does so itself.
func (s *Store) Optimize(ctx context.Context) error { return fault(ctx, s.base.optimize(ctx)) }

// Close waits for running transactions, a few seconds at most, and closes.
func (s *Store) Close() error { return s.base.close() }
