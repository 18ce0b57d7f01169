package admin

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"

	"errata/internal/errata"
	"errata/internal/store"
)

// After freeFailures wrong passwords an account waits a second, twice as long
// after each further one, up to maxDelay. Nothing is ever locked for good.
const (
	freeFailures = 5
	maxDelay     = 15 * time.Minute
)

// perNetwork is how many sign-ins a network (/24 or /64) may try per minute.
const perNetwork = 20

// attempts are the sign-ins of the last minutes by network, and the wrong ones
// by address for addresses that no account has: these wait as accounts do.
type attempts struct {
	byNet     *otter.Cache[string, *rate.Limiter]
	strangers *otter.Cache[string, failures]
}

// failures are wrong passwords in a row, and when the next may be tried, µs.
type failures struct{ n, after int64 }

func newAttempts() *attempts {
	return &attempts{
		byNet:     otter.Must(&otter.Options[string, *rate.Limiter]{MaximumSize: 50_000}),
		strangers: otter.Must(&otter.Options[string, failures]{MaximumSize: 50_000}),
	}
}

func (a *attempts) ofStranger(email string) (n, after int64) {
	f, _ := a.strangers.GetIfPresent(email)
	return f.n, f.after
}

func (a *attempts) strangerFailed(email string, n, after int64) {
	if len(email) <= 254 { // longer ones are no addresses
		a.strangers.Set(email, failures{n, after})
	}
}

func (a *attempts) may(ip string, now time.Time) bool {
	l, _ := a.byNet.ComputeIfAbsent(network(ip), func() (*rate.Limiter, bool) {
		return rate.NewLimiter(rate.Limit(perNetwork)/60, perNetwork), false
	})
	return l.AllowN(now, 1)
}

func network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	bits := 64
	if a = a.Unmap(); a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ip
	}
	return p.String()
}

// MayTry says whether a network may try to sign in now. Error: slow_down.
func (s *Service) MayTry(ip string) error {
	if s.attempts.may(ip, s.Clock()) {
		return nil
	}
	return errata.Because(errata.SlowDown, "Too many sign-ins from your network. Wait a minute and try again.", nil,
		errata.Detail{Reason: "rate", Message: "20 sign-ins a minute are taken from one network.", Data: map[string]any{"retry_after": 60}})
}

// evenly is how long an answer to a wrong password waits beside the write that
// only a known account needs, so that the two take equally long.
const evenly = 20 * time.Millisecond

// SignIn checks a password. from is the browser, with address and request id.
// An unknown address answers like a wrong password, in the same time, and with
// the same delays after several. Both ways are audited. Errors:
// unauthenticated, slow_down.
func (s *Service) SignIn(ctx context.Context, from errata.Actor, email, password string) (errata.Account, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	acc, err := s.accountByEmail(ctx, email)
	if err != nil && errata.CodeOf(err) != errata.NotFound {
		return acc, err
	}
	if acc.ID == "" {
		acc.LoginFailures, acc.LoginAfter = s.attempts.ofStranger(email)
	}
	if wait := time.Duration(acc.LoginAfter-s.now()) * time.Microsecond; wait > 0 {
		return errata.Account{}, tooSoon(wait)
	}
	if len(password) > 1024 {
		password = "" // longer than any that could have been set; not worth hashing
	}
	ok, renew, err := s.Passwords.Matches(ctx, password, acc.PasswordHash)
	if err != nil {
		return errata.Account{}, err
	}
	ok = ok && acc.State == errata.UserActive
	s.Log.InfoContext(ctx, "sign-in", slog.String("account_id", acc.ID), slog.Bool("ok", ok), slog.String("ip", from.IP))
	if !ok {
		return errata.Account{}, s.wrongPassword(ctx, from, acc, email)
	}
	s.pollPolicy(ctx)
	return acc, s.rightPassword(ctx, from, acc, password, renew)
}

// pollPolicy makes roles of somebody new count at once: a command may just have
// granted them.
func (s *Service) pollPolicy(ctx context.Context) {
	if err := s.Poll(ctx); err != nil {
		s.Log.WarnContext(ctx, "policy not read at a sign-in", slog.Any("error", err))
	}
}

func tooSoon(wait time.Duration) error {
	return errata.Because(errata.SlowDown, "Too many wrong passwords. Try again in "+wait.Round(time.Second).String()+".", nil,
		errata.Detail{Reason: "rate", Message: "The delay doubles with every wrong password.", Data: map[string]any{"retry_after": int(wait.Seconds()) + 1}})
}

func (s *Service) wrongPassword(ctx context.Context, from errata.Actor, acc errata.Account, email string) error {
	pad := time.NewTimer(evenly)
	defer pad.Stop()
	after := int64(0)
	if d := delayAfter(acc.LoginFailures + 1); d > 0 {
		after = s.now() + d.Microseconds()
	}
	if acc.ID == "" {
		s.attempts.strangerFailed(email, acc.LoginFailures+1, after)
	}
	if err := s.loginFailed(ctx, from, acc.ID, after); err != nil {
		return err
	}
	select {
	case <-pad.C:
	case <-ctx.Done():
	}
	return errata.Because(errata.Unauthenticated, "E-mail address or password is wrong.", nil,
		errata.Detail{Reason: "credentials", Message: "E-mail address or password is wrong."})
}

// loginFailed audits a wrong password, and counts it for an account ("" = there
// is none with this address).
func (s *Service) loginFailed(ctx context.Context, from errata.Actor, id string, after int64) error {
	return s.inTx(ctx, func(tx *store.Tx) error {
		if id == "" {
			tx.Record(from, errata.SignIn, errata.Resource{}).Failed()
			return nil
		}
		tx.Record(from, errata.SignIn, errata.On("", "user", id)).Failed()
		_, err := tx.LoginFailed(ctx, id, after)
		return err
	})
}

// by is the account as the actor of its own sign-in and sign-out.
func by(acc errata.Account, from errata.Actor) errata.Actor {
	who := actor(acc, "session")
	who.IP, who.RequestID = from.IP, from.RequestID
	return who
}

// SignedOut writes down that somebody has left.
func (s *Service) SignedOut(ctx context.Context, who errata.Actor) error {
	return s.inTx(ctx, func(tx *store.Tx) error {
		tx.Record(who, errata.SignOut, errata.On("", "user", who.ID))
		return nil
	})
}

func (s *Service) rightPassword(ctx context.Context, from errata.Actor, acc errata.Account, password string, renew bool) error {
	hash := ""
	if renew {
		h, err := s.Passwords.Hash(ctx, password)
		if err != nil {
			return err
		}
		hash = h
	}
	now := s.now()
	return s.inTx(ctx, func(tx *store.Tx) error {
		tx.Record(by(acc, from), errata.SignIn, errata.On("", "user", acc.ID))
		if hash != "" {
			if err := tx.SetPassword(ctx, acc.ID, hash); err != nil {
				return err
			}
		}
		return tx.LoginSucceeded(ctx, acc.ID, now)
	})
}

// maxSessions is how many browsers an account may be signed in with.
const maxSessions = 20

// TrimSessions ends the sessions of an account that were used longest ago,
// until there is room for one more than it may have.
func (s *Service) TrimSessions(ctx context.Context, account string) error {
	var all []store.Session
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.SessionsOf(ctx, account, s.now())
		return err
	})
	for len(all) >= maxSessions && err == nil { // the new one is written after this
		err = s.Store.DeleteSession(ctx, all[len(all)-1].ID)
		all = all[:len(all)-1]
	}
	return err
}

func delayAfter(failures int64) time.Duration {
	if failures <= freeFailures {
		return 0
	}
	return min(time.Second<<min(failures-freeFailures-1, 20), maxDelay)
}

func (s *Service) accountByEmail(ctx context.Context, email string) (acc errata.Account, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		acc, err = tx.AccountByEmail(ctx, email)
		return err
	})
	return acc, err
}

// SessionActor returns the actor of a signed-in account. A disabled or deleted
// one is signed out.
func (s *Service) SessionActor(ctx context.Context, id string) (errata.Actor, error) {
	acc, err := s.account(ctx, id)
	if errata.CodeOf(err) == errata.NotFound || err == nil && acc.State != errata.UserActive {
		return errata.Actor{}, errata.E(errata.Unauthenticated, "This account is not active any more.", nil)
	}
	return actor(acc, "session"), err
}

func actor(acc errata.Account, via string) errata.Actor {
	return errata.Actor{
		Kind: errata.ActorUser, ID: acc.ID, Name: acc.Name, Email: acc.Email, Via: via, Zone: acc.Zone,
		Active: acc.State == errata.UserActive,
	}
}

func (s *Service) account(ctx context.Context, id string) (acc errata.Account, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		acc, err = tx.AccountByID(ctx, id)
		return err
	})
	return acc, err
}
