package handlers

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/report"
	"errata/internal/stats"
	"errata/internal/views/page"
	"errata/internal/views/ui"
)

// overviews is the overview with its cards.
type overviews struct{ *Server }

// overviewIn is the state of the overview as its address says it.
type overviewIn struct {
	find.OverviewQuery
	url  page.OverviewURL
	rank find.TopBy
}

func (h overviews) params(c echo.Context, who errata.Actor) (in overviewIn, err error) {
	v := c.QueryParams()
	list, err := h.listParams(c, who)
	if err != nil {
		return in, err
	}
	in.url = page.OverviewURL{
		Services: sorted(v["service"]), Envs: sorted(v["env"]), Range: list.rangeWord, From: list.from, To: list.to,
		Rank: page.Rank(v.Get("top")), Severity: v.Get("severity"),
	}
	if list.zone.String() != zoneOf(who).String() {
		in.url.Zone = list.zone.String()
	}
	in.OverviewQuery = find.OverviewQuery{Services: in.url.Services, Environments: in.url.Envs, Range: list.span, Zone: list.zone}
	in.rank = find.TopBy(in.url.Rank)
	if in.rank == "" {
		in.rank = find.TopEvents
	}
	if !slices.Contains(page.Ranks, page.Rank(in.rank)) {
		return in, paramError("top", "unknown", "“"+clip(string(in.rank))+"” is no order of issues. Known: events, users, rising.")
	}
	if _, ok := errata.ParseSeverity(in.url.Severity); !ok && in.url.Severity != "" {
		return in, paramError("severity", "unknown", "“"+clip(in.url.Severity)+"” is no severity. Known: P0, P1, P2, P3.")
	}
	return in, nil
}

// sorted returns what was picked, each once, in order.
func sorted(values []string) []string {
	out := given(values)
	slices.Sort(out)
	return slices.Compact(out)
}

func (h overviews) show(c echo.Context) error {
	who := actorOf(c)
	in, err := h.params(c, who)
	if err != nil {
		return err
	}
	if part := wantedPart(c.Request()); part != "" {
		if id, ok := page.NeedID(part); ok {
			return h.row(c, in, id)
		}
	}
	choices, err := h.Find.Choices(c.Request().Context(), who, in.Range)
	if err != nil {
		return err
	}
	if err := known(in.url.Services, choices.Projects); err != nil {
		return err
	}
	x := page.OverviewIn{
		Moment: h.moment(in.Zone), URL: in.url, Services: choices.Projects, Envs: choices.Environments, From: in.Range.From,
		Before: page.PreviousWords(in.Range.To.Sub(in.Range.From)), Never: choices.Never, SetUp: choices.SetUp,
	}
	if !x.Never {
		h.cards(c, in, &x)
	}
	if wantedPart(c.Request()) == "" && !x.Never {
		if x.Export, err = h.exportMenu(c, report.Overview, in.url.String()); err != nil {
			return err
		}
	}
	return showModel(c, http.StatusOK, page.NewOverview(h.chrome(c, x.Moment), x))
}

// known refuses a service that is absent, or invisible to the reader.
func known(slugs []string, visible []errata.Project) error {
	for _, s := range slugs {
		if !slices.ContainsFunc(visible, func(p errata.Project) bool { return p.Slug == s }) {
			return errata.E(errata.NotFound, "There is no such service.", nil)
		}
	}
	return nil
}

// cards fills the cards that are asked for, all at once; each may keep the page
// waiting for two seconds and fails alone.
func (h overviews) cards(c echo.Context, in overviewIn, x *page.OverviewIn) {
	ctx, cancel := context.WithTimeout(c.Request().Context(), chartWait)
	defer cancel()
	part := wantedPart(c.Request())
	var fill []func()
	for _, card := range []struct {
		parts string
		fill  func(ctx context.Context, c echo.Context, in overviewIn, x *page.OverviewIn)
	}{
		{"kpis volume", h.events},
		{"kpis", h.unresolved},
		{"kpis", h.fresh},
		{"queue", h.queue},
		{"top", h.top},
		{"services", h.services},
		{"kpis", h.clocks},
		{"response", h.weekly},
	} {
		if part == "" || strings.Contains(" "+card.parts+" ", " "+part+" ") {
			fill = append(fill, func() { card.fill(ctx, c, in, x) })
		}
	}
	together(fill...)
}

// wantedPart is the part of the page that htmx asks for, "" = the whole.
func wantedPart(r *http.Request) string {
	if !wantsPart(r) {
		return ""
	}
	_, id, _ := strings.Cut(r.Header.Get("HX-Target"), "#")
	if _, row := page.NeedID(id); row || slices.Contains(page.OverviewParts, id) {
		return id
	}
	return ""
}

// failed says what could not be made; nil of no error.
func (h overviews) failed(c echo.Context, in overviewIn, what string, err error, target string) *ui.Failure {
	if err == nil {
		return nil
	}
	f := failure(c, h.moment(in.Zone), what, err, target)
	f.Retry = in.url.String()
	return f
}

func (h overviews) events(ctx context.Context, c echo.Context, in overviewIn, x *page.OverviewIn) {
	v, err := h.Find.OverviewVolume(ctx, actorOf(c), in.OverviewQuery)
	x.Events = trendIn(c, h.moment(in.Zone), v, nil)
	x.Events.Before = x.Before
	x.Events.Failed = h.failed(c, in, "The events could not be counted.", err, "volume")
}

func (h overviews) unresolved(ctx context.Context, c echo.Context, in overviewIn, x *page.OverviewIn) {
	f, err := h.Find.OverviewUnresolved(ctx, actorOf(c), in.OverviewQuery)
	x.Unresolved = page.UnresolvedIn{
		Now: f.Now, Before: f.Before, By: f.By, Line: f.Line,
		Failed: h.failed(c, in, "The unresolved issues could not be counted.", err, "kpis"),
	}
}

func (h overviews) fresh(ctx context.Context, c echo.Context, in overviewIn, x *page.OverviewIn) {
	f, err := h.Find.OverviewNew(ctx, actorOf(c), in.OverviewQuery)
	x.New = page.NewIn{
		Now: f.Now, Before: f.Before, Regressed: f.Regressed, Unassigned: f.Unassigned, Line: f.Line,
		Failed: h.failed(c, in, "The new issues could not be counted.", err, "kpis"),
	}
}

func (h overviews) queue(ctx context.Context, c echo.Context, in overviewIn, x *page.OverviewIn) {
	q, err := h.Find.OverviewQueue(ctx, actorOf(c), in.OverviewQuery, report.QueueRows)
	x.Queue = page.QueueIn{Total: q.Total, Failed: h.failed(c, in, "The queue could not be read.", err, "queue")}
	for _, r := range q.Rows {
		x.Queue.Rows = append(x.Queue.Rows, page.QueueRowIn{Issue: r.Issue, Service: r.Project, Deadline: r.Deadline, Ack: r.Ack})
	}
}

func (h overviews) top(ctx context.Context, c echo.Context, in overviewIn, x *page.OverviewIn) {
	rows, err := h.Find.OverviewTop(ctx, actorOf(c), in.OverviewQuery, in.rank, report.TopRows)
	x.Top = page.TopIn{Rank: page.Rank(in.rank), Failed: h.failed(c, in, "The issues could not be ranked.", err, "top")}
	for _, r := range rows {
		x.Top.Rows = append(x.Top.Rows, page.TopRowIn{
			Issue: r.Issue, Service: r.Project, Hours: r.Hours, Events: r.Events, Before: r.Before, Owner: r.Owner,
		})
	}
}

func (h overviews) services(ctx context.Context, c echo.Context, in overviewIn, x *page.OverviewIn) {
	rows, err := h.Find.OverviewServices(ctx, actorOf(c), in.OverviewQuery)
	x.Bars.Failed = h.failed(c, in, "The services could not be counted.", err, "services")
	for _, r := range rows {
		x.Bars.Rows = append(x.Bars.Rows, page.ServiceBarIn{Service: r.Service, Events: r.Events, Before: r.Before, Unresolved: r.Unresolved})
	}
}

func (h overviews) clocks(ctx context.Context, c echo.Context, in overviewIn, x *page.OverviewIn) {
	all, err := h.Find.OverviewClocks(ctx, actorOf(c), in.OverviewQuery, in.url.Severity)
	for i := range x.Clocks {
		x.Clocks[i] = page.ClockIn{Failed: h.failed(c, in, "The response times could not be computed.", err, "kpis")}
		if err == nil {
			x.Clocks[i].Total, x.Clocks[i].Compare = all[i].Total, all[i].Compare
		}
	}
}

func (h overviews) weekly(ctx context.Context, c echo.Context, in overviewIn, x *page.OverviewIn) {
	w, err := h.Find.OverviewWeekly(ctx, actorOf(c), in.OverviewQuery, in.url.Severity)
	x.Weeks = page.WeeksIn{Edges: w.Edges, Clocks: [2][]stats.Summary{w.TTA, w.TTR}, Failed: h.failed(c, in, "The response times could not be computed.", err, "response")}
}

// row answers a row of the queue after an act on its issue: what the issue is
// now, and who made it so.
func (h overviews) row(c echo.Context, in overviewIn, id string) error {
	who := actorOf(c)
	v, err := h.Find.Issue(c.Request().Context(), who, id)
	if err != nil {
		return err
	}
	m := h.moment(in.Zone)
	x := page.OverviewIn{Moment: m, URL: in.url}
	r := page.QueueRowIn{Issue: v.Issue, Service: v.Project, Ack: v.Can.Ack}
	return showModel(c, http.StatusOK, page.NewQueueRow(x, r, doneWords(v, who, m)))
}

// doneWords says what became of an issue that waited for a response.
func doneWords(v find.IssueView, who errata.Actor, m ui.Moment) string {
	word := map[errata.Status]string{errata.Acknowledged: "Acknowledged", errata.Resolved: "Resolved", errata.Ignored: "Ignored"}[v.Issue.Status]
	if word == "" {
		return ""
	}
	by := v.Episode.RespondedBy
	if v.Issue.Status == errata.Acknowledged && v.Episode.AckedBy != "" {
		by = v.Episode.AckedBy
	}
	switch person := v.People[by]; {
	case by == who.ID:
		return word + " by you"
	case person.Name != "":
		return word + " by " + person.Name + ", " + m.Ago(v.Issue.StatusAt).Text
	}
	return word + " " + m.Ago(v.Issue.StatusAt).Text
}
