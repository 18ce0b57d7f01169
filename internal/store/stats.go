package store

import "context"

// Stats describes the database and how it is used, for /system and metrics.
type Stats struct {
	Engine string // "SQLite 3.53.4", "PostgreSQL 15.14"
	Bytes  int64  // on disk
	Schema int64  // number of the last migration

	Projects, Issues, Accounts, Letters int64

	Busy, Limit int // connections in transactions, and at most

	Reads, Writes, Retries, Failures int64 // transactions since the start
}

// Stats counts what there is. Counting issues reads an index: a few ms for
// 100,000.
func (s *Store) Stats(ctx context.Context) (st Stats, err error) {
	if err := s.base.describe(ctx, &st); err != nil {
		return st, fault(ctx, err)
	}
	err = s.View(ctx, func(tx *Tx) error {
		_, err := tx.row(ctx, `SELECT (SELECT COUNT(*) FROM project), (SELECT COUNT(*) FROM issue), (SELECT COUNT(*) FROM app_user),
			(SELECT COUNT(*) FROM dead_letter WHERE state = 'parked'), (SELECT MAX(version_id) FROM goose_db_version)`, nil,
			&st.Projects, &st.Issues, &st.Accounts, &st.Letters, &st.Schema)
		return err
	})
	st.Reads, st.Writes = s.tally.reads.Load(), s.tally.writes.Load()
	st.Retries, st.Failures = s.tally.retries.Load(), s.tally.failures.Load()
	return st, err
}
