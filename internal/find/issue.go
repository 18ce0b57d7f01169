package find

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/stats"
	"errata/internal/store"
)

// Issue reads one issue by its short id. What may not be seen is not found.
func (s *Service) Issue(ctx context.Context, who errata.Actor, shortID string) (v IssueView, err error) {
	prefix, number, ok := splitShortID(shortID)
	if !ok {
		return v, notFound("issue")
	}
	now := s.Clock().UnixMicro()
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		if v.Issue, err = tx.IssueByNumber(ctx, prefix, number); err != nil {
			return err
		}
		if s.Decide(who, errata.IssueRead, v.Issue.ProjectID) != nil {
			return notFound("issue")
		}
		if v.Project, err = tx.ProjectByID(ctx, v.Issue.ProjectID); err != nil {
			return err
		}
		return v.fill(ctx, tx, now)
	})
	return v, err
}

func splitShortID(id string) (prefix string, number int64, ok bool) {
	prefix, digits, found := strings.Cut(strings.ToUpper(id), "-")
	number, err := strconv.ParseInt(digits, 10, 64)
	return prefix, number, found && err == nil && number > 0
}

func (v *IssueView) fill(ctx context.Context, tx *store.Tx, now int64) error {
	envs, err := tx.EnvironmentsOf(ctx, v.Issue.ID)
	if err != nil {
		return err
	}
	slices.SortStableFunc(envs, func(a, b store.IssueSpan) int { return int(b.Events - a.Events) })
	v.Environments = nil
	for _, e := range envs {
		v.Environments = append(v.Environments, e.Name)
	}
	end := (now/hourUS + 1) * hourUS
	hours, err := tx.IssueHours(ctx, []string{v.Issue.ID}, end-dayHours*hourUS, end, "")
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

// trendHours is how far back the roll-up of single issues reaches, and trendMin
// how long a trend is at least.
const (
	trendMax = 100 * 24 * time.Hour
	trendMin = 24 * time.Hour
)

// IssueTrend is the events of an issue from its first (at most 100 days ago)
// until now, from counters alone.
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

// EventQuery asks for a page of an issue's events.
type EventQuery struct {
	Q      string
	Range  Range
	Cursor string
	Size   int
}

// IssueEvents lists events of an issue, newest first.
func (s *Service) IssueEvents(ctx context.Context, who errata.Actor, v IssueView, q EventQuery) (EventPage, error) {
	if q.Size == 0 {
		q.Size = defaultSize
	}
	if q.Size < 1 || q.Size > maxSize {
		return EventPage{}, refuse("size", "range", "The size of a page is 1 to 100.")
	}
	if err := s.Decide(who, errata.EventRead, v.Issue.ProjectID); err != nil {
		return EventPage{}, err
	}
	cursor, end, err := openEventCursor(q.Cursor, q.Range.To)
	if err != nil {
		return EventPage{}, err
	}
	q.Range = Range{end.Add(-q.Range.To.Sub(q.Range.From)), end} // a relative range stays where page one had it
	query, err := s.parseAlone(ctx, who, q.Q)
	if err != nil {
		return EventPage{}, err
	}
	group := issueLeaf(v.Issue.ID)
	if query.Bound != nil {
		group = &querylang.And{Kids: []querylang.Expr{group, query.Bound}}
	}
	return s.events(ctx, search.Request{Scope: search.Scope{Projects: []string{v.Issue.ProjectID}}, Query: group, From: q.Range.From,
		To: q.Range.To, Size: q.Size, After: cursor, TotalUpTo: planA, Timeout: searchWait}, v.Project)
}

func (s *Service) events(ctx context.Context, r search.Request, p errata.Project) (EventPage, error) {
	ctx, cancel := context.WithTimeout(ctx, searchWait)
	defer cancel()
	res, err := s.Engine.Search(ctx, r)
	if err != nil {
		return EventPage{}, err
	}
	out := EventPage{Total: res.Total, AsOf: r.To.UnixMicro(), Gaps: res.Gaps, Next: sealEventCursor(res.Next, r.To)}
	for _, h := range res.Hits {
		out.Rows = append(out.Rows, EventRow{h, p})
	}
	return out, nil
}

// An event cursor is the end of page one's range and the engine's own cursor.
func sealEventCursor(c search.Cursor, end time.Time) string {
	if c == "" {
		return ""
	}
	return strconv.FormatInt(end.UnixMicro(), 36) + "." + string(c)
}

func openEventCursor(s string, end time.Time) (search.Cursor, time.Time, error) {
	if s == "" {
		return "", end, nil
	}
	when, rest, ok := strings.Cut(s, ".")
	us, err := strconv.ParseInt(when, 36, 64)
	if !ok || err != nil || us < 0 {
		return "", end, refuse("cursor", search.ReasonCursor, "This page link belongs to another list. Start again from the first page.")
	}
	return search.Cursor(rest), errata.FromMicros(us), nil
}
