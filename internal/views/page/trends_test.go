package page

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/views/layout"
)

// Every number of the trends leads to what it counts, over the same whole
// buckets.
func TestTrendsLeadToWhatTheyCount(t *testing.T) {
	in := TrendsIn{URL: NewTrendsURL(), Tree: parsed("service:shop (type:A OR type:B)"), Volume: trendOver("2026-11-20T10:20:00Z", "2026-11-20T14:40:00Z", "1h", time.UTC)}
	in.URL.Range = "24h"
	in.Volume.Events = nil
	in.Tops = []LeadIn{{Key: "release", Values: []CountIn{{Keys: []string{"1.0"}, Count: 3}}, Total: 3}}
	for _, id := range []string{"new", "regressed", "resolved"} {
		in.Lines = append(in.Lines, TrendLineIn{ID: id, Title: id, Buckets: make([]int64, 5), Previous: make([]int64, 5)})
	}
	m := NewTrends(layout.Chrome{}, in)
	const slice, span = "service:shop+(type:A+OR+type:B)", "&from=2026-11-20T10:00:00Z&to=2026-11-20T15:00:00Z"
	got := map[string]string{"events": m.Trend.URL, "P0": m.Mix[0].URL, "release": m.Tops[0].Rows[0].URL}
	for _, l := range m.Lines {
		got[l.ID] = l.URL
		if l.Trend.Chart.Nothing != "No issues" {
			t.Errorf("an empty chart of issues says %q", l.Trend.Chart.Nothing)
		}
	}
	want := map[string]string{
		"events":    "/events?q=" + slice + span,
		"P0":        "/events?q=" + slice + "+event.severity:P0" + span,
		"release":   "/events?q=" + slice + "+release:1.0" + span,
		"new":       "/issues?q=" + slice + "+first_seen:%3E%3D2026-11-20T10:00:00Z" + span,
		"regressed": "/issues?q=" + slice + "+is:regressed" + span,
		"resolved":  "/issues?q=" + slice + "+resolved_at:%3E%3D2026-11-20T10:00:00Z+resolved_at:%3C2026-11-20T15:00:00Z&range=3650d",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
