package page

import (
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/querylang"
)

// Query is a search taken apart for the page: chips that can be removed one by
// one, the rest as text in the box, and the picks of the filters.
type Query struct {
	Text   string              // the whole, canonical
	Chips  []QueryChip         // one per pair of a flat conjunction
	Words  string              // what is no chip, for the box
	Picked map[string][]string // values by filter key
	Others string              // the whole without the picks: what a filter form carries along
	States []string            // pairs that say which state of issues is listed
	Rest   string              // the whole without them
	Error  *QueryError
}

// QueryChip is one pair of the query; Without is the query when it is removed.
type QueryChip struct {
	Key, Value string // Key with ":" and, negated, with "!" in front
	Negated    bool
	Without    string
}

// QueryError is a refused query: the text before, in and behind the place,
// the sentence and what to do.
type QueryError struct{ Before, Wrong, After, Message, Hint string }

// Keys whose values lists offer as pickers: figures over issues and lists of
// events, and the list of issues.
var (
	filterKeys      = []string{"severity", "service", "env"}
	IssueFilterKeys = []string{"severity", "is", "service", "assigned", "env"}
)

// NewQuery takes the canonical text and its tree apart. The leaves' offsets
// must be those of text. What is no flat conjunction of leaves stays text.
func NewQuery(text string, tree querylang.Expr) Query { return newQuery(text, tree, filterKeys) }

// NewIssuesQuery is NewQuery for the list of issues, which also offers states
// and owners.
func NewIssuesQuery(text string, tree querylang.Expr) Query {
	return newQuery(text, tree, IssueFilterKeys)
}

func newQuery(text string, tree querylang.Expr, picks []string) Query {
	q := Query{Text: text, Words: text, Others: text, Rest: text, Picked: map[string][]string{}}
	spans, ok := conjunction(text, tree)
	if !ok {
		q.Rest = "(" + text + ")"
		return q
	}
	q.Rest = without(text, spans, span.state)
	q.Words = without(text, spans, func(s span) bool { return s.pair() })
	pick := func(s span) bool { return s.pick(picks) }
	q.Others = without(text, spans, pick)
	for i, s := range spans {
		if pick(s) {
			q.Picked[s.leaf.Key.Name] = append(q.Picked[s.leaf.Key.Name], s.values()...)
		}
		if s.state() {
			q.States = append(q.States, text[s.start:s.end])
		}
		if s.pair() {
			q.Chips = append(q.Chips, s.chip(text, without(text, spans[i:i+1], span.pair)))
		}
	}
	return q
}

// RefusedQuery shows a query that could not be read, with the place of its
// first finding.
func RefusedQuery(text string, err error) Query {
	q := Query{Text: text, Words: text, Others: text, Picked: map[string][]string{}}
	x := &QueryError{Before: text, Message: errata.MessageOf(err)}
	if d := errata.DetailsOf(err); len(d) > 0 {
		x.Message, x.Hint = d[0].Message, d[0].Hint
		if a, b := d[0].Start, d[0].End; 0 <= a && a < b && b <= len(text) {
			x.Before, x.Wrong, x.After = text[:a], text[a:b], text[b:]
		}
	}
	q.Error = x
	return q
}

// span is a leaf with the place of its text, "!" included.
type span struct {
	leaf       *querylang.Leaf
	negated    bool
	start, end int
}

func (s span) pair() bool { return s.leaf.Key.Name != "" }

func (s span) pick(keys []string) bool {
	return !s.negated && slices.Contains(keys, s.leaf.Key.Name) && s.leaf.Key.Arg == "" && plain(s.leaf) && (s.leaf.Key.Name != "is" || s.statuses())
}

// statuses says that is: asks for nothing but statuses; it knows reasons too.
func (s span) statuses() bool {
	return !slices.ContainsFunc(s.values(), func(v string) bool { return !slices.Contains(statusValues, v) })
}

var statusValues = []string{"open", "acknowledged", "resolved", "ignored"}

// values are what the filters tick for the pair.
func (s span) values() (out []string) {
	for _, v := range rawValues(s.leaf) {
		if s.leaf.Key.Name == "is" && v == "unresolved" {
			out = append(out, statusValues[:2]...)
		} else {
			out = append(out, v)
		}
	}
	return out
}

// state says that the pair is about where issues stand, which is what tabs
// choose between.
func (s span) state() bool { return slices.Contains(stateKeys, s.leaf.Key.Name) }

var stateKeys = []string{"is", "assigned", "first_seen"}

// plain says that every value of the leaf is one to tick: written out, without
// wildcard or comparison.
func plain(l *querylang.Leaf) bool {
	for _, v := range l.Values {
		if v.Kind != querylang.Equal && (l.Key.Name != "severity" || strings.ContainsAny(v.Raw, "<>.*")) {
			return false
		}
	}
	return len(l.Values) > 0
}

func (s span) chip(text, rest string) QueryChip {
	written := text[s.start:s.end]
	key, value, _ := strings.Cut(written, ":")
	return QueryChip{Key: key + ":", Value: value, Negated: s.negated, Without: rest}
}

func conjunction(text string, tree querylang.Expr) ([]span, bool) {
	if tree == nil {
		return nil, true
	}
	kids := []querylang.Expr{tree}
	if and, ok := tree.(*querylang.And); ok {
		kids = and.Kids
	}
	var out []span
	for _, kid := range kids {
		s, ok := newSpan(text, kid)
		if !ok || len(out) > 0 && s.start < out[len(out)-1].end {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}

func newSpan(text string, x querylang.Expr) (span, bool) {
	s := span{}
	if not, ok := x.(*querylang.Not); ok {
		s.negated, x = true, not.Kid
	}
	leaf, ok := x.(*querylang.Leaf)
	if !ok || leaf.Start < 0 || leaf.End > len(text) || leaf.Start >= leaf.End {
		return s, false
	}
	s.leaf, s.start, s.end = leaf, leaf.Start, leaf.End
	if s.negated {
		if text[s.start] == '!' {
			return s, true
		}
		if s.start == 0 || text[s.start-1] != '!' {
			return s, false
		}
		s.start--
	}
	return s, true
}

// without returns text with the spans cut out that drop chooses.
func without(text string, spans []span, drop func(span) bool) string {
	var kept []string
	at := 0
	for _, s := range spans {
		if drop(s) {
			kept = append(kept, strings.TrimSpace(text[at:s.start]))
			at = s.end
		}
	}
	kept = append(kept, strings.TrimSpace(text[at:]))
	return strings.Join(slices.DeleteFunc(kept, func(s string) bool { return s == "" }), " ")
}

func rawValues(l *querylang.Leaf) []string {
	var out []string
	for _, v := range l.Values {
		out = append(out, v.Raw)
	}
	return out
}
