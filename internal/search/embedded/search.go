package embedded

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

// defaultTimeout ends a search that names no time of its own.
const defaultTimeout = 10 * time.Second

// Search answers one request; see search.Engine.
func (e *Engine) Search(ctx context.Context, r search.Request) (*search.Result, error) {
	q := e.lanes.ask()
	defer q.end()
	return e.search(ctx, q, &r)
}

// MultiSearch answers the requests of one page one after the other: each uses
// all cores already. For the turns of the lanes the page is one question.
func (e *Engine) MultiSearch(ctx context.Context, rs []search.Request) []search.Answer {
	q := e.lanes.ask()
	defer q.end()
	out := make([]search.Answer, len(rs))
	for i := range rs {
		out[i].Result, out[i].Err = e.search(ctx, q, &rs[i])
	}
	return out
}

func (e *Engine) search(ctx context.Context, q *question, r *search.Request) (*search.Result, error) {
	started := e.o.Clock()
	if err := r.Check(); err != nil {
		return nil, err
	}
	at, newer, paged, err := r.Place()
	if err != nil {
		return nil, err
	}
	if err := e.open(); err != nil {
		return nil, err
	}
	if err := refuseUnsupported(r.Query); err != nil {
		return nil, err
	}
	run := &running{
		e: e, asked: q, r: r, at: at, newer: newer, paged: paged, plans: map[*partition]plan{}, aggs: newCollectors(r.Aggs),
		found: map[*partition]*found{}, sets: valueSets{made: map[*querylang.Leaf]*valueSet{}},
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(r.Timeout, defaultTimeout))
	defer cancel()
	if !r.Scope.Empty() && r.From.Before(r.To) {
		run.do(ctx)
	}
	if err := e.open(); err != nil {
		return nil, err // shut meanwhile: files that are gone are no answer
	}
	res, err := run.result(ctx)
	if err != nil {
		return nil, err
	}
	res.Took = e.o.Clock().Sub(started)
	return res, nil
}

func (e *Engine) open() error {
	e.send.RLock()
	defer e.send.RUnlock()
	if e.closed {
		return errClosed()
	}
	return nil
}

// running is one search at work. Files answer in parallel; mu guards what they
// add to.
type running struct {
	e            *Engine
	asked        *question
	r            *search.Request
	at           search.Place
	newer, paged bool

	counts bool // the total is not known from the page
	sets   valueSets

	mu      sync.Mutex
	plans   map[*partition]plan
	found   map[*partition]*found // nil: not in memory
	total   int64
	aggs    []*collector
	largest map[*collector][]string // keys that sub-aggregations follow
	partial []search.Gap            // files that answered in part
	gaps    []search.Gap            // files that did not
	alive   int                     // files that answered
	refused error                   // the engine has too much to do
	hits    []search.Hit
	more    bool // there is a hit beyond the page
}

// do asks all files of the range: first for the page, then for what is counted,
// in one task per core.
func (s *running) do(ctx context.Context) {
	views := s.e.pick(s.r.From, s.r.To)
	s.gaps = s.e.gaps(dayOf(s.r.From.UnixMicro()), dayOf(s.r.To.UnixMicro()-1))
	failed := make([]failures, len(views))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	task := func(fn func()) { g.Go(func() error { fn(); return nil }) }
	if s.r.Size > 0 {
		s.page(ctx, views, failed)
	}
	s.counts = s.r.TotalUpTo > 0 && !s.pageSaysAll(failed)
	if slices.ContainsFunc(s.aggs, func(c *collector) bool { return sampled(c.agg) }) {
		task(func() { s.sample(ctx, views, failed) })
	}
	if s.counts || s.aggregates() {
		s.visitAll(views, task, func(t *visit, i int) { failed[i].count = s.count(ctx, t, views[i]) })
	}
	_ = g.Wait()
	s.chooseLargest()
	if len(s.largest) > 0 {
		s.visitAll(views, task, func(t *visit, i int) {
			if failed[i].first() == nil {
				failed[i].deepen = s.deepen(ctx, t, views[i])
			}
		})
		_ = g.Wait()
	}
	for i := range failed {
		if err := failed[i].first(); err != nil {
			s.failed(views[i], err)
		} else {
			s.alive++
		}
	}
}

// pageSaysAll sets the total from the page where nothing lies beyond it: a
// search with few hits is not done twice.
func (s *running) pageSaysAll(failed []failures) bool {
	if s.r.Size == 0 || s.paged || s.more || slices.ContainsFunc(failed, func(f failures) bool { return f.page != nil }) {
		return false
	}
	s.total = int64(len(s.hits))
	return true
}

// failures are what went wrong with one file, by task.
type failures struct{ page, sample, count, deepen error }

func (f *failures) first() error {
	for _, err := range []error{f.page, f.sample, f.count, f.deepen} {
		if err != nil {
			return err
		}
	}
	return nil
}

// chooseLargest fixes the buckets of long lists whose sub-aggregations follow.
func (s *running) chooseLargest() {
	s.largest = map[*collector][]string{}
	for _, c := range s.aggs {
		if !sampled(c.agg) && deepens(c.agg) && c.agg.Size > 0 {
			s.largest[c] = c.top()
		}
	}
}

// failed makes a gap of a file that did not answer.
func (s *running) failed(v view, err error) {
	reason := search.ReasonCorrupt
	switch {
	case errors.Is(err, errGone):
		return // expired or set aside meanwhile
	case errata.CodeOf(err) == errata.SlowDown:
		s.refused = err
		return
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		reason = search.ReasonTimeout
	case isCorrupt(err):
		s.e.quarantine(v.partition)
	}
	if reason != search.ReasonTimeout {
		s.e.log.Error("event file did not answer", slog.String("file", fileOf(v.partition)), slog.Any("error", err))
	}
	s.gaps = append(s.gaps, v.gap(reason))
}

// result turns what was collected into the answer.
func (s *running) result(ctx context.Context) (*search.Result, error) {
	if s.refused != nil {
		return nil, s.refused
	}
	if s.alive == 0 && len(s.gaps) > 0 {
		return nil, nothingAnswered(ctx, s.gaps[0].Reason)
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, cancelled(ctx.Err())
	}
	s.gaps = append(s.gaps, s.partial...)
	slices.SortFunc(s.gaps, func(a, b search.Gap) int { return a.From.Compare(b.From) })
	res := &search.Result{Hits: s.hits, Gaps: slices.Compact(s.gaps), Aggs: map[string]search.AggResult{}}
	res.Total = search.Total{Value: min(s.total, int64(s.r.TotalUpTo)), Exact: s.r.TotalUpTo > 0 && s.total <= int64(s.r.TotalUpTo) && len(res.Gaps) == 0}
	for _, c := range s.aggs {
		res.Aggs[c.agg.Name] = c.result()
	}
	s.link(res)
	return res, nil
}

// link sets the cursors of the neighbouring pages.
func (s *running) link(res *search.Result) {
	if len(res.Hits) == 0 {
		return
	}
	first, last := search.PlaceOf(&res.Hits[0]), search.PlaceOf(&res.Hits[len(res.Hits)-1])
	if s.newer || s.more {
		res.Next = s.r.Cursor(last, false)
	}
	if s.newer && s.more || !s.newer && s.paged {
		res.Prev = s.r.Cursor(first, true)
	}
}

func nothingAnswered(ctx context.Context, reason string) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return cancelled(ctx.Err())
	}
	sentence := "The events of this range cannot be read."
	if reason == search.ReasonTimeout {
		sentence = "The search took too long. Shorten the range."
	}
	return errata.Because(errata.Unavailable, sentence, ctx.Err(), errata.Detail{Reason: reason, Message: sentence})
}

// reading runs fn on a file, in one read transaction: all its statements see
// the same events.
func (e *Engine) reading(ctx context.Context, p *partition, fn func(q queryer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	db, err := e.acquire(p)
	if err != nil {
		return err
	}
	defer e.release(p)
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: false})
	if err != nil {
		return err
	}
	err = fn(tx)
	_ = tx.Rollback() // nothing was written
	if ctx.Err() != nil && err != nil {
		return ctx.Err() // an interrupted statement has an error of its own
	}
	return err
}
