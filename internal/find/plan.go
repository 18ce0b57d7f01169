package find

import (
	"slices"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/store"
)

// plan is a query taken apart: what SQL knows of issues, and what only events
// know. A group means: the issue has at least one event that satisfies all of it.
type plan struct {
	filter store.IssueFilter // scope, statuses, severities
	narrow bool              // filter selects by more than projects
	group  querylang.Expr    // nil = none
}

// newPlan splits a bound query. SQL keys stand alone or under NOT; mixed with
// others under OR they cannot be answered yet.
func newPlan(r reader, bound querylang.Expr) (plan, error) {
	p := plan{filter: store.IssueFilter{Scope: store.Scope{Projects: r.ids()}}}
	var group []querylang.Expr
	for _, kid := range conjuncts(bound) {
		leaf, negated := plainLeaf(kid)
		if leaf == nil || !issueKeys[leaf.Key.Name] {
			if l := mixed(kid); l != nil {
				return p, unsupported(l, "“"+l.Key.String()+"” cannot be combined with other fields by OR yet.")
			}
			group = append(group, kid)
			continue
		}
		if err := p.narrowBy(r, leaf, negated); err != nil {
			return p, err
		}
	}
	p.group = all(group)
	return p, nil
}

// issueKeys are the keys that SQL answers for whole issues.
var issueKeys = map[string]bool{"severity": true, "is": true, "service": true}

func conjuncts(x querylang.Expr) []querylang.Expr {
	switch x := x.(type) {
	case nil:
		return nil
	case *querylang.And:
		return x.Kids
	}
	return []querylang.Expr{x}
}

func all(kids []querylang.Expr) querylang.Expr {
	switch len(kids) {
	case 0:
		return nil
	case 1:
		return kids[0]
	}
	return &querylang.And{Kids: kids}
}

func plainLeaf(x querylang.Expr) (l *querylang.Leaf, negated bool) {
	if not, ok := x.(*querylang.Not); ok {
		negated, x = true, not.Kid
	}
	l, _ = x.(*querylang.Leaf)
	return l, negated
}

// mixed returns a leaf inside x that only SQL can answer.
func mixed(x querylang.Expr) *querylang.Leaf {
	switch x := x.(type) {
	case *querylang.And:
		return firstMixed(x.Kids)
	case *querylang.Or:
		return firstMixed(x.Kids)
	case *querylang.Not:
		return mixed(x.Kid)
	case *querylang.Leaf:
		if x.Key.Name == "severity" || x.Key.Name == "is" {
			return x
		}
	}
	return nil
}

func firstMixed(kids []querylang.Expr) *querylang.Leaf {
	for _, k := range kids {
		if l := mixed(k); l != nil {
			return l
		}
	}
	return nil
}

func unsupported(l *querylang.Leaf, message string) error {
	return errata.Because(errata.Invalid, message, nil, errata.Detail{Reason: search.ReasonQuery, Field: "q",
		Start: l.Start, End: l.End, Message: message})
}

func (p *plan) narrowBy(r reader, l *querylang.Leaf, negated bool) error {
	switch l.Key.Name {
	case "severity":
		in := keep(errata.Severities, negated, func(s errata.Severity) bool { return inRanges(l.Values, int64(s)) })
		p.filter.Severities = intersect(p.filter.Severities, in)
		p.narrow = true
		if len(p.filter.Severities) == 0 {
			p.filter.Scope = store.Scope{}
		}
	case "service":
		p.filter.Scope.Projects = slices.DeleteFunc(p.filter.Scope.Projects, func(id string) bool {
			rec := querylang.Record{Service: r.projects[id].Slug}
			return querylang.Match(&querylang.Leaf{Key: l.Key, Values: l.Values}, &rec) == negated
		})
	case "is":
		return p.status(l, negated)
	}
	return nil
}

var everyStatus = []errata.Status{errata.Open, errata.Acknowledged, errata.Resolved, errata.Ignored}

// statusWords are the values of is: that exist so far.
var statusWords = map[string][]errata.Status{
	"open": {errata.Open}, "acknowledged": {errata.Acknowledged}, "resolved": {errata.Resolved}, "ignored": {errata.Ignored},
	"unresolved": {errata.Open, errata.Acknowledged},
}

func (p *plan) status(l *querylang.Leaf, negated bool) error {
	var in []errata.Status
	for _, v := range l.Values {
		s, ok := statusWords[v.Text]
		if !ok {
			return unsupported(l, "“is:"+clip(v.Raw)+"” cannot be answered yet.")
		}
		in = append(in, s...)
	}
	in = keep(everyStatus, negated, func(s errata.Status) bool { return slices.Contains(in, s) })
	p.filter.Statuses = intersect(p.filter.Statuses, in)
	p.narrow = true
	if len(p.filter.Statuses) == 0 {
		p.filter.Scope = store.Scope{}
	}
	return nil
}

func clip(s string) string {
	if r := []rune(s); len(r) > 100 {
		return string(r[:100])
	}
	return s
}

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
	for _, v := range vs {
		if (v.Lo == nil || n >= *v.Lo) && (v.Hi == nil || n < *v.Hi) {
			return true
		}
	}
	return false
}

// onlyEnvironments returns the values of a group that is nothing but one
// env:… of plain values.
func onlyEnvironments(group querylang.Expr) ([]string, bool) {
	l, ok := group.(*querylang.Leaf)
	if !ok || l.Key.Name != "env" {
		return nil, false
	}
	var out []string
	for _, v := range l.Values {
		if v.Kind != querylang.Equal {
			return nil, false
		}
		out = append(out, v.Text)
	}
	return out, len(out) > 0
}

// onlyWords returns the phrases of a group that is nothing but words.
func onlyWords(group querylang.Expr) (phrases [][]string, ok bool) {
	for _, kid := range conjuncts(group) {
		l, isLeaf := kid.(*querylang.Leaf)
		if !isLeaf || l.Key.Name != "" || len(l.Values) != 1 || len(l.Values[0].Tokens) == 0 {
			return nil, false
		}
		phrases = append(phrases, l.Values[0].Tokens)
	}
	return phrases, len(phrases) > 0
}
