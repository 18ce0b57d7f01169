package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"errata/internal/errata"
	"errata/internal/search"
)

// groupDocs is how many waiting documents are written together at most: one
// fsync serves them all.
const groupDocs = 2048

// writerFiles is how many files the writer keeps open: today's, and those that
// late events go to.
const writerFiles = 4

// job is work for the writer: documents, or anything else that changes files.
type job struct {
	ctx     context.Context
	items   []*item
	results []search.ItemResult
	do      func(w *writer) error
	done    chan error // receives once; buffered
}

// writer is the only one who changes files. It belongs to one goroutine.
type writer struct {
	e    *Engine
	open []*file // most recently used first
}

// run serves jobs until the channel closes, then shuts all files.
func (w *writer) run() {
	defer close(w.e.writerGone)
	for j := range w.e.jobs {
		if j.do != nil {
			j.done <- j.do(w)
			continue
		}
		w.group(j)
	}
	for _, f := range slices.Clone(w.open) {
		w.close(f)
	}
}

// group writes a job together with those that wait behind it.
func (w *writer) group(first *job) {
	jobs, n := []*job{first}, len(first.items)
	var other *job
	for n < groupDocs && other == nil {
		select {
		case j, ok := <-w.e.jobs:
			switch {
			case !ok:
				n = groupDocs // closed: run sees it next
			case j.do != nil:
				other = j
			default:
				jobs, n = append(jobs, j), n+len(j.items)
			}
			continue
		default:
		}
		break
	}
	w.write(jobs)
	if other != nil {
		other.done <- other.do(w)
	}
}

// write stores the jobs' documents, one transaction per file, and answers.
func (w *writer) write(jobs []*job) {
	jobs = slices.DeleteFunc(jobs, func(j *job) bool {
		if j.ctx.Err() != nil {
			j.done <- j.ctx.Err()
			return true
		}
		return false
	})
	byPart, order := map[*partition][]*item{}, []*partition(nil)
	failed := map[*partition]error{}
	for _, j := range jobs {
		for _, it := range j.items {
			if it.part.isGone() { // expired or set aside since prepare
				it.part = w.e.place(dayOf(it.doc.Time))
				if err := it.prepare(); err != nil {
					failed[it.part] = err
				}
			}
			if byPart[it.part] == nil {
				order = append(order, it.part)
			}
			byPart[it.part] = append(byPart[it.part], it)
		}
	}
	for _, p := range order {
		if failed[p] != nil {
			continue
		}
		if err := w.commit(p, byPart[p]); err != nil {
			failed[p] = err
		}
	}
	for _, j := range jobs {
		j.done <- j.settle(failed)
	}
}

// settle fills the job's results. A full disk is a passing reason for the
// items alone; any other failure means: repeat all.
func (j *job) settle(failed map[*partition]error) error {
	for _, it := range j.items {
		err := failed[it.part]
		switch {
		case err == nil && it.id != 0:
			j.results[it.at] = search.ItemResult{Status: search.Created}
		case err == nil:
			j.results[it.at] = search.ItemResult{Status: search.Duplicate}
		case isFull(err):
			j.results[it.at] = search.ItemResult{Status: search.Retry, Reason: "disk_full"}
		default:
			return errata.E(errata.Unavailable, "The events could not be stored.", err)
		}
	}
	return nil
}

// commit writes the items of one file in one transaction. After a failure the
// file is opened afresh, because what the writer remembers of it may be wrong.
func (w *writer) commit(p *partition, items []*item) error {
	f, err := w.file(p)
	if err != nil {
		return w.failed(p, err)
	}
	if err := f.insert(items); err != nil {
		w.drop(f)
		return w.failed(p, err)
	}
	f.addColumns(items)
	p.events.Store(f.events)
	if len(f.samples) >= dictAfter {
		if !p.training { // it may have been closed and opened again meanwhile
			p.training = true
			w.e.train(p, f.samples)
		}
		f.samples = nil
	}
	return nil
}

// failed sets a damaged file aside and passes the error on.
func (w *writer) failed(p *partition, err error) error {
	w.e.log.Error("events not stored", slog.String("file", fileOf(p)), slog.Any("error", err))
	if isCorrupt(err) {
		w.setAside(p)
	}
	return fmt.Errorf("write %s: %w", fileOf(p), err)
}

// file returns the open file of p.
func (w *writer) file(p *partition) (*file, error) {
	if i := slices.IndexFunc(w.open, func(f *file) bool { return f.p == p }); i >= 0 {
		f := w.open[i]
		w.open = slices.Insert(slices.Delete(w.open, i, i+1), 0, f)
		return f, nil
	}
	if p.isGone() {
		return nil, errGone // opening would make the file anew
	}
	for len(w.open) >= writerFiles {
		w.close(w.open[len(w.open)-1])
	}
	f, err := w.e.openFile(p)
	if err != nil {
		return nil, err
	}
	w.open = slices.Insert(w.open, 0, f)
	return f, nil
}

// close shuts a file in good order.
func (w *writer) close(f *file) {
	if err := f.markClean(); err != nil {
		w.e.log.Error("event file not closed in good order", slog.String("file", fileOf(f.p)), slog.Any("error", err))
	}
	w.drop(f)
}

func (w *writer) drop(f *file) {
	w.open = slices.DeleteFunc(w.open, func(o *file) bool { return o == f })
	f.shut()
}

// forget shuts the file of a partition that goes away.
func (w *writer) forget(p *partition) {
	for _, f := range slices.Clone(w.open) {
		if f.p == p {
			w.drop(f)
		}
	}
}

func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

func isFull(err error) bool { return code(err) == sqlite3.SQLITE_FULL }

func isCorrupt(err error) bool {
	c := code(err)
	return c == sqlite3.SQLITE_CORRUPT || c == sqlite3.SQLITE_NOTADB
}
