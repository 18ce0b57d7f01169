package store

import (
	"context"

	"errata/internal/errata"
)

// CreateResolution adds a resolution.
func (tx *Tx) CreateResolution(ctx context.Context, r errata.Resolution) error {
	_, err := tx.change(ctx, `INSERT INTO issue_resolution (id, issue_id, kind, cause, resolved_at, grace_us, note_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		r.ID, r.IssueID, r.Kind, string(r.Cause), r.ResolvedAt, r.Grace, null(r.NoteID))
	return err
}

// ResolutionByID returns a resolution; not_found.
func (tx *Tx) ResolutionByID(ctx context.Context, id string) (r errata.Resolution, err error) {
	found, err := tx.row(ctx, `SELECT id, issue_id, kind, cause, resolved_at, grace_us, note_id FROM issue_resolution WHERE id = $1`,
		[]any{id}, &r.ID, &r.IssueID, &r.Kind, (*string)(&r.Cause), &r.ResolvedAt, &r.Grace, zero(&r.NoteID))
	if err == nil && !found {
		err = notFound("resolution")
	}
	return r, err
}
