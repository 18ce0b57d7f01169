package admin

import (
	"context"
	"strings"

	"errata/internal/errata"
	"errata/internal/store"
)

// Line names what a row of the audit mentions.
func (n AuditNames) Line(r errata.AuditRow) errata.AuditLine {
	out := errata.AuditLine{AuditRow: r, Service: n.Projects[r.ProjectID].Slug}
	if r.ActorKind == errata.ActorUser {
		out.Actor = n.People[r.ActorID]
	}
	kind, id, _ := strings.Cut(r.Object, ":")
	switch kind {
	case "issue":
		if short := n.Issues[id]; short != "" {
			out.ObjectName, out.ObjectPath = short, "/issues/"+short
		}
	case "user":
		if p, ok := n.People[id]; ok {
			out.ObjectName, out.ObjectPath = p.Name, "/users/"+id
		}
	case "team":
		if t, ok := n.Teams[id]; ok {
			out.ObjectName, out.ObjectPath = "team "+t.Name, "/teams/"+t.Slug
		}
	case "project":
		if p, ok := n.Projects[id]; ok {
			out.ObjectName = "service " + p.Slug
		}
	}
	return out
}

// AuditColumns are the columns of the audit as a table.
func (*Service) AuditColumns() []errata.Column {
	return []errata.Column{
		column("seq", "Row", errata.ColumnInt), column("at", "When", errata.ColumnTime), column("actor", "Who", errata.ColumnText),
		column("login", "Login", errata.ColumnText), column("actor_kind", "Kind of actor", errata.ColumnText), column("actor_id", "Id of actor", errata.ColumnText),
		column("via", "Via", errata.ColumnText), column("action", "Action", errata.ColumnText), column("object", "Object", errata.ColumnText),
		column("object_name", "Name of object", errata.ColumnText), column("project", "Service", errata.ColumnText), column("result", "Result", errata.ColumnText),
		column("detail", "Detail", errata.ColumnText), column("ip", "Address", errata.ColumnText), column("request_id", "Request", errata.ColumnText),
		column("prev_hash", "Hash of the row before", errata.ColumnText), column("hash", "Hash", errata.ColumnText),
	}
}

func auditCells(l errata.AuditLine) []errata.Cell {
	return []errata.Cell{
		errata.IntCell(l.Seq), errata.IntCell(l.At), words(actorWords(l)), words(l.Actor.Login), words(string(l.ActorKind)), words(l.ActorID),
		words(l.Via), words(string(l.Action)), words(l.Object), words(objectWords(l)), words(l.Service), words(string(l.Result)),
		words(l.Detail), words(l.IP), words(l.RequestID), words(l.PrevHash), words(l.Hash),
	}
}

// actorWords and objectWords tell also of what has no name.
func actorWords(l errata.AuditLine) string {
	switch {
	case l.Actor.Name != "":
		return l.Actor.Name
	case l.ActorID == "":
		return "nobody signed in"
	}
	return string(l.ActorKind) + " " + l.ActorID
}

func objectWords(l errata.AuditLine) string {
	if l.ObjectName != "" {
		return l.ObjectName
	}
	return strings.Replace(l.Object, ":", " ", 1)
}

// auditTaken is how many rows of the audit are held at a time.
const auditTaken = 1000

// EachAudit hands out the audit as the list shows it, newest first and page by
// page: what had been written down when it was asked for, and nothing that comes
// while it is read. Of q the filters count. begin is told first how many rows
// there are, most+1 = more than most, and the filters in words. Errors: forbidden,
// invalid, and those of begin and page.
func (s *Service) EachAudit(ctx context.Context, who errata.Actor, q store.AuditQuery, most int, begin func(rows int64, filters []string) error, page func([][]errata.Cell) error) error {
	if err := s.Decide(who, errata.AuditRead, ""); err != nil {
		return err
	}
	if err := checkAuditForm(AuditForm{Stream: q.Stream, Result: q.Result, From: q.From, To: q.To}); err != nil {
		return err
	}
	n, filters, err := s.boundAudit(ctx, who, &q, most)
	if err != nil {
		return err
	}
	if err := begin(n, filters); err != nil || n == 0 {
		return err
	}
	for more := true; more; {
		var cells [][]errata.Cell
		if cells, more, err = s.auditPage(ctx, who, &q); err != nil {
			return err
		}
		if err := page(cells); err != nil {
			return err
		}
	}
	return nil
}

// boundAudit fixes of q whose rows are read and up to which, and counts them.
func (s *Service) boundAudit(ctx context.Context, who errata.Actor, q *store.AuditQuery, most int) (n int64, filters []string, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		if q.Scope, err = s.auditScope(ctx, tx, who); err != nil {
			return err
		}
		if q.Last, err = tx.AuditHead(ctx, q.Stream); err != nil {
			return err
		}
		n = 0
		if q.Last > 0 {
			if n, err = tx.CountAudit(ctx, *q, most+1); err != nil {
				return err
			}
		}
		names, err := s.auditNames(ctx, tx, who, nil)
		filters = auditFilters(*q, names)
		return err
	})
	return n, filters, err
}

// auditPage reads the next rows and moves the place behind them.
func (s *Service) auditPage(ctx context.Context, who errata.Actor, q *store.AuditQuery) (cells [][]errata.Cell, more bool, err error) {
	q.Size = auditTaken
	var rows []errata.AuditRow
	var names AuditNames
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		if rows, err = tx.Audit(ctx, *q); err != nil {
			return err
		}
		names, err = s.auditNames(ctx, tx, who, rows)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	if more = len(rows) > q.Size; more {
		rows = rows[:q.Size]
	}
	for _, r := range rows {
		cells = append(cells, auditCells(names.Line(r)))
		q.After = store.AuditPlace{At: r.At, Seq: r.Seq}
	}
	return cells, more, nil
}

// auditFilters say in words which rows are read.
func auditFilters(q store.AuditQuery, names AuditNames) []string {
	out := []string{"Stream: " + string(q.Stream)}
	add := func(name, value string) {
		if value != "" {
			out = append(out, name+": "+value)
		}
	}
	who := q.Actor
	if p, known := names.People[q.Actor]; known {
		who = p.Name
	}
	add("Who", who)
	add("Action", string(q.Action))
	add("Result", string(q.Result))
	if q.From != 0 {
		add("From", stamp(q.From))
	}
	if q.To != 0 {
		add("Before", stamp(q.To))
	}
	if !q.Scope.All {
		out = append(out, "Rows of the services whose audit the reader may read; those of the installation are left out.")
	}
	return out
}
