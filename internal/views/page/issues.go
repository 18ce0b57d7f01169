package page

import (
	"strconv"
	"time"

	"errata/internal/errata"
	"errata/internal/views/chart"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// IssuesIn is what the issue list is made from. Rows are one page, in order.
type IssuesIn struct {
	Moment   ui.Moment
	URL      ListURL // Path "/issues", canonical
	Query    Query
	Notices  []string // remarks on the query, from the parser
	Services []errata.Project
	Envs     []string
	Rows     []IssueRowIn
	Total    Total
	Offset   int64  // rows before the first one; -1 = unknown
	Next     string // cursors, "" = no more that way
	Previous string
	AsOf     int64 // when the first page was read, µs; 0 on the first page
	Moved    int64 // rows that have changed place since
	Failed   *ui.Failure
	Gaps     []Gap
	// Partial says why only titles were searched, or otherwise less than all;
	// "" = nothing is missing.
	Partial string
	// NoEvents says that nothing has ever arrived; SetUp leads on from there.
	NoEvents bool
	SetUp    string
	Export   *ExportIn
	Trend    TrendIn
	Tabs     []Total   // of Query.TabQueries; nil = not counted
	Edit     bool      // the search is edited as text
	Facets   []FacetIn // of the picker's keys; nil = not counted
	Hint     *HintIn   // of an empty list
	Views    ViewsIn
	// Bulk says whether the reader may act on any issue, and if not what is
	// missing.
	Bulk errata.Allowed
}

// Total counts matches; Exact is false when counting stopped at Value.
type Total struct {
	Value int64
	Exact bool
}

func (t Total) words(one, many string) string {
	if t.Exact {
		return ui.Count(t.Value, one, many)
	}
	return "about " + ui.Num(t.Value) + " " + many
}

// all are the words for everything that matches.
func (t Total) all() string {
	if t.Exact {
		return "All " + ui.Num(t.Value)
	}
	return "All that match"
}

// IssueRowIn is one issue of the list. Hours are the events of the last 24
// hours, oldest first.
type IssueRowIn struct {
	Issue   errata.Issue
	Service errata.Project
	Hours   []int64
	Owner   errata.Person // zero = nobody
	Can     errata.Can
}

// Issues is the issue list.
type Issues struct {
	layout.Chrome
	Search  Search
	Filters Filters
	Tabs    []ui.Link
	Trend   Trend
	List    IssueList
	Export  *ExportMenu
}

// IssueList is the part of the page that lists.
type IssueList struct {
	Count   string
	Rows    []IssueRow
	Notices []ui.Notice
	Empty   *Empty
	Failed  *ui.Failure
	Pager   Pager
	Sorts   []ui.Link
	Next    string // where acts on rows return to
	Bulk    []BulkButton
	BulkWhy string // why the buttons are off, "" = they are on
	Whole   string // acts on everything that matches: "All 137"; "" = the page shows all
}

// IssueRow is one line of the list.
type IssueRow struct {
	ID, URL       string
	Severity      errata.Severity
	Status        ui.Status
	Type, Message string
	Chip          *ui.Chip
	Service       ui.Service
	Culprit       string
	Trend         chart.Sparkline
	TrendSentence string
	Events, Users string
	Seen, Age     ui.Time
	ExactEvents   string
	UsersUnknown  bool
	Owner         *ui.Person
	Verb          *RowVerb
	Version       string
}

// RowVerb is the act that a row offers beside itself: what its state asks for.
type RowVerb struct {
	Act, Text, Key, URL string
	Why                 string // not "": the reader may not
}

// Empty says that there is nothing and what can be done about it.
type Empty struct {
	Icon, Title, Text string
	Code              string // what Text is about, as a query writes it
	Action            *ui.Link
	Other             *ui.Link
}

// Pager leads through the pages of a list.
type Pager struct {
	Range          string // "1 to 50 of 137"
	Previous, Next string // addresses, "" = none
	AsOf           string // "as of 16:31, 3 have moved since"
	Top            string // address of the first page, behind AsOf
}

// NewIssues makes the issue list.
func NewIssues(c layout.Chrome, in IssuesIn) Issues {
	c.Title, c.Section, c.Keys = "Issues", layout.SectionIssues, listKeys
	return Issues{
		Chrome:  c,
		Search:  NewSearch(in.search()),
		Filters: newFilters(in),
		Tabs:    newTabs(in.URL, in.Query, in.Tabs),
		Trend:   NewTrend(in.Trend),
		List:    newIssueList(in),
		Export:  NewExport(in.Export),
	}
}

func (in IssuesIn) search() SearchIn {
	return SearchIn{
		Moment: in.Moment, URL: in.URL, Query: in.Query, What: "issues", Edit: in.Edit, Views: in.Views,
		RangeTitle: "Issues that were active in this range: seen in it, and first seen before its end",
	}
}

func newIssueList(in IssuesIn) IssueList {
	l := IssueList{Count: in.Total.words("issue", "issues"), Failed: in.Failed, Notices: in.notices()}
	if in.Failed != nil {
		return l
	}
	l.Next, l.Sorts, l.Bulk = in.URL.String(), sorts(in.URL), bulkButtons
	if !in.Bulk.OK {
		l.BulkWhy = in.Bulk.Why
	}
	if in.Bulk.OK && (in.Next != "" || in.Previous != "") {
		l.Whole = in.Total.all()
	}
	for _, r := range in.Rows {
		l.Rows = append(l.Rows, newIssueRow(r, in.Moment))
	}
	if len(l.Rows) == 0 {
		l.Empty = in.empty()
	}
	l.Pager = in.pager()
	return l
}

func (in IssuesIn) notices() []ui.Notice {
	var out []ui.Notice
	for _, n := range in.Notices {
		out = append(out, ui.Notice{Tone: "info", Text: n})
	}
	if in.Partial != "" {
		out = append(out, ui.Notice{Tone: "warn", Text: in.Partial})
	}
	return append(out, gapNotices(in.Moment, in.Gaps)...)
}

// newReason is how long a new issue is called new.
const newReason = 24 * time.Hour

func newIssueRow(r IssueRowIn, m ui.Moment) IssueRow {
	i := r.Issue
	row := IssueRow{
		ID: errata.ShortID(r.Service.Prefix, i.Number), Severity: i.Severity, Status: ui.NewStatus(i.Status),
		Service: ui.NewService(r.Service, i.Platform), Culprit: ui.Clip(i.Culprit, 120), Chip: reasonChip(i, m),
		Trend: chart.NewSparkline(r.Hours), TrendSentence: ui.Count(sum(r.Hours), "event", "events") + " in the last 24 h",
		Events: ui.Num(i.Events), ExactEvents: ui.Exact(i.Events), Users: ui.Num(i.Users),
		UsersUnknown: i.Users == 0, Seen: m.Ago(i.LastSeen), Age: m.Old(i.FirstSeen),
	}
	row.URL = IssueURL{ID: row.ID}.String()
	row.Type, row.Message = splitTitle(i)
	row.Version, row.Verb = strconv.FormatInt(i.Version, 10), rowVerb(row.ID, r.Can)
	if r.Owner.ID != "" {
		p := ui.NewPerson(r.Owner)
		row.Owner = &p
	}
	return row
}

// rowVerb is what the state of an issue asks for, where that needs no form.
func rowVerb(id string, can errata.Can) *RowVerb {
	for _, v := range []struct {
		allowed errata.Allowed
		RowVerb
	}{
		{can.Ack, RowVerb{Act: errata.ActAck, Text: "Acknowledge", Key: "a"}},
		{can.Reopen, RowVerb{Act: errata.ActReopen, Text: "Reopen", Key: "u"}},
		{can.Unignore, RowVerb{Act: errata.ActUnignore, Text: "Un-ignore", Key: "u"}},
	} {
		if v.allowed.Applies {
			if !v.allowed.OK {
				v.Why = v.allowed.Why
			}
			v.URL = Acts{ID: id}.url(v.Act)
			return &v.RowVerb
		}
	}
	return nil
}

// NewActedRow makes one line of the list: the answer to an act on it.
func NewActedRow(in IssueRowIn, m ui.Moment, said *ui.Toast) ActedRow {
	return ActedRow{Row: newIssueRow(in, m), Toast: said}
}

// ActedRow is what an act on a line of the list changes.
type ActedRow struct {
	noParts
	Row   IssueRow
	Toast *ui.Toast
}

// The orders of the list.
const (
	SortPriority = "priority"
	SortLastSeen = "last_seen"
)

// orders are the orders of the list with what they are called.
var orders = []struct{ sort, text string }{
	{SortPriority, "Priority"},
	{SortLastSeen, "Last seen"},
	{"first_seen", "First seen"},
	{"events", "Events"},
	{"users", "Users"},
}

func sorts(u ListURL) []ui.Link {
	var out []ui.Link
	for _, s := range orders {
		to := u.WithCursor("")
		to.Sort = s.sort
		out = append(out, ui.Link{Text: s.text, URL: to.String(), Current: u.Sort == s.sort || u.Sort == "" && s.sort == u.DefaultSort})
	}
	return out
}

// splitTitle parts the title into the type and the rest.
func splitTitle(i errata.Issue) (kind, message string) {
	title := i.Title
	if title == "" {
		title = "(no message)"
	}
	if i.Type != "" && len(title) >= len(i.Type) && title[:len(i.Type)] == i.Type {
		return i.Type, trimColon(title[len(i.Type):])
	}
	return "", title
}

func trimColon(s string) string {
	for len(s) > 0 && (s[0] == ':' || s[0] == ' ') {
		s = s[1:]
	}
	return s
}

// reasonChip says why an issue is open, as long as that is news.
func reasonChip(i errata.Issue, m ui.Moment) *ui.Chip {
	if i.Status != errata.Open {
		return nil
	}
	switch i.Reason {
	case errata.ReasonNew:
		if m.Now.Sub(time.UnixMicro(i.FirstSeen)) < newReason {
			return &ui.Chip{Text: "New", Tone: "new"}
		}
	case errata.ReasonRegressed:
		return &ui.Chip{Text: "Regressed", Tone: "reg", Icon: "rotate-ccw"}
	case errata.ReasonReopened:
		return &ui.Chip{Text: "Reopened", Tone: "reg", Icon: "rotate-ccw"}
	}
	return nil
}

func (in IssuesIn) empty() *Empty {
	if in.NoEvents {
		return &Empty{
			Icon: "radio", Title: "Waiting for the first event",
			Text:   "No service has sent anything yet. The set-up page has the DSN and a snippet that sends a test event.",
			Action: &ui.Link{Text: "Set up a service", URL: in.SetUp},
		}
	}
	if in.Query.Error != nil {
		return &Empty{
			Icon: "search", Title: "Not searched", Text: "The search above could not be read. Correct it, or start again without it.",
			Action: &ui.Link{Text: "Clear the search", URL: in.URL.WithQ("").String()},
		}
	}
	if in.Query.Text != "" && in.Hint != nil {
		return in.Hint.empty(in.URL, "No issue matches")
	}
	if in.Query.Text != "" {
		return &Empty{
			Icon: "search", Title: "No issue matches", Text: "Nothing in this range fits the whole search. Remove a part of it, or look further back.",
			Action: &ui.Link{Text: "Clear the search", URL: in.URL.WithQ("").String()}, Other: in.widerRange(),
		}
	}
	return &Empty{Icon: "circle-check", Title: "All quiet", Text: "No issue was active in this range.", Other: in.widerRange()}
}

// widerRange leads to a longer range, nil when the longest is shown.
func (in IssuesIn) widerRange() *ui.Link {
	if in.URL.Range == "30d" || in.URL.Range == "90d" {
		return nil
	}
	return &ui.Link{Text: "Show 30 days", URL: in.URL.WithRange("30d").String()}
}

func (in IssuesIn) pager() Pager {
	p := Pager{Range: in.rangeWords()}
	if in.Next != "" {
		p.Next = in.URL.WithCursor(in.Next).String()
	}
	if in.Previous != "" {
		p.Previous = in.URL.WithCursor(in.Previous).String()
	}
	if in.AsOf != 0 {
		p.AsOf, p.Top = "as of "+in.Moment.Hour(in.AsOf), in.URL.WithCursor("").String()
		if in.Moved > 0 {
			p.AsOf += ", " + ui.Num(in.Moved) + " " + hasHave(in.Moved) + " moved since"
		}
	}
	return p
}

func hasHave(n int64) string {
	if n == 1 {
		return "has"
	}
	return "have"
}

func (in IssuesIn) rangeWords() string {
	n := int64(len(in.Rows))
	if n == 0 {
		return ""
	}
	if in.Offset < 0 {
		return ui.Exact(n) + " of " + in.totalNumber()
	}
	return ui.Exact(in.Offset+1) + " to " + ui.Exact(in.Offset+n) + " of " + in.totalNumber()
}

func (in IssuesIn) totalNumber() string {
	if in.Total.Exact {
		return ui.Exact(in.Total.Value)
	}
	return "about " + ui.Num(in.Total.Value)
}
