package demo

import "errata/internal/errata"

// The services written in JavaScript and TypeScript.

func storefrontWeb() *service {
	return &service{
		slug: "storefront-web", name: "Storefront", prefix: "WEB", platform: "browser", language: "javascript", sdk: "sentry.javascript.react",
		team: []string{"yuki", "mira"}, release: "storefront@2.%d.0", first: 20, every: 7,
		frames: []object{
			lib("", "processTimers", "node_modules/scheduler/cjs/scheduler.production.js", 221),
			lib("", "performWorkOnRoot", "node_modules/react-dom/cjs/react-dom-client.production.js", 11829),
			lib("", "renderWithHooks", "node_modules/react-dom/cjs/react-dom-client.production.js", 5529),
		},
		url: "https://shop.example", agent: "Mozilla/5.0 (Android 16; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0",
		tags: map[string][]string{"browser.name": {"Chrome", "Chrome", "Chrome", "Safari", "Safari", "Firefox"}, "locale": {"nb-NO", "de-DE", "en-GB"}, "device": {"phone", "phone", "desktop"}},
		contexts: object{
			"browser": object{"name": "Firefox", "version": "145.0"}, "os": object{"name": "Android", "version": "16"},
		},
		crumbs: []crumb{
			{22.8, "navigation", "", "info", object{"from": "/tea", "to": "/checkout"}},
			{9.1, "ui.click", "button.to-checkout", "info", nil},
			{2.2, "fetch", "", "info", object{"method": "GET", "url": "/graphql?op=Cart", "status_code": 200}},
			{0.6, "fetch", "", "warning", object{"method": "POST", "url": "/graphql?op=ShippingRates", "status_code": 504}},
		},
		faults: append(webUrgent(), webFaults()...),
	}
}

func webUrgent() []fault {
	return []fault{
		{
			name: "rates", severity: errata.P1, typ: "TypeError", value: "Cannot read properties of undefined (reading 'rates')",
			source: []string{
				"export function RateTable({ quote }: Props) {", "  // The quote is undefined until the carrier answers.",
				">  const cheapest = quote.rates.sort((a, b) => a.price - b.price)[0];", "  if (!cheapest) {", "    return <Empty text=\"No carrier delivers here\" />;", "  }",
			},
			vars:   object{"quote": nil, "locale": "nb-NO"},
			places: []place{{"", "RateTable", "src/shipping/RateTable.tsx", 31, "/checkout"}},
			users:  600, size: 120, shape: burst, why: errata.CauseFixed,
			found: "The new rate table renders before the quote is there.",
			fixed: "It waits for the quote, and says so.",
		},
		{
			name: "card-form", severity: errata.P0, typ: "PaymentFormError", value: "card form did not load within %d ms",
			source: []string{"  const form = await loadCardForm(session);", ">  if (!form) throw new PaymentFormError(elapsed());", "  form.mount(ref.current);"},
			places: []place{
				{"", "CardForm", "src/checkout/CardForm.tsx", 48, "/checkout/pay"},
				{"", "WalletButton", "src/checkout/WalletButton.tsx", 27, "/checkout/pay"},
			},
			users: 500, size: 90, shape: burst, why: errata.CauseFixed,
			found: "The policy of the content blocks the new host of the acquirer.",
			fixed: "Their host is in the policy, checked with a real card.",
		},
		{
			severity: errata.P1, typ: "TypeError", value: "e.toFixed is not a function",
			source: []string{"  const sum = cart.total;", ">  return <Price value={sum.toFixed(2)} currency={cart.currency} />;"},
			places: []place{
				{"", "CartSum", "src/cart/CartSum.tsx", 22, "/cart"},
				{"", "ProductPrice", "src/product/ProductPrice.tsx", 17, "/tea/{slug}"},
				{"", "OrderSum", "src/orders/OrderSum.tsx", 35, "/orders/{id}"},
				{"", "VoucherSum", "src/vouchers/VoucherSum.tsx", 19, "/vouchers"},
			},
			users: 400, size: 80, shape: burst, why: errata.CauseFixed,
			found: "The API sends amounts as text since its last release.",
			fixed: "Amounts are read in one place now, text or number.",
		},
	}
}

func webFaults() []fault {
	return []fault{
		{
			name: "chunk", severity: errata.P2, typ: "ChunkLoadError", value: "Loading chunk %d failed.",
			source: []string{"const Checkout = lazy(", ">  () => import(\"./checkout/CheckoutPage\"),", ");"},
			places: []place{
				{"", "loadCheckout", "src/routes.tsx", 14, "/checkout"},
			},
			users: 300, size: 90, shape: burst, why: errata.CauseWorkaround,
			found: "Everybody who had the page open during the deploy.",
			fixed: "Chunks of the last three releases stay on the CDN, and the page reloads once.",
		},
		{
			severity: errata.P2, typ: "RangeError", value: "Invalid time value",
			source: []string{"  const day = new Date(slot.from);", ">  return format.format(day);"},
			places: []place{
				{"", "DeliverySlot", "src/shipping/DeliverySlot.tsx", 40, "/checkout/delivery"},
				{"", "OrderDate", "src/orders/OrderDate.tsx", 12, "/orders"},
				{"", "ReviewDate", "src/product/ReviewDate.tsx", 9, "/tea/{slug}"},
				{"", "SubscriptionDate", "src/account/SubscriptionDate.tsx", 23, "/account"},
			},
			users: 140, size: 40, shape: steady, why: errata.CauseFixed,
			found: "Safari does not read dates with a blank in the middle.",
			fixed: "Dates are RFC 3339 now.",
		},
		{
			severity: errata.P2, typ: "TypeError", value: "NetworkError when attempting to fetch resource.",
			source: []string{"  try {", ">    return await fetch(endpoint, { method: \"POST\", body, signal });", "  } catch (e) {"},
			places: []place{
				{"", "query", "src/api/query.ts", 61, "/tea"},
				{"", "mutate", "src/api/mutate.ts", 44, "/cart"},
				{"", "upload", "src/account/upload.ts", 30, "/account/photo"},
				{"", "track", "src/orders/track.ts", 36, "/orders/{id}"},
				{"", "prefetch", "src/api/prefetch.ts", 20, "/tea"},
			},
			users: 500, size: 70, shape: steady, why: errata.CauseCannotReproduce,
			found: "Phones that leave the network. Not ours, but we could repeat.",
			fixed: "Repeated once after two seconds; the rest is the train.",
		},
		{
			severity: errata.P2, typ: "QuotaExceededError", value: "The quota has been exceeded.",
			source: []string{">  localStorage.setItem(\"recent\", JSON.stringify(recent));"},
			places: []place{
				{"", "remember", "src/product/recent.ts", 21, "/tea/{slug}"},
				{"", "saveCart", "src/cart/storage.ts", 33, "/cart"},
				{"", "saveDraft", "src/reviews/draft.ts", 17, "/tea/{slug}"},
			},
			users: 60, size: 30, shape: steady, why: errata.CauseFixed,
			found: "Private windows of Safari have no room at all.",
			fixed: "Without room nothing is remembered.",
		},
		{
			severity: errata.P3, typ: "ValidationError", value: "postal_code must match pattern \"^[0-9]{4,5}$\"",
			source: []string{"  const problems = schema.validate(form);", ">  if (problems.length) report(new ValidationError(problems[0]));"},
			places: []place{
				{"", "AddressForm.validate", "src/address/AddressForm.ts", 118, "/checkout/address"},
				{"", "InvoiceForm.validate", "src/address/InvoiceForm.ts", 74, "/checkout/invoice"},
				{"", "PickupForm.validate", "src/points/PickupForm.ts", 61, "/checkout/delivery"},
			},
			users: 250, size: 110, shape: steady, why: errata.CauseFixed,
			found: "British postal codes. We deliver there since May.",
			fixed: "One pattern per country.",
		},
		{
			severity: errata.P3, level: "info", typ: "Error", value: "ResizeObserver loop completed with undelivered notifications.",
			places: []place{{"", "observe", "src/layout/useSize.ts", 25, "/tea"}},
			users:  900, size: 1460, shape: steady, noise: "noise",
		},
		{
			severity: errata.P3, level: "warning", typ: "Error", value: "Script error. (widget of the chat, %d)",
			places: []place{{"", "onMessage", "src/chat/embed.ts", 52, "/help"}},
			users:  300, size: 560, shape: steady, noise: "third_party",
		},
	}
}

func storefrontAPI() *service {
	return &service{
		slug: "storefront-api", name: "Storefront API", prefix: "BFF", platform: "node", language: "node", sdk: "sentry.javascript.node",
		team: []string{"yuki", "jonas", "mira"}, release: "bff@5.%d.1", first: 8, every: 9,
		frames: []object{
			lib("", "process.processTicksAndRejections", "node:internal/process/task_queues", 105),
			lib("", "executeField", "/app/node_modules/graphql/execution/execute.js", 481),
			lib("", "resolveField", "/app/node_modules/graphql/execution/execute.js", 509),
		},
		entry: place{"", "withSession", "/app/src/server/session.ts", 33, ""}, url: "https://shop.example/graphql", agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X)",
		tags:     map[string][]string{"region": {"eu-1", "eu-2"}, "client": {"web", "web", "ios", "android"}},
		contexts: object{"runtime": object{"name": "node", "version": "v26.1.0"}, "os": object{"name": "linux", "version": "6.12"}},
		crumbs: []crumb{
			{1.9, "graphql", "query Cart", "info", nil},
			{1.2, "http", "", "info", object{"method": "GET", "url": "http://inventory.internal/v1/stock", "status_code": 200}},
			{0.3, "redis", "GET session:7f3a", "debug", nil},
		},
		faults: bffFaults(),
	}
}

func bffFaults() []fault {
	return []fault{
		{
			severity: errata.P1, typ: "TypeError", value: "Cannot destructure property 'price' of 'product' as it is null.",
			source: []string{"export async function resolvePrice(id, _, ctx) {", "  const product = await ctx.products.load(id);", ">  const { price, currency } = product;", "  return { price, currency };", "}"},
			places: []place{
				{"", "resolvePrice", "/app/src/resolvers/price.ts", 18, "query ProductPage"},
				{"", "resolveCartLine", "/app/src/resolvers/cart.ts", 52, "query Cart"},
				{"", "resolveWishlist", "/app/src/resolvers/wishlist.ts", 29, "query Wishlist"},
			},
			users: 350, size: 80, shape: burst, why: errata.CauseFixed,
			found: "The loader gives null for products that were merged.",
			fixed: "Merged products are followed to the one that is left.",
		},
		{
			severity: errata.P1, level: "fatal", typ: "Error", value: "FATAL ERROR: Reached heap limit, allocation failed after %d MB",
			source: []string{"  const rows = await db.catalogue();", ">  return rows.map(toSearchDocument);"},
			places: []place{{"", "rebuildIndex", "/app/src/search/rebuild.ts", 44, ""}},
			size:   12, shape: nightly, why: errata.CauseFixed,
			found: "The catalogue has passed 200,000 rows.",
			fixed: "The index is built in pieces of 5,000.",
		},
		{
			name: "refused", severity: errata.P2, typ: "FetchError", value: "request to http://inventory.internal/v1/stock failed, reason: connect ECONNREFUSED 10.0.4.%d:8080",
			source: []string{">  const res = await fetch(`${base}/v1/stock?sku=${skus.join()}`);", "  if (!res.ok) throw new StockError(res.status);"},
			places: []place{
				{"", "fetchStock", "/app/src/clients/inventory.ts", 19, "query Cart"},
				{"", "fetchRates", "/app/src/clients/carriers.ts", 23, "query ShippingRates"},
				{"", "fetchInvoices", "/app/src/clients/billing.ts", 31, "query Invoices"},
				{"", "fetchReviews", "/app/src/clients/reviews.ts", 27, "query Reviews"},
			},
			users: 300, size: 60, shape: burst, staging: true, why: errata.CauseConfig,
			found: "The new node has no route to 10.0.4.0/24.",
			fixed: "Route added, and the node image has it.",
		},
		{
			severity: errata.P2, typ: "GraphQLError", value: "Cannot return null for non-nullable field Order.total.",
			source: []string{"  const order = await ctx.orders.load(id);", ">  return order.total;"},
			places: []place{
				{"", "resolveTotal", "/app/src/resolvers/order.ts", 37, "query Order"},
				{"", "resolveInvoiceTotal", "/app/src/resolvers/invoice.ts", 21, "query Invoices"},
				{"", "resolveShipment", "/app/src/resolvers/shipment.ts", 26, "query Order"},
				{"", "resolveVoucher", "/app/src/resolvers/voucher.ts", 33, "query Vouchers"},
				{"", "resolveSubscription", "/app/src/resolvers/subscription.ts", 45, "query Account"},
			},
			users: 150, size: 40, shape: steady, why: errata.CauseFixed,
			found: "Orders of the old shop have no total.",
			fixed: "Totals of old orders are computed from their lines.",
		},
		{
			name: "memory", severity: errata.P2, typ: "ReplyError", value: "OOM command not allowed when used memory > 'maxmemory'.",
			source: []string{">  await redis.set(key, JSON.stringify(session), \"EX\", ttl);"},
			places: []place{
				{"", "saveSession", "/app/src/server/session.ts", 71, "mutation SignIn"},
				{"", "cacheProduct", "/app/src/cache/product.ts", 34, "query ProductPage"},
				{"", "cacheRates", "/app/src/cache/rates.ts", 28, "query ShippingRates"},
			},
			users: 400, size: 90, shape: burst, why: errata.CauseConfig,
			found: "Sessions of robots. 1.2 million of them, none older than a day.",
			fixed: "Robots get no session, and the limit is 8 GB.",
		},
		{
			severity: errata.P2, typ: "AbortError", value: "The operation was aborted",
			source: []string{"  const timer = AbortSignal.timeout(1500);", ">  return await carriers.rates(cart, { signal: timer });"},
			places: []place{
				{"", "resolveRates", "/app/src/resolvers/rates.ts", 28, "query ShippingRates"},
				{"", "resolveReviews", "/app/src/resolvers/reviews.ts", 16, "query Reviews"},
				{"", "resolvePoints", "/app/src/resolvers/points.ts", 30, "query PickupPoints"},
			},
			users: 260, size: 60, shape: steady, why: errata.CauseExternal,
			found: "Goes with the time-outs of carrier-gateway.",
			fixed: "Nothing to do here, see the issue of carrier-gateway.",
		},
		{
			severity: errata.P3, typ: "Error", value: "PersistedQueryNotFound: hash %d",
			source: []string{"  const text = await store.get(hash);", ">  if (!text) throw new Error(`PersistedQueryNotFound: hash ${hash}`);"},
			places: []place{
				{"", "persisted", "/app/src/server/persisted.ts", 22, "query ProductPage"},
				{"", "persistedBatch", "/app/src/server/batch.ts", 40, "query Cart"},
			},
			users: 100, size: 60, shape: burst, why: errata.CauseWontFix,
			found: "Only for minutes after a release of the app.",
			fixed: "The app repeats with the whole text. That is how it is meant.",
		},
		{
			severity: errata.P3, typ: "DeprecationNotice", value: "Deprecated field \"legacy_sku\" is still in use by mobile 8.%d",
			source: []string{"  if (args.legacy_sku) {", ">    report(new DeprecationNotice(\"legacy_sku\", client));"},
			places: []place{{"", "resolveProduct", "/app/src/resolvers/product.ts", 42, "query ProductPage"}},
			users:  500, size: 900, shape: steady, noise: "expected",
		},
	}
}
