// Package gallery shows every page in every state from fixtures: none, one,
// many, the longest words, right to left, failed, partial, read-only,
// forbidden, hostile. It feeds /dev/gallery, golden HTML, accessibility and
// screenshots.
package gallery

import (
	"time"

	"github.com/a-h/templ"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/page"
	"errata/internal/views/ui"
)

// Entry is a page in one state. Name is unique and begins with the page; Parts
// are the names of the page's parts.
type Entry struct {
	Name, Page string
	Component  templ.Component
	Model      page.Model
	Parts      []string
}

// Entries lists all states of all pages, the pages in the order in which
// people meet them.
func Entries() []Entry {
	var out []Entry
	for _, g := range []struct {
		page   string
		parts  []string
		states []state
	}{
		{"signin", nil, signInStates()},
		{"setup", nil, setupStates()},
		{"services", nil, serviceListStates()},
		{"service-new", nil, newServiceStates()},
		{"service-setup", []string{"tick"}, serviceSetupStates()},
		{"overview", page.OverviewParts, overviewStates()},
		{"overview", nil, emptyOverviews()},
		{"issues", []string{"list", "trend"}, issuesStates()},
		{"issue", []string{"head", "trend", "event", "response", "activity"}, issueStates()},
		{"tags", nil, tagsStates()},
		{"events", page.EventsParts, eventsStates()},
		{"events", []string{"list", "fields"}, countedEvents()},
		{"trace", nil, traceStates()},
		{"views", nil, viewsStates()},
		{"facet", []string{"facet-release"}, facetStates()},
		{"act", nil, actPages()},
		{"bulk", nil, bulkStates()},
		{"job", []string{"job"}, jobStates()},
		{"search", []string{"jumps"}, jumpStates()},
		{"response", nil, analyticsStates()},
		{"trends", nil, trendsStates()},
		{"episodes", nil, episodesStates()},
		{"reports", nil, reportsStates()},
		{"report", nil, reportStates()},
		{"system", nil, systemStates()},
		{"exports", nil, exportsStates()},
		{"export", []string{"export"}, exportStates()},
		{"print", nil, printStates()},
		{"people", nil, peopleStates()},
		{"person", nil, personStates()},
		{"teams", nil, teamsStates()},
		{"team", nil, teamStates()},
		{"invite", nil, inviteStates()},
		{"join", nil, joinStates()},
		{"roles", nil, rolesStates()},
		{"query-help", nil, queryHelpStates()},
		{"account", nil, accountStates()},
		{"audit", nil, auditStates()},
		{"error", nil, errorStates()},
	} {
		for _, s := range g.states {
			out = append(out, Entry{Name: g.page + "-" + s.name, Page: g.page, Component: s.model.Whole(), Model: s.model, Parts: g.parts})
		}
	}
	return out
}

// state is a page in one state.
type state struct {
	name  string
	model page.Model
}

// moment is when and where all fixtures are read.
var moment = ui.Moment{Now: time.Date(2026, 11, 20, 15, 31, 4, 0, time.UTC), Zone: time.FixedZone("Europe/Oslo", 3600)}

// ago returns the µs a span before the moment.
func ago(d time.Duration) int64 { return moment.Now.Add(-d).UnixMicro() }

const day = 24 * time.Hour

// chrome is the frame around a page at the path here.
func chrome(here string) layout.Chrome {
	return layout.Chrome{
		Org: "Example Shop", Here: here, User: &layout.User{Name: "Ada Rivera", Note: "ada@shop.example"},
		Nav: layout.Nav(func(errata.Action) bool { return true }),
	}
}

// bare is the frame of pages for people who are not signed in.
func bare() layout.Chrome { return layout.Chrome{Org: "Example Shop"} }

// Words that are hard to show.
const (
	hostile  = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`
	bidi     = "user\u202egnp.exe\u2066 end\u200b"
	longWord = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsvorstandssitzungsprotokollführer"
	arabic   = "فشل الاتصال بقاعدة البيانات: انتهت المهلة بعد 30 ثانية"
	hebrew   = "שגיאה: לא ניתן לשמור את ההזמנה"
)

// wave makes n counts that follow the day, the same in every run.
func wave(n int, base, swing float64, seed uint64) []int64 {
	out := make([]int64, n)
	for i := range out {
		seed = seed*6364136223846793005 + 1442695040888963407
		noise := float64(seed>>40)/float64(1<<24) - 0.5
		phase := float64(i) / float64(n)
		level := base + swing*(phase-0.55)*(phase-0.55)*4 + noise*base*0.3
		out[i] = int64(max(level, 0))
	}
	return out
}

// step makes n counts that jump at the given place.
func step(n, at int, before, after float64, seed uint64) []int64 {
	return append(wave(at, before, 0, seed), wave(n-at, after, 0, seed+1)...)
}
