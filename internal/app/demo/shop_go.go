package demo

import "errata/internal/errata"

// The services written in Go.

var goFrames = []object{
	lib("runtime", "goexit", "runtime/asm_amd64.s", 1700),
	lib("net/http", "conn.serve", "net/http/server.go", 2102),
	lib("net/http", "serverHandler.ServeHTTP", "net/http/server.go", 3301),
	lib("github.com/go-chi/chi/v5", "(*Mux).ServeHTTP", "chi/v5/mux.go", 73),
	lib("net/http", "HandlerFunc.ServeHTTP", "net/http/server.go", 2294),
}

var goContexts = object{
	"runtime": object{"name": "go", "version": "go1.26.1"}, "os": object{"name": "linux", "version": "6.12"},
	"device": object{"arch": "amd64", "num_cpu": 4},
}

const (
	shopModule    = "example.org/shop/internal/"
	carrierModule = "example.org/carriers/"
)

func checkoutAPI() *service {
	return &service{
		slug: "checkout-api", name: "Checkout API", prefix: "CHK", platform: "go", language: "go", sdk: "sentry.go",
		team: []string{"mira", "jonas", "priya"}, release: "4.%d.0", first: 1, every: 7, frames: goFrames,
		entry: place{shopModule + "api", "(*API).serve", "internal/api/api.go", 88, ""}, url: "https://api.shop.example", agent: "ShopApp/8.4 (iPhone; iOS 19.1)",
		tags:     map[string][]string{"region": {"eu-1", "eu-1", "eu-2"}, "db.shard": {"orders-01", "orders-02", "orders-03"}, "tenant": {"nordic", "dach", "uk"}},
		contexts: goContexts,
		crumbs: []crumb{
			{41.2, "auth", "session restored", "info", nil},
			{12.4, "http", "", "info", object{"method": "GET", "url": "http://inventory.internal/v1/stock?sku=TEA-042", "status_code": 200}},
			{12.1, "query", "SELECT price FROM product WHERE sku = $1", "debug", nil},
			{9.7, "cart", "added TEA-042", "info", object{"quantity": 3}},
			{3.3, "http", "", "warning", object{"method": "POST", "url": "http://carriers.internal/v2/quotes", "status_code": 429}},
			{0.41, "retry", "attempt 2 of 3", "warning", nil},
		},
		faults: append(checkoutUrgent(), checkoutFaults()...),
	}
}

func checkoutUrgent() []fault {
	return []fault{
		{
			name: "deadlock", severity: errata.P0, typ: "pgconn.PgError", value: "ERROR: deadlock detected (SQLSTATE 40P01): Process %d waits for ShareLock on transaction 90211; blocked by process 18251.",
			source: []string{
				"func (s *Store) Reserve(ctx context.Context, o Order) error {", "\treturn s.db.WithTx(ctx, func(tx pgx.Tx) error {",
				"\t\t// Lines are locked in cart order, which differs between carts.", "\t\tfor _, line := range o.Lines {",
				"\t\t\ttag, err := tx.Exec(ctx, updateStock, line.SKU, line.Qty)", "\t\t\tif err != nil {",
				">\t\t\t\treturn fmt.Errorf(\"reserve inventory: update stock_levels: %w\", err)", "\t\t\t}",
				"\t\t\tif tag.RowsAffected() == 0 {", "\t\t\t\treturn ErrOutOfStock{SKU: line.SKU}", "\t\t\t}",
			},
			vars: object{
				"o.ID": "ord_29QX71", "o.Lines": []any{object{"SKU": "TEA-042", "Qty": 3}, object{"SKU": "CUP-007", "Qty": 1}},
				"o.Customer.Email": "nobody@example.com", "attempt": 2, "err": "ERROR: deadlock detected (SQLSTATE 40P01)",
			},
			places: []place{{shopModule + "orders", "(*Store).Reserve", "internal/orders/reserve.go", 147, "POST /v1/orders"}},
			users:  900, size: 150, shape: burst, why: errata.CauseFixed,
			data:  object{"lines": []any{object{"sku": "TEA-042", "qty": 3}}, "card": object{"number": "4242 4242 4242 4242", "cvc": "123"}, "coupon": "SPRING"},
			extra: object{"cart": object{"lines": 4, "total": "418.00"}, "attempt": 2},
			found: "Two carts lock the same rows in opposite order. It is the loop over `o.Lines`, not the retry.",
			fixed: "Lines are sorted by SKU before they are locked. Deadlocks on orders-03 are back to zero.",
		},
		{
			name: "capture", severity: errata.P0, typ: "*orders.CaptureMismatch", value: "captured %d øre, the order is over 20900 øre",
			source: []string{"\tgot := capture.Amount", ">\tif got != order.Total {", "\t\treturn &CaptureMismatch{Order: order.ID, Got: got, Want: order.Total}", "\t}"},
			places: []place{
				{shopModule + "orders", "(*Service).Settle", "internal/orders/settle.go", 64, "POST /v1/orders/settle"},
				{shopModule + "orders", "(*Service).Refund", "internal/orders/refund.go", 91, "POST /v1/refunds"},
			},
			users: 60, size: 40, shape: burst, why: errata.CauseFixed,
			found: "Only carts with two coupons. The second one is applied after the amount went to the acquirer.",
			fixed: "The amount is frozen when the payment begins. All differences were refunded by hand, the list is with finance.",
		},
		{
			severity: errata.P1, typ: "runtime.Error", value: "invalid memory address or nil pointer dereference",
			source: []string{"\tfor _, l := range c.lines {", ">\t\tsum = sum.Add(l.price.Times(l.qty))", "\t}", "\treturn sum"},
			places: []place{
				{shopModule + "cart", "(*Cart).Total", "internal/cart/total.go", 41, "GET /v1/cart"},
				{shopModule + "coupons", "(*Coupon).Apply", "internal/coupons/apply.go", 57, "POST /v1/cart/coupon"},
				{shopModule + "orders", "(*Order).Shipment", "internal/orders/shipment.go", 33, "GET /v1/orders/{id}"},
				{shopModule + "orders", "(*Order).Invoice", "internal/orders/invoice.go", 48, "GET /v1/orders/{id}/invoice"},
				{shopModule + "gifts", "(*Card).Redeem", "internal/gifts/card.go", 62, "POST /v1/gift-cards"},
			},
			users: 300, size: 70, shape: burst, why: errata.CauseFixed,
			found: "A price is nil when the product was taken off sale between two requests.",
			fixed: "Products off sale keep their last price until the cart is emptied.",
		},
	}
}

func checkoutFaults() []fault {
	return []fault{
		{
			severity: errata.P2, typ: "*url.Error", value: "Get \"http://inventory.internal/v1/stock\": context deadline exceeded", cause: &fault{typ: "context.deadlineExceededError", value: "context deadline exceeded"},
			source: []string{"\tctx, cancel := context.WithTimeout(ctx, c.timeout)", "\tdefer cancel()", ">\tresp, err := c.http.Do(req.WithContext(ctx))", "\tif err != nil {", "\t\treturn nil, err", "\t}"},
			places: []place{
				{shopModule + "inventory", "(*Client).Stock", "internal/inventory/client.go", 58, "GET /v1/cart"},
				{shopModule + "inventory", "(*Client).Reserve", "internal/inventory/client.go", 83, "POST /v1/orders"},
				{shopModule + "payments", "(*Client).Authorize", "internal/payments/client.go", 112, "POST /v1/orders"},
				{shopModule + "payments", "(*Client).Status", "internal/payments/client.go", 140, "GET /v1/orders/{id}"},
				{shopModule + "shipping", "(*Client).Rates", "internal/shipping/client.go", 45, "GET /v1/shipping/rates"},
				{shopModule + "tax", "(*Client).Rate", "internal/tax/client.go", 37, "GET /v1/cart"},
			},
			users: 400, size: 60, shape: burst, why: errata.CauseExternal,
			found: "Follows the deploys of inventory-svc: it answers nothing for about 40 s.",
			fixed: "The client now repeats once on another instance, and inventory drains before it stops.",
		},
		{
			severity: errata.P2, typ: "pgconn.PgError", value: "ERROR: duplicate key value violates unique constraint \"order_number_key\" (SQLSTATE 23505)",
			source: []string{"\terr := tx.QueryRow(ctx, insertOrder, o.Number, o.CustomerID).Scan(&o.ID)", ">\tif err != nil {", "\t\treturn fmt.Errorf(\"insert order %s: %w\", o.Number, err)", "\t}"},
			places: []place{
				{shopModule + "orders", "(*Store).Insert", "internal/orders/store.go", 72, "POST /v1/orders"},
				{shopModule + "customers", "(*Store).Register", "internal/customers/store.go", 49, "POST /v1/customers"},
				{shopModule + "wishlist", "(*Store).Add", "internal/wishlist/store.go", 31, "PUT /v1/wishlist"},
				{shopModule + "reviews", "(*Store).Insert", "internal/reviews/store.go", 54, "POST /v1/reviews"},
				{shopModule + "customers", "(*Store).Subscribe", "internal/customers/newsletter.go", 26, "POST /v1/newsletter"},
			},
			users: 120, size: 35, shape: steady, why: errata.CauseFixed,
			found: "The app sends the request twice when the first answer takes more than 8 s.",
			fixed: "The second request gets the answer of the first one.",
		},
		{
			severity: errata.P2, typ: "*coupons.UsedUp", value: "coupon SPRING is used up after %d uses",
			source: []string{"\tif c.Used >= c.Limit {", ">\t\treturn &UsedUp{Code: c.Code, Used: c.Used}", "\t}"},
			places: []place{
				{shopModule + "coupons", "(*Coupons).Redeem", "internal/coupons/redeem.go", 71, "POST /v1/cart/coupon"},
				{shopModule + "coupons", "(*Coupons).Check", "internal/coupons/check.go", 28, "GET /v1/coupons/{code}"},
				{shopModule + "gifts", "(*Cards).Balance", "internal/gifts/balance.go", 33, "GET /v1/gift-cards/{code}"},
			},
			users: 200, size: 45, shape: steady, why: errata.CauseConfig,
			found: "Marketing set the limit to 500; the newsletter went to 40,000 people.",
			fixed: "Limit raised, and the page says that the coupon has ended.",
		},
		{
			severity: errata.P3, typ: "*orders.SlowQuery", value: "SELECT … FROM orders took %d ms",
			source: []string{"\tif took := s.clock().Sub(began); took > slow {", ">\t\ts.report(ctx, &SlowQuery{Text: q, Took: took})", "\t}"},
			places: []place{
				{shopModule + "orders", "(*Store).History", "internal/orders/history.go", 20, "GET /v1/orders"},
				{shopModule + "orders", "(*Store).Search", "internal/orders/search.go", 44, "GET /v1/orders/search"},
				{shopModule + "customers", "(*Store).Addresses", "internal/customers/addresses.go", 37, "GET /v1/customers/addresses"},
				{shopModule + "reports", "(*Store).Revenue", "internal/reports/revenue.go", 81, "GET /v1/reports/revenue"},
				{shopModule + "wishlist", "(*Store).Popular", "internal/wishlist/popular.go", 29, "GET /v1/wishlist/popular"},
			},
			users: 80, size: 50, shape: nightly, why: errata.CauseFixed,
			found: "The plan changed after the statistics were renewed, the index on (customer, placed) is not used.",
			fixed: "New index, the query is at 12 ms.",
		},
		{
			severity: errata.P3, level: "info", typ: "*api.ClientGone", value: "context canceled: the client closed the request",
			source: []string{"\tif errors.Is(err, context.Canceled) {", ">\t\treturn &ClientGone{Route: route}", "\t}"},
			places: []place{{shopModule + "api", "(*API).finish", "internal/api/finish.go", 52, "GET /v1/products"}},
			users:  700, size: 1010, shape: steady, noise: "noise",
		},
	}
}

func carrierGateway() *service {
	return &service{
		slug: "carrier-gateway", name: "Carrier gateway", prefix: "CAR", platform: "go", language: "go", sdk: "sentry.go",
		team: []string{"priya", "jonas"}, release: "1.%d.2", first: 76, every: 7, frames: goFrames,
		entry: place{carrierModule + "server", "(*Server).call", "server/server.go", 131, ""}, url: "http://carriers.internal", agent: "checkout-api/4",
		tags:     map[string][]string{"region": {"eu-1", "eu-2"}, "carrier": {"norpost", "dhx", "parcely", "bicyclo"}},
		contexts: goContexts,
		crumbs: []crumb{
			{4.2, "cache", "no quote for 0150 Oslo, 2.4 kg", "info", nil},
			{3.1, "http", "", "info", object{"method": "POST", "url": "https://api.norpost.example/v3/rates", "status_code": 200}},
			{2.6, "http", "", "warning", object{"method": "POST", "url": "https://ws.dhx.example/quote", "status_code": 503}},
		},
		faults: carrierFaults(),
	}
}

func carrierFaults() []fault {
	return []fault{
		{
			name: "carrier-timeout", severity: errata.P2, typ: "*url.Error", value: "Post \"https://ws.dhx.example/quote\": context deadline exceeded (after %d ms)", cause: &fault{typ: "context.deadlineExceededError", value: "context deadline exceeded"},
			source: []string{"\treq.Header.Set(\"Accept\", \"application/json\")", ">\tresp, err := c.http.Do(req)", "\tif err != nil {", "\t\treturn Quote{}, err", "\t}"},
			places: []place{
				{carrierModule + "quotes", "(*Client).Quote", "quotes/client.go", 61, "POST /v2/quotes"},
				{carrierModule + "labels", "(*Client).Label", "labels/client.go", 74, "POST /v2/labels"},
				{carrierModule + "tracking", "(*Client).Track", "tracking/client.go", 48, "GET /v2/tracking/{number}"},
				{carrierModule + "pickup", "(*Client).Book", "pickup/client.go", 55, "POST /v2/pickups"},
				{carrierModule + "points", "(*Client).Nearest", "points/client.go", 52, "GET /v2/points"},
				{carrierModule + "returns", "(*Client).Label", "returns/client.go", 67, "POST /v2/returns"},
			},
			users: 500, size: 80, shape: burst, why: errata.CauseExternal,
			found: "dhx is slow again, others are fine. Their status page says nothing.",
			fixed: "Quotes of dhx are left out after 2 s. Their support confirmed the incident.",
		},
		{
			name: "tls", severity: errata.P1, typ: "*tls.CertificateVerificationError", value: "tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
			source: []string{"\tconn, err := d.DialContext(ctx, network, address)", ">\tif err != nil {", "\t\treturn nil, fmt.Errorf(\"dial %s: %w\", address, err)", "\t}"},
			places: []place{
				{carrierModule + "parcely", "(*Dialer).dial", "parcely/dial.go", 39, "POST /v2/quotes"},
				{carrierModule + "bicyclo", "(*Dialer).dial", "bicyclo/dial.go", 42, "POST /v2/pickups"},
			},
			users: 200, size: 60, shape: burst, why: errata.CauseExternal,
			found: "Their certificate ended at midnight. I called their hotline.",
			fixed: "They have renewed it. We now look at the dates of all carriers each morning.",
		},
		{
			name: "html-for-json", severity: errata.P2, typ: "*json.SyntaxError", value: "invalid character '<' looking for beginning of value",
			source: []string{"\tvar q quote", ">\tif err := json.NewDecoder(resp.Body).Decode(&q); err != nil {", "\t\treturn q, err", "\t}"},
			places: []place{
				{carrierModule + "quotes", "decodeQuote", "quotes/decode.go", 28, "POST /v2/quotes"},
				{carrierModule + "labels", "decodeLabel", "labels/decode.go", 33, "POST /v2/labels"},
				{carrierModule + "points", "decodePoints", "points/decode.go", 24, "GET /v2/points"},
				{carrierModule + "returns", "decodeReturn", "returns/decode.go", 31, "POST /v2/returns"},
			},
			users: 90, size: 30, shape: burst, staging: true, why: errata.CauseWorkaround,
			found: "They answer 200 with a page that says maintenance.",
			fixed: "Anything but JSON counts as 503 now.",
		},
		{
			severity: errata.P1, typ: "runtime.boundsError", value: "index out of range [%d] with length 3",
			source: []string{"\tzones := strings.Split(row, \";\")", ">\treturn Zone{From: zones[0], To: zones[1], Price: zones[3]}", "}"},
			places: []place{
				{carrierModule + "tariff", "parseZone", "tariff/zone.go", 19, "POST /v2/tariffs"},
				{carrierModule + "tracking", "parseSteps", "tracking/steps.go", 46, "GET /v2/tracking/{number}"},
				{carrierModule + "points", "parseHours", "points/hours.go", 58, "GET /v2/points"},
			},
			users: 60, size: 50, shape: burst, why: errata.CauseFixed,
			found: "The tariff file of this month has one column less.",
			fixed: "Rows are read by the names of the columns.",
		},
		{
			severity: errata.P3, typ: "*carriers.TooManyRequests", value: "429 from norpost, wait %d s",
			source: []string{"\tcase http.StatusTooManyRequests:", ">\t\treturn &TooManyRequests{Carrier: c.name, Wait: wait(resp)}"},
			places: []place{
				{carrierModule + "quotes", "(*Client).refused", "quotes/client.go", 96, "POST /v2/quotes"},
				{carrierModule + "tracking", "(*Client).refused", "tracking/client.go", 88, "GET /v2/tracking/{number}"},
				{carrierModule + "pickup", "(*Client).refused", "pickup/client.go", 102, "POST /v2/pickups"},
			},
			users: 90, size: 60, shape: nightly, why: errata.CauseConfig,
			found: "The nightly run asks for all parcels at once.",
			fixed: "The run takes 20 minutes instead of two.",
		},
		{
			severity: errata.P3, level: "info", typ: "*tracking.NotYetKnown", value: "parcel NP%d is not known yet",
			source: []string{"\tif resp.StatusCode == http.StatusNotFound {", ">\t\treturn nil, &NotYetKnown{Number: number}", "\t}"},
			places: []place{{carrierModule + "tracking", "(*Client).lookup", "tracking/lookup.go", 30, "GET /v2/tracking/{number}"}},
			size:   780, shape: nightly, noise: "expected",
		},
	}
}
