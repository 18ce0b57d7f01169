package find_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/store"
)

// raw is one event that was counted, as it was sent.
type raw struct {
	issue, project, env, user string
	severity                  errata.Severity
	at                        time.Time
	sent                      partstest.Event
}

// told is a whole history as events and ledger tell it.
type told struct {
	*lived
	events   []raw
	issues   map[string]errata.Issue // what people made of them
	ledger   map[string][]errata.Transition
	spells   []spell
	projects map[string]errata.Project
}

// crowd lets more events arrive in the last two days, of known users, so that
// ranges of hours hold something.
func (l *lived) crowd(t *testing.T) {
	t.Helper()
	var projects []errata.Project
	l.Read(func(tx *store.Tx) (err error) {
		projects, err = tx.Projects(t.Context())
		return err
	})
	for range 20 {
		l.clock.forward(time.Duration(l.rand.Int64N(int64(3 * time.Hour))).Truncate(time.Microsecond))
		l.arrive(t, projects)
		l.act(t)
	}
	l.clock.forward(11 * time.Minute)
}

func (l *lived) tell(t *testing.T) told {
	t.Helper()
	h := told{lived: l, issues: map[string]errata.Issue{}, ledger: map[string][]errata.Transition{}, projects: map[string]errata.Project{}, spells: l.spells(t)}
	l.Read(func(tx *store.Tx) error {
		all, err := tx.Projects(t.Context())
		if err != nil {
			return err
		}
		h.events = nil
		var keys []store.EventKey
		for _, p := range all {
			h.projects[p.ID] = p
			for id := range l.sent {
				keys = append(keys, store.EventKey{ProjectID: p.ID, EventID: id})
			}
		}
		applied, err := tx.Applied(t.Context(), keys)
		if err != nil {
			return err
		}
		for _, a := range applied {
			e := l.sent[a.EventID]
			s, _ := errata.ParseSeverity(e.Severity)
			h.events = append(h.events, raw{a.IssueID, a.ProjectID, e.Env, e.User, s, errata.FromMicros(a.Time), e})
		}
		for _, short := range l.short {
			prefix, number, _ := errata.ParseShortID(short)
			is, err := tx.IssueByNumber(t.Context(), prefix, number)
			if err != nil {
				return err
			}
			h.issues[is.ID] = is
			if h.ledger[is.ID], err = tx.TransitionsOf(t.Context(), is.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if len(h.events) != len(l.sent) {
		t.Fatalf("%d events are known of %d", len(h.events), len(l.sent))
	}
	return h
}

// angle is an overview that is asked for.
type angle struct {
	find.OverviewQuery
	name     string
	severity string
}

func (h told) angles(zone *time.Location) (out []angle) {
	now := h.clock.now()
	day := func(m time.Month, d int) time.Time { return time.Date(2026, m, d, 0, 0, 0, 0, zone) }
	spans := []find.Range{
		{From: now.Add(-24*time.Hour - 2*time.Second), To: now.Add(-2 * time.Second)},
		{From: now.Add(-time.Hour), To: now},
		{From: now.AddDate(0, 0, -7), To: now},
		{From: now.AddDate(0, 0, -30), To: now},
		{From: day(10, 24), To: day(10, 27)},
		{From: now.Add(-100 * time.Hour).Add(17 * time.Minute), To: now.Add(-50 * time.Hour)},
	}
	for i, span := range spans {
		about := []find.OverviewQuery{
			{}, {Services: []string{"shop"}}, {Environments: []string{"Production"}}, {Services: []string{"api", "jobs"}, Environments: []string{"staging"}},
		}
		for k, q := range about {
			q.Range, q.Zone = span, zone
			out = append(out, angle{q, fmt.Sprintf("%s to %s of %v %v", span.From, span.To, q.Services, q.Environments), []string{"", "P0", "P2"}[(i+k)%3]})
		}
	}
	return out
}

func TestOverviewEqualsARecount(t *testing.T) {
	for _, stores := range []string{partstest.Embedded, partstest.Scaled} {
		t.Run(stores, func(t *testing.T) {
			l := live(t, stores)
			l.crowd(t)
			h := l.tell(t)
			l.Find.TopStep(3)
			for i, name := range []string{"UTC", "Europe/Berlin", "America/St_Johns"} {
				zone, err := time.LoadLocation(name)
				if err != nil {
					t.Fatal(err)
				}
				if i == 1 { // before this the ledger is undone, from here on the roll-up is read
					if err := l.Admin.CountStatusHours(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				t.Run(name, func(t *testing.T) {
					for _, v := range h.angles(zone) {
						h.volume(t, v)
						h.standing(t, v)
						h.fresh(t, v)
						h.queue(t, v)
						h.top(t, v)
						h.clocks(t, v)
					}
				})
			}
		})
	}
}

// past says whether a range does not end now: pages ask a moment after they
// have looked at the clock.
func past(r find.Range, now time.Time) bool { return now.Sub(r.To) > 30*time.Second }

func (v angle) about(p errata.Project) bool {
	return len(v.Services) == 0 || slices.Contains(v.Services, p.Slug)
}

func (v angle) within(env string) bool {
	return len(v.Environments) == 0 || slices.ContainsFunc(v.Environments, func(e string) bool { return strings.EqualFold(e, env) })
}

// seen says whether an issue belongs to the angle: to one of its services, and
// ever seen in one of its environments.
func (h told) seen(v angle, is errata.Issue) bool {
	return v.about(h.projects[is.ProjectID]) && slices.ContainsFunc(h.events, func(e raw) bool { return e.issue == is.ID && v.within(e.env) })
}

func same(t *testing.T, v angle, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), near); d != "" {
		t.Errorf("%s, %s (-recount +answer):\n%s", v.name, what, d)
	}
}

// volume recounts the chart and the services' events.
func (h told) volume(t *testing.T, v angle) {
	t.Helper()
	got, err := h.Find.OverviewVolume(t.Context(), person("1"), v.OverviewQuery)
	if err != nil {
		t.Fatal(err)
	}
	n := len(got.Edges) - 1
	counts, total := map[string][]int64{}, int64(0)
	for _, s := range errata.Severities {
		counts[s.String()] = make([]int64, n)
	}
	length := got.Edges[n].Sub(got.Edges[0])
	before, services := int64(0), map[string][2]int64{}
	for _, e := range h.events {
		if !v.about(h.projects[e.project]) || !v.within(e.env) {
			continue
		}
		if i := bucketAt(got.Edges, e.at); i >= 0 {
			counts[e.severity.String()][i]++
			total++
			services[e.project] = [2]int64{services[e.project][0] + 1, services[e.project][1]}
		}
		if h.inBefore(got, v, e.at, length) {
			before++
			services[e.project] = [2]int64{services[e.project][0], services[e.project][1] + 1}
		}
	}
	answered, previous := map[string][]int64{}, int64(0)
	for _, s := range got.Series {
		answered[s.Key] = s.Buckets
	}
	for _, c := range got.Previous {
		previous += c
	}
	same(t, v, "events by severity", counts, answered)
	same(t, v, "events now and before", []int64{total, before}, []int64{got.Total, previous})
	h.services(t, v, services)
}

// inBefore says whether an event counts as of the period before the chart's.
func (h told) inBefore(got find.Volume, v angle, at time.Time, length time.Duration) bool {
	from, to := got.Edges[0], got.Edges[len(got.Edges)-1]
	end := h.clock.now().Truncate(15 * time.Minute).Add(15 * time.Minute)
	if to.Before(end) {
		end = to
	}
	if !got.Interval.Calendar() {
		return !at.Before(from.Add(-length)) && at.Before(end.Add(-length)) && at.Before(from)
	}
	days := len(got.Edges) - 1
	if got.Interval == "1w" {
		days *= 7
	}
	back := func(t time.Time) time.Time { return t.In(v.Zone).AddDate(0, 0, -days) }
	return !at.Before(back(from)) && at.Before(back(end)) && at.Before(from)
}

func bucketAt(edges []time.Time, at time.Time) int {
	for i := range len(edges) - 1 {
		if !at.Before(edges[i]) && at.Before(edges[i+1]) {
			return i
		}
	}
	return -1
}

// unresolved says whether an issue was open or acknowledged just before t.
func (h told) unresolved(id string, at time.Time) bool {
	status := errata.Status("")
	for _, r := range h.ledger[id] {
		if r.At < at.UnixMicro() {
			status = r.To
		}
	}
	return status == errata.Open || status == errata.Acknowledged
}

func (h told) services(t *testing.T, v angle, events map[string][2]int64) {
	t.Helper()
	rows, err := h.Find.OverviewServices(t.Context(), person("1"), v.OverviewQuery)
	if err != nil {
		t.Fatal(err)
	}
	want, got := map[string][3]int64{}, map[string][3]int64{}
	for id, p := range h.projects {
		if v.about(p) {
			want[p.Slug] = [3]int64{events[id][0], events[id][1], 0}
		}
	}
	for id, is := range h.issues {
		if h.seen(v, is) && h.unresolved(id, h.clock.now().Add(time.Hour)) {
			w := want[h.projects[is.ProjectID].Slug]
			w[2]++
			want[h.projects[is.ProjectID].Slug] = w
		}
	}
	for i, r := range rows {
		got[r.Service.Slug] = [3]int64{r.Events, r.Before, r.Unresolved.Sum()}
		if i > 0 && r.Events > rows[i-1].Events {
			t.Errorf("%s: services are not in order", v.name)
		}
	}
	same(t, v, "services", want, got)
}

// standing recounts the unresolved issues, now, at the start, and by severity.
func (h told) standing(t *testing.T, v angle) {
	t.Helper()
	got, err := h.Find.OverviewUnresolved(t.Context(), person("1"), v.OverviewQuery)
	if err != nil {
		t.Fatal(err)
	}
	count := func(at time.Time) (n int64, by store.Unresolved) {
		for id, is := range h.issues {
			if h.seen(v, is) && h.unresolved(id, at) {
				n++
				by[is.Severity]++
			}
		}
		return n, by
	}
	hour := func(t time.Time) time.Time { return time.UnixMicro(t.UnixMicro() / 3600e6 * 3600e6) }
	before, _ := count(hour(v.Range.From))
	var now int64
	var by store.Unresolved
	if past(v.Range, h.clock.now()) {
		now, _ = count(hour(v.Range.To))
	} else {
		now, by = count(h.clock.now().Add(time.Hour))
	}
	same(t, v, "unresolved now and before", []int64{now, before}, []int64{got.Now, got.Before})
	same(t, v, "unresolved by severity", by, got.By)
	first, last := hour(v.Range.From), hour(v.Range.To)
	step := time.Duration(int64(last.Sub(first)/(48*time.Hour))+1) * time.Hour
	var line []int64
	for at := first; !at.After(last); at = at.Add(step) {
		n, _ := count(at)
		line = append(line, n)
	}
	if !past(v.Range, h.clock.now()) {
		line = append(line, now)
	}
	same(t, v, "line of unresolved issues", line, got.Line)
}

func (h told) fresh(t *testing.T, v angle) {
	t.Helper()
	got, err := h.Find.OverviewNew(t.Context(), person("1"), v.OverviewQuery)
	if err != nil {
		t.Fatal(err)
	}
	var want find.NewFigures
	count := func(from, to time.Time) (n, unassigned int64) {
		for id, is := range h.issues {
			first, in := time.Time{}, false
			for _, e := range h.events {
				if e.issue == id && (first.IsZero() || e.at.Before(first)) {
					first = e.at
				}
			}
			for _, env := range []string{"production", "staging"} { // seen there from, and until
				var a, b time.Time
				for _, e := range h.events {
					if e.issue == id && e.env == env {
						if a.IsZero() || e.at.Before(a) {
							a = e.at
						}
						if e.at.After(b) {
							b = e.at
						}
					}
				}
				in = in || v.within(env) && !a.IsZero() && !b.Before(from) && a.Before(to)
			}
			if v.about(h.projects[is.ProjectID]) && in && !first.Before(from) && first.Before(to) {
				n++
				if is.AssigneeID == "" {
					unassigned++
				}
			}
		}
		return n, unassigned
	}
	want.Now, want.Unassigned = count(v.Range.From, v.Range.To)
	want.Before, _ = count(v.Range.From.Add(v.Range.From.Sub(v.Range.To)), v.Range.From)
	for _, s := range h.spells {
		if s.reason == "regressed" && v.about(h.projects[s.project]) && v.within(s.env) && s.opened >= v.Range.From.UnixMicro() && s.opened < v.Range.To.UnixMicro() {
			want.Regressed++
		}
	}
	line := int64(0)
	for _, n := range got.Line {
		line += n
	}
	same(t, v, "new issues", want.Now, line)
	got.Line = nil
	same(t, v, "new issues", want, got)
}
