package find

import (
	"context"
	"errors"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/store"
)

// exportPiece is how many rows of an export are read at once.
const exportPiece = 500

// errEnough ends a reading that has what it wants.
var errEnough = errors.New("find: enough")

// ExportHead says what is taken along: the query in its canonical form, as of
// when, and the services that the reader may see but not take along.
type ExportHead struct {
	Query Query
	Range Range
	AsOf  int64    // µs
	Left  []string // slugs, sorted
}

// ExportedIssue is one issue as it is taken along.
type ExportedIssue struct {
	IssueRow
	Environments []string // most events first
	Episode      errata.Episode
}

// ExportIssues hands on, in the order of the page, every issue that the query
// selects in the services whose issues the actor may take along, all read in
// one snapshot of the database. begin is called once, before the first piece.
// It stops at the first error of begin or each, and hands on at most limit rows
// (0: all). Errors: as Issues; unavailable also where a page would show part of
// the answer.
func (s *Service) ExportIssues(ctx context.Context, who errata.Actor, q IssueQuery, limit int, begin func(ExportHead) error, each func([]ExportedIssue) error) error {
	x, err := s.issueExport(ctx, who, q)
	if err != nil {
		return err
	}
	if err := begin(x.head()); err != nil {
		return err
	}
	return s.Store.View(ctx, func(tx *store.Tx) error {
		return x.read(ctx, tx, limit, func(rows []errata.Issue) error {
			out, err := x.l.exported(ctx, tx, rows)
			if err != nil {
				return err
			}
			return each(out)
		})
	})
}

// ExportIssueIDs hands on, in order, the ids of the issues that ExportIssues
// would, in one snapshot.
func (s *Service) ExportIssueIDs(ctx context.Context, who errata.Actor, q IssueQuery, each func(ids []string) error) (ExportHead, error) {
	x, err := s.issueExport(ctx, who, q)
	if err != nil {
		return ExportHead{}, err
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		return x.read(ctx, tx, 0, func(rows []errata.Issue) error { return each(idsOf(rows)) })
	})
	return x.head(), err
}

// ExportedIssues reads issues by id for a list that was made before, in its
// order. What is gone, or may not be taken along any more, is left out.
func (s *Service) ExportedIssues(ctx context.Context, who errata.Actor, ids []string) (out []ExportedIssue, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		l := listing{s: s, now: s.Clock()}
		if l.reader, err = s.exporter(ctx, tx, who); err != nil {
			return err
		}
		found, err := tx.IssuesByID(ctx, ids)
		if err != nil {
			return err
		}
		var rows []errata.Issue
		for _, id := range ids {
			i, ok := found[id]
			if _, may := l.reader.projects[i.ProjectID]; ok && may {
				rows = append(rows, i)
			}
		}
		out, err = l.exported(ctx, tx, rows)
		return err
	})
	return out, err
}

// MayTakeIssue says whether the actor may take along issues of a project, and
// if not who can help.
func (s *Service) MayTakeIssue(who errata.Actor, project string) errata.Allowed {
	return s.allowed(who, errata.IssueExport, project)
}

// exporter reads the projects whose issues the actor may see and take along.
func (s *Service) exporter(ctx context.Context, tx *store.Tx, who errata.Actor) (reader, error) {
	r, err := s.reader(ctx, tx, who, errata.IssueRead)
	for id, p := range r.projects {
		if s.Decide(who, errata.IssueExport, id) != nil {
			r.drop(p)
		}
	}
	return r, err
}

// issueExport is one list of issues to be taken along.
type issueExport struct {
	l    listing
	who  errata.Actor
	left []string
	only map[string]bool // what a walk leaves; nil = all
}

// issueExport plans the list and asks the engine.
func (s *Service) issueExport(ctx context.Context, who errata.Actor, q IssueQuery) (*issueExport, error) {
	q.Cursor, q.Size = "", maxSize
	x := &issueExport{l: s.listing(q), who: who}
	if err := x.l.check(); err != nil {
		return nil, err
	}
	err := s.Store.View(ctx, func(tx *store.Tx) error {
		x.left = nil
		if err := x.l.prepare(ctx, tx, who); err != nil {
			return err
		}
		return x.narrow()
	})
	if err != nil {
		return nil, err
	}
	return x, x.ask(ctx)
}

// narrow leaves the services whose issues the actor may take along. Where that
// is none it is forbidden.
func (x *issueExport) narrow() (refused error) {
	seen := x.l.filter.Scope.Projects
	may := slices.DeleteFunc(slices.Clone(seen), func(id string) bool {
		err := x.l.s.Decide(x.who, errata.IssueExport, id)
		if err != nil {
			x.left, refused = append(x.left, x.l.reader.projects[id].Slug), err
		}
		return err != nil
	})
	slices.Sort(x.left)
	x.l.filter.Scope.Projects = may
	if len(may) > 0 || len(seen) == 0 {
		return nil
	}
	return refused
}

func (x *issueExport) head() ExportHead {
	return ExportHead{x.l.page.Query, x.l.q.Range, x.l.now.UnixMicro(), x.left}
}

// ask has the engine say which issues have a matching event. What it cannot
// say completely is not taken along.
func (x *issueExport) ask(ctx context.Context) error {
	more, err := x.l.sets(ctx)
	switch {
	case err != nil:
		return err
	case len(x.l.page.Gaps) > 0:
		return NotWhole()
	case more:
		return x.walk(ctx)
	}
	return nil
}

// NotWhole refuses to hand out a part as if it were all.
func NotWhole() error {
	const sentence = "A part of the events could not be read, so the export would not be whole."
	return errata.Because(errata.Unavailable, sentence, nil, errata.Detail{Reason: "export.not_whole", Message: sentence, Hint: "Try again in a moment."})
}

// walk asks the engine about the issues of the list in pieces: more match than
// it names at once.
func (x *issueExport) walk(ctx context.Context) error {
	var ids []string
	err := x.l.s.Store.View(ctx, func(tx *store.Tx) error {
		ids = nil
		return x.read(ctx, tx, 0, func(rows []errata.Issue) error {
			ids = append(ids, idsOf(rows)...)
			return nil
		})
	})
	if err != nil {
		return err
	}
	x.only = map[string]bool{}
	for piece := range slices.Chunk(ids, x.l.s.reach.step) {
		hits, err := x.l.satisfying(ctx, piece)
		if err == nil && len(x.l.page.Gaps) > 0 {
			err = NotWhole()
		}
		if err != nil {
			return err
		}
		for _, id := range hits {
			x.only[id] = true
		}
	}
	x.l.answered()
	return nil
}

func idsOf(rows []errata.Issue) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.ID
	}
	return out
}

// read hands on the issues of the list in its order, at most limit (0: all).
func (x *issueExport) read(ctx context.Context, tx *store.Tx, limit int, each func([]errata.Issue) error) error {
	left := limit
	err := x.pieces(ctx, tx, func(rows []errata.Issue) error {
		if x.only != nil {
			rows = slices.DeleteFunc(rows, func(i errata.Issue) bool { return !x.only[i.ID] })
		}
		if limit > 0 {
			rows = rows[:min(len(rows), left)]
			left -= len(rows)
		}
		if len(rows) > 0 {
			if err := each(rows); err != nil {
				return err
			}
		}
		if limit > 0 && left == 0 {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// pieces reads the list in its order.
func (x *issueExport) pieces(ctx context.Context, tx *store.Tx, each func([]errata.Issue) error) error {
	page := store.IssuePage{Sort: store.IssueSort(x.l.q.Sort), Size: exportPiece}
	if x.l.filter.OnlyIDs { // few enough to be sorted at once
		page.Size = len(x.l.filter.IDs)
		rows, _, err := tx.IssuesAmong(ctx, x.l.filter, page)
		if err != nil {
			return err
		}
		for piece := range slices.Chunk(rows, exportPiece) {
			if err := each(slices.Clone(piece)); err != nil {
				return err
			}
		}
		return nil
	}
	for {
		rows, err := tx.Issues(ctx, x.l.filter, page)
		if err != nil || len(rows) == 0 {
			return err
		}
		full := len(rows) == page.Size
		page.After = store.CursorOf(rows[len(rows)-1])
		if err := each(rows); err != nil || !full {
			return err
		}
	}
}

// exported adds what a row of an export shows beside the issue.
func (l *listing) exported(ctx context.Context, tx *store.Tx, rows []errata.Issue) ([]ExportedIssue, error) {
	ids, owners := idsOf(rows), make([]string, len(rows))
	for i, r := range rows {
		owners[i] = r.AssigneeID
	}
	people, err := tx.People(ctx, owners)
	if err != nil {
		return nil, err
	}
	envs, err := tx.EnvironmentsByIssue(ctx, ids)
	if err != nil {
		return nil, err
	}
	last, err := tx.LatestEpisodes(ctx, ids)
	out := make([]ExportedIssue, len(rows))
	for i, r := range rows {
		row := IssueRow{Issue: r, Project: l.reader.projects[r.ProjectID], Owner: people[r.AssigneeID]}
		out[i] = ExportedIssue{row, envs[r.ID], last[r.ID]}
	}
	return out, err
}

// LeftWords says which services an export leaves out, "" = none.
func (h ExportHead) LeftWords() string {
	if len(h.Left) == 0 {
		return ""
	}
	return "You may not take along what is in " + strings.Join(h.Left, ", ") + "; it is left out."
}
