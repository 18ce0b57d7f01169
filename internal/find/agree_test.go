package find_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/querylang"
	"errata/internal/querylang/querygen"
	"errata/internal/search"
	"errata/internal/store"
)

// narrow is an engine that takes few issues at once.
type narrow struct {
	search.Engine
	issues int
}

func (n narrow) Caps() search.Caps {
	c := n.Engine.Caps()
	c.MaxIssueSet = n.issues
	return c
}

// TestAgree asks random queries, in which fields of issues and of events are
// joined in every way, of lists and charts, and compares the answers with loops
// over slices. ERRATA_AGREE=n asks n instead of 150.
func TestAgree(t *testing.T) {
	n := 150
	if s := os.Getenv("ERRATA_AGREE"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal("ERRATA_AGREE is not a number:", s)
		}
	}
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	wrap := func(e search.Engine) search.Engine { return narrow{e, 25} }
	partstest.Each(t, partstest.Options{Clock: func() time.Time { return at }, Wrap: wrap, Idle: true}, func(t *testing.T, p *partstest.Parts) {
		a := newAgreement(t, p, at)
		for range n {
			a.ask(t)
		}
		t.Logf("%d queries over %d issues and %d events: %d compared, %d refused, %d issues and %d events found",
			n, len(a.world.issues), a.indexed, a.compared, a.refused, a.hits, a.counted)
		if a.compared < n/2 || a.hits == 0 || a.counted == 0 {
			t.Error("the vocabulary is lopsided")
		}
	})
}

// agreement is one product with what its model knows.
type agreement struct {
	p                 *partstest.Parts
	g                 *querygen.Gen
	r                 *rand.Rand
	world             world
	indexed           int
	compared, refused int
	hits, counted     int64
	projects          []errata.Project
	envs, rels        map[store.IssueIn]store.Span
	quarters          map[store.Quarter]int64
	seen              map[string]errata.Release
	docs              []search.Doc
	login             map[string]string
}

func newAgreement(t *testing.T, p *partstest.Parts, at time.Time) *agreement {
	a := &agreement{
		p: p, g: querygen.New(11), r: rand.New(rand.NewPCG(11, 3)), world: world{now: at, releases: map[string]map[string]int64{}},
		envs: map[store.IssueIn]store.Span{}, rels: map[store.IssueIn]store.Span{}, quarters: map[store.Quarter]int64{},
		seen: map[string]errata.Release{}, login: map[string]string{"ada": "1", "grace": "2"},
	}
	for _, slug := range querygen.Services {
		a.projects = append(a.projects, p.NewProject(slug, errata.ProjectSettings{}))
		a.world.releases[slug] = map[string]int64{}
	}
	for i := range 60 {
		a.issue(i)
	}
	p.Write(a.save(t))
	for piece := range slices.Chunk(a.docs, 500) {
		if _, err := p.Engine.Index(t.Context(), piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Engine.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

// one returns one of the texts.
func (a *agreement) one(of ...string) string { return of[a.r.IntN(len(of))] }

// issue makes an issue with its events.
func (a *agreement) issue(i int) {
	project := a.projects[a.r.IntN(len(a.projects))]
	first := a.world.now.Add(-time.Duration(a.r.Int64N(int64(7 * 24 * time.Hour)))).Truncate(time.Microsecond)
	last := first.Add(time.Duration(a.r.Int64N(int64(a.world.now.Sub(first)) + 1))).Truncate(time.Microsecond)
	is := agreed{
		Issue: errata.Issue{
			ID: fmt.Sprintf("issue-%03d", i), ProjectID: project.ID, Number: int64(i + 1), Title: "went wrong",
			Type: a.one("", "ConnError", "TimeoutException", "ÄRGER"), Code: a.one("", "E1", "e1", "7B1e-9"), Culprit: a.one("", "call", "(*Store).Reserve"),
			Platform: "go", Level: errata.LevelError, Severity: errata.Severity(a.r.IntN(4)),
			Status:    []errata.Status{errata.Open, errata.Acknowledged, errata.Ignored}[a.r.IntN(3)],
			Reason:    []errata.Reason{errata.ReasonNew, errata.ReasonRegressed, errata.ReasonReopened}[a.r.IntN(3)],
			FirstSeen: first.UnixMicro(), LastSeen: last.UnixMicro(), FirstRelease: a.one("", "4.13.0", "4.12.1", "shop@4.13.0+77", "RC-a"),
			Events: a.r.Int64N(200), Users: a.r.Int64N(20), EpisodeSeq: 1 + a.r.Int64N(4), Version: 1, AssigneeID: a.one("", "1", "2"),
		},
		service: project.Slug, print: fmt.Sprintf("%032x", i), seenEnv: map[string]span{}, seenRel: map[string]span{},
	}
	if is.Status != errata.Ignored {
		is.OpenedAt = is.FirstSeen
	}
	for _, id := range []string{"1", "2"} {
		if a.r.IntN(4) == 0 {
			is.watched = append(is.watched, id)
		}
	}
	for n := a.r.IntN(7); n > 0; n-- {
		a.event(&is, project, first.UnixMicro()+a.r.Int64N(last.UnixMicro()-first.UnixMicro()+1))
	}
	a.world.issues = append(a.world.issues, is)
}

func (a *agreement) event(is *agreed, project errata.Project, at int64) {
	ev, _ := a.g.Event()
	ev.ProjectID, ev.Timestamp, ev.ReceivedAt = project.ID, at, at+a.r.Int64N(5_000_000)
	if ev.User != nil {
		hash := querylang.UserHash(partstest.Secret, ev.User.ID)
		ev.User.Hash, ev.User.Terms = hash, []string{hash}
	}
	r := querylang.NewRecord(ev, querylang.Meta{Service: project.Slug, Issue: is.ID, Title: is.Title})
	is.events, a.indexed = append(is.events, r), a.indexed+1
	a.docs = append(a.docs, search.Doc{Record: r, Class: 30, Payload: []byte("{}")})
	env, rel := store.IssueIn{IssueID: is.ID, Name: ev.Environment}, store.IssueIn{IssueID: is.ID, Name: ev.Release}
	a.envs[env], is.seenEnv[ev.Environment] = a.envs[env].Add(at), is.seenEnv[ev.Environment].widen(at)
	a.quarters[store.Quarter{ProjectID: project.ID, Start: at - at%quarter, Environment: ev.Environment, Severity: ev.Severity, Level: ev.Level}]++
	if ev.Release == "" {
		return
	}
	a.rels[rel], is.seenRel[ev.Release] = a.rels[rel].Add(at), is.seenRel[ev.Release].widen(at)
	versions := a.world.releases[project.Slug]
	if have, ok := versions[ev.Release]; !ok || at < have {
		versions[ev.Release] = at
	}
	pack, number := errata.ParseRelease(ev.Release)
	a.seen[project.ID+ev.Release] = errata.Release{
		ID: fmt.Sprintf("release-%d-%s", len(a.docs), project.ID), ProjectID: project.ID, Version: ev.Release, Package: pack,
		Semver: number, FirstSeen: versions[ev.Release],
	}
}

// save writes the rows.
func (a *agreement) save(t *testing.T) func(tx *store.Tx) error {
	ctx := t.Context()
	return func(tx *store.Tx) error {
		for login, id := range a.login {
			if _, err := tx.CreateAccount(ctx, errata.Account{ID: id, Email: login + "@example.com", Login: login, State: errata.UserActive}); err != nil {
				return err
			}
		}
		for i := range a.world.issues {
			if err := a.saveIssue(t, tx, &a.world.issues[i]); err != nil {
				return err
			}
		}
		if err := a.saveTeams(t, tx); err != nil {
			return err
		}
		var releases []errata.Release
		for _, r := range a.seen {
			releases = append(releases, r)
		}
		for _, err := range []error{
			tx.AddIssueEnvs(ctx, a.envs), tx.AddIssueReleases(ctx, a.rels), tx.AddProjectQuarters(ctx, a.quarters), tx.SeeReleases(ctx, releases),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// saveTeams writes the teams of teamOf; ada is in that of the web.
func (a *agreement) saveTeams(t *testing.T, tx *store.Tx) error {
	for _, p := range a.projects {
		slug := teamOf[p.Slug]
		if slug == "" {
			continue
		}
		if err := tx.CreateTeam(t.Context(), errata.Team{ID: slug, Slug: slug, Name: slug, CreatedAt: 1}); err != nil {
			return err
		}
		if _, err := tx.SetProjectTeam(t.Context(), p.ID, slug); err != nil {
			return err
		}
	}
	_, err := tx.SetMember(t.Context(), errata.Membership{TeamID: "t-web", UserID: "1", Role: errata.TeamLead, At: 1})
	return err
}

func (a *agreement) saveIssue(t *testing.T, tx *store.Tx, is *agreed) error {
	ctx := t.Context()
	keys := store.IssueKeys{Type: querylang.Fold(is.Type), Code: querylang.Fold(is.Code), Culprit: querylang.Fold(is.Culprit), Words: " "}
	if err := tx.CreateIssue(ctx, is.Issue, keys); err != nil {
		return err
	}
	_, err := tx.ClaimFingerprints(ctx, []store.Fingerprint{{
		FingerprintKey: store.FingerprintKey{ProjectID: is.ProjectID, Fingerprint: is.print}, IssueID: is.ID, Version: "g1", Why: "{}",
	}})
	for _, id := range is.watched {
		if err == nil {
			err = tx.SetWatch(ctx, is.ID, id, true, is.FirstSeen)
		}
	}
	return err
}

// leaves are conditions on issues, and on releases by their order.
var leaves = []string{
	"is:open", "is:unresolved", "is:ignored,regressed", "is:new", "is:unassigned", "severity:P1", "severity:>=P1", "severity:P0,P3",
	"assigned:me", "assigned:none,grace", "has:assigned", "watching:me", "watching:grace", "watching:none", "has:watching",
	"first_seen:-3d", "first_seen:>2026-11-16", "last_seen:-24h", "last_seen:<2026-11-18T06:00", "age:>3d", "age:..2d", "resolved_at:-7d",
	"events:>100", "events:10..50", "users:..5", "users:3,7", "episodes:>2", "episodes:1",
	"first_release:4.13.0", "first_release:rc-*", "has:first_release", `first_release:"SHOP@4.13.0+77"`,
	"fingerprint:*0000000a", "service:web", "service:*-api", "type:conn*", "type:ärger", "code:e1", "has:code", `culprit:""`,
	"release:>=4.13.0", "release:<4.13", "release:4.12..4.13.0", "release:latest", "release:>4.13.0-rc.1,4.12.1", "release:>9.0",
	"team:t-web", "team:none,t-web", "team:my_teams", "has:team", "team:t-*",
	"env:production", "env:QA,staging", "release:4.13.0", "release:4.1*", "has:release",
}

// query makes a random query.
func (a *agreement) query(depth int) string {
	if depth == 0 || a.r.IntN(4) == 0 {
		x := leaves[a.r.IntN(len(leaves))]
		if a.r.IntN(3) == 0 {
			x = "(" + a.g.Query() + ")"
		}
		return a.one("", "", "!") + x
	}
	kids := make([]string, 2+a.r.IntN(2))
	for i := range kids {
		kids[i] = a.query(depth - 1)
	}
	return a.one("", "", "", "!") + "(" + strings.Join(kids, a.one(" ", " OR ")) + ")"
}

// bound reads a query as the model does; ok is false for what a reader is
// refused.
func (a *agreement) bound(q string, r find.Range) (x querylang.Expr, ok bool) {
	x, _, err := querylang.Parse(q)
	if err != nil || len(querylang.Names(x).Issues) > 0 {
		return nil, false
	}
	for _, in := range []querylang.Place{querylang.InIssues, querylang.InEvents} {
		if querylang.Check(x, querylang.Context{In: in, Days: r.To.Sub(r.From).Hours() / 24}) != nil {
			return nil, false
		}
	}
	env := querylang.Env{Now: a.world.now, Me: "1", Logins: a.login, UserSecret: partstest.Secret}
	x, err = querylang.Bind(x, env)
	return x, err == nil
}

// ask asks one query of a list and of a chart.
func (a *agreement) ask(t *testing.T) {
	q := a.query(1 + a.r.IntN(2))
	over := find.Range{From: a.world.now.AddDate(0, 0, -10), To: a.world.now}
	if a.r.IntN(3) == 0 {
		over.From = a.world.now.Add(-time.Duration(1+a.r.IntN(6*24)) * time.Hour)
		over.To = over.From.Add(time.Duration(1+a.r.IntN(int(a.world.now.Sub(over.From)/time.Hour))) * time.Hour)
	}
	x, ok := a.bound(q, over)
	if !ok {
		a.refused++
		return
	}
	a.compared++
	reach := [][3]int{{10_000, 20, 500}, {10_000, 20, 500}, {4, 20, 9}, {0, 20, 70}}[a.r.IntN(4)]
	a.p.Find.Reach(reach[0], reach[1], reach[2])
	order := a.one("priority", "last_seen", "first_seen", "events", "users")
	want := a.world.sorted(a.world.lists(x, over), order)
	got, _ := pages(t, a.p.Find, find.IssueQuery{Q: q, Range: over, Sort: order, Size: 7 + a.r.IntN(60)})
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s\nfrom %v to %v by %s, reach %v (-model +list):\n%s", q, over.From, over.To, order, reach, diff)
	}
	a.hits += int64(len(got))
	a.chart(t, q, x, over)
}

// chart counts events. A set of issues that is too large either way is refused.
func (a *agreement) chart(t *testing.T, q string, x querylang.Expr, over find.Range) {
	v, err := a.p.Find.Volume(t.Context(), partstest.Reader, find.VolumeQuery{Q: q, Range: over, Interval: "1h"})
	if errata.ReasonOf(err) == "query.too_broad" {
		return
	}
	if err != nil {
		t.Errorf("chart of %s: %v", q, err)
		return
	}
	if want := a.world.counts(x, v.Range.From.UnixMicro(), v.Range.To.UnixMicro()); v.Total != want {
		t.Errorf("chart of %s from %v to %v (%s): %d events, want %d", q, v.Range.From, v.Range.To, v.Source, v.Total, want)
	}
	a.counted += v.Total
}
