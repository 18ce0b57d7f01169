package ingest

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"errata/internal/errata"
	"errata/internal/queue"
)

// A batch closes after batchWait, or when it is full. Two committers take
// turns: one gathers while the other waits for the disk.
const (
	batchWait  = 5 * time.Millisecond
	committers = 2
)

// publishWait bounds one synced publish.
const publishWait = 10 * time.Second

// committer turns single events into synced batches.
type committer struct {
	queue *queue.Queue
	log   *slog.Logger
	in    chan *waiter
	ended chan struct{} // closed when run has returned
}

type waiter struct {
	entry queue.Entry
	done  chan error
}

func newCommitter(q *queue.Queue, log *slog.Logger) *committer {
	return &committer{queue: q, log: log, in: make(chan *waiter, 4*queue.MaxBatchEvents), ended: make(chan struct{})}
}

// commit returns when the entry is on disk. A caller that leaves changes
// nothing: its event is kept, and a repetition is recognised by its id. Errors
// with a reason mean that the entry is not kept; a caller that left gets
// unavailable without one.
func (c *committer) commit(ctx context.Context, e queue.Entry) error {
	w := &waiter{entry: e, done: make(chan error, 1)}
	if err := c.enter(w); err != nil {
		return err
	}
	select {
	case err := <-w.done:
		return err
	case <-c.ended:
		select {
		case err := <-w.done:
			return err
		default:
			return stopping() // it came after the last batch
		}
	case <-ctx.Done():
		return errata.E(errata.Unavailable, "The client left.", ctx.Err())
	}
}

// enter puts a waiter in line.
func (c *committer) enter(w *waiter) error {
	select {
	case c.in <- w:
		return nil
	default:
	}
	t := time.NewTimer(inFlightWait)
	defer t.Stop()
	select {
	case c.in <- w:
		return nil
	case <-c.ended:
		return stopping()
	case <-t.C:
		return refuse("queue_full", "The queue does not keep up.", nil)
	}
}

func stopping() error {
	return errata.Because(errata.Unavailable, "The server is stopping.", nil,
		errata.Detail{Reason: "queue_unavailable", Message: "The server is stopping."})
}

// run commits until ctx ends and nothing is left.
func (c *committer) run(ctx context.Context) {
	var wg sync.WaitGroup
	for range committers {
		wg.Go(func() { c.loop(ctx) })
	}
	wg.Wait()
	close(c.ended)
}

func (c *committer) loop(ctx context.Context) {
	var enc queue.Encoder
	var carry *waiter
	for {
		if carry == nil {
			if carry = c.next(ctx); carry == nil {
				return
			}
		}
		var batch []*waiter
		batch, carry = c.gather(carry)
		c.publish(&enc, batch)
	}
}

// next returns the next waiter, nil when ctx has ended and none is left.
func (c *committer) next(ctx context.Context) *waiter {
	select {
	case w := <-c.in:
		return w
	case <-ctx.Done():
	}
	select {
	case w := <-c.in:
		return w
	default:
		return nil
	}
}

// gather fills a batch that begins with first; what does not fit any more
// begins the next one.
func (c *committer) gather(first *waiter) (batch []*waiter, carry *waiter) {
	batch = append(batch, first)
	size := len(first.entry.Payload)
	timer := time.NewTimer(batchWait)
	defer timer.Stop()
	for len(batch) < queue.MaxBatchEvents && size < queue.MaxBatchBytes {
		select {
		case w := <-c.in:
			if size += len(w.entry.Payload); size > queue.MaxBatchBytes {
				return batch, w
			}
			batch = append(batch, w)
		case <-timer.C:
			return batch, nil
		}
	}
	return batch, nil
}

func (c *committer) publish(enc *queue.Encoder, batch []*waiter) {
	b := queue.Batch{ID: newID(), Entries: make([]queue.Entry, len(batch))}
	for i, w := range batch {
		b.Entries[i] = w.entry
	}
	ctx, cancel := context.WithTimeout(context.Background(), publishWait)
	defer cancel()
	err := c.queue.Publish(ctx, queue.Events, b.ID, enc.Encode(b), len(batch))
	if err != nil {
		c.log.Warn("batch refused", slog.Int("events", len(batch)), slog.Any("error", err))
	}
	for _, w := range batch {
		w.done <- err
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
