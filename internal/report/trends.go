package report

import (
	"context"

	"errata/internal/errata"
	"errata/internal/find"
)

// TopValues is how many values of a key the trends tell.
const TopValues = 10

// TrendLines are the numbers of issues over time, as find.Trends has them.
var TrendLines = []struct{ ID, Title, Text string }{
	{"new", "New issues", "Their first event happened then"},
	{"regressed", "Regressed issues", "An event came after they were resolved"},
	{"resolved", "Resolved issues", "Resolved then, and not taken back within ten minutes"},
}

// TopTitles are what the lists of find.Tops are called.
var TopTitles = []string{"Top services", "Top types", "Top codes", "Top releases", "Top endpoints", "Top hosts"}

// trendsDocument is the page of trends: its tables. What one part cannot answer
// is said in its place.
func (s *Service) trendsDocument(ctx context.Context, who errata.Actor, e Export) (d errata.Document, head find.ExportHead, err error) {
	if err := s.Find.MayTakeFigures(ctx, who, "", e.Range); err != nil {
		return d, head, err
	}
	q := find.TrendsQuery{Q: e.Q, Range: e.Range, Zone: e.zone()}
	v, err := s.Find.TrendVolume(ctx, who, q)
	if err == nil && len(v.Gaps) > 0 {
		err = find.NotWhole()
	}
	if err != nil {
		return d, head, err
	}
	head = find.ExportHead{Query: v.Query, Range: v.Range, AsOf: e.AsOf}
	d = errata.Document{
		Title: titles[Trends], Filters: e.filters(head), From: v.Range.From.UnixMicro(), To: v.Range.To.UnixMicro(), AsOf: e.AsOf, Zone: e.zone().String(),
		Sections: []errata.Section{{ID: "events", Title: "Events by severity", Table: trendVolume(v)}},
	}
	issues, err := s.Find.Trends(ctx, who, q)
	switch errata.CodeOf(err) {
	case "":
		d.Sections = append(d.Sections, errata.Section{ID: "issues", Title: "New, regressed, resolved", Table: trendIssues(issues)})
	case errata.Invalid:
		d.Sections = append(d.Sections, errata.Section{ID: "issues", Title: "New, regressed, resolved", Text: "Not counted: " + errata.MessageOf(err)})
	default:
		return d, head, err
	}
	tops, err := s.Find.TrendTops(ctx, who, q, TopValues)
	if err == nil && len(tops.Gaps) > 0 {
		err = find.NotWhole()
	}
	if err != nil {
		return d, head, err
	}
	d.Sections = append(d.Sections, topSections(tops)...)
	return d, head, nil
}

func trendVolume(v find.Volume) *errata.Table {
	t := &errata.Table{Columns: []errata.Column{col("from", "From", errata.ColumnTime)}}
	for _, s := range v.Series {
		t.Columns = append(t.Columns, col(s.Key, s.Key, errata.ColumnInt))
	}
	t.Columns = append(t.Columns, col("before", "Before", errata.ColumnInt))
	for i := range len(v.Edges) - 1 {
		row := []errata.Cell{errata.IntCell(v.Edges[i].UnixMicro())}
		for _, s := range v.Series {
			row = append(row, errata.IntCell(s.Buckets[i]))
		}
		before := errata.Cell{}
		if i < len(v.Previous) {
			before = errata.IntCell(v.Previous[i])
		}
		t.Rows = append(t.Rows, append(row, before))
	}
	return t
}

func trendIssues(a find.Trends) *errata.Table {
	t := &errata.Table{Columns: []errata.Column{col("from", "From", errata.ColumnTime)}}
	lines := []find.TrendLine{a.New, a.Regressed, a.Resolved}
	for i := range lines {
		t.Columns = append(t.Columns, col(TrendLines[i].ID, TrendLines[i].Title, errata.ColumnInt), col(TrendLines[i].ID+"_before", TrendLines[i].Title+" before", errata.ColumnInt))
	}
	for k := range len(a.Edges) - 1 {
		row := []errata.Cell{errata.IntCell(a.Edges[k].UnixMicro())}
		for _, l := range lines {
			before := errata.Cell{}
			if k < len(l.Previous) {
				before = errata.IntCell(l.Previous[k])
			}
			row = append(row, errata.IntCell(l.Buckets[k]), before)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func topSections(a find.Tops) (out []errata.Section) {
	for i, l := range a.Lists {
		t := &errata.Table{Columns: []errata.Column{col("value", "Value", errata.ColumnText), col("events", "Events", errata.ColumnInt)}}
		for _, g := range l.Groups {
			t.Rows = append(t.Rows, []errata.Cell{text(g.Keys[0]), errata.IntCell(g.Count)})
		}
		if l.Rest > 0 && len(l.Groups) > 0 {
			t.Rows = append(t.Rows, []errata.Cell{{}, errata.IntCell(l.Rest)})
		}
		out = append(out, errata.Section{ID: "top_" + l.Key.Name, Title: TopTitles[i], Table: t})
	}
	return out
}
