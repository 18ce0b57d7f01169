package app

import (
	"context"
	"log/slog"
	"time"

	"errata/internal/app/guard"
	"errata/internal/errata"
	"errata/internal/search/elastic"
)

// elasticSearch and elasticBulk are how far a cluster may drag us along. The
// writer repeats single documents by itself, so its guard repeats nothing.
var (
	elasticSearch = guard.Settings{
		Name: "elastic.search", Timeout: 62 * time.Second, Attempts: 2, Backoff: 100 * time.Millisecond,
		Failures: 5, Of: 10, OpenFor: 15 * time.Second, Concurrent: 32, Wait: 500 * time.Millisecond,
	}
	elasticBulk = guard.Settings{
		Name: "elastic.bulk", Timeout: 30 * time.Second, Failures: 5, Of: 10, OpenFor: 15 * time.Second,
	}
)

// How often a dependency is asked how it does, and how long it may take.
const (
	checkWell = 15 * time.Second
	checkIll  = 5 * time.Second
	checkTime = 5 * time.Second
)

// checker is the only one that tries a dependency again after its guard gave it
// up: users' calls fail at once until it answers.
type checker struct {
	guards []*guard.Guard
	ping   func(ctx context.Context) error
}

// guardElastic puts guards into the options of the engine and returns them.
// Those of the undaunted never open.
func (a *App) guardElastic(o *elastic.Options, undaunted bool) []*guard.Guard {
	search, bulk := elasticSearch, elasticBulk
	if undaunted {
		search.Failures, bulk.Failures = 0, 0
	}
	reading := guard.New(search, a.clock, a.log, a.metrics)
	writing := guard.New(bulk, a.clock, a.log, a.metrics)
	o.Search, o.Bulk = reading.Do, writing.Do
	return []*guard.Guard{reading, writing}
}

// openElastic opens the engine behind its guards, with what keeps it going.
func (a *App) openElastic(ctx context.Context, o elastic.Options, undaunted bool) (*elastic.Engine, error) {
	guards := a.guardElastic(&o, undaunted)
	e, err := elastic.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	a.upkeep = map[string]Part{"checker": &checker{guards, e.Ping}, "night": &night{e, a.clock, a.log}}
	return e, nil
}

// Run asks until ctx ends.
func (c *checker) Run(ctx context.Context) error {
	for {
		every := checkWell
		if !c.once(ctx) {
			every = checkIll
		}
		t := time.NewTimer(every)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil
		}
	}
}

// once asks on behalf of each guard and says whether all let calls through.
func (c *checker) once(ctx context.Context) bool {
	well := true
	for _, g := range c.guards {
		ctx, cancel := context.WithTimeout(ctx, checkTime)
		_ = g.Probe(ctx, c.ping) // the guard keeps the error
		cancel()
		well = well && g.State().Closed
	}
	return well
}

// night is what an Elasticsearch cluster needs once a day: tomorrow's indices
// before midnight UTC, and yesterday's sealed when its late events are in.
type night struct {
	engine *elastic.Engine
	clock  errata.Clock
	log    *slog.Logger
}

const (
	prepareAt = 23*time.Hour + 30*time.Minute
	sealAt    = 2 * time.Hour
	sealAgain = 5 * time.Minute // when yesterday was still being written to
)

// Run works until ctx ends. A turn that fails is repeated the next night:
// without it days are merely slower to search.
func (n *night) Run(ctx context.Context) error {
	n.prepare(ctx, n.clock())
	for {
		now := n.clock().UTC()
		at, seal := nextTurn(now)
		t := time.NewTimer(at.Sub(now))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil
		}
		if seal {
			n.seal(ctx, at)
		} else {
			n.prepare(ctx, at)
		}
	}
}

func (n *night) prepare(ctx context.Context, at time.Time) {
	if err := n.engine.Prepare(ctx, at); err != nil {
		n.log.WarnContext(ctx, "indices of tomorrow could not be made", slog.Any("error", err))
	}
}

// nextTurn returns the next time to work, and whether it is the one to seal.
func nextTurn(now time.Time) (at time.Time, seal bool) {
	midnight := now.UTC().Truncate(24 * time.Hour)
	switch sinceMidnight := now.Sub(midnight); {
	case sinceMidnight < sealAt:
		return midnight.Add(sealAt), true
	case sinceMidnight < prepareAt:
		return midnight.Add(prepareAt), false
	}
	return midnight.AddDate(0, 0, 1).Add(sealAt), true
}

// seal tries for an hour to find yesterday untouched for a minute, and then
// lets go of the bytes of what was erased.
func (n *night) seal(ctx context.Context, at time.Time) {
	defer func() {
		if err := n.engine.Purge(ctx); err != nil {
			n.log.WarnContext(ctx, "indices could not be rewritten without erased events", slog.Any("error", err))
		}
	}()
	for range int(time.Hour / sealAgain) {
		done, err := n.engine.Seal(ctx, at.AddDate(0, 0, -1))
		if err != nil {
			n.log.WarnContext(ctx, "indices of yesterday could not be sealed", slog.Any("error", err))
		}
		if done {
			return
		}
		t := time.NewTimer(sealAgain)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return
		}
	}
}
