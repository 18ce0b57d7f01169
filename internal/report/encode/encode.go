// Package encode writes tables as CSV, NDJSON and XLSX, row by row, so that a
// table of a million rows needs no more memory than one of ten.
package encode

import (
	"fmt"
	"io"
	"strconv"

	"errata/internal/errata"
)

// Format is a form in which rows leave.
type Format string

// The formats.
const (
	CSV    Format = "csv"
	NDJSON Format = "ndjson"
	XLSX   Format = "xlsx"
)

// Formats lists them.
var Formats = []Format{CSV, NDJSON, XLSX}

// mimes are the content types.
var mimes = map[Format]string{
	CSV: "text/csv; charset=utf-8; header=present", NDJSON: "application/x-ndjson; charset=utf-8",
	XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

// ContentType is what HTTP calls the format.
func (f Format) ContentType() string { return mimes[f] }

// Known says whether the format exists.
func (f Format) Known() bool { return mimes[f] != "" }

// MaxXLSXRows is how many rows a sheet may hold.
const MaxXLSXRows = 1_000_000

// ReasonTooMany refuses more rows than a format or an answer can hold.
const ReasonTooMany = "export.too_many_rows"

// Fact is one line of what is said about a file.
type Fact struct{ Name, Value string }

// Meta says what a file is. Only XLSX has a place for it beside the rows: a
// sheet "About".
type Meta struct {
	Title string
	About []Fact
	BOM   bool // CSV begins with a byte order mark, for spreadsheets that guess
}

// Encoder writes rows. Every row has as many cells as there are columns. Close
// ends the file; without it the file is not whole. Whoever gives up leaves it.
type Encoder interface {
	Row(cells []errata.Cell) error
	Flush() error // hands on what is ready
	Close() error
}

// New begins a file. Errors are those of w, and invalid for an unknown format.
func New(f Format, w io.Writer, m Meta, columns []errata.Column) (Encoder, error) {
	switch f {
	case CSV:
		return newCSV(w, m, columns)
	case NDJSON:
		return newNDJSON(w, columns), nil
	case XLSX:
		return newXLSX(w, m, columns)
	}
	return nil, Unknown(string(f))
}

// Unknown is the answer to a format that does not exist.
func Unknown(format string) error {
	const sentence = "Rows leave as csv, ndjson or xlsx."
	return errata.Because(errata.Invalid, sentence, nil, errata.Detail{
		Reason: "unknown", Field: "format", Message: sentence, Data: map[string]any{"format": format},
	})
}

// check refuses a row that does not fit the columns.
func check(cells []errata.Cell, columns []errata.Column) error {
	if len(cells) != len(columns) {
		return fmt.Errorf("a row of %d cells under %d columns", len(cells), len(columns))
	}
	return nil
}

// timeForm is RFC 3339 in UTC, to the microsecond when there is one.
const timeForm = "2006-01-02T15:04:05.999999Z"

// Words writes a cell as text; a missing one is empty. Text stays as it is.
func Words(c errata.Cell, kind errata.ColumnKind) string {
	switch {
	case c.Text != nil:
		return *c.Text
	case c.Num == nil:
		return ""
	}
	switch kind {
	case errata.ColumnTime:
		return errata.FromMicros(int64(*c.Num)).Format(timeForm)
	case errata.ColumnBool:
		return strconv.FormatBool(*c.Num != 0)
	case errata.ColumnInt:
		return strconv.FormatInt(int64(*c.Num), 10)
	case errata.ColumnText, errata.ColumnFloat, errata.ColumnDuration:
	}
	return strconv.FormatFloat(*c.Num, 'f', -1, 64)
}
