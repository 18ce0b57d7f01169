package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// generator makes realistic Sentry events of about 4 KB: a Python web service
// with a chained exception, frames with source, breadcrumbs, request and tags.
// Issues follow a Zipf law, so that few are loud and many are rare.
type generator struct {
	rnd    *rand.Rand
	zipf   *rand.Zipf
	dsnKey string
}

func newGenerator(seed uint64, issues int) *generator {
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // reproducible, not secret
	return &generator{rnd: r, zipf: rand.NewZipf(r, 1.2, 4, uint64(issues-1))}
}

// event is one request body with its id and the number of its issue.
type event struct {
	id    string
	issue int
	body  []byte
}

func (g *generator) id() string { return fmt.Sprintf("%016x%016x", g.rnd.Uint64(), g.rnd.Uint64()) }

type object = map[string]any

func (g *generator) next(now time.Time) event {
	e := event{id: g.id(), issue: int(g.zipf.Uint64())}
	payload := object{
		"event_id": e.id, "timestamp": now.UTC().Format(time.RFC3339Nano), "platform": "python",
		"level": "error", "release": fmt.Sprintf("shop@4.%d.0", g.rnd.IntN(6)), "environment": g.environment(),
		"server_name": fmt.Sprintf("web-%02d", g.rnd.IntN(12)), "transaction": "/orders/{id}/pay",
		"exception":   object{"values": []object{g.exception("KeyError", e.issue, 4), g.exception("OrderError", e.issue, 10)}},
		"breadcrumbs": object{"values": g.breadcrumbs(now)},
		"request": object{"method": "POST", "url": fmt.Sprintf("https://shop.example/orders/%d/pay", g.rnd.IntN(1e6)),
			"headers": object{"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "Accept": "application/json",
				"X-Request-Id": g.id()}},
		"user":     object{"id": fmt.Sprint(g.rnd.IntN(50_000)), "email": fmt.Sprintf("user%d@example.com", g.rnd.IntN(50_000))},
		"tags":     object{"region": []string{"eu-north-1", "us-east-1", "ap-south-1"}[g.rnd.IntN(3)], "payment": "card"},
		"contexts": object{"runtime": object{"name": "CPython", "version": "3.12.4"}, "trace": object{"trace_id": g.id(), "span_id": g.id()[:16]}},
		"sdk":      object{"name": "sentry.python", "version": "2.68.1"},
	}
	body, _ := json.Marshal(payload)
	e.body = envelope(e.id, body)
	return e
}

func (g *generator) environment() string {
	if g.rnd.IntN(10) == 0 {
		return "staging"
	}
	return "production"
}

func (g *generator) exception(typ string, issue, frames int) object {
	list := make([]object, frames)
	for i := range list {
		list[i] = object{"filename": fmt.Sprintf("shop/module_%d.py", i), "abs_path": fmt.Sprintf("/srv/app/shop/module_%d.py", i),
			"module": fmt.Sprintf("shop.module_%d", i), "function": fmt.Sprintf("handle_%d_%d", issue, i), "lineno": 20 + g.rnd.IntN(300),
			"context_line": fmt.Sprintf("    result = self.handler_%d.process(order, retry=%d)", i, i),
			"in_app":       i%3 != 0}
	}
	last := list[frames-1]
	last["pre_context"] = []string{"def pay(order, card):", "    order.lock()", "    total = order.total()"}
	last["post_context"] = []string{"    if not result.ok:", "        raise OrderError(result.reason)", "    return result"}
	last["vars"] = object{"order": fmt.Sprintf("<Order %d>", g.rnd.IntN(1e6)), "total": "129.90", "retry": "0"}
	return object{"type": typ, "module": "shop.errors", "value": fmt.Sprintf("order %d refused by gateway %d", g.rnd.IntN(1e6), issue%7),
		"stacktrace": object{"frames": list}, "mechanism": object{"type": "django", "handled": false}}
}

func (g *generator) breadcrumbs(now time.Time) []object {
	out := make([]object, 6)
	for i := range out {
		out[i] = object{"timestamp": now.Add(time.Duration(i-6) * time.Second).Format(time.RFC3339Nano), "category": "query",
			"message": fmt.Sprintf("SELECT * FROM orders WHERE id = %d FOR UPDATE", g.rnd.IntN(1e6)), "level": "info"}
	}
	return out
}

func envelope(id string, payload []byte) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "{\"event_id\":%q,\"sent_at\":%q}\n{\"type\":\"event\",\"length\":%d}\n", id, time.Now().UTC().Format(time.RFC3339Nano), len(payload))
	b.Write(payload)
	b.WriteByte('\n')
	return []byte(b.String())
}
