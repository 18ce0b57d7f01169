package store

import (
	"context"

	"errata/internal/errata"
)

const noteColumns = `id, issue_id, kind, author_id, at, edited_at, deleted_at, body`

func scanNote(r scanner) (n errata.IssueNote, err error) {
	err = r.Scan(&n.ID, &n.IssueID, (*string)(&n.Kind), &n.AuthorID, &n.At, zero(&n.EditedAt), zero(&n.Ended), &n.Body)
	return n, err
}

// CreateNote adds what somebody wrote.
func (tx *Tx) CreateNote(ctx context.Context, n errata.IssueNote) error {
	_, err := tx.change(ctx, `INSERT INTO note (id, issue_id, kind, author_id, at, body) VALUES ($1, $2, $3, $4, $5, $6)`,
		n.ID, n.IssueID, string(n.Kind), n.AuthorID, n.At, n.Body)
	return err
}

// NotesOf returns the comments of an issue and the texts beside its acts,
// oldest first. Deleted ones have an empty body.
func (tx *Tx) NotesOf(ctx context.Context, issueID string) (out []errata.IssueNote, err error) {
	err = tx.rows(ctx, `SELECT `+noteColumns+` FROM note WHERE issue_id = $1 ORDER BY at, id`, []any{issueID}, func(r scanner) error {
		n, err := scanNote(r)
		out = append(out, n)
		return err
	})
	return out, err
}

// NoteByID returns a note of an issue; not_found.
func (tx *Tx) NoteByID(ctx context.Context, issueID, id string) (n errata.IssueNote, err error) {
	found := false
	err = tx.rows(ctx, `SELECT `+noteColumns+` FROM note WHERE id = $1 AND issue_id = $2`, []any{id, issueID}, func(r scanner) (err error) {
		found = true
		n, err = scanNote(r)
		return err
	})
	if err == nil && !found {
		err = notFound("comment")
	}
	return n, err
}

// EditNote replaces the body of a note.
func (tx *Tx) EditNote(ctx context.Context, id, body string, at int64) error {
	_, err := tx.change(ctx, `UPDATE note SET body = $2, edited_at = $3 WHERE id = $1 AND deleted_at IS NULL`, id, body, at)
	return err
}

// DeleteNote empties a note. Its row stays, because the ledger may name it.
func (tx *Tx) DeleteNote(ctx context.Context, id string, at int64) error {
	_, err := tx.change(ctx, `UPDATE note SET body = '', deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL`, id, at)
	return err
}
