// Package partstest opens what the product is made of, one by one, for tests that
// look behind its pages: real stores, a real queue, real engines, and a clock
// that the test may step.
package partstest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"errata/internal/admin"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/jobs"
	"errata/internal/normalize"
	"errata/internal/pipeline"
	"errata/internal/queue"
	"errata/internal/search"
	"errata/internal/search/elastic"
	"errata/internal/search/embedded"
	"errata/internal/store"
	"errata/internal/store/storetest"
	"errata/internal/triage"
)

// The stores that the parts run on.
const (
	Embedded = "sqlite+embedded"
	Scaled   = "postgres+elastic"
)

// Options choose what Open opens.
type Options struct {
	Stores  string                            // Embedded when empty
	Clock   errata.Clock                      // time.Now when nil
	Wrap    func(search.Engine) search.Engine // puts something before the engine
	Fail    func(point string) error          // failpoints of the worker and of acts
	Workers int                               // turns at once [1]
	Idle    bool                              // the worker is not started
}

// Parts are open until the test ends.
type Parts struct {
	Store  *store.Store
	Queue  *queue.Queue
	Engine search.Engine
	Worker *pipeline.Worker
	Find   *find.Service
	Admin  *admin.Service
	Triage *triage.Service
	Jobs   *jobs.Runner // run by the test that needs it
	Clock  errata.Clock
	Dir    string // data directory
	At     Address
	t      testing.TB
	batch  atomic.Int64
}

// Address is where another process finds the servers of the scaled pair:
// PostgreSQL, Elasticsearch and the prefix of the indices in it; empty for the
// embedded one, which is the data directory.
type Address struct{ Postgres, Elastic, Prefix string }

// Secret is the key of the users' hashes.
var Secret = []byte("0123456789abcdef0123456789abcdef")

// Reader may read everything.
var Reader = errata.Actor{Kind: errata.ActorUser, ID: "1", Name: "Ada Lovelace", Active: true}

// Each runs fn on both pairs of stores, in subtests of their names. Without the
// servers the second is skipped, or fails where ERRATA_TEST_REQUIRE lists them.
func Each(t *testing.T, o Options, fn func(t *testing.T, p *Parts)) {
	t.Helper()
	for _, stores := range []string{Embedded, Scaled} {
		t.Run(stores, func(t *testing.T) {
			o := o
			o.Stores = stores
			fn(t, Open(t, o))
		})
	}
}

// Open opens the parts and starts the worker.
func Open(t testing.TB, o Options) *Parts {
	t.Helper()
	if o.Clock == nil {
		o.Clock = time.Now
	}
	p := &Parts{t: t, Clock: o.Clock, Dir: t.TempDir()}
	log := slog.New(slog.DiscardHandler)
	if o.Stores == Scaled {
		p.Engine = p.openElastic()
		p.At.Postgres = storetest.PostgresURL(t)
		p.Store = storetest.Open(t, store.Options{URL: p.At.Postgres, Clock: o.Clock})
	} else {
		p.Engine = p.openEmbedded(log)
		p.Store = storetest.Open(t, store.Options{Path: filepath.Join(p.Dir, "errata.db"), Clock: o.Clock})
	}
	if o.Wrap != nil {
		p.Engine = o.Wrap(p.Engine)
	}
	p.openQueue(log)
	p.Worker = pipeline.New(pipeline.Options{
		Store: p.Store, Queue: p.Queue, Engine: p.Engine, Clock: o.Clock, Log: log,
		Metrics: prometheus.NewRegistry(), DataDir: p.Dir, Workers: o.Workers, Fail: o.Fail,
	})
	p.Find = find.New(find.Options{Store: p.Store, Engine: p.Engine, Clock: o.Clock, Decide: storetest.Decide, Log: log, UserSecret: Secret})
	p.Admin = admin.New(admin.Options{Store: p.Store, Queue: p.Queue, Engine: p.Engine, Clock: o.Clock, Decide: storetest.Decide, Log: log, DataDir: p.Dir})
	p.Jobs = jobs.New(jobs.Options{Store: p.Store, Clock: o.Clock, Log: log, Node: "test", Fail: o.Fail, Poll: 20 * time.Millisecond})
	p.Triage = triage.New(triage.Options{Store: p.Store, Clock: o.Clock, Decide: storetest.Decide, Log: log, Find: p.Find, Jobs: p.Jobs, Fail: o.Fail})
	if !o.Idle {
		p.Start()
	}
	return p
}

func (p *Parts) openEmbedded(log *slog.Logger) search.Engine {
	e, err := embedded.Open(p.t.Context(), embedded.Options{Dir: filepath.Join(p.Dir, "events"), Clock: p.Clock, Log: log})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = e.Close() })
	return e
}

func (p *Parts) openQueue(log *slog.Logger) {
	q, err := queue.Open(p.t.Context(), queue.Options{DataDir: p.Dir, MaxBytes: 256 << 20, Log: log})
	if err != nil {
		p.t.Fatal(err)
	}
	p.Queue = q
	p.t.Cleanup(func() { _ = q.Close() })
}

// prefixes makes index names of one test binary differ.
var prefixes atomic.Int64

func (p *Parts) openElastic() search.Engine {
	t := p.t
	t.Helper()
	url := os.Getenv("ERRATA_TEST_ES_URL")
	if url == "" {
		if strings.Contains(os.Getenv("ERRATA_TEST_REQUIRE"), "elastic") {
			t.Fatal("ERRATA_TEST_REQUIRE lists elastic, and ERRATA_TEST_ES_URL is not set")
		}
		t.Skip("no Elasticsearch: set ERRATA_TEST_ES_URL (scripts/elasticsearch start)")
	}
	prefix := "p" + strconv.Itoa(os.Getpid()) + "n" + strconv.FormatInt(prefixes.Add(1), 10)
	e, err := elastic.Open(t.Context(), elastic.Options{URLs: []string{url}, Prefix: prefix, Clock: p.Clock})
	if err != nil {
		t.Fatal(err)
	}
	p.At.Elastic, p.At.Prefix = url, prefix
	t.Cleanup(func() {
		_ = e.Close()
		for _, path := range []string{"/" + prefix + "-*", "/_index_template/" + prefix + "-events"} {
			req, err := http.NewRequestWithContext(context.Background(), http.MethodDelete, url+path, nil)
			if err != nil {
				return
			}
			if r, err := http.DefaultClient.Do(req); err == nil { // a failure leaves only rubbish
				_ = r.Body.Close()
			}
		}
	})
	return e
}

// Start runs the worker until the test ends or the returned function is called.
func (p *Parts) Start() (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(p.t.Context()))
	done := make(chan error, 1)
	go func() { done <- p.Worker.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			p.t.Errorf("worker: %v", err)
		}
	}
	p.t.Cleanup(stop)
	return stop
}

// NewProject makes a service.
func (p *Parts) NewProject(slug string, s errata.ProjectSettings) errata.Project {
	p.t.Helper()
	var out errata.Project
	p.Write(func(tx *store.Tx) (err error) {
		out, err = tx.CreateProject(p.t.Context(), errata.Project{Slug: slug, Name: slug, Settings: s, CreatedAt: p.Clock().UnixMicro(), CreatedBy: "1"})
		return err
	})
	return out
}

// Write changes the SQL store.
func (p *Parts) Write(fn func(tx *store.Tx) error) {
	p.t.Helper()
	if err := p.Store.InTx(p.t.Context(), func(tx *store.Tx) error { tx.System("test"); return fn(tx) }); err != nil {
		p.t.Fatal(err)
	}
}

// Read reads the SQL store.
func (p *Parts) Read(fn func(tx *store.Tx) error) {
	p.t.Helper()
	if err := p.Store.View(p.t.Context(), fn); err != nil {
		p.t.Fatal(err)
	}
}

// Event is what an SDK sends, as far as tests choose it. Time is that of the
// event; zero = now.
type Event struct {
	ID, Type, Message, Env, Level, Severity, User, Release string
	Host, Trace, RequestID                                 string
	Tags                                                   map[string]string
	Time                                                   time.Time
	Key                                                    errata.KeyKind // server when empty
}

// Payload is the JSON that an SDK sends.
func (e Event) Payload(clock errata.Clock) []byte {
	when := e.Time
	if when.IsZero() {
		when = clock()
	}
	m := map[string]any{
		"event_id": e.ID, "platform": "python", "level": or(e.Level, "error"), "environment": or(e.Env, "production"),
		"timestamp": when.UTC().Format(time.RFC3339Nano),
		"exception": map[string]any{"values": []any{map[string]any{
			"type": or(e.Type, "KeyError"), "value": or(e.Message, "went wrong"),
			"mechanism":  map[string]any{"type": "generic", "handled": true},
			"stacktrace": map[string]any{"frames": []any{map[string]any{"module": "shop", "function": or(e.Type, "KeyError") + "_in_pay", "in_app": true}}},
		}}},
	}
	if e.User != "" {
		m["user"] = map[string]any{"id": e.User}
	}
	if e.Release != "" {
		m["release"] = e.Release
	}
	if e.Severity != "" {
		m["tags"] = map[string]any{"errata.severity": e.Severity}
	}
	e.more(m)
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // texts always marshal
	}
	return b
}

// more adds what few tests choose.
func (e Event) more(m map[string]any) {
	if len(e.Tags) > 0 {
		m["tags"] = e.Tags
	}
	if e.Host != "" {
		m["server_name"] = e.Host
	}
	contexts := map[string]any{}
	if e.Trace != "" {
		contexts["trace"] = map[string]any{"trace_id": e.Trace, "span_id": e.Trace[:16]}
	}
	if e.RequestID != "" {
		m["request"] = map[string]any{"url": "https://shop.example/pay", "headers": map[string]any{"X-Request-Id": e.RequestID}}
	}
	if len(contexts) > 0 {
		m["contexts"] = contexts
	}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Entry is the event as intake queues it.
func (p *Parts) Entry(to errata.Project, e Event) queue.Entry {
	p.t.Helper()
	raw, kind := e.Payload(p.Clock), e.Key
	if kind == "" {
		kind = errata.KeyServer
	}
	ev, err := normalize.Sentry(raw, normalize.Input{Project: to, KeyKind: kind, Received: p.Clock(), SentAt: p.Clock()})
	if err != nil {
		p.t.Fatal(err)
	}
	normalize.UserTerms(ev, Secret, "")
	normalize.Derive(ev, to, kind)
	payload, err := normalize.Encode(ev)
	if err != nil {
		p.t.Fatal(err)
	}
	return queue.Entry{ProjectID: to.ID, Category: errata.CategoryError, KeyKind: kind, Bytes: int64(len(raw)), Payload: payload}
}

// Batch makes a batch with an id of its own.
func (p *Parts) Batch(entries ...queue.Entry) queue.Batch {
	return queue.Batch{ID: fmt.Sprintf("00000000-0000-7000-8000-%012d", p.batch.Add(1)), Entries: entries}
}

// Publish queues a batch. Every call is a message of its own, also of a batch
// that was queued before: a redelivery.
func (p *Parts) Publish(b queue.Batch) { p.PublishRaw(queue.Encode(b), len(b.Entries)) }

// PublishRaw queues bytes that claim to be a batch.
func (p *Parts) PublishRaw(data []byte, items int) {
	p.t.Helper()
	id := fmt.Sprintf("message-%d", p.batch.Add(1))
	if err := p.Queue.Publish(p.t.Context(), queue.Events, id, data, items); err != nil {
		p.t.Fatal(err)
	}
}

// Until polls until ok, and fails the test when that takes longer than limit.
func (p *Parts) Until(limit time.Duration, what string, ok func() bool) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			p.t.Fatalf("not within %s: %s", limit, what)
		}
	}
}

// Drained waits until both streams are empty and what was written is visible.
func (p *Parts) Drained() {
	p.t.Helper()
	p.Until(time.Minute, "queue empty", func() bool {
		for _, s := range []queue.Stream{queue.Events, queue.Backlog} {
			if st, err := p.Queue.State(p.t.Context(), s); err != nil || st.Messages > 0 {
				return false
			}
		}
		return true
	})
	if err := p.Engine.Refresh(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

// Outcomes sums what was counted of a project, by outcome/reason.
func (p *Parts) Outcomes(project string) map[string]int64 {
	p.t.Helper()
	out := map[string]int64{}
	p.Read(func(tx *store.Tx) error {
		clear(out)
		all, err := tx.Outcomes(p.t.Context(), store.OutcomeSum{Scope: store.Scope{Projects: []string{project}}, To: p.Clock().Add(time.Hour).UnixMicro()})
		for k, c := range all {
			if c.Items != 0 {
				out[string(k.Outcome)+"/"+k.Reason] += c.Items
			}
		}
		return err
	})
	return out
}

// EventID is a well-formed event id.
func EventID(n int) string { return fmt.Sprintf("%032x", n) }
