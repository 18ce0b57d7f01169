package find

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/store"
)

// Jumps are where a reader may want to go, by a few letters.
type Jumps struct {
	On       *IssueRow  // the issue that is on the screen
	Issues   []IssueRow // without trends
	Services []errata.Project
	People   []errata.Person
	Views    []ViewRow
}

const (
	maxJumpText   = 200 // characters
	maxJumpTokens = 8
	jumpIssues    = 8
	jumpOthers    = 5
)

// Jump finds issues by id and by words of their titles, services, people and
// saved views; on is the short id of the issue on the screen, "" = none. What
// the reader may not see is not found, and an issue on the screen that they may
// not see is none.
func (s *Service) Jump(ctx context.Context, who errata.Actor, text, on string) (out Jumps, err error) {
	if runes := []rune(text); len(runes) > maxJumpText {
		text = string(runes[:maxJumpText])
	}
	text = strings.TrimSpace(text)
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		out = Jumps{}
		r, err := s.reader(ctx, tx, who, errata.IssueRead)
		if err != nil {
			return err
		}
		if out.On, err = jumpTo(ctx, tx, r, on); err != nil {
			return err
		}
		if text == "" {
			return nil
		}
		if err := out.issues(ctx, tx, r, text); err != nil {
			return err
		}
		out.Services = matchAll(r.services(), text, func(p errata.Project) string { return p.Slug + " " + p.Name })
		if s.Decide(who, errata.UserRead, "") == nil {
			return out.people(ctx, tx, text)
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	views, err := s.SavedViews(ctx, who)
	out.Views = matchAll(views, text, func(v ViewRow) string { return v.Title })
	return out, err
}

// jumpTo reads an issue by its short id; nil for what is no such id, absent or
// not to be seen.
func jumpTo(ctx context.Context, tx *store.Tx, r reader, id string) (*IssueRow, error) {
	prefix, number, ok := errata.ParseShortID(strings.TrimPrefix(id, "#"))
	if !ok {
		return nil, nil //nolint:nilnil // not an id is no mistake
	}
	i, err := tx.IssueByNumber(ctx, prefix, number)
	if errata.CodeOf(err) == errata.NotFound {
		return nil, nil //nolint:nilnil // as above
	}
	p, seen := r.projects[i.ProjectID]
	if err != nil || !seen {
		return nil, err
	}
	return &IssueRow{Issue: i, Project: p}, nil
}

func (j *Jumps) issues(ctx context.Context, tx *store.Tx, r reader, text string) error {
	one, err := jumpTo(ctx, tx, r, text)
	if err != nil {
		return err
	}
	if one != nil {
		j.Issues = append(j.Issues, *one)
	}
	tokens := querylang.Tokens(text)
	rows, err := tx.JumpIssues(ctx, store.Scope{Projects: r.ids()}, tokens[:min(len(tokens), maxJumpTokens)], jumpIssues)
	for _, i := range rows {
		if one == nil || one.Issue.ID != i.ID {
			j.Issues = append(j.Issues, IssueRow{Issue: i, Project: r.projects[i.ProjectID]})
		}
	}
	return err
}

func (j *Jumps) people(ctx context.Context, tx *store.Tx, text string) error {
	all, err := tx.Accounts(ctx)
	if err != nil {
		return err
	}
	var people []errata.Person
	for _, a := range all {
		if a.State == errata.UserActive {
			people = append(people, errata.Person{ID: a.ID, Name: a.Name, Login: a.Login})
		}
	}
	j.People = matchAll(people, text, func(p errata.Person) string { return p.Name + " " + p.Login })
	return nil
}

// services are those that the reader may see, by slug.
func (r reader) services() (out []errata.Project) {
	for _, p := range r.projects {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b errata.Project) int { return cmp.Compare(a.Slug, b.Slug) })
	return out
}

// matchAll keeps the first of those whose name contains every word of the text;
// without a text all of the first are kept.
func matchAll[T any](all []T, text string, name func(T) string) (out []T) {
	words := strings.Fields(querylang.Fold(text))
	for _, x := range all {
		folded := querylang.Fold(name(x))
		if len(out) < jumpOthers && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(folded, w) }) {
			out = append(out, x)
		}
	}
	return out
}
