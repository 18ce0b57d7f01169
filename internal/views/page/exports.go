package page

import (
	"net/url"
	"strconv"

	"github.com/a-h/templ"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// ExportURL is the address of an export.
func ExportURL(id string) string { return "/exports/" + url.PathEscape(id) }

// TakenIn is one export of the reader. Until is µs, 0 while there is no file.
type TakenIn struct {
	Job      errata.Job
	What     string // issues, events, episodes
	Format   string
	Query    string
	Address  string // of the page it was asked on
	From, To int64
	Personal bool
	Name     string // of the file, "" = there is none
	Rows     int64
	Bytes    int64
	SHA256   string
	Until    int64
}

// ExportsIn is what the list of exports is made from, newest first.
type ExportsIn struct {
	Moment ui.Moment
	Taken  []TakenIn
}

// Exports is the list of somebody's exports.
type Exports struct {
	layout.Chrome
	noParts
	Rows  []ExportRow
	Empty *Empty
}

// ExportRow is one export of the list.
type ExportRow struct {
	Title, URL string
	Asked      ui.Time
	State      ui.Chip
	Detail     string // "4,200 of 20,000 rows", "12,345 rows, 1.2 MB"
	Download   string // "" = nothing to be had
}

// ExportPage is one export.
type ExportPage struct {
	layout.Chrome
	State ExportState
}

// ExportState is the part of the page that changes while a file is prepared.
type ExportState struct {
	Title, Word, Icon, Tone string
	Sentence                string
	Done, Total             string // of the progress; Total "" = nobody knows
	Busy                    bool
	Facts                   []ui.Row
	Back                    string
	Error                   string
	Download, File          string
	Until                   ui.Time
	Poll, Cancel            string
	Stopping                bool
}

var exportWords = map[errata.JobState][3]string{
	errata.JobQueued: {"Waiting", "clock", ""}, errata.JobRunning: {"Being prepared", "play", ""}, errata.JobDone: {"Ready", "circle-check", "ok"},
	errata.JobFailed: {"Failed", "circle-alert", "bad"}, errata.JobCancelled: {"Cancelled", "circle-x", "warn"},
}

var chipTones = map[string]string{"": "", "ok": "ok", "bad": "p0", "warn": "p2"}

var formatWords = map[string]string{"csv": "CSV", "ndjson": "JSON lines", "xlsx": "Spreadsheet"}

func (in TakenIn) title() string {
	title := map[string]string{"issues": "Issues", "events": "Events", "episodes": "Episodes"}[in.What]
	return title + " as " + formatWords[in.Format]
}

// expired says that the file has been dropped.
func (in TakenIn) expired() bool { return in.Job.State == errata.JobDone && in.Name == "" }

func (in TakenIn) words() [3]string {
	if in.expired() {
		return [3]string{"Dropped after its seven days", "history", ""}
	}
	return exportWords[in.Job.State]
}

// sentence says how much there is, or how far it is.
func (in TakenIn) sentence() string {
	j := in.Job
	switch {
	case in.Name != "":
		return ui.Count(in.Rows, "row", "rows") + ", " + ui.Bytes(in.Bytes)
	case j.State.Over():
		return ""
	case j.Total >= 0:
		return ui.Exact(j.Done) + " of " + ui.Count(j.Total, "row", "rows")
	case j.Done > 0:
		return ui.Count(j.Done, "row", "rows") + " so far"
	}
	return ""
}

// NewExports makes the list.
func NewExports(c layout.Chrome, in ExportsIn) Exports {
	c.Title, c.Section, c.Keys = "Your exports", layout.SectionExports, plainKeys
	out := Exports{Chrome: c}
	for _, t := range in.Taken {
		w := t.words()
		r := ExportRow{Title: t.title(), URL: ExportURL(t.Job.ID), Asked: in.Moment.Ago(t.Job.CreatedAt), State: ui.Chip{Text: w[0], Tone: chipTones[w[2]]}, Detail: t.sentence()}
		if t.Name != "" {
			r.Download = r.URL + "/file"
		}
		out.Rows = append(out.Rows, r)
	}
	if len(out.Rows) == 0 {
		out.Empty = &Empty{
			Icon: "inbox", Title: "No export yet",
			Text: "What is too large to be sent at once is prepared as a file. Choose one in the menu Export of a list.",
		}
	}
	return out
}

// NewExportPage makes the page of one export.
func NewExportPage(c layout.Chrome, m ui.Moment, in TakenIn) ExportPage {
	s, w, j := ExportState{Title: in.title(), Back: in.Address, Error: in.Job.Error, Sentence: in.sentence()}, in.words(), in.Job
	s.Word, s.Icon, s.Tone = w[0], w[1], w[2]
	s.Done = strconv.FormatInt(j.Done, 10)
	if j.Total > 0 {
		s.Total = strconv.FormatInt(j.Total, 10)
	}
	if !j.State.Over() {
		s.Busy, s.Poll, s.Stopping = true, ExportURL(j.ID), j.Cancel
		if !s.Stopping {
			s.Cancel = ExportURL(j.ID) + "/cancel"
		}
	}
	if in.Name != "" {
		s.Download, s.File, s.Until = ExportURL(j.ID)+"/file", in.Name, m.At(in.Until)
	}
	s.Facts = in.facts(m)
	c.Title, c.Section, c.Keys = s.Title, layout.SectionExports, plainKeys
	return ExportPage{Chrome: c, State: s}
}

func (in TakenIn) facts(m ui.Moment) (out []ui.Row) {
	query := in.Query
	if query == "" {
		query = "everything"
	}
	out = append(out, ui.Row{Name: "Query", Value: query, Mono: in.Query != ""},
		ui.Row{Name: "Range", Value: m.At(in.From).Text + " to " + m.At(in.To).Text + " " + m.ZoneName()})
	if in.What == "events" {
		out = append(out, ui.Row{Name: "Personal data", Value: word(in.Personal, "in clear", "masked")})
	}
	for _, t := range []struct {
		name string
		at   int64
	}{{"Asked for, and as of", in.Job.CreatedAt}, {"Started", in.Job.StartedAt}, {"Finished", in.Job.FinishedAt}} {
		if t.at != 0 {
			at := m.At(t.at)
			out = append(out, ui.Row{Name: t.name, Time: &at})
		}
	}
	if in.SHA256 != "" && in.Name != "" {
		out = append(out, ui.Row{Name: "SHA-256", Value: in.SHA256, Mono: true})
	}
	return out
}

// Whole shows the page.
func (m Exports) Whole() templ.Component { return exportsPage(m) }

// Whole shows the page.
func (m ExportPage) Whole() templ.Component { return exportPage(m) }

// Part shows how far it is.
func (m ExportPage) Part(name string) (templ.Component, bool) {
	if name == "export" {
		return exportState(m.State), true
	}
	return nil, false
}
