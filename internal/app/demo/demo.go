// Package demo fills a temporary installation with twelve weeks of an example
// shop: what its services send goes through intake and worker, what its people
// do through the services behind the pages, and only the clock is made up.
package demo

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"errata/internal/admin"
	"errata/internal/queue"
	"errata/internal/store"
	"errata/internal/triage"
)

// Options are what the demo stands on. Store is only read.
type Options struct {
	Store  *store.Store
	Queue  *queue.Queue
	Admin  *admin.Service
	Triage *triage.Service
	Door   http.Handler // where services send their envelopes
	Pages  http.Handler // what people see
	URL    string       // of the pages, without a final slash
	Clock  *Clock
	Seed   uint64
	Log    *slog.Logger
	Out    io.Writer // for the visitor
}

// Demo tells the story.
type Demo struct {
	Options
	plan          *plan
	people        cast
	browsers      map[string]*browser // by login
	sent, skipped atomic.Int64        // events, and acts that were refused
}

// New returns a demo; Tell tells its story.
func New(o Options) *Demo { return &Demo{Options: o} }

// Tell lives through twelve weeks, releases the clock, and returns how to sign
// in. Door, worker and ingest must be running.
func (d *Demo) Tell(ctx context.Context) ([]SignIn, error) {
	began := d.Clock.wall()
	fmt.Fprint(d.Out, "Making twelve weeks of history: ")
	d.plan = tell(began.UTC(), d.Seed)
	signIns, err := d.settle(ctx)
	if err != nil {
		return nil, err
	}
	if err := d.play(ctx); err != nil {
		return nil, err
	}
	d.Clock.Release()
	fmt.Fprintln(d.Out)
	if err := d.Admin.CountStatusHours(ctx); err != nil {
		return nil, err
	}
	d.Log.InfoContext(ctx, "history made", slog.Int64("events", d.sent.Load()), slog.Int("acts", len(d.plan.acts)), slog.Duration("took", d.Clock.wall().Sub(began)))
	return signIns, nil
}

// Sent is how many events were taken so far.
func (d *Demo) Sent() int64 { return d.sent.Load() }

// Skipped is how many acts of the story were refused.
func (d *Demo) Skipped() int64 { return d.skipped.Load() }

// Run goes on with an event from time to time, until ctx ends.
func (d *Demo) Run(ctx context.Context) error {
	chance := newDice(d.Seed, -1)
	t := time.NewTimer(chance.between(2*time.Second, 6*time.Second))
	defer t.Stop()
	for {
		select {
		case <-t.C:
			d.goOn(ctx, chance)
			t.Reset(chance.between(5*time.Second, 17*time.Second))
		case <-ctx.Done():
			return nil
		}
	}
}
