package report

import (
	"context"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/querylang"
	"errata/internal/stats"
)

// CountsOf are the parameters of a chart or a table of counts.
type CountsOf struct {
	Measure find.Measure   `json:"measure,omitempty"`
	By      []string       `json:"by,omitempty"`
	Bucket  stats.Interval `json:"bucket,omitempty"` // "" = not over time
	Top     int            `json:"top,omitempty"`
}

// countsDocument is the chart or the counts of the explorer: the table under it.
func (s *Service) countsDocument(ctx context.Context, who errata.Actor, e Export) (d errata.Document, head find.ExportHead, err error) {
	if err := s.Find.MayTakeEvents(ctx, who); err != nil {
		return d, head, err
	}
	o := e.Counts
	if o == nil {
		o = &CountsOf{}
	}
	q := find.AggregateQuery{Q: e.Q, Range: e.Range, Measure: o.Measure, Bucket: o.Bucket, Top: o.Top, Zone: e.zone()}
	for _, name := range o.By {
		k, ok := querylang.ParseKey(name)
		if !ok {
			return d, head, refuseColumns("There is no such field.")
		}
		q.By = append(q.By, k)
	}
	a, err := s.Find.Aggregate(ctx, who, q)
	if err == nil && len(a.Gaps) > 0 {
		err = find.NotWhole()
	}
	if err != nil {
		return d, head, err
	}
	head = find.ExportHead{Query: a.Query, Range: e.Range, AsOf: e.AsOf}
	d = errata.Document{
		Title: titles[Counts], Filters: e.filters(head), From: a.Range.From.UnixMicro(), To: a.Range.To.UnixMicro(), AsOf: e.AsOf, Zone: e.zone().String(),
	}
	if len(a.Edges) > 0 {
		d.Sections = append(d.Sections, errata.Section{ID: "over_time", Title: "Over time", Table: countsOverTime(a)})
	}
	d.Sections = append(d.Sections, errata.Section{ID: "groups", Title: "Groups", Text: countRemarks(a), Table: countGroups(a)})
	return d, head, nil
}

func countRemarks(a find.Aggregate) string {
	var out []string
	if a.About {
		out = append(out, "Figures of groups are about right, not exact.")
	}
	if a.Newest {
		out = append(out, "Groups were told apart among the newest events only.")
	}
	return strings.Join(out, " ")
}

// measureColumn is what is counted.
func measureColumn(m find.Measure) errata.Column {
	if m == find.CountUsers {
		return col("users", "Users", errata.ColumnInt)
	}
	return col("events", "Events", errata.ColumnInt)
}

// countGroups is one line per group, and what is in none.
func countGroups(a find.Aggregate) *errata.Table {
	t := &errata.Table{}
	for _, k := range a.By {
		t.Columns = append(t.Columns, col(k.String(), k.String(), errata.ColumnText))
	}
	t.Columns = append(t.Columns, col("title", "Title", errata.ColumnText), measureColumn(a.Measure))
	line := func(keys []string, title string, n int64) {
		var row []errata.Cell
		for i := range a.By {
			row = append(row, text(keys[i]))
		}
		t.Rows = append(t.Rows, append(row, text(title), errata.IntCell(n)))
	}
	for _, g := range a.Groups {
		line(g.Keys, g.Title, g.Count)
	}
	none := make([]string, len(a.By))
	if len(a.By) > 0 && a.Measure != find.CountUsers {
		line(none, "other or none", a.Rest.Count)
	}
	line(none, "all", a.Total.Value)
	return t
}

// countsOverTime is one line per bucket, oldest first as the chart has them, and
// one column per group.
func countsOverTime(a find.Aggregate) *errata.Table {
	t := &errata.Table{Columns: []errata.Column{col("from", "From", errata.ColumnTime), col("to", "To", errata.ColumnTime)}}
	lines := slices.Clone(a.Groups)
	if len(a.By) == 0 {
		lines = []find.Group{{Buckets: a.Buckets}}
	} else if len(a.Rest.Buckets) > 0 {
		lines = append(lines, find.Group{Title: "other or none", Buckets: a.Rest.Buckets})
	}
	taken := map[string]bool{"from": true, "to": true, "section": true}
	for _, g := range lines {
		name := strings.Join(g.Keys, " · ")
		switch {
		case len(a.By) == 0:
			name = measureColumn(a.Measure).Key
		case name == "":
			name = g.Title
		}
		name = free(taken, name)
		t.Columns = append(t.Columns, col(name, name, errata.ColumnInt))
	}
	for i := range len(a.Edges) - 1 {
		row := []errata.Cell{errata.IntCell(a.Edges[i].UnixMicro()), errata.IntCell(a.Edges[i+1].UnixMicro())}
		for _, g := range lines {
			row = append(row, bucketCell(g.Buckets, i))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// free makes a name of a column that no other has: what events say may be the
// name of another column, and a member of an object stands once.
func free(taken map[string]bool, name string) string {
	for taken[name] {
		name += " (value)"
	}
	taken[name] = true
	return name
}

func bucketCell(all []int64, i int) errata.Cell {
	if i >= len(all) {
		return errata.Cell{}
	}
	return errata.IntCell(all[i])
}
