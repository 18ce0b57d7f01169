package searchtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/stats"
)

func key(name string) querylang.Key { return querylang.Key{Name: name} }

var aggCases = []testCase{
	{"histogram_sparse", func(f *fixture) {
		f.index(doc(1), doc(200), doc(201, at(Now.AddDate(0, 0, -9))))
		b := f.agg(search.Agg{Kind: search.Histogram, Interval: "1h"}).Buckets
		if len(b) != 3 || b[2].Start != Now.Add(-time.Hour).UnixMicro() || b[2].Count != 1 {
			f.Errorf("buckets %+v", b)
		}
	}},
	{"histogram_ladder", func(f *fixture) {
		r := rand.New(rand.NewPCG(3, 3))
		var docs []search.Doc
		for i := range 300 {
			docs = append(docs, doc(i, at(Now.Add(-time.Duration(r.Int64N(int64(2*time.Hour)))))))
		}
		f.index(docs...)
		for _, step := range stats.Ladder {
			q := f.everything()
			q.From, q.To, q.Size = Now.Add(-2*time.Hour).Add(time.Microsecond), Now, 0
			q.Aggs = []search.Agg{{Name: "h", Kind: search.Histogram, Interval: step}}
			f.agree(q)
		}
	}},
	{"day_23h", func(f *fixture) { f.days("Europe/Berlin", "2026-03-28T00:00:00Z", 72) }},
	{"day_25h", func(f *fixture) { f.days("Europe/Berlin", "2026-10-24T00:00:00Z", 72) }},
	{"week_monday", func(f *fixture) {
		f.hourly("2026-10-15T00:00:00Z", 24*14)
		b := f.agg(search.Agg{Kind: search.Histogram, Interval: "1w", Zone: location(f, "Europe/Berlin")}).Buckets
		for _, x := range b {
			if d := time.UnixMicro(x.Start).In(location(f, "Europe/Berlin")); d.Weekday() != time.Monday || d.Hour() != 0 {
				f.Errorf("a week starts %v", d)
			}
		}
	}},
	{"day_half_hour_zone", func(f *fixture) {
		f.days("Asia/Kolkata", "2026-11-01T00:00:00Z", 72)
		f.daysOf("Asia/Kathmandu")
		f.daysOf("America/St_Johns")
		f.daysOf("Pacific/Chatham")
	}},
	{"terms_ties", func(f *fixture) {
		f.index(doc(1, typed("b", "")), doc(2, typed("a", "")), doc(3, typed("c", "")), doc(4, typed("c", "")), doc(5, typed("B", "")))
		if got := keys(f.agg(search.Agg{Kind: search.Terms, Key: key("type"), Size: 9})); got != "c:2 B:1 a:1 b:1 +0" {
			f.Errorf("got %s", got)
		}
	}},
	{"terms_other", func(f *fixture) {
		f.index(doc(1, typed("a", "")), doc(2, typed("a", "")), doc(3, typed("b", "")), doc(4, typed("c", "")), doc(5))
		if got := keys(f.agg(search.Agg{Kind: search.Terms, Key: key("type"), Size: 1})); got != "a:2 +3" {
			f.Errorf("got %s", got)
		}
	}},
	{"terms_size_zero", func(f *fixture) {
		f.index(doc(1, typed("a", "")), doc(2))
		if got := keys(f.agg(search.Agg{Kind: search.Terms, Key: key("type")})); got != "+2" {
			f.Errorf("got %s", got)
		}
	}},
	{"terms_every_key", func(f *fixture) {
		f.index(doc(1, level(errata.LevelFatal), severe(errata.P0), issue("i2"), user("00112233445566ff"), func(ev *errata.Event) { ev.Release, ev.Code, ev.Culprit = "1.0", "E1", "m" }),
			doc(2, project("2")), doc(3, environment("qa")))
		for _, k := range []string{"issue", "project", "service", "user", "severity", "level", "env", "release", "type", "code", "culprit"} {
			f.agg(search.Agg{Kind: search.Terms, Key: key(k), Size: 10})
			f.agg(search.Agg{Kind: search.Cardinality, Key: key(k)})
		}
		if got := keys(f.agg(search.Agg{Kind: search.Terms, Key: key("severity"), Size: 9})); got != "P2:2 P0:1 +0" {
			f.Errorf("got %s", got)
		}
	}},
	{"terms_error_bound", func(f *fixture) {
		var docs []search.Doc
		for i := range 800 {
			docs = append(docs, doc(i, typed(fmt.Sprintf("t%d", (i*i)%97), ""), at(Now.Add(-time.Duration(i)*time.Hour))))
		}
		f.index(docs...)
		got := f.agg(search.Agg{Kind: search.Terms, Key: key("type"), Size: 10})
		sum := got.Other
		for _, b := range got.Buckets {
			sum += b.Count
		}
		if got.MaxError == 0 && sum != 800 {
			f.Errorf("buckets and other hold %d of 800", sum)
		}
	}},
	{"sub_one_level", func(f *fixture) {
		r := rand.New(rand.NewPCG(5, 5))
		var docs []search.Doc
		for i := range 400 {
			docs = append(docs, doc(i, at(Now.Add(-time.Duration(i)*2*time.Hour)), issue(fmt.Sprintf("i%d", r.IntN(30))), severe(errata.Severity(r.IntN(4))),
				user(fmt.Sprintf("%016x", r.IntN(20))), tag("region", pick(r, regions))))
		}
		f.index(docs...)
		for _, outer := range []string{"issue", "severity", "tags"} {
			k := key(outer)
			if outer == "tags" {
				k.Arg = "region"
			}
			f.agg(search.Agg{Kind: search.Terms, Key: k, Size: 7, Sub: []search.Agg{
				{Name: "trend", Kind: search.Histogram, Interval: "1d", Zone: location(f, "Europe/Berlin")},
				{Name: "severity", Kind: search.Terms, Key: key("severity"), Size: 2},
				{Name: "people", Kind: search.Cardinality, Key: key("user")},
			}})
		}
		f.agg(search.Agg{Kind: search.Histogram, Interval: "12h", Sub: []search.Agg{{Name: "severity", Kind: search.Terms, Key: key("severity"), Size: 4}}})
		f.agg(search.Agg{Kind: search.Histogram, Interval: "1d", Zone: location(f, "Europe/Berlin"), Sub: []search.Agg{{Name: "people", Kind: search.Cardinality, Key: key("user")}}})
		q := f.everything()
		q.Aggs = []search.Agg{{Name: "x", Kind: search.Histogram, Interval: "1d", Sub: []search.Agg{{Name: "y", Kind: search.Histogram, Interval: "1h"}}}}
		_, err := f.e.Search(f.Context(), q)
		f.refused(err, errata.Invalid, search.ReasonRequest)
	}},
	{"cardinality_small", func(f *fixture) {
		f.people(100)
		if got := f.agg(search.Agg{Kind: search.Cardinality, Key: key("user")}); got.Value != 100 {
			f.Errorf("%d people, want 100", got.Value)
		}
	}},
	{"cardinality_5pct", func(f *fixture) { f.people(1200); f.agg(search.Agg{Kind: search.Cardinality, Key: key("user")}) }},
	{"pair_facet", func(f *fixture) {
		f.index(doc(1, contextOf("os", `{"name":"iOS"}`), tag("region", "eu")), doc(2, contextOf("os", `{"name":"iOS"}`)), doc(3, contextOf("os", `{"name":"Android"}`), tag("region", "EU")), doc(4))
		if got := keys(f.agg(search.Agg{Kind: search.Terms, Key: key("os"), Size: 5})); got != "iOS:2 Android:1 +1" {
			f.Errorf("got %s", got)
		}
		if got := keys(f.agg(search.Agg{Kind: search.Terms, Key: querylang.Key{Name: "tags", Arg: "region"}, Size: 5})); got != "EU:1 eu:1 +2" {
			f.Errorf("got %s", got)
		}
		if got := f.agg(search.Agg{Kind: search.Cardinality, Key: key("os")}); got.Value != 2 {
			f.Errorf("%d systems", got.Value)
		}
	}},
	{"min_max", func(f *fixture) {
		first, last := search.Agg{Name: "first", Kind: search.MinTime}, search.Agg{Name: "last", Kind: search.MaxTime}
		if got := f.agg(first); got.Value != 0 {
			f.Errorf("the first of no events is at %d", got.Value)
		}
		from := utc("2026-11-02T03:04:05.678901Z")
		f.index(doc(1), doc(2, from, issue("i2")), doc(3, at(Now.AddDate(0, 0, -3)), issue("i2")), doc(4, tag("k", "v")), doc(5, tag("k", "v"), at(Now.AddDate(0, 0, -20))))
		want := time.Date(2026, 10, 31, 12, 0, 0, 0, time.UTC).UnixMicro()
		if got := f.agg(first); got.Value != want {
			f.Errorf("the first event is at %d, want %d", got.Value, want)
		}
		f.agg(last)
		for _, k := range []querylang.Key{key("issue"), key("level"), {Name: "tags", Arg: "k"}} {
			f.agg(search.Agg{Kind: search.Terms, Key: k, Size: 5, Sub: []search.Agg{first, last}})
		}
	}},
	{"has", func(f *fixture) {
		f.index(doc(1, tag("region", "eu"), tag("a=b", "c"), contextOf("os", `{"name":"iOS"}`), message("x"), typed("T", "y"), func(ev *errata.Event) {
			ev.Release, ev.Request, ev.Trace = "1.0", &errata.Request{Status: 500, Path: "/x"}, &errata.Trace{TraceID: "0123456789abcdef0123456789abcdef"}
		}), doc(2, tag("region", "us"), user("00112233445566ff")), doc(3, environment("")), doc(4, tag("long", strings.Repeat("x", 700)), project("2")))
		got := f.agg(search.Agg{Kind: search.Terms, Key: key(search.HasKey), Size: 99})
		counts := map[string]int64{}
		for _, b := range got.Buckets {
			counts[b.Key] = b.Count
		}
		for k, want := range map[string]int64{"env": 3, "tags.region": 2, "os": 1, "trace": 1, "user": 1, "http.status": 1, "message": 1, "release": 1, "type": 1, "tags.long": 1} {
			if counts[k] != want {
				f.Errorf("%d events have %s, want %d: %v", counts[k], k, want, counts)
			}
		}
		f.agg(search.Agg{Kind: search.Terms, Key: key(search.HasKey), Size: 99, Prefix: "TAGS."})
		r := f.everything()
		r.Scope, r.Aggs = search.Scope{Projects: []string{"1"}}, []search.Agg{{Name: "k", Kind: search.Terms, Key: key(search.HasKey), Size: 99}}
		f.agree(r)
	}},
	{"prefix", func(f *fixture) {
		f.index(doc(1, environment("Production"), tag("r", "EU-north"), severe(errata.P0)), doc(2, tag("r", "eu-south")), doc(3, environment("preview"), tag("r", "e.u")), doc(4, environment("qa"), tag("r", "")), doc(5, environment("İzmir-ÄR"), tag("r", "*eu")))
		for _, c := range []struct {
			k            querylang.Key
			prefix, want string
		}{
			{key("env"), "p", "Production:1 preview:1 production:1 +2"},
			{key("env"), "PROD", "Production:1 production:1 +3"},
			{key("env"), "i", "İzmir-ÄR:1 +4"},
			{key("env"), "izmir-ä", "İzmir-ÄR:1 +4"},
			{key("env"), "x", "+5"},
			{key("severity"), "p0", "P0:1 +4"},
			{key("level"), "Err", "error:5 +0"},
			{querylang.Key{Name: "tags", Arg: "r"}, "eu", "EU-north:1 eu-south:1 +3"},
			{querylang.Key{Name: "tags", Arg: "r"}, "e.", "e.u:1 +4"},
			{querylang.Key{Name: "tags", Arg: "r"}, "*", "*eu:1 +4"},
		} {
			if got := keys(f.agg(search.Agg{Kind: search.Terms, Key: c.k, Size: 9, Prefix: c.prefix})); got != c.want {
				f.Errorf("%s %s: %s, want %s", c.k, c.prefix, got, c.want)
			}
		}
	}},
	{"newest", func(f *fixture) {
		f.index(doc(1, issue("a")), doc(2, issue("a"), environment("qa")), doc(3, issue("b")))
		for _, a := range []search.Agg{
			{Kind: search.Terms, Key: key("issue"), Size: 5, Newest: true},
			{Kind: search.Terms, Key: key("env"), Size: 5, Newest: true, Sub: []search.Agg{{Name: "first", Kind: search.MinTime}}},
			{Kind: search.Cardinality, Key: key("issue"), Newest: true},
			{Kind: search.Histogram, Interval: "1d", Newest: true},
		} {
			if got := f.agg(a); got.Approx {
				f.Errorf("three events are counted as “about”: %+v", got)
			}
		}
	}},
	{"approx_flag", func(f *fixture) {
		f.index(doc(1, tag("k", "v")))
		if got := f.agg(search.Agg{Kind: search.Terms, Key: querylang.Key{Name: "tags", Arg: "k"}, Size: 5}); got.Approx || got.MaxError > 0 {
			f.Errorf("one event is counted as “about”: %+v", got)
		}
	}},
	{"no_documents", func(f *fixture) {
		q := f.everything()
		q.Aggs = []search.Agg{
			{Name: "h", Kind: search.Histogram, Interval: "1d"},
			{Name: "t", Kind: search.Terms, Key: key("issue"), Size: 5},
			{Name: "c", Kind: search.Cardinality, Key: key("user")},
			{Name: "p", Kind: search.Terms, Key: key("os"), Size: 5},
		}
		f.agree(q)
	}},
	{"filtered", func(f *fixture) {
		f.index(doc(1, message("deadlock"), environment("qa")), doc(2, message("deadlock")), doc(3))
		q := f.everything()
		q.Query = f.query("deadlock")
		q.Aggs = []search.Agg{{Name: "t", Kind: search.Terms, Key: key("env"), Size: 5}, {Name: "h", Kind: search.Histogram, Interval: "1h"}}
		f.agree(q)
	}},
	{"limits", func(f *fixture) {
		for _, a := range []search.Agg{
			{Name: "x", Kind: "median"},
			{Name: "x", Kind: search.Histogram, Interval: "7m"},
			{Name: "x", Kind: search.Histogram, Interval: "1s"},
			{Name: "x", Kind: search.Terms, Key: key("issue"), Size: search.MaxTerms + 1},
			{Kind: search.Terms, Key: key("issue"), Size: 1},
		} {
			q := f.everything()
			q.Aggs = []search.Agg{a}
			_, err := f.e.Search(f.Context(), q)
			f.refused(err, errata.Invalid, search.ReasonRequest)
		}
	}},
	{"multi", func(f *fixture) {
		f.index(doc(1), doc(2, environment("qa")))
		good, bad := f.everything(), f.everything()
		bad.Size = -1
		qa := f.everything()
		qa.Query = f.query("env:qa")
		got := f.e.MultiSearch(f.Context(), []search.Request{good, bad, qa})
		if len(got) != 3 || got[0].Err != nil || got[2].Err != nil {
			f.Fatalf("answers %+v", got)
		}
		f.refused(got[1].Err, errata.Invalid, "")
		f.pages("1 2|2", got[0].Result, got[2].Result)
	}},
}

// agg runs one aggregation over everything, compared with the model.
func (f *fixture) agg(a search.Agg) search.AggResult {
	f.Helper()
	a.Name = "x"
	q := f.everything()
	q.Size, q.Aggs = 0, []search.Agg{a}
	return f.agree(q).Aggs["x"]
}

// keys writes a terms result as "key:count … +other".
func keys(r search.AggResult) (s string) {
	for _, b := range r.Buckets {
		s += fmt.Sprintf("%s:%d ", b.Key, b.Count)
	}
	return s + fmt.Sprintf("+%d", r.Other)
}

// hourly stores an event every 20 minutes for so many hours.
func (f *fixture) hourly(from string, hours int) {
	f.Helper()
	start, err := time.Parse(time.RFC3339, from)
	f.ok(err)
	docs := make([]search.Doc, hours*3)
	for i := range docs {
		docs[i] = doc(i, at(start.Add(time.Duration(i)*20*time.Minute)))
	}
	f.index(docs...)
}

// days stores events around a time and compares day and week buckets of a zone
// with the model, and where they start with the edges of charts.
func (f *fixture) days(zone, from string, hours int) {
	f.Helper()
	f.hourly(from, hours)
	f.daysOf(zone)
}

func (f *fixture) daysOf(zone string) {
	f.Helper()
	z := location(f, zone)
	for _, step := range []stats.Interval{"1d", "1w"} {
		edges := stats.Edges(Now.AddDate(-1, 0, 0), Now.AddDate(0, 0, 2), step, z)
		for _, b := range f.agg(search.Agg{Kind: search.Histogram, Interval: step, Zone: z}).Buckets {
			if !slices.ContainsFunc(edges, func(e time.Time) bool { return e.UnixMicro() == b.Start }) {
				f.Errorf("%s %s: a bucket starts at %v, where none is drawn", zone, step, time.UnixMicro(b.Start).In(z))
			}
		}
	}
}

// people stores n events of n users.
func (f *fixture) people(n int) {
	f.Helper()
	docs := make([]search.Doc, n)
	for i := range docs {
		docs[i] = doc(i, user(fmt.Sprintf("%016x", i+1)), at(Now.Add(-time.Duration(i)*10*time.Minute)))
	}
	f.index(docs...)
}
