package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"

	"errata/internal/errata"
	"errata/internal/store"
)

const (
	hour    = int64(3600 * 1e6)
	quarter = hour / 4
	day     = 24 * hour
)

// start is the time at which the events of these tests begin.
const start = int64(1_767_225_600) * 1e6 // 2026-01-01 UTC

// event is what the worker knows of an event when it counts.
type event struct {
	project, id, fingerprint  string
	time, received            int64
	environment, release, who string
	severity                  errata.Severity
	level                     errata.Level
	title                     string
}

func (e event) key() store.EventKey { return store.EventKey{ProjectID: e.project, EventID: e.id} }
func (e event) group() store.FingerprintKey {
	return store.FingerprintKey{ProjectID: e.project, Fingerprint: e.fingerprint}
}

func (e event) sighting() errata.Sighting {
	return errata.Sighting{
		Ref: errata.Ref{Project: e.project, EventID: e.id, Time: e.time, Class: 30}, Timestamp: e.time,
		ReceivedAt: e.received, Severity: e.severity, Title: e.title, Type: "IOError", Code: "E42", Culprit: "shop.pay",
		Platform: "go", Level: e.level, Release: e.release, Score: 3,
	}
}

// apply counts a batch as the worker does: the order is that of the package
// comment. claimed names the issue that a free fingerprint gets.
func apply(ctx context.Context, tx *store.Tx, batch string, events []event, claimed func(store.FingerprintKey) string) error {
	tx.System("pipeline")
	if first, err := tx.ApplyBatch(ctx, batch, events[0].received); err != nil || !first {
		return err
	}
	events, err := unknown(ctx, tx, events)
	if err != nil {
		return err
	}
	homes, won, err := claim(ctx, tx, events, claimed)
	if err != nil {
		return err
	}
	fresh, err := ledger(ctx, tx, events, homes, won)
	if err != nil {
		return err
	}
	if err := issues(ctx, tx, fresh, homes, won); err != nil {
		return err
	}
	return counters(ctx, tx, fresh, homes)
}

func unknown(ctx context.Context, tx *store.Tx, events []event) ([]event, error) {
	keys := make([]store.EventKey, len(events))
	for i, e := range events {
		keys[i] = e.key()
	}
	known, err := tx.Applied(ctx, keys)
	return slices.DeleteFunc(slices.Clone(events), func(e event) bool { _, ok := known[e.key()]; return ok }), err
}

func claim(ctx context.Context, tx *store.Tx, events []event, claimed func(store.FingerprintKey) string) (homes map[store.FingerprintKey]string, won map[store.FingerprintKey]bool, err error) {
	groups := map[store.FingerprintKey]event{}
	for _, e := range events {
		groups[e.group()] = e
	}
	var keys []store.FingerprintKey
	for k := range groups {
		keys = append(keys, k)
	}
	if homes, err = tx.Fingerprints(ctx, keys); err != nil {
		return nil, nil, err
	}
	var claims []store.Fingerprint
	for k, e := range groups {
		if homes[k] == "" {
			claims = append(claims, store.Fingerprint{FingerprintKey: k, IssueID: claimed(k), Version: "g1", Why: `{"rule":"stack"}`, CreatedAt: e.received})
		}
	}
	if won, err = tx.ClaimFingerprints(ctx, claims); err != nil {
		return nil, nil, err
	}
	var lost []store.FingerprintKey
	for _, c := range claims {
		if homes[c.FingerprintKey] = c.IssueID; !won[c.FingerprintKey] {
			lost = append(lost, c.FingerprintKey)
		}
	}
	others, err := tx.Fingerprints(ctx, lost)
	maps.Copy(homes, others)
	return homes, won, err
}

func ledger(ctx context.Context, tx *store.Tx, events []event, homes map[store.FingerprintKey]string, won map[store.FingerprintKey]bool) ([]event, error) {
	rows := make([]store.Applied, len(events))
	for i, e := range events {
		rows[i] = store.Applied{EventKey: e.key(), IssueID: homes[e.group()], Class: 30, ReceivedAt: e.received, Time: e.time}
	}
	counted, err := tx.InsertApplied(ctx, rows)
	if err != nil {
		return nil, err
	}
	fresh := slices.DeleteFunc(slices.Clone(events), func(e event) bool { return !counted[e.key()] })
	unused := map[store.FingerprintKey]bool{}
	for k := range won {
		unused[k] = true
	}
	for _, e := range fresh {
		delete(unused, e.group())
	}
	var back []store.FingerprintKey
	for k := range unused {
		back = append(back, k)
	}
	return fresh, tx.ReleaseFingerprints(ctx, back)
}

func issues(ctx context.Context, tx *store.Tx, fresh []event, homes map[store.FingerprintKey]string, won map[store.FingerprintKey]bool) error {
	users, ids, made := map[store.IssueUser]int64{}, []string{}, map[string]errata.Issue{}
	for _, e := range fresh {
		id := homes[e.group()]
		if won[e.group()] {
			made[id] = errata.Issue{ID: id, ProjectID: e.project}
		} else {
			ids = append(ids, id)
		}
		if e.who != "" {
			users[store.IssueUser{IssueID: id, UserHash: e.who}] = e.received / day
		}
	}
	before, err := tx.IssuesByID(ctx, ids)
	if err != nil {
		return err
	}
	newcomers, err := tx.AddIssueUsers(ctx, users)
	if err != nil {
		return err
	}
	after := map[string]*errata.Issue{}
	for _, e := range fresh {
		id := homes[e.group()]
		if after[id] == nil {
			i, known := before[id]
			if !known {
				i = made[id]
			}
			i.Users += newcomers[id]
			after[id] = &i
		}
		after[id].Witness(e.sighting())
	}
	return save(ctx, tx, before, after)
}

func save(ctx context.Context, tx *store.Tx, before map[string]errata.Issue, after map[string]*errata.Issue) error {
	var changes []store.IssueChange
	keys := store.IssueKeys{Type: "ioerror", Code: "e42", Culprit: "shop.pay", Words: " card refused payment ioerror shop pay "}
	ids := make([]string, 0, len(after))
	for id := range after {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		i := after[id]
		if b, known := before[id]; known {
			changes = append(changes, store.IssueChange{Before: b, After: *i, Keys: keys})
			continue
		}
		var err error
		if i.Number, err = tx.Next(ctx, store.IssueCounter(i.ProjectID)); err != nil {
			return err
		}
		if err := tx.CreateIssue(ctx, *i, keys); err != nil {
			return err
		}
	}
	_, err := tx.UpdateIssues(ctx, changes)
	return err
}

func counters(ctx context.Context, tx *store.Tx, fresh []event, homes map[store.FingerprintKey]string) error {
	hours, quarters, outcomes := map[store.IssueHour]int64{}, map[store.Quarter]int64{}, errata.Outcomes{}
	envs, releases := map[store.IssueIn]store.Span{}, map[store.IssueIn]store.Span{}
	seen := map[[2]string]errata.Release{}
	for _, e := range fresh {
		id := homes[e.group()]
		hours[store.IssueHour{IssueID: id, Hour: e.time - e.time%hour, Environment: e.environment}]++
		quarters[store.Quarter{ProjectID: e.project, Start: e.time - e.time%quarter, Environment: e.environment, Severity: e.severity, Level: e.level}]++
		env, rel := store.IssueIn{IssueID: id, Name: e.environment}, store.IssueIn{IssueID: id, Name: e.release}
		envs[env] = envs[env].Add(e.time)
		outcomes.Add(errata.OutcomeKey{
			ProjectID: e.project, Hour: e.received - e.received%hour, Category: errata.CategoryError,
			Outcome: errata.Stored, Reason: "full",
		}, 1, 4000)
		if e.release == "" {
			continue
		}
		releases[rel] = releases[rel].Add(e.time)
		pkg, v := errata.ParseRelease(e.release)
		if k := [2]string{e.project, e.release}; seen[k].FirstSeen == 0 || e.time < seen[k].FirstSeen {
			seen[k] = errata.Release{ID: e.project + "/" + e.release, ProjectID: e.project, Version: e.release, Package: pkg, Semver: v, FirstSeen: e.time}
		}
	}
	var rows []errata.Release
	for _, r := range seen {
		rows = append(rows, r)
	}
	for _, step := range []func() error{
		func() error { return tx.AddIssueHours(ctx, hours) },
		func() error { return tx.AddIssueEnvs(ctx, envs) },
		func() error { return tx.AddIssueReleases(ctx, releases) },
		func() error { return tx.SeeReleases(ctx, rows) },
		func() error { return tx.AddProjectQuarters(ctx, quarters) },
		func() error { return tx.AddOutcomes(ctx, outcomes) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// hexID makes 32 hex digits of a text, as random as an event's id.
func hexID(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// issueID is the issue that a fingerprint gets, the same each time.
func issueID(k store.FingerprintKey) string {
	return hexID("issue " + k.ProjectID + " " + k.Fingerprint)
}

// traffic makes events as a busy installation sends them: a few issues are
// most of the events, two environments, some releases, 60 % with a user.
type traffic struct {
	rng                     *rand.Rand
	zipf                    *rand.Zipf
	projects, issues, users int
	sent                    int
	from, step              int64
}

func newTraffic(projects, issues, users int, step int64) *traffic {
	rng := rand.New(rand.NewPCG(1, 2))
	return &traffic{rng: rng, zipf: rand.NewZipf(rng, 1.1, 4, uint64(issues-1)), projects: projects, issues: issues, users: users, from: start, step: step}
}

func (t *traffic) next() event {
	n := t.sent
	t.sent++
	issue := int(t.zipf.Uint64())
	e := event{
		project: strconv.Itoa(issue%t.projects + 1), id: hexID("event " + strconv.Itoa(n)), fingerprint: "fp" + strconv.Itoa(issue),
		time: t.from + int64(n)*t.step, environment: "production", release: fmt.Sprintf("shop@1.%d.0", n*int(t.step)/int(day)%7),
		severity: errata.Severity(issue % 4), level: errata.Levels[issue%3], title: "Card refused: payment " + strconv.Itoa(issue),
	}
	e.received = e.time + 1_000_000
	if t.rng.IntN(5) == 0 {
		e.environment = "staging"
	}
	if t.rng.IntN(10) < 6 {
		e.who = hexID("user " + strconv.Itoa(t.rng.IntN(t.users)))[:16]
	}
	return e
}

func (t *traffic) batch(n int) []event {
	out := make([]event, n)
	for i := range out {
		out[i] = t.next()
	}
	return out
}
