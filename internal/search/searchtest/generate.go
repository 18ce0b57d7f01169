package searchtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/stats"
)

// Generator makes small, awkward events and queries that have a chance to find
// them: missing fields, mixed scripts, cases that differ, times on edges.
type Generator struct {
	r    *rand.Rand
	zipf *rand.Zipf
	n    int
}

// NewGenerator returns a generator; the same seed gives the same values.
func NewGenerator(seed uint64) *Generator {
	r := rand.New(rand.NewPCG(seed, 2))
	return &Generator{r: r, zipf: rand.NewZipf(r, 1.2, 2, 40)}
}

var (
	someWords = strings.Fields("deadlock detected timeout payment retry null pointer NullPointerException HTTPServer order_id iOS 決済エラー überlauf Überlauf STRASSE x86_64 0xdeadBEEF don't a b 5 17 ¶ refused connection")
	someTypes = []string{"", "TimeoutException", "timeoutexception", "ConnError", "java.lang.NullPointerException", "pgconn.PgError", "a*b", "x?[y]", "Ärger"}
	someEnvs  = []string{"production", "Production", "staging", "qa", "a b", `quo"te`}
	someTags  = []string{"region", "tenant", "a.b", "type"}
	someVals  = []string{"eu-north-1", "EU-North-1", "eu", "b=c", "x,y", "*", "5*x", "(z)", "日本", "v\\w"}
	someFuncs = []string{"(*Store).Reserve", "Service.Place", "main", "com.acme.Book.post", "λ"}
	someFiles = []string{"internal/orders/reserve.go", "Book.java", "a/b/c.js", ""}
	someUsers = []string{"1", "2", "a@b.example"}
)

func (g *Generator) maybe(p float64) bool { return g.r.Float64() < p }

func (g *Generator) text() string {
	out := make([]string, g.r.IntN(6))
	for i := range out {
		out[i] = pick(g.r, someWords)
	}
	return strings.Join(out, " ")
}

// Doc makes an event of the 30 days before Now.
func (g *Generator) Doc() search.Doc {
	g.n++
	when := Now.Add(-time.Duration(g.r.Int64N(int64(30 * 24 * time.Hour)))).Truncate(time.Microsecond)
	if g.maybe(0.2) {
		when = when.Truncate(pick(g.r, []time.Duration{time.Hour, 24 * time.Hour, time.Millisecond}))
	}
	changes := []change{
		at(when), project(fmt.Sprint(1 + g.r.IntN(3))), issue(fmt.Sprintf("issue-%d", g.zipf.Uint64())), message(g.text()),
		environment(pick(g.r, someEnvs)), level(pick(g.r, errata.Levels)), severe(pick(g.r, errata.Severities)), class(pick(g.r, []int{7, 30, 90})),
	}
	for range g.r.IntN(3) {
		changes = append(changes, typed(pick(g.r, someTypes), g.text()))
	}
	for range g.r.IntN(3) {
		changes = append(changes, tag(pick(g.r, someTags), pick(g.r, someVals)))
	}
	if g.maybe(0.6) {
		changes = append(changes, contextOf("os", `{"name":"`+pick(g.r, systems)+`"}`), contextOf("cart", fmt.Sprintf(`{"items":[%d,%d]}`, g.r.IntN(4), g.r.IntN(4))))
	}
	if g.maybe(0.6) {
		changes = append(changes, user(querylang.UserHash([]byte("secret"), pick(g.r, someUsers)), querylang.UserHash([]byte("secret"), pick(g.r, someUsers))))
	}
	return doc(g.n, append(changes, g.rest)...)
}

// rest sets fields that are often missing.
func (g *Generator) rest(ev *errata.Event) {
	ev.ReceivedAt = ev.Timestamp + g.r.Int64N(5e6)
	if g.maybe(0.5) {
		ev.Release, ev.Culprit = fmt.Sprintf("4.%d.0", g.r.IntN(4)), "orders in "+pick(g.r, someFuncs)
	}
	if g.maybe(0.3) {
		ev.Request = &errata.Request{Status: 400 + g.r.IntN(200), Path: "/a/" + pick(g.r, someTags), Method: "GET"}
	}
	if g.maybe(0.3) {
		ev.RequestID, ev.Code = fmt.Sprintf("7B1e-%d", g.r.IntN(5)), fmt.Sprintf("E%d", g.r.IntN(3))
	}
	if g.maybe(0.3) && len(ev.Exceptions) > 0 {
		no := false
		ev.Exceptions[0].Mechanism = &errata.Mechanism{Type: "generic", Handled: &no}
	}
	for i := range ev.Exceptions {
		for range g.r.IntN(3) {
			ev.Exceptions[i].Frames = append(ev.Exceptions[i].Frames, errata.Frame{
				Module:   pick(g.r, []string{"", "github.com/acme/orders"}),
				Function: pick(g.r, someFuncs), File: pick(g.r, someFiles), Line: g.r.IntN(3) * 7,
			})
		}
	}
}

// Query makes a query as people write them.
func (g *Generator) Query() string { return g.query(3) }

func (g *Generator) query(depth int) string {
	if depth == 0 || g.maybe(0.35) {
		return g.leaf()
	}
	kids := make([]string, 1+g.r.IntN(3))
	for i := range kids {
		kids[i] = g.query(depth - 1)
	}
	q := strings.Join(kids, pick(g.r, []string{" ", " OR ", " AND "}))
	if len(kids) > 1 || g.maybe(0.2) {
		q = "(" + q + ")"
	}
	if g.maybe(0.25) {
		q = "NOT " + q
	}
	return q
}

func (g *Generator) leaf() string {
	not := ""
	if g.maybe(0.2) {
		not = "!"
	}
	r := g.r
	switch r.IntN(17) {
	case 0, 1, 2:
		return pick(r, someWords)
	case 3:
		return `"` + pick(r, someWords) + " " + pick(r, someWords) + `"`
	case 4:
		return pick(r, []string{"dead*", "null*", "conn*", "決済*", "über*", "pay*", "time*", "nullpointer*"})
	case 5:
		return not + pick(r, []string{"message", "stack"}) + ":" + pick(r, []string{"deadlock", "*dead*", `"detected retry"`, "reserve.go:7", "main", "null*"})
	case 6:
		return not + "type:" + g.value(someTypes[1:])
	case 7:
		return not + "env:" + g.value(someEnvs)
	case 8:
		return not + "tags[" + pick(r, someTags) + "]:" + g.value(someVals)
	case 9:
		return not + pick(r, []string{
			"os:" + g.value(systems), "ctx.cart.items:2", "ctx.cart.items:1,3", "user:1", "user:a@b.example,2", "request_id:7b1e-1", "code:e1,e2",
			"culprit:*main", "url.path:/a/*", "http.method:get", "mechanism:generic",
		})
	case 10:
		return not + pick(r, []string{"level:error,fatal", "level:info", "handled:false", "handled:true", "event.severity:>=P1", "event.severity:P0,P2", "event.severity:<P2"})
	case 11:
		return not + pick(r, []string{"http.status:>=500", "http.status:404", "http.status:450..520", "http.status:<450", "http.status:500..,404"})
	case 12:
		return not + "timestamp:" + pick(r, []string{"2026-11-10", ">2026-11-12T06:00", "-48h", "<=2026-11-01", "2026-10-25T02:30", "2026-11-05..2026-11-08", "today", "yesterday"})
	case 13:
		return not + "frame:" + pick(r, []string{"(*Store).Reserve", "Reserve", "Service.Place", "*/orders/*", "book.java", "reserve.go", "com.acme.*", "main"})
	case 14:
		return not + pick(r, []string{"has:type", "has:release", "has:tags[region]", "has:user", "has:http.status", "has:stack", "has:message", "has:os", "has:frame", "has:code", `tags[tenant]:""`, `release:""`})
	}
	return not + pick(r, []string{"release:4.1.0", "release:4.*", "service:service-1", "service:service-*", "issue:err-1", "issue:ERR-0,ERR-7", "issue:err-3,err-49", "received:>-72h", "received:2026-11-15"})
}

// value writes one of the values, cut to a wildcard or in a list at times.
func (g *Generator) value(of []string) string {
	v := pick(g.r, of)
	quote := func(s, star string) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `*`, `\*`).Replace(s) + star + `"`
	}
	switch rs := []rune(v); {
	case g.maybe(0.25) && len(rs) > 3:
		return quote(string(rs[:2+g.r.IntN(len(rs)-2)]), "*")
	case g.maybe(0.2):
		return quote(v, "") + "," + quote(pick(g.r, of), "")
	}
	return quote(v, "")
}

// Request makes a search with a random query, scope, range and aggregations.
func (g *Generator) Request() (search.Request, string, error) {
	zone := pick(g.r, []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"})
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return search.Request{}, "", err
	}
	q := g.Query()
	if g.maybe(0.05) {
		q = ""
	}
	x, err := bound(q, loc)
	if err != nil {
		return search.Request{}, q, err
	}
	from := Now.Add(-time.Duration(g.r.Int64N(int64(35 * 24 * time.Hour))))
	r := search.Request{Query: x, From: from, To: from.Add(time.Duration(g.r.Int64N(int64(40 * 24 * time.Hour)))), Size: 1 + g.r.IntN(60), TotalUpTo: pick(g.r, []int{0, 10, 10_000})}
	if g.maybe(0.5) {
		r.From, r.To = Now.AddDate(0, 0, -40), Now.AddDate(0, 0, 1)
	}
	r.Scope = pick(g.r, []search.Scope{{All: true}, {All: true}, {Projects: []string{"1"}}, {Projects: []string{"2", "3"}}, {}})
	for i := range g.r.IntN(3) {
		r.Aggs = append(r.Aggs, g.agg(fmt.Sprintf("agg%d", i), loc))
	}
	return r, q, nil
}

func (g *Generator) agg(name string, loc *time.Location) search.Agg {
	keys := []querylang.Key{key("issue"), key("project"), key("severity"), key("level"), key("env"), key("release"), key("type"), key("user"), key("os"), {Name: "tags", Arg: "region"}}
	keys = append(keys, key(search.HasKey))
	a := search.Agg{
		Name: name, Kind: pick(g.r, []search.AggKind{search.Histogram, search.Terms, search.Terms, search.Terms, search.Cardinality, search.MinTime, search.MaxTime}), Key: pick(g.r, keys),
		Size: g.r.IntN(8), Interval: pick(g.r, []stats.Interval{"30m", "1h", "12h", "1d", "1w"}), Zone: loc,
	}
	if g.maybe(0.2) {
		a.Prefix = pick(g.r, []string{"p", "E", "i", "3", "tags.", "eu-"})
	}
	a.Newest = g.maybe(0.1)
	sub := search.Agg{Name: "sub", Key: pick(g.r, keys), Size: 1 + g.r.IntN(4), Interval: "1d", Zone: loc}
	switch {
	case a.Kind == search.Terms && g.maybe(0.4):
		sub.Kind = pick(g.r, []search.AggKind{search.Histogram, search.Terms, search.Cardinality, search.MinTime, search.MaxTime})
		a.Sub = []search.Agg{sub}
	case a.Kind == search.Histogram && g.maybe(0.4):
		sub.Kind = search.Terms
		a.Sub = []search.Agg{sub}
	}
	return a
}

// Agree stores docs generated from seed in the engine and in the model, asks
// both n random questions, and compares the answers. The engine must be empty.
func Agree(t testing.TB, e search.Engine, docs, n int, seed uint64) {
	t.Helper()
	g, model, ctx := NewGenerator(seed), NewModel(), context.Background()
	for left := docs; left > 0; left -= 500 {
		batch := make([]search.Doc, min(left, 500))
		for i := range batch {
			batch[i] = g.Doc()
		}
		for _, into := range []search.Engine{e, model} {
			results, err := into.Index(ctx, batch)
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range results {
				if r.Status != search.Created {
					t.Fatalf("seed %d: event %s was not taken: %+v", seed, batch[i].EventID, r)
				}
			}
		}
	}
	if err := e.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	asked, found := 0, int64(0)
	for range n {
		r, q, err := g.Request()
		if err != nil {
			t.Fatalf("seed %d: generated a query that is none: %s: %v", seed, q, err)
		}
		asked++
		found += agreeOn(t, e, model, r, q, seed)
		if asked%4 == 0 {
			scanAgrees(t, e, model, r, q, seed)
		}
	}
	t.Logf("seed %d: %d questions over %d events, %d hits compared", seed, asked, docs, found)
}

// scanAgrees compares what a scan gives for the question of a search.
func scanAgrees(t testing.TB, e search.Engine, m *Model, r search.Request, q string, seed uint64) {
	t.Helper()
	s := search.ScanRequest{Scope: r.Scope, Query: r.Query, From: r.From, To: r.To}
	got, err := scanned(e, s)
	want, err2 := scanned(m, s)
	if err != nil || err2 != nil || !slices.Equal(want, got) {
		t.Errorf("seed %d: scan of %s: %d events (%v), want %d (%v)", seed, q, len(got), err, len(want), err2)
	}
}

// agreeOn compares one answer and up to three pages after it.
func agreeOn(t testing.TB, e search.Engine, m *Model, r search.Request, q string, seed uint64) (hits int64) {
	t.Helper()
	ctx := context.Background()
	for range 4 {
		got, err := e.Search(ctx, r)
		want, err2 := m.Search(ctx, r)
		if err != nil || err2 != nil {
			t.Errorf("seed %d: %s: engine %v, model %v", seed, q, err, err2)
			return hits
		}
		if diff := compare(want, got, e.Caps()); diff != "" {
			t.Errorf("seed %d: %s\n[%v, %v) %+v: answers differ (-model +engine):\n%s", seed, q, r.From, r.To, r.Scope, diff)
			return hits
		}
		hits += int64(len(got.Hits))
		if r.After = got.Next; r.After == "" {
			break
		}
	}
	return hits
}
