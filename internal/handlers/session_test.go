package handlers_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/apptest"
	"errata/internal/errata"
)

// cookieOf returns the session's cookie in a browser.
func cookieOf(t *testing.T, p *apptest.Product, c *http.Client) string {
	t.Helper()
	u, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range c.Jar.Cookies(u) {
		if k.Name == "errata" {
			return k.Value
		}
	}
	return ""
}

// holding is a browser that was given a session's cookie.
func holding(t *testing.T, p *apptest.Product, value string) *http.Client {
	t.Helper()
	u, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(u, []*http.Cookie{{Name: "errata", Value: value, Path: "/"}})
	c := p.Browser()
	c.Jar = jar
	return c
}

func signedIn(t *testing.T, p *apptest.Product, c *http.Client) bool {
	t.Helper()
	code, _ := p.Page(c, "/services")
	return code == http.StatusOK
}

func TestSessions(t *testing.T) {
	clock := newHands()
	p := apptest.Start(t, apptest.Options{Clock: clock.now})
	form := url.Values{"email": {apptest.Email}, "password": {apptest.Password}}

	t.Run("attributes and fixation", func(t *testing.T) {
		planted := holding(t, p, "planted")
		r := p.Form(planted, "/login", form)
		k := r.Cookies()[0]
		if k.Name != "errata" || !k.HttpOnly || k.SameSite != http.SameSiteLaxMode || k.Path != "/" || k.Domain != "" || len(k.Value) < 43 || k.Value == "planted" {
			t.Errorf("cookie %s", k)
		}
		first := cookieOf(t, p, planted)
		p.Form(planted, "/login", form)
		if second := cookieOf(t, p, planted); second == first || signedIn(t, p, holding(t, p, first)) {
			t.Error("signing in again keeps the token")
		}
		if signedIn(t, p, holding(t, p, "planted")) {
			t.Error("the planted token is signed in")
		}
	})
	t.Run("signing out ends it on the server", func(t *testing.T) {
		c := p.SignIn()
		stolen := holding(t, p, cookieOf(t, p, c))
		r := p.Form(c, "/logout", nil)
		if r.StatusCode != 303 || r.Header.Get("Location") != "/login?out=1" || r.Header.Get("Clear-Site-Data") == "" {
			t.Errorf("%s %v", r.Status, r.Header)
		}
		if signedIn(t, p, stolen) || signedIn(t, p, c) {
			t.Error("still signed in")
		}
	})
	t.Run("idle", func(t *testing.T) {
		c := p.SignIn()
		clock.forward(7*time.Hour + 50*time.Minute)
		if !signedIn(t, p, c) {
			t.Fatal("ended early")
		}
		clock.forward(7*time.Hour + 50*time.Minute)
		if !signedIn(t, p, c) {
			t.Fatal("its use was not noted")
		}
		clock.forward(8*time.Hour + time.Minute)
		if signedIn(t, p, c) {
			t.Error("lives on")
		}
	})
	t.Run("absolute", func(t *testing.T) {
		c := p.SignIn()
		for range 23 { // 7 days are 24 times 7 hours
			clock.forward(7 * time.Hour)
			if !signedIn(t, p, c) {
				t.Fatal("ended early")
			}
		}
		clock.forward(7*time.Hour + time.Minute)
		if signedIn(t, p, c) {
			t.Error("lives on after seven days")
		}
	})
	t.Run("20 browsers", func(t *testing.T) {
		first := p.SignIn()
		now := clock.now().UnixMicro()
		for i := range 18 {
			change(t, p, `INSERT INTO session (id, user_id, ip, agent, data, created_at, seen_at, expires_at)
				SELECT ?, id, '', '', '{}', ?, ?, ? FROM app_user`, "s"+strconv.Itoa(i), now+1, now+1, now+int64(time.Hour/time.Microsecond))
		}
		clock.forward(time.Minute / 2)
		last := p.SignIn()
		if !signedIn(t, p, first) || !signedIn(t, p, last) {
			t.Error("one of 20 has ended")
		}
		change(t, p, `UPDATE session SET seen_at = ? WHERE id LIKE 's%' AND length(id) < 4`, now+int64(time.Hour/time.Microsecond))
		newest := p.SignIn()
		if signedIn(t, p, first) || !signedIn(t, p, last) || !signedIn(t, p, newest) {
			t.Error("the oldest of 21 stays, or another has ended")
		}
	})
	t.Run("disabled account", func(t *testing.T) {
		c := p.SignIn()
		change(t, p, `UPDATE app_user SET state = 'disabled', disabled_at = 1`)
		if signedIn(t, p, c) {
			t.Error("still signed in")
		}
		if code, _ := p.Page(c, "/login"); code != http.StatusOK {
			t.Errorf("the sign-in page answers %d", code)
		}
		change(t, p, `UPDATE app_user SET state = 'active', disabled_at = NULL`)
		if signedIn(t, p, c) {
			t.Error("the session came back with the account")
		}
	})
}

// shape removes from a page what differs from request to request.
func shape(page string, email string) string {
	page = strings.ReplaceAll(page, email, "someone@example.com")
	return regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`).ReplaceAllString(page, "id")
}

// An address that no account has is answered, and delayed, as one that has.
func TestSignInTellsNothing(t *testing.T) {
	clock := &stops{hands: newHands()} // checking a password takes real time
	p := apptest.Start(t, apptest.Options{Clock: clock.now})
	try := func(email, password string) answer {
		return send(t, p, p.Browser(), "POST", "/login", url.Values{"email": {email}, "password": {password}}.Encode(), "Origin", p.URL)
	}
	stranger := "nobody@example.com"
	waits := []time.Duration{0, 0, 0, 0, 0, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}
	for n, wait := range waits {
		clock.stop(20 * time.Second) // the network may try again
		a, b := try(apptest.Email, "wrong password here"), try(stranger, "wrong password here")
		if a.StatusCode != 401 || b.StatusCode != 401 || shape(a.text, apptest.Email) != shape(b.text, stranger) {
			t.Fatalf("try %d: %s and %s", n, a.Status, b.Status)
		}
		if wait > 0 {
			a, b = try(apptest.Email, apptest.Password), try(stranger, apptest.Password)
			if a.StatusCode != 429 || b.StatusCode != 429 || a.Header.Get("Retry-After") != b.Header.Get("Retry-After") ||
				shape(a.text, apptest.Email) != shape(b.text, stranger) {
				t.Fatalf("after %d: %s %s and %s %s", n, a.Status, a.Header.Get("Retry-After"), b.Status, b.Header.Get("Retry-After"))
			}
		}
	}
	clock.stop(time.Hour)
	if a := try(apptest.Email, apptest.Password); a.StatusCode != 303 {
		t.Errorf("the right password after the delay: %s", a.Status)
	}
	if a := try(apptest.Email, "wrong password here"); a.StatusCode != 401 {
		t.Errorf("the failures are not forgotten: %s", a.Status)
	}
}

// A network that guesses is slowed down; who is signed in there is not.
func TestGuessing(t *testing.T) {
	clock := &stops{hands: newHands()} // checking a password takes real time
	p := apptest.Start(t, apptest.Options{Clock: clock.now})
	c := p.SignIn()
	clock.stop(10 * time.Minute)
	slowed := 0
	for i := range 30 {
		a := send(t, p, p.Browser(), "POST", "/login", url.Values{"email": {strconv.Itoa(i) + "@example.com"}, "password": {"x"}}.Encode(), "Origin", p.URL)
		switch a.StatusCode {
		case 429:
			slowed++
		case 401:
		default:
			t.Fatalf("try %d: %s", i, a.Status)
		}
	}
	if slowed != 10 {
		t.Errorf("%d of 30 were slowed down", slowed)
	}
	if !signedIn(t, p, c) {
		t.Error("a known session stopped working")
	}
	clock.stop(time.Minute)
	p.SignIn()
}

// Every form by which passwords can be guessed is counted per network.
func TestThrottling(t *testing.T) {
	clock := &stops{hands: newHands()}
	p := apptest.Start(t, apptest.Options{Clock: clock.now})
	c := p.SignIn()
	for _, r := range manifest(t) {
		if r.Rate != "login" {
			continue
		}
		t.Run(r.Name, func(t *testing.T) {
			clock.stop(10 * time.Minute)
			slowed := 0
			for range 22 {
				a := send(t, p, c, r.Method, strings.NewReplacer(":token", "none").Replace(r.Path), "x=1", "Origin", p.URL)
				safe(t, a.Header, false)
				if a.StatusCode == http.StatusTooManyRequests && a.Header.Get("Retry-After") == "" {
					t.Error("does not say when to try again")
				}
				if strings.Contains(a.text, "from your network") { // else of the account
					slowed++
				}
			}
			if slowed != 2 {
				t.Errorf("%d of 22 were slowed down", slowed)
			}
		})
	}
}

func TestSignInsAreAudited(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	before := len(audited(t, p, "change"))
	p.Form(p.Browser(), "/login", url.Values{"email": {apptest.Email}, "password": {"wrong"}})
	p.Form(p.Browser(), "/login", url.Values{"email": {"nobody@example.com"}, "password": {"wrong"}})
	c := p.SignIn()
	p.Form(c, "/logout", nil)
	p.Form(c, "/logout", nil) // nobody is left to sign out
	want := []string{"session:sign_in failed", "session:sign_in failed", "session:sign_in done", "session:sign_out done"}
	if d := cmp.Diff(want, audited(t, p, "change")[before:]); d != "" {
		t.Error(d)
	}
	rows := column(t, database(t, p), `SELECT actor_id || ' ' || object || ' ' || via || ' ' || ip FROM audit WHERE stream = 'change' ORDER BY seq`)[before:]
	id := column(t, database(t, p), `SELECT id FROM app_user`)[0]
	wantRows := []string{" user:" + id + " session 127.0.0.1", "  session 127.0.0.1", id + " user:" + id + " session 127.0.0.1", id + " user:" + id + " session 127.0.0.1"}
	if d := cmp.Diff(wantRows, rows); d != "" {
		t.Error(d)
	}
}

// Somebody whom nothing is granted is told so, and not led in a circle.
func TestNothingGranted(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	p.NewProject("checkout")
	p.NewUser("new@people.example", errata.RoleViewer, "checkout")
	c := p.SignInAs("new@people.example")
	change(t, p, `DELETE FROM policy WHERE v1 = 'role:viewer'`)
	change(t, p, `UPDATE epoch SET n = n + 1`)
	if err := p.App.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := send(t, p, c, http.MethodGet, "/", "")
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("home: %s", a.Status)
	}
	a = send(t, p, c, http.MethodGet, a.Header.Get("Location"), "")
	if a.StatusCode != http.StatusForbidden || !strings.Contains(a.text, "Needs viewer on some service. Ask Ada Lovelace.") {
		t.Errorf("%s %.600s", a.Status, a.text)
	}
}

func TestNext(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	c := p.SignIn()
	for next, want := range map[string]string{
		"/issues?q=a+b": "/issues?q=a+b", "/services": "/services", "": "/", "https://evil.example/": "/", "//evil.example/": "/",
		"/\\evil.example": "/", "\\/evil.example": "/", "javascript:alert(1)": "/", "/\tevil": "/", "http:/evil.example": "/", "/%09//evil.example": "/%09//evil.example",
		"evil.example": "/", "///evil.example": "/", "/\n/evil.example": "/", "https:evil.example": "/", "/%5cevil.example": "/%5cevil.example", " //evil.example": "/",
	} {
		a := send(t, p, c, "GET", "/login?next="+url.QueryEscape(next), "")
		if got := a.Header.Get("Location"); a.StatusCode != 303 || got != want {
			t.Errorf("next=%q leads to %q", next, got)
		}
		a = send(t, p, c, "POST", "/me/appearance", url.Values{"theme": {"dark"}, "next": {next}}.Encode(), "Origin", p.URL)
		if got := a.Header.Get("Location"); got != want {
			t.Errorf("next=%q of a form leads to %q", next, got)
		}
	}
}
