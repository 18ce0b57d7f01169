package page

import (
	"strings"

	"github.com/a-h/templ"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// TeamMemberIn is somebody in a team.
type TeamMemberIn struct {
	errata.Person
	Role     errata.TeamRole
	Disabled bool
}

// TeamIn is one team with the services that the reader may know of.
type TeamIn struct {
	Team     errata.Team
	Members  []TeamMemberIn
	Services []errata.Project
}

// TeamsIn is what the list of teams is made from. Name, Slug and Err are of a
// refused form.
type TeamsIn struct {
	Teams      []TeamIn
	Self       string // account of the reader
	MayManage  bool
	Why        string // what is missing to manage
	Name, Slug string
	Err        error
}

// Teams is the list of teams.
type Teams struct {
	layout.Chrome
	noParts
	Count    string
	Rows     []TeamRow
	Empty    *Empty
	Form     []ui.Field // nil = the reader may not
	Problems []string
	Export   *ExportMenu
}

// TeamRow is one team of the list.
type TeamRow struct {
	Name, Slug, URL string
	Mine            bool
	Members         string
	Services        []ui.Service
	More            string // further services, "" = none
}

// servicesShown is how many services a line of the list names.
const servicesShown = 4

// NewTeams makes the list of teams. Field names: name, slug.
func NewTeams(c layout.Chrome, in TeamsIn) Teams {
	c.Title, c.Section, c.Keys = "Teams", layout.SectionTeams, plainKeys
	m := Teams{Chrome: c, Export: takeAlong("/teams"), Count: ui.Count(int64(len(in.Teams)), "team", "teams")}
	for _, t := range in.Teams {
		m.Rows = append(m.Rows, newTeamRow(t, in.Self))
	}
	if len(in.Teams) == 0 {
		m.Empty = &Empty{Icon: "network", Title: "No team yet", Text: "A team is people who answer for services together. It gives no rights; it says whose something is."}
		if !in.MayManage {
			m.Empty.Text += " " + in.Why
		}
	}
	if in.MayManage {
		m.Form = []ui.Field{
			{Name: "name", Label: "Name", Type: "text", Value: in.Name, MaxLength: 80, Autocomplete: "off"},
			{Name: "slug", Label: "Short name", Type: "text", Value: in.Slug, MaxLength: 50, Autocomplete: "off", Optional: true},
		}
	}
	m.Problems = refusals(m.Form, in.Err)
	return m
}

func newTeamRow(t TeamIn, self string) TeamRow {
	row := TeamRow{Name: t.Team.Name, Slug: t.Team.Slug, URL: teamURL(t.Team.Slug)}
	var names []string
	for _, p := range t.Members {
		row.Mine = row.Mine || p.ID == self
		names = append(names, ui.NewPerson(p.Person).Name)
	}
	row.Members = strings.Join(names, ", ")
	for i, s := range t.Services {
		if i == servicesShown {
			row.More = "and " + ui.Num(int64(len(t.Services)-servicesShown)) + " more"
			break
		}
		row.Services = append(row.Services, ui.NewService(s, ""))
	}
	return row
}

func teamURL(slug string) string { return "/teams/" + slug }

// teamLinks lead to teams.
func teamLinks(all []errata.Team) (out []ui.Link) {
	for _, t := range all {
		out = append(out, ui.Link{Text: t.Name, URL: teamURL(t.Slug)})
	}
	return out
}

// TeamPageIn is what the page of one team is made from. People and Projects are
// those that may be added; Names are of teams, by id. Err is of a refused form.
type TeamPageIn struct {
	Moment ui.Moment
	TeamIn
	Names     map[string]string
	People    []errata.Person
	Projects  []errata.Project
	Views     int64
	MayManage bool
	Why       string
	Err       error
}

// TeamPage is one team.
type TeamPage struct {
	layout.Chrome
	noParts
	Name                 string
	Facts                []ui.Row
	MayManage            bool
	Why                  string
	Problems             []string
	Members              []TeamMemberRow
	Services             []TeamService
	AddMember            []ui.Field // nil = nobody is left, or the reader may not
	AddService           []ui.Field
	Rename               ui.Field
	Issues               string // the list of its issues
	Act                  string // address of its forms
	DeleteSays           []string
	CountIn, CountAnswer string
}

// TeamMemberRow is somebody in a team.
type TeamMemberRow struct {
	Person    ui.Person
	ID, URL   string
	Lead      bool
	Disabled  bool
	Other     string // the role that the button gives
	OtherText string
}

// TeamService is a service that a team answers for.
type TeamService struct {
	ID      string
	Service ui.Service
}

// NewTeamPage makes the page of one team. Field names: user, role; project;
// name.
func NewTeamPage(c layout.Chrome, in TeamPageIn) TeamPage {
	c.Title, c.Section, c.Keys = in.Team.Name, layout.SectionTeams, plainKeys
	made := in.Moment.At(in.Team.CreatedAt)
	m := TeamPage{
		Chrome: c, Name: in.Team.Name, MayManage: in.MayManage, Why: in.Why, Act: teamURL(in.Team.Slug),
		Facts: []ui.Row{
			{Name: "Short name", Value: in.Team.Slug, Mono: true},
			{Name: "Created", Time: &made},
		},
		CountIn: ui.Count(int64(len(in.Members)), "person", "people"), CountAnswer: ui.Count(int64(len(in.Services)), "service", "services"),
		Rename: ui.Field{Name: "name", Label: "Name", Type: "text", Value: in.Team.Name, MaxLength: 80, Autocomplete: "off", Hint: "The short name stays: addresses and stored reports hold it."},
	}
	for _, p := range in.Members {
		m.Members = append(m.Members, newTeamMember(p))
	}
	for _, s := range in.Services {
		m.Services = append(m.Services, TeamService{ID: s.ID, Service: ui.NewService(s, "")})
	}
	if in.MayManage {
		m.choices(in)
		m.DeleteSays = teamEnd(in)
	}
	if in.Err != nil {
		m.Problems = []string{errata.MessageOf(in.Err)}
	}
	return m
}

func newTeamMember(p TeamMemberIn) TeamMemberRow {
	r := TeamMemberRow{
		Person: ui.NewPerson(p.Person), ID: p.ID, URL: personURL(p.ID), Lead: p.Role == errata.TeamLead, Disabled: p.Disabled,
		Other: string(errata.TeamLead), OtherText: "Make lead",
	}
	if r.Lead {
		r.Other, r.OtherText = string(errata.TeamMember), "Make member"
	}
	return r
}

// choices are the people and services that can be added.
func (m *TeamPage) choices(in TeamPageIn) {
	if len(in.People) > 0 {
		who := ui.Field{Name: "user", Label: "Person", Type: "select"}
		for _, p := range in.People {
			who.Options = append(who.Options, ui.Option{Value: p.ID, Text: ui.NewPerson(p).Name + " @" + p.Login})
		}
		m.AddMember = []ui.Field{who, {Name: "role", Label: "As", Type: "select", Value: string(errata.TeamMember), Options: []ui.Option{
			{Value: string(errata.TeamMember), Text: "Member"}, {Value: string(errata.TeamLead), Text: "Lead"},
		}}}
	}
	if len(in.Projects) == 0 {
		return
	}
	which := ui.Field{Name: "project", Label: "Service", Type: "select"}
	for _, p := range in.Projects {
		text := p.Slug
		if p.TeamID != "" {
			text += ", now of " + in.Names[p.TeamID]
		}
		which.Options = append(which.Options, ui.Option{Value: p.ID, Text: text})
	}
	m.AddService = []ui.Field{which}
}

// teamEnd says what deleting a team does.
func teamEnd(in TeamPageIn) []string {
	out := []string{"This cannot be undone. Nobody loses a right."}
	if n := int64(len(in.Services)); n > 0 {
		out = append(out, ui.Count(n, "service has no team afterwards.", "services have no team afterwards."))
	}
	if in.Views > 0 {
		out = append(out, ui.Count(in.Views, "saved view is shared with the team: its owner keeps it as a private one.", "saved views are shared with the team: their owners keep them as private ones."))
	}
	return out
}

// Whole shows the page.
func (m Teams) Whole() templ.Component { return teamsPage(m) }

// Whole shows the page.
func (m TeamPage) Whole() templ.Component { return teamPage(m) }
