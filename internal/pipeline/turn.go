package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"errata/internal/queue"
)

// A turn takes what is ready, up to so many messages, events and bytes, into
// one transaction.
const (
	turnMessages = 64
	turnEvents   = 512
	turnBytes    = 1 << 20 // compressed
)

// turnPace is how long after the start of one turn the next may start, unless
// the one was full. Each turn syncs two files and writes anew the pages it
// touched, so that few large ones cost much less than many small ones. After a
// rest a turn starts at once.
const turnPace = 100 * time.Millisecond

// loop takes turns; what is in hand when ctx ends is finished.
func (w *Worker) loop(ctx context.Context, from *queue.Consumer) {
	written := make(chan struct{})
	close(written)
	for ctx.Err() == nil {
		ms, err := from.Next(ctx, turnMessages)
		if err != nil {
			w.Log.WarnContext(ctx, "queue not readable", slog.Any("error", err))
			pause(ctx, time.Second)
			continue
		}
		began := w.Clock()
		full := len(ms) == turnMessages
		for len(ms) > 0 {
			var now []*queue.Message
			if now, ms = share(ms); len(ms) > 0 {
				full = true
			}
			written = w.turn(context.WithoutCancel(ctx), now, written)
		}
		if !full {
			pause(ctx, w.Pace-w.Clock().Sub(began))
		}
	}
	<-written
}

// share splits off as many messages as fit one turn.
func share(ms []*queue.Message) (now, later []*queue.Message) {
	var events int64
	bytes := 0
	for i, m := range ms {
		events, bytes = events+m.Items, bytes+len(m.Data)
		if i > 0 && (events > turnEvents || bytes > turnBytes) {
			return ms[:i], ms[i:]
		}
	}
	return ms, nil
}

// turn counts messages and returns; they are written and acknowledged while the
// caller counts the next ones, but not before the turn before is written: the
// engine gets the events in order, and the worker is at most one turn ahead.
func (w *Worker) turn(ctx context.Context, ms []*queue.Message, before <-chan struct{}) (written chan struct{}) {
	written = make(chan struct{})
	stop := keepAlive(ms)
	began := w.Clock()
	c, err := w.count(ctx, ms)
	<-before
	go func() {
		defer close(written)
		defer stop()
		if err == nil {
			err = w.finish(ctx, c)
		}
		if err == nil {
			w.metrics.turns.Observe(w.Clock().Sub(began).Seconds())
			return
		}
		if err := w.repeat(ctx, c.messages, err); err != nil {
			w.Log.WarnContext(ctx, "turn failed", slog.Int("messages", len(ms)), slog.Any("error", err))
		}
	}()
	return written
}

// counted are messages whose events the SQL store has, and the event engine
// may not have.
type counted struct {
	messages []*queue.Message // those that remain to be acknowledged
	items    []*item
}

// count reads messages and counts their events. With an error messages are
// those that it concerns.
func (w *Worker) count(ctx context.Context, ms []*queue.Message) (c counted, err error) {
	if c.messages, err = w.resume(ctx, ms); err != nil {
		return counted{}, err
	}
	batches, sound := w.read(ctx, c.messages)
	c.messages = sound
	c.items, err = w.countBatches(ctx, batches)
	return c, err
}

func (w *Worker) countBatches(ctx context.Context, batches []queue.Batch) ([]*item, error) {
	items, letters, err := w.prepareAll(ctx, batches)
	if err != nil {
		return nil, err
	}
	return items, w.apply(ctx, batches, items, letters)
}

// finish hands counted events to the engine and acknowledges their messages.
func (w *Worker) finish(ctx context.Context, c counted) error {
	if len(c.messages) == 0 {
		return nil
	}
	if err := w.write(ctx, c.items); err != nil {
		return err
	}
	return w.ack(ctx, c.messages)
}

// repeat does a turn that failed message by message, or gives it back when
// something is away.
func (w *Worker) repeat(ctx context.Context, ms []*queue.Message, cause error) error {
	if len(ms) < 2 || passing(cause) {
		return w.later(ctx, ms, cause)
	}
	var all []error
	for _, m := range ms {
		one := []*queue.Message{m}
		c, err := w.count(ctx, one)
		if err == nil {
			err = w.finish(ctx, c)
		}
		if err != nil {
			all = append(all, w.later(ctx, one, err))
		}
	}
	return errors.Join(all...)
}

// workBatches counts and writes batches in the caller's goroutine.
func (w *Worker) workBatches(ctx context.Context, batches []queue.Batch) error {
	items, err := w.countBatches(ctx, batches)
	if err != nil {
		return err
	}
	return w.write(ctx, items)
}
