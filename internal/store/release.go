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
	err = tx.rows(ctx, releaseRows+`project_id = $1 ORDER BY first_seen DESC, id DESC LIMIT $2`, []any{projectID, limit}, func(r scanner) error {
		x, err := scanRelease(r)
		out = append(out, x)
		return err
	})
	return out, err
}

// ReleaseRange bounds releases: by their numbers, ends included and pre-releases
// of them too, or by when they were first seen, µs. A nil or zero bound is open.
type ReleaseRange struct {
	From, To         *errata.Semver // nil on both sides: any version, also one without numbers
	Package          string         // with numbers: only of this package; "" = of any
	SeenFrom, SeenTo int64          // [SeenFrom, SeenTo]
}

// ReleasesIn returns releases of a range, newest first sight first, at most limit.
func (tx *Tx) ReleasesIn(ctx context.Context, s Scope, r ReleaseRange, limit int) ([]errata.Release, error) {
	var q query
	q.text(releaseRows)
	q.projects(s)
	if r.From != nil || r.To != nil {
		q.text(` AND semver_major IS NOT NULL`)
	}
	for _, bound := range []struct {
		v  *errata.Semver
		op string
	}{{r.From, `>=`}, {r.To, `<=`}} {
		if bound.v != nil {
			q.text(` AND (semver_major, semver_minor, semver_patch) `, bound.op,
				` (`, q.arg(bound.v.Major), `, `, q.arg(bound.v.Minor), `, `, q.arg(bound.v.Patch), `)`)
		}
	}
	if r.Package != "" {
		q.text(` AND package = `, q.arg(r.Package))
	}
	if r.SeenFrom != 0 {
		q.text(` AND first_seen >= `, q.arg(r.SeenFrom))
	}
	if r.SeenTo != 0 {
		q.text(` AND first_seen <= `, q.arg(r.SeenTo))
	}
	q.text(` ORDER BY first_seen DESC, id DESC LIMIT `, q.arg(limit))
	return tx.releases(ctx, q)
}

// ReleasesNamed returns the releases of a version as it was sent.
func (tx *Tx) ReleasesNamed(ctx context.Context, s Scope, version string) ([]errata.Release, error) {
	var q query
	q.text(releaseRows)
	q.projects(s)
	q.text(` AND version = `, q.arg(version))
	return tx.releases(ctx, q)
}

// LatestReleases returns the release of each project that was first seen last.
func (tx *Tx) LatestReleases(ctx context.Context, s Scope) ([]errata.Release, error) {
	var q query
	q.text(releaseRows)
	q.projects(s)
	q.text(` AND id = (SELECT n.id FROM release n WHERE n.project_id = release.project_id ORDER BY n.first_seen DESC, n.id DESC LIMIT 1)`)
	return tx.releases(ctx, q)
}

// ReleaseNames returns the versions of the projects, at most limit.
func (tx *Tx) ReleaseNames(ctx context.Context, s Scope, limit int) (out []string, err error) {
	var q query
	q.text(`SELECT DISTINCT version FROM release WHERE `)
	q.projects(s)
	q.text(` LIMIT `, q.arg(limit))
	err = tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
		var name string
		err := r.Scan(&name)
		out = append(out, name)
		return err
	})
	return out, err
}

const releaseRows = `SELECT id, project_id, version, package, semver_major, COALESCE(semver_minor, 0), COALESCE(semver_patch, 0),
	COALESCE(semver_pre, ''), first_seen FROM release WHERE `

func (tx *Tx) releases(ctx context.Context, q query) (out []errata.Release, err error) {
	err = tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
		x, err := scanRelease(r)
		out = append(out, x)
		return err
	})
	return out, err
}

func scanRelease(r scanner) (errata.Release, error) {
	var x errata.Release
	var v errata.Semver
	var major *int64
	err := r.Scan(&x.ID, &x.ProjectID, &x.Version, &x.Package, &major, &v.Minor, &v.Patch, &v.Pre, &x.FirstSeen)
	if major != nil {
		v.Major, x.Semver = *major, &v
	}
	return x, err
}
