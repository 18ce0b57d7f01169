package embedded

import (
	"os"
	"strconv"
	"testing"
	"time"

	"errata/internal/search"
	"errata/internal/search/searchtest"
)

func open(t testing.TB, o Options) *Engine {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	e, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	<-e.columnsLoaded
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// small and tiny let a few events take every way that a plan knows.
var (
	small = tuning{few: 6, share: 4, probe: 3, window: 20, budget: 150}
	tiny  = tuning{few: 2, share: 2, probe: 1, window: 4, budget: 300}
)

func TestContract(t *testing.T) {
	searchtest.Run(t, func(t *testing.T, store string) search.Engine { return open(t, Options{Dir: store}) })
}

// TestContractWithoutColumns runs the suite where rows answer everything.
func TestContractWithoutColumns(t *testing.T) {
	searchtest.Run(t, func(t *testing.T, store string) search.Engine { return open(t, Options{Dir: store, Memory: NoColumns}) })
}

// TestContractManyFiles runs the suite over short files, of which few may be
// open, and with one search at a time.
func TestContractManyFiles(t *testing.T) {
	searchtest.Run(t, func(t *testing.T, store string) search.Engine {
		return open(t, Options{Dir: store, DaysPerFile: 3, OpenFiles: 2, Searches: 1, WriteCacheKiB: 512, tuning: small})
	}, "page", "agg", "scan", "erase", "expire", "life")
}

// TestAgree compares random answers with the model's. ERRATA_AGREE=n asks n
// questions instead of a few.
func TestAgree(t *testing.T) {
	n := 60
	if s := os.Getenv("ERRATA_AGREE"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal("ERRATA_AGREE is not a number:", s)
		}
	}
	each := min(250, max(20, n/3)) // questions about one set of events
	for seed := uint64(1); n > 0; seed++ {
		o := Options{DaysPerFile: 1 + int(seed%7), FacetEvents: 5000, tuning: []tuning{tuned, small, tiny}[seed%3], Memory: []int64{0, NoColumns, 0, 60_000}[seed%4]}
		searchtest.Agree(t, open(t, o), 300+int(seed%5)*300, min(n, each), seed)
		n -= each
	}
}
