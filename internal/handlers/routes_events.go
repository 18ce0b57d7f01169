package handlers

import (
	"net/http"

	"errata/internal/errata"
)

// eventRoutes are the rows of the explorer of events, of traces, and of what an
// issue's page says of its events.
func (s *Server) eventRoutes() []row {
	var (
		all     = explorer{s}
		one     = issue{s}
		takes   = exports{s}
		api     = api{s}
		get     = http.MethodGet
		session = errata.AuthSession
		token   = errata.AuthToken
		access  = errata.StreamAccess
		read    = errata.EventRead
	)
	return []row{
		{errata.Route{Method: get, Path: "/events", Name: "events", Action: read, Auth: session, Audit: access}, all.show},
		{errata.Route{Method: get, Path: "/events/:event", Name: "event", Action: read, Object: "event", Auth: session}, all.locate},
		{errata.Route{Method: get, Path: "/traces/:id", Name: "trace", Action: read, Object: "trace", Auth: session, Audit: access}, takes.orFace("id", exports.trace, traces{s}.show)},
		{errata.Route{Method: get, Path: "/issues/:id/events", Name: "issue.events", Action: read, Object: "issue", Auth: session}, all.ofIssue},
		{errata.Route{Method: get, Path: "/issues/:id/tags/:key", Name: "issue.tags", Action: read, Object: "issue", Auth: session, Audit: access}, takes.orFace("key", exports.tags, one.tags)},
		{errata.Route{Method: get, Path: "/api/v1/events", Name: "api.events", Action: read, Auth: token}, api.events},
		{errata.Route{Method: get, Path: "/api/v1/aggregate", Name: "api.aggregate", Action: read, Auth: token}, api.aggregate},
	}
}
