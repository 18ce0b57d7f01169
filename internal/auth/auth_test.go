package auth

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"errata/internal/errata"
)

func TestPasswords(t *testing.T) {
	p := NewPasswords()
	hash, err := p.Hash(t.Context(), "seven green lanterns")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=65536,t=3,p=1$") {
		t.Fatalf("%q, %v", hash, err)
	}
	for _, c := range []struct {
		name, password, hash string
		want                 bool
	}{
		{"right", "seven green lanterns", hash, true},
		{"wrong", "seven green lantern", hash, false},
		{"no account", "no account has this password", "", false},
	} {
		if got, renew, err := p.Matches(t.Context(), c.password, c.hash); got != c.want || renew || err != nil {
			t.Errorf("%s: %v %v %v", c.name, got, renew, err)
		}
	}
}

func TestCheckPassword(t *testing.T) {
	for password, reason := range map[string]string{
		"short":                        "password.length",
		strings.Repeat("abcxyz", 40):   "password.length",
		"aaaaaaaaaaaa":                 "password.guessable",
		"123456789012":                 "password.guessable",
		"passwordpassword":             "password.guessable",
		"errataadmin2026":              "password.guessable",
		"alice.example1":               "password.guessable",
		"seven green lanterns":         "",
		"Kx9#vv20!qmz":                 "",
		"häuser mögen keine schlösser": "",
	} {
		if got := errata.ReasonOf(CheckPassword(password, "alice@example.com", "Alice Example")); got != reason {
			t.Errorf("%q: %q, want %q", password, got, reason)
		}
	}
}

func TestTokens(t *testing.T) {
	a, b := NewToken(), NewToken()
	if a == b || !WellFormed(a) || len(a) != 53 {
		t.Errorf("%s %s", a, b)
	}
	for i := range a {
		c := []byte(a)
		c[i] ^= 1
		if WellFormed(string(c)) {
			t.Errorf("%s passes for a token", c)
		}
	}
	if got, err := Bearer("bearer " + a); got != a || err != nil {
		t.Errorf("%q %v", got, err)
	}
	if _, err := Bearer("Basic " + a); errata.CodeOf(err) != errata.Unauthenticated {
		t.Errorf("%v", err)
	}
}

func TestMasterKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "d", "master.key")
	if _, err := LoadMasterKey(file, false); err == nil {
		t.Fatal("a missing key was made unasked")
	}
	k, err := LoadMasterKey(file, true)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := k.Seal("a.b", []byte("value"))
	if err != nil || bytes.Contains(sealed, []byte("value")) {
		t.Fatal(err)
	}
	again, err := LoadMasterKey(file, true)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Open("a.b", sealed); string(got) != "value" || err != nil {
		t.Errorf("%q %v", got, err)
	}
	if _, err := again.Open("a.c", sealed); err == nil {
		t.Error("opened for another place")
	}
	other, err := LoadMasterKey(file+"2", true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Open("a.b", sealed); err == nil {
		t.Error("opened with another master key")
	}
}

type memory struct {
	mu   sync.Mutex
	rows map[string]errata.Session
}

func (m *memory) FindSession(_ context.Context, id string, now int64) (errata.Session, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.rows[id]
	return r, ok && r.Expires > now, nil
}

func (m *memory) SaveSession(_ context.Context, r errata.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows[r.ID] = r
	return nil
}

func (m *memory) KeepSession(_ context.Context, r errata.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, there := m.rows[r.ID]; there {
		m.rows[r.ID] = r
	}
	return nil
}

func (m *memory) DeleteSession(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rows, id)
	return nil
}

func TestSessionsKeepHashesAndChangeTokens(t *testing.T) {
	now := time.Now()
	mem := &memory{rows: map[string]errata.Session{}}
	s := NewSessions(mem, true, func() time.Time { return now })
	var user string
	h := s.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/in" {
			if err := s.SignIn(r.Context(), "u1", "192.0.2.1", "agent", now); err != nil {
				t.Error(err)
			}
		}
		user = s.UserID(r.Context())
	}))
	ask := func(path, cookie string) *http.Cookie {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		if cookie != "" {
			r.Header.Set("Cookie", "__Host-errata="+cookie)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		for _, c := range w.Result().Cookies() {
			return c
		}
		return nil
	}
	c := ask("/in", "planted")
	if c == nil || c.Value == "planted" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
		t.Fatalf("cookie %+v", c)
	}
	if _, ok := mem.rows[c.Value]; ok || len(mem.rows) != 1 {
		t.Error("the store holds the token itself")
	}
	for _, r := range mem.rows {
		if r.UserID != "u1" || r.IP != "192.0.2.1" || r.CreatedAt != now.UnixMicro() {
			t.Errorf("row %+v", r)
		}
	}
	if ask("/", c.Value); user != "u1" {
		t.Errorf("user %q", user)
	}
	if ask("/", "planted"); user != "" {
		t.Errorf("a planted token is signed in as %q", user)
	}
}
