package find

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/store"
)

// ActivityRow is a row of the ledger with the text written beside it, or a
// comment: Transition.Rule is "" then. At is µs.
type ActivityRow struct {
	At         int64
	Transition errata.Transition
	Note       errata.IssueNote // ID "" = nothing was written
}

// Activity is what happened to an issue, oldest first, with the people whom the
// rows name, by id.
type Activity struct {
	Rows   []ActivityRow
	People map[string]errata.Person
}

// Activity reads the ledger and the comments of an issue.
func (s *Service) Activity(ctx context.Context, who errata.Actor, shortID string) (out Activity, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		i, err := s.visible(ctx, tx, who, shortID)
		if err != nil {
			return err
		}
		rows, err := tx.TransitionsOf(ctx, i.ID)
		if err != nil {
			return err
		}
		notes, err := tx.NotesOf(ctx, i.ID)
		if err != nil {
			return err
		}
		out.Rows = tell(rows, notes)
		out.People, err = tx.People(ctx, named(out.Rows))
		return err
	})
	return out, err
}

// tell joins the ledger with comments by time. Rows of one time keep the order
// of the ledger.
func tell(rows []errata.Transition, notes []errata.IssueNote) []ActivityRow {
	beside := map[string]errata.IssueNote{}
	var out []ActivityRow
	for _, n := range notes {
		if n.Kind == errata.NoteReason {
			beside[n.ID] = n
		}
	}
	for _, t := range rows {
		out = append(out, ActivityRow{At: t.At, Transition: t, Note: beside[t.NoteID]})
	}
	for _, n := range notes {
		if n.Kind == errata.NoteComment {
			out = append(out, ActivityRow{At: n.At, Note: n})
		}
	}
	slices.SortStableFunc(out, func(a, b ActivityRow) int { return cmp.Compare(a.At, b.At) })
	return out
}

// named lists the accounts of rows: who acted, and who got or lost the issue.
func named(rows []ActivityRow) (ids []string) {
	for _, r := range rows {
		owner := r.Transition.Detail["assignee"]
		ids = append(ids, r.Note.AuthorID, owner[0], owner[1])
		if r.Transition.ActorKind == errata.ActorUser {
			ids = append(ids, r.Transition.ActorID)
		}
	}
	return slices.DeleteFunc(ids, func(id string) bool { return id == "" })
}

// People returns accounts by id; what is none is left out.
func (s *Service) People(ctx context.Context, ids ...string) (out map[string]errata.Person, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		out, err = tx.People(ctx, ids)
		return err
	})
	return out, err
}

// Assignable lists the people who can have issues of a service: active accounts
// that can read them, by name. Errors: not_found for a service that the reader
// may not see.
func (s *Service) Assignable(ctx context.Context, who errata.Actor, projectID string) (out []errata.Person, err error) {
	if s.Decide(who, errata.IssueRead, projectID) != nil {
		return nil, notFound("service")
	}
	var all []errata.Account
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		all, err = tx.Accounts(ctx)
		return err
	})
	for _, a := range all {
		reads := s.Decide(errata.Actor{Kind: errata.ActorUser, ID: a.ID, Active: true}, errata.IssueRead, projectID) == nil
		if a.State == errata.UserActive && reads {
			out = append(out, errata.Person{ID: a.ID, Name: a.Name, Login: a.Login})
		}
	}
	slices.SortFunc(out, func(a, b errata.Person) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return out, err
}
