package store

import (
	"context"
	"encoding/json"

	"errata/internal/errata"
)

// jobsLease orders those who claim jobs and those who ask for more.
const jobsLease = "jobs"

const jobColumns = `id, kind, state, owner_id, project_id, params, cursor, done, total, result, error, attempts, run_after, leased_by,
	lease_until, cancel, created_at, started_at, finished_at, expires_at`

func scanJob(r scanner) (j errata.Job, err error) {
	var params, result string
	total := unknownTotal{&j.Total}
	err = r.Scan(&j.ID, (*string)(&j.Kind), (*string)(&j.State), &j.OwnerID, zero(&j.ProjectID), &params, &j.Cursor, &j.Done, total, &result,
		zero(&j.Error), &j.Attempts, &j.RunAfter, zero(&j.LeasedBy), zero(&j.LeaseUntil), &j.Cancel, &j.CreatedAt, zero(&j.StartedAt),
		zero(&j.FinishedAt), zero(&j.ExpiresAt))
	j.Params, j.Result = json.RawMessage(params), json.RawMessage(result)
	return j, err
}

// unknownTotal scans a total; null is -1.
type unknownTotal struct{ to *int64 }

// Scan implements sql.Scanner.
func (u unknownTotal) Scan(src any) error {
	if src == nil {
		*u.to = -1
		return nil
	}
	return orZero[int64](u).Scan(src)
}

func nullTotal(n int64) any {
	if n < 0 {
		return nil
	}
	return n
}

// AddJob queues a job in the transaction that asked for it. RunAfter 0 = now.
// Error: slow_down with the reason too_many_jobs when the owner, or everybody
// together, has as many unfinished ones of the kind as JobKind.Admits lets pass.
func (tx *Tx) AddJob(ctx context.Context, j errata.Job) error {
	if err := tx.hold(ctx, jobsLease); err != nil {
		return err
	}
	var mine, all int64
	_, err := tx.row(ctx, `SELECT COUNT(*) FILTER (WHERE owner_id = $1), COUNT(*) FROM job WHERE state IN ('queued','running') AND kind = $2`,
		[]any{j.OwnerID, string(j.Kind)}, &mine, &all)
	if err != nil {
		return err
	}
	if err := j.Kind.Admits(mine, all); err != nil {
		return err
	}
	if j.RunAfter == 0 {
		if j.RunAfter, err = tx.Now(ctx); err != nil {
			return err
		}
	}
	_, err = tx.change(ctx, `INSERT INTO job (id, kind, state, owner_id, project_id, params, cursor, total, run_after, created_at, expires_at)
		VALUES ($1, $2, 'queued', $3, $4, $5, $6, $7, $8, $9, $10)`,
		j.ID, string(j.Kind), j.OwnerID, null(j.ProjectID), orObject(j.Params), j.Cursor, nullTotal(j.Total), j.RunAfter, j.CreatedAt, nullInt(j.ExpiresAt))
	return err
}

func orObject(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "{}"
	}
	return string(raw)
}

// Claim is how a process takes jobs: Holder is a name that no other claim
// bears, TTL (µs) for how long they are its own unless it renews them.
type Claim struct {
	Kinds  []errata.JobKind
	Holder string
	TTL    int64
	Limit  int
	At     int64 // noted as the time they started
}

// due writes the condition on jobs that can be taken at $1.
func (q *query) due(kinds []errata.JobKind) {
	q.text(`state IN ('queued','running') AND run_after <= $1 AND (state = 'queued' OR lease_until < $1) AND kind IN (`)
	for i, k := range kinds {
		if i > 0 {
			q.text(`, `)
		}
		q.text(q.arg(string(k)))
	}
	q.text(`)`)
}

// JobsDue says whether ClaimJobs would find any; asking writes nothing.
func (tx *Tx) JobsDue(ctx context.Context, kinds []errata.JobKind) (found bool, err error) {
	now, err := tx.Now(ctx)
	if err != nil {
		return false, err
	}
	q := query{args: []any{now}}
	q.text(`SELECT id FROM job WHERE `)
	q.due(kinds)
	q.text(` LIMIT 1`)
	err = tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
		found = true
		var id string
		return r.Scan(&id)
	})
	return found, err
}

// ClaimJobs takes jobs that are due and held by nobody any more.
func (tx *Tx) ClaimJobs(ctx context.Context, c Claim) (out []errata.Job, err error) {
	if err := tx.hold(ctx, jobsLease); err != nil {
		return nil, err
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return nil, err
	}
	q := query{args: []any{now, c.Holder, now + c.TTL, c.At, c.Limit}}
	q.text(`UPDATE job SET state = 'running', leased_by = $2, lease_until = $3, attempts = attempts + 1, started_at = COALESCE(started_at, $4)
		WHERE id IN (SELECT id FROM job WHERE `)
	q.due(c.Kinds)
	q.text(` ORDER BY run_after, id LIMIT $5) RETURNING `, jobColumns)
	err = tx.changeRows(ctx, q.String(), q.args, func(r scanner) error {
		j, err := scanJob(r)
		out = append(out, j)
		return err
	})
	return out, err
}

// JobProgress is how far a job has come.
type JobProgress struct {
	Cursor      string
	Done, Total int64 // Total -1 = not known
}

// SaveJob notes how far the holder has come and renews its claim by ttl (µs).
// Not held: somebody else has the job by now, or it is over; the transaction
// must not go on. cancel: its owner wants it to end. The row stays locked, so
// what is written beside it is written by the holder alone.
func (tx *Tx) SaveJob(ctx context.Context, id, holder string, ttl int64, p *JobProgress) (held, cancel bool, err error) {
	now, err := tx.Now(ctx)
	if err != nil {
		return false, false, err
	}
	text, args := `UPDATE job SET lease_until = $3`, []any{id, holder, now + ttl}
	if p != nil {
		text += `, cursor = $4, done = $5, total = $6`
		args = append(args, p.Cursor, p.Done, nullTotal(p.Total))
	}
	err = tx.changeRows(ctx, text+` WHERE id = $1 AND leased_by = $2 AND state = 'running' RETURNING cancel`, args, func(r scanner) error {
		held = true
		return r.Scan(&cancel)
	})
	return held, cancel, err
}

// FinishJob ends a job of the holder: State, Result, Error, FinishedAt and
// ExpiresAt of j are written. False: it was the holder's no more.
func (tx *Tx) FinishJob(ctx context.Context, holder string, j errata.Job) (bool, error) {
	n, err := tx.change(ctx, `UPDATE job SET state = $3, result = $4, error = $5, finished_at = $6, expires_at = $7, leased_by = NULL, lease_until = NULL
		WHERE id = $1 AND leased_by = $2 AND state = 'running'`,
		j.ID, holder, string(j.State), orObject(j.Result), null(j.Error), j.FinishedAt, nullInt(j.ExpiresAt))
	return n > 0, err
}

// ReleaseJob gives a job of the holder back to the queue, to be run after delay
// (µs). Counted: the attempt was one.
func (tx *Tx) ReleaseJob(ctx context.Context, holder, id string, delay int64, counted bool) error {
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	back := 1
	if counted {
		back = 0
	}
	_, err = tx.change(ctx, `UPDATE job SET state = 'queued', run_after = $3, attempts = attempts - $4, leased_by = NULL, lease_until = NULL
		WHERE id = $1 AND leased_by = $2 AND state = 'running'`, id, holder, now+delay, back)
	return err
}

// CancelJob wants a job to end: one that nobody has begun ends at once, one that
// runs is told at its next step. One that is over stays as it is.
func (tx *Tx) CancelJob(ctx context.Context, id string, at int64) error {
	if err := tx.hold(ctx, jobsLease); err != nil {
		return err
	}
	_, err := tx.change(ctx, `UPDATE job SET cancel = TRUE, finished_at = CASE WHEN state = 'queued' THEN $2 ELSE finished_at END,
		state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END WHERE id = $1 AND state IN ('queued','running')`, id, at)
	return err
}

// JobByID returns a job; not_found.
func (tx *Tx) JobByID(ctx context.Context, id string) (errata.Job, error) {
	all, err := tx.jobs(ctx, `SELECT `+jobColumns+` FROM job WHERE id = $1`, id)
	if err != nil {
		return errata.Job{}, err
	}
	if len(all) == 0 {
		return errata.Job{}, notFound("job")
	}
	return all[0], nil
}

// Jobs returns the newest jobs of an account, newest first, at most limit.
func (tx *Tx) Jobs(ctx context.Context, ownerID string, limit int) ([]errata.Job, error) {
	return tx.jobs(ctx, `SELECT `+jobColumns+` FROM job WHERE owner_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2`, ownerID, limit)
}

func (tx *Tx) jobs(ctx context.Context, text string, args ...any) (out []errata.Job, err error) {
	err = tx.rows(ctx, text, args, func(r scanner) error {
		j, err := scanJob(r)
		out = append(out, j)
		return err
	})
	return out, err
}

// SweepJobs removes jobs that are over and whose time is past (µs), those
// without one when they ended before old, with their items.
func (tx *Tx) SweepJobs(ctx context.Context, now, old int64) (int64, error) {
	const gone = `SELECT id FROM job WHERE state IN ('done','failed','cancelled') AND (expires_at < $1 OR expires_at IS NULL AND finished_at < $2) ORDER BY id LIMIT $3`
	if n, err := tx.change(ctx, `DELETE FROM bulk_item WHERE job_id IN (`+gone+`)`, now, old, 1); err != nil || n > 0 {
		return n, err
	}
	return tx.change(ctx, `DELETE FROM job WHERE id IN (`+gone+`)`, now, old, 1)
}
