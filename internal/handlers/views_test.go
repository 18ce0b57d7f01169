package handlers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"errata/internal/apptest"
	"errata/internal/errata"
)

// Saving, changing, sharing and deleting a view by forms alone, as a browser
// without script sends them.
func TestViewsByForms(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	shop := p.NewProject("checkout")
	p.Send(shop, `{"level":"error","message":"own","environment":"production","user":{"id":"u"}}`)
	p.Until(10*time.Second, "the issue", func() bool { return column(t, database(t, p), `SELECT COUNT(*) FROM issue`)[0] == "1" })
	p.NewUser("mira@people.example", errata.RoleResponder, "checkout")
	p.NewUser("lena@people.example", errata.RoleViewer, "checkout")
	mira, lena := p.SignInAs("mira@people.example"), p.SignInAs("lena@people.example")

	code, text, to := post(t, p, mira, "/views", "here", "/issues?q=environment:production+user:u&range=7d&cursor=x", "title", "My <view>", "visibility", "private")
	if code != http.StatusSeeOther || !strings.HasPrefix(to, "/issues?q=env:production+user:~") || !strings.Contains(to, "&range=7d&view=my-view-") || strings.Contains(to, "cursor") {
		t.Fatalf("saved: %d to %q: %.300s", code, to, text)
	}
	slug := to[strings.Index(to, "&view=")+len("&view="):]
	lacks(t, "a list as it was saved", see(t, p, mira, 200, to, "My <view>"), "has been changed here")
	changed := "/issues?q=env:production&range=7d&view=" + slug
	see(t, p, mira, 200, changed, "My <view>", "has been changed here")
	lacks(t, "somebody else's page", see(t, p, lena, 200, "/views"), "My <view>")
	see(t, p, lena, 404, "/views/"+slug)
	see(t, p, p.SignIn(), 404, "/views/"+slug)

	if code, _, to = post(t, p, mira, "/views/"+slug, "here", changed, "version", "1"); code != http.StatusSeeOther || to != changed {
		t.Errorf("kept as changed: %d to %q", code, to)
	}
	if code, text, _ = post(t, p, mira, "/views/"+slug, "title", "Late", "version", "1"); code != http.StatusConflict || !strings.Contains(text, "changed in the meantime") {
		t.Errorf("an old version: %d", code)
	}
	if code, _, to = post(t, p, mira, "/views/"+slug+"/share", "visibility", "all", "version", "2"); code != http.StatusSeeOther || to != "/views" {
		t.Errorf("shared: %d to %q", code, to)
	}
	see(t, p, lena, 200, "/views", "My <view>", "For everybody")
	if code, _, _ = post(t, p, lena, "/views/"+slug+"/delete"); code != http.StatusForbidden {
		t.Errorf("deleted by somebody else: %d", code)
	}
	if code, _, _ = post(t, p, lena, "/views", "here", "/issues", "title", "Hers", "visibility", "all"); code != http.StatusForbidden {
		t.Errorf("shared by a viewer: %d", code)
	}
	if code, text, _ = post(t, p, lena, "/views", "here", "/issues", "title", " ", "visibility", "private"); code != http.StatusUnprocessableEntity || !strings.Contains(text, "Give the view a name") {
		t.Errorf("without a name: %d", code)
	}
	if code, _, to = post(t, p, mira, "/views/"+slug+"/delete", "version", "3"); code != http.StatusSeeOther || to != "/views" {
		t.Errorf("deleted: %d to %q", code, to)
	}
	see(t, p, mira, 404, "/views/"+slug)
}

// Filters are a form and links: what they send becomes part of the search.
func TestFacetsByForms(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	shop := p.NewProject("checkout")
	p.Send(shop, `{"level":"error","message":"own","environment":"production","release":"shop@1.2"}`)
	p.Until(10*time.Second, "the issue", func() bool { return column(t, database(t, p), `SELECT COUNT(*) FROM issue`)[0] == "1" })
	boss := p.SignIn()
	for sent, want := range map[string]string{
		"/issues?is=open&is=acknowledged&severity=P0":     "/issues?q=severity:P0+is:unresolved",
		"/issues?q=timeout&is=resolved&assigned=none":     "/issues?q=timeout+is:resolved+assigned:none",
		"/issues?q=is:open&q=&env=production&env=staging": "/issues?q=is:open+env:production,staging",
	} {
		if a := send(t, p, boss, http.MethodGet, sent, ""); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != want {
			t.Errorf("%s: %s to %q, want %q", sent, a.Status, a.Header.Get("Location"), want)
		}
	}
	see(t, p, boss, 200, "/issues/facets?key=release&q=is:open", "shop@1.2", "/issues?q=is:open+release:shop@1.2")
	see(t, p, boss, 400, "/issues/facets?key=frame")
	see(t, p, boss, 200, "/issues?q=is:open+env:nowhere", "Without this part of the search there is 1", "env:nowhere")
	see(t, p, boss, 200, "/issues/suggest?q=env:pro&at=7", `data-text="production"`, `data-start="4"`)
	see(t, p, boss, 200, "/issues/suggest?q="+strings.Repeat("x", 5000), "Nothing to suggest")
	see(t, p, boss, 200, "/issues?q=is:open&edit=text", `value="is:open"`)
	if code, _, _ := post(t, p, boss, "/me/recent", "page", "issues", "q", "user:ada@example.com timeout"); code != http.StatusNoContent {
		t.Errorf("remembered: %d", code)
	}
	if text := see(t, p, boss, 200, "/issues/suggest?q=", "Recent", "timeout"); strings.Contains(text, "ada@example.com") {
		t.Error("a recent query names a user")
	}
}
