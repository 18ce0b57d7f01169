package find_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/querylang"
	"errata/internal/queue"
	"errata/internal/search"
	"errata/internal/stats"
)

// noticed is an event as the explorer must find it.
type noticed struct {
	partstest.Event
	service string
}

func (n noticed) value(k querylang.Key) string {
	switch k.Name {
	case "service":
		return n.service
	case "env":
		return n.Env
	case "type":
		return n.Type
	case "release":
		return n.Release
	case "level":
		return n.Level
	case "host":
		return n.Host
	case "tags":
		return n.Tags[k.Arg]
	}
	return ""
}

func key(name string) querylang.Key {
	k, ok := querylang.ParseKey(name)
	if !ok {
		panic("no key " + name)
	}
	return k
}

// trace ids of the events: three of them, of two services each.
func traceID(n int) string { return fmt.Sprintf("%032x", 0xabc0+n) }

// explored fills the parts with events of a day.
func explored(t *testing.T, p *partstest.Parts) (out []noticed) {
	t.Helper()
	r := rand.New(rand.NewPCG(7, 7))
	var entries []queue.Entry
	projects := map[string]errata.Project{}
	for _, s := range services {
		projects[s] = p.NewProject(s, errata.ProjectSettings{})
	}
	for i := range 400 {
		n := noticed{service: services[r.IntN(3)], Event: partstest.Event{
			ID: partstest.EventID(i + 1), Type: fmt.Sprintf("Kind%dError", min(r.IntN(9), r.IntN(9))), Message: []string{"timeout of a backend", "connection refused"}[r.IntN(2)],
			Env: []string{"production", "staging", "Staging", "dev"}[r.IntN(4)], Level: []string{"fatal", "error", "warning"}[r.IntN(3)],
			User: []string{"", "u-1", "u-2", "u-3", "u-4", "u-5"}[r.IntN(6)], Release: fmt.Sprintf("shop@1.%d.0", r.IntN(3)),
			Host: fmt.Sprintf("web-%d", r.IntN(4)), Tags: map[string]string{"region": []string{"eu", "us"}[r.IntN(2)]},
			Time: now.Add(-time.Duration(r.Int64N(int64(24*time.Hour - time.Minute)))).Truncate(time.Millisecond),
		}}
		if r.IntN(5) == 0 {
			n.Tags = nil
		}
		if i%50 == 0 {
			n.Trace = traceID(i / 50 % 3)
		}
		if i%80 == 0 {
			n.RequestID = fmt.Sprintf("Req-%d", i/80%2)
		}
		out = append(out, n)
		entries = append(entries, p.Entry(projects[n.service], n.Event))
	}
	for part := range slices.Chunk(entries, 100) {
		p.Publish(p.Batch(part...))
	}
	p.Drained()
	if err := p.Engine.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(out, func(a, b noticed) int { return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.ID, a.ID)) })
	return out
}

var lastDay = find.Range{From: now.Add(-24 * time.Hour), To: now}

// exploring are queries with what they mean.
var exploring = []struct {
	q     string
	means func(noticed) bool
}{
	{"", func(noticed) bool { return true }},
	{"timeout", func(n noticed) bool { return strings.HasPrefix(n.Message, "timeout") }},
	{"env:staging service:shop,api", func(n noticed) bool { return strings.EqualFold(n.Env, "staging") && n.service != "jobs" }},
	{"host:web-1 !tags[region]:eu", func(n noticed) bool { return n.Host == "web-1" && n.Tags["region"] != "eu" }},
	{"has:tags[region] level:fatal", func(n noticed) bool { return n.Tags != nil && n.Level == "fatal" }},
	{"type:Kind0Error OR user:u-2", func(n noticed) bool { return n.Type == "Kind0Error" || n.User == "u-2" }},
	{"events:>100000", func(noticed) bool { return false }},
}

func TestExplorer(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		all := explored(t, p)
		for _, x := range exploring {
			var want []noticed
			for _, n := range all {
				if x.means(n) {
					want = append(want, n)
				}
			}
			t.Run("pages of "+x.q, func(t *testing.T) { pagesAgree(t, p, x.q, want) })
			t.Run("counts of "+x.q, func(t *testing.T) { countsAgree(t, p, x.q, want) })
			t.Run("over time "+x.q, func(t *testing.T) { timesAgree(t, p, x.q, want) })
			t.Run("fields of "+x.q, func(t *testing.T) { fieldsAgree(t, p, x.q, want) })
		}
		t.Run("traces", func(t *testing.T) { tracesAgree(t, p, all) })
		t.Run("an opened row", func(t *testing.T) { opened(t, p, all[0]) })
		t.Run("an event's issue", func(t *testing.T) { locates(t, p, all) })
		t.Run("tags of an issue", func(t *testing.T) { tagsAgree(t, p, all) })
		t.Run("beside an issue", func(t *testing.T) { besideAgrees(t, p, all) })
		t.Run("refused", func(t *testing.T) { refusedQuestions(t, p) })
	})
}

// pagesAgree walks through all pages and back.
func pagesAgree(t *testing.T, p *partstest.Parts, q string, want []noticed) {
	ask := find.EventsQuery{Q: q, Range: lastDay, Size: 37, Columns: []querylang.Key{key("host"), key("tags[region]"), key("service"), key("user")}}
	var got []string
	last := ""
	for range 20 {
		page, err := p.Find.Events(t.Context(), partstest.Reader, ask)
		if err != nil {
			t.Fatal(err)
		}
		if page.Total.Value != int64(len(want)) || !page.Total.Exact {
			t.Fatalf("%d events, want %d", page.Total.Value, len(want))
		}
		for i, l := range page.Rows {
			n := want[len(got)]
			got = append(got, l.EventID)
			if l.Values["host"] != n.Host || l.Values["tags.region"] != n.Tags["region"] || l.Values["service"] != n.service || (l.Values["user"] == "") != (n.User == "") {
				t.Errorf("row %d is %v, sent was %+v", i, l.Values, n)
			}
			if l.Issue == "" || l.Payload != nil {
				t.Errorf("row %d: issue %q, payload %d bytes", i, l.Issue, len(l.Payload))
			}
		}
		if page.Next == "" {
			break
		}
		last, ask.Cursor = ask.Cursor, page.Next
		if last != "" {
			back, err := p.Find.Events(t.Context(), partstest.Reader, find.EventsQuery{Q: q, Range: lastDay, Size: 37, Cursor: page.Previous})
			if err != nil || len(back.Rows) != 37 || back.Rows[0].EventID != want[len(got)-len(page.Rows)-37].ID {
				t.Fatalf("the page before: %d rows, %v", len(back.Rows), err)
			}
		}
	}
	ids := make([]string, 0, len(want))
	for _, n := range want {
		ids = append(ids, n.ID)
	}
	if d := gocmp.Diff(ids, got, gocmp.Transformer("", func(s []string) []string { return append([]string{}, s...) })); d != "" {
		t.Error(d)
	}
	if len(want) > 37 {
		ask.Q, ask.Cursor = q+" level:error,fatal,warning", last
		if last == "" {
			return
		}
		if _, err := p.Find.Events(t.Context(), partstest.Reader, ask); errata.ReasonOf(err) != search.ReasonCursor {
			t.Errorf("a cursor of another query: %v", err)
		}
	}
}

// recount counts by keys, spellings that differ in case as one.
func recount(want []noticed, by []querylang.Key, users bool) map[string]int64 {
	sets, out := map[string]map[string]bool{}, map[string]int64{}
	for _, n := range want {
		var parts []string
		for _, k := range by {
			v := n.value(k)
			if !users {
				v = querylang.Fold(v)
			}
			parts = append(parts, v)
		}
		if parts[0] == "" {
			continue
		}
		g := strings.Join(parts, "|")
		if sets[g] == nil {
			sets[g] = map[string]bool{}
		}
		if n.User != "" {
			sets[g][n.User] = true
		}
		out[g]++
	}
	if users {
		for g := range out {
			out[g] = int64(len(sets[g]))
		}
	}
	return out
}

func countsAgree(t *testing.T, p *partstest.Parts, q string, want []noticed) {
	for _, by := range [][]string{{"service"}, {"env"}, {"type"}, {"host"}, {"tags[region]"}, {"service", "env"}, {"tags[region]", "host"}} {
		for _, m := range []find.Measure{find.CountEvents, find.CountUsers} {
			if m == find.CountUsers && len(by) > 1 {
				continue
			}
			var keys []querylang.Key
			for _, b := range by {
				keys = append(keys, key(b))
			}
			a, err := p.Find.Aggregate(t.Context(), partstest.Reader, find.AggregateQuery{Q: q, Range: lastDay, By: keys, Measure: m, Top: 100})
			if err != nil {
				t.Fatalf("%v: %v", by, err)
			}
			got, sum := map[string]int64{}, a.Rest.Count
			for _, g := range a.Groups {
				name := strings.Join(g.Keys, "|")
				if m == find.CountEvents {
					name = querylang.Fold(name)
				}
				got[name] += g.Count
				sum += g.Count
			}
			if d := gocmp.Diff(recount(want, keys, m == find.CountUsers), got); d != "" || a.About || a.Newest {
				t.Errorf("%s by %v (about %v, newest %v):\n%s", m, by, a.About, a.Newest, d)
			}
			if m == find.CountEvents && (sum != int64(len(want)) || a.Total.Value != sum) {
				t.Errorf("by %v: groups and rest hold %d, total %d, want %d", by, sum, a.Total.Value, len(want))
			}
			top, err := p.Find.Aggregate(t.Context(), partstest.Reader, find.AggregateQuery{Q: q, Range: lastDay, By: keys, Measure: m, Top: 2})
			if err != nil || len(top.Groups) > 2 || len(a.Groups) >= 2 && gocmp.Diff(a.Groups[:2], top.Groups) != "" {
				t.Errorf("top 2 by %v: %+v, %v", by, top.Groups, err)
			}
		}
	}
}

func timesAgree(t *testing.T, p *partstest.Parts, q string, want []noticed) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, bucket := range []stats.Interval{"1h", "30m", "1d"} {
		a, err := p.Find.Aggregate(t.Context(), partstest.Reader, find.AggregateQuery{Q: q, Range: lastDay, By: []querylang.Key{key("service")}, Bucket: bucket, Zone: berlin})
		if err != nil {
			t.Fatal(err)
		}
		u, err := p.Find.Aggregate(t.Context(), partstest.Reader, find.AggregateQuery{Q: q, Range: lastDay, Measure: find.CountUsers, Bucket: bucket, Zone: berlin})
		if err != nil {
			t.Fatal(err)
		}
		for i := range len(a.Edges) - 1 {
			var n, shop int64
			users := map[string]bool{}
			for _, x := range want {
				if x.Time.Before(a.Edges[i]) || !x.Time.Before(a.Edges[i+1]) {
					continue
				}
				n++
				if x.service == "shop" {
					shop++
				}
				if x.User != "" {
					users[x.User] = true
				}
			}
			var gotShop int64
			for _, g := range a.Groups {
				if g.Keys[0] == "shop" {
					gotShop = g.Buckets[i]
				}
			}
			if a.Buckets[i] != n || gotShop != shop || u.Buckets[i] != int64(len(users)) {
				t.Errorf("%s at %v: %d events, %d of shop, %d users, want %d, %d, %d", bucket, a.Edges[i], a.Buckets[i], gotShop, u.Buckets[i], n, shop, len(users))
			}
		}
		if a.Total.Value != int64(len(want)) {
			t.Errorf("%s: total %d, want %d", bucket, a.Total.Value, len(want))
		}
	}
}

func fieldsAgree(t *testing.T, p *partstest.Parts, q string, want []noticed) {
	l, err := p.Find.Fields(t.Context(), partstest.Reader, find.FieldsQuery{Q: q, Range: lastDay, Open: key("host")})
	if err != nil {
		t.Fatal(err)
	}
	if len(want) == 0 {
		if len(l.Present) != 0 {
			t.Errorf("nothing has %v", l.Present)
		}
		return
	}
	for _, f := range l.Fields {
		if f.Key.Name == "event.severity" {
			continue
		}
		counts := recount(want, []querylang.Key{f.Key}, false)
		if f.Looked != int64(len(want)) || f.Newest {
			t.Errorf("%s: looked at %d of %d", f.Key, f.Looked, len(want))
		}
		for _, v := range f.Values {
			if counts[querylang.Fold(v.Keys[0])] != v.Count {
				t.Errorf("%s %s: %d, want %d", f.Key, v.Keys[0], v.Count, counts[querylang.Fold(v.Keys[0])])
			}
		}
	}
	if !slices.ContainsFunc(l.Fields, func(f find.FieldCounts) bool { return f.Key.Name == "host" && len(f.Values) > 0 }) {
		t.Error("the opened field has no values")
	}
	for _, f := range l.Present {
		if f.Key == key("tags[region]") && f.Count != int64(len(slices.DeleteFunc(slices.Clone(want), func(n noticed) bool { return n.Tags == nil }))) {
			t.Errorf("region: %d", f.Count)
		}
	}
}

func refusedQuestions(t *testing.T, p *partstest.Parts) {
	service, host := []querylang.Key{key("service")}, []querylang.Key{key("host")}
	for name, q := range map[string]find.AggregateQuery{
		"three keys":             {By: []querylang.Key{key("service"), key("env"), key("host")}},
		"two keys over time":     {By: []querylang.Key{key("service"), key("env")}, Bucket: find.Auto},
		"users by key over time": {By: service, Bucket: "1h", Measure: find.CountUsers},
		"users by two keys":      {By: []querylang.Key{key("service"), key("env")}, Measure: find.CountUsers},
		"a key twice":            {By: append(slices.Clone(host), host...)},
		"words":                  {By: []querylang.Key{key("message")}},
		"people":                 {By: []querylang.Key{key("user")}},
		"no measure":             {Measure: "sum"},
		"no bucket":              {Bucket: "7m"},
		"too fine":               {Bucket: "1s"},
		"too fine by key":        {Bucket: "10s", By: service},
		"too many":               {Top: 101},
	} {
		q.Range = lastDay
		if _, err := p.Find.Aggregate(t.Context(), partstest.Reader, q); errata.CodeOf(err) != errata.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := p.Find.Events(t.Context(), partstest.Reader, find.EventsQuery{Range: lastDay, Cursor: "1.2.3.4.o.h.x.y"}); errata.ReasonOf(err) != search.ReasonCursor {
		t.Errorf("a broken cursor: %v", err)
	}
}
