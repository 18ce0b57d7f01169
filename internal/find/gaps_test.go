package find_test

import (
	"context"
	"sync/atomic"
	"testing"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/querylang"
	"errata/internal/search"
)

// tornEngine answers as one that cannot read some of its days: with what it
// has, which is nothing, and the gap.
type tornEngine struct {
	search.Engine
	torn atomic.Bool
}

func (e *tornEngine) Search(ctx context.Context, r search.Request) (*search.Result, error) {
	res, err := e.Engine.Search(ctx, r)
	if err != nil || !e.torn.Load() {
		return res, err
	}
	return &search.Result{
		Gaps: []search.Gap{{From: r.From, To: r.To, Reason: search.ReasonTimeout}}, Total: search.Total{Exact: true}, Aggs: map[string]search.AggResult{},
	}, nil
}

// What lies in a part that cannot be read is unknown: neither none nor gone.
func TestGapsAreNoZero(t *testing.T) {
	engine := &tornEngine{}
	p := partstest.Open(t, partstest.Options{Clock: clock, Wrap: func(e search.Engine) search.Engine { engine.Engine = e; return engine }})
	all := explored(t, p)
	v := issueOf(t, p, all[0])
	engine.torn.Store(true)
	for in, q := range map[querylang.Place]string{querylang.InIssues: "timeout", querylang.InEvents: ""} {
		if n, err := p.Find.Total(t.Context(), partstest.Reader, q, in, lastDay); errata.CodeOf(err) != errata.Unavailable {
			t.Errorf("total in %v: %+v, %v", in, n, err)
		}
	}
	if c, err := p.Find.Changed(t.Context(), partstest.Reader, v); err != nil || c.HostGone || errata.CodeOf(c.HostErr) != errata.Unavailable {
		t.Errorf("what changed: %+v, %v", c, err)
	}
	if _, err := p.Find.LocateEvent(t.Context(), partstest.Reader, partstest.EventID(424242)); errata.CodeOf(err) != errata.Unavailable {
		t.Errorf("an event of long ago: %v", err)
	}
	f, err := p.Find.Facets(t.Context(), partstest.Reader, find.FacetQuery{Q: "timeout", In: querylang.InIssues, Over: lastDay, Keys: []string{"severity"}})
	if err != nil || len(f) != 1 || !f[0].About {
		t.Errorf("facets: %+v, %v", f, err)
	}
}
