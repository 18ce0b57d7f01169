package embedded

import (
	"context"
	"syscall"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/search/searchtest"
)

// BenchmarkIndex stores 4 KB events durably in batches of 512: the hot path of
// the product. cpu-µs/event is the figure to keep below 284.
func BenchmarkIndex(b *testing.B) {
	e, err := Open(b.Context(), Options{Dir: b.TempDir(), Clock: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	load, at := searchtest.NewLoad(1), time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	const batch = 512
	bytes, events := 0, 0
	var busy time.Duration
	var cpu time.Duration
	for b.Loop() {
		docs := make([]search.Doc, batch)
		for i := range docs {
			at = at.Add(10 * time.Millisecond)
			docs[i] = load.Next(at)
			bytes += len(docs[i].Payload)
		}
		events += batch
		c, t := cpuTime(), time.Now()
		if _, err := e.Index(context.Background(), docs); err != nil {
			b.Fatal(err)
		}
		busy, cpu = busy+time.Since(t), cpu+cpuTime()-c
	}
	st, err := e.Stats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(events)/busy.Seconds(), "events/s")
	b.ReportMetric(float64(cpu.Microseconds())/float64(events), "cpu-µs/event")
	b.ReportMetric(float64(bytes)/float64(events), "payload-B/event")
	b.ReportMetric(float64(st.Bytes)/float64(events), "disk-B/event")
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSearch reads from ERRATA_BENCH_EVENTS events (20,000) of 30 days.
func BenchmarkSearch(b *testing.B) {
	e, newest := filled(b, searchtest.LoadEvents(b))
	for _, c := range benchSearches(b, newest) {
		b.Run(c.name, func(b *testing.B) {
			began := cpuTime()
			for b.Loop() {
				if _, err := e.Search(b.Context(), c.r); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpuTime()-began).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
	b.Run("get", func(b *testing.B) {
		for b.Loop() {
			if _, err := e.Get(b.Context(), search.Scope{All: true}, errata.Ref{Project: newest.Project, EventID: newest.EventID, Time: newest.Time}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

type benchSearch struct {
	name string
	r    search.Request
}

// benchSearches are the searches of the pages. "schema" hits an eighth of the
// events, "gateway" half of them, mostly by a frame.
func benchSearches(b *testing.B, newest search.Doc) []benchSearch {
	b.Helper()
	ask := func(q string, days int, aggs ...search.Agg) search.Request {
		return searchtest.Ask(b, q, searchtest.LoadEnd, days, aggs...)
	}
	key := func(name string) querylang.Key { return querylang.Key{Name: name} }
	terms := func(k querylang.Key, n int, sub ...search.Agg) search.Agg {
		return search.Agg{Name: "t" + k.Name, Kind: search.Terms, Key: k, Size: n, Sub: sub}
	}
	chart := search.Agg{Name: "h", Kind: search.Histogram, Interval: "12h", Sub: []search.Agg{terms(key("severity"), 4)}}
	people := search.Agg{Name: "people", Kind: search.Cardinality, Key: key("user")}
	issue, project := ask("", 30), ask("", 30)
	issue.Query = &querylang.Leaf{Key: key("issue"), Values: []querylang.Value{{Text: newest.Issue}}}
	project.Scope = search.Scope{Projects: []string{"3"}}
	issue.Scope = search.Scope{Projects: []string{newest.Project}}
	return []benchSearch{
		{"newest", ask("", 30)},
		{"one_project", project},
		{"issue", issue},
		{"common_word", ask("schema", 30)},
		{"half_of_all", ask("gateway", 30)},
		{"rare_word", ask("schema 4711", 30)},
		{"phrase", ask(`"deadlock detected"`, 30)},
		{"tag", ask("tags[tenant]:t0042", 30)},
		{"frame_wildcard", ask("frame:*/ledger/*", 30)},
		{"words_and_filters", ask("schema env:production level:error type:*Timeout*", 30)},
		{"nothing", ask("!env:production,staging,development", 30)},
		{"chart_30d", ask("schema", 30, chart)},
		{"chart_30d_half", ask("gateway", 30, chart)},
		{"top_issues_7d", ask("env:production", 7, terms(key("issue"), 10, people))},
		{"issue_set", ask("schema", 30, terms(key("issue"), search.MaxTerms))},
		{"people_30d", ask("", 30, people)},
		{"facets", ask("schema", 30, terms(key("os"), 10), terms(querylang.Key{Name: "tags", Arg: "region"}, 10))},
	}
}
