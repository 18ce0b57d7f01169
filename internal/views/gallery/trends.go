package gallery

import (
	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/views/page"
)

func trendsIn(scale float64) page.TrendsIn {
	from := moment.Now.Add(-30 * day)
	in := page.TrendsIn{
		Moment: moment, URL: page.NewTrendsURL(), Query: page.NewQuery("", nil),
		Export: &page.ExportIn{Address: "/analytics/trends", May: errata.Allowed{OK: true, Applies: true}},
	}
	in.URL.Range = "30d"
	edges := stats.Edges(from, moment.Now, "1d", moment.Zone)
	n := len(edges) - 1
	in.Volume = page.TrendIn{Moment: moment, Interval: "1d", Edges: edges, Previous: wave(n, 900*scale, 200*scale, 9)}
	for i := range in.Volume.Counts {
		in.Volume.Counts[i] = wave(n, float64(i+1)*90*scale, 120*scale, uint64(i+1))
	}
	for i, title := range []string{"New issues", "Regressed issues", "Resolved issues"} {
		l := page.TrendLineIn{
			ID: []string{"new", "regressed", "resolved"}[i], Title: title, Text: title + ", as they came",
			Buckets: wave(n, 6*scale, 3*scale, uint64(20+i)), Previous: wave(n, 5*scale, 2*scale, uint64(30+i)),
		}
		for _, c := range l.Previous {
			l.Before += c
		}
		in.Lines = append(in.Lines, l)
	}
	for i, title := range []string{"Top services", "Top types", "Top codes", "Top releases", "Top endpoints", "Top hosts"} {
		t := page.LeadIn{Key: []string{"service", "type", "code", "release", "transaction", "host"}[i], Title: title, Total: int64(20_000 * scale)}
		for k, name := range []string{"checkout-api", hostile, arabic, longWord, bidi} {
			if scale > 0 && i != 2 {
				t.Values = append(t.Values, page.CountIn{Keys: []string{name}, Count: int64(float64(6000/(k+1)) * scale)})
			}
		}
		t.Rest, t.About = int64(6300*scale), i == 3
		in.Tops = append(in.Tops, t)
	}
	return in
}

func trendsStates() []state {
	show := func(name string, scale float64, change func(*page.TrendsIn)) state {
		in := trendsIn(scale)
		change(&in)
		return state{name, page.NewTrends(chrome("/analytics/trends"), in)}
	}
	return []state{
		show("many", 1, func(*page.TrendsIn) {}),
		show("one", 0.001, func(in *page.TrendsIn) {
			in.Tops = in.Tops[:1]
			in.Tops[0].Values = in.Tops[0].Values[:1]
		}),
		show("none", 0, func(*page.TrendsIn) {}),
		show("events-only", 1, func(in *page.TrendsIn) {
			in.Lines, in.Why = nil, "Not counted: “host” is known of events, and not of issues."
			in.Query = page.Query{Text: "host:web-1", Chips: []page.QueryChip{{Key: "host:", Value: "web-1"}}}
			in.Notices = []string{"“web-1” was taken for a host."}
			in.TopGaps = []page.Gap{{From: ago(9 * day), To: ago(8 * day), Reason: "the search took too long"}}
		}),
		show("refused", 0, func(in *page.TrendsIn) {
			*in = page.TrendsIn{Moment: moment, URL: in.URL, Export: in.Export, Query: page.RefusedQuery("sevrity:P0 "+hostile, errata.Because(errata.Invalid, "There is no key “sevrity”.", nil, errata.Detail{
				Reason: "query.unknown_key", Field: "q", Start: 0, End: 10, Message: "There is no key “sevrity”.", Hint: "severity:",
			}))}
		}),
		show("failed", 1, func(in *page.TrendsIn) {
			f := failure("The events could not be counted.", "/analytics/trends")
			in.Volume = page.TrendIn{Moment: moment, Interval: in.Volume.Interval, Edges: in.Volume.Edges, Failed: f}
			in.Tops, in.NoTops = nil, failure("Where the events come from could not be counted.", "/analytics/trends")
		}),
		show("forbidden", 0.1, func(in *page.TrendsIn) { in.Export.May = mayNot }),
	}
}
