package pipeline

import (
	"context"
	"maps"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/queue"
	"errata/internal/store"
)

const (
	hour    = int64(time.Hour / time.Microsecond)
	quarter = hour / 4
	day     = 24 * hour
)

// apply counts what is new, in one transaction. Whatever is stored is decided
// before it or from its own reads, because the transaction may run twice.
func (w *Worker) apply(ctx context.Context, batches []queue.Batch, items []*item, letters []letter) error {
	if len(batches) == 0 {
		return nil
	}
	if err := w.Fail("sql.before"); err != nil {
		return err
	}
	ids, rows := newIDs(items), w.buried(letters)
	var lifecycle store.IDs
	now := w.Clock().UnixMicro()
	var t *turnTx
	err := w.Store.InTx(ctx, func(tx *store.Tx) error {
		tx.System("pipeline")
		lifecycle.Rewind()
		t = &turnTx{tx: tx, now: now, ids: ids, lifecycle: &lifecycle, fail: w.Fail, newBatch: map[string]bool{}, outcomes: errata.Outcomes{}}
		return t.run(ctx, batches, items, rows)
	})
	if err != nil {
		return err
	}
	w.metrics.stored.Add(float64(len(t.counted)))
	return w.Fail("sql.after")
}

// issueIDs are the ids that new issues and releases would get, made before the
// transaction.
type issueIDs struct {
	issue   map[store.FingerprintKey]string
	release map[store.IssueIn]string // by project and version
}

func newIDs(items []*item) issueIDs {
	ids := issueIDs{map[store.FingerprintKey]string{}, map[store.IssueIn]string{}}
	for _, it := range items {
		if k := it.fingerprintKey(); ids.issue[k] == "" {
			ids.issue[k] = newID()
		}
		if k := it.releaseKey(); k.Name != "" && ids.release[k] == "" {
			ids.release[k] = newID()
		}
	}
	return ids
}

func (it *item) fingerprintKey() store.FingerprintKey {
	return store.FingerprintKey{ProjectID: it.entry.ProjectID, Fingerprint: it.fingerprint}
}

func (it *item) releaseKey() store.IssueIn {
	return store.IssueIn{IssueID: it.entry.ProjectID, Name: it.event.Release}
}

func (it *item) key() store.EventKey {
	return store.EventKey{ProjectID: it.entry.ProjectID, EventID: it.event.ID}
}

// turnTx is one run of the transaction.
type turnTx struct {
	tx        *store.Tx
	now       int64
	ids       issueIDs
	lifecycle *store.IDs // of episodes and of rows of the ledger
	fail      func(point string) error
	newBatch  map[string]bool // batches the ledger did not know
	outcomes  errata.Outcomes
	made      map[string]errata.Issue // issues of this turn, before their first event
	counted   []*item
}

func (t *turnTx) run(ctx context.Context, batches []queue.Batch, items []*item, letters []buried) error {
	for _, b := range batches {
		fresh, err := t.tx.ApplyBatch(ctx, b.ID, t.now)
		if err != nil {
			return err
		}
		t.newBatch[b.ID] = fresh
	}
	if err := t.bury(ctx, letters); err != nil {
		return err
	}
	unknown, err := t.sortOut(ctx, items)
	if err != nil {
		return err
	}
	if err := t.assign(ctx, unknown); err != nil {
		return err
	}
	if err := t.claimEvents(ctx, unknown); err != nil {
		return err
	}
	if err := t.countIssues(ctx); err != nil {
		return err
	}
	return t.addUp(ctx)
}

// sortOut returns the events that the ledger does not know. Known ones keep
// their issue, so that their documents can be written again; they count as
// deduplicated unless it was this batch that brought them.
func (t *turnTx) sortOut(ctx context.Context, items []*item) (unknown []*item, err error) {
	keys := make([]store.EventKey, len(items))
	for i, it := range items {
		keys[i] = it.key()
		it.issue, it.dropped = it.entry.IssueID, false
	}
	known, err := t.tx.Applied(ctx, keys)
	if err != nil {
		return nil, err
	}
	first := map[store.EventKey]bool{}
	for _, it := range items {
		if have, ok := known[it.key()]; ok {
			it.issue = have.IssueID
			t.outcome(it, errata.Deduplicated, "event_id")
			continue
		}
		if !t.newBatch[it.batch] {
			it.dropped = true // it ended otherwise when its batch was counted
			continue
		}
		revoked, err := t.revoked(ctx, it)
		switch {
		case err != nil:
			return nil, err
		case revoked:
			it.dropped = true
			t.outcome(it, errata.Filtered, "key_revoked")
		case first[it.key()]:
			it.dropped = true // the first of the two is written
			t.outcome(it, errata.Deduplicated, "event_id")
		default:
			first[it.key()] = true
			unknown = append(unknown, it)
		}
	}
	return unknown, nil
}

// revoked looks again at a key that was accepted from memory.
func (t *turnTx) revoked(ctx context.Context, it *item) (bool, error) {
	if !it.entry.Unchecked {
		return false, nil
	}
	k, _, err := t.tx.IngestKey(ctx, it.entry.Key)
	if errata.CodeOf(err) == errata.NotFound {
		return true, nil
	}
	return k.DisabledAt != 0, err
}

// outcome counts how an item ended, once per batch.
func (t *turnTx) outcome(it *item, o errata.Outcome, reason string) {
	if !t.newBatch[it.batch] {
		return
	}
	t.outcomes.Add(outcomeKey(it.entry, it.event.ReceivedAt, o, reason), 1, it.entry.Bytes)
}

func outcomeKey(e queue.Entry, received int64, o errata.Outcome, reason string) errata.OutcomeKey {
	return errata.OutcomeKey{ProjectID: e.ProjectID, Hour: received - received%hour, Category: e.Category, Outcome: o, Reason: reason}
}

// assign finds the issue of each event; a fingerprint that nobody has is
// claimed for a new issue. Another worker may be faster: then it is theirs.
func (t *turnTx) assign(ctx context.Context, items []*item) error {
	var keys []store.FingerprintKey
	seen := map[store.FingerprintKey]*item{}
	for _, it := range items {
		if k := it.fingerprintKey(); seen[k] == nil {
			seen[k] = it
			keys = append(keys, k)
		}
	}
	have, err := t.tx.Fingerprints(ctx, keys)
	if err != nil {
		return err
	}
	if err := t.claim(ctx, keys, seen, have); err != nil {
		return err
	}
	for _, it := range items {
		it.issue = have[it.fingerprintKey()]
	}
	return nil
}

// claim completes have for the keys that are not in it.
func (t *turnTx) claim(ctx context.Context, keys []store.FingerprintKey, seen map[store.FingerprintKey]*item, have map[store.FingerprintKey]string) error {
	t.made = map[string]errata.Issue{}
	var claims []store.Fingerprint
	for _, k := range keys {
		if have[k] == "" {
			claims = append(claims, store.Fingerprint{FingerprintKey: k, IssueID: t.ids.issue[k], Version: "g1", Why: seen[k].why(), CreatedAt: t.now})
		}
	}
	if len(claims) == 0 {
		return nil
	}
	won, err := t.tx.ClaimFingerprints(ctx, claims)
	if err != nil {
		return err
	}
	var lost []store.FingerprintKey
	for _, c := range claims {
		if won[c.FingerprintKey] {
			have[c.FingerprintKey] = c.IssueID
			t.made[c.IssueID] = errata.Issue{ID: c.IssueID, ProjectID: c.ProjectID}
		} else {
			lost = append(lost, c.FingerprintKey)
		}
	}
	theirs, err := t.tx.Fingerprints(ctx, lost)
	maps.Copy(have, theirs)
	return err
}

// claimEvents writes the ledger; only what was not there counts from here on.
func (t *turnTx) claimEvents(ctx context.Context, items []*item) error {
	rows := make([]store.Applied, len(items))
	for i, it := range items {
		rows[i] = store.Applied{EventKey: it.key(), IssueID: it.issue, Class: it.event.Class, ReceivedAt: it.event.ReceivedAt, Time: it.event.Timestamp}
	}
	fresh, err := t.tx.InsertApplied(ctx, rows)
	if err != nil {
		return err
	}
	t.counted = nil
	var late []*item
	for _, it := range items {
		if fresh[it.key()] {
			t.counted = append(t.counted, it)
			t.outcomes.Add(outcomeKey(it.entry, it.event.ReceivedAt, errata.Stored, "full"), 1, it.entry.Bytes)
		} else {
			late = append(late, it)
		}
	}
	if err := t.yield(ctx, late); err != nil {
		return err
	}
	return t.releaseUnused(ctx)
}

// yield leaves events to the worker that counted them a moment earlier. Their
// issue is the one it chose: this worker may have had another in mind.
func (t *turnTx) yield(ctx context.Context, late []*item) error {
	if len(late) == 0 {
		return nil
	}
	keys := make([]store.EventKey, len(late))
	for i, it := range late {
		keys[i] = it.key()
	}
	theirs, err := t.tx.Applied(ctx, keys)
	for _, it := range late {
		it.issue = theirs[it.key()].IssueID
		t.outcome(it, errata.Deduplicated, "event_id")
	}
	return err
}

// releaseUnused gives back claims whose events another worker had counted.
func (t *turnTx) releaseUnused(ctx context.Context) error {
	used := map[string]bool{}
	for _, it := range t.counted {
		used[it.issue] = true
	}
	var unused []store.FingerprintKey
	for k, id := range t.ids.issue {
		if _, made := t.made[id]; made && !used[id] {
			unused = append(unused, k)
			delete(t.made, id)
		}
	}
	return t.tx.ReleaseFingerprints(ctx, unused)
}

// countIssues lets each issue witness its events.
func (t *turnTx) countIssues(ctx context.Context) error {
	events := map[string][]*item{}
	var known []string
	for _, it := range t.counted {
		if _, made := t.made[it.issue]; !made && events[it.issue] == nil {
			known = append(known, it.issue)
		}
		events[it.issue] = append(events[it.issue], it)
	}
	issues, err := t.tx.IssuesByID(ctx, known)
	if err != nil {
		return err
	}
	maps.Copy(issues, t.made)
	newcomers, err := t.users(ctx, issues)
	if err != nil {
		return err
	}
	var changes []store.IssueChange
	var created []errata.Step
	for _, id := range sortedKeys(events) {
		before := issues[id]
		after := before
		for _, it := range events[id] {
			after.Witness(it.sighting())
		}
		after.Users += newcomers[id]
		if _, made := t.made[id]; made {
			created = append(created, opening(after, events[id]))
		} else {
			changes = append(changes, store.IssueChange{Before: before, After: after, Keys: keysOf(after)})
		}
	}
	if err := t.create(ctx, created); err != nil {
		return err
	}
	now, err := t.tx.UpdateIssues(ctx, changes)
	if err != nil {
		return err
	}
	return t.advance(ctx, now, events)
}

func keysOf(is errata.Issue) store.IssueKeys {
	words, _ := querylang.Stream(256, is.Title, is.Type, is.Culprit, is.Code)
	return store.IssueKeys{
		Type: querylang.Fold(is.Type), Code: querylang.Fold(is.Code), Culprit: querylang.Fold(is.Culprit),
		Words: " " + strings.TrimSpace(words) + " ",
	}
}

// users notes who met the issues and returns how many were new to each. An
// issue that has as many as are told apart takes no more.
func (t *turnTx) users(ctx context.Context, issues map[string]errata.Issue) (map[string]int64, error) {
	seen := map[store.IssueUser]int64{}
	for _, it := range t.counted {
		if h := it.user(); h != "" && issues[it.issue].Users < store.MaxIssueUsers {
			u := store.IssueUser{IssueID: it.issue, UserHash: h}
			seen[u] = max(seen[u], it.event.Timestamp/day)
		}
	}
	return t.tx.AddIssueUsers(ctx, seen)
}

// addUp adds to the roll-ups that pages read.
func (t *turnTx) addUp(ctx context.Context) error {
	hours, envs, rels := map[store.IssueHour]int64{}, map[store.IssueIn]store.Span{}, map[store.IssueIn]store.Span{}
	quarters := map[store.Quarter]int64{}
	versions := map[store.IssueIn]errata.Release{}
	for _, it := range t.counted {
		ev := it.event
		hours[store.IssueHour{IssueID: it.issue, Hour: ev.Timestamp - ev.Timestamp%hour, Environment: ev.Environment}]++
		in := store.IssueIn{IssueID: it.issue, Name: ev.Environment}
		envs[in] = envs[in].Add(ev.Timestamp)
		quarters[store.Quarter{
			ProjectID: ev.ProjectID, Start: ev.Timestamp - ev.Timestamp%quarter, Environment: ev.Environment,
			Severity: ev.Severity, Level: ev.Level,
		}]++
		if ev.Release == "" {
			continue
		}
		in.Name = ev.Release
		rels[in] = rels[in].Add(ev.Timestamp)
		t.see(versions, it)
	}
	if err := t.tx.AddIssueHours(ctx, hours); err != nil {
		return err
	}
	if err := t.tx.AddIssueEnvs(ctx, envs); err != nil {
		return err
	}
	if err := t.tx.AddIssueReleases(ctx, rels); err != nil {
		return err
	}
	if err := t.tx.AddProjectQuarters(ctx, quarters); err != nil {
		return err
	}
	if err := t.tx.SeeReleases(ctx, values(versions)); err != nil {
		return err
	}
	return t.tx.AddOutcomes(ctx, t.outcomes)
}

func (t *turnTx) see(versions map[store.IssueIn]errata.Release, it *item) {
	k := it.releaseKey()
	r, ok := versions[k]
	if !ok {
		r = errata.Release{ID: t.ids.release[k], ProjectID: it.entry.ProjectID, Version: it.event.Release, FirstSeen: it.event.Timestamp}
		r.Package, r.Semver = errata.ParseRelease(r.Version)
	}
	r.FirstSeen = min(r.FirstSeen, it.event.Timestamp)
	versions[k] = r
}
