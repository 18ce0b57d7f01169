//go:build unix

package partstest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"errata/internal/admin"
	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// WeeksServices is how many services Weeks makes.
const WeeksServices = 20

// weeksSpan is how long the history of Weeks is.
const weeksSpan = 12 * 7 * 24 * time.Hour

// Weeks returns the data directory of a product on the default stores with
// twelve weeks of issues, ten events each on average, and what people made of
// them: one in ten is unresolved. Its rows are written by the store's functions
// without the worker; bodies of events there are none. It is made once and kept
// in the folder for temporary files.
func Weeks(b *testing.B, issues int) (dir string) {
	b.Helper()
	dir = filepath.Join(os.TempDir(), fmt.Sprintf("errata-bench-weeks-%d", issues)) //nolint:usetesting // kept for the next run
	done := filepath.Join(dir, "done")
	if _, err := os.Stat(done); err == nil {
		return dir
	}
	if err := os.RemoveAll(dir); err != nil {
		b.Fatal(err)
	}
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	s, err := store.Open(ctx, store.Options{Path: filepath.Join(dir, "errata.db"), Clock: FilledClock, Decide: storetest.Decide, Log: log})
	if err != nil {
		b.Fatal(err)
	}
	w := &weeks{s: s, rand: rand.New(rand.NewPCG(3, 4)), issues: issues}
	a := admin.New(admin.Options{Store: s, Clock: FilledClock, Decide: storetest.Decide, Log: log, DataDir: dir})
	if err := errors.Join(w.fill(ctx), a.CountStatusHours(ctx), s.Optimize(ctx), s.Close()); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		b.Fatal(err)
	}
	return dir
}

// weeks writes a history.
type weeks struct {
	s        *store.Store
	rand     *rand.Rand
	issues   int
	projects []errata.Project
}

// perWrite is how many issues one transaction writes.
const perWrite = 500

func (w *weeks) fill(ctx context.Context) error {
	err := w.write(ctx, func(tx *store.Tx) error {
		for i := range WeeksServices {
			p, err := tx.CreateProject(ctx, errata.Project{Slug: fmt.Sprintf("service-%d", i), Name: "Service", CreatedBy: "1"})
			if err != nil {
				return err
			}
			w.projects = append(w.projects, p)
		}
		return nil
	})
	for from := 0; from < w.issues && err == nil; from += perWrite {
		err = w.write(ctx, func(tx *store.Tx) error { return w.piece(ctx, tx, from, min(from+perWrite, w.issues)) })
	}
	return err
}

func (w *weeks) write(ctx context.Context, fn func(*store.Tx) error) error {
	return w.s.InTx(ctx, func(tx *store.Tx) error {
		tx.System("bench")
		return fn(tx)
	})
}

// counters are what a piece of the history adds to roll-ups.
type counters struct {
	quarters map[store.Quarter]int64
	hours    map[store.IssueHour]int64
	envs     map[store.IssueIn]store.Span
	users    map[store.IssueUser]int64
}

func (w *weeks) piece(ctx context.Context, tx *store.Tx, from, to int) error {
	c := counters{map[store.Quarter]int64{}, map[store.IssueHour]int64{}, map[store.IssueIn]store.Span{}, map[store.IssueUser]int64{}}
	for n := from; n < to; n++ {
		is := w.issue(n, c)
		if err := w.story(ctx, tx, is); err != nil {
			return err
		}
	}
	if _, err := tx.AddIssueUsers(ctx, c.users); err != nil {
		return err
	}
	return errors.Join(tx.AddIssueHours(ctx, c.hours), tx.AddIssueEnvs(ctx, c.envs), tx.AddProjectQuarters(ctx, c.quarters))
}

// issue makes an issue and its events: most have a few within a week, some are
// many and never stop.
func (w *weeks) issue(n int, c counters) errata.Issue {
	p := w.projects[n%len(w.projects)]
	end := FilledNow.UnixMicro()
	birth := end - 1 - w.rand.Int64N(weeksSpan.Microseconds())
	life, events := int64(7*24*time.Hour/time.Microsecond), 1+w.rand.IntN(10)
	if n%50 == 0 {
		life, events = weeksSpan.Microseconds(), 50+w.rand.IntN(400)
	}
	is := errata.Issue{
		ID: fmt.Sprintf("%08x-0000-7000-8000-%012x", w.rand.Uint32(), n), ProjectID: p.ID, Number: int64(n/len(w.projects) + 1), Type: fmt.Sprintf("Kind%dError", n),
	}
	for k := range events {
		at := birth
		if k > 0 {
			at += w.rand.Int64N(min(life, end-birth))
		}
		severity := errata.Severity([]int{0, 1, 1, 2, 2, 2, 3, 3, 3, 3}[(n+n/10)%10])
		if severity == errata.P0 && n%7 != 0 {
			severity = errata.P1
		}
		env := []string{"production", "production", "staging"}[w.rand.IntN(3)]
		is.Witness(errata.Sighting{
			Timestamp: at, ReceivedAt: at, Severity: severity, Title: fmt.Sprintf("Kind%dError: backend %d failed", n, n%50), Type: is.Type,
			Platform: "python", Level: errata.LevelError, Release: "shop@1.0.0", Ref: errata.Ref{Project: p.ID, EventID: EventID(n*1000 + k), Time: at, Class: 30},
		})
		c.quarters[store.Quarter{ProjectID: p.ID, Start: at / 900e6 * 900e6, Environment: env, Severity: severity, Level: errata.LevelError}]++
		c.hours[store.IssueHour{IssueID: is.ID, Hour: at / 3600e6 * 3600e6, Environment: env}]++
		in := store.IssueIn{IssueID: is.ID, Name: env}
		c.envs[in] = c.envs[in].Add(at)
		c.users[store.IssueUser{IssueID: is.ID, UserHash: fmt.Sprintf("%032x", w.rand.IntN(50_000))}] = at / 86_400e6
	}
	is.Users = int64(events)
	return is
}

// story writes what people made of an issue: somebody responds, somebody
// resolves it; one in ten is left.
func (w *weeks) story(ctx context.Context, tx *store.Tx, is errata.Issue) error {
	ep := errata.Episode{
		ID: is.ID, IssueID: is.ID, ProjectID: is.ProjectID, Seq: 1, OpenReason: errata.ReasonNew, Environment: "production", Release: is.FirstRelease,
		FirstEventAt: is.FirstSeen, OpenedAt: is.FirstSeen, SeverityOpen: is.Severity, SeverityPeak: is.Severity, Events: is.Events,
	}
	is.OpenedAt, is.StatusAt = is.FirstSeen, is.FirstSeen
	steps := []errata.Transition{{Rule: errata.RuleNew, ActorKind: errata.ActorEvent, Via: "intake", At: is.FirstSeen, To: errata.Open, Reason: errata.ReasonNew}}
	end, fate := FilledNow.UnixMicro(), w.rand.IntN(20)
	respond := is.FirstSeen + 1 + w.rand.Int64N(int64(3*time.Hour/time.Microsecond))
	resolve := respond + 1 + w.rand.Int64N(int64(48*time.Hour/time.Microsecond))
	by := fmt.Sprint(1 + w.rand.IntN(5))
	if fate > 0 && respond < end {
		is.Status, is.StatusAt, is.AssigneeID = errata.Acknowledged, respond, by
		ep.RespondedAt, ep.ResponseKind, ep.RespondedBy, ep.AckedAt, ep.AckedBy = respond, errata.RespondedAck, by, respond, by
		steps = append(steps, errata.Transition{Rule: errata.RuleAcknowledge, ActorKind: errata.ActorUser, ActorID: by, Via: "session", At: respond, From: errata.Open, To: errata.Acknowledged})
	}
	if fate > 1 && resolve < end {
		is.Status, is.StatusAt, is.OpenedAt, is.ResolutionID = errata.Resolved, resolve, 0, is.ID
		ep.ResolvedAt, ep.ResolvedBy, ep.ResolutionKind, ep.ClosedAt, ep.CloseReason = resolve, by, errata.ResolutionNow, resolve, errata.ClosedResolved
		steps = append(steps, errata.Transition{Rule: errata.RuleResolve, ActorKind: errata.ActorUser, ActorID: by, Via: "session", At: resolve, From: errata.Acknowledged, To: errata.Resolved})
	}
	is.Version = int64(len(steps))
	err := errors.Join(tx.CreateIssue(ctx, is, store.IssueKeys{Type: is.Type, Words: " backend failed "}), tx.CreateEpisode(ctx, ep))
	if is.ResolutionID != "" {
		r := errata.Resolution{ID: is.ID, IssueID: is.ID, Kind: errata.ResolutionNow, Cause: errata.CauseFixed, ResolvedAt: resolve}
		err = errors.Join(err, tx.CreateResolution(ctx, r))
	}
	for i, t := range steps {
		t.ID, t.IssueID, t.ProjectID, t.Seq, t.EpisodeSeq = fmt.Sprintf("%s-%d", is.ID, i), is.ID, is.ProjectID, int64(i+1), 1
		err = errors.Join(err, tx.CreateTransition(ctx, t))
	}
	return err
}
