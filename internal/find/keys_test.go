package find_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// row is an issue with what SQL keeps beside it.
type row struct {
	errata.Issue
	service, print string
	ago            time.Duration // of first_seen
}

// rows makes issues of every kind that this schema lets exist, of several
// services, times and texts.
func rows(projects []errata.Project) []row {
	r := rand.New(rand.NewPCG(5, 7))
	var out []row
	for i := range 90 {
		p := projects[r.IntN(len(projects))]
		ago := time.Duration(r.Int64N(int64(20 * 24 * time.Hour)))
		is := errata.Issue{
			ID: fmt.Sprintf("issue-%03d", i), ProjectID: p.ID, Number: int64(i + 1), Title: "went wrong",
			Type: []string{"", "KeyError", "ValueError", "acme.Key_Error", "Straße%"}[r.IntN(5)], Code: []string{"", "E1", "e1", "E2"}[r.IntN(4)],
			Culprit: []string{"", "shop.pay", "shop.refund"}[r.IntN(3)], Platform: "go", Level: errata.LevelError, Severity: errata.Severity(r.IntN(4)),
			Status: []errata.Status{errata.Open, errata.Acknowledged, errata.Ignored}[r.IntN(3)],
			Reason: []errata.Reason{errata.ReasonNew, errata.ReasonRegressed, errata.ReasonReopened}[r.IntN(3)], FirstSeen: now.Add(-ago).UnixMicro(),
			LastSeen: now.Add(-ago / time.Duration(1+r.IntN(5))).UnixMicro(), Events: r.Int64N(200), Users: r.Int64N(20), EpisodeSeq: 1, Version: 1,
		}
		if is.Status != errata.Ignored {
			is.OpenedAt = is.FirstSeen
		}
		is.AssigneeID = []string{"", "1", "2"}[i%3] // 1 is who reads
		out = append(out, row{is, p.Slug, fmt.Sprintf("%032x", i), ago})
	}
	return out
}

func save(t *testing.T, s *store.Store, all []row) {
	t.Helper()
	err := s.InTx(t.Context(), func(tx *store.Tx) error {
		tx.System("test")
		for _, r := range all {
			k := store.IssueKeys{Type: strings.ToLower(r.Type), Code: strings.ToLower(r.Code), Culprit: strings.ToLower(r.Culprit), Words: " "}
			if err := tx.CreateIssue(t.Context(), r.Issue, k); err != nil {
				return err
			}
			_, err := tx.ClaimFingerprints(t.Context(), []store.Fingerprint{{FingerprintKey: store.FingerprintKey{
				ProjectID:   r.ProjectID,
				Fingerprint: r.print,
			}, IssueID: r.ID, Version: "g1", Why: "{}"}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

const week = 7 * 24 * time.Hour

var keyed = []struct {
	q     string
	means func(r row) bool
}{
	{"", func(row) bool { return true }},
	{"severity:P1", func(r row) bool { return r.Severity == errata.P1 }},
	{"severity:>=P1", func(r row) bool { return r.Severity <= errata.P1 }},
	{"!severity:P0,P3", func(r row) bool { return r.Severity == errata.P1 || r.Severity == errata.P2 }},
	{"severity:P0 severity:P1", func(row) bool { return false }},
	{"is:open", func(r row) bool { return r.Status == errata.Open }},
	{"is:unresolved", func(r row) bool { return r.Status == errata.Open || r.Status == errata.Acknowledged }},
	{"!is:unresolved", func(r row) bool { return r.Status == errata.Ignored }},
	{"is:resolved", func(row) bool { return false }},
	{"is:regressed,ignored", func(r row) bool { return r.Reason == errata.ReasonRegressed || r.Status == errata.Ignored }},
	{"is:new", func(r row) bool { return r.Reason == errata.ReasonNew && r.ago < week }},
	{"!is:new", func(r row) bool { return r.Reason != errata.ReasonNew || r.ago >= week }},
	{"assigned:me", func(r row) bool { return r.AssigneeID == "1" }},
	{"!assigned:me", func(r row) bool { return r.AssigneeID != "1" }},
	{"assigned:GRACE,none", func(r row) bool { return r.AssigneeID != "1" }},
	{"is:assigned has:assignee", func(r row) bool { return r.AssigneeID != "" }},
	{"is:unassigned,ignored", func(r row) bool { return r.AssigneeID == "" || r.Status == errata.Ignored }},
	{"service:shop", func(r row) bool { return r.service == "shop" }},
	{"!service:sh*", func(r row) bool { return r.service != "shop" }},
	{"is:open OR service:shop severity:P0", func(r row) bool { return r.Status == errata.Open || r.service == "shop" && r.Severity == errata.P0 }},
	{"!(is:open service:shop)", func(r row) bool { return r.Status != errata.Open || r.service != "shop" }},
	{"team:payments", func(r row) bool { return r.service == "shop" }},
	{"team:#Payments,web", func(r row) bool { return r.service != "jobs" }},
	{"!team:payments is:open", func(r row) bool { return r.service != "shop" && r.Status == errata.Open }},
	{"team:none", func(r row) bool { return r.service == "jobs" }},
	{"team:my_teams", func(r row) bool { return r.service == "api" }},
	{"team:idle", func(row) bool { return false }},
	{"!team:idle severity:P1", func(r row) bool { return r.Severity == errata.P1 }},
	{"team:idle,none OR is:ignored", func(r row) bool { return r.service == "jobs" || r.Status == errata.Ignored }},
	{"team:pay*", func(r row) bool { return r.service == "shop" }},
	{"team:zz*", func(row) bool { return false }},
	{"has:team", func(r row) bool { return r.service != "jobs" }},
	{"!has:team OR code:e2", func(r row) bool { return r.service == "jobs" || r.Code == "E2" }},
	{"team:payments service:api", func(row) bool { return false }},
	{"events:>100", func(r row) bool { return r.Events > 100 }},
	{"events:10..20", func(r row) bool { return r.Events >= 10 && r.Events <= 20 }},
	{"!events:<=100 users:..5", func(r row) bool { return r.Events > 100 && r.Users <= 5 }},
	{"users:3,5", func(r row) bool { return r.Users == 3 || r.Users == 5 }},
	{"first_seen:-7d", func(r row) bool { return r.ago <= week }},
	{"last_seen:<2026-11-15", func(r row) bool { return r.LastSeen < time.Date(2026, 11, 15, 0, 0, 0, 0, time.UTC).UnixMicro() }},
	{"age:>7d", func(r row) bool { return r.ago > week }},
	{"!age:>7d", func(r row) bool { return r.ago <= week }},
	{"resolved_at:>2020-01-01", func(row) bool { return false }},
	{"!has:resolved_at", func(row) bool { return true }},
	{"type:keyerror", func(r row) bool { return r.Type == "KeyError" }},
	{"!type:keyerror", func(r row) bool { return r.Type != "KeyError" }},
	{"type:*key*", func(r row) bool { return r.Type == "KeyError" || r.Type == "acme.Key_Error" }},
	{"type:*key_error", func(r row) bool { return r.Type == "acme.Key_Error" }},
	{"type:stra*%", func(r row) bool { return r.Type == "Straße%" }},
	{"has:type", func(r row) bool { return r.Type != "" }},
	{`type:"" code:e1`, func(r row) bool { return r.Type == "" && (r.Code == "E1" || r.Code == "e1") }},
	{"culprit:shop.pay OR code:e2", func(r row) bool { return r.Culprit == "shop.pay" || r.Code == "E2" }},
	{"fingerprint:" + fmt.Sprintf("%032x", 7), func(r row) bool { return r.Number == 8 }},
	{"fingerprint:*0000000a", func(r row) bool { return r.Number == 11 }},

	// The vectors of the language that SQL answers alone.
	{"NOT type:ValueError", func(r row) bool { return r.Type != "ValueError" }},
	{"error.type:Key*", func(r row) bool { return r.Type == "KeyError" }},
	{"(type:KeyError)", func(r row) bool { return r.Type == "KeyError" }},
	{"firstSeen:-24h", func(r row) bool { return r.ago <= week/7 }},
	{"firstSeen:+7d", func(r row) bool { return r.ago >= week }},
	{"age:>7d events:>1k users:10..50", func(r row) bool { return r.ago > week && r.Events > 1000 && r.Users >= 10 }},
	{"age:>7d events:>50 users:10..50", func(r row) bool { return r.ago > week && r.Events > 50 && r.Users >= 10 }},
	{"priority:high", func(r row) bool { return r.Severity == errata.P1 }},
	{"is:for_review", func(r row) bool { return r.Status == errata.Open }},
	{"assigned:none,me", func(r row) bool { return r.AssigneeID != "2" }},
	{"issue:SHO-1", func(r row) bool { return r.Number == 1 }},
	{"!type:KeyError !issue:SHO-1", func(r row) bool { return r.Type != "KeyError" && r.Number != 1 }},
}

// pages reads a whole list forwards, in the order of the pages.
func pages(t *testing.T, s *find.Service, q find.IssueQuery) (ids []string, last find.IssuePage) {
	t.Helper()
	for {
		p, err := s.Issues(t.Context(), partstest.Reader, q)
		if err != nil {
			t.Fatalf("%q: %v", q.Q, err)
		}
		for _, r := range p.Rows {
			ids = append(ids, r.Issue.ID)
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			return ids, p
		}
	}
}

func month() find.Range { return find.Range{From: now.AddDate(0, 0, -30), To: now} }

func TestKeysOfIssues(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var projects []errata.Project
		err := s.InTx(t.Context(), func(tx *store.Tx) error {
			tx.System("test")
			for id, login := range map[string]string{"1": "ada", "2": "grace"} {
				if _, err := tx.CreateAccount(t.Context(), errata.Account{ID: id, Email: login + "@example.com", Login: login, State: errata.UserActive}); err != nil {
					return err
				}
			}
			for _, slug := range services {
				p, err := tx.CreateProject(t.Context(), errata.Project{Slug: slug, Name: slug, CreatedBy: "1"})
				if err != nil {
					return err
				}
				projects = append(projects, p)
			}
			return answering(t.Context(), tx, projects)
		})
		if err != nil {
			t.Fatal(err)
		}
		all := rows(projects)
		save(t, s, all)
		f := find.New(find.Options{Store: s, Clock: clock, Decide: storetest.Decide})
		for _, k := range keyed {
			t.Run(k.q, func(t *testing.T) {
				for _, sort := range []string{"last_seen", "priority"} {
					want := expected(all, sort, k.means)
					got, last := pages(t, f, find.IssueQuery{Q: k.q, Range: month(), Sort: sort, Size: 7})
					if d := gocmp.Diff(want, got); d != "" {
						t.Errorf("by %s (-want +got):\n%s", sort, d)
					}
					if last.Total.Value != int64(len(want)) || !last.Total.Exact {
						t.Errorf("total %+v, want %d", last.Total, len(want))
					}
				}
			})
		}
	})
}

// answering makes teams: payments answers for the first service, web, of the
// reader, for the second, none for the others, and idle for nothing.
func answering(ctx context.Context, tx *store.Tx, projects []errata.Project) error {
	for i, slug := range []string{"payments", "web", "idle"} {
		team := errata.Team{ID: "team-" + slug, Slug: slug, Name: strings.ToUpper(slug), CreatedAt: 1}
		if err := tx.CreateTeam(ctx, team); err != nil {
			return err
		}
		if slug == "idle" {
			break
		}
		if _, err := tx.SetProjectTeam(ctx, projects[i].ID, team.ID); err != nil {
			return err
		}
	}
	_, err := tx.SetMember(ctx, errata.Membership{TeamID: "team-web", UserID: partstest.Reader.ID, Role: errata.TeamMember, At: 1})
	return err
}

func expected(all []row, sort string, means func(row) bool) (ids []string) {
	some := slices.DeleteFunc(slices.Clone(all), func(r row) bool { return !means(r) })
	slices.SortFunc(some, func(a, b row) int {
		x, y := store.CursorOf(a.Issue), store.CursorOf(b.Issue)
		if sort == "priority" && x.Rank != y.Rank {
			return cmp.Compare(y.Rank, x.Rank)
		}
		return cmp.Or(cmp.Compare(y.LastSeen, x.LastSeen), cmp.Compare(y.ID, x.ID))
	})
	for _, r := range some {
		ids = append(ids, r.ID)
	}
	return ids
}

func TestQueriesThatAreRefused(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock})
	shop := p.NewProject("shop", errata.ProjectSettings{})
	p.Publish(p.Batch(p.Entry(shop, partstest.Event{ID: partstest.EventID(1)})))
	p.Drained()
	view, err := p.Find.Issue(t.Context(), partstest.Reader, errata.ShortID(shop.Prefix, 1))
	if err != nil {
		t.Fatal(err)
	}
	long := find.Range{From: now.AddDate(-3, 0, 0), To: now}
	for _, tt := range []struct {
		q, reason string
		over      find.Range
	}{
		{"assigned:#payments", "query.unsupported", month()},
		{"assigned:gra*", "query.unsupported", month()},
		{"assigned:nobody", "query.unknown_name", month()},
		{"watching:nobody", "query.unknown_name", month()},
		{"incident:7", "query.unsupported", month()},
		{"release:>abc", "query.unknown_name", month()},
		{"release:2.0..1.0", "query.bad_value", month()},
		{"is:snoozed", "query.unsupported", month()},
		{"service:nowhere", "query.unknown_name", month()},
		{"team:nowhere", "query.unknown_name", month()},
		{"team:me", "query.unknown_name", month()},
		{"issue:NOPE-7", "query.unknown_name", month()},
		{`"a b" "c d" "e f"`, "query.too_expensive", long},
		{"(timeout", "query.unbalanced", month()},
	} {
		t.Run(tt.q, func(t *testing.T) {
			_, list := p.Find.Issues(t.Context(), partstest.Reader, find.IssueQuery{Q: tt.q, Range: tt.over})
			_, volume := p.Find.Volume(t.Context(), partstest.Reader, find.VolumeQuery{Q: tt.q, Range: tt.over})
			_, events := p.Find.IssueEvents(t.Context(), partstest.Reader, view, find.EventQuery{Q: tt.q, Range: tt.over})
			for where, err := range map[string]error{"list": list, "volume": volume, "events": events} {
				if errata.CodeOf(err) != errata.Invalid || errata.ReasonOf(err) != tt.reason {
					t.Errorf("%s answers %v (%s), want %s", where, err, errata.ReasonOf(err), tt.reason)
				}
			}
		})
	}
}
