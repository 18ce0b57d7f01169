package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// manyJobs puts in more jobs than anybody may ask for.
func manyJobs(n int) string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf("('j%03d', 'export', 'queued', 'u', 1, 1)", i)
	}
	return `INSERT INTO job (id, kind, state, owner_id, run_after, created_at) VALUES ` + strings.Join(rows, ", ")
}

func TestEveryJobIsClaimedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const n = 400
		err := s.InTx(t.Context(), func(tx *store.Tx) error {
			tx.System("test")
			_, err := tx.Change(t.Context(), manyJobs(n))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		claimed := map[string]int{}
		var workers sync.WaitGroup
		for w := range 4 {
			workers.Go(func() {
				for turn := 0; ; turn++ {
					var got []errata.Job
					err := s.InTx(t.Context(), func(tx *store.Tx) (err error) {
						tx.System("test")
						got, err = tx.ClaimJobs(t.Context(), store.Claim{
							Kinds: []errata.JobKind{errata.JobExport}, Holder: fmt.Sprintf("w%d/%d", w, turn), TTL: 60e6, Limit: 4, At: 1,
						})
						return err
					})
					if err != nil {
						t.Error(err)
						return
					}
					if len(got) == 0 {
						return
					}
					mu.Lock()
					for _, j := range got {
						claimed[j.ID]++
					}
					mu.Unlock()
				}
			})
		}
		workers.Wait()
		if len(claimed) != n {
			t.Errorf("%d of %d jobs were claimed", len(claimed), n)
		}
		for id, times := range claimed {
			if times != 1 {
				t.Errorf("%s was claimed %d times", id, times)
			}
		}
	})
}
