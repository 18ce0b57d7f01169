// Package pipeline turns queued batches into issues, counters and searchable
// events: one SQL transaction, then the engine, then the acknowledgement. A
// crash anywhere repeats steps that change nothing twice.
package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"errata/internal/errata"
	"errata/internal/queue"
	"errata/internal/search"
	"errata/internal/store"
)

// maxTries is how often a message may fail, with database and engine up,
// before it is taken apart and what fails alone becomes a dead letter.
const maxTries = 8

// Options are what a worker is made of.
type Options struct {
	Store   *store.Store
	Queue   *queue.Queue
	Engine  search.Engine
	Clock   errata.Clock
	Log     *slog.Logger
	Metrics prometheus.Registerer
	DataDir string                   // for batches that cannot be read
	Workers int                      // turns at once
	Pace    time.Duration            // from the start of a turn to that of the next; 0 = 100 ms, negative = none
	Fail    func(point string) error // asked at each step; tests let it fail. nil = never
}

// Worker drains the queue.
type Worker struct {
	Options
	projects projects
	metrics  metrics
	again    time.Duration // until a message that failed comes back
	mu       sync.Mutex
	tries    map[string]int // failed tries by message, while database and engine were up
}

// New returns a worker; Run starts it.
func New(o Options) *Worker {
	if o.Fail == nil {
		o.Fail = func(string) error { return nil }
	}
	if o.Pace == 0 {
		o.Pace = turnPace
	}
	return &Worker{
		Options: o, metrics: newMetrics(o.Metrics), again: time.Second, tries: map[string]int{},
		projects: projects{store: o.Store, clock: o.Clock},
	}
}

// Run drains both streams until ctx ends.
func (w *Worker) Run(ctx context.Context) error {
	events, err := w.Queue.Consumer(ctx, queue.Events)
	if err != nil {
		return err
	}
	backlog, err := w.Queue.Consumer(ctx, queue.Backlog)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for range max(w.Workers, 1) {
		wg.Go(func() { w.loop(ctx, events) })
	}
	wg.Go(func() { w.drain(ctx, backlog) })
	wg.Wait()
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// passing says that a dependency was away: no failed try.
func passing(err error) bool {
	c := errata.CodeOf(err)
	return c == errata.Unavailable || c == errata.SlowDown
}

// later gives messages back: soon when something is away, else counted, and
// taken apart when they failed too often.
func (w *Worker) later(ctx context.Context, ms []*queue.Message, cause error) error {
	for _, m := range ms {
		if !passing(cause) && w.failed(m.ID) >= maxTries {
			if err := w.takeApart(ctx, m); err == nil {
				w.forget(m.ID)
				continue
			}
		}
		if err := m.Retry(w.again); err != nil {
			return errors.Join(cause, err)
		}
	}
	return cause
}

func (w *Worker) failed(id string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tries[id]++
	return w.tries[id]
}

func (w *Worker) forget(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.tries, id)
}

func (w *Worker) ack(ctx context.Context, ms []*queue.Message) error {
	if err := w.Fail("ack.before"); err != nil {
		return err
	}
	for _, m := range ms {
		if err := m.Ack(ctx); err != nil {
			return errata.E(errata.Unavailable, "The queue did not confirm.", err)
		}
		w.forget(m.ID)
	}
	return w.Fail("ack.after")
}

// keepAlive tells the queue that the messages are still in work.
func keepAlive(ms []*queue.Message) (stop func()) {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(20 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				for _, m := range ms {
					_ = m.InProgress() // the message comes again, and nothing counts twice
				}
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}
