package page

import (
	"strconv"
	"time"

	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/views/chart"
	"errata/internal/views/ui"
)

// KPI is one key figure. Value is in pieces, so that units stand smaller than
// numbers. Without a value (Missing) the figure is said in words.
type KPI struct {
	Name, Label, Note string
	Value             []ValuePiece
	Missing           string
	Delta             *Delta
	Before            string
	Parts             []KPIPart
	URL, Title        string
	Line              *chart.Spark
	Bullet            *chart.Bullet
	Failed            *ui.Failure
}

// ValuePiece is a number with its unit.
type ValuePiece struct{ Number, Unit string }

// KPIPart is a piece of the line below a figure; Strong stands out.
type KPIPart struct {
	Text   string
	Strong bool
}

func strong(s string) KPIPart { return KPIPart{s, true} }
func aside(s string) KPIPart  { return KPIPart{s, false} }

func newKPIs(in OverviewIn, volume Trend) []KPI {
	return []KPI{
		eventsKPI(in, volume), unresolvedKPI(in), newIssuesKPI(in),
		clockKPI(in, "mtta", "MTTA", in.Clocks[0]), clockKPI(in, "mttr", "MTTR", in.Clocks[1]),
	}
}

func eventsKPI(in OverviewIn, volume Trend) KPI {
	k := KPI{Name: "events", Label: "Events", Before: in.Before, URL: in.URL.issues("").String(), Title: "Issues that were active in this range", Failed: volume.Failed}
	if k.Failed != nil {
		return k
	}
	n := len(in.Events.Edges) - 1
	line := make([]int64, max(n, 0))
	for _, c := range in.Events.Counts {
		for i := range min(len(c), len(line)) {
			line[i] += c[i]
		}
	}
	k.number(sum(line), line)
	k.Delta, k.Parts = volume.Delta, []KPIPart{aside("vs " + in.Before)}
	return k
}

// number sets a count and its line.
func (k *KPI) number(n int64, line []int64) {
	text, unit := ui.Num(n), ""
	if last := text[len(text)-1]; last < '0' || last > '9' {
		text, unit = text[:len(text)-1], text[len(text)-1:]
	}
	k.Value = []ValuePiece{{text, unit}}
	s := chart.NewSpark(line)
	k.Line = &s
}

func unresolvedKPI(in OverviewIn) KPI {
	k := KPI{
		Name: "unresolved", Label: "Unresolved issues", Before: "start of the range", Failed: in.Unresolved.Failed,
		URL: in.URL.everywhen("is:unresolved"), Title: "Issues that are open or acknowledged",
	}
	if k.Failed == nil {
		k.number(in.Unresolved.Now, in.Unresolved.Line)
		k.Delta, k.Parts = countDelta(in.Unresolved.Now-in.Unresolved.Before), severityParts(in.Unresolved.By)
	}
	return k
}

func newIssuesKPI(in OverviewIn) KPI {
	k := KPI{
		Name: "new", Label: "New issues", Before: in.Before, Failed: in.New.Failed,
		URL: in.URL.issues(in.firstSeen()).String(), Title: "Issues whose first event lies in this range",
	}
	if k.Failed == nil {
		k.number(in.New.Now, in.New.Line)
		k.Delta = countDelta(in.New.Now - in.New.Before)
		k.Parts = []KPIPart{strong(ui.Num(in.New.Regressed)), aside(" regressed, "), strong(ui.Num(in.New.Unassigned)), aside(" unassigned")}
	}
	return k
}

// firstSeen is the query for issues that are new in the range.
func (in OverviewIn) firstSeen() string {
	if r := in.URL.Range; r != "" && r != "today" {
		return "age:<" + r
	}
	return "first_seen:>=" + in.From.UTC().Format(time.RFC3339)
}

// countDelta is a change in a number of issues; more are worse.
func countDelta(diff int64) *Delta {
	switch {
	case diff == 0:
		return &Delta{Flat: true, Text: "no change", Spoken: "as many"}
	case diff > 0:
		return &Delta{Up: true, Text: ui.Num(diff), Spoken: ui.Num(diff) + " more"}
	}
	return &Delta{Text: ui.Num(-diff), Spoken: ui.Num(-diff) + " fewer"}
}

// clockKPI is a response time: median, the slow end, how many, the target.
func clockKPI(in OverviewIn, name, label string, c ClockIn) KPI {
	k := KPI{Name: name, Label: label, Note: "median, " + severityWords(in.URL.Severity), Before: in.Before, URL: in.analytics().String(), Failed: c.Failed}
	k.Title = map[string]string{"mtta": "Time until somebody responded", "mttr": "Time until it was resolved"}[name]
	if k.Failed != nil {
		return k
	}
	s := c.Total
	if s.N == 0 {
		k.Missing = map[string]string{"mtta": "no response", "mttr": "none resolved"}[name]
		k.Parts = waitingParts(name, s)
		return k
	}
	k.Value = durationPieces(s.P50)
	k.Delta = clockDelta(c.Compare)
	k.Parts = []KPIPart{aside("p90 "), strong(ui.Duration(s.P90)), aside(", ")}
	if share, ok := s.MetShare(); s.Target == 0 && ok {
		k.Parts = append(k.Parts, strong(strconv.Itoa(int(100*share+0.5))+"%"), aside(" in target, "))
	} else if s.Target > 0 {
		k.Parts = append(k.Parts, aside("target "), strong(ui.Duration(s.Target)), aside(", "))
	}
	k.Parts = append(k.Parts, aside("n "+ui.Num(s.N)))
	if s.Few() {
		k.Parts = append(k.Parts, aside(", few"))
	}
	k.Bullet = &chart.Bullet{Median: s.P50.Seconds(), Slow: s.P90.Seconds(), Target: s.Target.Seconds()}
	return k
}

// waitingParts say what goes on where nothing has ended yet.
func waitingParts(name string, s stats.Summary) []KPIPart {
	n, oldest, word := s.Open.Unresponded, s.Open.OldestUnresponded, " waiting, oldest "
	if name == "mttr" {
		n, oldest, word = s.Open.N, s.Open.Oldest, " open, oldest "
	}
	if n == 0 {
		return []KPIPart{aside("nothing waits")}
	}
	return []KPIPart{strong(ui.Num(n)), aside(word), strong(ui.Age(oldest))}
}

func severityWords(s string) string {
	if s == "" {
		return "all"
	}
	return s
}

// clockDelta is a change of the median. One that may be chance is shown, but as
// no change; of too few episodes nothing is said.
func clockDelta(c *stats.Comparison) *Delta {
	if c == nil || c.Verdict == stats.TooFew {
		return nil
	}
	text := ui.Duration(max(c.Delta, -c.Delta))
	d := &Delta{Up: c.Delta > 0, Text: text, Spoken: text + " longer"}
	if c.Delta <= 0 {
		d.Spoken = text + " shorter"
	}
	if c.Verdict == stats.NoClearChange {
		d.Flat, d.Text, d.Spoken = true, "no clear change", "no clear change: "+d.Spoken
	}
	return d
}

// durationPieces is ui.Duration with its units apart: 6m 12s.
func durationPieces(d time.Duration) (out []ValuePiece) {
	number, unit := "", ""
	flush := func() {
		if number != "" {
			out = append(out, ValuePiece{number, unit})
		}
		number, unit = "", ""
	}
	for _, r := range ui.Duration(d) {
		switch {
		case r >= '0' && r <= '9', r == '.', r == '-':
			if unit != "" {
				flush()
			}
			number += string(r)
		case r != ' ':
			unit += string(r)
		}
	}
	flush()
	return out
}

// shownSeverities is how many severities the line below a figure has room for.
const shownSeverities = 3

// severityParts are the numbers by severity, the most urgent ones that exist.
func severityParts(by [4]int64) (out []KPIPart) {
	for _, s := range errata.Severities {
		if by[s] == 0 || len(out) >= 3*shownSeverities-1 {
			continue
		}
		if len(out) > 0 {
			out = append(out, aside(", "))
		}
		out = append(out, strong(ui.Num(by[s])), aside(" "+s.String()))
	}
	return out
}
