// Package handlers is the web door: it reads requests, asks the services, and
// shows pages or JSON. It holds no rules and no SQL.
package handlers

import (
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"errata/internal/admin"
	"errata/internal/auth"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/views/page"
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
	URL      string        // public base URL
	Org      func() string // of the installation, for the corner
	Trusted  []*net.IPNet  // proxies whose X-Forwarded-For is believed
	Dev      bool          // serves /dev/gallery
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

// Handler returns an Echo that serves exactly the rows of Routes.
func (s *Server) Handler() http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = ipExtractor(s.Trusted)
	e.HTTPErrorHandler = s.fail
	static := static.Handler()
	for _, r := range s.rows {
		if r.do == nil {
			e.Add(r.Method, r.Path, echo.WrapHandler(static))
			continue
		}
		e.Add(r.Method, r.Path, s.guarded(r))
	}
	h := s.crossOrigin(s.Sessions.LoadAndSave(e))
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/static/"), strings.HasPrefix(r.URL.Path, "/api/"):
			e.ServeHTTP(w, r) // files are the same for everybody; the API knows tokens, never cookies
		default:
			h.ServeHTTP(w, r)
		}
	})
	return s.identify(s.headers(s.recoverPanics(inner)))
}

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
