package handlers

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
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

// statusOfReason names what HTTP tells apart among the invalid.
var statusOfReason = map[string]int{
	"method":        http.StatusMethodNotAllowed,
	"timeout":       http.StatusRequestTimeout,
	"media_type":    http.StatusUnsupportedMediaType,
	"too_many_rows": http.StatusUnprocessableEntity,
}

// status returns the HTTP status of an error. Queries that can be read but not
// answered are 422, and so are acts whose fields do not do.
func status(err error) int {
	code := errata.CodeOf(err)
	if code != errata.Invalid {
		return statusOf[code]
	}
	reason := errata.ReasonOf(err)
	if st := statusOfReason[reason]; st != 0 {
		return st
	}
	if strings.HasPrefix(reason, "query.") || strings.HasPrefix(reason, "act.") {
		return http.StatusUnprocessableEntity
	}
	return http.StatusBadRequest
}

// plain turns what Echo and the standard library say into errors of ours.
func plain(err error) error {
	if _, ok := errors.AsType[*errata.Error](err); ok {
		return err
	}
	if he, ok := errors.AsType[*echo.HTTPError](err); ok {
		switch he.Code {
		case http.StatusNotFound:
			return noSuchPage()
		case http.StatusMethodNotAllowed:
			return wrongMethod(nil)
		}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return refuse(errata.TooLarge, "body_size", "The form is larger than 1 MiB.", err)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return refuse(errata.Invalid, "timeout", "The form took too long to arrive.", err)
	}
	return err
}

func refuse(code errata.Code, reason, message string, cause error) error {
	return errata.Because(code, message, cause, errata.Detail{Reason: reason, Message: message})
}

func noSuchPage() error { return errata.E(errata.NotFound, "There is no such page.", nil) }

func wrongMethod(allow []string) error {
	text := "This address does not take that kind of request."
	if len(allow) > 0 {
		text = "This address takes " + strings.Join(allow, ", ") + "."
	}
	return refuse(errata.Invalid, "method", text, nil)
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
	if wantsPart(c.Request()) {
		_, id, _ := strings.Cut(h.Get("HX-Target"), "#")
		if part, ok := m.Part(id); ok {
			return show(c, code, part)
		}
	}
	return show(c, code, m.Whole())
}

// wantsPart says that htmx asks for a part of the page, to put it into a page
// that is there already.
func wantsPart(r *http.Request) bool { return r.Header.Get("HX-Request-Type") == "partial" }

// fail is the one place where an error becomes an answer.
func (s *Server) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	s.Answer(c.Response(), c.Request(), err)
}

// Answer writes an error as a page, or as JSON below /api/.
func (s *Server) Answer(w http.ResponseWriter, r *http.Request, err error) {
	err = plain(err)
	code := status(err)
	if code >= 500 {
		s.Log.ErrorContext(r.Context(), "request failed", slog.String("request_id", requestID(r.Context())), slog.String("path", loggedPath(r)), slog.Any("error", err))
	}
	if code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter(err)))
	}
	if strings.HasPrefix(r.URL.Path, "/api/") {
		s.answerJSON(w, r, code, err)
		return
	}
	if code == http.StatusUnauthorized && r.URL.Path != "/login" {
		signInFirst(w, r)
		return
	}
	s.errorPage(w, r, code, err)
}

// signInFirst leads to the sign-in page. htmx would follow a redirect and put
// that page into the list that was asked for; so it is told to go there.
func signInFirst(w http.ResponseWriter, r *http.Request) {
	if wantsPart(r) {
		w.Header().Set("HX-Redirect", loginFor(r))
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, loginFor(r), http.StatusSeeOther) //nolint:gosec // to a page of ours
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

func (s *Server) answerJSON(w http.ResponseWriter, r *http.Request, status int, err error) {
	h := w.Header()
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="Errata"`)
	}
	h.Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(ErrorBody(err, errata.MessageOf(err), requestID(r.Context()), s.Clock())) // the client has left if this fails
}

// errorAnswer is the error body of the JSON API and of commands.
type errorAnswer struct {
	Code      errata.Code   `json:"code"`
	Message   string        `json:"message"`
	RequestID string        `json:"request_id,omitempty"`
	Timestamp string        `json:"timestamp"`
	Details   []errorDetail `json:"details"`
}

// errorDetail is errata.Detail with places that may be 0.
type errorDetail struct {
	Reason  string         `json:"reason"`
	Field   string         `json:"field,omitempty"`
	Start   *int           `json:"start,omitempty"`
	End     *int           `json:"end,omitempty"`
	Message string         `json:"message"`
	Hint    string         `json:"hint,omitempty"`
	Data    map[string]any `json:"data,omitempty"`
}

// ErrorBody returns the error body of err, one line of JSON, with the message
// for the reader.
func ErrorBody(err error, message, requestID string, now time.Time) []byte {
	out := errorAnswer{
		Code: errata.CodeOf(err), Message: message, RequestID: requestID, Timestamp: now.UTC().Format(time.RFC3339),
		Details: []errorDetail{},
	}
	for _, d := range errata.DetailsOf(err) {
		e := errorDetail{Reason: d.Reason, Field: d.Field, Message: d.Message, Hint: d.Hint, Data: d.Data}
		if d.End > 0 || strings.HasPrefix(d.Reason, "query.") {
			e.Start, e.End = &d.Start, &d.End
		}
		out.Details = append(out.Details, e)
	}
	text, merr := json.Marshal(map[string]errorAnswer{"error": out})
	if merr != nil { // Data held what JSON cannot say
		text = []byte(`{"error":{"code":"internal","message":"Something broke on our side.","timestamp":"` + out.Timestamp + `","details":[]}}`)
	}
	return append(text, '\n')
}
