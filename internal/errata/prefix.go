package errata

import (
	"strconv"
	"strings"
)

// reservedPrefix is that of incidents.
const reservedPrefix = "INC"

// Prefixes proposes prefixes of short ids for a slug, best first: its first
// three letters, then three letters further on each, then the first with a
// number.
func Prefixes(slug string) []string {
	letters := lettersOf(slug)
	var out []string
	add := func(p string) {
		if p != reservedPrefix {
			out = append(out, p)
		}
	}
	for i := 0; i+3 <= len(letters); i++ {
		add(letters[i : i+3])
	}
	if len(letters) == 2 {
		add(letters)
	}
	stem := letters[:min(3, len(letters))]
	for n := 2; n < 100; n++ {
		add(stem + strconv.Itoa(n))
	}
	for n := 100; n < 1000; n++ {
		add(stem[:min(2, len(stem))] + strconv.Itoa(n))
	}
	return out
}

// lettersOf returns the letters of a slug in upper case, "P" where it has none.
func lettersOf(slug string) string {
	s := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, strings.ToUpper(slug))
	if s == "" {
		return "P"
	}
	return s
}
