package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/views/gallery"
)

// galleryPages shows every page in every state, for those who build them.
type galleryPages struct{ *Server }

func (h galleryPages) entry(c echo.Context) error {
	for _, e := range gallery.Entries() {
		if e.Name == c.Param("name") {
			return show(c, http.StatusOK, e.Component)
		}
	}
	return errata.E(errata.NotFound, "There is no such entry.", nil)
}

// index leads to the first entry; each entry's page is a whole page.
func (h galleryPages) index(c echo.Context) error {
	all := gallery.Entries()
	names := make([]string, len(all))
	for i, e := range all {
		names[i] = e.Name
	}
	return c.JSON(http.StatusOK, names)
}
