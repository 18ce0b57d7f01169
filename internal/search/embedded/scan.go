package embedded

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"errata/internal/search"
)

// scanAtOnce is how many events of a scan are read together.
const scanAtOnce = idsAtOnce

// Scan walks over all matches, oldest first; see search.Engine. Per file the
// first page comes from the index on time, so that a scan that stops soon is
// cheap; for the rest the ids are read at once, 8 bytes each, and then the
// events, without holding a transaction while fn works.
func (e *Engine) Scan(ctx context.Context, r search.ScanRequest, fn func(*search.Hit) error) error {
	if err := r.Check(); err != nil {
		return err
	}
	if err := e.open(); err != nil {
		return err
	}
	req := r.Request()
	if err := refuseUnsupported(req.Query); err != nil || req.Scope.Empty() {
		return err
	}
	s := &scanning{e: e, r: &req, at: r.After, fn: fn}
	from := time.UnixMicro(max(req.From.UnixMicro(), r.After.Time))
	first, last := dayOf(from.UnixMicro()), dayOf(req.To.UnixMicro()-1)
	views := e.pick(from, req.To)
	if err := s.whole(first, last); err != nil {
		return err
	}
	for _, v := range slices.Backward(views) {
		if err := s.file(ctx, v); err != nil {
			return err
		}
	}
	return s.whole(first, last)
}

// scanning is one scan at work. at is the last event that fn got.
type scanning struct {
	e  *Engine
	r  *search.Request
	at search.Place
	fn func(*search.Hit) error
}

// whole fails when days of the range were set aside.
func (s *scanning) whole(first, last int64) error {
	if err := s.e.open(); err != nil {
		return err
	}
	if gaps := s.e.gaps(first, last); len(gaps) > 0 {
		return search.Torn(gaps[0])
	}
	return nil
}

// file walks over one file.
func (s *scanning) file(ctx context.Context, v view) error {
	var hits []search.Hit
	err := s.reading(ctx, v, func(q queryer) error {
		p, err := s.plan(ctx, q, v)
		if err != nil || p.never {
			return err
		}
		rows, err := p.rows(ctx, q, evColumns, scanAtOnce, true)
		if err != nil {
			return err
		}
		hits, err = s.e.complete(ctx, q, v.partition, rows, s.full())
		return err
	})
	if err == nil {
		err = s.give(ctx, hits)
	}
	if err != nil || len(hits) < scanAtOnce {
		return err
	}
	return s.rest(ctx, v)
}

func (s *scanning) full() bool { return s.r.Fields == search.FieldsFull }

// plan is the plan for what lies behind at.
func (s *scanning) plan(ctx context.Context, q queryer, v view) (plan, error) {
	p, err := newPlan(ctx, q, nil, v, s.r, s.e.o.tuning, false)
	if err != nil || p.never {
		return p, err
	}
	if p.gap {
		return p, search.Torn(v.gap(search.ReasonTerms))
	}
	return p, p.continueAt(ctx, q, s.at, true)
}

// ids are the matches of one file that are left, oldest first.
func (s *scanning) ids(ctx context.Context, v view) (ids []int64, err error) {
	err = s.reading(ctx, v, func(q queryer) error {
		p, err := s.plan(ctx, q, v)
		if err != nil || p.never {
			return err
		}
		c := compiler{ctx: ctx, q: q}
		all := p.walk(0)
		ids, err = c.ids("SELECT id FROM "+all.from+" WHERE "+all.where+" ORDER BY ts, eid, pid", all.args...)
		return err
	})
	return ids, err
}

// rest walks over what is left of a file.
func (s *scanning) rest(ctx context.Context, v view) error {
	ids, err := s.ids(ctx, v)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(ids, scanAtOnce) {
		var hits []search.Hit
		err := s.reading(ctx, v, func(q queryer) error {
			rows, err := rowsOf(ctx, q, part)
			if err != nil {
				return err
			}
			hits, err = s.e.complete(ctx, q, v.partition, rows, s.full())
			return err
		})
		if err != nil {
			return err
		}
		if err := s.give(ctx, hits); err != nil {
			return err
		}
	}
	return nil
}

// give hands hits on.
func (s *scanning) give(ctx context.Context, hits []search.Hit) error {
	for i := range hits {
		if ctx.Err() != nil {
			return cancelled(ctx.Err())
		}
		if err := s.fn(&hits[i]); err != nil {
			return err
		}
	}
	if len(hits) > 0 {
		s.at = search.PlaceOf(&hits[len(hits)-1])
	}
	return nil
}

// reading runs fn on a file. One that is gone has nothing; a damaged one is set
// aside.
func (s *scanning) reading(ctx context.Context, v view, fn func(q queryer) error) error {
	err := s.e.reading(ctx, v.partition, fn)
	switch {
	case err == nil || errors.Is(err, errGone):
		return nil
	case ctx.Err() != nil:
		return cancelled(ctx.Err())
	case isCorrupt(err):
		s.e.log.ErrorContext(ctx, "event file cannot be read", slog.String("file", fileOf(v.partition)), slog.Any("error", err))
		s.e.quarantine(v.partition)
		return search.Torn(v.gap(search.ReasonCorrupt))
	}
	return err
}

// rowsOf returns the rows of ids in the order of ids; those that are gone are
// left out.
func rowsOf(ctx context.Context, q queryer, ids []int64) ([]row, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	cl := in("id", ids)
	found, err := readRows(ctx, q, evColumns, "FROM ev WHERE "+cl.sql, cl.args...)
	if err != nil {
		return nil, err
	}
	at := make(map[int64]int, len(found))
	for i := range found {
		at[found[i].id] = i
	}
	out := make([]row, 0, len(found))
	for _, id := range ids {
		if i, ok := at[id]; ok {
			out = append(out, found[i])
		}
	}
	return out, nil
}
