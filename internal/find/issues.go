package find

import (
	"context"
	"slices"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/store"
)

const (
	defaultSize = 50
	maxSize     = 100
	dayHours    = 24
	hourUS      = int64(time.Hour / time.Microsecond)
	quarterUS   = hourUS / 4
)

// Issues lists issues. What only events know is asked of the engine; while it
// is away, words are compared with titles (TitlesOnly). Errors: invalid
// (query.*, search.cursor, sort, range), unavailable or slow_down when the query
// needs the engine and it is away.
func (s *Service) Issues(ctx context.Context, who errata.Actor, q IssueQuery) (IssuePage, error) {
	l := s.listing(q)
	if err := l.check(); err != nil {
		return IssuePage{}, err
	}
	if err := s.Store.View(ctx, func(tx *store.Tx) error { return l.prepare(ctx, tx, who) }); err != nil {
		return IssuePage{}, err
	}
	if err := l.ask(ctx); err != nil {
		return IssuePage{}, err
	}
	err := s.Store.View(ctx, func(tx *store.Tx) error { return l.read(ctx, tx) })
	return l.page, err
}

// listing is one list in the making. Engine and database are asked in turn, so
// that no transaction waits for the engine.
type listing struct {
	plan
	s        *Service
	q        IssueQuery
	now      time.Time
	reader   reader
	at       place
	rowsSeen []errata.Issue // of a walk
	walked   *store.IssueCursor
	page     IssuePage
}

func (s *Service) listing(q IssueQuery) listing {
	return listing{s: s, q: q, now: asOf(q.AsOf, s.Clock())}
}

// asOf is what relative times are counted from; without one it is now.
func asOf(us int64, now time.Time) time.Time {
	if us == 0 {
		return now
	}
	return errata.FromMicros(us)
}

func (l *listing) check() error {
	if l.q.Size == 0 {
		l.q.Size = defaultSize
	}
	if l.q.Sort == "" {
		l.q.Sort = string(store.SortPriority)
	}
	switch {
	case l.q.Size < 1 || l.q.Size > maxSize:
		return refuse("size", "range", "The size of a page is 1 to 100.")
	case !slices.Contains(store.IssueSorts, store.IssueSort(l.q.Sort)):
		return refuse("sort", "sort", "A list can be sorted by priority, last_seen, first_seen, events or users.")
	case !l.q.Range.Valid():
		return refuseRange()
	}
	return nil
}

func refuse(field, reason, message string) error {
	return errata.Because(errata.Invalid, message, nil, errata.Detail{Reason: reason, Field: field, Message: message})
}

func refuseRange() error {
	return refuse("range", "range", "The range must begin before it ends and be shorter than ten years.")
}

// prepare reads who asks, the query and the place.
func (l *listing) prepare(ctx context.Context, tx *store.Tx, who errata.Actor) (err error) {
	l.page = IssuePage{AsOf: l.now.UnixMicro(), First: l.q.Cursor == ""}
	if l.reader, err = l.s.reader(ctx, tx, who, errata.IssueRead); err != nil {
		return err
	}
	if l.page.Query, err = l.s.parse(ctx, tx, l.reader, asked{q: l.q.Q, in: querylang.InIssues, over: l.q.Range, at: l.now}); err != nil {
		return err
	}
	l.filter.Scope = store.Scope{Projects: l.reader.ids()}
	tree, err := l.localise(ctx, tx, querylang.Split(l.page.Query.Bound, querylang.InIssues))
	if err != nil {
		return err
	}
	if l.plan, err = newPlan(l.reader, tree, l.now); err != nil {
		return err
	}
	if l.asks() {
		l.page.Query.Notices = append(l.page.Query.Notices, l.reader.gone(l.filter.Scope.Projects, l.q.Range, l.now)...)
	}
	l.filter.From = l.q.Range.From.UnixMicro()
	if !l.q.Range.current(l.now) || l.q.AsOf != 0 {
		l.filter.To = l.q.Range.whole(l.now).To.UnixMicro()
	}
	l.at = place{Sort: l.q.Sort, AsOf: l.page.AsOf}
	if l.q.Cursor != "" {
		if l.at, err = openPlace(l.q.Cursor, l.q.Sort, l.binding()); err != nil {
			return err
		}
	}
	l.page.AsOf = l.at.AsOf
	return nil
}

// binding is what a cursor belongs to: query, scope and span of the range.
func (l *listing) binding() []string {
	ids := slices.Sorted(slices.Values(l.filter.Scope.Projects))
	return append([]string{l.page.Query.Text, l.q.Range.To.Sub(l.q.Range.From).String()}, ids...)
}

// read makes the page.
func (l *listing) read(ctx context.Context, tx *store.Tx) error {
	rows := l.rowsSeen
	if !l.asks() {
		var err error
		if rows, err = l.fromSQL(ctx, tx); err != nil {
			return err
		}
	}
	l.cut(rows)
	return l.finish(ctx, tx)
}

// fromSQL returns one row more than the page holds, in reading order.
func (l *listing) fromSQL(ctx context.Context, tx *store.Tx) (rows []errata.Issue, err error) {
	var n int64
	if l.filter.OnlyIDs {
		rows, n, err = tx.IssuesAmong(ctx, l.filter, l.at.page(l.q.Size+1))
		l.page.Total = search.Total{Value: n, Exact: true}
		return rows, err
	}
	if n, err = tx.CountIssues(ctx, l.filter); err != nil {
		return nil, err
	}
	l.page.Total = search.Total{Value: min(n, store.MaxCounted-1), Exact: n < store.MaxCounted}
	return tx.Issues(ctx, l.filter, l.at.page(l.q.Size+1))
}

// cut turns rows into the page and its cursors.
func (l *listing) cut(rows []errata.Issue) {
	more := len(rows) > l.q.Size
	rows = rows[:min(len(rows), l.q.Size)]
	if l.at.Back {
		slices.Reverse(rows)
	}
	l.page.Rows = make([]IssueRow, 0, len(rows))
	for _, r := range rows {
		l.page.Rows = append(l.page.Rows, IssueRow{Issue: r, Project: l.reader.projects[r.ProjectID]})
	}
	l.page.Next, l.page.Previous = "", ""
	onward, back := l.ends(rows)
	if onward != nil && (more || l.at.Back || l.walked != nil) {
		l.page.Next = l.at.from(*onward, false).seal(l.binding())
	}
	if back != nil && l.q.Cursor != "" && (more || !l.at.Back || l.walked != nil) {
		l.page.Previous = l.at.from(*back, true).seal(l.binding())
	}
}

// ends returns where the pages after and before continue: at the outer rows,
// or where a walk that found too few was left.
func (l *listing) ends(rows []errata.Issue) (onward, back *store.IssueCursor) {
	if len(rows) > 0 {
		last, first := store.CursorOf(rows[len(rows)-1]), store.CursorOf(rows[0])
		onward, back = &last, &first
	}
	switch {
	case l.walked != nil && l.at.Back:
		back = l.walked
	case l.walked != nil:
		onward = l.walked
	}
	return onward, back
}

// finish adds what the rows show beside the issue itself.
func (l *listing) finish(ctx context.Context, tx *store.Tx) (err error) {
	if !l.page.First && !l.asks() { // of a walk nobody knows how many there are
		if l.page.Moved, err = tx.MovedIssues(ctx, l.filter, l.page.AsOf); err != nil {
			return err
		}
	}
	ids, owners := make([]string, len(l.page.Rows)), make([]string, len(l.page.Rows))
	for i, r := range l.page.Rows {
		ids[i], owners[i] = r.Issue.ID, r.Issue.AssigneeID
	}
	people, err := tx.People(ctx, owners)
	if err != nil {
		return err
	}
	from, end := lastDay(l.now)
	hours, err := tx.IssueHours(ctx, ids, from, end, "")
	for i := range l.page.Rows {
		r := &l.page.Rows[i]
		r.Owner = people[r.Issue.AssigneeID]
		r.Hours = make([]int64, dayHours)
		for _, h := range hours[r.Issue.ID] {
			r.Hours[(h.Hour-from)/hourUS] += h.Events
		}
	}
	return err
}

// lastDay returns the 24 hours of the clock that end with the present one, µs.
func lastDay(now time.Time) (from, end int64) {
	end = (now.UnixMicro()/hourUS + 1) * hourUS
	return end - dayHours*hourUS, end
}
