package e2e

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"errata/internal/apptest"
)

// Everything that a person meets from the first start on, each with and without
// JavaScript, on both pairs of stores.
func TestJourney(t *testing.T) {
	browser(t)
	for _, stores := range []string{apptest.Embedded, apptest.Scaled} {
		for _, script := range []bool{true, false} {
			t.Run(stores+map[bool]string{true: "/script", false: "/no script"}[script], func(t *testing.T) {
				t.Parallel()
				p := apptest.Start(t, apptest.Options{Stores: stores, Fresh: true})
				j := &journey{tab: newTab(t, p.URL, script), p: p, script: script}
				j.setUp()
				j.goProgram()
				j.nodeProgram()
				j.again()
				j.clean("the first minutes")
				j.everyday()
			})
		}
	}
}

type journey struct {
	*tab
	p       *apptest.Product
	script  bool
	shopDSN string
	shop    string // issue of the Go program's error
}

// setUp goes from the link that the program prints to the set-up page of the
// first service.
func (j *journey) setUp() {
	link, err := url.Parse(j.p.App.SetupLink())
	if err != nil || link.Path != "/setup/admin" {
		j.t.Fatalf("set-up link %q: %v", link, err)
	}
	j.expect(403, 422) // refused without the token, and a password that is too short
	j.open("/")
	j.arrive("/setup/admin") // without the token nobody gets on
	if j.has(`form[action="/setup/admin"]`) {
		j.t.Error("set-up goes on without its token")
	}
	j.open(link.RequestURI())
	j.contains("h1", "Welcome to Errata")
	j.fill("#f-org", "Example Shop")
	j.fill("#f-name", "Grace Hopper")
	j.fill("#f-email", adminEmail)
	j.fill("#f-password", "short")
	j.submit("button.primary")
	j.contains(".summary", "Password")
	j.fill("#f-password", adminPassword)
	j.submit("button.primary")
	j.arrive("/setup/store")
	j.contains("main", "Everything that keeps data works.")
	j.follow(".formcard a.primary", "/setup/service")
	j.fill("#f-name", "Shop")
	j.submit("button.primary")
	j.arrive("/services/shop/setup")
	j.contains("#tick", "Waiting for the first event")
	j.shopDSN = j.text("#dsn")
	if u, err := url.Parse(j.shopDSN); err != nil || u.Host != strings.TrimPrefix(j.base, "http://") || u.User.Username() == "" {
		j.t.Fatalf("DSN %q: %v", j.shopDSN, err)
	}
	j.contains(".snippet", j.shopDSN) // to be copied whole
	j.once(link.RequestURI())
}

// once checks that the set-up link has had its day.
func (j *journey) once(link string) {
	back := j.here()
	j.expect(404)
	j.open(link)
	if j.has(`form[action="/setup/admin"]`) {
		j.t.Error("the set-up link works twice")
	}
	j.open("/setup/store")
	j.contains("main", "404")
	j.open(strings.TrimPrefix(back, j.base))
}

// tick waits for the first event on a set-up page: it comes by itself, or by
// the link that loads the page again.
func (j *journey) tick() {
	j.t.Helper()
	if j.script {
		j.until("the tick becomes a link", `document.querySelector("#tick.arrived a.primary") !== null`)
		return
	}
	j.wait("the reloaded page has a link", func() bool {
		if j.has("#tick.arrived a.primary") {
			return true
		}
		j.submit("#tick a.btn")
		return j.has("#tick.arrived a.primary")
	})
}

func (j *journey) goProgram() {
	began := time.Now()
	runGo(j.t, j.shopDSN)
	ended := time.Now()
	j.tick()
	j.t.Logf("Go: the program took %s, the link came %s after its end", ended.Sub(began).Round(time.Millisecond), since(ended))
	j.contains("#tick", "Release shop@1.4.0", "Environment production")
	j.follow("#tick a.primary", "/issues/SHO-")
	j.rows(2)
	j.t.Logf("Go: both issues were in the list %s after the program's end", since(ended))
	j.row("only 2 left in stock")
	j.shop = j.openIssue("only 2 left in stock")
	j.goIssue()
	j.openIssue("assignment to entry in nil map")
	j.contains(".exc", "assignment to entry in nil map")
	j.contains(".frame .fn", "main")
}

// rows opens the list until it holds n issues.
func (j *journey) rows(n int) {
	j.t.Helper()
	j.wait("issues in the list", func() bool {
		j.open("/issues")
		return len(j.texts(".irow")) == n
	})
}

// row returns what the list says of the issue with a text in its title.
func (j *journey) row(title string) string {
	j.t.Helper()
	for _, r := range j.texts(".irow") {
		if strings.Contains(r, title) {
			return r
		}
	}
	j.t.Fatalf("no row with %q in %q", title, j.texts(".irow"))
	return ""
}

// openIssue goes from the list to the page of an issue and returns its id. The
// list knows an issue before the event engine shows its event.
func (j *journey) openIssue(title string) string {
	j.t.Helper()
	j.open("/issues")
	at := ask[int](j.tab, `[...document.querySelectorAll(".irow")].findIndex(e => e.innerText.includes(`+quote(title)+`))`)
	if at < 0 {
		j.t.Fatalf("no row with %q in %q", title, j.texts(".irow"))
	}
	id := ask[[]string](j.tab, `[...document.querySelectorAll(".irow")].map(e => e.id)`)[at]
	j.follow("#"+id+" .ti", "/issues/"+id)
	j.reload("the event", `document.querySelector(".tabs") !== null`)
	return id
}

// reveal asks for the user of the event, who is masked until then.
func (j *journey) reveal(user string) {
	j.t.Helper()
	j.contains("#event .rail", "masked: id")
	if strings.Contains(j.text("#event .rail"), user) {
		j.t.Error("the user is shown before anybody asked")
	}
	j.submit(`form[action$="/reveal"] button`)
	j.contains("#event .rail", user)
}

func (j *journey) goIssue() {
	j.t.Helper()
	j.contains("h1", "reserve 3 × TEA-042: only 2 left in stock")
	j.contains("#head", j.shop, "shop", "production", "Open")
	j.contains(".exc", "checkout of order 991: reserve 3 × TEA-042: only 2 left in stock", "wraps")
	j.reveal("customer-17")
	j.contains("#event .rail", "shop@1.4.0", "production", "eu-north-1", "card", "sentry.go")
	j.contains(".crumbtbl", "added TEA-042", "POST /checkout", "cart")
	j.contains("#trend", "Events", "Users")
	j.inOrder(".frame .fn", "main.main")
	if n := ask[int](j.tab, `[...document.querySelectorAll(".frame")].filter(f => f.innerText.includes("in app")).length`); n == 0 {
		j.t.Error("no frame of the Go program is marked in app")
	}
	j.contains(".frame .end", "raised here", "in app")
	j.details(".why")
	j.contains(".why", "g1")
}

// reload loads the page again until a condition holds.
func (j *journey) reload(what, js string) {
	j.t.Helper()
	j.wait(what, func() bool {
		if j.is(js) {
			return true
		}
		j.timed("reload", chromedp.Reload())
		return j.is(js)
	})
}

// inOrder checks that texts of elements begin in this order, others between them
// allowed.
func (j *journey) inOrder(css string, wants ...string) {
	j.t.Helper()
	all := j.texts(css)
	i := 0
	for _, text := range all {
		if i < len(wants) && strings.Contains(text, wants[i]) {
			i++
		}
	}
	if i < len(wants) {
		j.t.Errorf("%s: %q does not hold %q in this order", css, all, wants)
	}
}

// nodeProgram adds a second service on its page and runs the Node program.
func (j *journey) nodeProgram() {
	if why := haveNode(); why != "" {
		if required("browser") {
			j.t.Fatal(why)
		}
		j.t.Log("left out: " + why)
		return
	}
	j.open("/services")
	j.follow(`header a[href="/services/new"]`, "/services/new")
	j.fill("#f-name", "Storefront")
	j.timed("choose", selectOption("#f-platform", "node"))
	j.submit("button.primary")
	j.arrive("/services/storefront/setup")
	runNode(j.t, j.text("#dsn"))
	ended := time.Now()
	j.tick()
	j.t.Logf("Node: the link came %s after the program's end", since(ended))
	j.rows(4)
	j.openIssue("no shipping rates for NO")
	j.contains(".exc", "no shipping rates for NO", "caused by", "SyntaxError")
	j.inOrder(".frame .fn", "loadRates")
	j.contains(".frame .end", "in app")
	j.reveal("customer-17")
	j.contains("#event .rail", "storefront@2.1.0", "production", "eu-north-1")
	j.contains(".crumbtbl", "added TEA-042", "/checkout")
	j.contains(".src .hl", "throw new Error")
	j.openIssue("order 991 has no payment")
	j.contains(".exc", "TypeError", "unhandled")
	j.inOrder(".frame .fn", "refund")
}

// again runs the Go program a second time: the same issues, two events.
func (j *journey) again() {
	j.open("/issues")
	before := len(j.texts(".irow"))
	runGo(j.t, j.shopDSN)
	j.wait("two events of one issue", func() bool {
		j.open("/issues/" + j.shop + "/events/last")
		return strings.Contains(j.text(".evnav .which"), "2 of 2")
	})
	j.steps()
	j.open("/issues")
	if after := len(j.texts(".irow")); after != before {
		j.t.Errorf("the same program twice made %d issues of %d", after, before)
	}
	if events := j.text("#" + j.shop + " .ev"); events != "2 events" && events != "2" {
		j.t.Errorf("the list counts %q events", events)
	}
}

// steps goes through the two events of an issue by its buttons.
func (j *journey) steps() {
	j.t.Helper()
	name := func(n string) string { return `.evnav a[aria-label="` + n + `"]` }
	if j.has(name("Next event")) || j.has(name("Last event")) {
		j.t.Error("the last event has a next one")
	}
	j.click(name("Previous event"))
	j.until("the event before", `document.querySelector(".evnav .which").innerText.includes("1 of 2")`)
	j.click(name("Next event"))
	j.until("the event after", `document.querySelector(".evnav .which").innerText.includes("2 of 2")`)
	j.click(name("First event"))
	j.until("the first event", `document.querySelector(".evnav .which").innerText.includes("1 of 2")`)
	j.arrive("/events/first")
}
