package redact

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// verdict is what a key says about its value.
type verdict uint8

const (
	secret    verdict = 1 << iota // the value goes
	session                       // the value goes if the key names a cookie
	cookies                       // the value is a list of cookies
	directory                     // pwd: a directory stays, a password goes
	measure                       // a number or a time stays: token_count
	release                       // the value is a version, not an address
	holder                        // "name" or "key": the value is a key, "value" follows
	agent                         // the value is a user agent
)

const maxKey = 128 // bytes of a key that are looked at, from its end

// verdict judges a key, once: the answer is remembered.
func (r *Redactor) verdict(key string) verdict {
	if len(key) > maxKey {
		key = key[len(key)-maxKey:]
	}
	slots := r.known.slots(key)
	free := 0
	for i := range slots {
		k := slots[i].Load()
		if k == nil {
			free = i
		} else if k.key == key {
			return k.verdict
		}
	}
	v := r.judge(key)
	slots[free].Store(&judged{strings.Clone(key), v})
	return v
}

// memo remembers the verdicts of at most 8,192 keys, four to a hash. A newer
// key takes the place of an older one, so that neither a lock nor housekeeping
// is needed and made-up keys cannot fill the memory.
type memo [2048][4]atomic.Pointer[judged]

type judged struct {
	key     string
	verdict verdict
}

var (
	seed    = maphash.MakeSeed()
	builtin memo // of all projects without keys of their own
)

func (m *memo) slots(key string) *[4]atomic.Pointer[judged] {
	return &m[maphash.String(seed, key)%uint64(len(m))]
}

// fold brings the spellings of a key together: API-Key, api_key and apiKey.
func fold(key string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '-' || c == '_' || c == ' ':
			return -1
		case 'A' <= c && c <= 'Z':
			return c + 'a' - 'A'
		}
		return c
	}, key)
}

// lastPart returns what a path of keys ends in: user[password], db.password.
func lastPart(folded string) string {
	folded = strings.TrimRight(strings.ReplaceAll(folded, "%5d", "]"), "]")
	folded = strings.ReplaceAll(folded, "%5b", "[")
	return folded[strings.LastIndexAny(folded, ".[:$@/%")+1:]
}

func (r *Redactor) judge(key string) verdict {
	whole := strings.ReplaceAll(fold(key), markToken, "") // a mark is no key
	last := lastPart(whole)
	v := describe(last)
	switch {
	case r.safe[whole] || r.safe[last]:
		v &^= secret | session
	case r.own[whole] || r.own[last]:
		v |= secret
		v &^= measure | directory
	case isSecret(whole, last) || key == "sessionid" || key == "SESSIONID":
		v |= secret // Django's cookie; session_id and sessionId may name anything
	}
	return v
}

// secretParts make a key secret wherever they stand in it.
var secretParts = []string{
	"password", "passwd", "secret", "apikey", "credential", "privatekey", "mysqlpwd",
	"token", "twofactor",
	// beyond the documented list: other names for the same things
	"passphrase", "passcode", "accesskey", "accountkey", "signingkey", "encryptionkey", "xamzsignature",
	"csrf", "xsrf", "phpsessid", "jsessionid", "aspsessionid", "asp.netsessionid", "connect.sid",
}

// secretWords make a key secret if they are its last part.
var secretWords = set("otp totp pwd pass jwt bearer cvv cvv2 cvc cvc2 ssn socialsecuritynumber pgpass sshkey")

// notSecret are names that only look the part: .NET writes the public key
// token of an assembly into every message about it, and a server's challenge
// says how to authenticate.
var notSecret = set("publickeytoken wwwauthenticate proxyauthenticate authsource authmechanism")

func isSecret(whole, last string) bool {
	if notSecret[last] {
		return false
	}
	if secretWords[last] || strings.HasSuffix(whole, "pwd") || hasAuth(whole) {
		return true
	}
	for _, part := range secretParts {
		if strings.Contains(whole, part) {
			return true
		}
	}
	return false
}

// hasAuth finds auth, but not in author and authority; authorization counts.
func hasAuth(key string) bool {
	for {
		i := strings.Index(key, "auth")
		if i < 0 {
			return false
		}
		key = key[i+len("auth"):]
		if !strings.HasPrefix(key, "or") || strings.HasPrefix(key, "oriz") || strings.HasPrefix(key, "oris") {
			return true
		}
	}
}

// describe finds the properties of a key that do not make it secret.
func describe(last string) verdict {
	var v verdict
	if strings.Contains(last, "sess") || strings.HasSuffix(last, "sid") {
		v |= session // csrf and xsrf are secret everywhere
	}
	switch last {
	case "cookie", "cookies", "setcookie", "httpcookie", "requestcookies":
		v |= cookies
	case "name", "key", "k", "header", "field", "param", "parameter", "id":
		v |= holder
	case "useragent", "ua":
		v |= agent | release
	case "pwd", "oldpwd":
		v |= directory
	}
	if hasSuffix(last, measureSuffixes) {
		v |= measure
	}
	if hasSuffix(last, releaseSuffixes) {
		v |= release
	}
	return v
}

var (
	measureSuffixes = []string{
		"tokens", "count", "length", "len", "size", "ms", "ttl", "latency", "duration",
		"seconds", "secs", "in", "expires", "limit", "used", "usage", "index", "position", "line", "column",
		"status", "attempts", "retries", "failures", "time", "total", "at", "date", "expiry", "age", "version",
	}
	releaseSuffixes = []string{
		"version", "versions", "release", "build", "revision", "firmware", "useragent", "ua",
		"browser", "requires", "dependency", "oid",
	}
)

func hasSuffix(s string, list []string) bool {
	for _, end := range list {
		if strings.HasSuffix(s, end) {
			return true
		}
	}
	return false
}
