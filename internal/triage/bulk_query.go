package triage

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/store"
)

const (
	maxQueried  = 100_000 // issues that one act over a query changes at most
	typedFrom   = 1000    // above it the count is typed
	atATime     = 500     // issues of a preview that are held at once
	shownOfFate = 20      // issues of a fate that a long preview names
)

// QueryForm does one act to every issue that a query lists. Shown is how many
// there were in the preview that was confirmed, Typed what was typed below it.
type QueryForm struct {
	BulkForm
	Query find.IssueQuery
	Shown int64
	Typed string
}

// QueryPreview says what an act over a query would do: how many issues it
// lists, how many of them meet which fate, and the first of each; all of them
// when there are no more than 500.
type QueryPreview struct {
	Query  find.Query
	Total  int64
	Counts map[string]int64
	Items  []BulkItem
	Job    bool // it would run as a job
	Typed  bool // the count has to be typed
}

// QueryResult is what became of the issues, or the job that does it.
type QueryResult struct {
	Items []BulkItem
	JobID string
}

// PreviewQuery says what BulkQuery would do. Errors: those of find.Issues;
// invalid (act.nothing_listed, act.too_many_listed, and those of the act's
// form); unavailable while nobody can say for certain which issues match.
func (s *Service) PreviewQuery(ctx context.Context, who errata.Actor, f QueryForm) (QueryPreview, error) {
	named, t, err := s.named(ctx, who, &f)
	if err != nil {
		return QueryPreview{}, err
	}
	n := len(named.IDs)
	out := QueryPreview{Query: named.Query, Total: int64(n), Counts: map[string]int64{}, Job: n > MaxBulk, Typed: n > typedFrom}
	for piece := range slices.Chunk(named.IDs, atATime) {
		var items []BulkItem
		err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
			var all []member
			if items, all, err = s.listed(ctx, tx, who, piece); err != nil {
				return err
			}
			return s.foresee(all, t)
		})
		if err != nil {
			return QueryPreview{}, err
		}
		out.add(items)
	}
	return out, nil
}

// add counts items, and keeps them unless there are many.
func (p *QueryPreview) add(items []BulkItem) {
	for _, i := range items {
		if p.Counts[i.Fate]++; !p.Job || p.Counts[i.Fate] <= shownOfFate {
			p.Items = append(p.Items, i)
		}
	}
}

// named finds the issues that the act is about.
func (s *Service) named(ctx context.Context, who errata.Actor, f *QueryForm) (find.Named, *attempt, error) {
	d, err := s.deedOf(who, &f.BulkForm)
	if err != nil {
		return find.Named{}, nil, err
	}
	named, err := s.Find.IssueIDs(ctx, who, f.Query, maxQueried)
	switch {
	case err != nil:
		return named, nil, err
	case named.More:
		return named, nil, refuse("q", "act.too_many_listed", "The query lists more than 100,000 issues. Narrow it first.")
	case named.TitlesOnly || len(named.Gaps) > 0:
		return named, nil, errata.E(errata.Unavailable, "The event engine does not answer in full, so nobody can say which issues match. Try again later, or tick the issues.", nil)
	case len(named.IDs) == 0:
		return named, nil, refuse("q", "act.nothing_listed", "The query lists no issue.")
	}
	return named, s.attempt(who, Form{Note: f.Note}, d), nil
}

// listed reads issues by their internal ids, which the actor has seen in a
// list. One that has gone meanwhile is left out.
func (s *Service) listed(ctx context.Context, tx *store.Tx, who errata.Actor, ids []string) ([]BulkItem, []member, error) {
	issues, err := tx.IssuesByID(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	projects, err := tx.Projects(ctx)
	if err != nil {
		return nil, nil, err
	}
	known := map[string]errata.Project{}
	for _, p := range projects {
		if s.Decide(who, errata.IssueRead, p.ID) == nil {
			known[p.ID] = p
		}
	}
	maps.DeleteFunc(issues, func(_ string, i errata.Issue) bool { return known[i.ProjectID].ID == "" })
	episodes, err := tx.EpisodeOfEach(ctx, slices.Collect(maps.Keys(issues)))
	if err != nil {
		return nil, nil, err
	}
	items, all := make([]BulkItem, 0, len(issues)), make([]member, 0, len(issues))
	for _, id := range ids {
		i, there := issues[id]
		if !there {
			continue
		}
		c := &scene{ctx: ctx, tx: tx, issue: i, project: known[i.ProjectID], episode: episodes[id]}
		items = append(items, BulkItem{ID: errata.ShortID(c.project.Prefix, i.Number), Title: i.Title})
		all = append(all, member{c, &items[len(items)-1]})
	}
	return items, all, nil
}

// BulkQuery does the act to every issue that the query lists now: at once up to
// 500 issues, else as a job. Errors: as PreviewQuery; conflict (act.more_listed)
// when the query lists more than was shown; invalid (act.count) when the count
// was not typed; forbidden when the actor may do it nowhere; slow_down
// (too_many_jobs).
func (s *Service) BulkQuery(ctx context.Context, who errata.Actor, f QueryForm) (QueryResult, error) {
	named, t, err := s.named(ctx, who, &f)
	if err != nil {
		return QueryResult{}, err
	}
	if err := confirmed(f, int64(len(named.IDs))); err != nil {
		return QueryResult{}, err
	}
	if len(named.IDs) <= MaxBulk {
		f.issues = named.IDs
		items, err := s.Bulk(ctx, who, f.BulkForm)
		return QueryResult{Items: items}, err
	}
	if t.wrong != nil {
		return QueryResult{}, t.wrong
	}
	id, err := s.queue(ctx, who, f, named, t)
	return QueryResult{JobID: id}, err
}

// confirmed says whether people know how many issues they change.
func confirmed(f QueryForm, n int64) error {
	if n > f.Shown {
		const message = "The query lists more issues by now than were shown. Look again, then decide."
		return errata.Because(errata.Conflict, message, nil, errata.Detail{Reason: "act.more_listed", Field: "shown", Message: message})
	}
	if n > typedFrom && digits(f.Typed) != f.Shown {
		return refuse("typed", "act.count", "Type how many issues you are about to change.")
	}
	return nil
}

// digits reads a number as people type it: 1204, 1,204, 1 204. -1: none.
func digits(text string) (n int64) {
	seen := false
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9' && n < 1e12:
			n, seen = n*10+int64(r-'0'), true
		case r != ' ' && r != ',' && r != '.' && r != '\u00a0' && r != '\u202f':
			return -1
		}
	}
	if !seen {
		return -1
	}
	return n
}

// BulkParams is what a job of the kind bulk is asked to do.
type BulkParams struct {
	Act       string       `json:"act"`
	Assignee  string       `json:"assignee,omitempty"`
	Cause     errata.Cause `json:"cause,omitempty"`
	Reason    string       `json:"reason,omitempty"`
	Note      string       `json:"note,omitempty"`
	Query     string       `json:"query"` // canonical
	Via       string       `json:"via"`
	RequestID string       `json:"request_id"`
}

// queue freezes the issues and queues the job, with the one line of the audit
// for the whole.
func (s *Service) queue(ctx context.Context, who errata.Actor, f QueryForm, named find.Named, t *attempt) (string, error) {
	params, err := json.Marshal(BulkParams{
		Act: f.Act, Assignee: f.Assignee, Cause: f.Cause, Reason: f.Reason, Note: t.form.Note, Query: named.Query.Text,
		Via: who.Via, RequestID: who.RequestID,
	})
	if err != nil {
		return "", err
	}
	id := t.ids.Next()
	job := errata.Job{ID: id, Kind: errata.JobBulk, OwnerID: who.ID, Params: params, Total: int64(len(named.IDs)), CreatedAt: t.at}
	err = s.Store.InTx(ctx, func(tx *store.Tx) error {
		line, err := tx.Permit(who, t.right(errata.Issue{}), errata.Resource{Project: s.permitted(who, t, named.Projects)})
		if err != nil {
			return err
		}
		line.Touches(errata.Resource{Name: "job:" + id})
		line.Detail("act", t.name)
		line.Detail("count", len(named.IDs))
		line.Detail("projects", named.Projects)
		if err := tx.AddJob(ctx, job); err != nil {
			return err
		}
		return tx.AddBulkItems(ctx, id, named.IDs)
	})
	if err != nil {
		return "", err
	}
	s.Jobs.Wake()
	return id, nil
}

// permitted returns a service in which the actor may act, else any.
func (s *Service) permitted(who errata.Actor, t *attempt, projects []string) string {
	for _, p := range projects {
		if s.Decide(who, t.right(errata.Issue{}), p) == nil {
			return p
		}
	}
	return projects[0]
}
