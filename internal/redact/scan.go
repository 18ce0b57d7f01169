package redact

import "strings"

// class says which check a byte starts.
type class uint8

const (
	plain class = iota
	atSign
	digit
	colon
	equals
	slash
	backslash
	dash
	letterB // Bearer, Basic, (identified) by
)

// fullTable and namesTable hold the few bytes at which a check starts; all
// others are passed over.
var (
	fullTable = table(map[byte]class{
		'@': atSign, ':': colon, '=': equals, '/': slash, '\\': backslash, '-': dash,
		'b': letterB, 'B': letterB,
	}, "0123456789")
	namesTable = table(map[byte]class{'@': atSign, ':': colon, '/': slash, '\\': backslash}, "")
)

func table(of map[byte]class, digits string) [256]class {
	var t [256]class
	for c, k := range of {
		t[c] = k
	}
	for _, c := range []byte(digits) {
		t[c] = digit
	}
	return t
}

// pass is one pass over one text. Everything before done has been copied to
// out, or replaced there; out is nil as long as nothing was found.
type pass struct {
	r    *Redactor
	s    string
	mode mode
	out  []byte
	done int

	cookieEnd int // key=value before it are cookies
	groupEnd  int // hex groups before it are no address
	wordEnd   int // the word that ends here is no token
	work      int
	limit     int // of work
	over      bool
}

func (p *pass) run(t *[256]class) {
	for i := 0; i < len(p.s); {
		if c := t[p.s[i]]; c != plain {
			if p.work += checkCost; p.work > p.limit {
				p.over = true
				return
			}
			i = p.check(c, i)
		} else {
			i++
		}
	}
}

// check looks at what the byte at i may be part of and returns where to go on,
// which is behind i.
func (p *pass) check(c class, i int) int {
	switch c {
	case atSign:
		return p.email(i, 1)
	case digit:
		return p.number(i)
	case colon:
		return p.colon(i)
	case equals:
		return p.pair(i, 1)
	case slash:
		return p.slash(i)
	case backslash:
		return p.backslash(i)
	case dash:
		return p.dash(i)
	case letterB:
		return p.letterB(i)
	default:
		return i + 1
	}
}

// colon tells user and password of a URL from an address and from a key.
func (p *pass) colon(i int) int {
	if p.has(i+1, "//") {
		return p.userinfo(i)
	}
	if p.mode&namesOnly != 0 {
		return i + 1
	}
	if next := p.hexGroups(i); next > 0 {
		return next
	}
	if p.has(i-3, `";s:`) {
		return p.serialized(i)
	}
	return p.pair(i, 1)
}

func (p *pass) slash(i int) int {
	if p.at(i-1) == '<' {
		return p.element(i)
	}
	if c := p.at(i + 1); c == 'h' || c == 'U' {
		return p.home(i)
	}
	return i + 1
}

func (p *pass) dash(i int) int {
	if p.at(i+1) == '-' {
		if p.has(i, "-----") {
			return p.pem(i)
		}
		return p.flag(i)
	}
	if p.has(i, "-u ") {
		return p.commandUser(i, i+len("-u "))
	}
	if p.at(i+1) == 'p' {
		return p.shortFlag(i)
	}
	if next := p.dashedMAC(i); next > 0 {
		return next
	}
	return i + 1
}

// replace puts mark in the place of s[from:to] and returns where to go on.
func (p *pass) replace(from, to int, mark string) int {
	from = max(from, p.done)
	if p.out == nil {
		p.out = make([]byte, 0, len(p.s)+2*len(mark))
	}
	p.work += 2 * checkCost
	p.out = append(p.out, p.s[p.done:from]...)
	p.out = append(p.out, mark...)
	p.done = to
	return to
}

// at returns the byte at i, 0 outside the text.
func (p *pass) at(i int) byte {
	if i < 0 || i >= len(p.s) {
		return 0
	}
	return p.s[i]
}

// has says whether s stands at i.
func (p *pass) has(i int, s string) bool {
	return i >= 0 && i+len(s) <= len(p.s) && p.s[i:i+len(s)] == s
}

// hasFold is has for a lower-case ASCII s, without case.
func (p *pass) hasFold(i int, s string) bool {
	return i >= 0 && i+len(s) <= len(p.s) && equalFold(p.s[i:i+len(s)], s)
}

// endsFold says whether the text before end ends in the lower-case s.
func (p *pass) endsFold(end int, s string) bool { return p.hasFold(end-len(s), s) }

// equalFold compares ASCII without case; lower is in lower case.
func equalFold(s, lower string) bool {
	if len(s) != len(lower) {
		return false
	}
	for i := range len(s) {
		if toLower(s[i]) != lower[i] {
			return false
		}
	}
	return true
}

func toLower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { c |= 0x20; return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool  { return 'A' <= c && c <= 'Z' }
func isAlnum(c byte) bool  { return isDigit(c) || isLetter(c) }
func isHex(c byte) bool    { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }
func isSpace(c byte) bool  { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
func isQuote(c byte) bool  { return c == '"' || c == '\'' || c == '`' }

// isWord says whether c is part of a word, be it of a foreign alphabet.
func isWord(c byte) bool { return isAlnum(c) || c == '_' || c >= 0x80 }

// wordBefore returns the word that ends at end.
func (p *pass) wordBefore(end int) string {
	from := end
	for from > p.done && end-from < maxKey && isAlnum(p.s[from-1]) {
		from--
	}
	return p.s[from:end]
}

// lineEnd returns where the line of i ends.
func (p *pass) lineEnd(i int) int {
	from := i
	for i < len(p.s) && p.s[i] != '\n' && p.s[i] != '\r' {
		i++
	}
	p.work += i - from
	return i
}

// words is a set of lower-case words.
type words map[string]bool

func set(list string) words {
	out := words{}
	for w := range strings.FieldsSeq(list) {
		out[w] = true
	}
	return out
}

// has says whether word, without case, is one of them.
func (w words) has(word string) bool {
	var low [32]byte
	if len(word) > len(low) {
		return false
	}
	for i := range len(word) {
		low[i] = toLower(word[i])
	}
	return w[string(low[:len(word)])]
}
