package admin

import (
	"context"
	"slices"
	"strings"
	"time"

	"errata/internal/auth"
	"errata/internal/errata"
	"errata/internal/store"
)

// Own is what a person sees of their own account.
type Own struct {
	errata.Account
	Grants   []errata.Grant
	Teams    []errata.Team
	Projects map[string]errata.Project // that they see, by id
	Tokens   []errata.Token
	Sessions []errata.Session
}

// Own reads the actor's account.
func (s *Service) Own(ctx context.Context, who errata.Actor) (out Own, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		out = Own{}
		acc, err := tx.AccountByID(ctx, who.ID)
		if err != nil {
			return err
		}
		out.Account = public(acc, true)
		if out.Projects, err = s.seen(ctx, tx, who); err != nil {
			return err
		}
		grants, err := tx.GrantsOf(ctx, who.ID)
		if err != nil {
			return err
		}
		out.Grants = seenGrants(grants, who.ID, out.Projects)
		if out.Teams, err = tx.TeamsOf(ctx, who.ID); err != nil {
			return err
		}
		if out.Tokens, err = tx.TokensOf(ctx, who.ID); err != nil {
			return err
		}
		out.Sessions, err = tx.SessionsOf(ctx, who.ID, s.now())
		return err
	})
	return out, err
}

// EditProfile changes the actor's name and time zone.
func (s *Service) EditProfile(ctx context.Context, who errata.Actor, name, zone string) error {
	name, zone = strings.TrimSpace(name), strings.TrimSpace(zone)
	wrong := checkName(name)
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" || zone == "" { // the machine's zone is nobody's
		wrong = append(wrong, field("zone", "zone", "“"+clip(zone, 100)+"” is no time zone. Write one like Europe/Berlin."))
	}
	if err := invalid(wrong); err != nil {
		return err
	}
	return s.inTx(ctx, func(tx *store.Tx) error {
		line := tx.Record(who, errata.EditProfile, errata.On("", "user", who.ID))
		acc, err := tx.AccountByID(ctx, who.ID)
		if err != nil {
			return err
		}
		var fields []string
		if acc.Name != name {
			fields = append(fields, "name")
		}
		if acc.Zone != zone {
			fields = append(fields, "zone")
		}
		if len(fields) == 0 {
			line.Noop()
			return nil
		}
		line.Detail("fields", fields)
		if err := tx.SetProfile(ctx, who.ID, name, zone); err != nil {
			return err
		}
		return tx.RaisePolicy(ctx) // refusals name people who can help
	})
}

// ChangePassword gives the actor's account a new password and signs it out of
// all other browsers. The present one is asked for, and counted when it is
// wrong, as at sign-in. Errors: invalid (current, password.*); slow_down.
func (s *Service) ChangePassword(ctx context.Context, who errata.Actor, current, next string) error {
	acc, err := s.account(ctx, who.ID)
	if err != nil {
		return err
	}
	if wait := time.Duration(acc.LoginAfter-s.now()) * time.Microsecond; wait > 0 {
		return tooSoon(wait)
	}
	ok, _, err := s.Passwords.Matches(ctx, clip(current, 2*auth.MaxPassword), acc.PasswordHash)
	if err != nil {
		return err
	}
	if !ok {
		if err := s.wrongPassword(ctx, who, acc, acc.Email); errata.CodeOf(err) != errata.Unauthenticated {
			return err
		}
		return invalid([]errata.Detail{field("current", "credentials", "This is not your present password.")})
	}
	if err := auth.CheckPassword(next, acc.Email, acc.Name); err != nil {
		return err
	}
	hash, err := s.Passwords.Hash(ctx, next)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(tx *store.Tx) error {
		line := tx.Record(who, errata.SetPassword, errata.On("", "user", who.ID))
		ended, err := tx.EndSessionsOf(ctx, who.ID, who.SessionID)
		if err != nil {
			return err
		}
		line.Detail("sessions", ended)
		return tx.SetPassword(ctx, who.ID, hash)
	})
}

// EndOwnSession signs the actor out of one other browser; not_found.
func (s *Service) EndOwnSession(ctx context.Context, who errata.Actor, id string) error {
	return s.inTx(ctx, func(tx *store.Tx) error {
		tx.Record(who, errata.EndSession, errata.On("", "user", who.ID)).Detail("sessions", 1)
		return tx.EndSession(ctx, id, who.ID)
	})
}

// EndOtherSessions signs the actor out of all browsers but this one, and
// returns of how many.
func (s *Service) EndOtherSessions(ctx context.Context, who errata.Actor) (ended int64, err error) {
	err = s.inTx(ctx, func(tx *store.Tx) error {
		line := tx.Record(who, errata.EndSession, errata.On("", "user", who.ID))
		ended, err = tx.EndSessionsOf(ctx, who.ID, who.SessionID)
		line.Detail("sessions", ended)
		return noop(line, ended > 0, err)
	})
	return ended, err
}

// OwnTokenForm asks for a token of the actor's own account.
type OwnTokenForm struct {
	Name    string
	Actions []errata.Action
	Life    time.Duration // 0 = DefaultTokenLife
}

// CreateOwnToken makes a token that does what its owner may, limited to the
// actions. The returned text is shown this once only.
func (s *Service) CreateOwnToken(ctx context.Context, who errata.Actor, f OwnTokenForm) (token string, row errata.Token, err error) {
	if f.Life == 0 {
		f.Life = DefaultTokenLife
	}
	f.Name = strings.TrimSpace(f.Name)
	wrong := errata.DetailsOf(checkTokenForm(TokenForm{Actions: f.Actions, Life: f.Life}))
	if checkName(f.Name) != nil {
		wrong = append([]errata.Detail{field("name", "length", "Write what the token is for, in 1 to 100 characters.")}, wrong...)
	}
	for _, a := range f.Actions {
		if slices.Contains(errata.Actions, a) && !s.mayByToken(who, a) {
			wrong = append(wrong, field("scope", "not_held", "You do not hold "+string(a)+", or no token can."))
		}
	}
	if err := invalid(wrong); err != nil {
		return "", row, err
	}
	token = auth.NewToken()
	row = errata.Token{
		ID: newID(), Kind: "personal", UserID: who.ID, Name: f.Name, Hash: auth.TokenHash(token), Hint: auth.TokenHint(token),
		Scopes: errata.TokenScopes{Actions: f.Actions}, CreatedAt: s.now(), CreatedBy: who.ID, ExpiresAt: s.now() + f.Life.Microseconds(),
	}
	err = s.inTx(ctx, func(tx *store.Tx) error {
		line, err := tx.Permit(who, errata.TokenOwn, errata.On("", "token", row.ID))
		if err != nil {
			return err
		}
		line.Detail("scopes", f.Actions)
		return tx.CreateToken(ctx, row)
	})
	return token, row, err
}

// mayByToken says whether the actor's token could do the action.
func (s *Service) mayByToken(who errata.Actor, a errata.Action) bool {
	who.Scopes = &errata.TokenScopes{Actions: []errata.Action{a}}
	return s.Decide(who, a, "") == nil
}

// TokenActions returns those of the actions that a token of the actor could do.
func (s *Service) TokenActions(who errata.Actor, of []errata.Action) []errata.Action {
	return slices.DeleteFunc(slices.Clone(of), func(a errata.Action) bool { return !s.mayByToken(who, a) })
}

// RevokeToken ends a token: one's own, or with token:manage anybody's. It
// returns whose it was; not_found.
func (s *Service) RevokeToken(ctx context.Context, who errata.Actor, id string) (owner string, err error) {
	err = s.inTx(ctx, func(tx *store.Tx) error {
		t, err := tx.TokenByID(ctx, id)
		if err != nil {
			return err
		}
		owner = t.UserID
		action := errata.TokenOwn
		if !isSelf(who, owner) {
			action = errata.TokenManage
			if s.Decide(who, action, "") != nil {
				return errata.E(errata.NotFound, "There is no such token.", nil)
			}
		}
		line, err := tx.Permit(who, action, errata.On("", "token", id))
		if err != nil {
			return err
		}
		line.Detail("revoked", true)
		return noop(line, t.RevokedAt == 0, tx.RevokeToken(ctx, id, s.now()))
	})
	return owner, err
}
