package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"errata/internal/errata"
)

// How long a transaction waits for a connection.
const (
	readWait  = 2 * time.Second
	writeWait = 10 * time.Second
)

// sqliteBase is one file with two pools: one writer, several readers.
type sqliteBase struct {
	path            string
	file            os.FileInfo // as it was when it was opened
	writer, readers *lane
}

// sqliteDSN builds the address. Every pooled connection needs its pragmas.
func sqliteDSN(path string, params ...string) string {
	q := url.Values{"_pragma": append([]string{"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(5000)", "foreign_keys(1)"},
		params...)}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath(), RawQuery: q.Encode()}
	return u.String()
}

func openSQLite(ctx context.Context, opt Options, files fs.FS) (base, error) {
	if err := touch(opt.Path); err != nil {
		return nil, errata.E(errata.Unavailable, "The database file cannot be made.", err)
	}
	writer, err := sql.Open("sqlite", sqliteDSN(opt.Path, "cache_size(-8192)", "wal_autocheckpoint(4000)")+"&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	if err := migrateSQLite(ctx, writer, files, opt.Log); err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	reader, err := sql.Open("sqlite", sqliteDSN(opt.Path, "query_only(1)"))
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	b := &sqliteBase{path: opt.Path, writer: newLane(writer, 1, "BEGIN IMMEDIATE"), readers: newLane(reader, max(4, runtime.GOMAXPROCS(0)), "BEGIN")}
	if b.file, err = os.Stat(opt.Path); err == nil {
		err = b.optimize(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// touch makes the folder and the file, for the owner alone: SQLite would let
// the group read, and its side files take the rights of the first.
func touch(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// present refuses to work on a file that was deleted or replaced: SQLite would
// go on writing into the void.
func (b *sqliteBase) present() error {
	now, err := os.Stat(b.path)
	if err == nil && !os.SameFile(now, b.file) {
		err = errors.New(b.path + " is another file than at the start")
	}
	if err != nil {
		return errata.E(errata.Unavailable, "The database file was deleted or replaced. Put it back and restart.", err)
	}
	return nil
}

func (b *sqliteBase) begin(ctx context.Context, write bool) (link, error) {
	if err := b.present(); err != nil {
		return nil, err
	}
	if write {
		return b.writer.begin(ctx, writeWait)
	}
	return b.readers.begin(ctx, readWait)
}

func (b *sqliteBase) now(_ context.Context, _ link, clock errata.Clock) (int64, error) {
	return errata.Micros(clock()), nil
}

// ping reads, and looks whether the file is still there.
func (b *sqliteBase) ping(ctx context.Context) error {
	l, err := b.begin(ctx, false)
	if err != nil {
		return err
	}
	defer l.rollback()
	rows, err := l.query(ctx, `SELECT one FROM installation`, nil)
	return walk(ctx, rows, err, func(scanner) error { return nil })
}

// optimize refreshes the statistics. The flag makes SQLite look at all tables:
// left alone it looks at those this connection has read, and the writer reads
// few. Readers see new statistics when they open, so they open anew.
func (b *sqliteBase) optimize(ctx context.Context) error {
	c, err := b.writer.take(ctx, writeWait)
	if err != nil {
		return err
	}
	_, err = c.conn.ExecContext(ctx, `PRAGMA optimize=0x10002`)
	b.writer.put(c, err != nil)
	b.readers.renew()
	return err
}

func (b *sqliteBase) describe(ctx context.Context, s *Stats) error {
	s.Bytes = 0
	for _, side := range []string{"", "-wal"} {
		if f, err := os.Stat(b.path + side); err == nil {
			s.Bytes += f.Size()
		}
	}
	s.Busy = b.writer.busy() + b.readers.busy()
	s.Limit = cap(b.writer.slots) + cap(b.readers.slots)
	l, err := b.begin(ctx, false)
	if err != nil {
		return err
	}
	defer l.rollback()
	rows, err := l.query(ctx, `SELECT sqlite_version()`, nil)
	return walk(ctx, rows, err, func(r scanner) error {
		err := r.Scan(&s.Engine)
		s.Engine = "SQLite " + s.Engine
		return err
	})
}

func (b *sqliteBase) close() error { return errors.Join(b.readers.close(), b.writer.close()) }
