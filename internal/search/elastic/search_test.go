package elastic

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

var update = flag.Bool("update", false, "write testdata")

func eq(name, value string) *querylang.Leaf {
	return &querylang.Leaf{Key: querylang.Key{Name: name}, Values: []querylang.Value{{Kind: querylang.Equal, Text: value}}}
}

func text(v querylang.Value) *querylang.Leaf { return &querylang.Leaf{Values: []querylang.Value{v}} }

func day(q querylang.Expr) search.Request {
	return search.Request{Scope: search.Scope{Projects: []string{"42", "43"}}, Query: q, From: noon.AddDate(0, 0, -1), To: noon}
}

var (
	phrase  = text(querylang.Value{Kind: querylang.Words, Tokens: []string{"null", "pointer"}, Joined: "nullpointer"})
	berlin  = must(time.LoadLocation("Europe/Berlin"))
	half    = time.FixedZone("somewhere", 5*3600+1800)
	lo, hi  = int64(500), int64(600)
	minutes = search.Agg{Name: "trend", Kind: search.Histogram, Interval: "30m"}
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// requests are the bodies that pages send, by name.
func requests() map[string]search.Request {
	page := day(&querylang.And{Kids: []querylang.Expr{eq("env", "production"), phrase}})
	page.Size, page.TotalUpTo = 50, 10_000
	page.After = page.Cursor(search.Place{Time: noon.UnixMicro(), EventID: strings.Repeat("9f", 16), Project: "42"}, false)
	newer := day(nil)
	newer.Size, newer.Fields = 1, search.FieldsFull
	newer.Before = newer.Cursor(search.Place{Time: noon.UnixMicro(), EventID: strings.Repeat("9f", 16), Project: "42"}, true)
	trend := day(&querylang.Leaf{Key: querylang.Key{Name: "issue"}, Values: []querylang.Value{{Text: "i1"}, {Text: "i2"}}})
	trend.Aggs = []search.Agg{
		minutes,
		{Name: "release", Kind: search.Terms, Key: querylang.Key{Name: "release"}, Size: 8, Sub: []search.Agg{minutes}},
		{Name: "users", Kind: search.Cardinality, Key: querylang.Key{Name: "user"}},
	}
	matching := day(phrase)
	matching.Aggs = []search.Agg{{Name: "issue", Kind: search.Terms, Key: querylang.Key{Name: "issue"}, Size: search.MaxTerms}}
	facet := day(nil)
	facet.Aggs = []search.Agg{{Name: "v", Kind: search.Terms, Key: querylang.Key{Name: "tags", Arg: "region.x"}, Size: 10}}
	days := day(nil)
	days.From = noon.AddDate(0, -6, 0)
	days.Aggs = []search.Agg{{Name: "d", Kind: search.Histogram, Interval: "1d", Zone: berlin}, {Name: "w", Kind: search.Histogram, Interval: "1w", Zone: half}}
	suggest := day(nil)
	suggest.Aggs = []search.Agg{
		{Name: "release", Kind: search.Terms, Key: querylang.Key{Name: "release"}, Size: 10, Prefix: "4.1"},
		{Name: "tag", Kind: search.Terms, Key: querylang.Key{Name: "tags", Arg: "region"}, Size: 10, Prefix: "eU-"},
		{Name: "keys", Kind: search.Terms, Key: querylang.Key{Name: search.HasKey}, Size: 30},
	}
	lived := day(nil)
	lived.Aggs = []search.Agg{
		{Name: "first", Kind: search.MinTime},
		{Name: "issue", Kind: search.Terms, Key: querylang.Key{Name: "issue"}, Size: 25, Sub: []search.Agg{{Name: "last", Kind: search.MaxTime}}},
	}
	return map[string]search.Request{
		"suggest": suggest, "lived": lived, "events.page": page, "events.newer": newer, "issue.trend": trend, "issues.matching": matching, "facet": facet,
		"days": days, "leaves": day(leaves()),
	}
}

// leaves asks one question of every kind.
func leaves() querylang.Expr {
	key := func(name, arg string, vs ...querylang.Value) *querylang.Leaf {
		return &querylang.Leaf{Key: querylang.Key{Name: name, Arg: arg}, Values: vs}
	}
	return &querylang.And{Kids: []querylang.Expr{
		&querylang.Not{Kid: eq("os", "ios")},
		&querylang.Or{Kids: []querylang.Expr{eq("level", "error"), eq("handled", "false")}},
		key("tags", "a.b", querylang.Value{Kind: querylang.Wildcard, Parts: []string{"x*", "?\\", ""}}),
		key("tags", "a.b", querylang.Value{Kind: querylang.Present}),
		key("http.status", "", querylang.Value{Kind: querylang.Range, Lo: &lo, Hi: &hi}),
		key("timestamp", "", querylang.Value{Kind: querylang.Range, Lo: new(noon.UnixMicro() + 1)}),
		key("message", "", querylang.Value{Kind: querylang.Prefix, Text: "dead"}),
		key("event", "", querylang.Value{Text: strings.Repeat("0a", 16)}),
		key("type", "", querylang.Value{Text: "a"}, querylang.Value{Text: "b"}, querylang.Value{Kind: querylang.Wildcard, Parts: []string{"c", ""}}),
	}}
}

func TestRequestBodies(t *testing.T) {
	e := open(t, newFake(), nil)
	for name, r := range requests() {
		t.Run(name, func(t *testing.T) {
			golden(t, e, name, func() (task, error) { return e.prepare(0, &r) })
		})
	}
	scan := search.ScanRequest{Scope: day(nil).Scope, Query: phrase, From: noon.AddDate(0, 0, -3), To: noon, ReceivedBefore: noon, Fields: search.FieldsFull}
	places := map[string]search.Place{
		"scan.first": {}, "scan.next": {Time: noon.AddDate(0, 0, -1).UnixMicro() + 1, EventID: strings.Repeat("9f", 16), Project: "42"},
	}
	for name, at := range places {
		t.Run(name, func(t *testing.T) {
			golden(t, e, name, func() (task, error) {
				r := scan.Request()
				r.Size, r.Timeout = search.MaxSize, scanWait
				return e.scanTask(&r, at)
			})
		})
	}
}

// golden compares what is sent for a request with testdata.
func golden(t *testing.T, e *Engine, name string, make func() (task, error)) {
	t.Helper()
	one, err := make()
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.lines([]task{one}, nil)
	if err != nil {
		t.Fatal(err)
	}
	two, err := make()
	if err != nil {
		t.Fatal(err)
	}
	again, _ := e.lines([]task{two}, nil)
	if string(got) != string(again) {
		t.Error("the same request gave other bytes: the cluster's cache would not know it")
	}
	path := "testdata/" + name + ".ndjson"
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Error(d)
	}
}

func TestPatterns(t *testing.T) {
	at := func(s string) time.Time { return must(time.Parse(time.RFC3339, s)) }
	tests := []struct {
		name, from, to string
		want           []string
		n              int
	}{
		{"one day", "2026-11-19T10:00:00Z", "2026-11-20T00:00:00Z", []string{"p-events-r*-2026.11.19"}, 1},
		{"to midnight and past it", "2026-11-19T10:00:00Z", "2026-11-20T00:00:01Z", []string{"p-events-r*-2026.11.19", "p-events-r*-2026.11.20"}, 2},
		{"other zone", "2026-11-20T00:30:00+01:00", "2026-11-20T00:40:00+01:00", []string{"p-events-r*-2026.11.19"}, 1},
		{"90 days", "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z", nil, 90},
		{"a year by month", "2026-01-31T00:00:00Z", "2027-01-01T00:00:00Z", []string{"p-events-r*-2026.01.*"}, 12},
		{"all", "1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z", []string{"p-events-r*"}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := patterns("p", at(tt.from), at(tt.to))
			if len(got) != tt.n {
				t.Errorf("%d patterns", len(got))
			}
			if tt.want != nil {
				if d := cmp.Diff(tt.want, got[:len(tt.want)]); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func members(all ...string) reply {
	return reply{status: 200, body: `{"responses":[` + strings.Join(all, ",") + `]}`}
}

const (
	emptyMember  = `{"status":200,"_shards":{"total":0,"successful":0},"hits":{"total":{"value":0,"relation":"eq"},"hits":[]}}`
	failedMember = `{"status":400,"error":{"type":"search_phase_execution_exception","reason":"all shards failed"}}`
	busyMember   = `{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"queue"}}`
)

func TestMembersFailAlone(t *testing.T) {
	f := newFake()
	f.msearch = func(int, []string) reply { return members(emptyMember, failedMember, busyMember) }
	e := open(t, f, nil)
	r := day(nil)
	r.TotalUpTo = 10
	bad := r
	bad.Size = -1
	nobody := r
	nobody.Scope = search.Scope{}
	var got []string
	for _, a := range e.MultiSearch(t.Context(), []search.Request{r, bad, r, r, nobody}) {
		got = append(got, string(errata.CodeOf(a.Err))+" "+errata.ReasonOf(a.Err))
		if a.Err == nil && (a.Result.Total != search.Total{Exact: true}) {
			t.Errorf("%+v", a.Result)
		}
	}
	want := []string{" ", "invalid search.request", "invalid query.unsupported", "slow_down search.busy", " "}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if f.searches != 1 {
		t.Errorf("%d requests", f.searches)
	}
}

func TestOneUnreadableMember(t *testing.T) {
	f := newFake()
	f.msearch = func(_ int, lines []string) reply {
		if strings.Contains(strings.Join(lines, ""), "poison") {
			return refusal(400, "x_content_parse_exception")
		}
		return members(emptyMember)
	}
	e := open(t, f, nil)
	out := e.MultiSearch(t.Context(), []search.Request{day(nil), day(eq("os", "poison")), day(nil)})
	if out[0].Err != nil || out[2].Err != nil || errata.CodeOf(out[1].Err) != errata.Invalid || f.searches != 3 {
		t.Error(out, f.searches)
	}
}

func TestPartialAnswers(t *testing.T) {
	shard := `{"status":200,"_shards":{"total":2,"successful":%d,"failed":1,"failures":[{"index":"errata-events-r30-2026.11.19","reason":{"type":"no_shard_available_action_exception"}}]},"hits":{"total":{"value":7},"hits":[]}}`
	tests := []struct {
		name, member string
		want         []search.Gap
		reason       string
	}{
		{"one shard", fmt.Sprintf(shard, 1), []search.Gap{{From: noon.AddDate(0, 0, -1), To: noon.Truncate(24 * time.Hour), Reason: reasonUnreachable}}, ""},
		{"every shard", fmt.Sprintf(shard, 0), nil, reasonUnreachable},
		{"out of time", `{"status":200,"timed_out":true,"hits":{"total":{"value":7},"hits":[]}}`, []search.Gap{{From: noon.AddDate(0, 0, -1), To: noon, Reason: search.ReasonTimeout}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake()
			f.msearch = func(int, []string) reply { return members(tt.member) }
			r := day(nil)
			r.TotalUpTo = 10
			res, err := open(t, f, nil).Search(t.Context(), r)
			if errata.ReasonOf(err) != tt.reason {
				t.Fatal(err)
			}
			if tt.reason != "" {
				return
			}
			if d := cmp.Diff(tt.want, res.Gaps); d != "" || res.Total.Exact {
				t.Error(d, res.Total)
			}
		})
	}
}

func TestBusyClusterReachesTheGuard(t *testing.T) {
	f := newFake()
	f.msearch = func(int, []string) reply { return members(busyMember, busyMember) }
	var seen error
	e := open(t, f, func(o *Options) {
		o.Search = func(ctx context.Context, call func(context.Context) error) error { seen = call(ctx); return seen }
	})
	out := e.MultiSearch(t.Context(), []search.Request{day(nil), day(nil)})
	if errata.CodeOf(seen) != errata.SlowDown || errata.CodeOf(out[0].Err) != errata.SlowDown || errata.CodeOf(out[1].Err) != errata.SlowDown {
		t.Error(seen, out)
	}
}

// Only indices that hold erased events are rewritten.
func TestPurge(t *testing.T) {
	f := newFake()
	f.indices = reply{status: 200, body: `[
		{"index":"errata-events-r30-2026.11.19","docs.count":"7","docs.deleted":"2"},
		{"index":"errata-events-r30-2026.11.20","docs.count":"7","docs.deleted":"0"},
		{"index":"errata-events-r90-2026.11.20","docs.count":null,"docs.deleted":null}]`}
	e := open(t, f, nil)
	if err := e.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"POST /errata-events-r30-2026.11.19/_forcemerge?ignore_unavailable=true&only_expunge_deletes=true&wait_for_completion=false"}
	if d := cmp.Diff(want, f.log); d != "" {
		t.Error(d)
	}
}

func TestVersions(t *testing.T) {
	for version, ok := range map[string]bool{"8.10.4": false, "8.11.0": true, "8.19.21": true, "9.4.3": true, "10.0.0": false, "7.17.0": false, "": false, "x": false} {
		f := newFake()
		f.version = version
		_, err := Open(t.Context(), Options{URLs: []string{"http://c:1"}, Clock: time.Now, Transport: f})
		if (err == nil) != ok {
			t.Errorf("%q: %v", version, err)
		}
	}
}

func TestTemplate(t *testing.T) {
	have := func(schema int) reply {
		return reply{status: 200, body: fmt.Sprintf(`{"index_templates":[{"name":"errata-events","index_template":{"_meta":{"errata_schema":%d}}}]}`, schema)}
	}
	denied := refusal(403, "security_exception")
	tests := []struct {
		name          string
		template, put reply
		fatal, ready  bool
	}{
		{"none", newFake().template, newFake().put, false, true},
		{"ours", have(schemaVersion), newFake().put, false, true},
		{"newer", have(schemaVersion + 1), newFake().put, true, false},
		{"may not, is there", have(schemaVersion), denied, false, true},
		{"may not, is missing", newFake().template, denied, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake()
			f.template, f.put = tt.template, tt.put
			f.bulk = allItems("201")
			e, err := Open(t.Context(), Options{URLs: []string{"http://c:1"}, Clock: time.Now, Transport: f})
			if (err != nil) != tt.fatal {
				t.Fatal(err)
			}
			if err != nil {
				return
			}
			if _, err := e.Index(t.Context(), docs(1)); (err == nil) != tt.ready {
				t.Error(err)
			}
		})
	}
}

func TestTemplateOptions(t *testing.T) {
	text, err := Options{Prefix: "abc", Replicas: "2"}.Template()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Patterns []string `json:"index_patterns"`
		Template struct {
			Aliases  map[string]any
			Settings struct{ Index map[string]any }
		}
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	_, ranged := got.Template.Settings.Index["auto_expand_replicas"]
	if got.Patterns[0] != "abc-events-r*" || got.Template.Settings.Index["number_of_replicas"] != "2" || ranged || got.Template.Aliases["abc-events"] == nil {
		t.Errorf("%s", text)
	}
}

func TestDownAtStart(t *testing.T) {
	f := newFake()
	f.down = true
	f.msearch = func(int, []string) reply { return members(emptyMember) }
	e := open(t, f, nil)
	if _, err := e.Search(t.Context(), day(nil)); errata.ReasonOf(err) != reasonUnreachable {
		t.Fatal(err)
	}
	f.down = false
	if _, err := e.Search(t.Context(), day(nil)); err != nil {
		t.Fatal(err)
	}
	if err := e.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	e.Close()
	if _, err := e.Search(t.Context(), day(nil)); errata.ReasonOf(err) != search.ReasonClosed {
		t.Error(err)
	}
}

func TestNobodyListens(t *testing.T) {
	e, err := Open(t.Context(), Options{URLs: []string{"http://127.0.0.1:1"}, Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Index(t.Context(), docs(1)); errata.CodeOf(err) != errata.Unavailable {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Search(ctx, day(nil)); errata.ReasonOf(err) != search.ReasonCancelled {
		t.Error(err)
	}
}

func TestHeaders(t *testing.T) {
	f := &spy{fake: newFake()}
	f.bulk = allItems("201")
	e, err := Open(t.Context(), Options{URLs: []string{"http://c:1"}, Clock: time.Now, Transport: f, APIKey: "key"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Index(t.Context(), docs(1)); err != nil {
		t.Fatal(err)
	}
	if got := f.last.Get("Authorization"); !strings.EqualFold(got, "ApiKey key") {
		t.Error(got)
	}
	if got := f.last.Get("Content-Type"); got != mediaNDJSON {
		t.Error(got)
	}
	if got := f.last.Get("Accept"); got != mediaJSON {
		t.Error(got)
	}
}

type spy struct {
	*fake
	last http.Header
}

func (s *spy) RoundTrip(r *http.Request) (*http.Response, error) {
	s.last = r.Header.Clone()
	return s.fake.RoundTrip(r)
}
