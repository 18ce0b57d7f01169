package report

import (
	"context"
	"slices"
	"time"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/stats"
)

// responseMetrics are the metrics of the page.
var responseMetrics = []struct {
	metric    stats.Metric
	id, title string
}{{stats.TTA, "mtta", "Time to acknowledge"}, {stats.TTR, "mttr", "Time to resolve"}}

// responseDocument is the page of response times: the tables under its charts.
func (s *Service) responseDocument(ctx context.Context, who errata.Actor, e Export) (d errata.Document, head find.ExportHead, err error) {
	if err := s.Find.MayTakeFigures(ctx, who, e.Q, e.Range); err != nil {
		return d, head, err
	}
	o := e.Response
	if o == nil {
		o = &ResponseOf{By: []stats.Dimension{stats.BySeverity}}
	}
	answers, err := s.Find.Responses(ctx, who, find.ResponseQuery{
		Rules: o.Rules, Q: e.Q, Range: e.Range, Zone: e.zone(), Interval: o.Interval, By: o.By,
	}, stats.TTA, stats.TTR)
	if err != nil {
		return d, head, err
	}
	a := answers[0]
	head = find.ExportHead{Query: a.Query, Range: a.Range, AsOf: e.AsOf}
	d = errata.Document{
		Title: titles[Response], Filters: e.filters(head), From: a.Range.From.UnixMicro(), To: a.Range.To.UnixMicro(), AsOf: a.AsOf, Zone: e.zone().String(),
	}
	for i, m := range responseMetrics {
		d.Sections = append(d.Sections, errata.Section{ID: m.id, Title: m.title, Table: overTime(answers[i])})
	}
	d.Sections = append(d.Sections, errata.Section{ID: "groups", Title: "By " + string(a.By[0]), Table: grouped(answers)},
		errata.Section{ID: "spread", Title: "Distribution", Table: spread(answers)},
		errata.Section{ID: "left_out", Title: "Left out, and still open", Table: leftOut(answers)},
		errata.Section{ID: "terms", Title: "Definitions", Text: definitions(o.Rules)})
	return d, head, nil
}

// figureColumns describe times; prefix tells two metrics apart.
func figureColumns(prefix, title string) []errata.Column {
	return []errata.Column{
		col(prefix+"n", title+"n", errata.ColumnInt), col(prefix+"median_s", title+"Median", errata.ColumnDuration), col(prefix+"mean_s", title+"Mean", errata.ColumnDuration),
		col(prefix+"p25_s", title+"p25", errata.ColumnDuration), col(prefix+"p75_s", title+"p75", errata.ColumnDuration), col(prefix+"p90_s", title+"p90", errata.ColumnDuration),
		col(prefix+"met", title+"Target met", errata.ColumnInt), col(prefix+"targeted", title+"With a target", errata.ColumnInt), col(prefix+"left_out", title+"Left out", errata.ColumnInt),
	}
}

// figureCells are a summary under figureColumns; of no episode the times are
// missing, not 0.
func figureCells(s stats.Summary) []errata.Cell {
	out := []errata.Cell{errata.IntCell(s.N)}
	for _, d := range []time.Duration{s.P50, s.Mean, s.P25, s.P75, s.P90} {
		if s.N == 0 {
			out = append(out, errata.Cell{})
			continue
		}
		out = append(out, seconds(d.Microseconds()))
	}
	return append(out, errata.IntCell(s.Met), errata.IntCell(s.Targeted), errata.IntCell(s.Left()))
}

// overTime is the table under the chart of a metric, newest first as the page
// has it.
func overTime(a find.Response) *errata.Table {
	t := &errata.Table{Columns: append([]errata.Column{col("from", "From", errata.ColumnTime), col("to", "To", errata.ColumnTime)}, figureColumns("", "")...)}
	for k, b := range slices.Backward(a.Buckets) {
		row := []errata.Cell{errata.IntCell(a.Edges[k].UnixMicro()), errata.IntCell(a.Edges[k+1].UnixMicro())}
		t.Rows = append(t.Rows, append(row, figureCells(b)...))
	}
	return t
}

// grouped joins the groups of both metrics by their key, in the order in which
// they are met.
func grouped(answers []find.Response) *errata.Table {
	t := &errata.Table{Columns: append([]errata.Column{col("key", "Group", errata.ColumnText)}, append(figureColumns("mtta_", "MTTA "), figureColumns("mttr_", "MTTR ")...)...)}
	t.Columns = append(t.Columns, col("waiting", "Waiting", errata.ColumnInt), col("open", "Open", errata.ColumnInt),
		col("resolved", "Resolved", errata.ColumnInt), col("regressed", "Regressed", errata.ColumnInt))
	type id struct {
		key   string
		other bool
	}
	at := map[id]int{}
	var both [][2]stats.Group
	var keys []id
	for k := range answers {
		for _, g := range answers[k].Groups {
			i := id{g.Key[0], g.Other}
			n, ok := at[i]
			if !ok {
				n, both, keys = len(both), append(both, [2]stats.Group{}), append(keys, i)
				at[i] = n
			}
			both[n][k] = g
		}
	}
	for n, g := range both {
		row := append([]errata.Cell{text(groupName(answers[0], keys[n].key, keys[n].other))}, figureCells(g[0].Total)...)
		row = append(row, figureCells(g[1].Total)...)
		open, rates := g[0].Total.Open, g[1].Rates
		t.Rows = append(t.Rows, append(row, errata.IntCell(open.Unresponded), errata.IntCell(open.N), errata.IntCell(rates.Resolved), errata.IntCell(rates.Regressed)))
	}
	return t
}

// groupName is what people call a group.
func groupName(a find.Response, key string, other bool) string {
	switch {
	case other:
		return "Others together"
	case key == "":
		return "none"
	}
	switch a.By[0] {
	case stats.ByProject:
		return a.Projects[key].Slug
	case stats.ByUser, stats.ByOwner:
		if p, ok := a.People[key]; ok && p.Name != "" {
			return p.Name
		}
		return "deleted account"
	default:
		return key
	}
}

// spread is how the times are distributed.
func spread(answers []find.Response) *errata.Table {
	t := &errata.Table{Columns: []errata.Column{
		col("from_s", "At least", errata.ColumnDuration), col("to_s", "Less than", errata.ColumnDuration),
		col("mtta", "MTTA", errata.ColumnInt), col("mttr", "MTTR", errata.ColumnInt),
	}}
	edges := stats.BinEdges()
	for i, from := range edges {
		to := errata.Cell{}
		if i+1 < len(edges) {
			to = seconds(edges[i+1].Microseconds())
		}
		t.Rows = append(t.Rows, []errata.Cell{seconds(from.Microseconds()), to, errata.IntCell(answers[0].Bins[i]), errata.IntCell(answers[1].Bins[i])})
	}
	return t
}

// leftOut says what is in no mean.
func leftOut(answers []find.Response) *errata.Table {
	t := &errata.Table{Columns: []errata.Column{col("metric", "Metric", errata.ColumnText), col("reason", "Reason", errata.ColumnText), col("episodes", "Episodes", errata.ColumnInt)}}
	for i, m := range responseMetrics {
		total := answers[i].Total
		for _, x := range stats.Exclusions(m.metric) {
			t.Rows = append(t.Rows, []errata.Cell{text(string(m.metric)), text(string(x)), errata.IntCell(total.Excluded[x])})
		}
		open := total.Open.N
		if m.metric == stats.TTA {
			open = total.Open.Unresponded
		}
		t.Rows = append(t.Rows, []errata.Cell{text(string(m.metric)), text("still open"), errata.IntCell(open)})
	}
	return t
}

// definitions say how the figures were made.
func definitions(r stats.Rules) string {
	start, end, counts := "the first alert, or the opening where no alert came before the response", "the first act of a person", "when its time ended"
	if r.FromEvent {
		start = "the opening"
	}
	if r.Explicit {
		end = "the first acknowledgement by a person"
	}
	if r.ByOpening {
		counts = "when it opened"
	}
	return "MTTA runs from " + start + " to " + end + "; MTTR from there to the resolution. An episode counts " + counts +
		". Percentiles are computed anew for every bucket and group by linear interpolation, never averaged."
}
