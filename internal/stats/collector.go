package stats

import (
	"cmp"
	"slices"

	"errata/internal/errata"
)

// Collector computes a Response from observations added one by one, in any
// order, each once.
type Collector struct {
	o       ResponseOptions
	edges   []int64
	samples []sample
	outs    []leftOut
	before  []int64
	index   map[Key]int32
	groups  []group
	total   group
}

// sample is one measured episode.
type sample struct {
	took, target  int64
	bucket, group int32
}

type leftOut struct {
	why           Exclusion
	bucket, group int32
}

// group is what is counted beside the samples.
type group struct {
	key   Key
	n     int64
	open  Open
	rates Rates
}

// NewCollector returns a collector.
func NewCollector(o ResponseOptions) *Collector {
	if o.Groups == 0 {
		o.Groups = MaxGroups
	}
	c := &Collector{o: o, index: map[Key]int32{}}
	for _, e := range o.Edges {
		c.edges = append(c.edges, e.UnixMicro())
	}
	return c
}

// Add counts one episode where it belongs, if anywhere.
func (c *Collector) Add(o *Observation) {
	place := c.o.Place(&o.Episode)
	if place.At != 0 && place.Out == Included && c.o.Before.holds(place.At) {
		c.before = append(c.before, place.Took)
	}
	here, open, resolved := place.At != 0 && c.o.Window.holds(place.At), o.ClosedAt == 0, c.resolved(o)
	if !here && !open && !resolved {
		return
	}
	g := c.group(o)
	switch {
	case here && place.Out == Included:
		c.groups[g].n++
		c.samples = append(c.samples, sample{place.Took, c.o.TargetOf(o.Target), c.bucket(place.At), g})
	case here:
		c.outs = append(c.outs, leftOut{place.Out, c.bucket(place.At), g})
	}
	if open {
		c.open(o, g)
	}
	if resolved {
		c.rate(g, func(r *Rates) {
			r.Resolved++
			if o.ReopenCount > 0 {
				r.Reopened++
			}
		})
	}
}

// Follow counts that an episode, which is added as well, was followed by
// another one that opened at a time (µs) for a reason.
func (c *Collector) Follow(o *Observation, reason errata.Reason, at int64) {
	if !c.resolved(o) || at > o.ResolvedAt+relapse {
		return
	}
	c.rate(c.group(o), func(r *Rates) {
		switch {
		case reason == errata.ReasonRegressed:
			r.Regressed++
		case reason == errata.ReasonReopened && o.ReopenCount == 0: // else it counts already
			r.Reopened++
		}
	})
}

// resolved says that an episode counts as resolved in the window.
func (c *Collector) resolved(o *Observation) bool {
	r := Rules{Metric: TTR, ByOpening: c.o.ByOpening}
	p := r.Place(&o.Episode)
	return p.At != 0 && p.Out == Included && c.o.Window.holds(p.At)
}

func (c *Collector) rate(g int32, do func(*Rates)) {
	do(&c.total.rates)
	do(&c.groups[g].rates)
}

func (c *Collector) open(o *Observation, g int32) {
	age := micros(max(c.o.Now-c.o.Start(&o.Episode), 0))
	for _, x := range []*Open{&c.total.open, &c.groups[g].open} {
		x.N++
		x.Oldest = max(x.Oldest, age)
		if c.o.Waits(&o.Episode) {
			x.Unresponded++
			x.OldestUnresponded = max(x.OldestUnresponded, age)
		}
	}
}

func (c *Collector) group(o *Observation) int32 {
	var k Key
	for i, d := range c.o.By {
		k[i] = d.Of(c.o.Rules, o)
	}
	g, ok := c.index[k]
	if !ok {
		g = int32(len(c.groups)) //nolint:gosec // fewer groups than episodes
		c.index[k], c.groups = g, append(c.groups, group{key: k})
	}
	return g
}

// bucket returns the bucket that holds a time, -1 when there are none.
func (c *Collector) bucket(at int64) int32 {
	i, found := slices.BinarySearch(c.edges, at)
	if !found {
		i--
	}
	return int32(i) //nolint:gosec // a chart has few buckets
}

// Result returns what was collected.
func (c *Collector) Result() Response {
	slices.SortFunc(c.samples, func(a, b sample) int { return cmp.Compare(a.took, b.took) })
	buckets := max(len(c.edges)-1, 0)
	all, per := make(cells, 1+buckets), []cells{}
	kept, place := c.rank()
	for range kept {
		per = append(per, make(cells, 1+buckets))
	}
	for _, s := range c.samples { // in order, so that every cell is sorted too
		all.take(s)
		if g := place[s.group]; g >= 0 {
			per[g].take(s)
		}
	}
	for _, l := range c.outs {
		all.leave(l)
		if g := place[l.group]; g >= 0 {
			per[g].leave(l)
		}
	}
	mature := c.o.Window.To+relapse <= c.o.Now
	out := Response{Total: all[0].summary(c.total.open), Buckets: all.summaries(), Rates: c.total.rates, Bins: bins(all[0].values)}
	out.Rates.Mature = mature
	for i, g := range kept {
		g.rates.Mature = mature
		out.Groups = append(out.Groups, Group{
			Key: g.key, Other: i == c.o.Groups, Total: per[i][0].summary(g.open), Buckets: per[i].summaries(), Rates: g.rates,
		})
	}
	if c.o.Before.From < c.o.Before.To {
		slices.Sort(c.before)
		compared := Compare(all[0].values, c.before)
		out.Compare = &compared
	}
	return out
}

// rank returns the groups that are shown, the last of them the sum of the
// rest where there are too many, and for every group which it became.
func (c *Collector) rank() (kept []group, place []int32) {
	place = make([]int32, len(c.groups))
	if len(c.o.By) == 0 {
		for i := range place {
			place[i] = -1
		}
		return nil, place
	}
	order := make([]int, len(c.groups))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := c.groups[i], c.groups[j]
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(b.open.N, a.open.N), slices.Compare(a.key[:], b.key[:]))
	})
	for at, i := range order {
		if at <= c.o.Groups {
			kept = append(kept, c.groups[i])
		} else {
			kept[c.o.Groups].add(c.groups[i])
		}
		place[i] = int32(min(at, c.o.Groups)) //nolint:gosec // an index of groups
	}
	if len(kept) > c.o.Groups {
		kept[c.o.Groups].key = Key{}
	}
	return kept, place
}

func (g *group) add(o group) {
	g.n += o.n
	g.open.N += o.open.N
	g.open.Unresponded += o.open.Unresponded
	g.open.Oldest = max(g.open.Oldest, o.open.Oldest)
	g.open.OldestUnresponded = max(g.open.OldestUnresponded, o.open.OldestUnresponded)
	g.rates.Resolved += o.rates.Resolved
	g.rates.Regressed += o.rates.Regressed
	g.rates.Reopened += o.rates.Reopened
}

// cell is one summary in the making: of all, a bucket, a group.
type cell struct {
	values        []int64
	met, targeted int64
	target        int64 // -1 = several
	out           map[Exclusion]int64
}

// cells are those of all and, behind, of every bucket.
type cells []cell

func (c cells) each(bucket int32, do func(*cell)) {
	do(&c[0])
	if bucket >= 0 && int(bucket)+1 < len(c) {
		do(&c[bucket+1])
	}
}

func (c cells) take(s sample) {
	c.each(s.bucket, func(x *cell) {
		switch {
		case len(x.values) == 0:
			x.target = s.target
		case x.target != s.target:
			x.target = -1
		}
		x.values = append(x.values, s.took)
		if s.target > 0 {
			x.targeted++
			if s.took <= s.target {
				x.met++
			}
		}
	})
}

func (c cells) leave(l leftOut) {
	c.each(l.bucket, func(x *cell) {
		if x.out == nil {
			x.out = map[Exclusion]int64{}
		}
		x.out[l.why]++
	})
}

func (c *cell) summary(open Open) Summary {
	s := Summary{Met: c.met, Targeted: c.targeted, Target: micros(max(c.target, 0)), Excluded: c.out, Open: open}
	s.summarise(c.values)
	return s
}

func (c cells) summaries() []Summary {
	out := make([]Summary, len(c)-1)
	for i := range out {
		out[i] = c[i+1].summary(Open{})
	}
	return out
}

// bins counts times in µs, in ascending order.
func bins(sorted []int64) []int64 {
	out := make([]int64, len(binEdges)+1)
	i := 0
	for _, us := range sorted {
		for i < len(binEdges) && micros(us) >= binEdges[i] {
			i++
		}
		out[i]++
	}
	return out
}
