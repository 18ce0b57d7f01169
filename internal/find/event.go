package find

import (
	"context"
	"maps"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/normalize"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/store"
)

// EventView is one event of an issue, with its neighbours. Ids are "" where
// there is nothing that way. Err says why the neighbours or the event itself
// could not be read; the rest of the page stands without them.
type EventView struct {
	Event                       *errata.Event
	Ref                         errata.Ref
	First, Previous, Next, Last string
	Position, Total             int64 // from the oldest; 0 = unknown
	Err                         error
	Gone                        bool // it existed, and its body has expired
}

// Names that stand for an event beside its id.
const (
	First       = "first"
	Last        = "last"
	Recommended = "recommended"
)

// Event reads one event of an issue: by id, or first, last, recommended ("" is
// recommended). ReadPII decides whether masked fields are left in.
func (s *Service) Event(ctx context.Context, who errata.Actor, is IssueView, name string) EventView {
	ctx, cancel := context.WithTimeout(ctx, cardWait)
	defer cancel()
	v := EventView{Total: is.Issue.Events}
	var err error
	if v.Ref, err = s.resolve(ctx, is, name); err != nil {
		v.Err = err
		return v
	}
	doc, err := s.Engine.Get(ctx, search.Scope{Projects: []string{is.Issue.ProjectID}}, v.Ref)
	if err != nil {
		v.Gone, v.Err = errata.CodeOf(err) == errata.NotFound, err
		return v
	}
	if doc.Issue != is.Issue.ID {
		v.Gone, v.Err = true, notFound("event")
		return v
	}
	v.Ref.Time, v.Ref.Class = doc.Time, doc.Class
	if v.Event, err = s.decode(who, doc); err != nil {
		v.Err = err
		return v
	}
	s.neighbours(ctx, is, &v)
	return v
}

// resolve turns a name into a place.
func (s *Service) resolve(ctx context.Context, is IssueView, name string) (errata.Ref, error) {
	switch name {
	case "", Recommended:
		return is.Issue.BestRef, nil
	case Last:
		return is.Issue.LastRef, nil
	case First:
		r := s.issueRequest(is)
		r.Size, r.Before = 1, r.Cursor(beginning(is), true)
		res, err := s.Engine.Search(ctx, r)
		if err != nil || len(res.Hits) == 0 {
			return is.Issue.LastRef, err
		}
		return res.Hits[0].Ref(), nil
	}
	id := strings.ReplaceAll(strings.ToLower(name), "-", "")
	if len(id) != 32 {
		return errata.Ref{}, notFound("event")
	}
	ref := errata.Ref{Project: is.Issue.ProjectID, EventID: id}
	err := s.Store.View(ctx, func(tx *store.Tx) error {
		known, err := tx.AppliedIn(ctx, []string{ref.Project}, id)
		if len(known) > 0 {
			ref = known[0].Ref()
		}
		return err
	})
	return ref, err
}

// beginning is a place before every event of an issue.
func beginning(is IssueView) search.Place {
	return search.Place{EventID: strings.Repeat("0", 32), Project: is.Issue.ProjectID}
}

// issueRequest asks for events of one issue over all its time.
func (s *Service) issueRequest(is IssueView) search.Request {
	return search.Request{
		Scope: search.Scope{Projects: []string{is.Issue.ProjectID}},
		Query: issueLeaf(is.Issue.ID),
		From:  errata.FromMicros(is.Issue.FirstSeen),
		To:    errata.FromMicros(is.Issue.LastSeen + 1), Timeout: cardWait,
	}
}

func issueLeaf(ids ...string) querylang.Expr {
	l := &querylang.Leaf{Key: querylang.Key{Name: "issue"}}
	for _, id := range ids {
		l.Values = append(l.Values, querylang.Value{Kind: querylang.Equal, Raw: id, Text: id})
	}
	return l
}

// neighbours asks for what is before and behind in one go.
func (s *Service) neighbours(ctx context.Context, is IssueView, v *EventView) {
	here := search.Place{Time: v.Ref.Time, EventID: v.Ref.EventID, Project: v.Ref.Project}
	older, newer, oldest, newest, count := s.issueRequest(is), s.issueRequest(is), s.issueRequest(is), s.issueRequest(is), s.issueRequest(is)
	older.Size, older.After = 1, older.Cursor(here, false)
	newer.Size, newer.Before = 1, newer.Cursor(here, true)
	oldest.Size, oldest.Before = 1, oldest.Cursor(beginning(is), true)
	newest.Size = 1
	count.To, count.TotalUpTo = errata.FromMicros(v.Ref.Time+1), maxPosition
	ids := make([]string, 4)
	for i, a := range s.Engine.MultiSearch(ctx, []search.Request{older, newer, oldest, newest, count}) {
		switch {
		case a.Err != nil:
			s.Log.WarnContext(ctx, "neighbours of an event not read", errAttr(a.Err))
		case i == 4 && a.Result.Total.Exact:
			v.Position = a.Result.Total.Value
		case i < 4 && len(a.Result.Hits) > 0:
			ids[i] = a.Result.Hits[0].EventID
		}
	}
	v.Previous, v.Next = ids[0], ids[1]
	v.First, v.Last = other(ids[2], v.Ref.EventID), other(ids[3], v.Ref.EventID)
}

// maxPosition bounds counting to a place; beyond it the place is not told.
const maxPosition = 10_000

func other(id, here string) string {
	if id == here {
		return ""
	}
	return id
}

// decode reads the payload and hides what the reader may not see.
func (s *Service) decode(who errata.Actor, doc *search.Doc) (*errata.Event, error) {
	ev, err := normalize.Decode(doc.Payload)
	if err != nil {
		return nil, errata.E(errata.Internal, "The stored event cannot be read.", err)
	}
	if s.Decide(who, errata.EventReadPII, ev.ProjectID) != nil {
		mask(ev)
	}
	return ev, nil
}

// Masked replaces a value that exists and may not be seen.
const Masked = "masked"

func mask(ev *errata.Event) {
	hide := func(s *string) {
		if *s != "" {
			*s = Masked
		}
	}
	hide(&ev.ClientIP)
	if u := ev.User; u != nil {
		hide(&u.ID)
		hide(&u.Email)
		hide(&u.Username)
		hide(&u.IP)
	}
}

// EventByID reads an event of any visible project. Where two share the id, the
// project must be named. Errors: not_found, conflict (reason ambiguous).
func (s *Service) EventByID(ctx context.Context, who errata.Actor, id, project string) (*errata.Event, errata.Project, error) {
	id = strings.ReplaceAll(strings.ToLower(id), "-", "")
	var r reader
	refs, anywhere := map[string]errata.Ref{}, map[string]errata.Ref{}
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if r, err = s.reader(ctx, tx, who, errata.EventRead); err != nil {
			return err
		}
		for _, p := range r.projects {
			if project == "" || p.Slug == project {
				anywhere[p.ID] = errata.Ref{Project: p.ID, EventID: id}
			}
		}
		known, err := tx.AppliedIn(ctx, slices.Collect(maps.Keys(anywhere)), id)
		for _, k := range known {
			refs[k.ProjectID] = k.Ref()
		}
		return err
	})
	if err != nil || len(id) != 32 {
		return nil, errata.Project{}, first(err, notFound("event"))
	}
	if len(refs) == 0 {
		refs = anywhere // older than the ledger: the engine looks everywhere
	}
	return s.oneOf(ctx, who, r, refs)
}

func first(errs ...error) error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

// oneOf gets the event from the only project that has it.
func (s *Service) oneOf(ctx context.Context, who errata.Actor, r reader, refs map[string]errata.Ref) (*errata.Event, errata.Project, error) {
	ctx, cancel := context.WithTimeout(ctx, searchWait)
	defer cancel()
	var found []*search.Doc
	for pid, ref := range refs {
		doc, err := s.Engine.Get(ctx, search.Scope{Projects: []string{pid}}, ref)
		switch {
		case err == nil:
			found = append(found, doc)
		case errata.CodeOf(err) != errata.NotFound:
			return nil, errata.Project{}, err
		}
	}
	switch len(found) {
	case 0:
		return nil, errata.Project{}, notFound("event")
	case 1:
		ev, err := s.decode(who, found[0])
		return ev, r.projects[found[0].Project], err
	}
	return nil, errata.Project{}, errata.Because(errata.Conflict, "Several services have an event with this id.", nil,
		errata.Detail{Reason: "ambiguous", Field: "project", Message: "Name the service: ?project=slug."})
}

// EventRow is one event of a list.
type EventRow struct {
	search.Hit
	Project errata.Project
}

// EventPage is one page of events, newest first.
type EventPage struct {
	Rows  []EventRow
	Next  string
	Total search.Total
	AsOf  int64 // µs: when page one was read
	Gaps  []search.Gap
}
