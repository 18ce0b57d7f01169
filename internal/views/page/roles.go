package page

import (
	"net/url"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// RightIn is a row of the matrix: who holds an action. Extent: project,
// anywhere, installation.
type RightIn struct {
	Action errata.Action
	Extent string
	Roles  []errata.Role
}

// AnswerIn is what was found out about one question. Undecided says that
// nothing could be decided.
type AnswerIn struct {
	OK, Undecided  bool
	Why, Line      string
	Path           []string
	Held, Needs    []errata.Role
	Disabled       bool // the account may not act at all
	Name           string
	Action, Extent string
	Where          string // short name of the service, "" = the installation
}

// RolesIn is what the page of roles is made from. Actor, Action and Project are
// the question as it was asked.
type RolesIn struct {
	Rights                 []RightIn
	Role                   errata.Role // shown alone on narrow screens
	People                 []errata.Person
	Projects               map[string]errata.Project
	Actor, Action, Project string
	Answer                 *AnswerIn
	Err                    error
}

// Roles is the matrix of the built-in roles, and why something is allowed.
type Roles struct {
	layout.Chrome
	noParts
	Columns  []RoleColumn
	Shown    int // place of the column that narrow screens show, from 1
	Groups   []RightGroup
	Form     []ui.Field
	Problems []string
	Answer   *Answer
	Export   *ExportMenu
}

// RoleColumn is one role of the matrix.
type RoleColumn struct {
	Name, Does string
	URL        string // shows it on narrow screens
	Current    bool
}

// RightGroup are the actions on one kind of thing.
type RightGroup struct {
	Name string
	Rows []RightRow
}

// RightRow is one action and who holds it.
type RightRow struct {
	Action, Does, Extent string
	Has                  []bool // by column
}

// Answer says why something is allowed or not.
type Answer struct {
	OK, Undecided bool
	Verdict       string
	Rows          []ui.Row
}

// ActionWords says of each action what it lets people do.
var ActionWords = map[errata.Action]string{
	errata.IssueRead:       "see issues, their figures and their story",
	errata.IssueComment:    "write comments",
	errata.IssueWatch:      "be told of changes",
	errata.IssueAck:        "acknowledge, take back, set the stage",
	errata.IssueAssignSelf: "take an issue",
	errata.IssueAssign:     "give an issue to somebody",
	errata.IssueResolve:    "resolve",
	errata.IssueReopen:     "reopen",
	errata.IssueIgnore:     "ignore, and stop ignoring",
	errata.IssueSeverity:   "change the severity",
	errata.IssueExport:     "take lists of issues along as files",
	errata.EventRead:       "open single events",
	errata.EventReadPII:    "see the user and the address of an event",
	errata.EventExport:     "take events along as files",
	errata.ProjectRead:     "know of the service",
	errata.ProjectCreate:   "create a service",
	errata.KeyRead:         "see keys and the DSN",
	errata.KeyWrite:        "create and close keys",
	errata.AnalyticsRead:   "see charts and response times",
	errata.AnalyticsPerson: "see response times by person",
	errata.ReportRead:      "run and read reports",
	errata.ViewSave:        "save views of one's own",
	errata.ViewShare:       "share views with everybody",
	errata.SystemRead:      "see how the installation does",
	errata.UserRead:        "see who has an account",
	errata.UserManage:      "invite, give roles, disable",
	errata.TeamManage:      "create teams, set their members and services",
	errata.RoleRead:        "see this page",
	errata.AuditRead:       "read who did what",
	errata.AuditVerify:     "check the chain of the audit, read all of it",
	errata.TokenOwn:        "create tokens of one's own",
	errata.TokenManage:     "revoke tokens of others",
}

var extentWords = map[string]string{"project": "per service", "anywhere": "on any service", "installation": "everywhere only"}

// NewRoles makes the page of roles.
func NewRoles(c layout.Chrome, in RolesIn) Roles {
	c.Title, c.Section, c.Keys = "Roles", layout.SectionRoles, plainKeys
	m := Roles{Chrome: c, Export: takeAlong("/roles"), Shown: max(slices.Index(errata.Roles, in.Role), 0) + 1}
	for i, r := range errata.Roles {
		m.Columns = append(m.Columns, RoleColumn{Name: string(r), Does: RoleWords[r], URL: rolesURL(in, r), Current: i+1 == m.Shown})
	}
	for _, r := range in.Rights {
		m.add(r)
	}
	m.Form = roleQuestion(in)
	m.Problems = refusals(m.Form, in.Err)
	if in.Answer != nil {
		m.Answer = newAnswer(*in.Answer)
	}
	return m
}

// rolesURL keeps the question while the column changes.
func rolesURL(in RolesIn, r errata.Role) string {
	v := url.Values{"role": {string(r)}}
	for k, s := range map[string]string{"actor": in.Actor, "action": in.Action, "service": in.Project} {
		if s != "" {
			v.Set(k, s)
		}
	}
	return "/roles?" + v.Encode() + "#h-matrix"
}

func (m *Roles) add(r RightIn) {
	group, _, _ := strings.Cut(string(r.Action), ":")
	row := RightRow{Action: string(r.Action), Does: ActionWords[r.Action], Extent: extentWords[r.Extent]}
	for _, role := range errata.Roles {
		row.Has = append(row.Has, slices.Contains(r.Roles, role))
	}
	for i := range m.Groups {
		if m.Groups[i].Name == group {
			m.Groups[i].Rows = append(m.Groups[i].Rows, row)
			return
		}
	}
	m.Groups = append(m.Groups, RightGroup{Name: group, Rows: []RightRow{row}})
}

func roleQuestion(in RolesIn) []ui.Field {
	actor := ui.Field{Name: "actor", Label: "Who", Type: "select", Value: in.Actor}
	for _, p := range in.People {
		actor.Options = append(actor.Options, ui.Option{Value: p.ID, Text: p.Name + " (@" + p.Login + ")"})
	}
	action := ui.Field{Name: "action", Label: "Does what", Type: "select", Value: in.Action}
	for _, r := range in.Rights {
		action.Options = append(action.Options, ui.Option{Value: string(r.Action), Text: string(r.Action) + ": " + ActionWords[r.Action]})
	}
	return []ui.Field{actor, action, {Name: "service", Label: "Where", Type: "select", Value: in.Project, Options: placeOptions("On any service", in.Projects)}}
}

func newAnswer(in AnswerIn) *Answer {
	where := ""
	switch {
	case in.Extent == "installation":
		where = " in the installation"
	case in.Where != "" && in.Extent == "project":
		where = " on " + in.Where
	case in.Extent == "project":
		where = " on some service"
	}
	does := in.Action
	a := &Answer{OK: in.OK && !in.Disabled && !in.Undecided, Undecided: in.Undecided}
	switch {
	case in.Undecided:
		a.Verdict = in.Why
		return a
	case in.Disabled:
		a.Verdict = in.Name + " is disabled, so everything is refused."
	case in.OK:
		a.Verdict = in.Name + " may do " + does + where + ". " + in.Why
	default:
		a.Verdict = in.Name + " may not do " + does + where + ". " + in.Why
	}
	line := ui.Row{Name: "Deciding line", Value: in.Line, Mono: true}
	if in.Line == "" {
		line = ui.Row{Name: "Deciding line", Value: "none matches, so it is refused"}
	}
	a.Rows = append(a.Rows, line)
	if len(in.Path) > 0 {
		a.Rows = append(a.Rows, ui.Row{Name: "By way of", Value: strings.Join(pathWords(in.Path, in.Name), " → ")})
	}
	a.Rows = append(a.Rows, ui.Row{Name: "Holds", Value: roleNames(in.Held, "no role here")}, ui.Row{Name: "Would do", Value: roleNames(in.Needs, "no role")})
	return a
}

// pathWords names the account in place of its id.
func pathWords(path []string, name string) []string {
	out := slices.Clone(path)
	if strings.HasPrefix(out[0], "user:") {
		out[0] = name
	}
	for i := range out {
		out[i] = strings.TrimPrefix(out[i], "role:")
	}
	return out
}

func roleNames(all []errata.Role, none string) string {
	if len(all) == 0 {
		return none
	}
	var out []string
	for _, r := range all {
		out = append(out, string(r))
	}
	return strings.Join(out, ", ")
}

// answerTone is the tone of an answer about a right.
func answerTone(a Answer) string {
	switch {
	case a.Undecided:
		return "warn"
	case a.OK:
		return "ok"
	}
	return "bad"
}

func answerIcon(a Answer) string {
	return map[string]string{"warn": "triangle-alert", "ok": "circle-check", "bad": "circle-x"}[answerTone(a)]
}
