package redact

import "strings"

// judgeValue looks at the value behind a secret key and its operator, which
// ends at v, and removes it unless it is none.
func (p *pass) judgeValue(k key, v int, op operator) int {
	from := v
	for from-v < 8 && (p.at(from) == ' ' || p.at(from) == '\t') {
		from++
	}
	if op == spaced {
		from = p.dumped(from)
	}
	if q, n := p.quoteAt(from); n >= 0 {
		switch closed := from == v && k.quote == 0 && p.closesQuote(k.from, from+n); {
		case !closed:
			return p.judgeQuoted(k, from+n, q, op)
		case n == 0:
			return v
		}
	}
	if p.mode&source != 0 {
		return v
	}
	for _, q := range quoteEntities {
		if p.has(from, q) {
			return p.judgeEntity(from+len(q), q)
		}
	}
	switch c := p.at(from); {
	case c == 0 || c == '\n' || c == '\r':
		return v
	case c == '[' || c == '{' || c == '(' && op == assign:
		if next := p.judgeGroup(k, from, op); next > 0 {
			return next
		}
	}
	return p.judgeBare(k, v, from, op)
}

// dumped steps over the type that PHP's var_dump puts before a string.
func (p *pass) dumped(i int) int {
	j := i
	for j-i < 16 && isSpace(p.at(j)) {
		j++
	}
	if !p.has(j, "string(") {
		return i
	}
	j += len("string(")
	j += digits(p.s[j:min(len(p.s), j+8)])
	if !p.has(j, `) "`) {
		return i
	}
	return j + len(") ")
}

// serialized looks at PHP's serialize: "password";s:7:"hunter2". The colon
// behind the s is at i.
func (p *pass) serialized(i int) int {
	k, ok := p.keyBefore(i - len(";s"))
	if !ok || p.mode&keyless != 0 || p.r.verdict(p.s[k.from:k.to])&secret == 0 {
		return i + 1
	}
	j := i + 1 + digits(p.s[i+1:min(len(p.s), i+9)])
	if !p.has(j, `:"`) {
		return i + 1
	}
	return p.literal(j + 1)
}

// judgeEntity removes a value between quotes written as q, which starts at
// from.
func (p *pass) judgeEntity(from int, q string) int {
	n := strings.Index(p.s[from:], q)
	if n < 0 {
		n = len(p.s) - from
	}
	p.work += n
	if v := p.s[from : from+n]; isTrivial(v) || isPlaceholder(v) {
		return from + n
	}
	return p.replace(from, from+n, markRemoved)
}

// quoteAt finds the opening quote of a literal at i, behind a prefix as in
// b'…' or in front of escaped text (\"…\"). It returns the quote and how many
// bytes precede it, -1 if there is none.
func (p *pass) quoteAt(i int) (q byte, n int) {
	for n < 16 && p.at(i+n) == '\\' {
		n++
	}
	if n == 0 {
		for n < 2 && p.at(i+n) != 0 && strings.IndexByte("burfNL@$", p.at(i+n)) >= 0 {
			n++
		}
	}
	if c := p.at(i + n); isQuote(c) {
		return c, n
	}
	return 0, -1
}

// quoted returns the content of the literal whose quote q stands at i, and
// whether it is closed on its line. A quote is escaped by more backslashes
// than precede the opening one, or by doubling.
func (p *pass) quoted(i int, q byte) (from, to int, closed bool) {
	depth := 0
	for p.at(i-1-depth) == '\\' {
		depth++
	}
	from = i + 1
	if p.at(from) == q && p.at(from+1) == q { // """…"""
		if k := strings.Index(p.s[from+2:], p.s[i:from+2]); k >= 0 {
			p.work += k
			return from + 2, from + 2 + k, true
		}
	}
	slashes := 0
	for to = from; to < len(p.s); to++ {
		switch c := p.s[to]; {
		case c == '\\':
			slashes++
			continue
		case c == '\n' || c == '\r':
			p.work += to - from
			return from, to, false
		case c == q && closes(slashes, depth):
			if depth == 0 && q == '\'' && p.at(to+1) == q && to > from { // 'it''s'
				to++
				break
			}
			p.work += to - from
			return from, to - min(slashes, depth), true
		}
		slashes = 0
	}
	p.work += to - from
	return from, to, false
}

// closes says whether a quote behind so many backslashes closes a literal
// that opened behind depth of them.
func closes(slashes, depth int) bool {
	return slashes <= depth && (slashes == depth || depth > 0) || slashes > depth && (slashes-depth)%(2*(depth+1)) == 0
}

// closesQuote says whether the quote at i closes a quotation that opened
// before the key: Ruby's "undefined method `password=' for nil".
func (p *pass) closesQuote(key, i int) bool {
	q := p.s[i]
	if c := p.at(key - 1); c == '`' && q == '\'' || c == q {
		return true
	}
	open := false
	from := max(p.done, key-256)
	for j := key - 1; j >= from && p.s[j] != '\n'; j-- {
		if p.s[j] == q && p.at(j-1) != '\\' && (q != '\'' || !isLetter(p.at(j-1)) || !isLetter(p.at(j+1))) {
			open = !open
		}
	}
	p.work += key - from
	return open
}

// judgeQuoted looks at the literal whose quote stands at i.
func (p *pass) judgeQuoted(k key, i int, q byte, op operator) int {
	from, to, _ := p.quoted(i, q)
	content := p.s[from:to]
	if !p.literalIsSecret(k, content, op) {
		if isTrivial(content) {
			return to
		}
		return i + 1
	}
	return p.replace(from, to, markRemoved)
}

// literal removes a literal whatever precedes it; its quote stands at i.
func (p *pass) literal(i int) int {
	from, to, _ := p.quoted(i, p.s[i])
	if isTrivial(p.s[from:to]) || isPlaceholder(p.s[from:to]) {
		return to
	}
	return p.replace(from, to, markRemoved)
}

// judgeGroup looks at a value in brackets, which goes as a whole.
func (p *pass) judgeGroup(k key, from int, op operator) int {
	end := p.groupEndOf(from)
	if end == 0 {
		if k.quote == 0 || op < colonTight {
			return 0
		}
		return p.replace(from, len(p.s), markRemoved) // a text that was cut
	}
	whole := p.s[from:end]
	switch {
	case isTrivial(whole):
		return end
	case isPlaceholder(whole) || isVerbs(whole) || !hasAlnum(whole) || k.verdict&measure != 0 && !hasLetter(whole):
		return from + 1
	}
	return p.replace(from, end, markRemoved)
}

// groupEndOf returns the end of the brackets that open at i, 0 if they do not
// close within reach.
func (p *pass) groupEndOf(i int) int {
	open := p.s[i]
	closing := open + 2 // [ ] and { }
	if open == '(' {
		closing = ')'
	}
	depth := 0
	for j := i; j < len(p.s) && j-i < 4096; j++ {
		switch p.s[j] {
		case open:
			depth++
		case closing:
			if depth--; depth == 0 {
				p.work += j - i
				return j + 1
			}
		}
	}
	p.work += min(len(p.s)-i, 4096)
	return 0
}

// judgeBare looks at a value without quotes or brackets that starts at from.
func (p *pass) judgeBare(k key, v, from int, op operator) int {
	to := p.bareEnd(k, from, op)
	if to == from {
		return v
	}
	if q, n := p.quoteAt(to); n == 0 && p.s[to-1] == '(' {
		if !isWrapper(p.s[from : to-1]) {
			return v
		}
		return p.judgeQuoted(k, to, q, op)
	}
	if schemes.has(p.s[from:to]) {
		if end := p.schemeEnd(k, from, to); end > 0 {
			return p.replace(from, end, markRemoved)
		}
		return to
	}
	if !p.bareIsSecret(k, from, to, op) {
		return v
	}
	return p.replace(from, p.connectionEnd(k, to), markRemoved)
}

// isWrapper recognises SecretStr('…'), not errors.New("…").
func isWrapper(call string) bool {
	call = fold(call)
	return hasSuffix(call, []string{"str", "string", "secret", "password", "token", "quote", "quoted"})
}

var schemes = set(`bearer basic digest token negotiate ntlm apikey oauth hawk sharedkey sharedkeylite dpop mac
	signature aws4-hmac-sha256 aws key api-key jwt`)

var listSchemes = set("digest oauth hawk signature aws4-hmac-sha256 mac")

// schemeEnd returns the end of the credentials behind the scheme s[from:to].
func (p *pass) schemeEnd(k key, from, to int) int {
	next := p.gap(to)
	if next == to || next == len(p.s) {
		return 0
	}
	if listSchemes.has(p.s[from:to]) {
		if k := strings.IndexByte(p.s[next:p.lineEnd(next)], '='); k > 0 {
			return p.lineEnd(next)
		}
	}
	end := p.bareEnd(key{}, next, spaced)
	word := p.s[next:end]
	if end == next || isTrivial(word) || isPlaceholder(word) || proseAfterBearer.has(word) ||
		!strings.Contains(fold(p.s[k.from:k.to]), "authoriz") && isLetters(word) && !looksSecret(word) {
		return 0
	}
	return end
}

// connectionEnd extends a value of a connection string with blanks in it:
// "Server=db;Password=my pass;Timeout=5".
func (p *pass) connectionEnd(k key, to int) int {
	if k.before != ';' || p.at(to) != ' ' {
		return to
	}
	for j := to; j < len(p.s) && j-to < 128; j++ {
		switch p.s[j] {
		case ';':
			return j
		case '=', '"', '\'', '\n':
			return to
		}
	}
	return to
}

// bareEnd returns the end of a value without quotes.
func (p *pass) bareEnd(k key, from int, op operator) int {
	query := k.before == '?' || k.before == '&'
	to, open := from, 0
	for to < len(p.s) && !p.endsValue(to, query, op) {
		if c := p.s[to]; c == '(' || c == '[' || c == '{' {
			open++
		} else if c == ')' || c == ']' || c == '}' {
			if open == 0 && !isAlnum(p.at(to+1)) && p.mode&form == 0 {
				break
			}
			open--
		}
		to++
	}
	p.work += to - from
	if p.mode&form != 0 {
		return to
	}
	for to > from && strings.IndexByte(")]}.,:", p.s[to-1]) >= 0 {
		if k := strings.IndexByte(")]}", p.s[to-1]); k >= 0 && strings.IndexByte(p.s[from:to], "([{"[k]) >= 0 {
			break // it closes what the value opened
		}
		to--
	}
	return to
}

func (p *pass) endsValue(i int, query bool, op operator) bool {
	c := p.s[i]
	if p.mode&form != 0 {
		return c == '&' || c == '\n' || c == '\r'
	}
	switch c {
	case ' ', '\t', '\n', '\r', '"', '\'', '`', '<', '>', ';':
		return true
	case '&':
		return query || p.has(i, "&amp;") || p.fieldFollows(i+1)
	case ',', '|', '?':
		return p.fieldFollows(i + 1)
	case '#':
		return query
	case '%':
		return op == encoded && (p.has(i, "%26") || p.has(i, "%20") || p.has(i, "%22") || p.hasFold(i, "%7d"))
	case '\\':
		c := p.at(i + 1)
		return isQuote(c) || p.has(i+1, "u0026") || (c == 'n' || c == 'r' || c == 't') && p.fieldFollows(i+2)
	}
	return false
}

// fieldFollows says whether at i the value before is over: the text ends
// there, a blank follows, or another key with its operator.
func (p *pass) fieldFollows(i int) bool {
	if i >= len(p.s) || isSpace(p.s[i]) || isQuote(p.s[i]) {
		return true
	}
	j := i
	for j < len(p.s) && j-i < 48 && (isKeyByte(p.s[j]) || p.s[j] == '[' || p.s[j] == ']') {
		j++
	}
	p.work += j - i
	return j > i && (p.at(j) == '=' || p.at(j) == ':')
}
