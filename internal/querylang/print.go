package querylang

import (
	"slices"
	"strings"
)

// Print returns the canonical form of a query: canonical keys, implicit AND, !
// for NOT, the fewest parentheses and quotes. Parse(Print(x)) gives x, places
// aside, for every x that Parse returns. Of a bound query it prints what was
// written, with hashes for users.
func Print(x Expr) string { return string(appendExpr(nil, x, 0)) }

// Quote returns a value as it can stand behind the colon of any key and means
// nothing but itself. Print drops the quotes where they are not needed.
func Quote(value string) string { return string(appendQuoted(nil, pattern(value), inList)) }

// All joins queries by AND; nil ones ask for nothing.
func All(xs ...Expr) Expr { return conjunction(xs) }

// Any joins queries by OR; nil ones are left out.
func Any(xs ...Expr) Expr { return disjunction(xs) }

// Negate returns the opposite of a query that is not nil.
func Negate(x Expr) Expr { return negation(x) }

// Binding strengths of operators.
const (
	loose = iota // inside OR or nothing
	inAnd
	inNot
)

func appendExpr(b []byte, x Expr, outer int) []byte {
	switch x := x.(type) {
	case *Not:
		if n, ok := x.Kid.(*Not); ok {
			return appendExpr(b, n.Kid, outer)
		}
		return appendExpr(append(b, '!'), x.Kid, inNot)
	case *And:
		return appendKids(b, x.Kids, " ", inAnd, outer)
	case *Or:
		return appendKids(b, x.Kids, " OR ", loose, outer)
	case *Leaf:
		return appendLeaf(b, x, outer)
	}
	return b
}

func appendKids(b []byte, kids []Expr, glue string, inner, outer int) []byte {
	if len(kids) == 1 {
		return appendExpr(b, kids[0], outer)
	}
	parens := outer > inner
	if parens {
		b = append(b, '(')
	}
	for i, k := range kids {
		if i > 0 {
			b = append(b, glue...)
		}
		b = appendExpr(b, k, inner)
	}
	if parens {
		b = append(b, ')')
	}
	return b
}

func appendLeaf(b []byte, l *Leaf, outer int) []byte {
	if slices.ContainsFunc(l.Values, func(v Value) bool { return v.Kind == Present }) {
		return append(append(b, "has:"...), l.Key.String()...)
	}
	if l.Key.Name == "" && len(l.Values) > 1 { // free text has no lists
		kids := make([]Expr, len(l.Values))
		for i := range l.Values {
			kids[i] = &Leaf{Key: l.Key, Values: l.Values[i : i+1]}
		}
		return appendKids(b, kids, " OR ", loose, outer)
	}
	in := inQuery
	if l.Key.Name != "" {
		in = inList
		b = append(append(b, l.Key.String()...), ':')
	}
	var last []byte
	for _, v := range l.Values {
		text := appendValue(nil, v, in)
		if string(text) == string(last) {
			continue // a bound value may stand for several
		}
		if last != nil {
			b = append(b, ',')
		}
		b = append(b, text...)
		last = text
	}
	return b
}

func appendValue(b []byte, v Value, in within) []byte {
	switch v.Kind {
	case Equal:
		return appendScalar(b, pattern(v.Raw), in, v.Quoted)
	case Phrase:
		return appendQuoted(b, pattern(v.Raw), in)
	case Range:
		if v.Parts[0] == ".." {
			b = appendEnd(b, v.Parts[1], in)
			b = append(b, ".."...)
			return appendEnd(b, v.Parts[2], in)
		}
		b = append(b, v.Parts[0]...)
		return appendEnd(b, v.Parts[1], in)
	default:
		if v.Kind != Wildcard && !hasSpace(v.Raw) {
			return appendBare(b, v.Raw, in) // quotes would make a phrase of it
		}
		return appendScalar(b, v.Raw, in, v.Quoted)
	}
}

// appendEnd writes a literal of a range, whose ends may be open.
func appendEnd(b []byte, s string, in within) []byte {
	if s == "" {
		return b
	}
	return appendScalar(b, pattern(s), in, versionSyntax(s) || s[0] == '=') // > and = would become >=
}

func appendScalar(b []byte, pat string, in within, quote bool) []byte {
	if quote || in != inQuery && needsQuotes(pat) {
		return appendQuoted(b, pat, in)
	}
	return appendBare(b, pat, in)
}

// needsQuotes says that a value is easier to read in quotes than with escapes.
func needsQuotes(pat string) bool {
	return pat == "" || pat[0] == '[' || pat[0] == ':' || strings.HasPrefix(pat, "//") ||
		strings.ContainsAny(pat, `",`) || hasSpace(pat) || !balanced(pat)
}

// balanced says that the parentheses of a pattern may stand bare.
func balanced(pat string) bool {
	depth := 0
	for i := range len(pat) {
		switch pat[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return false
			}
		}
	}
	return depth == 0
}

// appendQuoted writes a pattern in quotes. Outside of pairs a star is no
// wildcard there and needs no escape.
func appendQuoted(b []byte, pat string, in within) []byte {
	b = append(b, '"')
	for i := 0; i < len(pat); i++ {
		switch c := pat[i]; c {
		case '\\':
			i++
			if pat[i] == '*' && in == inQuery {
				b = append(b, '*')
				continue
			}
			b = appendBackslash(b, pat, i, `"\*`, true)
		case '"':
			b = append(b, '\\', '"')
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// appendBackslash writes the escaped character at pat[i]: a star with its
// backslash, a backslash doubled only where the next character would make an
// escape of it. last says that something follows the end of the pattern.
func appendBackslash(b []byte, pat string, i int, escapes string, last bool) []byte {
	b = append(b, '\\')
	switch {
	case pat[i] == '*':
		b = append(b, '*')
	case i+1 == len(pat) && last, i+1 < len(pat) && strings.IndexByte(escapes, pat[i+1]) >= 0:
		b = append(b, '\\')
	}
	return b
}

// appendBare writes a pattern without quotes, escaping what would be syntax.
func appendBare(b []byte, pat string, in within) []byte {
	parens := balanced(pat)
	colon := -1
	if in == inQuery {
		parens = parens && !strings.HasPrefix(pat, "(") && !operatorLike(pat)
		colon = pairColon(pat)
	}
	for i := 0; i < len(pat); i++ {
		c := pat[i]
		escape := false
		switch c {
		case '\\':
			i++
			b = appendBackslash(b, pat, i, escapable, true)
			continue
		case '(', ')':
			escape = !parens
		case '"':
			escape = true
		case ',':
			escape = in == inList
		case '[':
			escape = in == inList && i == 0
		case '!':
			escape = in == inQuery && i == 0
		case ':':
			escape = i == colon
		}
		if escape {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return b
}

// operatorLike says that the word begins like OR( and would be read as one.
func operatorLike(pat string) bool {
	return strings.HasPrefix(pat, "OR(") || strings.HasPrefix(pat, "AND(") || strings.HasPrefix(pat, "NOT(")
}

// pairColon returns the place of the colon that would make a pair of a word,
// -1 when none would.
func pairColon(pat string) int {
	for _, from := range []int{0, 1} {
		if from == 1 && !strings.HasPrefix(pat, "-") {
			break
		}
		if h, _, ok := pairAt(pat, from); ok {
			return h.end
		}
	}
	return -1
}
