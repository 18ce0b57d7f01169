package page

import (
	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// ServiceSetupIn is what the set-up page of a service is made from. DSN is the
// whole DSN, Store the address of its store endpoint, for curl. Platform is
// what the address asks for, "" = the service's own.
type ServiceSetupIn struct {
	Moment     ui.Moment
	Service    errata.Project
	Team       errata.Team // that answers for it; zero = none
	DSN, Store string
	Key        errata.IngestKey
	Platform   string
	First      *FirstEvent
	FirstRun   bool // the fourth step of the first run
	MayReadKey bool
}

// FirstEvent is the first thing that arrived. Issue is a short id, "" while
// the event is not grouped yet.
type FirstEvent struct {
	Issue, Title         string
	At                   int64
	Release, Environment string
}

// ServiceSetup is the set-up page of a service.
type ServiceSetup struct {
	layout.Chrome
	Steps    Steps
	Service  ui.Service
	Name     string
	Team     *ui.Link // that answers for it, nil = none
	DSN      string
	KeyNote  string
	Tabs     []ui.Link
	Snippets []Snippet
	Tick     Tick
	Refused  bool // the reader may not see keys
}

// Snippet is a piece of code to copy.
type Snippet struct{ Title, Language, Code, ID string }

// Tick is the live part: waiting, or arrived.
type Tick struct {
	Poll    string // address that answers the tick again, "" = arrived
	Reload  string
	Arrived bool
	Title   string
	URL     string
	At      ui.Time
	Checks  []TickCheck
	Next    ui.Link
	Skip    *ui.Link
}

// TickCheck is a remark on the first event.
type TickCheck struct {
	OK   bool
	Text string
}

// NewServiceSetup makes the set-up page of a service.
func NewServiceSetup(c layout.Chrome, in ServiceSetupIn) ServiceSetup {
	c.Title, c.Section, c.Keys = "Set up "+in.Service.Slug, layout.SectionServices, plainKeys
	platform := snippetPlatform(in.Platform, in.Service.Platform)
	m := ServiceSetup{
		Chrome: c, Service: ui.NewService(in.Service, ""), Name: in.Service.Name, DSN: in.DSN, Refused: !in.MayReadKey,
		KeyNote: keyNote(in.Key), Snippets: snippets(platform, in), Tick: newTick(in, platform),
	}
	if in.Team.ID != "" {
		m.Team = &teamLinks([]errata.Team{in.Team})[0]
	}
	for _, p := range platforms {
		m.Tabs = append(m.Tabs, ui.Link{Text: p.Text, URL: setupURL(in.Service, p.Value), Current: p.Value == platform})
	}
	if in.FirstRun {
		m.Steps = newSteps(StepEvent)
	}
	return m
}

func keyNote(k errata.IngestKey) string {
	if k.Kind == errata.KeyPublic {
		return "Public key: it can only send events, and may stand in a web page."
	}
	return "Server key: it can only send events. Keep it out of web pages."
}

func newTick(in ServiceSetupIn, platform string) Tick {
	here := setupURL(in.Service, platform)
	t := Tick{Reload: here, Next: ui.Link{Text: "Open the issue list", URL: "/issues"}}
	if in.First == nil {
		t.Poll = here
		if in.FirstRun {
			t.Skip = &ui.Link{Text: "Skip this step", URL: "/issues"}
		}
		return t
	}
	t.Arrived, t.Title, t.At = true, ui.Clip(in.First.Title, 160), in.Moment.Ago(in.First.At)
	if in.First.Issue != "" {
		t.URL = IssueURL{ID: in.First.Issue}.String()
		t.Next = ui.Link{Text: "Open " + in.First.Issue, URL: t.URL}
	}
	t.Checks = []TickCheck{
		check(in.First.Release != "", "Release "+in.First.Release, "No release is sent: set it to see in which version an error began"),
		check(in.First.Environment != "", "Environment "+in.First.Environment, "No environment is sent"),
	}
	return t
}

func check(ok bool, yes, no string) TickCheck {
	if ok {
		return TickCheck{OK: true, Text: yes}
	}
	return TickCheck{Text: no}
}
