package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/report"
	"errata/internal/views/page"
)

// trends is the page of how things change.
type trends struct{ *Server }

// trended are the parts of the page: each may fail without the others.
type trended struct {
	volume                find.Volume
	issues                find.Trends
	tops                  find.Tops
	err, issueErr, topErr error
}

func (h trends) show(c echo.Context) error {
	who, ctx := actorOf(c), c.Request().Context()
	in, err := h.listParams(c, who)
	if err != nil {
		return err
	}
	q := find.TrendsQuery{Q: in.q, Range: in.span, Zone: in.zone}
	var got trended
	together(func() { got.volume, got.err = h.Find.TrendVolume(ctx, who, q) },
		func() { got.issues, got.issueErr = h.Find.Trends(ctx, who, q) },
		func() { got.tops, got.topErr = h.Find.TrendTops(ctx, who, q, report.TopValues) })
	text := in.q
	if got.err == nil {
		text = got.volume.Query.Text
	}
	u := h.address(c, in, text)
	if got.err == nil && (text != c.QueryParam("q") || foreign(c)) {
		return c.Redirect(http.StatusSeeOther, u.String())
	}
	return h.answer(c, in, u, got)
}

func (h trends) address(c echo.Context, in listIn, q string) page.ListURL {
	u := page.NewTrendsURL()
	u.Q, u.Range, u.From, u.To, u.Zone = q, in.rangeWord, in.from, in.to, c.QueryParam("tz")
	return u
}

func (h trends) answer(c echo.Context, in listIn, u page.ListURL, got trended) error {
	m := h.moment(in.zone)
	x := page.TrendsIn{Moment: m, URL: u, Edit: c.QueryParam("edit") == "text", Query: page.NewQuery(in.q, nil)}
	code := http.StatusOK
	switch errata.CodeOf(got.err) {
	case "":
		x.Query, x.Tree = page.NewQuery(got.volume.Query.Text, got.volume.Query.Tree), got.volume.Query.Tree
		for _, n := range got.volume.Query.Notices {
			x.Notices = append(x.Notices, n.Message)
		}
	case errata.Invalid:
		if code = status(got.err); code == http.StatusBadRequest { // a parameter, not the query
			return got.err
		}
		x.Query = page.RefusedQuery(in.q, got.err)
	case errata.Unavailable, errata.SlowDown:
	default:
		return got.err
	}
	if x.Query.Error == nil {
		x.Volume = trendIn(c, m, got.volume, got.err)
		x.Volume.Before = page.PreviousWords(in.span.To.Sub(in.span.From))
		if err := h.fill(c, &x, got); err != nil {
			return err
		}
	}
	var err error
	if x.Export, err = h.exportMenu(c, report.Trends, u.String()); err != nil {
		return err
	}
	return showModel(c, code, page.NewTrends(h.chrome(c, m), x))
}

// fill adds what is known of issues and of where the events come from.
func (h trends) fill(c echo.Context, x *page.TrendsIn, got trended) error {
	switch errata.CodeOf(got.issueErr) {
	case "":
		x.Volume.Interval, x.Volume.Edges = got.issues.Interval, got.issues.Edges
		for i, w := range report.TrendLines {
			l := []find.TrendLine{got.issues.New, got.issues.Regressed, got.issues.Resolved}[i]
			x.Lines = append(x.Lines, page.TrendLineIn{ID: w.ID, Title: w.Title, Text: w.Text, Buckets: l.Buckets, Previous: l.Previous, Before: l.Before})
		}
	case errata.Invalid:
		x.Why = "Not counted: " + errata.MessageOf(got.issueErr)
	default:
		return got.issueErr
	}
	if got.topErr != nil {
		x.NoTops = failure(c, x.Moment, "Where the events come from could not be counted.", got.topErr, "")
	} else {
		x.TopGaps, x.Tops = gaps(got.tops.Gaps), leads(got.tops)
	}
	return nil
}

func leads(tops find.Tops) (out []page.LeadIn) {
	for i, l := range tops.Lists {
		t := page.LeadIn{Key: l.Key.Name, Title: report.TopTitles[i], Rest: l.Rest, Total: tops.Total.Value, About: l.About}
		for _, g := range l.Groups {
			t.Values = append(t.Values, page.CountIn{Keys: g.Keys, Count: g.Count})
		}
		out = append(out, t)
	}
	return out
}

func (h exports) trends(c echo.Context, who errata.Actor) (report.Export, error) {
	in, err := h.listParams(c, who)
	if err != nil {
		return report.Export{}, err
	}
	return h.export(report.Trends, c, in, url.Values{}), nil
}
