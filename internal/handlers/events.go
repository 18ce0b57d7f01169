package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/querylang"
	"errata/internal/report"
	"errata/internal/stats"
	"errata/internal/views/page"
	"errata/internal/views/ui"
)

// explorer is the page of events over all services.
type explorer struct{ *Server }

// exploreIn is the state of the explorer as its address says it.
type exploreIn struct {
	listIn
	as      string
	columns []querylang.Key
	by      []querylang.Key
	measure find.Measure
	bucket  stats.Interval
	top     int
	field   querylang.Key
	open    string
	folded  bool // the address held lists in several parameters
}

// repeatedLists are the parameters of the explorer that may stand several times.
var repeatedLists = []string{"cols", "by"}

// exploreParams reads the address.
func (s *Server) exploreParams(c echo.Context, who errata.Actor) (in exploreIn, err error) {
	v := c.QueryParams()
	if in.listIn, err = s.listParams(c, who); err != nil {
		return in, err
	}
	in.as, in.open, in.top = v.Get("as"), v.Get("open"), 0
	if !slices.Contains([]string{"", page.AsTable, page.AsChart, page.AsCounts}, in.as) {
		return in, paramError("as", "unknown", "“"+clip(in.as)+"” is no face of events. Known: table, chart, counts.")
	}
	if in.columns, err = keysParam(v, "cols"); err != nil {
		return in, err
	}
	if err := in.counting(v); err != nil {
		return in, err
	}
	if f := v.Get("field"); f != "" {
		k, ok := querylang.ParseKey(f)
		if !ok || !find.CanGroup(k) {
			return in, paramError("field", "unknown", "Events cannot be counted by “"+clip(f)+"”.")
		}
		in.field = k
	}
	for _, k := range repeatedLists {
		in.folded = in.folded || len(v[k]) > 1 || v.Has(k) && v.Get(k) == ""
	}
	return in, nil
}

// counting reads what is counted, and by what.
func (in *exploreIn) counting(v url.Values) (err error) {
	if in.by, err = keysParam(v, "by"); err != nil {
		return err
	}
	in.measure, in.bucket = find.Measure(v.Get("measure")), stats.Interval(v.Get("bucket"))
	switch in.measure {
	case "", find.CountEvents, find.CountUsers:
	default:
		return paramError("measure", "unknown", "“"+clip(string(in.measure))+"” is no measure. Known: count, users.")
	}
	if in.bucket != "" && in.bucket != find.Auto && !in.bucket.Valid() {
		return paramError("bucket", "unknown", "“"+clip(string(in.bucket))+"” is no bucket. Known: 1s to 12h, 1d, 1w, auto.")
	}
	if t := v.Get("top"); t != "" {
		if in.top, err = strconv.Atoi(t); err != nil || in.top < 1 || in.top > 100 {
			return paramError("top", "range", "An answer holds 1 to 100 groups, not “"+clip(t)+"”.")
		}
	}
	return nil
}

// maxKeys is how many keys a parameter names at most.
const maxKeys = 30

// keysParam reads the keys of fields, joined by commas or in several parameters.
func keysParam(v url.Values, name string) (out []querylang.Key, err error) {
	for _, s := range given(strings.Split(strings.Join(v[name], ","), ",")) {
		k, ok := querylang.ParseKey(s)
		if !ok || querylang.FieldOf(k).Column == querylang.OfIssue {
			return nil, paramError(name, "unknown", "“"+clip(s)+"” is no field of events.")
		}
		if !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	if len(out) > maxKeys {
		return nil, paramError(name, "range", "At most "+strconv.Itoa(maxKeys)+" fields.")
	}
	return out, nil
}

// address is the canonical one.
func (in exploreIn) address(c echo.Context, q string) page.EventsURL {
	u := page.EventsURL{
		List: page.ListURL{
			Path: "/events", Q: q, Range: in.rangeWord, From: in.from, To: in.to, Zone: c.QueryParam("tz"), Cursor: in.cursor, Size: in.size,
			View: c.QueryParam("view"),
		},
		As: in.as, Measure: string(in.measure), Bucket: string(in.bucket), Top: in.top, Open: in.open,
	}
	for _, k := range in.columns {
		u.Columns = append(u.Columns, k.String())
	}
	for _, k := range in.by {
		u.By = append(u.By, k.String())
	}
	if in.field.Name != "" {
		u.Field = in.field.String()
	}
	return u
}

// shown are the columns of the table.
func (in exploreIn) shown() []querylang.Key {
	if len(in.columns) > 0 {
		return in.columns
	}
	var out []querylang.Key
	for _, c := range page.DefaultColumns {
		k, _ := querylang.ParseKey(c)
		out = append(out, k)
	}
	return out
}

// explored is what the stores answered, each part for itself.
type explored struct {
	page             find.EventsPage
	counts           find.Aggregate
	fields           find.FieldList
	choices          find.Choices
	query            find.Query
	err, trend, told error // of rows or counts, of the chart above rows, of the fields
}

func (h explorer) show(c echo.Context) error {
	who := actorOf(c)
	in, err := h.exploreParams(c, who)
	if err != nil {
		return err
	}
	got, err := h.read(c, who, in)
	if err != nil {
		return err
	}
	whole := c.Request().Header.Get("HX-Request-Type") == ""
	if got.err == nil && whole && (got.query.Text != c.QueryParam("q") || foreign(c) || in.folded) {
		return c.Redirect(http.StatusSeeOther, in.address(c, got.query.Text).String())
	}
	return h.answer(c, in, got)
}

// read asks for the parts side by side: what a face does not show is not asked.
func (h explorer) read(c echo.Context, who errata.Actor, in exploreIn) (got explored, err error) {
	ctx, part := c.Request().Context(), ""
	if wantsPart(c.Request()) {
		_, part, _ = strings.Cut(c.Request().Header.Get("HX-Target"), "#")
	}
	table := in.as == "" || in.as == page.AsTable
	together(func() {
		if table {
			got.page, got.err = h.Find.Events(ctx, who, find.EventsQuery{Q: in.q, Range: in.span, Columns: in.shown(), Open: in.open, Cursor: in.cursor, Size: in.size})
			got.query = got.page.Query
		}
	}, func() {
		ask := find.AggregateQuery{Q: in.q, Range: in.span, Measure: in.measure, By: in.by, Top: in.top, Zone: in.zone}
		switch {
		case table && part == "list":
			return
		case table:
			ask = find.AggregateQuery{Q: in.q, Range: in.span, By: []querylang.Key{{Name: "event.severity"}}, Bucket: find.Auto, Zone: in.zone}
		case in.as == page.AsChart:
			ask.Bucket = in.bucket
			if ask.Bucket == "" {
				ask.Bucket = find.Auto
			}
		}
		var err error
		if got.counts, err = h.Find.Aggregate(ctx, who, ask); table {
			got.trend = err
			return
		}
		got.err, got.query = err, got.counts.Query
	}, func() {
		if part == "" || part == "fields" {
			got.fields, got.told = h.Find.Fields(ctx, who, find.FieldsQuery{Q: in.q, Range: in.span, Open: in.field})
		}
	}, func() {
		got.choices, err = h.Find.Choices(ctx, who, in.span)
	})
	return got, err
}

func (h explorer) answer(c echo.Context, in exploreIn, got explored) error {
	m := h.moment(in.zone)
	x := page.EventsIn{
		Moment: m, URL: in.address(c, got.query.Text), Edit: c.QueryParam("edit") == "text", NoEvents: got.choices.Never, SetUp: got.choices.SetUp,
	}
	code := http.StatusOK
	switch errata.CodeOf(got.err) {
	case "":
		x.Query, x.Tree = page.NewQuery(got.query.Text, got.query.Tree), got.query.Tree
		for _, n := range got.query.Notices {
			x.Notices = append(x.Notices, n.Message)
		}
	case errata.Invalid:
		code = status(got.err)
		if code == http.StatusBadRequest { // a parameter, not the query
			return got.err
		}
		x.URL.List.Q, x.Query = in.q, page.RefusedQuery(in.q, got.err)
		got.trend, got.told = nil, nil
	case errata.Unavailable, errata.SlowDown:
		x.URL.List.Q, x.Query = in.q, page.NewQuery(in.q, nil)
		x.Failed = failure(c, m, "The events could not be read.", got.err, "list")
	default:
		return got.err
	}
	take := report.Events
	if in.as == page.AsChart || in.as == page.AsCounts {
		take = report.Counts
	}
	var err error
	if x.Export, err = h.exportMenu(c, take, x.URL.String()); err != nil {
		return err
	}
	h.rows(c, &x, got)
	x.Trend, x.Counts = h.chart(c, m, in, got), countsIn(got.counts)
	x.Counts.Failed = x.Failed
	x.Fields = fieldsIn(got.fields)
	if got.told != nil {
		x.Fields.Failed = failure(c, m, "The fields could not be counted.", got.told, "")
	}
	return showModel(c, code, page.NewEvents(h.chrome(c, m), x))
}

func (h explorer) rows(c echo.Context, x *page.EventsIn, got explored) {
	p := got.page
	x.Total, x.Took, x.First, x.AsOf, x.Next, x.Previous, x.Gaps = page.Total(p.Total), p.Took, p.First, p.AsOf, p.Next, p.Previous, gaps(p.Gaps)
	columns := x.URL.Columns
	if len(columns) == 0 {
		columns = page.DefaultColumns
	}
	for _, l := range p.Rows {
		r := page.EventRowIn{ID: l.EventID, Name: l.Name(), Time: l.Time, Service: l.Project, Issue: l.Issue, Severity: l.Severity}
		for _, name := range columns {
			k, _ := querylang.ParseKey(name)
			r.Values = append(r.Values, l.Values[querylang.TermKey(k)])
		}
		x.Rows = append(x.Rows, r)
	}
	for _, f := range p.Open {
		x.Open = append(x.Open, page.EventField{Key: f.Key.String(), Value: f.Value})
	}
	if p.OpenErr != nil {
		x.OpenFail = failure(c, x.Moment, "The event could not be read.", p.OpenErr, "list")
	}
}

// restName is what the series of a chart is called that no group holds.
func restName(a find.Aggregate) string {
	if a.Newest {
		return "other, none, or not looked at"
	}
	return "other or none"
}

func (h explorer) chart(c echo.Context, m ui.Moment, in exploreIn, got explored) page.TrendIn {
	a := got.counts
	t := page.TrendIn{Moment: m, Interval: a.Interval, Edges: a.Edges, Gaps: gaps(a.Gaps), Users: a.Measure == find.CountUsers, Distinct: a.Total.Value}
	err := got.trend
	if in.as == page.AsChart {
		err = got.err
	}
	if err != nil && errata.CodeOf(err) != errata.Invalid {
		t.Failed = failure(c, m, "The chart could not be drawn.", err, "chart")
		return t
	}
	switch {
	case len(a.Edges) == 0:
	case len(a.By) == 0:
		t.Events = a.Buckets
	default:
		buckets := make([][]int64, len(a.Groups))
		for i, g := range a.Groups {
			buckets[i] = g.Buckets
		}
		t.Groups = page.GroupSeries(a.By[0].String(), countsIn(a).Groups, buckets, a.Rest.Buckets, restName(a))
	}
	return t
}

func countsIn(a find.Aggregate) page.CountsIn {
	out := page.CountsIn{
		Rest: a.Rest.Count, Total: page.Total(a.Total), Users: a.Measure == find.CountUsers, About: a.About, Newest: a.Newest, Gaps: gaps(a.Gaps),
	}
	for _, g := range a.Groups {
		out.Groups = append(out.Groups, page.CountIn{Keys: g.Keys, Title: g.Title, Count: g.Count})
	}
	return out
}

func fieldsIn(l find.FieldList) page.FieldsIn {
	out := page.FieldsIn{Looked: l.Looked, Torn: len(l.Gaps) > 0}
	for _, f := range l.Fields {
		one := page.FieldIn{Key: f.Key.String(), Looked: f.Looked}
		for _, g := range f.Values {
			one.Values = append(one.Values, page.CountIn{Keys: g.Keys, Title: g.Title, Count: g.Count})
		}
		out.Told, out.Newest = append(out.Told, one), out.Newest || f.Newest
	}
	for _, p := range l.Present {
		out.Others = append(out.Others, p.Key.String())
	}
	return out
}
