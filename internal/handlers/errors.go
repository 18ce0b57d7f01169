package handlers

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/page"
)

// errorPage answers with the page of a status. The pages of 500 and 503 were
// made at start: failing never fails.
func (s *Server) errorPage(w http.ResponseWriter, r *http.Request, code int, err error) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if canned, ok := s.canned[code]; ok {
		w.WriteHeader(code)
		_, _ = w.Write(canned.With(requestID(r.Context()))) // the client has left if this fails
		return
	}
	in := page.ErrorFrom(err, code, requestID(r.Context()))
	if code == http.StatusTooManyRequests {
		in.RetryAfter = retryAfter(err)
	}
	if _, echoed := err.(*echo.HTTPError); echoed { //nolint:errorlint // made by Echo itself, never wrapped
		in.Message = ""
	}
	c := layout.Chrome{Theme: layout.ParseTheme(cookie(r, themeCookie))}
	var b bytes.Buffer
	if rerr := page.NewError(c, in).Whole().Render(r.Context(), &b); rerr != nil {
		code = http.StatusInternalServerError
		b.Reset()
		_, _ = b.Write(s.canned[code].With(in.RequestID))
	}
	w.WriteHeader(code)
	_, _ = w.Write(b.Bytes())
}

// Unknown answers what no row takes: a path that does not exist, or a method
// that its path does not know. It is mounted behind all doors.
func (s *Server) Unknown(w http.ResponseWriter, r *http.Request, allow []string) {
	s.identify(s.headers(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(allow) > 0 {
			w.Header().Set("Allow", strings.Join(allow, ", "))
			s.answerError(w, r, echo.NewHTTPError(http.StatusMethodNotAllowed))
			return
		}
		s.answerError(w, r, errata.E(errata.NotFound, "There is no such page.", nil))
	}))).ServeHTTP(w, r)
}
