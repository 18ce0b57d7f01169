package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/querylang"
	"errata/internal/views/page"
)

// places are where a query may stand, by the words of the address.
var places = map[string]querylang.Place{
	"": querylang.InIssues, "issues": querylang.InIssues, "events": querylang.InEvents, "rule": querylang.InRule,
}

type apiExplanation struct {
	Canonical string          `json:"canonical"`
	In        string          `json:"in"`
	Notices   []errata.Detail `json:"notices"` // places are bytes of what was asked
	Way       find.Way        `json:"way"`
	Plan      apiPlan         `json:"plan"`
	Cost      apiCost         `json:"cost"`
}

type apiPlan struct {
	Kind  string    `json:"kind"` // all, sql, events, and, or
	Query string    `json:"query,omitempty"`
	Parts []apiPlan `json:"parts,omitempty"`
}

type apiCost struct {
	PerDay float64 `json:"per_day"`
	Days   float64 `json:"days"`
	Limit  float64 `json:"limit"`
}

// explain says what was understood of a query, and how it would be answered.
func (h api) explain(c echo.Context) error {
	who := actorOf(c)
	in, err := h.listParams(c, who)
	if err != nil {
		return err
	}
	word := c.QueryParam("in")
	place, ok := places[word]
	if !ok {
		return paramError("in", "unknown", "“"+clip(word)+"” is no place of a query. Known: issues, events, rule.")
	}
	x, err := h.Find.Explain(c.Request().Context(), who, find.Asked{Q: in.q, In: place, Over: in.span})
	if err != nil {
		return err
	}
	if word == "" {
		word = "issues"
	}
	return c.JSON(http.StatusOK, apiExplanation{
		Canonical: x.Query.Text, In: word, Notices: append([]errata.Detail{}, x.Query.Notices...), Way: x.Way, Plan: planOf(x.Plan),
		Cost: apiCost{x.PerDay, x.Days, x.Limit},
	})
}

var planKinds = map[querylang.PlanKind]string{
	querylang.PlanAll: "all", querylang.PlanSQL: "sql", querylang.PlanEvents: "events", querylang.PlanAnd: "and", querylang.PlanOr: "or",
}

func planOf(p querylang.Plan) apiPlan {
	out := apiPlan{Kind: planKinds[p.Kind]}
	if p.Expr != nil {
		out.Query = querylang.Print(p.Expr)
	}
	for _, k := range p.Kids {
		out.Parts = append(out.Parts, planOf(k))
	}
	return out
}

// queryRoutes are the rows of what is said about queries.
func (s *Server) queryRoutes() []row {
	return []row{
		{errata.Route{Method: http.MethodGet, Path: "/api/v1/query/explain", Name: "api.query.explain", Action: errata.IssueRead, Auth: errata.AuthToken}, api{s}.explain},
		{errata.Route{Method: http.MethodGet, Path: "/help/query", Name: "help.query", Auth: errata.AuthSession}, s.queryHelp},
	}
}

// queryHelp shows the query language.
func (s *Server) queryHelp(c echo.Context) error {
	return showModel(c, http.StatusOK, page.NewQueryHelp(s.chrome(c, s.moment(zoneOf(actorOf(c))))))
}
