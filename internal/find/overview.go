package find

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/store"
)

// OverviewQuery says what an overview is about: services by slug and
// environments by name, in any case; none of them means all.
type OverviewQuery struct {
	Services, Environments []string
	Range                  Range
	Zone                   *time.Location // nil = UTC
}

// overview is one part of an overview in the making.
type overview struct {
	s      *Service
	q      OverviewQuery
	now    time.Time
	reader reader
	slice  store.Slice
}

// overview reads what the actor may see of it. Errors: invalid for a range that
// is none, not_found for a service that is absent or invisible.
func (s *Service) overview(ctx context.Context, tx *store.Tx, who errata.Actor, what errata.Action, q OverviewQuery) (o overview, err error) {
	o = overview{s: s, q: q, now: s.Clock()}
	if o.q.Zone == nil {
		o.q.Zone = time.UTC
	}
	if !q.Range.Valid() {
		return o, refuseRange()
	}
	if o.reader, err = s.reader(ctx, tx, who, what); err != nil {
		return o, err
	}
	for _, slug := range q.Services {
		if _, ok := o.reader.bySlug[slug]; !ok {
			return o, notFound("service")
		}
	}
	for slug, p := range o.reader.bySlug {
		if len(q.Services) > 0 && !slices.Contains(q.Services, slug) {
			delete(o.reader.projects, p.ID)
			delete(o.reader.bySlug, slug)
		}
	}
	o.slice.Scope.Projects = o.reader.ids()
	o.slice.Environments, err = o.environments(ctx, tx)
	return o, err
}

// environments returns the stored names of the asked ones, which may differ in
// case; one that nothing ever named stays as it was asked for.
func (o overview) environments(ctx context.Context, tx *store.Tx) ([]string, error) {
	if len(o.q.Environments) == 0 {
		return nil, nil
	}
	all, err := tx.Environments(ctx, o.slice.Scope, 0, o.now.Add(ahead).UnixMicro())
	out := slices.Clone(o.q.Environments)
	for _, name := range all {
		if slices.ContainsFunc(o.q.Environments, func(asked string) bool { return strings.EqualFold(asked, name) }) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), err
}

// edges lays the buckets of every chart of the overview over the range.
func (o overview) edges() (stats.Interval, []time.Time) {
	i := stats.Auto(o.q.Range.From, o.q.Range.To, countersFloor)
	return i, stats.Edges(o.q.Range.From, o.q.Range.To, i, o.q.Zone)
}

// volume prepares counting events from the roll-ups.
func (o overview) volume() *volume {
	v := &volume{s: o.s, q: VolumeQuery{By: BySeverity, Range: o.q.Range, Zone: o.q.Zone, Compare: true}, reader: o.reader}
	v.counters = &store.VolumeFilter{Scope: o.slice.Scope, Environments: o.slice.Environments}
	i, _ := o.edges()
	v.buckets(i)
	return v
}

// OverviewVolume counts events by severity over time with the period before,
// in whole buckets, as Volume does.
func (s *Service) OverviewVolume(ctx context.Context, who errata.Actor, q OverviewQuery) (Volume, error) {
	var o overview
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		o, err = s.overview(ctx, tx, who, errata.AnalyticsRead, q)
		return err
	})
	if err != nil {
		return Volume{}, err
	}
	return o.volume().fromCounters(ctx)
}

// ServiceFigures are a service's events in the range (in whole buckets, as the
// chart has them) and in the period before, and its issues that are open or
// acknowledged now.
type ServiceFigures struct {
	Service        errata.Project
	Events, Before int64
	Unresolved     store.Unresolved
}

// OverviewServices returns the figures of the services, most events first.
func (s *Service) OverviewServices(ctx context.Context, who errata.Actor, q OverviewQuery) (out []ServiceFigures, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		o, err := s.overview(ctx, tx, who, errata.IssueRead, q)
		if err != nil {
			return err
		}
		out, err = o.services(ctx, tx)
		return err
	})
	slices.SortFunc(out, func(a, b ServiceFigures) int { return mostFirst(a.Events, b.Events, a.Service.Slug, b.Service.Slug) })
	return out, err
}

// mostFirst orders two things by their counts, then by their names.
func mostFirst(a, b int64, name, other string) int {
	return cmp.Or(cmp.Compare(b, a), strings.Compare(name, other))
}

func (o overview) services(ctx context.Context, tx *store.Tx) ([]ServiceFigures, error) {
	v := o.volume()
	span, edges := v.before()
	now, err := v.quarters(ctx, tx, v.out.Range, v.out.Edges, store.ByProject)
	if err != nil {
		return nil, err
	}
	before, err := v.quarters(ctx, tx, span, edges, store.ByProject)
	if err != nil {
		return nil, err
	}
	waiting, err := tx.Unresolved(ctx, o.slice)
	var out []ServiceFigures
	for id, p := range o.reader.projects {
		out = append(out, ServiceFigures{p, now.total(id), before.total(id), waiting[id]})
	}
	return out, err
}

func (k byKey) total(key string) (n int64) {
	for _, c := range k[key] {
		n += c
	}
	return n
}
