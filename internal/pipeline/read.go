package pipeline

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"errata/internal/errata"
	"errata/internal/queue"
	"errata/internal/store"
)

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// read unpacks messages. One that cannot be read is put aside as a file for
// the operator: it is damaged, and guessing would count wrong.
func (w *Worker) read(ms []*queue.Message) (out []queue.Batch) {
	for _, m := range ms {
		b, err := queue.Decode(m.Data)
		if err != nil {
			w.quarantine(m, err)
			continue
		}
		out = append(out, b)
	}
	return out
}

func (w *Worker) quarantine(m *queue.Message, cause error) {
	dir := filepath.Join(w.DataDir, "quarantine")
	name := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r == '-' {
			return r
		}
		return '_'
	}, m.ID)
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".batch"), m.Data, 0o600)
	}
	w.metrics.quarantined.Inc()
	w.Log.Error("batch damaged, put aside", slog.String("batch_id", m.ID), slog.Any("cause", cause), slog.Any("error", err))
}

// letter is an event that becomes a dead letter.
type letter struct {
	batch string
	entry queue.Entry
	cause error
}

// prepareAll does the pure part for every event.
func (w *Worker) prepareAll(ctx context.Context, batches []queue.Batch) (items []*item, letters []letter, err error) {
	for _, b := range batches {
		for _, e := range b.Entries {
			p, err := w.projects.get(ctx, e.ProjectID)
			if err != nil {
				return nil, nil, err
			}
			it, err := prepare(b.ID, e, p)
			if err != nil {
				letters = append(letters, letter{b.ID, e, err})
				continue
			}
			items = append(items, it)
		}
	}
	return items, letters, nil
}

// projects remembers what grouping and search need of a project, for a minute.
type projects struct {
	store *store.Store
	clock errata.Clock
	mu    sync.Mutex
	at    time.Time
	byID  map[string]errata.Project
}

const projectsFresh = time.Minute

func (p *projects) get(ctx context.Context, id string) (errata.Project, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock()
	if got, ok := p.byID[id]; ok && now.Sub(p.at) < projectsFresh {
		return got, nil
	}
	err := p.store.View(ctx, func(tx *store.Tx) error {
		all, err := tx.Projects(ctx)
		if err != nil {
			return err
		}
		p.byID, p.at = map[string]errata.Project{}, now
		for _, one := range all {
			p.byID[one.ID] = one
		}
		return nil
	})
	if err != nil {
		return errata.Project{}, err
	}
	if got, ok := p.byID[id]; ok {
		return got, nil
	}
	return errata.Project{ID: id, Slug: id}, nil
}

type metrics struct {
	quarantined prometheus.Counter
	stored      prometheus.Counter
	turns       prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer) metrics {
	m := metrics{
		quarantined: prometheus.NewCounter(prometheus.CounterOpts{Name: "errata_quarantined_batches_total", Help: "Batches that could not be read."}),
		stored:      prometheus.NewCounter(prometheus.CounterOpts{Name: "errata_events_stored_total", Help: "Events counted for the first time."}),
		turns: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "errata_worker_turn_seconds", Help: "Time of one turn of the worker.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2, 12)}),
	}
	reg.MustRegister(m.quarantined, m.stored, m.turns)
	return m
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func values[K comparable, V any](m map[K]V) []V { return slices.Collect(maps.Values(m)) }
