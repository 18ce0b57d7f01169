package embedded

import (
	"fmt"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// sent makes a document of project 1; n is its id.
func sent(n int, at time.Time, changes ...func(*errata.Event)) search.Doc {
	ev := errata.Event{
		ID: fmt.Sprintf("%032x", n), ProjectID: "1", Timestamp: at.UnixMicro(), ReceivedAt: at.UnixMicro(), Level: errata.LevelError,
		Environment: "production", Message: fmt.Sprintf("event number%d", n), Class: 30,
	}
	for _, c := range changes {
		c(&ev)
	}
	return search.Doc{
		Record: querylang.NewRecord(&ev, querylang.Meta{Service: "shop", Issue: "issue-1", Title: "title"}), Class: ev.Class,
		Payload: fmt.Appendf(nil, `{"id":"%s","message":"%s","environment":"production","level":"error","some":"text that repeats itself, number %d"}`, ev.ID, ev.Message, n),
	}
}

func index(t testing.TB, e *Engine, docs ...search.Doc) {
	t.Helper()
	res, err := e.Index(t.Context(), docs)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range res {
		if r.Status != search.Created {
			t.Fatalf("document %d: %+v", i, r)
		}
	}
}

func everything() search.Request {
	return search.Request{Scope: search.Scope{All: true}, From: noon.AddDate(-1, 0, 0), To: noon.AddDate(0, 0, 2), Size: 1000, TotalUpTo: 10_000}
}

func parse(t testing.TB, q string) querylang.Expr {
	t.Helper()
	x, _, err := querylang.Parse(q)
	if err == nil {
		x, err = querylang.Bind(x, querylang.Env{Now: noon})
	}
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestFacetsOfTheNewest(t *testing.T) {
	e := open(t, Options{FacetEvents: 30, DaysPerFile: 2})
	for i := range 50 {
		region := "new"
		if i >= 20 {
			region = "old"
		}
		index(t, e, sent(i, noon.Add(-time.Duration(i)*4*time.Hour), func(ev *errata.Event) { ev.Tags = []errata.Pair{{Key: "region", Value: region}} }))
	}
	r := everything()
	r.Size = 0
	r.Aggs = []search.Agg{{Name: "x", Kind: search.Terms, Key: querylang.Key{Name: "tags", Arg: "region"}, Size: 5}}
	for _, c := range []struct {
		name   string
		days   int
		approx bool
		old    int64
	}{{"more matches than are looked at", 30, true, 10}, {"just as many", 5, false, 10}} {
		t.Run(c.name, func(t *testing.T) {
			r.From, r.To = noon.Add(-time.Duration(c.days)*24*time.Hour).Add(time.Second), noon.Add(time.Second)
			res, err := e.Search(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			got := res.Aggs["x"]
			if got.Approx != c.approx || len(got.Buckets) != 2 || got.Buckets[0].Count != 20 || got.Buckets[1].Count != c.old {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestWildcardsBeyondTheDictionary(t *testing.T) {
	e := open(t, Options{TermsPerFile: 10})
	for i := range 20 {
		index(t, e, sent(i, noon.Add(-time.Duration(i)*time.Minute), func(ev *errata.Event) { ev.Tags = []errata.Pair{{Key: "n", Value: fmt.Sprintf("value-%d", i)}} }))
	}
	for _, c := range []struct {
		query string
		gap   bool
	}{{"tags[n]:value-1*", true}, {"tags[n]:value-15", false}, {"has:tags[n]", false}, {"type:ab*", false}} {
		t.Run(c.query, func(t *testing.T) {
			r := everything()
			r.Query = parse(t, c.query)
			res, err := e.Search(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if c.gap != (len(res.Gaps) == 1 && res.Gaps[0].Reason == search.ReasonTerms) {
				t.Errorf("gaps %+v", res.Gaps)
			}
		})
	}
}
