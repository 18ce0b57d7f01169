package admin_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/admin"
	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

const hourUS = int64(time.Hour / time.Microsecond)

// acted is an issue with the ledger that made it so.
type acted struct {
	issue  errata.Issue
	ledger []errata.Transition
}

// standingAt replays the ledger up to a time.
func (a acted) standingAt(at int64, first errata.Severity) store.Standing {
	s := store.Standing{Severity: first}
	for _, t := range a.ledger {
		if t.At >= at {
			break
		}
		s.Status = t.To
		if d, ok := t.Detail["severity"]; ok {
			s.Severity, _ = errata.ParseSeverity(d[1])
		}
	}
	return s
}

// live makes an issue that goes through statuses and severities.
func live(r *rand.Rand, n int, from, to int64) (acted, errata.Severity) {
	first := errata.Severity(r.IntN(4))
	a := acted{issue: errata.Issue{
		ID: fmt.Sprintf("0199%028d", n), ProjectID: fmt.Sprint(1 + n%2), Number: int64(n + 1), Title: "t", Level: errata.LevelError,
		Reason: errata.ReasonNew, Severity: first, EpisodeSeq: 1,
	}}
	at := from + r.Int64N(to-from)
	a.issue.FirstSeen, a.issue.LastSeen, a.issue.LastReceived = at, at, at
	for at < to && len(a.ledger) < 8 {
		t := errata.Transition{From: a.issue.Status, To: []errata.Status{errata.Open, errata.Acknowledged, errata.Ignored}[r.IntN(3)], At: at}
		if len(a.ledger) == 0 {
			t.To = errata.Open
		} else if r.IntN(2) == 0 {
			now := errata.Severity(r.IntN(4))
			t.Detail = map[string][2]string{"severity": {a.issue.Severity.String(), now.String()}, "stage": {"", "fixing"}}
			a.issue.Severity = now
		}
		a.issue.Version++
		t.ID, t.IssueID, t.ProjectID, t.Seq, t.EpisodeSeq = fmt.Sprintf("0199%014d%014d", n, a.issue.Version), a.issue.ID, a.issue.ProjectID, a.issue.Version, 1
		t.Rule, t.ActorKind, t.ActorID, t.Via = errata.RuleField, errata.ActorUser, "1", "session"
		a.issue.Status, a.ledger = t.To, append(a.ledger, t)
		at += []int64{0, hourUS / 3, hourUS, 9 * hourUS, 90 * hourUS}[r.IntN(5)]
	}
	if a.issue.OpenedAt = a.issue.FirstSeen; a.issue.Status == errata.Ignored {
		a.issue.OpenedAt = 0
	}
	return a, first
}

// TestStatusHoursEqualAReplay counts, as if the server had been away for most of
// the time, and holds the hours against the ledger read forwards.
func TestStatusHoursEqualAReplay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		now := time.Date(2026, 11, 20, 10, 23, 45, 0, time.UTC)
		clock := func() time.Time { return now }
		from := now.AddDate(0, 0, -30).UnixMicro() / hourUS * hourUS
		r := rand.New(rand.NewPCG(1, 9))
		all, firsts := []acted{}, []errata.Severity{}
		for i := range 120 {
			a, first := live(r, i, from, now.UnixMicro())
			all, firsts = append(all, a), append(firsts, first)
		}
		write(t, s, all)
		a := admin.New(admin.Options{Store: s, Clock: clock, Log: slog.New(slog.DiscardHandler)})
		for range 2 { // a second turn changes nothing
			if err := a.CountStatusHours(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := unresolved(t, s, from, now.UnixMicro())
			want := map[int64]int64{}
			for h := from; h <= now.UnixMicro(); h += hourUS {
				for i, one := range all {
					if one.standingAt(h, firsts[i]).Unresolved() {
						want[h]++
					}
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("(-replay +counted):\n%s", d)
			}
			now = now.Add(2 * time.Hour)
		}
	})
}

func write(t *testing.T, s *store.Store, all []acted) {
	t.Helper()
	err := s.InTx(t.Context(), func(tx *store.Tx) error {
		tx.System("test")
		for i := range 2 {
			if _, err := tx.CreateProject(t.Context(), errata.Project{Slug: fmt.Sprint("p", i), Prefix: fmt.Sprint("PP", i), Name: "P", CreatedBy: "1"}); err != nil {
				return err
			}
		}
		for _, a := range all {
			if err := tx.CreateIssue(t.Context(), a.issue, store.IssueKeys{Words: " t "}); err != nil {
				return err
			}
			for _, row := range a.ledger {
				if err := tx.CreateTransition(t.Context(), row); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// unresolved reads the sums of all severities.
func unresolved(t *testing.T, s *store.Store, from, to int64) (out map[int64]int64) {
	t.Helper()
	var hours []int64
	for h := from; h <= to; h += hourUS {
		hours = append(hours, h)
	}
	err := s.View(context.Background(), func(tx *store.Tx) (err error) {
		out, err = tx.UnresolvedAt(context.Background(), store.Scope{All: true}, hours)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
