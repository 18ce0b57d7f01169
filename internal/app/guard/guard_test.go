package guard

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"errata/internal/errata"
)

var (
	errDown    = errata.E(errata.Unavailable, "down", nil)
	errBusy    = errata.E(errata.SlowDown, "busy", nil)
	errRefused = errata.E(errata.Invalid, "refused", nil)
)

// set opens at 5 of 10 for 15 s, as the guard of searches does.
func set() Settings {
	return Settings{Name: "test", Timeout: 2 * time.Second, Attempts: 2, Backoff: 100 * time.Millisecond, Failures: 5, Of: 10, OpenFor: 15 * time.Second, Concurrent: 2, Wait: 500 * time.Millisecond}
}

func new1(s Settings) *Guard {
	return New(s, time.Now, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
}

func fails(err error) func(context.Context) error { return func(context.Context) error { return err } }

func TestRetries(t *testing.T) {
	tests := []struct {
		name    string
		answers []error // one per attempt; the last repeats
		want    error
		calls   int
	}{
		{"fine", []error{nil}, nil, 1},
		{"down once", []error{errDown, nil}, nil, 2},
		{"busy once", []error{errBusy, nil}, nil, 2},
		{"down", []error{errDown}, errDown, 2},
		{"refused", []error{errRefused}, errRefused, 1},
		{"cancelled", []error{errata.E(errata.Unavailable, "gone", context.Canceled)}, context.Canceled, 1},
		{"out of time", []error{errata.E(errata.Unavailable, "late", context.DeadlineExceeded)}, context.DeadlineExceeded, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				err := new1(set()).Do(t.Context(), func(context.Context) error {
					calls++
					return tt.answers[min(calls, len(tt.answers))-1]
				})
				if !errors.Is(err, tt.want) || calls != tt.calls {
					t.Errorf("%v after %d calls", err, calls)
				}
			})
		})
	}
}

func TestTimeoutPerAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := new1(set()).Do(t.Context(), func(ctx context.Context) error {
			<-ctx.Done()
			return errata.E(errata.Unavailable, "late", ctx.Err())
		})
		if took := time.Since(began); took != 2*time.Second || errata.CodeOf(err) != errata.Unavailable {
			t.Error(took, err)
		}
	})
}

// A caller with less time than the guard allows gets a code too.
func TestCallersDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		err := new1(set()).Do(ctx, func(ctx context.Context) error {
			<-ctx.Done()
			return errata.E(errata.Unavailable, "late", ctx.Err())
		})
		if took := time.Since(began); took != time.Second || errata.CodeOf(err) != errata.Unavailable || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(took, err)
		}
	})
}

func TestCancelledCallIsNotMade(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g := new1(set())
	called := func(context.Context) error { t.Error("called"); return nil }
	if err := g.Do(ctx, called); errata.CodeOf(err) != errata.Unavailable {
		t.Error(err)
	}
	if err := g.Probe(ctx, called); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// trip opens the breaker.
func trip(t *testing.T, g *Guard) {
	t.Helper()
	for range 10 {
		_ = g.Do(t.Context(), fails(errDown))
	}
	if g.State().Closed {
		t.Fatal("the breaker is still closed")
	}
}

func TestNoBreaker(t *testing.T) {
	s := set()
	s.Failures = 0
	g := new1(s)
	for _, err := range []error{nil, errDown} {
		for range 50 {
			_ = g.Do(t.Context(), fails(err))
			_ = g.Probe(t.Context(), fails(err))
		}
		if !g.State().Closed {
			t.Fatalf("opened after %v", err)
		}
	}
}

func TestBreaker(t *testing.T) {
	tests := []struct {
		name   string
		answer error
		closed bool
	}{
		{"down", errDown, false},
		{"busy", errBusy, true},
		{"refused", errRefused, true},
		{"cancelled", errata.E(errata.Unavailable, "gone", context.Canceled), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := new1(set())
				for range 10 {
					_ = g.Do(t.Context(), fails(tt.answer))
				}
				if g.State().Closed != tt.closed {
					t.Errorf("%+v", g.State())
				}
			})
		})
	}
}

func TestOnlyTheProbeFindsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := new1(set())
		trip(t, g)
		<-time.After(time.Minute) // long past the time it stays open
		calls := 0
		count := func(context.Context) error { calls++; return nil }
		for range 20 {
			if err := g.Do(t.Context(), count); errata.ReasonOf(err) != ReasonOpen {
				t.Fatal(err)
			}
		}
		if calls != 0 {
			t.Fatal("users' calls went through")
		}
		if err := g.Probe(t.Context(), count); err != nil || !g.State().Closed || calls != 1 {
			t.Error(err, g.State(), calls)
		}
		if err := g.Do(t.Context(), count); err != nil || calls != 2 {
			t.Error(err, calls)
		}
	})
}

func TestProbes(t *testing.T) {
	probes := map[string]struct {
		call   func(context.CancelFunc) func(context.Context) error
		closed bool
	}{
		"still down": {func(context.CancelFunc) func(context.Context) error { return fails(errDown) }, false},
		"refused":    {func(context.CancelFunc) func(context.Context) error { return fails(errRefused) }, true},
		"cancelled": {func(cancel context.CancelFunc) func(context.Context) error {
			return func(ctx context.Context) error { cancel(); return ctx.Err() }
		}, false},
		"panics": {func(context.CancelFunc) func(context.Context) error {
			return func(context.Context) error { panic("x") }
		}, false},
	}
	for name, p := range probes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := new1(set())
				trip(t, g)
				early := 0
				_ = g.Probe(t.Context(), func(context.Context) error { early++; return nil })
				if early != 0 {
					t.Error("probed before its time")
				}
				<-time.After(20 * time.Second)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				_ = g.Probe(ctx, p.call(cancel))
				if g.State().Closed != p.closed {
					t.Fatalf("%+v", g.State())
				}
				<-time.After(20 * time.Second)
				if err := g.Probe(t.Context(), fails(nil)); err != nil || !g.State().Closed {
					t.Error("the next probe does not close it:", err)
				}
			})
		})
	}
}

func TestBulkhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := new1(set())
		leave := make(chan struct{})
		for range 2 {
			go func() { _ = g.Do(context.Background(), func(context.Context) error { <-leave; return nil }) }()
		}
		synctest.Wait()
		if err := g.Do(t.Context(), fails(nil)); errata.CodeOf(err) != errata.SlowDown || errata.ReasonOf(err) != ReasonFull {
			t.Error(err)
		}
		close(leave)
		synctest.Wait()
		if err := g.Do(t.Context(), fails(nil)); err != nil {
			t.Error(err)
		}
	})
}

func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		g := New(set(), time.Now, slog.New(slog.DiscardHandler), reg)
		New(Settings{Name: "other"}, time.Now, slog.New(slog.DiscardHandler), reg) // same names, another label
		_ = g.Do(t.Context(), fails(nil))
		trip(t, g)
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				if m.GetLabel()[0].GetValue() == "test" {
					got[f.GetName()] += m.GetCounter().GetValue() + m.GetGauge().GetValue()
				}
			}
		}
		if got["errata_guard_state"] != 1 || got["errata_guard_calls_total"] != 11 || got["errata_guard_retries_total"] == 0 {
			t.Error(cmp.Diff(nil, got))
		}
	})
}
