package search

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/querylang"
)

var (
	from = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	leaf = &querylang.Leaf{Key: querylang.Key{Name: "env"}, Values: []querylang.Value{{Text: "qa"}}}
	mark = Place{Time: 1795168800000000, EventID: "0123456789abcdef0123456789abcdef", Project: "42"}
)

func request() Request {
	return Request{Scope: Scope{Projects: []string{"1", "2"}}, Query: leaf, From: from, To: from.AddDate(0, 0, 7), Size: 10}
}

func TestCursorRoundTrip(t *testing.T) {
	for _, newer := range []bool{false, true} {
		r := request()
		if c := r.Cursor(mark, newer); newer {
			r.Before = c
		} else {
			r.After = c
		}
		got, dir, ok, err := r.Place()
		if err != nil || !ok || dir != newer {
			t.Fatal(dir, ok, err)
		}
		if diff := cmp.Diff(mark, got); diff != "" {
			t.Error(diff)
		}
	}
	r := request()
	if _, _, ok, err := r.Place(); ok || err != nil {
		t.Error("a first page has a place:", ok, err)
	}
}

// TestCursorBelongsToOneSearch changes one thing of a search: its cursor is
// foreign unless the change means nothing.
func TestCursorBelongsToOneSearch(t *testing.T) {
	value := func(v querylang.Value) querylang.Expr {
		return &querylang.Leaf{Key: leaf.Key, Values: []querylang.Value{v}}
	}
	lo := int64(5)
	for _, c := range []struct {
		name    string
		foreign bool
		change  func(*Request)
	}{
		{"nothing", false, func(*Request) {}},
		{"size", false, func(r *Request) { r.Size, r.TotalUpTo = 99, 5 }},
		{"order of projects", false, func(r *Request) { r.Scope.Projects = []string{"2", "1", "1"} }},
		{"same text bound later", false, func(r *Request) {
			r.Query = &querylang.And{Kids: []querylang.Expr{value(querylang.Value{Kind: querylang.Range, Raw: "-6h", Lo: &lo})}}
		}},
		{"projects", true, func(r *Request) { r.Scope.Projects = []string{"1"} }},
		{"joined projects", true, func(r *Request) { r.Scope.Projects = []string{"12"} }},
		{"all projects", true, func(r *Request) { r.Scope.All = true }},
		{"from", true, func(r *Request) { r.From = r.From.Add(time.Microsecond) }},
		{"to", true, func(r *Request) { r.To = r.To.Add(-time.Microsecond) }},
		{"no query", true, func(r *Request) { r.Query = nil }},
		{"value", true, func(r *Request) { r.Query = value(querylang.Value{Text: "prod"}) }},
		{"kind", true, func(r *Request) { r.Query = value(querylang.Value{Text: "qa", Kind: querylang.Prefix}) }},
		{"bound", true, func(r *Request) { r.Query = value(querylang.Value{Text: "qa", Lo: &lo}) }},
		{"negation", true, func(r *Request) { r.Query = &querylang.Not{Kid: leaf} }},
		{"or", true, func(r *Request) { r.Query = &querylang.Or{Kids: []querylang.Expr{leaf, leaf}} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request()
			if c.name == "same text bound later" {
				hi := int64(1)
				r.Query = &querylang.And{Kids: []querylang.Expr{value(querylang.Value{Kind: querylang.Range, Raw: "-6h", Lo: &hi})}}
			}
			r.After = r.Cursor(mark, false)
			c.change(&r)
			_, _, _, err := r.Place()
			if foreign := errata.ReasonOf(err) == ReasonCursor && errata.CodeOf(err) == errata.Invalid; foreign != c.foreign {
				t.Errorf("foreign %v, want %v: %v", foreign, c.foreign, err)
			}
		})
	}
}

func FuzzCursor(f *testing.F) {
	r := request()
	good := r.Cursor(mark, false)
	f.Add(string(good))
	f.Add(string(good[:len(good)-1]))
	f.Add(string(good) + "A")
	f.Add(string(good[:20]) + "\r" + string(good[20:]))
	f.Add("")
	f.Add("====")
	f.Add(base64.RawURLEncoding.EncodeToString(make([]byte, cursorHead+1)))
	f.Fuzz(func(t *testing.T, s string) {
		r := request()
		r.After = Cursor(s)
		p, newer, ok, err := r.Place()
		switch {
		case err != nil:
			if errata.CodeOf(err) != errata.Invalid {
				t.Fatal(err)
			}
		case !ok:
			if s != "" {
				t.Fatalf("%q is no cursor and no error", s)
			}
		case newer || len(p.EventID) != 32 || p.Project == "" || len(p.Project) > 64:
			t.Fatalf("%q gives %+v", s, p)
		case r.Cursor(p, false) != Cursor(s):
			t.Fatalf("%q and %q are the same place", s, r.Cursor(p, false))
		}
	})
}
