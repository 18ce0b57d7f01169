package jobs_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/jobs"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

var anna = errata.Actor{Kind: errata.ActorUser, ID: "u-anna", Via: "session", Active: true}

// runner returns one whose claims hold only a moment.
func runner(s *store.Store, node string) *jobs.Runner { return holding(s, node, 300*time.Millisecond) }

// holding returns a runner whose claims hold so long.
func holding(s *store.Store, node string, lease time.Duration) *jobs.Runner {
	return jobs.New(jobs.Options{Store: s, Clock: time.Now, Log: slog.New(slog.DiscardHandler), Node: node, Lease: lease, Poll: 20 * time.Millisecond})
}

// start runs r until the end of the test, or until stop is called.
func start(t *testing.T, r *jobs.Runner) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func add(t *testing.T, s *store.Store, all ...errata.Job) {
	t.Helper()
	for _, j := range all {
		err := s.InTx(t.Context(), func(tx *store.Tx) error {
			tx.System("test")
			return tx.AddJob(t.Context(), j)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func job(id, owner string) errata.Job {
	return errata.Job{ID: id, Kind: errata.JobExport, OwnerID: owner, Total: -1, CreatedAt: time.Now().UnixMicro()}
}

// over waits until a job is over.
func over(t *testing.T, s *store.Store, id string) errata.Job {
	t.Helper()
	return until(t, s, id, func(j errata.Job) bool { return j.State.Over() })
}

func until(t *testing.T, s *store.Store, id string, is func(errata.Job) bool) (j errata.Job) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.View(ctx, func(tx *store.Tx) (err error) {
			j, err = tx.JobByID(ctx, id)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if is(j) {
			return j
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("job %s is %s, attempt %d", id, j.State, j.Attempts)
		}
	}
}

func TestRunnersDoEveryJobOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var mu sync.Mutex
		done := map[string]int{}
		for n := range 3 {
			r := holding(s, fmt.Sprintf("n%d", n), time.Minute) // on a busy machine a short claim runs out
			r.Handle(errata.JobExport, func(ctx context.Context, w *jobs.Work) (any, error) {
				mu.Lock()
				done[w.Job().ID]++
				mu.Unlock()
				return map[string]int{"rows": 7}, w.Save(ctx, "end", 7, 7)
			})
			start(t, r)
		}
		for i := range 8 {
			add(t, s, job(fmt.Sprintf("j%d", i), fmt.Sprintf("u%d", i)))
		}
		for i := range 8 {
			id := fmt.Sprintf("j%d", i)
			j := over(t, s, id)
			if j.State != errata.JobDone || string(j.Result) != `{"rows":7}` || j.Done != 7 || j.Total != 7 || j.Cursor != "end" || j.FinishedAt == 0 || j.LeasedBy != "" {
				t.Errorf("%+v", j)
			}
			mu.Lock()
			if done[id] != 1 {
				t.Errorf("%s was done %d times", id, done[id])
			}
			mu.Unlock()
		}
	})
}

// A process that died holds its jobs no longer than its claim; the next goes on
// from the cursor, and the dead one, should it wake up, writes nothing more.
func TestTakeover(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		add(t, s, job("j1", anna.ID))
		var dead []errata.Job
		err := s.InTx(ctx, func(tx *store.Tx) (err error) {
			tx.System("test")
			if dead, err = tx.ClaimJobs(ctx, store.Claim{Kinds: []errata.JobKind{errata.JobExport}, Holder: "dead/1", TTL: 200_000, Limit: 4, At: 1}); err != nil {
				return err
			}
			_, _, err = tx.SaveJob(ctx, "j1", "dead/1", 200_000, &store.JobProgress{Cursor: "half", Done: 5, Total: 10})
			return err
		})
		if err != nil || len(dead) != 1 {
			t.Fatal(dead, err)
		}
		r, from := runner(s, "next"), make(chan errata.Job, 1)
		r.Handle(errata.JobExport, func(_ context.Context, w *jobs.Work) (any, error) {
			from <- w.Job()
			return nil, nil
		})
		start(t, r)
		j := over(t, s, "j1")
		if got := <-from; got.Cursor != "half" || got.Done != 5 || got.Total != 10 || got.Attempts != 2 {
			t.Errorf("it began with %+v", got)
		}
		if j.State != errata.JobDone || j.StartedAt != 1 {
			t.Errorf("%+v", j)
		}
		err = s.InTx(ctx, func(tx *store.Tx) error {
			tx.System("test")
			held, _, err := tx.SaveJob(ctx, "j1", "dead/1", 200_000, &store.JobProgress{Cursor: "late"})
			if err != nil || held {
				t.Errorf("the dead one saved: %v %v", held, err)
			}
			ended, err := tx.FinishJob(ctx, "dead/1", errata.Job{ID: "j1", State: errata.JobFailed})
			if err != nil || ended {
				t.Errorf("the dead one ended it: %v %v", ended, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// A claim is renewed as long as its handler lives, however long one step takes.
func TestClaimsAreRenewed(t *testing.T) {
	s := storetest.SQLite(t)
	release, began := make(chan struct{}), make(chan struct{}, 9)
	for _, node := range []string{"a", "b"} {
		r := runner(s, node)
		r.Handle(errata.JobExport, func(context.Context, *jobs.Work) (any, error) {
			began <- struct{}{}
			<-release
			return nil, nil
		})
		start(t, r)
	}
	add(t, s, job("j1", anna.ID))
	<-began
	first := until(t, s, "j1", func(errata.Job) bool { return true })
	until(t, s, "j1", func(j errata.Job) bool { return j.LeaseUntil > first.LeaseUntil+600_000 }) // twice as long as a claim holds
	close(release)
	if j := over(t, s, "j1"); j.Attempts != 1 || len(began) != 0 {
		t.Errorf("%d attempts, begun %d times more", j.Attempts, len(began))
	}
}

func TestCancel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		r, began := runner(s, "a"), make(chan struct{})
		r.Handle(errata.JobExport, func(ctx context.Context, w *jobs.Work) (any, error) {
			if err := w.Save(ctx, "1", 1, 2); err != nil {
				return nil, err
			}
			close(began)
			<-ctx.Done()
			return map[string]int{"rows": 1}, ctx.Err()
		})
		add(t, s, job("waits", anna.ID))
		if err := r.Cancel(ctx, anna, "waits"); err != nil {
			t.Fatal(err)
		}
		if j := over(t, s, "waits"); j.State != errata.JobCancelled || j.FinishedAt == 0 {
			t.Errorf("%+v", j)
		}
		add(t, s, job("runs", anna.ID))
		start(t, r)
		<-began
		elsewhere := runner(s, "b") // cancels what runs in another process
		other := errata.Actor{Kind: errata.ActorUser, ID: "u-bob", Active: true}
		if err := elsewhere.Cancel(ctx, other, "runs"); errata.CodeOf(err) != errata.NotFound {
			t.Errorf("somebody else: %v", err)
		}
		if err := elsewhere.Cancel(ctx, anna, "runs"); err != nil {
			t.Fatal(err)
		}
		if j := over(t, s, "runs"); j.State != errata.JobCancelled || j.Done != 1 || string(j.Result) != `{"rows":1}` {
			t.Errorf("%+v", j)
		}
		if _, err := r.Job(ctx, other, "runs"); errata.CodeOf(err) != errata.NotFound {
			t.Errorf("somebody else reads it: %v", err)
		}
		all, err := r.Mine(ctx, anna)
		if err != nil || len(all) != 2 || all[0].ID != "runs" {
			t.Errorf("%v %v", all, err)
		}
	})
}

func TestHowJobsEnd(t *testing.T) {
	away := errata.E(errata.Unavailable, "The engine does not answer.", nil)
	tests := map[string]struct {
		err   error
		panic bool
		state errata.JobState
		why   string
	}{
		"refused":  {err: errata.E(errata.Forbidden, "You may not.", nil), state: errata.JobFailed, why: "You may not."},
		"stranger": {err: fmt.Errorf("secret"), state: errata.JobFailed, why: "Something broke on our side."},
		"panic":    {panic: true, state: errata.JobFailed, why: "Something broke on our side."},
		"passes":   {err: away, state: errata.JobQueued},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			s := storetest.SQLite(t)
			r := runner(s, "a")
			r.Handle(errata.JobExport, func(context.Context, *jobs.Work) (any, error) {
				if c.panic {
					panic("oh")
				}
				return nil, c.err
			})
			add(t, s, job("j", anna.ID))
			start(t, r)
			j := until(t, s, "j", func(j errata.Job) bool { return j.State != errata.JobRunning && j.Attempts == 1 })
			if j.State != c.state || j.Error != c.why {
				t.Errorf("%s: %q", j.State, j.Error)
			}
			if c.state == errata.JobQueued && j.RunAfter <= j.CreatedAt+4_000_000 {
				t.Error("it is tried again at once")
			}
		})
	}
}

// Stopping the program gives the job back at once, and it counts as no attempt.
func TestStopGivesBack(t *testing.T) {
	s := storetest.SQLite(t)
	r, began := runner(s, "a"), make(chan struct{})
	r.Handle(errata.JobExport, func(ctx context.Context, w *jobs.Work) (any, error) {
		if err := w.Save(ctx, "3", 3, 9); err != nil {
			return nil, err
		}
		close(began)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	add(t, s, job("j", anna.ID))
	stop := start(t, r)
	<-began
	stop()
	if j := until(t, s, "j", func(errata.Job) bool { return true }); j.State != errata.JobQueued || j.Cursor != "3" || j.Attempts != 0 {
		t.Errorf("%+v", j)
	}
}

func TestLimits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		try := func(id, owner string) string {
			return errata.ReasonOf(s.InTx(t.Context(), func(tx *store.Tx) error {
				tx.System("test")
				j := job(id, owner)
				j.Kind = errata.JobBulk
				return tx.AddJob(t.Context(), j)
			}))
		}
		for i, c := range []struct{ owner, want string }{
			{"u1", ""}, {"u1", "too_many_jobs"}, {"u2", ""}, {"u3", ""}, {"u4", ""}, {"u5", "too_many_jobs"},
		} {
			if got := try(fmt.Sprintf("j%d", i), c.owner); got != c.want {
				t.Errorf("%d: %q, want %q", i, got, c.want)
			}
		}
	})
}

func TestSweep(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		for _, id := range []string{"kept", "old", "expired"} {
			j := job(id, "u-"+id)
			if id == "expired" {
				j.ExpiresAt = 50
			}
			add(t, s, j)
			at := int64(100)
			if id == "kept" {
				at = 2000
			}
			if err := s.InTx(ctx, func(tx *store.Tx) error { tx.System("test"); return tx.CancelJob(ctx, id, at) }); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			if err := s.InTx(ctx, func(tx *store.Tx) error {
				tx.System("test")
				_, err := tx.SweepJobs(ctx, 1000, 1000)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		for id, want := range map[string]errata.Code{"kept": "", "old": errata.NotFound, "expired": errata.NotFound} {
			err := s.View(ctx, func(tx *store.Tx) error { _, err := tx.JobByID(ctx, id); return err })
			if errata.CodeOf(err) != want {
				t.Errorf("%s: %v", id, err)
			}
		}
	})
}
