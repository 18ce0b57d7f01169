package report

import (
	"context"
	"slices"

	"errata/internal/errata"
)

// Print makes of a list or a page the document that is printed. That it was
// taken along is written down first. Errors: as Send, but at most MaxPrint
// rows.
func (s *Service) Print(ctx context.Context, who errata.Actor, e Export) (errata.Document, error) {
	e.Format = "csv" // the same columns
	if err := e.check(); err != nil {
		return errata.Document{}, err
	}
	d, err := s.printed(ctx, who, e)
	if err != nil {
		return d, err
	}
	head := newHead(e, "")
	e.Format = "print"
	return d, s.note(ctx, who, e, head.ID, "start", tableRows(&d), false)
}

func (s *Service) printed(ctx context.Context, who errata.Actor, e Export) (errata.Document, error) {
	if !e.What.Lists() && e.What != Audit {
		d, _, err := s.figures(ctx, who, e, s.onPaper, "printed")
		for _, x := range d.Sections {
			if x.Table != nil {
				x.Table.Columns, x.Table.Rows = onPaper(e.What, x.Table.Columns, x.Table.Rows)
			}
		}
		return d, err
	}
	rows, head, err := s.collect(ctx, who, &e, s.onPaper, "printed")
	if err != nil {
		return errata.Document{}, err
	}
	columns, err := s.columns(&e)
	if err != nil {
		return errata.Document{}, err
	}
	columns, rows = onPaper(e.What, columns, rows)
	d := errata.Document{
		Title: titles[e.What], Filters: e.filters(head), AsOf: e.AsOf, Zone: e.zone().String(),
		Sections: []errata.Section{{ID: string(e.What), Title: thousands(len(rows)) + " rows", Table: &errata.Table{Columns: columns, Rows: rows}}},
	}
	if !head.Range.To.IsZero() {
		d.From, d.To = head.Range.From.UnixMicro(), head.Range.To.UnixMicro()
	}
	return d, nil
}

// offPaper are the columns for which a page has no room.
var offPaper = map[What][]string{
	Issues: {"type", "reason", "code", "url"}, Events: {"id", "trace", "url"},
	Episodes: {
		"seq", "open_reason", "environment", "release", "code", "severity_open", "first_event_at", "alerted_at", "response_kind", "acked_at", "resolution_kind",
		"closed_at", "reopen_count", "events", "imported",
	},
	Users: {"id"},
	Audit: {"login", "actor_kind", "actor_id", "object", "detail", "ip", "request_id", "prev_hash", "hash"},
}

// onPaper leaves the columns that a page has room for.
func onPaper(w What, columns []errata.Column, rows [][]errata.Cell) (left []errata.Column, out [][]errata.Cell) {
	var at []int
	for i, c := range columns {
		if !slices.Contains(offPaper[w], c.Key) {
			at, left = append(at, i), append(left, c)
		}
	}
	for _, r := range rows {
		row := make([]errata.Cell, len(at))
		for k, i := range at {
			row[k] = r[i]
		}
		out = append(out, row)
	}
	return left, out
}
