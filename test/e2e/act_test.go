package e2e

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"errata/internal/apptest"
	"errata/internal/errata"
)

const (
	responderEmail = "rita@shop.example"
	viewerEmail    = "vera@shop.example"
)

// acting is two people in front of one issue: one who may act, one who may look.
type acting struct {
	*tab          // the responder
	viewer *tab   // sees the same pages
	looks  reader // the viewer without a browser
	p      *apptest.Product
	dsn    string
	id     string
	script bool
}

// newActing starts a product whose service has sent two errors.
func newActing(t *testing.T, stores string, script bool) *acting {
	t.Helper()
	p := apptest.Start(t, apptest.Options{Stores: stores})
	shop := p.NewProject("shop")
	p.NewUser(responderEmail, errata.RoleResponder, "shop")
	p.NewUser(viewerEmail, errata.RoleViewer, "shop")
	runGo(t, shop.DSN)
	a := &acting{p: p, dsn: shop.DSN, script: script, tab: newTab(t, p.URL, script), viewer: newTab(t, p.URL, script)}
	a.looks = newReader(t, p, viewerEmail, apptest.Password)
	for _, b := range []struct {
		*tab
		email string
	}{{a.tab, responderEmail}, {a.viewer, viewerEmail}} {
		b.signIn(b.email, apptest.Password)
		b.wait("both issues", func() bool {
			b.open("/issues")
			return len(b.texts(".irow")) == 2
		})
	}
	a.id = a.idOf("only 2 left in stock")
	return a
}

// idOf is the id of the row with a text in it.
func (b *tab) idOf(text string) string {
	b.t.Helper()
	return ask[string](b, `[...document.querySelectorAll(".irow")].find(e => e.innerText.includes(`+quote(text)+`))?.id ?? ""`)
}

// Two people on both pairs of stores, with and without JavaScript: what one
// does the other sees, and cannot do.
func TestActing(t *testing.T) {
	browser(t)
	for _, stores := range []string{apptest.Embedded, apptest.Scaled} {
		for _, script := range []bool{true, false} {
			t.Run(stores+map[bool]string{true: "/script", false: "/no script"}[script], func(t *testing.T) {
				t.Parallel()
				a := newActing(t, stores, script)
				a.viewerLooks()
				a.acknowledge()
				a.work()
				a.resolve()
				a.regress()
				a.forged()
				a.tooLate()
				a.aside()
				a.many()
				a.clean("the responder")
				a.viewer.clean("the viewer")
			})
		}
	}
}

// viewerLooks: the buttons are there, and say what is missing.
func (a *acting) viewerLooks() {
	v := a.viewer
	v.open("/issues/" + a.id)
	v.until("a held button", `document.querySelector("#act-ack[aria-disabled=true]") !== null`)
	if v.has(`#head form[action$="/ack"], #head form[action$="/resolve"], #m-resolve`) {
		a.t.Error("a viewer has forms of acts")
	}
	v.timed("focus", chromedp.Focus(chromedp.CSS("#act-ack")))
	v.until("the reason", `document.querySelector("#why-act-ack").checkVisibility()`)
	v.contains("#why-act-ack", "responder", "shop")
	v.write("#comment", "I see it too, **every** minute.")
	v.click(`.composer button:not([formaction])`)
	v.until("the comment", `document.querySelector(".tl .cmt strong")?.innerText === "every"`)
}

// state waits for the state of the issue on the page.
func (b *tab) state(word string) {
	b.t.Helper()
	b.until("the issue is "+word, `document.querySelector("#head .stc")?.innerText.trim() === `+quote(word))
}

// said waits for a toast.
func (b *tab) said(text string) {
	b.t.Helper()
	b.until("said: "+text, `document.querySelector("#toasts")?.innerText.includes(`+quote(text)+`)`)
}

func (a *acting) acknowledge() {
	a.open("/issues/" + a.id)
	a.contains("#response", "Acknowledge", "Resolve", "Nobody")
	a.contains("#activity", "First seen", "I see it too")
	a.click("#act-ack")
	a.state("Acknowledged")
	a.said(a.id + " is acknowledged")
	a.contains("#response", "Acknowledged in")
	a.until("the story goes on", `document.querySelector("#activity .tl").innerText.includes("acknowledged")`)
	a.click("#act-unack")
	a.state("Open")
	a.click("#act-ack")
	a.state("Acknowledged")
}

// menu opens the menu of an act.
func (b *tab) menu(act string) {
	b.t.Helper()
	b.click("#act-" + act)
	b.until("the menu of "+act, `document.querySelector("#m-`+act+`").matches(":popover-open")`)
	b.until("the focus in it", `!window.htmx || document.querySelector("#m-`+act+`").contains(document.activeElement)`) // the script moves it
}

// work: owner, stage, severity, watch, comments.
func (a *acting) work() {
	a.menu("assign")
	a.click(`#m-assign button[value="me"]`)
	a.until("the owner", `document.querySelector("#act-assign").innerText.includes("Person")`)
	a.menu("stage")
	a.click(`#m-stage button[value="fixing"]`)
	a.until("the stage", `document.querySelector("#act-stage").innerText.includes("Fixing")`)
	a.menu("severity")
	a.click(`#m-severity label:has(input[value="P0"])`)
	a.expect(http.StatusUnprocessableEntity)
	a.click(`#m-severity .end button`) // across P1 without a note
	a.until("what is missing", `document.querySelector(".refused .error") !== null`)
	a.write(".refused textarea", "Checkout is down for everybody.")
	a.click(".refused .end button")
	a.until("the severity", `document.querySelector("#act-severity").innerText.includes("P0")`)
	a.contains("#activity", "raised the severity", "Checkout is down for everybody.")
	a.click("#act-watch")
	a.until("not watched any more", `document.querySelector("#act-watch").innerText.includes("Watch") && !document.querySelector("#act-watch").matches("[aria-pressed]")`)
	a.ownComment()
}

// ownComment is written, changed and deleted; those of others are not.
func (a *acting) ownComment() {
	a.write("#comment", "see https://wiki.example/stock <b>x</b>")
	a.click(`.composer button:not([formaction])`)
	a.until("the comment", `document.querySelector(".tl .cmt a[href='https://wiki.example/stock'][rel~=noopener]") !== null`)
	if n := len(a.texts(".edit")); n != 1 {
		a.t.Errorf("%d comments can be edited, one is own", n)
	}
	a.details(".edit")
	a.write(".edit textarea", "see the wiki")
	a.click(".edit button:not([formaction])")
	a.until("the other text", `document.querySelector(".tl").innerText.includes("see the wiki") && document.querySelector(".tl").innerText.includes("edited")`)
	a.details(".edit")
	a.click(".edit button[formaction]")
	a.until("it is gone", `document.querySelector(".tl").innerText.includes("deleted a comment") && !document.querySelector(".tl").innerText.includes("see the wiki")`)
}

// details opens a <details> as a person does.
func (b *tab) details(css string) {
	b.t.Helper()
	b.click(css + " summary")
	b.until(css+" opens", `document.querySelector(`+quote(css)+`).open`)
}

func (a *acting) resolve() {
	a.menu("resolve")
	a.timed("choose", selectOption("#m-resolve select", "workaround"))
	a.click("#m-resolve .end button")
	if !a.is(`document.querySelector("#m-resolve textarea").matches(":invalid")`) {
		a.t.Error("a P0 is resolved without a note")
	}
	a.write("#m-resolve textarea", "Stock is reserved by the hour now.")
	a.click("#m-resolve .end button")
	a.state("Resolved")
	a.contains("#response", "Resolved in", "Worked around")
	a.contains("#activity", "resolved:", "Stock is reserved by the hour now.")
	a.viewer.open("/issues/" + a.id)
	a.viewer.state("Resolved")
}

// regress: the program sends again.
func (a *acting) regress() {
	runGo(a.t, a.dsn)
	a.wait("it is open again", func() bool {
		a.open("/issues/" + a.id)
		return a.text("#head .stc") == "Open"
	})
	a.contains("#head", "Regressed")
	a.contains("#activity", "Regressed: an event came after it was resolved")
	a.contains("#response", "Times opened", "2")
	if n := strings.Count(strings.Join(a.texts(".tl > li"), "\n"), "Regressed"); n != 1 {
		a.t.Errorf("it regressed %d times", n)
	}
}

var versionField = regexp.MustCompile(`name="version" value="(\d+)"`)

// version is that of the issue as the responder's page holds it.
func (a *acting) version() string {
	a.t.Helper()
	m := versionField.FindStringSubmatch(newReader(a.t, a.p, responderEmail, apptest.Password).page(a.t, "/issues/"+a.id))
	if m == nil {
		a.t.Fatal("no form with a version")
	}
	return m[1]
}

// forged: a viewer sends the forms all the same.
func (a *acting) forged() {
	before := a.version()
	for act, fields := range map[string]url.Values{
		"ack": {}, "assign": {"assignee": {"me"}}, "resolve": {"cause": {"fixed"}, "note": {"x"}}, "ignore": {"reason": {"noise"}},
		"severity": {"severity": {"P3"}, "note": {"x"}},
	} {
		fields.Set("version", before)
		r := a.p.Form(a.looks.c, "/issues/"+a.id+"/"+act, fields)
		text := body(a.t, r)
		if r.StatusCode != http.StatusForbidden || !strings.Contains(text, "esponder on shop") || !strings.Contains(text, "Ask ") {
			a.t.Errorf("a viewer's %s: %s\n%s", act, r.Status, clip(text, 600))
		}
	}
	r := a.p.Form(a.looks.c, "/issues/bulk", url.Values{"act": {"ack"}, "id": {a.id}, "confirm": {"1"}})
	if text := body(a.t, r); r.StatusCode != http.StatusForbidden {
		a.t.Errorf("a viewer's bulk: %s\n%s", r.Status, clip(text, 600))
	}
	if after := a.version(); after != before {
		a.t.Errorf("the forged forms changed the issue: version %s, then %s", before, after)
	}
}

// tooLate: two pages of one state; who comes second is told who was faster.
func (a *acting) tooLate() {
	a.open("/issues/" + a.id)
	admin := a.p.SignIn()
	r := a.p.Form(admin, "/issues/"+a.id+"/ack", url.Values{"version": {a.version()}})
	if r.StatusCode != http.StatusSeeOther {
		a.t.Fatalf("acknowledging: %s\n%s", r.Status, clip(body(a.t, r), 600))
	}
	a.expect(http.StatusConflict)
	a.menu("ignore")
	a.click("#m-ignore .end button")
	a.until("who was faster", `document.querySelector("#conflict")?.innerText.includes("Ada Lovelace acknowledged")`)
	a.state("Acknowledged")
	a.contains("#conflict", "Nothing was changed")
}

// aside: ignored, taken up again, resolved and reopened.
func (a *acting) aside() {
	a.open("/issues/" + a.id)
	a.menu("ignore")
	a.timed("choose", selectOption("#m-ignore select", "expected"))
	a.click("#m-ignore .end button")
	a.state("Ignored")
	a.contains("#response", "Expected")
	a.click("#act-unignore")
	a.state("Open")
	a.menu("resolve")
	a.write("#m-resolve textarea", "Once more.")
	a.click("#m-resolve .end button")
	a.state("Resolved")
	a.click("#act-reopen")
	a.state("Open")
	a.contains("#activity", "reopened within ten minutes")
}

// many: ticked rows, the preview, the act.
func (a *acting) many() {
	a.open("/issues?q=is:unresolved")
	a.contains(".views [aria-current]", "Unresolved", "2")
	for _, id := range a.rowIDs() {
		a.click("#" + id + " .check")
	}
	a.until("the bar", `document.querySelector(".bulk").checkVisibility()`)
	a.follow(`.bulk button[value="ignore"]`, "/issues/bulk")
	a.contains("main", "Will change", a.id)
	a.timed("choose", selectOption(".bulkask select", "noise"))
	a.click(`.bulkask button[name="confirm"]`)
	a.arrive("/issues?q=is:unresolved")
	a.said("2 issues ignored")
	if n := len(a.texts(".irow")); n != 0 {
		a.t.Errorf("%d rows are unresolved", n)
	}
	a.open("/issues?q=is:ignored")
	a.click("#" + a.id + " .check")
	a.follow(`.bulk button[value="ack"]`, "/issues/bulk")
	a.contains("main", "Cannot, as it stands", "An issue that is ignored cannot be acknowledged.")
	a.follow(".bulkask a.btn", "/issues?q=is:ignored")
}

func (b *tab) rowIDs() []string {
	b.t.Helper()
	return ask[[]string](b, `[...document.querySelectorAll(".irow")].map(e => e.id)`)
}

func body(t testing.TB, r *http.Response) string {
	t.Helper()
	var b strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := r.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			return b.String()
		}
	}
}

// Everything by the keyboard alone, on the page and in the list.
func TestActingByKeyboard(t *testing.T) {
	browser(t)
	for _, stores := range []string{apptest.Embedded, apptest.Scaled} {
		t.Run(stores, func(t *testing.T) {
			t.Parallel()
			a := newActing(t, stores, true)
			a.keysOnPage()
			a.keysInList()
			a.clean("the keyboard")
		})
	}
}

// write replaces the text of a field of several lines.
func (b *tab) write(css, text string) {
	b.t.Helper()
	b.timed("write "+css, chromedp.Click(chromedp.CSS(css)), chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.types(text)
}

// types writes into what has the focus.
func (b *tab) types(text string) {
	b.t.Helper()
	call(b, input.InsertText, input.InsertTextParams{Text: text})
}

// focused waits until the focus is on an element that matches.
func (b *tab) focused(css string) {
	b.t.Helper()
	b.until("the focus on "+css, `document.activeElement?.matches(`+quote(css)+`)`)
}

func (a *acting) keysOnPage() {
	now := func(word string) { // and the focus stays where the next act is
		a.t.Helper()
		a.state(word)
		a.focused("#head .acts button")
	}
	a.open("/issues/" + a.id)
	a.press("a")
	now("Acknowledged")
	a.press("u")
	now("Open")
	a.press("m")
	a.until("mine", `document.querySelector("#act-assign").innerText.includes("Person") && document.querySelector("#head .stc").innerText.includes("Acknowledged")`)
	a.press("M")
	a.until("the people", `document.querySelector("#m-assign").matches(":popover-open")`)
	a.press("\u001b")
	a.until("closed", `!document.querySelector("#m-assign").matches(":popover-open")`)
	a.press("w") // who owns it watches it
	a.said("You no longer watch " + a.id)
	a.press("c")
	a.focused("#comment")
	a.write("#comment", "typed") // in a browser the key itself is not typed
	a.timed("send", chromedp.KeyEvent("\r", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	a.until("the comment", `document.querySelector(".tl .cmt")?.innerText.trim() === "typed"`)
	a.press("\u001b")
	a.press("p")
	a.focused("#m-severity input")
	a.press("\u001b")
	a.press("r")
	a.focused("#m-resolve select")
	a.press("\t")
	a.focused("#m-resolve textarea")
	a.types("by key")
	a.press("\t")
	a.press("\r")
	now("Resolved")
	a.press("u")
	now("Acknowledged") // as it was
	a.press("e")
	a.focused("#m-ignore select")
	a.press("\t")
	a.press("\t")
	a.press("\r")
	now("Ignored")
	a.press("u")
	now("Open")
}

func (a *acting) keysInList() {
	a.open("/issues?q=is:unresolved")
	row := "#" + a.rowIDs()[0]
	status := func(word string) {
		a.t.Helper()
		a.until(row+" is "+word, `document.querySelector(`+quote(row+" .stt")+`)?.title === `+quote(word))
	}
	a.press("j")
	a.focused(row + " .ti")
	a.press("a")
	status("Acknowledged")
	a.focused(row + " .ti")
	a.press("m")
	a.until("the owner", `document.querySelector(`+quote(row+" .as")+`).title.includes("Person")`)
	a.press("r")
	a.focused("#m-row select")
	a.press("\t")
	a.types("from the list")
	a.press("\t")
	a.press("\r")
	status("Resolved")
	a.until("the menu is closed", `!document.querySelector("#m-row").matches(":popover-open")`)
	a.press("u")
	status("Acknowledged")
	a.press("x")
	a.until("one ticked", `document.querySelector("[data-ticked]").innerText === "1 ticked"`)
	a.press("j")
	a.press("X")
	a.until("two ticked", `document.querySelector("[data-ticked]").innerText === "2 ticked"`)
	a.press("e")
	a.arrive("/issues/bulk")
	a.focused(".bulkask select")
	a.press("\t")
	a.types("x") // the note
	a.until("the note", `document.activeElement?.value === "x"`)
	for range 3 { // cancel, check again, ignore
		a.press("\t")
	}
	a.press("\r")
	a.arrive("/issues?q=is:unresolved")
	a.said("2 issues ignored")
	if n, err := strconv.Atoi(strings.Fields(a.text(".views a"))[1]); err != nil || n != 0 {
		a.t.Errorf("%d issues are left, %v", n, err)
	}
}
