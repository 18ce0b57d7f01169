package normalize

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"errata/internal/errata"
	"errata/internal/normalize/jsonx"
)

const (
	maxNotes  = 50
	maxWas    = 100
	firstRoom = 4 << 10 // what most events need for their contexts, extra and variables
)

// mapper builds one event.
type mapper struct {
	in    Input
	ev    *errata.Event
	shift int64  // µs that the client's clock is corrected by
	room  []byte // raw JSON of objects; each object is a slice of it
	path  []step // where we are, for notes
}

// step is a list entry on the way to the current field.
type step struct {
	name  string
	index int
}

func (m *mapper) enter(name string, index int) { m.path = append(m.path, step{name, index}) }
func (m *mapper) leave()                       { m.path = m.path[:len(m.path)-1] }

// note remarks on a field. was must not carry what redaction would remove: it
// is a count, or a word of a field that holds no personal data.
func (m *mapper) note(field, code, was string) {
	if len(m.ev.Notes) >= maxNotes {
		return
	}
	was, _ = jsonx.Clean(was)
	m.ev.Notes = append(m.ev.Notes, errata.Note{Path: m.at(field), Code: code, Was: cutRunes(was, maxWas)})
}

func (m *mapper) at(field string) string {
	if len(m.path) == 0 {
		return field
	}
	var b strings.Builder
	for _, s := range m.path {
		b.WriteString(s.name + "[" + strconv.Itoa(s.index) + "].")
	}
	return b.String() + field
}

// mended notes repairs inside a field.
func (m *mapper) mended(field string, what jsonx.Mended) {
	if what == 0 {
		return
	}
	for _, r := range []struct {
		bit  jsonx.Mended
		code string
	}{
		{jsonx.BadUTF8, "bad_utf8"},
		{jsonx.NUL, "nul_removed"},
		{jsonx.BigNumber, "number_as_text"},
		{jsonx.TooDeep, "too_deep"},
		{jsonx.TooLong, "too_long"},
	} {
		if what&r.bit != 0 {
			m.note(field, r.code, "")
		}
	}
}

// lost notes how many entries of a list or object the reader left out.
func (m *mapper) lost(field string, v jsonx.Value) {
	if n := v.Lost(); n > 0 {
		m.note(field, "too_many", count(n))
	}
}

// text returns a scalar as text of at most limit characters. Lists and objects
// are dropped with a note.
func (m *mapper) text(field string, v jsonx.Value, limit int) string {
	s, what, ok := v.Text()
	if !ok {
		if k := v.Kind(); k == jsonx.List || k == jsonx.Object {
			m.note(field, "expected_text", "")
		}
		return ""
	}
	if what != 0 {
		m.mended(field, what)
	}
	return m.cut(field, s, limit)
}

// line is text on one line without space around it.
func (m *mapper) line(field string, v jsonx.Value, limit int) string {
	return oneLine(m.text(field, v, limit))
}

// cut shortens s to limit characters and notes how long it was.
func (m *mapper) cut(field, s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	n := utf8.RuneCountInString(s)
	if n <= limit {
		return s
	}
	m.note(field, "too_long", count(n))
	return cutRunes(s, limit)
}

// texty is text, except that a list or an object becomes its compact JSON.
func (m *mapper) texty(field string, v jsonx.Value, limit int) string {
	if k := v.Kind(); k != jsonx.List && k != jsonx.Object {
		return m.text(field, v, limit)
	}
	out, what := v.AppendJSON(nil, wireLimits.Depth, limit)
	m.mended(field, what)
	return string(out)
}

// number reads a whole number, also one written as text; out of range is 0.
func (m *mapper) number(field string, v jsonx.Value) int {
	s, _, ok := v.Text()
	if !ok || s == "" {
		return 0
	}
	if n, err := strconv.Atoi(s); err == nil {
		if n >= 0 && n <= 1<<31-1 {
			return n
		}
	} else if f, err := strconv.ParseFloat(s, 64); err == nil && f >= 0 && f < 1<<31 {
		return int(f)
	}
	m.note(field, "expected_number", s)
	return 0
}

// truth reads a bool, also one written as text or as 0 and 1; ok is false when
// there is none.
func truth(v jsonx.Value) (is, ok bool) {
	switch s, _, _ := v.Text(); s {
	case "true", "True", "1":
		return true, true
	case "false", "False", "0":
		return false, true
	}
	return false, false
}

// list returns a list that stands alone or under "values"; anything else but
// null is dropped with a note.
func (m *mapper) list(field string, v jsonx.Value) jsonx.Value {
	if v.Kind() == jsonx.Object {
		v = v.Get("values")
	}
	switch v.Kind() {
	case jsonx.List:
		return v
	case jsonx.Absent, jsonx.Null:
	default:
		m.note(field, "expected_list", "")
	}
	return jsonx.Value{}
}

// newest says how many entries from the front of a list are to be skipped so
// that limit remain, and notes it. The reader keeps the first 10,000 of a list.
func (m *mapper) newest(field string, v jsonx.Value, limit int) (skip int) {
	if over := v.Len() - limit; over > 0 {
		skip = over
	}
	if n := skip + v.Lost(); n > 0 {
		m.note(field, "too_many", count(n))
	}
	return skip
}

func count(n int) string { return strconv.Itoa(n) }

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// cutRunes returns the first n characters of s.
func cutRunes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// oneLine trims s and turns line breaks and tabs into spaces.
func oneLine(s string) string {
	if strings.ContainsAny(s, "\r\n\t") {
		s = strings.Map(func(r rune) rune {
			if r == '\r' || r == '\n' || r == '\t' {
				return ' '
			}
			return r
		}, s)
	}
	return strings.TrimSpace(s)
}
