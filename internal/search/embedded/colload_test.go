package embedded

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/search"
)

// restarted opens an engine again, and returns what it logged.
func restarted(t *testing.T, e *Engine, o Options) (*Engine, string) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	o.Log = slog.New(slog.NewTextHandler(&b, nil))
	e = open(t, o)
	<-e.columnsLoaded
	return e, b.String()
}

// A status that no answer has does not keep a file from having columns.
func TestColumnsOfOddStatus(t *testing.T) {
	o := Options{Dir: t.TempDir()}
	e := open(t, o)
	odd := sent(1, noon)
	odd.Status = -5
	index(t, e, odd, sent(2, noon))
	e, log := restarted(t, e, o)
	if e.snapshot()[0].cols.Load() == nil {
		t.Error(log)
	}
}

// Readers may hold columns that a writer goes on from; see the race detector.
func TestColumnsGoOnBesideReaders(t *testing.T) {
	o := Options{Dir: t.TempDir()}
	e := open(t, o)
	index(t, e, sent(1, noon))
	e, _ = restarted(t, e, o)
	ctx, cancel := context.WithCancel(t.Context())
	var g sync.WaitGroup
	c := e.snapshot()[0].cols.Load()
	g.Go(func() {
		for ctx.Err() == nil {
			c.between(noon.Add(-time.Hour).UnixMicro(), noon.Add(time.Hour).UnixMicro())
		}
	})
	index(t, e, sent(2, noon.Add(time.Second)))
	cancel()
	g.Wait()
}

// A file that is too large alone goes without; the others keep their columns.
func TestColumnsOfALargeFile(t *testing.T) {
	o := Options{Dir: t.TempDir(), DaysPerFile: 1, Memory: 12_000}
	e := open(t, o)
	has := func(e *Engine) (s string) {
		for _, p := range e.snapshot() {
			s += fmt.Sprint(p.cols.Load() != nil, " ")
		}
		return s
	}
	for day := range 3 {
		for n := range 10 {
			index(t, e, sent(1000*day+n, noon.AddDate(0, 0, day-10).Add(time.Duration(n)*time.Second)))
		}
	}
	docs := make([]search.Doc, 900)
	for n := range docs {
		docs[n] = sent(100_000+n, noon.Add(time.Duration(n)*time.Second))
	}
	index(t, e, docs...)
	if got := has(e); got != "true true true false " {
		t.Errorf("columns: %s", got)
	}
	e, log := restarted(t, e, o)
	if got := has(e); got != "true true true false " {
		t.Errorf("columns after a restart: %s\n%s", got, log)
	}
}

// Ids that events sent again have taken leave holes; columns with more holes
// than rows are given up.
func TestColumnsWithHoles(t *testing.T) {
	o := Options{Dir: t.TempDir()}
	e := open(t, o)
	batch := make([]search.Doc, 999)
	for n := range batch {
		batch[n] = sent(n, noon)
	}
	index(t, e, batch...)
	for n := range 12 {
		if _, err := e.Index(t.Context(), append(batch[:999:999], sent(2000+n, noon))); err != nil {
			t.Fatal(err)
		}
	}
	r := everything()
	r.Size = 0
	count := func(e *Engine) int64 {
		res, err := e.Search(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return res.Total.Value
	}
	if e.snapshot()[0].cols.Load() != nil || count(e) != 1011 {
		t.Errorf("columns %v, %d events", e.snapshot()[0].cols.Load() != nil, count(e))
	}
	e, log := restarted(t, e, o)
	if e.snapshot()[0].cols.Load() != nil || count(e) != 1011 {
		t.Errorf("after a restart: columns %v, %d events\n%s", e.snapshot()[0].cols.Load() != nil, count(e), log)
	}
}

// Rows that are erased while a start reads are not in its columns.
func TestColumnsReadWhileErased(t *testing.T) {
	e := open(t, Options{})
	for n := range 30 {
		index(t, e, sent(n, noon.Add(time.Duration(n)*time.Second)))
	}
	p := e.snapshot()[0]
	p.cols.Store(nil)
	ctx, cancel := context.WithCancel(t.Context())
	var g sync.WaitGroup
	g.Go(func() {
		for n := 0; n < 30 && ctx.Err() == nil; n++ {
			if _, err := e.Erase(t.Context(), search.EraseRequest{Scope: search.Scope{All: true}, Query: parse(t, "event:"+sent(n, noon).EventID)}); err != nil {
				t.Error(err)
			}
			index(t, e, sent(100+n, noon))
		}
	})
	for range 20 {
		if err := e.loadColumnsOf(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if p.cols.Load() == nil {
			t.Fatal("no columns")
		}
		if err := e.submit(t.Context(), &job{do: func(*writer) error { p.cols.Store(nil); return nil }}); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.loadColumnsOf(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	cancel()
	g.Wait()
	if diff := gocmp.Diff(shown(&read(t, e, p).columns), shown(p.cols.Load())); diff != "" {
		t.Error(diff)
	}
}

// A start reads a file without events that the writer begins to fill: what is
// erased then stays away.
func TestColumnsBegunWhileRead(t *testing.T) {
	e := open(t, Options{})
	p := e.place(dayOf(noon.UnixMicro()))
	do := func(fn func(w *writer) error) {
		t.Helper()
		if err := e.submit(t.Context(), &job{do: fn}); err != nil {
			t.Error(err)
		}
	}
	do(func(w *writer) error { return w.change(p, func(*file) error { return nil }) }) // makes the file
	do(func(w *writer) error { w.forget(p); p.cols.Store(nil); return nil })
	readers := holdReaders(t, e, p)
	done := make(chan error, 1)
	go func() { done <- e.loadColumnsOf(t.Context(), p) }()
	eventually(t, func() (loading bool) {
		do(func(*writer) error { loading = p.loading; return nil })
		return loading
	})
	index(t, e, sent(1, noon), sent(2, noon))
	writes, busy := make(chan struct{}), make(chan struct{})
	go do(func(*writer) error { close(busy); <-writes; return nil })
	<-busy
	go do(func(w *writer) error { _, err := w.eraseRows(p, []int64{1}); return err })
	eventually(t, func() bool { return len(e.jobs) == 1 })
	for _, c := range readers {
		_ = c.Close()
	}
	eventually(t, func() bool { return len(e.jobs) == 2 }) // the rows were read
	close(writes)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if c := p.cols.Load(); c.n-c.dead != 1 {
		t.Errorf("%d rows in columns, want 1", c.n-c.dead)
	}
}

// holdReaders takes all connections that read a file.
func holdReaders(t *testing.T, e *Engine, p *partition) (all []*sql.Conn) {
	t.Helper()
	db, err := e.acquire(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.release(p) })
	for range readersPerFile() {
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for began := time.Now(); !ok(); time.Sleep(time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatal("not within 10s")
		}
	}
}
