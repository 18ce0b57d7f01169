package wire_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"errata/internal/errata"
	"errata/internal/intake/wire"
)

func TestSentryCredentials(t *testing.T) {
	tests := []struct {
		name, query, auth, authorization string
		want                             wire.Credentials
	}{
		{"query", "?sentry_key=k&sentry_client=js/1", "", "", wire.Credentials{Key: "k", Client: "js/1"}},
		{"header", "", "Sentry sentry_version=7, sentry_key=k, sentry_secret=s, sentry_client=py/2", "", wire.Credentials{Key: "k", Client: "py/2"}},
		{"no spaces", "", "sentry sentry_version=7,sentry_key=k", "", wire.Credentials{Key: "k"}},
		{"over lines", "", "Sentry sentry_client=a/1,\n sentry_key = k\n", "", wire.Credentials{Key: "k", Client: "a/1"}},
		{"authorization", "", "", "Sentry sentry_key=k", wire.Credentials{Key: "k"}},
		{"bearer", "", "", "bearer k", wire.Credentials{Key: "k"}},
		{"first of both headers", "", "Sentry sentry_key=a", "Bearer b", wire.Credentials{Key: "a", Mixed: true}},
		{"query before header", "?sentry_key=q", "Sentry sentry_key=h, sentry_client=x/1", "", wire.Credentials{Key: "q", Client: "x/1", Mixed: true}},
		{"the same twice", "?sentry_key=k", "Sentry sentry_key=k", "", wire.Credentials{Key: "k"}},
		{"other schemes", "", "Basic k", "Digest sentry_key=k", wire.Credentials{}},
		{"nothing", "", "", "", wire.Credentials{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/api/42/envelope/"+tt.query, nil)
			r.Header.Set("X-Sentry-Auth", tt.auth)
			r.Header.Set("Authorization", tt.authorization)
			if got := wire.SentryCredentials(r); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestDSN(t *testing.T) {
	tests := []struct{ dsn, key, project string }{
		{"https://k@errors.test/42", "k", "42"},
		{"https://k:secret@errors.test:8443/base/path/42/", "k", "42"},
		{"https://errors.test/42", "", ""},
		{"://", "", ""},
		{"", "", ""},
	}
	for _, tt := range tests {
		if key, project := wire.DSN(tt.dsn); key != tt.key || project != tt.project {
			t.Errorf("%q: got %q %q", tt.dsn, key, project)
		}
	}
}

func TestSplitClient(t *testing.T) {
	for in, want := range map[string][2]string{"a.b/1.2": {"a.b", "1.2"}, "raven": {"raven", ""}, "": {}, "@sentry/node/8": {"@sentry/node", "8"}} {
		if name, version := wire.SplitClient(in); name != want[0] || version != want[1] {
			t.Errorf("%q: got %q %q", in, name, version)
		}
	}
}

func TestStatus(t *testing.T) {
	for code, want := range map[errata.Code]int{
		errata.Invalid: 400, errata.Unauthenticated: 401, errata.Forbidden: 403, errata.NotFound: 404, errata.Conflict: 409,
		errata.TooLarge: 413, errata.SlowDown: 429, errata.Unavailable: 503, errata.Internal: 500,
	} {
		if got := wire.Status(errata.E(code, "", nil)); got != want {
			t.Errorf("%s: %d, want %d", code, got, want)
		}
	}
	if wire.Status(errors.New("a stranger")) != 500 {
		t.Error("a stranger is not internal")
	}
}
