package handlers_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"errata/internal/apptest"
	"errata/internal/errata"
)

// post sends a form as a page of ours does, and returns status, text and where
// the answer leads.
func post(t *testing.T, p *apptest.Product, c *http.Client, path string, fields ...string) (code int, text, to string) {
	t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		v.Add(fields[i], fields[i+1])
	}
	r := p.Form(c, path, v)
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, html.UnescapeString(string(b)), r.Header.Get("Location")
}

// see reads a page and requires a status and words.
func see(t *testing.T, p *apptest.Product, c *http.Client, code int, path string, words ...string) string {
	t.Helper()
	got, text := p.Page(c, path)
	text = html.UnescapeString(text)
	if got != code {
		t.Errorf("%s answers %d, want %d: %.300s", path, got, code, text)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%s does not say %q", path, w)
		}
	}
	return text
}

func lacks(t *testing.T, what, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(text, w) {
			t.Errorf("%s says %q", what, w)
		}
	}
}

var inviteLink = regexp.MustCompile(`/invite/[0-9a-f]{64}`)

// invite makes an invitation and returns the path of its link.
func invite(t *testing.T, p *apptest.Product, c *http.Client, fields ...string) string {
	t.Helper()
	code, text, _ := post(t, p, c, "/users/invite", fields...)
	link := inviteLink.FindString(text)
	if code != http.StatusOK || link == "" {
		t.Fatalf("invited: %d, link %q: %.500s", code, link, text)
	}
	return link
}

// A person is invited, joins, works, is given more, and leaves; all by forms.
func TestInvitedPerson(t *testing.T) {
	apptest.Each(t, apptest.Options{}, func(t *testing.T, p *apptest.Product) {
		shop, pay := p.NewProject("checkout"), p.NewProject("payments")
		boss, bo := p.SignIn(), p.Browser()

		if code, text, _ := post(t, p, boss, "/users/invite", "email", "bo", "role", ""); code != 422 || !strings.Contains(text, "Write an e-mail address") || !strings.Contains(text, "Choose a role") {
			t.Errorf("an empty invitation: %d", code)
		}
		link := invite(t, p, boss, "email", "Bo@Example.com", "role", "", "role-"+shop.ID, "responder")
		see(t, p, boss, 200, "/users", "bo@example.com", "responder", "on checkout")
		see(t, p, bo, 200, link, "Ada Lovelace invites you to Errata", "bo@example.com", "on checkout")
		if code, text, _ := post(t, p, bo, link, "name", "Bo Berg", "password", "short"); code != 422 || !strings.Contains(text, "needs at least 12") || !strings.Contains(text, `value="Bo Berg"`) {
			t.Errorf("a short password: %d %.400s", code, text)
		}
		if code, _, to := post(t, p, bo, link, "name", "Bo Berg", "password", apptest.Password); code != 303 || to != "/" {
			t.Fatalf("joined: %d to %q", code, to)
		}
		me := see(t, p, bo, 200, "/me", "Bo Berg", "bo@example.com", "this browser", "responder")
		lacks(t, "the navigation of a responder", me, `href="/roles"`, `href="/audit"`, `href="/system"`)
		lacks(t, "the list of a responder on another service", see(t, p, bo, 200, "/users", `href="/users"`, "Ada Lovelace"), "payments")
		see(t, p, p.Browser(), 409, link, "This invitation has been used", `href="/login"`)
		if code, text, _ := post(t, p, p.Browser(), link, "name", "Eve", "password", apptest.Password); code != 409 || !strings.Contains(text, "has been used") {
			t.Errorf("used twice: %d", code)
		}

		id := personID(t, p, boss, "Bo Berg")
		for path, want := range map[string]int{"/services/payments/setup": 403, "/users/invite": 403, "/roles": 403, "/audit": 403} {
			see(t, p, bo, want, path)
		}
		if code, _, to := post(t, p, boss, "/users/"+id+"/grant", "role", "maintainer", "project", pay.ID); code != 303 || to != "/users/"+id {
			t.Errorf("granted: %d to %q", code, to)
		}
		see(t, p, boss, 200, "/users/"+id, "The role is given.", "on payments")
		see(t, p, bo, 200, "/services/payments/setup")
		see(t, p, bo, 200, "/audit", "Rows of your services are shown")
		if code, text, _ := post(t, p, boss, "/users/"+id+"/grant", "role", "admin", "project", pay.ID); code != 422 || !strings.Contains(text, "Administrators are administrators everywhere") {
			t.Errorf("an administrator of one service: %d", code)
		}
		post(t, p, boss, "/users/"+id+"/revoke", "role", "maintainer", "project", pay.ID)
		see(t, p, bo, 403, "/services/payments/setup")

		if code, _, _ := post(t, p, boss, "/users/"+id+"/disable"); code != 303 {
			t.Errorf("disabled: %d", code)
		}
		see(t, p, boss, 200, "/users/"+id, "The account is disabled; 1 session ended.", "Enable the account")
		if code, _ := p.Page(bo, "/me"); code != 303 {
			t.Errorf("a disabled account reads its page: %d", code)
		}
		if code, _, _ := post(t, p, p.Browser(), "/login", "email", "bo@example.com", "password", apptest.Password); code != 401 {
			t.Errorf("a disabled account signs in: %d", code)
		}
		post(t, p, boss, "/users/"+id+"/enable")
		if code, _, _ := post(t, p, p.Browser(), "/login", "email", "bo@example.com", "password", apptest.Password); code != 303 {
			t.Errorf("an account that is active again: %d", code)
		}
	})
}

func personID(t *testing.T, p *apptest.Product, c *http.Client, name string) string {
	t.Helper()
	_, text := p.Page(c, "/users")
	m := regexp.MustCompile(`href="/users/([0-9a-f-]{36})"[^§]*?<b><bdi>([^<]*)</bdi>`).FindAllStringSubmatch(text, -1)
	for _, row := range m {
		if row[2] == name {
			return row[1]
		}
	}
	t.Fatalf("%s is not in the list: %v", name, m)
	return ""
}

// Nobody but administrators changes people, and a forged form changes nothing.
func TestForgedForms(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	p.NewProject("checkout")
	boss := p.SignIn()
	bossID := personID(t, p, boss, "Ada Lovelace")
	viewer := p.NewUser("viewer@example.com", errata.RoleViewer, "")
	c := p.SignInAs("viewer@example.com")
	link := invite(t, p, boss, "email", "bo@example.com", "role", "viewer")
	_, list := p.Page(boss, "/users")
	renew := regexp.MustCompile(`/users/invites/[0-9a-f]{64}/renew`).FindString(list)
	before := state(t, p)
	for path, fields := range map[string][]string{
		"/users/invite": {"email", "eve@example.com", "role", "admin"}, "/users/" + viewer + "/grant": {"role", "admin"},
		"/users/" + bossID + "/revoke": {"role", "admin"}, "/users/" + bossID + "/disable": nil, "/users/" + viewer + "/enable": nil,
		"/users/" + bossID + "/sessions": nil, renew: nil, strings.Replace(renew, "renew", "withdraw", 1): nil,
	} {
		if code, text, _ := post(t, p, c, path, fields...); code != 403 || !strings.Contains(text, "Needs admin everywhere. Ask Ada Lovelace.") {
			t.Errorf("%s: %d %.300s", path, code, text)
		}
	}
	if after := state(t, p); after != before {
		t.Errorf("changed from %s to %s", before, after)
	}
	page := see(t, p, c, 200, "/users/"+bossID, "Needs admin everywhere. Ask Ada Lovelace.")
	lacks(t, "a page for a reader", page, "Disable the account", "Give the role", apptest.Email, "Sign out everywhere")
	lacks(t, "the list for a reader", see(t, p, c, 200, "/users"), apptest.Email, "bo@example.com", "Sessions")
	see(t, p, p.Browser(), 200, link)

	for _, tt := range []struct {
		path   string
		fields []string
		code   int
		says   string
	}{
		{"/users/" + bossID + "/revoke", []string{"role", "admin"}, 409, "This is the last administrator."},
		{"/users/" + bossID + "/disable", nil, 403, "Nobody disables their own account."},
		{"/users/" + bossID + "/grant", []string{"role", "auditor"}, 403, "Nobody gives themselves a role."},
	} {
		if code, text, _ := post(t, p, boss, tt.path, tt.fields...); code != tt.code || !strings.Contains(text, tt.says) {
			t.Errorf("%s: %d, want %d with %q", tt.path, code, tt.code, tt.says)
		}
	}
	see(t, p, boss, 200, "/audit?result=denied", "user:manage", "Person viewer@example.com")
}

var tokenText = regexp.MustCompile(`err_[0-9A-Za-z]{49}`)

func TestOwnAccount(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	p.NewUser("bo@example.com", errata.RoleResponder, "")
	first, second := p.SignInAs("bo@example.com"), p.SignInAs("bo@example.com")

	if code, text, _ := post(t, p, first, "/me/profile", "name", "Bo Berg", "zone", "Mars/Olympus"); code != 422 || !strings.Contains(text, "is no time zone") || !strings.Contains(text, `value="Mars/Olympus"`) {
		t.Errorf("a wrong zone: %d", code)
	}
	post(t, p, first, "/me/profile", "name", "Bo Berg", "zone", "Europe/Oslo")
	page := see(t, p, first, 200, "/me", "Your profile is saved.", `value="Bo Berg"`, "Europe/Oslo")
	lacks(t, "a page read again", see(t, p, first, 200, "/me"), "Your profile is saved.")

	if code, text, _ := post(t, p, first, "/me/tokens", "token-name", "", "days", "90"); code != 422 || !strings.Contains(text, "Name at least one scope") || !strings.Contains(text, "Write what the token is for") {
		t.Errorf("an empty token: %d", code)
	}
	lacks(t, "the scopes of a responder", page, "scope-user:manage", "scope-key:write")
	code, text, _ := post(t, p, first, "/me/tokens", "token-name", "wall board", "days", "7", "scope-issue:read", "on")
	token := tokenText.FindString(text)
	if code != 200 || p.Get(token, "/api/v1/issues", nil) != 200 {
		t.Fatalf("a token of one's own: %d, %q", code, token)
	}
	page = see(t, p, first, 200, "/me", "wall board", token[:8])
	lacks(t, "a page after the first", page, token)
	revoke := regexp.MustCompile(`/tokens/[0-9a-f-]{36}/revoke`).FindString(page)
	if code, _, _ := post(t, p, p.SignIn(), "/me/tokens", "token-name", "x", "days", "7", "scope-user:manage", "on"); code != 422 {
		t.Errorf("a token that manages people: %d", code)
	}
	p.NewUser("eve@example.com", errata.RoleMaintainer, "")
	if code, _, _ := post(t, p, p.SignInAs("eve@example.com"), revoke); code != 404 {
		t.Errorf("somebody else revokes it: %d", code)
	}
	if code, _, to := post(t, p, first, revoke); code != 303 || to != "/me" || p.Get(token, "/api/v1/issues", nil) != 401 {
		t.Errorf("revoked: %d to %q", code, to)
	}

	ids := regexp.MustCompile(`name="session" value="([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(ids) != 1 {
		t.Fatalf("other sessions: %v", ids)
	}
	post(t, p, first, "/me/sessions/end", "session", ids[0][1])
	if code, _ := p.Page(second, "/me"); code != 303 {
		t.Errorf("the session that was ended reads: %d", code)
	}
	third := p.SignInAs("bo@example.com")
	post(t, p, first, "/me/sessions/others")
	if code, _ := p.Page(third, "/me"); code != 303 {
		t.Errorf("all others ended: %d", code)
	}
	fourth := p.SignInAs("bo@example.com")
	if code, text, _ := post(t, p, first, "/me/password", "current", "wrong", "password", "nine purple kettles"); code != 422 || !strings.Contains(text, "not your present password") {
		t.Errorf("with a wrong password: %d", code)
	}
	if code, _, _ := post(t, p, first, "/me/password", "current", apptest.Password, "password", "nine purple kettles"); code != 303 {
		t.Errorf("a new password: %d", code)
	}
	if code, _ := p.Page(fourth, "/me"); code != 303 {
		t.Errorf("other browsers after a new password: %d", code)
	}
	see(t, p, first, 200, "/me", "The password is changed")
}

func TestRolesPage(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	shop, pay := p.NewProject("checkout"), p.NewProject("payments")
	bo := p.NewUser("bo@example.com", errata.RoleResponder, "checkout")
	p.NewUser("aud@example.com", errata.RoleAuditor, "")
	for _, c := range []*http.Client{p.SignIn(), p.SignInAs("aud@example.com")} {
		see(t, p, c, 200, "/roles", "issue:resolve", "invite, give roles, disable")
		ask := func(action, service string) string {
			return "/roles?" + url.Values{"actor": {bo}, "action": {action}, "service": {service}}.Encode()
		}
		see(t, p, c, 200, ask("issue:resolve", shop.ID), "may do issue:resolve on checkout", "p, role:responder, issue:resolve, */*, allow", "→ responder")
		see(t, p, c, 200, ask("issue:resolve", pay.ID), "may not do issue:resolve on payments", "Needs responder on payments. Ask Ada Lovelace.", "none matches")
		see(t, p, c, 200, ask("user:manage", ""), "may not do user:manage in the installation")
		for _, bad := range []string{ask("all:all", ""), ask("issue:read", "99"), "/roles?actor=nobody&action=issue:read"} {
			see(t, p, c, 422, bad, "Please look at this again")
		}
	}
}

func TestAuditPage(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	boss := p.SignIn()
	bo := p.NewUser("bo@example.com", errata.RoleViewer, "")
	for i := range 70 {
		role := []string{"responder", "auditor"}[i%2]
		act := []string{"grant", "revoke"}[i/2%2]
		post(t, p, boss, "/users/"+bo+"/"+act, "role", role)
	}
	first := see(t, p, boss, 200, "/audit?action=user:manage", "Person bo@example.com", "Older")
	rows := regexp.MustCompile(`href="/audit/change/(\d+)"`)
	seen := map[string]bool{}
	for path := "/audit?action=user:manage"; path != ""; {
		text := see(t, p, boss, 200, path)
		for _, m := range rows.FindAllStringSubmatch(text, -1) {
			if seen[m[1]] {
				t.Errorf("row %s stands on two pages", m[1])
			}
			seen[m[1]] = true
		}
		m := regexp.MustCompile(`href="(/audit\?[^"]*after=[^"]*)"`).FindStringSubmatch(text)
		if path = ""; m != nil {
			path = m[1]
		}
	}
	if len(seen) != 71 { // and the account was made
		t.Errorf("%d rows on all pages, want 71", len(seen))
	}
	see(t, p, boss, 200, "/audit/change/"+rows.FindStringSubmatch(first)[1], "Of the row before", "role", "auditor")
	see(t, p, boss, 200, "/audit/verify", "The chain is whole")
	p.Until(10*time.Second, "the reading of the audit is written down", func() bool {
		_, text := p.Page(boss, "/audit?stream=access")
		return strings.Contains(text, "audit:read") && strings.Contains(text, "audit change")
	})
	see(t, p, boss, 200, "/audit?from=2001-01-01&to=2001-01-02", "Nothing was written down", "Show all")
	for _, bad := range []string{"from=yesterday", "result=x", "after=x", "stream=x"} {
		see(t, p, boss, 422, "/audit?"+bad, "Please look at this again")
	}
	for _, none := range []string{"/audit/change/0", "/audit/change/x", "/audit/other/1", "/audit/change/99999999999999999999"} {
		see(t, p, boss, 404, none)
	}
}
