package embedded

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"errata/internal/errata"
	"errata/internal/search"
)

// eraseRows is how many rows one transaction erases, so that events waiting to
// be stored get their turn.
const eraseRows = 2000

// Erase removes matches: their rows and bodies at once.
func (e *Engine) Erase(ctx context.Context, r search.EraseRequest) (search.EraseReport, error) {
	var report search.EraseReport
	scan := r.Scan()
	if err := scan.Check(); err != nil {
		return report, err
	}
	if err := e.open(); err != nil {
		return report, err
	}
	req := scan.Request()
	if err := refuseUnsupported(req.Query); err != nil || req.Scope.Empty() {
		return report, err
	}
	s := &scanning{e: e, r: &req}
	if err := s.whole(0, dayOf(req.To.UnixMicro()-1)); err != nil {
		return report, err
	}
	for _, v := range e.pick(req.From, req.To) {
		n, err := s.erase(ctx, v, r.DryRun)
		report.Events += n
		if err != nil {
			return report, err
		}
	}
	return report, nil
}

// erase removes the matches of one file and says how many it were.
func (s *scanning) erase(ctx context.Context, v view, dry bool) (int64, error) {
	ids, err := s.ids(ctx, v)
	if err != nil || dry {
		return int64(len(ids)), err
	}
	var erased int64
	for part := range slices.Chunk(ids, eraseRows) {
		var n int64
		err := s.e.submit(ctx, &job{do: func(w *writer) (err error) { n, err = w.eraseRows(v.partition, part); return err }})
		if err != nil && !errors.Is(err, errGone) {
			return erased, errata.E(errata.Unavailable, "Events could not be erased.", err)
		}
		erased += n
	}
	return erased, nil
}

// eraseRows deletes rows with their bodies.
func (w *writer) eraseRows(p *partition, ids []int64) (n int64, err error) {
	now := w.e.o.Clock().UnixMicro()
	err = w.change(p, func(f *file) error {
		if n, err = f.bury(ids); err != nil {
			return err
		}
		return f.markUntidy(now)
	})
	return n, err
}

// bury deletes rows with their bodies, whose bytes are overwritten, and notes
// that their words are still indexed.
func (f *file) bury(ids []int64) (int64, error) {
	// Ids are never given out twice: old postings would find new events.
	if err := f.setMeta(metaNext, f.next); err != nil {
		return 0, err
	}
	list := make([]byte, 0, len(ids)*8)
	for i, id := range ids {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, id, 10)
	}
	these := " WHERE id IN (" + string(list) + ")"
	for _, s := range []string{tombs, "INSERT OR IGNORE INTO tomb(id) SELECT id FROM ev" + these, "DELETE FROM body" + these, "DELETE FROM ev" + these} {
		if err := f.script(s); err != nil {
			return 0, err
		}
	}
	left, err := f.number("SELECT count(*) FROM ev")
	if err != nil {
		return 0, err
	}
	n := f.events - left
	f.events = left
	f.p.erasures++
	f.buried = append(f.buried, ids...)
	if f.samples != nil { // they may hold what was erased
		if err := f.loadSamples(); err != nil {
			return 0, err
		}
	}
	return n, f.setMeta(metaEvents, left)
}

// markUntidy has the file written anew some time, and its bodies packed again
// if its dictionary was trained on a row that is gone.
func (f *file) markUntidy(now int64) error {
	if f.p.untidy.CompareAndSwap(0, now) {
		if err := f.setMeta(metaUntidy, now); err != nil {
			return err
		}
	}
	const learnt = `SELECT count(*) FROM meta WHERE k = ?1 AND EXISTS (SELECT 1 FROM tomb WHERE id <= coalesce((SELECT v FROM meta WHERE k = ?2), id))`
	n, err := f.number(learnt, metaDict, metaSampled)
	if err != nil || n == 0 {
		return err
	}
	return f.setMeta(metaRepack, int64(1))
}
