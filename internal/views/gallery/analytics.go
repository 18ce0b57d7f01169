package gallery

import (
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/views/page"
)

// clocks are n episodes of twelve weeks, answered ever faster, the urgent ones
// sooner, and some that nobody answered. The same in every run.
func clocks(n int) (out []stats.Observation) {
	r := rand.New(rand.NewPCG(12, 84)) //nolint:gosec // no secret, the same in every run
	for i := range n {
		opened := ago(time.Duration(n-i)*84*day/time.Duration(n) - time.Duration(r.IntN(int(day))/2))
		severity := errata.Severities[(i*i+i/3)%4]
		scale := math.Pow(4, float64(severity)) * (1.6 - float64(i)/float64(n))
		o := stats.Observation{Episode: errata.Episode{
			ProjectID: strconv.Itoa(1 + i%4), OpenReason: errata.ReasonNew, OpenedAt: opened, Environment: "production", Release: "4.13." + strconv.Itoa(i%3),
			SeverityPeak: severity, Seq: 1,
		}}
		if severity < errata.P3 {
			o.Target = errata.Target{Ack: int64(15*60e6) << (2 * severity), Resolve: int64(4*3600e6) << (2 * severity)}
		}
		answer := int64(scale * 330e6 * math.Exp(r.NormFloat64()))
		switch {
		case i%11 == 10:
			o.ClosedAt, o.CloseReason = opened+int64(3600e6), errata.ClosedIgnored
		case i%9 != 8:
			o.RespondedAt, o.ResponseKind, o.RespondedBy = opened+answer, errata.RespondedAck, strconv.Itoa(1+i%3)
			if end := o.RespondedAt + int64(scale*8000e6*math.Exp(1.2*r.NormFloat64())); end < ago(0) {
				o.ResolvedAt, o.ResolutionKind, o.CloseReason, o.ClosedAt = end, errata.ResolutionNow, errata.ClosedResolved, end
			}
			if o.RespondedAt > ago(0) {
				o.RespondedAt, o.ResponseKind, o.RespondedBy = 0, "", ""
			}
		}
		out = append(out, o)
	}
	return out
}

func analyticsIn(n int, change func(*page.AnalyticsIn)) page.AnalyticsIn {
	in := page.AnalyticsIn{
		Moment: moment, Query: page.NewQuery("", nil), Services: services, Envs: []string{"production", "staging"}, By: "severity", Interval: "1w",
		Persons: true, AsOf: moment.Now.UnixMicro(), Names: map[string]string{},
	}
	change(&in)
	from, to := moment.Now.Add(-84*day), moment.Now
	in.Edges = stats.Clip(from, to, in.Interval, moment.Zone)
	for i, m := range []stats.Metric{stats.TTA, stats.TTR} {
		rules := in.Rules
		rules.Metric = m
		c := stats.NewCollector(stats.ResponseOptions{
			Rules: rules, By: []stats.Dimension{dimensionOf(in.By)}, Window: stats.Window{From: from.UnixMicro(), To: to.UnixMicro()}, Edges: in.Edges,
			Before: stats.Window{From: from.Add(-84 * day).UnixMicro(), To: from.UnixMicro()}, Now: to.UnixMicro(),
		})
		for _, o := range clocks(n) {
			if only := in.Query.Picked["severity"]; len(only) == 1 && o.SeverityPeak.String() != only[0] {
				continue
			}
			c.Add(&o)
			before := o
			for _, at := range []*int64{&before.OpenedAt, &before.RespondedAt, &before.ResolvedAt, &before.ClosedAt} {
				if *at != 0 {
					*at -= (84 * day).Microseconds()
				}
			}
			if before.ClosedAt != 0 {
				c.Add(&before)
			}
			if o.ReopenCount == 0 && o.Release == "4.13.2" {
				c.Follow(&o, errata.ReasonRegressed, o.ResolvedAt+int64(o.SeverityPeak)*12*day.Microseconds())
			}
		}
		in.Answers[i] = c.Result()
	}
	return in
}

func dimensionOf(by string) stats.Dimension {
	if by == "service" {
		return stats.ByProject
	}
	return stats.Dimension(by)
}

func analyticsStates() []state {
	plain := func(*page.AnalyticsIn) {}
	show := func(name string, in page.AnalyticsIn) state {
		return state{name, page.NewAnalytics(chrome("/analytics/response"), in)}
	}
	return []state{
		show("many", analyticsIn(400, plain)),
		show("urgent", analyticsIn(600, func(in *page.AnalyticsIn) {
			in.By, in.URL.By, in.Names = "service", "service", map[string]string{"1": "checkout-api", "2": "payments-worker", "3": "storefront-web", "4": "billing-svc"}
			in.Query = page.Query{
				Text: "severity:P0", Chips: []page.QueryChip{{Key: "severity:", Value: "P0"}}, Picked: map[string][]string{"severity": {"P0"}},
			}
		})),
		show("few", analyticsIn(30, func(in *page.AnalyticsIn) {
			in.By, in.URL.By, in.URL.Response, in.Rules.Explicit = "service", "service", "explicit", false
			in.Names = map[string]string{"1": "checkout-api", "2": longWord, "3": arabic, "4": hostile}
		})),
		show("one", analyticsIn(1, plain)),
		show("none", analyticsIn(0, func(in *page.AnalyticsIn) { in.Interval, in.Persons = "1d", false })),
		show("refused", analyticsIn(0, func(in *page.AnalyticsIn) {
			in.Query = page.RefusedQuery("os:iOS "+hostile, errata.Because(errata.Invalid, "“os” is not known of episodes.", nil, errata.Detail{
				Reason: "query.unsupported", Field: "q", Start: 0, End: 6, Message: "“os” is not known of episodes.",
			}))
		})),
		show("too-many", analyticsIn(0, func(in *page.AnalyticsIn) { in.Refused = "More than 200,000 episodes lie in this range." })),
		show("failed", analyticsIn(0, func(in *page.AnalyticsIn) {
			in.Failed = failure("The figures could not be computed.", "/analytics/response")
		})),
	}
}

func episodesStates() []state {
	in := page.EpisodesIn{
		Moment: moment, From: moment.Now.Add(-90 * day), To: moment.Now, Query: "service:checkout-api", Next: "next",
		URL:    page.EpisodesURL{AnalyticsURL: page.AnalyticsURL{Q: "service:checkout-api"}, Metric: "tta", Show: "missed", Cursor: "here", Over: time.Minute},
		People: map[string]errata.Person{"1": {ID: "1", Name: "Ada Rivera"}, "2": {ID: "2", Name: hostile}},
	}
	titles := []string{"pgconn.PgError: deadlock detected (SQLSTATE 40P01)", hostile, arabic, longWord, "TypeError: Cannot read properties of undefined (reading 'total')"}
	for i, o := range clocks(18) {
		r := page.EpisodeIn{
			Episode: o.Episode, Issue: errata.Issue{Number: int64(i + 700), Title: titles[i%len(titles)], Platform: "go"},
			Service: errata.Project{Slug: "checkout-api", Prefix: "CHK"},
		}
		if o.RespondedAt != 0 {
			r.Took, r.Target = time.Duration(o.RespondedAt-o.OpenedAt)*time.Microsecond, time.Duration(o.Target.Ack)*time.Microsecond
		}
		in.Rows = append(in.Rows, r)
	}
	none := in
	none.Rows, none.Next, none.URL.Cursor, none.URL.Show = nil, "", "", "waiting"
	return []state{
		{"many", page.NewEpisodes(chrome(in.URL.String()), in)},
		{"none", page.NewEpisodes(chrome(none.URL.String()), none)},
	}
}
