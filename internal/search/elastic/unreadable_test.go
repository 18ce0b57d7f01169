package elastic

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/search"
)

const (
	closedMember = `{"status":400,"error":{"type":"index_closed_exception","reason":"closed"}}`
	goodMember   = `{"status":200,"_shards":{"total":1,"successful":1},"hits":{"total":{"value":3},"hits":[]}}`
	closedBlocks = `{"blocks":{"indices":{
		"errata-events-r30-2026.11.19":{"4":{"description":"index closed","levels":["read","write"]}},
		"errata-events-r30-2026.11.20":{"8":{"description":"index write (api)","levels":["write"]}},
		"errata-events-r30-2026.11.01":{"7":{"description":"index read (api)","levels":["read"]}},
		"other-events-r30-2026.11.19":{"4":{"description":"index closed","levels":["read","write"]}}}}}`
)

// A closed index is met once, left out while it is closed, and said every time;
// the guard hears of no failure.
func TestClosedIndex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		shut, asked := true, 0
		f.state = func() reply {
			asked++
			if shut {
				return reply{status: 200, body: closedBlocks}
			}
			return reply{status: 200, body: `{}`}
		}
		f.msearch = func(_ int, lines []string) reply {
			if shut && !strings.Contains(lines[0], `"-errata-events-r30-2026.11.19"`) {
				return members(closedMember)
			}
			return members(goodMember)
		}
		var heard error
		e := open(t, f, func(o *Options) {
			o.Search = func(ctx context.Context, call func(context.Context) error) error { heard = call(ctx); return heard }
		})
		r := day(nil)
		r.TotalUpTo = 10
		hole := []search.Gap{{From: r.From, To: noon.Truncate(24 * time.Hour), Reason: reasonUnreadable}}
		check := func(what string, want []search.Gap, searches, states int) {
			t.Helper()
			searched, learnt := f.searches, asked
			res, err := e.Search(t.Context(), r)
			if err != nil || heard != nil {
				t.Fatal(what, err, heard)
			}
			if d := cmp.Diff(want, res.Gaps); d != "" || res.Total.Exact == (want != nil) || res.Total.Value != 3 {
				t.Error(what, d, res.Total)
			}
			if f.searches-searched != searches || asked-learnt != states {
				t.Errorf("%s: %d searches, %d questions for what is closed", what, f.searches-searched, asked-learnt)
			}
		}
		check("met", hole, 2, 1)
		check("known", hole, 1, 0)
		time.Sleep(askAgain)
		check("still closed", hole, 1, 1)
		shut = false
		check("believed", hole, 1, 0)
		time.Sleep(askAgain)
		check("open again", nil, 1, 1)
		time.Sleep(keepFor)
		check("nobody asks", nil, 1, 0)
	})
}

// Where nothing but a closed index is asked, nothing is known.
func TestOnlyClosed(t *testing.T) {
	f := newFake()
	f.state = func() reply { return reply{status: 200, body: closedBlocks} }
	f.msearch = func(n int, _ []string) reply {
		if n == 1 {
			return members(closedMember)
		}
		return members(emptyMember)
	}
	_, err := open(t, f, nil).Search(t.Context(), day(nil))
	if errata.ReasonOf(err) != reasonUnreadable {
		t.Error(err)
	}
}

// settings changes an index behind the engine's back.
func settings(t *testing.T, e *Engine, index, text string) {
	t.Helper()
	if err := e.client.do(t.Context(), esapi.IndicesPutSettingsRequest{Index: []string{index}, Body: strings.NewReader(text)}, nil); err != nil {
		t.Fatal(err)
	}
}

// TestLiveUnreadable closes the index of a day, and blocks reading it: every
// answer that should have held its events says so.
func TestLiveUnreadable(t *testing.T) {
	tests := map[string]struct {
		shut, open func(*testing.T, *Engine, string)
	}{
		"closed": {
			func(t *testing.T, e *Engine, index string) {
				if err := e.client.do(t.Context(), esapi.IndicesCloseRequest{Index: []string{index}}, nil); err != nil {
					t.Fatal(err)
				}
			},
			func(t *testing.T, e *Engine, index string) {
				if err := e.client.do(t.Context(), esapi.IndicesOpenRequest{Index: []string{index}}, nil); err != nil {
					t.Fatal(err)
				}
			},
		},
		"blocked": {
			func(t *testing.T, e *Engine, index string) { settings(t, e, index, `{"index.blocks.read":true}`) },
			func(t *testing.T, e *Engine, index string) { settings(t, e, index, `{"index.blocks.read":null}`) },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			u := unreadableDays(t)
			tt.shut(t, u.e, u.index)
			u.says(t)
			if name == "closed" {
				u.refuses(t)
			}
			tt.open(t, u.e, u.index)
			u.now.Add(askAgain.Microseconds())
			waitFor(t, 30*time.Second, func() (bool, error) { // its shard starts
				u.now.Add(askAgain.Microseconds())
				res, err := u.e.Search(t.Context(), u.r)
				return err == nil && len(res.Gaps) == 0 && (res.Total == search.Total{Value: 3, Exact: true}), nil
			})
			tt.shut(t, u.e, u.index)
			u.now.Add(askAgain.Microseconds())
			report, err := u.e.Expire(t.Context(), 30, noon)
			if err != nil || report.Places != 2 {
				t.Error("an index that cannot be read is kept for ever:", report, err)
			}
			res, err := u.e.Search(t.Context(), u.r)
			if err != nil || len(res.Gaps) != 0 || len(res.Hits) != 1 {
				t.Error(res, err)
			}
		})
	}
}

// shutDay is an engine with an event of each of three days, the second of which
// cannot be read.
type shutDay struct {
	e     *Engine
	now   *atomic.Int64
	all   []search.Doc // newest first
	index string
	r     search.Request
}

func unreadableDays(t *testing.T) shutDay {
	t.Helper()
	o := live(t)
	u := shutDay{now: &atomic.Int64{}}
	u.now.Store(time.Now().UnixMicro())
	o.Clock = func() time.Time { return time.UnixMicro(u.now.Load()) }
	u.e = openLive(t, o)
	u.all = docs(3)
	for i := range u.all {
		u.all[i].Time = noon.AddDate(0, 0, -i).UnixMicro()
	}
	store(t, u.e, u.all)
	if err := u.e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	u.index = indexName(o.Prefix, 30, u.all[1].Time)
	u.r = search.Request{Scope: search.Scope{All: true}, From: noon.AddDate(0, 0, -5), To: noon.Add(time.Hour), Size: 10, TotalUpTo: 10, Aggs: []search.Agg{minutes}}
	return u
}

// says checks every kind of reading.
func (u *shutDay) says(t *testing.T) {
	t.Helper()
	midnight := noon.Truncate(24*time.Hour).AddDate(0, 0, -1)
	for range 2 { // when it is met, and when it is known
		res, err := u.e.Search(t.Context(), u.r)
		if err != nil {
			t.Fatal(err)
		}
		want := []search.Gap{{From: midnight, To: midnight.AddDate(0, 0, 1), Reason: reasonUnreadable}}
		if d := cmp.Diff(want, res.Gaps); d != "" || len(res.Hits) != 2 || (res.Total != search.Total{Value: 2}) || len(res.Aggs["trend"].Buckets) != 2 {
			t.Errorf("%s %d hits, %+v", d, len(res.Hits), res.Total)
		}
	}
	beside, alone := u.r, u.r
	beside.From, alone.From, alone.To = midnight.AddDate(0, 0, 1), midnight, midnight.AddDate(0, 0, 1)
	if res, err := u.e.Search(t.Context(), beside); err != nil || len(res.Gaps) > 0 || (res.Total != search.Total{Value: 1, Exact: true}) {
		t.Error("a range without that day:", res, err)
	}
	if _, err := u.e.Search(t.Context(), alone); errata.CodeOf(err) != errata.Unavailable {
		t.Error("that day alone:", err)
	}
	err := u.e.Scan(t.Context(), search.ScanRequest{Scope: search.Scope{All: true}}, func(*search.Hit) error { return nil })
	if errata.CodeOf(err) != errata.Unavailable {
		t.Error("a scan has no holes:", err)
	}
	if _, err := u.e.Erase(t.Context(), search.EraseRequest{Scope: search.Scope{All: true}}); errata.CodeOf(err) != errata.Unavailable {
		t.Error("not everything was erased:", err)
	}
	for i, want := range []errata.Code{"", errata.Unavailable} {
		d := &u.all[i]
		for _, ref := range []errata.Ref{{Project: d.Project, EventID: d.EventID, Time: d.Time, Class: 30}, {Project: d.Project, EventID: d.EventID}} {
			if _, err := u.e.Get(t.Context(), search.Scope{All: true}, ref); errata.CodeOf(err) != want {
				t.Errorf("get %d: %v", i, err)
			}
		}
	}
}

// refuses checks that no event is lost on its way into a closed index.
func (u *shutDay) refuses(t *testing.T) {
	t.Helper()
	late := u.all[1]
	late.EventID = strings.Repeat("e", 32)
	if got, err := u.e.Index(t.Context(), []search.Doc{late}); errata.CodeOf(err) != errata.Unavailable {
		t.Error(got, err)
	}
}

// TestLiveWriteBlock stores into an index that takes nothing: the events wait,
// and nobody asks again for half a minute.
func TestLiveWriteBlock(t *testing.T) {
	u := unreadableDays(t)
	settings(t, u.e, u.index, `{"index.blocks.write":true}`)
	late := u.all[1]
	late.EventID = strings.Repeat("e", 32)
	for range 2 {
		if got, err := u.e.Index(t.Context(), []search.Doc{late}); errata.ReasonOf(err) != reasonRefused {
			t.Fatal(got, err)
		}
	}
	if res, err := u.e.Search(t.Context(), u.r); err != nil || len(res.Gaps) > 0 || res.Total.Value != 3 {
		t.Error("it can still be read:", res, err)
	}
	settings(t, u.e, u.index, `{"index.blocks.write":null}`)
	if _, err := u.e.Index(t.Context(), []search.Doc{late}); errata.ReasonOf(err) != reasonRefused {
		t.Error("asked before the pause was over:", err)
	}
	u.now.Add(pause.Microseconds())
	if got, err := u.e.Index(t.Context(), []search.Doc{late}); err != nil || got[0].Status != search.Created {
		t.Error(got, err)
	}
}

// TestLivePurge erases, and rewrites what holds the erased bytes.
func TestLivePurge(t *testing.T) {
	t.Parallel() // it waits for the cluster's history to be let go
	e := openLive(t, live(t))
	all := docs(40)
	for i := range all {
		all[i].Time = noon.AddDate(0, 0, -i%2).UnixMicro()
		if i%4 == 0 {
			all[i].Issue = "gone"
		}
	}
	store(t, e, all)
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	erased := func() (n int64) {
		places, err := e.list(t.Context(), e.o.Prefix+"-events-r*")
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range places {
			n += p.erased
		}
		return n
	}
	if report, err := e.Erase(t.Context(), search.EraseRequest{Scope: search.Scope{All: true}, Query: eq("issue", "gone")}); err != nil || report.Events != 10 {
		t.Fatal(report, err)
	}
	if erased() == 0 {
		t.Fatal("the cluster has nothing to let go of: the test shows nothing")
	}
	waitFor(t, 2*time.Minute, func() (bool, error) { return erased() == 0, e.Purge(t.Context()) })
	if s, err := e.Stats(t.Context()); err != nil || s.Events != 30 {
		t.Error(s, err)
	}
}

// TestLiveRequestCache asks the same with another time left each time, as pages
// do: the cluster knows the answer.
func TestLiveRequestCache(t *testing.T) {
	u := unreadableDays(t)
	hits := func() (n int64) {
		var answer struct {
			All struct {
				Total struct {
					Cache struct {
						Hits int64 `json:"hit_count"`
					} `json:"request_cache"`
				} `json:"total"`
			} `json:"_all"`
		}
		err := u.e.client.do(t.Context(), esapi.IndicesStatsRequest{Index: []string{u.e.o.Prefix + "-events-r*"}, Metric: []string{"request_cache"}}, &answer)
		if err != nil {
			t.Fatal(err)
		}
		return answer.All.Total.Cache.Hits
	}
	u.r.Size = 0
	for i := range 3 {
		u.now.Add(keepFor.Microseconds())
		u.r.Timeout = 1120*time.Millisecond - time.Duration(i)*7*time.Millisecond
		if res, err := u.e.Search(t.Context(), u.r); err != nil || res.Total.Value != 3 {
			t.Fatal(res, err)
		}
	}
	if n := hits(); n != 6 { // three days, twice
		t.Errorf("%d answers came from the cluster's cache, want 6", n)
	}
}
