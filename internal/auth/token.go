package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"math/big"
	"strings"

	"errata/internal/errata"
)

// A token is "err_", 43 characters of base 62 (256 bit), and 6 characters of
// CRC32: secret scanners find it, and a mistyped one is refused unasked.
const (
	tokenPrefix = "err_"
	randomChars = 43
	checkChars  = 6
	digits      = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// NewToken returns a token of the API. It is shown once; only TokenHash of it is kept.
func NewToken() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	body := base62(new(big.Int).SetBytes(b), randomChars)
	return tokenPrefix + body + check(body)
}

func base62(n *big.Int, width int) string {
	out := make([]byte, width)
	base, digit := big.NewInt(62), new(big.Int)
	for i := width - 1; i >= 0; i-- {
		n.DivMod(n, base, digit)
		out[i] = digits[digit.Int64()]
	}
	return string(out)
}

func check(body string) string {
	return base62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(tokenPrefix+body)))), checkChars)
}

// WellFormed says whether s can be a token at all.
func WellFormed(s string) bool {
	body, ok := strings.CutPrefix(s, tokenPrefix)
	return ok && len(body) == randomChars+checkChars && check(body[:randomChars]) == body[randomChars:]
}

// TokenHash is what is kept of a token.
func TokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// TokenHint lets its owner recognise a token: the first 8 and last 4 characters.
func TokenHint(token string) string {
	if len(token) < 12 {
		return ""
	}
	return token[:8] + "…" + token[len(token)-4:]
}

// NewSecret returns n random bytes as lower-case hex.
func NewSecret(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// Bearer takes the token out of an Authorization header.
func Bearer(header string) (string, error) {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "bearer") || !WellFormed(strings.TrimSpace(token)) {
		return "", errata.Because(errata.Unauthenticated, "A valid token is missing.", nil,
			errata.Detail{Reason: "token", Message: "Send Authorization: Bearer err_…"})
	}
	return strings.TrimSpace(token), nil
}
