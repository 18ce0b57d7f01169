package page

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/querylang"
)

// leaf finds text within q and makes the leaf that stands there.
func leaf(q, text string, key string, kind querylang.ValueKind, values ...string) *querylang.Leaf {
	start := strings.Index(q, text)
	l := &querylang.Leaf{Key: querylang.Key{Name: key}, Start: start, End: start + len(text)}
	for _, v := range values {
		l.Values = append(l.Values, querylang.Value{Kind: kind, Raw: v, Text: v})
	}
	return l
}

func TestNewQuery(t *testing.T) {
	q := `env:production !service:legacy-* severity:P0,P1 dead "a  b" tags[region]:eu`
	tree := &querylang.And{Kids: []querylang.Expr{
		leaf(q, "env:production", "env", querylang.Equal, "production"),
		&querylang.Not{Kid: leaf(q, "service:legacy-*", "service", querylang.Wildcard, "legacy-*")},
		leaf(q, "severity:P0,P1", "severity", querylang.Equal, "P0", "P1"),
		leaf(q, "dead", "", querylang.Words, "dead"),
		leaf(q, `"a  b"`, "", querylang.Phrase, "a  b"),
		leaf(q, "tags[region]:eu", "tags", querylang.Equal, "eu"),
	}}
	want := Query{
		Text: q, Rest: q, Words: `dead "a  b"`, Others: `!service:legacy-* dead "a  b" tags[region]:eu`,
		Picked: map[string][]string{"env": {"production"}, "severity": {"P0", "P1"}},
		Chips: []QueryChip{
			{Key: "env:", Value: "production", Without: `!service:legacy-* severity:P0,P1 dead "a  b" tags[region]:eu`},
			{Key: "!service:", Value: "legacy-*", Negated: true, Without: `env:production severity:P0,P1 dead "a  b" tags[region]:eu`},
			{Key: "severity:", Value: "P0,P1", Without: `env:production !service:legacy-* dead "a  b" tags[region]:eu`},
			{Key: "tags[region]:", Value: "eu", Without: `env:production !service:legacy-* severity:P0,P1 dead "a  b"`},
		},
	}
	if diff := cmp.Diff(want, NewQuery(q, tree)); diff != "" {
		t.Error(diff)
	}
}

// Tabs replace what says where issues stand, and keep the rest.
func TestTabsKeepTheRest(t *testing.T) {
	q := `is:open env:a assigned:me`
	tree := &querylang.And{Kids: []querylang.Expr{
		leaf(q, "is:open", "is", querylang.Equal, "open"), leaf(q, "env:a", "env", querylang.Equal, "a"), leaf(q, "assigned:me", "assigned", querylang.Equal, "me"),
	}}
	u := ListURL{Path: "/issues", DefaultSort: SortPriority}
	for name, c := range map[string]struct {
		text    string
		tree    querylang.Expr
		queries []string
		current string
	}{
		"no query":        {"", nil, []string{"is:unresolved", "is:open", "is:unresolved assigned:me", "first_seen:today", ""}, "All"},
		"a tab":           {"is:open", leaf("is:open", "is:open", "is", querylang.Equal, "open"), []string{"is:unresolved", "is:open", "is:unresolved assigned:me", "first_seen:today", ""}, "Open"},
		"with a filter":   {q, tree, []string{"is:unresolved env:a", "is:open env:a", "is:unresolved assigned:me env:a", "first_seen:today env:a", "env:a"}, ""},
		"no conjunction":  {"env:a OR env:b", &querylang.Or{}, []string{"is:unresolved (env:a OR env:b)", "is:open (env:a OR env:b)", "is:unresolved assigned:me (env:a OR env:b)", "first_seen:today (env:a OR env:b)", "(env:a OR env:b)"}, "All"},
		"no state at all": {"env:a", leaf("env:a", "env:a", "env", querylang.Equal, "a"), []string{"is:unresolved env:a", "is:open env:a", "is:unresolved assigned:me env:a", "first_seen:today env:a", "env:a"}, "All"},
	} {
		t.Run(name, func(t *testing.T) {
			got := NewQuery(c.text, c.tree)
			if diff := cmp.Diff(c.queries, got.TabQueries()); diff != "" {
				t.Error(diff)
			}
			var current strings.Builder
			for _, l := range newTabs(u, got, nil) {
				if l.Current {
					current.WriteString(l.Text)
				}
			}
			if current.String() != c.current {
				t.Errorf("current: %q, want %q", current.String(), c.current)
			}
		})
	}
}

func TestNewQueryThatIsNoFlatConjunction(t *testing.T) {
	q := "env:a OR env:b"
	or := &querylang.Or{Kids: []querylang.Expr{leaf(q, "env:a", "env", querylang.Equal, "a"), leaf(q, "env:b", "env", querylang.Equal, "b")}}
	for name, tree := range map[string]querylang.Expr{
		"or":                or,
		"or within and":     &querylang.And{Kids: []querylang.Expr{or}},
		"not of or":         &querylang.Not{Kid: or},
		"offsets too far":   &querylang.Leaf{Key: querylang.Key{Name: "env"}, Start: 3, End: 99},
		"offsets backwards": &querylang.Leaf{Key: querylang.Key{Name: "env"}, Start: 3, End: 2},
		"offsets overlap":   &querylang.And{Kids: []querylang.Expr{leaf(q, "env:a", "env", querylang.Equal, "a"), leaf(q, "v:a", "env", querylang.Equal, "a")}},
	} {
		t.Run(name, func(t *testing.T) {
			got := NewQuery(q, tree)
			if got.Words != q || got.Others != q || len(got.Chips) != 0 || len(got.Picked) != 0 {
				t.Errorf("got %+v: it must stay text", got)
			}
		})
	}
}

func TestNewQueryPicksOnlyPlainValues(t *testing.T) {
	for _, q := range []string{"service:pay*", "severity:>=P1"} {
		key, value, _ := strings.Cut(q, ":")
		kind := querylang.Wildcard
		if key == "severity" {
			kind = querylang.Range
		}
		got := NewQuery(q, leaf(q, q, key, kind, value))
		if len(got.Picked) != 0 || got.Others != q || len(got.Chips) != 1 {
			t.Errorf("%s: %+v", q, got)
		}
	}
	if got := NewQuery("", nil); got.Words != "" || len(got.Chips) != 0 {
		t.Errorf("empty: %+v", got)
	}
}

func TestRefusedQuery(t *testing.T) {
	text := "env:a sevrity:P0 x"
	refusal := func(start, end int) error {
		return errata.Because(errata.Invalid, "The search could not be read.", nil, errata.Detail{Message: "No such field.", Hint: "severity?", Start: start, End: end})
	}
	for name, c := range map[string]struct {
		err  error
		want QueryError
	}{
		"with its place":  {refusal(6, 13), QueryError{"env:a ", "sevrity", ":P0 x", "No such field.", "severity?"}},
		"place too far":   {refusal(6, 99), QueryError{Before: text, Message: "No such field.", Hint: "severity?"}},
		"without a place": {refusal(0, 0), QueryError{Before: text, Message: "No such field.", Hint: "severity?"}},
		"no details":      {errata.E(errata.Invalid, "Too long.", nil), QueryError{Before: text, Message: "Too long."}},
	} {
		t.Run(name, func(t *testing.T) {
			got := RefusedQuery(text, c.err)
			if diff := cmp.Diff(c.want, *got.Error); diff != "" {
				t.Error(diff)
			}
			if got.Words != text {
				t.Errorf("the text must stay in the box, is %q", got.Words)
			}
		})
	}
}

// FuzzNewQuery: whatever the offsets, nothing panics, and removing all chips
// never leaves more than was there.
func FuzzNewQuery(f *testing.F) {
	f.Add("env:a !service:b", 0, 5, 7, 16)
	f.Add("", -1, 3, 9, 2)
	f.Fuzz(func(t *testing.T, text string, a, b, c, d int) {
		one := &querylang.Leaf{Key: querylang.Key{Name: "env"}, Values: []querylang.Value{{Raw: "x"}}, Start: a, End: b}
		two := &querylang.Not{Kid: &querylang.Leaf{Key: querylang.Key{Name: "service"}, Start: c, End: d}}
		got := NewQuery(text, &querylang.And{Kids: []querylang.Expr{one, two}})
		for _, s := range []string{got.Words, got.Others} {
			if len(s) > len(text) {
				t.Fatalf("%q from %q", s, text)
			}
		}
	})
}
