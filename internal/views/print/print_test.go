package print

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
)

func table(columns, rows int, cell string) *errata.Table {
	t := &errata.Table{Columns: []errata.Column{{Title: "Group", Kind: errata.ColumnText}}}
	for i := 1; i < columns; i++ {
		t.Columns = append(t.Columns, errata.Column{Title: "n" + string(rune('a'+i)), Kind: errata.ColumnInt})
	}
	for range rows {
		r := []errata.Cell{{Text: &cell}}
		for i := 1; i < columns; i++ {
			n := float64(i)
			r = append(r, errata.Cell{Num: &n})
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

func TestTablesFitOnPaper(t *testing.T) {
	for name, c := range map[string]struct {
		table               *errata.Table
		heads, rows         int
		wide                bool
		firstHead, firstRow []string
		class               string
	}{
		"few columns":        {table(3, 2, "P0"), 3, 2, false, []string{"Group", "nb", "nc"}, []string{"P0", "1", "2"}, "short"},
		"many, and many":     {table(15, 9, "P0"), 15, 9, true, nil, nil, "short"},
		"many columns":       {table(12, 2, "P0"), 12, 2, true, nil, nil, "short"},
		"few rows turned":    {table(15, 2, "P0"), 3, 14, false, []string{"Group", "P0", "P0"}, []string{"nb", "1", "1"}, "short"},
		"a long text breaks": {table(3, 1, strings.Repeat("x", 25)), 3, 1, false, nil, nil, "long"},
		"nothing is turned":  {table(15, 0, ""), 15, 0, true, nil, nil, "short"},
	} {
		t.Run(name, func(t *testing.T) {
			s := section(errata.Section{Table: c.table}, nil)
			if len(s.Heads) != c.heads || len(s.Rows) != c.rows || s.Wide != c.wide {
				t.Errorf("%d columns, %d rows, wide %t; want %d, %d, %t", len(s.Heads), len(s.Rows), s.Wide, c.heads, c.rows, c.wide)
			}
			if got := s.Heads[0].class(); got != c.class {
				t.Errorf("the first column is %q, want %q", got, c.class)
			}
			if c.firstHead == nil {
				return
			}
			var heads []string
			for _, h := range s.Heads {
				heads = append(heads, h.Text)
			}
			if diff := cmp.Diff([][]string{c.firstHead, c.firstRow}, [][]string{heads, s.Rows[0]}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
