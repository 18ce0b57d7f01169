package stats

import (
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"errata/internal/errata"
)

// story is one episode of testdata/episodes.json.
type story struct {
	Opened, Alerted, Responded, Kind, Acked, Resolved, Resolution string
	Closed, End, Reason                                           string
	Reopened                                                      int64
	Severity                                                      *int
	Imported                                                      bool
}

// expected is what a vector says of one metric; times are seconds.
type expected struct {
	Times         []float64
	Mean          float64
	Excluded      map[Exclusion]int64
	Open, Waiting int64
}

type vector struct {
	V, Story           string
	Episodes           []story
	TTA, TTR, Explicit *expected
	Rates              *Rates
}

type vectors struct {
	Vectors []vector
	Sums    []struct {
		Metric                        Metric
		Of                            []string
		N                             int64
		Mean, P25, P50, P75, P90, P95 float64
	}
	Days []struct {
		V, Resolved, Zone, Day, From string
		Hours                        float64
	}
	Ranks []struct{ N, Lo, Hi int }
}

func readVectors(t *testing.T) (v vectors) {
	t.Helper()
	b, err := os.ReadFile("testdata/episodes.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func instant(t *testing.T, s string) int64 {
	t.Helper()
	if s == "" {
		return 0
	}
	if !strings.Contains(s, "T") {
		s = "2026-11-20T" + s
	}
	at, err := time.Parse("2006-01-02T15:04:05", s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMicro()
}

func (s story) observe(t *testing.T, issue string, seq int) Observation {
	t.Helper()
	at := func(s string) int64 { return instant(t, s) }
	e := errata.Episode{
		IssueID: issue, Seq: int64(seq), OpenReason: errata.ReasonNew, OpenedAt: at(s.Opened), AlertedAt: at(s.Alerted),
		RespondedAt: at(s.Responded), ResponseKind: errata.ResponseKind(s.Kind), AckedAt: at(s.Acked), ResolvedAt: at(s.Resolved),
		ClosedAt: at(s.Closed), CloseReason: errata.CloseReason(s.End), ReopenCount: s.Reopened, Imported: s.Imported,
		SeverityOpen: errata.P2, SeverityPeak: errata.P2,
	}
	if s.Reason != "" {
		e.OpenReason = errata.Reason(s.Reason)
	}
	if s.Resolved != "" {
		e.ClosedAt, e.CloseReason, e.ResolutionKind = e.ResolvedAt, errata.ClosedResolved, errata.ResolutionNow
	}
	if s.Resolution != "" {
		e.ResolutionKind = s.Resolution
	}
	return Observation{Episode: e}
}

func (v vector) observe(t *testing.T) (out []Observation) {
	t.Helper()
	for i, s := range v.Episodes {
		out = append(out, s.observe(t, "issue "+v.V, i+1))
	}
	return out
}

func window(t *testing.T) Window {
	t.Helper()
	return Window{instant(t, "2026-10-01T00:00:00"), instant(t, "2026-12-31T00:00:00")}
}

// collect adds all observations, and that one followed another.
func collect(o ResponseOptions, all []Observation) Response {
	c := NewCollector(o)
	for i := range all {
		c.Add(&all[i])
		for j := range all {
			if all[j].IssueID == all[i].IssueID && all[j].Seq == all[i].Seq+1 {
				c.Follow(&all[i], all[j].OpenReason, all[j].OpenedAt)
			}
		}
	}
	return c.Result()
}

func (e *expected) summary() Summary {
	s := Summary{N: int64(len(e.Times)), Excluded: e.Excluded, Open: Open{N: e.Open, Unresponded: e.Waiting}}
	if s.N > 0 {
		s.Min, s.Max = seconds(slices.Min(e.Times)), seconds(slices.Max(e.Times))
	}
	return s
}

func seconds(s float64) time.Duration { return time.Duration(math.Round(s * 1e9)) }

func TestVectors(t *testing.T) {
	all := readVectors(t)
	w := window(t)
	for _, v := range all.Vectors {
		for _, m := range []struct {
			name  string
			rules Rules
			want  *expected
		}{{"tta", Rules{Metric: TTA}, v.TTA}, {"ttr", Rules{Metric: TTR}, v.TTR}, {"explicit", Rules{Metric: TTA, Explicit: true}, v.Explicit}} {
			if m.want == nil {
				continue
			}
			t.Run("V"+v.V+" "+m.name, func(t *testing.T) {
				got := collect(ResponseOptions{Rules: m.rules, Window: w, Now: w.To}, v.observe(t))
				ignore := cmpopts.IgnoreFields(Summary{}, "Mean", "P25", "P50", "P75", "P90", "P95")
				open := cmpopts.IgnoreFields(Open{}, "Oldest", "OldestUnresponded")
				if m.name == "ttr" {
					open = cmpopts.IgnoreFields(Open{}, "Oldest", "OldestUnresponded", "Unresponded")
				}
				if d := cmp.Diff(m.want.summary(), got.Total, cmpopts.EquateEmpty(), ignore, open); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
				if m.want.Mean != 0 && got.Total.Mean != seconds(m.want.Mean) {
					t.Errorf("mean %s", got.Total.Mean)
				}
				if v.Rates != nil && (got.Rates.Resolved != v.Rates.Resolved || got.Rates.Regressed != v.Rates.Regressed || got.Rates.Reopened != v.Rates.Reopened) {
					t.Errorf("rates %+v", got.Rates)
				}
			})
		}
	}
	for _, s := range all.Sums {
		t.Run("sum "+string(s.Metric), func(t *testing.T) {
			var eps []Observation
			for _, v := range all.Vectors {
				if slices.Contains(s.Of, v.V) {
					eps = append(eps, v.observe(t)...)
				}
			}
			got := collect(ResponseOptions{Rules: Rules{Metric: s.Metric}, Window: w, Now: w.To}, eps).Total
			want := Summary{
				N: s.N, Mean: seconds(s.Mean), P25: seconds(s.P25), P50: seconds(s.P50), P75: seconds(s.P75), P90: seconds(s.P90),
				P95: seconds(s.P95), Min: got.Min, Max: got.Max, Open: got.Open,
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
	for _, r := range all.Ranks {
		if lo, hi, _ := MedianRanks(r.N); lo != r.Lo || hi != r.Hi {
			t.Errorf("ranks of %d: %d, %d; want %d, %d", r.N, lo, hi, r.Lo, r.Hi)
		}
	}
}

func TestDaysOfTheZone(t *testing.T) {
	for _, d := range readVectors(t).Days {
		t.Run("V"+d.V+" "+d.Zone, func(t *testing.T) {
			zone, err := time.LoadLocation(d.Zone)
			if err != nil {
				t.Fatal(err)
			}
			from, to := time.Date(2026, 10, 20, 0, 0, 0, 0, zone), time.Date(2026, 10, 30, 0, 0, 0, 0, zone)
			edges := Clip(from, to, "1d", zone)
			o := story{Opened: "2026-10-24T20:00:00", Resolved: d.Resolved}.observe(t, "i", 1)
			got := collect(ResponseOptions{
				Rules: Rules{Metric: TTR}, Window: Window{from.UnixMicro(), to.UnixMicro()}, Edges: edges,
			}, []Observation{o})
			for i, b := range got.Buckets {
				day := edges[i].In(zone).Format("2006-01-02")
				if (b.N == 1) != (day == d.Day) {
					t.Errorf("%d in %s", b.N, day)
				}
				if b.N == 1 && (edges[i].UnixMicro() != instant(t, d.From) || edges[i+1].Sub(edges[i]).Hours() != d.Hours) {
					t.Errorf("the day goes from %s to %s", edges[i], edges[i+1])
				}
			}
		})
	}
}

// TestRanksAreTheGreatest holds the ranks against exact sums of the binomial.
func TestRanksAreTheGreatest(t *testing.T) {
	for n := 5; n <= 400; n++ {
		limit := new(big.Rat).SetFrac64(1, 20)
		whole := new(big.Int).Lsh(big.NewInt(1), uint(n))
		below, want := new(big.Int), 0
		for l := 1; l <= n/2+1; l++ {
			below.Add(below, new(big.Int).Binomial(int64(n), int64(l-1)))
			if new(big.Rat).SetFrac(below, whole).Cmp(limit) > 0 {
				break
			}
			want = l
		}
		if lo, hi, ok := MedianRanks(n); lo != want || hi != n+1-want || !ok {
			t.Fatalf("ranks of %d: %d, %d, %t; want %d", n, lo, hi, ok, want)
		}
	}
	if lo, hi, ok := MedianRanks(200_000); !ok || lo < 99_600 || lo > 99_640 || hi != 200_001-lo {
		t.Errorf("ranks of many: %d, %d, %t", lo, hi, ok)
	}
}

func TestCompare(t *testing.T) {
	n := func(from, to int64) (out []int64) {
		for v := from; v < to; v++ {
			out = append(out, v*1e6)
		}
		return out
	}
	for name, c := range map[string]struct {
		now, before []int64
		want        Verdict
		delta       time.Duration
	}{
		"nothing":         {nil, nil, TooFew, 0},
		"four of many":    {n(0, 4), n(0, 100), TooFew, 0},
		"many of four":    {n(0, 100), n(0, 4), TooFew, 0},
		"the same":        {n(0, 50), n(0, 50), NoClearChange, 0},
		"a little":        {n(2, 52), n(0, 50), NoClearChange, 2 * time.Second},
		"all slower":      {n(100, 150), n(0, 50), Slower, 100 * time.Second},
		"all faster":      {n(0, 50), n(100, 150), Faster, -100 * time.Second},
		"five and five":   {n(10, 15), n(0, 5), Slower, 10 * time.Second},
		"touching at one": {n(4, 9), n(0, 5), NoClearChange, 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			got := Compare(c.now, c.before)
			if got.Verdict != c.want || got.Delta != c.delta {
				t.Errorf("%+v", got)
			}
		})
	}
}

// random makes an issue's episodes, as the lifecycle does, one after the other.
func random(r *rand.Rand, issue int, w Window) (out []Observation) {
	at := w.From - r.Int64N(40*24*3600*1e6)
	for seq := int64(1); at < w.To && seq < 6; seq++ {
		e := errata.Episode{
			IssueID: strconv.Itoa(issue), Seq: seq, ProjectID: strconv.Itoa(1 + issue%3), OpenReason: errata.ReasonNew, OpenedAt: at,
			SeverityPeak: errata.Severity(r.IntN(4)), Imported: r.IntN(20) == 0, Release: strconv.Itoa(r.IntN(80)),
		}
		if seq > 1 {
			e.OpenReason = []errata.Reason{errata.ReasonRegressed, errata.ReasonReopened}[r.IntN(2)]
		}
		if r.IntN(3) == 0 {
			e.AlertedAt = at + r.Int64N(3600*1e6)
		}
		if r.IntN(5) > 0 {
			at += 1 + r.Int64N(6*3600*1e6)
			e.RespondedAt, e.ResponseKind, e.RespondedBy = at, errata.RespondedAck, "u"+strconv.Itoa(r.IntN(5))
			if r.IntN(2) == 0 {
				e.AckedAt, e.AckedBy = at, e.RespondedBy
			}
		}
		at += r.Int64N(20 * 24 * 3600 * 1e6)
		if at >= w.To || r.IntN(9) == 0 {
			return append(out, Observation{Episode: e}) // open
		}
		e.ClosedAt, e.CloseReason = at, errata.ClosedIgnored
		if r.IntN(4) > 0 {
			e.CloseReason, e.ResolvedAt, e.ResolutionKind, e.ReopenCount = errata.ClosedResolved, at, errata.ResolutionNow, r.Int64N(2)
		}
		target := errata.Target{Ack: 900e6, Resolve: 86_400e6}
		if e.SeverityPeak == errata.P3 {
			target = errata.Target{}
		}
		out = append(out, Observation{Episode: e, Owner: "u1", Target: target})
		at += r.Int64N(50 * 24 * 3600 * 1e6)
	}
	return out
}

// TestSumsHold: buckets and groups add up to the total, everything lies in
// order, and no order of adding matters.
func TestSumsHold(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	w := window(t)
	zone, err := time.LoadLocation("America/St_Johns")
	if err != nil {
		t.Fatal(err)
	}
	for round := range 40 {
		var all []Observation
		for i := range 150 {
			all = append(all, random(r, i, w)...)
		}
		o := ResponseOptions{
			Rules:  Rules{Metric: Metrics[round%2], FromEvent: round%3 == 0, Explicit: round%5 == 0, ByOpening: round%7 == 0},
			By:     [][]Dimension{nil, {BySeverity}, {ByRelease}, {ByProject, ByUser}}[round%4],
			Window: w, Now: w.To, Edges: Clip(time.UnixMicro(w.From), time.UnixMicro(w.To), []Interval{"1d", "1w", Month}[round%3], zone),
			Before: Window{w.From - (w.To - w.From), w.From},
		}
		got := collect(o, all)
		checkSums(t, o, got, all)
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if d := cmp.Diff(got, collect(o, all)); d != "" {
			t.Fatalf("another order, another answer:\n%s", d)
		}
	}
}

func checkSums(t *testing.T, o ResponseOptions, got Response, all []Observation) {
	t.Helper()
	var counted, binned int64
	for i := range all {
		if p := o.Place(&all[i].Episode); p.At != 0 && p.At >= o.Window.From && p.At < o.Window.To {
			counted++
			if p.Out == Included && (p.Took < 0 || p.Took > o.Window.To) {
				t.Fatalf("took %d", p.Took)
			}
		}
	}
	n, left := sumOf(got.Buckets)
	for _, b := range got.Bins {
		binned += b
	}
	if n != got.Total.N || left != got.Total.Left() || counted != got.Total.N+got.Total.Left() || binned != got.Total.N {
		t.Fatalf("buckets hold %d and %d, bins %d, all %d and %d, recounted %d", n, left, binned, got.Total.N, got.Total.Left(), counted)
	}
	if s := got.Total; s.Min > s.P25 || s.P25 > s.P50 || s.P50 > s.P75 || s.P75 > s.P90 || s.P90 > s.P95 || s.P95 > s.Max || s.Mean > s.Max || s.Mean < s.Min {
		t.Fatalf("out of order: %+v", s)
	}
	if len(o.By) == 0 {
		return
	}
	var rates Rates
	var gn, gopen int64
	for i, g := range got.Groups {
		gn, gopen = gn+g.Total.N, gopen+g.Total.Open.N
		rates.Resolved, rates.Regressed, rates.Reopened = rates.Resolved+g.Rates.Resolved, rates.Regressed+g.Rates.Regressed, rates.Reopened+g.Rates.Reopened
		if bn, _ := sumOf(g.Buckets); bn != g.Total.N || g.Other != (i == MaxGroups) {
			t.Fatalf("group %v holds %d of %d", g.Key, bn, g.Total.N)
		}
	}
	rates.Mature = got.Rates.Mature
	if gn != got.Total.N || gopen != got.Total.Open.N || rates != got.Rates {
		t.Fatalf("groups hold %d, %d open, %+v; all %d, %d, %+v", gn, gopen, rates, got.Total.N, got.Total.Open.N, got.Rates)
	}
}

func sumOf(all []Summary) (n, left int64) {
	for _, s := range all {
		n += s.N
		left += s.Left()
	}
	return n, left
}

func TestAutoResponse(t *testing.T) {
	at := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	for days, want := range map[int]Interval{1: "1h", 2: "1h", 3: "1d", 60: "1d", 61: "1w", 400: "1w", 401: Month} {
		if got := AutoResponse(at.AddDate(0, 0, -days), at); got != want {
			t.Errorf("%d days: %s, want %s", days, got, want)
		}
	}
}

func TestMonths(t *testing.T) {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	edges := Clip(time.Date(2026, 11, 20, 5, 0, 0, 0, zone), time.Date(2027, 2, 3, 0, 0, 0, 0, zone), Month, zone)
	var got []string
	for _, e := range edges {
		got = append(got, e.In(zone).Format("2006-01-02 15"))
	}
	if d := cmp.Diff([]string{"2026-11-20 05", "2026-12-01 00", "2027-01-01 00", "2027-02-01 00", "2027-02-03 00"}, got); d != "" {
		t.Error(d)
	}
}

func TestMeanOfLongTimes(t *testing.T) {
	long := int64(157766400000000) // five years
	values := make([]int64, 200_000)
	for i := range values {
		values[i] = long - int64(i%2)
	}
	if got, want := mean(values), micros(long)-500*time.Nanosecond; got != want {
		t.Errorf("mean %s, want %s", got, want)
	}
}

func BenchmarkCollector(b *testing.B) {
	w := Window{1_790_000_000_000_000, 1_797_776_000_000_000}
	r := rand.New(rand.NewPCG(1, 2))
	var all []Observation
	for i := 0; len(all) < 100_000; i++ {
		all = append(all, random(r, i, w)...)
	}
	o := ResponseOptions{
		Rules: Rules{Metric: TTA}, By: []Dimension{BySeverity}, Window: w, Now: w.To,
		Edges: Clip(time.UnixMicro(w.From), time.UnixMicro(w.To), "1w", time.UTC),
	}
	for b.Loop() {
		c := NewCollector(o)
		for i := range all {
			c.Add(&all[i])
		}
		c.Result()
	}
}
