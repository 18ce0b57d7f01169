package encode

import (
	"errors"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"errata/internal/errata"
)

// maxCellText is how many UTF-16 units a cell of a spreadsheet holds.
const maxCellText = 32_767

// workbook is a file of sheets; its cells are typed and none is a formula.
type workbook struct {
	w        io.Writer
	file     *excelize.File
	moment   int // the style of times
	strong   int // the style of headings
	sheets   int
	names    map[string]bool
	finished bool
}

func newWorkbook(w io.Writer) (*workbook, error) {
	b := &workbook{w: w, file: excelize.NewFile(), names: map[string]bool{}}
	form := "yyyy-mm-dd hh:mm:ss.000"
	var err error
	if b.moment, err = b.file.NewStyle(&excelize.Style{CustomNumFmt: &form}); err != nil {
		return nil, err
	}
	b.strong, err = b.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	return b, err
}

// sheet begins the next sheet.
func (b *workbook) sheet(name string) (*excelize.StreamWriter, error) {
	name = b.name(name)
	if b.sheets++; b.sheets == 1 {
		if err := b.file.SetSheetName("Sheet1", name); err != nil {
			return nil, err
		}
	} else if _, err := b.file.NewSheet(name); err != nil {
		return nil, err
	}
	return b.file.NewStreamWriter(name)
}

// sheetName drops what the name of a sheet may not hold.
var sheetName = strings.NewReplacer(":", " ", "\\", " ", "/", " ", "?", " ", "*", " ", "[", "(", "]", ")", "'", "")

// name makes a name of a sheet that no other has.
func (b *workbook) name(s string) string {
	s = strings.TrimSpace(clean(sheetName.Replace(s)))
	if s == "" {
		s = "Rows"
	}
	if r := []rune(s); len(r) > 28 {
		s = strings.TrimSpace(string(r[:28]))
	}
	for base, n := s, '2'; b.names[strings.ToLower(s)]; n++ {
		s = base + " " + string(n)
	}
	b.names[strings.ToLower(s)] = true
	return s
}

// head writes the titles of columns and keeps them in sight.
func (b *workbook) head(s *excelize.StreamWriter, columns []errata.Column) error {
	if err := s.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	row := make([]any, len(columns))
	for i, c := range columns {
		if err := s.SetColWidth(i+1, i+1, width(c.Kind)); err != nil {
			return err
		}
		row[i] = excelize.Cell{StyleID: b.strong, Value: text(heading(c))}
	}
	return s.SetRow("A1", row)
}

// heading says the unit where a number would not.
func heading(c errata.Column) string {
	switch c.Kind {
	case errata.ColumnTime:
		return c.Title + " (UTC)"
	case errata.ColumnDuration:
		return c.Title + " (s)"
	case errata.ColumnText, errata.ColumnInt, errata.ColumnFloat, errata.ColumnBool:
	}
	return c.Title
}

func width(k errata.ColumnKind) float64 {
	switch k {
	case errata.ColumnTime:
		return 23
	case errata.ColumnText:
		return 28
	case errata.ColumnInt, errata.ColumnFloat, errata.ColumnDuration, errata.ColumnBool:
	}
	return 12
}

// value turns a cell into what the library types.
func (b *workbook) value(c errata.Cell, kind errata.ColumnKind) any {
	switch {
	case c.Text != nil:
		return text(*c.Text)
	case c.Num == nil:
		return nil
	}
	switch kind {
	case errata.ColumnTime:
		return excelize.Cell{StyleID: b.moment, Value: at(c)}
	case errata.ColumnBool:
		return *c.Num != 0
	case errata.ColumnInt:
		return int64(*c.Num)
	case errata.ColumnText, errata.ColumnFloat, errata.ColumnDuration:
	}
	return *c.Num
}

// text is what a cell of text holds: guarded, for files are saved anew as CSV.
func text(s string) string {
	s = clean(Guard(s))
	if len(s) <= maxCellText {
		return s
	}
	units := utf16.Encode([]rune(s))
	if len(units) <= maxCellText {
		return s
	}
	return strings.TrimRight(string(utf16.Decode(units[:maxCellText-1])), "\ufffd") + "…"
}

// clean replaces what XML cannot hold.
func clean(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return '\ufffd'
		}
		return r
	}, s)
}

// about adds the sheet that says what the file is.
func (b *workbook) about(m Meta) error {
	s, err := b.sheet("About")
	if err != nil {
		return err
	}
	if err := errors.Join(s.SetColWidth(1, 1, 20), s.SetColWidth(2, 2, 90)); err != nil {
		return err
	}
	for i, f := range append([]Fact{{"Title", m.Title}}, m.About...) {
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			return err
		}
		if err := s.SetRow(cell, []any{excelize.Cell{StyleID: b.strong, Value: text(f.Name)}, text(f.Value)}); err != nil {
			return err
		}
	}
	return s.Flush()
}

// close writes the file and drops what was put aside for it.
func (b *workbook) close() error {
	if b.finished {
		return nil
	}
	b.finished = true
	_, err := b.file.WriteTo(b.w)
	return errors.Join(err, b.file.Close())
}

// xlsxFile is a workbook with one table.
type xlsxFile struct {
	*workbook
	sheetOf *excelize.StreamWriter
	meta    Meta
	columns []errata.Column
	rows    int
	cells   []any
}

func newXLSX(w io.Writer, m Meta, columns []errata.Column) (*xlsxFile, error) {
	b, err := newWorkbook(w)
	if err != nil {
		return nil, err
	}
	f := &xlsxFile{workbook: b, meta: m, columns: columns, cells: make([]any, len(columns))}
	if f.sheetOf, err = b.sheet(m.Title); err != nil {
		return nil, err
	}
	return f, b.head(f.sheetOf, columns)
}

func (f *xlsxFile) Row(cells []errata.Cell) error {
	if err := check(cells, f.columns); err != nil {
		return err
	}
	if f.rows++; f.rows > MaxXLSXRows {
		return TooManyForXLSX()
	}
	for i, c := range cells {
		f.cells[i] = f.value(c, f.columns[i].Kind)
	}
	name, err := excelize.CoordinatesToCellName(1, f.rows+1)
	if err != nil {
		return err
	}
	return f.sheetOf.SetRow(name, f.cells)
}

// TooManyForXLSX is the answer to more rows than a sheet may hold.
func TooManyForXLSX() error {
	const sentence = "A sheet holds at most 1,000,000 rows."
	return errata.Because(errata.TooLarge, sentence, nil, errata.Detail{
		Reason: ReasonTooMany, Message: sentence, Hint: "Shorten the range or narrow the query, or take CSV.", Data: map[string]any{"limit": MaxXLSXRows},
	})
}

// Flush does nothing: a workbook is written at its end.
func (f *xlsxFile) Flush() error { return nil }

// Drop removes the rows on disk.
func (f *xlsxFile) Drop() error {
	f.finished = true
	return f.file.Close()
}

// Close writes the file. The library keeps rows beyond 16 MiB on disk.
func (f *xlsxFile) Close() error {
	if err := f.sheetOf.Flush(); err != nil {
		return errors.Join(err, f.file.Close())
	}
	if err := f.about(f.meta); err != nil {
		return errors.Join(err, f.file.Close())
	}
	return f.close()
}
