// Package print shows an errata.Document as a page for paper: no navigation, no
// script, everything that is there.
package print

import (
	"strconv"
	"time"

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

// Head is the title of a column; Num stands at the end of its line.
type Head struct {
	Text string
	Num  bool
}

// wide is from how many columns on a table is set small.
const wide = 8

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
	out.HasTable, out.Wide = true, len(s.Table.Columns) > wide
	for _, c := range s.Table.Columns {
		out.Heads = append(out.Heads, Head{c.Title, c.Kind != errata.ColumnText && c.Kind != errata.ColumnTime && c.Kind != errata.ColumnBool})
	}
	for _, r := range s.Table.Rows {
		row := make([]string, len(r))
		for i, c := range r {
			row[i] = words(c, s.Table.Columns[i].Kind, at)
		}
		out.Rows = append(out.Rows, row)
	}
	return out
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
