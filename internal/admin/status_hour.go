package admin

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"errata/internal/errata"
	"errata/internal/store"
)

const hour = 60 * minute

// afterHour is how long after a full hour its issues are counted: what the
// worker still holds of it is applied by then.
const afterHour = time.Minute

// lately is how much of what was counted is counted again: events that waited in
// the queue open issues at the time at which they arrived.
const lately = 3 * hour

// hoursPerWrite is how many hours one transaction writes, of at most eight rows
// each.
const hoursPerWrite = 500

// StatusHours counts the unresolved issues of every full hour until ctx ends.
func (s *Service) StatusHours(ctx context.Context) error {
	t := time.NewTimer(afterHour)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			if err := s.CountStatusHours(ctx); err != nil && ctx.Err() == nil {
				s.Log.WarnContext(ctx, "unresolved issues not counted", slog.Any("error", err))
			}
			now := s.Clock()
			t.Reset(now.Truncate(time.Hour).Add(time.Hour + afterHour).Sub(now))
		case <-ctx.Done():
			return nil
		}
	}
}

// CountStatusHours writes how many issues of each project were unresolved at the
// full hours up to now that were not counted yet: the counts of now, with the
// ledger undone backwards. So hours in which no server ran are exact as well.
func (s *Service) CountStatusHours(ctx context.Context) error {
	var projects []errata.Project
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		projects, err = tx.Projects(ctx)
		return err
	})
	for _, p := range projects {
		err = errors.Join(err, s.countStatusHours(ctx, p.ID))
	}
	return err
}

func (s *Service) countStatusHours(ctx context.Context, project string) error {
	var counts map[store.Standing]int64
	var moves []store.Move
	var from int64
	to := s.now() / hour * hour
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if from, err = s.firstStatusHour(ctx, tx, project); err != nil || from == 0 {
			return err
		}
		if counts, err = tx.Standings(ctx, project); err != nil {
			return err
		}
		moves, err = tx.Moves(ctx, project, from)
		return err
	})
	if err != nil || from == 0 {
		return err
	}
	rows := standings(counts, moves, from, to)
	for ; from <= to; from += hoursPerWrite * hour { // oldest first: where it stops, the next turn goes on
		last := min(from+(hoursPerWrite-1)*hour, to)
		piece := map[store.StatusHour]int64{}
		for at, n := range rows {
			if at.Hour >= from && at.Hour <= last {
				piece[at] = n
			}
		}
		err := s.inTx(ctx, func(tx *store.Tx) error {
			tx.System("status hours")
			return tx.PutStatusHours(ctx, project, from, last, piece)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// standings returns the counts at the full hours [from, to], given those of now
// and what has happened since from, latest first.
func standings(counts map[store.Standing]int64, moves []store.Move, from, to int64) map[store.StatusHour]int64 {
	out := map[store.StatusHour]int64{}
	for h := to; h >= from; h -= hour {
		moves = undo(counts, moves, h)
		for at, n := range counts {
			if n > 0 {
				out[store.StatusHour{Hour: h, Standing: at}] = n
			}
		}
	}
	return out
}

// firstStatusHour returns the hour from which on a project is to be counted; 0
// while nothing has ever happened in it.
func (s *Service) firstStatusHour(ctx context.Context, tx *store.Tx, project string) (int64, error) {
	first, err := tx.FirstTransition(ctx, project)
	if err != nil || first == 0 {
		return 0, err
	}
	last, err := tx.LastStatusHour(ctx, project)
	return max((first/hour+1)*hour, last-lately, (s.now()-keepCounters)/hour*hour), err
}

// undo takes back the moves, latest first, that happened at a time or after it,
// and returns the others.
func undo(counts map[store.Standing]int64, moves []store.Move, at int64) []store.Move {
	for len(moves) > 0 && moves[0].At >= at {
		m := moves[0]
		if m.To.Unresolved() {
			counts[m.To]--
		}
		if m.From.Unresolved() {
			counts[m.From]++
		}
		moves = moves[1:]
	}
	return moves
}
