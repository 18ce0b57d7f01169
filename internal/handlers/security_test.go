package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"errata/internal/apptest"
	"errata/internal/errata"
)

// A change that another site caused is refused, with a session and without.
func TestCrossOrigin(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	p.NewProject("checkout")
	c := p.SignIn()
	origins := map[string][]string{
		"no origin":           {},
		"foreign origin":      {"Origin", "https://evil.example"},
		"null origin":         {"Origin", "null"},
		"other port":          {"Origin", "http://127.0.0.1:1"},
		"cross-site":          {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
		"same-site":           {"Sec-Fetch-Site", "same-site"},
		"text/plain":          {"Sec-Fetch-Site", "cross-site", "Content-Type", "text/plain"},
		"origin against host": {"Origin", "https://evil.example", "X-Forwarded-Host", "evil.example"},
	}
	forms := map[string]string{
		"/login":    "email=" + apptest.Email + "&password=" + url.QueryEscape(apptest.Password),
		"/services": "name=Stolen&slug=stolen", "/me/appearance": "theme=dark",
	}
	for _, r := range manifest(t) {
		if !r.CSRF {
			continue
		}
		for name, header := range origins {
			t.Run(r.Name+" "+name, func(t *testing.T) {
				before := state(t, p)
				a := send(t, p, c, r.Method, pathOf(r, map[string]string{"job": "0", "export": "0", "run": "0", "view": "0", "team": "0"}), "x=1&"+forms[r.Path], header...)
				if a.StatusCode != http.StatusForbidden || a.Header.Get("Set-Cookie") != "" {
					t.Errorf("answered %s, cookie %q", a.Status, a.Header.Get("Set-Cookie"))
				}
				if after := state(t, p); after != before {
					t.Errorf("changed from %s to %s", before, after)
				}
			})
		}
	}
	if code, _ := p.Page(c, "/services"); code != http.StatusOK {
		t.Errorf("the session has ended: %d", code)
	}
	if a := send(t, p, c, "POST", "/me/appearance", "theme=dark", "Sec-Fetch-Site", "same-origin"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a page of ours: %s", a.Status)
	}
}

func TestForms(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	c := p.SignIn()
	tests := []struct {
		name, path, body, kind string
		status                 int
	}{
		{"1 MiB and more", "/services", "name=" + strings.Repeat("a", 1<<20), "application/x-www-form-urlencoded", 413},
		{"multipart", "/services", "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nShop\r\n--x--\r\n", "multipart/form-data; boundary=x", 415},
		{"JSON", "/services", `{"name":"Shop"}`, "application/json", 415},
		{"no form at all", "/services", "name=Shop", "nonsense/;;", 415},
		{"a field twice", "/services", "name=Shop&name=Stop", "application/x-www-form-urlencoded", 400},
		{"broken escapes", "/services", "name=%zz", "application/x-www-form-urlencoded", 400},
		{"fields in the address", "/services?name=Shop&slug=shop", "", "application/x-www-form-urlencoded", 422},
		{"a password of 1 MB", "/login", "email=a%40example.com&password=" + strings.Repeat("p", 1_000_000), "application/x-www-form-urlencoded", 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.body == "" {
				tt.body = "x=1"
			}
			a := send(t, p, c, "POST", tt.path, tt.body, "Origin", p.URL, "Content-Type", tt.kind)
			if a.StatusCode != tt.status || len(a.text) > 16<<10 {
				t.Errorf("answered %s: %.300s", a.Status, a.text)
			}
		})
	}
}

func TestPaths(t *testing.T) {
	p := apptest.Start(t, apptest.Options{Clock: newHands().now})
	seed(t, p)
	token := p.Token(apptest.AllScopes)
	p.Until(10*time.Second, "the issue", func() bool { return p.Get(token, "/api/v1/issues/CHE-1", nil) == http.StatusOK })
	c, stranger := p.SignIn(), p.Browser()
	paths := []string{
		"//issues", "/issues//", "/issues/", "/./issues", "/x/../system", "/issues%2FCHE-1", "/issues/%2e%2e/system", "/%2e%2e/system",
		"/%73ystem", "/System", "/system;x=1", "/issues/CHE-1;x", "/issues/..%2fsystem", "/static/..%5cerrata.db", "/static/%00", "/static/..%2f..%2ferrata.db",
		"//evil.example/", "/%09/evil.example/", "/%2f%2fevil.example", "/api//v1/issues", "/api/v1/%69ssues", "/api/v1/issues/%2e%2e/%2e%2e/system",
	}
	for _, path := range paths {
		t.Run(path, func(t *testing.T) {
			for name, who := range map[string]*http.Client{"signed in": c, "stranger": stranger} {
				a := send(t, p, who, "GET", path, "")
				to, err := url.Parse(a.Header.Get("Location"))
				if err != nil || to.Host != "" || strings.HasPrefix(to.Path, "//") {
					t.Errorf("%s: leads to %q", name, a.Header.Get("Location"))
				}
				if a.StatusCode == http.StatusOK && (name == "stranger" || strings.HasPrefix(path, "/static")) || a.StatusCode >= 500 {
					t.Errorf("%s: %s %.200s", name, a.Status, a.text)
				}
				safe(t, a.Header, false)
			}
		})
	}
	ids := []string{
		"-1", "0", "1000000000", "9223372036854775808", "CHE", "CHE-", "CHE-0", "CHE--1", "CHE-1000000000", "CHE-9223372036854775807",
		"CHE-9223372036854775808", "CHE-1.0", "CHE-0x1", "CHE-١", "NOP-1", "%00", "%ff%fe", "CHE-1%00", "'%20OR%201=1", strings.Repeat("A", 2000),
	}
	for _, id := range ids {
		t.Run("id "+id, func(t *testing.T) {
			for _, path := range []string{"/issues/" + id, "/issues/" + id + "/events/last", "/services/" + id + "/setup"} {
				if a := send(t, p, c, "GET", path, ""); a.StatusCode != http.StatusNotFound {
					t.Errorf("%s: %s", path, a.Status)
				}
			}
			for _, path := range []string{"/api/v1/issues/" + id, "/api/v1/issues/" + id + "/events", "/api/v1/events/" + id} {
				a := send(t, p, stranger, "GET", path, "", "Authorization", "Bearer "+token)
				if a.StatusCode != http.StatusNotFound || !strings.Contains(a.text, `"code":"not_found"`) {
					t.Errorf("%s: %s %.200s", path, a.Status, a.text)
				}
			}
		})
	}
	for _, event := range []string{"-1", "0", sharedID[1:], strings.Repeat("z", 32), strings.Repeat("0", 32), "%00"} {
		if a := send(t, p, c, "GET", "/issues/CHE-1/events/"+event, ""); a.StatusCode != http.StatusNotFound {
			t.Errorf("event %s: %s", event, a.Status)
		}
	}
}

func TestParameters(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	token := p.Token(apptest.AllScopes)
	tests := []struct {
		query, field, reason string
		status               int
	}{
		{"size=1&size=1", "size", "duplicate_parameter", 400},
		{"range=24h&range=7d", "range", "duplicate_parameter", 400},
		{"nonsense=1&nonsense=2", "nonsense", "duplicate_parameter", 400},
		{"size=0", "size", "range", 400},
		{"size=-1", "size", "range", 400},
		{"size=NaN", "size", "range", 400},
		{"size=1e9", "size", "range", 400},
		{"size=99999999999999999999", "size", "range", 400},
		{"cursor=abc", "cursor", "search.cursor", 400},
		{"cursor=" + strings.Repeat("a", 5000), "cursor", "search.cursor", 400},
		{"sort=colour", "sort", "sort", 400},
		{"range=0h", "range", "range", 400},
		{"range=h", "range", "range", 400},
		{"range=-1d", "range", "range", 400},
		{"range=100000000w", "range", "range", 400},
		{"range=30500568904943m", "range", "range", 400},
		{"range=11y", "range", "range", 400},
		{"from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from", "range", 400},
		{"from=0001-01-01", "from", "range", 400},
		{"from=2026-13-01", "from", "time", 400},
		{"to=now", "to", "time", 400},
		{"tz=../../etc/passwd", "tz", "zone", 400},
		{"tz=Nowhere", "tz", "zone", 400},
		{"q=%zz", "", "format", 400},
		{"q=a;b", "", "format", 400},
		{"q=evnts:5", "q", "query.unknown_key", 422},
		{"q=" + strings.Repeat("(", 500) + "a" + strings.Repeat(")", 500), "q", "query.too_deep", 422},
		{"q=service:nowhere", "q", "query.unknown_name", 422},
		{"service=nowhere", "q", "query.unknown_name", 422},
		{"service=a%22+OR+b", "q", "", 422},
		{"size=100", "", "", 200},
		{"tz=Europe/Berlin&range=today", "", "", 200},
		{"tz=Local", "", "", 200},
		{"severity=&env=&service=", "", "", 200},
		{"q=&q=", "", "", 200},
		{"unknown=1", "", "", 200},
		{"range=520w", "", "", 200},
	}
	for _, tt := range tests {
		t.Run(tt.query[:min(len(tt.query), 40)], func(t *testing.T) {
			var b struct {
				Error struct {
					Code    errata.Code
					Details []struct{ Reason, Field, Message string }
				}
			}
			status := p.Get(token, "/api/v1/issues?"+tt.query, &b)
			if status != tt.status {
				t.Fatalf("answered %d %+v", status, b)
			}
			if tt.status == 200 {
				return
			}
			if len(b.Error.Details) == 0 || tt.reason != "" && b.Error.Details[0].Reason != tt.reason || b.Error.Details[0].Field != tt.field {
				t.Errorf("%+v", b)
			}
			for _, d := range b.Error.Details {
				if len(d.Message) > 400 {
					t.Errorf("echoes too much: %s", d.Message)
				}
			}
		})
	}
}

func TestVolumeParameters(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	token := p.Token(apptest.AllScopes)
	for query, want := range map[string]int{
		"by=colour": 400, "bucket=2h": 400, "bucket=1s&range=7d": 400, "compare=next": 400, "severity=P9": 422, "by=level&by=level": 400,
		"bucket=auto": 200, "severity=": 200, "severity=P0&severity=P1": 200, "compare=prev": 200, "by=environment&bucket=1d&tz=America/New_York&range=30d": 200,
	} {
		if got := p.Get(token, "/api/v1/analytics/volume?"+query, nil); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	if got := p.Get(token, "/api/v1/aggregate?by=level&by=env", nil); got != 200 {
		t.Errorf("a list of fields in two parameters: %d", got)
	}
}

func TestTokens(t *testing.T) {
	clock := newHands()
	p := apptest.Start(t, apptest.Options{Clock: clock.now})
	seed(t, p)
	all := p.Token(apptest.AllScopes)
	p.Until(10*time.Second, "the issues", func() bool {
		return p.Get(all, "/api/v1/issues/CHE-1", nil) == 200 && p.Get(all, "/api/v1/issues/INV-1", nil) == 200
	})
	asked := map[string]string{
		"issue:read": "/api/v1/issues/CHE-1", "event:read": "/api/v1/events/" + sharedID + "?project=checkout",
		"analytics:read": "/api/v1/analytics/volume",
	}
	for scope := range asked {
		token := p.Token(scope)
		for needs, path := range asked {
			want := map[bool]int{true: 200, false: 403}[needs == scope]
			if got := p.Get(token, path, nil); got != want {
				t.Errorf("%s with %s: %d, want %d", path, scope, got, want)
			}
		}
	}
	t.Run("of one service", func(t *testing.T) {
		a := p.Command("token", "--user", apptest.Email, "--scope", apptest.AllScopes)
		change(t, p, `UPDATE api_token SET scopes = json_set(scopes, '$.projects', json('["1"]')) WHERE id = ?`, a["id"])
		var list struct {
			Items []struct{ Service string }
			Total struct{ Value int }
		}
		p.Get(a["token"], "/api/v1/issues", &list)
		for _, i := range list.Items {
			if i.Service != "checkout" {
				t.Errorf("lists an issue of %s", i.Service)
			}
		}
		if len(list.Items) != 2 || list.Total.Value != 2 {
			t.Errorf("%+v", list)
		}
		var v struct{ Total int }
		if p.Get(a["token"], "/api/v1/analytics/volume", &v); v.Total != 3 {
			t.Errorf("counts %d events", v.Total)
		}
		for path, want := range map[string]int{
			"/api/v1/issues/INV-1": 404, "/api/v1/issues/INV-1/events": 404, "/api/v1/issues?service=invoices": 422,
			"/api/v1/events/" + sharedID: 200, "/api/v1/events/" + sharedID + "?project=invoices": 404,
		} {
			if got := p.Get(a["token"], path, nil); got != want {
				t.Errorf("%s: %d, want %d", path, got, want)
			}
		}
	})
	for name, header := range map[string]string{
		"basic": "Basic " + all, "no scheme": all, "cut": "Bearer " + all[:50], "wrong check": "Bearer " + all[:52] + "_",
		"JWT": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "two": "Bearer " + all + " " + all,
	} {
		if a := send(t, p, p.Browser(), "GET", "/api/v1/issues", "", "Authorization", header); a.StatusCode != 401 || strings.Contains(a.text, all) {
			t.Errorf("%s: %s %s", name, a.Status, a.text)
		}
	}
	t.Run("revoked", func(t *testing.T) {
		a := p.Command("token", "--user", apptest.Email, "--scope", "issue:read")
		change(t, p, `UPDATE api_token SET revoked_at = 1 WHERE id = ?`, a["id"])
		if got := p.Get(a["token"], "/api/v1/issues", nil); got != 401 {
			t.Errorf("answered %d", got)
		}
	})
	t.Run("expired", func(t *testing.T) {
		a := p.Command("token", "--user", apptest.Email, "--scope", "issue:read", "--expires", "2h")
		if got := p.Get(a["token"], "/api/v1/issues", nil); got != 200 {
			t.Errorf("answered %d", got)
		}
		clock.forward(2 * time.Hour)
		if got := p.Get(a["token"], "/api/v1/issues", nil); got != 401 {
			t.Errorf("answered %d", got)
		}
	})
	t.Run("of a disabled account", func(t *testing.T) {
		change(t, p, `UPDATE app_user SET state = 'disabled', disabled_at = 1`)
		if got := p.Get(all, "/api/v1/issues", nil); got != 401 {
			t.Errorf("answered %d", got)
		}
	})
}

// A stranger who guesses the set-up link learns nothing, and it works once.
func TestSetupLink(t *testing.T) {
	clock := newHands()
	p := apptest.Start(t, apptest.Options{Fresh: true, Clock: clock.now})
	link, err := url.Parse(p.App.SetupLink())
	if err != nil {
		t.Fatal(err)
	}
	token := link.Query().Get("token")
	form := func(token, password string) string {
		return url.Values{"token": {token}, "name": {"Eve"}, "email": {"eve@example.com"}, "password": {password}}.Encode()
	}
	c := p.Browser()
	for name, token := range map[string]string{"none": "", "wrong": strings.Repeat("0", len(token)), "cut": token[1:]} {
		if a := send(t, p, c, "GET", "/setup/admin?token="+token, ""); a.StatusCode != 403 {
			t.Errorf("%s: %s", name, a.Status)
		}
		if a := send(t, p, c, "POST", "/setup/admin", form(token, apptest.Password), "Origin", p.URL); a.StatusCode != 403 {
			t.Errorf("%s: %s", name, a.Status)
		}
	}
	if a := send(t, p, c, "GET", "/setup/admin?token="+token, ""); a.StatusCode != 200 {
		t.Fatalf("the right one: %s", a.Status)
	}
	if a := send(t, p, c, "POST", "/setup/admin", form(token, "short"), "Origin", p.URL); a.StatusCode != 422 || strings.Contains(a.text, "short\"") {
		t.Errorf("a short password: %s", a.Status)
	}
	clock.forward(61 * time.Minute)
	if a := send(t, p, c, "POST", "/setup/admin", form(token, apptest.Password), "Origin", p.URL); a.StatusCode != 403 {
		t.Errorf("expired: %s", a.Status)
	}
	clock.forward(-61 * time.Minute)
	if a := send(t, p, c, "POST", "/setup/admin", form(token, apptest.Password), "Origin", p.URL); a.StatusCode != 303 {
		t.Fatalf("the right one: %s %.300s", a.Status, a.text)
	}
	for _, who := range []*http.Client{c, p.Browser()} {
		if a := send(t, p, who, "GET", "/setup/admin?token="+token, ""); a.StatusCode != 404 {
			t.Errorf("used: %s", a.Status)
		}
		if a := send(t, p, who, "POST", "/setup/admin", form(token, apptest.Password), "Origin", p.URL); a.StatusCode != 404 {
			t.Errorf("used: %s", a.Status)
		}
	}
	p.Stop()
	p.Boot()
	if link := p.App.SetupLink(); link != "" {
		t.Errorf("a link after set-up: %s", link)
	}
}

func TestPasswordsOfSetup(t *testing.T) {
	p := apptest.Start(t, apptest.Options{Fresh: true})
	link, err := url.Parse(p.App.SetupLink())
	if err != nil {
		t.Fatal(err)
	}
	for password, problem := range map[string]string{
		"": "at least 12", "elevenchars": "at least 12", strings.Repeat("paßwörter ", 13): "at most 128",
		"eve.example.com": "easy to guess", "passwordpassword": "easy to guess",
	} {
		a := send(t, p, p.Browser(), "POST", "/setup/admin", url.Values{
			"token": {link.Query().Get("token")}, "name": {"Eve"},
			"email": {"eve@example.com"}, "password": {password},
		}.Encode(), "Origin", p.URL)
		if a.StatusCode != 422 || !strings.Contains(a.text, problem) {
			t.Errorf("%q: %s, without %q", password, a.Status, problem)
		}
	}
	if now := state(t, p); !strings.Contains(now, "app_user 0 ") {
		t.Errorf("state %s", now)
	}
}
