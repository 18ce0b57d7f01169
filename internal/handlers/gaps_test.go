package handlers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/search"
	"errata/internal/views/page"
)

func TestGaps(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, time.March, n, 0, 0, 0, 0, time.UTC) }
	gap := func(from, to int, reason string) search.Gap {
		return search.Gap{From: day(from), To: day(to), Reason: reason}
	}
	told := func(from, to int, words string) page.Gap {
		return page.Gap{From: day(from).UnixMicro(), To: day(to).UnixMicro(), Reason: words}
	}
	for _, c := range []struct {
		name string
		have []search.Gap
		want []page.Gap
	}{
		{name: "none"},
		{"neighbours are one", []search.Gap{gap(1, 2, "x"), gap(2, 3, "x"), gap(3, 4, "x")}, []page.Gap{told(1, 4, "x")}},
		{"in any order", []search.Gap{gap(3, 4, "x"), gap(1, 2, "x"), gap(2, 3, "x")}, []page.Gap{told(1, 4, "x")}},
		{"the same range twice", []search.Gap{gap(1, 3, "x"), gap(1, 3, "x")}, []page.Gap{told(1, 3, "x")}},
		{"one within another", []search.Gap{gap(1, 9, "x"), gap(2, 3, "x")}, []page.Gap{told(1, 9, "x")}},
		{"what was read between them stays", []search.Gap{gap(1, 2, "x"), gap(3, 4, "x")}, []page.Gap{told(1, 2, "x"), told(3, 4, "x")}},
		{"another reason is another gap", []search.Gap{gap(1, 2, "x"), gap(2, 3, "y")}, []page.Gap{told(1, 2, "x"), told(2, 3, "y")}},
		{
			"reasons that alternate",
			[]search.Gap{gap(1, 2, "x"), gap(1, 2, "y"), gap(2, 3, "x"), gap(2, 3, "y")},
			[]page.Gap{told(1, 3, "x"), told(1, 3, "y")},
		},
		{
			"words for the reasons",
			[]search.Gap{gap(1, 2, search.ReasonTimeout), gap(4, 5, "search.unreachable"), gap(6, 7, "search.unreadable"), gap(8, 9, search.ReasonCorrupt)},
			[]page.Gap{
				told(1, 2, "the search took too long"), told(4, 5, "the event store did not answer for them"),
				told(6, 7, "their index is closed or blocked in Elasticsearch"), told(8, 9, "the file that holds them is damaged"),
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, gaps(c.have)); diff != "" {
				t.Errorf("gaps (-want +have):\n%s", diff)
			}
		})
	}
}
