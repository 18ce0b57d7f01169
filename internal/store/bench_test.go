package store_test

import (
	"context"
	"strconv"
	"syscall"
	"testing"

	"errata/internal/store"
	"errata/internal/store/storetest"
)

// BenchmarkApply counts batches of 512 events (40 services, 5,000 issues,
// 50,000 users, 30 days) after a warm-up. "cpu-µs/event" is processor time of the
// whole process, the commit's share included; the goal on SQLite is 150.
func BenchmarkApply(b *testing.B) {
	for _, base := range []struct {
		name string
		open func(testing.TB) *store.Store
	}{{"sqlite", storetest.SQLite}, {"postgres", storetest.Postgres}} {
		b.Run(base.name, func(b *testing.B) {
			s := base.open(b)
			t := newTraffic(40, 5000, 50_000, 30*day/1_000_000)
			for range 100 {
				applyOnce(b, s, t.batch(512), t.sent)
			}
			before, from := cpu(b), t.sent
			for b.Loop() {
				b.StopTimer()
				batch := t.batch(512)
				b.StartTimer()
				applyOnce(b, s, batch, t.sent)
			}
			events := float64(t.sent - from)
			b.ReportMetric(float64(cpu(b)-before)/events, "cpu-µs/event")
			b.ReportMetric(events/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func applyOnce(tb testing.TB, s *store.Store, batch []event, n int) {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	defer cancel()
	if err := s.InTx(ctx, func(tx *store.Tx) error { return apply(ctx, tx, hexID("batch "+strconv.Itoa(n)), batch, issueID) }); err != nil {
		tb.Fatal(err)
	}
}

// cpu returns the processor time of this process in µs.
func cpu(tb testing.TB) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return u.Utime.Sec*1e6 + int64(u.Utime.Usec) + u.Stime.Sec*1e6 + int64(u.Stime.Usec) //nolint:unconvert // 32 bits on some systems
}
