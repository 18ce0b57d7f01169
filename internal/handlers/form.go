package handlers

import (
	"mime"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
)

// maxForm is how large a form of a page may be.
const maxForm = 1 << 20

// readForm reads the form before its handler runs, so that a form that is too
// large, too slow or no form at all is refused and not taken for an empty one.
func readForm(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if r.ContentLength != 0 && (err != nil || kind != echo.MIMEApplicationForm) {
			return refuse(errata.Invalid, "media_type", "A form is sent as "+echo.MIMEApplicationForm+".", err)
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			if err = plain(err); errata.CodeOf(err) == errata.Internal {
				err = refuse(errata.Invalid, "form", "The form cannot be read.", err)
			}
			return err
		}
		if err := single(r.PostForm, "id"); err != nil { // the ticked rows of a list
			return err
		}
		return next(c)
	}
}

// field returns a field of the form; what stands in the address is no field.
func field(c echo.Context, name string) string { return c.Request().PostForm.Get(name) }

// readQuery refuses parameters that stand twice. The API is strict about the
// form of the rest too; a page takes what it can read.
func readQuery(strict bool, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		v, err := url.ParseQuery(c.Request().URL.RawQuery)
		if err != nil && strict {
			return refuse(errata.Invalid, "format", "The parameters of the address cannot be read.", err)
		}
		if err := single(v, repeatable(c.Path())...); err != nil {
			return err
		}
		return next(c)
	}
}
