package report

import (
	"context"

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
	if e.What == Response || e.What == Counts || e.What == Trends {
		d, _, err := s.figures(ctx, who, e)
		return d, err
	}
	rows, head, err := s.collect(ctx, who, e, s.onPaper, "printed")
	if err != nil {
		return errata.Document{}, err
	}
	columns, err := e.columns()
	if err != nil {
		return errata.Document{}, err
	}
	return errata.Document{
		Title: titles[e.What], Filters: e.filters(head), From: head.Range.From.UnixMicro(), To: head.Range.To.UnixMicro(), AsOf: e.AsOf, Zone: e.zone().String(),
		Sections: []errata.Section{{ID: string(e.What), Title: thousands(len(rows)) + " rows", Table: &errata.Table{Columns: columns, Rows: rows}}},
	}, nil
}
