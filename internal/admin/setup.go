package admin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"strings"
	"unicode"
	"unicode/utf8"

	"errata/internal/auth"
	"errata/internal/errata"
	"errata/internal/store"
)

// setupLife is how long the one-time link of a start works.
const setupLife = 60 * minute

// sealedSecret is the place of the key of user hashes.
const sealedSecret = "installation.user_secret"

// Start is what the program needs to know of its installation.
type Start struct {
	ID     string
	Secret []byte // key of the user hashes
}

// Prepare makes the installation's row at first start and opens the key of
// user hashes. engine names the event store ("elastic" or "embedded:<id>"); a
// process with another one is refused.
func (s *Service) Prepare(ctx context.Context, engine string) (Start, error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh)
	sealed, err := s.Master.Seal(sealedSecret, fresh)
	if err != nil {
		return Start{}, err
	}
	id := auth.NewSecret(16)
	var in store.Installation
	err = s.inTx(ctx, func(tx *store.Tx) (err error) {
		tx.System("start")
		_, err = tx.CreateInstallation(ctx, store.Installation{ID: id, Engine: engine, UserSecret: sealed, CreatedAt: s.now()})
		if err != nil {
			return err
		}
		if in, _, err = tx.Installation(ctx); err != nil {
			return err
		}
		return ofEngine(tx.CheckEngine(ctx, engine))
	})
	if err != nil {
		return Start{}, err
	}
	secret, err := s.Master.Open(sealedSecret, in.UserSecret)
	if err != nil {
		return Start{}, errata.Because(errata.Conflict, "The master key does not open this installation.", err,
			errata.Detail{Reason: "master_key", Message: "Another master key was used when the installation was made."})
	}
	return Start{ID: in.ID, Secret: secret}, nil
}

// ofEngine gives the refusal of an event engine its reason.
func ofEngine(err error) error {
	if errata.CodeOf(err) != errata.Conflict {
		return err
	}
	return errata.Because(errata.Conflict, errata.MessageOf(err), err, errata.Detail{Reason: "event_engine", Message: errata.MessageOf(err)})
}

// OfferSetup makes a new one-time token for the first administrator, "" when
// set-up is done. Tokens of earlier starts work no more.
func (s *Service) OfferSetup(ctx context.Context) (token string, err error) {
	open, err := s.SetupOpen(ctx)
	if err != nil || !open {
		return "", err
	}
	token = auth.NewSecret(16)
	return token, s.inTx(ctx, func(tx *store.Tx) error {
		tx.System("start")
		return tx.OfferSetup(ctx, auth.TokenHash(token), s.now()+setupLife)
	})
}

// SetupOpen says whether first-run set-up is still to be done.
func (s *Service) SetupOpen(ctx context.Context) (open bool, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		in, _, err := tx.Installation(ctx)
		open = in.SetupDone == 0
		return err
	})
	return open, err
}

// CheckSetupToken refuses any but the token of the newest start, within its hour.
func (s *Service) CheckSetupToken(ctx context.Context, token string) error {
	return s.Store.View(ctx, func(tx *store.Tx) error {
		in, _, err := tx.Installation(ctx)
		if err != nil {
			return err
		}
		return s.checkSetup(in, token)
	})
}

func (s *Service) checkSetup(in store.Installation, token string) error {
	switch {
	case in.SetupDone != 0:
		return errata.E(errata.NotFound, "Set-up is finished.", nil)
	case subtle.ConstantTimeCompare([]byte(auth.TokenHash(token)), []byte(in.SetupHash)) != 1 || s.now() > in.SetupUntil:
		return errata.Because(errata.Forbidden, "This set-up link is not valid any more. Restart Errata to get a new one.", nil,
			errata.Detail{Reason: "token_invalid", Message: "The link works once, for an hour after the start."})
	}
	return nil
}

// AdminForm is the first administrator.
type AdminForm struct{ Token, Org, Email, Name, Password string }

// CreateAdmin makes the first administrator and ends the use of the set-up
// link, with all rights everywhere. A command (actor of kind system) needs no token.
func (s *Service) CreateAdmin(ctx context.Context, who errata.Actor, f AdminForm) (errata.Account, error) {
	acc, err := s.newAccount(ctx, f.Email, f.Name, f.Password)
	if err != nil {
		return acc, err
	}
	err = s.inTx(ctx, func(tx *store.Tx) error {
		in, _, err := tx.Installation(ctx)
		if err != nil {
			return err
		}
		if err := s.maySetUp(ctx, tx, in, who, f.Token); err != nil {
			return err
		}
		if acc, err = tx.CreateAccount(ctx, acc); err != nil {
			return err
		}
		tx.Record(who, errata.SetUp, errata.On("", "user", acc.ID))
		if _, err := tx.AddPolicy(ctx, errata.Grant{UserID: acc.ID, Role: errata.RoleAdmin}.Line()); err != nil {
			return err
		}
		return tx.FinishSetup(ctx, strings.TrimSpace(f.Org), s.now())
	})
	if err == nil {
		s.readOrg(ctx)
	}
	return acc, err
}

func (s *Service) maySetUp(ctx context.Context, tx *store.Tx, in store.Installation, who errata.Actor, token string) error {
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
	if !isAddress(email) {
		wrong = append(wrong, field("email", "address", "Write an e-mail address, like name@example.com."))
	}
	wrong = append(wrong, checkName(name)...)
	if err := auth.CheckPassword(password, email, name); err != nil {
		wrong = append(wrong, errata.DetailsOf(err)...)
	}
	if err := invalid(wrong); err != nil {
		return errata.Account{}, err
	}
	hash, err := s.Passwords.Hash(ctx, password)
	return errata.Account{
		ID: newID(), Email: email, Login: login(email), Name: name, PasswordHash: hash,
		State: errata.UserActive, Zone: "UTC", CreatedAt: s.now(),
	}, err
}

// checkName says what is wrong with a person's name. Characters that are not
// seen would let one name look like another.
func checkName(name string) []errata.Detail {
	switch {
	case name == "" || len([]rune(name)) > 100:
		return []errata.Detail{field("name", "length", "Write a name of 1 to 100 characters.")}
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unseen):
		return []errata.Detail{field("name", "format", "A name is one line without characters that cannot be seen.")}
	}
	return nil
}

// unseen are control and formatting characters, but the two joiners that some
// scripts are written with.
func unseen(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) && r != '\u200c' && r != '\u200d'
}

// login keeps of an address what may stand behind an @.
func login(address string) string {
	local, _, _ := strings.Cut(address, "@")
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-' {
			return r
		}
		return '-'
	}, local)
}
