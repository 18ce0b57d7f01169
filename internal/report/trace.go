package report

import (
	"context"
	"slices"
	"strconv"

	"errata/internal/errata"
	"errata/internal/find"
)

// TagsOf says which field of which issue's events is meant; Issue is a short id.
type TagsOf struct{ Issue, Key string }

// traceDocument is everything of one trace or request, as its page has it.
// Events of services that the reader may not take along are left out, and named.
func (s *Service) traceDocument(ctx context.Context, who errata.Actor, e Export) (d errata.Document, head find.ExportHead, err error) {
	t, err := s.Find.Trace(ctx, who, e.Trace)
	if err == nil && len(t.Gaps) > 0 {
		err = find.NotWhole()
	}
	if err != nil {
		return d, head, err
	}
	head.AsOf = e.AsOf
	table := &errata.Table{Columns: traceColumns}
	var refused error
	for _, r := range t.Rows {
		if err := s.Decide(who, errata.EventExport, r.Project.ID); err != nil {
			refused = err
			head.Left = append(head.Left, r.Project.Slug)
			continue
		}
		table.Rows = append(table.Rows, traceCells(r, t.Rows[0].Time))
	}
	if len(table.Rows) == 0 {
		return d, head, refused
	}
	slices.Sort(head.Left)
	head.Left = slices.Compact(head.Left)
	section := errata.Section{ID: "events", Title: "Events", Table: table}
	if n := len(t.Rows); !t.Total.Exact || t.Total.Value > int64(n) {
		section.Text = "These are the newest " + strconv.Itoa(n) + " of them."
	}
	d = errata.Document{
		Title: titles[Trace], Filters: append([]string{"Trace or request: " + t.ID}, e.filters(head)...), AsOf: e.AsOf, Zone: e.zone().String(), Sections: []errata.Section{section},
	}
	return d, head, nil
}

var traceColumns = []errata.Column{
	col("time", "Time", errata.ColumnTime), col("after_s", "After the first", errata.ColumnDuration), col("project", "Service", errata.ColumnText),
	col("severity", "Severity", errata.ColumnText), col("message", "Message", errata.ColumnText), col("issue", "Issue", errata.ColumnText),
	col("environment", "Environment", errata.ColumnText), col("release", "Release", errata.ColumnText), col("transaction", "Transaction", errata.ColumnText),
	col("trace", "Trace", errata.ColumnText), col("span", "Span", errata.ColumnText), col("parent", "Below span", errata.ColumnText),
	col("request_id", "Request", errata.ColumnText), col("id", "Id", errata.ColumnText),
}

func traceCells(r find.TraceLine, first int64) []errata.Cell {
	return []errata.Cell{
		moment(r.Time), seconds(r.Time - first), text(r.Project.Slug), text(r.Severity.String()), text(r.Title), text(r.Issue), text(r.Env), text(r.Release),
		text(r.Transaction), text(r.Trace), text(r.Span), text(r.Parent), text(r.RequestID), text(r.EventID),
	}
}

// tagsDocument is how the events of an issue spread over the values of a field.
// The line without a value is those without the field, or with a rarer value.
func (s *Service) tagsDocument(ctx context.Context, who errata.Actor, e Export) (d errata.Document, head find.ExportHead, err error) {
	of := e.Tags
	if of == nil {
		of = &TagsOf{}
	}
	v, err := s.Find.Issue(ctx, who, of.Issue)
	if err != nil {
		return d, head, err
	}
	if err := s.Decide(who, errata.EventExport, v.Project.ID); err != nil {
		return d, head, err
	}
	tags, err := s.Find.Tags(ctx, who, v, of.Key)
	if err == nil && len(tags.Gaps) > 0 {
		err = find.NotWhole()
	}
	if err != nil {
		return d, head, err
	}
	head.AsOf = e.AsOf
	t := &errata.Table{Columns: []errata.Column{
		col("value", "Value", errata.ColumnText), col("events", "Events", errata.ColumnInt), col("first_seen", "First seen", errata.ColumnTime), col("last_seen", "Last seen", errata.ColumnTime),
	}}
	for _, x := range tags.Values {
		t.Rows = append(t.Rows, []errata.Cell{text(x.Value), errata.IntCell(x.Count), moment(x.First), moment(x.Last)})
	}
	if tags.None > 0 {
		t.Rows = append(t.Rows, []errata.Cell{{}, errata.IntCell(tags.None), {}, {}})
	}
	d = errata.Document{
		Title: titles[Tags], Filters: []string{v.ShortID() + " " + v.Issue.Title, "Field: " + tags.Key.String()}, AsOf: e.AsOf, Zone: e.zone().String(),
		Sections: []errata.Section{{ID: "values", Title: "Values", Text: tagRemarks(tags), Table: t}},
	}
	return d, head, nil
}

func tagRemarks(t find.TagSheet) string {
	out := "Of " + thousands(int(t.Looked)) + " stored events."
	if t.Newest {
		out = "Of the newest " + thousands(int(t.Looked)) + " events."
	}
	if t.About {
		out += " Figures are about: the event store estimates what it does not count."
	}
	return out
}
