package gallery

import (
	"time"

	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/views/layout"
	"errata/internal/views/page"
	"errata/internal/views/ui"
)

// queued is an issue of the list that waits until its deadline.
func queued(r row, left time.Duration) page.QueueRowIn {
	in := r.in()
	return page.QueueRowIn{Issue: in.Issue, Service: in.Service, Deadline: moment.Now.Add(left).UnixMicro(), Ack: errata.Allowed{OK: true, Applies: true}}
}

func queueIn() page.QueueIn {
	last := queued(listed[10], 0)
	last.Deadline = 0
	return page.QueueIn{Total: 34, Rows: []page.QueueRowIn{
		queued(listed[0], -12*time.Minute), queued(listed[4], 3*time.Minute), queued(listed[2], 12*time.Minute), queued(listed[5], 26*time.Minute), last,
	}}
}

func topIn(rank page.Rank) page.TopIn {
	in := page.TopIn{Rank: rank}
	for i, n := range []int{7860, 6912, 6140, 5318, 4127, 2254} {
		r := listed[[]int{1, 2, 5, 7, 3, 8}[i]].in()
		t := page.TopRowIn{Issue: r.Issue, Service: r.Service, Hours: r.Hours, Events: int64(n), Before: int64(n) / 3}
		if i%3 != 1 {
			t.Owner = errata.Person{ID: "1", Name: []string{"Ada Rivera", "", "Chie Ito", "Dag Berg", "", "Filip Novak"}[i], Login: "ada"}
		}
		in.Rows = append(in.Rows, t)
	}
	return in
}

func barsIn() page.ServiceBarsIn {
	var in page.ServiceBarsIn
	for i, at := range []int{2, 6, 5, 1, 3, 0, 4} {
		in.Rows = append(in.Rows, page.ServiceBarIn{
			Service: services[at], Events: int64(48_300 / (i + 1)), Before: int64(41_000/(i+1) + 900*i),
			Unresolved: [4]int64{int64((7 - i) / 6), int64((7 - i) / 2), int64(9 - i), int64(3 * i)},
		})
	}
	in.Rows[6].Unresolved = [4]int64{}
	return in
}

// summary is response times around a median.
func summary(median time.Duration, n int64, target time.Duration) stats.Summary {
	s := stats.Summary{N: n, Target: target, Excluded: map[stats.Exclusion]int64{}}
	if n > 0 {
		s.P25, s.P50, s.P75, s.P90, s.Max = median/2, median, 2*median, 5*median, 9*median
		s.Targeted, s.Met = n, n*4/5
	}
	return s
}

func weekClock(median, target time.Duration, open int64) (weeks []stats.Summary) {
	for i, n := range wave(12, 18, 10, uint64(max(median, 0))) {
		s := summary(median+median*time.Duration(11-i)/14, n, target)
		if i == 4 {
			s = summary(0, 0, target)
		}
		if i == 7 {
			s = summary(median, 3, target)
		}
		s.Excluded = map[stats.Exclusion]int64{stats.Imported: int64(i % 2), stats.NeverResponded: int64(i % 3), stats.Ignored: 1}
		s.Open = stats.Open{N: open, Unresponded: open / 4, Oldest: 12 * day, OldestUnresponded: 3 * time.Hour}
		weeks = append(weeks, s)
	}
	return weeks
}

func weeksIn() page.WeeksIn {
	begin := stats.Interval("1w").Start(moment.Now, moment.Zone)
	return page.WeeksIn{
		Edges:  append(stats.Edges(begin.Add(-11*7*day), begin.Add(-time.Hour), "1w", moment.Zone), moment.Now),
		Clocks: [2][]stats.Summary{weekClock(372*time.Second, 15*time.Minute, 34), weekClock(161*time.Minute, 4*time.Hour, 137)},
	}
}

func overviewIn(change func(*page.OverviewIn)) page.OverviewIn {
	in := page.OverviewIn{
		Moment: moment, URL: page.OverviewURL{Range: "24h", Envs: []string{"production"}}, Services: services,
		Envs: []string{"production", "staging", "development"}, From: moment.Now.Add(-day), Before: "previous 24 h", Events: trendIn("30m"),
		Unresolved: page.UnresolvedIn{Now: 137, Before: 143, By: [4]int64{2, 11, 46, 78}, Line: step(25, 12, 146, 139, 3)},
		New:        page.NewIn{Now: 23, Before: 19, Regressed: 6, Unassigned: 9, Line: wave(48, 1, 2, 5)},
		Clocks: [2]page.ClockIn{
			{Total: summary(372*time.Second, 26, 15*time.Minute), Compare: &stats.Comparison{Delta: -100 * time.Second, Verdict: stats.Faster}},
			{Total: summary(161*time.Minute, 24, 4*time.Hour), Compare: &stats.Comparison{Delta: 22 * time.Minute, Verdict: stats.Slower}},
		},
		Queue: queueIn(), Top: topIn(page.RankEvents), Bars: barsIn(), Weeks: weeksIn(),
		Export: &page.ExportIn{Address: "/overview?env=production", May: errata.Allowed{OK: true, Applies: true}},
	}
	change(&in)
	return in
}

func overview(name string, change func(*page.OverviewIn)) state {
	return state{name, page.NewOverview(chrome("/overview"), overviewIn(change))}
}

func overviewStates() []state {
	return append([]state{
		overview("many", func(*page.OverviewIn) {}),
		overview("rising", func(in *page.OverviewIn) { in.Top, in.URL.Rank = topIn(page.RankRising), page.RankRising }),
		overview("one-service", func(in *page.OverviewIn) {
			in.URL.Services, in.URL.Severity, in.Bars.Rows = []string{"checkout-api"}, "P0", in.Bars.Rows[:1]
		}),
		overview("custom-range", func(in *page.OverviewIn) {
			in.URL.Range, in.URL.From, in.URL.To, in.Before = "", "2026-11-14T00:00:00+01:00", "2026-11-16T12:00:00+01:00", "previous 60 h"
		}),
		darkOverview(),
		overview("quiet", quietOverview),
	}, hardOverviews()...)
}

// emptyOverviews have no parts: there is nothing to show.
func emptyOverviews() []state {
	return []state{
		overview("no-service", func(in *page.OverviewIn) { in.Services, in.Export = nil, nil }),
		overview("no-event", func(in *page.OverviewIn) {
			in.Export = nil
			in.Services, in.Envs, in.URL.Envs, in.Never, in.SetUp = services[2:3], nil, nil, true, "/services/checkout-api/setup"
		}),
	}
}

func darkOverview() state {
	c := chrome("/overview")
	c.Theme = layout.Dark
	return state{"dark", page.NewOverview(c, overviewIn(func(*page.OverviewIn) {}))}
}

func quietOverview(in *page.OverviewIn) {
	in.Events, in.Unresolved, in.New = noTrend(), page.UnresolvedIn{Line: make([]int64, 25)}, page.NewIn{Line: make([]int64, 48)}
	in.Clocks, in.Queue, in.Top = [2]page.ClockIn{}, page.QueueIn{}, page.TopIn{}
	for i := range in.Bars.Rows {
		in.Bars.Rows[i] = page.ServiceBarIn{Service: in.Bars.Rows[i].Service}
	}
	for i := range in.Weeks.Clocks {
		in.Weeks.Clocks[i] = make([]stats.Summary, 12)
	}
}

func hardOverviews() []state {
	down := func(target string) *ui.Failure {
		f := failure("The figures could not be read", "/overview")
		f.Target = target
		return f
	}
	return []state{
		overview("card-failed", func(in *page.OverviewIn) { in.Queue = page.QueueIn{Failed: down("queue")} }),
		overview("all-failed", func(in *page.OverviewIn) {
			in.Events.Failed, in.Unresolved.Failed, in.New.Failed = down("volume"), down("kpis"), down("kpis")
			in.Clocks[0].Failed, in.Clocks[1].Failed, in.Queue.Failed = down("kpis"), down("kpis"), down("queue")
			in.Top.Failed, in.Bars.Failed, in.Weeks.Failed = down("top"), down("services"), down("response")
		}),
		overview("few", func(in *page.OverviewIn) {
			in.Clocks[0].Total, in.Clocks[0].Compare = summary(90*time.Second, 2, 0), &stats.Comparison{Verdict: stats.TooFew}
			in.Clocks[1].Total = stats.Summary{Open: stats.Open{N: 2, Oldest: 5 * day}}
			in.Clocks[1].Compare = nil
		}),
		overview("no-permission", func(in *page.OverviewIn) {
			in.Export.May = mayNot
			for i := range in.Queue.Rows {
				in.Queue.Rows[i].Ack = errata.Allowed{Applies: true, Why: "Needs responder on " + in.Queue.Rows[i].Service.Slug + ". Ask A. Rivera."}
			}
		}),
		overview("longest", longestOverview), overview("right-to-left", func(in *page.OverviewIn) { titled(in, arabic, "إنتاج") }),
		overview("hostile", func(in *page.OverviewIn) { titled(in, hostile+": "+bidi, hostile) }),
	}
}

// titled gives every issue a title and the filter an environment.
func titled(in *page.OverviewIn, title, env string) {
	for i := range in.Queue.Rows {
		in.Queue.Rows[i].Issue.Title = title
	}
	for i := range in.Top.Rows {
		in.Top.Rows[i].Issue.Title, in.Top.Rows[i].Owner.Name = title, title
		in.Top.Rows[i].Owner.ID = "1"
	}
	in.Envs, in.URL.Envs = []string{env}, []string{env}
}

func longestOverview(in *page.OverviewIn) {
	titled(in, longWord+": "+longWord+longWord, longWord[:64])
	for i := range in.Queue.Rows {
		in.Queue.Rows[i].Service.Slug, in.Queue.Rows[i].Service.Prefix = longWord[:50], "WWWWWW"
		in.Queue.Rows[i].Issue.Number = 9_999_990 + int64(i)
	}
	for i := range in.Top.Rows {
		in.Top.Rows[i].Service.Prefix, in.Top.Rows[i].Issue.Number = "WWWWWW", 9_999_990+int64(i)
		in.Top.Rows[i].Events, in.Top.Rows[i].Issue.Users = 1_234_567_890, 987_654_321
	}
	for i := range in.Bars.Rows {
		in.Bars.Rows[i].Service.Slug = longWord[:49] + string(rune('a'+i))
		in.Bars.Rows[i].Events, in.Bars.Rows[i].Unresolved = 1_234_567_890, [4]int64{12_345, 123_456, 1_234_567, 12_345_678}
	}
	in.Unresolved.Now, in.New.Now = 987_654, 123_456
	in.Clocks[1].Total = summary(99*day+23*time.Hour, 123_456, 0)
}
