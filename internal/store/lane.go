package store

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"time"

	"errata/internal/errata"
)

// maxStatements bounds the statements a connection keeps prepared; the fixed
// texts of this package stay well below.
const maxStatements = 400

// closeWait is how long close waits for running transactions.
const closeWait = 5 * time.Second

// lane is a pool of SQLite connections that keep their statements prepared.
// database/sql prepares on any free connection, and with one writer there is
// none free inside a transaction; so connections are held here for good.
type lane struct {
	db    *sql.DB
	begun string // the statement that begins a transaction
	slots chan *sqliteConn
	ended chan struct{}
	age   atomic.Int64 // connections of an older age are opened anew
}

// sqliteConn is one connection, opened on first use.
type sqliteConn struct {
	lane *lane
	conn *sql.Conn
	age  int64
	kept map[string]*sql.Stmt
}

func newLane(db *sql.DB, size int, begun string) *lane {
	l := &lane{db: db, begun: begun, slots: make(chan *sqliteConn, size), ended: make(chan struct{})}
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	for range size {
		l.slots <- &sqliteConn{lane: l}
	}
	return l
}

// take waits for a free connection, at most wait.
func (l *lane) take(ctx context.Context, wait time.Duration) (*sqliteConn, error) {
	c, err := l.free(ctx, wait)
	if err != nil {
		return nil, err
	}
	if c.conn != nil && c.age != l.age.Load() {
		c.drop()
	}
	if c.conn != nil {
		return c, nil
	}
	// Not bound to ctx: the connection outlives this transaction.
	conn, err := l.db.Conn(context.WithoutCancel(ctx))
	if err != nil {
		l.slots <- c
		return nil, err
	}
	c.conn, c.age, c.kept = conn, l.age.Load(), map[string]*sql.Stmt{}
	return c, nil
}

func (l *lane) free(ctx context.Context, wait time.Duration) (*sqliteConn, error) {
	select {
	case c := <-l.slots:
		return c, nil
	default:
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case c := <-l.slots:
		return c, nil
	case <-l.ended:
		return nil, errata.E(errata.Unavailable, "The database is closed.", nil)
	case <-timer.C:
		return nil, errata.E(errata.Unavailable, "The database is busy.", errors.New("no connection became free in "+wait.String()))
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// put gives a connection back; a broken one is closed.
func (l *lane) put(c *sqliteConn, broken bool) {
	if broken {
		c.drop()
	}
	l.slots <- c
}

// renew makes every connection open anew before its next use.
func (l *lane) renew() { l.age.Add(1) }

func (l *lane) busy() int { return cap(l.slots) - len(l.slots) }

// close waits for running transactions, at most closeWait, and closes.
func (l *lane) close() error {
	close(l.ended)
	timer := time.NewTimer(closeWait)
	defer timer.Stop()
	for range cap(l.slots) {
		select {
		case c := <-l.slots:
			c.drop()
		case <-timer.C:
			return l.db.Close()
		}
	}
	return l.db.Close()
}

func (l *lane) begin(ctx context.Context, wait time.Duration) (link, error) {
	c, err := l.take(ctx, wait)
	if err != nil {
		return nil, err
	}
	if _, err := c.exec(ctx, l.begun, nil); err != nil {
		l.put(c, !passing(err))
		return nil, err
	}
	return c, nil
}

// drop closes the connection and what it kept.
func (c *sqliteConn) drop() {
	for _, s := range c.kept {
		_ = s.Close()
	}
	if c.conn != nil {
		_ = c.conn.Close()
	}
	c.conn, c.kept = nil, nil
}

// prepared returns the statement for text, or nil when too many are kept.
func (c *sqliteConn) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	if s := c.kept[text]; s != nil {
		return s, nil
	}
	if len(c.kept) >= maxStatements {
		return nil, nil
	}
	s, err := c.conn.PrepareContext(context.WithoutCancel(ctx), text)
	if err == nil {
		c.kept[text] = s
	}
	return s, err
}

// exec is never interrupted: the driver starts a goroutine per statement to
// watch a context, and statements that write are short.
func (c *sqliteConn) exec(ctx context.Context, text string, args []any) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s, err := c.prepared(ctx, text) //nolint:sqlclosecheck // kept with its connection
	if err != nil {
		return 0, err
	}
	var r sql.Result
	if s != nil {
		r, err = s.ExecContext(context.Background(), args...)
	} else {
		r, err = c.conn.ExecContext(context.Background(), text, args...)
	}
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (c *sqliteConn) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	s, err := c.prepared(ctx, text) //nolint:sqlclosecheck // kept with its connection
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.queryOnce(ctx, text, args)
	}
	return s.QueryContext(c.patience(ctx), args...)
}

func (c *sqliteConn) queryOnce(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	return c.conn.QueryContext(c.patience(ctx), text, args...)
}

// patience lets readers be interrupted, and spares the writer the watching.
func (c *sqliteConn) patience(ctx context.Context) context.Context {
	if c.lane.begun == "BEGIN" {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

func (c *sqliteConn) commit() error {
	_, err := c.exec(context.Background(), "COMMIT", nil)
	if err != nil {
		// Most failures leave the transaction open; a few have ended it.
		_, _ = c.exec(context.Background(), "ROLLBACK", nil)
	}
	c.lane.put(c, err != nil && !passing(err))
	return err
}

func (c *sqliteConn) rollback() {
	_, err := c.exec(context.Background(), "ROLLBACK", nil)
	c.lane.put(c, err != nil)
}
