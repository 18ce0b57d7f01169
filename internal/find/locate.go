package find

import (
	"context"

	"errata/internal/errata"
	"errata/internal/search"
	"errata/internal/store"
)

// Located is where an event stands: the short id of its issue.
type Located struct{ Issue, EventID string }

// LocateEvent finds the issue of an event by the event's id, in the projects
// whose events the actor may read. Several services may have an event with the
// same id. What is absent and what may not be seen is not found. Errors:
// not_found, unavailable or slow_down when only the engine can know and it is
// away.
func (s *Service) LocateEvent(ctx context.Context, who errata.Actor, id string) (out []Located, err error) {
	id = plainID(id)
	if len(id) != idLength {
		return nil, notFound("event")
	}
	var r reader
	issues := map[string]bool{}
	err = s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if r, err = s.reader(ctx, tx, who, errata.EventRead); err != nil {
			return err
		}
		known, err := tx.AppliedIn(ctx, r.ids(), id)
		for _, k := range known {
			issues[k.IssueID] = true
		}
		return err
	})
	if err == nil && len(issues) == 0 && len(r.projects) > 0 { // older than the ledger
		issues, err = s.issuesWith(ctx, who, r, id)
	}
	if err != nil {
		return nil, err
	}
	return s.located(ctx, r, id, issues)
}

// issuesWith asks the engine for the issues of events with an id.
func (s *Service) issuesWith(ctx context.Context, who errata.Actor, r reader, id string) (map[string]bool, error) {
	res, err := s.search(ctx, who, s.always(r, search.Request{Query: equal("event", id), Size: 10}))
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for i := range res.Hits {
		out[res.Hits[i].Issue] = true
	}
	if len(out) == 0 { // what is missing may hold it
		return nil, torn(nil, res.Gaps)
	}
	return out, nil
}

func (s *Service) located(ctx context.Context, r reader, id string, issues map[string]bool) (out []Located, err error) {
	ids := make([]string, 0, len(issues))
	for i := range issues {
		ids = append(ids, i)
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		known, err := tx.IssuesByID(ctx, ids)
		out = nil
		for _, is := range known {
			if p, visible := r.projects[is.ProjectID]; visible {
				out = append(out, Located{errata.ShortID(p.Prefix, is.Number), id})
			}
		}
		return err
	})
	if err == nil && len(out) == 0 {
		err = notFound("event")
	}
	return out, err
}
