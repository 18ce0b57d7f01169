package encode

import (
	"bufio"
	"encoding/json"
	"io"
	"strconv"

	"errata/internal/errata"
)

// ndjsonFile writes one JSON object a line, its members in the order of the
// columns. Text is not guarded: JSON has no formulas.
type ndjsonFile struct {
	w       *bufio.Writer
	columns []errata.Column
	keys    [][]byte // what stands before each value
	line    []byte
}

func newNDJSON(w io.Writer, columns []errata.Column) *ndjsonFile {
	f := &ndjsonFile{w: bufio.NewWriterSize(w, buffer), columns: columns}
	for i, c := range columns {
		before := []byte("{")
		if i > 0 {
			before = []byte(",")
		}
		f.keys = append(f.keys, append(appendText(before, c.Key), ':'))
	}
	return f
}

func (f *ndjsonFile) Row(cells []errata.Cell) error {
	if err := check(cells, f.columns); err != nil {
		return err
	}
	f.line = f.line[:0]
	for i, c := range cells {
		f.line = append(f.line, f.keys[i]...)
		f.line = appendCell(f.line, c, f.columns[i].Kind)
	}
	if len(cells) == 0 {
		f.line = append(f.line, '{')
	}
	_, err := f.w.Write(append(f.line, '}', '\n'))
	return err
}

func appendCell(line []byte, c errata.Cell, kind errata.ColumnKind) []byte {
	switch {
	case c.Text != nil:
		return appendText(line, *c.Text)
	case c.Num == nil:
		return append(line, "null"...)
	case kind == errata.ColumnTime:
		return strconv.AppendQuote(line, Words(c, kind))
	}
	return append(line, Words(c, kind)...)
}

// appendText writes a JSON string; what is no UTF-8 becomes U+FFFD.
func appendText(line []byte, s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		return append(line, `""`...) // a text always marshals
	}
	return append(line, b...)
}

func (f *ndjsonFile) Flush() error { return f.w.Flush() }
func (f *ndjsonFile) Close() error { return f.w.Flush() }

// linesFile writes what is JSON already, one document a line.
type linesFile struct{ w *bufio.Writer }

// Lines returns an encoder whose rows have one cell: a text of JSON in one line.
func Lines(w io.Writer) Encoder { return linesFile{bufio.NewWriterSize(w, buffer)} }

func (f linesFile) Row(cells []errata.Cell) error {
	if err := check(cells, make([]errata.Column, 1)); err != nil {
		return err
	}
	_, err := f.w.WriteString(Words(cells[0], errata.ColumnText) + "\n")
	return err
}

func (f linesFile) Flush() error { return f.w.Flush() }
func (f linesFile) Close() error { return f.w.Flush() }
