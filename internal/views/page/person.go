package page

import (
	"net/url"
	"strings"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// PersonPageIn is what the page of one account is made from. Sessions and
// Tokens are nil where the reader may not know them.
type PersonPageIn struct {
	Moment          ui.Moment
	Account         errata.Account
	Grants          []errata.Grant
	Teams           []errata.Team
	Sessions        []errata.Session
	Tokens          []errata.Token
	Assigned        []errata.Issue
	AssignedTotal   int64
	Projects        map[string]errata.Project // by id
	MayManage       bool
	Why             string // what is missing to manage
	Self, LastAdmin bool
	Role, Where     string // of a refused form
	Err             error
}

// PersonPage is one account.
type PersonPage struct {
	layout.Chrome
	noParts
	Person            ui.Person
	Facts             []ui.Row
	Self, Disabled    bool
	MayManage         bool
	Why               string
	Grants            []GrantRow
	Teams             []ui.Link
	Form              []ui.Field // role and place of a further role
	Problems          []string
	GrantTo, RevokeAt string
	Assigned          []AssignedRow
	AssignedCount     string
	AssignedURL       string
	Sessions          []SessionRow
	SessionsEnd       string
	Tokens            []TokenRow
	Switch            *AccountSwitch
}

// GrantRow is a role with what takes it away. Kept says why it cannot be taken.
type GrantRow struct {
	RoleChip
	Does    string
	Project string // id, "" = everywhere
	Kept    string
}

// AssignedRow is an unresolved issue of a person.
type AssignedRow struct {
	Severity errata.Severity
	Status   ui.Status
	ID, URL  string
	Title    string
	Service  ui.Service
	Seen     ui.Time
}

// AccountSwitch disables an account or makes it active again.
type AccountSwitch struct {
	Action, Verb, Title string
	Says                []string // what happens
	Refused             string   // why it cannot be done
}

// NewPersonPage makes the page of one account.
func NewPersonPage(c layout.Chrome, in PersonPageIn) PersonPage {
	p := personOf(in.Account)
	c.Title, c.Section, c.Keys = p.Name, layout.SectionUsers, plainKeys
	base := personURL(in.Account.ID)
	m := PersonPage{
		Chrome: c, Person: p, Self: in.Self, Disabled: in.Account.State == errata.UserDisabled, MayManage: in.MayManage, Why: in.Why,
		Facts: personFacts(in), GrantTo: base + "/grant", RevokeAt: base + "/revoke", SessionsEnd: base + "/sessions",
		AssignedCount: ui.Count(in.AssignedTotal, "unresolved issue", "unresolved issues"),
		AssignedURL:   "/issues?" + url.Values{"q": {"is:unresolved assigned:" + in.Account.Login}}.Encode(),
		Sessions:      sessionRows(in.Moment, in.Sessions, ""), Tokens: tokenRows(in.Moment, in.Tokens),
		Teams: teamLinks(in.Teams),
	}
	for _, g := range in.Grants {
		m.Grants = append(m.Grants, newGrantRow(g, in))
	}
	for _, i := range in.Assigned {
		m.Assigned = append(m.Assigned, newAssignedRow(i, in))
	}
	if in.MayManage {
		m.Switch = newSwitch(in, base)
	}
	if in.MayManage && !in.Self {
		m.Form = []ui.Field{
			{Name: "role", Label: "Role", Type: "select", Value: in.Role, Options: roleOptions("", errata.Roles)},
			{Name: "project", Label: "Where", Type: "select", Value: in.Where, Options: placeOptions("Everywhere", in.Projects)},
		}
	}
	m.Problems = refusals(m.Form, in.Err)
	return m
}

// refusals puts what is wrong at the fields it names and returns the rest.
func refusals(fields []ui.Field, err error) []string {
	if err == nil {
		return nil
	}
	if d := errata.DetailsOf(err); len(d) > 0 {
		return ui.FieldErrors(fields, d)
	}
	return []string{errata.MessageOf(err)}
}

func placeOptions(none string, projects map[string]errata.Project) []ui.Option {
	out := []ui.Option{{Text: none}}
	for _, p := range bySlug(projects) {
		out = append(out, ui.Option{Value: p.ID, Text: p.Slug})
	}
	return out
}

func newGrantRow(g errata.Grant, in PersonPageIn) GrantRow {
	row := GrantRow{RoleChip: newRoleChip(g, in.Projects), Does: RoleWords[g.Role], Project: g.Project}
	if g.Role == errata.RoleAdmin && in.LastAdmin {
		row.Kept = "the last administrator stays"
	}
	return row
}

func newAssignedRow(i errata.Issue, in PersonPageIn) AssignedRow {
	p := in.Projects[i.ProjectID]
	id := errata.ShortID(p.Prefix, i.Number)
	return AssignedRow{
		Severity: i.Severity, Status: ui.NewStatus(i.Status), ID: id, URL: "/issues/" + id, Title: ui.Clip(ui.FirstLine(i.Title), 200),
		Service: ui.NewService(p, ""), Seen: in.Moment.Ago(i.LastSeen),
	}
}

func personFacts(in PersonPageIn) []ui.Row {
	a := in.Account
	rows := []ui.Row{{Name: "State", Value: string(a.State)}}
	if a.DisabledAt != 0 {
		t := in.Moment.At(a.DisabledAt)
		rows = append(rows, ui.Row{Name: "Since", Time: &t})
	}
	if a.Email != "" {
		rows = append(rows, ui.Row{Name: "E-mail", Value: a.Email})
	}
	last, made := seen(in.Moment, a.SeenAt), in.Moment.At(a.CreatedAt)
	return append(rows, ui.Row{Name: "Login", Value: "@" + a.Login, Mono: true}, ui.Row{Name: "Time zone", Value: a.Zone},
		ui.Row{Name: "Last seen", Time: &last}, ui.Row{Name: "Account since", Time: &made})
}

func newSwitch(in PersonPageIn, base string) *AccountSwitch {
	name := ui.NewPerson(errata.Person{Name: in.Account.Name, Login: in.Account.Login}).Name
	if in.Account.State == errata.UserDisabled {
		return &AccountSwitch{
			Action: base + "/enable", Verb: "Enable the account", Title: "Enable",
			Says: []string{name + " can sign in again, with the roles on this page. Tokens that have not expired work again."},
		}
	}
	s := &AccountSwitch{Action: base + "/disable", Verb: "Disable the account", Title: "Disable"}
	switch {
	case in.Self:
		s.Refused = "Nobody disables their own account. Another administrator can."
	case in.LastAdmin:
		s.Refused = "This is the last administrator. Make somebody else administrator first."
	}
	s.Says = append(s.Says, name+" is signed out of "+ui.Count(int64(len(in.Sessions)), "session", "sessions")+" at once and cannot sign in. Tokens stop working. Roles stay, for the day of return.")
	if in.AssignedTotal > 0 {
		s.Says = append(s.Says, ui.Count(in.AssignedTotal, "unresolved issue stays", "unresolved issues stay")+" assigned to "+name+": hand them over.")
	}
	return s
}

// SessionRow is a signed-in browser. End is what names it in the form.
type SessionRow struct {
	Browser, IP, ID string
	Began, Seen     ui.Time
	Here            bool
}

// sessionRows lists browsers; here is the session of the reader.
func sessionRows(m ui.Moment, all []errata.Session, here string) (out []SessionRow) {
	for _, s := range all {
		out = append(out, SessionRow{
			Browser: browserName(s.Agent), IP: s.IP, ID: s.ID, Began: m.Ago(s.CreatedAt), Seen: m.Ago(s.SeenAt), Here: here != "" && s.ID == here,
		})
	}
	return out
}

// browserName names the browser and the system of a User-Agent; "" what is not
// known.
func browserName(agent string) string {
	name, system := "", ""
	for _, b := range [][2]string{
		{"Edg/", "Edge"},
		{"OPR/", "Opera"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
		{"curl/", "curl"},
	} {
		if strings.Contains(agent, b[0]) {
			name = b[1]
			break
		}
	}
	for _, s := range [][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"}} {
		if strings.Contains(agent, s[0]) {
			system = s[1]
			break
		}
	}
	switch {
	case name == "" && system == "":
		return "Unknown browser"
	case name == "":
		return "Browser on " + system
	case system == "":
		return name
	}
	return name + " on " + system
}

// TokenRow is a token of the JSON API.
type TokenRow struct {
	Name, Hint string
	Scopes     []string
	Made, Used ui.Time
	Ends       ui.Time
	Gone       string // revoked or expired, "" = works
	Revoke     string
}

func tokenRows(m ui.Moment, all []errata.Token) (out []TokenRow) {
	now := m.Now.UnixMicro()
	for _, t := range all {
		row := TokenRow{
			Name: t.Name, Hint: t.Hint, Made: m.Ago(t.CreatedAt), Used: seen(m, t.UsedAt), Ends: m.At(t.ExpiresAt), Revoke: "/tokens/" + t.ID + "/revoke",
		}
		for _, a := range t.Scopes.Actions {
			row.Scopes = append(row.Scopes, string(a))
		}
		switch {
		case t.RevokedAt != 0:
			row.Gone = "revoked"
		case t.ExpiresAt <= now:
			row.Gone = "expired"
		}
		out = append(out, row)
	}
	return out
}
