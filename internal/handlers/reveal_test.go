package handlers_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"errata/internal/apptest"
)

// The address of a user is shown in clear only to who asks for it with the
// right to, and only in that answer.
func TestReveal(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	shop := p.NewProject("checkout")
	p.Send(shop, `{"event_id":"0123456789abcdef0123456789abcdef","message":"x","user":{"id":"person-4711"}}`)
	token := p.Token(apptest.AllScopes)
	p.Until(10*time.Second, "the issue", func() bool { return p.Get(token, "/api/v1/issues/CHE-1", nil) == http.StatusOK })
	c := p.SignIn()
	const address = "/issues/CHE-1/events/last"
	for _, path := range []string{address, address + "/json", "/issues/CHE-1"} {
		code, text := p.Page(c, path)
		if code != http.StatusOK || strings.Contains(text, "person-4711") {
			t.Errorf("%s: %d, shows the id: %v", path, code, strings.Contains(text, "person-4711"))
		}
		if !strings.Contains(text, "/reveal") {
			t.Errorf("%s offers no way to see the id", path)
		}
	}
	for part, want := range map[string]bool{"stack": true, "json": true, "request": true} {
		a := send(t, p, c, "POST", address+"/reveal", "part="+part, "Origin", p.URL)
		if a.StatusCode != http.StatusOK || strings.Contains(a.text, "person-4711") != want {
			t.Errorf("revealed %s: %s, shows the id: %v", part, a.Status, !want)
		}
		if !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
			t.Errorf("Cache-Control %q", a.Header.Get("Cache-Control"))
		}
	}
	if _, text := p.Page(c, address); strings.Contains(text, "person-4711") {
		t.Error("stays in clear")
	}
	var accesses []string
	p.Until(5*time.Second, "the view in the audit", func() bool {
		accesses = audited(t, p, "access")
		return len(accesses) == 4
	})
	slices.Sort(accesses) // the view is written behind its answer
	want := "event:read done, event:read_pii done, event:read_pii done, event:read_pii done"
	if got := strings.Join(accesses, ", "); got != want {
		t.Errorf("audit of accesses: %s, want %s", got, want)
	}
}
