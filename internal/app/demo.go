package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"errata/internal/app/demo"
	"errata/internal/config"
	"errata/internal/errata"
)

// demoSeed chooses the story of the demo.
const demoSeed = 20_260_401

// demoQueue is the room of the demo's queue.
const demoQueue = 256 << 20

// NewDemo opens a temporary installation that fills itself with twelve weeks of
// an example when it runs, before it answers. It listens as cfg says; its data
// lies in a directory that is removed at the end, and what cfg says of other
// servers does not count. When the history is made, out is told how to sign in.
func NewDemo(ctx context.Context, cfg *config.Config, clock errata.Clock, log *slog.Logger, out io.Writer, o Options) (*App, error) {
	dir, err := os.MkdirTemp("", "errata-demo-")
	if err != nil {
		return nil, err
	}
	own := *cfg
	own.DataDir, own.MasterKey, own.Database, own.Search, own.SMTP, own.Workers = dir, "", config.Database{}, config.Search{}, config.SMTP{}, 1
	own.Queue.MaxBytes = demoQueue
	hands := demo.NewClock(clock)
	o.pace = -1
	a, err := New(ctx, &own, hands.Now, log, o)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	a.life.closers = slices.Insert(a.life.closers, 0, closer{"demo", func() error { return os.RemoveAll(dir) }})
	a.stage(hands, out)
	return a, nil
}

// stage has the story told when worker and ingest run and nobody is let in yet,
// and goes on with it afterwards. The work of the background begins after it:
// it is for real times.
func (a *App) stage(hands *demo.Clock, out io.Writer) {
	a.demo = demo.New(demo.Options{
		Store: a.store, Queue: a.queue, Admin: a.admin, Triage: a.triage, Door: a.intake.Handler(),
		Pages: a.server.http.Handler, URL: strings.TrimSuffix(a.cfg.URL, "/"),
		Clock: hands, Seed: demoSeed, Log: a.log, Out: out,
	})
	background, doors := a.life.tiers[0], a.life.tiers[len(a.life.tiers)-1]
	background.first = func(ctx context.Context) error {
		people, err := a.demo.Tell(ctx)
		if err == nil {
			a.introduce(out, people)
		}
		return err
	}
	inner := a.life.tiers[1 : len(a.life.tiers)-1]
	a.life.tiers = slices.Concat(inner, []tier{background, doors, {name: "demo", grace: time.Second, parts: map[string]Part{"demo": a.demo}}})
}

// introduce prints who one can be.
func (a *App) introduce(out io.Writer, people []demo.SignIn) {
	fmt.Fprintf(out, "\nThe demo is on %s (http://%s). Sign in as one of:\n\n", a.cfg.URL, a.Addr())
	for _, p := range people {
		fmt.Fprintf(out, "    %-11s %-30s %s   %s\n", p.Role, p.Email, p.Password, p.Name)
	}
	fmt.Fprintf(out, "\nEverything is thrown away at the end.\n")
}
