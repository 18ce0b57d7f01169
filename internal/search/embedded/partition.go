package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const dayMicros = 24 * 3600 * 1_000_000

// dayOf returns the UTC day of a time in µs, in days since 1970.
func dayOf(us int64) int64 {
	d := us / dayMicros
	if us%dayMicros < 0 {
		d--
	}
	return d
}

func dayStart(day int64) time.Time { return time.UnixMicro(day * dayMicros).UTC() }

// partition is one file: whole UTC days of event time.
type partition struct {
	path   string
	events atomic.Int64            // rows of ev
	untidy atomic.Int64            // when events were first erased, µs; 0: nothing to tidy
	used   atomic.Int64            // turn of last use, for closing the least recently used
	cols   atomic.Pointer[columns] // nil: not in memory
	clean  bool                    // the file was closed in good order, as found at Open

	training bool  // a dictionary was begun; the writer's own
	erasures int64 // how often rows were deleted; the writer's own

	// The writer's own, while the columns are read beside it.
	loading bool
	erased  []int64 // rows deleted meanwhile

	// Guarded by the engine's mu. The days only ever grow, towards days that no
	// other file has.
	first, last int64

	mu      sync.Mutex
	refs    int           // who reads now
	created bool          // the file exists
	gone    bool          // no longer part of the engine
	idle    chan struct{} // closed when gone and nobody reads
	endErr  error         // of closing; read after idle
	db      *sql.DB       // readers; nil while closed
	codec   *codec        // nil until needed
}

// readersPerFile is how many connections to a file may be open: enough for the
// turns of both lanes, and two for who reads without one.
func readersPerFile() int { return 2*runtime.GOMAXPROCS(0) + 2 }

// readerCacheKiB is the page cache of a connection that reads: files are in the
// cache of the system anyway.
const readerCacheKiB = 512

var errGone = errors.New("partition is gone")

// acquire makes the file readable until release; every acquire needs one.
func (e *Engine) acquire(p *partition) (*sql.DB, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return nil, errGone
	}
	if p.db == nil {
		if err := p.open(); err != nil {
			return nil, err
		}
	}
	p.refs++
	p.used.Store(e.turn.Add(1))
	return p.db, nil
}

func (p *partition) open() error {
	// Never create: a pool may open a connection after its file has gone.
	db, err := sql.Open("sqlite", dsn(p.path, readerCacheKiB)+"&mode=rw")
	if err != nil {
		return fmt.Errorf("open %s: %w", filepath.Base(p.path), err)
	}
	db.SetMaxOpenConns(readersPerFile())
	db.SetMaxIdleConns(max(2, runtime.GOMAXPROCS(0))) // each holds 1 MB; another takes less than a millisecond
	if p.codec == nil {
		if p.codec, err = readCodec(db); err != nil {
			_ = db.Close()
			return err
		}
	}
	p.db = db
	return nil
}

// readCodec makes the codec of a file from the dictionary it holds.
func readCodec(db *sql.DB) (*codec, error) {
	var dict []byte
	var older [][]byte
	err := each(context.Background(), db, func(scan func(...any) error) error {
		var k string
		var v []byte
		err := scan(&k, &v)
		if k == metaDict {
			dict = v
		} else {
			older = append(older, v)
		}
		return err
	}, "SELECT k, v FROM meta WHERE k IN (?, ?)", metaDict, metaOldDict)
	if err != nil {
		return nil, fmt.Errorf("read dictionary: %w", err)
	}
	return newCodec(dict, older...)
}

// release ends an acquire, and closes readers that have been idle the longest
// when more files are open than allowed.
func (e *Engine) release(p *partition) {
	p.mu.Lock()
	p.refs--
	if p.gone && p.refs == 0 {
		p.end()
	}
	p.mu.Unlock()
	e.closeIdle()
}

// closeIdle keeps at most OpenFiles files open for reading.
func (e *Engine) closeIdle() {
	parts := e.snapshot()
	if len(parts) <= e.o.OpenFiles {
		return
	}
	for {
		open, oldest := 0, (*partition)(nil)
		for _, p := range parts {
			p.mu.Lock()
			if p.db != nil {
				open++
				if p.refs == 0 && (oldest == nil || p.used.Load() < oldest.used.Load()) {
					oldest = p
				}
			}
			p.mu.Unlock()
		}
		if open <= e.o.OpenFiles || oldest == nil {
			return
		}
		oldest.mu.Lock()
		if oldest.refs == 0 && oldest.db != nil {
			_ = oldest.shut()
			oldest.codec = nil
		}
		oldest.mu.Unlock()
	}
}

// packer returns the codec as it is now. Readers ask for it after they have
// read a row: the row's dictionary is then known.
func (p *partition) packer() (*codec, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.codec != nil {
		return p.codec, nil
	}
	if p.created {
		if err := p.open(); err != nil { // sets the codec
			return nil, err
		}
		return p.codec, nil
	}
	var err error
	p.codec, err = newCodec(nil)
	return p.codec, err
}

// setCodec replaces the codec after the dictionary was trained. Who holds the
// old one goes on with it: its frames need no dictionary, and those of the new
// one are read with the new one only.
func (p *partition) setCodec(c *codec) {
	p.mu.Lock()
	p.codec = c
	p.mu.Unlock()
}

// leave ends all use of the file: no new reader gets it, and idle closes when
// the last one is done.
func (p *partition) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return
	}
	p.gone, p.idle = true, make(chan struct{})
	if p.refs == 0 {
		p.end()
	}
}

// end closes what a partition that is gone has open. The caller holds mu.
func (p *partition) end() {
	p.endErr = p.shut()
	close(p.idle)
}

func (p *partition) isGone() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gone
}

// retire leaves, and returns when the last reader is done.
func (p *partition) retire(ctx context.Context) error {
	p.leave()
	select {
	case <-p.idle:
		return p.endErr
	case <-ctx.Done():
		return ctx.Err()
	}
}

// shut closes the readers. The caller holds mu.
func (p *partition) shut() error {
	if p.db == nil {
		return nil
	}
	err := p.db.Close()
	p.db = nil
	return err
}

// removeFiles unlinks a database with its companions.
func removeFiles(path string) error {
	var all error
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			all = errors.Join(all, err)
		}
	}
	return all
}
