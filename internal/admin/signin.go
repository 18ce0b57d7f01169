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

// attempts are the sign-ins of the last minutes by network.
type attempts struct {
	byNet *otter.Cache[string, *rate.Limiter]
}

func newAttempts() *attempts {
	return &attempts{otter.Must(&otter.Options[string, *rate.Limiter]{MaximumSize: 50_000})}
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

// SignIn checks a password. An unknown address answers like a wrong password,
// in the same time. Errors: unauthenticated, slow_down.
func (s *Service) SignIn(ctx context.Context, email, password, ip string) (errata.Account, error) {
	now := s.Clock()
	if !s.attempts.may(ip, now) {
		return errata.Account{}, errata.Because(errata.SlowDown, "Too many sign-ins from your network. Wait a minute and try again.", nil,
			errata.Detail{Reason: "rate", Message: "20 sign-ins a minute are taken from one network.", Data: map[string]any{"retry_after": 60}})
	}
	acc, err := s.accountByEmail(ctx, strings.ToLower(strings.TrimSpace(email)))
	if err != nil && errata.CodeOf(err) != errata.NotFound {
		return acc, err
	}
	if wait := time.Duration(acc.LoginAfter-now.UnixMicro()) * time.Microsecond; wait > 0 {
		return acc, errata.Because(errata.SlowDown, "Too many wrong passwords. Try again in "+wait.Round(time.Second).String()+".", nil,
			errata.Detail{Reason: "rate", Message: "The delay doubles with every wrong password.", Data: map[string]any{"retry_after": int(wait.Seconds()) + 1}})
	}
	if len(password) > 1024 {
		password = "" // longer than any that could have been set; not worth hashing
	}
	return acc, s.checkPassword(ctx, acc, password, ip)
}

func (s *Service) checkPassword(ctx context.Context, acc errata.Account, password, ip string) error {
	ok, renew, err := s.Passwords.Matches(ctx, password, acc.PasswordHash)
	if err != nil {
		return err
	}
	ok = ok && acc.State == errata.UserActive
	s.Log.Info("sign-in", slog.String("account_id", acc.ID), slog.Bool("ok", ok), slog.String("ip", ip))
	if acc.ID != "" {
		if err := s.rememberSignIn(ctx, acc, password, ok, renew); err != nil {
			return err
		}
	}
	if !ok {
		return errata.Because(errata.Unauthenticated, "E-mail address or password is wrong.", nil,
			errata.Detail{Reason: "credentials", Message: "E-mail address or password is wrong."})
	}
	return nil
}

func (s *Service) rememberSignIn(ctx context.Context, acc errata.Account, password string, ok, renew bool) error {
	hash := ""
	if ok && renew {
		h, err := s.Passwords.Hash(ctx, password)
		if err != nil {
			return err
		}
		hash = h
	}
	return s.inTx(ctx, func(tx *store.Tx) error {
		tx.System("sign-in")
		if !ok {
			_, err := tx.LoginFailed(ctx, acc.ID, s.now()+delayAfter(acc.LoginFailures+1).Microseconds())
			return err
		}
		if hash != "" {
			if err := tx.SetPassword(ctx, acc.ID, hash); err != nil {
				return err
			}
		}
		return tx.LoginSucceeded(ctx, acc.ID, s.now())
	})
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
	return errata.Actor{Kind: errata.ActorUser, ID: acc.ID, Name: acc.Name, Email: acc.Email, Via: via, Zone: acc.Zone,
		Active: acc.State == errata.UserActive}
}

func (s *Service) account(ctx context.Context, id string) (acc errata.Account, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		acc, err = tx.AccountByID(ctx, id)
		return err
	})
	return acc, err
}
