package embedded

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"errata/internal/querylang"
	"errata/internal/search"
)

// collector gathers one aggregation over all files. The caller locks.
type collector struct {
	agg     *search.Agg
	matches int64 // events looked at
	sampled bool  // only the newest matches were looked at
	byKey   map[string]*tally
	byTime  map[int64]*tally
	values  hashSet
	prefix  string // folded
	pair    string // how pairs of the key begin, "" where it has a column
	found   []string
	seen    bool  // at least one event, for extreme
	extreme int64 // the first or last time
}

// begins says whether the list shows a value.
func (c *collector) begins(v string) bool {
	return c.prefix == "" || strings.HasPrefix(querylang.Fold(v), c.prefix)
}

// see counts an event's time for the extreme.
func (c *collector) see(us int64) {
	if !c.seen || c.agg.Kind == search.MinTime && us < c.extreme || c.agg.Kind == search.MaxTime && us > c.extreme {
		c.seen, c.extreme = true, us
	}
}

// tally is a bucket in the making.
type tally struct {
	count int64
	subs  []*collector
}

func newCollectors(aggs []search.Agg) []*collector {
	out := make([]*collector, len(aggs))
	for i := range aggs {
		out[i] = newCollector(&aggs[i])
	}
	return out
}

func newCollector(a *search.Agg) *collector {
	c := &collector{agg: a, prefix: querylang.Fold(a.Prefix), byKey: map[string]*tally{}, byTime: map[int64]*tally{}}
	if _, ok := dimensionOf(a.Key); !ok && (a.Kind == search.Terms || a.Kind == search.Cardinality) {
		c.pair = querylang.TermKey(a.Key) + "="
	}
	return c
}

// key returns the bucket of a value.
func (c *collector) key(k string) *tally {
	t := c.byKey[k]
	if t == nil {
		t = &tally{subs: newCollectors(c.agg.Sub)}
		c.byKey[k] = t
	}
	return t
}

// at returns the bucket of a time in µs.
func (c *collector) at(us int64) *tally {
	start := us
	if c.agg.Interval.Calendar() {
		start = c.agg.Interval.Start(time.UnixMicro(us), zone(c.agg)).UnixMicro()
	} else if w := c.agg.Interval.Width().Microseconds(); w > 0 {
		start = us - us%w
	}
	t := c.byTime[start]
	if t == nil {
		t = &tally{subs: newCollectors(c.agg.Sub)}
		c.byTime[start] = t
	}
	return t
}

func zone(a *search.Agg) *time.Location {
	if a.Zone == nil {
		return time.UTC
	}
	return a.Zone
}

// result turns the tallies into the answer.
func (c *collector) result() search.AggResult {
	switch c.agg.Kind {
	case search.Histogram:
		return c.histogram()
	case search.Cardinality:
		return search.AggResult{Value: int64(c.values.n), Approx: c.sampled}
	case search.MinTime, search.MaxTime:
		return search.AggResult{Value: search.FloorMilli(c.extreme), Approx: c.sampled}
	default:
		return c.terms()
	}
}

func (c *collector) histogram() search.AggResult {
	out := search.AggResult{Approx: c.sampled}
	for start, t := range c.byTime {
		out.Buckets = append(out.Buckets, search.Bucket{Start: start, Count: t.count, Sub: t.results()})
	}
	slices.SortFunc(out.Buckets, func(a, b search.Bucket) int { return cmp.Compare(a.Start, b.Start) })
	return out
}

func (c *collector) terms() search.AggResult {
	out := search.AggResult{Approx: c.sampled, Other: c.matches}
	for _, k := range c.top() {
		t := c.byKey[k]
		out.Buckets = append(out.Buckets, search.Bucket{Key: k, Count: t.count, Sub: t.results()})
		out.Other -= t.count
	}
	out.Other = max(out.Other, 0)
	return out
}

// top returns the keys of the largest buckets: count descending, then key.
func (c *collector) top() []string {
	keys := make([]string, 0, len(c.byKey))
	for k := range c.byKey {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(c.byKey[b].count, c.byKey[a].count), cmp.Compare(a, b))
	})
	return keys[:min(len(keys), c.agg.Size)]
}

func (t *tally) results() map[string]search.AggResult {
	if len(t.subs) == 0 {
		return nil
	}
	out := make(map[string]search.AggResult, len(t.subs))
	for _, s := range t.subs {
		if s.agg.Kind == search.Terms {
			s.matches = t.count
		}
		out[s.agg.Name] = s.result()
	}
	return out
}

// hashSet is a set of numbers that are hashes already, and not 0.
type hashSet struct {
	slots []uint64
	n     int
}

func (s *hashSet) add(h uint64) {
	if 2*s.n >= len(s.slots) {
		old := s.slots
		s.slots, s.n = make([]uint64, max(16, 4*len(old))), 0
		for _, o := range old {
			if o != 0 {
				s.add(o)
			}
		}
	}
	for i := h; ; i++ {
		switch at := &s.slots[i&uint64(len(s.slots)-1)]; *at { //nolint:gosec // a length
		case 0:
			*at = h
			s.n++
			return
		case h:
			return
		}
	}
}
