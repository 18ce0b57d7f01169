package weekly_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/report/weekly"
	"errata/internal/store"
	"errata/internal/store/storetest"
	"errata/internal/triage"
)

// stepped is a clock that the test moves.
type stepped struct{ us atomic.Int64 }

func (c *stepped) now() time.Time   { return time.UnixMicro(c.us.Load()).UTC() }
func (c *stepped) to(word string)   { c.us.Store(at(word).UnixMicro()) }
func at(word string) (to time.Time) { to, _ = time.Parse("2006-01-02 15:04", word); return to }

// scene is two services with a week behind them.
type scene struct {
	*partstest.Parts
	clock     *stepped
	weekly    *weekly.Service
	shop, api errata.Project
	sent      int
}

func newScene(t *testing.T, stores string) *scene {
	t.Helper()
	s := &scene{clock: &stepped{}}
	s.clock.to("2026-11-11 10:00")
	s.Parts = partstest.Open(t, partstest.Options{Stores: stores, Clock: s.clock.now})
	s.weekly = weekly.New(weekly.Options{Store: s.Store, Find: s.Find, Clock: s.clock.now, Decide: storetest.Decide})
	s.shop, s.api = s.NewProject("shop", errata.ProjectSettings{}), s.NewProject("api", errata.ProjectSettings{})
	s.Write(func(tx *store.Tx) error {
		_, err := tx.CreateAccount(t.Context(), errata.Account{ID: "1", Email: "ada@example.com", Login: "ada", Name: "Ada Lovelace", State: errata.UserActive})
		return err
	})
	s.send(s.shop, partstest.Event{Severity: "P1"}, partstest.Event{Severity: "P1"})
	s.send(s.api, partstest.Event{Severity: "P2"})
	s.clock.to("2026-11-15 23:57")
	if _, err := s.Triage.Resolve(t.Context(), partstest.Reader, "SHO-1", triage.ResolveForm{Cause: errata.CauseFixed}); err != nil {
		t.Fatal(err)
	}
	s.clock.to("2026-11-16 00:02")
	return s
}

func (s *scene) send(to errata.Project, all ...partstest.Event) {
	for _, e := range all {
		s.sent++
		e.ID = partstest.EventID(s.sent)
		s.Publish(s.Batch(s.Entry(to, e)))
	}
	s.Drained()
}

func (s *scene) run(t *testing.T, who errata.Actor, a weekly.Ask) weekly.Shown {
	t.Helper()
	id, err := s.weekly.Run(t.Context(), who, a)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.weekly.Read(t.Context(), who, id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// stored is a row of the table, as text.
func (s *scene) stored(t *testing.T, id string) (out errata.ReportRun) {
	t.Helper()
	s.Read(func(tx *store.Tx) (err error) {
		out, err = tx.ReportRun(t.Context(), id)
		return err
	})
	return out
}

// changes are the lines of what a run restates: row, figure, why.
func changes(r weekly.Shown) (out []string) {
	if s := r.Data.Sections[0]; s.ID == weekly.SectionChanges && s.Table != nil {
		for _, c := range s.Table.Rows {
			out = append(out, *c[0].Text+": "+*c[1].Text+", "+*c[2].Text+": "+*c[6].Text)
		}
	}
	return out
}

// number is a figure of a run by the ids of section and column and the text of
// its row.
func number(t *testing.T, r weekly.Shown, section, row, column string) float64 {
	t.Helper()
	for _, s := range r.Data.Sections {
		for i := 0; s.ID == section && i < len(s.Table.Rows); i++ {
			for k, c := range s.Table.Columns {
				name := *s.Table.Rows[i][0].Text
				if section == weekly.SectionMTTR {
					name = *s.Table.Rows[i][1].Text
				}
				if name == row && c.Key == column && s.Table.Rows[i][k].Num != nil {
					return *s.Table.Rows[i][k].Num
				}
			}
		}
	}
	t.Errorf("%s has no %s of %s", section, column, row)
	return -1
}

func TestRunAgain(t *testing.T) {
	for _, stores := range []string{partstest.Embedded, partstest.Scaled} {
		t.Run(stores, func(t *testing.T) {
			s := newScene(t, stores)
			first := s.run(t, partstest.Reader, weekly.Ask{})
			if first.Restates != "" || first.Title != "Weekly errors and response, 9 to 15 Nov 2026" || first.By.Name != "Ada Lovelace" {
				t.Errorf("the first run: %+v", first.ReportRun)
			}
			for _, c := range []struct {
				section, row, column string
				want                 float64
			}{
				{weekly.SectionVolume, "P1", "events", 2},
				{weekly.SectionVolume, "All", "events", 3},
				{weekly.SectionServices, "shop", "events", 2},
				{weekly.SectionIssues, "New", "issues", 2},
				{weekly.SectionIssues, "Resolved", "issues", 1},
				{weekly.SectionMTTR, "P1", "n", 1},
				{weekly.SectionMTTR, "shop", "p50", at("2026-11-15 23:57").Sub(at("2026-11-11 10:00")).Seconds()},
				{weekly.SectionBacklog, "All", "issues", 1},
				{weekly.SectionTop, "SHO-1", "events", 2},
			} {
				if got := number(t, first, c.section, c.row, c.column); got != c.want {
					t.Errorf("%s, %s of %s: %v, want %v", c.section, c.column, c.row, got, c.want)
				}
			}
			before := s.stored(t, first.ID)
			if same := s.run(t, partstest.Reader, weekly.Ask{}); same.Restates != first.ID || changes(same) != nil || same.Data.Sections[0].Text != "No figure has changed." {
				t.Errorf("at once again: %q, %v", same.Restates, changes(same))
			}
			s.clock.to("2026-11-16 00:04")
			if _, err := s.Triage.Reopen(t.Context(), partstest.Reader, "SHO-1", triage.Form{}); err != nil {
				t.Fatal(err)
			}
			s.send(s.api, partstest.Event{Severity: "P2", Time: at("2026-11-12 09:00")})
			s.clock.to("2026-11-24 09:00") // another week has ended
			again := s.run(t, partstest.Reader, weekly.Ask{Again: first.ID})
			if again.From != first.From || again.To != first.To || again.Restates == "" || again.Restates == first.ID {
				t.Errorf("again: %+v", again.ReportRun)
			}
			got := strings.Join(changes(again), "\n")
			for _, line := range []string{
				"Events by severity: P2, Events: 1 event of that time arrived later", "Events by service: api, Events: 1 event of that time arrived later",
				"New, regressed, resolved: Resolved, Issues: 1 resolution was taken back", "Time to resolve: P1, n: 1 resolution was taken back",
				"Backlog at the end of the week: All, All: 1 resolution was taken back",
			} {
				if !strings.Contains(got, line) {
					t.Errorf("is not told: %s\n%s", line, got)
				}
			}
			if strings.Contains(got, "ledger tells") || strings.Contains(got, "Events by service: shop") {
				t.Errorf("told:\n%s", got)
			}
			if d := cmp.Diff(before, s.stored(t, first.ID)); d != "" {
				t.Errorf("the first run changed:\n%s", d)
			}
			if other := s.run(t, partstest.Reader, weekly.Ask{Services: []string{"shop"}}); other.Restates != "" || other.From != again.To {
				t.Errorf("another week of one service: %+v", other.ReportRun)
			}
			s.list(t, partstest.Reader, 4)
		})
	}
}

// list reads all pages of runs.
func (s *scene) list(t *testing.T, who errata.Actor, want int) {
	t.Helper()
	n, place := 0, store.ReportPlace{}
	for {
		p, err := s.weekly.List(t.Context(), who, place, 1)
		if err != nil {
			t.Fatal(err)
		}
		n += len(p.Runs)
		if place = p.Next; place == (store.ReportPlace{}) {
			break
		}
	}
	if n != want {
		t.Errorf("%s lists %d runs, want %d", who.ID, n, want)
	}
}

// limited is somebody who may do some actions in some projects; all = empty.
func limited(actions []errata.Action, projects ...string) errata.Actor {
	who := partstest.Reader
	who.Scopes = &errata.TokenScopes{Actions: actions, Projects: projects}
	return who
}

// A run of somebody with more rights is not there for those with fewer.
func TestWhoMayReadARun(t *testing.T) {
	s := newScene(t, partstest.Embedded)
	every := []errata.Action{errata.ReportRead, errata.IssueRead, errata.AnalyticsRead, errata.IssueExport}
	both := s.run(t, partstest.Reader, weekly.Ask{})
	mine := s.run(t, limited(every, s.shop.ID), weekly.Ask{})
	if strings.Contains(mine.Params, s.api.ID) || number(t, mine, weekly.SectionVolume, "All", "events") != 2 || strings.Contains(strings.Join(mine.Data.Filters, ""), "api") {
		t.Errorf("a run of one service: %+v", mine.ReportRun)
	}
	reads := every[:3]
	for name, c := range map[string]struct {
		who        errata.Actor
		both, mine errata.Code // of reading
		take, runs errata.Code // of the own
		listed     int
	}{
		"everything":         {partstest.Reader, "", "", "", "", 2},
		"one service":        {limited(every, s.shop.ID), errata.NotFound, "", "", "", 1},
		"the other":          {limited(every, s.api.ID), errata.NotFound, errata.NotFound, errata.NotFound, "", 0},
		"reader":             {limited(reads), "", "", errata.Forbidden, errata.Forbidden, 2},
		"no reports":         {limited(every[1:]), errata.NotFound, errata.NotFound, errata.NotFound, errata.Forbidden, 0},
		"no figures":         {limited([]errata.Action{errata.ReportRead, errata.IssueRead, errata.IssueExport}), errata.NotFound, errata.NotFound, errata.NotFound, errata.Forbidden, 0},
		"nothing whatsoever": {errata.Actor{}, errata.NotFound, errata.NotFound, errata.NotFound, errata.Forbidden, 0},
	} {
		t.Run(name, func(t *testing.T) {
			code := func(what string, want errata.Code, do func() error) {
				t.Helper()
				if err := do(); errata.CodeOf(err) != want {
					t.Errorf("%s: %v, want %q", what, err, want)
				}
			}
			s.list(t, c.who, c.listed)
			code("reading all", c.both, func() error { _, err := s.weekly.Read(t.Context(), c.who, both.ID); return err })
			code("reading the shop's", c.mine, func() error { _, err := s.weekly.Read(t.Context(), c.who, mine.ID); return err })
			code("taking the shop's", c.take, func() error { _, err := s.weekly.Take(t.Context(), c.who, mine.ID); return err })
			code("an unknown run", errata.NotFound, func() error { _, err := s.weekly.Read(t.Context(), c.who, "x"); return err })
			if c.runs != "" {
				code("running", c.runs, func() error { _, err := s.weekly.Run(t.Context(), c.who, weekly.Ask{}); return err })
			}
			if c.both != "" {
				code("running all again", errata.NotFound, func() error { _, err := s.weekly.Run(t.Context(), c.who, weekly.Ask{Again: both.ID}); return err })
			}
		})
	}
	for name, c := range map[string]struct {
		who  errata.Actor
		ask  weekly.Ask
		want errata.Code
	}{
		"an unknown service":       {partstest.Reader, weekly.Ask{Services: []string{"shop", "nothing"}}, errata.NotFound},
		"a service out of sight":   {limited(every, s.shop.ID), weekly.Ask{Services: []string{"api"}}, errata.NotFound},
		"a service to look at":     {limited(reads), weekly.Ask{Services: []string{"shop"}}, errata.Forbidden},
		"one that is to look at":   {limited(reads), weekly.Ask{Again: mine.ID}, errata.Forbidden},
		"a run that never existed": {partstest.Reader, weekly.Ask{Again: "x"}, errata.NotFound},
	} {
		if _, err := s.weekly.Run(t.Context(), c.who, c.ask); errata.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// The team of a service is told beside the severities; what a move changes is
// said in the next run.
func TestTeamsOfARun(t *testing.T) {
	for _, stores := range []string{partstest.Embedded, partstest.Scaled} {
		t.Run(stores, func(t *testing.T) {
			s := newScene(t, stores)
			give := func(p errata.Project, team string) {
				s.Write(func(tx *store.Tx) error { _, err := tx.SetProjectTeam(t.Context(), p.ID, team); return err })
			}
			s.Write(func(tx *store.Tx) error {
				if err := tx.CreateTeam(t.Context(), errata.Team{ID: "t1", Slug: "pay", Name: "Payments"}); err != nil {
					return err
				}
				return tx.CreateTeam(t.Context(), errata.Team{ID: "t2", Slug: "web", Name: "Web"})
			})
			rows := func(r weekly.Shown) (out []string) {
				for _, section := range r.Data.Sections {
					if section.ID != weekly.SectionMTTR {
						continue
					}
					for _, c := range section.Table.Rows {
						if *c[0].Text == "team" {
							out = append(out, *c[1].Text)
						}
					}
				}
				return out
			}
			if got := rows(s.run(t, partstest.Reader, weekly.Ask{})); got != nil {
				t.Errorf("told by team although no service has one: %q", got)
			}
			give(s.shop, "t1")
			first := s.run(t, partstest.Reader, weekly.Ask{})
			if d := cmp.Diff([]string{"pay", "No team"}, rows(first)); d != "" || number(t, first, weekly.SectionMTTR, "pay", "n") != 1 || number(t, first, weekly.SectionMTTR, "No team", "n") != 0 {
				t.Error(d)
			}
			if d := cmp.Diff([]string{"Services: api, shop", "Teams: pay (shop)"}, first.Data.Filters); d != "" {
				t.Error(d)
			}
			every := []errata.Action{errata.ReportRead, errata.IssueRead, errata.AnalyticsRead, errata.IssueExport}
			mine := s.run(t, limited(every, s.api.ID), weekly.Ask{})
			if got := rows(mine); got != nil || strings.Contains(strings.Join(mine.Data.Filters, ""), "pay") {
				t.Errorf("a report of another service names the team: %q, %q", got, mine.Data.Filters)
			}
			give(s.shop, "t2")
			give(s.api, "t2")
			again := s.run(t, partstest.Reader, weekly.Ask{Again: first.ID})
			got := strings.Join(changes(again), "\n")
			for _, line := range []string{
				"Time to resolve: pay, n: services have come to a team or left one", "Time to resolve: web, n: services have come to a team or left one",
				"Time to acknowledge: No team, n: services have come to a team or left one",
			} {
				if !strings.Contains(got, line) {
					t.Errorf("is not told: %s\n%s", line, got)
				}
			}
			if strings.Contains(got, "shop") || strings.Join(rows(again), ",") != "web" {
				t.Errorf("%q, %s", rows(again), got)
			}
		})
	}
}
