package find

import (
	"context"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

// Hint names the condition of a query that hides most: Rest is the query
// without it, which has Total matches.
type Hint struct {
	Token, Rest string
	Total       search.Total
}

// How many conditions are tried, and for how long.
const (
	maxHints = 8
	hintWait = time.Second
)

// Hint tries a query that found nothing without each of its conditions. ok is
// false when that finds nothing either, or not in time.
func (s *Service) Hint(ctx context.Context, who errata.Actor, q Query, in querylang.Place, over Range) (best Hint, ok bool) {
	and, isAnd := q.Tree.(*querylang.And)
	if !isAnd || len(and.Kids) > maxHints {
		return best, false
	}
	ctx, cancel := context.WithTimeout(ctx, hintWait)
	defer cancel()
	for i, kid := range and.Kids {
		rest := make([]querylang.Expr, 0, len(and.Kids))
		rest = append(append(rest, and.Kids[:i]...), and.Kids[i+1:]...)
		text := querylang.Print(querylang.All(rest...))
		total, err := s.Total(ctx, who, text, in, over)
		if err != nil {
			return best, false
		}
		if total.Value > best.Total.Value {
			best = Hint{querylang.Print(kid), text, total}
		}
	}
	return best, best.Total.Value > 0
}

// Total counts the issues or events of a query, up to 10,000. What can only be
// counted in part is unavailable: there is no room beside the number to say so.
func (s *Service) Total(ctx context.Context, who errata.Actor, q string, in querylang.Place, over Range) (search.Total, error) {
	if in == querylang.InIssues {
		p, err := s.Issues(ctx, who, IssueQuery{Q: q, Range: over, Size: 1})
		if err == nil && p.TitlesOnly {
			err = search.Torn(search.Gap{Reason: search.ReasonTimeout})
		}
		return p.Total, torn(err, p.Gaps)
	}
	asked, err := s.askEvents(ctx, who, q, over)
	if err != nil || asked.None {
		return search.Total{Exact: true}, err
	}
	r := asked.Request()
	r.TotalUpTo, r.Timeout = maxTotal, cardWait
	res, err := s.search(ctx, who, r)
	if err != nil {
		return search.Total{}, err
	}
	return res.Total, torn(nil, res.Gaps)
}

// torn is the error of an answer that must be whole: the one it has, or that a
// part is missing.
func torn(err error, gaps []search.Gap) error {
	if err == nil && len(gaps) > 0 {
		return search.Torn(gaps[0])
	}
	return err
}
