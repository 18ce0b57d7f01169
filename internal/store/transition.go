package store

import (
	"context"
	"encoding/json"
	"fmt"

	"errata/internal/errata"
)

const transitionColumns = `id, issue_id, project_id, seq, episode_seq, at, rule, actor_kind, actor_id, via, from_status, to_status, reason,
	detail, note_id, event_id, request_id, job_id, undo_of`

func scanTransition(r scanner) (t errata.Transition, err error) {
	var detail string
	err = r.Scan(&t.ID, &t.IssueID, &t.ProjectID, &t.Seq, &t.EpisodeSeq, &t.At, (*string)(&t.Rule), (*string)(&t.ActorKind), &t.ActorID,
		&t.Via, (*string)(&t.From), (*string)(&t.To), (*string)(&t.Reason), &detail, zero(&t.NoteID), zero(&t.EventID), zero(&t.RequestID),
		zero(&t.JobID), zero(&t.UndoOf))
	if err != nil {
		return t, err
	}
	if detail == "{}" {
		return t, nil
	}
	if err := json.Unmarshal([]byte(detail), &t.Detail); err != nil {
		return t, fmt.Errorf("detail of transition %s: %w", t.ID, err)
	}
	return t, nil
}

// CreateTransition adds a row to the ledger. Its Seq is the version that the
// issue has got by it; conflict when another row made that version.
func (tx *Tx) CreateTransition(ctx context.Context, t errata.Transition) error {
	detail := []byte("{}")
	if len(t.Detail) > 0 {
		var err error
		if detail, err = json.Marshal(t.Detail); err != nil {
			return err
		}
	}
	_, err := tx.change(ctx, `INSERT INTO issue_transition (`+transitionColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		t.ID, t.IssueID, t.ProjectID, t.Seq, t.EpisodeSeq, t.At, string(t.Rule), string(t.ActorKind), t.ActorID, t.Via, string(t.From),
		string(t.To), string(t.Reason), string(detail), null(t.NoteID), null(t.EventID), null(t.RequestID), null(t.JobID), null(t.UndoOf))
	return err
}

// TransitionsOf returns the ledger of an issue, oldest first.
func (tx *Tx) TransitionsOf(ctx context.Context, issueID string) (out []errata.Transition, err error) {
	err = tx.rows(ctx, `SELECT `+transitionColumns+` FROM issue_transition WHERE issue_id = $1 ORDER BY seq`, []any{issueID},
		func(r scanner) error {
			t, err := scanTransition(r)
			out = append(out, t)
			return err
		})
	return out, err
}
