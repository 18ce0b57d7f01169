package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"golang.org/x/sync/errgroup"

	"errata/internal/apptest"
)

// everyday is what people do each day: read an event from all sides, filter,
// page, come back, change how pages look, sign out and in.
func (j *journey) everyday() {
	j.tabs()
	j.eMailIsNowhere()
	j.filters()
	j.pages()
	j.comeBack()
	j.appearance()
	j.clean("everyday")
	j.expired()
	j.signOut()
	j.clean("signing in")
}

// selectOption chooses in a <select> by keyboard, as without a mouse.
func selectOption(css, value string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(chromedp.Focus(chromedp.CSS(css)), chromedp.SetValue(chromedp.CSS(css), value))
}

// tabs looks at the parts of an event.
func (j *journey) tabs() {
	j.open("/issues/" + j.shop)
	for _, part := range []struct{ name, path, want, text string }{
		{"Breadcrumbs", "/breadcrumbs", ".crumbtbl", "added TEA-042"},
		{"Request", "/request", "#event", "No request"},
		{"Tags", "/tags", "#event .pairs", "eu-north-1"},
		{"JSON", "/json", "#json", `"shop@1.4.0"`},
		{"Stack trace", "/issues/" + j.shop, ".frames", "main"},
	} {
		j.click(`.tabs a[href*="` + part.path + `"]`)
		j.until(part.name, `document.querySelector(".tabs [aria-current]")?.innerText.includes(`+quote(part.name)+`)`)
		j.arrive(part.path)
		j.contains(part.want, part.text)
	}
	j.click(`.evnav .seg a[href*="frames=raw"]`)
	j.until("the raw stack", `document.querySelector("pre.raw") !== null`)
	j.contains("pre.raw", "main.main")
	j.click(`.evnav .seg a[href*="frames=all"]`)
	j.until("all frames", `document.querySelector(".frames .frame") !== null && document.querySelector(".fold") === null`)
	j.timed("back", chromedp.NavigateBack()) // each part has an address of its own
	j.until("the raw stack again", `document.querySelector("pre.raw") !== null`)
}

// eMailIsNowhere reads every page and answer that could hold the address which
// both programs send with each event.
func (j *journey) eMailIsNowhere() {
	r := newReader(j.t, j.p, adminEmail, adminPassword)
	token := j.p.Command("token", "--user", adminEmail, "--scope", apptest.AllScopes)["token"]
	const mail = "ada@example.com"
	look := func(where, text string) {
		if strings.Contains(text, mail) {
			j.t.Errorf("%s shows the e-mail address", where)
		}
	}
	issues := items(j.t, api(j.t, j.p, token, "/api/v1/issues"))
	for _, issue := range issues {
		for _, path := range parts(issue, "recommended") {
			look(path, r.page(j.t, path))
		}
		events := api(j.t, j.p, token, "/api/v1/issues/"+issue+"/events")
		look("events of "+issue, events)
		for _, id := range items(j.t, events) {
			text := api(j.t, j.p, token, "/api/v1/events/"+id)
			look("event "+id, text)
			if !strings.Contains(text, `"customer-17"`) {
				j.t.Errorf("the API does not name the user of %s: %s", id, clip(text, 400))
			}
		}
	}
	for _, path := range []string{"/issues", "/services", "/system", "/services/shop/setup"} {
		look(path, r.page(j.t, path))
	}
}

// items are the ids of a list that the API answered.
func items(t testing.TB, text string) []string {
	t.Helper()
	var list struct{ Items []struct{ ID string } }
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list.Items) == 0 {
		t.Fatalf("no list: %v: %s", err, clip(text, 400))
	}
	var out []string
	for _, i := range list.Items {
		out = append(out, i.ID)
	}
	return out
}

// send makes n issues, the newest last, each with an event of its own.
func (j *journey) send(slug string, n int) {
	j.t.Helper()
	to := j.p.NewProject(slug)
	now := time.Now()
	levels := []string{"fatal", "error", "warning", "info"}
	var sent errgroup.Group
	sent.SetLimit(8)
	for i := range n {
		at := now.Add(time.Duration(i-n) * 10 * time.Second)
		env := map[bool]string{true: "staging", false: "production"}[i%3 == 0]
		event := fmt.Sprintf(`{"event_id":"%032x","timestamp":%d,"platform":"go","level":%q,"environment":%q,"exception":{"values":[{"type":"%sFault","value":"parcel %s"}]}}`,
			i+1, at.Unix(), levels[i%4], env, string([]byte{'A' + byte(i/26), 'a' + byte(i%26)}), []string{"lost", "late", "soaked"}[i%3])
		sent.Go(func() error { j.p.Send(to, event); return nil })
	}
	_ = sent.Wait()
	token := j.p.Command("token", "--user", adminEmail, "--scope", apptest.AllScopes)["token"]
	j.p.Until(patience, "all issues", func() bool {
		var list struct{ Total struct{ Value int } }
		return j.p.Get(token, "/api/v1/issues?q=service:"+slug, &list) == 200 && list.Total.Value == n
	})
}

// filters narrows the list by each filter; the address is the state.
func (j *journey) filters() {
	j.send("depot", 70)
	j.open("/issues")
	j.choose("service", "depot")
	j.arrive("service:depot")
	j.until("only the depot's issues", `[...document.querySelectorAll(".irow .svc")].length > 40 && [...document.querySelectorAll(".irow .svc")].every(e => e.innerText.includes("depot"))`)
	j.choose("severity", "P1")
	j.arrive("severity:P1")
	j.until("only P1", `[...document.querySelectorAll(".irow .sev")].length > 0 && [...document.querySelectorAll(".irow .sev")].every(e => e.ariaLabel === "P1")`)
	j.choose("env", "staging")
	j.arrive("env")
	few := len(j.texts(".irow"))
	if few == 0 || few >= 70 {
		j.t.Errorf("three filters leave %d issues", few)
	}
	j.open("/issues?q=service:depot")
	j.fill("#q", "soaked")
	j.press("\r")
	j.arrive("soaked")
	j.reload("only soaked parcels", `[...document.querySelectorAll(".irow")].length > 10 && [...document.querySelectorAll(".irow")].every(e => e.innerText.includes("soaked"))`)
	j.contains(".tok", "depot")
	j.follow(".tok .x", "q=soaked")
	j.open("/issues?q=service:depot nosuchword") // nothing is left, and the page says so
	j.contains("#list", "No")
	j.expect(422)
	j.open("/issues?q=" + "env%3A(")
	j.contains(".notice.query", "(")
	j.range1h()
}

// range1h chooses a range in its menu.
func (j *journey) range1h() {
	j.open("/issues?q=service:depot")
	j.click(`.searchrow button[popovertarget="m-range"]`)
	j.follow(`#m-range a[href*="range=1h"]`, "range=1h")
	j.contains(`.searchrow button[popovertarget="m-range"]`, "1 hour")
}

// choose ticks a filter: with script it applies at once.
func (j *journey) choose(key, value string) {
	j.t.Helper()
	old := j.document()
	j.click(`#filters input[name="` + key + `"][value="` + value + `"]`)
	if !j.script {
		j.click("#filters .apply button")
	}
	j.wait("filter "+key, func() bool { return j.document() != old && j.is(`document.readyState === "complete"`) })
}

func (j *journey) ids() []string {
	j.t.Helper()
	return ask[[]string](j.tab, `[...document.querySelectorAll(".irow")].map(e => e.id)`)
}

// pages goes through a list of 70 issues and back: no row twice, none missing.
func (j *journey) pages() {
	j.open("/issues?q=service:depot")
	first := j.ids()
	if len(first) != 50 {
		j.t.Fatalf("the first page holds %d rows", len(first))
	}
	j.follow(`.pager a:last-of-type`, "cursor=")
	j.until("the second page", `!document.getElementById(`+quote(first[0])+`) && document.querySelectorAll(".irow").length === 20`)
	seen := map[string]bool{}
	for _, id := range slices.Concat(first, j.ids()) {
		if seen[id] {
			j.t.Errorf("%s stands on both pages", id)
		}
		seen[id] = true
	}
	if len(seen) != 70 {
		j.t.Errorf("two pages hold %d issues of 70", len(seen))
	}
	j.contains(".pager", "as of")
	j.click(`.pager a[href]:not(.lnk)`)
	j.until("the first page again", `document.getElementById(`+quote(first[0])+`) !== null && document.querySelectorAll(".irow").length === 50`)
	if back := j.ids(); !slices.Equal(back, first) {
		j.t.Errorf("Previous leads to %d rows from %s, not to the first page", len(back), back[0])
	}
}

// comeBack opens an issue from the middle of the second page and returns.
func (j *journey) comeBack() {
	j.open("/issues?q=service:depot")
	j.follow(`.pager a:last-of-type`, "cursor=")
	j.until("the second page", `document.querySelectorAll(".irow").length === 20`)
	list, rows := j.here(), j.ids()
	row := "#" + rows[12]
	j.timed("scroll", chromedp.ScrollIntoView(chromedp.CSS(row)))
	ask[chromedp.Void](j.tab, `scrollBy(0, 300)`)
	at := ask[float64](j.tab, `scrollY`)
	if at < 100 {
		j.t.Fatalf("the page scrolls by %v only", at)
	}
	j.follow(row+" .ti", "/issues/"+rows[12])
	j.timed("back", chromedp.NavigateBack())
	j.arrive(list)
	if got := j.ids(); !slices.Equal(got, rows) {
		j.t.Errorf("Back shows other rows: %v, not %v", got, rows)
	}
	j.until("the place in the list", fmt.Sprintf(`Math.abs(scrollY - %v) < 40`, at))
	j.timed("back", chromedp.NavigateBack())
	j.until("the first page", `document.querySelectorAll(".irow").length === 50`)
}

// appearance chooses dark and compact; both stay.
func (j *journey) appearance() {
	j.open("/issues")
	light := ask[string](j.tab, `getComputedStyle(document.body).backgroundColor`)
	j.click(`.topbar button[popovertarget="m-look"]`)
	j.click(`label:has(#theme-dark)`)
	j.until("dark at once", `getComputedStyle(document.body).backgroundColor !== `+quote(light))
	j.click(`label:has(#density-compact)`)
	if j.script {
		j.until("kept", `document.getElementById("said").innerText === "Appearance kept"`)
	} else {
		j.submit("#m-look > button")
	}
	j.wait("dark after a reload", func() bool {
		j.open("/issues")
		return j.is(`document.documentElement.dataset.theme === "dark" && document.documentElement.dataset.density === "compact"`)
	})
	if dark := ask[string](j.tab, `getComputedStyle(document.body).backgroundColor`); dark == light {
		j.t.Errorf("dark looks like light: %s", dark)
	}
	j.open("/system")
	j.contains("h1", "System")
}

// expired ends the session behind the browser's back.
func (j *journey) expired() {
	j.open("/issues?q=service:depot")
	j.endSessions()
	j.expect(401)
	j.click(`.pager a:last-of-type`) // with script a part of the page is asked for
	j.arrive("/login?next=")
	j.contains("main", "Your session has ended")
	if j.has(".side") {
		j.t.Error("the sign-in page stands inside the list")
	}
	j.fill("#f-email", adminEmail)
	j.fill("#f-password", "wrong "+adminPassword)
	j.submit(`form[action="/login"] button.primary`)
	j.contains(`[role="alert"]`, "")
	j.fill("#f-password", adminPassword)
	j.submit(`form[action="/login"] button.primary`)
	j.arrive("cursor=")
	if n := len(j.ids()); n != 20 {
		j.t.Errorf("after signing in again %d rows, not the second page", n)
	}
}

func (j *journey) endSessions() {
	j.t.Helper()
	if _, err := openSQL(j.t, j.p).ExecContext(context.Background(), `DELETE FROM session`); err != nil {
		j.t.Fatal(err)
	}
}

func (j *journey) signOut() {
	j.open("/issues")
	j.click(`.userrow`)
	j.submit(`#m-user form[action="/logout"] button`)
	j.arrive("/login")
	j.contains("main", "You are signed out.")
	j.open("/issues/" + j.shop)
	j.arrive("/login?next=")
	j.open("/")
	j.arrive("/login")
}
