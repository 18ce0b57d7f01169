package find_test

import (
	"strings"
	"testing"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/search"
)

// A cursor that was written by hand cannot ask over more than the range of the
// list, which is what its cost was measured by.
func TestCursorKeepsToItsRange(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock})
	many(t, p, 5)
	ask := find.EventsQuery{Range: month(), Size: 2}
	page, err := p.Find.Events(t.Context(), partstest.Reader, ask)
	if err != nil || page.Next == "" {
		t.Fatalf("%+v, %v", page, err)
	}
	ask.Cursor = page.Next
	if _, err := p.Find.Events(t.Context(), partstest.Reader, ask); err != nil {
		t.Fatal(err)
	}
	parts := strings.SplitN(page.Next, ".", 3)
	ask.Cursor = parts[0] + ".0." + parts[2]
	if _, err := p.Find.Events(t.Context(), partstest.Reader, ask); errata.ReasonOf(err) != search.ReasonCursor {
		t.Errorf("since 1970: %v", err)
	}
}
