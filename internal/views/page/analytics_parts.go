package page

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/views/chart"
	"errata/internal/views/ui"
)

// AnalyticsPick is a menu in which values of one key are ticked; Others are what its
// form carries along.
type AnalyticsPick struct {
	Filter
	Hidden []Param
}

// Options are what is measured, and how it is shown.
type Options struct {
	Hidden []Param
	Groups []OptionGroup
	Label  string // what differs from the usual
}

// OptionGroup is one choice between few.
type OptionGroup struct {
	Name, Title string
	Options     []FilterOption
}

// Spread is how the times are distributed.
type Spread struct {
	Hists []SpreadHist
	Heads []string
	Rows  []FigureRow
}

// SpreadHist is one distribution.
type SpreadHist struct {
	Title string
	Chart chart.Hist
}

// Groups is the figures of groups.
type Groups struct {
	Title string
	Links []ui.Link
	Head  string
	Rows  []GroupRow
}

// GroupRow is one group.
type GroupRow struct {
	FigureRow
	Severity *errata.Severity // draws its sign
}

// LeftOut is what a metric leaves out, and why.
type LeftOut struct {
	Label string
	Items []Figure
}

func (in AnalyticsIn) search() Search {
	s := Search{Action: analyticsPath, Words: in.Query.Words, Hidden: in.URL.Hidden("q"), Error: in.Query.Error}
	for _, c := range in.Query.Chips {
		s.Chips = append(s.Chips, SearchChip{
			Key: c.Key, Value: c.Value, Negated: c.Negated, Text: c.Key + c.Value, Remove: in.URL.WithQ(c.Without).String(),
		})
	}
	u := in.URL.rangeURL()
	if u.Range == "" && u.From == "" && u.To == "" {
		u.Range = DefaultResponseRange
	}
	s.Range = newRange(u, in.Moment)
	s.Range.Title, s.Range.Action, s.Range.Hidden = "Time range", analyticsPath, in.URL.Hidden("range", "from", "to", "tz")
	for i, r := range Ranges {
		s.Range.Items[i].URL = in.URL.WithRange(r).String()
	}
	return s
}

func (in AnalyticsIn) picks() (out []AnalyticsPick) {
	filters := []Filter{serviceFilter(in.Services), severityFilter(), envFilter(in.Envs)}
	for _, f := range filters {
		p := AnalyticsPick{Filter: ticked(f, in.Query.Picked[f.Key]), Hidden: in.URL.Hidden("q")}
		if in.Query.Others != "" {
			p.Hidden = append(p.Hidden, Param{"q", in.Query.Others})
		}
		for _, other := range filters {
			for _, v := range in.Query.Picked[other.Key] {
				if other.Key != f.Key {
					p.Hidden = append(p.Hidden, Param{other.Key, v})
				}
			}
		}
		out = append(out, p)
	}
	return out
}

// optionWords are the choices of what is measured; the first of each is the
// usual.
var optionWords = []struct {
	name, title string
	values      [][2]string // value, words
}{
	{"bucket", "Over time", [][2]string{{"auto", "Fitting the range"}, {"hour", "By hour"}, {"day", "By day"}, {"week", "By week"}, {"month", "By month"}}},
	{"basis", "The clock starts", [][2]string{{"alert", "At the first alert, else the opening"}, {"event", "At the opening"}}},
	{"response", "A response is", [][2]string{{"any", "Any act of a person"}, {"explicit", "An acknowledgement only"}}},
	{"cohort", "An episode counts when", [][2]string{{"completed", "It was answered or resolved"}, {"opened", "It opened"}}},
}

func (in AnalyticsIn) options() Options {
	o := Options{Hidden: in.URL.Hidden("bucket", "basis", "response", "cohort"), Label: "Usual"}
	var changed []string
	for _, w := range optionWords {
		now := map[string]string{"bucket": in.URL.Bucket, "basis": in.URL.Basis, "response": in.URL.Response, "cohort": in.URL.Cohort}[w.name]
		if now == "" {
			now = w.values[0][0]
		}
		g := OptionGroup{Name: w.name, Title: w.title}
		for i, v := range w.values {
			g.Options = append(g.Options, FilterOption{Value: v[0], Text: v[1], On: v[0] == now})
			if v[0] == now && i > 0 {
				changed = append(changed, v[0])
			}
		}
		o.Groups = append(o.Groups, g)
	}
	if len(changed) > 0 {
		o.Label = strings.Join(changed, ", ")
	}
	return o
}

// leastBins is how many bars a distribution has at least.
const leastBins = 6

func (in AnalyticsIn) spread() Spread {
	edges := stats.BinEdges()
	first, last := len(edges), -1
	for i := range edges {
		if in.Answers[0].Bins[i]+in.Answers[1].Bins[i] > 0 {
			first, last = min(first, i), max(last, i)
		}
	}
	if last < 0 {
		first, last = 0, leastBins-1
	}
	for last-first+1 < leastBins {
		first, last = max(first-1, 0), min(last+1, len(edges)-1)
	}
	s := Spread{}
	for k, w := range metricWords {
		s.Heads = append(s.Heads, w.label)
		s.Hists = append(s.Hists, in.hist(k, first, last))
	}
	for i := first; i <= last; i++ {
		row := FigureRow{Name: binName(edges, i)}
		for k, w := range metricWords {
			n := in.Answers[k].Bins[i]
			row.Cells = append(row.Cells, Figure{Value: ui.Exact(n), URL: unless(n == 0, in.URL.episodes(w.metric, "measured").took(edges[i], binEnd(edges, i)).String())})
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}

func binEnd(edges []time.Duration, i int) time.Duration {
	if i+1 < len(edges) {
		return edges[i+1]
	}
	return 0
}

func binName(edges []time.Duration, i int) string {
	switch end := binEnd(edges, i); {
	case end == 0:
		return chart.SpanText(edges[i].Seconds()) + " and more"
	case i == 0:
		return "less than " + chart.SpanText(end.Seconds())
	default:
		return chart.SpanText(edges[i].Seconds()) + " to " + chart.SpanText(end.Seconds())
	}
}

// apart is how far two marks of a distribution are, or only the first is shown.
const apart = 0.3

func (in AnalyticsIn) hist(k, first, last int) SpreadHist {
	edges, r := stats.BinEdges(), in.Answers[k]
	h := chart.Hist{Height: analyticsHeight}
	for i := first; i <= last; i++ {
		n := r.Bins[i]
		h.Bins = append(h.Bins, chart.Bin{Title: binName(edges, i) + ": " + ui.Exact(n), From: edges[i].Seconds(), N: float64(n)})
	}
	for _, m := range []struct {
		name string
		at   time.Duration
	}{{"median", r.Total.P50}, {"p90", r.Total.P90}} {
		at, ok := h.Place(m.at.Seconds())
		if ok && r.Total.N > 0 && (len(h.Marks) == 0 || at-h.Marks[0].At > apart) {
			h.Marks = append(h.Marks, chart.Mark{At: at, Text: m.name + " " + ui.Duration(m.at)})
		}
	}
	h.Sentence = "Distribution of " + strings.ToLower(metricWords[k].title) + ", n " + ui.Exact(r.Total.N) + "."
	return SpreadHist{Title: metricWords[k].title, Chart: h}
}

// groupWords are what episodes can be grouped by on the page.
var groupWords = []struct {
	by, title, head string
	person          bool
}{
	{"severity", "Severity", "Worst severity", false},
	{"service", "Service", "Service", false},
	{"environment", "Environment", "Environment", false},
	{"release", "Release", "Release", false},
	{"owner", "Owner", "Owner now", true},
	{"user", "Person", "Who answered or resolved", true},
}

func (in AnalyticsIn) groups() Groups {
	g := Groups{Title: "By " + strings.ReplaceAll(in.By, "_", " "), Head: in.By}
	for _, w := range groupWords {
		if w.by == in.By {
			g.Title, g.Head = "By "+strings.ToLower(w.title), w.head
		}
		if !w.person || in.Persons {
			g.Links = append(g.Links, ui.Link{Text: w.title, URL: in.URL.WithBy(unless(w.by == DefaultBy, w.by)).String(), Current: w.by == in.By})
		}
	}
	for _, p := range in.joined() {
		g.Rows = append(g.Rows, in.groupRow(p))
	}
	return g
}

// joint is a group in both metrics.
type joint struct {
	key   string
	other bool
	of    [2]stats.Group
}

// joined brings the groups of both metrics together: severities by urgency,
// others by how many were answered.
func (in AnalyticsIn) joined() (out []joint) {
	type id struct {
		key   string
		other bool
	}
	at := map[id]int{}
	for k := range in.Answers {
		for _, g := range in.Answers[k].Groups {
			i := id{g.Key[0], g.Other}
			n, ok := at[i]
			if !ok {
				n = len(out)
				at[i], out = n, append(out, joint{key: i.key, other: i.other})
			}
			out[n].of[k] = g
		}
	}
	slices.SortStableFunc(out, func(a, b joint) int {
		switch {
		case a.other != b.other:
			return word(a.other, 1, -1)
		case in.By == DefaultBy:
			return cmp.Compare(a.key, b.key)
		}
		return cmp.Compare(b.of[0].Total.N+b.of[1].Total.N, a.of[0].Total.N+a.of[1].Total.N)
	})
	return out
}

func word[T any](yes bool, a, b T) T {
	if yes {
		return a
	}
	return b
}

func (in AnalyticsIn) groupRow(p joint) GroupRow {
	r := GroupRow{FigureRow: FigureRow{Name: in.keyName(p)}}
	if s, ok := errata.ParseSeverity(p.key); ok && in.By == DefaultBy && !p.other {
		r.Severity = &s
	}
	link := func(k int, show string, n int64) string {
		if n == 0 || p.other {
			return ""
		}
		return in.URL.episodes(metricWords[k].metric, show).of(in.By, in.keyParam(p.key)).String()
	}
	for k := range metricWords {
		s := p.of[k].Total
		r.Cells = append(r.Cells, Figure{Value: ui.Exact(s.N), URL: link(k, "measured", s.N)})
		if s.N == 0 {
			r.Cells = append(r.Cells, Figure{Value: "–"}, Figure{Value: "–"}, Figure{Value: "–"})
			continue
		}
		r.Cells = append(r.Cells, Figure{Value: ui.Duration(s.P50), Title: fewTitle(s)}, Figure{Value: ui.Duration(s.P90), Title: fewTitle(s)},
			Figure{Value: ui.Percent(s.Met, s.Targeted), Title: ui.Exact(s.Met) + " of " + ui.Exact(s.Targeted), URL: link(k, "met", s.Targeted)})
	}
	open, rates := p.of[0].Total.Open, p.of[1].Rates
	r.Cells = append(r.Cells, Figure{Value: ui.Exact(open.Unresponded), URL: link(0, "waiting", open.Unresponded)},
		Figure{Value: ui.Exact(open.N), URL: link(0, "open", open.N)},
		Figure{Value: ui.Percent(rates.Regressed, rates.Resolved), Title: ui.Exact(rates.Regressed) + " of " + ui.Exact(rates.Resolved), URL: link(1, "regressed", rates.Regressed)})
	return r
}

// keyParam is a key as addresses hold it: of a service its slug.
func (in AnalyticsIn) keyParam(key string) string {
	if in.By == "service" {
		return in.Names[key]
	}
	return key
}

func (in AnalyticsIn) keyName(p joint) string {
	switch name := in.Names[p.key]; {
	case p.other:
		return "Others together"
	case name != "":
		return name
	case p.key == "":
		return "none"
	case in.By == "owner" || in.By == "user":
		return "deleted account"
	}
	return p.key
}

// leftOut says how many episodes are in neither figure, and why.
func (in AnalyticsIn) leftOut() (out []LeftOut) {
	for k, w := range metricWords {
		l := LeftOut{Label: w.label}
		for _, x := range stats.Exclusions(w.metric) {
			if n := in.Answers[k].Total.Excluded[x]; n > 0 {
				l.Items = append(l.Items, Figure{Name: orRaw(exclusionWords, x), Value: ui.Num(n), URL: in.link(k, string(x))})
			}
		}
		out = append(out, l)
	}
	return out
}

func (in AnalyticsIn) rates() []Figure {
	r := in.Answers[1].Rates
	note := ui.Exact(r.Regressed) + " of " + ui.Exact(r.Resolved) + " resolved episodes"
	if !r.Mature {
		note += "; not all of them are 30 days old yet"
	}
	out := []Figure{
		{Name: "Regressed within 30 days", Value: ui.Percent(r.Regressed, r.Resolved), Title: note, URL: unless(r.Regressed == 0, in.link(1, "regressed"))},
		{
			Name: "Reopened by a person", Value: ui.Percent(r.Reopened, r.Resolved), Title: ui.Exact(r.Reopened) + " of " + ui.Exact(r.Resolved) + " resolved episodes",
			URL: unless(r.Reopened == 0, in.link(1, "reopened")),
		},
	}
	for k, w := range metricWords {
		s := in.Answers[k].Total
		out = append(out, Figure{
			Name: w.label + " target missed", Value: ui.Percent(s.Targeted-s.Met, s.Targeted), Title: ui.Exact(s.Targeted-s.Met) + " of " + ui.Exact(s.Targeted),
			URL: unless(s.Targeted == s.Met, in.link(k, "missed")),
		})
	}
	return out
}

// terms are the definitions, as the figures on the page were made.
func (in AnalyticsIn) terms() []ui.Row {
	start := "the first alert, or the opening where no alert came before the response"
	if in.Rules.FromEvent {
		start = "the opening"
	}
	response := "the first act of a person: acknowledge, assign, resolve or ignore"
	if in.Rules.Explicit {
		response = "the first acknowledgement by a person"
	}
	counts := "when its time ended"
	if in.Rules.ByOpening {
		counts = "when it opened"
	}
	return []ui.Row{
		{Name: "Episode", Value: "One time that an issue was open. Reopened by a person within ten minutes, it is the same one and its clock never stopped; a regression is always a new one."},
		{Name: "MTTA", Value: "From " + start + ", to " + response + "."},
		{Name: "MTTR", Value: "From " + start + ", to the resolution. Ignored episodes are in no MTTR."},
		{Name: "In the range", Value: "An episode counts " + counts + "; one that is left out, when it closed. Open ones are in no mean: they stand beside it as waiting and open, as of now."},
		{Name: "Percentiles", Value: "Computed anew for every bucket and group, by linear interpolation, never averaged. Of fewer than five values a dot is drawn and nothing concluded; of none there is a gap."},
		{Name: "Faster, slower", Value: "The difference of the medians, with an interval from the order of the values alone that holds in at least 80% of cases. Where it contains zero there is no clear change."},
		{Name: "Target met", Value: "Share of those that have a target, by service and worst severity of the episode."},
		{Name: "Severity", Value: "The worst that the episode came to. Environment and release are those of the event that opened it; the owner is who has the issue now."},
	}
}
