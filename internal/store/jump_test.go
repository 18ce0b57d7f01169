package store_test

import (
	"fmt"
	"testing"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// BenchmarkJump is what the palette costs among 50,000 issues: a hit, and a
// word that nothing holds.
func BenchmarkJump(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *store.Store{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			s := open(b)
			fillIssues(b, s, 50_000)
			for what, word := range map[string]string{"hit": "kind49", "miss": "zebra"} {
				b.Run(what, func(b *testing.B) {
					partstest.Measured(b, func(int) error {
						return s.View(b.Context(), func(tx *store.Tx) error {
							_, err := tx.JumpIssues(b.Context(), store.Scope{Projects: []string{"1"}}, []string{"timeout", word}, 8)
							return err
						})
					})
				})
			}
		})
	}
}

func fillIssues(b *testing.B, s *store.Store, n int) {
	b.Helper()
	for from := 0; from < n; from += 2000 {
		err := s.InTx(b.Context(), func(tx *store.Tx) error {
			tx.System("bench")
			for k := from; k < from+2000; k++ {
				if k == 0 {
					if _, err := tx.CreateProject(b.Context(), errata.Project{Slug: "shop", Name: "shop", CreatedBy: "1"}); err != nil {
						return err
					}
				}
				i := errata.Issue{ID: fmt.Sprintf("i%06d", k), ProjectID: "1", Number: int64(k + 1)}
				at := start + int64(k)*1e6
				i.Witness(errata.Sighting{Timestamp: at, ReceivedAt: at, Severity: errata.P2, Ref: errata.Ref{EventID: "e"}, Title: "TimeoutError: a backend is slow"})
				words := fmt.Sprintf(" timeouterror timeout a backend of the shop is slow kind%d shop payments gateway capture ", k%100)
				if err := tx.CreateIssue(b.Context(), i, store.IssueKeys{Words: words}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
