// Package find reads: it lists, counts and pages issues and events over SQL and
// the event engine together, with the rights of the reader. It is the only
// place that joins the two, so that a page, its API answer and its export show
// the same figures.
package find

import (
	"context"
	"log/slog"
	"time"

	"errata/internal/errata"
	"errata/internal/search"
	"errata/internal/store"
)

// Options are what the service is made of. UserSecret is the key of the hashes
// by which events of a user are found.
type Options struct {
	Store      *store.Store
	Engine     search.Engine
	Clock      errata.Clock
	Decide     errata.Decide
	Allowed    func(errata.Actor, errata.Action, string) errata.Allowed // Decide, with who can help; nil: Decide alone
	Views      *store.Views                                             // journal of who looked at which event; nil: none
	Log        *slog.Logger
	UserSecret []byte
}

// Service reads.
type Service struct {
	Options
	reach      reach
	responses  *responseCache
	weeks      *weekCache
	turns      *turns
	viewCounts *viewCounts
	topStep    int // how many issues are counted at first for the top ones
}

// New returns a service.
func New(o Options) *Service {
	return &Service{o, defaultReach, &responseCache{}, &weekCache{}, newTurns(), newViewCounts(), defaultTopStep}
}

// How long a list or a card of a page, and an answer that is nothing but a
// search, may wait for the engine.
const (
	cardWait   = 2 * time.Second
	searchWait = 3 * time.Second
)

// Range is [From, To) of event time.
type Range struct{ From, To time.Time }

// Valid says whether the range is not empty and not longer than ten years.
func (r Range) Valid() bool { return r.From.Before(r.To) && r.To.Sub(r.From) < 10*366*24*time.Hour }

// Before returns the equally long range just before.
func (r Range) Before() Range { return Range{r.From.Add(-r.To.Sub(r.From)), r.From} }

// ahead is how far in the future an event may lie: clocks of clients are off,
// and intake leaves them a minute.
const ahead = time.Minute + time.Second

// lag is how long before now a range may end and still mean now: its end was
// read off the clock when the question was asked.
const lag = time.Minute

// current says whether the range ends now.
func (r Range) current(now time.Time) bool { return r.To.After(now.Add(-lag)) }

// whole returns the range, and when it ends now with what clocks that are ahead
// have sent.
func (r Range) whole(now time.Time) Range {
	if r.current(now) {
		r.To = r.To.Add(ahead)
	}
	return r
}

// reader is who reads, with what they may see.
type reader struct {
	who      errata.Actor
	projects map[string]errata.Project // by id, visible ones
	bySlug   map[string]errata.Project
}

// reader reads the projects in which the actor may do the action.
func (s *Service) reader(ctx context.Context, tx *store.Tx, who errata.Actor, what errata.Action) (reader, error) {
	all, err := tx.Projects(ctx)
	r := reader{who: who, projects: map[string]errata.Project{}, bySlug: map[string]errata.Project{}}
	for _, p := range all {
		if s.Decide(who, what, p.ID) == nil {
			r.projects[p.ID], r.bySlug[p.Slug] = p, p
		}
	}
	return r, err
}

// scope is what the reader may see in the engine.
func (r reader) scope() search.Scope {
	out := search.Scope{}
	for id := range r.projects {
		out.Projects = append(out.Projects, id)
	}
	return out
}

// drop leaves out a project.
func (r reader) drop(p errata.Project) {
	delete(r.projects, p.ID)
	delete(r.bySlug, p.Slug)
}

func (r reader) ids() []string { return r.scope().Projects }

// only leaves the project of a slug.
func (r reader) only(slug string) {
	for _, p := range r.projects {
		if p.Slug != slug {
			r.drop(p)
		}
	}
}

// zone returns the reader's zone.
func zone(who errata.Actor) *time.Location {
	l, err := time.LoadLocation(who.Zone)
	if err != nil || who.Zone == "Local" { // the machine's zone is nobody's
		return time.UTC
	}
	return l
}

// notFound is the answer for what is absent and for what may not be seen.
func notFound(what string) error {
	return errata.E(errata.NotFound, "There is no such "+what+".", nil)
}
