package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/views/page"
)

// jobPages are the jobs that somebody has asked for.
type jobPages struct{ *Server }

// jobRoutes are the rows of jobs.
func (s *Server) jobRoutes() []row {
	h := jobPages{s}
	return []row{
		{errata.Route{Method: http.MethodGet, Path: "/jobs/:job", Name: "job", Object: "job", Auth: errata.AuthSession}, h.show},
		{errata.Route{Method: http.MethodPost, Path: "/jobs/:job/cancel", Name: "job.cancel", Object: "job", Auth: errata.AuthSession, CSRF: true, Audit: errata.StreamChange}, h.cancel},
	}
}

func (h jobPages) show(c echo.Context) error {
	who := actorOf(c)
	p, err := h.Triage.BulkProgress(c.Request().Context(), who, c.Param("job"))
	if err != nil {
		return err
	}
	m := h.moment(zoneOf(who))
	in := page.JobIn{Moment: m, Job: p.Job, Act: p.Params.Act, Query: p.Params.Query, Counts: p.Counts}
	for _, i := range p.Unchanged {
		in.Unchanged = append(in.Unchanged, page.JobItemIn{ID: errata.ShortID(i.Prefix, i.Number), Title: i.Title, Why: i.Note})
	}
	return showModel(c, http.StatusOK, page.NewJob(h.chrome(c, m), in))
}

func (h jobPages) cancel(c echo.Context) error {
	id := c.Param("job")
	if err := h.Jobs.Cancel(c.Request().Context(), actorOf(c), id); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, page.JobURL(id))
}
