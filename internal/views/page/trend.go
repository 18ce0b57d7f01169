package page

import (
	"strconv"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/views/chart"
	"errata/internal/views/ui"
)

// TrendIn is what a chart of events over time is made from. Edges are the n
// bucket starts and the end of the last one (stats.Edges). Counts holds n
// numbers per severity, most urgent first; where the severity is not known per
// bucket, Events holds n numbers instead. Previous holds n numbers of the
// equal period before, nil when not compared; Before names that period, "" =
// by its length. Without edges nothing was counted, and the page says so.
type TrendIn struct {
	Moment   ui.Moment
	Interval stats.Interval
	Edges    []time.Time
	Counts   [4][]int64
	Events   []int64
	Groups   []chart.Series // instead of both: any series; their values are counts
	Users    bool           // users are counted: of several buckets they may be the same
	Distinct int64          // how many users there are
	Previous []int64
	Before   string // the previous period in words: "previous 24 h"
	Within   string // what the chart shows when that is less than the page: "last 90 days"
	Rows     int    // of the table at most, 0 = one per bucket; a row then holds several
	Marks    []TrendMark
	Gaps     []Gap
	Failed   *ui.Failure
}

// TrendMark is a moment worth a line: "first seen", a release.
type TrendMark struct {
	At   int64 // µs
	Text string
}

// Trend is the chart with its sentence and its table.
type Trend struct {
	Chart   chart.Stacked
	Total   string
	URL     string // list of what Total counts, "" = none
	Delta   *Delta
	Before  string
	Within  string
	Legend  []chart.Series
	Table   []TrendRow
	Heads   []string
	HasPrev bool
	Notices []ui.Notice
	Failed  *ui.Failure
	None    string // why there is no chart, "" = there is one
}

// TrendRow is one bucket in the table.
type TrendRow struct {
	At    ui.Time
	Cells []string
}

// Delta is a change against the period before: "16.3%" up or down.
type Delta struct {
	Text, Spoken string
	Up, Flat     bool
}

// PreviousWords names the period before one of length d.
func PreviousWords(d time.Duration) string {
	switch {
	case d < 2*time.Hour:
		return "previous " + strconv.Itoa(int(d.Round(time.Minute).Minutes())) + " min"
	case d < 49*time.Hour: // a day may have 25 hours
		return "previous " + strconv.Itoa(int(d.Round(time.Hour).Hours())) + " h"
	}
	return "previous " + strconv.Itoa(int(d.Round(24*time.Hour).Hours()/24)) + " days"
}

var severityClasses = []string{"f0", "f1", "f2", "f3"}

// NewTrend makes the chart of events over time.
func NewTrend(in TrendIn) Trend {
	t := Trend{Failed: in.Failed, Before: in.Before, Within: in.Within, HasPrev: in.Previous != nil, Notices: gapNotices(in.Moment, in.Gaps)}
	if in.Failed != nil {
		return t
	}
	if len(in.Edges) < 2 {
		t.None = "Nothing was counted."
		return t
	}
	if in.Before == "" {
		in.Before = PreviousWords(in.Edges[len(in.Edges)-1].Sub(in.Edges[0]))
		t.Before = in.Before
	}
	n := len(in.Edges) - 1
	series := in.series(n)
	t.Chart = chart.Stacked{Series: series, Buckets: in.buckets(n, series), Previous: floats(in.Previous, n), Labels: in.labels(), Marks: in.marks()}
	t.Legend = series
	total := in.total(series)
	t.Total = in.count(total)
	if before := sum(in.Previous); in.Previous != nil && total+before > 0 {
		t.Delta = newDelta(total, before)
	}
	t.Chart.Sentence = in.sentence(t, series)
	t.Heads, t.Table = in.table(n, series)
	return t
}

// total is what all buckets hold together.
func (in TrendIn) total(series []chart.Series) (n int64) {
	if in.Users {
		return in.Distinct
	}
	for _, s := range series {
		n += total(s.Values)
	}
	return n
}

// count writes a figure of the chart with what it counts.
func (in TrendIn) count(n int64) string {
	if in.Users {
		return ui.Count(n, "user", "users")
	}
	return ui.Count(n, "event", "events")
}

func (in TrendIn) series(n int) []chart.Series {
	if in.Groups != nil {
		return in.Groups
	}
	if in.Events != nil {
		name := "Events"
		if in.Users {
			name = "Users"
		}
		return []chart.Series{{Name: name, Class: "fc1", Values: floats(in.Events, n)}}
	}
	var out []chart.Series
	for i, s := range errata.Severities {
		out = append(out, chart.Series{Name: s.String(), Class: severityClasses[i], Values: floats(in.Counts[i], n)})
	}
	return out
}

// floats returns n numbers: what is missing is 0.
func floats(counts []int64, n int) []float64 {
	if counts == nil {
		return nil
	}
	out := make([]float64, n)
	for i := range min(n, len(counts)) {
		out[i] = float64(counts[i])
	}
	return out
}

func sum(counts []int64) (total int64) {
	for _, c := range counts {
		total += c
	}
	return total
}

func (in TrendIn) buckets(n int, series []chart.Series) []chart.Bucket {
	out := make([]chart.Bucket, n)
	for i := range out {
		out[i] = chart.Bucket{Title: in.bucketTitle(i, series), Partial: in.partial(i)}
	}
	return out
}

func (in TrendIn) bucketTitle(i int, series []chart.Series) string {
	s := in.bucketName(i)
	if len(series) == 1 {
		s += ": " + in.count(at(series[0].Values, i))
	} else {
		s += figures(series, func(values []float64) int64 { return at(values, i) })
	}
	if in.Previous != nil {
		s += ", " + in.Before + " " + ui.Exact(at(floats(in.Previous, i+1), i))
	}
	if in.partial(i) {
		s += " (incomplete)"
	}
	return s
}

// figures lists a figure of every series: ": P1 7, P2 12".
func figures(series []chart.Series, of func(values []float64) int64) string {
	var b strings.Builder
	sep := ": "
	for _, one := range series {
		b.WriteString(sep + one.Name + " " + ui.Exact(of(one.Values)))
		sep = ", "
	}
	return b.String()
}

func at(values []float64, i int) int64 {
	if i >= len(values) {
		return 0
	}
	return int64(values[i])
}

// bucketName writes a bucket's start as short as it stays clear.
func (in TrendIn) bucketName(i int) string {
	t := in.Edges[i].In(zoneOf(in.Moment))
	switch {
	case in.Interval.Calendar():
		return t.Format("Mon 2 Jan")
	case in.Interval.Width() < time.Minute:
		return t.Format("2 Jan 15:04:05")
	}
	return t.Format("2 Jan 15:04")
}

func zoneOf(m ui.Moment) *time.Location {
	if m.Zone == nil {
		return time.UTC
	}
	return m.Zone
}

// partial says that part of the bucket could not be read, or is not over yet
// when it is not the last one.
func (in TrendIn) partial(i int) bool {
	from, to := in.Edges[i].UnixMicro(), in.Edges[i+1].UnixMicro()
	for _, g := range in.Gaps {
		if g.From < to && g.To > from {
			return true
		}
	}
	return false
}

// together is how near two marks may be, as a share of the axis, before their
// labels would cover one another and become one.
const together = 0.12

func (in TrendIn) marks() []chart.Mark {
	first, last := in.Edges[0].UnixMicro(), in.Edges[len(in.Edges)-1].UnixMicro()
	var out []chart.Mark
	for _, m := range in.Marks {
		if m.At < first || m.At >= last {
			continue
		}
		next := chart.Mark{At: in.place(m.At), Text: m.Text}
		if n := len(out); n > 0 && max(next.At-out[n-1].At, out[n-1].At-next.At) < together {
			out[n-1].Text += ", " + next.Text
			continue
		}
		out = append(out, next)
	}
	for i := range out {
		out[i].Text = ui.Clip(out[i].Text, 28)
	}
	return out
}

// place returns where a time lies on the axis, 0 to 1: buckets are drawn
// equally wide, also where the clock change makes a day of 23 hours.
func (in TrendIn) place(us int64) float64 {
	n := len(in.Edges) - 1
	for i := range n {
		from, to := in.Edges[i].UnixMicro(), in.Edges[i+1].UnixMicro()
		if us < to {
			return (float64(i) + float64(us-from)/float64(to-from)) / float64(n)
		}
	}
	return 1
}

func gapNotices(m ui.Moment, gaps []Gap) []ui.Notice {
	var out []ui.Notice
	for _, g := range gaps {
		out = append(out, ui.Notice{Tone: "warn", Text: "Events from " + m.At(g.From).Text + " to " + m.At(g.To).Text + " could not be read: " + g.Reason + ". The figures leave them out."})
	}
	return out
}

func newDelta(now, before int64) *Delta {
	if before == 0 {
		return &Delta{Up: true, Text: "from none", Spoken: "more, from none"}
	}
	diff := now - before
	text := ui.Percent(max(diff, -diff), before)
	switch {
	case diff == 0:
		return &Delta{Flat: true, Text: "0%", Spoken: "unchanged"}
	case now >= 10*before: // percents of so much say little
		return &Delta{Up: true, Text: "×" + ui.Num(now/before), Spoken: ui.Num(diff/before) + " times more"}
	case diff > 0:
		return &Delta{Up: true, Text: text, Spoken: text + " more"}
	}
	return &Delta{Text: text, Spoken: text + " fewer"}
}

// sentence says in words what the bars show.
func (in TrendIn) sentence(t Trend, series []chart.Series) string {
	m := in.Moment
	s := t.Total + " from " + m.At(in.Edges[0].UnixMicro()).Text + " to " + m.At(in.Edges[len(in.Edges)-1].UnixMicro()).Text
	if len(series) > 1 {
		s += figures(series, total)
	}
	if peak, i := highest(series, len(in.Edges)-1); peak > 0 {
		s += ". Peak " + ui.Exact(peak) + " at " + in.bucketName(i)
	}
	if t.Delta != nil {
		s += ". " + t.Delta.Spoken + " than the " + in.Before
		if t.Delta.Flat {
			s = s[:len(s)-len(" than the "+in.Before)] + " against the " + in.Before
		}
	}
	return s + "."
}

func total(values []float64) (sum int64) {
	for _, v := range values {
		sum += int64(v)
	}
	return sum
}

// between is what the buckets [from, to) hold together.
func between(values []float64, from, to int) int64 {
	return total(values[min(from, len(values)):min(to, len(values))])
}

func highest(series []chart.Series, n int) (peak int64, bucket int) {
	for i := range n {
		var here int64
		for _, s := range series {
			here += at(s.Values, i)
		}
		if here > peak {
			peak, bucket = here, i
		}
	}
	return peak, bucket
}

func (in TrendIn) table(n int, series []chart.Series) ([]string, []TrendRow) {
	heads := make([]string, 0, len(series)+1)
	for _, s := range series {
		heads = append(heads, s.Name)
	}
	if in.Previous != nil {
		heads = append(heads, "Previous")
	}
	step := 1
	for in.Rows > 0 && (n+step-1)/step > in.Rows {
		step *= 2
	}
	var rows []TrendRow
	for i := (n - 1) / step * step; i >= 0; i -= step {
		end := min(i+step, n)
		row := TrendRow{At: in.Moment.At(in.Edges[i].UnixMicro())}
		row.At.Text = in.bucketName(i)
		for _, s := range series {
			row.Cells = append(row.Cells, ui.Exact(between(s.Values, i, end)))
		}
		if in.Previous != nil {
			row.Cells = append(row.Cells, ui.Exact(between(floats(in.Previous, n), i, end)))
		}
		rows = append(rows, row)
	}
	return heads, rows
}

// tone of a change in errors: more is worse.
func (d Delta) tone() string {
	switch {
	case d.Flat:
		return "flat"
	case d.Up:
		return "bad"
	}
	return "good"
}

func (d Delta) icon() string {
	if d.Up {
		return "arrow-up"
	}
	return "arrow-down"
}
