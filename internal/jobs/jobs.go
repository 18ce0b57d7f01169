// Package jobs runs work that outlives the request that asked for it. Jobs are
// rows that processes claim for a time; one whose process died is taken by
// another, or by the same after its start, and goes on from its cursor.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"errata/internal/errata"
	"errata/internal/store"
)

// Options are what the runner is made of.
type Options struct {
	Store *store.Store
	Clock errata.Clock
	Log   *slog.Logger
	Node  string                   // names this process in claims
	Fail  func(point string) error // asked at each step; tests let it fail. nil = never

	Lease time.Duration // how long a claim holds unless renewed; 0 = a minute
	Poll  time.Duration // how often jobs are looked for that nobody announced; 0 = two seconds
}

const (
	atOnce      = 4               // jobs one process runs at a time
	maxAttempts = 10              // of a job whose process died or that met what passes
	firstDelay  = 5 * time.Second // before it is tried again, doubled each time
	mostDelay   = 5 * time.Minute //
	endWithin   = 5 * time.Second // how long noting the end may take
	beats       = 6               // renewals while a claim lasts
	leaseOfJob  = time.Minute     //
	pollForJobs = 2 * time.Second //
)

// Handler does a job. What it returns is kept as JSON in Job.Result, also when
// the job was cancelled. Its context ends when the job is cancelled or lost, or
// the program stops; then it returns soon, with any error. An error that is
// unavailable or slow_down is tried again later, from the cursor saved last.
type Handler func(ctx context.Context, w *Work) (result any, err error)

// Runner claims jobs and runs them.
type Runner struct {
	Options
	handlers map[errata.JobKind]Handler
	wake     chan struct{}

	mu      sync.Mutex
	running map[string]*Work
}

// New returns a runner without handlers.
func New(o Options) *Runner {
	if o.Fail == nil {
		o.Fail = func(string) error { return nil }
	}
	if o.Lease == 0 {
		o.Lease = leaseOfJob
	}
	if o.Poll == 0 {
		o.Poll = pollForJobs
	}
	return &Runner{Options: o, handlers: map[errata.JobKind]Handler{}, wake: make(chan struct{}, 1), running: map[string]*Work{}}
}

// Handle says who does the jobs of a kind. Not to be called after Run.
func (r *Runner) Handle(kind errata.JobKind, h Handler) { r.handlers[kind] = h }

// Wake has the runner look for jobs now; call it after the transaction of
// AddJob. It never waits.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run claims and runs jobs until ctx ends, and returns when their handlers have.
// What was under way then is given back, and goes on where it was.
func (r *Runner) Run(ctx context.Context) error {
	var busy sync.WaitGroup
	defer busy.Wait()
	slots := make(chan struct{}, atOnce)
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		case <-t.C:
		}
		r.once(ctx, slots, &busy)
		t.Reset(r.Poll)
	}
}

// once claims as many jobs as there are free slots and starts them.
func (r *Runner) once(ctx context.Context, slots chan struct{}, busy *sync.WaitGroup) {
	free := cap(slots) - len(slots) // only this goroutine fills them
	if free == 0 || len(r.handlers) == 0 {
		return
	}
	all, err := r.claim(ctx, free)
	if err != nil {
		if ctx.Err() == nil {
			r.Log.WarnContext(ctx, "jobs not claimed", slog.Any("error", err))
		}
		return
	}
	for _, j := range all {
		slots <- struct{}{}
		busy.Go(func() {
			defer r.Wake() // a slot is free
			defer func() { <-slots }()
			r.do(ctx, j)
		})
	}
}

func (r *Runner) claim(ctx context.Context, limit int) (out []errata.Job, err error) {
	var ids store.IDs
	c := store.Claim{
		Kinds: slices.Sorted(maps.Keys(r.handlers)), Holder: r.Node + "/" + ids.Next(), TTL: micros(r.Lease), Limit: limit, At: r.now(),
	}
	due := false
	err = r.Store.View(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.JobsDue(ctx, c.Kinds)
		return err
	})
	if err != nil || !due { // looking for jobs writes nothing
		return nil, err
	}
	err = r.Store.InTx(ctx, func(tx *store.Tx) (err error) {
		tx.System("jobs")
		out, err = tx.ClaimJobs(ctx, c)
		return err
	})
	return out, err
}

func (r *Runner) now() int64 { return r.Clock().UnixMicro() }

func micros(d time.Duration) int64 { return d.Microseconds() }

// do runs one job that was claimed.
func (r *Runner) do(stopped context.Context, j errata.Job) {
	ctx, end := context.WithCancelCause(stopped)
	w := &Work{runner: r, job: j, end: end}
	r.enter(w)
	defer r.leave(w)
	var beating sync.WaitGroup
	beating.Go(func() { r.keep(ctx, w) })
	result, err := r.handle(ctx, w)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = errors.Join(cause, err)
	}
	end(nil)
	beating.Wait()
	r.finish(stopped, w, result, err)
}

func (r *Runner) enter(w *Work) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running[w.job.ID] = w
}

func (r *Runner) leave(w *Work) {
	w.end(nil)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, w.job.ID)
}

// keep renews the claim until ctx ends.
func (r *Runner) keep(ctx context.Context, w *Work) {
	t := time.NewTicker(r.Lease / beats)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			w.beat(ctx)
		}
	}
}

// handle calls the handler. A panic is the end of the job, not of the program.
func (r *Runner) handle(ctx context.Context, w *Work) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("job %s: panic: %v\n%s", w.job.ID, p, debug.Stack())
		}
	}()
	if w.job.Cancel {
		return nil, ErrCancelled
	}
	if w.job.Attempts > maxAttempts {
		return nil, errata.E(errata.Unavailable, "It was begun ten times and never came to its end.", nil)
	}
	if err := r.Fail("jobs.claimed"); err != nil {
		return nil, err
	}
	return r.handlers[w.job.Kind](ctx, w)
}

// finish writes down how a job ended, or gives it back.
func (r *Runner) finish(stopped context.Context, w *Work, result any, err error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(stopped), endWithin)
	defer done()
	j, again := w.job, false
	j.FinishedAt = r.now()
	switch {
	case errors.Is(err, ErrLost):
		r.Log.WarnContext(ctx, "job lost to another process", slog.String("job", j.ID))
		return
	case errors.Is(err, ErrCancelled):
		j.State = errata.JobCancelled
	case err == nil:
		j.State = errata.JobDone
	case stopped.Err() != nil:
		again = true
	default:
		again = passes(err) && j.Attempts < maxAttempts
		j.State, j.Error = errata.JobFailed, errata.MessageOf(err)
		r.Log.WarnContext(ctx, "job failed", slog.String("job", j.ID), slog.String("kind", string(j.Kind)), slog.Bool("again", again), slog.Any("error", err))
	}
	var write error
	if again {
		write = r.release(ctx, j, stopped.Err() == nil)
	} else {
		write = r.end(ctx, j, result)
	}
	if write != nil {
		r.Log.WarnContext(ctx, "end of a job not saved", slog.String("job", j.ID), slog.Any("error", write))
	}
}

// passes says whether trying later may help.
func passes(err error) bool {
	code := errata.CodeOf(err)
	return code == errata.Unavailable || code == errata.SlowDown
}

// release gives a job back; counted: for what went wrong, so it waits.
func (r *Runner) release(ctx context.Context, j errata.Job, counted bool) error {
	delay := time.Duration(0)
	if counted {
		delay = min(firstDelay<<(j.Attempts-1), mostDelay)
	}
	return r.Store.InTx(ctx, func(tx *store.Tx) error {
		tx.System("jobs")
		return tx.ReleaseJob(ctx, j.LeasedBy, j.ID, micros(delay), counted)
	})
}

func (r *Runner) end(ctx context.Context, j errata.Job, result any) error {
	if result != nil {
		raw, err := json.Marshal(result)
		if err != nil {
			return err
		}
		j.Result = raw
	}
	return r.Store.InTx(ctx, func(tx *store.Tx) error {
		tx.System("jobs")
		held, err := tx.FinishJob(ctx, j.LeasedBy, j)
		if err == nil && !held {
			err = ErrLost
		}
		return err
	})
}
