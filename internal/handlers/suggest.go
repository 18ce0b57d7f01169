package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/querylang"
	"errata/internal/views/page"
)

// searching helps where queries are typed: it completes them, counts values,
// and remembers what was asked.
type searching struct{ *Server }

// askedIn is where the queries of a list are asked.
func askedIn(list string) querylang.Place {
	if list == "issues" {
		return querylang.InIssues
	}
	return querylang.InEvents
}

// suggest completes the query of a list.
func (h searching) suggest(list string) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx, who := c.Request().Context(), actorOf(c)
		in, err := h.listParams(c, who)
		if err != nil {
			return err
		}
		q := c.QueryParam("q")
		at, err := strconv.Atoi(c.QueryParam("at"))
		if err != nil {
			at = len(q)
		}
		if len(q) > querylang.MaxBytes {
			return show(c, http.StatusOK, page.NewSuggestions(nil, list).List())
		}
		recent, err := h.Triage.Recent(ctx, who, list)
		if err != nil {
			return err
		}
		all, err := h.Find.Suggest(ctx, who, find.SuggestQuery{Q: q, At: at, In: askedIn(list), Over: in.span, Recent: recent})
		if err != nil {
			return err
		}
		var out []page.SuggestionIn
		for _, s := range all {
			out = append(out, page.SuggestionIn{
				Kind: string(s.Kind), Text: s.Text, Help: s.Help, Title: s.Title, Count: s.Count, Counted: s.Counted, About: s.About,
				Start: s.Start, End: s.End,
			})
		}
		return show(c, http.StatusOK, page.NewSuggestions(out, list).List())
	}
}

// facet lists the values of one key over the issues of a query.
func (h searching) facet(c echo.Context) error {
	ctx, who := c.Request().Context(), actorOf(c)
	in, err := h.listParams(c, who)
	if err != nil {
		return err
	}
	tree, _, err := querylang.Parse(in.q)
	if err != nil {
		return err
	}
	all, err := h.Find.Facets(ctx, who, find.FacetQuery{Q: in.q, In: querylang.InIssues, Over: in.span, Keys: []string{c.QueryParam("key")}, Size: 20, Wait: chartWait})
	if err != nil {
		return err
	}
	m := h.moment(in.zone)
	return showModel(c, http.StatusOK, page.NewFacetPage(h.chrome(c, m), page.FacetPageIn{
		URL: issues(h).address(c, in, in.q), Tree: tree, Facet: facetIn(all[0]), What: "issues",
	}))
}

func facetIn(f find.Facet) page.FacetIn {
	out := page.FacetIn{Key: f.Key, More: f.More, About: f.About, Unknown: f.Unknown}
	for _, v := range f.Values {
		out.Values = append(out.Values, page.FacetValue(v))
	}
	return out
}

// facetsIn turns facets into what the filters show.
func facetsIn(all []find.Facet) (out []page.FacetIn) {
	for _, f := range all {
		out = append(out, facetIn(f))
	}
	return out
}

// remember keeps what was asked as a recent query. It answers nothing.
func (h searching) remember(c echo.Context) error {
	ctx, who := c.Request().Context(), actorOf(c)
	list := field(c, "page")
	if list != "issues" && list != "events" {
		return paramError("page", "unknown", "Queries are remembered for issues and events.")
	}
	now := h.Clock()
	text, err := h.Find.Canonical(ctx, who, field(c, "q"), askedIn(list), find.Range{From: now.Add(-day), To: now})
	if err == nil {
		err = h.Triage.Remember(ctx, who, list, text)
	}
	if err != nil && errata.CodeOf(err) != errata.Invalid { // a query that cannot be read is not worth keeping
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
