package store

import (
	"context"
	"encoding/json"
	"fmt"

	"errata/internal/errata"
)

const tokenColumns = `id, kind, user_id, name, hash, hint, scopes, created_at, created_by, expires_at, used_at, revoked_at` //nolint:gosec // names of columns

func scanToken(r scanner) (t errata.Token, err error) {
	var scopes string
	err = r.Scan(&t.ID, &t.Kind, zero(&t.UserID), &t.Name, &t.Hash, &t.Hint, &scopes, &t.CreatedAt, &t.CreatedBy, &t.ExpiresAt,
		zero(&t.UsedAt), zero(&t.RevokedAt))
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal([]byte(scopes), &t.Scopes); err != nil {
		return t, fmt.Errorf("scopes of token %s: %w", t.ID, err)
	}
	return t, nil
}

// CreateToken adds a token.
func (tx *Tx) CreateToken(ctx context.Context, t errata.Token) error {
	scopes, err := json.Marshal(t.Scopes)
	if err != nil {
		return err
	}
	_, err = tx.change(ctx, `INSERT INTO api_token (id, kind, user_id, name, hash, hint, scopes, created_at, created_by, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		t.ID, t.Kind, null(t.UserID), t.Name, t.Hash, t.Hint, string(scopes), t.CreatedAt, t.CreatedBy, t.ExpiresAt)
	return err
}

// TokenByHash returns a token, expired and revoked ones included; not_found.
func (tx *Tx) TokenByHash(ctx context.Context, hash string) (errata.Token, error) {
	return tx.oneToken(ctx, `SELECT `+tokenColumns+` FROM api_token WHERE hash = $1`, hash)
}

// TokenByID returns a token, expired and revoked ones included; not_found.
func (tx *Tx) TokenByID(ctx context.Context, id string) (errata.Token, error) {
	return tx.oneToken(ctx, `SELECT `+tokenColumns+` FROM api_token WHERE id = $1`, id)
}

func (tx *Tx) oneToken(ctx context.Context, text, value string) (errata.Token, error) {
	all, err := tx.tokens(ctx, text, value)
	if err == nil && len(all) == 0 {
		return errata.Token{}, notFound("token")
	}
	if err != nil {
		return errata.Token{}, err
	}
	return all[0], nil
}

// TokensOf returns the tokens of an account, newest first.
func (tx *Tx) TokensOf(ctx context.Context, userID string) ([]errata.Token, error) {
	return tx.tokens(ctx, `SELECT `+tokenColumns+` FROM api_token WHERE user_id = $1 ORDER BY created_at DESC, id DESC`, userID)
}

func (tx *Tx) tokens(ctx context.Context, text string, args ...any) (out []errata.Token, err error) {
	err = tx.rows(ctx, text, args, func(r scanner) error {
		t, err := scanToken(r)
		out = append(out, t)
		return err
	})
	return out, err
}

// RevokeToken ends a token; not_found. One that is revoked keeps its time.
func (tx *Tx) RevokeToken(ctx context.Context, id string, at int64) error {
	n, err := tx.change(ctx, `UPDATE api_token SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1`, id, at)
	if err == nil && n == 0 {
		return notFound("token")
	}
	return err
}

// UseToken notes that a token was used, at most once a minute.
func (tx *Tx) UseToken(ctx context.Context, id string, at int64) error {
	_, err := tx.change(ctx, `UPDATE api_token SET used_at = $2 WHERE id = $1 AND (used_at IS NULL OR used_at <= $3)`, id, at, at-minute)
	return err
}
