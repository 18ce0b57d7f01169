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
	// planA is how many issues the engine may name at once; with more the list
	// is walked in its order, planB rounds of walkStep issues.
	planA    = 10_000
	planB    = 20
	walkStep = 500
	dayHours = 24
	hourUS   = int64(time.Hour / time.Microsecond)
)

// Issues lists issues. Errors: invalid (query.*, search.cursor, sort),
// unavailable when the query needs the engine and it is away.
func (s *Service) Issues(ctx context.Context, who errata.Actor, q IssueQuery) (IssuePage, error) {
	l := listing{s: s, q: q, now: s.Clock()}
	if err := l.check(); err != nil {
		return IssuePage{}, err
	}
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		l.page = IssuePage{AsOf: l.now.UnixMicro(), First: q.Cursor == ""}
		if l.reader, err = s.reader(ctx, tx, who, errata.IssueRead); err != nil {
			return err
		}
		if l.page.Query, err = s.parse(ctx, tx, l.reader, q.Q); err != nil {
			return err
		}
		return l.run(ctx, tx)
	})
	return l.page, err
}

// listing is one list in the making.
type listing struct {
	s      *Service
	q      IssueQuery
	now    time.Time
	reader reader
	filter store.IssueFilter
	group  querylang.Expr
	page   IssuePage
}

func (l *listing) check() error {
	if l.q.Size == 0 {
		l.q.Size = defaultSize
	}
	if l.q.Sort == "" {
		l.q.Sort = string(store.SortLastSeen)
	}
	switch {
	case l.q.Size < 1 || l.q.Size > maxSize:
		return refuse("size", "range", "The size of a page is 1 to 100.")
	case l.q.Sort != string(store.SortLastSeen) && l.q.Sort != string(store.SortPriority):
		return refuse("sort", "sort", "A list can be sorted by last_seen or priority.")
	case !l.q.Range.Valid():
		return refuse("range", "range", "The range must begin before it ends and be shorter than ten years.")
	}
	return nil
}

func refuse(field, reason, message string) error {
	return errata.Because(errata.Invalid, message, nil, errata.Detail{Reason: reason, Field: field, Message: message})
}

func (l *listing) run(ctx context.Context, tx *store.Tx) error {
	p, err := newPlan(l.reader, l.page.Query.Bound)
	if err != nil {
		return err
	}
	l.filter, l.group = p.filter, p.group
	l.filter.From = l.q.Range.From.UnixMicro()
	if l.q.Range.To.Before(l.now) {
		l.filter.To = l.q.Range.To.UnixMicro()
	}
	at := place{Sort: l.q.Sort, AsOf: l.page.AsOf}
	if l.q.Cursor != "" {
		if at, err = openPlace(l.q.Cursor, l.q.Sort, l.binding()); err != nil {
			return err
		}
	}
	l.page.AsOf = at.AsOf
	rows, err := l.rows(ctx, tx, at)
	if err != nil {
		return err
	}
	l.cut(rows, at)
	return l.finish(ctx, tx)
}

// binding is what a cursor belongs to: query, scope and span of the range.
func (l *listing) binding() []string {
	ids := slices.Sorted(slices.Values(l.filter.Scope.Projects))
	return append([]string{l.page.Query.Text, l.q.Range.To.Sub(l.q.Range.From).String()}, ids...)
}

// rows returns one row more than the page holds, in reading order.
func (l *listing) rows(ctx context.Context, tx *store.Tx, at place) ([]errata.Issue, error) {
	if l.group == nil {
		return l.fromSQL(ctx, tx, at)
	}
	if envs, ok := onlyEnvironments(l.group); ok {
		names, err := l.environments(ctx, tx, envs)
		if err != nil {
			return nil, err
		}
		if l.filter.Environments = names; len(names) == 0 {
			l.filter.Scope = store.Scope{}
		}
		return l.fromSQL(ctx, tx, at)
	}
	rows, err := l.fromEngine(ctx, tx, at)
	if errata.CodeOf(err) != errata.Unavailable {
		return rows, err
	}
	if words, ok := onlyWords(l.group); ok {
		l.page.TitlesOnly, l.filter.Words = true, words
		return l.fromSQL(ctx, tx, at)
	}
	return nil, err
}

// environments returns the names that were seen and equal the asked ones when
// case does not count.
func (l *listing) environments(ctx context.Context, tx *store.Tx, asked []string) (out []string, err error) {
	names, err := tx.Environments(ctx, l.filter.Scope, 0, l.now.UnixMicro())
	for _, n := range names {
		if slices.Contains(asked, querylang.Fold(n)) {
			out = append(out, n)
		}
	}
	return out, err
}

func (l *listing) fromSQL(ctx context.Context, tx *store.Tx, at place) ([]errata.Issue, error) {
	n, err := tx.CountIssues(ctx, l.filter)
	if err != nil {
		return nil, err
	}
	l.page.Total = search.Total{Value: min(n, store.MaxCounted-1), Exact: n < store.MaxCounted}
	return tx.Issues(ctx, l.filter, at.page(l.q.Size+1))
}

// fromEngine asks the engine which issues have a matching event, and lets SQL
// filter and sort them.
func (l *listing) fromEngine(ctx context.Context, tx *store.Tx, at place) ([]errata.Issue, error) {
	ids, gaps, more, err := l.s.matching(ctx, l.filter.Scope, l.group, l.q.Range, planA)
	if err != nil {
		return nil, err
	}
	l.page.Gaps = gaps
	if !more {
		l.filter.IDs, l.filter.OnlyIDs = ids, true
		return l.fromSQL(ctx, tx, at)
	}
	return l.walk(ctx, tx, at)
}

// matching returns the ids of issues with an event of the group; more says
// that there are others beyond limit.
func (s *Service) matching(ctx context.Context, in store.Scope, group querylang.Expr, r Range, limit int) (ids []string, gaps []search.Gap, more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, searchWait)
	defer cancel()
	res, err := s.Engine.Search(ctx, search.Request{Scope: search.Scope{Projects: in.Projects}, Query: group, From: r.From, To: r.To,
		Timeout: searchWait, Aggs: []search.Agg{{Name: "issues", Kind: search.Terms, Key: querylang.Key{Name: "issue"}, Size: limit + 1}}})
	if err != nil {
		return nil, nil, false, err
	}
	for _, b := range res.Aggs["issues"].Buckets {
		ids = append(ids, b.Key)
	}
	if len(ids) > limit {
		return ids[:limit], res.Gaps, true, nil
	}
	return ids, res.Gaps, false, nil
}

// walk goes through the list in its order and asks the engine which issues of
// each step match, until the page is full.
func (l *listing) walk(ctx context.Context, tx *store.Tx, at place) (out []errata.Issue, err error) {
	step := at.page(walkStep)
	for range planB {
		rows, err := tx.Issues(ctx, l.filter, step)
		if err != nil {
			return nil, err
		}
		hits, err := l.those(ctx, rows)
		if err != nil {
			return nil, err
		}
		out = append(out, hits...)
		if len(out) > l.q.Size || len(rows) < walkStep {
			break
		}
		step.After = store.CursorOf(rows[len(rows)-1])
	}
	l.page.Total = search.Total{Value: planA}
	return out[:min(len(out), l.q.Size+1)], nil
}

// those returns the rows that have an event of the group.
func (l *listing) those(ctx context.Context, rows []errata.Issue) ([]errata.Issue, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	group := &querylang.And{Kids: []querylang.Expr{issueLeaf(ids...), l.group}}
	hits, gaps, _, err := l.s.matching(ctx, l.filter.Scope, group, l.q.Range, len(ids))
	l.page.Gaps = gaps
	return slices.DeleteFunc(slices.Clone(rows), func(i errata.Issue) bool { return !slices.Contains(hits, i.ID) }), err
}

// cut turns rows into the page and its cursors.
func (l *listing) cut(rows []errata.Issue, at place) {
	more := len(rows) > l.q.Size
	rows = rows[:min(len(rows), l.q.Size)]
	if at.Back {
		slices.Reverse(rows)
	}
	for _, r := range rows {
		l.page.Rows = append(l.page.Rows, IssueRow{Issue: r, Project: l.reader.projects[r.ProjectID]})
	}
	if len(rows) == 0 {
		return
	}
	if more || at.Back {
		l.page.Next = at.after(rows[len(rows)-1], false).seal(l.binding())
	}
	if l.q.Cursor != "" && (more || !at.Back) {
		l.page.Previous = at.after(rows[0], true).seal(l.binding())
	}
}

// finish adds what the rows show beside the issue itself.
func (l *listing) finish(ctx context.Context, tx *store.Tx) (err error) {
	if !l.page.First {
		if l.page.Moved, err = tx.MovedIssues(ctx, l.filter, l.page.AsOf); err != nil {
			return err
		}
	}
	ids := make([]string, len(l.page.Rows))
	for i, r := range l.page.Rows {
		ids[i] = r.Issue.ID
	}
	end := (l.now.UnixMicro()/hourUS + 1) * hourUS
	from := end - dayHours*hourUS
	hours, err := tx.IssueHours(ctx, ids, from, end, "")
	for i := range l.page.Rows {
		r := &l.page.Rows[i]
		r.Hours = make([]int64, dayHours)
		for _, h := range hours[r.Issue.ID] {
			r.Hours[(h.Hour-from)/hourUS] += h.Events
		}
	}
	return err
}
