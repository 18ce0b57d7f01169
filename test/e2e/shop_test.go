package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"errata/internal/apptest"
)

// The services of an example shop, with what goes wrong in them in two days: the
// data of the pages that are looked at.

type object = map[string]any

// fault is one kind of error of the shop.
type fault struct {
	service, platform, level string
	severity                 string // rated by the service itself; "" = by level
	typ, value               string // %d is the number of the event
	cause                    *fault // what it was caused by
	frames                   []object
	unhandled                bool
	env, release             string
	tags                     object
	crumbs                   []object
	request                  object
	contexts, extra          object
	events, users            int // users 0: nobody is named
	when                     shape
	first, last              time.Duration // how long ago the first and the last event were; first 0 = as shape says
}

// shape spreads n events over the time before now; x is 0 for the first and 1
// for the last.
type shape func(x float64) time.Duration

const day = 24 * time.Hour

func steady(x float64) time.Duration { return span(47.6 * (1 - x)) }
func burst(x float64) time.Duration {
	if x < 0.2 {
		return span(30 - x*135)
	}
	return span(2.4 * (1 - x))
}
func stepUp(x float64) time.Duration { return span(6.2*(1-x) + 0.01) }
func waves(x float64) time.Duration {
	h := 47.8 * (1 - x)
	return span(math.Abs(h + 3*math.Sin(h/24*2*math.Pi)))
}
func longAgo(x float64) time.Duration { return span(20 + 100*(1-x)) }
func rare(x float64) time.Duration    { return span(26 * (1 - x)) }

func span(hours float64) time.Duration { return time.Duration(hours * float64(time.Hour)) }

// frame is one call, with its source lines: the line that was hit is marked by
// ">" in front.
func frame(function, module, file string, line int, inApp bool, source ...string) object {
	f := object{"function": function, "filename": file, "lineno": line, "in_app": inApp}
	if module != "" {
		f["module"] = module
	}
	var pre, post []string
	for _, s := range source {
		hit, ok := strings.CutPrefix(s, ">")
		switch {
		case ok:
			f["context_line"] = hit
		case f["context_line"] == nil:
			pre = append(pre, s)
		default:
			post = append(post, s)
		}
	}
	if f["context_line"] != nil {
		f["pre_context"], f["post_context"] = pre, post
	}
	return f
}

func with(f object, key string, value any) object {
	f[key] = value
	return f
}

var goRuntime = []object{
	frame("goexit", "runtime", "runtime/asm_amd64.s", 1700, false),
	frame("conn.serve", "net/http", "net/http/server.go", 2102, false),
	frame("serverHandler.ServeHTTP", "net/http", "net/http/server.go", 3301, false),
	frame("Handler.ServeHTTP", "github.com/go-chi/chi/v5", "chi/v5/mux.go", 73, false),
	frame("HandlerFunc.ServeHTTP", "net/http", "net/http/server.go", 2294, false),
}

var deadlockFrames = append(slices.Clip(goRuntime),
	frame("(*API).PlaceOrder", "example.org/shop/internal/api", "internal/api/orders.go", 88, true,
		"\torder, err := decodeOrder(r)", "\tif err != nil {", "\t\treturn badRequest(err)", "\t}",
		">\tif err := a.orders.Place(r.Context(), order); err != nil {", "\t\treturn fmt.Errorf(\"place order %s: %w\", order.ID, err)", "\t}"),
	frame("(*Service).Place", "example.org/shop/internal/orders", "internal/orders/place.go", 52, true,
		"\tfor attempt := range 3 {", ">\t\tif err = s.store.Reserve(ctx, o); err == nil {", "\t\t\tbreak", "\t\t}", "\t}"),
	with(frame("(*Store).Reserve", "example.org/shop/internal/orders", "internal/orders/reserve.go", 147, true,
		"func (s *Store) Reserve(ctx context.Context, o Order) error {", "\treturn s.db.WithTx(ctx, func(tx pgx.Tx) error {",
		"\t\t// Lines are locked in cart order, which differs between carts.", "\t\tfor _, line := range o.Lines {",
		"\t\t\ttag, err := tx.Exec(ctx, updateStock, line.SKU, line.Qty)", "\t\t\tif err != nil {",
		">\t\t\t\treturn fmt.Errorf(\"reserve inventory: update stock_levels: %w\", err)", "\t\t\t}",
		"\t\t\tif tag.RowsAffected() == 0 {", "\t\t\t\treturn ErrOutOfStock{SKU: line.SKU}", "\t\t\t}"),
		"vars", object{
			"o.ID": "ord_29QX71", "o.Lines": []any{object{"SKU": "TEA-042", "Qty": 3}, object{"SKU": "CUP-007", "Qty": 1}},
			"o.Customer.Email": "nobody@example.com", "attempt": 2, "err": "ERROR: deadlock detected (SQLSTATE 40P01)",
		}),
)

var ratesFrames = []object{
	frame("processTimers", "", "node_modules/scheduler/cjs/scheduler.production.js", 221, false),
	frame("renderWithHooks", "", "node_modules/react-dom/cjs/react-dom-client.production.js", 5529, false),
	frame("CheckoutPage", "", "src/checkout/CheckoutPage.tsx", 64, true,
		"  const { cart, address } = useCheckout();", ">  const rates = useShippingRates(cart, address);", "  return <RateTable rates={rates} />;"),
	with(frame("RateTable", "", "src/shipping/RateTable.tsx", 31, true,
		"export function RateTable({ quote }: Props) {", "  // The quote is undefined until the carrier answers.",
		">  const cheapest = quote.rates.sort((a, b) => a.price - b.price)[0];", "  if (!cheapest) {", "    return <Empty text=\"No carrier delivers here\" />;", "  }"),
		"vars", object{"quote": nil, "locale": "nb-NO"}),
}

var idempotencyFrames = []object{
	frame("run", "java.lang.Thread", "Thread.java", 1583, false),
	frame("call", "java.util.concurrent.FutureTask", "FutureTask.java", 317, false),
	frame("handle", "org.example.payments.CaptureWorker", "CaptureWorker.java", 77, true,
		"            var payment = payments.load(job.paymentId());", ">            gateway.capture(payment, job.key());"),
	frame("capture", "org.example.payments.PaymentGateway", "PaymentGateway.java", 142, true,
		"        var known = keys.find(key);", "        if (known.isPresent() && !known.get().matches(payment)) {",
		">            throw new IdempotencyException(\"key was first used with other parameters\");", "        }", "        return client.capture(payment, key);"),
}

var greenletFrames = []object{
	frame("run", "asyncio.runners", "asyncio/runners.py", 118, false),
	frame("refresh_stock", "stock.tasks", "stock/tasks.py", 48, true,
		"async def refresh_stock(session, warehouse):", "    items = await session.scalars(select(Item))", "    for item in items:",
		">        level = item.levels[warehouse.code]", "        level.checked_at = utcnow()"),
	frame("_await", "sqlalchemy.util._concurrency_py3k", "sqlalchemy/util/_concurrency_py3k.py", 123, false),
}

func crumb(category, message, level string, seconds float64, data object) object {
	c := object{"category": category, "message": message, "level": level, "before": seconds}
	if data != nil {
		c["data"] = data
	}
	return c
}

var checkoutCrumbs = []object{
	crumb("auth", "session restored", "info", 41.2, nil),
	crumb("http", "", "info", 12.4, object{"method": "GET", "url": "http://inventory.internal/v1/stock?sku=TEA-042", "status_code": 200}),
	crumb("query", "SELECT price FROM product WHERE sku = $1", "debug", 12.1, nil),
	crumb("cart", "added TEA-042", "info", 9.7, object{"quantity": 3}),
	crumb("http", "", "warning", 3.3, object{"method": "POST", "url": "http://carriers.internal/v2/quotes", "status_code": 429}),
	crumb("query", "UPDATE stock_levels SET reserved = reserved + $2 WHERE sku = $1", "info", 1.02, nil),
	crumb("retry", "attempt 2 of 3 after a deadlock", "warning", 0.41, nil),
}

var orderRequest = object{
	"method": "POST", "url": "https://api.shop.example/v1/orders?channel=app&token=secret-token-1", "query_string": "channel=app&token=secret-token-1",
	"headers": object{"Content-Type": "application/json", "User-Agent": "ShopApp/8.4 (iPhone; iOS 19.1)", "Authorization": "Bearer eyJhbGciOi.secret.part", "X-Request-Id": "req-7f3ac1e0", "Accept-Language": "nb-NO"},
	"cookies": "session=abc123; theme=dark", "data": object{"lines": []any{object{"sku": "TEA-042", "qty": 3}}, "card": object{"number": "4242 4242 4242 4242", "cvc": "123"}, "coupon": "SPRING"},
}

var serverContexts = object{
	"runtime": object{"name": "go", "version": "go1.26.1"}, "os": object{"name": "linux", "version": "6.12"},
	"device": object{"arch": "amd64", "num_cpu": 4}, "trace": object{"trace_id": "7f3ac1e0a1b24d55c02b8f11a6c1d9aa", "span_id": "0123456789abcdef", "op": "http.server"},
}

// faults lists everything that goes wrong, the worst first.
func faults() []fault {
	prod := "production"
	return []fault{
		{
			service: "payments-worker", platform: "java", level: "error", severity: "P0", typ: "org.example.payments.IdempotencyException", value: "key was first used with other parameters",
			frames: idempotencyFrames, env: prod, release: "payments@7.2.0", tags: object{"region": "eu-1", "queue": "capture"}, events: 62, users: 41, when: burst, first: 40 * time.Minute, last: 4 * time.Second,
		},
		{
			service: "checkout-api", platform: "go", level: "fatal", severity: "P0", typ: "pgconn.PgError", value: "ERROR: deadlock detected (SQLSTATE 40P01): Process %d waits for ShareLock on transaction 90211; blocked by process 18251.",
			frames: deadlockFrames, unhandled: true, env: prod, release: "4.13.0", crumbs: checkoutCrumbs, request: orderRequest, contexts: serverContexts,
			tags:  object{"region": "eu-1", "route": "POST /v1/orders", "db.shard": "orders-03", "tenant": "nordic"},
			extra: object{"cart": object{"lines": 4, "total": "418.00"}, "attempt": 2}, events: 210, users: 140, when: burst, first: 4 * day, last: 11 * time.Second,
		},
		{
			service: "storefront-web", platform: "javascript", level: "error", typ: "TypeError", value: "Cannot read properties of undefined (reading 'rates')", frames: ratesFrames, unhandled: true,
			env: prod, release: "storefront@2.31.0", tags: object{"browser.name": "Firefox", "url": "https://shop.example/checkout"}, events: 150, users: 120, when: stepUp, last: 19 * time.Second,
			contexts: object{"browser": object{"name": "Firefox", "version": "145.0"}, "os": object{"name": "Android", "version": "16"}},
		},
		{
			service: "inventory-svc", platform: "python", level: "error", typ: "MissingGreenlet", value: "greenlet_spawn has not been called; can't call await_only() here", frames: greenletFrames, unhandled: true,
			env: prod, release: "2.9.1", tags: object{"worker": "stock-2"}, events: 90, when: stepUp, first: 23 * day, last: 70 * time.Second,
		},
		{
			service: "billing-svc", platform: "java", level: "fatal", typ: "java.lang.OutOfMemoryError", value: "Java heap space while rendering invoice PDF", env: prod, release: "billing@3.3.7", events: 9, users: 6, when: rare, first: 19 * day, last: 52 * time.Minute,
			frames: []object{frame("render", "org.example.billing.PdfRenderer", "PdfRenderer.java", 210, true), frame("allocate", "java.nio.ByteBuffer", "ByteBuffer.java", 369, false)},
		},
		{
			service: "carrier-gateway", platform: "go", level: "error", typ: "*url.Error", value: "Post \"http://carriers.internal/v2/quotes\": context deadline exceeded", env: prod, release: "1.88.2", events: 230, users: 180, when: waves, first: 12 * day, last: 38 * time.Second,
			cause:  &fault{typ: "context.deadlineExceededError", value: "context deadline exceeded"},
			frames: append(slices.Clip(goRuntime), frame("(*Client).Quote", "example.org/carriers/quotes", "quotes/client.go", 61, true)),
		},
		{
			service: "inventory-svc", platform: "python", level: "error", typ: "LookupError", value: "no warehouse with the code 'WH-%d'", env: prod, release: "2.9.1", events: 26, when: stepUp, last: 14 * time.Minute,
			frames: []object{frame("by_code", "stock.warehouse", "stock/warehouse.py", 33, true)},
		},
		{
			service: "storefront-web", platform: "javascript", level: "warning", typ: "ValidationError", value: "postal_code must match pattern \"^[0-9]{4,5}$\"", env: prod, release: "storefront@2.31.0", events: 190, users: 150, when: waves, first: 27 * day, last: 26 * time.Second,
			frames: []object{frame("AddressForm.validate", "", "src/address/AddressForm.ts", 118, true)},
		},
		{
			service: "billing-svc", platform: "java", level: "error", typ: "java.lang.NullPointerException", value: "Cannot invoke \"Customer.getVatId()\" because \"customer\" is null", env: prod, release: "billing@3.3.7", events: 74, users: 44, when: waves, first: 23 * day, last: 3 * time.Minute,
			frames: []object{frame("toDto", "org.example.billing.InvoiceMapper", "InvoiceMapper.java", 87, true)},
		},
		{
			service: "notifications", platform: "python", level: "error", typ: "ConnectionResetError", value: "[Errno 104] Connection reset by peer", env: prod, release: "notify@0.19.3", events: 36, when: waves, first: 9 * day, last: 6 * time.Minute,
			frames: []object{frame("send", "notify.smtp", "notify/smtp.py", 57, true), frame("recv_into", "ssl", "ssl.py", 1167, false)},
		},
		{
			service: "storefront-api", platform: "node", level: "warning", typ: "Error", value: "Deprecated field \"legacy_sku\" is still in use by mobile 8.2", env: prod, release: "bff@5.0.4", events: 160, users: 130, when: steady, first: 26 * day, last: 2 * time.Minute,
			frames: []object{frame("resolveProduct", "", "/app/graphql/resolvers/product.ts", 42, true)},
		},
		{
			service: "storefront-api", platform: "node", level: "error", typ: "FetchError", value: "request to http://inventory.internal/v1/stock failed, reason: connect ECONNREFUSED 10.0.4.17:8080", env: "staging", release: "bff@5.1.0-rc.2", events: 21, when: longAgo, first: 5 * day,
			frames: []object{frame("fetchStock", "", "/app/clients/inventory.ts", 19, true)},
		},
		{
			service: "checkout-api", platform: "go", level: "error", typ: "*errors.errorString", value: "coupon SPRING is used up", env: prod, release: "4.13.0", events: 33, users: 30, when: steady, first: 2 * day, last: 8 * time.Minute,
			frames: []object{frame("(*Coupons).Redeem", "example.org/shop/internal/coupons", "internal/coupons/redeem.go", 71, true)},
		},
		{service: "notifications", platform: "python", level: "info", typ: "BounceNotice", value: "mailbox is full", env: prod, release: "notify@0.19.3", events: 48, when: steady, first: 25 * day, last: 11 * time.Minute},
		{
			service: "carrier-gateway", platform: "go", level: "error", typ: "*json.SyntaxError", value: "invalid character '<' looking for beginning of value", env: "staging", release: "1.89.0-rc.1", events: 12, when: rare, last: 21 * time.Minute,
			frames: []object{frame("decodeQuote", "example.org/carriers/quotes", "quotes/decode.go", 28, true)},
		},
		{
			service: "checkout-api", platform: "go", level: "warning", typ: "*orders.SlowQuery", value: "SELECT … FROM orders took %d ms", env: prod, release: "4.12.4", events: 41, when: longAgo, first: 13 * day,
			frames: []object{frame("(*Store).History", "example.org/shop/internal/orders", "internal/orders/history.go", 20, true)},
		},
	}
}

// event makes the n-th event of a fault, the payload of an SDK.
func (f *fault) event(r *rand.Rand, n int, now time.Time) string {
	at := now.Add(-f.last - f.when(float64(n)/float64(max(f.events-1, 1))))
	switch {
	case n == 0 && f.first > 0:
		at = now.Add(-f.first)
	case n < f.events-1:
		at = at.Add(-time.Duration(r.IntN(90_000)) * time.Millisecond)
	}
	e := object{
		"event_id": fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()), "timestamp": at.UTC().Format(time.RFC3339Nano), "platform": f.platform,
		"level": f.level, "environment": f.env, "release": f.release, "server_name": f.service + "-" + fmt.Sprint(n%3), "sdk": object{"name": "sentry." + f.platform, "version": "10.2.0"},
	}
	tags := object{}
	maps.Copy(tags, f.tags)
	if f.severity != "" {
		tags["errata.severity"] = f.severity
	}
	e["tags"] = tags
	value := f.value
	if strings.Contains(value, "%d") {
		value = fmt.Sprintf(value, 10_000+r.IntN(9000))
	}
	thrown := object{"type": f.typ, "value": value, "stacktrace": object{"frames": f.frames}}
	if f.unhandled {
		thrown["mechanism"] = object{"type": "generic", "handled": false}
	}
	values := []object{thrown}
	if f.cause != nil {
		values = []object{{"type": f.cause.typ, "value": f.cause.value}, thrown}
	}
	e["exception"] = object{"values": values}
	if f.users > 0 {
		e["user"] = object{"id": fmt.Sprintf("cust-%05d", 10_000+r.IntN(f.users)*7), "email": "customer@example.com"}
	}
	f.story(e, at)
	text, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (f *fault) story(e object, at time.Time) {
	var crumbs []object
	for _, c := range f.crumbs {
		c := object{
			"category": c["category"], "message": c["message"], "level": c["level"], "data": c["data"],
			"timestamp": at.Add(-time.Duration(c["before"].(float64) * float64(time.Second))).UTC().Format(time.RFC3339Nano),
		}
		crumbs = append(crumbs, c)
	}
	e["breadcrumbs"], e["request"], e["contexts"], e["extra"] = object{"values": crumbs}, f.request, f.contexts, f.extra
}

// openShop sends two days of the shop and waits until everything is counted.
func openShop(t testing.TB, p *apptest.Product) {
	t.Helper()
	now := time.Now()
	r := rand.New(rand.NewPCG(7, 11))
	services := map[string]apptest.Project{}
	var sent errgroup.Group
	sent.SetLimit(16)
	all := faults()
	total := 0
	for _, f := range all {
		to, ok := services[f.service]
		if !ok {
			a := p.Command("project", f.service, "--platform", strings.Replace(f.platform, "javascript", "browser", 1))
			to = apptest.Project{ID: a["id"], Slug: a["slug"]}
			to.Key = p.Command("key", f.service, "--kind", "server")["key"] // may rate its errors P0
			services[f.service] = to
		}
		for n := range f.events {
			event := f.event(r, n, now)
			total++
			sent.Go(func() error {
				envelope := fmt.Sprintf("{}\n{\"type\":\"event\",\"length\":%d}\n%s\n", len(event), event)
				if code, text := p.Post(to, "/api/"+to.ID+"/envelope/", nil, []byte(envelope)); code != http.StatusOK {
					return fmt.Errorf("%d %s", code, text)
				}
				return nil
			})
		}
	}
	if err := sent.Wait(); err != nil {
		t.Fatal(err)
	}
	token := p.Token(apptest.AllScopes)
	p.Until(2*patience, "all events counted", func() bool {
		var v struct{ Total int }
		return p.Get(token, "/api/v1/analytics/volume?range=90d", &v) == http.StatusOK && v.Total == total
	})
}
