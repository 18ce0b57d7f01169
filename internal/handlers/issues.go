package handlers

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/querylang"
	"errata/internal/report"
	"errata/internal/search"
	"errata/internal/views/page"
	"errata/internal/views/ui"
)

// issues is the issue list with its chart.
type issues struct{ *Server }

// chartWait is how long the chart may keep the page waiting.
const chartWait = 2 * time.Second

func zoneOf(who errata.Actor) *time.Location {
	l, err := time.LoadLocation(who.Zone)
	if err != nil || who.Zone == "Local" {
		return time.UTC
	}
	return l
}

func (h issues) show(c echo.Context) error {
	who := actorOf(c)
	in, err := h.listParams(c, who)
	if err != nil {
		return err
	}
	var (
		list                        find.IssuePage
		trend                       find.Volume
		choices                     find.Choices
		facets                      []find.Facet
		tabs                        []page.Total
		listErr, trendErr, choosing error
	)
	ctx := c.Request().Context()
	together(func() {
		list, listErr = h.Find.Issues(ctx, who, find.IssueQuery{Q: in.q, Range: in.span, Sort: in.sort, Cursor: in.cursor, Size: in.size})
	}, func() {
		if !wantsPart(c.Request()) {
			tabs = h.tabs(ctx, who, in.q, in.span)
		}
	}, func() {
		ctx, cancel := context.WithTimeout(ctx, chartWait)
		defer cancel()
		trend, trendErr = h.Find.Volume(ctx, who, in.chart())
	}, func() {
		choices, choosing = h.Find.Choices(ctx, who, in.span)
	}, func() {
		if !wantsPart(c.Request()) { // without its figures the filter works all the same
			facets, _ = h.Find.Facets(ctx, who, find.FacetQuery{Q: in.q, In: querylang.InIssues, Over: in.span, Keys: page.IssueFilterKeys, Size: 100})
		}
	})
	if choosing != nil {
		return choosing
	}
	if listErr != nil {
		tabs = nil
	}
	// Filters and pickers send parameters of their own; they become part of q,
	// and equal state has one address.
	if listErr == nil && (list.Query.Text != c.QueryParam("q") || foreign(c)) && c.Request().Header.Get("HX-Request-Type") == "" {
		return c.Redirect(http.StatusSeeOther, h.address(c, in, list.Query.Text).String())
	}
	return h.answer(c, in, choices, facets, tabs, list, listErr, trend, trendErr)
}

// chart asks for the events over time above a list. One of any time has issues
// of years, whose bars nobody could tell apart: it shows the latest days.
func (in listIn) chart() find.VolumeQuery {
	q := find.VolumeQuery{Q: in.q, By: find.BySeverity, Range: in.span, Zone: in.zone, Compare: in.compare}
	if in.rangeWord == page.AnyTime {
		q.Range.From, q.Compare = q.Range.To.AddDate(0, 0, -page.ChartDays), false
	}
	return q
}

// tabs counts what stands behind each tab. Figures that cannot be had at once
// are left out, all of them: the tabs lead on without. A query that is not yet
// in its canonical form is answered by the address of that form.
func (h issues) tabs(ctx context.Context, who errata.Actor, q string, span find.Range) []page.Total {
	tree, _, err := querylang.Parse(q)
	if err != nil {
		return nil
	}
	totals, known, err := h.Find.Counts(ctx, who, page.NewQuery(q, tree).TabQueries(), span)
	if err != nil || slices.Contains(known, false) {
		return nil
	}
	out := make([]page.Total, len(totals))
	for i, t := range totals {
		out[i] = page.Total(t)
	}
	return out
}

// foreign says that the address holds what belongs into q.
func foreign(c echo.Context) bool {
	v := c.QueryParams()
	if slices.ContainsFunc(pickable, v.Has) {
		return true
	}
	return len(v["q"]) > 1 || v.Has("q") && v.Get("q") == ""
}

func (h issues) address(c echo.Context, in listIn, q string) page.ListURL {
	u := page.ListURL{
		Path: "/issues", Q: q, Range: in.rangeWord, From: in.from, To: in.to, Zone: c.QueryParam("tz"), Sort: in.sort,
		Cursor: in.cursor, Size: in.size, View: viewParam(c), DefaultSort: page.SortPriority,
	}
	if !in.compare {
		u.Compare = "none"
	}
	return u
}

func (h issues) answer(c echo.Context, in listIn, choices find.Choices, facets []find.Facet, tabs []page.Total, list find.IssuePage, listErr error, trend find.Volume, trendErr error) error {
	m := h.moment(in.zone)
	u := h.address(c, in, list.Query.Text)
	x := page.IssuesIn{
		Moment: m, URL: u, Services: choices.Projects, Envs: choices.Environments, NoEvents: choices.Never, SetUp: choices.SetUp,
		Offset: -1, Next: list.Next, Previous: list.Previous, Total: page.Total(list.Total), Moved: list.Moved, Gaps: gaps(list.Gaps), Tabs: tabs,
		Edit: c.QueryParam("edit") == "text", Facets: facetsIn(facets), Views: h.viewsIn(c, u.String()),
	}
	code := http.StatusOK
	switch errata.CodeOf(listErr) {
	case "":
		x.Query = page.NewIssuesQuery(list.Query.Text, list.Query.Tree)
		h.rows(actorOf(c), &x, list)
		x.Hint = h.hint(c, in, list)
	case errata.Invalid:
		code = status(listErr)
		x.URL.Q = in.q
		x.Query = page.RefusedQuery(in.q, listErr)
		trendErr = nil
	case errata.Unavailable, errata.SlowDown:
		x.URL.Q = in.q
		x.Query = page.NewQuery(in.q, nil)
		x.Failed = failure(c, m, "The list could not be read.", listErr, "list")
	default:
		return listErr
	}
	x.Trend = trendIn(c, m, trend, trendErr)
	x.Trend.Before = page.PreviousWords(in.span.To.Sub(in.span.From))
	if in.rangeWord == page.AnyTime {
		x.Trend.Within = "last " + strconv.Itoa(page.ChartDays) + " days"
	}
	var err error
	if x.Export, err = h.exportMenu(c, report.Issues, x.URL.String()); err != nil {
		return err
	}
	return showModel(c, code, page.NewIssues(h.chrome(c, m), x))
}

// hint says of a list that its query left empty which part hides most.
func (h issues) hint(c echo.Context, in listIn, list find.IssuePage) *page.HintIn {
	if len(list.Rows) > 0 || in.cursor != "" {
		return nil
	}
	hint, ok := h.Find.Hint(c.Request().Context(), actorOf(c), list.Query, querylang.InIssues, in.span)
	if !ok {
		return nil
	}
	return &page.HintIn{Token: hint.Token, Rest: hint.Rest, Total: page.Total(hint.Total)}
}

func (h issues) rows(who errata.Actor, x *page.IssuesIn, list find.IssuePage) {
	for _, n := range list.Query.Notices {
		x.Notices = append(x.Notices, n.Message)
	}
	if list.TitlesOnly {
		x.Partial = "The event engine is away: words were looked for in titles only."
	}
	if list.First {
		x.Offset = 0
	} else {
		x.AsOf = list.AsOf
	}
	for i, can := range h.Find.Cans(who, list.Rows) {
		x.Rows = append(x.Rows, rowIn(list.Rows[i], can))
		if may := can.Resolve; i == 0 || may.OK {
			x.Bulk = may
		}
	}
}

func rowIn(r find.IssueRow, can errata.Can) page.IssueRowIn {
	return page.IssueRowIn{Issue: r.Issue, Service: r.Project, Hours: r.Hours, Owner: r.Owner, Can: can}
}

// failure says what could not be made and how to try again.
func failure(c echo.Context, m ui.Moment, what string, err error, target string) *ui.Failure {
	return &ui.Failure{
		What: what, Cause: errata.MessageOf(err), Since: m.At(m.Now.UnixMicro()), RequestID: requestID(c.Request().Context()),
		Retry: c.Request().URL.RequestURI(), Target: target,
	}
}

// gaps puts what could not be read into words; neighbours that have one reason
// are one gap, so that ten days on one lost disk do not fill the page.
func gaps(all []search.Gap) []page.Gap {
	var out []page.Gap
	last := map[string]int{} // where the newest gap of a reason stands in out
	for _, g := range slices.SortedStableFunc(slices.Values(all), func(a, b search.Gap) int { return a.From.Compare(b.From) }) {
		next := page.Gap{From: g.From.UnixMicro(), To: g.To.UnixMicro(), Reason: gapWords(g.Reason)}
		if at, ok := last[next.Reason]; ok && next.From <= out[at].To {
			out[at].To = max(out[at].To, next.To)
			continue
		}
		last[next.Reason] = len(out)
		out = append(out, next)
	}
	return out
}

// gapWords says in words why a part of the events could not be read.
func gapWords(reason string) string {
	switch reason {
	case search.ReasonTimeout:
		return "the search took too long"
	case search.ReasonCorrupt:
		return "the file that holds them is damaged"
	case "search.unreachable":
		return "the event store did not answer for them"
	case "search.unreadable":
		return "their index is closed or blocked in Elasticsearch"
	}
	return reason
}

// trendIn turns a volume by severity into the chart's input.
func trendIn(c echo.Context, m ui.Moment, v find.Volume, err error) page.TrendIn {
	t := page.TrendIn{Moment: m, Interval: v.Interval, Edges: v.Edges, Previous: v.Previous, Gaps: gaps(v.Gaps)}
	if err != nil {
		t.Failed = failure(c, m, "The chart could not be drawn.", err, "trend")
		return t
	}
	for _, s := range v.Series {
		if sev, ok := errata.ParseSeverity(s.Key); ok {
			t.Counts[sev] = s.Buckets
		}
	}
	return t
}
