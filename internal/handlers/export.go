package handlers

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/report"
	"errata/internal/report/encode"
	"errata/internal/views/page"
	"errata/internal/views/print"
)

// exports are the other faces of pages: files, print pages, and files that are
// prepared.
type exports struct{ *Server }

// readExport reads from the address of a page what it shows.
type readExport = func(exports, echo.Context, errata.Actor) (report.Export, error)

// export fills what all pages share.
func (h exports) export(what report.What, c echo.Context, in listIn, p url.Values) report.Export {
	e := report.Export{
		What: what, Q: in.q, Range: in.span, Zone: in.zone.String(), AsOf: h.Clock().UnixMicro(), Personal: c.QueryParam("personal") == "1",
		BOM: c.QueryParam("bom") == "1",
	}
	for _, k := range []string{"from", "to", "range", "tz"} {
		p.Set(k, c.QueryParam(k))
	}
	for k, v := range p {
		if len(v) == 0 || v[0] == "" {
			p.Del(k)
		}
	}
	e.Params = p.Encode()
	return e
}

func (h exports) issues(c echo.Context, who errata.Actor) (report.Export, error) {
	in, err := h.listParams(c, who)
	if err != nil {
		return report.Export{}, err
	}
	e := h.export(report.Issues, c, in, url.Values{"sort": {in.sort}})
	if e.Sort = in.sort; e.Sort == "" {
		e.Sort = string(page.SortPriority)
	}
	return e, nil
}

// events are rows, or what the chart or the counts of the explorer show.
func (h exports) events(c echo.Context, who errata.Actor) (report.Export, error) {
	in, err := h.exploreParams(c, who)
	if err != nil {
		return report.Export{}, err
	}
	if in.as == page.AsChart || in.as == page.AsCounts {
		return h.counts(c, in), nil
	}
	e := h.export(report.Events, c, in.listIn, chosen(c, "cols"))
	for _, k := range in.columns {
		if name := k.String(); !slices.Contains(usualColumns, name) {
			e.Columns = append(e.Columns, name)
		}
	}
	return e, nil
}

// usualColumns are the columns of the page that every export of events has
// under a name of its own.
var usualColumns = []string{"issue", "service", "env", "release", "level", "event.severity", "type", "message", "user", "trace", "event"}

func (h exports) counts(c echo.Context, in exploreIn) report.Export {
	e := h.export(report.Counts, c, in.listIn, chosen(c, "as", "measure", "by", "bucket", "top"))
	e.Counts = &report.CountsOf{Measure: in.measure, Top: in.top}
	for _, k := range in.by {
		e.Counts.By = append(e.Counts.By, k.String())
	}
	if in.as == page.AsChart {
		if e.Counts.Bucket = in.bucket; e.Counts.Bucket == "" {
			e.Counts.Bucket = find.Auto
		}
	}
	return e
}

func (h exports) overview(c echo.Context, who errata.Actor) (report.Export, error) {
	in, err := overviews(h).params(c, who)
	if err != nil {
		return report.Export{}, err
	}
	p := chosen(c, "top", "severity")
	p["service"], p["env"] = in.url.Services, in.url.Envs
	e := h.export(report.Overview, c, listIn{span: in.Range, zone: in.Zone}, p)
	e.Overview = &report.OverviewOf{Services: in.Services, Environments: in.Environments, Rank: in.rank, Severity: in.url.Severity}
	return e, nil
}

// trace is everything of one trace or request.
func (h exports) trace(c echo.Context, who errata.Actor) (report.Export, error) {
	e := h.export(report.Trace, c, listIn{zone: zoneOf(who)}, url.Values{})
	e.Trace, _ = faceOf(c.Param("id"))
	return e, nil
}

// tags is how the events of an issue spread over the values of a field.
func (h exports) tags(c echo.Context, who errata.Actor) (report.Export, error) {
	e := h.export(report.Tags, c, listIn{zone: zoneOf(who)}, url.Values{})
	e.Tags = &report.TagsOf{Issue: c.Param("id")}
	e.Tags.Key, _ = faceOf(c.Param("key"))
	return e, nil
}

// audit is the list with its filters; which page of it is shown is none.
func (h exports) audit(c echo.Context, who errata.Actor) (report.Export, error) {
	zone := zoneOf(who)
	f, _, err := auditParams(c, zone)
	if err != nil {
		return report.Export{}, err
	}
	e := h.export(report.Audit, c, listIn{zone: zone}, chosen(c, "stream", "actor", "action", "result"))
	e.Audit = &report.AuditOf{Stream: f.Stream, Actor: f.Actor, Action: f.Action, Result: f.Result, From: f.From, To: f.To}
	return e, nil
}

// ofList reads a list that has no filters.
func ofList(what report.What) readExport {
	return func(h exports, c echo.Context, who errata.Actor) (report.Export, error) {
		return h.export(what, c, listIn{zone: zoneOf(who)}, url.Values{}), nil
	}
}

// faceOf takes the suffix of a file or a print page off the end of an address;
// "" = it has none.
func faceOf(s string) (rest, face string) {
	for _, f := range append(slices.Clip(encode.Formats), "print") {
		if rest, ok := strings.CutSuffix(s, "."+string(f)); ok && rest != "" {
			return rest, string(f)
		}
	}
	return s, ""
}

// orFace answers the other faces of a page whose address ends in a parameter;
// the page itself is next's.
func (h exports) orFace(param string, read readExport, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		switch _, face := faceOf(c.Param(param)); face {
		case "":
			return next(c)
		case "print":
			return h.print(read)(c)
		default:
			return h.file(face, read)(c)
		}
	}
}

// responseWords are the parameters of response times.
var responseWords = []string{"bucket", "by", "basis", "response", "cohort"}

func chosen(c echo.Context, names ...string) url.Values {
	out := url.Values{}
	for _, n := range names {
		out.Set(n, c.QueryParam(n))
	}
	return out
}

func (h exports) response(c echo.Context, who errata.Actor) (report.Export, error) {
	in, err := h.responseParams(c, who)
	if err != nil {
		return report.Export{}, err
	}
	e := h.export(report.Response, c, in.listIn, chosen(c, responseWords...))
	e.Response = &report.ResponseOf{Rules: in.query.Rules, Interval: in.query.Interval, By: in.by()}
	return e, nil
}

func (h exports) episodes(c echo.Context, who errata.Actor) (report.Export, error) {
	in, err := h.responseParams(c, who)
	if err != nil {
		return report.Export{}, err
	}
	q, err := episodeQuery(c, in)
	if err != nil {
		return report.Export{}, err
	}
	e := h.export(report.Episodes, c, in.listIn, chosen(c, append([]string{"metric", "show", "key", "over", "under"}, responseWords...)...))
	e.Episodes = &report.EpisodesOf{Rules: q.Rules, Show: q.Show, By: q.By, Key: q.Key, Over: q.Over, Under: q.Under}
	return e, nil
}

// episodeQuery reads which episodes the address asks for.
func episodeQuery(c echo.Context, in responseIn) (q find.EpisodeQuery, err error) {
	q = find.EpisodeQuery{
		Rules: in.query.Rules, Q: in.q, Range: in.span, Show: find.Show(c.QueryParam("show")), Key: c.QueryParam("key"), Cursor: in.cursor, Size: in.size,
	}
	if c.QueryParams().Has("key") {
		q.By = in.by()[0]
	}
	if q.Over, err = secondsParam(c, "over"); err != nil {
		return q, err
	}
	q.Under, err = secondsParam(c, "under")
	return q, err
}

// file answers with a file.
func (h exports) file(format string, read readExport) echo.HandlerFunc {
	return func(c echo.Context) error {
		who := actorOf(c)
		e, err := read(h, c, who)
		if err != nil {
			return err
		}
		e.Format = encode.Format(format)
		err = h.Report.Send(c.Request().Context(), who, e, func(head report.Head) report.Out { return begin(c, head) })
		if err != nil && c.Response().Committed { // never a clean end of what is not whole
			if c.Request().Context().Err() == nil {
				h.Log.WarnContext(c.Request().Context(), "export broke off", slog.String("request_id", requestID(c.Request().Context())), slog.Any("error", err))
			}
			panic(http.ErrAbortHandler)
		}
		return err
	}
}

// begin says what follows.
func begin(c echo.Context, head report.Head) report.Out {
	w := c.Response()
	w.Header().Set("Content-Type", head.ContentType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+head.Name+`"`)
	w.Header().Set("X-Errata-Export", head.Provenance())
	w.WriteHeader(http.StatusOK)
	return out{w, http.NewResponseController(w)}
}

// out is the way to the browser.
type out struct {
	*echo.Response
	control *http.ResponseController
}

// Flush hands on what has been written.
func (o out) Flush() error {
	if err := o.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// print answers with the page for paper.
func (h exports) print(read readExport) echo.HandlerFunc {
	return func(c echo.Context) error {
		who := actorOf(c)
		e, err := read(h, c, who)
		if err != nil {
			return err
		}
		d, err := h.Report.Print(c.Request().Context(), who, e)
		if err != nil {
			return err
		}
		return h.paper(c, &d, strings.TrimSuffix(c.Request().URL.Path, ".print")+"?"+c.Request().URL.RawQuery)
	}
}

func (h exports) paper(c echo.Context, d *errata.Document, back string) error {
	chrome := h.chrome(c, h.moment(zoneOf(actorOf(c))))
	return showModel(c, http.StatusOK, print.New(chrome, d, strings.TrimSuffix(localPath(back), "?")))
}

// orIssue answers the faces of one issue, whose address is its id and a
// suffix; the page itself is next's.
func (h exports) orIssue(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, markdown := strings.CutSuffix(c.Param("id"), ".md")
		id, paper := strings.CutSuffix(id, ".print")
		if !markdown && !paper {
			return next(c)
		}
		form := "print"
		if markdown {
			form = "md"
		}
		d, err := h.Report.Issue(c.Request().Context(), actorOf(c), id, form)
		if err != nil {
			return err
		}
		if paper {
			return h.paper(c, &d, page.IssueURL{ID: id}.String())
		}
		c.Response().Header().Set("Content-Type", "text/markdown; charset=utf-8")
		c.Response().Header().Set("Content-Disposition", `attachment; filename="errata-`+fileWord(id)+`.md"`)
		return encode.Markdown(c.Response(), &d)
	}
}

// fileWord leaves of a text what may stand in the name of a file.
func fileWord(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return -1
	}, s)
}

// exportMenu is what the menu Export of a page is made from.
func (h *Server) exportMenu(c echo.Context, what report.What, address string) (*page.ExportIn, error) {
	ctx, who := c.Request().Context(), actorOf(c)
	may, err := h.Find.MayExport(ctx, who, what.Action())
	in := &page.ExportIn{Address: address, May: may, Job: what.Lists()}
	if err == nil && what == report.Events {
		in.Personal, err = h.Find.MayExport(ctx, who, errata.EventReadPII)
		in.Personal.Applies = true
	}
	return in, err
}
