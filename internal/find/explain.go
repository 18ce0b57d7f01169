package find

import (
	"context"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/store"
)

// Asked is a query as typed, with where it stands and the range it is asked over.
type Asked struct {
	Q    string
	In   querylang.Place
	Over Range
}

// Way is how a query is answered.
type Way string

// The ways.
const (
	WayRows   Way = "rows"   // SQL alone
	WayEvents Way = "events" // the event engine alone
	WaySet    Way = "set"    // the engine names the issues, SQL filters and orders them
	WaySets   Way = "sets"   // sets of issues, joined with what SQL knows
	WayMatch  Way = "match"  // one event at a time, as it arrives
)

// Explanation says what was understood of a query and how it is answered.
// PerDay is what a day of the range costs, Limit what the whole range may.
type Explanation struct {
	Query               Query
	In                  querylang.Place
	Plan                querylang.Plan // of the canonical form: SQL parts and event groups
	Way                 Way
	PerDay, Days, Limit float64
}

// Explain parses, checks, binds and plans a query without asking for it.
// Errors: invalid (query.*, range).
func (s *Service) Explain(ctx context.Context, who errata.Actor, a Asked) (out Explanation, err error) {
	if !a.Over.Valid() {
		return out, refuseRange()
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		out = Explanation{In: a.In, Limit: querylang.DefaultBudget}
		switch a.In {
		case querylang.InIssues:
			return s.explainIssues(ctx, tx, who, a, &out)
		case querylang.InEvents:
			return s.explainEvents(ctx, tx, who, a, &out)
		case querylang.InRule, querylang.InFilter:
		}
		r, err := s.reader(ctx, tx, who, errata.IssueRead)
		if err != nil {
			return err
		}
		out.Way = WayMatch
		out.Query, err = s.parse(ctx, tx, r, asked{q: a.Q, in: a.In, over: a.Over})
		return err
	})
	if err != nil {
		return Explanation{}, err
	}
	out.Plan = querylang.Split(out.Query.Tree, a.In)
	out.PerDay, out.Days = querylang.Weight(out.Query.Tree, a.In), asked{over: a.Over}.days()
	return out, nil
}

func (s *Service) explainIssues(ctx context.Context, tx *store.Tx, who errata.Actor, a Asked, out *Explanation) error {
	l := listing{s: s, q: IssueQuery{Q: a.Q, Range: a.Over}, now: s.Clock()}
	err := l.check()
	if err == nil {
		err = l.prepare(ctx, tx, who)
	}
	out.Query, out.Way = l.page.Query, WaySets
	switch {
	case !l.asks():
		out.Way = WayRows
	case l.group != nil:
		out.Way = WaySet
	}
	return err
}

func (s *Service) explainEvents(ctx context.Context, tx *store.Tx, who errata.Actor, a Asked, out *Explanation) error {
	r, err := s.reader(ctx, tx, who, errata.EventRead)
	if err != nil {
		return err
	}
	asks, err := s.planEvents(ctx, tx, r, asked{q: a.Q, in: a.In, over: a.Over}, a.Over.whole(s.Clock()))
	out.Query, out.Way = asks.Query, WayEvents
	if querylang.Split(asks.Query.Bound, a.In).Has(querylang.PlanSQL) {
		out.Way = WaySets
	}
	return err
}
