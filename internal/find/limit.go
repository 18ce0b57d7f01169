package find

import (
	"context"
	"errors"
	"sync"
	"time"

	"errata/internal/errata"
	"errata/internal/search"
)

// How many searches run at a time, and how long one waits for its turn.
const (
	maxRunning = 16
	maxPerson  = 4
	turnWait   = 2 * time.Second
)

// turns lets a limited number of searches run: so many of one actor, so many of
// all. Those that wait are served in no particular order.
type turns struct {
	all chan struct{}

	mu  sync.Mutex
	per map[string]*turnsOf
}

// turnsOf are the turns of one actor; users counts who has or waits for one.
type turnsOf struct {
	own   chan struct{}
	users int
}

func newTurns() *turns {
	return &turns{all: make(chan struct{}, maxRunning), per: map[string]*turnsOf{}}
}

// take waits for a turn of the actor. Errors: slow_down (search.busy) after two
// seconds or when the search's own time is over before.
func (t *turns) take(ctx context.Context, actor string) (leave func(), err error) {
	wait, cancel := context.WithTimeout(ctx, turnWait)
	defer cancel()
	own := t.join(actor)
	if err := enter(wait, own.own); err != nil {
		t.quit(actor, own)
		return nil, err
	}
	if err := enter(wait, t.all); err != nil {
		<-own.own
		t.quit(actor, own)
		return nil, err
	}
	return func() {
		<-t.all
		<-own.own
		t.quit(actor, own)
	}, nil
}

func (t *turns) join(actor string) *turnsOf {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.per[actor]
	if own == nil {
		own = &turnsOf{own: make(chan struct{}, maxPerson)}
		t.per[actor] = own
	}
	own.users++
	return own
}

func (t *turns) quit(actor string, own *turnsOf) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if own.users--; own.users == 0 {
		delete(t.per, actor)
	}
}

func enter(ctx context.Context, places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	default:
	}
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		const sentence = "The request was cancelled."
		return errata.Because(errata.Unavailable, sentence, ctx.Err(), errata.Detail{Reason: search.ReasonCancelled, Message: sentence})
	}
	const sentence = "Too many searches are running. Try again in a moment."
	return errata.Because(errata.SlowDown, sentence, nil, errata.Detail{Reason: search.ReasonBusy, Message: sentence})
}

// search asks the engine within the request's Timeout (0: what an explicit
// search may take), in a turn of the actor's. Errors: those of the engine, and
// slow_down when no turn comes up within two seconds.
func (s *Service) search(ctx context.Context, who errata.Actor, r search.Request) (*search.Result, error) {
	if r.Timeout == 0 {
		r.Timeout = searchWait
	}
	ctx, cancel, wait := within(ctx, r.Timeout)
	defer cancel()
	leave, err := s.turns.take(ctx, who.ID)
	if err != nil {
		return nil, err
	}
	defer leave()
	r.Timeout = wait
	return s.Engine.Search(ctx, r)
}

// multiSearch asks the engine several things of one page in one turn, each
// within the given time. Members fail alone, or all when no turn comes up.
func (s *Service) multiSearch(ctx context.Context, who errata.Actor, wait time.Duration, rs []search.Request) []search.Answer {
	ctx, cancel, wait := within(ctx, wait)
	defer cancel()
	leave, err := s.turns.take(ctx, who.ID)
	if err != nil {
		out := make([]search.Answer, len(rs))
		for i := range out {
			out[i].Err = err
		}
		return out
	}
	defer leave()
	for i := range rs {
		rs[i].Timeout = wait
	}
	return s.Engine.MultiSearch(ctx, rs)
}
