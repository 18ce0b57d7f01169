package rbac

import (
	"slices"

	"errata/internal/errata"
)

// Extent says for what an action is asked.
type Extent string

// The extents. An action of a project is asked for one of them; one of anywhere
// is held by whoever has the role on any service.
const (
	OfProject      Extent = "project"
	OfAnywhere     Extent = "anywhere"
	OfInstallation Extent = "installation"
)

// Right is one row of the matrix of built-in roles.
type Right struct {
	Action errata.Action
	Extent Extent
	Roles  []errata.Role // in the order of errata.Roles
}

// Has says whether a role holds the right.
func (r Right) Has(role errata.Role) bool { return slices.Contains(r.Roles, role) }

// order is what the letters of the table below stand for.
var order = map[byte]errata.Role{
	'V': errata.RoleViewer, 'R': errata.RoleResponder, 'M': errata.RoleMaintainer, 'A': errata.RoleAdmin, 'U': errata.RoleAuditor,
}

// table lists who holds what. It stands in the program and not in the database,
// so that the actions of a new version reach the roles of old installations.
var table = []struct {
	roles   string
	extent  Extent
	actions []errata.Action
}{
	{"VRMAU", OfProject, []errata.Action{errata.IssueRead, errata.EventRead, errata.ProjectRead, errata.AnalyticsRead, errata.ReportRead}},
	{"VRMAU", OfAnywhere, []errata.Action{errata.UserRead, errata.TokenOwn, errata.ViewSave}},
	{"VRMA", OfProject, []errata.Action{errata.IssueComment, errata.IssueWatch}},
	{"RMA", OfProject, []errata.Action{
		errata.IssueAck, errata.IssueAssignSelf, errata.IssueAssign, errata.IssueResolve, errata.IssueReopen, errata.IssueIgnore,
		errata.IssueSeverity, errata.EventReadPII,
	}},
	{"RMA", OfAnywhere, []errata.Action{errata.ViewShare}},
	{"RMAU", OfProject, []errata.Action{errata.IssueExport}},
	{"MA", OfProject, []errata.Action{errata.EventExport, errata.KeyRead, errata.KeyWrite, errata.AnalyticsPerson}},
	{"MA", OfAnywhere, []errata.Action{errata.ProjectCreate}},
	{"MAU", OfProject, []errata.Action{errata.AuditRead}},
	{"MAU", OfAnywhere, []errata.Action{errata.SystemRead}},
	{"A", OfInstallation, []errata.Action{errata.UserManage, errata.TeamManage, errata.TokenManage}},
	{"AU", OfInstallation, []errata.Action{errata.RoleRead, errata.AuditVerify}},
}

// inherits says which role holds all that another does. The auditor stands
// apart: reading everything includes changing nothing.
var inherits = map[errata.Role]errata.Role{
	errata.RoleResponder: errata.RoleViewer, errata.RoleMaintainer: errata.RoleResponder, errata.RoleAdmin: errata.RoleMaintainer,
}

// neverByToken are actions that need a person in a browser: a token that leaks
// must not be able to make itself immortal.
var neverByToken = []errata.Action{errata.UserManage, errata.TeamManage, errata.TokenManage}

// rights is the table by action.
var rights = func() map[errata.Action]Right {
	out := map[errata.Action]Right{}
	for _, row := range table {
		var roles []errata.Role
		for i := range row.roles {
			roles = append(roles, order[row.roles[i]])
		}
		for _, a := range row.actions {
			out[a] = Right{Action: a, Extent: row.extent, Roles: roles}
		}
	}
	return out
}()

// Matrix returns the rights of the built-in roles in the order of
// errata.Actions.
func Matrix() []Right {
	out := make([]Right, 0, len(rights))
	for _, a := range errata.Actions {
		if r, known := rights[a]; known {
			out = append(out, r)
		}
	}
	return out
}

// Where rights hold. What is written for all projects does not hold for the
// installation itself, and nobody can grant anything there but everywhere.
const (
	everywhere   = "*/*"
	installation = "-/-"
	anywhere     = "-/any"
)

// domains says what a built-in right is written for.
var domains = map[Extent]string{OfProject: everywhere, OfAnywhere: anywhere, OfInstallation: installation}

// builtin returns the lines of the built-in roles: of each right for the lowest
// role that holds it, the others inherit.
func builtin() (out []errata.PolicyLine) {
	for _, r := range Matrix() {
		for _, role := range r.Roles {
			if below, ok := inherits[role]; !ok || !r.Has(below) {
				out = append(out, errata.PolicyLine{Type: "p", V0: subject(role), V1: string(r.Action), V2: domains[r.Extent], V3: "allow"})
			}
		}
	}
	for _, role := range errata.Roles {
		if below, ok := inherits[role]; ok {
			out = append(out, errata.PolicyLine{Type: "g", V0: subject(role), V1: subject(below), V2: everywhere})
		}
	}
	return out
}

func subject(role errata.Role) string { return "role:" + string(role) }
