package admin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"strings"

	"errata/internal/auth"
	"errata/internal/errata"
	"errata/internal/store"
)

// setupLife is how long the one-time link of a start works.
const setupLife = 60 * minute

// sealedSecret is the place of the key of user hashes.
const sealedSecret = "installation.user_secret"

// Prepare makes the installation's row at first start and opens the key of
// user hashes. engine names the event store ("elastic" or "embedded:<id>"); a
// process with another one is refused. "" leaves it open: commands do not know.
// It returns the secret and, while nobody has set the installation up, a
// one-time token for the first administrator ("" when token is not wanted).
func (s *Service) Prepare(ctx context.Context, engine string, wantToken bool) (secret []byte, token string, err error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh)
	sealed, err := s.Master.Seal(sealedSecret, fresh)
	if err != nil {
		return nil, "", err
	}
	token = auth.NewSecret(16)
	var in errata.Installation
	err = s.inTx(ctx, func(tx *store.Tx) error {
		tx.System("start")
		if err := tx.CreateInstallation(ctx, errata.Installation{ID: auth.NewSecret(16), Engine: engine, UserSecret: sealed, CreatedAt: s.now()}); err != nil {
			return err
		}
		if in, err = tx.Installation(ctx); err != nil {
			return err
		}
		if err := s.claimEngine(ctx, tx, &in, engine); err != nil {
			return err
		}
		if !wantToken || in.SetupDoneAt != 0 {
			return nil
		}
		return tx.SetSetupToken(ctx, auth.TokenHash(token), s.now()+setupLife)
	})
	if err != nil {
		return nil, "", err
	}
	if !wantToken || in.SetupDoneAt != 0 {
		token = ""
	}
	secret, err = s.Master.Open(sealedSecret, in.UserSecret)
	if err != nil {
		return nil, "", fmt.Errorf("the master key does not open this installation: %w", err)
	}
	return secret, token, nil
}

func (s *Service) claimEngine(ctx context.Context, tx *store.Tx, in *errata.Installation, engine string) error {
	switch {
	case engine == "" || in.Engine == engine:
		return nil
	case in.Engine == "":
		in.Engine = engine
		return tx.SetEngine(ctx, engine)
	}
	return errata.E(errata.Conflict, fmt.Sprintf("this installation keeps its events in %q, not in %q; see docs/operate.md", in.Engine, engine), nil)
}

// SetupOpen says whether first-run set-up is still to be done.
func (s *Service) SetupOpen(ctx context.Context) (open bool, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		in, err := tx.Installation(ctx)
		open = in.SetupDoneAt == 0
		return err
	})
	return open, err
}

// CheckSetupToken refuses any but the token of the newest start, within its hour.
func (s *Service) CheckSetupToken(ctx context.Context, token string) error {
	return s.Store.View(ctx, func(tx *store.Tx) error {
		in, err := tx.Installation(ctx)
		if err != nil {
			return err
		}
		return s.checkSetup(in, token)
	})
}

func (s *Service) checkSetup(in errata.Installation, token string) error {
	switch {
	case in.SetupDoneAt != 0:
		return errata.E(errata.NotFound, "Set-up is finished.", nil)
	case subtle.ConstantTimeCompare([]byte(auth.TokenHash(token)), []byte(in.SetupHash)) != 1 || s.now() > in.SetupUntil:
		return errata.Because(errata.Forbidden, "This set-up link is not valid any more. Restart Errata to get a new one.", nil,
			errata.Detail{Reason: "token_invalid", Message: "The link works once, for an hour after the start."})
	}
	return nil
}

// AdminForm is the first administrator.
type AdminForm struct{ Token, Email, Name, Password string }

// CreateAdmin makes the first administrator and ends the use of the set-up
// link. A command (actor of kind system) needs no token.
func (s *Service) CreateAdmin(ctx context.Context, who errata.Actor, f AdminForm) (errata.Account, error) {
	acc, err := s.newAccount(ctx, f.Email, f.Name, f.Password)
	if err != nil {
		return acc, err
	}
	err = s.inTx(ctx, func(tx *store.Tx) error {
		tx.System("setup")
		in, err := tx.Installation(ctx)
		if err != nil {
			return err
		}
		if err := s.maySetUp(ctx, tx, in, who, f.Token); err != nil {
			return err
		}
		if err := tx.CreateAccount(ctx, acc); err != nil {
			return err
		}
		return tx.FinishSetup(ctx, s.now())
	})
	return acc, err
}

func (s *Service) maySetUp(ctx context.Context, tx *store.Tx, in errata.Installation, who errata.Actor, token string) error {
	n, err := tx.CountAccounts(ctx)
	if err != nil {
		return err
	}
	if n > 0 {
		return errata.E(errata.Conflict, "There is an administrator already.", nil)
	}
	if who.Kind == errata.ActorSystem {
		return nil
	}
	return s.checkSetup(in, token)
}

func (s *Service) newAccount(ctx context.Context, email, name, password string) (errata.Account, error) {
	email, name = strings.ToLower(strings.TrimSpace(email)), strings.TrimSpace(name)
	var wrong []errata.Detail
	local, domain, ok := strings.Cut(email, "@")
	if !ok || local == "" || !strings.Contains(domain, ".") && domain != "localhost" || len(email) > 254 || strings.ContainsAny(email, " \t\r\n<>,") {
		wrong = append(wrong, field("email", "address", "Write an e-mail address, like name@example.com."))
	}
	if name == "" || len([]rune(name)) > 100 {
		wrong = append(wrong, field("name", "length", "Write a name of 1 to 100 characters."))
	}
	if err := auth.CheckPassword(password, email, name); err != nil {
		wrong = append(wrong, errata.DetailsOf(err)...)
	}
	if err := invalid(wrong); err != nil {
		return errata.Account{}, err
	}
	hash, err := s.Passwords.Hash(ctx, password)
	return errata.Account{ID: newID(), Email: email, Login: login(local), Name: name, PasswordHash: hash,
		State: errata.UserActive, Zone: "UTC", CreatedAt: s.now()}, err
}

// login keeps of an address what may stand behind an @.
func login(local string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-' {
			return r
		}
		return '-'
	}, local)
}
