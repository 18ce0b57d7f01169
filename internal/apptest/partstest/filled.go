//go:build unix

package partstest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"errata/internal/errata"
	"errata/internal/normalize"
	"errata/internal/pipeline"
	"errata/internal/queue"
	"errata/internal/search/embedded"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// FilledNow is when the events of Filled end: they are of the 30 days before.
var FilledNow = time.Date(2026, 11, 20, 10, 23, 45, 0, time.UTC)

// FilledIssues and FilledServices are how many issues and services Filled makes.
const (
	FilledIssues   = 2000
	FilledServices = 8
)

// FilledClock stands still.
func FilledClock() time.Time { return FilledNow }

// Filled returns the data directory of a product with many events on the
// default stores. It is made once and kept in the folder for temporary files.
func Filled(b *testing.B, events int) (dir string) {
	b.Helper()
	dir = filepath.Join(os.TempDir(), fmt.Sprintf("errata-bench-%d", events)) //nolint:usetesting // kept for the next run
	done := filepath.Join(dir, "done")
	if _, err := os.Stat(done); err == nil {
		return dir
	}
	if err := os.RemoveAll(dir); err != nil {
		b.Fatal(err)
	}
	if err := fillIn(b, dir, events); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		b.Fatal(err)
	}
	return dir
}

// fillIn runs the worker over the events.
func fillIn(b *testing.B, dir string, events int) error {
	b.Helper()
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	s, err := store.Open(ctx, store.Options{Path: filepath.Join(dir, "errata.db"), Clock: FilledClock, Decide: storetest.Decide, Log: log})
	if err != nil {
		return err
	}
	e, err := embedded.Open(ctx, embedded.Options{Dir: filepath.Join(dir, "events"), Clock: FilledClock, Log: log})
	if err != nil {
		return err
	}
	q, err := queue.Open(ctx, queue.Options{DataDir: dir, MaxBytes: 256 << 20, Log: log})
	if err != nil {
		return err
	}
	w := pipeline.New(pipeline.Options{Store: s, Queue: q, Engine: e, Clock: FilledClock, Log: log, Metrics: prometheus.NewRegistry(), DataDir: dir})
	run, cancel := context.WithCancel(ctx)
	stopped := make(chan error, 1)
	go func() { stopped <- w.Run(run) }()
	publish(b, s, q, events)
	cancel()
	return errors.Join(<-stopped, q.Close(), e.Close(), s.Close())
}

// publish sends events as intake would, Zipf over the issues, in batches of 500.
func publish(b *testing.B, s *store.Store, q *queue.Queue, events int) {
	b.Helper()
	var projects []errata.Project
	err := s.InTx(context.Background(), func(tx *store.Tx) error {
		tx.System("bench")
		for i := range FilledServices {
			p, err := tx.CreateProject(context.Background(), errata.Project{Slug: fmt.Sprintf("service-%d", i), Name: "Service", CreatedBy: "1"})
			if err != nil {
				return err
			}
			projects = append(projects, p)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(r, 1.1, 8, FilledIssues-1)
	for n := 0; n < events; {
		batch := queue.Batch{ID: fmt.Sprintf("batch-%d", n)}
		for ; len(batch.Entries) < 500 && n < events; n++ {
			kind := int(zipf.Uint64())
			if n < FilledIssues {
				kind = n // each issue once
			}
			batch.Entries = append(batch.Entries, filledEntry(b, projects[kind%len(projects)], n, kind, r))
		}
		waiting(b, q, 50)
		if err := q.Publish(context.Background(), queue.Events, batch.ID, queue.Encode(batch), len(batch.Entries)); err != nil {
			b.Fatal(err)
		}
	}
	waiting(b, q, 0)
}

// waiting returns when at most so many messages wait.
func waiting(b *testing.B, q *queue.Queue, most uint64) {
	b.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if st, err := q.State(context.Background(), queue.Events); err != nil {
			b.Fatal(err)
		} else if st.Messages <= most {
			return
		}
	}
}

func filledEntry(b *testing.B, p errata.Project, n, kind int, r *rand.Rand) queue.Entry {
	b.Helper()
	e := Event{
		ID: EventID(n + 1), Type: fmt.Sprintf("Kind%dError", kind), User: fmt.Sprintf("u-%d", r.IntN(20_000)),
		Message: fmt.Sprintf("%s of backend %d failed", []string{"timeout", "refusal", "rollback"}[r.IntN(3)], r.IntN(50)), Release: fmt.Sprintf("shop@1.%d.0", r.IntN(8)),
		Env: []string{"production", "production", "staging", "dev"}[r.IntN(4)], Level: []string{"fatal", "error", "error", "warning"}[r.IntN(4)],
		Time: FilledNow.Add(-time.Duration(r.Int64N(int64(30*24*time.Hour - time.Minute)))),
	}
	ev, err := normalize.Sentry(e.Payload(FilledClock), normalize.Input{Project: p, KeyKind: errata.KeyPublic, Received: FilledNow, SentAt: FilledNow})
	if err != nil {
		b.Fatal(err)
	}
	normalize.UserTerms(ev, Secret, "")
	normalize.Derive(ev, p, errata.KeyPublic)
	payload, err := normalize.Encode(ev)
	if err != nil {
		b.Fatal(err)
	}
	return queue.Entry{ProjectID: p.ID, Category: errata.CategoryError, Payload: payload, Bytes: int64(len(payload))}
}

// Measured runs one op after the other and reports the middle and the 95th of a
// hundred, and the time of processors, which other work beside hardly changes.
func Measured(b *testing.B, op func(i int) error) {
	b.Helper()
	var took []time.Duration
	before := processors()
	for i := 0; b.Loop(); i++ {
		began := time.Now()
		if err := op(i); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	b.ReportMetric(float64((processors()-before).Microseconds())/1000/float64(len(took)), "cpu-ms")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
}

func processors() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
