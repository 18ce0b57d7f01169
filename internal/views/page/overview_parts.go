package page

import (
	"strconv"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/views/chart"
	"errata/internal/views/ui"
)

// Queue is what needs a response.
type Queue struct {
	Count  string
	Rows   []QueueRow
	URL    string // all of them
	Quiet  string // what is said when nothing waits
	Failed *ui.Failure
}

// QueueRow is an open issue with the button that acknowledges it. Why is not ""
// when the reader may not, and says what is missing. Done is said in place of
// the button once somebody has.
type QueueRow struct {
	ID, URL, Title string
	Severity       errata.Severity
	Service        ui.Service
	Due            ui.Chip
	Version, Next  string
	Why            string
	Done           string
}

// rowID is the id of the row's element.
func (r QueueRow) rowID() string { return needID + r.ID }

// needID begins the ids of rows of the queue.
const needID = "need-"

func (r QueueRow) ackURL() string { return IssueURL{ID: r.ID}.String() + "/ack" }

func newQueue(in OverviewIn) Queue {
	q := Queue{Failed: in.Queue.Failed, URL: in.URL.everywhen("is:open"), Count: ui.Num(in.Queue.Total) + " open"}
	for _, r := range in.Queue.Rows {
		q.Rows = append(q.Rows, newQueueRow(in, r))
	}
	if len(q.Rows) == 0 {
		q.Quiet = "Nothing waits for an acknowledgement."
	}
	return q
}

func newQueueRow(in OverviewIn, r QueueRowIn) QueueRow {
	row := QueueRow{
		ID: errata.ShortID(r.Service.Prefix, r.Issue.Number), Title: titleOf(r.Issue), Severity: r.Issue.Severity,
		Service: ui.NewService(r.Service, r.Issue.Platform), Due: dueChip(in.Moment, r), Version: strconv.FormatInt(r.Issue.Version, 10),
		Next: in.URL.String(),
	}
	row.URL = IssueURL{ID: row.ID}.String()
	if !r.Ack.OK {
		row.Why = r.Ack.Why
	}
	return row
}

// NewQueueRow is one row of the queue, after somebody has acknowledged it: done
// says who and when.
func NewQueueRow(in OverviewIn, r QueueRowIn, done string) QueueRow {
	row := newQueueRow(in, r)
	row.Done = done
	return row
}

func titleOf(i errata.Issue) string {
	if i.Title == "" {
		return "(no message)"
	}
	return i.Title
}

// soon is how long before its deadline an issue is marked.
const soon = 5 * time.Minute

// dueChip says how long there is still time to respond.
func dueChip(m ui.Moment, r QueueRowIn) ui.Chip {
	if r.Deadline == 0 {
		return ui.Chip{Text: "open " + ui.Age(m.Now.Sub(time.UnixMicro(r.Issue.OpenedAt))), Tone: "line", Title: "No target for " + r.Issue.Severity.String()}
	}
	c := ui.Chip{Title: "Response wanted by " + m.At(r.Deadline).Text}
	switch left := time.UnixMicro(r.Deadline).Sub(m.Now); {
	case left < 0:
		c.Text, c.Tone = ui.Age(-left)+" over", "late"
	case left < soon:
		c.Text, c.Tone = "ack in "+ui.Age(left), "warn"
	default:
		c.Text, c.Tone = "ack in "+ui.Age(left), "line"
	}
	return c
}

// Top is the issues that lead by one measure.
type Top struct {
	Sub    string
	Links  []ui.Link
	Rows   []TopRow
	Quiet  string
	Rising bool
	Failed *ui.Failure
}

// TopRow is one of them.
type TopRow struct {
	ID, URL, Title      string
	Severity            errata.Severity
	Chip                *ui.Chip
	Trend               chart.Sparkline
	TrendSentence       string
	Events, EventsTitle string
	Rise                string // "+412" of rising issues, "" = not ranked by it
	Users               string
	Owner               *ui.Person // nil = nobody
}

func (r TopRow) rowID() string { return "top-" + r.ID }

func newTop(in OverviewIn) Top {
	rank := in.Top.Rank
	if rank == "" {
		rank = RankEvents
	}
	t := Top{Failed: in.Top.Failed, Links: in.URL.rankLinks(rank), Rising: rank == RankRising}
	t.Sub = map[Rank]string{
		RankEvents: "by events, " + in.rangeWords(), RankUsers: "by users so far, active in the " + in.rangeWords(),
		RankRising: "by growth against the " + in.Before,
	}[rank]
	for _, r := range in.Top.Rows {
		t.Rows = append(t.Rows, newTopRow(in, r, t.Rising))
	}
	if len(t.Rows) == 0 {
		t.Quiet = "No issue had an event in this range."
		if t.Rising {
			t.Quiet = "No issue has more events than in the " + in.Before + "."
		}
	}
	return t
}

// rangeWords is the range inside a sentence: "last 24 h".
func (in OverviewIn) rangeWords() string {
	if in.Before == "" {
		return "range"
	}
	return "last" + in.Before[len("previous"):]
}

func newTopRow(in OverviewIn, r TopRowIn, rising bool) TopRow {
	i := r.Issue
	row := TopRow{
		ID: errata.ShortID(r.Service.Prefix, i.Number), Title: titleOf(i), Severity: i.Severity, Chip: reasonChip(i, in.Moment),
		Trend: chart.NewSparkline(r.Hours), Events: ui.Num(r.Events), EventsTitle: ui.Exact(r.Events) + " events in the range, in whole hours",
		Users: "n/a", TrendSentence: ui.Count(sum(r.Hours), "event", "events") + " over the range",
	}
	row.URL = IssueURL{ID: row.ID}.String()
	if i.Users > 0 {
		row.Users = ui.Num(i.Users)
	}
	if rising {
		row.Rise = "+" + ui.Num(r.Events-r.Before)
		row.EventsTitle += ", " + ui.Exact(r.Before) + " before"
	}
	if r.Owner.ID != "" {
		p := ui.NewPerson(r.Owner)
		row.Owner = &p
	}
	return row
}

// ServiceBars is the services with their figures.
type ServiceBars struct {
	Rows   []ServiceBar
	All    string // "All 12": how many there are
	Quiet  string
	Failed *ui.Failure
}

// ServiceBar is one service: its share of the busiest one's events (0 to 100) as a
// bar, and its unresolved issues by severity.
type ServiceBar struct {
	Service              ui.Service
	URL, Title           string
	Share                string
	Events, ExactEvents  string
	Delta                *Delta
	Unresolved           []SeverityCount
	UnresolvedURL, Words string
}

// SeverityCount is a number of issues of one severity.
type SeverityCount struct {
	Severity errata.Severity
	Count    string
}

// shownServices is how many services the overview has room for.
const shownServices = 6

func newServiceBars(in OverviewIn) ServiceBars {
	f := ServiceBars{Failed: in.Bars.Failed}
	if n := len(in.Bars.Rows); n > shownServices {
		f.All = "All " + ui.Num(int64(n))
	}
	top := int64(1)
	for _, r := range in.Bars.Rows {
		top = max(top, r.Events)
	}
	for _, r := range in.Bars.Rows[:min(len(in.Bars.Rows), shownServices)] {
		f.Rows = append(f.Rows, newServiceBar(in, r, top))
	}
	if len(f.Rows) == 0 {
		f.Quiet = "No service to show."
	}
	return f
}

func newServiceBar(in OverviewIn, r ServiceBarIn, top int64) ServiceBar {
	f := ServiceBar{
		Service: ui.NewService(r.Service, ""), URL: in.URL.WithServices(r.Service.Slug).String(), Events: ui.Num(r.Events),
		ExactEvents: ui.Exact(r.Events) + " events in the range, " + ui.Exact(r.Before) + " in the " + in.Before,
		Share:       strconv.FormatFloat(100*float64(r.Events)/float64(top), 'f', 1, 64), Title: "Overview of " + r.Service.Slug,
	}
	if r.Events+r.Before > 0 {
		f.Delta = newDelta(r.Events, r.Before)
	}
	var words []string
	for _, s := range errata.Severities {
		if n := r.Unresolved[s]; n > 0 {
			f.Unresolved = append(f.Unresolved, SeverityCount{s, ui.Num(n)})
			words = append(words, ui.Num(n)+" "+s.String())
		}
	}
	f.Words = "nothing unresolved"
	if len(words) > 0 {
		f.Words = strings.Join(words, ", ") + " unresolved"
		f.UnresolvedURL = in.URL.WithServices(r.Service.Slug).everywhen("is:unresolved")
	}
	return f
}
