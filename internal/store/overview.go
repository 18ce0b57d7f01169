package store

import (
	"context"
	"slices"
	"strconv"

	"errata/internal/errata"
)

// Slice is what an overview counts: projects, and in them issues that were ever
// seen in one of the environments; no environments do not filter.
type Slice struct {
	Scope        Scope
	Environments []string
	Issue        IssueWhere // of what is counted per quarter: a condition on the issues
}

// in writes the conditions of a slice on a table whose rows name a project and,
// in the column issue, an issue.
func (q *query) in(s Slice, issue string) {
	q.projects(s.Scope)
	q.seenIn(s, issue)
}

func (q *query) seenIn(s Slice, issue string) {
	if len(s.Environments) > 0 {
		q.text(` AND EXISTS (SELECT 1 FROM issue_env e WHERE e.issue_id = `, issue, ` AND e.environment IN (`, q.list(s.Environments), `))`)
	}
}

// Unresolved is how many issues of a project are open or acknowledged, by
// severity.
type Unresolved [4]int64

// Sum is the number of all severities.
func (u Unresolved) Sum() int64 { return u[0] + u[1] + u[2] + u[3] }

// Unresolved counts the issues of each project that are open or acknowledged
// now.
func (tx *Tx) Unresolved(ctx context.Context, s Slice) (map[string]Unresolved, error) {
	q := &query{}
	q.text(`SELECT project_id, rank, COUNT(*) FROM issue WHERE status IN ('open','acknowledged') AND `)
	q.in(s, `issue.id`)
	q.text(` GROUP BY project_id, rank`)
	out := map[string]Unresolved{}
	err := tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
		var id string
		var rank, n int64
		err := r.Scan(&id, &rank, &n)
		u := out[id]
		u[errata.P3-errata.Severity(rank/2)] += n //nolint:gosec // the table makes 0 to 7
		out[id] = u
		return err
	})
	return out, err
}

// UnresolvedAt returns the roll-up of unresolved issues at full hours (µs). An
// hour without a row was not counted, or had none.
func (tx *Tx) UnresolvedAt(ctx context.Context, in Scope, hours []int64) (map[int64]int64, error) {
	out := make(map[int64]int64, len(hours))
	for piece := range slices.Chunk(hours, idPiece) {
		q := &query{}
		q.text(`SELECT hour, CAST(SUM(n) AS BIGINT) FROM status_hour WHERE `)
		q.projects(in)
		q.text(` AND status IN ('open','acknowledged') AND hour IN (`)
		for i, h := range piece {
			if i > 0 {
				q.text(`, `)
			}
			q.text(q.arg(h))
		}
		q.text(`) GROUP BY hour`)
		err := tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
			var hour, n int64
			err := r.Scan(&hour, &n)
			out[hour] = n
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// quarterUS is a quarter of an hour in µs.
const quarterUS = 900_000_000

// UnresolvedChanges returns by how much the number of unresolved issues changed
// in each quarter of an hour (its start, µs) since from, by the ledger.
func (tx *Tx) UnresolvedChanges(ctx context.Context, s Slice, from int64) (map[int64]int64, error) {
	q := &query{}
	q.text(`SELECT at - at % `, strconv.Itoa(quarterUS), `, CAST(SUM(CASE WHEN to_status IN ('open','acknowledged') THEN 1 ELSE -1 END) AS BIGINT)
		FROM issue_transition WHERE `)
	q.in(s, `issue_transition.issue_id`)
	q.text(` AND at >= `, q.arg(from), ` AND (from_status IN ('open','acknowledged')) <> (to_status IN ('open','acknowledged'))
		GROUP BY at - at % `, strconv.Itoa(quarterUS))
	return tx.pairs(ctx, q)
}

// pairs reads rows of two numbers.
func (tx *Tx) pairs(ctx context.Context, q *query) (map[int64]int64, error) {
	out := map[int64]int64{}
	err := tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
		var k, n int64
		err := r.Scan(&k, &n)
		out[k] += n
		return err
	})
	return out, err
}

// firstSeen writes the condition of issues whose first event lies in [from, to)
// and which an environment of the slice saw in that time.
func (q *query) firstSeen(s Slice, from, to int64) {
	q.issueScope(s.Scope)
	q.text(` AND first_seen >= `, q.arg(from), ` AND first_seen < `, q.arg(to))
	if len(s.Environments) > 0 {
		q.text(` AND EXISTS (SELECT 1 FROM issue_env e WHERE e.issue_id = issue.id AND e.environment IN (`, q.list(s.Environments),
			`) AND e.last_seen >= `, q.arg(from), ` AND e.first_seen < `, q.arg(to), `)`)
	}
	if s.Issue.query != nil {
		q.text(` AND (`)
		q.where(s.Issue, from, to)
		q.text(`)`)
	}
}

// NewIssues counts issues by the quarter of an hour (its start, µs) of their
// first event, which lies in [from, to).
func (tx *Tx) NewIssues(ctx context.Context, s Slice, from, to int64) (map[int64]int64, error) {
	return tx.pairs(ctx, newIssues(s, from, to))
}

func newIssues(s Slice, from, to int64) *query {
	q := &query{}
	q.text(`SELECT first_seen - first_seen % `, strconv.Itoa(quarterUS), `, COUNT(*) FROM issue WHERE `)
	q.firstSeen(s, from, to)
	q.text(` GROUP BY first_seen - first_seen % `, strconv.Itoa(quarterUS))
	return q
}

// NewUnassigned counts those of NewIssues that nobody owns.
func (tx *Tx) NewUnassigned(ctx context.Context, s Slice, from, to int64) (n int64, err error) {
	q := &query{}
	q.text(`SELECT COUNT(*) FROM issue WHERE assignee_id IS NULL AND `)
	q.firstSeen(s, from, to)
	err = tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error { return r.Scan(&n) })
	return n, err
}

// Regressions counts the episodes in [from, to) that an event opened whose
// issue was resolved; the environments are those of the events.
func (tx *Tx) Regressions(ctx context.Context, s Slice, from, to int64) (n int64, err error) {
	q := regressions(s, from, to)
	err = tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error { return r.Scan(&n) })
	return n, err
}

func regressions(s Slice, from, to int64) *query {
	q := &query{}
	q.text(`SELECT COUNT(*) FROM issue_episode WHERE `)
	q.projects(s.Scope)
	q.text(` AND opened_at >= `, q.arg(from), ` AND opened_at < `, q.arg(to), ` AND open_reason = 'regressed'`)
	if len(s.Environments) > 0 {
		q.text(` AND environment IN (`, q.list(s.Environments), `)`)
	}
	return q
}
