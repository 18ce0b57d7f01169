package page

import (
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// TraceIn is what the page of a trace or request is made from. Rows are in order
// of time.
type TraceIn struct {
	Moment ui.Moment
	ID     string
	Rows   []TraceRowIn
	Total  Total
	Gaps   []Gap
	Failed *ui.Failure
	Export *ExportIn
}

// TraceRowIn is one event of a trace. Issue is its short id, "" = unknown.
type TraceRowIn struct {
	ID, Issue, Title     string
	Time                 int64 // µs
	Service              errata.Project
	Severity             errata.Severity
	Environment, Release string
	Transaction          string
	Trace, RequestID     string
	Span, Parent         string
}

// TracePage is everything of one trace or request, across services.
type TracePage struct {
	layout.Chrome
	noParts
	ID      string
	Kind    string // trace or request
	Words   string
	Rows    []TraceRow
	Related []ui.Link // other ids that these events carry
	Notices []ui.Notice
	Failed  *ui.Failure
	All     string // address of the same events in the explorer
	Export  *ExportMenu
}

// TraceRow is one line. After is the time since the first event.
type TraceRow struct {
	At       ui.Time
	After    string
	Severity errata.Severity
	Service  ui.Service
	Title    string
	URL      string
	Issue    string
	IssueURL string
	Place    string // transaction, span, parent span
	Env      string
	Release  string
}

// NewTrace makes the page.
func NewTrace(c layout.Chrome, in TraceIn) TracePage {
	c.Title, c.Section, c.Keys = ui.Clip("Trace "+in.ID, 80), layout.SectionEvents, plainKeys
	p := TracePage{Chrome: c, ID: in.ID, Kind: in.kind(), Failed: in.Failed, Notices: gapNotices(in.Moment, in.Gaps), Export: NewExport(in.Export)}
	services := map[string]bool{}
	for _, r := range in.Rows {
		services[r.Service.Slug] = true
		p.Rows = append(p.Rows, in.row(r))
	}
	if len(in.Rows) > 0 { // without any a part could not be read: nobody knows how many there are
		p.Words = in.Total.words("event", "events") + " in " + ui.Count(int64(len(services)), "service", "services")
	}
	if n := int64(len(in.Rows)); n > 0 && (!in.Total.Exact || in.Total.Value > n) {
		p.Notices = append(p.Notices, ui.Notice{Tone: "info", Text: "These are the newest " + ui.Exact(n) + " of them."})
	}
	p.Related = in.related()
	if len(in.Rows) > 0 {
		p.All = in.all()
	}
	return p
}

func (in TraceIn) row(r TraceRowIn) TraceRow {
	row := TraceRow{
		At: in.Moment.Stamp(r.Time), After: "+" + ui.Duration(time.Duration(r.Time-in.Rows[0].Time)*time.Microsecond), Severity: r.Severity,
		Service: ui.NewService(r.Service, ""), Title: ui.Clip(r.Title, shownCell), Issue: r.Issue, Env: ui.Clip(r.Environment, 40), Release: ui.Clip(r.Release, 40),
	}
	if row.Title == "" {
		row.Title = "(no message)"
	}
	if r.Issue != "" {
		row.URL, row.IssueURL = IssueURL{ID: r.Issue, Event: r.ID}.String(), IssueURL{ID: r.Issue}.String()
	}
	parts := []string{}
	if r.Transaction != "" {
		parts = append(parts, ui.Clip(r.Transaction, 80))
	}
	if r.Span != "" {
		parts = append(parts, "span "+ui.Clip(r.Span, 17))
	}
	if r.Parent != "" {
		parts = append(parts, "parent "+ui.Clip(r.Parent, 17))
	}
	row.Place = strings.Join(parts, ", ")
	return row
}

// maxRelated is how many other ids are linked.
const maxRelated = 12

// related lists the trace and request ids that lead further.
func (in TraceIn) related() (out []ui.Link) {
	seen := map[string]bool{strings.ToLower(in.ID): true}
	for _, r := range in.Rows {
		for _, id := range []struct{ id, word string }{{r.Trace, "Trace "}, {r.RequestID, "Request "}} {
			if k := strings.ToLower(id.id); k != "" && !seen[k] && len(out) < maxRelated {
				seen[k] = true
				out = append(out, ui.Link{Text: id.word + ui.Clip(id.id, 20), URL: TraceURL(id.id)})
			}
		}
	}
	return out
}

// kind says what the id is of.
func (in TraceIn) kind() string {
	if len(in.Rows) > 0 && !strings.EqualFold(in.Rows[0].Trace, in.ID) {
		return "request"
	}
	return "trace"
}

// all leads to the same events in the explorer.
func (in TraceIn) all() string {
	key := map[string]string{"trace": "trace", "request": "request_id"}[in.kind()]
	u := EventsURL{List: ListURL{Path: "/events", Q: withPair(nil, key, in.ID, false)}}
	from, to := time.UnixMicro(in.Rows[0].Time).UTC().Truncate(time.Second), time.UnixMicro(in.Rows[len(in.Rows)-1].Time).UTC().Truncate(time.Second).Add(time.Second)
	return u.span(from.Format(time.RFC3339), to.Format(time.RFC3339)).String()
}
