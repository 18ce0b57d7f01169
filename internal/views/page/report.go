package page

import (
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/views/chart"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// ReportsIn is what the list of reports is made from. From and To (µs) are the
// week that a report would be about now. MayRun says whether the reader may run
// one.
type ReportsIn struct {
	Moment   ui.Moment
	Runs     []ReportRunIn
	Services []errata.Project // those that a report can be run of
	From, To int64
	MayRun   errata.Allowed
	Next     string // address of the page behind, "" = none
	First    bool   // this is page one
	Refused  string // why the last attempt was refused, "" = it was not
}

// ReportRunIn is a run with who ran it.
type ReportRunIn struct {
	errata.ReportRun
	By errata.Person
}

// Reports is the list of stored reports, with the form that runs one.
type Reports struct {
	layout.Chrome
	noParts
	Week     string
	Zone     string
	Services []FilterOption
	MayRun   errata.Allowed
	Refused  []ui.Notice
	Rows     []ReportRow
	Empty    *Empty
	Next     string
	Newest   string
}

// ReportRow is one stored report.
type ReportRow struct {
	Title, URL, Zone string
	AsOf             ui.Time
	By               *ui.Person
	Restates         string // address of the run that it restates, "" = none
}

// NewReports makes the list of reports.
func NewReports(c layout.Chrome, in ReportsIn) Reports {
	c.Title, c.Section, c.Keys = "Reports", layout.SectionReports, plainKeys
	m := Reports{Chrome: c, Week: stats.Days(in.Moment.In(in.From), in.Moment.In(in.To)), Zone: in.Moment.ZoneName(), MayRun: in.MayRun, Next: in.Next}
	if !in.First {
		m.Newest = "/reports"
	}
	if in.Refused != "" {
		m.Refused = []ui.Notice{{Tone: "bad", Text: in.Refused}}
	}
	for _, p := range in.Services {
		m.Services = append(m.Services, FilterOption{Value: p.Slug, Text: p.Slug})
	}
	for _, r := range in.Runs {
		row := ReportRow{Title: r.Title, URL: reportURL(r.ID), Zone: r.Zone, AsOf: in.Moment.At(r.AsOf), By: runner(r.By)}
		if r.Restates != "" {
			row.Restates = reportURL(r.Restates)
		}
		m.Rows = append(m.Rows, row)
	}
	if len(m.Rows) == 0 {
		m.Empty = &Empty{
			Icon: "table-2", Title: "No reports yet", Text: "Run the weekly report above. What it says is kept as it was, whatever happens later.",
		}
		if !in.MayRun.OK {
			m.Empty.Text = "Nobody has run one of your services yet."
		}
	}
	return m
}

func reportURL(id string) string { return "/reports/runs/" + id }

func runner(p errata.Person) *ui.Person {
	if p.ID == "" {
		return nil
	}
	out := ui.NewPerson(p)
	return &out
}

// ReportIn is what the page of a stored report is made from. It shows nothing
// that moves with the clock: the page of a run is always the same.
type ReportIn struct {
	Run    errata.ReportRun
	By     errata.Person
	Take   errata.Allowed // as a file
	MayRun errata.Allowed // once more
}

// Report is the page of a stored report.
type Report struct {
	layout.Chrome
	noParts
	Heading  string
	URL      string
	ID       string
	Take     errata.Allowed
	Again    errata.Allowed
	Facts    []ui.Row
	Restates string
	Sections []DocSection
}

// NewReport makes the page of a stored report.
func NewReport(c layout.Chrome, in ReportIn) Report {
	r := in.Run
	c.Title, c.Section, c.Keys = r.Title, layout.SectionReports, plainKeys
	m := Report{Chrome: c, Heading: r.Title, URL: reportURL(r.ID), ID: r.ID, Take: in.Take, Again: in.MayRun, Sections: docSections(r.Data)}
	if r.Restates != "" {
		m.Restates = reportURL(r.Restates)
	}
	by := "a deleted account"
	if in.By.ID != "" {
		by = ui.NewPerson(in.By).Name
	}
	m.Facts = []ui.Row{
		{Name: "As of", Value: stamped(r.AsOf, r.Data.Zone)},
		{Name: "Week", Value: stamped(r.From, r.Data.Zone) + " to " + stamped(r.To, r.Data.Zone)},
		{Name: "Time zone", Value: r.Zone},
	}
	for _, f := range r.Data.Filters {
		name, value, ok := strings.Cut(f, ": ")
		if !ok {
			name, value = "About", f
		}
		m.Facts = append(m.Facts, ui.Row{Name: name, Value: value})
	}
	m.Facts = append(m.Facts, ui.Row{Name: "Run by", Value: by}, ui.Row{Name: "SHA-256", Value: r.SHA256, Mono: true, Title: "Of the report as it is stored"})
	return m
}

// stamped writes a time in full, in the zone of a document.
func stamped(us int64, zone string) string {
	l, err := time.LoadLocation(zone)
	if err != nil {
		l = time.UTC
	}
	return time.UnixMicro(us).In(l).Format("Mon 2 Jan 2006 15:04:05 MST")
}

// DocSection is a part of a document as it is shown.
type DocSection struct {
	ID, Title, Text string
	Chart           *chart.Stacked
	Legend          []chart.Series
	Heads           []DocHead
	Rows            []DocRow
	None            string // said in place of a table without rows
}

// DocHead is the head of a column.
type DocHead struct {
	Text string
	Num  bool
}

// DocRow is one line of a table; Sum says that it adds up the others.
type DocRow struct {
	Sum   bool
	Cells []DocCell
}

// DocCell is one value, ready to be shown.
type DocCell struct {
	Text, Title, URL string
	Severity         *errata.Severity
	Num, Muted       bool
}

func docSections(d errata.Document) (out []DocSection) {
	zone, err := time.LoadLocation(d.Zone)
	if err != nil {
		zone = time.UTC
	}
	for _, s := range d.Sections {
		one := DocSection{ID: s.ID, Title: s.Title, Text: s.Text}
		if s.Chart != nil {
			one.chart(*s.Chart, s.Title, zone)
		}
		if s.Table != nil {
			one.table(s, zone)
		}
		out = append(out, one)
	}
	return out
}

// chart draws days by severity, which is what documents hold so far.
func (s *DocSection) chart(in errata.Series, name string, zone *time.Location) {
	t := TrendIn{Moment: ui.Moment{Zone: zone}, Interval: "1d"}
	for _, e := range in.Edges {
		t.Edges = append(t.Edges, time.UnixMicro(e))
	}
	for i, l := range in.Lines {
		one := chart.Series{Name: l.Key, Class: severityClasses[i%len(severityClasses)]}
		for _, v := range l.Values {
			if v == nil {
				v = new(float64)
			}
			one.Values = append(one.Values, *v)
		}
		s.Legend = append(s.Legend, one)
	}
	n := max(len(t.Edges)-1, 0)
	s.Chart = &chart.Stacked{Sentence: name + " by day.", Series: s.Legend, Buckets: t.buckets(n, s.Legend), Labels: t.labels()}
}

func (s *DocSection) table(from errata.Section, zone *time.Location) {
	if len(from.Table.Rows) == 0 {
		s.None = "None."
		return
	}
	for _, c := range from.Table.Columns {
		s.Heads = append(s.Heads, DocHead{c.Title, c.Kind != errata.ColumnText})
	}
	for _, cells := range from.Table.Rows {
		row := DocRow{Sum: len(cells) > 0 && cells[0].Text != nil && strings.EqualFold(*cells[0].Text, "all")}
		unit := ""
		for i, c := range from.Table.Columns {
			if c.Key == "unit" && cells[i].Text != nil {
				unit = *cells[i].Text
			}
		}
		for i, c := range from.Table.Columns {
			row.Cells = append(row.Cells, docCell(c, cells[i], unit, zone))
		}
		s.Rows = append(s.Rows, row)
	}
}

// docCell writes one value: of a column without a unit of its own, in the unit
// that its row names.
func docCell(c errata.Column, v errata.Cell, unit string, zone *time.Location) DocCell {
	out := DocCell{Num: c.Kind != errata.ColumnText}
	switch {
	case v.Missing():
		out.Text, out.Muted, out.Title = "–", true, "no value"
	case v.Text != nil:
		out.Text = *v.Text
		if c.Key == "issue" {
			out.URL = "/issues/" + *v.Text
		}
		if s, ok := errata.ParseSeverity(*v.Text); ok && (c.Key == "severity" || c.Key == "key") {
			out.Severity = &s
		}
	default:
		out.Text = docNumber(c, *v.Num, unit, zone)
	}
	return out
}

func docNumber(c errata.Column, n float64, unit string, zone *time.Location) string {
	switch {
	case c.Kind == errata.ColumnDuration, c.Kind == errata.ColumnFloat && unit == "s":
		return ui.Duration(time.Duration(n * float64(time.Second)))
	case c.Kind == errata.ColumnTime:
		return stamped(int64(n), zone.String())
	case c.Kind == errata.ColumnBool:
		return word(n != 0, "yes", "no")
	case c.Key == "change" && n > 0:
		return "+" + ui.Exact(int64(n))
	case n == float64(int64(n)):
		return ui.Exact(int64(n))
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// Whole shows the page.
func (m Reports) Whole() templ.Component { return reportsPage(m) }

// Whole shows the page.
func (m Report) Whole() templ.Component { return reportPage(m) }
