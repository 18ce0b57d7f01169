package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"errata/internal/apptest"
	"errata/internal/views/gallery"
)

// onePage is a page that a person can ask for.
type onePage struct {
	name, path string
	status     []int // other than 200
	out        bool  // for somebody who is not signed in
}

// realPages lists every kind of page with the data of the shop.
func realPages(t testing.TB, p *apptest.Product) []onePage {
	t.Helper()
	token := p.Token(apptest.AllScopes)
	issue := func(q string) string { return items(t, api(t, p, token, "/api/v1/issues?q="+q))[0] }
	rich, js, python := issue("deadlock"), issue("rates"), issue("greenlet_spawn")
	ev := "/issues/" + rich + "/events/recommended"
	return []onePage{
		{name: "signin", path: "/login", out: true},
		{name: "signin-next", path: "/issues/" + rich, out: true},
		{name: "overview", path: "/overview"},
		{name: "overview-7d", path: "/overview?range=7d&top=rising&severity=P1"},
		{name: "response", path: "/analytics/response"},
		{name: "response-service", path: "/analytics/response?by=service&range=30d&bucket=day"},
		{name: "response-wrong", path: "/analytics/response?q=os:iOS", status: []int{422}},
		{name: "episodes", path: "/analytics/response/episodes?show=waiting"},
		{name: "issues", path: "/issues"},
		{name: "issues-filtered", path: "/issues?q=service:checkout-api+env:production"},
		{name: "issues-empty", path: "/issues?q=nosuchword"},
		{name: "issues-wrong", path: "/issues?q=env%3A(", status: []int{422}},
		{name: "issues-7d", path: "/issues?range=7d"},
		{name: "issues-unresolved", path: "/issues?q=is:unresolved"},
		{name: "issues-mine", path: "/issues?q=is:unresolved+assigned:me&sort=last_seen"},
		{name: "issue-act", path: "/issues/" + rich + "/act"},
		{name: "issue-resolved", path: "/issues/" + workedOn(t, p, python)},
		{name: "issue", path: "/issues/" + rich},
		{name: "issue-all", path: "/issues/" + rich + "?frames=all"},
		{name: "issue-raw", path: "/issues/" + rich + "?frames=raw"},
		{name: "issue-browser", path: "/issues/" + js},
		{name: "issue-python", path: "/issues/" + python + "/events/last"},
		{name: "issue-breadcrumbs", path: ev + "/breadcrumbs"},
		{name: "issue-request", path: ev + "/request"},
		{name: "issue-tags", path: ev + "/tags"},
		{name: "issue-json", path: ev + "/json"},
		{name: "issue-no-event", path: "/issues/" + rich + "/events/" + strings.Repeat("0", 31) + "1", status: []int{404}},
		{name: "issues-found", path: "/issues?q=is:unresolved+OR+env:staging&sort=events"},
		{name: "issues-facet", path: "/issues/facets?key=os"},
		{name: "issue-events", path: "/issues/" + rich + "/events"},
		{name: "issue-spread", path: "/issues/" + rich + "/tags/release"},
		{name: "issue-print", path: "/issues/" + rich + ".print"},
		{name: "issues-print", path: "/issues.print"},
		{name: "events", path: "/events"},
		{name: "events-empty", path: "/events?q=nosuchword"},
		{name: "events-wrong", path: "/events?q=env%3A(", status: []int{422}},
		{name: "events-chart", path: "/events?as=chart&by=service"},
		{name: "events-counts", path: "/events?as=counts&by=type,env"},
		{name: "events-columns", path: "/events?cols=host,tags[region],trace&field=os"},
		{name: "trends", path: "/analytics/trends"},
		{name: "reports", path: "/reports"},
		{name: "report", path: "/reports/runs/" + ranReport(t, p)},
		{name: "exports", path: "/exports"},
		{name: "search", path: "/search?q=deadlock"},
		{name: "search-none", path: "/search?q=nosuchword"},
		{name: "query-help", path: "/help/query"},
		{name: "views", path: "/views"},
		{name: "services", path: "/services"},
		{name: "service-new", path: "/services/new"},
		{name: "service-setup", path: "/services/checkout-api/setup"},
		{name: "service-setup-waiting", path: "/services/idle/setup?platform=java"},
		{name: "system", path: "/system"},
		{name: "users", path: "/users"},
		{name: "teams", path: "/teams"},
		{name: "team", path: "/teams/" + madeTeam(t, p)},
		{name: "user-invite", path: "/users/invite"},
		{name: "roles", path: "/roles"},
		{name: "me", path: "/me"},
		{name: "audit", path: "/audit"},
		{name: "audit-checked", path: "/audit/verify"},
		{name: "audit-row", path: "/audit/change/1"},
		{name: "audit-print", path: "/audit.print"},
		{name: "users-print", path: "/users.print"},
		{name: "invite-unknown", path: "/invite/nothing", status: []int{404}, out: true},
		{name: "not-found", path: "/nowhere", status: []int{404}},
		{name: "wrong-zone", path: "/issues?tz=Mars", status: []int{400}},
	}
}

// ranReport is the id of a weekly report that has just been run.
func ranReport(t testing.TB, p *apptest.Product) string {
	t.Helper()
	r := p.Form(p.SignIn(), "/reports/runs", url.Values{})
	at := r.Header.Get("Location")
	if r.StatusCode != http.StatusSeeOther {
		t.Fatalf("running the report: %s", r.Status)
	}
	return at[strings.LastIndex(at, "/")+1:]
}

// workedOn is an issue that people have acknowledged, talked about and resolved.
func workedOn(t testing.TB, p *apptest.Product, id string) string {
	t.Helper()
	c := p.SignIn()
	for _, step := range []struct {
		act    string
		fields url.Values
	}{
		{"ack", url.Values{}},
		{"stage", url.Values{"stage": {"fixing"}}},
		{"comments", url.Values{"body": {"Every `session.get` outside of a greenlet, see [the docs](https://docs.example/async)."}}},
		{"resolve", url.Values{"cause": {"fixed"}, "note": {"Awaited now."}}},
	} {
		m := versionField.FindStringSubmatch(reader{p, c}.page(t, "/issues/"+id))
		if m == nil {
			t.Fatalf("no form of an act on the page of %s", id)
		}
		step.fields.Set("version", m[1])
		if r := p.Form(c, "/issues/"+id+"/"+step.act, step.fields); r.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: %s", step.act, r.Status)
		}
	}
	return id
}

// galleryPages are the pages of the gallery: every page in every state. Those
// that ask again every other second ask for what only the gallery knows.
func galleryPages(t testing.TB) []onePage {
	t.Helper()
	var out []onePage
	for _, e := range gallery.Entries() {
		pg := onePage{name: "gallery-" + e.Name, path: "/dev/gallery/" + url.PathEscape(e.Name)}
		var html strings.Builder
		if err := e.Component.Render(t.Context(), &html); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(html.String(), `hx-trigger="every`) {
			pg.status = []int{http.StatusNotFound}
		}
		out = append(out, pg)
	}
	return out
}

// Every page, and every state of the gallery, keeps what ui.md promises of all
// of them: axe finds nothing, nothing runs over at any width, ids are unique,
// forms lead somewhere, and the console stays silent.
func TestEveryPage(t *testing.T) {
	browser(t)
	axe := axeSource(t)
	p := apptest.Start(t, apptest.Options{Dev: true})
	openShop(t, p)
	p.NewProject("idle")
	in, out := make(chan *tab, 2), make(chan *tab, 1)
	for range cap(in) {
		b := newTab(t, p.URL, true)
		b.signIn(apptest.Email, apptest.Password)
		b.arrive("/overview")
		in <- b
	}
	out <- newTab(t, p.URL, true)
	forms := &formCheck{p: p, seen: map[string]int{}}
	for _, pg := range slices.Concat(realPages(t, p), galleryPages(t)) {
		t.Run(pg.name, func(t *testing.T) {
			t.Parallel()
			tabs := in
			if pg.out {
				tabs = out
			}
			b := <-tabs
			defer func() { tabs <- b }()
			b.t = t
			b.take()
			b.expectOnly(pg.status...)
			b.size(1440, 900)
			b.open(pg.path)
			b.uniqueIDs()
			forms.check(b)
			for _, f := range b.axe(axe) {
				t.Error(f)
			}
			for _, o := range b.overflow(allWidths...) {
				t.Error(o)
			}
			b.clean(pg.path)
		})
	}
}

func (b *tab) uniqueIDs() {
	b.t.Helper()
	for _, id := range ask[[]string](b, `[...document.querySelectorAll("[id]")].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)`) {
		b.t.Errorf("the id %q stands twice", id)
	}
}

// finding is a violation that axe reports.
type finding struct {
	ID, Impact string
	Nodes      []struct {
		Target         []any
		HTML           string
		FailureSummary string
	}
}

const axeOptions = `{runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"]}`

// axeSource is axe-core, which npm ci brings.
func axeSource(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		missing(t, required("browser"), "no axe-core: run npm ci in test/e2e")
	}
	return string(text)
}

// axe runs axe-core in both themes, wide and narrow.
func (b *tab) axe(source string) (findings []string) {
	b.t.Helper()
	ask[chromedp.Void](b, source+"\n;void 0")
	for _, width := range []int64{1440, 390} {
		b.size(width, 900)
		for _, theme := range []string{"light", "dark"} {
			b.theme(theme)
			text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`axe.run(document, `+axeOptions+`).then(r => JSON.stringify(r.violations))`, chromedp.EvalAwaitPromise))
			if err != nil {
				b.t.Fatalf("axe: %v", err)
			}
			var found []finding
			if err := json.Unmarshal([]byte(text), &found); err != nil {
				b.t.Fatal(err)
			}
			for _, f := range found {
				for _, n := range f.Nodes {
					findings = append(findings, fmt.Sprintf("%d %s: %s (%s) %v\n%s\n%s", width, theme, f.ID, f.Impact, n.Target, clip(n.HTML, 300), clip(n.FailureSummary, 400)))
				}
			}
		}
	}
	b.theme("light")
	return findings
}

// allWidths are those at which no page runs over.
var allWidths = []int64{320, 390, 760, 1100, 1440, 1920}

// overflow checks at widths that only code scrolls sideways.
func (b *tab) overflow(widths ...int64) (findings []string) {
	b.t.Helper()
	const over = `(() => {
		const room = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= room) return "";
		const worst = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > room + 0.5 && e.checkVisibility())
			.map(e => e.tagName + "." + e.className + " " + Math.round(e.getBoundingClientRect().right)).slice(0, 4);
		return document.documentElement.scrollWidth + " of " + room + ": " + worst.join("; ");
	})()`
	for _, width := range widths {
		b.size(width, 900)
		if text := ask[string](b, over); text != "" {
			findings = append(findings, fmt.Sprintf("%d px: the page is too wide: %s", width, text))
		}
	}
	return findings
}

// formCheck asks once for every address that a form of any page sends to.
type formCheck struct {
	p    *apptest.Product
	mu   sync.Mutex
	seen map[string]int // status by method and path
}

// check sends every form of the page as a stranger: refused is right, unknown is
// not.
func (f *formCheck) check(b *tab) {
	b.t.Helper()
	forms := ask[[]string](b, `[...document.forms].map(f => f.method.toUpperCase() + " " + new URL(f.getAttribute("action") || location.href, location.href).href)`)
	for _, form := range forms {
		method, address, _ := strings.Cut(form, " ")
		u, err := url.Parse(address)
		if err != nil || !strings.HasPrefix(address, f.p.URL+"/") {
			b.t.Errorf("a form sends to %s: %v", address, err)
			continue
		}
		if strings.HasPrefix(u.Path, "/setup/") || strings.HasPrefix(u.Path, "/invite/") {
			continue // gone once set-up is over, and no invitation of the gallery exists; journeys send them
		}
		if code := f.status(b.t, method, u.Path); code == http.StatusNotFound || code == http.StatusMethodNotAllowed || code >= 500 {
			b.t.Errorf("a form sends to %s %s, which answers %d", method, u.Path, code)
		}
	}
}

func (f *formCheck) status(t testing.TB, method, path string) int {
	t.Helper()
	key := method + " " + path
	f.mu.Lock()
	defer f.mu.Unlock()
	if code, ok := f.seen[key]; ok {
		return code
	}
	req, err := http.NewRequestWithContext(t.Context(), method, f.p.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", f.p.URL)
	r, err := f.p.Browser().Do(req)
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", key, err))
	}
	_ = r.Body.Close()
	f.seen[key] = r.StatusCode
	return r.StatusCode
}

// madeTeam is a team that has just been made, with its first service and lead.
func madeTeam(t testing.TB, p *apptest.Product) string {
	t.Helper()
	c := p.SignIn()
	r := p.Form(c, "/teams", url.Values{"name": {"Payments"}})
	if r.StatusCode != http.StatusSeeOther {
		t.Fatalf("making a team: %s", r.Status)
	}
	at := r.Header.Get("Location")
	if r := p.Form(c, at+"/services", url.Values{"project": {"1"}}); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("giving it a service: %s", r.Status)
	}
	return at[strings.LastIndex(at, "/")+1:]
}
