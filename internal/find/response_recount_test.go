package find_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/stats"
	"errata/internal/triage"
)

// figures are what a recount finds, in seconds.
type figures struct {
	N, Met, Targeted, Left, Open, Waiting int64
	Mean, P25, P50, P75, P90, P95         float64
}

func figuresOf(s stats.Summary) figures {
	return figures{
		N: s.N, Met: s.Met, Targeted: s.Targeted, Left: s.Left(), Open: s.Open.N, Waiting: s.Open.Unresponded,
		Mean: s.Mean.Seconds(), P25: s.P25.Seconds(), P50: s.P50.Seconds(), P75: s.P75.Seconds(), P90: s.P90.Seconds(), P95: s.P95.Seconds(),
	}
}

// question is one way to ask.
type question struct {
	name  string
	query find.ResponseQuery
	means func(spell) bool
}

func questions(l *lived) []question {
	all := func(spell) bool { return true }
	return []question{
		{"all", find.ResponseQuery{Rules: stats.Rules{Metric: stats.TTA}, By: []stats.Dimension{stats.BySeverity}}, all},
		{"resolved", find.ResponseQuery{Rules: stats.Rules{Metric: stats.TTR}, By: []stats.Dimension{stats.ByProject}}, all},
		{"explicit", find.ResponseQuery{Rules: stats.Rules{Metric: stats.TTA, Explicit: true}, By: []stats.Dimension{stats.ByUser}}, all},
		{"cohort", find.ResponseQuery{Rules: stats.Rules{Metric: stats.TTR, ByOpening: true}, By: []stats.Dimension{stats.ByOpenReason}}, all},
		{"production", find.ResponseQuery{Rules: stats.Rules{Metric: stats.TTA}, Q: "env:production severity:>=P1", By: []stats.Dimension{stats.ByRelease}}, func(s spell) bool {
			return s.env == "production" && s.worst <= errata.P1
		}},
		{"release or staging", find.ResponseQuery{Rules: stats.Rules{Metric: stats.TTR}, Q: "release:1.1.0 OR !env:production", By: []stats.Dimension{stats.ByOwner}}, func(s spell) bool {
			return s.release == "1.1.0" || s.env != "production"
		}},
		{"a service of mine", find.ResponseQuery{Rules: stats.Rules{Metric: stats.TTA}, Q: "service:shop assigned:me", By: []stats.Dimension{stats.BySeverity, stats.ByEnvironment}}, func(s spell) bool {
			return s.project == "1" && s.owner == "1"
		}},
	}
}

func (s spell) done(r stats.Rules) (at int64, by string) {
	switch {
	case r.Metric == stats.TTR:
		return s.resolved, s.resolvedBy
	case r.Explicit:
		return s.acked, s.ackedBy
	}
	return s.responded, s.respondedBy
}

// place says when an episode counts and whether it is left out then.
func (s spell) place(r stats.Rules) (at int64, out bool) {
	done, _ := s.done(r)
	switch {
	case r.Metric == stats.TTR && s.ignored, done == 0 && s.closed != 0:
		at, out = s.closed, true
	case done == 0:
		return 0, false
	default:
		at = done
	}
	if r.ByOpening {
		at = s.opened
	}
	return at, out
}

func (s spell) key(r stats.Rules, d stats.Dimension) string {
	_, by := s.done(r)
	return map[stats.Dimension]string{
		stats.BySeverity: s.worst.String(), stats.ByProject: s.project, stats.ByUser: by, stats.ByOpenReason: s.reason,
		stats.ByRelease: s.release, stats.ByOwner: s.owner, stats.ByEnvironment: s.env,
	}[d]
}

var (
	ackTargets     = []int64{900e6, 3600e6, 86_400e6, 0}
	resolveTargets = []int64{14_400e6, 86_400e6, 604_800e6, 0}
)

// recount adds up what lies in a span, the plain way.
func recountSpells(all []spell, r stats.Rules, from, to int64, totals bool) (f figures) {
	var took []float64
	sum := 0.0
	for _, s := range all {
		if totals && s.closed == 0 {
			f.Open++
			if done, _ := s.done(stats.Rules{Metric: stats.TTA, Explicit: r.Explicit}); done == 0 {
				f.Waiting++
			}
		}
		at, out := s.place(r)
		if at < from || at >= to || at == 0 {
			continue
		}
		if out {
			f.Left++
			continue
		}
		done, _ := s.done(r)
		f.N++
		took, sum = append(took, float64(done-s.opened)/1e6), sum+float64(done-s.opened)/1e6
		target := ackTargets[s.worst]
		if r.Metric == stats.TTR {
			target = resolveTargets[s.worst]
		}
		if target > 0 {
			f.Targeted++
			if done-s.opened <= target {
				f.Met++
			}
		}
	}
	if f.N == 0 {
		return f
	}
	slices.Sort(took)
	at := func(p float64) float64 {
		x := p * float64(len(took)-1)
		i := min(int(x), len(took)-2)
		if i < 0 {
			return took[0]
		}
		return took[i] + (took[i+1]-took[i])*(x-float64(i))
	}
	f.Mean, f.P25, f.P50, f.P75, f.P90, f.P95 = sum/float64(f.N), at(.25), at(.5), at(.75), at(.9), at(.95)
	return f
}

// near compares floats that were added up in another way.
var near = cmp.Comparer(func(a, b float64) bool { return a == b || max(a-b, b-a) < 1e-5 })

func TestResponseEqualsARecountOfTheLedger(t *testing.T) {
	for _, stores := range []string{partstest.Embedded, partstest.Scaled} {
		t.Run(stores, func(t *testing.T) {
			l := live(t, stores)
			all := l.spells(t)
			open, measured := 0, 0
			for _, s := range all {
				if s.closed == 0 {
					open++
				}
				if s.resolved != 0 {
					measured++
				}
			}
			if len(all) < 80 || open < 5 || measured < 30 {
				t.Fatalf("a poor history: %d episodes, %d open, %d resolved", len(all), open, measured)
			}
			for _, zone := range []string{"UTC", "Europe/Berlin", "America/St_Johns"} {
				t.Run(zone, func(t *testing.T) { l.compare(t, all, zone) })
			}
			t.Run("lists", func(t *testing.T) { l.lists(t, all) })
			t.Run("rates", func(t *testing.T) { l.rates(t, all) })
		})
	}
}

func (l *lived) ranges(zone *time.Location) []find.Range {
	now := l.clock.now()
	day := func(m time.Month, d int) time.Time { return time.Date(2026, m, d, 0, 0, 0, 0, zone) }
	return []find.Range{
		{From: now.AddDate(0, 0, -90), To: now},
		{From: now.AddDate(0, 0, -30), To: now},
		{From: day(10, 24), To: day(10, 26)},
		{From: day(10, 12), To: day(11, 9)},
		{From: now.Add(-36 * time.Hour), To: now},
	}
}

func (l *lived) compare(t *testing.T, all []spell, name string) {
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	for i, span := range l.ranges(zone) {
		for k, q := range questions(l) {
			q.query.Range, q.query.Zone, q.query.Compare = span, zone, true
			q.query.Interval = []stats.Interval{"", "1d", "1w", stats.Month, "1h"}[(i+k)%5]
			if q.query.Interval == "1h" && span.To.Sub(span.From) > 14*24*time.Hour {
				q.query.Interval = ""
			}
			got, err := l.Find.Response(t.Context(), person("1"), q.query)
			if err != nil {
				t.Fatalf("%s: %v", q.name, err)
			}
			var of []spell
			for _, s := range all {
				if q.means(s) {
					of = append(of, s)
				}
			}
			l.check(t, fmt.Sprint(q.name, " ", span.From, " ", got.Interval), of, got, zone)
		}
	}
}

func (l *lived) check(t *testing.T, name string, of []spell, got find.Response, zone *time.Location) {
	t.Helper()
	from, to := got.Range.From.UnixMicro(), got.Range.To.UnixMicro()
	if d := cmp.Diff(recountSpells(of, got.Rules, from, to, true), figuresOf(got.Total), near); d != "" {
		t.Errorf("%s (-recount +answer):\n%s", name, d)
	}
	if d := cmp.Diff(recountSpells(of, got.Rules, from-(to-from), from, false), figuresOf(got.Compare.Before), near, ignoreBeside); d != "" {
		t.Errorf("%s, the period before (-recount +answer):\n%s", name, d)
	}
	for i, b := range got.Buckets {
		start, end := got.Edges[i], got.Edges[i+1]
		if d := cmp.Diff(recountSpells(of, got.Rules, start.UnixMicro(), end.UnixMicro(), false), figuresOf(b), near); d != "" {
			t.Errorf("%s, bucket of %s (-recount +answer):\n%s", name, start.In(zone), d)
		}
		if local := start.In(zone); i > 0 && got.Interval.Calendar() && (local.Hour() != 0 || local.Minute() != 0) {
			t.Errorf("%s: a day begins at %s", name, local)
		}
	}
	groups := map[string]figures{}
	for _, s := range of {
		if key := l.keys(s, got); groups[key] == (figures{}) {
			var same []spell
			for _, o := range of {
				if l.keys(o, got) == key {
					same = append(same, o)
				}
			}
			groups[key] = recountSpells(same, got.Rules, from, to, true)
		}
	}
	answered := map[string]figures{}
	for _, g := range got.Groups {
		answered[strings.Join(g.Key[:], "|")] = figuresOf(g.Total)
	}
	for key, f := range groups {
		if f == (figures{}) {
			delete(groups, key)
		}
	}
	for key, f := range answered {
		if f == (figures{}) { // only its rates
			delete(answered, key)
		}
	}
	if d := cmp.Diff(groups, answered, near); d != "" {
		t.Errorf("%s, groups (-recount +answer):\n%s", name, d)
	}
}

// ignoreBeside: the period before is compared without what is beside its times.
var ignoreBeside = cmp.FilterPath(func(p cmp.Path) bool {
	switch p.String() {
	case "Met", "Targeted", "Left":
		return true
	}
	return false
}, cmp.Ignore())

func (l *lived) keys(s spell, got find.Response) string {
	var k stats.Key
	for i, d := range got.By {
		k[i] = s.key(got.Rules, d)
	}
	return strings.Join(k[:], "|")
}

// lists holds the lists behind the figures against the figures.
func (l *lived) lists(t *testing.T, all []spell) {
	now := l.clock.now()
	for _, rules := range []stats.Rules{{Metric: stats.TTA}, {Metric: stats.TTR}, {Metric: stats.TTA, Explicit: true}, {Metric: stats.TTR, ByOpening: true}} {
		span := find.Range{From: now.AddDate(0, 0, -30), To: now}
		got, err := l.Find.Response(t.Context(), person("1"), find.ResponseQuery{Rules: rules, Range: span, By: []stats.Dimension{stats.ByProject}})
		if err != nil {
			t.Fatal(err)
		}
		s := got.Total
		want := map[find.Show]int64{
			find.ShowMeasured: s.N, find.ShowMet: s.Met, find.ShowMissed: s.Targeted - s.Met, find.ShowOpen: s.Open.N, find.ShowWaiting: s.Open.Unresponded,
		}
		for _, x := range stats.Exclusions(rules.Metric) {
			want[find.Show(x)] = s.Excluded[x]
		}
		for show, n := range want {
			if listed := l.listed(t, find.EpisodeQuery{Rules: rules, Range: span, Show: show, Size: 7}); listed != n {
				t.Errorf("%+v: %d %s, listed %d", rules, n, show, listed)
			}
		}
		for _, g := range got.Groups {
			q := find.EpisodeQuery{Rules: rules, Range: span, By: stats.ByProject, Key: got.Projects[g.Key[0]].Slug}
			if listed := l.listed(t, q); listed != g.Total.N {
				t.Errorf("%+v: group %s has %d, listed %d", rules, q.Key, g.Total.N, listed)
			}
		}
		edges := stats.BinEdges()
		for i, n := range got.Bins {
			q := find.EpisodeQuery{Rules: rules, Range: span, Over: edges[i]}
			if i+1 < len(edges) {
				q.Under = edges[i+1]
			}
			if listed := l.listed(t, q); listed != n {
				t.Errorf("%+v: bin from %s has %d, listed %d", rules, edges[i], n, listed)
			}
		}
	}
}

// listed counts the rows of all pages.
func (l *lived) listed(t *testing.T, q find.EpisodeQuery) (n int64) {
	t.Helper()
	seen := map[string]bool{}
	for {
		p, err := l.Find.Episodes(t.Context(), person("1"), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range p.Rows {
			if seen[r.ID] || r.Issue.ID != r.IssueID || r.Project.ID != r.ProjectID {
				t.Fatalf("row %s comes twice, or without its issue", r.ID)
			}
			seen[r.ID] = true
			n++
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			return n
		}
	}
}

func (l *lived) rates(t *testing.T, all []spell) {
	got, err := l.Find.Response(t.Context(), person("1"), find.ResponseQuery{
		Rules: stats.Rules{Metric: stats.TTR}, Range: find.Range{From: l.clock.now().AddDate(0, 0, -40), To: l.clock.now()},
	})
	if err != nil {
		t.Fatal(err)
	}
	var want stats.Rates
	const month = 30 * 24 * 3600 * 1e6
	for _, s := range all {
		if s.resolved < got.Range.From.UnixMicro() || s.resolved >= got.Range.To.UnixMicro() {
			continue
		}
		want.Resolved++
		soon := s.next != 0 && s.next <= s.resolved+month
		if soon && s.was == "regressed" {
			want.Regressed++
		}
		if s.reopened > 0 || soon && s.was == "reopened" {
			want.Reopened++
		}
	}
	if got.Rates != want || want.Regressed == 0 || want.Reopened == 0 {
		t.Errorf("rates %+v, recounted %+v", got.Rates, want)
	}
	for show, n := range map[find.Show]int64{find.ShowRegressed: want.Regressed, find.ShowReopened: want.Reopened} {
		if listed := l.listed(t, find.EpisodeQuery{Range: got.Range, Show: show}); listed != n {
			t.Errorf("%d %s, listed %d", n, show, listed)
		}
	}
}

// TestAnAnswerIsKeptUntilSomebodyActs: the same question is answered from
// memory, and anew after an act.
func TestAnAnswerIsKeptUntilSomebodyActs(t *testing.T) {
	clock := &stepped{}
	clock.us.Store(now.UnixMicro())
	p := partstest.Open(t, partstest.Options{Clock: clock.now})
	shop := p.NewProject("shop", errata.ProjectSettings{})
	p.Publish(p.Batch(p.Entry(shop, partstest.Event{ID: partstest.EventID(1)})))
	p.Drained()
	ask := func() find.Response {
		t.Helper()
		r, err := p.Find.Response(context.Background(), person("1"), find.ResponseQuery{
			Rules: stats.Rules{Metric: stats.TTA}, Range: find.Range{From: clock.now().AddDate(0, 0, -7), To: clock.now()},
		})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := ask()
	clock.forward(2 * time.Second)
	if again := ask(); again.AsOf != first.AsOf || again.Total.Open.N != 1 {
		t.Errorf("asked again: as of %d, first %d, %d open", again.AsOf, first.AsOf, again.Total.Open.N)
	}
	if _, err := p.Triage.Acknowledge(t.Context(), person("1"), shop.Prefix+"-1", triage.Form{}); err != nil {
		t.Fatal(err)
	}
	if after := ask(); after.Total.N != 1 || after.Total.P50 != 2*time.Second {
		t.Errorf("after the act: %+v", after.Total)
	}
}
