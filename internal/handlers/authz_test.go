package handlers_test

import (
	"bytes"
	"encoding/csv"
	"flag"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/apptest"
	"errata/internal/errata"
	"errata/internal/rbac"
)

var updateMatrix = flag.Bool("update-authz", false, "write testdata/authz.csv anew; every changed line is then read against the roles in docs/design.md")

const matrixFile = "testdata/authz.csv"

// Who a matrix asks as. The roles but admin and auditor are held on the service
// checkout alone; "elsewhere" is a responder on another service.
const (
	anonymous   = "anonymous"
	elsewhere   = "elsewhere"
	tokenRead   = "token read"
	tokenWrite  = "token write"
	disabled    = "disabled"
	expired     = "expired"
	ingestKey   = "ingest key"
	crossOrigin = "cross-origin"
)

var principals = []string{
	anonymous, "viewer", "responder", "maintainer", "admin", "auditor", elsewhere, tokenRead, tokenWrite, disabled, expired, ingestKey, crossOrigin,
}

// What a route names: a thing of checkout, one of the canary service, one that
// does not exist; none where the route names nothing.
const (
	own     = "own"
	foreign = "foreign"
	absent  = "absent"
	none    = "-"
)

// withIDs are routes whose object stands in the form and not in the address.
var withIDs = []string{"issues.bulk"}

func objectsOf(r errata.Route) []string {
	if r.Object == "" && !slices.Contains(withIDs, r.Name) {
		return []string{none}
	}
	return []string{own, foreign, absent}
}

// cell is one answer that the matrix fixes.
type cell struct {
	route             errata.Route
	object, principal string
}

func (c cell) String() string {
	return c.route.Method + " " + c.route.Path + " (" + c.route.Name + "), " + c.object + ", " + c.principal
}

func key(r errata.Route, object string) string { return r.Method + " " + r.Path + " " + object }

// Every route answers every principal for every object as testdata/authz.csv
// says; whoever is refused changes nothing, and learns nothing of the canary.
func TestAuthorization(t *testing.T) {
	w := newWorld(t)
	matrix := readMatrix(t)
	got := map[string][]int{}
	for _, r := range w.routes {
		for _, object := range objectsOf(r) {
			want, listed := matrix[key(r, object)]
			if !listed && !*updateMatrix {
				t.Errorf("%s stands not in %s: run this test with -update-authz, and read the new line against the roles", key(r, object), matrixFile)
				continue
			}
			got[key(r, object)] = w.ask(r, object, want)
		}
	}
	w.p.Until(5*time.Second, "views in the audit", func() bool {
		all := audited(t, w.p, "access")
		return slices.Contains(all, "event:read done") && slices.Contains(all, "audit:read done") && slices.Contains(all, "system:read denied")
	})
	if *updateMatrix {
		writeMatrix(t, w.routes, got)
		return
	}
	for line := range matrix {
		if _, asked := got[line]; !asked {
			t.Errorf("%s stands in %s and is no route", line, matrixFile)
		}
	}
}

// ask asks for one route and object as everybody, in order. Between those who
// are let in it looks whether those who were refused changed anything.
func (w *world) ask(r errata.Route, object string, want []int) []int {
	w.t.Helper()
	got := make([]int, len(principals))
	before := ""
	unchanged := func() {
		if after := tables(w.t, w.p); before != "" && after != before {
			w.t.Errorf("%s: refused requests changed (-before +after):\n%s", key(r, object), cmp.Diff(strings.Split(before, "\n"), strings.Split(after, "\n")))
		}
		before = ""
	}
	for i, p := range principals {
		c := cell{r, object, p}
		switch out := want != nil && c.refused(want[i]); {
		case out && before == "":
			before = tables(w.t, w.p)
		case !out && before != "":
			unchanged()
		}
		w.prepare(c)
		rows, events := w.changes(), w.events()
		a := w.send(c)
		got[i] = a.StatusCode
		if strings.HasPrefix(r.Name, "sentry.store") && a.StatusCode == http.StatusOK {
			w.p.Until(10*time.Second, "the event that was taken", func() bool { return w.events() != events })
		}
		w.judge(c, a)
		w.judgeAudit(c, a, w.changes() != rows)
		if want != nil && got[i] != want[i] {
			w.t.Errorf("%s: answered %d, want %d: %.300s", c, got[i], want[i], a.text)
		}
	}
	if before != "" {
		unchanged()
	}
	return got
}

// refused says whether a status means that the principal was not let in.
func (c cell) refused(status int) bool {
	return refusal(status) || c.route.Auth == errata.AuthSession && slices.Contains(strangers, c.principal)
}

// strangers have no session that is worth anything.
var strangers = []string{anonymous, tokenRead, tokenWrite, disabled, expired, ingestKey}

func refusal(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusNotFound
}

// judge holds an answer to rules that no matrix can leave out.
func (w *world) judge(c cell, a answer) {
	w.t.Helper()
	safe(w.t, a.Header, false)
	w.hidesCanary(c, a)
	role := errata.Role(c.principal)
	if c.route.Auth == errata.AuthSession && slices.Contains(strangers, c.principal) && !toLogin(a) {
		w.t.Errorf("%s: answered %s, not led to the sign-in", c, a.Status)
	}
	if c.route.Auth == errata.AuthToken && c.principal != tokenRead && c.principal != tokenWrite && a.StatusCode != http.StatusUnauthorized {
		w.t.Errorf("%s: answered %s without a token", c, a.Status)
	}
	if c.principal == crossOrigin && c.route.CSRF && a.StatusCode != http.StatusForbidden {
		w.t.Errorf("%s: answered %s to another site", c, a.Status)
	}
	if c.route.Auth == errata.AuthSession && slices.Contains(errata.Roles, role) {
		w.judgeRole(c, role, a)
	}
	if c.object == foreign || c.object == absent {
		w.alike(c, a)
	}
}

// changes is the last row of the audit of changes.
func (w *world) changes() string { return w.one(`SELECT seq FROM audit_head WHERE stream = 'change'`) }

// events is how many events were counted.
func (w *world) events() string { return w.one(`SELECT SUM(events) FROM issue`) }

// judgeAudit requires that what the manifest calls a change is written down,
// done or refused, and that nothing else is.
func (w *world) judgeAudit(c cell, a answer, written bool) {
	w.t.Helper()
	asked := slices.Contains(signing, c.principal) && c.route.Auth == errata.AuthSession ||
		(c.principal == tokenRead || c.principal == tokenWrite) && c.route.Auth == errata.AuthToken
	done := a.StatusCode < http.StatusBadRequest || a.StatusCode == http.StatusForbidden
	switch {
	case written && c.route.Audit != errata.StreamChange && !slices.Contains(signsInFirst, c.route.Name):
		w.t.Errorf("%s: answered %s and wrote to the audit of changes", c, a.Status)
	case asked && done && !written && c.route.Audit == errata.StreamChange:
		w.t.Errorf("%s: answered %s and wrote nothing to the audit", c, a.Status)
	}
}

// ofService are objects that belong to a service, and are hidden with it.
var ofService = []string{"issue", "event", "project", "audit", "view"}

func (w *world) judgeRole(c cell, role errata.Role, a answer) {
	w.t.Helper()
	i := slices.IndexFunc(rbac.Matrix(), func(r rbac.Right) bool { return r.Action == c.route.Action })
	has := i < 0 || rbac.Matrix()[i].Has(role)
	everywhere := role == errata.RoleAdmin || role == errata.RoleAuditor
	hidden := c.object == foreign && !everywhere && (slices.Contains(ofService, c.route.Object) || slices.Contains(withIDs, c.route.Name))
	switch {
	case hidden && a.StatusCode != http.StatusNotFound && (has || a.StatusCode != http.StatusForbidden):
		w.t.Errorf("%s: answered %s for what is hidden", c, a.Status)
	case !hidden && !has && !refusal(a.StatusCode):
		w.t.Errorf("%s: answered %s without %s", c, a.Status, c.route.Action)
	case has && c.object == own && a.StatusCode == http.StatusForbidden && !slices.Contains(ownOnly, c.route.Name):
		w.t.Errorf("%s: refused although the role holds %s: %.300s", c, c.route.Action, a.text)
	}
}

// ownOnly are routes where the right alone is not enough.
var ownOnly = []string{"view.change", "view.share", "view.delete", "issues.bulk", "issue.comment.edit", "issue.comment.delete", "user.grant", "user.disable"}

func toLogin(a answer) bool {
	return a.StatusCode == http.StatusSeeOther && strings.HasPrefix(a.Header.Get("Location"), "/login")
}

var uuidText = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// alike requires that what is hidden is answered as what does not exist is, to
// the byte.
func (w *world) alike(c cell, a answer) {
	w.t.Helper()
	if a.StatusCode != http.StatusNotFound {
		return
	}
	text := a.text
	for _, id := range w.names(c) {
		text = strings.ReplaceAll(text, id, "<id>")
	}
	text = moment.ReplaceAllString(uuidText.ReplaceAllString(text, "<uuid>"), "<time>")
	at := c.route.Method + " " + c.route.Path + " " + c.principal
	other, known := w.notFound[at]
	if known && other != text {
		w.t.Errorf("%s: hidden and absent are answered differently:\n%s\n%s", c, other, text)
	}
	w.notFound[at] = text
}

var moment = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?[Z0-9.]*|\d\d:\d\d:\d\d`)

func readMatrix(t *testing.T) map[string][]int {
	t.Helper()
	out := map[string][]int{}
	text, err := os.ReadFile(filepath.FromSlash(matrixFile))
	if err != nil {
		if *updateMatrix {
			return out
		}
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if head := rows[0][3:]; !slices.Equal(head, principals) && !*updateMatrix {
		t.Fatalf("%s has the columns %v, want %v", matrixFile, head, principals)
	}
	if *updateMatrix {
		return out
	}
	for _, row := range rows[1:] {
		line := row[0] + " " + row[1] + " " + row[2]
		if _, twice := out[line]; twice {
			t.Errorf("%s stands twice", line)
		}
		for _, v := range row[3:] {
			n, err := strconv.Atoi(v)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			out[line] = append(out[line], n)
		}
	}
	return out
}

func writeMatrix(t *testing.T, routes []errata.Route, got map[string][]int) {
	t.Helper()
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	rows := [][]string{append([]string{"method", "path", "object"}, principals...)}
	for _, r := range routes {
		for _, object := range objectsOf(r) {
			row := []string{r.Method, r.Path, object}
			for _, status := range got[key(r, object)] {
				row = append(row, strconv.Itoa(status))
			}
			rows = append(rows, row)
		}
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.FromSlash(matrixFile), out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Logf("wrote %d lines; read them", len(rows)-1)
}

// tables is state without the sessions, which end when their account may not
// act any more.
func tables(t *testing.T, p *apptest.Product) string {
	s := state(t, p)
	return s[:strings.LastIndex(s, "\n")]
}

// hidesCanary looks for the canary in an answer to somebody who may not know of
// it. What the request itself said is no news.
func (w *world) hidesCanary(c cell, a answer) {
	w.t.Helper()
	if slices.Contains([]string{"admin", "auditor", crossOrigin}, c.principal) {
		return
	}
	text := a.text
	for _, v := range a.Header {
		text += "\n" + strings.Join(v, " ")
	}
	for _, id := range w.names(c) {
		text = strings.ReplaceAll(text, id, "")
	}
	if i := strings.Index(strings.ToLower(text), canary); i >= 0 {
		w.t.Errorf("%s: shows the canary: …%s…", c, text[max(0, i-80):min(len(text), i+80)])
	}
}

// names are the ids that a request has in its address or its form.
func (w *world) names(c cell) []string {
	all := slices.Collect(maps.Values(w.things[c.object]))
	all = append(all, w.issueOf(c), w.tokenIDs[c.principal], w.view(c))
	all = slices.DeleteFunc(all, func(s string) bool { return len(s) < 4 })
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(all)
}

func (w *world) issueOf(c cell) string {
	if id := w.issues[c.object][c.route.Name]; id != "" {
		return id
	}
	return w.things[c.object][":id"]
}
