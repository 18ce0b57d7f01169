package page

import (
	"slices"
	"strconv"
	"strings"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// RoleWords says of each role in a few words what it is for.
var RoleWords = map[errata.Role]string{
	errata.RoleViewer:     "reads issues, events and figures; comments and watches",
	errata.RoleResponder:  "also acknowledges, assigns, resolves, ignores, and sees personal data in events",
	errata.RoleMaintainer: "also makes services and keys, and reads the audit of their services",
	errata.RoleAdmin:      "may do everything, everywhere: people, roles, tokens",
	errata.RoleAuditor:    "reads everything with the audit, and changes nothing",
}

// RoleChip is a role as it stands beside a name. Where is the service, "" =
// everywhere.
type RoleChip struct {
	Role, Where string
	Tone        string
}

func newRoleChip(g errata.Grant, projects map[string]errata.Project) RoleChip {
	c := RoleChip{Role: string(g.Role), Tone: "line"}
	if g.Role == errata.RoleAdmin {
		c.Tone = "new"
	}
	if g.Project != "" {
		c.Where = projects[g.Project].Slug
		if c.Where == "" {
			c.Where = "a service that has gone"
		}
	}
	return c
}

func roleChips(all []errata.Grant, projects map[string]errata.Project) (out []RoleChip) {
	for _, g := range all {
		out = append(out, newRoleChip(g, projects))
	}
	return out
}

// PersonIn is one account of the list. Sessions is -1 where the reader may not
// know.
type PersonIn struct {
	Account  errata.Account
	Grants   []errata.Grant
	Sessions int64
}

// PeopleIn is what the list of people is made from.
type PeopleIn struct {
	Moment    ui.Moment
	People    []PersonIn
	Invites   []errata.Invite
	Projects  map[string]errata.Project // by id
	Names     map[string]string         // of accounts, by id
	Self      string                    // account of the reader
	MayManage bool
}

// People is the list of accounts and open invitations.
type People struct {
	layout.Chrome
	noParts
	Count     string
	Rows      []PersonRow
	Invites   []InviteRow
	MayManage bool
	Export    *ExportMenu
}

// PersonRow is one account.
type PersonRow struct {
	Person         ui.Person
	URL            string
	Address, Login string
	Self, Disabled bool
	Roles          []RoleChip
	More           string // further roles, "" = none
	Seen           ui.Time
	Sessions       string
	SessionWord    string
}

// rolesShown is how many roles a line of the list shows.
const rolesShown = 3

// NewPeople makes the list of people.
func NewPeople(c layout.Chrome, in PeopleIn) People {
	c.Title, c.Section, c.Keys = "Users", layout.SectionUsers, plainKeys
	m := People{Chrome: c, Export: takeAlong("/users"), MayManage: in.MayManage, Count: ui.Count(int64(len(in.People)), "account", "accounts")}
	for _, p := range in.People {
		m.Rows = append(m.Rows, newPersonRow(p, in))
	}
	for _, i := range in.Invites {
		m.Invites = append(m.Invites, newInviteRow(i, in))
	}
	return m
}

func newPersonRow(p PersonIn, in PeopleIn) PersonRow {
	chips := roleChips(p.Grants, in.Projects)
	row := PersonRow{
		Person: personOf(p.Account), URL: personURL(p.Account.ID), Address: p.Account.Email, Login: p.Account.Login, Self: p.Account.ID == in.Self,
		Disabled: p.Account.State == errata.UserDisabled, Roles: chips, Seen: seen(in.Moment, p.Account.SeenAt),
	}
	if len(chips) > rolesShown {
		row.Roles, row.More = chips[:rolesShown-1], strconv.Itoa(len(chips)-rolesShown+1)+" more"
	}
	if p.Sessions >= 0 {
		row.Sessions, row.SessionWord = ui.Num(p.Sessions), "sessions"
		if p.Sessions == 1 {
			row.SessionWord = "session"
		}
	}
	return row
}

func personOf(a errata.Account) ui.Person {
	return ui.NewPerson(errata.Person{ID: a.ID, Name: a.Name, Login: a.Login})
}

func personURL(id string) string { return "/users/" + id }

// seen tells when somebody last signed in or worked.
func seen(m ui.Moment, us int64) ui.Time {
	if us == 0 {
		return ui.Time{Text: "never"}
	}
	return m.Ago(us)
}

// InviteRow is an invitation that nobody has used.
type InviteRow struct {
	Address         string
	Roles           []RoleChip
	By              string
	Made, Ends      ui.Time
	Expired         bool
	Renew, Withdraw string // where the buttons lead
}

func newInviteRow(i errata.Invite, in PeopleIn) InviteRow {
	by := in.Names[i.CreatedBy]
	if by == "" {
		by = i.CreatedBy
	}
	base := "/users/invites/" + i.ID
	return InviteRow{
		Address: i.Email, Roles: roleChips(i.Grants, in.Projects), By: by, Made: in.Moment.Ago(i.CreatedAt), Ends: in.Moment.At(i.ExpiresAt),
		Expired: i.ExpiresAt <= in.Moment.Now.UnixMicro(), Renew: base + "/renew", Withdraw: base + "/withdraw",
	}
}

// roleOptions are the choices of a role; none is what the empty one says, "" =
// there is no empty one.
func roleOptions(none string, roles []errata.Role) (out []ui.Option) {
	if none != "" {
		out = append(out, ui.Option{Text: none})
	}
	for _, r := range roles {
		out = append(out, ui.Option{Value: string(r), Text: strings.ToUpper(string(r[:1])) + string(r[1:])})
	}
	return out
}

// rolesOnService are the roles that can be held on one service.
var rolesOnService = slices.DeleteFunc(slices.Clone(errata.Roles), func(r errata.Role) bool { return r == errata.RoleAdmin })

// bySlug lists services by their short name.
func bySlug(projects map[string]errata.Project) (out []errata.Project) {
	for _, p := range projects {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b errata.Project) int { return strings.Compare(a.Slug, b.Slug) })
	return out
}
