package report

import (
	"cmp"
	"context"
	"strings"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/stats"
)

// How many rows the lists of an overview have.
const (
	QueueRows = 5
	TopRows   = 6
)

// OverviewOf are the parameters of an overview: what it is about, by what its
// top issues are ranked ("" = events), and of which severity its response times
// are ("" = of all).
type OverviewOf struct {
	Services, Environments []string
	Rank                   find.TopBy
	Severity               string
}

// overviewing is the document of an overview in the making: what its cards show.
type overviewing struct {
	s   *Service
	who errata.Actor
	of  OverviewOf
	q   find.OverviewQuery
	v   find.Volume
}

// overviewDocument is the overview: its key figures, chart and tables.
func (s *Service) overviewDocument(ctx context.Context, who errata.Actor, e Export) (d errata.Document, head find.ExportHead, err error) {
	o := overviewing{s: s, who: who, q: find.OverviewQuery{Range: e.Range, Zone: e.zone()}}
	if e.Overview != nil {
		o.of = *e.Overview
	}
	o.q.Services, o.q.Environments = o.of.Services, o.of.Environments
	if err := s.Find.MayTakeOverview(ctx, who, o.q); err != nil {
		return d, head, err
	}
	if o.v, err = s.Find.OverviewVolume(ctx, who, o.q); err != nil {
		return d, head, err
	}
	head = find.ExportHead{Range: o.v.Range, AsOf: e.AsOf}
	d = errata.Document{Title: titles[Overview], Filters: o.filters(), From: o.v.Range.From.UnixMicro(), To: o.v.Range.To.UnixMicro(), AsOf: e.AsOf, Zone: o.q.Zone.String()}
	for _, part := range []struct {
		id, title string
		make      func(context.Context) (*errata.Table, error)
	}{
		{"figures", "Key figures", o.figures},
		{"clocks", "Response times", o.clocks},
		{"events", "Events by severity", func(context.Context) (*errata.Table, error) { return trendVolume(o.v), nil }},
		{"queue", "Needs a response", o.queue},
		{"top", "Top issues", o.top},
		{"services", "Services", o.services},
	} {
		t, err := part.make(ctx)
		if err != nil {
			return d, head, err
		}
		d.Sections = append(d.Sections, errata.Section{ID: part.id, Title: part.title, Table: t})
	}
	weeks, err := o.weeks(ctx)
	d.Sections = append(d.Sections, weeks...)
	return d, head, err
}

func (o *overviewing) filters() (out []string) {
	for _, f := range []struct {
		name   string
		values []string
	}{{"Services: ", o.of.Services}, {"Environments: ", o.of.Environments}} {
		if len(f.values) > 0 {
			out = append(out, f.name+strings.Join(f.values, ", "))
		}
	}
	if o.of.Severity != "" {
		out = append(out, "Response times of severity "+o.of.Severity)
	}
	return out
}

// figures are the counts at the head of the page, with those of before: of the
// equal period just before the range, or of its start where they are not of a
// period.
func (o *overviewing) figures(ctx context.Context) (*errata.Table, error) {
	waiting, err := o.s.Find.OverviewUnresolved(ctx, o.who, o.q)
	if err != nil {
		return nil, err
	}
	fresh, err := o.s.Find.OverviewNew(ctx, o.who, o.q)
	if err != nil {
		return nil, err
	}
	events := int64(0)
	for _, l := range o.v.Series {
		events += sum(l.Buckets)
	}
	return &errata.Table{
		Columns: []errata.Column{col("figure", "Figure", errata.ColumnText), col("now", "Now", errata.ColumnInt), col("before", "Before", errata.ColumnInt)},
		Rows: [][]errata.Cell{
			{text("Events"), errata.IntCell(events), errata.IntCell(sum(o.v.Previous))},
			{text("Unresolved issues"), errata.IntCell(waiting.Now), errata.IntCell(waiting.Before)},
			{text("New issues"), errata.IntCell(fresh.Now), errata.IntCell(fresh.Before)},
			{text("Regressed issues"), errata.IntCell(fresh.Regressed), {}},
			{text("New issues without an owner"), errata.IntCell(fresh.Unassigned), {}},
		},
	}, nil
}

func sum(counts []int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// clocks are both response times over the range, with the period before.
func (o *overviewing) clocks(ctx context.Context) (*errata.Table, error) {
	all, err := o.s.Find.OverviewClocks(ctx, o.who, o.q, o.of.Severity)
	if err != nil {
		return nil, err
	}
	t := &errata.Table{Columns: append([]errata.Column{col("metric", "Metric", errata.ColumnText)}, figureColumns("", "")...)}
	t.Columns = append(t.Columns, col("open", "Open", errata.ColumnInt), col("before_n", "n before", errata.ColumnInt), col("before_median_s", "Median before", errata.ColumnDuration))
	for i, m := range responseMetrics {
		total := all[i].Total
		open := total.Open.N
		if m.metric == stats.TTA {
			open = total.Open.Unresponded
		}
		row := append([]errata.Cell{text(m.title)}, figureCells(total)...)
		t.Rows = append(t.Rows, append(append(row, errata.IntCell(open)), beforeCells(all[i].Compare)...))
	}
	return t, nil
}

// beforeCells are how many there were in the period before, and their median.
func beforeCells(c *stats.Comparison) []errata.Cell {
	switch {
	case c == nil:
		return []errata.Cell{{}, {}}
	case c.Before.N == 0:
		return []errata.Cell{errata.IntCell(0), {}}
	}
	return []errata.Cell{errata.IntCell(c.Before.N), seconds(c.Before.P50.Microseconds())}
}

// ofIssue are the columns by which lists tell an issue.
var ofIssue = []errata.Column{
	col("id", "Id", errata.ColumnText), col("title", "Title", errata.ColumnText), col("project", "Service", errata.ColumnText), col("severity", "Severity", errata.ColumnText),
}

func ofIssueCells(r find.IssueRow) []errata.Cell {
	return []errata.Cell{text(r.ShortID()), text(r.Issue.Title), text(r.Project.Slug), text(r.Issue.Severity.String())}
}

func (o *overviewing) queue(ctx context.Context) (*errata.Table, error) {
	q, err := o.s.Find.OverviewQueue(ctx, o.who, o.q, QueueRows)
	if err != nil {
		return nil, err
	}
	t := &errata.Table{Columns: append(append([]errata.Column{}, ofIssue...),
		col("first_seen", "First seen", errata.ColumnTime), col("last_seen", "Last seen", errata.ColumnTime), col("deadline", "Response due", errata.ColumnTime))}
	for _, r := range q.Rows {
		t.Rows = append(t.Rows, append(ofIssueCells(r.IssueRow), moment(r.Issue.FirstSeen), moment(r.Issue.LastSeen), moment(r.Deadline)))
	}
	return t, nil
}

func (o *overviewing) top(ctx context.Context) (*errata.Table, error) {
	rows, err := o.s.Find.OverviewTop(ctx, o.who, o.q, cmp.Or(o.of.Rank, find.TopEvents), TopRows)
	if err != nil {
		return nil, err
	}
	t := &errata.Table{Columns: append(append([]errata.Column{}, ofIssue...), col("events", "Events", errata.ColumnInt), col("before", "Events before", errata.ColumnInt),
		col("users", "Users ever", errata.ColumnInt), col("assignee", "Owner", errata.ColumnText))}
	for _, r := range rows {
		t.Rows = append(t.Rows, append(ofIssueCells(r.IssueRow), errata.IntCell(r.Events), errata.IntCell(r.Before), known(r.Issue.Users), text(r.Owner.Name)))
	}
	return t, nil
}

func (o *overviewing) services(ctx context.Context) (*errata.Table, error) {
	rows, err := o.s.Find.OverviewServices(ctx, o.who, o.q)
	if err != nil {
		return nil, err
	}
	t := &errata.Table{Columns: []errata.Column{
		col("project", "Service", errata.ColumnText), col("events", "Events", errata.ColumnInt), col("before", "Events before", errata.ColumnInt),
		col("unresolved", "Unresolved", errata.ColumnInt),
	}}
	for _, s := range errata.Severities {
		t.Columns = append(t.Columns, col("unresolved_"+strings.ToLower(s.String()), "Unresolved "+s.String(), errata.ColumnInt))
	}
	for _, r := range rows {
		row := []errata.Cell{text(r.Service.Slug), errata.IntCell(r.Events), errata.IntCell(r.Before), errata.IntCell(r.Unresolved.Sum())}
		for _, n := range r.Unresolved {
			row = append(row, errata.IntCell(n))
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// weeks are both response times of the last weeks, whatever the range.
func (o *overviewing) weeks(ctx context.Context) (out []errata.Section, err error) {
	w, err := o.s.Find.OverviewWeekly(ctx, o.who, o.q, o.of.Severity)
	if err != nil {
		return nil, err
	}
	for i, all := range [][]stats.Summary{w.TTA, w.TTR} {
		t := &errata.Table{Columns: append([]errata.Column{col("from", "From", errata.ColumnTime), col("to", "To", errata.ColumnTime)}, figureColumns("", "")...)}
		for k, s := range all {
			t.Rows = append(t.Rows, append([]errata.Cell{errata.IntCell(w.Edges[k].UnixMicro()), errata.IntCell(w.Edges[k+1].UnixMicro())}, figureCells(s)...))
		}
		m := responseMetrics[i]
		out = append(out, errata.Section{ID: m.id, Title: m.title + " by week", Table: t})
	}
	return out, nil
}
