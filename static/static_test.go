package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func get(t *testing.T, method, target, encoding string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	if encoding != "" {
		r.Header.Set("Accept-Encoding", encoding)
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestVendoredFilesAreTheOnesWeRead(t *testing.T) {
	for name, want := range map[string]string{"js/htmx.min.js": "a0abb04f2f45"} {
		sum := sha256.Sum256(files[name].plain)
		if got := hex.EncodeToString(sum[:6]); got != want {
			t.Errorf("%s: SHA-256 begins with %s, want %s", name, got, want)
		}
	}
}

func TestPathNamesThePresentContent(t *testing.T) {
	if got := Path(Stylesheet); !regexp.MustCompile(`^/static/[0-9a-f]{12}/css/errata\.css$`).MatchString(got) {
		t.Errorf("Path = %q", got)
	}
	one := fstest.MapFS{"css/a.css": {Data: []byte("a{}")}, "js/x.js": {Data: []byte("x")}}
	two := fstest.MapFS{"css/a.css": {Data: []byte("a{}")}, "js/x.js": {Data: []byte("y")}}
	_, first := load(one)
	_, again := load(one)
	_, other := load(two)
	if first != again || first == other {
		t.Errorf("fingerprints %s, %s, %s: the same files must give the same, others another", first, again, other)
	}
}

func TestPathOfNothingPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Path("css/none.css")
}

func TestStylesheetIsJoinedWithTheLayersFirst(t *testing.T) {
	css := string(files[Stylesheet].plain)
	layers, first := strings.Index(css, "@layer reset, tokens, base, layout, components, pages, responsive, utilities, print;"), strings.Index(css, "@layer reset {")
	if layers < 0 || first < 0 || layers > first {
		t.Errorf("order of layers at %d, first layer at %d", layers, first)
	}
	for _, name := range []string{"tokens", "base", "layout", "components", "pages", "responsive", "utilities", "print"} {
		if !strings.Contains(css, "@layer "+name+" {") {
			t.Errorf("layer %s is missing", name)
		}
	}
	if open, shut := strings.Count(css, "{"), strings.Count(css, "}"); open != shut {
		t.Errorf("%d braces open, %d shut", open, shut)
	}
	for _, m := range regexp.MustCompile(`url\("([^"]+)"\)`).FindAllStringSubmatch(css, -1) {
		if _, ok := files[path.Join("css", m[1])]; !ok {
			t.Errorf("%s names no file", m[0])
		}
	}
}

func TestScriptsImportFilesThatExist(t *testing.T) {
	for name, f := range files {
		if path.Ext(name) != ".js" || strings.HasSuffix(name, ".min.js") {
			continue
		}
		for _, m := range regexp.MustCompile(`import "(\./[^"]+)"`).FindAllStringSubmatch(string(f.plain), -1) {
			if _, ok := files[path.Join("js", m[1])]; !ok {
				t.Errorf("%s imports %s, which does not exist", name, m[1])
			}
		}
		if regexp.MustCompile(`\b(eval|new Function|innerHTML|insertAdjacentHTML|document\.write)\b`).Match(f.plain) {
			t.Errorf("%s makes code or markup from text", name)
		}
	}
}

// pageSheets are the stylesheets of sections and what each may weigh, packed.
var pageSheets = map[string]int{"act": 3_100, "events": 2_400, "export": 500, "help": 500, "issue": 2_000, "overview": 2_600, "palette": 1_000, "people": 2_700, "print": 900, "reports": 1_200, "response": 1_100, "search": 2_200, "system": 900, "trends": 1_200}

// TestStylesheetsOfPages holds them to the layers that the first stylesheet
// puts in order, and to files that have a limit.
func TestStylesheetsOfPages(t *testing.T) {
	for name, f := range files {
		if path.Dir(name) != "css/pages" {
			continue
		}
		if pageSheets[strings.TrimSuffix(path.Base(name), ".css")] == 0 {
			t.Errorf("%s has no limit", name)
		}
		depth := 0
		for line := range strings.Lines(string(f.plain)) {
			if at := strings.TrimSpace(line); depth == 0 && at != "" && !regexp.MustCompile(`^@layer (pages|responsive|print) \{$`).MatchString(at) {
				t.Errorf("%s: %q is in no layer of a page", name, at)
			}
			depth += strings.Count(line, "{") - strings.Count(line, "}")
		}
		if depth != 0 {
			t.Errorf("%s: %d braces more open than shut", name, depth)
		}
	}
}

// scripts are what pages load together, and what each may weigh, packed.
var scripts = map[string]struct {
	files []string
	limit int
}{
	"errata":   {[]string{"js/errata.js", "js/time.js", "js/form.js", "js/charts.js", "js/keys.js", "js/toast.js", "js/act.js"}, 8 << 10},
	"live":     {[]string{"js/live.js"}, 2_500},
	"combobox": {[]string{"js/combobox.js"}, 2_700},
	"palette":  {[]string{"js/palette.js"}, 2_100},
	"brush":    {[]string{"js/brush.js"}, 1_400},
	"htmx":     {[]string{"js/htmx.min.js"}, 17_500},
}

// TestEveryScriptIsMeasured holds each script to one group with a limit.
func TestEveryScriptIsMeasured(t *testing.T) {
	groups := map[string]int{}
	for _, g := range scripts {
		for _, name := range g.files {
			groups[name]++
		}
	}
	for name := range files {
		if strings.HasPrefix(name, "js/") && groups[name] != 1 {
			t.Errorf("%s is in %d groups, not in one", name, groups[name])
		}
	}
}

func TestWeight(t *testing.T) {
	packed := func(names ...string) (n int) {
		for _, name := range names {
			if f := files[name]; f.packed != nil {
				n += len(f.packed)
			} else {
				n += len(f.plain)
			}
		}
		return n
	}
	weights := map[string][2]int{
		"stylesheet": {packed(Stylesheet), 13_500},
		"fonts":      {packed("fonts/geist.woff2", "fonts/geist-mono.woff2"), 34_000},
		"sprite":     {packed("icons/icons.svg"), 5_000},
	}
	for name, g := range scripts {
		weights[name] = [2]int{packed(g.files...), g.limit}
	}
	for name, limit := range pageSheets {
		weights["css/pages/"+name] = [2]int{packed("css/pages/" + name + ".css"), limit}
	}
	for what, c := range weights {
		if c[0] == 0 || c[0] > c[1] {
			t.Errorf("%s: %d bytes, limit %d", what, c[0], c[1])
		}
	}
}

func TestHandler(t *testing.T) {
	here, old := "/static/"+fingerprint+"/", "/static/000000000000/"
	for name, c := range map[string]struct {
		method, target, accept string
		status                 int
		kind, cache, encoding  string
		vary                   bool
	}{
		"kept for ever":            {"GET", here + "js/errata.js", "", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "", true},
		"packed":                   {"GET", here + Stylesheet, "br, gzip", 200, "text/css; charset=utf-8", "public, max-age=31536000, immutable", "gzip", true},
		"packing refused":          {"GET", here + Stylesheet, "gzip;q=0", 200, "text/css; charset=utf-8", "public, max-age=31536000, immutable", "", true},
		"fonts are packed already": {"GET", here + "fonts/geist.woff2", "gzip", 200, "font/woff2", "public, max-age=31536000, immutable", "", false},
		"head":                     {"HEAD", here + "icons/icons.svg", "", 200, "image/svg+xml; charset=utf-8", "public, max-age=31536000, immutable", "", true},
		"of another version":       {"GET", old + "js/errata.js", "", 200, "text/javascript; charset=utf-8", "no-cache", "", true},
		"unknown file":             {"GET", here + "js/none.js", "", 404, "text/plain; charset=utf-8", "", "", false},
		"a part of the stylesheet": {"GET", here + "css/30-base.css", "", 404, "text/plain; charset=utf-8", "", "", false},
		"climbing out":             {"GET", here + "../static.go", "", 404, "text/plain; charset=utf-8", "", "", false},
		"no file named":            {"GET", "/static/", "", 404, "text/plain; charset=utf-8", "", "", false},
		"other method":             {"POST", here + "js/errata.js", "", 405, "text/plain; charset=utf-8", "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := get(t, c.method, c.target, c.accept)
			h := r.Header
			if r.StatusCode != c.status || h.Get("Content-Type") != c.kind || h.Get("Cache-Control") != c.cache || h.Get("Content-Encoding") != c.encoding {
				t.Errorf("%d %v", r.StatusCode, h)
			}
			if (h.Get("Vary") == "Accept-Encoding") != c.vary {
				t.Errorf("Vary = %q", h.Get("Vary"))
			}
			if r.StatusCode == http.StatusOK && h.Get("X-Content-Type-Options") != "nosniff" {
				t.Error("no nosniff")
			}
			if b := body(t, r); c.method == "HEAD" && len(b) != 0 {
				t.Errorf("HEAD answered %d bytes", len(b))
			}
		})
	}
}

func TestPackedIsTheSame(t *testing.T) {
	plain := body(t, get(t, "GET", Path("js/htmx.min.js"), ""))
	r, err := gzip.NewReader(bytes.NewReader(body(t, get(t, "GET", Path("js/htmx.min.js"), "gzip"))))
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(plain, unpacked) {
		t.Errorf("unpacked %d bytes of %d, %v", len(unpacked), len(plain), err)
	}
}

func TestIcons(t *testing.T) {
	if !bytes.Contains(files["icons/icons.svg"].plain, []byte(`<symbol id="search"`)) {
		t.Error("the sprite has no icon “search”")
	}
	if got := Icon("search"); got != Path("icons/icons.svg")+"#search" {
		t.Errorf("Icon = %q", got)
	}
}

func TestLicencesComeAlong(t *testing.T) {
	for _, name := range []string{"licenses/OFL-Geist.txt", "licenses/OFL-GeistMono.txt", "licenses/lucide.txt", "licenses/htmx.txt"} {
		if len(files[name].plain) < 200 {
			t.Errorf("%s is missing", name)
		}
	}
}
