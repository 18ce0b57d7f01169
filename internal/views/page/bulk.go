package page

import (
	"strconv"

	"github.com/a-h/templ"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// BulkButton starts an act on all ticked rows. Shown is the key as people
// write it.
type BulkButton struct{ Act, Text, Icon, Key, Shown string }

var bulkButtons = []BulkButton{
	{errata.ActAck, "Acknowledge", "check", "a", "a"},
	{errata.ActAssign, "Assign", "user-plus", "M", "⇧m"},
	{errata.ActResolve, "Resolve", "circle-check", "r", "r"},
	{errata.ActReopen, "Reopen", "rotate-ccw", "u", "u"},
	{errata.ActIgnore, "Ignore", "eye-off", "e", "e"},
}

// BulkIn is what the page about an act on many issues is made from. Done: it
// has happened, and Items say what came of it.
type BulkIn struct {
	Act      string
	Items    []BulkItemIn
	Next     string
	People   []errata.Person // for assign
	Me       string
	Assignee string
	Cause    errata.Cause
	Reason   string
	Note     string
	Err      error // the form was not taken
	Done     bool
	Scope    *BulkScope // nil: the issues were ticked
}

// BulkScope is an act on everything that a query lists: as many issues as Total
// says, of which Items are the first of each fate and Counts all of them.
type BulkScope struct {
	Query, From, To string // as the form carries them on
	Total           int64
	Counts          map[string]int64
	Job             bool   // it runs as a job
	Typed           bool   // the count has to be typed
	Said            string // what was typed
}

// BulkItemIn is one issue: what would become of it, or what has.
type BulkItemIn struct{ ID, Title, Fate, Why string }

// Bulk is the page that says what an act on many issues changes, before it
// does, and what came of it.
type Bulk struct {
	layout.Chrome
	noParts
	Act, Heading, Verb string
	Next               string
	IDs                []string
	Groups             []BulkGroup
	Changes            int
	Resolve            *ResolveForm
	Ignore             *IgnoreForm
	Assign             []ui.Option
	Assignee           string
	Problems           []string
	Done               bool
	Scope              *BulkScope
	Shown, Count       string // how many the query lists: as a number, and as people read it
}

// BulkGroup is the issues that share a fate.
type BulkGroup struct {
	Title, Icon, Tone string
	Items             []BulkLine
	Earlier           []BulkLine
	More              string
	Count             string
	Unnamed           string // how many there are beside the items, in words
}

// BulkLine is one issue.
type BulkLine struct{ ID, URL, Title, Why string }

// fates in the order in which people want to know of them: word before and
// after, icon, tone.
var fates = []struct{ fate, before, after, icon, tone string }{
	{"change", "Will change", "Changed", "check", "ok"},
	{"done", "Will change", "Changed", "check", "ok"},
	{"same", "Already so", "Already so", "circle-check", ""},
	{"illegal", "Cannot, as it stands", "Not changed: not possible as it stands", "circle-alert", "warn"},
	{"forbidden", "Not allowed", "Not changed: not allowed", "lock", "late"},
	{"busy", "Busy", "Not changed: changed by others meanwhile", "refresh-cw", "warn"},
}

// bulkLines is how many lines of a group are shown at once.
const bulkLines = 20

var bulkVerbs = map[string][2]string{
	errata.ActAck: {"Acknowledge", "acknowledged"}, errata.ActAssign: {"Assign", "assigned"}, errata.ActResolve: {"Resolve", "resolved"},
	errata.ActReopen: {"Reopen", "reopened"}, errata.ActIgnore: {"Ignore", "ignored"},
}

// NewBulk makes the page.
func NewBulk(c layout.Chrome, in BulkIn) Bulk {
	c.Section, c.Keys = layout.SectionIssues, plainKeys
	verb := bulkVerbs[in.Act]
	m := Bulk{Chrome: c, Act: in.Act, Verb: verb[0], Next: in.Next, Done: in.Done, Assignee: in.Assignee, Scope: in.Scope}
	m.Heading = verb[0] + " " + exactIssues(in.total())
	if in.Scope != nil {
		m.Shown, m.Count = strconv.FormatInt(in.Scope.Total, 10), ui.Exact(in.Scope.Total)
	}
	for _, i := range in.Items {
		if in.Scope == nil {
			m.IDs = append(m.IDs, i.ID)
		}
	}
	for _, f := range fates {
		g, n := in.group(f.fate)
		if n == 0 {
			continue
		}
		g.Title, g.Icon, g.Tone = f.before, f.icon, f.tone
		if in.Done {
			g.Title = f.after
		}
		if f.fate == "change" || f.fate == "done" {
			m.Changes += int(n)
		}
		m.Groups = append(m.Groups, g)
	}
	if in.Done {
		m.Heading = ui.Count(int64(m.Changes), "issue", "issues") + " " + verb[1]
	}
	c.Title = m.Heading
	m.Chrome = c
	if in.Err != nil {
		m.Problems = []string{errata.MessageOf(in.Err)}
	}
	m.forms(in)
	return m
}

// exactIssues says to the last one how many issues are changed.
func exactIssues(n int64) string {
	if n == 1 {
		return "1 issue"
	}
	return ui.Exact(n) + " issues"
}

// total is how many issues the act is about.
func (in BulkIn) total() int64 {
	if in.Scope != nil {
		return in.Scope.Total
	}
	return int64(len(in.Items))
}

// group collects the issues of a fate, and says how many there are.
func (in BulkIn) group(fate string) (g BulkGroup, n int64) {
	for _, i := range in.Items {
		if i.Fate == fate {
			g.Items = append(g.Items, BulkLine{ID: i.ID, URL: IssueURL{ID: i.ID}.String(), Title: ui.Clip(i.Title, 160), Why: i.Why})
		}
	}
	named := int64(len(g.Items))
	n = named
	if in.Scope != nil && !in.Done {
		n = max(n, in.Scope.Counts[fate])
	}
	g.Count = ui.Exact(n)
	if n > named {
		g.Unnamed = "and " + ui.Exact(n-named) + " more"
	}
	if len(g.Items) > bulkLines {
		g.Earlier = g.Items[bulkLines:]
		g.Items = g.Items[:bulkLines]
		g.More = "Show " + ui.Num(int64(len(g.Earlier))) + " more"
	}
	return g, n
}

// forms adds what the act asks for.
func (m *Bulk) forms(in BulkIn) {
	switch in.Act {
	case errata.ActResolve:
		m.Resolve = newResolveForm(errata.Issue{Severity: errata.P3})
		m.Resolve.Note = NoteField{Text: in.Note, Label: "Note, needed for P0", Said: true}
		if in.Cause != "" {
			m.Resolve.Cause = string(in.Cause)
		}
	case errata.ActIgnore:
		m.Ignore = newIgnoreForm()
		m.Ignore.Note.Text = in.Note
		if in.Reason != "" {
			m.Ignore.Reason = in.Reason
		}
	case errata.ActAssign:
		m.Assign = []ui.Option{{Value: "me", Text: "Me"}, {Value: "none", Text: "Nobody"}}
		for _, p := range in.People {
			if p.ID != in.Me {
				m.Assign = append(m.Assign, ui.Option{Value: "user:" + p.ID, Text: ui.NewPerson(p).Name})
			}
		}
	}
}

// Changed are the words of the toast after an act on many issues.
func Changed(act string, n int) string {
	return ui.Count(int64(n), "issue", "issues") + " " + bulkVerbs[act][1]
}

// asks says whether the act has a form beside the button.
func (m Bulk) asks() bool { return m.Resolve != nil || m.Ignore != nil || m.Assign != nil }

// typed says that the count has to be typed.
func (m Bulk) typed() bool { return m.Scope != nil && m.Scope.Typed }

// bulkFocus puts the keyboard on the button when nothing else is asked.
func bulkFocus(m Bulk) templ.Attributes {
	if m.asks() || m.typed() {
		return nil
	}
	return templ.Attributes{"autofocus": true}
}
