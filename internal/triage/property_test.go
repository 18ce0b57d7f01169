package triage_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	parts "errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/triage"
)

// table is the table of transitions of docs/design.md, written down once more.
var table = map[errata.Rule][]string{
	"T1": {" open"}, "T3": {"resolved open"}, "T9": {"open acknowledged", "acknowledged acknowledged"},
	"T10": {"open acknowledged", "open open", "acknowledged acknowledged", "resolved resolved", "ignored ignored"},
	"T12": {"acknowledged open"}, "T13": {"open resolved", "acknowledged resolved", "ignored resolved"},
	"T15": {"resolved open", "resolved acknowledged"}, "T16": {"resolved open"},
	"T18": {"open ignored", "acknowledged ignored", "resolved ignored"}, "T19": {"ignored open"},
	"T26": {
		"open open", "acknowledged acknowledged", "resolved resolved", "ignored ignored", "acknowledged open", "open acknowledged", "resolved open",
		"resolved acknowledged", "resolved ignored", "open resolved", "acknowledged resolved", "ignored open", "ignored acknowledged",
		"ignored resolved", "open ignored",
	},
	"F": {"open open", "acknowledged acknowledged", "resolved resolved", "ignored ignored"},
}

// model is an issue in memory, moved by the rules of the domain alone.
type model struct {
	state
	at          int64
	resolutions map[string]errata.Resolution
	seen        int64
	ids         int
}

func (m *model) next() string { m.ids++; return fmt.Sprintf("id-%d", m.ids) }

// take writes a step as the services do.
func (m *model) take(s errata.Step) {
	s.Name(m.next)
	if s.Resolution != nil {
		m.resolutions[s.Resolution.ID] = *s.Resolution
	}
	m.rows = append(m.rows, s.Rows...)
	m.issue = s.Issue
	last := m.standing()
	if s.Undone != nil {
		m.episodes[s.Undone.Seq-1] = *s.Undone
		last = m.standing()
	}
	switch {
	case s.Opened:
		s.Episode.Events = s.Seen
		m.episodes = append(m.episodes, s.Episode)
	case s.Episode.Seq != 0:
		m.episodes[last] = s.Episode
	case m.episodes[last].ClosedAt == 0:
		m.episodes[last].Events += s.Seen
		m.episodes[last].SeverityPeak = min(m.episodes[last].SeverityPeak, s.Issue.Severity)
	}
}

func (m *model) event(t *rapid.T) {
	lag := rapid.Int64Range(0, 30e6).Draw(t, "lag")
	e := errata.Sighting{
		Ref: errata.Ref{EventID: m.next()}, Timestamp: m.at - lag, ReceivedAt: m.at - lag/2,
		Severity: errata.Severity(rapid.IntRange(0, 3).Draw(t, "severity")), Clamped: rapid.IntRange(0, 9).Draw(t, "clamped") == 0,
	}
	m.seen++
	if m.issue.Events == 0 {
		m.issue.Witness(e)
		m.take(errata.Opening(m.issue, e))
		return
	}
	m.issue.Witness(e)
	s := errata.Step{Issue: m.issue}
	s.Event(e, m.resolutions[m.issue.ResolutionID])
	m.take(s)
}

// act draws something that somebody does, and takes its step if it is legal.
func (m *model) act(t *rapid.T) {
	i, ep := m.issue, m.episodes[m.standing()]
	a := errata.Act{At: m.at - rapid.Int64Range(0, 2e6).Draw(t, "skew"), Who: rapid.SampledFrom([]errata.Actor{ada, grace, robot}).Draw(t, "who")}
	if rapid.Bool().Draw(t, "note") {
		a.NoteID = m.next()
	}
	var s errata.Step
	var err error
	switch rapid.SampledFrom([]string{"ack", "unack", "assign", "resolve", "reopen", "ignore", "unignore", "severity", "auto", "stage", "undo"}).Draw(t, "act") {
	case "ack":
		s, err = i.Acknowledge(ep, a)
	case "unack":
		s, err = i.Unacknowledge(ep, a)
	case "assign":
		s, err = i.Assign(ep, a, rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "to"))
	case "resolve":
		s, err = i.Resolve(ep, a, errata.CauseFixed)
	case "reopen":
		s, err = i.Reopen(ep, a, m.resolutions[i.ResolutionID], m.before())
	case "ignore":
		s, err = i.Ignore(ep, a, "noise")
	case "unignore":
		s, err = i.Unignore(ep, a)
	case "severity":
		s, err = i.SetSeverity(ep, a, errata.Severity(rapid.IntRange(0, 3).Draw(t, "severity")))
	case "auto":
		s, err = i.FreeSeverity(ep, a)
	case "undo":
		s, err = i.Undo(errata.Past{Rows: m.rows, Episodes: m.episodes, Version: i.Version}, a)
	case "stage":
		s, err = i.SetStage(ep, a, rapid.SampledFrom(append(errata.Stages, "")).Draw(t, "stage"))
	}
	if err == nil && s.Changed() {
		m.take(s)
	}
}

func (m *model) before() (was errata.Status) {
	for _, r := range m.rows {
		if r.Rule == errata.RuleResolve {
			was = r.From
		}
	}
	return was
}

// Whatever happens, the ledger tells it, the table knows it, and what is closed
// stays as it was unless it is reopened within ten minutes.
func TestEveryStoryHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{at: 1e15, resolutions: map[string]errata.Resolution{}}
		m.event(t)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			m.at += rapid.SampledFrom([]int64{0, 1, 1e6, 60e6, 600e6, 3600e6, errata.MaxTimeToResolve}).Draw(t, "later")
			before := slices.Clone(m.episodes)
			rows := len(m.rows)
			if rapid.IntRange(0, 2).Draw(t, "what") == 0 {
				m.event(t)
			} else {
				m.act(t)
			}
			checkTable(t, m.rows[rows:])
			checkClosed(t, before, m.state, m.rows[rows:])
			m.consistent(t)
		}
		if m.issue.Events != m.seen {
			t.Errorf("%d events counted of %d", m.issue.Events, m.seen)
		}
	})
}

func checkTable(t *rapid.T, rows []errata.Transition) {
	for _, r := range rows {
		if way := string(r.From) + " " + string(r.To); !slices.Contains(table[r.Rule], way) {
			t.Errorf("%s does not lead from %q to %q", r.Rule, r.From, r.To)
		}
	}
}

func checkClosed(t *rapid.T, before []errata.Episode, now state, rows []errata.Transition) {
	for n, e := range before {
		again := len(rows) == 1 && (rows[0].Rule == errata.RuleReopenSame || rows[0].Rule == errata.RuleUndo)
		if e.ClosedAt != 0 && !again && now.episodes[n] != e {
			t.Errorf("a closed episode changed: %+v, now %+v", e, now.episodes[n])
		}
	}
}

// A long story through worker and service ends as the ledger says, with every
// event counted once.
func TestALongStory(t *testing.T) {
	worlds(t, parts.Options{}, func(t *testing.T, w *world) {
		w.begin(t, "long")
		w.day = storyDay
		script := []string{
			"event", "ack", "event", "assign", "P1 event", "ack", "resolve", "reopen", "resolve", "event", "ignore", "event", "unignore",
			"severity", "P0 event", "stage", "ack", "stage", "resolve", "late", "event", "auto", "P0 event", "resolve", "reopen later", "ignore", "resolve",
		}
		for n, what := range script {
			w.at(fmt.Sprintf("%02d:%02d:00", 1+n/4, 5*(n%4)))
			w.play(what)
			s := w.state()
			s.consistent(t)
			if s.issue.Events != int64(w.events) {
				t.Errorf("after %s: %d events of %d", what, s.issue.Events, w.events)
			}
		}
		var inEpisodes int64
		for _, e := range w.state().episodes {
			inEpisodes += e.Events
		}
		if ignored, late := int64(1), int64(1); inEpisodes != int64(w.events)-ignored-late {
			t.Errorf("%d events in episodes of %d", inEpisodes, w.events)
		}
	})
}

func (w *world) play(what string) {
	w.t.Helper()
	ctx, id := w.ctx(), w.id()
	note := triage.Form{Note: "because"}
	switch what {
	case "event":
		w.event(parts.Event{Severity: "P2"})
	case "P1 event", "P0 event":
		w.event(parts.Event{Severity: what[:2]})
	case "late":
		w.event(parts.Event{Severity: "P0", Time: w.day})
	case "ack":
		w.act(w.Triage.Acknowledge(ctx, ada, id, note))
	case "assign":
		w.act(w.Triage.Assign(ctx, ada, id, triage.AssignForm{Assignee: "user:2"}))
	case "resolve":
		w.act(w.Triage.Resolve(ctx, grace, id, triage.ResolveForm{Form: note, Cause: errata.CauseFixed}))
	case "reopen":
		w.act(w.Triage.Reopen(ctx, ada, id, note))
	case "reopen later":
		w.now.Add(3600e6)
		w.act(w.Triage.Reopen(ctx, ada, id, note))
	case "ignore":
		w.act(w.Triage.Ignore(ctx, ada, id, triage.IgnoreForm{Form: note, Reason: "other"}))
	case "unignore":
		w.act(w.Triage.Unignore(ctx, ada, id, note))
	case "severity":
		w.act(w.Triage.Severity(ctx, ada, id, triage.SeverityForm{Form: note, Severity: "P3"}))
	case "auto":
		w.act(w.Triage.Severity(ctx, ada, id, triage.SeverityForm{Form: note, Severity: "auto"}))
	case "stage":
		w.act(w.Triage.Stage(ctx, ada, id, triage.StageForm{Stage: errata.Fixing}))
		if errata.ReasonOf(w.lastErr) == errata.ReasonIllegal { // it is not acknowledged
			w.lastErr = nil
		}
	}
	if w.lastErr != nil {
		w.t.Fatalf("%s: %v", what, w.lastErr)
	}
}
