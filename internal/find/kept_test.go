package find_test

import (
	"slices"
	"testing"
	"time"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/querylang"
)

// A search that reaches behind the retention of events says so; what rows of
// issues and counters know does not.
func TestGone(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		month := p.NewProject("month", errata.ProjectSettings{})
		p.NewProject("quarter", errata.ProjectSettings{RetentionDays: 90})
		b := p.Batch()
		b.Entries = append(b.Entries, p.Entry(month, partstest.Event{ID: partstest.EventID(1), Type: "LateError", Message: "late", Time: now.Add(-time.Hour)}))
		p.Publish(b)
		p.Drained()
		ctx, who := t.Context(), partstest.Reader
		for _, tt := range []struct {
			name, q string
			days    int
			want    [5]bool // events, counts, words of issues, volume, volume beside the one before
		}{
			{"all within", "timeout", 30, [5]bool{false, false, false, false, true}},
			{"beyond the shortest", "timeout", 40, [5]bool{true, true, true, true, true}},
			{"within that of the service", "timeout service:quarter", 40, [5]bool{false, false, false, false, false}},
			{"beyond it", "timeout service:quarter", 95, [5]bool{true, true, true, true, true}},
			{"nothing is asked of events but by events", "", 40, [5]bool{true, true, false, false, false}},
			{"rows know which issues", "is:open", 40, [5]bool{true, true, false, true, true}},
		} {
			t.Run(tt.name, func(t *testing.T) {
				over := find.Range{From: now.Add(-time.Duration(tt.days) * 24 * time.Hour), To: now}
				var got [5]bool
				note := func(i int, q find.Query, err error) {
					if err != nil {
						t.Fatal(i, err)
					}
					got[i] = slices.ContainsFunc(q.Notices, func(d errata.Detail) bool { return d.Reason == find.ReasonExpired })
				}
				e, err := p.Find.Events(ctx, who, find.EventsQuery{Q: tt.q, Range: over})
				note(0, e.Query, err)
				a, err := p.Find.Aggregate(ctx, who, find.AggregateQuery{Q: tt.q, Range: over, By: []querylang.Key{{Name: "service"}}})
				note(1, a.Query, err)
				i, err := p.Find.Issues(ctx, who, find.IssueQuery{Q: tt.q, Range: over})
				note(2, i.Query, err)
				for n, compare := range []bool{false, true} {
					v, err := p.Find.Volume(ctx, who, find.VolumeQuery{Q: tt.q, Range: over, Zone: time.UTC, By: find.BySeverity, Compare: compare})
					note(3+n, v.Query, err)
				}
				if got != tt.want {
					t.Errorf("said %v, want %v", got, tt.want)
				}
			})
		}
	})
}
