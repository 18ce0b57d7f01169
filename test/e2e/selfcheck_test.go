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
