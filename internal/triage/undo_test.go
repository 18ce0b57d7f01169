package triage_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	parts "errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/triage"
)

func (m *model) clone() *model {
	c := *m
	c.rows, c.episodes, c.resolutions = slices.Clone(m.rows), slices.Clone(m.episodes), maps.Clone(m.resolutions)
	return &c
}

// Whatever somebody did, undoing it at once leaves everything as it was but the
// ledger, the number of episodes, and those that should not have begun.
func TestUndoIsIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{at: 1e15, resolutions: map[string]errata.Resolution{}}
		m.event(t)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			m.at += rapid.SampledFrom([]int64{0, 1, 1e6, 600e6, 3600e6}).Draw(t, "later")
			if rapid.IntRange(0, 3).Draw(t, "what") == 0 {
				m.event(t)
				continue
			}
			before := m.clone()
			m.act(t)
			undone(t, before, m)
		}
	})
}

// undone checks that the last row, if a person made it, can be undone.
func undone(t *rapid.T, before, m *model) {
	if len(m.rows) == len(before.rows) {
		return
	}
	last := m.rows[len(m.rows)-1]
	who := errata.Actor{Kind: last.ActorKind, ID: last.ActorID, Via: "session", Active: true}
	past := errata.Past{Rows: m.rows, Episodes: m.episodes, Version: last.Seq}
	after := m.clone()
	s, err := m.issue.Undo(past, errata.Act{At: last.At, Who: who})
	if last.ActorKind != errata.ActorUser || last.Rule == errata.RuleUndo {
		if errata.ReasonOf(err) != errata.ReasonUndoNotLast {
			t.Errorf("undoing %s of %s: %v", last.Rule, last.ActorKind, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("undoing %s: %v", last.Rule, err)
	}
	after.take(s)
	after.consistent(t)
	if undo := after.rows[len(after.rows)-1]; undo.UndoOf != last.ID || undo.Rule != errata.RuleUndo {
		t.Errorf("the row of the undo: %+v", undo)
	}
	want := before.issue
	want.Version, want.EpisodeSeq = after.issue.Version, after.issue.EpisodeSeq
	if d := cmp.Diff(want, after.issue); d != "" {
		t.Errorf("after undoing %s the issue is another: %s", last.Rule, d)
	}
	if d := cmp.Diff(before.episodes, after.episodes[:len(before.episodes)]); d != "" {
		t.Errorf("after undoing %s the episodes are others: %s", last.Rule, d)
	}
	for _, e := range after.episodes[len(before.episodes):] {
		if e.CloseReason != errata.ClosedUndone {
			t.Errorf("an episode is left: %+v", e)
		}
	}
}

func undoes(at string, who errata.Actor, version int64) beat {
	return beat{at, func(w *world) { w.act(w.Triage.Undo(w.ctx(), who, w.id(), triage.Form{Version: version})) }}
}

// Stories with an undo, as in docs/design.md.
func TestUndo(t *testing.T) {
	acked := []beat{event("10:00:00"), ack("10:05:10")}
	tests := []struct {
		name     string
		story    []beat
		episodes []string
		status   errata.Status
		refused  string
	}{
		{"an acknowledgement", after(acked, undoes("10:06:00", ada, 2)), []string{"#1 new 10:00:00"}, errata.Open, ""},
		{"a resolve", after(v1, undoes("11:05:00", ada, 3)), []string{"#1 new 10:00:00, ack 10:05:10, acked 10:05:10, tta 300, explicit 300"}, errata.Acknowledged, ""},
		{
			"22: a resolve that an event has regressed", after(v1, event("11:00:30"), undoes("11:01:10", ada, 3)),
			[]string{"#1 new 10:00:00, ack 10:05:10, acked 10:05:10, tta 300, explicit 300", "#2 regressed 11:00:30, undone 11:01:10"},
			errata.Acknowledged, "",
		},
		{
			"resolved once more", after(v1, event("11:00:30"), undoes("11:01:10", ada, 3), event("11:02:00"), resolve("12:00:10"), event("13:00:00")),
			[]string{
				"#1 new 10:00:00, ack 10:05:10, acked 10:05:10, resolved 12:00:10, tta 300, explicit 300, ttr 7200",
				"#2 regressed 11:00:30, undone 11:01:10", "#3 regressed 13:00:00",
			},
			errata.Open, "",
		},
		{
			"a reopening", after(v1, reopen("11:05:10"), undoes("11:06:00", ada, 4)),
			[]string{v1Closed},
			errata.Resolved, "",
		},
		{
			"a late reopening", after(v1, reopen("13:00:00"), undoes("13:01:00", ada, 4)),
			[]string{v1Closed, "#2 reopened 13:00:00, undone 13:01:00"},
			errata.Resolved, "",
		},
		{"an ignoring", after(acked, ignore("10:10:00"), undoes("10:11:00", ada, 3)), []string{"#1 new 10:00:00, ack 10:05:10, acked 10:05:10, tta 310, explicit 310"}, errata.Acknowledged, ""},
		{"in the last moment", after(acked, undoes("10:15:10", ada, 2)), []string{"#1 new 10:00:00"}, errata.Open, ""},
		{"too late", after(acked, undoes("10:15:10.000001", ada, 2)), []string{"#1 new 10:00:00, ack 10:05:10, acked 10:05:10, tta 310, explicit 310"}, errata.Acknowledged, errata.ReasonUndoLate},
		{"of somebody else", after(acked, undoes("10:06:00", grace, 2)), []string{"#1 new 10:00:00, ack 10:05:10, acked 10:05:10, tta 310, explicit 310"}, errata.Acknowledged, errata.ReasonUndoNotLast},
		{"twice", after(acked, undoes("10:06:00", ada, 2), undoes("10:06:30", ada, 2)), []string{"#1 new 10:00:00"}, errata.Open, errata.ReasonUndoNotLast},
		{
			"somebody acted since", after(v1, event("11:00:30"), assign("11:00:40", grace, "me"), undoes("11:01:10", ada, 3)),
			[]string{v1Closed, "#2 regressed 11:00:30, assign 11:00:40, tta 10"},
			errata.Acknowledged, errata.ReasonUndoNotLast,
		},
	}
	worlds(t, parts.Options{}, func(t *testing.T, w *world) {
		for n, c := range tests {
			t.Run(c.name, func(t *testing.T) {
				w.begin(t, string(rune('a'+n)))
				w.day = storyDay.AddDate(0, 0, 5*n) // the clock only goes on
				for _, b := range c.story {
					w.at(b.at)
					b.do(w)
				}
				if got := errata.ReasonOf(w.lastErr); got != c.refused || c.refused == "" && w.lastErr != nil {
					t.Errorf("refused: %v, want %q", w.lastErr, c.refused)
				}
				s := w.state()
				s.consistent(t)
				var told []string
				var counted int64
				for _, e := range s.episodes {
					told = append(told, w.told(e))
					counted += e.Events
				}
				if d := cmp.Diff(c.episodes, told); d != "" {
					t.Error(d)
				}
				if s.issue.Status != c.status {
					t.Errorf("the issue is %s", s.issue.Status)
				}
				if counted != int64(w.events) {
					t.Errorf("%d events in episodes of %d", counted, w.events)
				}
			})
		}
	})
}
