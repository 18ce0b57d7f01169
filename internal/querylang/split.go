package querylang

import "slices"

// PlanKind says who answers a Plan.
type PlanKind uint8

// The kinds of plans.
const (
	PlanAll    PlanKind = iota // no condition
	PlanSQL                    // Expr, over the issue's row
	PlanEvents                 // Expr, over one event: in an issue list, over any event of the issue
	PlanAnd                    // all of Kids
	PlanOr                     // any of Kids
)

// Plan is a query divided between SQL and the engine. Expr is in negation
// normal form: Not stands only above leaves.
type Plan struct {
	Kind PlanKind
	Expr Expr
	Kids []Plan
}

// Split divides x. At every AND and OR the parts that only the engine can
// answer become one group, so that release:4.13.0 os:iOS asks for one event
// with both; what SQL can answer becomes one predicate. A key that both know
// belongs to SQL in an issue list and to the engine elsewhere.
func Split(x Expr, in Place) Plan {
	return split(normal(x, false), in)
}

// Parts returns the conditions of a plan that joins at most one predicate and
// one group by AND; ok is false for anything else.
func (p Plan) Parts() (sql, events Expr, ok bool) {
	switch p.Kind {
	case PlanAll:
		return nil, nil, true
	case PlanSQL:
		return p.Expr, nil, true
	case PlanEvents:
		return nil, p.Expr, true
	case PlanAnd:
		for _, k := range p.Kids {
			switch k.Kind {
			case PlanSQL:
				sql = k.Expr
			case PlanEvents:
				events = k.Expr
			default:
				return nil, nil, false
			}
		}
		return sql, events, true
	default:
		return nil, nil, false
	}
}

func split(x Expr, in Place) Plan {
	switch x := x.(type) {
	case *And:
		return gather(PlanAnd, x.Kids, in, func(kids []Expr) Expr { return conjunction(kids) })
	case *Or:
		return gather(PlanOr, x.Kids, in, func(kids []Expr) Expr { return disjunction(kids) })
	case *Not, *Leaf:
		if sideOf(x, in) {
			return Plan{Kind: PlanSQL, Expr: x}
		}
		return Plan{Kind: PlanEvents, Expr: x}
	}
	return Plan{}
}

// sideOf says whether a leaf, or a negated one, belongs to SQL.
func sideOf(x Expr, in Place) bool {
	if n, ok := x.(*Not); ok {
		x = n.Kid
	}
	l := x.(*Leaf)
	switch FieldOf(l.Key).Column {
	case OfIssue:
		return true
	case OfBoth:
		return in == InIssues && !l.OfEvent
	default:
		return false
	}
}

// gather splits the kids of one node and joins those of one side.
func gather(kind PlanKind, kids []Expr, in Place, join func([]Expr) Expr) Plan {
	var sql, events []Expr
	var mixed []Plan
	for _, k := range kids {
		switch p := split(k, in); p.Kind {
		case PlanSQL:
			sql = append(sql, p.Expr)
		case PlanEvents:
			events = append(events, p.Expr)
		default:
			mixed = append(mixed, p)
		}
	}
	var out []Plan
	if len(sql) > 0 {
		out = append(out, Plan{Kind: PlanSQL, Expr: join(sql)})
	}
	if len(events) > 0 {
		out = append(out, Plan{Kind: PlanEvents, Expr: join(events)})
	}
	out = append(out, mixed...)
	if len(out) == 1 {
		return out[0]
	}
	return Plan{Kind: kind, Kids: out}
}

// normal pushes negations down to the leaves.
func normal(x Expr, negative bool) Expr {
	switch x := x.(type) {
	case *Not:
		return normal(x.Kid, !negative)
	case *And:
		kids := normals(x.Kids, negative)
		if negative {
			return disjunction(kids)
		}
		return conjunction(kids)
	case *Or:
		kids := normals(x.Kids, negative)
		if negative {
			return conjunction(kids)
		}
		return disjunction(kids)
	case *Leaf:
		if negative {
			return &Not{x}
		}
	}
	return x
}

func normals(kids []Expr, negative bool) []Expr {
	out := make([]Expr, len(kids))
	for i, k := range kids {
		out[i] = normal(k, negative)
	}
	return out
}

// Has says whether a plan has a part of the kind.
func (p Plan) Has(kind PlanKind) bool {
	return p.Kind == kind || slices.ContainsFunc(p.Kids, func(k Plan) bool { return k.Has(kind) })
}
