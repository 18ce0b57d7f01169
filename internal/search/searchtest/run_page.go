package searchtest

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/search"
)

var timeCases = []testCase{
	{"interval_literals", func(f *fixture) {
		berlin := location(f, "Europe/Berlin")
		f.index(doc(1, utc("2026-11-18T22:59:59.999999Z")), doc(2, utc("2026-11-18T23:00:00Z")), doc(3, utc("2026-11-19T22:59:59.999999Z")), doc(4, utc("2026-11-19T23:00:00Z")))
		f.findsIn(berlin, "timestamp:2026-11-19", "3 2")
		f.findsIn(berlin, "timestamp:>2026-11-19", "4")
		f.findsIn(berlin, "timestamp:>=2026-11-19", "4 3 2")
		f.findsIn(berlin, "timestamp:<2026-11-19", "1")
		f.findsIn(berlin, "timestamp:<=2026-11-19", "3 2 1")
		f.findsIn(berlin, "!timestamp:2026-11-19", "4 1")
		f.findsIn(time.UTC, "timestamp:2026-11-19", "4 3")
		f.findsIn(time.UTC, "timestamp:2026-11-18T22:59", "1")
		f.findsIn(time.UTC, "received:2026-11-18..2026-11-19", "4 3 2 1")
	}},
	{"half_open", func(f *fixture) {
		from := Now.Add(-time.Hour)
		f.index(doc(1, at(from.Add(-time.Microsecond))), doc(2, at(from)), doc(3, at(Now.Add(-time.Microsecond))), doc(4, at(Now)))
		r := f.everything()
		r.From, r.To = from, Now
		if got := ids(f.agree(r).Hits); got != "3 2" {
			f.Errorf("found %q", got)
		}
		r.To = r.From
		if got := f.agree(r); len(got.Hits) != 0 || got.Total.Value != 0 {
			f.Errorf("an empty range holds %d", got.Total.Value)
		}
	}},
	{"dst_gap", func(f *fixture) {
		f.index(doc(1, utc("2026-03-29T00:59:59Z")), doc(2, utc("2026-03-29T01:00:30Z")), doc(3, utc("2026-03-29T22:00:00Z")))
		berlin := location(f, "Europe/Berlin")
		f.findsIn(berlin, "timestamp:2026-03-29T02:30", "2")
		f.findsIn(berlin, "timestamp:2026-03-29", "2 1")
	}},
	{"dst_repeat", func(f *fixture) {
		f.index(doc(1, utc("2026-10-25T00:30:30Z")), doc(2, utc("2026-10-25T01:30:30Z")), doc(3, utc("2026-10-25T22:59:59Z")), doc(4, utc("2026-10-25T23:00:00Z")))
		berlin := location(f, "Europe/Berlin")
		f.findsIn(berlin, "timestamp:2026-10-25T02:30", "1")
		f.findsIn(berlin, "timestamp:2026-10-25", "3 2 1")
	}},
	{"ms_edges", func(f *fixture) {
		f.index(doc(1, utc("2026-11-19T10:00:00.122999Z")), doc(2, utc("2026-11-19T10:00:00.123Z")), doc(3, utc("2026-11-19T10:00:00.123999Z")), doc(4, utc("2026-11-19T10:00:00.124Z")))
		f.findsIn(time.UTC, "timestamp:2026-11-19T10:00:00.123Z", "3 2")
	}},
}

func utc(s string) change {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err) // a literal of this package
	}
	return at(t)
}

func (f *fixture) findsIn(zone *time.Location, q, want string) {
	f.Helper()
	r := f.everything()
	r.Query = f.query(q, zone)
	if got := ids(f.agree(r).Hits); got != want {
		f.Errorf("%s: found %q, want %q", q, got, want)
	}
}

var scopeCases = []testCase{
	{"zero_sees_nothing", func(f *fixture) {
		f.index(doc(1))
		r := f.everything()
		r.Scope = search.Scope{}
		r.Aggs = []search.Agg{{Name: "n", Kind: search.Terms, Key: key("project"), Size: 5}}
		if got := f.agree(r); len(got.Hits) != 0 || got.Total.Value != 0 {
			f.Errorf("found %q", ids(got.Hits))
		}
	}},
	{"project", func(f *fixture) {
		f.index(doc(1), doc(2, project("2")), doc(3, project("3")), doc(4, project("2"), at(Now.AddDate(0, 0, -15))))
		f.seen(search.Scope{Projects: []string{"2"}}, "", "2 4")
		f.seen(search.Scope{Projects: []string{"3", "1", "9"}}, "", "1 3")
		f.seen(search.Scope{Projects: []string{"9"}}, "", "")
		f.seen(search.Scope{All: true, Projects: []string{"9"}}, "", "1 2 3 4")
	}},
	{"not_cannot_widen", func(f *fixture) {
		f.index(doc(1), doc(2, project("2")))
		mine := search.Scope{Projects: []string{"1"}}
		f.seen(mine, "!service:service-1", "")
		f.seen(mine, "NOT (service:service-1 env:production)", "")
		f.seen(mine, "service:service-1 OR service:service-2", "1")
	}},
	{"injection_is_text", func(f *fixture) {
		f.index(doc(1, tag("k", `x' OR 1=1 --`)), doc(2, project("2")))
		mine := search.Scope{Projects: []string{"1"}}
		for _, q := range []string{`tags[k]:"' OR 1=1 --"`, `env:"production' OR pid > 0 OR '1'='1"`, `type:"x\" OR \"1"`, `tags[k]:"*\") OR rowid:(\"a\" *"`} {
			f.seen(mine, q, "")
		}
		f.seen(mine, `tags[k]:"x' OR 1=1 --"`, "1")
		f.seen(search.Scope{Projects: []string{"1' OR '1'='1", `2","1`}}, "", "")
	}},
}

// seen checks what a scope finds.
func (f *fixture) seen(s search.Scope, q, want string) {
	f.Helper()
	r := f.everything()
	r.Scope, r.Query = s, f.query(q)
	r.Aggs = []search.Agg{{Name: "project", Kind: search.Terms, Key: key("project"), Size: 5}, {Name: "people", Kind: search.Cardinality, Key: key("user")}}
	if got := ids(f.agree(r).Hits); got != want {
		f.Errorf("%+v sees %q, want %q", s, got, want)
	}
}

var pageCases = []testCase{
	{"newest_first", func(f *fixture) {
		f.index(doc(3), doc(1), doc(5, at(Now.AddDate(0, 0, -12))), doc(2), doc(4, at(Now.AddDate(0, 0, -29))))
		if got := ids(f.agree(f.everything()).Hits); got != "1 2 3 5 4" {
			f.Errorf("found %q", got)
		}
	}},
	{"forward_back", func(f *fixture) {
		var docs []search.Doc
		for i := range 25 {
			docs = append(docs, doc(i, at(Now.Add(-time.Duration(i)*11*time.Hour))))
		}
		f.index(docs...)
		r := f.everything()
		r.Size = 10
		first := f.agree(r)
		r.After = first.Next
		second := f.agree(r)
		r.After = second.Next
		third := f.agree(r)
		f.pages("0 1 2 3 4 5 6 7 8 9|a b c d e f 10 11 12 13|14 15 16 17 18", first, second, third)
		r.After, r.Before = "", third.Prev
		back := f.agree(r)
		r.Before = back.Prev
		f.pages("a b c d e f 10 11 12 13|0 1 2 3 4 5 6 7 8 9", back, f.agree(r))
		r.Before, r.After = "", back.Next
		f.pages("14 15 16 17 18", f.agree(r))
		r.Size, r.After, r.Before = 3, "", second.Prev // the newest of those that are newer come last
		if got := ids(f.agree(withSize(r, 3, second.Prev)).Hits); got != "7 8 9" {
			f.Errorf("three before the second page are %q", got)
		}
	}},
	{"ties_500", func(f *fixture) {
		var docs []search.Doc
		for i := range 500 {
			docs = append(docs, doc(i, at(Now.Add(-time.Hour)), project(fmt.Sprint(i%3+1))))
		}
		for i := range 20 { // the same id in two projects at the same time
			docs = append(docs, doc(i, at(Now.Add(-time.Hour)), project("9")))
		}
		f.index(docs...)
		r := f.everything()
		r.Size = 7
		if got := f.walk(r); len(got) != 520 || len(unique(got)) != 520 {
			f.Errorf("%d hits, %d different, want 520", len(got), len(unique(got)))
		}
	}},
	{"insert_between_pages", func(f *fixture) {
		f.index(doc(10), doc(20), doc(30), doc(40))
		r := f.everything()
		r.Size = 2
		first := f.search(r)
		f.index(doc(5), doc(15), doc(25), doc(50))
		r.After = first.Next
		second := f.agree(r)
		if got := ids(first.Hits) + " " + ids(second.Hits); got != "a 14 19 1e" {
			f.Errorf("found %q", got)
		}
	}},
	{"cursor_other_query", func(f *fixture) {
		f.cursorRefused(func(r *search.Request) { r.Query = f.query("env:production") })
		f.cursorRefused(func(r *search.Request) { r.To = r.To.Add(time.Second) })
		f.cursorRefused(func(r *search.Request) { r.Before, r.After = r.After, "" })
	}},
	{"cursor_other_scope", func(f *fixture) {
		f.cursorRefused(func(r *search.Request) { r.Scope = search.Scope{Projects: []string{"1"}} })
	}},
	{"cursor_garbage", func(f *fixture) {
		for _, c := range []search.Cursor{"x", "AQ", "====", search.Cursor(strings.Repeat("A", 5000)), search.Cursor(base64.RawURLEncoding.EncodeToString(make([]byte, 60)))} {
			f.cursorRefused(func(r *search.Request) { r.After = c })
		}
		f.cursorRefused(func(r *search.Request) { r.After = r.After[:4] + "____" + r.After[8:] })
	}},
	{"size_limit", func(f *fixture) {
		for _, n := range []int{-1, search.MaxSize + 1} {
			r := f.everything()
			r.Size = n
			_, err := f.e.Search(f.Context(), r)
			f.refused(err, errata.Invalid, search.ReasonRequest)
		}
		r := f.everything()
		r.From = time.Time{}
		_, err := f.e.Search(f.Context(), r)
		f.refused(err, errata.Invalid, search.ReasonRequest)
	}},
	{"last_page_empty_cursor", func(f *fixture) {
		f.index(doc(1), doc(2), doc(3), doc(4))
		r := f.everything()
		r.Size = 2
		first := f.agree(r)
		r.After = first.Next
		second := f.agree(r)
		if first.Prev != "" || first.Next == "" || second.Prev == "" || second.Next != "" {
			f.Errorf("cursors %q %q and %q %q", first.Prev, first.Next, second.Prev, second.Next)
		}
		r.After, r.Size = "", 4
		if whole := f.agree(r); whole.Next != "" || whole.Prev != "" {
			f.Errorf("the only page has neighbours %q %q", whole.Prev, whole.Next)
		}
	}},
	{"no_hits_asked", func(f *fixture) {
		f.index(doc(1), doc(2))
		r := f.everything()
		r.Size = 0
		if got := f.agree(r); len(got.Hits) != 0 || got.Total.Value != 2 {
			f.Errorf("%d hits of %d", len(got.Hits), got.Total.Value)
		}
	}},
}

func withSize(r search.Request, n int, before search.Cursor) search.Request {
	r.Size, r.Before, r.After = n, before, ""
	return r
}

// pages checks the ids of several pages, divided by bars.
func (f *fixture) pages(want string, pages ...*search.Result) {
	f.Helper()
	got := make([]string, len(pages))
	for i, p := range pages {
		got[i] = ids(p.Hits)
	}
	if s := strings.Join(got, "|"); s != want {
		f.Errorf("pages %q, want %q", s, want)
	}
}

// walk follows Next to the end and returns "project/id" of every hit.
func (f *fixture) walk(r search.Request) (all []string) {
	f.Helper()
	for {
		res := f.search(r)
		for i := range res.Hits {
			all = append(all, res.Hits[i].Project+"/"+res.Hits[i].EventID)
		}
		if r.After = res.Next; r.After == "" || len(all) > 100_000 {
			return all
		}
	}
}

func unique(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return slices.Compact(s)
}

// cursorRefused changes a request that continues a page and expects a refusal.
func (f *fixture) cursorRefused(change func(*search.Request)) {
	f.Helper()
	r := f.everything()
	r.Size = 1
	if f.count() == 0 {
		f.index(doc(1), doc(2))
	}
	r.After = f.search(r).Next
	change(&r)
	_, err := f.e.Search(f.Context(), r)
	f.refused(err, errata.Invalid, search.ReasonCursor)
}

var totalCases = []testCase{
	{"exact", func(f *fixture) {
		f.manyDocs(1500)
		r := f.everything()
		if got := f.agree(r).Total; got != (search.Total{Value: 1500, Exact: true}) {
			f.Errorf("total %+v", got)
		}
		r.TotalUpTo = 1500
		if got := f.agree(r).Total; got != (search.Total{Value: 1500, Exact: true}) {
			f.Errorf("total %+v", got)
		}
	}},
	{"capped", func(f *fixture) {
		f.manyDocs(1500)
		r := f.everything()
		r.TotalUpTo = 1499
		if got := f.agree(r).Total; got != (search.Total{Value: 1499}) {
			f.Errorf("total %+v", got)
		}
	}},
	{"none", func(f *fixture) {
		f.index(doc(1))
		r := f.everything()
		r.TotalUpTo = 0
		if got := f.agree(r).Total; got != (search.Total{}) {
			f.Errorf("total %+v", got)
		}
	}},
}

// manyDocs stores n events over 30 days.
func (f *fixture) manyDocs(n int) {
	f.Helper()
	docs := make([]search.Doc, n)
	for i := range docs {
		docs[i] = doc(i, at(Now.Add(-time.Duration(i)*30*24*time.Hour/time.Duration(n))))
	}
	f.index(docs...)
}
