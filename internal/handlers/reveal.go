package handlers

import (
	"strings"

	"github.com/labstack/echo/v4"

	"errata/internal/find"
)

// revealing says whether the page is asked for with its personal data in clear.
func revealing(c echo.Context) bool { return strings.HasSuffix(c.Path(), "/reveal") }

// askedPart is the part of the event that the address or the form names.
func askedPart(c echo.Context) string {
	if revealing(c) {
		return field(c, "part")
	}
	return c.Param("part")
}

// read gets the event: masked, or in clear for a form that asks so.
func (h issue) read(c echo.Context, v find.IssueView, name string) (find.EventView, error) {
	if revealing(c) {
		return h.Find.Reveal(c.Request().Context(), actorOf(c), v, name)
	}
	return h.Find.Event(c.Request().Context(), actorOf(c), v, name), nil
}
