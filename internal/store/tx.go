package store

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"errata/internal/errata"
)

// ErrUnaudited is the answer to a transaction that wrote without Permit or
// System. Nothing was saved.
var ErrUnaudited = errors.New("store: the transaction wrote without a permit")

// errReadOnly is the answer to a write inside View.
var errReadOnly = errors.New("store: View does not write")

// How often InTx runs a transaction that the database refused for meeting
// another one, and how long it waits in between.
const (
	tries    = 3
	firstGap = 20 * time.Millisecond
	longest  = 200 * time.Millisecond
)

// link is one connection inside one transaction.
type link interface {
	exec(ctx context.Context, text string, args []any) (int64, error)
	// query runs a statement of few, fixed texts; prepared once per connection.
	query(ctx context.Context, text string, args []any) (*sql.Rows, error)
	// queryOnce runs a statement whose text depends on its filters.
	queryOnce(ctx context.Context, text string, args []any) (*sql.Rows, error)
	commit() error
	rollback()
}

// Tx is a transaction. It belongs to one goroutine and ends with its closure.
type Tx struct {
	store     *Store
	link      link
	write     bool // begun by InTx
	wrote     bool
	permitted bool
	at        int64   // what Now answered, 0 = not asked
	act       *act    // nil in View
	lines     []*Line // audited on COMMIT
}

// View runs fn over one snapshot, read-only.
func (s *Store) View(ctx context.Context, fn func(*Tx) error) error {
	s.tally.reads.Add(1)
	return s.run(ctx, func(ctx context.Context) error { return s.once(ctx, nil, fn) })
}

// InTx runs fn in a write transaction and commits unless it fails. fn may run
// up to three times. When the answer to COMMIT is lost the error is unavailable
// with the reason may_have_been_saved.
func (s *Store) InTx(ctx context.Context, fn func(*Tx) error) error {
	s.tally.writes.Add(1)
	a := &act{at: errata.Micros(s.opt.Clock())}
	err := s.run(ctx, func(ctx context.Context) error { return s.repeat(ctx, a, fn) })
	if err != nil && len(a.denied) > 0 {
		s.writeDenied(ctx, a)
	}
	if err == nil && a.policy && s.opt.PolicyChanged != nil {
		s.opt.PolicyChanged(ctx)
	}
	return err
}

// repeat runs fn until no other transaction was in its way.
func (s *Store) repeat(ctx context.Context, a *act, fn func(*Tx) error) error {
	for try := 1; ; try++ {
		a.denied, a.policy = nil, false
		err := s.once(ctx, a, fn)
		if try == tries || !passing(err) {
			return err
		}
		s.tally.retries.Add(1)
		if e := pause(ctx, try); e != nil {
			return e
		}
	}
}

func (s *Store) run(ctx context.Context, call func(context.Context) error) error {
	err := s.opt.Guard(ctx, func(ctx context.Context) error { return fault(ctx, call(ctx)) })
	if errata.CodeOf(err) == errata.Unavailable {
		s.tally.failures.Add(1)
	}
	return err
}

// once runs fn in one transaction; without an act it only reads.
func (s *Store) once(ctx context.Context, a *act, fn func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l, err := s.base.begin(ctx, a != nil)
	if err != nil {
		return err
	}
	open := true
	defer func() {
		if open {
			l.rollback()
		}
	}()
	tx := &Tx{store: s, link: l, write: a != nil, act: a}
	if err := fn(tx); err != nil {
		if a != nil && errata.CodeOf(err) == errata.Forbidden {
			a.denied = refused(a.denied, tx.lines)
		}
		return err
	}
	if tx.wrote && !tx.permitted {
		return ErrUnaudited
	}
	if err := tx.audit(ctx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	open = false
	return l.commit()
}

// audit writes the lines of the transaction, those of acts it was refused and
// went on without included.
func (tx *Tx) audit(ctx context.Context) error {
	if !tx.permitted {
		return nil
	}
	return tx.writeAudit(ctx, errata.StreamChange, append(tx.lines, tx.act.denied...))
}

// pause waits before try+1: 20, 40 … 200 ms, ± 50 %.
func pause(ctx context.Context, try int) error {
	gap := min(firstGap<<(try-1), longest)
	gap = gap/2 + rand.N(gap) //nolint:gosec // jitter is no secret
	timer := time.NewTimer(gap)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Now returns the time for leases and claims, µs: with SQLite the clock of the
// process, with PostgreSQL that of the database, asked once per transaction.
// Everything else takes the time of the act as an argument.
func (tx *Tx) Now(ctx context.Context) (int64, error) {
	if tx.at == 0 {
		at, err := tx.store.base.now(ctx, tx.link, tx.store.opt.Clock)
		if err != nil {
			return 0, fault(ctx, err)
		}
		tx.at = at
	}
	return tx.at, nil
}
