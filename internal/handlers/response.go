package handlers

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/report"
	"errata/internal/stats"
	"errata/internal/views/page"
)

// responses are the page of response times and the lists behind it.
type responses struct{ *Server }

func (h responses) show(c echo.Context) error {
	who := actorOf(c)
	in, err := h.responseParams(c, who)
	if err != nil {
		return err
	}
	in.query.Compare, in.query.By = true, in.by()
	ctx := c.Request().Context()
	answers, err := h.Find.Responses(ctx, who, in.query, stats.TTA, stats.TTR)
	text := in.q
	if err == nil {
		text = answers[0].Query.Text
	}
	choices, cerr := h.Find.Choices(ctx, who, in.span)
	if cerr != nil {
		return cerr
	}
	u := in.address(c, text)
	if err == nil && (text != c.QueryParam("q") || foreign(c)) {
		return c.Redirect(http.StatusSeeOther, u.String())
	}
	take, terr := h.exportMenu(c, report.Response, u.String())
	if terr != nil {
		return terr
	}
	m := h.moment(in.zone)
	x := page.AnalyticsIn{
		Moment: m, URL: u, Services: choices.Projects, Envs: choices.Environments, Rules: in.query.Rules, By: string(dimensionWord(in.query.By[0])),
		AsOf: m.Now.UnixMicro(), Export: take,
	}
	code := http.StatusOK
	switch errata.CodeOf(err) {
	case "":
		fillAnalytics(&x, answers)
	case errata.Invalid:
		code = status(err)
		x.URL.Q = in.q
		if d := errata.DetailsOf(err); len(d) == 0 || d[0].Field != "q" {
			x.Query, x.Refused = page.NewQuery("", nil), errata.MessageOf(err)
		} else {
			x.Query = page.RefusedQuery(in.q, err)
		}
	case errata.Unavailable, errata.SlowDown:
		x.URL.Q, x.Query = in.q, page.NewQuery(in.q, nil)
		x.Failed = failure(c, m, "The figures could not be computed.", err, "")
	default:
		return err
	}
	return showModel(c, code, page.NewAnalytics(h.chrome(c, m), x))
}

func fillAnalytics(x *page.AnalyticsIn, answers []find.Response) {
	r := answers[0]
	x.Query = page.NewQuery(r.Query.Text, r.Query.Tree)
	for _, n := range r.Query.Notices {
		x.Notices = append(x.Notices, n.Message)
	}
	x.Answers = [2]stats.Response{answers[0].Response, answers[1].Response}
	x.Interval, x.Edges, x.AsOf, x.Persons, x.Names = r.Interval, r.Edges, r.AsOf, r.Persons, map[string]string{}
	if r.By[0] == stats.ByProject {
		for id, p := range r.Projects {
			x.Names[id] = p.Slug
		}
	}
	for _, p := range r.People {
		x.Names[p.ID] = p.Name
	}
}

// by is the one thing that the page groups by.
func (in responseIn) by() []stats.Dimension {
	if len(in.query.By) == 0 {
		return []stats.Dimension{stats.BySeverity}
	}
	return in.query.By[:1]
}

// address is the canonical one of what was asked for.
func (in responseIn) address(c echo.Context, q string) page.AnalyticsURL {
	return page.AnalyticsURL{
		Q: q, Range: in.rangeWord, From: in.from, To: in.to, Zone: c.QueryParam("tz"), Bucket: c.QueryParam("bucket"), By: c.QueryParam("by"),
		Basis: in.basis(), Response: in.response(), Cohort: in.cohort(),
	}
}

// episodes lists what a figure counts.
func (h responses) episodes(c echo.Context) error {
	who := actorOf(c)
	in, err := h.responseParams(c, who)
	if err != nil {
		return err
	}
	q, err := episodeQuery(c, in)
	if err != nil {
		return err
	}
	p, err := h.Find.Episodes(c.Request().Context(), who, q)
	if err != nil {
		return err
	}
	m := h.moment(in.zone)
	x := page.EpisodesIn{
		Moment: m, Query: p.Query.Text, From: p.Range.From, To: p.Range.To, Next: p.Next, People: p.People, Group: p.Name,
		URL: page.EpisodesURL{
			AnalyticsURL: in.address(c, p.Query.Text), Metric: string(in.query.Metric), Show: string(q.Show), Over: q.Over, Under: q.Under, Cursor: in.cursor,
		},
	}
	if q.By != "" {
		x.URL.Key = &q.Key
	}
	if x.Export, err = h.exportMenu(c, report.Episodes, x.URL.String()); err != nil {
		return err
	}
	for _, r := range p.Rows {
		x.Rows = append(x.Rows, page.EpisodeIn{Episode: r.Episode, Issue: r.Issue, Service: r.Project, Took: r.Took, Target: r.Target, Out: r.Out})
	}
	return showModel(c, http.StatusOK, page.NewEpisodes(h.chrome(c, m), x))
}

// secondsParam reads a length of time, in seconds; 0 = not given.
func secondsParam(c echo.Context, name string) (time.Duration, error) {
	text := c.QueryParam(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 0 && n < 1e9) {
		return 0, paramError(name, "range", "“"+clip(text)+"” is no number of seconds.")
	}
	return time.Duration(n * float64(time.Second)), nil
}
