package demo

import "errata/internal/errata"

// The services written in Python.

var pythonContexts = object{
	"runtime": object{"name": "CPython", "version": "3.14.0"}, "os": object{"name": "linux", "version": "6.12"},
}

func inventorySvc() *service {
	return &service{
		slug: "inventory-svc", name: "Inventory", prefix: "INV", platform: "python", language: "python", sdk: "sentry.python.fastapi",
		team: []string{"yuki", "priya"}, release: "2.%d.1", first: 0, every: 10,
		frames: []object{
			lib("asyncio.runners", "run", "asyncio/runners.py", 118),
			lib("starlette.routing", "app", "starlette/routing.py", 76),
			lib("fastapi.routing", "run_endpoint_function", "fastapi/routing.py", 212),
		},
		url: "http://inventory.internal", agent: "checkout-api/4",
		tags:     map[string][]string{"worker": {"stock-1", "stock-2", "stock-3"}, "warehouse": {"OSL-1", "OSL-2", "HAM-1", "LHR-1"}},
		contexts: pythonContexts,
		crumbs: []crumb{
			{3.0, "query", "SELECT item.id, item.sku FROM item WHERE warehouse_id = %s", "debug", nil},
			{0.8, "stock", "counted 118 of TEA-042 in OSL-1", "info", nil},
		},
		faults: append(inventoryUrgent(), inventoryFaults()...),
	}
}

func inventoryUrgent() []fault {
	return []fault{
		{
			name: "greenlet", severity: errata.P1, typ: "MissingGreenlet", value: "greenlet_spawn has not been called; can't call await_only() here",
			source: []string{
				"async def refresh_stock(session, warehouse):", "    items = await session.scalars(select(Item))", "    for item in items:",
				">        level = item.levels[warehouse.code]", "        level.checked_at = utcnow()",
			},
			places: []place{
				{"stock.tasks", "refresh_stock", "stock/tasks.py", 48, ""},
				{"stock.tasks", "reconcile_stock", "stock/tasks.py", 91, ""},
			},
			size: 80, shape: burst, why: errata.CauseFixed,
			found: "`item.levels` is read lazily, after the session has been closed.",
			fixed: "Levels are loaded together with the items.",
		},
		{
			name: "oversold", severity: errata.P0, typ: "OversoldError", value: "%d units of TEA-042 sold, 0 in stock",
			source: []string{"    left = level.on_hand - level.reserved", ">    if left < 0:", "        raise OversoldError(level.sku, -left)"},
			places: []place{
				{"stock.reserve", "reserve", "stock/reserve.py", 63, "POST /v1/reservations"},
				{"stock.imports", "apply_count", "stock/imports.py", 104, "POST /v1/counts"},
			},
			users: 200, size: 45, shape: burst, why: errata.CauseFixed,
			found: "The count of Hamburg was imported twice, reservations were not.",
			fixed: "An import is taken once. Customers got a mail and 10 %.",
		},
		{
			name: "lost-worker", severity: errata.P1, typ: "WorkerLostError", value: "Worker exited prematurely: signal 9 (SIGKILL) Job: %d.",
			source: []string{">    for row in read_excel(path).itertuples():", "        yield Count(row.sku, row.units)"},
			places: []place{
				{"stock.imports", "read_counts", "stock/imports.py", 37, ""},
				{"stock.forecast", "train", "stock/forecast.py", 82, ""},
			},
			size: 10, shape: nightly, why: errata.CauseFixed,
			found: "Killed for memory. The file of London has 1.4 million rows.",
			fixed: "Read in pieces, the limit stays.",
		},
	}
}

func inventoryFaults() []fault {
	return []fault{
		{
			name: "warehouse", severity: errata.P2, typ: "LookupError", value: "no warehouse with the code 'WH-%d'",
			source: []string{"def by_code(code):", "    try:", "        return WAREHOUSES[code]", "    except KeyError:", ">        raise LookupError(f\"no warehouse with the code '{code}'\") from None"},
			places: []place{
				{"stock.warehouse", "by_code", "stock/warehouse.py", 33, "GET /v1/stock"},
				{"stock.transfer", "target", "stock/transfer.py", 58, "POST /v1/transfers"},
				{"stock.labels", "shelf", "stock/labels.py", 26, "GET /v1/labels"},
			},
			size: 40, shape: steady, why: errata.CauseConfig,
			found: "The new warehouse is in the ERP and not in our list.",
			fixed: "The list is read from the ERP each night.",
		},
		{
			severity: errata.P2, typ: "sqlalchemy.exc.OperationalError", value: "(psycopg.OperationalError) SSL connection has been closed unexpectedly",
			source: []string{"    async with engine.begin() as connection:", ">        return await connection.execute(query)"},
			places: []place{
				{"stock.db", "execute", "stock/db.py", 29, "GET /v1/stock"},
				{"stock.events", "publish", "stock/events.py", 51, ""},
				{"stock.prices", "current", "stock/prices.py", 40, "GET /v1/prices"},
				{"stock.suppliers", "orders", "stock/suppliers.py", 88, "GET /v1/suppliers/orders"},
				{"stock.reports", "turnover", "stock/reports.py", 112, "GET /v1/reports/turnover"},
			},
			users: 100, size: 60, shape: burst, why: errata.CauseConfig,
			found: "The database was restarted for its update.",
			fixed: "Connections are tried before they are used (`pool_pre_ping`).",
		},
		{
			severity: errata.P2, typ: "KeyError", value: "'reserved_until'",
			source: []string{"    row = json.loads(text)", ">    until = parse(row[\"reserved_until\"])"},
			places: []place{
				{"stock.reserve", "restore", "stock/reserve.py", 118, ""},
				{"stock.reserve", "extend", "stock/reserve.py", 140, "PATCH /v1/reservations/{id}"},
				{"stock.reports", "ageing", "stock/reports.py", 77, "GET /v1/reports/ageing"},
				{"stock.returns", "restock", "stock/returns.py", 69, "POST /v1/returns"},
			},
			users: 70, size: 35, shape: steady, why: errata.CauseFixed,
			found: "Written by the release before, without the new field.",
			fixed: "A missing field is 15 minutes from now.",
		},
		{
			severity: errata.P2, typ: "ValueError", value: "invalid literal for int() with base 10: '1.%d'",
			source: []string{">    return int(cell.value)"},
			places: []place{
				{"stock.imports", "units", "stock/imports.py", 61, "POST /v1/counts"},
				{"stock.suppliers", "quantity", "stock/suppliers.py", 45, ""},
				{"stock.returns", "weight", "stock/returns.py", 43, "POST /v1/returns"},
			},
			size: 30, shape: burst, staging: true, why: errata.CauseFixed,
			found: "A supplier writes thousands with a dot.",
			fixed: "Numbers are read in the language of the supplier.",
		},
		{
			severity: errata.P3, typ: "StockDriftWarning", value: "counted %d, expected 118",
			source: []string{"    if abs(counted - expected) > tolerance:", ">        warn(StockDriftWarning(counted, expected))"},
			places: []place{
				{"stock.count", "compare", "stock/count.py", 52, ""},
				{"stock.count", "compare_returns", "stock/count.py", 79, ""},
				{"stock.cold", "compare", "stock/cold.py", 34, ""},
			},
			size: 60, shape: nightly, why: errata.CauseWontFix,
			found: "Less than one percent. The people of the warehouse know.",
			fixed: "Tolerance is one percent from now on.",
		},
	}
}

func notifications() *service {
	return &service{
		slug: "notifications", name: "Notifications", prefix: "NTF", platform: "python", language: "python", sdk: "sentry.python.celery",
		team: []string{"tomas", "yuki"}, release: "notify@0.%d.3", first: 11, every: 10,
		frames: []object{
			lib("celery.app.trace", "trace_task", "celery/app/trace.py", 453),
			lib("celery.app.trace", "__protected_call__", "celery/app/trace.py", 736),
		},
		entry:    place{"notify.tasks", "deliver", "notify/tasks.py", 44, ""},
		tags:     map[string][]string{"channel": {"mail", "mail", "push", "sms"}, "template": {"order-confirmation", "shipped", "password", "newsletter"}},
		contexts: pythonContexts,
		crumbs: []crumb{
			{5.2, "celery", "received notify.tasks.deliver", "info", nil},
			{1.4, "template", "rendered order-confirmation (nb)", "info", nil},
		},
		faults: notificationFaults(),
	}
}

func notificationFaults() []fault {
	return []fault{
		{
			severity: errata.P0, typ: "DuplicateSend", value: "order confirmation was sent %d times",
			source: []string{"    times = ledger.increment(message.key)", ">    if times > 1:", "        raise DuplicateSend(times)"},
			places: []place{{"notify.send", "once", "notify/send.py", 71, ""}},
			users:  400, size: 110, shape: burst, why: errata.CauseFixed,
			found: "The broker gives a task again after 60 s, and the mail server needs 75 today.",
			fixed: "A task is confirmed before it is sent, the ledger decides.",
		},
		{
			name: "reset", severity: errata.P2, typ: "ConnectionResetError", value: "[Errno 104] Connection reset by peer",
			source: []string{"    with smtp() as server:", ">        server.send_message(message)"},
			places: []place{
				{"notify.smtp", "send", "notify/smtp.py", 57, ""},
				{"notify.push", "post", "notify/push.py", 49, ""},
				{"notify.webhook", "call", "notify/webhook.py", 38, ""},
			},
			users: 150, size: 50, shape: steady, why: errata.CauseExternal,
			found: "The relay closes connections after 100 messages.",
			fixed: "We open a new one after 90.",
		},
		{
			name: "undefined", severity: errata.P1, typ: "jinja2.exceptions.UndefinedError", value: "'order' is undefined",
			source: []string{">    return template.render(**context)"},
			places: []place{
				{"notify.render", "mail", "notify/render.py", 38, ""},
				{"notify.render", "sms", "notify/render.py", 66, ""},
				{"notify.render", "push", "notify/render.py", 82, ""},
			},
			users: 160, size: 60, shape: burst, why: errata.CauseFixed,
			found: "The event of a cancelled order has no order in it any more.",
			fixed: "Templates are rendered with examples in the tests.",
		},
		{
			severity: errata.P2, typ: "UnicodeEncodeError", value: "'latin-1' codec can't encode character '\\u0142' in position %d",
			source: []string{">    payload = text.encode(\"latin-1\")"},
			places: []place{
				{"notify.sms", "encode", "notify/sms.py", 27, ""},
				{"notify.letter", "address", "notify/letter.py", 53, ""},
				{"notify.subject", "line", "notify/subject.py", 18, ""},
			},
			users: 40, size: 30, shape: steady, why: errata.CauseFixed,
			found: "Polish names.",
			fixed: "UTF-8, and UCS-2 for SMS.",
		},
		{
			severity: errata.P2, typ: "redis.exceptions.TimeoutError", value: "Timeout reading from cache.internal:%d",
			source: []string{">    seen = cache.get(key)", "    if seen:", "        return"},
			places: []place{
				{"notify.limits", "seen", "notify/limits.py", 31, ""},
				{"notify.preferences", "of", "notify/preferences.py", 44, ""},
				{"notify.digest", "collect", "notify/digest.py", 58, ""},
				{"notify.quiet", "until", "notify/quiet.py", 25, ""},
				{"notify.segments", "members", "notify/segments.py", 47, ""},
			},
			size: 70, shape: burst, why: errata.CauseExternal,
			found: "Same minute as the sessions of storefront-api.",
			fixed: "Gone since the cache has more memory.",
		},
		{
			severity: errata.P3, typ: "PushTokenExpired", value: "token of device %d is gone",
			source: []string{"    if answer.status_code == 410:", ">        raise PushTokenExpired(device.id)"},
			places: []place{
				{"notify.push", "check", "notify/push.py", 73, ""},
				{"notify.web_push", "check", "notify/web_push.py", 41, ""},
			},
			users: 200, size: 80, shape: steady, why: errata.CauseFixed,
			found: "We keep tokens for ever.",
			fixed: "Expired tokens are deleted.",
		},
		{
			severity: errata.P3, level: "info", typ: "BounceNotice", value: "mailbox of recipient %d is full",
			places: []place{{"notify.bounces", "read", "notify/bounces.py", 36, ""}},
			size:   670, shape: nightly, noise: "expected",
		},
	}
}
