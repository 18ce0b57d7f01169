package rbac

import (
	"slices"
	"strings"

	"errata/internal/errata"
)

// Explanation says why somebody may or may not do something.
type Explanation struct {
	OK     bool
	Why    string // one sentence
	Extent Extent
	// Line is the line of the policy that decided, as "p, role:responder,
	// issue:resolve, */*, allow"; "" when no line matches.
	Line string
	// Path leads from the subject to the role of the line, as "user:1",
	// "role:admin", "role:responder"; empty when the line names the subject.
	Path []string
	// Held are the roles that the subject holds where it was asked; Needs are
	// those that would do.
	Held, Needs []errata.Role
	// Ask are people who can grant a role.
	Ask []string
	// Undecided says that nothing could be decided, and everything is refused.
	Undecided bool
}

// Explain says what decides for an account (not a token) in a project, "" = the
// installation, or anywhere.
func (p *Policy) Explain(userID string, what errata.Action, project string) Explanation {
	g := p.now.Load()
	right, known := rights[what]
	out := Explanation{Extent: right.Extent, Needs: slices.Clone(right.Roles)}
	if g == nil || !known {
		out.Undecided, out.Why = true, "Permissions cannot be checked, so everything is refused."
		return out
	}
	sub := errata.Subject(userID)
	out.Ask = g.helpers()
	for _, dom := range g.domainsOf(sub, what, project) {
		for _, r := range errata.Roles {
			if !slices.Contains(out.Held, r) && g.links.path(sub, subject(r), dom) != nil {
				out.Held = append(out.Held, r)
			}
		}
		if out.OK {
			continue
		}
		ok, line, err := g.enforce(sub, what, dom)
		if err != nil {
			out.Undecided, out.Why = true, "Permissions cannot be checked, so everything is refused."
			return out
		}
		if len(line) == 4 {
			out.OK, out.Line, out.Path = ok, "p, "+strings.Join(line, ", "), g.way(sub, line[0], dom)
		}
	}
	out.Why = g.verdict(out, sub, what, project)
	return out
}

func (g *generation) way(sub, role, dom string) []string {
	if sub == role {
		return nil
	}
	out := []string{sub}
	for _, l := range g.links.path(sub, role, dom) {
		out = append(out, l.role)
	}
	return out
}

func (g *generation) verdict(e Explanation, sub string, what errata.Action, project string) string {
	if !e.OK {
		return g.why(sub, what, project)
	}
	if len(e.Path) > 1 {
		return "Allowed as " + strings.TrimPrefix(e.Path[1], "role:") + "."
	}
	return "Allowed by a line for this account."
}
