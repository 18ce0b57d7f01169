package elastic

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

// address returns the cluster that the tests may use, or skips.
func address(t testing.TB, variable string) string {
	t.Helper()
	u := os.Getenv(variable)
	if u == "" && slices.Contains(strings.Split(os.Getenv("ERRATA_TEST_REQUIRE"), ","), "elastic") {
		t.Fatal(variable + " is not set and elastic is required")
	}
	if u == "" {
		t.Skip(variable + " is not set: scripts/elasticsearch start [--secure], then env $(scripts/elasticsearch env [--secure]) go test")
	}
	return u
}

// live returns options for a cluster under a prefix of the test's own, which is
// removed at its end.
func live(t testing.TB) Options {
	t.Helper()
	o := Options{URLs: []string{address(t, "ERRATA_TEST_ES_URL")}, Prefix: prefix(t), Clock: time.Now}
	t.Cleanup(func() { clean(t, o) })
	return o
}

// processPrefix keeps test processes on one cluster apart.
var processPrefix = func() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b)
	return "t" + hex.EncodeToString(b)
}()

func prefix(t testing.TB) string { return prefixOf(t.Name()) }

// clean removes what an engine with these options has made.
func clean(t testing.TB, o Options) {
	t.Helper()
	e, err := Open(context.Background(), o)
	if err != nil {
		t.Error(err)
		return
	}
	defer e.Close()
	places, err := e.list(context.Background(), o.Prefix+"-events-r*")
	if err != nil {
		t.Error(err)
	}
	for _, p := range places {
		if err := e.client.do(context.Background(), esapi.IndicesDeleteRequest{Index: []string{p.name}}, nil); err != nil {
			t.Error(err)
		}
	}
	err = e.client.do(context.Background(), esapi.IndicesDeleteIndexTemplateRequest{Name: o.Prefix + "-events"}, nil)
	if err != nil && errata.CodeOf(err) != errata.NotFound {
		t.Error(err)
	}
}

func openLive(t *testing.T, o Options) *Engine {
	t.Helper()
	e, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func store(t *testing.T, e *Engine, all []search.Doc) {
	t.Helper()
	results, err := e.Index(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Status != search.Created {
			t.Fatalf("document %d: %+v", i, r)
		}
	}
}

func TestLiveRoundTrip(t *testing.T) {
	e := openLive(t, live(t))
	all := docs(3)
	full := &all[0]
	full.Record = querylang.Record{
		Time: noon.UnixMicro() + 123_456, Received: noon.UnixMicro() + 7, Project: "42", Issue: "i1", EventID: full.EventID, UserHash: "abcd",
		Service: "shop", Level: "fatal", Severity: errata.P1, Handled: true, Status: 503, IP: "2001:db8::1",
		Env: "Prod", Release: "4.13.0", Type: "A.B", Code: "E1", Culprit: "f", Title: "Ä “b” \u2028 <c>",
		Pairs: []string{"os=iOS", "tags.a=b=c"}, Terms: []string{"os=ios", "tags.a=b=c"}, Keys: []string{"os", "tags.a"}, Words: [3]string{"x", "a b", "f"},
	}
	full.Payload = []byte(`{"a":1.10,"a":1e400,"__proto__":{"x.y":"\u0000\\ ü"}}`)
	all[1].Class = 90
	store(t, e, all)
	again, err := e.Index(t.Context(), all[:1])
	if err != nil || again[0].Status != search.Duplicate {
		t.Error(again, err)
	}
	scope := search.Scope{Projects: []string{"42"}}
	want := *full
	want.Pairs, want.Terms, want.Keys, want.Words = nil, nil, nil, [3]string{}
	for name, ref := range map[string]errata.Ref{
		"by ref":        {Project: "42", EventID: full.EventID, Time: full.Time, Class: 30},
		"without class": {Project: "42", EventID: full.EventID, Time: full.Time},
		"without time":  {Project: "42", EventID: full.EventID},
	} {
		got, err := e.Get(t.Context(), scope, ref)
		if err != nil {
			t.Fatal(name, err)
		}
		if d := cmp.Diff(&want, got); d != "" {
			t.Error(name, d)
		}
	}
	for name, ref := range map[string]errata.Ref{
		"absent":        {Project: "42", EventID: strings.Repeat("f", 32), Time: full.Time, Class: 30},
		"absent day":    {Project: "42", EventID: full.EventID, Time: 1, Class: 30},
		"other project": {Project: "43", EventID: full.EventID, Time: full.Time, Class: 30},
		"nowhere":       {Project: "42", EventID: strings.Repeat("f", 32)},
	} {
		if _, err := e.Get(t.Context(), scope, ref); errata.CodeOf(err) != errata.NotFound {
			t.Error(name, err)
		}
	}
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := search.Request{Scope: scope, From: noon, To: noon.Add(time.Hour), Size: 10, Fields: search.FieldsFull, TotalUpTo: 10}
	res, err := e.Search(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(search.Hit{Record: want.Record, Class: 30, Payload: full.Payload}, res.Hits[2]); d != "" {
		t.Error(d)
	}
	if (res.Total != search.Total{Value: 3, Exact: true}) || res.Hits[1].Class != 90 {
		t.Error(res.Total, res.Hits[1].Class)
	}
	s, err := e.Stats(t.Context())
	if err != nil || s.Events != 3 || s.Places != 2 || s.Bytes == 0 || s.Oldest == 0 || s.Newest < s.Oldest || !strings.HasPrefix(s.Engine, "elasticsearch ") {
		t.Errorf("%+v %v", s, err)
	}
}

func TestLiveQueries(t *testing.T) {
	e := openLive(t, live(t))
	all := docs(3)
	all[0].Terms, all[0].Keys = []string{`tags.a.b=x*y?\zz`, "os=ios", "type=conn"}, []string{"os", "tags.a.b"}
	all[0].Status, all[0].Words = 500, [3]string{"null pointer ¶ nullpointer ¶", "dead end", "deadlock"}
	all[1].Level, all[1].Handled, all[1].Issue = "info", true, "i2"
	store(t, e, all)
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	words := func(name string, v querylang.Value) querylang.Expr {
		return &querylang.Leaf{Key: querylang.Key{Name: name}, Values: []querylang.Value{v}}
	}
	tag := func(v querylang.Value) querylang.Expr {
		return &querylang.Leaf{Key: querylang.Key{Name: "tags", Arg: "a.b"}, Values: []querylang.Value{v}}
	}
	tests := []struct {
		name string
		q    querylang.Expr
		want []int
	}{
		{"all", nil, []int{2, 1, 0}},
		{"term", eq("os", "ios"), []int{0}},
		{"not term", &querylang.Not{Kid: eq("os", "ios")}, []int{2, 1}},
		{"wildcard with special characters", tag(querylang.Value{Kind: querylang.Wildcard, Parts: []string{`x*y?\`, ""}}), []int{0}},
		{"wildcard is literal", tag(querylang.Value{Kind: querylang.Wildcard, Parts: []string{`xqy`, ""}}), nil},
		{"present", tag(querylang.Value{Kind: querylang.Present}), []int{0}},
		{"words adjacent", phrase, []int{0}},
		{"words not adjacent", text(querylang.Value{Kind: querylang.Phrase, Tokens: []string{"pointer", "null"}}), nil},
		{"prefix", text(querylang.Value{Kind: querylang.Prefix, Text: "deadl"}), []int{0}},
		{"one stream", words("message", querylang.Value{Kind: querylang.Prefix, Text: "dead"}), nil},
		{"no tokens", text(querylang.Value{Kind: querylang.Words}), nil},
		{"status", &querylang.Leaf{Key: querylang.Key{Name: "http.status"}, Values: []querylang.Value{{Kind: querylang.Range, Lo: &lo, Hi: &hi}}}, []int{0}},
		{"time", &querylang.Leaf{Key: querylang.Key{Name: "timestamp"}, Values: []querylang.Value{{Kind: querylang.Range, Lo: new(noon.UnixMicro() + 1)}}}, []int{2, 1}},
		{"time until", &querylang.Leaf{Key: querylang.Key{Name: "timestamp"}, Values: []querylang.Value{{Kind: querylang.Range, Hi: new(noon.UnixMicro() + 1_000_001)}}}, []int{1, 0}},
		{"time before all", &querylang.Leaf{Key: querylang.Key{Name: "timestamp"}, Values: []querylang.Value{{Kind: querylang.Range, Hi: new(int64(-5))}}}, nil},
		{"time beyond all", &querylang.Leaf{Key: querylang.Key{Name: "received"}, Values: []querylang.Value{{Kind: querylang.Range, Lo: new(int64(-5)), Hi: new(int64(1) << 62)}}}, []int{2, 1, 0}},
		{"level or handled", &querylang.Or{Kids: []querylang.Expr{eq("level", "info"), eq("handled", "true")}}, []int{1}},
		{"event", eq("event", docs(2)[1].EventID), []int{1}},
		{"issues", &querylang.Leaf{Key: querylang.Key{Name: "issue"}, Values: []querylang.Value{{Text: "i2"}, {Text: "none"}}}, []int{1}},
		{"and of none", &querylang.And{}, []int{2, 1, 0}},
		{"or of none", &querylang.Or{}, nil},
	}
	chart := []search.Agg{{Name: "d", Kind: search.Histogram, Interval: "1d"}} // the server's shortcuts for charts look at the query
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, scope := range []search.Scope{{Projects: []string{"41", "42"}}, {All: true}} {
				res, err := e.Search(t.Context(), search.Request{Scope: scope, Query: tt.q, From: noon, To: noon.Add(time.Hour), Size: 10, Aggs: chart})
				if err != nil {
					t.Fatal(err)
				}
				if len(res.Gaps) > 0 {
					t.Error(scope, res.Gaps)
				}
				var got []int
				for _, h := range res.Hits {
					got = append(got, int((h.Time-noon.UnixMicro())/1_000_000))
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Error(scope, d)
				}
			}
		})
	}
}

func TestLiveExpireAndSeal(t *testing.T) {
	o := live(t)
	now := noon
	o.Clock = func() time.Time { return now }
	e := openLive(t, o)
	var all []search.Doc
	for i := range 4 { // 20, 19, 18, 17 November
		d := docs(1)[0]
		d.EventID, d.Time = fmt.Sprintf("%032x", i), noon.AddDate(0, 0, -i).UnixMicro()
		all = append(all, d)
	}
	other := all[3]
	other.Class = 90
	store(t, e, append(all, other))
	if done, err := e.Seal(t.Context(), noon.AddDate(0, 0, -1)); done || err != nil {
		t.Error("an index just written was sealed", done, err)
	}
	now = now.Add(2 * time.Minute)
	if done, err := e.Seal(t.Context(), noon.AddDate(0, 0, -1)); !done || err != nil {
		t.Error(done, err)
	}
	if err := e.Prepare(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	report, err := e.Expire(t.Context(), 30, time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC))
	if err != nil || report.Places != 2 || report.Events != 2 {
		t.Errorf("%+v %v", report, err)
	}
	places, err := e.list(t.Context(), o.Prefix+"-events-r*")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range places {
		names = append(names, strings.TrimPrefix(p.name, o.Prefix+"-events-"))
	}
	want := []string{"r30-2026.11.19", "r30-2026.11.20", "r30-2026.11.21", "r90-2026.11.17"}
	if d := cmp.Diff(want, names); d != "" {
		t.Error(d)
	}
	if report, err := e.Expire(t.Context(), 7, noon); err != nil || report.Places != 0 {
		t.Errorf("%+v %v", report, err)
	}
}

func TestLiveEmptyCluster(t *testing.T) {
	e := openLive(t, live(t))
	if err := e.Refresh(t.Context()); err != nil {
		t.Error(err)
	}
	if s, err := e.Stats(t.Context()); err != nil || s.Events != 0 || s.Oldest != 0 {
		t.Errorf("%+v %v", s, err)
	}
	r := day(nil)
	r.Size, r.TotalUpTo = 10, 10
	r.Aggs = []search.Agg{minutes, {Name: "i", Kind: search.Terms, Key: querylang.Key{Name: "issue"}, Size: 5}, {Name: "u", Kind: search.Cardinality, Key: querylang.Key{Name: "user"}}}
	res, err := e.Search(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Hits) != 0 || (res.Total != search.Total{Exact: true}) || len(res.Aggs) != 3 || res.Next != "" {
		t.Errorf("%+v", res)
	}
	if err := e.Prepare(t.Context(), noon); err != nil {
		t.Error(err)
	}
	if done, err := e.Seal(t.Context(), noon); err != nil || !done {
		t.Error(done, err)
	}
}
