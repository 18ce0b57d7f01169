package jsonx

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// The ways in which a text is refused.
var (
	ErrEmpty   = errors.New("no JSON value")
	ErrSyntax  = errors.New("not valid JSON")
	ErrTooDeep = errors.New("nested too deeply")
	ErrKeys    = errors.New("too many keys")
	ErrSize    = errors.New("text too long")
)

// maxText keeps offsets within 32 bits, far above what any caller allows.
const maxText = 1 << 30

func offset(n int) uint32 { return uint32(n) } //nolint:gosec // at most maxText

// Parse reads one JSON value with nothing but white space around it. A byte
// order mark is skipped; when the text is not JSON it is read once more with
// bare NaN, Infinity and -Infinity (Python, Ruby) as null. Of members with the
// same name the last counts. The document refers to raw: do not change it
// before the document is released. Errors wrap ErrEmpty, ErrSyntax, ErrTooDeep,
// ErrKeys or ErrSize.
func Parse(raw []byte, lim Limits) (*Doc, error) {
	if len(raw) > maxText {
		return nil, ErrSize
	}
	d := docs.Get().(*Doc)
	if cut, ok := bytes.CutPrefix(raw, []byte("\xef\xbb\xbf")); ok {
		raw, d.BOM = cut, true
	}
	err := d.parse(raw, lim)
	if errors.Is(err, ErrSyntax) {
		if mended, ok := nullForNaN(raw); ok {
			d.Retried = true
			err = d.parse(mended, lim)
		}
	}
	if err != nil {
		d.Release()
		return nil, err
	}
	return d, nil
}

// source is a tokeniser with the buffer it reads from, pooled together.
type source struct {
	dec *jsontext.Decoder
	buf bytes.Buffer
}

var (
	options = jsontext.AllowDuplicateNames(true)
	mangled = jsontext.AllowInvalidUTF8(true)
)

var sources = sync.Pool{New: func() any { return &source{dec: new(jsontext.Decoder)} }}

func (d *Doc) parse(raw []byte, lim Limits) error {
	d.raw, d.src, d.lim, d.utf8 = raw, string(raw), lim, utf8.Valid(raw)
	d.nodes, d.open, d.keys, d.Repeated = d.nodes[:0], d.open[:0], 0, 0
	s := sources.Get().(*source)
	s.buf = *bytes.NewBuffer(raw)
	s.dec.Reset(&s.buf, options, mangled)
	err := d.tokens(s.dec)
	s.buf = bytes.Buffer{}
	s.dec.Reset(&s.buf)
	sources.Put(s)
	return err
}

func (d *Doc) tokens(dec *jsontext.Decoder) error {
	at := 0
	for {
		tok, err := dec.ReadToken()
		if err != nil {
			return d.syntax(err)
		}
		end := int(dec.InputOffset())
		if err := d.token(tok.Kind(), at, end); err != nil {
			return err
		}
		at = end
		if len(d.open) == 0 {
			break
		}
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return ErrSyntax
	}
	return nil
}

func (d *Doc) syntax(err error) error {
	if errors.Is(err, io.EOF) && len(d.nodes) == 0 {
		return ErrEmpty
	}
	return ErrSyntax
}

// token takes in one token that ends at end; the one before it ended at at.
func (d *Doc) token(k jsontext.Kind, at, end int) error {
	switch k {
	case '{', '[':
		return d.push(k == '{', end-1)
	case '}', ']':
		d.pop(end)
		return nil
	}
	start := at
	for start < end && (d.src[start] <= ' ' || d.src[start] == ',' || d.src[start] == ':') {
		start++
	}
	n := node{start: offset(start), end: offset(end)}
	switch k {
	case '"':
		n.kind, n.start, n.end = Text, n.start+1, n.end-1
		n.escaped = bytes.IndexByte(d.raw[n.start:n.end], '\\') >= 0
	case '0':
		n.kind = Number
	case 't':
		n.kind = True
	case 'f':
		n.kind = False
	default:
		n.kind = Null
	}
	if len(d.open) > 0 {
		if f := &d.open[len(d.open)-1]; f.name {
			return d.memberName(f, n)
		}
	}
	n.next = offset(len(d.nodes) + 1)
	d.nodes = append(d.nodes, n)
	d.valueDone()
	return nil
}

func (d *Doc) memberName(f *frame, n node) error {
	d.keys++
	if d.lim.Keys > 0 && d.keys > d.lim.Keys {
		return ErrKeys
	}
	f.mark, f.name = offset(len(d.nodes)), false
	d.nodes = append(d.nodes, n)
	return nil
}

func (d *Doc) push(object bool, start int) error {
	if d.lim.Depth > 0 && len(d.open) >= d.lim.Depth {
		return ErrTooDeep
	}
	kind := List
	if object {
		kind = Object
	}
	at := offset(len(d.nodes))
	d.nodes = append(d.nodes, node{start: offset(start), kind: kind})
	d.open = append(d.open, frame{node: at, mark: at + 1, object: object, name: object})
	return nil
}

func (d *Doc) pop(end int) {
	f := d.open[len(d.open)-1]
	d.open = d.open[:len(d.open)-1]
	n := &d.nodes[f.node]
	n.end, n.next, n.kept, n.lost = offset(end), offset(len(d.nodes)), f.kept, f.lost
	if f.object && f.kept > 1 {
		d.dropRepeated(f.node)
	}
	d.valueDone()
}

// valueDone counts an entry of the innermost open container, or drops it again
// when the container is full.
func (d *Doc) valueDone() {
	if len(d.open) == 0 {
		return
	}
	f := &d.open[len(d.open)-1]
	f.name = f.object
	limit := d.lim.PerList
	if f.object {
		limit = d.lim.PerObject
	}
	if limit > 0 && int(f.kept) >= limit {
		d.nodes = d.nodes[:f.mark]
		f.lost++
		return
	}
	f.kept++
	f.mark = offset(len(d.nodes))
}

// fewNames is up to how many members comparing each with each is cheaper than
// a map.
const fewNames = 24

// dropRepeated marks all but the last of members with the same name. Names are
// compared as they are written when they hold no escapes.
func (d *Doc) dropRepeated(object uint32) {
	o := &d.nodes[object]
	if o.kept > fewNames {
		d.dropRepeatedMany(object)
		return
	}
	var names [fewNames]uint32
	count := 0
	for i := object + 1; i < o.next; i = d.nodes[i+1].next {
		key := d.name(i)
		for j := range count {
			if other := &d.nodes[names[j]]; !other.dead && d.name(names[j]) == key {
				d.drop(o, other)
			}
		}
		names[count] = i
		count++
	}
}

func (d *Doc) dropRepeatedMany(object uint32) {
	o := &d.nodes[object]
	seen := make(map[string]uint32, o.kept)
	for i := object + 1; i < o.next; i = d.nodes[i+1].next {
		key := d.name(i)
		if j, ok := seen[key]; ok {
			d.drop(o, &d.nodes[j])
		}
		seen[key] = i
	}
}

func (d *Doc) drop(object, name *node) {
	name.dead = true
	object.kept--
	d.Repeated++
}

func (d *Doc) name(i uint32) string {
	n := &d.nodes[i]
	if !n.escaped && d.utf8 {
		return d.src[n.start:n.end]
	}
	s, _ := d.unquote(n)
	return s
}

// nullForNaN replaces the bare words NaN, Infinity and -Infinity outside texts
// by null and says whether there were any.
func nullForNaN(raw []byte) ([]byte, bool) {
	if !bytes.Contains(raw, []byte("NaN")) && !bytes.Contains(raw, []byte("Infinity")) {
		return nil, false
	}
	out := make([]byte, 0, len(raw)+64)
	found, quoted := false, false
	for i := 0; i < len(raw); {
		c := raw[i]
		if n := bareWord(raw[i:]); !quoted && n > 0 {
			out, i, found = append(out, "null"...), i+n, true
			continue
		}
		if quoted && c == '\\' && i+1 < len(raw) {
			out = append(out, c, raw[i+1])
			i += 2
			continue
		}
		if c == '"' {
			quoted = !quoted
		}
		out = append(out, c)
		i++
	}
	return out, found
}

func bareWord(b []byte) int {
	for _, w := range []string{"NaN", "Infinity", "-Infinity"} {
		if len(b) >= len(w) && string(b[:len(w)]) == w {
			return len(w)
		}
	}
	return 0
}
