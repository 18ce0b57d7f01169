package search

import (
	"context"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
)

// ScanRequest selects what Scan walks over: event time in [From, To) and,
// where ReceivedBefore is set, received before it. Zero times are no bound. A
// zero After starts at the beginning.
type ScanRequest struct {
	Scope          Scope
	Query          querylang.Expr // bound
	From, To       time.Time
	ReceivedBefore time.Time
	After          Place
	Fields         Fields
}

// EraseRequest selects what Erase removes: matches of Query (nil: all) in
// Scope that happened before Before (zero: whenever).
type EraseRequest struct {
	Scope  Scope
	Query  querylang.Expr // bound
	Before time.Time
	DryRun bool // count only
}

// EraseReport says what Erase removed, or would.
type EraseReport struct {
	Events int64
}

// Tidier is an engine that has work left after Erase: Tidy removes what is still
// on disk of events erased before the given time.
type Tidier interface {
	Tidy(ctx context.Context, before time.Time) error
}

// PlaceOf returns where a hit stands, for ScanRequest.After.
func PlaceOf(h *Hit) Place { return Place{Time: h.Time, EventID: h.EventID, Project: h.Project} }

// Request returns the search that finds what the scan walks over.
func (r *ScanRequest) Request() Request {
	s := Request{Scope: r.Scope, Query: r.Query, From: r.From, To: r.To, Fields: r.Fields}
	if s.From.IsZero() {
		s.From = time.UnixMicro(0)
	}
	if s.To.IsZero() {
		s.To = time.UnixMicro(maxTime)
	}
	if !r.ReceivedBefore.IsZero() {
		hi := r.ReceivedBefore.UnixMicro()
		received := &querylang.Leaf{Key: querylang.Key{Name: "received"}, Values: []querylang.Value{{Kind: querylang.Range, Hi: &hi}}}
		s.Query = both(r.Query, received)
	}
	return s
}

func both(a, b querylang.Expr) querylang.Expr {
	if a == nil {
		return b
	}
	return &querylang.And{Kids: []querylang.Expr{a, b}}
}

// Check refuses a scan that cannot be walked with the code invalid.
func (r *ScanRequest) Check() error {
	s := r.Request()
	if r.After != (Place{}) && (!isEventID(r.After.EventID) || r.After.Project == "") {
		return refuse("That is no place to go on from.")
	}
	return s.Check()
}

// Scan returns the request as a scan: what Erase removes, oldest first.
func (r *EraseRequest) Scan() ScanRequest {
	return ScanRequest{Scope: r.Scope, Query: r.Query, To: r.Before}
}

// Torn is the error of a scan that met a range it cannot read.
func Torn(g Gap) error {
	const sentence = "A part of the events cannot be read."
	return errata.Because(errata.Unavailable, sentence, nil, errata.Detail{Reason: g.Reason, Message: sentence})
}

// Begins says whether an aggregation lists a value: all of them, or those that
// begin with its prefix.
func (a *Agg) Begins(value string) bool {
	return a.Prefix == "" || strings.HasPrefix(querylang.Fold(value), querylang.Fold(a.Prefix))
}

// HasKey is the key of an aggregation that counts which keys are present.
const HasKey = "has"

// FloorMilli cuts a time in µs to the millisecond, as MinTime and MaxTime give it.
func FloorMilli(us int64) int64 { return us - us%1000 }
