package find

import (
	"cmp"
	"context"
	"slices"

	"errata/internal/errata"
	"errata/internal/store"
)

// QueueRow is an open issue with the time by which somebody should have
// responded (µs, 0 = no target), and whether the reader may acknowledge it.
type QueueRow struct {
	IssueRow
	Deadline int64
	Ack      errata.Allowed
}

// Queue is what needs a response now, the soonest deadline first, and how many
// issues are open altogether.
type Queue struct {
	Rows  []QueueRow
	Total int64
}

// OverviewQueue returns the first issues that need a response. The range does
// not matter to it.
func (s *Service) OverviewQueue(ctx context.Context, who errata.Actor, q OverviewQuery, size int) (out Queue, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		o, err := s.overview(ctx, tx, who, errata.IssueRead, q)
		if err != nil {
			return err
		}
		if out.Total, err = tx.CountOpen(ctx, o.slice); err != nil {
			return err
		}
		rows, err := tx.Waiting(ctx, o.slice, size)
		out.Rows = nil
		for _, w := range rows {
			p := o.reader.projects[w.ProjectID]
			out.Rows = append(out.Rows, QueueRow{IssueRow{Issue: w.Issue, Project: p}, w.Deadline, w.Can(s.may(who, p.ID)).Ack})
		}
		return err
	})
	return out, err
}

// TopBy names what issues are ranked by.
type TopBy string

// The ranks: events in the range; users ever, of issues active in the range;
// how many more events than in the equal period before.
const (
	TopEvents TopBy = "events"
	TopUsers  TopBy = "users"
	TopRising TopBy = "rising"
)

// TopRow is an issue that was active in the range, with its events in it and in
// the equal period before. Both count whole hours: for a range of whole hours as
// many, the last one being the hour in which the range ends. Hours folds them
// into at most 24 steps.
type TopRow struct {
	IssueRow
	Events, Before int64
}

// OverviewTop returns the issues that lead by the given measure, at most size.
func (s *Service) OverviewTop(ctx context.Context, who errata.Actor, q OverviewQuery, by TopBy, size int) (out []TopRow, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		o, err := s.overview(ctx, tx, who, errata.IssueRead, q)
		if err != nil {
			return err
		}
		f := o.active(by)
		best, err := ranking{tx: tx, f: f, by: by, size: size, step: s.topStep}.best(ctx)
		if err != nil {
			return err
		}
		out, err = o.topRows(ctx, tx, f, best)
		return err
	})
	return out, err
}

func (o overview) active(by TopBy) store.ActiveFilter {
	r := o.q.Range
	f := store.ActiveFilter{
		IssueFilter: store.IssueFilter{Scope: o.slice.Scope, Environments: o.slice.Environments, From: r.From.UnixMicro()},
		Middle:      hourOf(r.From), End: hourOf(r.To),
	}
	if !r.current(o.now) {
		f.To = r.To.UnixMicro()
	} else {
		f.End = (r.To.Add(ahead).UnixMicro()/hourUS + 1) * hourUS
		f.Middle = max(f.End-(hourOf(r.To)-f.Middle), f.Middle)
	}
	f.Middle = min(f.Middle, f.End-hourUS)
	f.Start = f.Middle
	if by == TopRising {
		f.Start = f.Middle - (f.End - f.Middle)
	}
	return f
}

// ranking finds the first issues by a measure without counting all of them: no
// issue has more events in a range than it ever had, so reading them in that
// order ends where the rest cannot catch up.
type ranking struct {
	tx   *store.Tx
	f    store.ActiveFilter
	by   TopBy
	size int
	step int
}

// defaultTopStep is how many issues are counted at first; each further step is
// four times as long.
const defaultTopStep = 300

func (k ranking) best(ctx context.Context) (best []store.Active, err error) {
	if k.by == TopUsers {
		best, err = k.tx.ActiveIssues(ctx, k.f, store.ByUsers, 0, k.size)
		if err == nil {
			err = k.tx.CountActive(ctx, k.f, best)
		}
		return best, err
	}
	for skip, step := 0, k.step; ; skip, step = skip+step, 4*step {
		piece, err := k.tx.ActiveIssues(ctx, k.f, store.ByEvents, skip, step)
		if err != nil {
			return nil, err
		}
		if err := k.tx.CountActive(ctx, k.f, piece); err != nil {
			return nil, err
		}
		more := len(piece) == step
		rest := int64(0)
		if more {
			rest = piece[step-1].Ever
		}
		best = k.merge(best, piece)
		if !more || len(best) == k.size && k.value(best[k.size-1]) >= rest {
			return best, nil
		}
	}
}

func (k ranking) value(a store.Active) int64 {
	if k.by == TopRising {
		return a.Events - a.Before
	}
	return a.Events
}

func (k ranking) merge(best, piece []store.Active) []store.Active {
	for _, a := range piece {
		if k.value(a) > 0 {
			best = append(best, a)
		}
	}
	slices.SortFunc(best, func(a, b store.Active) int {
		return -cmp.Or(cmp.Compare(k.value(a), k.value(b)), cmp.Compare(a.Ever, b.Ever), cmp.Compare(a.ID, b.ID))
	})
	return best[:min(len(best), k.size)]
}

func (o overview) topRows(ctx context.Context, tx *store.Tx, f store.ActiveFilter, best []store.Active) ([]TopRow, error) {
	ids := make([]string, len(best))
	for i, a := range best {
		ids[i] = a.ID
	}
	rows, err := tx.IssuesByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	owners := make([]string, 0, len(rows))
	for _, i := range rows {
		owners = append(owners, i.AssigneeID)
	}
	people, err := tx.People(ctx, owners)
	if err != nil {
		return nil, err
	}
	hours, err := tx.ActiveHours(ctx, f, ids)
	out := make([]TopRow, 0, len(best))
	for _, a := range best {
		i := rows[a.ID]
		row := IssueRow{Issue: i, Project: o.reader.projects[i.ProjectID], Hours: foldHours(hours[a.ID], f), Owner: people[i.AssigneeID]}
		out = append(out, TopRow{row, a.Events, a.Before})
	}
	return out, err
}

// foldHours adds up hours into at most 24 equal steps.
func foldHours(hours []store.HourCount, f store.ActiveFilter) []int64 {
	n := (f.End - f.Middle) / hourUS
	step := (n + dayHours - 1) / dayHours
	out := make([]int64, (n+step-1)/step)
	for _, h := range hours {
		out[(h.Hour-f.Middle)/hourUS/step] += h.Events
	}
	return out
}
