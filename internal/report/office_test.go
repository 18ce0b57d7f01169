package report_test

import (
	"context"
	"strings"
	"testing"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/report"
	"errata/internal/store"
)

// counter is an office whose audit says that it has some rows, and hands out
// others.
type counter struct {
	says  int64
	gives int
}

func (counter) tables() ([]errata.Section, error) {
	t := &errata.Table{Columns: []errata.Column{{Key: "name", Title: "Name", Kind: errata.ColumnText}}}
	for range 4 {
		t.Rows = append(t.Rows, []errata.Cell{errata.TextCell("\t=1+1")})
	}
	return []errata.Section{{ID: "x", Title: "X", Table: t}}, nil
}

func (c counter) UserTables(context.Context, errata.Actor) ([]errata.Section, error) {
	return c.tables()
}

func (c counter) RoleTables(context.Context, errata.Actor) ([]errata.Section, error) {
	return c.tables()
}

func (c counter) TeamTables(context.Context, errata.Actor) ([]errata.Section, error) {
	return c.tables()
}

func (counter) AuditColumns() []errata.Column {
	return []errata.Column{{Key: "seq", Title: "Row", Kind: errata.ColumnInt}}
}

func (c counter) EachAudit(_ context.Context, _ errata.Actor, _ store.AuditQuery, _ int, begin func(int64, []string) error, page func([][]errata.Cell) error) error {
	if err := begin(c.says, []string{"Stream: change"}); err != nil {
		return err
	}
	for i := range c.gives {
		if err := page([][]errata.Cell{{errata.IntCell(int64(i))}}); err != nil {
			return err
		}
	}
	return nil
}

// An audit whose rows do not add up to what was said is never a whole file, and
// what is too long is refused before its first byte.
func TestListsOfOffice(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock})
	many(t, p, 1)
	for name, c := range map[string]struct {
		office counter
		what   report.What
		rows   int
		code   errata.Code
		said   string
	}{
		"whole":             {counter{3, 3}, report.Audit, 3, "", "rows=3"},
		"rows have gone":    {counter{3, 2}, report.Audit, 2, errata.Unavailable, "rows=3"},
		"too long":          {counter{4, 4}, report.Audit, 0, errata.TooLarge, ""},
		"too long for once": {counter{}, report.Users, 0, errata.TooLarge, ""},
	} {
		o := options(p)
		o.Office = c.office
		s := report.New(o)
		s.Few(3, 2)
		var out paper
		err := s.Send(t.Context(), partstest.Reader, asked(c.what, ""), out.open)
		if errata.CodeOf(err) != c.code || !strings.HasSuffix(out.head.Provenance(), c.said) && c.said != "" {
			t.Errorf("%s: %v, %q", name, err, out.head.Provenance())
		}
		if n := max(strings.Count(out.String(), "\n")-1, 0); n > c.rows || c.code == "" && n != c.rows {
			t.Errorf("%s: %d rows left", name, n)
		}
		if _, err := s.Print(t.Context(), partstest.Reader, asked(c.what, "")); errata.CodeOf(err) != errata.TooLarge {
			t.Errorf("%s on paper: %v", name, err)
		}
	}
	o := options(p)
	o.Office = counter{2, 2}
	s := report.New(o)
	d, err := s.Print(t.Context(), partstest.Reader, asked(report.Audit, ""))
	if err != nil || d.From != 0 || d.To != 0 || len(d.Filters) == 0 || d.Filters[0] != "Stream: change" || len(d.Sections[0].Table.Rows) != 2 {
		t.Errorf("on paper: %+v, %v", d, err)
	}
	if _, rows := sent(t, s, partstest.Reader, asked(report.Teams, "")); len(rows) != 4 || rows[0]["name"] != "'\t=1+1" {
		t.Errorf("%v", rows)
	}
	if _, err := s.Ask(t.Context(), partstest.Reader, asked(report.Audit, "")); errata.CodeOf(err) != errata.Invalid {
		t.Errorf("a job for the audit: %v", err)
	}
}
