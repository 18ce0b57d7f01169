package jobs

import (
	"context"
	"errors"

	"errata/internal/errata"
	"errata/internal/store"
)

// ErrCancelled is the answer to Save when the owner wants the job to end, and
// the cause with which the handler's context ends then.
var ErrCancelled = errors.New("jobs: cancelled")

// ErrLost is the answer to Save when another process has taken the job, because
// this one had not renewed its claim in time. Nothing more may be written.
var ErrLost = errors.New("jobs: another process has the job")

// Work is a job in the hands of its handler.
type Work struct {
	runner *Runner
	job    errata.Job
	end    context.CancelCauseFunc
}

// Job returns the job as it was when it was claimed: Cursor is where to go on.
func (w *Work) Job() errata.Job { return w.job }

// Save notes how far the job has come, and renews the claim. Errors:
// ErrCancelled, ErrLost, or those of the store.
func (w *Work) Save(ctx context.Context, cursor string, done, total int64) error {
	err := w.runner.Store.InTx(ctx, func(tx *store.Tx) error {
		tx.System("jobs")
		return w.SaveIn(ctx, tx, cursor, done, total)
	})
	if err != nil {
		return err
	}
	return w.runner.Fail("jobs.saved")
}

// SaveIn is Save in the transaction that does the step, as its first
// statement: the step and the note that it is done are one, and no two
// processes do it. After ErrCancelled or ErrLost the transaction must fail.
func (w *Work) SaveIn(ctx context.Context, tx *store.Tx, cursor string, done, total int64) error {
	return w.save(ctx, tx, &store.JobProgress{Cursor: cursor, Done: done, Total: total})
}

// save renews the claim and, with progress, notes it.
func (w *Work) save(ctx context.Context, tx *store.Tx, p *store.JobProgress) error {
	held, cancel, err := tx.SaveJob(ctx, w.job.ID, w.job.LeasedBy, micros(w.runner.Lease), p)
	switch {
	case err != nil:
		return err
	case !held:
		return ErrLost
	case cancel:
		return ErrCancelled
	}
	return nil
}

// beat renews the claim while the handler is busy, and ends its context when
// the job is cancelled or lost.
func (w *Work) beat(ctx context.Context) {
	err := w.runner.Store.InTx(ctx, func(tx *store.Tx) error {
		tx.System("jobs")
		return w.save(ctx, tx, nil)
	})
	if errors.Is(err, ErrCancelled) || errors.Is(err, ErrLost) {
		w.end(err)
	}
}
