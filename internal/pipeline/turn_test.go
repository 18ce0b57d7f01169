package pipeline_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	parts "errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/queue"
	"errata/internal/search"
)

// A turn takes at most 512 events, so that two batches of this size are two turns.
const turnSized = 300

// turns watches counting and writing.
type turns struct {
	mu              sync.Mutex
	counted, closed int
	ahead           int           // the most that were counted and not written
	second          chan struct{} // closed when a second turn is counted
	order           []string      // the first event of each write
}

func (w *turns) at(point string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch point {
	case "sql.after":
		w.counted++
		w.ahead = max(w.ahead, w.counted-w.closed)
		if w.counted == 2 {
			close(w.second)
		}
	case "engine.after":
		w.closed++
	}
	return nil
}

// write notes a write; the first one waits for the second turn to be counted,
// which would never come if turns did not overlap.
func (w *turns) write(ctx context.Context, docs []search.Doc) error {
	w.mu.Lock()
	w.order = append(w.order, docs[0].EventID)
	first := len(w.order) == 1
	w.mu.Unlock()
	if !first {
		return nil
	}
	select {
	case <-w.second:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func publishTurns(p *parts.Parts, to errata.Project, n int) (ids, firsts []string) {
	for i := range n {
		var entries []queue.Entry
		for j := range turnSized {
			e := event(i*turnSized + j + 1)
			ids = append(ids, e.ID)
			entries = append(entries, p.Entry(to, e))
		}
		firsts = append(firsts, ids[len(ids)-turnSized])
		p.Publish(p.Batch(entries...))
	}
	return ids, firsts
}

// The next turn is counted while one is written; the engine gets turns in
// order, and never more than one waits for it.
func TestTurnsOverlapInOrder(t *testing.T) {
	w, e := &turns{second: make(chan struct{})}, &intercepted{}
	e.on = func(ctx context.Context, docs []search.Doc, next func() ([]search.ItemResult, error)) ([]search.ItemResult, error) {
		if err := w.write(ctx, docs); err != nil {
			return nil, err
		}
		return next()
	}
	p := parts.Open(t, parts.Options{Wrap: intercept(e), Fail: w.at, Idle: true})
	shop := p.NewProject("shop", errata.ProjectSettings{})
	ids, firsts := publishTurns(p, shop, 3)
	p.Start()
	p.Drained()
	same(t, "three turns", read(t, p, shop), plain("KeyError", ids...))
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.order, firsts) {
		t.Errorf("written in the order %q, want %q", w.order, firsts)
	}
	if w.ahead != 2 {
		t.Errorf("%d turns were counted and not written, want 2 at most and once", w.ahead)
	}
}

// A write that fails while the next turn is counted already is repeated, and
// nothing counts twice.
func TestWriteFailsBehindTheNextTurn(t *testing.T) {
	for name, cause := range map[string]error{
		"a fault of ours":    errata.E(errata.Internal, "a fault of ours", nil),
		"the engine is away": errata.E(errata.Unavailable, "away", errors.New("on purpose")),
	} {
		t.Run(name, func(t *testing.T) {
			w, e := &turns{second: make(chan struct{})}, &intercepted{}
			failed := false
			e.on = func(ctx context.Context, docs []search.Doc, next func() ([]search.ItemResult, error)) ([]search.ItemResult, error) {
				if err := w.write(ctx, docs); err != nil {
					return nil, err
				}
				w.mu.Lock()
				fail := !failed
				failed = true
				w.mu.Unlock()
				if fail {
					return nil, cause
				}
				return next()
			}
			p := parts.Open(t, parts.Options{Wrap: intercept(e), Fail: w.at, Idle: true})
			p.Worker.Hasten()
			shop := p.NewProject("shop", errata.ProjectSettings{})
			ids, _ := publishTurns(p, shop, 3)
			p.Start()
			p.Drained()
			same(t, "three turns", read(t, p, shop), plain("KeyError", ids...))
		})
	}
}

// A turn of several messages that fails is repeated message by message.
func TestTurnOfSeveralMessagesIsRepeatedApart(t *testing.T) {
	e := &intercepted{}
	var mu sync.Mutex
	sizes := []int{}
	e.on = func(_ context.Context, docs []search.Doc, next func() ([]search.ItemResult, error)) ([]search.ItemResult, error) {
		mu.Lock()
		sizes = append(sizes, len(docs))
		mu.Unlock()
		if len(docs) > 2 {
			return nil, errata.E(errata.Internal, "a fault of ours", nil)
		}
		return next()
	}
	p := parts.Open(t, parts.Options{Wrap: intercept(e), Idle: true})
	shop := p.NewProject("shop", errata.ProjectSettings{})
	for i := range 3 {
		p.Publish(p.Batch(p.Entry(shop, event(2*i+1)), p.Entry(shop, event(2*i+2))))
	}
	p.Start()
	p.Drained()
	same(t, "three messages", read(t, p, shop), plain("KeyError", id(1), id(2), id(3), id(4), id(5), id(6)))
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(sizes, []int{6, 2, 2, 2}) {
		t.Errorf("written in parts of %v", sizes)
	}
}
