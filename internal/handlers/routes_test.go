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
	switch r.Name {
	case "appearance", // a cookie of the browser
		"me.recent", // what the reader asked, kept for the reader alone
		"event":     // leads to the event, which is written down where it is shown
		return
	}
	write := r.Method == http.MethodPost && r.Auth != errata.AuthIngest
	face := r.Method == http.MethodGet && regexp.MustCompile(`\.(csv|ndjson|xlsx|print)$`).MatchString(r.Path)
	shows := face || r.Action == errata.EventReadPII || r.Method == http.MethodGet && (r.Action == errata.IssueExport || r.Action == errata.EventExport) || slices.Contains([]string{"export.ask", "export.file"}, r.Name) || r.Object == "event" || strings.HasPrefix(r.Path, "/audit") || strings.HasSuffix(r.Path, "/:event")
	switch {
	case shows && r.Audit != errata.StreamAccess, !shows && write && r.Audit != errata.StreamChange:
		t.Errorf("%s: audit %q", at, r.Audit)
	case !write && r.Audit == errata.StreamChange:
		t.Errorf("%s reads, and is audited as a change", at)
	}
}

// traceID is the trace of an event that TestEveryRoute sends.
const traceID = "8f2b6a31d0c94e7fa5d1c0b37e946d12"

// things are what addresses name beside what seed made.
func things(t *testing.T, p *apptest.Product, admin *http.Client) map[string]string {
	t.Helper()
	shop := column(t, database(t, p), `SELECT id FROM project WHERE slug = 'checkout'`)[0]
	key := column(t, database(t, p), `SELECT key FROM ingest_key WHERE project_id = '`+shop+`'`)[0]
	p.Send(apptest.Project{ID: shop, Slug: "checkout", Key: key}, `{"event_id":"`+traceID+`","timestamp":"2026-11-20T11:45:00Z",
		"message":"traced","contexts":{"trace":{"trace_id":"`+traceID+`"}}}`)
	p.Until(15*time.Second, "the trace", func() bool { code, _ := p.Page(admin, "/traces/"+traceID); return code == http.StatusOK })
	leads := func(path string, form url.Values) string {
		r := p.Form(admin, path, form)
		if r.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: %s", path, r.Status)
		}
		return r.Header.Get("Location")
	}
	leads("/views", url.Values{"title": {"Kept"}, "here": {"/issues?q=is:open"}, "visibility": {"private"}})
	leads("/teams", url.Values{"name": {"Pay"}})
	return map[string]string{
		"team": "pay", "export": export(t, p, admin, "checkout"), "job": bulkJob(t, p, apptest.Email, shop),
		"run":  strings.TrimPrefix(leads("/reports/runs", url.Values{"service": {"checkout"}}), "/reports/runs/"),
		"view": column(t, database(t, p), `SELECT slug FROM saved_view`)[0],
	}
}

// pathOf fills the parameters of a row with what seed and things made.
func pathOf(r errata.Route, made map[string]string) string {
	switch {
	case r.Path == "/static/*":
		return static.Path(static.Stylesheet)
	case r.Name == "trace":
		return "/traces/" + traceID
	case r.Name == "event":
		return "/events/" + traceID
	case r.Name == "issues.facet":
		return r.Path + "?key=env"
	case strings.HasPrefix(r.Path, "/jobs/"):
		return strings.Replace(r.Path, ":job", made["job"], 1)
	}
	return strings.NewReplacer(":job", made["export"], ":run", made["run"], ":view", made["view"], ":team", made["team"], ":key", "host",
		":id", "CHE-1", ":event_id", sharedID+"?project=checkout", ":event", "last", ":part", "raw", ":slug", "checkout",
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
	made := things(t, p, signedIn)
	for _, r := range manifest(t) {
		t.Run(r.Method+" "+r.Path, func(t *testing.T) {
			path := pathOf(r, made)
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
	case r.Name == "api.issue.undo":
		return []int{400} // of which act is not said
	case r.Auth == errata.AuthToken && r.Method == http.MethodPost:
		return []int{403} // the token reads
	case r.Auth == errata.AuthSetup, strings.HasPrefix(r.Name, "setup."):
		return []int{404} // set-up is over
	}
	switch r.Name {
	case "home", "login", "logout", "appearance", "event", "issue.events", "view", "view.change", "view.share", "view.delete", "report.run",
		"job.cancel", "export.cancel", "team.delete", "team.member.remove":
		return []int{303}
	case "login.post":
		return []int{401}
	case "service.create", "team.create", "team.rename", "team.member", "team.service", "team.service.remove":
		return []int{422}
	case "export.ask", "me.recent":
		return []int{400} // of no page
	case "view.save":
		return []int{422}
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
