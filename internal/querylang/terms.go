package querylang

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"

	"errata/internal/errata"
)

// Limits of what an event may bring into Terms.
const (
	maxTags      = 100
	maxLeaves    = 100
	maxLeafRunes = 200
	maxTermRunes = 512 // longer ones are not kept by Elasticsearch (ignore_above) and by nobody else
	maxFrames    = 30
)

var builders = sync.Pool{New: func() any { return new(builder) }}

// builder collects what a Record is made of in one buffer, so that all terms,
// pairs and keys of an event cost one allocation for their text.
type builder struct {
	stream stream
	buf    []byte
	terms  []span
	pairs  []span
	keys   []keyRef
	tag    []entry // tags.*, sorted
	ctx    []entry // ctx.*, sorted
	known  knownContexts
	walk   walk
	seen   seen
	name   []byte // of a frame, folded
}

// span is text in buf. head orders terms that share a group without looking at
// the text: its first eight bytes after the group's prefix.
type span struct {
	head    uint64
	at, end int
}

// entry is a term with its key and its pair, which may be the same text.
type entry struct {
	term    span // zero: only the key
	pair    span
	at, end int // the key
}

type keyRef struct {
	name    string // "" = the span
	at, end int
}

func (b *builder) reset() {
	b.buf, b.terms, b.pairs, b.keys = b.buf[:0], b.terms[:0], b.pairs[:0], b.keys[:0]
	b.known = knownContexts{}
}

// key notes that a key is present.
func (b *builder) key(name string, present bool) {
	if present {
		b.keys = append(b.keys, keyRef{name: name})
	}
}

// silent adds a term without its key; term adds both; pair also a pair.
func (b *builder) silent(key, value string) {
	if value != "" {
		b.add(key, value)
	}
}

func (b *builder) term(key, value string) {
	b.key(key, value != "")
	b.silent(key, value)
}

func (b *builder) pair(key, value string) {
	if value == "" {
		return
	}
	b.key(key, true)
	if !b.add(key, value) {
		return
	}
	t := b.terms[len(b.terms)-1]
	if string(b.buf[t.at+len(key)+1:t.end]) != value {
		at := len(b.buf)
		b.buf = append(append(append(b.buf, key...), '='), value...)
		t = span{at: at, end: len(b.buf)}
	}
	b.pairs = append(b.pairs, t)
}

// add appends key=value, folded, unless it is too long to keep.
func (b *builder) add(key, value string) bool {
	at := len(b.buf)
	b.buf = append(append(b.buf, key...), '=')
	b.buf = appendFold(b.buf, value)
	if tooLong(b.buf[at:]) {
		b.buf = b.buf[:at]
		return false
	}
	b.terms = append(b.terms, b.spanOf(at, len(key)+1))
	return true
}

func tooLong(term []byte) bool {
	return len(term) > maxTermRunes && utf8.RuneCount(term) > maxTermRunes
}

// spanOf names buf[at:], whose first prefix bytes the group shares.
func (b *builder) spanOf(at, prefix int) span {
	text := b.buf[at+prefix:]
	if len(text) >= 8 {
		return span{binary.BigEndian.Uint64(text), at, len(b.buf)}
	}
	head := uint64(0)
	for i, c := range text {
		head |= uint64(c) << (56 - 8*i)
	}
	return span{head, at, len(b.buf)}
}

// entry appends the entry of buf[at:], which is a key up to end, "=" and a
// value as it was sent.
func (b *builder) entry(to []entry, at, end int) []entry {
	const prefix = 4 // tags. and ctx. begin to differ about there
	e := entry{at: at, end: end}
	if value := b.buf[end+1:]; len(value) > maxLeafRunes && utf8.RuneCount(value) > maxLeafRunes {
		b.buf = b.buf[:end]
		return append(to, e)
	}
	e.pair = b.spanOf(at, prefix)
	if e.term = e.pair; !folded(b.buf[end+1:]) {
		at = len(b.buf)
		b.buf = append(b.buf, b.buf[e.at:]...)
		b.buf = foldTail(b.buf, at+end+1-e.at)
		e.term = b.spanOf(at, prefix)
	}
	if tooLong(b.buf[at:]) {
		e.term, e.pair = span{}, span{}
	}
	return append(to, e)
}

// sort orders entries by term.
func (b *builder) sort(es []entry) {
	slices.SortFunc(es, func(x, y entry) int { return b.compare(x.term, y.term) })
}

// compare orders spans of one group. Equal heads may be cut short by a shorter
// text's zero bytes, so the text decides then.
func (b *builder) compare(x, y span) int {
	if x.head != y.head {
		return cmp.Compare(x.head, y.head)
	}
	return bytes.Compare(b.buf[x.at:max(x.at, x.end)], b.buf[y.at:max(y.at, y.end)])
}

// group adds sorted entries.
func (b *builder) group(es []entry) {
	for i := range es {
		e := &es[i]
		b.keys = append(b.keys, keyRef{at: e.at, end: e.end})
		if e.term.end == 0 {
			continue
		}
		b.terms = b.appendNew(b.terms, e.term)
		if !b.holds(b.pairs, e.pair) {
			b.pairs = append(b.pairs, e.pair)
		}
	}
}

// appendNew appends a term unless it equals the last one.
func (b *builder) appendNew(to []span, t span) []span {
	if n := len(to); n > 0 && bytes.Equal(b.buf[to[n-1].at:to[n-1].end], b.buf[t.at:t.end]) {
		return to
	}
	return append(to, t)
}

// holds looks a pair up among the last few: values of one list differ by case
// at most when their terms are neighbours.
func (b *builder) holds(pairs []span, p span) bool {
	for _, o := range pairs[max(0, len(pairs)-4):] {
		if bytes.Equal(b.buf[o.at:o.end], b.buf[p.at:p.end]) {
			return true
		}
	}
	return false
}

// sortFrom orders the terms from index at and drops doubles.
func (b *builder) sortFrom(at int) {
	slices.SortFunc(b.terms[at:], b.compare)
	out := b.terms[:at]
	for _, t := range b.terms[at:] {
		out = b.appendNew(out, t)
	}
	b.terms = out
}

// frames adds frame= terms of the frames nearest the crash: the qualified
// function and its last three, two and one components; the path, its last two
// components and its base name.
func (b *builder) frames(ev *errata.Event) {
	at, left := len(b.terms), maxFrames
	b.seen.reset()
	b.eachFrame(ev, func(f *errata.Frame) bool {
		left--
		b.function(f)
		b.path(frameFile(f))
		return left > 0
	})
	b.key("frame", len(b.terms) > at)
	b.sortFrom(at)
}

// function adds the qualified name of a frame's function and its tails.
func (b *builder) function(f *errata.Frame) {
	if f.Function == "" {
		return
	}
	b.name = b.name[:0]
	if f.Module != "" && !qualified(f.Function, f.Module) {
		b.name = append(appendFold(b.name, f.Module), '.')
	}
	b.name = appendFold(b.name, f.Function)
	b.tail(0)
	b.tails(3, functionMark)
}

func qualified(function, module string) bool {
	return len(function) > len(module) && function[:len(module)] == module
}

// path adds a file's path, its last two components and its base name.
func (b *builder) path(p string) {
	if p == "" {
		return
	}
	b.name = appendFold(b.name[:0], p)
	b.tail(0)
	b.tails(2, pathMark)
}

// Marks of bytes in names of functions and paths.
const (
	functionMark = 1 << iota // separates components of a function's name
	pathMark                 // separates components of a path
	openMark
	closeMark
)

var marks = func() (t [256]uint8) {
	for i, s := range []string{".:#/\\", "/\\", "([<{", ")]>}"} {
		for _, c := range []byte(s) {
			t[c] |= 1 << i
		}
	}
	return t
}()

// tails adds the last 1 … n components of name. What stands in brackets is one
// component: (*Store), Map[go.shape.int], pair<a::b>.
func (b *builder) tails(n int, separator uint8) {
	depth := 0
	for i := len(b.name) - 1; i > 0 && n > 0; i-- {
		m := marks[b.name[i]]
		switch {
		case m == 0:
		case m&closeMark != 0:
			depth++
		case m&openMark != 0:
			depth = max(depth-1, 0)
		case m&separator != 0 && depth == 0:
			if i+1 < len(b.name) && marks[b.name[i+1]]&separator == 0 {
				b.tail(i + 1)
				n--
			}
		}
	}
}

// tail adds frame= with name[from:], once.
func (b *builder) tail(from int) {
	at := len(b.buf)
	b.buf = append(append(b.buf, "frame="...), b.name[from:]...)
	if tooLong(b.buf[at:]) || !b.seen.add(b.buf, at+len("frame=")) {
		b.buf = b.buf[:at]
		return
	}
	b.terms = append(b.terms, b.spanOf(at, len("frame=")))
}

// finish cuts the buffer into strings.
func (b *builder) finish() (terms, keys, pairs []string) {
	s := string(b.buf)
	terms = make([]string, len(b.terms))
	for i, t := range b.terms {
		terms[i] = s[t.at:t.end]
	}
	pairs = make([]string, len(b.pairs))
	for i, p := range b.pairs {
		pairs[i] = s[p.at:p.end]
	}
	keys = make([]string, len(b.keys))
	for i, k := range b.keys {
		if keys[i] = k.name; k.name == "" {
			keys[i] = s[k.at:k.end]
		}
	}
	return terms, sortNearly(keys), pairs
}

// sortNearly orders keys, which are in order but for "os.version" before "os",
// and drops doubles.
func sortNearly(keys []string) []string {
	for i := 1; i < len(keys); i++ {
		for j := i; j > 0 && keys[j] < keys[j-1]; j-- {
			keys[j], keys[j-1] = keys[j-1], keys[j]
		}
	}
	return slices.Compact(keys)
}

// appendFold appends Fold(s).
func appendFold(dst []byte, s string) []byte { return foldTail(append(dst, s...), len(dst)) }

// foldTail folds buf[at:] in place, but for texts beyond ASCII.
func foldTail(buf []byte, at int) []byte {
	for i := at; i < len(buf); i++ {
		c := buf[i]
		if c >= utf8.RuneSelf {
			rest := string(buf[i:])
			buf = buf[:i]
			for _, r := range rest {
				buf = utf8.AppendRune(buf, unicode.ToLower(r))
			}
			return buf
		}
		if c-'A' < 26 {
			buf[i] = c + 'a' - 'A'
		}
	}
	return buf
}

// folded says that folding would not change b.
func folded(b []byte) bool {
	for i, c := range b {
		if c >= utf8.RuneSelf {
			return Fold(string(b[i:])) == string(b[i:])
		}
		if c-'A' < 26 {
			return false
		}
	}
	return true
}
