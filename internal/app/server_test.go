package app

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
)

func TestLimits(t *testing.T) {
	tests := []struct {
		name   string
		path   string
		header string
		want   int
		says   string
	}{
		{"plain", "/", "", 200, "ok"},
		{"longest address", "/" + strings.Repeat("a", maxURL-1), "", 200, "ok"},
		{"address too long", "/" + strings.Repeat("a", maxURL), "", 414, "The address has 8193 bytes; at most 8192 are taken.\n"},
		{"address of the API too long", "/api/v1/issues?q=" + strings.Repeat("a", maxURL), "", 414, `{"error":{"code":"invalid","message":"The address has 8209 bytes; at most 8192 are taken."`},
		{"address far too long", "/" + strings.Repeat("a", 40<<10), "", 414, ""},
		{"headers fit", "/", strings.Repeat("a", maxHeaders-1000), 200, "ok"},
		{"headers too large", "/", strings.Repeat("a", maxHeaders), 431, "at most 16384 are taken."},
		{"headers beyond what is read", "/", strings.Repeat("a", 100<<10), 431, ""},
	}
	s := run(t, limits(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.addr()+tt.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if tt.header != "" {
				r.Header.Set("X-Long", tt.header)
			}
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != tt.want || !strings.Contains(string(body), tt.says) {
				t.Errorf("status %d, want %d: %s %v", res.StatusCode, tt.want, body, err)
			}
		})
	}
}

// run serves handler until the test ends.
func run(t *testing.T, handler http.Handler) *server {
	t.Helper()
	s, err := listen(t.Context(), "127.0.0.1:0", handler, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestRequestUnderWayFinishes(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s, err := listen(t.Context(), "127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-leave
		io.WriteString(w, "whole")
	}), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	conn, err := net.Dial("tcp", s.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-entered
	cancel()
	for refused := false; !refused; { // the listener closes at once
		c, err := net.Dial("tcp", s.addr())
		if refused = err != nil; !refused {
			c.Close()
		}
	}
	close(leave)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if err := <-done; err != nil || string(body) != "whole" {
		t.Error(string(body), err)
	}
}

func TestCompress(t *testing.T) {
	page := strings.Repeat("<p>the same again</p>", 200)
	h, err := compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stream" {
			w.Header().Set("Content-Type", "text/event-stream")
		}
		io.WriteString(w, page)
	}))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/": "gzip", "/stream": ""} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Encoding", "gzip")
		h.ServeHTTP(w, r)
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("%s: Content-Encoding %q, want %q", path, got, want)
		}
	}
}

// wing is a door that tells its name and the path it was asked for.
type wing struct {
	name string
	rows []errata.Route
}

func (w wing) Routes() []errata.Route { return w.rows }

func (w wing) Handler() http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { io.WriteString(rw, w.name) })
}

func TestMount(t *testing.T) {
	mux := http.NewServeMux()
	intake := wing{"intake", []errata.Route{
		{Method: "POST", Path: "/api/{project}/envelope/"},
		{Method: "POST", Path: "/api/{project}/envelope"},
		{Method: "POST", Path: "/api/v1/events"},
	}}
	pages := wing{"pages", []errata.Route{
		{Method: "GET", Path: "/"}, {Method: "GET", Path: "/api/v1/events"}, {Method: "GET", Path: "/issues/:id"}, {Method: "GET", Path: "/static/*"},
	}}
	rest := func(w http.ResponseWriter, _ *http.Request, allow []string) {
		io.WriteString(w, strings.Join(allow, " "))
	}
	if err := mount(mux, rest, intake, pages); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, method, path, want string }{
		{"one path, two doors: write", "POST", "/api/v1/events", "intake"},
		{"one path, two doors: read", "GET", "/api/v1/events", "pages"},
		{"final slash", "POST", "/api/42/envelope/", "intake"},
		{"no final slash", "POST", "/api/42/envelope", "intake"},
		{"nothing below a final slash", "POST", "/api/42/envelope/x", ""},
		{"root alone", "GET", "/", "pages"},
		{"parameter", "GET", "/issues/CHK-1", "pages"},
		{"rest", "GET", "/static/css/a.css", "pages"},
		{"unknown", "GET", "/nowhere", ""},
		{"wrong method", "GET", "/api/42/envelope/", "POST"},
		{"wrong method, both doors know the path", "DELETE", "/api/v1/events", "GET HEAD POST"},
		{"head is a get", "HEAD", "/issues/CHK-1", "pages"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, nil))
			if d := cmp.Diff(tt.want, w.Body.String()); d != "" {
				t.Error(d)
			}
		})
	}
	twice := wing{"twice", []errata.Route{{Method: "GET", Path: "/issues/{number}"}}}
	if err := mount(http.NewServeMux(), rest, pages, twice); err == nil {
		t.Error("a row that stands twice was taken")
	}
}

func TestReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		problem := error(nil)
		h := &health{checks: []check{
			{"queue", func(context.Context) error { return problem }},
			{"database", func(ctx context.Context) error {
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(time.Second):
					return nil
				}
			}},
		}}
		ask := func() string {
			w := httptest.NewRecorder()
			h.ready(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
			return http.StatusText(w.Code) + ": " + strings.TrimSpace(w.Body.String())
		}
		got := []string{ask()}
		problem = errors.New("full")
		got = append(got, ask())
		problem = nil
		h.checks[1].ok = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		got = append(got, ask())
		h.drain()
		got = append(got, ask())
		want := []string{"OK: ready", "Service Unavailable: not ready: queue", "Service Unavailable: not ready: database", "Service Unavailable: stopping"}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}
