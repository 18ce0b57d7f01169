package store

import (
	"context"
	"slices"
)

// MaxSwept is the most rows that a sweep removes in one transaction, so that
// the one writer of SQLite is never held for long. A sweep that removed as many
// is called again.
const MaxSwept = 5000

// sweepBy removes rows of a table whose column is below before, oldest first,
// within a condition on leading columns. It finds the bound first: comparing
// rows with a list would make PostgreSQL read the whole table.
func (tx *Tx) sweepBy(ctx context.Context, table, column, lead string, leadArgs []any, before int64, limit int) (int64, error) {
	bound, where := before, ` WHERE `+lead+column+` < `
	q := query{args: slices.Clone(leadArgs)}
	q.text(`SELECT `, column, ` FROM `, table, where, q.arg(before), ` ORDER BY `, column, ` LIMIT 1 OFFSET `, q.arg(limit))
	err := tx.rows(ctx, q.String(), q.args, func(r scanner) error { return r.Scan(&bound) })
	if err != nil {
		return 0, err
	}
	n, err := tx.deleteBelow(ctx, table, where, leadArgs, bound)
	if err != nil || n > 0 || bound == before {
		return n, err
	}
	// All of them carry the same time: nothing lies below it.
	return tx.deleteBelow(ctx, table, where, leadArgs, bound+1)
}

func (tx *Tx) deleteBelow(ctx context.Context, table, where string, leadArgs []any, bound int64) (int64, error) {
	q := query{args: slices.Clone(leadArgs)}
	q.text(`DELETE FROM `, table, where, q.arg(bound))
	return tx.change(ctx, q.String(), q.args...)
}

// SweepApplied forgets events that were received before (µs).
func (tx *Tx) SweepApplied(ctx context.Context, before int64) (int64, error) {
	return tx.sweepBy(ctx, "event_applied", "at", "", nil, before, MaxSwept)
}

// SweepLetters removes dead letters last parked before (µs), parked ones too.
func (tx *Tx) SweepLetters(ctx context.Context, before int64) (int64, error) {
	return tx.sweepBy(ctx, "dead_letter", "last_at", "", nil, before, MaxSwept)
}

// SweepSessions removes sessions that expired before (µs).
func (tx *Tx) SweepSessions(ctx context.Context, before int64) (int64, error) {
	return tx.sweepBy(ctx, "session", "expires_at", "", nil, before, MaxSwept)
}

// SweepTokens removes tokens that expired, or were revoked, before (µs).
func (tx *Tx) SweepTokens(ctx context.Context, before int64) (int64, error) {
	return tx.change(ctx, `DELETE FROM api_token WHERE id IN (SELECT id FROM api_token WHERE expires_at < $1 OR revoked_at < $1 ORDER BY id LIMIT $2)`,
		before, MaxSwept)
}

// SweepQuarters removes quarters in half hours that start before (µs), the half
// hours, and environments without younger ones.
func (tx *Tx) SweepQuarters(ctx context.Context, before int64) (swept int64, err error) {
	before -= before % halfUS
	for _, c := range []struct{ table, column string }{{"project_quarter", "quarter"}, {"project_half", "half"}} {
		n, err := tx.sweepProjects(ctx, c.table, c.column, before)
		if swept += n; err != nil || swept >= MaxSwept {
			return swept, err
		}
	}
	n, err := tx.sweepEnvironments(ctx, before, int(MaxSwept-swept))
	if swept += n; err != nil || swept >= MaxSwept {
		return swept, err
	}
	n, err = tx.change(ctx, `DELETE FROM project_environment WHERE last_quarter < $1`, before)
	return swept + n, err
}

// sweepEnvironments goes environment by environment, along the primary key.
func (tx *Tx) sweepEnvironments(ctx context.Context, before int64, limit int) (swept int64, err error) {
	var all []projectEnvironment
	const old = `SELECT project_id, environment FROM project_environment WHERE first_quarter < $1 ORDER BY project_id, environment`
	err = tx.rows(ctx, old, []any{before}, func(r scanner) error {
		var e projectEnvironment
		err := r.Scan(&e.project, &e.environment)
		all = append(all, e)
		return err
	})
	for _, e := range all {
		if err != nil || swept >= int64(limit) {
			break
		}
		var n int64
		n, err = tx.sweepBy(ctx, "environment_half", "half", `project_id = $1 AND environment = $2 AND `, []any{e.project, e.environment}, before, limit-int(swept))
		swept += n
	}
	return swept, err
}

// SweepOutcomes removes hours of outcomes that start before (µs).
func (tx *Tx) SweepOutcomes(ctx context.Context, before int64) (int64, error) {
	return tx.sweepProjects(ctx, "outcome_hourly", "hour", before)
}

// sweepProjects goes project by project, along the primary key.
func (tx *Tx) sweepProjects(ctx context.Context, table, column string, before int64) (swept int64, err error) {
	projects, err := tx.Projects(ctx)
	if err != nil {
		return 0, err
	}
	for _, p := range projects {
		if swept >= MaxSwept {
			break
		}
		n, err := tx.sweepBy(ctx, table, column, `project_id = $1 AND `, []any{p.ID}, before, int(MaxSwept-swept))
		if err != nil {
			return swept, err
		}
		swept += n
	}
	return swept, nil
}

// IssueSweep says which counters of issues are too old: µs for hours, and for
// environments and releases by last sight; days since 1970 for users, by
// project.
type IssueSweep struct {
	Hours, Spans int64
	Users        map[string]int64
}

// sweepIssues is how many issues one transaction looks at.
const sweepIssues = 500

// SweepIssues removes old counters of the issues that follow after in order of
// id ("" = from the start). It returns where to go on, "" at the end.
func (tx *Tx) SweepIssues(ctx context.Context, s IssueSweep, after string) (next string, swept int64, err error) {
	issues, err := tx.issuesFrom(ctx, after)
	if err != nil {
		return after, 0, err
	}
	for _, i := range issues {
		n, err := tx.sweepIssue(ctx, s, i, MaxSwept-swept)
		swept += n
		if err != nil || swept >= MaxSwept {
			return after, swept, err // the issue may have more
		}
		after = i.id
	}
	if len(issues) < sweepIssues {
		after = ""
	}
	return after, swept, nil
}

type issueHead struct{ id, project string }

func (tx *Tx) issuesFrom(ctx context.Context, after string) (out []issueHead, err error) {
	err = tx.rows(ctx, `SELECT id, project_id FROM issue WHERE id > $1 ORDER BY id LIMIT $2`, []any{after, sweepIssues}, func(r scanner) error {
		var h issueHead
		err := r.Scan(&h.id, &h.project)
		out = append(out, h)
		return err
	})
	return out, err
}

// counterSweeps are the statements of one issue: $1 the issue, $2 the bound,
// $3 the most rows. The inner SELECT walks the primary key.
var counterSweeps = struct{ hours, envs, releases, users string }{
	hours: `DELETE FROM issue_hour WHERE issue_id = $1 AND hour < $2 AND hour <= (SELECT MAX(hour) FROM
		(SELECT hour FROM issue_hour WHERE issue_id = $1 AND hour < $2 ORDER BY hour LIMIT $3) AS oldest)`,
	envs: `DELETE FROM issue_env WHERE issue_id = $1 AND environment IN
		(SELECT environment FROM issue_env WHERE issue_id = $1 AND last_seen < $2 ORDER BY environment LIMIT $3)`,
	releases: `DELETE FROM issue_release WHERE issue_id = $1 AND release IN
		(SELECT release FROM issue_release WHERE issue_id = $1 AND last_seen < $2 ORDER BY release LIMIT $3)`,
	users: `DELETE FROM issue_user WHERE issue_id = $1 AND user_hash IN
		(SELECT user_hash FROM issue_user WHERE issue_id = $1 AND day < $2 ORDER BY user_hash LIMIT $3)`,
}

func (tx *Tx) sweepIssue(ctx context.Context, s IssueSweep, i issueHead, limit int64) (swept int64, err error) {
	for _, step := range []struct {
		text  string
		bound int64
	}{{counterSweeps.hours, s.Hours}, {counterSweeps.envs, s.Spans}, {counterSweeps.releases, s.Spans}, {counterSweeps.users, s.Users[i.project]}} {
		if swept >= limit {
			break
		}
		n, err := tx.change(ctx, step.text, i.id, step.bound, limit-swept)
		swept += n
		if err != nil {
			return swept, err
		}
	}
	return swept, nil
}
