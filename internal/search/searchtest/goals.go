package searchtest

import (
	"context"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

// LoadEnd is the end of the 30 days that a benchmark's events lie in.
var LoadEnd = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// LoadEvents is how many events the benchmarks search: ERRATA_BENCH_EVENTS
// (20,000).
func LoadEvents(b *testing.B) int {
	b.Helper()
	s := os.Getenv("ERRATA_BENCH_EVENTS")
	if s == "" {
		return 20_000
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1000 {
		b.Fatal("ERRATA_BENCH_EVENTS is no number from 1,000:", s)
	}
	return n
}

// FillLoad stores the n events that the benchmarks search, evenly over the 30
// days. The same n gives the same events.
func FillLoad(ctx context.Context, e search.Engine, n int) error {
	load, step := NewLoad(1), 30*24*time.Hour/time.Duration(n)
	docs := make([]search.Doc, 0, search.MaxDocs)
	for i := range n {
		docs = append(docs, load.Next(LoadEnd.Add(-time.Duration(n-i)*step)))
		if len(docs) == cap(docs) || i == n-1 {
			if _, err := e.Index(ctx, docs); err != nil {
				return err
			}
			docs = docs[:0]
		}
	}
	return nil
}

// NewestLoad returns the newest of the events that the benchmarks search.
func NewestLoad(b *testing.B, e search.Engine) search.Doc {
	b.Helper()
	res, err := e.Search(b.Context(), search.Request{Scope: search.Scope{All: true}, From: LoadEnd.AddDate(0, 0, -40), To: LoadEnd, Size: 1, Fields: search.FieldsFull})
	if err != nil || len(res.Hits) == 0 {
		b.Fatal("the store is empty:", err)
	}
	return search.Doc{Record: res.Hits[0].Record}
}

// Ask makes the request of a query over so many days: a page of 50 with its
// total, or aggregations.
func Ask(b *testing.B, q string, end time.Time, days int, aggs ...search.Agg) search.Request {
	b.Helper()
	x, _, err := querylang.Parse(q)
	if err == nil {
		x, err = querylang.Bind(x, querylang.Env{Now: end})
	}
	if err != nil {
		b.Fatal(err)
	}
	r := search.Request{Scope: search.Scope{All: true}, Query: x, From: end.AddDate(0, 0, -days), To: end, Size: 50, TotalUpTo: 10_000, Aggs: aggs}
	if len(aggs) > 0 {
		r.Size, r.TotalUpTo = 0, 0
	}
	return r
}

// commonWord stands in a tenth of the events.
const commonWord = "rate"

// line is a line of the table of performance goals: what a page asks the
// engine, of the range that has that end, and how often people ask it.
type line struct {
	name  string
	often int  // how many of a hundred clicks ask it
	cold  bool // nobody has asked it before
	ask   func(ctx context.Context, e search.Engine, end time.Time) error
}

// lines are the lines of the table that event engines answer for.
func lines(b *testing.B, newest search.Doc) []line {
	b.Helper()
	people := search.Agg{Name: "people", Kind: search.Cardinality, Key: querylang.Key{Name: "user"}}
	chart := search.Agg{Name: "chart", Kind: search.Histogram, Interval: "12h", Sub: []search.Agg{listOf("severity", 4)}}
	facets := []search.Agg{}
	for _, k := range []string{"env", "release", "type", "os", "browser", "host", "tags.region", "tags.tenant", search.HasKey} {
		a := listOf(k, 10)
		a.Newest = true
		facets = append(facets, a)
	}
	is := Ask(b, "", LoadEnd, 30)
	is.Query = &querylang.Leaf{Key: querylang.Key{Name: "issue"}, Values: []querylang.Value{{Text: newest.Issue}}}
	is.Scope = search.Scope{Projects: []string{newest.Project}}
	tags := is
	tags.Size, tags.Aggs = 0, []search.Agg{listOf("os", 5), listOf("browser", 5), listOf("tags.region", 5)}
	listed := find(Ask(b, commonWord+" env:production level:error,fatal,warning !os:iOS", LoadEnd, 30, listOf("issue", search.MaxTerms)))
	words := find(Ask(b, commonWord, LoadEnd, 30))
	charted := find(Ask(b, commonWord, LoadEnd, 30, chart))
	top := find(Ask(b, "env:production", LoadEnd, 7, listOf("issue", 10, people)))
	ref := errata.Ref{Project: newest.Project, EventID: newest.EventID, Time: newest.Time, Class: newest.Class}
	return []line{
		{"issue_list", 15, false, listed},
		{"issue_list_cold", 0, true, listed},
		{"issue_tags", 10, false, find(tags)},
		{"words", 10, false, words},
		{"words_cold", 0, true, words},
		{"rare_word", 10, false, find(Ask(b, "schema 4711", LoadEnd, 30))},
		{"facets", 4, true, find(Ask(b, commonWord, LoadEnd, 30, facets...))},
		{"facets_again", 8, false, find(Ask(b, commonWord, LoadEnd, 30, facets...))},
		{"chart", 4, false, charted},
		{"chart_cold", 0, true, charted},
		{"chart_of_half", 2, false, find(Ask(b, "env:production", LoadEnd, 30, chart))},
		{"top_issues", 4, false, top},
		{"top_issues_cold", 0, true, top},
		{"issue_events", 13, false, find(is)},
		{"get", 20, false, func(ctx context.Context, e search.Engine, _ time.Time) error {
			_, err := e.Get(ctx, search.Scope{All: true}, ref)
			return err
		}},
	}
}

// find asks for the request as it is when its range, whose length stays, ends
// there. An answer with a hole is an error.
func find(r search.Request) func(context.Context, search.Engine, time.Time) error {
	return func(ctx context.Context, e search.Engine, end time.Time) error {
		r := r
		r.From, r.To = end.Add(-r.To.Sub(r.From)), end
		res, err := e.Search(ctx, r)
		if err == nil && len(res.Gaps) > 0 {
			err = search.Torn(res.Gaps[0])
		}
		return err
	}
}

// listOf lists the values of a key, or of a tag.
func listOf(name string, n int, sub ...search.Agg) search.Agg {
	k := querylang.Key{Name: name}
	if tag, ok := strings.CutPrefix(name, "tags."); ok {
		k = querylang.Key{Name: "tags", Arg: tag}
	}
	return search.Agg{Name: name, Kind: search.Terms, Key: k, Size: n, Sub: sub}
}
