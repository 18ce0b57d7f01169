package pipeline

import (
	"context"
	"log/slog"

	"errata/internal/errata"
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

func (w *Worker) index(ctx context.Context, items []*item) error {
	results, err := w.Engine.Index(ctx, docsOf(items))
	if passing(err) {
		return w.park(ctx, items)
	} else if err != nil {
		return err
	}
	var refused, again []*item
	for i, r := range results {
		switch r.Status {
		case search.Rejected:
			w.Log.Warn("event refused by the engine", slog.String("event_id", items[i].event.ID), slog.String("reason", r.Reason))
			refused = append(refused, items[i])
			items[i].refusal = r.Reason
		case search.Retry:
			again = append(again, items[i])
		case search.Created, search.Duplicate:
		}
	}
	if err := w.refuse(ctx, refused); err != nil {
		return err
	}
	return w.park(ctx, again)
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

// reindex writes one parked batch; it is given back until the engine takes it.
func (w *Worker) reindex(ctx context.Context, ms []*queue.Message) error {
	batches := w.read(ms)
	items, letters, err := w.prepareAll(ctx, batches)
	if err == nil && len(letters) > 0 {
		err = errata.E(errata.Internal, "a parked event cannot be read any more", letters[0].cause)
	}
	if err == nil {
		err = w.rewrite(ctx, items)
	}
	if err != nil {
		return w.backOff(ms, err)
	}
	return w.ack(ctx, ms)
}

// rewrite is index without parking: the batch is parked already.
func (w *Worker) rewrite(ctx context.Context, items []*item) error {
	results, err := w.Engine.Index(ctx, docsOf(items))
	if err != nil {
		return err
	}
	var refused []*item
	for i, r := range results {
		switch r.Status {
		case search.Retry:
			return errata.E(errata.Unavailable, "The engine is not back yet: "+r.Reason, nil)
		case search.Rejected:
			items[i].refusal = r.Reason
			refused = append(refused, items[i])
		case search.Created, search.Duplicate:
		}
	}
	return w.refuse(ctx, refused)
}
