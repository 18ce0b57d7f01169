package find

import (
	"context"
	"slices"
	"time"

	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/store"
)

// WeekQuery asks for the figures of one whole week, Monday to Monday in Zone, of
// some projects.
type WeekQuery struct {
	Projects []string // ids
	Week     Range
	Zone     *time.Location
}

// LastWeek returns the last ISO week that is over at now.
func LastWeek(now time.Time, zone *time.Location) Range {
	week := stats.Interval("1w")
	to := week.Start(now, zone)
	return Range{week.Start(to.In(zone).AddDate(0, 0, -7).Add(12*time.Hour), zone), to}
}

// Counted is a number of the week, and of the week before.
type Counted struct{ Now, Before int64 }

// ServiceWeek is the events of a service.
type ServiceWeek struct {
	Service errata.Project
	Events  Counted
}

// Week is what the figures of a week are. Days are the starts of its days and
// its end; Volume has the events of each day by severity. Lists of issues hold
// at most WeekIssues. Responses are the times to respond and to resolve, in this
// order, by severity, by project and by the team of the project; Teams are those
// that answer for a project of the week, by short name.
type Week struct {
	AsOf                      int64 // µs
	Week, Before              Range
	Projects                  map[string]errata.Project
	Days                      []time.Time
	Volume                    []Series
	Severities                [4]Counted
	Services                  []ServiceWeek // most events first
	New, Regressed, Resolved  Counted
	NewIssues, Returned, Top  []TopRow
	BySeverity, ByService     []Response
	ByTeam                    []Response
	Teams                     []errata.Team
	Backlog                   []stats.Waiting
	BacklogBefore, Unanswered int64
}

// WeekIssues is how many issues a list of a week names.
const WeekIssues = 10

// Weekly computes the figures of a week in one reading. The reader must be able
// to read issues and figures of every project. Errors: not_found for a project
// that is absent or invisible, invalid for more episodes than can be computed.
func (s *Service) Weekly(ctx context.Context, who errata.Actor, q WeekQuery) (out Week, err error) {
	now := s.Clock()
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		r, err := s.reader(ctx, tx, who, errata.IssueRead)
		if err != nil {
			return err
		}
		w := weekly{s: s, tx: tx, q: q, who: who, out: Week{AsOf: now.UnixMicro(), Week: q.Week, Projects: map[string]errata.Project{}}}
		for _, id := range q.Projects {
			p, ok := r.projects[id]
			if !ok || s.Decide(who, errata.AnalyticsRead, id) != nil {
				return notFound("service")
			}
			w.out.Projects[id] = p
		}
		w.slice.Scope.Projects = q.Projects
		w.out.Before = Range{stats.Interval("1w").Start(q.Week.From.Add(-24*time.Hour), q.Zone), q.Week.From}
		err = w.read(ctx)
		out = w.out
		return err
	})
	return out, err
}

// weekly is the figures of a week in the making.
type weekly struct {
	s     *Service
	tx    *store.Tx
	q     WeekQuery
	who   errata.Actor
	slice store.Slice
	out   Week
}

func (w *weekly) read(ctx context.Context) error {
	for _, part := range []func(context.Context) error{w.volume, w.issues, w.lists, w.teams, w.responses, w.backlog} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (w *weekly) volume(ctx context.Context) error {
	v := &volume{
		s: w.s, q: VolumeQuery{By: BySeverity, Range: w.q.Week, Zone: w.q.Zone}, reader: reader{projects: w.out.Projects},
		counters: &store.VolumeFilter{Scope: w.slice.Scope},
	}
	v.buckets("1d")
	w.out.Days = v.out.Edges
	days := stats.Edges(w.out.Before.From, w.out.Before.To, "1d", w.q.Zone)
	for _, by := range []store.VolumeKey{store.BySeverity, store.ByProject} {
		now, err := v.quarters(ctx, w.tx, w.out.Week, w.out.Days, by)
		if err != nil {
			return err
		}
		before, err := v.quarters(ctx, w.tx, w.out.Before, days, by)
		if err != nil {
			return err
		}
		if by == store.BySeverity {
			v.series(now)
			w.out.Volume = v.out.Series
			for i, s := range errata.Severities {
				w.out.Severities[i] = Counted{now.total(s.String()), before.total(s.String())}
			}
			continue
		}
		for id, p := range w.out.Projects {
			w.out.Services = append(w.out.Services, ServiceWeek{p, Counted{now.total(id), before.total(id)}})
		}
	}
	slices.SortFunc(w.out.Services, func(a, b ServiceWeek) int {
		return mostFirst(a.Events.Now, b.Events.Now, a.Service.Slug, b.Service.Slug)
	})
	return nil
}

// issues counts new, regressed and resolved ones.
func (w *weekly) issues(ctx context.Context) error {
	for _, c := range []struct {
		count func(context.Context, store.Slice, int64, int64) (map[int64]int64, error)
		to    *Counted
	}{{w.tx.NewIssues, &w.out.New}, {w.tx.RegressedAt, &w.out.Regressed}, {w.tx.ResolvedAt, &w.out.Resolved}} {
		for _, span := range []struct {
			r  Range
			to *int64
		}{{w.out.Week, &c.to.Now}, {w.out.Before, &c.to.Before}} {
			from, to := micros(span.r)
			counts, err := c.count(ctx, w.slice, from, to)
			if err != nil {
				return err
			}
			*span.to = sum(counts)
		}
	}
	return nil
}

// lists names the new and the regressed issues and those with the most events.
func (w *weekly) lists(ctx context.Context) error {
	from, to := micros(w.q.Week)
	f := store.ActiveFilter{
		IssueFilter: store.IssueFilter{Scope: w.slice.Scope, From: from, To: to},
		Start:       hourOf(w.out.Before.From), Middle: hourOf(w.q.Week.From), End: hourOf(w.q.Week.To),
	}
	best, err := ranking{tx: w.tx, f: f, by: TopEvents, size: WeekIssues, step: w.s.topStep}.best(ctx)
	if err != nil {
		return err
	}
	if w.out.Top, err = w.rows(ctx, f, best); err != nil {
		return err
	}
	for _, l := range []struct {
		ids func(context.Context, store.Slice, int64, int64, int) ([]string, error)
		to  *[]TopRow
	}{{w.tx.NewIssueIDs, &w.out.NewIssues}, {w.tx.RegressedIssueIDs, &w.out.Returned}} {
		ids, err := l.ids(ctx, w.slice, from, to, WeekIssues)
		if err != nil {
			return err
		}
		all := make([]store.Active, len(ids))
		for i, id := range ids {
			all[i].ID = id
		}
		if err := w.tx.CountActive(ctx, f, all); err != nil {
			return err
		}
		if *l.to, err = w.rows(ctx, f, all); err != nil {
			return err
		}
	}
	return nil
}

func (w *weekly) rows(ctx context.Context, f store.ActiveFilter, all []store.Active) ([]TopRow, error) {
	return overview{reader: reader{projects: w.out.Projects}}.topRows(ctx, w.tx, f, all)
}

// teams reads those that answer for a project of the week.
func (w *weekly) teams(ctx context.Context) error {
	all, err := w.tx.Teams(ctx)
	for _, t := range all {
		for _, p := range w.out.Projects {
			if p.TeamID == t.ID {
				w.out.Teams = append(w.out.Teams, t)
				break
			}
		}
	}
	return err
}

// responses computes both times by severity, by project and by team, compared
// with the week before.
func (w *weekly) responses(ctx context.Context) error {
	for _, by := range []struct {
		d  stats.Dimension
		to *[]Response
	}{{stats.BySeverity, &w.out.BySeverity}, {stats.ByProject, &w.out.ByService}, {stats.ByTeam, &w.out.ByTeam}} {
		q := ResponseQuery{Range: w.q.Week, Zone: w.q.Zone, Interval: "1w", By: []stats.Dimension{by.d}, Compare: true}
		r := responding{s: w.s, q: q, now: errata.FromMicros(w.out.AsOf), metrics: []stats.Metric{stats.TTA, stats.TTR}, over: true, groups: max(stats.MaxGroups, len(w.q.Projects)+1)}
		var err error
		if r.episodes, err = w.s.episodes(ctx, w.tx, w.who, asked{over: q.Range}); err != nil {
			return err
		}
		r.episodes.filter.Scope = w.slice.Scope
		r.edges = []time.Time{q.Range.From, q.Range.To}
		r.before.From, r.before.To = micros(w.out.Before)
		if *by.to, err = r.compute(ctx, w.tx); err != nil {
			return err
		}
	}
	return nil
}

// backlog lists the episodes that were open when the week ended.
func (w *weekly) backlog(ctx context.Context) error {
	at := func(end int64, each func(*store.EpisodeRow)) error {
		in := store.EpisodeSpan{Times: []store.EpisodeTime{store.EpisodeClosed}, From: end, To: w.out.AsOf + 1, Open: true}
		return w.tx.Episodes(ctx, store.EpisodeFilter{Scope: w.slice.Scope}, in, func(r *store.EpisodeRow) error {
			if r.OpenedAt < end {
				each(r)
			}
			return nil
		})
	}
	from, to := micros(w.q.Week)
	if err := at(from, func(*store.EpisodeRow) { w.out.BacklogBefore++ }); err != nil {
		return err
	}
	return at(to, func(r *store.EpisodeRow) {
		unanswered := r.RespondedAt == 0 || r.RespondedAt >= to
		if unanswered {
			w.out.Unanswered++
		}
		w.out.Backlog = append(w.out.Backlog, stats.Waiting{Severity: r.SeverityPeak, Age: time.Duration(to-r.OpenedAt) * time.Microsecond, Unanswered: unanswered})
	})
}
