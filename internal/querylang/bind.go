package querylang

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"time"

	"errata/internal/errata"
)

// Named is what a query mentions and only the stores know. Issues are short
// ids in capitals; Services are slugs without those written with a wildcard.
type Named struct {
	Services []string
	Issues   []string
	Logins   []string // folded, of assigned: and watching:
	Users    bool     // plain identifiers of users: Bind needs the secret
	Teams    []string // folded, of team:, without none, my_teams and those written with a wildcard
	OfTeams  bool     // something is asked of teams
}

// Names lists what Bind will want to know, sorted, without doubles.
func Names(x Expr) Named {
	var n Named
	Each(x, func(l *Leaf) {
		n.OfTeams = n.OfTeams || l.Key.Name == "team"
		for _, v := range l.Values {
			if v.Kind != Equal {
				continue
			}
			switch l.Key.Name {
			case "service":
				n.Services = append(n.Services, v.Text)
			case "issue":
				n.Issues = append(n.Issues, strings.ToUpper(v.Raw))
			case "assigned", "watching":
				if v.Text != "me" && v.Text != "none" {
					n.Logins = append(n.Logins, v.Text)
				}
			case "team":
				if v.Text != NoTeam && v.Text != MyTeams {
					n.Teams = append(n.Teams, v.Text)
				}
			case "user":
				n.Users = n.Users || !isHash(v)
			}
		}
	})
	n.Services = unique(n.Services)
	n.Issues, n.Logins, n.Teams = unique(n.Issues), unique(n.Logins), unique(n.Teams)
	return n
}

func unique(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}

// Map returns x with each leaf replaced by what f makes of it; nil leaves it out.
func Map(x Expr, f func(*Leaf) (Expr, error)) (Expr, error) {
	switch x := x.(type) {
	case *And:
		kids, err := mapKids(x.Kids, f)
		return conjunction(kids), err
	case *Or:
		kids, err := mapKids(x.Kids, f)
		return disjunction(kids), err
	case *Not:
		kid, err := Map(x.Kid, f)
		return negation(kid), err
	case *Leaf:
		return f(x)
	}
	return x, nil
}

func mapKids(kids []Expr, f func(*Leaf) (Expr, error)) ([]Expr, error) {
	out := make([]Expr, len(kids))
	for i, k := range kids {
		var err error
		if out[i], err = Map(k, f); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Each visits the leaves of x in order.
func Each(x Expr, visit func(*Leaf)) {
	switch x := x.(type) {
	case *And:
		for _, k := range x.Kids {
			Each(k, visit)
		}
	case *Or:
		for _, k := range x.Kids {
			Each(k, visit)
		}
	case *Not:
		Each(x.Kid, visit)
	case *Leaf:
		visit(x)
	}
}

// Env is what a query is bound to.
type Env struct {
	Now        time.Time
	Zone       *time.Location      // nil: UTC
	Services   map[string]bool     // slugs that the asker sees; nil: not checked
	Issues     map[string][]string // short id in capitals → ids of the issue and of those merged into it
	Logins     map[string]string   // folded login → account id
	Teams      map[string]bool     // short names of the teams that the asker knows of; nil: not checked
	Me         string              // account id of the asker
	UserSecret []byte              // key of UserHash
}

// Bind returns x with the bounds of its times, the ids of its issues and the
// hashes of its users; x itself is not changed. A name that is absent or not
// visible is query.unknown_name. Errors carry a detail per problem.
func Bind(x Expr, env Env) (Expr, error) {
	if env.Zone == nil {
		env.Zone = time.UTC
	}
	b := &binder{env: env}
	y := b.expr(x)
	if len(b.problems) > 0 {
		return nil, errata.Because(errata.Invalid, b.problems[0].Message, nil, b.problems...)
	}
	return y, nil
}

type binder struct {
	env      Env
	problems []errata.Detail
}

func (b *binder) fail(l *Leaf, reason, message, hint string) {
	b.problems = append(b.problems, errata.Detail{
		Reason: "query." + reason, Field: "q",
		Start: l.Start, End: l.End, Message: message, Hint: hint,
	})
}

func (b *binder) expr(x Expr) Expr {
	switch x := x.(type) {
	case *And:
		return &And{b.kids(x.Kids)}
	case *Or:
		return &Or{b.kids(x.Kids)}
	case *Not:
		return &Not{b.expr(x.Kid)}
	case *Leaf:
		return b.leaf(x)
	}
	return x
}

func (b *binder) kids(kids []Expr) []Expr {
	out := make([]Expr, len(kids))
	for i, k := range kids {
		out[i] = b.expr(k)
	}
	return out
}

func (b *binder) leaf(l *Leaf) Expr {
	f := FieldOf(l.Key)
	out := &Leaf{Key: l.Key, Start: l.Start, End: l.End}
	for _, v := range l.Values {
		out.Values = append(out.Values, b.value(l, &f, v)...)
	}
	if f.Name == "user" {
		out.Values = canonical(out.Values) // hashes sort otherwise than what they stand for
	}
	return out
}

// value binds one value, which may become several.
func (b *binder) value(l *Leaf, f *Field, v Value) []Value {
	switch {
	case v.Kind == Present:
	case f.Type == Time:
		v.Lo, v.Hi = b.times(l, v)
	case f.Type == Duration:
		v.Lo, v.Hi = b.ages(l, v)
	case f.Name == "service":
		if v.Kind == Equal && b.env.Services != nil && !b.env.Services[v.Text] {
			b.fail(l, "unknown_name", "There is no service “"+v.Raw+"”, or you may not see it.", "")
		}
	case f.Name == "issue":
		return b.issue(l, v)
	case f.Type == Person:
		v.Text = b.person(l, v)
	case f.Type == Team:
		b.team(l, v)
	case f.Name == "user" && !isHash(v):
		v.Text = UserHash(b.env.UserSecret, v.Raw)
		v.Raw, v.Quoted = "~"+v.Text, false
	case f.Name == "is" && v.Text == "unresolved":
		open, acked := v, v
		open.Text, acked.Text = string(errata.Open), string(errata.Acknowledged)
		return []Value{open, acked}
	}
	return []Value{v}
}

// person returns the account id of a value, "" for none.
func (b *binder) person(l *Leaf, v Value) string {
	switch {
	case v.Kind != Equal:
		b.fail(l, "unsupported", "People are named by their whole login.", "Write "+l.Key.Name+":me, "+l.Key.Name+":none or "+l.Key.Name+":ada.")
	case strings.HasPrefix(v.Text, "#"):
		b.fail(l, "unsupported", "Issues are assigned to people.", "Write team:"+strings.TrimLeft(v.Text, "#")+" for the issues of a team's services.")
	case v.Text == "none":
		return ""
	case v.Text == "me" && b.env.Me != "":
		return b.env.Me
	case v.Text == MyTeams:
		b.fail(l, "unsupported", "Issues are assigned to people.", "Write team:my_teams for the issues of your teams' services.")
	case b.env.Logins[v.Text] == "":
		b.fail(l, "unknown_name", "There is nobody with the login “"+v.Raw+"”.", "")
	}
	return b.env.Logins[v.Text]
}

// What team: takes beside names of teams, neither of which can be one: the
// services of none, and those of the teams that the asker is in.
const (
	NoTeam  = "none"
	MyTeams = "my_teams"
)

// team refuses the name of a team that the asker does not know of.
func (b *binder) team(l *Leaf, v Value) {
	if v.Kind != Equal || v.Text == NoTeam || v.Text == MyTeams || b.env.Teams == nil || b.env.Teams[v.Text] {
		return
	}
	hint := ""
	if v.Text == "me" {
		hint = "Write team:" + MyTeams + " for the teams that you are in."
	}
	b.fail(l, "unknown_name", "There is no team “"+v.Raw+"”, or you may not see it.", hint)
}

func (b *binder) issue(l *Leaf, v Value) []Value {
	ids := b.env.Issues[strings.ToUpper(v.Raw)]
	if len(ids) == 0 {
		b.fail(l, "unknown_name", "There is no issue “"+v.Raw+"”, or you may not see it.", "")
	}
	var out []Value
	for _, id := range ids {
		v.Text = id
		out = append(out, v)
	}
	return out
}

// isHash says that a value of user: is a hash already.
func isHash(v Value) bool {
	_, ok := hashed(v.Raw)
	return ok && !v.Quoted
}

// UserHash returns the 16 hex digits by which a user's identifier is kept and
// found: of HMAC-SHA256 over the identifier, trimmed and in lower case, an IP
// address in canonical form.
func UserHash(secret []byte, identifier string) string {
	s := Fold(strings.TrimSpace(identifier))
	if a, err := netip.ParseAddr(s); err == nil {
		s = a.Unmap().WithZone("").String()
	}
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(s))
	return hex.EncodeToString(m.Sum(nil)[:8])
}

// times returns the bounds of a time range in µs.
func (b *binder) times(l *Leaf, v Value) (lo, hi *int64) {
	at := func(s string) (lo, hi *int64) {
		if s == "" {
			return nil, nil
		}
		from, to, ok := instant(s, b.env.Now, b.env.Zone)
		if !ok {
			b.fail(l, "bad_value", "“"+s+"” is not a time.", "")
		}
		a, z := from.UnixMicro(), to.UnixMicro()
		return &a, &z
	}
	from, to := at(v.Parts[1])
	switch v.Parts[0] {
	case ">":
		return to, nil
	case ">=":
		return from, nil
	case "<":
		return nil, from
	case "<=":
		return nil, to
	case "..":
		_, to = at(v.Parts[2])
		if from != nil && to != nil && *from >= *to {
			b.fail(l, "bad_value", "“"+v.Raw+"” ends before it begins.", "Write the earlier time first.")
		}
	}
	return from, to
}

// ages returns the bounds of first_seen for a range of ages: the older, the
// earlier. An age by itself is as precise as its last unit: 7d is 7 to 8 days.
func (b *binder) ages(l *Leaf, v Value) (lo, hi *int64) {
	before := func(d time.Duration, plus int64) *int64 {
		us := b.env.Now.Add(-d).UnixMicro() + plus
		return &us
	}
	d, unit, _ := period(v.Parts[1])
	switch v.Parts[0] {
	case ">":
		return nil, before(d, 0)
	case ">=":
		return nil, before(d, 1)
	case "<":
		return before(d, 1), nil
	case "<=":
		return before(d, 0), nil
	case "..":
		if v.Parts[1] != "" {
			hi = before(d, 1)
		}
		if v.Parts[2] != "" {
			d, _, _ = period(v.Parts[2])
			lo = before(d, 0)
		}
		if lo != nil && hi != nil && *lo >= *hi {
			b.fail(l, "bad_value", "“"+v.Raw+"” ends before it begins.", "Write the shorter time first.")
		}
		return lo, hi
	}
	return before(d+unit, 1), before(d, 1)
}
