package store

import (
	"context"
	"slices"
)

// HourCount is a number of events in an hour that starts at Hour (µs).
type HourCount struct{ Hour, Events int64 }

// IssueHours returns the events per hour of issues, hours that start in
// [from, to) in order, in one environment or ("") all.
func (tx *Tx) IssueHours(ctx context.Context, ids []string, from, to int64, environment string) (map[string][]HourCount, error) {
	out := make(map[string][]HourCount, len(ids))
	for piece := range slices.Chunk(sortedUnique(ids), idPiece) {
		q := &query{}
		q.text(`SELECT issue_id, hour, CAST(SUM(events) AS BIGINT) FROM issue_hour WHERE issue_id IN (`, q.list(piece), `) AND hour >= `,
			q.arg(from), ` AND hour < `, q.arg(to))
		if environment != "" {
			q.text(` AND environment = `, q.arg(environment))
		}
		q.text(` GROUP BY issue_id, hour ORDER BY issue_id, hour`)
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

// IssueSpan is what an issue did in one environment or release.
type IssueSpan struct {
	Name string
	Span
}

// EnvironmentsOf returns where an issue was seen, newest first.
func (tx *Tx) EnvironmentsOf(ctx context.Context, issueID string) ([]IssueSpan, error) {
	return tx.issueSpans(ctx, `SELECT environment, first_seen, last_seen, events FROM issue_env WHERE issue_id = $1 ORDER BY last_seen DESC, environment LIMIT 1000`, issueID)
}

// ReleasesOf returns the releases in which an issue was seen, newest first.
func (tx *Tx) ReleasesOf(ctx context.Context, issueID string) ([]IssueSpan, error) {
	return tx.issueSpans(ctx, `SELECT release, first_seen, last_seen, events FROM issue_release WHERE issue_id = $1 ORDER BY last_seen DESC, release LIMIT 1000`, issueID)
}

func (tx *Tx) issueSpans(ctx context.Context, text, issueID string) (out []IssueSpan, err error) {
	err = tx.rows(ctx, text, []any{issueID}, func(r scanner) error {
		var s IssueSpan
		err := r.Scan(&s.Name, &s.First, &s.Last, &s.Events)
		out = append(out, s)
		return err
	})
	return out, err
}
