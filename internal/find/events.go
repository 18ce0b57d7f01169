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
	ask, err := s.eventsAsked(ctx, who, v, q, at.over)
	if err != nil || ask.None {
		return EventPage{AsOf: at.asOf, Total: search.Total{Exact: true}}, err
	}
	r := ask.Request()
	r.Size, r.After, r.TotalUpTo = q.Size, at.after, maxTotal
	return s.events(ctx, who, r, at, v.Project)
}

// maxTotal is how far the events of a list are counted.
const maxTotal = 10_000

// eventsAsked returns what the engine is asked for the events of one issue.
func (s *Service) eventsAsked(ctx context.Context, who errata.Actor, v IssueView, q EventQuery, span Range) (out EventsAsked, err error) {
	if q.Q == "" {
		return EventsAsked{Group: issueLeaf(v.Issue.ID), Scope: search.Scope{Projects: []string{v.Issue.ProjectID}}, Range: span}, nil
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		r, err := s.reader(ctx, tx, who, errata.EventRead)
		if err != nil {
			return err
		}
		out, err = s.planEvents(ctx, tx, r, asked{q: q.Q, in: querylang.InEvents, over: q.Range}, span, v.Issue.ID)
		return err
	})
	return out, err
}

func (s *Service) events(ctx context.Context, who errata.Actor, r search.Request, at eventPlace, p errata.Project) (EventPage, error) {
	res, err := s.search(ctx, who, r)
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
