package find

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/store"
)

// episodes are those that a reader asks for.
type episodes struct {
	s          *Service
	reader     reader
	query      Query
	filter     store.EpisodeFilter
	conditions []querylang.Expr // on the episode itself
	words      bool             // conditions need more of it than its times
	personal   bool             // the query names somebody else
	targets    store.Targets
	known      map[likeness]bool // what holds said of episodes alike
}

// likeness is all that the conditions on an episode look at.
type likeness struct {
	project, env, release, code string
	worst                       errata.Severity
}

// episodes reads who asks for what.
func (s *Service) episodes(ctx context.Context, tx *store.Tx, who errata.Actor, a asked) (e episodes, err error) {
	e.s, a.in = s, querylang.InIssues
	if e.reader, err = s.reader(ctx, tx, who, errata.AnalyticsRead); err != nil {
		return e, err
	}
	for id, p := range e.reader.projects {
		if s.Decide(who, errata.IssueRead, id) != nil {
			e.reader.drop(p)
		}
	}
	if e.query, err = s.parse(ctx, tx, e.reader, a); err != nil {
		return e, err
	}
	if err = e.divide(a.from(s.Clock())); err != nil {
		return e, err
	}
	if e.personal {
		if err = e.mayTellPersons(); err != nil {
			return e, err
		}
	}
	e.targets, err = tx.Targets(ctx)
	return e, err
}

// ofEpisode are the keys that an episode answers, beside service.
var ofEpisode = []string{"severity", "env", "release", "code"}

// divide gives every condition to the episode or to its issue; now is what
// is:new counts from.
func (e *episodes) divide(now time.Time) error {
	p := plan{filter: store.IssueFilter{Scope: store.Scope{Projects: e.reader.ids()}}}
	var rows []querylang.Expr
	for _, kid := range conjuncts(e.query.Bound) {
		own, foreign := false, false
		var refused error
		querylang.Each(kid, func(l *querylang.Leaf) {
			switch {
			case slices.Contains(ofEpisode, l.Key.Name):
				own = true
			case l.Key.Name == "service":
			case querylang.FieldOf(l.Key).Column == querylang.OfEvent:
				refused = unsupported(l, "“"+keyWords(l)+"” is not known of episodes.")
			default:
				foreign = true
			}
			if own && foreign && refused == nil {
				refused = unsupported(l, "“"+keyWords(l)+"” cannot be joined by OR with what belongs to the episode.")
			}
			e.personal = e.personal || namesOthers(l, e.reader.who)
		})
		if refused != nil {
			return refused
		}
		l, negated := plainLeaf(kid)
		switch {
		case l != nil && l.Key.Name == "service":
			p.service(e.reader, l, negated)
		case foreign:
			rows = append(rows, kid)
		default:
			e.conditions = append(e.conditions, kid)
			querylang.Each(kid, func(l *querylang.Leaf) { e.words = e.words || l.Key.Name != "severity" && l.Key.Name != "service" })
		}
	}
	var err error
	e.filter.Scope = p.filter.Scope
	e.filter.Issue, err = store.WhereIssues(querylang.All(rows...), now.UnixMicro())
	return err
}

func keyWords(l *querylang.Leaf) string {
	if k := l.Key.String(); k != "" {
		return k
	}
	return "words"
}

// namesOthers says whether a condition is about another person.
func namesOthers(l *querylang.Leaf, who errata.Actor) bool {
	return l.Key.Name == "assigned" && slices.ContainsFunc(l.Values, func(v querylang.Value) bool {
		return v.Kind == querylang.Equal && v.Text != "" && v.Text != who.ID
	})
}

// mayTellPersons says whether the reader may see figures of single persons in
// every project that is asked for.
func (e *episodes) mayTellPersons() error {
	for _, id := range e.filter.Scope.Projects {
		if err := e.s.Decide(e.reader.who, errata.AnalyticsPerson, id); err != nil {
			return err
		}
	}
	return nil
}

// key tells what is selected: the text, what teams and releases in it mean at
// present, and of whom.
func (e *episodes) key() string {
	ids := slices.Sorted(slices.Values(e.filter.Scope.Projects))
	who := ""
	if strings.Contains(e.query.Text, "assigned") { // may mean the reader
		who = e.reader.who.ID
	}
	return fmt.Sprint(e.query.Text, "|", querylang.Print(e.query.Bound), "|", ids, "|", who, "|", e.targets)
}

// holds says whether an episode satisfies the conditions on itself.
func (e *episodes) holds(row *store.EpisodeRow) bool {
	if len(e.conditions) == 0 {
		return true
	}
	l := likeness{row.ProjectID, row.Environment, row.Release, row.Code, row.SeverityPeak}
	answer, ok := e.known[l]
	if !ok {
		r := l.record(e.reader.projects[l.project].Slug)
		answer = !slices.ContainsFunc(e.conditions, func(x querylang.Expr) bool { return !satisfied(x, &r, l.worst) })
		if e.known == nil {
			e.known = map[likeness]bool{}
		}
		e.known[l] = answer
	}
	return answer
}

// record is as much of an event as the conditions on an episode read.
func (l likeness) record(service string) (r querylang.Record) {
	for _, has := range []struct{ key, value string }{{"code", l.code}, {"env", l.env}, {"release", l.release}, {"service", service}} {
		if has.value != "" {
			r.Keys = append(r.Keys, has.key)
			r.Terms = append(r.Terms, has.key+"="+querylang.Fold(has.value))
		}
	}
	return r
}

func satisfied(x querylang.Expr, r *querylang.Record, worst errata.Severity) bool {
	one := func(k querylang.Expr) bool { return satisfied(k, r, worst) }
	switch x := x.(type) {
	case *querylang.And:
		return !slices.ContainsFunc(x.Kids, func(k querylang.Expr) bool { return !one(k) })
	case *querylang.Or:
		return slices.ContainsFunc(x.Kids, one)
	case *querylang.Not:
		return !one(x.Kid)
	case *querylang.Leaf:
		if x.Key.Name == "severity" {
			return inRanges(x.Values, int64(worst))
		}
	}
	return querylang.Match(x, r)
}
