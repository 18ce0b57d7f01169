package gallery

import (
	"bytes"
	"compress/gzip"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/views/page"
)

var update = flag.Bool("update", false, "write the golden files")

func render(t *testing.T, e Entry) string {
	t.Helper()
	var b bytes.Buffer
	if err := e.Component.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var fingerprint = regexp.MustCompile(`/static/[0-9a-f]{12}/`)

// settled takes out of a page what changes with every change of a stylesheet,
// and breaks it into lines.
func settled(html string) string {
	html = fingerprint.ReplaceAllString(html, "/static/-/")
	return strings.ReplaceAll(html, "><", ">\n<") + "\n"
}

// TestGolden compares every state with testdata; -update writes it. One state
// of each page is kept whole, of the others what stands in main.
func TestGolden(t *testing.T) {
	whole := map[string]bool{}
	for _, e := range Entries() {
		t.Run(e.Name, func(t *testing.T) {
			got := settled(render(t, e))
			if whole[e.Page] {
				got = got[strings.Index(got, "<main"):]
			}
			whole[e.Page] = true
			file := filepath.Join("testdata", e.Name+".html")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("the page has changed; look at it, then run with -update (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range Entries() {
		if seen[e.Name] || !strings.HasPrefix(e.Name, e.Page+"-") {
			t.Errorf("%s of %s: twice, or not named by its page", e.Name, e.Page)
		}
		seen[e.Name] = true
	}
	if len(seen) < 60 {
		t.Errorf("only %d states", len(seen))
	}
}

// TestPartsAreOfThePage: each part, made alone, is a piece of the whole page.
func TestPartsAreOfThePage(t *testing.T) {
	for _, e := range Entries() {
		page := render(t, e)
		for _, name := range e.Parts {
			part, ok := e.Model.Part(name)
			if !ok {
				t.Fatalf("%s has no part %s", e.Name, name)
			}
			alone := render(t, Entry{Component: part})
			if !strings.Contains(page, alone) {
				t.Errorf("%s: part %s is not in the page", e.Name, name)
			}
			if !strings.Contains(alone, `id="`+name+`"`) {
				t.Errorf("%s: part %s does not carry its id", e.Name, name)
			}
		}
		for _, name := range []string{"", "main", "m-user", "nonsense"} {
			if _, ok := e.Model.Part(name); ok {
				t.Errorf("%s answers the unknown part %q", e.Name, name)
			}
		}
	}
}

// tag is one start tag of a page.
type tag struct {
	name  string
	attrs [][2]string
}

func (g tag) get(name string) (string, bool) {
	for _, a := range g.attrs {
		if a[0] == name {
			return a[1], true
		}
	}
	return "", false
}

var (
	startTag  = regexp.MustCompile(`<([a-zA-Z][a-zA-Z0-9-]*)((?:\s+[^\s=>"]+(?:="[^"]*")?)*)\s*/?>`)
	attribute = regexp.MustCompile(`([^\s=>"]+)(?:="([^"]*)")?`)
)

func tags(html string) []tag {
	var out []tag
	for _, m := range startTag.FindAllStringSubmatch(html, -1) {
		g := tag{name: m[1]}
		for _, a := range attribute.FindAllStringSubmatch(m[2], -1) {
			g.attrs = append(g.attrs, [2]string{a[1], a[2]})
		}
		out = append(out, g)
	}
	return out
}

var allowedHTMX = []string{"hx-get", "hx-post", "hx-target", "hx-swap", "hx-push-url", "hx-trigger", "hx-status", "hx-indicator"}

// routes are where forms may lead.
var routes = []string{
	"post /login", "post /logout", "post /me/appearance", "post /setup/admin", "post /setup/service", "post /services", "get /issues", "get /events", "get /overview", "get /analytics/response", "post /issues/:id/ack",
	"post /issues/bulk", "post /issues/:id/unack", "post /issues/:id/assign", "post /issues/:id/resolve", "post /issues/:id/reopen", "post /issues/:id/ignore",
	"post /issues/:id/unignore", "post /issues/:id/severity", "post /issues/:id/stage", "post /issues/:id/watch", "post /issues/:id/comments", "post /issues/:id/comments/n2",
	"post /issues/:id/events/7f3ac1e04b6d4c21a7b0d1c2e3f40516/reveal",
	"post /issues/:id/undo", "post /jobs/019a/cancel", "post /exports/0192f3c4-a6b8-7d0e-8f7a-112233445566/cancel", "get /search", "post /reports/runs", "get /analytics/trends",
	"get /traces/7f3a9c1d2e4b5a6978685746352413ff", "get /issues/:id/tags/host", "get /services", "get /users", "get /teams",
	"post /exports", "post /views", "post /views/:slug", "post /views/:slug/share", "post /views/:slug/delete",
	"post /teams", "post /teams/payments/rename", "post /teams/payments/delete", "post /teams/payments/members", "post /teams/payments/members/remove",
	"post /teams/payments/services", "post /teams/payments/services/remove",
}

// issueOf is the issue in the address of a form.
var issueOf = regexp.MustCompile(`^/issues/[A-Z]+-[0-9]+/`)

// viewOf is the saved view in the address of a form.
var viewOf = regexp.MustCompile(`^/views/view-[a-z0-9]+`)

// TestMarkup holds every page to the rules that a strict content security
// policy and plain HTML ask for.
func TestMarkup(t *testing.T) {
	for _, e := range Entries() {
		t.Run(e.Name, func(t *testing.T) {
			html := render(t, e)
			ids, headings, scripts := map[string]bool{}, 0, 0
			for _, g := range tags(html) {
				checkAttributes(t, g)
				if id, ok := g.get("id"); ok {
					if ids[id] {
						t.Errorf("id %q twice", id)
					}
					ids[id] = true
				}
				switch g.name {
				case "h1":
					headings++
				case "script":
					scripts++
				case "form":
					checkForm(t, g)
				case "style", "iframe", "object", "base", "img":
					t.Errorf("a %s element", g.name)
				}
			}
			if headings != 1 {
				t.Errorf("%d first headings", headings)
			}
			if scripts != 2 {
				t.Errorf("%d scripts: the text of an event has become one", scripts)
			}
			checkReferences(t, html, ids)
		})
	}
}

func checkAttributes(t *testing.T, g tag) {
	t.Helper()
	for _, a := range g.attrs {
		name, value := a[0], a[1]
		switch {
		case name == "style", strings.HasPrefix(name, "on"):
			t.Errorf("<%s %s>: inline style or script", g.name, name)
		case strings.HasPrefix(name, "hx-") && !slices.Contains(allowedHTMX, name) && !strings.HasPrefix(name, "hx-status:"):
			t.Errorf("<%s %s>: not among the htmx attributes in use", g.name, name)
		case (name == "href" || name == "src" || name == "action" || name == "hx-get" || name == "hx-post") && !local(value):
			t.Errorf("<%s %s=%q>: leads elsewhere", g.name, name, value)
		}
	}
	if _, ok := g.get("hx-get"); ok {
		for _, need := range []string{"hx-target", "hx-swap"} {
			if _, ok := g.get(need); !ok {
				t.Errorf("<%s hx-get> without %s", g.name, need)
			}
		}
	}
}

// local says whether an address stays with us. What leaves is the request's own
// link and those of comments, http or https.
func local(url string) bool {
	return strings.HasPrefix(url, "https://wiki.example/") || strings.HasPrefix(url, "https://evil.example/p.png") || strings.HasPrefix(url, "/") && !strings.HasPrefix(url, "//") || strings.HasPrefix(url, "#") || strings.HasPrefix(url, "https://api.shop.example/")
}

func checkForm(t *testing.T, g tag) {
	t.Helper()
	method, _ := g.get("method")
	action, _ := g.get("action")
	asked := method + " " + viewOf.ReplaceAllString(issueOf.ReplaceAllString(action, "/issues/:id/"), "/views/:slug")
	if !slices.Contains(routes, asked) && !accountForms.MatchString(asked) {
		t.Errorf("form %s %s leads to no route", method, action)
	}
}

var (
	useIcon  = regexp.MustCompile(`<use href="/static/[0-9a-f]{12}/icons/icons\.svg#([a-z0-9-]+)"`)
	refersTo = regexp.MustCompile(` (?:for|popovertarget|aria-labelledby|data-copy|data-reveal|hx-target)="#?([^" ]+)"`)
)

func checkReferences(t *testing.T, html string, ids map[string]bool) {
	t.Helper()
	sprite, err := os.ReadFile("../../../static/icons/icons.svg")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range useIcon.FindAllStringSubmatch(html, -1) {
		if !bytes.Contains(sprite, []byte(`<symbol id="`+m[1]+`"`)) {
			t.Errorf("icon %q is not in the sprite", m[1])
		}
	}
	for _, m := range refersTo.FindAllStringSubmatch(html, -1) {
		if !ids[m[1]] {
			t.Errorf("%s names no element", m[0])
		}
	}
}

// TestHostileTextDoesNothing looks for the hostile strings in a form in which
// a browser would act on them.
func TestHostileTextDoesNothing(t *testing.T) {
	acting := regexp.MustCompile(`(?i)<script>|<img|<b>x|<i>y|<u>|javascript:alert\(5\)"|onerror=alert\(2\)>`)
	found := 0
	for _, e := range Entries() {
		if !strings.Contains(e.Name, "-hostile") {
			continue
		}
		found++
		html := render(t, e)
		if m := acting.FindString(html); m != "" {
			t.Errorf("%s holds %q unescaped", e.Name, m)
		}
		if !strings.Contains(html, "&lt;script&gt;alert(1)") && !strings.Contains(html, "&lt;script&gt;") {
			t.Errorf("%s shows none of the hostile text", e.Name)
		}
	}
	if found < 8 {
		t.Errorf("only %d hostile states", found)
	}
}

// TestWeight holds the pages to their size after gzip, and the overview to its
// number of elements.
func TestWeight(t *testing.T) {
	limits := map[string]int{"issue": 14 << 10, "issues": 15 << 10, "overview": 14 << 10, "service-setup": 6 << 10, "services": 6 << 10, "system": 8 << 10, "signin": 4 << 10}
	for _, e := range Entries() {
		html := render(t, e)
		if e.Page == "error" && len(html) > 4096 {
			t.Errorf("%s: %d bytes, more than 4 KiB", e.Name, len(html))
		}
		if limit := limits[e.Page]; limit > 0 && packed(html) > limit {
			t.Errorf("%s: %d bytes after gzip, more than %d", e.Name, packed(html), limit)
		}
		if n := len(tags(html)); e.Page == "overview" && n > 1_500 {
			t.Errorf("%s: %d elements", e.Name, n)
		}
	}
}

func packed(s string) int {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.Len()
}

// TestListOfFifty holds the longest usual list to its size.
func TestListOfFifty(t *testing.T) {
	html := render(t, Entry{Component: fifty().Whole()})
	if n := packed(html); n > 23<<10 {
		t.Errorf("%d bytes after gzip", n)
	}
	if n := len(tags(html)); n > 2_800 {
		t.Errorf("%d elements", n)
	}
}

// fifty is a whole page of the list.
func fifty() page.Issues {
	return page.NewIssues(chrome("/issues"), listIn(func(in *page.IssuesIn) {
		in.Trend, in.Rows = trendIn("30m"), nil
		for i := range page.DefaultSize {
			r := listed[i%len(listed)]
			r.number += int64(i)
			r.hours = wave(24, float64(40+i), float64(7*i), uint64(i))
			in.Rows = append(in.Rows, r.in())
		}
	}))
}
