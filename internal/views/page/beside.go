package page

import (
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// SpanIn is a value with how many events had it, and from when to when, µs.
type SpanIn struct {
	Name        string
	Count       int64
	First, Last int64
}

// ChangedIn is what was new when the issue began; times are µs, 0 = unknown.
type ChangedIn struct {
	FirstSeen   int64
	Release     string
	ReleaseSeen int64
	Before      string // the release before
	Environment string
	Later       []SpanIn
	Host        string
	HostGone    bool
	HostUnread  bool
}

// SimilarIn is an issue that is much like this one.
type SimilarIn struct {
	IssueRowIn
	Why []string
}

// BesideIn is what stands beside an issue: how its events spread, what changed
// when it began, and its like. Keys are the fields whose spread can be looked at.
type BesideIn struct {
	Environments, Releases []SpanIn
	Changed                ChangedIn
	Similar                []SimilarIn
	Keys                   []string
	Failed                 bool // it could not be read
}

// Beside is that, ready to show.
type Beside struct {
	Changed []ui.Row
	Spreads []SpreadBars
	Keys    []ui.Link
	Similar []SimilarIssue
	Events  string // address of all events of the issue
	Failed  bool
}

// SpreadBars is how events spread over the values of a field.
type SpreadBars struct {
	Title, More string // More: address of the whole list
	Bars        []SpreadBar
}

// SpreadBar is one value; Width is its share in percent, as a number.
type SpreadBar struct{ Text, Share, Title, Width, URL string }

// SimilarIssue is one issue that is much like this one.
type SimilarIssue struct {
	ID, URL, Title string
	Severity       errata.Severity
	Status         ui.Status
	Why            string
	Seen           ui.Time
}

// spreadShown is how many values stand beside an issue.
const spreadShown = 3

func newBeside(id string, in IssueIn) Beside {
	x := in.Beside
	b := Beside{Failed: x.Failed, Events: "/issues/" + id + "/events"}
	if x.Failed {
		return b
	}
	b.Changed = x.Changed.rows()
	for _, s := range []struct {
		key  string
		list []SpanIn
	}{{"release", x.Releases}, {"env", x.Environments}} {
		if len(s.list) > 0 {
			b.Spreads = append(b.Spreads, newSpread(id, s.key, s.list))
		}
	}
	for _, k := range x.Keys {
		b.Keys = append(b.Keys, ui.Link{Text: fieldWord(k), URL: TagURL(id, k)})
	}
	for _, s := range x.Similar {
		one := SimilarIssue{
			ID: errata.ShortID(s.Service.Prefix, s.Issue.Number), Title: ui.Clip(s.Issue.Title, 120), Severity: s.Issue.Severity,
			Status: ui.NewStatus(s.Issue.Status), Why: strings.Join(s.Why, ", "), Seen: in.Moment.Ago(s.Issue.LastSeen),
		}
		if one.Title == "" {
			one.Title = "(no message)"
		}
		one.URL = IssueURL{ID: one.ID}.String()
		b.Similar = append(b.Similar, one)
	}
	return b
}

// rows say what changed, as far as it is known.
func (c ChangedIn) rows() []ui.Row {
	var out []ui.Row
	if c.Release != "" {
		r := ui.Row{Name: "First release", Value: c.Release, Mono: true}
		if c.ReleaseSeen > 0 {
			r.Note = "in use for " + spanOf(c.FirstSeen-c.ReleaseSeen) + " by then"
			if c.FirstSeen <= c.ReleaseSeen {
				r.Note = "its first event was this error"
			}
		}
		if c.Before != "" {
			r.Note += ", the one before was " + ui.Clip(c.Before, 40)
		}
		out = append(out, r)
	}
	if c.Environment != "" {
		r := ui.Row{Name: "First environment", Value: c.Environment}
		for i, e := range c.Later {
			if i == spreadShown {
				r.Note += " and more"
				break
			}
			if i > 0 {
				r.Note += ", "
			}
			r.Note += "then " + ui.Clip(e.Name, 40) + " " + spanOf(e.First-c.FirstSeen) + " later"
		}
		out = append(out, r)
	}
	switch {
	case c.Host != "":
		out = append(out, ui.Row{Name: "First host", Value: c.Host, Mono: true})
	case c.HostUnread:
		out = append(out, ui.Row{Name: "First host", Note: "the event store does not answer"})
	case c.HostGone:
		out = append(out, ui.Row{Name: "First host", Note: "the first event is no longer kept"})
	}
	return out
}

func spanOf(us int64) string { return ui.Duration(time.Duration(us) * time.Microsecond) }

func newSpread(id, key string, list []SpanIn) SpreadBars {
	s := SpreadBars{Title: fieldWord(key), More: TagURL(id, key)}
	var all int64
	for _, v := range list {
		all += v.Count
	}
	for _, v := range list[:min(len(list), spreadShown)] {
		bar := newBar(v.Name, v.Count, all)
		bar.URL = issueEvents(id, key, v.Name)
		s.Bars = append(s.Bars, bar)
	}
	return s
}

func newBar(name string, n, all int64) SpreadBar {
	b := SpreadBar{Text: ui.Clip(name, 80), Share: ui.Percent(n, all), Title: ui.Count(n, "event", "events"), Width: "0"}
	if name == "" {
		b.Text = "(none)"
	}
	if all > 0 {
		b.Width = ui.Exact(100 * n / all)
	}
	return b
}

// issueEvents leads to the events of an issue with a value.
func issueEvents(id, key, value string) string {
	q := withPair(parsed("issue:"+id), key, value, false)
	return EventsURL{List: ListURL{Path: "/events", Q: q, Range: "90d"}}.String()
}

// TagURL is where the spread of an issue's events over a field stands.
func TagURL(id, key string) string { return "/issues/" + id + "/tags/" + pathEscape(key) }

// TagsIn is what the page of such a spread is made from.
type TagsIn struct {
	Moment  ui.Moment
	Issue   errata.Issue
	Service errata.Project
	Key     string
	Values  []SpanIn
	None    int64
	Looked  int64
	About   bool
	Newest  bool
	Keys    []string
	Gaps    []Gap
	Failed  *ui.Failure
	Export  *ExportIn
}

// TagsPage is how the events of one issue spread over the values of a field.
type TagsPage struct {
	layout.Chrome
	noParts
	ID, IssueURL string
	Title        string
	Field, Words string
	Keys         []ui.Link
	Rows         []TagRow
	Notices      []ui.Notice
	Failed       *ui.Failure
	Empty        *Empty
	Export       *ExportMenu
}

// TagRow is one value.
type TagRow struct {
	SpreadBar
	Count       string
	First, Last ui.Time
	None        bool
}

// NewTags makes the page.
func NewTags(c layout.Chrome, in TagsIn) TagsPage {
	id := errata.ShortID(in.Service.Prefix, in.Issue.Number)
	c.Title, c.Section, c.Keys = ui.Clip(fieldWord(in.Key)+" of "+id, 80), layout.SectionIssues, plainKeys
	p := TagsPage{Chrome: c, ID: id, IssueURL: IssueURL{ID: id}.String(), Title: ui.Clip(in.Issue.Title, 160), Field: fieldWord(in.Key), Failed: in.Failed, Export: NewExport(in.Export)}
	if p.Title == "" {
		p.Title = "(no message)"
	}
	for _, k := range in.Keys {
		p.Keys = append(p.Keys, ui.Link{Text: fieldWord(k), URL: TagURL(id, k), Current: k == in.Key})
	}
	if in.Failed != nil {
		return p
	}
	p.Words = "of " + ui.Count(in.Looked, "stored event", "stored events")
	if in.Newest {
		p.Words = "of the newest " + ui.Count(in.Looked, "event", "events")
	}
	if in.About {
		p.Notices = append(p.Notices, ui.Notice{Tone: "info", Text: "Figures are about: the event store estimates what it does not count."})
	}
	p.Notices = append(p.Notices, gapNotices(in.Moment, in.Gaps)...)
	for _, v := range in.Values {
		row := TagRow{SpreadBar: newBar(v.Name, v.Count, in.Looked), Count: ui.Exact(v.Count), First: in.Moment.At(v.First), Last: in.Moment.Ago(v.Last)}
		row.URL = issueEvents(id, in.Key, v.Name)
		p.Rows = append(p.Rows, row)
	}
	if in.None > 0 {
		row := TagRow{SpreadBar: newBar("", in.None, in.Looked), Count: ui.Exact(in.None), None: true}
		row.Text = "without it, or with a rarer value"
		p.Rows = append(p.Rows, row)
	}
	if len(in.Values) == 0 {
		p.Empty = &Empty{Icon: "tag", Title: "No values", Text: "No stored event of this issue has this field.", Action: &ui.Link{Text: "Back to " + id, URL: p.IssueURL}}
	}
	return p
}
