package sentry_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/intake/sentry"
)

func post(path, body string) *http.Request {
	return httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
}

func TestKeys(t *testing.T) {
	dsn := "{\"dsn\":\"https://" + goodKey + ":secret@errors.test/base/42\"}\n{\"type\":\"event\"}\n" + goodEvent
	plain := envelope(goodEvent)
	tests := []struct {
		name, path, auth, authorization, body string
		status                                int
		note                                  string
	}{
		{"query", "/api/42/envelope/?sentry_key=" + goodKey, "", "", plain, 200, ""},
		{"X-Sentry-Auth", "/api/42/envelope/", "Sentry sentry_version=7, sentry_key=" + goodKey + ", other=1", "", plain, 200, ""},
		{"X-Sentry-Auth over lines", "/api/42/envelope/", "SENTRY sentry_key=" + goodKey + "\n sentry_version=2", "", plain, 200, ""},
		{"Authorization", "/api/42/envelope/", "", "sentry sentry_key=" + goodKey, plain, 200, ""},
		{"bearer", "/api/42/envelope/", "", "Bearer " + goodKey, plain, 200, ""},
		{"envelope header", "/api/42/envelope/", "", "", dsn, 200, ""},
		{"no slash", "/api/42/envelope?sentry_key=" + goodKey, "", "", plain, 200, ""},
		{"store without project", "/api/store/?sentry_key=" + goodKey, "", "", goodEvent, 200, ""},
		{"store without project or slash", "/api/store?sentry_key=" + goodKey, "", "", goodEvent, 200, ""},
		{"store", "/api/42/store?sentry_key=" + goodKey, "", "", goodEvent, 200, ""},
		{"query wins over header", "/api/42/envelope/?sentry_key=" + goodKey, "Sentry sentry_key=other", "", plain, 200, "key_mismatch"},
		{"missing", "/api/42/envelope/", "", "", plain, 401, ""},
		{"missing, and the header is broken", "/api/42/envelope/", "", "", "hello", 401, ""},
		{"missing in store", "/api/42/store/", "", "", goodEvent, 401, ""},
		{"basic is none", "/api/42/envelope/", "", "Basic " + goodKey, plain, 401, ""},
		{"unknown", "/api/42/envelope/?sentry_key=00000000000000000000000000000000", "", "", plain, 403, ""},
		{"wrong project", "/api/43/envelope/?sentry_key=" + goodKey, "", "", plain, 403, ""},
		{"project is a word", "/api/shop/envelope/?sentry_key=" + goodKey, "", "", plain, 403, ""},
		{"key of the header, wrong project", "/api/43/envelope/", "", "", dsn, 403, ""},
		{"database away", "/api/42/envelope/?sentry_key=slow", "", "", plain, 429, ""},
		{"too many guesses", "/api/42/envelope/?sentry_key=guess", "", "", plain, 429, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRecorder()
			req := post(tt.path, tt.body)
			req.Header.Set("X-Sentry-Auth", tt.auth)
			req.Header.Set("Authorization", tt.authorization)
			w := r.do(req)
			if w.Code != tt.status {
				t.Fatalf("answered %d %s", w.Code, w.Body)
			}
			if tt.status != 200 && len(r.outcomes) > 0 {
				t.Errorf("a request without a project has outcomes %v", r.outcomes)
			}
			if tt.note != "" && !hasNote(r.events, tt.note) {
				t.Errorf("no note %q", tt.note)
			}
		})
	}
}

func TestBackOff(t *testing.T) {
	tests := []struct{ reason, limits string }{
		{"queue_full", "60::organization:queue_full"},
		{"queue_unavailable", "60::organization:queue_unavailable"},
		{"disk_full", "60::organization:disk_full"},
		{"key", "60:error;default;security:key:quota"},
		{"project", "60:error;default;security:project:quota"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			r := newRecorder()
			r.refuse = because(errata.SlowDown, tt.reason)
			w := r.do(post("/api/42/envelope/?sentry_key="+goodKey, envelope(goodEvent)+"{\"type\":\"session\"}\n{}"))
			if w.Code != 429 || w.Header().Get("X-Sentry-Rate-Limits") != tt.limits || w.Header().Get("Retry-After") != "60" {
				t.Errorf("answered %d %v", w.Code, w.Header())
			}
			if diff := cmp.Diff([]string{"error/rate_limited/" + tt.reason, "session/filtered/item_type"}, r.outcomes); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// SDKs drop an event on a 5xx and never send it again.
func TestNeverAnswers5xx(t *testing.T) {
	for _, code := range []errata.Code{errata.Internal, errata.Unavailable} {
		r := newRecorder()
		r.refuse = errata.E(code, "Something.", nil)
		w := r.do(post("/api/42/store/?sentry_key="+goodKey, goodEvent))
		if w.Code != 429 || w.Header().Get("X-Sentry-Rate-Limits") == "" {
			t.Errorf("%s: answered %d %v", code, w.Code, w.Header())
		}
	}
}

func TestSheddingIsSilent(t *testing.T) {
	r := newRecorder()
	r.refuse = because(errata.SlowDown, "shed_level")
	if w := r.do(post("/api/42/envelope/?sentry_key="+goodKey, envelope(goodEvent))); w.Code != 200 {
		t.Errorf("answered %d", w.Code)
	}
}

func TestAnswers(t *testing.T) {
	r := newRecorder()
	w := r.do(post("/api/42/envelope/?sentry_key="+goodKey, "{\"event_id\":\"5C1E7A9D-04B8-4F6E-9A2D-7F31C0BE8842\"}\n{\"type\":\"event\"}\n"+goodEvent))
	if got := w.Body.String(); got != `{"id":"5c1e7a9d04b84f6e9a2d7f31c0be8842"}` {
		t.Errorf("answered %s", got)
	}
	h := w.Header()
	if h.Get("X-Sentry-Rate-Limits") != "3600:replay;profile;profile_chunk;profile_chunk_ui;trace_metric;metric_bucket:organization:unsupported" ||
		h.Get("Content-Type") != "application/json" || h.Get("Access-Control-Expose-Headers") != "x-sentry-error, x-sentry-rate-limits, retry-after" {
		t.Errorf("headers %v", h)
	}
	quiet := sentry.New(sentry.Options{Ingest: r, Clock: func() time.Time { return received }, KeepSending: true}).Handler()
	w = httptest.NewRecorder()
	quiet.ServeHTTP(w, post("/api/42/store/?sentry_key="+goodKey, goodEvent))
	if w.Header().Get("X-Sentry-Rate-Limits") != "" {
		t.Error("the hint cannot be switched off")
	}
	if !strings.HasPrefix(w.Body.String(), `{"id":"`) || len(r.events[1].ID) != 32 || r.events[1].ID[12] != '7' {
		t.Errorf("a fresh id: %s, %s", w.Body, r.events[1].ID)
	}
	w = r.do(post("/api/42/store/?sentry_key="+goodKey, "{"))
	if got := strings.TrimSpace(w.Body.String()); got != `{"detail":"The event is not valid JSON.","causes":["bad_json"]}` || w.Header().Get("X-Sentry-Error") != "The event is not valid JSON." {
		t.Errorf("answered %s, %v", got, w.Header())
	}
}

func TestPreflight(t *testing.T) {
	for _, row := range sentry.Routes() {
		if row.Method != http.MethodOptions {
			continue
		}
		path := strings.NewReplacer("{id}", "42", "{$}", "").Replace(row.Path)
		w := newRecorder().do(httptest.NewRequest(http.MethodOptions, path, nil))
		h := w.Header()
		if w.Code != 204 || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Methods") != "POST" ||
			h.Get("Access-Control-Max-Age") != "3600" || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "x-sentry-auth") {
			t.Errorf("%s answered %d %v", path, w.Code, h)
		}
	}
}

func TestMethodsAndPaths(t *testing.T) {
	for path, want := range map[string]int{"/api/42/store/": 405, "/api/42/envelope/": 405, "/api/42/minidump/": 404, "/api/42/envelope/x": 404} {
		w := newRecorder().do(httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("GET %s answered %d %v", path, w.Code, w.Header())
		}
	}
}

// Every row can be mounted on one http.ServeMux and reaches its handler there.
func TestRoutesMount(t *testing.T) {
	r := newRecorder()
	mux, handler := http.NewServeMux(), r.handler()
	for _, row := range sentry.Routes() {
		mux.Handle(row.Method+" "+row.Path, handler)
	}
	mux.Handle("POST /api/v1/events", http.NotFoundHandler())
	for _, path := range []string{"/api/42/envelope/", "/api/42/envelope", "/api/42/store/", "/api/42/store", "/api/store/", "/api/store"} {
		body := goodEvent
		if strings.Contains(path, "envelope") {
			body = envelope(goodEvent)
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, post(path+"?sentry_key="+goodKey, body))
		if w.Code != 200 {
			t.Errorf("%s answered %d %s", path, w.Code, w.Body)
		}
	}
}

func TestOrigins(t *testing.T) {
	tests := []struct {
		name, origin, referer string
		status                int
	}{
		{"listed", "https://shop.example.test", "", 200},
		{"below a star", "https://eu.shop.test:8443", "", 200},
		{"the star itself is not below", "https://shop.test", "", 403},
		{"other", "https://evil.test", "", 403},
		{"listed as a prefix", "https://shop.example.test.evil.test", "", 403},
		{"referer", "", "https://shop.example.test/cart", 200},
		{"origin before referer", "https://evil.test", "https://shop.example.test/cart", 403},
		{"null origin", "null", "", 403},
		{"none", "", "", 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRecorder()
			r.key.Origins = []string{"shop.example.test", "*.shop.test"}
			req := post("/api/42/envelope/?sentry_key="+goodKey, envelope(goodEvent))
			req.Header.Set("Origin", tt.origin)
			req.Header.Set("Referer", tt.referer)
			if w := r.do(req); w.Code != tt.status {
				t.Errorf("answered %d", w.Code)
			}
			if tt.status == 403 && (len(r.outcomes) != 1 || r.outcomes[0] != "request/rejected/origin") {
				t.Errorf("outcomes %v", r.outcomes)
			}
		})
	}
}

func TestItems(t *testing.T) {
	big := strings.Repeat("x", 1<<20+1)
	tests := []struct {
		name, body string
		status     int
		outcomes   []string
	}{
		{
			"a good event before the break is kept", envelope(goodEvent) + "{\"type\":\"session\",\"length\":99}\n{}", 200,
			[]string{"error/stored/full", "session/rejected/envelope"},
		},
		{"the same with a header that is none", envelope(goodEvent) + "hello", 200, []string{"error/stored/full", "other/rejected/envelope"}},
		{"a bad event before the break", envelope("{") + "hello", 400, []string{"request/rejected/envelope"}},
		{"other items before the break", "{}\n{\"type\":\"session\"}\n{}\nhello", 400, []string{"request/rejected/envelope"}},
		{"a bad event beside others", envelope("{") + "{\"type\":\"session\"}\n{}", 200, []string{"error/rejected/bad_json", "session/filtered/item_type"}},
		{
			"a large event beside others", "{}\n{\"type\":\"event\"}\n" + big + "\n{\"type\":\"session\"}\n{}", 200,
			[]string{"error/rejected/body_size", "session/filtered/item_type"},
		},
		{"blank lines and CR LF", "{}\r\n\r\n{\"type\":\"event\"}\r\n" + goodEvent + "\r\n\n\n", 200, []string{"error/stored/full"}},
		{"length null", "{}\n{\"type\":\"event\",\"length\":null}\n" + goodEvent, 200, []string{"error/stored/full"}},
		{
			"every type", "{}\n" + each("attachment", "session", "sessions", "transaction", "feedback", "user_report", "security", "check_in", "replay_event", "x"), 200,
			filtered("attachment", "session", "session", "transaction", "feedback", "feedback", "security", "other", "other", "other"),
		},
		{
			"batches", "{}\n{\"type\":\"log\",\"item_count\":3}\n{\"items\":[{},{},{}]}\n{\"type\":\"span\",\"item_count\":1e9}\n{}\n{\"type\":\"span\",\"item_count\":1000000}\n{}", 200,
			filtered("log", "log", "log", "span", "span"),
		},
		{"a second event after a bad one", envelope("{") + "{\"type\":\"event\"}\n" + goodEvent, 200, []string{"error/rejected/bad_json", "error/rejected/envelope"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRecorder()
			w := r.do(post("/api/42/envelope/?sentry_key="+goodKey, tt.body))
			if w.Code != tt.status {
				t.Errorf("answered %d %s", w.Code, w.Body)
			}
			if diff := cmp.Diff(tt.outcomes, r.outcomes); diff != "" {
				t.Error(diff)
			}
			r.known(t)
		})
	}
}

func each(kinds ...string) string {
	var b strings.Builder
	for _, k := range kinds {
		b.WriteString("{\"type\":\"" + k + "\",\"length\":2}\n{}\n")
	}
	return b.String()
}

func filtered(categories ...string) (out []string) {
	for _, c := range categories {
		out = append(out, c+"/filtered/item_type")
	}
	return out
}

func TestClientReports(t *testing.T) {
	tests := []struct {
		name, payload string
		outcome       string
		reports       []string
	}{
		{
			"counts", `{"discarded_events":[{"reason":"ratelimit_backoff","category":"error","quantity":3},{"reason":"send_error","category":"session","quantity":1}]}`,
			"stored/full",
			[]string{"ratelimit_backoff/error 3", "send_error/session 1"},
		},
		{
			"nonsense is left out", `{"discarded_events":[{"reason":"","category":"error","quantity":3},{"reason":"a b","category":"c","quantity":1},{"reason":"x","category":"y","quantity":-1},7]}`,
			"stored/full", nil,
		},
		{"a quantity beyond belief", `{"discarded_events":[{"reason":"x","category":"y","quantity":99999999999}]}`, "stored/full", []string{"x/y 1000000000"}},
		{"not JSON", `{`, "rejected/bad_json", nil},
		{"a list", `[]`, "rejected/expected_object", nil},
		{"too large", `{"x":"` + strings.Repeat("x", 4<<10) + `"}`, "rejected/body_size", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRecorder()
			w := r.do(post("/api/42/envelope/?sentry_key="+goodKey, "{}\n{\"type\":\"client_report\"}\n"+tt.payload))
			if w.Code != 200 || strings.TrimSpace(w.Body.String()) != "{}" {
				t.Errorf("answered %d %s", w.Code, w.Body)
			}
			if diff := cmp.Diff([]string{"client_report/" + tt.outcome}, r.outcomes); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.reports, r.reports); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	tests := []struct {
		name    string
		proxies []netip.Prefix
		forward string
		want    string
	}{
		{"direct", nil, "203.0.113.9", "192.0.2.1"}, // httptest's address
		{"behind a trusted proxy", proxies, "203.0.113.9", "203.0.113.9"},
		{"a client that makes one up", proxies, "10.0.0.1, 203.0.113.9", "203.0.113.9"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRecorder()
			req := post("/api/42/store/?sentry_key="+goodKey, `{"user":{"ip_address":"{{auto}}"}}`)
			req.Header.Set("X-Forwarded-For", tt.forward)
			w := httptest.NewRecorder()
			sentry.New(sentry.Options{Ingest: r, Clock: func() time.Time { return received }, TrustedProxies: tt.proxies}).Handler().ServeHTTP(w, req)
			if r.ip != tt.want || len(r.events) != 1 || r.events[0].ClientIP != tt.want {
				t.Errorf("asked for %s, events %v", r.ip, r.events)
			}
		})
	}
}

func TestClientIsNamedByHeaders(t *testing.T) {
	tests := []struct{ name, header, auth, payload, want string }{
		{"auth", "{}", "sentry.rust/0.49.5", `{}`, "sentry.rust 0.49.5"},
		{"envelope header", `{"sdk":{"name":"a","version":"1"}}`, "b/2", `{}`, "a 1"},
		{"payload", `{"sdk":{"name":"a","version":"1"}}`, "b/2", `{"sdk":{"name":"c","version":"3"}}`, "c 3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRecorder()
			req := post("/api/42/envelope/", tt.header+"\n{\"type\":\"event\"}\n"+tt.payload)
			req.Header.Set("X-Sentry-Auth", "Sentry sentry_key="+goodKey+", sentry_client="+tt.auth)
			r.do(req)
			if len(r.events) != 1 || r.events[0].SDK == nil || r.events[0].SDK.Name+" "+r.events[0].SDK.Version != tt.want {
				t.Errorf("events %+v", r.events)
			}
		})
	}
}

func FuzzEnvelope(f *testing.F) {
	for _, seed := range []string{
		envelope(goodEvent), "{}\n{\"type\":\"event\"}\n" + goodEvent, "{}\r\n\n{\"type\":\"x\",\"length\":3}\nabc\n" + each("session", "client_report"),
		"{}\n{\"type\":\"log\",\"item_count\":5}\n{}", "hello", "{\"sent_at\":\"2026\",\"sent_at\":1}\n", "{}\n{\"type\":\"event\",\"length\":99}\n{}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := newRecorder()
		w := r.do(post("/api/42/envelope/?sentry_key="+goodKey, string(body)))
		switch w.Code {
		case 200:
		case 400, 413:
			if len(r.outcomes) != 1 || len(r.events) != 0 {
				t.Fatalf("refused with outcomes %v and %d events", r.outcomes, len(r.events))
			}
		default:
			t.Fatalf("answered %d %s", w.Code, w.Body)
		}
		r.known(t)
	})
}
