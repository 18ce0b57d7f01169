package jsonx

import (
	"bytes"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Value is one value of a document. The zero Value is Absent.
type Value struct {
	d *Doc
	i uint32
}

// Mended says what had to be repaired or cut in a text or a copy.
type Mended uint8

// The repairs.
const (
	BadUTF8   Mended = 1 << iota // bytes or lone surrogates became U+FFFD
	NUL                          // NUL was removed
	BigNumber                    // a number that no float64 or int64 holds became text
	TooDeep                      // containers below the depth became "[object]" or "[list]"
	TooLong                      // entries or the rest of a text were left out
)

// Kind returns what v is.
func (v Value) Kind() Kind {
	if v.d == nil {
		return Absent
	}
	return v.d.nodes[v.i].kind
}

// Len returns how many entries of a list or object are kept.
func (v Value) Len() int {
	if v.d == nil {
		return 0
	}
	return int(v.d.nodes[v.i].kept)
}

// Lost returns how many entries of a list or object were left out by Limits.
func (v Value) Lost() int {
	if v.d == nil {
		return 0
	}
	return int(v.d.nodes[v.i].lost)
}

// Raw returns v as it was written, texts without their quotes.
func (v Value) Raw() string {
	if v.d == nil {
		return ""
	}
	n := &v.d.nodes[v.i]
	return v.d.src[n.start:n.end]
}

// RawJSON returns the bytes of v as they were written. They are part of what
// was given to Parse.
func (v Value) RawJSON() []byte {
	n := &v.d.nodes[v.i]
	start, end := n.start, n.end
	if n.kind == Text {
		start, end = start-1, end+1
	}
	return v.d.raw[start:end:end]
}

// Text returns a text, the digits of a number or the word of a bool; ok is
// false for everything else.
func (v Value) Text() (s string, mended Mended, ok bool) {
	if v.d == nil {
		return "", 0, false
	}
	n := &v.d.nodes[v.i]
	switch n.kind {
	case Text:
		if !n.escaped && v.d.utf8 {
			return v.d.src[n.start:n.end], 0, true
		}
		s, mended = v.d.unquote(n)
		return s, mended, true
	case Number, True, False:
		return v.d.src[n.start:n.end], 0, true
	default:
		return "", 0, false
	}
}

// Items ranges over the entries of a list.
func (v Value) Items() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		if v.Kind() != List {
			return
		}
		n := 0
		for i, end := v.i+1, v.d.nodes[v.i].next; i < end; i = v.d.nodes[i].next {
			if !yield(n, Value{v.d, i}) {
				return
			}
			n++
		}
	}
}

// Members ranges over the members of an object in the order they were written.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != Object {
			return
		}
		for i, end := v.i+1, v.d.nodes[v.i].next; i < end; i = v.d.nodes[i+1].next {
			if !v.d.nodes[i].dead && !yield(v.d.name(i), Value{v.d, i + 1}) {
				return
			}
		}
	}
}

// Get returns the member of an object with exactly this name, else Absent.
func (v Value) Get(name string) Value {
	for k, m := range v.Members() {
		if k == name {
			return m
		}
	}
	return Value{}
}

// unquote decodes a text with escapes or bad bytes.
func (d *Doc) unquote(n *node) (string, Mended) {
	var mended Mended
	out, err := jsontext.AppendUnquote(nil, d.raw[n.start-1:n.end+1])
	if err != nil {
		mended |= BadUTF8
	}
	if bytes.IndexByte(out, 0) >= 0 {
		out, mended = bytes.ReplaceAll(out, []byte{0}, nil), mended|NUL
	}
	return string(out), mended
}

// Clean returns s as valid UTF-8 without NUL, each bad byte as U+FFFD.
func Clean(s string) (string, Mended) {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s, 0
	}
	var mended Mended
	out := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == 0:
			mended |= NUL
		case r == utf8.RuneError && n == 1:
			mended |= BadUTF8
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, s[i:i+n]...)
		}
		i += n
	}
	return string(out), mended
}
