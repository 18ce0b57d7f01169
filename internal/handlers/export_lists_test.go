package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/apptest"
	"errata/internal/errata"
)

// formulas are names that a spreadsheet would run.
var formulas = []string{"=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(A1)", " =cmd|calc"}

// peopled makes accounts, an open invitation, teams and services, and changes
// enough that the audit has several pages.
func peopled(t *testing.T, p *apptest.Product) (boss *http.Client, bo string) {
	t.Helper()
	for _, slug := range []string{"checkout", "payments", "search"} {
		p.NewProject(slug)
	}
	bo = p.NewUser("bo@example.com", errata.RoleMaintainer, "checkout")
	boss = p.SignIn()
	invite(t, p, boss, "email", "cleo@example.com", "role", "viewer")
	for i, name := range formulas {
		if code, text, _ := post(t, p, boss, "/teams", "name", name, "slug", "t"+strconv.Itoa(i)); code != http.StatusSeeOther {
			t.Fatalf("a team %q: %d %.300s", name, code, text)
		}
	}
	post(t, p, boss, "/teams/t1/members", "user", bo, "role", "lead")
	post(t, p, boss, "/teams/t1/services", "project", "1")
	post(t, p, boss, "/me/profile", "name", formulas[0], "login", "ada", "zone", "Europe/Berlin")
	for i := range 55 {
		post(t, p, boss, "/teams/t0/rename", "name", fmt.Sprintf("Team %d", i))
	}
	return boss, bo
}

// listed are the matches on all pages of a list, from its first one on.
func listed(t *testing.T, p *apptest.Product, c *http.Client, path, pattern string) (out []string) {
	t.Helper()
	for path != "" {
		text := see(t, p, c, http.StatusOK, path)
		out = append(out, inOrder(pattern, text)...)
		next := regexp.MustCompile(`href="(/audit\?[^"]*after=[^"]*)"[^>]*>\s*Older`).FindStringSubmatch(text)
		if path = ""; next != nil {
			path = next[1]
		}
	}
	return out
}

// with puts a suffix to the path of an address.
func with(face, address string) string {
	path, query, _ := strings.Cut(address, "?")
	return path + face + "?" + query
}

// The lists of the installation can be taken along too: what the page shows, all
// of its pages, and no name runs as a formula.
func TestListsOfInstallationAreCSV(t *testing.T) {
	apptest.Each(t, apptest.Options{}, func(t *testing.T, p *apptest.Product) {
		boss, bo := peopled(t, p)
		lists := []struct {
			page, table, pattern, column string
			least                        int
		}{
			{"/audit", "", `href="/audit/change/(\d+)"`, "seq", 60},
			{"/audit?action=team%3Amanage&result=done", "", `href="/audit/change/(\d+)"`, "seq", 55},
			{"/audit?from=" + time.Now().AddDate(0, 0, -1).Format(time.DateOnly) + "&to=" + time.Now().AddDate(0, 0, 1).Format(time.DateOnly), "", `href="/audit/change/(\d+)"`, "seq", 60},
			{"/users", "Accounts", `href="/users/([0-9a-f-]{36})"`, "id", 2},
			{"/users", "Open invitations", `>\s*(cleo@[^<]*?)\s*<`, "email", 1},
			{"/roles", "", `<code>([a-z]+:[a-z_]+)</code>`, "action", 30},
			{"/services", "", `href="/services/([a-z]+)/setup"`, "project", 3},
			{"/teams", "", `href="/teams/([a-z0-9-]+)"`, "slug", 5},
			{"/audit?stream=access&action=user%3Aread", "", `href="/audit/access/(\d+)"`, "seq", 2}, // of these files
			{"/audit?actor=" + bo, "", `href="/audit/change/(\d+)"`, "seq", 0},
		}
		for _, l := range lists {
			rows := sheet(t, p, boss, with(".csv", l.page))[l.table]
			if d := cmp.Diff(listed(t, p, boss, l.page, l.pattern), columnOf(rows, l.column)); d != "" || len(rows) < l.least {
				t.Errorf("%s, %s: %d rows (-page +file):\n%s", l.page, l.table, len(rows), d)
			}
		}
		cellsAreSafe(t, p, boss)
		for _, path := range []string{"/audit", "/users", "/roles", "/services", "/teams"} {
			for face, kind := range map[string]string{".ndjson": "application/x-ndjson", ".xlsx": "application/vnd.openxmlformats", ".print": "text/html"} {
				if a := send(t, p, boss, http.MethodGet, path+face, ""); a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), kind) {
					t.Errorf("%s%s: %s, %s", path, face, a.Status, a.Header.Get("Content-Type"))
				}
			}
			see(t, p, boss, http.StatusOK, path, `id="m-export"`, `formaction="`+path+`.csv"`)
		}
		text := see(t, p, boss, http.StatusOK, "/audit?action=team%3Amanage&after=1.1", `name="action" value="team:manage"`)
		lacks(t, "the menu of a later page", part(t, text, "m-export"), `name="after"`)
		see(t, p, boss, http.StatusOK, "/audit.print?action=team%3Amanage", "Action: team:manage", "Stream: change")
		if a := send(t, p, boss, http.MethodGet, "/audit.csv?from=yesterday", ""); a.StatusCode != http.StatusBadRequest && a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("a wrong date: %s", a.Status)
		}
	})
}

// cellsAreSafe looks at names that would run as formulas.
func cellsAreSafe(t *testing.T, p *apptest.Product, c *http.Client) {
	t.Helper()
	names := strings.Join(columnOf(sheet(t, p, c, "/teams.csv")[""], "name"), "\n")
	for _, f := range formulas[1:] { // the team of the first is renamed
		if f = strings.TrimSpace(f); !strings.Contains(names, "'"+f) {
			t.Errorf("%q is not made harmless in %q", f, names)
		}
	}
	for _, l := range []struct{ path, table, column string }{{"/users.csv", "Accounts", "name"}, {"/audit.csv", "", "actor"}} {
		all := columnOf(sheet(t, p, c, l.path)[l.table], l.column)
		if !strings.Contains(strings.Join(all, "\n"), "'"+formulas[0]) {
			t.Errorf("%s: %q", l.path, all)
		}
		for _, name := range all {
			if strings.HasPrefix(name, "=") {
				t.Errorf("%s: %q runs", l.path, name)
			}
		}
	}
}

// Everybody takes along what they see: addresses are for those who manage
// people, the audit of a maintainer is that of their services.
func TestListsOfInstallationByRights(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	boss, bo := peopled(t, p)
	p.NewUser("dana@example.com", errata.RoleAuditor, "")
	p.NewUser("eve@example.com", errata.RoleViewer, "checkout")
	maintainer, auditor, viewer := p.SignInAs("bo@example.com"), p.SignInAs("dana@example.com"), p.SignInAs("eve@example.com")
	for who, c := range map[string]*http.Client{"bo": maintainer, "dana": auditor, "eve": viewer} {
		tables := sheet(t, p, c, "/users.csv")
		for _, r := range tables[""] {
			if _, has := r["sessions"]; has || (r["email"] != "") != (r["email"] == who+"@example.com") {
				t.Errorf("%s takes along %v", who, r)
			}
		}
		if len(tables[""]) != 4 || len(tables) != 1 {
			t.Errorf("%s takes along %v", who, tables)
		}
	}
	for _, r := range sheet(t, p, boss, "/users.csv")["Accounts"] {
		if !strings.Contains(r["email"], "@") || r["sessions"] == "" || r["id"] == bo && r["roles"] != "maintainer on checkout" {
			t.Errorf("the administrator takes along %v", r)
		}
	}
	whole := sheet(t, p, auditor, "/audit.csv")[""]
	own := sheet(t, p, maintainer, "/audit.csv")[""]
	if d := cmp.Diff(listed(t, p, maintainer, "/audit", `href="/audit/change/(\d+)"`), columnOf(own, "seq")); d != "" || len(whole) <= len(own) || len(own) == 0 {
		t.Errorf("%d of %d rows (-page +file):\n%s", len(own), len(whole), d)
	}
	for _, r := range own {
		if r["project"] != "checkout" {
			t.Errorf("a maintainer of checkout takes along %v", r)
		}
	}
	for path, rows := range map[string]int{"/services.csv": 1, "/teams.csv": 5} {
		if all := sheet(t, p, viewer, path)[""]; len(all) != rows {
			t.Errorf("%s of a viewer: %v", path, all)
		}
	}
	lacks(t, "the teams of who sees checkout alone", send(t, p, viewer, http.MethodGet, "/teams.csv", "").text, "payments", "search")
	for _, path := range []string{"/audit.csv", "/audit.print", "/roles.csv", "/roles.xlsx"} {
		see(t, p, viewer, http.StatusForbidden, path)
	}
	for _, line := range []string{"user:read done", "audit:read done", "project:read done", "audit:read denied", "role:read denied"} {
		p.Until(5*time.Second, line+" in the audit", func() bool { return slices.Contains(audited(t, p, "access"), line) })
	}
	details := column(t, database(t, p), `SELECT detail FROM audit WHERE stream = 'access' AND object LIKE 'export:%' AND action = 'user:read' ORDER BY seq DESC LIMIT 1`)
	if !strings.Contains(details[0], `"what":"teams"`) || !strings.Contains(details[0], `"rows":5`) || !strings.Contains(details[0], `"phase":"end"`) {
		t.Errorf("the audit says %v", details)
	}
}

// An audit of 10,000 rows is taken along page by page, one of more is refused
// with the limit, and so is one that is too long for paper.
func TestLongAudit(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	c := p.SignIn()
	fill := func(from, to int) {
		change(t, p, `WITH RECURSIVE n(i) AS (SELECT `+strconv.Itoa(from)+` UNION ALL SELECT i + 1 FROM n WHERE i < `+strconv.Itoa(to)+`)
			INSERT INTO audit (stream, seq, at, actor_kind, actor_id, via, action, result, project_id, object, detail, ip, request_id, prev_hash, hash)
			SELECT 'access', 1000000 + i, 1700000000000000 + i / 3, 'user', 'gone', 'session', 'event:read', 'done', '', 'event:1/2', '{}', '', '', '', '' FROM n`)
	}
	change(t, p, `UPDATE audit_head SET seq = 2000000 WHERE stream = 'access'`)
	fill(1, 10_000)
	const mine = "?stream=access&actor=gone"
	a := send(t, p, c, http.MethodGet, "/audit.csv"+mine, "")
	if !strings.HasSuffix(a.Header.Get("X-Errata-Export"), "rows=10000") {
		t.Errorf("%s, %v", a.Status, a.Header)
	}
	seqs := columnOf(sheet(t, p, c, "/audit.csv"+mine)[""], "seq")
	if len(seqs) != 10_000 || seqs[0] != "1010000" || seqs[9_999] != "1000001" {
		t.Fatalf("%d rows", len(seqs))
	}
	for i, s := range seqs {
		if s != strconv.Itoa(1_010_000-i) {
			t.Fatalf("row %d is %s", i, s)
		}
	}
	see(t, p, c, http.StatusRequestEntityTooLarge, "/audit.print"+mine, "More than 5,000 rows are not printed.")
	fill(10_001, 10_001)
	for _, f := range []string{"csv", "ndjson", "xlsx"} {
		see(t, p, c, http.StatusRequestEntityTooLarge, "/audit."+f+mine, "More than 10,000 rows are not sent at once.", "Narrow the list")
	}
	if code, _, _ := post(t, p, c, "/exports", "page", "/audit"+mine, "format", "csv"); code != http.StatusBadRequest {
		t.Errorf("a job for the audit: %d", code)
	}
	q := url.Values{"stream": {"access"}, "actor": {"gone"}, "to": {"2023-11-13"}} // before all of them
	if rows := sheet(t, p, c, "/audit.csv?"+q.Encode())[""]; len(rows) != 0 {
		t.Errorf("%d rows before the first", len(rows))
	}
}
