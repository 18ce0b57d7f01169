package page

import (
	"strings"
	"unicode/utf8"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// IssueIn is what the issue page is made from.
type IssueIn struct {
	Moment  ui.Moment
	Issue   errata.Issue
	Service errata.Project
	Envs    []string // where it was seen, most events first
	LastDay int64    // events of the last 24 hours
	Back    string   // the list to return to; "" = /issues
	Trend   TrendIn
	Why     WhyIn
	Event   EventIn
	Acts    ActsIn
	// Response.Issue, Owner and People are filled from the rest.
	Response ResponseIn
	Activity ActivityIn
	Conflict string // what somebody else did meanwhile, "" = nothing
	Beside   BesideIn
	Export   *ExportIn
}

// Issue is the page of one issue.
type Issue struct {
	layout.Chrome
	ID, Back string
	Service  ui.Service
	List     string // the issues of this service
	Head     IssueHead
	Facts    []Fact
	Trend    Trend
	Context  []ui.Row
	Why      *Why
	Beside   Beside
	Event    Event
	Response Response
	Activity Activity
	Export   *ExportMenu
}

// IssueHead is the top of the page.
type IssueHead struct {
	ID, Title string
	Culprit   string
	Severity  errata.Severity
	Status    ui.Status
	Service   ui.Service
	Envs      []ui.Chip
	Chip      *ui.Chip
	Deadline  *ui.Chip // the next one, where the card of response times is far below
	Acts      Acts
	Conflict  string
}

// Fact is one figure.
type Fact struct{ Name, Value, Title string }

// maxEnvs is how many environments the head names.
const maxEnvs = 3

// NewIssue makes the page of one issue.
func NewIssue(c layout.Chrome, in IssueIn) Issue {
	id := errata.ShortID(in.Service.Prefix, in.Issue.Number)
	c.Title, c.Section, c.Keys = ui.Clip(id+" "+in.Issue.Title, 120), layout.SectionIssues, issueKeys
	changed := newActed(id, in)
	m := Issue{
		Chrome: c, ID: id, Back: in.Back, Service: ui.NewService(in.Service, in.Issue.Platform),
		List: ListURL{Path: "/issues", Q: "service:" + in.Service.Slug}.String(),
		Head: changed.Head, Facts: newFacts(in), Trend: NewTrend(in.Trend),
		Context: newContext(in), Why: newWhy(in.Why), Event: newEvent(id, in),
		Response: changed.Response, Activity: changed.Activity, Beside: newBeside(id, in), Export: NewExport(in.Export),
	}
	if m.Back == "" {
		m.Back = "/issues"
	}
	return m
}

// Acted is what an act changes of the page of an issue: the answer when a
// script sent it.
type Acted struct {
	noParts
	Head     IssueHead
	Response Response
	Activity Activity
	Toast    *ui.Toast
}

// NewActed makes the parts that an act changes.
func NewActed(in IssueIn, said *ui.Toast) Acted {
	m := newActed(errata.ShortID(in.Service.Prefix, in.Issue.Number), in)
	m.Toast = said
	return m
}

func newActed(id string, in IssueIn) Acted {
	r, a := in.Response, in.Activity
	r.Issue, r.Owner, r.People = in.Issue, in.Acts.Owner, a.People
	for _, t := range a.Transitions {
		if t.Rule == errata.RuleResolve {
			r.Cause = errata.Cause(t.Detail["cause"][1])
		}
	}
	a.ID, a.Me, a.Next, a.Comment = id, in.Acts.Me, in.Acts.Next, in.Acts.Can.Comment
	m := Acted{Head: newIssueHead(id, in), Response: newResponse(in.Moment, r), Activity: newActivity(in.Moment, a)}
	m.Head.Deadline = m.Response.Deadline
	return m
}

func newIssueHead(id string, in IssueIn) IssueHead {
	i := in.Issue
	h := IssueHead{
		ID: id, Title: i.Title, Culprit: ui.Clip(i.Culprit, 160), Severity: i.Severity, Status: ui.NewStatus(i.Status),
		Service: ui.NewService(in.Service, i.Platform), Chip: reasonChip(i, in.Moment),
		Acts: newActs(id, "head", i, in.Acts), Conflict: in.Conflict,
	}
	if h.Title == "" {
		h.Title = "(no message)"
	}
	h.Title = ui.Clip(h.Title, 300)
	for k, e := range in.Envs {
		if k == maxEnvs {
			h.Envs = append(h.Envs, ui.Chip{Text: ui.Num(int64(len(in.Envs)-maxEnvs)) + " more", Tone: "line", Title: strings.Join(in.Envs, ", ")})
			break
		}
		h.Envs = append(h.Envs, ui.Chip{Text: ui.Clip(e, 32), Tone: "line", Title: e})
	}
	return h
}

func newFacts(in IssueIn) []Fact {
	users := Fact{"Users", ui.Num(in.Issue.Users), ui.Exact(in.Issue.Users)}
	if in.Issue.Users == 0 {
		users.Value, users.Title = "n/a", "No event named a user"
	}
	return []Fact{
		{"Events", ui.Num(in.Issue.Events), ui.Exact(in.Issue.Events)},
		users,
		{"Last 24 h", ui.Num(in.LastDay), ui.Exact(in.LastDay)},
	}
}

func newContext(in IssueIn) []ui.Row {
	i, m := in.Issue, in.Moment
	first, last := m.At(i.FirstSeen), m.Ago(i.LastSeen)
	rows := []ui.Row{
		{Name: "First seen", Time: &first, Note: ui.Clip(i.FirstRelease, 40)},
		{Name: "Last seen", Time: &last, Note: ui.Clip(i.LastRelease, 40)},
	}
	if len(in.Envs) > 0 {
		rows = append(rows, ui.Row{Name: plural(len(in.Envs), "Environment"), Value: strings.Join(in.Envs, ", ")})
	}
	for _, r := range []ui.Row{{Name: "Level", Value: string(i.Level)}, {Name: "Code", Value: i.Code, Mono: true}, {Name: "Platform", Value: i.Platform}} {
		if r.Value != "" {
			rows = append(rows, r)
		}
	}
	return rows
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// clipped is long text with a first part that is always shown.
type clipped struct{ Start, Rest, Note string }

const shownText = 1200 // characters

func newClipped(s string) clipped {
	if n := utf8.RuneCountInString(s); n > shownText {
		start := strings.TrimSuffix(ui.Clip(s, shownText+1), "…")
		return clipped{Start: start, Rest: s[len(start):], Note: "Show all " + ui.Exact(int64(n)) + " characters"}
	}
	return clipped{Start: s}
}
