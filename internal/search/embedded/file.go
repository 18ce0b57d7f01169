package embedded

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"

	"errata/internal/querylang"
)

// Bounds of what the writer remembers of a file.
const (
	dictCache  = 200_000
	termCache  = 400_000
	stackCache = 200_000
)

type dictKey struct {
	col column
	val string
}

// file is a partition open for writing. It uses the driver directly: a batch
// binds tens of thousands of values, and database/sql would convert each one.
type file struct {
	e    *Engine
	p    *partition
	conn driver.Conn
	stmt map[string]*statement

	next        int64 // next row id of ev
	events      int64
	first, last int64 // days as written
	dirty       bool  // meta says: not closed in good order

	dict     map[dictKey]int64
	dictNext int64
	dictAll  bool // dict holds every row of the table

	seen      map[uint64]struct{} // terms known to be in kwd
	seenAll   bool
	termCount int64
	termsFull bool

	stacks    map[int64]int64 // hash → id of stk
	stacksAll bool
	stackNext int64

	cols   *columnWriter // nil if the file has none in memory, or until it is needed
	shown  *columns      // what it published last
	buried []int64       // rows that the transaction at hand deletes

	samples [][]byte // payloads to train on; nil once the file has its dictionary
}

// statement is a prepared statement with room for its arguments.
type statement struct {
	driver.Stmt
	args []driver.NamedValue
}

func (s *statement) set(i int, v driver.Value) { s.args[i].Value = v }

func (s *statement) exec() error {
	_, err := s.Stmt.(driver.StmtExecContext).ExecContext(context.Background(), s.args)
	return err
}

// each runs the statement and calls fn with every row; dest is reused.
func (s *statement) each(fn func(dest []driver.Value) error) (err error) {
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(context.Background(), s.args)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	dest := make([]driver.Value, len(rows.Columns()))
	for {
		if err := rows.Next(dest); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := fn(dest); err != nil {
			return err
		}
	}
}

func fileOf(p *partition) string { return filepath.Base(p.path) }

// openFile opens or creates the file of p for writing.
func (e *Engine) openFile(p *partition) (*file, error) {
	cache := e.o.WriteCacheKiB
	if !e.newest(p) {
		cache /= 4 // late events are few
	}
	conn, err := (&sqlite.Driver{}).Open(dsn(p.path, cache))
	if err != nil {
		return nil, fmt.Errorf("open for writing: %w", err)
	}
	f := &file{e: e, p: p, conn: conn, stmt: map[string]*statement{}}
	if err := f.load(); err != nil {
		f.shut()
		return nil, err
	}
	if e.o.Memory > 0 && f.next == 1 {
		p.cols.CompareAndSwap(nil, newColumns(0).published())
	}
	// A commit that failed may have been made all the same.
	if c := p.cols.Load(); c != nil && int64(c.n-c.dead) != f.events {
		e.log.Warn("event file goes on without columns", slog.String("file", fileOf(p)), slog.Int64("events", f.events), slog.Int("rows", c.n-c.dead))
		e.dropColumnsOf(p)
	}
	p.mu.Lock()
	p.created = true
	p.mu.Unlock()
	return f, nil
}

// shut closes the connection. Statements go first: SQLite keeps a connection
// alive, and its log in place, as long as one is left.
func (f *file) shut() {
	for _, s := range f.stmt {
		_ = s.Close()
	}
	_ = f.conn.Close()
}

func (f *file) load() error {
	if err := f.create(); err != nil {
		return err
	}
	meta, err := f.meta()
	if err != nil {
		return err
	}
	f.events, f.termCount = meta[metaEvents], meta[metaTerms]
	f.first, f.last, f.termsFull = meta[metaFirst], meta[metaLast], meta[metaTermsFull] == 1
	if f.next, err = f.number("SELECT coalesce(max(id), 0) + 1 FROM ev"); err != nil {
		return err
	}
	f.next = max(f.next, meta[metaNext])
	err = errors.Join(f.loadDict(), f.loadTerms(), f.loadStacks(), f.loadSamples())
	f.dictNext, f.stackNext = max(f.dictNext, meta[metaValues]), max(f.stackNext, meta[metaStacks])
	return err
}

// create makes the tables in one transaction, so that a file is whole or empty.
func (f *file) create() error {
	made, err := f.number("SELECT count(*) FROM sqlite_master WHERE name = 'ev'")
	if err != nil || made == 1 {
		return err
	}
	first, last := f.e.days(f.p)
	f.first, f.last = first, last
	return f.transaction(func() error {
		return errors.Join(f.script(schema), f.script(ftsTuning), f.setMeta(metaSchema, int64(schemaVersion)),
			f.setMeta(metaFirst, first), f.setMeta(metaLast, last), f.setMeta(metaEvents, int64(0)), f.setMeta(metaClean, int64(1)))
	})
}

// script runs SQL without arguments.
func (f *file) script(sql string) error {
	_, err := f.conn.(driver.ExecerContext).ExecContext(context.Background(), sql, nil)
	return err
}

// transaction runs fn between BEGIN IMMEDIATE and COMMIT.
func (f *file) transaction(fn func() error) error {
	if err := f.script("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := fn()
	if err == nil {
		err = f.script("COMMIT")
	}
	if err != nil {
		_ = f.script("ROLLBACK") // fails when SQLite has rolled back by itself
	}
	return err
}

// prepared returns the statement for a text with n arguments.
func (f *file) prepared(sql string, n int) (*statement, error) {
	if s := f.stmt[sql]; s != nil {
		return s, nil
	}
	st, err := f.conn.(driver.ConnPrepareContext).PrepareContext(context.Background(), sql)
	if err != nil {
		return nil, err
	}
	s := &statement{Stmt: st, args: make([]driver.NamedValue, n)}
	for i := range s.args {
		s.args[i].Ordinal = i + 1
	}
	f.stmt[sql] = s
	return s, nil
}

// run executes a statement with few arguments.
func (f *file) run(sql string, args ...driver.Value) error {
	s, err := f.prepared(sql, len(args))
	if err != nil {
		return err
	}
	for i, a := range args {
		s.set(i, a)
	}
	return s.exec()
}

// query executes a statement with few arguments and calls fn with every row.
func (f *file) query(fn func(dest []driver.Value) error, sql string, args ...driver.Value) error {
	s, err := f.prepared(sql, len(args))
	if err != nil {
		return err
	}
	for i, a := range args {
		s.set(i, a)
	}
	return s.each(fn)
}

func (f *file) number(sql string, args ...driver.Value) (n int64, err error) {
	err = f.query(func(dest []driver.Value) error {
		n, _ = dest[0].(int64)
		return nil
	}, sql, args...)
	return n, err
}

func (f *file) setMeta(k string, v driver.Value) error {
	return f.run("INSERT INTO meta(k, v) VALUES(?, ?) ON CONFLICT(k) DO UPDATE SET v = excluded.v", k, v)
}

// meta returns the numbers in meta.
func (f *file) meta() (map[string]int64, error) {
	m := map[string]int64{}
	err := f.query(func(dest []driver.Value) error {
		k, _ := dest[0].(string)
		m[k], _ = dest[1].(int64)
		return nil
	}, "SELECT k, v FROM meta WHERE typeof(v) = 'integer'")
	return m, err
}

// loadDict fills the cache with the dictionary, if it fits.
func (f *file) loadDict() error {
	f.dict = map[dictKey]int64{}
	max, err := f.number("SELECT coalesce(max(id), 0) FROM dict")
	if err != nil {
		return err
	}
	f.dictNext, f.dictAll = max+1, max <= dictCache
	if !f.dictAll {
		return nil
	}
	return f.query(func(dest []driver.Value) error {
		id, _ := dest[0].(int64)
		col, _ := dest[1].(int64)
		val, _ := dest[2].(string)
		f.dict[dictKey{column(col), val}] = id
		return nil
	}, "SELECT id, col, val FROM dict")
}

// loadTerms fills the cache of known terms, if they fit.
func (f *file) loadTerms() error {
	f.seen, f.seenAll = map[uint64]struct{}{}, f.termCount <= termCache
	if !f.seenAll {
		return nil
	}
	return f.query(func(dest []driver.Value) error {
		h, _ := dest[0].(int64)
		f.seen[uint64(h)] = struct{}{} //nolint:gosec // the bits of a hash
		return nil
	}, "SELECT h FROM kwd")
}

// loadStacks fills the cache of known stacks, if they fit.
func (f *file) loadStacks() error {
	f.stacks = map[int64]int64{}
	max, err := f.number("SELECT coalesce(max(id), 0) FROM stk")
	if err != nil {
		return err
	}
	f.stackNext, f.stacksAll = max+1, max <= stackCache
	if !f.stacksAll {
		return nil
	}
	return f.query(func(dest []driver.Value) error {
		id, _ := dest[0].(int64)
		h, _ := dest[1].(int64)
		f.stacks[h] = id
		return nil
	}, "SELECT id, h FROM stk")
}

// loadSamples collects payloads for the dictionary if the file has none yet.
func (f *file) loadSamples() error {
	has, err := f.hasDict()
	if err != nil || has {
		return err
	}
	pack, err := f.p.packer()
	if err != nil {
		return err
	}
	f.samples = make([][]byte, 0, dictAfter)
	return f.query(func(dest []driver.Value) error {
		z, _ := dest[0].([]byte)
		if b, err := pack.dec.DecodeAll(z, nil); err == nil {
			f.samples = append(f.samples, b)
		}
		return nil
	}, "SELECT z FROM body WHERE f IS NULL ORDER BY id LIMIT ?", int64(dictAfter))
}

func (f *file) hasDict() (bool, error) {
	n, err := f.number("SELECT count(*) FROM meta WHERE k = ?", metaDict)
	return n == 1, err
}

// dictID returns the id of a column's value, 0 for "".
func (f *file) dictID(col column, val string) (int64, error) {
	if val == "" {
		return 0, nil
	}
	k := dictKey{col, val}
	if id, ok := f.dict[k]; ok {
		return id, nil
	}
	id, err := f.lookUp(k)
	if err != nil {
		return 0, err
	}
	if len(f.dict) >= dictCache {
		clear(f.dict)
		f.dictAll = false
	}
	f.dict[dictKey{col, strings.Clone(val)}] = id // val is a piece of the whole event, which must not stay
	return id, nil
}

// lookUp finds the value in the table or adds it.
func (f *file) lookUp(k dictKey) (int64, error) {
	low := querylang.Fold(k.val)
	if !f.dictAll {
		id, err := f.number("SELECT id FROM dict WHERE col = ? AND low = ? AND val = ?", int64(k.col), low, k.val)
		if err != nil || id != 0 {
			return id, err
		}
	}
	id := f.dictNext
	f.dictNext++
	return id, f.run("INSERT INTO dict(id, col, low, val) VALUES(?, ?, ?, ?)", id, int64(k.col), low, k.val)
}

// markClean notes that the file was closed in good order.
func (f *file) markClean() error {
	if !f.dirty {
		return nil
	}
	return f.setMeta(metaClean, int64(1))
}
