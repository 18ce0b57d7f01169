package handlers

import (
	"net/http"

	"errata/internal/errata"
)

// peopleRoutes are the rows of people, roles, the own account and the audit.
func (s *Server) peopleRoutes() []row {
	var (
		p       = people{s}
		me      = account{s}
		group   = teams{s}
		why     = roles{s}
		log     = audits{s}
		get     = http.MethodGet
		post    = http.MethodPost
		session = errata.AuthSession
		change  = errata.StreamChange
		access  = errata.StreamAccess
		public  = errata.AuthPublic
		manage  = errata.UserManage
	)
	return []row{
		{errata.Route{Method: get, Path: "/users", Name: "users", Action: errata.UserRead, Auth: session}, p.list},
		{errata.Route{Method: get, Path: "/users/invite", Name: "user.invite", Action: manage, Auth: session}, p.inviteForm},
		{errata.Route{Method: post, Path: "/users/invite", Name: "user.invite.post", Action: manage, Auth: session, CSRF: true, Audit: change}, p.invite},
		{errata.Route{Method: post, Path: "/users/invites/:invite/renew", Name: "user.invite.renew", Action: manage, Object: "invite", Auth: session, CSRF: true, Audit: change}, p.renew},
		{errata.Route{Method: post, Path: "/users/invites/:invite/withdraw", Name: "user.invite.withdraw", Action: manage, Object: "invite", Auth: session, CSRF: true, Audit: change}, p.withdraw},
		{errata.Route{Method: get, Path: "/users/:id", Name: "user", Action: errata.UserRead, Object: "user", Auth: session}, p.one},
		{errata.Route{Method: post, Path: "/users/:id/grant", Name: "user.grant", Action: manage, Object: "user", Auth: session, CSRF: true, Audit: change}, p.grant},
		{errata.Route{Method: post, Path: "/users/:id/revoke", Name: "user.revoke", Action: manage, Object: "user", Auth: session, CSRF: true, Audit: change}, p.revoke},
		{errata.Route{Method: post, Path: "/users/:id/disable", Name: "user.disable", Action: manage, Object: "user", Auth: session, CSRF: true, Audit: change}, p.disable},
		{errata.Route{Method: post, Path: "/users/:id/enable", Name: "user.enable", Action: manage, Object: "user", Auth: session, CSRF: true, Audit: change}, p.enable},
		{errata.Route{Method: post, Path: "/users/:id/sessions", Name: "user.sessions", Action: manage, Object: "user", Auth: session, CSRF: true, Audit: change}, p.signOut},
		{errata.Route{Method: get, Path: "/invite/:token", Name: "invite", Auth: public}, p.join},
		{errata.Route{Method: post, Path: "/invite/:token", Name: "invite.accept", Auth: public, CSRF: true, Rate: "login", Audit: change}, p.accept},

		{errata.Route{Method: get, Path: "/teams", Name: "teams", Action: errata.UserRead, Auth: session}, group.list},
		{errata.Route{Method: post, Path: "/teams", Name: "team.create", Action: errata.TeamManage, Auth: session, CSRF: true, Audit: change}, group.create},
		{errata.Route{Method: get, Path: "/teams/:team", Name: "team", Action: errata.UserRead, Object: "team", Auth: session}, group.one},
		{errata.Route{Method: post, Path: "/teams/:team/rename", Name: "team.rename", Action: errata.TeamManage, Object: "team", Auth: session, CSRF: true, Audit: change}, group.rename},
		{errata.Route{Method: post, Path: "/teams/:team/members", Name: "team.member", Action: errata.TeamManage, Object: "team", Auth: session, CSRF: true, Audit: change}, group.member},
		{errata.Route{Method: post, Path: "/teams/:team/members/remove", Name: "team.member.remove", Action: errata.TeamManage, Object: "team", Auth: session, CSRF: true, Audit: change}, group.removeMember},
		{errata.Route{Method: post, Path: "/teams/:team/services", Name: "team.service", Action: errata.TeamManage, Object: "team", Auth: session, CSRF: true, Audit: change}, group.service},
		{errata.Route{Method: post, Path: "/teams/:team/services/remove", Name: "team.service.remove", Action: errata.TeamManage, Object: "team", Auth: session, CSRF: true, Audit: change}, group.removeService},
		{errata.Route{Method: post, Path: "/teams/:team/delete", Name: "team.delete", Action: errata.TeamManage, Object: "team", Auth: session, CSRF: true, Audit: change}, group.remove},

		{errata.Route{Method: get, Path: "/roles", Name: "roles", Action: errata.RoleRead, Auth: session}, why.show},

		{errata.Route{Method: get, Path: "/me", Name: "me", Auth: session}, me.show},
		{errata.Route{Method: post, Path: "/me/profile", Name: "me.profile", Auth: session, CSRF: true, Audit: change}, me.profile},
		{errata.Route{Method: post, Path: "/me/password", Name: "me.password", Auth: session, CSRF: true, Rate: "login", Audit: change}, me.password},
		{errata.Route{Method: post, Path: "/me/sessions/end", Name: "me.session.end", Auth: session, CSRF: true, Audit: change}, me.endSession},
		{errata.Route{Method: post, Path: "/me/sessions/others", Name: "me.sessions.end", Auth: session, CSRF: true, Audit: change}, me.endOthers},
		{errata.Route{Method: post, Path: "/me/tokens", Name: "me.token", Action: errata.TokenOwn, Auth: session, CSRF: true, Audit: change}, me.createToken},
		{errata.Route{Method: post, Path: "/tokens/:token/revoke", Name: "token.revoke", Action: errata.TokenOwn, Object: "token", Auth: session, CSRF: true, Audit: change}, me.revokeToken},

		{errata.Route{Method: get, Path: "/audit", Name: "audit", Action: errata.AuditRead, Auth: session, Audit: access}, log.list},
		{errata.Route{Method: get, Path: "/audit/verify", Name: "audit.verify", Action: errata.AuditVerify, Auth: session, Audit: access}, log.verify},
		{errata.Route{Method: get, Path: "/audit/:stream/:seq", Name: "audit.row", Action: errata.AuditRead, Object: "audit", Auth: session, Audit: access}, log.one},
	}
}
