package searchtest

import (
	"fmt"
	"sync"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

var eraseCases = []testCase{
	{"by_user", func(f *fixture) {
		hash := func(s string) string { return querylang.UserHash([]byte("secret"), s) }
		known := []string{"17", "a@b.example", "anna", "10.0.0.7"}
		for i, who := range known { // each of the four identifiers alone, and all together
			f.index(doc(10+i, user(hash(who))), doc(20+i, user(hash("other"), hash(who))), doc(30+i, user(hash("other"+who))))
		}
		f.index(doc(1, user(hash("17"), hash("a@b.example"), hash("anna"), hash("10.0.0.7"))), doc(2))
		for i, who := range known {
			want := int64(2)
			if i == 0 {
				want = 3
			}
			f.erase(search.EraseRequest{Scope: f.all, Query: f.query("user:" + who)}, want)
		}
		f.finds("", "2 1e 1f 20 21")
	}},
	{"by_age", func(f *fixture) {
		old := Now.AddDate(0, 0, -9)
		f.index(doc(1, at(old.Add(-time.Microsecond))), doc(2, at(old)), doc(3, at(old.AddDate(0, 0, -11)), project("2")), doc(4), doc(5, at(old.AddDate(0, 0, -4))))
		f.erase(search.EraseRequest{Scope: search.Scope{Projects: []string{"1"}}, Before: old}, 2)
		f.finds("", "4 2 3")
		f.erase(search.EraseRequest{Scope: search.Scope{Projects: []string{"2"}}}, 1)
		f.finds("", "4 2")
	}},
	{"dry_run", func(f *fixture) {
		f.index(doc(1, message("deadlock")), doc(2), doc(3, message("deadlock"), at(Now.AddDate(0, 0, -20))))
		f.erase(search.EraseRequest{Scope: f.all, Query: f.query("deadlock"), DryRun: true}, 2)
		f.finds("deadlock", "1 3")
	}},
	{"scope", func(f *fixture) {
		f.index(doc(1), doc(2, project("2")))
		f.erase(search.EraseRequest{}, 0)
		f.erase(search.EraseRequest{Scope: search.Scope{Projects: []string{"9"}}}, 0)
		_, err := f.e.Erase(f.Context(), search.EraseRequest{Scope: f.all, Query: f.query("is:open")})
		f.refused(err, errata.Invalid, search.ReasonQuery)
		f.finds("", "1 2")
	}},
	{"invisible_at_once", func(f *fixture) {
		gone := doc(1, message("deadlock"), typed("Conn", "x"), tag("k", "val"), user("00112233445566ff"))
		f.index(gone, doc(2, message("deadlock")))
		_, err := f.e.Erase(f.Context(), search.EraseRequest{Scope: f.all, Query: f.query("event:" + gone.EventID)})
		f.ok(err)
		for _, q := range []string{"", "deadlock", "type:conn", "tags[k]:val", "has:tags[k]", "tags[k]:va*", "event:" + gone.EventID} { // and no refresh
			r := f.everything()
			r.Query = f.query(q)
			r.Aggs = []search.Agg{{Name: "t", Kind: search.Terms, Key: key("type"), Size: 5}, {Name: "k", Kind: search.Terms, Key: querylang.Key{Name: "tags", Arg: "k"}, Size: 5}}
			res := f.search(r)
			if got := ids(res.Hits); got != "2" && got != "" || len(res.Aggs["t"].Buckets)+len(res.Aggs["k"].Buckets) > 0 {
				f.Errorf("%q finds %s %+v", q, got, res.Aggs)
			}
		}
		_, err = f.e.Get(f.Context(), f.all, errata.Ref{Project: "1", EventID: gone.EventID, Time: gone.Time, Class: 30})
		f.refused(err, errata.NotFound, "")
	}},
	{"twice", func(f *fixture) {
		f.index(doc(1, message("deadlock")), doc(2))
		f.erase(search.EraseRequest{Scope: f.all, Query: f.query("deadlock")}, 1)
		f.erase(search.EraseRequest{Scope: f.all, Query: f.query("deadlock")}, 0)
		f.index(doc(1, message("deadlock again"))) // its id is free
		f.finds("deadlock", "1")
		f.finds("again", "1")
	}},
	{"counts_follow", func(f *fixture) {
		var docs []search.Doc
		for i := range 900 {
			docs = append(docs, doc(i, at(Now.Add(-time.Duration(i)*40*time.Minute)), issue(fmt.Sprintf("i%d", i%7)), severe(errata.Severity(i%4)), user(fmt.Sprintf("%016x", i%5)), tag("region", regions[i%5])))
		}
		f.index(docs...)
		f.erase(search.EraseRequest{Scope: f.all, Query: f.query("tags[region]:us*")}, 360)
		r := f.everything()
		r.Aggs = []search.Agg{
			{Name: "i", Kind: search.Terms, Key: key("issue"), Size: 9, Sub: []search.Agg{{Name: "u", Kind: search.Cardinality, Key: key("user")}}},
			{Name: "h", Kind: search.Histogram, Interval: "1d"},
			{Name: "r", Kind: search.Terms, Key: querylang.Key{Name: "tags", Arg: "region"}, Size: 9},
			{Name: "k", Kind: search.Terms, Key: key(search.HasKey), Size: 99},
		}
		f.agree(r)
		got, err := f.e.Stats(f.Context())
		f.ok(err)
		if got.Events != 540 {
			f.Errorf("%d events are said to be stored, want 540", got.Events)
		}
		f.reopen()
		f.agree(r)
	}},
	{"while_indexing", func(f *fixture) {
		f.manyDocs(600)
		var wg sync.WaitGroup
		wg.Go(func() {
			for n := 10_000; n < 10_400; n += 20 {
				var more []search.Doc
				for i := range 20 {
					more = append(more, doc(n+i, at(Now.Add(-time.Duration(i)*31*time.Hour)), environment("qa")))
				}
				if _, err := f.e.Index(f.Context(), more); err != nil {
					f.Error(err)
				}
			}
		})
		_, err := f.e.Erase(f.Context(), search.EraseRequest{Scope: f.all, Query: f.query("env:production")})
		wg.Wait()
		f.ok(err)
		f.ok(f.e.Refresh(f.Context()))
		if n := f.count(); n != 400 {
			f.Errorf("%d events, want 400", n)
		}
	}},
}

// erase erases in engine and model; want is how many each says it were.
func (f *fixture) erase(r search.EraseRequest, want int64) {
	f.Helper()
	for _, e := range []search.Engine{f.e, f.model} {
		got, err := e.Erase(f.Context(), r)
		f.ok(err)
		if got.Events != want {
			f.Errorf("%T erased %d events, want %d", e, got.Events, want)
		}
	}
	f.agree(f.everything())
}
