package find_test

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/querylang"
)

// agreed is an issue of the agreement test, with all that lists may ask of it.
type agreed struct {
	errata.Issue
	service string
	watched []string // who watches: accounts
	print   string
	events  []querylang.Record
	seenEnv map[string]span
	seenRel map[string]span
}

// span is when something was first and last seen, µs.
type span struct{ first, last int64 }

func (s span) widen(at int64) span {
	if s == (span{}) {
		return span{at, at}
	}
	return span{min(s.first, at), max(s.last, at)}
}

// world is what the model knows: it answers queries with loops over slices.
type world struct {
	now      time.Time
	issues   []agreed
	releases map[string]map[string]int64 // service → version → first seen, µs
}

// record is the issue's row as far as the language can match it.
func (a *agreed) record() *querylang.Record {
	r := &querylang.Record{Issue: a.ID, Severity: a.Severity}
	for _, f := range []struct{ key, value string }{
		{"code", a.Code},
		{"culprit", a.Culprit},
		{"fingerprint", a.print},
		{"first_release", a.FirstRelease},
		{"service", a.service},
		{"type", a.Type},
	} {
		if f.value != "" {
			r.Terms, r.Keys = append(r.Terms, f.key+"="+querylang.Fold(f.value)), append(r.Keys, f.key)
		}
	}
	return r
}

// row says whether the row of an issue satisfies a predicate.
func (w *world) row(x querylang.Expr, a *agreed) bool {
	switch x := x.(type) {
	case *querylang.And:
		return !slices.ContainsFunc(x.Kids, func(k querylang.Expr) bool { return !w.row(k, a) })
	case *querylang.Or:
		return slices.ContainsFunc(x.Kids, func(k querylang.Expr) bool { return w.row(k, a) })
	case *querylang.Not:
		return !w.row(x.Kid, a)
	case *querylang.Leaf:
		return slices.ContainsFunc(x.Values, func(v querylang.Value) bool { return w.holds(x.Key.Name, v, a) })
	}
	return true
}

// holds answers one value of a key of issues.
func (w *world) holds(key string, v querylang.Value, a *agreed) bool {
	switch key {
	case "is":
		return w.is(v.Text, a)
	case "assigned":
		return v.Kind == querylang.Present && a.AssigneeID != "" || v.Kind != querylang.Present && a.AssigneeID == v.Text
	case "watching":
		return v.Kind == querylang.Present && len(a.watched) > 0 ||
			v.Kind != querylang.Present && (v.Text == "" && len(a.watched) == 0 || slices.Contains(a.watched, v.Text))
	case "team":
		return asksTeam(v, teamOf[a.service])
	case "resolved_at":
		return false // none of them is
	}
	numbers := map[string]int64{
		"severity": int64(a.Severity), "first_seen": a.FirstSeen, "age": a.FirstSeen, "last_seen": a.LastSeen, "events": a.Events,
		"users": a.Users, "episodes": a.EpisodeSeq,
	}
	if n, ok := numbers[key]; ok {
		return (v.Lo == nil || n >= *v.Lo) && (v.Hi == nil || n < *v.Hi)
	}
	return querylang.Match(&querylang.Leaf{Key: querylang.Key{Name: key}, Values: []querylang.Value{v}}, a.record())
}

// teamOf is who answers for the services.
var teamOf = map[string]string{"payments": "t-pay", "web": "t-web"}

// asksTeam says whether a value of team: means a team, "" = none.
func asksTeam(v querylang.Value, team string) bool {
	switch {
	case v.Kind == querylang.Present:
		return team != ""
	case v.Kind == querylang.Wildcard:
		return querylang.Wild(team, v.Parts)
	case v.Text == "none":
		return team == ""
	case v.Text == "my_teams":
		return team == "t-web"
	}
	return team == v.Text
}

func (w *world) is(word string, a *agreed) bool {
	switch word {
	case "new":
		return a.Reason == errata.ReasonNew && a.FirstSeen > w.now.Add(-7*24*time.Hour).UnixMicro()
	case "regressed", "reopened":
		return string(a.Reason) == word
	case "assigned":
		return a.AssigneeID != ""
	case "unassigned":
		return a.AssigneeID == ""
	}
	return string(a.Status) == word
}

// lists returns the ids of the issues of a list, in no order.
func (w *world) lists(x querylang.Expr, r find.Range) (ids []string) {
	plan := querylang.Split(w.expand(x), querylang.InIssues)
	for i := range w.issues {
		a := &w.issues[i]
		active := a.LastSeen >= r.From.UnixMicro() && (r.To.Equal(w.now) || a.FirstSeen < r.To.UnixMicro())
		if active && w.satisfies(plan, a, r) {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

func (w *world) satisfies(p querylang.Plan, a *agreed, r find.Range) bool {
	switch p.Kind {
	case querylang.PlanSQL:
		return w.row(p.Expr, a)
	case querylang.PlanEvents:
		return w.some(p.Expr, a, r)
	case querylang.PlanAnd:
		return !slices.ContainsFunc(p.Kids, func(k querylang.Plan) bool { return !w.satisfies(k, a, r) })
	case querylang.PlanOr:
		return slices.ContainsFunc(p.Kids, func(k querylang.Plan) bool { return w.satisfies(k, a, r) })
	}
	return true
}

// some says whether an issue has an event of a group; of one environment or
// release, whether it was seen there around the range.
func (w *world) some(x querylang.Expr, a *agreed, r find.Range) bool {
	leaf, negated := x, false
	if not, ok := x.(*querylang.Not); ok {
		leaf, negated = not.Kid, true
	}
	from, to := r.From.UnixMicro(), r.To.UnixMicro()
	if l, ok := leaf.(*querylang.Leaf); ok && (l.Key.Name == "env" || l.Key.Name == "release" && !negated) {
		for name, s := range map[string]map[string]span{"env": a.seenEnv, "release": a.seenRel}[l.Key.Name] {
			one := &querylang.Record{Terms: []string{l.Key.Name + "=" + querylang.Fold(name)}, Keys: []string{l.Key.Name}}
			known := l.Key.Name == "release" || w.environmentIn(name, from-quarter, to)
			if known && querylang.Match(l, one) != negated && s.last >= from && (r.To.Equal(w.now) || s.first < to) {
				return true
			}
		}
		return false
	}
	return slices.ContainsFunc(a.events, func(e querylang.Record) bool { return e.Time >= from && e.Time < to && querylang.Match(x, &e) })
}

const quarter = int64(15 * time.Minute / time.Microsecond)

// environmentIn says whether an environment had events in a quarter of an hour
// that starts in the span.
func (w *world) environmentIn(name string, from, to int64) bool {
	return slices.ContainsFunc(w.issues, func(a agreed) bool {
		return slices.ContainsFunc(a.events, func(e querylang.Record) bool {
			at := e.Time - e.Time%quarter
			return e.Env == name && at >= from && at < to
		})
	})
}

// counts returns how many events in [from, to) a query over events has.
func (w *world) counts(x querylang.Expr, from, to int64) (n int64) {
	x = w.expand(x)
	for i := range w.issues {
		for j := range w.issues[i].events {
			if e := &w.issues[i].events[j]; e.Time >= from && e.Time < to && w.event(x, &w.issues[i], e) {
				n++
			}
		}
	}
	return n
}

// event answers the keys of issues from the issue, all others from the event.
func (w *world) event(x querylang.Expr, a *agreed, e *querylang.Record) bool {
	switch x := x.(type) {
	case *querylang.And:
		return !slices.ContainsFunc(x.Kids, func(k querylang.Expr) bool { return !w.event(k, a, e) })
	case *querylang.Or:
		return slices.ContainsFunc(x.Kids, func(k querylang.Expr) bool { return w.event(k, a, e) })
	case *querylang.Not:
		return !w.event(x.Kid, a, e)
	case *querylang.Leaf:
		if querylang.FieldOf(x.Key).Column == querylang.OfIssue {
			return w.row(x, a)
		}
	}
	return querylang.Match(x, e)
}

// expand replaces comparisons of releases by the releases that they name.
func (w *world) expand(x querylang.Expr) querylang.Expr {
	out, _ := querylang.Map(x, func(l *querylang.Leaf) (querylang.Expr, error) {
		if l.Key.Name != "release" || !slices.ContainsFunc(l.Values, querylang.Compared) {
			return l, nil
		}
		var kids []querylang.Expr
		for service, versions := range w.releases {
			here := &querylang.Leaf{Key: l.Key}
			for version := range versions {
				if slices.ContainsFunc(l.Values, func(v querylang.Value) bool { return named(v, version, versions) }) {
					here.Values = append(here.Values, querylang.Value{Kind: querylang.Equal, Text: querylang.Fold(version)})
				}
			}
			if len(here.Values) > 0 {
				kids = append(kids, querylang.All(&querylang.Leaf{
					Key: querylang.Key{Name: "service"}, OfEvent: true, Values: []querylang.Value{{Kind: querylang.Equal, Text: service}},
				}, here))
			}
		}
		if len(kids) == 0 {
			kids = append(kids, &querylang.Leaf{Key: l.Key})
		}
		return querylang.Any(kids...), nil
	})
	return out
}

// named says whether a value of release: names a version of a service.
func named(v querylang.Value, version string, versions map[string]int64) bool {
	switch {
	case querylang.Latest(v):
		for _, seen := range versions {
			if seen > versions[version] {
				return false
			}
		}
		return true
	case !querylang.Compared(v):
		return querylang.Match(&querylang.Leaf{Key: querylang.Key{Name: "release"}, Values: []querylang.Value{v}},
			&querylang.Record{Terms: []string{"release=" + querylang.Fold(version)}})
	}
	_, number := errata.ParseRelease(version)
	if number == nil {
		return false
	}
	is := func(literal string, signs ...int) bool {
		_, end := errata.ParseRelease(literal)
		return literal == "" || slices.Contains(signs, number.Compare(end))
	}
	switch v.Parts[0] {
	case ">":
		return is(v.Parts[1], 1)
	case ">=":
		return is(v.Parts[1], 0, 1)
	case "<":
		return is(v.Parts[1], -1)
	case "<=":
		return is(v.Parts[1], 0, -1)
	}
	return is(v.Parts[1], 0, 1) && is(v.Parts[2], 0, -1)
}

// sorted puts ids into the order of a list.
func (w *world) sorted(ids []string, order string) []string {
	by := map[string]*agreed{}
	for i := range w.issues {
		by[w.issues[i].ID] = &w.issues[i]
	}
	key := func(id string) []int64 {
		a := by[id]
		switch order {
		case "priority":
			rank := int64(3-a.Severity) * 2
			if a.Status == errata.Open {
				rank++
			}
			return []int64{rank, a.LastSeen}
		case "first_seen":
			return []int64{a.FirstSeen}
		case "events":
			return []int64{a.Events}
		case "users":
			return []int64{a.Users}
		}
		return []int64{a.LastSeen}
	}
	return slices.SortedFunc(slices.Values(ids), func(a, b string) int {
		return cmp.Or(slices.Compare(key(b), key(a)), strings.Compare(b, a))
	})
}
