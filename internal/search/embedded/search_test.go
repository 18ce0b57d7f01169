package embedded

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/search"
)

// occupy takes all connections of a file, so that searches wait there.
func occupy(t *testing.T, e *Engine, p *partition) {
	t.Helper()
	for _, c := range holdReaders(t, e, p) {
		t.Cleanup(func() { _ = c.Close() })
	}
}

func tenDays(t *testing.T) *Engine {
	t.Helper()
	e := open(t, Options{DaysPerFile: 2, Memory: NoColumns})
	for i := range 10 {
		index(t, e, sent(i, noon.AddDate(0, 0, i-9)))
	}
	return e
}

func TestOneFileTooSlow(t *testing.T) {
	for _, c := range []struct {
		name string
		ask  func(*search.Request)
		hits int
	}{
		{"page", func(r *search.Request) { r.TotalUpTo = 0 }, 8},
		{"total", func(r *search.Request) { r.Size = 0 }, 0},
		{"chart", func(r *search.Request) {
			r.Size, r.TotalUpTo, r.Aggs = 0, 0, []search.Agg{{Name: "h", Kind: search.Histogram, Interval: "1d"}}
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := tenDays(t)
			occupy(t, e, e.snapshot()[1])
			r := everything()
			c.ask(&r)
			r.Timeout = 300 * time.Millisecond
			res, err := e.Search(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			want := []search.Gap{{From: noon.AddDate(0, 0, -7).Truncate(24 * time.Hour), To: noon.AddDate(0, 0, -5).Truncate(24 * time.Hour), Reason: search.ReasonTimeout}}
			if diff := cmp.Diff(want, res.Gaps); diff != "" {
				t.Error(diff)
			}
			if n := len(res.Hits) + int(res.Total.Value) + len(res.Aggs["h"].Buckets); n != 8 {
				t.Errorf("%d events of the other files, want 8", n)
			}
		})
	}
}

func TestCancelledWhileWaiting(t *testing.T) {
	e := tenDays(t)
	for _, p := range e.snapshot() {
		occupy(t, e, p)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	_, err := e.Search(ctx, everything())
	if errata.CodeOf(err) != errata.Unavailable || errata.ReasonOf(err) != search.ReasonCancelled {
		t.Error(err)
	}
}

// TestReadersDoNotBlockTheWriter stores events while a search holds its
// snapshot of the file.
func TestReadersDoNotBlockTheWriter(t *testing.T) {
	e := open(t, Options{})
	index(t, e, sent(1, noon))
	err := e.reading(t.Context(), e.snapshot()[0], func(q queryer) error {
		count := func() (n int) {
			if err := q.QueryRowContext(t.Context(), "SELECT count(*) FROM ev").Scan(&n); err != nil {
				t.Error(err)
			}
			return n
		}
		before := count()
		index(t, e, sent(2, noon))
		if after := count(); before != 1 || after != 1 {
			t.Errorf("the snapshot holds %d, then %d", before, after)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if st, err := e.Stats(t.Context()); err != nil || st.Events != 2 {
		t.Error(st, err)
	}
}
