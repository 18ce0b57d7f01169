package report_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/report"
	"errata/internal/report/encode"
)

// Columns of a chart are named by what events say, which may be the name of a
// column that is there already.
func TestChartOfColumnNames(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock})
	shop := p.NewProject("shop", errata.ProjectSettings{})
	b := p.Batch()
	for i, value := range []string{"from", "to", "section", "other or none", ""} {
		e := partstest.Event{ID: partstest.EventID(i + 1), Time: now.Add(-time.Hour)}
		if value != "" {
			e.Tags = map[string]string{"kind": value}
		}
		b.Entries = append(b.Entries, p.Entry(shop, e))
	}
	p.Publish(b)
	p.Drained()
	e := asked(report.Counts, "")
	e.Format, e.Counts = encode.NDJSON, &report.CountsOf{By: []string{"tags.kind"}, Bucket: "1d"}
	var out paper
	if err := report.New(options(p)).Send(t.Context(), partstest.Reader, e, out.open); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if !strings.Contains(line, `"section":"over_time"`) {
			continue
		}
		var row map[string]any
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		from, ok := row["from"].(string)
		if !ok || !strings.HasSuffix(from, "Z") || len(row) != 8 {
			t.Fatalf("%d members, from %v: %s", len(row), row["from"], line)
		}
	}
	if !slices.Contains(strings.Split(out.String(), `"`), "from (value)") {
		t.Errorf("no column of the value: %s", out.String())
	}
}
