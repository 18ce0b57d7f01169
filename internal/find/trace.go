package find

import (
	"context"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/normalize"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/store"
)

// TraceLine is one event of a trace.
type TraceLine struct {
	EventLine
	Trace, Span, Parent, RequestID, Transaction string
}

// Trace is everything that carries one trace or request id, in order of time,
// across services. More counts events beyond those shown.
type Trace struct {
	ID    string
	Rows  []TraceLine
	Total search.Total
	Gaps  []search.Gap
}

// How many events of a trace are shown, and how long an id may be.
const (
	maxTrace   = 200
	maxTraceID = 200
)

// Trace reads the events of a trace or request, oldest first, of the projects
// whose events the actor may read. An id that no visible event carries is not
// found. Errors: unavailable or slow_down when the engine is away.
func (s *Service) Trace(ctx context.Context, who errata.Actor, id string) (Trace, error) {
	out := Trace{ID: strings.TrimSpace(id)}
	if out.ID == "" || len(out.ID) > maxTraceID {
		return out, notFound("trace")
	}
	var r reader
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		r, err = s.reader(ctx, tx, who, errata.EventRead)
		return err
	})
	if err != nil {
		return out, err
	}
	if len(r.projects) == 0 {
		return out, notFound("trace")
	}
	folded := querylang.Fold(out.ID)
	res, err := s.search(ctx, who, s.always(r, search.Request{
		Query: querylang.Any(equal("trace", folded), equal("request_id", folded)), Size: maxTrace, Fields: search.FieldsFull, TotalUpTo: maxTotal,
	}))
	if err != nil {
		return out, err
	}
	if len(res.Hits) == 0 && len(res.Gaps) == 0 {
		return out, notFound("trace")
	}
	out.Total, out.Gaps = res.Total, res.Gaps
	lines, err := s.lines(ctx, who, res.Hits)
	for _, l := range slices.Backward(lines) {
		out.Rows = append(out.Rows, traceLine(l))
	}
	return out, err
}

// traceLine reads what ties an event to others.
func traceLine(l EventLine) TraceLine {
	out := TraceLine{EventLine: l}
	ev, err := normalize.Decode(l.Payload)
	out.Payload = nil
	if err != nil {
		return out
	}
	out.RequestID, out.Transaction = ev.RequestID, ev.Transaction
	if t := ev.Trace; t != nil {
		out.Trace, out.Span, out.Parent = t.TraceID, t.SpanID, t.ParentSpanID
	}
	return out
}

// equal is a condition on a key, whose value is folded.
func equal(key, value string) querylang.Expr {
	return &querylang.Leaf{Key: querylang.Key{Name: key}, Values: []querylang.Value{{Kind: querylang.Equal, Raw: value, Text: value}}}
}

// always asks for events of all times.
func (s *Service) always(r reader, q search.Request) search.Request {
	now := s.Clock()
	q.Scope, q.From, q.To = r.scope(), now.AddDate(0, 0, -search.MaxClass), now.AddDate(0, 0, 1)
	return q
}
