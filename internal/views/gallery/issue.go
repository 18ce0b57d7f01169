package gallery

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/views/page"
)

func raw(s string) json.RawMessage { return json.RawMessage(s) }

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

// deadlock is the event of the reference page.
func deadlock() *errata.Event {
	at := ago(9*time.Minute) + 120_000
	own := func(function, module, file string, line int) errata.Frame {
		return errata.Frame{Function: function, Module: "shop.example/" + module, File: file, Line: line, InApp: yes()}
	}
	lib := func(function, module, file string, line int) errata.Frame {
		return errata.Frame{Function: function, Module: module, File: file, Line: line, InApp: no()}
	}
	raised := own("(*Store).Reserve", "internal/orders", "internal/orders/reserve.go", 147)
	raised.PreContext = []string{
		"func (s *Store) Reserve(ctx context.Context, o Order) error {", "\treturn s.db.WithTx(ctx, func(tx pgx.Tx) error {",
		"\t\t// Lines are locked in cart order, which differs between carts.", "\t\tfor _, line := range o.Lines {",
		"\t\t\ttag, err := tx.Exec(ctx, updateStock, line.SKU, line.Qty)", "\t\t\tif err != nil {",
	}
	raised.ContextLine = "\t\t\t\treturn fmt.Errorf(\"reserve inventory: update stock_levels: %w\", err)"
	raised.PostContext = []string{"\t\t\t}", "\t\t\tif tag.RowsAffected() == 0 {", "\t\t\t\treturn ErrOutOfStock{SKU: line.SKU}", "\t\t\t}", "\t\t}", "\t\treturn nil"}
	raised.Vars = errata.Object{
		{Key: "o.ID", Value: raw(`"ord_01JD4R8W6KQ2"`)},
		{Key: "len(o.Lines)", Value: raw("7")},
		{Key: "line.SKU", Value: raw(`"CHAIR-OAK-2"`)},
		{Key: "line.Qty", Value: raw("2")},
		{Key: "o.Customer.Email", Value: raw(`"[email]"`)},
	}
	return &errata.Event{
		ID: "7f3ac1e04b6d4c21a7b0d1c2e3f40516", ProjectID: "1", Timestamp: at, ReceivedAt: at + 210_000, Source: errata.SourceSentry,
		Level: errata.LevelError, Severity: errata.P0, Class: 30, Platform: "go", Code: "DB-1042", Transaction: "POST /v1/orders",
		Culprit: "orders.(*Store).Reserve", Release: "4.13.0", Environment: "production", Host: "checkout-7c9f8d-x2v4k",
		Exceptions: []errata.Exception{
			{Type: "pgconn.PgError", Value: "ERROR: deadlock detected (SQLSTATE 40P01): Process 18244 waits for ShareLock on transaction 90211; blocked by process 18251."},
			{
				Type: "orders.PlaceError", Value: "reserve inventory: update stock_levels: ERROR: deadlock detected (SQLSTATE 40P01)",
				Mechanism: &errata.Mechanism{Type: "generic", Handled: no()},
				Frames: []errata.Frame{
					{Function: "main", Module: "main", File: "cmd/checkout/main.go", Line: 41, InApp: yes()},
					lib("serverHandler.ServeHTTP", "net/http", "net/http/server.go", 3340),
					lib("(*middleware).serveHTTP", "go.opentelemetry.io/contrib/otelhttp", "otelhttp/handler.go", 179),
					lib("(*Echo).ServeHTTP", "github.com/labstack/echo", "labstack/echo/v4/echo.go", 673),
					lib("(*Echo).add.func1", "github.com/labstack/echo", "labstack/echo/v4/echo.go", 583),
					own("(*Handler).postOrder", "internal/httpapi", "internal/httpapi/orders.go", 52),
					own("(*Service).Place", "internal/orders", "internal/orders/service.go", 88),
					raised,
				},
			},
		},
		User: &errata.User{ID: "usr_48120", IP: "203.0.113.0", Hash: "9f2c51d0ab34e877", Terms: []string{"9f2c51d0ab34e877", "11", "22"}},
		Request: &errata.Request{
			Method: "POST", URL: "https://api.shop.example/v1/orders?dry=0", Path: "/v1/orders", Status: 500,
			Query:   []errata.Pair{{Key: "dry", Value: "0"}},
			Headers: []errata.Pair{{Key: "Content-Type", Value: "application/json"}, {Key: "User-Agent", Value: "ShopApp/8.2 (iPhone; iOS 18.1)"}, {Key: "Authorization", Value: "[redacted]"}},
			Cookies: []errata.Pair{{Key: "cart", Value: "crt_9f2"}, {Key: "session", Value: "[redacted]"}},
			Body:    `{"cart":"crt_9f2","email":"[email]","lines":[{"sku":"CHAIR-OAK-2","qty":2},{"sku":"LAMP-3","qty":1}]}`,
		},
		ClientIP: "203.0.113.0",
		Trace:    &errata.Trace{TraceID: "4bf92f3577b34da6a3ce929d0e0e4736", SpanID: "00f067aa0ba902b7"}, RequestID: "req-5d0c8e",
		Tags: []errata.Pair{
			{Key: "region", Value: "eu-1"},
			{Key: "db.shard", Value: "orders-03"},
			{Key: "route", Value: "POST /v1/orders"},
			{Key: "customer.tier", Value: "gold"},
			{Key: "payment.provider", Value: "stripe"},
			{Key: "feature.reserve_in_tx", Value: "true"},
			{Key: "runtime", Value: "go1.26.8"},
			{Key: "os", Value: "linux"},
			{Key: "pod", Value: "checkout-7c9f8d-x2v4k"},
			{Key: "zone", Value: "eu-west-1b"},
		},
		Contexts: errata.Object{
			{Key: "os", Value: raw(`{"name":"linux","kernel_version":"6.8.0-1018"}`)},
			{Key: "runtime", Value: raw(`{"name":"go","version":"1.26.8","go_maxprocs":4,"go_numgoroutines":212}`)},
			{Key: "device", Value: raw(`{"arch":"amd64","num_cpu":4}`)},
			{Key: "cart", Value: raw(`{"id":"crt_9f2","items":7,"total":{"amount":81900,"currency":"EUR"}}`)},
		},
		Extra:       errata.Object{{Key: "retry", Value: raw("2")}, {Key: "lock_wait", Value: raw(`"1.00 s"`)}},
		Breadcrumbs: deadlockCrumbs(at),
		Modules:     []errata.Pair{{Key: "github.com/jackc/pgx/v5", Value: "v5.12.0"}, {Key: "github.com/labstack/echo/v4", Value: "v4.16.0"}},
		SDK:         &errata.SDK{Name: "sentry.go", Version: "0.36.0"},
		Notes:       []errata.Note{{Path: "user.geo", Code: "unknown_field", Was: "NO"}},
	}
}

func deadlockCrumbs(at int64) []errata.Breadcrumb {
	var out []errata.Breadcrumb
	for i := range 12 {
		out = append(out, errata.Breadcrumb{Timestamp: at - int64(2_000_000-i*110_000), Category: "db.query", Message: fmt.Sprintf("SELECT price FROM products WHERE sku = $1  /* line %d */", i+1), Level: errata.LevelInfo})
	}
	ms := func(n int64) int64 { return at - n*1000 }
	return append(out,
		errata.Breadcrumb{Timestamp: ms(412), Category: "http.server", Message: "POST /v1/orders  cart=crt_9f2 lines=7", Level: errata.LevelInfo},
		errata.Breadcrumb{Timestamp: ms(409), Category: "flag", Message: "reserve_in_tx = true (rollout 25%)", Level: errata.LevelInfo},
		errata.Breadcrumb{Timestamp: ms(371), Category: "db.query", Message: "BEGIN", Level: errata.LevelInfo},
		errata.Breadcrumb{Timestamp: ms(366), Category: "db.query", Message: "UPDATE stock_levels SET held = held + $2 WHERE sku = $1  ×4", Level: errata.LevelInfo},
		errata.Breadcrumb{Timestamp: ms(120), Type: "http", Category: "httplib", Level: errata.LevelInfo, Data: errata.Object{{Key: "url", Value: raw(`"http://pricing.internal/v1/quote"`)}, {Key: "method", Value: raw(`"GET"`)}, {Key: "status_code", Value: raw("200")}}},
		errata.Breadcrumb{Timestamp: ms(41), Category: "log", Message: "lock wait 1.00 s on stock_levels (sku=CHAIR-OAK-2)", Level: errata.LevelWarning})
}

// week is the last seven days of the issue: quiet, none, then a spike.
func week(i stats.Interval) page.TrendIn {
	to := i.Next(i.Start(moment.Now, moment.Zone), moment.Zone)
	in := page.TrendIn{Moment: moment, Interval: i, Edges: stats.Edges(to.Add(-7*day), to, i, moment.Zone), Before: "previous 7 days"}
	n := len(in.Edges) - 1
	in.Events = make([]int64, n)
	first := 2 * n / 7
	copy(in.Events[first:], wave(3*n/7, 280, 200, 41))
	in.Events[n-2], in.Events[n-1] = 5400, 2460
	in.Marks = []page.TrendMark{{At: in.Edges[first].UnixMicro(), Text: "first seen"}, {At: in.Edges[n-2].UnixMicro() + 1, Text: "4.13.0"}}
	return in
}

func why() page.WhyIn {
	return page.WhyIn{Version: "errata-g1", Kind: "stack", Hash: "c18af9c13fd8a34c43efff9b25720d83", Parts: []page.WhyPart{
		{Name: "type", Text: "orders.PlaceError"},
		{Name: "frame", Text: "shop.example/internal/orders|(*Store).Reserve"},
		{Name: "frame", Text: "shop.example/internal/orders|(*Service).Place"},
		{Name: "frame", Text: "shop.example/internal/httpapi|(*Handler).postOrder"},
		{Name: "frame", Text: "net/http|serverHandler.ServeHTTP", Ignored: "not in app"},
		{Name: "value", Text: "reserve inventory: update stock_levels", Ignored: "the stack is enough"},
	}}
}

func issueIn(change func(*page.IssueIn)) page.IssueIn {
	ev := deadlock()
	in := page.IssueIn{
		Moment: moment, Service: checkout, Envs: []string{"production"}, LastDay: 7860, Trend: week("1d"), Why: why(),
		Issue: errata.Issue{
			ProjectID: "1", Number: 2187, Title: "orders.PlaceError: reserve inventory: update stock_levels: ERROR: deadlock detected (SQLSTATE 40P01)",
			Type: "orders.PlaceError", Code: "DB-1042", Culprit: "orders.(*Store).Reserve", Platform: "go", Level: errata.LevelError,
			Status: errata.Open, Reason: errata.ReasonRegressed, Severity: errata.P0, FirstSeen: ago(4*day + 13*time.Hour), LastSeen: ago(11 * time.Second),
			FirstRelease: "4.11.2", LastRelease: "4.13.0", Events: 18911, Users: 4211, Version: 7,
		},
		Event: page.EventIn{Event: ev, Part: page.PartStack, First: "11", Previous: "22", Next: "33", Last: "44", Position: 18904, Total: 18911, Revealed: true},
	}
	change(&in)
	worked(&in)
	in.Event.JSON, _ = json.Marshal(in.Event.Event)
	return in
}

func issue(name string, change func(*page.IssueIn)) state {
	return state{name, page.NewIssue(chrome("/issues/CHK-2187"), issueIn(change))}
}

func withEvent(change func(*errata.Event)) func(*page.IssueIn) {
	return func(in *page.IssueIn) { change(in.Event.Event) }
}

func issueStates() []state {
	out := []state{
		issue("many", func(in *page.IssueIn) { in.Trend, in.Beside = week("3h"), besideIn() }),
		issue("all-frames", func(in *page.IssueIn) { in.Event.Frames, in.Event.Asked = page.FramesAll, "22" }),
		issue("raw", func(in *page.IssueIn) { in.Event.Frames = page.FramesRaw }),
	}
	for _, p := range page.Parts[1:] {
		out = append(out, issue(string(p), func(in *page.IssueIn) { in.Event.Part, in.Event.Asked = p, page.EventLast }))
	}
	return slices.Concat(out, actStates(), otherIssues(), hardIssue())
}

func otherIssues() []state {
	return []state{
		issue("one", func(in *page.IssueIn) {
			in.Issue.Events, in.Issue.Users, in.LastDay, in.Issue.Reason = 1, 0, 1, errata.ReasonNew
			in.Issue.FirstSeen, in.Issue.FirstRelease, in.Issue.LastRelease = in.Issue.LastSeen, "", ""
			in.Event.First, in.Event.Previous, in.Event.Next, in.Event.Last = "", "", "", ""
			in.Event.Position, in.Event.Total = 1, 1
			in.Trend.Events, in.Trend.Marks = append(make([]int64, len(in.Trend.Edges)-2), 1), nil
		}),
		issue("message", withEvent(func(ev *errata.Event) {
			*ev = errata.Event{ID: ev.ID, Timestamp: ev.Timestamp, ReceivedAt: ev.ReceivedAt, Level: errata.LevelWarning, Severity: errata.P3, Message: "Deprecated field \"legacy_sku\" still in use", Environment: "production"}
		})),
		issue("python", withEvent(pythonChain)),
		issue("browser", withEvent(browserError)),
		issue("masked", func(in *page.IssueIn) {
			in.Event.Revealed, in.Event.MayReveal, in.Event.Part = false, true, page.PartRequest
			in.Event.Event.User.Email, in.Event.Event.User.Username = "ada@shop.example", "ada"
		}),
		issue("gone", func(in *page.IssueIn) { in.Event.Event, in.Event.Nearest, in.Event.Asked = nil, "33", "22" }),
		issue("failed", func(in *page.IssueIn) {
			in.Event.Failed = failure("The event could not be read", "/issues/CHK-2187")
			in.Event.Failed.Target, in.Event.Failed.Cause = "event", "The event engine does not answer."
			in.Trend.Failed = failure("The chart could not be made", "/issues/CHK-2187")
			in.Trend.Failed.Target = "trend"
		}),
	}
}

func pythonChain(ev *errata.Event) {
	ev.Platform, ev.Code = "python", ""
	frame := errata.Frame{
		Module: "stock.tasks", Function: "reconcile_stock", File: "stock/tasks.py", AbsPath: "/app/stock/tasks.py", Line: 88, InApp: yes(),
		PreContext:  []string{"    async def reconcile_stock(self, batch: Batch) -> int:", "        \"\"\"Compare what is on the shelf", "        with what was counted.\"\"\"", "        for line in batch.lines:"},
		ContextLine: "            level = await self.levels[line.sku]", PostContext: []string{"            if level.held > 0x10:  # too many", "                raise ValueError(f\"held {level.held}\")"},
		Vars: errata.Object{{Key: "line", Value: raw(`{"sku":"LAMP-3","qty":1}`)}},
	}
	ev.Exceptions = []errata.Exception{
		{Type: "KeyError", Value: "'LAMP-3'", Mechanism: &errata.Mechanism{Type: "chained", Source: "__context__"}, Frames: []errata.Frame{frame}},
		{Type: "StockError", Module: "stock.errors", Value: "no level for LAMP-3", Mechanism: &errata.Mechanism{Type: "celery", Handled: no()}, Frames: []errata.Frame{
			{Module: "celery.app.trace", Function: "trace_task", File: "celery/app/trace.py", Line: 477, InApp: no()}, frame,
		}},
	}
}

func browserError(ev *errata.Event) {
	ev.Platform, ev.Code = "javascript", ""
	ev.Exceptions = []errata.Exception{{
		Type: "TypeError", Value: "Cannot read properties of undefined (reading 'rates')", Mechanism: &errata.Mechanism{Type: "onunhandledrejection", Handled: no()},
		Frames: []errata.Frame{
			{Function: "renderWithHooks", File: "node_modules/react-dom/cjs/react-dom.production.js", Line: 4482, Column: 18, InApp: no()},
			{Function: "?", File: "app/layout.tsx", Line: 9, Column: 3, InApp: yes()},
			{
				Function: "RateTable", File: "shipping/RateTable.tsx", AbsPath: "https://shop.example/_next/app.js", Line: 31, Column: 22, InApp: yes(),
				PreContext: []string{"export function RateTable({ quote }: Props) {", "  // quotes may still be on their way"}, ContextLine: "  const rows = quote.carrier.rates.map((r) => `${r.name}: ${r.price}`);",
				PostContext: []string{"  return <Table rows={rows} />;", "}"},
			},
		},
	}}
}

func hardIssue() []state {
	return []state{
		issue("longest", func(in *page.IssueIn) {
			in.Issue.Title, in.Issue.Type, in.Issue.Culprit = longWord+": "+longWord+longWord, longWord, longWord+"."+longWord
			in.Envs = []string{longWord[:64], "staging", "development", "a", "b"}
			in.Acts.Owner, in.Issue.AssigneeID = errata.Person{ID: "u8", Name: longWord, Login: "l"}, "u8"
			in.Activity.People, in.Activity.Transitions = byID(in.Acts.Owner), story()
			in.Activity.Notes = []errata.IssueNote{{ID: "n2", Kind: errata.NoteComment, AuthorID: "u8", At: ago(day), Body: longWord + longWord + "\n\n    " + longWord + longWord}}
			longEvent(in.Event.Event)
		}),
		issue("right-to-left", func(in *page.IssueIn) {
			in.Issue.Title, in.Issue.Type = arabic, ""
			x := in.Event.Event.Thrown()
			x.Type, x.Value, in.Event.Event.Exceptions[0].Value = "ValueError", hebrew, arabic
			in.Event.Event.Tags[0].Value, in.Event.Event.Breadcrumbs[15].Message = arabic, hebrew
			in.Activity.Transitions, in.Activity.Notes = story(), notes()
			in.Activity.Notes[1].Body = arabic + "\n\n- " + hebrew
		}),
		issue("hostile", func(in *page.IssueIn) { hostileIssue(in); in.Event.Part = page.PartStack }),
		issue("hostile-request", func(in *page.IssueIn) { hostileIssue(in); in.Event.Part = page.PartRequest }),
		issue("hostile-tags", func(in *page.IssueIn) { hostileIssue(in); in.Event.Part = page.PartTags }),
		issue("hostile-breadcrumbs", func(in *page.IssueIn) { hostileIssue(in); in.Event.Part = page.PartBreadcrumbs }),
	}
}

func longEvent(ev *errata.Event) {
	ev.Thrown().Type, ev.Thrown().Value = longWord, strings.Repeat(longWord+" ", 90)
	ev.Release, ev.Host, ev.Transaction, ev.Environment = longWord, longWord, longWord, longWord[:64]
	for i := range ev.Thrown().Frames {
		f := &ev.Thrown().Frames[i]
		f.Function, f.File = longWord+f.Function, strings.Repeat("directory/", 12)+f.File
	}
	for i := range ev.Tags {
		ev.Tags[i] = errata.Pair{Key: longWord, Value: longWord + longWord}
	}
	for i := range ev.Breadcrumbs {
		ev.Breadcrumbs[i].Message, ev.Breadcrumbs[i].Category = longWord+longWord, longWord
	}
}

func hostileIssue(in *page.IssueIn) {
	hostileActs(in)
	ev, bad := in.Event.Event, hostile+bidi
	in.Issue.Title, in.Issue.Type, in.Issue.Culprit, in.Issue.Code = bad, hostile, bad, bad
	in.Envs = []string{bad}
	ev.Thrown().Type, ev.Thrown().Value = bad, strings.Repeat("<script>alert(1)</script> ", 400)
	for i := range ev.Thrown().Frames {
		f := &ev.Thrown().Frames[i]
		f.Function, f.File, f.Module, f.AbsPath = bad, bad, bad, bad
		if f.ContextLine != "" {
			f.ContextLine, f.PreContext[0] = bad, "</code></div><script>alert(3)</script>"
			f.Vars[0] = errata.Member{Key: bad, Value: raw(`"</script><script>alert(4)</script>"`)}
		}
	}
	ev.Tags[0] = errata.Pair{Key: bad, Value: bad}
	ev.Contexts[0] = errata.Member{Key: bad, Value: raw(`{"<b>x</b>":"<i>y</i>","\u202eevil":[1,{"a":null}]}`)}
	ev.Contexts[1].Value = raw(`not json`)
	ev.Request.URL, ev.Request.Method = "javascript:alert(5)", bad
	ev.Request.Headers[0] = errata.Pair{Key: bad, Value: bad}
	ev.Request.Body = "{broken " + bad
	ev.Breadcrumbs[15] = errata.Breadcrumb{Category: bad, Message: bad, Data: errata.Object{{Key: bad, Value: raw(`{"x":"<u>"}`)}}}
	ev.User.ID, ev.Release, ev.Environment, ev.Host, ev.SDK.Name = bad, bad, bad, bad, bad
	in.Why.Parts[0].Text, in.Why.Rule = bad, bad
}
