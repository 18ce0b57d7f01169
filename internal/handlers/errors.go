package handlers

import (
	"bytes"
	"net/http"
	"strings"

	"errata/internal/views/layout"
	"errata/internal/views/page"
)

// errorPage answers with the page of a status. The pages of 500 and 503 were
// made at start: failing never fails.
func (s *Server) errorPage(w http.ResponseWriter, r *http.Request, code int, err error) {
	h := w.Header()
	h.Del("Content-Encoding") // a page that failed half-way may have said how it was packed
	h.Set("Content-Type", "text/html; charset=utf-8")
	id := requestID(r.Context())
	if code == http.StatusServiceUnavailable {
		h.Set("Refresh", "10") // what is away may be back
	}
	if wantsPart(r) { // the page of an error stands for the whole page, never inside another
		h.Set("HX-Retarget", "body")
		h.Set("HX-Reswap", "innerHTML")
	}
	body := s.errorText(r, code, id, err)
	w.WriteHeader(code)
	_, _ = w.Write(body) // the client has left if this fails
}

func (s *Server) errorText(r *http.Request, code int, id string, err error) []byte {
	if canned, ok := s.canned[code]; ok {
		return canned.With(id)
	}
	in := page.ErrorFrom(err, code, id)
	if code == http.StatusTooManyRequests {
		in.RetryAfter = retryAfter(err)
	}
	c := layout.Chrome{Theme: layout.ParseTheme(cookie(r, themeCookie))}
	var b bytes.Buffer
	if page.NewError(c, in).Whole().Render(r.Context(), &b) != nil { // the client has left
		return s.canned[http.StatusInternalServerError].With(id)
	}
	return b.Bytes()
}

// Unknown answers what no row takes: a path that does not exist, or a method
// that its path does not know. It is mounted behind all doors.
func (s *Server) Unknown(w http.ResponseWriter, r *http.Request, allow []string) {
	if len(allow) == 0 {
		s.Answer(w, r, noSuchPage())
		return
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	s.Answer(w, r, wrongMethod(allow))
}
