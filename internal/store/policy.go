package store

import (
	"context"

	"errata/internal/errata"
)

// PolicyEpoch returns the number that every change of the policy raises.
func (s *Store) PolicyEpoch(ctx context.Context) (n int64, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		_, err := tx.row(ctx, `SELECT n FROM epoch WHERE name = 'policy'`, nil, &n)
		return err
	})
	return n, err
}

// Policy returns all lines and the names that explanations need, of one moment.
func (s *Store) Policy(ctx context.Context) (p errata.Policy, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		p = errata.Policy{Projects: map[string]string{}}
		if _, err := tx.row(ctx, `SELECT n FROM epoch WHERE name = 'policy'`, nil, &p.Epoch); err != nil {
			return err
		}
		if p.Lines, err = tx.policyLines(ctx, `SELECT `+policyColumns+` FROM policy ORDER BY `+policyColumns); err != nil {
			return err
		}
		projects, err := tx.Projects(ctx)
		for _, v := range projects {
			p.Projects[v.ID] = v.Slug
		}
		if err != nil {
			return err
		}
		p.Admins, err = tx.Admins(ctx)
		return err
	})
	return p, err
}

const policyColumns = `ptype, v0, v1, v2, v3`

func (tx *Tx) policyLines(ctx context.Context, text string, args ...any) (out []errata.PolicyLine, err error) {
	err = tx.rows(ctx, text, args, func(r scanner) error {
		var l errata.PolicyLine
		err := r.Scan(&l.Type, &l.V0, &l.V1, &l.V2, &l.V3)
		out = append(out, l)
		return err
	})
	return out, err
}

// Admins returns the active accounts that are administrators everywhere, by
// name.
func (tx *Tx) Admins(ctx context.Context) (out []errata.Person, err error) {
	line := errata.Grant{Role: errata.RoleAdmin}.Line()
	err = tx.rows(ctx, `SELECT u.id, u.name, u.login FROM policy p JOIN app_user u ON p.v0 = 'user:' || u.id
		WHERE p.ptype = 'g' AND p.v1 = $1 AND p.v2 = $2 AND u.state = 'active' ORDER BY u.name, u.id`, []any{line.V1, line.V2},
		func(r scanner) error {
			var p errata.Person
			err := r.Scan(&p.ID, &p.Name, &p.Login)
			out = append(out, p)
			return err
		})
	return out, err
}

// PolicyOf returns the lines of one subject.
func (tx *Tx) PolicyOf(ctx context.Context, subject string) ([]errata.PolicyLine, error) {
	return tx.policyLines(ctx, `SELECT `+policyColumns+` FROM policy WHERE v0 = $1 AND ptype IN ('g', 'p') ORDER BY `+policyColumns, subject)
}

// Grants returns the roles of all accounts.
func (tx *Tx) Grants(ctx context.Context) (out []errata.Grant, err error) {
	lines, err := tx.policyLines(ctx, `SELECT `+policyColumns+` FROM policy WHERE ptype = 'g' ORDER BY `+policyColumns)
	for _, l := range lines {
		if g, ok := errata.GrantOf(l); ok {
			out = append(out, g)
		}
	}
	return out, err
}

// GrantsOf returns the roles of one account.
func (tx *Tx) GrantsOf(ctx context.Context, userID string) (out []errata.Grant, err error) {
	lines, err := tx.PolicyOf(ctx, errata.Subject(userID))
	for _, l := range lines {
		if g, ok := errata.GrantOf(l); ok {
			out = append(out, g)
		}
	}
	return out, err
}

// AddPolicy writes a line and says whether it is new.
func (tx *Tx) AddPolicy(ctx context.Context, l errata.PolicyLine) (bool, error) {
	n, err := tx.change(ctx, `INSERT INTO policy (`+policyColumns+`) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`, l.Type, l.V0, l.V1, l.V2, l.V3)
	if err != nil || n == 0 {
		return false, err
	}
	return true, tx.RaisePolicy(ctx)
}

// RemovePolicy removes a line and says whether there was one.
func (tx *Tx) RemovePolicy(ctx context.Context, l errata.PolicyLine) (bool, error) {
	n, err := tx.change(ctx, `DELETE FROM policy WHERE ptype = $1 AND v0 = $2 AND v1 = $3 AND v2 = $4 AND v3 = $5`, l.Type, l.V0, l.V1, l.V2, l.V3)
	if err != nil || n == 0 {
		return false, err
	}
	return true, tx.RaisePolicy(ctx)
}

// RaisePolicy makes every process read the policy again, this one right after
// COMMIT. Changes of names that refusals tell call it too.
func (tx *Tx) RaisePolicy(ctx context.Context) error {
	tx.act.policy = true
	_, err := tx.change(ctx, `UPDATE epoch SET n = n + 1 WHERE name = 'policy'`)
	return err
}
