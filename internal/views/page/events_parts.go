package page

import (
	"slices"
	"strconv"
	"strings"

	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/views/chart"
	"errata/internal/views/ui"
)

// FieldsIn is what the events consist of. Looked is how many were looked at, 0 =
// unknown; Newest says that these are only the newest, Torn that a part of the
// events could not be read.
type FieldsIn struct {
	Told   []FieldIn
	Others []string // keys as a query writes them
	Looked int64
	Newest bool
	Torn   bool
	Failed *ui.Failure
}

// FieldIn is a field with its most frequent values.
type FieldIn struct {
	Key    string
	Values []CountIn
	Looked int64
}

// CountIn is a value with its count; Title says what an issue is about.
type CountIn struct {
	Keys  []string
	Title string
	Count int64
}

// Fields is the list of fields beside the results.
type Fields struct {
	Told   []Field
	Others []ui.Link
	Note   string
	Failed *ui.Failure
	Shut   string // address without the opened field, "" = none is
}

// Field is one field of the list.
type Field struct {
	Name   string
	Opened bool
	Values []FieldValue
}

// FieldValue is a value of a field with its share and the address that filters
// by it.
type FieldValue struct {
	Text, URL, Share, Title string
	Severity                *errata.Severity
}

func newFields(in EventsIn) Fields {
	f := Fields{Failed: in.Fields.Failed}
	for _, t := range in.Fields.Told {
		f.Told = append(f.Told, in.field(t))
	}
	slices.SortStableFunc(f.Told, func(a, b Field) int { return order(a.Opened) - order(b.Opened) })
	for _, key := range in.Fields.Others {
		f.Others = append(f.Others, ui.Link{Text: fieldWord(key), URL: in.URL.with(func(u *EventsURL) { u.Field = key }).String()})
	}
	if in.URL.Field != "" {
		f.Shut = in.URL.with(func(u *EventsURL) { u.Field = "" }).String()
	}
	if in.Fields.Newest {
		f.Note = "Shares of the newest " + ui.Exact(in.Fields.Looked) + " events."
	}
	if in.Fields.Torn {
		f.Note = strings.TrimSpace(f.Note + " A part of the events could not be read and is left out.")
	}
	return f
}

func order(first bool) int {
	if first {
		return 0
	}
	return 1
}

func (in EventsIn) field(t FieldIn) Field {
	f := Field{Name: fieldWord(t.Key), Opened: t.Key == in.URL.Field}
	for _, v := range t.Values {
		one := FieldValue{
			Text: ui.Clip(v.Keys[0], 80), URL: in.URL.withQ(withPair(in.Tree, t.Key, v.Keys[0], false)).String(),
			Share: ui.Percent(v.Count, t.Looked), Title: ui.Count(v.Count, "event", "events"),
		}
		if t.Key == "event.severity" {
			if s, ok := errata.ParseSeverity(v.Keys[0]); ok {
				one.Severity = &s
				one.Text = s.String() + " " + s.Word()
			}
		}
		f.Values = append(f.Values, one)
	}
	return f
}

// CountsIn is what was counted: groups, largest first, and what none of them
// holds. Total is of all. Users have no rest: one may be in several groups.
type CountsIn struct {
	Groups []CountIn
	Rest   int64
	Total  Total
	Users  bool
	About  bool // figures of groups are not exact
	Newest bool // groups were told apart among the newest events only
	Gaps   []Gap
	Failed *ui.Failure
}

// Counts is the table of groups.
type Counts struct {
	Heads   []string
	Noun    string
	Rows    []CountRow
	Total   string
	Notices []ui.Notice
	Failed  *ui.Failure
	Empty   *Empty
}

// CountRow is one group. Class is the colour it has in the chart.
type CountRow struct {
	Cells        []CountCell
	Class        string
	Count, Share string
	Title        string
	Events       string // address of its events, "" = of what no group holds
	Without      string
	Label        string
}

// CountCell is one key of a group.
type CountCell struct {
	Text     string
	None     bool
	Severity *errata.Severity
}

// seriesClasses are the colours of groups, in their order.
var seriesClasses = []string{"fc1", "fc2", "fc3", "fc4", "fc5", "fc6", "fc7", "fc8"}

const restClass = "fc0"

func (in EventsIn) classOf(i int) string {
	if in.URL.As != AsChart || len(in.URL.By) != 1 {
		return ""
	}
	if in.URL.By[0] == "event.severity" {
		if s, ok := errata.ParseSeverity(in.Counts.Groups[i].Keys[0]); ok {
			return severityClasses[s]
		}
	}
	if i < len(seriesClasses) {
		return seriesClasses[i]
	}
	return restClass
}

func (in EventsIn) counts() *Counts {
	x := in.Counts
	c := &Counts{Failed: x.Failed, Noun: "Events"}
	if x.Users {
		c.Noun = "Users"
	}
	if x.Failed != nil {
		return c
	}
	for _, k := range in.URL.By {
		c.Heads = append(c.Heads, fieldWord(k))
	}
	for _, n := range in.Notices {
		c.Notices = append(c.Notices, ui.Notice{Tone: "info", Text: n})
	}
	c.Notices = append(append(c.Notices, x.notices()...), gapNotices(in.Moment, x.Gaps)...)
	for i, g := range x.Groups {
		c.Rows = append(c.Rows, in.countRow(i, g))
	}
	if x.Rest > 0 {
		row := CountRow{Cells: make([]CountCell, len(in.URL.By)), Class: restClass, Count: ui.Exact(x.Rest), Share: ui.Percent(x.Rest, x.Total.Value), Title: "Events without a value, or with a rarer one"}
		if in.URL.As != AsChart {
			row.Class = ""
		}
		row.Cells[0].Text = "other or none"
		if x.Newest {
			row.Cells[0].Text, row.Title = "other, none, or not looked at", "Only the newest events were looked at"
		}
		row.Cells[0].None = true
		c.Rows = append(c.Rows, row)
	}
	c.Total = x.Total.words(strings.ToLower(strings.TrimSuffix(c.Noun, "s")), strings.ToLower(c.Noun))
	switch {
	case x.Total.Value == 0 && x.Total.Exact || in.Query.Error != nil:
		c.Empty = in.empty()
	case len(in.URL.By) == 0:
		c.Empty = &Empty{
			Icon: "table-2", Title: "Not told apart yet", Text: "Choose above by which field the " + strings.ToLower(c.Noun) + " are counted.",
			Action: &ui.Link{Text: "Count by service", URL: in.URL.with(func(u *EventsURL) { u.By = []string{"service"} }).String()},
		}
	}
	return c
}

func (x CountsIn) notices() []ui.Notice {
	var out []ui.Notice
	if x.Newest {
		out = append(out, ui.Notice{Tone: "warn", Text: "The groups are about: they were told apart among the newest 10,000 events only. The total counts all."})
	} else if x.About {
		out = append(out, ui.Notice{Tone: "info", Text: "Figures of groups are about: the event store estimates what it does not count."})
	}
	return out
}

func (in EventsIn) countRow(i int, g CountIn) CountRow {
	row := CountRow{Class: in.classOf(i), Count: ui.Exact(g.Count), Share: ui.Percent(g.Count, in.Counts.Total.Value), Title: g.Title}
	if in.Counts.About || in.Counts.Newest {
		row.Count = "about " + ui.Exact(g.Count)
	}
	only, less := in.Tree, in.Query.Text
	for k, key := range in.URL.By {
		row.Cells = append(row.Cells, countCell(key, g, k))
		if text := withPair(only, key, g.Keys[k], false); g.Keys[k] != "" || len(in.URL.By) == 1 {
			only = parsed(text)
			if len(in.URL.By) == 1 {
				less = withPair(in.Tree, key, g.Keys[k], true)
			}
		}
	}
	row.Label = strings.Join(g.Keys, ", ")
	if !slices.Contains(g.Keys, "") { // what a key lacks may also be a rarer value
		row.Events = in.URL.as(AsTable).withQ(printed(only)).String()
	}
	if len(in.URL.By) == 1 {
		row.Without = in.URL.withQ(less).String()
	}
	return row
}

func countCell(key string, g CountIn, k int) CountCell {
	c := CountCell{Text: ui.Clip(g.Keys[k], shownCell)}
	switch {
	case g.Keys[k] == "":
		c.Text, c.None = "other or none", true
	case key == "event.severity":
		if s, ok := errata.ParseSeverity(g.Keys[k]); ok {
			c.Severity = &s
		}
	case key == "issue" && g.Title != "":
		c.Text += " " + ui.Clip(g.Title, shownCell)
	}
	return c
}

// ExplorerChart is the chart with what a brush needs: the bucket edges in
// seconds since 1970.
type ExplorerChart struct {
	Trend
	Title string
	Edges string
	Zooms []Zoom
}

// Zoom is one bucket of the chart's table with the address of its events.
type Zoom struct {
	TrendRow
	URL string
}

// chartHeights, px: above a table, and alone.
const (
	lowChart  = 84
	tallChart = 220
)

func (in EventsIn) chart(title string) *ExplorerChart {
	c := &ExplorerChart{Trend: NewTrend(in.Trend), Title: title}
	if c.Failed != nil || c.None != "" {
		return c
	}
	c.Chart.Height = lowChart
	if in.URL.As == AsChart {
		c.Chart.Height = tallChart
	}
	edges := make([]string, len(in.Trend.Edges))
	for i, e := range in.Trend.Edges {
		edges[i] = strconv.FormatInt(e.Unix(), 10)
	}
	c.Edges = strings.Join(edges, " ")
	n := len(in.Trend.Edges) - 1
	for k, row := range c.Table { // newest first
		from, to := in.Trend.Edges[n-1-k], in.Trend.Edges[n-k]
		c.Zooms = append(c.Zooms, Zoom{row, in.URL.as(AsTable).span(from.UTC().Format("2006-01-02T15:04:05Z"), to.UTC().Format("2006-01-02T15:04:05Z")).String()})
	}
	return c
}

func (in EventsIn) chartTitle() string {
	title := "Events over time"
	if in.Counts.Users {
		title = "Users over time"
	}
	if len(in.URL.By) > 0 {
		title = "Events by " + strings.ToLower(fieldWord(in.URL.By[0]))
	}
	return title
}

// GroupSeries makes the series of a chart of groups: buckets per group, and
// those of the rest.
func GroupSeries(by string, groups []CountIn, buckets [][]int64, rest []int64, restName string) []chart.Series {
	var out []chart.Series
	for i, g := range groups {
		s := chart.Series{Name: ui.Clip(g.Keys[0], 40), Class: restClass, Values: floats(buckets[i], len(buckets[i]))}
		if i < len(seriesClasses) {
			s.Class = seriesClasses[i]
		}
		if sev, ok := errata.ParseSeverity(g.Keys[0]); ok && by == "event.severity" {
			s.Class = severityClasses[sev]
		}
		out = append(out, s)
	}
	if by == "event.severity" { // the most urgent at the base
		slices.SortStableFunc(out, func(a, b chart.Series) int { return strings.Compare(a.Name, b.Name) })
	}
	if sum(rest) > 0 {
		out = append(out, chart.Series{Name: restName, Class: restClass, Values: floats(rest, len(rest))})
	}
	return out
}

// MeasureForm chooses what is counted.
type MeasureForm struct {
	Action  string
	Hidden  []Param
	Choices []Choice
}

// Choice is a pick of one among few.
type Choice struct {
	Name, Label string
	Options     []ChoiceOption
}

// ChoiceOption is one of them.
type ChoiceOption struct {
	Value, Text string
	On          bool
}

// groupable are the fields offered to count by, in this order.
var groupable = []string{"service", "event.severity", "env", "release", "type", "issue", "level", "code", "culprit", "host", "transaction", "platform", "os", "browser", "url.path", "http.method", "logger"}

func (in EventsIn) measureForm() *MeasureForm {
	shown := []string{"measure", "by", "bucket", "top", "open"}
	f := &MeasureForm{Action: in.URL.List.Path, Hidden: in.URL.Plain().Hidden(shown...)}
	if in.Query.Text != "" {
		f.Hidden = append([]Param{{"q", in.Query.Text}}, f.Hidden...)
	}
	by := func(i int) string {
		if i < len(in.URL.By) {
			return in.URL.By[i]
		}
		return ""
	}
	f.Choices = append(f.Choices, choice("measure", "Count", in.URL.Measure, []string{"", "users"}, []string{"events", "users"}), in.byPick("By", by(0)))
	if in.URL.As == AsCounts {
		f.Choices = append(f.Choices, in.byPick("then by", by(1)))
	} else {
		values := []string{""}
		texts := []string{"automatic"}
		for _, i := range stats.Ladder {
			values, texts = append(values, string(i)), append(texts, string(i))
		}
		f.Choices = append(f.Choices, choice("bucket", "Bucket", in.URL.Bucket, values, texts))
	}
	top := ""
	if in.URL.Top != DefaultTop && in.URL.Top > 0 {
		top = strconv.Itoa(in.URL.Top)
	}
	tops := []string{"", "3", "5", "20"}
	if in.URL.As == AsCounts {
		tops = append(tops, "50", "100")
	}
	if top != "" && !slices.Contains(tops, top) {
		tops = append(tops, top)
	}
	f.Choices = append(f.Choices, choice("top", "Top", top, tops, append([]string{strconv.Itoa(DefaultTop)}, tops[1:]...)))
	return f
}

func (in EventsIn) byPick(label, current string) Choice {
	values, texts := []string{""}, []string{"nothing"}
	keys := slices.Clone(groupable)
	for _, k := range append(slices.Clone(in.Fields.Others), current) {
		if k != "" && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	for _, k := range keys {
		values, texts = append(values, k), append(texts, fieldWord(k))
	}
	return choice("by", label, current, values, texts)
}

func choice(name, label, current string, values, texts []string) Choice {
	p := Choice{Name: name, Label: label}
	for i, v := range values {
		p.Options = append(p.Options, ChoiceOption{Value: v, Text: texts[i], On: v == current})
	}
	return p
}

// ColumnForm chooses the columns of the table.
type ColumnForm struct {
	Action  string
	Hidden  []Param
	Options []FilterOption
	Reset   string // address of the usual ones, "" = they are shown
}

// columnFields are the columns offered, beside those that the events have.
var columnFields = append(slices.Clone(DefaultColumns), "type", "level", "code", "culprit", "host", "transaction", "user", "trace", "request_id", "platform", "os", "browser", "url.path", "http.method", "http.status")

func (in EventsIn) columnForm() *ColumnForm {
	f := &ColumnForm{Action: in.URL.List.Path, Hidden: in.URL.Plain().Hidden("cols", "open")}
	if in.Query.Text != "" {
		f.Hidden = append([]Param{{"q", in.Query.Text}}, f.Hidden...)
	}
	keys := slices.Clone(in.URL.columns())
	for _, k := range append(slices.Clone(columnFields), in.Fields.Others...) {
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	for _, k := range keys {
		f.Options = append(f.Options, FilterOption{Value: k, Text: fieldWord(k), On: slices.Contains(in.URL.columns(), k)})
	}
	if len(in.URL.Columns) > 0 && !slices.Equal(in.URL.Columns, DefaultColumns) {
		f.Reset = in.URL.with(func(u *EventsURL) { u.Columns = nil }).String()
	}
	return f
}
