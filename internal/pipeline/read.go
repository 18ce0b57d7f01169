package pipeline

import (
	"context"
	"errors"
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

// read unpacks messages and returns those it could with their batches. The
// others are damaged, and guessing would count wrong: they end here, put aside
// for the operator, or come again when that fails.
func (w *Worker) read(ctx context.Context, ms []*queue.Message) (batches []queue.Batch, sound []*queue.Message) {
	for _, m := range ms {
		b, cause := queue.Decode(m.Data)
		if cause == nil {
			batches, sound = append(batches, b), append(sound, m)
			continue
		}
		err := w.quarantine(m, cause)
		if err == nil {
			err = w.ack(ctx, []*queue.Message{m})
		}
		if err != nil {
			w.Log.ErrorContext(ctx, "damaged batch not put aside", slog.String("batch_id", m.ID), slog.Any("error", errors.Join(err, m.Retry(w.again))))
		}
	}
	return batches, sound
}

// quarantine keeps the bytes of a message; it may be acknowledged when they are
// on disk.
func (w *Worker) quarantine(m *queue.Message, cause error) error {
	name := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r == '-' {
			return r
		}
		return '_'
	}, m.ID)
	if err := keepFile(filepath.Join(w.DataDir, "quarantine"), name+".batch", m.Data); err != nil {
		return errata.E(errata.Unavailable, "A damaged batch could not be put aside.", err)
	}
	w.metrics.quarantined.Inc()
	w.Log.Error("batch damaged, put aside", slog.String("batch_id", m.ID), slog.Any("cause", cause))
	return nil
}

// keepFile writes a file that is whole or absent after a power failure.
func keepFile(dir, name string, data []byte) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "tmp-*")
	if err != nil {
		return err
	}
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
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
		turns: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "errata_worker_turn_seconds", Help: "Time of one turn of the worker.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2, 12),
		}),
	}
	reg.MustRegister(m.quarantined, m.stored, m.turns)
	return m
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func values[K comparable, V any](m map[K]V) []V { return slices.Collect(maps.Values(m)) }
