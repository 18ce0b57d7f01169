package elastic

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/search"
)

// then answers the first requests by the given replies, and later ones by rest.
func then(rest func(int, []action) reply, first ...reply) func(int, []action) reply {
	return func(n int, docs []action) reply {
		if n <= len(first) {
			return first[n-1]
		}
		return rest(n, docs)
	}
}

// TestWriterTable has a case for every row of what the cluster may answer.
func TestWriterTable(t *testing.T) {
	created := allItems("201")
	bad := docs(4)[2].EventID // the document that is at fault
	tests := []struct {
		name     string
		docs     int
		bulk     func(n int, docs []action) reply
		want     []string // "status reason" per document; nil: the call fails
		code     errata.Code
		reason   string // of the error
		requests int
	}{
		{"item 201", 2, created, []string{"created", "created"}, "", "", 1},
		{"item 409", 1, allItems("409 version_conflict_engine_exception"), []string{"duplicate"}, "", "", 1},
		{"item 429, then 201", 1, func(n int, d []action) reply {
			if n < 3 {
				return allItems("429 es_rejected_execution_exception")(n, d)
			}
			return created(n, d)
		}, []string{"created"}, "", "", 3},
		{"item 503 for ever", 1, allItems("503 unavailable_shards_exception"), []string{"retry unavailable_shards"}, "", "", 3},
		{"item 429 circuit breaker for ever", 1, allItems("429 circuit_breaking_exception"), []string{"retry circuit_breaking"}, "", "", 3},
		{"item 500 for ever", 1, allItems("500 engine_exception"), []string{"retry engine"}, "", "", 3},
		{"item 400, bare form taken", 1, func(_ int, d []action) reply {
			return items(d, func(_ int, a action) string {
				if strings.Contains(a.source, `"words"`) {
					return "400 document_parsing_exception"
				}
				return "201"
			})
		}, []string{"created"}, "", "", 2},
		{"item 400 in both forms", 1, allItems("400 mapper_parsing_exception"), []string{"rejected mapping"}, "", "", 2},
		{"item 400 illegal argument", 1, allItems("400 illegal_argument_exception"), []string{"rejected mapping"}, "", "", 2},
		{"item 400, no room for an index", 1, allItems("400 validation_exception"), []string{"retry validation"}, "", "", 3},
		{"item 404, index made", 1, then(created, items(make([]action, 1), func(int, action) string { return "404 index_not_found_exception" })), []string{"created"}, "", "", 2},
		{"item 404 for ever", 1, allItems("404 index_not_found_exception"), []string{"retry index_not_found"}, "", "", 3},
		{"item 403 write block", 2, allItems("403 cluster_block_exception"), nil, errata.Unavailable, reasonRefused, 1},
		{"item 429 flood stage", 1, allItems("429 cluster_block_exception"), nil, errata.Unavailable, reasonRefused, 1},
		{"item 400 index closed", 1, allItems("400 index_closed_exception"), nil, errata.Unavailable, reasonRefused, 1},
		{"request 400 by one bad document", 4, func(n int, d []action) reply {
			if slices.ContainsFunc(d, func(a action) bool { return strings.HasSuffix(a.id, bad) }) {
				return refusal(400, "action_request_validation_exception")
			}
			return created(n, d)
		}, []string{"created", "created", "rejected mapping", "created"}, "", "", 5},
		{"request 413 down to one", 3, func(int, []action) reply { return reply{status: 413} }, []string{"rejected mapping", "rejected mapping", "rejected mapping"}, "", "", 5},
		{"request 401", 1, then(nil, refusal(401, "security_exception")), nil, errata.Unavailable, reasonRefused, 1},
		{"request 403", 1, then(nil, refusal(403, "security_exception")), nil, errata.Unavailable, reasonRefused, 1},
		{"request 429, then fine", 1, then(created, refusal(429, "es_rejected_execution_exception"), refusal(429, "circuit_breaking_exception")), []string{"created"}, "", "", 3},
		{"request 429 for ever", 1, func(int, []action) reply { return refusal(429, "es_rejected_execution_exception") }, nil, errata.SlowDown, search.ReasonBusy, 3},
		{"request 502 by a proxy", 1, then(created, reply{status: 502, body: "<html>"}), []string{"created"}, "", "", 2},
		{"request 503 for ever", 1, func(int, []action) reply { return refusal(503, "cluster_block_exception_not") }, nil, errata.Unavailable, reasonUnreachable, 3},
		{"request 504 for ever", 1, func(int, []action) reply { return reply{status: 504} }, nil, errata.Unavailable, reasonUnreachable, 3},
		{"connection lost after the write", 1, then(allItems("409 version_conflict_engine_exception"), reply{err: errors.New("reset")}), []string{"duplicate"}, "", "", 2},
		{"no connection for ever", 1, func(int, []action) reply { return reply{err: errors.New("refused")} }, nil, errata.Unavailable, reasonUnreachable, 3},
		{"answer cut short", 1, then(created, reply{status: 200, body: `{"items":[{"create":{"status":201}}]}`, cut: true}), []string{"created"}, "", "", 2},
		{"answer is no JSON", 1, then(created, reply{status: 200, body: `<html>`}), []string{"created"}, "", "", 2},
		{"answer for fewer documents", 2, then(created, reply{status: 200, body: `{"items":[{"create":{"status":201}}]}`}), []string{"created", "created"}, "", "", 2},
		{"no Elasticsearch", 1, func(int, []action) reply { return reply{status: 200, body: `{}`, alien: true} }, nil, errata.Internal, reasonForeign, 1},
		{"mixed items", 4, func(n int, d []action) reply {
			return items(d, func(i int, a action) string {
				switch {
				case n == 1:
					return []string{"201", "409 version_conflict_engine_exception", "429 es_rejected_execution_exception", "400 mapper_parsing_exception"}[i]
				case strings.Contains(a.source, `"words"`):
					return "201"
				}
				return "400 mapper_parsing_exception"
			})
		}, []string{"created", "duplicate", "created", "rejected mapping"}, "", "", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				f.bulk = tt.bulk
				e := open(t, f, nil)
				results, err := e.Index(t.Context(), docs(tt.docs))
				if errata.CodeOf(err) != tt.code || tt.code != "" && errata.ReasonOf(err) != tt.reason {
					t.Fatalf("error %v (%s), want %s %s", err, errata.ReasonOf(err), tt.code, tt.reason)
				}
				var got []string
				for _, r := range results {
					got = append(got, strings.TrimSpace(string(r.Status)+" "+r.Reason))
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Error(d)
				}
				if f.bulks != tt.requests {
					t.Errorf("%d requests, want %d", f.bulks, tt.requests)
				}
			})
		})
	}
}

func TestWriterPausesWhenRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.bulk = then(allItems("201"), refusal(403, "security_exception"))
		e := open(t, f, nil)
		for _, wait := range []time.Duration{0, time.Second, 28 * time.Second} {
			<-time.After(wait)
			if _, err := e.Index(t.Context(), docs(1)); errata.ReasonOf(err) != reasonRefused {
				t.Fatal(err)
			}
		}
		if f.bulks != 1 {
			t.Errorf("%d requests while blocked", f.bulks)
		}
		<-time.After(2 * time.Second)
		if _, err := e.Index(t.Context(), docs(1)); err != nil || f.bulks != 2 {
			t.Error(err, f.bulks)
		}
	})
}

func TestWriterUsesTheGuard(t *testing.T) {
	f := newFake()
	f.bulk = allItems("201")
	calls := 0
	open1 := errata.E(errata.Unavailable, "guard is open", nil)
	e := open(t, f, func(o *Options) { o.Bulk = guardFunc(&calls, open1) })
	if _, err := e.Index(t.Context(), docs(1)); !errors.Is(err, open1) || calls != 1 || f.bulks != 0 {
		t.Error(err, calls, f.bulks)
	}
}

func TestWriterSplitsAndNames(t *testing.T) {
	f := newFake()
	var sizes []int
	f.bulk = func(_ int, d []action) reply {
		sizes = append(sizes, len(d))
		return items(d, func(int, action) string { return "201" })
	}
	e := open(t, f, func(o *Options) { o.MaxInflight = 1 })
	batch := docs(16)
	for i := range batch {
		batch[i].Payload = []byte(`"` + strings.Repeat("x", 500_000) + `"`)
	}
	if _, err := e.Index(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	slices.Sort(sizes)
	if d := cmp.Diff([]int{6, 10}, sizes); d != "" {
		t.Error(d)
	}
	if got := f.last[0].index; got != "errata-events-r30-2026.11.20" || !strings.HasPrefix(f.last[0].id, "42-000") {
		t.Errorf("%+v", f.last[0].index)
	}
}

func TestWriterRefusesByItself(t *testing.T) {
	f := newFake()
	f.bulk = allItems("201")
	e := open(t, f, nil)
	d := docs(3)
	d[0].EventID, d[1].Payload = "short", []byte("\"\xff\"")
	got, err := e.Index(t.Context(), d)
	want := []search.ItemResult{{Status: search.Rejected, Reason: "event_id"}, {Status: search.Rejected, Reason: "payload"}, {Status: search.Created}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := e.Index(t.Context(), docs(search.MaxDocs+1)); errata.CodeOf(err) != errata.TooLarge {
		t.Error(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Index(t.Context(), docs(1)); errata.ReasonOf(err) != search.ReasonClosed {
		t.Error(err)
	}
}

func TestWindow(t *testing.T) {
	w := newWindow(4)
	pass := func(overload bool, times int) {
		for range times {
			if err := w.enter(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.leave(overload)
		}
	}
	steps := []struct {
		name     string
		overload bool
		times    int
		want     int
	}{
		{"start", false, 0, 2},
		{"fifty clean", false, 50, 3},
		{"fifty more", false, 50, 4},
		{"never above", false, 100, 4},
		{"halved", true, 1, 2},
		{"again", true, 1, 1},
		{"never below", true, 3, 1},
		{"back", false, 50, 2},
	}
	for _, s := range steps {
		pass(s.overload, s.times)
		if w.limit != s.want {
			t.Errorf("%s: limit %d, want %d", s.name, w.limit, s.want)
		}
	}
}

func TestWindowQueues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWindow(1)
		if err := w.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		gone, cancel := context.WithCancel(t.Context())
		var got []string
		go func() { got = append(got, string(errata.CodeOf(w.enter(gone)))) }()
		synctest.Wait()
		go func() { got = append(got, "second "+string(errata.CodeOf(w.enter(t.Context())))) }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		w.leave(false)
		synctest.Wait()
		if d := cmp.Diff([]string{"unavailable", "second "}, got); d != "" {
			t.Error(d)
		}
		if w.used != 1 || len(w.queue) != 0 {
			t.Errorf("%d used, %d waiting", w.used, len(w.queue))
		}
	})
}
