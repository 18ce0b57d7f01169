package find

import (
	"context"
	"slices"
	"time"

	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/store"
)

// UnresolvedFigures are how many issues are open or acknowledged at the end of
// the range, and were at the last full hour before its start. Line has the
// number at full hours in between, the last one being Now.
type UnresolvedFigures struct {
	Now, Before int64
	By          store.Unresolved // of this moment: set when the range ends now
	Line        []int64
}

// OverviewUnresolved counts unresolved issues. Past numbers come from the hourly
// roll-up; where that has none, the ledger is undone from now on backwards.
func (s *Service) OverviewUnresolved(ctx context.Context, who errata.Actor, q OverviewQuery) (out UnresolvedFigures, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		o, err := s.overview(ctx, tx, who, errata.IssueRead, q)
		if err != nil {
			return err
		}
		out, err = o.unresolved(ctx, tx)
		return err
	})
	return out, err
}

func (o overview) unresolved(ctx context.Context, tx *store.Tx) (out UnresolvedFigures, err error) {
	all, err := tx.Unresolved(ctx, o.slice)
	if err != nil {
		return out, err
	}
	for _, u := range all {
		for i, n := range u {
			out.By[i] += n
		}
	}
	hours := o.hours()
	then, err := o.unresolvedAt(ctx, tx, hours, out.By.Sum())
	for _, h := range hours {
		out.Line = append(out.Line, then[h])
	}
	out.Now = out.By.Sum()
	if !o.q.Range.current(o.now) { // a range of the past ends at its last full hour
		out.Now, out.By = out.Line[len(out.Line)-1], store.Unresolved{}
	} else {
		out.Line = append(out.Line, out.Now)
	}
	out.Before = out.Line[0]
	return out, err
}

// maxPoints is how many points a line of the key figures has.
const maxPoints = 48

// hours returns full hours (µs), evenly spread, from the last one before the
// range begins to the last one before it ends.
func (o overview) hours() (out []int64) {
	from, to := o.q.Range.From.UnixMicro()/hourUS*hourUS, o.q.Range.To.UnixMicro()/hourUS*hourUS
	step := ((to-from)/hourUS/maxPoints + 1) * hourUS
	for h := from; h <= to; h += step {
		out = append(out, h)
	}
	return out
}

// settled is how old an hour of the roll-up is when it is not counted again.
const settled = 4 * hourUS

// unresolvedAt returns the numbers at full hours, given that of now. The roll-up
// knows no environments, and may lack hours.
func (o overview) unresolvedAt(ctx context.Context, tx *store.Tx, hours []int64, now int64) (map[int64]int64, error) {
	out := make(map[int64]int64, len(hours))
	since := hours[0]
	if len(o.slice.Environments) == 0 {
		young := slices.IndexFunc(hours, func(h int64) bool { return h > o.now.UnixMicro()-settled })
		if young < 0 {
			young = len(hours)
		}
		known, err := tx.UnresolvedAt(ctx, o.slice.Scope, hours[:young])
		if err != nil || len(known) == len(hours) {
			return known, err
		}
		if len(known) == young {
			out, since = known, hours[young]
		}
	}
	changes, err := tx.UnresolvedChanges(ctx, o.slice, since)
	for _, h := range hours {
		if h < since {
			continue
		}
		out[h] = now
		for at, n := range changes {
			if at >= h {
				out[h] -= n
			}
		}
	}
	return out, err
}

// NewFigures are how many issues had their first event in the range and in the
// equal period before; how many of the present ones nobody owns; and how many
// resolved issues came back. Line has the new ones of each bucket of the chart.
type NewFigures struct {
	Now, Before, Unassigned, Regressed int64
	Line                               []int64
}

// OverviewNew counts new issues.
func (s *Service) OverviewNew(ctx context.Context, who errata.Actor, q OverviewQuery) (out NewFigures, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		o, err := s.overview(ctx, tx, who, errata.IssueRead, q)
		if err != nil {
			return err
		}
		out, err = o.fresh(ctx, tx)
		return err
	})
	return out, err
}

func (o overview) fresh(ctx context.Context, tx *store.Tx) (out NewFigures, err error) {
	r := o.q.Range.whole(o.now)
	from, to := micros(r)
	now, err := tx.NewIssues(ctx, o.slice, from, to)
	if err != nil {
		return out, err
	}
	before, err := tx.NewIssues(ctx, o.slice, o.q.Range.Before().From.UnixMicro(), from)
	if err != nil {
		return out, err
	}
	out.Now, out.Before = sum(now), sum(before)
	_, edges := o.edges()
	first, last := edges[0].UnixMicro(), edges[len(edges)-1].UnixMicro()-1
	for at, n := range now { // the first quarter may begin before the range, and clocks run ahead
		if inside := min(max(at, first), last); inside != at {
			delete(now, at)
			now[inside] += n
		}
	}
	out.Line = stats.Fold(now, edges)
	if out.Unassigned, err = tx.NewUnassigned(ctx, o.slice, from, to); err != nil {
		return out, err
	}
	out.Regressed, err = tx.Regressions(ctx, o.slice, o.q.Range.From.UnixMicro(), to)
	return out, err
}

func micros(r Range) (from, to int64) { return r.From.UnixMicro(), r.To.UnixMicro() }

func sum(counts map[int64]int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// hourOf returns the first full hour that is not before t.
func hourOf(t time.Time) int64 { return (t.UnixMicro() + hourUS - 1) / hourUS * hourUS }
