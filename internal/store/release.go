package store

import (
	"cmp"
	"context"
	"slices"

	"errata/internal/errata"
)

var insertReleases = bulk{
	head:  `INSERT INTO release (id, project_id, version, package, semver_major, semver_minor, semver_patch, semver_pre, first_seen) VALUES `,
	width: 9, tail: ` ON CONFLICT (project_id, version) DO UPDATE SET first_seen = excluded.first_seen WHERE excluded.first_seen < release.first_seen`,
}

// SeeReleases adds releases on first sight; an earlier event moves first_seen
// of a known one back. Versions must differ per project; the id of a known
// release is left alone.
func (tx *Tx) SeeReleases(ctx context.Context, seen []errata.Release) error {
	seen = slices.SortedFunc(slices.Values(seen), func(a, b errata.Release) int {
		return cmp.Or(cmp.Compare(a.ProjectID, b.ProjectID), cmp.Compare(a.Version, b.Version))
	})
	return tx.changeBulk(ctx, &insertReleases, len(seen), nil, func(args []any, i int) []any {
		r := &seen[i]
		args = append(args, r.ID, r.ProjectID, r.Version, r.Package)
		if v := r.Semver; v != nil {
			args = append(args, v.Major, v.Minor, v.Patch, v.Pre)
		} else {
			args = append(args, nil, nil, nil, nil)
		}
		return append(args, r.FirstSeen)
	})
}

// Releases returns the releases of a project, newest first sight first, at most
// limit.
func (tx *Tx) Releases(ctx context.Context, projectID string, limit int) (out []errata.Release, err error) {
	err = tx.rows(ctx, `SELECT id, project_id, version, package, semver_major, COALESCE(semver_minor, 0), COALESCE(semver_patch, 0),
			COALESCE(semver_pre, ''), first_seen
		FROM release WHERE project_id = $1 ORDER BY first_seen DESC, id DESC LIMIT $2`, []any{projectID, limit}, func(r scanner) error {
		var x errata.Release
		var v errata.Semver
		var major *int64
		err := r.Scan(&x.ID, &x.ProjectID, &x.Version, &x.Package, &major, &v.Minor, &v.Patch, &v.Pre, &x.FirstSeen)
		if major != nil {
			v.Major, x.Semver = *major, &v
		}
		out = append(out, x)
		return err
	})
	return out, err
}
