package handlers

import (
	"net/http"

	"errata/internal/errata"
	"errata/internal/report"
	"errata/internal/report/encode"
)

// exportRoutes are the other faces of pages: the same address with a suffix,
// and the files that are prepared.
func (s *Server) exportRoutes() []row {
	h := exports{s}
	get, post, session := http.MethodGet, http.MethodPost, errata.AuthSession
	var out []row
	for _, p := range []struct {
		path, name string
		what       report.What
		read       readExport
	}{
		{"/overview", "overview", report.Overview, exports.overview},
		{"/issues", "issues", report.Issues, exports.issues},
		{"/events", "events", report.Events, exports.events},
		{"/analytics/response", "response", report.Response, exports.response},
		{"/analytics/trends", "trends", report.Trends, exports.trends},
		{"/analytics/response/episodes", "response.episodes", report.Episodes, exports.episodes},
		{"/audit", "audit", report.Audit, exports.audit},
		{"/users", "users", report.Users, ofList(report.Users)},
		{"/roles", "roles", report.Roles, ofList(report.Roles)},
		{"/services", "services", report.Services, ofList(report.Services)},
		{"/teams", "teams", report.Teams, ofList(report.Teams)},
	} {
		for _, f := range encode.Formats {
			ext := string(f)
			out = append(out, row{errata.Route{
				Method: get, Path: p.path + "." + ext, Name: p.name + "." + ext, Action: p.what.Action(), Auth: session, Audit: errata.StreamAccess,
			}, h.file(ext, p.read)})
		}
		out = append(out, row{errata.Route{
			Method: get, Path: p.path + ".print", Name: p.name + ".print", Action: p.what.Action(), Auth: session, Audit: errata.StreamAccess,
		}, h.print(p.read)})
	}
	return append(out,
		row{errata.Route{Method: get, Path: "/exports", Name: "exports", Auth: session}, h.mine},
		row{errata.Route{Method: post, Path: "/exports", Name: "export.ask", Auth: session, CSRF: true, Audit: errata.StreamAccess}, h.ask},
		row{errata.Route{Method: get, Path: "/exports/:job", Name: "export", Object: "job", Auth: session}, h.one},
		row{errata.Route{Method: get, Path: "/exports/:job/file", Name: "export.file", Object: "job", Auth: session, Audit: errata.StreamAccess}, h.download},
		row{errata.Route{Method: post, Path: "/exports/:job/cancel", Name: "export.cancel", Object: "job", Auth: session, CSRF: true, Audit: errata.StreamChange}, h.cancel},
	)
}
