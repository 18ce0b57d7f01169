package loadtest

import (
	"context"
	"database/sql"
)

// books are the counters of the SQL store, read past the product.
type books struct {
	issues   map[string]issueRow // by internal id
	applied  map[string]string   // event id → internal id of its issue
	envs     map[string]map[string]int64
	releases map[string]map[string]int64
	hours    map[string]int64 // by issue
	users    map[string]int64 // rows of users by issue
	outcomes map[string]int64 // by "outcome/reason"
	quarters int64            // events in the roll-up of the project
	letters  int64
}

type issueRow struct{ number, events, users int64 }

func readBooks(ctx context.Context, db *sql.DB) (*books, error) {
	b := &books{
		issues: map[string]issueRow{}, applied: map[string]string{}, envs: map[string]map[string]int64{},
		releases: map[string]map[string]int64{}, hours: map[string]int64{}, users: map[string]int64{}, outcomes: map[string]int64{},
	}
	r := reader{ctx: ctx, db: db}
	r.each(`SELECT id, number, events, users FROM issue`, func(scan func(...any) error) error {
		var id string
		var row issueRow
		err := scan(&id, &row.number, &row.events, &row.users)
		b.issues[id] = row
		return err
	})
	r.each(`SELECT event_id, COALESCE(issue_id, '') FROM event_applied WHERE project_id <> ''`, func(scan func(...any) error) error {
		var event, issue string
		err := scan(&event, &issue)
		b.applied[event] = issue
		return err
	})
	r.sums(`SELECT issue_id, environment, SUM(events) FROM issue_env GROUP BY issue_id, environment`, b.envs)
	r.sums(`SELECT issue_id, release, SUM(events) FROM issue_release GROUP BY issue_id, release`, b.releases)
	r.counts(`SELECT issue_id, SUM(events) FROM issue_hour GROUP BY issue_id`, b.hours)
	r.counts(`SELECT issue_id, COUNT(*) FROM issue_user GROUP BY issue_id`, b.users)
	r.counts(`SELECT outcome || '/' || reason, SUM(items) FROM outcome_hourly GROUP BY outcome, reason`, b.outcomes)
	r.number(`SELECT COALESCE(SUM(events), 0) FROM project_quarter`, &b.quarters)
	r.number(`SELECT COUNT(*) FROM dead_letter`, &b.letters)
	return b, r.err
}

// reader keeps the first error.
type reader struct {
	ctx context.Context //nolint:containedctx // lives as long as one call
	db  *sql.DB
	err error
}

func (r *reader) each(text string, row func(scan func(...any) error) error) {
	if r.err != nil {
		return
	}
	rows, err := r.db.QueryContext(r.ctx, text)
	if err != nil {
		r.err = err
		return
	}
	defer rows.Close()
	for rows.Next() {
		if r.err = row(rows.Scan); r.err != nil {
			return
		}
	}
	r.err = rows.Err()
}

func (r *reader) counts(text string, into map[string]int64) {
	r.each(text, func(scan func(...any) error) error {
		var key string
		var n int64
		err := scan(&key, &n)
		into[key] = n
		return err
	})
}

func (r *reader) sums(text string, into map[string]map[string]int64) {
	r.each(text, func(scan func(...any) error) error {
		var key, name string
		var n int64
		err := scan(&key, &name, &n)
		if into[key] == nil {
			into[key] = map[string]int64{}
		}
		into[key][name] = n
		return err
	})
}

func (r *reader) number(text string, into *int64) {
	r.each(text, func(scan func(...any) error) error { return scan(into) })
}
