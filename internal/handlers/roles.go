package handlers

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"errata/internal/admin"
	"errata/internal/errata"
	"errata/internal/rbac"
	"errata/internal/views/page"
)

// roles is the matrix of roles and the question why.
type roles struct{ *Server }

func (h roles) show(c echo.Context) error {
	who := actorOf(c)
	all, err := h.Admin.People(c.Request().Context(), who)
	if err != nil {
		return err
	}
	v := c.QueryParams()
	in := page.RolesIn{
		Role: errata.Role(v.Get("role")), Projects: all.Projects, Actor: v.Get("actor"), Action: v.Get("action"), Project: v.Get("service"),
	}
	for _, r := range rbac.Matrix() {
		in.Rights = append(in.Rights, page.RightIn{Action: r.Action, Extent: string(r.Extent), Roles: r.Roles})
	}
	for _, p := range all.People {
		in.People = append(in.People, errata.Person{ID: p.ID, Name: p.Name, Login: p.Login})
	}
	code := http.StatusOK
	if in.Actor != "" || in.Action != "" {
		if in.Answer, in.Err = h.answer(all, in); in.Err != nil {
			code = http.StatusUnprocessableEntity
		}
	}
	return showModel(c, code, page.NewRoles(h.chrome(c, h.moment(zoneOf(who))), in))
}

// answer finds out why somebody may do something or not.
func (h roles) answer(all admin.People, in page.RolesIn) (*page.AnswerIn, error) {
	i := slices.IndexFunc(all.People, func(p admin.Person) bool { return p.ID == in.Actor })
	project, known := all.Projects[in.Project]
	switch {
	case i < 0:
		return nil, paramError("actor", "unknown", "Choose somebody who has an account.")
	case !slices.Contains(errata.Actions, errata.Action(in.Action)):
		return nil, paramError("action", "unknown", "“"+clip(in.Action)+"” is no action.")
	case in.Project != "" && !known:
		return nil, paramError("service", "unknown", "There is no such service.")
	}
	e := h.Explain(in.Actor, errata.Action(in.Action), in.Project)
	return &page.AnswerIn{
		OK: e.OK, Undecided: e.Undecided, Why: e.Why, Line: e.Line, Path: e.Path, Held: e.Held, Needs: e.Needs, Name: all.People[i].Name,
		Disabled: all.People[i].State != errata.UserActive, Action: in.Action, Extent: string(e.Extent), Where: project.Slug,
	}, nil
}
