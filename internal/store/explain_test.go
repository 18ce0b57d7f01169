package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// explain returns the plan of a statement as text.
func explain(t testing.TB, s *store.Store, text string, args []any) string {
	t.Helper()
	var plan strings.Builder
	view(t, s, func(ctx context.Context, tx *store.Tx) error {
		if s.Postgres() {
			// With 3,000 issues sorting is cheap too. What matters is that the index gives the order
			// when there are 300,000.
			cheap := `SELECT set_config('enable_sort', 'off', TRUE), set_config('enable_bitmapscan', 'off', TRUE), set_config('enable_seqscan', 'off', TRUE)`
			if err := tx.Select(ctx, cheap, nil, func(func(...any) error) error { return nil }); err != nil {
				return err
			}
			return tx.Select(ctx, `EXPLAIN `+text, args, func(scan func(...any) error) error {
				var line string
				err := scan(&line)
				fmt.Fprintln(&plan, line)
				return err
			})
		}
		return tx.Select(ctx, `EXPLAIN QUERY PLAN `+text, args, func(scan func(...any) error) error {
			var id, parent, unused int64
			var line string
			err := scan(&id, &parent, &unused, &line)
			fmt.Fprintln(&plan, line)
			return err
		})
	})
	return plan.String()
}

// crowded writes 3,000 issues, one in ten of them to do, over 20 projects (few
// in project 3), with a counter each, and gathers statistics.
func crowded(t testing.TB, s *store.Store) {
	t.Helper()
	projects(t, s, 20)
	fill(t, s, 3000, func(ctx context.Context, tx *store.Tx, from, to int) error {
		quarters, hours, envs := map[store.Quarter]int64{}, map[store.IssueHour]int64{}, map[store.IssueIn]store.Span{}
		users := map[store.IssueUser]int64{}
		var ledger []store.Applied
		for i := from; i < to; i++ {
			at := start + int64(i)*hour/10
			is := errata.Issue{ID: hexID(fmt.Sprint("crowd", i)), ProjectID: fmt.Sprint(1 + i%20), Number: int64(i)}
			if is.ProjectID == "3" && i%100 != 2 {
				is.ProjectID = "4"
			}
			is.Witness(errata.Sighting{Timestamp: at, ReceivedAt: at, Severity: errata.Severity(i % 4)})
			if i%10 != 0 {
				is.Status, is.OpenedAt = errata.Ignored, 0
			}
			if err := tx.CreateIssue(ctx, is, store.IssueKeys{Words: " card refused "}); err != nil {
				return err
			}
			quarters[store.Quarter{ProjectID: is.ProjectID, Start: at - at%quarter, Environment: "production", Severity: is.Severity, Level: "error"}] = 1
			hours[store.IssueHour{IssueID: is.ID, Hour: at - at%hour, Environment: "production"}] = 1
			envs[store.IssueIn{IssueID: is.ID, Name: "production"}] = store.Span{First: at, Last: at, Events: 1}
			for k := range 5 {
				users[store.IssueUser{IssueID: is.ID, UserHash: hexID(fmt.Sprint("user ", k))}] = 1
				ledger = append(ledger, store.Applied{EventKey: store.EventKey{ProjectID: is.ProjectID, EventID: hexID(fmt.Sprint(i, " ", k))}, IssueID: is.ID, Class: 30, ReceivedAt: at, Time: at})
			}
		}
		if err := tx.AddProjectQuarters(ctx, quarters); err != nil {
			return err
		}
		if err := tx.AddIssueHours(ctx, hours); err != nil {
			return err
		}
		if err := tx.AddIssueEnvs(ctx, envs); err != nil {
			return err
		}
		if err := tx.AddIssueReleases(ctx, envs); err != nil {
			return err
		}
		if _, err := tx.AddIssueUsers(ctx, users); err != nil {
			return err
		}
		_, err := tx.InsertApplied(ctx, ledger)
		return err
	})
	if s.Postgres() {
		change(t, s, func(ctx context.Context, tx *store.Tx) error { _, err := tx.Change(ctx, `ANALYZE`); return err })
	}
	if err := s.Optimize(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestPlans asserts the index of each query that a page waits for.
func TestPlans(t *testing.T) {
	all, one, some := store.Scope{All: true}, store.Scope{Projects: []string{"3"}}, store.Scope{Projects: []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}}
	late := start + 200*hour
	after := store.IssueCursor{Rank: 5, LastSeen: start + 250*hour, ID: "8"}
	list := func(f store.IssueFilter, p store.IssuePage) func() (string, []any) {
		p.Size = 51
		return func() (string, []any) { return store.IssueListSQL(f, p) }
	}
	tally := func(f store.IssueFilter) func() (string, []any) {
		return func() (string, []any) { return store.TallySQL(f) }
	}
	volume := func(s store.Scope) func() (string, []any) {
		return func() (string, []any) {
			return store.VolumeSQL(store.VolumeFilter{Scope: s, From: late, To: late + day})
		}
	}
	halves := func(s store.Scope, envs ...string) func() (string, []any) {
		return func() (string, []any) {
			return store.HalvesSQL(store.VolumeFilter{Scope: s, From: late, To: late + day, Grain: day, Environments: envs})
		}
	}
	keys := func(n int) (args []any) {
		for i := range n {
			args = append(args, fmt.Sprint(1+i%20), hexID(fmt.Sprint(i, " 0")))
		}
		return args
	}
	overview := func(in store.Scope, what string) func() (string, []any) {
		return store.OverviewSQL(in, late, late+day)[what]
	}
	type query struct {
		name   string
		sql    func() (string, []any)
		index  string // must be named
		sorted bool   // needs no sorting
	}
	queries := []query{
		{"to do, all", list(store.IssueFilter{Scope: all, Statuses: todo}, store.IssuePage{Sort: store.SortPriority}), "issue_todo", true},
		{"to do, all, since", list(store.IssueFilter{Scope: all, Statuses: todo, From: start}, store.IssuePage{Sort: store.SortPriority}), "issue_todo", true},
		{"to do, all, next page", list(store.IssueFilter{Scope: all, Statuses: todo}, store.IssuePage{Sort: store.SortPriority, After: after}), "issue_todo", true},
		{"to do, some", list(store.IssueFilter{Scope: some, Statuses: todo}, store.IssuePage{Sort: store.SortPriority}), "issue_todo", true},
		{"to do, one", list(store.IssueFilter{Scope: one, Statuses: todo}, store.IssuePage{Sort: store.SortPriority}), "issue_todo_project", true},
		{"urgent to do", list(store.IssueFilter{Scope: all, Statuses: todo, Severities: []errata.Severity{errata.P0}}, store.IssuePage{Sort: store.SortPriority}), "issue_todo", true},
		{"newest", list(store.IssueFilter{Scope: all}, store.IssuePage{Sort: store.SortLastSeen}), "issue_seen", true},
		{"newest, since", list(store.IssueFilter{Scope: all, From: late}, store.IssuePage{Sort: store.SortLastSeen}), "issue_seen", true},
		{"newest, next page", list(store.IssueFilter{Scope: all, From: start}, store.IssuePage{Sort: store.SortLastSeen, After: after}), "issue_seen", true},
		{"newest, some", list(store.IssueFilter{Scope: some, From: start}, store.IssuePage{Sort: store.SortLastSeen}), "issue_seen", true},
		{"newest, one", list(store.IssueFilter{Scope: one, From: start}, store.IssuePage{Sort: store.SortLastSeen}), "issue_seen_project", true},
		{"newest, severity", list(store.IssueFilter{Scope: all, From: start, Severities: []errata.Severity{errata.P1}}, store.IssuePage{Sort: store.SortLastSeen}), "issue_seen", true},
		{"tally", tally(store.IssueFilter{Scope: all, Statuses: todo}), "issue_todo", false},
		{"tally, one", tally(store.IssueFilter{Scope: one, Statuses: todo}), "issue_todo_project", false},
		{"volume", volume(all), "project_quarter_key", false},
		{"volume, one", volume(one), "project_quarter_key", false},
		{"volume of half hours", halves(all), "project_half_key", false},
		{"volume of half hours, one", halves(one), "project_half_key", false},
		{"volume of an environment", halves(some, "production"), "environment_half_key", false},
		{"overview, new", overview(some, "new"), "issue_first", false},
		{"overview, regressed", overview(some, "regressed"), "episode_regressed", false},
		{"overview, waiting", overview(some, "waiting"), "issue_open", false},
		{"overview, active", overview(some, "active"), "issue_seen", false},
		{"overview, active in one", overview(one, "active"), "issue_seen_project", false},
		{"ledger", func() (string, []any) { find, _ := store.AppliedSQL(16); return find, keys(16) }, "event_applied_key", false},
		{"sweep hours", func() (string, []any) { return store.SweepSQL()[0], []any{"i", 1, 10} }, "issue_hour_key", false},
		{"sweep environments", func() (string, []any) { return store.SweepSQL()[1], []any{"i", 1, 10} }, "issue_env_key", false},
		{"sweep releases", func() (string, []any) { return store.SweepSQL()[2], []any{"i", 1, 10} }, "issue_release_key", false},
		{"sweep users", func() (string, []any) { return store.SweepSQL()[3], []any{"i", 1, 10} }, "issue_user_key", false},
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		crowded(t, s)
		for _, q := range queries {
			t.Run(q.name, func(t *testing.T) {
				text, args := q.sql()
				plan := explain(t, s, text, args)
				if !uses(plan, q.index, s.Postgres()) {
					t.Errorf("%s is not used:\n%s\n%s", q.index, text, plan)
				}
				if q.sorted && (strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "Sort Key")) {
					t.Errorf("sorts:\n%s\n%s", text, plan)
				}
			})
		}
	})
}

// uses says whether a plan names the index. "x_key" is the primary key of x,
// which each database names in its own way; tables of SQLite that lie in the
// order of their key have no name for it.
func uses(plan, index string, postgres bool) bool {
	if table, primary := strings.CutSuffix(index, "_key"); primary {
		if strings.Contains(plan, " "+table+" USING PRIMARY KEY (") {
			return true
		}
		if index = "sqlite_autoindex_" + table + "_1"; postgres {
			index = table + "_pkey"
		}
	}
	for word := range strings.FieldsFuncSeq(plan, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
		if word == index {
			return true
		}
	}
	return false
}

// TestPlansWithoutStatistics holds in the first hour of an installation too.
func TestPlansWithoutStatistics(t *testing.T) {
	s := storetest.SQLite(t)
	for name, c := range map[string]struct {
		f     store.IssueFilter
		sort  store.IssueSort
		index string
	}{
		"to do":       {store.IssueFilter{Scope: store.Scope{All: true}, Statuses: todo, From: start}, store.SortPriority, "issue_todo"},
		"to do, some": {store.IssueFilter{Scope: store.Scope{Projects: []string{"1", "2"}}, Statuses: todo, From: start}, store.SortPriority, "issue_todo"},
		"newest":      {store.IssueFilter{Scope: store.Scope{All: true}, From: start}, store.SortLastSeen, "issue_seen"},
		"newest, one": {store.IssueFilter{Scope: store.Scope{Projects: []string{"1"}}, From: start}, store.SortLastSeen, "issue_seen_project"},
	} {
		text, args := store.IssueListSQL(c.f, store.IssuePage{Sort: c.sort, Size: 51})
		if plan := explain(t, s, text, args); !uses(plan, c.index, false) || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s: want %s:\n%s", name, c.index, plan)
		}
	}
}
