package page

import (
	"strconv"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// EventsIn is what the explorer of events is made from. Tree is the parsed query
// of Query.Text. Rows are there in the table, Counts in the other faces; Trend is
// the chart above rows, or the chart itself.
type EventsIn struct {
	Moment   ui.Moment
	URL      EventsURL
	Query    Query
	Tree     querylang.Expr
	Edit     bool
	Notices  []string
	Rows     []EventRowIn
	Open     []EventField
	OpenFail *ui.Failure
	Total    Total
	Took     time.Duration
	First    bool
	AsOf     int64 // µs
	Next     string
	Previous string
	Gaps     []Gap
	Failed   *ui.Failure // the rows, or the counts
	Trend    TrendIn
	Counts   CountsIn
	Fields   FieldsIn
	NoEvents bool
	SetUp    string
	Export   *ExportIn
}

// EventRowIn is one event of the table. Issue is its short id, "" = unknown;
// Values belong to the columns.
type EventRowIn struct {
	ID, Name string
	Time     int64 // µs
	Service  errata.Project
	Issue    string
	Severity errata.Severity
	Values   []string
}

// EventField is one field of an event, its key as a query writes it.
type EventField struct{ Key, Value string }

// Events is the explorer of events.
type Events struct {
	layout.Chrome
	Search  Search
	Faces   []ui.Link
	Back    *ui.Link // the issue whose events are shown
	As      string
	Measure *MeasureForm
	Columns *ColumnForm
	Fields  Fields
	Chart   *ExplorerChart
	List    EventList
	Counts  *Counts
	Export  *ExportMenu
}

// EventList is the table of events.
type EventList struct {
	Heads   []string
	Rows    []EventRow
	Count   string
	Notices []ui.Notice
	Empty   *Empty
	Failed  *ui.Failure
	Pager   Pager
}

// EventRow is one line of the table.
type EventRow struct {
	ID, Anchor string
	At         ui.Time
	Toggle     string // address that opens or shuts the row
	Opened     *OpenedEvent
	Cells      []EventCell
}

// EventCell is one value of a line: at most one of the signs stands before it.
type EventCell struct {
	Head, Text string
	URL        string
	Severity   *errata.Severity
	Service    *ui.Service
	Long, Mono bool
}

// OpenedEvent is all that can be asked of one event.
type OpenedEvent struct {
	Links  []ui.Link
	Fields []OpenedField
	Failed *ui.Failure
}

// OpenedField is a field with the addresses that filter by it. ID names its
// value for the copy button.
type OpenedField struct {
	ID, Name, Value        string
	Only, Without          string
	OnlyLabel, ExceptLabel string
}

// EventsParts are the parts of the page.
var EventsParts = []string{"list", "chart", "fields"}

var eventsKeys = []layout.KeyGroup{everywhereKeys, {Where: "Events", Keys: []layout.Key{
	{Keys: []string{"t"}, Does: "Time range"},
	{Keys: []string{"f"}, Does: "Fields"},
	{Keys: []string{"1"}, Does: "First face, and so on to 3"},
}}}

// NewEvents makes the explorer.
func NewEvents(c layout.Chrome, in EventsIn) Events {
	c.Title, c.Section, c.Keys = "Events", layout.SectionEvents, eventsKeys
	if in.URL.As == "" {
		in.URL.As = AsTable
	}
	m := Events{Chrome: c, As: in.URL.As, Search: in.search(), Faces: in.faces(), Back: in.back(), Fields: newFields(in), Export: NewExport(in.Export)}
	switch in.URL.As {
	case AsTable:
		m.Columns, m.Chart, m.List = in.columnForm(), in.chart("Events by severity"), in.list()
	case AsChart:
		m.Measure, m.Chart = in.measureForm(), in.chart(in.chartTitle())
		if len(in.URL.By) > 0 { // else the chart shows all there is
			m.Counts = in.counts()
		}
	default:
		m.Measure, m.Counts = in.measureForm(), in.counts()
	}
	return m
}

func (in EventsIn) search() Search {
	return NewSearch(SearchIn{
		Moment: in.Moment, URL: in.URL.with(func(u *EventsURL) { u.Open = "" }).Plain(), Query: in.Query, What: "events",
		RangeTitle: "Events of this time", Edit: in.Edit,
	})
}

func (in EventsIn) faces() []ui.Link {
	var out []ui.Link
	for i, f := range []struct{ as, text string }{{AsTable, "Table"}, {AsChart, "Chart"}, {AsCounts, "Counts"}} {
		u := in.URL.as(f.as)
		if f.as == AsCounts && len(u.By) == 0 {
			u.By = []string{"service"}
		}
		out = append(out, ui.Link{Text: f.text, URL: u.String(), Current: in.URL.As == f.as, Key: strconv.Itoa(i + 1)})
	}
	return out
}

// back leads to the issue when the query asks for the events of one.
func (in EventsIn) back() *ui.Link {
	kids := []querylang.Expr{in.Tree}
	if and, ok := in.Tree.(*querylang.And); ok {
		kids = and.Kids
	}
	for _, k := range kids {
		if l, ok := k.(*querylang.Leaf); ok && l.Key.Name == "issue" && len(l.Values) == 1 {
			return &ui.Link{Text: l.Values[0].Raw, URL: IssueURL{ID: strings.ToUpper(l.Values[0].Raw)}.String()}
		}
	}
	return nil
}

// searched says how long a search was; what is not a millisecond is no zero.
func searched(d time.Duration) string {
	if d < time.Millisecond {
		return "under 1 ms"
	}
	return ui.Duration(d)
}

func (in EventsIn) list() EventList {
	l := EventList{Failed: in.Failed, Count: in.Total.words("event", "events")}
	if in.Failed != nil {
		return l
	}
	if in.Took > 0 {
		l.Count += ", " + searched(in.Took)
	}
	for _, n := range in.Notices {
		l.Notices = append(l.Notices, ui.Notice{Tone: "info", Text: n})
	}
	l.Notices = append(l.Notices, gapNotices(in.Moment, in.Gaps)...)
	for _, c := range in.URL.columns() {
		l.Heads = append(l.Heads, fieldWord(c))
	}
	for _, r := range in.Rows {
		l.Rows = append(l.Rows, in.row(r))
	}
	if len(l.Rows) == 0 {
		l.Empty = in.empty()
	}
	l.Pager = in.pager()
	return l
}

func (in EventsIn) row(r EventRowIn) EventRow {
	row := EventRow{ID: r.ID, Anchor: "e-" + r.Name, At: in.Moment.Stamp(r.Time)}
	for i, c := range in.URL.columns() {
		if i < len(r.Values) {
			row.Cells = append(row.Cells, in.cell(c, r, r.Values[i]))
		}
	}
	open := in.URL.Open == r.Name
	row.Toggle = in.URL.with(func(u *EventsURL) { u.Open = r.Name }).String() + "#" + row.Anchor
	if open {
		row.Toggle = in.URL.with(func(u *EventsURL) { u.Open = "" }).String() + "#" + row.Anchor
		row.Opened = in.opened(r)
	}
	return row
}

// shownCell is how much of a value a cell holds.
const shownCell = 160

func (in EventsIn) cell(column string, r EventRowIn, value string) EventCell {
	c := EventCell{Head: fieldWord(column), Text: ui.Clip(value, shownCell)}
	switch column {
	case "event.severity":
		c.Severity = &r.Severity
	case "service":
		s := ui.NewService(r.Service, "")
		c.Service = &s
	case "message":
		c.Long = true
		if value == "" {
			c.Text = "(no message)"
		}
		c.URL = eventURL(r)
	case "issue":
		if value != "" {
			c.URL = IssueURL{ID: value}.String()
		}
	case "trace", "request_id":
		c.Mono = true
		if value != "" {
			c.URL = TraceURL(value)
		}
	case "user":
		c.Text = userWords(value)
	default:
		c.Mono = true
	}
	return c
}

// userWords is how the keyed hash of a user is shown.
func userWords(hash string) string {
	if hash == "" {
		return ""
	}
	return "user " + ui.Clip(hash, 6)
}

// eventURL is the event in its issue; "" when the issue is not known.
func eventURL(r EventRowIn) string {
	if r.Issue == "" {
		return ""
	}
	return IssueURL{ID: r.Issue, Event: r.ID}.String()
}

// opened shows the fields of the row that is open.
func (in EventsIn) opened(r EventRowIn) *OpenedEvent {
	o := &OpenedEvent{Failed: in.OpenFail}
	if to := eventURL(r); to != "" {
		o.Links = append(o.Links, ui.Link{Text: "Show in " + r.Issue, URL: to})
	}
	for i, f := range in.Open {
		if f.Key == "trace" || f.Key == "request_id" {
			o.Links = append(o.Links, ui.Link{Text: "Everything in this " + strings.ToLower(fieldWord(f.Key)), URL: TraceURL(f.Value)})
		}
		one := OpenedField{ID: "v" + strconv.Itoa(i), Name: f.Key, Value: ui.Clip(f.Value, 400)}
		one.Only = in.URL.withQ(withPair(in.Tree, f.Key, f.Value, false)).String()
		one.Without = in.URL.withQ(withPair(in.Tree, f.Key, f.Value, true)).String()
		said := f.Key + " " + ui.Clip(f.Value, 60)
		one.OnlyLabel, one.ExceptLabel = "Only "+said, "Without "+said
		o.Fields = append(o.Fields, one)
	}
	return o
}

func (in EventsIn) pager() Pager {
	p := Pager{}
	if n := int64(len(in.Rows)); n > 0 {
		p.Range = ui.Exact(n) + " of " + in.Total.number()
		if in.First {
			p.Range = "1 to " + p.Range
		}
	}
	at := func(cursor string) string {
		return in.URL.with(func(u *EventsURL) { u.List.Cursor, u.Open = cursor, "" }).String()
	}
	if in.Next != "" {
		p.Next = at(in.Next)
	}
	if in.Previous != "" {
		p.Previous = at(in.Previous)
	}
	if !in.First {
		p.AsOf, p.Top = "as of "+in.Moment.Hour(in.AsOf), at("")
	}
	return p
}

// number is the total as a figure alone.
func (t Total) number() string {
	if t.Exact {
		return ui.Exact(t.Value)
	}
	return "more than " + ui.Num(t.Value)
}

func (in EventsIn) empty() *Empty {
	clear := &ui.Link{Text: "Clear the search", URL: in.URL.withQ("").String()}
	wider := in.URL
	wider.List = wider.List.WithRange("30d")
	longer := &ui.Link{Text: "Show 30 days", URL: wider.String()}
	if in.URL.List.Range == "30d" || in.URL.List.Range == "90d" {
		longer = nil
	}
	switch {
	case in.NoEvents:
		return &Empty{
			Icon: "radio", Title: "Waiting for the first event",
			Text:   "No service has sent anything yet. The set-up page has the DSN and a snippet that sends a test event.",
			Action: &ui.Link{Text: "Set up a service", URL: in.SetUp},
		}
	case in.Query.Error != nil:
		return &Empty{Icon: "search", Title: "Not searched", Text: "The search above could not be read. Correct it, or start again without it.", Action: clear}
	case in.Query.Text != "":
		return &Empty{Icon: "search", Title: "No event matches", Text: "Nothing in this range fits the whole search. Remove a part of it, or look further back.", Action: clear, Other: longer}
	}
	return &Empty{Icon: "circle-check", Title: "All quiet", Text: "No event arrived in this range.", Other: longer}
}
