package find_test

import (
	"strings"
	"testing"
	"time"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/stats"
	"errata/internal/store"
	"errata/internal/triage"
)

// answered is a product with two services, one answered issue in each, read by a
// service in which the rights are those of allow.
func answered(t *testing.T, allow func(errata.Action, string) bool) (*partstest.Parts, *find.Service, *stepped) {
	t.Helper()
	clock := &stepped{}
	clock.us.Store(now.UnixMicro())
	p := partstest.Open(t, partstest.Options{Clock: clock.now})
	p.Write(func(tx *store.Tx) error {
		_, err := tx.CreateAccount(t.Context(), errata.Account{ID: "2", Email: "two@example.com", Login: "two", Name: "Person 2", State: errata.UserActive})
		return err
	})
	for i, slug := range []string{"shop", "secret"} {
		project := p.NewProject(slug, errata.ProjectSettings{})
		p.Publish(p.Batch(p.Entry(project, partstest.Event{ID: partstest.EventID(i + 1), Env: "production", Release: "1.0.0"})))
		p.Drained()
		clock.forward(time.Minute)
		if _, err := p.Triage.Acknowledge(t.Context(), person("2"), project.Prefix+"-1", triage.Form{}); err != nil {
			t.Fatal(err)
		}
	}
	return p, find.New(find.Options{Store: p.Store, Clock: clock.now, Decide: func(_ errata.Actor, what errata.Action, project string) error {
		if allow(what, project) {
			return nil
		}
		return errata.E(errata.Forbidden, "Needs "+string(what)+".", nil)
	}}), clock
}

func asking(clock *stepped, change func(*find.ResponseQuery)) find.ResponseQuery {
	q := find.ResponseQuery{Rules: stats.Rules{Metric: stats.TTA}, Range: find.Range{From: clock.now().AddDate(0, 0, -7), To: clock.now().Add(time.Second)}}
	change(&q)
	return q
}

func TestResponseShowsOnlyWhatMayBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		allow func(errata.Action, string) bool
		n     int64
	}{
		"everything":      {func(errata.Action, string) bool { return true }, 2},
		"one service":     {func(_ errata.Action, p string) bool { return p == "1" }, 1},
		"figures only":    {func(a errata.Action, _ string) bool { return a != errata.IssueRead }, 0},
		"issues only":     {func(a errata.Action, _ string) bool { return a != errata.AnalyticsRead }, 0},
		"nothing anyway":  {func(errata.Action, string) bool { return false }, 0},
		"not the figures": {func(a errata.Action, p string) bool { return a != errata.AnalyticsRead || p == "1" }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, f, clock := answered(t, c.allow)
			r, err := f.Response(t.Context(), person("1"), asking(clock, func(q *find.ResponseQuery) { q.By = []stats.Dimension{stats.ByProject} }))
			if err != nil || r.Total.N != c.n || int64(len(r.Groups)) != c.n {
				t.Errorf("%d of %d, %d groups, %v", r.Total.N, c.n, len(r.Groups), err)
			}
			p, err := f.Episodes(t.Context(), person("1"), find.EpisodeQuery{Rules: stats.Rules{Metric: stats.TTA}, Range: r.Range})
			if err != nil || int64(len(p.Rows)) != c.n {
				t.Errorf("listed %d of %d, %v", len(p.Rows), c.n, err)
			}
		})
	}
}

func TestFiguresOfPersonsNeedTheirRight(t *testing.T) {
	_, f, clock := answered(t, func(a errata.Action, p string) bool { return a != errata.AnalyticsPerson || p == "1" })
	for name, c := range map[string]struct {
		change func(*find.ResponseQuery)
		code   errata.Code
	}{
		"by person":               {func(q *find.ResponseQuery) { q.By = []stats.Dimension{stats.ByUser} }, errata.Forbidden},
		"by owner":                {func(q *find.ResponseQuery) { q.By = []stats.Dimension{stats.BySeverity, stats.ByOwner} }, errata.Forbidden},
		"of somebody":             {func(q *find.ResponseQuery) { q.Q = "assigned:two" }, errata.Forbidden},
		"of me":                   {func(q *find.ResponseQuery) { q.Q = "assigned:me" }, ""},
		"of nobody":               {func(q *find.ResponseQuery) { q.Q = "assigned:none" }, ""},
		"by person where allowed": {func(q *find.ResponseQuery) { q.Q, q.By = "service:shop", []stats.Dimension{stats.ByUser} }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			q := asking(clock, c.change)
			_, err := f.Response(t.Context(), person("9"), q)
			if errata.CodeOf(err) != c.code {
				t.Errorf("%v, want %q", err, c.code)
			}
		})
	}
}

func TestResponseRefusals(t *testing.T) {
	_, f, clock := answered(t, func(errata.Action, string) bool { return true })
	for name, c := range map[string]struct {
		change func(*find.ResponseQuery)
		reason string
		words  string
	}{
		"a key of events":      {func(q *find.ResponseQuery) { q.Q = "os:iOS" }, "query.unsupported", "os"},
		"words":                {func(q *find.ResponseQuery) { q.Q = "timeout" }, "query.unsupported", "words"},
		"issue or episode":     {func(q *find.ResponseQuery) { q.Q = "env:production OR is:resolved" }, "query.unsupported", "joined by OR"},
		"no metric":            {func(q *find.ResponseQuery) { q.Metric = "ttx" }, "unknown", "tta"},
		"no bucket":            {func(q *find.ResponseQuery) { q.Interval = "5m" }, "unknown", "hour"},
		"too fine":             {func(q *find.ResponseQuery) { q.Interval = "1h"; q.Range.From = q.Range.From.AddDate(0, -1, 0) }, "range", "400"},
		"too long":             {func(q *find.ResponseQuery) { q.Range.From = q.Range.From.AddDate(-6, 0, 0) }, "range", "five years"},
		"backwards":            {func(q *find.ResponseQuery) { q.Range.From = q.Range.To }, "range", "before"},
		"three dimensions":     {func(q *find.ResponseQuery) { q.By = []stats.Dimension{stats.ByCode, stats.ByRelease, stats.BySeverity} }, "range", "two"},
		"the same twice":       {func(q *find.ResponseQuery) { q.By = []stats.Dimension{stats.ByCode, stats.ByCode} }, "unknown", "differ"},
		"an unknown dimension": {func(q *find.ResponseQuery) { q.By = []stats.Dimension{"colour"} }, "unknown", "grouped"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.Response(t.Context(), person("1"), asking(clock, c.change))
			if errata.ReasonOf(err) != c.reason || !strings.Contains(errata.MessageOf(err), c.words) {
				t.Errorf("%v, want %s about %q", err, c.reason, c.words)
			}
		})
	}
	for name, q := range map[string]find.EpisodeQuery{
		"an unknown list":  {Rules: stats.Rules{Metric: stats.TTA}, Show: "everything"},
		"a foreign reason": {Rules: stats.Rules{Metric: stats.TTA}, Show: find.Show(stats.Ignored)},
		"a foreign cursor": {Rules: stats.Rules{Metric: stats.TTA}, Cursor: "here"},
	} {
		t.Run(name, func(t *testing.T) {
			q.Range = asking(clock, func(*find.ResponseQuery) {}).Range
			if _, err := f.Episodes(t.Context(), person("1"), q); errata.CodeOf(err) != errata.Invalid {
				t.Errorf("%v", err)
			}
		})
	}
}
