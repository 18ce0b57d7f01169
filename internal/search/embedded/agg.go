package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

// quarter is the width in µs by which days and weeks are grouped in SQL: every
// zone's clock differs from UTC by whole quarter hours.
const quarter = 15 * 60 * 1_000_000

// dimension is what one column groups by.
type dimension struct {
	sql  string
	text bool               // ids of dict
	name func(int64) string // names of numbers that are not ids
}

// dimensionOf returns the column for a key; ok is false for pair keys.
func dimensionOf(k querylang.Key) (dimension, bool) {
	if k.Arg != "" {
		return dimension{}, false
	}
	switch k.Name {
	case "project":
		return dimension{sql: "pid", text: true}, true
	case "user":
		return dimension{sql: "usr", text: true}, true
	case "level":
		return dimension{sql: "level", name: func(n int64) string { return string(levelOf(n)) }}, true
	case "severity", "event.severity":
		return dimension{sql: "sev", name: func(n int64) string { return errata.Severity(n).String() }}, true //nolint:gosec // stored from a Severity
	}
	col, ok := textColumns[k.Name]
	return dimension{sql: col.String(), text: true}, ok
}

// stepOf is the width in µs by which a histogram is grouped.
func stepOf(a *search.Agg) int64 {
	if a.Interval.Calendar() {
		return quarter
	}
	return a.Interval.Width().Microseconds()
}

// timeSQL is the expression by which a histogram is grouped, in µs.
func timeSQL(a *search.Agg) string {
	width := strconv.FormatInt(stepOf(a), 10)
	return "ts / " + width + " * " + width
}

// sampled says whether an aggregation is answered from the newest matches: it
// needs what has no column, or asks for no more.
func sampled(a *search.Agg) bool {
	return a.Newest || faced(a) || slices.ContainsFunc(a.Sub, func(s search.Agg) bool { return s.Newest })
}

// count adds one file's matches to the total and to the aggregations that
// columns answer.
func (s *running) count(ctx context.Context, t *visit, v view) error {
	if !s.aggregates() && s.left() <= 0 {
		return nil
	}
	return s.onFile(ctx, t, v, func(f *found, payer *question) error {
		if err := payer.spend(s.costOnColumns(f)); err != nil {
			return err
		}
		if s.counts {
			s.addTotal(int64(f.count))
		}
		return s.collectEach(func(c *collector) error { return s.collectOn(ctx, f, v, c) })
	}, func(q queryer, payer *question, p plan) error {
		if err := payer.spend(s.costOfCount(&p)); err != nil {
			return err
		}
		if err := s.countTotal(ctx, q, p); err != nil {
			return err
		}
		return s.collectEach(func(c *collector) error { return s.collect(ctx, q, p, c) })
	})
}

// collectEach runs fn for the aggregations that columns answer.
func (s *running) collectEach(fn func(c *collector) error) error {
	for _, c := range s.aggs {
		if sampled(c.agg) {
			continue
		}
		if err := fn(c); err != nil {
			return err
		}
	}
	return nil
}

// left is how many matches more the total counts.
func (s *running) left() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(s.r.TotalUpTo) + 1 - s.total
}

// aggregates says whether there are aggregations that columns answer.
func (s *running) aggregates() bool {
	return slices.ContainsFunc(s.aggs, func(c *collector) bool { return !sampled(c.agg) })
}

func (s *running) countTotal(ctx context.Context, q queryer, p plan) error {
	left := s.left()
	if !s.counts || left <= 0 {
		return nil
	}
	var n int64
	all := p.walk(0)
	sql := fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM %s WHERE %s LIMIT %d)", all.from, all.where, left)
	if err := q.QueryRowContext(ctx, sql, all.args...).Scan(&n); err != nil {
		return err
	}
	s.addTotal(n)
	return nil
}

func (s *running) addTotal(n int64) {
	s.mu.Lock()
	s.total += n
	s.mu.Unlock()
}

// collect runs one aggregation over one file. Sub-aggregations of long lists
// follow in deepen, when the largest buckets are known; those of others are
// grouped in the same pass, whose first also counts the buckets themselves.
func (s *running) collect(ctx context.Context, q queryer, p plan, c *collector) error {
	switch {
	case c.agg.Kind == search.Cardinality:
		d, _ := dimensionOf(c.agg.Key)
		return s.collectDistinct(ctx, q, p, d, c)
	case extremeSQL(c.agg) != "":
		return s.collectExtreme(ctx, q, p, c)
	case len(c.agg.Sub) == 0 || deepens(c.agg):
		return s.collectOuter(ctx, q, p, c)
	}
	return s.collectSubs(ctx, q, p, c, "", true)
}

// deepens says whether sub-aggregations wait for the largest buckets.
func deepens(a *search.Agg) bool {
	if a.Kind != search.Terms || len(a.Sub) == 0 {
		return false
	}
	switch a.Key.Name {
	case "level", "severity", "event.severity", "project", "service", "env":
		return false // few values: one pass is cheaper
	}
	return true
}

// groups runs a GROUP BY and calls fn with each row: outer, then inner, which
// is grouped by too unless it is an extreme of the group.
func groups(ctx context.Context, q queryer, p plan, outer, inner string, extreme bool, more string, fn func(a, b, n int64)) error {
	by := outer
	if inner != "0" && !extreme {
		by += ", " + inner
	}
	all := p.walk(0)
	sql := fmt.Sprintf("SELECT %s, %s, count(*) FROM %s WHERE %s%s GROUP BY %s", outer, inner, all.from, all.where, more, by)
	return each(ctx, q, func(scan func(...any) error) error {
		var a, b, n int64
		if err := scan(&a, &b, &n); err != nil {
			return err
		}
		fn(a, b, n)
		return nil
	}, sql, all.args...)
}

// group is a row of a GROUP BY.
type group struct{ a, b, n int64 }

// readGroups groups by an aggregation, and by a sub-aggregation if there is one.
func readGroups(ctx context.Context, q queryer, p plan, a, sub *search.Agg, more string) (out []group, err error) {
	inner, extreme := "0", false
	if sub != nil {
		if inner = extremeSQL(sub); inner != "" {
			extreme = true
		} else {
			inner = outerSQL(sub)
		}
	}
	err = groups(ctx, q, p, outerSQL(a), inner, extreme, more, func(a, b, n int64) { out = append(out, group{a, b, n}) })
	return out, err
}

// extremeSQL is the expression of MinTime and MaxTime, "" of other kinds.
func extremeSQL(a *search.Agg) string {
	switch a.Kind {
	case search.MinTime:
		return "min(ts)"
	case search.MaxTime:
		return "max(ts)"
	default:
		return ""
	}
}

// outerSQL is the grouping expression of an aggregation.
func outerSQL(a *search.Agg) string {
	if a.Kind == search.Histogram {
		return timeSQL(a)
	}
	d, _ := dimensionOf(a.Key)
	return d.sql
}

// naming turns a group's number into its key; "" and 0 are a missing field.
type naming struct {
	name func(int64) string
	hash func(int64) uint64
}

func named(name func(int64) string) naming {
	return naming{name, func(n int64) uint64 { return hashText(name(n)) }}
}

// resolve returns the naming of groups.
func resolve(ctx context.Context, q queryer, a *search.Agg, gs []group, of func(group) int64) (naming, error) {
	if a.Kind == search.Histogram || extremeSQL(a) != "" {
		return naming{}, nil
	}
	d, _ := dimensionOf(a.Key)
	if !d.text {
		return named(d.name), nil
	}
	ids := make([]int64, 0, len(gs))
	for _, g := range gs {
		ids = append(ids, of(g))
	}
	names, err := lookUpNames(ctx, q, ids)
	return named(func(id int64) string { return names[id] }), err
}

func (s *running) collectOuter(ctx context.Context, q queryer, p plan, c *collector) error {
	gs, err := readGroups(ctx, q, p, c.agg, nil, "")
	if err != nil {
		return err
	}
	name, err := resolve(ctx, q, c.agg, gs, func(g group) int64 { return g.a })
	if err != nil {
		return err
	}
	s.fold(c, gs, name)
	return nil
}

// fold adds groups to an aggregation.
func (s *running) fold(c *collector, gs []group, by naming) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range gs {
		c.matches += g.n
		if t := c.bucket(g.a, by); t != nil {
			t.count += g.n
		}
	}
}

// foldSub adds groups to a sub-aggregation; if outer, to its buckets too.
func (s *running) foldSub(c *collector, sub int, gs []group, by, inner naming, outer bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var t *tally
	for i, g := range gs {
		if i == 0 || g.a != gs[i-1].a {
			t = c.bucket(g.a, by)
		}
		if outer {
			c.matches += g.n
		}
		if t == nil {
			continue
		}
		if outer {
			t.count += g.n
		}
		t.subs[sub].addGroup(g.b, g.n, inner)
	}
}

// bucket returns the tally for a group's number, nil for a missing field.
func (c *collector) bucket(n int64, by naming) *tally {
	if c.agg.Kind == search.Histogram {
		return c.at(n)
	}
	if k := by.name(n); k != "" && c.begins(k) {
		return c.key(k)
	}
	return nil
}

// collectSubs fills the sub-aggregations of every bucket, restricted by more,
// and if outer the counts of the buckets.
func (s *running) collectSubs(ctx context.Context, q queryer, p plan, c *collector, more string, outer bool) error {
	for i := range c.agg.Sub {
		sub := &c.agg.Sub[i]
		gs, err := readGroups(ctx, q, p, c.agg, sub, more)
		if err != nil {
			return err
		}
		bucket, err := resolve(ctx, q, c.agg, gs, func(g group) int64 { return g.a })
		if err != nil {
			return err
		}
		inner, err := resolve(ctx, q, sub, gs, func(g group) int64 { return g.b })
		if err != nil {
			return err
		}
		s.foldSub(c, i, gs, bucket, inner, outer && i == 0)
	}
	return nil
}

// addGroup counts n events under a number of the collector's own grouping.
func (c *collector) addGroup(b, n int64, by naming) {
	if extremeSQL(c.agg) != "" {
		c.see(b)
		return
	}
	if c.agg.Kind == search.Cardinality {
		if h := by.hash(b); h != 0 {
			c.values.add(h)
		}
		return
	}
	if t := c.bucket(b, by); t != nil {
		t.count += n
	}
}

func (s *running) collectExtreme(ctx context.Context, q queryer, p plan, c *collector) error {
	var us sql.NullInt64
	all := p.walk(0)
	query := fmt.Sprintf("SELECT %s FROM %s WHERE %s", extremeSQL(c.agg), all.from, all.where)
	if err := q.QueryRowContext(ctx, query, all.args...).Scan(&us); err != nil || !us.Valid {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.see(us.Int64)
	return nil
}

func (s *running) collectDistinct(ctx context.Context, q queryer, p plan, d dimension, c *collector) error {
	all := p.walk(0)
	sql := fmt.Sprintf("SELECT DISTINCT %s FROM %s WHERE %s", d.sql, all.from, all.where)
	if d.text {
		sql = "SELECT val FROM dict WHERE id IN (" + sql + ")"
	}
	var values []string
	err := each(ctx, q, func(scan func(...any) error) (err error) {
		var text string
		var n int64
		if d.text {
			err = scan(&text)
		} else if err = scan(&n); err == nil {
			text = d.name(n)
		}
		values = append(values, text)
		return err
	}, sql, all.args...)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range values {
		if v != "" {
			c.values.add(hashText(v))
		}
	}
	return err
}

// deepen fills the sub-aggregations of long lists, for the largest buckets
// only.
func (s *running) deepen(ctx context.Context, t *visit, v view) error {
	return s.onFile(ctx, t, v, func(f *found, payer *question) error {
		if err := payer.spend(s.costOnColumns(f)); err != nil {
			return err
		}
		return s.collectEach(func(c *collector) error { return s.deepenOn(ctx, f, v, c) })
	}, func(q queryer, payer *question, p plan) error {
		if err := payer.spend(p.reads * len(s.aggs)); err != nil {
			return err
		}
		return s.collectEach(func(c *collector) error { return s.deepenBy(ctx, q, p, c) })
	})
}

func (s *running) deepenBy(ctx context.Context, q queryer, p plan, c *collector) error {
	if !deepens(c.agg) {
		return nil
	}
	more, err := s.among(ctx, q, c)
	if err != nil || more == "" {
		return err
	}
	return s.collectSubs(ctx, q, p, c, more, false)
}

// among restricts a pass to the largest buckets of c in one file, "" when the
// file has none of them.
func (s *running) among(ctx context.Context, q queryer, c *collector) (string, error) {
	d, _ := dimensionOf(c.agg.Key)
	col := column(slices.Index(columnNames[:], d.sql))
	var ids []string
	for part := range slices.Chunk(s.largest[c], idsAtOnce) {
		args := []any{int64(col)}
		for _, k := range part {
			args = append(args, querylang.Fold(k), k)
		}
		comp := compiler{ctx: ctx, q: q}
		found, err := comp.ids("SELECT id FROM dict WHERE col = ? AND (low, val) IN (VALUES (?, ?)"+strings.Repeat(", (?, ?)", len(part)-1)+")", args...)
		if err != nil {
			return "", err
		}
		for _, id := range found {
			ids = append(ids, strconv.FormatInt(id, 10))
		}
	}
	if len(ids) == 0 {
		return "", nil
	}
	return fmt.Sprintf(" AND %s IN (%s)", d.sql, strings.Join(ids, ", ")), nil
}
