package find

import (
	"context"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/store"
)

// reach is how many issues the engine may name at once; with more the list is
// walked in its order, a few rounds of some issues.
type reach struct{ named, rounds, step int }

var defaultReach = reach{named: 10_000, rounds: 20, step: 500}

// walkLimit is for how long a list is walked.
const walkLimit = 2 * time.Second

// maxNamed bounds the ids of all groups together that one statement compares.
const maxNamed = 30_000

// asks says that the engine has something to say about the list.
func (l *listing) asks() bool { return l.group != nil || l.mixed.Kind != querylang.PlanAll }

// answered leaves the list to its filter.
func (l *listing) answered() { l.group, l.mixed = nil, querylang.Plan{} }

// ask has the engine say which issues have a matching event. While it is away
// words are looked for in titles.
func (l *listing) ask(ctx context.Context) error {
	more, err := l.sets(ctx)
	if away(err) {
		return l.titles(ctx, err)
	}
	if err != nil {
		return err
	}
	if more {
		return l.walk(ctx)
	}
	return nil
}

// sets asks the engine for the issues of each group, after which the filter
// alone selects; more says that there are too many to be named.
func (l *listing) sets(ctx context.Context) (more bool, err error) {
	if !l.asks() || len(l.filter.Scope.Projects) == 0 {
		l.answered()
		return false, nil
	}
	if l.group != nil {
		ids, gaps, more, err := l.s.matching(ctx, l.reader.who, l.filter.Scope, l.group, l.q.Range.whole(l.now), l.s.reach.named)
		if err != nil || more {
			return more, err
		}
		l.page.Gaps = gaps
		l.answered()
		l.filter.IDs, l.filter.OnlyIDs = ids, true
		return false, nil
	}
	found, more, err := l.matchingEach(ctx, nil, l.s.reach.named)
	if err != nil || more {
		return more, err
	}
	l.filter.Where, err = store.WhereIssues(querylang.All(l.rows, compose(l.mixed, found)), l.now.UnixMicro())
	l.answered()
	return false, err
}

// matchingEach asks for the issues of each group of a mixed query, among some
// or (nil) all, and returns them as conditions on their ids.
func (l *listing) matchingEach(ctx context.Context, among querylang.Expr, limit int) (out []querylang.Expr, more bool, err error) {
	over := l.q.Range.whole(l.now)
	var rs []search.Request
	for _, g := range groups(l.mixed) {
		rs = append(rs, issuesOf(l.filter.Scope, querylang.All(among, g), over, limit))
	}
	total := 0
	for _, a := range l.s.multiSearch(ctx, l.reader.who, cardWait, rs) {
		if a.Err != nil {
			return nil, false, a.Err
		}
		l.page.Gaps = append(l.page.Gaps, a.Result.Gaps...)
		ids := issueIDs(a.Result)
		if total += len(ids); len(ids) > limit || total > maxNamed {
			return nil, true, nil
		}
		out = append(out, issueLeaf(ids...))
	}
	return out, false, nil
}

// satisfying returns which of the issues match, in no particular order.
func (l *listing) satisfying(ctx context.Context, ids []string) (out []string, err error) {
	among := issueLeaf(ids...)
	if l.group != nil {
		group := querylang.All(among, l.group)
		out, gaps, _, err := l.s.matching(ctx, l.reader.who, l.filter.Scope, group, l.q.Range.whole(l.now), len(ids))
		l.page.Gaps = append(l.page.Gaps, gaps...)
		return out, err
	}
	found, _, err := l.matchingEach(ctx, among, len(ids))
	if err != nil {
		return nil, err
	}
	f := l.filter
	f.IDs, f.OnlyIDs = ids, true
	if f.Where, err = store.WhereIssues(querylang.All(l.rows, compose(l.mixed, found)), l.now.UnixMicro()); err != nil {
		return nil, err
	}
	err = l.s.Store.View(ctx, func(tx *store.Tx) error {
		out, err = tx.IssueIDs(ctx, f, len(ids))
		return err
	})
	return out, err
}

// away says that the engine could not answer, whatever was asked.
func away(err error) bool {
	c := errata.CodeOf(err)
	return err != nil && (c == errata.Unavailable || c == errata.SlowDown)
}

// matching returns the ids of issues with an event of the group; more says
// that there are others beyond limit.
func (s *Service) matching(ctx context.Context, who errata.Actor, in store.Scope, group querylang.Expr, r Range, limit int) (ids []string, gaps []search.Gap, more bool, err error) {
	ask := issuesOf(in, group, r, limit)
	ask.Timeout = cardWait
	res, err := s.search(ctx, who, ask)
	if err != nil {
		return nil, nil, false, err
	}
	if ids = issueIDs(res); len(ids) > limit {
		return ids[:limit], res.Gaps, true, nil
	}
	return ids, res.Gaps, false, nil
}

// issuesOf asks for the issues with an event of the group, one more than limit.
func issuesOf(in store.Scope, group querylang.Expr, r Range, limit int) search.Request {
	return search.Request{
		Scope: search.Scope{Projects: in.Projects}, Query: group, From: r.From, To: r.To,
		Aggs: []search.Agg{{Name: "issues", Kind: search.Terms, Key: querylang.Key{Name: "issue"}, Size: limit + 1}},
	}
}

func issueIDs(r *search.Result) (ids []string) {
	for _, b := range r.Aggs["issues"].Buckets {
		ids = append(ids, b.Key)
	}
	return ids
}

// walk goes through the list in its order and asks the engine which issues of
// each step match, until the page is full. Where it gives up, the page is short
// and the next one goes on.
func (l *listing) walk(ctx context.Context) error {
	step := l.at.page(l.s.reach.step)
	began := l.s.Clock()
	for range l.s.reach.rounds {
		rows, err := l.step(ctx, step)
		if err != nil {
			return err
		}
		l.walked = nil
		if len(l.rowsSeen) > l.q.Size || len(rows) < l.s.reach.step {
			break
		}
		step.After = store.CursorOf(rows[len(rows)-1])
		l.walked = &step.After
		if l.s.Clock().Sub(began) > walkLimit {
			break
		}
	}
	l.rowsSeen = l.rowsSeen[:min(len(l.rowsSeen), l.q.Size+1)]
	l.page.Total = search.Total{Value: int64(len(l.rowsSeen))}
	if !l.narrow && l.group != nil {
		l.page.Total.Value = int64(l.s.reach.named)
	}
	return nil
}

// step reads one step of the list and keeps the rows that match.
func (l *listing) step(ctx context.Context, p store.IssuePage) (rows []errata.Issue, err error) {
	err = l.s.Store.View(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.Issues(ctx, l.filter, p)
		return err
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	hits, err := l.satisfying(ctx, ids)
	if err != nil {
		return nil, err
	}
	found := make(map[string]bool, len(hits))
	for _, id := range hits {
		found[id] = true
	}
	for _, r := range rows {
		if found[r.ID] {
			l.rowsSeen = append(l.rowsSeen, r)
		}
	}
	return rows, nil
}
