package page

import (
	"net/url"
	"strconv"

	"github.com/a-h/templ"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// ActsIn is what the controls of an issue are made from. Next is where a form
// returns to, a path of ours. Refused is the form that was just sent and not
// taken.
type ActsIn struct {
	Can      errata.Can
	Me       string // account id of the reader
	People   []errata.Person
	Owner    errata.Person // zero = nobody
	Watching bool
	Next     string
	Refused  *Refused
}

// Refused is a form with what was typed and why it was not taken.
type Refused struct {
	Act    string
	Fields map[string]string
	Err    error
}

// Acts are the controls of one issue. Target is the id of the part that an
// answer replaces.
type Acts struct {
	ID, Version, Next, Target string
	Controls                  []Control
	Resolve                   *ResolveForm
	Assign                    *AssignForm
	Ignore                    *IgnoreForm
	Severity                  *SeverityForm
	Stage                     *StageForm
	Refused                   string // the act whose form stands open below, "" = none
	Problems                  []string
}

// Control is a button: it sends the form of an act, or opens the menu of one.
type Control struct {
	Act, Text, Icon, Key string
	Fields               []Param
	Menu                 bool
	Why                  string // not "": the reader may not, and this is what is missing
	Primary, On, End     bool
	Title                string
	Person               *ui.Person
	Severity             *errata.Severity
}

// NoteField is the text beside an act.
type NoteField struct {
	Label, Text, Error string
	Required           bool
	Said               bool // Label says when it is needed
}

// ResolveForm asks why it is over.
type ResolveForm struct {
	Options []ui.Option
	Cause   string
	Note    NoteField
}

// AssignForm offers people: the first few as buttons, all when they are many as
// a list.
type AssignForm struct {
	Self, Nobody bool
	Me           ui.Person
	Mine         bool
	Few          []Assignee
	Many         []ui.Option
	Hint         string
}

// Assignee is somebody to give the issue to.
type Assignee struct {
	Value   string
	Person  ui.Person
	Current bool
}

// IgnoreForm asks why nobody needs to look.
type IgnoreForm struct {
	Options []ui.Option
	Reason  string
	Note    NoteField
}

// SeverityForm sets the severity.
type SeverityForm struct {
	Options []SeverityOption
	Note    NoteField
}

// SeverityOption is a severity to set, or "auto".
type SeverityOption struct {
	Value, Text string
	Severity    *errata.Severity
	On          bool
}

// StageForm says how far the work is.
type StageForm struct{ Options []StageOption }

// StageOption is a stage to set.
type StageOption struct {
	Value, Text string
	On          bool
}

// fewPeople is up to how many people a menu lists as buttons.
const fewPeople = 8

// ids of the menus are menuID + the name of the act.
const menuID = "m-"

func newActs(id, target string, i errata.Issue, in ActsIn) Acts {
	a := Acts{ID: id, Version: strconv.FormatInt(i.Version, 10), Next: in.Next, Target: target}
	if may(in.Can.Resolve) {
		a.Resolve = newResolveForm(i)
	}
	if may(in.Can.Assign) || may(in.Can.AssignSelf) {
		a.Assign = newAssignForm(i, in)
	}
	if may(in.Can.Ignore) {
		a.Ignore = newIgnoreForm()
	}
	if may(in.Can.Severity) {
		a.Severity = newSeverityForm(i)
	}
	if may(in.Can.Stage) {
		a.Stage = newStageForm(i)
	}
	a.Controls = controls(i, in)
	a.refuse(in.Refused)
	return a
}

func may(a errata.Allowed) bool { return a.OK && a.Applies }

// url is where the form of an act goes.
func (a Acts) url(act string) string { return "/issues/" + url.PathEscape(a.ID) + "/" + act }

// controls lists the buttons: the verb that the state asks for first.
func controls(i errata.Issue, in ActsIn) []Control {
	c := in.Can
	if c.Ack.Applies { // assigned, but not acknowledged in so many words: there is nothing to take back
		c.Unack.Applies = false
	}
	all := []struct {
		allowed errata.Allowed
		Control
	}{
		{c.Ack, Control{Act: errata.ActAck, Text: "Acknowledge", Icon: "check", Key: "a", Primary: i.Status == errata.Open}},
		{c.Reopen, Control{Act: errata.ActReopen, Text: "Reopen", Icon: "rotate-ccw", Key: "u", Primary: true}},
		{c.Unignore, Control{Act: errata.ActUnignore, Text: "Un-ignore", Icon: "rotate-ccw", Key: "u", Primary: true}},
		{c.Resolve, Control{Act: errata.ActResolve, Text: "Resolve", Icon: "circle-check", Key: "r", Menu: true, Primary: i.Status == errata.Acknowledged}},
		{c.Unack, Control{Act: errata.ActUnack, Text: "Acknowledged", Icon: "check", Key: "u", On: true, Title: "Acknowledged. Press to take it back"}},
		{either(c.Assign, c.AssignSelf), owner(in)},
		{c.Stage, Control{Act: errata.ActStage, Text: stageText(i.Stage), Icon: "timer", Menu: true}},
		{c.Severity, Control{Act: errata.ActSeverity, Text: severityText(i), Severity: &i.Severity, Key: "p", Menu: true}},
		{c.Ignore, Control{Act: errata.ActIgnore, Text: "Ignore", Icon: "eye-off", Key: "e", Menu: true}},
		{c.Watch, watch(in.Watching)},
	}
	var out []Control
	for _, x := range all {
		if !x.allowed.Applies {
			continue
		}
		if !x.allowed.OK {
			x.Why, x.Key = x.allowed.Why, ""
		}
		out = append(out, x.Control)
	}
	return out
}

func either(a, b errata.Allowed) errata.Allowed {
	if a.Applies && a.OK {
		return a
	}
	return b
}

func owner(in ActsIn) Control {
	c := Control{Act: errata.ActAssign, Text: "Assign", Icon: "user-plus", Key: "M", Menu: true, Title: "Nobody owns it yet"}
	if in.Owner.ID != "" {
		p := ui.NewPerson(in.Owner)
		c.Text, c.Person, c.Title = p.Name, &p, "Owner"
	}
	return c
}

func stageText(s errata.Stage) string {
	if s == "" {
		return "Stage"
	}
	return orRaw(stageWords, s)
}

func severityText(i errata.Issue) string {
	if i.SeverityLocked {
		return i.Severity.String() + " by hand"
	}
	return i.Severity.String()
}

func watch(watching bool) Control {
	if watching {
		return Control{Act: "watch", Text: "Watching", Icon: "eye", Key: "w", On: true, End: true, Title: "You are told what happens here. Press to stop", Fields: []Param{{"on", "false"}}}
	}
	return Control{Act: "watch", Text: "Watch", Icon: "eye", Key: "w", End: true, Fields: []Param{{"on", "true"}}}
}

func newResolveForm(i errata.Issue) *ResolveForm {
	f := &ResolveForm{Cause: string(errata.CauseFixed), Note: optionalNote}
	for _, c := range errata.Causes {
		f.Options = append(f.Options, ui.Option{Value: string(c), Text: causeWords[c]})
	}
	if i.Severity == errata.P0 {
		f.Note.Required, f.Note.Label = true, "Note: what was it, and what was done?"
	}
	return f
}

var optionalNote = NoteField{Label: "Note"}

func newIgnoreForm() *IgnoreForm {
	f := &IgnoreForm{Reason: errata.IgnoreReasons[0], Note: optionalNote}
	for _, r := range errata.IgnoreReasons {
		f.Options = append(f.Options, ui.Option{Value: r, Text: orRaw(ignoreWords, r)})
	}
	return f
}

func newAssignForm(i errata.Issue, in ActsIn) *AssignForm {
	f := &AssignForm{Self: may(in.Can.AssignSelf), Nobody: may(in.Can.Assign) && i.AssigneeID != "", Mine: i.AssigneeID == in.Me}
	if i.Severity <= errata.P1 && i.Status == errata.Open {
		f.Hint = "At " + i.Severity.String() + " it stays open until whoever gets it acknowledges."
	}
	var others []Assignee
	for _, p := range in.People {
		if p.ID == in.Me {
			f.Me = ui.NewPerson(p)
			continue
		}
		others = append(others, Assignee{Value: "user:" + p.ID, Person: ui.NewPerson(p), Current: p.ID == i.AssigneeID})
	}
	if f.Me.Name == "" {
		f.Self = false // not among those who can read it
	}
	if !may(in.Can.Assign) {
		return f
	}
	if len(others) <= fewPeople {
		f.Few = others
		return f
	}
	for _, o := range others {
		f.Many = append(f.Many, ui.Option{Value: o.Value, Text: o.Person.Name})
	}
	return f
}

func newSeverityForm(i errata.Issue) *SeverityForm {
	f := &SeverityForm{Note: NoteField{Label: "Note, needed between P1 and P2", Said: true}}
	for _, s := range errata.Severities {
		f.Options = append(f.Options, SeverityOption{Value: s.String(), Text: s.String() + " " + s.Word(), Severity: &s, On: i.Severity == s && i.SeverityLocked})
	}
	auto := SeverityOption{Value: "auto", Text: "Automatic, now " + i.Severity.String(), On: !i.SeverityLocked}
	f.Options = append(f.Options, auto)
	return f
}

func newStageForm(i errata.Issue) *StageForm {
	f := &StageForm{}
	for _, s := range errata.Stages {
		f.Options = append(f.Options, StageOption{string(s), stageWords[s], s == i.Stage})
	}
	if i.Stage != "" {
		f.Options = append(f.Options, StageOption{"", "Not said", false})
	}
	return f
}

// refuse opens the form that was not taken, as it was filled in.
func (a *Acts) refuse(r *Refused) {
	if r == nil {
		return
	}
	note := func(n *NoteField) {
		n.Text = r.Fields["note"]
		for _, d := range errata.DetailsOf(r.Err) {
			if d.Field == "note" {
				n.Error, n.Required = d.Message, true
			}
		}
	}
	a.Problems = []string{errata.MessageOf(r.Err)}
	switch {
	case r.Act == errata.ActResolve && a.Resolve != nil:
		a.Resolve.Cause = r.Fields["cause"]
		note(&a.Resolve.Note)
	case r.Act == errata.ActIgnore && a.Ignore != nil:
		a.Ignore.Reason = r.Fields["reason"]
		note(&a.Ignore.Note)
	case r.Act == errata.ActSeverity && a.Severity != nil:
		for n := range a.Severity.Options {
			a.Severity.Options[n].On = a.Severity.Options[n].Value == r.Fields["severity"]
		}
		note(&a.Severity.Note)
	default:
		return
	}
	a.Refused = r.Act
}

// menuFor says whether the menu of an act is drawn: the one that was refused
// stands open in the page instead.
func (a Acts) menuFor(act string) bool { return a.Refused != act }

// swap makes the form of an act replace what it changes; without JavaScript it
// leads to the whole page.
func (a Acts) swap(act string) templ.Attributes {
	if a.Target == "" {
		return nil
	}
	return templ.Attributes{"hx-post": a.url(act), "hx-target": "#" + a.Target, "hx-swap": "outerHTML"}
}

func pressed(c Control) templ.Attributes {
	if !c.On {
		return nil
	}
	return templ.Attributes{"aria-pressed": "true"}
}

// shownKey is a key as people write it.
func (c Control) shownKey() string {
	if c.Key == "M" {
		return "⇧m"
	}
	return c.Key
}

// ActPage is all that can be done to one issue, for a line of the list where no
// script opens its menu.
type ActPage struct {
	layout.Chrome
	noParts
	Heading string
	Acts    Acts
}

// NewActPage makes the page.
func NewActPage(c layout.Chrome, i errata.Issue, service errata.Project, in ActsIn) ActPage {
	id := errata.ShortID(service.Prefix, i.Number)
	m := ActPage{Chrome: c, Heading: ui.Clip(id+" "+i.Title, 120), Acts: newActs(id, "", i, in)}
	m.Title, m.Section, m.Keys = m.Heading, layout.SectionIssues, plainKeys
	return m
}

// NewRowMenu makes the menu of a line of the list; its answers replace the line.
func NewRowMenu(i errata.Issue, service errata.Project, in ActsIn) templ.Component {
	id := errata.ShortID(service.Prefix, i.Number)
	return rowPopover(newActs(id, id, i, in))
}
