package gallery

import (
	"strconv"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/views/page"
)

// crew are people of every kind.
var crew = []errata.Account{
	{ID: "u1", Email: "ada@shop.example", Login: "ada", Name: "Ada Rivera", State: errata.UserActive, Zone: "Europe/Oslo", CreatedAt: ago(90 * day), SeenAt: ago(40 * time.Second)},
	{ID: "u2", Email: "bo.berg@shop.example", Login: "bo.berg", Name: "Bo Berg", State: errata.UserActive, Zone: "UTC", CreatedAt: ago(80 * day), SeenAt: ago(3 * time.Hour)},
	{ID: "u3", Email: "chidi@shop.example", Login: "chidi", Name: "Chidi Okafor", State: errata.UserActive, Zone: "Africa/Lagos", CreatedAt: ago(60 * day), SeenAt: ago(2 * day)},
	{ID: "u4", Email: "dana@audit.example", Login: "dana", Name: "Dana Weiss", State: errata.UserActive, Zone: "UTC", CreatedAt: ago(50 * day)},
	{ID: "u5", Email: "eli@shop.example", Login: "eli", Name: "Eli Novak", State: errata.UserDisabled, Zone: "UTC", CreatedAt: ago(70 * day), SeenAt: ago(30 * day), DisabledAt: ago(20 * day)},
}

var crewGrants = map[string][]errata.Grant{
	"u1": {{Role: errata.RoleAdmin}},
	"u2": {{Role: errata.RoleViewer}, {Role: errata.RoleMaintainer, Project: "1"}, {Role: errata.RoleResponder, Project: "2"}, {Role: errata.RoleResponder, Project: "3"}},
	"u3": {{Role: errata.RoleResponder, Project: "1"}},
	"u4": {{Role: errata.RoleAuditor}},
}

func projectsByID() map[string]errata.Project {
	out := map[string]errata.Project{}
	for _, p := range services {
		out[p.ID] = p
	}
	return out
}

func inviteOf(email string, age time.Duration, grants ...errata.Grant) errata.Invite {
	return errata.Invite{ID: "9f2c51d0ab34e877", Email: email, Grants: grants, CreatedAt: ago(age), CreatedBy: "u1", ExpiresAt: ago(age - 7*day)}
}

func peopleIn(change func(*page.PeopleIn)) page.PeopleIn {
	in := page.PeopleIn{Moment: moment, Projects: projectsByID(), Names: map[string]string{"u1": "Ada Rivera"}, Self: "u1", MayManage: true}
	for i, a := range crew {
		in.People = append(in.People, page.PersonIn{Account: a, Grants: crewGrants[a.ID], Sessions: int64(i * 7 % 4)})
	}
	change(&in)
	return in
}

func peopleStates() []state {
	people := func(change func(*page.PeopleIn)) page.People {
		return page.NewPeople(chrome("/users"), peopleIn(change))
	}
	return []state{
		{"many", people(func(in *page.PeopleIn) {
			in.Invites = []errata.Invite{
				inviteOf("fred@shop.example", 5*time.Hour, errata.Grant{Role: errata.RoleResponder}),
				inviteOf("gwen@shop.example", 9*day, errata.Grant{Role: errata.RoleViewer, Project: "1"}),
			}
		})},
		{"one", people(func(in *page.PeopleIn) { in.People = in.People[:1] })},
		{"reader", people(func(in *page.PeopleIn) {
			in.MayManage, in.Self = false, "u3"
			for i := range in.People {
				in.People[i].Account.Email, in.People[i].Sessions = "", -1
			}
		})},
		{"hostile", people(func(in *page.PeopleIn) {
			in.People = in.People[:2]
			in.People[0].Account.Name, in.People[0].Account.Login = hostile, longWord
			in.People[1].Account.Name, in.People[1].Account.Email = hebrew+bidi, longWord+"@"+longWord+".example"
			in.Invites = []errata.Invite{inviteOf(longWord+longWord+"@example.com", day, errata.Grant{Role: errata.RoleViewer, Project: "99"})}
		})},
	}
}

func personIn(i int, change func(*page.PersonPageIn)) page.PersonPageIn {
	a := crew[i]
	in := page.PersonPageIn{
		Moment: moment, Account: a, Grants: crewGrants[a.ID], Projects: projectsByID(), MayManage: true,
		Sessions: []errata.Session{
			{ID: "s1", IP: "10.4.0.17", Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", CreatedAt: ago(2 * day), SeenAt: ago(3 * time.Hour)},
			{ID: "s2", IP: "2001:db8::17", Agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604.1", CreatedAt: ago(5 * day), SeenAt: ago(day)},
		},
		Assigned: []errata.Issue{
			{ID: "i1", ProjectID: "1", Number: 2187, Title: "pgconn.PgError: deadlock detected (SQLSTATE 40P01)", Severity: errata.P0, Status: errata.Open, LastSeen: ago(11 * time.Second)},
			{ID: "i2", ProjectID: "6", Number: 919, Title: "IdempotencyException: key was first used with other parameters", Severity: errata.P1, Status: errata.Acknowledged, LastSeen: ago(4 * time.Minute)},
			{ID: "i3", ProjectID: "7", Number: 77, Title: "TypeError: undefined is not a function", Severity: errata.P3, Status: errata.Open, LastSeen: ago(3 * day)},
		},
		AssignedTotal: 3,
		Tokens:        tokens(),
	}
	change(&in)
	return in
}

func tokens() []errata.Token {
	return []errata.Token{
		{ID: "t1", Name: "wall board", Hint: "err_3fGh…x9Qa", Scopes: errata.TokenScopes{Actions: []errata.Action{errata.IssueRead, errata.AnalyticsRead}}, CreatedAt: ago(20 * day), UsedAt: ago(2 * time.Minute), ExpiresAt: ago(-70 * day)},
		{ID: "t2", Name: "export of the spring", Hint: "err_9aQz…p0Lm", Scopes: errata.TokenScopes{Actions: []errata.Action{errata.EventRead}}, CreatedAt: ago(200 * day), ExpiresAt: ago(110 * day)},
		{ID: "t3", Name: "laptop", Hint: "err_1bTT…77ab", Scopes: errata.TokenScopes{Actions: []errata.Action{errata.IssueRead}}, CreatedAt: ago(9 * day), UsedAt: ago(8 * day), ExpiresAt: ago(-81 * day), RevokedAt: ago(7 * day)},
	}
}

func personStates() []state {
	person := func(i int, change func(*page.PersonPageIn)) page.PersonPage {
		return page.NewPersonPage(chrome("/users/u2"), personIn(i, change))
	}
	return []state{
		{"many", person(1, func(in *page.PersonPageIn) { in.Teams = []errata.Team{payments} })},
		{"none", person(3, func(in *page.PersonPageIn) {
			in.Grants, in.Sessions, in.Assigned, in.Tokens, in.AssignedTotal = nil, nil, nil, nil, 0
		})},
		{"last-admin", person(0, func(in *page.PersonPageIn) { in.Self, in.LastAdmin = true, true })},
		{"disabled", person(4, func(in *page.PersonPageIn) { in.Sessions = nil })},
		{"refused", person(1, func(in *page.PersonPageIn) {
			in.Role, in.Where = "admin", "1"
			in.Err = errata.Because(errata.Invalid, "Administrators are administrators everywhere.", nil,
				errata.Detail{Reason: "everywhere_only", Field: "project", Message: "Administrators are administrators everywhere. On one service, maintainer is the highest role."})
		})},
		{"reader", person(1, func(in *page.PersonPageIn) {
			in.MayManage, in.Account.Email, in.Sessions, in.Tokens = false, "", nil, nil
			in.Why = "Needs admin everywhere. Ask Ada Rivera."
		})},
		{"hostile", person(1, func(in *page.PersonPageIn) {
			in.Account.Name, in.Account.Login, in.Account.Zone = hostile, longWord, hostile
			in.Sessions[0].Agent, in.Sessions[0].IP = hostile, hostile
			in.Assigned[0].Title, in.Tokens[0].Name = hostile+longWord, bidi+arabic
			in.Teams = []errata.Team{{Slug: "x", Name: hostile + longWord}}
		})},
	}
}

func inviteStates() []state {
	form := func(change func(*page.InviteIn)) page.InviteForm {
		in := page.InviteIn{Projects: projectsByID(), Roles: map[string]string{"": "viewer"}}
		change(&in)
		return page.NewInviteForm(chrome("/users/invite"), in)
	}
	taken := errata.Because(errata.Conflict, "There is an account with this e-mail address.", nil,
		errata.Detail{Reason: "email_taken", Field: "email", Message: "There is an account with this e-mail address."})
	made := page.InvitedIn{
		Moment: moment, Projects: projectsByID(), Link: "https://errata.shop.example/invite/" + strings.Repeat("9f2c51d0ab34e877", 4),
		Invite: inviteOf("fred@shop.example", 0, errata.Grant{Role: errata.RoleViewer}, errata.Grant{Role: errata.RoleResponder, Project: "1"}),
	}
	mailed, failed := made, made
	mailed.Mailed, failed.MailErr = true, errata.E(errata.Unavailable, "The mail server did not take the message.", nil)
	return []state{
		{"plain", form(func(*page.InviteIn) {})},
		{"mails", form(func(in *page.InviteIn) { in.Mails = true })},
		{"refused", form(func(in *page.InviteIn) {
			in.Email, in.Err, in.Roles = "bo.berg@shop.example", taken, map[string]string{"1": "responder"}
		})},
		{"made", page.NewInvited(chrome("/users/invite"), made)},
		{"mailed", page.NewInvited(chrome("/users/invite"), mailed)},
		{"mail-failed", page.NewInvited(chrome("/users/invite"), failed)},
	}
}

func joinStates() []state {
	in := page.JoinIn{Token: "9f2c", Email: "fred@shop.example", By: "Ada Rivera", Projects: projectsByID(), Grants: []errata.Grant{{Role: errata.RoleViewer}, {Role: errata.RoleResponder, Project: "1"}}}
	bad, odd := in, in
	bad.Name = "Fred"
	bad.Err = errata.Because(errata.Invalid, "Too short.", nil, errata.Detail{Reason: "password.length", Field: "password", Message: "The password has 5 characters; it needs at least 12."})
	odd.By, odd.Email = hostile, longWord+"@example.com"
	refused := func(reason string) page.JoinRefused {
		return page.NewJoinRefused(bare(), errata.Because(errata.Conflict, "This invitation does not exist. Perhaps a newer one has replaced it, or the link was copied in part.", nil, errata.Detail{Reason: reason}))
	}
	return []state{
		{"plain", page.NewJoin(bare(), in)},
		{"refused", page.NewJoin(bare(), bad)},
		{"hostile", page.NewJoin(bare(), odd)},
		{"used", refused("invite_used")},
		{"expired", refused("invite_expired")},
		{"unknown", refused("invite_unknown")},
	}
}

// rights are the built-in roles as they stand in this version.
func rights() (out []page.RightIn) {
	all := errata.Roles
	add := func(extent string, roles []errata.Role, actions ...errata.Action) {
		for _, a := range actions {
			out = append(out, page.RightIn{Action: a, Extent: extent, Roles: roles})
		}
	}
	add("project", all, errata.IssueRead)
	add("project", all[:4], errata.IssueComment, errata.IssueWatch)
	add("project", all[1:4], errata.IssueAck, errata.IssueAssign, errata.IssueResolve, errata.IssueIgnore, errata.IssueSeverity)
	add("project", all, errata.EventRead)
	add("project", all[1:4], errata.EventReadPII)
	add("anywhere", all[2:4], errata.ProjectCreate)
	add("installation", all[3:4], errata.UserManage)
	add("installation", all[3:], errata.RoleRead, errata.AuditVerify)
	return out
}

func rolesIn(change func(*page.RolesIn)) page.RolesIn {
	in := page.RolesIn{Rights: rights(), Projects: projectsByID()}
	for _, a := range crew {
		in.People = append(in.People, errata.Person{ID: a.ID, Name: a.Name, Login: a.Login})
	}
	change(&in)
	return in
}

func rolesStates() []state {
	roles := func(change func(*page.RolesIn)) page.Roles { return page.NewRoles(chrome("/roles"), rolesIn(change)) }
	yes := page.AnswerIn{
		OK: true, Why: "Allowed as maintainer.", Line: "p, role:responder, issue:resolve, */*, allow", Path: []string{"user:u2", "role:maintainer", "role:responder"},
		Held: []errata.Role{errata.RoleViewer, errata.RoleResponder, errata.RoleMaintainer}, Needs: errata.Roles[1:4], Name: "Bo Berg", Action: "issue:resolve", Extent: "project", Where: "checkout-api",
	}
	no := page.AnswerIn{Why: "Needs responder on checkout-api. Ask Ada Rivera.", Held: errata.Roles[:1], Needs: errata.Roles[1:4], Name: "Chidi Okafor", Action: "issue:resolve", Extent: "project", Where: "checkout-api"}
	off := no
	off.Name, off.Disabled = "Eli Novak", true
	return []state{
		{"plain", roles(func(*page.RolesIn) {})},
		{"allowed", roles(func(in *page.RolesIn) {
			in.Actor, in.Action, in.Project, in.Answer, in.Role = "u2", "issue:resolve", "1", &yes, errata.RoleMaintainer
		})},
		{"denied", roles(func(in *page.RolesIn) { in.Actor, in.Action, in.Project, in.Answer = "u3", "issue:resolve", "1", &no })},
		{"disabled", roles(func(in *page.RolesIn) { in.Actor, in.Action, in.Answer = "u5", "issue:resolve", &off })},
		{"undecided", roles(func(in *page.RolesIn) {
			in.Actor, in.Action = "u2", "issue:resolve"
			in.Answer = &page.AnswerIn{Undecided: true, Why: "Permissions cannot be checked, so everything is refused."}
		})},
		{"refused", roles(func(in *page.RolesIn) {
			in.Actor, in.Action, in.Err = hostile, "issue:resolve", errata.Because(errata.Invalid, "x", nil, errata.Detail{Reason: "unknown", Field: "actor", Message: "Choose somebody who has an account."})
		})},
	}
}

func accountIn(change func(*page.AccountIn)) page.AccountIn {
	p := personIn(1, func(*page.PersonPageIn) {})
	in := page.AccountIn{
		Moment: moment, Account: p.Account, Grants: p.Grants, Projects: p.Projects, Tokens: p.Tokens, Sessions: p.Sessions, Here: "s1", MayToken: true,
		Scopes: []errata.Action{errata.IssueRead, errata.IssueComment, errata.IssueAck, errata.IssueResolve, errata.EventRead, errata.ProjectRead, errata.AnalyticsRead},
	}
	change(&in)
	return in
}

func accountStates() []state {
	account := func(change func(*page.AccountIn)) page.Account {
		return page.NewAccount(chrome("/me"), accountIn(change))
	}
	scope := errata.Because(errata.Invalid, "x", nil, errata.Detail{Reason: "required", Field: "scope", Message: "Name at least one scope, as issue:read."},
		errata.Detail{Reason: "length", Field: "name", Message: "Write what the token is for, in 1 to 100 characters."})
	zone := errata.Because(errata.Invalid, "x", nil, errata.Detail{Reason: "zone", Field: "zone", Message: "“Mars/Olympus” is no time zone. Write one like Europe/Berlin."})
	return []state{
		{"many", account(func(*page.AccountIn) {})},
		{"new", account(func(in *page.AccountIn) { in.Tokens, in.Sessions, in.Grants = nil, in.Sessions[:1], nil })},
		{"without-role", account(func(in *page.AccountIn) { in.Tokens, in.Grants, in.MayToken = nil, nil, false })},
		{"profile-refused", account(func(in *page.AccountIn) { in.Name, in.Zone, in.ProfileErr = "Bo", "Mars/Olympus", zone })},
		{"token-refused", account(func(in *page.AccountIn) {
			in.TokenErr, in.Ticked, in.Days = scope, map[string]bool{string(errata.IssueRead): true}, "30"
		})},
		{"token-made", page.NewTokenMade(chrome("/me"), page.TokenMadeIn{Moment: moment, Token: tokens()[0], Text: "err_3fGhT0kL9zXcVbNmQwErTyUiOpAsDfGhJkL1234567890AbCx9Qa"})},
		{"hostile", account(func(in *page.AccountIn) {
			in.Account.Name, in.Account.Email, in.Tokens[0].Name = hostile, longWord+"@example.com", hostile
		})},
	}
}

func auditRows() []page.AuditRowIn {
	row := func(n int64, age time.Duration, actor string, action errata.Action, result errata.AuditResult, object, name, link, service, detail string) page.AuditRowIn {
		r := page.AuditRowIn{AuditRow: errata.AuditRow{
			Stream: errata.StreamChange, Seq: n, At: ago(age), ActorKind: errata.ActorUser, ActorID: actor, Via: "session", Action: action, Result: result,
			Object: object, Detail: detail, IP: "10.4.0.17", RequestID: "01993a5e-7c4e-7b5a-9d2e-3f1b6a0c8d4" + strconv.FormatInt(n%10, 10),
			PrevHash: strings.Repeat("4d", 32), Hash: strings.Repeat("9f", 32),
		}, ObjectName: name, ObjectURL: link, Service: service}
		for _, a := range crew {
			if a.ID == actor {
				r.ActorName, r.ActorLogin = a.Name, a.Login
			}
		}
		return r
	}
	out := []page.AuditRowIn{
		row(4127, 9*time.Second, "u2", errata.IssueResolve, errata.AuditDone, "issue:i1", "CHK-2187", "/issues/CHK-2187", "checkout-api", `{"cause":"fixed"}`),
		row(4126, 40*time.Second, "u3", errata.UserManage, errata.AuditDenied, "user:u3", "Chidi Okafor", "/users/u3", "", `{}`),
		row(4125, 4*time.Minute, "u1", errata.UserManage, errata.AuditDone, "user:u3", "Chidi Okafor", "/users/u3", "", `{"role":"responder","project":"1"}`),
		row(4124, 2*time.Hour, "", errata.SignIn, errata.AuditFailed, "", "", "", "", `{}`),
		row(4123, 3*time.Hour, "u1", errata.KeyWrite, errata.AuditDone, "project:1", "service checkout-api", "", "checkout-api", `{}`),
		row(4122, 26*time.Hour, "u2", errata.IssueAck, errata.AuditNoop, "issue:i2", "PAY-919", "/issues/PAY-919", "payments-worker", `{}`),
	}
	out[4].ActorKind, out[4].ActorID, out[4].ActorName, out[4].Via = errata.ActorSystem, "cli", "", "cli"
	return out
}

func auditIn(change func(*page.AuditIn)) page.AuditIn {
	in := page.AuditIn{
		Moment: moment, Filter: page.AuditFilter{Stream: "change"}, Rows: auditRows(), Next: "1.2", MayVerify: true, Whole: true,
		Actions: []errata.Action{errata.IssueAck, errata.IssueResolve, errata.SignIn, errata.UserManage},
	}
	for _, a := range crew {
		in.People = append(in.People, errata.Person{ID: a.ID, Name: a.Name, Login: a.Login})
	}
	change(&in)
	return in
}

func auditStates() []state {
	audit := func(change func(*page.AuditIn)) page.Audit { return page.NewAudit(chrome("/audit"), auditIn(change)) }
	hash := strings.Repeat("9f2c51d0ab34e877", 4)
	return []state{
		{"many", audit(func(*page.AuditIn) {})},
		{"page-two", audit(func(in *page.AuditIn) { in.Filter.After, in.Filter.Actor, in.Next = "1.2", "u2", "" })},
		{"filtered-empty", audit(func(in *page.AuditIn) {
			in.Rows, in.Next, in.Filter.Result, in.Filter.From = nil, "", "failed", "2026-11-01"
		})},
		{"none", audit(func(in *page.AuditIn) { in.Rows, in.Next, in.Filter.Stream = nil, "", "access" })},
		{"whole", audit(func(in *page.AuditIn) { in.Checked = &page.ChainIn{Rows: 4127, Head: hash, At: ago(time.Second)} })},
		{"broken", audit(func(in *page.AuditIn) {
			in.Checked = &page.ChainIn{Rows: 3001, Broken: 3002, Why: "the row was changed", Head: hash, At: ago(time.Second)}
		})},
		{"maintainer", audit(func(in *page.AuditIn) { in.Whole, in.MayVerify = false, false })},
		{"refused", audit(func(in *page.AuditIn) {
			in.Rows, in.Next, in.Filter.From = nil, "", "yesterday"
			in.Err = errata.Because(errata.Invalid, "x", nil, errata.Detail{Reason: "time", Field: "from", Message: "“yesterday” is no date. Write one like 2026-11-20."})
		})},
		{"row", page.NewAuditDetail(chrome("/audit/change/4125"), page.AuditDetailIn{Moment: moment, Row: auditRows()[2]})},
		{"hostile", page.NewAuditDetail(chrome("/audit/change/1"), page.AuditDetailIn{Moment: moment, Row: func() page.AuditRowIn {
			r := auditRows()[0]
			r.ActorName, r.Object, r.ObjectName, r.IP, r.Detail = hostile, longWord, bidi+arabic, hostile, `{"`+longWord+`":"<script>alert(1)</script>","n":[1,2]}`
			return r
		}()})},
	}
}
