package find_test

import (
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/find"
)

// An export of issues is its pages, whichever way the list is made: by SQL, by
// issues that the engine names, or walked where it would name too many.
func TestExportIsItsPages(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		many(t, p, 50)
		for _, tt := range []struct {
			q           string
			named, step int
		}{{"", 10_000, 500}, {"timeout", 10_000, 500}, {"!timeout", 5, 8}, {"!timeout severity:P2", 5, 8}, {"service:shop OR timeout", 5, 8}} {
			p.Find.Reach(tt.named, 100, tt.step)
			q := find.IssueQuery{Q: tt.q, Range: month(), Sort: "last_seen", Size: 7}
			onward, _ := bothWays(t, p.Find, q)
			var got, ids []string
			err := p.Find.ExportIssues(t.Context(), partstest.Reader, q, 0, func(find.ExportHead) error { return nil }, func(rows []find.ExportedIssue) error {
				for _, r := range rows {
					got = append(got, r.Issue.Type)
				}
				return nil
			})
			if err != nil {
				t.Fatal(tt.q, err)
			}
			if d := gocmp.Diff(slices.Concat(onward...), got); d != "" {
				t.Errorf("%q named %d (-pages +export):\n%s", tt.q, tt.named, d)
			}
			if _, err = p.Find.ExportIssueIDs(t.Context(), partstest.Reader, q, func(piece []string) error { ids = append(ids, piece...); return nil }); err != nil {
				t.Fatal(err)
			}
			again, err := p.Find.ExportedIssues(t.Context(), partstest.Reader, ids)
			if err != nil || len(again) != len(got) {
				t.Fatalf("%d issues by id, want %d: %v", len(again), len(got), err)
			}
			for i := range again {
				if again[i].Issue.Type != got[i] {
					t.Errorf("%q: number %d is %s by id, want %s", tt.q, i, again[i].Issue.Type, got[i])
				}
			}
		}
	})
}
