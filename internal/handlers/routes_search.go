package handlers

import (
	"net/http"

	"errata/internal/errata"
)

// searchRoutes are the rows of what stands around the search field:
// suggestions, facets, recent queries and saved views.
func (s *Server) searchRoutes() []row {
	var (
		f       = searching{s}
		v       = views{s}
		get     = http.MethodGet
		post    = http.MethodPost
		session = errata.AuthSession
		change  = errata.StreamChange
	)
	return []row{
		{errata.Route{Method: get, Path: "/issues/suggest", Name: "issues.suggest", Action: errata.IssueRead, Auth: session}, f.suggest("issues")},
		{errata.Route{Method: get, Path: "/events/suggest", Name: "events.suggest", Action: errata.EventRead, Auth: session}, f.suggest("events")},
		{errata.Route{Method: get, Path: "/issues/facets", Name: "issues.facet", Action: errata.IssueRead, Auth: session}, f.facet},
		{errata.Route{Method: post, Path: "/me/recent", Name: "me.recent", Auth: session, CSRF: true}, f.remember},
		{errata.Route{Method: get, Path: "/views", Name: "views", Auth: session}, v.list},
		{errata.Route{Method: get, Path: "/views/:view", Name: "view", Object: "view", Auth: session}, v.open},
		{errata.Route{Method: post, Path: "/views", Name: "view.save", Action: errata.ViewSave, Auth: session, CSRF: true, Audit: change}, v.save},
		{errata.Route{Method: post, Path: "/views/:view", Name: "view.change", Action: errata.ViewSave, Object: "view", Auth: session, CSRF: true, Audit: change}, v.change},
		{errata.Route{Method: post, Path: "/views/:view/share", Name: "view.share", Action: errata.ViewShare, Object: "view", Auth: session, CSRF: true, Audit: change}, v.change},
		{errata.Route{Method: post, Path: "/views/:view/delete", Name: "view.delete", Action: errata.ViewSave, Object: "view", Auth: session, CSRF: true, Audit: change}, v.remove},
	}
}
