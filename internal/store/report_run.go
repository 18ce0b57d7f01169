package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"errata/internal/errata"
)

// reportHead is a run without its document.
const reportHead = `id, kind, title, params, window_from, window_to, tz, as_of, sha256, restates, created_by, created_at`

func reportPlaces(r *errata.ReportRun) []any {
	return []any{
		&r.ID, &r.Kind, &r.Title, &r.Params, &r.From, &r.To, &r.Zone, &r.AsOf, &r.SHA256, zero(&r.Restates), &r.CreatedBy, &r.CreatedAt,
	}
}

// CreateReportRun keeps a finished report with the hash of its document; a run
// never changes.
func (tx *Tx) CreateReportRun(ctx context.Context, r errata.ReportRun) error {
	data, err := json.Marshal(r.Data)
	if err != nil {
		return fmt.Errorf("document of report run %s: %w", r.ID, err)
	}
	_, err = tx.change(ctx, `INSERT INTO report_run (`+reportHead+`, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		r.ID, r.Kind, r.Title, r.Params, r.From, r.To, r.Zone, r.AsOf, hashOf(data), null(r.Restates), r.CreatedBy, r.CreatedAt, string(data))
	return err
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// ReportRun returns a run, whoever may read it; not_found. A document that is
// not the one that was kept is an error.
func (tx *Tx) ReportRun(ctx context.Context, id string) (r errata.ReportRun, err error) {
	var data string
	found, err := tx.row(ctx, `SELECT `+reportHead+`, data FROM report_run WHERE id = $1`, []any{id}, append(reportPlaces(&r), &data)...)
	switch {
	case err != nil:
		return r, err
	case !found:
		return r, notFound("report")
	case hashOf([]byte(data)) != r.SHA256:
		return r, fmt.Errorf("report run %s: its document was changed", id)
	}
	if err := json.Unmarshal([]byte(data), &r.Data); err != nil {
		return r, fmt.Errorf("document of report run %s: %w", id, err)
	}
	return r, nil
}

// ReportPlace is where a page of runs ends. The zero place is before the newest.
type ReportPlace struct {
	AsOf int64
	ID   string
}

// ReportRuns returns runs of a kind behind a place, newest first, without their
// documents.
func (tx *Tx) ReportRuns(ctx context.Context, kind string, after ReportPlace, size int) (out []errata.ReportRun, err error) {
	q := &query{}
	q.text(`SELECT `, reportHead, ` FROM report_run WHERE kind = `, q.arg(kind))
	if after != (ReportPlace{}) {
		q.text(` AND (as_of, id) < (`, q.arg(after.AsOf), `, `, q.arg(after.ID), `)`)
	}
	q.text(` ORDER BY as_of DESC, id DESC LIMIT `, q.arg(size))
	err = tx.rowsOnce(ctx, q.String(), q.args, func(s scanner) error {
		var r errata.ReportRun
		err := s.Scan(reportPlaces(&r)...)
		out = append(out, r)
		return err
	})
	return out, err
}

// LastReportRun returns the id of the latest run of the same kind, window, zone
// and params, "" = there is none.
func (tx *Tx) LastReportRun(ctx context.Context, like errata.ReportRun) (id string, err error) {
	_, err = tx.row(ctx, `SELECT id FROM report_run WHERE kind = $1 AND window_from = $2 AND window_to = $3 AND tz = $4 AND params = $5
		ORDER BY as_of DESC, id DESC LIMIT 1`, []any{like.Kind, like.From, like.To, like.Zone, like.Params}, &id)
	return id, err
}
