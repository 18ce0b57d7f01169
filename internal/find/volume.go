package find

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/stats"
	"errata/internal/store"
)

// countersFloor is the finest bucket that the roll-ups can fill.
const countersFloor = stats.Interval("30m")

// Volume counts events over time: from the roll-ups when the query asks for
// nothing but services, environments, event severities and levels, else from
// the engine. Both count by event time over [From, To).
func (s *Service) Volume(ctx context.Context, who errata.Actor, q VolumeQuery) (Volume, error) {
	if !q.Range.Valid() {
		return Volume{}, refuse("range", "range", "The range must begin before it ends and be shorter than ten years.")
	}
	if q.Zone == nil {
		q.Zone = time.UTC
	}
	v := volume{s: s, q: q}
	err := s.Store.View(ctx, func(tx *store.Tx) error { return v.prepare(ctx, tx, who) })
	if err != nil {
		return Volume{}, err
	}
	if err := v.interval(); err != nil {
		return Volume{}, err
	}
	if v.counters != nil && v.out.Interval.Width() >= countersFloor.Width() {
		return v.fromCounters(ctx)
	}
	out, err := v.fromEngine(ctx)
	if errata.CodeOf(err) == errata.Unavailable && v.counters != nil {
		v.q.Interval = countersFloor // coarser, and there
		if err := v.interval(); err != nil {
			return Volume{}, err
		}
		return v.fromCounters(ctx)
	}
	return out, err
}

type volume struct {
	s        *Service
	q        VolumeQuery
	reader   reader
	plan     plan
	query    Query
	counters *store.VolumeFilter // nil: the roll-ups cannot answer
	ids      []string            // issues that SQL selected, when plan.narrow
	out      Volume
}

func (v *volume) prepare(ctx context.Context, tx *store.Tx, who errata.Actor) (err error) {
	if v.reader, err = v.s.reader(ctx, tx, who, errata.AnalyticsRead); err != nil {
		return err
	}
	if v.query, err = v.s.parse(ctx, tx, v.reader, v.q.Q); err != nil {
		return err
	}
	if v.plan, err = newPlan(v.reader, v.query.Bound); err != nil {
		return err
	}
	if v.counters, err = v.rollUp(ctx, tx); err != nil || v.counters != nil {
		return err
	}
	if !v.plan.narrow {
		return nil
	}
	f := v.plan.filter
	f.From, f.To = v.span().From.UnixMicro(), v.q.Range.To.UnixMicro()
	limit := v.s.Engine.Caps().MaxIssueSet
	v.ids, err = tx.IssueIDs(ctx, f, limit+1)
	if len(v.ids) > limit {
		return errata.Because(errata.Invalid, "Too many issues match: add service: or shorten the range.", nil,
			errata.Detail{Reason: "query.too_broad", Field: "q", Message: "More issues match than one chart can hold.",
				Hint: "Add service: or shorten the range."})
	}
	return err
}

// span is all that is read: with the period before when compared.
func (v *volume) span() Range {
	if v.q.Compare {
		return Range{v.q.Range.Before().From, v.q.Range.To}
	}
	return v.q.Range
}

// rollUp returns the filter by which project_quarter answers, nil when it cannot.
func (v *volume) rollUp(ctx context.Context, tx *store.Tx) (*store.VolumeFilter, error) {
	if v.plan.narrow {
		return nil, nil
	}
	f := store.VolumeFilter{Scope: v.plan.filter.Scope}
	for _, kid := range conjuncts(v.plan.group) {
		l, negated := plainLeaf(kid)
		if l == nil {
			return nil, nil
		}
		switch l.Key.Name {
		case "event.severity":
			f.Severities = intersect(f.Severities, keep(errata.Severities, negated, func(x errata.Severity) bool { return inRanges(l.Values, int64(x)) }))
			if len(f.Severities) == 0 {
				f.Scope = store.Scope{}
			}
		case "level":
			f.Levels = intersect(f.Levels, keep(errata.Levels, negated, func(x errata.Level) bool {
				return querylang.Match(l, &querylang.Record{Level: x})
			}))
			if len(f.Levels) == 0 {
				f.Scope = store.Scope{}
			}
		case "env":
			names, err := tx.Environments(ctx, f.Scope, v.span().From.UnixMicro()-int64(time.Hour/time.Microsecond), v.q.Range.To.UnixMicro())
			if err != nil {
				return nil, err
			}
			f.Environments = intersect(f.Environments, keep(names, negated, func(n string) bool {
				return querylang.Match(l, &querylang.Record{Env: n, Terms: []string{"env=" + querylang.Fold(n)}, Keys: []string{"env"}})
			}))
			if len(f.Environments) == 0 {
				f.Scope = store.Scope{}
			}
		default:
			return nil, nil
		}
	}
	return &f, nil
}

func (v *volume) interval() error {
	r := v.q.Range
	v.out = Volume{Query: v.query, Range: r, Interval: v.q.Interval}
	if v.out.Interval == "" {
		v.out.Interval = stats.Auto(r.From, r.To, stats.Ladder[0])
	}
	if r.To.Sub(r.From)/v.out.Interval.Width() > search.MaxBuckets {
		return refuse("bucket", "range", "This bucket is too fine for the range: a chart has at most 11,000.")
	}
	v.out.Edges = stats.Edges(r.From, r.To, v.out.Interval, v.q.Zone)
	v.out.Range = Range{v.out.Edges[0], v.out.Edges[len(v.out.Edges)-1]}
	return nil
}

// before returns the period before, as long as the buckets together, and cut
// where the present one has not come to yet.
func (v *volume) before() (Range, []time.Time) {
	length := v.out.Range.To.Sub(v.out.Range.From)
	edges := make([]time.Time, len(v.out.Edges))
	for i, e := range v.out.Edges {
		edges[i] = e.Add(-length)
	}
	end := v.out.Range.To
	if now := v.s.Clock(); now.Before(end) {
		end = now
	}
	return Range{edges[0], end.Add(-length)}, edges
}

var volumeKeys = map[By]store.VolumeKey{BySeverity: store.BySeverity, ByLevel: store.ByLevel, ByService: store.ByProject, ByEnvironment: store.ByEnvironment}

func (v *volume) fromCounters(ctx context.Context) (Volume, error) {
	v.out.Source = FromCounters
	err := v.s.Store.View(ctx, func(tx *store.Tx) error {
		f := *v.counters
		f.From, f.To = v.out.Range.From.UnixMicro(), v.out.Range.To.UnixMicro()
		rows, err := tx.Volume(ctx, f, volumeKeys[v.q.By])
		if err != nil {
			return err
		}
		byKey := map[string]map[int64]int64{}
		for _, r := range rows {
			if byKey[r.Key] == nil {
				byKey[r.Key] = map[int64]int64{}
			}
			byKey[r.Key][r.Start] += r.Events
		}
		v.series(byKey)
		if !v.q.Compare {
			return nil
		}
		span, edges := v.before()
		f.From, f.To = span.From.UnixMicro(), span.To.UnixMicro()
		rows, err = tx.Volume(ctx, f, store.ByNothing)
		counts := map[int64]int64{}
		for _, r := range rows {
			counts[r.Start] += r.Events
		}
		v.out.Previous = stats.Fold(counts, edges)
		return err
	})
	return v.out, err
}

// maxSeries is how many lines a volume has; the rest is added up as "other".
const maxSeries = 50

// series folds counts by bucket start into lines: severities and levels all,
// most urgent first; others by total.
func (v *volume) series(byKey map[string]map[int64]int64) {
	v.out.Series, v.out.Total = nil, 0
	keys := slices.Sorted(maps.Keys(byKey))
	switch v.q.By {
	case BySeverity:
		keys = texts(errata.Severities)
	case ByLevel:
		keys = texts(errata.Levels)
	case ByService, ByEnvironment:
	}
	for _, k := range keys {
		one := newSeries(v.name(k), stats.Fold(byKey[k], v.out.Edges))
		v.out.Series, v.out.Total = append(v.out.Series, one), v.out.Total+one.Total
	}
	if v.q.By == ByService || v.q.By == ByEnvironment {
		slices.SortStableFunc(v.out.Series, func(a, b Series) int { return int(b.Total - a.Total) })
		v.out.Series = foldOther(v.out.Series)
	}
}

func foldOther(all []Series) []Series {
	if len(all) <= maxSeries {
		return all
	}
	other := Series{Key: "other", Buckets: make([]int64, len(all[0].Buckets))}
	for _, s := range all[maxSeries:] {
		other.Total += s.Total
		for i, n := range s.Buckets {
			other.Buckets[i] += n
		}
	}
	return append(all[:maxSeries:maxSeries], other)
}

func texts[T ~string | errata.Severity](in []T) []string {
	out := make([]string, len(in))
	for i, v := range in {
		out[i] = fmt.Sprint(v)
	}
	return out
}

// name is what a key is called: a project by its slug.
func (v *volume) name(key string) string {
	if v.q.By == ByService {
		return v.reader.projects[key].Slug
	}
	return key
}

func newSeries(key string, buckets []int64) Series {
	s := Series{Key: key, Buckets: buckets}
	for _, n := range buckets {
		s.Total += n
	}
	return s
}

var engineKeys = map[By]string{BySeverity: "event.severity", ByLevel: "level", ByService: "service", ByEnvironment: "env"}

func (v *volume) fromEngine(ctx context.Context) (Volume, error) {
	v.out.Source = FromEngine
	if v.plan.narrow && len(v.ids) == 0 || len(v.plan.filter.Scope.Projects) == 0 {
		v.series(nil)
		if v.q.Compare {
			v.out.Previous = make([]int64, len(v.out.Edges)-1)
		}
		return v.out, nil
	}
	ctx, cancel := context.WithTimeout(ctx, searchWait)
	defer cancel()
	answers := v.s.Engine.MultiSearch(ctx, v.requests())
	for _, a := range answers {
		if a.Err != nil {
			return v.out, a.Err
		}
		v.out.Gaps = append(v.out.Gaps, a.Result.Gaps...)
	}
	byKey := map[string]map[int64]int64{}
	for _, b := range answers[0].Result.Aggs["by"].Buckets {
		byKey[v.engineName(b.Key)] = starts(b.Sub["time"])
	}
	v.series(byKey)
	if v.q.Compare {
		_, edges := v.before()
		v.out.Previous = stats.Fold(starts(answers[1].Result.Aggs["time"]), edges)
	}
	return v.out, nil
}

// engineName turns a key of the engine into the one the counters have.
func (v *volume) engineName(key string) string {
	if v.q.By == ByService {
		return v.reader.bySlug[key].ID
	}
	return key
}

func starts(a search.AggResult) map[int64]int64 {
	out := map[int64]int64{}
	for _, b := range a.Buckets {
		out[b.Start] += b.Count
	}
	return out
}

// maxHalfHours is how long a period may be to be read in half hours.
const maxHalfHours = 200 * 24 * time.Hour

func (v *volume) requests() []search.Request {
	var kids []querylang.Expr
	if v.plan.narrow {
		kids = append(kids, issueLeaf(v.ids...))
	}
	kids = append(kids, conjuncts(v.plan.group)...)
	r := search.Request{Scope: search.Scope{Projects: v.plan.filter.Scope.Projects}, Query: all(kids), From: v.out.Range.From,
		To: v.out.Range.To, Timeout: searchWait}
	time := search.Agg{Name: "time", Kind: search.Histogram, Interval: v.out.Interval, Zone: v.q.Zone}
	r.Aggs = []search.Agg{{Name: "by", Kind: search.Terms, Key: querylang.Key{Name: engineKeys[v.q.By]}, Size: 1000, Sub: []search.Agg{time}}}
	if !v.q.Compare {
		return []search.Request{r}
	}
	before := r
	span, _ := v.before()
	if time.Interval.Calendar() && span.To.Sub(span.From) < maxHalfHours {
		time.Interval = countersFloor // shifted over a clock change, days begin elsewhere
	}
	before.From, before.To, before.Aggs = span.From, span.To, []search.Agg{time}
	return []search.Request{r, before}
}
