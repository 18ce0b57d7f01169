package admin

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"errata/internal/errata"
	"errata/internal/queue"
	"errata/internal/search"
	"errata/internal/store"
)

// Names of the dependencies.
const (
	DependencySQL    = "SQL store"
	DependencyEngine = "Event engine"
	DependencyQueue  = "Queue"
)

// Dependency is one thing that Errata stands on. Since is when the present
// state began, LastOK when it last answered; µs, 0 = never.
type Dependency struct {
	Name, Detail  string
	OK            bool
	Since, LastOK int64
	Err           error
}

// How often dependencies are looked at, and how long one may take to answer.
const (
	watchEvery   = 15 * time.Second
	watchEveryUp = 5 * time.Second         // while something is down
	probeWait    = 1500 * time.Millisecond // the page that shows them is there within two seconds
)

// watch remembers how the dependencies do.
type watch struct {
	mu      sync.Mutex
	last    map[string]Dependency
	reached atomic.Bool
	org     atomic.Pointer[string]
}

// Watch looks at the dependencies until ctx ends, so that pages can say since
// when something is down.
func (s *Service) Watch(ctx context.Context) error {
	for {
		every := watchEvery
		s.readOrg(ctx)
		for _, d := range s.Look(ctx) {
			if !d.OK {
				every = watchEveryUp
			}
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

// Org is the name of the organisation, as last read.
func (s *Service) Org() string {
	if o := s.watch.org.Load(); o != nil {
		return *o
	}
	return ""
}

func (s *Service) readOrg(ctx context.Context) {
	err := s.Store.View(ctx, func(tx *store.Tx) error {
		in, _, err := tx.Installation(ctx)
		if err == nil {
			s.watch.org.Store(&in.Org)
		}
		return err
	})
	if err != nil && ctx.Err() == nil {
		s.Log.DebugContext(ctx, "installation not read", slog.Any("error", err))
	}
}

// Look asks every dependency now, side by side, each for two seconds at most.
func (s *Service) Look(ctx context.Context) []Dependency {
	probes := []struct {
		name string
		ask  func(context.Context) (string, error)
	}{{DependencySQL, s.askSQL}, {DependencyQueue, s.askQueue}, {DependencyEngine, s.askEngine}}
	out := make([]Dependency, len(probes))
	var wg sync.WaitGroup
	for i, p := range probes {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, probeWait)
			defer cancel()
			detail, err := p.ask(ctx)
			out[i] = s.watch.note(p.name, detail, err, s.now())
		})
	}
	wg.Wait()
	return out
}

func (w *watch) note(name, detail string, err error, now int64) Dependency {
	w.mu.Lock()
	defer w.mu.Unlock()
	d, seen := w.last[name]
	if !seen || d.OK != (err == nil) {
		d.Since = now
	}
	d.Name, d.OK, d.Err = name, err == nil, err
	if detail != "" {
		d.Detail = detail
	}
	if d.OK {
		d.LastOK = now
	}
	w.last[name] = d
	return d
}

// Down returns what did not answer when it was last asked.
func (s *Service) Down() (out []Dependency) {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	for _, name := range []string{DependencySQL, DependencyQueue, DependencyEngine} {
		if d, ok := s.watch.last[name]; ok && !d.OK {
			out = append(out, d)
		}
	}
	return out
}

func (s *Service) askSQL(ctx context.Context) (string, error) {
	if err := s.Store.Ping(ctx); err != nil {
		return "", err
	}
	st, err := s.Store.Stats(ctx)
	return st.Engine, err
}

func (s *Service) askQueue(ctx context.Context) (string, error) {
	if _, err := s.Queue.State(ctx, queue.Events); err != nil {
		return "", err
	}
	if !s.Queue.Writable() {
		return "", errata.E(errata.Unavailable, "The queue takes nothing: the disk is full or the last write failed.", nil)
	}
	return "embedded JetStream, every write synced", nil
}

func (s *Service) askEngine(ctx context.Context) (string, error) {
	st, err := s.Engine.Stats(ctx)
	return st.Engine, err
}

// Reached returns nil once the database has answered: intake can go on without
// it from then on.
func (s *Service) Reached(ctx context.Context) error {
	if s.watch.reached.Load() {
		return nil
	}
	err := s.Store.Ping(ctx)
	if err == nil {
		s.watch.reached.Store(true)
	}
	return err
}

// lettersShown is how many dead letters the system page lists.
const lettersShown = 50

// SystemReport is what /system shows. A part that could not be read carries
// its error instead.
type SystemReport struct {
	Dependencies        []Dependency
	Events, Backlog     queue.State
	QueueErr            error
	Outcomes            errata.Outcomes
	Since               int64
	SQL                 store.Stats
	Engine              search.Stats
	EngineErr           error
	DiskFree, DiskTotal int64
	Letters             []store.DeadLetter
	LettersTotal        int64
	Projects            map[string]errata.Project // by id, for names
	SQLErr              error
	Version             string
	Started             int64
}

// System reports how the installation does. It answers with what it can when
// parts are down.
func (s *Service) System(ctx context.Context, who errata.Actor) (SystemReport, error) {
	if err := s.Decide(who, errata.SystemRead, ""); err != nil {
		return SystemReport{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*probeWait)
	defer cancel()
	r := SystemReport{Since: s.now() - day, Version: s.Version, Started: s.started}
	var wg sync.WaitGroup
	wg.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, probeWait)
		defer cancel()
		r.Engine, r.EngineErr = s.Engine.Stats(ctx)
	})
	r.Dependencies = s.Look(ctx)
	r.Since -= r.Since % (60 * minute)
	if r.Events, r.QueueErr = s.Queue.State(ctx, queue.Events); r.QueueErr == nil {
		r.Backlog, r.QueueErr = s.Queue.State(ctx, queue.Backlog)
	}
	r.DiskFree, r.DiskTotal = queue.DiskFree(s.DataDir)
	r.SQLErr = s.readSystem(ctx, &r)
	wg.Wait()
	return r, nil
}

func (s *Service) readSystem(ctx context.Context, r *SystemReport) (err error) {
	if r.SQL, err = s.Store.Stats(ctx); err != nil {
		return err
	}
	return s.Store.View(ctx, func(tx *store.Tx) error {
		all, err := tx.Projects(ctx)
		if err != nil {
			return err
		}
		r.Projects, r.LettersTotal = map[string]errata.Project{}, 0
		for _, p := range all {
			r.Projects[p.ID] = p
		}
		if r.Outcomes, err = tx.Outcomes(ctx, store.OutcomeSum{Scope: store.Scope{All: true}, From: r.Since, To: s.now() + day}); err != nil {
			return err
		}
		if r.Letters, err = tx.Letters(ctx, store.LetterFilter{Size: lettersShown}); err != nil {
			return err
		}
		counts, err := tx.CountLetters(ctx)
		for _, c := range counts {
			r.LettersTotal += c.Letters
		}
		return err
	})
}
