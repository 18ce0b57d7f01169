package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
)

// MaxIssueUsers is how many users of an issue are told apart. The worker stops
// adding users of an issue that has as many; pages then write "10,000+".
const MaxIssueUsers = 10_000

// IssueUser names a user of an issue by the hash of the user's identifier.
type IssueUser struct{ IssueID, UserHash string }

func (u IssueUser) compare(o IssueUser) int {
	return cmp.Or(cmp.Compare(u.IssueID, o.IssueID), cmp.Compare(u.UserHash, o.UserHash))
}

var insertUsers = bulk{
	head: `INSERT INTO issue_user (issue_id, user_hash, day) VALUES `, width: 3,
	tail: ` ON CONFLICT DO NOTHING RETURNING issue_id, user_hash`,
}

var moveUsers = bulk{head: `UPDATE issue_user SET day = $1 WHERE day < $1 AND (issue_id, user_hash) IN (VALUES `, width: 2, fixed: 1, tail: `)`}

// AddIssueUsers notes the last day (since 1970 UTC) on which each user met the
// issue, and returns how many users are new to each issue.
func (tx *Tx) AddIssueUsers(ctx context.Context, seen map[IssueUser]int64) (newcomers map[string]int64, err error) {
	users := slices.SortedFunc(maps.Keys(seen), IssueUser.compare)
	newcomers = map[string]int64{}
	fresh := make(map[IssueUser]bool, len(users))
	err = tx.changeBulkRows(ctx, &insertUsers, len(users), func(args []any, i int) []any {
		return append(args, users[i].IssueID, users[i].UserHash, seen[users[i]])
	}, func(r scanner) error {
		var u IssueUser
		err := r.Scan(&u.IssueID, &u.UserHash)
		fresh[u] = true
		newcomers[u.IssueID]++
		return err
	})
	if err != nil {
		return nil, err
	}
	return newcomers, tx.moveIssueUsers(ctx, seen, slices.DeleteFunc(users, func(u IssueUser) bool { return fresh[u] }))
}

// moveIssueUsers brings the day of known users forward.
func (tx *Tx) moveIssueUsers(ctx context.Context, seen map[IssueUser]int64, known []IssueUser) error {
	byDay := map[int64][]IssueUser{}
	for _, u := range known {
		byDay[seen[u]] = append(byDay[seen[u]], u)
	}
	for _, day := range slices.Sorted(maps.Keys(byDay)) {
		users := byDay[day]
		err := tx.changeBulk(ctx, &moveUsers, len(users), []any{day}, func(args []any, i int) []any {
			return append(args, users[i].IssueID, users[i].UserHash)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// IssueHour names a counter of events. Hour is the µs at which it starts.
type IssueHour struct {
	IssueID     string
	Hour        int64
	Environment string
}

func (h IssueHour) compare(o IssueHour) int {
	return cmp.Or(cmp.Compare(h.IssueID, o.IssueID), cmp.Compare(h.Hour, o.Hour), cmp.Compare(h.Environment, o.Environment))
}

var addHours = bulk{
	head: `INSERT INTO issue_hour (issue_id, hour, environment, events) VALUES `, width: 4,
	tail: ` ON CONFLICT (issue_id, hour, environment) DO UPDATE SET events = issue_hour.events + excluded.events`,
}

// AddIssueHours adds events to the hours of issues.
func (tx *Tx) AddIssueHours(ctx context.Context, counts map[IssueHour]int64) error {
	keys := slices.SortedFunc(maps.Keys(counts), IssueHour.compare)
	return tx.changeBulk(ctx, &addHours, len(keys), nil, func(args []any, i int) []any {
		return append(args, keys[i].IssueID, keys[i].Hour, keys[i].Environment, counts[keys[i]])
	})
}

// IssueIn names an issue in an environment or a release.
type IssueIn struct{ IssueID, Name string }

func (n IssueIn) compare(o IssueIn) int {
	return cmp.Or(cmp.Compare(n.IssueID, o.IssueID), cmp.Compare(n.Name, o.Name))
}

// Span says when events were first and last seen (µs) and how many there were.
type Span struct{ First, Last, Events int64 }

// Add widens the span by one event at t.
func (s Span) Add(t int64) Span {
	if s.Events == 0 {
		return Span{t, t, 1}
	}
	return Span{min(s.First, t), max(s.Last, t), s.Events + 1}
}

// spans builds the statement for issue_env and issue_release, which differ in
// names alone.
func spans(table, column string) *bulk {
	return &bulk{
		head: `INSERT INTO ` + table + ` (issue_id, ` + column + `, first_seen, last_seen, events) VALUES `, width: 5,
		tail: ` ON CONFLICT (issue_id, ` + column + `) DO UPDATE SET events = ` + table + `.events + excluded.events,
		first_seen = CASE WHEN excluded.first_seen < ` + table + `.first_seen THEN excluded.first_seen ELSE ` + table + `.first_seen END,
		last_seen = CASE WHEN excluded.last_seen > ` + table + `.last_seen THEN excluded.last_seen ELSE ` + table + `.last_seen END`,
	}
}

var (
	addEnvs     = spans("issue_env", "environment")
	addReleases = spans("issue_release", "release")
)

// AddIssueEnvs adds events to the environments of issues.
func (tx *Tx) AddIssueEnvs(ctx context.Context, seen map[IssueIn]Span) error {
	return tx.addSpans(ctx, addEnvs, seen)
}

// AddIssueReleases adds events to the releases of issues.
func (tx *Tx) AddIssueReleases(ctx context.Context, seen map[IssueIn]Span) error {
	return tx.addSpans(ctx, addReleases, seen)
}

func (tx *Tx) addSpans(ctx context.Context, b *bulk, seen map[IssueIn]Span) error {
	keys := slices.SortedFunc(maps.Keys(seen), IssueIn.compare)
	return tx.changeBulk(ctx, b, len(keys), nil, func(args []any, i int) []any {
		s := seen[keys[i]]
		return append(args, keys[i].IssueID, keys[i].Name, s.First, s.Last, s.Events)
	})
}
