package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

// evaluation finds the rows of one file that match a query, on its columns.
// What these do not know (words, terms, frames) the file's indexes tell, once.
type evaluation struct {
	ctx     context.Context
	e       *Engine
	p       *partition
	c       *columns
	sets    *valueSets
	missing bool // wildcards may have missed values
}

// all returns the rows within scope and range that match.
func (x *evaluation) all(r *search.Request) (bitset, error) {
	rows := x.c.between(r.From.UnixMicro(), r.To.UnixMicro())
	if r.Query != nil {
		if err := x.narrow(rows, r.Query); err != nil {
			return nil, err
		}
	}
	x.c.within(r.Scope, rows)
	return rows, nil
}

// between returns the rows of a range of time.
func (c *columns) between(from, to int64) bitset {
	out := newBitset(c.n)
	for at, b := range c.blocks {
		words := out[at*blockRows/64 : min((at+1)*blockRows/64, len(out))]
		if b.first >= from && b.last < to {
			for w := range words {
				words[w] = math.MaxUint64
			}
			continue
		}
		if b.last < from || b.first >= to {
			continue
		}
		for i := at * blockRows; i < min((at+1)*blockRows, c.n); i++ {
			if c.ts[i] >= from && c.ts[i] < to {
				out.add(i)
			}
		}
	}
	out.clip(c.n)
	out[0] &^= 1 // no row has id 0
	if c.dead > 1 {
		keep(c.flags, isRow[:], out)
	}
	return out
}

// isRow says which flags belong to rows.
var isRow = func() (t [256]bool) {
	for f := range t {
		t[f] = f&noRow == 0
	}
	return t
}()

// within keeps the rows that a reader may see.
func (c *columns) within(s search.Scope, rows bitset) {
	if s.All {
		return
	}
	t := &c.text[colProject]
	seen, hidden := make([]bool, len(t.values)), false
	for code := 1; code < len(t.values); code++ {
		seen[code] = s.Sees(t.values[code])
		hidden = hidden || !seen[code]
	}
	if hidden {
		t.codes.keep(seen, rows)
	}
}

// narrow keeps the rows that match. Parts that columns answer go first: they
// cost least, and what they leave empty needs no index.
func (x *evaluation) narrow(rows bitset, q querylang.Expr) error {
	switch q := q.(type) {
	case *querylang.And:
		return x.narrowAll(rows, q.Kids)
	case *querylang.Leaf:
		if col := textColumns[q.Key.Name]; col != 0 {
			x.c.text[col].codes.keep(x.wanted(q, col), rows)
			return nil
		}
	}
	found, err := x.find(q)
	if err == nil {
		rows.and(found)
	}
	return err
}

func (x *evaluation) narrowAll(rows bitset, kids []querylang.Expr) error {
	for _, index := range []bool{false, true} {
		for _, k := range kids {
			if asksIndex(k) != index {
				continue
			}
			if rows.empty() {
				return nil
			}
			if err := x.narrow(rows, k); err != nil {
				return err
			}
		}
	}
	return nil
}

// asksIndex says whether columns alone do not answer.
func asksIndex(q querylang.Expr) bool {
	switch q := q.(type) {
	case *querylang.And:
		return slices.ContainsFunc(q.Kids, asksIndex)
	case *querylang.Or:
		return slices.ContainsFunc(q.Kids, asksIndex)
	case *querylang.Not:
		return asksIndex(q.Kid)
	case *querylang.Leaf:
		return needsIndex(q.Key.Name)
	}
	return false
}

// needsIndex says whether a key has no column here.
func needsIndex(key string) bool {
	return textKeys[key] || termKeys[key] || key == "event" || key == "received"
}

// find returns the rows that match, of the whole file.
func (x *evaluation) find(q querylang.Expr) (bitset, error) {
	switch q := q.(type) {
	case *querylang.And:
		rows := fullBitset(x.c.n)
		return rows, x.narrowAll(rows, q.Kids)
	case *querylang.Or:
		rows := newBitset(x.c.n)
		for _, k := range q.Kids {
			found, err := x.find(k)
			if err != nil {
				return nil, err
			}
			rows.or(found)
		}
		return rows, nil
	case *querylang.Not:
		rows, err := x.find(q.Kid)
		if err == nil {
			rows.not(x.c.n)
		}
		return rows, err
	case *querylang.Leaf:
		return x.leaf(q)
	}
	return nil, fmt.Errorf("unknown node %T", q)
}

func (x *evaluation) leaf(l *querylang.Leaf) (bitset, error) {
	if col := textColumns[l.Key.Name]; col != 0 {
		rows := fullBitset(x.c.n)
		x.c.text[col].codes.keep(x.wanted(l, col), rows)
		return rows, nil
	}
	rows := newBitset(x.c.n)
	for i := range l.Values {
		found, err := x.value(l.Key, &l.Values[i])
		if err != nil {
			return nil, err
		}
		rows.or(found)
	}
	return rows, nil
}

// wanted marks the codes of a column whose value is one of the leaf's.
func (x *evaluation) wanted(l *querylang.Leaf, col column) []bool {
	t, set, most := &x.c.text[col], x.sets.of(l), longest(l.Key, col)
	out := make([]bool, len(t.low))
	present := set.present && col != colService && col != colIssue // nobody lacks these, so they are no keys
	for code := 1; code < len(t.low); code++ {
		low := t.low[code]
		if out[code] = present; present {
			continue
		}
		if len(low) > most && utf8.RuneCountInString(low) > most {
			continue
		}
		out[code] = set.equal[low] || slices.ContainsFunc(set.wild, func(parts []string) bool { return querylang.Wild(low, parts) })
	}
	return out
}

// valueSet is the values of a leaf, ready to be looked up.
type valueSet struct {
	equal   map[string]bool
	wild    [][]string
	present bool
}

// valueSets holds those of one query: a set of issues may have a million.
type valueSets struct {
	mu   sync.Mutex
	made map[*querylang.Leaf]*valueSet
}

func (s *valueSets) of(l *querylang.Leaf) *valueSet {
	s.mu.Lock()
	defer s.mu.Unlock()
	if set := s.made[l]; set != nil {
		return set
	}
	set := &valueSet{equal: make(map[string]bool, len(l.Values))}
	for i := range l.Values {
		switch v := &l.Values[i]; v.Kind {
		case querylang.Wildcard:
			set.wild = append(set.wild, v.Parts)
		case querylang.Present:
			set.present = true
		default:
			set.equal[v.Text] = true
		}
	}
	s.made[l] = set
	return set
}

func (x *evaluation) value(k querylang.Key, v *querylang.Value) (bitset, error) {
	switch {
	case needsIndex(k.Name):
		return x.posting(k, v)
	case v.Kind == querylang.Present && k.Name != "http.status":
		return newBitset(x.c.n), nil // no event lacks the others, so they are no keys
	case v.Kind == querylang.Present:
		return x.c.rowsBy(func(i int) bool { return x.c.status.at(i) > 0 }), nil
	case k.Name == "level":
		code := levelCode(errata.Level(v.Text))
		return x.c.flagged(func(f uint8) bool { return code != 0 && flagLevel(f) == code }), nil
	case k.Name == "handled":
		return x.c.flagged(func(f uint8) bool { return f&handledFlag != 0 == (v.Text == "true") }), nil
	case k.Name == "event.severity":
		return x.c.flagged(func(f uint8) bool { return inside(flagSeverity(f), v) }), nil
	case k.Name == "http.status":
		return x.c.rowsBy(func(i int) bool { n := x.c.status.at(i); return n > 0 && inside(int64(n), v) }), nil
	case k.Name == "timestamp":
		return x.c.rowsBy(func(i int) bool { return inside(x.c.ts[i], v) }), nil
	}
	return nil, fmt.Errorf("no column for %s", k.Name)
}

func inside(n int64, v *querylang.Value) bool {
	return (v.Lo == nil || n >= *v.Lo) && (v.Hi == nil || n < *v.Hi)
}

// flagged returns the rows whose flags fulfil a condition.
func (c *columns) flagged(ok func(flags uint8) bool) bitset {
	wanted := make([]bool, 256)
	for f := range wanted {
		wanted[f] = ok(uint8(f))
	}
	rows := fullBitset(c.n)
	keep(c.flags, wanted, rows)
	return rows
}

// rowsBy returns the rows that fulfil a condition.
func (c *columns) rowsBy(ok func(i int) bool) bitset {
	out := newBitset(c.n)
	for i := range c.n {
		if ok(i) {
			out.add(i)
		}
	}
	return out
}

// remembers says whether postings of a key are worth remembering. Times of
// receipt are mostly counted from now: nobody asks for the same again.
func remembers(k querylang.Key) bool { return k.Name != "received" }

// posting asks the indexes of the file, for rows nobody has asked about.
func (x *evaluation) posting(k querylang.Key, v *querylang.Value) (bitset, error) {
	key := postingKey{x.p, postingText(k, v)}
	known := x.e.postings.get(key)
	rows := newBitset(x.c.n)
	if copy(rows, known.rows); known.n < x.c.n {
		missing := false
		err := x.e.reading(x.ctx, x.p, func(q queryer) (err error) {
			missing, err = x.read(q, k, v, known.n, rows)
			return err
		})
		if err != nil {
			return nil, err
		}
		known.missing = known.missing || missing
		if remembers(k) {
			x.e.postings.put(key, posting{slices.Clone(rows), x.c.n, known.missing})
		}
	}
	rows.clip(x.c.n)
	x.missing = x.missing || known.missing
	return rows, nil
}

// read adds the rows from an id on that have a value. missing says that values
// were not listed.
func (x *evaluation) read(q queryer, k querylang.Key, v *querylang.Value, from int, rows bitset) (missing bool, err error) {
	c := compiler{ctx: x.ctx, q: q}
	cl, err := c.leaf(&querylang.Leaf{Key: k, Values: []querylang.Value{*v}})
	switch {
	case err != nil || cl.truth == never:
		return c.missing, err
	case cl.truth == always:
		copy(rows, fullBitset(x.c.n))
		return c.missing, nil
	case cl.sql != "" || len(cl.sets) != 1:
		cond, args := cl.whole()
		return c.missing, x.add(q, selection{sql: "SELECT id AS rid FROM ev WHERE " + cond, id: "id", arg: args}, from, rows)
	}
	for _, s := range cl.sets[0].from {
		if s.stacks == "" {
			err = x.add(q, s, from, rows)
		} else {
			err = x.addStacks(&c, s, from, rows)
		}
		if err != nil {
			return false, err
		}
	}
	return c.missing, nil
}

// add adds what a selection yields. The ids come in one text: that is far
// cheaper than a row each.
func (x *evaluation) add(q queryer, s selection, from int, rows bitset) error {
	if from > 0 {
		s.sql += " AND " + s.id + " >= " + strconv.Itoa(from)
	}
	return each(x.ctx, q, func(scan func(...any) error) error {
		var list sql.RawBytes
		if err := scan(&list); err != nil || len(list) == 0 {
			return err
		}
		for at := 0; at < len(list); at++ {
			id := 0
			for ; at < len(list) && list[at] != ','; at++ {
				id = id*10 + int(list[at]-'0')
			}
			if id < x.c.n {
				rows.add(id)
			}
		}
		return nil
	}, "SELECT group_concat(rid) FROM ("+s.sql+")", s.arg...)
}

// addStacks adds the rows that have one of the stacks.
func (x *evaluation) addStacks(c *compiler, s selection, from int, rows bitset) error {
	ids, err := c.ids(s.stacks, s.arg...)
	if err != nil || len(ids) == 0 {
		return err
	}
	wanted := make([]bool, x.c.stacks+1)
	for _, id := range ids {
		if id < int64(len(wanted)) {
			wanted[id] = true
		}
	}
	for i := from; i < x.c.n; i++ {
		if wanted[x.c.stack.at(i)] {
			rows.add(i)
		}
	}
	return nil
}
