package store

import (
	"context"
)

// DeadLetter is an event that could not be stored. Times are µs.
type DeadLetter struct {
	ID, ProjectID, EventID string
	Reason                 string // poison, mapping, attempts
	Error                  string // at most 300 characters
	Tries                  int64
	SQLApplied             bool // counted already: a retry must not count it again
	State                  LetterState
	Payload                []byte // the redacted event, zstd
	FirstAt, LastAt        int64
}

// LetterState is what became of a dead letter.
type LetterState string

// LetterParked is the state of a letter that waits.
const LetterParked LetterState = "parked"

// maxLetterError bounds DeadLetter.Error, in characters.
const maxLetterError = 300

// ParkLetter keeps an event that cannot be stored, and says whether it is new
// here. One that is known is parked again: tries add up, and the mark that SQL
// counted it stays.
func (tx *Tx) ParkLetter(ctx context.Context, l DeadLetter) (fresh bool, err error) {
	if r := []rune(l.Error); len(r) > maxLetterError {
		l.Error = string(r[:maxLetterError])
	}
	n, err := tx.change(ctx, `INSERT INTO dead_letter (id, project_id, event_id, reason, error, tries, sql_applied, state, payload, first_at, last_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'parked', $8, $9, $10) ON CONFLICT (project_id, event_id) DO NOTHING`,
		l.ID, l.ProjectID, l.EventID, l.Reason, l.Error, l.Tries, l.SQLApplied, l.Payload, l.FirstAt, l.LastAt)
	if err != nil || n == 1 {
		return n == 1, err
	}
	_, err = tx.change(ctx, `UPDATE dead_letter SET reason = $3, error = $4, tries = tries + $5, sql_applied = (sql_applied OR $6), state = 'parked',
		payload = $7, last_at = $8, closed_at = NULL, closed_by = NULL WHERE project_id = $1 AND event_id = $2`,
		l.ProjectID, l.EventID, l.Reason, l.Error, l.Tries, l.SQLApplied, l.Payload, l.LastAt)
	return false, err
}

// LetterFilter selects dead letters; empty fields do not filter.
type LetterFilter struct {
	ProjectID string
	Reason    string
	After     LetterCursor // the last letter of the page before
	Size      int
}

// LetterCursor is a place in the list of dead letters.
type LetterCursor struct {
	LastAt int64
	ID     string
}

const letterColumns = `id, project_id, event_id, reason, error, tries, sql_applied, state, first_at, last_at`

func scanLetter(r scanner, more ...any) (l DeadLetter, err error) {
	err = r.Scan(append([]any{&l.ID, &l.ProjectID, &l.EventID, &l.Reason, &l.Error, &l.Tries, &l.SQLApplied, &l.State, &l.FirstAt, &l.LastAt},
		more...)...)
	return l, err
}

// Letters returns parked letters without their payload, newest first.
func (tx *Tx) Letters(ctx context.Context, f LetterFilter) (out []DeadLetter, err error) {
	var q query
	q.text(`SELECT `, letterColumns, ` FROM dead_letter WHERE state = 'parked'`)
	if f.ProjectID != "" {
		q.text(` AND project_id = `, q.arg(f.ProjectID))
	}
	if f.Reason != "" {
		q.text(` AND reason = `, q.arg(f.Reason))
	}
	if f.After != (LetterCursor{}) {
		q.text(` AND (last_at, id) < (`, q.arg(f.After.LastAt), `, `, q.arg(f.After.ID), `)`)
	}
	q.text(` ORDER BY last_at DESC, id DESC LIMIT `, q.arg(f.Size))
	err = tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
		l, err := scanLetter(r)
		out = append(out, l)
		return err
	})
	return out, err
}

// Letter returns one letter with its payload; not_found.
func (tx *Tx) Letter(ctx context.Context, id string) (l DeadLetter, err error) {
	var payload []byte
	found := false
	err = tx.rows(ctx, `SELECT `+letterColumns+`, payload FROM dead_letter WHERE id = $1`, []any{id}, func(r scanner) (err error) {
		found = true
		l, err = scanLetter(r, &payload)
		return err
	})
	if err == nil && !found {
		err = notFound("dead letter")
	}
	l.Payload = payload
	return l, err
}

// LetterCount is a number of parked letters.
type LetterCount struct {
	ProjectID, Reason string
	Letters           int64
}

// CountLetters counts parked letters by project and reason.
func (tx *Tx) CountLetters(ctx context.Context) (out []LetterCount, err error) {
	err = tx.rows(ctx, `SELECT project_id, reason, COUNT(*) FROM dead_letter WHERE state = 'parked' GROUP BY project_id, reason
		ORDER BY project_id, reason`, nil, func(r scanner) error {
		var c LetterCount
		err := r.Scan(&c.ProjectID, &c.Reason, &c.Letters)
		out = append(out, c)
		return err
	})
	return out, err
}
