package querylang

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"errata/internal/errata"
)

// typicalEvent is an event of about 4 KB: twenty frames without source lines, a
// request, eight tags and six contexts.
func typicalEvent() *errata.Event {
	handled := false
	ev := &errata.Event{
		ID: "4c79f60c11214eb38604f4ae0781bfb2", ProjectID: "42", Timestamp: 1795176000000000, ReceivedAt: 1795176000400000,
		Level: errata.LevelError, Severity: errata.P1, Platform: "python", Logger: "checkout.orders",
		Message:         "could not reserve stock for order 8812: deadlock detected while waiting for ShareLock on transaction 771",
		MessageTemplate: "could not reserve stock for order %d: %s",
		Transaction:     "POST /api/v1/orders/{id}/reserve", Culprit: "checkout.orders.store.StockStore.reserve",
		Code: "40P01", Release: "checkout-api@4.13.0+8812ab", Environment: "production", Host: "checkout-api-7c5bd6fd8-x2x7v",
		User:      &errata.User{ID: "8812", Hash: "9f2c51d0ab34e877", Terms: []string{"9f2c51d0ab34e877", "1f2c51d0ab34e877"}},
		ClientIP:  "203.0.113.0",
		Request:   &errata.Request{Method: "POST", URL: "https://shop.example/api/v1/orders/8812/reserve", Path: "/api/v1/orders/8812/reserve", Domain: "shop.example", Status: 500},
		Trace:     &errata.Trace{TraceID: "771a43a4192642f0b136d5159a501700", SpanID: "b0e6f15b45c36b12"},
		RequestID: "7B1e-9af0-11", SDK: &errata.SDK{Name: "sentry.python.django", Version: "2.19.0"},
	}
	var frames []errata.Frame
	for i := range 20 {
		module := fmt.Sprintf("checkout.orders.%s.handlers", []string{"store", "api", "middleware", "queue"}[i%4])
		frames = append(frames, errata.Frame{
			Module: module, Function: fmt.Sprintf("StockStore%d.reserveItems", i%7),
			File: strings.ReplaceAll(module, ".", "/") + fmt.Sprintf("_%d.py", i%9), Line: 40 + i*13,
		})
	}
	ev.Exceptions = []errata.Exception{
		{Type: "DeadlockDetected", Value: "deadlock detected: Process 811 waits for ShareLock on transaction 771; blocked by process 812.", Module: "psycopg.errors"},
		{
			Type: "OrderReservationError", Value: "could not reserve stock for order 8812", Module: "checkout.errors", Frames: frames,
			Mechanism: &errata.Mechanism{Type: "django", Handled: &handled},
		},
	}
	for i := range 8 {
		ev.Tags = append(ev.Tags, errata.Pair{Key: []string{"region", "tenant", "plan", "feature.flag", "az", "Pod", "shard", "canary"}[i], Value: fmt.Sprintf("Value-%d", i)})
	}
	for _, c := range []string{"os", "browser", "device", "runtime", "app", "cart"} {
		ev.Contexts = append(ev.Contexts, errata.Member{Key: c, Value: json.RawMessage(
			fmt.Sprintf(`{"name":"%s","version":"3.12.%d","build":"abc","items":%d,"nested":{"kernel_version":"6.1.0-18-amd64"}}`, strings.ToUpper(c), len(c), len(c)))})
	}
	ev.Extra = errata.Object{{Key: "attempt", Value: json.RawMessage("3")}, {Key: "sys.argv", Value: json.RawMessage(`["manage.py","runserver"]`)}}
	return ev
}

func BenchmarkNewRecord(b *testing.B) {
	ev, m := typicalEvent(), Meta{Service: "checkout-api", Issue: "01931c8e-7f3a-7000-8000-000000000001", Title: "OrderReservationError: could not reserve stock"}
	r := NewRecord(ev, m)
	b.ReportMetric(float64(len(r.Terms)), "terms")
	b.ReportMetric(float64(len(r.Words[StreamStack])), "stackbytes")
	b.ReportAllocs()
	for b.Loop() {
		NewRecord(ev, m)
	}
}

func BenchmarkWords(b *testing.B) {
	ev := typicalEvent()
	b.ReportAllocs()
	for b.Loop() {
		bl := builders.Get().(*builder)
		cut := false
		_ = bl.stackWords(ev, &cut)
		builders.Put(bl)
	}
}

func BenchmarkMatch(b *testing.B) {
	r := NewRecord(typicalEvent(), Meta{Service: "checkout-api"})
	for _, q := range []string{
		"env:production", "level:fatal,error env:production !release:4.12*", "deadlock", `"deadlock detected" OR timeout`,
		"tags[region]:value-0 type:Order* http.status:>=500", "has:tags[canary] !has:first_release", "frame:*/handlers_3.py",
	} {
		x, _, err := Parse(q)
		if err != nil {
			b.Fatal(err)
		}
		if x, err = Bind(x, Env{Now: testNow}); err != nil {
			b.Fatal(err)
		}
		b.Run(q, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Match(x, &r)
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for name, q := range map[string]string{
		"usual":  `is:open release:4.13.0 (os:iOS OR "deadlock detected") !level:info,debug timestamp:>=-24h`,
		"parens": strings.Repeat("a:(", 1365),
		"quotes": strings.Repeat(`"a" `, 1024),
		"list":   "type:" + strings.Repeat("a1,b2,", 90) + "c",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = Parse(q)
			}
		})
	}
}
