package find_test

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/search"
)

// A row read alone is the row of the list.
func TestRowIsThatOfTheList(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		many(t, p, 5)
		list, err := p.Find.Issues(t.Context(), partstest.Reader, find.IssueQuery{Range: find.Range{From: now.Add(-24 * time.Hour), To: now}})
		if err != nil || len(list.Rows) != 5 {
			t.Fatalf("%d rows, %v", len(list.Rows), err)
		}
		for _, want := range list.Rows {
			got, err := p.Find.Row(t.Context(), partstest.Reader, want.ShortID())
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", want.ShortID(), diff)
			}
		}
		for _, id := range []string{"SHO-99", "NONE-1", "nonsense", ""} {
			if _, err := p.Find.Row(t.Context(), partstest.Reader, id); errata.CodeOf(err) != errata.NotFound {
				t.Errorf("%q: %v", id, err)
			}
		}
		if _, err := p.Find.Row(t.Context(), errata.Actor{}, list.Rows[0].ShortID()); errata.CodeOf(err) != errata.NotFound {
			t.Errorf("for nobody: %v", err)
		}
	})
}

// Counts are the totals of the lists; what the engine must be asked for is not
// counted.
func TestCountsAreTheTotals(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		many(t, p, 30)
		day := find.Range{From: now.Add(-24 * time.Hour), To: now}
		queries := []string{"", "is:open", "is:resolved", "severity:P1", "env:staging is:open", "service:shop", "type:kind1*"}
		totals, known, err := p.Find.Counts(t.Context(), partstest.Reader, append(queries, "timeout"), day)
		if err != nil {
			t.Fatal(err)
		}
		for i, q := range queries {
			list, err := p.Find.Issues(t.Context(), partstest.Reader, find.IssueQuery{Q: q, Range: day, Size: 1})
			if err != nil {
				t.Fatal(err)
			}
			if totals[i] != list.Total || !known[i] {
				t.Errorf("%q: counted %v, %v; the list says %v", q, totals[i], known[i], list.Total)
			}
		}
		if known[len(queries)] {
			t.Errorf("words are counted without the engine: %v", totals[len(queries)])
		}
		totals, known, err = p.Find.Counts(t.Context(), errata.Actor{}, []string{"", "is:open"}, day)
		if err != nil || !known[0] || totals[0] != (search.Total{Exact: true}) || totals[1].Value != 0 {
			t.Errorf("for nobody: %v, %v, %v", totals, known, err)
		}
		if _, _, err := p.Find.Counts(t.Context(), partstest.Reader, []string{"severity:P9"}, day); errata.CodeOf(err) != errata.Invalid {
			t.Errorf("an unknown key: %v", err)
		}
	})
}
