package handlers

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"errata/internal/errata"
)

// policy is the Content-Security-Policy of every answer: nothing inline,
// nothing from elsewhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"

type contextKey int

const (
	keyRequestID contextKey = iota
	keyActor
)

// requestID returns the id under which the log knows this request.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(keyRequestID).(string)
	return id
}

// actorOf returns who asks; the zero Actor may do nothing. A zone in the address
// is the one in which the times of a query are read.
func actorOf(c echo.Context) errata.Actor {
	who, _ := c.Request().Context().Value(keyActor).(errata.Actor)
	if v := c.QueryParams(); v.Has("tz") {
		if zone, err := zoneParam(v, who); err == nil {
			who.Zone = zone.String()
		}
	}
	return who
}

// Around puts around all doors what every answer needs: a request id, the
// headers that keep browsers safe, and an answer also when a handler panics.
func (s *Server) Around(next http.Handler) http.Handler {
	return s.identify(s.headers(s.recoverPanics(next)))
}

// headers sets what every answer carries, errors and files included.
func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		if s.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		h.Set("Cache-Control", "no-store") // files of /static/ say otherwise
		next.ServeHTTP(w, r)
	})
}

// identify gives the request an id and logs how it ended: the path without
// the query, never a header or a body.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := uuid.Must(uuid.NewV7()).String()
		w.Header().Set("X-Request-Id", id)
		began := s.Clock()
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), keyRequestID, id)))
		s.Log.DebugContext(r.Context(), "request", slog.String("request_id", id), slog.String("method", r.Method), slog.String("path", loggedPath(r)),
			slog.Int("status", rec.status), slog.Duration("took", s.Clock().Sub(began)))
	})
}

// loggedPath is the path without what opens a door: the link of an invitation
// is a secret.
func loggedPath(r *http.Request) string {
	if strings.HasPrefix(r.URL.Path, "/invite/") {
		return "/invite/…"
	}
	return r.URL.Path
}

type recorder struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	r.wrote = true
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// recoverPanics turns a panic into the 500 page with the id the log has.
func (s *Server) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler { //nolint:errorlint // compared as net/http does
				panic(v)
			}
			s.Log.ErrorContext(r.Context(), "panic", slog.String("request_id", requestID(r.Context())), slog.String("path", loggedPath(r)),
				slog.Any("error", v), slog.String("stack", string(debug.Stack())))
			if rec, ok := w.(*recorder); !ok || !rec.wrote {
				s.Answer(w, r, errata.E(errata.Internal, "A handler panicked.", nil))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// crossOrigin refuses a change that another site caused. A change that comes
// with a session but says nothing of its origin is refused too: browsers that
// send neither header are too old to be protected.
func (s *Server) crossOrigin(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	if err := guard.AddTrustedOrigin(origin(s.URL)); err != nil { // a proxy may have changed the Host
		s.Log.Warn("public address is no origin", slog.Any("error", err))
	}
	guard.SetDenyHandler(http.HandlerFunc(s.foreign))
	checked := guard.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		if !safe && r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == "" {
			s.foreign(w, r)
			return
		}
		checked.ServeHTTP(w, r)
	})
}

// origin returns the scheme and host of an address.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + u.Host
}

func (s *Server) foreign(w http.ResponseWriter, r *http.Request) {
	s.Answer(w, r, errata.Because(errata.Forbidden, "This request came from another site.", nil,
		errata.Detail{Reason: "cross_origin", Message: "Open the page here and try again."}))
}

// begin signs the account in, in this browser.
func (s *Server) begin(c echo.Context, account string) error {
	ctx := c.Request().Context()
	if err := s.Sessions.SignIn(ctx, account, c.RealIP(), c.Request().UserAgent(), s.Clock()); err != nil {
		return err
	}
	return s.Admin.TrimSessions(ctx, account)
}

// browser is who asks before anybody has signed in.
func browser(c echo.Context) errata.Actor {
	return errata.Actor{Kind: errata.ActorUser, Via: "session", IP: c.RealIP(), RequestID: requestID(c.Request().Context())}
}

// whoIs returns the account of the session. A session whose account may not
// act any more ends.
func (s *Server) whoIs(c echo.Context) (errata.Actor, error) {
	ctx := c.Request().Context()
	id := s.Sessions.UserID(ctx)
	if id == "" {
		return errata.Actor{}, errata.E(errata.Unauthenticated, "Sign in to see this page.", nil)
	}
	who, err := s.Admin.SessionActor(ctx, id)
	if errata.CodeOf(err) == errata.Unauthenticated {
		err = errors.Join(err, s.Sessions.Destroy(ctx))
	}
	return who, err
}

// signedIn ties the request to the account of its session.
func (s *Server) signedIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		who, err := s.whoIs(c)
		if err != nil {
			return err
		}
		ctx := c.Request().Context()
		who.IP, who.RequestID, who.SessionID = c.RealIP(), requestID(ctx), s.Sessions.ID(ctx)
		return next(withActor(c, who))
	}
}

// withToken ties the request to the owner of its token.
func (s *Server) withToken(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		who, err := s.Admin.TokenActor(ctx, c.Request().Header.Get("Authorization"))
		if err != nil {
			return err
		}
		who.IP, who.RequestID = c.RealIP(), requestID(ctx)
		return next(withActor(c, who))
	}
}

func withActor(c echo.Context, who errata.Actor) echo.Context {
	r := c.Request()
	c.SetRequest(r.WithContext(context.WithValue(r.Context(), keyActor, who)))
	return c
}

// may asks for the route's action before its handler runs; services ask again
// for the object.
func (s *Server) may(r errata.Route, next echo.HandlerFunc) echo.HandlerFunc {
	if r.Action == "" {
		return next
	}
	return func(c echo.Context) error {
		err := s.Decide(actorOf(c), r.Action, "")
		if err == nil {
			return next(c)
		}
		if errata.CodeOf(err) == errata.Forbidden && s.Refused != nil {
			s.Refused(c.Request().Context(), actorOf(c), r.Action, r.Method != http.MethodGet)
		}
		return err
	}
}

// ipExtractor believes X-Forwarded-For only from the proxies that the operator trusts.
func ipExtractor(trusted []*net.IPNet) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	opts := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, n := range trusted {
		opts = append(opts, echo.TrustIPRange(n))
	}
	return echo.ExtractIPFromXFFHeader(opts...)
}
