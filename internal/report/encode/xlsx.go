package encode

import (
	"archive/zip"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"

	"errata/internal/errata"
)

// workbook is a file of sheets that is written as it is made: a ZIP of parts,
// of which nothing is kept but the names of the sheets.
type workbook struct {
	zip    *zip.Writer
	sheets []string
	taken  map[string]bool // names, in lower case
}

func newWorkbook(w io.Writer) *workbook {
	return &workbook{zip: zip.NewWriter(w), taken: map[string]bool{"history": true}} // a name that Excel keeps for itself
}

// begin begins the next sheet. The one before has ended.
func (b *workbook) begin(title string, frozen bool, widths ...int) (*sheet, error) {
	b.sheets = append(b.sheets, b.name(title))
	w, err := b.zip.Create(sheetPath(len(b.sheets)))
	if err != nil {
		return nil, err
	}
	s := &sheet{w: w}
	return s, s.begin(frozen, widths)
}

// sheetPath names the part of a sheet, counted from 1.
func sheetPath(n int) string { return "xl/worksheets/sheet" + strconv.Itoa(n) + ".xml" }

// sheetName drops what the name of a sheet may not hold.
var sheetName = strings.NewReplacer(":", " ", "\\", " ", "/", " ", "?", " ", "*", " ", "[", "(", "]", ")", "'", "")

// maxSheetName leaves room for a number: a name has at most 31 UTF-16 units.
const maxSheetName = 28

// name makes a name of a sheet that no other has.
func (b *workbook) name(s string) string {
	s = shorten(strings.TrimSpace(clean(sheetName.Replace(s))), maxSheetName)
	if s == "" {
		s = "Rows"
	}
	for base, n := s, 2; b.taken[strings.ToLower(s)]; n++ {
		s = base + " " + strconv.Itoa(n)
	}
	b.taken[strings.ToLower(s)] = true
	return s
}

// shorten leaves so many UTF-16 units of a text.
func shorten(s string, units int) string {
	for i, r := range s {
		if units -= utf16.RuneLen(r); units < 0 {
			return strings.TrimSpace(s[:i])
		}
	}
	return s
}

// about adds the sheet that says what the file is.
func (b *workbook) about(m Meta) error {
	s, err := b.begin("About", false, 20, 90)
	if err != nil {
		return err
	}
	for _, f := range append([]Fact{{"Title", m.Title}}, m.About...) {
		s.next()
		s.words(0, strong, f.Name)
		s.words(1, plain, f.Value)
		if err := s.send(); err != nil {
			return err
		}
	}
	return s.end()
}

// close ends the file with what names its parts.
func (b *workbook) close() error {
	for _, p := range []struct{ path, text string }{
		{"xl/styles.xml", stylesPart},
		{"xl/workbook.xml", b.index()},
		{"xl/_rels/workbook.xml.rels", b.relations()},
		{"_rels/.rels", rootPart},
		{"[Content_Types].xml", b.types()},
	} {
		w, err := b.zip.Create(p.path)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, xmlHead+p.text); err != nil {
			return err
		}
	}
	return b.zip.Close()
}

// xlsxFile is a table in a workbook; where a sheet is full another goes on.
type xlsxFile struct {
	*workbook
	title   string
	at      *sheet
	meta    Meta
	columns []errata.Column
	rows    int
	most    int64 // bytes of a sheet
}

// maxSheet is how many bytes a sheet has at most: a part of 4 GiB could not be
// written without knowing so beforehand.
const maxSheet = 3 << 30

func newXLSX(w io.Writer, m Meta, columns []errata.Column) (*xlsxFile, error) {
	f := &xlsxFile{workbook: newWorkbook(w), title: m.Title, meta: m, columns: columns, most: maxSheet}
	return f, f.head()
}

// head begins a sheet with the titles of the columns, which stay in sight.
func (f *xlsxFile) head() (err error) {
	widths := make([]int, len(f.columns))
	for i, c := range f.columns {
		widths[i] = width(c.Kind)
	}
	if f.at, err = f.begin(f.title, true, widths...); err != nil {
		return err
	}
	f.at.next()
	for i, c := range f.columns {
		f.at.words(i, strong, heading(c))
	}
	return f.at.send()
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

func width(k errata.ColumnKind) int {
	switch k {
	case errata.ColumnTime:
		return 23
	case errata.ColumnText:
		return 28
	case errata.ColumnInt, errata.ColumnFloat, errata.ColumnDuration, errata.ColumnBool:
	}
	return 12
}

func (f *xlsxFile) Row(cells []errata.Cell) error {
	if err := check(cells, f.columns); err != nil {
		return err
	}
	if f.rows++; f.rows > MaxXLSXRows {
		return TooManyForXLSX()
	}
	if f.at.size > f.most {
		if err := errors.Join(f.at.end(), f.head()); err != nil {
			return err
		}
	}
	f.at.next()
	for i, c := range cells {
		f.at.cell(i, c, f.columns[i].Kind)
	}
	return f.at.send()
}

// TooManyForXLSX is the answer to more rows than a sheet may hold.
func TooManyForXLSX() error {
	const sentence = "A sheet holds at most 1,000,000 rows."
	return errata.Because(errata.TooLarge, sentence, nil, errata.Detail{
		Reason: ReasonTooMany, Message: sentence, Hint: "Shorten the range or narrow the query, or take CSV.", Data: map[string]any{"limit": MaxXLSXRows},
	})
}

// Flush hands on what is packed.
func (f *xlsxFile) Flush() error { return f.zip.Flush() }

func (f *xlsxFile) Close() error {
	if err := f.at.end(); err != nil {
		return err
	}
	if err := f.about(f.meta); err != nil {
		return err
	}
	return f.close()
}
