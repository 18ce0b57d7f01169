package find

import (
	"cmp"
	"context"
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
// the engine. Both count by event time, in whole buckets: the answer's Range is
// the asked one widened to them. Errors: invalid (query.*, range, bucket, by),
// unavailable or slow_down when only the engine can answer and it is away.
func (s *Service) Volume(ctx context.Context, who errata.Actor, q VolumeQuery) (Volume, error) {
	if q.Zone == nil {
		q.Zone = time.UTC
	}
	if err := q.check(); err != nil {
		return Volume{}, err
	}
	v := volume{s: s, q: q}
	if err := s.Store.View(ctx, func(tx *store.Tx) error { return v.prepare(ctx, tx, who) }); err != nil {
		return Volume{}, err
	}
	v.buckets(q.Interval)
	if v.counters != nil && v.out.Interval.Width() >= countersFloor.Width() {
		return v.fromCounters(ctx)
	}
	out, err := v.fromEngine(ctx)
	if away(err) && v.counters != nil {
		v.buckets(countersFloor) // coarser, and there
		return v.fromCounters(ctx)
	}
	return out, err
}

func (q *VolumeQuery) check() error {
	if q.By == "" {
		q.By = BySeverity
	}
	width := q.Interval
	if width == "" {
		width = "1w"
	}
	switch {
	case !q.Range.Valid():
		return refuseRange()
	case volumeKeys[q.By] == "":
		return refuse("by", "unknown", "Events are split by severity, level, service or environment.")
	case !width.Valid():
		return refuse("bucket", "unknown", "There is no such bucket.")
	case q.Range.To.Sub(q.Range.From)/width.Width() > search.MaxBuckets:
		return refuse("bucket", "range", "This bucket is too fine for the range: a chart has at most 11,000.")
	}
	return nil
}

// volume is one volume in the making.
type volume struct {
	s        *Service
	q        VolumeQuery
	reader   reader
	asked    EventsAsked
	query    Query
	counters *store.VolumeFilter // nil: the roll-ups cannot answer
	out      Volume
}

func (v *volume) prepare(ctx context.Context, tx *store.Tx, who errata.Actor) (err error) {
	if v.reader, err = v.s.reader(ctx, tx, who, errata.AnalyticsRead); err != nil {
		return err
	}
	a := asked{q: v.q.Q, in: querylang.InEvents, over: v.q.Range}
	if v.asked, err = v.s.planEvents(ctx, tx, v.reader, a, v.span()); err != nil {
		return err
	}
	v.query = v.asked.Query
	if !v.asked.None {
		v.counters, err = v.rollUp(ctx, tx)
	}
	if err == nil && !v.asked.None && v.counters == nil { // counters outlive events
		over := v.q.Range
		if v.q.Compare {
			over = over.Before()
		}
		v.query.Notices = append(v.query.Notices, v.reader.gone(v.asked.Scope.Projects, over, v.s.Clock())...)
	}
	return err
}

// span is all that is read: whole buckets, and as many before when compared.
func (v *volume) span() Range {
	widest := stats.Interval("1w").Width() // wider than any bucket reaches beyond the range
	r := Range{v.q.Range.From.Add(-widest), v.q.Range.To.Add(widest)}
	if v.q.Compare {
		r.From = r.From.Add(-r.To.Sub(r.From))
	}
	return r
}

// rollUp returns the filter by which project_quarter answers, nil when it cannot.
func (v *volume) rollUp(ctx context.Context, tx *store.Tx) (*store.VolumeFilter, error) {
	f := &store.VolumeFilter{Scope: store.Scope{Projects: v.asked.Scope.Projects}}
	for _, kid := range conjuncts(v.asked.Group) {
		l, negated := plainLeaf(kid)
		if l == nil {
			return nil, nil
		}
		some, known, err := v.narrowRollUp(ctx, tx, f, l, negated)
		if err != nil || !known {
			return nil, err
		}
		if !some {
			f.Scope = store.Scope{} // an empty list would not filter
		}
	}
	return f, nil
}

// narrowRollUp adds a condition; known says that the roll-ups have its key, some
// that it leaves anything.
func (v *volume) narrowRollUp(ctx context.Context, tx *store.Tx, f *store.VolumeFilter, l *querylang.Leaf, negated bool) (some, known bool, err error) {
	switch l.Key.Name {
	case "event.severity":
		f.Severities = intersect(f.Severities, keep(errata.Severities, negated, func(x errata.Severity) bool { return inRanges(l.Values, int64(x)) }))
		return len(f.Severities) > 0, true, nil
	case "level":
		f.Levels = intersect(f.Levels, keep(errata.Levels, negated, func(x errata.Level) bool {
			return querylang.Match(l, &querylang.Record{Level: x})
		}))
		return len(f.Levels) > 0, true, nil
	case "env":
		names, all, err := environments(ctx, tx, f.Scope, v.span(), l, negated)
		f.Environments = intersect(f.Environments, names)
		return len(f.Environments) > 0, all, err
	}
	return false, false, nil
}

// buckets lays the chart's buckets over the range.
func (v *volume) buckets(i stats.Interval) {
	r := v.q.Range
	v.out = Volume{Query: v.query, Interval: i}
	if i == "" {
		v.out.Interval = stats.Auto(r.From, r.To, stats.Ladder[0])
	}
	v.out.Edges = stats.Edges(r.From, r.To, v.out.Interval, v.q.Zone)
	v.out.Range = Range{v.out.Edges[0], v.out.Edges[len(v.out.Edges)-1]}
}

// before returns the period before: as many buckets, just before. Days and
// weeks are those of the zone's calendar; others are shifted by the length of
// the range. It is cut at the quarter of an hour that the present one has come
// to.
func (v *volume) before() (Range, []time.Time) {
	first, last := v.out.Range.From, v.out.Range.To
	back := func(t time.Time) time.Time { return t.Add(first.Sub(last)) }
	if v.out.Interval.Calendar() {
		days := int(v.out.Interval.Width()/(24*time.Hour)) * (len(v.out.Edges) - 1)
		back = func(t time.Time) time.Time { return t.In(v.q.Zone).AddDate(0, 0, -days) }
	}
	noon := back(first.Add(v.out.Interval.Width() / 2)) // within the first bucket, whatever the clock did
	edges := stats.Edges(noon, first, v.out.Interval, v.q.Zone)
	end := first
	if now := v.s.Clock().Truncate(15 * time.Minute).Add(15 * time.Minute); now.Before(last) {
		end = back(now)
	}
	return Range{edges[0], end.UTC()}, edges
}

var volumeKeys = map[By]store.VolumeKey{BySeverity: store.BySeverity, ByLevel: store.ByLevel, ByService: store.ByProject, ByEnvironment: store.ByEnvironment}

// counts are events by the start of a step within a bucket, µs.
type counts map[int64]int64

// byKey are counts of several lines.
type byKey map[string]counts

func (k byKey) add(key string, start, n int64) {
	if k[key] == nil {
		k[key] = counts{}
	}
	k[key][start] += n
}

func (v *volume) fromCounters(ctx context.Context) (Volume, error) {
	v.out.Source = FromCounters
	err := v.s.Store.View(ctx, func(tx *store.Tx) error {
		lines, err := v.quarters(ctx, tx, v.out.Range, v.out.Edges, volumeKeys[v.q.By])
		if err != nil {
			return err
		}
		v.series(lines)
		if !v.q.Compare {
			return nil
		}
		span, edges := v.before()
		lines, err = v.quarters(ctx, tx, span, edges, store.ByNothing)
		v.out.Previous = stats.Fold(lines[""], edges)
		return err
	})
	return v.out, err
}

// grain is the widest step, in whole quarters of an hour, that no edge cuts.
func grain(edges []time.Time) (step int64) {
	for _, e := range edges {
		for a, b := step, e.UnixMicro(); ; a, b = b, a%b {
			if b == 0 {
				step = a
				break
			}
		}
	}
	return step
}

// quarters reads the roll-up, as finely as the edges need.
func (v *volume) quarters(ctx context.Context, tx *store.Tx, r Range, edges []time.Time, by store.VolumeKey) (byKey, error) {
	f := *v.counters
	f.From, f.To, f.Grain = r.From.UnixMicro(), r.To.UnixMicro(), grain(edges)
	rows, err := tx.Volume(ctx, f, by)
	lines := byKey{}
	for _, row := range rows {
		lines.add(row.Key, row.Start, row.Events)
	}
	return lines, err
}

// maxSeries is how many lines a volume has; the rest is added up as Other.
const maxSeries = 50

// Other is the key of the line that holds what has no line of its own.
const Other = "other"

// series folds counts into lines: severities and levels all, most urgent first;
// others by total, then key.
func (v *volume) series(lines byKey) {
	keys := slices.Sorted(maps.Keys(lines))
	switch v.q.By {
	case BySeverity:
		keys = keysOf(errata.Severities, errata.Severity.String)
	case ByLevel:
		keys = keysOf(errata.Levels, func(l errata.Level) string { return string(l) })
	case ByService, ByEnvironment:
	}
	v.out.Series, v.out.Total = nil, 0
	for _, k := range keys {
		one := newSeries(v.name(k), stats.Fold(lines[k], v.out.Edges))
		v.out.Series, v.out.Total = append(v.out.Series, one), v.out.Total+one.Total
	}
	if v.q.By == ByService || v.q.By == ByEnvironment {
		slices.SortStableFunc(v.out.Series, func(a, b Series) int { return cmp.Compare(b.Total, a.Total) })
		v.out.Series = foldOther(v.out.Series)
	}
}

func foldOther(all []Series) []Series {
	if len(all) <= maxSeries {
		return all
	}
	sum := make([]int64, len(all[0].Buckets))
	for _, s := range all[maxSeries:] {
		for i, n := range s.Buckets {
			sum[i] += n
		}
	}
	return append(all[:maxSeries:maxSeries], newSeries(Other, sum))
}

// keysOf writes the values of an enumeration as keys.
func keysOf[T any](values []T, write func(T) string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = write(v)
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
