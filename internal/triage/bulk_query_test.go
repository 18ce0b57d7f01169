//go:build unix

package triage_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
	"errata/internal/triage"
)

// People know how many issues they change: above 1,000 they type the number,
// and never more are changed than were shown.
func TestBulkQueryIsConfirmed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		manyIssues(t, s, 1200)
		service, _ := bulkParts(s, nil)
		form := func(change func(*triage.QueryForm)) triage.QueryForm {
			f := acknowledgeAll(1200)
			change(&f)
			return f
		}
		p, err := service.PreviewQuery(t.Context(), ada, acknowledgeAll(0))
		if err != nil || p.Total != 1200 || !p.Job || !p.Typed || len(p.Items) != 20 {
			t.Fatalf("%d issues, %d shown, %v", p.Total, len(p.Items), err)
		}
		if d := cmp.Diff(map[string]int64{triage.FateChange: 1200}, p.Counts); d != "" {
			t.Error(d)
		}
		stranger := errata.Actor{Kind: errata.ActorUser, ID: "9", Via: "session"}
		tests := map[string]struct {
			who  errata.Actor
			form triage.QueryForm
			want string
		}{
			"not typed":           {ada, form(func(f *triage.QueryForm) { f.Typed = "" }), "act.count"},
			"typed wrongly":       {ada, form(func(f *triage.QueryForm) { f.Typed = "1201" }), "act.count"},
			"words":               {ada, form(func(f *triage.QueryForm) { f.Typed = "all" }), "act.count"},
			"more than shown":     {ada, form(func(f *triage.QueryForm) { f.Shown, f.Typed = 1199, "1199" }), "act.more_listed"},
			"nothing listed":      {ada, form(func(f *triage.QueryForm) { f.Query.Q = "is:resolved" }), "act.nothing_listed"},
			"unknown act":         {ada, form(func(f *triage.QueryForm) { f.Act = "delete" }), "act.unknown"},
			"may not see":         {stranger, acknowledgeAll(1200), "act.nothing_listed"},
			"as people write it":  {ada, form(func(f *triage.QueryForm) { f.Typed = " 1,200 " }), ""},
			"a second one":        {ada, acknowledgeAll(1200), "too_many_jobs"},
			"assigned to nothing": {ada, form(func(f *triage.QueryForm) { f.Act = errata.ActAssign }), errata.ReasonAssignee},
		}
		for _, name := range []string{
			"not typed", "typed wrongly", "words", "more than shown", "nothing listed", "unknown act", "may not see", "assigned to nothing",
			"as people write it", "a second one",
		} {
			c := tests[name]
			r, err := service.BulkQuery(t.Context(), c.who, c.form)
			if got := errata.ReasonOf(err); got != c.want || (err == nil) != (r.JobID != "") {
				t.Errorf("%s: %q %v, want %q", name, got, err, c.want)
			}
		}
	})
}

// A job that is cancelled keeps what it has done; the rest is not touched.
func TestBulkIsCancelled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		manyIssues(t, s, 900)
		var cancel func()
		service, r := bulkParts(s, func(point string) error {
			if point == "triage.step" {
				cancel()
			}
			return nil
		})
		res, err := service.BulkQuery(t.Context(), ada, acknowledgeAll(900))
		if err != nil {
			t.Fatal(err)
		}
		cancel = func() {
			if err := r.Cancel(t.Context(), ada, res.JobID); err != nil {
				t.Error(err)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx) }()
		p := untilOver(t, service, res.JobID)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		want := map[string]int64{store.ItemDone: 200, store.ItemPending: 700}
		if d := cmp.Diff(want, p.Counts); d != "" || p.Job.State != errata.JobCancelled || p.Job.Done != 200 {
			t.Errorf("%s %d: %s", p.Job.State, p.Job.Done, d)
		}
		other := errata.Actor{Kind: errata.ActorUser, ID: "2", Active: true}
		if _, err := service.BulkProgress(t.Context(), other, res.JobID); errata.CodeOf(err) != errata.NotFound {
			t.Errorf("somebody else sees it: %v", err)
		}
	})
}

// What somebody may not do any more when the job runs is not done.
func TestBulkGoesByTheRightsOfThen(t *testing.T) {
	s := storetest.SQLite(t)
	manyIssues(t, s, 600)
	service, r := bulkParts(s, nil)
	res, err := service.BulkQuery(t.Context(), ada, acknowledgeAll(600))
	if err != nil {
		t.Fatal(err)
	}
	err = s.InTx(t.Context(), func(tx *store.Tx) error {
		tx.System("test")
		changed, err := tx.SetAccountState(t.Context(), ada.ID, errata.UserDisabled, 1)
		if err == nil && !changed {
			err = errors.New("the account was not disabled")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	p := untilOver(t, service, res.JobID)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(map[string]int64{store.ItemSkipped: 600}, p.Counts); d != "" {
		t.Error(d)
	}
}
