package find

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// All searches of one answer share its time.
func TestPatience(t *testing.T) {
	tests := []struct {
		name        string
		hurried     bool
		passed      time.Duration
		wait        time.Duration
		ends, asked time.Duration
	}{
		{"no answer waits", false, 0, 2 * time.Second, 2 * time.Second, 1500 * time.Millisecond},
		{"a short search", true, 0, time.Second, time.Second, 750 * time.Millisecond},
		{"a long search", true, 0, 10 * time.Second, patience, patience * 3 / 4},
		{"the second search", true, time.Second, 2 * time.Second, patience - time.Second, (patience - time.Second) * 3 / 4},
		{"nothing left", true, 2 * patience, time.Second, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := context.Background()
				if tt.hurried {
					ctx = Patient(ctx)
				}
				time.Sleep(tt.passed)
				now := time.Now()
				got, cancel, asked := within(ctx, tt.wait)
				defer cancel()
				end, ok := got.Deadline()
				if left := max(end.Sub(now), 0); !ok || left != tt.ends || asked != tt.asked {
					t.Errorf("ends after %s, engine asked for %s", left, asked)
				}
			})
		})
	}
}
