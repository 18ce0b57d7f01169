package find

import (
	"slices"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/store"
)

// plan is a query over issues taken apart: what SQL knows of them, and what
// only events know. A group means: the issue has at least one event that
// satisfies all of it.
type plan struct {
	filter store.IssueFilter // scope, statuses, severities, and rows
	narrow bool              // filter selects by more than projects
	rows   querylang.Expr    // what SQL is asked beside the fields of the filter
	group  querylang.Expr    // the only group, joined by AND; nil = none
	mixed  querylang.Plan    // groups that OR joins with predicates; the zero plan = none
}

// newPlan gives each part of a divided query to who answers it.
func newPlan(r reader, tree querylang.Plan, now time.Time) (plan, error) {
	p := plan{filter: store.IssueFilter{Scope: store.Scope{Projects: r.ids()}}}
	kids := tree.Kids
	if tree.Kind != querylang.PlanAnd {
		kids = []querylang.Plan{tree}
	}
	var rows querylang.Expr
	var mixed []querylang.Plan
	for _, k := range kids {
		switch k.Kind {
		case querylang.PlanSQL:
			rows = querylang.All(rows, k.Expr)
		case querylang.PlanEvents:
			p.group = k.Expr
		case querylang.PlanAnd, querylang.PlanOr:
			mixed = append(mixed, k)
		case querylang.PlanAll:
		}
	}
	if len(mixed) > 0 && p.group != nil {
		mixed = append(mixed, querylang.Plan{Kind: querylang.PlanEvents, Expr: p.group})
	}
	if len(mixed) > 0 {
		p.group, p.mixed = nil, querylang.Plan{Kind: querylang.PlanAnd, Kids: mixed}
	}
	p.rows = p.takeAll(r, rows)
	p.narrow = p.narrow || p.rows != nil
	var err error
	p.filter.Where, err = store.WhereIssues(p.rows, now.UnixMicro())
	return p, err
}

// groups returns the event groups of a plan.
func groups(p querylang.Plan) (out []querylang.Expr) {
	if p.Kind == querylang.PlanEvents {
		out = append(out, p.Expr)
	}
	for _, k := range p.Kids {
		out = append(out, groups(k)...)
	}
	return out
}

// compose returns a plan as one predicate, with each group, in the order of
// groups, replaced by what stands for it.
func compose(p querylang.Plan, instead []querylang.Expr) querylang.Expr {
	next := 0
	var build func(p querylang.Plan) querylang.Expr
	build = func(p querylang.Plan) querylang.Expr {
		switch p.Kind {
		case querylang.PlanSQL:
			return p.Expr
		case querylang.PlanEvents:
			next++
			return instead[next-1]
		case querylang.PlanAll:
			return nil
		case querylang.PlanAnd, querylang.PlanOr:
		}
		kids := make([]querylang.Expr, len(p.Kids))
		for i, k := range p.Kids {
			kids[i] = build(k)
		}
		if p.Kind == querylang.PlanOr {
			return querylang.Any(kids...)
		}
		return querylang.All(kids...)
	}
	return build(p)
}

// conjuncts returns what a query joins by AND at its top.
func conjuncts(x querylang.Expr) []querylang.Expr {
	switch x := x.(type) {
	case nil:
		return nil
	case *querylang.And:
		return x.Kids
	}
	return []querylang.Expr{x}
}

// plainLeaf returns the leaf that x is, perhaps under NOT; nil for the rest.
func plainLeaf(x querylang.Expr) (l *querylang.Leaf, negated bool) {
	if not, ok := x.(*querylang.Not); ok {
		negated, x = true, not.Kid
	}
	l, _ = x.(*querylang.Leaf)
	return l, negated
}

func unsupported(l *querylang.Leaf, message string) error {
	return errata.Because(errata.Invalid, message, nil, errata.Detail{
		Reason: search.ReasonQuery, Field: "q",
		Start: l.Start, End: l.End, Message: message,
	})
}

// takeAll moves services, severities and statuses, for which the indexes of
// issues are made, into fields of the filter, and returns the rest.
func (p *plan) takeAll(r reader, rows querylang.Expr) querylang.Expr {
	var rest []querylang.Expr
	for _, kid := range conjuncts(rows) {
		l, negated := plainLeaf(kid)
		switch {
		case l != nil && l.Key.Name == "service":
			p.service(r, l, negated)
		case l != nil && l.Key.Name == "severity":
			p.severity(l, negated)
		case l != nil && l.Key.Name == "is" && statusesOnly(l):
			p.status(l, negated)
		default:
			rest = append(rest, kid)
		}
	}
	return querylang.All(rest...)
}

// takeServices narrows the scope by the services that a group asks for, and
// returns the rest.
func (p *plan) takeServices(r reader, group querylang.Expr) querylang.Expr {
	var rest []querylang.Expr
	for _, kid := range conjuncts(group) {
		if l, negated := plainLeaf(kid); l != nil && l.Key.Name == "service" {
			p.service(r, l, negated)
		} else {
			rest = append(rest, kid)
		}
	}
	return querylang.All(rest...)
}

func (p *plan) service(r reader, l *querylang.Leaf, negated bool) {
	p.filter.Scope.Projects = slices.DeleteFunc(p.filter.Scope.Projects, func(id string) bool {
		return querylang.Match(l, &querylang.Record{
			Service: r.projects[id].Slug,
			Terms:   []string{"service=" + querylang.Fold(r.projects[id].Slug)},
		}) == negated
	})
}

func (p *plan) severity(l *querylang.Leaf, negated bool) {
	in := keep(errata.Severities, negated, func(s errata.Severity) bool { return inRanges(l.Values, int64(s)) })
	p.filter.Severities, p.narrow = intersect(p.filter.Severities, in), true
	if len(p.filter.Severities) == 0 {
		p.nothing()
	}
}

var everyStatus = []errata.Status{errata.Open, errata.Acknowledged, errata.Resolved, errata.Ignored}

// statusesOnly says whether is: asks for nothing but statuses; it knows reasons
// too.
func statusesOnly(l *querylang.Leaf) bool {
	return !slices.ContainsFunc(l.Values, func(v querylang.Value) bool { return !slices.Contains(everyStatus, errata.Status(v.Text)) })
}

func (p *plan) status(l *querylang.Leaf, negated bool) {
	in := keep(everyStatus, negated, func(s errata.Status) bool {
		return slices.ContainsFunc(l.Values, func(v querylang.Value) bool { return v.Text == string(s) })
	})
	p.filter.Statuses, p.narrow = intersect(p.filter.Statuses, in), true
	if len(p.filter.Statuses) == 0 {
		p.nothing()
	}
}

// nothing makes the filter select no issue: an empty list would not filter.
func (p *plan) nothing() { p.filter.Scope = store.Scope{} }

// keep returns the values that are in, or when negated those that are not.
func keep[T comparable](from []T, negated bool, in func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(from), func(v T) bool { return in(v) == negated })
}

// intersect of a list that, when nil, holds everything.
func intersect[T comparable](have, with []T) []T {
	if have == nil {
		return with
	}
	return slices.DeleteFunc(slices.Clone(have), func(v T) bool { return !slices.Contains(with, v) })
}

func inRanges(vs []querylang.Value, n int64) bool {
	return slices.ContainsFunc(vs, func(v querylang.Value) bool { return (v.Lo == nil || n >= *v.Lo) && (v.Hi == nil || n < *v.Hi) })
}
