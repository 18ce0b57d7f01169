package store

import (
	"cmp"
	"context"
	"slices"

	"errata/internal/errata"
)

const issueColumns = `id, project_id, number, title, type, code, culprit, platform, level, status, reason, status_at, severity,
	severity_locked, first_seen, last_seen, last_received, first_release, last_release, events, users, late_events, episode_seq,
	opened_at, version, last_ref, best_ref, best_score, stage, assignee_id, resolution_id, ignore_reason`

func scanIssue(r scanner) (i errata.Issue, err error) {
	var severity int64
	var last, best string
	err = r.Scan(&i.ID, &i.ProjectID, &i.Number, &i.Title, &i.Type, &i.Code, &i.Culprit, &i.Platform, (*string)(&i.Level),
		(*string)(&i.Status), (*string)(&i.Reason), &i.StatusAt, &severity, &i.SeverityLocked, &i.FirstSeen, &i.LastSeen, &i.LastReceived,
		&i.FirstRelease, &i.LastRelease, &i.Events, &i.Users, &i.LateEvents, &i.EpisodeSeq, zero(&i.OpenedAt), &i.Version,
		&last, &best, &i.BestScore, zero((*string)(&i.Stage)), zero(&i.AssigneeID), zero(&i.ResolutionID), zero(&i.IgnoreReason))
	i.Severity = errata.Severity(severity) //nolint:gosec // the table checks 0 to 3
	i.LastRef, i.BestRef = errata.ParseRef(i.ProjectID, last), errata.ParseRef(i.ProjectID, best)
	return i, err
}

// IssueKeys are the folded texts of an issue that queries compare: type, code
// and culprit folded by the query language, and Words, the token stream of
// title, type, culprit and code between single spaces, one at each end.
type IssueKeys struct{ Type, Code, Culprit, Words string }

// CreateIssue adds an issue with all its counts.
func (tx *Tx) CreateIssue(ctx context.Context, i errata.Issue, k IssueKeys) error {
	_, err := tx.change(ctx, `INSERT INTO issue (`+issueColumns+`, assignee_kind, type_key, code_key, culprit_key, words)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26,
			$27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37)`,
		i.ID, i.ProjectID, i.Number, i.Title, i.Type, i.Code, i.Culprit, i.Platform, string(i.Level), string(i.Status), string(i.Reason),
		i.StatusAt, int64(i.Severity), i.SeverityLocked, i.FirstSeen, i.LastSeen, i.LastReceived, i.FirstRelease, i.LastRelease,
		i.Events, i.Users, i.LateEvents, i.EpisodeSeq, nullInt(i.OpenedAt), i.Version, i.LastRef.String(), i.BestRef.String(), i.BestScore,
		null(string(i.Stage)), null(i.AssigneeID), null(i.ResolutionID), null(i.IgnoreReason), assigneeKind(i), k.Type, k.Code, k.Culprit, k.Words)
	return err
}

// assigneeKind is what the column of that name holds: people alone, so far.
func assigneeKind(i errata.Issue) any {
	if i.AssigneeID == "" {
		return nil
	}
	return string(errata.ActorUser)
}

// UpdateIssueState writes what the rules of the lifecycle decide (status,
// reason, stage, severity, owner, resolution, episode, late events), if the
// issue still has the version that was decided on. False: somebody was faster;
// load again.
func (tx *Tx) UpdateIssueState(ctx context.Context, version int64, i errata.Issue) (bool, error) {
	n, err := tx.change(ctx, `UPDATE issue SET status = $3, reason = $4, status_at = $5, stage = $6, severity = $7, severity_locked = $8,
		assignee_kind = $9, assignee_id = $10, resolution_id = $11, ignore_reason = $12, late_events = $13, episode_seq = $14,
		opened_at = $15, version = $16 WHERE id = $1 AND version = $2`,
		i.ID, version, string(i.Status), string(i.Reason), i.StatusAt, null(string(i.Stage)), int64(i.Severity), i.SeverityLocked,
		assigneeKind(i), null(i.AssigneeID), null(i.ResolutionID), null(i.IgnoreReason), i.LateEvents, i.EpisodeSeq,
		nullInt(i.OpenedAt), i.Version)
	return n == 1, err
}

// IssueChange is an issue before and after Issue.Witness. Events and users are
// added as differences; what the newest event says replaces what is there
// unless that is newer still.
type IssueChange struct {
	Before, After errata.Issue
	Keys          IssueKeys // of After
}

// UpdateIssues writes changes of counting, sorted by id. Other workers and
// people may have written since Before was read: nothing of theirs is lost. It
// returns the issues as they are now; until the transaction ends nobody else
// changes them, so that what is decided on them stands.
func (tx *Tx) UpdateIssues(ctx context.Context, changes []IssueChange) (map[string]errata.Issue, error) {
	changes = slices.SortedFunc(slices.Values(changes), func(a, b IssueChange) int { return cmp.Compare(a.After.ID, b.After.ID) })
	now := make(map[string]errata.Issue, len(changes))
	for i := range changes {
		if err := tx.updateIssue(ctx, &changes[i], now); err != nil {
			return nil, err
		}
	}
	return now, nil
}

func (tx *Tx) updateIssue(ctx context.Context, c *IssueChange, now map[string]errata.Issue) error {
	a, b := &c.After, &c.Before
	return tx.changeRows(ctx, updateIssueText, []any{
		a.ID, a.Events - b.Events, a.Users - b.Users, a.FirstSeen, a.LastSeen, a.FirstRelease,
		a.BestRef.String(), a.BestScore, b.BestRef.String(), a.LastReceived, a.LastRef.String(), a.Title, a.Type, a.Code, a.Culprit,
		a.Platform, string(a.Level), a.LastRelease, c.Keys.Type, c.Keys.Code, c.Keys.Culprit, c.Keys.Words,
	}, func(r scanner) error {
		i, err := scanIssue(r)
		now[i.ID] = i
		return err
	})
}

const updateIssueText = `UPDATE issue SET events = events + $2, users = users + $3,
	first_release = CASE WHEN $4 < first_seen THEN $6 ELSE first_release END,
	first_seen = CASE WHEN $4 < first_seen THEN $4 ELSE first_seen END,
	last_seen = CASE WHEN $5 > last_seen THEN $5 ELSE last_seen END,
	best_ref = CASE WHEN $8 >= best_score OR best_ref = $9 THEN $7 ELSE best_ref END,
	best_score = CASE WHEN $8 >= best_score OR best_ref = $9 THEN $8 ELSE best_score END,
	last_received = CASE WHEN $10 >= last_received THEN $10 ELSE last_received END,
	last_ref = CASE WHEN $10 >= last_received THEN $11 ELSE last_ref END,
	title = CASE WHEN $10 >= last_received THEN $12 ELSE title END,
	type = CASE WHEN $10 >= last_received THEN $13 ELSE type END,
	code = CASE WHEN $10 >= last_received THEN $14 ELSE code END,
	culprit = CASE WHEN $10 >= last_received THEN $15 ELSE culprit END,
	platform = CASE WHEN $10 >= last_received THEN $16 ELSE platform END,
	level = CASE WHEN $10 >= last_received THEN $17 ELSE level END,
	last_release = CASE WHEN $10 >= last_received THEN $18 ELSE last_release END,
	type_key = CASE WHEN $10 >= last_received THEN $19 ELSE type_key END,
	code_key = CASE WHEN $10 >= last_received THEN $20 ELSE code_key END,
	culprit_key = CASE WHEN $10 >= last_received THEN $21 ELSE culprit_key END,
	words = CASE WHEN $10 >= last_received THEN $22 ELSE words END
	WHERE id = $1 RETURNING ` + issueColumns

var issuesByID = bulk{head: `SELECT ` + issueColumns + ` FROM issue WHERE id IN (`, width: 1, tail: `)`}

// IssuesByID returns the issues that exist.
func (tx *Tx) IssuesByID(ctx context.Context, ids []string) (map[string]errata.Issue, error) {
	ids = sortedUnique(ids)
	out := make(map[string]errata.Issue, len(ids))
	err := tx.bulkRows(ctx, &issuesByID, len(ids), nil, func(args []any, i int) []any { return append(args, ids[i]) },
		func(r scanner) error {
			issue, err := scanIssue(r)
			out[issue.ID] = issue
			return err
		})
	return out, err
}

func sortedUnique(ids []string) []string { return slices.Compact(slices.Sorted(slices.Values(ids))) }

// IssueByID returns an issue; not_found.
func (tx *Tx) IssueByID(ctx context.Context, id string) (errata.Issue, error) {
	return tx.oneIssue(ctx, `SELECT `+issueColumns+` FROM issue WHERE id = $1`, id)
}

// IssueByNumber returns an issue by the two parts of its short id; not_found.
func (tx *Tx) IssueByNumber(ctx context.Context, prefix string, number int64) (errata.Issue, error) {
	return tx.oneIssue(ctx, `SELECT `+issueColumns+` FROM issue WHERE project_id = (SELECT id FROM project WHERE prefix = $1) AND number = $2`,
		prefix, number)
}

func (tx *Tx) oneIssue(ctx context.Context, text string, args ...any) (i errata.Issue, err error) {
	found := false
	err = tx.rows(ctx, text, args, func(r scanner) (err error) {
		found = true
		i, err = scanIssue(r)
		return err
	})
	if err == nil && !found {
		err = notFound("issue")
	}
	return i, err
}
