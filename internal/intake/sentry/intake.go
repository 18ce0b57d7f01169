// Package sentry speaks the Sentry protocol: envelopes and the older store
// endpoint in, the answers that SDKs act on out.
package sentry

import (
	"context"
	"net/netip"

	"errata/internal/errata"
	"errata/internal/ingest"
)

// Ingest takes what this door has read; ingest.Service is it.
type Ingest interface {
	// Project checks a key against the project of the URL ("" = any) and counts
	// what it refuses. Errors: unauthenticated, forbidden, slow_down.
	Project(ctx context.Context, key, projectID, ip string) (ingest.Access, error)
	// Accept returns when the event is on disk. It counts the outcome of what it
	// refuses. Errors: slow_down with a reason.
	Accept(ctx context.Context, a ingest.Access, ev *errata.Event, bytes int) error
	// Count records the outcome of items that are not handed to Accept.
	Count(a ingest.Access, c errata.Category, o errata.Outcome, reason string, items, bytes int64)
	// ClientReport records what an SDK says it lost.
	ClientReport(a ingest.Access, reason, category string, quantity int64)
}

// Limits bound what one request may hold. Sizes are bytes.
type Limits struct {
	Sent, Decoded int64 // the whole body as sent, and after decoding
	Event         int   // one event
	Items         int   // items of an envelope
	ClientReport  int
}

// DefaultLimits are the limits of a fresh installation.
func DefaultLimits() Limits {
	return Limits{Sent: 20 << 20, Decoded: 100 << 20, Event: 1 << 20, Items: 1000, ClientReport: 4 << 10}
}

// Options are what the door is made of.
type Options struct {
	Ingest         Ingest
	Clock          errata.Clock
	Limits         Limits         // zero = DefaultLimits
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
	// KeepSending leaves out the hint in every answer by which SDKs stop sending
	// what is not stored (replays, profiles, metrics).
	KeepSending bool
}

// Intake is the door.
type Intake struct {
	ingest  Ingest
	clock   errata.Clock
	limits  Limits
	proxies []netip.Prefix
	hint    string
}

// New returns a door.
func New(o Options) *Intake {
	s := &Intake{ingest: o.Ingest, clock: o.Clock, limits: o.Limits, proxies: o.TrustedProxies, hint: unsupported}
	if s.limits == (Limits{}) {
		s.limits = DefaultLimits()
	}
	if o.KeepSending {
		s.hint = ""
	}
	return s
}
