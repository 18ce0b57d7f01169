package embedded

import (
	"context"
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
		failed[i].sample = t.reading(ctx, v, func(q queryer, payer *question) error {
			n, err := s.sampleOf(ctx, q, payer, v, left, cs)
			left -= n
			return err
		})
		if left < 0 {
			break
		}
	}
	for _, c := range cs {
		c.sampled = left < 0
	}
}

// sampleOf adds up to n events of one file; it returns n+1 when there are more.
func (s *running) sampleOf(ctx context.Context, q queryer, payer *question, v view, n int, cs []*collector) (int, error) {
	p, err := s.planOf(ctx, q, payer, v)
	if err != nil || p.never {
		return 0, err
	}
	if err := payer.spend(p.costOfSample(n)); err != nil {
		return 0, err
	}
	rows, err := p.rows(ctx, q, sampleColumns(cs), n+1, false)
	if err != nil {
		return 0, err
	}
	found := len(rows)
	rows = rows[:min(found, n)]
	names, err := namesOf(ctx, q, rows)
	if err != nil {
		return 0, err
	}
	hits := make(map[int64]*search.Hit, len(rows))
	ids := make([]int64, len(rows))
	for i := range rows {
		h := new(search.Hit)
		rows[i].fill(h, names)
		ids[i], hits[rows[i].id] = rows[i].id, h
	}
	add := func(id int64, f face, _ []byte) {
		for _, c := range cs {
			c.addEvent(hits[id], f)
		}
	}
	if !slices.ContainsFunc(cs, func(c *collector) bool { return faced(c.agg) }) {
		for _, id := range ids {
			add(id, face{}, nil)
		}
		return found, nil
	}
	return found, s.e.bodies(ctx, q, v.partition, ids, false, add)
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
			c.values[v] = struct{}{}
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
