package find_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"errata/internal/apptest"
	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// now is when the recount takes place: within 30 days of the end of summer time
// in Europe (25 October, 01:00 UTC), in the middle of every bucket.
var now = time.Date(2026, 11, 20, 10, 23, 45, 678_000_000, time.UTC)

func clock() time.Time { return now }

// fact is one event that was sent, as it must be counted.
type fact struct {
	partstest.Event
	service  string
	env      string
	severity errata.Severity
	at       time.Time
}

func (f fact) has(word string) bool { return strings.Contains(f.Message, word) }

var services = []string{"shop", "api", "jobs"}

// facts makes a history: much of it today, much of it around the clock change
// and around midnights of several zones, some of it too old or from the future.
func facts() []fact {
	r := rand.New(rand.NewPCG(20, 26))
	var out []fact
	add := func(at time.Time) {
		f := fact{service: services[r.IntN(3)], at: at.Truncate(time.Microsecond)}
		f.Event = partstest.Event{
			ID: partstest.EventID(len(out) + 1), Type: fmt.Sprintf("Kind%dError", r.IntN(5)), Time: f.at,
			Message: []string{"timeout of a backend", "connection refused", "no such key"}[r.IntN(3)],
			Env:     []string{"production", "staging", "Staging", "dev"}[r.IntN(4)],
			Level:   []string{"fatal", "error", "error", "warning", "info"}[r.IntN(5)],
			User:    []string{"", "u-1", "u-2", "u-3", "u-4"}[r.IntN(5)], Severity: []string{"", "", "", "P0", "P3"}[r.IntN(5)],
		}
		f.env, f.severity = f.Env, severityOf(f.service, f.Level, f.Severity)
		if now.Sub(at) > 30*24*time.Hour { // a clock that is wrong: it counts when it came
			f.at = now
		}
		out = append(out, f)
	}
	for range 150 {
		add(now.Add(-time.Duration(r.Int64N(int64(25 * time.Hour)))))
	}
	for range 120 {
		add(now.Add(-time.Duration(r.Int64N(int64(29 * 24 * time.Hour)))))
	}
	change := time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC)
	for i := range 80 {
		add(change.Add(time.Duration(i) * 15 * time.Minute))
	}
	for _, edge := range []string{
		"2026-11-18T23:00:00Z", "2026-11-18T18:30:00Z", "2026-11-16T00:00:00Z", "2026-11-15T23:00:00Z", "2026-10-25T01:00:00Z",
		"2026-11-20T10:00:00Z", "2026-11-19T10:15:00Z", "2026-11-19T10:30:00Z",
	} {
		at, err := time.Parse(time.RFC3339, edge)
		if err != nil {
			panic(err)
		}
		add(at)
		add(at.Add(-time.Microsecond))
	}
	add(now.Add(30 * time.Second))
	add(now.AddDate(0, 0, -40))
	add(now.AddDate(0, 0, -33))
	return out
}

// severityOf is how an event is classified: by its tag, from a public key at
// most P1, else by level. The jobs send with a server's key.
func severityOf(service, level, tag string) errata.Severity {
	switch {
	case tag == "P0" && service == "jobs":
		return errata.P0
	case tag == "P0", tag == "" && level == "fatal":
		return errata.P1
	case tag == "" && level == "error":
		return errata.P2
	}
	return errata.P3
}

// history is a product that has received facts.
type history struct {
	*apptest.Product
	token string
	facts []fact
	find  *find.Service // over the same SQL store, for what the API does not show
}

func receive(t *testing.T, p *apptest.Product) history {
	t.Helper()
	h := history{Product: p, facts: facts(), token: p.Token(apptest.AllScopes)}
	to := map[string]apptest.Project{}
	for _, s := range services {
		to[s] = p.NewProject(s)
	}
	jobs := to["jobs"]
	jobs.Key = p.Command("key", "jobs", "--kind", "server")["key"]
	to["jobs"] = jobs
	work := make(chan fact)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for f := range work {
				var b bytes.Buffer
				payload := f.Payload(clock)
				fmt.Fprintf(&b, "{\"sent_at\":%q}\n{\"type\":\"event\",\"length\":%d}\n%s\n", now.Format(time.RFC3339Nano), len(payload), payload)
				if code, text := p.Post(to[f.service], "/api/"+to[f.service].ID+"/envelope/", nil, b.Bytes()); code != http.StatusOK {
					t.Errorf("event %s: %d %s", f.ID, code, text)
				}
			}
		})
	}
	for _, f := range h.facts {
		work <- f
	}
	close(work)
	wg.Wait()
	s := storetest.Open(t, store.Options{URL: p.Config.Database.URL.Reveal(), Path: filepath.Join(p.DataDir, "errata.db"), Clock: clock})
	h.find = find.New(find.Options{Store: s, Clock: clock, Decide: storetest.Decide})
	all := int64(len(h.facts))
	p.Until(time.Minute, "everything counted and searchable", func() bool {
		return h.volume(t, "range=8w&bucket=1w").Total == all && h.volume(t, "range=8w&bucket=1w&q=of+OR+refused+OR+no").Total == all
	})
	return h
}

type volume struct {
	From, To, Bucket, Source string
	Exact                    bool
	Total                    int64
	Starts                   []string
	Series                   []struct {
		Key     string
		Total   int64
		Buckets []int64
	}
	Previous []int64
	Gaps     []any
}

func (h history) volume(t *testing.T, query string) (v volume) {
	t.Helper()
	if code := h.Get(h.token, "/api/v1/analytics/volume?"+query, &v); code != http.StatusOK {
		t.Errorf("volume?%s: %d", query, code)
	}
	return v
}

func TestEveryFigureEqualsARecount(t *testing.T) {
	apptest.Each(t, apptest.Options{Clock: clock}, func(t *testing.T, p *apptest.Product) {
		h := receive(t, p)
		for _, zone := range []string{"Europe/Berlin", "Asia/Kolkata", "UTC"} {
			t.Run("volume "+zone, h.volumes(zone))
			t.Run("issue trends "+zone, h.trends(zone))
		}
		t.Run("issues", h.counters)
		t.Run("lists", h.lists)
		t.Run("services", h.services)
	})
}

// asked are queries with what they mean for one event. Issues says that it is a
// question about the event's issue.
var asked = []struct {
	q      string
	source string // "" = by the bucket
	means  func(h history, f fact) bool
}{
	{"", "", func(history, fact) bool { return true }},
	{"service:shop", "", func(_ history, f fact) bool { return f.service == "shop" }},
	{"env:staging", "", func(_ history, f fact) bool { return strings.EqualFold(f.env, "staging") }},
	{"!env:staging service:api,jobs", "", func(_ history, f fact) bool { return !strings.EqualFold(f.env, "staging") && f.service != "shop" }},
	{"level:error,fatal !service:jobs env:st*", "", func(_ history, f fact) bool {
		return (f.Level == "error" || f.Level == "fatal") && f.service != "jobs" && strings.EqualFold(f.env, "staging")
	}},
	{"event.severity:>=P1", "", func(_ history, f fact) bool { return f.severity <= errata.P1 }},
	{"timeout", "engine", func(_ history, f fact) bool { return f.has("timeout") }},
	{"timeout OR refused env:dev", "engine", func(_ history, f fact) bool { return f.has("timeout") || f.has("refused") && f.env == "dev" }},
	{"level:fatal OR service:shop", "engine", func(_ history, f fact) bool { return f.Level == "fatal" || f.service == "shop" }},
	{"type:Kind3Error !refused", "engine", func(_ history, f fact) bool { return f.Type == "Kind3Error" && !f.has("refused") }},
	{"user:u-2", "engine", func(_ history, f fact) bool { return f.User == "u-2" }},
	{"severity:P0", "engine", func(h history, f fact) bool { return h.issueOf(f).severity == errata.P0 }},
	{"events:>30 env:dev", "engine", func(h history, f fact) bool { return h.issueOf(f).events > 30 && f.env == "dev" }},
}

// ranges are what is looked at; times without a zone are the reader's.
var ranges = []string{
	"range=24h", "range=2h", "range=7d&bucket=3h", "range=30d&bucket=1d", "range=30d", "range=8w&bucket=1w", "range=today&bucket=30m",
	"from=2026-10-24T00:00&to=2026-10-27T00:00&bucket=1h", "from=2026-10-23&to=2026-10-28&bucket=1d", "from=2026-11-02&to=2026-11-09&bucket=1d",
}

func (h history) volumes(zone string) func(*testing.T) {
	return func(t *testing.T) {
		at, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		by := []find.By{find.BySeverity, find.ByLevel, find.ByService, find.ByEnvironment}
		n := 0
		for _, span := range ranges {
			for _, a := range asked {
				n++ // every split with every range and question in one zone or another
				query := span + "&compare=prev&tz=" + url.QueryEscape(zone) + "&by=" + string(by[(n+len(zone))%4]) + "&q=" + url.QueryEscape(a.q)
				v := h.volume(t, query)
				if a.source != "" && v.Source != a.source || !v.Exact || len(v.Gaps) > 0 {
					t.Errorf("%s: from %s, exact %t, gaps %v", query, v.Source, v.Exact, v.Gaps)
				}
				if d := cmp.Diff(h.recount(t, v, at, by[(n+len(zone))%4], func(f fact) bool { return a.means(h, f) }), v,
					cmpopts.EquateEmpty()); d != "" {
					t.Errorf("%s (-recount +answer):\n%s", query, d)
				}
			}
		}
	}
}

// keyOf is what an event counts as.
func (f fact) keyOf(by find.By) string {
	switch by {
	case find.BySeverity:
		return f.severity.String()
	case find.ByLevel:
		return f.Level
	case find.ByService:
		return f.service
	}
	return f.env
}

// bucketOf names the bucket that holds a moment, by the calendar on the wall.
func bucketOf(at time.Time, bucket string, zone *time.Location) string {
	switch local := at.In(zone); bucket {
	case "1d":
		return local.Format("2006-01-02")
	case "1w":
		return local.AddDate(0, 0, -(int(local.Weekday())+6)%7).Format("2006-01-02")
	}
	width, err := time.ParseDuration(bucket)
	if err != nil {
		panic(err)
	}
	return time.UnixMicro(at.UnixMicro() / width.Microseconds() * width.Microseconds()).UTC().Format(time.RFC3339)
}

// recount makes the answer anew from the facts, for the buckets that the answer
// claims, which it checks first.
func (h history) recount(t *testing.T, v volume, zone *time.Location, by find.By, means func(fact) bool) volume {
	t.Helper()
	out := v
	from, to, names := h.buckets(t, v, zone)
	back, until := before(v, zone, from, to, len(names))
	lines := map[string][]int64{}
	out.Total, out.Previous = 0, make([]int64, len(names))
	for _, f := range h.facts {
		if !means(f) {
			continue
		}
		if i := slices.Index(names, bucketOf(f.at, v.Bucket, zone)); i >= 0 && !f.at.Before(from) && f.at.Before(to) {
			if lines[f.keyOf(by)] == nil {
				lines[f.keyOf(by)] = make([]int64, len(names))
			}
			lines[f.keyOf(by)][i]++
			out.Total++
		}
		if i := slices.Index(names, back(f.at)); i >= 0 && f.at.Before(from) && f.at.Before(until) {
			out.Previous[i]++
		}
	}
	out.Series = slices.Clone(v.Series)
	for i := range out.Series {
		s := &out.Series[i]
		s.Total, s.Buckets = 0, lines[s.Key]
		if s.Buckets == nil {
			s.Buckets = make([]int64, len(names))
		}
		for _, n := range s.Buckets {
			s.Total += n
		}
		delete(lines, s.Key)
	}
	if len(lines) > 0 {
		t.Errorf("lines that the answer lacks: %v", lines)
	}
	return out
}

// buckets checks that a bucket starts wherever the name changes on the wall, and
// nowhere else, and returns range and names.
func (h history) buckets(t *testing.T, v volume, zone *time.Location) (from, to time.Time, names []string) {
	t.Helper()
	parse := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	from, to = parse(v.From), parse(v.To)
	var starts []string
	step := time.Minute
	if v.Bucket == "1w" || v.Bucket == "1d" {
		step = 15 * time.Minute
	}
	for at := from; at.Before(to); at = at.Add(step) {
		if name := bucketOf(at, v.Bucket, zone); len(names) == 0 || names[len(names)-1] != name {
			names, starts = append(names, name), append(starts, at.In(zone).Format(time.RFC3339))
		}
	}
	if d := cmp.Diff(starts, v.Starts); d != "" {
		t.Errorf("buckets of %s in %s (-wall +answer):\n%s", v.Bucket, zone, d)
	}
	if bucketOf(from.Add(-time.Microsecond), v.Bucket, zone) == names[0] || bucketOf(to, v.Bucket, zone) == names[len(names)-1] {
		t.Errorf("the range %s to %s cuts a bucket", v.From, v.To)
	}
	return from, to, names
}

// before returns which bucket an event of the period before is drawn in, and
// when that period ends.
func before(v volume, zone *time.Location, from, to time.Time, n int) (back func(time.Time) string, until time.Time) {
	end := time.UnixMicro((now.UnixMicro()/900_000_000 + 1) * 900_000_000)
	if !end.Before(to) {
		end = to
	}
	days := n
	switch v.Bucket {
	case "1w":
		days = 7 * n
		fallthrough
	case "1d":
		return func(at time.Time) string {
			y, m, d := at.In(zone).Date()
			return bucketOf(time.Date(y, m, d+days, 12, 0, 0, 0, zone), v.Bucket, zone)
		}, end.In(zone).AddDate(0, 0, -days)
	}
	length := to.Sub(from)
	return func(at time.Time) string { return bucketOf(at.Add(length), v.Bucket, zone) }, end.Add(-length)
}
