// Package handlers is the web door: it reads requests, asks the services, and
// shows pages or JSON. It holds no rules and no SQL.
package handlers

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"errata/internal/admin"
	"errata/internal/auth"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/jobs"
	"errata/internal/rbac"
	"errata/internal/report"
	"errata/internal/report/weekly"
	"errata/internal/triage"
	"errata/internal/views/page"
)

// Deps are what the pages are made from.
type Deps struct {
	Log      *slog.Logger
	Clock    errata.Clock
	Admin    *admin.Service
	Find     *find.Service
	Triage   *triage.Service
	Report   *report.Service
	Weekly   *weekly.Service
	Jobs     *jobs.Runner
	Sessions *auth.Sessions
	Decide   errata.Decide
	Explain  func(userID string, what errata.Action, project string) rbac.Explanation     // why Decide decides so
	Refused  func(ctx context.Context, who errata.Actor, what errata.Action, change bool) // audits what a route refused; nil: not
	URL      string                                                                       // public base URL
	Org      func() string                                                                // of the installation, for the corner
	Trusted  []*net.IPNet                                                                 // proxies whose X-Forwarded-For is believed
	Dev      bool                                                                         // serves /dev/gallery
}

// Server answers browsers and readers of the JSON API.
type Server struct {
	Deps
	secure bool // the public address is https
	rows   []row
	canned map[int]page.Canned // the pages of 500 and 503
}

// row is one route with its handler.
type row struct {
	errata.Route
	do echo.HandlerFunc
}

// New returns a server.
func New(d Deps) (*Server, error) {
	s := &Server{Deps: d, secure: strings.HasPrefix(d.URL, "https://"), canned: map[int]page.Canned{}}
	for _, code := range []int{http.StatusInternalServerError, http.StatusServiceUnavailable} {
		c, err := page.NewCanned(code)
		if err != nil {
			return nil, err
		}
		s.canned[code] = c
	}
	s.rows = s.routes()
	s.Sessions.ErrorFunc = s.Answer // the database is away
	return s, nil
}

// Routes lists what Handler serves.
func (s *Server) Routes() []errata.Route {
	out := make([]errata.Route, len(s.rows))
	for i, r := range s.rows {
		out[i] = r.Route
	}
	return out
}

// Handler returns an Echo that serves exactly the rows of Routes. Whoever
// mounts it puts Around around all doors.
func (s *Server) Handler() http.Handler {
	e := echo.New()
	e.IPExtractor = ipExtractor(s.Trusted)
	e.HTTPErrorHandler = s.fail
	for _, r := range s.rows {
		e.Add(r.Method, r.Path, s.guarded(r))
	}
	h := headAsGet(e)
	known := s.crossOrigin(s.Sessions.LoadAndSave(h))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/static/") || strings.HasPrefix(r.URL.Path, "/api/") {
			h.ServeHTTP(w, r) // files are the same for everybody; the API knows tokens, never cookies
			return
		}
		known.ServeHTTP(w, r)
	})
}

// headAsGet answers HEAD as GET; the server leaves the body out.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.WithContext(r.Context()) // a copy
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// guarded puts in front of a handler what its row asks for.
func (s *Server) guarded(r row) echo.HandlerFunc {
	do := r.do
	switch {
	case r.Method == http.MethodPost && r.Auth == errata.AuthToken:
		do = readQuery(true, readJSON(do))
	case r.Method == http.MethodPost:
		do = readForm(do)
	default:
		do = readQuery(r.Auth == errata.AuthToken, do)
	}
	if r.Method == http.MethodGet && !streams(r.Path) {
		do = patient(do)
	}
	if r.Rate == "login" {
		do = s.throttled(do)
	}
	if r.Method != http.MethodPost || r.Object == "" { // else the service asks: it knows whose the object is, and notes a refusal
		do = s.may(r.Route, do)
	}
	switch r.Auth {
	case errata.AuthSession:
		return s.signedIn(do)
	case errata.AuthToken:
		return s.withToken(do)
	case errata.AuthPublic, errata.AuthSetup, errata.AuthIngest:
	}
	return do
}

// patient bounds how long the searches of an answer may keep it waiting.
func patient(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.SetRequest(c.Request().WithContext(find.Patient(c.Request().Context())))
		return next(c)
	}
}

// streams says whether a path answers with a file of any length, which takes
// the time it takes.
func streams(address string) bool {
	switch path.Ext(address) {
	case ".csv", ".ndjson", ".xlsx", ".print":
		return true
	}
	return false
}

// throttled refuses a network that tries to sign in too often.
func (s *Server) throttled(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := s.Admin.MayTry(c.RealIP()); err != nil {
			return err
		}
		return next(c)
	}
}
