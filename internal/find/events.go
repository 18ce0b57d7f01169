package find

import (
	"context"
	"strconv"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/store"
)

// EventQuery asks for a page of an issue's events.
type EventQuery struct {
	Q      string
	Range  Range
	Cursor string
	Size   int // 1 to 100; 0 = 50
}

// EventRow is one event of a list.
type EventRow struct {
	search.Hit
	Project errata.Project
}

// EventPage is one page of events, newest first.
type EventPage struct {
	Rows  []EventRow
	Next  string
	Total search.Total
	AsOf  int64 // µs: when page one was read
	Gaps  []search.Gap
}

// IssueEvents lists events of an issue, newest first. Errors: invalid (query.*,
// search.cursor, range), unavailable or slow_down when the engine is away.
func (s *Service) IssueEvents(ctx context.Context, who errata.Actor, v IssueView, q EventQuery) (EventPage, error) {
	if q.Size == 0 {
		q.Size = defaultSize
	}
	if q.Size < 1 || q.Size > maxSize {
		return EventPage{}, refuse("size", "range", "The size of a page is 1 to 100.")
	}
	if !q.Range.Valid() {
		return EventPage{}, refuseRange()
	}
	if err := s.Decide(who, errata.EventRead, v.Issue.ProjectID); err != nil {
		return EventPage{}, err
	}
	at, err := s.eventPlace(q)
	if err != nil {
		return EventPage{}, err
	}
	group, none, err := s.eventsAsked(ctx, who, v, q)
	if err != nil || none {
		return EventPage{AsOf: at.asOf, Total: search.Total{Exact: true}}, err
	}
	return s.events(ctx, search.Request{
		Scope: search.Scope{Projects: []string{v.Issue.ProjectID}}, Query: group, From: at.over.From,
		To: at.over.To, Size: q.Size, After: at.after, TotalUpTo: maxTotal,
	}, at, v.Project)
}

// maxTotal is how far the events of a list are counted.
const maxTotal = 10_000

// eventsAsked returns what the engine is asked for the events of one issue;
// none says that the query excludes the issue itself.
func (s *Service) eventsAsked(ctx context.Context, who errata.Actor, v IssueView, q EventQuery) (group querylang.Expr, none bool, err error) {
	group = issueLeaf(v.Issue.ID)
	if q.Q == "" {
		return group, false, nil
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		r, err := s.reader(ctx, tx, who, errata.EventRead)
		if err != nil {
			return err
		}
		query, err := s.parse(ctx, tx, r, asked{q.Q, querylang.InEvents, q.Range})
		if err != nil {
			return err
		}
		p, err := newPlan(r, query.Bound, querylang.InEvents, s.Clock())
		if err != nil {
			return err
		}
		p.filter.IDs, p.filter.OnlyIDs = []string{v.Issue.ID}, true
		n, err := tx.CountIssues(ctx, p.filter)
		group, none = querylang.All(issueLeaf(v.Issue.ID), p.group), n == 0
		return err
	})
	return group, none, err
}

func (s *Service) events(ctx context.Context, r search.Request, at eventPlace, p errata.Project) (EventPage, error) {
	ctx, cancel, wait := within(ctx, searchWait)
	defer cancel()
	r.Timeout = wait
	res, err := s.Engine.Search(ctx, r)
	if err != nil {
		return EventPage{}, err
	}
	out := EventPage{Total: res.Total, AsOf: at.asOf, Gaps: res.Gaps, Next: at.seal(res.Next)}
	for _, h := range res.Hits {
		out.Rows = append(out.Rows, EventRow{h, p})
	}
	return out, nil
}

// eventPlace is where a page of events begins: a relative range stays where
// page one had it.
type eventPlace struct {
	asOf  int64 // µs
	over  Range
	after search.Cursor
}

func (s *Service) eventPlace(q EventQuery) (eventPlace, error) {
	now := s.Clock()
	if q.Cursor == "" {
		return eventPlace{asOf: now.UnixMicro(), over: q.Range.whole(now)}, nil
	}
	at, ok := openEventPlace(q.Cursor)
	length := q.Range.To.Sub(q.Range.From)
	if have := at.over.To.Sub(at.over.From); !ok || have != length && have != length+ahead {
		return at, refuse("cursor", search.ReasonCursor, "This page link belongs to another list. Start again from the first page.")
	}
	return at, nil
}

// seal writes the place and the engine's own cursor; "" when nothing follows.
func (e eventPlace) seal(next search.Cursor) string {
	if next == "" {
		return ""
	}
	var out strings.Builder
	for _, us := range []int64{e.asOf, e.over.From.UnixMicro(), e.over.To.UnixMicro()} {
		out.WriteString(strconv.FormatInt(us, 36) + ".")
	}
	return out.String() + string(next)
}

// maxTime bounds the times of cursors: the year 10000.
var maxTime = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

func openEventPlace(s string) (e eventPlace, ok bool) {
	parts := strings.SplitN(s, ".", 4)
	if len(s) > maxCursor || len(parts) != 4 {
		return e, false
	}
	var us [3]int64
	for i := range us {
		n, err := strconv.ParseInt(parts[i], 36, 64)
		if err != nil || n < -maxTime || n >= maxTime {
			return e, false
		}
		us[i] = n
	}
	return eventPlace{us[0], Range{errata.FromMicros(us[1]), errata.FromMicros(us[2])}, search.Cursor(parts[3])}, true
}
