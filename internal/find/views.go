package find

import (
	"context"
	"slices"
	"sync"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/store"
)

// ViewRow is a saved view that somebody may use.
type ViewRow struct {
	errata.SavedView
	Mine  bool
	Owner errata.Person
	Team  errata.Team // that it is for; zero = none
}

// SavedViews lists a person's own views, those of their teams and those for
// everybody, by position and title. A view of somebody else that names what the
// reader may not see, a
// service or an issue, is left out.
func (s *Service) SavedViews(ctx context.Context, who errata.Actor) (out []ViewRow, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		out = nil
		all, err := tx.ViewsFor(ctx, who.ID)
		if err != nil || len(all) == 0 {
			return err
		}
		r, err := s.reader(ctx, tx, who, errata.IssueRead)
		if err != nil {
			return err
		}
		owners := make([]string, len(all))
		for i, v := range all {
			owners[i] = v.OwnerID
		}
		teams, err := tx.TeamsOf(ctx, who.ID)
		if err != nil {
			return err
		}
		people, err := tx.People(ctx, owners)
		if err != nil {
			return err
		}
		for _, v := range all {
			row := ViewRow{SavedView: v, Mine: v.OwnerID == who.ID, Owner: people[v.OwnerID], Team: teamByID(teams, v.TeamID)}
			if ok, err := s.readable(ctx, tx, r, row); err != nil {
				return err
			} else if ok {
				out = append(out, row)
			}
		}
		return nil
	})
	return out, err
}

// teamByID returns the team of an id; zero = it is not among them.
func teamByID(all []errata.Team, id string) errata.Team {
	if i := slices.IndexFunc(all, func(t errata.Team) bool { return t.ID == id }); i >= 0 {
		return all[i]
	}
	return errata.Team{}
}

// TeamsOf lists the teams that somebody is in, by their short names.
func (s *Service) TeamsOf(ctx context.Context, who errata.Actor) (out []errata.Team, err error) {
	if !who.Human() {
		return nil, nil
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		out, err = tx.TeamsOf(ctx, who.ID)
		return err
	})
	return out, err
}

// readable says whether the reader may know all that a view names.
func (s *Service) readable(ctx context.Context, tx *store.Tx, r reader, v ViewRow) (bool, error) {
	if v.Mine {
		return true, nil
	}
	tree, _, err := querylang.Parse(v.Query)
	if err != nil {
		return false, nil //nolint:nilerr // written by another version of the language
	}
	hidden := false
	querylang.Each(tree, func(l *querylang.Leaf) { hidden = hidden || l.Key.Name == "service" && !r.knows(l) })
	names := querylang.Names(tree)
	if names.OfTeams {
		known, err := s.teams(ctx, tx, r.who)
		if err != nil {
			return false, err
		}
		querylang.Each(tree, func(l *querylang.Leaf) { hidden = hidden || l.Key.Name == "team" && !known.meant(l) })
	}
	if hidden {
		return false, nil
	}
	short := names.Issues
	ids, err := s.issueIDs(ctx, tx, r, short)
	return len(ids) == len(short), err
}

// knows says whether each value of a condition on services, a name or a pattern,
// means one that the reader may see.
func (r reader) knows(l *querylang.Leaf) bool {
	for _, v := range l.Values {
		one, met := plan{filter: store.IssueFilter{Scope: store.Scope{Projects: r.ids()}}}, v.Kind == querylang.Present
		if !met {
			one.service(r, &querylang.Leaf{Key: l.Key, Values: []querylang.Value{v}}, false)
			met = len(one.filter.Scope.Projects) > 0
		}
		if !met {
			return false
		}
	}
	return true
}

// SavedView returns one view by its slug. One that the reader may not see is
// not found.
func (s *Service) SavedView(ctx context.Context, who errata.Actor, slug string) (ViewRow, error) {
	all, err := s.SavedViews(ctx, who)
	if err != nil {
		return ViewRow{}, err
	}
	for _, v := range all {
		if v.Slug == slug {
			return v, nil
		}
	}
	return ViewRow{}, notFound("view")
}

// ViewAsked is a view with the range that it means now.
type ViewAsked struct {
	ViewRow
	Over Range
}

// How counts of views are kept: for a minute, for so many views of readers, and
// so many readers may wait to have theirs counted.
const (
	viewCountAge  = time.Minute
	viewCountOld  = 5 * time.Minute // from then on it is not shown
	maxViewCounts = 10_000
	viewQueue     = 64
	viewCountWait = 10 * time.Second // for all views of a reader
)

// viewCounts are the matches of saved views, counted behind the pages.
type viewCounts struct {
	mu      sync.Mutex
	known   map[viewKey]viewCount
	asked   map[string]bool // readers whose views wait to be counted
	waiting chan viewJob
}

type viewKey struct {
	reader, view string
	version      int64
}

type viewCount struct {
	total search.Total
	at    time.Time
	ok    bool
}

type viewJob struct {
	who   errata.Actor
	views []ViewAsked
}

func newViewCounts() *viewCounts {
	return &viewCounts{known: map[viewKey]viewCount{}, asked: map[string]bool{}, waiting: make(chan viewJob, viewQueue)}
}

// ViewTotals returns the matches of views as far as they are known, in their
// order, and has them counted anew when they are a minute old. It never waits.
func (s *Service) ViewTotals(who errata.Actor, views []ViewAsked) (totals []search.Total, known []bool) {
	c, now := s.viewCounts, s.Clock()
	totals, known = make([]search.Total, len(views)), make([]bool, len(views))
	c.mu.Lock()
	defer c.mu.Unlock()
	stale := false
	for i, v := range views {
		n, counted := c.known[viewKey{who.ID, v.ID, v.Version}]
		totals[i], known[i] = n.total, n.ok && now.Sub(n.at) < viewCountOld
		stale = stale || !counted || now.Sub(n.at) >= viewCountAge
	}
	if !stale || c.asked[who.ID] {
		return totals, known
	}
	select {
	case c.waiting <- viewJob{who, views}:
		c.asked[who.ID] = true
	default: // many readers wait: the next page asks again
	}
	return totals, known
}

// CountViews counts the views that pages ask for, one reader after the other,
// until ctx ends.
func (s *Service) CountViews(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case j := <-s.viewCounts.waiting:
			s.countViews(ctx, j)
		}
	}
}

func (s *Service) countViews(ctx context.Context, j viewJob) {
	ctx, cancel := context.WithTimeout(ctx, viewCountWait)
	defer cancel()
	c := s.viewCounts
	for _, v := range j.views {
		in := querylang.InEvents
		if v.Page == "issues" {
			in = querylang.InIssues
		}
		total, err := s.Total(ctx, j.who, v.Query, in, v.Over)
		c.mu.Lock()
		if len(c.known) >= maxViewCounts {
			clear(c.known)
		}
		c.known[viewKey{j.who.ID, v.ID, v.Version}] = viewCount{total, s.Clock(), err == nil}
		c.mu.Unlock()
	}
	c.mu.Lock()
	delete(c.asked, j.who.ID)
	c.mu.Unlock()
}

// Canonical writes a query as it can be kept: in its canonical form, where users
// are named by hash alone. Errors: invalid (query.*).
func (s *Service) Canonical(ctx context.Context, who errata.Actor, q string, in querylang.Place, over Range) (text string, err error) {
	action := errata.EventRead
	if in == querylang.InIssues {
		action = errata.IssueRead
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		r, err := s.reader(ctx, tx, who, action)
		if err != nil {
			return err
		}
		query, err := s.parse(ctx, tx, r, asked{q: q, in: in, over: over})
		text = query.Text
		return err
	})
	return text, err
}
