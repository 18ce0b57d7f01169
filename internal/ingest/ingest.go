// Package ingest accepts events: it knows the keys, refuses what has no room,
// removes personal data, and returns when the event is on disk. Counting and
// grouping are the pipeline's.
package ingest

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"errata/internal/errata"
	"errata/internal/normalize"
	"errata/internal/queue"
	"errata/internal/store"
)

// maxInFlight is how many bytes of events may wait for the disk at once, when
// nothing else is asked.
const maxInFlight = 256 << 20

// inFlightWait is how long an event waits for room before it is refused.
const inFlightWait = 2 * time.Second

// shedShare is the part of the queue from which on info and debug are refused.
const shedShare = 0.8

// Options are what the service is made of.
type Options struct {
	Store   *store.Store
	Queue   *queue.Queue
	Clock   errata.Clock
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Secret  []byte // key of the user hashes
	DataDir string

	MaxInFlight int64 // bytes of events that may wait for the disk at once; 0 = 256 MiB
}

// Service accepts events.
type Service struct {
	store     *store.Store
	queue     *queue.Queue
	clock     errata.Clock
	log       *slog.Logger
	secret    []byte
	dataDir   string
	keys      *otter.Cache[string, remembered]
	addresses *otter.Cache[string, *rate.Limiter]
	flight    singleflight.Group
	room      *semaphore.Weighted
	roomSize  int64
	committer *committer
	door      *door
	refusals  *refusals
	metrics   metrics
}

// New returns a service; Run starts it.
func New(o Options) *Service {
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = maxInFlight
	}
	s := &Service{
		store: o.Store, queue: o.Queue, clock: o.Clock, log: o.Log, secret: o.Secret, dataDir: o.DataDir,
		keys:      otter.Must(&otter.Options[string, remembered]{MaximumSize: 20_000}),
		addresses: otter.Must(&otter.Options[string, *rate.Limiter]{MaximumSize: 50_000}),
		room:      semaphore.NewWeighted(o.MaxInFlight), roomSize: o.MaxInFlight,
		metrics: newMetrics(o.Metrics),
	}
	s.committer = newCommitter(o.Queue, o.Log)
	s.door = &door{queue: o.Queue, dataDir: o.DataDir}
	s.refusals = &refusals{store: o.Store, log: o.Log, counts: errata.Outcomes{}}
	return s
}

// Accept removes personal data, derives what needs no other event, and queues
// the event; it returns when the event is on disk. bytes is the size as sent.
// An event older than its retention class is counted and not kept, without an
// error. Errors: slow_down with reason key, shed_level, queue_full or
// disk_full; unavailable with reason queue_unavailable. The outcome of a
// refusal is counted here, also when the client has left meanwhile: every event
// that came this far has exactly one.
func (s *Service) Accept(ctx context.Context, a Access, ev *errata.Event, bytes int) error {
	release, err := s.admit(ctx, a, ev, int64(bytes))
	if err != nil {
		return s.refused(a, err, int64(bytes))
	}
	defer release()
	normalize.UserTerms(ev, s.secret, ev.ClientIP)
	a.redactor.Event(ev)
	normalize.Derive(ev, a.Project, a.Key.Kind)
	if expired(ev) {
		s.Count(a, errata.CategoryError, errata.Filtered, "expired", 1, int64(bytes))
		return nil
	}
	payload, err := normalize.Encode(ev)
	if err != nil {
		return errata.E(errata.Internal, "The event could not be written.", err)
	}
	err = s.committer.commit(ctx, queue.Entry{
		ProjectID: a.Project.ID, Category: errata.CategoryError, KeyKind: a.Key.Kind, Key: a.Key.Key,
		Unchecked: a.Remembered, Bytes: int64(bytes), Payload: payload,
	})
	return s.refused(a, err, int64(bytes))
}

// refused counts what has a reason and passes it on. Without one the event is
// on its way: only the client has left.
func (s *Service) refused(a Access, err error, bytes int64) error {
	if reason := errata.ReasonOf(err); reason != "" {
		s.Count(a, errata.CategoryError, errata.RateLimited, reason, 1, bytes)
	}
	return err
}

func expired(ev *errata.Event) bool {
	return ev.ReceivedAt-ev.Timestamp > int64(ev.Class)*int64(24*time.Hour/time.Microsecond)
}

// admit says whether there is room for the event, and holds it until release.
func (s *Service) admit(ctx context.Context, a Access, ev *errata.Event, bytes int64) (release func(), err error) {
	if err := s.door.admit(ctx, s.clock(), ev.Level); err != nil {
		return nil, err
	}
	if a.rate != nil && !a.rate.AllowN(s.clock(), 1) {
		return nil, refuse("key", "The key has reached its limit per minute.", nil)
	}
	bytes = min(bytes, s.roomSize)
	ctx, cancel := context.WithTimeout(ctx, inFlightWait)
	defer cancel()
	if err := s.room.Acquire(ctx, bytes); err != nil {
		return nil, refuse("queue_full", "Too many events wait for the disk.", err)
	}
	return func() { s.room.Release(bytes) }, nil
}

// Run commits events and writes counters until ctx ends, then empties what is open.
func (s *Service) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	counting, stop := context.WithCancel(context.WithoutCancel(ctx)) // the last events may be refused too
	wg.Go(func() { s.refusals.run(counting) })
	s.committer.run(ctx)
	stop()
	wg.Wait()
	return nil
}

// keyOf reads a key and its project.
func (s *Service) keyOf(ctx context.Context, key string) (p errata.Project, k errata.IngestKey, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	err = s.store.View(ctx, func(tx *store.Tx) (err error) {
		k, p, err = tx.IngestKey(ctx, key)
		return err
	})
	return p, k, err
}
