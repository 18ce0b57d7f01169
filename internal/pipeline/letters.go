package pipeline

import (
	"context"

	"github.com/klauspost/compress/zstd"

	"errata/internal/errata"
	"errata/internal/normalize"
	"errata/internal/queue"
	"errata/internal/redact"
	"errata/internal/store"
)

// Reasons of dead letters.
const (
	poison   = "poison"   // our code cannot read it
	mapping  = "mapping"  // the engine refuses it for good
	attempts = "attempts" // it failed too often
)

var letterZstd, _ = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)) // the options are constant

// errorWords removes personal data from error texts: what failed may quote the event.
var errorWords = redact.New(errata.ProjectSettings{})

// deadLetter is the row of an event that cannot be stored.
func (w *Worker) deadLetter(e queue.Entry, reason string, cause error, applied bool) store.DeadLetter {
	now := w.Clock().UnixMicro()
	id := newID()
	l := store.DeadLetter{
		ID: id, ProjectID: e.ProjectID, EventID: id, Reason: reason, Error: errorWords.Text(cause.Error()), Tries: 1,
		SQLApplied: applied, Payload: letterZstd.EncodeAll(e.Payload, nil), FirstAt: now, LastAt: now,
	}
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
		outcome, reason := errata.DeadLettered, poison
		if !fresh { // the same event came before, and was kept
			outcome, reason = errata.Deduplicated, "event_id"
		}
		t.outcomes.Add(outcomeKey(l.entry, t.now, outcome, reason), 1, l.entry.Bytes)
	}
	return nil
}

// spoilt is an event that was counted as stored and cannot be: the engine
// refuses it, or it cannot be read any more.
type spoilt struct {
	entry    queue.Entry
	received int64 // µs
	row      store.DeadLetter
}

// spoil makes the dead letter of a counted event.
func (w *Worker) spoil(it *item, reason string, cause error) spoilt {
	return spoilt{it.entry, it.event.ReceivedAt, w.deadLetter(it.entry, reason, cause, true)}
}

// move keeps events as dead letters that were counted as stored, and moves the
// count with them.
func (w *Worker) move(ctx context.Context, all []spoilt) error {
	if len(all) == 0 {
		return nil
	}
	return w.Store.InTx(ctx, func(tx *store.Tx) error {
		tx.System("pipeline")
		moved := errata.Outcomes{}
		for _, s := range all {
			fresh, err := tx.ParkLetter(ctx, s.row)
			if err != nil {
				return err
			}
			if fresh {
				moved.Add(outcomeKey(s.entry, s.received, errata.Stored, "full"), -1, -s.entry.Bytes)
				moved.Add(outcomeKey(s.entry, s.received, errata.DeadLettered, s.row.Reason), 1, s.entry.Bytes)
			}
		}
		return tx.AddOutcomes(ctx, moved)
	})
}
