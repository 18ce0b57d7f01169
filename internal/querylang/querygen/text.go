package querygen

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"errata/internal/querylang"
)

// Query returns the text of a random query that parses and that one event can
// answer: no key of issues. Its form is as untidy as people write.
func (g *Gen) Query() string {
	for {
		q := g.expr(g.R.IntN(4))
		if _, _, err := querylang.Parse(q); err == nil {
			return q
		}
	}
}

// Bound returns a random query, bound to Env.
func (g *Gen) Bound() (querylang.Expr, string) {
	for {
		q := g.Query()
		x, _, err := querylang.Parse(q)
		if err != nil {
			continue
		}
		if x, err = querylang.Bind(x, g.Env()); err == nil {
			return x, q
		}
	}
}

func (g *Gen) expr(depth int) string {
	if depth == 0 {
		return g.leaf()
	}
	a, b := g.expr(depth-1), g.expr(g.R.IntN(depth))
	switch g.R.IntN(8) {
	case 0:
		return a + " OR " + b
	case 1:
		return "(" + a + "  OR " + b + ") " + g.leaf()
	case 2:
		return a + " AND " + b
	case 3:
		return a + " " + b
	case 4:
		return "!(" + a + " " + b + ")"
	case 5:
		return "NOT (" + a + " OR " + b + " )"
	case 6:
		return "!" + g.leaf() + " " + b
	}
	return "((" + a + ") " + b + ")"
}

func (g *Gen) leaf() string {
	switch g.R.IntN(12) {
	case 0, 1, 2:
		return g.words()
	case 3:
		return pick(g, []string{"message", "stack", "MESSAGE"}) + ":" + g.word()
	case 4:
		return g.time()
	case 5:
		return g.number()
	case 6:
		return "has:" + pick(g, []string{"os", "tags[region]", "browser,release", "user", "ctx.cart.items", "frame", "http.status", "type", "message"})
	case 7:
		return g.fixed()
	}
	return g.keyword()
}

func (g *Gen) words() string {
	if g.chance(4) {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(g.sentence()) + `"`
	}
	return g.word()
}

// word is a word of the vocabulary, at times in other case, cut to a prefix or
// with stars.
func (g *Gen) word() string {
	w := pick(g, words)
	switch g.R.IntN(5) {
	case 0:
		w = strings.ToLower(w)
	case 1:
		if n := utf8.RuneCountInString(w); n > 3 {
			w = string([]rune(w)[:3+g.R.IntN(n-3)]) + "*"
		}
	case 2:
		if g.chance(4) {
			w = "*" + w
		}
	}
	return w
}

func (g *Gen) time() string {
	key := pick(g, []string{"timestamp", "received"})
	day := func() string { return g.Now.AddDate(0, 0, -g.R.IntN(g.Days)).Format("2006-01-02") }
	hours := func() string { return fmt.Sprintf("-%dh", 1+g.R.IntN(g.Days*24)) }
	switch g.R.IntN(5) {
	case 0:
		return key + ":" + day()
	case 1:
		return key + ":" + pick(g, []string{">", ">=", "<", "<="}) + day()
	case 2:
		return key + ":" + hours()
	case 3:
		return key + ":" + hours() + "..now"
	}
	return key + ":" + pick(g, []string{"<", ">="}) + day() + "T10:30"
}

func (g *Gen) number() string {
	if g.chance(2) {
		return "event.severity:" + pick(g, []string{"P1", ">=P1", "<high", "P0..P2", "..P1", "p3,critical"})
	}
	return "http.status:" + pick(g, []string{"500", "500..599", ">500", "<=404", "..499", "200,504", "0", "<0"})
}

// fixed asks for keys with few values.
func (g *Gen) fixed() string {
	switch g.R.IntN(6) {
	case 0:
		return "level:" + pick(g, []string{"error", "Fatal,error", "[info, debug]", "warn", "critical"})
	case 1:
		return "error.unhandled:" + pick(g, []string{"true", "no"})
	case 2:
		return "service:" + pick(g, []string{"web", "payments,web", "check*", "*a*i*"})
	case 3:
		return fmt.Sprintf("issue:svc%d-%d", g.R.IntN(len(Services)), g.R.IntN(Issues))
	case 4:
		return "user:" + g.value(pick(g, people))
	}
	return "request_id:" + g.value(strings.ToUpper(pick(g, ids)))
}

// keyword asks for a key compared as text, with one value, several, none, or a
// wildcard.
func (g *Gen) keyword() string {
	key := pick(g, []string{
		"type", "release", "env", "tags[region]", "Region", "os", "browser", "tags[browser]",
		"culprit", "ctx.cart.items", "ctx.cart.list", "frame", "code", "url.path", "platform",
	})
	from := map[string][]string{
		"type": types, "release": releases, "env": envs, "tags[region]": regions, "Region": regions,
		"os": systems, "browser": browsers, "tags[browser]": browsers, "culprit": funcs, "ctx.cart.items": {"3", "13", "23"},
		"ctx.cart.list": {"a", "B", "true"}, "frame": append(append([]string{"Reserve", "Store).Reserve", "views.py"}, funcs...), files...),
		"code": ids, "url.path": {"/cart/7", "/CART/7", "/x"}, "platform": systems,
	}[key]
	switch g.R.IntN(6) {
	case 0:
		return key + ":" + g.value(pick(g, from)) + "," + g.value(pick(g, from))
	case 1:
		return key + ":[" + g.value(pick(g, from)) + ` , ""]`
	case 2:
		return key + ":" + pick(g, []string{`""`, "*"})
	case 3:
		return key + ":" + g.wildcard(pick(g, from))
	}
	return key + ":" + g.value(pick(g, from))
}

// value writes a text so that it means itself.
func (g *Gen) value(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `*`, `\*`).Replace(s) + `"`
}

// wildcard replaces a piece of a text by a star.
func (g *Gen) wildcard(s string) string {
	r := []rune(s)
	a := g.R.IntN(len(r) + 1)
	b := a + g.R.IntN(len(r)+1-a)
	v := func(r []rune) string { q := g.value(string(r)); return q[1 : len(q)-1] }
	return `"` + v(r[:a]) + "*" + v(r[b:]) + `"`
}
