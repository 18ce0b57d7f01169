package searchtest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

// Open opens an engine on the store of that name, a directory of the test.
// Opening a new name gives an empty store; opening one again, after Close, gives
// what was stored in it.
type Open func(t *testing.T, store string) search.Engine

// Now is the time of all cases.
var Now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// group is a named part of the suite.
type group struct {
	name  string
	cases []testCase
}

type testCase struct {
	name string
	run  func(f *fixture)
}

// Run runs the contract suite, or the named groups of it: every case on a store
// of its own.
func Run(t *testing.T, open Open, groups ...string) {
	for _, g := range []group{
		{"index", indexCases},
		{"get", getCases},
		{"match", matchCases},
		{"time", timeCases},
		{"scope", scopeCases},
		{"page", pageCases},
		{"total", totalCases},
		{"agg", aggCases},
		{"scan", scanCases},
		{"erase", eraseCases},
		{"expire", expireCases},
		{"fail", failCases},
		{"life", lifeCases},
	} {
		if len(groups) > 0 && !slices.Contains(groups, g.name) {
			continue
		}
		t.Run(g.name, func(t *testing.T) {
			for _, c := range g.cases {
				t.Run(c.name, func(t *testing.T) { c.run(newFixture(t, open)) })
			}
		})
	}
}

// fixture is one case at work: the engine, and a model that is told the same.
type fixture struct {
	*testing.T
	open  Open
	store string
	e     search.Engine
	model *Model
	all   search.Scope
}

func newFixture(t *testing.T, open Open) *fixture {
	f := &fixture{T: t, open: open, store: t.TempDir(), model: NewModel(), all: search.Scope{All: true}}
	f.e = open(t, f.store)
	t.Cleanup(func() {
		if err := f.e.Close(); err != nil {
			t.Error("close:", err)
		}
	})
	return f
}

func (f *fixture) ok(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// refused fails unless err has the code and, if given, the reason.
func (f *fixture) refused(err error, code errata.Code, reason string) {
	f.Helper()
	if errata.CodeOf(err) != code || reason != "" && errata.ReasonOf(err) != reason {
		f.Errorf("got error %v (%s %s), want %s %s", err, errata.CodeOf(err), errata.ReasonOf(err), code, reason)
	}
}

// index stores docs in engine and model and makes them visible. All must be new.
func (f *fixture) index(docs ...search.Doc) {
	f.Helper()
	for part := range slices.Chunk(docs, 500) {
		res, err := f.e.Index(f.Context(), part)
		f.ok(err)
		for i, r := range res {
			if r.Status != search.Created {
				f.Fatalf("document %d: %+v", i, r)
			}
		}
		_, err = f.model.Index(f.Context(), part)
		f.ok(err)
	}
	f.ok(f.e.Refresh(f.Context()))
}

// statuses stores docs and returns what became of each.
func (f *fixture) statuses(docs ...search.Doc) string {
	f.Helper()
	res, err := f.e.Index(f.Context(), docs)
	f.ok(err)
	f.ok(f.e.Refresh(f.Context()))
	out := make([]string, len(res))
	for i, r := range res {
		out[i] = string(r.Status)
	}
	return strings.Join(out, " ")
}

// everything asks for all there can be.
func (f *fixture) everything() search.Request {
	return search.Request{Scope: f.all, From: Now.AddDate(-1, 0, 0), To: Now.AddDate(0, 0, 2), Size: search.MaxSize, TotalUpTo: 10_000}
}

func (f *fixture) search(r search.Request) *search.Result {
	f.Helper()
	res, err := f.e.Search(f.Context(), r)
	f.ok(err)
	return res
}

// count returns how many events there are at all.
func (f *fixture) count() int64 {
	f.Helper()
	return f.search(f.everything()).Total.Value
}

// agree asks engine and model and compares the answers.
func (f *fixture) agree(r search.Request) *search.Result {
	f.Helper()
	got := f.search(r)
	want, err := f.model.Search(context.Background(), r)
	f.ok(err)
	if diff := compare(want, got, f.e.Caps()); diff != "" {
		f.Errorf("answers differ (-model +engine):\n%s", diff)
	}
	return got
}

// query parses and binds.
func (f *fixture) query(q string, zone ...*time.Location) querylang.Expr {
	f.Helper()
	x, err := bound(q, append(zone, time.UTC)[0])
	if err != nil {
		f.Fatalf("%s: %v", q, err)
	}
	return x
}

func bound(q string, zone *time.Location) (querylang.Expr, error) {
	x, _, err := querylang.Parse(q)
	if err != nil {
		return nil, err
	}
	return querylang.Bind(x, querylang.Env{Now: Now, Zone: zone, UserSecret: []byte("secret"), Issues: issues})
}

// issues are the short ids that queries of this package may name. Each stands
// for the issue of its number and the one after it, as if that was merged.
var issues = func() map[string][]string {
	m := map[string][]string{}
	for n := range 50 {
		m[fmt.Sprintf("ERR-%d", n)] = []string{fmt.Sprintf("issue-%d", n), fmt.Sprintf("issue-%d", n+1)}
	}
	return m
}()

// change alters an event before it becomes a document.
type change func(ev *errata.Event)

// doc makes a document. n is its event id and orders it: the lower, the newer,
// a minute each before Now.
func doc(n int, changes ...change) search.Doc {
	ev := errata.Event{
		ID: fmt.Sprintf("%032x", n), ProjectID: "1", Timestamp: Now.Add(-time.Duration(n) * time.Minute).UnixMicro(),
		Level: errata.LevelError, Severity: errata.P2, Class: 30, Environment: "production",
	}
	for _, c := range changes {
		c(&ev)
	}
	ev.ReceivedAt = cmp.Or(ev.ReceivedAt, ev.Timestamp)
	rec := querylang.NewRecord(&ev, querylang.Meta{Service: "service-" + ev.ProjectID, Issue: cmp.Or(ev.Checksum, "issue-1"), Title: ev.Type() + ": " + ev.Message})
	return search.Doc{Record: rec, Class: ev.Class, Payload: fmt.Appendf(nil, `{"id":"%s"}`, ev.ID)}
}

func at(t time.Time) change           { return func(ev *errata.Event) { ev.Timestamp = t.UnixMicro() } }
func project(id string) change        { return func(ev *errata.Event) { ev.ProjectID = id } }
func class(days int) change           { return func(ev *errata.Event) { ev.Class = days } }
func message(text string) change      { return func(ev *errata.Event) { ev.Message = text } }
func environment(name string) change  { return func(ev *errata.Event) { ev.Environment = name } }
func level(l errata.Level) change     { return func(ev *errata.Event) { ev.Level = l } }
func severe(s errata.Severity) change { return func(ev *errata.Event) { ev.Severity = s } }

// issue sets the issue id. The checksum carries it, which no Record reads.
func issue(id string) change { return func(ev *errata.Event) { ev.Checksum = id } }

func tag(key, value string) change {
	return func(ev *errata.Event) { ev.Tags = append(ev.Tags, errata.Pair{Key: key, Value: value}) }
}

func typed(name, value string) change {
	return func(ev *errata.Event) {
		ev.Exceptions = append(ev.Exceptions, errata.Exception{Type: name, Value: value})
	}
}

func user(hash string, more ...string) change {
	return func(ev *errata.Event) { ev.User = &errata.User{Hash: hash, Terms: append([]string{hash}, more...)} }
}

func contextOf(name, object string) change {
	return func(ev *errata.Event) {
		ev.Contexts = append(ev.Contexts, errata.Member{Key: name, Value: []byte(object)})
	}
}

// ids returns the event ids of hits without leading zeros.
func ids(hits []search.Hit) string {
	out := make([]string, len(hits))
	for i := range hits {
		out[i] = cmp.Or(strings.TrimLeft(hits[i].EventID, "0"), "0")
	}
	return strings.Join(out, " ")
}

// finds checks which events a query finds, by id in hex, newest first.
func (f *fixture) finds(q, want string) {
	f.Helper()
	r := f.everything()
	r.Query = f.query(q)
	if got := ids(f.agree(r).Hits); got != want {
		f.Errorf("%s: found %q, want %q", q, got, want)
	}
}

// compare returns the difference between the model's answer and an engine's, ""
// for none: what an engine may answer otherwise is allowed for.
func compare(want, got *search.Result, caps search.Caps) string {
	if len(got.Gaps) > 0 {
		return fmt.Sprintf("gaps %v", got.Gaps)
	}
	if diff := gocmp.Diff(want.Total, got.Total); diff != "" {
		return "total: " + diff
	}
	if diff := gocmp.Diff(untie(want.Hits), untie(got.Hits), gocmp.Comparer(bytes.Equal)); diff != "" {
		return "hits: " + diff
	}
	if (want.Next == "") != (got.Next == "") || (want.Prev == "") != (got.Prev == "") {
		return fmt.Sprintf("cursors: want next %q prev %q, got %q %q", want.Next, want.Prev, got.Next, got.Prev)
	}
	return compareAggs(want.Aggs, got.Aggs, caps)
}

// untie orders events of one time and id, which engines may order as they like.
func untie(hits []search.Hit) []search.Hit {
	hits = append([]search.Hit{}, hits...)
	slices.SortStableFunc(hits, func(a, b search.Hit) int {
		if a.Time == b.Time && a.EventID == b.EventID {
			return cmp.Compare(a.Project, b.Project)
		}
		return 0
	})
	return hits
}

func compareAggs(want, got map[string]search.AggResult, caps search.Caps) string {
	if len(want) != len(got) {
		return fmt.Sprintf("%d aggregations, want %d", len(got), len(want))
	}
	for name, w := range want {
		if diff := compareAgg(w, got[name], caps); diff != "" {
			return name + ": " + diff
		}
	}
	return ""
}

func compareAgg(w, g search.AggResult, caps search.Caps) string {
	if w.Value > 100 && !caps.ExactCardinality {
		if off := max(w.Value-g.Value, g.Value-w.Value); off*20 > w.Value {
			return fmt.Sprintf("value %d is more than 5 %% off %d", g.Value, w.Value)
		}
	} else if w.Value != g.Value {
		return fmt.Sprintf("value %d, want %d", g.Value, w.Value)
	}
	if g.MaxError > 0 || g.Approx {
		return "" // says of itself that it is about
	}
	if w.Other != g.Other || len(w.Buckets) != len(g.Buckets) {
		return fmt.Sprintf("%d buckets and %d other, want %d and %d\n%s", len(g.Buckets), g.Other, len(w.Buckets), w.Other, gocmp.Diff(w, g))
	}
	for i, b := range w.Buckets {
		c := g.Buckets[i]
		if b.Key != c.Key || b.Start != c.Start || b.Count != c.Count {
			return fmt.Sprintf("bucket %d: %s %d %d, want %s %d %d", i, c.Key, c.Start, c.Count, b.Key, b.Start, b.Count)
		}
		if diff := compareAggs(b.Sub, c.Sub, caps); diff != "" {
			return fmt.Sprintf("bucket %d: %s", i, diff)
		}
	}
	return ""
}
