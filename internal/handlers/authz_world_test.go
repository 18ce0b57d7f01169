package handlers_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"errata/internal/apptest"
	"errata/internal/errata"
	"errata/static"
)

// canary is in the name, slug, titles, tags, users, releases and environments
// of a service that only administrators and auditors may know of.
const canary = "zq7x"

const (
	canarySlug  = "canary-" + canary
	canaryEvent = "c0ffee00c0ffee00c0ffee00c0ffee00"
	ownEvent    = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"
	noUUID      = "01970000-0000-7000-8000-000000000000"
)

// world is a product with two services, people of every role, and the things
// that routes name.
type world struct {
	t      *testing.T
	p      *apptest.Product
	clock  *hands
	db     *sql.DB
	routes []errata.Route
	shop   apptest.Project

	browsers map[string]*http.Client
	tokens   map[string]string            // of the API, by principal
	tokenIDs map[string]string            // of tokens that principals may revoke
	things   map[string]map[string]string // by object: what stands for a parameter of an address
	issues   map[string]map[string]string // by object and route: an issue of its own for each act
	disabled string                       // the session of the disabled account, as SQL values
	notFound map[string]string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	clock := newHands()
	w := &world{
		t: t, clock: clock, p: apptest.Start(t, apptest.Options{Clock: clock.now}), routes: manifest(t),
		browsers: map[string]*http.Client{}, tokens: map[string]string{}, tokenIDs: map[string]string{},
		things: map[string]map[string]string{own: {}, foreign: {}, absent: {}, none: {}}, issues: map[string]map[string]string{own: {}, foreign: {}},
		notFound: map[string]string{},
	}
	w.db = database(t, w.p)
	w.shop = w.p.NewProject("checkout")
	w.p.NewProject("search")
	w.p.Command("project", canarySlug, "--name", "Canary Zq7x Service")
	w.sendEvents()
	w.people()
	w.name()
	w.views()
	w.teams()
	return w
}

// title is the type of the error that the issue of a route consists of.
func title(r errata.Route, object string) string {
	return map[string]string{own: "Own", foreign: "CanaryZq7x"}[object] + strings.NewReplacer(".", "", "_", "").Replace(r.Name) + "Error"
}

// sendEvents makes an issue in both services for every route that names one.
func (w *world) sendEvents() {
	const event = `{"event_id":%q,"level":"error","platform":"go","environment":%q,"release":%q,"user":{"id":%q},"tags":{"place":%q},
		"exception":{"values":[{"type":%q,"value":%q}]},"contexts":{"trace":{"trace_id":%[1]q}}}`
	there := w.project(canarySlug)
	w.p.Send(w.shop, fmt.Sprintf(event, ownEvent, "production", "1.0.0", "person-1", "eu", "OwnFirstError", "own"))
	w.p.Send(there, fmt.Sprintf(event, canaryEvent, "env-zq7x", "zq7x@1.0.0", "user-zq7x", "tag-zq7x", "CanaryZq7xFirstError", "value zq7x"))
	for i, r := range w.routes {
		if r.Object != "issue" {
			continue
		}
		id := fmt.Sprintf("%032x", i+1)
		w.p.Send(w.shop, fmt.Sprintf(event, id, "production", "1.0.0", "person-1", "eu", title(r, own), "own"))
		w.p.Send(there, fmt.Sprintf(event, id, "env-zq7x", "zq7x@1.0.0", "user-zq7x", "tag-zq7x", title(r, foreign), "value zq7x"))
	}
	w.p.Until(20*time.Second, "all issues", func() bool {
		return w.one(`SELECT COUNT(*) FROM issue`) == strconv.Itoa(2+2*len(w.ofIssues()))
	})
}

func (w *world) ofIssues() (out []errata.Route) {
	for _, r := range w.routes {
		if r.Object == "issue" {
			out = append(out, r)
		}
	}
	return out
}

func (w *world) project(slug string) apptest.Project {
	id := w.one(`SELECT id FROM project WHERE slug = ?`, slug)
	return apptest.Project{ID: id, Slug: slug, Key: w.one(`SELECT key FROM ingest_key WHERE project_id = ?`, id)}
}

// one reads one value.
func (w *world) one(text string, args ...any) string {
	w.t.Helper()
	var out string
	if err := w.db.QueryRowContext(w.t.Context(), text, args...).Scan(&out); err != nil {
		w.t.Fatalf("%s %v: %v", text, args, err)
	}
	return out
}

func address(principal string) string {
	return strings.ReplaceAll(principal, " ", "-") + "@people.example"
}

// people makes the accounts, signs them in, and makes their tokens.
func (w *world) people() {
	roles := map[string]errata.Role{
		"viewer": "viewer", "responder": "responder", "maintainer": "maintainer", tokenRead: "responder", tokenWrite: "responder", disabled: "responder", expired: "responder",
	}
	for _, p := range principals {
		w.clock.forward(time.Minute) // sign-ins are counted
		switch p {
		case anonymous, ingestKey:
			w.browsers[p] = w.p.Browser()
		case elsewhere:
			w.p.NewUser(address(p), errata.RoleResponder, "search")
		case "admin", "auditor":
			w.p.NewUser(address(p), errata.Role(p), "")
		case crossOrigin:
			w.browsers[p] = w.p.SignIn()
		default:
			w.p.NewUser(address(p), roles[p], "checkout")
		}
		if w.browsers[p] == nil {
			w.browsers[p] = w.p.SignInAs(address(p))
			w.tokenIDs[p] = w.p.Command("token", "--user", address(p), "--scope", "issue:read")["id"]
		}
	}
	w.tokens[tokenRead] = w.p.TokenOf(address(tokenRead), "issue:read,event:read,project:read,analytics:read")
	w.tokens[tokenWrite] = w.p.TokenOf(address(tokenWrite), "issue:read,event:read,event:read_pii,project:read,analytics:read,"+
		"issue:comment,issue:watch,issue:ack,issue:assign_self,issue:assign,issue:resolve,issue:reopen,issue:ignore,issue:severity")
	for _, p := range []string{tokenRead, tokenWrite, ingestKey} {
		w.browsers[p] = w.p.Browser() // no cookie: the token, or the key, alone
	}
	w.disabled = w.one(`SELECT quote(id) || ',' || quote(user_id) || ',' || quote(data) || ',' || created_at || ',' || seen_at || ',' || expires_at
		FROM session WHERE user_id = (SELECT id FROM app_user WHERE email = ?)`, address(disabled))
	change(w.t, w.p, `UPDATE app_user SET state = 'disabled', disabled_at = 1 WHERE email = ?`, address(disabled))
	change(w.t, w.p, `UPDATE session SET expires_at = 1 WHERE user_id = (SELECT id FROM app_user WHERE email = ?)`, address(expired))
}

// name finds or makes the things that addresses name.
func (w *world) name() {
	shop, there := w.shop, w.project(canarySlug)
	prefix := func(p apptest.Project) string { return w.one(`SELECT prefix FROM project WHERE id = ?`, p.ID) }
	issueID := func(p apptest.Project, title string) string {
		return prefix(p) + "-" + w.one(`SELECT number FROM issue WHERE project_id = ? AND type = ?`, p.ID, title)
	}
	for _, r := range w.ofIssues() {
		w.issues[own][r.Name], w.issues[foreign][r.Name] = issueID(shop, title(r, own)), issueID(there, title(r, foreign))
	}
	w.things[own] = map[string]string{
		":id": issueID(shop, "OwnFirstError"), ":slug": shop.Slug, ":event_id": ownEvent, "{id}": shop.ID,
		":seq": w.one(`SELECT seq FROM audit WHERE project_id = ? ORDER BY seq LIMIT 1`, shop.ID), "user": w.p.NewUser("target@people.example", errata.RoleViewer, shop.Slug),
	}
	w.invitations(own, shop.Slug)
	w.things[foreign] = map[string]string{
		":id": issueID(there, "CanaryZq7xFirstError"), ":slug": there.Slug, ":event_id": canaryEvent, "{id}": there.ID,
		":seq": w.one(`SELECT seq FROM audit WHERE project_id = ? ORDER BY seq LIMIT 1`, there.ID), "user": w.p.NewUser("other@people.example", errata.RoleViewer, there.Slug),
	}
	w.invitations(foreign, there.Slug)
	w.things[absent] = map[string]string{
		":id": prefix(shop) + "-99999", ":slug": "nothing-here", ":event_id": strings.Repeat("d", 32), "{id}": "99999", ":seq": "99999", "user": noUUID,
		":invite": strings.Repeat("e", 64), ":withdrawn": strings.Repeat("e", 64), "link": strings.Repeat("e", 64),
	}
	w.report(own, "responder", shop.Slug)
	w.report(foreign, crossOrigin, there.Slug)
	w.things[absent][":run"] = noUUID
	w.jobs(own, "responder", shop.Slug)
	w.jobs(foreign, crossOrigin, there.Slug)
	w.things[absent][":export"], w.things[absent][":bulk"] = noUUID, noUUID
	for _, object := range []string{own, foreign} {
		for _, r := range w.ofIssues() {
			if strings.Contains(r.Path, ":note") {
				w.note(object, r.Name)
			}
		}
	}
}

// jobs makes what somebody has asked for: an export, and a bulk act that is
// over.
func (w *world) jobs(object, who, slug string) {
	email := map[string]string{own: address(who), foreign: apptest.Email}[object]
	w.things[object][":export"] = export(w.t, w.p, w.browsers[who], slug)
	w.things[object][":bulk"] = bulkJob(w.t, w.p, email, w.project(slug).ID)
}

// export has a file of a service's issues prepared, and waits until it is there.
func export(t *testing.T, p *apptest.Product, who *http.Client, slug string) string {
	t.Helper()
	r := p.Form(who, "/exports", url.Values{"page": {"/issues?q=service:" + slug}, "format": {"csv"}})
	id, ok := strings.CutPrefix(r.Header.Get("Location"), "/exports/")
	if r.StatusCode != http.StatusSeeOther || !ok {
		t.Fatalf("an export: %s", r.Status)
	}
	p.Until(20*time.Second, "the export", func() bool {
		return column(t, database(t, p), `SELECT state FROM job WHERE id = '`+id+`'`)[0] == "done"
	})
	return id
}

// bulkJob writes a bulk act of somebody that is over.
func bulkJob(t *testing.T, p *apptest.Product, email, project string) string {
	t.Helper()
	id, at := uuid.Must(uuid.NewV7()).String(), noon.UnixMicro() // old ones are dropped
	change(t, p, `INSERT INTO job (id, kind, state, owner_id, project_id, params, total, run_after, created_at, started_at, finished_at)
		SELECT ?, 'bulk', 'done', id, ?, '{"act":"ack","query":"is:open"}', 0, 1, ?, ?, ? FROM app_user WHERE email = ?`, id, project, at, at, at, email)
	return id
}

// report runs one of a service.
func (w *world) report(object, who, slug string) {
	r := w.p.Form(w.browsers[who], "/reports/runs", url.Values{"service": {slug}})
	if r.StatusCode != http.StatusSeeOther {
		w.t.Fatalf("a report: %s", r.Status)
	}
	w.things[object][":run"] = r.Header.Get("Location")[len("/reports/runs/"):]
}

// invitations makes one to renew, one to withdraw and one to accept.
func (w *world) invitations(object, slug string) {
	invite := func(name string) string {
		return w.p.Invite(name+"-"+object+"@people.example", errata.RoleViewer, slug)
	}
	w.things[object][":invite"], w.things[object][":withdrawn"], w.things[object]["link"] = inviteID(invite("a")), inviteID(invite("b")), invite("c")
}

// note writes the comment that a route is about: on the own service by the
// responder, on the canary by the administrator.
func (w *world) note(object, route string) {
	who := map[string]string{own: "responder", foreign: crossOrigin}[object]
	r := w.p.Form(w.browsers[who], "/issues/"+w.issues[object][route]+"/comments", url.Values{"body": {"comment of " + object}, "version": {"1"}})
	if r.StatusCode != http.StatusSeeOther {
		w.t.Fatalf("a comment: %s", r.Status)
	}
	number := w.issues[object][route]
	number = number[strings.LastIndex(number, "-")+1:]
	project := map[string]string{own: w.shop.ID, foreign: w.project(canarySlug).ID}[object]
	w.things[object][route+":note"] = w.one(`SELECT n.id FROM note n JOIN issue i ON i.id = n.issue_id WHERE i.project_id = ? AND i.number = ?`, project, number)
}

// path fills the parameters of a route.
func (w *world) path(c cell) string {
	if c.route.Path == "/static/*" {
		return static.Path(static.Stylesheet)
	}
	things := w.things[c.object]
	if c.object == none {
		things = w.things[own]
	}
	id := w.issueOf(c)
	switch c.route.Object {
	case "user":
		id = things["user"]
	case "trace": // an event's trace is called like the event
		id = things[":event_id"]
	case "issue":
	}
	event := "last"
	if c.route.Object == "event" {
		event = things[":event_id"]
	}
	token := map[string]string{own: w.tokenIDs[c.principal], foreign: w.tokenIDs["viewer"], absent: noUUID}[c.object]
	if token == "" {
		token = noUUID
	}
	if c.object == foreign && c.principal == "viewer" {
		token = w.tokenIDs["responder"]
	}
	invite := things[":invite"]
	if strings.HasSuffix(c.route.Path, "/withdraw") {
		invite = things[":withdrawn"] // renewing gives the other a new name
	}
	job := things[":export"]
	if strings.HasPrefix(c.route.Path, "/jobs/") {
		job = things[":bulk"]
	}
	note := things[c.route.Name+":note"]
	if note == "" {
		note = noUUID
	}
	if strings.HasPrefix(c.route.Path, "/invite/") {
		return strings.Replace(c.route.Path, ":token", things["link"], 1)
	}
	return strings.NewReplacer(
		":event_id", things[":event_id"], ":event", event, ":part", "json", ":key", "host", ":id", id, ":slug", things[":slug"], ":note", note, ":invite", invite,
		":stream", "change", ":seq", things[":seq"], ":run", things[":run"], ":token", token, ":job", job, ":view", w.view(c), ":team", w.team(c), "{id}", things["{id}"], "{$}", "",
	).Replace(c.route.Path)
}

// view is the saved view that a cell is about: each has its own, so that who
// deletes one takes it from nobody else.
func (w *world) view(c cell) string {
	if c.route.Object != "view" || c.object == absent {
		return "no-such-view"
	}
	return c.object + "-" + strings.ReplaceAll(c.route.Name+"-"+c.principal, " ", "-")
}

// views keeps views for everybody; those that are foreign name the canary
// service.
func (w *world) views() {
	for _, r := range w.routes {
		for _, principal := range principals {
			for object, query := range map[string]string{own: "is:open", foreign: "service:" + canarySlug} {
				if r.Object != "view" {
					continue
				}
				slug := w.view(cell{r, object, principal})
				owner := map[string]string{own: "responder", foreign: "admin"}[object]
				change(w.t, w.p, `INSERT INTO saved_view (id, slug, owner_id, visibility, page, title, query, params, position, version, created_at, updated_at)
					SELECT ?, ?, id, 'all', 'issues', 'Kept', ?, '{}', 0, 1, 1, 1 FROM app_user WHERE email = ?`, slug, slug, query, address(owner))
			}
		}
	}
}

// team is the team that a cell is about, each its own.
func (w *world) team(c cell) string {
	if c.route.Object != "team" || c.object == absent {
		return "no-such-team"
	}
	return c.object + "-" + strings.NewReplacer(" ", "-", ".", "-").Replace(c.route.Name+"-"+c.principal)
}

// teams makes the teams. That a foreign one exists is no secret, that it answers
// for the canary service is.
func (w *world) teams() {
	for _, r := range w.routes {
		for _, principal := range principals {
			for _, object := range []string{own, foreign} {
				if slug := w.team(cell{r, object, principal}); r.Object == "team" {
					change(w.t, w.p, `INSERT INTO team (id, slug, name, created_at) VALUES (?, ?, 'Team', 1)`, slug, slug)
				}
			}
		}
	}
	change(w.t, w.p, `UPDATE project SET team_id = (SELECT id FROM team WHERE slug LIKE 'foreign-team-viewer') WHERE slug = ?`, canarySlug)
}

// inviteID is what an invitation is called inside: the hash of its token.
func inviteID(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// signsInFirst are routes that end a session: they are asked with a browser of
// their own.
var signsInFirst = []string{"logout", "me.password"}

// send asks for a route as a principal.
func (w *world) send(c cell) answer {
	w.t.Helper()
	if c.route.Rate == "login" {
		w.clock.forward(time.Minute)
	}
	browser, header := w.browsers[c.principal], []string{}
	body := w.body(c)
	if strings.HasPrefix(body, "{") {
		header = append(header, "Content-Type", "application/json")
	}
	switch c.principal {
	case tokenRead, tokenWrite:
		header = append(header, "Authorization", "Bearer "+w.tokens[c.principal], "Origin", w.p.URL)
	case ingestKey:
		header = append(header, "Authorization", "Bearer "+w.shop.Key, "X-Sentry-Auth", "Sentry sentry_version=7, sentry_key="+w.shop.Key, "Origin", w.p.URL)
	case crossOrigin:
		header = append(header, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	case disabled:
		change(w.t, w.p, `INSERT OR REPLACE INTO session (id, user_id, data, created_at, seen_at, expires_at, ip, agent) VALUES (`+w.disabled+`, '', '')`)
		header = append(header, "Origin", w.p.URL)
	default:
		header = append(header, "Origin", w.p.URL)
	}
	if slices.Contains(signsInFirst, c.route.Name) && slices.Contains(signing, c.principal) {
		w.clock.forward(time.Minute)
		browser = w.p.SignInAs(address(c.principal))
	}
	return send(w.t, w.p, browser, c.route.Method, w.path(c), body, header...)
}

// prepare gives an undo something to take back: an act of the principal's own.
func (w *world) prepare(c cell) {
	w.t.Helper()
	form, ok := strings.CutSuffix(w.path(c), "/undo")
	mine := slices.Contains([]string{"responder", "maintainer", "admin", tokenWrite}, c.principal) && c.object == own ||
		c.principal == "admin" && c.object == foreign
	if !ok || !mine || c.route.Auth == errata.AuthToken != (c.principal == tokenWrite) {
		return
	}
	header, body := []string{"Origin", w.p.URL}, "version="+w.version(c)
	if c.principal == tokenWrite {
		header, body = []string{"Authorization", "Bearer " + w.tokens[tokenWrite], "Content-Type", "application/json"}, "{}"
	}
	if a := send(w.t, w.p, w.browsers[c.principal], http.MethodPost, form+"/ack", body, header...); a.StatusCode >= http.StatusBadRequest {
		w.t.Errorf("%s: nothing to undo, the act before it was answered %s: %.200s", c, a.Status, a.text)
	}
}

// signing are the principals that are signed in and may act.
var signing = []string{"viewer", "responder", "maintainer", "admin", "auditor", elsewhere}

// forms are what a route is sent; others get an empty form.
var forms = map[string]string{
	"issue.assign": "assignee=me", "issue.resolve": "cause=fixed&note=done", "issue.ignore": "reason=noise", "issue.severity": "severity=P3", "issue.stage": "stage=fixing",
	"issue.watch": "on=true", "issue.comment": "body=hello", "issue.comment.edit": "body=changed", "issue.event.reveal": "part=json",
	"view.save": "title=Kept&here=/issues", "view.change": "title=Kept", "view.share": "visibility=all", "me.recent": "page=issues&q=is:open",
	"team.create": "name=Made", "team.rename": "name=Renamed", "team.member": "role=lead&user={user}", "team.member.remove": "user={user}",
	"team.service": "project=1", "team.service.remove": "project=1",
	"user.grant": "role=viewer&project=1", "user.revoke": "role=viewer&project=1",
	"api.issue.assign": `{"assignee":"me"}`, "api.issue.resolve": `{"cause":"fixed","note":"done"}`, "api.issue.ignore": `{"reason":"noise"}`,
	"api.issue.severity": `{"severity":"P3"}`, "api.issue.comments": `{"body":"hello"}`,
}

func (w *world) body(c cell) string {
	if c.route.Method != http.MethodPost {
		return ""
	}
	if c.route.Name == "issues.bulk" {
		return "act=ack&confirm=yes&id=" + w.things[c.object][":id"]
	}
	form := strings.ReplaceAll(forms[c.route.Name], "{user}", w.things[c.object]["user"])
	switch {
	case c.route.Name == "api.issue.undo":
		return `{"version":` + w.version(c) + `}`
	case c.route.Auth == errata.AuthToken && form == "", c.route.Auth == errata.AuthIngest:
		return "{}"
	case c.route.Auth == errata.AuthToken:
		return form
	case c.route.Object == "issue":
		return form + "&version=" + w.version(c)
	case form == "":
		return "x=1"
	}
	return form
}

// version is what a form says that its issue is.
func (w *world) version(c cell) string {
	if c.object == absent {
		return "1"
	}
	id := w.issueOf(c)
	prefix, number, _ := strings.Cut(id, "-")
	return w.one(`SELECT i.version FROM issue i JOIN project p ON p.id = i.project_id WHERE p.prefix = ? AND i.number = ?`, prefix, number)
}
