package page

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"errata/internal/stats"
	"errata/internal/views/chart"
	"errata/internal/views/ui"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func trendOver(from, to string, i stats.Interval, z *time.Location) TrendIn {
	a, _ := time.Parse(time.RFC3339, from)
	b, _ := time.Parse(time.RFC3339, to)
	in := TrendIn{Moment: ui.Moment{Now: b, Zone: z}, Interval: i, Edges: stats.Edges(a, b, i, z), Before: "previous 24 h"}
	in.Events = make([]int64, len(in.Edges)-1)
	return in
}

func TestLabels(t *testing.T) {
	for name, c := range map[string]struct {
		in   TrendIn
		want string
	}{
		"a day":                    {trendOver("2026-11-19T15:30:00Z", "2026-11-20T15:30:00Z", "30m", zone(t, "Europe/Oslo")), "18:00 21:00 20 Nov 03:00 06:00 09:00 12:00 15:00"},
		"a quarter of an hour":     {trendOver("2026-11-20T15:00:00Z", "2026-11-20T15:15:00Z", "1m", time.UTC), "15:00 15:02 15:04 15:06 15:08 15:10 15:12 15:14"},
		"a week in three hours":    {trendOver("2026-11-13T15:00:00Z", "2026-11-20T15:00:00Z", "3h", zone(t, "Europe/Oslo")), "14 Nov 15 Nov 16 Nov 17 Nov 18 Nov 19 Nov 20 Nov"},
		"half an hour off":         {trendOver("2026-11-19T18:30:00Z", "2026-11-20T18:30:00Z", "1h", zone(t, "Asia/Kolkata")), "20 Nov 06:00 12:00 18:00 21 Nov"},
		"days over a clock change": {trendOver("2026-10-22T22:00:00Z", "2026-10-28T23:00:00Z", "1d", zone(t, "Europe/Oslo")), "23 Oct 24 Oct 25 Oct 26 Oct 27 Oct 28 Oct"},
		"hours over it":            {trendOver("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "30m", zone(t, "Europe/Oslo")), "25 Oct 03:00 06:00 09:00 12:00 15:00 18:00 21:00"},
		"hours over the spring":    {trendOver("2026-03-28T23:00:00Z", "2026-03-29T05:00:00Z", "10m", zone(t, "Europe/Oslo")), "29 Mar 01:00 03:00 04:00 05:00 06:00"},
		"a quarter of a year":      {trendOver("2026-08-22T22:00:00Z", "2026-11-20T23:00:00Z", "1d", zone(t, "Europe/Oslo")), "23 Aug 6 Sep 20 Sep 4 Oct 18 Oct 1 Nov 15 Nov"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, l := range c.in.labels() {
				got = append(got, l.Text)
				if l.At < 0 || l.At >= 1 {
					t.Errorf("label %s at %v", l.Text, l.At)
				}
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got  %s\nwant %s", s, c.want)
			}
		})
	}
}

func TestNewTrend(t *testing.T) {
	in := trendOver("2026-11-20T12:00:00Z", "2026-11-20T15:00:00Z", "1h", time.UTC)
	in.Events, in.Counts = nil, [4][]int64{{0, 0, 3}, {1, 2, 3}, {0, 10, 0}, {1}}
	in.Previous = []int64{4, 4, 2}
	got := NewTrend(in)
	if got.Total != "20 events" || got.Delta.Text != "100%" || !got.Delta.Up || got.Delta.Spoken != "100% more" {
		t.Errorf("total %q, delta %+v", got.Total, got.Delta)
	}
	sentence := "20 events from today 12:00 to today 15:00: P0 3, P1 6, P2 10, P3 1. Peak 12 at 20 Nov 13:00. 100% more than the previous 24 h."
	if got.Chart.Sentence != sentence {
		t.Errorf("sentence %q", got.Chart.Sentence)
	}
	if diff := cmp.Diff([]string{"P0", "P1", "P2", "P3", "Previous"}, got.Heads); diff != "" {
		t.Error(diff)
	}
	var rows []string
	for _, r := range got.Table {
		rows = append(rows, r.At.Text+": "+strings.Join(r.Cells, " "))
	}
	if diff := cmp.Diff([]string{"20 Nov 14:00: 3 3 0 0 2", "20 Nov 13:00: 0 2 10 0 4", "20 Nov 12:00: 0 1 0 1 4"}, rows); diff != "" {
		t.Error(diff)
	}
	if got.Chart.Buckets[1].Title != "20 Nov 13:00: P0 0, P1 2, P2 10, P3 0, previous 24 h 4" {
		t.Errorf("title %q", got.Chart.Buckets[1].Title)
	}
	if got.Chart.Series[0].Name != "P0" || got.Chart.Series[0].Class != "f0" {
		t.Errorf("the most urgent must be at the base: %+v", got.Chart.Series[0])
	}
}

func TestNewTrendEdges(t *testing.T) {
	in := trendOver("2026-11-20T12:00:00Z", "2026-11-20T15:00:00Z", "1h", time.UTC)
	for name, c := range map[string]struct {
		change func(*TrendIn)
		delta  string
	}{
		"nothing, nothing before":   {func(in *TrendIn) { in.Previous = []int64{0, 0, 0} }, ""},
		"from nothing":              {func(in *TrendIn) { in.Previous, in.Events = []int64{0}, []int64{5} }, "from none"},
		"to nothing":                {func(in *TrendIn) { in.Previous = []int64{5} }, "100%"},
		"the same":                  {func(in *TrendIn) { in.Previous, in.Events = []int64{5}, []int64{5} }, "0%"},
		"many times more":           {func(in *TrendIn) { in.Previous, in.Events = []int64{2}, []int64{938} }, "×469"},
		"not compared":              {func(in *TrendIn) { in.Events = []int64{5} }, ""},
		"more numbers than buckets": {func(in *TrendIn) { in.Events = make([]int64, 99) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := in
			c.change(&in)
			got := NewTrend(in)
			text := ""
			if got.Delta != nil {
				text = got.Delta.Text
			}
			if text != c.delta || len(got.Table) != 3 {
				t.Errorf("delta %q, want %q; %d rows", text, c.delta, len(got.Table))
			}
		})
	}
	if got := NewTrend(TrendIn{}); len(got.Table) != 0 || got.None == "" {
		t.Error("what was not counted must be said, not drawn as zero")
	}
}

func TestTrendMarksAndGaps(t *testing.T) {
	in := trendOver("2026-11-20T12:00:00Z", "2026-11-20T16:00:00Z", "1h", time.UTC)
	at := func(h, m int) int64 { return time.Date(2026, 11, 20, h, m, 0, 0, time.UTC).UnixMicro() }
	in.Marks = []TrendMark{{at(11, 0), "too early"}, {at(13, 0), "first seen"}, {at(13, 10), "4.13.0"}, {at(15, 30), "4.14.0"}, {at(16, 0), "too late"}}
	in.Gaps = []Gap{{From: at(14, 10), To: at(14, 20), Reason: "one index is closed"}}
	got := NewTrend(in)
	want := []chart.Mark{{At: 0.25, Text: "first seen, 4.13.0"}, {At: 0.875, Text: "4.14.0"}}
	if diff := cmp.Diff(want, got.Chart.Marks); diff != "" {
		t.Error(diff)
	}
	for i, b := range got.Chart.Buckets {
		if b.Partial != (i == 2) {
			t.Errorf("bucket %d partial = %v", i, b.Partial)
		}
	}
	if len(got.Notices) != 1 || !strings.Contains(got.Notices[0].Text, "one index is closed") {
		t.Errorf("notices %+v", got.Notices)
	}
}

// TestPlaceOverTheClockChange: a day of 25 hours is as wide as any other.
func TestPlaceOverTheClockChange(t *testing.T) {
	in := trendOver("2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z", "1d", zone(t, "Europe/Oslo"))
	noon := time.Date(2026, 10, 25, 12, 0, 0, 0, zone(t, "Europe/Oslo")).UnixMicro()
	if got, want := in.place(noon), (1+13.0/25)/3; got < want-1e-9 || got > want+1e-9 {
		t.Errorf("noon at %v, want %v", got, want)
	}
}

func TestPreviousWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		15 * time.Minute: "previous 15 min", time.Hour: "previous 60 min", 24 * time.Hour: "previous 24 h", 25 * time.Hour: "previous 25 h",
		7 * 24 * time.Hour: "previous 7 days", 7*24*time.Hour + time.Hour: "previous 7 days", 90 * 24 * time.Hour: "previous 90 days",
	} {
		if got := PreviousWords(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

// A table of few rows sums steps up, from the newest; nothing is lost.
func TestTrendTableSumsUp(t *testing.T) {
	for _, c := range []struct {
		rows int
		want string
	}{
		{0, "14:00 5 50; 13:00 4 40; 12:00 3 30; 11:00 2 20; 10:00 1 10"},
		{5, "14:00 5 50; 13:00 4 40; 12:00 3 30; 11:00 2 20; 10:00 1 10"},
		{3, "14:00 5 50; 12:00 7 70; 10:00 3 30"},
		{2, "14:00 5 50; 10:00 10 100"},
	} {
		in := trendOver("2026-11-20T10:00:00Z", "2026-11-20T15:00:00Z", "1h", time.UTC)
		in.Events, in.Previous, in.Rows = []int64{1, 2, 3, 4, 5}, []int64{10, 20, 30, 40, 50}, c.rows
		var got []string
		for _, r := range NewTrend(in).Table {
			got = append(got, strings.TrimPrefix(r.At.Text, "20 Nov ")+" "+strings.Join(r.Cells, " "))
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%d rows: %s", c.rows, s)
		}
	}
}
