package embedded

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

// clause is a condition on ev: sql holds, and the row is in every one of sets
// and in none of nots. The sets of the outermost AND stay apart, because a plan
// starts from the smallest of them.
type clause struct {
	truth truth
	sql   string // "" = nothing but sets and nots
	args  []any
	sets  []idSet
	nots  []idSet
	inner bool    // sql makes sets too
	issue *clause // the part that asks for some issues
}

// oneIssue is the clause of a single issue.
const oneIssue = "iss = ?"

// idSet is a set of row ids.
type idSet struct {
	from []selection // their union; one row may be in several
	// probe asks whether the row of ev at hand belongs to the set: cheaper than
	// making the set when few rows are asked. "" = make the set.
	probe     string
	probeArgs []any
}

// selection yields row ids, as rid.
type selection struct {
	sql    string // ends with a condition
	id     string // the column that it yields
	arg    []any
	stacks string // yields the stacks that the rows have, where it goes by these
}

// ids returns the query for the ids from a row on.
func (s *idSet) ids(least int64) (query string, args []any) {
	parts := make([]string, len(s.from))
	for i, f := range s.from {
		parts[i], args = f.sql, append(args, f.arg...)
		if least > 0 {
			parts[i] += " AND " + f.id + " >= " + strconv.FormatInt(least, 10)
		}
	}
	return strings.Join(parts, " UNION ALL "), args
}

// in is the condition that the row's id is in the set, of rows from least on.
func (s *idSet) in(least int64) (cond string, args []any) {
	query, args := s.ids(least)
	return "id IN (" + query + ")", args
}

// whole returns the clause as one condition.
func (c clause) whole() (string, []any) {
	var parts []string
	var args []any
	if c.sql != "" {
		parts, args = append(parts, c.sql), append(args, c.args...)
	}
	for i := range c.sets {
		in, a := c.sets[i].in(0)
		parts, args = append(parts, in), append(args, a...)
	}
	for i := range c.nots {
		in, a := c.nots[i].in(0)
		parts, args = append(parts, "NOT ("+in+")"), append(args, a...)
	}
	if len(parts) == 1 {
		return parts[0], args
	}
	return "(" + strings.Join(parts, " AND ") + ")", args
}

// makesSets says whether the clause as one condition makes sets.
func (c clause) makesSets() bool { return c.inner || len(c.sets)+len(c.nots) > 0 }

// truth says what is known of a clause without reading rows.
type truth uint8

const (
	unknown truth = iota
	always
	never
)

// compiler turns a bound query into conditions on one file, whose dictionary
// it reads.
type compiler struct {
	ctx context.Context
	q   queryer
	// missing is set when a wildcard may have missed values, because kwd is full.
	missing bool
	payer   *question // announces what is read
}

// costly leaves the fast lane before all values of a key or prefix are read: nobody
// knows how many there are.
func (c *compiler) costly() error {
	if c.payer == nil {
		return nil
	}
	return c.payer.spend(c.payer.lanes.budget + 1)
}

// queryer is a connection or transaction on one file.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// each runs a query and calls row for every row it finds, with what scans it.
func each(ctx context.Context, q queryer, row func(scan func(dest ...any) error) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	scan := rows.Scan
	for rows.Next() {
		if err := row(scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (c *compiler) expr(x querylang.Expr) (clause, error) {
	switch x := x.(type) {
	case nil:
		return clause{truth: always}, nil
	case *querylang.And:
		return c.all(x.Kids)
	case *querylang.Or:
		return c.any(x.Kids)
	case *querylang.Not:
		kid, err := c.expr(x.Kid)
		return negate(kid), err
	case *querylang.Leaf:
		return c.leaf(x)
	}
	return clause{}, fmt.Errorf("unknown node %T", x)
}

func (c *compiler) all(kids []querylang.Expr) (clause, error) {
	out := clause{truth: always}
	var parts []string
	for _, k := range kids {
		kid, err := c.expr(k)
		if err != nil {
			return clause{}, err
		}
		switch kid.truth {
		case never:
			return clause{truth: never}, nil
		case unknown:
			out.truth = unknown
			if kid.sql != "" {
				parts = append(parts, kid.sql)
			}
			out.args = append(out.args, kid.args...)
			out.sets, out.nots = append(out.sets, kid.sets...), append(out.nots, kid.nots...)
			out.inner = out.inner || kid.inner
			out.issue = cmp.Or(out.issue, kid.issue)
		case always:
		}
	}
	out.sql = strings.Join(parts, " AND ")
	return out, nil
}

func (c *compiler) any(kids []querylang.Expr) (clause, error) {
	alternatives := make([]clause, len(kids))
	for i, k := range kids {
		var err error
		if alternatives[i], err = c.expr(k); err != nil {
			return clause{}, err
		}
	}
	return either(alternatives), nil
}

// either is true when one of the clauses is.
func either(clauses []clause) clause {
	var open []clause
	for _, cl := range clauses {
		switch cl.truth {
		case always:
			return cl
		case unknown:
			open = append(open, cl)
		case never:
		}
	}
	switch len(open) {
	case 0:
		return clause{truth: never}
	case 1:
		return open[0]
	}
	var out clause
	parts := make([]string, len(open))
	for i, cl := range open {
		sql, args := cl.whole()
		parts[i], out.args = sql, append(out.args, args...)
		out.inner = out.inner || cl.makesSets()
	}
	out.sql = "(" + strings.Join(parts, " OR ") + ")"
	return out
}

func negate(c clause) clause {
	switch c.truth {
	case always:
		return clause{truth: never}
	case never:
		return clause{truth: always}
	default:
		if c.sql == "" && len(c.sets)+len(c.nots) == 1 {
			return clause{sets: c.nots, nots: c.sets}
		}
		sql, args := c.whole()
		return clause{sql: "NOT (" + sql + ")", args: args, inner: c.makesSets()}
	}
}

// textKeys are the keys that word streams answer; "" is all three.
var textKeys = map[string]bool{"": true, "message": true, "stack": true}

// textColumns are the keys that dict columns answer.
var textColumns = map[string]column{
	"service": colService, "env": colEnv, "release": colRelease, "type": colType,
	"code": colCode, "culprit": colCulprit, "issue": colIssue,
}

// numberColumns are the keys that ranges may ask for.
var numberColumns = map[string]string{"timestamp": "ts", "received": "rcv", "http.status": "status", "event.severity": "sev"}

// termKeys are the keys that kw answers.
var termKeys = map[string]bool{
	"tags": true, "ctx": true, "platform": true, "logger": true, "transaction": true, "mechanism": true, "host": true,
	"os": true, "os.version": true, "browser": true, "browser.version": true, "device": true, "sdk": true,
	"sdk.version": true, "url.path": true, "url.domain": true, "http.method": true, "frame": true, "user": true,
	"trace": true, "span": true, "request_id": true, "session_id": true,
}

func (c *compiler) leaf(l *querylang.Leaf) (clause, error) {
	if col := textColumns[l.Key.Name]; col != 0 && !slices.ContainsFunc(l.Values, isPresent) {
		return c.column(l, col)
	}
	values := make([]clause, len(l.Values))
	for i := range l.Values {
		var err error
		if values[i], err = c.value(l, &l.Values[i]); err != nil {
			return clause{}, err
		}
	}
	return either(values), nil
}

func isPresent(v querylang.Value) bool { return v.Kind == querylang.Present }

func (c *compiler) value(l *querylang.Leaf, v *querylang.Value) (clause, error) {
	if !supported(l.Key.Name, v.Kind) {
		return clause{}, unsupported(l)
	}
	if v.Kind == querylang.Prefix || v.Kind == querylang.Wildcard {
		if err := c.costly(); err != nil {
			return clause{}, err
		}
	}
	key := l.Key.Name
	switch {
	case v.Kind == querylang.Present:
		return c.present(l.Key), nil
	case textKeys[key]:
		return c.words(key, v)
	case textColumns[key] != 0:
		return c.column(&querylang.Leaf{Key: l.Key, Values: []querylang.Value{*v}}, textColumns[key])
	case numberColumns[key] != "":
		return number(v, numberColumns[key]), nil
	case key == "level":
		return level(v), nil
	case key == "handled":
		return clause{sql: "handled = ?", args: []any{flag(v.Text == "true")}}, nil
	case key == "event":
		return event(v), nil
	case v.Kind == querylang.Wildcard:
		return c.wildcard(querylang.TermKey(l.Key), v)
	}
	h := hashTerm(querylang.TermKey(l.Key) + "=" + v.Text)
	if key == frameKey {
		return inStacks("frm : " + tokens(h)), nil
	}
	return hashed(h), nil
}

// supported says whether this engine answers a kind of value for a key.
func supported(key string, k querylang.ValueKind) bool {
	switch k {
	case querylang.Words, querylang.Phrase, querylang.Prefix:
		return textKeys[key]
	case querylang.Range:
		return numberColumns[key] != ""
	case querylang.Wildcard:
		return textColumns[key] != 0 || termKeys[key] && !exactKeys[key]
	case querylang.Equal:
		return textColumns[key] != 0 || termKeys[key] || key == "level" || key == "handled" || key == "event"
	case querylang.Present:
		return key != "" && (textKeys[key] || textColumns[key] != 0 || numberColumns[key] != "" || termKeys[key] ||
			key == "level" || key == "handled" || key == "event")
	}
	return false
}

// refuseUnsupported finds the part of a query that no file could answer.
func refuseUnsupported(x querylang.Expr) error {
	var kids []querylang.Expr
	switch x := x.(type) {
	case *querylang.And:
		kids = x.Kids
	case *querylang.Or:
		kids = x.Kids
	case *querylang.Not:
		kids = []querylang.Expr{x.Kid}
	case *querylang.Leaf:
		for i := range x.Values {
			if !supported(x.Key.Name, x.Values[i].Kind) {
				return unsupported(x)
			}
		}
	}
	for _, k := range kids {
		if err := refuseUnsupported(k); err != nil {
			return err
		}
	}
	return nil
}

// unsupported is the answer to a part that no event engine can evaluate.
func unsupported(l *querylang.Leaf) error {
	name := l.Key.Name
	if l.Key.Arg != "" {
		name += "[" + l.Key.Arg + "]"
	}
	return errata.Because(errata.Invalid, "A part of this search cannot be answered here.", nil, errata.Detail{
		Reason: search.ReasonQuery, Field: "q", Start: l.Start, End: l.End,
		Message: fmt.Sprintf("“%s” cannot be searched for in this way.", name),
	})
}

// in makes "col IN (…)" of numbers that came from the file itself. They are
// written out: a list may be longer than the number of bound values allows.
func in(col string, ids []int64) clause {
	switch len(ids) {
	case 0:
		return clause{truth: never}
	case 1:
		return clause{sql: col + " = ?", args: []any{ids[0]}}
	}
	b := append([]byte(col), " IN ("...)
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	return clause{sql: string(append(b, ')'))}
}
