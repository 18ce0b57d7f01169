package embedded

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"errata/internal/search"
	"errata/internal/search/searchtest"
)

// goals are the lines of the table of performance goals that this engine
// answers for.
var goals = map[string]searchtest.Goal{
	"issue_list": {One: 300, All: 600}, "issue_tags": {One: 100, All: 300}, "words": {One: 150, All: 400}, "rare_word": {One: 20, All: 60},
	"facets": {One: 200, All: 400}, "facets_again": {One: 200, All: 400}, "chart": {One: 400, All: 1000}, "chart_of_half": {One: 400, All: 1000},
	"issue_list_cold": {One: 300}, "words_cold": {One: 150}, "chart_cold": {One: 400}, "top_issues_cold": {One: 700},
	"top_issues": {One: 700, All: 1500}, "issue_events": {One: 10, All: 30}, "get": {One: 5, All: 20},
}

func measured(e *Engine, newest search.Doc) *searchtest.Measured {
	return &searchtest.Measured{
		Engine: e, Newest: newest, Goals: goals, CPU: cpuTime, Exported: 200_000, ExportGoal: 20_000,
		Forget: func() {
			for _, p := range e.snapshot() {
				e.faces.forget(p)
				e.postings.forget(p)
			}
		},
	}
}

// BenchmarkGoals measures the lines for one reader. Read p95-ms against goal-ms.
func BenchmarkGoals(b *testing.B) { measured(filled(b, searchtest.LoadEvents(b))).One(b) }

// BenchmarkColumns reads the columns of a store that was just opened.
func BenchmarkColumns(b *testing.B) {
	e, _ := filled(b, searchtest.LoadEvents(b))
	dir := e.o.Dir
	for b.Loop() {
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
		var err error
		if e, err = Open(b.Context(), Options{Dir: dir, Clock: time.Now}); err != nil {
			b.Fatal(err)
		}
		<-e.columnsLoaded
	}
	_, bytes := e.inColumns()
	b.ReportMetric(float64(bytes)/float64(searchtest.LoadEvents(b)), "B/event")
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkUsers is twenty people beside 300 events per second.
func BenchmarkUsers(b *testing.B) {
	base, newest := filled(b, searchtest.LoadEvents(b))
	measured(twin(b, base), newest).Users(b)
}

// twin opens a second store with the same events that may be written to: links
// to the files, and a copy of the newest.
func twin(b *testing.B, of *Engine) *Engine {
	b.Helper()
	parts := of.snapshot()
	dir := of.o.Dir + ".twin"
	if err := errors.Join(of.Close(), os.RemoveAll(dir), os.Mkdir(dir, 0o700)); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	for i, p := range parts {
		put := os.Link
		if i == len(parts)-1 {
			put = copyFile
		}
		if err := put(p.path, filepath.Join(dir, fileOf(p))); err != nil {
			b.Fatal(err)
		}
	}
	e, err := Open(b.Context(), Options{Dir: dir, Clock: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.Close() })
	<-e.columnsLoaded
	return e
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// BenchmarkReady opens the store and asks for the newest events: how long a
// restart takes.
func BenchmarkReady(b *testing.B) {
	e, _ := filled(b, searchtest.LoadEvents(b))
	dir := e.o.Dir
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
	r := searchtest.Ask(b, "", searchtest.LoadEnd, 30)
	for b.Loop() {
		e, err := Open(b.Context(), Options{Dir: dir, Clock: time.Now})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := e.Search(b.Context(), r); err != nil {
			b.Fatal(err)
		}
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
