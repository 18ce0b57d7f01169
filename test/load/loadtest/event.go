package loadtest

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// distinctUsers is how many users the events speak of.
const distinctUsers = 50_000

// environments and releases of the events; releases differ in one digit.
var environments = []string{"production", "staging"}

const releases = 6

func releaseName(n int) string { return fmt.Sprintf("shop@4.%d.0", n) }

// What changes from event to event is marked in the template by a run of one of
// these characters and filled in place, so that making an event costs the
// machine under test next to nothing.
const (
	markID      = '%' // the event id
	markHex     = '~' // random hex digits
	markDigits  = '^' // a random number without leading zero
	markUser    = '$' // the number of the user
	markRelease = '#' // the digit of the release
	markRegion  = '*' // a region
	markNow     = '`' // the time of sending
	markPast    = '|' // a little earlier
)

const timeLayout = "2006-01-02T15:04:05.000000Z"

var regions = []string{"eu-north-1", "ap-south-1", "sa-south-1"}

type hole struct {
	at, width int
	mark      byte
}

// template is an envelope with holes.
type template struct {
	text  []byte
	holes []hole
}

// Templates are the envelopes of every issue in every environment.
type Templates struct{ all [][]template }

// NewTemplates makes realistic Sentry envelopes of about 4 KB: a Python web
// service with a chained exception, frames with source, breadcrumbs, request
// and tags.
func NewTemplates(issues int) *Templates {
	t := &Templates{}
	for i := range issues {
		var each []template
		for _, env := range environments {
			each = append(each, newTemplate(i, env))
		}
		t.all = append(t.all, each)
	}
	return t
}

type object = map[string]any

func run(mark byte, n int) string { return strings.Repeat(string(rune(mark)), n) }

func newTemplate(issue int, environment string) template {
	id, now := run(markID, 32), run(markNow, len(timeLayout))
	payload, err := json.Marshal(object{
		"event_id": id, "timestamp": now, "platform": "python", "level": "error",
		"release": "shop@4." + string(markRelease) + ".0", "environment": environment,
		"server_name": "web-" + run(markDigits, 2), "transaction": "/orders/{id}/pay",
		"exception":   object{"values": []object{exception("KeyError", issue, 4), exception("OrderError", issue, 10)}},
		"breadcrumbs": object{"values": breadcrumbs()},
		"request": object{
			"method": "POST", "url": "https://shop.example/orders/" + run(markDigits, 6) + "/pay",
			"headers": object{
				"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "Accept": "application/json",
				"X-Request-Id": run(markHex, 32),
			},
		},
		"user":     object{"id": run(markUser, 5), "email": "user" + run(markUser, 5) + "@example.com"},
		"tags":     object{"region": run(markRegion, len(regions[0])), "payment": "card"},
		"contexts": object{"runtime": object{"name": "CPython", "version": "3.12.4"}, "trace": object{"trace_id": run(markHex, 32), "span_id": run(markHex, 16)}},
		"sdk":      object{"name": "sentry.python", "version": "2.68.1"},
	})
	if err != nil {
		panic(err) // plain maps and texts
	}
	return punch(fmt.Appendf(nil, "{\"event_id\":%q,\"sent_at\":%q}\n{\"type\":\"event\",\"length\":%d}\n%s\n", id, now, len(payload), payload))
}

func exception(kind string, issue, frames int) object {
	list := make([]object, frames)
	for i := range list {
		list[i] = object{
			"filename": fmt.Sprintf("shop/module_%d.py", i), "abs_path": fmt.Sprintf("/srv/app/shop/module_%d.py", i),
			"module": fmt.Sprintf("shop.module_%d", i), "function": fmt.Sprintf("handle_%d_%d", issue, i), "lineno": 20 + (issue*31+i*7)%300,
			"context_line": fmt.Sprintf("    result = self.handler_%d.process(order, retry=%d)", i, i), "in_app": i%3 != 0,
		}
	}
	last := list[frames-1]
	last["pre_context"] = []string{"def pay(order, card):", "    order.lock()", "    total = order.total()"}
	last["post_context"] = []string{"    if not result.ok:", "        raise OrderError(result.reason)", "    return result"}
	last["vars"] = object{"order": "<Order " + run(markDigits, 6) + ">", "total": "129.90", "retry": "0"}
	return object{
		"type": kind, "module": "shop.errors", "value": fmt.Sprintf("order %s refused by gateway %d", run(markDigits, 6), issue%7),
		"stacktrace": object{"frames": list}, "mechanism": object{"type": "django", "handled": false},
	}
}

func breadcrumbs() []object {
	out := make([]object, 6)
	for i := range out {
		out[i] = object{
			"timestamp": run(markPast, len(timeLayout)), "category": "query", "level": "info",
			"message": "SELECT id, total FROM orders WHERE id = " + run(markDigits, 6) + " FOR UPDATE",
		}
	}
	return out
}

// punch finds the holes.
func punch(text []byte) template {
	t := template{text: text}
	for i := 0; i < len(text); i++ {
		if !strings.ContainsRune("%~^$#*`|", rune(text[i])) {
			continue
		}
		h := hole{at: i, mark: text[i]}
		for i < len(text) && text[i] == h.mark {
			i++
		}
		h.width = i - h.at
		t.holes = append(t.holes, h)
	}
	return t
}

// generator draws events. Issues follow a Zipf law: few are loud, many rare.
// It belongs to one goroutine.
type generator struct {
	templates *Templates
	rnd       *rand.Rand
	zipf      *rand.Zipf
}

func newGenerator(t *Templates, seed uint64) *generator {
	r := rand.New(rand.NewPCG(seed, 1))
	return &generator{templates: t, rnd: r, zipf: rand.NewZipf(r, 1.2, 4, uint64(len(t.all)-1))}
}

// next fills a new event into body, which it returns with what it says.
func (g *generator) next(body []byte, now time.Time) ([]byte, record) {
	r := record{issue: int32(g.zipf.Uint64()), user: int32(g.rnd.IntN(distinctUsers)), release: uint8(g.rnd.IntN(releases))}
	if g.rnd.IntN(10) == 0 {
		r.environment = 1
	}
	t := &g.templates.all[r.issue][r.environment]
	body = append(body[:0], t.text...)
	var id [32]byte
	g.hex(id[:])
	r.id = string(id[:])
	times := now.UTC().AppendFormat(nil, timeLayout)
	past := now.UTC().Add(-time.Second).AppendFormat(nil, timeLayout)
	for _, h := range t.holes {
		g.fill(body[h.at:h.at+h.width], h.mark, &r, times, past)
	}
	return body, r
}

func (g *generator) fill(to []byte, mark byte, r *record, now, past []byte) {
	switch mark {
	case markID:
		copy(to, r.id)
	case markHex:
		g.hex(to)
	case markDigits:
		g.digits(to)
	case markUser:
		number(to, int(r.user)+10_000)
	case markRelease:
		to[0] = '0' + r.release
	case markRegion:
		copy(to, regions[g.rnd.IntN(len(regions))])
	case markNow:
		copy(to, now)
	case markPast:
		copy(to, past)
	}
}

func (g *generator) hex(to []byte) {
	var raw [8]byte
	for len(to) > 0 {
		v := g.rnd.Uint64()
		for i := range raw {
			raw[i] = byte(v >> (8 * i))
		}
		n := min(len(to), 16)
		hex.Encode(to[:n], raw[:n/2])
		to = to[n:]
	}
}

func (g *generator) digits(to []byte) {
	low := 1
	for range len(to) - 1 {
		low *= 10
	}
	number(to, low+g.rnd.IntN(9*low))
}

func number(to []byte, n int) {
	for i := len(to) - 1; i >= 0; i-- {
		to[i] = byte('0' + n%10)
		n /= 10
	}
}
