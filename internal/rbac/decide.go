package rbac

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"errata/internal/errata"
)

// ReasonPermission tells a right that is missing from other refusals.
const ReasonPermission = "permission"

// Decide answers nil when the actor may do the action in the project, "" =
// the installation, or for an action of projects: in any of theirs.
// Errors: unauthenticated for nobody or a disabled account; forbidden (reason
// scope) for what the token does not name; not_found in a project that the
// actor cannot see; forbidden (reason permission) with action, role that is
// needed and who can grant it; unavailable when nothing can be decided.
func (p *Policy) Decide(who errata.Actor, what errata.Action, project string) error {
	g, err := p.decide(who, what, project)
	if err != nil || g == nil {
		return err
	}
	if project != "" && !p.sees(g, who, project) {
		return errata.E(errata.NotFound, "There is no such page.", nil)
	}
	return g.refusal(who, what, project)
}

// decide returns the generation that refuses, nil when none does.
func (p *Policy) decide(who errata.Actor, what errata.Action, project string) (*generation, error) {
	if !who.Active {
		return nil, errata.E(errata.Unauthenticated, "Sign in first.", nil)
	}
	if err := ofToken(who.Scopes, what, project); err != nil {
		return nil, err
	}
	if who.Kind == errata.ActorSystem {
		return nil, nil
	}
	g := p.now.Load()
	if g == nil {
		return nil, undecided(nil)
	}
	ok, err := p.ask(g, subjectOf(who), what, project)
	if err != nil {
		p.opt.Log.Error("decision failed", slog.String("action", string(what)), slog.Any("error", err))
		return nil, undecided(err)
	}
	if ok {
		return nil, nil
	}
	return g, nil
}

func undecided(cause error) error {
	return errata.E(errata.Unavailable, "Permissions cannot be checked at the moment.", cause)
}

// subjectOf is the name of an actor in the policy.
func subjectOf(who errata.Actor) string {
	if who.Kind == errata.ActorUser {
		return errata.Subject(who.ID)
	}
	return string(who.Kind) + ":" + who.ID
}

// ofToken refuses what the token does not name.
func ofToken(s *errata.TokenScopes, what errata.Action, project string) error {
	switch {
	case s == nil:
		return nil
	case slices.Contains(neverByToken, what):
		return errata.Because(errata.Forbidden, fmt.Sprintf("No token may do %s.", what), nil,
			errata.Detail{Reason: "scope", Message: "Do it in the browser."})
	case !slices.Contains(s.Actions, what):
		return errata.Because(errata.Forbidden, fmt.Sprintf("This token lacks the scope %s.", what), nil,
			errata.Detail{Reason: "scope", Message: "Make a token with this scope: web token create --scope " + string(what)})
	case !s.Allows(what, project):
		return errata.E(errata.NotFound, "There is no such page.", nil)
	}
	return nil
}

// ask answers from memory, or asks casbin.
func (p *Policy) ask(g *generation, sub string, what errata.Action, project string) (ok bool, err error) {
	q := question{g.number, sub, project, what}
	if ok, known := p.known.GetIfPresent(q); known {
		return ok, nil
	}
	if _, known := rights[what]; !known {
		return false, fmt.Errorf("rbac: no such action: %q", what)
	}
	for _, dom := range g.domainsOf(sub, what, project) {
		if ok, _, err = g.enforce(sub, what, dom); ok || err != nil {
			break
		}
	}
	if err != nil {
		return false, err
	}
	p.known.Set(q, ok)
	if g.answers.Load() > maxAnswers {
		p.renew(g)
	}
	return ok, nil
}

// sees says whether the actor may know of a project at all.
func (p *Policy) sees(g *generation, who errata.Actor, project string) bool {
	for _, what := range []errata.Action{errata.ProjectRead, errata.IssueRead} {
		if ok, err := p.ask(g, subjectOf(who), what, project); ok && err == nil {
			return true
		}
	}
	return false
}

// refusal is the answer to who lacks a right: what they need, and who can help.
func (g *generation) refusal(who errata.Actor, what errata.Action, project string) error {
	why := g.why(subjectOf(who), what, project)
	data := map[string]any{"action": string(what), "ask": g.helpers()}
	if project != "" {
		data["project"] = g.policy.Projects[project]
	}
	if role, ok := lowest(what); ok {
		data["role"] = string(role)
	}
	return errata.Because(errata.Forbidden, why, nil, errata.Detail{Reason: ReasonPermission, Message: why, Data: data})
}

// lowest returns the least role that holds an action.
func lowest(what errata.Action) (errata.Role, bool) {
	r := rights[what].Roles
	if len(r) == 0 {
		return "", false
	}
	return r[0], true
}

// why is one sentence or two: "Needs responder on checkout. Ask A. Rivera."
func (g *generation) why(sub string, what errata.Action, project string) string {
	role, _ := lowest(what)
	need := "Needs " + string(role) + " " + g.place(rights[what].Extent, project) + "."
	if g.denied(sub, what, project) {
		need = "Withdrawn " + g.place(OfProject, project) + " by a rule."
	}
	if ask := g.helpers(); len(ask) > 0 {
		return need + " Ask " + strings.Join(ask, " or ") + "."
	}
	return need
}

func (g *generation) place(e Extent, project string) string {
	switch {
	case e == OfInstallation:
		return "everywhere"
	case e == OfAnywhere || project == "":
		return "on some service"
	case g.policy.Projects[project] == "":
		return "on this service"
	}
	return "on " + g.policy.Projects[project]
}

// denied says whether a line that denies decided.
func (g *generation) denied(sub string, what errata.Action, project string) bool {
	for _, dom := range g.domainsOf(sub, what, project) {
		if _, line, err := g.enforce(sub, what, dom); err == nil && len(line) == 4 && line[3] == "deny" {
			return true
		}
	}
	return false
}

// maxHelpers is how many people a refusal names.
const maxHelpers = 2

// helpers names people who can grant roles.
func (g *generation) helpers() []string {
	out := []string{}
	for _, a := range g.policy.Admins[:min(maxHelpers, len(g.policy.Admins))] {
		out = append(out, a.Name)
	}
	return out
}

// Allowed is Decide for pages: whether, and if not, what is missing and who can
// help. Applies is left to the state of the thing.
func (p *Policy) Allowed(who errata.Actor, what errata.Action, project string) errata.Allowed {
	err := p.Decide(who, what, project)
	if err == nil {
		return errata.Allowed{OK: true}
	}
	return errata.Allowed{Why: errata.MessageOf(err)}
}
