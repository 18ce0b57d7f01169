package elastic

import (
	"cmp"
	"context"
	"slices"
	"time"

	"errata/internal/search"
)

// facetEvents is how many matches are enough for aggregations that ask for the
// newest alone. Counting the pairs of every match is the slowest thing that
// pages ask for.
const facetEvents = 10_000

// Ranges up to readWhole are not worth another question.
const readWhole = 24 * time.Hour

// ofNewest says whether a request asks for nothing but the newest matches.
func ofNewest(r *search.Request) bool {
	return r.Size == 0 && r.TotalUpTo == 0 && len(r.Aggs) > 0 && r.To.Sub(r.From) > readWhole &&
		!slices.ContainsFunc(r.Aggs, func(a search.Agg) bool { return !a.Newest || a.Kind != search.Terms })
}

// newest returns the requests, those for the newest matches with the shorter
// range that holds enough of them, and which of them those are. It fills in the
// errors of those about which nothing is known.
func (e *Engine) newest(ctx context.Context, rs []search.Request, out []search.Answer) (asked []search.Request, cut map[int]bool) {
	var at []int
	var counts []search.Request
	for i := range rs {
		if ofNewest(&rs[i]) && rs[i].Check() == nil {
			at = append(at, i)
			counts = append(counts, countOf(rs[i]))
		}
	}
	if len(at) == 0 {
		return rs, nil
	}
	began := e.o.Clock()
	asked, cut = slices.Clone(rs), map[int]bool{}
	for j, a := range e.MultiSearch(ctx, counts) {
		r := &asked[at[j]]
		if a.Err != nil {
			out[at[j]].Err = a.Err
			continue
		}
		r.Timeout = max(cmp.Or(r.Timeout, defaultTimeout)-e.o.Clock().Sub(began), time.Millisecond)
		if from, ok := enough(a.Result.Aggs[countName].Buckets, e.facetEvents); ok {
			r.From, cut[at[j]] = from, true
		}
	}
	return asked, cut
}

const countName = "matches"

// countOf asks when the matches of a request were.
func countOf(r search.Request) search.Request {
	a := search.Agg{Name: countName, Kind: search.Histogram, Interval: "1h"}
	if r.To.Sub(r.From) > 31*24*time.Hour {
		a.Interval = "1d"
	}
	r.Aggs = []search.Agg{a}
	return r
}

// enough returns from when on there are n matches; not ok: those are all.
func enough(buckets []search.Bucket, n int) (from time.Time, ok bool) {
	found := int64(0)
	for i, b := range slices.Backward(buckets) {
		if found += b.Count; found >= int64(n) {
			return time.UnixMicro(b.Start).UTC(), i > 0
		}
	}
	return time.Time{}, false
}

// about marks what was made from a part of the matches.
func about(res *search.Result) {
	for name, a := range res.Aggs {
		a.Approx = true
		res.Aggs[name] = a
	}
}
