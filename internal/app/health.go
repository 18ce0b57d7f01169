package app

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// readyTimeout bounds all checks of one answer.
const readyTimeout = 2 * time.Second

// check says whether something that intake cannot do without works.
type check struct {
	name string
	ok   func(ctx context.Context) error
}

// health answers /healthz and /readyz. The search engine is not asked: intake
// goes on without it.
type health struct {
	draining atomic.Bool
	checks   []check
}

// drain has /readyz answer no from now on.
func (h *health) drain() { h.draining.Store(true) }

// live answers that the process runs.
func (h *health) live(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "alive") }

// ready answers 200, or 503 with the names of what does not work.
func (h *health) ready(w http.ResponseWriter, r *http.Request) {
	if h.draining.Load() {
		answer(w, http.StatusServiceUnavailable, "stopping")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	for _, c := range h.checks {
		if c.ok(ctx) != nil {
			answer(w, http.StatusServiceUnavailable, "not ready: "+c.name)
			return
		}
	}
	answer(w, http.StatusOK, "ready")
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}
