package normalize

import (
	"strings"

	"errata/internal/errata"
	"errata/internal/normalize/jsonx"
)

// objectLimits bound an object of free values: how deep a value may nest, how
// many bytes it and all together may have, and how many members there may be.
type objectLimits struct {
	depth, value, total, count int
}

var (
	extraLimits   = objectLimits{depth: 7, value: 16 << 10, total: 256 << 10, count: 2000}
	contextLimits = objectLimits{depth: 5, value: 8 << 10, total: 1 << 20, count: 100}
	varsLimits    = objectLimits{depth: 5, value: 4 << 10, total: 16 << 10, count: 100}
	crumbLimits   = objectLimits{depth: 5, value: 4 << 10, total: 8 << 10, count: 100}
)

// object copies the members of an object as compact JSON. A list (variables of
// some old clients) becomes an object with its indices as names. Null stays:
// the name alone says something.
func (m *mapper) object(field string, v jsonx.Value, lim objectLimits) errata.Object {
	c := collector{m: m, field: field, lim: lim}
	switch v.Kind() {
	case jsonx.Object:
		c.out = make(errata.Object, 0, min(v.Len(), lim.count))
		for name, member := range v.Members() {
			c.add(name, member)
		}
	case jsonx.List:
		c.out = make(errata.Object, 0, min(v.Len(), lim.count))
		for i, entry := range v.Items() {
			c.add(count(i), entry)
		}
	case jsonx.Absent, jsonx.Null:
		return nil
	default:
		m.note(field, "expected_object", "")
		return nil
	}
	c.lost += v.Lost()
	return c.done()
}

// maxKey is how many characters of a name are kept.
const maxKey = 200

type collector struct {
	m     *mapper
	field string
	lim   objectLimits
	out   errata.Object
	used  int
	lost  int
	what  jsonx.Mended
}

func (c *collector) add(name string, v jsonx.Value) {
	left := c.lim.total - c.used - len(name)
	if len(c.out) >= c.lim.count || left < 8 {
		c.lost++
		return
	}
	if short := cutRunes(name, maxKey); len(short) < len(name) {
		name, c.what = short, c.what|jsonx.TooLong
	}
	value, what := c.m.raw(v, c.lim.depth, min(c.lim.value, left))
	c.what |= what
	c.used += len(name) + len(value)
	c.out = append(c.out, errata.Member{Key: name, Value: value})
}

func (c *collector) done() errata.Object {
	c.m.mended(c.field, c.what)
	if c.lost > 0 {
		c.m.note(c.field, "too_many", count(c.lost))
	}
	if len(c.out) == 0 {
		return nil
	}
	return c.out
}

// raw copies v into the event's own memory as compact JSON.
func (m *mapper) raw(v jsonx.Value, depth, size int) ([]byte, jsonx.Mended) {
	if m.room == nil {
		m.room = make([]byte, 0, firstRoom)
	}
	start := len(m.room)
	out, what := v.AppendJSON(m.room, depth, size)
	m.room = out
	return out[start:len(out):len(out)], what
}

// textLimits bound a list of keys with texts.
type textLimits struct {
	key, value, total, count int // characters; total in bytes
}

var (
	modulesLimits = textLimits{key: 200, value: 200, total: 8 << 10, count: 500}
	headerLimits  = textLimits{key: 200, value: 2048, total: 16 << 10, count: 100}
)

// texts reads keys with texts: an object, or a list of [key, value] pairs.
// A key that comes twice keeps the last value; empty values are left out.
func (m *mapper) texts(field string, v jsonx.Value, lim textLimits) []errata.Pair {
	p := pairs{m: m, field: field, lim: lim, unique: true}
	p.read(v)
	return p.done()
}

// pairs collects keys with texts.
type pairs struct {
	m      *mapper
	field  string
	lim    textLimits
	unique bool
	blank  bool                                     // keep empty values
	fix    func(key, value string) (string, string) // nil: as they are
	out    []errata.Pair
	used   int
	lost   int
	long   int
}

func (p *pairs) read(v jsonx.Value) {
	switch v.Kind() {
	case jsonx.Object:
		for name, member := range v.Members() {
			p.value(name, member)
		}
	case jsonx.List:
		for _, entry := range v.Items() {
			p.entry(entry)
		}
	case jsonx.Absent, jsonx.Null:
	default:
		p.m.note(p.field, "expected_object", "")
	}
	p.lost += v.Lost()
}

// entry reads one [key, value].
func (p *pairs) entry(v jsonx.Value) {
	var key string
	var value jsonx.Value
	for i, part := range v.Items() {
		switch i {
		case 0:
			key, _, _ = part.Text()
		case 1:
			value = part
		}
	}
	if key == "" {
		if v.Kind() != jsonx.Null {
			p.m.note(p.field, "expected_pair", "")
		}
		return
	}
	p.value(key, value)
}

// value adds a scalar, or a list of scalars joined by commas (headers sent more
// than once).
func (p *pairs) value(key string, v jsonx.Value) {
	switch v.Kind() {
	case jsonx.Null, jsonx.Absent:
	case jsonx.List:
		var all []string
		for _, entry := range v.Items() {
			if s, _, ok := entry.Text(); ok {
				all = append(all, s)
			}
		}
		p.add(key, strings.Join(all, ", "))
	case jsonx.Object:
		p.m.note(p.field, "expected_text", "")
	default:
		s, what, _ := v.Text()
		p.m.mended(p.field, what)
		p.add(key, s)
	}
}

func (p *pairs) add(key, value string) {
	key = cutRunes(oneLine(key), p.lim.key)
	if p.fix != nil && len(p.out) < p.lim.count {
		key, value = p.fix(key, value)
	}
	if key == "" || value == "" && !p.blank {
		return
	}
	if short := cutRunes(value, p.lim.value); len(short) < len(value) {
		p.long++
		value = short
	}
	if p.unique {
		for i := range p.out {
			if p.out[i].Key == key {
				p.out[i].Value = value
				return
			}
		}
	}
	if len(p.out) >= p.lim.count || p.used+len(key)+len(value) > p.lim.total {
		p.lost++
		return
	}
	p.used += len(key) + len(value)
	p.out = append(p.out, errata.Pair{Key: key, Value: value})
}

func (p *pairs) done() []errata.Pair {
	if p.long > 0 {
		p.m.note(p.field, "too_long", count(p.long))
	}
	if p.lost > 0 {
		p.m.note(p.field, "too_many", count(p.lost))
	}
	return p.out
}
