package errata

// Document is what people take along: a report, or a list as it stands on the
// screen. Whoever makes it does not know how it will be drawn: pages, print,
// CSV and XLSX are made of the same values. It is kept as JSON.
type Document struct {
	Title    string    `json:"title"`
	Filters  []string  `json:"filters,omitempty"` // in words
	From     int64     `json:"from,omitempty"`    // µs
	To       int64     `json:"to,omitempty"`      // µs
	AsOf     int64     `json:"as_of"`             // µs
	Zone     string    `json:"zone"`              // IANA
	Sections []Section `json:"sections"`
}

// Section is a part of a document under its own heading. ID is a slug, fixed
// for a kind of section, by which two documents are compared.
type Section struct {
	ID    string  `json:"id"`
	Title string  `json:"title"`
	Text  string  `json:"text,omitempty"` // definitions and remarks
	Code  bool    `json:"code,omitempty"` // Text is shown as it is, line by line
	Table *Table  `json:"table,omitempty"`
	Chart *Series `json:"chart,omitempty"`
}

// ColumnKind says what the cells of a column hold.
type ColumnKind string

// The kinds of columns. The cells of all but text are numbers; nil is a missing
// value in every kind.
const (
	ColumnText     ColumnKind = "text"
	ColumnInt      ColumnKind = "int"
	ColumnFloat    ColumnKind = "float"
	ColumnTime     ColumnKind = "time"     // µs UTC
	ColumnDuration ColumnKind = "duration" // seconds
	ColumnBool     ColumnKind = "bool"     // 0, 1
)

// Column is one column of a table. Key is what machines call it.
type Column struct {
	Key   string     `json:"key"`
	Title string     `json:"title"`
	Kind  ColumnKind `json:"kind"`
}

// Cell is one value of a table: Text in a text column, else Num. The zero Cell
// is a missing value.
type Cell struct {
	Text *string  `json:"t,omitempty"`
	Num  *float64 `json:"n,omitempty"` // whole numbers and µs are exact up to 2⁵³
}

// TextCell holds a text.
func TextCell(s string) Cell { return Cell{Text: &s} }

// NumCell holds a number.
func NumCell(n float64) Cell { return Cell{Num: &n} }

// IntCell holds a whole number, a time in µs, or a duration in seconds.
func IntCell(n int64) Cell { return NumCell(float64(n)) }

// BoolCell holds yes or no.
func BoolCell(b bool) Cell {
	if b {
		return NumCell(1)
	}
	return NumCell(0)
}

// Missing says whether the cell holds nothing.
func (c Cell) Missing() bool { return c.Text == nil && c.Num == nil }

// Table is rows under columns; every row has as many cells as there are columns.
type Table struct {
	Columns []Column `json:"columns"`
	Rows    [][]Cell `json:"rows"`
}

// Series is a chart as data: one value per line and bucket. Edges (µs) has one
// more element than each line has values; nil values are gaps.
type Series struct {
	Edges []int64 `json:"edges"`
	Lines []Line  `json:"lines"`
	Unit  string  `json:"unit,omitempty"` // "s", "" = a count
}

// Line is one line, or one layer of bars, of a Series.
type Line struct {
	Key    string     `json:"key"`
	Values []*float64 `json:"values"`
}

// ReportRun is a finished report. It is never changed: running it again is a
// new run, which names the one it restates. Times are µs.
type ReportRun struct {
	ID        string
	Kind      string
	Title     string
	Params    string // JSON: what it was asked
	From, To  int64  // the window [From, To)
	Zone      string // IANA
	AsOf      int64
	Data      Document
	SHA256    string // hex, of the stored JSON of Data
	Restates  string // id of an earlier run of the same window and params, ""
	CreatedBy string // account id
	CreatedAt int64
}
