package embedded

import (
	"slices"

	"errata/internal/search"
)

// What looking at columns costs: so many of their rows as much as looking up one.
const (
	rowsPerPass    = 4000 // a condition on a column
	rowsPerScan    = 1000 // a grouping
	rowsPerPairs   = 40   // two groupings at once, of which there are many pairs
	rowsPerPosting = 100  // a word that nobody has asked for
)

// What other work costs, in rows of ev that are looked up by id, about 3 µs each.
const (
	rowsPerFile   = 100 // the plan of a file
	rowsPerFace   = 6   // an event that is unpacked
	countsPerRow  = 8   // entries of an index that are walked along for one
	recordsPerRow = 8   // events that columns describe for one
	namesPerRow   = 2   // values that are looked up in the dictionary for one
)

// estimate tells about how many rows a walk over all matches looks at, once the
// sets are chosen. In the slow lane nobody asks.
func (p *plan) estimate(c *compiler, cl clause) error {
	switch {
	case c.payer == nil || p.few && !cl.inner && (p.reads <= p.tuning.probe || len(p.filters) == 1):
		return nil
	case p.few, cl.inner, p.issue && len(p.filters) > 0:
		p.reads = int(p.upTo) // other sets are made whole
		return nil
	case cl.issue != nil:
		n, err := c.count("SELECT 1 FROM ev INDEXED BY ev_iss WHERE "+cl.issue.sql, p.tuning.budget+1, cl.issue.args)
		p.reads = n
		return err
	}
	p.reads = int(p.upTo)
	return nil
}

// costOfPage is what the first n matches in order of time cost.
func (p *plan) costOfPage(n int) int {
	switch {
	case p.plain && len(p.filters) == 0:
		return rowsPerFile + n
	case p.few || p.issue || p.inner:
		return rowsPerFile + p.reads
	}
	return rowsPerFile + min(p.tuning.window, p.reads) // beyond it, rows announces the rest
}

// costOfCount is what the total and the aggregations that columns answer cost.
func (s *running) costOfCount(p *plan) int {
	cost := rowsPerFile
	if s.counts {
		cost += p.costOfTotal(int(s.left()))
	}
	for _, c := range s.aggs {
		if !sampled(c.agg) {
			cost += p.reads * max(1, len(c.agg.Sub))
		}
	}
	return cost
}

// costOnColumns is what the total and the aggregations cost that columns answer:
// so many groupings, and the names of users, which are in the file.
func (s *running) costOnColumns(f *found) (cost int) {
	for _, c := range s.aggs {
		if sampled(c.agg) {
			continue
		}
		cost += f.count / rowsPerScan * (1 + len(c.agg.Sub))
		for i := range c.agg.Sub {
			if f.pairsWith(c.agg, &c.agg.Sub[i]) > manyPairs/64 { // their counts lie wide apart
				cost += f.count / rowsPerPairs
			}
		}
		if listsUsers(c.agg) {
			cost += min(f.count, len(f.text[colUser].ids)) / namesPerRow
		}
	}
	return cost
}

// listsUsers says whether an aggregation names users.
func listsUsers(a *search.Agg) bool {
	return a.Kind == search.Terms && a.Key.Name == "user" && a.Key.Arg == "" ||
		slices.ContainsFunc(a.Sub, func(s search.Agg) bool { return listsUsers(&s) })
}

// costOfTotal is what counting up to so many matches costs.
func (p *plan) costOfTotal(limit int) int {
	switch {
	case p.plain && len(p.filters) == 0:
		return min(p.reads, limit) / countsPerRow
	case p.plain && len(p.filters) == 1 && p.driver != nil:
		return min(p.reads, int(float64(limit)/p.part)) // events outside the range are looked at too
	}
	return p.reads
}

// costOfSample is what unpacking up to n matches costs.
func (p *plan) costOfSample(n int) int {
	return rowsPerFile + p.reads + min(n, p.reads)*rowsPerFace
}
