package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/stats"
	"errata/internal/views/page"
)

// apiSummary describes times in seconds; null where nothing was measured.
type apiSummary struct {
	N        int64                     `json:"n"`
	Mean     *float64                  `json:"mean"`
	Min      *float64                  `json:"min"`
	P25      *float64                  `json:"p25"`
	P50      *float64                  `json:"p50"`
	P75      *float64                  `json:"p75"`
	P90      *float64                  `json:"p90"`
	P95      *float64                  `json:"p95"`
	Max      *float64                  `json:"max"`
	Target   *float64                  `json:"target"`   // null: none, or not the same for all
	Met      *float64                  `json:"met"`      // share of those with a target
	MetN     int64                     `json:"met_n"`    // how many kept it
	TargetN  int64                     `json:"target_n"` // how many have one
	Few      bool                      `json:"few"`
	Excluded map[stats.Exclusion]int64 `json:"excluded"`
	Open     *apiOpen                  `json:"open,omitempty"`
}

type apiOpen struct {
	N          int64    `json:"n"`
	Unanswered int64    `json:"unresponded"`
	Oldest     *float64 `json:"oldest_s"`
}

type apiSpan struct {
	From string `json:"from"`
	To   string `json:"to"`
	apiSummary
}

type apiGroup struct {
	Key     map[string]string `json:"key"`
	Name    string            `json:"name"`
	Other   bool              `json:"other"`
	Total   apiSummary        `json:"total"`
	Buckets []apiSpan         `json:"buckets"`
	Rates   apiRates          `json:"rates"`
}

type apiRates struct {
	Resolved   int64    `json:"resolved"`
	Regression *float64 `json:"regression"`
	Mature     bool     `json:"regression_mature"`
	Reopen     *float64 `json:"reopen"`
	Breach     *float64 `json:"target_breach"`
}

type apiComparison struct {
	Delta    *float64   `json:"p50_delta_s"`
	Interval []float64  `json:"interval_s"`
	Verdict  string     `json:"verdict"`
	Before   apiSummary `json:"before"`
}

type apiResponse struct {
	Metric  string            `json:"metric"`
	Unit    string            `json:"unit"`
	From    string            `json:"from"`
	To      string            `json:"to"`
	Zone    string            `json:"tz"`
	Bucket  string            `json:"bucket"`
	Options map[string]string `json:"options"`
	Query   string            `json:"q"`
	AsOf    string            `json:"as_of"`
	Total   apiSummary        `json:"total"`
	Buckets []apiSpan         `json:"buckets"`
	Groups  []apiGroup        `json:"groups"`
	Rates   apiRates          `json:"rates"`
	Compare *apiComparison    `json:"compare,omitempty"`
}

func (h api) response(c echo.Context) error {
	who := actorOf(c)
	in, err := h.responseParams(c, who)
	if err != nil {
		return err
	}
	r, err := h.Find.Response(c.Request().Context(), who, in.query)
	if err != nil {
		return err
	}
	out := apiResponse{
		Metric: string(r.Rules.Metric), Unit: "s", From: r.Range.From.Format(time.RFC3339Nano), To: r.Range.To.Format(time.RFC3339Nano),
		Zone: in.query.Zone.String(), Bucket: bucketWord(r.Interval), Query: r.Query.Text, AsOf: apiTime(r.AsOf),
		Options: map[string]string{"basis": in.basis(), "response": in.response(), "cohort": in.cohort()},
		Total:   totalOf(r.Total, r.Rules), Buckets: spansOf(r.Buckets, r.Edges, in.query.Zone), Groups: []apiGroup{}, Rates: ratesOf(r.Rates, r.Total),
	}
	for _, g := range r.Groups {
		out.Groups = append(out.Groups, groupOf(r, g, in.query.Zone))
	}
	if k := r.Compare; k != nil {
		out.Compare = &apiComparison{Verdict: string(k.Verdict), Before: summaryOf(k.Before)}
		if k.Verdict != stats.TooFew {
			out.Compare.Delta, out.Compare.Interval = seconds(k.Delta), []float64{k.Lo.Seconds(), k.Hi.Seconds()}
		}
	}
	return c.JSON(http.StatusOK, out)
}

func seconds(d time.Duration) *float64 {
	s := d.Seconds()
	return &s
}

func share(part, whole int64) *float64 {
	if whole == 0 {
		return nil
	}
	s := float64(part) / float64(whole)
	return &s
}

func summaryOf(s stats.Summary) apiSummary {
	out := apiSummary{N: s.N, Few: s.Few(), Met: share(s.Met, s.Targeted), MetN: s.Met, TargetN: s.Targeted, Excluded: s.Excluded}
	if s.Excluded == nil {
		out.Excluded = map[stats.Exclusion]int64{}
	}
	if s.Target > 0 {
		out.Target = seconds(s.Target)
	}
	if s.N > 0 {
		out.Mean, out.Min, out.Max = seconds(s.Mean), seconds(s.Min), seconds(s.Max)
		out.P25, out.P50, out.P75, out.P90, out.P95 = seconds(s.P25), seconds(s.P50), seconds(s.P75), seconds(s.P90), seconds(s.P95)
	}
	return out
}

// totalOf adds what is open beside the figures: of TTA the oldest that waits.
func totalOf(s stats.Summary, rules stats.Rules) apiSummary {
	out := summaryOf(s)
	out.Open = &apiOpen{N: s.Open.N, Unanswered: s.Open.Unresponded}
	switch {
	case rules.Metric == stats.TTA && s.Open.Unresponded > 0:
		out.Open.Oldest = seconds(s.Open.OldestUnresponded)
	case rules.Metric != stats.TTA && s.Open.N > 0:
		out.Open.Oldest = seconds(s.Open.Oldest)
	}
	return out
}

func spansOf(all []stats.Summary, edges []time.Time, zone *time.Location) []apiSpan {
	out := make([]apiSpan, len(all))
	for i, s := range all {
		out[i] = apiSpan{edges[i].In(zone).Format(time.RFC3339Nano), edges[i+1].In(zone).Format(time.RFC3339Nano), summaryOf(s)}
	}
	return out
}

func ratesOf(r stats.Rates, total stats.Summary) apiRates {
	return apiRates{
		Resolved: r.Resolved, Regression: share(r.Regressed, r.Resolved), Mature: r.Mature, Reopen: share(r.Reopened, r.Resolved),
		Breach: share(total.Targeted-total.Met, total.Targeted),
	}
}

func groupOf(r find.Response, g stats.Group, zone *time.Location) apiGroup {
	out := apiGroup{Key: map[string]string{}, Other: g.Other, Total: totalOf(g.Total, r.Rules), Buckets: spansOf(g.Buckets, r.Edges, zone), Rates: ratesOf(g.Rates, g.Total)}
	if g.Other {
		return out
	}
	var names []string
	for i, d := range r.By {
		key, name := keyOf(r, d, g.Key[i])
		out.Key[string(dimensionWord(d))] = key
		names = append(names, name)
	}
	out.Name = strings.Join(names, ", ")
	return out
}

// keyOf returns the value of a dimension as addresses hold it, and what people
// call it.
func keyOf(r find.Response, d stats.Dimension, value string) (key, name string) {
	switch d {
	case stats.ByProject:
		return r.Projects[value].Slug, r.Projects[value].Slug
	case stats.ByUser, stats.ByOwner:
		return value, r.People[value].Name
	default:
		return value, value
	}
}

// responseIn is the state of response times as an address says it.
type responseIn struct {
	listIn
	query find.ResponseQuery
}

// buckets are the words for the intervals of response times.
var buckets = []struct {
	word     string
	interval stats.Interval
}{{"hour", "1h"}, {"day", "1d"}, {"week", "1w"}, {"month", stats.Month}}

func bucketWord(i stats.Interval) string {
	for _, b := range buckets {
		if b.interval == i {
			return b.word
		}
	}
	return string(i)
}

// dimensionWord calls projects what people call them.
func dimensionWord(d stats.Dimension) stats.Dimension {
	if d == stats.ByProject {
		return "service"
	}
	return d
}

// responseParams reads what response times take.
func (s *Server) responseParams(c echo.Context, who errata.Actor) (in responseIn, err error) {
	v := c.QueryParams()
	if v.Get("range") == "" && v.Get("from") == "" && v.Get("to") == "" {
		v.Set("range", page.DefaultResponseRange)
	}
	if in.listIn, err = s.listParams(c, who); err != nil {
		return in, err
	}
	in.query = find.ResponseQuery{Q: in.q, Range: in.span, Zone: in.zone, Compare: v.Get("compare") == "prev", Rules: stats.Rules{Metric: stats.TTA}}
	if m := v.Get("metric"); m != "" {
		in.query.Metric = stats.Metric(m)
	}
	for _, choice := range []struct {
		name, on string
		known    []string
		set      *bool
	}{
		{"basis", "event", []string{"alert", "event"}, &in.query.FromEvent},
		{"response", "explicit", []string{"any", "explicit"}, &in.query.Explicit},
		{"cohort", "opened", []string{"completed", "opened"}, &in.query.ByOpening},
		{"compare", "prev", []string{"prev", "none"}, &in.query.Compare},
		{"metric", "", []string{"tta", "ttr", "ttd"}, new(bool)},
	} {
		if *choice.set, err = choose(v, choice.name, choice.on, choice.known); err != nil {
			return in, err
		}
	}
	if in.query.Interval, err = bucketParam(v.Get("bucket")); err != nil {
		return in, err
	}
	in.query.By, err = byParam(v)
	return in, err
}

// choose reads a parameter that has few values; on says which one is true.
func choose(v url.Values, name, on string, known []string) (bool, error) {
	given := v.Get(name)
	if given != "" && !slices.Contains(known, given) {
		return false, paramError(name, "unknown", "“"+clip(given)+"” is not known here. Known: "+strings.Join(known, ", ")+".")
	}
	return given == on && on != "", nil
}

func bucketParam(word string) (stats.Interval, error) {
	if word == "" || word == "auto" {
		return "", nil
	}
	for _, b := range buckets {
		if b.word == word {
			return b.interval, nil
		}
	}
	return "", paramError("bucket", "unknown", "“"+clip(word)+"” is no bucket. Known: hour, day, week, month, auto.")
}

func byParam(v url.Values) (out []stats.Dimension, err error) {
	for word := range strings.SplitSeq(v.Get("by"), ",") {
		if word == "" {
			continue
		}
		d := stats.Dimension(word)
		if d == "service" {
			d = stats.ByProject
		} else if d == stats.ByProject || !slices.Contains(stats.Dimensions, d) {
			return nil, paramError("by", "unknown", "“"+clip(word)+"” is nothing to group by. Known: "+dimensionWords()+".")
		}
		out = append(out, d)
	}
	return out, nil
}

func dimensionWords() string {
	var words []string
	for _, d := range stats.Dimensions {
		words = append(words, string(dimensionWord(d)))
	}
	return strings.Join(words, ", ")
}

func (in responseIn) basis() string    { return word(in.query.FromEvent, "event", "alert") }
func (in responseIn) response() string { return word(in.query.Explicit, "explicit", "any") }
func (in responseIn) cohort() string   { return word(in.query.ByOpening, "opened", "completed") }

func word(on bool, yes, no string) string {
	if on {
		return yes
	}
	return no
}
