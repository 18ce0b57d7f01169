package find_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/queue"
	"errata/internal/store"
	"errata/internal/triage"
)

// stepped is a clock that the test moves.
type stepped struct{ us atomic.Int64 }

func (c *stepped) now() time.Time          { return time.UnixMicro(c.us.Load()).UTC() }
func (c *stepped) forward(d time.Duration) { c.us.Add(d.Microseconds()) }

// lived is a product in which people have worked for weeks, with what was sent.
type lived struct {
	*partstest.Parts
	clock *stepped
	rand  *rand.Rand
	sent  map[string]partstest.Event // by event id
	short []string
}

var persons = []string{"1", "2", "3"}

func person(id string) errata.Actor {
	return errata.Actor{Kind: errata.ActorUser, ID: id, Name: "Person " + id, Via: "session", Active: true}
}

// live lets events arrive and people act, by the real worker and the real
// service, from September to November, over the end of summer time in Europe.
func live(t *testing.T, stores string) *lived {
	t.Helper()
	l := &lived{clock: &stepped{}, rand: rand.New(rand.NewPCG(5, 5)), sent: map[string]partstest.Event{}}
	l.clock.us.Store(time.Date(2026, 10, 5, 6, 0, 0, 0, time.UTC).UnixMicro())
	l.Parts = partstest.Open(t, partstest.Options{Stores: stores, Clock: l.clock.now})
	var projects []errata.Project
	for _, slug := range services {
		projects = append(projects, l.NewProject(slug, errata.ProjectSettings{}))
	}
	l.accounts(t)
	for l.clock.now().Before(time.Date(2026, 11, 19, 12, 0, 0, 0, time.UTC)) {
		l.arrive(t, projects)
		for range 6 {
			l.clock.forward(time.Duration(1+l.rand.IntN(240)) * time.Minute)
			l.act(t)
		}
		l.clock.forward(time.Duration(l.rand.Int64N(int64(12 * time.Hour))).Truncate(time.Microsecond))
	}
	return l
}

func (l *lived) accounts(t *testing.T) {
	t.Helper()
	l.Write(func(tx *store.Tx) error {
		for _, id := range persons {
			if _, err := tx.CreateAccount(t.Context(), errata.Account{ID: id, Email: id + "@example.com", Login: "login" + id, Name: "Person " + id, State: errata.UserActive}); err != nil {
				return err
			}
		}
		return nil
	})
}

// arrive sends a batch and waits until it is counted.
func (l *lived) arrive(t *testing.T, projects []errata.Project) {
	t.Helper()
	var entries []queue.Entry
	for range 5 {
		e := partstest.Event{
			ID: partstest.EventID(len(l.sent) + 1), Type: fmt.Sprintf("Kind%dError", l.rand.IntN(9)), Env: []string{"production", "staging"}[l.rand.IntN(2)],
			Release: "1." + strconv.Itoa(l.rand.IntN(3)) + ".0", Severity: []string{"P0", "P1", "P2", "P2", "P3"}[l.rand.IntN(5)],
			User: []string{"", "u-1", "u-2", "u-3", "u-4"}[len(l.sent)*len(l.sent)/3%5],
		}
		l.sent[e.ID] = e
		entries = append(entries, l.Entry(projects[l.rand.IntN(len(projects))], e))
	}
	l.Publish(l.Batch(entries...))
	l.Until(time.Minute, "counted", func() bool {
		page, err := l.Find.Issues(t.Context(), person("1"), find.IssueQuery{Range: find.Range{From: l.clock.now().AddDate(0, -3, 0), To: l.clock.now()}, Size: 100})
		if err != nil {
			t.Fatal(err)
		}
		n := int64(0)
		l.short = nil
		for _, r := range page.Rows {
			n += r.Issue.Events
			l.short = append(l.short, r.ShortID())
		}
		return n == int64(len(l.sent))
	})
	slices.Sort(l.short)
}

// act lets somebody do something to an issue; what the table forbids does not
// happen.
func (l *lived) act(t *testing.T) {
	t.Helper()
	ctx, who, id := t.Context(), person(persons[l.rand.IntN(len(persons))]), l.short[l.rand.IntN(len(l.short))]
	note := triage.Form{Note: "because"}
	acts := []func() (triage.Result, error){
		func() (triage.Result, error) { return l.Triage.Acknowledge(ctx, who, id, note) },
		func() (triage.Result, error) { return l.Triage.Acknowledge(ctx, who, id, note) },
		func() (triage.Result, error) {
			return l.Triage.Assign(ctx, who, id, triage.AssignForm{Form: note, Assignee: "me"})
		},
		func() (triage.Result, error) {
			return l.Triage.Assign(ctx, who, id, triage.AssignForm{Form: note, Assignee: "user:2"})
		},
		func() (triage.Result, error) {
			return l.Triage.Resolve(ctx, who, id, triage.ResolveForm{Form: note, Cause: errata.CauseFixed})
		},
		func() (triage.Result, error) { return l.Triage.Resolve(ctx, who, id, triage.ResolveForm{Form: note}) },
		func() (triage.Result, error) {
			if _, err := l.Triage.Resolve(ctx, who, id, triage.ResolveForm{Form: note}); err != nil {
				return triage.Result{}, err
			}
			l.clock.forward(8 * time.Minute)
			return l.Triage.Reopen(ctx, who, id, note)
		},
		func() (triage.Result, error) { return l.Triage.Reopen(ctx, who, id, note) },
		func() (triage.Result, error) {
			return l.Triage.Ignore(ctx, who, id, triage.IgnoreForm{Form: note, Reason: "noise"})
		},
		func() (triage.Result, error) { return l.Triage.Unignore(ctx, who, id, note) },
		func() (triage.Result, error) {
			return l.Triage.Severity(ctx, who, id, triage.SeverityForm{Form: note, Severity: []string{"P0", "P3", "auto"}[l.rand.IntN(3)]})
		},
	}
	if _, err := acts[l.rand.IntN(len(acts))](); err != nil && errata.CodeOf(err) != errata.Conflict {
		t.Fatal(err)
	}
}

// spell is an episode as the ledger tells it.
type spell struct {
	issue, project, reason, env, release  string
	opened, responded, acked, resolved    int64
	closed, next                          int64
	respondedBy, ackedBy, resolvedBy, was string // was: why the next one opened
	ignored                               bool
	reopened                              int
	worst                                 errata.Severity
	owner                                 string
}

// spells reads every episode from the ledger and the events alone.
func (l *lived) spells(t *testing.T) (out []spell) {
	t.Helper()
	l.Read(func(tx *store.Tx) error {
		out = nil
		for _, id := range l.short {
			prefix, number, _ := errata.ParseShortID(id)
			is, err := tx.IssueByNumber(t.Context(), prefix, number)
			if err != nil {
				return err
			}
			ledger, err := tx.TransitionsOf(t.Context(), is.ID)
			if err != nil {
				return err
			}
			out = append(out, l.replay(is, ledger)...)
		}
		return nil
	})
	return out
}

func (l *lived) replay(is errata.Issue, ledger []errata.Transition) (out []spell) {
	var severity errata.Severity
	open := func(reason string, r errata.Transition) {
		s := spell{issue: is.ID, project: is.ProjectID, reason: reason, opened: r.At, worst: severity, owner: is.AssigneeID}
		if e, ok := l.sent[r.EventID]; ok {
			s.env, s.release = e.Env, e.Release
		} else {
			s.env, s.release = out[len(out)-1].env, out[len(out)-1].release
		}
		if n := len(out); n > 0 {
			out[n-1].next, out[n-1].was = r.At, reason
		}
		out = append(out, s)
	}
	for _, r := range ledger {
		if r.Rule == errata.RuleNew {
			severity, _ = errata.ParseSeverity(l.sent[r.EventID].Severity)
		}
		if d, ok := r.Detail["severity"]; ok {
			severity, _ = errata.ParseSeverity(d[1])
		}
		switch r.Rule {
		case errata.RuleNew:
			open("new", r)
		case errata.RuleRegressed:
			open("regressed", r)
		case errata.RuleReopen, errata.RuleUnignore:
			open("reopened", r)
		default:
			out[len(out)-1].apply(r)
		}
		if s := &out[len(out)-1]; s.closed == 0 {
			s.worst = min(s.worst, severity)
		}
	}
	return out
}

// apply is one act within an episode.
func (s *spell) apply(r errata.Transition) {
	respond := func() {
		if s.closed == 0 && s.responded == 0 {
			s.responded, s.respondedBy = r.At, r.ActorID
		}
	}
	switch r.Rule {
	case errata.RuleAcknowledge:
		if respond(); s.acked == 0 {
			s.acked, s.ackedBy = r.At, r.ActorID
		}
	case errata.RuleAssign:
		respond()
	case errata.RuleResolve:
		if respond(); s.closed == 0 {
			s.resolved, s.closed, s.resolvedBy = r.At, r.At, r.ActorID
		}
	case errata.RuleReopenSame:
		s.resolved, s.closed, s.resolvedBy, s.reopened = 0, 0, "", s.reopened+1
	case errata.RuleIgnore:
		if respond(); s.closed == 0 {
			s.closed, s.ignored = r.At, true
		}
	default:
	}
}
