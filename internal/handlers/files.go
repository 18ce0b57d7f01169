package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"errata/static"
)

// files are the stylesheet, scripts, fonts and icons.
type files struct{ *Server }

var embeddedFiles = static.Handler()

func (h files) show(c echo.Context) error {
	w := &notFoundFirst{ResponseWriter: c.Response()}
	embeddedFiles.ServeHTTP(w, c.Request())
	if w.missing {
		return noSuchPage()
	}
	return nil
}

// notFoundFirst keeps back the standard answer to a missing file, in favour of
// the page that all missing addresses get.
type notFoundFirst struct {
	http.ResponseWriter
	missing bool
}

func (w *notFoundFirst) WriteHeader(code int) {
	if w.missing = code == http.StatusNotFound; w.missing {
		return
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *notFoundFirst) Write(b []byte) (int, error) {
	if w.missing {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}
