package store_test

import (
	"context"
	"fmt"
	"testing"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// rowsIn counts a table.
func rowsIn(t testing.TB, s *store.Store, table string) (n int64) {
	t.Helper()
	view(t, s, func(ctx context.Context, tx *store.Tx) error {
		return tx.Select(ctx, `SELECT COUNT(*) FROM `+table, nil, func(scan func(...any) error) error { return scan(&n) })
	})
	return n
}

// TestSweepInPieces removes 12,000 old rows of the ledger, a piece at a time,
// and leaves the new ones; of the second table all rows share one time.
func TestSweepInPieces(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		projects(t, s, 2)
		fill(t, s, 12_000, func(ctx context.Context, tx *store.Tx, from, to int) error {
			var rows []store.Applied
			outcomes := errata.Outcomes{}
			for i := from; i < to; i++ {
				rows = append(rows, store.Applied{EventKey: store.EventKey{ProjectID: "1", EventID: hexID(fmt.Sprint(i))}, Class: 30, ReceivedAt: start + int64(i), Time: start})
				outcomes.Add(errata.OutcomeKey{ProjectID: fmt.Sprint(1 + i%2), Hour: start, Category: errata.CategoryError, Outcome: errata.Rejected, Reason: fmt.Sprint(i)}, 1, 1)
			}
			if _, err := tx.InsertApplied(ctx, rows); err != nil {
				return err
			}
			return tx.AddOutcomes(ctx, outcomes)
		})
		applied := sweepAll(t, s, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.SweepApplied(ctx, start+11_500) })
		if left := rowsIn(t, s, "event_applied"); left != 500 || applied < 3 {
			t.Errorf("%d rows left after %d pieces", left, applied)
		}
		sweepAll(t, s, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.SweepOutcomes(ctx, start) })
		if left := rowsIn(t, s, "outcome_hourly"); left != 12_000 {
			t.Errorf("%d outcomes left of 12,000 that are young enough", left)
		}
		sweepAll(t, s, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.SweepOutcomes(ctx, start+1) })
		if left := rowsIn(t, s, "outcome_hourly"); left != 0 {
			t.Errorf("%d outcomes left", left)
		}
	})
}

// fill writes n rows in transactions of 2,000.
func fill(t testing.TB, s *store.Store, n int, write func(ctx context.Context, tx *store.Tx, from, to int) error) {
	t.Helper()
	for from := 0; from < n; from += 2000 {
		change(t, s, func(ctx context.Context, tx *store.Tx) error { return write(ctx, tx, from, min(from+2000, n)) })
	}
}

// sweepAll sweeps until nothing is left and returns how many pieces it took.
func sweepAll(t testing.TB, s *store.Store, sweep func(context.Context, *store.Tx) (int64, error)) (pieces int) {
	t.Helper()
	for n := int64(-1); n != 0; {
		change(t, s, func(ctx context.Context, tx *store.Tx) (err error) { n, err = sweep(ctx, tx); return err })
		if pieces++; pieces > 1000 {
			t.Fatal("the sweep does not end")
		}
	}
	return pieces
}

func TestSweepSmallTables(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		projects(t, s, 1)
		addAccount(t, s, "u1", "a@x.org", "a")
		for i := range int64(4) {
			err := s.SaveSession(t.Context(), store.Session{ID: fmt.Sprint(i), Data: []byte{1}, CreatedAt: start, SeenAt: start, Expires: start + i})
			if err != nil {
				t.Fatal(err)
			}
			change(t, s, func(ctx context.Context, tx *store.Tx) error {
				if err := tx.CreateToken(ctx, errata.Token{ID: fmt.Sprint(i), Kind: "personal", UserID: "u1", Hash: fmt.Sprint(i), ExpiresAt: start + i}); err != nil {
					return err
				}
				if err := tx.AddProjectQuarters(ctx, map[store.Quarter]int64{{ProjectID: "1", Environment: fmt.Sprint(i), Start: start + i*hour/2}: 1}); err != nil {
					return err
				}
				_, err := tx.ParkLetter(ctx, store.DeadLetter{ID: fmt.Sprint(i), ProjectID: "1", EventID: fmt.Sprint(i), Reason: "poison", Payload: []byte{1}, LastAt: start + i})
				return err
			})
		}
		change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.RevokeToken(ctx, "3", start) })
		for table, c := range map[string]struct {
			left  int64
			sweep func(context.Context, *store.Tx) (int64, error)
		}{
			"session":   {2, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.SweepSessions(ctx, start+2) }},
			"api_token": {1, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.SweepTokens(ctx, start+2) }},
			"project_quarter": {2, func(ctx context.Context, tx *store.Tx) (int64, error) {
				return tx.SweepQuarters(ctx, start+hour+quarter)
			}},
			"dead_letter": {2, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.SweepLetters(ctx, start+2) }},
		} {
			sweepAll(t, s, c.sweep)
			if left := rowsIn(t, s, table); left != c.left {
				t.Errorf("%s: %d rows left, want %d", table, left, c.left)
			}
		}
		for _, table := range []string{"project_half", "environment_half", "project_environment"} {
			if left := rowsIn(t, s, table); left != 2 {
				t.Errorf("%s: %d rows left, want 2", table, left)
			}
		}
	})
}

// TestSweepIssues removes old counters of 1,100 issues, one of them with more
// rows than a piece may remove.
func TestSweepIssues(t *testing.T) {
	const issues, crowd = 1100, 12_000
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		projects(t, s, 2)
		id := func(i int) string { return fmt.Sprintf("issue-%05d", i) }
		fill(t, s, issues, func(ctx context.Context, tx *store.Tx, from, to int) error {
			hours, spans, users := map[store.IssueHour]int64{}, map[store.IssueIn]store.Span{}, map[store.IssueUser]int64{}
			for i := from; i < to; i++ {
				is := errata.Issue{ID: id(i), ProjectID: fmt.Sprint(1 + i%2), Number: int64(i)}
				is.Witness(errata.Sighting{Timestamp: start, ReceivedAt: start})
				if err := tx.CreateIssue(ctx, is, store.IssueKeys{}); err != nil {
					return err
				}
				for k := range int64(2) { // 0 is old, 1 is new
					hours[store.IssueHour{IssueID: is.ID, Hour: start + k*hour, Environment: "e"}] = 1
					spans[store.IssueIn{IssueID: is.ID, Name: fmt.Sprint(k)}] = store.Span{First: start, Last: start + k*hour, Events: 1}
					users[store.IssueUser{IssueID: is.ID, UserHash: fmt.Sprint(k)}] = 100 + k
				}
			}
			if err := tx.AddIssueHours(ctx, hours); err != nil {
				return err
			}
			if err := tx.AddIssueEnvs(ctx, spans); err != nil {
				return err
			}
			if err := tx.AddIssueReleases(ctx, spans); err != nil {
				return err
			}
			_, err := tx.AddIssueUsers(ctx, users)
			return err
		})
		fill(t, s, crowd, func(ctx context.Context, tx *store.Tx, from, to int) error {
			users := map[store.IssueUser]int64{}
			for i := from; i < to; i++ {
				users[store.IssueUser{IssueID: id(500), UserHash: fmt.Sprint("crowd", i)}] = 7
			}
			_, err := tx.AddIssueUsers(ctx, users)
			return err
		})
		what := store.IssueSweep{Hours: start + 1, Spans: start + 1, Users: map[string]int64{"1": 101, "2": 100}} // project 2 keeps users a day longer
		next, most, pieces := "", int64(0), 0
		for {
			change(t, s, func(ctx context.Context, tx *store.Tx) error {
				n, swept, err := tx.SweepIssues(ctx, what, next)
				next, most = n, max(most, swept)
				return err
			})
			if pieces++; next == "" || pieces > 100 {
				break
			}
		}
		if most > store.MaxSwept || pieces < 4 {
			t.Errorf("%d pieces, the largest %d rows", pieces, most)
		}
		// issue 500 is of project 1: its crowd is gone.
		for table, want := range map[string]int64{"issue_hour": issues, "issue_env": issues, "issue_release": issues, "issue_user": issues + issues/2} {
			if left := rowsIn(t, s, table); left != want {
				t.Errorf("%s: %d rows left, want %d", table, left, want)
			}
		}
	})
}
