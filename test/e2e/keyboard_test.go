package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp/kb"

	"errata/internal/apptest"
	"errata/internal/errata"
)

const typistEmail = "tove@shop.example"

// typist is a finder without a pointer.
type typist struct{ *finder }

func newTypist(t *testing.T, stores string) *typist {
	t.Helper()
	p, looks := parcels(t, stores)
	p.NewUser(typistEmail, errata.RoleMaintainer, "") // may export events
	k := &typist{&finder{p: p, script: true, looks: looks, tab: newTab(t, p.URL, true)}}
	call(k.tab, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `for (const what of ["pointerdown", "mousedown"]) addEventListener(what, () => sessionStorage.setItem("pointer", location.href), true)`,
	})
	return k
}

// Everything that finding needs, by keys alone and with the focus in sight:
// from the sign-in to a file that is taken along.
func TestFindingByKeyboard(t *testing.T) {
	browser(t)
	for _, stores := range []string{apptest.Embedded, apptest.Scaled} {
		t.Run(stores, func(t *testing.T) {
			t.Parallel()
			k := newTypist(t, stores)
			k.signsIn()
			k.goesToIssues()
			k.narrows()
			k.acts()
			k.takesAlong()
			if at := ask[*string](k.tab, `sessionStorage.getItem("pointer")`); at != nil {
				t.Errorf("a pointer was used at %s", *at)
			}
			k.clean("the keyboard")
		})
	}
}

// blind says what is wrong with the focus, "" = it is somewhere and in sight:
// with a ring around it, or around the field that it is in.
const blind = `(() => {
	const e = document.activeElement, box = e?.getBoundingClientRect();
	if (!e || e === document.body) return "nothing has the focus";
	const name = e.outerHTML.slice(0, 160);
	if (box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth) return "out of sight: " + name;
	for (const x of [e, e.closest(".irow, .search, .pin, label")]) {
		const s = x && getComputedStyle(x);
		if (s && (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1 || /0px 0px 0px 3px|-1px 0px 0px inset/.test(s.boxShadow))) return "";
	}
	return "without a ring: " + name;
})()`

func (k *typist) inSight() {
	k.t.Helper()
	if why := ask[string](k.tab, blind); why != "" {
		k.t.Errorf("%s: %s", k.here(), why)
	}
}

// tabTo presses Tab until the focus is on an element; it must be in sight all the
// way.
func (k *typist) tabTo(css string) {
	k.t.Helper()
	for range 150 {
		if k.is(`document.activeElement?.matches(` + quote(css) + `)`) {
			k.inSight()
			return
		}
		k.press("\t")
		if k.is(`document.activeElement !== document.body`) { // the end of a page leads around
			k.inSight()
		}
	}
	k.t.Fatalf("Tab does not lead to %s (at %s)", css, k.here())
}

func (k *typist) signsIn() {
	k.open("/login")
	k.tabTo("#f-email")
	k.types(typistEmail)
	k.tabTo("#f-password")
	k.types(apptest.Password)
	k.press("\r")
	k.arrive("/overview")
}

func (k *typist) goesToIssues() {
	k.key("k", "KeyK", controlKey)
	k.until("the palette", `document.activeElement?.matches(".palette input")`)
	k.inSight()
	k.types("Issues")
	k.until("the page is found", `document.querySelector(".palette a[href='/issues?q=is:unresolved']") !== null`)
	for !k.is(`document.activeElement?.matches("a[href='/issues?q=is:unresolved']")`) {
		k.key("ArrowDown", "ArrowDown", 0)
		k.inSight()
	}
	k.press("\r")
	k.arrive("/issues")
}

func (k *typist) narrows() {
	k.byKeyboard()
	k.press("j")
	k.press("j")
	k.press("k")
	k.focused(".irow:first-of-type .ti")
	k.inSight()
}

func (k *typist) acts() {
	k.press("\r")
	k.until("the issue's page", `/\/issues\/[A-Z]+-\d+/.test(location.pathname) && document.readyState === "complete"`)
	k.press("a")
	k.state("Acknowledged")
	k.focused("#head .acts button")
	k.inSight()
	k.press(kb.F6)
	k.tabTo("#toasts .undo button")
	old := k.document()
	k.press("\r")
	k.wait("it is undone", func() bool { return k.document() != old && k.is(`document.readyState === "complete"`) })
	k.state("Open")
	k.press("M")
	k.until("the people", `document.querySelector("#m-assign").matches(":popover-open")`)
	k.tabTo(`#m-assign button[value="me"]`)
	k.press("\r")
	k.until("the owner", `document.querySelector("#act-assign").innerText.includes("Person")`)
}

func (k *typist) takesAlong() {
	k.press("g")
	k.press("e")
	k.arrive("/events")
	dir := k.downloads()
	k.tabTo(`button[popovertarget="m-export"]`)
	k.press("\r")
	k.tabTo(`#m-export button[formaction$=".csv"]`)
	k.press("\r")
	text := k.file(dir, ".csv")
	if n := strings.Count(text, "was refused"); n != 36 {
		k.t.Errorf("%d of 36 events are in the file:\n%s", n, clip(text, 600))
	}
}
