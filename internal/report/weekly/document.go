package weekly

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/stats"
)

// Sections of the report, by their ids.
const (
	SectionVolume    = "volume"
	SectionServices  = "services"
	SectionIssues    = "issues"
	SectionNew       = "new"
	SectionRegressed = "regressed"
	SectionTop       = "top"
	SectionMTTA      = "mtta"
	SectionMTTR      = "mttr"
	SectionBacklog   = "backlog"
	SectionChanges   = "changes"
	SectionTerms     = "terms"
)

// all is the row that holds the sum of a table.
const all = "All"

// Document makes the report of a week.
func Document(w find.Week, zone *time.Location) errata.Document {
	d := errata.Document{
		Title: "Weekly errors and response, " + stats.Days(w.Week.From.In(zone), w.Week.To.In(zone)), Filters: filters(w),
		From: w.Week.From.UnixMicro(), To: w.Week.To.UnixMicro(), AsOf: w.AsOf, Zone: zone.String(),
	}
	d.Sections = []errata.Section{
		volume(w), services(w), issues(w),
		list(w, SectionNew, "New issues", w.NewIssues, w.New.Now, "The most urgent first."),
		list(w, SectionRegressed, "Regressed issues", w.Returned, w.Regressed.Now, "The latest first; an issue that came back twice counts twice and stands here once."),
		list(w, SectionTop, "Top issues", w.Top, int64(len(w.Top)), "By their events in the whole hours of the week."),
		response(w, SectionMTTA, "Time to acknowledge", 0), response(w, SectionMTTR, "Time to resolve", 1),
		backlog(w), terms(),
	}
	return d
}

// teamsFilter begins the line that says which team answers for which service.
const teamsFilter = "Teams: "

// noTeam is the row of services that no team answers for.
const noTeam = "No team"

// filters are the services, and whose they are.
func filters(w find.Week) []string {
	out := []string{"Services: " + strings.Join(slugs(w), ", ")}
	var teams []string
	for _, t := range w.Teams {
		var of []string
		for _, s := range bySlug(w) {
			if s.Service.TeamID == t.ID {
				of = append(of, s.Service.Slug)
			}
		}
		teams = append(teams, t.Slug+" ("+strings.Join(of, ", ")+")")
	}
	if len(teams) > 0 {
		out = append(out, teamsFilter+strings.Join(teams, ", "))
	}
	return out
}

func slugs(w find.Week) (out []string) {
	for _, s := range bySlug(w) {
		out = append(out, s.Service.Slug)
	}
	return out
}

func column(key, title string, kind errata.ColumnKind) errata.Column {
	return errata.Column{Key: key, Title: title, Kind: kind}
}

// counted are the cells of a number beside the one of the week before.
func counted(c find.Counted) []errata.Cell {
	return []errata.Cell{errata.IntCell(c.Now), errata.IntCell(c.Before), errata.IntCell(c.Now - c.Before)}
}

func countedColumns(first errata.Column, what string) []errata.Column {
	return []errata.Column{
		first, column(what, title(what), errata.ColumnInt), column("before", "Week before", errata.ColumnInt), column("change", "Change", errata.ColumnInt),
	}
}

func title(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

func row(name string, cells ...errata.Cell) []errata.Cell {
	return append([]errata.Cell{errata.TextCell(name)}, cells...)
}

func volume(w find.Week) errata.Section {
	t := &errata.Table{Columns: countedColumns(column("severity", "Severity", errata.ColumnText), "events")}
	chart := &errata.Series{}
	for _, e := range w.Days {
		chart.Edges = append(chart.Edges, e.UnixMicro())
	}
	var sum find.Counted
	for i, s := range errata.Severities {
		c := w.Severities[i]
		sum.Now, sum.Before = sum.Now+c.Now, sum.Before+c.Before
		t.Rows = append(t.Rows, row(s.String(), counted(c)...))
	}
	t.Rows = append(t.Rows, row(all, counted(sum)...))
	for _, s := range w.Volume {
		l := errata.Line{Key: s.Key}
		for _, n := range s.Buckets {
			v := float64(n)
			l.Values = append(l.Values, &v)
		}
		chart.Lines = append(chart.Lines, l)
	}
	return errata.Section{ID: SectionVolume, Title: "Events by severity", Text: "Each event by its own severity, by the time at which it happened.", Table: t, Chart: chart}
}

func services(w find.Week) errata.Section {
	t := &errata.Table{Columns: countedColumns(column("service", "Service", errata.ColumnText), "events")}
	for _, s := range w.Services {
		t.Rows = append(t.Rows, row(s.Service.Slug, counted(s.Events)...))
	}
	return errata.Section{ID: SectionServices, Title: "Events by service", Table: t}
}

func issues(w find.Week) errata.Section {
	t := &errata.Table{Columns: countedColumns(column("what", "What", errata.ColumnText), "issues")}
	for _, c := range []struct {
		name string
		find.Counted
	}{{"New", w.New}, {"Regressed", w.Regressed}, {"Resolved", w.Resolved}} {
		t.Rows = append(t.Rows, row(c.name, counted(c.Counted)...))
	}
	return errata.Section{
		ID: SectionIssues, Title: "New, regressed, resolved", Table: t,
		Text: "New: the first event happened in the week. Regressed: an event came after the issue was resolved. Resolved: resolved in the week and not taken back within ten minutes.",
	}
}

// list names issues; n is how many there are.
func list(w find.Week, id, name string, rows []find.TopRow, n int64, order string) errata.Section {
	t := &errata.Table{Columns: []errata.Column{
		column("issue", "Issue", errata.ColumnText), column("severity", "Severity", errata.ColumnText), column("service", "Service", errata.ColumnText),
		column("title", "Title", errata.ColumnText), column("status", "Status", errata.ColumnText), column("events", "Events", errata.ColumnInt),
		column("before", "Week before", errata.ColumnInt),
	}}
	for _, r := range rows {
		t.Rows = append(t.Rows, []errata.Cell{
			errata.TextCell(r.ShortID()), errata.TextCell(r.Issue.Severity.String()), errata.TextCell(w.Projects[r.Issue.ProjectID].Slug),
			errata.TextCell(headline(r.Issue)), errata.TextCell(string(r.Issue.Status)), errata.IntCell(r.Events), errata.IntCell(r.Before),
		})
	}
	if int64(len(rows)) < n && len(rows) == find.WeekIssues {
		order += " The first " + strconv.Itoa(len(rows)) + " of " + strconv.FormatInt(n, 10) + "."
	}
	return errata.Section{ID: id, Title: name, Text: order + " Severity and status are those of the moment of the report.", Table: t}
}

func headline(i errata.Issue) string {
	if i.Type == "" || strings.HasPrefix(i.Title, i.Type) {
		return i.Title
	}
	return i.Type + ": " + i.Title
}

// response is one metric: of all, by severity, by team, by service. Where no
// service has a team there is nothing to tell by team.
func response(w find.Week, id, name string, metric int) errata.Section {
	t := &errata.Table{Columns: []errata.Column{
		column("by", "By", errata.ColumnText), column("key", "Group", errata.ColumnText), column("n", "n", errata.ColumnInt),
		column("p50", "Median", errata.ColumnDuration), column("p90", "p90", errata.ColumnDuration), column("mean", "Mean", errata.ColumnDuration),
		column("target", "Target", errata.ColumnDuration), column("met", "Target met", errata.ColumnInt), column("targeted", "With a target", errata.ColumnInt),
		column("left_out", "Left out", errata.ColumnInt), column("why", "Left out because", errata.ColumnText),
	}}
	r := w.BySeverity[metric]
	line := func(by, key string, s stats.Summary) {
		t.Rows = append(t.Rows, append([]errata.Cell{errata.TextCell(by), errata.TextCell(key)}, summary(s, r.Rules.Metric)...))
	}
	line("all", all, r.Total)
	for _, s := range errata.Severities {
		line("severity", s.String(), groupOf(r, s.String()))
	}
	teams := w.ByTeam[metric]
	for _, t := range w.Teams {
		line("team", t.Slug, groupOf(teams, t.ID))
	}
	if len(w.Teams) > 0 && slices.ContainsFunc(w.Services, func(s find.ServiceWeek) bool { return s.Service.TeamID == "" }) {
		line("team", noTeam, groupOf(teams, ""))
	}
	by := w.ByService[metric]
	for _, s := range bySlug(w) {
		line("service", s.Service.Slug, groupOf(by, s.Service.ID))
	}
	return errata.Section{ID: id, Title: name, Text: compared(r) + " Severity is the worst that the episode came to.", Table: t}
}

// bySlug returns the services by name.
func bySlug(w find.Week) []find.ServiceWeek {
	out := append([]find.ServiceWeek{}, w.Services...)
	sortBy(out, func(s find.ServiceWeek) string { return s.Service.Slug })
	return out
}

func groupOf(r find.Response, key string) stats.Summary {
	for _, g := range r.Groups {
		if !g.Other && g.Key[0] == key {
			return g.Total
		}
	}
	return stats.Summary{}
}

// summary are the cells of a metric; where nothing was measured, times are
// missing.
func summary(s stats.Summary, m stats.Metric) []errata.Cell {
	times := make([]errata.Cell, 4)
	if s.N > 0 {
		for i, d := range []time.Duration{s.P50, s.P90, s.Mean} {
			times[i] = errata.NumCell(d.Seconds())
		}
	}
	if s.Target > 0 {
		times[3] = errata.NumCell(s.Target.Seconds())
	}
	out := append([]errata.Cell{errata.IntCell(s.N)}, times...)
	return append(out, errata.IntCell(s.Met), errata.IntCell(s.Targeted), errata.IntCell(s.Left()), errata.TextCell(leftOut(s, m)))
}

// leftOut says in words why episodes are in no mean.
func leftOut(s stats.Summary, m stats.Metric) string {
	var parts []string
	for _, x := range stats.Exclusions(m) {
		if n := s.Excluded[x]; n > 0 {
			parts = append(parts, strconv.FormatInt(n, 10)+" "+strings.ReplaceAll(string(x), "_", " "))
		}
	}
	return strings.Join(parts, ", ")
}

var verdicts = map[stats.Verdict]string{
	stats.Faster: "faster than the week before", stats.Slower: "slower than the week before",
	stats.NoClearChange: "no clear change against the week before", stats.TooFew: "too few to compare with the week before",
}

// compared tells how the median stands against the week before.
func compared(r find.Response) string {
	k := r.Compare
	s := "n " + strconv.FormatInt(r.Total.N, 10) + ", the week before " + strconv.FormatInt(k.Before.N, 10)
	if r.Total.N > 0 && k.Before.N > 0 {
		s += ": median " + inWords(r.Total.P50) + " against " + inWords(k.Before.P50)
	}
	return s + ": " + verdicts[k.Verdict] + "."
}

// inWords writes a time in its two largest units.
func inWords(d time.Duration) string {
	units := []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	for i, u := range units {
		if d < u.size && i < len(units)-1 {
			continue
		}
		s := strconv.Itoa(int(d/u.size)) + " " + u.name
		if rest := d % u.size; i+1 < len(units) && rest >= units[i+1].size {
			s += " " + strconv.Itoa(int(rest/units[i+1].size)) + " " + units[i+1].name
		}
		return s
	}
	return ""
}

func backlog(w find.Week) errata.Section {
	t := &errata.Table{Columns: []errata.Column{column("age", "Open for", errata.ColumnText)}}
	for _, s := range errata.Severities {
		t.Columns = append(t.Columns, column(strings.ToLower(s.String()), s.String(), errata.ColumnInt))
	}
	t.Columns = append(t.Columns, column("issues", all, errata.ColumnInt), column("unanswered", "Unanswered", errata.ColumnInt), column("oldest", "Oldest", errata.ColumnDuration))
	bands := stats.Backlogs(w.Backlog)
	for i, b := range bands {
		cells := []errata.Cell{}
		for _, n := range b.Severities {
			cells = append(cells, errata.IntCell(n))
		}
		oldest := errata.Cell{}
		if b.Sum() > 0 {
			oldest = errata.NumCell(b.Oldest.Seconds())
		}
		name := all
		if i < len(bands)-1 {
			name = band(b)
		}
		t.Rows = append(t.Rows, row(name, append(cells, errata.IntCell(b.Sum()), errata.IntCell(b.Unanswered), oldest)...))
	}
	return errata.Section{
		ID: SectionBacklog, Title: "Backlog at the end of the week", Table: t,
		Text: "Issues that were open or acknowledged when the week ended, by how long they had been; a week before there were " +
			strconv.FormatInt(w.BacklogBefore, 10) + ". Severity is the worst of the episode; unanswered means that nobody had responded by then.",
	}
}

func band(b stats.Backlog) string {
	days := func(d time.Duration) string { return strconv.Itoa(int(d / (24 * time.Hour))) }
	switch {
	case b.From == 0:
		return "less than " + days(b.To) + " day"
	case b.To == 0:
		return days(b.From) + " days and more"
	}
	return days(b.From) + " to " + days(b.To) + " days"
}

func terms() errata.Section {
	return errata.Section{ID: SectionTerms, Title: "Definitions", Text: "The week runs from Monday to Monday in the zone of the report. " +
		"An episode is one time that an issue was open. MTTA runs from the first alert, or the opening where no alert came before the response, to the first act of a person; " +
		"MTTR from there to the resolution. An episode counts when its time ended, one that is left out when it closed. " +
		"Percentiles are computed anew for every group by linear interpolation, never averaged. " +
		"The team of an episode is the one that answers for its service at the moment of the report. " +
		"The figures are those of the moment of the report; a later run of the same week lists what has changed and why."}
}
