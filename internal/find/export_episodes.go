package find

import (
	"context"
	"slices"

	"errata/internal/errata"
	"errata/internal/store"
)

// EpisodeHead says what list of episodes is taken along.
type EpisodeHead struct {
	ExportHead
	Name string // what people call the key
}

// ExportEpisodes hands on, in the order of the page, the episodes behind a
// figure, all read in one snapshot. The actor must be allowed to take along
// the issues of every service that the figure counts: a list that adds up to
// another number would be no proof of it. It stops at the first error of begin
// or each. Errors: as Episodes, and forbidden.
func (s *Service) ExportEpisodes(ctx context.Context, who errata.Actor, q EpisodeQuery, begin func(EpisodeHead) error, each func(EpisodePage) error) error {
	q.Cursor, q.Size = "", exportPiece
	if err := q.check(); err != nil {
		return err
	}
	now := asOf(q.AsOf, s.Clock())
	return s.Store.View(ctx, func(tx *store.Tx) error {
		for first := true; ; first = false {
			l := episodeListing{s: s, q: q, now: now}
			if err := l.read(ctx, tx, who); err != nil {
				return err
			}
			if first {
				if err := l.episodes.mayTakeAlong(); err != nil {
					return err
				}
				if err := begin(EpisodeHead{ExportHead{Query: l.page.Query, Range: l.page.Range, AsOf: now.UnixMicro()}, l.page.Name}); err != nil {
					return err
				}
			}
			if err := each(l.page); err != nil || l.page.Next == "" {
				return err
			}
			q.Cursor = l.page.Next
		}
	})
}

// mayTakeAlong says whether the reader may take along the issues of every
// project that is asked for.
func (e *episodes) mayTakeAlong() error {
	for _, id := range e.filter.Scope.Projects {
		if err := e.s.Decide(e.reader.who, errata.IssueExport, id); err != nil {
			return err
		}
	}
	return nil
}

// MayTakeFigures says whether the actor may take along the figures of every
// service in which they may read them.
func (s *Service) MayTakeFigures(ctx context.Context, who errata.Actor, q string, over Range) error {
	return s.Store.View(ctx, func(tx *store.Tx) error {
		e, err := s.episodes(ctx, tx, who, asked{q: q, over: over})
		if err != nil {
			return err
		}
		return e.mayTakeAlong()
	})
}

// MayTakeOverview says whether the actor may take along the figures of every
// service that the overview shows them.
func (s *Service) MayTakeOverview(ctx context.Context, who errata.Actor, q OverviewQuery) error {
	return s.Store.View(ctx, func(tx *store.Tx) error {
		for _, what := range []errata.Action{errata.AnalyticsRead, errata.IssueRead} {
			o, err := s.overview(ctx, tx, who, what, q)
			if err != nil {
				return err
			}
			for _, id := range o.slice.Scope.Projects {
				if err := s.Decide(who, errata.IssueExport, id); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// MayTakeEventsOf says whether the actor may take along events of a project, and
// if not who can help.
func (s *Service) MayTakeEventsOf(who errata.Actor, project string) errata.Allowed {
	return s.allowed(who, errata.EventExport, project)
}

// MayTakeEvents says whether the actor may take along the events of every
// service whose events they may read: counts of fewer would be no proof of
// those on the page.
func (s *Service) MayTakeEvents(ctx context.Context, who errata.Actor) error {
	return s.Store.View(ctx, func(tx *store.Tx) error {
		r, err := s.reader(ctx, tx, who, errata.EventRead)
		if err != nil {
			return err
		}
		for _, id := range r.ids() {
			if err := s.Decide(who, errata.EventExport, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// MayExport says of a page's menu whether the actor may do the action in any
// service, and if not who can help.
func (s *Service) MayExport(ctx context.Context, who errata.Actor, what errata.Action) (a errata.Allowed, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		read := errata.IssueRead
		if what == errata.EventExport {
			read = errata.EventRead
		}
		r, err := s.reader(ctx, tx, who, read)
		if err != nil {
			return err
		}
		a = errata.Allowed{Applies: true}
		for _, id := range slices.Sorted(slices.Values(r.ids())) {
			if a = s.may(who, id)(what); a.OK {
				break
			}
		}
		a.Applies = true
		return nil
	})
	return a, err
}
