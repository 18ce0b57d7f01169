//go:build unix

package triage_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/jobs"
	"errata/internal/store"
	"errata/internal/store/storetest"
	"errata/internal/triage"
)

// bulkParts is what acts over a query need; the queries of these tests ask
// nothing that only events know.
func bulkParts(s *store.Store, fail func(string) error) (*triage.Service, *jobs.Runner) {
	log := slog.New(slog.DiscardHandler)
	r := jobs.New(jobs.Options{
		Store: s, Clock: time.Now, Log: log, Node: "test", Fail: fail, Lease: 3 * time.Second, Poll: 20 * time.Millisecond, // a step on a busy machine is shorter
	})
	f := find.New(find.Options{Store: s, Clock: time.Now, Decide: storetest.Decide, Log: log})
	return triage.New(triage.Options{Store: s, Clock: time.Now, Decide: storetest.Decide, Log: log, Find: f, Jobs: r, Fail: fail}), r
}

// manyIssues are open issues of one service, with episodes and first rows.
func manyIssues(t *testing.T, s *store.Store, n int) {
	t.Helper()
	var ids store.IDs
	at := time.Now().Add(-time.Hour).UnixMicro()
	var project errata.Project
	write := func(do func(tx *store.Tx) error) {
		t.Helper()
		if err := s.InTx(t.Context(), func(tx *store.Tx) error { tx.System("test"); return do(tx) }); err != nil {
			t.Fatal(err)
		}
	}
	write(func(tx *store.Tx) (err error) {
		if _, err = tx.CreateAccount(t.Context(), errata.Account{ID: ada.ID, Email: "ada@example.com", Login: "ada", Name: "Ada", State: errata.UserActive}); err != nil {
			return err
		}
		project, err = tx.CreateProject(t.Context(), errata.Project{Slug: "shop", Name: "shop", CreatedBy: ada.ID})
		return err
	})
	for from := 0; from < n; from += 1000 {
		write(func(tx *store.Tx) error {
			for k := from; k < min(from+1000, n); k++ {
				i := errata.Issue{ID: ids.Next(), ProjectID: project.ID, Number: int64(k + 1)}
				e := errata.Sighting{Timestamp: at, ReceivedAt: at, Severity: errata.P2, Ref: errata.Ref{EventID: fmt.Sprintf("e%d", k)}}
				i.Witness(e)
				step := errata.Opening(i, e)
				step.Name(ids.Next)
				if err := tx.CreateIssue(t.Context(), step.Issue, store.IssueKeys{}); err != nil {
					return err
				}
				if err := tx.CreateEpisode(t.Context(), step.Episode); err != nil {
					return err
				}
				if err := tx.CreateTransition(t.Context(), step.Rows[0]); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func acknowledgeAll(shown int64) triage.QueryForm {
	now := time.Now()
	return triage.QueryForm{
		BulkForm: triage.BulkForm{Act: errata.ActAck, Note: "all seen"},
		Query:    find.IssueQuery{Q: "is:open", Range: find.Range{From: now.Add(-24 * time.Hour), To: now.Add(time.Hour)}},
		Shown:    shown, Typed: fmt.Sprint(shown),
	}
}

// An act over 20,000 issues survives being killed, between its steps and in the
// middle of one, whoever goes on: each issue has one row of the ledger for it.
func TestKilledInBulk(t *testing.T) {
	const n = 20_000
	for name, at := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "errata.db") },
		"postgres": func(t *testing.T) string { return storetest.PostgresURL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			where := at(t)
			s := storetest.Open(t, storeAt(where))
			manyIssues(t, s, n)
			service, r := bulkParts(s, nil)
			res, err := service.BulkQuery(t.Context(), ada, acknowledgeAll(n))
			if err != nil || res.JobID == "" {
				t.Fatal(res, err)
			}
			killed(t, where, "triage.step", 20, killBulk+"=1")
			between := progress(t, service, res.JobID)
			killed(t, where, "triage.inside", 10_000, killBulk+"=1")
			inside := progress(t, service, res.JobID)
			if between.Job.Done != 4000 || between.Counts[store.ItemDone] != 4000 || inside.Job.Done <= 4000 || inside.Counts[store.ItemDone] != inside.Job.Done {
				t.Errorf("after the first: %d %v, after the second: %d %v", between.Job.Done, between.Counts, inside.Job.Done, inside.Counts)
			}
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- r.Run(ctx) }()
			last := untilOver(t, service, res.JobID)
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if last.Job.State != errata.JobDone || last.Job.Done != n || last.Counts[store.ItemDone] != n || string(last.Job.Result) != `{"done":20000}` {
				t.Errorf("%+v %v", last.Job, last.Counts)
			}
			eachOnce(t, s, n)
		})
	}
}

func progress(t *testing.T, s *triage.Service, id string) triage.BulkProgress {
	t.Helper()
	p, err := s.BulkProgress(t.Context(), ada, id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func untilOver(t *testing.T, s *triage.Service, id string) triage.BulkProgress {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.NewTimer(3 * time.Minute)
	defer end.Stop()
	for {
		if p := progress(t, s, id); p.Job.State.Over() {
			return p
		}
		select {
		case <-tick.C:
		case <-end.C:
			t.Fatal("the job did not end")
		}
	}
}

// eachOnce checks that every issue was acknowledged by one row, and that one
// line of the audit stands for them all.
func eachOnce(t *testing.T, s *store.Store, n int) {
	t.Helper()
	ctx := t.Context()
	err := s.View(ctx, func(tx *store.Tx) error {
		ids, err := tx.IssueIDs(ctx, store.IssueFilter{Scope: store.Scope{All: true}, Statuses: []errata.Status{errata.Acknowledged}}, n+1)
		if err != nil {
			return err
		}
		if len(ids) != n {
			t.Errorf("%d issues are acknowledged", len(ids))
		}
		wrong := 0
		for _, id := range ids {
			rows, err := tx.TransitionsOf(ctx, id)
			if err != nil {
				return err
			}
			if len(rows) != 2 || rows[1].Rule != errata.RuleAcknowledge || rows[1].ActorID != ada.ID || rows[1].RequestID != ada.RequestID || rows[1].NoteID == "" {
				wrong++
			}
		}
		if wrong > 0 {
			t.Errorf("%d issues have another ledger than one act", wrong)
		}
		lines, err := tx.Audit(ctx, store.AuditQuery{Stream: errata.StreamChange, Actor: ada.ID, Scope: store.Scope{All: true}, Size: 10})
		if err == nil && (len(lines) != 1 || lines[0].Action != errata.IssueAck) {
			t.Errorf("lines of the audit: %+v", lines)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
