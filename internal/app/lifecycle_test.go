package app

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// diary notes what happened and when, seconds after the start.
type diary struct {
	mu    sync.Mutex
	began time.Time
	lines []string
}

func newDiary() *diary { return &diary{began: time.Now()} }

func (d *diary) note(s string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, s+" "+time.Since(d.began).String())
}

// untilAsked is a part that takes d to end once asked.
func (d *diary) untilAsked(name string, takes time.Duration) Part {
	return partFunc(func(ctx context.Context) error {
		<-ctx.Done()
		<-time.After(takes)
		d.note(name)
		return ctx.Err()
	})
}

func TestStopsInReverse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary()
		l := &lifecycle{
			log: slog.New(slog.DiscardHandler), delay: 5 * time.Second, drain: func() { d.note("drain") },
			tiers: []tier{
				{name: "workers", grace: 5 * time.Second, parts: map[string]Part{"worker": d.untilAsked("worker", time.Second)}},
				{name: "transport", grace: 10 * time.Second, parts: map[string]Part{"http": d.untilAsked("http", 3*time.Second)}},
			},
		}
		l.onClose("store", func() error { d.note("store"); return nil })
		l.onClose("queue", func() error { d.note("queue"); return nil })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.run(ctx); err != nil {
			t.Fatal(err)
		}
		want := []string{"drain 1s", "http 9s", "worker 10s", "queue 10s", "store 10s"}
		if diff := cmp.Diff(want, d.lines); diff != "" {
			t.Error(diff)
		}
	})
}

func TestEndings(t *testing.T) {
	hang := make(chan struct{})
	tests := []struct {
		name  string
		first Part   // in tier workers
		close error  // of the store
		want  string // part of the error, "" = none
	}{
		{"asked", partFunc(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }), nil, ""},
		{"a part fails", partFunc(func(context.Context) error { <-time.After(time.Second); return errors.New("disk gone") }), nil, "worker: disk gone"},
		{"a part ends by itself", partFunc(func(context.Context) error { return nil }), nil, "worker: ended by itself"},
		{"a part fails while stopping", partFunc(func(ctx context.Context) error { <-ctx.Done(); return errors.New("half a batch") }), nil, "worker: half a batch"},
		{"a part hangs", partFunc(func(context.Context) error { <-hang; return nil }), nil, "workers: did not stop within 5s"},
		{"closing fails", partFunc(func(ctx context.Context) error { <-ctx.Done(); return nil }), errors.New("busy"), "close store: busy"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hang = make(chan struct{})
				d := newDiary()
				l := &lifecycle{
					log: slog.New(slog.DiscardHandler),
					tiers: []tier{
						{name: "workers", grace: 5 * time.Second, parts: map[string]Part{"worker": tt.first}},
						{name: "transport", grace: 10 * time.Second, parts: map[string]Part{"http": d.untilAsked("http", 0)}},
					},
				}
				l.onClose("store", func() error { d.note("store"); return tt.close })
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err := l.run(ctx)
				if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error %v, want %q", err, tt.want)
				}
				if len(d.lines) != 2 {
					t.Errorf("everything else must end too: %v", d.lines)
				}
				close(hang)
			})
		})
	}
}

// What comes before a tier holds up the tiers after it, and ends the program
// when it fails.
func TestBeforeATier(t *testing.T) {
	tests := []struct {
		name  string
		first func(ctx context.Context) error
		want  string   // part of the error, "" = none
		lines []string // of those who ran
	}{
		{"done", func(context.Context) error { <-time.After(3 * time.Second); return nil }, "", []string{"http 10s", "worker 10s"}},
		{"failed", func(context.Context) error { return errors.New("no ink") }, "transport: no ink", []string{"worker 0s"}},
		{"asked to end", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, "", []string{"worker 10s"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDiary()
				l := &lifecycle{log: slog.New(slog.DiscardHandler), tiers: []tier{
					{name: "workers", grace: 5 * time.Second, parts: map[string]Part{"worker": d.untilAsked("worker", 0)}},
					{name: "transport", grace: 5 * time.Second, parts: map[string]Part{"http": d.untilAsked("http", 0)}, first: tt.first},
				}}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				err := l.run(ctx)
				if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error %v, want %q", err, tt.want)
				}
				if diff := cmp.Diff(tt.lines, d.lines); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}
