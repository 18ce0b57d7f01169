package wire

import (
	"net/http"
	"net/url"
	"strings"
)

// Credentials are what a client says of itself beside its body.
type Credentials struct {
	Key    string
	Client string // "name/version" of the SDK, as sent
	Mixed  bool   // query and header name different keys; the query won
}

// SentryCredentials looks for a key in the query (sentry_key), in
// X-Sentry-Auth, in Authorization (Sentry), and as a bearer token; the first
// wins.
func SentryCredentials(r *http.Request) Credentials {
	query := r.URL.Query()
	c := Credentials{Key: query.Get("sentry_key"), Client: query.Get("sentry_client")}
	for _, header := range []string{r.Header.Get("X-Sentry-Auth"), r.Header.Get("Authorization")} {
		key, client := fromHeader(header)
		if c.Client == "" {
			c.Client = client
		}
		switch {
		case c.Key == "":
			c.Key = key
		case key != "" && key != c.Key:
			c.Mixed = true
		}
	}
	return c
}

func fromHeader(h string) (key, client string) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(h), " ")
	switch strings.ToLower(scheme) {
	case "bearer":
		return strings.TrimSpace(rest), ""
	case "sentry":
		return pairs(rest)
	}
	return "", ""
}

// pairs reads k=v pairs separated by commas or line breaks. Names nobody knows
// are passed over, as are versions and secrets.
func pairs(s string) (key, client string) {
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch strings.TrimSpace(name) {
		case "sentry_key":
			key = strings.TrimSpace(value)
		case "sentry_client":
			client = strings.TrimSpace(value)
		}
	}
	return key, client
}

// SplitClient takes "sentry.rust/0.49.5" apart.
func SplitClient(s string) (name, version string) {
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// DSN reads the key and the project from a DSN; both are "" when it is none. A
// secret behind the key is passed over.
func DSN(s string) (key, project string) {
	u, err := url.Parse(s)
	if err != nil || u.User == nil {
		return "", ""
	}
	path := strings.TrimSuffix(u.Path, "/")
	return u.User.Username(), path[strings.LastIndexByte(path, '/')+1:]
}
