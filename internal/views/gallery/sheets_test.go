package gallery

import (
	"bytes"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"

	"errata/static"
)

// fetch is a file as a browser that unpacks gets it.
func fetch(t *testing.T, url, accept string) []byte {
	t.Helper()
	r, w := httptest.NewRequest("GET", url, nil), httptest.NewRecorder()
	r.Header.Set("Accept-Encoding", accept)
	static.Handler().ServeHTTP(w, r)
	if w.Code != 200 {
		t.Fatalf("%s: %d", url, w.Code)
	}
	return w.Body.Bytes()
}

var (
	linked    = regexp.MustCompile(`<link rel="stylesheet" href="([^"]+)">`)
	loads     = regexp.MustCompile(`<(?:script src|link rel="(?:icon|preload|stylesheet)" href)="([^"]+)"`)
	imports   = regexp.MustCompile(`import "\./([^"]+)"`)
	className = regexp.MustCompile(`\.([a-zA-Z][\w-]*)`)
	comment   = regexp.MustCompile(`(?s)/\*.*?\*/`)
	selector  = regexp.MustCompile(`([^{};]+)\{`)
	classes   = regexp.MustCompile(` class="([^"]*)"`)
)

// styled are the classes that stylesheets name.
func styled(t *testing.T, urls ...string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, url := range urls {
		for _, s := range selector.FindAllSubmatch(comment.ReplaceAll(fetch(t, url, ""), nil), -1) {
			for _, m := range className.FindAllSubmatch(s[1], -1) {
				out[string(m[1])] = true
			}
		}
	}
	return out
}

func sheetsOf(html string) []string {
	var out []string
	for _, m := range linked.FindAllStringSubmatch(html, -1) {
		out = append(out, m[1])
	}
	return out
}

// TestPagesLinkTheirStyles: what a page's elements are called is styled by the
// stylesheets that it links, if any stylesheet styles it.
func TestPagesLinkTheirStyles(t *testing.T) {
	byLinks, pages, every := map[string]map[string]bool{}, map[string]string{}, map[string]bool{}
	for _, e := range Entries() {
		html := render(t, e)
		pages[e.Name] = html
		for _, url := range sheetsOf(html) {
			every[url] = true
		}
	}
	var all []string
	for url := range every {
		all = append(all, url)
	}
	anywhere := styled(t, all...)
	for name, html := range pages {
		links := sheetsOf(html)
		key := strings.Join(links, " ")
		if byLinks[key] == nil {
			byLinks[key] = styled(t, links...)
		}
		missing := map[string]bool{}
		for _, m := range classes.FindAllStringSubmatch(html, -1) {
			for c := range strings.FieldsSeq(m[1]) {
				missing[c] = anywhere[c] && !byLinks[key][c]
			}
		}
		for c, is := range missing {
			if is {
				t.Errorf("%s: the style of class %s is in a stylesheet that it does not link", name, c)
			}
		}
	}
}

// TestFirstLoad holds all that a first visit of a page fetches to its size:
// the page, stylesheets, scripts with what they import, fonts and icons.
func TestFirstLoad(t *testing.T) {
	for _, e := range Entries() {
		html := render(t, e)
		seen := map[string]bool{}
		sum := packed(html)
		var load func(url string)
		load = func(url string) {
			if seen[url] {
				return
			}
			seen[url] = true
			sum += len(fetch(t, url, "gzip"))
			if path.Ext(url) == ".js" && !strings.HasSuffix(url, ".min.js") {
				for _, m := range imports.FindAllSubmatch(fetch(t, url, ""), -1) {
					load(path.Join(path.Dir(url), string(m[1])))
				}
			}
		}
		for _, m := range loads.FindAllStringSubmatch(html, -1) {
			load(m[1])
		}
		load(static.Path("fonts/geist-mono.woff2"))
		load(static.Path("icons/icons.svg"))
		if !bytes.Contains([]byte(html), []byte("errata.js")) || len(seen) < 8 {
			t.Errorf("%s: loads only %d files", e.Name, len(seen))
		}
		if sum > 100<<10 {
			t.Errorf("%s: %d bytes at the first visit", e.Name, sum)
		}
	}
}
