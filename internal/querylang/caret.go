package querylang

import (
	"strings"
	"unicode/utf8"
)

// Caret is where somebody is typing in a query, and what of it is there. A
// suggestion replaces [Start, End).
type Caret struct {
	Key        Key    // of the value that is typed, has included; "" while a key or a word is
	Typed      string // what is before the caret of the name or value, without quotes and operator
	Operator   string // in front of the value: > >= < <=
	Start, End int
	Rest       string // the query without the term that is typed
}

// CaretAt says what is typed at a byte offset of a query, or at the character
// that the offset lies in. It takes any text.
func CaretAt(q string, at int) Caret {
	at = min(max(at, 0), len(q))
	for at > 0 && at < len(q) && !utf8.RuneStart(q[at]) {
		at--
	}
	start, end := termAround(q, at)
	c := Caret{Start: start, End: end, Typed: q[start:at], Rest: strings.TrimSpace(q[:termBegin(q, start)] + q[end:])}
	colon := keyColon(q[start:end])
	if colon < 0 {
		return c
	}
	if start+colon >= at { // the key itself is edited
		c.End = start + colon + 1
		return c
	}
	name := Fold(q[start : start+colon])
	k, ok := ParseKey(name)
	switch {
	case name == keyOfHas:
		k = Key{Name: keyOfHas}
	case !ok:
		k = Key{Name: "tags", Arg: name}
	}
	c.Key = k
	c.item(q, start+colon+1, at)
	return c
}

// keyOfHas is the key that asks whether a field is there.
const keyOfHas = "has"

// item narrows the caret to the item of a list that it is in.
func (c *Caret) item(q string, from, at int) {
	quoted := false
	c.Start = from
	for i := from; i < at; i++ {
		switch q[i] {
		case '"':
			quoted = !quoted
		case ',', '[':
			if !quoted {
				c.Start = i + 1
			}
		}
	}
	for i := at; i < c.End; i++ {
		if q[i] == '"' {
			quoted = !quoted
		} else if !quoted && (q[i] == ',' || q[i] == ']') {
			c.End = i
		}
	}
	c.Typed = q[c.Start:at]
	if f := FieldOf(c.Key); f.Type == Ordered || f.Type == Int || f.Type == Time || f.Type == Duration || f.Type == Version {
		for _, op := range []string{">=", "<=", ">", "<"} {
			if rest, ok := strings.CutPrefix(c.Typed, op); ok {
				c.Operator, c.Typed = op, rest
				break
			}
		}
		c.Start += len(c.Operator)
	}
	c.Typed = strings.TrimPrefix(c.Typed, `"`)
}

// termAround returns the term around a place: what stands between spaces that
// are not in quotes, without the signs in front and parentheses behind.
func termAround(q string, at int) (start, end int) {
	quoted := false
	for i := range at {
		if q[i] == '"' {
			quoted = !quoted
		} else if !quoted && spaceAt(q, i) > 0 {
			start = i + spaceAt(q, i)
		}
	}
	for end = at; end < len(q); end++ {
		if q[end] == '"' {
			quoted = !quoted
		} else if !quoted && spaceAt(q, end) > 0 {
			break
		}
	}
	for start < at && strings.IndexByte("(!", q[start]) >= 0 {
		start++
	}
	for end > at && q[end-1] == ')' && strings.Count(q[start:end], ")") > strings.Count(q[start:end], "(") {
		end--
	}
	return start, end
}

// termBegin is where a term begins with the signs in front of it.
func termBegin(q string, start int) int {
	for start > 0 && strings.IndexByte("(!", q[start-1]) >= 0 {
		start--
	}
	return start
}

// keyColon returns the place of the colon behind a key, -1 when there is none.
func keyColon(term string) int {
	square := false
	for i := range len(term) {
		switch c := term[i]; {
		case c == '[':
			square = true
		case c == ']':
			square = false
		case c == '"':
			return -1
		case c == ':' && !square:
			if i == 0 || strings.HasPrefix(term[i+1:], ":") || strings.HasPrefix(term[i+1:], "//") {
				return -1
			}
			return i
		}
	}
	return -1
}

// ValueText returns a value as a query writes it behind a key.
func ValueText(k Key, value string) string {
	written := Print(&Leaf{Key: k, Values: []Value{{Kind: Equal, Raw: value, Text: Fold(value)}}})
	return strings.TrimPrefix(written, k.String()+":")
}

// Without returns a query without the conditions on a key at its top.
func Without(x Expr, k Key) Expr {
	kids := []Expr{x}
	if and, ok := x.(*And); ok {
		kids = and.Kids
	}
	var rest []Expr
	for _, kid := range kids {
		leaf, ok := kid.(*Leaf)
		if not, isNot := kid.(*Not); isNot {
			leaf, ok = not.Kid.(*Leaf)
		}
		if kid != nil && (!ok || leaf.Key != k) {
			rest = append(rest, kid)
		}
	}
	return All(rest...)
}
