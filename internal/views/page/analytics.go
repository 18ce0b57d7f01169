package page

import (
	"strconv"
	"time"

	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/views/chart"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// AnalyticsIn is what the page of response times is made from: the answers for
// time to acknowledge and time to resolve of the same question, compared with
// the period before. Names are what the keys of groups are called.
type AnalyticsIn struct {
	Moment   ui.Moment
	URL      AnalyticsURL
	Query    Query
	Notices  []string
	Services []errata.Project
	Envs     []string
	Answers  [2]stats.Response // MTTA, MTTR
	Rules    stats.Rules
	By       string // the word of the dimension
	Interval stats.Interval
	Edges    []time.Time
	AsOf     int64
	Names    map[string]string
	Persons  bool // the reader may see figures of single persons
	Export   *ExportIn
	Failed   *ui.Failure
	Refused  string // why it was not computed, "" = it was
	Code     int
}

// Analytics is the page of response times.
type Analytics struct {
	layout.Chrome
	noParts
	Search  Search
	Tabs    []ui.Link
	Picks   []AnalyticsPick
	Options Options
	AsOf    ui.Time
	Clear   string
	Notices []ui.Notice
	Cards   []MetricCard
	Spread  Spread
	Groups  Groups
	Left    []LeftOut
	Rates   []Figure
	Terms   []ui.Row // definitions
	Export  *ExportMenu
	Failed  *ui.Failure
	Refused *Empty
}

// MetricCard is one metric: its figures, and how they changed over time.
type MetricCard struct {
	ID, Title, Label, Sub string
	Value, ValueURL       string
	Missing               string // in place of a value
	Change                *Change
	Figures               []Figure
	Chart                 chart.Line
	HasTarget             bool
	Heads                 []string
	Rows                  []FigureRow
}

// Figure is a number with its name, that leads to what it counts.
type Figure struct{ Name, Value, Title, URL string }

// FigureRow is a line of figures.
type FigureRow struct {
	Name, Title string
	Cells       []Figure
}

// Change is the difference to the period before, judged.
type Change struct{ Text, Tone, Icon, Words, Title string }

// metricWords are what the metrics are called.
var metricWords = []struct {
	metric             stats.Metric
	id, label, title   string
	open, openTitle    string
	openShow, doneNoun string
}{
	{stats.TTA, "mtta", "MTTA", "Time to acknowledge", "Waiting", "Open episodes that nobody has answered", "waiting", "answered"},
	{stats.TTR, "mttr", "MTTR", "Time to resolve", "Open", "Open episodes", "open", "resolved"},
}

var analyticsKeys = []layout.KeyGroup{everywhereKeys, {Where: "Response times", Keys: []layout.Key{{Keys: []string{"t"}, Does: "Time range"}}}}

// NewAnalytics makes the page of response times.
func NewAnalytics(c layout.Chrome, in AnalyticsIn) Analytics {
	c.Title, c.Section, c.Keys = "Response times", layout.SectionResponse, analyticsKeys
	a := Analytics{
		Chrome: c, Search: in.search(), Tabs: analyticsTabs(analyticsPath, trendsPath, in.URL.String()), Picks: in.picks(), Options: in.options(), AsOf: in.Moment.At(in.AsOf), Terms: in.terms(), Export: NewExport(in.Export), Failed: in.Failed,
	}
	if len(in.Query.Picked) > 0 {
		a.Clear = in.URL.WithQ(in.Query.Others).String()
	}
	for _, n := range in.Notices {
		a.Notices = append(a.Notices, ui.Notice{Tone: "info", Text: n})
	}
	switch {
	case in.Failed != nil:
		return a
	case in.Query.Error != nil:
		a.Refused = &Empty{
			Icon: "search", Title: "Not computed", Text: "The search above could not be answered. Correct it, or start again without it.",
			Action: &ui.Link{Text: "Clear the search", URL: in.URL.WithQ("").String()},
		}
		return a
	case in.Refused != "":
		a.Refused = &Empty{Icon: "chart-no-axes-combined", Title: "Not computed", Text: in.Refused, Action: &ui.Link{Text: "Show 30 days", URL: in.URL.WithRange("30d").String()}}
		return a
	}
	for i := range metricWords {
		a.Cards = append(a.Cards, in.card(i))
	}
	a.Spread, a.Groups, a.Left, a.Rates = in.spread(), in.groups(), in.leftOut(), in.rates()
	return a
}

const analyticsHeight = 168

func (in AnalyticsIn) card(i int) MetricCard {
	w, r := metricWords[i], in.Answers[i]
	m := MetricCard{ID: w.id, Title: w.title, Label: w.label + " median", Sub: "by " + intervalWord(in.Interval) + ", log scale", Missing: "none yet"}
	if r.Total.N > 0 {
		m.Value, m.Missing, m.ValueURL = ui.Duration(r.Total.P50), "", in.link(i, "measured")
		m.Change = in.change(r)
	}
	m.Figures = in.figures(i)
	m.HasTarget = r.Total.Target > 0
	m.Chart = chart.Line{
		Height: analyticsHeight, Log: true, Counts: true, Target: r.Total.Target.Seconds(), Labels: in.axis().labels(), Sentence: in.sentence(i),
	}
	m.Heads = []string{"n", "Median", "Mean", "p25", "p75", "p90", "Met", "Left out"}
	for k, b := range r.Buckets {
		m.Chart.Spans = append(m.Chart.Spans, bucketSpan(in.bucketName(k), b))
		row := FigureRow{Name: in.bucketName(k), Title: in.Moment.At(in.Edges[k].UnixMicro()).Title, Cells: in.cells(b)}
		row.Cells[0].URL = unless(b.N == 0, in.URL.episodes(w.metric, "measured").within(in.Edges[k], in.Edges[k+1]).String())
		m.Rows = append([]FigureRow{row}, m.Rows...)
	}
	return m
}

// axis lends the labels of the charts of events.
func (in AnalyticsIn) axis() TrendIn {
	return TrendIn{Moment: in.Moment, Interval: in.Interval, Edges: in.Edges}
}

func (in AnalyticsIn) link(i int, show string) string {
	return in.URL.episodes(metricWords[i].metric, show).String()
}

func unless(no bool, text string) string {
	if no {
		return ""
	}
	return text
}

// figures stand beside the median.
func (in AnalyticsIn) figures(i int) []Figure {
	w, s := metricWords[i], in.Answers[i].Total
	out := []Figure{{Name: "n", Value: ui.Num(s.N), Title: "Episodes " + w.doneNoun + " in this range", URL: unless(s.N == 0, in.link(i, "measured"))}}
	if s.N > 0 {
		out = append(out, Figure{Name: "Mean", Value: ui.Duration(s.Mean), URL: in.link(i, "measured")},
			Figure{Name: "p90", Value: ui.Duration(s.P90), Title: "Nine of ten took at most this long", URL: in.URL.episodes(w.metric, "measured").took(s.P90, 0).String()})
	}
	out = append(out, in.met(i, s))
	open, oldest := s.Open.N, s.Open.Oldest
	if w.metric == stats.TTA {
		open, oldest = s.Open.Unresponded, s.Open.OldestUnresponded
	}
	f := Figure{Name: w.open, Value: ui.Num(open), Title: w.openTitle, URL: unless(open == 0, in.link(i, w.openShow))}
	if open > 0 {
		f.Value += ", oldest " + ui.Age(oldest)
	}
	return append(out, f)
}

func (in AnalyticsIn) met(i int, s stats.Summary) Figure {
	f := Figure{Name: "Target met", Value: "n/a", Title: "None of them has a target"}
	if s.Targeted == 0 {
		return f
	}
	f.Value, f.URL = ui.Percent(s.Met, s.Targeted), in.link(i, "met")
	f.Title = ui.Exact(s.Met) + " of " + ui.Exact(s.Targeted) + " that have a target"
	if s.Target > 0 {
		f.Title += " of " + ui.Duration(s.Target)
	}
	return f
}

// cells are the figures of one line of a table.
func (in AnalyticsIn) cells(s stats.Summary) []Figure {
	out := []Figure{{Value: ui.Exact(s.N)}}
	if s.N == 0 {
		for range 6 {
			out = append(out, Figure{Value: "–", Title: "nothing was measured"})
		}
	} else {
		for _, d := range []time.Duration{s.P50, s.Mean, s.P25, s.P75, s.P90} {
			out = append(out, Figure{Value: ui.Duration(d), Title: fewTitle(s)})
		}
		out = append(out, Figure{Value: ui.Percent(s.Met, s.Targeted), Title: ui.Exact(s.Met) + " of " + ui.Exact(s.Targeted)})
	}
	return append(out, Figure{Value: ui.Exact(s.Left())})
}

func fewTitle(s stats.Summary) string {
	if s.Few() {
		return "few: nothing is concluded from less than five"
	}
	return ""
}

func bucketSpan(name string, s stats.Summary) chart.Span {
	x := chart.Span{Title: name + ": none", N: s.N, Few: s.Few()}
	if s.N == 0 {
		return x
	}
	x.Low, x.Mid, x.High, x.Slow = s.P25.Seconds(), s.P50.Seconds(), s.P75.Seconds(), s.P90.Seconds()
	x.Title = name + ": median " + ui.Duration(s.P50) + ", half " + ui.Duration(s.P25) + " to " + ui.Duration(s.P75) + ", p90 " + ui.Duration(s.P90) +
		", n " + ui.Exact(s.N)
	if x.Few {
		x.Title += ", few"
	}
	return x
}

func intervalWord(i stats.Interval) string {
	switch i {
	case "1h":
		return "hour"
	case "1d":
		return "day"
	case "1w":
		return "week"
	default:
		return "month"
	}
}

// bucketName names a bucket; the first may begin before it with the range.
func (in AnalyticsIn) bucketName(i int) string {
	at := in.Edges[i].In(zoneOf(in.Moment))
	switch in.Interval {
	case "1h":
		return at.Format("2 Jan 15:04")
	case "1d":
		return at.Format("Mon 2 Jan")
	case "1w":
		return "Week of " + at.Format("2 Jan")
	default:
		return at.Format("Jan 2006")
	}
}

func (in AnalyticsIn) sentence(i int) string {
	w, r := metricWords[i], in.Answers[i]
	s := w.title + " by " + intervalWord(in.Interval) + ", from " + in.Moment.At(in.Edges[0].UnixMicro()).Text + " to " + in.Moment.At(in.Edges[len(in.Edges)-1].UnixMicro()).Text + ". "
	if r.Total.N == 0 {
		return s + "Nothing was measured."
	}
	s += "Median " + ui.Duration(r.Total.P50) + ", p90 " + ui.Duration(r.Total.P90) + ", n " + ui.Exact(r.Total.N) + "."
	if r.Total.Target > 0 {
		s += " Target " + ui.Duration(r.Total.Target) + "."
	}
	return s
}

// change says how the median compares with the period before.
func (in AnalyticsIn) change(r stats.Response) *Change {
	k := r.Compare
	if k == nil {
		return nil
	}
	before := PreviousWords(in.Edges[len(in.Edges)-1].Sub(in.Edges[0]))
	between := "The median changed by " + signed(k.Delta) + ", with a certainty of at least 80% by between " + signed(k.Lo) + " and " + signed(k.Hi) +
		"; before it was " + ui.Duration(k.Before.P50) + " (n " + ui.Exact(k.Before.N) + ")."
	switch k.Verdict {
	case stats.Faster:
		return &Change{Text: ui.Duration(-k.Delta), Tone: "good", Icon: "arrow-down", Words: "faster than the " + before, Title: between}
	case stats.Slower:
		return &Change{Text: ui.Duration(k.Delta), Tone: "bad", Icon: "arrow-up", Words: "slower than the " + before, Title: between}
	case stats.NoClearChange:
		return &Change{Tone: "flat", Words: "No clear change against the " + before, Title: between}
	case stats.TooFew:
	}
	return &Change{Tone: "flat", Words: "Too few to compare with the " + before, Title: "Now " + strconv.FormatInt(r.Total.N, 10) + ", before " + strconv.FormatInt(k.Before.N, 10) + "; five are needed in both."}
}

func signed(d time.Duration) string {
	if d > 0 {
		return "+" + ui.Duration(d)
	}
	return ui.Duration(d)
}
