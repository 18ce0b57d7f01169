package embedded

import (
	"context"
	"slices"
)

// filter is a set of row ids that a plan asks for.
type filter struct {
	set   idSet
	not   bool // the row must not be in the set
	probe bool // ask row by row, do not make the set
	last  bool // ask after all other conditions
}

// cond is the condition on a row of ev whose id is not below least.
func (f *filter) cond(least int64) (sql string, args []any) {
	if f.probe {
		sql, args = f.set.probe, f.set.probeArgs
	} else {
		sql, args = f.set.in(least)
	}
	switch {
	case f.not:
		sql = "NOT (" + sql + ")"
	case f.last:
		sql = "+" + sql // the plus keeps SQLite from looking up row by row
	}
	return sql, args
}

// source is what a statement reads: the FROM part, and the conditions behind
// WHERE. The arguments are those of both.
type source struct {
	from, where string
	args        []any
}

// walk is the source for reading every match whose id is not below least. Where
// a set drives it, rows are looked up in the order of the set, which need not be
// written down for that.
func (p *plan) walk(least int64) source {
	if p.driver == nil {
		return p.source(p.scan(), least)
	}
	query, args := p.driver.set.ids(least)
	s := p.sourceBut(p.driver, "("+query+") AS d CROSS JOIN ev NOT INDEXED ON ev.id = d.rid", least)
	s.args = slices.Concat(args, s.args)
	return s
}

// source is the source for reading matches whose ids are not below least from a
// table or index.
func (p *plan) source(from string, least int64) source { return p.sourceBut(nil, from, least) }

func (p *plan) sourceBut(driver *filter, from string, least int64) source {
	s := source{from: from, where: p.where, args: p.args}
	for _, f := range p.filters {
		if f == driver {
			continue
		}
		sql, args := f.cond(least)
		s.where, s.args = s.where+" AND "+sql, slices.Concat(s.args, args)
	}
	return s
}

// count returns how many rows a source has.
func count(ctx context.Context, q queryer, s source) (n int, err error) {
	err = q.QueryRowContext(ctx, "SELECT count(*) FROM "+s.from+" WHERE "+s.where, s.args...).Scan(&n)
	return n, err
}
