package ingest

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"errata/internal/errata"
	"errata/internal/store"
)

// flushEvery is how often refusals are written; a crash loses at most so much
// of them, from both sides of the equation.
const flushEvery = 5 * time.Second

// refusals counts what was not accepted, in memory, and writes it.
type refusals struct {
	store  *store.Store
	log    *slog.Logger
	mu     sync.Mutex
	counts errata.Outcomes
}

func (r *refusals) add(k errata.OutcomeKey, items, bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Add(k, items, bytes)
}

func (r *refusals) take() errata.Outcomes {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.counts
	r.counts = errata.Outcomes{}
	return out
}

func (r *refusals) run(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.flush(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
			r.flush(last)
			cancel()
			return
		}
	}
}

// flush writes what was counted; what cannot be written is counted again later.
func (r *refusals) flush(ctx context.Context) {
	counts := r.take()
	if len(counts) == 0 {
		return
	}
	err := r.store.InTx(ctx, func(tx *store.Tx) error {
		tx.System("ingest")
		return tx.AddOutcomes(ctx, counts)
	})
	if err == nil {
		return
	}
	r.log.WarnContext(ctx, "refusals not written yet", slog.Any("error", err))
	for k, c := range counts {
		r.add(k, c.Items, c.Bytes)
	}
}

type metrics struct {
	outcomes *prometheus.CounterVec
	refused  *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) metrics {
	m := metrics{
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "errata_intake_items_total",
			Help: "Items refused or filtered at the door, by outcome and reason.",
		}, []string{"outcome", "reason"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "errata_intake_refused_total",
			Help: "Requests refused before their project was known.",
		}, []string{"reason"}),
	}
	reg.MustRegister(m.outcomes, m.refused)
	return m
}

// Count records the outcome of items that are not accepted.
func (s *Service) Count(a Access, c errata.Category, o errata.Outcome, reason string, items, bytes int64) {
	hour := s.clock().UTC().Truncate(time.Hour).UnixMicro()
	s.refusals.add(errata.OutcomeKey{ProjectID: a.Project.ID, Hour: hour, Category: c, Outcome: o, Reason: reason}, items, bytes)
	s.metrics.outcomes.WithLabelValues(string(o), reason).Add(float64(items))
}

// Refused counts a request whose project is not known.
func (s *Service) Refused(reason string) { s.metrics.refused.WithLabelValues(reason).Inc() }

// clientReasons are the words SDKs use for what they lost; others count as
// "other", so that a client cannot make up rows.
var clientReasons = map[string]bool{
	"queue_overflow": true, "cache_overflow": true, "buffer_overflow": true,
	"ratelimit_backoff": true, "network_error": true, "send_error": true, "internal_sdk_error": true, "sample_rate": true,
	"before_send": true, "event_processor": true, "insufficient_data": true, "backpressure": true, "ignored": true,
}

// ClientReport records what an SDK says it lost before sending. It stands
// beside the outcomes and is no part of their sum.
func (s *Service) ClientReport(a Access, reason, category string, quantity int64) {
	if !clientReasons[reason] {
		reason = "other"
	}
	c := errata.Category(category)
	if !slices.Contains(errata.Categories, c) {
		c = errata.CategoryOther
	}
	s.Count(a, c, errata.ClientLost, reason, quantity, 0)
}
