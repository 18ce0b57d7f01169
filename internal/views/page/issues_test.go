package page

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

var now = ui.Moment{Now: time.Date(2026, 11, 20, 15, 31, 4, 0, time.UTC)}

func before(d time.Duration) int64 { return now.Now.Add(-d).UnixMicro() }

func TestIssueRow(t *testing.T) {
	issue := errata.Issue{
		Number: 12, Title: "ValueError: no stock", Type: "ValueError", Status: errata.Open, Reason: errata.ReasonNew,
		Severity: errata.P1, FirstSeen: before(2 * time.Hour), LastSeen: before(time.Minute), Events: 18911, Users: 41,
	}
	got := newIssueRow(IssueRowIn{Issue: issue, Service: errata.Project{Slug: "shop", Prefix: "SHO"}, Hours: []int64{1, 2}}, now)
	if got.ID != "SHO-12" || got.URL != "/issues/SHO-12" || got.Type != "ValueError" || got.Message != "no stock" || got.Events != "18.9k" || got.ExactEvents != "18,911" ||
		got.Users != "41" || got.UsersUnknown || got.Seen.Text != "1m ago" || got.Age.Text != "2h old" || got.TrendSentence != "3 events in the last 24 h" {
		t.Errorf("%+v", got)
	}
}

func TestSplitTitle(t *testing.T) {
	for name, c := range map[string]struct{ title, kind, wantKind, wantText string }{
		"type and value":      {"ValueError: no stock", "ValueError", "ValueError", "no stock"},
		"type alone":          {"ValueError", "ValueError", "ValueError", ""},
		"message only":        {"disk full", "", "", "disk full"},
		"title without type":  {"no stock", "ValueError", "", "no stock"},
		"colon inside a type": {"a::b: c", "a::b", "a::b", "c"},
		"nothing":             {"", "", "", "(no message)"},
	} {
		t.Run(name, func(t *testing.T) {
			kind, text := splitTitle(errata.Issue{Title: c.title, Type: c.kind})
			if kind != c.wantKind || text != c.wantText {
				t.Errorf("got %q, %q", kind, text)
			}
		})
	}
}

func TestReasonChip(t *testing.T) {
	for name, c := range map[string]struct {
		issue errata.Issue
		want  string
	}{
		"new today":     {errata.Issue{Status: errata.Open, Reason: errata.ReasonNew, FirstSeen: before(time.Hour)}, "New"},
		"no longer new": {errata.Issue{Status: errata.Open, Reason: errata.ReasonNew, FirstSeen: before(25 * time.Hour)}, ""},
		"regressed":     {errata.Issue{Status: errata.Open, Reason: errata.ReasonRegressed, FirstSeen: before(900 * time.Hour)}, "Regressed"},
		"reopened":      {errata.Issue{Status: errata.Open, Reason: errata.ReasonReopened}, "Reopened"},
		"not open":      {errata.Issue{Status: errata.Resolved, Reason: errata.ReasonNew, FirstSeen: before(time.Hour)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if chip := reasonChip(c.issue, now); chip != nil {
				got = chip.Text
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func rowsOf(n int) []IssueRowIn { return make([]IssueRowIn, n) }

func TestPager(t *testing.T) {
	u := ListURL{Path: "/issues", Range: "7d"}
	for name, c := range map[string]struct {
		in   IssuesIn
		want Pager
	}{
		"first of three": {IssuesIn{URL: u, Rows: rowsOf(50), Total: Total{137, true}, Next: "n"}, Pager{Range: "1 to 50 of 137", Next: "/issues?range=7d&cursor=n"}},
		"the only one":   {IssuesIn{URL: u, Rows: rowsOf(1), Total: Total{1, true}}, Pager{Range: "1 to 1 of 1"}},
		"about":          {IssuesIn{URL: u, Rows: rowsOf(50), Offset: 50, Total: Total{10_000, false}, Previous: "p"}, Pager{Range: "51 to 100 of about 10k", Previous: "/issues?range=7d&cursor=p"}},
		"place unknown":  {IssuesIn{URL: u, Rows: rowsOf(50), Offset: -1, Total: Total{137, true}}, Pager{Range: "50 of 137"}},
		"read some time ago": {
			IssuesIn{Moment: now, URL: u.WithCursor("c"), Rows: rowsOf(9), Offset: 50, Total: Total{59, true}, AsOf: before(4 * time.Minute), Moved: 1},
			Pager{Range: "51 to 59 of 59", AsOf: "as of 15:27, 1 has moved since", Top: "/issues?range=7d"},
		},
		"nothing moved": {
			IssuesIn{Moment: now, URL: u.WithCursor("c"), Rows: rowsOf(9), Offset: 50, Total: Total{59, true}, AsOf: before(time.Minute)},
			Pager{Range: "51 to 59 of 59", AsOf: "as of 15:30", Top: "/issues?range=7d"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, c.in.pager()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEmptyStates(t *testing.T) {
	for name, c := range map[string]struct {
		in    IssuesIn
		title string
		other bool
	}{
		"nothing ever":   {IssuesIn{NoEvents: true, SetUp: "/services/a/setup"}, "Waiting for the first event", false},
		"quiet":          {IssuesIn{URL: ListURL{Path: "/issues"}}, "All quiet", true},
		"quiet for long": {IssuesIn{URL: ListURL{Path: "/issues", Range: "90d"}}, "All quiet", false},
		"nothing fits":   {IssuesIn{URL: ListURL{Path: "/issues", Q: "x"}, Query: NewQuery("x", nil)}, "No issue matches", true},
	} {
		t.Run(name, func(t *testing.T) {
			got := newIssueList(c.in).Empty
			if got == nil || got.Title != c.title || (got.Other != nil) != c.other {
				t.Errorf("got %+v", got)
			}
		})
	}
	failed := newIssueList(IssuesIn{Failed: &ui.Failure{What: "x"}, Rows: rowsOf(3)})
	if failed.Failed == nil || failed.Empty != nil || failed.Rows != nil {
		t.Errorf("a failed list shows neither rows nor emptiness: %+v", failed)
	}
}

func TestFilters(t *testing.T) {
	in := IssuesIn{URL: ListURL{Path: "/issues", Range: "7d"}, Services: []errata.Project{{Slug: "shop"}}, Query: Query{
		Text: "service:gone severity:p1 dead", Others: "dead", Picked: map[string][]string{"service": {"gone"}, "severity": {"p1"}},
	}, Facets: []FacetIn{
		{Key: "severity", Values: []FacetValue{{"P0", 12000}}, About: true}, {Key: "service", Values: []FacetValue{{"shop", 3}}}, {Key: "is", Unknown: true},
	}}
	got := newFilters(in)
	var keys []string
	for _, g := range got.Groups {
		keys = append(keys, g.Key)
	}
	if !slices.Equal(keys, []string{"severity", "is", "service", "assigned"}) {
		t.Fatalf("groups %q: an empty one must not be drawn", keys)
	}
	if g := got.Groups[0]; !g.Options[1].On || g.Options[0].On || g.Options[0].Count != "12k" || g.Options[1].Count != "0" || g.Note != "about" {
		t.Errorf("severities %+v", g)
	}
	if g := got.Groups[1]; g.Options[0].Count != "" {
		t.Errorf("states %+v: what was not counted is no zero", g)
	}
	if o := got.Groups[2].Options; len(o) != 2 || o[1].Value != "gone" || !o[1].On || o[0].Count != "3" || o[1].Count != "0" {
		t.Errorf("services %+v: a picked one that is no choice must be there to be taken back", o)
	}
	if diff := cmp.Diff([]Param{{"q", "dead"}, {"range", "7d"}}, got.Hidden); diff != "" {
		t.Error(diff)
	}
	if got.Clear != "/issues?q=dead&range=7d" {
		t.Errorf("clear %q", got.Clear)
	}
	if got.More[0].URL != "/issues/facets?range=7d&key=team" {
		t.Errorf("more %+v", got.More)
	}
}

// Filters of states know the two that are unresolved, and no reasons.
func TestStatesPicked(t *testing.T) {
	for q, want := range map[string][]string{
		"is:unresolved": {"open", "acknowledged"}, "is:open": {"open"}, "is:resolved,ignored": {"ignored", "resolved"}, "is:regressed": nil, "is:open,new": nil, "!is:open": nil,
	} {
		tree, _, err := querylang.Parse(q)
		if err != nil {
			t.Fatal(err)
		}
		got := NewIssuesQuery(q, tree)
		if diff := cmp.Diff(want, got.Picked["is"]); diff != "" {
			t.Errorf("%s: %s", q, diff)
		}
		if (got.Others == "") != (want != nil) {
			t.Errorf("%s: the filter form carries %q along", q, got.Others)
		}
	}
}

func TestSaveView(t *testing.T) {
	v := errata.SavedView{Slug: "mine-1", Page: "issues", Query: "is:open", Params: map[string]string{"sort": "users", "range": "7d"}}
	if got := ViewURL(v); got != "/issues?q=is:open&range=7d&sort=users&view=mine-1" {
		t.Error(got)
	}
	in := SearchIn{Moment: now, URL: ListURL{Path: "/issues", Q: "x", Cursor: "c", View: "mine-1"}}
	if NewSearch(in).Save != nil {
		t.Error("who may not save is offered to")
	}
	in.Views = ViewsIn{MaySave: true, Opened: &OpenedView{SavedView: v}}
	if s := NewSearch(in).Save; s == nil || s.Here != "/issues?q=x&view=mine-1" || s.Opened != nil {
		t.Errorf("%+v", s)
	}
	in.Views.Opened.Changed = true
	if s := NewSearch(in).Save; s.Opened == nil || s.Reset != ViewURL(v) {
		t.Errorf("%+v", s)
	}
	in.Query.Error = &QueryError{}
	if NewSearch(in).Save != nil {
		t.Error("a refused query can be saved")
	}
}

func TestRangePicker(t *testing.T) {
	current := func(p RangePicker) string {
		for _, l := range p.Items {
			if l.Current {
				return l.Text
			}
		}
		return ""
	}
	oslo := ui.Moment{Now: now.Now, Zone: time.FixedZone("Europe/Oslo", 3600)}
	for name, c := range map[string]struct {
		url                         ListURL
		label, current, from, until string
	}{
		"default": {ListURL{Path: "/issues"}, "24 hours", "Last 24 hours", "", ""},
		"chosen":  {ListURL{Path: "/issues", Range: "7d"}, "7 days", "Last 7 days", "", ""},
		"any":     {ListURL{Path: "/issues", Range: AnyTime}, "Any time", "Any time", "", ""},
		"custom":  {ListURL{Path: "/issues", From: "2026-11-14T00:00:00Z", To: "2026-11-16T11:30:00Z"}, "14 Nov 01:00 to 16 Nov 12:30", "", "2026-11-14T01:00", "2026-11-16T12:30"},
		"open":    {ListURL{Path: "/issues", From: "2026-11-14T00:00:00Z"}, "14 Nov 01:00 to now", "", "2026-11-14T01:00", ""},
		"no time": {ListURL{Path: "/issues", From: "<x>"}, "the beginning to now", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := newRange(c.url, oslo)
			if got.Label != c.label || current(got) != c.current || got.From != c.from || got.To != c.until {
				t.Errorf("got %q, current %q, from %q to %q", got.Label, current(got), got.From, got.To)
			}
		})
	}
}

func TestIssuesParts(t *testing.T) {
	m := NewIssues(layout.Chrome{}, IssuesIn{Moment: now, URL: ListURL{Path: "/issues"}})
	for name, want := range map[string]bool{"list": true, "trend": true, "facets": false, "": false} {
		if _, ok := m.Part(name); ok != want {
			t.Errorf("part %q: %v", name, ok)
		}
	}
	if m.Title != "Issues" || m.Section != layout.SectionIssues || len(m.Keys) == 0 {
		t.Errorf("chrome %+v", m.Chrome)
	}
}

func TestPlainLists(t *testing.T) {
	m := NewServices(layout.Chrome{}, ServicesIn{Moment: now, Services: []ServiceRowIn{
		{Service: errata.Project{Slug: "a"}, LastEvent: before(time.Hour)},
		{Service: errata.Project{Slug: "b"}, LastEvent: before(25 * time.Hour)},
		{Service: errata.Project{Slug: "c"}},
	}})
	var got []string
	for _, r := range m.Rows {
		s := r.Service.Name
		if r.Silent {
			s += " silent"
		}
		if r.NoEventYet {
			s += " none"
		}
		got = append(got, s)
	}
	if diff := cmp.Diff("a, b silent, c none", strings.Join(got, ", ")); diff != "" {
		t.Error(diff)
	}
}
