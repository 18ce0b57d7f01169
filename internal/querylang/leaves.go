package querylang

import (
	"bytes"
	"encoding/json"

	"errata/internal/errata"
)

// knownContexts are values of contexts that have keys of their own.
type knownContexts struct {
	os, osVersion, browser, browserVersion string
	deviceModel, deviceFamily              string
}

func (k *knownContexts) deviceName() string {
	if k.deviceModel != "" {
		return k.deviceModel
	}
	return k.deviceFamily
}

func (k *knownContexts) note(path, value []byte) {
	switch string(path) {
	case "ctx.os.name":
		k.os = string(value)
	case "ctx.os.version":
		k.osVersion = string(value)
	case "ctx.browser.name":
		k.browser = string(value)
	case "ctx.browser.version":
		k.browserVersion = string(value)
	case "ctx.device.model":
		k.deviceModel = string(value)
	case "ctx.device.family":
		k.deviceFamily = string(value)
	}
}

// contexts collects ctx.<name>.<path> for the leaves of contexts, and
// ctx.extra.<path> for those of extra. The trace context has keys of its own.
func (b *builder) contexts(ev *errata.Event) {
	b.ctx = b.ctx[:0]
	w := &b.walk
	w.b, w.left = b, maxLeaves
	for _, m := range ev.Contexts {
		if m.Key != "trace" {
			w.member("ctx", m)
		}
	}
	for _, m := range ev.Extra {
		w.member("ctx.extra", m)
	}
	w.in, w.b = nil, nil
	b.sort(b.ctx)
}

// walk visits the scalar leaves of one JSON text. The text comes from our own
// encoder; of anything else it takes what it can and never more than the text.
type walk struct {
	b      *builder
	in     []byte
	i      int
	path   []byte // folded
	hidden int    // depth of keys that no query can write
	left   int    // leaves still taken
}

// maxWalkDepth bounds recursion; the canonical event is 7 deep.
const maxWalkDepth = 32

func (w *walk) member(prefix string, m errata.Member) {
	w.path = append(w.path[:0], prefix...)
	w.in, w.i, w.hidden = m.Value, 0, 0
	w.enter([]byte(m.Key), 0)
}

// enter walks the value at i under key.
func (w *walk) enter(key []byte, depth int) bool {
	mark := len(w.path)
	w.path = append(append(w.path, '.'), key...)
	w.path = foldTail(w.path, mark+1)
	bad := 0
	if !writable(w.path[mark+1:], "") {
		bad = 1
	}
	w.hidden += bad
	ok := w.value(depth)
	w.hidden -= bad
	w.path = w.path[:mark]
	return ok
}

// value walks one value and says whether the text goes on sensibly.
func (w *walk) value(depth int) bool {
	w.space()
	if w.i >= len(w.in) || depth > maxWalkDepth || w.left == 0 {
		return false
	}
	switch w.in[w.i] {
	case '{':
		return w.object(depth)
	case '[':
		return w.array(depth)
	case '"':
		s, ok := w.text()
		if ok {
			w.leaf(s)
		}
		return ok
	}
	return w.literal()
}

func (w *walk) object(depth int) bool {
	w.i++
	for {
		w.space()
		if w.at('}') {
			return true
		}
		key, ok := w.text()
		if !ok {
			return false
		}
		if w.space(); !w.at(':') || !w.enter(key, depth+1) {
			return false
		}
		if w.space(); w.at('}') {
			return true
		}
		if !w.at(',') {
			return false
		}
	}
}

func (w *walk) array(depth int) bool {
	w.i++
	for {
		w.space()
		if w.at(']') {
			return true
		}
		if !w.value(depth + 1) {
			return false
		}
		if w.space(); w.at(']') {
			return true
		}
		if !w.at(',') {
			return false
		}
	}
}

// at takes c when it is next.
func (w *walk) at(c byte) bool {
	if w.i < len(w.in) && w.in[w.i] == c {
		w.i++
		return true
	}
	return false
}

func (w *walk) space() {
	for w.i < len(w.in) && (w.in[w.i] == ' ' || w.in[w.i] == '\n' || w.in[w.i] == '\t' || w.in[w.i] == '\r') {
		w.i++
	}
}

func (w *walk) text() ([]byte, bool) {
	if !w.at('"') {
		return nil, false
	}
	start, escaped := w.i, false
	for ; w.i < len(w.in); w.i++ {
		switch w.in[w.i] {
		case '\\':
			escaped = true
			w.i++
		case '"':
			raw := w.in[start:w.i]
			w.i++
			if !escaped {
				return raw, true
			}
			var s string
			err := json.Unmarshal(w.in[start-1:w.i], &s)
			return []byte(s), err == nil
		}
	}
	return nil, false
}

// literal reads a number, true, false or null.
func (w *walk) literal() bool {
	n := bytes.IndexAny(w.in[w.i:], ",]} \n\t\r")
	if n < 0 {
		n = len(w.in) - w.i
	}
	raw := w.in[w.i : w.i+n]
	w.i += n
	if n > 0 && raw[0] != 'n' {
		w.leaf(raw)
	}
	return n > 0
}

func (w *walk) leaf(value []byte) {
	if len(value) == 0 || w.hidden > 0 {
		return
	}
	b := w.b
	b.known.note(w.path, value)
	w.left--
	at := len(b.buf)
	b.buf = append(b.buf, w.path...)
	end := len(b.buf)
	b.buf = append(append(b.buf, '='), value...)
	b.ctx = b.entry(b.ctx, at, end)
}
