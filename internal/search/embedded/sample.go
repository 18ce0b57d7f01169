package embedded

import (
	"context"
	"maps"
	"slices"
	"strings"

	"errata/internal/search"
)

// sample answers the aggregations over pairs: it walks the files newest first
// and looks at the newest matches, up to FacetEvents of them.
func (s *running) sample(ctx context.Context, views []view, failed []failures) {
	var cs []*collector
	for _, c := range s.aggs {
		if sampled(c.agg) {
			cs = append(cs, c)
		}
	}
	left := s.e.o.FacetEvents
	t := s.visit()
	defer t.end()
	for i, v := range views {
		n := 0
		failed[i].sample = s.onFile(ctx, t, v, func(f *found, payer *question) (err error) {
			n, err = s.sampleOn(ctx, f, payer, v, left, cs)
			return err
		}, func(q queryer, payer *question, p plan) (err error) {
			n, err = s.sampleBy(ctx, q, payer, v, p, left, cs)
			return err
		})
		left -= n
		if left < 0 {
			break
		}
	}
	for _, c := range cs {
		c.sampled = left < 0
	}
}

// sampleBy adds up to n events of one file as planned; it returns n+1 when there
// are more.
func (s *running) sampleBy(ctx context.Context, q queryer, payer *question, v view, p plan, n int, cs []*collector) (int, error) {
	if err := payer.spend(p.costOfSample(n)); err != nil {
		return 0, err
	}
	rows, err := p.rows(ctx, q, sampleColumns(cs), n+1, false)
	if err != nil {
		return 0, err
	}
	all := len(rows)
	rows = rows[:min(all, n)]
	names, err := namesOf(ctx, q, rows)
	if err != nil {
		return 0, err
	}
	hits := make(map[int64]*search.Hit, len(rows))
	for i := range rows {
		h := new(search.Hit)
		rows[i].fill(h, names)
		hits[rows[i].id] = h
	}
	return all, s.addSample(ctx, q, v.partition, hits, cs)
}

// sampleOn does the same by columns.
func (s *running) sampleOn(ctx context.Context, f *found, payer *question, v view, n int, cs []*collector) (int, error) {
	cost := min(n, f.count)
	if slices.ContainsFunc(cs, func(c *collector) bool { return faced(c.agg) }) {
		cost *= rowsPerFace
	} else {
		cost /= recordsPerRow
	}
	if err := payer.spend(cost); err != nil {
		return 0, err
	}
	rows := f.ends(n+1, false, nil)
	all := min(len(rows), n+1)
	rows = rows[:min(all, n)]
	records, hits := make([]search.Hit, len(rows)), make(map[int64]*search.Hit, len(rows))
	for i, r := range rows {
		f.record(r, &records[i].Record)
		hits[int64(r)] = &records[i]
	}
	if len(hits) == 0 {
		return all, nil
	}
	return all, s.e.reading(ctx, v.partition, func(q queryer) error {
		if slices.ContainsFunc(cs, func(c *collector) bool { return namesUsers(c.agg) }) {
			if err := f.nameUsers(ctx, q, rows, records); err != nil {
				return err
			}
		}
		return s.addSample(ctx, q, v.partition, hits, cs)
	})
}

// namesUsers says whether an aggregation asks who the users are.
func namesUsers(a *search.Agg) bool {
	return a.Key.Name == "user" || slices.ContainsFunc(a.Sub, func(s search.Agg) bool { return namesUsers(&s) })
}

// nameUsers fills in the users of rows.
func (f *found) nameUsers(ctx context.Context, q queryer, rows []int32, to []search.Hit) error {
	t := &f.text[colUser]
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = t.ids[t.codes.at(int(r))]
	}
	names, err := lookUpNames(ctx, q, slices.Clone(ids))
	for i := range to {
		to[i].UserHash = names[ids[i]]
	}
	return err
}

// addSample counts events, with what only their bodies hold if somebody asks.
func (s *running) addSample(ctx context.Context, q queryer, p *partition, hits map[int64]*search.Hit, cs []*collector) error {
	add := func(id int64, f face, _ []byte) {
		for _, c := range cs {
			c.addEvent(hits[id], f)
		}
	}
	ids := slices.Collect(maps.Keys(hits))
	if slices.ContainsFunc(cs, func(c *collector) bool { return faced(c.agg) }) {
		return s.e.bodies(ctx, q, p, ids, false, add)
	}
	for _, id := range ids {
		add(id, face{}, nil)
	}
	return nil
}

// faced says whether an aggregation counts what stands in the body only.
func faced(a *search.Agg) bool {
	if a.Kind == search.Terms || a.Kind == search.Cardinality {
		if _, ok := dimensionOf(a.Key); !ok {
			return true
		}
	}
	for i := range a.Sub {
		if faced(&a.Sub[i]) {
			return true
		}
	}
	return false
}

// sampleColumns are the columns that aggregations look at: reading one costs
// as much as finding the row.
func sampleColumns(cs []*collector) string {
	names := []string{"id", "ts"}
	var note func(a *search.Agg)
	note = func(a *search.Agg) {
		if d, ok := dimensionOf(a.Key); ok {
			names = append(names, d.sql)
		} else if a.Key.Name == search.HasKey {
			names = append(names, "typ", "cod", "cul", "env", "rel", "status")
		}
		for i := range a.Sub {
			note(&a.Sub[i])
		}
	}
	for _, c := range cs {
		note(c.agg)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}

// addEvent counts one event with all its values.
func (c *collector) addEvent(h *search.Hit, f face) {
	c.matches++
	switch c.agg.Kind {
	case search.Histogram:
		c.at(h.Time).addEvent(h, f)
		return
	case search.MinTime, search.MaxTime:
		c.see(h.Time)
		return
	case search.Terms, search.Cardinality:
	}
	for _, v := range c.valuesOf(h, f) {
		if c.agg.Kind == search.Cardinality {
			c.values.add(hashText(v))
		} else if c.begins(v) {
			c.key(v).addEvent(h, f)
		}
	}
}

func (t *tally) addEvent(h *search.Hit, f face) {
	t.count++
	for _, s := range t.subs {
		s.addEvent(h, f)
	}
}

// valuesOf returns the values an event has for the aggregation's key, each once.
// They are good until the next call.
func (c *collector) valuesOf(h *search.Hit, f face) []string {
	switch {
	case c.agg.Key.Name == search.HasKey:
		return f.keys(h)
	case c.pair != "":
		c.found = f.values(c.found[:0], c.pair)
		return c.found
	}
	if v := search.Value(&h.Record, c.agg.Key); v != "" {
		c.found = append(c.found[:0], v)
		return c.found
	}
	return nil
}
