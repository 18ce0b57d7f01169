// Package embedded is the event engine that needs nothing but a directory:
// SQLite files of whole UTC days, with FTS5 for words and terms.
package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"errata/internal/errata"
	"errata/internal/search"
)

// The numbers of stored events up to which this engine meets the goals, with
// columns and without; beyond them Elasticsearch is advised.
const (
	advisedEvents      = 10_000_000
	advisedWithoutCols = 2_000_000
)

// NoColumns is the Memory of an engine that reads everything from its files.
const NoColumns = -1

// Options configure an engine. Only Dir is required; zero values of the rest
// mean the defaults in brackets.
type Options struct {
	Dir           string       // made if absent; one process at a time
	Clock         errata.Clock // measures how long a search took
	Log           *slog.Logger // [discard]
	EventsPerFile int64        // a file with so many takes no new day [250,000]
	DaysPerFile   int          // a file spans at most so many days [7]
	OpenFiles     int          // files open for reading [64]
	Searches      int          // costly searches at work at the same time [8 × cores]
	FacetEvents   int          // newest matches that pair facets look at [10,000]
	TermsPerFile  int64        // distinct terms kept for wildcards [2,000,000]
	Memory        int64        // bytes that columns may take, or NoColumns [512 MiB]
	WriteCacheKiB int          // page cache of the file being written [12,288]

	tuning tuning // of plans; tests make it small
}

func (o *Options) defaults() {
	or := func(n *int, d int) {
		if *n <= 0 {
			*n = d
		}
	}
	or64 := func(n *int64, d int64) {
		if *n <= 0 {
			*n = d
		}
	}
	or64(&o.EventsPerFile, 250_000)
	or64(&o.TermsPerFile, 2_000_000)
	if o.Memory == 0 {
		o.Memory = 512 << 20
	}
	or(&o.DaysPerFile, 7)
	or(&o.OpenFiles, 64)
	or(&o.Searches, 8*runtime.GOMAXPROCS(0))
	or(&o.FacetEvents, 10_000)
	or(&o.WriteCacheKiB, 12<<10)
	if o.tuning == (tuning{}) {
		o.tuning = tuned
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// Engine is a search.Engine over a directory of SQLite files.
type Engine struct {
	o    Options
	log  *slog.Logger
	lock *sql.DB
	turn atomic.Int64 // counts uses of files

	mu     sync.RWMutex
	parts  []*partition // in order of time; replaced, never changed in place
	broken []brokenFile
	used   map[string]bool // paths of files since Open

	send       sync.RWMutex // held for reading while a job is handed over
	closed     bool
	jobs       chan *job
	writerGone chan struct{}

	faces      faceCache
	postings   postingCache
	lanes      *lanes
	stop       context.CancelFunc
	background sync.WaitGroup // training, checking, reading columns

	columnsLoaded chan struct{} // closed when those of the files found at Open are in memory
}

var (
	_ search.Engine = (*Engine)(nil)
	_ search.Tidier = (*Engine)(nil)
)

// Open opens the engine in o.Dir. A directory that another process uses gives
// conflict. After an unclean end the files written last are checked while they
// already serve; a broken one is set aside.
func Open(ctx context.Context, o Options) (*Engine, error) {
	if o.Dir == "" || o.Clock == nil {
		return nil, errors.New("embedded engine: directory and clock are required")
	}
	o.defaults()
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("embedded engine: %w", err)
	}
	lock, err := takeLock(ctx, filepath.Join(o.Dir, "LOCK"))
	if err != nil {
		return nil, err
	}
	e := &Engine{
		o: o, log: o.Log, lock: lock, used: map[string]bool{}, jobs: make(chan *job, 64), writerGone: make(chan struct{}),
		lanes: newLanes(o.Clock, runtime.GOMAXPROCS(0), o.Searches, o.tuning.budget), faces: faceCache{faces: map[faceKey]face{}, max: 2 * o.FacetEvents},
		postings: newPostingCache(postingsBytes), columnsLoaded: make(chan struct{}),
	}
	if err := e.load(ctx); err != nil {
		_ = lock.Close()
		return nil, err
	}
	bg, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.stop = stop
	go (&writer{e: e}).run()
	e.background.Go(func() { e.check(bg) })
	there := e.snapshot()
	e.background.Go(func() { e.loadColumns(bg, there) })
	return e, nil
}

// takeLock holds an exclusive transaction on a file of its own: it ends with
// the process on every system, and refuses a second engine in this one too.
func takeLock(ctx context.Context, path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=locking_mode(EXCLUSIVE)&_pragma=journal_mode(MEMORY)")
	if err != nil {
		return nil, fmt.Errorf("embedded engine: %w", err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "BEGIN EXCLUSIVE"); err != nil {
		_ = db.Close()
		return nil, errata.E(errata.Conflict, "Another process uses the event directory.", err)
	}
	return db, nil
}

// Index stores docs; see search.Engine.
func (e *Engine) Index(ctx context.Context, docs []search.Doc) ([]search.ItemResult, error) {
	if err := search.CheckDocs(docs); err != nil {
		return nil, err
	}
	results := make([]search.ItemResult, len(docs))
	items, err := e.prepare(ctx, docs, results)
	if err != nil {
		return nil, errata.E(errata.Unavailable, "The events could not be stored.", err)
	}
	if len(items) == 0 {
		return results, nil
	}
	if err := e.submit(ctx, &job{ctx: ctx, items: items, results: results}); err != nil {
		return nil, err
	}
	return results, nil
}

// submit hands a job to the writer and waits for it.
func (e *Engine) submit(ctx context.Context, j *job) error {
	j.done = make(chan error, 1)
	e.send.RLock()
	if e.closed {
		e.send.RUnlock()
		return errClosed()
	}
	select {
	case e.jobs <- j:
		e.send.RUnlock()
	case <-ctx.Done():
		e.send.RUnlock()
		return cancelled(ctx.Err())
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		return cancelled(ctx.Err())
	}
}

// days returns the days of a partition as they are now.
func (e *Engine) days(p *partition) (first, last int64) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return p.first, p.last
}

// Refresh does nothing: what Index stored is visible.
func (e *Engine) Refresh(context.Context) error { return nil }

// Caps returns the limits of this engine.
func (e *Engine) Caps() search.Caps {
	return search.Caps{MaxIssueSet: 1_000_000, ExactCardinality: true, AnyKeyFacet: true, Wildcards: true, AdvisedEvents: e.advised()}
}

func (e *Engine) advised() int64 {
	if e.o.Memory == NoColumns {
		return advisedWithoutCols
	}
	return advisedEvents
}

// Close ends all work in good order. It waits for running searches.
func (e *Engine) Close() error {
	e.send.Lock()
	if e.closed {
		e.send.Unlock()
		return nil
	}
	e.closed = true
	e.stop()
	close(e.jobs)
	e.send.Unlock()
	<-e.writerGone
	e.background.Wait()
	var all error
	for _, p := range e.snapshot() {
		all = errors.Join(all, p.retire(context.Background()))
	}
	return errors.Join(all, e.lock.Close())
}

func errClosed() error {
	const sentence = "The event store is shut."
	return errata.Because(errata.Unavailable, sentence, nil, errata.Detail{Reason: search.ReasonClosed, Message: sentence})
}

func cancelled(cause error) error {
	const sentence = "The request was cancelled."
	return errata.Because(errata.Unavailable, sentence, cause, errata.Detail{Reason: search.ReasonCancelled, Message: sentence})
}
