package embedded

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"errata/internal/search"
	"errata/internal/search/searchtest"
)

// benchEnd is the end of the 30 days that a benchmark's events lie in.
var benchEnd = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// benchEvents is how many events the benchmarks search: ERRATA_BENCH_EVENTS
// (20,000).
func benchEvents(b *testing.B) int {
	b.Helper()
	s := os.Getenv("ERRATA_BENCH_EVENTS")
	if s == "" {
		return 20_000
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1000 {
		b.Fatal("ERRATA_BENCH_EVENTS is no number from 1,000:", s)
	}
	return n
}

// filled returns an engine with n events, and the newest of them. With
// ERRATA_BENCH_DIR the store is made there once, in a folder of its own for
// every number, and found again by later runs. They must not change it.
func filled(b *testing.B, n int) (*Engine, search.Doc) {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "store")
	if cache := os.Getenv("ERRATA_BENCH_DIR"); cache != "" {
		dir = filepath.Join(cache, fmt.Sprintf("embedded-v%d-%d", schemaVersion, n))
	}
	if _, err := os.Stat(dir); err != nil {
		fill(b, dir, n)
	}
	e, err := Open(b.Context(), Options{Dir: dir, Clock: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.Close() })
	res, err := e.Search(b.Context(), search.Request{Scope: search.Scope{All: true}, From: benchEnd.AddDate(0, 0, -40), To: benchEnd, Size: 1, Fields: search.FieldsFull})
	if err != nil || len(res.Hits) == 0 {
		b.Fatal("the store is empty:", err)
	}
	return e, search.Doc{Record: res.Hits[0].Record}
}

// fill makes a store beside its place and moves it there when it is whole.
func fill(b *testing.B, dir string, n int) {
	b.Helper()
	part := dir + ".part"
	if err := os.RemoveAll(part); err != nil {
		b.Fatal(err)
	}
	e, err := Open(b.Context(), Options{Dir: part, Clock: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	load, step := searchtest.NewLoad(1), 30*24*time.Hour/time.Duration(n)
	docs := make([]search.Doc, 0, 1000)
	began, cpu := time.Now(), cpuTime()
	for i := range n {
		docs = append(docs, load.Next(benchEnd.Add(-time.Duration(n-i)*step)))
		if len(docs) == cap(docs) || i == n-1 {
			if _, err := e.Index(context.Background(), docs); err != nil {
				b.Fatal(err)
			}
			docs = docs[:0]
		}
	}
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
	b.Logf("filled with %d events in %v, CPU %v", n, time.Since(began).Round(time.Second), (cpuTime() - cpu).Round(time.Second))
	if err := os.Rename(part, dir); err != nil {
		b.Fatal(err)
	}
}
