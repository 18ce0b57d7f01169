package sentry

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/ingest"
	"errata/internal/intake/wire"
	"errata/internal/normalize"
)

// request is one post on its way through the door.
type request struct {
	*Intake
	c        echo.Context
	r        *http.Request
	access   ingest.Access
	creds    wire.Credentials
	received time.Time
	notes    []errata.Note
}

func (s *Intake) request(c echo.Context) *request {
	return &request{Intake: s, c: c, r: c.Request(), creds: wire.SentryCredentials(c.Request()), received: s.clock()}
}

// enter checks the key and the origin. It runs before the body is read, unless
// the key stands in the body's first line.
func (q *request) enter() (err error) {
	q.access, err = q.ingest.Project(q.r.Context(), q.creds.Key, q.c.Param("id"), q.c.RealIP())
	if err != nil {
		return err
	}
	if !wire.FromOrigin(q.r, q.access.Key.Origins) {
		q.count(errata.CategoryRequest, errata.Rejected, "origin", 1, 0)
		return refuse(errata.Forbidden, "origin", "This key may not be used from this origin.", nil)
	}
	if q.creds.Mixed {
		q.note("sentry_key", "key_mismatch", "")
	}
	return nil
}

func (q *request) note(path, code, was string) {
	q.notes = append(q.notes, errata.Note{Path: path, Code: code, Was: was})
}

func (q *request) count(c errata.Category, o errata.Outcome, reason string, items, bytes int64) {
	q.ingest.Count(q.access, c, o, reason, items, bytes)
}

// refused counts a request whose items cannot be told apart and returns the
// error to answer with.
func (q *request) refused(err error, bytes int64) error {
	reason := errata.ReasonOf(err)
	if reason == "body_cut" || reason == "timeout" {
		reason = "envelope" // the closed list of outcomes knows no broken lines
	}
	q.count(errata.CategoryRequest, errata.Rejected, reason, 1, bytes)
	return err
}

// envelope answers POST /api/{id}/envelope/.
func (s *Intake) envelope(c echo.Context) error {
	q := s.request(c)
	entered := q.creds.Key != ""
	if entered {
		if err := q.enter(); err != nil {
			return err
		}
	}
	body, err := wire.Open(q.r.Body, q.r.Header["Content-Encoding"], wire.Limits{Sent: s.limits.Sent, Decoded: s.limits.Decoded})
	if err != nil {
		return q.unopened(entered, err)
	}
	defer body.Close()
	f := newFraming(body, s.limits)
	defer f.release()
	h, err := f.header()
	if !entered { // a header that cannot be read names no key either
		q.creds.Key, _ = wire.DSN(h.dsn)
		if refusal := q.enter(); refusal != nil {
			return refusal
		}
	}
	if err != nil {
		return q.refused(blame(body, err), body.Sent())
	}
	return q.items(f, h, body)
}

// unopened answers a body that cannot be opened; a missing key comes first.
func (q *request) unopened(entered bool, err error) error {
	if !entered {
		if refusal := q.enter(); refusal != nil {
			return refusal
		}
	}
	return q.refused(err, 0)
}

// items reads all items before anything is done with one, so that a request
// that has to be refused leaves nothing behind.
func (q *request) items(f *framing, h head, body *wire.Body) error {
	b := &batch{request: q, head: h}
	defer b.release()
	err := b.read(f)
	if b.fatal(err) {
		return q.refused(blame(body, err), body.Sent())
	}
	return b.settle(err != nil)
}

// blame looks for a cause below the framing.
func blame(body *wire.Body, err error) error {
	if errata.ReasonOf(err) != "envelope" {
		return err
	}
	return body.Blame(err)
}

// batch is the items of one envelope.
type batch struct {
	*request
	head  head
	items []item
	event *errata.Event // the first event item, read
	first int           // its place in items, -1 = none
	bad   error         // why it could not be read
}

func (b *batch) release() {
	for i := range b.items {
		payloads.put(b.items[i].payload)
	}
}

// read takes in items until the envelope ends or breaks. The last item of a
// broken envelope is the one at which it broke.
func (b *batch) read(f *framing) error {
	b.first = -1
	for {
		it, err := f.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && len(b.items) >= b.limits.Items {
			payloads.put(it.payload)
			return refuse(errata.TooLarge, "too_many_items",
				fmt.Sprintf("An envelope may hold at most %d items.", b.limits.Items), nil)
		}
		b.items = append(b.items, it)
		if err != nil {
			return err
		}
		if it.kind == "event" && b.first < 0 {
			b.first = len(b.items) - 1
			b.open(&b.items[b.first])
		}
	}
}

// open reads the payload of the envelope's event.
func (b *batch) open(it *item) {
	if it.over {
		b.bad = tooLarge(b.limits)
		return
	}
	b.event, b.bad = normalize.Sentry(it.payload, b.input(b.head))
}

func tooLarge(lim Limits) error {
	return refuse(errata.TooLarge, "body_size", fmt.Sprintf("An event may have at most %d bytes.", lim.Event), nil)
}

func (q *request) input(h head) normalize.Input {
	in := normalize.Input{
		Project: q.access.Project, KeyKind: q.access.Key.Kind, Received: q.received, SentAt: h.sentAt,
		HeaderID: h.id, FreshID: newID(q.received), ClientIP: q.c.RealIP(), Notes: q.notes,
		SDKName: h.sdkName, SDKVersion: h.sdkVersion,
	}
	if in.SDKName == "" {
		in.SDKName, in.SDKVersion = wire.SplitClient(q.creds.Client)
	}
	if _, project := wire.DSN(h.dsn); project != "" && project != q.access.Project.ID {
		in.Notes = append(in.Notes, errata.Note{Path: "dsn", Code: "dsn_mismatch", Was: shorten(project)})
	}
	return in
}

func shorten(s string) string {
	if len(s) > 32 {
		return ""
	}
	return s
}

// fatal says that an envelope is refused as a whole: it is broken and holds no
// good event before the break, or something else than its framing is wrong.
func (b *batch) fatal(err error) bool {
	return err != nil && (errata.ReasonOf(err) != "envelope" || b.event == nil)
}

// settle gives every item its outcome, in order, and answers. With broken the
// last item is where the envelope broke.
func (b *batch) settle(broken bool) error {
	for i := range b.items {
		it := &b.items[i]
		switch {
		case broken && i == len(b.items)-1:
			b.count(category(it.kind), errata.Rejected, "envelope", 1, it.size)
		case i == b.first:
			if err := b.accept(it); err != nil {
				b.rest(i+1, broken)
				return err
			}
		default:
			b.other(it)
		}
	}
	return b.accepted(b.c, b.id())
}

// rest settles what follows an event that was refused.
func (b *batch) rest(from int, broken bool) {
	for i := from; i < len(b.items); i++ {
		if broken && i == len(b.items)-1 {
			b.count(category(b.items[i].kind), errata.Rejected, "envelope", 1, b.items[i].size)
			continue
		}
		b.other(&b.items[i])
	}
}

// accept hands the event over. What could not be read is an error of the whole
// request only when nothing else is in it.
func (b *batch) accept(it *item) error {
	if b.bad != nil {
		b.count(errata.CategoryError, errata.Rejected, errata.ReasonOf(b.bad), 1, it.size)
		if len(b.items) == 1 {
			return b.bad
		}
		return nil
	}
	return b.hand(b.event, int(it.size))
}

// hand gives an event to ingest. Shedding is silent: the SDK did nothing wrong
// and must go on sending what is worse.
func (q *request) hand(ev *errata.Event, size int) error {
	err := q.ingest.Accept(q.r.Context(), q.access, ev, size)
	if errata.ReasonOf(err) == "shed_level" {
		return nil
	}
	return err
}

// id is what the answer names: the event's, else the envelope's.
func (b *batch) id() string {
	if b.event != nil {
		return b.event.ID
	}
	id, ok := normalize.NormalID(b.head.id)
	if !ok {
		return ""
	}
	return id
}
