package find

import (
	"context"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/stats"
	"errata/internal/store"
)

// TrendsQuery asks how things change. Q selects events; of issues it selects
// those of its services and environments that satisfy the rest.
type TrendsQuery struct {
	Q     string
	Range Range
	Zone  *time.Location // nil = UTC
}

// TrendLine counts something per bucket, and over the period before.
type TrendLine struct {
	Buckets, Previous []int64
	Now, Before       int64
}

// Trends is how many issues were new, came back, and were resolved. Edges are
// where the buckets start and the end of the last; Range is the asked one widened
// to them.
type Trends struct {
	Query                    Query
	Range                    Range
	Interval                 stats.Interval
	Edges                    []time.Time
	AsOf                     int64 // µs
	New, Regressed, Resolved TrendLine
}

// lay lays buckets over the range; every part of the trends uses the same.
func (q TrendsQuery) lay(s *Service) *volume {
	if q.Zone == nil {
		q.Zone = time.UTC
	}
	v := &volume{s: s, q: VolumeQuery{Q: q.Q, By: BySeverity, Range: q.Range, Zone: q.Zone, Compare: true}}
	v.q.Interval = stats.Auto(q.Range.From, q.Range.To, countersFloor)
	v.buckets(v.q.Interval)
	return v
}

// TrendVolume counts the events of the trends by severity, compared with the
// period before. Errors: as Volume.
func (s *Service) TrendVolume(ctx context.Context, who errata.Actor, q TrendsQuery) (Volume, error) {
	if !q.Range.Valid() {
		return Volume{}, refuseRange()
	}
	return s.Volume(ctx, who, q.lay(s).q)
}

// Trends counts issues over time: new ones by their first event, regressed and
// resolved ones by the ledger's time, all in whole buckets. Errors: invalid
// (query.*, range), with query.unsupported for what only events know.
func (s *Service) Trends(ctx context.Context, who errata.Actor, q TrendsQuery) (out Trends, err error) {
	if !q.Range.Valid() {
		return out, refuseRange()
	}
	v := q.lay(s)
	now := s.Clock()
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		out = Trends{Range: v.out.Range, Interval: v.out.Interval, Edges: v.out.Edges, AsOf: now.UnixMicro()}
		slice, query, err := s.trendSlice(ctx, tx, who, q)
		if err != nil {
			return err
		}
		out.Query = query
		span, edges := v.before()
		for _, l := range []struct {
			count func(context.Context, store.Slice, int64, int64) (map[int64]int64, error)
			to    *TrendLine
		}{{tx.NewIssues, &out.New}, {tx.RegressedAt, &out.Regressed}, {tx.ResolvedAt, &out.Resolved}} {
			if l.to.Buckets, err = counted(ctx, l.count, slice, v.out.Range, v.out.Edges); err != nil {
				return err
			}
			if l.to.Previous, err = counted(ctx, l.count, slice, span, edges); err != nil {
				return err
			}
			l.to.Now, l.to.Before = total(l.to.Buckets), total(l.to.Previous)
		}
		return nil
	})
	return out, err
}

func counted(ctx context.Context, count func(context.Context, store.Slice, int64, int64) (map[int64]int64, error), s store.Slice, r Range, edges []time.Time) ([]int64, error) {
	from, to := micros(r)
	quarters, err := count(ctx, s, from, to)
	return stats.Fold(quarters, edges), err
}

func total(counts []int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// trendSlice reads which issues the trends are about.
func (s *Service) trendSlice(ctx context.Context, tx *store.Tx, who errata.Actor, q TrendsQuery) (out store.Slice, query Query, err error) {
	r, err := s.reader(ctx, tx, who, errata.AnalyticsRead)
	if err != nil {
		return out, query, err
	}
	for id, p := range r.projects {
		if s.Decide(who, errata.IssueRead, id) != nil {
			r.drop(p)
		}
	}
	if query, err = s.parse(ctx, tx, r, asked{q: q.Q, in: querylang.InIssues, over: q.Range}); err != nil {
		return out, query, err
	}
	p := plan{filter: store.IssueFilter{Scope: store.Scope{Projects: r.ids()}}}
	var rest []querylang.Expr
	for _, kid := range conjuncts(p.takeServices(r, query.Bound)) {
		l, negated := plainLeaf(kid)
		if l == nil || l.Key.Name != "env" {
			rest = append(rest, kid)
			continue
		}
		names, _, err := environments(ctx, tx, p.filter.Scope, Range{q.Range.Before().From, q.Range.To.Add(ahead)}, l, negated)
		if err != nil {
			return out, query, err
		}
		if out.Environments = intersect(out.Environments, names); len(out.Environments) == 0 {
			p.nothing() // an empty list would not filter
		}
	}
	out.Scope = p.filter.Scope
	at := s.Clock().UnixMicro()
	querylang.Each(querylang.All(rest...), func(l *querylang.Leaf) {
		if _, no := store.WhereIssues(l, at); no != nil && err == nil {
			err = unsupported(l, "“"+keyWords(l)+"” is known of events, and not of issues.")
		}
	})
	if err == nil {
		out.Issue, err = store.WhereIssues(querylang.All(rest...), at)
	}
	return out, query, err
}

// TopList is the most frequent values of a key.
type TopList struct {
	Key    querylang.Key
	Groups []Group
	Rest   int64 // events without the key, or with rarer values
	About  bool
}

// Tops is what the events of the trends come from. Total is how many there are.
type Tops struct {
	Query Query
	Range Range
	Lists []TopList
	Total search.Total
	Gaps  []search.Gap
}

// topKeys are the keys whose values lead the trends.
var topKeys = []querylang.Key{{Name: "service"}, {Name: "type"}, {Name: "code"}, {Name: "release"}, {Name: "transaction"}, {Name: "host"}}

// TrendTops counts the events of the trends by service, type, code, release,
// endpoint and host, of the projects whose events the actor may read. Errors:
// invalid (query.*, range), unavailable or slow_down when the engine is away.
func (s *Service) TrendTops(ctx context.Context, who errata.Actor, q TrendsQuery, size int) (Tops, error) {
	if !q.Range.Valid() {
		return Tops{}, refuseRange()
	}
	whole := q.lay(s).out.Range
	ask, err := s.askEvents(ctx, who, q.Q, whole)
	out := Tops{Query: ask.Query, Range: whole, Total: search.Total{Exact: true}}
	if err != nil {
		return out, err
	}
	out.Lists = make([]TopList, len(topKeys))
	for i, k := range topKeys {
		out.Lists[i].Key = k
	}
	if ask.None {
		return out, nil
	}
	ask.Range = whole // what lies behind the last bucket is in no figure
	r := ask.Request()
	r.Timeout, r.TotalUpTo = cardWait, maxCounted
	asks := make([]AggregateQuery, len(topKeys))
	for i, k := range topKeys {
		asks[i] = AggregateQuery{By: []querylang.Key{k}, Measure: CountEvents, Top: size}
		r.Aggs = append(r.Aggs, search.Agg{Name: k.Name, Kind: search.Terms, Key: engineKey(k), Size: asks[i].wide()})
	}
	res, err := s.search(ctx, who, r)
	if err != nil {
		return out, err
	}
	out.Total, out.Gaps = res.Total, res.Gaps
	for i, k := range topKeys {
		c := counting{s: s, q: asks[i], out: Aggregate{By: asks[i].By, Measure: CountEvents}}
		c.read(&search.Result{Total: res.Total, Aggs: map[string]search.AggResult{"by": res.Aggs[k.Name]}})
		if err := c.name(ctx, who); err != nil {
			return out, err
		}
		out.Lists[i] = TopList{Key: k, Groups: c.out.Groups, Rest: c.out.Rest.Count, About: c.out.About}
	}
	return out, nil
}
