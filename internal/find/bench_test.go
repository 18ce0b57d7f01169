//go:build unix

package find_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/normalize"
	"errata/internal/pipeline"
	"errata/internal/queue"
	"errata/internal/search/embedded"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// benchNow is when the benchmarks take place; their events are of the 30 days before.
var benchNow = time.Date(2026, 11, 20, 10, 23, 45, 0, time.UTC)

const benchIssues = 2000

// filled is a product with many events on the default stores. It is made once
// and kept in the folder for temporary files.
type filled struct {
	find   *find.Service
	short  []string
	events int
}

var (
	fillLock sync.Mutex
	fills    = map[int]*filled{}
)

func fill(b *testing.B, events int) *filled {
	b.Helper()
	fillLock.Lock()
	defer fillLock.Unlock()
	if f := fills[events]; f != nil {
		return f
	}
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("errata-bench-find-%d", events)) //nolint:usetesting // kept for the next run
	done := filepath.Join(dir, "done")
	_, err := os.Stat(done)
	if err != nil {
		if err := os.RemoveAll(dir); err != nil {
			b.Fatal(err)
		}
	}
	clock := func() time.Time { return benchNow }
	log := slog.New(slog.DiscardHandler)
	s, serr := store.Open(context.Background(), store.Options{Path: filepath.Join(dir, "errata.db"), Clock: clock, Decide: storetest.Decide, Log: log})
	e, eerr := embedded.Open(context.Background(), embedded.Options{Dir: filepath.Join(dir, "events"), Clock: clock, Log: log})
	if serr != nil || eerr != nil {
		b.Fatal(serr, eerr)
	}
	f := &filled{events: events, find: find.New(find.Options{Store: s, Engine: e, Clock: clock, Decide: storetest.Decide, Log: log, UserSecret: partstest.Secret})}
	if err != nil {
		q, err := queue.Open(context.Background(), queue.Options{DataDir: dir, MaxBytes: 1 << 30, Log: log})
		if err != nil {
			b.Fatal(err)
		}
		w := pipeline.New(pipeline.Options{Store: s, Queue: q, Engine: e, Clock: clock, Log: log, Metrics: prometheus.NewRegistry(), DataDir: dir})
		ctx, cancel := context.WithCancel(context.Background())
		stopped := make(chan error, 1)
		go func() { stopped <- w.Run(ctx) }()
		f.make(b, s, q)
		cancel()
		if err := errors.Join(<-stopped, q.Close()); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(done, nil, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Optimize(context.Background()); err != nil {
		b.Fatal(err)
	}
	f.issues(b)
	fills[events] = f
	return f
}

// make sends events as intake would, Zipf over the issues, in batches of 500.
func (f *filled) make(b *testing.B, s *store.Store, q *queue.Queue) {
	b.Helper()
	var projects []errata.Project
	err := s.InTx(context.Background(), func(tx *store.Tx) error {
		tx.System("bench")
		for i := range 8 {
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
	zipf := rand.NewZipf(r, 1.1, 8, benchIssues-1)
	for n := 0; n < f.events; {
		batch := queue.Batch{ID: fmt.Sprintf("batch-%d", n)}
		for ; len(batch.Entries) < 500 && n < f.events; n++ {
			kind := int(zipf.Uint64())
			if n < benchIssues {
				kind = n // each issue once
			}
			batch.Entries = append(batch.Entries, benchEntry(b, projects[kind%len(projects)], n, kind, r))
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

func benchEntry(b *testing.B, p errata.Project, n, kind int, r *rand.Rand) queue.Entry {
	b.Helper()
	e := partstest.Event{
		ID: partstest.EventID(n + 1), Type: fmt.Sprintf("Kind%dError", kind), User: fmt.Sprintf("u-%d", r.IntN(20_000)),
		Message: fmt.Sprintf("%s of backend %d failed", []string{"timeout", "refusal", "rollback"}[r.IntN(3)], r.IntN(50)), Release: fmt.Sprintf("shop@1.%d.0", r.IntN(8)),
		Env: []string{"production", "production", "staging", "dev"}[r.IntN(4)], Level: []string{"fatal", "error", "error", "warning"}[r.IntN(4)],
		Time: benchNow.Add(-time.Duration(r.Int64N(int64(30*24*time.Hour - time.Minute)))),
	}
	clock := func() time.Time { return benchNow }
	ev, err := normalize.Sentry(e.Payload(clock), normalize.Input{Project: p, KeyKind: errata.KeyPublic, Received: benchNow, SentAt: benchNow})
	if err != nil {
		b.Fatal(err)
	}
	normalize.UserTerms(ev, partstest.Secret, "")
	normalize.Derive(ev, p, errata.KeyPublic)
	payload, err := normalize.Encode(ev)
	if err != nil {
		b.Fatal(err)
	}
	return queue.Entry{ProjectID: p.ID, Category: errata.CategoryError, Payload: payload, Bytes: int64(len(payload))}
}

func (f *filled) issues(b *testing.B) {
	b.Helper()
	q := find.IssueQuery{Range: find.Range{From: benchNow.AddDate(0, 0, -31), To: benchNow}, Size: 100}
	for {
		p, err := f.find.Issues(context.Background(), partstest.Reader, q)
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range p.Rows {
			f.short = append(f.short, r.ShortID())
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
	}
	if len(f.short) != benchIssues {
		b.Fatalf("%d issues", len(f.short))
	}
}

// measured runs one op after the other and reports the middle and the 95th of a
// hundred, and the time of processors, which other work beside hardly changes.
func measured(b *testing.B, op func(i int) error) {
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

var benchSizes = []struct {
	name   string
	events int
}{{"10k", 10_000}, {"200k", 200_000}}

// BenchmarkIssueList reads what the page of issues shows: list, chart with the
// period before, and what its filters offer.
func BenchmarkIssueList(b *testing.B) {
	for _, size := range benchSizes {
		f := fill(b, size.events)
		for _, tt := range []struct {
			name, q, sort string
			days          int
		}{
			{"day", "", "", 1},
			{"month", "", "", 30},
			{"month by priority", "", "priority", 30},
			{"month in staging", "env:staging", "", 30},
			{"week of one service", "service:service-3 is:unresolved", "", 7},
			{"words, day", "timeout", "", 1},
			{"words and three filters, month", "timeout backend env:production severity:P1 service:service-3", "", 30},
			{"words, month", "timeout", "", 30},
		} {
			b.Run(size.name+"/"+tt.name, func(b *testing.B) {
				over := find.Range{From: benchNow.AddDate(0, 0, -tt.days), To: benchNow}
				measured(b, func(int) error { return f.listPage(b.Context(), tt.q, tt.sort, over) })
			})
		}
	}
}

func (f *filled) listPage(ctx context.Context, q, sort string, over find.Range) error {
	var wg sync.WaitGroup
	var list, chart error
	wg.Go(func() {
		_, list = f.find.Issues(ctx, partstest.Reader, find.IssueQuery{Q: q, Range: over, Sort: sort})
	})
	wg.Go(func() {
		_, chart = f.find.Volume(ctx, partstest.Reader, find.VolumeQuery{Q: q, By: find.BySeverity, Range: over, Compare: true})
	})
	wg.Wait()
	if list != nil || chart != nil {
		return fmt.Errorf("list %w, chart %w", list, chart)
	}
	_, err := f.find.Choices(ctx, partstest.Reader, over)
	return err
}

// BenchmarkIssuePage reads what the page of one issue shows, of all issues in
// turn: head, trend and event with its neighbours.
func BenchmarkIssuePage(b *testing.B) {
	for _, size := range benchSizes {
		f := fill(b, size.events)
		for _, name := range []string{find.Recommended, find.First} {
			b.Run(size.name+"/"+name, func(b *testing.B) {
				measured(b, func(i int) error { return f.issuePage(b.Context(), f.short[i*7%len(f.short)], name) })
			})
		}
	}
}

func (f *filled) issuePage(ctx context.Context, id, event string) error {
	v, err := f.find.Issue(ctx, partstest.Reader, id)
	if err != nil {
		return err
	}
	if _, err := f.find.IssueTrend(ctx, v, time.UTC); err != nil {
		return err
	}
	return f.find.Event(ctx, partstest.Reader, v, event).Err
}
