package embedded

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"errata/internal/errata"
	"errata/internal/search"
)

// waitForPlace is how long a question waits to be let in.
const waitForPlace = 2 * time.Second

// lanes hand out turns: a question reads file after file, each in a turn of its
// own. Both lanes have one turn per core. All questions begin in the fast lane
// with a budget of rows, a tenth of a second of one core; the plan for a file,
// or its columns, tell what a read will cost, and one that exceeds the budget is
// made in the slow lane, as all that follow. So what is cheap never waits behind
// what is not.
type lanes struct {
	clock  errata.Clock
	budget int           // rows that a question may look at in the fast lane
	fast   chan struct{} // one per turn
	places chan struct{} // one per question in the slow lane
	slow   queue
}

func newLanes(clock errata.Clock, turns, places, budget int) *lanes {
	return &lanes{
		clock: clock, budget: budget, fast: make(chan struct{}, turns), places: make(chan struct{}, places),
		slow: queue{free: turns},
	}
}

// question is one search, or those of one page, and what it has cost so far.
// Its reads may run side by side.
type question struct {
	lanes *lanes

	mu      sync.Mutex
	left    int   // rows it may still look at in the fast lane
	slow    bool  // it looks at more
	place   bool  // it has a place in the slow lane
	refused error // there was none

	// Guarded by the mu of the slow lane.
	used   time.Duration // how long its turns there took
	number int           // its rank among those that came there, from 1
}

// ask begins a question; the caller must end it.
func (l *lanes) ask() *question { return &question{lanes: l, left: l.budget} }

func (q *question) end() {
	if q.place {
		<-q.lanes.places
	}
}

var errTooMuch = errors.New("the fast lane does not allow so much")

// spend announces that so many rows will be looked at. A nil question, in the
// slow lane, may look at any number.
func (q *question) spend(rows int) error {
	if q == nil {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.slow || rows > q.left { // plans made in the slow lane do not tell what they cost
		q.slow = true
		return errTooMuch
	}
	q.left -= rows
	return nil
}

// turn waits for a turn. payer counts what is read in it, nil in the slow lane.
// Errors: slow_down when there is no place within two seconds, the context's
// when it ends before the turn comes.
func (q *question) turn(ctx context.Context) (payer *question, leave func(), err error) {
	q.mu.Lock()
	slow := q.slow
	q.mu.Unlock()
	if !slow {
		if err := enter(ctx, q.lanes.fast); err != nil {
			return nil, nil, err
		}
		return q, func() { <-q.lanes.fast }, nil
	}
	if err := q.placed(ctx); err != nil {
		return nil, nil, err
	}
	if err := q.lanes.slow.take(ctx, q); err != nil {
		return nil, nil, err
	}
	began := q.lanes.clock()
	return nil, func() { q.lanes.slow.give(q, q.lanes.clock().Sub(began)) }, nil
}

// placed takes a place among the slow questions, once.
func (q *question) placed(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.place && q.refused == nil {
		q.refused = enter(ctx, q.lanes.places)
		q.place = q.refused == nil
	}
	return q.refused
}

// enter takes one of some places.
func enter(ctx context.Context, places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	default:
	}
	wait := time.NewTimer(waitForPlace)
	defer wait.Stop()
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-wait.C:
		const sentence = "Too many searches are running. Try again in a moment."
		return errata.Because(errata.SlowDown, sentence, nil, errata.Detail{Reason: search.ReasonBusy, Message: sentence})
	}
}

// queue hands out the turns of the slow lane: alternately to the question whose
// turns took the least time so far, so that short ones are soon done, and to the
// one that came first, so that long ones come to an end however many short ones
// follow.
type queue struct {
	mu      sync.Mutex
	free    int
	waiting []*waiter // in the order they came
	came    int       // questions so far
	eldest  bool      // whose turn is next
}

type waiter struct {
	q     *question
	ready chan struct{}
}

// take waits for a turn. The error is the context's.
func (u *queue) take(ctx context.Context, q *question) error {
	u.mu.Lock()
	if q.number == 0 {
		u.came++
		q.number = u.came
	}
	if u.free > 0 {
		u.free--
		u.mu.Unlock()
		return nil
	}
	w := &waiter{q: q, ready: make(chan struct{})}
	u.waiting = append(u.waiting, w)
	u.mu.Unlock()
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		u.abandon(w)
		return ctx.Err()
	}
}

// abandon ends a wait; a turn that came at the same moment goes on.
func (u *queue) abandon(w *waiter) {
	u.mu.Lock()
	i := slices.Index(u.waiting, w)
	if i >= 0 {
		u.waiting = slices.Delete(u.waiting, i, i+1)
	}
	u.mu.Unlock()
	if i < 0 {
		u.give(w.q, 0)
	}
}

// give hands on a turn that a question has had for some time.
func (u *queue) give(q *question, took time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	q.used += took
	if len(u.waiting) == 0 {
		u.free++
		return
	}
	best := 0
	for i, w := range u.waiting {
		if u.before(w.q, u.waiting[best].q) {
			best = i
		}
	}
	u.eldest = !u.eldest
	w := u.waiting[best]
	u.waiting = slices.Delete(u.waiting, best, best+1)
	close(w.ready)
}

// before says whether a goes before b.
func (u *queue) before(a, b *question) bool {
	if u.eldest || a.used == b.used {
		return a.number < b.number
	}
	return a.used < b.used
}
