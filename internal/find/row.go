package find

import (
	"context"

	"errata/internal/errata"
	"errata/internal/search"
	"errata/internal/store"
)

// Row reads the line of a list for one issue by its short id. What may not be
// seen is not found.
func (s *Service) Row(ctx context.Context, who errata.Actor, shortID string) (out IssueRow, err error) {
	l := listing{s: s, now: s.Clock()}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		i, err := s.visible(ctx, tx, who, shortID)
		if err != nil {
			return err
		}
		p, err := tx.ProjectByID(ctx, i.ProjectID)
		if err != nil {
			return err
		}
		l.page = IssuePage{Rows: []IssueRow{{Issue: i, Project: p}}, First: true}
		return l.finish(ctx, tx)
	})
	if err != nil {
		return out, err
	}
	return l.page.Rows[0], nil
}

// Cans says what the reader can do to each issue of a list, asking once per
// service and action.
func (s *Service) Cans(who errata.Actor, rows []IssueRow) []errata.Can {
	may, out := map[string]func(errata.Action) errata.Allowed{}, make([]errata.Can, len(rows))
	for i, r := range rows {
		if may[r.Project.ID] == nil {
			may[r.Project.ID] = s.may(who, r.Project.ID)
		}
		out[i] = r.Issue.Can(may[r.Project.ID])
	}
	return out
}

// Counts says how many issues each query selects in the range. A query that
// cannot be counted without the event engine gives false.
func (s *Service) Counts(ctx context.Context, who errata.Actor, queries []string, over Range) (totals []search.Total, known []bool, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		totals, known = make([]search.Total, len(queries)), make([]bool, len(queries))
		for i, q := range queries {
			l := listing{s: s, q: IssueQuery{Q: q, Range: over}, now: s.Clock()}
			if err := l.check(); err != nil {
				return err
			}
			if err := l.prepare(ctx, tx, who); err != nil {
				return err
			}
			if len(l.filter.Scope.Projects) == 0 {
				totals[i], known[i] = search.Total{Exact: true}, true
				continue
			}
			if l.asks() {
				continue
			}
			n, err := tx.CountIssues(ctx, l.filter)
			if err != nil {
				return err
			}
			totals[i], known[i] = search.Total{Value: min(n, store.MaxCounted-1), Exact: n < store.MaxCounted}, true
		}
		return nil
	})
	return totals, known, err
}
