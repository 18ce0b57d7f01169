// Package print shows an errata.Document as a page for paper: no navigation, no
// script, everything that is there.
package print

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// Document is a document as it is printed.
type Document struct {
	layout.Chrome
	Heading  string
	Facts    []string
	Back     string
	Sections []Section
}

// Section is a part of it.
type Section struct {
	ID, Title, Text string
	Code            bool
	Heads           []Head
	Rows            [][]string
	Wide            bool // more columns than a page upright has room for
	HasTable        bool
}

// Head is the title of a column; Num stands at the end of its line, Long may be
// broken anywhere, what is neither stands on one line.
type Head struct {
	Text      string
	Num, Long bool
}

func (h Head) class() string {
	switch {
	case h.Num:
		return "num"
	case h.Long:
		return "long"
	}
	return "short"
}

const (
	wide    = 8  // from how many columns on a table is set small
	widest  = 14 // more do not fit on paper: few rows become columns
	columns = 8  // so many rows at most
	short   = 24 // characters that are kept on one line
)

// New makes the page. back is the page of which it is the face.
func New(c layout.Chrome, d *errata.Document, back string) Document {
	zone, err := time.LoadLocation(d.Zone)
	if err != nil {
		zone = time.UTC
	}
	at := func(us int64) string { return errata.FromMicros(us).In(zone).Format("2 Jan 2006 15:04:05") }
	c.Title, c.Section = d.Title, layout.SectionPrint
	out := Document{Chrome: c, Heading: d.Title, Back: back}
	if d.From != 0 || d.To != 0 {
		out.Facts = append(out.Facts, at(d.From)+" to "+at(d.To))
	}
	out.Facts = append(append(out.Facts, d.Filters...), "As of "+at(d.AsOf)+", times in "+zone.String())
	for _, s := range d.Sections {
		out.Sections = append(out.Sections, section(s, at))
	}
	return out
}

func section(s errata.Section, at func(int64) string) Section {
	out := Section{ID: s.ID, Title: s.Title, Text: s.Text, Code: s.Code}
	if s.Table == nil {
		return out
	}
	out.HasTable = true
	for _, c := range s.Table.Columns {
		out.Heads = append(out.Heads, Head{Text: c.Title, Num: c.Kind != errata.ColumnText && c.Kind != errata.ColumnTime && c.Kind != errata.ColumnBool})
	}
	for _, r := range s.Table.Rows {
		row := make([]string, len(r))
		for i, c := range r {
			row[i] = words(c, s.Table.Columns[i].Kind, at)
			out.Heads[i].Long = out.Heads[i].Long || utf8.RuneCountInString(row[i]) > short
		}
		out.Rows = append(out.Rows, row)
	}
	if len(out.Heads) > widest && len(out.Rows) > 0 && len(out.Rows) <= columns {
		out.turn()
	}
	out.Wide = len(out.Heads) > wide
	return out
}

// turn makes columns of the rows.
func (s *Section) turn() {
	heads, rows := []Head{{Text: s.Heads[0].Text}}, [][]string(nil)
	for _, r := range s.Rows {
		heads = append(heads, Head{Text: r[0], Num: true})
	}
	for i, h := range s.Heads[1:] {
		row := []string{h.Text}
		for _, r := range s.Rows {
			row = append(row, r[i+1])
		}
		rows = append(rows, row)
	}
	s.Heads, s.Rows = heads, rows
}

// words writes a cell for people.
func words(c errata.Cell, kind errata.ColumnKind, at func(int64) string) string {
	switch {
	case c.Text != nil:
		return *c.Text
	case c.Num == nil:
		return "–"
	}
	n := *c.Num
	switch kind {
	case errata.ColumnTime:
		return at(int64(n))
	case errata.ColumnDuration:
		return ui.Duration(time.Duration(n * float64(time.Second)))
	case errata.ColumnBool:
		if n != 0 {
			return "yes"
		}
		return "no"
	case errata.ColumnInt:
		return ui.Exact(int64(n))
	case errata.ColumnFloat, errata.ColumnText:
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// Whole shows the page.
func (d Document) Whole() templ.Component { return page(d) }

// Part knows none: what is printed is whole.
func (d Document) Part(string) (templ.Component, bool) { return nil, false }
