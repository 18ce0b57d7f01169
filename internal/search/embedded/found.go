package embedded

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"slices"

	"errata/internal/querylang"
	"errata/internal/search"
)

// found is the rows of one file that match a request, on its columns.
type found struct {
	*columns
	rows  bitset
	count int
}

// foundIn returns the matches of a file, nil where its columns are not in memory.
func (s *running) foundIn(ctx context.Context, payer *question, v view) (*found, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	f, ok := s.found[v.partition]
	s.mu.Unlock()
	if ok {
		return f, nil
	}
	x := evaluation{ctx: ctx, e: s.e, p: v.partition, c: v.cols.Load(), sets: &s.sets}
	if x.c != nil {
		rows, err := s.evaluate(&x, payer, v)
		if err != nil {
			return nil, err
		}
		f = &found{x.c, rows, rows.count()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first, ok := s.found[v.partition]; ok {
		return first, nil
	}
	s.found[v.partition] = f
	if f != nil && x.missing {
		s.partial = append(s.partial, v.gap(search.ReasonTerms))
	}
	return f, nil
}

// evaluate finds the matches: by the plan of the file where that goes by a few
// rows of an index, else on the columns, whose cost it announces.
func (s *running) evaluate(x *evaluation, payer *question, v view) (bitset, error) {
	unread, costly, required := x.unread(s.r.Query, true)
	if required {
		if rows, err := s.few(x, payer, v); rows != nil || err != nil {
			return rows, err
		}
	}
	cost := rowsPerFile + x.c.n/rowsPerScan + unread
	if costly {
		cost = s.e.o.tuning.budget + 1
	}
	if err := payer.spend(cost); err != nil {
		return nil, err
	}
	return x.all(s.r)
}

// few finds the matches by the plan of the file. The result is nil if these are
// more than a few rows.
func (s *running) few(x *evaluation, payer *question, v view) (rows bitset, err error) {
	err = s.e.reading(x.ctx, v.partition, func(q queryer) error {
		p, err := newPlan(x.ctx, q, payer, v, s.r, s.e.o.tuning, true)
		whole := p.inner || len(p.filters) > 1 && p.reads > s.e.o.tuning.probe // other sets would be made whole
		if err != nil || !p.never && (!p.few || whole) {
			return err
		}
		rows, x.missing = newBitset(x.c.n), p.gap
		if p.never {
			return nil
		}
		if err := payer.spend(rowsPerFile + p.reads); err != nil {
			return err
		}
		all := p.walk(0)
		return x.add(q, selection{sql: "SELECT ev.id AS rid FROM " + all.from + " WHERE " + all.where, arg: all.args}, 0, rows)
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// unread is what the postings cost that must be read. costly: nobody knows how
// much that is. required: one that nobody has asked for is asked of every match.
func (x *evaluation) unread(q querylang.Expr, outer bool) (cost int, costly, required bool) {
	add := func(kid querylang.Expr, outer bool) {
		n, c, r := x.unread(kid, outer)
		cost, costly, required = cost+n, costly || c, required || r
	}
	switch q := q.(type) {
	case *querylang.And:
		for _, k := range q.Kids {
			add(k, outer)
		}
	case *querylang.Or:
		for _, k := range q.Kids {
			add(k, false)
		}
	case *querylang.Not:
		add(q.Kid, false)
	case *querylang.Leaf:
		if !needsIndex(q.Key.Name) {
			passes := 1
			if textColumns[q.Key.Name] == 0 {
				passes = len(q.Values)
			}
			cost += x.c.n * passes / rowsPerPass
			break
		}
		for i := range q.Values {
			v := &q.Values[i]
			known := x.e.postings.get(postingKey{x.p, postingText(q.Key, v)}).n
			if known >= x.c.n {
				continue
			}
			required = required || outer && len(q.Values) == 1 && known == 0
			costly = costly || v.Kind == querylang.Wildcard || v.Kind == querylang.Prefix
			if q.Key.Name == "received" { // no index: all rows are read
				cost += x.c.n / countsPerRow
			} else {
				cost += (x.c.n - known) / rowsPerPosting
			}
		}
	}
	return cost, costly, required
}

// onFile answers for one file: from its columns, else from its rows.
func (s *running) onFile(ctx context.Context, t *visit, v view, onColumns func(f *found, payer *question) error,
	onRows func(q queryer, payer *question, p plan) error,
) error {
	return t.turns(ctx, func(payer *question) error {
		f, err := s.foundIn(ctx, payer, v)
		if err != nil {
			return err
		}
		if f != nil {
			return onColumns(f, payer)
		}
		return s.e.reading(ctx, v.partition, func(q queryer) error {
			p, err := s.planOf(ctx, q, payer, v)
			if err != nil || p.never {
				return err
			}
			return onRows(q, payer, p)
		})
	})
}

// ends returns the first n rows in order, newest first or oldest first, behind a
// time if there is one. Rows of that time, and those as old as the last, come in
// addition: which of these come first, and which are behind, the file tells.
func (f *found) ends(n int, newer bool, behind *int64) []int32 {
	key := func(us int64) int64 { return -us }
	if newer {
		key = func(us int64) int64 { return us }
	}
	var rows, some []int32
	for _, b := range f.blocksBy(key) {
		if len(rows) >= n && (n <= 0 || b.least > key(f.ts[rows[n-1]])) {
			break
		}
		some = f.rows.rows(some[:0], b.at*blockRows/64, (b.at+1)*blockRows/64)
		for _, i := range some {
			if behind == nil || key(f.ts[i]) >= key(*behind) {
				rows = append(rows, i)
			}
			if behind != nil && f.ts[i] == *behind {
				n++
			}
		}
		if len(rows) >= n {
			rows = f.firstOf(rows, n, key)
		}
	}
	return rows
}

// blockBy is a block and the least key of its times.
type blockBy struct {
	at    int
	least int64
}

// blocksBy returns the blocks in the order of their least keys.
func (c *columns) blocksBy(key func(us int64) int64) []blockBy {
	order := make([]blockBy, len(c.blocks))
	for i, b := range c.blocks {
		order[i] = blockBy{i, min(key(b.first), key(b.last))}
	}
	slices.SortFunc(order, func(a, b blockBy) int { return cmp.Compare(a.least, b.least) })
	return order
}

// firstOf sorts rows, and leaves the first n and those of the last one's time.
func (c *columns) firstOf(rows []int32, n int, key func(us int64) int64) []int32 {
	slices.SortFunc(rows, func(a, b int32) int { return cmp.Or(cmp.Compare(key(c.ts[a]), key(c.ts[b])), cmp.Compare(b, a)) })
	for n > 0 && n < len(rows) && c.ts[rows[n]] == c.ts[rows[n-1]] {
		n++
	}
	return rows[:n]
}

// hitsOn reads the first n hits of a file by its columns.
func (s *running) hitsOn(ctx context.Context, f *found, payer *question, v view, n int) (hits []search.Hit, err error) {
	var behind *int64
	if s.paged && s.at != (search.Place{}) {
		behind = &s.at.Time
	}
	ids := f.ends(n, s.newer, behind)
	if len(ids) == 0 {
		return nil, nil
	}
	if err := payer.spend(rowsPerFile + len(ids)); err != nil {
		return nil, err
	}
	err = s.e.reading(ctx, v.partition, func(q queryer) error {
		rows, err := rowsOf(ctx, q, widen(ids))
		for err == nil && len(rows) < len(ids) { // erased since the columns were taken: others take their place
			f.leave(ids, rows)
			ids = f.ends(n, s.newer, behind)
			rows, err = rowsOf(ctx, q, widen(ids))
		}
		if err != nil {
			return err
		}
		rows = s.inOrder(f, rows)
		hits, err = s.e.complete(ctx, q, v.partition, rows[:min(n, len(rows))], s.r.Fields == search.FieldsFull)
		return err
	})
	return hits, err
}

// leave takes those of some matches out that have no row any more.
func (f *found) leave(ids []int32, there []row) {
	has := make(map[int64]bool, len(there))
	for i := range there {
		has[there[i].id] = true
	}
	for _, id := range ids {
		if !has[int64(id)] {
			f.rows.remove(int(id))
			f.count--
		}
	}
}

// inOrder sorts rows of a file as the page does, and leaves out those on the other
// side of the cursor.
func (s *running) inOrder(f *found, rows []row) []row {
	order := func(a, b *row) int {
		c := cmp.Or(cmp.Compare(a.ts, b.ts), bytes.Compare(a.eid, b.eid), cmp.Compare(a.pid, b.pid))
		if s.newer {
			return c
		}
		return -c
	}
	slices.SortFunc(rows, func(a, b row) int { return order(&a, &b) })
	if !s.paged || s.at == (search.Place{}) {
		return rows
	}
	cursor := row{ts: s.at.Time}
	cursor.eid, _ = hex.DecodeString(s.at.EventID) // the cursor was checked
	projects := &f.text[colProject]
	for code, name := range slices.Backward(projects.values) {
		if name == s.at.Project && code > 0 { // the last: one that all events had left may have come again, under a new id
			cursor.pid = projects.ids[code]
			break
		}
	}
	return slices.DeleteFunc(rows, func(r row) bool { return order(&r, &cursor) <= 0 })
}

func widen(rows []int32) []int64 {
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = int64(r)
	}
	return ids
}
