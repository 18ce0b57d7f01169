package find

import (
	"context"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/store"
)

// EventsAsked is a query over events as the engine takes it: what it asks of
// issues has become sets of their ids, and the services it names the scope.
type EventsAsked struct {
	Query Query
	Group querylang.Expr // bound; nil: every event of the scope
	Scope search.Scope
	Range Range // with what clocks that are ahead have sent, when it ends now
	None  bool  // nothing can match: the engine need not be asked
}

// Request asks for the events: the caller adds size, cursors, totals and
// aggregations.
func (a EventsAsked) Request() search.Request {
	return search.Request{Scope: a.Scope, Query: a.Group, From: a.Range.From, To: a.Range.To}
}

// askEvents plans a query over the events of the projects in which the actor
// may read events. Pages and the API go through it. Errors: invalid (query.*,
// range).
func (s *Service) askEvents(ctx context.Context, who errata.Actor, q string, over Range) (out EventsAsked, err error) {
	return s.askEventsAs(ctx, who, errata.EventRead, asked{q: q, in: querylang.InEvents, over: over})
}

// askEventsAs is askEvents where the actor may do what, at a price, or as of a
// time, of its own.
func (s *Service) askEventsAs(ctx context.Context, who errata.Actor, what errata.Action, a asked) (out EventsAsked, err error) {
	if !a.over.Valid() {
		return out, refuseRange()
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		r, err := s.reader(ctx, tx, who, what)
		if err != nil {
			return err
		}
		out, err = s.planEvents(ctx, tx, r, a, a.over.whole(a.from(s.Clock())))
		out.Query.Notices = append(out.Query.Notices, r.gone(out.Scope.Projects, a.over, a.from(s.Clock()))...)
		return err
	})
	return out, err
}

// planEvents plans a query over events in a span, which may be wider than the
// range that was asked for. With among only these issues come into question.
func (s *Service) planEvents(ctx context.Context, tx *store.Tx, r reader, a asked, span Range, among ...string) (out EventsAsked, err error) {
	out.Range = span
	if out.Query, err = s.parse(ctx, tx, r, a); err != nil {
		return out, err
	}
	p := plan{filter: store.IssueFilter{Scope: store.Scope{Projects: r.ids()}}}
	rest := p.takeServices(r, out.Query.Bound)
	out.Scope = search.Scope{Projects: p.filter.Scope.Projects}
	sets := issueSets{tx: tx, r: r, filter: p.filter, cap: s.Engine.Caps().MaxIssueSet, now: a.from(s.Clock())}
	sets.filter.From, sets.filter.To = span.From.UnixMicro(), span.To.UnixMicro()
	if len(among) > 0 {
		sets.filter.IDs, sets.filter.OnlyIDs = among, true
		rest = querylang.All(issueLeaf(among...), rest)
	}
	x, err := sets.expr(ctx, querylang.Split(rest, querylang.InEvents))
	if err != nil {
		return out, err
	}
	out.Group = x
	out.None = x == nothing || len(out.Scope.Projects) == 0
	return out, nil
}

// nothing is the condition that no event satisfies.
var nothing querylang.Expr = &querylang.Or{}

// issueSets turns the parts of a plan that SQL answers into sets of issues.
type issueSets struct {
	tx     *store.Tx
	r      reader
	filter store.IssueFilter // scope and span
	cap    int               // how many issues the engine takes
	now    time.Time         // what is:new counts from
}

// expr returns what the engine is asked: nil for everything, nothing for
// nothing.
func (i issueSets) expr(ctx context.Context, p querylang.Plan) (querylang.Expr, error) {
	switch p.Kind {
	case querylang.PlanSQL:
		return i.set(ctx, p.Expr)
	case querylang.PlanEvents:
		return p.Expr, nil
	case querylang.PlanAnd, querylang.PlanOr:
		return i.kids(ctx, p)
	default:
		return nil, nil
	}
}

// kids joins the parts; one that decides alone leaves out the others.
func (i issueSets) kids(ctx context.Context, p querylang.Plan) (querylang.Expr, error) {
	deciding, idle := nothing, querylang.Expr(nil)
	if p.Kind == querylang.PlanOr {
		deciding, idle = nil, nothing
	}
	var out []querylang.Expr
	for _, k := range p.Kids {
		x, err := i.expr(ctx, k)
		switch {
		case err != nil:
			return nil, err
		case x == deciding:
			return deciding, nil
		case x != idle:
			out = append(out, x)
		}
	}
	switch {
	case len(out) == 0:
		return idle, nil
	case p.Kind == querylang.PlanOr:
		return querylang.Any(out...), nil
	default:
		return querylang.All(out...), nil
	}
}

// set returns the issues that satisfy a predicate as a condition on events:
// the issues themselves, or where the engine takes no set of that size all but
// the others. Errors: invalid with query.too_broad when neither fits.
func (i issueSets) set(ctx context.Context, predicate querylang.Expr) (querylang.Expr, error) {
	ids, err := i.ids(ctx, predicate)
	if err != nil || len(ids) <= i.cap {
		return issuesOrNothing(ids), err
	}
	others, err := i.ids(ctx, querylang.Negate(predicate))
	switch {
	case err != nil:
		return nil, err
	case len(others) == 0:
		return nil, nil
	case len(others) <= i.cap:
		return querylang.Negate(issueLeaf(others...)), nil
	}
	return nil, refuseBroad()
}

func issuesOrNothing(ids []string) querylang.Expr {
	if len(ids) == 0 {
		return nothing
	}
	return issueLeaf(ids...)
}

// ids reads the issues of a predicate that were active in the span, at most one
// more than the engine takes.
func (i issueSets) ids(ctx context.Context, predicate querylang.Expr) ([]string, error) {
	p := plan{filter: i.filter}
	rest := p.takeAll(i.r, predicate)
	var err error
	if p.filter.Where, err = store.WhereIssues(rest, i.now.UnixMicro()); err != nil {
		return nil, err
	}
	return i.tx.IssueIDs(ctx, p.filter, i.cap+1)
}

func refuseBroad() error {
	const sentence = "Too many issues match for a search in their events."
	return errata.Because(errata.Invalid, sentence, nil, errata.Detail{
		Reason: "query.too_broad", Field: "q", Message: sentence,
		Hint: "Add service: or shorten the range.",
	})
}
