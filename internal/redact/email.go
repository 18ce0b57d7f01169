package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxLocal = 256 // bytes before the @ that are looked at

// email looks at the at sign s[i:i+w], which may be written %40, \u0040 or
// &#64;. It redacts the address around it, or the user and password of a
// database address without a scheme.
func (p *pass) email(i, w int) int {
	p.work += emailCost
	if w == 1 {
		if next := p.dsnUser(i); next > 0 {
			return next
		}
	}
	from := p.local(i, w > 1)
	if from == i {
		return i + w
	}
	to := p.domain(i + w)
	if to == 0 || p.at(to) == '(' || p.isRemote(from, i, to) {
		return i + w
	}
	return p.replace(from, to, markEmail)
}

// isRemote knows git@github.com:owner/repository.git, which is nobody.
func (p *pass) isRemote(from, at, to int) bool {
	return p.s[from:at] == "git" && (p.at(to) == ':' || p.at(to) == '/')
}

// local walks back over the local part of an address. Letters of any alphabet
// belong to it; where a text without spaces (Chinese, Japanese) changes to
// ASCII it begins.
func (p *pass) local(at int, encoded bool) int {
	from := at
	for from > p.done && at-from < maxLocal {
		c := p.s[from-1]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeLastRuneInString(p.s[p.done:from])
			if !wordRune(r) || r >= 0x2e80 && from < at && p.s[from] < utf8.RuneSelf {
				break
			}
			from -= n
			continue
		}
		if !isLocal(c) || encoded && (p.isReserved(from-3, "%") || p.isReserved(from-5, "%25")) || c == '\'' && !p.apostrophe(from-1) {
			break
		}
		from--
	}
	p.work += at - from
	for from < at && strings.IndexByte(".-+%'", p.s[from]) >= 0 {
		from++
	}
	return from
}

func isLocal(c byte) bool {
	return isAlnum(c) || c == '.' || c == '_' || c == '-' || c == '+' || c == '%' || c == '\''
}

// apostrophe says whether the quote at i is part of a name (o'brien), not the
// start of a literal ('bob@…', b'bob@…').
func (p *pass) apostrophe(i int) bool {
	return i-1 >= p.done && isLetter(p.s[i-1]) && isLetter(p.at(i+1)) && strings.IndexByte("bBuUrRfF", p.s[i-1]) < 0
}

// isReserved says whether an encoded delimiter, as %3D or %253D, stands at i:
// there a percent-encoded address begins.
func (p *pass) isReserved(i int, percent string) bool {
	if i < p.done || !p.has(i, percent) {
		return false
	}
	i += len(percent) - 1
	switch string([]byte{toLower(p.at(i + 1)), toLower(p.at(i + 2))}) {
	case "3d", "3a", "26", "2f", "3f", "20", "22", "27", "3c", "3e", "2c", "3b", "5b", "5d", "7b", "7d", "23", "0a", "0d":
		return true
	}
	return false
}

func wordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

// domain returns the end of the domain that starts at i, 0 if there is none.
func (p *pass) domain(i int) int {
	if p.at(i) == '[' { // bob@[10.0.0.1]
		j := i + 1
		for j < len(p.s) && j-i < 48 && (isHex(p.s[j]) || p.s[j] == '.' || p.s[j] == ':') {
			j++
		}
		if p.at(j) == ']' && j-i > 7 {
			return j + 1
		}
		return 0
	}
	end, labels, label := 0, 0, i
	for j := i; ; {
		n := p.domainRune(j, label)
		if n > 0 && j-i < 256 {
			j += n
			continue
		}
		p.work += j - label
		if j == label {
			break
		}
		if labels++; labels > 1 {
			if n := topLevel(p.s[label:j]); n > 0 {
				end = label + n
			}
		}
		if p.at(j) != '.' {
			break
		}
		j++
		label = j
	}
	if name := p.s[i:max(i, end)]; name == "openssh.com" || name == "libssh.org" {
		return 0 // names of algorithms: aes128-gcm@openssh.com
	}
	if end == 0 || isVersion(p.s[i:end]) || notTopLevel.has(p.s[strings.LastIndexByte(p.s[:end], '.')+1:end]) {
		return 0
	}
	return end
}

// domainRune returns the length of the rune at j if it may stand in a label.
func (p *pass) domainRune(j, label int) int {
	c := p.at(j)
	if isAlnum(c) || c == '-' && j > label {
		return 1
	}
	if c < utf8.RuneSelf {
		return 0
	}
	r, n := utf8.DecodeRuneInString(p.s[j:])
	if !wordRune(r) || r >= 0x2e80 && j > label && p.s[j-1] < utf8.RuneSelf {
		return 0
	}
	return n
}

// topLevel returns how much of a label can be the last of a domain: in
// bob@example.com-1 the rest is not part of it.
func topLevel(label string) int {
	if isTopLevel(label) {
		return len(label)
	}
	if k := strings.IndexByte(label, '-'); k > 0 && isTopLevel(label[:k]) {
		return k
	}
	return 0
}

// isTopLevel says whether a label can be the last of a domain.
func isTopLevel(label string) bool {
	if len(label) < 2 {
		return false
	}
	if len(label) > 4 && equalFold(label[:4], "xn--") {
		return true
	}
	for i := range len(label) {
		if !isLetter(label[i]) && label[i] < utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isVersion recognises what follows the @ of a package: 18.2.0, v1.4.beta.
func isVersion(domain string) bool {
	domain = strings.TrimLeft(domain, "v")
	n := digits(domain)
	return n > 0 && n < len(domain) && domain[n] == '.' && n+1 < len(domain) && isDigit(domain[n+1])
}

// digits returns how many digits s starts with.
func digits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// notTopLevel are endings of files (logo@2x.png) and of systemd units
// (user@1000.service), none of them a top-level domain.
var notTopLevel = set(`png jpg jpeg gif svg webp avif ico bmp tiff js mjs cjs jsx tsx css scss less html htm json
	yml yaml xml toml txt log csv pdf php jsp asp aspx jar war java class kt swift cpp hpp exe dll lock conf cfg ini
	sql tgz gz tar whl woff ttf vue svelte service socket timer slice scope mount target device swap automount`)

// dsnUser removes user and password before the @ of a database address that
// has no scheme: root:pw@tcp(db:3306)/shop, jdbc:oracle:thin:scott/tiger@db.
func (p *pass) dsnUser(at int) int {
	from := at
	if p.has(at+1, "tcp(") || p.has(at+1, "unix(") || p.has(at+1, "tcp6(") {
		for from > p.done && at-from < maxLocal && !isSpace(p.s[from-1]) && !isQuote(p.s[from-1]) {
			from--
		}
		if k := strings.IndexAny(p.s[from:at], ":="); k >= 0 && p.s[from+k] == '=' { // dsn=root:pw@tcp(…)
			from += k + 1
		}
	} else {
		start := max(p.done, at-64)
		k := strings.LastIndex(p.s[start:at], ":thin:")
		if k < 0 {
			return 0
		}
		from = start + k + len(":thin:")
	}
	p.work += at - from
	if userinfo := p.s[from:at]; userinfo == markRemoved || !strings.ContainsAny(userinfo, ":/") {
		return 0
	}
	return p.replace(from, at, markRemoved) + 1
}
