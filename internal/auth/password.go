// Package auth holds what proves who somebody is: passwords, sessions and
// tokens of the API. What they may do is decided elsewhere.
package auth

import (
	"context"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"errata/internal/errata"
)

// params cost 64 MiB and about 100 ms: OWASP's first choice for argon2id.
var params = &argon2id.Params{Memory: 64 << 10, Iterations: 3, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// atOnce bounds the memory that sign-ins may take together.
const atOnce = 4

// Password length limits, in characters.
const (
	MinPassword = 12
	MaxPassword = 128
)

// dummy is compared when the account does not exist, so that it takes as long.
// Nobody knows a password for it: the hash is random bytes.
const dummy = "$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHRvZjE2Ynl0ZQ$q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k"

// tidyAfter is how long after a hash its 64 MiB go back to the system. Left to
// itself the collector keeps them for minutes.
const tidyAfter = 5 * time.Second

// Passwords hashes and compares, four at a time. The zero value is not usable.
type Passwords struct {
	slots chan struct{}
	tidy  atomic.Bool // a tidying is due
}

// NewPasswords returns a ready Passwords.
func NewPasswords() *Passwords { return &Passwords{slots: make(chan struct{}, atOnce)} }

func (p *Passwords) slot(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errata.E(errata.Unavailable, "The server is busy with other sign-ins.", ctx.Err())
	}
}

func (p *Passwords) leave() {
	<-p.slots
	if p.tidy.CompareAndSwap(false, true) {
		time.AfterFunc(tidyAfter, func() {
			p.tidy.Store(false)
			debug.FreeOSMemory()
		})
	}
}

// Hash returns the PHC string of a password.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if err := p.slot(ctx); err != nil {
		return "", err
	}
	defer p.leave()
	return argon2id.CreateHash(password, params)
}

// Matches compares a password with a hash. An empty hash never matches and
// takes as long as any other. renew says that the hash was made with older
// parameters and should be made again.
func (p *Passwords) Matches(ctx context.Context, password, hash string) (match, renew bool, err error) {
	if err := p.slot(ctx); err != nil {
		return false, false, err
	}
	defer p.leave()
	known := hash != ""
	if !known {
		hash = dummy
	}
	match, with, err := argon2id.CheckHash(password, hash)
	if err != nil {
		return false, false, errata.E(errata.Internal, "The stored password cannot be read.", err)
	}
	return match && known, match && *with != *params, nil
}

// CheckPassword says what is wrong with a new password, or nil. about are words
// that belong to the person or the product and must not be most of it.
func CheckPassword(password string, about ...string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case n < MinPassword:
		return passwordError("length", "The password has "+strconv.Itoa(n)+" characters; it needs at least "+strconv.Itoa(MinPassword)+".")
	case n > MaxPassword:
		return passwordError("length", "The password has "+strconv.Itoa(n)+" characters; at most "+strconv.Itoa(MaxPassword)+" are taken.")
	case guessable(strings.ToLower(password), about):
		return passwordError("guessable", "This password is easy to guess. Choose a few unrelated words instead.")
	}
	return nil
}

func passwordError(reason, message string) error {
	return errata.Because(errata.Invalid, message, nil, errata.Detail{Reason: "password." + reason, Field: "password", Message: message})
}

// guessable removes what a guesser tries first (words about the person and the
// product, common words, runs and repetitions) and asks whether enough is left.
func guessable(p string, about []string) bool {
	rest := p
	for _, a := range append(about, common...) {
		for _, w := range strings.FieldsFunc(strings.ToLower(a), func(r rune) bool { return r == '@' || r == '.' || r == ' ' || r == '-' }) {
			if len(w) > 2 {
				rest = strings.ReplaceAll(rest, w, "")
			}
		}
	}
	return distinctSteps(rest) < 5
}

// distinctSteps counts characters that are neither a repetition nor the next
// of a run like abc or 321.
func distinctSteps(s string) (n int) {
	last := rune(-10)
	seen := map[rune]bool{}
	for _, r := range s {
		if d := r - last; d < -1 || d > 1 {
			if !seen[r] {
				n++
			}
		}
		seen[r] = true
		last = r
	}
	return n
}

var common = []string{
	"errata", "password", "passwort", "passw0rd", "p@ssw0rd", "letmein", "welcome", "qwertyuiop", "qwerty",
	"qwertz", "asdfghjkl", "asdfgh", "zxcvbnm", "iloveyou", "administrator", "admin", "trustno1", "monkey", "dragon",
	"football", "baseball", "superman", "batman", "princess", "sunshine", "master", "shadow", "michael", "jennifer",
	"changeme", "default", "secret", "login", "summer", "winter", "spring", "autumn", "january", "february", "correct horse battery staple",
	"correcthorsebatterystaple", "1q2w3e4r5t", "1q2w3e4r", "1qaz2wsx", "zaq12wsx", "whatever", "starwars", "hello", "freedom",
}
