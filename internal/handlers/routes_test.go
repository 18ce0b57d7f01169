package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"errata/internal/apptest"
	"errata/internal/errata"
	"errata/internal/intake/sentry"
	"errata/static"
)

// manifest is every row of every door.
func manifest(t *testing.T) []errata.Route {
	t.Helper()
	return slices.Concat(newServer(t, nil).Routes(), sentry.Routes())
}

func TestManifest(t *testing.T) {
	seen, names := map[string]bool{}, map[string]bool{}
	parameter := regexp.MustCompile(`:\w+|\{\w+\}`)
	for _, r := range manifest(t) {
		at := r.Method + " " + parameter.ReplaceAllString(r.Path, "{}")
		if seen[at] || names[r.Name] || r.Name == "" {
			t.Errorf("%s %s stands twice", at, r.Name)
		}
		seen[at], names[r.Name] = true, true
		if r.Action != "" && !slices.Contains(errata.Actions, r.Action) {
			t.Errorf("%s asks for the unknown action %s", at, r.Action)
		}
		if r.Action == "" && r.Auth == errata.AuthToken {
			t.Errorf("%s asks a token for nothing", at)
		}
		if write := r.Method == http.MethodPost && r.Auth != errata.AuthIngest && r.Auth != errata.AuthToken; r.CSRF != write {
			t.Errorf("%s: CSRF %v", at, r.CSRF)
		}
		checkAudit(t, at, r)
		if !slices.Contains([]errata.Auth{errata.AuthPublic, errata.AuthSetup, errata.AuthSession, errata.AuthToken, errata.AuthIngest}, r.Auth) {
			t.Errorf("%s: auth %q", at, r.Auth)
		}
	}
}

// checkAudit requires that changes are written down, and who is shown an event
// or the audit.
func checkAudit(t *testing.T, at string, r errata.Route) {
	t.Helper()
	if r.Name == "appearance" { // a cookie of the browser
		return
	}
	write := r.Method == http.MethodPost && r.Auth != errata.AuthIngest
	shows := r.Action == errata.EventReadPII || r.Method == http.MethodGet && (r.Action == errata.IssueExport || r.Action == errata.EventExport) || slices.Contains([]string{"export.ask", "export.file"}, r.Name) || r.Object == "event" || strings.HasPrefix(r.Path, "/audit") || strings.HasSuffix(r.Path, "/:event")
	switch {
	case shows && r.Audit != errata.StreamAccess, !shows && write && r.Audit != errata.StreamChange:
		t.Errorf("%s: audit %q", at, r.Audit)
	case !write && r.Audit == errata.StreamChange:
		t.Errorf("%s reads, and is audited as a change", at)
	}
}

// pathOf fills the parameters of a row with what seed made.
func pathOf(r errata.Route) string {
	if r.Path == "/static/*" {
		return static.Path(static.Stylesheet)
	}
	return strings.NewReplacer(":id", "CHE-1", ":event_id", sharedID+"?project=checkout", ":event", "last", ":part", "raw", ":slug", "checkout",
		":invite", "0", ":token", "0", ":stream", "change", ":seq", "1",
		"{id}", "1", "{$}", "").Replace(r.Path)
}

// Every row is served, asks for what it names, and carries the headers.
func TestEveryRoute(t *testing.T) {
	p := apptest.Start(t, apptest.Options{Clock: newHands().now})
	seed(t, p)
	token := p.Token(apptest.AllScopes)
	p.Until(10*time.Second, "the issue", func() bool { return p.Get(token, "/api/v1/issues/CHE-1", nil) == http.StatusOK })
	signedIn, stranger := p.SignIn(), p.Browser()
	for _, r := range manifest(t) {
		t.Run(r.Method+" "+r.Path, func(t *testing.T) {
			path := pathOf(r)
			who, header := signedIn, []string{"Origin", p.URL}
			if r.Auth == errata.AuthToken {
				header = append(header, "Authorization", "Bearer "+token)
			}
			switch r.Name {
			case "logout", "login.post": // the sessions stay for the others
				who = stranger
			}
			a := send(t, p, who, r.Method, path, "", header...)
			if served := wanted(r); !slices.Contains(served, a.StatusCode) {
				t.Errorf("answered %s, want one of %v: %.300s", a.Status, served, a.text)
			}
			safe(t, a.Header, false)
			cached := a.Header.Get("Cache-Control")
			if isFile := r.Name == "static"; isFile != (cached == "public, max-age=31536000, immutable") || !isFile && !strings.Contains(cached, "no-store") {
				t.Errorf("Cache-Control %q", cached)
			}
			before := state(t, p)
			if r.Auth == errata.AuthSession || r.Auth == errata.AuthToken {
				a := send(t, p, stranger, r.Method, path, "", "Origin", p.URL)
				safe(t, a.Header, false)
				if !refusedStranger(r, a) {
					t.Errorf("a stranger got %s %s: %.200s", a.Status, a.Header.Get("Location"), a.text)
				}
			}
			if r.Auth == errata.AuthToken {
				a := send(t, p, signedIn, r.Method, path, "")
				if a.StatusCode != http.StatusUnauthorized {
					t.Errorf("a session reads the API: %s", a.Status)
				}
			}
			for _, method := range []string{"PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"} {
				a := send(t, p, signedIn, method, path, "", "Origin", p.URL, "X-HTTP-Method-Override", r.Method)
				if a.StatusCode != http.StatusMethodNotAllowed || !strings.Contains(a.Header.Get("Allow"), r.Method) {
					t.Errorf("%s: %s, Allow %q", method, a.Status, a.Header.Get("Allow"))
				}
				safe(t, a.Header, false)
			}
			if r.Method == http.MethodGet {
				head := send(t, p, who, http.MethodHead, path, "", header...)
				if head.StatusCode != a.StatusCode || head.text != "" {
					t.Errorf("HEAD: %s, %d bytes", head.Status, len(head.text))
				}
				safe(t, head.Header, false)
			}
			if after := state(t, p); before != after {
				t.Errorf("changed from %s to %s", before, after)
			}
		})
	}
}

// wanted are the answers that a row gives to somebody who may, with an empty form.
func wanted(r errata.Route) []int {
	switch {
	case r.Auth == errata.AuthIngest:
		return []int{401}
	case r.Method == http.MethodOptions:
		return []int{204}
	case r.Auth == errata.AuthToken && r.Method == http.MethodPost:
		return []int{403} // the token reads
	case r.Auth == errata.AuthSetup, strings.HasPrefix(r.Name, "setup."):
		return []int{404} // set-up is over
	}
	switch r.Name {
	case "home", "login", "logout", "appearance":
		return []int{303}
	case "login.post":
		return []int{401}
	case "service.create":
		return []int{422}
	case "job", "job.cancel":
		return []int{404} // nobody has such a job
	case "issue.undo", "issue.ack", "issue.unack", "issue.assign", "issue.resolve", "issue.reopen", "issue.ignore", "issue.unignore", "issue.severity", "issue.stage":
		return []int{400} // the form is empty
	case "issue.comment", "issues.bulk":
		return []int{422}
	case "issue.comment.edit", "issue.comment.delete":
		return []int{404, 422}
	case "issue.watch":
		return []int{303}
	case "issue.event.part", "issue.event.reveal":
		return []int{200, 404}
	case "user", "user.grant", "user.revoke", "user.disable", "user.enable", "user.sessions", "user.invite.renew", "user.invite.withdraw",
		"invite", "invite.accept", "me.session.end", "token.revoke":
		return []int{404} // nobody has this id, nothing this link
	case "user.invite.post", "me.profile", "me.password", "me.token":
		return []int{422}
	case "me.sessions.end":
		return []int{303}
	}
	return []int{200}
}

func refusedStranger(r errata.Route, a answer) bool {
	if r.Auth == errata.AuthToken {
		return a.StatusCode == 401 && a.Header.Get("WWW-Authenticate") != "" && strings.Contains(a.text, `"code":"unauthenticated"`)
	}
	u, err := url.Parse(a.Header.Get("Location"))
	return err == nil && a.StatusCode == 303 && u.Host == "" && u.Path == "/login"
}

// What is outside of the rows is answered by the same hand.
func TestHeadersElsewhere(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	shop := p.NewProject("checkout")
	c := p.Browser()
	tests := []struct {
		name, method, path, body string
		header                   []string
		status                   int
	}{
		{"no such page", "GET", "/nowhere", "", nil, 404},
		{"no such address of the API", "GET", "/api/v1/nowhere", "", nil, 404},
		{"no such file", "GET", "/static/none/css/errata.css", "", nil, 200},
		{"no such file at all", "GET", "/static/none/css/none.css", "", nil, 404},
		{"a folder", "GET", "/static/", "", nil, 404},
		{"wrong method", "DELETE", "/issues", "", nil, 405},
		{"long address", "GET", "/" + strings.Repeat("a", 9000), "", nil, 414},
		{"large headers", "GET", "/issues", "", []string{"X-Long", strings.Repeat("a", 20000)}, 431},
		{"large form", "POST", "/login", strings.Repeat("a", 1<<20+10), []string{"Origin", p.URL}, 413},
		{"alive", "GET", "/healthz", "", nil, 200},
		{"ready", "GET", "/readyz", "", nil, 200},
		{"metrics", "GET", "/metrics", "", nil, 200},
		{"intake, no key", "POST", "/api/" + shop.ID + "/envelope/", "{}", nil, 401},
		{"intake, wrong key", "POST", "/api/" + shop.ID + "/envelope/?sentry_key=00000000000000000000000000000000", "{}", nil, 403},
		{"intake, wrong method", "GET", "/api/" + shop.ID + "/envelope/", "", nil, 405},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := send(t, p, c, tt.method, tt.path, tt.body, tt.header...)
			if a.StatusCode != tt.status {
				t.Errorf("answered %s: %.200s", a.Status, a.text)
			}
			safe(t, a.Header, false)
			if tt.status >= 400 && !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
				t.Errorf("Cache-Control %q", a.Header.Get("Cache-Control"))
			}
		})
	}
}
