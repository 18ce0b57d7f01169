package embedded

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"errata/internal/search"
)

// tuning is how a plan chooses its way through a file.
type tuning struct {
	few    int // up to so many rows of an id set are looked up one by one
	share  int // a set of more than this part of a file is asked last, where there are other conditions
	probe  int // beside so few rows other sets are not made but asked row by row
	window int // rows at the end of the range that are tried in order of time before all are sorted
	budget int // rows that a question may look at in the fast lane
}

var tuned = tuning{few: 3000, share: 12, probe: 400, window: 5000, budget: 40_000}

// plan is a request made ready for one file. It sees the rows that were there
// when it was made: whatever follows it counts the same events.
type plan struct {
	where    string // but for filters
	args     []any
	filters  []*filter
	driver   *filter // the one that a walk begins with
	from, to int64   // µs, within the file's days
	upTo     int64   // newest row id
	sets     bool    // where asks an id set
	brief    bool    // sets with more than a few rows are not counted
	few      bool    // of few rows
	wide     bool    // of so many that reading the table and asking the set last is quicker
	issue    bool
	inner    bool    // conditions make sets too
	plain    bool    // nothing is asked but filters, range, project and perhaps one issue, which indexes answer
	reads    int     // about how many rows a walk over all matches looks at
	project  int64   // the only project asked for, where the file has others too
	never    bool    // nothing in this file can match
	part     float64 // how much of the file's days the range takes
	gap      bool    // wildcards may have missed values
	tuning   tuning
	payer    *question // announces what is read
}

// planOf returns the plan for a file, made at first use.
func (s *running) planOf(ctx context.Context, q queryer, payer *question, v view) (plan, error) {
	s.mu.Lock()
	p, ok := s.plans[v.partition]
	s.mu.Unlock()
	if ok {
		p.payer = payer
		return p, nil
	}
	p, err := newPlan(ctx, q, payer, v, s.r, s.e.o.tuning, false)
	if err != nil {
		return plan{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first, ok := s.plans[v.partition]; ok {
		first.payer = payer
		return first, nil
	}
	s.plans[v.partition] = p
	if p.gap {
		s.partial = append(s.partial, v.gap(search.ReasonTerms))
	}
	return p, nil
}

// newPlan compiles scope, range and query for one file. A brief plan is good only
// if it is of few rows, or never.
func newPlan(ctx context.Context, q queryer, payer *question, v view, r *search.Request, t tuning, brief bool) (plan, error) {
	c := compiler{ctx: ctx, q: q, payer: payer}
	scope, project, err := c.scope(r.Scope)
	if err != nil {
		return plan{}, err
	}
	cl, err := c.expr(r.Query)
	if err != nil {
		return plan{}, err
	}
	p := plan{sets: len(cl.sets) > 0, issue: cl.issue != nil, inner: cl.inner, project: project, gap: c.missing, tuning: t, payer: payer, brief: brief}
	if p.never = scope.truth == never || cl.truth == never; p.never {
		return p, nil
	}
	if err := q.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) FROM ev").Scan(&p.upTo); err != nil {
		return plan{}, err
	}
	first, end := v.first*dayMicros, (v.last+1)*dayMicros
	p.from, p.to = max(r.From.UnixMicro(), first), min(r.To.UnixMicro(), end)
	p.part = float64(p.to-p.from) / float64(end-first)
	p.where, p.args = "id <= ?", []any{p.upTo}
	if p.from > first {
		p.and("ts >= ?", p.from)
	}
	if p.to < end {
		p.and("ts < ?", p.to)
	}
	if scope.truth == unknown {
		p.and(scope.sql, scope.args...)
	}
	if cl.sql != "" {
		p.and(cl.sql, cl.args...)
	}
	p.plain = (scope.truth == always || project != 0) && (cl.sql == "" || cl.issue != nil && cl.sql == oneIssue)
	if err := p.choose(&c, cl); err != nil {
		return plan{}, err
	}
	if brief && !p.few {
		return p, nil
	}
	return p, p.estimate(&c, cl)
}

// choose decides how the sets of a query are asked.
func (p *plan) choose(c *compiler, cl clause) error {
	rows := p.tuning.probe + 1
	if p.sets {
		var err error
		if rows, err = p.chooseSets(c, cl); err != nil {
			return err
		}
	}
	for _, s := range cl.nots {
		p.filters = append(p.filters, &filter{set: s, not: true, probe: rows <= p.tuning.probe && s.probe != ""})
	}
	return nil
}

// chooseSets decides how the sets that a row must be in are asked. It returns
// about how many rows the smallest has.
func (p *plan) chooseSets(c *compiler, cl clause) (rows int, err error) {
	wide := max(p.tuning.few, int(p.upTo)/p.tuning.share)
	smallest, rows, err := c.smallest(cl.sets, p.tuning.probe, p.tuning.few)
	if err == nil && rows > p.tuning.few {
		if p.brief {
			return rows, nil
		}
		if err := c.payer.spend(wide / countsPerRow * len(cl.sets)); err != nil {
			return 0, err
		}
		smallest, rows, err = c.smallest(cl.sets, wide)
	}
	if err != nil {
		return 0, err
	}
	p.few, p.wide, p.reads = rows <= p.tuning.few, rows > wide && cl.sql != "", rows
	for i, s := range cl.sets {
		f := &filter{set: s, probe: i != smallest && rows <= p.tuning.probe && s.probe != "", last: p.wide}
		p.filters = append(p.filters, f)
		if i == smallest && !p.wide && len(s.from) == 1 && s.from[0].id == "rowid" {
			p.driver = f
		}
	}
	return rows, nil
}

// and adds a condition. The plan's own arguments are not touched.
func (p *plan) and(sql string, args ...any) {
	p.where, p.args = p.where+" AND "+sql, slices.Concat(p.args, args)
}

// smallest returns the set with the fewest rows, and how many. It counts up to
// the first limit that one of them does not exceed: beside a rare word a common
// one is not counted to its end. Beyond the last it returns one more than that.
func (c *compiler) smallest(sets []idSet, limits ...int) (at, rows int, err error) {
	for _, limit := range limits {
		rows = limit + 1
		for i, s := range sets {
			query, args := s.ids(0)
			n, err := c.count(query, rows, args)
			if err != nil {
				return 0, 0, err
			}
			if n < rows {
				at, rows = i, n
			}
		}
		if rows <= limit {
			break
		}
	}
	return at, rows, nil
}

// count returns how many rows a query has, up to a limit.
func (c *compiler) count(query string, limit int, args []any) (n int, err error) {
	err = c.q.QueryRowContext(c.ctx, fmt.Sprintf("SELECT count(*) FROM (%s LIMIT %d)", query, limit), args...).Scan(&n)
	return n, err
}

// scope compiles what the reader may see: the projects of the file that the
// scope names. only is the project if it is one of several in the file.
func (c *compiler) scope(s search.Scope) (cl clause, only int64, err error) {
	if s.All {
		return clause{truth: always}, 0, nil
	}
	var ids []int64
	hidden := false
	err = each(c.ctx, c.q, func(scan func(...any) error) error {
		var id int64
		var val string
		err := scan(&id, &val)
		if s.Sees(val) {
			ids = append(ids, id)
		} else {
			hidden = true
		}
		return err
	}, "SELECT id, val FROM dict WHERE col = ?", int64(colProject))
	switch {
	case err != nil:
		return clause{}, 0, err
	case len(ids) > 0 && !hidden:
		return clause{truth: always}, 0, nil
	case len(ids) == 1:
		only = ids[0]
	}
	return in("pid", ids), only, nil
}

// scan is the FROM part for reading every match: by an id set, issue or project
// where the query has one, by time where the range is short, else the whole
// table.
func (p *plan) scan() string {
	switch {
	case p.sets && !p.wide:
		return "ev NOT INDEXED"
	case p.issue:
		return "ev INDEXED BY ev_iss"
	case p.project != 0:
		return "ev INDEXED BY ev_pid"
	case p.part < 0.5:
		return "ev INDEXED BY ev_ts"
	}
	return "ev NOT INDEXED"
}

// inOrder returns the index that yields matches in order of time, and the
// condition that it begins with. ok is false where the matches are so few that
// sorting them is quicker.
func (p *plan) inOrder() (index, begin string, args []any, ok bool) {
	switch {
	case p.few || p.issue:
		return "", "", nil, false
	case p.project != 0:
		return "ev INDEXED BY ev_pid", "pid = ? AND ", []any{p.project}, true
	}
	return "ev INDEXED BY ev_ts", "", nil, true
}

// continueAt narrows the plan to what lies beyond a place. The zero place is
// before everything.
func (p *plan) continueAt(ctx context.Context, q queryer, at search.Place, newer bool) error {
	if at == (search.Place{}) {
		return nil
	}
	c := compiler{ctx: ctx, q: q}
	beyond, err := c.page(at, newer)
	if err != nil {
		return err
	}
	p.and(beyond.sql, beyond.args...)
	if newer {
		p.from = max(p.from, at.Time)
	} else {
		p.to = min(p.to, at.Time+1)
	}
	return nil
}

// page is the condition that continues at a place, and the order.
func (c *compiler) page(at search.Place, newer bool) (clause, error) {
	op := "<"
	if newer {
		op = ">"
	}
	var pid int64
	ids, err := c.ids("SELECT id FROM dict WHERE col = ? AND val = ?", int64(colProject), at.Project)
	if err != nil {
		return clause{}, err
	}
	if len(ids) > 0 {
		pid = ids[0]
	}
	eid, err := hex.DecodeString(at.EventID)
	if err != nil {
		return clause{}, fmt.Errorf("place: %w", err)
	}
	// The first half is implied by the second; the index on time needs it.
	return clause{sql: "(ts " + op + "= ? AND (ts, eid, pid) " + op + " (?, ?, ?))", args: []any{at.Time, at.Time, eid, pid}}, nil
}

// window narrows the plan to so many rows, counted in order from one end of the
// range. Where filters make sets, least is the lowest id among them: the sets
// need not have smaller ones. beyond is false when the range holds no more rows.
func (p *plan) window(ctx context.Context, q queryer, size int, newer bool) (near plan, least int64, beyond bool, err error) {
	near = *p
	index, begin, args, _ := p.inOrder()
	dir := "DESC"
	if newer {
		dir = "ASC"
	}
	var us int64
	query := fmt.Sprintf("SELECT ts FROM %s WHERE %sts >= ? AND ts < ? ORDER BY ts %s LIMIT 1 OFFSET %d", index, begin, dir, size)
	err = q.QueryRowContext(ctx, query, append(args, p.from, p.to)...).Scan(&us)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return near, 0, false, err
	case newer:
		beyond, near.to = true, us+1
		near.and("ts < ?", near.to)
	default:
		beyond, near.from = true, us
		near.and("ts >= ?", near.from)
	}
	if len(p.filters) == 0 {
		return near, 0, beyond, nil
	}
	query = fmt.Sprintf("SELECT coalesce(min(id), 0) FROM %s WHERE %sts >= ? AND ts < ?", index, begin)
	err = q.QueryRowContext(ctx, query, append(args, near.from, near.to)...).Scan(&least)
	return near, least, beyond, err
}

// view is a partition with its days at one moment.
type view struct {
	*partition
	first, last int64
}

// gap is the range of the file's days.
func (v view) gap(reason string) search.Gap {
	return search.Gap{From: dayStart(v.first), To: dayStart(v.last + 1), Reason: reason}
}

// pick returns the files a range touches, newest first.
func (e *Engine) pick(from, to time.Time) []view {
	if !from.Before(to) {
		return nil
	}
	first, last := dayOf(from.UnixMicro()), dayOf(to.UnixMicro()-1)
	e.mu.RLock()
	defer e.mu.RUnlock()
	var out []view
	for _, p := range slices.Backward(e.parts) {
		if p.first <= last && p.last >= first && p.events.Load() > 0 {
			out = append(out, view{p, p.first, p.last})
		}
	}
	return out
}
