package store

import (
	"context"
	"strconv"

	"errata/internal/errata"
)

const accountColumns = `id, email, login, name, password_hash, state, zone, login_failures, login_after, created_at, seen_at, disabled_at`

func scanAccount(r scanner) (a errata.Account, err error) {
	err = r.Scan(&a.ID, &a.Email, &a.Login, &a.Name, zero(&a.PasswordHash), &a.State, &a.Zone, &a.LoginFailures, zero(&a.LoginAfter),
		&a.CreatedAt, zero(&a.SeenAt), zero(&a.DisabledAt))
	return a, err
}

// maxLogins bounds the search for a free login.
const maxLogins = 1000

// CreateAccount adds an account with id, email (folded), login, name, state and
// created_at set. A login that is taken gets a number. It returns the account
// as written; conflict (email_taken) when the address has one.
func (tx *Tx) CreateAccount(ctx context.Context, a errata.Account) (errata.Account, error) {
	if a.Zone == "" {
		a.Zone = "UTC"
	}
	if _, taken, err := tx.findAccount(ctx, "email", a.Email); err != nil || taken {
		if err == nil {
			err = conflict(ReasonEmailTaken, "email", "There is an account with this e-mail address.")
		}
		return a, err
	}
	for base, n := a.Login, 1; n <= maxLogins; n++ {
		if n > 1 {
			a.Login = base + strconv.Itoa(n)
		}
		done, err := tx.change(ctx, `INSERT INTO app_user (id, email, login, name, password_hash, state, zone, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (login) DO NOTHING`,
			a.ID, a.Email, a.Login, a.Name, null(a.PasswordHash), string(a.State), a.Zone, a.CreatedAt)
		if err != nil || done == 1 {
			return a, err
		}
	}
	return a, errata.E(errata.Conflict, "No login is free for this name.", nil)
}

func (tx *Tx) findAccount(ctx context.Context, column, value string) (a errata.Account, found bool, err error) {
	err = tx.rows(ctx, `SELECT `+accountColumns+` FROM app_user WHERE `+column+` = $1`, []any{value}, func(r scanner) (err error) {
		found = true
		a, err = scanAccount(r)
		return err
	})
	return a, found, err
}

// AccountByEmail returns the account with the folded address; not_found.
func (tx *Tx) AccountByEmail(ctx context.Context, email string) (errata.Account, error) {
	return tx.oneAccount(ctx, "email", email)
}

// AccountByID returns an account; not_found.
func (tx *Tx) AccountByID(ctx context.Context, id string) (errata.Account, error) {
	return tx.oneAccount(ctx, "id", id)
}

func (tx *Tx) oneAccount(ctx context.Context, column, value string) (errata.Account, error) {
	a, found, err := tx.findAccount(ctx, column, value)
	if err == nil && !found {
		err = notFound("account")
	}
	return a, err
}

// Accounts returns all accounts in order of creation.
func (tx *Tx) Accounts(ctx context.Context) (out []errata.Account, err error) {
	err = tx.rows(ctx, `SELECT `+accountColumns+` FROM app_user ORDER BY created_at, id`, nil, func(r scanner) error {
		a, err := scanAccount(r)
		out = append(out, a)
		return err
	})
	return out, err
}

// CountAccounts returns how many accounts may sign in.
func (tx *Tx) CountAccounts(ctx context.Context) (n int64, err error) {
	_, err = tx.row(ctx, `SELECT COUNT(*) FROM app_user WHERE state = 'active'`, nil, &n)
	return n, err
}

// LoginFailed counts a wrong password and forbids the next try before after
// (µs, 0 = at once). It returns the failures in a row.
func (tx *Tx) LoginFailed(ctx context.Context, id string, after int64) (failures int64, err error) {
	err = tx.changeRows(ctx, `UPDATE app_user SET login_failures = login_failures + 1, login_after = $2 WHERE id = $1 RETURNING login_failures`,
		[]any{id, nullInt(after)}, func(r scanner) error { return r.Scan(&failures) })
	return failures, err
}

// LoginSucceeded forgets the failures and notes the visit.
func (tx *Tx) LoginSucceeded(ctx context.Context, id string, at int64) error {
	_, err := tx.change(ctx, `UPDATE app_user SET login_failures = 0, login_after = NULL, seen_at = $2 WHERE id = $1`, id, at)
	return err
}

// SetPassword replaces the hash; not_found.
func (tx *Tx) SetPassword(ctx context.Context, id, hash string) error {
	n, err := tx.change(ctx, `UPDATE app_user SET password_hash = $2, login_failures = 0, login_after = NULL WHERE id = $1`, id, hash)
	if err == nil && n == 0 {
		return notFound("account")
	}
	return err
}

// SetAccountState disables an account (at is when, µs) or makes it active
// again, and says whether it was in another state before.
func (tx *Tx) SetAccountState(ctx context.Context, id string, state errata.UserState, at int64) (bool, error) {
	if state == errata.UserActive {
		at = 0
	}
	n, err := tx.change(ctx, `UPDATE app_user SET state = $2, disabled_at = $3 WHERE id = $1 AND state <> $2`, id, string(state), nullInt(at))
	return n == 1, err
}

// SetProfile changes what people choose themselves; not_found.
func (tx *Tx) SetProfile(ctx context.Context, id, name, zone string) error {
	n, err := tx.change(ctx, `UPDATE app_user SET name = $2, zone = $3 WHERE id = $1`, id, name, zone)
	if err == nil && n == 0 {
		return notFound("account")
	}
	return err
}

// AssignedIssues returns the newest unresolved issues of a person in the scope,
// and how many there are. Only what a line of text needs is filled: id, project,
// number, title, severity, status, last seen.
func (tx *Tx) AssignedIssues(ctx context.Context, userID string, scope Scope, size int) (out []errata.Issue, total int64, err error) {
	if !scope.All && len(scope.Projects) == 0 {
		return nil, 0, nil
	}
	q := &query{}
	q.text(`SELECT id, project_id, number, title, severity, status, last_seen, COUNT(*) OVER () FROM issue
		WHERE assignee_id = `, q.arg(userID), ` AND status IN ('open', 'acknowledged', 'snoozed')`)
	if !scope.All {
		q.text(` AND project_id IN (`, q.list(scope.Projects), `)`)
	}
	q.text(` ORDER BY rank DESC, last_seen DESC, id DESC LIMIT `, q.arg(size))
	err = tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
		var i errata.Issue
		err := r.Scan(&i.ID, &i.ProjectID, &i.Number, &i.Title, &i.Severity, &i.Status, &i.LastSeen, &total)
		out = append(out, i)
		return err
	})
	return out, total, err
}
