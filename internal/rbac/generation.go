package rbac

import (
	_ "embed" // the model
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"

	"errata/internal/errata"
)

//go:embed model.conf
var modelText string

// maxAnswers is how many decisions casbin is asked for before a generation is
// made anew: its memory of links has no bound.
const maxAnswers = 20_000

// generation is the policy of one moment. It is built once and never changed,
// so that nobody waits for a lock and nobody sees half a change.
//
// Only the lines of an action can match a request for it, so there is one
// enforcer per action over the same links: a decision looks at five lines
// instead of all.
type generation struct {
	number  int64
	policy  errata.Policy
	links   *roles
	byWhat  map[errata.Action]*casbin.Enforcer
	answers atomic.Int64
}

// generations counts them.
var generations atomic.Int64

// newGeneration builds the enforcers of a policy. A line that cannot be read
// makes the whole policy invalid: one that denies must not be passed over.
func newGeneration(p errata.Policy) (*generation, error) {
	g := &generation{number: generations.Add(1), policy: p, links: &roles{}, byWhat: map[errata.Action]*casbin.Enforcer{}}
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, err
	}
	byWhat := map[errata.Action]*adapter{}
	for a := range rights {
		byWhat[a] = &adapter{}
	}
	for _, l := range append(builtin(), p.Lines...) {
		if err := g.read(l, byWhat); err != nil {
			return nil, err
		}
	}
	if err := g.links.check(); err != nil {
		return nil, err
	}
	for a, lines := range byWhat {
		if g.byWhat[a], err = newEnforcer(m, lines, g.links); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (g *generation) read(l errata.PolicyLine, byWhat map[errata.Action]*adapter) error {
	switch {
	case l.Type == "g" && l.V3 == "":
		return g.links.AddLink(l.V0, l.V1, l.V2)
	case l.Type == "p" && l.V0 != "" && strings.Count(l.V2, "/") == 1 && slices.Contains([]string{"allow", "deny"}, l.V3):
		if a := byWhat[errata.Action(l.V1)]; a != nil { // else of another version of the program
			a.lines = append(a.lines, []string{"p", l.V0, l.V1, l.V2, l.V3})
		}
		return nil
	}
	return fmt.Errorf("rbac: no line of a policy: %q", l)
}

func newEnforcer(m model.Model, lines *adapter, links *roles) (*casbin.Enforcer, error) {
	e, err := casbin.NewEnforcer(m.Copy(), false)
	if err != nil {
		return nil, err
	}
	e.EnableAutoSave(false)
	e.EnableAutoBuildRoleLinks(false) // links are shared and built already
	e.AddFunction("scope", func(args ...any) (any, error) {
		dom, ok1 := args[0].(string)
		pattern, ok2 := args[1].(string)
		return ok1 && ok2 && matches(dom, pattern), nil
	})
	e.SetAdapter(lines)
	if err := e.LoadPolicy(); err != nil {
		return nil, err
	}
	e.GetModel()["g"]["g"].RM = links
	return e, nil
}

// enforce asks casbin, and says which line decided.
func (g *generation) enforce(sub string, what errata.Action, dom string) (bool, []string, error) {
	e := g.byWhat[what]
	if e == nil {
		return false, nil, fmt.Errorf("rbac: no such action: %q", what)
	}
	g.answers.Add(1)
	return e.EnforceEx(sub, string(what), dom)
}

// domainsOf returns what an action is asked for. An action of projects that is
// asked for none is held by whoever holds it in one of theirs.
func (g *generation) domainsOf(sub string, what errata.Action, project string) []string {
	switch rights[what].Extent {
	case OfInstallation:
		return []string{installation}
	case OfAnywhere:
		return []string{anywhere}
	case OfProject:
	}
	if project == "" {
		return g.links.scopes(sub)
	}
	return []string{project + "/*"}
}
