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

// AuditHead returns the seq of the newest row of a stream, 0 = it has none.
// Rows get their seq one after the other, so no row below it comes later.
func (tx *Tx) AuditHead(ctx context.Context, stream errata.Stream) (seq int64, err error) {
	_, err = tx.row(ctx, `SELECT seq FROM audit_head WHERE stream = $1`, []any{string(stream)}, &seq)
	return seq, err
}

// CountAudit counts the rows that match, up to most of them.
func (tx *Tx) CountAudit(ctx context.Context, f AuditQuery, most int) (n int64, err error) {
	q := &query{}
	q.text(`SELECT count(*) FROM (SELECT 1 FROM audit WHERE `)
	if !f.where(q) {
		return 0, nil
	}
	q.text(` LIMIT `, q.arg(most), `) AS matching`)
	err = tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error { return r.Scan(&n) })
	return n, err
}
