package sentry

import (
	"net"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
)

// paths are the addresses of this door in the syntax of http.ServeMux, with and
// without the final slash that most SDKs write.
var paths = []struct{ path, name string }{
	{"/api/{id}/envelope/{$}", "sentry.envelope"},
	{"/api/{id}/envelope", "sentry.envelope.bare"},
	{"/api/{id}/store/{$}", "sentry.store"},
	{"/api/{id}/store", "sentry.store.bare"},
	{"/api/store/{$}", "sentry.store.keyed"},
	{"/api/store", "sentry.store.keyed.bare"},
}

// Routes lists the rows that this door serves. Paths are patterns of
// http.ServeMux.
func Routes() []errata.Route {
	var rows []errata.Route
	for _, p := range paths {
		rows = append(rows,
			errata.Route{Method: http.MethodPost, Path: p.path, Name: p.name, Object: "project", Auth: errata.AuthIngest, Rate: "ingest"},
			errata.Route{Method: http.MethodOptions, Path: p.path, Name: p.name + ".preflight", Auth: errata.AuthPublic})
	}
	return rows
}

// Handler serves exactly the rows of Routes.
func (s *Intake) Handler() http.Handler {
	e := echo.New()
	e.IPExtractor = s.extractor()
	e.HTTPErrorHandler = failed
	for _, row := range Routes() {
		e.Add(row.Method, echoPath(row.Path), s.handlerOf(row)).Name = row.Name
	}
	return e
}

func (s *Intake) handlerOf(row errata.Route) echo.HandlerFunc {
	switch {
	case row.Method == http.MethodOptions:
		return preflight
	case strings.HasPrefix(row.Name, "sentry.envelope"):
		return s.envelope
	}
	return s.store
}

// echoPath writes a pattern of http.ServeMux in the syntax of Echo.
func echoPath(pattern string) string {
	return strings.NewReplacer("{$}", "", "{id}", ":id").Replace(pattern)
}

// extractor believes X-Forwarded-For only from the proxies that are named.
func (s *Intake) extractor() echo.IPExtractor {
	if len(s.proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range s.proxies {
		trust = append(trust, echo.TrustIPRange(&net.IPNet{
			IP: p.Masked().Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		}))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}
