package store

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"errata/internal/errata"
)

// Line is a row of the audit in the making. It is written last before COMMIT.
type Line struct {
	row    errata.AuditRow
	detail map[string]any
}

func newLine(who errata.Actor, what errata.Action, on errata.Resource) *Line {
	return &Line{row: errata.AuditRow{
		ActorKind: who.Kind, ActorID: who.ID, Via: who.Via, Action: what, Result: errata.AuditDone,
		ProjectID: on.Project, Object: on.Name, IP: who.IP, RequestID: who.RequestID,
	}}
}

// Detail adds an id, the names of fields or a count; never text that somebody
// typed.
func (l *Line) Detail(key string, value any) {
	if l.detail == nil {
		l.detail = map[string]any{}
	}
	l.detail[key] = value
}

// Touches names what the act was done to, once that is known.
func (l *Line) Touches(on errata.Resource) { l.row.ProjectID, l.row.Object = on.Project, on.Name }

// Noop says that nothing was left to do.
func (l *Line) Noop() { l.row.Result = errata.AuditNoop }

// Failed says that it was tried in vain: a wrong password.
func (l *Line) Failed() { l.row.Result = errata.AuditFailed }

// finish returns the row as it is written.
func (l *Line) finish(stream errata.Stream, at int64) (errata.AuditRow, error) {
	row := l.row
	row.Stream, row.Detail = stream, "{}"
	if row.At == 0 { // a view was seen before it is written
		row.At = at
	}
	if len(l.detail) == 0 {
		return row, nil
	}
	text, err := json.Marshal(l.detail)
	if err != nil {
		return row, fmt.Errorf("detail of %s: %w", row.Action, err)
	}
	row.Detail = string(text)
	return row, nil
}

// Permit asks whether the actor may do the action to the resource and, if so,
// lets the transaction write and opens its audit line. Asked twice it writes
// two lines. A refusal is written down by the store itself, after the rollback.
func (tx *Tx) Permit(who errata.Actor, what errata.Action, on errata.Resource) (*Line, error) {
	if !tx.write {
		return nil, errReadOnly
	}
	line := newLine(who, what, on)
	if err := tx.decide(who, what, on.Project); err != nil {
		if errata.CodeOf(err) == errata.Forbidden {
			line.row.Result = errata.AuditDenied
			tx.act.denied = append(tx.act.denied, line)
		}
		return nil, err
	}
	tx.permitted = true
	tx.lines = append(tx.lines, line)
	return line, nil
}

func (tx *Tx) decide(who errata.Actor, what errata.Action, project string) error {
	if tx.store.opt.Decide == nil {
		return errata.E(errata.Forbidden, "Nobody may do this: no permissions are set up.", nil)
	}
	return tx.store.opt.Decide(who, what, project)
}

// Record lets the transaction write something that needs no permission of its
// own and is audited all the same: a sign-in, the first administrator.
func (tx *Tx) Record(who errata.Actor, what errata.Action, on errata.Resource) *Line {
	line := newLine(who, what, on)
	tx.permitted = true
	tx.lines = append(tx.lines, line)
	return line
}

// System lets background work write in its own name. It leaves no line.
func (tx *Tx) System(name string) { tx.permitted = tx.permitted || name != "" }

// act is what the tries of one InTx have in common: its time, who was refused
// in the last of them, and whether that changed the policy.
type act struct {
	at     int64
	denied []*Line
	policy bool
}

// refused are the lines of a transaction that was broken off for a right that
// is missing: those that Permit refused, else what it let pass and the rule
// behind it, "only one's own", did not.
func refused(denied, permitted []*Line) []*Line {
	if len(denied) > 0 {
		return denied
	}
	for _, l := range permitted {
		l.row.Result = errata.AuditDenied
	}
	return permitted
}

// deniedWait is how long a refusal may take to be written, whatever became of
// the request.
const deniedWait = 5 * time.Second

// Refused writes down that somebody was refused before any transaction began,
// as when a page asks for a right that its reader lacks.
func (s *Store) Refused(ctx context.Context, who errata.Actor, what errata.Action, on errata.Resource) {
	line := newLine(who, what, on)
	line.row.Result = errata.AuditDenied
	s.writeDenied(ctx, &act{at: errata.Micros(s.opt.Clock()), denied: []*Line{line}})
}

// writeDenied writes refusals. A refusal stands also when it cannot be written.
func (s *Store) writeDenied(ctx context.Context, a *act) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deniedWait)
	defer cancel()
	err := s.run(ctx, func(ctx context.Context) error {
		return s.repeat(ctx, &act{at: a.at}, func(tx *Tx) error {
			tx.permitted, tx.lines = true, a.denied
			return nil
		})
	})
	if err != nil {
		s.opt.Log.ErrorContext(ctx, "refusal not audited", slog.String("action", string(a.denied[0].row.Action)), slog.Any("error", err))
	}
}
