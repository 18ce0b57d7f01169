package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"errata/internal/apptest"
	"errata/internal/errata"
)

// desk is somebody who sends the forms of pages, with a script or without.
type desk struct {
	t   *testing.T
	p   *apptest.Product
	who *http.Client
}

var versionOf = regexp.MustCompile(`name="version" value="(\d+)"`)

// version is that of the issue as its page holds it.
func (d desk) version(id string) string {
	d.t.Helper()
	m := versionOf.FindStringSubmatch(d.get("/issues/" + id).text)
	if m == nil {
		d.t.Fatalf("the page of %s has no form of an act", id)
	}
	return m[1]
}

func (d desk) get(path string, header ...string) answer {
	d.t.Helper()
	return send(d.t, d.p, d.who, "GET", path, "", header...)
}

// form sends a form, fields in pairs; part is the element that a script puts
// the answer into, "" = no script.
func (d desk) form(path, part string, fields ...string) answer {
	d.t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		v.Add(fields[i], fields[i+1])
	}
	header := []string{"Origin", d.p.URL}
	if part != "" {
		header = append(header, "HX-Request", "true", "HX-Request-Type", "partial", "HX-Target", part)
	}
	return send(d.t, d.p, d.who, "POST", path, v.Encode(), header...)
}

// is fails the test unless the answer has the status and holds all words.
func (d desk) is(a answer, code int, words ...string) {
	d.t.Helper()
	if a.StatusCode != code {
		d.t.Errorf("%s %s: %s, want %d\n%.400s", a.Request.Method, a.Request.URL, a.Status, code, a.text)
	}
	for _, w := range words {
		if !strings.Contains(a.text, w) {
			d.t.Errorf("%s %s: %q is missing in\n%.900s", a.Request.Method, a.Request.URL, w, a.text)
		}
	}
}

// leads fails the test unless the answer is a redirect to a path.
func (d desk) leads(a answer, to string) {
	d.t.Helper()
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != to {
		d.t.Errorf("%s: %s to %q, want %q\n%.400s", a.Request.URL, a.Status, a.Header.Get("Location"), to, a.text)
	}
}

func TestActing(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	ids := waitingShop(t, p)
	for name, test := range map[string]func(desk, string){"without a script": actPlain, "to a script": actParts, "on many": nil} {
		t.Run(name, func(t *testing.T) {
			d := desk{t, p, p.SignIn()}
			switch name {
			case "without a script":
				test(d, ids[0])
			case "to a script":
				test(d, ids[1])
			default:
				actMany(d, ids[2])
			}
		})
	}
}

func actPlain(d desk, id string) {
	page := "/issues/" + id
	d.leads(d.form(page+"/ack", "", "version", d.version(id)), page)
	d.is(d.get(page), 200, id+" is acknowledged", `data-toast`)
	if a := d.get(page); strings.Contains(a.text, "data-toast") {
		d.t.Error("the toast is said twice")
	}
	for next, to := range map[string]string{
		"/issues?q=is:open": "/issues?q=is:open", "https://evil.example/": page, "//evil.example": page, `/\evil.example`: page, "": page,
	} {
		d.leads(d.form(page+"/stage", "", "version", d.version(id), "stage", "fixing", "next", next), to)
	}
	d.is(d.form(page+"/resolve", "", "cause", "fixed"), 400, "which version of the issue")
	d.is(d.form(page+"/resolve", "", "version", "1", "cause", "fixed", "note", "late"), 409, `id="conflict"`, "Nothing was changed.", "Ada Lovelace set the stage to Fixing")
	d.is(d.form(page+"/severity", "", "version", d.version(id), "severity", "P3"), 422, "A change between P1 and P2 is made with a note", `value="P3" checked`)
	d.is(d.form(page+"/ignore", "", "version", d.version(id), "reason", "nonsense", "note", "kept <b>text</b>"), 422, "Choose a reason of the list.", "kept &lt;b&gt;text&lt;/b&gt;</textarea>")
	d.is(d.form(page+"/reopen", "", "version", d.version(id)), 303) // is so already: it is not resolved
	d.is(d.get(page), 200, id+" was so already")
	d.is(d.form(page+"/unignore", "", "version", d.version(id), "id", "a", "id", "b"), 303) // the ticks of a list do not matter
	d.is(d.form(page+"/ack", "", "version", "1", "version", "2"), 400, "stands 2 times")
	d.is(d.form("/issues/NONE-1/ack", "", "version", "1"), 404)
	d.leads(d.form(page+"/watch", "", "on", "true"), page)
	d.is(d.get(page), 200, "You watch "+id)
	actComments(d, page)
}

func actComments(d desk, page string) {
	d.is(d.form(page+"/comments", "", "body", "  "), 422, `id="comment"`)
	d.leads(d.form(page+"/comments", "", "body", "first **words**"), page)
	a := d.get(page)
	d.is(a, 200, "<strong>words</strong>")
	note := regexp.MustCompile(`action="` + page + `/comments/([0-9a-f-]{36})"`).FindStringSubmatch(a.text)
	if note == nil {
		d.t.Fatal("an own comment cannot be edited")
	}
	one := page + "/comments/" + note[1]
	other := desk{d.t, d.p, as(d.p, "mia@example.com", errata.RoleResponder, "")}
	if text := other.get(page).text; strings.Contains(text, note[1]) {
		d.t.Error("the comment of somebody else is offered to edit")
	}
	if a := other.form(one, "", "body", "mine now"); a.StatusCode != 403 {
		d.t.Errorf("editing the comment of somebody else: %s", a.Status)
	}
	d.is(d.form(one, "", "body", ""), 422, "<details class=\"edit\" open")
	d.leads(d.form(one, "", "body", "other words"), page)
	d.is(d.get(page), 200, "other words", "edited")
	d.leads(d.form(one+"/delete", ""), page)
	if text := d.get(page).text; !strings.Contains(text, "deleted a comment") || strings.Contains(text, "other words") {
		d.t.Error("a deleted comment is still there, or leaves no trace")
	}
}

func actParts(d desk, id string) {
	page, row := "/issues/"+id, "part#"+id
	a := d.form(page+"/ack", "header#head", "version", d.version(id))
	d.is(a, 200, `<hx-partial hx-target="#response" hx-swap="outerHTML"><section class="card" id="response"`, `<div id="story">`, `id="act-unack"`, id+" is acknowledged")
	if !strings.HasPrefix(a.text, `<header class="ihd" id="head">`) || strings.Contains(a.text, "<html") {
		d.t.Errorf("the answer is not the head: %.200s", a.text)
	}
	if head, _, _ := strings.Cut(a.text, "</header>"); !strings.Contains(d.get(page).text, head) {
		d.t.Errorf("the head of the answer is not the head of the page: %s", head)
	}
	a = d.form(page+"/unack", row, "version", d.version(id))
	if d.is(a, 200, `title="Open"`); !strings.HasPrefix(a.text, `<article class="irow" id="`+id+`"`) {
		d.t.Errorf("the answer is not the row: %.200s", a.text)
	}
	d.is(d.form(page+"/ack", row, "version", "1"), 409, `<article class="irow"`, "took the acknowledgement back")
	a = d.form(page+"/severity", row, "version", d.version(id), "severity", "P3")
	d.is(a, 422, `id="m-row" popover`, "made with a note", `<details name="row-act" open>`)
	if a.Header.Get("HX-Retarget") != "#m-row" || a.Header.Get("HX-Reswap") != "outerHTML" {
		d.t.Errorf("a refused form of a row goes to %q, %q", a.Header.Get("HX-Retarget"), a.Header.Get("HX-Reswap"))
	}
	a = d.form(page+"/comments", "section#activity", "body", "hello")
	if d.is(a, 200, "<p>hello</p>", "Comment added"); !strings.HasPrefix(a.text, `<section class="card activity" id="activity"`) {
		d.t.Errorf("the answer is not the activity: %.200s", a.text)
	}
	d.leads(d.form(page+"/ack", "li#elsewhere", "version", d.version(id), "next", "/overview"), "/overview")
	viewer := desk{d.t, d.p, as(d.p, "vic@example.com", errata.RoleViewer, "")}
	d.is(viewer.form(page+"/resolve", "header#head", "version", d.version(id), "cause", "fixed"), 403, `<header class="ihd"`, `aria-disabled="true"`, `class="toast bad"`, "esponder")
	a = d.get(page+"/act", "HX-Request-Type", "partial", "HX-Target", "part#m-row")
	if d.is(a, 200, `hx-target="#`+id+`"`); !strings.HasPrefix(a.text, `<div class="menu rowmenu" id="m-row" popover`) {
		d.t.Errorf("the menu of a row: %.200s", a.text)
	}
	a = d.get(page+"/act", "Referer", d.p.URL+"/issues?q=is:open")
	if d.is(a, 200, "<h1", `name="next" value="/issues?q=is:open"`); strings.Contains(a.text, `hx-target="#`+id) {
		d.t.Error("the page of acts replaces a row that it does not have")
	}
}

func actMany(d desk, id string) {
	before := state(d.t, d.p)
	d.is(d.form("/issues/bulk", "", "act", "ignore", "id", id, "next", "/issues?q=is:open"), 200,
		"Ignore 1 issue", "Will change", `name="confirm" value="1"`, `name="next" value="/issues?q=is:open"`, `name="id" value="`+id+`"`)
	if after := state(d.t, d.p); after != before {
		d.t.Errorf("the preview changed something: %s\nthen %s", before, after)
	}
	d.is(d.form("/issues/bulk", "", "act", "ack", "id", id, "id", "NONE-1"), 404)
	d.is(d.form("/issues/bulk", "", "act", "ack"), 422, "Choose at least one issue.")
	d.is(d.form("/issues/bulk", "", "act", "nonsense", "id", id), 422)
	var many []string
	for i := range 501 {
		many = append(many, "id", fmt.Sprintf("SHO-%d", i+1))
	}
	d.is(d.form("/issues/bulk", "", append(many, "act", "ack")...), 422, "At most 500")
	d.leads(d.form("/issues/bulk", "", "act", "ignore", "id", id, "reason", "noise", "confirm", "1", "next", "https://evil.example"), "/issues")
	d.is(d.get("/issues"), 200, "1 issue ignored")
	d.is(d.form("/issues/bulk", "", "act", "ack", "id", id, "confirm", "1"), 200, "0 issues acknowledged", "not possible as it stands", "An issue that is ignored cannot be acknowledged.")
	d.is(d.form("/issues/bulk", "", "act", "assign", "id", id, "assignee", "none"), 200, "Already so", "Ada Lovelace")
	viewer := desk{d.t, d.p, as(d.p, "val@example.com", errata.RoleViewer, "")}
	d.is(viewer.form("/issues/bulk", "", "act", "resolve", "id", id, "confirm", "1"), 403, "Not allowed")
}

// Tabs count what they lead to, over the range of the list.
func TestTabs(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	ids := waitingShop(t, p)
	d := desk{t, p, p.SignIn()}
	d.form("/issues/"+ids[0]+"/assign", "", "version", "1", "assignee", "me")
	d.form("/issues/"+ids[1]+"/resolve", "", "version", "1", "cause", "fixed", "note", "done")
	tab := regexp.MustCompile(`(?s)<nav class="tabs views".*?</nav>`)
	words := regexp.MustCompile(`<[^>]*>|\s+`)
	for path, want := range map[string]string{
		"/issues":                   "Unresolved 2 Open 1 For me 1 New today 3 All 3",
		"/issues?q=is:unresolved":   "Unresolved 2 Open 1 For me 1 New today 3 All 3",
		"/issues?q=service:shop":    "Unresolved 2 Open 1 For me 1 New today 3 All 3",
		"/issues?q=type:Kind0Error": "",
		"/issues?q=wrong":           "",
		"/issues?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z": "Unresolved 0 Open 0 For me 0 New today 0 All 0",
	} {
		got := strings.Join(strings.Fields(words.ReplaceAllString(tab.FindString(d.get(path).text), " ")), " ")
		if want == "" && !strings.HasPrefix(got, "Unresolved") || want != "" && got != want {
			t.Errorf("%s: tabs %q, want %q", path, got, want)
		}
	}
	d.is(d.get("/issues?q=is:unresolved"), 200, `aria-current="page">Unresolved`, "Owner: Ada Lovelace")
	d.is(d.get("/issues?sort=last_seen"), 200, `aria-current="true">Last seen`)
	d.is(d.get("/issues?sort=nonsense"), 400)
}
