package elastic

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

func regions() search.Request {
	r := day(nil)
	r.From = noon.AddDate(0, 0, -20)
	r.Aggs = []search.Agg{{Name: "region", Kind: search.Terms, Key: querylang.Key{Name: "tags", Arg: "region"}, Size: 5, Newest: true}}
	return r
}

// Facets of many matches are made from the newest, and say so.
func TestNewestMatches(t *testing.T) {
	hour := func(back int) int64 { return noon.Add(-time.Duration(back) * time.Hour).UnixMilli() }
	counted := func(newer, older int) string {
		return fmt.Sprintf(`{"status":200,"_shards":{"total":1,"successful":1},"hits":{"total":{"value":0}},"aggregations":{"a0":{"buckets":[
			{"key":%d,"doc_count":70000},{"key":%d,"doc_count":%d},{"key":%d,"doc_count":%d}]}}}`, hour(90), hour(40), older, hour(2), newer)
	}
	few := `{"status":200,"_shards":{"total":1,"successful":1},"hits":{"total":{"value":0}},"aggregations":{"a0":{"buckets":[{"key":1,"doc_count":9999}]}}}`
	const facet = `{"status":200,"_shards":{"total":1,"successful":1},"hits":{"total":{"value":9}},"aggregations":{"a0":{"buckets":[{"key":"tags.region=eu","doc_count":4}]}}}`
	tests := []struct {
		name, count string
		from        string // of what is asked then; "": nothing is
		approx      bool
	}{
		{"the newest hour is enough", counted(10_000, 1), "2026-11-20T10:00:00", true},
		{"with the one before", counted(9_999, 1), "2026-11-18T20:00:00", true},
		{"not many", few, "2026-10-31T12:00:00", false},
		{"nobody knows", busyMember, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake()
			f.msearch = func(n int, _ []string) reply {
				if n == 1 {
					return members(tt.count)
				}
				return members(facet)
			}
			res, err := open(t, f, nil).Search(t.Context(), regions())
			if tt.from == "" {
				if errata.CodeOf(err) != errata.SlowDown || f.searches != 1 {
					t.Error(err, f.searches)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if sent := string(f.sent[1]); !strings.Contains(sent, `"gte":"`+tt.from) {
				t.Error(sent)
			}
			if got := res.Aggs["region"]; got.Approx != tt.approx || got.Other != 5 || len(got.Buckets) != 1 {
				t.Errorf("%+v", got)
			}
		})
	}
}

// What is not only facets, or of a day alone, is asked as it is.
func TestAskedWhole(t *testing.T) {
	for name, change := range map[string]func(*search.Request){
		"a day":        func(r *search.Request) { r.From = noon.AddDate(0, 0, -1) },
		"with hits":    func(r *search.Request) { r.Size = 1 },
		"with a total": func(r *search.Request) { r.TotalUpTo = 1 },
		"of all":       func(r *search.Request) { r.Aggs[0].Newest = false },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			f.msearch = func(int, []string) reply { return members(emptyMember) }
			r := regions()
			change(&r)
			if _, err := open(t, f, nil).Search(t.Context(), r); err != nil || f.searches != 1 {
				t.Error(err, f.searches)
			}
		})
	}
}

func TestLiveFacetsOfTheNewest(t *testing.T) {
	e := openLive(t, live(t))
	e.facetEvents = 30
	all := docs(50)
	for i := range all {
		all[i].Time, all[i].Pairs = noon.Add(-time.Duration(i)*4*time.Hour).UnixMicro(), []string{"tags.region=old"}
		if i < 20 {
			all[i].Pairs = []string{"tags.region=new"}
		}
	}
	store(t, e, all)
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for days, approx := range map[int]bool{30: true, 5: false} { // more matches than are looked at; just as many
		r := regions()
		r.From, r.To = noon.AddDate(0, 0, -days).Add(time.Second), noon.Add(time.Second)
		res, err := e.Search(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		got := res.Aggs["region"]
		if got.Approx != approx || len(got.Buckets) != 2 || got.Buckets[0].Count != 20 || got.Buckets[1].Count != 10 {
			t.Errorf("%d days: %+v", days, got)
		}
	}
}
