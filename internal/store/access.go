package store

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"errata/internal/errata"
)

// Access writes down that somebody was shown something, in the transaction that
// it was read in.
func (tx *Tx) Access(ctx context.Context, who errata.Actor, what errata.Action, on errata.Resource) error {
	if !tx.write {
		return errReadOnly
	}
	tx.permitted = true
	return tx.writeAudit(ctx, errata.StreamAccess, []*Line{newLine(who, what, on)})
}

// NoteAccess writes down that somebody is about to be shown something. It comes
// before the answer: without the row there is none.
func (s *Store) NoteAccess(ctx context.Context, who errata.Actor, what errata.Action, on errata.Resource) error {
	return s.InTx(ctx, func(tx *Tx) error { return tx.Access(ctx, who, what, on) })
}

// NoteExport writes down that somebody takes rows along, before the first of
// them leaves and again at the end; failed says that they did not all leave.
// Details are ids, names of fields and counts.
func (s *Store) NoteExport(ctx context.Context, who errata.Actor, what errata.Action, on errata.Resource, failed bool, details map[string]any) error {
	return s.InTx(ctx, func(tx *Tx) error { return tx.NoteExport(ctx, who, what, on, failed, details) })
}

// NoteExport is the same in a transaction that writes something beside it.
func (tx *Tx) NoteExport(ctx context.Context, who errata.Actor, what errata.Action, on errata.Resource, failed bool, details map[string]any) error {
	if !tx.write {
		return errReadOnly
	}
	tx.permitted = true
	line := newLine(who, what, on)
	for k, v := range details {
		line.Detail(k, v)
	}
	if failed {
		line.Failed()
	}
	return tx.writeAudit(ctx, errata.StreamAccess, []*Line{line})
}

// How views of single things are written down: behind the answer and within
// viewDelay, once per session and thing in viewSpan.
const (
	viewDelay = 500 * time.Millisecond
	viewSpan  = 5 * time.Minute
	// maxViews bounds what is remembered; a database that is away longer costs
	// rows of views, never answers.
	maxViews = 20_000
)

// Views writes down behind the answer who looked at which event, report or page
// of the audit. It is safe for concurrent use.
type Views struct {
	store *Store
	clock errata.Clock
	log   *slog.Logger

	mu      sync.Mutex
	seen    map[view]int64 // when it was last written down, µs
	waiting []*Line
	lost    int
	wake    chan struct{}
}

type view struct {
	session, object, action string
	result                  errata.AuditResult
}

// NewViews returns a journal; Run writes it.
func NewViews(s *Store) *Views {
	return &Views{store: s, clock: s.opt.Clock, log: s.opt.Log, seen: map[view]int64{}, wake: make(chan struct{}, 1)}
}

// Note remembers that somebody was shown something. It never blocks.
func (v *Views) Note(who errata.Actor, what errata.Action, on errata.Resource) {
	v.note(who, newLine(who, what, on))
}

// Refused remembers that somebody asked to be shown what they may not see.
func (v *Views) Refused(who errata.Actor, what errata.Action, on errata.Resource) {
	line := newLine(who, what, on)
	line.row.Result = errata.AuditDenied
	v.note(who, line)
}

func (v *Views) note(who errata.Actor, line *Line) {
	key := view{who.SessionID, line.row.Object, string(line.row.Action), line.row.Result}
	if key.session == "" {
		key.session = string(who.Kind) + ":" + who.ID + " " + who.IP
	}
	now := errata.Micros(v.clock())
	v.mu.Lock()
	defer v.mu.Unlock()
	if at, known := v.seen[key]; known && now-at < viewSpan.Microseconds() {
		return
	}
	if len(v.waiting) >= maxViews {
		v.lost++
		return
	}
	if len(v.seen) >= maxViews {
		v.forget(now)
	}
	v.seen[key] = now
	line.row.At = now
	v.waiting = append(v.waiting, line)
	select {
	case v.wake <- struct{}{}:
	default:
	}
}

// forget drops what would be written anew anyway, and all when that is not
// enough.
func (v *Views) forget(now int64) {
	for k, at := range v.seen {
		if now-at >= viewSpan.Microseconds() {
			delete(v.seen, k)
		}
	}
	if len(v.seen) >= maxViews {
		clear(v.seen)
	}
}

// Run writes until ctx ends, and what is left then.
func (v *Views) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), deniedWait)
			defer cancel()
			v.Flush(last)
			return nil
		case <-v.wake:
		}
		timer := time.NewTimer(viewDelay) // gathers what comes together
		select {
		case <-ctx.Done():
		case <-timer.C:
			v.Flush(ctx)
		}
		timer.Stop()
	}
}

// Flush writes what waits. What cannot be written waits on.
func (v *Views) Flush(ctx context.Context) {
	v.mu.Lock()
	lines, lost := v.waiting, v.lost
	v.waiting, v.lost = nil, 0
	v.mu.Unlock()
	if lost > 0 {
		v.log.ErrorContext(ctx, "views not audited", slog.Int("views", lost))
	}
	if len(lines) == 0 {
		return
	}
	err := v.store.InTx(ctx, func(tx *Tx) error {
		tx.System("views")
		return tx.writeAudit(ctx, errata.StreamAccess, lines)
	})
	if err == nil {
		return
	}
	v.log.WarnContext(ctx, "views not audited yet", slog.Int("views", len(lines)), slog.Any("error", err))
	v.mu.Lock()
	v.waiting = append(lines, v.waiting...)
	v.mu.Unlock()
	v.again(ctx)
}

// again wakes Run once more: nobody else may come to look at anything.
func (v *Views) again(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	select {
	case v.wake <- struct{}{}:
	default:
	}
}
