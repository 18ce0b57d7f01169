package encode

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"errata/internal/errata"
)

// opened reads a workbook with somebody else's eyes.
func opened(t *testing.T, b []byte) *excelize.File {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = book.Close() })
	return book
}

// What is read back is what was written, also where it looks like markup or
// like a character that is written as its number.
func TestXLSXTextIsKept(t *testing.T) {
	texts := []string{
		"a & b < c > d \"e\" 'f'", "</t></is></c>", "]]>", "&amp;", " leading", "trailing ", "two\nlines", "a\r\nb", "tab\there", "größer ✓ 日本 𝄞",
		"_x003D_1+1", "a_x000D_b", "_x_", "_xZZZZ_", "_x005F_x003D_", "__x0041__", "",
	}
	var rows [][]errata.Cell
	for _, s := range texts {
		rows = append(rows, []errata.Cell{errata.TextCell(s)})
	}
	book := opened(t, encoded(t, XLSX, meta, columns[:1], rows))
	for i, want := range texts {
		got, err := book.GetCellValue("Issues", fmt.Sprintf("A%d", i+2))
		if err != nil || got != want {
			t.Errorf("%q became %q, %v", want, got, err)
		}
	}
}

// Every part is XML, and every cell names its place: also beyond column Z.
func TestXLSXParts(t *testing.T) {
	var wide []errata.Column
	var row []errata.Cell
	for i := range 60 {
		wide, row = append(wide, errata.Column{Key: "k", Title: fmt.Sprint("Column ", i), Kind: errata.ColumnInt}), append(row, errata.IntCell(int64(i)))
	}
	b := encoded(t, XLSX, meta, wide, [][]errata.Cell{row})
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(r)
		for err == nil {
			_, err = d.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	book := opened(t, b)
	for cell, want := range map[string]string{"A1": "Column 0", "Z2": "25", "AA2": "26", "AZ2": "51", "BA2": "52", "BH1": "Column 59"} {
		if got, err := book.GetCellValue("Issues", cell); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", cell, got, err, want)
		}
	}
	panes, err := book.GetPanes("Issues")
	if err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("panes %+v, %v", panes, err)
	}
	if w, err := book.GetColWidth("Issues", "B"); err != nil || w != 12 {
		t.Errorf("width %v, %v", w, err)
	}
}

// However many rows were written, none of them is kept.
func TestXLSXKeepsNoRows(t *testing.T) {
	e, err := New(XLSX, io.Discard, meta, columns[:1])
	if err != nil {
		t.Fatal(err)
	}
	kept := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	row := []errata.Cell{errata.TextCell(strings.Repeat("row ", 250))}
	if err := e.Row(row); err != nil {
		t.Fatal(err)
	}
	before := kept()
	for range 20_000 { // 20 MB
		if err := e.Row(row); err != nil {
			t.Fatal(err)
		}
	}
	if grown := kept() - before; grown > 2<<20 {
		t.Errorf("%d bytes are kept of 20,000 rows", grown)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

// A sheet that is full is followed by another with the same head.
func TestXLSXGoesOnInAnotherSheet(t *testing.T) {
	var out bytes.Buffer
	f, err := newXLSX(&out, meta, columns[:1])
	if err != nil {
		t.Fatal(err)
	}
	f.most = 2000
	var want []string
	for i := range 100 {
		want = append(want, fmt.Sprint("row ", i))
		if err := f.Row([]errata.Cell{errata.TextCell(want[i])}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	book := opened(t, out.Bytes())
	sheets := book.GetSheetList()
	if len(sheets) < 3 || sheets[1] != "Issues 2" || sheets[len(sheets)-1] != "About" {
		t.Fatalf("%q", sheets)
	}
	var got []string
	for _, name := range sheets[:len(sheets)-1] {
		rows, err := book.GetRows(name)
		if err != nil || len(rows) < 2 || rows[0][0] != "Id" {
			t.Fatalf("%s: %v, %v", name, rows, err)
		}
		for _, r := range rows[1:] {
			got = append(got, r[0])
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Times that spreadsheets cannot tell are texts; what is no number is nothing.
func TestXLSXOddValues(t *testing.T) {
	one := func(kind errata.ColumnKind, c errata.Cell) (string, excelize.CellType) {
		book := opened(t, encoded(t, XLSX, meta, []errata.Column{{Key: "x", Title: "X", Kind: kind}}, [][]errata.Cell{{c}}))
		value, err := book.GetCellValue("Issues", "A2", excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		kindOf, err := book.GetCellType("Issues", "A2")
		if err != nil {
			t.Fatal(err)
		}
		return value, kindOf
	}
	for _, c := range []struct {
		name, want string
		kind       errata.ColumnKind
		cell       errata.Cell
		is         excelize.CellType
	}{
		{"before 1900", "1899-12-31T00:00:00Z", errata.ColumnTime, errata.IntCell(-2_209_075_200_000_000), excelize.CellTypeInlineString},
		{"March 1900", "61", errata.ColumnTime, errata.IntCell((61 - 25_569) * 86_400_000_000), excelize.CellTypeUnset},
		{"year 10000", "10000-01-01T00:00:00Z", errata.ColumnTime, errata.IntCell((2_958_466 - 25_569) * 86_400_000_000), excelize.CellTypeInlineString},
		{"no number", "", errata.ColumnFloat, errata.NumCell(math.NaN()), excelize.CellTypeUnset},
		{"endless", "", errata.ColumnDuration, errata.NumCell(math.Inf(1)), excelize.CellTypeUnset},
	} {
		if got, is := one(c.kind, c.cell); got != c.want || is != c.is {
			t.Errorf("%s: %q of type %v, want %q of %v", c.name, got, is, c.want, c.is)
		}
	}
}

// Names of sheets are such as spreadsheets take, each once.
func TestXLSXSheetNames(t *testing.T) {
	b := newWorkbook(io.Discard)
	var got []string
	for _, s := range []string{"a", "A", "History", "'q'/x", strings.Repeat("𝄞", 40), "  ", "a", "a", "a", "a", "a", "a", "a", "a"} {
		got = append(got, b.name(s))
	}
	want := []string{"a", "A 2", "History 2", "q x", strings.Repeat("𝄞", 14), "Rows", "a 3", "a 4", "a 5", "a 6", "a 7", "a 8", "a 9", "a 10"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if sorted := slices.Sorted(slices.Values(got)); len(slices.Compact(sorted)) != len(got) {
		t.Error("a name stands twice")
	}
}
