package admin

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"errata/internal/errata"
	"errata/internal/search"
	"errata/internal/store"
)

// How long rows of the SQL store are kept.
const (
	keepLedger   = 7 * day
	keepLetters  = 14 * day
	keepHours    = 100 * day
	keepCounters = 400 * day
	keepTokens   = 400 * day
	keepJobs     = 30 * day  // those that say themselves until when are kept as long
	keepAccess   = 400 * day // who read what; changes are kept for ever
)

// sweepEvery is how often old rows and old events are dropped.
const sweepEvery = time.Hour

// Retention drops what is past its time until ctx ends: soon after the start,
// then every hour.
func (s *Service) Retention(ctx context.Context) error {
	t := time.NewTimer(time.Minute)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.Log.WarnContext(ctx, "retention not finished", slog.Any("error", err))
			}
			t.Reset(sweepEvery)
		case <-ctx.Done():
			return nil
		}
	}
}

// Sweep drops everything that is past its time now. One part that fails, say
// an engine that is away, does not hold up the others; it is tried again in the
// next turn.
func (s *Service) Sweep(ctx context.Context) error {
	classes, users, err := s.classes(ctx)
	if err != nil {
		return err
	}
	all := []error{s.expire(ctx, classes), s.tidy(ctx)}
	for _, step := range s.sweeps() {
		all = append(all, s.repeat(ctx, step))
	}
	all = append(all, s.sweepIssues(ctx, users), s.Store.Optimize(ctx))
	return errors.Join(all...)
}

// expire drops events whose day is past their class.
func (s *Service) expire(ctx context.Context, classes []int) error {
	var all []error
	for _, c := range classes {
		r, err := s.Engine.Expire(ctx, c, s.Clock().Add(-time.Duration(c)*24*time.Hour))
		if err != nil {
			all = append(all, err)
		} else if r.Places > 0 || r.Events > 0 {
			s.Log.InfoContext(ctx, "events expired", slog.Int("class_days", c), slog.Int("places", r.Places), slog.Int64("events", r.Events))
		}
	}
	return errors.Join(all...)
}

// tidyAfter is how long erased events may wait for others, so that a file is
// written anew once for all of a day.
const tidyAfter = 12 * time.Hour

// tidy has the engine remove the bytes of erased events.
func (s *Service) tidy(ctx context.Context) error {
	t, ok := s.Engine.(search.Tidier)
	if !ok {
		return nil
	}
	return t.Tidy(ctx, s.Clock().Add(-tidyAfter))
}

// classes returns the retention classes in use, and per project the oldest day
// of a user that is still counted.
func (s *Service) classes(ctx context.Context) (classes []int, users map[string]int64, err error) {
	classes = []int{errata.DefaultRetentionDays}
	users = map[string]int64{}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		all, err := tx.Projects(ctx)
		for _, p := range all {
			longest := 0
			for _, sev := range errata.Severities {
				c := p.Settings.Class(sev)
				classes, longest = append(classes, c), max(longest, c)
			}
			users[p.ID] = s.now()/day - int64(longest)
		}
		return err
	})
	slices.Sort(classes)
	return slices.Compact(classes), users, err
}

type sweepStep func(ctx context.Context, tx *store.Tx) (int64, error)

func (s *Service) sweeps() []sweepStep {
	now := s.now()
	return []sweepStep{
		func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.SweepApplied(ctx, now-keepLedger) },
		func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.SweepLetters(ctx, now-keepLetters) },
		func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.SweepSessions(ctx, now) },
		func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.SweepTokens(ctx, now-keepTokens) },
		func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.SweepAccess(ctx, now-keepAccess) },
		func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.SweepInvites(ctx, now-keepInvites) },
		func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.SweepJobs(ctx, now, now-keepJobs) },
		func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.SweepQuarters(ctx, now-keepCounters) },
		func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.SweepOutcomes(ctx, now-keepCounters) },
		func(ctx context.Context, tx *store.Tx) (int64, error) {
			return tx.SweepStatusHours(ctx, now-keepCounters)
		},
	}
}

// repeat runs a step, a slice per transaction, until nothing is left to sweep.
func (s *Service) repeat(ctx context.Context, step sweepStep) error {
	for {
		var n int64
		err := s.inTx(ctx, func(tx *store.Tx) (err error) {
			tx.System("retention")
			n, err = step(ctx, tx)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

func (s *Service) sweepIssues(ctx context.Context, users map[string]int64) error {
	after := ""
	for {
		var next string
		var swept int64
		err := s.inTx(ctx, func(tx *store.Tx) (err error) {
			tx.System("retention")
			next, swept, err = tx.SweepIssues(ctx, store.IssueSweep{Hours: s.now() - keepHours, Spans: s.now() - keepCounters, Users: users}, after)
			return err
		})
		if err != nil || next == "" && swept < store.MaxSwept { // a full slice of the first issue leaves next empty too
			return err
		}
		after = next
	}
}
