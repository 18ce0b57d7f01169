package report_test

import (
	"strings"
	"testing"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/report"
	"errata/internal/report/encode"
	"errata/internal/store/storetest"
)

// Who may read personal data in one of two services gets a file with those of
// the one in clear, and gets at it as long as they may.
func TestPersonalDataOfOneService(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock})
	shop, pay := p.NewProject("shop", errata.ProjectSettings{}), p.NewProject("pay", errata.ProjectSettings{})
	p.Publish(p.Batch(p.Entry(shop, partstest.Event{ID: partstest.EventID(1), User: "ada@example.org"}),
		p.Entry(pay, partstest.Event{ID: partstest.EventID(2), User: "bob@example.org"})))
	p.Drained()
	account(t, p)
	clear := map[string]bool{shop.ID: true}
	o := options(p)
	o.Decide = func(who errata.Actor, what errata.Action, project string) error {
		if what == errata.EventReadPII && !clear[project] {
			return errata.E(errata.Forbidden, "No.", nil)
		}
		return storetest.Decide(who, what, project)
	}
	o.Find = find.New(find.Options{Store: p.Store, Engine: p.Engine, Clock: clock, Decide: o.Decide, Log: o.Log, UserSecret: partstest.Secret})
	s := report.New(o)
	e := asked(report.Events, "")
	e.Personal = true
	id, err := s.Ask(t.Context(), partstest.Reader, e)
	if err != nil {
		t.Fatal(err)
	}
	if got := run(t, p.Jobs, s, id); got.Job.State != errata.JobDone {
		t.Fatalf("%+v", got.Job)
	}
	rows, _ := unpacked(t, s, id)
	users := strings.Join(column(rows, "user"), " ")
	if !strings.Contains(users, "ada@example.org") || strings.Contains(users, "bob@") || len(rows) != 2 {
		t.Errorf("users %q", users)
	}
	clear[shop.ID] = false
	if _, _, err := s.Open(t.Context(), partstest.Reader, id); errata.CodeOf(err) != errata.Forbidden {
		t.Errorf("without the right: %v", err)
	}
}

// An export takes as many columns as the page shows, and names the page.
func TestExportNamesItsPage(t *testing.T) {
	for what, want := range map[report.What]string{
		report.Issues: "/issues?q=a&range=7d", report.Events: "/events?q=a&range=7d", report.Counts: "/events?q=a&range=7d",
		report.Episodes: "/analytics/response/episodes?q=a&range=7d", report.Response: "/analytics/response?q=a&range=7d",
		report.Trends:   "/analytics/trends?q=a&range=7d",
		report.Overview: "/overview?q=a&range=7d", report.Trace: "/traces/a%2Fb?q=a&range=7d", report.Tags: "/issues/SHO-1/tags/tags%5Bx%5D?q=a&range=7d",
	} {
		e := report.Export{What: what, Params: "range=7d", Trace: "a/b", Tags: &report.TagsOf{Issue: "SHO-1", Key: "tags[x]"}}
		if got := e.Address("a"); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	p := partstest.Open(t, partstest.Options{Clock: clock})
	many(t, p, 1)
	e := asked(report.Events, "")
	e.Format = encode.CSV
	for len(e.Columns) < 30 {
		e.Columns = append(e.Columns, "tags.k"+strings.Repeat("x", len(e.Columns)))
	}
	sent(t, report.New(options(p)), partstest.Reader, e)
	e.Columns = append(e.Columns, "tags.more")
	if err := report.New(options(p)).Send(t.Context(), partstest.Reader, e, (&paper{}).open); errata.CodeOf(err) != errata.Invalid {
		t.Errorf("31 columns: %v", err)
	}
}
