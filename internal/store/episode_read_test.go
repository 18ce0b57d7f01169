package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// someEpisodes writes issues of three projects with up to four episodes each,
// one after the other, and returns the episodes.
func someEpisodes(t testing.TB, s *store.Store, issues int) (out []errata.Episode) {
	t.Helper()
	projects(t, s, 3)
	r := rand.New(rand.NewPCG(7, 7))
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		out = nil
		for i := range issues {
			is := errata.Issue{
				ID: hexID(fmt.Sprint("episodic ", i)), ProjectID: strconv.Itoa(1 + i%3), Number: int64(i + 1), Title: "t", Level: errata.LevelError,
				Status: errata.Open, Reason: errata.ReasonNew, Severity: errata.Severity(i % 4), FirstSeen: start, LastSeen: start, LastReceived: start,
				OpenedAt: start, EpisodeSeq: 1, Version: 1, Events: 1,
			}
			if err := tx.CreateIssue(ctx, is, store.IssueKeys{Words: " t "}); err != nil {
				return err
			}
			at := start + r.Int64N(30*day)
			for seq := int64(1); seq < 5; seq++ {
				e := episode(r, is, seq, &at)
				if err := tx.CreateEpisode(ctx, e); err != nil {
					return err
				}
				out = append(out, e)
				if at += r.Int64N(10 * day); e.ClosedAt == 0 {
					break
				}
			}
		}
		return nil
	})
	return out
}

func episode(r *rand.Rand, is errata.Issue, seq int64, at *int64) errata.Episode {
	e := errata.Episode{
		ID: hexID(fmt.Sprint(is.ID, seq)), IssueID: is.ID, ProjectID: is.ProjectID, Seq: seq, OpenReason: errata.ReasonNew,
		Environment: []string{"production", "staging"}[r.IntN(2)], Release: "1." + strconv.Itoa(r.IntN(3)), FirstEventAt: *at - 1, OpenedAt: *at,
		SeverityOpen: is.Severity, SeverityPeak: is.Severity, Events: 1, Imported: r.IntN(9) == 0,
	}
	if seq > 1 {
		e.OpenReason = []errata.Reason{errata.ReasonRegressed, errata.ReasonReopened}[r.IntN(2)]
	}
	if r.IntN(4) > 0 {
		*at += r.Int64N(2 * day)
		e.RespondedAt, e.ResponseKind, e.RespondedBy = *at, errata.RespondedAck, "2"
		if r.IntN(2) == 0 {
			*at += r.Int64N(day)
			e.AckedAt, e.AckedBy = *at, "2"
		}
	}
	*at += r.Int64N(6 * day)
	switch r.IntN(4) {
	case 0:
		return e
	case 1:
		e.ClosedAt, e.CloseReason = *at, errata.ClosedIgnored
	default:
		e.ClosedAt, e.CloseReason, e.ResolvedAt, e.ResolutionKind, e.ResolvedBy = *at, errata.ClosedResolved, *at, errata.ResolutionNow, "2"
	}
	return e
}

// timeOf returns one time of an episode.
func timeOf(e errata.Episode, t store.EpisodeTime) int64 {
	return map[store.EpisodeTime]int64{
		store.EpisodeOpened: e.OpenedAt, store.EpisodeAlerted: e.AlertedAt, store.EpisodeResponded: e.RespondedAt,
		store.EpisodeAcked: e.AckedAt, store.EpisodeResolved: e.ResolvedAt, store.EpisodeClosed: e.ClosedAt,
	}[t]
}

func TestEpisodesOfASpan(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		all := someEpisodes(t, s, 200)
		for name, c := range map[string]struct {
			scope store.Scope
			span  store.EpisodeSpan
		}{
			"answered":      {store.Scope{All: true}, store.EpisodeSpan{Times: []store.EpisodeTime{store.EpisodeResponded}}},
			"everything":    {store.Scope{All: true}, store.EpisodeSpan{Times: []store.EpisodeTime{store.EpisodeResponded, store.EpisodeResolved, store.EpisodeClosed}, Open: true}},
			"explicit":      {store.Scope{Projects: []string{"1", "3"}}, store.EpisodeSpan{Times: []store.EpisodeTime{store.EpisodeAcked, store.EpisodeClosed}}},
			"opened":        {store.Scope{Projects: []string{"2"}}, store.EpisodeSpan{Times: []store.EpisodeTime{store.EpisodeOpened}, Open: true}},
			"never alerted": {store.Scope{All: true}, store.EpisodeSpan{Times: []store.EpisodeTime{store.EpisodeAlerted}}},
			"open only":     {store.Scope{All: true}, store.EpisodeSpan{Open: true}},
			"nobody's":      {store.Scope{}, store.EpisodeSpan{Times: []store.EpisodeTime{store.EpisodeOpened}, Open: true}},
		} {
			t.Run(name, func(t *testing.T) {
				c.span.From, c.span.To = start+10*day, start+20*day
				want := map[string]errata.Episode{}
				for _, e := range all {
					in := c.span.Open && e.ClosedAt == 0
					for _, at := range c.span.Times {
						in = in || timeOf(e, at) >= c.span.From && timeOf(e, at) < c.span.To
					}
					if in && (c.scope.All || slices.Contains(c.scope.Projects, e.ProjectID)) {
						want[e.ID] = e
					}
				}
				got, narrow := map[string]errata.Episode{}, 0
				view(t, s, func(ctx context.Context, tx *store.Tx) error {
					err := tx.Episodes(ctx, store.EpisodeFilter{Scope: c.scope, Words: true}, c.span, func(r *store.EpisodeRow) error {
						if _, twice := got[r.ID]; twice {
							t.Errorf("%s comes twice", r.ID)
						}
						got[r.ID] = r.Episode
						return nil
					})
					if err != nil {
						return err
					}
					return tx.Episodes(ctx, store.EpisodeFilter{Scope: c.scope}, c.span, func(*store.EpisodeRow) error { narrow++; return nil })
				})
				for id, e := range want { // what is not read
					e.OpenEventID = ""
					want[id] = e
				}
				if d := gocmp.Diff(want, got); d != "" || narrow != len(want) {
					t.Errorf("%d without words (-want +got):\n%s", narrow, d)
				}
			})
		}
	})
}

func TestFollowedEpisodes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		all := someEpisodes(t, s, 200)
		from, to := start+5*day, start+40*day
		want := map[string]errata.Reason{}
		for i, e := range all {
			if i > 0 && all[i-1].IssueID == e.IssueID && e.OpenedAt >= from && e.OpenedAt < to && e.OpenReason != errata.ReasonNew {
				want[all[i-1].ID] = e.OpenReason
			}
		}
		got := map[string]errata.Reason{}
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.FollowedEpisodes(ctx, store.EpisodeFilter{Scope: store.Scope{All: true}, Words: true}, from, to, func(r *store.EpisodeRow) error {
				got[r.ID] = r.Next
				return nil
			})
		})
		if d := gocmp.Diff(want, got); d != "" || len(want) == 0 {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

func TestEpisodeListPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		all := someEpisodes(t, s, 150)
		for _, p := range []store.EpisodePage{
			{Time: store.EpisodeResponded, From: start, To: start + 100*day, Size: 7},
			{Time: store.EpisodeClosed, From: start + 10*day, To: start + 20*day, Size: 50},
			{Open: true, Time: store.EpisodeOpened, Size: 5},
		} {
			var want []string
			sorted := slices.Clone(all)
			slices.SortFunc(sorted, func(a, b errata.Episode) int {
				if p.Open {
					return compareTwo(a.OpenedAt, b.OpenedAt, a.ID, b.ID)
				}
				return -compareTwo(timeOf(a, p.Time), timeOf(b, p.Time), a.ID, b.ID)
			})
			for _, e := range sorted {
				if at := timeOf(e, p.Time); p.Open && e.ClosedAt == 0 || !p.Open && at >= p.From && at < p.To {
					want = append(want, e.ID)
				}
			}
			var got []string
			for more := true; more; {
				view(t, s, func(ctx context.Context, tx *store.Tx) error {
					rows, err := tx.EpisodeList(ctx, store.EpisodeFilter{Scope: store.Scope{All: true}, Owner: true}, p)
					for _, r := range rows {
						got = append(got, r.ID)
						p.ID, p.At = r.ID, timeOf(r.Episode, p.Time)
					}
					more = len(rows) == p.Size
					return err
				})
			}
			if d := gocmp.Diff(want, got); d != "" || len(want) == 0 {
				t.Errorf("%+v (-want +got):\n%s", p, d)
			}
		}
	})
}

func compareTwo(a, b int64, x, y string) int {
	switch {
	case a != b && a < b, a == b && x < y:
		return -1
	case a == b && x == y:
		return 0
	}
	return 1
}

func TestTargetsOfAProjectComeFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Change(ctx, `INSERT INTO target (project_id, severity, ack_us, resolve_us) VALUES ('2', 0, 60, NULL)`)
			return err
		})
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			all, err := tx.Targets(ctx)
			got := []errata.Target{all.Of("1", errata.P0), all.Of("2", errata.P0), all.Of("2", errata.P1), all.Of("1", errata.P3)}
			want := []errata.Target{
				{Severity: errata.P0, Ack: 900e6, Resolve: 14_400e6},
				{ProjectID: "2", Severity: errata.P0, Ack: 60},
				{Severity: errata.P1, Ack: 3600e6, Resolve: 86_400e6},
				{Severity: errata.P3},
			}
			if d := gocmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			return err
		})
	})
}

func TestMovesKnowTheSeverity(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		projects(t, s, 1)
		is := errata.Issue{
			ID: hexID("mover"), ProjectID: "1", Number: 1, Title: "t", Level: errata.LevelError, Status: errata.Acknowledged, Reason: errata.ReasonNew,
			Severity: errata.P0, FirstSeen: start, LastSeen: start, LastReceived: start, OpenedAt: start, EpisodeSeq: 1, Version: 4, Events: 1,
		}
		rows := []errata.Transition{
			{Rule: errata.RuleNew, To: errata.Open, At: start},
			{Rule: errata.RuleField, From: errata.Open, To: errata.Open, At: start + hour, Detail: map[string][2]string{"severity": {"P2", "P1"}}},
			{Rule: errata.RuleAcknowledge, From: errata.Open, To: errata.Acknowledged, At: start + 2*hour, Detail: map[string][2]string{"assignee": {"", "2"}}},
			{Rule: errata.RuleField, From: errata.Acknowledged, To: errata.Acknowledged, At: start + 3*hour, Detail: map[string][2]string{"severity": {"P1", "P0"}}},
		}
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.CreateIssue(ctx, is, store.IssueKeys{Words: " t "}); err != nil {
				return err
			}
			for i, r := range rows {
				r.ID, r.IssueID, r.ProjectID, r.Seq, r.EpisodeSeq = hexID(fmt.Sprint("row ", i)), is.ID, "1", int64(i+1), 1
				r.ActorKind, r.ActorID, r.Via = errata.ActorSystem, "test", "cli"
				if err := tx.CreateTransition(ctx, r); err != nil {
					return err
				}
			}
			return tx.PutStatusHours(ctx, "1", start, start+hour, map[store.StatusHour]int64{{Hour: start, Standing: store.Standing{Status: errata.Open}}: 3})
		})
		stand := func(s errata.Status, sev errata.Severity) store.Standing {
			return store.Standing{Status: s, Severity: sev}
		}
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			moves, err := tx.Moves(ctx, "1", start)
			want := []store.Move{
				{At: start + 3*hour, From: stand(errata.Acknowledged, errata.P1), To: stand(errata.Acknowledged, errata.P0)},
				{At: start + 2*hour, From: stand(errata.Open, errata.P1), To: stand(errata.Acknowledged, errata.P1)},
				{At: start + hour, From: stand(errata.Open, errata.P2), To: stand(errata.Open, errata.P1)},
				{At: start, From: stand("", errata.P2), To: stand(errata.Open, errata.P2)},
			}
			if d := gocmp.Diff(want, moves); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if err != nil {
				return err
			}
			now, err := tx.Standings(ctx, "1")
			if d := gocmp.Diff(map[store.Standing]int64{stand(errata.Acknowledged, errata.P0): 1}, now); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if err != nil {
				return err
			}
			last, err := tx.LastStatusHour(ctx, "1")
			if last != start {
				t.Errorf("last hour %d", last)
			}
			return err
		})
	})
}

// TestEpisodePlans asserts the index by which each time is looked for.
func TestEpisodePlans(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		someEpisodes(t, s, 1500)
		if s.Postgres() {
			change(t, s, func(ctx context.Context, tx *store.Tx) error { _, err := tx.Change(ctx, `ANALYZE`); return err })
		}
		if err := s.Optimize(t.Context()); err != nil {
			t.Fatal(err)
		}
		span := store.EpisodeSpan{From: start + 10*day, To: start + 11*day}
		for at, index := range map[store.EpisodeTime]string{
			store.EpisodeOpened: "episode_opened", store.EpisodeAlerted: "episode_alerted", store.EpisodeResponded: "episode_responded",
			store.EpisodeResolved: "episode_resolved", store.EpisodeClosed: "episode_closed", "": "one_open_episode",
		} {
			for name, scope := range map[string]store.Scope{"one": {Projects: []string{"2"}}, "all": {All: true}} {
				text, args := store.EpisodesSQL(store.EpisodeFilter{Scope: scope}, at, span)
				if plan := explain(t, s, text, args); !strings.Contains(plan, index) {
					t.Errorf("%s of %s projects is not found by %s:\n%s", at, name, index, plan)
				}
			}
		}
	})
}
