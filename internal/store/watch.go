package store

import "context"

// Why somebody watches an issue.
const (
	WatchManual    = "manual"
	WatchCommented = "commented"
	WatchAssigned  = "assigned"
	WatchMentioned = "mentioned"
	WatchMuted     = "muted" // does not watch, and no comment changes that
)

// AddWatch makes somebody a watcher who has not said otherwise.
func (tx *Tx) AddWatch(ctx context.Context, issueID, userID, why string, at int64) error {
	_, err := tx.change(ctx, `INSERT INTO watch (issue_id, user_id, why, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		issueID, userID, why, at)
	return err
}

// SetWatch writes down what somebody chose: to watch an issue, or not to.
func (tx *Tx) SetWatch(ctx context.Context, issueID, userID string, on bool, at int64) error {
	why := WatchMuted
	if on {
		why = WatchManual
	}
	_, err := tx.change(ctx, `INSERT INTO watch (issue_id, user_id, why, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (issue_id, user_id) DO UPDATE SET why = excluded.why, at = excluded.at`, issueID, userID, why, at)
	return err
}

// Watchers returns who watches an issue, by account id, with why.
func (tx *Tx) Watchers(ctx context.Context, issueID string) (map[string]string, error) {
	out := map[string]string{}
	err := tx.rows(ctx, `SELECT user_id, why FROM watch WHERE issue_id = $1 AND why <> 'muted'`, []any{issueID}, func(r scanner) error {
		var id, why string
		err := r.Scan(&id, &why)
		out[id] = why
		return err
	})
	return out, err
}
