package searchtest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

var (
	domains = strings.Fields("payment checkout cart inventory shipping catalog search user auth session billing invoice refund email gateway ledger fraud pricing promo review order warehouse vendor report export media chat profile webhook audit")
	errorsA = strings.Fields("Conn Connection Timeout Validation Null Index Key Type Auth Permission RateLimit Database Query Deadlock Parse Decode Network Http Payment Config State Memory Disk")
	errorsB = strings.Fields("Error Exception Refused Reset Failure Exceeded NotFound Invalid")
	verbs   = strings.Fields("process handle load save fetch validate render publish consume commit resolve dispatch encode decode retry flush")
	nouns   = strings.Fields("Order Payment User Session Cart Item Invoice Token Message Batch Request Response Row Page Cache Lock Queue Stream Job Record")
	texts   = []string{
		"timeout after %d ms calling %s gateway for order %d", "connection refused: dial tcp 10.2.3.17:5432 while loading %[2]s %[1]d (%[3]d)",
		"failed to %[2]s record %[1]d: duplicate key value violates unique constraint id=%[3]d", "deadlock detected while updating %[2]s row %[1]d by transaction %[3]d",
		"payment %[3]d declined by processor: timeout waiting for %[2]s authorization (attempt %[1]d)", "rate limit exceeded: %d requests per minute for %s key %d",
		"schema mismatch: expected version %d for %s message %d", "token expired %d seconds ago for %s client %d",
	}
	browsers = strings.Fields("Chrome Firefox Safari Edge Opera")
	systems  = strings.Fields("Linux Windows macOS iOS Android")
	regions  = strings.Fields("eu-west-1 eu-central-1 us-east-1 us-west-2 ap-south-1")
)

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// Load makes events like those of a busy company: 4 KB of payload, 20 frames,
// 5,000 issues and 100,000 users of uneven frequency. The same seed gives the
// same events.
type Load struct {
	r      *rand.Rand
	issues []kind
	issue  *rand.Zipf
	user   *rand.Zipf
	n      int
}

// kind is what the events of one issue have in common.
type kind struct {
	service, typ, culprit, text string
	level                       errata.Level
	frames                      []errata.Frame
}

// NewLoad returns a generator.
func NewLoad(seed uint64) *Load {
	r := rand.New(rand.NewPCG(seed, 1))
	l := &Load{r: r, issue: rand.NewZipf(r, 1.08, 8, 4999), user: rand.NewZipf(r, 1.05, 60, 99_999)}
	for range 5000 {
		k := kind{service: pick(r, domains), typ: pick(r, errorsA) + pick(r, errorsB), text: pick(r, texts), level: pick(r, errata.Levels[:4])}
		for i := range 20 {
			d, yes := pick(r, domains), i >= 8
			f := errata.Frame{
				Function: pick(r, verbs) + pick(r, nouns), Module: "github.com/acme/" + d + "/internal/" + strings.ToLower(pick(r, nouns)),
				File: d + "/internal/" + strings.ToLower(pick(r, nouns)) + "/" + pick(r, verbs) + ".go", Line: 10 + r.IntN(900), InApp: &yes,
			}
			if i > 16 {
				f.ContextLine = "if err := " + f.Function + "(ctx, " + pick(r, nouns) + "); err != nil {"
			}
			k.frames = append(k.frames, f)
		}
		k.culprit = k.frames[19].Module + " in " + k.frames[19].Function
		l.issues = append(l.issues, k)
	}
	return l
}

// Next returns an event that happened at the given time.
func (l *Load) Next(at time.Time) search.Doc {
	r, k := l.r, l.issue.Uint64()
	is := &l.issues[k]
	l.n++
	us := at.UnixMicro()
	user := fmt.Sprintf("%016x", l.user.Uint64()*0x9E3779B97F4A7C15)
	ev := errata.Event{
		ID: fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()), ProjectID: fmt.Sprint(1 + len(is.service)%8), Timestamp: us, ReceivedAt: us + 1500,
		Source: errata.SourceSentry, Level: is.level, Severity: errata.Severity(k % 4), Class: 30, Platform: "go", Logger: is.service,
		Exceptions:  []errata.Exception{{Type: is.typ, Value: fmt.Sprintf(is.text, r.IntN(30000), is.service, r.IntN(9999999)), Frames: is.frames}},
		Transaction: "POST /api/v2/" + is.service, Culprit: is.culprit, Environment: pick(r, []string{"production", "production", "production", "staging", "development"}),
		Release: fmt.Sprintf("2.%d.%d", 10+at.YearDay()/10, r.IntN(3)), Host: fmt.Sprintf("node-%03d.internal", r.IntN(120)),
		User:    &errata.User{ID: user[:6], Hash: user, Terms: []string{user}},
		Trace:   &errata.Trace{TraceID: fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()), SpanID: fmt.Sprintf("%016x", r.Uint64())},
		Request: &errata.Request{Method: "POST", URL: fmt.Sprintf("https://shop.example/api/v2/%s/%d?page=%d", is.service, r.IntN(1e6), r.IntN(40)), Path: "/api/v2/" + is.service, Domain: "shop.example", Status: 500 + r.IntN(5)},
		Tags:    []errata.Pair{{Key: "region", Value: pick(r, regions)}, {Key: "tenant", Value: fmt.Sprintf("t%04d", r.IntN(2000))}, {Key: "feature", Value: fmt.Sprintf("flag-%02d", r.IntN(60))}},
		Contexts: errata.Object{
			{Key: "os", Value: json.RawMessage(`{"name":"` + pick(r, systems) + `","version":"17.2"}`)},
			{Key: "browser", Value: json.RawMessage(fmt.Sprintf(`{"name":"%s","version":"%d.0"}`, pick(r, browsers), 90+r.IntN(40)))},
		},
	}
	payload, err := json.Marshal(ev)
	if err != nil {
		panic(err) // the values above are all plain
	}
	rec := querylang.NewRecord(&ev, querylang.Meta{Service: is.service, Issue: fmt.Sprintf("019a%04x-0000-7000-8000-%012x", k, k), Title: is.typ + ": " + ev.Exceptions[0].Value})
	return search.Doc{Record: rec, Class: 30, Payload: payload}
}
