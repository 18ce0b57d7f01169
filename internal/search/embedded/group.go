package embedded

import (
	"context"
	"math"
	"slices"

	"errata/internal/search"
)

// grouping numbers the rows of a file for an aggregation.
type grouping struct {
	size   int // numbers are below
	codes  func(rows []int32, to []uint32)
	number func(code int) int64 // what a group goes by: its code, or a time in µs
	naming
}

// groupBy returns the grouping of an aggregation over a file's columns.
func (f *found) groupBy(a *search.Agg) grouping {
	if a.Kind == search.Histogram {
		return f.byTime(a)
	}
	d, _ := dimensionOf(a.Key)
	g := grouping{number: func(code int) int64 { return int64(code) }}
	if d.text {
		t := &f.text[slices.Index(columnNames[:], d.sql)]
		g.size, g.codes, g.naming = len(t.ids), t.codes.gather, naming{t.name, t.hash}
		return g
	}
	of := flagLevel
	if d.sql == "sev" {
		of = flagSeverity
	}
	g.size, g.naming = levelBits+1, named(d.name)
	g.codes = func(rows []int32, to []uint32) {
		for i, r := range rows {
			to[i] = uint32(of(f.flags[r])) //nolint:gosec // three bits
		}
	}
	return g
}

// byTime groups by the steps that a histogram is folded from.
func (f *found) byTime(a *search.Agg) grouping {
	first, last, width := int64(math.MaxInt64), int64(math.MinInt64), stepOf(a)
	for _, b := range f.blocks {
		first, last = min(first, b.first), max(last, b.last)
	}
	first -= first % width
	return grouping{
		size:   int((last-first)/width) + 1,
		number: func(code int) int64 { return first + int64(code)*width },
		codes: func(rows []int32, to []uint32) {
			from, code := int64(math.MaxInt64), uint32(0) // of the step at hand: times mostly follow each other
			for i, r := range rows {
				if us := f.ts[r]; us < from || us >= from+width {
					code = uint32((us - first) / width) //nolint:gosec // below size
					from = first + int64(code)*width
				}
				to[i] = code
			}
		},
	}
}

// only returns the rows that have one of some values of a text column, and the
// grouping by these alone.
func (f *found) only(a *search.Agg, codes []int) (*found, grouping) {
	g := f.groupBy(a)
	wanted, slots := make([]bool, g.size), make([]uint32, g.size)
	for i, code := range codes {
		wanted[code], slots[code] = true, uint32(i)
	}
	d, _ := dimensionOf(a.Key)
	some := &found{columns: f.columns, rows: slices.Clone(f.rows), count: f.count}
	f.text[slices.Index(columnNames[:], d.sql)].codes.keep(wanted, some.rows)
	all := g.codes
	g.size = len(codes)
	g.codes = func(rows []int32, to []uint32) {
		all(rows, to)
		for i, code := range to[:len(rows)] {
			to[i] = slots[code]
		}
	}
	g.number = func(slot int) int64 { return int64(codes[slot]) }
	return some, g
}

// each hands on the rows in pieces.
func (f *found) each(fn func(rows []int32)) {
	rows := make([]int32, 0, blockRows)
	for w := 0; w < len(f.rows); w += blockRows / 64 {
		if rows = f.rows.rows(rows[:0], w, w+blockRows/64); len(rows) > 0 {
			fn(rows)
		}
	}
}

// groups counts the rows by one grouping.
func (f *found) groups(by grouping) (out []group) {
	counts, codes := make([]int64, by.size), make([]uint32, blockRows)
	f.each(func(rows []int32) {
		by.codes(rows, codes)
		for _, c := range codes[:len(rows)] {
			counts[c]++
		}
	})
	for code, n := range counts {
		if n > 0 {
			out = append(out, group{by.number(code), 0, n})
		}
	}
	return out
}

// manyPairs is where most pairs of two groupings have no rows.
const manyPairs = 1 << 22

// pairsWith is how many pairs an aggregation and a part of it may have. Long
// lists are cut first.
func (f *found) pairsWith(a, sub *search.Agg) int {
	if deepens(a) || extremeSQL(sub) != "" {
		return 0
	}
	return f.groupBy(a).size * f.groupBy(sub).size
}

// pairs counts the rows by two groupings.
func (f *found) pairs(outer, inner grouping) (out []group) {
	size, a, b := outer.size*inner.size, make([]uint32, blockRows), make([]uint32, blockRows)
	note := func(pair, n int) {
		out = append(out, group{outer.number(pair / inner.size), inner.number(pair % inner.size), int64(n)})
	}
	step := func(count func(pair int)) {
		f.each(func(rows []int32) {
			outer.codes(rows, a)
			inner.codes(rows, b)
			for i := range rows {
				count(int(a[i])*inner.size + int(b[i]))
			}
		})
	}
	if size > manyPairs {
		counts := map[int]int{}
		step(func(pair int) { counts[pair]++ })
		for pair, n := range counts {
			note(pair, n)
		}
		return out
	}
	counts := make([]uint32, size)
	step(func(pair int) { counts[pair]++ })
	for pair, n := range counts {
		if n > 0 {
			note(pair, int(n))
		}
	}
	return out
}

// extremes finds the first or last time of every group.
func (f *found) extremes(by grouping, kind search.AggKind) (out []group) {
	found, counts, codes := make([]int64, by.size), make([]int64, by.size), make([]uint32, blockRows)
	f.each(func(rows []int32) {
		by.codes(rows, codes)
		for i, r := range rows {
			c, us := codes[i], f.ts[r]
			if counts[c] == 0 || kind == search.MinTime && us < found[c] || kind == search.MaxTime && us > found[c] {
				found[c] = us
			}
			counts[c]++
		}
	})
	for code, n := range counts {
		if n > 0 {
			out = append(out, group{by.number(code), found[code], n})
		}
	}
	return out
}

// collectOn runs one aggregation over the columns of one file; see collect.
func (s *running) collectOn(ctx context.Context, f *found, v view, c *collector) error {
	switch {
	case f.count == 0:
		return nil
	case extremeSQL(c.agg) != "":
		every := grouping{size: 1, codes: func(rows []int32, to []uint32) { clear(to[:len(rows)]) }, number: func(int) int64 { return 0 }}
		for _, g := range f.extremes(every, c.agg.Kind) {
			s.mu.Lock()
			c.see(g.b)
			s.mu.Unlock()
		}
		return nil
	case c.agg.Kind == search.Cardinality:
		by := f.groupBy(c.agg)
		gs := f.groups(by)
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, g := range gs {
			c.addGroup(g.a, g.n, by.naming)
		}
		return nil
	case len(c.agg.Sub) == 0 || deepens(c.agg):
		by := f.groupBy(c.agg)
		gs := f.groups(by)
		names, err := s.namingOf(ctx, f, v, c.agg, by, gs, func(g group) int64 { return g.a })
		if err == nil {
			s.fold(c, gs, names)
		}
		return err
	}
	return s.collectSubsOn(ctx, f, v, c, f.groupBy(c.agg), true)
}

// collectSubsOn fills the sub-aggregations of every bucket, and if outer the
// counts of the buckets.
func (s *running) collectSubsOn(ctx context.Context, f *found, v view, c *collector, by grouping, outer bool) error {
	for i := range c.agg.Sub {
		sub := &c.agg.Sub[i]
		var gs []group
		var inner grouping
		if extremeSQL(sub) != "" {
			gs = f.extremes(by, sub.Kind)
		} else {
			inner = f.groupBy(sub)
			gs = f.pairs(by, inner)
		}
		outerNames, err := s.namingOf(ctx, f, v, c.agg, by, gs, func(g group) int64 { return g.a })
		if err != nil {
			return err
		}
		innerNames, err := s.namingOf(ctx, f, v, sub, inner, gs, func(g group) int64 { return g.b })
		if err != nil {
			return err
		}
		s.foldSub(c, i, gs, outerNames, innerNames, outer && i == 0)
	}
	return nil
}

// namingOf returns the naming of groups. The names of users are in the file.
func (s *running) namingOf(ctx context.Context, f *found, v view, a *search.Agg, by grouping, gs []group, of func(group) int64) (naming, error) {
	if a.Kind != search.Terms || a.Key.Arg != "" || a.Key.Name != "user" {
		return by.naming, nil
	}
	t := &f.text[colUser]
	ids := make([]int64, len(gs))
	for i, g := range gs {
		ids[i] = t.ids[of(g)]
	}
	var names map[int64]string
	err := s.e.reading(ctx, v.partition, func(q queryer) (err error) {
		names, err = lookUpNames(ctx, q, ids)
		return err
	})
	return named(func(code int64) string { return names[t.ids[code]] }), err
}

// deepenOn fills the sub-aggregations of a long list for its largest buckets.
func (s *running) deepenOn(ctx context.Context, f *found, v view, c *collector) error {
	if !deepens(c.agg) || f.count == 0 {
		return nil
	}
	codes, err := s.largestIn(ctx, f, v, c)
	if err != nil || len(codes) == 0 {
		return err
	}
	some, by := f.only(c.agg, codes)
	return s.collectSubsOn(ctx, some, v, c, by, false)
}

// largestIn returns the codes that the largest buckets have in one file.
func (s *running) largestIn(ctx context.Context, f *found, v view, c *collector) (codes []int, err error) {
	largest := map[string]bool{}
	for _, k := range s.largest[c] {
		largest[k] = true
	}
	by := f.groupBy(c.agg)
	gs := f.groups(by)
	names, err := s.namingOf(ctx, f, v, c.agg, by, gs, func(g group) int64 { return g.a })
	if err != nil {
		return nil, err
	}
	for _, g := range gs {
		if largest[names.name(g.a)] {
			codes = append(codes, int(g.a))
		}
	}
	return codes, nil
}
