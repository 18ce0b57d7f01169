package gallery

import (
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/views/page"
	"errata/internal/views/ui"
)

// eventRows are lines of the explorer, newest first, for the usual columns.
func eventRows(n int) []page.EventRowIn {
	var out []page.EventRowIn
	for i := range n {
		r := listed[i%len(listed)]
		s := services[r.service]
		id := strings.Repeat("0", 24) + "7f3a" + string(rune('a'+i%26)) + "000"
		out = append(out, page.EventRowIn{
			ID: id, Name: s.Slug + "." + id, Time: ago(time.Duration(i)*7*time.Second + 120*time.Millisecond), Service: s, Issue: errata.ShortID(s.Prefix, r.number), Severity: r.severity,
			Values: []string{s.Slug, r.severity.String(), r.title, errata.ShortID(s.Prefix, r.number), "production", "checkout@4.13.0"},
		})
	}
	return out
}

// parse reads a query as the service hands it over: canonical, with its tree.
func parse(q string) (page.Query, querylang.Expr) {
	tree, _, err := querylang.Parse(q)
	if err != nil {
		panic(err) // fixtures can be read
	}
	return page.NewQuery(q, tree), tree
}

func fieldsIn() page.FieldsIn {
	count := func(v string, n int64) page.CountIn { return page.CountIn{Keys: []string{v}, Count: n} }
	return page.FieldsIn{Looked: 10_000, Newest: true, Told: []page.FieldIn{
		{Key: "service", Looked: 10_000, Values: []page.CountIn{count("checkout-api", 6100), count("storefront-web", 2400), count("payments-worker", 1500)}},
		{Key: "event.severity", Looked: 10_000, Values: []page.CountIn{count("P2", 7000), count("P0", 2000), count("P1", 1000)}},
		{Key: "env", Looked: 10_000, Values: []page.CountIn{count("production", 9990), count("staging", 10)}},
		{Key: "release"},
	}, Others: []string{"browser", "host", "os", "tags[region]", "ctx.cart.items"}}
}

func explorerIn(change func(*page.EventsIn)) page.EventsIn {
	trend := trendIn("30m")
	trend.Previous, trend.Before = nil, ""
	in := page.EventsIn{
		Moment: moment, URL: page.EventsURL{List: page.ListURL{Path: "/events"}}, Query: page.NewQuery("", nil), Rows: eventRows(4),
		Total: page.Total{Value: 48_112}, Took: 212 * time.Millisecond, First: true, Next: "mhx0.1.2.3.o.h.e.p", Trend: trend, Fields: fieldsIn(),
	}
	change(&in)
	return in
}

func events(name string, change func(*page.EventsIn)) state {
	return state{name, page.NewEvents(chrome("/events"), explorerIn(change))}
}

func (o opening) into(in *page.EventsIn) {
	in.URL.Open, in.Open = in.Rows[1].Name, o
}

// opening are the fields of an opened row.
type opening []page.EventField

var openedFields = opening{
	{Key: "service", Value: "checkout-api"},
	{Key: "issue", Value: "CHK-2187"},
	{Key: "event.severity", Value: "P0"},
	{Key: "user", Value: "~9f2c51d0ab34e877"},
	{Key: "http.status", Value: "500"},
	{Key: "trace", Value: "7f3a9c1d2e4b5a6978685746352413ff"},
	{Key: "request_id", Value: "req-19073918"},
	{Key: "host", Value: "web-2"},
	{Key: "tags[region]", Value: "eu 1"},
	{Key: "ctx.cart.items", Value: "3"},
}

func groupsIn(in *page.EventsIn) {
	in.URL.As, in.URL.By = page.AsChart, []string{"service"}
	in.Counts = page.CountsIn{Total: page.Total{Value: 9100, Exact: true}, Rest: 100}
	n := len(in.Trend.Edges) - 1
	var buckets [][]int64
	for i, s := range services {
		b := wave(n, 20, 30, uint64(i+40))
		buckets = append(buckets, b)
		in.Counts.Groups = append(in.Counts.Groups, page.CountIn{Keys: []string{s.Slug}, Count: 3000 - int64(i)*370})
	}
	in.Trend.Groups = page.GroupSeries("service", in.Counts.Groups, buckets, wave(n, 3, 2, 60), "other or none")
}

func eventsStates() []state {
	return append([]state{
		events("many", func(in *page.EventsIn) { in.Rows = eventRows(12) }),
		events("one", func(in *page.EventsIn) {
			in.Rows, in.Total, in.Next = eventRows(1), page.Total{Value: 1, Exact: true}, ""
		}),
		events("opened", func(in *page.EventsIn) { openedFields.into(in) }),
		events("page-two", func(in *page.EventsIn) {
			in.First, in.Previous, in.AsOf = false, "mhx0.1.2.3.n.h.e.p", ago(3*time.Minute)
			in.URL.List.Cursor = "mhx0.1.2.3.o.h.e.p"
		}),
		events("searched", func(in *page.EventsIn) {
			in.URL.List.Q = "env:production issue:CHK-2187 deadlock"
			in.Query, in.Tree = parse(in.URL.List.Q)
			in.Notices = []string{"lower-case \"or\" is searched as a word; write OR for either of two."}
			in.URL.Field = "tags[region]"
			in.Fields.Told = append(in.Fields.Told, page.FieldIn{Key: "tags[region]", Looked: 200, Values: []page.CountIn{{Keys: []string{"eu-1"}, Count: 142}}})
		}),
		events("columns", func(in *page.EventsIn) {
			in.URL.Columns = []string{"user", "trace", "tags[region]", "message", "http.status"}
			for i := range in.Rows {
				in.Rows[i].Values = []string{"~9f2c51d0ab34e877", "7f3a9c1d2e4b5a6978685746352413ff", "", in.Rows[i].Values[2], "500"}
			}
		}),
		events("chart", groupsIn),
		events("chart-newest", func(in *page.EventsIn) {
			groupsIn(in)
			in.URL.By, in.Counts.Newest = []string{"tags[region]"}, true
		}),
		events("chart-users", func(in *page.EventsIn) {
			in.URL.As, in.URL.Measure, in.URL.Bucket = page.AsChart, "users", "30m"
			in.Counts = page.CountsIn{Total: page.Total{Value: 4211}, Users: true, About: true}
			in.Trend.Users, in.Trend.Distinct, in.Trend.Events = true, 4211, wave(len(in.Trend.Edges)-1, 80, 40, 71)
		}),
	}, oddEvents()...)
}

var engineAway = &ui.Failure{What: "The events could not be read.", Cause: "The event store does not answer.", Since: moment.At(moment.Now.UnixMicro()), RequestID: "01993a5e-7c4e-7b5a-9d2e-3f1b6a0c8d47", Retry: "/events", Target: "list"}

// noEvents takes the events away.
func noEvents(in *page.EventsIn) {
	in.Rows, in.Total, in.Next, in.Fields = nil, page.Total{Exact: true}, "", page.FieldsIn{}
	in.Trend = page.TrendIn{Moment: moment, Interval: "30m", Edges: in.Trend.Edges, Events: make([]int64, len(in.Trend.Edges)-1)}
}

// countedEvents are states without a chart.
func countedEvents() []state {
	return []state{
		events("counts", func(in *page.EventsIn) {
			in.URL.As, in.URL.By, in.URL.Top = page.AsCounts, []string{"event.severity", "issue"}, 20
			in.Counts = page.CountsIn{Total: page.Total{Value: 1000, Exact: true}, Rest: 60, Groups: []page.CountIn{
				{Keys: []string{"P0", "CHK-2187"}, Title: listed[1].title, Count: 700}, {Keys: []string{"P2", ""}, Count: 240},
			}}
		}),
		events("counts-empty", func(in *page.EventsIn) {
			noEvents(in)
			in.URL.As, in.URL.By, in.Counts = page.AsCounts, []string{"env"}, page.CountsIn{Total: page.Total{Exact: true}}
		}),
		events("counts-failed", func(in *page.EventsIn) {
			noEvents(in)
			in.URL.As, in.Failed, in.Counts.Failed = page.AsCounts, engineAway, engineAway
		}),
	}
}

// oddEvents are the states in which something is missing or strange.
func oddEvents() []state {
	return []state{
		events("none-ever", func(in *page.EventsIn) { noEvents(in); in.NoEvents, in.SetUp = true, "/services" }),
		events("quiet", noEvents),
		events("filtered-empty", func(in *page.EventsIn) {
			noEvents(in)
			in.URL.List.Q = "env:production deadlock"
			in.Query, in.Tree = parse(in.URL.List.Q)
		}),
		events("query-refused", func(in *page.EventsIn) {
			noEvents(in)
			in.Trend = page.TrendIn{Moment: moment}
			in.Query = page.RefusedQuery("env:production evnts:3", errata.Because(errata.Invalid, "“evnts” is not a field.", nil,
				errata.Detail{Reason: "query.unknown_key", Start: 15, End: 20, Message: "“evnts” is not a field.", Hint: "Did you mean events?"}))
		}),
		events("failed", func(in *page.EventsIn) {
			noEvents(in)
			in.Failed, in.Trend.Failed, in.Fields.Failed = engineAway, engineAway, engineAway
		}),
		events("chart-failed", func(in *page.EventsIn) { in.Trend.Failed = engineAway }),
		events("row-failed", func(in *page.EventsIn) { in.URL.Open, in.OpenFail = in.Rows[0].Name, engineAway }),
		events("partial", func(in *page.EventsIn) {
			g := []page.Gap{{From: ago(6 * time.Hour), To: ago(4 * time.Hour), Reason: "the file that holds them is damaged"}}
			in.Gaps, in.Trend.Gaps = g, g
		}),
		events("hostile", func(in *page.EventsIn) {
			opening{{Key: "host", Value: hostile}, {Key: "tags[a]", Value: bidi}, {Key: "ctx.x", Value: longWord}}.into(in)
			in.URL.Columns = []string{"service", "message", "host", "tags[a]"}
			for i := range in.Rows {
				in.Rows[i].Values = []string{in.Rows[i].Values[0], hostile, bidi, longWord}
			}
			in.Fields.Told[0].Values = []page.CountIn{{Keys: []string{hostile}, Count: 5}, {Keys: []string{longWord}, Count: 4}, {Keys: []string{arabic}, Count: 3}}
			in.Fields.Others = []string{"tags[" + strings.Repeat("long", 40) + "]"}
		}),
		events("right-to-left", func(in *page.EventsIn) {
			for i := range in.Rows {
				in.Rows[i].Values[2] = []string{arabic, hebrew}[i%2]
			}
		}),
		events("chart-hostile", func(in *page.EventsIn) {
			groupsIn(in)
			in.URL.By = []string{"host"}
			for i, v := range []string{hostile, bidi, longWord, arabic} {
				in.Counts.Groups[i].Keys = []string{v}
			}
			var buckets [][]int64
			for range in.Counts.Groups {
				buckets = append(buckets, wave(len(in.Trend.Edges)-1, 9, 3, 9))
			}
			in.Trend.Groups = page.GroupSeries("host", in.Counts.Groups, buckets, nil, "other or none")
		}),
	}
}

// traceID is the trace of the fixtures.
const traceID = "7f3a9c1d2e4b5a6978685746352413ff"

func traceIn(n int) page.TraceIn {
	in := page.TraceIn{
		Moment: moment, ID: traceID, Total: page.Total{Value: int64(n), Exact: true},
		Export: &page.ExportIn{Address: "/traces/" + traceID, May: errata.Allowed{OK: true, Applies: true}},
	}
	for i, r := range eventRows(n) {
		in.Rows = append(in.Rows, page.TraceRowIn{
			ID: r.ID, Issue: r.Issue, Title: r.Values[2], Time: ago(time.Minute - time.Duration(i)*37*time.Millisecond), Service: r.Service, Severity: r.Severity,
			Environment: "production", Release: "4.13.0", Transaction: "POST /v1/orders", Trace: traceID, Span: "9c1d2e4b5a697868", Parent: []string{"", "00f067aa0ba902b7"}[min(i, 1)], RequestID: []string{"req-1", "req-2"}[i%2],
		})
	}
	return in
}

func traceState(name string, n int, change func(*page.TraceIn)) state {
	in := traceIn(n)
	change(&in)
	return state{name, page.NewTrace(chrome("/traces/"+traceID), in)}
}

func traceStates() []state {
	return []state{
		traceState("many", 6, func(*page.TraceIn) {}),
		traceState("one", 1, func(in *page.TraceIn) { in.Rows[0].RequestID, in.Export.May = "", mayNot }),
		traceState("too-many", 5, func(in *page.TraceIn) { in.Total = page.Total{Value: 812, Exact: true} }),
		traceState("partial", 0, func(in *page.TraceIn) {
			in.Gaps = []page.Gap{{From: ago(6 * time.Hour), To: ago(4 * time.Hour), Reason: "the file that holds them is damaged"}}
		}),
		traceState("failed", 0, func(in *page.TraceIn) {
			in.Failed = &ui.Failure{What: "The trace could not be read.", Cause: "The event store does not answer.", Retry: "/traces/" + traceID}
		}),
		traceState("hostile", 3, func(in *page.TraceIn) {
			in.ID = hostile
			in.Rows[0].Title, in.Rows[1].Transaction, in.Rows[2].Release = hostile, bidi+longWord, longWord
			in.Rows[0].Issue = ""
		}),
	}
}

func tagsState(name string, change func(*page.TagsIn)) state {
	r := listed[1]
	in := page.TagsIn{
		Moment: moment, Issue: r.in().Issue, Service: services[r.service], Key: "host", Looked: 10_000, Newest: true, None: 120,
		Keys: []string{"host", "env", "release", "os", "tags[region]"},
		Values: []page.SpanIn{
			{Name: "web-2", Count: 7100, First: ago(9 * day), Last: ago(time.Minute)}, {Name: "web-1", Count: 2780, First: ago(4 * day), Last: ago(2 * time.Hour)},
		},
		Export: &page.ExportIn{Address: page.TagURL("CHK-2187", "host"), May: errata.Allowed{OK: true, Applies: true}},
	}
	change(&in)
	return state{name, page.NewTags(chrome("/issues/CHK-2187/tags/host"), in)}
}

func tagsStates() []state {
	return []state{
		tagsState("many", func(*page.TagsIn) {}),
		tagsState("none", func(in *page.TagsIn) { in.Values, in.None, in.Looked, in.Newest = nil, 0, 0, false }),
		tagsState("about", func(in *page.TagsIn) { in.About, in.Newest, in.Export.May = true, false, mayNot }),
		tagsState("failed", func(in *page.TagsIn) {
			in.Failed = &ui.Failure{What: "The values could not be counted.", Cause: "The event store does not answer.", Retry: "/issues/CHK-2187/tags/host"}
		}),
		tagsState("hostile", func(in *page.TagsIn) {
			in.Issue.Title = hostile
			in.Values[0].Name, in.Values[1].Name = hostile, bidi+longWord
		}),
	}
}

// besideIn is what stands beside the issue of the fixtures.
func besideIn() page.BesideIn {
	return page.BesideIn{
		Environments: []page.SpanIn{{Name: "production", Count: 18_000}, {Name: "staging", Count: 911}},
		Releases:     []page.SpanIn{{Name: "4.13.0", Count: 12_000}, {Name: "4.12.1", Count: 6000}, {Name: "4.12.0", Count: 900}, {Name: "4.11.0", Count: 11}},
		Changed: page.ChangedIn{
			FirstSeen: ago(4 * day), Release: "4.12.0", ReleaseSeen: ago(4*day + 12*time.Minute), Before: "4.11.0", Environment: "staging",
			Later: []page.SpanIn{{Name: "production", First: ago(4*day - 3*time.Hour)}}, Host: "web-2",
		},
		Similar: []page.SimilarIn{
			{IssueRowIn: listed[0].in(), Why: []string{"same type", "similar message"}}, {IssueRowIn: listed[9].in(), Why: []string{"same function"}},
		},
		Keys: []string{"host", "os", "browser", "tags[region]"},
	}
}
