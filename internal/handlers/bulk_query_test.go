package handlers_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"errata/internal/apptest"
	"errata/internal/errata"
)

// hidden reads a hidden field of a page.
func hidden(t *testing.T, a answer, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(a.text)
	if m == nil {
		t.Fatalf("the page has no field %s\n%.600s", name, a.text)
	}
	return m[1]
}

// An act is undone by the form of its toast or of the activity, once.
func TestUndoByForm(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	id := waitingShop(t, p)[0]
	d, page := desk{t, p, p.SignIn()}, "/issues/"+id
	d.leads(d.form(page+"/ack", "", "version", d.version(id), "next", "/issues?q=is:open"), "/issues?q=is:open")
	a := d.get("/issues?q=is:open")
	d.is(a, 200, id+" is acknowledged", `action="`+page+`/undo"`, ">Undo</button>")
	acked := d.version(id)
	if strings.Count(d.get(page).text, page+"/undo") != 1 {
		t.Error("the activity does not offer one Undo")
	}
	other := desk{t, p, as(p, "mia@example.com", errata.RoleResponder, "")}
	if strings.Contains(other.get(page).text, page+"/undo") {
		t.Error("somebody else is offered to undo it")
	}
	d.is(other.form(page+"/undo", "", "version", acked), 409, "Only those who did it can undo it.")
	d.leads(d.form(page+"/undo", "", "version", acked, "next", "/issues?q=is:open"), "/issues?q=is:open")
	d.is(d.get("/issues?q=is:open"), 200, id+" is as it was before")
	d.is(d.get(page), 200, "undid:", "Acknowledge")
	d.is(d.form(page+"/undo", "", "version", acked), 409, "cannot be undone any more")
	d.is(d.form(page+"/undo", ""), 400, "which version")
}

// Everything that a query lists is changed by one form: previewed with its
// numbers, and done when there are no more than were shown.
func TestBulkOverAQuery(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	ids := waitingShop(t, p)
	d := desk{t, p, p.SignIn()}
	const list = "/issues?q=is:open&range=7d"
	ask := []string{"act", "ack", "scope", "query", "next", list, "id", ids[0]}
	a := d.form("/issues/bulk", "", ask...)
	d.is(a, 200, "Everything that matches", "is:open", `name="confirm"`)
	shown := hidden(t, a, "shown")
	ask = append(ask, "confirm", "1", "q", hidden(t, a, "q"), "from", hidden(t, a, "from"), "to", hidden(t, a, "to"))
	d.is(d.form("/issues/bulk", "", append(ask, "shown", "1")...), 409, "lists more issues by now", `name="shown" value="`+shown+`"`)
	d.is(d.form("/issues/bulk", "", append(ask, "act", "ack")...), 400, "stands 2 times")
	viewer := desk{t, p, as(p, "vic@example.com", errata.RoleViewer, "")}
	d.is(viewer.form("/issues/bulk", "", append(ask, "shown", shown)...), 403)
	d.leads(d.form("/issues/bulk", "", append(ask, "shown", shown)...), list)
	d.is(d.get("/issues?q=is:open&range=7d"), 200, shown+" issues acknowledged")
	d.is(d.form("/issues/bulk", "", append(ask, "shown", shown)...), 422, "The query lists no issue.")
	d.is(d.form("/issues/bulk", "", "act", "ack", "scope", "query", "next", "/issues?q=evnts:"), 422)
}

// A job is shown to its owner alone, as a page and as the part that asks again,
// and can be cancelled.
func TestJobPage(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	waitingShop(t, p)
	d := desk{t, p, p.SignIn()}
	change(t, p, `INSERT INTO job (id, kind, state, owner_id, params, done, total, run_after, created_at)
		SELECT 'j1', 'bulk', 'queued', id, '{"act":"resolve","query":"is:open <b>"}', 0, 700, 4000000000000000, 1 FROM app_user WHERE email = '`+apptest.Email+`'`)
	a := d.get("/jobs/j1")
	d.is(a, 200, "Resolve 700 issues", "Waiting", "is:open &lt;b&gt;", `hx-get="/jobs/j1"`, `action="/jobs/j1/cancel"`)
	part := d.get("/jobs/j1", "HX-Request", "true", "HX-Request-Type", "partial", "HX-Target", "div#job")
	d.is(part, 200, "Waiting")
	if !strings.Contains(a.text, part.text) {
		t.Error("the part is not that of the page")
	}
	other := desk{t, p, as(p, "mia@example.com", errata.RoleAdmin, "")}
	d.is(other.get("/jobs/j1"), 404)
	d.is(other.form("/jobs/j1/cancel", ""), 404)
	d.leads(d.form("/jobs/j1/cancel", ""), "/jobs/j1")
	a = d.get("/jobs/j1")
	d.is(a, 200, "Cancelled")
	if strings.Contains(a.text, "hx-get=\"/jobs") || strings.Contains(a.text, "/cancel") {
		t.Error("a job that is over asks on")
	}
}

// Quick search is a page, and a part of it is what the palette shows; commands
// are those that the reader may do.
func TestQuickSearch(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	id := waitingShop(t, p)[0]
	d := desk{t, p, p.SignIn()}
	d.is(d.get("/search?q="+strings.ToLower(id)), 200, `href="/issues/`+id+`"`)
	d.is(d.get("/search?on="+id), 200, "Commands on "+id, `action="/issues/`+id+`/ack"`, `href="/issues/`+id+`/act"`)
	d.is(d.get("/search?q=zebra"), 200, "Nothing goes by that name.", `href="/issues?q=zebra`)
	d.is(d.get("/search?q=%3Cscript%3E"), 200, "&lt;script&gt;")
	d.is(d.get("/search?q=users"), 200, `href="/users"`)
	viewer := desk{t, p, as(p, "vic@example.com", errata.RoleViewer, "")}
	if a := viewer.get("/search?on=" + id); strings.Contains(a.text, "/ack") {
		t.Error("a viewer is offered to acknowledge")
	}
	whole, part := d.get("/search?q=a"), d.get("/search?q=a", "HX-Request", "true", "HX-Request-Type", "partial", "HX-Target", "div#jumps")
	if !strings.Contains(whole.text, part.text) || len(part.text) > len(whole.text)/2 {
		t.Error("the part is not that of the page")
	}
}

// Times in the query of an act are those of the list's zone, not of the reader's
// own.
func TestBulkInZoneOfList(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	ids := waitingShop(t, p)
	d := desk{t, p, p.SignIn()}
	tokyo := time.FixedZone("", 9*60*60)
	list := "/issues?q=last_seen:" + time.Now().Add(-time.Hour).In(tokyo).Format("2006-01-02T15:04") + "..&range=7d&tz=Asia/Tokyo"
	d.is(d.get(list), 200, ids[0])
	a := d.form("/issues/bulk", "", "act", "ack", "scope", "query", "next", list)
	d.is(a, 200, "Acknowledge 3 issues")
	ask := []string{"act", "ack", "scope", "query", "next", list, "confirm", "1"}
	for _, name := range []string{"shown", "q", "from", "to"} {
		ask = append(ask, name, hidden(t, a, name))
	}
	d.form("/issues/bulk", "", ask...)
	d.is(d.get("/issues?q=is:open&range=7d"), 200, "3 issues acknowledged")
}
