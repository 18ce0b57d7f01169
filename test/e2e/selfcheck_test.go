package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A record that sees nothing would make every page clean.
func TestRecordSeesWhatPagesMustNotDo(t *testing.T) {
	const policy = "default-src 'none'; script-src 'self'"
	pages := map[string]struct{ policy, body, want string }{
		"dialog":         {"", `<script>alert(1)</script>`, "dialog: 1"},
		"console":        {"", `<script>console.warn("odd")</script>`, "console warning"},
		"exception":      {"", `<script>nowhere()</script>`, "exception"},
		"foreign":        {"", `<img src="http://127.0.0.1:9/x.png" alt="">`, "foreign request: http://127.0.0.1:9/x.png"},
		"missing file":   {"", `<img src="/missing.png" alt="">`, "status of 404"},
		"inline script":  {policy, `<script>1</script>`, "policy: script-src"},
		"inline style":   {policy, `<p style="color:red">x</p>`, "policy: style-src"},
		"event handler":  {policy, `<img src="data:," onerror="1" alt="">`, "policy: "},
		"foreign script": {policy, `<script src="http://127.0.0.1:9/x.js"></script>`, "policy: script-src"},
	}
	mux := http.NewServeMux()
	for name, p := range pages {
		mux.HandleFunc("GET /"+strings.ReplaceAll(name, " ", "-"), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			if p.policy != "" {
				w.Header().Set("Content-Security-Policy", p.policy)
			}
			_, _ = w.Write([]byte(`<!DOCTYPE html><link rel="icon" href="data:,"><title>x</title>` + p.body))
		})
	}
	srv := httptest.NewServer(mux)
	defer srv.Close()
	b := newTab(t, srv.URL, true)
	for name, p := range pages {
		t.Run(name, func(t *testing.T) {
			b.t = t
			b.take()
			b.open("/" + strings.ReplaceAll(name, " ", "-"))
			var seen []string
			b.wait(p.want, func() bool {
				seen = append(seen, b.take()...)
				return strings.Contains(strings.Join(seen, "\n"), p.want)
			})
		})
	}
}

// Neither would a page be accessible because axe was never asked.
func TestFindersFind(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<!DOCTYPE html><title>x</title><style>p{color:#999;background:#fff;width:600px}@media (prefers-color-scheme:dark){p{background:#aaa}}</style>
			<h3>x</h3><p>faint</p><img src="data:,"><i id="a"></i>`))
	}))
	defer srv.Close()
	b := newTab(t, srv.URL, true)
	b.open("/")
	found := strings.Join(b.axe(axeSource(t)), "\n")
	for _, want := range []string{"1440 light: color-contrast", "390 dark: color-contrast", "html-has-lang", "image-alt", "page-has-heading-one", "landmark-one-main"} {
		if !strings.Contains(found, want) {
			t.Errorf("axe does not find %s in:\n%s", want, found)
		}
	}
	if wide := b.overflow(allWidths...); len(wide) != 2 || !strings.Contains(wide[1], "390 px") {
		t.Errorf("overflow at 320 and 390 expected: %q", wide)
	}
}
