package admin_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	parts "errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/normalize"
	"errata/internal/search"
	"errata/internal/store"
)

// stepped is a clock that the test moves.
type stepped struct{ us atomic.Int64 }

func (c *stepped) now() time.Time { return time.UnixMicro(c.us.Load()).UTC() }

func (c *stepped) set(t time.Time) { c.us.Store(t.UnixMicro()) }

var start = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

const oneDay = 24 * time.Hour

// kept is what is left of a service.
type kept struct {
	Events                       int64 // bodies in the engine
	Ledger, Users                int   // of the three events sent, and their users
	Hours, Quarters, Envs        int64 // events in roll-ups
	Releases, Letters            int
	Outcomes, Counted, UserCount int64 // Counted: the issue's own counters, which stay
}

// shop is a service with three events and what they left behind.
type shop struct {
	p       *parts.Parts
	project errata.Project
	issue   errata.Issue
}

var ages = []time.Duration{0, 10 * oneDay, 29 * oneDay}

func openShop(t *testing.T, p *parts.Parts, slug string, retention int) shop {
	t.Helper()
	s := shop{p: p, project: p.NewProject(slug, errata.ProjectSettings{RetentionDays: retention})}
	for i, age := range ages {
		p.Publish(p.Batch(p.Entry(s.project, parts.Event{
			ID: parts.EventID(i + 1), User: fmt.Sprintf("u-%d", i), Release: fmt.Sprintf("shop@1.0.%d", i),
			Time: p.Clock().Add(-age),
		})))
	}
	bad := p.Entry(s.project, parts.Event{ID: parts.EventID(9)})
	bad.Payload = []byte("{")
	p.Publish(p.Batch(bad))
	p.Drained()
	p.Read(func(tx *store.Tx) error {
		all, err := tx.Issues(t.Context(), store.IssueFilter{Scope: s.scope()}, store.IssuePage{Size: 1})
		if len(all) == 1 {
			s.issue = all[0]
		}
		return err
	})
	return s
}

func (s shop) scope() store.Scope { return store.Scope{Projects: []string{s.project.ID}} }

var errUndo = errors.New("undo")

// left counts what is there.
func (s shop) left(t *testing.T) kept {
	t.Helper()
	ctx, now := t.Context(), s.p.Clock()
	var k kept
	s.p.Read(func(tx *store.Tx) error {
		k = kept{}
		for i := range ages {
			_, known, err := tx.AppliedEvent(ctx, s.project.ID, parts.EventID(i+1))
			if err != nil {
				return err
			}
			if known {
				k.Ledger++
			}
		}
		hours, err := tx.IssueHours(ctx, []string{s.issue.ID}, 0, now.Add(time.Hour).UnixMicro(), "")
		for _, h := range hours[s.issue.ID] {
			k.Hours += h.Events
		}
		if err != nil {
			return err
		}
		quarters, err := tx.Volume(ctx, store.VolumeFilter{Scope: s.scope(), To: now.Add(time.Hour).UnixMicro()}, store.ByNothing)
		for _, q := range quarters {
			k.Quarters += q.Events
		}
		if err != nil {
			return err
		}
		envs, err := tx.EnvironmentsOf(ctx, s.issue.ID)
		for _, e := range envs {
			k.Envs += e.Events
		}
		if err != nil {
			return err
		}
		releases, err := tx.ReleasesOf(ctx, s.issue.ID)
		k.Releases = len(releases)
		if err != nil {
			return err
		}
		letters, err := tx.Letters(ctx, store.LetterFilter{ProjectID: s.project.ID, Size: 10})
		k.Letters = len(letters)
		if err != nil {
			return err
		}
		is, err := tx.IssueByID(ctx, s.issue.ID)
		k.Counted, k.UserCount = is.Events, is.Users
		return err
	})
	for _, n := range s.p.Outcomes(s.project.ID) {
		k.Outcomes += n
	}
	k.Users = len(ages) - s.newcomers(t)
	if err := s.p.Engine.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	res, err := s.p.Engine.Search(ctx, search.Request{
		Scope: search.Scope{Projects: []string{s.project.ID}}, From: start.AddDate(0, -2, 0),
		To: now.Add(oneDay), TotalUpTo: 100,
	})
	if err != nil {
		t.Fatal(err)
	}
	k.Events = res.Total.Value
	return k
}

func hashOf(t *testing.T, payload []byte) string {
	t.Helper()
	ev, err := normalize.Decode(payload)
	if err != nil {
		t.Fatal(err)
	}
	return ev.User.Hash
}

// newcomers counts how many of the users would be new to the issue.
func (s shop) newcomers(t *testing.T) (n int) {
	t.Helper()
	err := s.p.Store.InTx(t.Context(), func(tx *store.Tx) error {
		tx.System("test")
		seen := map[store.IssueUser]int64{}
		for i := range ages {
			u := s.p.Entry(s.project, parts.Event{ID: parts.EventID(1), User: fmt.Sprintf("u-%d", i)})
			seen[store.IssueUser{IssueID: s.issue.ID, UserHash: hashOf(t, u.Payload)}] = 0
		}
		got, err := tx.AddIssueUsers(t.Context(), seen)
		n = int(got[s.issue.ID])
		return errors.Join(err, errUndo)
	})
	if !errors.Is(err, errUndo) {
		t.Fatal(err)
	}
	return n
}

func TestRetention(t *testing.T) {
	clock := &stepped{}
	clock.set(start)
	parts.Each(t, parts.Options{Clock: clock.now}, func(t *testing.T, p *parts.Parts) {
		clock.set(start)
		month, quarter := openShop(t, p, "shop", 0), openShop(t, p, "archive", 90)
		full := kept{Events: 3, Ledger: 3, Users: 3, Hours: 3, Quarters: 3, Envs: 3, Releases: 3, Letters: 1, Outcomes: 4, Counted: 3, UserCount: 3}
		wantMonth, wantQuarter := full, full
		steps := []struct {
			name  string
			after time.Duration
			want  func()
		}{
			{"nothing is past its time", 0, func() {}},
			{"an event past 30 days, with its user", 2 * oneDay, func() { wantMonth.Events, wantMonth.Users = 2, 2 }},
			{"the ledger after 7 days", 8 * oneDay, func() { wantMonth.Ledger, wantQuarter.Ledger = 0, 0 }},
			{"dead letters after 14 days", 15 * oneDay, func() { wantMonth.Letters, wantQuarter.Letters = 0, 0 }},
			{"all of 30 days", 32 * oneDay, func() { wantMonth.Events, wantMonth.Users = 0, 0 }},
			{"the first of 90 days", 63 * oneDay, func() { wantQuarter.Events, wantQuarter.Users = 2, 2 }},
			{"hours after 100 days", 101 * oneDay, func() {
				wantMonth.Hours, wantQuarter.Hours = 0, 0
				wantQuarter.Events, wantQuarter.Users = 0, 0
			}},
			{"counters after 400 days", 401 * oneDay, func() {
				for _, k := range []*kept{&wantMonth, &wantQuarter} {
					k.Quarters, k.Releases, k.Outcomes = 0, 0, 0
					k.Envs = 0
				}
			}},
		}
		for _, step := range steps {
			clock.set(start.Add(step.after))
			step.want()
			if err := p.Admin.Sweep(t.Context()); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			if d := cmp.Diff(wantMonth, month.left(t)); d != "" {
				t.Errorf("30 days: %s (-want +got):\n%s", step.name, d)
			}
			if d := cmp.Diff(wantQuarter, quarter.left(t)); d != "" {
				t.Errorf("90 days: %s (-want +got):\n%s", step.name, d)
			}
		}
		gone(t, month)
	})
}

// gone checks that the page of an issue says what became of its events.
func gone(t *testing.T, s shop) {
	t.Helper()
	view, err := s.p.Find.Issue(t.Context(), parts.Reader, errata.ShortID(s.project.Prefix, 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{find.Recommended, find.First, find.Last} {
		if e := s.p.Find.Event(t.Context(), parts.Reader, view, name); !e.Gone || e.Event != nil || errata.CodeOf(e.Err) != errata.NotFound {
			t.Errorf("%s event of an issue whose events expired: %+v", name, e)
		}
	}
}

// stuck is an engine that cannot expire.
type stuck struct{ search.Engine }

func (stuck) Expire(context.Context, int, time.Time) (search.ExpireReport, error) {
	return search.ExpireReport{}, errata.E(errata.Unavailable, "away", nil)
}

func TestSweepGoesOnWithoutTheEngine(t *testing.T) {
	clock := &stepped{}
	clock.set(start)
	p := parts.Open(t, parts.Options{Clock: clock.now, Wrap: func(e search.Engine) search.Engine { return stuck{e} }})
	s := openShop(t, p, "shop", 0)
	clock.set(start.Add(15 * oneDay))
	if err := p.Admin.Sweep(t.Context()); errata.CodeOf(err) != errata.Unavailable {
		t.Errorf("the engine's failure is not told: %v", err)
	}
	want := kept{Events: 3, Users: 2, Hours: 3, Quarters: 3, Envs: 3, Releases: 3, Outcomes: 4, Counted: 3, UserCount: 3}
	if d := cmp.Diff(want, s.left(t)); d != "" {
		t.Errorf("SQL was not swept (-want +got):\n%s", d)
	}
}

// More rows of the first issue than one transaction removes.
func TestSweepFinishesLargeIssues(t *testing.T) {
	clock := &stepped{}
	clock.set(start)
	p := parts.Open(t, parts.Options{Clock: clock.now})
	s := openShop(t, p, "shop", 0)
	const many = store.MaxSwept + 100
	hours := map[store.IssueHour]int64{}
	for i := range many {
		hours[store.IssueHour{IssueID: s.issue.ID, Hour: int64(i) * int64(time.Hour/time.Microsecond)}] = 1
	}
	p.Write(func(tx *store.Tx) error { return tx.AddIssueHours(t.Context(), hours) })
	if got := s.left(t).Hours; got != many+3 {
		t.Fatalf("%d events in hours", got)
	}
	if err := p.Admin.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.left(t).Hours; got != 3 {
		t.Errorf("after one sweep %d events are left in hours, want 3", got)
	}
}
