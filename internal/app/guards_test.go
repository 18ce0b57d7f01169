package app

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"errata/internal/app/guard"
	"errata/internal/errata"
)

func TestCheckerBringsAGuardBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up atomic.Bool
		g := guard.New(elasticBulk, time.Now, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		call := func(context.Context) error {
			if up.Load() {
				return nil
			}
			return errata.E(errata.Unavailable, "down", nil)
		}
		for range 10 {
			_ = g.Do(t.Context(), call)
		}
		c := &checker{guards: []*guard.Guard{g}, ping: call}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()
		<-time.After(time.Minute)
		if err := g.Do(t.Context(), call); errata.ReasonOf(err) != guard.ReasonOpen {
			t.Fatal(err)
		}
		up.Store(true)
		<-time.After(time.Minute)
		if err := g.Do(t.Context(), call); err != nil {
			t.Error(err)
		}
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestNextTurn(t *testing.T) {
	tests := []struct {
		now, at string
		seal    bool
	}{
		{"2026-11-20T00:00:00Z", "2026-11-20T02:00:00Z", true},
		{"2026-11-20T02:00:00Z", "2026-11-20T23:30:00Z", false},
		{"2026-11-20T12:00:00+09:00", "2026-11-20T23:30:00Z", false},
		{"2026-11-20T23:30:00Z", "2026-11-21T02:00:00Z", true},
	}
	for _, tt := range tests {
		t.Run(tt.now, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, tt.now)
			if err != nil {
				t.Fatal(err)
			}
			at, seal := nextTurn(now)
			if at.Format(time.RFC3339) != tt.at || seal != tt.seal {
				t.Error(at, seal)
			}
		})
	}
}
