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
func (c *compiler) words(key string, v *querylang.Value) (clause, error) {
	if v.Kind != querylang.Prefix && len(v.Tokens) == 0 {
		return clause{truth: never}, nil
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
		return inFTS("fts", "msg : "+match), nil
	case "stack":
		return inStacks("stk : " + match), nil
	}
	inStack := []any{"stk : " + match}
	found, err := c.ids(stacks+" LIMIT 1", inStack...)
	if err != nil || len(found) == 0 {
		return inFTS("fts", match), err
	}
	return clause{sets: []idSet{{
		from:  []selection{{sql: byEvent, id: "rowid", arg: []any{match}}, {byStack, "id", inStack, stacks}},
		probe: "(EXISTS (" + byEvent + " AND rowid = ev.id) OR stk IN (" + stacks + "))", probeArgs: []any{match, "stk : " + match},
	}}}, nil
}

// The sub-selects of words: by message and type of the event, and by its stack.
const (
	byEvent = "SELECT rowid AS rid FROM fts WHERE fts MATCH ?"
	stacks  = "SELECT rowid FROM ftss WHERE ftss MATCH ?"
	byStack = "SELECT id AS rid FROM ev INDEXED BY ev_stk WHERE stk IN (" + stacks + ")"
)

// inFTS asks an index by event: fts or kw.
func inFTS(table, match string) clause {
	sql := "SELECT rowid AS rid FROM " + table + " WHERE " + table + " MATCH ?"
	return clause{sets: []idSet{{from: []selection{{sql: sql, id: "rowid", arg: []any{match}}}, probe: "EXISTS (" + sql + " AND rowid = ev.id)", probeArgs: []any{match}}}}
}

// inStacks asks the index by stack.
func inStacks(match string) clause {
	return clause{sets: []idSet{{from: []selection{{byStack, "id", []any{match}, stacks}}, probe: "stk IN (" + stacks + ")", probeArgs: []any{match}}}}
}

// quote makes an FTS5 string. Tokens hold letters and digits only; the
// doubling is for whoever builds a query by hand.
func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// maxTerm is how long a term may be, in runes: NewRecord keeps no longer ones,
// so no longer value of a column may be found either.
const maxTerm = 512

// longest is how long the value of a column may be that is found, in runes.
func longest(k querylang.Key, col column) int {
	if col == colIssue {
		return 1 << 30
	}
	return maxTerm - len(k.Name) - len("=")
}

// manyValues is where reading all values of a column is quicker than looking up
// each one: a set of issues may have a million.
const manyValues = 100

// column compiles a key that has a dict column: the ids of all its values.
func (c *compiler) column(l *querylang.Leaf, col column) (clause, error) {
	longest := longest(l.Key, col)
	const base = "FROM dict WHERE col = ? AND length(low) <= ?"
	var ids []int64
	equal := map[string]bool{}
	for i := range l.Values {
		v := &l.Values[i]
		cond, arg := " AND low = ?", v.Text
		switch {
		case v.Kind == querylang.Wildcard:
			if err := c.costly(); err != nil {
				return clause{}, err
			}
			cond, arg = " AND low GLOB ?", glob(v.Parts)
		case len(l.Values) > manyValues:
			equal[v.Text] = true
			continue
		}
		found, err := c.ids("SELECT id "+base+cond, int64(col), longest, arg)
		if err != nil {
			return clause{}, err
		}
		ids = append(ids, found...)
	}
	if len(equal) > 0 {
		if err := c.costly(); err != nil {
			return clause{}, err
		}
		found, err := c.among(equal, "SELECT id, low "+base, int64(col), longest)
		if err != nil {
			return clause{}, err
		}
		ids = append(ids, found...)
	}
	slices.Sort(ids)
	out := in(col.String(), slices.Compact(ids))
	if col == colIssue {
		out.issue = &clause{sql: out.sql, args: out.args}
	}
	return out, nil
}

// among returns the ids of the rows whose text is one of a set.
func (c *compiler) among(texts map[string]bool, query string, args ...any) (out []int64, err error) {
	err = each(c.ctx, c.q, func(scan func(...any) error) error {
		var id int64
		var low string
		err := scan(&id, &low)
		if texts[low] {
			out = append(out, id)
		}
		return err
	}, query, args...)
	return out, err
}

func (c *compiler) ids(query string, args ...any) (out []int64, err error) {
	err = each(c.ctx, c.q, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		out = append(out, id)
		return err
	}, query, args...)
	return out, err
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
func hashed(h uint64) clause { return inFTS("kw", tokens(h)) }

// FTS5 walks the members of an OR one by one for every row, so long lists are
// cut into many small ones; SQLite takes at most 500 selects in one compound.
const (
	tokensAtOnce    = 64
	compoundsAtOnce = 400
)

// wildcard asks kwd which values match, then kw, or the stacks, who has one of
// them.
func (c *compiler) wildcard(key string, v *querylang.Value) (clause, error) {
	if err := c.checkFull(); err != nil {
		return clause{}, err
	}
	// kwd cuts a term at its first "=", so the rest of a key that holds one
	// stands before the value.
	key, rest, _ := strings.Cut(key+"=", "=")
	hashes, err := c.ids("SELECT h FROM kwd WHERE k = ? AND v GLOB ?", key, globEscape.Replace(rest)+glob(v.Parts))
	if err != nil {
		return clause{}, err
	}
	var matches []string
	for part := range slices.Chunk(hashes, tokensAtOnce) {
		us := make([]uint64, len(part))
		for i, h := range part {
			us[i] = uint64(h) //nolint:gosec // the bits of a hash
		}
		matches = append(matches, tokens(us...))
	}
	if key == frameKey {
		return c.anyFrame(matches)
	}
	var alternatives []clause
	for part := range slices.Chunk(matches, compoundsAtOnce) {
		alternatives = append(alternatives, inTerms(part))
	}
	return either(alternatives), nil
}

// anyFrame asks at once which stacks have one of the frames: they are few, and
// their words are spread over the whole index.
func (c *compiler) anyFrame(matches []string) (clause, error) {
	var ids []int64
	for _, m := range matches {
		found, err := c.ids(stacks, "frm : ("+m+")")
		if err != nil {
			return clause{}, err
		}
		ids = append(ids, found...)
	}
	slices.Sort(ids)
	cl := in("stk", slices.Compact(ids))
	if cl.truth == never {
		return cl, nil
	}
	from := selection{"SELECT id AS rid FROM ev INDEXED BY ev_stk WHERE " + cl.sql, "id", cl.args, "SELECT stk FROM (SELECT id AS stk FROM stk) WHERE " + cl.sql}
	return clause{sets: []idSet{{from: []selection{from}, probe: cl.sql, probeArgs: cl.args}}}, nil
}

// inTerms asks kw for any of several matches.
func inTerms(matches []string) clause {
	const one = "SELECT rowid AS rid FROM kw WHERE kw MATCH ?"
	from := make([]selection, len(matches))
	for i, m := range matches {
		from[i] = selection{sql: one, id: "rowid", arg: []any{m}}
	}
	return clause{sets: []idSet{{from: from}}}
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
