package embedded

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// place returns the file of a UTC day and makes one if there is none. A new
// day joins the nearest file before or after it, where nothing lies between,
// if that file has room and would not span too many days; a day that has a
// file keeps it.
func (e *Engine) place(day int64) *partition {
	e.mu.Lock()
	defer e.mu.Unlock()
	i, found := slices.BinarySearchFunc(e.parts, day, func(p *partition, d int64) int {
		switch {
		case p.last < d:
			return -1
		case p.first > d:
			return 1
		}
		return 0
	})
	if found {
		return e.parts[i]
	}
	if i > 0 && e.joins(e.parts[i-1], day) {
		e.parts[i-1].last = day
		return e.parts[i-1]
	}
	if i < len(e.parts) && e.joins(e.parts[i], day) {
		e.parts[i].first = day
		return e.parts[i]
	}
	p := &partition{path: e.newPath(day), first: day, last: day, clean: true}
	e.parts = slices.Insert(slices.Clone(e.parts), i, p)
	return p
}

func (e *Engine) joins(p *partition, day int64) bool {
	span := max(p.last, day) - min(p.first, day) + 1
	return span <= int64(e.o.DaysPerFile) && p.events.Load() < e.o.EventsPerFile && !e.brokenBetween(p, day)
}

// brokenBetween says whether a file that was set aside lies between p and day.
func (e *Engine) brokenBetween(p *partition, day int64) bool {
	from, to := min(p.first, day), max(p.last, day)
	return slices.ContainsFunc(e.broken, func(b brokenFile) bool { return b.first <= to && b.last >= from })
}

// snapshot returns the partitions in order of time.
func (e *Engine) snapshot() []*partition {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.parts
}

// newest says whether a partition is the last in time.
func (e *Engine) newest(p *partition) bool {
	parts := e.snapshot()
	return len(parts) > 0 && parts[len(parts)-1] == p
}

// newPath names the file of a new partition: by its first day, with a number
// where that name was used since Open. A name is never used twice, because a
// reader of the old file may still open connections by it.
func (e *Engine) newPath(day int64) string {
	for n := 1; ; n++ {
		name := "ev-" + dayText(day)
		if n > 1 {
			name += "." + strconv.Itoa(n)
		}
		path := filepath.Join(e.o.Dir, name+".db")
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && !e.used[path] {
			e.used[path] = true
			return path
		}
	}
}
