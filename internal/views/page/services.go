package page

import (
	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// ServicesIn is what the list of services is made from.
type ServicesIn struct {
	Moment    ui.Moment
	Services  []ServiceRowIn
	MayCreate bool
	Failed    *ui.Failure
}

// ServiceRowIn is one service. LastEvent is µs, 0 = none has arrived.
type ServiceRowIn struct {
	Service         errata.Project
	LastDay, Issues int64
	LastEvent       int64
}

// Services is the list of services.
type Services struct {
	layout.Chrome
	noParts
	Rows      []ServiceRow
	Empty     *Empty
	MayCreate bool
	Failed    *ui.Failure
	Export    *ExportMenu
}

// ServiceRow is one line of it.
type ServiceRow struct {
	Service            ui.Service
	Name, Prefix       string
	Setup, IssuesURL   string
	EventsURL          string // of the last day
	Issues, LastDay    string
	Last               ui.Time
	Silent, NoEventYet bool
}

// silentAfter is how long without an event makes a service silent.
const silentAfter = 24 * 3600 * 1e6

// NewServices makes the list of services.
func NewServices(c layout.Chrome, in ServicesIn) Services {
	c.Title, c.Section, c.Keys = "Service set-up", layout.SectionServices, plainKeys
	m := Services{Chrome: c, Export: takeAlong("/services"), MayCreate: in.MayCreate, Failed: in.Failed}
	for _, r := range in.Services {
		m.Rows = append(m.Rows, newServiceRow(r, in.Moment))
	}
	if len(m.Rows) == 0 && in.Failed == nil {
		m.Empty = &Empty{Icon: "boxes", Title: "No service yet", Text: "A service is a program that sends its errors. It gets a DSN of its own, and its issues carry its short name."}
		if in.MayCreate {
			m.Empty.Action = &ui.Link{Text: "New service", URL: "/services/new"}
		}
	}
	return m
}

func newServiceRow(r ServiceRowIn, m ui.Moment) ServiceRow {
	return ServiceRow{
		Service: ui.NewService(r.Service, ""), Name: r.Service.Name, Prefix: r.Service.Prefix, Setup: setupURL(r.Service, ""),
		IssuesURL: ListURL{Path: "/issues", Q: "service:" + r.Service.Slug, Range: AnyTime}.String(),
		EventsURL: ListURL{Path: "/events", Q: "service:" + r.Service.Slug}.String(),
		Issues:    ui.Num(r.Issues), LastDay: ui.Num(r.LastDay), Last: m.Ago(r.LastEvent),
		NoEventYet: r.LastEvent == 0, Silent: r.LastEvent != 0 && m.Now.UnixMicro()-r.LastEvent > silentAfter,
	}
}

func setupURL(p errata.Project, platform string) string {
	u := "/services/" + p.Slug + "/setup"
	if platform != "" {
		u += "?platform=" + platform
	}
	return u
}
