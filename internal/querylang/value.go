package querylang

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// value reads one item as f's type asks.
func (p *parser) value(f *Field, k Key, it item) (Value, bool) {
	switch f.Type {
	case Text:
		return p.text(k, it)
	case Enum:
		return p.enum(f, it)
	case Ordered:
		return p.ordered(f, it)
	case Bool:
		return p.bool(f, it)
	case Int:
		return p.int(f, it)
	case Time:
		return p.time(it)
	case Duration:
		return p.duration(it)
	case Version:
		if it.op != "" {
			return p.version(it)
		}
		return p.keyword(f, it)
	case User:
		return p.user(f, it)
	case Team:
		it.a.pat = withoutHash(it.a.pat)
		return p.keyword(f, it)
	case Flag:
		p.fail("bad_value", it.start, it.end, f.Name+" has no values.", "Write has:"+f.Name+".")
		return Value{}, false
	default:
		return p.keyword(f, it)
	}
}

func (p *parser) bad(it item, message, hint string) (Value, bool) {
	p.fail("bad_value", it.start, it.end, "“"+p.q[it.start:it.end]+"” "+message, hint)
	return Value{}, false
}

// keyword reads text that is compared whole, perhaps with wildcards.
func (p *parser) keyword(f *Field, it item) (Value, bool) {
	parts := pieces(it.a.pat)
	if len(parts) == 1 {
		v := Value{Kind: Equal, Raw: parts[0], Text: Fold(parts[0])}
		if f.Type == Version {
			v.Quoted = it.a.quoted && versionSyntax(v.Raw)
		}
		if f.Name == "event" || f.Name == "trace" {
			v.Text = withoutDashes(v.Text)
		}
		return v, true
	}
	if f.Type == Exact || f.Type == User {
		p.fail("wildcard_exact", it.start, it.end, f.Name+" is compared whole; * does not work here.", `For a literal star write \*.`)
		return Value{}, false
	}
	return p.wildcard(f, it, parts)
}

// withoutHash takes away the sign that may stand before the name of a team.
func withoutHash(pat string) string {
	if name := strings.TrimLeft(pat, "#"); name != "" {
		return name
	}
	return pat
}

// withoutDashes takes the dashes out of an id in UUID form.
func withoutDashes(s string) string {
	if len(s) == 36 {
		return strings.ReplaceAll(s, "-", "")
	}
	return s
}

func (p *parser) wildcard(f *Field, it item, parts []string) (Value, bool) {
	literal := 0
	for i := range parts {
		parts[i] = Fold(parts[i])
		literal += utf8.RuneCountInString(parts[i])
	}
	if literal < 2 {
		p.fail("wildcard_short", it.start, it.end, "A wildcard needs at least 2 other characters.", "")
		return Value{}, false
	}
	return Value{
		Kind: Wildcard, Raw: it.a.pat, Parts: parts,
		Quoted: f.Type == Version && it.a.quoted && versionSyntax(it.a.pat),
	}, p.countWildcard(it)
}

func (p *parser) countWildcard(it item) bool {
	if p.wildcards++; p.wildcards > MaxWildcards {
		p.limit("too_many", it.start, it.end, fmt.Sprintf("A query has at most %d wildcards.", MaxWildcards))
		return false
	}
	return true
}

// text reads words, a phrase, or with a star at the end a prefix.
func (p *parser) text(k Key, it item) (Value, bool) {
	pat := it.a.pat
	if k.Name != "" && pat != "" {
		pat = strings.TrimLeft(pat, ":/") // behind the key's colon they would unmake the pair
	}
	body := strings.TrimLeft(pat, "*")
	leading := len(body) < len(pat)
	parts := pieces(body)
	for len(parts) > 1 && parts[len(parts)-1] == "" && parts[len(parts)-2] == "" {
		parts = parts[:len(parts)-1] // several stars are one
	}
	trailing := len(parts) == 2 && parts[1] == ""
	if len(parts) > 1 && !trailing {
		p.fail("prefix_one_word", it.start, it.end, "In words a star can only stand at the end of one word.", "")
		return Value{}, false
	}
	tokens, runs, joined := tokenize(parts[0])
	if trailing && spacelessEnd(parts[0]) {
		trailing = false // each of its signs is a word already
	}
	switch {
	case pat != "" && body == "":
		p.fail("wildcard_short", it.start, it.end, "A star alone finds nothing.", "")
		return Value{}, false
	case trailing:
		return p.prefix(k, it, pat, parts[0], tokens, runs, joined, leading)
	case len(tokens) == 0:
		p.notice("empty_word", it.start, it.end, "“"+p.q[it.start:it.end]+"” has no letters or digits and was left out.")
		return Value{}, false
	}
	p.wordStart(leading, it)
	v := Value{Kind: Words, Raw: pat, Text: strings.Join(tokens, " "), Tokens: tokens, Joined: joined}
	if it.a.quoted {
		v.Kind, v.Raw, v.Quoted, v.Joined = Phrase, plain(body), true, ""
	}
	return v, true
}

// spacelessEnd says that the text ends in a script whose signs are words.
func spacelessEnd(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return slowClass(r) == single
}

func (p *parser) wordStart(leading bool, it item) {
	if leading {
		p.notice("word_start_only", it.start, it.end, "Words are found from their start: the leading star was left out.")
	}
}

// prefix makes the value of wor*.
func (p *parser) prefix(k Key, it item, pat, text string, tokens []string, runs int, joined string, leading bool) (Value, bool) {
	last, _ := utf8.DecodeLastRuneInString(text)
	if runs == 0 {
		p.fail("wildcard_short", it.start, it.end, "A star needs at least 3 letters or digits before it.", "")
		return Value{}, false
	}
	if runs > 1 || slowClass(last) == separator {
		p.fail("prefix_one_word", it.start, it.end, "A star works behind one word only.", prefixHint(k, text, tokens))
		return Value{}, false
	}
	if joined == "" {
		joined = tokens[0]
	}
	if utf8.RuneCountInString(joined) < 3 {
		p.fail("wildcard_short", it.start, it.end, "A star needs at least 3 letters or digits before it.", "")
		return Value{}, false
	}
	p.wordStart(leading, it)
	return Value{Kind: Prefix, Raw: pat, Text: joined}, p.countWildcard(it)
}

// prefixHint splits acme.order* into what is certain and what begins.
func prefixHint(k Key, text string, tokens []string) string {
	if len(tokens) < 2 || slowClass(lastRune(text)) == separator {
		return "Leave the star out."
	}
	last := tokens[len(tokens)-1]
	before := strings.TrimRight(Fold(text)[:max(0, strings.LastIndex(Fold(text), last))], " ._-:/\\")
	key := ""
	if k.Name != "" {
		key = k.String() + ":"
	}
	return fmt.Sprintf("Quote %s and add %s%s*.", before, key, last)
}

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

func (p *parser) enum(f *Field, it item) (Value, bool) {
	c, ok := enumValue(f, plain(it.a.pat))
	if !ok {
		return p.bad(it, "is not a value of "+f.Name+".", "It is one of "+strings.Join(f.Values, " ")+".")
	}
	return Value{Kind: Equal, Raw: c, Text: c}, true
}

// ordered reads severities. More urgent is greater: >=P1, like P1.., is P1 and P0.
func (p *parser) ordered(f *Field, it item) (Value, bool) {
	top := int64(len(f.Values))
	parts, ends := partsOf(it), [2]int64{top - 1, 0} // an open end reaches the least, the most urgent
	for i, l := range parts[1:] {
		if l == "" && it.op == ".." && parts[2-i] != "" {
			continue
		}
		c, ok := enumValue(f, l)
		if !ok {
			return p.bad(it, "is not a value of "+f.Name+".", "It is one of "+strings.Join(f.Values, " ")+".")
		}
		parts[i+1], ends[i] = c, int64(slices.Index(f.Values, c))
	}
	n := ends[0]
	switch it.op {
	case "..":
		return ranged(parts, min(n, ends[1]), max(n, ends[1])+1), true
	case ">=":
		return ranged(parts, 0, n+1), true
	case ">":
		return ranged(parts, 0, n), true
	case "<=":
		return ranged(parts, n, top), true
	case "<":
		return ranged(parts, n+1, top), true
	}
	return ranged(parts, n, n+1), true
}

// ranged makes a Range from what Print writes and its bounds.
func ranged(parts []string, lo, hi int64) Value {
	v := rangeOf(parts)
	v.Lo, v.Hi = &lo, &hi
	return v
}

func rangeOf(parts []string) Value {
	raw := parts[0] + parts[1]
	if parts[0] == ".." {
		raw = parts[1] + ".." + parts[2]
	}
	return Value{Kind: Range, Raw: raw, Parts: parts}
}

// partsOf returns what Print writes of an item.
func partsOf(it item) []string {
	if it.op == ".." {
		return []string{"..", plain(it.a.pat), plain(it.b.pat)}
	}
	return []string{it.op, plain(it.a.pat)}
}

func boolean(s string) (value, ok bool) {
	switch Fold(s) {
	case "true", "yes", "1":
		return true, true
	case "false", "no", "0":
		return false, true
	}
	return false, false
}

func (p *parser) bool(f *Field, it item) (Value, bool) {
	v, ok := boolean(plain(it.a.pat))
	if !ok {
		return p.bad(it, "is not a value of "+f.Name+".", "It is true or false.")
	}
	s := strconv.FormatBool(v)
	return Value{Kind: Equal, Raw: s, Text: s}, true
}

func (p *parser) int(f *Field, it item) (Value, bool) {
	ends := [2]*int64{}
	for i, s := range []scalar{it.a, it.b} {
		if s.pat == "" && !s.quoted && it.op == ".." || i == 1 && it.op != ".." {
			continue
		}
		n, ok := number(plain(s.pat))
		if !ok {
			hint := "It is a whole number, as 5, 1k or 3m."
			if f.Name == "http.status" && strings.Contains(s.pat, "*") {
				hint = "Write " + f.Name + ":500..599 for a class of answers."
			}
			return p.bad(it, "is not a whole number.", hint)
		}
		ends[i] = &n
	}
	lo, hi := bounds(it.op, ends[0], ends[1])
	if lo == nil && hi == nil || lo != nil && hi != nil && *lo >= *hi {
		return p.bad(it, "is an empty range.", "Write the smaller number first.")
	}
	v := rangeOf(partsOf(it))
	v.Lo, v.Hi = lo, hi
	return v, true
}

// bounds turns an operator over whole numbers into [lo, hi).
func bounds(op string, a, b *int64) (lo, hi *int64) {
	after := func(n *int64) *int64 {
		if n == nil {
			return nil
		}
		m := *n + 1
		return &m
	}
	switch op {
	case ">":
		return after(a), nil
	case ">=":
		return a, nil
	case "<":
		return nil, a
	case "<=":
		return nil, after(a)
	case "..":
		return a, after(b)
	}
	return a, after(a)
}

// number reads -1, 2.5k, 3m; the result is whole and at most 10^15.
func number(s string) (int64, bool) {
	s = Fold(s)
	factor := 1.0
	if t, ok := strings.CutSuffix(s, "k"); ok {
		s, factor = t, 1e3
	} else if t, ok := strings.CutSuffix(s, "m"); ok {
		s, factor = t, 1e6
	}
	if s == "" || strings.Trim(s, "-0123456789.") != "" {
		return 0, false
	}
	x, err := strconv.ParseFloat(s, 64)
	x *= factor
	if err != nil || x != float64(int64(x)) || x > 1e15 || x < -1e15 {
		return 0, false
	}
	return int64(x), true
}

// time checks the literals and rewrites Sentry's bare -24h and +24h; Bind
// computes the bounds.
func (p *parser) time(it item) (Value, bool) {
	parts := partsOf(it)
	if parts[0] == "" && parts[1] != "" && (parts[1][0] == '-' || parts[1][0] == '+') {
		parts[0] = map[byte]string{'-': ">=", '+': "<="}[parts[1][0]]
		parts[1] = "-" + parts[1][1:]
	}
	for i, l := range parts[1:] {
		if l == "" && parts[0] == ".." && parts[2-i] != "" {
			continue
		}
		if _, _, ok := instant(l, epoch, time.UTC); !ok {
			return p.bad(it, "is not a time.", "Write 2026-11-19, 2026-11-19T10:00, -24h, today, yesterday or now.")
		}
	}
	return rangeOf(parts), true
}

func (p *parser) duration(it item) (Value, bool) {
	parts := partsOf(it)
	for i, l := range parts[1:] {
		if l == "" && parts[0] == ".." && parts[2-i] != "" {
			continue
		}
		if _, _, ok := period(l); !ok {
			return p.bad(it, "is not a duration.", "Write 90s, 15m, 24h, 7d, 2w or 1h30m.")
		}
	}
	return rangeOf(parts), true
}

// versionSyntax says that text would be more than itself without quotes.
func versionSyntax(s string) bool {
	return s == "latest" || comparison(s) != "" || strings.Contains(s, "..")
}

// version reads comparisons of releases.
func (p *parser) version(it item) (Value, bool) {
	parts := partsOf(it)
	if strings.Join(parts[1:], "") == "" {
		return p.bad(it, "is an empty range.", "Write release:4.0..5.0.")
	}
	return rangeOf(parts), true
}

// user reads an identifier, or ~ and the hash that an identifier has become.
func (p *parser) user(f *Field, it item) (Value, bool) {
	v, ok := p.keyword(f, it)
	if h, found := hashed(v.Raw); found {
		if v.Quoted = it.a.quoted; !v.Quoted {
			v.Text = h
		}
	}
	return v, ok
}

// hashed returns the 16 hex digits of "~9f2c51d0ab34e877".
func hashed(s string) (string, bool) {
	h, ok := strings.CutPrefix(s, "~")
	if !ok || len(h) != 16 {
		return "", false
	}
	_, err := hex.DecodeString(h)
	return Fold(h), err == nil
}
