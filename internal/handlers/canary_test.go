package handlers_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/apptest"
	"errata/internal/errata"
)

// asked are addresses into which somebody who guesses puts a name, %s.
var asked = []string{
	"/issues?q=service:%s", "/issues?q=release:%s", "/issues?q=environment:%s", "/issues?q=user:%s", "/issues?q=%s",
	"/issues?q=type:%s", "/issues?q=tag.place:%s", "/issues?service=%s", "/issues?q=-service:%s", "/services/%s/setup", "/overview?service=%s",
	"/issues/suggest?q=service:%s", "/issues/suggest?q=release:%s", "/issues/suggest?q=tags[place]:%s", "/events/suggest?q=type:%s", "/events/suggest?q=%s",
	"/issues/facets?key=type&q=%s", "/issues/facets?key=release&q=service:%s", "/issues/facets?key=tags[place]&q=-service:%s", "/views/%s",
	"/overview?environment=%s", "/analytics/response?service=%s", "/analytics/response?release=%s", "/issues/%s",
	"/events?q=service:%s", "/events?service=%s", "/events?q=%s", "/events?open=%s&q=type:%s", "/events?as=chart&by=service&q=release:%s",
	"/events?as=counts&by=tags[place],env&q=env:%s", "/events?field=tags[place]&q=user:%s", "/traces/%s", "/issues/%s/events", "/issues/%s/tags/host",
	"/overview.print?service=%s", "/traces/%s.print", "/issues/%s/tags/host.print", "/issues.print?q=service:%s", "/events.print?q=tags[place]:%s",
}

// askedAPI are those of the API.
var askedAPI = []string{
	"/api/v1/issues?q=service:%s", "/api/v1/issues?q=%s", "/api/v1/issues?q=release:%s", "/api/v1/issues?q=tag.place:%s", "/api/v1/analytics/volume?q=service:%s",
	"/api/v1/analytics/volume?service=%s", "/api/v1/analytics/response?service=%s", "/api/v1/events/" + canaryEvent + "?project=%s", "/api/v1/issues/%s",
	"/api/v1/events?q=service:%s", "/api/v1/events?q=tags[place]:%s", "/api/v1/aggregate?by=service&q=type:%s", "/api/v1/aggregate?by=tags[place]&service=%s",
	"/api/v1/aggregate?bucket=1h&by=env&q=env:%s", "/api/v1/issues?q=team:%s", "/api/v1/events?q=!team:%s", "/api/v1/aggregate?by=env&q=team:%s",
	"/api/v1/query/explain?q=team:%s",
}

// stops is a clock that can be stopped, so that two answers can be compared.
type stops struct {
	hands *hands
	at    atomic.Int64
}

func (c *stops) now() time.Time {
	if at := c.at.Load(); at != 0 {
		return time.UnixMicro(at).UTC()
	}
	return c.hands.now()
}

// stop stops the clock, some time ahead of what it says now.
func (c *stops) stop(ahead time.Duration) { c.at.Store(c.now().Add(ahead).UnixMicro()) }

// A name that exists where the reader may not look is answered as one that
// exists nowhere: in lists, counts, suggestions, charts, errors, and the API.
func TestCanary(t *testing.T) {
	clock := &stops{hands: newHands()}
	p := apptest.Start(t, apptest.Options{Clock: clock.now})
	shop := p.NewProject("checkout")
	p.Send(shop, `{"level":"error","message":"own","environment":"production","user":{"id":"u"}}`)
	p.Command("project", canarySlug, "--name", "Canary Zq7x Service")
	there := apptest.Project{ID: "2", Slug: canarySlug, Key: column(t, database(t, p), `SELECT key FROM ingest_key WHERE project_id = '2'`)[0]}
	for range 3 {
		p.Send(there, `{"level":"error","environment":"env-zq7x","release":"zq7x@1.0.0","user":{"id":"user-zq7x"},"tags":{"place":"tag-zq7x"},
			"exception":{"values":[{"type":"CanaryZq7xError","value":"value zq7x"}]}}`)
	}
	p.Until(10*time.Second, "both issues", func() bool {
		return column(t, database(t, p), `SELECT COUNT(*) || ' ' || SUM(events) FROM issue`)[0] == "2 4"
	})
	p.NewUser("viewer@people.example", errata.RoleViewer, "checkout")
	viewer := p.SignInAs("viewer@people.example")
	token := p.TokenOf("viewer@people.example", "issue:read,event:read,project:read,analytics:read")
	boss := p.SignIn()
	bossToken := p.Token(apptest.AllScopes)
	if code, _, at := post(t, p, boss, "/teams", "name", "Team Zq7x"); code != http.StatusSeeOther || at != "/teams/team-zq7x" { // the token may not read who else there is
		t.Fatalf("the team: %d, %s", code, at)
	}
	if code, _, _ := post(t, p, boss, "/teams/team-zq7x/services", "project", there.ID); code != http.StatusSeeOther {
		t.Fatalf("the team's service: %d", code)
	}
	clock.stop(0)

	read := func(c *http.Client, token, path string) (int, string) {
		header := []string{}
		if token != "" {
			header = append(header, "Authorization", "Bearer "+token)
		}
		a := send(t, p, c, http.MethodGet, path, "", header...)
		return a.StatusCode, uuidText.ReplaceAllString(a.text, "<uuid>")
	}
	names := map[string]string{ // what exists, and what does not
		canarySlug: "absent-zzzz", "zq7x@1.0.0": "zzzz@1.0.0", "env-zq7x": "env-zzzz", "user-zq7x": "user-zzzz", "tag-zq7x": "tag-zzzz", "CanaryZq7xError": "AbsentZzzzError", "CAN-1": "ABS-1", "team-zq7x": "team-zzzz", "CanaryZq*": "AbsentZz*",
	}
	compare := func(c *http.Client, token, pattern string) (same bool) {
		same = true
		for name, other := range names {
			code, text := read(c, token, strings.ReplaceAll(pattern, "%s", url.PathEscape(name)))
			otherCode, otherText := read(c, token, strings.ReplaceAll(pattern, "%s", url.PathEscape(other)))
			for _, pair := range [][2]string{{name, "<name>"}, {url.QueryEscape(name), "<name>"}, {url.PathEscape(name), "<name>"}} {
				text = strings.ReplaceAll(text, pair[0], pair[1])
			}
			for _, pair := range [][2]string{{other, "<name>"}, {url.QueryEscape(other), "<name>"}, {url.PathEscape(other), "<name>"}} {
				otherText = strings.ReplaceAll(otherText, pair[0], pair[1])
			}
			if d := cmp.Diff(text, otherText); code != otherCode || d != "" {
				same = false
				if c == viewer || token != "" && token != bossToken {
					t.Errorf("%s tells %q (%d) from %q (%d):\n%.2000s", pattern, name, code, other, otherCode, d)
				}
			}
			if i := strings.Index(strings.ToLower(text), canary); i >= 0 && c == viewer {
				t.Errorf("%s %s shows …%s…", pattern, name, text[max(0, i-80):min(len(text), i+80)])
			}
		}
		return same
	}
	told := 0
	for _, pattern := range asked {
		compare(viewer, "", pattern)
		if !compare(boss, "", pattern) {
			told++
		}
	}
	for _, pattern := range askedAPI {
		compare(p.Browser(), token, pattern)
		if !compare(p.Browser(), bossToken, pattern) {
			told++
		}
	}
	if told < len(asked)/2 {
		t.Errorf("only %d addresses tell an administrator: the test asks for nothing", told)
	}

	for path, want := range map[string]int64{
		"/api/v1/issues": 1, "/api/v1/analytics/volume": 1, "/api/v1/events": 1, "/api/v1/aggregate": 1,
	} {
		if got := totalOf(t, p, token, path); got != want {
			t.Errorf("%s counts %d for the viewer, want %d", path, got, want)
		}
		if got := totalOf(t, p, bossToken, path); got <= want {
			t.Errorf("%s counts %d for the administrator", path, got)
		}
	}
}

// totalOf reads the total of a list or a chart.
func totalOf(t *testing.T, p *apptest.Product, token, path string) int64 {
	t.Helper()
	var raw struct{ Total json.RawMessage }
	if code := p.Get(token, path, &raw); code != http.StatusOK {
		t.Fatalf("%s: %d", path, code)
	}
	var n int64
	if json.Unmarshal(raw.Total, &n) == nil {
		return n
	}
	var list struct{ Value int64 }
	if err := json.Unmarshal(raw.Total, &list); err != nil {
		t.Fatal(err)
	}
	return list.Value
}
