package handlers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/find"
)

// TestRanges asks for ranges that end now: those who ask again within ten
// seconds ask the same, and nothing that has happened is left out.
func TestRanges(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, "2026-11-20T"+s+"Z")
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	day := func(s string) time.Time { return at(s).AddDate(0, 0, -1) }
	for _, c := range []struct {
		name string
		in   listIn
		now  time.Time
		want find.Range
	}{
		{"24 hours", listIn{rangeWord: "24h"}, at("12:00:03.5"), find.Range{From: day("12:00:10"), To: at("12:00:10")}},
		{"a moment later", listIn{rangeWord: "24h"}, at("12:00:09.9"), find.Range{From: day("12:00:10"), To: at("12:00:10")}},
		{"on the dot", listIn{rangeWord: "24h"}, at("12:00:10"), find.Range{From: day("12:00:10"), To: at("12:00:10")}},
		{"five minutes", listIn{rangeWord: "5m"}, at("12:00:03.5"), find.Range{From: at("11:55:04"), To: at("12:00:04")}},
		{"today, as it begins", listIn{rangeWord: "today"}, at("00:00:00.5"), find.Range{From: at("00:00:00"), To: at("00:00:10")}},
		{"since", listIn{from: "2026-11-20T10:00:00Z"}, at("12:00:03.5"), find.Range{From: at("10:00:00"), To: at("12:00:10")}},
		{"of the past", listIn{from: "2026-11-20T10:00:00Z", to: "2026-11-20T11:00:01.5Z"}, at("12:00:03.5"), find.Range{From: at("10:00:00"), To: at("11:00:01.5")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &Server{Deps: Deps{Clock: func() time.Time { return c.now }}}
			c.in.zone = time.UTC
			got, err := s.span(c.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("range (-want +have):\n%s", diff)
			}
		})
	}
}

// Times of a page follow the rule of times in a query: what clocks skip is the
// moment after the gap, what they show twice the first time.
func TestRangesAtClockChanges(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Deps: Deps{Clock: func() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }}}
	for _, c := range []struct{ from, to, wantFrom, wantTo string }{
		{"2026-03-29T02:30", "2026-03-29T03:30", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"},
		{"2026-10-25T02:30", "2026-10-25T03:30", "2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"},
		{"2026-03-28", "2026-03-30", "2026-03-27T23:00:00Z", "2026-03-29T22:00:00Z"},
	} {
		r, err := s.span(listIn{from: c.from, to: c.to, zone: zone})
		if err != nil || r.From.Format(time.RFC3339) != c.wantFrom || r.To.Format(time.RFC3339) != c.wantTo {
			t.Errorf("%s to %s: %v to %v %v", c.from, c.to, r.From, r.To, err)
		}
	}
}

// A range of too many days is a range, but too long.
func TestRangesThatAreRefused(t *testing.T) {
	s := &Server{Deps: Deps{Clock: time.Now}}
	for word, want := range map[string]string{
		"3660d": "“3660d” is longer than ten years, which is the most.",
		"0d":    "“0d” is no range. Write one like 24h, 7d or today.",
		"7x":    "“7x” is no range. Write one like 24h, 7d or today.",
	} {
		if _, err := s.span(listIn{rangeWord: word, zone: time.UTC}); errata.MessageOf(err) != want {
			t.Errorf("%s: %v", word, err)
		}
	}
}
