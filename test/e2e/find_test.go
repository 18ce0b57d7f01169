package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"

	"errata/internal/apptest"
	"errata/internal/errata"
)

// finder is somebody who looks for things in what two services have sent.
type finder struct {
	*tab
	looks  reader // the same person without a browser
	p      *apptest.Product
	script bool
}

const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"

// parcels starts a product with 36 events of six issues, and somebody who may
// see them.
func parcels(t *testing.T, stores string) (*apptest.Product, reader) {
	t.Helper()
	p := apptest.Start(t, apptest.Options{Stores: stores})
	now := time.Now()
	for s, slug := range []string{"depot", "till"} {
		to := p.NewProject(slug)
		for i := range 18 {
			p.Send(to, fmt.Sprintf(`{"event_id":"%032x","timestamp":%d,"platform":"go","level":%q,"environment":%q,"release":"1.%d.0",`+
				`"tags":{"region":%q},"contexts":{"trace":{"trace_id":%q,"span_id":"00f067aa0ba902b7"}},`+
				`"exception":{"values":[{"type":%q,"value":"parcel %d was refused"}]}}`,
				1000*(s+1)+i, now.Add(time.Duration(i-40)*time.Minute).Unix(), []string{"fatal", "error", "warning"}[i%3], []string{"production", "staging"}[i%2],
				i%2+1, []string{"eu-north-1", "us-east-1"}[i%2], traceID, []string{"Lost", "Late", "Soaked"}[i%3]+"Fault", i))
		}
	}
	p.NewUser(responderEmail, errata.RoleResponder, "")
	p.NewUser(colleagueEmail, errata.RoleResponder, "")
	looks := newReader(t, p, responderEmail, apptest.Password)
	p.Until(patience, "all issues and events", func() bool {
		return strings.Contains(looks.page(t, "/events"), "36 events") && strings.Count(looks.page(t, "/issues"), `class="irow`) == 6
	})
	return p, looks
}

// newFinder is somebody who has signed in where the parcels are.
func newFinder(t *testing.T, stores string, script bool) *finder {
	t.Helper()
	p, looks := parcels(t, stores)
	f := &finder{p: p, script: script, looks: looks, tab: newTab(t, p.URL, script)}
	f.signIn(responderEmail, apptest.Password)
	return f
}

// What people do to find something and to take it along, with and without
// JavaScript, on both pairs of stores.
func TestFinding(t *testing.T) {
	browser(t)
	for _, stores := range []string{apptest.Embedded, apptest.Scaled} {
		for _, script := range []bool{true, false} {
			t.Run(stores+map[bool]string{true: "/script", false: "/no script"}[script], func(t *testing.T) {
				t.Parallel()
				f := newFinder(t, stores, script)
				f.search()
				f.facets()
				f.wrong()
				f.view()
				f.explore()
				f.zoom()
				f.trace()
				f.tags()
				f.export()
				f.report()
				f.jump()
				f.addresses()
				if script {
					f.comeBack()
					f.byKeyboard()
				}
				f.clean("finding")
			})
		}
	}
}

// ask types a query and waits for the address that says it.
func (f *finder) ask(query, want string) {
	f.t.Helper()
	f.fill("#q", query)
	f.press("\r")
	f.arrive(want)
}

// search: what is typed becomes chips, each can be taken back, and the whole can
// be read as text.
func (f *finder) search() {
	f.open("/issues")
	f.ask("environment:production !level:warning refused", "env:production")
	f.until("the chips", `document.querySelectorAll(".search .tok").length === 2`)
	f.until("four issues", `document.querySelectorAll(".irow").length === 4`)
	f.click(".search .astext")
	f.until("the query as text", `document.querySelectorAll(".search .tok").length === 0 && document.querySelector("#q")?.value.length > 10`)
	if got := ask[string](f.tab, `document.querySelector("#q").value`); got != "env:production !level:warning refused" {
		f.t.Errorf("as text: %q", got)
	}
	f.open("/issues?q=env:production+refused")
	f.click(".search .tok .x")
	f.until("the chip is gone", `document.querySelectorAll(".search .tok").length === 0 && !location.href.includes("env")`)
}

// settle waits for what the event store answers. When it is late the page says
// so in its place, and people ask again.
func (f *finder) settle(what, js string) {
	f.t.Helper()
	f.wait(what, func() bool {
		if f.soon(js) {
			return true
		}
		f.open(strings.TrimPrefix(f.here(), f.p.URL))
		return false
	})
}

// wrong: a slip is underlined, with what to write instead.
func (f *finder) wrong() {
	f.expect(422)
	f.open("/issues?q=evnts:%3E5")
	f.contains(".notice.query", "events", "tags[evnts]")
	if got := f.text(".notice.query mark"); got != "evnts" {
		f.t.Errorf("underlined: %q", got)
	}
}

// view saves a list, finds it beside the navigation, and takes it away again.
func (f *finder) view() {
	f.open("/issues?q=env:staging")
	f.click(".saver")
	f.fill("#m-save input[name=title]", "Staging in need")
	f.submit("#m-save button.primary")
	f.open("/overview")
	f.until("the view in the sidebar", `[...document.querySelectorAll("nav a")].some(a => a.innerText.includes("Staging in need"))`)
	f.open("/views")
	f.click(".vlist .lnk")
	f.arrive("env:staging")
	f.open("/views")
	f.click(".vacts summary")
	f.submit(`.vacts form[action$="/delete"] button`)
	if f.has(".vlist .lnk") {
		f.t.Error("the deleted view is still listed")
	}
}

// explore reads events as rows, opens one, and filters by one of its values.
func (f *finder) explore() {
	f.open("/events?q=level:fatal")
	f.settle("a third of the events", `document.querySelectorAll("#list tbody tr").length === 12`)
	f.click("#list tbody th a")
	f.until("the opened row", `document.querySelector("tr.opened")?.innerText.includes("eu-north-1") || document.querySelector("tr.opened")?.innerText.includes("us-east-1")`)
	f.open("/events")
	f.settle("the field list", `document.querySelector("#fields")?.innerText.includes("depot")`)
	f.click(`#fields a[href*="service:depot"]`)
	f.arrive("service:depot")
	f.settle("half of the events", `document.querySelectorAll("#list tbody tr").length === 18`)
}

// zoom draws events by service and goes into one step of the chart, by the
// table that everybody can use.
func (f *finder) zoom() {
	f.open("/events?as=chart&by=service")
	f.settle("a chart", `document.querySelector("#chart svg") !== null`)
	f.contains("#chart", "depot", "till")
	f.click("#chart .numbers summary")
	f.click("#chart .numbers tbody a")
	f.arrive("from=")
	f.open("/events?q=type:LostFault")
	f.settle("the lost ones", `document.querySelectorAll("#list tbody tr").length === 12`)
}

func (f *finder) trace() {
	f.open("/traces/" + traceID)
	f.settle("both services", `["depot", "till"].every(w => document.querySelector("main").innerText.includes(w))`)
}

func (f *finder) tags() {
	f.open("/issues")
	id := f.idOf("LostFault")
	f.open("/issues/" + id + "/tags/tags[region]")
	f.settle("both regions", `["eu-north-1", "us-east-1"].every(w => document.querySelector("main").innerText.includes(w))`)
}

// facets filters by a key that only events know.
func (f *finder) facets() {
	f.open("/issues")
	f.click(".morefacets summary")
	f.click(`.facet[href*="key=release"]`)
	f.until("the values", `document.querySelector(".facet.open")?.innerText.includes("1.2.0")`)
	f.follow(`.facet.open a[href*="1.2.0"]`, "release:1.2.0")
	f.until("all issues have it", `document.querySelectorAll(".irow").length === 6`)
	f.contains(".tok", "1.2.0")
}

// export takes rows along as a file: the same rows.
func (f *finder) export() {
	f.open("/issues?q=type:LateFault&range=7d")
	rows, dir := f.rowIDs(), f.downloads()
	f.click(`[popovertarget="m-export"]`)
	f.click("#m-export button[formaction$='.csv']")
	csv := f.file(dir, ".csv")
	for _, id := range rows {
		if !strings.Contains(csv, id) {
			f.t.Errorf("%s is on the page and not in the file:\n%s", id, clip(csv, 600))
		}
	}
	if n := strings.Count(strings.TrimSpace(csv), "\n"); n != len(rows) {
		f.t.Errorf("%d lines below the head, %d rows on the page", n, len(rows))
	}
	f.open("/issues.print?" + url.Values{"q": {"type:LateFault"}, "range": {"7d"}}.Encode())
	f.contains("body", "LateFault")
}

// report runs the weekly report, and runs it again.
func (f *finder) report() {
	f.open("/reports")
	f.submit(`form[action="/reports/runs"] button`)
	f.arrive("/reports/runs/")
	first := f.here()
	f.contains("main", "Weekly errors and response")
	f.open("/reports")
	f.submit(`form[action="/reports/runs"] button`)
	f.arrive("/reports/runs/")
	if f.here() == first {
		f.t.Error("running the report again showed the earlier run")
	}
}

// jump finds an issue, a service and a page by words.
func (f *finder) jump() {
	f.open("/search?q=depot")
	f.contains("#jumps", "depot")
	f.open("/search?q=SoakedFault")
	f.click("#jumps li a[href*='/issues/']")
	f.arrive("/issues/")
}

func (b *tab) key(name, code string, modifiers int64) {
	b.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		call(b, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: name, Code: code, Modifiers: modifiers})
	}
}

// soon says whether a condition comes true within two seconds.
func (b *tab) soon(js string) bool {
	b.t.Helper()
	limit := time.After(2 * time.Second)
	tick := time.NewTicker(15 * time.Millisecond)
	defer tick.Stop()
	for !b.is(js) {
		select {
		case <-tick.C:
		case <-limit:
			return false
		}
	}
	return true
}

// byKeyboard: a query from suggestions alone.
func (f *finder) byKeyboard() {
	f.open("/issues")
	f.press("/")
	f.until("the field has the focus", `document.activeElement?.id === "q"`)
	f.wait("the value is suggested", func() bool { // an engine that is late suggests nothing: people type on
		ask[bool](f.tab, `document.querySelector("#q").select() ?? true`)
		call(f.tab, input.InsertText, input.InsertTextParams{Text: "environment:stag"})
		return f.soon(`[...document.querySelectorAll("#suggest [role=option]")].some(o => o.innerText.includes("staging"))`)
	})
	f.key("ArrowDown", "ArrowDown", 0)
	f.until("one is chosen", `document.querySelector("#suggest [aria-selected=true]") !== null`)
	f.key("Tab", "Tab", 0)
	f.until("it is taken", `document.querySelector("#q").value.includes("staging")`)
	f.press("\r")
	f.arrive("env:staging")
}

const controlKey = 2 // of the browser's protocol

// jumpTo goes to the first thing that the palette finds.
func (f *finder) jumpTo(words string) {
	f.t.Helper()
	f.key("k", "KeyK", controlKey)
	f.until("the palette is open", `document.activeElement?.closest("[popover]")?.checkVisibility() && document.activeElement.matches("input")`)
	f.types(words)
	f.until(words+" is found", `document.querySelector(".palette [data-jump]")?.innerText.includes(`+quote(words)+`)`)
	f.press("\r")
}
