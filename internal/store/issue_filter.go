package store

import (
	"strings"

	"errata/internal/errata"
	"errata/internal/querylang"
)

// IssueWhere is a condition on rows of issues, made of a bound query. The zero
// value is true for every issue.
type IssueWhere struct {
	query querylang.Expr
	now   int64 // µs
}

// WhereIssues returns the condition that a bound query asks of an issue's row;
// now (µs) is what is:new counts from. Errors: invalid with the reason
// query.unsupported for a key that the row does not answer.
func WhereIssues(x querylang.Expr, now int64) (IssueWhere, error) {
	var refused error
	querylang.Each(x, func(l *querylang.Leaf) {
		if _, ok := issueFields[l.Key.Name]; !ok && refused == nil {
			message := "“" + l.Key.String() + "” cannot be searched for in issues yet."
			refused = errata.Because(errata.Invalid, message, nil, errata.Detail{
				Reason: "query.unsupported", Field: "q",
				Start: l.Start, End: l.End, Message: message,
			})
		}
	})
	return IssueWhere{x, now}, refused
}

// issueField writes the condition that one value of a leaf asks.
type issueField func(q *query, v *querylang.Value, now int64)

// issueFields are the keys that a row answers. Texts are compared folded, in
// columns that Go has folded.
var issueFields = map[string]issueField{
	"is":          writeStatus,
	"severity":    number("severity"),
	"first_seen":  number("first_seen"),
	"age":         number("first_seen"), // its bounds are those of first_seen
	"last_seen":   number("last_seen"),
	"events":      number("events"),
	"users":       number("users"),
	"resolved_at": writeResolved,
	"assigned":    writeAssigned,
	"type":        keyword("type_key"),
	"code":        keyword("code_key"),
	"culprit":     keyword("culprit_key"),
	"issue":       keyword("id"),
	"service":     within("project_id IN (SELECT id FROM project WHERE ", "slug", ")"),
	"fingerprint": within("EXISTS (SELECT 1 FROM issue_fingerprint f WHERE f.issue_id = issue.id AND ", "f.fingerprint", ")"),
}

// where writes the condition.
func (q *query) where(w IssueWhere) { q.expr(w.query, w.now) }

func (q *query) expr(x querylang.Expr, now int64) {
	switch x := x.(type) {
	case *querylang.And:
		q.joined(x.Kids, " AND ", "1 = 1", now)
	case *querylang.Or:
		q.joined(x.Kids, " OR ", "1 = 0", now)
	case *querylang.Not:
		q.text("NOT (")
		q.expr(x.Kid, now)
		q.text(")")
	case *querylang.Leaf:
		q.leaf(x, now)
	default:
		q.text("1 = 1")
	}
}

func (q *query) joined(kids []querylang.Expr, by, none string, now int64) {
	if len(kids) == 0 {
		q.text(none)
		return
	}
	for i, k := range kids {
		if i > 0 {
			q.text(by)
		}
		q.text("(")
		q.expr(k, now)
		q.text(")")
	}
}

func (q *query) leaf(l *querylang.Leaf, now int64) {
	write, ok := issueFields[l.Key.Name]
	if !ok || len(l.Values) == 0 {
		q.text("1 = 0") // WhereIssues has refused the first; nothing equals none of no values
		return
	}
	for i := range l.Values {
		if i > 0 {
			q.text(" OR ")
		}
		write(q, &l.Values[i], now)
	}
}

// number compares a column with [Lo, Hi).
func number(column string) issueField {
	return func(q *query, v *querylang.Value, _ int64) { q.between(column, v) }
}

func (q *query) between(column string, v *querylang.Value) {
	q.text("(1 = 1")
	if v.Lo != nil {
		q.text(" AND ", column, " >= ", q.arg(*v.Lo))
	}
	if v.Hi != nil {
		q.text(" AND ", column, " < ", q.arg(*v.Hi))
	}
	q.text(")")
}

// keyword compares a column of folded text; "" is a missing field.
func keyword(column string) issueField {
	return func(q *query, v *querylang.Value, _ int64) {
		switch v.Kind {
		case querylang.Present:
			q.text(column, " <> ''")
		case querylang.Wildcard:
			q.text(column, " LIKE ", q.arg(likeParts(v.Parts)), ` ESCAPE '\'`)
		default:
			q.text(column, " = ", q.arg(v.Text))
		}
	}
}

// within compares a column of another table, between head and tail.
func within(head, column, tail string) issueField {
	compare := keyword(column)
	return func(q *query, v *querylang.Value, now int64) {
		q.text(head)
		compare(q, v, now)
		q.text(tail)
	}
}

// likeParts writes the pattern of literal pieces between stars.
func likeParts(parts []string) string {
	escaped := make([]string, len(parts))
	for i, p := range parts {
		escaped[i] = likeEscapes.Replace(p)
	}
	return strings.Join(escaped, "%")
}

// writeAssigned compares the owner; "" is nobody.
func writeAssigned(q *query, v *querylang.Value, _ int64) {
	switch {
	case v.Kind == querylang.Present:
		q.text("assignee_id IS NOT NULL")
	case v.Text == "":
		q.text("assignee_id IS NULL")
	default:
		q.text("(assignee_id IS NOT NULL AND assignee_id = ", q.arg(v.Text), ")") // so that NOT finds those without an owner
	}
}

func writeResolved(q *query, v *querylang.Value, _ int64) {
	q.text("(status = 'resolved'")
	if v.Kind != querylang.Present {
		q.text(" AND ")
		q.between("status_at", v)
	}
	q.text(")")
}

// newFor is how long an issue that opened for the first time is new.
const newFor = 7 * 24 * 3600 * int64(1e6)

// writeStatus knows the statuses, and the reasons for which issues are open.
func writeStatus(q *query, v *querylang.Value, now int64) {
	switch v.Text {
	case string(errata.ReasonNew):
		q.text("(reason = 'new' AND first_seen > ", q.arg(now-newFor), ")")
	case string(errata.ReasonRegressed), string(errata.ReasonReopened):
		q.text("reason = ", q.arg(v.Text))
	case "assigned":
		q.text("assignee_id IS NOT NULL")
	case "unassigned":
		q.text("assignee_id IS NULL")
	default:
		q.text("status = ", q.arg(v.Text))
	}
}
