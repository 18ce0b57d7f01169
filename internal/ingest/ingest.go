// Package ingest accepts events: it knows the keys, refuses what has no room,
// removes personal data, and returns when the event is on disk. Counting and
// grouping are the pipeline's.
package ingest

import (
	"context"
	"log/slog"
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

// MaxInFlight is how many bytes of events may wait for the disk at once.
const MaxInFlight = 256 << 20

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
	committer *committer
	door      *door
	refusals  *refusals
	metrics   metrics
}

// New returns a service; Run starts it.
func New(o Options) *Service {
	s := &Service{
		store: o.Store, queue: o.Queue, clock: o.Clock, log: o.Log, secret: o.Secret, dataDir: o.DataDir,
		keys:      otter.Must(&otter.Options[string, remembered]{MaximumSize: 20_000}),
		addresses: otter.Must(&otter.Options[string, *rate.Limiter]{MaximumSize: 50_000}),
		room:      semaphore.NewWeighted(MaxInFlight),
		metrics:   newMetrics(o.Metrics),
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
// refusal is counted here.
func (s *Service) Accept(ctx context.Context, a Access, ev *errata.Event, bytes int) error {
	category := errata.CategoryError
	if err := s.admit(ctx, a, ev); err != nil {
		s.Count(a, category, errata.RateLimited, errata.ReasonOf(err), 1, int64(bytes))
		return err
	}
	if err := s.room.Acquire(ctx, int64(bytes)); err != nil {
		return errata.E(errata.Unavailable, "The client left.", err)
	}
	defer s.room.Release(int64(bytes))
	normalize.UserTerms(ev, s.secret, ev.ClientIP)
	a.redactor.Event(ev)
	normalize.Derive(ev, a.Project, a.Key.Kind)
	if expired(ev) {
		s.Count(a, category, errata.Filtered, "expired", 1, int64(bytes))
		return nil
	}
	return s.commit(ctx, a, ev, category, int64(bytes))
}

func expired(ev *errata.Event) bool {
	return ev.ReceivedAt-ev.Timestamp > int64(ev.Class)*int64(24*time.Hour/time.Microsecond)
}

func (s *Service) commit(ctx context.Context, a Access, ev *errata.Event, c errata.Category, bytes int64) error {
	payload, err := normalize.Encode(ev)
	if err != nil {
		return errata.E(errata.Internal, "The event could not be written.", err)
	}
	err = s.committer.commit(ctx, queue.Entry{ProjectID: a.Project.ID, Category: c, KeyKind: a.Key.Kind, Key: a.Key.Key,
		Unchecked: a.Remembered, Bytes: bytes, Payload: payload})
	if reason := errata.ReasonOf(err); reason != "" {
		s.Count(a, c, errata.RateLimited, reason, 1, bytes)
	}
	return err
}

// admit says whether there is room for the event.
func (s *Service) admit(ctx context.Context, a Access, ev *errata.Event) error {
	if r, ok := s.keys.GetIfPresent(a.Key.Key); ok && r.rate != nil && !r.rate.AllowN(s.clock(), 1) {
		return refuse("key", "The key has reached its limit per minute.", nil)
	}
	return s.door.admit(ctx, s.clock(), ev.Level)
}

// Run commits events and writes counters until ctx ends, then empties what is open.
func (s *Service) Run(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- s.committer.run(ctx) }()
	s.refusals.run(ctx)
	return <-done
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
