package store

import (
	"cmp"
	"context"
	"slices"
)

// FingerprintKey names a group of a project.
type FingerprintKey struct{ ProjectID, Fingerprint string }

func (k FingerprintKey) compare(o FingerprintKey) int {
	return cmp.Or(cmp.Compare(k.ProjectID, o.ProjectID), cmp.Compare(k.Fingerprint, o.Fingerprint))
}

// Fingerprint says which issue a group of events belongs to, and why they were
// grouped (JSON).
type Fingerprint struct {
	FingerprintKey
	IssueID      string
	Version, Why string
	CreatedAt    int64 // µs
}

var issueOfFingerprint = bulk{head: `SELECT project_id, fingerprint, issue_id FROM issue_fingerprint
	WHERE (project_id, fingerprint) IN (VALUES `, width: 2, tail: `)`}

// Fingerprints returns the issue of each fingerprint that has one.
func (tx *Tx) Fingerprints(ctx context.Context, keys []FingerprintKey) (map[FingerprintKey]string, error) {
	keys = slices.SortedFunc(slices.Values(keys), FingerprintKey.compare)
	out := make(map[FingerprintKey]string, len(keys))
	err := tx.bulkRows(ctx, &issueOfFingerprint, len(keys), nil, func(args []any, i int) []any {
		return append(args, keys[i].ProjectID, keys[i].Fingerprint)
	}, func(r scanner) error {
		var k FingerprintKey
		var issue string
		err := r.Scan(&k.ProjectID, &k.Fingerprint, &issue)
		out[k] = issue
		return err
	})
	return out, err
}

var claimFingerprints = bulk{
	head:  `INSERT INTO issue_fingerprint (project_id, fingerprint, issue_id, home_issue_id, version, why, created_at) VALUES `,
	width: 7, tail: ` ON CONFLICT DO NOTHING RETURNING project_id, fingerprint`,
}

// ClaimFingerprints ties fingerprints to issues that are about to be made and
// returns those that were free. The others belong to an issue by now.
func (tx *Tx) ClaimFingerprints(ctx context.Context, claims []Fingerprint) (map[FingerprintKey]bool, error) {
	claims = slices.SortedFunc(slices.Values(claims), func(a, b Fingerprint) int { return a.compare(b.FingerprintKey) })
	won := make(map[FingerprintKey]bool, len(claims))
	err := tx.changeBulkRows(ctx, &claimFingerprints, len(claims), func(args []any, i int) []any {
		c := &claims[i]
		return append(args, c.ProjectID, c.Fingerprint, c.IssueID, c.IssueID, c.Version, c.Why, c.CreatedAt)
	}, func(r scanner) error {
		var k FingerprintKey
		err := r.Scan(&k.ProjectID, &k.Fingerprint)
		won[k] = true
		return err
	})
	return won, err
}

// ReleaseFingerprints gives back claims of this transaction for which no issue
// was made, because another worker had counted all their events.
func (tx *Tx) ReleaseFingerprints(ctx context.Context, keys []FingerprintKey) error {
	for _, k := range slices.SortedFunc(slices.Values(keys), FingerprintKey.compare) {
		if _, err := tx.change(ctx, `DELETE FROM issue_fingerprint WHERE project_id = $1 AND fingerprint = $2`, k.ProjectID, k.Fingerprint); err != nil {
			return err
		}
	}
	return nil
}

// FingerprintsOf returns the fingerprints of an issue, oldest first.
func (tx *Tx) FingerprintsOf(ctx context.Context, issueID string) (out []Fingerprint, err error) {
	err = tx.rows(ctx, `SELECT project_id, fingerprint, issue_id, version, why, created_at FROM issue_fingerprint
		WHERE issue_id = $1 ORDER BY created_at, fingerprint`, []any{issueID}, func(r scanner) error {
		var f Fingerprint
		err := r.Scan(&f.ProjectID, &f.Fingerprint, &f.IssueID, &f.Version, &f.Why, &f.CreatedAt)
		out = append(out, f)
		return err
	})
	return out, err
}
