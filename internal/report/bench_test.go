//go:build linux

package report_test

import (
	"context"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/report"
	"errata/internal/report/encode"
	"errata/internal/search"
)

// endless is an engine that has n events: the one that it was given, again and
// again, a second apart.
type endless struct {
	search.Engine
	n    int
	one  search.Hit
	from time.Time
}

// Search answers a page; the cursor is how many have been read.
func (e *endless) Search(_ context.Context, r search.Request) (*search.Result, error) {
	at := 0
	if r.After != "" {
		p, _, _, err := r.Place()
		if err != nil {
			return nil, err
		}
		at = int(e.from.Sub(errata.FromMicros(p.Time))/time.Second) + 1
	}
	res := &search.Result{Total: search.Total{Value: int64(e.n), Exact: true}}
	for ; at < e.n && len(res.Hits) < r.Size; at++ {
		h := e.one
		h.Time = e.from.Add(-time.Duration(at) * time.Second).UnixMicro()
		res.Hits = append(res.Hits, h)
	}
	return res, nil
}

// away throws away what is sent.
type away struct {
	io.Writer
	n int64
}

func (a *away) Write(b []byte) (int, error) { a.n += int64(len(b)); return len(b), nil }
func (a *away) Flush() error                { return nil }

// resident is how much memory the process has, bytes.
func resident(b *testing.B) int64 {
	b.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// BenchmarkMillion sends a million events and reports by how many MiB the
// process grew at most: 50 is the limit.
func BenchmarkMillion(b *testing.B) {
	engine := &endless{n: 1_000_000, from: now}
	p := partstest.Open(b, partstest.Options{Clock: clock, Wrap: func(e search.Engine) search.Engine { engine.Engine = e; return engine }})
	shop := p.NewProject("shop", errata.ProjectSettings{})
	entry := p.Entry(shop, partstest.Event{ID: partstest.EventID(1), User: "ada@example.org", Time: now})
	engine.one = search.Hit{Payload: entry.Payload}
	engine.one.Project, engine.one.EventID, engine.one.Title, engine.one.Type = shop.ID, partstest.EventID(1), "KeyError: went wrong", "KeyError"
	s := report.New(options(p))
	s.Few(engine.n, engine.n)
	for _, format := range []encode.Format{encode.CSV, encode.NDJSON, encode.XLSX} {
		b.Run(string(format), func(b *testing.B) {
			before, most := resident(b), int64(0)
			for b.Loop() {
				out := &away{}
				e := asked(report.Events, "")
				e.Range, e.Format = find.Range{From: now.AddDate(0, 0, -30), To: now}, format
				stop, sampled := make(chan struct{}), make(chan struct{})
				go func() {
					defer close(sampled)
					t := time.NewTicker(20 * time.Millisecond)
					defer t.Stop()
					for {
						select {
						case <-stop:
							return
						case <-t.C:
							most = max(most, resident(b))
						}
					}
				}()
				if err := s.Send(b.Context(), partstest.Reader, e, func(report.Head) report.Out { return out }); err != nil {
					b.Fatal(err)
				}
				close(stop)
				<-sampled
				b.ReportMetric(float64(out.n)/(1<<20), "MiB")
			}
			b.ReportMetric(float64(max(most-before, 0))/(1<<20), "grown-MiB")
		})
	}
}
