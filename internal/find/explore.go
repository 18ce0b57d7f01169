package find

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/normalize"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/store"
)

// EventsQuery asks for a page of events of all visible services. Columns are
// keys whose values the rows carry. Open names an event of the page, as
// EventLine.Name does, of which everything that can be asked for is read; "" =
// none.
type EventsQuery struct {
	Q       string
	Range   Range
	Columns []querylang.Key
	Open    string
	Cursor  string
	Size    int // 1 to 100; 0 = 50
}

// EventLine is one event of a page. Issue is its short id, "" when that is not
// known. Values are those of the asked columns, by TermKey.
type EventLine struct {
	search.Hit
	Project errata.Project
	Issue   string
	Values  map[string]string
}

// Name is what the line is called in an address: service and event id.
func (l EventLine) Name() string { return l.Project.Slug + "." + l.EventID }

// EventsPage is one page of events, newest first. Open are the fields of the
// opened line; OpenErr says why they could not be read.
type EventsPage struct {
	Query          Query
	Rows           []EventLine
	Total          search.Total
	Next, Previous string
	AsOf           int64 // µs: when page one was read
	First          bool  // this is page one
	Open           []FieldValue
	OpenErr        error
	Gaps           []search.Gap
	Took           time.Duration
}

// FieldValue is one field of an event with its value.
type FieldValue struct {
	Key   querylang.Key
	Value string
}

// Events lists events of the projects whose events the actor may read, newest
// first. Personal data is not in it. Errors: invalid (query.*, search.cursor,
// size, range), unavailable or slow_down when the engine is away.
func (s *Service) Events(ctx context.Context, who errata.Actor, q EventsQuery) (EventsPage, error) {
	if q.Size == 0 {
		q.Size = defaultSize
	}
	if q.Size < 1 || q.Size > maxSize {
		return EventsPage{}, refuse("size", "range", "The size of a page is 1 to 100.")
	}
	ask, err := s.askEvents(ctx, who, q.Q, q.Range)
	if err != nil {
		return EventsPage{}, err
	}
	at, err := s.linePlace(q, ask)
	if err != nil {
		return EventsPage{}, err
	}
	page := EventsPage{Query: ask.Query, AsOf: at.asOf, First: q.Cursor == "", Total: search.Total{Exact: true}}
	if ask.None {
		return page, nil
	}
	ask.Range = at.over
	res, err := s.search(ctx, who, at.request(ask.Request(), q))
	if err != nil {
		return EventsPage{}, err
	}
	page.Total, page.Gaps, page.Took = res.Total, res.Gaps, res.Took
	at.ends(&page, res)
	if page.Rows, err = s.lines(ctx, who, res.Hits); err != nil {
		return EventsPage{}, err
	}
	for i := range page.Rows {
		page.Rows[i].fill(q.Columns)
	}
	if q.Open != "" {
		s.openLine(ctx, who, &page, q.Open)
	}
	return page, nil
}

// lines gives hits their services and the short ids of their issues.
func (s *Service) lines(ctx context.Context, who errata.Actor, hits []search.Hit) (out []EventLine, err error) {
	ids := make([]string, 0, len(hits))
	for i := range hits {
		ids = append(ids, hits[i].Issue)
	}
	slices.Sort(ids)
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		r, err := s.reader(ctx, tx, who, errata.EventRead)
		if err != nil {
			return err
		}
		known, err := tx.IssuesByID(ctx, slices.Compact(ids))
		out = make([]EventLine, 0, len(hits))
		for i := range hits {
			l := EventLine{Hit: hits[i], Project: r.projects[hits[i].Project]}
			if is, ok := known[l.Hit.Issue]; ok && is.ProjectID == l.Hit.Project {
				l.Issue = errata.ShortID(l.Project.Prefix, is.Number)
			}
			out = append(out, l)
		}
		return err
	})
	return out, err
}

// fill reads the values of the columns; what the columns of the engine do not
// hold stands in the event itself.
func (l *EventLine) fill(columns []querylang.Key) {
	l.Values = map[string]string{}
	var all []FieldValue
	for _, k := range columns {
		v, ok := l.column(k)
		if !ok {
			if all == nil {
				all = l.fields()
			}
			v = valueOf(all, k)
		}
		l.Values[querylang.TermKey(k)] = v
	}
	l.Payload = nil
}

func valueOf(all []FieldValue, k querylang.Key) string {
	for _, f := range all {
		if f.Key == k {
			return f.Value
		}
	}
	return ""
}

// hasColumn says that hits carry the value of a key without the event's body.
func hasColumn(k querylang.Key) bool {
	_, ok := (&EventLine{}).column(k)
	return ok
}

func (l *EventLine) column(k querylang.Key) (value string, ok bool) {
	switch k.Name {
	case "issue":
		return l.Issue, true
	case "service":
		return l.Project.Slug, true
	case "event":
		return l.EventID, true
	case "message":
		return l.Title, true
	case "user":
		if l.UserHash == "" {
			return "", true
		}
		return "~" + l.UserHash, true
	case "handled":
		return strconv.FormatBool(l.Handled), true
	case "http.status":
		if l.Status == 0 {
			return "", true
		}
		return strconv.Itoa(l.Status), true
	case "event.severity", "level", "env", "release", "type", "code", "culprit":
		return search.Value(&l.Record, k), true
	}
	return "", false
}

// fields reads all that can be asked for from the event's body.
func (l *EventLine) fields() []FieldValue {
	ev, err := normalize.Decode(l.Payload)
	if err != nil {
		return nil
	}
	return l.fieldsOf(ev)
}

// lineColumns are the fields that stand before the tags and contexts of an
// event, in this order.
var lineColumns = []querylang.Key{
	{Name: "service"},
	{Name: "issue"},
	{Name: "event.severity"},
	{Name: "level"},
	{Name: "type"},
	{Name: "code"},
	{Name: "culprit"},
	{Name: "env"},
	{Name: "release"},
	{Name: "user"},
	{Name: "http.status"},
	{Name: "handled"},
}

// fieldsOf lists every field of an event with its value, as filters compare it:
// fields first, then tags, then contexts. Personal data is not in it: of a user
// it has the keyed hash.
func (l *EventLine) fieldsOf(ev *errata.Event) []FieldValue {
	var out []FieldValue
	add := func(k querylang.Key, v string) {
		if v != "" {
			out = append(out, FieldValue{k, v})
		}
	}
	for _, k := range lineColumns {
		v, _ := l.column(k)
		add(k, v)
	}
	add(querylang.Key{Name: "request_id"}, ev.RequestID)
	add(querylang.Key{Name: "session_id"}, ev.SessionID)
	if ev.Trace != nil {
		add(querylang.Key{Name: "trace"}, ev.Trace.TraceID)
		add(querylang.Key{Name: "span"}, ev.Trace.SpanID)
	}
	r := querylang.NewRecord(ev, querylang.Meta{Service: l.Project.Slug, Issue: l.Hit.Issue, Title: l.Title})
	n := len(out)
	for _, p := range r.Pairs {
		name, value, _ := strings.Cut(p, "=")
		if k, ok := querylang.ParseKey(name); ok {
			add(k, value)
		}
	}
	slices.SortStableFunc(out[n:], func(a, b FieldValue) int { return rankOf(a.Key) - rankOf(b.Key) })
	return out
}

// rankOf puts fields before tags, and tags before contexts.
func rankOf(k querylang.Key) int {
	switch k.Name {
	case "tags":
		return 1
	case "ctx":
		return 2
	}
	return 0
}

// openLine reads everything of one line of the page. That it was looked at is
// written down behind the answer.
func (s *Service) openLine(ctx context.Context, who errata.Actor, page *EventsPage, name string) {
	i := slices.IndexFunc(page.Rows, func(l EventLine) bool { return l.Name() == name })
	if i < 0 {
		return
	}
	l := &page.Rows[i]
	ctx, cancel, _ := within(ctx, cardWait)
	defer cancel()
	doc, err := s.Engine.Get(ctx, search.Scope{Projects: []string{l.Hit.Project}}, l.Ref())
	if err != nil {
		page.OpenErr = err
		return
	}
	ev, err := decode(doc)
	if err != nil {
		page.OpenErr = err
		return
	}
	mask(ev)
	s.looked(who, ev)
	page.Open = l.fieldsOf(ev)
}

// linePlace is where a page of events begins. Its cursor holds the place in the
// order of events and not the engine's own, which belongs to one set of issues:
// that set may change between two pages.
type linePlace struct {
	asOf  int64 // µs
	over  Range
	at    search.Place // zero: page one
	newer bool
	hash  string // of query and scope
}

func (s *Service) linePlace(q EventsQuery, ask EventsAsked) (p linePlace, err error) {
	ids := slices.Sorted(slices.Values(ask.Scope.Projects))
	hash := digest(append([]string{ask.Query.Text, q.Range.To.Sub(q.Range.From).String()}, ids...))
	if q.Cursor == "" {
		return linePlace{asOf: s.Clock().UnixMicro(), over: ask.Range, hash: hash}, nil
	}
	p, ok := openLinePlace(q.Cursor)
	// A cursor is text from outside: it may not ask over more than the query was
	// found cheap enough for.
	if !ok || p.hash != hash || p.over.To.Sub(p.over.From) > q.Range.To.Sub(q.Range.From)+ahead {
		return p, refuse("cursor", search.ReasonCursor, "This page link belongs to another list. Start again from the first page.")
	}
	return p, nil
}

// request asks for the page.
func (p linePlace) request(r search.Request, q EventsQuery) search.Request {
	r.Size, r.TotalUpTo = q.Size, maxTotal
	if slices.ContainsFunc(q.Columns, func(k querylang.Key) bool { return !hasColumn(k) }) {
		r.Fields = search.FieldsFull
	}
	switch {
	case p.at == (search.Place{}):
	case p.newer:
		r.Before = r.Cursor(p.at, true)
	default:
		r.After = r.Cursor(p.at, false)
	}
	return r
}

// ends writes the cursors of the pages before and after.
func (p linePlace) ends(page *EventsPage, res *search.Result) {
	n := len(res.Hits)
	if n == 0 {
		return
	}
	if res.Next != "" {
		page.Next = p.seal(&res.Hits[n-1], false)
	}
	if res.Prev != "" {
		page.Previous = p.seal(&res.Hits[0], true)
	}
}

func (p linePlace) seal(h *search.Hit, newer bool) string {
	way := "o"
	if newer {
		way = "n"
	}
	var out strings.Builder
	for _, us := range []int64{p.asOf, p.over.From.UnixMicro(), p.over.To.UnixMicro(), h.Time} {
		out.WriteString(strconv.FormatInt(us, 36) + ".")
	}
	return out.String() + way + "." + p.hash + "." + h.EventID + "." + h.Project
}

func openLinePlace(s string) (p linePlace, ok bool) {
	parts := strings.SplitN(s, ".", 8)
	if len(s) > maxCursor || len(parts) != 8 || parts[4] != "o" && parts[4] != "n" || len(parts[6]) != idLength || parts[7] == "" {
		return p, false
	}
	var us [4]int64
	for i := range us {
		n, err := strconv.ParseInt(parts[i], 36, 64)
		if err != nil || n < 0 || n >= maxTime {
			return p, false
		}
		us[i] = n
	}
	return linePlace{
		asOf: us[0], over: Range{errata.FromMicros(us[1]), errata.FromMicros(us[2])}, newer: parts[4] == "n", hash: parts[5],
		at: search.Place{Time: us[3], EventID: parts[6], Project: parts[7]},
	}, us[1] < us[2]
}
