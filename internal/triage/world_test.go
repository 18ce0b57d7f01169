package triage_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	parts "errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/store"
	"errata/internal/triage"
)

// The people of these tests.
var (
	ada   = errata.Actor{Kind: errata.ActorUser, ID: "1", Name: "Ada", Via: "session", Active: true, RequestID: "q-1"}
	grace = errata.Actor{Kind: errata.ActorUser, ID: "2", Name: "Grace", Via: "api", Active: true}
	robot = errata.Actor{Kind: errata.ActorService, ID: "deployer", Via: "api", Active: true}
)

// world is a product in which a story happens: one issue of one service.
type world struct {
	*parts.Parts
	t       *testing.T
	now     *atomic.Int64 // µs
	day     time.Time     // midnight of the story's first day
	shop    errata.Project
	kind    string
	events  int
	lastErr error
	result  triage.Result
}

// worlds opens the parts on both pairs of stores, with a clock that tests set.
func worlds(t *testing.T, o parts.Options, fn func(t *testing.T, w *world)) {
	t.Helper()
	for _, stores := range []string{parts.Embedded, parts.Scaled} {
		t.Run(stores, func(t *testing.T) {
			day := time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC)
			now := &atomic.Int64{}
			now.Store(day.UnixMicro())
			o := o
			o.Stores, o.Clock = stores, func() time.Time { return errata.FromMicros(now.Load()) }
			w := &world{Parts: parts.Open(t, o), t: t, now: now, day: day}
			w.Write(func(tx *store.Tx) error {
				for _, who := range []errata.Actor{ada, grace} {
					_, err := tx.CreateAccount(t.Context(), errata.Account{
						ID: who.ID, Email: who.Name + "@example.com", Login: strings.ToLower(who.Name), Name: who.Name, State: errata.UserActive,
					})
					if err != nil {
						return err
					}
				}
				return nil
			})
			fn(t, w)
		})
	}
}

// begin starts another story, in a service of its own.
func (w *world) begin(t *testing.T, name string) {
	w.t, w.kind, w.events, w.lastErr = t, "E"+name, 0, nil
	w.shop = w.NewProject("shop-"+strings.ToLower(name), errata.ProjectSettings{})
}

// at sets the clock: "15:04:05", with µs if need be, "2d 09:00:00" two days on.
func (w *world) at(clock string) {
	w.t.Helper()
	days := 0
	if d, rest, ok := strings.Cut(clock, "d "); ok {
		if _, err := fmt.Sscan(d, &days); err != nil {
			w.t.Fatal(err)
		}
		clock = rest
	}
	at, err := time.Parse("15:04:05.999999", clock)
	if err != nil {
		w.t.Fatal(err)
	}
	w.now.Store(w.day.AddDate(0, 0, days).Add(at.Sub(at.Truncate(24 * time.Hour))).UnixMicro())
}

// id is the issue of the story.
func (w *world) id() string { return errata.ShortID(w.shop.Prefix, 1) }

// event lets an event of the issue arrive now.
func (w *world) event(e parts.Event) {
	w.t.Helper()
	w.events++
	e.ID, e.Type = fmt.Sprintf("%08x%024x", len(w.shop.ID)<<16+w.events, w.now.Load()), w.kind
	w.Publish(w.Batch(w.Entry(w.shop, e)))
	w.Drained()
}

// alerted notes that somebody was told, as alerting will.
func (w *world) alerted() {
	w.Write(func(tx *store.Tx) error {
		e, err := tx.EpisodeOf(w.t.Context(), w.issue(tx).ID)
		if err != nil {
			return err
		}
		e.AlertedAt = w.now.Load()
		return tx.UpdateEpisode(w.t.Context(), e)
	})
}

func (w *world) issue(tx *store.Tx) errata.Issue {
	w.t.Helper()
	i, err := tx.IssueByNumber(w.t.Context(), w.shop.Prefix, 1)
	if err != nil {
		w.t.Fatal(err)
	}
	return i
}

// act keeps what a call answered.
func (w *world) act(r triage.Result, err error) { w.result, w.lastErr = r, err }

// state is the issue, its ledger and its episodes as they stand.
type state struct {
	issue    errata.Issue
	rows     []errata.Transition
	episodes []errata.Episode
}

func (w *world) state() (s state) {
	w.t.Helper()
	w.Read(func(tx *store.Tx) (err error) {
		s.issue = w.issue(tx)
		if s.rows, err = tx.TransitionsOf(w.t.Context(), s.issue.ID); err != nil {
			return err
		}
		s.episodes, err = tx.EpisodesOf(w.t.Context(), s.issue.ID)
		return err
	})
	return s
}

// told is an episode in words, with its times in seconds.
func (w *world) told(e errata.Episode) string {
	out := []string{fmt.Sprintf("#%d %s %s", e.Seq, e.OpenReason, w.clock(e.OpenedAt))}
	for _, part := range []struct {
		word string
		at   int64
	}{{string(e.ResponseKind), e.RespondedAt}, {"acked", e.AckedAt}, {string(e.CloseReason), e.ClosedAt}} {
		if part.at != 0 {
			out = append(out, part.word+" "+w.clock(part.at))
		}
	}
	if e.ReopenCount > 0 {
		out = append(out, fmt.Sprintf("reopened %d", e.ReopenCount))
	}
	for _, m := range []stats.Rules{{Metric: stats.TTA}, {Metric: stats.TTA, Explicit: true}, {Metric: stats.TTR}} {
		us, ok := m.Took(&e)
		if !ok || m.Exclusion(&e) != stats.Included {
			continue
		}
		name := string(m.Metric)
		if m.Explicit {
			name = "explicit"
		}
		out = append(out, fmt.Sprintf("%s %d", name, us/1e6))
	}
	return strings.Join(out, ", ")
}

func (w *world) clock(us int64) string {
	t := errata.FromMicros(us)
	days := int(t.Sub(w.day).Hours() / 24)
	if days == 0 {
		return t.Format("15:04:05.999999")
	}
	return fmt.Sprintf("%dd %s", days, t.Format("15:04:05.999999"))
}

// rules lists the rules of the ledger, with the statuses they led to.
func (s state) rules() string {
	var out []string
	for _, r := range s.rows {
		out = append(out, string(r.Rule)+" "+string(r.To))
	}
	return strings.Join(out, ", ")
}

// consistent checks what must hold whatever happened: the ledger, replayed,
// gives the issue; at most one episode is open, exactly while the issue is.
func (s state) consistent(t interface {
	Helper()
	Errorf(string, ...any)
},
) {
	t.Helper()
	var i errata.Issue
	for n, r := range s.rows {
		if r.Seq != int64(n+1) || r.From != i.Status {
			t.Errorf("row %d: seq %d, from %q after %q", n, r.Seq, r.From, i.Status)
		}
		i.Status, i.Reason, i.EpisodeSeq, i.Version = r.To, r.Reason, r.EpisodeSeq, r.Seq
		for field, change := range r.Detail {
			replay(&i, field, change[1])
		}
	}
	j := s.issue
	want := errata.Issue{
		Status: j.Status, Reason: j.Reason, EpisodeSeq: j.EpisodeSeq, Version: j.Version, Severity: j.Severity, SeverityLocked: j.SeverityLocked,
		Stage: j.Stage, AssigneeID: j.AssigneeID, IgnoreReason: j.IgnoreReason, ResolutionID: j.ResolutionID,
	}
	if i != want {
		t.Errorf("the ledger says\n%+v, the issue is\n%+v", i, want)
	}
	s.episodesFit(t.Errorf)
}

func replay(i *errata.Issue, field, is string) {
	switch field {
	case "severity":
		i.Severity, _ = errata.ParseSeverity(is)
	case "severity_locked":
		i.SeverityLocked = is == "true"
	case "stage":
		i.Stage = errata.Stage(is)
	case "assignee":
		i.AssigneeID = is
	case "ignore_reason":
		i.IgnoreReason = is
	case "resolution":
		i.ResolutionID = is
	}
}

func (s state) episodesFit(errorf func(string, ...any)) {
	open := slices.Contains([]errata.Status{errata.Open, errata.Acknowledged}, s.issue.Status)
	if len(s.episodes) == 0 || int64(len(s.episodes)) != s.issue.EpisodeSeq {
		errorf("%d episodes, the issue names #%d", len(s.episodes), s.issue.EpisodeSeq)
		return
	}
	at := s.standing()
	for n, e := range s.episodes {
		last := n == at
		if e.Seq != int64(n+1) || (e.ClosedAt == 0) != (last && open) {
			errorf("episode %d: %+v while the issue is %s", n, e, s.issue.Status)
		}
		if e.ResolvedAt-e.OpenedAt > errata.MaxTimeToResolve {
			errorf("episode %d took %d µs to resolve", n, e.ResolvedAt-e.OpenedAt)
		}
		if n > 0 && e.OpenedAt < s.episodes[n-1].ClosedAt && e.CloseReason != errata.ClosedUndone {
			errorf("episode %d began before the one before it ended", n)
		}
		for _, m := range []stats.Metric{stats.TTA, stats.TTR} {
			if us, ok := (stats.Rules{Metric: m}).Took(&e); ok && us < 0 {
				errorf("%s of episode %d is %d", m, n, us)
			}
		}
		tta, one := stats.Rules{Metric: stats.TTA}.Took(&e)
		ttr, two := stats.Rules{Metric: stats.TTR}.Took(&e)
		if one && two && tta > ttr {
			errorf("episode %d: TTA %d, TTR %d", n, tta, ttr)
		}
		if open && last && e.OpenedAt != s.issue.OpenedAt {
			errorf("the issue opened at %d, its episode at %d", s.issue.OpenedAt, e.OpenedAt)
		}
	}
}

// standing is the place of the last episode that was not undone.
func (s state) standing() int {
	n := len(s.episodes) - 1
	for n > 0 && s.episodes[n].CloseReason == errata.ClosedUndone {
		n--
	}
	return n
}

// ctx is the context of the test at hand.
func (w *world) ctx() context.Context { return w.t.Context() }
