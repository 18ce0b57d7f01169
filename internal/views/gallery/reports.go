package gallery

import (
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/views/page"
)

// reportDocument is a stored report, short.
func reportDocument() errata.Document {
	n, missing := func(v int64) errata.Cell { return errata.IntCell(v) }, errata.Cell{}
	text := errata.TextCell
	column := func(key, title string, kind errata.ColumnKind) errata.Column {
		return errata.Column{Key: key, Title: title, Kind: kind}
	}
	from, to := moment.Now.Truncate(24*time.Hour).Add(-11*day), moment.Now.Truncate(24*time.Hour).Add(-4*day)
	chart := &errata.Series{}
	for i := range 8 {
		chart.Edges = append(chart.Edges, from.Add(time.Duration(i)*day).UnixMicro())
	}
	for i, s := range errata.Severities {
		l := errata.Line{Key: s.String()}
		for k := range 7 {
			v := float64((i + 1) * (40 + 13*k%31))
			l.Values = append(l.Values, &v)
		}
		chart.Lines = append(chart.Lines, l)
	}
	chart.Lines[3].Values[2] = nil
	return errata.Document{
		Title: "Weekly errors and response, 9 to 15 Nov 2026", Filters: []string{"Services: checkout-api, storefront-web"}, From: from.UnixMicro(), To: to.UnixMicro(),
		AsOf: ago(0), Zone: "Europe/Oslo", Sections: []errata.Section{
			{ID: "volume", Title: "Events by severity", Text: "Each event by its own severity, by the time at which it happened.", Chart: chart, Table: &errata.Table{
				Columns: []errata.Column{column("severity", "Severity", errata.ColumnText), column("events", "Events", errata.ColumnInt), column("before", "Week before", errata.ColumnInt), column("change", "Change", errata.ColumnInt)},
				Rows:    [][]errata.Cell{{text("P0"), n(412), n(389), n(23)}, {text("P1"), n(18_911), n(20_000), n(-1089)}, {text("All"), n(19_323), n(20_389), n(-1066)}},
			}},
			{ID: "top", Title: "Top issues", Table: &errata.Table{
				Columns: []errata.Column{
					column("issue", "Issue", errata.ColumnText), column("severity", "Severity", errata.ColumnText), column("title", "Title", errata.ColumnText), column("events", "Events", errata.ColumnInt),
				},
				Rows: [][]errata.Cell{{text("CHK-2187"), text("P0"), text(hostile), n(7860)}, {text("WEB-7"), text("P3"), text(arabic), n(12)}, {text("WEB-8"), text("P2"), text(longWord), n(1)}},
			}},
			{ID: "mtta", Title: "Time to acknowledge", Text: "n 12, the week before 14: no clear change against the week before.", Table: &errata.Table{
				Columns: []errata.Column{
					column("by", "By", errata.ColumnText), column("key", "Group", errata.ColumnText), column("n", "n", errata.ColumnInt), column("p50", "Median", errata.ColumnDuration),
					column("target", "Target", errata.ColumnDuration), column("why", "Left out because", errata.ColumnText),
				},
				Rows: [][]errata.Cell{
					{text("all"), text("All"), n(12), errata.NumCell(372.5), missing, text("2 never responded, 1 merged")},
					{text("severity"), text("P0"), n(3), errata.NumCell(0.25), n(900), text("")},
					{text("service"), text(hebrew), n(0), missing, n(3600), text("")},
				},
			}},
			{ID: "regressed", Title: "Regressed issues", Text: "The latest first.", Table: &errata.Table{Columns: []errata.Column{column("issue", "Issue", errata.ColumnText)}}},
			{ID: "terms", Title: "Definitions", Text: "The week runs from Monday to Monday in the zone of the report."},
		},
	}
}

// changedSection is what a run that restates another begins with.
func changedSection() errata.Section {
	row := func(part, row, figure string, before, now errata.Cell, unit, why string) []errata.Cell {
		return []errata.Cell{errata.TextCell(part), errata.TextCell(row), errata.TextCell(figure), before, now, errata.TextCell(unit), errata.TextCell(why)}
	}
	t := &errata.Table{}
	for _, c := range []string{"section", "row", "figure", "before", "now", "unit", "why"} {
		kind := errata.ColumnText
		if c == "before" || c == "now" {
			kind = errata.ColumnFloat
		}
		t.Columns = append(t.Columns, errata.Column{Key: c, Title: strings.ToUpper(c[:1]) + c[1:], Kind: kind})
	}
	t.Rows = [][]errata.Cell{
		row("Events by severity", "P1", "Events", errata.IntCell(18_900), errata.IntCell(18_911), "", "11 events of that time arrived later"),
		row("Time to resolve", "All", "Median", errata.NumCell(5400.5), errata.NumCell(7260), "s", "1 resolution was taken back"),
		row("Top issues", "WEB-8", "Events", errata.Cell{}, errata.IntCell(1), "", "the issue has come into the list"),
	}
	return errata.Section{ID: "changes", Title: "Changed since the earlier run", Text: "3 figures differ from those of the earlier run.", Table: t}
}

func reportRun(id, restates string, d errata.Document) errata.ReportRun {
	return errata.ReportRun{
		ID: id, Kind: "weekly", Title: d.Title, From: d.From, To: d.To, Zone: d.Zone, AsOf: d.AsOf, Data: d, Restates: restates, CreatedBy: "1",
		SHA256: strings.Repeat("9f2c51d0", 8),
	}
}

var mayNot = errata.Allowed{Applies: true, Why: "Needs responder. Ask Ada Rivera."}

func reportsStates() []state {
	may := errata.Allowed{OK: true, Applies: true}
	d := reportDocument()
	ada := errata.Person{ID: "1", Name: "Ada Rivera"}
	in := page.ReportsIn{Moment: moment, From: d.From, To: d.To, MayRun: may, Services: services, First: true}
	show := func(name string, change func(*page.ReportsIn)) state {
		one := in
		change(&one)
		return state{name, page.NewReports(chrome("/reports"), one)}
	}
	many := func(in *page.ReportsIn) {
		for i := range 12 {
			r := reportRun("0197000"+string(rune('a'+i)), "", d)
			r.AsOf -= int64(i) * 7 * day.Microseconds()
			if i%3 == 1 {
				r.Restates = "01970000"
			}
			in.Runs = append(in.Runs, page.ReportRunIn{ReportRun: r, By: []errata.Person{ada, {}, {ID: "2", Name: hostile}}[i%3]})
		}
	}
	return []state{
		show("none", func(*page.ReportsIn) {}),
		show("one", func(in *page.ReportsIn) { many(in); in.Runs = in.Runs[:1]; in.Services = services[:1] }),
		show("many", func(in *page.ReportsIn) { many(in); in.Next, in.First = "/reports?after=1.a", false }),
		show("forbidden", func(in *page.ReportsIn) { in.MayRun, in.Services = mayNot, nil }),
		show("failed", func(in *page.ReportsIn) { many(in); in.Refused = "More than 200,000 episodes lie in this range." }),
	}
}

func reportStates() []state {
	may := errata.Allowed{OK: true, Applies: true}
	ada := errata.Person{ID: "1", Name: "Ada Rivera"}
	d := reportDocument()
	restated := reportDocument()
	restated.Sections = append([]errata.Section{changedSection()}, restated.Sections...)
	show := func(name string, in page.ReportIn) state {
		return state{name, page.NewReport(chrome("/reports/runs/"+in.Run.ID), in)}
	}
	return []state{
		show("many", page.ReportIn{Run: reportRun("01970001", "", d), By: ada, Take: may, MayRun: may}),
		show("restated", page.ReportIn{Run: reportRun("01970002", "01970001", restated), By: ada, Take: may, MayRun: may}),
		show("forbidden", page.ReportIn{Run: reportRun("01970003", "", d), Take: mayNot, MayRun: mayNot}),
		show("none", page.ReportIn{Run: reportRun("01970004", "", errata.Document{Title: "Weekly errors and response", Zone: "Nowhere/Atall", AsOf: ago(0), From: ago(9 * day), To: ago(2 * day)}), By: ada, Take: may, MayRun: may}),
	}
}
