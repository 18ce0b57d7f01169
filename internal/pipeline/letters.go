package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/klauspost/compress/zstd"

	"errata/internal/errata"
	"errata/internal/normalize"
	"errata/internal/queue"
	"errata/internal/store"
)

// Reasons of dead letters.
const (
	poison   = "poison"   // our code cannot read it
	mapping  = "mapping"  // the engine refuses it for good
	attempts = "attempts" // it failed too often
)

var letterZstd, _ = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)) // the options are constant

// deadLetter is the row of an event that cannot be stored.
func (w *Worker) deadLetter(e queue.Entry, reason string, cause error, applied bool) store.DeadLetter {
	now := w.Clock().UnixMicro()
	id := newID()
	l := store.DeadLetter{ID: id, ProjectID: e.ProjectID, EventID: id, Reason: reason, Error: cause.Error(), Tries: 1,
		SQLApplied: applied, Payload: letterZstd.EncodeAll(e.Payload, nil), FirstAt: now, LastAt: now}
	if ev, err := normalize.Decode(e.Payload); err == nil && ev.ID != "" {
		l.EventID = ev.ID
	}
	return l
}

// buried are the rows of events of this turn that cannot be read, made before
// the transaction.
func (w *Worker) buried(letters []letter) []buried {
	var out []buried
	for _, l := range letters {
		out = append(out, buried{letter: l, row: w.deadLetter(l.entry, poison, l.cause, false)})
	}
	return out
}

type buried struct {
	letter
	row store.DeadLetter
}

// bury keeps unreadable events and counts them, once per batch.
func (t *turnTx) bury(ctx context.Context, letters []buried) error {
	for _, l := range letters {
		if !t.newBatch[l.batch] {
			continue // kept when the batch came first
		}
		fresh, err := t.tx.ParkLetter(ctx, l.row)
		if err != nil {
			return err
		}
		if fresh {
			t.outcomes.Add(outcomeKey(l.entry, t.now, errata.DeadLettered, poison), 1, l.entry.Bytes)
		}
	}
	return nil
}

// refuse keeps events that the engine will never take. They were counted as
// stored: the count moves.
func (w *Worker) refuse(ctx context.Context, items []*item) error {
	if len(items) == 0 {
		return nil
	}
	rows := make([]store.DeadLetter, len(items))
	for i, it := range items {
		rows[i] = w.deadLetter(it.entry, mapping, errors.New(it.refusal), true)
	}
	return w.Store.InTx(ctx, func(tx *store.Tx) error {
		tx.System("pipeline")
		moved := errata.Outcomes{}
		for i, it := range items {
			fresh, err := tx.ParkLetter(ctx, rows[i])
			if err != nil {
				return err
			}
			if fresh {
				moved.Add(outcomeKey(it.entry, it.event.ReceivedAt, errata.Stored, "full"), -1, -it.entry.Bytes)
				moved.Add(outcomeKey(it.entry, it.event.ReceivedAt, errata.DeadLettered, mapping), 1, it.entry.Bytes)
			}
		}
		return tx.AddOutcomes(ctx, moved)
	})
}

// takeApart works off a message that failed too often, event by event; what
// fails alone becomes a dead letter.
func (w *Worker) takeApart(ctx context.Context, m *queue.Message) error {
	b, err := queue.Decode(m.Data)
	if err != nil {
		w.quarantine(m, err)
		return m.Ack(ctx)
	}
	counted, err := w.knows(ctx, b.ID)
	if err != nil {
		return err
	}
	for i, e := range b.Entries {
		part := queue.Batch{ID: b.ID, Entries: []queue.Entry{e}}
		if !counted { // the whole was never counted: each part counts for itself
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
	return m.Ack(ctx)
}

// knows says whether the ledger has a batch.
func (w *Worker) knows(ctx context.Context, batch string) (known bool, err error) {
	err = w.Store.View(ctx, func(tx *store.Tx) error {
		k := store.EventKey{EventID: batch}
		have, err := tx.Applied(ctx, []store.EventKey{k})
		_, known = have[k]
		return err
	})
	return known, err
}

// giveUp makes a dead letter of an event that failed alone.
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
		have, applied := known[key]
		row.SQLApplied = applied
		fresh, err := tx.ParkLetter(ctx, row)
		if err != nil || !fresh {
			return err
		}
		out := errata.Outcomes{}
		received := now
		if applied {
			received = have.ReceivedAt
			out.Add(outcomeKey(e, received, errata.Stored, "full"), -1, -e.Bytes)
		}
		out.Add(outcomeKey(e, received, errata.DeadLettered, attempts), 1, e.Bytes)
		if err := tx.AddOutcomes(ctx, out); err != nil {
			return err
		}
		_, err = tx.ApplyBatch(ctx, batch, now)
		return err
	})
}

// backOff gives parked batches back: after 1, 2, 5, 10, 30 and 60 s, without end.
func (w *Worker) backOff(ms []*queue.Message, cause error) error {
	waits := []time.Duration{1, 2, 5, 10, 30, 60}
	for _, m := range ms {
		after := waits[min(int(m.Tries), len(waits))-1] * time.Second
		if err := m.Retry(after); err != nil {
			return fmt.Errorf("%w; and %w", cause, err)
		}
	}
	return cause
}
