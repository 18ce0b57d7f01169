package store

import (
	"context"

	"errata/internal/errata"
)

// ReleaseSeen returns when a project first saw a release, and the release it
// saw first just before; 0 and "" when there is none.
func (tx *Tx) ReleaseSeen(ctx context.Context, projectID, version string) (at int64, before errata.Release, err error) {
	err = tx.rows(ctx, `SELECT first_seen FROM release WHERE project_id = $1 AND version = $2`, []any{projectID, version}, func(r scanner) error {
		return r.Scan(&at)
	})
	if err != nil || at == 0 {
		return at, before, err
	}
	err = tx.rows(ctx, `SELECT version, first_seen FROM release WHERE project_id = $1 AND first_seen < $2 ORDER BY first_seen DESC, id DESC LIMIT 1`,
		[]any{projectID, at}, func(r scanner) error { return r.Scan(&before.Version, &before.FirstSeen) })
	return at, before, err
}
