package store

import (
	"context"
	"database/sql"
	"io/fs"
	"log/slog"

	"errata/internal/errata"
)

// What tests of the outside need of the inside.
var (
	Fault           = fault
	Passing         = passing
	JudgeDurability = judgeDurability
	IssuePiece      = idPiece
)

// MigrateSQLite migrates with other files than those of this program.
func MigrateSQLite(ctx context.Context, db *sql.DB, files fs.FS) error {
	return migrateSQLite(ctx, db, files, slog.New(slog.DiscardHandler))
}

// MigratePostgres does so on PostgreSQL.
func MigratePostgres(ctx context.Context, db *sql.DB, files fs.FS) error {
	return migratePostgres(ctx, db, files, slog.New(slog.DiscardHandler))
}

// Visible lists the files that a database is shown.
func Visible(files fs.FS, dialect string) ([]string, error) {
	return fs.Glob(dialectFiles{files, dialect}, "*.sql")
}

// Postgres says which database this is.
func (s *Store) Postgres() bool { _, is := s.base.(*postgresBase); return is }

// Select reads what no method reads.
func (tx *Tx) Select(ctx context.Context, text string, args []any, each func(scan func(...any) error) error) error {
	return tx.rowsOnce(ctx, text, args, func(r scanner) error { return each(r.Scan) })
}

// Change writes what no method writes.
func (tx *Tx) Change(ctx context.Context, text string, args ...any) (int64, error) {
	return tx.change(ctx, text, args...)
}

// Counting has the transaction count the statements that read.
func (tx *Tx) Counting() *int {
	n := new(int)
	tx.link = counted{tx.link, n}
	return n
}

type counted struct {
	link
	n *int
}

func (c counted) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	*c.n++
	return c.link.query(ctx, text, args)
}

func (c counted) queryOnce(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	*c.n++
	return c.link.queryOnce(ctx, text, args)
}

// IssueListSQL returns the statement of a page.
func IssueListSQL(f IssueFilter, p IssuePage) (string, []any) {
	q := issueList(f, p)
	return q.String(), q.args
}

// TallySQL returns the statement of the tallies.
func TallySQL(f IssueFilter) (string, []any) {
	q := &query{}
	q.text(`SELECT rank, COUNT(*) FROM issue WHERE `)
	q.issues(f)
	q.text(` GROUP BY rank`)
	return q.String(), q.args
}

// VolumeSQL returns the statement of a volume by severity.
func VolumeSQL(f VolumeFilter) (string, []any) {
	q := volumeOfQuarters(f, BySeverity)
	return q.String(), q.args
}

// HalvesSQL returns the statement of a volume by severity over half hours.
func HalvesSQL(f VolumeFilter) (string, []any) {
	q, _ := volumeOfHalves(f, BySeverity)
	return q.String(), q.args
}

// AppliedSQL returns the statements that look up and add n events.
func AppliedSQL(n int) (find, insert string) { return appliedByKey.text(n), insertApplied.text(n) }

// SweepSQL returns the statements that sweep counters of one issue.
func SweepSQL() []string {
	return []string{counterSweeps.hours, counterSweeps.envs, counterSweeps.releases, counterSweeps.users}
}

// EpisodesSQL returns the statement that reads the episodes of one time, or with
// "" those that are not closed.
func EpisodesSQL(f EpisodeFilter, t EpisodeTime, in EpisodeSpan) (string, []any) {
	q := (&reading{f: f}).open()
	if t != "" {
		q = (&reading{f: f}).query(``)
		q.within(t, in)
	}
	return q.String(), q.args
}

// OverviewSQL returns the statements of an overview by what they read.
func OverviewSQL(in Scope, from, to int64) map[string]func() (string, []any) {
	out, s := map[string]func() (string, []any){}, Slice{Scope: in}
	for name, q := range map[string]*query{
		"new": newIssues(s, from, to), "regressed": regressions(s, from, to), "waiting": waitingIssues(s, Targets{"": {errata.P0: {Ack: 1}}}, 5),
		"active": activeIssues(ActiveFilter{IssueFilter: IssueFilter{Scope: in, From: from}}, ByEvents, 0, 100),
	} {
		out[name] = func() (string, []any) { return q.String(), q.args }
	}
	return out
}
