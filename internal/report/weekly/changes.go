package weekly

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"errata/internal/errata"
	"errata/internal/store"
)

func sortBy[T any](all []T, key func(T) string) {
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
}

// figure is a number of a report, by where it stands.
type figure struct {
	section, row, column string
	rowName, columnName  string
	kind                 errata.ColumnKind
}

// figures are the numbers of a report in the order in which they stand. Rows are
// known by their text: an issue by its id.
func figures(d *errata.Document) (order []figure, values map[figure]errata.Cell) {
	values = map[figure]errata.Cell{}
	for _, s := range d.Sections {
		if s.Table == nil || s.ID == SectionChanges {
			continue
		}
		for _, cells := range s.Table.Rows {
			key, name := rowKey(s, cells)
			for i, c := range s.Table.Columns {
				if c.Kind == errata.ColumnText || c.Key == "change" {
					continue
				}
				f := figure{s.ID, key, c.Key, name, c.Title, c.Kind}
				order, values[f] = append(order, f), cells[i]
			}
		}
	}
	return order, values
}

// rowKey is what a row is known by, and called.
func rowKey(s errata.Section, cells []errata.Cell) (key, name string) {
	word := func(c errata.Cell) string {
		if c.Text == nil {
			return ""
		}
		return *c.Text
	}
	switch s.ID {
	case SectionMTTA, SectionMTTR:
		return word(cells[0]) + ":" + word(cells[1]), word(cells[1])
	}
	return word(cells[0]), word(cells[0])
}

// Changes lists the figures in which a report differs from an earlier one of the
// same week, and why. The section has no table where none differs.
func Changes(earlier, now *errata.Document, since Since) errata.Section {
	out := errata.Section{ID: SectionChanges, Title: "Changed since the earlier run"}
	since.teams = teamsOf(earlier) != teamsOf(now)
	order, before := figures(earlier)
	later, after := figures(now)
	for _, f := range later {
		if _, known := before[f]; !known {
			order = append(order, f)
		}
	}
	titles := map[string]string{}
	for _, d := range []*errata.Document{earlier, now} {
		for _, s := range d.Sections {
			titles[s.ID] = s.Title
		}
	}
	t := &errata.Table{Columns: []errata.Column{
		column("section", "Part", errata.ColumnText), column("row", "Row", errata.ColumnText), column("figure", "Figure", errata.ColumnText),
		column("before", "Before", errata.ColumnFloat), column("now", "Now", errata.ColumnFloat), column("unit", "Unit", errata.ColumnText), column("why", "Why", errata.ColumnText),
	}}
	for _, f := range order {
		a, b := before[f], after[f]
		if same(a, b) {
			continue
		}
		unit := ""
		if f.kind == errata.ColumnDuration {
			unit = "s"
		}
		t.Rows = append(t.Rows, []errata.Cell{
			errata.TextCell(titles[f.section]), errata.TextCell(f.rowName), errata.TextCell(f.columnName), a, b, errata.TextCell(unit), errata.TextCell(since.why(f, a, b)),
		})
	}
	if len(t.Rows) == 0 {
		out.Text = "No figure has changed."
		return out
	}
	out.Text = strconv.Itoa(len(t.Rows)) + " figures differ from those of the earlier run. A missing value means that the row or the figure was not there."
	out.Table = t
	return out
}

func same(a, b errata.Cell) bool {
	return (a.Num == nil) == (b.Num == nil) && (a.Num == nil || *a.Num == *b.Num)
}

// Since is what happened, after a run, to its week and to the week before.
type Since struct {
	Week, Before store.Since
	teams        bool // services have come to a team, or left one
}

// teamsOf is the line of a report that says whose its services are.
func teamsOf(d *errata.Document) string {
	for _, f := range d.Filters {
		if strings.HasPrefix(f, teamsFilter) {
			return f
		}
	}
	return ""
}

// why names what can have changed a figure, as far as arrivals and the ledger
// tell.
func (s Since) why(f figure, before, now errata.Cell) string {
	was := s.Week
	if f.column == "before" {
		was = s.Before
	}
	var out []string
	say := func(n int64, one, many string) {
		if n == 1 {
			out = append(out, "1 "+one)
		} else if n > 1 {
			out = append(out, strconv.FormatInt(n, 10)+" "+many)
		}
	}
	if f.ofEvents() {
		say(was.Late, "event of that time arrived later", "events of that time arrived later")
	} else {
		say(was.TakenBack, "resolution was taken back", "resolutions were taken back")
	}
	if f.ofSeverity() {
		say(was.Severity, "severity was changed", "severities were changed")
	}
	if s.teams && strings.HasPrefix(f.row, "team:") {
		out = append(out, "services have come to a team or left one")
	}
	if f.ofTarget() && len(out) == 0 {
		return "a target was changed"
	}
	if len(out) > 0 {
		return strings.Join(out, "; ")
	}
	return f.unexplained(before, now)
}

// ofEvents says whether a figure is made of events and not of episodes.
func (f figure) ofEvents() bool {
	switch f.section {
	case SectionMTTA, SectionMTTR, SectionBacklog:
		return false
	case SectionIssues:
		return f.row == "New"
	}
	return true
}

// ofSeverity says whether a figure depends on the severity of an episode.
func (f figure) ofSeverity() bool {
	switch f.section {
	case SectionMTTA, SectionMTTR:
		return strings.HasPrefix(f.row, "severity:") || f.ofTarget()
	case SectionBacklog:
		return strings.HasPrefix(f.column, "p")
	}
	return false
}

// ofTarget says whether a figure depends on the targets.
func (f figure) ofTarget() bool {
	return f.column == "target" || f.column == "met" || f.column == "targeted"
}

// listed says whether the rows of a section are the first of many.
func (f figure) listed() bool {
	return f.section == SectionNew || f.section == SectionRegressed || f.section == SectionTop
}

// unexplained is what remains when nothing on record explains a change.
func (f figure) unexplained(before, now errata.Cell) string {
	switch {
	case f.listed() && now.Num == nil:
		return "the issue is no longer in the list"
	case f.listed() && before.Num == nil:
		return "the issue has come into the list"
	case !f.ofEvents():
		return "nothing in the ledger tells"
	case before.Num != nil && (now.Num == nil || *now.Num < *before.Num):
		return "events were removed"
	}
	return "events were counted later; their arrival is no longer on record"
}
