package embedded

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"

	"errata/internal/search"
	"errata/internal/search/searchtest"
)

// BenchmarkIndex stores 4 KB events durably in batches of 512: the hot path of
// the product. cpu-µs/event is the figure to keep below 284.
func BenchmarkIndex(b *testing.B) {
	dir := b.TempDir()
	if d := os.Getenv("ERRATA_BENCH_DIR"); d != "" {
		dir = d
	}
	e, err := Open(b.Context(), Options{Dir: dir, Clock: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	load, at := searchtest.NewLoad(1), time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	const batch = 512
	bytes, events := 0, 0
	var busy time.Duration
	var cpu time.Duration
	for b.Loop() {
		docs := make([]search.Doc, batch)
		for i := range docs {
			at = at.Add(10 * time.Millisecond)
			docs[i] = load.Next(at)
			bytes += len(docs[i].Payload)
		}
		events += batch
		c, t := cpuTime(), time.Now()
		if _, err := e.Index(context.Background(), docs); err != nil {
			b.Fatal(err)
		}
		busy, cpu = busy+time.Since(t), cpu+cpuTime()-c
	}
	st, err := e.Stats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(events)/busy.Seconds(), "events/s")
	b.ReportMetric(float64(cpu.Microseconds())/float64(events), "cpu-µs/event")
	b.ReportMetric(float64(bytes)/float64(events), "payload-B/event")
	b.ReportMetric(float64(st.Bytes)/float64(events), "disk-B/event")
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
