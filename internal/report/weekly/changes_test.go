package weekly

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/store"
)

// doc makes a document with one table: its rows have a name and numbers; -1 is
// a missing value.
func doc(id string, columns []errata.Column, rows map[string][]float64, order ...string) errata.Document {
	t := &errata.Table{Columns: columns}
	for _, name := range order {
		cells := []errata.Cell{errata.TextCell(name)}
		if id == SectionMTTA {
			cells = []errata.Cell{errata.TextCell(map[string]string{"All": "all", "P1": "severity", "shop": "service"}[name]), errata.TextCell(name)}
		}
		for _, n := range rows[name] {
			if n < 0 {
				cells = append(cells, errata.Cell{})
			} else {
				cells = append(cells, errata.NumCell(n))
			}
		}
		t.Rows = append(t.Rows, cells)
	}
	return errata.Document{Sections: []errata.Section{{ID: id, Title: "T", Table: t}}}
}

func TestChanges(t *testing.T) {
	name := column("name", "Name", errata.ColumnText)
	counts := []errata.Column{name, column("events", "Events", errata.ColumnInt), column("before", "Week before", errata.ColumnInt), column("change", "Change", errata.ColumnInt)}
	clocks := []errata.Column{
		column("by", "By", errata.ColumnText), column("key", "Group", errata.ColumnText), column("n", "n", errata.ColumnInt),
		column("p50", "Median", errata.ColumnDuration), column("met", "Target met", errata.ColumnInt), column("target", "Target", errata.ColumnDuration),
	}
	ages := []errata.Column{column("age", "Open for", errata.ColumnText), column("p1", "P1", errata.ColumnInt), column("issues", "All", errata.ColumnInt)}
	late, back, raised := store.Since{Late: 2}, store.Since{TakenBack: 1}, store.Since{Severity: 3}
	for test, c := range map[string]struct {
		id      string
		columns []errata.Column
		before  map[string][]float64
		now     map[string][]float64
		since   Since
		rows    []string // section row, figure, before, now, unit, why
	}{
		"nothing": {SectionVolume, counts, map[string][]float64{"P0": {1, 2, 3}}, map[string][]float64{"P0": {1, 2, 99}}, Since{Week: late}, nil},
		"late events": {
			SectionVolume, counts,
			map[string][]float64{"P0": {1, 2, 3}},
			map[string][]float64{"P0": {3, 2, 1}},
			Since{Week: late, Before: back},
			[]string{"P0|Events|1|3||2 events of that time arrived later"},
		},
		"late for the week before": {
			SectionServices, counts,
			map[string][]float64{"P0": {1, 2, 3}},
			map[string][]float64{"P0": {1, 3, 1}},
			Since{Before: store.Since{Late: 1}},
			[]string{"P0|Week before|2|3||1 event of that time arrived later"},
		},
		"long forgotten": {
			SectionVolume, counts,
			map[string][]float64{"P0": {1, 2, 3}},
			map[string][]float64{"P0": {3, 1, 1}},
			Since{},
			[]string{"P0|Events|1|3||events were counted later; their arrival is no longer on record", "P0|Week before|2|1||events were removed"},
		},
		"lists": {
			SectionTop, counts,
			map[string][]float64{"A-1": {5, 0, 0}, "A-2": {4, 1, 0}},
			map[string][]float64{"A-1": {5, 0, 0}, "A-3": {6, 2, 0}},
			Since{},
			[]string{
				"A-2|Events|4|–||the issue is no longer in the list", "A-2|Week before|1|–||the issue is no longer in the list",
				"A-3|Events|–|6||the issue has come into the list", "A-3|Week before|–|2||the issue has come into the list",
			},
		},
		"taken back": {
			SectionIssues, counts,
			map[string][]float64{"Resolved": {5, 1, 0}, "New": {2, 2, 0}},
			map[string][]float64{"Resolved": {4, 1, 0}, "New": {3, 2, 0}},
			Since{Week: store.Since{Late: 1, TakenBack: 1}},
			[]string{"New|Events|2|3||1 event of that time arrived later", "Resolved|Events|5|4||1 resolution was taken back"},
		},
		"clocks": {
			SectionMTTA, clocks,
			map[string][]float64{"All": {3, 60, 1, -1}, "P1": {2, 60, 1, 3600}, "shop": {1, 60, 1, 60}},
			map[string][]float64{"All": {2, 90.5, 1, -1}, "P1": {3, 60, 2, 3600}, "shop": {1, 60, 1, 120}},
			Since{Week: back},
			[]string{
				"All|n|3|2||1 resolution was taken back", "All|Median|60|90.5|s|1 resolution was taken back", "P1|n|2|3||1 resolution was taken back",
				"P1|Target met|1|2||1 resolution was taken back", "shop|Target|60|120|s|1 resolution was taken back",
			},
		},
		"severities and targets": {
			SectionMTTA, clocks,
			map[string][]float64{"All": {3, 60, 1, -1}, "P1": {2, 60, 1, 3600}, "shop": {1, 60, 1, 60}},
			map[string][]float64{"All": {3, 60, 2, -1}, "P1": {3, 60, 1, 3600}, "shop": {2, 60, 1, 60}},
			Since{Week: raised},
			[]string{"All|Target met|1|2||3 severities were changed", "P1|n|2|3||3 severities were changed", "shop|n|1|2||nothing in the ledger tells"},
		},
		"a target": {
			SectionMTTA, clocks,
			map[string][]float64{"shop": {1, 60, 1, 60}},
			map[string][]float64{"shop": {1, 60, 0, 30}},
			Since{},
			[]string{"shop|Target met|1|0||a target was changed", "shop|Target|60|30|s|a target was changed"},
		},
		"backlog": {
			SectionBacklog, ages,
			map[string][]float64{"All": {1, 4}},
			map[string][]float64{"All": {2, 5}},
			Since{Week: store.Since{TakenBack: 2, Severity: 1}},
			[]string{"All|P1|1|2||2 resolutions were taken back; 1 severity was changed", "All|All|4|5||2 resolutions were taken back"},
		},
	} {
		t.Run(test, func(t *testing.T) {
			names := []string{"All", "P0", "P1", "A-1", "A-2", "A-3", "New", "Resolved", "shop"}
			only := func(rows map[string][]float64) (out []string) {
				for _, n := range names {
					if rows[n] != nil {
						out = append(out, n)
					}
				}
				return out
			}
			before, now := doc(c.id, c.columns, c.before, only(c.before)...), doc(c.id, c.columns, c.now, only(c.now)...)
			s := Changes(&before, &now, c.since)
			var got []string
			if s.Table != nil {
				for _, r := range s.Table.Rows {
					var line strings.Builder
					line.WriteString(*r[1].Text + "|" + *r[2].Text)
					for _, n := range r[3:5] {
						line.WriteString("|" + word(n))
					}
					got = append(got, line.String()+"|"+*r[5].Text+"|"+*r[6].Text)
				}
			}
			if d := cmp.Diff(c.rows, got); d != "" {
				t.Error(d)
			}
			if (s.Table == nil) != (s.Text == "No figure has changed.") {
				t.Errorf("said %q", s.Text)
			}
		})
	}
}

func word(c errata.Cell) string {
	if c.Num == nil {
		return "–"
	}
	return strconv.FormatFloat(*c.Num, 'f', -1, 64)
}
