package grouping

import (
	"strings"
	"unicode/utf8"
)

// boolean matches a word for true, false or nothing directly after =.
func (s *scanner) boolean(i int) int {
	if s.before(i) != '=' {
		return 0
	}
	for _, word := range [...]string{"true", "false", "null", "None", "nil"} {
		if strings.HasPrefix(s.in[i:], word) && s.ends(i+len(word)) {
			return i + len(word)
		}
	}
	return 0
}

// mark matches what redaction put in the place of a value.
func (s *scanner) mark(i int, mark string) int {
	if strings.HasPrefix(s.in[i:], mark) {
		return s.longer(0, i+len(mark))
	}
	return 0
}

const maxLocal = 64 // characters before the @ of an address

// email matches an e-mail address.
func (s *scanner) email(i int) int {
	if !isAlnum(s.in[i]) {
		return 0
	}
	if s.at <= i {
		if at := strings.IndexByte(s.in[i:], '@'); at >= 0 {
			s.at = i + at
		} else {
			s.at = len(s.in)
		}
	}
	if s.at-i > maxLocal || s.at == len(s.in) {
		return 0
	}
	for _, c := range []byte(s.in[i:s.at]) {
		if !isAlnum(c) && strings.IndexByte("._%+-", c) < 0 {
			return 0
		}
	}
	return s.domain(s.at + 1)
}

// domain returns the longest end of a dotted name whose last label is a word
// of two letters or more.
func (s *scanner) domain(i int) int {
	best, dots, label, letters := 0, 0, i, true
	for ; i < len(s.in); i++ {
		switch c := s.in[i]; {
		case c == '.':
			if i == label {
				return best
			}
			dots, label, letters = dots+1, i+1, true
			continue
		case isAlnum(c) || c == '-':
			letters = letters && !isDigit(c) && c != '-'
		default:
			return best
		}
		if dots > 0 && letters && i > label {
			best = s.longer(best, i+1)
		}
	}
	return best
}

const maxScheme = 20

// url matches an address with a scheme, without punctuation at its end.
func (s *scanner) url(i int) int {
	if !isLower(s.in[i] | 0x20) {
		return 0
	}
	body := i
	for body < len(s.in) && body-i <= maxScheme && (isAlnum(s.in[body]) || strings.IndexByte("+.-", s.in[body]) >= 0) {
		body++
	}
	if !strings.HasPrefix(s.in[body:], "://") {
		return 0
	}
	body += len("://")
	end := body
	for end < len(s.in) && s.in[end] > ' ' && strings.IndexByte("\"'`<>", s.in[end]) < 0 {
		end++
	}
	for end > body && strings.IndexByte(".,;:!?)]}*_~", s.in[end-1]) >= 0 {
		end--
	}
	return s.backOff(end, body)
}

// backOff returns the longest end of a match, above floor.
func (s *scanner) backOff(end, floor int) int {
	for ; end > floor; end-- {
		if s.ends(end) && (end == len(s.in) || utf8.RuneStart(s.in[end])) {
			return end
		}
	}
	return 0
}

// hexGroups returns the end of groups of so many hex digits joined by "-", 0
// if they are not there.
func (s *scanner) hexGroups(i int, sizes ...int) int {
	for n, size := range sizes {
		if n > 0 {
			if i >= len(s.in) || s.in[i] != '-' {
				return 0
			}
			i++
		}
		for end := i + size; i < end; i++ {
			if i >= len(s.in) || !isHex(s.in[i]) {
				return 0
			}
		}
	}
	return i
}

// traceparent matches the header of that name.
func (s *scanner) traceparent(i int) int {
	return s.longer(0, s.hexGroups(i, 2, 32, 16, 2))
}

// uuid matches a UUID, also in braces, and a ULID.
func (s *scanner) uuid(i int) int {
	if s.in[i] != '{' {
		return s.longer(s.ulid(i), s.hexGroups(i, 8, 4, 4, 4, 12))
	}
	end := s.hexGroups(i+1, 8, 4, 4, 4, 12)
	if end == 0 || end == len(s.in) || s.in[end] != '}' {
		return 0
	}
	return s.longer(0, end+1)
}

func (s *scanner) ulid(i int) int {
	const length = 26
	if s.in[i]-'0' > 7 || len(s.in)-i < length || !s.ends(i+length) {
		return 0
	}
	letters := false
	for _, c := range []byte(s.in[i : i+length]) {
		if !isDigit(c) && (!isUpper(c) || strings.IndexByte("ILOU", c) >= 0) {
			return 0
		}
		letters = letters || isUpper(c)
	}
	if !letters {
		return 0
	}
	return i + length
}

// ip matches an IPv4 or IPv6 address, with port or mask.
func (s *scanner) ip(i int) int {
	switch c := s.in[i]; {
	case c == '[':
		end := s.ipv6(i+1, func(end int) bool { return end < len(s.in) && s.in[end] == ']' })
		if end == 0 {
			return 0
		}
		return s.withSuffix(s.longer(0, end+1), end+1, ':', 5)
	case isDigit(c):
		if end := s.ipv4(i); end > 0 && (end+1 >= len(s.in) || s.in[end] != '.' || !isDigit(s.in[end+1])) {
			best := s.withSuffix(s.longer(0, end), end, ':', 5)
			return s.withSuffix(best, end, '/', 2)
		}
	}
	if !isHex(s.in[i]) && s.in[i] != ':' {
		return 0
	}
	end := s.ipv6(i, s.ends)
	return s.withSuffix(end, end, '/', 3)
}

// withSuffix returns the end of a match whose base ends at end and which may
// go on with a character and up to so many digits; best if it does not.
func (s *scanner) withSuffix(best, end int, mark byte, digits int) int {
	if end == 0 || end >= len(s.in) || s.in[end] != mark {
		return best
	}
	if to := skipDigits(s.in, end+1); to > end+1 && to-end-1 <= digits {
		return s.longer(best, to)
	}
	return best
}

// ipv4 returns the end of four numbers below 256 joined by dots, 0 if they are
// not there.
func (s *scanner) ipv4(i int) int {
	for part := range 4 {
		if part > 0 {
			if i >= len(s.in) || s.in[i] != '.' {
				return 0
			}
			i++
		}
		if i = s.bounded(i, 1, 3, 0, 255); i == 0 {
			return 0
		}
	}
	return i
}

// bounded returns the end of a decimal number of min to max digits between lo
// and hi at i, 0 if there is none.
func (s *scanner) bounded(i, minDigits, maxDigits, lo, hi int) int {
	n, end := 0, i
	for end < len(s.in) && end-i < maxDigits && isDigit(s.in[end]) {
		n = n*10 + int(s.in[end]-'0')
		end++
	}
	if end-i < minDigits || n < lo || n > hi {
		return 0
	}
	return end
}

// ipv6 returns the longest end, among those that accept takes, of an IPv6
// address with two colons and a digit, 0 if there is none.
func (s *scanner) ipv6(i int, accept func(end int) bool) int {
	best, groups, double, digit := 0, 0, false, false
	take := func(end int) {
		if digit && (double && groups <= 7 || groups == 8) && end > best && accept(end) {
			best = end
		}
	}
	if strings.HasPrefix(s.in[i:], "::") {
		double = true
		i += 2
	}
	for groups < 8 {
		end := i
		for end < len(s.in) && end-i < 5 && isHex(s.in[end]) {
			end++
		}
		if end == i || end-i > 4 {
			break
		}
		digit = digit || strings.ContainsAny(s.in[i:end], "0123456789")
		if v4 := s.ipv4(i); v4 > 0 && (double && groups <= 5 || groups == 6) && accept(v4) {
			best = v4
		}
		groups++
		take(end)
		if end == len(s.in) || s.in[end] != ':' {
			break
		}
		if i = end + 1; i < len(s.in) && s.in[i] == ':' {
			if double {
				break
			}
			double = true
			i++
			take(i)
		}
	}
	return best
}

// host matches a lower-case dotted name that ends in a known domain, or
// localhost, with port. Inside a longer dotted name nothing is a host.
func (s *scanner) host(i int) int {
	if c := s.in[i]; !isDigit(c) && !isLower(c) || s.before(i) == '-' || s.before(i) == '.' {
		return 0
	}
	run := i
	for run < len(s.in) && (isDigit(s.in[run]) || isLower(s.in[run]) || s.in[run] == '-' ||
		s.in[run] == '.' && !strings.HasPrefix(s.in[run:], "..")) {
		run++
	}
	name := strings.TrimRight(s.in[i:run], ".-")
	if dot := strings.LastIndexByte(name, '.'); !s.ends(run) || name != "localhost" && (dot < 1 || !topDomains[name[dot+1:]]) {
		return 0
	}
	end := i + len(name)
	return s.withSuffix(s.longer(0, end), end, ':', 5)
}

var topDomains = map[string]bool{
	"com": true, "net": true, "org": true, "io": true, "dev": true, "app": true,
	"cloud": true, "co": true, "eu": true, "de": true, "uk": true, "us": true, "internal": true, "intranet": true,
	"local": true, "localdomain": true, "lan": true, "corp": true, "svc": true, "test": true, "localhost": true,
}

// duration matches numbers with units of time.
func (s *scanner) duration(i int) int {
	best := 0
	for i < len(s.in) && isDigit(s.in[i]) {
		i = s.decimal(i)
		size := unitSize(s.in[i:], "ns", "us", "µs", "μs", "ms", "s", "m", "h", "d")
		if size == 0 {
			break
		}
		i += size
		best = s.longer(best, i)
	}
	return best
}

// size matches a number with a unit of bytes.
func (s *scanner) size(i int) int {
	if !isDigit(s.in[i]) {
		return 0
	}
	i = s.decimal(i)
	if n := unitSize(s.in[i:], "B", "KB", "kB", "kb", "MB", "mb", "GB", "gb", "TB", "tb", "PB", "pb",
		"KiB", "MiB", "GiB", "TiB", "PiB"); n > 0 && s.ends(i+n) {
		return i + n
	}
	return 0
}

// decimal returns the end of digits, perhaps with a point and digits, at i.
func (s *scanner) decimal(i int) int {
	end := skipDigits(s.in, i)
	if end+1 < len(s.in) && s.in[end] == '.' && isDigit(s.in[end+1]) {
		end = skipDigits(s.in, end+1)
	}
	return end
}

func unitSize(rest string, units ...string) int {
	for _, u := range units {
		if strings.HasPrefix(rest, u) {
			return len(u)
		}
	}
	return 0
}

// roots are the folders of files; other paths are routes and stay.
var roots = [...]string{
	"/tmp/", "/var/", "/home/", "/usr/", "/opt/", "/srv/", "/mnt/", "/etc/", "/proc/", "/run/",
	"/root/", "/private/", "/Users/", "/media/", "/Volumes/",
}

// rootOf returns the length of the root that text starts with, 0 without one.
func rootOf(text string) int {
	for _, root := range roots {
		if strings.HasPrefix(text, root) {
			return len(root)
		}
	}
	return 0
}

// path matches a path of the file system.
func (s *scanner) path(i int) int {
	rest := s.in[i:]
	size := 0
	switch {
	case rest[0] == '/':
		size = rootOf(rest)
	case len(rest) > 3 && isLower(rest[0]|0x20) && rest[1] == ':' && (rest[2] == '\\' || rest[2] == '/' && rest[3] != '/'):
		size = 3
	}
	if size == 0 {
		return 0
	}
	start := i + size
	end := start
	for end < len(s.in) && isPathByte(s.in[end]) {
		end++
	}
	for end > start && (s.in[end-1] == '.' || s.in[end-1] == '!') {
		end--
	}
	return s.backOff(end, start)
}

func isPathByte(c byte) bool {
	return isAlnum(c) || c >= utf8.RuneSelf || strings.IndexByte(`._-+@%~#=$&^!\/`, c) >= 0
}

// number matches 0x…, 7 or more hex digits of one case with digit and letter,
// digits with groups, and dotted versions after v.
func (s *scanner) number(i int) int {
	if s.in[i] == 'v' {
		return s.version(i)
	}
	best := s.hex(i)
	if !isDigit(s.in[i]) {
		return best
	}
	end := skipDigits(s.in, i)
	best = s.longer(best, end)
	for end+1 < len(s.in) && (s.in[end] == '.' || s.in[end] == ',') && isDigit(s.in[end+1]) {
		end = skipDigits(s.in, end+1)
		best = s.longer(best, end)
	}
	return best
}

func (s *scanner) version(i int) int {
	best, end := 0, skipDigits(s.in, i+1)
	if end == i+1 {
		return 0
	}
	for end+1 < len(s.in) && s.in[end] == '.' && isDigit(s.in[end+1]) {
		end = skipDigits(s.in, end+1)
		best = s.longer(best, end)
	}
	return best
}

func (s *scanner) hex(i int) int {
	if rest := s.in[i:]; strings.HasPrefix(rest, "0x") {
		if end := i + 2 + hexRun(rest[2:]); end > i+2 && s.ends(end) {
			return end
		}
		return 0
	}
	end := i + hexRun(s.in[i:])
	digit, lower, upper := false, false, false
	for _, c := range []byte(s.in[i:end]) {
		digit, lower, upper = digit || isDigit(c), lower || isLower(c), upper || isUpper(c)
	}
	if end-i < 7 || !digit || lower == upper || !s.ends(end) {
		return 0
	}
	return end
}

func hexRun(s string) int {
	i := 0
	for i < len(s) && isHex(s[i]) {
		i++
	}
	return i
}
