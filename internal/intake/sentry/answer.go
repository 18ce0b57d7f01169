package sentry

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/intake/wire"
)

const (
	// unsupported asks SDKs to stop sending, for an hour, what is not stored.
	unsupported  = "3600:replay;profile;profile_chunk;profile_chunk_ui;trace_metric;metric_bucket:organization:unsupported"
	retrySeconds = "60"
)

// limits are the back-off that an SDK is told, by reason. Sessions and client
// reports stay open when a quota is used up.
var backOff = map[string]string{
	"key":               "60:error;default;security:key:quota",
	"project":           "60:error;default;security:project:quota",
	"ip":                "60::key:ip",
	"unavailable":       "60::project:unavailable",
	"queue_full":        "60::organization:queue_full",
	"queue_unavailable": "60::organization:queue_unavailable",
	"disk_full":         "60::organization:disk_full",
}

func preflight(c echo.Context) error {
	wire.Preflight(c.Response())
	return nil
}

// accepted answers 200. SDKs take anything else for a loss, 202 and 204
// included.
func (s *Intake) accepted(c echo.Context, id string) error {
	wire.CORS(c.Response().Header())
	if s.hint != "" {
		c.Response().Header().Set("X-Sentry-Rate-Limits", s.hint)
	}
	if id == "" {
		return c.JSONBlob(http.StatusOK, []byte("{}"))
	}
	return c.JSONBlob(http.StatusOK, []byte(`{"id":"`+id+`"}`))
}

// refusal is the error body of the protocol. Causes holds our reason.
type refusal struct {
	Detail string   `json:"detail"`
	Causes []string `json:"causes"`
}

// failed answers an error. There is never a 5xx: SDKs drop an event on it and
// go on sending, while they back off on 429.
func failed(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	h := c.Response().Header()
	wire.CORS(h)
	status, detail, reason := explain(err)
	h.Set("X-Sentry-Error", detail)
	switch status {
	case http.StatusTooManyRequests:
		h.Set("Retry-After", retrySeconds)
		h.Set("X-Sentry-Rate-Limits", backOff[reason])
	case http.StatusRequestEntityTooLarge, http.StatusRequestTimeout:
		h.Set("Connection", "close")
	}
	body := refusal{Detail: detail, Causes: []string{}}
	if reason != "" {
		body.Causes = append(body.Causes, reason)
	}
	_ = c.JSON(status, body) // the client may be gone
}

func explain(err error) (status int, detail, reason string) {
	if routing, ok := errors.AsType[*echo.HTTPError](err); ok {
		return routing.Code, http.StatusText(routing.Code), ""
	}
	status, detail, reason = wire.Status(err), errata.MessageOf(err), errata.ReasonOf(err)
	if status >= http.StatusInternalServerError {
		status, reason = http.StatusTooManyRequests, "queue_unavailable"
	}
	if status == http.StatusTooManyRequests && backOff[reason] == "" {
		reason = "queue_unavailable"
	}
	return status, detail, reason
}
