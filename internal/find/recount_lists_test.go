package find_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
)

// issueCount is what the facts say of one issue.
type issueCount struct {
	events, users int64
	severity      errata.Severity
	first, last   time.Time
	lastDay       int64
	hours         [24]int64
	envs          map[string]int64
}

func (h history) issueOf(of fact) issueCount {
	out := issueCount{severity: errata.P3, envs: map[string]int64{}, first: now.AddDate(1, 0, 0)}
	users := map[string]bool{}
	end := now.Truncate(time.Hour).Add(time.Hour)
	for _, f := range h.facts {
		if f.service != of.service || f.Type != of.Type {
			continue
		}
		out.events++
		out.envs[f.env]++
		if f.User != "" && !users[f.User] {
			users[f.User] = true
			out.users++
		}
		out.severity = min(out.severity, f.severity)
		if f.at.Before(out.first) {
			out.first = f.at
		}
		if f.at.After(out.last) {
			out.last = f.at
		}
		if ago := end.Sub(f.at); ago > 0 && ago <= 24*time.Hour {
			out.hours[23-int((ago-1)/time.Hour)]++
			out.lastDay++
		}
	}
	return out
}

// kinds returns one fact of every issue.
func (h history) kinds() (out []fact) {
	seen := map[string]bool{}
	for _, f := range h.facts {
		if k := f.service + f.Type; !seen[k] {
			seen[k] = true
			out = append(out, f)
		}
	}
	return out
}

func (h history) page(t *testing.T) map[string]find.IssueRow {
	t.Helper()
	p, err := h.find.Issues(t.Context(), partstest.Reader, find.IssueQuery{Range: find.Range{From: now.AddDate(0, 0, -31), To: now}, Size: 100})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]find.IssueRow{}
	for _, r := range p.Rows {
		out[r.Project.Slug+r.Issue.Type] = r
	}
	return out
}

func (h history) counters(t *testing.T) {
	rows := h.page(t)
	if len(rows) != len(h.kinds()) {
		t.Errorf("%d issues, want %d", len(rows), len(h.kinds()))
	}
	for _, k := range h.kinds() {
		r, want := rows[k.service+k.Type], h.issueOf(k)
		view, err := h.find.Issue(t.Context(), partstest.Reader, r.ShortID())
		if err != nil {
			t.Fatal(err)
		}
		got := issueCount{
			events: r.Issue.Events, users: r.Issue.Users, severity: r.Issue.Severity, first: errata.FromMicros(r.Issue.FirstSeen),
			last: errata.FromMicros(r.Issue.LastSeen), lastDay: view.LastDay, hours: [24]int64(r.Hours), envs: map[string]int64{},
		}
		for _, e := range view.Environments {
			got.envs[e] = want.envs[e]
		}
		if d := cmp.Diff(want, got, cmp.AllowUnexported(issueCount{}), cmpopts.EquateApproxTime(0)); d != "" {
			t.Errorf("%s %s (-recount +list):\n%s", k.service, k.Type, d)
		}
	}
}

func (h history) trends(zone string) func(*testing.T) {
	return func(t *testing.T) {
		at, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for key, r := range h.page(t) {
			v, err := h.find.IssueTrend(t.Context(), find.IssueView{Issue: r.Issue, Project: r.Project}, at)
			if err != nil {
				t.Fatal(err)
			}
			want := make([]int64, len(v.Edges)-1)
			for _, f := range h.facts {
				if f.service+f.Type != key {
					continue
				}
				for i := range want {
					if !f.at.Before(v.Edges[i]) && f.at.Before(v.Edges[i+1]) {
						want[i]++
					}
				}
			}
			if d := cmp.Diff(want, v.Series[0].Buckets); d != "" || v.Total != r.Issue.Events {
				t.Errorf("%s in buckets of %s, %d of %d events (-recount +trend):\n%s", key, v.Interval, v.Total, r.Issue.Events, d)
			}
		}
	}
}

// lists asks for issues by what their events say.
func (h history) lists(t *testing.T) {
	for _, days := range []int{1, 7, 30} {
		from := now.AddDate(0, 0, -days)
		for _, a := range asked {
			want := map[string]bool{}
			for _, f := range h.facts {
				if !f.at.Before(from) && a.means(h, f) {
					want[f.service+f.Type] = true
				}
			}
			var list struct {
				Items []struct{ Service, Type string }
				Total struct{ Value int64 }
			}
			query := fmt.Sprintf("/api/v1/issues?size=100&range=%dh&q=%s", 24*days, url.QueryEscape(a.q))
			if code := h.Get(h.token, query, &list); code != http.StatusOK {
				t.Errorf("%s: %d", query, code)
				continue
			}
			got := map[string]bool{}
			for _, i := range list.Items {
				got[i.Service+i.Type] = true
			}
			if d := cmp.Diff(want, got); d != "" || list.Total.Value != int64(len(want)) {
				t.Errorf("%s: %d in total (-recount +list):\n%s", query, list.Total.Value, d)
			}
		}
	}
}

func (h history) services(t *testing.T) {
	rows, err := h.find.Services(t.Context(), partstest.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		want := find.ServiceRow{Service: r.Service}
		day := now.Add(-24 * time.Hour)
		for _, f := range h.facts {
			if f.service != r.Service.Slug {
				continue
			}
			want.LastEvent = max(want.LastEvent, f.at.UnixMicro())
			if f.at.Truncate(15 * time.Minute).After(day) { // in quarters of an hour that begin within the day
				want.LastDay++
			}
		}
		for _, k := range h.kinds() {
			if k.service == r.Service.Slug {
				want.Issues++
			}
		}
		if d := cmp.Diff(want, r); d != "" {
			t.Errorf("%s (-recount +list):\n%s", r.Service.Slug, d)
		}
	}
}
