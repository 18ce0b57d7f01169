package embedded

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"errata/internal/search"
)

// fewRows is up to how many rows of an id set are looked up one by one for a
// page; with more, walking the index on time and asking the set is quicker.
// Beside up to probeRows, the other sets are not made but asked row by row.
const (
	fewRows   = 3000
	probeRows = 400
)

// plan is a request made ready for one file.
type plan struct {
	where string
	args  []any
	sets  bool // where asks an id set
	few   bool // of few rows
	issue bool
	never bool // nothing in this file can match
	short bool // the range takes less than half of the file's days
	gap   bool // wildcards may have missed values
}

// plan compiles scope, range and query for one file.
func (e *Engine) plan(ctx context.Context, q queryer, v view, r *search.Request) (plan, error) {
	c := compiler{ctx: ctx, q: q}
	scope, err := c.scope(r.Scope)
	if err != nil {
		return plan{}, err
	}
	cl, err := c.expr(r.Query)
	if err != nil {
		return plan{}, err
	}
	p := plan{sets: len(cl.sets) > 0, issue: cl.issue, gap: c.missing}
	if p.never = scope.truth == never || cl.truth == never; p.never {
		return p, nil
	}
	var parts []string
	add := func(sql string, args ...any) {
		parts, p.args = append(parts, sql), append(p.args, args...)
	}
	from, to := max(r.From.UnixMicro(), v.first*dayMicros), min(r.To.UnixMicro(), (v.last+1)*dayMicros)
	if from > v.first*dayMicros {
		add("ts >= ?", from)
	}
	if to < (v.last+1)*dayMicros {
		add("ts < ?", to)
	}
	p.short = (to-from)*2 < (v.last+1-v.first)*dayMicros
	if scope.truth == unknown {
		add(scope.sql, scope.args...)
	}
	if cl.sql != "" {
		add(cl.sql, cl.args...)
	}
	smallest, rows, err := c.smallest(cl.sets)
	if err != nil {
		return plan{}, err
	}
	p.few = p.sets && rows <= fewRows
	for i, s := range cl.sets {
		if i != smallest && rows <= probeRows && s.probe != "" {
			add(s.probe, s.probeArgs...)
		} else {
			add(s.in(), s.args...)
		}
	}
	if p.where = strings.Join(parts, " AND "); p.where == "" {
		p.where = "1"
	}
	return p, nil
}

// smallest returns the set with the fewest rows, and how many, up to fewRows+1.
func (c *compiler) smallest(sets []idSet) (at, rows int, err error) {
	rows = fewRows + 1
	for i, s := range sets {
		var n int
		sql := fmt.Sprintf("SELECT count(*) FROM (%s LIMIT %d)", s.sql, rows)
		if err := c.q.QueryRowContext(c.ctx, sql, s.args...).Scan(&n); err != nil {
			return 0, 0, err
		}
		if i == 0 || n < rows {
			at, rows = i, n
		}
	}
	return at, rows, nil
}

// scope compiles what the reader may see: the projects of the file that the
// scope names.
func (c *compiler) scope(s search.Scope) (clause, error) {
	if s.All {
		return clause{truth: always}, nil
	}
	rows, err := c.q.QueryContext(c.ctx, "SELECT id, val FROM dict WHERE col = ?", int64(colProject))
	if err != nil {
		return clause{}, err
	}
	defer rows.Close()
	var ids []int64
	hidden := false
	for rows.Next() {
		var id int64
		var val string
		if err := rows.Scan(&id, &val); err != nil {
			return clause{}, err
		}
		if s.Sees(val) {
			ids = append(ids, id)
		} else {
			hidden = true
		}
	}
	if len(ids) > 0 && !hidden {
		return clause{truth: always}, rows.Err()
	}
	return in("pid", ids), rows.Err()
}

// scan is the FROM part for reading every match: by an id set or issue where
// the query has one, by time where the range is short, else the whole table.
func (p *plan) scan() string {
	switch {
	case p.sets:
		return "ev NOT INDEXED"
	case p.issue:
		return "ev INDEXED BY ev_iss"
	case p.short:
		return "ev INDEXED BY ev_ts"
	}
	return "ev NOT INDEXED"
}

// newest is the FROM part for reading a page in order of time.
func (p *plan) newest() string {
	switch {
	case p.few:
		return "ev NOT INDEXED"
	case p.issue:
		return "ev INDEXED BY ev_iss"
	}
	return "ev INDEXED BY ev_ts"
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
	for i := len(e.parts) - 1; i >= 0; i-- {
		if p := e.parts[i]; p.first <= last && p.last >= first && p.events.Load() > 0 {
			out = append(out, view{p, p.first, p.last})
		}
	}
	return out
}
