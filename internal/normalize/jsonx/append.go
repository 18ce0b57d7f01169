package jsonx

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// What stands for a container below the allowed depth. Its text would carry
// values past the rules that look at keys.
const (
	deepObject = `"[object]"`
	deepList   = `"[list]"`
)

// AppendJSON appends v to dst as compact JSON of about at most size bytes, with
// containers nested at most depth deep. Numbers that no float64 or 64-bit
// integer holds become texts, as does minus zero. The result is always valid
// JSON.
func (v Value) AppendJSON(dst []byte, depth, size int) ([]byte, Mended) {
	a := appender{d: v.d, b: dst, end: len(dst) + size}
	if v.d == nil {
		return append(dst, "null"...), 0
	}
	a.value(v.i, depth)
	return a.b, a.mended
}

type appender struct {
	d      *Doc
	b      []byte
	end    int // length of b beyond which nothing is begun
	mended Mended
}

func (a *appender) value(i uint32, depth int) {
	n := &a.d.nodes[i]
	switch n.kind {
	case Text:
		a.text(n)
	case Number:
		a.number(a.d.src[n.start:n.end])
	case Object, List:
		a.container(i, depth)
	default:
		a.b = append(a.b, a.d.src[n.start:n.end]...)
	}
}

func (a *appender) container(i uint32, depth int) {
	n := &a.d.nodes[i]
	switch {
	case depth > 0 && n.kind == Object:
		a.object(n, i, depth)
	case depth > 0:
		a.list(n, i, depth)
	case n.kind == Object:
		a.b, a.mended = append(a.b, deepObject...), a.mended|TooDeep
	default:
		a.b, a.mended = append(a.b, deepList...), a.mended|TooDeep
	}
}

func (a *appender) object(n *node, i uint32, depth int) {
	a.b = append(a.b, '{')
	first := true
	for i++; i < n.next; i = a.d.nodes[i+1].next {
		if a.d.nodes[i].dead {
			continue
		}
		key := a.d.name(i)
		if len(a.b)+len(key)+6 > a.end {
			a.mended |= TooLong
			break
		}
		if !first {
			a.b = append(a.b, ',')
		}
		first = false
		a.b = AppendString(a.b, key)
		a.b = append(a.b, ':')
		a.value(i+1, depth-1)
	}
	a.lost(n)
	a.b = append(a.b, '}')
}

func (a *appender) list(n *node, i uint32, depth int) {
	a.b = append(a.b, '[')
	first := true
	for i++; i < n.next; i = a.d.nodes[i].next {
		if len(a.b)+4 > a.end {
			a.mended |= TooLong
			break
		}
		if !first {
			a.b = append(a.b, ',')
		}
		first = false
		a.value(i, depth-1)
	}
	a.lost(n)
	a.b = append(a.b, ']')
}

func (a *appender) lost(n *node) {
	if n.lost > 0 {
		a.mended |= TooLong
	}
}

func (a *appender) text(n *node) {
	s := a.d.src[n.start:n.end]
	if n.escaped || !a.d.utf8 {
		var m Mended
		s, m = a.d.unquote(n)
		a.mended |= m
	}
	if room := max(a.end-len(a.b)-2, 0); len(s) > room {
		s, a.mended = CutBytes(s, room), a.mended|TooLong
	}
	a.b = AppendString(a.b, s)
}

func (a *appender) number(s string) {
	if plainNumber(s) {
		a.b = append(a.b, s...)
		return
	}
	a.mended |= BigNumber
	a.b = append(append(append(a.b, '"'), s...), '"')
}

// plainNumber says whether readers with float64 and 64-bit integers agree on s.
func plainNumber(s string) bool {
	if len(s) < 16 && s[0] != '-' && integer(s) {
		return true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || (f == 0 && math.Signbit(f)) {
		return false
	}
	if len(s) < 19 || !integer(s) {
		return true
	}
	_, errU := strconv.ParseUint(s, 10, 64)
	_, errI := strconv.ParseInt(s, 10, 64)
	return errU == nil || errI == nil
}

func integer(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (i > 0 || c != '-') {
			return false
		}
	}
	return true
}

// CutBytes returns the longest start of s that has at most n bytes and ends
// between two characters.
func CutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// plain[c] says that byte c stands for itself inside a JSON text.
var plain = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return t
}()

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON text. Only quotes, backslashes and control
// characters are escaped; s must be valid UTF-8.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		if plain[s[i]] {
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = appendEscape(dst, s[i])
		start = i + 1
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
