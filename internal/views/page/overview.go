package page

import (
	"time"

	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// OverviewIn is what the overview is made from. Before names the period that
// figures are compared with: "previous 24 h".
type OverviewIn struct {
	Moment     ui.Moment
	URL        OverviewURL
	Services   []errata.Project // that the reader may see
	Envs       []string
	From       time.Time // when the range begins
	Before     string
	Never      bool   // no event has ever come
	SetUp      string // where the first one is sent from
	Events     TrendIn
	Unresolved UnresolvedIn
	New        NewIn
	Clocks     [2]ClockIn // time to acknowledge, time to resolve, of the range
	Queue      QueueIn
	Top        TopIn
	Bars       ServiceBarsIn
	Weeks      WeeksIn
	Export     *ExportIn
}

// UnresolvedIn is how many issues are open or acknowledged, and were when the
// range began, with the line between; By is the present number by severity.
type UnresolvedIn struct {
	Now, Before int64
	By          [4]int64
	Line        []int64
	Failed      *ui.Failure
}

// NewIn is how many issues are new in the range, and were in the period before;
// how many of them nobody owns, and how many old ones came back.
type NewIn struct {
	Now, Before, Regressed, Unassigned int64
	Line                               []int64
	Failed                             *ui.Failure
}

// ClockIn is what is known of one response time over the range.
type ClockIn struct {
	Total   stats.Summary
	Compare *stats.Comparison
	Failed  *ui.Failure
}

// QueueIn is what needs a response: the first rows, the soonest deadline first.
type QueueIn struct {
	Rows   []QueueRowIn
	Total  int64
	Failed *ui.Failure
}

// QueueRowIn is an open issue. Deadline is µs, 0 = no target.
type QueueRowIn struct {
	Issue    errata.Issue
	Service  errata.Project
	Deadline int64
	Ack      errata.Allowed
}

// TopIn is the issues that lead by Rank.
type TopIn struct {
	Rank   Rank
	Rows   []TopRowIn
	Failed *ui.Failure
}

// TopRowIn is an issue with its events in the range and before; Hours are those
// of the range in equal steps. Owner is zero when nobody owns it.
type TopRowIn struct {
	Issue          errata.Issue
	Service        errata.Project
	Hours          []int64
	Events, Before int64
	Owner          errata.Person
}

// ServiceBarsIn is the services with their figures, most events first.
type ServiceBarsIn struct {
	Rows   []ServiceBarIn
	Failed *ui.Failure
}

// ServiceBarIn is a service's events now and before, and its unresolved issues by
// severity.
type ServiceBarIn struct {
	Service        errata.Project
	Events, Before int64
	Unresolved     [4]int64
}

// Overview is the page that says whether it is worse than usual, where, and who
// must act.
type Overview struct {
	layout.Chrome
	Filters  []Filter
	Clear    string
	Hidden   []Param
	Range    RangePicker
	AsOf     string
	Empty    *Empty // there is nothing to show an overview of
	KPIs     []KPI
	Volume   Trend
	Queue    Queue
	Top      Top
	Services ServiceBars
	Weeks    Weeks
	Export   *ExportMenu
}

// NewOverview makes the overview.
func NewOverview(c layout.Chrome, in OverviewIn) Overview {
	c.Title, c.Section, c.Keys = "Overview", layout.SectionOverview, overviewKeys
	o := Overview{
		Chrome: c, AsOf: in.Moment.Hour(in.Moment.Now.UnixMicro()), Range: newOverviewRange(in), Empty: in.empty(), Export: NewExport(in.Export),
		Hidden: in.URL.Hidden("service", "env"),
	}
	for _, f := range []Filter{serviceFilter(in.Services), envFilter(in.Envs)} {
		picked := in.URL.Services
		if f.Key == "env" {
			picked = in.URL.Envs
		}
		o.Filters = append(o.Filters, ticked(f, picked))
	}
	if len(in.URL.Services)+len(in.URL.Envs) > 0 {
		o.Clear = in.URL.WithServices().WithEnvs().String()
	}
	o.Volume = newOverviewTrend(in)
	o.KPIs = newKPIs(in, o.Volume)
	o.Queue, o.Top, o.Services, o.Weeks = newQueue(in), newTop(in), newServiceBars(in), newWeeks(in)
	return o
}

// empty says what to do where nothing was ever counted.
func (in OverviewIn) empty() *Empty {
	switch {
	case len(in.Services) == 0:
		return &Empty{
			Icon: "boxes", Title: "No service yet", Text: "An overview needs a service that sends its errors here, and the right to read it.",
			Action: &ui.Link{Text: "Services", URL: "/services"},
		}
	case in.Never:
		return &Empty{
			Icon: "radio", Title: "Waiting for the first event",
			Text:   "No service has sent anything yet. The set-up page has the DSN, a curl command that sends a test event, and shows when it arrives.",
			Action: &ui.Link{Text: "Send the first event", URL: in.SetUp},
		}
	}
	return nil
}

// overviewHeight is the height of the chart, beside five rows of the queue.
const overviewHeight = 280

// overviewRows is how many lines the chart's table has at most; what it sums up
// stands on the bars.
const overviewRows = 25

func newOverviewTrend(in OverviewIn) Trend {
	in.Events.Rows = overviewRows
	t := NewTrend(in.Events)
	t.Chart.Height = overviewHeight
	return t
}

func newOverviewRange(in OverviewIn) RangePicker {
	u := ListURL{Range: in.URL.Range, From: in.URL.From, To: in.URL.To}
	p := newRange(u, in.Moment)
	p.Title, p.Action, p.Hidden = "Time range", in.URL.Path(), in.URL.Hidden("from", "to", "tz")
	for i, r := range Ranges {
		p.Items[i].URL = in.URL.WithRange(r).String()
	}
	return p
}

// pickLabel says what a filter has picked: "All 12", "checkout-api", "3 of 12".
func (f Filter) pickLabel() string {
	var on []string
	for _, o := range f.Options {
		if o.On {
			on = append(on, o.Text)
		}
	}
	switch len(on) {
	case 0:
		if len(f.Options) == 0 {
			return "All"
		}
		return "All " + ui.Num(int64(len(f.Options)))
	case 1:
		return ui.Clip(on[0], 28)
	}
	return ui.Num(int64(len(on))) + " of " + ui.Num(int64(len(f.Options)))
}

func (f Filter) icon() string {
	switch f.Key {
	case "env":
		return "globe"
	case "severity":
		return "circle-alert"
	}
	return "boxes"
}

// menuID is the id of the menu in which a filter is picked.
func (f Filter) menuID() string { return "m-" + f.Key }
