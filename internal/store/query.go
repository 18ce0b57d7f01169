package store

import (
	"strconv"
	"strings"
)

// Scope is the set of projects somebody may see. The zero Scope sees nothing.
type Scope struct {
	Projects []string
	All      bool
}

// query is a text under construction, with its arguments.
type query struct {
	strings.Builder
	args []any
}

func (q *query) text(parts ...string) {
	for _, p := range parts {
		q.WriteString(p)
	}
}

// arg adds an argument and returns its placeholder.
func (q *query) arg(v any) string {
	q.args = append(q.args, v)
	return "$" + strconv.Itoa(len(q.args))
}

// list returns placeholders for values, separated by commas.
func (q *query) list(values []string) string {
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = q.arg(v)
	}
	return strings.Join(marks, ", ")
}

// projects writes the condition on project_id for counters whose key begins
// with it. All projects are spelled out too, so that the key can be used.
func (q *query) projects(s Scope) {
	switch {
	case s.All:
		q.text(`project_id IN (SELECT id FROM project)`)
	case len(s.Projects) == 0:
		q.text(`1 = 0`)
	default:
		q.text(`project_id IN (`, q.list(s.Projects), `)`)
	}
}
