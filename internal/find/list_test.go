package find_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/search"
)

// many sends one event for each of n issues, a minute apart, every third about
// a timeout in staging.
func many(t *testing.T, p *partstest.Parts, n int) errata.Project {
	t.Helper()
	shop := p.NewProject("shop", errata.ProjectSettings{})
	b := p.Batch()
	for i := range n {
		e := partstest.Event{
			ID: partstest.EventID(i + 1), Type: fmt.Sprintf("Kind%dError", i), Message: "no such key",
			Level: []string{"fatal", "error", "info"}[i%3], Time: now.Add(-time.Duration(i) * time.Minute),
		}
		if i%3 == 0 {
			e.Message, e.Env = "timeout of a backend", "staging"
		}
		b.Entries = append(b.Entries, p.Entry(shop, e))
	}
	p.Publish(b)
	p.Drained()
	return shop
}

// bothWays reads a list to its end and back again; it returns the pages.
func bothWays(t *testing.T, s *find.Service, q find.IssueQuery) (onward, back [][]string) {
	t.Helper()
	read := func() find.IssuePage {
		p, err := s.Issues(t.Context(), partstest.Reader, q)
		if err != nil {
			t.Fatalf("%q: %v", q.Q, err)
		}
		return p
	}
	titles := func(p find.IssuePage) (out []string) {
		for _, r := range p.Rows {
			out = append(out, r.Issue.Type)
		}
		return out
	}
	p := read()
	for onward = append(onward, titles(p)); p.Next != ""; onward = append(onward, titles(p)) {
		q.Cursor = p.Next
		p = read()
	}
	for back = append(back, titles(p)); p.Previous != ""; back = append(back, titles(p)) {
		q.Cursor = p.Previous
		p = read()
	}
	slices.Reverse(back)
	return onward, back
}

func TestListsBothWays(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		many(t, p, 50)
		for _, tt := range []struct {
			name, q     string
			named, step int // reach of the engine
			means       func(i int) bool
		}{
			{"SQL alone", "", 10_000, 500, func(int) bool { return true }},
			{"environment from the roll-up", "env:staging", 10_000, 500, func(i int) bool { return i%3 == 0 }},
			{"issues that the engine names", "timeout", 10_000, 500, func(i int) bool { return i%3 == 0 }},
			{"with SQL beside", "!timeout severity:P2", 10_000, 500, func(i int) bool { return i%3 == 1 }},
			{"walked, since the engine names too many", "!timeout", 5, 8, func(i int) bool { return i%3 != 0 }},
			{"walked with SQL beside", "!timeout severity:P2", 5, 8, func(i int) bool { return i%3 == 1 }},
			{"by type, in SQL", "type:kind1*", 10_000, 500, func(i int) bool { return strings.HasPrefix(fmt.Sprint(i), "1") }},
			{"service or words, by the engine", "service:shop OR timeout", 10_000, 500, func(int) bool { return true }},
		} {
			t.Run(tt.name, func(t *testing.T) {
				p.Find.Reach(tt.named, 20, tt.step)
				var want []string
				for i := range 50 {
					if tt.means(i) {
						want = append(want, fmt.Sprintf("Kind%dError", i))
					}
				}
				onward, back := bothWays(t, p.Find, find.IssueQuery{Q: tt.q, Range: month(), Sort: "last_seen", Size: 7})
				if d := gocmp.Diff(slices.Collect(slices.Chunk(want, 7)), onward); d != "" {
					t.Errorf("onward (-want +got):\n%s", d)
				}
				if d := gocmp.Diff(onward, back); d != "" {
					t.Errorf("back (-onward +back):\n%s", d)
				}
			})
		}
	})
}

// A walk that gives up leaves short pages, and each issue on one of them.
func TestWalkThatGivesUp(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock})
	many(t, p, 50)
	p.Find.Reach(2, 1, 4) // one round of four issues
	onward, back := bothWays(t, p.Find, find.IssueQuery{Q: "timeout", Range: month(), Sort: "last_seen", Size: 7})
	var want []string
	for i := 0; i < 50; i += 3 {
		want = append(want, fmt.Sprintf("Kind%dError", i))
	}
	if d := gocmp.Diff(want, slices.Concat(onward...)); d != "" || len(onward) < 10 {
		t.Errorf("in %d pages (-want +got):\n%s", len(onward), d)
	}
	if got := slices.Concat(back...); !slices.Equal(want, got) {
		t.Errorf("on the way back:\n%s", gocmp.Diff(want, got))
	}
}

func TestAbsurdLists(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock})
	many(t, p, 12)
	good := find.IssueQuery{Range: month(), Sort: "last_seen", Size: 5}
	first, err := p.Find.Issues(t.Context(), partstest.Reader, good)
	if err != nil || first.Next == "" || first.Previous != "" || !first.First {
		t.Fatalf("page one: %+v %v", first, err)
	}
	for name, change := range map[string]func(*find.IssueQuery){
		"cursor of another query": func(q *find.IssueQuery) { q.Q = "env:staging" },
		"cursor of another order": func(q *find.IssueQuery) { q.Sort = "priority" },
		"cursor of another range": func(q *find.IssueQuery) { q.Range.From = q.Range.From.Add(time.Hour) },
		"no cursor":               func(q *find.IssueQuery) { q.Cursor = "e30" },
		"cursor cut":              func(q *find.IssueQuery) { q.Cursor = q.Cursor[:20] },
		"cursor without end":      func(q *find.IssueQuery) { q.Cursor = strings.Repeat("A", 1<<20) },
		"unknown order":           func(q *find.IssueQuery) { q.Sort = "title" },
		"size":                    func(q *find.IssueQuery) { q.Size = 101 },
		"range":                   func(q *find.IssueQuery) { q.Range.To = q.Range.From },
	} {
		q := good
		q.Cursor = first.Next
		change(&q)
		if _, err := p.Find.Issues(t.Context(), partstest.Reader, q); errata.CodeOf(err) != errata.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// down is an engine that answers every reading call with an error.
type down struct {
	search.Engine
	code errata.Code
}

func (d *down) err() error { return errata.E(d.code, "away", nil) }

func (d *down) Search(ctx context.Context, r search.Request) (*search.Result, error) {
	if d.code == "" {
		return d.Engine.Search(ctx, r)
	}
	return nil, d.err()
}

func (d *down) MultiSearch(ctx context.Context, rs []search.Request) []search.Answer {
	if d.code == "" {
		return d.Engine.MultiSearch(ctx, rs)
	}
	out := make([]search.Answer, len(rs))
	for i := range out {
		out[i].Err = d.err()
	}
	return out
}

func (d *down) Get(ctx context.Context, s search.Scope, ref errata.Ref) (*search.Doc, error) {
	if d.code == "" {
		return d.Engine.Get(ctx, s, ref)
	}
	return nil, d.err()
}

func TestWithoutTheEngine(t *testing.T) {
	d := &down{}
	p := partstest.Open(t, partstest.Options{Clock: clock, Wrap: func(e search.Engine) search.Engine { d.Engine = e; return d }})
	many(t, p, 30)
	for _, code := range []errata.Code{errata.Unavailable, errata.SlowDown} {
		d.code = code
		for _, tt := range []struct {
			q      string
			titles bool
			issues int // -1: cannot be answered
		}{
			{"", false, 30},
			{"env:staging severity:P1", false, 10},
			{"type:kind1*", false, 11},
			{"Kind7Error", true, 1},
			{"kind7", true, 0}, // a word ends where a token ends; digits are no end
			{"timeout env:staging", true, 10},
			{"timeout env:production", true, 0},
			{`"such key"`, true, 20},
			{"pay", true, 30}, // of the culprit shop.Kind…_in_pay
			{"level:fatal", false, -1},
			{"timeout level:fatal", false, -1},
			{"!timeout", false, -1},
			{"time*", true, 10},
			{"timeout OR severity:P2", true, 20},
			{"kind7 OR severity:P1", true, 10},
			{"level:fatal OR severity:P1", false, -1},
		} {
			page, err := p.Find.Issues(t.Context(), partstest.Reader, find.IssueQuery{Q: tt.q, Range: month()})
			if tt.issues < 0 {
				if errata.CodeOf(err) != code {
					t.Errorf("%s: %q: %v, want %s", code, tt.q, err, code)
				}
				continue
			}
			if err != nil || len(page.Rows) != tt.issues || page.TitlesOnly != tt.titles {
				t.Errorf("%s: %q: %d issues, titles only %t, %v; want %d, %t", code, tt.q, len(page.Rows), page.TitlesOnly, err, tt.issues, tt.titles)
			}
		}
		for q, source := range map[string]string{"": find.FromCounters, "env:staging level:fatal": find.FromCounters, "timeout": ""} {
			v, err := p.Find.Volume(t.Context(), partstest.Reader, find.VolumeQuery{Q: q, Range: find.Range{From: now.Add(-time.Hour), To: now}, Interval: "1m"})
			if source == "" && errata.CodeOf(err) != code || source != "" && (err != nil || v.Source != source || v.Interval != "30m") {
				t.Errorf("%s: volume of %q: %s in %s, %v", code, q, v.Source, v.Interval, err)
			}
		}
	}
}

func FuzzCursors(f *testing.F) {
	p := partstest.Open(f, partstest.Options{Clock: clock})
	shop := p.NewProject("shop", errata.ProjectSettings{})
	for i := range 3 {
		p.Publish(p.Batch(p.Entry(shop, partstest.Event{ID: partstest.EventID(i + 1), Type: fmt.Sprintf("Kind%dError", i)})))
	}
	p.Drained()
	first, err := p.Find.Issues(f.Context(), partstest.Reader, find.IssueQuery{Range: month(), Size: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(first.Next)
	f.Add("0.AAAA")
	f.Add("eyJzIjoibGFzdF9zZWVuIn0")
	f.Fuzz(func(t *testing.T, cursor string) {
		page, err := p.Find.Issues(t.Context(), partstest.Reader, find.IssueQuery{Range: month(), Size: 1, Cursor: cursor})
		if c := errata.CodeOf(err); err != nil && c != errata.Invalid || err == nil && len(page.Rows) > 1 {
			t.Errorf("list at %q: %d rows, %v", cursor, len(page.Rows), err)
		}
		view, err := p.Find.Issue(t.Context(), partstest.Reader, errata.ShortID(shop.Prefix, 1))
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Find.IssueEvents(t.Context(), partstest.Reader, view, find.EventQuery{Range: month(), Cursor: cursor})
		if c := errata.CodeOf(err); err != nil && c != errata.Invalid {
			t.Errorf("events at %q: %v", cursor, err)
		}
	})
}
