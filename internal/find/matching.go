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

// ask has the engine say which issues have a matching event. While it is away
// words are looked for in titles.
func (l *listing) ask(ctx context.Context) error {
	if l.group == nil || len(l.filter.Scope.Projects) == 0 {
		l.group = nil
		return nil
	}
	ids, gaps, more, err := l.s.matching(ctx, l.filter.Scope, l.group, l.q.Range.whole(l.now), l.s.reach.named)
	if away(err) {
		return l.titles(ctx, err)
	}
	if err != nil {
		return err
	}
	l.page.Gaps = gaps
	if more {
		return l.walk(ctx)
	}
	l.group, l.filter.IDs, l.filter.OnlyIDs = nil, ids, true
	return nil
}

// away says that the engine could not answer, whatever was asked.
func away(err error) bool {
	c := errata.CodeOf(err)
	return err != nil && (c == errata.Unavailable || c == errata.SlowDown)
}

// within bounds a call of the engine. The engine is told to stop a little
// earlier, so that what it has found by then arrives.
func within(ctx context.Context, wait time.Duration) (context.Context, context.CancelFunc, time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	return ctx, cancel, wait * 3 / 4
}

// matching returns the ids of issues with an event of the group; more says
// that there are others beyond limit.
func (s *Service) matching(ctx context.Context, in store.Scope, group querylang.Expr, r Range, limit int) (ids []string, gaps []search.Gap, more bool, err error) {
	ctx, cancel, wait := within(ctx, cardWait)
	defer cancel()
	res, err := s.Engine.Search(ctx, search.Request{
		Scope: search.Scope{Projects: in.Projects}, Query: group, From: r.From, To: r.To,
		Timeout: wait, Aggs: []search.Agg{{Name: "issues", Kind: search.Terms, Key: querylang.Key{Name: "issue"}, Size: limit + 1}},
	})
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

// titles answers without the engine what can be: words by the titles of
// issues, environments by the roll-up. Anything else fails with the engine's
// error.
func (l *listing) titles(ctx context.Context, cause error) error {
	var words [][]string
	var rest []querylang.Expr
	for _, kid := range conjuncts(l.group) {
		if tokens, ok := phrase(kid); ok {
			words = append(words, tokens)
		} else {
			rest = append(rest, kid)
		}
	}
	l.group = querylang.All(rest...)
	if l.group != nil {
		err := l.s.Store.View(ctx, func(tx *store.Tx) error { return l.environment(ctx, tx) })
		if err != nil {
			return err
		}
	}
	if l.group != nil {
		return cause
	}
	l.page.TitlesOnly, l.filter.Words = len(words) > 0, words
	return nil
}

// phrase returns the tokens of a leaf that is one run of words.
func phrase(x querylang.Expr) ([]string, bool) {
	l, ok := x.(*querylang.Leaf)
	if !ok || l.Key.Name != "" || len(l.Values) != 1 || len(l.Values[0].Tokens) == 0 {
		return nil, false
	}
	return l.Values[0].Tokens, true
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
		if len(l.rows) > l.q.Size || len(rows) < l.s.reach.step {
			break
		}
		step.After = store.CursorOf(rows[len(rows)-1])
		l.walked = &step.After
		if l.s.Clock().Sub(began) > walkLimit {
			break
		}
	}
	l.rows = l.rows[:min(len(l.rows), l.q.Size+1)]
	l.page.Total = search.Total{Value: int64(len(l.rows))}
	if !l.narrow {
		l.page.Total.Value = int64(l.s.reach.named)
	}
	return nil
}

// step reads one step of the list and keeps the rows that have an event of the
// group.
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
	group := querylang.All(issueLeaf(ids...), l.group)
	hits, gaps, _, err := l.s.matching(ctx, l.filter.Scope, group, l.q.Range.whole(l.now), len(ids))
	if err != nil {
		return nil, err
	}
	l.page.Gaps = append(l.page.Gaps, gaps...)
	found := make(map[string]bool, len(hits))
	for _, id := range hits {
		found[id] = true
	}
	for _, r := range rows {
		if found[r.ID] {
			l.rows = append(l.rows, r)
		}
	}
	return rows, nil
}
