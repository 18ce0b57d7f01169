// Package elastic is the event engine on Elasticsearch 8.11 or newer: daily
// indices by retention class, plain DSL, a bulk writer that answers for every
// single document.
package elastic

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"errata/internal/errata"
	"errata/internal/search"
)

// Guard runs a call: a circuit breaker with bulkhead and timeout. It refuses
// with errata.Unavailable while it is open.
type Guard func(ctx context.Context, call func(context.Context) error) error

// Options say where the cluster is and how to sign in.
type Options struct {
	URLs          []string
	APIKey        string // as the cluster shows it encoded; or
	Username      string
	Password      string
	CACert        []byte           // PEM; nil: the system's authorities
	CAFingerprint string           // SHA-256 of the authority, hex
	Certificate   *tls.Certificate // of this client; nil: none

	Prefix      string // of index, alias and template names [errata]
	Replicas    string // "1", or a range that follows the nodes [0-1]
	MaxInflight int    // bulk requests under way, at most [4]

	Clock  errata.Clock
	Log    *slog.Logger // [discard]
	Search Guard        // around every reading call [none]
	Bulk   Guard        // around every bulk request [none]

	Transport http.RoundTripper // [one of our own]
}

func (o *Options) defaults() {
	if o.Prefix == "" {
		o.Prefix = "errata"
	}
	if o.Replicas == "" {
		o.Replicas = "0-1"
	}
	if o.MaxInflight <= 0 {
		o.MaxInflight = 4
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	none := func(ctx context.Context, call func(context.Context) error) error { return call(ctx) }
	if o.Search == nil {
		o.Search = none
	}
	if o.Bulk == nil {
		o.Bulk = none
	}
}

// Engine is a search.Engine over a cluster.
type Engine struct {
	o      Options
	log    *slog.Logger
	client *client
	window *window

	answers    *answers
	unreadable unreadable

	facetEvents int

	probing sync.Mutex
	version atomic.Pointer[string] // set when cluster and template are found in order
	closed  atomic.Bool

	blocked atomic.Int64 // µs until which no bulk request is tried
	written sync.Map     // index name → µs of the last write by this process
	fresh   atomic.Int64 // µs of the last request that may have made an index
}

var _ search.Engine = (*Engine)(nil)

// firstProbe is how long Open waits for the cluster.
const firstProbe = 5 * time.Second

// Open returns an engine. A cluster that does not answer is no error: calls are
// unavailable until it does. One that answers and cannot be used is: a version
// before 8.11 or after 9, something that is no Elasticsearch, a template of a
// newer Errata.
func Open(ctx context.Context, o Options) (*Engine, error) {
	if len(o.URLs) == 0 || o.Clock == nil {
		return nil, errors.New("elasticsearch: addresses and clock are required")
	}
	o.defaults()
	c, err := newClient(&o)
	if err != nil {
		return nil, err
	}
	e := &Engine{o: o, log: o.Log, client: c, window: newWindow(o.MaxInflight), answers: newAnswers(o.Clock), facetEvents: facetEvents}
	ctx, cancel := context.WithTimeout(ctx, firstProbe)
	defer cancel()
	switch err := e.ensure(ctx); {
	case errata.CodeOf(err) == errata.Unavailable, errata.CodeOf(err) == errata.SlowDown:
		e.log.WarnContext(ctx, "elasticsearch does not answer yet", slog.Any("error", err))
	case err != nil:
		return nil, err
	}
	return e, nil
}

// Close refuses all later calls. What is under way ends by its own context.
func (e *Engine) Close() error {
	if !e.closed.Swap(true) {
		e.client.close()
	}
	return nil
}

// Caps returns the limits of this engine.
func (e *Engine) Caps() search.Caps {
	return search.Caps{MaxIssueSet: 50_000, AnyKeyFacet: true, Wildcards: true}
}

// Ping asks for the smallest answer there is; the health checker's probe.
func (e *Engine) Ping(ctx context.Context) error {
	if err := e.open(); err != nil {
		return err
	}
	return e.ensureThen(ctx, func(ctx context.Context) error { _, err := e.nodeVersion(ctx); return err })
}

func (e *Engine) open() error {
	if e.closed.Load() {
		return because(errata.Unavailable, search.ReasonClosed, "The event store is shut.", nil)
	}
	return nil
}

// read runs a reading call inside its guard, after the cluster was found in
// order.
func (e *Engine) read(ctx context.Context, call func(context.Context) error) error {
	if err := e.open(); err != nil {
		return err
	}
	return e.o.Search(ctx, func(ctx context.Context) error { return e.ensureThen(ctx, call) })
}

func (e *Engine) ensureThen(ctx context.Context, call func(context.Context) error) error {
	if err := e.ensure(ctx); err != nil {
		return err
	}
	return call(ctx)
}

func because(code errata.Code, reason, sentence string, cause error) error {
	return errata.Because(code, sentence, cause, errata.Detail{Reason: reason, Message: sentence})
}
