package admin

import (
	"context"
	"log/slog"
	"strings"

	"errata/internal/auth"
	"errata/internal/errata"
	"errata/internal/notify/email"
	"errata/internal/store"
)

// inviteLife is how long the link of an invitation works.
const inviteLife = 7 * day

// keepInvites is how long an expired invitation is remembered.
const keepInvites = 30 * day

// Mailer sends mail.
type Mailer interface {
	Send(ctx context.Context, m email.Message) error
}

// InviteForm asks somebody to make an account, with roles in projects ("" =
// everywhere).
type InviteForm struct {
	Email  string
	Grants []errata.Grant
}

// Invited is an invitation that was just made. Link is shown this once only.
type Invited struct {
	errata.Invite
	Link    string
	Mailed  bool
	MailErr error // why it could not be mailed; nil also without a mail server
}

// Invite makes an invitation, and mails it where a mail server is set. An
// earlier one to the same address ends. Errors: invalid; conflict (email_taken).
func (s *Service) Invite(ctx context.Context, who errata.Actor, f InviteForm) (Invited, error) {
	f.Email = strings.ToLower(strings.TrimSpace(f.Email))
	if err := checkInvite(f); err != nil {
		return Invited{}, err
	}
	return s.invite(ctx, who, func(*store.Tx) (InviteForm, error) { return f, nil })
}

// RenewInvite makes a new link of an invitation that nobody has used; the old
// one ends. Errors: not_found; conflict (invite_used, email_taken).
func (s *Service) RenewInvite(ctx context.Context, who errata.Actor, id string) (Invited, error) {
	return s.invite(ctx, who, func(tx *store.Tx) (InviteForm, error) {
		old, err := tx.Invite(ctx, id)
		if err == nil && old.UsedAt != 0 {
			err = inviteUsed()
		}
		return InviteForm{Email: old.Email, Grants: old.Grants}, err
	})
}

// invite writes and mails the invitation that form asks for.
func (s *Service) invite(ctx context.Context, who errata.Actor, form func(*store.Tx) (InviteForm, error)) (Invited, error) {
	token := auth.NewSecret(32)
	now := s.now()
	out := Invited{Link: s.URL + "/invite/" + token, Invite: errata.Invite{
		ID: auth.TokenHash(token), CreatedAt: now, CreatedBy: who.ID, ExpiresAt: now + inviteLife,
	}}
	err := s.inTx(ctx, func(tx *store.Tx) error {
		line, err := tx.Permit(who, errata.UserManage, inviteResource(out.ID))
		if err != nil {
			return err
		}
		f, err := form(tx)
		if err != nil {
			return err
		}
		if err := addressFree(ctx, tx, f.Email); err != nil {
			return err
		}
		for _, g := range f.Grants {
			if err := projectThere(ctx, tx, g.Project); err != nil {
				return err
			}
		}
		out.Email, out.Grants = f.Email, f.Grants
		line.Detail("roles", rolesOf(f.Grants))
		return tx.CreateInvite(ctx, out.Invite)
	})
	if err != nil {
		return Invited{}, err
	}
	s.mailInvite(ctx, who, &out)
	return out, nil
}

// rolesOf writes grants for the audit: "responder 42/*".
func rolesOf(all []errata.Grant) []string {
	out := []string{}
	for _, g := range all {
		out = append(out, string(g.Role)+" "+g.Line().V2)
	}
	return out
}

// inviteResource names an invitation in the audit; a part of its hash will do.
func inviteResource(id string) errata.Resource { return errata.On("", "invite", id[:min(len(id), 16)]) }

func checkInvite(f InviteForm) error {
	var wrong []errata.Detail
	if !isAddress(f.Email) {
		wrong = append(wrong, field("email", "address", "Write an e-mail address, like name@example.com."))
	}
	if len(f.Grants) == 0 {
		wrong = append(wrong, field("role", "required", "Choose a role: without one there is nothing to see."))
	}
	for _, g := range f.Grants {
		wrong = append(wrong, checkGrant(g)...)
	}
	return invalid(wrong)
}

// isAddress says whether the text is one plain e-mail address.
func isAddress(s string) bool {
	a, err := email.Address(s)
	if err != nil || a.Address != s {
		return false
	}
	_, domain, _ := strings.Cut(s, "@")
	return strings.Contains(domain, ".") || domain == "localhost"
}

func addressFree(ctx context.Context, tx *store.Tx, address string) error {
	acc, err := tx.AccountByEmail(ctx, address)
	switch {
	case errata.CodeOf(err) == errata.NotFound:
		return nil
	case err != nil:
		return err
	}
	const message = "There is an account with this e-mail address."
	return errata.Because(errata.Conflict, message, nil, errata.Detail{
		Reason: store.ReasonEmailTaken, Field: "email", Message: message, Data: map[string]any{"user": acc.ID},
	})
}

// mailInvite sends the link. A failure is told to who invites, who can then
// pass the link on by hand.
func (s *Service) mailInvite(ctx context.Context, who errata.Actor, out *Invited) {
	if s.Mail == nil {
		return
	}
	out.MailErr = s.Mail.Send(ctx, s.inviteMail(who, *out))
	out.Mailed = out.MailErr == nil
	if !out.Mailed {
		s.Log.WarnContext(ctx, "invitation not mailed", slog.Any("error", out.MailErr))
	}
}

func (s *Service) inviteMail(who errata.Actor, in Invited) email.Message {
	from, at := "An administrator", "Errata"
	if who.Name != "" && who.Kind == errata.ActorUser {
		from = who.Name
	}
	if org := s.Org(); org != "" {
		at = "Errata at " + org
	}
	return email.Message{
		To: in.Email, Subject: from + " invites you to " + at,
		Text: from + " invites you to " + at + ", where errors of programs are collected and answered.\n\n" +
			"Choose your name and a password here:\n\n" + in.Link + "\n\n" +
			"The link works once, until " + errata.FromMicros(in.ExpiresAt).Format("2 January 2006, 15:04 MST") + ".\n" +
			"If you do not know what this is about, leave it: nothing happens.\n",
	}
}

// WithdrawInvite ends an invitation that nobody has used; not_found.
func (s *Service) WithdrawInvite(ctx context.Context, who errata.Actor, id string) error {
	return s.inTx(ctx, func(tx *store.Tx) error {
		line, err := tx.Permit(who, errata.UserManage, inviteResource(id))
		if err != nil {
			return err
		}
		line.Detail("withdrawn", true)
		return tx.WithdrawInvite(ctx, id)
	})
}

// Invitation is what a person sees who follows the link of one.
type Invitation struct {
	errata.Invite
	By       string                    // name of who invites, "" = unknown
	Projects map[string]errata.Project // those of the grants, by id
}

// Invitation reads the invitation of a link. Errors: not_found
// (invite_unknown); conflict (invite_used, invite_expired).
func (s *Service) Invitation(ctx context.Context, token string) (out Invitation, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		out = Invitation{Projects: map[string]errata.Project{}}
		if out.Invite, err = s.openInvite(ctx, tx, token); err != nil {
			return err
		}
		for _, g := range out.Grants {
			p, err := tx.ProjectByID(ctx, g.Project)
			if err == nil {
				out.Projects[p.ID] = p
			} else if errata.CodeOf(err) != errata.NotFound {
				return err
			}
		}
		by, err := tx.AccountByID(ctx, out.CreatedBy)
		if errata.CodeOf(err) == errata.NotFound { // made on the command line
			return nil
		}
		out.By = by.Name
		return err
	})
	return out, err
}

func (s *Service) openInvite(ctx context.Context, tx *store.Tx, token string) (errata.Invite, error) {
	i, err := tx.Invite(ctx, auth.TokenHash(token))
	switch {
	case errata.CodeOf(err) == errata.NotFound:
		return i, inviteRefused(errata.NotFound, "invite_unknown", "This invitation does not exist. Perhaps a newer one has replaced it, or the link was copied in part.")
	case err != nil:
		return i, err
	case i.UsedAt != 0:
		return i, inviteUsed()
	case i.ExpiresAt <= s.now():
		return i, inviteRefused(errata.Conflict, "invite_expired", "This invitation has expired. Ask for a new one.")
	}
	return i, nil
}

func inviteRefused(code errata.Code, reason, message string) error {
	return errata.Because(code, message, nil, errata.Detail{Reason: reason, Message: message})
}

func inviteUsed() error {
	return inviteRefused(errata.Conflict, "invite_used", "This invitation has been accepted already.")
}

// AcceptForm is what an invited person chooses.
type AcceptForm struct{ Token, Name, Password string }

// AcceptInvite makes the account, writes its roles and uses the invitation up.
// from is the browser, with address and request id. Errors: as Invitation;
// invalid; conflict (email_taken).
func (s *Service) AcceptInvite(ctx context.Context, from errata.Actor, f AcceptForm) (errata.Account, error) {
	in, err := s.Invitation(ctx, f.Token)
	if err != nil {
		return errata.Account{}, err
	}
	acc, err := s.newAccount(ctx, in.Email, f.Name, f.Password)
	if err != nil {
		return acc, err
	}
	err = s.inTx(ctx, func(tx *store.Tx) error {
		in, err := s.openInvite(ctx, tx, f.Token)
		if err != nil {
			return err
		}
		line := tx.Record(by(acc, from), errata.JoinTeam, errata.On("", "user", acc.ID))
		first, err := tx.UseInvite(ctx, in.ID, acc.ID, s.now()) // before all else: two who click at once meet here
		if err == nil && !first {
			err = inviteUsed()
		}
		if err != nil {
			return err
		}
		if acc, err = tx.CreateAccount(ctx, acc); err != nil {
			return err
		}
		line.Detail("invited_by", in.CreatedBy)
		return writeGrants(ctx, tx, line, acc.ID, in.Grants)
	})
	return acc, err
}

// writeGrants gives a new account the roles of its invitation, but those on
// services that have gone.
func writeGrants(ctx context.Context, tx *store.Tx, line *store.Line, user string, grants []errata.Grant) error {
	var written []errata.Grant
	for _, g := range grants {
		if err := projectThere(ctx, tx, g.Project); errata.CodeOf(err) == errata.Invalid {
			continue
		} else if err != nil {
			return err
		}
		g.UserID = user
		if _, err := tx.AddPolicy(ctx, g.Line()); err != nil {
			return err
		}
		written = append(written, g)
	}
	line.Detail("roles", rolesOf(written))
	return nil
}
