package store

import (
	"context"
	"encoding/json"
	"fmt"

	"errata/internal/errata"
)

const viewColumns = `id, slug, owner_id, visibility, page, title, query, params, position, version, created_at, updated_at, team_id`

func scanView(r scanner) (v errata.SavedView, err error) {
	var params string
	if err := r.Scan(&v.ID, &v.Slug, &v.OwnerID, (*string)(&v.Visibility), &v.Page, &v.Title, &v.Query, &params, &v.Position, &v.Version, &v.CreatedAt, &v.UpdatedAt, zero(&v.TeamID)); err != nil {
		return v, err
	}
	if err := json.Unmarshal([]byte(params), &v.Params); err != nil {
		return v, fmt.Errorf("params of view %s: %w", v.ID, err)
	}
	return v, nil
}

func (tx *Tx) views(ctx context.Context, text string, args ...any) (out []errata.SavedView, err error) {
	err = tx.rows(ctx, text, args, func(r scanner) error {
		v, err := scanView(r)
		out = append(out, v)
		return err
	})
	return out, err
}

// CreateView adds a saved view with id, slug, owner, times and version set.
func (tx *Tx) CreateView(ctx context.Context, v errata.SavedView) error {
	params, err := viewParams(v)
	if err != nil {
		return err
	}
	_, err = tx.change(ctx, `INSERT INTO saved_view (`+viewColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		v.ID, v.Slug, v.OwnerID, string(v.Visibility), v.Page, v.Title, v.Query, params, v.Position, v.Version, v.CreatedAt, v.UpdatedAt, null(v.TeamID))
	return err
}

func viewParams(v errata.SavedView) (string, error) {
	if len(v.Params) == 0 {
		return "{}", nil
	}
	text, err := json.Marshal(v.Params)
	return string(text), err
}

// UpdateView writes title, query, params and visibility of a view whose version
// is still v.Version, and says whether it was.
func (tx *Tx) UpdateView(ctx context.Context, v errata.SavedView) (bool, error) {
	params, err := viewParams(v)
	if err != nil {
		return false, err
	}
	n, err := tx.change(ctx, `UPDATE saved_view SET title = $3, query = $4, params = $5, visibility = $6, team_id = $8, updated_at = $7, version = version + 1
		WHERE id = $1 AND version = $2`, v.ID, v.Version, v.Title, v.Query, params, string(v.Visibility), v.UpdatedAt, null(v.TeamID))
	return n == 1, err
}

// DeleteView removes a view.
func (tx *Tx) DeleteView(ctx context.Context, id string) error {
	_, err := tx.change(ctx, `DELETE FROM saved_view WHERE id = $1`, id)
	return err
}

// ViewBySlug returns a view, whoever may see it; not_found.
func (tx *Tx) ViewBySlug(ctx context.Context, slug string) (errata.SavedView, error) {
	all, err := tx.views(ctx, `SELECT `+viewColumns+` FROM saved_view WHERE slug = $1`, slug)
	if err == nil && len(all) == 0 {
		err = notFound("view")
	}
	if err != nil {
		return errata.SavedView{}, err
	}
	return all[0], nil
}

// maxSavedViews bounds how many views one reader is shown.
const maxSavedViews = 500

// ViewsFor returns the views of a person, those of the teams that they are in and
// those of everybody, by position and title.
func (tx *Tx) ViewsFor(ctx context.Context, userID string) ([]errata.SavedView, error) {
	return tx.views(ctx, `SELECT `+viewColumns+` FROM saved_view WHERE owner_id = $1 OR visibility = 'all'
			OR team_id IN (SELECT team_id FROM team_member WHERE user_id = $1)
		ORDER BY position, title, id LIMIT $2`, userID, maxSavedViews)
}

// CountViews returns how many views somebody has saved.
func (tx *Tx) CountViews(ctx context.Context, ownerID string) (n int64, err error) {
	_, err = tx.row(ctx, `SELECT COUNT(*) FROM saved_view WHERE owner_id = $1`, []any{ownerID}, &n)
	return n, err
}

// Preferences returns what somebody prefers, as JSON; not_found.
func (tx *Tx) Preferences(ctx context.Context, userID string) (prefs string, err error) {
	found, err := tx.row(ctx, `SELECT prefs FROM app_user WHERE id = $1`, []any{userID}, &prefs)
	if err == nil && !found {
		err = notFound("account")
	}
	return prefs, err
}

// SetPreferences replaces what somebody prefers.
func (tx *Tx) SetPreferences(ctx context.Context, userID, prefs string) error {
	_, err := tx.change(ctx, `UPDATE app_user SET prefs = $2 WHERE id = $1`, userID, prefs)
	return err
}
