// Package querygen makes random events and queries about them, for tests that
// compare one way of answering with another. The same generator makes both from
// one small vocabulary, so that most queries have hits and misses.
package querygen

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
)

// Gen makes events and queries; equal seeds of R give equal results. Now is the
// time of the questions, events lie in the Days before it.
type Gen struct {
	R    *rand.Rand
	Now  time.Time
	Zone *time.Location
	Days int
}

// New returns a generator over the week before 2026-11-20T12:00Z, asked in Berlin.
func New(seed uint64) *Gen {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		zone = time.UTC
	}
	return &Gen{
		R: rand.New(rand.NewPCG(seed, 7)), Zone: zone, Days: 7, //nolint:gosec // repeatable, not secret
		Now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
	}
}

// Secret is the key of user hashes in events and in Env.
var Secret = []byte("querygen")

// Services are the slugs of Service; their project ids are "1", "2" and so on.
var Services = []string{"checkout-api", "payments", "web"}

// Issues is how many issues each service has.
const Issues = 5

// IssueID returns the internal id behind the short id "SVC<service>-<n>".
func IssueID(service, n int) string {
	return fmt.Sprintf("01931c8e-7f3a-7000-8000-%06d%06d", service, n)
}

// Env binds the queries of the generator.
func (g *Gen) Env() querylang.Env {
	env := querylang.Env{Now: g.Now, Zone: g.Zone, UserSecret: Secret, Services: map[string]bool{}, Issues: map[string][]string{}}
	for s, slug := range Services {
		env.Services[slug] = true
		for n := range Issues {
			env.Issues[fmt.Sprintf("SVC%d-%d", s, n)] = []string{IssueID(s, n)}
		}
	}
	env.Issues["SVC0-0"] = append(env.Issues["SVC0-0"], IssueID(0, 1)) // merged into it
	return env
}

var (
	words = []string{
		"deadlock", "detected", "payment", "timeout", "ledger", "refused", "NullPointerException",
		"order_id=991", "iOS", "HTTPServer", "x86_64", "don't", "Überlauf", "ÄÖÜbel", "決済エラー", "ошибка", "€", "5",
		"getURLForID2Now", "nullpointerexception", "retry", "conn:reset", "a.b.Err:", "http://shop.example/cart?id=7",
		`back\slash`, "main()", "10%", "naïve", "naïve",
	}
	types    = []string{"pgconn.PgError", "TimeoutException", "java.lang.NullPointerException", "ConnError", "Öl*Fehler", "ÄRGER", "Type[int]", "a,b"}
	releases = []string{"4.13.0", "4.12.1", "4.13.0-rc.1", "shop@4.13.0+77", "latest", "1..2", ">=4"}
	envs     = []string{"production", "Production", "staging", "qa"}
	regions  = []string{"eu-north-1", "EU-North-1", "us east", "a=b.c", `say "hi"`, "(x", "5*", "[z]", "?", "~"}
	systems  = []string{"iOS", "Android", "Windows", "ios "}
	browsers = []string{"Chrome", "Chrome 126", "Firefox"}
	modules  = []string{"github.com/acme/orders", "com.acme.pay.Client", "shop.views"}
	funcs    = []string{"(*Store).Reserve", "(*Service).Place", "call", "Map[go.shape.int].Do", "<lambda>"}
	files    = []string{"internal/orders/reserve.go", "Client.java", `C:\app\views.py`, "/srv/app/views.py"}
	people   = []string{"42", "ada@example.org", "Ada", "2001:DB8::1", "~9f2c51d0ab34e877"}
	ids      = []string{"7B1e-9", "ffee", "req*1"}
)

func pick[T any](g *Gen, from []T) T { return from[g.R.IntN(len(from))] }

// chance is true in one of n cases.
func (g *Gen) chance(n int) bool { return g.R.IntN(n) == 0 }

// maybe returns one of the texts, or "" in one of three cases.
func (g *Gen) maybe(from []string) string {
	if g.chance(3) {
		return ""
	}
	return pick(g, from)
}

func (g *Gen) sentence() string {
	n := 1 + g.R.IntN(6)
	out := make([]string, n)
	for i := range out {
		out[i] = pick(g, words)
	}
	return strings.Join(out, " ")
}

// Event returns a random event as it is after redaction, and its place.
func (g *Gen) Event() (*errata.Event, querylang.Meta) {
	s, n := g.R.IntN(len(Services)), min(g.R.IntN(Issues), g.R.IntN(Issues))
	at := g.moment()
	ev := &errata.Event{
		ID: fmt.Sprintf("%016x%016x", g.R.Uint64(), g.R.Uint64()), ProjectID: strconv.Itoa(s + 1),
		Timestamp: at, ReceivedAt: at + int64(g.R.IntN(5_000_000)), Source: errata.SourceSentry,
		Level: pick(g, errata.Levels), Severity: pick(g, errata.Severities), Class: 30,
		Environment: pick(g, envs), Release: g.maybe(releases), Message: g.maybe([]string{g.sentence()}),
		Culprit: g.maybe(funcs), Code: g.maybe(ids), RequestID: g.maybe(ids), Host: g.maybe(ids), Platform: g.maybe(systems),
	}
	g.exceptions(ev)
	g.surroundings(ev)
	return ev, querylang.Meta{Service: Services[s], Issue: IssueID(s, n), Title: ev.Type()}
}

// moment is in the range, often at the edge of a local day or of an hour.
func (g *Gen) moment() int64 {
	span := int64(g.Days) * 24 * 3600
	at := g.Now.Unix() - g.R.Int64N(span)
	switch g.R.IntN(4) {
	case 0:
		y, m, d := time.Unix(at, 0).In(g.Zone).Date()
		at = time.Date(y, m, d, 0, 0, 0, 0, g.Zone).Unix() - g.R.Int64N(2)
	case 1:
		at -= at % 3600
	}
	return at*1_000_000 + g.R.Int64N(2)*g.R.Int64N(1_000_000)
}

func (g *Gen) exceptions(ev *errata.Event) {
	for range g.R.IntN(3) {
		x := errata.Exception{Type: g.maybe(types), Value: g.maybe([]string{g.sentence()})}
		for range g.R.IntN(4) {
			x.Frames = append(x.Frames, errata.Frame{
				Module: g.maybe(modules), Function: g.maybe(funcs),
				File: g.maybe(files), Line: g.R.IntN(200),
			})
		}
		if g.chance(2) {
			handled := g.chance(2)
			x.Mechanism = &errata.Mechanism{Type: "generic", Handled: &handled}
		}
		ev.Exceptions = append(ev.Exceptions, x)
	}
}

func (g *Gen) surroundings(ev *errata.Event) {
	if g.chance(2) {
		ev.Request = &errata.Request{
			Method: "POST", Path: "/cart/7", Domain: "shop.example",
			Status: pick(g, []int{0, 200, 404, 500, 504, 599}),
		}
	}
	for _, k := range []string{"region", "browser", "plan"} {
		if g.chance(2) {
			ev.Tags = append(ev.Tags, errata.Pair{Key: k, Value: pick(g, regions)})
		}
	}
	if g.chance(2) {
		ev.Contexts = append(ev.Contexts, g.context("os", "name", pick(g, systems)), g.context("browser", "name", pick(g, browsers)))
	}
	if g.chance(2) {
		ev.Contexts = append(ev.Contexts, errata.Member{
			Key:   "cart",
			Value: json.RawMessage(fmt.Sprintf(`{"items":%d,"list":["A","b",null,true]}`, g.R.IntN(4)*10+3)),
		})
	}
	if g.chance(2) {
		who := pick(g, people)
		h := querylang.UserHash(Secret, who)
		ev.User = &errata.User{ID: who, Hash: h, Terms: []string{h}}
	}
}

func (g *Gen) context(name, key, value string) errata.Member {
	b, err := json.Marshal(map[string]string{key: value, "version": "17." + strconv.Itoa(g.R.IntN(3))})
	if err != nil {
		panic(err) // a map of strings always encodes
	}
	return errata.Member{Key: name, Value: b}
}
