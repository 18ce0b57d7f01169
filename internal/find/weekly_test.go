package find_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/queue"
	"errata/internal/stats"
	"errata/internal/store"
	"errata/internal/triage"
)

func TestLastWeek(t *testing.T) {
	for name, c := range map[string]struct{ now, zone, from, to string }{
		"wednesday":                   {"2026-11-18T10:00:00Z", "UTC", "2026-11-09T00:00:00Z", "2026-11-16T00:00:00Z"},
		"the first moment of monday":  {"2026-11-16T00:00:00Z", "UTC", "2026-11-09T00:00:00Z", "2026-11-16T00:00:00Z"},
		"still sunday":                {"2026-11-15T23:59:59Z", "UTC", "2026-11-02T00:00:00Z", "2026-11-09T00:00:00Z"},
		"monday there, sunday in UTC": {"2026-11-15T23:30:00Z", "Europe/Berlin", "2026-11-08T23:00:00Z", "2026-11-15T23:00:00Z"},
		"169 hours":                   {"2026-10-27T10:00:00Z", "Europe/Berlin", "2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z"},
		"the week before that":        {"2026-10-25T22:59:59Z", "Europe/Berlin", "2026-10-11T22:00:00Z", "2026-10-18T22:00:00Z"},
		"half an hour":                {"2026-11-18T10:00:00Z", "Asia/Kolkata", "2026-11-08T18:30:00Z", "2026-11-15T18:30:00Z"},
		"over the new year":           {"2027-01-05T10:00:00Z", "UTC", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, c.now)
			if err != nil {
				t.Fatal(err)
			}
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			r := find.LastWeek(now, zone)
			if from, to := r.From.Format(time.RFC3339), r.To.Format(time.RFC3339); from != c.from || to != c.to {
				t.Errorf("%s to %s", from, to)
			}
		})
	}
}

// A report has the figures of each service, also where there are more of them
// than a page tells apart.
func TestWeeklyOfManyServices(t *testing.T) {
	clock := &stepped{}
	clock.us.Store(time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC).UnixMicro())
	p := partstest.Open(t, partstest.Options{Clock: clock.now})
	var entries []queue.Entry
	var projects []string
	for i := range stats.MaxGroups + 10 {
		project := p.NewProject(fmt.Sprintf("service-%02d", i), errata.ProjectSettings{})
		projects = append(projects, project.ID)
		entries = append(entries, p.Entry(project, partstest.Event{ID: partstest.EventID(i + 1)}))
	}
	p.Write(func(tx *store.Tx) error {
		_, err := tx.CreateAccount(t.Context(), errata.Account{ID: "1", Email: "ada@example.com", Login: "ada", Name: "Ada", State: errata.UserActive})
		return err
	})
	p.Publish(p.Batch(entries...))
	p.Drained()
	clock.forward(time.Hour)
	page, err := p.Find.Issues(t.Context(), person("1"), find.IssueQuery{Range: find.Range{From: clock.now().AddDate(0, 0, -1), To: clock.now()}, Size: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page.Rows {
		if _, err := p.Triage.Acknowledge(t.Context(), person("1"), r.ShortID(), triage.Form{Note: "seen"}); err != nil {
			t.Fatal(err)
		}
	}
	clock.forward(7 * 24 * time.Hour)
	w, err := p.Find.Weekly(t.Context(), person("1"), find.WeekQuery{Projects: projects, Week: find.LastWeek(clock.now(), time.UTC), Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, g := range w.ByService[0].Groups {
		got[g.Key[0]] = g.Total.N
	}
	for _, id := range projects {
		if got[id] != 1 {
			t.Errorf("service %s has n %d", id, got[id])
		}
	}
}

// Every figure of a week equals a recount of events, ledger and episodes.
func TestWeeklyEqualsARecount(t *testing.T) {
	for _, stores := range []string{partstest.Embedded, partstest.Scaled} {
		t.Run(stores, func(t *testing.T) {
			l := live(t, stores)
			l.crowd(t)
			l.Write(func(tx *store.Tx) error { // project 3 has no team
				for _, team := range []string{"a", "b"} {
					if err := tx.CreateTeam(t.Context(), errata.Team{ID: "team-" + team, Slug: team, Name: team}); err != nil {
						return err
					}
				}
				for id, team := range map[string]string{"1": "team-a", "2": "team-b", "4": "team-a"} {
					if _, err := tx.SetProjectTeam(t.Context(), id, team); err != nil {
						return err
					}
				}
				return nil
			})
			h := l.tell(t)
			l.Find.TopStep(3)
			for _, name := range []string{"UTC", "Europe/Berlin", "America/St_Johns"} {
				zone, err := time.LoadLocation(name)
				if err != nil {
					t.Fatal(err)
				}
				week, counted := find.LastWeek(h.clock.now(), zone), false
				for range 5 {
					w := h.week(t, week, zone, nil)
					counted = counted || w.New.Now > 0 && w.Regressed.Now > 0 && w.Resolved.Now > 0 && len(w.Backlog) > 0 && w.BySeverity[1].Total.N > 0
					h.week(t, week, zone, []string{"1", "3"})
					week = find.LastWeek(week.From, zone)
				}
				if !counted {
					t.Error("no week has all figures")
				}
			}
		})
	}
}

// week recounts one report.
func (h told) week(t *testing.T, week find.Range, zone *time.Location, projects []string) find.Week {
	t.Helper()
	if projects == nil {
		for id := range h.projects {
			projects = append(projects, id)
		}
	}
	got, err := h.Find.Weekly(t.Context(), person("1"), find.WeekQuery{Projects: projects, Week: week, Zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	v := angle{name: week.From.In(zone).String()}
	for _, id := range projects {
		v.Services = append(v.Services, h.projects[id].Slug)
	}
	first := week.From.In(zone)
	before := find.Range{From: time.Date(first.Year(), first.Month(), first.Day()-7, 0, 0, 0, 0, zone), To: week.From}
	same(t, v, "the week before", []int64{before.From.UnixMicro(), before.To.UnixMicro()}, []int64{got.Before.From.UnixMicro(), got.Before.To.UnixMicro()})
	in := func(r find.Range, at time.Time) bool { return !at.Before(r.From) && at.Before(r.To) }
	h.weekVolume(t, v, got, func(at time.Time) (bool, bool) { return in(week, at), in(before, at) })
	h.weekIssues(t, v, got, func(at time.Time) (bool, bool) { return in(week, at), in(before, at) })
	h.weekTop(t, v, got, week, before)
	h.weekClocks(t, v, got, week)
	h.weekBacklog(t, v, got, week)
	h.weekTeams(t, v, got)
	return got
}

func (h told) weekVolume(t *testing.T, v angle, got find.Week, in func(time.Time) (now, before bool)) {
	t.Helper()
	var severities [4]find.Counted
	services, days := map[string]find.Counted{}, make([]int64, len(got.Days)-1)
	for _, id := range v.Services {
		services[id] = find.Counted{}
	}
	for _, e := range h.events {
		slug := h.projects[e.project].Slug
		if !v.about(h.projects[e.project]) {
			continue
		}
		now, before := in(e.at)
		add := func(c find.Counted) find.Counted {
			if now {
				c.Now++
			}
			if before {
				c.Before++
			}
			return c
		}
		severities[e.severity], services[slug] = add(severities[e.severity]), add(services[slug])
		if now {
			days[bucketAt(got.Days, e.at)]++
		}
	}
	same(t, v, "events by severity", severities, got.Severities)
	answered, line := map[string]find.Counted{}, make([]int64, len(days))
	for _, s := range got.Services {
		answered[s.Service.Slug] = s.Events
	}
	for _, s := range got.Volume {
		for i, n := range s.Buckets {
			line[i] += n
		}
	}
	same(t, v, "events by service", services, answered)
	same(t, v, "events by day", days, line)
	if len(days) != 7 {
		t.Errorf("%s: a week of %d days", v.name, len(days))
	}
}

func (h told) weekIssues(t *testing.T, v angle, got find.Week, in func(time.Time) (now, before bool)) {
	t.Helper()
	var fresh, regressed, resolved find.Counted
	count := func(c *find.Counted, at time.Time) {
		now, before := in(at)
		if now {
			c.Now++
		}
		if before {
			c.Before++
		}
	}
	for id, is := range h.issues {
		if !v.about(h.projects[is.ProjectID]) {
			continue
		}
		first := time.Time{}
		for _, e := range h.events {
			if e.issue == id && (first.IsZero() || e.at.Before(first)) {
				first = e.at
			}
		}
		count(&fresh, first)
	}
	back := map[string]bool{}
	for _, s := range h.spells {
		if !v.about(h.projects[s.project]) {
			continue
		}
		if s.reason == "regressed" {
			count(&regressed, errata.FromMicros(s.opened))
			if now, _ := in(errata.FromMicros(s.opened)); now {
				back[s.issue] = true
			}
		}
		if s.resolved != 0 {
			count(&resolved, errata.FromMicros(s.resolved))
		}
	}
	same(t, v, "new, regressed, resolved", []find.Counted{fresh, regressed, resolved}, []find.Counted{got.New, got.Regressed, got.Resolved})
	same(t, v, "named new and regressed issues", []int{min(int(fresh.Now), find.WeekIssues), min(len(back), find.WeekIssues)}, []int{len(got.NewIssues), len(got.Returned)})
	for _, r := range got.Returned {
		if !back[r.Issue.ID] {
			t.Errorf("%s: %s did not regress", v.name, r.ShortID())
		}
	}
}

func (h told) weekTop(t *testing.T, v angle, got find.Week, week, before find.Range) {
	t.Helper()
	up := func(t time.Time) time.Time { return t.UTC().Add(time.Hour - 1).Truncate(time.Hour) }
	now, earlier := map[string]int64{}, map[string]int64{}
	for _, e := range h.events {
		if !v.about(h.projects[e.project]) {
			continue
		}
		if !e.at.Before(up(week.From)) && e.at.Before(up(week.To)) {
			now[e.issue]++
		}
		if !e.at.Before(up(before.From)) && e.at.Before(up(week.From)) {
			earlier[e.issue]++
		}
	}
	var want, answered []int64
	for _, n := range now {
		want = append(want, n)
	}
	slices.Sort(want)
	slices.Reverse(want)
	for _, r := range got.Top {
		answered = append(answered, r.Events)
	}
	same(t, v, "top issues", want[:min(len(want), find.WeekIssues)], answered)
	for _, list := range [][]find.TopRow{got.Top, got.NewIssues, got.Returned} {
		for _, r := range list {
			same(t, v, "events of "+r.ShortID(), []int64{now[r.Issue.ID], earlier[r.Issue.ID]}, []int64{r.Events, r.Before})
		}
	}
}

func (h told) weekClocks(t *testing.T, v angle, got find.Week, week find.Range) {
	t.Helper()
	from, to := week.From.UnixMicro(), week.To.UnixMicro()
	for i, m := range []stats.Metric{stats.TTA, stats.TTR} {
		rules := stats.Rules{Metric: m}
		of := func(key func(spell) string, value string) figures {
			var out []spell
			for _, s := range h.spells {
				if v.about(h.projects[s.project]) && key(s) == value {
					out = append(out, s)
				}
			}
			return recountSpells(out, rules, from, to, false)
		}
		plain := func(s stats.Summary) figures {
			f := figuresOf(s)
			f.Open, f.Waiting = 0, 0 // of the moment of the report, which a week does not tell
			return f
		}
		same(t, v, string(m), of(func(spell) string { return "" }, ""), plain(got.BySeverity[i].Total))
		for _, g := range got.BySeverity[i].Groups {
			same(t, v, string(m)+" of "+g.Key[0], of(func(s spell) string { return s.worst.String() }, g.Key[0]), plain(g.Total))
		}
		for _, g := range got.ByTeam[i].Groups {
			same(t, v, string(m)+" of team "+g.Key[0], of(func(s spell) string { return h.projects[s.project].TeamID }, g.Key[0]), plain(g.Total))
		}
		for _, g := range got.ByService[i].Groups {
			same(t, v, string(m)+" of "+g.Key[0], of(func(s spell) string { return s.project }, g.Key[0]), plain(g.Total))
		}
		all := recountSpells(h.about(v), rules, got.Before.From.UnixMicro(), got.Before.To.UnixMicro(), false)
		same(t, v, string(m)+" of the week before", []float64{float64(all.N), all.P50}, []float64{float64(got.BySeverity[i].Compare.Before.N), got.BySeverity[i].Compare.Before.P50.Seconds()})
	}
}

// about are the episodes of the services.
func (h told) about(v angle) (out []spell) {
	for _, s := range h.spells {
		if v.about(h.projects[s.project]) {
			out = append(out, s)
		}
	}
	return out
}

func (h told) weekBacklog(t *testing.T, v angle, got find.Week, week find.Range) {
	t.Helper()
	at := func(end int64) (n, unanswered int64, by [4]int64, oldest time.Duration) {
		for _, s := range h.about(v) {
			if s.opened >= end || s.closed != 0 && s.closed < end {
				continue
			}
			n++
			by[s.worst]++
			oldest = max(oldest, time.Duration(end-s.opened)*time.Microsecond)
			if s.responded == 0 || s.responded >= end {
				unanswered++
			}
		}
		return n, unanswered, by, oldest
	}
	n, unanswered, by, oldest := at(week.To.UnixMicro())
	before, _, _, _ := at(week.From.UnixMicro())
	bands := stats.Backlogs(got.Backlog)
	sum := bands[len(bands)-1]
	same(t, v, "backlog", []int64{n, unanswered, before}, []int64{sum.Sum(), sum.Unanswered, got.BacklogBefore})
	same(t, v, "backlog by severity", by, sum.Severities)
	same(t, v, "oldest", oldest, sum.Oldest)
	if total, _, _, _ := at(week.To.UnixMicro()); week.To.Truncate(time.Hour).Equal(week.To) {
		standing, err := h.Find.OverviewUnresolved(t.Context(), person("1"), find.OverviewQuery{Services: v.Services, Range: week})
		if err != nil {
			t.Fatal(err)
		}
		same(t, v, "backlog as the overview counts it", standing.Now, total)
	}
}

// weekTeams expects the teams of the services that the report is about, and no
// others.
func (h told) weekTeams(t *testing.T, v angle, got find.Week) {
	t.Helper()
	var want, answered []string
	for _, p := range h.projects {
		if v.about(p) && p.TeamID != "" {
			want = append(want, p.TeamID)
		}
	}
	slices.Sort(want)
	for _, team := range got.Teams {
		answered = append(answered, team.ID)
	}
	same(t, v, "teams", slices.Compact(want), answered)
	for i, r := range got.ByTeam {
		var n int64
		for _, g := range r.Groups {
			n += g.Total.N
		}
		same(t, v, "all teams together", got.BySeverity[i].Total.N, n)
	}
}
