package elastic

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"errata/internal/search/searchtest"
)

// goals are the lines of the table of performance goals that this engine
// answers for. The table has none for twenty people.
var goals = map[string]searchtest.Goal{
	"issue_list": {One: 300}, "issue_tags": {One: 100}, "words": {One: 80}, "rare_word": {One: 40}, "facets": {One: 150}, "facets_again": {One: 150},
	"chart": {One: 50}, "chart_cold": {One: 1500}, "chart_of_half": {One: 50}, "top_issues": {One: 80}, "top_issues_cold": {One: 1500},
	"issue_events": {One: 80}, "get": {One: 20},
}

// loaded returns an engine with the events of the benchmarks. Its indices are
// filled once, and found again by later runs on the same cluster. As at night,
// all days but the newest are sealed.
func loaded(b *testing.B) *Engine {
	b.Helper()
	n := searchtest.LoadEvents(b)
	e, err := Open(b.Context(), Options{
		URLs: []string{address(b, "ERRATA_TEST_ES_URL")}, Prefix: fmt.Sprintf("bench-v%d-%d", schemaVersion, n), Clock: time.Now,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { e.Close() })
	forgetArrivals(b, e)
	if stored(b, e) != int64(n) {
		began := time.Now()
		if err := searchtest.FillLoad(b.Context(), e, n); err != nil {
			b.Fatal(err)
		}
		b.Logf("filled with %d events in %v", n, time.Since(began).Round(time.Second))
		sealDays(b, e)
	}
	if got := stored(b, e); got != int64(n) {
		b.Fatalf("%d events are stored, want %d", got, n)
	}
	return e
}

func stored(b *testing.B, e *Engine) int64 {
	b.Helper()
	if err := e.Refresh(b.Context()); err != nil {
		b.Fatal(err)
	}
	s, err := e.Stats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return s.Events
}

// sealDays seals every day but the newest, and waits until the cluster has
// done it.
func sealDays(b *testing.B, e *Engine) {
	b.Helper()
	for day := searchtest.LoadEnd.AddDate(0, 0, -30); day.Before(searchtest.LoadEnd.AddDate(0, 0, -1)); day = day.AddDate(0, 0, 1) {
		waitFor(b, 2*quiet, func() (bool, error) { return e.Seal(b.Context(), day) })
	}
	waitFor(b, sealLimit, func() (bool, error) {
		var answer struct {
			Nodes map[string]any `json:"nodes"`
		}
		err := e.client.do(b.Context(), esapi.TasksListRequest{Actions: []string{"*forcemerge*"}}, &answer)
		return len(answer.Nodes) == 0, err
	})
}

// waitFor asks every second until something is so.
func waitFor(tb testing.TB, limit time.Duration, is func() (bool, error)) {
	tb.Helper()
	tick, late := time.NewTicker(time.Second), time.After(limit)
	defer tick.Stop()
	for {
		done, err := is()
		if err != nil {
			tb.Fatal(err)
		}
		if done {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			tb.Fatal("not within", limit)
		}
	}
}

// forgetArrivals removes what BenchmarkUsers stores beside the events.
func forgetArrivals(b *testing.B, e *Engine) {
	b.Helper()
	lenient := true
	name := indexName(e.o.Prefix, 30, searchtest.LoadEnd.UnixMicro())
	if err := e.client.do(b.Context(), esapi.IndicesDeleteRequest{Index: []string{name}, IgnoreUnavailable: &lenient}, nil); err != nil {
		b.Fatal(err)
	}
}

func measured(b *testing.B, e *Engine) *searchtest.Measured {
	b.Helper()
	return &searchtest.Measured{
		Engine: e, Newest: searchtest.NewestLoad(b, e), Goals: goals, Slides: true, Exported: 10_000, ExportGoal: 3000,
		CPU: func() time.Duration { return cpuTime(b, e) },
		Forget: func() {
			e.answers.forget()
			if err := e.client.do(b.Context(), esapi.IndicesClearCacheRequest{Index: []string{e.o.Prefix + "-events-r*"}}, nil); err != nil {
				b.Error(err)
			}
		},
	}
}

// cpuTime is what this process and the cluster's node have used.
func cpuTime(b *testing.B, e *Engine) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	var answer struct {
		Nodes map[string]struct {
			Process struct {
				CPU struct {
					Millis int64 `json:"total_in_millis"`
				} `json:"cpu"`
			} `json:"process"`
		} `json:"nodes"`
	}
	if err := e.client.do(b.Context(), esapi.NodesStatsRequest{Metric: []string{"process"}}, &answer); err != nil {
		b.Fatal(err)
	}
	all := time.Duration(u.Utime.Nano() + u.Stime.Nano())
	for _, n := range answer.Nodes {
		all += time.Duration(n.Process.CPU.Millis) * time.Millisecond
	}
	return all
}

// BenchmarkGoals measures the lines for one reader. Read p95-ms against goal-ms;
// cpu-ms/op is that of the cluster too.
func BenchmarkGoals(b *testing.B) {
	e := loaded(b)
	measured(b, e).One(b)
}

// BenchmarkUsers is twenty people beside 300 events per second.
func BenchmarkUsers(b *testing.B) {
	e := loaded(b)
	defer forgetArrivals(b, e)
	measured(b, e).Users(b)
}

// BenchmarkReady opens the engine and asks for the newest events: how long a
// restart takes, beside a cluster that runs.
func BenchmarkReady(b *testing.B) {
	o := loaded(b).o
	r := searchtest.Ask(b, "", searchtest.LoadEnd, 30)
	for b.Loop() {
		e, err := Open(b.Context(), o)
		if err != nil {
			b.Fatal(err)
		}
		if res, err := e.Search(b.Context(), r); err != nil || len(res.Hits) != r.Size {
			b.Fatal(res, err)
		}
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
