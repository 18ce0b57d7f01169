package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"errata/internal/errata"
	"errata/internal/queue"
)

// backlogWaits is how long the backlog rests after the first, second … time
// that the engine did not take a batch; the last for as long as it takes.
var backlogWaits = []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute}

// drain works off the backlog, batch by batch, until ctx ends.
func (w *Worker) drain(ctx context.Context, from *queue.Consumer) {
	failures := 0
	for ctx.Err() == nil {
		ms, err := from.Next(ctx, 1)
		if err != nil {
			w.Log.WarnContext(ctx, "backlog not readable", slog.Any("error", err))
			pause(ctx, time.Second)
			continue
		}
		for _, m := range ms {
			if err = w.reindex(context.WithoutCancel(ctx), m); err == nil {
				failures = 0
				continue
			}
			wait := backlogWaits[min(failures, len(backlogWaits)-1)]
			failures++
			w.Log.WarnContext(ctx, "parked events not written yet", slog.Int64("events", m.Items), slog.Duration("wait", wait), slog.Any("error", err))
			pause(ctx, wait)
		}
	}
}

// reindex writes one parked batch. It is given back until the engine takes it;
// after eight failures with an engine that answers, what fails alone becomes a
// dead letter.
func (w *Worker) reindex(ctx context.Context, m *queue.Message) error {
	ms := []*queue.Message{m}
	stop := keepAlive(ms)
	defer stop()
	batches, ms := w.read(ctx, ms)
	items, err := w.parked(ctx, batches)
	if err == nil {
		err = w.place(ctx, items)
	}
	if err != nil && !passing(err) && w.failed(m.ID) >= maxTries {
		err = w.placeApart(ctx, items)
	}
	if err != nil {
		return errors.Join(err, m.Retry(0))
	}
	return w.ack(ctx, ms)
}

// parked reads parked events. One that cannot be read any more becomes a dead
// letter: it was counted when it was parked.
func (w *Worker) parked(ctx context.Context, batches []queue.Batch) ([]*item, error) {
	items, letters, err := w.prepareAll(ctx, batches)
	if err != nil {
		return nil, err
	}
	var unreadable []spoilt
	for _, l := range letters {
		unreadable = append(unreadable, spoilt{l.entry, w.Clock().UnixMicro(), w.deadLetter(l.entry, poison, l.cause, true)})
	}
	return items, w.move(ctx, unreadable)
}

// place is index without parking: the batch is parked already.
func (w *Worker) place(ctx context.Context, items []*item) error {
	for len(items) > 0 {
		var now []*item
		now, items = portion(items)
		again, err := w.offer(ctx, now)
		if err != nil {
			return err
		}
		if len(again) > 0 {
			return errata.E(errata.Unavailable, "The event store is not back yet.", nil)
		}
	}
	return nil
}

// placeApart places events one by one. What fails alone becomes a dead letter.
func (w *Worker) placeApart(ctx context.Context, items []*item) error {
	for _, it := range items {
		cause := w.place(ctx, []*item{it})
		if passing(cause) {
			return cause
		} else if cause != nil {
			if err := w.move(ctx, []spoilt{w.spoil(it, attempts, cause)}); err != nil {
				return err
			}
		}
	}
	return nil
}
