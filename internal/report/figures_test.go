package report_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/report"
	"errata/internal/store/storetest"
)

// What somebody may not take along of one service is in no figure, in no trace
// and in no spread of a field.
func TestRightsOnFigures(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock})
	shop, pay := p.NewProject("shop", errata.ProjectSettings{}), p.NewProject("pay", errata.ProjectSettings{})
	const trace = "8f2b6a31d0c94e7fa5d1c0b37e946d12"
	p.Publish(p.Batch(p.Entry(shop, partstest.Event{ID: partstest.EventID(1), Trace: trace, Env: "production", Time: now.Add(-2 * 60e9)}),
		p.Entry(pay, partstest.Event{ID: partstest.EventID(2), Trace: trace, Env: "production", Time: now.Add(-60e9)})))
	p.Drained()
	o := options(p)
	o.Decide = func(who errata.Actor, what errata.Action, project string) error {
		if (what == errata.IssueExport || what == errata.EventExport) && project == pay.ID {
			return errata.E(errata.Forbidden, "You may not.", nil)
		}
		return storetest.Decide(who, what, project)
	}
	o.Find = find.New(find.Options{Store: p.Store, Engine: p.Engine, Clock: clock, Decide: o.Decide, Log: o.Log, UserSecret: partstest.Secret})
	s := report.New(o)
	ask := func(what report.What, change func(*report.Export)) report.Export {
		e := asked(what, "")
		if e.Sort = ""; change != nil {
			change(&e)
		}
		return e
	}
	for name, e := range map[string]report.Export{
		"an overview of both": ask(report.Overview, nil),
		"an overview of pay":  ask(report.Overview, func(e *report.Export) { e.Overview = &report.OverviewOf{Services: []string{"pay"}} }),
		"tags of pay":         ask(report.Tags, func(e *report.Export) { e.Tags = &report.TagsOf{Issue: "PAY-1", Key: "env"} }),
	} {
		out := &paper{}
		if err := s.Send(t.Context(), partstest.Reader, e, out.open); errata.CodeOf(err) != errata.Forbidden || out.Len() > 0 {
			t.Errorf("%s: %v, %d bytes", name, err, out.Len())
		}
	}
	for name, e := range map[string]report.Export{
		"an overview of shop": ask(report.Overview, func(e *report.Export) { e.Overview = &report.OverviewOf{Services: []string{"shop"}} }),
		"tags of shop":        ask(report.Tags, func(e *report.Export) { e.Tags = &report.TagsOf{Issue: "SHO-1", Key: "env"} }),
	} {
		out := &paper{}
		if err := s.Send(t.Context(), partstest.Reader, e, out.open); err != nil || out.Len() == 0 || strings.Contains(out.String(), "pay") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	both := ask(report.Trace, func(e *report.Export) { e.Trace = trace })
	_, rows := sent(t, s, partstest.Reader, both)
	if d := cmp.Diff([]string{"shop"}, column(rows, "project")); d != "" {
		t.Errorf("the trace: %s", d)
	}
	d, err := s.Print(t.Context(), partstest.Reader, both)
	if err != nil || !strings.Contains(strings.Join(d.Filters, "\n"), "You may not take along what is in pay") {
		t.Errorf("printed: %q, %v", d.Filters, err)
	}
}

// Figures are taken along at once: no job prepares them.
func TestFiguresAreNoJobs(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock, Idle: true})
	s := report.New(options(p))
	for _, what := range []report.What{report.Response, report.Counts, report.Trends, report.Overview, report.Trace, report.Tags} {
		if _, err := s.Ask(t.Context(), partstest.Reader, asked(what, "")); errata.CodeOf(err) != errata.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
}
