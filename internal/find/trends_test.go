package find_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
)

// aspect is a way to ask for trends, with what it means of events and of
// issues.
type aspect struct {
	q      string
	event  func(told, raw) bool
	issue  func(told, errata.Issue) bool
	within func(env string) bool
}

func aspects() []aspect {
	slug := func(h told, project string, slugs ...string) bool {
		return slices.Contains(slugs, h.projects[project].Slug)
	}
	every := func(string) bool { return true }
	return []aspect{
		{"", func(told, raw) bool { return true }, func(told, errata.Issue) bool { return true }, every},
		{
			"service:shop,api", func(h told, e raw) bool { return slug(h, e.project, "shop", "api") },
			func(h told, is errata.Issue) bool { return slug(h, is.ProjectID, "shop", "api") }, every,
		},
		{
			"env:production", func(_ told, e raw) bool { return e.env == "production" }, func(told, errata.Issue) bool { return true },
			func(env string) bool { return env == "production" },
		},
		{
			"!service:shop !env:production", func(h told, e raw) bool { return e.env != "production" && !slug(h, e.project, "shop") },
			func(h told, is errata.Issue) bool { return !slug(h, is.ProjectID, "shop") }, func(env string) bool { return env != "production" },
		},
		{
			"type:Kind3Error,Kind4Error", func(_ told, e raw) bool { return e.sent.Type == "Kind3Error" || e.sent.Type == "Kind4Error" },
			func(_ told, is errata.Issue) bool { return is.Type == "Kind3Error" || is.Type == "Kind4Error" }, every,
		},
		{"env:nowhere", func(told, raw) bool { return false }, func(told, errata.Issue) bool { return false }, func(string) bool { return false }},
	}
}

func TestTrendsEqualARecount(t *testing.T) {
	for _, stores := range []string{partstest.Embedded, partstest.Scaled} {
		t.Run(stores, func(t *testing.T) {
			l := live(t, stores)
			l.crowd(t)
			l.Drained()
			h := l.tell(t)
			for _, name := range []string{"UTC", "America/St_Johns"} {
				zone, err := time.LoadLocation(name)
				if err != nil {
					t.Fatal(err)
				}
				now := h.clock.now()
				for _, r := range []find.Range{
					{From: now.Add(-24 * time.Hour), To: now}, {From: now.AddDate(0, 0, -30), To: now}, {From: now.AddDate(0, 0, -40), To: now.AddDate(0, 0, -12)},
				} {
					for _, a := range aspects() {
						h.trend(t, a, find.TrendsQuery{Q: a.q, Range: r, Zone: zone})
					}
				}
			}
			if _, err := h.Find.Trends(t.Context(), person("1"), find.TrendsQuery{Q: "host:web-1", Range: find.Range{From: l.clock.now().Add(-time.Hour), To: l.clock.now()}}); errata.CodeOf(err) != errata.Invalid {
				t.Errorf("what only events know: %v", err)
			}
		})
	}
}

func (h told) trend(t *testing.T, a aspect, q find.TrendsQuery) {
	t.Helper()
	v := angle{name: fmt.Sprintf("%q from %s in %s", a.q, q.Range.From, q.Zone)}
	got, err := h.Find.Trends(t.Context(), person("1"), q)
	if err != nil {
		t.Fatal(v.name, err)
	}
	var fresh, regressed, resolved []int64
	for _, l := range []*[]int64{&fresh, &regressed, &resolved} {
		*l = make([]int64, len(got.Edges)-1)
	}
	count := func(to []int64, at time.Time) {
		if i := bucketAt(got.Edges, at); i >= 0 {
			to[i]++
		}
	}
	known := map[string]bool{}
	for id, is := range h.issues {
		first, seen := time.Time{}, false
		for _, e := range h.events {
			if e.issue == id {
				if first.IsZero() || e.at.Before(first) {
					first = e.at
				}
				seen = seen || a.within(e.env) && bucketAt(got.Edges, e.at) >= 0
			}
		}
		if known[id] = a.issue(h, is); known[id] && seen {
			count(fresh, first)
		}
	}
	for _, s := range h.spells {
		if !known[s.issue] || !a.within(s.env) {
			continue
		}
		if s.reason == "regressed" {
			count(regressed, errata.FromMicros(s.opened))
		}
		if s.resolved != 0 {
			count(resolved, errata.FromMicros(s.resolved))
		}
	}
	if a.q != "env:production" && a.q != "!service:shop !env:production" { // an environment may have seen an issue in the range only in part of it
		same(t, v, "new", fresh, got.New.Buckets)
	}
	same(t, v, "regressed", regressed, got.Regressed.Buckets)
	same(t, v, "resolved", resolved, got.Resolved.Buckets)
	h.trendEvents(t, a, q, v)
}

func (h told) trendEvents(t *testing.T, a aspect, q find.TrendsQuery, v angle) {
	t.Helper()
	volume, err := h.Find.TrendVolume(t.Context(), person("1"), q)
	if err != nil {
		t.Fatal(v.name, err)
	}
	const size = 3
	tops, err := h.Find.TrendTops(t.Context(), person("1"), q, size)
	if err != nil {
		t.Fatal(v.name, err)
	}
	total := int64(0)
	by := map[string]map[string]int64{"service": {}, "type": {}, "release": {}, "host": {}, "code": {}, "transaction": {}}
	for _, e := range h.events {
		if !a.event(h, e) || bucketAt(volume.Edges, e.at) < 0 {
			continue
		}
		total++
		by["service"][h.projects[e.project].Slug]++
		by["type"][e.sent.Type]++
		by["release"][e.sent.Release]++
	}
	same(t, v, "events", []int64{total, total}, []int64{volume.Total, tops.Total.Value})
	for _, l := range tops.Lists {
		var want, got []int64
		rest := total
		for _, n := range by[l.Key.Name] {
			want = append(want, n)
		}
		slices.SortFunc(want, func(a, b int64) int { return cmp.Compare(b, a) })
		want = want[:min(len(want), size)]
		for _, n := range want {
			rest -= n
		}
		for _, g := range l.Groups {
			got = append(got, g.Count)
			same(t, v, l.Key.Name+" "+g.Keys[0], by[l.Key.Name][g.Keys[0]], g.Count)
		}
		same(t, v, "top by "+l.Key.Name, want, got)
		same(t, v, "rest of "+l.Key.Name, rest, l.Rest)
	}
}
