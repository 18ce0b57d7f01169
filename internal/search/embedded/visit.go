package embedded

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"
)

// shortTurn is how long a turn lasts at least, where there is more to read:
// many small reads need not wait for a turn each.
const shortTurn = 25 * time.Millisecond

// visit is a task of a question: it reads one file after the other, in as many
// turns as that takes.
type visit struct {
	e     *Engine
	q     *question
	payer *question // counts what is read in this turn; nil in the slow lane
	leave func()    // ends the turn; nil: there is none
	began time.Time
}

// end gives back the turn.
func (t *visit) end() {
	if t.leave != nil {
		t.leave()
		t.leave = nil
	}
}

// turns runs fn in a turn. What costs too much for the fast lane runs again, in
// the slow one: fn must announce it before it adds to the answer.
func (t *visit) turns(ctx context.Context, fn func(payer *question) error) error {
	for {
		if t.leave == nil {
			var err error
			if t.payer, t.leave, err = t.q.turn(ctx); err != nil {
				return err
			}
			t.began = t.e.o.Clock()
		}
		err := fn(t.payer)
		again := t.payer != nil && errors.Is(err, errTooMuch)
		if again || t.e.o.Clock().Sub(t.began) >= shortTurn {
			t.end()
		}
		if !again {
			return err
		}
	}
}

func (s *running) visit() *visit { return &visit{e: s.e, q: s.asked} }

// visitAll starts tasks, one per core, that call fn for every file.
func (s *running) visitAll(views []view, start func(task func()), fn func(t *visit, i int)) {
	var next atomic.Int64
	for range min(runtime.GOMAXPROCS(0), len(views)) {
		start(func() {
			t := s.visit()
			defer t.end()
			for i := int(next.Add(1)) - 1; i < len(views); i = int(next.Add(1)) - 1 {
				fn(t, i)
			}
		})
	}
}
