package encode

import (
	"bufio"
	"errors"
	"io"

	"errata/internal/errata"
)

// Document writes all tables of a document: as CSV one below the other, each
// under a line with its title and with an empty line between; as NDJSON with
// the member "section" first; as XLSX one sheet each.
func Document(f Format, w io.Writer, m Meta, d *errata.Document) error {
	switch f {
	case CSV:
		return csvDocument(w, m, d)
	case NDJSON:
		return ndjsonDocument(w, d)
	case XLSX:
		return xlsxDocument(w, m, d)
	}
	return Unknown(string(f))
}

// tables are the sections that hold one.
func tables(d *errata.Document) (out []errata.Section) {
	for _, s := range d.Sections {
		if s.Table != nil {
			out = append(out, s)
		}
	}
	return out
}

func csvDocument(w io.Writer, m Meta, d *errata.Document) error {
	all := tables(d)
	for i, s := range all {
		if len(all) > 1 {
			title := &csvFile{w: bufio.NewWriterSize(w, buffer)}
			if i > 0 {
				_ = title.end() // the buffer keeps the error
			}
			title.field(0, Guard(s.Title))
			if err := errors.Join(title.end(), title.Flush()); err != nil {
				return err
			}
		}
		file, err := newCSV(w, Meta{BOM: m.BOM && len(all) == 1}, s.Table.Columns)
		if err != nil {
			return err
		}
		if err := rows(file, s.Table.Rows); err != nil {
			return err
		}
	}
	return nil
}

func rows(e Encoder, all [][]errata.Cell) error {
	for _, r := range all {
		if err := e.Row(r); err != nil {
			return err
		}
	}
	return e.Close()
}

func ndjsonDocument(w io.Writer, d *errata.Document) error {
	for _, s := range tables(d) {
		columns := append([]errata.Column{{Key: "section", Kind: errata.ColumnText}}, s.Table.Columns...)
		file := newNDJSON(w, columns)
		for _, r := range s.Table.Rows {
			if err := file.Row(append([]errata.Cell{errata.TextCell(s.ID)}, r...)); err != nil {
				return err
			}
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}

func xlsxDocument(w io.Writer, m Meta, d *errata.Document) error {
	b := newWorkbook(w)
	for _, s := range tables(d) {
		if err := b.table(s); err != nil {
			return err
		}
	}
	if err := b.about(m); err != nil {
		return err
	}
	return b.close()
}

// table writes one sheet.
func (b *workbook) table(s errata.Section) error {
	f := &xlsxFile{workbook: b, title: s.Title, columns: s.Table.Columns, most: maxSheet}
	if err := f.head(); err != nil {
		return err
	}
	for _, r := range s.Table.Rows {
		if err := f.Row(r); err != nil {
			return err
		}
	}
	return f.at.end()
}

// About says of a document what a file of it should say: window, filters, zone
// and as of when.
func About(d *errata.Document) []Fact {
	const form = "2006-01-02 15:04:05 MST"
	out := []Fact{{"As of", errata.FromMicros(d.AsOf).Format(form)}}
	if d.From != 0 || d.To != 0 {
		out = append(out, Fact{"From", errata.FromMicros(d.From).Format(form)}, Fact{"To", errata.FromMicros(d.To).Format(form)})
	}
	out = append(out, Fact{"Time zone", d.Zone})
	for _, f := range d.Filters {
		out = append(out, Fact{"Filter", f})
	}
	for _, s := range d.Sections {
		if s.Text != "" {
			out = append(out, Fact{s.Title, s.Text})
		}
	}
	return out
}
