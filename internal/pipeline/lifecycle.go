package pipeline

import (
	"context"
	"errors"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/store"
)

// errMoved would mean that an issue changed while this transaction held it.
var errMoved = errors.New("pipeline: an issue changed under its lock")

// opening is what the events of a turn make of an issue that is new.
func opening(i errata.Issue, events []*item) errata.Step {
	step := errata.Opening(i, events[0].sighting())
	for _, it := range events[1:] {
		step.Event(it.sighting(), errata.Resolution{})
	}
	return step
}

// create adds issues with their numbers. Projects in order: two workers that
// take numbers of two projects must not wait for each other.
func (t *turnTx) create(ctx context.Context, steps []errata.Step) (err error) {
	slices.SortStableFunc(steps, func(a, b errata.Step) int { return strings.Compare(a.Issue.ProjectID, b.Issue.ProjectID) })
	for n := range steps {
		step := &steps[n]
		if step.Issue.Number, err = t.tx.Next(ctx, store.IssueCounter(step.Issue.ProjectID)); err != nil {
			return err
		}
		if err := t.tx.CreateIssue(ctx, step.Issue, keysOf(step.Issue)); err != nil {
			return err
		}
		if err := t.record(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

// advance lets the events of a turn act on the issues that they were counted
// for. Counting has locked the rows: of all who find an issue resolved one
// regresses it, and the others find it open.
func (t *turnTx) advance(ctx context.Context, now map[string]errata.Issue, events map[string][]*item) error {
	if err := t.fail("sql.inside"); err != nil {
		return err
	}
	for _, id := range sortedKeys(now) {
		step := errata.Step{Issue: now[id]}
		r, err := t.resolution(ctx, step.Issue)
		if err != nil {
			return err
		}
		for _, it := range events[id] {
			step.Event(it.sighting(), r)
		}
		if err := t.state(ctx, now[id], step.Issue); err != nil {
			return err
		}
		if err := t.record(ctx, &step); err != nil {
			return err
		}
	}
	return nil
}

// resolution is what a resolved issue is held by.
func (t *turnTx) resolution(ctx context.Context, i errata.Issue) (errata.Resolution, error) {
	if i.Status != errata.Resolved {
		return errata.Resolution{}, nil
	}
	return t.tx.ResolutionByID(ctx, i.ResolutionID)
}

// state writes what the events changed beside counters.
func (t *turnTx) state(ctx context.Context, before, after errata.Issue) error {
	if after == before {
		return nil
	}
	done, err := t.tx.UpdateIssueState(ctx, before.Version, after)
	if err == nil && !done {
		err = errMoved
	}
	return err
}

// record writes the episode and the ledger of a step.
func (t *turnTx) record(ctx context.Context, step *errata.Step) error {
	step.Name(t.lifecycle.Next)
	var err error
	switch {
	case step.Opened:
		step.Episode.Events = step.Seen
		err = t.tx.CreateEpisode(ctx, step.Episode)
	case step.Seen > 0:
		err = t.tx.AddEpisodeEvents(ctx, step.Issue.ID, step.Seen, step.Issue.Severity)
	}
	if err != nil {
		return err
	}
	for _, row := range step.Rows {
		if err := t.fail("sql.inside"); err != nil {
			return err
		}
		if err := t.tx.CreateTransition(ctx, row); err != nil {
			return err
		}
	}
	return nil
}
