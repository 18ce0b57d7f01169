package querylang_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/querylang/querygen"
)

// withoutPlaces compares trees but for where their text stood.
var withoutPlaces = cmpopts.IgnoreFields(querylang.Leaf{}, "Start", "End")

// roundTrip checks that the canonical form means the same and stays as it is.
func roundTrip(t *testing.T, q string) {
	t.Helper()
	x, _, err := querylang.Parse(q)
	if err != nil {
		for _, d := range errata.DetailsOf(err) {
			if d.Start < 0 || d.End < d.Start || d.End > len(q) || d.Message == "" || !strings.HasPrefix(d.Reason, "query.") {
				t.Fatalf("%q: bad detail %+v", q, d)
			}
		}
		return
	}
	p := querylang.Print(x)
	if len(p) > querylang.MaxBytes {
		return // tags[…] made it longer than a query may be
	}
	y, _, err := querylang.Parse(p)
	if err != nil {
		t.Fatalf("%q: canonical %q does not parse: %v", q, p, errata.DetailsOf(err))
	}
	if diff := cmp.Diff(x, y, withoutPlaces); diff != "" {
		t.Fatalf("%q: canonical %q means something else:\n%s", q, p, diff)
	}
	if again := querylang.Print(y); again != p {
		t.Fatalf("%q: canonical %q prints as %q", q, p, again)
	}
}

func FuzzParse(f *testing.F) {
	g := querygen.New(1)
	for range 50 {
		f.Add(g.Query())
	}
	for _, q := range []string{
		"", `"`, `\`, "a:", "((", "type:(a OR b)", `tags[x]:"\\",\,`, "!!!a", "-level:x", "OR", "AND OR NOT",
		"a\\", `type:a\`, `type:"a\\"`, "\xff", "has:tags[a:b],os", "NOT\\(x\\)", `release:">=4"..`, "user:~9f2c51d0ab34e877",
		`message:"a* ",b`, "frame:f(a,b)", "http.status:..", "x\u3000y", "type:[a,b", "timestamp:+1h..", "is:muted age:7d", `"*"`, "team:##,#a,a", `team:"#",#ab*`,
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) { roundTrip(t, q) })
}

func TestRoundTripOfRandomQueries(t *testing.T) {
	g := querygen.New(2)
	for range 2000 {
		roundTrip(t, g.Query())
	}
}

// TestMatchAgreesWithItsForms checks that canonical form, negation and division
// of a query leave its answer as it is.
func TestMatchAgreesWithItsForms(t *testing.T) {
	g := querygen.New(3)
	hits, misses := 0, 0
	for range 1000 {
		x, q := g.Bound()
		p := querylang.Print(x)
		y, _, err := querylang.Parse(p)
		if err != nil {
			t.Fatalf("%q: canonical of the bound form %q: %v", q, p, err)
		}
		if y, err = querylang.Bind(y, g.Env()); err != nil {
			t.Fatalf("%q: canonical of the bound form %q: %v", q, p, err)
		}
		plan := querylang.Split(x, querylang.InIssues)
		for range 10 {
			ev, m := g.Event()
			r := querylang.NewRecord(ev, m)
			want := querylang.Match(x, &r)
			if want {
				hits++
			} else {
				misses++
			}
			if got := querylang.Match(y, &r); got != want {
				t.Fatalf("%q: %v, canonical %q: %v", q, want, p, got)
			}
			if querylang.Match(&querylang.Not{Kid: x}, &r) == want {
				t.Fatalf("%q and its negation are both %v", q, want)
			}
			if got := answer(plan, &r); got != want {
				t.Fatalf("%q: %v, divided %v: %+v", q, want, got, plan)
			}
		}
	}
	if hits < 1000 || misses < 1000 {
		t.Errorf("%d hits and %d misses: the vocabulary is lopsided", hits, misses)
	}
}

func answer(p querylang.Plan, r *querylang.Record) bool {
	switch p.Kind {
	case querylang.PlanAnd:
		for _, k := range p.Kids {
			if !answer(k, r) {
				return false
			}
		}
		return true
	case querylang.PlanOr:
		for _, k := range p.Kids {
			if answer(k, r) {
				return true
			}
		}
		return false
	}
	return querylang.Match(p.Expr, r)
}

// TestBindLeavesItsInput checks that one parsed query can be bound twice.
func TestBindLeavesItsInput(t *testing.T) {
	g := querygen.New(4)
	for range 500 {
		q := g.Query()
		x, _, _ := querylang.Parse(q)
		before := querylang.Print(x)
		_, _ = querylang.Bind(x, g.Env())
		again, _, _ := querylang.Parse(q)
		if diff := cmp.Diff(again, x); diff != "" || querylang.Print(x) != before {
			t.Fatalf("%q was changed by Bind:\n%s", q, diff)
		}
	}
}
