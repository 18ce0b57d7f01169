package report_test

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/report"
	"errata/internal/search"
)

// counted counts the searches of an engine, and can hold them.
type counted struct {
	search.Engine
	asked atomic.Int64
	hold  func(context.Context) error
}

func (c *counted) Search(ctx context.Context, r search.Request) (*search.Result, error) {
	c.asked.Add(1)
	if c.hold != nil {
		if err := c.hold(ctx); err != nil {
			return nil, err
		}
	}
	return c.Engine.Search(ctx, r)
}

// A client that leaves ends the search at once, and what was begun is written
// down as not done.
func TestClientThatLeaves(t *testing.T) {
	engine := &counted{}
	p := partstest.Open(t, partstest.Options{Clock: clock, Wrap: func(e search.Engine) search.Engine { engine.Engine = e; return engine }})
	many(t, p, 6)
	s := report.New(options(p))
	ctx, leave := context.WithCancel(t.Context())
	engine.hold = func(ctx context.Context) error {
		leave()
		<-ctx.Done()
		return errata.E(errata.Unavailable, "cancelled", ctx.Err())
	}
	if err := s.Send(ctx, partstest.Reader, asked(report.Events, ""), (&paper{}).open); err == nil {
		t.Fatal("it was sent")
	}
	engine.hold = nil
	ctx, leave = context.WithCancel(t.Context())
	o := options(p)
	o.Fail = func(string) error { leave(); return ctx.Err() }
	err := report.New(o).Send(ctx, partstest.Reader, asked(report.Issues, ""), (&paper{}).open)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	results := audited(t, p)
	if d := cmp.Diff([]string{"start done", "end failed"}, results); d != "" {
		t.Error(d)
	}
}

// What is cancelled leaves nothing on disk.
func TestCancelled(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock})
	many(t, p, 3)
	account(t, p)
	o := options(p)
	var s *report.Service
	var id string
	o.Fail = func(point string) error {
		if point != "export.filled" {
			return nil
		}
		if err := p.Jobs.Cancel(context.Background(), partstest.Reader, id); err != nil {
			return err
		}
		return context.Canceled
	}
	s = report.New(o)
	id, err := s.Ask(t.Context(), partstest.Reader, asked(report.Events, ""))
	if err != nil {
		t.Fatal(err)
	}
	if got := run(t, p.Jobs, s, id); got.Job.State != errata.JobCancelled || got.File != nil {
		t.Errorf("%+v", got.Job)
	}
	if left, err := os.ReadDir(o.Folder); err != nil || len(left) != 0 {
		t.Errorf("left on disk: %v, %v", left, err)
	}
}
