package pipeline

import (
	"context"
	"strconv"

	"errata/internal/errata"
	"errata/internal/queue"
	"errata/internal/store"
)

// apart marks, behind the id of a message, that it is being taken apart.
const apart = "/apart"

// takeApart works off a message that failed too often, event by event; what
// fails alone becomes a dead letter. A batch that was never counted as a whole
// is counted part by part from now on, also when this is interrupted: the mark
// in the ledger keeps it from being tried as a whole again.
func (w *Worker) takeApart(ctx context.Context, m *queue.Message) error {
	batches, sound := w.read(ctx, []*queue.Message{m})
	if len(sound) == 0 {
		return nil
	}
	b := batches[0]
	counted, err := w.knows(ctx, b.ID)
	if err != nil {
		return err
	}
	if !counted {
		if err := w.mark(ctx, m.ID+apart); err != nil {
			return err
		}
	}
	for i, e := range b.Entries {
		part := queue.Batch{ID: b.ID, Entries: []queue.Entry{e}}
		if !counted {
			part.ID += "/" + strconv.Itoa(i)
		}
		err := w.workBatches(ctx, []queue.Batch{part})
		if passing(err) {
			return err
		} else if err != nil {
			if err := w.giveUp(ctx, part.ID, e, err); err != nil {
				return err
			}
		}
	}
	return w.ack(ctx, sound)
}

// resume finishes messages that were being taken apart, and returns the others.
func (w *Worker) resume(ctx context.Context, ms []*queue.Message) (others []*queue.Message, err error) {
	for _, m := range ms {
		begun := false
		if m.Tries > maxTries {
			if begun, err = w.knows(ctx, m.ID+apart); err != nil {
				return nil, w.later(ctx, ms, err)
			}
		}
		if !begun {
			others = append(others, m)
		} else if err := w.takeApart(ctx, m); err != nil {
			return nil, w.later(ctx, ms, err)
		}
	}
	return others, nil
}

// knows says whether the ledger has a batch or a mark.
func (w *Worker) knows(ctx context.Context, id string) (known bool, err error) {
	err = w.Store.View(ctx, func(tx *store.Tx) error {
		k := store.EventKey{EventID: id}
		have, err := tx.Applied(ctx, []store.EventKey{k})
		_, known = have[k]
		return err
	})
	return known, err
}

func (w *Worker) mark(ctx context.Context, id string) error {
	now := w.Clock().UnixMicro()
	return w.Store.InTx(ctx, func(tx *store.Tx) error {
		tx.System("pipeline")
		_, err := tx.ApplyBatch(ctx, id, now)
		return err
	})
}

// giveUp makes a dead letter of an event that failed alone. If it was counted,
// the count moves; else it is counted now, once per batch.
func (w *Worker) giveUp(ctx context.Context, batch string, e queue.Entry, cause error) error {
	row := w.deadLetter(e, attempts, cause, false)
	key := store.EventKey{ProjectID: row.ProjectID, EventID: row.EventID}
	now := w.Clock().UnixMicro()
	return w.Store.InTx(ctx, func(tx *store.Tx) error {
		tx.System("pipeline")
		known, err := tx.Applied(ctx, []store.EventKey{key})
		if err != nil {
			return err
		}
		have, counted := known[key]
		row.SQLApplied = counted
		fresh, err := tx.ParkLetter(ctx, row)
		if err != nil {
			return err
		}
		first, err := tx.ApplyBatch(ctx, batch, now)
		if err != nil {
			return err
		}
		out := errata.Outcomes{}
		switch {
		case counted && fresh:
			out.Add(outcomeKey(e, have.ReceivedAt, errata.Stored, "full"), -1, -e.Bytes)
			out.Add(outcomeKey(e, have.ReceivedAt, errata.DeadLettered, attempts), 1, e.Bytes)
		case !counted && first && fresh:
			out.Add(outcomeKey(e, now, errata.DeadLettered, attempts), 1, e.Bytes)
		case !counted && first:
			out.Add(outcomeKey(e, now, errata.Deduplicated, "event_id"), 1, e.Bytes)
		}
		return tx.AddOutcomes(ctx, out)
	})
}
