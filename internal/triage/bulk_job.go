package triage

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"errata/internal/errata"
	"errata/internal/jobs"
	"errata/internal/store"
)

// bulkStep is how many issues one transaction of a job changes.
const bulkStep = 200

// doBulk is the handler of the jobs of the kind bulk: a transaction per step,
// which first notes that the step is done, so that whatever happens each issue
// is changed once.
func (s *Service) doBulk(ctx context.Context, w *jobs.Work) (any, error) {
	j := w.Job()
	var p BulkParams
	if err := json.Unmarshal(j.Params, &p); err != nil {
		return nil, fmt.Errorf("params of job %s: %w", j.ID, err)
	}
	who, err := s.asker(ctx, j.OwnerID, p)
	if err != nil {
		return nil, err
	}
	d, err := s.deedOf(who, &BulkForm{Act: p.Act, Assignee: p.Assignee, Cause: p.Cause, Reason: p.Reason})
	if err != nil {
		return nil, err
	}
	for after := position(j.Cursor); after < j.Total && err == nil; after += bulkStep {
		to := min(after+bulkStep, j.Total)
		t := s.attempt(who, Form{Note: p.Note}, d)
		t.job = j.ID
		if err = s.step(ctx, w, t, after, to); err == nil {
			err = s.Fail("triage.step")
		}
	}
	counts, e := s.tally(ctx, j.ID)
	return counts, cmp.Or(err, e)
}

// position reads a cursor; "" is the beginning.
func position(cursor string) int64 {
	n, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// asker is the owner of the job with the rights that they have now.
func (s *Service) asker(ctx context.Context, id string, p BulkParams) (who errata.Actor, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		a, err := tx.AccountByID(ctx, id)
		who = errata.Actor{
			Kind: errata.ActorUser, ID: a.ID, Name: a.Name, Via: p.Via, RequestID: p.RequestID, Active: a.State == errata.UserActive,
		}
		return err
	})
	return who, err
}

// step changes the issues at the positions (after, to].
func (s *Service) step(ctx context.Context, w *jobs.Work, t *attempt, after, to int64) error {
	j := w.Job()
	return s.Store.InTx(ctx, func(tx *store.Tx) error {
		t.ids.Rewind()
		tx.System("bulk")
		if err := w.SaveIn(ctx, tx, strconv.FormatInt(to, 10), to, j.Total); err != nil {
			return err
		}
		items, err := tx.BulkItems(ctx, j.ID, after, to)
		if err != nil {
			return err
		}
		if err := s.settleItems(ctx, tx, t, items); err != nil {
			return err
		}
		return tx.SetBulkItems(ctx, j.ID, items)
	})
}

// settleItems acts on the issues of items, in the order of their ids, and notes
// what became of each.
func (s *Service) settleItems(ctx context.Context, tx *store.Tx, t *attempt, items []store.BulkItem) error {
	ids := make([]string, len(items))
	for n, i := range items {
		ids[n] = i.IssueID
	}
	_, all, err := s.listed(ctx, tx, t.who, ids)
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b member) int { return cmp.Compare(a.issue.ID, b.issue.ID) })
	fates := map[string]*BulkItem{}
	for _, m := range all {
		fates[m.issue.ID] = m.item
		if err := s.settleOne(m, t); err != nil {
			return err
		}
	}
	for n := range items {
		items[n].State, items[n].Note = store.ItemSkipped, "There is no such issue."
		if f := fates[items[n].IssueID]; f != nil {
			items[n].State, items[n].Note = itemStates[f.Fate], f.Why
		}
	}
	return nil
}

var itemStates = map[string]string{
	FateDone: store.ItemDone, FateSame: store.ItemSame, FateIllegal: store.ItemSkipped, FateForbidden: store.ItemSkipped,
	FateBusy: store.ItemFailed,
}

func (s *Service) settleOne(m member, t *attempt) error {
	var out Result
	err := s.Decide(t.who, t.right(m.issue), m.issue.ProjectID)
	if err == nil {
		out, err = s.settle(m.scene, t)
	}
	return m.became(out, err)
}

func (s *Service) tally(ctx context.Context, jobID string) (out map[string]int64, err error) {
	err = s.Store.View(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		out, err = tx.TallyBulk(ctx, jobID)
		return err
	})
	return out, err
}

// BulkProgress is how far a bulk act has come: its issues by what became of
// them, and the first of which nothing did, with the reasons.
type BulkProgress struct {
	Job       errata.Job
	Params    BulkParams
	Counts    map[string]int64 // by states of items
	Unchanged []store.BulkItem
}

// maxUnchanged bounds the list of those of which nothing became.
const maxUnchanged = 100

// BulkProgress returns the progress of a bulk act of the actor; not_found for
// those of others.
func (s *Service) BulkProgress(ctx context.Context, who errata.Actor, id string) (out BulkProgress, err error) {
	if out.Job, err = s.Jobs.Job(ctx, who, id); err != nil {
		return out, err
	}
	if out.Job.Kind != errata.JobBulk {
		return out, errata.E(errata.NotFound, "There is no such job.", nil)
	}
	if err := json.Unmarshal(out.Job.Params, &out.Params); err != nil {
		return out, fmt.Errorf("params of job %s: %w", id, err)
	}
	err = s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if out.Job, err = tx.JobByID(ctx, id); err != nil { // of the same moment as the items
			return err
		}
		if out.Counts, err = tx.TallyBulk(ctx, id); err != nil {
			return err
		}
		out.Unchanged, err = tx.UnchangedItems(ctx, id, maxUnchanged)
		return err
	})
	out.Unchanged = slices.DeleteFunc(out.Unchanged, func(i store.BulkItem) bool { return s.Decide(who, errata.IssueRead, i.ProjectID) != nil })
	return out, err
}
