package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// Part is a long-running piece of the program. Run blocks until ctx ends or the
// part can no longer do its work, and returns only when everything it started
// is gone.
type Part interface {
	Run(ctx context.Context) error
}

// partFunc is a Part that is one function.
type partFunc func(ctx context.Context) error

// Run calls the function.
func (f partFunc) Run(ctx context.Context) error { return f(ctx) }

// tier is a set of parts that start and stop together.
type tier struct {
	name  string
	grace time.Duration // how long its parts may take to stop
	parts map[string]Part
	first func(ctx context.Context) error // what has to be done before it starts; nil = nothing
}

// closer is something that is closed after all parts have stopped.
type closer struct {
	name  string
	close func() error
}

// lifecycle starts tiers in order and stops them in reverse: doors close before
// the workers behind them, and what is open closes last, newest first.
type lifecycle struct {
	log     *slog.Logger
	drain   func()        // called when the end begins: /readyz turns false
	delay   time.Duration // between drain and the first stop
	tiers   []tier
	closers []closer
}

// onClose has fn called after all parts have stopped.
func (l *lifecycle) onClose(name string, fn func() error) {
	l.closers = append(l.closers, closer{name, fn})
}

// running is a tier that was started.
type running struct {
	tier
	cancel context.CancelFunc
	group  *errgroup.Group
}

// run blocks until ctx ends or a part fails, then winds everything down. It
// returns what failed, joined; the wish to end is no failure.
func (l *lifecycle) run(ctx context.Context) (err error) {
	failed, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var up []running
	for _, t := range l.tiers {
		if e := t.begin(failed); e != nil {
			if failed.Err() == nil {
				err = e
			}
			fail(e)
			break
		}
		up = append(up, t.start(context.WithoutCancel(ctx), fail))
		l.log.InfoContext(ctx, "started", slog.String("tier", t.name))
	}
	<-failed.Done()
	l.wind(ctx)
	for _, r := range slices.Backward(up) {
		err = errors.Join(err, r.stop())
		l.log.InfoContext(ctx, "stopped", slog.String("tier", r.name))
	}
	return errors.Join(err, l.close())
}

// wind tells the world that the end begins. Only an orderly stop waits.
func (l *lifecycle) wind(ctx context.Context) {
	if l.drain != nil {
		l.drain()
	}
	if ctx.Err() != nil && l.delay > 0 {
		<-time.After(l.delay)
	}
}

// begin does what has to be done before the tier starts.
func (t tier) begin(ctx context.Context) error {
	if t.first == nil {
		return nil
	}
	if err := t.first(ctx); err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	return nil
}

// start runs the parts of a tier; the first that fails, or ends unasked, ends
// the program.
func (t tier) start(ctx context.Context, fail context.CancelCauseFunc) running {
	ctx, cancel := context.WithCancel(ctx)
	group, inner := errgroup.WithContext(ctx)
	for name, part := range t.parts {
		group.Go(func() error {
			err := part.Run(inner)
			if inner.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
				return nil
			}
			if err == nil {
				err = errors.New("ended by itself")
			}
			err = fmt.Errorf("%s: %w", name, err)
			fail(err)
			return err
		})
	}
	return running{t, cancel, group}
}

// stop asks the tier to end and waits for its grace.
func (r running) stop() error {
	r.cancel()
	done := make(chan error, 1)
	go func() { done <- r.group.Wait() }()
	select {
	case err := <-done:
		return err
	case <-time.After(r.grace):
		return fmt.Errorf("%s: did not stop within %s", r.name, r.grace)
	}
}

// close closes what was opened, newest first, once.
func (l *lifecycle) close() (err error) {
	for _, c := range slices.Backward(l.closers) {
		if e := c.close(); e != nil {
			err = errors.Join(err, fmt.Errorf("close %s: %w", c.name, e))
		}
	}
	l.closers = nil
	return err
}
