package app

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"errata/internal/admin"
	"errata/internal/errata"
)

// UserForm is what `web user create` is told.
type UserForm struct{ Email, Name, Role, Project, PasswordFile string }

// UserCreate makes an account with a role; without a password an invitation.
func (c Command) UserCreate(ctx context.Context, in UserForm) error {
	f := admin.UserForm{Email: in.Email, Name: in.Name, Role: errata.Role(in.Role), Service: in.Project}
	var err error
	if in.PasswordFile != "" {
		if f.Password, err = readPassword(in.PasswordFile); err != nil {
			return err
		}
	}
	return c.with(ctx, "user create", func(a *admin.Service) error {
		if in.PasswordFile == "" {
			return c.invite(ctx, a, f)
		}
		acc, err := a.CreateUser(ctx, commandActor, f)
		if err != nil {
			return err
		}
		return c.print(map[string]string{"id": acc.ID, "email": acc.Email, "role": in.Role}, "Account "+acc.Email+" made. Sign in at "+c.Config.URL+"/login")
	})
}

func (c Command) invite(ctx context.Context, a *admin.Service, f admin.UserForm) error {
	g, err := a.Grant(ctx, f)
	if err != nil {
		return err
	}
	in, err := a.Invite(ctx, commandActor, admin.InviteForm{Email: f.Email, Grants: []errata.Grant{g}})
	if err != nil {
		return err
	}
	until := errata.FromMicros(in.ExpiresAt).Format(time.RFC3339)
	return c.print(map[string]string{"email": in.Email, "role": string(g.Role), "link": in.Link, "expires_at": until},
		in.Link, "The link makes one account and works until "+until+".")
}

// AuditVerify recomputes the chain of the audit and fails when it is broken.
func (c Command) AuditVerify(ctx context.Context) error {
	return c.with(ctx, "audit verify", func(a *admin.Service) error {
		v, err := a.VerifyAudit(ctx, commandActor)
		if err != nil {
			return err
		}
		if v.Why != "" {
			message := fmt.Sprintf("The audit is broken at row %d: %s.", v.Broken, v.Why)
			return errata.Because(errata.Conflict, message, nil, errata.Detail{Reason: "audit_broken", Message: message, Data: map[string]any{"row": v.Broken}})
		}
		rows := strconv.FormatInt(v.Rows, 10)
		return c.print(map[string]string{"rows": rows, "head": v.Head}, "The audit is whole: "+rows+" rows, the last with hash "+v.Head+".")
	})
}
