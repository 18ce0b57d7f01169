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
// nothing: its event is kept, and a repetition is recognised by its id.
func (c *committer) commit(ctx context.Context, e queue.Entry) error {
	w := &waiter{entry: e, done: make(chan error, 1)}
	select {
	case c.in <- w:
	case <-c.ended:
		return stopped(nil)
	case <-time.After(inFlightWait):
		return refuse("queue_full", "The queue does not keep up.", nil)
	case <-ctx.Done():
		return stopped(ctx.Err())
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return stopped(ctx.Err())
	}
}

func stopped(cause error) error {
	return errata.E(errata.Unavailable, "The server is stopping or the client left.", cause)
}

// run commits until ctx ends and nothing is left.
func (c *committer) run(ctx context.Context) error {
	var wg sync.WaitGroup
	for range committers {
		wg.Go(func() { c.loop(ctx) })
	}
	wg.Wait()
	close(c.ended)
	return nil
}

func (c *committer) loop(ctx context.Context) {
	var carry *waiter
	for {
		if carry == nil {
			select {
			case carry = <-c.in:
			case <-ctx.Done():
				select {
				case carry = <-c.in:
				default:
					return
				}
			}
		}
		var batch []*waiter
		batch, carry = c.gather(carry)
		c.publish(batch)
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

func (c *committer) publish(batch []*waiter) {
	b := queue.Batch{ID: newID(), Entries: make([]queue.Entry, len(batch))}
	for i, w := range batch {
		b.Entries[i] = w.entry
	}
	ctx, cancel := context.WithTimeout(context.Background(), publishWait)
	defer cancel()
	err := c.queue.Publish(ctx, queue.Events, b.ID, queue.Encode(b), len(batch))
	if err != nil {
		c.log.Warn("batch refused", slog.Int("events", len(batch)), slog.Any("error", err))
	}
	for _, w := range batch {
		w.done <- err
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
