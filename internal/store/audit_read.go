package store

import (
	"context"

	"errata/internal/errata"
)

// AuditRow returns one row; not_found.
func (tx *Tx) AuditRow(ctx context.Context, stream errata.Stream, seq int64) (row errata.AuditRow, err error) {
	found := false
	err = tx.rows(ctx, `SELECT `+auditColumns+` FROM audit WHERE stream = $1 AND seq = $2`, []any{string(stream), seq}, func(r scanner) (err error) {
		found = true
		row, err = scanAudit(r)
		return err
	})
	if err == nil && !found {
		err = notFound("row")
	}
	return row, err
}
