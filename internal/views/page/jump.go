package page

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// JumpIn is what the page of quick search is made from. On is the issue on
// which commands act, nil = none.
type JumpIn struct {
	Text     string
	On       *IssueRowIn
	Issues   []IssueRowIn
	Services []errata.Project
	People   []errata.Person
	Views    []errata.SavedView
}

// JumpPage is the page of quick search; its part "jumps" is what the palette
// shows.
type JumpPage struct {
	layout.Chrome
	Text, On string
	Jumps    JumpList
}

// JumpList is where one can go, in groups.
type JumpList struct {
	Groups []JumpGroup
	Text   string
	Said   string // how many there are, for those who do not see them
	All    string // the list of issues with the text as its query, "" = nothing was typed
}

// JumpGroup is places of one kind.
type JumpGroup struct {
	Title string
	Items []JumpItem
}

// JumpItem is one place, or one command: then Act is the address of its form.
type JumpItem struct {
	Text, URL, Icon string
	Severity        *errata.Severity
	Code, Note      string
	Act             string
	Fields          []Param
}

// NewJump makes the page.
func NewJump(c layout.Chrome, in JumpIn) JumpPage {
	c.Title, c.Section, c.Keys = "Search", layout.SectionSearch, plainKeys
	p := JumpPage{Chrome: c, Text: in.Text, Jumps: newJumps(c, in)}
	if in.On != nil {
		p.On = errata.ShortID(in.On.Service.Prefix, in.On.Issue.Number)
	}
	return p
}

func newJumps(c layout.Chrome, in JumpIn) JumpList {
	l := JumpList{Text: in.Text}
	commands := JumpGroup{Title: "Commands", Items: named(commandsOn(in.On), in.Text)}
	if in.On != nil {
		commands.Title += " on " + errata.ShortID(in.On.Service.Prefix, in.On.Issue.Number)
	}
	groups := []JumpGroup{
		{Title: "Issues", Items: issueJumps(in.Issues)},
		commands,
		{Title: "Services", Items: serviceJumps(in.Services)},
		{Title: "People", Items: peopleJumps(in.People)},
		{Title: "Saved views", Items: viewJumps(in.Views)},
		{Title: "Pages", Items: named(pageJumps(c), in.Text)},
	}
	n := 0
	for _, g := range groups {
		if n += len(g.Items); len(g.Items) > 0 {
			l.Groups = append(l.Groups, g)
		}
	}
	l.Said = ui.Count(int64(n), "result", "results")
	if in.Text != "" {
		l.All = ListURL{Path: "/issues", Q: quoted(in.Text), Range: "30d", DefaultSort: SortPriority}.String()
	}
	return l
}

// quoted makes words of what was typed, whatever it holds.
func quoted(text string) string {
	return strings.Join(querylang.Tokens(text), " ")
}

// named keeps the items whose text contains every word that was typed.
func named(all []JumpItem, text string) (out []JumpItem) {
	words := strings.Fields(strings.ToLower(text))
	for _, i := range all {
		fits := true
		for _, w := range words {
			fits = fits && strings.Contains(strings.ToLower(i.Text), w)
		}
		if fits {
			out = append(out, i)
		}
	}
	return out
}

func issueJumps(rows []IssueRowIn) (out []JumpItem) {
	for _, r := range rows {
		id, sev := errata.ShortID(r.Service.Prefix, r.Issue.Number), r.Issue.Severity
		out = append(out, JumpItem{
			Text: ui.Clip(r.Issue.Title, 160), URL: IssueURL{ID: id}.String(), Severity: &sev, Code: id, Note: ui.NewStatus(r.Issue.Status).Word,
		})
	}
	return out
}

func serviceJumps(all []errata.Project) (out []JumpItem) {
	for _, p := range all {
		u := ListURL{Path: "/issues", Q: "is:unresolved service:" + p.Slug, DefaultSort: SortPriority}
		out = append(out, JumpItem{Text: p.Slug, URL: u.String(), Icon: "boxes", Note: "issues"})
	}
	return out
}

func peopleJumps(all []errata.Person) (out []JumpItem) {
	for _, p := range all {
		out = append(out, JumpItem{Text: ui.NewPerson(p).Name, URL: personURL(p.ID), Icon: "user", Note: p.Login})
	}
	return out
}

func viewJumps(all []errata.SavedView) (out []JumpItem) {
	for _, v := range all {
		out = append(out, JumpItem{Text: v.Title, URL: ViewURL(v), Icon: "bookmark"})
	}
	return out
}

func pageJumps(c layout.Chrome) (out []JumpItem) {
	for _, n := range c.Nav {
		out = append(out, JumpItem{Text: n.Text, URL: n.URL, Icon: n.Icon})
	}
	return append(out, JumpItem{Text: "Your account", URL: "/me", Icon: "user"}, JumpItem{Text: "Saved views", URL: "/views", Icon: "bookmark"})
}

// commandsOn lists what the reader can do to an issue: at once, or on the page
// of its acts where more has to be said.
func commandsOn(on *IssueRowIn) (out []JumpItem) {
	if on == nil {
		return nil
	}
	id := errata.ShortID(on.Service.Prefix, on.Issue.Number)
	version := []Param{{"version", strconv.FormatInt(on.Issue.Version, 10)}}
	here, acts := "/issues/"+url.PathEscape(id)+"/", on.Can
	for _, a := range []struct {
		can       errata.Allowed
		act       string
		text      string
		icon      string
		says      bool // it asks for more
		parameter *Param
	}{
		{acts.Ack, errata.ActAck, "Acknowledge", "check", false, nil},
		{acts.AssignSelf, errata.ActAssign, "Assign to me", "user", false, &Param{"assignee", "me"}},
		{acts.Resolve, errata.ActResolve, "Resolve", "circle-check", true, nil},
		{acts.Assign, errata.ActAssign, "Assign", "user-plus", true, nil},
		{acts.Severity, errata.ActSeverity, "Set the severity", "activity", true, nil},
		{acts.Ignore, errata.ActIgnore, "Ignore", "eye-off", true, nil},
		{acts.Unack, errata.ActUnack, "Take the acknowledgement back", "rotate-ccw", false, nil},
		{acts.Reopen, errata.ActReopen, "Reopen", "rotate-ccw", false, nil},
		{acts.Unignore, errata.ActUnignore, "Un-ignore", "eye", false, nil},
	} {
		if !a.can.Applies || !a.can.OK {
			continue
		}
		item := JumpItem{Text: a.text, Icon: a.icon, URL: here + "act"}
		if !a.says {
			item.URL, item.Act, item.Fields = "", here+a.act, version
		}
		if a.parameter != nil {
			item.Fields = append([]Param{*a.parameter}, version...)
		}
		out = append(out, item)
	}
	return out
}

// Whole shows the page.
func (m JumpPage) Whole() templ.Component { return jumpPage(m) }

// Part shows the places alone.
func (m JumpPage) Part(name string) (templ.Component, bool) {
	if name == "jumps" {
		return jumpList(m.Jumps), true
	}
	return nil, false
}
