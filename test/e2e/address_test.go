package e2e

import (
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"

	"errata/internal/apptest"
)

// colleagueEmail is somebody of the same role as the responder.
const colleagueEmail = "runa@shop.example"

// shownText is what a page says, apart from clocks: its title, its visible text
// with times as they are and without the axis of time, and what its fields hold.
// A person's own buttons on a shared view are no state of the page.
const shownText = `(() => {
	const main = document.querySelector("main"), times = [...main.querySelectorAll("time")], was = times.map(t => t.textContent);
	const aside = [...main.querySelectorAll(".xa, .viewbar form, [data-live-state]")];
	times.forEach(t => t.textContent = t.dateTime);
	aside.forEach(e => e.style.display = "none");
	const text = main.innerText.replace(/\s+/g, " ").replace(/(oldest|as of) [^,.]*/g, "$1").replace(/, (under )?\d+ ms/g, "");
	aside.forEach(e => e.style.display = "");
	times.forEach((t, i) => t.textContent = was[i]);
	const fields = [...main.querySelectorAll("input:not([type=hidden], [name=version]), select")].map(e => /checkbox|radio/.test(e.type) ? e.checked : e.value);
	return [document.title, text, JSON.stringify(fields)].join("\n");
})()`

// driven is a page that was brought into a state by clicks: its address must
// hold all of it.
type driven struct {
	name  string
	steps func()
	holds []string // of the address
}

// addresses brings every page that has state into one, and opens its address in
// the window of a colleague.
func (f *finder) addresses() {
	other := newTab(f.t, f.p.URL, f.script)
	other.signIn(colleagueEmail, apptest.Password)
	for _, d := range f.drives() {
		d.steps()
		for _, want := range d.holds {
			if !strings.Contains(f.here(), want) {
				f.t.Errorf("%s: %q is not in %s", d.name, want, f.here())
			}
		}
		if got, want := f.both(other); got != want {
			f.t.Errorf("%s: %s shows a colleague\n%s\nand was driven to\n%s", d.name, f.here(), around(got, want), around(want, got))
		}
	}
	other.clean("a colleague's window")
}

// both are what the address shows a colleague, and what it was driven to. A part
// that the event store was too late for is asked for again.
func (f *finder) both(other *tab) (got, want string) {
	f.t.Helper()
	const late = ".failed, .notice.warn"
	path := strings.TrimPrefix(f.here(), f.p.URL)
	want = ask[string](f.tab, shownText)
	for range 8 {
		other.open(path)
		if got = ask[string](other, shownText); got == want || !f.has(late) && !other.has(late) {
			break
		}
		f.open(path)
		want = ask[string](f.tab, shownText)
	}
	return got, want
}

// around is the part of a text where it begins to differ from another.
func around(s, other string) string {
	i := 0
	for i < min(len(s), len(other)) && s[i] == other[i] {
		i++
	}
	return "… " + clip(s[max(i-60, 0):], 300)
}

func (f *finder) drives() []driven {
	return []driven{
		{"issues", f.driveIssues, []string{"q=refused+env:production", "sort=events", "cursor=", "size=4"}},
		{"a shared view, changed", f.driveView, []string{"q=env:staging", "range=7d", "view="}},
		{"events with columns and an opened row", f.driveTable, []string{"cols=", "open="}},
		{"a chart", f.driveChart, []string{"as=chart", "by=env", "bucket=1h"}},
		{"counts", f.driveCounts, []string{"as=counts", "by=type"}},
		{"a trace", func() { f.open("/traces/" + traceID) }, nil},
		{"the spread of a tag", f.driveTags, []string{"/tags/"}},
		{"trends", f.driveTrends, []string{"/analytics/trends?", "q=service:depot", "range=7d"}},
		{"response", f.driveResponse, []string{"/analytics/response?", "by="}},
		{"search", f.driveSearch, []string{"/search?q=Soaked"}},
		{"a weekly report", f.driveReport, []string{"/reports/runs/"}},
	}
}

func (f *finder) driveIssues() {
	f.open("/issues?size=4")
	f.ask("refused", "q=refused")
	f.filter("env", "production")
	f.arrive("env:production")
	f.click(`.ihead [popovertarget="m-sort"]`)
	f.follow(`.sorts a[href*="sort=events"]`, "sort=events")
	f.click("#page-Next")
	f.arrive("cursor=")
	f.until("the second page", `document.querySelectorAll(".irow").length === 2`)
}

// filter ticks a value beside the list; with script it applies at once.
func (f *finder) filter(key, value string) {
	f.t.Helper()
	old := f.document()
	f.click(`#filters input[name="` + key + `"][value="` + value + `"]`)
	if !f.script {
		f.click("#filters .apply button")
	}
	f.wait("the filter "+key, func() bool { return f.document() != old && f.is(`document.readyState === "complete"`) })
}

func (f *finder) driveView() {
	f.open("/issues?q=env:staging")
	f.click(".saver")
	f.fill("#m-save input[name=title]", "Staging of everybody")
	f.click(`#m-save label:has(input[value="all"])`)
	f.submit("#m-save button.primary")
	f.open("/overview")
	f.follow(`.saved a[title="Staging of everybody"]`, "view=")
	f.click(`.searchrow button[popovertarget="m-range"]`)
	f.follow(`#m-range a[href*="range=7d"]`, "range=7d")
	f.contains(".viewbar", "Staging of everybody", "has been changed here")
}

func (f *finder) driveTable() {
	f.open("/events?q=level:fatal")
	f.click(`button[popovertarget="m-columns"]`)
	f.click(`#m-columns input[value="host"]`)
	f.click(`#m-columns input[value="release"]`)
	f.submit("#m-columns .apply button")
	f.arrive("cols=")
	f.click("#list tbody tr:nth-child(3) th a")
	f.until("the opened row", `document.querySelector("tr.opened") !== null`)
}

// set chooses in a field of the explorer; with script it applies at once.
func (f *finder) set(name, value string) {
	f.t.Helper()
	old := f.document()
	ask[bool](f.tab, `(() => { const s = document.querySelector(".measure select[name=`+name+`]");
		s.value = `+quote(value)+`; return s.dispatchEvent(new Event("change", {bubbles: true})); })()`)
	if !f.script {
		f.click(".measure button")
	}
	f.wait(name+" is "+value, func() bool { return f.document() != old && f.is(`document.readyState === "complete"`) })
}

func (f *finder) driveChart() {
	f.open("/events?q=refused")
	f.follow(`.facesrow .seg a[href*="as=chart"]`, "as=chart")
	f.set("by", "env")
	f.set("bucket", "1h")
	f.settle("a chart", `document.querySelector("#chart svg") !== null`)
}

func (f *finder) driveCounts() {
	f.open("/events")
	f.follow(`.facesrow .seg a[href*="as=counts"]`, "as=counts")
	f.set("by", "type")
	f.settle("three types", `["LostFault", "LateFault", "SoakedFault"].every(w => document.querySelector("#list").innerText.includes(w))`)
}

func (f *finder) driveTags() {
	f.open("/issues")
	f.follow("#"+f.idOf("LostFault")+" .ti", "/issues/")
	f.follow(`a[href*="/tags/tags%5Bregion%5D"]`, "/tags/")
	f.settle("both regions", `["eu-north-1", "us-east-1"].every(w => document.querySelector("main").innerText.includes(w))`)
}

func (f *finder) driveTrends() {
	f.open("/analytics/trends")
	f.ask("service:depot", "depot")
	f.click(`.searchrow button[popovertarget="m-range"]`)
	f.follow(`#m-range a[href*="range=7d"]`, "range=7d")
	f.settle("the top types", `document.querySelector("main").innerText.includes("LostFault")`)
}

func (f *finder) driveResponse() {
	f.open("/analytics/response")
	f.follow(`.groups .seg a:last-of-type`, "by=")
	f.click(`button[popovertarget="m-options"]`)
	f.click(`#m-options fieldset label:last-of-type`)
	f.submit("#m-options .apply button")
}

func (f *finder) driveSearch() {
	f.open("/search")
	f.fill(".jumppage input[name=q]", "SoakedFault")
	f.press("\r")
	f.arrive("q=Soaked")
	f.contains("#jumps", "SoakedFault")
}

func (f *finder) driveReport() {
	f.open("/reports")
	f.submit(`form[action="/reports/runs"] button`)
	f.arrive("/reports/runs/")
}

// comeBack leaves long pages from their middle and returns: to the same place,
// and to the row.
func (f *finder) comeBack() {
	f.size(1440, 420)
	f.backTo("a row of events", "/events?q=refused", `#list tbody tr:nth-child(20) th a`, "open=")
	f.follow(`#list tbody tr:nth-child(20) th a`, "open=")
	f.backTo("the opened row of events", strings.TrimPrefix(f.here(), f.p.URL), `tr.opened .go a`, "/issues/")
	f.backTo("counts", "/events?as=counts&by=type,env", `#list tbody tr:nth-child(5) a`, "type:")
	f.backTo("trends", "/analytics/trends", `.top tbody tr:nth-child(2) a`, "/events?")
	f.backTo("issues", "/issues", `.irow:nth-of-type(4) .ti`, "/issues/")
	f.until("the row has the focus", `document.activeElement?.closest(".irow") === document.querySelectorAll(".irow")[3]`)
	f.press("j")
	f.until("and the next one is next", `document.activeElement?.closest(".irow") === document.querySelectorAll(".irow")[4]`)
	f.backFromPalette()
	f.size(1440, 900)
}

// backTo follows a link in the middle of a page and comes back.
func (f *finder) backTo(what, path, link, leads string) {
	f.t.Helper()
	f.open(path)
	f.settle(what+": the link", `document.querySelector(`+quote(link)+`) !== null`)
	ask[bool](f.tab, `(document.querySelector(`+quote(link)+`).scrollIntoView({block: "center"}), true)`)
	place, text := ask[float64](f.tab, `scrollY`), ask[string](f.tab, shownText)
	if place < 50 {
		f.t.Errorf("%s: the page scrolls by %v only", what, place)
	}
	at := f.here()
	f.follow(link, leads)
	f.timed("back", chromedp.NavigateBack())
	f.until(what+": back", `location.href === `+quote(at)+` && document.readyState === "complete"`)
	f.until(what+": the place", `Math.abs(scrollY - `+fmt.Sprint(place)+`) < 40`)
	if got := ask[string](f.tab, shownText); got != text {
		f.t.Errorf("%s: Back shows\n%s\nand it was\n%s", what, around(got, text), around(text, got))
	}
}

// backFromPalette goes somewhere by the palette, and comes back.
func (f *finder) backFromPalette() {
	f.open("/events?q=refused")
	ask[bool](f.tab, `(scrollTo(0, 700), true)`)
	place := ask[float64](f.tab, `scrollY`)
	at := f.here()
	f.jumpTo("SoakedFault")
	f.until("the issue's page", `/\/issues\/[A-Z]+-\d+/.test(location.pathname)`)
	f.timed("back", chromedp.NavigateBack())
	f.until("back from the palette", `location.href === `+quote(at)+` && document.readyState === "complete"`)
	f.until("the place", `Math.abs(scrollY - `+fmt.Sprint(place)+`) < 40`)
	f.until("no palette", `!document.querySelector(".palette:popover-open")`)
}
