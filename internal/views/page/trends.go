package page

import (
	"time"

	"github.com/a-h/templ"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/views/chart"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// TrendsIn is what the page of trends is made from. Lines are counts of issues
// over the buckets of Volume; Why says what they cannot answer, "" = they do.
type TrendsIn struct {
	Moment  ui.Moment
	URL     ListURL
	Query   Query
	Tree    querylang.Expr
	Edit    bool
	Notices []string
	Volume  TrendIn
	Lines   []TrendLineIn
	Why     string
	Tops    []LeadIn
	TopGaps []Gap
	NoTops  *ui.Failure
	Export  *ExportIn
}

// TrendLineIn is a number of issues over time, with the period before.
type TrendLineIn struct {
	ID, Title, Text   string
	Buckets, Previous []int64
	Before            int64
}

// LeadIn is the most frequent values of a key. Total is how many events there
// are, Rest those without a value of the list.
type LeadIn struct {
	Key, Title  string
	Values      []CountIn
	Rest, Total int64
	About       bool
}

// Trends is the page of how things change.
type Trends struct {
	layout.Chrome
	noParts
	Search  Search
	Tabs    []ui.Link
	Notices []ui.Notice
	Trend   Trend
	Mix     []MixRow
	Lines   []TrendCard
	Why     string
	Tops    []LeadCard
	NoTops  *ui.Failure
	Export  *ExportMenu
}

// MixRow is the share of a severity; URL leads to its events.
type MixRow struct {
	Severity           errata.Severity
	Events, Share, URL string
}

// TrendCard is a number over time; URL leads to issues, Leads says to which.
type TrendCard struct {
	ID, Title, Text, Total string
	URL, Leads             string
	Trend                  Trend
}

// LeadCard is a list of the most frequent values of a key.
type LeadCard struct {
	Key, Title, Note string
	Rows             []LeadRow
}

// LeadRow is a value with its events; URL leads to them.
type LeadRow struct{ Text, URL, Events, Share string }

const trendsPath = "/analytics/trends"

// NewTrendsURL is the address of the page of trends, without anything asked for.
func NewTrendsURL() ListURL { return ListURL{Path: trendsPath} }

// analyticsTabs are the pages of figures.
func analyticsTabs(here string, trends, response string) []ui.Link {
	return []ui.Link{
		{Text: "Trends", URL: trends, Current: here == trendsPath, Key: "1"}, {Text: "Response", URL: response, Current: here == analyticsPath, Key: "2"},
	}
}

// NewTrends makes the page of trends.
func NewTrends(c layout.Chrome, in TrendsIn) Trends {
	c.Title, c.Section, c.Keys = "Trends", layout.SectionResponse, analyticsKeys
	m := Trends{
		Chrome: c, Search: NewSearch(SearchIn{
			Moment: in.Moment, URL: in.URL, Query: in.Query, What: "events and issues", RangeTitle: "What happened in this time", Edit: in.Edit,
			Alone: true,
		}),
		Tabs: analyticsTabs(trendsPath, in.URL.String(), analyticsPath), Trend: NewTrend(in.Volume), Why: in.Why, NoTops: in.NoTops, Export: NewExport(in.Export),
	}
	m.Search.Suggest = "/events/suggest" // the same keys and values
	for _, n := range in.Notices {
		m.Notices = append(m.Notices, ui.Notice{Tone: "info", Text: n})
	}
	m.Notices = append(m.Notices, gapNotices(in.Moment, in.TopGaps)...)
	if m.Trend.Failed == nil && m.Trend.None == "" {
		m.Trend.URL, m.Mix = in.behind("/events", querylang.Print(in.Tree)), in.mix()
	}
	for _, l := range in.Lines {
		m.Lines = append(m.Lines, in.line(l))
	}
	for _, t := range in.Tops {
		m.Tops = append(m.Tops, in.lead(t))
	}
	return m
}

func (in TrendsIn) mix() (out []MixRow) {
	all := int64(0)
	for _, c := range in.Volume.Counts {
		all += sum(c)
	}
	for i, s := range errata.Severities {
		n := sum(in.Volume.Counts[i])
		out = append(out, MixRow{s, ui.Exact(n), ui.Percent(n, all), in.behind("/events", withPair(in.Tree, "event.severity", s.String(), false))})
	}
	return out
}

// line draws one number over time, with the period before.
func (in TrendsIn) line(l TrendLineIn) TrendCard {
	t := TrendIn{Moment: in.Moment, Interval: in.Volume.Interval, Edges: in.Volume.Edges}
	n := max(len(t.Edges)-1, 0)
	series := []chart.Series{{Name: l.Title, Class: "fc1", Values: floats(l.Buckets, n)}}
	now, before := sum(l.Buckets), in.Volume.Before
	if before == "" && n > 0 {
		before = PreviousWords(t.Edges[n].Sub(t.Edges[0]))
	}
	out := TrendCard{ID: l.ID, Title: l.Title, Text: l.Text, Total: ui.Exact(now)}
	out.URL, out.Leads = in.issues(l.ID)
	out.Trend = Trend{
		Before: before, HasPrev: true, Heads: []string{l.Title, "Before"},
		Chart: chart.Stacked{Nothing: "No issues", Series: series, Previous: floats(l.Previous, n), Labels: t.labels(), Height: 96},
	}
	if now+l.Before > 0 {
		out.Trend.Delta = newDelta(now, l.Before)
	}
	for i := range n {
		was := at(floats(l.Previous, n), i)
		out.Trend.Chart.Buckets = append(out.Trend.Chart.Buckets, chart.Bucket{Title: t.bucketName(i) + ": " + ui.Exact(l.Buckets[i]) + ", " + before + " " + ui.Exact(was)})
		out.Trend.Table = append(out.Trend.Table, TrendRow{At: ui.Time{Text: t.bucketName(i), Title: in.Moment.At(t.Edges[i].UnixMicro()).Title}, Cells: []string{ui.Exact(l.Buckets[i]), ui.Exact(was)}})
	}
	out.Trend.Chart.Sentence = l.Title + ": " + ui.Exact(now) + ", the " + before + " " + ui.Exact(l.Before) + "."
	return out
}

// behind leads to what a figure counts, over the same whole buckets.
func (in TrendsIn) behind(path, q string) string {
	u := ListURL{Path: path, Q: q, Range: in.URL.Range, From: in.URL.From, To: in.URL.To, Zone: in.URL.Zone}
	if from, to := in.span(); from != "" {
		u.Range, u.From, u.To = "", from, to
	}
	return u.String()
}

// span is where the first bucket starts and the last one ends, "" without any.
func (in TrendsIn) span() (from, to string) {
	e := in.Volume.Edges
	if len(e) < 2 {
		return "", ""
	}
	return e[0].UTC().Format(time.RFC3339), e[len(e)-1].UTC().Format(time.RFC3339)
}

// issues leads to the issues of a line. Regressions and resolutions are counted
// each time; their lists hold an issue once, as it is now.
func (in TrendsIn) issues(line string) (address, leads string) {
	from, to := in.span()
	with := func(q string) string { return querylang.Print(querylang.All(in.Tree, parsed(q))) }
	switch line {
	case "regressed":
		return in.behind("/issues", with("is:regressed")), "Issues of this time that came back and are marked so"
	case "resolved":
		u := ListURL{Path: "/issues", Q: with("resolved_at:>=" + from + " resolved_at:<" + to), Range: AnyTime, Zone: in.URL.Zone}
		return u.String(), "Issues that were resolved in this time and still are"
	default:
		return in.behind("/issues", with("first_seen:>="+from)), "Issues whose first event lies in this time"
	}
}

func (in TrendsIn) lead(t LeadIn) LeadCard {
	out := LeadCard{Key: t.Key, Title: t.Title}
	for _, v := range t.Values {
		u := in.behind("/events", withPair(in.Tree, t.Key, v.Keys[0], false))
		out.Rows = append(out.Rows, LeadRow{Text: ui.Clip(v.Keys[0], 120), URL: u, Events: ui.Exact(v.Count), Share: ui.Percent(v.Count, t.Total)})
	}
	if t.Rest > 0 && len(t.Values) > 0 {
		out.Rows = append(out.Rows, LeadRow{Text: "other or none", Events: ui.Exact(t.Rest), Share: ui.Percent(t.Rest, t.Total)})
	}
	if t.About {
		out.Note = "about"
	}
	return out
}

// Whole shows the page.
func (m Trends) Whole() templ.Component { return trendsPage(m) }
