package handlers

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/views/page"
)

var statusOf = map[errata.Code]int{
	errata.Invalid:         http.StatusBadRequest,
	errata.Unauthenticated: http.StatusUnauthorized,
	errata.Forbidden:       http.StatusForbidden,
	errata.NotFound:        http.StatusNotFound,
	errata.Conflict:        http.StatusConflict,
	errata.TooLarge:        http.StatusRequestEntityTooLarge,
	errata.SlowDown:        http.StatusTooManyRequests,
	errata.Unavailable:     http.StatusServiceUnavailable,
	errata.Internal:        http.StatusInternalServerError,
}

// status returns the HTTP status of an error; forms and queries that are well
// formed but refused are 422.
func status(err error) int {
	if he, ok := errors.AsType[*echo.HTTPError](err); ok {
		return he.Code
	}
	if errata.CodeOf(err) == errata.Invalid && unprocessable(errata.DetailsOf(err)) {
		return http.StatusUnprocessableEntity
	}
	return statusOf[errata.CodeOf(err)]
}

func unprocessable(details []errata.Detail) bool {
	for _, d := range details {
		if strings.HasPrefix(d.Reason, "query.") {
			return true
		}
	}
	return false
}

// show renders a page whole before the first byte leaves, so that a failed
// render is still a clean error.
func show(c echo.Context, code int, what templ.Component) error {
	buf := templ.GetBuffer()
	defer templ.ReleaseBuffer(buf)
	if err := what.Render(c.Request().Context(), buf); err != nil {
		return err
	}
	return c.HTMLBlob(code, buf.Bytes())
}

// showModel answers with the part that htmx asks for, or with the whole page.
// htmx names the target as tag#id; only the parts of the page's list exist.
func showModel(c echo.Context, code int, m page.Model) error {
	h := c.Request().Header
	c.Response().Header().Add("Vary", "HX-Request-Type, HX-Target")
	if h.Get("HX-Request-Type") == "partial" {
		_, id, _ := strings.Cut(h.Get("HX-Target"), "#")
		if part, ok := m.Part(id); ok {
			return show(c, code, part)
		}
	}
	return show(c, code, m.Whole())
}

// fail is the one place where an error becomes an answer.
func (s *Server) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	s.answerError(c.Response(), c.Request(), err)
}

func (s *Server) answerError(w http.ResponseWriter, r *http.Request, err error) {
	code := status(err)
	if code >= 500 {
		s.Log.Error("request failed", slog.String("request_id", requestID(r.Context())), slog.String("path", r.URL.Path), slog.Any("error", err))
	}
	if code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter(err)))
	}
	if strings.HasPrefix(r.URL.Path, "/api/") {
		s.answerJSON(w, r, code, err)
		return
	}
	if code == http.StatusUnauthorized && r.URL.Path != "/login" {
		http.Redirect(w, r, loginFor(r), http.StatusSeeOther)
		return
	}
	s.errorPage(w, r, code, err)
}

// retryAfter returns the seconds after which trying again makes sense.
func retryAfter(err error) int {
	for _, d := range errata.DetailsOf(err) {
		if n, ok := d.Data["retry_after"].(int); ok {
			return n
		}
	}
	return 10
}

// codeOf names an error for machines; what Echo itself refuses (no such path,
// wrong method) included.
func codeOf(status int, err error) errata.Code {
	if _, ok := errors.AsType[*echo.HTTPError](err); ok {
		for code, st := range statusOf {
			if st == status {
				return code
			}
		}
		return errata.Invalid
	}
	return errata.CodeOf(err)
}

type errorBody struct {
	Error struct {
		Code      errata.Code     `json:"code"`
		Message   string          `json:"message"`
		RequestID string          `json:"request_id"`
		Timestamp string          `json:"timestamp"`
		Details   []errata.Detail `json:"details"`
	} `json:"error"`
}

func (s *Server) answerJSON(w http.ResponseWriter, r *http.Request, status int, err error) {
	var b errorBody
	b.Error.Code, b.Error.Message = codeOf(status, err), message(status, err)
	b.Error.RequestID, b.Error.Timestamp = requestID(r.Context()), s.Clock().UTC().Format(time.RFC3339)
	if b.Error.Details = errata.DetailsOf(err); b.Error.Details == nil {
		b.Error.Details = []errata.Detail{}
	}
	text, merr := json.Marshal(b)
	if merr != nil {
		text = []byte(`{"error":{"code":"internal","message":"Something broke on our side.","details":[]}}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client has left if this fails
}

func message(status int, err error) string {
	if _, ok := errors.AsType[*echo.HTTPError](err); ok {
		return http.StatusText(status) + "."
	}
	return errata.MessageOf(err)
}
