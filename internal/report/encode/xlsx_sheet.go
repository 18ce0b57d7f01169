package encode

import (
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"errata/internal/errata"
)

// sheet is one sheet on its way: a row is made in memory and handed on.
type sheet struct {
	w       io.Writer
	row     int      // number of the one at hand
	letters []string // of the columns so far
	line    []byte
	size    int64 // bytes handed on
}

// The styles of cells, as stylesPart has them.
const (
	plain  = 0
	moment = 1
	strong = 2
)

func (s *sheet) begin(frozen bool, widths []int) error {
	s.raw(xmlHead, `<worksheet xmlns="`, mainSpace, `">`)
	if frozen {
		s.raw(`<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`)
	}
	if len(widths) > 0 {
		s.raw(`<cols>`)
		for i, w := range widths {
			n := strconv.Itoa(i + 1)
			s.raw(`<col min="`, n, `" max="`, n, `" width="`, strconv.Itoa(w), `" customWidth="1"/>`)
		}
		s.raw(`</cols>`)
	}
	s.raw(`<sheetData>`)
	return s.flush()
}

func (s *sheet) end() error {
	s.raw(`</sheetData></worksheet>`)
	return s.flush()
}

func (s *sheet) raw(parts ...string) {
	for _, p := range parts {
		s.line = append(s.line, p...)
	}
}

func (s *sheet) flush() error {
	n, err := s.w.Write(s.line)
	s.size, s.line = s.size+int64(n), s.line[:0]
	return err
}

// next begins a row.
func (s *sheet) next() {
	s.row++
	s.raw(`<row r="`)
	s.line = strconv.AppendInt(s.line, int64(s.row), 10)
	s.raw(`">`)
}

// send ends the row.
func (s *sheet) send() error {
	s.raw(`</row>`)
	return s.flush()
}

// open begins a cell; without a kind it is a number.
func (s *sheet) open(column, style int, kind string) {
	for len(s.letters) <= column {
		s.letters = append(s.letters, letters(len(s.letters)))
	}
	s.raw(`<c r="`, s.letters[column])
	s.line = strconv.AppendInt(s.line, int64(s.row), 10)
	if style != plain {
		s.raw(`" s="`, strconv.Itoa(style))
	}
	if kind != "" {
		s.raw(`" t="`, kind)
	}
	s.raw(`">`)
}

// letters are what a column is called: A, B … Z, AA.
func letters(column int) string {
	name := string(rune('A' + column%26))
	if column < 26 {
		return name
	}
	return letters(column/26-1) + name
}

// cell writes a value in its type; a missing one is no cell.
func (s *sheet) cell(column int, c errata.Cell, kind errata.ColumnKind) {
	switch {
	case c.Text != nil:
		s.words(column, plain, *c.Text)
		return
	case c.Num == nil || math.IsNaN(*c.Num) || math.IsInf(*c.Num, 0):
		return
	}
	switch kind {
	case errata.ColumnTime:
		s.moment(column, c)
		return
	case errata.ColumnBool:
		s.open(column, plain, "b")
		s.raw(`<v>`, digit(*c.Num != 0))
	case errata.ColumnInt:
		s.open(column, plain, "")
		s.raw(`<v>`)
		s.line = strconv.AppendInt(s.line, int64(*c.Num), 10)
	case errata.ColumnText, errata.ColumnFloat, errata.ColumnDuration:
		s.open(column, plain, "")
		s.raw(`<v>`)
		s.line = strconv.AppendFloat(s.line, *c.Num, 'f', -1, 64)
	}
	s.raw(`</v></c>`)
}

func digit(yes bool) string {
	if yes {
		return "1"
	}
	return "0"
}

// The days that a spreadsheet can tell: it counts them from the end of 1899 and
// takes 1900 for a leap year, so none before March of it.
const (
	daysTo1970 = 25_569
	firstDay   = 61
	lastDay    = 2_958_466 // the year 10000
)

// moment writes a time as days; one that spreadsheets do not know as text.
func (s *sheet) moment(column int, c errata.Cell) {
	days := *c.Num/float64(24*time.Hour/time.Microsecond) + daysTo1970
	if days < firstDay || days >= lastDay {
		s.words(column, plain, Words(c, errata.ColumnTime))
		return
	}
	s.open(column, moment, "")
	s.raw(`<v>`)
	s.line = strconv.AppendFloat(s.line, days, 'f', -1, 64)
	s.raw(`</v></c>`)
}

// words writes a text, guarded, for files are saved anew as CSV.
func (s *sheet) words(column, style int, words string) {
	words = text(words)
	s.open(column, style, "inlineStr")
	if spaced(words) {
		s.raw(`<is><t xml:space="preserve">`)
	} else {
		s.raw(`<is><t>`)
	}
	s.line = appendXML(s.line, words)
	s.raw(`</t></is></c>`)
}

// spaced says whether readers would drop blanks of a text.
func spaced(s string) bool {
	return s != "" && (s[0] <= ' ' || s[len(s)-1] <= ' ' || strings.ContainsAny(s, "\n\t\r"))
}

// appendXML writes a text so that it is read back as it is: readers decode
// "_x000D_" to the character of that number, which may begin a formula.
func appendXML(line []byte, s string) []byte {
	from := 0
	for i := range len(s) {
		instead := ""
		switch s[i] {
		case '&':
			instead = "&amp;"
		case '<':
			instead = "&lt;"
		case '>':
			instead = "&gt;"
		case '"':
			instead = "&quot;"
		case '\r':
			instead = "&#13;"
		case '_':
			if numbered(s[i:]) {
				instead = "_x005F_"
			}
		}
		if instead != "" {
			line = append(append(line, s[from:i]...), instead...)
			from = i + 1
		}
	}
	return append(line, s[from:]...)
}

// numbered says whether a text begins with a character written as its number.
func numbered(s string) bool {
	if len(s) < 7 || s[1] != 'x' || s[6] != '_' {
		return false
	}
	_, err := strconv.ParseUint(s[2:6], 16, 16)
	return err == nil
}

// maxCellText is how many UTF-16 units a cell of a spreadsheet holds.
const maxCellText = 32_767

// text is what a cell of text holds.
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
