package gallery

import (
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/views/page"
	"errata/internal/views/print"
)

// takenIn is an export in a state.
func takenIn(s errata.JobState, change func(*page.TakenIn)) page.TakenIn {
	in := page.TakenIn{
		Job:  errata.Job{ID: "0192f3c4-a6b8-7d0e-8f7a-112233445566", Kind: errata.JobExport, State: s, Total: -1, CreatedAt: ago(4 * time.Minute)},
		What: "issues", Format: "csv", Query: "is:unresolved env:production", Address: "/issues?q=is:unresolved", From: ago(7 * day), To: ago(0),
	}
	change(&in)
	return in
}

func readyIn(in *page.TakenIn) {
	in.Job.StartedAt, in.Job.FinishedAt = ago(3*time.Minute), ago(2*time.Minute)
	in.Name, in.Rows, in.Bytes, in.Until = "errata-issues-20261120T152704Z-33445566.zip", 21_408, 3_481_233, ago(-7*day)
	in.SHA256 = strings.Repeat("9f2c51d0ab34e877", 4)
}

func runningIn(in *page.TakenIn) {
	in.What, in.Format, in.Job.StartedAt, in.Job.Done, in.Job.Total = "events", "ndjson", ago(time.Minute), 412_000, 1_204_311
}

// takenStates are exports of every kind.
func takenStates() []page.TakenIn {
	return []page.TakenIn{
		takenIn(errata.JobQueued, func(*page.TakenIn) {}),
		takenIn(errata.JobRunning, runningIn),
		takenIn(errata.JobDone, readyIn),
		takenIn(errata.JobDone, func(in *page.TakenIn) { in.Job.FinishedAt, in.What = ago(9*day), "episodes" }),
		takenIn(errata.JobFailed, func(in *page.TakenIn) {
			in.Job.FinishedAt, in.Job.Error = ago(day), "A part of the events could not be read, so the export would not be whole."
		}),
		takenIn(errata.JobCancelled, func(in *page.TakenIn) { in.Job.FinishedAt, in.Format = ago(day), "xlsx" }),
	}
}

func exportsStates() []state {
	list := func(name string, taken ...page.TakenIn) state {
		return state{name, page.NewExports(chrome("/exports"), page.ExportsIn{Moment: moment, Taken: taken})}
	}
	return []state{
		list("none"), list("one", takenIn(errata.JobDone, readyIn)), list("many", takenStates()...),
		list("failed", takenIn(errata.JobFailed, func(in *page.TakenIn) { in.Job.Error = "The disk is full." })),
	}
}

func exportStates() []state {
	one := func(name string, in page.TakenIn) state {
		return state{name, page.NewExportPage(chrome("/exports/1"), moment, in)}
	}
	all := takenStates()
	return []state{
		one("waiting", all[0]), one("running", all[1]), one("ready", all[2]), one("expired", all[3]), one("failed", all[4]), one("cancelled", all[5]),
		one("stopping", takenIn(errata.JobRunning, func(in *page.TakenIn) { runningIn(in); in.Job.Cancel, in.Job.Total = true, -1 })),
		one("hostile", takenIn(errata.JobFailed, func(in *page.TakenIn) { in.Query, in.Job.Error = hostile+bidi+longWord, hostile+longWord })),
	}
}

// printColumns are columns of every kind.
var printColumns = []errata.Column{
	{Key: "id", Title: "Id", Kind: errata.ColumnText},
	{Key: "title", Title: "Title", Kind: errata.ColumnText},
	{Key: "events", Title: "Events", Kind: errata.ColumnInt},
	{Key: "last_seen", Title: "Last seen", Kind: errata.ColumnTime},
	{Key: "tta_s", Title: "Time to acknowledge", Kind: errata.ColumnDuration},
	{Key: "share", Title: "Share", Kind: errata.ColumnFloat},
	{Key: "imported", Title: "Imported", Kind: errata.ColumnBool},
}

func printRows(n int, title string) (out [][]errata.Cell) {
	for i := range n {
		row := []errata.Cell{
			errata.TextCell("CHK-2187"), errata.TextCell(title), errata.IntCell(int64(18_911 - i*71)), errata.IntCell(ago(time.Duration(i) * time.Hour)),
			errata.IntCell(252), errata.NumCell(0.42), errata.BoolCell(i%2 == 0),
		}
		if i%3 == 2 {
			row[4] = errata.Cell{}
		}
		out = append(out, row)
	}
	return out
}

func printStates() []state {
	doc := func(name string, change func(*errata.Document)) state {
		d := errata.Document{
			Title: "Issues", Filters: []string{"Query: is:unresolved env:production", "Sorted by priority"}, From: ago(7 * day), To: ago(0), AsOf: ago(0), Zone: "Europe/Oslo",
			Sections: []errata.Section{{ID: "issues", Title: "12 rows", Table: &errata.Table{Columns: printColumns, Rows: printRows(12, "pgconn.PgError: deadlock detected (SQLSTATE 40P01)")}}},
		}
		change(&d)
		return state{name, print.New(chrome("/issues.print"), &d, "/issues")}
	}
	return []state{
		doc("many", func(*errata.Document) {}),
		doc("one", func(d *errata.Document) { d.Sections[0].Table.Rows = d.Sections[0].Table.Rows[:1] }),
		doc("none", func(d *errata.Document) { d.Sections[0].Table.Rows = nil }),
		doc("issue", func(d *errata.Document) {
			d.Title = "CHK-2187 pgconn.PgError: deadlock detected"
			d.Sections = append(d.Sections, errata.Section{ID: "stack", Title: "Stack", Code: true, Text: "pgconn.PgError: deadlock detected\n    at orders.Reserve (reserve.go:147)"},
				errata.Section{ID: "terms", Title: "Definitions", Text: "MTTA runs from the first alert to the first act of a person."})
		}),
		doc("hostile", func(d *errata.Document) {
			d.Title, d.Filters = hostile+bidi, []string{hostile, longWord + longWord}
			d.Sections[0].Table.Rows = printRows(3, hostile+bidi+longWord+longWord)
			d.Sections = append(d.Sections, errata.Section{ID: "stack", Title: hostile, Code: true, Text: longWord + longWord + longWord + hostile})
		}),
		doc("right-to-left", func(d *errata.Document) { d.Sections[0].Table.Rows = printRows(3, arabic) }),
	}
}
