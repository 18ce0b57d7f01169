package triage_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	parts "errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/triage"
)

// Vector 14: of events that find an issue resolved at once, one regresses it.
func TestTwentyEventsRegressOnce(t *testing.T) {
	worlds(t, parts.Options{Workers: 4}, func(t *testing.T, w *world) {
		w.begin(t, "14")
		for _, b := range []beat{event("10:00:00"), resolve("11:00:00")} {
			w.at(b.at)
			b.do(w)
		}
		w.at("11:30:00")
		for n := range 20 {
			e := parts.Event{ID: parts.EventID(1000 + n), Type: w.kind, Severity: "P2"}
			w.Publish(w.Batch(w.Entry(w.shop, e)))
		}
		w.Drained()
		s := w.state()
		if got, want := s.rules(), "T1 open, T13 resolved, T3 open"; got != want {
			t.Errorf("the ledger says %s, want %s", got, want)
		}
		if len(s.episodes) != 2 || s.episodes[0].Events != 1 || s.episodes[1].Events != 20 || s.issue.Events != 21 {
			t.Errorf("%d events, episodes %+v", s.issue.Events, s.episodes)
		}
		s.consistent(t)
	})
}

// Of two people who decide on the same version one acts, and the other is told
// who was faster, and when.
func TestTwoPeopleAtOnce(t *testing.T) {
	worlds(t, parts.Options{}, func(t *testing.T, w *world) {
		w.begin(t, "two")
		w.at("10:00:00")
		w.event(parts.Event{Severity: "P2"})
		for round := range 5 {
			w.at(fmt.Sprintf("10:%02d:00", round+1))
			version := w.state().issue.Version
			var wg sync.WaitGroup
			var results [2]triage.Result
			var errs [2]error
			for n, who := range []errata.Actor{ada, grace} {
				wg.Go(func() {
					results[n], errs[n] = w.Triage.Acknowledge(t.Context(), who, w.id(), triage.Form{Version: version})
				})
			}
			wg.Wait()
			winner, loser := 0, 1
			if errs[0] != nil {
				winner, loser = 1, 0
			}
			if errs[winner] != nil || !results[winner].Changed {
				t.Fatalf("nobody won: %v %v", errs[0], errs[1])
			}
			faster := []errata.Actor{ada, grace}[winner]
			checkStale(t, errs[loser], errata.Acknowledged, faster, w.now.Load())
			if got := w.state(); got.issue.Version != version+1 {
				t.Errorf("version %d after %d", got.issue.Version, version)
			}
			w.act(w.Triage.Unacknowledge(t.Context(), ada, w.id(), triage.Form{}))
		}
		w.state().consistent(t)
	})
}

func checkStale(t *testing.T, err error, status errata.Status, by errata.Actor, at int64) {
	t.Helper()
	if errata.CodeOf(err) != errata.Conflict || errata.ReasonOf(err) != errata.ReasonStale {
		t.Fatalf("%v, want a conflict of versions", err)
	}
	data := errata.DetailsOf(err)[0].Data
	who, _ := data["by"].(errata.Person)
	if data["status"] != string(status) || who.ID != by.ID || who.Name != by.Name || data["at"] != errata.FromMicros(at).Format("2006-01-02T15:04:05Z07:00") {
		t.Errorf("told %v, want %s by %s", data, status, by.Name)
	}
}

var errOnPurpose = errors.New("on purpose")

// failing lets the nth call of a failpoint fail, once.
type failing struct {
	mu    sync.Mutex
	point string
	left  int
}

func (f *failing) arm(point string, nth int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.point, f.left = point, nth
}

func (f *failing) at(point string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if point != f.point {
		return nil
	}
	if f.left--; f.left != 0 {
		return nil
	}
	f.point = ""
	return errOnPurpose
}

// Wherever an act fails, everything of it is there or nothing: issue, episode,
// ledger, note and audit.
func TestAnActIsWholeOrNothing(t *testing.T) {
	f := &failing{}
	acts := []struct {
		name string
		do   func(w *world) (triage.Result, error)
	}{
		{"ack", func(w *world) (triage.Result, error) {
			return w.Triage.Acknowledge(w.ctx(), ada, w.id(), triage.Form{Note: "mine"})
		}},
		{"assign", func(w *world) (triage.Result, error) {
			return w.Triage.Assign(w.ctx(), ada, w.id(), triage.AssignForm{Assignee: "user:2"})
		}},
		{"resolve", func(w *world) (triage.Result, error) {
			return w.Triage.Resolve(w.ctx(), ada, w.id(), triage.ResolveForm{Form: triage.Form{Note: "restarted"}, Cause: errata.CauseWorkaround})
		}},
		{"ignore", func(w *world) (triage.Result, error) {
			return w.Triage.Ignore(w.ctx(), grace, w.id(), triage.IgnoreForm{Reason: "noise"})
		}},
		{"unignore", func(w *world) (triage.Result, error) { return w.Triage.Unignore(w.ctx(), grace, w.id(), triage.Form{}) }},
		{"severity", func(w *world) (triage.Result, error) {
			return w.Triage.Severity(w.ctx(), ada, w.id(), triage.SeverityForm{Form: triage.Form{Note: "money"}, Severity: "P0"})
		}},
	}
	worlds(t, parts.Options{Fail: f.at}, func(t *testing.T, w *world) {
		w.begin(t, "whole")
		w.at("10:00:00")
		w.event(parts.Event{Severity: "P2"})
		w.at("11:00:00")
		for _, a := range acts {
			for nth := 1; ; nth++ {
				before, audited := w.state(), w.audited()
				f.arm("triage.inside", nth)
				_, err := a.do(w)
				f.arm("", 0)
				if err == nil { // there are no more points: the act was done
					if w.audited() != audited+1 || nth < 3 {
						t.Errorf("%s: %d lines of the audit more, after %d points", a.name, w.audited()-audited, nth)
					}
					break
				}
				if !errors.Is(err, errOnPurpose) {
					t.Fatalf("%s: %v", a.name, err)
				}
				if after := w.state(); len(after.rows) != len(before.rows) || after.issue != before.issue || w.audited() != audited {
					t.Errorf("%s, point %d: %+v was left behind", a.name, nth, after.issue)
				}
			}
			w.state().consistent(t)
		}
		f.arm("triage.after", 1)
		if _, err := w.Triage.Severity(w.ctx(), ada, w.id(), triage.SeverityForm{Severity: "auto"}); !errors.Is(err, errOnPurpose) {
			t.Errorf("after the commit: %v", err)
		}
		if s := w.state(); s.issue.SeverityLocked {
			t.Error("what was committed is gone")
		}
		w.state().consistent(t)
	})
}

// audited counts the lines of the audit.
func (w *world) audited() (n int) {
	w.t.Helper()
	w.Read(func(tx *store.Tx) error {
		rows, err := tx.Audit(w.t.Context(), store.AuditQuery{Stream: errata.StreamChange, Scope: store.Scope{All: true}, Size: 1000})
		n = len(rows)
		return err
	})
	return n
}
