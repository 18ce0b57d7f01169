package querylang

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// item is one alternative of a value: a literal, behind a comparison operator
// or with a second one after "..".
type item struct {
	op         string // "" > >= < <= ..
	a, b       scalar
	start, end int
}

// pair reads the value of a key and makes its leaf.
func (p *parser) pair(h head, empty bool) Expr {
	start := p.i
	p.i = h.end + 1
	f, k, known := h.field()
	if empty {
		p.fail("missing_value", p.i, p.i, "The value of "+h.text()+" is missing.", "")
		return nil
	}
	if h.name == "has" {
		return p.has(start)
	}
	switch {
	case h.square && !tagKey(h.arg):
		p.fail("unexpected", start, h.end, wrongTagKey, "")
		known = false
	case !known:
		f, k, known = p.assume(h, start)
	}
	items, ok := p.list(f, h.text())
	if !known || !ok {
		return nil
	}
	_, _, inverted := lookup(h.name)
	if inverted {
		invert(items)
	}
	return p.field(f, k, items, start)
}

// text returns the head as it was meant: the name, with its tag key.
func (h head) text() string {
	if h.square {
		return h.name + "[" + h.arg + "]"
	}
	return h.name
}

const wrongTagKey = "A tag key has 1 to 200 letters, digits, _ . : and -."

func tagKey(s string) bool { return s != "" && len(s) <= 200 && writable([]byte(s), ":") }

// assume takes an unknown key for a tag, unless it looks like a slip.
func (p *parser) assume(h head, start int) (*Field, Key, bool) {
	f := byName["tags"]
	if s, ok := map[string]string{"tags": "tags[key]:", "tag": "tags[key]:", "ctx": "ctx.path:", "extra": "extra.path:"}[h.name]; ok {
		p.fail("unknown_key", start, h.end, "“"+h.name+"” alone is not a field.", "Write "+s+"…")
		return f, Key{}, false
	}
	if strings.HasPrefix(h.name, "user.") && !slices.Contains(p.tags, h.name) {
		p.fail("unknown_key", start, h.end, "“"+h.name+"” is not a field.", "Any identifier of a user is found with user: write user:…")
		return f, Key{}, false
	}
	if n := near(h.name); n != "" && !slices.ContainsFunc(p.tags, func(t string) bool { return Fold(t) == h.name }) {
		p.fail("unknown_key", start, h.end, "“"+h.name+"” is not a field.",
			"Did you mean "+n+"? For a tag write tags["+h.name+"]:…")
		return f, Key{}, false
	}
	if !tagKey(h.name) {
		p.fail("unknown_key", start, h.end, wrongTagKey, "")
		return f, Key{}, false
	}
	p.notice("tag_assumed", start, h.end, "“"+h.name+"” is not a field: taken for the tag "+h.name+".")
	return f, Key{"tags", h.name}, true
}

// comparable says that operators and ".." are syntax for f.
func (f *Field) comparable() bool {
	switch f.Type {
	case Ordered, Int, Time, Duration, Version:
		return true
	default:
		return false
	}
}

// list reads the items of a value.
func (p *parser) list(f *Field, name string) ([]item, bool) {
	in, open := inList, p.i
	if p.at('[') {
		in = inBracket
		p.i++
	}
	var items []item
	for {
		if in == inBracket {
			p.space()
		}
		it, ok := p.item(f, in, name)
		if !ok {
			return nil, false
		}
		items = append(items, it)
		if p.items++; p.items > MaxListItems {
			p.limit("too_many", it.start, it.end, fmt.Sprintf("A query has at most %d values.", MaxListItems))
			return nil, false
		}
		if in == inBracket {
			p.space()
		}
		if p.at(',') {
			p.i++
			continue
		}
		if in == inList {
			return items, true
		}
		if !p.at(']') {
			p.recover()
			p.fail("unbalanced", open, open+1, "This bracket is not closed.", "To search for it quote the value.")
			return nil, false
		}
		p.i++
		return items, true
	}
}

func (p *parser) item(f *Field, in within, name string) (item, bool) {
	it := item{start: p.i}
	ordered := f.comparable()
	if ordered {
		it.op = comparison(p.q[p.i:])
		p.i += len(it.op)
	}
	var ok bool
	if it.a, ok = p.scalar(in, name); !ok {
		return it, false
	}
	if ordered && it.op == "" {
		if !p.span(&it, in, name) {
			return it, false
		}
	}
	it.end = p.i
	if !it.a.quoted && it.a.pat == "" && it.op != ".." {
		p.fail("missing_value", p.i, p.i, "A value of "+name+" is missing.", `For “no `+name+`” write `+name+`:"".`)
		p.recover()
		return it, false
	}
	return it, true
}

func comparison(s string) string {
	for _, op := range []string{">=", "<=", ">", "<"} {
		if strings.HasPrefix(s, op) {
			return op
		}
	}
	return ""
}

// span looks for ".." in or after the first literal of an item.
func (p *parser) span(it *item, in within, name string) bool {
	if it.a.quoted {
		if !strings.HasPrefix(p.q[p.i:], "..") {
			return true
		}
		p.i += len("..")
		it.op = ".."
		var ok bool
		it.b, ok = p.scalar(in, name)
		return ok
	}
	low, high, found := strings.Cut(it.a.pat, "..")
	if !found {
		return true
	}
	it.op, it.a.pat = "..", low
	it.b = scalar{pat: high, start: it.a.start, end: it.a.end}
	if high == "" && p.at('"') {
		var ok bool
		it.b, ok = p.quoted()
		return ok
	}
	return true
}

func (p *parser) scalar(in within, name string) (scalar, bool) {
	if p.at('"') {
		return p.quoted()
	}
	s, ok := p.bare(in)
	if !ok {
		p.open(p.listHint(name))
	}
	return s, ok
}

var orList = regexp.MustCompile(`^\(\s*([^\s"()]+(?:\s+OR\s+[^\s"()]+)+)\s*\)`)

// listHint turns key:(a OR b), as other trackers write it, into our list.
func (p *parser) listHint(name string) string {
	if m := orList.FindStringSubmatch(p.q[p.i:]); m != nil {
		words := slices.DeleteFunc(strings.Fields(m[1]), func(w string) bool { return w == "OR" })
		return "Write " + name + ":" + strings.Join(words, ",") + "."
	}
	return "Write several values as " + name + ":a,b, or quote the value."
}

// has reads the keys behind has: and joins one leaf for each.
func (p *parser) has(start int) Expr {
	items, ok := p.list(&Field{Type: Exact}, "has")
	if !ok {
		return nil
	}
	var kids []Expr
	for _, it := range items {
		h, ok := headAt(plain(it.a.pat)+":", 0)
		if !ok || h.end != len(plain(it.a.pat)) || h.name == "has" {
			p.fail("bad_value", it.start, it.end, "has: needs the name of a field.", "")
			continue
		}
		if h.square && !tagKey(h.arg) {
			p.fail("unexpected", it.start, it.end, wrongTagKey, "")
			continue
		}
		f, k, known := h.field()
		if !known {
			h.end = it.end
			if f, k, known = p.assume(h, it.start); !known {
				continue
			}
		}
		kids = append(kids, p.present(f, k, it.start, it.end, start))
	}
	return p.either(kids, start)
}

// either joins what one pair has become. Its canonical form stands in
// parentheses, so it counts as deep as they.
func (p *parser) either(kids []Expr, start int) Expr {
	x := disjunction(kids)
	if _, ok := x.(*Or); ok && p.depth == MaxDepth {
		p.tooDeep(start)
	}
	return x
}

// present makes a has: leaf.
func (p *parser) present(f *Field, k Key, at, end, start int) Expr {
	if f.Always {
		p.fail("bad_value", at, end, everything(f)+" has "+f.Name+".", "Leave the condition out.")
		return nil
	}
	return p.leaf(k, []Value{{Kind: Present}}, start)
}

func everything(f *Field) string {
	if f.Column == OfIssue {
		return "Every issue"
	}
	return "Every event"
}

// invert turns true into false and back.
func invert(items []item) {
	for i := range items {
		switch v, ok := boolean(items[i].a.pat); {
		case ok && v:
			items[i].a.pat = "false"
		case ok:
			items[i].a.pat = "true"
		}
	}
}

// field makes the leaf of a key with its values; "" among them asks for the
// missing field and * for the present one.
func (p *parser) field(f *Field, k Key, items []item, start int) Expr {
	var vs []Value
	missing, there := -1, -1
	for n, it := range items {
		switch {
		case it.op == "" && it.a.pat == "":
			missing = n
		case it.op == "" && f.Type != Flag && isStars(it.a.pat):
			there = n
		default:
			if v, ok := p.value(f, k, it); ok {
				vs = append(vs, v)
			}
		}
	}
	var kids []Expr
	switch {
	case there >= 0: // what is there is also any of the other values
		kids = append(kids, p.present(f, k, items[there].start, items[there].end, start))
	default:
		kids = append(kids, p.leaf(k, vs, start))
	}
	if missing >= 0 {
		kids = append(kids, negation(p.present(f, k, items[missing].start, items[missing].end, start)))
	}
	return p.either(kids, start)
}

func isStars(pat string) bool { return pat != "" && strings.Trim(pat, "*") == "" }
