package redact

import "strings"

// letterB looks at a b that may start a scheme of HTTP authorization, or the
// second of a pair of bytes as Python prints it.
func (p *pass) letterB(i int) int {
	if isQuote(p.at(i + 1)) {
		return p.bytesPair(i)
	}
	c := p.at(i+1) | 0x20
	if c != 'e' && c != 'a' && c != 'y' || isWord(p.at(i-1)) {
		return i + 1
	}
	p.work += keyCost
	if p.hasFold(i, "bearer") {
		return p.bearer(i, i+len("bearer"))
	}
	if p.hasFold(i, "basic") {
		return p.basic(i + len("basic"))
	}
	if p.hasFold(i, "by '") && p.endsFold(i, "identified ") && p.follows(i, 80, "create user", "alter user", "grant ") {
		return p.literal(i + len("by "))
	}
	return i + 1
}

// bytesPair looks at (b'x-api-key', b'…'), as the headers of an ASGI request are
// printed.
func (p *pass) bytesPair(i int) int {
	if p.mode&(keyless|source) != 0 || !p.has(i-3, "', ") {
		return i + 1
	}
	k, ok := p.keyBefore(i - len(", "))
	if !ok || p.at(k.from-2) != 'b' {
		return i + 1
	}
	switch v := p.r.verdict(p.s[k.from:k.to]); {
	case v&secret != 0:
		return p.literal(i + 1)
	case v&cookies != 0:
		p.cookieEnd = p.listEnd(i)
	}
	return i + 1
}

// gap returns the end of the blanks at i, also in their encoded form.
func (p *pass) gap(i int) int {
	for {
		switch {
		case p.at(i) == ' ' || p.at(i) == '\t' || p.at(i) == '+':
			i++
		case p.has(i, "%20"):
			i += 3
		default:
			return i
		}
	}
}

// bearer redacts what follows the word Bearer, unless it is an English
// sentence: "Bearer token is missing".
func (p *pass) bearer(start, end int) int {
	from := p.gap(end)
	if from == end || p.has(from, "${") {
		return end
	}
	to := from
	for to < len(p.s) && isTokenByte(p.s[to]) {
		to++
	}
	for to > from && strings.IndexByte(".,:", p.s[to-1]) >= 0 {
		to--
	}
	p.work += to - from
	word := p.s[from:to]
	if word == "" || strings.Contains(word, "://") || isPlaceholder(word) || proseAfterBearer.has(word) {
		return end
	}
	if !looksSecret(word) && isLetters(word) && p.s[start] == 'b' && p.inProse(start) {
		return end
	}
	if isLetters(strings.Trim(word, "_-")) && p.at(to) == '=' || word[len(word)-1] == '=' && isQuote(p.at(to)) { // Bearer realm="api"
		return end
	}
	return p.replace(from, to, markToken)
}

func isTokenByte(c byte) bool {
	return isAlnum(c) || c >= 0x80 || strings.IndexByte("-._~+/=|:%$!*#@", c) >= 0
}

var proseAfterBearer = set(`token tokens auth authn authentication authorization authorisation scheme realm is are of
	not was has have had header headers format prefix error errors required must and or in for from with without missing
	invalid challenge credential credentials type only expected but found prefixed schema security method bonds bond
	the a an to that which who authenticated jwt oauth value string keyword`)

// inProse says whether a word of a sentence precedes i.
func (p *pass) inProse(i int) bool {
	return p.at(i-1) == ' ' && (isLetter(p.at(i-2)) || p.at(i-2) == ',')
}

// basic redacts user and password of basic authorization: base64 of text with
// a colon. "Basic usage" decodes to nothing of the kind.
func (p *pass) basic(end int) int {
	from := p.gap(end)
	if from == end {
		return end
	}
	to := from
	for to < len(p.s) && (isAlnum(p.s[to]) || p.s[to] == '+' || p.s[to] == '/') {
		to++
	}
	p.work += to - from
	if to-from < 4 || !hidesColon(p.s[from:to]) {
		return end
	}
	for to < len(p.s) && p.s[to] == '=' {
		to++
	}
	return p.replace(from, to, markToken)
}

// hidesColon decodes base64 and says whether it is printable text with a colon.
func hidesColon(s string) bool {
	found := false
	acc, bits := 0, 0
	for i := range len(s) {
		acc = acc<<6 | base64Value(s[i])
		if bits += 6; bits >= 8 {
			bits -= 8
			c := byte(acc >> bits) //nolint:gosec // eight bits are left
			acc &= 1<<bits - 1
			if c < ' ' || c == 0x7f {
				return false
			}
			found = found || c == ':'
		}
	}
	return found && len(s)%4 != 1
}

func base64Value(c byte) int {
	switch {
	case isUpper(c):
		return int(c - 'A')
	case isLetter(c):
		return int(c-'a') + 26
	case isDigit(c):
		return int(c-'0') + 52
	case c == '+' || c == '-':
		return 62
	}
	return 63
}

// token looks at the digits s[i:end] inside a word that may be a JSON web
// token or carry the prefix of a well-known issuer. Practically every such
// token has a digit in its first part, so digits are enough to find them.
func (p *pass) token(i, end int) int {
	if i < p.wordEnd {
		return 0
	}
	from := i
	for from > p.done && i-from < 256 && isTokenWord(p.s[from-1]) {
		from--
	}
	to := end
	for to < len(p.s) && isTokenWord(p.s[to]) {
		to++
	}
	p.work += to - from
	p.wordEnd = to
	word := p.s[from:to]
	if len(word) < 20 || isAlnum(p.at(from-1)) {
		return 0
	}
	if strings.HasPrefix(word, "eyJ") {
		return p.webToken(from, to)
	}
	for _, prefix := range tokenPrefixes {
		if strings.HasPrefix(word, prefix) && len(word) >= len(prefix)+16 {
			return p.replace(from, to, markToken)
		}
	}
	if len(word) == 20 && (word[:4] == "AKIA" || word[:4] == "ASIA") ||
		(strings.HasPrefix(word, "sk-") || strings.HasPrefix(word, "err_") || strings.HasPrefix(word, "hf_")) && longestRun(word) >= 16 {
		return p.replace(from, to, markToken)
	}
	return 0
}

// longestRun tells sk-ssh-ed25519 and err_http2_stream_cancel from tokens: it is
// the length of the longest part without a delimiter.
func longestRun(word string) int {
	longest, n := 0, 0
	for i := range len(word) {
		if n++; !isAlnum(word[i]) {
			n = 0
		}
		longest = max(longest, n)
	}
	return longest
}

func isTokenWord(c byte) bool { return isAlnum(c) || c == '_' || c == '-' }

// tokenPrefixes begin the secrets of services that mark theirs, and ours.
var tokenPrefixes = []string{
	"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xoxa-", "xoxb-", "xoxp-",
	"xoxr-", "xoxs-", "xapp-", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_", "AIza", "npm_", "pypi-",
	"dop_v1_", "shpat_", "shpss_", "sntrys_", "sntryu_",
}

// webToken redacts the dotted parts of a JSON web token.
func (p *pass) webToken(from, to int) int {
	dots := 0
	for p.at(to) == '.' && (isTokenWord(p.at(to+1)) || p.at(to+1) == '.') && dots < 4 {
		dots++
		for to++; to < len(p.s) && isTokenWord(p.s[to]); {
			to++
		}
	}
	p.work += to - from
	if dots == 0 {
		return 0
	}
	return p.replace(from, to, markToken)
}

// pem redacts a PEM block. A block cut off at its end goes to the end of the
// text; one cut off at its beginning, back to where base64 ends. The words
// "-----BEGIN CERTIFICATE-----" alone are left.
func (p *pass) pem(i int) int {
	const begin, end, rule = "-----BEGIN ", "-----END ", "-----"
	if p.has(i, end) {
		return p.pemTail(i)
	}
	if !p.has(i, begin) {
		return p.skipDashes(i)
	}
	label := strings.Index(p.s[i+len(begin):min(len(p.s), i+len(begin)+64)], rule)
	if label < 0 {
		return i + len(begin)
	}
	body := i + len(begin) + label + len(rule)
	stop := strings.Index(p.s[body:], end)
	p.work += len(p.s) - body
	if stop < 0 {
		if !startsBase64(p.s[body:]) {
			return body
		}
		return p.replace(i, len(p.s), markPEM)
	}
	if stop < 4 || isQuote(p.at(body)) && isSpace(p.at(body+1)) { // only the words are quoted
		return body
	}
	stop += body
	if k := strings.Index(p.s[stop+len(end):min(len(p.s), stop+len(end)+64)], rule); k >= 0 {
		return p.replace(i, stop+len(end)+k+len(rule), markPEM)
	}
	return p.replace(i, len(p.s), markPEM)
}

func (p *pass) skipDashes(i int) int {
	for p.at(i) == '-' {
		i++
	}
	return i
}

func (p *pass) pemTail(i int) int {
	from := i
	for from > p.done && (isBase64(p.s[from-1]) || isSpace(p.s[from-1]) || p.s[from-1] == '\\') {
		from--
	}
	p.work += i - from
	if len(strings.TrimSpace(p.s[from:i])) < 40 {
		return p.skipDashes(i)
	}
	p.replace(from, i, markPEM)
	return p.skipDashes(i)
}

func isBase64(c byte) bool { return isAlnum(c) || c == '+' || c == '/' || c == '=' }

// startsBase64 says whether s starts, behind line ends also in escaped form,
// with a line of a key or with one of its headers.
func startsBase64(s string) bool {
	s = strings.TrimLeft(s, " \t\r\n\\nr")
	if strings.HasPrefix(s, "Proc-Type:") || strings.HasPrefix(s, "Version:") || strings.HasPrefix(s, "Comment:") {
		return true
	}
	n := 0
	for n < len(s) && isBase64(s[n]) {
		n++
	}
	return n >= 16
}

// flag looks at --password VALUE. With an equals sign it is a pair.
func (p *pass) flag(i int) int {
	if p.has(i, "--user ") {
		return p.commandUser(i, i+len("--user "))
	}
	end := i + 2
	for end < len(p.s) && isTokenWord(p.s[end]) {
		end++
	}
	if end == i+2 || p.at(end) != ' ' || p.at(end+1) == '-' || isWord(p.at(i-1)) || p.mode&keyless != 0 ||
		p.r.verdict(p.s[i+2:end])&secret == 0 {
		return max(end, i+2)
	}
	k := key{from: i + 2, to: end, start: true}
	return p.judgeValue(k, end, spaced)
}

// shortFlag looks at mysql -pPASSWORD.
func (p *pass) shortFlag(i int) int {
	from := i + len("-p")
	if p.at(i-1) != ' ' || !p.command(i, "mysql") || p.at(from) == ' ' {
		return from
	}
	if isQuote(p.at(from)) {
		return p.literal(from)
	}
	to := from
	for to < len(p.s) && !isSpace(p.s[to]) && !isQuote(p.s[to]) {
		to++
	}
	p.work += to - from
	if to == from || isTrivial(p.s[from:to]) || isPlaceholder(p.s[from:to]) {
		return from
	}
	return p.replace(from, to, markRemoved)
}

// command says whether a command of that name stands before i.
func (p *pass) command(i int, name string) bool {
	from := max(0, i-256)
	p.work += i - from
	return strings.Contains(p.s[from:i], name)
}

// commandUser looks at curl -u USER:PASSWORD, whose value starts at from.
func (p *pass) commandUser(i, from int) int {
	if isWord(p.at(i-1)) || !p.command(i, "curl") {
		return from
	}
	for isQuote(p.at(from)) {
		from++
	}
	to := from
	for to < len(p.s) && !isSpace(p.s[to]) && !isQuote(p.s[to]) {
		to++
	}
	p.work += to - from
	if strings.IndexByte(p.s[from:to], ':') <= 0 || p.s[from:to] == markRemoved {
		return from
	}
	return p.replace(from, to, markRemoved)
}
