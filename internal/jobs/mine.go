package jobs

import (
	"context"

	"errata/internal/errata"
	"errata/internal/store"
)

// shownJobs bounds the list of somebody's own jobs.
const shownJobs = 100

// Mine returns the newest jobs of the actor, newest first, at most a hundred.
func (r *Runner) Mine(ctx context.Context, who errata.Actor) (out []errata.Job, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) (err error) {
		out, err = tx.Jobs(ctx, who.ID, shownJobs)
		return err
	})
	return out, err
}

// Job returns a job of the actor; not_found also for those of others.
func (r *Runner) Job(ctx context.Context, who errata.Actor, id string) (j errata.Job, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) (err error) {
		j, err = mine(ctx, tx, who, id)
		return err
	})
	return j, err
}

func mine(ctx context.Context, tx *store.Tx, who errata.Actor, id string) (errata.Job, error) {
	j, err := tx.JobByID(ctx, id)
	if err == nil && (j.OwnerID != who.ID || !who.Human()) {
		return errata.Job{}, errata.E(errata.NotFound, "There is no such job.", nil)
	}
	return j, err
}

// Cancel ends a job of the actor: at once when nobody has begun it, else at its
// next step. What it has done stays done. not_found as Job.
func (r *Runner) Cancel(ctx context.Context, who errata.Actor, id string) error {
	at := r.now()
	err := r.Store.InTx(ctx, func(tx *store.Tx) error {
		j, err := mine(ctx, tx, who, id)
		if err != nil {
			return err
		}
		line := tx.Record(who, errata.CancelJob, errata.Resource{Project: j.ProjectID, Name: "job:" + j.ID})
		if j.State.Over() {
			line.Noop()
			return nil
		}
		return tx.CancelJob(ctx, id, at)
	})
	if err == nil {
		r.tell(id)
	}
	return err
}

// tell ends the handler of a job that runs in this process at once.
func (r *Runner) tell(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w := r.running[id]; w != nil {
		w.end(ErrCancelled)
	}
}
