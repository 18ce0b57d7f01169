package handlers

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
)

// eventItem writes an event of a list.
func eventItem(l find.EventLine) apiEvent {
	return apiEvent{
		ID: l.EventID, Timestamp: apiTime(l.Time), Received: apiTime(l.Received), Service: l.Project.Slug,
		Issue: l.Issue, Title: l.Title, Type: l.Type, Culprit: l.Culprit, Level: string(l.Level), Severity: l.Severity.String(),
		Environment: l.Env, Release: l.Release,
	}
}

// events answers a page of events of all visible services.
func (h api) events(c echo.Context) error {
	who := actorOf(c)
	in, err := h.listParams(c, who)
	if err != nil {
		return err
	}
	p, err := h.Find.Events(c.Request().Context(), who, find.EventsQuery{Q: in.q, Range: in.span, Cursor: in.cursor, Size: in.size})
	if err != nil {
		return err
	}
	items := make([]apiEvent, len(p.Rows))
	for i, l := range p.Rows {
		items[i] = eventItem(l)
	}
	return c.JSON(http.StatusOK, apiList{items, p.Next, total(p.Total), apiTime(p.AsOf), apiGaps(p.Gaps), p.Query.Notices})
}

// apiCounted is one group of an aggregate; its keys belong to by.
type apiCounted struct {
	Keys    []string `json:"keys"`
	Count   int64    `json:"count"`
	Buckets []int64  `json:"buckets"`
}

type apiAggregate struct {
	Query   string       `json:"q"`
	From    string       `json:"from"`
	To      string       `json:"to"`
	Zone    string       `json:"tz"`
	AsOf    string       `json:"as_of"`
	Measure string       `json:"measure"`
	By      []string     `json:"by"`
	Bucket  string       `json:"bucket"`
	Starts  []string     `json:"starts"` // where each bucket starts, in the zone
	Total   apiTotal     `json:"total"`
	Buckets []int64      `json:"buckets"`
	Groups  []apiCounted `json:"groups"`
	Rest    int64        `json:"rest"`
	Exact   bool         `json:"exact"`
	Newest  bool         `json:"newest"`
	Gaps    []apiGap     `json:"gaps"`

	Notices []errata.Detail `json:"notices,omitempty"`
}

// aggregate answers events counted by keys, over time, or both.
func (h api) aggregate(c echo.Context) error {
	who := actorOf(c)
	in, err := h.listParams(c, who)
	if err != nil {
		return err
	}
	x := exploreIn{listIn: in}
	if err := x.counting(c.QueryParams()); err != nil {
		return err
	}
	a, err := h.Find.Aggregate(c.Request().Context(), who, find.AggregateQuery{
		Q: in.q, Range: in.span, Measure: x.measure, By: x.by, Bucket: x.bucket, Top: x.top, Zone: in.zone,
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, h.counted(a, in.zone))
}

func (h api) counted(a find.Aggregate, zone *time.Location) apiAggregate {
	out := apiAggregate{
		Query: a.Query.Text, From: a.Range.From.Format(time.RFC3339Nano), To: a.Range.To.Format(time.RFC3339Nano), Zone: zone.String(),
		AsOf: h.Clock().UTC().Format(time.RFC3339Nano), Measure: string(a.Measure), By: []string{}, Bucket: string(a.Interval), Starts: []string{},
		Total: total(a.Total), Buckets: numbers(a.Buckets), Groups: []apiCounted{}, Rest: a.Rest.Count,
		Exact: !a.About && !a.Newest && len(a.Gaps) == 0, Newest: a.Newest, Gaps: []apiGap{}, Notices: a.Query.Notices,
	}
	for _, k := range a.By {
		out.By = append(out.By, k.String())
	}
	for _, e := range a.Edges[:max(len(a.Edges)-1, 0)] {
		out.Starts = append(out.Starts, e.In(zone).Format(time.RFC3339))
	}
	for _, g := range a.Groups {
		out.Groups = append(out.Groups, apiCounted{slices.Clone(g.Keys), g.Count, numbers(g.Buckets)})
	}
	for _, g := range a.Gaps {
		out.Gaps = append(out.Gaps, apiGap{g.From.Format(time.RFC3339), g.To.Format(time.RFC3339), g.Reason})
	}
	return out
}

// numbers is a list that is never null.
func numbers(n []int64) []int64 { return append([]int64{}, n...) }
