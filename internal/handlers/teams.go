package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"errata/internal/admin"
	"errata/internal/errata"
	"errata/internal/views/page"
	"errata/internal/views/ui"
)

// teams are who answers for what.
type teams struct{ *Server }

func teamIn(t admin.Team) page.TeamIn {
	out := page.TeamIn{Team: t.Team, Services: t.Services}
	for _, m := range t.Members {
		out.Members = append(out.Members, page.TeamMemberIn(m))
	}
	return out
}

func (h teams) list(c echo.Context) error { return h.showList(c, http.StatusOK, page.TeamsIn{}) }

// showList lists the teams, with the form that was refused.
func (h teams) showList(c echo.Context, code int, in page.TeamsIn) error {
	who := actorOf(c)
	all, err := h.Admin.Teams(c.Request().Context(), who)
	if err != nil {
		return err
	}
	in.Self, in.MayManage, in.Why = who.ID, all.MayManage, h.whyNot(who)
	for _, t := range all.Teams {
		in.Teams = append(in.Teams, teamIn(t))
	}
	return showModel(c, code, page.NewTeams(h.chrome(c, h.moment(zoneOf(who))), in))
}

// whyNot says what is missing to change teams, "" = nothing.
func (h teams) whyNot(who errata.Actor) string {
	if err := h.Decide(who, errata.TeamManage, ""); err != nil {
		return errata.MessageOf(err)
	}
	return ""
}

func (h teams) one(c echo.Context) error { return h.showOne(c, http.StatusOK, nil) }

func (h teams) showOne(c echo.Context, code int, refused error) error {
	who := actorOf(c)
	t, err := h.Admin.Team(c.Request().Context(), who, c.Param("team"))
	if err != nil {
		return err
	}
	m := h.moment(zoneOf(who))
	return showModel(c, code, page.NewTeamPage(h.chrome(c, m), page.TeamPageIn{
		Moment: m, TeamIn: teamIn(t.Team), Names: t.Names, People: t.People, Projects: t.Projects, Views: t.Views,
		MayManage: t.MayManage, Why: h.whyNot(who), Err: refused,
	}))
}

func (h teams) create(c echo.Context) error {
	f := admin.TeamForm{Name: field(c, "name"), Slug: field(c, "slug")}
	t, err := h.Admin.CreateTeam(c.Request().Context(), actorOf(c), f)
	switch errata.CodeOf(err) {
	case "":
		h.sayNext(c, ui.Toast{Text: "The team is made."})
		return c.Redirect(http.StatusSeeOther, "/teams/"+t.Slug)
	case errata.Invalid, errata.Conflict:
		return h.showList(c, http.StatusUnprocessableEntity, page.TeamsIn{Name: f.Name, Slug: f.Slug, Err: err})
	default:
		return err
	}
}

// after answers a change of a team: back to its page with a sentence, or the
// page with what was wrong.
func (h teams) after(c echo.Context, err error, said string) error {
	switch errata.CodeOf(err) {
	case "":
		h.sayNext(c, ui.Toast{Text: said})
		return c.Redirect(http.StatusSeeOther, "/teams/"+c.Param("team"))
	case errata.Invalid:
		return h.showOne(c, http.StatusUnprocessableEntity, err)
	default:
		return err
	}
}

func (h teams) rename(c echo.Context) error {
	return h.after(c, h.Admin.RenameTeam(c.Request().Context(), actorOf(c), c.Param("team"), field(c, "name")), "The team is renamed.")
}

func (h teams) remove(c echo.Context) error {
	if err := h.Admin.DeleteTeam(c.Request().Context(), actorOf(c), c.Param("team")); err != nil {
		return err
	}
	h.sayNext(c, ui.Toast{Text: "The team is deleted."})
	return c.Redirect(http.StatusSeeOther, "/teams")
}

func (h teams) member(c echo.Context) error {
	changed, err := h.Admin.SetMember(c.Request().Context(), actorOf(c), c.Param("team"), field(c, "user"), errata.TeamRole(field(c, "role")))
	return h.after(c, err, either(changed, "The team is changed.", "That was so already."))
}

func (h teams) removeMember(c echo.Context) error {
	was, err := h.Admin.RemoveMember(c.Request().Context(), actorOf(c), c.Param("team"), field(c, "user"))
	return h.after(c, err, either(was, "Taken out of the team.", "That account is not in the team."))
}

func (h teams) service(c echo.Context) error { return h.give(c, false) }

func (h teams) removeService(c echo.Context) error { return h.give(c, true) }

func (h teams) give(c echo.Context, take bool) error {
	changed, err := h.Admin.GiveService(c.Request().Context(), actorOf(c), c.Param("team"), field(c, "project"), take)
	return h.after(c, err, either(changed, "The services are changed.", "That was so already."))
}
