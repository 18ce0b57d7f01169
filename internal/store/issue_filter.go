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
	span
}

// span is when a condition is asked, and over which range; µs.
type span struct{ now, from, to int64 }

// WhereIssues returns the condition that a bound query asks of an issue's row
// and of the tables beside it; now (µs) is what is:new counts from. Beside the
// keys of issues it answers env and release, equal to whole names as they are
// stored: true of issues that were seen there in the range of the filter; and
// words, compared with the words of the issue. Errors: invalid with the reason
// query.unsupported for any other key.
func WhereIssues(x querylang.Expr, now int64) (IssueWhere, error) {
	var refused error
	querylang.Each(x, func(l *querylang.Leaf) {
		_, one := issueFields[l.Key.Name]
		_, list := issueLists[l.Key.Name]
		if !one && !list && refused == nil {
			message := "“" + l.Key.String() + "” cannot be searched for in issues yet."
			refused = errata.Because(errata.Invalid, message, nil, errata.Detail{
				Reason: "query.unsupported", Field: "q",
				Start: l.Start, End: l.End, Message: message,
			})
		}
	})
	return IssueWhere{x, span{now: now}}, refused
}

// issueField writes the condition that one value of a leaf asks.
type issueField func(q *query, v *querylang.Value, at span)

// issueFields are the keys that a row answers. Texts are compared folded, in
// columns that Go has folded.
var issueFields = map[string]issueField{
	"is":            writeStatus,
	"severity":      number("severity"),
	"first_seen":    number("first_seen"),
	"age":           number("first_seen"), // its bounds are those of first_seen
	"last_seen":     number("last_seen"),
	"events":        number("events"),
	"users":         number("users"),
	"episodes":      number("episode_seq"),
	"resolved_at":   writeResolved,
	"assigned":      writeAssigned,
	"watching":      writeWatching,
	"type":          keyword("type_key"),
	"code":          keyword("code_key"),
	"culprit":       keyword("culprit_key"),
	"":              writeWords,
	"service":       within("project_id IN (SELECT id FROM project WHERE ", "slug", ")"),
	"first_release": writeFirstRelease,
	"fingerprint":   within("EXISTS (SELECT 1 FROM issue_fingerprint f WHERE f.issue_id = issue.id AND ", "f.fingerprint", ")"),
}

// where writes the condition for a range.
func (q *query) where(w IssueWhere, from, to int64) { q.expr(w.query, span{w.now, from, to}) }

func (q *query) expr(x querylang.Expr, at span) {
	switch x := x.(type) {
	case *querylang.And:
		q.joined(x.Kids, " AND ", "1 = 1", at)
	case *querylang.Or:
		q.joined(x.Kids, " OR ", "1 = 0", at)
	case *querylang.Not:
		q.text("NOT (")
		q.expr(x.Kid, at)
		q.text(")")
	case *querylang.Leaf:
		q.leaf(x, at)
	default:
		q.text("1 = 1")
	}
}

func (q *query) joined(kids []querylang.Expr, by, none string, at span) {
	if len(kids) == 0 {
		q.text(none)
		return
	}
	for i, k := range kids {
		if i > 0 {
			q.text(by)
		}
		q.text("(")
		q.expr(k, at)
		q.text(")")
	}
}

func (q *query) leaf(l *querylang.Leaf, at span) {
	if write := issueLists[l.Key.Name]; write != nil && len(l.Values) > 0 {
		write(q, texts(l), at)
		return
	}
	write, ok := issueFields[l.Key.Name]
	if !ok || len(l.Values) == 0 {
		q.text("1 = 0") // WhereIssues has refused the first; nothing equals none of no values
		return
	}
	for i := range l.Values {
		if i > 0 {
			q.text(" OR ")
		}
		write(q, &l.Values[i], at)
	}
}

// issueLists write the condition of a key that may have many values, all of
// them whole.
var issueLists = map[string]func(q *query, values []string, at span){
	"issue":   func(q *query, ids []string, _ span) { q.text("id IN (", q.list(ids), ")") },
	"env":     seenIn("issue_env", "environment"),
	"release": seenIn("issue_release", "release"),
}

func texts(l *querylang.Leaf) []string {
	out := make([]string, len(l.Values))
	for i := range l.Values {
		out[i] = l.Values[i].Text
	}
	return out
}

// number compares a column with [Lo, Hi).
func number(column string) issueField {
	return func(q *query, v *querylang.Value, _ span) { q.between(column, v) }
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
	return func(q *query, v *querylang.Value, _ span) {
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
	return func(q *query, v *querylang.Value, at span) {
		q.text(head)
		compare(q, v, at)
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
func writeAssigned(q *query, v *querylang.Value, _ span) {
	switch {
	case v.Kind == querylang.Present:
		q.text("assignee_id IS NOT NULL")
	case v.Text == "":
		q.text("assignee_id IS NULL")
	default:
		q.text("(assignee_id IS NOT NULL AND assignee_id = ", q.arg(v.Text), ")") // so that NOT finds those without an owner
	}
}

// writeWatching looks for a watcher; "" is nobody.
func writeWatching(q *query, v *querylang.Value, _ span) {
	const some = "EXISTS (SELECT 1 FROM watch w WHERE w.issue_id = issue.id AND w.why <> 'muted'"
	switch {
	case v.Kind == querylang.Present:
		q.text(some, ")")
	case v.Text == "":
		q.text("NOT ", some, ")")
	default:
		q.text(some, " AND w.user_id = ", q.arg(v.Text), ")")
	}
}

// writeFirstRelease compares the release as it was sent, whose column is not
// folded: letters beyond ASCII must be written as they were sent.
func writeFirstRelease(q *query, v *querylang.Value, _ span) {
	switch v.Kind {
	case querylang.Present:
		q.text("first_release <> ''")
	case querylang.Wildcard:
		q.text("LOWER(first_release) LIKE ", q.arg(likeParts(v.Parts)), ` ESCAPE '\'`)
	default:
		q.text("(first_release <> '' AND (first_release = ", q.arg(v.Raw), " OR LOWER(first_release) = ", q.arg(v.Text), "))")
	}
}

// seenIn looks for names in a table of what issues were seen in, within the
// range.
func seenIn(table, column string) func(q *query, names []string, at span) {
	return func(q *query, names []string, at span) {
		q.text("EXISTS (SELECT 1 FROM ", table, " s WHERE s.issue_id = issue.id AND s.", column, " IN (", q.list(names), ") AND s.last_seen >= ", q.arg(at.from))
		if at.to != 0 {
			q.text(" AND s.first_seen < ", q.arg(at.to))
		}
		q.text(")")
	}
}

// writeWords looks for words in what the issue is called.
func writeWords(q *query, v *querylang.Value, _ span) {
	switch {
	case v.Kind == querylang.Prefix:
		q.text("words LIKE ", q.arg("% "+likeEscapes.Replace(v.Text)+"%"), ` ESCAPE '\'`)
	case len(v.Tokens) == 0:
		q.text("1 = 0")
	default:
		q.text("words LIKE ", q.arg(likePhrase(v.Tokens)), ` ESCAPE '\'`)
		if v.Joined != "" {
			q.text(" OR words LIKE ", q.arg(likePhrase([]string{v.Joined})), ` ESCAPE '\'`)
		}
	}
}

func writeResolved(q *query, v *querylang.Value, _ span) {
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
func writeStatus(q *query, v *querylang.Value, at span) {
	switch v.Text {
	case string(errata.ReasonNew):
		q.text("(reason = 'new' AND first_seen > ", q.arg(at.now-newFor), ")")
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
