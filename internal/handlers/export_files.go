package handlers

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"errata/internal/report"
	"errata/internal/report/encode"
	"errata/internal/views/page"
)

// pages that a file can be prepared of.
var pagesOfFiles = map[string]readExport{
	"/issues": exports.issues, "/events": exports.events, "/analytics/response/episodes": exports.episodes,
}

// ask has a file prepared of what a page shows: the form names its address.
func (h exports) ask(c echo.Context) error {
	u, err := url.Parse(field(c, "page"))
	read := pagesOfFiles[pathOf(u)]
	if err != nil || read == nil {
		return paramError("page", "unknown", "Nothing can be prepared of this page.")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return paramError("page", "format", "The address of the page cannot be read.")
	}
	if err := single(query, repeatable(u.Path)...); err != nil {
		return err
	}
	r := c.Request().Clone(c.Request().Context())
	r.URL.RawQuery = u.RawQuery
	c.SetRequest(r)
	who := actorOf(c)
	e, err := read(h, c, who)
	if err != nil {
		return err
	}
	e.Format, e.Personal = encode.Format(field(c, "format")), field(c, "personal") == "1"
	id, err := h.Report.Ask(r.Context(), who, e)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, page.ExportURL(id))
}

func pathOf(u *url.URL) string {
	if u == nil || u.Host != "" || u.Scheme != "" {
		return ""
	}
	return u.Path
}

func (h exports) mine(c echo.Context) error {
	who := actorOf(c)
	all, err := h.Report.Mine(c.Request().Context(), who)
	if err != nil {
		return err
	}
	m := h.moment(zoneOf(who))
	in := page.ExportsIn{Moment: m}
	for _, t := range all {
		in.Taken = append(in.Taken, takenIn(t))
	}
	return showModel(c, http.StatusOK, page.NewExports(h.chrome(c, m), in))
}

func (h exports) one(c echo.Context) error {
	who := actorOf(c)
	t, err := h.Report.One(c.Request().Context(), who, c.Param("job"))
	if err != nil {
		return err
	}
	m := h.moment(zoneOf(who))
	return showModel(c, http.StatusOK, page.NewExportPage(h.chrome(c, m), m, takenIn(t)))
}

func takenIn(t report.Taken) page.TakenIn {
	in := page.TakenIn{
		Job: t.Job, What: string(t.Asked.What), Format: string(t.Asked.Format), Query: t.Asked.Q, Address: t.Asked.Address(t.Asked.Q),
		From: t.Asked.Range.From.UnixMicro(), To: t.Asked.Range.To.UnixMicro(), Personal: t.Asked.Personal,
	}
	if t.File != nil {
		in.Name, in.Rows, in.Bytes, in.SHA256, in.Until = t.File.Name, t.File.Rows, t.File.Bytes, t.File.SHA256, t.Until
	}
	return in
}

// download hands out a file. Parts of it can be asked for, so that a download
// that broke off goes on.
func (h exports) download(c echo.Context) error {
	f, file, err := h.Report.Open(c.Request().Context(), actorOf(c), c.Param("job"))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	st, err := f.Stat()
	if err != nil {
		return err
	}
	head := c.Response().Header()
	head.Set("Content-Type", "application/zip")
	head.Set("Content-Disposition", `attachment; filename="`+file.Name+`"`)
	head.Set("X-Errata-Export", "id="+c.Param("job")+"; rows="+strconv.FormatInt(file.Rows, 10))
	head.Set("ETag", strconv.Quote(file.SHA256))
	http.ServeContent(c.Response(), c.Request(), file.Name, st.ModTime(), f)
	return nil
}

func (h exports) cancel(c echo.Context) error {
	t, err := h.Report.One(c.Request().Context(), actorOf(c), c.Param("job"))
	if err != nil {
		return err
	}
	if err := h.Jobs.Cancel(c.Request().Context(), actorOf(c), t.Job.ID); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, page.ExportURL(t.Job.ID))
}
