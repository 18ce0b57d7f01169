package store

import (
	"context"

	"errata/internal/errata"
)

// Session is a row of the table.
type Session = errata.Session

const sessionColumns = `id, user_id, ip, agent, data, created_at, seen_at, expires_at`

func scanSession(r scanner) (s Session, err error) {
	err = r.Scan(&s.ID, zero(&s.UserID), &s.IP, &s.Agent, &s.Data, &s.CreatedAt, &s.SeenAt, &s.Expires)
	return s, err
}

// FindSession returns a session that has not expired at now.
func (s *Store) FindSession(ctx context.Context, id string, now int64) (found Session, ok bool, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		ok = false
		return tx.rows(ctx, `SELECT `+sessionColumns+` FROM session WHERE id = $1 AND expires_at > $2`, []any{id, now}, func(r scanner) (err error) {
			ok = true
			found, err = scanSession(r)
			return err
		})
	})
	return found, ok, err
}

// SaveSession writes a session, new or known.
func (s *Store) SaveSession(ctx context.Context, row Session) error {
	return s.InTx(ctx, func(tx *Tx) error {
		tx.System("session")
		_, err := tx.change(ctx, `INSERT INTO session (`+sessionColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, ip = excluded.ip, agent = excluded.agent, data = excluded.data,
				seen_at = excluded.seen_at, expires_at = excluded.expires_at`,
			row.ID, null(row.UserID), row.IP, row.Agent, row.Data, row.CreatedAt, row.SeenAt, row.Expires)
		return err
	})
}

// KeepSession writes a session that is still there.
func (s *Store) KeepSession(ctx context.Context, row Session) error {
	return s.InTx(ctx, func(tx *Tx) error {
		tx.System("session")
		_, err := tx.change(ctx, `UPDATE session SET user_id = $2, ip = $3, agent = $4, data = $5, seen_at = $6, expires_at = $7 WHERE id = $1`,
			row.ID, null(row.UserID), row.IP, row.Agent, row.Data, row.SeenAt, row.Expires)
		return err
	})
}

// DeleteSession ends a session; an unknown one is no error.
func (s *Store) DeleteSession(ctx context.Context, id string) error {
	return s.InTx(ctx, func(tx *Tx) error {
		tx.System("session")
		_, err := tx.change(ctx, `DELETE FROM session WHERE id = $1`, id)
		return err
	})
}

// Sessions returns the sessions that have not expired at now, newest use first.
func (tx *Tx) Sessions(ctx context.Context, now int64) ([]Session, error) {
	return tx.sessions(ctx, `SELECT `+sessionColumns+` FROM session WHERE expires_at > $1 ORDER BY seen_at DESC, id`, now)
}

// SessionsOf returns those of one account.
func (tx *Tx) SessionsOf(ctx context.Context, userID string, now int64) ([]Session, error) {
	return tx.sessions(ctx, `SELECT `+sessionColumns+` FROM session WHERE user_id = $2 AND expires_at > $1 ORDER BY seen_at DESC, id`, now, userID)
}

func (tx *Tx) sessions(ctx context.Context, text string, args ...any) (out []Session, err error) {
	err = tx.rows(ctx, text, args, func(r scanner) error {
		s, err := scanSession(r)
		out = append(out, s)
		return err
	})
	return out, err
}

// EndSessionsOf ends the sessions of an account but one ("" = all) and returns
// how many.
func (tx *Tx) EndSessionsOf(ctx context.Context, userID, but string) (int64, error) {
	return tx.change(ctx, `DELETE FROM session WHERE user_id = $1 AND id <> $2`, userID, but)
}

// SessionSum is what the sessions of an account come to: how many, and when one
// was last used, µs.
type SessionSum struct{ Count, Seen int64 }

// SumSessions returns the sessions of each account at now, by id.
func (tx *Tx) SumSessions(ctx context.Context, now int64) (map[string]SessionSum, error) {
	out := map[string]SessionSum{}
	err := tx.rows(ctx, `SELECT user_id, COUNT(*), MAX(seen_at) FROM session WHERE expires_at > $1 AND user_id IS NOT NULL GROUP BY user_id`, []any{now}, func(r scanner) error {
		var id string
		var sum SessionSum
		err := r.Scan(&id, &sum.Count, &sum.Seen)
		out[id] = sum
		return err
	})
	return out, err
}

// EndSession ends one session of an account; not_found.
func (tx *Tx) EndSession(ctx context.Context, id, userID string) error {
	n, err := tx.change(ctx, `DELETE FROM session WHERE id = $1 AND user_id = $2`, id, userID)
	if err == nil && n == 0 {
		return notFound("session")
	}
	return err
}
