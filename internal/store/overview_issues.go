package store

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"errata/internal/errata"
)

// Waiting is an open issue with the time by which somebody should have
// responded: Deadline is µs, 0 = no target.
type Waiting struct {
	errata.Issue
	Deadline int64
}

// never orders what has no deadline behind everything that has one.
const never = 4_000_000_000_000_000_000

// Waiting returns the open issues whose deadlines come first, those without a
// target last; of the same deadline the smaller id is first.
func (tx *Tx) Waiting(ctx context.Context, s Slice, limit int) ([]Waiting, error) {
	targets, err := tx.Targets(ctx)
	if err != nil {
		return nil, err
	}
	q := waitingIssues(s, targets, limit)
	var ids []string
	due := map[string]int64{}
	err = tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
		var id string
		var at int64
		err := r.Scan(&id, &at)
		if ids = append(ids, id); at < never {
			due[id] = at
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	rows, err := tx.IssuesByID(ctx, ids)
	out := make([]Waiting, 0, len(ids))
	for _, id := range ids {
		out = append(out, Waiting{rows[id], due[id]})
	}
	return out, err
}

func waitingIssues(s Slice, targets Targets, limit int) *query {
	q := &query{}
	q.text(`SELECT id, opened_at + `)
	q.deadlines(targets)
	q.text(` AS deadline FROM issue WHERE status = 'open' AND `)
	q.in(s, `issue.id`)
	q.text(` ORDER BY deadline, id LIMIT `, strconv.Itoa(limit))
	return q
}

// deadlines writes how long after its opening an issue wants a response.
func (q *query) deadlines(targets Targets) {
	q.text(`CASE`)
	for _, project := range slices.Backward(slices.Sorted(maps.Keys(targets))) { // "", the installation, comes last
		for _, s := range errata.Severities {
			t, ok := targets[project][s]
			if !ok {
				continue
			}
			q.text(` WHEN severity = `, strconv.Itoa(int(s)))
			if project != "" {
				q.text(` AND project_id = `, q.arg(project))
			}
			wait := t.Ack
			if wait == 0 {
				wait = never
			}
			q.text(` THEN `, strconv.FormatInt(wait, 10))
		}
	}
	q.text(` ELSE `, strconv.FormatInt(never, 10), ` END`)
}

// Active is an issue with the events it had in two adjoining spans of time.
type Active struct {
	ID          string
	Events      int64 // in the second span
	Before      int64 // in the first
	Ever, Users int64 // of the issue, whenever
}

// ActiveFilter selects issues that were active in [From, To). Events are counted
// in whole hours: [Middle, End) and, when Start is before Middle, [Start, Middle).
type ActiveFilter struct {
	IssueFilter
	Start, Middle, End int64 // µs, whole hours
}

// ActiveKey is what a list of active issues is ordered by, downwards.
type ActiveKey string

// The orders: events ever or users ever, then id.
const (
	ByEvents ActiveKey = "events"
	ByUsers  ActiveKey = "users"
)

// ActiveIssues returns a piece of the active issues, without their events in the
// spans: at most limit, the first skip left out.
func (tx *Tx) ActiveIssues(ctx context.Context, f ActiveFilter, by ActiveKey, skip, limit int) (out []Active, err error) {
	q := activeIssues(f, by, skip, limit)
	err = tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
		var a Active
		err := r.Scan(&a.ID, &a.Ever, &a.Users)
		out = append(out, a)
		return err
	})
	return out, err
}

func activeIssues(f ActiveFilter, by ActiveKey, skip, limit int) *query {
	if by != ByUsers {
		by = ByEvents
	}
	q := &query{}
	q.text(`SELECT id, events, users FROM issue WHERE `)
	q.issues(f.IssueFilter)
	q.text(` ORDER BY `, string(by), ` DESC, id DESC LIMIT `, strconv.Itoa(limit), ` OFFSET `, strconv.Itoa(skip))
	return q
}

// CountActive fills in the events of both spans.
func (tx *Tx) CountActive(ctx context.Context, f ActiveFilter, all []Active) error {
	at := make(map[string]*Active, len(all))
	ids := make([]string, len(all))
	for i := range all {
		ids[i], at[all[i].ID] = all[i].ID, &all[i]
	}
	slices.Sort(ids)
	for piece := range slices.Chunk(ids, idPiece) {
		q := &query{}
		q.text(`SELECT issue_id, CAST(SUM(CASE WHEN hour >= `, q.arg(f.Middle), ` THEN events ELSE 0 END) AS BIGINT), CAST(SUM(CASE WHEN hour < `,
			q.arg(f.Middle), ` THEN events ELSE 0 END) AS BIGINT) FROM issue_hour WHERE issue_id IN (`, q.list(piece), `) AND hour >= `,
			q.arg(min(f.Start, f.Middle)), ` AND hour < `, q.arg(f.End))
		if len(f.Environments) > 0 {
			q.text(` AND environment IN (`, q.list(f.Environments), `)`)
		}
		q.text(` GROUP BY issue_id`)
		err := tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
			var id string
			var now, before int64
			if err := r.Scan(&id, &now, &before); err != nil {
				return err
			}
			at[id].Events, at[id].Before = now, before
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// CountOpen counts the open issues of a slice.
func (tx *Tx) CountOpen(ctx context.Context, s Slice) (n int64, err error) {
	q := &query{}
	q.text(`SELECT COUNT(*) FROM issue WHERE status = 'open' AND `)
	q.in(s, `issue.id`)
	err = tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error { return r.Scan(&n) })
	return n, err
}

// ActiveHours returns the events per hour of issues in [f.Middle, f.End), in the
// filter's environments.
func (tx *Tx) ActiveHours(ctx context.Context, f ActiveFilter, ids []string) (map[string][]HourCount, error) {
	out := make(map[string][]HourCount, len(ids))
	for piece := range slices.Chunk(sortedUnique(ids), idPiece) {
		q := &query{}
		q.text(`SELECT issue_id, hour, CAST(SUM(events) AS BIGINT) FROM issue_hour WHERE issue_id IN (`, q.list(piece), `) AND hour >= `,
			q.arg(f.Middle), ` AND hour < `, q.arg(f.End))
		if len(f.Environments) > 0 {
			q.text(` AND environment IN (`, q.list(f.Environments), `)`)
		}
		q.text(` GROUP BY issue_id, hour`)
		err := tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
			var id string
			var h HourCount
			err := r.Scan(&id, &h.Hour, &h.Events)
			out[id] = append(out[id], h)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
