package rbac

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/casbin/casbin/v2/log"
	casbin "github.com/casbin/casbin/v2/rbac"
)

// maxDepth is how many links lie at most between a subject and a role.
const maxDepth = 8

// link says that whoever stands before it has a role within a scope.
type link struct{ role, scope string }

// roles is a RoleManager whose links carry a scope. The one that comes with
// casbin compares every domain with every other when domains are patterns, and
// takes minutes over 10,000 grants.
type roles struct{ links map[string][]link }

var _ casbin.RoleManager = (*roles)(nil)

// within says whether the domain that is asked for lies in a scope. Whoever has
// a role everywhere has it for the installation too; whoever has it somewhere
// has it anywhere.
func within(dom, scope string) bool {
	return scope == everywhere || dom == anywhere || matches(dom, scope)
}

// matches cuts at the first slash and compares halves; * in the pattern stands
// for everything but the installation.
func matches(dom, pattern string) bool {
	d1, d2, ok1 := strings.Cut(dom, "/")
	p1, p2, ok2 := strings.Cut(pattern, "/")
	half := func(d, p string) bool { return d == p || p == "*" && d != "-" }
	return ok1 && ok2 && half(d1, p1) && half(d2, p2)
}

// AddLink ties a subject to a role within a scope.
func (r *roles) AddLink(sub, role string, scope ...string) error {
	if len(scope) != 1 || sub == "" || role == "" || strings.Count(scope[0], "/") != 1 {
		return fmt.Errorf("rbac: no link: %q, %q, %q", sub, role, scope)
	}
	if r.links == nil {
		r.links = map[string][]link{}
	}
	r.links[sub] = append(r.links[sub], link{role, scope[0]})
	return nil
}

// path returns the links from a subject to a role that hold in a domain, the
// shortest; nil when there is none.
func (r *roles) path(sub, role, dom string) []link {
	type step struct {
		at   string
		path []link
	}
	seen := map[string]bool{sub: true}
	for here := []step{{at: sub}}; len(here) > 0 && len(here[0].path) < maxDepth; {
		var next []step
		for _, s := range here {
			for _, l := range r.links[s.at] {
				if !within(dom, l.scope) || seen[l.role] {
					continue
				}
				path := append(slices.Clip(s.path), l)
				if l.role == role {
					return path
				}
				seen[l.role] = true
				next = append(next, step{l.role, path})
			}
		}
		here = next
	}
	return nil
}

// HasLink says whether a subject has a role in a domain, or is it.
func (r *roles) HasLink(sub, role string, dom ...string) (bool, error) {
	if len(dom) != 1 {
		return false, errNotUsed
	}
	return sub == role || r.path(sub, role, dom[0]) != nil, nil
}

// check refuses links that lead further than maxDepth or in a circle: a rule
// that denies would silently not be found.
func (r *roles) check() error {
	depth := map[string]int{}
	var walk func(sub string, left int) error
	walk = func(sub string, left int) error {
		if left < 0 {
			return fmt.Errorf("rbac: roles of %s are more than %d deep, or a circle", sub, maxDepth)
		}
		if depth[sub] > maxDepth-left { // seen from as far up
			return nil
		}
		depth[sub] = maxDepth - left + 1
		for _, l := range r.links[sub] {
			if err := walk(l.role, left-1); err != nil {
				return err
			}
		}
		return nil
	}
	for sub := range r.links {
		if err := walk(sub, maxDepth); err != nil {
			return err
		}
	}
	return nil
}

// scopes returns where a subject has any role, without doubles.
func (r *roles) scopes(sub string) (out []string) {
	for _, l := range r.links[sub] {
		if !slices.Contains(out, l.scope) {
			out = append(out, l.scope)
		}
	}
	return out
}

// errNotUsed is the answer of what enforcing does not need.
var errNotUsed = errors.New("rbac: not used")

// Clear forgets all links.
func (r *roles) Clear() error { r.links = nil; return nil }

// The rest of casbin's interface serves its management API, which is not used:
// a generation of the policy never changes.

// BuildRelationship is not used.
func (*roles) BuildRelationship(string, string, ...string) error { return errNotUsed }

// DeleteLink is not used.
func (*roles) DeleteLink(string, string, ...string) error { return errNotUsed }

// GetRoles is not used.
func (*roles) GetRoles(string, ...string) ([]string, error) { return nil, errNotUsed }

// GetUsers is not used.
func (*roles) GetUsers(string, ...string) ([]string, error) { return nil, errNotUsed }

// GetImplicitRoles is not used.
func (*roles) GetImplicitRoles(string, ...string) ([]string, error) { return nil, errNotUsed }

// GetImplicitUsers is not used.
func (*roles) GetImplicitUsers(string, ...string) ([]string, error) { return nil, errNotUsed }

// GetDomains is not used.
func (*roles) GetDomains(string) ([]string, error) { return nil, errNotUsed }

// GetAllDomains is not used.
func (*roles) GetAllDomains() ([]string, error) { return nil, errNotUsed }

// PrintRoles is not used.
func (*roles) PrintRoles() error { return nil }

// SetLogger is not used.
func (*roles) SetLogger(log.Logger) {}

// Match compares a domain with a pattern.
func (*roles) Match(dom, pattern string) bool { return matches(dom, pattern) }

// AddMatchingFunc is not used.
func (*roles) AddMatchingFunc(string, casbin.MatchingFunc) {}

// AddDomainMatchingFunc is not used.
func (*roles) AddDomainMatchingFunc(string, casbin.MatchingFunc) {}

// DeleteDomain is not used.
func (*roles) DeleteDomain(string) error { return errNotUsed }
