package store

import "context"

// Counters of numbers that people see. They start at 1 and have neither gaps
// nor doubles, also after a rollback.
const counterProject = "project"

// IssueCounter names the counter of a project's short ids.
func IssueCounter(projectID string) string { return "issue:" + projectID }

// Next takes the next number of a counter.
func (tx *Tx) Next(ctx context.Context, name string) (n int64, err error) {
	err = tx.changeRows(ctx, `INSERT INTO counter (name, last) VALUES ($1, 1)
		ON CONFLICT (name) DO UPDATE SET last = counter.last + 1 RETURNING last`, []any{name},
		func(r scanner) error { return r.Scan(&n) })
	return n, err
}
