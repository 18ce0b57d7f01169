package handlers

import (
	"net/http"

	"errata/internal/errata"
)

// routes is the manifest: every address that browsers and readers of the JSON
// API may ask for.
func (s *Server) routes() []row {
	var (
		in      = login{s}
		set     = setup{s}
		svc     = services{s}
		over    = overviews{s}
		list    = issues{s}
		resp    = responses{s}
		one     = issue{s}
		do      = act{one}
		many    = bulk{s}
		sys     = system{s}
		api     = api{s}
		get     = http.MethodGet
		post    = http.MethodPost
		public  = errata.AuthPublic
		session = errata.AuthSession
		change  = errata.StreamChange
		access  = errata.StreamAccess
		token   = errata.AuthToken
	)
	r := []row{
		{errata.Route{Method: get, Path: "/static/*", Name: "static", Auth: public}, files{s}.show},
		{errata.Route{Method: get, Path: "/", Name: "home", Auth: session}, set.home},
		{errata.Route{Method: get, Path: "/login", Name: "login", Auth: public}, in.form},
		{errata.Route{Method: post, Path: "/login", Name: "login.post", Auth: public, CSRF: true, Rate: "login", Audit: change}, in.submit},
		{errata.Route{Method: post, Path: "/logout", Name: "logout", Auth: public, CSRF: true, Audit: change}, in.out},
		{errata.Route{Method: post, Path: "/me/appearance", Name: "appearance", Auth: public, CSRF: true}, in.appearance},

		{errata.Route{Method: get, Path: "/setup/admin", Name: "setup.admin", Auth: errata.AuthSetup}, set.adminForm},
		{errata.Route{Method: post, Path: "/setup/admin", Name: "setup.admin.post", Auth: errata.AuthSetup, CSRF: true, Rate: "login", Audit: change}, set.admin},
		{errata.Route{Method: get, Path: "/setup/store", Name: "setup.store", Action: errata.SystemRead, Auth: session}, set.store},
		{errata.Route{Method: get, Path: "/setup/service", Name: "setup.service", Action: errata.ProjectCreate, Auth: session}, set.serviceForm},
		{errata.Route{Method: post, Path: "/setup/service", Name: "setup.service.post", Action: errata.ProjectCreate, Auth: session, CSRF: true, Audit: change}, set.service},

		{errata.Route{Method: get, Path: "/services", Name: "services", Action: errata.ProjectRead, Auth: session}, svc.list},
		{errata.Route{Method: get, Path: "/services/new", Name: "service.new", Action: errata.ProjectCreate, Auth: session}, svc.form},
		{errata.Route{Method: post, Path: "/services", Name: "service.create", Action: errata.ProjectCreate, Auth: session, CSRF: true, Audit: change}, svc.create},
		{errata.Route{Method: get, Path: "/services/:slug/setup", Name: "service.setup", Action: errata.KeyRead, Object: "project", Auth: session}, svc.setup},

		{errata.Route{Method: post, Path: "/issues/:id/events/:event/reveal", Name: "issue.event.reveal", Action: errata.EventReadPII, Object: "issue", Auth: session, CSRF: true, Audit: access}, one.show},
		{errata.Route{Method: get, Path: "/overview", Name: "overview", Action: errata.IssueRead, Auth: session}, over.show},
		{errata.Route{Method: get, Path: "/issues", Name: "issues", Action: errata.IssueRead, Auth: session}, list.show},
		{errata.Route{Method: get, Path: "/issues/:id", Name: "issue", Action: errata.IssueRead, Object: "issue", Auth: session, Audit: access}, exports{s}.orIssue(one.show)},
		{errata.Route{Method: get, Path: "/issues/:id/events/:event", Name: "issue.event", Action: errata.EventRead, Object: "issue", Auth: session, Audit: access}, one.show},
		{errata.Route{Method: get, Path: "/issues/:id/events/:event/:part", Name: "issue.event.part", Action: errata.EventRead, Object: "issue", Auth: session, Audit: access}, one.show},
		{errata.Route{Method: get, Path: "/issues/:id/act", Name: "issue.act", Action: errata.IssueRead, Object: "issue", Auth: session}, do.menu},
		{errata.Route{Method: post, Path: "/issues/:id/ack", Name: "issue.ack", Action: errata.IssueAck, Object: "issue", Auth: session, CSRF: true, Audit: change}, do.to(errata.ActAck)},
		{errata.Route{Method: post, Path: "/issues/:id/unack", Name: "issue.unack", Action: errata.IssueAck, Object: "issue", Auth: session, CSRF: true, Audit: change}, do.to(errata.ActUnack)},
		{errata.Route{Method: post, Path: "/issues/:id/assign", Name: "issue.assign", Action: errata.IssueAssignSelf, Object: "issue", Auth: session, CSRF: true, Audit: change}, do.to(errata.ActAssign)},
		{errata.Route{Method: post, Path: "/issues/:id/resolve", Name: "issue.resolve", Action: errata.IssueResolve, Object: "issue", Auth: session, CSRF: true, Audit: change}, do.to(errata.ActResolve)},
		{errata.Route{Method: post, Path: "/issues/:id/reopen", Name: "issue.reopen", Action: errata.IssueReopen, Object: "issue", Auth: session, CSRF: true, Audit: change}, do.to(errata.ActReopen)},
		{errata.Route{Method: post, Path: "/issues/:id/ignore", Name: "issue.ignore", Action: errata.IssueIgnore, Object: "issue", Auth: session, CSRF: true, Audit: change}, do.to(errata.ActIgnore)},
		{errata.Route{Method: post, Path: "/issues/:id/unignore", Name: "issue.unignore", Action: errata.IssueIgnore, Object: "issue", Auth: session, CSRF: true, Audit: change}, do.to(errata.ActUnignore)},
		{errata.Route{Method: post, Path: "/issues/:id/severity", Name: "issue.severity", Action: errata.IssueSeverity, Object: "issue", Auth: session, CSRF: true, Audit: change}, do.to(errata.ActSeverity)},
		{errata.Route{Method: post, Path: "/issues/:id/stage", Name: "issue.stage", Action: errata.IssueAck, Object: "issue", Auth: session, CSRF: true, Audit: change}, do.to(errata.ActStage)},
		{errata.Route{Method: post, Path: "/issues/:id/undo", Name: "issue.undo", Action: errata.IssueAck, Object: "issue", Auth: session, CSRF: true, Audit: change}, do.to(errata.ActUndo)},
		{errata.Route{Method: post, Path: "/issues/:id/watch", Name: "issue.watch", Action: errata.IssueWatch, Object: "issue", Auth: session, CSRF: true, Audit: change}, do.watch},
		{errata.Route{Method: post, Path: "/issues/:id/comments", Name: "issue.comment", Action: errata.IssueComment, Object: "issue", Auth: session, CSRF: true, Audit: change}, do.comment},
		{errata.Route{Method: post, Path: "/issues/:id/comments/:note", Name: "issue.comment.edit", Action: errata.IssueComment, Object: "issue", Auth: session, CSRF: true, Audit: change}, do.edit},
		{errata.Route{Method: post, Path: "/issues/:id/comments/:note/delete", Name: "issue.comment.delete", Action: errata.IssueComment, Object: "issue", Auth: session, CSRF: true, Audit: change}, do.remove},
		{errata.Route{Method: post, Path: "/issues/bulk", Name: "issues.bulk", Action: errata.IssueRead, Auth: session, CSRF: true, Audit: change}, many.post},
		{errata.Route{Method: get, Path: "/analytics/response", Name: "response", Action: errata.AnalyticsRead, Auth: session}, resp.show},
		{errata.Route{Method: get, Path: "/analytics/response/episodes", Name: "response.episodes", Action: errata.AnalyticsRead, Auth: session}, resp.episodes},
		{errata.Route{Method: get, Path: "/system", Name: "system", Action: errata.SystemRead, Auth: session}, sys.show},

		{errata.Route{Method: get, Path: "/api/v1/issues", Name: "api.issues", Action: errata.IssueRead, Auth: token}, api.issues},
		{errata.Route{Method: get, Path: "/api/v1/issues/:id", Name: "api.issue", Action: errata.IssueRead, Object: "issue", Auth: token}, api.one},
		{errata.Route{Method: get, Path: "/api/v1/issues/:id/events", Name: "api.issue.events", Action: errata.EventRead, Object: "issue", Auth: token}, api.issueEvents},
		{errata.Route{Method: get, Path: "/api/v1/events/:event_id", Name: "api.event", Action: errata.EventRead, Object: "event", Auth: token, Audit: access}, api.event},
		{errata.Route{Method: get, Path: "/api/v1/analytics/volume", Name: "api.volume", Action: errata.AnalyticsRead, Auth: token}, api.volume},
		{errata.Route{Method: get, Path: "/api/v1/analytics/response", Name: "api.response", Action: errata.AnalyticsRead, Auth: token}, api.response},
		{errata.Route{Method: get, Path: "/api/openapi.json", Name: "api.openapi", Auth: public}, api.openapi},
	}
	r = append(r, s.peopleRoutes()...)
	r = append(r, s.eventRoutes()...)
	r = append(r, s.jobRoutes()...)
	r = append(r, s.jumpRoutes()...)
	r = append(r, s.exportRoutes()...)
	r = append(r, s.actRoutes()...)
	r = append(r, s.reportRoutes()...)
	r = append(r, s.queryRoutes()...)
	r = append(r, s.searchRoutes()...)
	if s.Dev {
		g := galleryPages{s}
		r = append(r, row{errata.Route{Method: get, Path: "/dev/gallery", Name: "gallery", Auth: public}, g.index},
			row{errata.Route{Method: get, Path: "/dev/gallery/:name", Name: "gallery.entry", Auth: public}, g.entry})
	}
	return r
}
