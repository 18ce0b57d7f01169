package find

import (
	"context"
	"slices"

	"errata/internal/errata"
	"errata/internal/search"
	"errata/internal/store"
)

// Named are the issues that a query lists, by their internal ids in ascending
// order, and the services it looked in.
type Named struct {
	Query      Query
	IDs        []string
	Projects   []string // ids
	More       bool     // there are further ones beyond the limit
	TitlesOnly bool     // the engine is away: words were compared with titles alone
	Gaps       []search.Gap
}

// IssueIDs names every issue that Issues would list on its pages, at most
// limit. Cursor, order and size do not count. Errors as of Issues.
func (s *Service) IssueIDs(ctx context.Context, who errata.Actor, q IssueQuery, limit int) (Named, error) {
	q.Cursor, q.Sort, q.Size = "", "", 0
	l := s.listing(q)
	if err := l.check(); err != nil {
		return Named{}, err
	}
	if err := s.Store.View(ctx, func(tx *store.Tx) error { return l.prepare(ctx, tx, who) }); err != nil {
		return Named{}, err
	}
	out := Named{Query: l.page.Query, Projects: slices.Sorted(slices.Values(l.filter.Scope.Projects))}
	more, err := l.name(ctx)
	if err == nil {
		out.IDs, err = l.named(ctx, limit+1, more)
	}
	if out.More = len(out.IDs) > limit; out.More {
		out.IDs = out.IDs[:limit]
	}
	slices.Sort(out.IDs)
	out.TitlesOnly, out.Gaps = l.page.TitlesOnly, l.page.Gaps
	return out, err
}

// name is ask without the walk of a page. more: the engine knows more issues
// than it can name at once, so they are compared piece by piece.
func (l *listing) name(ctx context.Context) (more bool, err error) {
	more, err = l.sets(ctx)
	if away(err) {
		return false, l.titles(ctx, err)
	}
	return more, err
}

// named reads the ids of the rows, and with more asks the engine which of them
// have an event of the group.
func (l *listing) named(ctx context.Context, limit int, more bool) (out []string, err error) {
	most := limit
	if more {
		most = maxCandidates
	}
	err = l.s.Store.View(ctx, func(tx *store.Tx) error {
		out, err = tx.IssueIDs(ctx, l.filter, most)
		return err
	})
	if err != nil || !more {
		return out, err
	}
	return l.among(ctx, out, limit)
}

// maxCandidates bounds the issues that are compared piece by piece.
const maxCandidates = 1_000_000

// among keeps the issues that have an event of the group.
func (l *listing) among(ctx context.Context, ids []string, limit int) (out []string, err error) {
	for piece := range slices.Chunk(ids, l.s.reach.step) {
		hits, err := l.satisfying(ctx, piece)
		if err != nil {
			return nil, err
		}
		if out = append(out, hits...); len(out) >= limit {
			break
		}
	}
	return out, nil
}
