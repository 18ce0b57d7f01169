package handlers

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/report"
	"errata/internal/store"
	"errata/internal/views/page"
)

// traces is the page of everything that carries one trace or request id.
type traces struct{ *Server }

func (h traces) show(c echo.Context) error {
	who := actorOf(c)
	m := h.moment(zoneOf(who))
	t, err := h.Find.Trace(c.Request().Context(), who, c.Param("id"))
	in := page.TraceIn{Moment: m, ID: t.ID, Total: page.Total(t.Total), Gaps: gaps(t.Gaps)}
	switch errata.CodeOf(err) {
	case "":
	case errata.Unavailable, errata.SlowDown:
		in.Failed = failure(c, m, "The trace could not be read.", err, "")
	default:
		return err
	}
	for _, r := range t.Rows {
		in.Rows = append(in.Rows, page.TraceRowIn{
			ID: r.EventID, Issue: r.Issue, Title: r.Title, Time: r.Time, Service: r.Project, Severity: r.Severity, Environment: r.Env,
			Release: r.Release, Transaction: r.Transaction, Trace: r.Trace, Span: r.Span, Parent: r.Parent, RequestID: r.RequestID,
		})
	}
	if in.Export, err = h.exportMenu(c, report.Trace, page.TraceURL(t.ID)); err != nil {
		return err
	}
	return showModel(c, http.StatusOK, page.NewTrace(h.chrome(c, m), in))
}

// locate leads from an event's id into its issue.
func (h explorer) locate(c echo.Context) error {
	found, err := h.Find.LocateEvent(c.Request().Context(), actorOf(c), c.Param("event"))
	if err != nil {
		return err
	}
	to := page.IssueURL{ID: found[0].Issue, Event: found[0].EventID}.String()
	if len(found) > 1 { // several services have it: the list tells them apart
		to = page.EventsURL{List: page.ListURL{Path: "/events", Q: "event:" + found[0].EventID, Range: "90d"}}.String()
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// ofIssue leads to the events of an issue, over all its time.
func (h explorer) ofIssue(c echo.Context) error {
	v, err := h.Find.Issue(c.Request().Context(), actorOf(c), c.Param("id"))
	if err != nil {
		return err
	}
	age := h.Clock().Sub(time.UnixMicro(v.Issue.FirstSeen))
	u := page.EventsURL{List: page.ListURL{Path: "/events", Q: "issue:" + v.ShortID()}}
	for _, days := range []int{1, 7, 30, 90} {
		if u.List.Range = strconv.Itoa(days) + "d"; age < time.Duration(days)*24*time.Hour {
			break
		}
	}
	if u.List.Range == "1d" {
		u.List.Range = page.DefaultRange
	}
	return c.Redirect(http.StatusSeeOther, u.String())
}

// tags shows how the events of an issue spread over the values of a field.
func (h issue) tags(c echo.Context) error {
	ctx, who := c.Request().Context(), actorOf(c)
	v, err := h.Find.Issue(ctx, who, c.Param("id"))
	if err != nil {
		return err
	}
	m := h.moment(zoneOf(who))
	t, err := h.Find.Tags(ctx, who, v, c.Param("key"))
	in := page.TagsIn{Moment: m, Issue: v.Issue, Service: v.Project, Key: t.Key.String(), None: t.None, Looked: t.Looked, About: t.About, Newest: t.Newest, Gaps: gaps(t.Gaps)}
	switch errata.CodeOf(err) {
	case "":
	case errata.Unavailable, errata.SlowDown:
		in.Key, in.Failed = clip(c.Param("key")), failure(c, m, "The values could not be counted.", err, "")
	default:
		return err
	}
	for _, x := range t.Values {
		in.Values = append(in.Values, page.SpanIn{Name: x.Value, Count: x.Count, First: x.First, Last: x.Last})
	}
	for _, k := range t.Keys {
		in.Keys = append(in.Keys, k.String())
	}
	in.Export = &page.ExportIn{Address: page.TagURL(v.ShortID(), in.Key), May: h.Find.MayTakeEventsOf(who, v.Project.ID)}
	return showModel(c, http.StatusOK, page.NewTags(h.chrome(c, m), in))
}

// usualTags are the fields whose spread is offered on an issue beside the tags
// of the event that is shown.
var usualTags = []string{"host", "os", "browser", "transaction", "level"}

// maxTagLinks is how many fields are offered.
const maxTagLinks = 12

// beside reads what stands beside an issue. A part that cannot be read is
// missing, and the page says so.
func (h issue) beside(c echo.Context, v find.IssueView) (out page.BesideIn) {
	ctx, who := c.Request().Context(), actorOf(c)
	var (
		spread           find.Spread
		changed          find.Changed
		similar          []find.Similar
		err1, err2, err3 error
	)
	together(func() { spread, err1 = h.Find.Spread(ctx, v) }, func() { changed, err2 = h.Find.Changed(ctx, who, v) }, func() { similar, err3 = h.Find.Similar(ctx, who, v) })
	out.Failed = err1 != nil || err2 != nil || err3 != nil
	out.Environments, out.Releases = spansIn(spread.Environments), spansIn(spread.Releases)
	out.Changed = page.ChangedIn{
		FirstSeen: changed.FirstSeen, Release: changed.Release, ReleaseSeen: changed.ReleaseSeen, Before: changed.Before,
		Environment: changed.Environment, Later: spansIn(changed.Later), Host: changed.Host, HostGone: changed.HostGone, HostUnread: changed.HostErr != nil,
	}
	for _, s := range similar {
		out.Similar = append(out.Similar, page.SimilarIn{IssueRowIn: rowIn(s.IssueRow, errata.Can{}), Why: s.Why})
	}
	return out
}

// tagKeys are the fields whose spread is offered: those that the shown event
// has.
func tagKeys(ev *errata.Event) []string {
	out := append([]string{}, usualTags...)
	if ev == nil {
		return out
	}
	for _, t := range ev.Tags {
		if k := "tags[" + t.Key + "]"; len(out) < maxTagLinks && find.CanGroupKey(k) {
			out = append(out, k)
		}
	}
	return out
}

func spansIn(all []store.IssueSpan) (out []page.SpanIn) {
	for _, s := range all {
		out = append(out, page.SpanIn{Name: s.Name, Count: s.Events, First: s.First, Last: s.Last})
	}
	return out
}
