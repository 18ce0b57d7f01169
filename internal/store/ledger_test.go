package store_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

func TestLedger(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		one := store.Applied{EventKey: store.EventKey{ProjectID: "1", EventID: "e"}, IssueID: "i1", Class: 30, ReceivedAt: start + 1, Time: start}
		two := store.Applied{EventKey: store.EventKey{ProjectID: "2", EventID: "e"}, IssueID: "i2", Class: 90, ReceivedAt: start + 2, Time: start}
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			first, err := tx.ApplyBatch(ctx, "b", start)
			if !first || err != nil {
				t.Errorf("first: %v, %v", first, err)
			}
			if second, err := tx.ApplyBatch(ctx, "b", start); second || err != nil {
				t.Errorf("second: %v, %v", second, err)
			}
			fresh, err := tx.InsertApplied(ctx, []store.Applied{two, one})
			if len(fresh) != 2 || err != nil {
				t.Errorf("fresh: %v, %v", fresh, err)
			}
			fresh, err = tx.InsertApplied(ctx, []store.Applied{one})
			if len(fresh) != 0 {
				t.Errorf("fresh again: %v", fresh)
			}
			return err
		})
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			both, err := tx.AppliedIn(ctx, []string{"2", "3", "1"}, "e")
			if d := cmp.Diff([]store.Applied{one, two}, both); d != "" || err != nil {
				t.Error(d, err)
			}
			got, found, err := tx.AppliedEvent(ctx, "2", "e")
			if got != two || !found || err != nil {
				t.Errorf("got %+v, %v, %v", got, found, err)
			}
			if want := (errata.Ref{Project: "2", EventID: "e", Time: start, Class: 90}); got.Ref() != want {
				t.Errorf("ref %+v", got.Ref())
			}
			_, found, err = tx.AppliedEvent(ctx, "", "e")
			if found {
				t.Error("found without a project")
			}
			return err
		})
	})
}

func TestReleases(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		release := func(id, version string, at int64) errata.Release {
			pkg, v := errata.ParseRelease(version)
			return errata.Release{ID: id, ProjectID: "1", Version: version, Package: pkg, Semver: v, FirstSeen: at}
		}
		a, b := release("r1", "shop@1.2.3-rc.1", start+9), release("r2", "7f3c2a", start+5)
		change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.SeeReleases(ctx, []errata.Release{a, b}) })
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.SeeReleases(ctx, []errata.Release{release("r3", a.Version, start+7), release("r4", b.Version, start+50)})
		})
		a.FirstSeen = start + 7
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.Releases(ctx, "1", 10)
			if d := cmp.Diff([]errata.Release{a, b}, got); d != "" {
				t.Error(d)
			}
			return err
		})
	})
}

func TestOutcomes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		projects(t, s, 2)
		key := func(project string, h int64, o errata.Outcome, reason string) errata.OutcomeKey {
			return errata.OutcomeKey{ProjectID: project, Hour: h, Category: errata.CategoryError, Outcome: o, Reason: reason}
		}
		counts := errata.Outcomes{}
		counts.Add(key("1", start, errata.Stored, "full"), 3, 300)
		counts.Add(key("1", start+hour, errata.Stored, "full"), 5, 500)
		counts.Add(key("2", start, errata.Stored, "full"), 7, 700)
		counts.Add(key("2", start, errata.Rejected, "bad_json"), 1, 10)
		for range 2 {
			change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.AddOutcomes(ctx, counts) })
		}
		for name, c := range map[string]struct {
			sum  store.OutcomeSum
			want errata.Outcomes
		}{
			"all": {
				store.OutcomeSum{Scope: store.Scope{All: true}, From: start, To: start + 2*hour},
				errata.Outcomes{key("", 0, errata.Stored, "full"): {Items: 30, Bytes: 3000}, key("", 0, errata.Rejected, "bad_json"): {Items: 2, Bytes: 20}},
			},
			"one hour": {
				store.OutcomeSum{Scope: store.Scope{All: true}, From: start + hour, To: start + 2*hour},
				errata.Outcomes{key("", 0, errata.Stored, "full"): {Items: 10, Bytes: 1000}},
			},
			"by project": {
				store.OutcomeSum{Scope: store.Scope{Projects: []string{"2"}}, From: start, To: start + 2*hour, ByProject: true},
				errata.Outcomes{key("2", 0, errata.Stored, "full"): {Items: 14, Bytes: 1400}, key("2", 0, errata.Rejected, "bad_json"): {Items: 2, Bytes: 20}},
			},
			"by hour": {
				store.OutcomeSum{Scope: store.Scope{Projects: []string{"1"}}, From: start, To: start + 2*hour, ByHour: true},
				errata.Outcomes{key("", start, errata.Stored, "full"): {Items: 6, Bytes: 600}, key("", start+hour, errata.Stored, "full"): {Items: 10, Bytes: 1000}},
			},
			"nothing to see": {store.OutcomeSum{From: start, To: start + 2*hour}, errata.Outcomes{}},
		} {
			view(t, s, func(ctx context.Context, tx *store.Tx) error {
				got, err := tx.Outcomes(ctx, c.sum)
				if d := cmp.Diff(c.want, got); d != "" {
					t.Errorf("%s:\n%s", name, d)
				}
				return err
			})
		}
	})
}

func TestLetters(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		letter := func(id, project, event, reason string, at int64) store.DeadLetter {
			return store.DeadLetter{
				ID: id, ProjectID: project, EventID: event, Reason: reason, Error: "no", Tries: 8, State: store.LetterParked,
				Payload: []byte("zstd " + id), FirstAt: at, LastAt: at,
			}
		}
		a, b, c := letter("a", "1", "e1", "poison", start), letter("b", "1", "e2", "mapping", start+1), letter("c", "2", "e1", "poison", start+1)
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			for _, l := range []store.DeadLetter{a, b, c} {
				if fresh, err := tx.ParkLetter(ctx, l); !fresh || err != nil {
					t.Errorf("%s: %v, %v", l.ID, fresh, err)
				}
			}
			again := letter("d", "1", "e1", "attempts", start+9)
			again.SQLApplied, again.Error = true, longText(400)
			fresh, err := tx.ParkLetter(ctx, again)
			if fresh || err != nil {
				t.Errorf("parked twice: %v, %v", fresh, err)
			}
			again.SQLApplied = false
			_, err = tx.ParkLetter(ctx, again)
			return err
		})
		a.Reason, a.Tries, a.LastAt, a.SQLApplied, a.Error, a.Payload = "attempts", 24, start+9, true, longText(300), []byte("zstd d")
		bare := func(l store.DeadLetter) store.DeadLetter { l.Payload = nil; return l }
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.Letter(ctx, "a")
			if d := cmp.Diff(a, got); d != "" || err != nil {
				t.Error(d, err)
			}
			if _, err := tx.Letter(ctx, "z"); errata.CodeOf(err) != errata.NotFound {
				t.Errorf("unknown: %v", err)
			}
			for name, c := range map[string]struct {
				f    store.LetterFilter
				want []store.DeadLetter
			}{
				"newest first": {store.LetterFilter{Size: 9}, []store.DeadLetter{bare(a), bare(c), bare(b)}},
				"page one":     {store.LetterFilter{Size: 2}, []store.DeadLetter{bare(a), bare(c)}},
				"page two":     {store.LetterFilter{Size: 2, After: store.LetterCursor{LastAt: start + 1, ID: "c"}}, []store.DeadLetter{bare(b)}},
				"project":      {store.LetterFilter{Size: 9, ProjectID: "2"}, []store.DeadLetter{bare(c)}},
				"reason":       {store.LetterFilter{Size: 9, Reason: "mapping"}, []store.DeadLetter{bare(b)}},
			} {
				list, err := tx.Letters(ctx, c.f)
				if d := cmp.Diff(c.want, list); d != "" || err != nil {
					t.Errorf("%s: %v\n%s", name, err, d)
				}
			}
			counts, err := tx.CountLetters(ctx)
			want := []store.LetterCount{{"1", "attempts", 1}, {"1", "mapping", 1}, {"2", "poison", 1}}
			if d := cmp.Diff(want, counts); d != "" {
				t.Error(d)
			}
			return err
		})
	})
}

func longText(n int) string {
	out := make([]rune, n)
	for i := range out {
		out[i] = 'ä'
	}
	return string(out)
}
