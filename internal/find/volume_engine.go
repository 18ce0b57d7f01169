package find

import (
	"context"

	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/stats"
)

// Names of the engine's keys. Projects are told apart by id, as in the roll-ups.
var engineKeys = map[By]string{BySeverity: "event.severity", ByLevel: "level", ByService: "project", ByEnvironment: "env"}

// maxValues is how many lines the engine tells apart; the rest has no key.
const maxValues = 200

func (v *volume) fromEngine(ctx context.Context) (Volume, error) {
	v.out.Source = FromEngine
	if v.asked.None {
		v.series(nil)
		if v.q.Compare {
			v.out.Previous = make([]int64, len(v.out.Edges)-1)
		}
		return v.out, nil
	}
	answers := v.s.multiSearch(ctx, v.reader.who, searchWait, v.requests())
	for _, a := range answers {
		if a.Err != nil {
			return v.out, a.Err
		}
		v.out.Gaps = append(v.out.Gaps, a.Result.Gaps...)
	}
	v.series(lines(answers[0].Result.Aggs))
	if v.q.Compare {
		_, edges := v.before()
		v.out.Previous = stats.Fold(starts(answers[1].Result.Aggs["time"]), edges)
	}
	return v.out, nil
}

// lines reads the answer. What no line holds is told by the difference to the
// histogram of all, where there is one: events without the field, or beyond the
// most frequent values.
func lines(aggs map[string]search.AggResult) byKey {
	out := byKey{}
	all, asked := aggs["time"]
	rest := starts(all)
	for _, b := range aggs["by"].Buckets {
		for start, n := range starts(b.Sub["time"]) {
			out.add(b.Key, start, n)
			if asked {
				rest[start] -= n
			}
		}
	}
	name := ""
	if len(aggs["by"].Buckets) >= maxValues {
		name = Other
	}
	for start, n := range rest {
		if n > 0 {
			out.add(name, start, n)
		}
	}
	return out
}

func starts(a search.AggResult) counts {
	out := counts{}
	for _, b := range a.Buckets {
		out[b.Start] += b.Count
	}
	return out
}

// requests asks for the lines, and for the period before.
func (v *volume) requests() []search.Request {
	r := v.asked.Request()
	r.From, r.To = v.out.Range.From, v.out.Range.To
	byTime := search.Agg{Name: "time", Kind: search.Histogram, Interval: v.out.Interval, Zone: v.q.Zone}
	r.Aggs = []search.Agg{{
		Name: "by", Kind: search.Terms, Key: querylang.Key{Name: engineKeys[v.q.By]}, Size: maxValues,
		Sub: []search.Agg{byTime},
	}}
	if v.q.By != BySeverity { // every event has one of the four
		r.Aggs = append(r.Aggs, byTime)
	}
	if !v.q.Compare {
		return []search.Request{r}
	}
	before := r
	span, _ := v.before()
	before.From, before.To, before.Aggs = span.From, span.To, []search.Agg{byTime}
	return []search.Request{r, before}
}
