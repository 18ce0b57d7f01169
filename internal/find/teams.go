package find

import (
	"context"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/store"
)

// teams are those that a reader knows of: their own, and all of them with the
// right to read who else there is. A service of another team is one of no team
// to them.
type teams struct {
	all []errata.Team       // by their short names
	ofs map[string]teamSeen // by id; nil: not read
}

type teamSeen struct {
	slug string
	own  bool
}

// teams reads what the actor knows of teams.
func (s *Service) teams(ctx context.Context, tx *store.Tx, who errata.Actor) (t teams, err error) {
	own, err := tx.TeamsOf(ctx, who.ID)
	if err != nil {
		return t, err
	}
	t.all, t.ofs = own, map[string]teamSeen{}
	if s.Decide(who, errata.UserRead, "") == nil {
		if t.all, err = tx.Teams(ctx); err != nil {
			return t, err
		}
	}
	for _, one := range t.all {
		t.ofs[one.ID] = teamSeen{one.Slug, slices.Contains(own, one)}
	}
	return t, nil
}

// names are the short names, for Bind.
func (t teams) names() map[string]bool {
	out := map[string]bool{}
	for _, one := range t.all {
		out[one.Slug] = true
	}
	return out
}

// slugOf is how a query names the team of a service.
func (t teams) slugOf(p errata.Project) string {
	if seen, ok := t.ofs[p.TeamID]; ok {
		return seen.slug
	}
	return querylang.NoTeam
}

// holds says whether a service satisfies a value of team:.
func (t teams) holds(v querylang.Value, p errata.Project) bool {
	seen, known := t.ofs[p.TeamID]
	switch {
	case v.Kind == querylang.Present:
		return known
	case v.Kind == querylang.Wildcard:
		return known && querylang.Wild(seen.slug, v.Parts)
	case v.Text == querylang.NoTeam:
		return !known
	case v.Text == querylang.MyTeams:
		return seen.own
	}
	return known && seen.slug == v.Text
}

// expand replaces what a bound query asks of teams by the services of theirs
// that the reader sees, which lists, events and episodes all understand.
func (t teams) expand(r reader, bound querylang.Expr) (querylang.Expr, error) {
	if t.ofs == nil { // the query asks nothing of teams
		return bound, nil
	}
	return querylang.Map(bound, func(l *querylang.Leaf) (querylang.Expr, error) {
		if l.Key.Name != "team" {
			return l, nil
		}
		out := &querylang.Leaf{Key: querylang.Key{Name: "service"}, Start: l.Start, End: l.End} // without values it is true of nothing
		for _, p := range r.projects {
			if slices.ContainsFunc(l.Values, func(v querylang.Value) bool { return t.holds(v, p) }) {
				out.Values = append(out.Values, querylang.Value{Kind: querylang.Equal, Raw: p.Slug, Text: querylang.Fold(p.Slug)})
			}
		}
		slices.SortFunc(out.Values, func(a, b querylang.Value) int { return strings.Compare(a.Text, b.Text) })
		return out, nil
	})
}

// meant says whether each value of a condition on teams means one that the
// reader knows of.
func (t teams) meant(l *querylang.Leaf) bool {
	for _, v := range l.Values {
		general := v.Kind == querylang.Present || v.Kind == querylang.Equal && (v.Text == querylang.NoTeam || v.Text == querylang.MyTeams)
		if !general && !slices.ContainsFunc(t.all, func(one errata.Team) bool { return t.holds(v, errata.Project{TeamID: one.ID}) }) {
			return false
		}
	}
	return true
}
