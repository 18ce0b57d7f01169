package stats_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/stats"
)

func TestBacklogs(t *testing.T) {
	const day = 24 * time.Hour
	got := stats.Backlogs([]stats.Waiting{
		{errata.P0, 0, true},
		{errata.P3, day - 1, false},
		{errata.P1, day, true},
		{errata.P1, 30*day - 1, false},
		{errata.P2, 90 * day, true},
		{errata.P2, 4000 * day, false},
	})
	want := []stats.Backlog{
		{To: day, Severities: [4]int64{1, 0, 0, 1}, Unanswered: 1, Oldest: day - 1},
		{From: day, To: 7 * day, Severities: [4]int64{0, 1}, Unanswered: 1, Oldest: day},
		{From: 7 * day, To: 30 * day, Severities: [4]int64{0, 1}, Oldest: 30*day - 1},
		{From: 30 * day, To: 90 * day},
		{From: 90 * day, Severities: [4]int64{0, 0, 2}, Unanswered: 1, Oldest: 4000 * day},
		{Severities: [4]int64{1, 2, 2, 1}, Unanswered: 3, Oldest: 4000 * day},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
