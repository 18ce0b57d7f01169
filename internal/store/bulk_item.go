package store

import (
	"context"
	"strconv"
)

// States of an item of a bulk act.
const (
	ItemPending = "pending"
	ItemDone    = "done"
	ItemSame    = "same"    // was so already
	ItemSkipped = "skipped" // not possible, or not allowed
	ItemFailed  = "failed"  // changed by others all the time
)

// BulkItem is one issue of a bulk act, frozen when it was confirmed. Positions
// begin with 1. Note is a sentence, why nothing became of it.
type BulkItem struct {
	Position      int64
	IssueID       string
	State, Note   string
	ProjectID     string // this and the rest where asked for
	Prefix, Title string
	Number        int64
}

var insertBulkItems = bulk{head: `INSERT INTO bulk_item (job_id, position, issue_id, state) VALUES `, width: 4}

// AddBulkItems freezes the issues of a bulk act, in the order given.
func (tx *Tx) AddBulkItems(ctx context.Context, jobID string, issueIDs []string) error {
	return tx.changeBulk(ctx, &insertBulkItems, len(issueIDs), nil, func(args []any, i int) []any {
		return append(args, jobID, int64(i+1), issueIDs[i], ItemPending)
	})
}

// BulkItems returns the items at the positions (after, to].
func (tx *Tx) BulkItems(ctx context.Context, jobID string, after, to int64) (out []BulkItem, err error) {
	err = tx.rows(ctx, `SELECT position, issue_id, state, note FROM bulk_item WHERE job_id = $1 AND position > $2 AND position <= $3 ORDER BY position`,
		[]any{jobID, after, to}, func(r scanner) error {
			var i BulkItem
			err := r.Scan(&i.Position, &i.IssueID, &i.State, &i.Note)
			out = append(out, i)
			return err
		})
	return out, err
}

var setBulkItems = bulk{
	head: `UPDATE bulk_item SET state = $2, note = $3 WHERE job_id = $1 AND position IN (`, tail: `)`, width: 1, fixed: 3,
}

// SetBulkItems notes what became of items: those of one state and note at a
// time.
func (tx *Tx) SetBulkItems(ctx context.Context, jobID string, items []BulkItem) error {
	type fate struct{ state, note string }
	groups := map[fate][]int64{}
	for _, i := range items {
		k := fate{i.State, i.Note}
		groups[k] = append(groups[k], i.Position)
	}
	for k, at := range groups {
		err := tx.changeBulk(ctx, &setBulkItems, len(at), []any{jobID, k.state, k.note}, func(args []any, i int) []any { return append(args, at[i]) })
		if err != nil {
			return err
		}
	}
	return nil
}

// TallyBulk counts the items of a bulk act by state.
func (tx *Tx) TallyBulk(ctx context.Context, jobID string) (map[string]int64, error) {
	out := map[string]int64{}
	err := tx.rows(ctx, `SELECT state, COUNT(*) FROM bulk_item WHERE job_id = $1 GROUP BY state`, []any{jobID}, func(r scanner) error {
		var state string
		var n int64
		err := r.Scan(&state, &n)
		out[state] = n
		return err
	})
	return out, err
}

// UnchangedItems returns the first items of which nothing became, with the
// short id and the title of their issue.
func (tx *Tx) UnchangedItems(ctx context.Context, jobID string, limit int) (out []BulkItem, err error) {
	err = tx.rows(ctx, `SELECT b.position, b.issue_id, b.state, b.note, i.project_id, p.prefix, i.number, i.title
		FROM bulk_item b JOIN issue i ON i.id = b.issue_id JOIN project p ON p.id = i.project_id
		WHERE b.job_id = $1 AND b.state IN ('skipped','failed') ORDER BY b.position LIMIT `+strconv.Itoa(limit),
		[]any{jobID}, func(r scanner) error {
			var i BulkItem
			err := r.Scan(&i.Position, &i.IssueID, &i.State, &i.Note, &i.ProjectID, &i.Prefix, &i.Number, &i.Title)
			out = append(out, i)
			return err
		})
	return out, err
}
