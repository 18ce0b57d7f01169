// Package handlers is the web door: it reads requests, asks the services, and
// shows pages or JSON. It holds no rules and no SQL.
package handlers

import (
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"errata/internal/admin"
	"errata/internal/auth"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/static"
)

// Deps are what the pages are made from.
type Deps struct {
	Log      *slog.Logger
	Clock    errata.Clock
	Admin    *admin.Service
	Find     *find.Service
	Sessions *auth.Sessions
	Decide   errata.Decide
	URL      string // public base URL
	Org      string
	Trusted  []*net.IPNet // proxies whose X-Forwarded-For is believed
	Dev      bool         // serves /dev/gallery
}

// Server answers browsers and readers of the JSON API.
type Server struct {
	Deps
	secure bool // the public address is https
	base   string
	rows   []row
}

// row is one route with its handler.
type row struct {
	errata.Route
	do echo.HandlerFunc
}

// New returns a server.
func New(d Deps) *Server {
	s := &Server{Deps: d, secure: strings.HasPrefix(d.URL, "https://")}
	if u, err := url.Parse(d.URL); err == nil {
		s.base = strings.TrimSuffix(u.Path, "/")
	}
	s.rows = s.routes()
	return s
}

// Routes lists what Handler serves.
func (s *Server) Routes() []errata.Route {
	out := make([]errata.Route, len(s.rows))
	for i, r := range s.rows {
		out[i] = r.Route
	}
	return out
}

// Handler returns an Echo that serves exactly the rows of Routes.
func (s *Server) Handler() http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = ipExtractor(s.Trusted)
	e.HTTPErrorHandler = s.fail
	for _, r := range s.rows {
		e.Add(r.Method, r.Path, s.guarded(r))
	}
	static := static.Handler()
	h := s.Sessions.LoadAndSave(s.crossOriginFor(e))
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/static/"):
			static.ServeHTTP(w, r) // no session, no cookie: the same file for everybody
		case strings.HasPrefix(r.URL.Path, "/api/"):
			e.ServeHTTP(w, r) // tokens, never cookies
		default:
			h.ServeHTTP(w, r)
		}
	})
	return s.identify(s.headers(s.recoverPanics(inner)))
}

// crossOriginFor checks every change that a browser's session could make.
func (s *Server) crossOriginFor(next http.Handler) http.Handler { return s.crossOrigin(next) }

// guarded puts in front of a handler what its row asks for.
func (s *Server) guarded(r row) echo.HandlerFunc {
	do := s.may(r.Action, r.do)
	switch r.Auth {
	case errata.AuthSession:
		return s.signedIn(do)
	case errata.AuthToken:
		return s.withToken(do)
	case errata.AuthPublic, errata.AuthSetup, errata.AuthIngest:
	}
	return r.do
}

// path puts the base path of the public address in front.
func (s *Server) path(p string) string { return s.base + p }
