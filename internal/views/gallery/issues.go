package gallery

import (
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/stats"
	"errata/internal/views/layout"
	"errata/internal/views/page"
	"errata/internal/views/ui"
)

// row is an issue of the list in few words.
type row struct {
	service       int // index into services
	number        int64
	severity      errata.Severity
	title, kind   string
	culprit       string
	reason        errata.Reason
	events, users int64
	seen, age     time.Duration
	hours         []int64
	platform      string
	owner         errata.Person
	status        errata.Status // "" = open
}

var listed = []row{
	{service: 5, number: 919, severity: errata.P0, kind: "IdempotencyException", title: "IdempotencyException: key was first used with other parameters", culprit: "PaymentGateway.capture", reason: errata.ReasonNew, events: 412, users: 389, seen: 4 * time.Minute, age: 27 * time.Minute, hours: append(wave(23, 1, 0, 3), 398)},
	{service: 2, number: 2187, owner: rivera, status: errata.Acknowledged, severity: errata.P0, kind: "pgconn.PgError", title: "pgconn.PgError: deadlock detected (SQLSTATE 40P01)", culprit: "orders.(*Store).Reserve", reason: errata.ReasonRegressed, events: 18911, users: 4211, seen: 11 * time.Second, age: 4*day + time.Hour, hours: append(wave(22, 280, 60, 5), 2400, 2760)},
	{service: 6, number: 5530, severity: errata.P1, kind: "TypeError", title: "TypeError: Cannot read properties of undefined (reading 'rates')", culprit: "shipping/RateTable.tsx in RateTable", reason: errata.ReasonNew, events: 6912, users: 3870, seen: 9 * time.Second, age: 6 * time.Hour, hours: step(24, 18, 12, 1090, 7)},
	{service: 3, number: 804, severity: errata.P1, kind: "MissingGreenlet", title: "MissingGreenlet: greenlet_spawn has not been called; can't call await_only() here", culprit: "stock/tasks.py in reconcile_stock", reason: errata.ReasonRegressed, events: 4127, seen: time.Minute, age: 84 * day, hours: step(24, 13, 20, 350, 9)},
	{service: 0, number: 1290, severity: errata.P1, kind: "OutOfMemoryError", title: "OutOfMemoryError: Java heap space while rendering invoice PDF", culprit: "PdfRenderer.render", events: 96, users: 41, seen: 52 * time.Minute, age: 19 * day, hours: []int64{18, 2, 1, 2, 3, 2, 4, 4, 16, 2, 4, 3, 3, 2, 3, 0, 17, 3, 2, 3, 1, 4, 2, 0}},
	{service: 1, number: 311, owner: ito, status: errata.Acknowledged, severity: errata.P1, kind: "context.DeadlineExceeded", title: "context.DeadlineExceeded: POST http://carriers.internal/v2/quotes: context deadline exceeded", culprit: "quotes.(*Client).Do", events: 38211, users: 9105, seen: 38 * time.Second, age: 12 * day, hours: wave(24, 900, 700, 11)},
	{service: 3, number: 799, severity: errata.P2, kind: "sql: no rows in result set", title: "sql: no rows in result set: lookup warehouse by code \"WH-2\"", culprit: "warehouse.(*Repo).ByCode", reason: errata.ReasonNew, events: 1041, seen: 14 * time.Minute, age: 9 * time.Hour, hours: step(24, 16, 14, 98, 13), platform: "go"},
	{service: 6, number: 5102, owner: osei, severity: errata.P2, kind: "ValidationError", title: "ValidationError: postal_code must match pattern \"^[0-9]{4,5}$\"", culprit: "AddressForm.validate", events: 36904, users: 21418, seen: 14 * time.Second, age: 47 * day, hours: wave(24, 1500, 100, 15)},
	{service: 0, number: 1277, owner: novak, status: errata.Acknowledged, severity: errata.P2, kind: "NullPointerException", title: "NullPointerException: Cannot invoke \"Customer.getVatId()\" because \"customer\" is null", culprit: "c.e.billing.InvoiceMapper.toDto", events: 15400, users: 1018, seen: 3 * time.Minute, age: 23 * day, hours: wave(24, 640, 200, 17)},
	{service: 4, number: 233, owner: osei, status: errata.Resolved, severity: errata.P2, kind: "ConnectionResetError", title: "ConnectionResetError: [Errno 104] Connection reset by peer", culprit: "notify/smtp.py in send", events: 883, seen: 6 * time.Minute, age: 61 * day, hours: wave(24, 36, 4, 19)},
	{service: 6, number: 60, status: errata.Ignored, severity: errata.P3, kind: "Warning", title: "Warning: Deprecated field \"legacy_sku\" still in use by mobile 8.2", culprit: "graphql/resolvers/product.ts", events: 38400, users: 12904, seen: time.Second, age: 132 * day, hours: wave(24, 1600, 90, 21)},
	{service: 6, number: 5498, severity: errata.P3, kind: "HydrationMismatch", title: "HydrationMismatch: Text content did not match server-rendered HTML", culprit: "app/layout.tsx", events: 612, users: 590, seen: 22 * time.Minute, age: 3 * day, hours: wave(24, 25, 9, 23)},
}

func (r row) in() page.IssueRowIn {
	s := services[r.service]
	in := page.IssueRowIn{Service: s, Hours: r.hours, Owner: r.owner, Issue: errata.Issue{
		ProjectID: s.ID, Number: r.number, Title: r.title, Type: r.kind, Culprit: r.culprit, Platform: r.platform,
		Level: errata.LevelError, Status: errata.Open, Reason: r.reason, Severity: r.severity, FirstSeen: ago(r.age),
		LastSeen: ago(r.seen), LastReceived: ago(r.seen), Events: r.events, Users: r.users, OpenedAt: ago(r.age), Version: 1,
	}}
	if r.status != "" {
		in.Issue.Status = r.status
	}
	in.Can = in.Issue.Can(mayAll)
	return in
}

func rowsIn(rows ...row) []page.IssueRowIn {
	var out []page.IssueRowIn
	for _, r := range rows {
		out = append(out, r.in())
	}
	return out
}

// query is a search of two pairs and a word, with the tree that a parser gives.
func query() page.Query {
	text := "env:production severity:P0,P1 deadlock"
	value := func(s string) querylang.Value { return querylang.Value{Kind: querylang.Equal, Raw: s, Text: s} }
	return page.NewQuery(text, &querylang.And{Kids: []querylang.Expr{
		&querylang.Leaf{Key: querylang.Key{Name: "env"}, Values: []querylang.Value{value("production")}, Start: 0, End: 14},
		&querylang.Leaf{Key: querylang.Key{Name: "severity"}, Values: []querylang.Value{value("P0"), value("P1")}, Start: 15, End: 29},
		&querylang.Leaf{Values: []querylang.Value{{Kind: querylang.Words, Raw: "deadlock", Tokens: []string{"deadlock"}}}, Start: 30, End: 38},
	}})
}

// lastDay is the last 24 hours in buckets of the interval.
func lastDay(i stats.Interval) page.TrendIn {
	to := i.Start(moment.Now, moment.Zone).Add(i.Width())
	return page.TrendIn{Moment: moment, Interval: i, Edges: stats.Edges(to.Add(-day), to, i, moment.Zone), Before: "previous 24 h"}
}

func trendIn(i stats.Interval) page.TrendIn {
	in := lastDay(i)
	n := len(in.Edges) - 1
	in.Counts = [4][]int64{append(make([]int64, n-4), 300, 2600, 2500, 2850), wave(n, 330, 700, 31), wave(n, 700, 900, 33), wave(n, 900, 1300, 35)}
	in.Previous = wave(n, 1900, 2600, 37)
	return in
}

func noTrend() page.TrendIn {
	in := lastDay("3h")
	in.Previous = make([]int64, len(in.Edges)-1)
	return in
}

func listIn(change func(*page.IssuesIn)) page.IssuesIn {
	in := page.IssuesIn{
		Moment: moment, URL: page.ListURL{Path: "/issues", DefaultSort: page.SortPriority}, Query: page.NewQuery("", nil), Services: services,
		Envs: []string{"production", "staging", "development"}, Rows: rowsIn(listed[:4]...), Total: page.Total{Value: 137, Exact: true},
		Next: "eyJ0IjoxfQ", Trend: trendIn("3h"),
		Tabs: []page.Total{{Value: 137, Exact: true}, {Value: 34, Exact: true}, {Value: 4, Exact: true}, {Value: 23, Exact: true}, {Value: 9999}},
		Bulk: errata.Allowed{OK: true}, Facets: facets(), Views: page.ViewsIn{MaySave: true, MayShare: true},
		Export: &page.ExportIn{Address: "/issues", May: errata.Allowed{OK: true, Applies: true}, Job: true},
	}
	change(&in)
	return in
}

func issues(name string, change func(*page.IssuesIn)) state {
	return state{name, page.NewIssues(chrome("/issues"), listIn(change))}
}

func issuesStates() []state {
	return append([]state{
		issues("many", func(in *page.IssuesIn) { in.Rows, in.Trend = rowsIn(listed...), trendIn("30m") }),
		issues("searched", func(in *page.IssuesIn) {
			in.Query, in.URL.Q = query(), "env:production severity:P0,P1 deadlock"
			in.Rows, in.Total, in.Next = rowsIn(listed[1]), page.Total{Value: 1, Exact: true}, ""
			in.Notices = []string{"lower-case \"or\" is searched as a word; write OR for either of two."}
		}),
		issues("page-two", func(in *page.IssuesIn) {
			in.URL.Cursor, in.Offset, in.Previous = "eyJ0IjoxfQ", 50, "eyJwIjoxfQ"
			in.AsOf, in.Moved = ago(4*time.Minute), 3
		}),
		compactIssues(),
		issues("viewer", func(in *page.IssuesIn) {
			in.Bulk = mayRead(errata.IssueAck)
			for i := range in.Rows {
				in.Rows[i].Can = in.Rows[i].Issue.Can(mayRead)
			}
		}),
		saidIssues(),
	}, append(emptyIssues(), hardIssues()...)...)
}

func compactIssues() state {
	c := chrome("/issues")
	c.Density, c.Theme = layout.Compact, layout.Dark
	return state{"compact-dark", page.NewIssues(c, listIn(func(in *page.IssuesIn) { in.Rows = rowsIn(listed...) }))}
}

// saidIssues is the list after an act on many, on the tab of the unresolved.
func saidIssues() state {
	c := chrome("/issues")
	c.Said = &ui.Toast{Text: "CHK-2187 is acknowledged", Undo: page.NewUndo("CHK-2187", 7, "/issues")}
	return state{"said", page.NewIssues(c, listIn(func(in *page.IssuesIn) {
		in.URL.Q = page.StartOfIssues
		in.Query = page.NewQuery(in.URL.Q, &querylang.Leaf{Key: querylang.Key{Name: "is"}, Values: []querylang.Value{{Kind: querylang.Equal, Raw: "unresolved", Text: "unresolved"}}, Start: 0, End: 13})
	}))}
}

func none(in *page.IssuesIn) {
	in.Rows, in.Total, in.Next, in.Trend = nil, page.Total{Exact: true}, "", noTrend()
}

func emptyIssues() []state {
	return []state{
		issues("one", func(in *page.IssuesIn) {
			none(in)
			in.Rows, in.Total = rowsIn(listed[0]), page.Total{Value: 1, Exact: true}
			in.Services, in.Envs = services[5:6], []string{"production"}
			in.Trend.Counts[0] = append(make([]int64, len(in.Trend.Edges)-2), 1)
		}),
		issues("none-ever", func(in *page.IssuesIn) {
			none(in)
			in.Services, in.Envs, in.NoEvents, in.SetUp = services[2:3], nil, true, "/services/checkout-api/setup"
		}),
		issues("quiet", func(in *page.IssuesIn) { none(in) }),
		issues("hint", func(in *page.IssuesIn) {
			none(in)
			in.Query, in.URL.Q = query(), "env:production severity:P0,P1 deadlock"
			in.Hint = &page.HintIn{Token: "env:production", Rest: "severity:P0,P1 deadlock", Total: page.Total{Value: 12, Exact: true}}
		}),
		issues("as-text", func(in *page.IssuesIn) {
			in.Query, in.URL.Q, in.Edit = query(), "env:production severity:P0,P1 deadlock", true
		}),
		issues("view-changed", func(in *page.IssuesIn) { in.URL.View, in.Views = "view-b", openedView() }),
		issues("uncounted", func(in *page.IssuesIn) {
			in.Facets, in.Views.MayShare, in.Views.WhyNotShare = nil, false, "Needs responder. Ask Ada Rivera."
		}),
		issues("filtered-empty", func(in *page.IssuesIn) {
			none(in)
			in.Query, in.URL.Q = query(), "env:production severity:P0,P1 deadlock"
		}),
	}
}

func hardIssues() []state {
	readOnly := chrome("/issues")
	readOnly.Notices = []ui.Notice{{Tone: "warn", Text: "Read-only: the disk is 97 % full. Nothing new is stored until there is room.", Link: &ui.Link{Text: "System", URL: "/system"}}}
	readOnly.Health = []layout.Health{{What: "Search degraded", Since: moment.At(ago(20 * time.Minute)), URL: "/system"}}
	down := failure("The issues could not be read", "/issues")
	down.Target = "list"
	noChart := failure("The chart could not be made", "/issues")
	noChart.Target = "trend"
	return []state{
		issues("failed", func(in *page.IssuesIn) { in.Failed, in.Trend.Failed = down, noChart }),
		issues("trend-failed", func(in *page.IssuesIn) { in.Trend.Failed = noChart }),
		issues("partial", func(in *page.IssuesIn) {
			in.Partial = "The event engine does not answer: only titles were searched."
			in.Trend.Gaps = []page.Gap{{From: ago(7 * time.Hour), To: ago(5 * time.Hour), Reason: "one day's index is closed"}}
			in.Total.Exact = false
		}),
		{"read-only", page.NewIssues(readOnly, listIn(func(*page.IssuesIn) {}))},
		issues("query-refused", func(in *page.IssuesIn) {
			text := "env:production sevrity:P0"
			in.URL.Q = text
			none(in)
			in.Trend = page.TrendIn{Moment: moment}
			in.Query = page.RefusedQuery(text, errata.Because(errata.Invalid, "The search could not be read.", nil, errata.Detail{
				Reason: "query.unknown_key", Field: "q", Start: 15, End: 22, Message: "There is no field \"sevrity\".", Hint: "Did you mean severity?",
			}))
		}),
		issues("custom-range", func(in *page.IssuesIn) {
			in.URL.From, in.URL.To = "2026-11-14T00:00:00+01:00", "2026-11-16T12:00:00+01:00"
		}),
		issues("longest", longestIssues), issues("right-to-left", rightToLeft), issues("hostile", hostileIssues),
	}
}

func longestIssues(in *page.IssuesIn) {
	for i := range in.Rows {
		in.Rows[i].Issue.Type, in.Rows[i].Issue.Title = longWord, longWord+": "+longWord+longWord
		in.Rows[i].Issue.Culprit, in.Rows[i].Service.Slug = longWord+"."+longWord, longWord[:50]
		in.Rows[i].Issue.Number, in.Rows[i].Issue.Events, in.Rows[i].Issue.Users = 9_999_999, 1_234_567_890, 987_654_321
		in.Rows[i].Service.Prefix = "WWWWWW"
		in.Rows[i].Issue.Number += int64(i)
	}
	in.Envs = []string{longWord[:64]}
}

func rightToLeft(in *page.IssuesIn) {
	for i := range in.Rows {
		in.Rows[i].Issue.Type, in.Rows[i].Issue.Title = "", arabic
		if i%2 == 1 {
			in.Rows[i].Issue.Title, in.Rows[i].Issue.Type = "ValueError: "+hebrew, "ValueError"
		}
	}
	in.Envs = []string{"إنتاج"}
}

func hostileIssues(in *page.IssuesIn) {
	for i := range in.Rows {
		in.Rows[i].Issue.Type, in.Rows[i].Issue.Title, in.Rows[i].Issue.Culprit = hostile, hostile+": "+bidi, bidi+hostile
	}
	in.Rows[0].Issue.Type, in.Rows[0].Issue.Title = "", ""
	in.Envs = []string{hostile}
	in.Query = page.NewQuery(hostile, nil)
	in.URL.Q, in.Notices = hostile, []string{hostile}
}
