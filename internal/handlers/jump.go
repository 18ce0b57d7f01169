package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/views/page"
)

// jumps is quick search, as a page and as what the palette shows.
type jumps struct{ *Server }

// jumpRoutes are the rows of quick search.
func (s *Server) jumpRoutes() []row {
	return []row{{errata.Route{Method: http.MethodGet, Path: "/search", Name: "search", Auth: errata.AuthSession}, jumps{s}.show}}
}

func (h jumps) show(c echo.Context) error {
	who := actorOf(c)
	text := c.QueryParam("q")
	found, err := h.Find.Jump(c.Request().Context(), who, text, c.QueryParam("on"))
	if err != nil {
		return err
	}
	in := page.JumpIn{Text: text, Services: found.Services, People: found.People}
	if found.On != nil {
		in.On = &page.IssueRowIn{Issue: found.On.Issue, Service: found.On.Project, Can: h.Find.Cans(who, []find.IssueRow{*found.On})[0]}
	}
	for _, r := range found.Issues {
		in.Issues = append(in.Issues, page.IssueRowIn{Issue: r.Issue, Service: r.Project})
	}
	for _, v := range found.Views {
		in.Views = append(in.Views, v.SavedView)
	}
	m := h.moment(zoneOf(who))
	return showModel(c, http.StatusOK, page.NewJump(h.chrome(c, m), in))
}
