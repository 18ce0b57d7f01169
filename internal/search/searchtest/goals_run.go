package searchtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/search"
)

// Goal is how many ms the slowest of twenty answers may take, for one reader
// and for twenty people (0: nobody has said).
type Goal struct{ One, All float64 }

// Measured is an engine that holds the events of FillLoad, and what its answers
// are measured against.
type Measured struct {
	Engine search.Engine
	Newest search.Doc // of its events
	Goals  map[string]Goal
	Forget func()               // what earlier answers have left, before a question that nobody has asked yet
	CPU    func() time.Duration // used so far

	// Slides says that every question's range ends elsewhere, in steps of ten
	// seconds, as the ranges of pages do; otherwise all end at LoadEnd.
	Slides bool

	Exported   int // events read by one export
	ExportGoal float64
}

// slideStep is how far apart the ends of two ranges are that slide.
const slideStep = 10 * time.Second

// lines are those that the engine has a goal for.
func (m *Measured) lines(b *testing.B) []line {
	b.Helper()
	return slices.DeleteFunc(lines(b, m.Newest), func(l line) bool { _, ok := m.Goals[l.name]; return !ok })
}

func (m *Measured) ask(ctx context.Context, l line, end time.Time) (time.Duration, error) {
	if l.cold {
		m.Forget()
	}
	if !m.Slides {
		end = LoadEnd
	}
	began := time.Now()
	err := l.ask(ctx, m.Engine, end)
	return time.Since(began), err
}

// One measures the lines for one reader. Read p95-ms against goal-ms.
func (m *Measured) One(b *testing.B) {
	b.Helper()
	end := LoadEnd
	for _, l := range m.lines(b) {
		b.Run(l.name, func(b *testing.B) {
			var took []time.Duration
			cpu := m.CPU()
			for b.Loop() {
				end = end.Add(-slideStep)
				t, err := m.ask(b.Context(), l, end)
				if err != nil {
					b.Fatal(err)
				}
				took = append(took, t)
			}
			b.ReportMetric(p95(took), "p95-ms")
			b.ReportMetric(float64((m.CPU()-cpu).Microseconds())/1000/float64(b.N), "cpu-ms/op")
			b.ReportMetric(m.Goals[l.name].One, "goal-ms")
		})
	}
	b.Run("export", m.export)
	b.Run("disk", func(b *testing.B) {
		for b.Loop() {
			st, err := m.Engine.Stats(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(st.Bytes)/float64(st.Events), "B/event")
		}
	})
}

// p95 is the time that nineteen of twenty did not exceed, in ms.
func p95(took []time.Duration) float64 {
	slices.Sort(took)
	if len(took) == 0 {
		return 0
	}
	return float64(took[(len(took)*19-1)/20].Microseconds()) / 1000
}

// export reads events with their payload.
func (m *Measured) export(b *testing.B) {
	n, busy := 0, time.Duration(0)
	for b.Loop() {
		read, began := 0, time.Now()
		err := m.Engine.Scan(b.Context(), search.ScanRequest{Scope: search.Scope{All: true}, Fields: search.FieldsFull}, func(h *search.Hit) error {
			if read++; read == m.Exported {
				return errEnough
			}
			_, err := io.Discard.Write(h.Payload)
			return err
		})
		if err != nil && !errors.Is(err, errEnough) {
			b.Fatal(err)
		}
		n, busy = n+read, busy+time.Since(began)
	}
	b.ReportMetric(float64(n)/busy.Seconds(), "events/s")
	b.ReportMetric(m.ExportGoal, "goal-events/s")
}

// Users is twenty people who each open one of the pages every three seconds
// while 300 events arrive per second, for ERRATA_BENCH_SECONDS (60).
func (m *Measured) Users(b *testing.B) {
	b.Helper()
	seconds := 60
	if s := os.Getenv("ERRATA_BENCH_SECONDS"); s != "" {
		var err error
		if seconds, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	c := crowd{Measured: m, lines: m.lines(b)}
	for b.Loop() {
		ctx, cancel := context.WithTimeout(b.Context(), time.Duration(seconds)*time.Second)
		c.visit(ctx, b)
		cancel()
		b.ReportMetric(float64(c.late), "refused-or-late")
		for i, l := range c.lines {
			if n := len(c.took[i]); n > 0 {
				b.ReportMetric(p95(c.took[i]), l.name+"-p95-ms("+m.Goals[l.name].among(n)+")")
			}
		}
	}
}

func (g Goal) among(n int) string {
	if g.All == 0 {
		return fmt.Sprintf("n=%d", n)
	}
	return fmt.Sprintf("≤%.0f,n=%d", g.All, n)
}

// crowd is twenty people at work.
type crowd struct {
	*Measured
	lines   []line
	arrived atomic.Int64 // µs of the newest event

	mu   sync.Mutex
	took [][]time.Duration // by line
	late int
}

// visit lasts until ctx ends and everybody has an answer.
func (c *crowd) visit(ctx context.Context, b *testing.B) {
	c.took, c.late = make([][]time.Duration, len(c.lines)), 0
	c.arrived.Store(LoadEnd.UnixMicro())
	var group sync.WaitGroup
	group.Go(func() { c.arrive(ctx, b) })
	for u := range 20 {
		group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(u), 5))
			repeat(ctx, 3*time.Second, time.Duration(r.Int64N(int64(3*time.Second))), func() { c.click(b, r.IntN(100)) })
		})
	}
	group.Wait()
}

// click asks the line of a number below 100.
func (c *crowd) click(b *testing.B, n int) {
	i := clicked(n, c.lines)
	took, err := c.ask(b.Context(), c.lines[i], time.UnixMicro(c.arrived.Load()).UTC().Truncate(slideStep))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.took[i] = append(c.took[i], took)
	if errata.CodeOf(err) == errata.SlowDown || errata.ReasonOf(err) == search.ReasonTimeout {
		c.late++
	} else if err != nil {
		b.Errorf("%s: %v", c.lines[i].name, err)
	}
}

func clicked(n int, lines []line) int {
	for i := range lines {
		if n -= lines[i].often; n < 0 {
			return i
		}
	}
	return len(lines) - 1
}

// repeat calls fn now and then until ctx ends, the first time after a delay.
func repeat(ctx context.Context, step, delay time.Duration, fn func()) {
	t := time.NewTimer(delay)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			next := time.Now().Add(step)
			fn()
			t.Reset(time.Until(next))
		}
	}
}

// arrive stores 300 events a second, of the day that follows the others.
func (c *crowd) arrive(ctx context.Context, b *testing.B) {
	load, at, n := NewLoad(2), LoadEnd, 0
	repeat(ctx, 200*time.Millisecond, 0, func() {
		docs := make([]search.Doc, 60)
		for i := range docs {
			at = at.Add(3 * time.Millisecond)
			docs[i] = load.Next(at)
		}
		if _, err := c.Engine.Index(b.Context(), docs); err != nil {
			b.Error(err)
		}
		c.arrived.Store(at.UnixMicro())
		n += len(docs)
	})
	b.Logf("%d events stored", n)
}
