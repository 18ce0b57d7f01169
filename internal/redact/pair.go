package redact

import "strings"

// operator says how a key and its value are joined.
type operator uint8

const (
	noOperator  operator = iota
	assign               // key=value
	encoded              // key%3Dvalue
	spaced               // key = value, key => value, --key value
	colonTight           // key:value
	colonSpaced          // key: value
)

// key is a key in a text.
type key struct {
	from, to int
	quote    byte // around it, 0 for none
	start    bool // a field starts with it, not the middle of a sentence
	before   byte // what precedes it, blanks apart
	verdict  verdict
}

// pair looks at the separator s[i:i+w]. Behind a secret key it removes the
// value; otherwise scanning goes on inside the value.
func (p *pass) pair(i, w int) int {
	if p.mode&keyless != 0 {
		return i + w
	}
	op, begin, end := p.operator(i, w)
	if op == noOperator {
		return end
	}
	if p.at(begin-1) == ')' && p.at(end) == '(' {
		return p.columns(begin, end)
	}
	k, ok := p.keyBefore(begin)
	if !ok {
		return end
	}
	p.work += keyCost
	k.verdict = p.r.verdict(p.s[k.from:k.to])
	if k.verdict&session != 0 && (p.mode&cookieText != 0 || i < p.cookieEnd) {
		k.verdict |= secret
	}
	switch {
	case k.verdict&secret != 0 || p.twoWordKey(&k):
		return p.judgeValue(k, end, op)
	case k.verdict&cookies != 0:
		p.cookieEnd = p.listEnd(end)
	case k.verdict&holder != 0:
		return max(end, p.held(end))
	}
	return end
}

// operator returns what joins key and value at i and where it begins and ends.
func (p *pass) operator(i, w int) (op operator, begin, end int) {
	prev, next := p.at(i-1), p.at(i+w)
	switch {
	case w == 3:
		return encoded, i, i + 3
	case p.s[i] == ':':
		if next == ':' || prev == ':' || next == '=' {
			return noOperator, i, i + 1
		}
		if isSpace(next) {
			return colonSpaced, i, i + 1
		}
		return colonTight, i, i + 1
	case next == '=' || next == '~':
		for end = i + 1; p.at(end) == '='; {
			end++
		}
		return noOperator, i, end
	case strings.IndexByte("=!<>~+*/|^&-", prev) >= 0 && i > 0:
		return noOperator, i, i + 1
	case next == '>':
		return spaced, i, i + 2
	case prev == ':':
		return spaced, i - 1, i + 1
	case prev == ' ' || next == ' ':
		return spaced, i, i + 1
	}
	return assign, i, i + 1
}

// keyBefore reads the key that ends at end: bare, quoted, or as an index.
func (p *pass) keyBefore(end int) (k key, ok bool) {
	e := end
	for e > p.done && end-e < 4 && p.s[e-1] == ' ' {
		e--
	}
	if e > p.done && p.s[e-1] == ']' {
		e--
	}
	e, entity := p.unquoteKey(e, &k)
	from := e
	for from > p.done && e-from < maxKey && (isKeyByte(p.s[from-1]) || k.quote != 0 && p.s[from-1] == ' ') {
		from--
	}
	p.work += end - from
	if entity == "%22" {
		from += strings.LastIndex(p.s[from:e], entity) + len(entity)
		if from < len(entity) || from > e {
			return k, false
		}
	} else if k.quote != 0 && entity == "" && e-from < maxKey && p.at(from-1) != k.quote {
		return k, false
	}
	if from == e || isMark(p.s[max(from-1, 0):min(e+1, len(p.s))]) {
		return k, false
	}
	k.from, k.to = from, e
	k.before = p.before(from)
	k.start = k.quote != 0 || k.before == 0 || strings.IndexByte("{[(,;&|?>\"'`-\n\r", k.before) >= 0
	return k, true
}

// unquoteKey steps back over the closing quote of a key that ends at e.
func (p *pass) unquoteKey(e int, k *key) (end int, entity string) {
	if e > p.done && isQuote(p.s[e-1]) {
		e--
		k.quote = p.s[e]
		for e > p.done && p.s[e-1] == '\\' {
			e--
		}
		return e, ""
	}
	for _, q := range quoteEntities {
		if e-len(q) > p.done && p.has(e-len(q), q) {
			k.quote = '"'
			return e - len(q), q
		}
	}
	return e, ""
}

// quoteEntities are quotes as attributes of HTML and queries write them.
var quoteEntities = [...]string{"&quot;", "&#34;", "&#39;", "%22"}

func isKeyByte(c byte) bool { return isAlnum(c) || c == '_' || c == '-' || c == '.' || c == '%' }

// before returns the byte before i, blanks apart, 0 at the start of the text.
func (p *pass) before(i int) byte {
	for i > 0 && (p.s[i-1] == ' ' || p.s[i-1] == '\t') {
		i--
	}
	return p.at(i - 1)
}

var firstWords = set("api secret private access encryption signing account auth security master")

// twoWordKey knows "API key: …", of which keyBefore sees only the second word.
func (p *pass) twoWordKey(k *key) bool {
	if k.quote != 0 || !equalFold(p.s[k.from:k.to], "key") || p.at(k.from-1) != ' ' {
		return false
	}
	first := p.wordBefore(k.from - 1)
	if !firstWords.has(first) {
		return false
	}
	k.from -= len(first) + 1
	k.before = p.before(k.from)
	k.start = k.before == 0 || k.before == '\n'
	return true
}

// listEnd returns where a list of cookies ends that starts at i: at its
// closing quote, else with the line.
func (p *pass) listEnd(i int) int {
	for p.at(i) == ' ' {
		i++
	}
	if q, n := p.quoteAt(i); n >= 0 {
		_, end, _ := p.quoted(i+n, q)
		return end
	}
	return p.lineEnd(i)
}

// columns looks at PostgreSQL's "Key (email, token)=(bob, x) already exists".
func (p *pass) columns(begin, end int) int {
	open := begin - 1
	for open > p.done && begin-open < 256 && p.s[open] != '(' {
		open--
	}
	stop := strings.IndexByte(p.s[end:], ')')
	p.work += begin - open + max(stop, 0)
	if p.s[open] != '(' || stop < 2 {
		return end
	}
	for name := range strings.SplitSeq(p.s[open+1:begin-1], ",") {
		if p.r.verdict(strings.TrimSpace(name))&secret != 0 {
			if v := p.s[end+1 : end+stop]; v == markRemoved {
				break
			}
			return p.replace(end+1, end+stop, markRemoved)
		}
	}
	return end
}
