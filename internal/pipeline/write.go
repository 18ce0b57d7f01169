package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"errata/internal/queue"
	"errata/internal/search"
)

// engineBatch bounds one call of the engine, in bytes of payload.
const engineBatch = 7 << 20

// write hands all events of a turn to the engine, those counted earlier too:
// it knows them by their id. While the engine is away they go to the backlog.
func (w *Worker) write(ctx context.Context, items []*item) error {
	if err := w.Fail("engine.before"); err != nil {
		return err
	}
	items = written(items)
	for len(items) > 0 {
		var now []*item
		now, items = portion(items)
		if err := w.index(ctx, now); err != nil {
			return err
		}
	}
	return w.Fail("engine.after")
}

// written returns what has a place in the engine, with its issue.
func written(items []*item) []*item {
	out := make([]*item, 0, len(items))
	for _, it := range items {
		if !it.dropped && it.issue != "" {
			it.doc.Issue = it.issue
			out = append(out, it)
		}
	}
	return out
}

func portion(items []*item) (now, later []*item) {
	size := 0
	for i, it := range items {
		if size += len(it.doc.Payload); i > 0 && size > engineBatch || i == 1000 {
			return items[:i], items[i:]
		}
	}
	return items, nil
}

// indexWait is how long a turn waits for the engine. One that neither takes
// nor refuses must not keep the next events from being counted.
const indexWait = 10 * time.Second

func (w *Worker) index(ctx context.Context, items []*item) error {
	again, err := w.offer(ctx, items)
	if passing(err) {
		return w.park(ctx, items)
	} else if err != nil {
		return err
	}
	return w.park(ctx, again)
}

// offer hands events to the engine. What it refuses for good becomes a dead
// letter; what it cannot take now is returned.
func (w *Worker) offer(ctx context.Context, items []*item) (again []*item, err error) {
	wait, cancel := context.WithTimeout(ctx, indexWait)
	results, err := w.Engine.Index(wait, docsOf(items))
	cancel()
	if err != nil {
		return nil, err
	}
	var refused []spoilt
	for i, r := range results {
		switch r.Status {
		case search.Rejected:
			w.Log.WarnContext(ctx, "event refused by the engine", slog.String("event_id", items[i].event.ID), slog.String("reason", r.Reason))
			refused = append(refused, w.spoil(items[i], mapping, errors.New(r.Reason)))
		case search.Retry:
			again = append(again, items[i])
		case search.Created, search.Duplicate:
		}
	}
	return again, w.move(ctx, refused)
}

func docsOf(items []*item) []search.Doc {
	docs := make([]search.Doc, len(items))
	for i, it := range items {
		docs[i] = it.doc
	}
	return docs
}

// park puts events aside until the engine is back. They carry their issue, so
// that nothing else is needed then.
func (w *Worker) park(ctx context.Context, items []*item) error {
	for len(items) > 0 {
		var b queue.Batch
		size := 0
		for len(items) > 0 && len(b.Entries) < queue.MaxBatchEvents && (size == 0 || size+len(items[0].entry.Payload) <= queue.MaxBatchBytes) {
			e := items[0].entry
			e.IssueID = items[0].issue
			b.Entries = append(b.Entries, e)
			size += len(e.Payload)
			items = items[1:]
		}
		b.ID = newID()
		if err := w.Queue.Publish(ctx, queue.Backlog, b.ID, queue.Encode(b), len(b.Entries)); err != nil {
			return err // not acknowledged: the queue fills, and intake feels it
		}
	}
	return nil
}
