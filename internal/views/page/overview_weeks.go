package page

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/views/chart"
	"errata/internal/views/ui"
)

// WeeksIn is the response times of the last weeks: the time to acknowledge, the
// time to resolve. Edges are where the weeks begin, followed by what the last
// one, which is not over, has come to.
type WeeksIn struct {
	Edges  []time.Time
	Clocks [2][]stats.Summary
	Failed *ui.Failure
}

// Weeks is the card of response times.
type Weeks struct {
	Sub    string
	Links  []ui.Link // severities
	Clocks []WeekClock
	Left   string // what is in no figure
	Heads  []string
	Table  []TrendRow
	URL    string
	Failed *ui.Failure
}

// WeekClock is one response time with its chart.
type WeekClock struct {
	Label, Title string
	Value        string
	Missing      string
	N            string
	Chart        chart.Line
}

const weeksHeight = 120

func newWeeks(in OverviewIn) Weeks {
	w := Weeks{Failed: in.Weeks.Failed, URL: in.analytics().String()}
	for _, s := range append([]string{""}, words(errata.Severities)...) {
		text := s
		if s == "" {
			text = "All"
		}
		w.Links = append(w.Links, ui.Link{Text: text, URL: in.URL.WithSeverity(s).String(), Current: s == in.URL.Severity})
	}
	n := len(in.Weeks.Edges) - 1
	if w.Failed != nil || n < 1 || len(in.Weeks.Clocks[0]) != n || len(in.Weeks.Clocks[1]) != n {
		return w
	}
	w.Sub = "weekly, " + strconv.Itoa(n) + " weeks"
	labels := weekLabels(in.Weeks.Edges, in.Moment)
	for i, label := range []string{"MTTA", "MTTR"} {
		w.Clocks = append(w.Clocks, newWeekClock(in, label, in.Weeks.Clocks[i], labels))
	}
	w.Left = leftOut(in.Weeks.Clocks)
	w.Heads, w.Table = weekTable(in.Weeks, in.Moment)
	return w
}

func words(all []errata.Severity) (out []string) {
	for _, s := range all {
		out = append(out, s.String())
	}
	return out
}

func newWeekClock(in OverviewIn, label string, all []stats.Summary, labels []chart.Label) WeekClock {
	now := all[len(all)-1]
	w := WeekClock{Label: label + " this week", Title: clockTitles[label], Missing: "none yet", N: "n " + ui.Num(now.N)}
	if now.N > 0 {
		w.Value, w.Missing = ui.Duration(now.P50), ""
	}
	switch {
	case label == "MTTA" && now.Open.Unresponded > 0:
		w.N += ", " + ui.Num(now.Open.Unresponded) + " waiting"
	case label == "MTTR" && now.Open.N > 0:
		w.N += ", " + ui.Num(now.Open.N) + " open"
	}
	w.Chart = chart.Line{Height: weeksHeight, Target: target(all).Seconds(), Labels: labels}
	for i, s := range all {
		w.Chart.Spans = append(w.Chart.Spans, weekSpan(in.Moment.In(in.Weeks.Edges[i].UnixMicro()), s))
	}
	w.Chart.Sentence = weekSentence(label, all)
	return w
}

var clockTitles = map[string]string{
	"MTTA": "Time until somebody responded: the median of this week", "MTTR": "Time until it was resolved: the median of this week",
}

func weekSpan(begin time.Time, s stats.Summary) chart.Span {
	x := chart.Span{Title: "Week of " + begin.Format("2 Jan") + ": none", N: s.N, Few: s.Few()}
	if s.N == 0 {
		return x
	}
	x.Low, x.Mid, x.High, x.Slow = s.P25.Seconds(), s.P50.Seconds(), s.P75.Seconds(), s.P90.Seconds()
	x.Title = "Week of " + begin.Format("2 Jan") + ": median " + ui.Duration(s.P50) + ", p90 " + ui.Duration(s.P90) + ", n " + ui.Num(s.N)
	if x.Few {
		x.Title += ", few"
	}
	return x
}

// target is the one that all weeks with anything in them share, 0 = none.
func target(all []stats.Summary) (out time.Duration) {
	for _, s := range all {
		if s.N > 0 && out != 0 && s.Target != out {
			return 0
		}
		if s.N > 0 {
			out = s.Target
		}
	}
	return out
}

func weekSentence(label string, all []stats.Summary) string {
	s := "Weekly " + label + ", median and p90."
	first, last := -1, -1
	for i, w := range all {
		if w.N > 0 && first < 0 {
			first = i
		}
		if w.N > 0 {
			last = i
		}
	}
	if first < 0 {
		return s + " Nothing was measured."
	}
	s += " Median " + ui.Duration(all[first].P50) + " at first and " + ui.Duration(all[last].P50) + " last."
	if t := target(all); t > 0 {
		s += " Target " + ui.Duration(t) + "."
	}
	return s
}

// weekLabels names every other week under the axis.
func weekLabels(edges []time.Time, m ui.Moment) (out []chart.Label) {
	n := len(edges) - 1
	for i := range n {
		if (n-1-i)%2 == 0 {
			out = append(out, chart.Label{At: (float64(i) + 0.5) / float64(n), Text: m.In(edges[i].UnixMicro()).Format("2 Jan"), Minor: (n-1-i)%4 == 2})
		}
	}
	return out
}

var exclusionWords = map[stats.Exclusion]string{
	stats.Imported: "older than the ledger", stats.Merged: "merged", stats.Undone: "undone", stats.NeverResponded: "never responded to",
	stats.Discarded: "discarded", stats.Deleted: "deleted", stats.Ignored: "ignored", stats.AutoStale: "resolved by itself",
}

// leftOut says how many episodes are in neither figure, and why.
func leftOut(clocks [2][]stats.Summary) string {
	var out []string
	for i, label := range []string{"MTTA", "MTTR"} {
		var parts []string
		for _, x := range stats.Exclusions(stats.Metrics[i]) {
			n := int64(0)
			for _, w := range clocks[i] {
				n += w.Excluded[x]
			}
			if n > 0 {
				parts = append(parts, ui.Num(n)+" "+orRaw(exclusionWords, x))
			}
		}
		if len(parts) > 0 {
			out = append(out, label+" without "+strings.Join(parts, ", "))
		}
	}
	if len(out) == 0 {
		return "Left out: none."
	}
	return "Left out: " + strings.Join(out, "; ") + "."
}

func weekTable(in WeeksIn, m ui.Moment) (heads []string, rows []TrendRow) {
	for _, label := range []string{"MTTA", "MTTR"} {
		heads = append(heads, label+" median", "p90", "n", "Left out")
	}
	for i := range len(in.Edges) - 1 {
		row := TrendRow{At: m.At(in.Edges[i].UnixMicro())}
		row.At.Text = m.In(in.Edges[i].UnixMicro()).Format("2 Jan")
		for _, c := range in.Clocks {
			row.Cells = append(row.Cells, weekCells(c, i)...)
		}
		rows = append(rows, row)
	}
	slices.Reverse(rows)
	return heads, rows
}

func weekCells(weeks []stats.Summary, i int) []string {
	if i >= len(weeks) || weeks[i].N == 0 {
		left := int64(0)
		if i < len(weeks) {
			left = weeks[i].Left()
		}
		return []string{"n/a", "n/a", "0", ui.Exact(left)}
	}
	s := weeks[i]
	return []string{ui.Duration(s.P50), ui.Duration(s.P90), ui.Exact(s.N), ui.Exact(s.Left())}
}
