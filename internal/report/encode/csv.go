package encode

import (
	"bufio"
	"io"
	"strings"

	"errata/internal/errata"
)

// buffer is how much text waits before it is handed on.
const buffer = 32 << 10

// csvFile writes RFC 4180. The package of the standard library drops carriage
// returns inside of fields; what was logged is kept.
type csvFile struct {
	w       *bufio.Writer
	columns []errata.Column
}

func newCSV(w io.Writer, m Meta, columns []errata.Column) (*csvFile, error) {
	f := &csvFile{bufio.NewWriterSize(w, buffer), columns}
	if m.BOM {
		_, _ = f.w.WriteString("\ufeff") // the buffer keeps the error
	}
	for i, c := range columns {
		f.field(i, Guard(c.Key)) // a chart has a column per value of a field
	}
	return f, f.end()
}

func (f *csvFile) Row(cells []errata.Cell) error {
	if err := check(cells, f.columns); err != nil {
		return err
	}
	for i, c := range cells {
		text := Words(c, f.columns[i].Kind)
		if c.Text != nil {
			text = Guard(text)
		}
		f.field(i, text)
	}
	return f.end()
}

func (f *csvFile) field(i int, s string) {
	if i > 0 {
		_ = f.w.WriteByte(',')
	}
	if !quoted(s) {
		_, _ = f.w.WriteString(s)
		return
	}
	_ = f.w.WriteByte('"')
	_, _ = f.w.WriteString(strings.ReplaceAll(s, `"`, `""`))
	_ = f.w.WriteByte('"')
}

// quoted says whether a field needs quotes: also for what other dialects take
// for a separator, and for blanks at its ends, which some readers drop.
func quoted(s string) bool {
	return s != "" && (strings.ContainsAny(s, ",;\"\r\n\t|") || s[0] == ' ' || s[len(s)-1] == ' ' || s[0] == '\'')
}

func (f *csvFile) end() error {
	_, err := f.w.WriteString("\r\n")
	return err
}

func (f *csvFile) Flush() error { return f.w.Flush() }
func (f *csvFile) Close() error { return f.w.Flush() }
