package store_test

import (
	"context"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// recount is what a fold over events says must stand in the tables.
type recount struct {
	Events, Users       map[string]int64 // by issue
	First, Last         map[string]int64
	Hours               map[store.IssueHour]int64
	Envs, Releases      map[store.IssueIn]store.Span
	Quarters            map[store.Quarter]int64
	Stored, Fingerprint int64
}

func newRecount() recount {
	return recount{
		Events: map[string]int64{}, Users: map[string]int64{}, First: map[string]int64{}, Last: map[string]int64{},
		Hours: map[store.IssueHour]int64{}, Quarters: map[store.Quarter]int64{},
		Envs: map[store.IssueIn]store.Span{}, Releases: map[store.IssueIn]store.Span{},
	}
}

// fold counts events by id, each once.
func fold(events []event) recount {
	r := newRecount()
	seen, users, groups := map[store.EventKey]bool{}, map[store.IssueUser]bool{}, map[store.FingerprintKey]bool{}
	for _, e := range events {
		if seen[e.key()] {
			continue
		}
		seen[e.key()], groups[e.group()] = true, true
		id := issueID(e.group())
		r.Stored++
		if u := (store.IssueUser{IssueID: id, UserHash: e.who}); e.who != "" && !users[u] {
			users[u] = true
			r.Users[id]++
		}
		if r.Events[id]++; r.Events[id] == 1 || e.time < r.First[id] {
			r.First[id] = e.time
		}
		r.Last[id] = max(r.Last[id], e.time)
		r.Hours[store.IssueHour{IssueID: id, Hour: e.time - e.time%hour, Environment: e.environment}]++
		env, rel := store.IssueIn{IssueID: id, Name: e.environment}, store.IssueIn{IssueID: id, Name: e.release}
		r.Envs[env], r.Releases[rel] = r.Envs[env].Add(e.time), r.Releases[rel].Add(e.time)
		r.Quarters[store.Quarter{ProjectID: e.project, Start: e.time - e.time%quarter, Environment: e.environment, Severity: e.severity, Level: e.level}]++
	}
	r.Fingerprint = int64(len(groups))
	return r
}

// read counts what the tables say.
func read(t testing.TB, s *store.Store) recount {
	t.Helper()
	r := newRecount()
	spans := func(into map[store.IssueIn]store.Span) func(func(...any) error) error {
		return func(scan func(...any) error) error {
			var k store.IssueIn
			var v store.Span
			err := scan(&k.IssueID, &k.Name, &v.First, &v.Last, &v.Events)
			into[k] = v
			return err
		}
	}
	view(t, s, func(ctx context.Context, tx *store.Tx) error {
		for text, each := range map[string]func(func(...any) error) error{
			`SELECT id, events, users, first_seen, last_seen FROM issue`: func(scan func(...any) error) error {
				var id string
				var events, users, first, last int64
				err := scan(&id, &events, &users, &first, &last)
				r.Events[id], r.First[id], r.Last[id] = events, first, last
				if users > 0 {
					r.Users[id] = users
				}
				return err
			},
			`SELECT issue_id, hour, environment, events FROM issue_hour`: func(scan func(...any) error) error {
				var k store.IssueHour
				var n int64
				err := scan(&k.IssueID, &k.Hour, &k.Environment, &n)
				r.Hours[k] = n
				return err
			},
			`SELECT issue_id, environment, first_seen, last_seen, events FROM issue_env`: spans(r.Envs),
			`SELECT issue_id, release, first_seen, last_seen, events FROM issue_release`: spans(r.Releases),
			`SELECT project_id, quarter, environment, severity, level, events FROM project_quarter`: func(scan func(...any) error) error {
				var k store.Quarter
				var n int64
				err := scan(&k.ProjectID, &k.Start, &k.Environment, &k.Severity, &k.Level, &n)
				r.Quarters[k] = n
				return err
			},
			`SELECT COUNT(*) FROM issue_fingerprint`: func(scan func(...any) error) error { return scan(&r.Fingerprint) },
		} {
			if err := tx.Select(ctx, text, nil, each); err != nil {
				return err
			}
		}
		sums, err := tx.Outcomes(ctx, store.OutcomeSum{Scope: store.Scope{All: true}, From: 0, To: 1 << 62})
		r.Stored = sums[errata.OutcomeKey{Category: errata.CategoryError, Outcome: errata.Stored, Reason: "full"}].Items
		return err
	})
	return r
}

// projects makes the projects 1 … n that traffic speaks of.
func projects(t testing.TB, s *store.Store, n int) {
	t.Helper()
	for i := range n {
		addProject(t, s, "service-"+string(rune('a'+i)))
	}
}

// TestApply counts batches, some twice and some overlapping, and compares every
// table with a fold over the events.
func TestApply(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		projects(t, s, 4)
		tr := newTraffic(4, 60, 200, hour/50)
		var all []event
		for n := range 12 {
			batch := tr.batch(100 + n)
			if n > 0 {
				batch = append(batch, all[len(all)-20:]...) // sent again, in another batch
			}
			all = append(all, batch...)
			applyOnce(t, s, batch, n)
			applyOnce(t, s, batch, n) // delivered again
		}
		if d := cmp.Diff(fold(all), read(t, s)); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
		checkNumbers(t, s)
		checkNewest(t, s, all)
	})
}

// checkNumbers asks that each project's issues are numbered 1 … n.
func checkNumbers(t *testing.T, s *store.Store) {
	t.Helper()
	view(t, s, func(ctx context.Context, tx *store.Tx) error {
		return tx.Select(ctx, `SELECT project_id, COUNT(*), MIN(number), MAX(number) FROM issue GROUP BY project_id`, nil,
			func(scan func(...any) error) error {
				var project string
				var n, lo, hi int64
				err := scan(&project, &n, &lo, &hi)
				if lo != 1 || hi != n {
					t.Errorf("project %s: %d issues numbered %d to %d", project, n, lo, hi)
				}
				return err
			})
	})
}

// checkNewest compares every issue with what Witness makes of its events.
func checkNewest(t *testing.T, s *store.Store, all []event) {
	t.Helper()
	want, seen := map[string]*errata.Issue{}, map[store.EventKey]bool{}
	for _, e := range all {
		if seen[e.key()] {
			continue
		}
		seen[e.key()] = true
		id := issueID(e.group())
		if want[id] == nil {
			want[id] = &errata.Issue{ID: id, ProjectID: e.project}
		}
		want[id].Witness(e.sighting())
	}
	var ids []string
	for id := range want {
		ids = append(ids, id)
	}
	view(t, s, func(ctx context.Context, tx *store.Tx) error {
		got, err := tx.IssuesByID(ctx, append(ids, "unknown"))
		for id, w := range want {
			g := got[id]
			w.Number, w.Users = g.Number, g.Users // compared elsewhere
			if d := cmp.Diff(*w, g); d != "" {
				t.Errorf("issue %s (-want +got):\n%s", id, d)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d issues, want %d", len(got), len(want))
		}
		return err
	})
}

// TestApplyAtOnce lets four workers count the same events in other batches and
// another order.
func TestApplyAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		projects(t, s, 3)
		events := newTraffic(3, 40, 50, hour/50).batch(600)
		const workers = 4
		errs := make(chan error, workers)
		for w := range workers {
			go func() {
				mine := slices.Concat(events[w*150:], events[:w*150])
				var failed error
				for i, batch := range slices.Collect(slices.Chunk(mine, 100)) {
					name := hexID("batch " + strconv.Itoa(w) + " " + strconv.Itoa(i))
					// Workers claim for issues of their own making; who wins decides.
					own := func(k store.FingerprintKey) string { return hexID(strconv.Itoa(w) + issueID(k)) }
					err := s.InTx(t.Context(), func(tx *store.Tx) error { return apply(t.Context(), tx, name, batch, own) })
					if err != nil {
						failed = err
					}
				}
				errs <- failed
			}()
		}
		for range workers {
			if err := <-errs; err != nil {
				t.Fatal(err)
			}
		}
		want, got := fold(events), read(t, s)
		if want.Stored != got.Stored || want.Fingerprint != got.Fingerprint || len(want.Events) != len(got.Events) {
			t.Errorf("stored %d, fingerprints %d, issues %d; want %d, %d, %d", got.Stored, got.Fingerprint, len(got.Events),
				want.Stored, want.Fingerprint, len(want.Events))
		}
		for name, sums := range map[string][2]int64{
			"events": {sum(want.Events), sum(got.Events)}, "users": {sum(want.Users), sum(got.Users)},
			"hours": {sum(want.Hours), sum(got.Hours)}, "quarters": {sum(want.Quarters), sum(got.Quarters)},
		} {
			if sums[0] != sums[1] {
				t.Errorf("%s: %d, want %d", name, sums[1], sums[0])
			}
		}
		checkNumbers(t, s)
	})
}

func sum[K comparable](m map[K]int64) (n int64) {
	for _, v := range m {
		n += v
	}
	return n
}

// TestLateUpdateLosesNothing writes two changes that were decided on the same
// state: the second to write must not undo the first.
func TestLateUpdateLosesNothing(t *testing.T) {
	sight := func(id string, at int64, severity errata.Severity, score int64, title string) errata.Sighting {
		return errata.Sighting{
			Ref: errata.Ref{Project: "1", EventID: id, Time: at, Class: 30}, Timestamp: at, ReceivedAt: at + 5, Severity: severity,
			Title: title, Level: errata.LevelError, Release: title, Score: score,
		}
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		projects(t, s, 1)
		first := errata.Issue{ID: "i1", ProjectID: "1", Number: 1}
		first.Witness(sight("e0", start, errata.P3, 2, "zero"))
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.CreateIssue(ctx, first, store.IssueKeys{Words: " zero "})
		})
		newer, older := first, first
		newer.Witness(sight("e2", start+20, errata.P1, 4, "two"))
		newer.Users++
		older.Witness(sight("e1", start-10, errata.P2, 3, "one"))
		older.Witness(sight("e3", start+10, errata.P3, 3, "one"))
		for _, after := range []errata.Issue{newer, older} {
			change(t, s, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.UpdateIssues(ctx, []store.IssueChange{{Before: first, After: after, Keys: store.IssueKeys{Words: " " + after.Title + " "}}})
				return err
			})
		}
		want := newer
		want.Events, want.FirstSeen, want.FirstRelease = 4, start-10, "one"
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.IssueByID(ctx, "i1")
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			return err
		})
	})
}

// TestFasterState lets the first of two decide that were made on one version.
func TestFasterState(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		before := errata.Issue{ID: "i1", ProjectID: "1", Number: 1}
		before.Witness(errata.Sighting{Timestamp: start, ReceivedAt: start, Severity: errata.P2})
		first, second := before, before
		first.Severity, first.SeverityLocked, first.AssigneeID, first.Version = errata.P1, true, "7", before.Version+1
		second.Status, second.OpenedAt, second.IgnoreReason, second.Version = errata.Ignored, 0, "noise", before.Version+1
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.CreateIssue(ctx, before, store.IssueKeys{}); err != nil {
				return err
			}
			for i, want := range []bool{true, false} {
				if did, err := tx.UpdateIssueState(ctx, before.Version, []errata.Issue{first, second}[i]); did != want || err != nil {
					t.Errorf("change %d: %v %v, want %v", i, did, err, want)
				}
			}
			counted := before
			counted.Events++
			now, err := tx.UpdateIssues(ctx, []store.IssueChange{{Before: before, After: counted}})
			if err != nil {
				return err
			}
			want := first
			want.Events++
			if d := cmp.Diff(want, now["i1"]); d != "" {
				t.Error(d)
			}
			return nil
		})
	})
}

// TestClaimWithoutEvent gives the fingerprint back when another batch had
// counted the only event.
func TestClaimWithoutEvent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		key := store.FingerprintKey{ProjectID: "1", Fingerprint: "f"}
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			won, err := tx.ClaimFingerprints(ctx, []store.Fingerprint{{FingerprintKey: key, IssueID: "i1", Version: "g1", Why: "{}", CreatedAt: start}})
			if !won[key] || err != nil {
				t.Errorf("not won: %v", err)
			}
			again, err := tx.ClaimFingerprints(ctx, []store.Fingerprint{{FingerprintKey: key, IssueID: "i2", Version: "g1", Why: "{}"}})
			if again[key] || err != nil {
				t.Errorf("won twice: %v", err)
			}
			of, err := tx.FingerprintsOf(ctx, "i1")
			if d := cmp.Diff([]store.Fingerprint{{FingerprintKey: key, IssueID: "i1", Version: "g1", Why: "{}", CreatedAt: start}}, of); d != "" || err != nil {
				t.Error(d, err)
			}
			if err := tx.ReleaseFingerprints(ctx, []store.FingerprintKey{key}); err != nil {
				return err
			}
			homes, err := tx.Fingerprints(ctx, []store.FingerprintKey{key})
			if len(homes) != 0 {
				t.Errorf("still there: %v", homes)
			}
			return err
		})
	})
}
