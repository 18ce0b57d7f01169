package report

import (
	"context"
	"errors"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/store"
)

// Office reads the lists of people, rights and the audit as tables, each with
// the rights and in the order of its page.
type Office interface {
	UserTables(ctx context.Context, who errata.Actor) ([]errata.Section, error)
	RoleTables(ctx context.Context, who errata.Actor) ([]errata.Section, error)
	TeamTables(ctx context.Context, who errata.Actor) ([]errata.Section, error)
	AuditColumns() []errata.Column
	// EachAudit hands out the rows of the audit under AuditColumns, page by page.
	// begin is told how many there are, most+1 = more, and the filters in words.
	EachAudit(ctx context.Context, who errata.Actor, q store.AuditQuery, most int, begin func(rows int64, filters []string) error, page func([][]errata.Cell) error) error
}

// AuditOf are the filters of the audit; "" and 0 ask for all. From and To are
// µs, [From, To).
type AuditOf struct {
	Stream errata.Stream      `json:"stream"`
	Actor  string             `json:"actor,omitempty"`
	Action errata.Action      `json:"action,omitempty"`
	Result errata.AuditResult `json:"result,omitempty"`
	From   int64              `json:"from,omitempty"`
	To     int64              `json:"to,omitempty"`
}

func (e *Export) auditQuery() store.AuditQuery {
	o := AuditOf{Stream: errata.StreamChange}
	if e.Audit != nil {
		o = *e.Audit
	}
	return store.AuditQuery{Stream: o.Stream, Actor: o.Actor, Action: o.Action, Result: o.Result, From: o.From, To: o.To}
}

// hintAudit says what to do instead.
const hintAudit = "Narrow the list, by dates or by who did what."

// eachAudit reads the audit where it has at most limit rows.
func (s *Service) eachAudit(ctx context.Context, who errata.Actor, e *Export, limit int, where string, begin func(rows int64) error, page func([][]errata.Cell) error) error {
	return s.Office.EachAudit(ctx, who, e.auditQuery(), limit, func(n int64, filters []string) error {
		if n > int64(limit) {
			return tooMany(limit, where, hintAudit)
		}
		e.words = filters
		return begin(n)
	}, page)
}

// audit leaves page by page, as it is read.
func (x *sending) audit(ctx context.Context) error {
	begin := func(rows int64) error {
		x.head.Rows = rows
		if err := x.begin(ctx, find.ExportHead{AsOf: x.e.AsOf}); err != nil {
			return err
		}
		return x.out.Flush()
	}
	err := x.s.eachAudit(ctx, x.who, &x.e, x.s.inline, "sent at once", begin, func(page [][]errata.Cell) error {
		for _, cells := range page {
			if err := x.row(cells); err != nil {
				return err
			}
		}
		return errors.Join(x.file.Flush(), x.out.Flush())
	})
	if err != nil {
		return err
	}
	if x.rows != x.head.Rows { // the head has said another number: old accesses were dropped meanwhile
		return errata.E(errata.Unavailable, "Rows were removed while they were read.", nil)
	}
	return x.end()
}

// officeDocument is the list of users, roles, teams or services.
func (s *Service) officeDocument(ctx context.Context, who errata.Actor, e Export) (d errata.Document, head find.ExportHead, err error) {
	read := map[What]func(context.Context, errata.Actor) ([]errata.Section, error){Services: s.serviceTables}
	if s.Office != nil {
		read[Users], read[Roles], read[Teams] = s.Office.UserTables, s.Office.RoleTables, s.Office.TeamTables
	}
	head.AsOf = e.AsOf
	d = errata.Document{Title: titles[e.What], AsOf: e.AsOf, Zone: e.zone().String()}
	d.Sections, err = read[e.What](ctx, who)
	return d, head, err
}

// serviceTables are the visible services with their figures.
func (s *Service) serviceTables(ctx context.Context, who errata.Actor) ([]errata.Section, error) {
	rows, err := s.Find.Services(ctx, who)
	if err != nil {
		return nil, err
	}
	t := &errata.Table{Columns: []errata.Column{
		col("project", "Service", errata.ColumnText), col("name", "Name", errata.ColumnText), col("prefix", "Issues begin with", errata.ColumnText),
		col("issues", "Issues", errata.ColumnInt), col("events_24h", "Events, 24 h", errata.ColumnInt), col("last_event", "Last event", errata.ColumnTime),
	}}
	for _, r := range rows {
		t.Rows = append(t.Rows, []errata.Cell{
			text(r.Service.Slug), text(r.Service.Name), text(r.Service.Prefix), errata.IntCell(r.Issues), errata.IntCell(r.LastDay), moment(r.LastEvent),
		})
	}
	return []errata.Section{{ID: "services", Title: "Services", Table: t}}, nil
}
