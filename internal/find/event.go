package find

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/normalize"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/store"
)

// EventView is one event of an issue, with its neighbours. Ids are "" where
// there is nothing that way. Err says why the event itself could not be read;
// the rest of the page stands without it.
type EventView struct {
	Event                       *errata.Event
	Ref                         errata.Ref
	First, Previous, Next, Last string
	Position, Total             int64 // from the oldest that is stored; 0 = unknown
	Err                         error
	Gone                        bool // it existed, and its body has expired
	Masked                      bool // it holds personal data that is not shown
}

// Names that stand for an event beside its id.
const (
	First       = "first"
	Last        = "last"
	Recommended = "recommended"
)

// Event reads one event of an issue: by id, or first, last, recommended ("" is
// recommended). Personal data is masked, whoever reads; Reveal shows it. That
// it was read is written down behind the answer.
func (s *Service) Event(ctx context.Context, who errata.Actor, is IssueView, name string) EventView {
	v := s.eventOf(ctx, who, is, name)
	if v.Event != nil {
		v.Masked = mask(v.Event)
		s.looked(who, v.Event)
	}
	return v
}

// Reveal reads an event as Event does, with its personal data in clear. That
// somebody does so is written down first. Errors: forbidden without the right.
func (s *Service) Reveal(ctx context.Context, who errata.Actor, is IssueView, name string) (EventView, error) {
	if err := s.Decide(who, errata.EventReadPII, is.Issue.ProjectID); err != nil {
		return EventView{}, err
	}
	v := s.eventOf(ctx, who, is, name)
	if v.Event == nil {
		return v, nil
	}
	return v, s.Store.NoteAccess(ctx, who, errata.EventReadPII, eventResource(v.Event))
}

// Nearest returns the id of the newest event of an issue that is still there, "".
func (s *Service) Nearest(ctx context.Context, who errata.Actor, is IssueView) string {
	if v := s.eventOf(ctx, who, is, Last); v.Event != nil {
		return v.Event.ID
	}
	return ""
}

// looked writes down, behind the answer, that somebody was shown an event.
func (s *Service) looked(who errata.Actor, ev *errata.Event) {
	if s.Views != nil {
		s.Views.Note(who, errata.EventRead, eventResource(ev))
	}
}

func eventResource(ev *errata.Event) errata.Resource {
	return errata.On(ev.ProjectID, "event", ev.ProjectID+"/"+ev.ID)
}

func (s *Service) eventOf(ctx context.Context, who errata.Actor, is IssueView, name string) EventView {
	if err := s.Decide(who, errata.EventRead, is.Issue.ProjectID); err != nil {
		return EventView{Err: err}
	}
	ctx, cancel, _ := within(ctx, cardWait)
	defer cancel()
	c := card{s: s, who: who, is: is, wait: cardWait}
	v := EventView{Total: is.Issue.Events}
	doc, ref, err := c.doc(ctx, name)
	v.Ref = ref
	if err != nil {
		v.Gone, v.Err = errata.CodeOf(err) == errata.NotFound, err
		return v
	}
	v.Ref.Time, v.Ref.Class = doc.Time, doc.Class
	if v.Event, err = decode(doc); err != nil {
		v.Err = err
		return v
	}
	c.neighbours(ctx, &v)
	return v
}

// card is one event of an issue's page in the making.
type card struct {
	s    *Service
	who  errata.Actor
	is   IssueView
	wait time.Duration
}

// doc gets the event that a name means. Instead of one that SQL names and the
// engine lacks, the newest that is there is taken; an event asked for by id is
// not replaced.
func (c card) doc(ctx context.Context, name string) (*search.Doc, errata.Ref, error) {
	ref, known, err := c.resolve(ctx, name)
	if err != nil {
		return nil, ref, err
	}
	doc, err := c.get(ctx, ref)
	if errata.CodeOf(err) != errata.NotFound {
		return doc, ref, err
	}
	if name == "" || name == Recommended || name == Last {
		if newest, ok, err := c.edge(ctx, false); err != nil || ok {
			if err == nil {
				doc, err = c.get(ctx, newest)
			}
			return doc, newest, err
		}
	}
	if known {
		err = c.s.pending(ref, err)
	}
	return nil, ref, err
}

// pending tells an event that waits to be written from one whose body has
// expired: SQL has counted it, and its class would still keep it.
func (s *Service) pending(ref errata.Ref, err error) error {
	if errata.CodeOf(err) != errata.NotFound || s.Clock().UnixMicro() >= ref.Time+int64(ref.Class)*dayHours*hourUS {
		return err
	}
	const sentence = "This event was counted and is not in the event store yet. It is written as soon as the store takes it."
	return errata.Because(errata.Unavailable, sentence, err, errata.Detail{Reason: "search.pending", Message: sentence})
}

// get reads an event of this issue; one of another issue is not found.
func (c card) get(ctx context.Context, ref errata.Ref) (*search.Doc, error) {
	doc, err := c.s.Engine.Get(ctx, c.scope(), ref)
	if err == nil && doc.Issue != c.is.Issue.ID {
		err = notFound("event")
	}
	if err != nil {
		return nil, err
	}
	return doc, nil
}

func (c card) scope() search.Scope { return search.Scope{Projects: []string{c.is.Issue.ProjectID}} }

// resolve turns a name into a place; known says that SQL has counted it.
func (c card) resolve(ctx context.Context, name string) (ref errata.Ref, known bool, err error) {
	switch name {
	case "", Recommended:
		return c.is.Issue.BestRef, true, nil
	case Last:
		return c.is.Issue.LastRef, true, nil
	case First:
		ref, ok, err := c.edge(ctx, true)
		if !ok {
			ref = c.is.Issue.LastRef
		}
		return ref, true, err
	}
	ref = errata.Ref{Project: c.is.Issue.ProjectID, EventID: plainID(name)}
	if len(ref.EventID) != idLength {
		return ref, false, notFound("event")
	}
	err = c.s.Store.View(ctx, func(tx *store.Tx) error {
		var row store.Applied
		if row, known, err = tx.AppliedEvent(ctx, ref.Project, ref.EventID); err == nil && known {
			known = row.IssueID == c.is.Issue.ID
			ref = row.Ref()
		}
		return err
	})
	return ref, known, err
}

// idLength is how many hex digits an event id has.
const idLength = 32

// plainID is an event id as it is stored.
func plainID(s string) string { return strings.ReplaceAll(strings.ToLower(s), "-", "") }

// edge finds the oldest or newest event that is stored.
func (c card) edge(ctx context.Context, oldest bool) (errata.Ref, bool, error) {
	r := c.request()
	r.Size = 1
	if oldest {
		r.Before = r.Cursor(c.beginning(), true)
	}
	res, err := c.s.search(ctx, c.who, r)
	if err != nil || len(res.Hits) == 0 {
		return errata.Ref{}, false, err
	}
	return res.Hits[0].Ref(), true, nil
}

// beginning is a place before every event of the issue.
func (c card) beginning() search.Place {
	return search.Place{EventID: strings.Repeat("0", idLength), Project: c.is.Issue.ProjectID}
}

// request asks for events of the issue over all its time.
func (c card) request() search.Request {
	return search.Request{
		Scope: c.scope(), Query: issueLeaf(c.is.Issue.ID), From: errata.FromMicros(c.is.Issue.FirstSeen),
		To: errata.FromMicros(c.is.Issue.LastSeen + 1), Timeout: c.wait,
	}
}

func issueLeaf(ids ...string) querylang.Expr {
	l := &querylang.Leaf{Key: querylang.Key{Name: "issue"}}
	for _, id := range ids {
		l.Values = append(l.Values, querylang.Value{Kind: querylang.Equal, Raw: id, Text: id})
	}
	return l
}

// maxPosition bounds counting to a place; beyond it the place is not told.
const maxPosition = 10_000

// neighbours asks for what is before and behind in one go.
func (c card) neighbours(ctx context.Context, v *EventView) {
	here := search.Place{Time: v.Ref.Time, EventID: v.Ref.EventID, Project: v.Ref.Project}
	older, newer, oldest, newest, upTo := c.request(), c.request(), c.request(), c.request(), c.request()
	older.Size, older.After = 1, older.Cursor(here, false)
	newer.Size, newer.Before = 1, newer.Cursor(here, true)
	oldest.Size, oldest.Before = 1, oldest.Cursor(c.beginning(), true)
	newest.Size, newest.TotalUpTo = 1, maxPosition
	upTo.To, upTo.TotalUpTo = errata.FromMicros(v.Ref.Time+1), maxPosition
	answers := c.s.multiSearch(ctx, c.who, c.wait, []search.Request{older, newer, oldest, newest, upTo})
	for _, a := range answers {
		if a.Err != nil {
			c.s.Log.WarnContext(ctx, "neighbours of an event not read", errAttr(a.Err))
			return
		}
	}
	v.Previous, v.Next = idOf(answers[0]), idOf(answers[1])
	v.First, v.Last = other(idOf(answers[2]), v.Ref.EventID), other(idOf(answers[3]), v.Ref.EventID)
	if t := answers[3].Result.Total; t.Exact {
		v.Total = t.Value
	} else {
		v.Total = c.is.Issue.Events
	}
	if t := answers[4].Result.Total; t.Exact {
		v.Position = t.Value
	}
}

func idOf(a search.Answer) string {
	if len(a.Result.Hits) == 0 {
		return ""
	}
	return a.Result.Hits[0].EventID
}

func other(id, here string) string {
	if id == here {
		return ""
	}
	return id
}

// decode reads the payload.
func decode(doc *search.Doc) (*errata.Event, error) {
	ev, err := normalize.Decode(doc.Payload)
	if err != nil {
		return nil, errata.E(errata.Internal, "The stored event cannot be read.", err)
	}
	return ev, nil
}

// Masked replaces a value that exists and may not be seen.
const Masked = "masked"

// mask hides personal data and says whether there was any.
func mask(ev *errata.Event) (found bool) {
	hide := func(s *string) {
		if *s != "" {
			*s, found = Masked, true
		}
	}
	hide(&ev.ClientIP)
	if u := ev.User; u != nil {
		hide(&u.ID)
		hide(&u.Email)
		hide(&u.Username)
		hide(&u.IP)
	}
	return found
}

// EventByID reads an event of any visible project, or of the one that is named.
// Personal data is in clear for those with the right to it, and then that it is
// read is written down first.
// Errors: not_found, conflict (reason ambiguous) where two services share the
// id, unavailable or slow_down when the engine is away.
func (s *Service) EventByID(ctx context.Context, who errata.Actor, id, project string) (*errata.Event, errata.Project, error) {
	id = plainID(id)
	if len(id) != idLength {
		return nil, errata.Project{}, notFound("event")
	}
	var r reader
	var refs []errata.Ref
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if r, err = s.reader(ctx, tx, who, errata.EventRead); err != nil {
			return err
		}
		if project != "" {
			r.only(project)
		}
		known, err := tx.AppliedIn(ctx, r.ids(), id)
		refs = nil
		for _, k := range known {
			refs = append(refs, k.Ref())
		}
		return err
	})
	if err != nil {
		return nil, errata.Project{}, err
	}
	return s.oneOf(ctx, who, r, id, refs)
}

// oneOf gets the event from the only project that has it.
func (s *Service) oneOf(ctx context.Context, who errata.Actor, r reader, id string, refs []errata.Ref) (*errata.Event, errata.Project, error) {
	ctx, cancel, _ := within(ctx, searchWait)
	defer cancel()
	known := len(refs) > 0
	if !known { // older than the ledger
		var err error
		if refs, err = s.anywhere(ctx, r, id); err != nil {
			return nil, errata.Project{}, err
		}
	}
	switch len(refs) {
	case 0:
		return nil, errata.Project{}, notFound("event")
	case 1:
	default:
		return nil, errata.Project{}, errata.Because(errata.Conflict, "Several services have an event with this id.", nil,
			errata.Detail{Reason: "ambiguous", Field: "project", Message: "Name the service: ?project=slug."})
	}
	doc, err := s.Engine.Get(ctx, search.Scope{Projects: []string{refs[0].Project}}, refs[0])
	if err != nil && known {
		err = s.pending(refs[0], err)
	}
	if err != nil {
		return nil, errata.Project{}, err
	}
	ev, err := decode(doc)
	if err != nil {
		return nil, errata.Project{}, err
	}
	return ev, r.projects[refs[0].Project], s.disclose(ctx, who, ev)
}

// disclose masks what the reader may not see, or writes down that they see it.
func (s *Service) disclose(ctx context.Context, who errata.Actor, ev *errata.Event) error {
	if s.Decide(who, errata.EventReadPII, ev.ProjectID) == nil {
		return s.Store.NoteAccess(ctx, who, errata.EventReadPII, eventResource(ev))
	}
	mask(ev)
	s.looked(who, ev)
	return nil
}

// anywhere looks for an event in every visible project and at all times.
func (s *Service) anywhere(ctx context.Context, r reader, id string) ([]errata.Ref, error) {
	leaf := &querylang.Leaf{Key: querylang.Key{Name: "event"}, Values: []querylang.Value{{Kind: querylang.Equal, Raw: id, Text: id}}}
	now := s.Clock()
	res, err := s.search(ctx, r.who, search.Request{
		Scope: r.scope(), Query: leaf, From: now.AddDate(0, 0, -search.MaxClass),
		To: now.AddDate(0, 0, 1), Size: 2,
	})
	if err != nil {
		return nil, err
	}
	refs := map[string]errata.Ref{}
	for i := range res.Hits {
		refs[res.Hits[i].Project] = res.Hits[i].Ref()
	}
	return slices.Collect(maps.Values(refs)), nil
}
