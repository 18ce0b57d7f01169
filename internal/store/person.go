package store

import (
	"context"

	"errata/internal/errata"
)

var peopleByID = bulk{head: `SELECT id, name, login FROM app_user WHERE id IN (`, width: 1, tail: `)`}

// People returns the accounts of ids, by id. Ids that are none are left out.
func (tx *Tx) People(ctx context.Context, ids []string) (map[string]errata.Person, error) {
	ids = sortedUnique(ids)
	out := make(map[string]errata.Person, len(ids))
	err := tx.bulkRows(ctx, &peopleByID, len(ids), nil, func(args []any, i int) []any { return append(args, ids[i]) },
		func(r scanner) error {
			var p errata.Person
			err := r.Scan(&p.ID, &p.Name, &p.Login)
			out[p.ID] = p
			return err
		})
	return out, err
}

var accountsByLogin = bulk{head: `SELECT ` + accountColumns + ` FROM app_user WHERE login IN (`, width: 1, tail: `)`}

// AccountsByLogin returns the accounts of logins. Logins that are none are left
// out.
func (tx *Tx) AccountsByLogin(ctx context.Context, logins []string) (out []errata.Account, err error) {
	logins = sortedUnique(logins)
	err = tx.bulkRows(ctx, &accountsByLogin, len(logins), nil, func(args []any, i int) []any { return append(args, logins[i]) },
		func(r scanner) error {
			a, err := scanAccount(r)
			out = append(out, a)
			return err
		})
	return out, err
}
