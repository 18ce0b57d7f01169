package triage_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	parts "errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/triage"
)

// opened begins a story with one event at ten o'clock.
func opened(t *testing.T, w *world, name, severity string) {
	w.begin(t, name)
	w.at("10:00:00")
	w.event(parts.Event{Severity: severity})
	w.at("10:05:00")
}

func refusedAs(t *testing.T, err error, code errata.Code, reason string) {
	t.Helper()
	if errata.CodeOf(err) != code || errata.ReasonOf(err) != reason {
		t.Errorf("%v (%s, %s), want %s, %s", err, errata.CodeOf(err), errata.ReasonOf(err), code, reason)
	}
}

// What the table does not know is refused with what it knows.
func TestIllegalActs(t *testing.T) {
	worlds(t, parts.Options{}, func(t *testing.T, w *world) {
		opened(t, w, "illegal", "P2")
		ctx, id := t.Context(), w.id()
		_, err := w.Triage.Stage(ctx, ada, id, triage.StageForm{Stage: errata.Fixing})
		refusedAs(t, err, errata.Conflict, errata.ReasonIllegal)
		want := map[string]any{"from": "open", "action": "stage", "allowed": []string{"ack", "assign", "resolve", "ignore", "severity"}}
		if d := cmp.Diff(want, errata.DetailsOf(err)[0].Data); d != "" {
			t.Error(d)
		}
		w.act(w.Triage.Ignore(ctx, ada, id, triage.IgnoreForm{Reason: "noise"}))
		for name, do := range map[string]func(errata.Actor, string) (triage.Result, error){
			"ack": func(who errata.Actor, id string) (triage.Result, error) {
				return w.Triage.Acknowledge(ctx, who, id, triage.Form{})
			},
			"unack": func(who errata.Actor, id string) (triage.Result, error) {
				return w.Triage.Unacknowledge(ctx, who, id, triage.Form{})
			},
			"reopen": func(who errata.Actor, id string) (triage.Result, error) {
				return w.Triage.Reopen(ctx, who, id, triage.Form{})
			},
		} {
			if _, err := do(ada, id); errata.ReasonOf(err) != errata.ReasonIllegal {
				t.Errorf("%s of an ignored issue: %v", name, err)
			}
			if _, err := do(ada, "NOPE-1"); errata.CodeOf(err) != errata.NotFound {
				t.Errorf("%s of nothing: %v", name, err)
			}
		}
		if s := w.state(); s.rules() != "T1 open, T18 ignored" {
			t.Errorf("the ledger says %s", s.rules())
		}
	})
}

// What a form must say, and for whom.
func TestGuards(t *testing.T) {
	worlds(t, parts.Options{}, func(t *testing.T, w *world) {
		opened(t, w, "guards", "P0")
		ctx, id := t.Context(), w.id()
		noted := triage.Form{Note: "because"}
		_, err := w.Triage.Resolve(ctx, ada, id, triage.ResolveForm{Cause: errata.CauseFixed})
		refusedAs(t, err, errata.Invalid, errata.ReasonNote)
		_, err = w.Triage.Resolve(ctx, ada, id, triage.ResolveForm{Form: noted, Cause: "magic"})
		refusedAs(t, err, errata.Invalid, errata.ReasonCause)
		_, err = w.Triage.Severity(ctx, ada, id, triage.SeverityForm{Severity: "P2"})
		refusedAs(t, err, errata.Invalid, errata.ReasonNote)
		_, err = w.Triage.Severity(ctx, ada, id, triage.SeverityForm{Severity: "P9"})
		refusedAs(t, err, errata.Invalid, errata.ReasonSeverity)
		_, err = w.Triage.Ignore(ctx, ada, id, triage.IgnoreForm{Reason: "bored"})
		refusedAs(t, err, errata.Invalid, errata.ReasonIgnore)
		_, err = w.Triage.Acknowledge(ctx, ada, id, triage.Form{Note: strings.Repeat("ü", errata.MaxNote+1)})
		refusedAs(t, err, errata.Invalid, errata.ReasonLong)
		for _, to := range []string{"", "user:", "user:99", "grace"} {
			_, err = w.Triage.Assign(ctx, ada, id, triage.AssignForm{Assignee: to})
			refusedAs(t, err, errata.Invalid, errata.ReasonAssignee)
		}
		_, err = w.Triage.Assign(ctx, robot, id, triage.AssignForm{Assignee: "me"})
		refusedAs(t, err, errata.Invalid, errata.ReasonAssignee)
		if s := w.state(); s.rules() != "T1 open" {
			t.Errorf("the ledger says %s", s.rules())
		}
		w.act(w.Triage.Severity(ctx, ada, id, triage.SeverityForm{Form: noted, Severity: "P1"}))
		w.act(w.Triage.Resolve(ctx, ada, id, triage.ResolveForm{}))
		if s := w.state(); w.lastErr != nil || s.issue.Status != errata.Resolved || !s.issue.SeverityLocked {
			t.Errorf("%v: %+v", w.lastErr, s.issue)
		}
	})
}

// Who may not act is refused, whatever the form says, and nothing changes; the
// refusal is audited.
func TestWithoutTheRight(t *testing.T) {
	worlds(t, parts.Options{}, func(t *testing.T, w *world) {
		opened(t, w, "right", "P2")
		before, audited := w.state(), w.audited()
		reader := ada
		reader.Scopes = &errata.TokenScopes{Actions: []errata.Action{errata.IssueRead}}
		blind := ada
		blind.Scopes = &errata.TokenScopes{}
		for n, do := range []func(errata.Actor) error{
			func(who errata.Actor) error {
				_, err := w.Triage.Acknowledge(t.Context(), who, w.id(), triage.Form{Version: 77})
				return err
			},
			func(who errata.Actor) error {
				_, err := w.Triage.Assign(t.Context(), who, w.id(), triage.AssignForm{Assignee: "?"})
				return err
			},
			func(who errata.Actor) error {
				_, err := w.Triage.Severity(t.Context(), who, w.id(), triage.SeverityForm{})
				return err
			},
			func(who errata.Actor) error { _, err := w.Triage.Comment(t.Context(), who, w.id(), ""); return err },
			func(who errata.Actor) error { return w.Triage.Watch(t.Context(), who, w.id(), true) },
			func(who errata.Actor) error {
				_, err := w.Triage.Bulk(t.Context(), who, triage.BulkForm{IDs: []string{w.id()}, Act: "ack"})
				return err
			},
		} {
			if err := do(reader); errata.CodeOf(err) != errata.Forbidden {
				t.Errorf("%d: %v, want forbidden", n, err)
			}
			if got := w.audited(); got != audited+n+1 {
				t.Errorf("%d: %d lines of the audit, want %d", n, got, audited+n+1)
			}
			if err := do(blind); errata.CodeOf(err) != errata.NotFound {
				t.Errorf("%d: %v of what is invisible, want not found", n, err)
			}
		}
		if after := w.state(); after.issue != before.issue || len(after.rows) != len(before.rows) {
			t.Errorf("changed to %+v", after.issue)
		}
	})
}

// What is so already is no error, makes no row, and tells who made it so.
func TestSoAlready(t *testing.T) {
	worlds(t, parts.Options{}, func(t *testing.T, w *world) {
		opened(t, w, "already", "P2")
		ctx, id := t.Context(), w.id()
		form := triage.Form{Version: w.state().issue.Version}
		w.act(w.Triage.Acknowledge(ctx, ada, id, form))
		at := w.now.Load()
		w.at("10:06:00")
		rows := len(w.state().rows)
		for name, who := range map[string]errata.Actor{"without a version": grace, "again oneself": ada} {
			f := triage.Form{}
			if who.ID == ada.ID {
				f = form // a second click on a page that is old by now
			}
			r, err := w.Triage.Acknowledge(ctx, who, id, f)
			if err != nil || r.Changed || r.By != ada.ID || r.At != at {
				t.Errorf("%s: %+v %v", name, r, err)
			}
		}
		_, err := w.Triage.Acknowledge(ctx, grace, id, form)
		checkStale(t, err, errata.Acknowledged, ada, at)
		_, err = w.Triage.Resolve(ctx, ada, id, triage.ResolveForm{Form: form}) // one's own act, and another since
		checkStale(t, err, errata.Acknowledged, ada, at)
		if got := len(w.state().rows); got != rows {
			t.Errorf("%d rows, want %d", got, rows)
		}
	})
}

// An act, its note and its assignee are told in the activity; comments too.
func TestActivity(t *testing.T) {
	worlds(t, parts.Options{}, func(t *testing.T, w *world) {
		opened(t, w, "told", "P2")
		ctx, id := t.Context(), w.id()
		w.act(w.Triage.Assign(ctx, ada, id, triage.AssignForm{Form: triage.Form{Note: "yours"}, Assignee: "user:2"}))
		w.at("10:07:00")
		n, err := w.Triage.Comment(ctx, grace, id, "  thanks @ada and @nobody, not mail@ada  \x00")
		if err != nil {
			t.Fatal(err)
		}
		w.at("10:08:00")
		refusedAs(t, w.Triage.EditComment(ctx, ada, id, n.ID, "mine now"), errata.Forbidden, "act.not_yours")
		if err := w.Triage.EditComment(ctx, grace, id, n.ID, "thanks @ada"); err != nil {
			t.Error(err)
		}
		a, err := w.Find.Activity(ctx, ada, id)
		if err != nil || len(a.Rows) != 3 {
			t.Fatalf("%d rows, %v", len(a.Rows), err)
		}
		if a.Rows[1].Note.Body != "yours" || a.Rows[2].Note.Body != "thanks @ada" || a.Rows[2].Note.EditedAt != w.now.Load() || a.People["2"].Login != "grace" {
			t.Errorf("told %+v", a)
		}
		w.Read(func(tx *store.Tx) error {
			who, err := tx.Watchers(ctx, w.issue(tx).ID)
			if d := cmp.Diff(map[string]string{"1": store.WatchMentioned, "2": store.WatchAssigned}, who); d != "" {
				t.Error(d)
			}
			return err
		})
		if err := w.Triage.DeleteComment(ctx, grace, id, n.ID); err != nil {
			t.Error(err)
		}
		refusedAs(t, w.Triage.EditComment(ctx, grace, id, n.ID, "again"), errata.NotFound, "")
		v, err := w.Find.Issue(ctx, grace, id)
		if err != nil || !v.Watching || v.People["2"].Name != "Grace" || !v.Can.Ack.Applies || v.Can.Reopen.Applies || v.Episode.ResponseKind != errata.RespondedAssign {
			t.Errorf("%+v %v", v, err)
		}
		people, err := w.Find.Assignable(ctx, ada, w.shop.ID)
		if d := cmp.Diff([]errata.Person{{ID: "1", Name: "Ada", Login: "ada"}, {ID: "2", Name: "Grace", Login: "grace"}}, people); d != "" || err != nil {
			t.Error(d, err)
		}
		if err := w.Triage.Watch(ctx, grace, id, false); err != nil {
			t.Error(err)
		}
		if v, _ := w.Find.Issue(ctx, grace, id); v.Watching {
			t.Error("still watches")
		}
	})
}

// Several at once: each has its fate, told before and after.
func TestBulk(t *testing.T) {
	worlds(t, parts.Options{}, func(t *testing.T, w *world) {
		opened(t, w, "bulk", "P0")
		for n, severity := range []string{"P2", "P2", "P3"} {
			kind := w.kind
			w.kind = "Other" + string(rune('A'+n))
			w.event(parts.Event{Severity: severity})
			w.kind = kind
		}
		short := func(n int64) string { return errata.ShortID(w.shop.Prefix, n) }
		ctx := t.Context()
		w.act(w.Triage.Resolve(ctx, ada, short(2), triage.ResolveForm{}))
		f := triage.BulkForm{IDs: []string{short(4), short(3), short(2), short(1), strings.ToLower(short(4))}, Act: "resolve", Cause: errata.CauseFixed}
		fates := func(items []triage.BulkItem) (out []string) {
			for _, i := range items {
				out = append(out, i.ID+" "+i.Fate)
			}
			return out
		}
		want := []string{short(4) + " change", short(3) + " change", short(2) + " same", short(1) + " illegal"}
		items, err := w.Triage.Preview(ctx, ada, f)
		if d := cmp.Diff(want, fates(items)); d != "" || err != nil || items[3].Why == "" || items[0].Title == "" {
			t.Errorf("%v %+v\n%s", err, items, d)
		}
		audited := w.audited()
		items, err = w.Triage.Bulk(ctx, ada, f)
		want[0], want[1] = short(4)+" done", short(3)+" done"
		if d := cmp.Diff(want, fates(items)); d != "" || err != nil {
			t.Errorf("%v\n%s", err, d)
		}
		if got := w.audited(); got != audited+1 {
			t.Errorf("%d lines of the audit for one act", got-audited)
		}
		f.Note = "all of them"
		if items, err = w.Triage.Bulk(ctx, ada, f); err != nil || items[3].Fate != triage.FateDone {
			t.Errorf("%v %+v", err, items)
		}
		w.state().consistent(t)
		f.IDs = append(f.IDs, "NOPE-1")
		if _, err := w.Triage.Preview(ctx, ada, f); errata.CodeOf(err) != errata.NotFound {
			t.Errorf("with an invisible one: %v", err)
		}
		for reason, ids := range map[string][]string{"act.nothing_chosen": nil, "act.too_many": slices.Repeat([]string{"x"}, 1)} {
			if reason == "act.too_many" {
				ids = nil
				for n := range int64(triage.MaxBulk + 1) {
					ids = append(ids, short(n+1))
				}
			}
			_, err := w.Triage.Bulk(ctx, ada, triage.BulkForm{IDs: ids, Act: "ack"})
			refusedAs(t, err, errata.Invalid, reason)
		}
		_, err = w.Triage.Bulk(ctx, ada, triage.BulkForm{IDs: f.IDs[:1], Act: "merge"})
		refusedAs(t, err, errata.Invalid, "act.unknown")
	})
}

// What has been open for more than five years is not resolved, by nobody; five
// years to the microsecond both databases take.
func TestTooOldToResolve(t *testing.T) {
	worlds(t, parts.Options{}, func(t *testing.T, w *world) {
		opened(t, w, "old", "P2")
		w.kind = "Younger"
		w.event(parts.Event{Severity: "P2"})
		w.now.Add(errata.MaxTimeToResolve) // of the younger; the first is five minutes older
		ctx, old := t.Context(), w.id()
		_, err := w.Triage.Resolve(ctx, ada, old, triage.ResolveForm{})
		refusedAs(t, err, errata.Invalid, errata.ReasonTooOld)
		f := triage.BulkForm{IDs: []string{old, errata.ShortID(w.shop.Prefix, 2)}, Act: "resolve"}
		for _, c := range []struct {
			do   func(context.Context, errata.Actor, triage.BulkForm) ([]triage.BulkItem, error)
			fate string // of the younger
		}{{w.Triage.Preview, triage.FateChange}, {w.Triage.Bulk, triage.FateDone}} {
			items, bulkErr := c.do(ctx, ada, f)
			if bulkErr != nil || items[0].Fate != triage.FateIllegal || items[0].Why != errata.MessageOf(err) || items[1].Fate != c.fate {
				t.Errorf("%v %+v, want illegal and %s", bulkErr, items, c.fate)
			}
		}
		w.act(w.Triage.Ignore(ctx, ada, old, triage.IgnoreForm{Reason: "other"}))
		w.act(w.Triage.Resolve(ctx, ada, old, triage.ResolveForm{}))
		s := w.state()
		if w.lastErr != nil || s.rules() != "T1 open, T18 ignored, T13 resolved" || s.episodes[0].ResolvedAt != 0 {
			t.Errorf("%v: %s", w.lastErr, s.rules())
		}
		s.consistent(t)
	})
}
