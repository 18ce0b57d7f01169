package embedded

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"errata/internal/search"
	"errata/internal/search/searchtest"
)

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
	<-e.columnsLoaded
	return e, searchtest.NewestLoad(b, e)
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
	began, cpu := time.Now(), cpuTime()
	if err := searchtest.FillLoad(context.Background(), e, n); err != nil {
		b.Fatal(err)
	}
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
	b.Logf("filled with %d events in %v, CPU %v", n, time.Since(began).Round(time.Second), (cpuTime() - cpu).Round(time.Second))
	if err := os.Rename(part, dir); err != nil {
		b.Fatal(err)
	}
}
