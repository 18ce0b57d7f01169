package querylang

import (
	"slices"
	"strings"
)

// Match says whether a record satisfies a bound query. Of the keys of issues it
// knows severity, read from the event; no event satisfies another one.
func Match(x Expr, r *Record) bool {
	switch x := x.(type) {
	case *And:
		for _, k := range x.Kids {
			if !Match(k, r) {
				return false
			}
		}
		return true
	case *Or:
		for _, k := range x.Kids {
			if Match(k, r) {
				return true
			}
		}
		return false
	case *Not:
		return !Match(x.Kid, r)
	case *Leaf:
		for i := range x.Values {
			if matches(x.Key, &x.Values[i], r) {
				return true
			}
		}
		return false
	}
	return true
}

func matches(k Key, v *Value, r *Record) bool {
	switch v.Kind {
	case Words, Phrase, Prefix:
		return inStreams(k, v, r)
	case Range:
		n, ok := numberOf(k, r)
		return ok && (v.Lo == nil || n >= *v.Lo) && (v.Hi == nil || n < *v.Hi)
	case Present:
		return hasKey(k, r.Keys)
	case Wildcard:
		return anyTerm(k, v.Parts, r.Terms)
	default:
		return equals(k, v, r)
	}
}

func equals(k Key, v *Value, r *Record) bool {
	switch k.Name {
	case "issue":
		return r.Issue == v.Text
	case "event":
		return r.EventID == v.Text
	case "level":
		return string(r.Level) == v.Text
	case "handled":
		return r.Handled == (v.Text == "true")
	}
	_, ok := slices.BinarySearchFunc(r.Terms, v.Text, func(term, text string) int { return compareTerm(term, k, text) })
	return ok
}

func numberOf(k Key, r *Record) (int64, bool) {
	switch k.Name {
	case "timestamp":
		return r.Time, true
	case "received":
		return r.Received, true
	case "event.severity", "severity":
		return int64(r.Severity), true
	case "http.status":
		return int64(r.Status), r.Status > 0
	}
	return 0, false
}

// inStreams looks for tokens in the streams of a text key.
func inStreams(k Key, v *Value, r *Record) bool {
	switch k.Name {
	case "message":
		return inStream(r.Words[StreamMessage], v)
	case "stack":
		return inStream(r.Words[StreamStack], v)
	}
	for _, s := range r.Words {
		if inStream(s, v) {
			return true
		}
	}
	return false
}

func inStream(s string, v *Value) bool {
	return adjacent(s, v.Text, v.Kind == Prefix) || v.Joined != "" && adjacent(s, v.Joined, false)
}

// adjacent says whether text stands in s from the start of a token, and unless
// it is a prefix to the end of one.
func adjacent(s, text string, prefix bool) bool {
	for at := 0; ; {
		i := strings.Index(s[at:], text)
		if i < 0 {
			return false
		}
		i += at
		end := i + len(text)
		if (i == 0 || s[i-1] == ' ') && (prefix || end == len(s) || s[end] == ' ') {
			return true
		}
		at = i + 1
	}
}

// compareKey compares a text with what TermKey(k) would be, and returns what
// follows it in the text.
func compareKey(s string, k Key) (order int, rest string) {
	for _, part := range [...]string{k.Name, ".", k.Arg} {
		if k.Arg == "" && part != k.Name {
			break
		}
		n := min(len(s), len(part))
		if c := strings.Compare(s[:n], part[:n]); c != 0 {
			return c, ""
		}
		if n < len(part) {
			return -1, ""
		}
		s = s[n:]
	}
	return 0, s
}

// compareTerm compares term with TermKey(k)+"="+value.
func compareTerm(term string, k Key, value string) int {
	c, rest := compareKey(term, k)
	switch {
	case c != 0:
		return c
	case rest == "":
		return -1
	case rest[0] != '=':
		return int(rest[0]) - '='
	}
	return strings.Compare(rest[1:], value)
}

func hasKey(k Key, keys []string) bool {
	_, ok := slices.BinarySearchFunc(keys, k, func(s string, k Key) int {
		c, rest := compareKey(s, k)
		if c == 0 && rest != "" {
			return 1
		}
		return c
	})
	return ok
}

// anyTerm says whether a term of the key has a value that matches parts.
func anyTerm(k Key, parts, terms []string) bool {
	i, _ := slices.BinarySearchFunc(terms, "", func(term, text string) int { return compareTerm(term, k, text) })
	for ; i < len(terms); i++ {
		c, rest := compareKey(terms[i], k)
		if c != 0 || rest == "" || rest[0] != '=' {
			return false
		}
		if Wild(rest[1:], parts) {
			return true
		}
	}
	return false
}

// Wild matches s against literal pieces with a star between neighbours.
func Wild(s string, parts []string) bool {
	first, last := parts[0], parts[len(parts)-1]
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return true
}
