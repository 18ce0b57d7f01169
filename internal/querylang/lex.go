package querylang

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// scalar is one literal. pat is its text without quotes and escapes, but a
// literal star stays \* and a literal backslash \\: a pattern.
type scalar struct {
	pat        string
	quoted     bool
	start, end int
}

// within says where a bare literal stands, which decides where it ends.
type within uint8

const (
	inQuery   within = iota
	inList           // a value: a comma ends it
	inBracket        // a bracketed list: ] ends it too
)

// escapable are the characters that a backslash makes literal.
const escapable = `*\",()[]:!`

func isEscapable(c byte) bool { return strings.IndexByte(escapable, c) >= 0 }

// appendLiteral appends c to a pattern as itself.
func appendLiteral(b []byte, c byte) []byte {
	if c == '*' || c == '\\' {
		b = append(b, '\\')
	}
	return append(b, c)
}

// pattern returns text as a pattern that matches only itself.
func pattern(text string) string {
	if !strings.ContainsAny(text, `*\`) {
		return text
	}
	var b []byte
	for i := range len(text) {
		b = appendLiteral(b, text[i])
	}
	return string(b)
}

// pieces returns the literal texts between the stars of a pattern.
func pieces(pat string) []string {
	out := []string{}
	var b []byte
	for i := 0; i < len(pat); i++ {
		switch c := pat[i]; {
		case c == '\\' && i+1 < len(pat):
			i++
			b = append(b, pat[i])
		case c == '*':
			out = append(out, string(b))
			b = b[:0]
		default:
			b = append(b, c)
		}
	}
	return append(out, string(b))
}

// plain returns the text of a pattern, its stars taken literally.
func plain(pat string) string { return strings.Join(pieces(pat), "*") }

// spaceAt returns the width of the space at i, 0 when there is none.
func spaceAt(s string, i int) int {
	if i >= len(s) {
		return 0
	}
	if c := s[i]; c < utf8.RuneSelf {
		if c == ' ' || c-'\t' < 5 {
			return 1
		}
		return 0
	}
	if r, n := utf8.DecodeRuneInString(s[i:]); unicode.IsSpace(r) {
		return n
	}
	return 0
}

func hasSpace(s string) bool { return strings.IndexFunc(s, unicode.IsSpace) >= 0 }

// parenEnd returns the index after the parenthesis that closes the one at i,
// -1 when a space, a quote or the end comes first.
func parenEnd(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && isEscapable(s[i+1]):
			i++
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return i + 1
			}
		case c == '"' || spaceAt(s, i) > 0:
			return -1
		}
	}
	return -1
}

// head is the key part of a pair: name, optional tag key, and the colon.
type head struct {
	name   string // folded
	arg    string // tag key, folded; "" without brackets
	square bool   // brackets were there
	end    int    // index of the colon
}

// headAt reads "name:" or "name[tag]:" at i.
func headAt(s string, i int) (head, bool) {
	j := i
	if j >= len(s) || !isLetter(s[j]) {
		return head{}, false
	}
	for j < len(s) && isNameByte(s[j]) {
		j++
	}
	h := head{name: Fold(s[i:j])}
	if len(h.name) < 2 {
		return head{}, false
	}
	if (h.name == "tags" || h.name == "tag") && j < len(s) && s[j] == '[' {
		k := j + 1
		for k < len(s) && s[k] != ']' && spaceAt(s, k) == 0 {
			k++
		}
		if k >= len(s) || s[k] != ']' {
			return head{}, false
		}
		h.arg, h.square = Fold(s[j+1:k]), true
		j = k + 1
	}
	h.end = j
	return h, j < len(s) && s[j] == ':'
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isNameByte(c byte) bool {
	return isLetter(c) || c-'0' < 10 || c == '_' || c == '.' || c == '-'
}

// opens says whether the colon at i makes a pair, and whether a value follows
// it: neither before : // a space, a closing parenthesis or the end.
func opens(s string, i int) (pair, value bool) {
	rest := s[i+1:]
	switch {
	case rest == "" || rest[0] == ')' || spaceAt(rest, 0) > 0:
		return true, false
	case rest[0] == ':' || strings.HasPrefix(rest, "//"):
		return false, false
	}
	return true, true
}

// pairAt reads the head of a pair at i. empty says that nothing follows its
// colon, which makes a word of it unless the key is known.
func pairAt(s string, i int) (h head, empty, ok bool) {
	h, ok = headAt(s, i)
	if !ok {
		return h, false, false
	}
	pair, value := opens(s, h.end)
	if !pair {
		return h, false, false
	}
	if !value {
		_, _, known := h.field()
		return h, true, known
	}
	return h, false, true
}

// field resolves a head; known is false for a name that is no key.
func (h head) field() (*Field, Key, bool) {
	if h.square {
		return byName["tags"], Key{"tags", h.arg}, true
	}
	f, k, _ := lookup(h.name)
	if h.name == "has" {
		return nil, Key{}, true
	}
	return f, k, f != nil
}
