package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"errata/internal/errata"
)

// minute is a minute in µs.
const minute = 60_000_000

const keyColumns = `ingest_key.key, ingest_key.project_id, ingest_key.name, ingest_key.kind, ingest_key.origins, ingest_key.per_minute,
	ingest_key.created_at, ingest_key.created_by, ingest_key.disabled_at, ingest_key.used_at`

// keyRow scans keyColumns; done reads the origins afterwards.
type keyRow struct {
	errata.IngestKey
	origins string
}

func (k *keyRow) dest() []any {
	return []any{
		&k.Key, &k.ProjectID, &k.Name, &k.Kind, &k.origins, zero(&k.PerMinute), &k.CreatedAt, &k.CreatedBy,
		zero(&k.DisabledAt), zero(&k.UsedAt),
	}
}

func (k *keyRow) done() (errata.IngestKey, error) {
	if err := json.Unmarshal([]byte(k.origins), &k.Origins); err != nil {
		return k.IngestKey, fmt.Errorf("origins of an ingest key: %w", err)
	}
	return k.IngestKey, nil
}

// CreateKey adds an ingest key.
func (tx *Tx) CreateKey(ctx context.Context, k errata.IngestKey) error {
	origins, err := json.Marshal(append([]string{}, k.Origins...))
	if err != nil {
		return err
	}
	_, err = tx.change(ctx, `INSERT INTO ingest_key (key, project_id, kind, name, origins, per_minute, created_at, created_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		k.Key, k.ProjectID, string(k.Kind), k.Name, string(origins), nullInt(k.PerMinute), k.CreatedAt, k.CreatedBy)
	return err
}

// IngestKey returns a key, disabled ones included, and its project; not_found.
func (tx *Tx) IngestKey(ctx context.Context, key string) (errata.IngestKey, errata.Project, error) {
	var k keyRow
	var p projectRow
	found, err := tx.row(ctx, `SELECT `+keyColumns+`, `+projectColumns+` FROM ingest_key JOIN project ON project.id = ingest_key.project_id
		WHERE ingest_key.key = $1`, []any{key}, append(k.dest(), p.dest()...)...)
	if err != nil {
		return errata.IngestKey{}, errata.Project{}, err
	}
	if !found {
		return errata.IngestKey{}, errata.Project{}, notFound("key")
	}
	project, err := p.done()
	if err != nil {
		return errata.IngestKey{}, project, err
	}
	ingest, err := k.done()
	return ingest, project, err
}

// KeysOf returns the keys of a project in order of creation.
func (tx *Tx) KeysOf(ctx context.Context, projectID string) (out []errata.IngestKey, err error) {
	err = tx.rows(ctx, `SELECT `+keyColumns+` FROM ingest_key WHERE project_id = $1 ORDER BY created_at, key`, []any{projectID}, func(r scanner) error {
		var row keyRow
		if err := r.Scan(row.dest()...); err != nil {
			return err
		}
		k, err := row.done()
		out = append(out, k)
		return err
	})
	return out, err
}

// DisableKey ends a key; not_found. One that is disabled keeps its time.
func (tx *Tx) DisableKey(ctx context.Context, key string, at int64) error {
	n, err := tx.change(ctx, `UPDATE ingest_key SET disabled_at = COALESCE(disabled_at, $2) WHERE key = $1`, key, at)
	if err == nil && n == 0 {
		return notFound("key")
	}
	return err
}

// UseKeys notes when keys were last used, each at most once a minute.
func (tx *Tx) UseKeys(ctx context.Context, used map[string]int64) error {
	for _, key := range slices.Sorted(maps.Keys(used)) {
		_, err := tx.change(ctx, `UPDATE ingest_key SET used_at = $2 WHERE key = $1 AND (used_at IS NULL OR used_at <= $3)`,
			key, used[key], used[key]-minute)
		if err != nil {
			return err
		}
	}
	return nil
}
