package elastic

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"errata/internal/errata"
)

// How long an answer is given again, and how much is kept for that.
const (
	keepFor   = 3 * time.Second
	keepMost  = 256      // answers
	keepBytes = 16 << 20 // of them all
)

// answers gives the same question the same answer for three seconds, and lets
// those who ask while one is under way wait for it. Questions are told apart by
// their bytes, and not by how long they may take. Only whole answers are kept: one that failed, or that lacks a
// day, is asked for again.
type answers struct {
	clock errata.Clock

	mu      sync.Mutex
	flights map[[sha256.Size]byte]*flight
	bytes   int // of what is kept
}

// flight is one request, under way or answered.
type flight struct {
	began   time.Time
	until   time.Time // it may take until then
	cancel  context.CancelFunc
	waiting int // who waits for it
	done    chan struct{}

	members []member
	err     error
	bytes   int // 0: under way, or not kept
}

func newAnswers(clock errata.Clock) *answers {
	return &answers{clock: clock, flights: map[[sha256.Size]byte]*flight{}}
}

// get returns the answer to a question that may take so long. call gets the
// time limit of the first who asks, and is cancelled when nobody waits any
// longer.
func (a *answers) get(ctx context.Context, text []byte, limit time.Duration, call func(context.Context) ([]member, error)) ([]member, error) {
	key := sha256.Sum256(text)
	f := a.join(ctx, key, limit, call)
	select {
	case <-f.done:
		return f.members, f.err
	case <-ctx.Done():
		a.quit(ctx, key, f)
		return nil, lost(ctx, ctx.Err())
	}
}

// open says whether somebody who has that much time may wait for the flight: it
// is answered and fresh, or has at least half as long to go. One that is given
// up soon would leave them with less than they asked for.
func (f *flight) open(now time.Time, limit time.Duration) bool {
	if f.bytes > 0 {
		return now.Sub(f.began) < keepFor
	}
	return f.until.Sub(now) >= limit/2
}

// join returns the flight of a key; a new one starts at once.
func (a *answers) join(ctx context.Context, key [sha256.Size]byte, limit time.Duration, call func(context.Context) ([]member, error)) *flight {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.clock()
	if f := a.flights[key]; f != nil && f.open(now, limit) {
		f.waiting++
		return f
	}
	f := &flight{began: now, until: now.Add(limit), waiting: 1, done: make(chan struct{})}
	a.drop(key)
	a.flights[key] = f
	own := context.WithoutCancel(ctx)
	if limit, ok := ctx.Deadline(); ok {
		own, f.cancel = context.WithDeadline(own, limit)
	} else {
		own, f.cancel = context.WithCancel(own)
	}
	go a.fly(own, key, f, call)
	return f
}

// fly asks, and keeps the answer if it is whole.
func (a *answers) fly(ctx context.Context, key [sha256.Size]byte, f *flight, call func(context.Context) ([]member, error)) {
	defer f.cancel()
	members, err := call(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	f.members, f.err = members, err
	close(f.done)
	if a.flights[key] != f { // forgotten meanwhile
		return
	}
	delete(a.flights, key)
	if size := sizeOf(members); err == nil && whole(members) && a.room(size) {
		f.bytes = size
		a.bytes += size
		a.flights[key] = f
	}
}

// quit leaves a flight. The last who does ends it, unless its time is over
// anyway: then the cluster was late, which the guard must see.
func (a *answers) quit(ctx context.Context, key [sha256.Size]byte, f *flight) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f.waiting--; f.waiting > 0 || !errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	f.cancel()
	if a.flights[key] == f && f.bytes == 0 {
		delete(a.flights, key)
	}
}

// room says whether an answer can be kept, after those that are too old went.
func (a *answers) room(size int) bool {
	if len(a.flights) >= keepMost || a.bytes+size > keepBytes {
		now := a.clock()
		for key, f := range a.flights {
			if f.bytes > 0 && now.Sub(f.began) >= keepFor {
				a.drop(key)
			}
		}
	}
	return len(a.flights) < keepMost && a.bytes+size <= keepBytes
}

func (a *answers) drop(key [sha256.Size]byte) {
	if f := a.flights[key]; f != nil {
		a.bytes -= f.bytes
		delete(a.flights, key)
	}
}

// forget drops all answers: what follows must see what has just been changed.
func (a *answers) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.flights)
	a.bytes = 0
}

// whole says whether an answer lacks nothing.
func whole(members []member) bool {
	for i := range members {
		if m := &members[i]; m.Error != nil || m.TimedOut || len(m.Shards.Failures)+len(m.without) > 0 {
			return false
		}
	}
	return true
}

// hitBytes is about what a hit takes, beside its payload.
const hitBytes = 1 << 10

func sizeOf(members []member) int {
	n := hitBytes
	for i := range members {
		for _, raw := range members[i].Aggs {
			n += len(raw)
		}
		for j := range members[i].Hits.Hits {
			n += hitBytes + len(members[i].Hits.Hits[j].Source.Errata.Payload)
		}
	}
	return n
}
