package report

import (
	"context"
	"errors"
	"io"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/report/encode"
	"errata/internal/search"
	"errata/internal/stats"
)

// Out is where a file goes: Flush hands on what has been written.
type Out interface {
	io.Writer
	Flush() error
}

// Send hands out a file at once. open is called once, when everything that can
// be refused has been refused and the export is written down; what fails after
// it leaves the file unfinished, and the caller must not end it cleanly.
// Errors: invalid, forbidden, slow_down (export.rate), too_large
// (export.too_many_rows) above MaxInline rows.
func (s *Service) Send(ctx context.Context, who errata.Actor, e Export, open func(Head) Out) error {
	if err := e.check(); err != nil {
		return err
	}
	if err := s.take(who); err != nil {
		return err
	}
	x := &sending{s: s, who: who, e: e, open: open, head: newHead(e, "."+string(e.Format))}
	err := x.send(ctx)
	if !x.begun {
		return err
	}
	done := context.WithoutCancel(ctx) // that somebody left is written down too
	return errors.Join(err, s.note(done, who, e, x.head.ID, "end", x.rows, err != nil))
}

// sending is one file on its way.
type sending struct {
	s     *Service
	who   errata.Actor
	e     Export
	open  func(Head) Out
	head  Head
	begun bool
	out   Out
	file  encode.Encoder
	rows  int64
}

func (x *sending) send(ctx context.Context) error {
	switch x.e.What {
	case Events:
		return x.events(ctx)
	case Audit:
		return x.audit(ctx)
	case Response, Counts, Trends, Overview, Trace, Tags, Users, Roles, Services, Teams:
		return x.document(ctx)
	case Issues, Episodes:
	}
	rows, head, err := x.s.collect(ctx, x.who, &x.e, x.s.inline, "sent at once")
	if err != nil {
		return err
	}
	x.head.Rows = int64(len(rows))
	if err := x.begin(ctx, head); err != nil {
		return err
	}
	for _, r := range rows {
		if err := x.row(r); err != nil {
			return err
		}
	}
	return x.end()
}

// start writes down that rows leave, then opens the way out.
func (x *sending) start(ctx context.Context, head find.ExportHead) error {
	if err := x.s.note(ctx, x.who, x.e, x.head.ID, "start", x.head.Rows, false); err != nil {
		return err
	}
	x.head.Notices = head.Query.Notices
	x.begun, x.out = true, x.open(x.head)
	return nil
}

// begin starts a file of rows.
func (x *sending) begin(ctx context.Context, head find.ExportHead) error {
	if err := x.start(ctx, head); err != nil {
		return err
	}
	columns, err := x.s.columns(&x.e)
	if err != nil {
		return err
	}
	x.file, err = x.e.file(x.out, x.e.about(x.who, x.head, head), columns)
	return err
}

// file begins a file of rows. Whole events are lines already.
func (e *Export) file(w io.Writer, m encode.Meta, columns []errata.Column) (encode.Encoder, error) {
	if e.What == Events && e.Format == encode.NDJSON {
		return encode.Lines(w), nil
	}
	return encode.New(e.Format, w, m, columns)
}

func (x *sending) row(cells []errata.Cell) error {
	if err := x.file.Row(cells); err != nil {
		return err
	}
	x.rows++
	return x.s.Fail("export.row")
}

func (x *sending) end() error {
	if err := x.file.Close(); err != nil {
		return err
	}
	return x.out.Flush()
}

// events leave page by page, as they are read.
func (x *sending) events(ctx context.Context) error {
	cells, err := x.e.eventRows()
	if err != nil {
		return err
	}
	begin := func(head find.ExportHead, total search.Total) error {
		if !total.Exact || total.Value > int64(x.s.inline) {
			return tooMany(x.s.inline, "sent at once", hintJob)
		}
		x.head.Rows = total.Value
		if err := x.begin(ctx, head); err != nil {
			return err
		}
		return x.out.Flush()
	}
	q, err := x.e.eventQuery()
	if err != nil {
		return err
	}
	err = x.s.Find.ExportEvents(ctx, x.who, q, x.s.inline+1, begin, func(page []find.ExportedEvent) error {
		for i := range page {
			row, err := cells(&page[i])
			if err != nil {
				return err
			}
			if err := x.row(row); err != nil {
				return err
			}
		}
		return errors.Join(x.file.Flush(), x.out.Flush())
	})
	if err != nil {
		return err
	}
	return x.end()
}

// hintJob says what to do instead.
const hintJob = "Have it prepared as a file, in the menu Export, or narrow the query."

func (e *Export) eventQuery() (find.EventExport, error) {
	keys, err := e.keys()
	return find.EventExport{Q: e.Q, Range: e.Range, AsOf: e.AsOf, Columns: keys, Personal: e.Personal}, err
}

// eventRows returns what makes the cells of an event.
func (e *Export) eventRows() (func(*find.ExportedEvent) ([]errata.Cell, error), error) {
	if e.Format == encode.NDJSON {
		return wholeEvent, nil
	}
	keys, err := e.keys()
	return func(ev *find.ExportedEvent) ([]errata.Cell, error) { return eventCells(ev, keys), nil }, err
}

// figures is the document of a page of figures, or of a list of the
// installation: a few tables. Errors: too_large above limit rows; where says
// what they are too many for.
func (s *Service) figures(ctx context.Context, who errata.Actor, e Export, limit int, where string) (errata.Document, find.ExportHead, error) {
	d, head, err := s.read(ctx, who, e)
	if err == nil && tableRows(&d) > int64(limit) {
		err = tooMany(limit, where, "")
	}
	return d, head, err
}

func (s *Service) read(ctx context.Context, who errata.Actor, e Export) (errata.Document, find.ExportHead, error) {
	switch e.What {
	case Counts:
		return s.countsDocument(ctx, who, e)
	case Trends:
		return s.trendsDocument(ctx, who, e)
	case Overview:
		return s.overviewDocument(ctx, who, e)
	case Trace:
		return s.traceDocument(ctx, who, e)
	case Tags:
		return s.tagsDocument(ctx, who, e)
	case Users, Roles, Services, Teams:
		return s.officeDocument(ctx, who, e)
	default:
		return s.responseDocument(ctx, who, e)
	}
}

// document sends the tables of a page of figures.
func (x *sending) document(ctx context.Context) error {
	d, head, err := x.s.figures(ctx, x.who, x.e, x.s.inline, "sent at once")
	if err != nil {
		return err
	}
	x.head.Rows = tableRows(&d)
	if err := x.start(ctx, head); err != nil {
		return err
	}
	if err := encode.Document(x.e.Format, x.out, x.e.about(x.who, x.head, head), &d); err != nil {
		return err
	}
	x.rows = x.head.Rows
	return x.out.Flush()
}

func tableRows(d *errata.Document) (n int64) {
	for _, s := range d.Sections {
		if s.Table != nil {
			n += int64(len(s.Table.Rows))
		}
	}
	return n
}

// collect reads the rows of a list in one snapshot. Errors: too_large above
// limit rows; where says what they are too many for.
func (s *Service) collect(ctx context.Context, who errata.Actor, e *Export, limit int, where string) (rows [][]errata.Cell, head find.ExportHead, err error) {
	add := func(cells []errata.Cell) error {
		if rows = append(rows, cells); len(rows) > limit {
			return tooMany(limit, where, hintJob)
		}
		return nil
	}
	switch e.What {
	case Issues:
		err = s.Find.ExportIssues(ctx, who, e.issueQuery(), limit+1, keep(&head), func(page []find.ExportedIssue) error {
			return each(page, func(r *find.ExportedIssue) error { return add(s.issueCells(*r)) })
		})
	case Episodes:
		err = s.Find.ExportEpisodes(ctx, who, e.episodeQuery(), func(h find.EpisodeHead) error { head = h.ExportHead; return nil },
			func(page find.EpisodePage) error {
				return each(page.Rows, func(r *find.EpisodeRow) error { return add(episodeCells(r, e.Episodes.Rules)) })
			})
	case Events:
		err = s.collectEvents(ctx, who, *e, limit, where, &head, add)
	case Audit:
		head.AsOf = e.AsOf
		err = s.eachAudit(ctx, who, e, limit, where, func(int64) error { return nil }, func(page [][]errata.Cell) error { rows = append(rows, page...); return nil })
	case Response, Counts, Trends, Overview, Trace, Tags, Users, Roles, Services, Teams:
	}
	return rows, head, err
}

func (s *Service) collectEvents(ctx context.Context, who errata.Actor, e Export, limit int, where string, head *find.ExportHead, add func([]errata.Cell) error) error {
	cells, err := e.eventRows()
	if err != nil {
		return err
	}
	q, err := e.eventQuery()
	if err != nil {
		return err
	}
	begin := func(h find.ExportHead, total search.Total) error {
		if *head = h; !total.Exact || total.Value > int64(limit) {
			return tooMany(limit, where, hintJob)
		}
		return nil
	}
	return s.Find.ExportEvents(ctx, who, q, limit+1, begin, func(page []find.ExportedEvent) error {
		return each(page, func(ev *find.ExportedEvent) error {
			row, err := cells(ev)
			if err != nil {
				return err
			}
			return add(row)
		})
	})
}

func keep(to *find.ExportHead) func(find.ExportHead) error {
	return func(h find.ExportHead) error { *to = h; return nil }
}

func each[T any](all []T, do func(*T) error) error {
	for i := range all {
		if err := do(&all[i]); err != nil {
			return err
		}
	}
	return nil
}

func (e *Export) issueQuery() find.IssueQuery {
	return find.IssueQuery{Q: e.Q, Range: e.Range, AsOf: e.AsOf, Sort: e.Sort}
}

func (e *Export) episodeQuery() find.EpisodeQuery {
	o := e.Episodes
	if o == nil {
		o = &EpisodesOf{}
		e.Episodes = o
	}
	if o.Rules.Metric == "" {
		o.Rules.Metric = stats.TTA
	}
	return find.EpisodeQuery{Rules: o.Rules, Q: e.Q, Range: e.Range, AsOf: e.AsOf, Show: o.Show, By: o.By, Key: o.Key, Over: o.Over, Under: o.Under}
}
