package errata

import "strings"

// Role is a set of rights that people are granted on a service or everywhere.
type Role string

// The built-in roles, from the least to the most, the auditor apart.
const (
	RoleViewer     Role = "viewer"
	RoleResponder  Role = "responder"
	RoleMaintainer Role = "maintainer"
	RoleAdmin      Role = "admin"
	RoleAuditor    Role = "auditor"
)

// Roles lists the built-in roles.
var Roles = []Role{RoleViewer, RoleResponder, RoleMaintainer, RoleAdmin, RoleAuditor}

// PolicyLine is one line of the policy: "g" ties a subject to a role within a
// scope, "p" allows or denies a subject an action within a scope.
type PolicyLine struct{ Type, V0, V1, V2, V3 string }

// Grant is a role that an account holds: in one project, or everywhere ("").
type Grant struct {
	UserID  string
	Role    Role
	Project string
}

// Subject is the name of an account in the policy.
func Subject(userID string) string { return "user:" + userID }

// Line is the grant as the policy holds it.
func (g Grant) Line() PolicyLine {
	project := g.Project
	if project == "" {
		project = "*"
	}
	return PolicyLine{Type: "g", V0: Subject(g.UserID), V1: "role:" + string(g.Role), V2: project + "/*"}
}

// GrantOf reads a line back; ok is false for lines that grant no role to an
// account.
func GrantOf(l PolicyLine) (g Grant, ok bool) {
	user, isUser := strings.CutPrefix(l.V0, "user:")
	role, isRole := strings.CutPrefix(l.V1, "role:")
	project, all, ok := strings.Cut(l.V2, "/")
	if project == "*" {
		project = ""
	}
	return Grant{UserID: user, Role: Role(role), Project: project}, l.Type == "g" && isUser && isRole && ok && all == "*"
}

// Policy is what the database says about rights at one moment. Projects are
// slugs by id; Admins are those who may grant roles.
type Policy struct {
	Epoch    int64
	Lines    []PolicyLine
	Projects map[string]string
	Admins   []Person
}
