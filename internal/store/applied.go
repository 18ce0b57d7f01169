package store

import (
	"cmp"
	"context"
	"slices"

	"errata/internal/errata"
)

// EventKey names an event.
type EventKey struct{ ProjectID, EventID string }

func (k EventKey) compare(o EventKey) int {
	return cmp.Or(cmp.Compare(k.ProjectID, o.ProjectID), cmp.Compare(k.EventID, o.EventID))
}

// Applied is one row of the ledger: an event that was counted. It is kept for
// seven days.
type Applied struct {
	EventKey
	IssueID    string
	Class      int
	ReceivedAt int64 // µs
	Time       int64 // µs, of the event
}

// Ref returns where the engine keeps the event.
func (a Applied) Ref() errata.Ref {
	return errata.Ref{Project: a.ProjectID, EventID: a.EventID, Time: a.Time, Class: a.Class}
}

// ApplyBatch writes the id of a batch to the ledger and says whether it was new.
func (tx *Tx) ApplyBatch(ctx context.Context, batchID string, at int64) (bool, error) {
	n, err := tx.change(ctx, `INSERT INTO event_applied (project_id, event_id, issue_id, class, at, event_time)
		VALUES ('', $1, NULL, 0, $2, $2) ON CONFLICT DO NOTHING`, batchID, at)
	return n == 1, err
}

var appliedByKey = bulk{head: `SELECT project_id, event_id, issue_id, class, at, event_time FROM event_applied
	WHERE (project_id, event_id) IN (VALUES `, width: 2, tail: `)`}

// Applied returns those of the events that the ledger knows.
func (tx *Tx) Applied(ctx context.Context, keys []EventKey) (map[EventKey]Applied, error) {
	keys = slices.SortedFunc(slices.Values(keys), EventKey.compare)
	out := map[EventKey]Applied{}
	err := tx.bulkRows(ctx, &appliedByKey, len(keys), nil, func(args []any, i int) []any {
		return append(args, keys[i].ProjectID, keys[i].EventID)
	}, func(r scanner) error {
		a, err := scanApplied(r)
		out[a.EventKey] = a
		return err
	})
	return out, err
}

func scanApplied(r scanner) (a Applied, err error) {
	err = r.Scan(&a.ProjectID, &a.EventID, zero(&a.IssueID), &a.Class, &a.ReceivedAt, &a.Time)
	return a, err
}

var appliedByID = bulk{head: `SELECT project_id, event_id, issue_id, class, at, event_time FROM event_applied
	WHERE event_id = $1 AND project_id IN (`, width: 1, fixed: 1, tail: `)`}

// AppliedIn returns what the ledger knows of an event id in the projects: two
// projects may share one.
func (tx *Tx) AppliedIn(ctx context.Context, projects []string, eventID string) (out []Applied, err error) {
	projects = slices.Sorted(slices.Values(projects))
	err = tx.bulkRows(ctx, &appliedByID, len(projects), []any{eventID}, func(args []any, i int) []any {
		return append(args, projects[i])
	}, func(r scanner) error {
		a, err := scanApplied(r)
		out = append(out, a)
		return err
	})
	slices.SortFunc(out, func(a, b Applied) int { return a.compare(b.EventKey) })
	return out, err
}

// AppliedEvent returns what the ledger knows of one event, and whether it does.
func (tx *Tx) AppliedEvent(ctx context.Context, projectID, eventID string) (a Applied, found bool, err error) {
	all, err := tx.AppliedIn(ctx, []string{projectID}, eventID)
	if err != nil || len(all) == 0 {
		return a, false, err
	}
	return all[0], true, nil
}

var insertApplied = bulk{
	head:  `INSERT INTO event_applied (project_id, event_id, issue_id, class, at, event_time) VALUES `,
	width: 6, tail: ` ON CONFLICT DO NOTHING RETURNING project_id, event_id`,
}

// InsertApplied writes events to the ledger and returns those that were not
// there: only they count. The events must differ.
func (tx *Tx) InsertApplied(ctx context.Context, events []Applied) (map[EventKey]bool, error) {
	events = slices.SortedFunc(slices.Values(events), func(a, b Applied) int { return a.compare(b.EventKey) })
	fresh := make(map[EventKey]bool, len(events))
	var k EventKey
	err := tx.changeBulkRows(ctx, &insertApplied, len(events), func(args []any, i int) []any {
		e := &events[i]
		return append(args, e.ProjectID, e.EventID, e.IssueID, int64(e.Class), e.ReceivedAt, e.Time)
	}, func(r scanner) error {
		if err := r.Scan(&k.ProjectID, &k.EventID); err != nil {
			return err
		}
		fresh[k] = true
		return nil
	})
	return fresh, err
}
