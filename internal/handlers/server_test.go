package handlers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/auth"
	"errata/internal/errata"
	"errata/internal/handlers"
)

// newServer returns a door that has no services behind it: enough for what is
// decided before one is asked.
func newServer(t *testing.T, log io.Writer) *handlers.Server {
	t.Helper()
	if log == nil {
		log = io.Discard
	}
	clock := func() time.Time { return noon }
	s, err := handlers.New(handlers.Deps{
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), Clock: clock,
		Sessions: auth.NewSessions(nil, true, clock), URL: "https://errors.example.com", Org: func() string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// failing serves an error, or panics with it.
func failing(s *handlers.Server, err error) http.Handler {
	return s.Around(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err == nil {
			panic("the stock list is empty")
		}
		s.Answer(w, r, err)
	}))
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

// What cannot be provoked from outside is described as it is answered.
func TestOpenAPIErrors(t *testing.T) {
	d := readDescription(t)
	errs := map[errata.Code]error{
		errata.SlowDown: errata.Because(errata.SlowDown, "The event engine has too much to do.", nil,
			errata.Detail{Reason: "search.busy", Message: "Too many searches run at once.", Data: map[string]any{"retry_after": 2}}),
		errata.Unavailable: errata.Because(errata.Unavailable, "The event engine does not answer.", io.ErrUnexpectedEOF,
			errata.Detail{Reason: "search.unavailable", Message: "The event engine does not answer."}),
		errata.Internal: errata.E(errata.Internal, "pq: column is missing", io.ErrUnexpectedEOF),
	}
	answers := map[string]any{}
	for _, r := range d.all() {
		m := r.Content["application/json"]
		for name, x := range m.Examples {
			if x.Error == "" {
				continue
			}
			w := get(failing(newServer(t, nil), errs[x.Error]), "/api/v1/issues")
			if fmt.Sprint(w.Code) != r.status {
				t.Errorf("%s answered %d, described as %s", x.Error, w.Code, r.status)
			}
			for header := range r.Headers {
				if w.Header().Get(header) == "" {
					t.Errorf("%s: no header %s", x.Error, header)
				}
			}
			got := decode(t, w.Body.Bytes())
			for _, problem := range d.problems(string(x.Error), schemaOf(t, m), got) {
				t.Error(problem)
			}
			got = settled(got, nil)
			answers[r.where+" "+name] = got
			if diff := cmp.Diff(decode(t, x.Value), got); diff != "" && !*update {
				t.Errorf("%s differs (-update writes it anew): %s", name, diff)
			}
			delete(errs, x.Error)
		}
	}
	if len(errs) > 0 {
		t.Errorf("not described: %v", errs)
	}
	if *update {
		writeExamples(t, answers)
	}
}

func TestErrorStatus(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		status int
		code   errata.Code
	}{
		{"invalid", errata.E(errata.Invalid, "No.", nil), 400, errata.Invalid},
		{"query", errata.Because(errata.Invalid, "No.", nil, errata.Detail{Reason: "query.unknown_key"}), 422, errata.Invalid},
		{"method", errata.Because(errata.Invalid, "No.", nil, errata.Detail{Reason: "method"}), 405, errata.Invalid},
		{"timeout", errata.Because(errata.Invalid, "No.", nil, errata.Detail{Reason: "timeout"}), 408, errata.Invalid},
		{"media type", errata.Because(errata.Invalid, "No.", nil, errata.Detail{Reason: "media_type"}), 415, errata.Invalid},
		{"slow body", os.ErrDeadlineExceeded, 408, errata.Invalid},
		{"large body", &http.MaxBytesError{Limit: 1}, 413, errata.TooLarge},
		{"unauthenticated", errata.E(errata.Unauthenticated, "No.", nil), 401, errata.Unauthenticated},
		{"forbidden", errata.E(errata.Forbidden, "No.", nil), 403, errata.Forbidden},
		{"not found", errata.E(errata.NotFound, "No.", nil), 404, errata.NotFound},
		{"conflict", errata.E(errata.Conflict, "No.", nil), 409, errata.Conflict},
		{"too large", errata.E(errata.TooLarge, "No.", nil), 413, errata.TooLarge},
		{"slow down", errata.E(errata.SlowDown, "No.", nil), 429, errata.SlowDown},
		{"unavailable", errata.E(errata.Unavailable, "No.", nil), 503, errata.Unavailable},
		{"a stranger", io.ErrClosedPipe, 500, errata.Internal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := get(failing(newServer(t, nil), tt.err), "/api/v1/issues")
			var b struct{ Error struct{ Code errata.Code } }
			if err := json.Unmarshal(w.Body.Bytes(), &b); err != nil || w.Code != tt.status || b.Error.Code != tt.code {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}

// A panic and every error leave a page with the id that the log has, nothing of
// the cause, and less than 4 KB.
func TestErrorPages(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		status int
		logged string
	}{
		{"panic", nil, 500, "the stock list is empty"},
		{"internal", fmt.Errorf("dial db.internal: %w", io.ErrUnexpectedEOF), 500, "db.internal"},
		{"unavailable", errata.E(errata.Unavailable, "The database does not answer.", io.ErrUnexpectedEOF), 503, "unexpected EOF"},
		{"not found", errata.E(errata.NotFound, "There is no such issue.", nil), 404, ""},
		{"conflict", errata.E(errata.Conflict, "Somebody was faster.", nil), 409, ""},
		{"slow down", errata.E(errata.SlowDown, "Wait.", nil), 429, ""},
		{"forbidden", errata.E(errata.Forbidden, "Not you.", nil), 403, ""},
		{"too large", errata.E(errata.TooLarge, "Too much.", nil), 413, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			w := get(failing(newServer(t, &log), tt.err), "/issues/CHE-1?user=ada@example.org")
			id := w.Header().Get("X-Request-Id")
			body := w.Body.String()
			if w.Code != tt.status || len(body) >= 4096 || len(body) < 200 || !strings.Contains(body, id) || len(id) != 36 {
				t.Errorf("%d, %d bytes, id %q: %s", w.Code, len(body), id, body)
			}
			if strings.Contains(body, "db.internal") || strings.Contains(body, "EOF") || strings.Contains(body, "stock list") {
				t.Errorf("the cause is shown: %s", body)
			}
			if !strings.Contains(log.String(), "request_id="+id) || !strings.Contains(log.String(), tt.logged) || strings.Contains(log.String(), "ada@") {
				t.Errorf("log %s", log.String())
			}
			if (w.Header().Get("Retry-After") != "") != (tt.status == 429 || tt.status == 503) {
				t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
			}
			safe(t, w.Result().Header, true)
		})
	}
}

// A panic after the first byte cannot be answered any more, but is logged.
func TestPanicTooLate(t *testing.T) {
	var log bytes.Buffer
	s := newServer(t, &log)
	w := get(s.Around(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		panic("too late")
	})), "/")
	if w.Body.String() != "half" || !strings.Contains(log.String(), "too late") {
		t.Errorf("%q, log %s", w.Body, log.String())
	}
}
