package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"errata/internal/search"
)

// brokenFile is the range of a file that was set aside. The file stays for the
// operator under the name ev-<first day>..<last day>.db.corrupt.
type brokenFile struct{ first, last int64 }

// load reads which files there are. Nothing else is read at start.
func (e *Engine) load(ctx context.Context) error {
	entries, err := os.ReadDir(e.o.Dir)
	if err != nil {
		return fmt.Errorf("embedded engine: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case strings.HasSuffix(name, ".db.corrupt"):
			if b, ok := parseBroken(name); ok {
				e.broken = append(e.broken, b)
			}
		case strings.HasPrefix(name, "ev-") && strings.HasSuffix(name, ".db"):
			if err := e.loadFile(ctx, name); err != nil {
				return err
			}
		}
	}
	slices.SortFunc(e.parts, func(a, b *partition) int { return int(a.first - b.first) })
	return nil
}

// loadFile adds one file. One that cannot be read is set aside: its days are
// guessed from its name, as far as one file may reach.
func (e *Engine) loadFile(ctx context.Context, name string) error {
	day, _, _ := strings.Cut(strings.TrimPrefix(name, "ev-"), ".")
	named, err := parseDay(day)
	if err != nil {
		return nil //nolint:nilerr // not one of ours
	}
	p := &partition{path: filepath.Join(e.o.Dir, name), first: named, last: named, created: true}
	meta, err := readMeta(ctx, p.path)
	switch {
	case err != nil && !isCorrupt(err):
		return fmt.Errorf("embedded engine: %s: %w", name, err)
	case err != nil:
		e.log.ErrorContext(ctx, "event file cannot be read", slog.String("file", name), slog.Any("error", err))
		return e.rename(p, brokenFile{named, named + int64(e.o.DaysPerFile) - 1})
	case meta[metaSchema] == 0 || meta[metaGone] == 1:
		return removeFiles(p.path) // the process ended while the file was made, or removed
	case meta[metaSchema] > schemaVersion:
		return fmt.Errorf("embedded engine: %s was written by a newer version", name)
	}
	p.first, p.last, p.clean = meta[metaFirst], meta[metaLast], meta[metaClean] == 1
	p.events.Store(meta[metaEvents])
	p.untidy.Store(meta[metaUntidy])
	e.parts = append(e.parts, p)
	return nil
}

func readMeta(ctx context.Context, path string) (m map[string]int64, err error) {
	db, err := sql.Open("sqlite", dsn(path, 256))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	m = map[string]int64{}
	var made int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE name = 'meta'").Scan(&made); err != nil || made == 0 {
		return m, err
	}
	rows, err := db.QueryContext(ctx, "SELECT k, v FROM meta WHERE typeof(v) = 'integer'")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var k string
		var v int64
		if err := rows.Scan(&k, &v); err != nil {
			return nil, err
		}
		m[k] = v
	}
	return m, rows.Err()
}

// check runs quick_check over the files that were not closed in good order.
func (e *Engine) check(ctx context.Context) {
	for _, p := range e.snapshot() {
		if p.clean {
			continue
		}
		finding, err := e.quickCheck(ctx, p)
		switch {
		case ctx.Err() != nil:
			return
		case isCorrupt(err) || err == nil && finding != "ok":
			e.log.ErrorContext(ctx, "event file is damaged", slog.String("file", fileOf(p)), slog.String("finding", finding), slog.Any("error", err))
			e.quarantine(p)
		case err != nil:
			e.log.ErrorContext(ctx, "event file could not be checked", slog.String("file", fileOf(p)), slog.Any("error", err))
		}
	}
}

func (e *Engine) quickCheck(ctx context.Context, p *partition) (finding string, err error) {
	db, err := e.acquire(p)
	if err != nil {
		return "", err
	}
	defer e.release(p)
	err = db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&finding)
	return finding, err
}

// quarantine has the writer set a damaged file aside. It does not wait.
func (e *Engine) quarantine(p *partition) {
	e.send.RLock()
	defer e.send.RUnlock()
	if e.closed {
		return
	}
	j := &job{do: func(w *writer) error { w.setAside(p); return nil }, done: make(chan error, 1)}
	select {
	case e.jobs <- j:
	default: // the writer is busy; the next reader finds the damage again
	}
}

// setAside takes a damaged file out of the engine: its days become a gap, new
// events of these days get a new file.
func (w *writer) setAside(p *partition) {
	w.forget(p)
	e := w.e
	e.mu.Lock()
	i := slices.Index(e.parts, p)
	if i < 0 {
		e.mu.Unlock()
		return
	}
	b := brokenFile{p.first, p.last}
	e.parts = slices.Delete(slices.Clone(e.parts), i, i+1)
	e.broken = append(slices.Clone(e.broken), b)
	e.mu.Unlock()
	e.log.Error("event file set aside", slog.String("file", fileOf(p)))
	e.forget(p)
	p.leave()
	// Readers keep what they have open: renaming does not disturb them.
	if err := renameBroken(p.path, e.o.Dir, b); err != nil {
		e.log.Error("event file could not be renamed", slog.String("file", fileOf(p)), slog.Any("error", err))
	}
}

func (e *Engine) rename(p *partition, b brokenFile) error {
	e.broken = append(e.broken, b)
	return renameBroken(p.path, e.o.Dir, b)
}

func renameBroken(path, dir string, b brokenFile) error {
	to := filepath.Join(dir, "ev-"+dayText(b.first)+".."+dayText(b.last)+".db.corrupt")
	var all error
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(path+suffix, to+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			all = errors.Join(all, err)
		}
	}
	return all
}

func dayText(day int64) string { return dayStart(day).Format(time.DateOnly) }

func parseDay(s string) (int64, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, err
	}
	return dayOf(t.UnixMicro()), nil
}

// parseBroken reads the days from the name of a file that was set aside.
func parseBroken(name string) (brokenFile, bool) {
	from, to, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(name, "ev-"), ".db.corrupt"), "..")
	first, err1 := parseDay(from)
	last, err2 := parseDay(to)
	return brokenFile{first, last}, ok && err1 == nil && err2 == nil && first <= last
}

// gaps returns the files set aside that a range touches.
func (e *Engine) gaps(first, last int64) []search.Gap {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var out []search.Gap
	for _, b := range e.broken {
		if b.first <= last && b.last >= first {
			out = append(out, search.Gap{From: dayStart(b.first), To: dayStart(b.last + 1), Reason: search.ReasonCorrupt})
		}
	}
	return out
}
