package find

import (
	"cmp"
	"context"
	"slices"
	"time"

	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/store"
)

// Issue reads one issue by its short id. What may not be seen is not found.
func (s *Service) Issue(ctx context.Context, who errata.Actor, shortID string) (v IssueView, err error) {
	now := s.Clock()
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		if v.Issue, err = s.visible(ctx, tx, who, shortID); err != nil {
			return err
		}
		if v.Project, err = tx.ProjectByID(ctx, v.Issue.ProjectID); err != nil {
			return err
		}
		if err := v.fill(ctx, tx, now); err != nil {
			return err
		}
		return s.acting(ctx, tx, who, &v)
	})
	return v, err
}

// visible reads the row of an issue that the reader may see; not_found.
func (s *Service) visible(ctx context.Context, tx *store.Tx, who errata.Actor, shortID string) (errata.Issue, error) {
	prefix, number, ok := errata.ParseShortID(shortID)
	if !ok {
		return errata.Issue{}, notFound("issue")
	}
	i, err := tx.IssueByNumber(ctx, prefix, number)
	if err == nil && s.Decide(who, errata.IssueRead, i.ProjectID) != nil {
		err = notFound("issue")
	}
	if err != nil {
		return errata.Issue{}, err
	}
	return i, nil
}

// acting adds what the reader can do, and what people did.
func (s *Service) acting(ctx context.Context, tx *store.Tx, who errata.Actor, v *IssueView) (err error) {
	if v.Episode, err = tx.EpisodeOf(ctx, v.Issue.ID); err != nil {
		return err
	}
	targets, err := tx.Targets(ctx)
	if err != nil {
		return err
	}
	v.Target = targets.Of(v.Project.ID, v.Issue.Severity)
	watchers, err := tx.Watchers(ctx, v.Issue.ID)
	if err != nil {
		return err
	}
	v.Watching = who.Human() && watchers[who.ID] != ""
	v.Can = v.Issue.Can(s.may(who, v.Project.ID))
	if v.Issue.Status == errata.Acknowledged && v.Episode.AckedAt == 0 {
		v.Can.Ack.Applies = true // it came to this by an assignment
	}
	e := v.Episode
	v.People, err = tx.People(ctx, []string{v.Issue.AssigneeID, e.RespondedBy, e.AckedBy, e.ResolvedBy})
	return err
}

// may answers for a reader of one project, asking once per action.
func (s *Service) may(who errata.Actor, project string) func(errata.Action) errata.Allowed {
	known := map[errata.Action]errata.Allowed{}
	return func(what errata.Action) errata.Allowed {
		a, ok := known[what]
		if !ok {
			a = s.allowed(who, what, project)
			known[what] = a
		}
		return a
	}
}

func (s *Service) allowed(who errata.Actor, what errata.Action, project string) errata.Allowed {
	if s.Allowed != nil {
		return s.Allowed(who, what, project)
	}
	if err := s.Decide(who, what, project); err != nil {
		return errata.Allowed{Why: errata.MessageOf(err)}
	}
	return errata.Allowed{OK: true}
}

func (v *IssueView) fill(ctx context.Context, tx *store.Tx, now time.Time) error {
	envs, err := tx.EnvironmentsOf(ctx, v.Issue.ID)
	if err != nil {
		return err
	}
	slices.SortStableFunc(envs, func(a, b store.IssueSpan) int { return cmp.Compare(b.Events, a.Events) })
	v.Environments = nil
	for _, e := range envs {
		v.Environments = append(v.Environments, e.Name)
	}
	from, end := lastDay(now)
	hours, err := tx.IssueHours(ctx, []string{v.Issue.ID}, from, end, "")
	if err != nil {
		return err
	}
	v.LastDay = 0
	for _, h := range hours[v.Issue.ID] {
		v.LastDay += h.Events
	}
	prints, err := tx.FingerprintsOf(ctx, v.Issue.ID)
	if err == nil && len(prints) > 0 {
		v.Fingerprint, v.Why = prints[0].Fingerprint, prints[0].Why
	}
	return err
}

// trendMax is how far back the roll-up of single issues reaches, and trendMin
// how long a trend is at least.
const (
	trendMax = 100 * 24 * time.Hour
	trendMin = 24 * time.Hour
)

// IssueTrend is the events of an issue from its first (at most 100 days ago)
// until now, from counters alone. They hold whole hours: in a zone whose
// midnight lies between two of them, days and weeks are those of UTC.
func (s *Service) IssueTrend(ctx context.Context, v IssueView, zone *time.Location) (Volume, error) {
	now := s.Clock().UTC()
	from := errata.FromMicros(v.Issue.FirstSeen)
	if now.Sub(from) < trendMin {
		from = now.Add(-trendMin)
	}
	if now.Sub(from) > trendMax {
		from = now.Add(-trendMax)
	}
	out := Volume{Range: Range{from, now}, Source: FromCounters}
	out.Interval = stats.Auto(from, now, "1h")
	out.Edges = stats.Edges(from, now, out.Interval, zone)
	if slices.ContainsFunc(out.Edges, func(t time.Time) bool { return !t.Equal(t.Truncate(time.Hour)) }) {
		out.Edges = stats.Edges(from, now, out.Interval, time.UTC)
	}
	err := s.Store.View(ctx, func(tx *store.Tx) error {
		hours, err := tx.IssueHours(ctx, []string{v.Issue.ID}, out.Edges[0].UnixMicro(), out.Edges[len(out.Edges)-1].UnixMicro(), "")
		counts := map[int64]int64{}
		for _, h := range hours[v.Issue.ID] {
			counts[h.Hour] += h.Events
		}
		out.Series = []Series{newSeries("events", stats.Fold(counts, out.Edges))}
		out.Total = out.Series[0].Total
		return err
	})
	return out, err
}
