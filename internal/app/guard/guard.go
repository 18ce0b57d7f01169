// Package guard keeps one outside dependency from dragging the rest down:
// bulkhead, retries, circuit breaker and time limit in one place.
package guard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/budget"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/prometheus/client_golang/prometheus"

	"errata/internal/errata"
)

// Reasons inside the errors of a guard.
const (
	ReasonOpen = "guard.open" // unavailable: it failed too often and is left alone for a while
	ReasonFull = "guard.full" // slow_down: too many calls are under way
	ReasonLate = "guard.late" // unavailable: the caller's time ran out
)

// Settings describe one dependency. Zero values switch a part off.
type Settings struct {
	Name    string        // "elastic.search"
	Timeout time.Duration // of one attempt

	Attempts     int // in all; 0 and 1: no retry
	Backoff      time.Duration
	MaxBackoff   time.Duration
	RetryTimeout bool // also after an attempt that ran out of time

	Failures uint          // the breaker opens at so many …
	Of       uint          // … of the last so many calls; 0: in a row
	OpenFor  time.Duration // ± 25 %

	Concurrent uint          // calls at once
	Wait       time.Duration // for a place among them
}

// State is what a guard knows of its dependency, for /system.
type State struct {
	Name        string
	Closed      bool      // calls go through
	Since       time.Time // of the last change between open and closed; zero: never open
	LastSuccess time.Time
	LastError   string
}

// Guard runs calls to one dependency. It is safe for concurrent use.
type Guard struct {
	set     Settings
	clock   errata.Clock
	log     *slog.Logger
	breaker circuitbreaker.CircuitBreaker[any]
	run     failsafe.Executor[any]
	metrics metrics

	success atomic.Int64 // µs
	since   atomic.Int64
	last    atomic.Pointer[string]
}

type metrics struct {
	calls   *prometheus.CounterVec
	retries prometheus.Counter
	state   prometheus.Gauge
}

// New returns a guard and registers its metrics.
func New(set Settings, clock errata.Clock, log *slog.Logger, reg prometheus.Registerer) *Guard {
	g := &Guard{set: set, clock: clock, log: log, metrics: newMetrics(set.Name, reg)}
	g.breaker = g.newBreaker()
	var policies []failsafe.Policy[any]
	if set.Concurrent > 0 {
		policies = append(policies, bulkhead.NewBuilder[any](set.Concurrent).WithMaxWaitTime(set.Wait).Build())
	}
	if set.Attempts > 1 {
		policies = append(policies, g.newRetry())
	}
	g.run = failsafe.With(append(policies, g.breaker)...)
	return g
}

func newMetrics(name string, reg prometheus.Registerer) metrics {
	reg = prometheus.WrapRegistererWith(prometheus.Labels{"guard": name}, reg)
	m := metrics{
		calls:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "errata_guard_calls_total", Help: "Calls to a dependency by result."}, []string{"result"}),
		retries: prometheus.NewCounter(prometheus.CounterOpts{Name: "errata_guard_retries_total", Help: "Repeated attempts."}),
		state:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "errata_guard_state", Help: "0 closed, calls go through; 1 not closed."}),
	}
	reg.MustRegister(m.calls, m.retries, m.state)
	return m
}

// never is more failures in a row than there will be. The library keeps a bit of
// each, and a number that it cannot hold opens the breaker at once.
const never = 1 << 16

// newBreaker: without a success threshold of one, a breaker of 5 in 10 would
// let ten calls through before it closes.
func (g *Guard) newBreaker() circuitbreaker.CircuitBreaker[any] {
	b := circuitbreaker.NewBuilder[any]().HandleIf(func(_ any, err error) bool { return broken(err) }).
		WithRandomDelay(g.set.OpenFor*3/4, g.set.OpenFor*5/4).
		WithSuccessThreshold(1).
		OnStateChanged(g.changed)
	switch {
	case g.set.Failures == 0:
		b = b.WithFailureThreshold(never)
	case g.set.Of > 0:
		b = b.WithFailureThresholdRatio(g.set.Failures, g.set.Of)
	default:
		b = b.WithFailureThreshold(g.set.Failures)
	}
	return b.Build()
}

func (g *Guard) newRetry() retrypolicy.RetryPolicy[any] {
	return retrypolicy.NewBuilder[any]().HandleIf(func(_ any, err error) bool { return g.again(err) }).
		AbortOnErrors(circuitbreaker.ErrOpen).
		ReturnLastFailure().
		WithMaxAttempts(g.set.Attempts).
		WithBackoff(g.set.Backoff, max(g.set.MaxBackoff, g.set.Backoff+1)).
		WithJitterFactor(0.25).
		WithBudget(budget.NewBuilder().WithMaxRate(0.2).WithMinConcurrency(3).Build()).
		OnRetry(func(failsafe.ExecutionEvent[any]) { g.metrics.retries.Inc() }).
		Build()
}

// broken says whether an error speaks against the dependency: it cannot be
// used. A refusal for want of room, or of a request, does not.
func broken(err error) bool {
	return errata.CodeOf(err) == errata.Unavailable && !errors.Is(err, context.Canceled)
}

// again says whether a second attempt may do better.
func (g *Guard) again(err error) bool {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded) && !g.set.RetryTimeout:
		return false
	}
	code := errata.CodeOf(err)
	return code == errata.Unavailable || code == errata.SlowDown
}

// Do runs call. While the breaker is not closed it fails at once with
// unavailable: only Probe finds out whether the dependency is back.
func (g *Guard) Do(ctx context.Context, call func(context.Context) error) error {
	if err := ctx.Err(); err != nil { // a call would still be made
		return errata.E(errata.Unavailable, "The request was cancelled.", err)
	}
	if !g.breaker.IsClosed() {
		g.metrics.calls.WithLabelValues("open").Inc()
		return g.open(circuitbreaker.ErrOpen)
	}
	err := g.run.WithContext(ctx).RunWithExecution(func(x failsafe.Execution[any]) error {
		return g.attempt(x.Context(), call)
	})
	return g.outcome(err)
}

// attempt is one call within its time.
func (g *Guard) attempt(ctx context.Context, call func(context.Context) error) error {
	if g.set.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, g.set.Timeout)
		defer cancel()
	}
	err := call(ctx)
	g.note(err)
	return err
}

func (g *Guard) note(err error) {
	if broken(err) {
		text := err.Error()
		g.last.Store(&text)
	} else {
		g.success.Store(g.clock().UnixMicro())
	}
}

// outcome gives what the policies say a code, and counts. They answer with the
// bare error of a context that ended, whatever the call itself had said.
func (g *Guard) outcome(err error) error {
	if ended := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled); ended && errata.CodeOf(err) == errata.Internal {
		const sentence = "The answer took too long."
		err = errata.Because(errata.Unavailable, sentence, fmt.Errorf("%s: %w", g.set.Name, err), errata.Detail{Reason: ReasonLate, Message: sentence})
	}
	switch {
	case errors.Is(err, circuitbreaker.ErrOpen):
		g.metrics.calls.WithLabelValues("open").Inc()
		return g.open(err)
	case errors.Is(err, bulkhead.ErrFull):
		g.metrics.calls.WithLabelValues("full").Inc()
		const sentence = "Too many requests are under way. Try again in a moment."
		return errata.Because(errata.SlowDown, sentence, err, errata.Detail{Reason: ReasonFull, Message: sentence})
	case err == nil:
		g.metrics.calls.WithLabelValues("ok").Inc()
	case broken(err):
		g.metrics.calls.WithLabelValues("failed").Inc()
	default:
		g.metrics.calls.WithLabelValues("refused").Inc()
	}
	return err
}

func (g *Guard) open(cause error) error {
	sentence := "This part is not reachable now; it is tried again every few seconds."
	return errata.Because(errata.Unavailable, sentence, fmt.Errorf("%s: %w", g.set.Name, cause), errata.Detail{Reason: ReasonOpen, Message: sentence})
}

// Probe asks whether the dependency works; the health checker calls it. While
// the breaker is open and not due it does nothing; then it is the one call that
// is let through.
func (g *Guard) Probe(ctx context.Context, call func(context.Context) error) (err error) {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !g.breaker.TryAcquirePermit() {
		return g.open(circuitbreaker.ErrOpen)
	}
	defer func() {
		if problem := recover(); problem != nil { // else the breaker would stay half-open for good
			err = errata.E(errata.Unavailable, "The check broke.", fmt.Errorf("panic: %v", problem))
		}
		g.judge(err)
	}()
	return g.attempt(ctx, call)
}

// judge counts a cancelled probe as a failure: it has shown nothing.
func (g *Guard) judge(err error) {
	if errata.CodeOf(err) == errata.Unavailable || errors.Is(err, context.Canceled) {
		g.breaker.RecordFailure()
	} else {
		g.breaker.RecordSuccess()
	}
}

// State says how the dependency does.
func (g *Guard) State() State {
	s := State{Name: g.set.Name, Closed: g.breaker.IsClosed()}
	if us := g.since.Load(); us != 0 {
		s.Since = errata.FromMicros(us)
	}
	if us := g.success.Load(); us != 0 {
		s.LastSuccess = errata.FromMicros(us)
	}
	if text := g.last.Load(); text != nil {
		s.LastError = *text
	}
	return s
}

func (g *Guard) changed(e circuitbreaker.StateChangedEvent) {
	if e.OldState == circuitbreaker.HalfOpenState && e.NewState == circuitbreaker.OpenState || e.NewState == circuitbreaker.HalfOpenState {
		return
	}
	g.since.Store(g.clock().UnixMicro())
	if e.NewState == circuitbreaker.ClosedState {
		g.metrics.state.Set(0)
		g.log.Info("dependency is back", slog.String("guard", g.set.Name))
		return
	}
	g.metrics.state.Set(1)
	g.log.Error("dependency fails, calls are refused", slog.String("guard", g.set.Name), slog.String("error", g.State().LastError))
}
