package find

import (
	"context"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/store"
)

// EventExport asks for events to be taken along: those of the query that had
// arrived before AsOf. Columns are keys whose values the rows carry. Personal
// asks for personal data, where the actor may read it. After is the place of
// the last event that was handed on before, zero at the start.
type EventExport struct {
	Q        string
	Range    Range
	AsOf     int64 // µs
	Columns  []querylang.Key
	Personal bool
	After    search.Place
}

// ExportedEvent is one event as it is taken along: Event is masked unless
// Revealed.
type ExportedEvent struct {
	EventLine
	Event    *errata.Event
	Revealed bool
}

// Place is where an export goes on behind the event.
func (e *ExportedEvent) Place() search.Place { return search.PlaceOf(&e.Hit) }

// exportPage is how many events are asked for at once, and exportWait how long
// that may take: nobody waits for an answer to a click.
const (
	exportPage = 1000
	exportWait = 30 * time.Second
)

// ExportEvents hands on the events of the query in the services whose events
// the actor may take along, newest first as the page has them. begin is called
// once, with how many there are (counted up to countTo). It stops at the first
// error of begin or each. Errors: as Events; unavailable also where a page
// would show part of the answer.
func (s *Service) ExportEvents(ctx context.Context, who errata.Actor, q EventExport, countTo int, begin func(ExportHead, search.Total) error, each func([]ExportedEvent) error) error {
	x, err := s.eventExport(ctx, who, q)
	if err != nil {
		return err
	}
	if x.ask.None {
		return begin(x.head(), search.Total{Exact: true})
	}
	r := x.request(countTo)
	for first := true; ; first = false {
		res, err := s.search(ctx, who, r)
		if err == nil && len(res.Gaps) > 0 {
			err = NotWhole()
		}
		if err != nil {
			return err
		}
		if first {
			if err := begin(x.head(), res.Total); err != nil {
				return err
			}
		}
		if err := x.hand(ctx, res.Hits, each); err != nil || len(res.Hits) < r.Size {
			return err
		}
		r.After, r.TotalUpTo = r.Cursor(search.PlaceOf(&res.Hits[len(res.Hits)-1]), false), 0
	}
}

// eventExport is one list of events to be taken along.
type eventExport struct {
	s        *Service
	who      errata.Actor
	q        EventExport
	ask      EventsAsked
	left     []string
	revealed map[string]bool // projects whose personal data are shown
}

func (s *Service) eventExport(ctx context.Context, who errata.Actor, q EventExport) (x *eventExport, err error) {
	x = &eventExport{s: s, who: who, q: q, revealed: map[string]bool{}}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		x.left = nil
		r, err := s.reader(ctx, tx, who, errata.EventRead)
		if err != nil {
			return err
		}
		var refused error
		for id, p := range r.projects {
			if err := s.Decide(who, errata.EventExport, id); err != nil {
				x.left, refused = append(x.left, p.Slug), err
			}
			x.revealed[id] = q.Personal && s.Decide(who, errata.EventReadPII, id) == nil
		}
		if len(r.projects) > 0 && len(x.left) == len(r.projects) {
			return refused
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	x.ask, err = s.askEventsAs(ctx, who, errata.EventExport, asked{
		q: q.Q, in: querylang.InEvents, over: q.Range, budget: exportBudget, at: errata.FromMicros(q.AsOf), // a file that goes on later asks the same
	})
	return x, err
}

func (x *eventExport) head() ExportHead {
	return ExportHead{x.ask.Query, x.q.Range, x.q.AsOf, x.left}
}

// request asks for the first page: of what had arrived before the export began.
func (x *eventExport) request(countTo int) search.Request {
	scan := search.ScanRequest{
		Scope: x.ask.Scope, Query: x.ask.Group, From: x.ask.Range.From, To: x.ask.Range.To, ReceivedBefore: errata.FromMicros(x.q.AsOf),
		Fields: search.FieldsFull,
	}
	r := scan.Request()
	r.Size, r.TotalUpTo, r.Timeout = exportPage, countTo, exportWait
	if x.q.After != (search.Place{}) {
		r.After = r.Cursor(x.q.After, false)
	}
	return r
}

// hand reads the bodies of a page and hands them on.
func (x *eventExport) hand(ctx context.Context, hits []search.Hit, each func([]ExportedEvent) error) error {
	if len(hits) == 0 {
		return nil
	}
	lines, err := x.s.lines(ctx, x.who, hits)
	if err != nil {
		return err
	}
	out := make([]ExportedEvent, 0, len(lines))
	for i := range lines {
		e, err := x.exported(&lines[i])
		if err != nil {
			return err
		}
		out = append(out, e)
	}
	return each(out)
}

func (x *eventExport) exported(l *EventLine) (ExportedEvent, error) {
	ev, err := decode(&search.Doc{Record: l.Record, Payload: l.Payload})
	if err != nil {
		return ExportedEvent{}, err
	}
	e := ExportedEvent{EventLine: *l, Event: ev, Revealed: x.revealed[l.Hit.Project]}
	if !e.Revealed {
		mask(ev)
	}
	e.Values = map[string]string{}
	var all []FieldValue
	for _, k := range x.q.Columns {
		v, ok := e.column(k)
		if !ok {
			if all == nil {
				all = e.fieldsOf(ev)
			}
			v = valueOf(all, k)
		}
		e.Values[querylang.TermKey(k)] = v
	}
	e.Payload = nil
	return e, nil
}
