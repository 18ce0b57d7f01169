package handlers

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"errata/internal/admin"
	"errata/internal/errata"
	"errata/internal/views/page"
	"errata/internal/views/ui"
)

// people is who has an account, and who may have one.
type people struct{ *Server }

func (h people) list(c echo.Context) error {
	who := actorOf(c)
	all, err := h.Admin.People(c.Request().Context(), who)
	if err != nil {
		return err
	}
	m := h.moment(zoneOf(who))
	in := page.PeopleIn{Moment: m, Invites: all.Invites, Projects: all.Projects, Names: all.Names, Self: who.ID, MayManage: all.MayManage}
	for _, p := range all.People {
		row := page.PersonIn{Account: p.Account, Grants: p.Grants, Sessions: -1}
		if all.MayManage {
			row.Sessions = p.SessionCount
		}
		in.People = append(in.People, row)
	}
	return showModel(c, http.StatusOK, page.NewPeople(h.chrome(c, m), in))
}

func (h people) one(c echo.Context) error { return h.showOne(c, http.StatusOK, nil) }

// showOne shows an account, with the form that was refused for err.
func (h people) showOne(c echo.Context, code int, refused error) error {
	who := actorOf(c)
	p, err := h.Admin.Person(c.Request().Context(), who, c.Param("id"))
	if err != nil {
		return err
	}
	m := h.moment(zoneOf(who))
	in := page.PersonPageIn{
		Moment: m, Account: p.Account, Grants: p.Grants, Teams: p.Teams, Sessions: p.Sessions, Tokens: p.Tokens, Assigned: p.Assigned,
		AssignedTotal: p.AssignedTotal, Projects: p.Projects, MayManage: p.MayManage, Self: p.Self, LastAdmin: p.LastAdmin,
		Role: field(c, "role"), Where: field(c, "project"), Err: refused,
	}
	if err := h.Decide(who, errata.UserManage, ""); err != nil && !p.Self {
		in.Why = errata.MessageOf(err)
	}
	return showModel(c, code, page.NewPersonPage(h.chrome(c, m), in))
}

// after answers a change of an account: back to its page with a sentence, or
// the page with what was wrong.
func (h people) after(c echo.Context, err error, said string) error {
	switch errata.CodeOf(err) {
	case "":
	case errata.Invalid:
		return h.showOne(c, http.StatusUnprocessableEntity, err)
	case errata.Conflict:
		return h.showOne(c, http.StatusConflict, err)
	default:
		return err
	}
	h.sayNext(c, ui.Toast{Text: said})
	return c.Redirect(http.StatusSeeOther, "/users/"+c.Param("id"))
}

// grantOf reads a role of the form.
func grantOf(c echo.Context) errata.Grant {
	return errata.Grant{UserID: c.Param("id"), Role: errata.Role(field(c, "role")), Project: field(c, "project")}
}

func (h people) grant(c echo.Context) error {
	changed, err := h.Admin.GrantRole(c.Request().Context(), actorOf(c), grantOf(c))
	return h.after(c, err, either(changed, "The role is given.", "That role was held already."))
}

func (h people) revoke(c echo.Context) error {
	changed, err := h.Admin.RevokeRole(c.Request().Context(), actorOf(c), grantOf(c))
	return h.after(c, err, either(changed, "The role is removed.", "That role was not held."))
}

func either(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

func (h people) disable(c echo.Context) error {
	ended, err := h.Admin.DisableUser(c.Request().Context(), actorOf(c), c.Param("id"))
	return h.after(c, err, "The account is disabled; "+ui.Count(ended, "session", "sessions")+" ended.")
}

func (h people) enable(c echo.Context) error {
	return h.after(c, h.Admin.EnableUser(c.Request().Context(), actorOf(c), c.Param("id")), "The account is active again.")
}

func (h people) signOut(c echo.Context) error {
	ended, err := h.Admin.EndSessionsOf(c.Request().Context(), actorOf(c), c.Param("id"))
	return h.after(c, err, ui.Count(ended, "session", "sessions")+" ended.")
}

func (h people) inviteForm(c echo.Context) error {
	return h.showInvite(c, http.StatusOK, page.InviteIn{Roles: map[string]string{"": string(errata.RoleViewer)}})
}

func (h people) showInvite(c echo.Context, code int, in page.InviteIn) error {
	all, err := h.projects(c)
	if err != nil {
		return err
	}
	in.Projects, in.Mails = all, h.Admin.Mail != nil
	return showModel(c, code, page.NewInviteForm(h.chrome(c, h.moment(nil)), in))
}

// projects are the services that the reader sees, by id.
func (h people) projects(c echo.Context) (map[string]errata.Project, error) {
	all, err := h.Admin.Projects(c.Request().Context(), actorOf(c))
	out := map[string]errata.Project{}
	for _, p := range all {
		out[p.ID] = p
	}
	return out, err
}

func (h people) invite(c echo.Context) error {
	all, err := h.projects(c)
	if err != nil {
		return err
	}
	f := admin.InviteForm{Email: field(c, "email")}
	roles := map[string]string{}
	for id := range all {
		roles[id] = field(c, page.RoleField(id))
	}
	roles[""] = field(c, page.RoleField(""))
	for id, role := range roles {
		if role != "" {
			f.Grants = append(f.Grants, errata.Grant{Role: errata.Role(role), Project: id})
		}
	}
	slices.SortFunc(f.Grants, func(a, b errata.Grant) int { return len(a.Project) - len(b.Project) }) // everywhere first
	out, err := h.Admin.Invite(c.Request().Context(), actorOf(c), f)
	switch errata.CodeOf(err) {
	case "":
		return h.showInvited(c, out, all)
	case errata.Invalid, errata.Conflict:
		return h.showInvite(c, http.StatusUnprocessableEntity, page.InviteIn{Email: f.Email, Roles: roles, Err: err})
	default:
		return err
	}
}

func (h people) showInvited(c echo.Context, out admin.Invited, projects map[string]errata.Project) error {
	m := h.moment(zoneOf(actorOf(c)))
	return showModel(c, http.StatusOK, page.NewInvited(h.chrome(c, m), page.InvitedIn{
		Moment: m, Invite: out.Invite, Link: out.Link, Mailed: out.Mailed, MailErr: out.MailErr, Projects: projects,
	}))
}

func (h people) renew(c echo.Context) error {
	out, err := h.Admin.RenewInvite(c.Request().Context(), actorOf(c), c.Param("invite"))
	if err != nil {
		return err
	}
	all, err := h.projects(c)
	if err != nil {
		return err
	}
	return h.showInvited(c, out, all)
}

func (h people) withdraw(c echo.Context) error {
	if err := h.Admin.WithdrawInvite(c.Request().Context(), actorOf(c), c.Param("invite")); err != nil {
		return err
	}
	h.sayNext(c, ui.Toast{Text: "The invitation is withdrawn; its link does not work any more."})
	return c.Redirect(http.StatusSeeOther, "/users")
}

// join is the page behind the link of an invitation.
func (h people) join(c echo.Context) error {
	return h.showJoin(c, http.StatusOK, "", nil)
}

func (h people) showJoin(c echo.Context, code int, name string, refused error) error {
	in, err := h.Admin.Invitation(c.Request().Context(), c.Param("token"))
	if err != nil {
		return h.joinRefused(c, err)
	}
	return showModel(c, code, page.NewJoin(h.chrome(c, h.moment(nil)), page.JoinIn{
		Token: c.Param("token"), Email: in.Email, By: in.By, Grants: in.Grants, Projects: in.Projects, Name: name, Err: refused,
	}))
}

// joinRefused says clearly why a link does not work; other errors stay errors.
func (h people) joinRefused(c echo.Context, err error) error {
	if code := errata.CodeOf(err); code != errata.NotFound && code != errata.Conflict {
		return err
	}
	return showModel(c, status(err), page.NewJoinRefused(h.chrome(c, h.moment(nil)), err))
}

func (h people) accept(c echo.Context) error {
	f := admin.AcceptForm{Token: c.Param("token"), Name: field(c, "name"), Password: field(c, "password")}
	acc, err := h.Admin.AcceptInvite(c.Request().Context(), browser(c), f)
	switch errata.CodeOf(err) {
	case "":
	case errata.Invalid:
		return h.showJoin(c, http.StatusUnprocessableEntity, f.Name, err)
	default:
		return h.joinRefused(c, err)
	}
	if err := h.begin(c, acc.ID); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}
