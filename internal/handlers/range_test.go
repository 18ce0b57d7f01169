package handlers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
