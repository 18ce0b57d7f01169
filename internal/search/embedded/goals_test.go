package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/search/searchtest"
)

// goal is a line of the table of performance goals: what a page asks the
// engine, how many ms the slowest of twenty may take, for one reader and for
// twenty people, and how often people ask it.
type goal struct {
	name     string
	one, all float64
	often    int // how many of a hundred clicks ask it
	ask      func(ctx context.Context, e *Engine) error
}

// goals are the lines that this engine answers for.
func goals(b *testing.B, newest search.Doc) []goal {
	b.Helper()
	find := func(r search.Request) func(context.Context, *Engine) error {
		return func(ctx context.Context, e *Engine) error {
			res, err := e.Search(ctx, r)
			if err == nil && len(res.Gaps) > 0 {
				err = search.Torn(res.Gaps[0])
			}
			return err
		}
	}
	terms := func(name string, n int, sub ...search.Agg) search.Agg {
		k := querylang.Key{Name: name}
		if tag, ok := strings.CutPrefix(name, "tags."); ok {
			k = querylang.Key{Name: "tags", Arg: tag}
		}
		return search.Agg{Name: name, Kind: search.Terms, Key: k, Size: n, Sub: sub}
	}
	people := search.Agg{Name: "people", Kind: search.Cardinality, Key: querylang.Key{Name: "user"}}
	chart := search.Agg{Name: "chart", Kind: search.Histogram, Interval: "12h", Sub: []search.Agg{terms("severity", 4)}}
	facets := []search.Agg{}
	for _, k := range []string{"env", "release", "type", "os", "browser", "host", "tags.region", "tags.tenant", search.HasKey} {
		a := terms(k, 10)
		a.Newest = true
		facets = append(facets, a)
	}
	is := asks(b, "", 30)
	is.Query = &querylang.Leaf{Key: querylang.Key{Name: "issue"}, Values: []querylang.Value{{Text: newest.Issue}}}
	is.Scope = search.Scope{Projects: []string{newest.Project}}
	tags := is
	tags.Size, tags.Aggs = 0, []search.Agg{terms("os", 5), terms("browser", 5), terms("tags.region", 5)}
	ref := errata.Ref{Project: newest.Project, EventID: newest.EventID, Time: newest.Time, Class: newest.Class}
	return []goal{
		{"issue_list", 300, 600, 15, find(asks(b, commonWord+" env:production level:error,fatal,warning !os:iOS", 30, terms("issue", search.MaxTerms)))},
		{"issue_tags", 100, 300, 10, find(tags)},
		{"words", 150, 400, 10, find(asks(b, commonWord, 30))},
		{"rare_word", 20, 60, 10, find(asks(b, "schema 4711", 30))},
		{"facets", 200, 400, 4, func(ctx context.Context, e *Engine) error {
			for _, p := range e.snapshot() { // nobody has looked at these events before
				e.faces.forget(p)
			}
			return find(asks(b, commonWord, 30, facets...))(ctx, e)
		}},
		{"facets_again", 200, 400, 8, find(asks(b, commonWord, 30, facets...))},
		{"chart", 400, 1000, 4, find(asks(b, commonWord, 30, chart))},
		{"chart_of_half", 400, 1000, 2, find(asks(b, "env:production", 30, chart))},
		{"top_issues", 700, 1500, 4, find(asks(b, "env:production", 7, terms("issue", 10, people)))},
		{"issue_events", 10, 30, 13, find(is)},
		{"get", 5, 20, 20, func(ctx context.Context, e *Engine) error {
			_, err := e.Get(ctx, search.Scope{All: true}, ref)
			return err
		}},
	}
}

// commonWord stands in a tenth of the events.
const commonWord = "rate"

// asks makes the request of a query over so many days: a page of 50 with its
// total, or aggregations.
func asks(b *testing.B, q string, days int, aggs ...search.Agg) search.Request {
	b.Helper()
	x, _, err := querylang.Parse(q)
	if err == nil {
		x, err = querylang.Bind(x, querylang.Env{Now: benchEnd})
	}
	if err != nil {
		b.Fatal(err)
	}
	r := search.Request{Scope: search.Scope{All: true}, Query: x, From: benchEnd.AddDate(0, 0, -days), To: benchEnd, Size: 50, TotalUpTo: 10_000, Aggs: aggs}
	if len(aggs) > 0 {
		r.Size, r.TotalUpTo = 0, 0
	}
	return r
}

// BenchmarkGoals measures the lines for one reader. Read p95-ms against goal-ms.
func BenchmarkGoals(b *testing.B) {
	e, newest := filled(b, benchEvents(b))
	for _, g := range goals(b, newest) {
		b.Run(g.name, func(b *testing.B) {
			var took []time.Duration
			cpu := cpuTime()
			for b.Loop() {
				began := time.Now()
				if err := g.ask(b.Context(), e); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			b.ReportMetric(p95(took), "p95-ms")
			b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/1000/float64(b.N), "cpu-ms/op")
			b.ReportMetric(g.one, "goal-ms")
		})
	}
	b.Run("export", func(b *testing.B) { export(b, e) })
	b.Run("disk", func(b *testing.B) {
		for b.Loop() {
			st, err := e.Stats(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(st.Bytes)/float64(st.Events), "B/event")
		}
	})
}

// p95 is the time that nineteen of twenty did not exceed, in ms.
func p95(took []time.Duration) float64 {
	slices.Sort(took)
	if len(took) == 0 {
		return 0
	}
	return float64(took[(len(took)*19-1)/20].Microseconds()) / 1000
}

var errEnough = errors.New("enough")

// export reads 200,000 events with their payload.
func export(b *testing.B, e *Engine) {
	n, busy := 0, time.Duration(0)
	for b.Loop() {
		read, began := 0, time.Now()
		err := e.Scan(b.Context(), search.ScanRequest{Scope: search.Scope{All: true}, Fields: search.FieldsFull}, func(h *search.Hit) error {
			if read++; read == 200_000 {
				return errEnough
			}
			_, err := io.Discard.Write(h.Payload)
			return err
		})
		if err != nil && !errors.Is(err, errEnough) {
			b.Fatal(err)
		}
		n, busy = n+read, busy+time.Since(began)
	}
	b.ReportMetric(float64(n)/busy.Seconds(), "events/s")
	b.ReportMetric(20_000, "goal-events/s")
}

// BenchmarkUsers is twenty people who each open one of the pages every three
// seconds while 300 events arrive per second, for ERRATA_BENCH_SECONDS (60).
func BenchmarkUsers(b *testing.B) {
	seconds := 60
	if s := os.Getenv("ERRATA_BENCH_SECONDS"); s != "" {
		var err error
		if seconds, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	base, newest := filled(b, benchEvents(b))
	e := twin(b, base)
	lines := goals(b, newest)
	for b.Loop() {
		ctx, cancel := context.WithTimeout(b.Context(), time.Duration(seconds)*time.Second)
		var group sync.WaitGroup
		group.Go(func() { arrive(b, ctx, e) })
		took, busy := make([][]time.Duration, len(lines)), 0
		var mu sync.Mutex
		for u := range 20 {
			group.Go(func() {
				r := rand.New(rand.NewPCG(uint64(u), 5))
				every(ctx, 3*time.Second, time.Duration(r.Int64N(int64(3*time.Second))), func() {
					i := clicked(r.IntN(100), lines)
					began := time.Now()
					err := lines[i].ask(b.Context(), e)
					mu.Lock()
					defer mu.Unlock()
					took[i] = append(took[i], time.Since(began))
					if errata.CodeOf(err) == errata.SlowDown || errata.ReasonOf(err) == search.ReasonTimeout {
						busy++
					} else if err != nil {
						b.Errorf("%s: %v", lines[i].name, err)
					}
				})
			})
		}
		group.Wait()
		cancel()
		b.ReportMetric(float64(busy), "refused-or-late")
		for i, g := range lines {
			b.ReportMetric(p95(took[i]), fmt.Sprintf("%s-p95-ms(≤%.0f,n=%d)", g.name, g.all, len(took[i])))
		}
	}
}

// clicked returns the line of a number below 100.
func clicked(n int, lines []goal) int {
	for i := range lines {
		if n -= lines[i].often; n < 0 {
			return i
		}
	}
	return len(lines) - 1
}

// every calls fn now and then until ctx ends, the first time after a delay.
func every(ctx context.Context, step, delay time.Duration, fn func()) {
	t := time.NewTimer(delay)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			next := time.Now().Add(step)
			fn()
			t.Reset(time.Until(next))
		}
	}
}

// arrive stores 300 events a second, of the day that follows the others.
func arrive(b *testing.B, ctx context.Context, e *Engine) {
	load, at, n := searchtest.NewLoad(2), benchEnd, 0
	every(ctx, 200*time.Millisecond, 0, func() {
		docs := make([]search.Doc, 60)
		for i := range docs {
			at = at.Add(3 * time.Millisecond)
			docs[i] = load.Next(at)
		}
		if _, err := e.Index(b.Context(), docs); err != nil {
			b.Error(err)
		}
		n += len(docs)
	})
	b.Logf("%d events stored", n)
}

// twin opens a second store with the same events that may be written to: links
// to the files, and a copy of the newest.
func twin(b *testing.B, of *Engine) *Engine {
	b.Helper()
	parts := of.snapshot()
	dir := of.o.Dir + ".twin"
	if err := errors.Join(of.Close(), os.RemoveAll(dir), os.Mkdir(dir, 0o700)); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	for i, p := range parts {
		put := os.Link
		if i == len(parts)-1 {
			put = copyFile
		}
		if err := put(p.path, filepath.Join(dir, fileOf(p))); err != nil {
			b.Fatal(err)
		}
	}
	e, err := Open(b.Context(), Options{Dir: dir, Clock: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.Close() })
	return e
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// BenchmarkReady opens the store and asks for the newest events: how long a
// restart takes.
func BenchmarkReady(b *testing.B) {
	e, _ := filled(b, benchEvents(b))
	dir := e.o.Dir
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
	r := asks(b, "", 30)
	for b.Loop() {
		e, err := Open(b.Context(), Options{Dir: dir, Clock: time.Now})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := e.Search(b.Context(), r); err != nil {
			b.Fatal(err)
		}
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
