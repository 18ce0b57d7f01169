package wire

import (
	"net/http"

	"errata/internal/errata"
)

// Status returns the HTTP status of an error for clients that send events.
func Status(err error) int {
	switch errata.ReasonOf(err) {
	case "encoding":
		return http.StatusUnsupportedMediaType
	case "timeout":
		return http.StatusRequestTimeout
	}
	switch errata.CodeOf(err) {
	case errata.Invalid:
		return http.StatusBadRequest
	case errata.Unauthenticated:
		return http.StatusUnauthorized
	case errata.Forbidden:
		return http.StatusForbidden
	case errata.NotFound:
		return http.StatusNotFound
	case errata.Conflict:
		return http.StatusConflict
	case errata.TooLarge:
		return http.StatusRequestEntityTooLarge
	case errata.SlowDown:
		return http.StatusTooManyRequests
	case errata.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}
