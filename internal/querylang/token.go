package querylang

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a token stream and of one token, in tokens and runes.
const (
	MaxTextTokens  = 2048 // message, type
	MaxStackTokens = 4096
	maxTokenRunes  = 64
)

// class is what a rune means to the tokenizer.
type class uint8

const (
	separator class = iota
	caseless        // a letter without case
	lower
	upper
	digit
	mark
	single // of a script written without spaces: a token by itself
)

var asciiClass = func() (t [utf8.RuneSelf]class) {
	for c := range t {
		t[c] = slowClass(rune(c))
	}
	return t
}()

// spaceless are the scripts whose words are not separated. The prolonged sound
// marks belong to both kana, so Unicode files them under Common.
var spaceless = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai,
	unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

func slowClass(r rune) class {
	switch {
	case unicode.IsLower(r):
		return lower
	case unicode.IsUpper(r):
		return upper
	case !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r):
		return separator
	case r >= 0x0E00 && (r == 'ー' || r == 'ｰ' || unicode.In(r, spaceless...)):
		return single
	case unicode.IsDigit(r):
		return digit
	case unicode.IsMark(r):
		return mark
	}
	return caseless
}

// Fold returns s in lower case, rune by rune, the form in which keywords are
// compared. Accents stay.
func Fold(s string) string { return strings.ToLower(s) }

// Tokens returns the parts of a text in order: runs of letters, marks and
// digits, split where the case changes, in lower case, each cut to 64 runes.
func Tokens(s string) []string {
	t, _, _ := tokenize(s)
	return t
}

// tokenize also returns the number of runs and, when there is exactly one and
// it has several parts, the run in one piece.
func tokenize(s string) (tokens []string, runs int, joined string) {
	b := builders.Get().(*builder)
	defer builders.Put(b)
	st := &b.stream
	st.reset(MaxStackTokens)
	st.text(s)
	if st.runs == 1 {
		joined, _, _ = strings.Cut(string(st.joined), " ")
	}
	return strings.Fields(string(st.out)), st.runs, joined
}

// Stream returns the token stream of several texts: their parts with ¶ between
// texts, then each distinct run of two or more parts in one piece, followed by
// ¶. cut says that more than limit tokens were there.
func Stream(limit int, texts ...string) (words string, cut bool) {
	b := builders.Get().(*builder)
	defer builders.Put(b)
	st := &b.stream
	st.reset(limit)
	for _, t := range texts {
		st.boundary()
		st.text(t)
	}
	return st.finish(), st.cut
}

// stream builds one token stream. Its buffers are reused.
type stream struct {
	out, joined []byte // parts; joined runs, each followed by ¶; single spaces between
	seen        seen   // of joined
	limit       int
	tokens      int // in out and joined, ¶ included
	runs        int
	pending     bool // ¶ is due before the next part
	cut         bool // something was left out
	full        bool // not even a part has room
	run         run
}

// run is the state of the run being read.
type run struct {
	open         bool
	start        int // of the run in out
	parts, runes int // parts begun; runes of the current one
	prev, before class
	last         rune // the last letter, lower case
	at           int  // where it lies in out, -1 when it was cut
}

func (s *stream) reset(limit int) {
	s.out, s.joined, s.limit = s.out[:0], s.joined[:0], limit
	s.tokens, s.runs, s.pending, s.cut, s.full, s.run = 0, 0, false, false, false, run{}
	s.seen.reset()
}

// boundary keeps phrases from reaching from what was added into what follows.
func (s *stream) boundary() { s.pending = len(s.out) > 0 }

func (s *stream) text(v string) {
	for i := 0; i < len(v) && !s.full; {
		c := v[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(v[i:])
			s.rune(r, slowClass(r))
			i += n
			continue
		}
		k := asciiClass[c]
		if k == separator {
			s.end()
			i++
			continue
		}
		s.rune(rune(c), k)
		i++
		if s.run.prev == lower && !s.full {
			i += s.lowers(v[i:])
		}
	}
	s.end()
}

// number adds a decimal number.
func (s *stream) number(n int) {
	var buf [20]byte
	for _, c := range strconv.AppendInt(buf[:0], int64(n), 10) {
		s.rune(rune(c), digit)
	}
	s.end()
}

// lowers takes the ASCII small letters that v starts with: the common case,
// where nothing can split.
func (s *stream) lowers(v string) int {
	n := 0
	for n < len(v) && v[n]-'a' < 26 {
		n++
	}
	if n == 0 {
		return 0
	}
	fit := min(n, max(maxTokenRunes-s.run.runes, 0))
	s.out = append(s.out, v[:fit]...)
	s.run.runes += n
	s.run.before, s.run.last, s.run.at = lower, rune(v[n-1]), len(s.out)-1
	if fit < n {
		s.run.at = -1
	}
	return n
}

func (s *stream) rune(r rune, k class) {
	if k == separator {
		s.end()
		return
	}
	if k == single {
		s.end()
		if s.part() {
			s.runs++
			s.out = utf8.AppendRune(s.out, unicode.ToLower(r))
		}
		return
	}
	u := &s.run
	switch {
	case !u.open:
		if !s.part() {
			return
		}
		*u = run{open: true, start: len(s.out), parts: 1, prev: caseless, before: caseless}
		s.runs++
	case k == upper && u.prev == lower:
		if !s.part() {
			return
		}
		u.parts++
		u.runes = 0
	case k == lower && u.prev == upper && u.before == upper:
		if !s.splitLast() {
			return
		}
	}
	s.letter(unicode.ToLower(r), k)
}

// letter appends one rune to the current part.
func (s *stream) letter(r rune, k class) {
	u := &s.run
	u.runes++
	if k != mark { // an accent does not hide the case of its letter
		u.prev, u.before = k, u.prev
		u.last, u.at = r, -1
	}
	if u.runes <= maxTokenRunes {
		if k != mark {
			u.at = len(s.out)
		}
		s.out = utf8.AppendRune(s.out, r)
	}
}

// splitLast moves the last letter of the current part, with its accents, to a
// new part: HTTPServer is read as HTTPS before its e shows where the last word
// begins.
func (s *stream) splitLast() bool {
	u := &s.run
	var buf [64]byte
	moved := utf8.AppendRune(buf[:0], u.last)
	if u.at >= 0 {
		moved = append(buf[:0], s.out[u.at:]...)
		s.out = s.out[:u.at]
	}
	if !s.part() {
		return false
	}
	u.parts++
	u.runes = utf8.RuneCount(moved)
	s.out = append(s.out, moved...)
	return true
}

// part makes room for a new token and says whether there is any.
func (s *stream) part() bool {
	need := 1
	if s.pending {
		need = 2
	}
	if s.tokens+need > s.limit {
		s.cut, s.full = true, true
		return false
	}
	s.tokens += need
	if s.pending {
		s.out = append(s.out, " ¶"...)
		s.pending = false
	}
	if len(s.out) > 0 {
		s.out = append(s.out, ' ')
	}
	return true
}

// end closes the run, and keeps it joined when it had several parts.
func (s *stream) end() {
	u := &s.run
	if !u.open {
		return
	}
	u.open = false
	if u.parts > 1 {
		s.join(s.out[u.start:])
	}
}

func (s *stream) join(parts []byte) {
	need := 2
	if len(s.joined) == 0 {
		need = 3
	}
	if s.tokens+need > s.limit {
		s.cut = true
		return
	}
	mark := len(s.joined)
	if mark > 0 {
		s.joined = append(s.joined, ' ')
	}
	at := len(s.joined)
	s.joined = appendJoined(s.joined, parts)
	if !s.seen.add(s.joined, at) {
		s.joined = s.joined[:mark]
		return
	}
	s.tokens += need
	s.joined = append(s.joined, " ¶"...)
}

// appendJoined appends parts without their spaces, at most 64 runes.
func appendJoined(dst, parts []byte) []byte {
	at := len(dst)
	for _, c := range parts {
		if c != ' ' {
			dst = append(dst, c)
		}
	}
	if len(dst)-at <= maxTokenRunes {
		return dst
	}
	n := at
	for range maxTokenRunes {
		_, w := utf8.DecodeRune(dst[n:])
		n += w
	}
	return dst[:n]
}

func (s *stream) finish() string {
	if len(s.joined) > 0 {
		s.out = append(s.out, " ¶ "...)
		s.out = append(s.out, s.joined...)
	}
	return string(s.out)
}

// seen is a set of byte strings that lie in one growing buffer. It is cleared
// by counting generations, because most sets are small.
type seen struct {
	slots [4096]slot
	gen   uint32
	count int
}

type slot struct {
	gen, at, end, hash uint32
}

func (s *seen) reset() {
	s.gen++
	s.count = 0
	if s.gen == 0 {
		s.slots = [4096]slot{}
		s.gen = 1
	}
}

// add says whether buf[at:] is new. A nearly full set calls everything new.
func (s *seen) add(buf []byte, at int) bool {
	h := hash(buf[at:])
	for i := h & 4095; ; i = (i + 1) & 4095 {
		e := &s.slots[i]
		if e.gen != s.gen {
			if s.count < 3500 {
				*e = slot{s.gen, uint32(at), uint32(len(buf)), h} //nolint:gosec // a stream is limit tokens of 64 runes
				s.count++
			}
			return true
		}
		if e.hash == h && string(buf[e.at:e.end]) == string(buf[at:]) {
			return false
		}
	}
}

// hash mixes eight bytes at a time.
func hash(b []byte) uint32 {
	const prime = 0x9E3779B97F4A7C15
	h := uint64(len(b)) * prime
	for ; len(b) > 8; b = b[8:] {
		h = (h ^ binary.LittleEndian.Uint64(b)) * prime
		h ^= h >> 29
	}
	var last uint64
	for _, c := range b {
		last = last<<8 | uint64(c)
	}
	return uint32((h ^ last) * prime >> 32)
}
