package store_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// listed is an issue with what filters look at.
type listed struct {
	errata.Issue
	envs  map[string]int64 // last seen
	words string
}

// someIssues writes n issues of four projects with all statuses, severities and
// environments; many share a time, so that order by id matters.
func someIssues(t testing.TB, s *store.Store, n int) []listed {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	texts := []string{" card refused payment ", " timeout db ", " 100% cpu_load ", " refused payment ", " payment card "}
	projects(t, s, 4)
	out := make([]listed, n)
	for i := range out {
		first := start + rng.Int64N(40)*hour
		is := errata.Issue{
			ID: hexID(fmt.Sprint("listed ", i)), ProjectID: fmt.Sprint(1 + rng.IntN(4)), Number: int64(i + 1), Title: "t", Level: errata.LevelError,
			Status: []errata.Status{errata.Open, errata.Acknowledged, errata.Ignored, errata.Open}[rng.IntN(4)], Reason: errata.ReasonNew,
			Severity: errata.Severity(rng.IntN(4)), FirstSeen: first, LastSeen: first + rng.Int64N(5)*hour, EpisodeSeq: 1, Version: 1, Events: 1,
		}
		if is.Status != errata.Ignored {
			is.OpenedAt = first
		}
		is.LastReceived = is.LastSeen
		out[i] = listed{is, map[string]int64{}, texts[rng.IntN(len(texts))]}
		for _, env := range []string{"production", "staging", "test"} {
			if rng.IntN(2) == 0 {
				out[i].envs[env] = first + rng.Int64N(is.LastSeen-first+1)
			}
		}
	}
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		envs := map[store.IssueIn]store.Span{}
		for _, l := range out {
			if err := tx.CreateIssue(ctx, l.Issue, store.IssueKeys{Words: l.words}); err != nil {
				return err
			}
			for env, last := range l.envs {
				envs[store.IssueIn{IssueID: l.ID, Name: env}] = store.Span{First: l.FirstSeen, Last: last, Events: 1}
			}
		}
		return tx.AddIssueEnvs(ctx, envs)
	})
	return out
}

// matches is the filter in Go.
func matches(f store.IssueFilter, l listed) bool {
	within := f.Scope.All || slices.Contains(f.Scope.Projects, l.ProjectID)
	status := len(f.Statuses) == 0 || slices.Contains(f.Statuses, l.Status)
	severity := len(f.Severities) == 0 || slices.Contains(f.Severities, l.Severity)
	active := (f.From == 0 || l.LastSeen >= f.From) && (f.To == 0 || l.FirstSeen < f.To)
	named := !f.OnlyIDs || slices.Contains(f.IDs, l.ID)
	env := len(f.Environments) == 0
	for _, e := range f.Environments {
		last, seen := l.envs[e]
		env = env || (seen && last >= f.From)
	}
	words := true
	for _, phrase := range f.Words {
		words = words && strings.Contains(l.words, " "+strings.Join(phrase, " ")+" ")
	}
	return within && status && severity && active && named && env && words
}

func order(s store.IssueSort) func(a, b listed) int {
	return func(a, b listed) int {
		x, y := store.CursorOf(a.Issue), store.CursorOf(b.Issue)
		rank := 0
		if s == store.SortPriority {
			rank = cmp.Compare(y.Rank, x.Rank)
		}
		return cmp.Or(rank, cmp.Compare(y.LastSeen, x.LastSeen), cmp.Compare(y.ID, x.ID))
	}
}

var todo = []errata.Status{errata.Open, errata.Acknowledged}

func filters(all []listed) map[string]store.IssueFilter {
	var ids []string
	for _, l := range all[:2*store.IssuePiece+7] {
		ids = append(ids, l.ID)
	}
	everything := store.Scope{All: true}
	return map[string]store.IssueFilter{
		"everything":            {Scope: everything},
		"nothing in scope":      {},
		"one project":           {Scope: store.Scope{Projects: []string{"2"}}},
		"three projects":        {Scope: store.Scope{Projects: []string{"1", "2", "4"}}},
		"to do":                 {Scope: everything, Statuses: todo},
		"to do of one":          {Scope: store.Scope{Projects: []string{"3"}}, Statuses: todo},
		"ignored":               {Scope: everything, Statuses: []errata.Status{errata.Ignored}},
		"no such status":        {Scope: everything, Statuses: []errata.Status{"x') OR ('1'='1"}},
		"urgent":                {Scope: everything, Statuses: todo, Severities: []errata.Severity{errata.P0, errata.P1}},
		"severities with a gap": {Scope: everything, Severities: []errata.Severity{errata.P3, errata.P0}},
		"since":                 {Scope: everything, From: start + 20*hour},
		"range":                 {Scope: everything, From: start + 10*hour, To: start + 12*hour},
		"environment":           {Scope: everything, Environments: []string{"staging"}},
		"environments, since":   {Scope: everything, Environments: []string{"staging", "test"}, From: start + 22*hour},
		"words":                 {Scope: everything, Words: [][]string{{"payment"}}},
		"phrase":                {Scope: everything, Words: [][]string{{"refused", "payment"}, {"card"}}},
		"words with signs":      {Scope: everything, Words: [][]string{{"100%"}, {"cpu_load"}}},
		"a sign is no wildcard": {Scope: everything, Words: [][]string{{"1%u"}}},
		"half a word":           {Scope: everything, Words: [][]string{{"pay"}}},
		"ids":                   {Scope: everything, OnlyIDs: true, IDs: ids},
		"ids, to do":            {Scope: store.Scope{Projects: []string{"1", "2"}}, Statuses: todo, OnlyIDs: true, IDs: ids},
		"no ids":                {Scope: everything, OnlyIDs: true},
		"all at once": {
			Scope: store.Scope{Projects: []string{"1", "3"}}, Statuses: todo, Severities: []errata.Severity{errata.P1, errata.P2},
			Environments: []string{"production"}, From: start + 5*hour, To: start + 30*hour, Words: [][]string{{"payment"}},
		},
	}
}

func TestIssueList(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		all := someIssues(t, s, 400)
		for name, f := range filters(all) {
			var want []listed
			for _, l := range all {
				if matches(f, l) {
					want = append(want, l)
				}
			}
			for _, sort := range []store.IssueSort{store.SortPriority, store.SortLastSeen} {
				t.Run(name+" by "+string(sort), func(t *testing.T) {
					slices.SortFunc(want, order(sort))
					if d := gocmp.Diff(idsOf(want), pageThrough(t, s, f, sort)); d != "" {
						t.Errorf("-want +got:\n%s", d)
					}
				})
			}
			t.Run(name+" counted", func(t *testing.T) { checkCounts(t, s, f, want) })
		}
	})
}

func idsOf(in []listed) []string {
	out := []string{}
	for _, l := range in {
		out = append(out, l.ID)
	}
	return out
}

// pageThrough reads the whole list in pages of 13.
func pageThrough(t *testing.T, s *store.Store, f store.IssueFilter, sort store.IssueSort) []string {
	t.Helper()
	out, p := []string{}, store.IssuePage{Sort: sort, Size: 13}
	view(t, s, func(ctx context.Context, tx *store.Tx) error {
		for {
			page, err := tx.Issues(ctx, f, p)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, i := range page {
				out = append(out, i.ID)
			}
			p.After = store.CursorOf(page[len(page)-1])
		}
	})
	return out
}

func checkCounts(t *testing.T, s *store.Store, f store.IssueFilter, want []listed) {
	t.Helper()
	asOf, moved := start+25*hour, int64(0)
	tally := map[store.IssueTally]int64{}
	for _, l := range want {
		if l.LastSeen > asOf {
			moved++
		}
		tally[store.IssueTally{Severity: l.Severity, Open: l.Status == errata.Open}]++
	}
	view(t, s, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.CountIssues(ctx, f)
		if n != int64(len(want)) || err != nil {
			t.Errorf("counted %d, want %d: %v", n, len(want), err)
		}
		if len(f.Environments) == 0 { // else From narrows the environment too
			if n, err := tx.MovedIssues(ctx, f, asOf); n != moved || err != nil {
				t.Errorf("moved %d, want %d: %v", n, moved, err)
			}
		}
		ids, err := tx.IssueIDs(ctx, f, 1000)
		if slices.Sort(ids); len(ids) != len(want) || len(slices.Compact(ids)) != len(want) || err != nil {
			t.Errorf("%d ids, want %d: %v", len(ids), len(want), err)
		}
		if few, err := tx.IssueIDs(ctx, f, 3); len(few) != min(3, len(want)) || err != nil {
			t.Errorf("%d ids of at most 3: %v", len(few), err)
		}
		got, err := tx.TallyIssues(ctx, f)
		for _, g := range got {
			n := g.Issues
			if g.Issues = 0; tally[g] != n {
				t.Errorf("%+v: %d, want %d", g, n, tally[g])
			}
			delete(tally, g)
		}
		if len(tally) > 0 {
			t.Errorf("missing: %v", tally)
		}
		return err
	})
}

func TestIssueByNumber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		all := someIssues(t, s, 230)
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			p, err := tx.ProjectByID(ctx, all[7].ProjectID)
			if err != nil {
				return err
			}
			got, err := tx.IssueByNumber(ctx, p.Prefix, 8)
			if d := gocmp.Diff(all[7].Issue, got); d != "" || err != nil {
				t.Error(d, err)
			}
			for name, err := range map[string]error{
				"number": second(tx.IssueByNumber(ctx, p.Prefix, 9999)),
				"prefix": second(tx.IssueByNumber(ctx, "XYZ", 8)), "id": second(tx.IssueByID(ctx, "x")),
			} {
				if errata.CodeOf(err) != errata.NotFound {
					t.Errorf("unknown %s: %v", name, err)
				}
			}
			return nil
		})
	})
}

func second[T any](_ T, err error) error { return err }

func TestTrends(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		projects(t, s, 4)
		tr := newTraffic(4, 130, 200, hour/20)
		events := tr.batch(1500)
		applyOnce(t, s, events, 1)
		from, to := start+10*hour, start+40*hour
		checkHours(t, s, events, from, to)
		for name, f := range map[string]store.VolumeFilter{
			"all":          {Scope: store.Scope{All: true}},
			"two projects": {Scope: store.Scope{Projects: []string{"1", "3"}}},
			"nothing":      {},
			"severities":   {Scope: store.Scope{All: true}, Severities: []errata.Severity{errata.P3, errata.P1}},
			"environment":  {Scope: store.Scope{All: true}, Environments: []string{"staging"}},
			"filtered": {
				Scope: store.Scope{All: true}, Environments: []string{"production"}, Severities: []errata.Severity{errata.P0, errata.P3},
				Levels: []errata.Level{errata.LevelFatal, errata.LevelError},
			},
		} {
			for _, by := range []store.VolumeKey{store.ByNothing, store.BySeverity, store.ByLevel, store.ByProject, store.ByEnvironment} {
				for _, grain := range []int64{0, quarter, hour / 2, 3 * hour / 4, 6 * hour} {
					f.Grain, f.From, f.To = grain, from, to
					t.Run(fmt.Sprintf("%s by %s in %d quarters", name, by, grain/quarter), func(t *testing.T) {
						checkVolume(t, s, events, f, by)
						f.From, f.To = from+quarter, to-quarter // within half hours
						checkVolume(t, s, events, f, by)
						f.From, f.To = from+quarter, from+2*quarter
						checkVolume(t, s, events, f, by)
					})
				}
			}
		}
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.Volume(ctx, store.VolumeFilter{Scope: store.Scope{All: true}}, "events; --"); errata.CodeOf(err) != errata.Invalid {
				t.Errorf("unknown key: %v", err)
			}
			envs, err := tx.Environments(ctx, store.Scope{All: true}, from, to)
			if d := gocmp.Diff([]string{"production", "staging"}, envs); d != "" || err != nil {
				t.Error(d, err)
			}
			none, err := tx.Environments(ctx, store.Scope{}, from, to)
			if len(none) != 0 {
				t.Errorf("without scope: %v", none)
			}
			return err
		})
	})
}

// TestEnvironments has one all the time, one at both ends, one before and one in
// a project of its own, and asks for all spans of quarters.
func TestEnvironments(t *testing.T) {
	const quarters = 8
	has := map[string][]int64{"always": {0, 1, 2, 3, 4, 5, 6, 7}, "ends": {0, 7}, "early": {1, 2}, "": {5}, "other": {3, 4}}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		projects(t, s, 2)
		for i := range int64(quarters) {
			n := (i * 3) % quarters // in no order
			change(t, s, func(ctx context.Context, tx *store.Tx) error {
				counts := map[store.Quarter]int64{}
				for name, in := range has {
					if slices.Contains(in, n) {
						counts[store.Quarter{ProjectID: map[bool]string{true: "2", false: "1"}[name == "other"], Start: start + n*quarter, Environment: name}] = 1
					}
				}
				return tx.AddProjectQuarters(ctx, counts)
			})
		}
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			for from := range int64(quarters) {
				for to := from + 1; to <= quarters; to++ {
					var want, wantOne []string
					for name, in := range has {
						if slices.ContainsFunc(in, func(n int64) bool { return n >= from && n < to }) {
							want = append(want, name)
							if name != "other" {
								wantOne = append(wantOne, name)
							}
						}
					}
					slices.Sort(want)
					slices.Sort(wantOne)
					all, err := tx.Environments(ctx, store.Scope{All: true}, start+from*quarter, start+to*quarter)
					if err != nil {
						return err
					}
					one, err := tx.Environments(ctx, store.Scope{Projects: []string{"1"}}, start+from*quarter, start+to*quarter)
					if d := gocmp.Diff(want, all) + gocmp.Diff(wantOne, one); d != "" || err != nil {
						t.Errorf("quarters %d to %d: %s%v", from, to, d, err)
					}
				}
			}
			return nil
		})
	})
}

func checkHours(t *testing.T, s *store.Store, events []event, from, to int64) {
	t.Helper()
	for _, env := range []string{"", "staging"} {
		want, ids := map[string][]store.HourCount{}, map[string]bool{}
		for _, e := range events {
			id := issueID(e.group())
			if ids[id] = true; e.time >= from && e.time < to && (env == "" || e.environment == env) {
				want[id] = addHour(want[id], e.time-e.time%hour)
			}
		}
		var list []string
		for id := range ids {
			list = append(list, id)
		}
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.IssueHours(ctx, list, from, to, env)
			if d := gocmp.Diff(want, got); d != "" {
				t.Errorf("environment %q:\n%s", env, d)
			}
			return err
		})
	}
}

func addHour(in []store.HourCount, h int64) []store.HourCount {
	if n := len(in); n > 0 && in[n-1].Hour == h {
		in[n-1].Events++
		return in
	}
	return append(in, store.HourCount{Hour: h, Events: 1})
}

func checkVolume(t *testing.T, s *store.Store, events []event, f store.VolumeFilter, by store.VolumeKey) {
	t.Helper()
	type cell struct {
		start int64
		key   string
	}
	want, got := map[cell]int64{}, map[cell]int64{}
	for _, e := range events {
		q := e.time - e.time%quarter
		if q < f.From || q >= f.To || (!f.Scope.All && !slices.Contains(f.Scope.Projects, e.project)) ||
			(len(f.Environments) > 0 && !slices.Contains(f.Environments, e.environment)) ||
			(len(f.Severities) > 0 && !slices.Contains(f.Severities, e.severity)) || (len(f.Levels) > 0 && !slices.Contains(f.Levels, e.level)) {
			continue
		}
		key := map[store.VolumeKey]string{
			store.BySeverity: e.severity.String(), store.ByLevel: string(e.level), store.ByProject: e.project,
			store.ByEnvironment: e.environment,
		}[by]
		want[cell{q - q%max(f.Grain, 1), key}]++
	}
	view(t, s, func(ctx context.Context, tx *store.Tx) error {
		rows, err := tx.Volume(ctx, f, by)
		for _, r := range rows {
			got[cell{r.Start, r.Key}] += r.Events
		}
		return err
	})
	if d := gocmp.Diff(want, got, gocmp.AllowUnexported(cell{})); d != "" {
		t.Error(d)
	}
}

func TestSpansOfIssue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			seen := map[store.IssueIn]store.Span{
				{IssueID: "i", Name: "a"}: {First: 1, Last: 5, Events: 2}, {IssueID: "i", Name: "b"}: {First: 2, Last: 9, Events: 3},
				{IssueID: "j", Name: "a"}: {First: 1, Last: 1, Events: 1},
			}
			if err := tx.AddIssueEnvs(ctx, seen); err != nil {
				return err
			}
			return tx.AddIssueReleases(ctx, seen)
		})
		want := []store.IssueSpan{{Name: "b", Span: store.Span{First: 2, Last: 9, Events: 3}}, {Name: "a", Span: store.Span{First: 1, Last: 5, Events: 2}}}
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			envs, err := tx.EnvironmentsOf(ctx, "i")
			if err != nil {
				return err
			}
			releases, err := tx.ReleasesOf(ctx, "i")
			if d := gocmp.Diff(want, envs) + gocmp.Diff(want, releases); d != "" {
				t.Error(d)
			}
			return err
		})
	})
}
