package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/report"
	"errata/internal/report/encode"
	"errata/internal/report/weekly"
	"errata/internal/store"
	"errata/internal/views/page"
	"errata/internal/views/print"
	"errata/internal/views/ui"
)

// reports are the stored reports.
type reports struct{ *Server }

// reportRoutes are the rows of stored reports. A run also has other faces: its
// address with .csv, .xlsx or .print.
func (s *Server) reportRoutes() []row {
	h := reports{s}
	session, access := errata.AuthSession, errata.StreamAccess
	return []row{
		{errata.Route{Method: http.MethodGet, Path: "/analytics/trends", Name: "trends", Action: errata.AnalyticsRead, Auth: session}, trends{s}.show},
		{errata.Route{Method: http.MethodGet, Path: "/reports", Name: "reports", Action: errata.ReportRead, Auth: session}, h.list},
		{errata.Route{Method: http.MethodPost, Path: "/reports/runs", Name: "report.run", Action: errata.IssueExport, Auth: session, CSRF: true, Audit: errata.StreamChange}, h.run},
		{errata.Route{Method: http.MethodGet, Path: "/reports/runs/:run", Name: "report", Action: errata.ReportRead, Object: "report", Auth: session, Audit: access}, h.one},
	}
}

// runsPerPage is how many runs the list shows.
const runsPerPage = 50

func (h reports) list(c echo.Context) error { return h.show(c, http.StatusOK, "") }

// show shows the list, with why the last attempt to run one was refused.
func (h reports) show(c echo.Context, code int, refused string) error {
	who, ctx := actorOf(c), c.Request().Context()
	after, err := reportPlace(c.QueryParam("after"))
	if err != nil {
		return err
	}
	p, err := h.Weekly.List(ctx, who, after, runsPerPage)
	if err != nil {
		return err
	}
	all, err := h.Admin.Projects(ctx, who)
	if err != nil {
		return err
	}
	m := h.moment(zoneOf(who))
	week := find.LastWeek(m.Now, m.Zone)
	in := page.ReportsIn{
		Moment: m, From: week.From.UnixMicro(), To: week.To.UnixMicro(), MayRun: allowed(h.Decide(who, errata.IssueExport, "")),
		First: after == (store.ReportPlace{}), Refused: refused,
	}
	for _, s := range all {
		if h.Decide(who, errata.IssueExport, s.ID) == nil {
			in.Services = append(in.Services, s)
		}
	}
	slices.SortFunc(in.Services, func(a, b errata.Project) int { return strings.Compare(a.Slug, b.Slug) })
	for _, r := range p.Runs {
		in.Runs = append(in.Runs, page.ReportRunIn{ReportRun: r, By: p.People[r.CreatedBy]})
	}
	if p.Next != (store.ReportPlace{}) {
		in.Next = "/reports?after=" + url.QueryEscape(strconv.FormatInt(p.Next.AsOf, 10)+"."+p.Next.ID)
	}
	return showModel(c, code, page.NewReports(h.chrome(c, m), in))
}

// allowed is what a page says of an act that the state admits.
func allowed(err error) errata.Allowed {
	if err != nil {
		return errata.Allowed{Applies: true, Why: errata.MessageOf(err)}
	}
	return errata.Allowed{OK: true, Applies: true}
}

// reportPlace reads where a page of the list begins: "1700000000000000.<id>".
func reportPlace(s string) (p store.ReportPlace, err error) {
	if s == "" {
		return p, nil
	}
	at, id, _ := strings.Cut(s, ".")
	if p.AsOf, err = strconv.ParseInt(at, 10, 64); err != nil || id == "" || len(id) > 64 {
		return p, paramError("after", "search.cursor", "This page of the reports cannot be found. Start from the newest.")
	}
	p.ID = id
	return p, nil
}

func (h reports) run(c echo.Context) error {
	who := actorOf(c)
	form, err := c.FormParams()
	if err != nil {
		return err
	}
	id, err := h.Weekly.Run(c.Request().Context(), who, weekly.Ask{Services: given(form["service"]), Again: form.Get("again"), Zone: zoneOf(who)})
	if errata.CodeOf(err) == errata.Invalid {
		return h.show(c, http.StatusUnprocessableEntity, errata.MessageOf(err))
	}
	if err != nil {
		return err
	}
	h.sayNext(c, ui.Toast{Text: "The report is stored."})
	return c.Redirect(http.StatusSeeOther, "/reports/runs/"+id)
}

// one shows a run, or answers one of its other faces.
func (h reports) one(c echo.Context) error {
	id, form, _ := strings.Cut(c.Param("run"), ".")
	who, ctx := actorOf(c), c.Request().Context()
	switch form {
	case "":
	case string(encode.CSV), string(encode.XLSX), string(encode.NDJSON):
		return h.file(c, id, encode.Format(form))
	case "print":
		run, err := h.Weekly.Take(ctx, who, id)
		if err != nil {
			return err
		}
		return showModel(c, http.StatusOK, print.New(h.chrome(c, h.moment(zoneOf(who))), &run.Data, "/reports/runs/"+id))
	default:
		return noSuchPage()
	}
	r, err := h.Weekly.Read(ctx, who, id)
	if err != nil {
		return err
	}
	in := page.ReportIn{Run: r.ReportRun, By: r.By, Take: allowed(r.Take), MayRun: allowed(r.Take)}
	return showModel(c, http.StatusOK, page.NewReport(h.chrome(c, h.moment(zoneOf(who))), in))
}

// file answers with the tables of a run.
func (h reports) file(c echo.Context, id string, format encode.Format) error {
	run, err := h.Weekly.Take(c.Request().Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	head := report.Head{ID: run.ID, Name: weekly.FileName(run) + "." + string(format), ContentType: format.ContentType(), What: weekly.Kind, AsOf: run.AsOf, Rows: -1}
	if err := encode.Document(format, begin(c, head), encode.Meta{Title: run.Title, About: encode.About(&run.Data)}, &run.Data); err != nil {
		panic(http.ErrAbortHandler) // never a clean end of what is not whole
	}
	return nil
}
