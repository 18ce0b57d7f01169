package admin

import (
	"context"

	"errata/internal/errata"
	"errata/internal/store"
)

// UserForm asks for an account with a role: on the service of a slug, or
// everywhere ("").
type UserForm struct {
	Email, Name, Password string
	Role                  errata.Role
	Service               string
}

// Grant is the role that the form asks for, of no account yet. Error: invalid
// for a service that does not exist.
func (s *Service) Grant(ctx context.Context, f UserForm) (g errata.Grant, err error) {
	g.Role = f.Role
	if f.Service == "" {
		return g, invalid(checkGrant(g))
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		p, err := tx.ProjectBySlug(ctx, f.Service)
		g.Project = p.ID
		return err
	})
	if errata.CodeOf(err) == errata.NotFound {
		return g, invalid([]errata.Detail{field("project", "unknown", "There is no service “"+clip(f.Service, 100)+"”.")})
	} else if err != nil {
		return g, err
	}
	return g, invalid(checkGrant(g))
}

// CreateUser makes an account that can sign in at once. Errors: invalid;
// conflict (email_taken).
func (s *Service) CreateUser(ctx context.Context, who errata.Actor, f UserForm) (errata.Account, error) {
	g, err := s.Grant(ctx, f)
	if err != nil {
		return errata.Account{}, err
	}
	acc, err := s.newAccount(ctx, f.Email, f.Name, f.Password)
	if err != nil {
		return acc, err
	}
	err = s.inTx(ctx, func(tx *store.Tx) error {
		line, err := tx.Permit(who, errata.UserManage, errata.On("", "user", acc.ID))
		if err != nil {
			return err
		}
		made, err := tx.CreateAccount(ctx, acc)
		if err != nil {
			return err
		}
		g.UserID = made.ID
		line.Detail("roles", rolesOf([]errata.Grant{g}))
		_, err = tx.AddPolicy(ctx, g.Line())
		return err
	})
	return acc, err
}
