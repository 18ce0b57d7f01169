package querylang

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"errata/internal/errata"
)

// Limits of one query.
const (
	MaxBytes     = 4096
	MaxDepth     = 16
	MaxLeaves    = 100
	MaxListItems = 200
	MaxWildcards = 10

	maxProblems = 100 // a reader mends the first few
)

// Parse reads a query. tags are tag keys that the asker's services are known to
// have: a bare key among them is a tag even when it resembles a field. It
// reports every problem at once: the error is invalid, with one detail per
// problem in order of place, at most 100, reasons query.*. The notices are about
// a query that was understood, perhaps otherwise than meant. A query of nothing
// gives a nil Expr.
func Parse(q string, tags ...string) (x Expr, notices []errata.Detail, err error) {
	if len(q) > MaxBytes {
		d := errata.Detail{
			Reason: "query.too_long", Field: "q", End: len(q),
			Message: fmt.Sprintf("A query has at most %d bytes, this one has %d.", MaxBytes, len(q)),
		}
		return nil, nil, errata.Because(errata.Invalid, d.Message, nil, d)
	}
	p := &parser{q: q, tags: tags}
	x = p.query()
	byPlace(p.notices)
	if len(p.problems) > 0 {
		byPlace(p.problems)
		return nil, p.notices, errata.Because(errata.Invalid, p.problems[0].Message, nil, p.problems...)
	}
	return x, p.notices, nil
}

func byPlace(ds []errata.Detail) {
	sort.SliceStable(ds, func(i, j int) bool { return ds[i].Start < ds[j].Start })
}

type parser struct {
	q                 string
	i                 int
	tags              []string
	problems, notices []errata.Detail
	depth             int
	leaves, items     int
	wildcards         int
	done              bool  // nothing more is reported
	close             []int // matching parentheses, filled when first asked
}

func (p *parser) fail(reason string, start, end int, message, hint string) {
	if p.done {
		return
	}
	p.problems = append(p.problems, errata.Detail{
		Reason: "query." + reason, Field: "q",
		Start: start, End: end, Message: message, Hint: hint,
	})
	p.done = len(p.problems) == maxProblems
}

func (p *parser) notice(reason string, start, end int, message string) {
	p.notices = append(p.notices, errata.Detail{
		Reason: "query." + reason, Field: "q",
		Start: start, End: end, Message: message,
	})
}

// limit ends the parse: what follows a passed limit is not looked at.
func (p *parser) limit(reason string, start, end int, message string) {
	p.fail(reason, start, end, message, "")
	p.done, p.i = true, len(p.q)
}

func (p *parser) space() {
	for n := spaceAt(p.q, p.i); n > 0; n = spaceAt(p.q, p.i) {
		p.i += n
	}
}

// recover goes on at the next space, or where an open group may close.
func (p *parser) recover() {
	for p.i < len(p.q) && spaceAt(p.q, p.i) == 0 && (p.depth == 0 || p.q[p.i] != ')') {
		p.i++
	}
}

func (p *parser) at(c byte) bool { return p.i < len(p.q) && p.q[p.i] == c }

// operator says whether the word stands at i as an operator.
func (p *parser) operator(word string) bool {
	rest, ok := strings.CutPrefix(p.q[p.i:], word)
	return ok && (rest == "" || rest[0] == '(' || rest[0] == ')' || rest[0] == '"' || spaceAt(rest, 0) > 0)
}

func (p *parser) query() Expr {
	var kids []Expr
	for {
		x, _ := p.or()
		kids = append(kids, x)
		if p.i >= len(p.q) {
			return conjunction(kids)
		}
		p.fail("unbalanced", p.i, p.i+1, "This parenthesis closes nothing.", "To search for it write \\).")
		p.i++
	}
}

// or and and return whether anything stood there; a word that was dropped
// counts although it gives nil.
func (p *parser) or() (Expr, bool) {
	x, ok := p.and()
	kids := []Expr{x}
	for p.operator("OR") {
		start := p.i
		p.i += len("OR")
		if !ok {
			p.fail("unexpected", start, p.i, "There is nothing before OR.", "")
		}
		x, more := p.and()
		if !more {
			p.fail("unexpected", start, start+len("OR"), "There is nothing after OR.", "")
		}
		kids, ok = append(kids, x), true
	}
	return disjunction(kids), ok
}

func (p *parser) and() (Expr, bool) {
	var kids []Expr
	ok, open := false, -1 // open: place of an AND that waits for its right side
	for {
		p.space()
		if p.i >= len(p.q) || p.at(')') || p.operator("OR") {
			break
		}
		if p.operator("AND") {
			if !ok || open >= 0 {
				p.fail("unexpected", p.i, p.i+len("AND"), "There is nothing before AND.", "")
			}
			ok, open = true, p.i
			p.i += len("AND")
			continue
		}
		kids, ok, open = append(kids, p.not()), true, -1
	}
	if open >= 0 {
		p.fail("unexpected", open, open+len("AND"), "There is nothing after AND.", "")
	}
	return conjunction(kids), ok
}

func (p *parser) not() Expr {
	negative, start, end := false, -1, -1
	for {
		n := 0
		switch {
		case p.at('!'):
			n = 1
		case p.operator("NOT"):
			n = len("NOT")
		}
		if n == 0 {
			break
		}
		negative, start, end = !negative, p.i, p.i+n
		p.i += n
		p.space()
	}
	if start >= 0 && (p.i >= len(p.q) || p.at(')') || p.operator("OR") || p.operator("AND")) {
		p.fail("unexpected", start, end, "There is nothing to negate.", "")
		return nil
	}
	x := p.atom()
	if negative {
		return negation(x)
	}
	return x
}

func (p *parser) atom() Expr {
	switch {
	case p.at('('):
		return p.group()
	case p.at('"'):
		return p.phrase()
	}
	if h, empty, ok := pairAt(p.q, p.i); ok {
		return p.pair(h, empty)
	}
	if p.at('-') {
		if _, _, ok := pairAt(p.q, p.i+1); ok {
			return p.minus()
		}
	}
	return p.word()
}

func (p *parser) minus() Expr {
	start := p.i
	p.recover()
	p.fail("unexpected", start, start+1, "A minus does not exclude.", "Write !"+p.q[start+1:p.i]+".")
	return nil
}

func (p *parser) group() Expr {
	start := p.i
	if p.depth == MaxDepth {
		p.tooDeep(start)
		return nil
	}
	p.depth++
	p.i++
	x, ok := p.or()
	p.depth--
	switch {
	case !p.at(')'):
		p.fail("unbalanced", start, start+1, "This parenthesis is not closed.", "To search for it write \\( or quote the text.")
	default:
		p.i++
		if !ok {
			p.fail("unexpected", start, p.i, "There is nothing between the parentheses.", "")
		}
	}
	return x
}

func (p *parser) tooDeep(start int) {
	p.limit("too_deep", start, start+1, fmt.Sprintf("Parentheses go at most %d deep.", MaxDepth))
}

// quoted reads a quoted literal at i.
func (p *parser) quoted() (scalar, bool) {
	var b []byte
	for i := p.i + 1; i < len(p.q); i++ {
		c := p.q[i]
		switch {
		case c == '"':
			s := scalar{string(b), true, p.i, i + 1}
			p.i = i + 1
			return s, true
		case c == '\\' && i+1 < len(p.q) && (p.q[i+1] == '"' || p.q[i+1] == '\\' || p.q[i+1] == '*'):
			i++
			b = appendLiteral(b, p.q[i])
		case c == '\\':
			b = appendLiteral(b, c)
		default:
			b = append(b, c)
		}
	}
	p.fail("unterminated", p.i, len(p.q), "The closing quote is missing.", "To search for a quote mark write \\\".")
	p.i = len(p.q)
	return scalar{}, false
}

// bare reads a literal without quotes at i; it may be empty.
func (p *parser) bare(in within) (scalar, bool) {
	var b []byte
	start, depth := p.i, 0
	for p.i < len(p.q) {
		c := p.q[p.i]
		switch {
		case c == '\\' && p.i+1 < len(p.q) && isEscapable(p.q[p.i+1]):
			p.i++
			b = appendLiteral(b, p.q[p.i])
		case c == '\\':
			b = appendLiteral(b, c)
		case c == '(':
			if depth == 0 && parenEnd(p.q, p.i) < 0 {
				return scalar{}, false
			}
			depth++
			b = append(b, c)
		case c == ')' && depth > 0:
			depth--
			b = append(b, c)
		case c == '"' || c == ')' || spaceAt(p.q, p.i) > 0,
			depth == 0 && (in != inQuery && c == ',' || in == inBracket && c == ']'):
			return scalar{string(b), false, start, p.i}, true
		default:
			b = append(b, c)
		}
		p.i++
	}
	return scalar{string(b), false, start, p.i}, true
}

// open reports the parenthesis at i, which closes too late or never, and goes
// on after the one that closes it, else at the next space.
func (p *parser) open(hint string) {
	start := p.i
	if end := p.closing(start); end > 0 {
		p.i = end + 1
	} else {
		p.recover()
	}
	p.fail("unbalanced", start, start+1, "A parenthesis inside a word closes before the next space.", hint)
}

// closing returns the index of the parenthesis that closes the one at i,
// spaces or not; 0 when there is none.
func (p *parser) closing(i int) int {
	if p.close == nil {
		p.close = make([]int, len(p.q))
		var stack []int
		for j := 0; j < len(p.q); j++ {
			switch p.q[j] {
			case '\\':
				j++
			case '(':
				stack = append(stack, j)
			case ')':
				if n := len(stack); n > 0 {
					p.close[stack[n-1]] = j
					stack = stack[:n-1]
				}
			}
		}
	}
	return p.close[i]
}

func (p *parser) word() Expr {
	start := p.i
	s, ok := p.bare(inQuery)
	if !ok {
		p.open("Quote the text.")
		return nil
	}
	switch s.pat {
	case "or", "and", "not":
		p.notice("lowercase_operator", start, p.i, "“"+s.pat+"” is a word here; the operator is "+strings.ToUpper(s.pat)+".")
	}
	return p.words(Key{}, []item{{a: s, start: start, end: p.i}}, start)
}

func (p *parser) phrase() Expr {
	start := p.i
	s, ok := p.quoted()
	if !ok {
		return nil
	}
	s.pat = pattern(plain(s.pat)) // a star is no wildcard in a phrase
	return p.words(Key{}, []item{{a: s, start: start, end: p.i}}, start)
}

// words makes the leaf of a text field.
func (p *parser) words(k Key, items []item, start int) Expr {
	var vs []Value
	for _, it := range items {
		if v, ok := p.text(k, it); ok {
			vs = append(vs, v)
		}
	}
	return p.leaf(k, vs, start)
}

// leaf returns a leaf with values in canonical order, nil without any.
func (p *parser) leaf(k Key, vs []Value, start int) Expr {
	if len(vs) == 0 {
		return nil
	}
	if p.leaves++; p.leaves > MaxLeaves {
		p.limit("too_many", start, p.i, fmt.Sprintf("A query has at most %d conditions.", MaxLeaves))
		return nil
	}
	return &Leaf{Key: k, Values: canonical(vs), Start: start, End: p.i}
}

// canonical sorts values and drops doubles.
func canonical(vs []Value) []Value {
	slices.SortStableFunc(vs, func(a, b Value) int {
		if c := strings.Compare(a.Raw, b.Raw); c != 0 {
			return c
		}
		return int(a.Kind) - int(b.Kind)
	})
	var out []Value
	for _, v := range vs {
		if !slices.ContainsFunc(out, func(o Value) bool { return same(o, v) }) {
			out = append(out, v)
		}
	}
	return out
}

// same says that two values mean the same.
func same(a, b Value) bool {
	if a.Kind != b.Kind || a.Quoted != b.Quoted {
		return false
	}
	if a.Kind == Equal {
		return a.Text == b.Text
	}
	return a.Raw == b.Raw
}

// conjunction and disjunction join kids, flat and without the dropped; a single
// kid stands alone.
func conjunction(kids []Expr) Expr {
	var out []Expr
	for _, k := range kids {
		switch k := k.(type) {
		case nil:
		case *And:
			out = append(out, k.Kids...)
		default:
			out = append(out, k)
		}
	}
	if len(out) < 2 {
		return only(out)
	}
	return &And{out}
}

func disjunction(kids []Expr) Expr {
	var out []Expr
	for _, k := range kids {
		switch k := k.(type) {
		case nil:
		case *Or:
			out = append(out, k.Kids...)
		default:
			out = append(out, k)
		}
	}
	if len(out) < 2 {
		return only(out)
	}
	return &Or{out}
}

func only(kids []Expr) Expr {
	if len(kids) == 1 {
		return kids[0]
	}
	return nil
}

func negation(x Expr) Expr {
	switch x := x.(type) {
	case nil:
		return nil
	case *Not:
		return x.Kid
	}
	return &Not{x}
}
