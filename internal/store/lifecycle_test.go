package store_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// What one act writes is read back as it was.
func TestLifecycleRows(t *testing.T) {
	row := errata.Transition{
		ID: "t1", IssueID: "i1", ProjectID: "1", Seq: 2, EpisodeSeq: 1, At: start + 5, Rule: errata.RuleResolve, ActorKind: errata.ActorUser,
		ActorID: "7", Via: "session", From: errata.Acknowledged, To: errata.Resolved, Reason: errata.ReasonNew,
		Detail: map[string][2]string{"resolution": {"", "r1"}, "cause": {"", "fixed"}}, NoteID: "n1", RequestID: "q1",
	}
	plain := errata.Transition{
		ID: "t2", IssueID: "i1", ProjectID: "1", Seq: 3, EpisodeSeq: 2, At: start + 9, Rule: errata.RuleRegressed, ActorKind: errata.ActorEvent,
		ActorID: "e1", Via: "intake", From: errata.Resolved, To: errata.Open, Reason: errata.ReasonRegressed, EventID: "e1",
	}
	closed := errata.Episode{
		ID: "p1", IssueID: "i1", ProjectID: "1", Seq: 1, OpenReason: errata.ReasonNew, Environment: "production", Release: "shop@1", Code: "E42",
		OpenEventID: "e0", FirstEventAt: start - 1, OpenedAt: start, AlertedAt: start, RespondedAt: start + 1, ResponseKind: errata.RespondedAck,
		RespondedBy: "7", AckedAt: start + 1, AckedBy: "7", ResolvedAt: start + 5, ResolutionKind: errata.ResolutionNow, ResolvedBy: "7",
		ClosedAt: start + 5, CloseReason: errata.ClosedResolved, ReopenCount: 1, Events: 4, SeverityOpen: errata.P2, SeverityPeak: errata.P1,
	}
	open := errata.Episode{
		ID: "p2", IssueID: "i1", ProjectID: "1", Seq: 2, OpenReason: errata.ReasonRegressed, OpenedAt: start + 9, Events: 1,
		SeverityOpen: errata.P3, SeverityPeak: errata.P3, Imported: true,
	}
	resolution := errata.Resolution{ID: "r1", IssueID: "i1", Kind: errata.ResolutionNow, Cause: errata.CauseFixed, ResolvedAt: start + 5, Grace: 3, NoteID: "n1"}
	note := errata.IssueNote{ID: "n1", IssueID: "i1", Kind: errata.NoteReason, AuthorID: "7", At: start, Body: "restarted <b>"}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			first := closed
			first.RespondedAt, first.ResponseKind, first.RespondedBy, first.AckedAt, first.AckedBy = 0, "", "", 0, ""
			first.ResolvedAt, first.ResolutionKind, first.ResolvedBy, first.ClosedAt, first.CloseReason = 0, "", "", 0, ""
			first.AlertedAt, first.ReopenCount, first.Events, first.SeverityPeak = 0, 0, 3, errata.P2
			unalerted := closed
			unalerted.AlertedAt, unalerted.SeverityPeak, unalerted.Events = 0, errata.P3, 0 // of a page that was read earlier
			for _, do := range []func() error{
				func() error { return tx.CreateTransition(ctx, row) },
				func() error { return tx.CreateTransition(ctx, plain) },
				func() error { return tx.CreateEpisode(ctx, first) },
				func() error { return tx.AddEpisodeEvents(ctx, "i1", 1, errata.P3) },
				func() error { return tx.UpdateEpisode(ctx, closed) },
				func() error { return tx.UpdateEpisode(ctx, unalerted) },
				func() error { return tx.CreateEpisode(ctx, open) },
				func() error { return tx.CreateResolution(ctx, resolution) },
				func() error { return tx.CreateNote(ctx, note) },
			} {
				if err := do(); err != nil {
					return err
				}
			}
			return nil
		})
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			rows, err := tx.TransitionsOf(ctx, "i1")
			same(t, err, []errata.Transition{row, plain}, rows)
			episodes, err := tx.EpisodesOf(ctx, "i1")
			same(t, err, []errata.Episode{closed, open}, episodes)
			last, err := tx.EpisodeOf(ctx, "i1")
			same(t, err, open, last)
			each, err := tx.EpisodeOfEach(ctx, []string{"i1", "i2"})
			same(t, err, map[string]errata.Episode{"i1": open}, each)
			r, err := tx.ResolutionByID(ctx, "r1")
			same(t, err, resolution, r)
			notes, err := tx.NotesOf(ctx, "i1")
			same(t, err, []errata.IssueNote{note}, notes)
			none, err := tx.EpisodeOf(ctx, "i2")
			same(t, err, errata.Episode{}, none)
			return nil
		})
	})
}

// A row whose version another row has made is refused, and so is a second open
// episode.
func TestLifecycleDoubles(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		row := errata.Transition{ID: "t1", IssueID: "i1", ProjectID: "1", Seq: 2, Rule: errata.RuleField, ActorKind: errata.ActorUser, To: errata.Open}
		open := errata.Episode{ID: "p1", IssueID: "i1", ProjectID: "1", Seq: 1, OpenReason: errata.ReasonNew, OpenedAt: start}
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.CreateTransition(ctx, row); err != nil {
				return err
			}
			return tx.CreateEpisode(ctx, open)
		})
		row.ID, open.ID, open.Seq = "t2", "p2", 2
		for name, do := range map[string]func(context.Context, *store.Tx) error{
			"row":     func(ctx context.Context, tx *store.Tx) error { return tx.CreateTransition(ctx, row) },
			"episode": func(ctx context.Context, tx *store.Tx) error { return tx.CreateEpisode(ctx, open) },
		} {
			err := s.InTx(t.Context(), func(tx *store.Tx) error { tx.System("test"); return do(t.Context(), tx) })
			if errata.CodeOf(err) != errata.Conflict {
				t.Errorf("%s: %v, want a conflict", name, err)
			}
		}
	})
}

// A deleted note keeps its row; watching is what somebody chose last.
func TestNotesAndWatchers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		note := errata.IssueNote{ID: "n1", IssueID: "i1", Kind: errata.NoteComment, AuthorID: "7", At: start, Body: "looking"}
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			for _, do := range []func() error{
				func() error { return tx.CreateNote(ctx, note) },
				func() error { return tx.EditNote(ctx, "n1", "found it", start+1) },
				func() error { return tx.AddWatch(ctx, "i1", "7", store.WatchCommented, start) },
				func() error { return tx.AddWatch(ctx, "i1", "8", store.WatchMentioned, start) },
				func() error { return tx.SetWatch(ctx, "i1", "8", false, start) },
				func() error { return tx.AddWatch(ctx, "i1", "8", store.WatchCommented, start) },
				func() error { return tx.SetWatch(ctx, "i1", "9", false, start) },
				func() error { return tx.SetWatch(ctx, "i1", "9", true, start) },
			} {
				if err := do(); err != nil {
					return err
				}
			}
			return nil
		})
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.NoteByID(ctx, "i1", "n1")
			want := note
			want.Body, want.EditedAt = "found it", start+1
			same(t, err, want, got)
			if _, err := tx.NoteByID(ctx, "i2", "n1"); errata.CodeOf(err) != errata.NotFound {
				t.Errorf("a note of another issue: %v", err)
			}
			who, err := tx.Watchers(ctx, "i1")
			same(t, err, map[string]string{"7": store.WatchCommented, "9": store.WatchManual}, who)
			return nil
		})
		change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteNote(ctx, "n1", start+2) })
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.NoteByID(ctx, "i1", "n1")
			want := note
			want.Body, want.EditedAt, want.Ended = "", start+1, start+2
			same(t, err, want, got)
			return nil
		})
	})
}

func same(t *testing.T, err error, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error(d, err)
	}
}
