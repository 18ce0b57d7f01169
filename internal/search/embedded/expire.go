package embedded

import (
	"context"
	"database/sql/driver"
	"errors"
	"log/slog"
	"os"
	"slices"
	"time"

	"errata/internal/errata"
	"errata/internal/search"
)

// expireRows is how many rows one transaction deletes, so that events waiting
// to be stored get their turn.
const expireRows = 5000

// Expire drops the events of a class whose UTC day lies wholly before the given
// time. A file that holds nothing else is unlinked; from others rows are deleted.
func (e *Engine) Expire(ctx context.Context, class int, before time.Time) (search.ExpireReport, error) {
	var report search.ExpireReport
	if err := e.open(); err != nil {
		return report, err
	}
	cut := dayOf(before.UnixMicro()) // days below are over
	for _, v := range e.pick(time.UnixMicro(0), dayStart(cut)) {
		events, gone, err := e.expireFile(ctx, v, class, cut)
		report.Events += events
		if gone {
			report.Places++
		}
		if err != nil && !errors.Is(err, errGone) {
			return report, errata.E(errata.Unavailable, "Old events could not be dropped.", err)
		}
	}
	return report, nil
}

func (e *Engine) expireFile(ctx context.Context, v view, class int, cut int64) (events int64, gone bool, err error) {
	var others, mine int64
	err = e.reading(ctx, v.partition, func(q queryer) error {
		if err := q.QueryRowContext(ctx, "SELECT count(*) FROM ev WHERE cls <> ?", class).Scan(&others); err != nil {
			return err
		}
		return q.QueryRowContext(ctx, "SELECT count(*) FROM ev INDEXED BY ev_ts WHERE ts < ? AND cls = ?", cut*dayMicros, class).Scan(&mine)
	})
	if err != nil {
		return 0, false, err
	}
	if others == 0 && v.last < cut {
		if gone, err = e.unlink(ctx, v.partition, class, cut); gone || err != nil {
			return mine, gone, err
		}
	}
	for left := mine; left > 0; {
		var n int64
		err := e.submit(ctx, &job{do: func(w *writer) (err error) { n, err = w.deleteRows(v.partition, class, cut*dayMicros); return err }})
		if err != nil {
			return events, false, err
		}
		events += n
		if left -= n; n == 0 {
			break
		}
	}
	if v.events.Load() == 0 && v.last < cut {
		gone, err = e.unlink(ctx, v.partition, class, cut)
	}
	return events, gone, err
}

// deadShare is the part of a file's rows that may be dead before it is written
// anew.
const deadShare = 5

// deleteRows deletes a slice of rows. Their words stay in the indexes, where
// they point nowhere, until a fifth of the file is dead.
func (w *writer) deleteRows(p *partition, class int, before int64) (n int64, err error) {
	now := w.e.o.Clock().UnixMicro()
	err = w.change(p, func(f *file) error {
		var ids []int64
		err := f.query(func(dest []driver.Value) error {
			id, _ := dest[0].(int64)
			ids = append(ids, id)
			return nil
		}, "SELECT id FROM ev INDEXED BY ev_ts WHERE ts < ? AND cls = ? ORDER BY ts LIMIT ?", before, int64(class), int64(expireRows))
		if err != nil || len(ids) == 0 {
			return err
		}
		if n, err = f.bury(ids); err != nil {
			return err
		}
		dead, err := f.number("SELECT count(*) FROM tomb")
		if err != nil || dead*deadShare < dead+f.events {
			return err
		}
		return f.markUntidy(now)
	})
	return n, err
}

// unlink takes a file out of the engine and removes it, after the last reader.
// It does not when the file has got an event or a day to keep meanwhile.
func (e *Engine) unlink(ctx context.Context, p *partition, class int, cut int64) (gone bool, err error) {
	err = e.submit(ctx, &job{do: func(w *writer) error { gone, err = w.expel(p, class, cut); return err }})
	if err != nil || !gone {
		return false, err
	}
	if err := p.retire(ctx); err != nil {
		return true, err
	}
	e.log.InfoContext(ctx, "event file expired", slog.String("file", fileOf(p)))
	return true, removeFiles(p.path)
}

// expel marks a file as expired, so that it does not come back after a crash,
// and removes its partition from the map. Only here, between two batches, is it
// certain that the file holds nothing else.
func (w *writer) expel(p *partition, class int, cut int64) (bool, error) {
	f, err := w.file(p)
	if err != nil {
		return false, err
	}
	others, err := f.number("SELECT count(*) FROM ev WHERE cls <> ?", int64(class))
	if _, last := w.e.days(p); err != nil || others > 0 || last >= cut {
		return false, err
	}
	if err := f.setMeta(metaGone, int64(1)); err != nil {
		return false, err
	}
	w.forget(p)
	w.e.take(p)
	p.leave()
	w.e.forget(p)
	return true, nil
}

// take removes a partition from the map.
func (e *Engine) take(p *partition) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.parts = slices.DeleteFunc(slices.Clone(e.parts), func(o *partition) bool { return o == p })
}

// Stats says how much is stored.
func (e *Engine) Stats(ctx context.Context) (search.Stats, error) {
	st := search.Stats{Engine: "embedded", AdvisedEvents: e.advised()}
	if err := e.open(); err != nil {
		return st, err
	}
	for _, p := range e.snapshot() {
		n := p.events.Load()
		if n == 0 {
			continue
		}
		var oldest, newest int64
		err := e.reading(ctx, p, func(q queryer) error {
			return q.QueryRowContext(ctx, "SELECT (SELECT coalesce(min(ts), 0) FROM ev), (SELECT coalesce(max(ts), 0) FROM ev)").Scan(&oldest, &newest)
		})
		if errors.Is(err, errGone) {
			continue
		}
		if err != nil {
			return st, errata.E(errata.Unavailable, "The event store did not answer.", err)
		}
		st.Events += n
		st.Places++
		st.Bytes += fileBytes(p.path)
		if st.Oldest == 0 || oldest < st.Oldest {
			st.Oldest = oldest
		}
		st.Newest = max(st.Newest, newest)
	}
	return st, nil
}

// fileBytes is the size on disk of a file with its log.
func fileBytes(path string) (n int64) {
	for _, suffix := range []string{"", "-wal"} {
		if st, err := os.Stat(path + suffix); err == nil {
			n += st.Size()
		}
	}
	return n
}
