package triage

import (
	"context"
	"regexp"
	"strings"
	"unicode/utf8"

	"errata/internal/errata"
	"errata/internal/store"
)

// Comment writes a comment. Its author watches the issue from now on, and so do
// those it mentions as @login, if they can see the issue.
func (s *Service) Comment(ctx context.Context, who errata.Actor, id, body string) (errata.IssueNote, error) {
	body, wrong := checkComment(body)
	var ids store.IDs
	note := errata.IssueNote{ID: ids.Next(), Kind: errata.NoteComment, AuthorID: who.ID, At: s.Clock().UnixMicro(), Body: body}
	err := s.Store.InTx(ctx, func(tx *store.Tx) error {
		c, err := s.comments(ctx, tx, who, id, note.ID)
		if err != nil {
			return err
		}
		if wrong != nil {
			return wrong
		}
		note.IssueID = c.issue.ID
		if err := tx.CreateNote(ctx, note); err != nil {
			return err
		}
		if who.Human() {
			if err := tx.AddWatch(ctx, c.issue.ID, who.ID, store.WatchCommented, note.At); err != nil {
				return err
			}
		}
		return s.mention(c, note)
	})
	if err != nil {
		return errata.IssueNote{}, err
	}
	return note, nil
}

// comments opens an issue for comments, with the audit line of this one.
func (s *Service) comments(ctx context.Context, tx *store.Tx, who errata.Actor, id, noteID string) (*scene, error) {
	c, err := s.open(ctx, tx, who, id)
	if err != nil {
		return nil, err
	}
	line, err := tx.Permit(who, errata.IssueComment, c.resource())
	if err != nil {
		return nil, err
	}
	line.Detail("note", noteID)
	return c, nil
}

func checkComment(body string) (string, error) {
	body = clean(body)
	switch {
	case body == "":
		return "", refuse("body", errata.ReasonEmpty, "Write something.")
	case utf8.RuneCountInString(body) > errata.MaxNote:
		return "", refuse("body", errata.ReasonLong, "A comment has at most 20,000 characters.")
	}
	return body, nil
}

// mentioned is @login at the start of a word.
var mentioned = regexp.MustCompile(`(?:^|[^\w@.-])@([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)`)

// maxMentions bounds how many people one comment calls.
const maxMentions = 50

func (s *Service) mention(c *scene, note errata.IssueNote) error {
	var logins []string
	for _, m := range mentioned.FindAllStringSubmatch(strings.ToLower(note.Body), maxMentions) {
		logins = append(logins, m[1])
	}
	if len(logins) == 0 {
		return nil
	}
	accounts, err := c.tx.AccountsByLogin(c.ctx, logins)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if !s.mayRead(a, c.issue.ProjectID) {
			continue
		}
		if err := c.tx.AddWatch(c.ctx, c.issue.ID, a.ID, store.WatchMentioned, note.At); err != nil {
			return err
		}
	}
	return nil
}

// EditComment replaces the text of a comment of one's own.
func (s *Service) EditComment(ctx context.Context, who errata.Actor, id, noteID, body string) error {
	body, wrong := checkComment(body)
	at := s.Clock().UnixMicro()
	return s.own(ctx, who, id, noteID, func(c *scene, n errata.IssueNote) error {
		if wrong != nil {
			return wrong
		}
		if err := c.tx.EditNote(ctx, n.ID, body, at); err != nil {
			return err
		}
		n.Body, n.At = body, at
		return s.mention(c, n)
	})
}

// DeleteComment empties a comment of one's own. That there was one stays
// visible.
func (s *Service) DeleteComment(ctx context.Context, who errata.Actor, id, noteID string) error {
	at := s.Clock().UnixMicro()
	return s.own(ctx, who, id, noteID, func(c *scene, n errata.IssueNote) error { return c.tx.DeleteNote(ctx, n.ID, at) })
}

// own changes a comment of the actor. A comment of somebody else is refused,
// one that is deleted is not found.
func (s *Service) own(ctx context.Context, who errata.Actor, id, noteID string, do func(*scene, errata.IssueNote) error) error {
	return s.Store.InTx(ctx, func(tx *store.Tx) error {
		c, err := s.comments(ctx, tx, who, id, noteID)
		if err != nil {
			return err
		}
		n, err := tx.NoteByID(ctx, c.issue.ID, noteID)
		switch {
		case err != nil:
			return err
		case n.Kind != errata.NoteComment || n.Ended != 0:
			return errata.E(errata.NotFound, "There is no such comment.", nil)
		case n.AuthorID != who.ID:
			return errata.Because(errata.Forbidden, "Only its author can change a comment.", nil,
				errata.Detail{Reason: "act.not_yours", Message: "Only its author can change a comment."})
		}
		return do(c, n)
	})
}

// Watch makes the actor a watcher of the issue, or none.
func (s *Service) Watch(ctx context.Context, who errata.Actor, id string, on bool) error {
	at := s.Clock().UnixMicro()
	return s.Store.InTx(ctx, func(tx *store.Tx) error {
		c, err := s.open(ctx, tx, who, id)
		if err != nil {
			return err
		}
		line, err := tx.Permit(who, errata.IssueWatch, c.resource())
		if err != nil {
			return err
		}
		line.Detail("on", on)
		return tx.SetWatch(ctx, c.issue.ID, who.ID, on, at)
	})
}
