package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"errata/internal/admin"
	"errata/internal/errata"
	"errata/internal/views/page"
)

// services is the list of services and how each is set up.
type services struct{ *Server }

func (h services) list(c echo.Context) error {
	who := actorOf(c)
	rows, err := h.Find.Services(c.Request().Context(), who)
	if err != nil {
		return err
	}
	m := h.moment(zoneOf(who))
	in := page.ServicesIn{Moment: m, MayCreate: h.Decide(who, errata.ProjectCreate, "") == nil}
	for _, r := range rows {
		in.Services = append(in.Services, page.ServiceRowIn(r))
	}
	return showModel(c, http.StatusOK, page.NewServices(h.chrome(c, m), in))
}

func (h services) form(c echo.Context) error {
	return h.showForm(c, http.StatusOK, page.NewServiceIn{})
}

func (h services) showForm(c echo.Context, code int, in page.NewServiceIn) error {
	return showModel(c, code, page.NewNewService(h.chrome(c, h.moment(nil)), in))
}

func (h services) create(c echo.Context) error { return h.submit(c, false) }

func (h services) submit(c echo.Context, firstRun bool) error {
	in := page.NewServiceIn{Name: field(c, "name"), Slug: field(c, "slug"), Platform: field(c, "platform"), FirstRun: firstRun}
	p, err := h.Admin.CreateProject(c.Request().Context(), actorOf(c), admin.ProjectForm{Slug: in.Slug, Name: in.Name, Platform: in.Platform})
	switch errata.CodeOf(err) {
	case "":
	case errata.Invalid, errata.Conflict:
		in.Err = err
		return h.showForm(c, http.StatusUnprocessableEntity, in)
	default:
		return err
	}
	to := "/services/" + p.Slug + "/setup"
	if firstRun {
		to += "?first=1"
	}
	return c.Redirect(http.StatusSeeOther, to)
}

func (h services) setup(c echo.Context) error {
	who := actorOf(c)
	s, err := h.Admin.ServiceSetup(c.Request().Context(), who, c.Param("slug"))
	if err != nil {
		return err
	}
	m := h.moment(zoneOf(who))
	in := page.ServiceSetupIn{
		Moment: m, Service: s.Project, Team: s.Team, DSN: s.DSN, Key: s.Key, MayReadKey: true, Platform: c.QueryParam("platform"),
		Store: strings.TrimSuffix(h.URL, "/") + "/api/" + s.Project.ID + "/store/", FirstRun: c.QueryParam("first") != "",
	}
	if s.First != nil {
		in.First = &page.FirstEvent{
			Issue: errata.ShortID(s.Project.Prefix, s.First.Number), Title: s.First.Title, At: s.First.FirstSeen,
			Release: s.First.FirstRelease, Environment: s.FirstEnvironment,
		}
	}
	return showModel(c, http.StatusOK, page.NewServiceSetup(h.chrome(c, m), in))
}
