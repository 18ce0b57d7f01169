package embedded

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

// crowded has 500 events in one file, more than the fast lane allows a question
// to look at, row by row.
func crowded(t *testing.T, o Options) *Engine {
	t.Helper()
	o.Memory = NoColumns
	o.tuning = tuning{few: 20, share: 12, probe: 10, window: 60, budget: 400}
	e := open(t, o)
	docs := make([]search.Doc, 500)
	for i := range docs {
		docs[i] = sent(i, noon.Add(-time.Duration(i)*time.Second), func(ev *errata.Event) {
			if i != 200 {
				ev.Tags = []errata.Pair{{Key: "region", Value: "eu"}}
			}
			if i%100 == 0 {
				ev.Environment = "canary"
				ev.Message = "a rare event"
			}
		})
		if i%50 == 0 {
			docs[i].Issue = "issue-2"
		}
	}
	index(t, e, docs...)
	return e
}

// hold takes all turns of the slow lane and returns what gives them back.
func hold(t *testing.T, e *Engine) (release func()) {
	t.Helper()
	n := cap(e.lanes.fast)
	for range n {
		if err := e.lanes.slow.take(t.Context(), e.lanes.ask()); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		for range n {
			e.lanes.slow.give(&question{}, 0)
		}
	}
}

// lined is a question that belongs into one of the lanes.
type lined struct {
	name string
	ask  func(t *testing.T, r *search.Request)
	hits int
	slow bool
}

func linedUp() []lined {
	words := func(q string) func(*testing.T, *search.Request) {
		return func(t *testing.T, r *search.Request) { r.Query = parse(t, q) }
	}
	issue := func(_ *testing.T, r *search.Request) {
		r.Query = &querylang.Leaf{Key: querylang.Key{Name: "issue"}, Values: []querylang.Value{{Text: "issue-2"}}}
	}
	chart := func(_ *testing.T, r *search.Request) {
		r.Size, r.TotalUpTo, r.Aggs = 0, 0, []search.Agg{{Name: "h", Kind: search.Histogram, Interval: "1d"}}
	}
	return []lined{
		{"the newest", func(*testing.T, *search.Request) {}, 50, false},
		{"an issue's events", issue, 10, false},
		{"a rare word", words("rare"), 5, false},
		{"a rare and a common word", words("rare event"), 5, false},
		{"the newest of a common word and a limited total", words("event"), 50, false},
		{"an event by its number", words("number17"), 1, false},
		{"a rare word without a common tag", words("rare !tags[region]:eu"), 1, false},
		{"a chart of a rare word", func(t *testing.T, r *search.Request) { words("rare")(t, r); chart(t, r) }, 0, false},
		{"a filter of few events", words("env:canary"), 5, true},
		{"a chart of all", chart, 0, true},
		{"a common word without a common tag", words("event !tags[region]:eu"), 1, true},
		{"one of two words", words("rare OR number17"), 6, true},
		{"the beginning of a word", words("rar*"), 5, true},
		{"a wildcard", words("type:xyz*"), 0, true},
		{"a facet of all", func(_ *testing.T, r *search.Request) {
			r.Size, r.TotalUpTo = 0, 0
			r.Aggs = []search.Agg{{Name: "h", Kind: search.Terms, Key: querylang.Key{Name: "os"}, Size: 5}}
		}, 0, true},
	}
}

// TestFastLane asks while others hold all turns of the slow lane.
func TestFastLane(t *testing.T) {
	e := crowded(t, Options{})
	for _, c := range linedUp() {
		t.Run(c.name, func(t *testing.T) {
			r := everything()
			r.Size, r.TotalUpTo = 50, 100
			c.ask(t, &r)
			release := hold(t, e)
			quick := r
			if c.slow {
				quick.Timeout = 200 * time.Millisecond
			}
			res, err := e.Search(t.Context(), quick)
			if late := errata.ReasonOf(err) == search.ReasonTimeout; late != c.slow || !c.slow && (err != nil || len(res.Gaps) > 0) {
				t.Errorf("beside slow ones: %+v, %v", res, err)
			}
			release()
			if res, err = e.Search(t.Context(), r); err != nil || len(res.Gaps) > 0 || len(res.Hits) != c.hits {
				t.Errorf("alone: %+v, %v", res, err)
			}
		})
	}
}

// TestFastLaneGet reads one event while others hold all turns of both lanes.
func TestFastLaneGet(t *testing.T) {
	e := crowded(t, Options{})
	defer hold(t, e)()
	for range cap(e.lanes.fast) {
		e.lanes.fast <- struct{}{}
	}
	d := sent(17, noon)
	if _, err := e.Get(t.Context(), search.Scope{All: true}, errata.Ref{Project: "1", EventID: d.EventID}); err != nil {
		t.Error(err)
	}
}

// TestPageIsOneQuestion: what a page has cost counts for all its requests.
func TestPageIsOneQuestion(t *testing.T) {
	e := crowded(t, Options{})
	defer hold(t, e)()
	cheap := everything()
	cheap.Size, cheap.TotalUpTo, cheap.Timeout = 10, 0, 200*time.Millisecond
	for i, a := range e.MultiSearch(t.Context(), []search.Request{cheap, cheap, cheap, cheap, cheap}) {
		if late := errata.ReasonOf(a.Err) == search.ReasonTimeout; late != (i > 2) {
			t.Errorf("request %d: %v", i, a.Err)
		}
	}
}

// TestSlowAmongCheap asks for much while cheap questions keep coming.
func TestSlowAmongCheap(t *testing.T) {
	e := crowded(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{}, 8)
	cheap := everything()
	cheap.Size, cheap.TotalUpTo = 10, 0
	for range cap(done) {
		go func() {
			for ctx.Err() == nil {
				if _, err := e.Search(ctx, cheap); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
			done <- struct{}{}
		}()
	}
	r := everything()
	r.Query = parse(t, "env:canary")
	if res, err := e.Search(t.Context(), r); err != nil || len(res.Hits) != 5 || len(res.Gaps) > 0 {
		t.Errorf("%+v, %v", res, err)
	}
	cancel()
	for range cap(done) {
		<-done
	}
}

// TestQueue lets questions wait for one turn; each has used some time before.
func TestQueue(t *testing.T) {
	for _, c := range []struct {
		name string
		used []time.Duration // in the order they came
		want []int           // places in used, in the order they get it
	}{
		{"the least time, and every other turn the eldest", []time.Duration{9, 5, 0, 1, 0}, []int{2, 0, 4, 1, 3}},
		{"all alike: in the order they came", []time.Duration{2, 2, 2}, []int{0, 1, 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var u queue
				got := make(chan int, len(c.used))
				for i, n := range c.used {
					q := &question{used: n}
					go func() {
						if err := u.take(t.Context(), q); err != nil {
							t.Error(err)
						}
						got <- i
					}()
					synctest.Wait()
				}
				for _, want := range c.want {
					u.give(&question{}, 0)
					if i := <-got; i != want {
						t.Errorf("question %d, want %d", i, want)
					}
				}
				if u.give(&question{}, 0); u.free != 1 {
					t.Errorf("%d turns are free", u.free)
				}
			})
		})
	}
}

// TestQueueNeverStarves: short questions come all the time, and a long one gets
// every other turn.
func TestQueueNeverStarves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var u queue
		long := &question{used: time.Hour}
		got := make(chan *question, 100)
		wait := func(q *question) {
			go func() {
				if err := u.take(t.Context(), q); err == nil {
					got <- q
				}
			}()
			synctest.Wait()
		}
		wait(long)
		n := 0
		for range 20 {
			wait(&question{})
			u.give(&question{}, 0)
			if <-got == long {
				n++
				wait(long)
			}
		}
		if n != 10 {
			t.Errorf("%d of 20 turns", n)
		}
		for len(u.waiting) > 0 {
			u.give(&question{}, 0)
		}
		synctest.Wait()
	})
}

// TestQueueAbandoned: who stops to wait takes no turn with it.
func TestQueueAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var u queue
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- u.take(ctx, &question{}) }()
		synctest.Wait()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) || len(u.waiting) != 0 {
			t.Error(err, len(u.waiting))
		}
		u.abandon(&waiter{q: &question{}}) // had its turn at that moment
		if u.free != 1 {
			t.Errorf("%d turns are free", u.free)
		}
	})
}

// TestTooManySearches lets slow questions wait for a place.
func TestTooManySearches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLanes(time.Now, 1, 1, 10)
		slow := func() *question {
			q := l.ask()
			if err := q.spend(11); !errors.Is(err, errTooMuch) {
				t.Fatal(err)
			}
			return q
		}
		first, second, third := slow(), slow(), slow()
		if err := first.spend(1); !errors.Is(err, errTooMuch) {
			t.Errorf("back in the fast lane: %v", err)
		}
		_, leave, err := first.turn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		leave()
		for _, want := range []time.Duration{waitForPlace, 0} { // once refused, the page does not wait again
			began := time.Now()
			_, _, err := second.turn(t.Context())
			if errata.CodeOf(err) != errata.SlowDown || errata.ReasonOf(err) != search.ReasonBusy || time.Since(began) != want {
				t.Errorf("after %v: %v", time.Since(began), err)
			}
		}
		go first.end()
		if _, _, err := third.turn(t.Context()); err != nil {
			t.Errorf("a place is free: %v", err)
		}
		second.end()
		third.end()
		if len(l.places) != 0 {
			t.Errorf("%d places taken", len(l.places))
		}
	})
}

// TestRefused: a search that finds no place says so, and never answers in part.
func TestRefused(t *testing.T) {
	e := crowded(t, Options{Searches: 1})
	e.lanes.places <- struct{}{}
	defer func() { <-e.lanes.places }()
	r := everything()
	r.Query = parse(t, "env:canary")
	if res, err := e.Search(t.Context(), r); errata.CodeOf(err) != errata.SlowDown || errata.ReasonOf(err) != search.ReasonBusy {
		t.Error(res, err)
	}
}
