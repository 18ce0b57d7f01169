package admin

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"errata/internal/auth"
	"errata/internal/errata"
	"errata/internal/store"
)

// Tokens live 90 days when nothing else is asked, and at most a year.
const (
	DefaultTokenLife = 90 * 24 * time.Hour
	MaxTokenLife     = 366 * 24 * time.Hour
)

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// TokenForm asks for a token of an account.
type TokenForm struct {
	Email, Name string
	Actions     []errata.Action
	Life        time.Duration // 0 = DefaultTokenLife
}

// CreateToken makes a token; the returned text is shown this once only.
func (s *Service) CreateToken(ctx context.Context, who errata.Actor, f TokenForm) (token string, row errata.Token, err error) {
	if f.Life == 0 {
		f.Life = DefaultTokenLife
	}
	if err := checkTokenForm(f); err != nil {
		return "", row, err
	}
	acc, err := s.accountByEmail(ctx, strings.ToLower(strings.TrimSpace(f.Email)))
	switch {
	case errata.CodeOf(err) == errata.NotFound:
		return "", row, invalid([]errata.Detail{field("user", "unknown", "There is no account with the address “"+clip(f.Email, 100)+"”.")})
	case err != nil:
		return "", row, err
	case acc.State != errata.UserActive:
		return "", row, invalid([]errata.Detail{field("user", "unknown", "The account “"+clip(f.Email, 100)+"” is not active.")})
	}
	token = auth.NewToken()
	row = errata.Token{
		ID: newID(), Kind: "personal", UserID: acc.ID, Name: f.Name, Hash: auth.TokenHash(token),
		Hint: auth.TokenHint(token), Scopes: errata.TokenScopes{Actions: f.Actions}, CreatedAt: s.now(),
		ExpiresAt: s.now() + f.Life.Microseconds(), CreatedBy: who.ID,
	}
	err = s.inTx(ctx, func(tx *store.Tx) error {
		if _, err := tx.Permit(who, errata.TokenManage, errata.Resource{Name: "token:" + row.ID}); err != nil {
			return err
		}
		return tx.CreateToken(ctx, row)
	})
	return token, row, err
}

func checkTokenForm(f TokenForm) error {
	var wrong []errata.Detail
	if f.Life < time.Minute || f.Life > MaxTokenLife {
		wrong = append(wrong, field("expires", "range", "A token lives at least a minute and at most a year (366d)."))
	}
	if len(f.Actions) == 0 {
		wrong = append(wrong, field("scope", "required", "Name at least one scope, as issue:read."))
	}
	for _, a := range f.Actions {
		if !slices.Contains(errata.Actions, a) {
			wrong = append(wrong, field("scope", "unknown", "“"+clip(string(a), 100)+"” is no scope. Known: "+actionList()+"."))
		}
	}
	return invalid(wrong)
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

func actionList() string {
	var out []string
	for _, a := range errata.Actions {
		out = append(out, string(a))
	}
	return strings.Join(out, ", ")
}

// TokenActor returns who an Authorization header stands for: the owner of the
// token, limited by its scopes.
func (s *Service) TokenActor(ctx context.Context, header string) (errata.Actor, error) {
	raw, err := auth.Bearer(header)
	if err != nil {
		return errata.Actor{}, err
	}
	now := s.now()
	var who errata.Actor
	var t errata.Token
	err = s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if t, err = tx.TokenByHash(ctx, auth.TokenHash(raw)); err != nil {
			return refusedToken(err)
		}
		if t.RevokedAt != 0 || t.ExpiresAt <= now {
			return refusedToken(nil)
		}
		acc, err := tx.AccountByID(ctx, t.UserID)
		if err != nil || acc.State != errata.UserActive {
			return refusedToken(err)
		}
		who = actor(acc, "api")
		who.Scopes = &t.Scopes
		return nil
	})
	if err == nil && t.UsedAt == 0 {
		s.pollPolicy(ctx)
	}
	if err == nil && now-t.UsedAt > minute {
		s.noteUse(ctx, t.ID, now)
	}
	return who, err
}

// noteUse writes down that a token was used. Nothing depends on it, so a
// database that takes no writes does not stop a reader.
func (s *Service) noteUse(ctx context.Context, id string, now int64) {
	err := s.inTx(ctx, func(tx *store.Tx) error {
		tx.System("token")
		return tx.UseToken(ctx, id, now)
	})
	if err != nil {
		s.Log.WarnContext(ctx, "use of a token not noted", slog.Any("error", err))
	}
}

func refusedToken(err error) error {
	if err != nil && errata.CodeOf(err) != errata.NotFound {
		return err
	}
	return errata.Because(errata.Unauthenticated, "This token is unknown, expired or revoked.", nil,
		errata.Detail{Reason: "token", Message: "Make a new one with: web token create."})
}
