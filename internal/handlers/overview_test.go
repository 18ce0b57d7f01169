package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"errata/internal/apptest"
	"errata/internal/errata"
	"errata/internal/views/page"
)

// waitingShop is a product with three issues that nobody has answered.
func waitingShop(t *testing.T, p *apptest.Product) (ids []string) {
	t.Helper()
	shop := p.NewProject("shop")
	for i := range 3 {
		p.Send(shop, fmt.Sprintf(`{"event_id":"%032x","level":"fatal","environment":"production","exception":{"values":[{"type":"Kind%dError","value":"went wrong"}]}}`, i+1, i))
	}
	who := p.SignIn()
	p.Until(30*time.Second, "three issues in the queue", func() bool {
		_, text := p.Page(who, "/overview")
		ids = nil
		for _, m := range regexp.MustCompile(`id="need-([A-Z]+-[0-9]+)"`).FindAllStringSubmatch(text, -1) {
			ids = append(ids, m[1])
		}
		return len(ids) == 3
	})
	return ids
}

// as is a browser of a new person with a role on a service, "" = everywhere.
func as(p *apptest.Product, email string, role errata.Role, service string) *http.Client {
	p.NewUser(email, role, service)
	return p.SignInAs(email)
}

func TestOverview(t *testing.T) {
	apptest.Each(t, apptest.Options{}, func(t *testing.T, p *apptest.Product) {
		t.Run("before the first event", func(t *testing.T) {
			who := p.SignIn()
			if a := send(t, p, who, "GET", "/overview", ""); !strings.Contains(a.text, "No service yet") {
				t.Errorf("%d: no word of services", a.StatusCode)
			}
			p.NewProject("idle")
			if a := send(t, p, who, "GET", "/overview", ""); !strings.Contains(a.text, "Waiting for the first event") || !strings.Contains(a.text, "/services/idle/setup") {
				t.Errorf("%d: no word of the first event", a.StatusCode)
			}
			if a := send(t, p, who, "GET", "/", ""); a.Header.Get("Location") != "/overview" {
				t.Errorf("the front door leads to %q", a.Header.Get("Location"))
			}
		})
		ids := waitingShop(t, p)
		t.Run("parameters", func(t *testing.T) { overviewParameters(t, p) })
		t.Run("fragments", func(t *testing.T) { overviewFragments(t, p) })
		t.Run("acknowledging in place", func(t *testing.T) { overviewAck(t, p, ids) })
	})
}

func overviewParameters(t *testing.T, p *apptest.Product) {
	who := p.SignIn()
	for query, code := range map[string]int{
		"": 200, "?service=shop&env=production&range=7d&tz=Asia/Kolkata&top=rising&severity=P1": 200, "?service=shop&service=idle": 200,
		"?from=2026-01-01&to=2026-01-03": 200, "?env=never-seen": 200, "?range=today": 200, "?range=15m": 200,
		"?service=nosuch": 404, "?top=luck": 400, "?severity=P9": 400, "?range=soon": 400, "?tz=Mars/Base": 400, "?range=1h&range=2h": 400,
	} {
		if a := send(t, p, who, "GET", "/overview"+query, ""); a.StatusCode != code {
			t.Errorf("/overview%s: %d, want %d", query, a.StatusCode, code)
		}
	}
	viewer := as(p, "viewer@example.com", errata.RoleViewer, "idle")
	a := send(t, p, viewer, "GET", "/overview", "")
	if a.StatusCode != http.StatusOK || strings.Contains(a.text, "shop") || strings.Contains(a.text, "Kind0Error") {
		t.Errorf("%d: a viewer of another service sees the shop", a.StatusCode)
	}
	if a := send(t, p, viewer, "GET", "/overview?service=shop", ""); a.StatusCode != http.StatusNotFound {
		t.Errorf("a service that may not be seen: %d", a.StatusCode)
	}
}

// overviewFragments asks for each card alone: it equals its piece of the page,
// but for what tells the time.
func overviewFragments(t *testing.T, p *apptest.Product) {
	who := p.SignIn()
	settled := func(s string) string {
		s = regexp.MustCompile(`in [0-9]+[smh]<|[0-9]+[smh] over<|open [0-9]+[smhd]<`).ReplaceAllString(s, "<")
		return regexp.MustCompile(`oldest </?b?>?[^<]*`).ReplaceAllString(s, "")
	}
	whole := settled(send(t, p, who, "GET", "/overview?range=7d", "").text)
	for _, name := range page.OverviewParts {
		a := send(t, p, who, "GET", "/overview?range=7d", "", "HX-Request-Type", "partial", "HX-Target", "section#"+name)
		if part := settled(a.text); !strings.HasPrefix(part, "<section") || !strings.Contains(whole, part) {
			t.Errorf("%s is not a piece of the page:\n%s", name, part)
		}
	}
	a := send(t, p, who, "GET", "/overview?range=7d", "", "HX-Request-Type", "partial", "HX-Target", "section#nonsense")
	if !strings.HasPrefix(a.text, "<!doctype html>") {
		t.Error("an unknown part is not the whole page")
	}
}

func overviewAck(t *testing.T, p *apptest.Product, ids []string) {
	who, next := p.SignIn(), "/overview?range=7d"
	form := func(version string) string {
		return url.Values{"version": {version}, "next": {next}}.Encode()
	}
	a := send(t, p, who, "POST", "/issues/"+ids[0]+"/ack", form("1"), "Origin", p.URL)
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != next {
		t.Errorf("without a script: %d to %q", a.StatusCode, a.Header.Get("Location"))
	}
	row := []string{"Origin", p.URL, "HX-Request", "true", "HX-Request-Type", "partial", "HX-Target", "li#need-" + ids[1]}
	a = send(t, p, who, "POST", "/issues/"+ids[1]+"/ack", form("1"), row...)
	a = send(t, p, who, "GET", a.Header.Get("Location"), "", row...)
	if !strings.HasPrefix(a.text, "<li") || !strings.Contains(a.text, "Acknowledged by you") || strings.Contains(a.text, "<form") {
		t.Errorf("the row of the queue after its form: %s", a.text)
	}
	other := as(p, "ben@example.com", errata.RoleResponder, "")
	a = send(t, p, other, "POST", "/issues/"+ids[1]+"/ack", form("1"), row...)
	a = send(t, p, other, "GET", a.Header.Get("Location"), "", row...)
	if !strings.Contains(a.text, "Acknowledged by Ada Lovelace") {
		t.Errorf("the row of somebody who came later: %s", a.text)
	}
	a = send(t, p, who, "GET", next, "")
	if !strings.Contains(a.text, "need-"+ids[2]) || strings.Contains(a.text, "need-"+ids[0]) || !strings.Contains(a.text, "1 open") {
		t.Error("the queue still holds what was acknowledged")
	}
	viewer := as(p, "vera@example.com", errata.RoleViewer, "")
	a = send(t, p, viewer, "GET", next, "")
	if !strings.Contains(a.text, `aria-disabled="true" title="Needs `) || strings.Contains(a.text, `/ack"`) {
		t.Error("a viewer is offered the button, or not told why it is missing")
	}
}
