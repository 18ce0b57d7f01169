package redact

import (
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// jsonPass walks JSON text and rewrites strings, and numbers that are card
// numbers, in place: what does not change is copied as it is, and out is nil
// as long as nothing changed.
type jsonPass struct {
	w    *walk
	s    string
	i    int
	out  []byte
	done int
	nest int
	dry  bool // only find the end
}

const maxDepth = 200 // of containers; deeper text is not taken for JSON

// jsonText returns s rewritten, nil for unchanged; not ok if it is no JSON.
func (w *walk) jsonText(s string, m mode, nest int) (out []byte, ok bool) {
	w.spend(len(s))
	j := jsonPass{w: w, s: s, nest: nest}
	j.blank()
	if !j.value(m, 0, false) {
		return nil, false
	}
	j.blank()
	if j.i != len(s) {
		return nil, false
	}
	if j.out != nil {
		j.out = append(j.out, s[j.done:]...)
	}
	return j.out, true
}

// view reads bytes as a string without copying them. The bytes must not change
// as long as the string is in use: it is only scanned, and what is kept of it
// is copied.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func (j *jsonPass) at() byte {
	if j.i < len(j.s) {
		return j.s[j.i]
	}
	return 0
}

func (j *jsonPass) blank() {
	for j.i < len(j.s) && isSpace(j.s[j.i]) {
		j.i++
	}
}

// replace puts text in the place of s[from:to].
func (j *jsonPass) replace(from, to int, text string) {
	j.out = append(append(j.out, j.s[j.done:from]...), text...)
	j.done = to
}

// value walks the value at i; inArray says that an array holds it.
func (j *jsonPass) value(m mode, depth int, inArray bool) bool {
	switch c := j.at(); {
	case c == '{':
		return depth < maxDepth && j.object(m, depth)
	case c == '[':
		return depth < maxDepth && j.array(m, depth, inArray)
	case c == '"':
		from, to, ok := j.str()
		if ok && !j.dry {
			j.text(from, to, m)
		}
		return ok
	case c == '-' || isDigit(c):
		return j.number(m)
	}
	return j.word("null") || j.word("true") || j.word("false")
}

func (j *jsonPass) word(w string) bool {
	if len(j.s)-j.i < len(w) || j.s[j.i:j.i+len(w)] != w {
		return false
	}
	j.i += len(w)
	return true
}

// str passes over the string at i and returns where its content is.
func (j *jsonPass) str() (from, to int, ok bool) {
	if j.at() != '"' {
		return 0, 0, false
	}
	j.i++
	from = j.i
	for j.i < len(j.s) {
		switch c := j.s[j.i]; {
		case c == '"':
			j.i++
			return from, j.i - 1, true
		case c < ' ':
			return 0, 0, false
		case c == '\\':
			if !j.escape() {
				return 0, 0, false
			}
		default:
			j.i++
		}
	}
	return 0, 0, false
}

// escape passes over an escape sequence.
func (j *jsonPass) escape() bool {
	j.i += 2
	switch c := j.s[min(j.i-1, len(j.s)-1)]; c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return j.i <= len(j.s)
	case 'u':
		for range 4 {
			if !isHex(j.at()) {
				return false
			}
			j.i++
		}
		return true
	}
	return false
}

// number passes over a number and redacts it if it is a card or device number.
func (j *jsonPass) number(m mode) bool {
	from := j.i
	if j.at() == '-' {
		j.i++
	}
	if j.at() == '0' && j.i+1 < len(j.s) && isDigit(j.s[j.i+1]) || !j.digits() {
		return false
	}
	whole := j.i
	if j.at() == '.' {
		if j.i++; !j.digits() {
			return false
		}
	}
	if c := j.at() | 0x20; c == 'e' {
		if j.i++; j.at() == '+' || j.at() == '-' {
			j.i++
		}
		if !j.digits() {
			return false
		}
	}
	if j.dry || j.i != whole || whole-from < 12 || m&keyless != 0 {
		return true
	}
	if t, changed := j.w.leaf(j.s[from:whole], keyless, j.nest+1); changed {
		j.replace(from, whole, `"`+t+`"`)
	}
	return true
}

func (j *jsonPass) digits() bool {
	n := digits(j.s[j.i:])
	j.i += n
	return n > 0
}

// object walks an object. A secret key takes its whole value with it.
func (j *jsonPass) object(m mode, depth int) bool {
	j.i++
	held := false // the value of "name" was a secret key: "value" goes
	for first := true; ; first = false {
		j.blank()
		if j.at() == '}' && first {
			j.i++
			return true
		}
		from, to, ok := j.str()
		if !ok {
			return false
		}
		if j.blank(); j.at() != ':' {
			return false
		}
		j.i++
		j.blank()
		if !j.member(from, to, m, depth, &held) {
			return false
		}
		j.blank()
		switch c := j.at(); c {
		case ',':
			j.i++
		case '}':
			j.i++
			return true
		default:
			return false
		}
	}
}

// member walks the value of the key s[from:to].
func (j *jsonPass) member(from, to int, m mode, depth int, held *bool) bool {
	if j.dry {
		return j.value(m, depth+1, false)
	}
	name := j.plain(from, to)
	v := j.w.verdict(name, m)
	isValue := *held && (equalFold(name, "value") || equalFold(name, "val") || equalFold(name, "v"))
	if m&keyless == 0 {
		j.text(from, to, keyless)
	}
	if m&keyless == 0 && (v&secret != 0 || isValue) {
		return j.remove(v, depth)
	}
	start := j.i
	if !j.value(m|v.mode(), depth+1, false) {
		return false
	}
	if v&holder != 0 && j.s[start] == '"' {
		*held = j.w.verdict(j.plain(start+1, j.i-1), m)&secret != 0
	}
	return true
}

// remove passes over a value and replaces it unless there is nothing to hide.
func (j *jsonPass) remove(v verdict, depth int) bool {
	from := j.i
	if !j.skip(depth) {
		return false
	}
	if !hidesNothing(j.s[from:j.i], v) {
		j.replace(from, j.i, `"`+markRemoved+`"`)
	}
	return true
}

func (j *jsonPass) skip(depth int) bool {
	was := j.dry
	j.dry = true
	ok := j.value(0, depth+1, false)
	j.dry = was
	return ok
}

// hidesNothing says whether the JSON value raw may stay under a secret key.
func hidesNothing(raw string, v verdict) bool {
	if raw == "{}" || raw == "[]" {
		return true
	}
	if len(raw) > 1 && raw[0] == '"' {
		raw = raw[1 : len(raw)-1]
	}
	return v.spares(raw)
}

// spares says whether a value may stay although its key is secret.
func (v verdict) spares(value string) bool {
	return isTrivial(value) || v&measure != 0 && isMeasure(value) || v&directory != 0 && isPath(value)
}

// mode returns how the value of a key is scanned.
func (v verdict) mode() mode {
	var m mode
	if v&cookies != 0 {
		m |= cookieText
	}
	if v&release != 0 {
		m |= addressless
	}
	if v&agent != 0 {
		m |= keyless
	}
	return m
}

// array walks an array. Pairs in an array of pairs, [["token", "…"]], are
// treated as members.
func (j *jsonPass) array(m mode, depth int, inArray bool) bool {
	j.i++
	paired := false
	for n := 0; ; n++ {
		j.blank()
		if j.at() == ']' && n == 0 {
			j.i++
			return true
		}
		start := j.i
		if n != 1 || !paired || !j.second(depth) {
			if !j.value(m, depth+1, true) {
				return false
			}
		}
		if n == 0 && inArray && !j.dry && j.s[start] == '"' {
			paired = j.w.verdict(j.plain(start+1, j.i-1), m)&secret != 0
		}
		j.blank()
		switch c := j.at(); c {
		case ',':
			j.i++
		case ']':
			j.i++
			return true
		default:
			return false
		}
	}
}

// second removes the value at i if it is the last of its array.
func (j *jsonPass) second(depth int) bool {
	from := j.i
	if ok := j.skip(depth); !ok {
		j.i = from
		return false
	}
	to := j.i
	if j.blank(); j.at() != ']' {
		j.i = from
		return false
	}
	if !hidesNothing(j.s[from:to], 0) {
		j.replace(from, to, `"`+markRemoved+`"`)
	}
	return true
}

// text redacts the content s[from:to] of a string.
func (j *jsonPass) text(from, to int, m mode) {
	if t, changed := j.w.leaf(j.plain(from, to), m, j.nest+1); changed {
		j.replace(from, to, "")
		j.out = appendEscaped(j.out, t)
	}
}

// plain returns the content of a string without escapes. The result is valid
// until the next call on the same level.
func (j *jsonPass) plain(from, to int) string {
	s := j.s[from:to]
	for i := range len(s) {
		if s[i] == '\\' {
			buf := &j.w.scratch[j.nest]
			*buf = appendPlain((*buf)[:0], s)
			return view(*buf)
		}
	}
	return s
}

// appendPlain resolves the escapes of a well-formed string.
func appendPlain(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		i++
		switch s[i] {
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'u':
			r := hex4(s[i+1:])
			i += 4
			if utf16.IsSurrogate(r) && i+6 < len(s) && s[i+1] == '\\' && s[i+2] == 'u' {
				if pair := utf16.DecodeRune(r, hex4(s[i+3:])); pair != utf8.RuneError {
					r = pair
					i += 6
				}
			}
			b = utf8.AppendRune(b, r)
		default:
			b = append(b, s[i])
		}
	}
	return b
}

func hex4(s string) rune {
	var v rune
	for i := range 4 {
		c := s[i]
		switch {
		case isDigit(c):
			c -= '0'
		default:
			c = c | 0x20 - 'a' + 10
		}
		v = v<<4 | rune(c)
	}
	return v
}

// appendEscaped writes s as the content of a JSON string.
func appendEscaped(b []byte, s string) []byte {
	const hexDigits = "0123456789abcdef"
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return b
}
