package embedded

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/search"
)

// layout writes the files of an engine as "name first..last events".
func layout(e *Engine) (out []string) {
	for _, p := range e.snapshot() {
		first, last := e.days(p)
		out = append(out, fmt.Sprintf("%s %s..%s %d", strings.TrimSuffix(fileOf(p), ".db"), dayText(first)[5:], dayText(last)[5:], p.events.Load()))
	}
	return out
}

func TestFilesGrow(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 11, n, 9, 0, 0, 0, time.UTC) }
	id := 0
	events := func(n, count int) (docs []search.Doc) {
		for range count {
			id++
			docs = append(docs, sent(id, day(n)))
		}
		return docs
	}
	for _, c := range []struct {
		name  string
		steps [][]search.Doc
		want  []string
	}{
		{"days join the file before", [][]search.Doc{events(1, 2), events(2, 2), events(3, 1)}, []string{"ev-2026-11-01 11-01..11-03 5"}},
		{"a full file takes no new day", [][]search.Doc{events(1, 5), events(2, 1), events(3, 1)}, []string{"ev-2026-11-01 11-01..11-01 5", "ev-2026-11-02 11-02..11-03 2"}},
		{"a full file keeps its days", [][]search.Doc{events(1, 1), events(2, 5), events(1, 3)}, []string{"ev-2026-11-01 11-01..11-02 9"}},
		{"a span has an end", [][]search.Doc{events(1, 1), events(2, 1), events(3, 1), events(4, 1), events(5, 1)}, []string{"ev-2026-11-01 11-01..11-04 4", "ev-2026-11-05 11-05..11-05 1"}},
		{"a late day joins the file after", [][]search.Doc{events(5, 1), events(4, 1)}, []string{"ev-2026-11-05 11-04..11-05 2"}},
		{"a day between two joins the first", [][]search.Doc{events(1, 1), events(6, 1), events(4, 1)}, []string{"ev-2026-11-01 11-01..11-04 2", "ev-2026-11-06 11-06..11-06 1"}},
		{"quiet days cost no file", [][]search.Doc{events(1, 1), events(4, 1), events(8, 1)}, []string{"ev-2026-11-01 11-01..11-04 2", "ev-2026-11-08 11-08..11-08 1"}},
		{"one batch over many days", [][]search.Doc{slices.Concat(events(1, 1), events(3, 1), events(20, 1), events(2, 1))}, []string{"ev-2026-11-01 11-01..11-03 3", "ev-2026-11-20 11-20..11-20 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			e := open(t, Options{Dir: dir, DaysPerFile: 4, EventsPerFile: 5})
			for _, docs := range c.steps {
				index(t, e, docs...)
			}
			if diff := cmp.Diff(c.want, layout(e)); diff != "" {
				t.Error(diff)
			}
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			again := open(t, Options{Dir: dir, DaysPerFile: 2, EventsPerFile: 1})
			if diff := cmp.Diff(c.want, layout(again)); diff != "" {
				t.Error("after opening with other limits:", diff)
			}
			for _, docs := range c.steps {
				res, err := again.Index(t.Context(), docs)
				if err != nil || slices.ContainsFunc(res, func(r search.ItemResult) bool { return r.Status != search.Duplicate }) {
					t.Errorf("the same documents again: %v %v", res, err)
				}
			}
			left, _ := filepath.Glob(filepath.Join(dir, "*-wal"))
			if again.Close(); len(left) == 0 {
				t.Error("the test looks for logs in the wrong place")
			}
			if left, _ = filepath.Glob(filepath.Join(dir, "*-wal")); len(left) > 0 {
				t.Error("logs are left after Close:", left)
			}
		})
	}
}

func TestOneProcess(t *testing.T) {
	dir := t.TempDir()
	e := open(t, Options{Dir: dir})
	if second, err := Open(t.Context(), Options{Dir: dir, Clock: time.Now}); err == nil {
		second.Close()
		t.Fatal("two engines in one directory")
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, Options{Dir: dir})
}

func TestFewFilesStayOpen(t *testing.T) {
	e := open(t, Options{DaysPerFile: 1, OpenFiles: 3})
	for i := range 12 {
		index(t, e, sent(i, noon.AddDate(0, 0, -i)))
	}
	for range 3 {
		r := everything()
		r.Query = parse(t, "event")
		res, err := e.Search(t.Context(), r)
		if err != nil || res.Total.Value != 12 {
			t.Fatal(res, err)
		}
		n := 0
		for _, p := range e.snapshot() {
			p.mu.Lock()
			if p.db != nil {
				n++
			}
			p.mu.Unlock()
		}
		if n > 3 {
			t.Errorf("%d files are open", n)
		}
	}
}
