package store

import (
	"context"
	"encoding/json"
	"fmt"

	"errata/internal/errata"
)

const inviteColumns = `hash, email, grants, created_at, created_by, expires_at, used_at`

// inviteGrant is a grant as an invitation keeps it.
type inviteGrant struct {
	Role    errata.Role `json:"role"`
	Project string      `json:"project,omitempty"`
}

func scanInvite(r scanner) (i errata.Invite, err error) {
	var grants string
	if err := r.Scan(&i.ID, zero(&i.Email), &grants, &i.CreatedAt, &i.CreatedBy, &i.ExpiresAt, zero(&i.UsedAt)); err != nil {
		return i, err
	}
	var all []inviteGrant
	if err := json.Unmarshal([]byte(grants), &all); err != nil {
		return i, fmt.Errorf("grants of invitation %s: %w", i.ID, err)
	}
	for _, g := range all {
		i.Grants = append(i.Grants, errata.Grant{Role: g.Role, Project: g.Project})
	}
	return i, nil
}

// CreateInvite adds an invitation. Earlier ones to the same address that nobody
// has used end.
func (tx *Tx) CreateInvite(ctx context.Context, i errata.Invite) error {
	grants := []inviteGrant{}
	for _, g := range i.Grants {
		grants = append(grants, inviteGrant{g.Role, g.Project})
	}
	text, err := json.Marshal(grants)
	if err != nil {
		return err
	}
	if _, err := tx.change(ctx, `DELETE FROM auth_token WHERE kind = 'invite' AND email = $1 AND used_at IS NULL`, i.Email); err != nil {
		return err
	}
	_, err = tx.change(ctx, `INSERT INTO auth_token (hash, kind, email, grants, created_at, created_by, expires_at) VALUES ($1, 'invite', $2, $3, $4, $5, $6)`,
		i.ID, i.Email, string(text), i.CreatedAt, i.CreatedBy, i.ExpiresAt)
	return err
}

// Invite returns an invitation, used and expired ones included; not_found.
func (tx *Tx) Invite(ctx context.Context, id string) (errata.Invite, error) {
	all, err := tx.invites(ctx, `SELECT `+inviteColumns+` FROM auth_token WHERE hash = $1 AND kind = 'invite'`, id)
	if err == nil && len(all) == 0 {
		err = notFound("invitation")
	}
	if err != nil {
		return errata.Invite{}, err
	}
	return all[0], nil
}

// Invites returns the invitations that nobody has used, expired ones included,
// newest first.
func (tx *Tx) Invites(ctx context.Context) ([]errata.Invite, error) {
	return tx.invites(ctx, `SELECT `+inviteColumns+` FROM auth_token WHERE kind = 'invite' AND used_at IS NULL ORDER BY created_at DESC, hash`)
}

func (tx *Tx) invites(ctx context.Context, text string, args ...any) (out []errata.Invite, err error) {
	err = tx.rows(ctx, text, args, func(r scanner) error {
		i, err := scanInvite(r)
		out = append(out, i)
		return err
	})
	return out, err
}

// UseInvite marks an invitation as used by an account, once: it says whether
// this was the first time.
func (tx *Tx) UseInvite(ctx context.Context, id, userID string, at int64) (bool, error) {
	n, err := tx.change(ctx, `UPDATE auth_token SET used_at = $2, user_id = $3 WHERE hash = $1 AND kind = 'invite' AND used_at IS NULL`, id, at, userID)
	return n == 1, err
}

// WithdrawInvite ends an invitation that nobody has used; not_found.
func (tx *Tx) WithdrawInvite(ctx context.Context, id string) error {
	n, err := tx.change(ctx, `DELETE FROM auth_token WHERE hash = $1 AND kind = 'invite' AND used_at IS NULL`, id)
	if err == nil && n == 0 {
		return notFound("invitation")
	}
	return err
}

// SweepInvites drops links that expired before a time, and returns how many.
func (tx *Tx) SweepInvites(ctx context.Context, before int64) (int64, error) {
	return tx.change(ctx, `DELETE FROM auth_token WHERE expires_at < $1`, before)
}
