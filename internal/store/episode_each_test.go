package store_test

import (
	"context"
	"fmt"
	"testing"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// Of many issues the same episode is read as of one: the open one, else the
// last that was not undone, else the last; in few statements however many.
func TestEpisodeOfEach(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var ids []string
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			for i := range 500 {
				id := fmt.Sprintf("i%03d", i)
				ids = append(ids, id)
				for seq, reason := range [][]errata.CloseReason{
					{},
					{""},
					{errata.ClosedResolved},
					{errata.ClosedResolved, ""},
					{errata.ClosedResolved, errata.ClosedUndone},
					{errata.ClosedUndone},
					{errata.ClosedResolved, errata.ClosedResolved, errata.ClosedUndone},
				}[i%7] {
					e := errata.Episode{
						ID: fmt.Sprint(id, "-", seq), IssueID: id, ProjectID: "1", Seq: int64(seq + 1), OpenReason: errata.ReasonNew, OpenedAt: start + int64(seq),
						SeverityOpen: errata.P2, SeverityPeak: errata.P2, CloseReason: reason,
					}
					if reason != "" {
						e.ClosedAt = start + 10
					}
					if reason == errata.ClosedResolved {
						e.ResolvedAt, e.ResolutionKind, e.ResolvedBy = start+10, errata.ResolutionNow, "7"
					}
					if err := tx.CreateEpisode(ctx, e); err != nil {
						return err
					}
				}
			}
			return nil
		})
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			want := map[string]errata.Episode{}
			for _, id := range ids {
				e, err := tx.EpisodeOf(ctx, id)
				if err != nil {
					return err
				}
				if e.Seq > 0 {
					want[id] = e
				}
			}
			statements := tx.Counting()
			got, err := tx.EpisodeOfEach(ctx, append(ids, "none", ids[0]))
			same(t, err, want, got)
			if *statements > 8 {
				t.Errorf("%d statements for 500 issues", *statements)
			}
			return nil
		})
	})
}
