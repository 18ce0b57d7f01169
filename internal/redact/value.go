package redact

import "strings"

// isTrivial says whether a value under a secret key hides nothing: it is
// empty, null or a boolean, or already removed, here or by an SDK.
func isTrivial(v string) bool {
	return v == "" || isMark(v) || trivialWords.has(v) || isMasked(v)
}

var trivialWords = set(`null none nil undefined true false yes no on off <nil> (null) <null> <none> <empty> (empty) n/a
	[filtered] [masked] [hidden] [removed] [scrubbed] <redacted> <filtered> <secret> <hidden> (redacted) redacted`)

// isMark says whether s is one of our marks.
func isMark(s string) bool {
	switch s {
	case markRemoved, markEmail, markIP, markCard, markIBAN, markSSN, markIMEI, markMAC, markPEM, markToken, markUser:
		return true
	}
	return false
}

// isMasked recognises ****, •••• and xxxx.
func isMasked(s string) bool {
	if strings.Trim(s, "*") == "" || strings.Trim(s, "•") == "" || strings.Trim(s, ".…") == "" {
		return true
	}
	return len(s) > 2 && (strings.Trim(s, "x") == "" || strings.Trim(s, "X") == "" || strings.Trim(s, "#") == "")
}

// isPlaceholder recognises what stands for a value in templates and prepared
// statements: ?, %s, $1, :name, @name, {name}, ${NAME}, $NAME, <name>, %(name)s.
func isPlaceholder(v string) bool {
	if v == "" {
		return false
	}
	rest := v[1:]
	switch v[0] {
	case '?':
		return rest == ""
	case '%':
		return isWrapped(v, "%(", ")s") || isWrapped(v, "%{", "}") || isWrapped(v, "%", "%") || isVerbs(v)
	case ':', '@':
		return isIdentifier(rest)
	case '$':
		return rest != "" && digits(rest) == len(rest) && len(rest) < 4 || isWrapped(v, "${", "}") || isWrapped(v, "$(", ")") ||
			isIdentifier(rest) && (strings.ToUpper(rest) == rest || strings.ToLower(rest) == rest)
	case '{':
		return isWrapped(v, "{", "}") || isWrapped(v, "{{", "}}") || len(v) == 3 && isDigit(v[1]) && v[2] == '}'
	case '<':
		return isWrapped(v, "<", ">")
	case '#':
		return isWrapped(v, "#{", "}")
	}
	return false
}

// isVerbs recognises what printf fills in, as %s:%+v, with punctuation between.
func isVerbs(v string) bool {
	n := 0
	for i := 0; i < len(v); i++ {
		if v[i] != '%' {
			if isWord(v[i]) {
				return false
			}
			continue
		}
		for i++; i < len(v) && (isDigit(v[i]) || strings.IndexByte("+-#. !(", v[i]) >= 0); {
			i++
		}
		if i == len(v) || !isLetter(v[i]) {
			return false
		}
		n++
	}
	return n > 0
}

// isWrapped says whether v is a name between open and end.
func isWrapped(v, open, end string) bool {
	v, ok := strings.CutPrefix(v, open)
	if !ok {
		return false
	}
	v, ok = strings.CutSuffix(v, end)
	return ok && isIdentifier(strings.Trim(v, " "))
}

func isIdentifier(s string) bool {
	if s == "" || isDigit(s[0]) {
		return false
	}
	for i := range len(s) {
		if !isAlnum(s[i]) && s[i] != '_' && s[i] != '.' && s[i] != '-' {
			return false
		}
	}
	return true
}

func isLetters(s string) bool {
	for i := range len(s) {
		if !isLetter(s[i]) && s[i] < 0x80 {
			return false
		}
	}
	return s != ""
}

func hasLetter(s string) bool {
	for i := range len(s) {
		if isLetter(s[i]) {
			return true
		}
	}
	return false
}

func hasAlnum(s string) bool {
	for i := range len(s) {
		if isWord(s[i]) && s[i] != '_' {
			return true
		}
	}
	return false
}

// literalIsSecret says whether the content of a literal behind a secret key is
// to be removed.
func (p *pass) literalIsSecret(k key, content string, op operator) bool {
	switch {
	case isTrivial(content) || isPlaceholder(content) || !hasAlnum(content):
		return false
	case k.verdict&measure != 0 && isMeasure(content) || k.verdict&directory != 0 && isPath(content):
		return false
	case len(content) == 1 && equalFold(p.s[k.from:k.to], "accesskey"): // of HTML
		return false
	case p.mode&source != 0:
		return p.literalInSource(k, content)
	case k.quote != 0 || op < colonTight:
		return true
	}
	if p.isWeak(k) && !looksSecret(content) {
		return false
	}
	return !p.isErrorName(k) && (!p.isSyntaxError(k) || len(content) >= 16 && looksSecret(content))
}

// isWeak recognises the prefix of an error chain, oauth2: "invalid_grant": a key
// that says auth and nothing more, not inside brackets.
func (p *pass) isWeak(k key) bool {
	name := strings.ReplaceAll(fold(p.s[k.from:k.to]), "auth", "")
	return (k.before == 0 || strings.IndexByte("{,(", k.before) < 0) && !isSecret(name, lastPart(name))
}

// literalInSource is more careful: in program text a literal beside a secret
// key may be a label, a type or a grammar's token.
func (p *pass) literalInSource(k key, content string) bool {
	if strings.ContainsAny(content, " \t{}()<>") || len(content) < 4 || content[0] == '#' || isPath(content) ||
		strings.Contains(content, "://") || p.r.verdict(content)&secret != 0 {
		return false
	}
	return looksSecret(content) || strings.Contains(fold(p.s[k.from:k.to]), "passw") && isLetters(content)
}

// isErrorName recognises "AuthenticationError: …", where the key is the name
// of an exception.
func (p *pass) isErrorName(k key) bool {
	name := p.s[k.from:k.to]
	for _, end := range [...]string{
		"Error", "Exception", "Failure", "Fault", "Warning", "Failed", "Expired", "Denied", "error",
		"Required", "Invalid", "failed", "denied",
	} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

var syntaxWords = set("unexpected unrecognized unrecognised illegal unknown expected reserved strange next bad missing")

// isSyntaxError recognises a parser's "unexpected token: …".
func (p *pass) isSyntaxError(k key) bool {
	name := p.s[k.from:k.to]
	return (equalFold(name, "token") || equalFold(name, "tokens")) && p.at(k.from-1) == ' ' &&
		syntaxWords.has(p.wordBefore(k.from-1))
}

// bareIsSecret says whether the value s[from:to], which has no quotes, is to be
// removed. Behind an equals sign it is; behind a colon it may be the rest of a
// sentence, and has to look like a secret or to be a field of its own.
func (p *pass) bareIsSecret(k key, from, to int, op operator) bool {
	word := p.s[from:to]
	switch {
	case isTrivial(word) || isPlaceholder(word) || !hasAlnum(word) && !hasSymbol(word):
		return false
	case k.verdict&measure != 0 && isMeasure(word) || k.verdict&directory != 0 && isPath(word):
		return false
	case op == assign || op == encoded:
		return !isCall(word) && (p.at(to) != ' ' || !codeWords.has(word))
	case op == colonSpaced && k.quote == 0 && equalFold(p.s[k.from:k.to], "pass"): // of a test
		return false
	case p.isErrorName(k) || strings.IndexByte(word, '(') >= 0 || p.at(to) == '(' || p.at(to) == ':':
		return false
	case op == colonTight && strings.IndexByte(word, ':') >= 0:
		last := word[strings.LastIndexByte(word, ':')+1:]
		return len(last) >= 16 && looksSecret(last)
	case looksSecret(word):
		return digits(word) < len(word) || p.fieldEnds(to)
	case strings.ContainsAny(word, "0123456789") || statusWords.has(word):
		return false // a number, a time, an algorithm
	case op == colonTight:
		inside := k.before != 0 && strings.IndexByte("{,(&\n", k.before) >= 0 || p.endsFold(k.from, "map[")
		return inside && p.fieldEnds(to) || p.isStructField(k, to)
	}
	if op == spaced { // creds.token = response.token is code
		return k.start && (p.r.verdict(word)&secret == 0 || commonSecrets.has(word)) && (p.fieldEnds(to) || p.keyFollows(to+1))
	}
	return k.start && p.fieldEnds(to) && !p.isSyntaxError(k)
}

var commonSecrets = set("secret password passwd pwd pass token")

var codeWords = set("new await async function typeof lambda")

// isCall recognises code: token=getToken().
func isCall(word string) bool {
	k := strings.IndexByte(word, '(')
	return k > 0 && isIdentifier(word[:k]) && (k == len(word)-1 || word[len(word)-1] == ')')
}

// fieldEnds says whether a field ends at i: with the line, before a delimiter
// or before the next flag.
func (p *pass) fieldEnds(i int) bool {
	if c := p.at(i); c == 0 || strings.IndexByte("\n\r,;}])&\"'<|", c) >= 0 {
		return true
	}
	for i < len(p.s) && (p.s[i] == ' ' || p.s[i] == '\t') {
		i++
	}
	c := p.at(i)
	return c == 0 || c == '\n' || c == '\r' || c == '}' || c == '|' || c == '-' && p.at(i+1) == '-'
}

// keyFollows says whether at i another key stands with its operator.
func (p *pass) keyFollows(i int) bool {
	j := i
	for j < len(p.s) && j-i < 48 && isKeyByte(p.s[j]) {
		j++
	}
	p.work += j - i
	return j > i && (p.at(j) == '=' || p.at(j) == ':')
}

// isStructField recognises a field of a struct as Go prints it:
// {Name:ada Password:lovelace Age:36}.
func (p *pass) isStructField(k key, to int) bool {
	return isUpper(p.s[k.from]) && (p.at(to) == '}' || p.at(to) == ']' || p.at(to) == ' ' && isUpper(p.at(to+1)) && p.keyFollows(to+1))
}

// looksSecret says whether a word is more likely a secret than part of a
// sentence: letters mixed with digits, or symbols inside, or very long.
func looksSecret(w string) bool {
	if isNumeric(w) && digits(w) < len(w) || algorithms.has(w) || isInstant(w) || strings.HasPrefix(w, "0x") {
		return false
	}
	letters, numerals := 0, 0
	for i := range len(w) {
		switch c := w[i]; {
		case isDigit(c):
			numerals++
		case isLetter(c):
			letters++
		case i > 0 && i+1 < len(w) && strings.IndexByte("!$%^&+@", c) >= 0:
			return true
		}
	}
	switch {
	case numerals == len(w):
		return numerals >= 4
	case numerals > 0 && letters > 0:
		return true
	}
	return len(w) >= 32 && letters == len(w)
}

func hasSymbol(w string) bool { return len(w) > 2 && strings.ContainsAny(w, "!$^&@#~") }

// isNumeric recognises a number, also with a sign, separators and units: 1m30s.
func isNumeric(w string) bool {
	w = strings.TrimLeft(w, "+-~v")
	for w != "" {
		n := 0
		for n < len(w) && (isDigit(w[n]) || n > 0 && (w[n] == '.' || w[n] == ',' || w[n] == '/')) {
			n++
		}
		if n == 0 {
			return false
		}
		if w = w[n:]; w == "" {
			return true
		}
		unit := 0
		for unit < len(w) && !isDigit(w[unit]) {
			unit++
		}
		if !units.has(w[:unit]) {
			return false
		}
		w = w[unit:]
		if w == "" {
			return true
		}
	}
	return false
}

var units = set("ns us µs ms s m h d b kb mb gb kib mib gib k % x px st nd rd th min sec days hours")

func isMeasure(w string) bool { return isNumeric(w) || isInstant(w) }

// isInstant recognises 10:30, 2026-11-20 and 2026-11-20T10:00:00Z.
func isInstant(w string) bool {
	n := digits(w)
	if n == 0 || n == len(w) || n > 4 || w[n] != ':' && w[n] != '-' {
		return false
	}
	for i := range len(w) {
		if !isDigit(w[i]) && strings.IndexByte("-:TZ.+", w[i]) < 0 {
			return false
		}
	}
	return true
}

func isPath(v string) bool {
	return strings.HasPrefix(v, "/") || strings.HasPrefix(v, "~") || strings.HasPrefix(v, ".") ||
		len(v) > 2 && isLetter(v[0]) && v[1] == ':' && (v[2] == '\\' || v[2] == '/')
}

// algorithms and other names that mix letters and digits.
var algorithms = set(`md5 sha1 sha-1 sha2 sha3 sha256 sha-256 sha384 sha-384 sha512 sha-512 hs256 hs384 hs512 rs256
	rs384 rs512 es256 es384 es512 ps256 eddsa ed25519 p-256 base64 base32 oauth1 oauth2 oauth2.0 saml2 utf8 utf-8 utf-16
	http2 http/1.1 http/2 tls1.2 tls1.3 tlsv1.2 tlsv1.3 ssl3 x509 x.509 ipv4 ipv6 k8s i18n s3 ec2 pkcs1 pkcs8 pkcs12 asn1
	asn.1 argon2 argon2id bcrypt2 pbkdf2 aes128 aes256 aes-256-gcm aes-128-gcm pg8000 psycopg2 boto3 web3 auth0 log4j`)

// statusWords are what a log says about a secret instead of the secret.
var statusWords = set(`required invalid missing expired failed ok success successful succeeded empty unknown denied
	incorrect wrong mismatch revoked error unauthorized unauthenticated forbidden yes no enabled disabled string present
	absent set unset blank short long weak strong changed reset timeout eof canceled cancelled refused rejected accepted
	valid verified unverified unsupported malformed found notfound not-found not_found deprecated provided optional text
	number integer bool boolean bytes object array any basic bearer digest oauth saml ldap token cookie session public private internal external default local global production staging development test started stopped
	done pending active inactive created updated deleted refreshed rotated issued loaded ready up down fail pass passed
	skipped unavailable closed open connected disconnected locked unlocked here below above redacted hidden masked
	undefined nan panic abort aborted retry retrying exhausted exceeded insufficient ambiguous conflict duplicate
	unspecified unreachable unexpected bad good off on in out nothing something everything anonymous guest`)
