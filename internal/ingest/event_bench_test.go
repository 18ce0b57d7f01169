//go:build unix

package ingest_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/grouping"
	"errata/internal/normalize"
	"errata/internal/querylang"
	"errata/internal/queue"
	"errata/internal/redact"
)

// payload is one captured event of testdata/payloads.
type payload struct {
	name string
	raw  []byte
}

func payloads(tb testing.TB) (all []payload, bytes int) {
	tb.Helper()
	files, err := filepath.Glob("testdata/payloads/*.json")
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, payload{strings.TrimSuffix(filepath.Base(f), ".json"), raw})
		bytes += len(raw)
	}
	return all, bytes
}

// door is what an event meets between socket and queue, for one project.
type door struct {
	in       normalize.Input
	secret   []byte
	redactor *redact.Redactor
}

func newDoor() door {
	p := errata.Project{ID: "42", Slug: "shop"}
	return door{
		in: normalize.Input{
			Project: p, KeyKind: errata.KeyServer, Received: time.Date(2026, 11, 21, 16, 0, 0, 0, time.UTC),
			FreshID: "00000000000000000000000000000f00", ClientIP: "203.0.113.9",
		},
		secret:   []byte("0123456789abcdef0123456789abcdef"),
		redactor: redact.New(p.Settings),
	}
}

func (d door) event(tb testing.TB, raw []byte) *errata.Event {
	ev, err := normalize.Sentry(raw, d.in)
	if err != nil {
		tb.Fatal(err)
	}
	normalize.UserTerms(ev, d.secret, d.in.ClientIP)
	d.redactor.Event(ev)
	normalize.Derive(ev, d.in.Project, d.in.KeyKind)
	return ev
}

func (d door) accept(tb testing.TB, raw []byte) (*errata.Event, []byte) {
	ev := d.event(tb, raw)
	b, err := normalize.Encode(ev)
	if err != nil {
		tb.Fatal(err)
	}
	return ev, b
}

// count is what the worker computes of an event besides SQL and engine.
func (d door) count(ev *errata.Event) {
	grouping.Fingerprint(ev, d.in.Project)
	grouping.Score(ev)
	querylang.NewRecord(ev, querylang.Meta{Service: d.in.Project.Slug, Issue: "i", Title: grouping.Title(ev)})
}

func TestPayloads(t *testing.T) {
	type seen struct {
		Kind           grouping.Kind
		Title, Culprit string
		InApp, Frames  int // of the main stack
	}
	want := map[string]seen{
		"01-go-error-with-causes":     {"stack", "*cart.ErrPayment: payment of order A-5521 failed: charge card: dial tcp [ip]:443: context deadline exceeded", "main.chained", 2, 2},
		"02-go-http-panic":            {"stack", "runtime.errorString: runtime error: invalid memory address or nil pointer dereference", "shop/cart.(*Cart).Total", 4, 7},
		"03-go-message":               {"thread", "mail queue is 1843 messages long, oldest waits 12m30s", "main.message", 2, 2},
		"04-go-string-panic":          {"thread", "invalid shard 9 of 8", "main.func2", 3, 3},
		"05-node-error-with-cause":    {"stack", "PricingError: no price for basket 8812", "pricing.quote", 2, 3},
		"06-node-express-unhandled":   {"stack", "TypeError: Cannot read properties of undefined (reading 'length')", "server", 1, 10},
		"07-node-aggregate-error":     {"stack", "AggregateError: All promises were rejected", "", 0, 0},
		"08-node-message":             {"thread", "reindex of 4711 products took 93s", "server", 2, 7},
		"09-node-unhandled-rejection": {"stack", "TypeError: Cannot read properties of undefined (reading 'sku')", "server.Server", 1, 2},
		"10-python-flask-unhandled":   {"stack", "PaymentError: order 991 has no valid amount", "shop.checkout.pay", 2, 6},
		"11-python-logging":           {"message", "invoice 5512 of [email] could not be sent: mailbox full", "", 0, 0},
		"12-python-exception-group":   {"stack", "ExceptionGroup: unhandled errors in a TaskGroup", "__main__.group", 2, 2},
		"13-python-thread":            {"stack", "RuntimeError: job 88 ran out of retries", "__main__.worker", 1, 2},
		"14-python1-excepthook":       {"stack", "PaymentError: order 2 has no valid amount", "shop.checkout.pay", 4, 4},
		"15-java-error-with-cause":    {"stack", "App$CheckoutException: order A-77 cannot be priced", "com.acme.shop.App.checkout", 2, 2},
		"16-java-uncaught":            {"stack", "App$CheckoutException: order A-78 cannot be priced", "com.acme.shop.App.checkout", 2, 3},
		"17-java-message":             {"thread", "stock of B2 is negative: -3", "com.acme.shop.App.main", 1, 2},
		"18-ruby-message":             {"thread", "nightly export took 3h12m", "block in <main> (checkout.rb)", 2, 6},
		"19-ruby-rescued":             {"stack", "PaymentError: order 42 cannot be priced", "rescue in checkout (cart.rb)", 4, 6},
	}
	all, bytes := payloads(t)
	got := map[string]seen{}
	sdks := map[string]bool{}
	for _, p := range all {
		ev, stored := newDoor().accept(t, p.raw)
		s := seen{Kind: grouping.Fingerprint(ev, errata.Project{}).Kind, Title: grouping.Title(ev), Culprit: ev.Culprit}
		for _, f := range ev.MainFrames() {
			s.Frames++
			if f.IsInApp() {
				s.InApp++
			}
		}
		got[p.name] = s
		sdks[ev.SDK.Name] = true
		for _, personal := range []string{"@example.com", "hunter2", "4111111111111111", "4242424242424242", "abc.def.ghi"} {
			if strings.Contains(string(stored), personal) {
				t.Errorf("%s: %q is left", p.name, personal)
			}
		}
	}
	if len(all) < 10 || len(sdks) < 4 || bytes/len(all) < 3<<10 || bytes/len(all) > 6<<10 {
		t.Errorf("%d payloads of %d SDKs, %d bytes each", len(all), len(sdks), bytes/max(len(all), 1))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// BenchmarkEvent measures the pure work on an event, from the bytes of the
// envelope item to the queue and, in the worker, to fingerprint and record, in
// microseconds of processor time per 4 KiB of payload. One turn is the whole
// corpus.
func BenchmarkEvent(b *testing.B) {
	all, bytes := payloads(b)
	d := newDoor()
	report := func(b *testing.B, began time.Duration) { reportCPU(b, began, bytes) }
	b.Run("chain", func(b *testing.B) {
		b.ReportAllocs()
		batch, size := queue.Batch{ID: "b"}, 0
		began := cpuTime()
		for b.Loop() {
			for _, p := range all {
				ev, stored := d.accept(b, p.raw)
				batch.Entries = append(batch.Entries, queue.Entry{ProjectID: "42", Category: errata.CategoryError, KeyKind: errata.KeyServer, Bytes: int64(len(p.raw)), Payload: stored})
				if size += len(stored); size > queue.MaxBatchBytes {
					queue.Encode(batch)
					batch.Entries, size = batch.Entries[:0], 0
				}
				d.count(ev)
			}
		}
		report(b, began)
	})
	stages(b, d, all, report)
}

// cpuTime returns the processor time that the process has used. Unlike the
// clock it is not disturbed by what else runs on the machine; it includes the
// garbage collector.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func reportCPU(b *testing.B, began time.Duration, bytes int) {
	b.ReportMetric(float64(cpuTime()-began)/1000/float64(b.N)/float64(bytes)*4096, "µs/4KiB")
	b.ReportMetric(0, "ns/op")
}

// stages measures each step of the chain alone.
func stages(b *testing.B, d door, all []payload, report func(*testing.B, time.Duration)) {
	events := make([]*errata.Event, len(all))
	stored := make([][]byte, len(all))
	fresh := func() {
		for i, p := range all {
			events[i], stored[i] = d.accept(b, p.raw)
		}
	}
	run := func(name string, step func(i int)) {
		b.Run(name, func(b *testing.B) {
			fresh()
			b.ReportAllocs()
			began := cpuTime()
			for b.Loop() {
				for i := range all {
					step(i)
				}
			}
			report(b, began)
		})
	}
	run("normalise", func(i int) {
		if _, err := normalize.Sentry(all[i].raw, d.in); err != nil {
			b.Fatal(err)
		}
	})
	run("terms", func(i int) { normalize.UserTerms(events[i], d.secret, d.in.ClientIP) })
	// A second pass finds less to change; the difference is small beside the scan.
	run("redact", func(i int) { d.redactor.Event(events[i]) })
	run("derive", func(i int) { normalize.Derive(events[i], d.in.Project, d.in.KeyKind) })
	run("encode", func(i int) { _, _ = normalize.Encode(events[i]) })
	run("fingerprint", func(i int) { grouping.Fingerprint(events[i], d.in.Project) })
	run("title", func(i int) { grouping.Title(events[i]) })
	run("record", func(i int) { querylang.NewRecord(events[i], querylang.Meta{Service: "shop"}) })
	run("decode", func(i int) { // not in the chain: what the worker adds when it reads a batch
		if _, err := normalize.Decode(stored[i]); err != nil {
			b.Fatal(err)
		}
	})
	b.Run("batch", func(b *testing.B) {
		fresh()
		batch := queue.Batch{ID: "b"}
		for size, i := 0, 0; size < queue.MaxBatchBytes; i++ {
			e := queue.Entry{ProjectID: "42", Payload: stored[i%len(stored)], Bytes: int64(len(all[i%len(all)].raw))}
			batch.Entries, size = append(batch.Entries, e), size+len(e.Payload)
		}
		raw := 0
		for _, e := range batch.Entries {
			raw += int(e.Bytes)
		}
		packed := 0
		began := cpuTime()
		for b.Loop() {
			packed = len(queue.Encode(batch))
		}
		reportCPU(b, began, raw)
		b.ReportMetric(float64(packed)/float64(len(batch.Entries)), "B/event")
	})
}
