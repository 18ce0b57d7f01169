package redact

import "strings"

// ipv4 returns the end of the address that starts at i, 0 if the dotted digits
// are none: versions, numbered sections and object identifiers look alike.
func (p *pass) ipv4(i int) int {
	end, first := p.octets(i)
	if end == 0 || first == 0 || p.has(i, "255.") || p.mode&addressless != 0 {
		return 0 // 0.0.0.0 and netmasks are nobody's
	}
	if p.mode&host != 0 && (p.at(i-1) == '/' || p.at(i-1) == '@') {
		return 0
	}
	if !p.addressEnds(end) || !p.addressStarts(i, end) {
		return 0
	}
	return end
}

// octets reads four decimal octets without leading zeros.
func (p *pass) octets(i int) (end, first int) {
	p.work += checkCost
	j := i
	for k := range 4 {
		if k > 0 {
			if p.at(j) != '.' {
				return 0, 0
			}
			j++
		}
		n, v := 0, 0
		for n < 4 && isDigit(p.at(j+n)) {
			v = v*10 + int(p.s[j+n]-'0')
			n++
		}
		if n == 0 || n > 3 || v > 255 || n > 1 && p.s[j] == '0' {
			return 0, 0
		}
		if k == 0 {
			first = v
		}
		j += n
	}
	return j, first
}

// addressEnds says whether a dotted quad may end at i. What follows tells
// 1.2.3.4.jar, 1.2.3.4-rc1 and 1.2.3.4.5 from an address.
func (p *pass) addressEnds(i int) bool {
	c, next := p.at(i), p.at(i+1)
	switch {
	case isWord(c) || c == '+':
		return false
	case c == '.':
		return !isAlnum(next)
	case c == '-':
		return !isAlnum(next) || p.rangeFollows(i+1)
	}
	return true
}

// rangeFollows reads the end of 10.0.0.1-10.0.0.9.
func (p *pass) rangeFollows(i int) bool {
	end, _ := p.octets(i)
	return end > 0
}

// addressStarts says whether an address may start at i, by what precedes it.
func (p *pass) addressStarts(i, end int) bool {
	switch p.at(i - 1) {
	case '.', '^', '~':
		return false
	case '-': // rack-2.2.6.4, but the second address of a range counts
		return !isAlnum(p.at(i-2)) || p.done == i-1
	case '/':
		return p.addressInPath(i, end)
	}
	return !p.compared(i) && !p.versionWord(i)
}

// addressInPath tells Java's host/10.0.0.1 and /lookup/10.0.0.1 from the
// product/version of a user agent and from a directory of a version.
func (p *pass) addressInPath(i, end int) bool {
	word := i - 1
	for word > p.done && i-word < 64 && (isAlnum(p.s[word-1]) || strings.IndexByte("._-", p.s[word-1]) >= 0) {
		word--
	}
	name := p.s[word : i-1]
	switch {
	case name == "" || p.at(end) == ':' && isDigit(p.at(end+1)) || strings.IndexByte(name, '.') >= 0:
		return true
	case p.at(word-1) == '/':
		return !versionFolders.has(name)
	}
	return !isUpper(name[0]) && !versionFolders.has(name)
}

var versionFolders = set(`product products version versions release releases oracle lib libs dist tools jdk sdk cache
	packages package gems node python nginx curl okhttp wget chrome firefox opera electron app apps dbhome build builds
	download downloads archive tags tag v maven pypi npm rubygems nuget ajax`)

// compared says whether a requirement as ">= " or "==" ends at i.
func (p *pass) compared(i int) bool {
	if p.at(i-1) == ' ' {
		i--
	} else if p.has(i-2, "==") {
		return true
	}
	return p.has(i-2, ">=") || p.has(i-2, "<=") || p.has(i-2, "~>") || p.has(i-2, "~=")
}

// versionWord says whether the word before i announces a version or a section.
func (p *pass) versionWord(i int) bool {
	j := i
	for j > p.done && i-j < 8 && strings.IndexByte(" \t:='\"(>\\", p.s[j-1]) >= 0 {
		j--
	}
	word := p.wordBefore(j)
	p.work += i - j + len(word)
	if equalFold(word, "to") || equalFold(word, "from") { // "Bump rails from 5.2.4.2 to 5.2.4.3"
		return p.follows(i, 64, "bump", "upgrad", "updat", "downgrad", "migrat")
	}
	return versionWords.has(word) || len(word) >= 7 && equalFold(word[len(word)-7:], "version")
}

var versionWords = set(`version versions ver rev revision release build firmware assembly fileversion
	chrome chromium edge edg safari opera firefox electron webview browser kernel driver
	section sections chapter clause paragraph appendix rule item step figure oid schema
	upgrade upgraded downgrade rails jdk java sdk dotnet framework runtime`)

// hexGroups looks at the colon at i between hex digits: an IPv6 or a MAC
// address that it redacts, else 0 is returned and the colon may follow a key.
func (p *pass) hexGroups(i int) int {
	if i < p.groupEnd || !isHex(p.at(i-1)) && p.at(i-1) != ':' && !p.has(i, "::") ||
		!isHex(p.at(i+1)) && p.at(i+1) != ':' {
		return 0
	}
	from, to := i, i
	for from > p.done && i-from < 48 && (isHex(p.s[from-1]) || p.s[from-1] == ':') {
		from--
	}
	for to < len(p.s) && to-i < 64 && (isHex(p.s[to]) || p.s[to] == ':') {
		to++
	}
	p.groupEnd = to
	p.work += to - from
	if isWord(p.at(from-1)) || p.at(from-1) == '.' {
		return 0
	}
	if n := p.ipv6(from, to); n > 0 && (p.mode&host == 0 || !p.has(from-3, "//[")) {
		p.groupEnd = 0
		return p.replace(from, n, markIP)
	}
	if p.at(to-1) == ':' && to-from == 18 || p.at(to-1) == ':' && to-from == 24 {
		to-- // "…:9b:50: unreachable"
	}
	if isMAC(p.s[from:to], ':') && !isWord(p.at(to)) {
		return p.replace(from, to, markMAC)
	}
	return 0
}

// ipv6 returns the end of the IPv6 address that starts at from, 0 if there is
// none; s[from:to] are its hex digits and colons. Clock times have too few
// groups, names like Face::Add no digit.
func (p *pass) ipv6(from, to int) int {
	if p.at(to-1) == ':' && (to-from <= 2 || p.s[to-2] != ':') {
		to-- // a sentence goes on behind the address
	}
	g := countGroups(p.s[from:to])
	if p.at(to) == '.' && p.at(to-1) != ':' && isDigit(p.at(to-1)) { // ::ffff:10.0.0.1
		v4 := strings.LastIndexByte(p.s[from:to], ':') + 1 + from
		if end, _ := p.octets(v4); end > 0 && g.ok && !isWord(p.at(end)) && (g.gap && g.n <= 6 || g.n == 7) {
			return p.zone(end)
		}
	}
	if !g.ok || isWord(p.at(to)) || !g.plausible(p.s[from:to]) {
		return 0
	}
	return p.zone(to)
}

// zone reads %eth0 behind an address.
func (p *pass) zone(i int) int {
	if p.at(i) != '%' || !isAlnum(p.at(i+1)) {
		return i
	}
	for i++; isAlnum(p.at(i)) || p.at(i) == '_' || p.at(i) == '-'; {
		i++
	}
	return i
}

// groups describes a text of hex digits and colons.
type groups struct {
	ok      bool // groups of at most four, at most one gap
	gap     bool // "::"
	n       int  // groups that are not empty
	digits  bool
	longest int
	first   int // length of the first group, 0 for a leading gap
	numeral bool
}

func countGroups(s string) groups {
	g := groups{ok: true}
	length, gaps := 0, 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] != ':' {
			length++
			if isDigit(s[i]) {
				g.digits = true
				g.numeral = g.numeral || g.n == 0
			}
			continue
		}
		if length > 0 {
			if g.n == 0 && i == length {
				g.first = length
			}
			g.n++
			g.longest = max(g.longest, length)
		} else if i > 0 && i < len(s) && s[i-1] == ':' {
			gaps++
		} else if i == len(s) && (i < 2 || s[i-2] != ':') || i == 0 && (len(s) < 2 || s[1] != ':') {
			g.ok = false
		}
		length = 0
	}
	g.gap = gaps == 1
	g.ok = g.ok && gaps <= 1 && g.longest <= 4
	return g
}

// plausible says whether well-formed groups are an address, not a time, a list
// of numbers or a qualified name.
func (g groups) plausible(s string) bool {
	switch {
	case !g.gap:
		return g.n == 8 && !isMAC(s, ':')
	case g.n >= 8 || g.n == 0:
		return false
	case g.n >= 3:
		return g.digits || g.longest == 4
	case g.first == 0: // ::1, ::ffff
		return g.digits && (len(s) <= 6 || g.n == 2)
	}
	return g.first >= 3 && g.numeral // fe80::1, 2001:db8::
}

// isMAC says whether s is six or eight groups of two hex digits.
func isMAC(s string, sep byte) bool {
	if len(s) != 17 && len(s) != 23 {
		return false
	}
	for i := range len(s) {
		if i%3 == 2 {
			if s[i] != sep {
				return false
			}
		} else if !isHex(s[i]) {
			return false
		}
	}
	return true
}

// dashedMAC looks at the first dash of aa-bb-cc-dd-ee-ff.
func (p *pass) dashedMAC(i int) int {
	from := i - 2
	if from < p.done || !isHex(p.at(i+1)) || p.at(i+3) != '-' || i+15 > len(p.s) {
		return 0
	}
	to := i + 15
	if !isMAC(p.s[from:to], '-') || isWord(p.at(from-1)) || p.at(from-1) == '-' || isWord(p.at(to)) || p.at(to) == '-' ||
		isDate(p.s[from:to]) {
		return 0
	}
	return p.replace(from, to, markMAC)
}

// dottedMAC returns the end of aabb.ccdd.eeff whose first group has a digit at
// i, 0 if there is none. Digits alone are a number.
func (p *pass) dottedMAC(i int) int {
	from := i
	for from > p.done && i-from < 4 && isHex(p.s[from-1]) {
		from--
	}
	to := from + len("0011.2233.4455")
	if p.at(from+4) != '.' || p.at(from+9) != '.' || to > len(p.s) || isWord(p.at(to)) || isWord(p.at(from-1)) ||
		p.at(from-1) == '.' || p.at(to) == '.' && isAlnum(p.at(to+1)) || !hasLetter(p.s[from:to]) {
		return 0
	}
	for k, c := range []byte(p.s[from:to]) {
		if k%5 != 4 && !isHex(c) {
			return 0
		}
	}
	return to
}

// isDate recognises 24-01-31-10-30-45.
func isDate(s string) bool {
	most := [6]int{99, 12, 31, 23, 59, 59}
	for k, top := range most {
		a, b := s[3*k], s[3*k+1]
		if !isDigit(a) || !isDigit(b) || int(a-'0')*10+int(b-'0') > top {
			return false
		}
	}
	return true
}
