package embedded

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/querylang"
)

// present asks for the key in Record.Keys. Keys that no event lacks never stand
// there.
func (c *compiler) present(k querylang.Key) clause {
	switch k.Name {
	case "service", "issue", "event", "level", "handled", "event.severity", "timestamp", "received":
		return clause{truth: never}
	case "http.status":
		return clause{sql: "status > 0"}
	}
	if col := textColumns[k.Name]; col != 0 {
		return clause{sql: col.String() + " > 0"}
	}
	return hashed(hashHas(querylang.TermKey(k)))
}

// words compiles free text and the text keys.
func words(key string, v *querylang.Value) clause {
	if v.Kind != querylang.Prefix && len(v.Tokens) == 0 {
		return clause{truth: never}
	}
	match := quote(strings.Join(v.Tokens, " "))
	if v.Kind == querylang.Prefix {
		match = quote(v.Text) + " *"
	}
	if v.Joined != "" {
		match = "(" + match + " OR " + quote(v.Joined) + ")"
	}
	switch key {
	case "message":
		return set(byEvent, "msg : "+match)
	case "stack":
		return set(byStack, "stk : "+match)
	}
	return set(byEvent+" UNION ALL "+byStack, match, "stk : "+match)
}

// The sub-selects of words: by message and type of the event, and by its stack.
const (
	byEvent = "SELECT rowid FROM fts WHERE fts MATCH ?"
	byStack = "SELECT id FROM ev INDEXED BY ev_stk WHERE stk IN (SELECT rowid FROM ftss WHERE ftss MATCH ?)"
	byTerm  = "SELECT rowid FROM kw WHERE kw MATCH ?"
)

// quote makes an FTS5 string. Tokens hold letters and digits only; the
// doubling is for whoever builds a query by hand.
func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func set(sql string, args ...any) clause {
	return clause{sql: "id IN (" + sql + ")", args: args, sets: []idSet{{sql, args}}}
}

// column compiles a key that has a dict column.
func (c *compiler) column(v *querylang.Value, col column) (clause, error) {
	cond, arg := "low = ?", v.Text
	if v.Kind == querylang.Wildcard {
		cond, arg = "low GLOB ?", glob(v.Parts)
	}
	ids, err := c.ids("SELECT id FROM dict WHERE col = ? AND "+cond, int64(col), arg)
	if err != nil {
		return clause{}, err
	}
	// A long list of values is asked by sub-select: the number of bound values
	// has a limit.
	if len(ids) > idsAtOnce {
		return clause{sql: col.String() + " IN (SELECT id FROM dict WHERE col = ? AND " + cond + ")", args: []any{int64(col), arg}}, nil
	}
	out := in(col.String(), ids)
	out.issue = col == colIssue
	return out, nil
}

func (c *compiler) ids(query string, args ...any) (out []int64, err error) {
	rows, err := c.q.QueryContext(c.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

var globEscape = strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]")

// glob makes a GLOB pattern of literal pieces between stars.
func glob(parts []string) string {
	escaped := make([]string, len(parts))
	for i, p := range parts {
		escaped[i] = globEscape.Replace(p)
	}
	return strings.Join(escaped, "*")
}

// number compiles ranges. A status of 0 is a missing one.
func number(v *querylang.Value, col string) clause {
	var parts []string
	var args []any
	if col == "status" {
		parts = append(parts, "status > 0")
	}
	if v.Lo != nil {
		parts, args = append(parts, col+" >= ?"), append(args, *v.Lo)
	}
	if v.Hi != nil {
		parts, args = append(parts, col+" < ?"), append(args, *v.Hi)
	}
	if len(parts) == 0 {
		return clause{truth: always}
	}
	return clause{sql: "(" + strings.Join(parts, " AND ") + ")", args: args}
}

// level compiles the key level, whose values are known here.
func level(v *querylang.Value) clause {
	c := levelCode(errata.Level(v.Text))
	if c == 0 {
		return clause{truth: never}
	}
	return clause{sql: "level = ?", args: []any{c}}
}

// event compiles the key event: the id has a column.
func event(v *querylang.Value) clause {
	id, err := hex.DecodeString(v.Text)
	if err != nil || len(id) != 16 {
		return clause{truth: never} // no event has such an id
	}
	return clause{sql: "eid = ?", args: []any{id}}
}

// hashed asks who has a term or key.
func hashed(h uint64) clause { return set(byTerm, tokens(h)) }

// framed asks whose stack has any of the frame terms.
func framed(hashes ...uint64) clause { return set(byStack, "frm : ("+tokens(hashes...)+")") }

// wildcard asks kwd which values match, then kw who has one of them.
func (c *compiler) wildcard(key string, v *querylang.Value) (clause, error) {
	if err := c.checkFull(); err != nil {
		return clause{}, err
	}
	// kwd cuts a term at its first "=", so the rest of a key that holds one
	// stands before the value.
	key, rest, _ := strings.Cut(key+"=", "=")
	hashes, err := c.ids("SELECT h FROM kwd WHERE k = ? AND v GLOB ?", key, globEscape.Replace(rest)+glob(v.Parts))
	if err != nil || len(hashes) == 0 {
		return clause{truth: never}, err
	}
	// FTS5 walks the members of an OR one by one for every row, so long lists
	// are cut into many small ones.
	const each = 64
	var parts []string
	var args []any
	for part := range slices.Chunk(hashes, each) {
		us := make([]uint64, len(part))
		for i, h := range part {
			us[i] = uint64(h)
		}
		cl := set(byTerm, tokens(us...))
		if key == frameKey {
			cl = framed(us...)
		}
		parts, args = append(parts, cl.sets[0].sql), append(args, cl.args...)
	}
	return union(parts, args), nil
}

// union joins sub-selects; SQLite takes at most 500 in one compound.
func union(parts []string, args []any) clause {
	const most = 400
	if len(parts) <= most {
		return set(strings.Join(parts, " UNION ALL "), args...)
	}
	var conds []string
	for i := 0; i < len(parts); i += most {
		conds = append(conds, "id IN ("+strings.Join(parts[i:min(i+most, len(parts))], " UNION ALL ")+")")
	}
	return clause{sql: "(" + strings.Join(conds, " OR ") + ")", args: args}
}

// tokens is the MATCH text for any of the hashes.
func tokens(hashes ...uint64) string {
	b := make([]byte, 0, len(hashes)*(tokenLen+6))
	for i, h := range hashes {
		if i > 0 {
			b = append(b, " OR "...)
		}
		b = append(appendToken(append(b, '"'), h), '"')
	}
	return string(b)
}

// checkFull notes when the file stopped to keep values for wildcards.
func (c *compiler) checkFull() error {
	var full int64
	err := c.q.QueryRowContext(c.ctx, "SELECT coalesce(max(v), 0) FROM meta WHERE k = ?", metaTermsFull).Scan(&full)
	if err != nil {
		return fmt.Errorf("read meta: %w", err)
	}
	c.missing = c.missing || full > 0
	return nil
}
