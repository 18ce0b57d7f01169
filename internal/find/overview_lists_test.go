package find_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/stats"
)

// What an overview lists: the queue, the top issues, the weeks.

func (h told) queue(t *testing.T, v angle) {
	t.Helper()
	got, err := h.Find.OverviewQueue(t.Context(), person("1"), v.OverviewQuery, 5)
	if err != nil {
		t.Fatal(err)
	}
	type waiting struct {
		id       string
		deadline int64
	}
	var want []waiting
	for id, is := range h.issues {
		last := h.ledger[id][len(h.ledger[id])-1]
		if last.To != errata.Open || !h.seen(v, is) {
			continue
		}
		w := waiting{id: id}
		for _, s := range h.spells {
			if s.issue == id && s.closed == 0 && ackTargets[is.Severity] > 0 {
				w.deadline = s.opened + ackTargets[is.Severity]
			}
		}
		want = append(want, w)
	}
	if got.Total != int64(len(want)) {
		t.Errorf("%s: %d need a response, want %d", v.name, got.Total, len(want))
	}
	slices.SortFunc(want, func(a, b waiting) int {
		if (a.deadline == 0) != (b.deadline == 0) {
			return map[bool]int{true: 1, false: -1}[a.deadline == 0]
		}
		if a.deadline == 0 {
			return int(h.issues[a.id].OpenedAt - h.issues[b.id].OpenedAt)
		}
		return int(a.deadline - b.deadline)
	})
	var order, answered []int64
	for _, w := range want[:min(len(want), 5)] {
		order = append(order, w.deadline)
	}
	for _, r := range got.Rows {
		answered = append(answered, r.Deadline)
		if !r.Ack.OK || !r.Ack.Applies || r.Project.ID != r.Issue.ProjectID {
			t.Errorf("%s: %s cannot be acknowledged", v.name, r.ShortID())
		}
	}
	same(t, v, "deadlines", order, answered)
}

func (h told) top(t *testing.T, v angle) {
	t.Helper()
	for _, by := range []find.TopBy{find.TopEvents, find.TopRising, find.TopUsers} {
		got, err := h.Find.OverviewTop(t.Context(), person("1"), v.OverviewQuery, by, 4)
		if err != nil {
			t.Fatal(err)
		}
		from, to := wholeHours(v.Range, h.clock.now())
		now, before, users := map[string]int64{}, map[string]int64{}, map[string]map[string]bool{}
		for _, e := range h.events {
			if users[e.issue] == nil {
				users[e.issue] = map[string]bool{}
			}
			if e.user != "" {
				users[e.issue][e.user] = true
			}
			if !v.about(h.projects[e.project]) || !v.within(e.env) {
				continue
			}
			if !e.at.Before(from) && e.at.Before(to) {
				now[e.issue]++
			}
			if !e.at.Before(from.Add(from.Sub(to))) && e.at.Before(from) {
				before[e.issue]++
			}
		}
		var want, answered []int64
		for id, n := range now {
			if by == find.TopRising {
				n -= before[id]
			}
			if by == find.TopUsers {
				n = int64(len(users[id]))
			}
			if n > 0 {
				want = append(want, n)
			}
		}
		slices.Sort(want)
		slices.Reverse(want)
		want = want[:min(len(want), 4)]
		for _, r := range got {
			n := r.Events
			if by == find.TopRising {
				same(t, v, "events before", before[r.Issue.ID], r.Before)
				n -= r.Before
			}
			same(t, v, "users of "+r.ShortID(), int64(len(users[r.Issue.ID])), r.Issue.Users)
			if by == find.TopUsers {
				n = r.Issue.Users
			}
			answered = append(answered, n)
			line := int64(0)
			for _, c := range r.Hours {
				line += c
			}
			same(t, v, "events of "+r.ShortID(), []int64{now[r.Issue.ID], now[r.Issue.ID]}, []int64{r.Events, line})
		}
		// By users also counts who is active across a range of the past without an event in it.
		if by != find.TopUsers || h.clock.now().Sub(v.Range.To) < time.Hour {
			same(t, v, "top by "+string(by), want, answered)
		}
	}
}

// wholeHours are the hours of the clock that a range of the top issues means: as
// many as it has, the last one being that of its end.
func wholeHours(r find.Range, now time.Time) (from, to time.Time) {
	up := func(t time.Time) time.Time { return t.Add(time.Hour - 1).Truncate(time.Hour) }
	from, to = up(r.From.UTC()), up(r.To.UTC())
	if !past(r, now) {
		to = r.To.UTC().Add(time.Minute + time.Second).Truncate(time.Hour).Add(time.Hour)
		if behind := to.Add(-up(r.To.UTC()).Sub(up(r.From.UTC()))); behind.After(from) {
			from = behind
		}
	}
	if !from.Before(to) {
		from = to.Add(-time.Hour)
	}
	return from, to
}

func (h told) clocks(t *testing.T, v angle) {
	t.Helper()
	var of []spell
	for _, s := range h.spells {
		if v.about(h.projects[s.project]) && v.within(s.env) && (v.severity == "" || s.worst.String() == v.severity) {
			of = append(of, s)
		}
	}
	clocks, err := h.Find.OverviewClocks(t.Context(), person("1"), v.OverviewQuery, v.severity)
	if err != nil {
		t.Fatal(err)
	}
	weeks, err := h.Find.OverviewWeekly(t.Context(), person("1"), v.OverviewQuery, v.severity)
	if err != nil {
		t.Fatal(err)
	}
	if len(weeks.Edges) != find.OverviewWeeks+1 || len(weeks.TTA) != find.OverviewWeeks || len(weeks.TTR) != find.OverviewWeeks {
		t.Errorf("%s: %d weeks", v.name, len(weeks.Edges)-1)
	}
	for i, metric := range []stats.Metric{stats.TTA, stats.TTR} {
		rules := stats.Rules{Metric: metric}
		from, to := clocks[i].Range.From.UnixMicro(), clocks[i].Range.To.UnixMicro()
		same(t, v, string(metric), recountSpells(of, rules, from, to, true), figuresOf(clocks[i].Total))
		for k, b := range [][]stats.Summary{weeks.TTA, weeks.TTR}[i] {
			start, end := weeks.Edges[k], weeks.Edges[k+1]
			if local := start.In(v.Zone); local.Weekday() != time.Monday || local.Hour() != 0 {
				t.Errorf("%s: a week begins on %s", v.name, local)
			}
			same(t, v, fmt.Sprint(metric, " in the week of ", start), recountSpells(of, rules, start.UnixMicro(), end.UnixMicro(), k == find.OverviewWeeks-1), figuresOf(b))
		}
	}
}
