package sentry_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/ingest"
	"errata/internal/intake/sentry"
)

const goodKey = "7d1c0b9a5e3f48826a94d0c7b1e2f356"

var received = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

// recorder takes the place of ingest.Service and writes down what it is told.
type recorder struct {
	mu       sync.Mutex
	key      errata.IngestKey
	refuse   error // what Accept answers
	events   []*errata.Event
	outcomes []string // category/outcome/reason, one per item
	items    []string // category:bytes
	reports  []string // reason/category quantity
	ip       string
}

func (r *recorder) Project(_ context.Context, key, projectID, ip string) (ingest.Access, error) {
	r.ip = ip
	switch {
	case key == "":
		return ingest.Access{}, errata.E(errata.Unauthenticated, "An ingest key is missing.", nil)
	case key == "slow":
		return ingest.Access{}, because(errata.SlowDown, "unavailable")
	case key == "guess":
		return ingest.Access{}, because(errata.SlowDown, "ip")
	case key != goodKey, projectID != "" && projectID != "42":
		return ingest.Access{}, because(errata.Forbidden, "key")
	}
	return ingest.Access{Project: errata.Project{ID: "42", Slug: "shop"}, Key: r.key}, nil
}

func because(code errata.Code, reason string) error {
	return errata.Because(code, "Because of "+reason+".", nil, errata.Detail{Reason: reason})
}

func (r *recorder) Accept(_ context.Context, _ ingest.Access, ev *errata.Event, bytes int) error {
	if r.refuse != nil {
		r.note(errata.CategoryError, errata.RateLimited, errata.ReasonOf(r.refuse), 1, int64(bytes))
		return r.refuse
	}
	r.events = append(r.events, ev)
	r.note(errata.CategoryError, errata.Stored, "full", 1, int64(bytes))
	return nil
}

func (r *recorder) Count(_ ingest.Access, c errata.Category, o errata.Outcome, reason string, items, bytes int64) {
	r.note(c, o, reason, items, bytes)
}

func (r *recorder) note(c errata.Category, o errata.Outcome, reason string, items, bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for range items {
		r.outcomes = append(r.outcomes, fmt.Sprintf("%s/%s/%s", c, o, reason))
	}
	r.items = append(r.items, fmt.Sprintf("%s:%d", c, bytes))
}

func (r *recorder) ClientReport(_ ingest.Access, reason, category string, quantity int64) {
	r.reports = append(r.reports, fmt.Sprintf("%s/%s %d", reason, category, quantity))
}

// known fails the test when an outcome is not one of the closed list.
func (r *recorder) known(t *testing.T) {
	t.Helper()
	for _, o := range r.outcomes {
		var found bool
		for outcome, reasons := range errata.OutcomeReasons {
			for _, reason := range reasons {
				found = found || hasSuffix(o, "/"+string(outcome)+"/"+reason)
			}
		}
		if !found {
			t.Errorf("outcome %q is not in the list", o)
		}
	}
}

func hasSuffix(s, suffix string) bool {
	return len(s) >= len(suffix) && s[len(s)-len(suffix):] == suffix
}

func newRecorder() *recorder {
	return &recorder{key: errata.IngestKey{Key: goodKey, ProjectID: "42", Kind: errata.KeyPublic}}
}

func (r *recorder) handler() http.Handler {
	return sentry.New(sentry.Options{Ingest: r, Clock: func() time.Time { return received }}).Handler()
}

// do sends a request through the handler.
func (r *recorder) do(req *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r.handler().ServeHTTP(w, req)
	return w
}
