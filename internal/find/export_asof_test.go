package find_test

import (
	"sync/atomic"
	"testing"
	"time"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/search"
)

// A file that goes on later asks what it asked at first: relative times in the
// query are counted from when it was begun.
func TestExportAsksAsOf(t *testing.T) {
	var later atomic.Int64
	p := partstest.Open(t, partstest.Options{Clock: func() time.Time { return now.Add(time.Duration(later.Load())) }})
	shop := p.NewProject("shop", errata.ProjectSettings{})
	p.Publish(p.Batch(p.Entry(shop, partstest.Event{ID: partstest.EventID(1), Time: now.Add(-30 * time.Minute)})))
	p.Drained()
	begun := now.Add(time.Second)
	for _, after := range []time.Duration{time.Second, 3 * time.Hour} {
		later.Store(int64(after))
		for _, q := range []string{"received:-1h", "timestamp:-1h", "first_seen:-1h"} {
			n := 0
			err := p.Find.ExportEvents(t.Context(), partstest.Reader,
				find.EventExport{Q: q, Range: find.Range{From: begun.AddDate(0, 0, -1), To: begun}, AsOf: begun.UnixMicro()}, 10,
				func(find.ExportHead, search.Total) error { return nil },
				func(rows []find.ExportedEvent) error { n += len(rows); return nil })
			if err != nil || n != 1 {
				t.Errorf("%s after %v: %d events, %v", q, after, n, err)
			}
		}
	}
}
