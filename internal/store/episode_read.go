package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"errata/internal/errata"
)

// EpisodeTime names a time of an episode by which it is looked for.
type EpisodeTime string

// The times of an episode.
const (
	EpisodeOpened    EpisodeTime = "opened_at"
	EpisodeAlerted   EpisodeTime = "alerted_at"
	EpisodeResponded EpisodeTime = "responded_at"
	EpisodeAcked     EpisodeTime = "acked_at"
	EpisodeResolved  EpisodeTime = "resolved_at"
	EpisodeClosed    EpisodeTime = "closed_at"
)

// EpisodeFilter selects episodes. Issue is a condition on their issues; Back
// leaves those after which the issue was regressed, or reopened, within Relapse.
type EpisodeFilter struct {
	Scope Scope
	Issue IssueWhere
	Back  errata.Reason
	Words bool // read what is written about an episode, beside its times
	Owner bool // read who owns the issue now
}

// Relapse is how long after its end an episode can still be said to have come
// back, µs.
const Relapse = int64(30 * 24 * 3600 * 1e6)

// EpisodeSpan selects episodes with one of Times in [From, To), µs; Open adds
// those that are not closed.
type EpisodeSpan struct {
	Times    []EpisodeTime
	From, To int64
	Open     bool
}

// EpisodeRow is an episode with what stands beside it. Owner is the account
// that owns the issue now. Of an episode that was followed by another one, Next
// says why that one opened and NextAt when.
type EpisodeRow struct {
	errata.Episode
	Owner  string
	Next   errata.Reason
	NextAt int64
}

// MaxEpisodes is the most episodes that a figure is computed from.
const MaxEpisodes = 200_000

// episodeTimes are the columns that every figure needs; the rest is words.
const episodeTimes = `e.project_id, e.first_event_ts, e.opened_at, e.alerted_at, e.responded_at, e.acked_at, e.resolved_at, e.closed_at,
	e.close_reason, e.resolution_kind, e.reopen_count, e.severity_peak, e.imported`

const episodeWords = `, e.id, e.issue_id, e.seq, e.open_reason, e.environment, e.release, e.code, e.response_kind, e.responded_by, e.acked_by,
	e.resolved_by, e.severity_open, e.events`

// Episodes hands on every episode of a span once, in no particular order; the
// row is only valid until each returns. Errors: invalid with the reason
// too_many_rows beyond MaxEpisodes.
func (tx *Tx) Episodes(ctx context.Context, f EpisodeFilter, in EpisodeSpan, each func(*EpisodeRow) error) error {
	read := reading{f: f, each: each, limit: MaxEpisodes + 1}
	for i, t := range in.Times {
		q := read.query(``)
		q.within(t, in)
		for _, earlier := range in.Times[:i] { // those have been read
			q.unless(earlier, in)
		}
		if err := read.run(ctx, tx, q); err != nil {
			return err
		}
	}
	if !in.Open {
		return nil
	}
	q := read.open()
	for _, t := range in.Times {
		q.unless(t, in)
	}
	return read.run(ctx, tx, q)
}

// FollowedEpisodes hands on the episodes whose issue opened again in [from, to)
// because an event or a person reopened it.
func (tx *Tx) FollowedEpisodes(ctx context.Context, f EpisodeFilter, from, to int64, each func(*EpisodeRow) error) error {
	read := reading{f: f, each: each, limit: MaxEpisodes + 1, followed: true}
	if !f.Scope.All && len(f.Scope.Projects) == 0 {
		return nil
	}
	q := read.query(` JOIN issue_episode n ON n.issue_id = e.issue_id AND n.seq = e.seq + 1`)
	q.text(` AND n.`)
	q.projects(f.Scope)
	q.text(` AND n.opened_at >= `, q.arg(from), ` AND n.opened_at < `, q.arg(to), ` AND n.open_reason IN ('regressed','reopened')`)
	return read.run(ctx, tx, q)
}

// reading is one reading of episodes by several statements.
type reading struct {
	f        EpisodeFilter
	followed bool
	each     func(*EpisodeRow) error
	row      EpisodeRow
	rows     int
	limit    int
}

// open begins a statement that selects the episodes that are not closed.
func (r *reading) open() *query {
	q := r.selected(``)
	q.text(`e.closed_at IS NULL AND `)
	if r.f.Scope.All || len(r.f.Scope.Projects) == 0 {
		q.episodesOf(r.f)
		return q
	}
	// "|| ''" keeps SQLite from going through all that the projects ever had.
	q.text(`(e.project_id || '') IN (`, q.list(r.f.Scope.Projects), `)`)
	q.issueOf(r.f)
	return q
}

// query begins a statement that selects from episodes "e" of the filter.
func (r *reading) query(join string) *query {
	q := r.selected(join)
	q.episodesOf(r.f)
	return q
}

func (r *reading) selected(join string) *query {
	q := &query{}
	q.text(`SELECT `, episodeTimes)
	if r.f.Words {
		q.text(episodeWords)
	}
	if r.f.Owner {
		q.text(`, (SELECT assignee_id FROM issue WHERE issue.id = e.issue_id)`)
	}
	if r.followed {
		q.text(`, n.open_reason, n.opened_at`)
	}
	q.text(` FROM issue_episode e`, join, ` WHERE `)
	return q
}

// episodesOf writes the conditions of a filter.
func (q *query) episodesOf(f EpisodeFilter) {
	if !f.Scope.All && len(f.Scope.Projects) == 0 {
		q.text(`e.opened_at < 0`) // sees nothing
		return
	}
	q.text(`e.`)
	q.projects(f.Scope)
	q.issueOf(f)
}

// issueOf writes the conditions on the issue and on what followed.
func (q *query) issueOf(f EpisodeFilter) {
	if f.Issue.query != nil {
		q.text(` AND e.issue_id IN (SELECT id FROM issue WHERE `)
		q.where(f.Issue, 0, 0)
		q.text(`)`)
	}
	if f.Back != "" {
		q.text(` AND (EXISTS (SELECT 1 FROM issue_episode b WHERE b.issue_id = e.issue_id AND b.seq = e.seq + 1
			AND b.open_reason = `, q.arg(string(f.Back)), ` AND b.opened_at <= e.resolved_at + `, q.arg(Relapse), `)`)
		if f.Back == errata.ReasonReopened {
			q.text(` OR e.reopen_count > 0`)
		}
		q.text(`)`)
	}
}

// within writes the condition that a time lies in a span. No index orders
// acknowledgements: they come with or after the response.
func (q *query) within(t EpisodeTime, in EpisodeSpan) {
	column := `e.` + string(t)
	q.text(` AND `, column, ` >= `, q.arg(in.From), ` AND `, column, ` < `, q.arg(in.To))
	if t == EpisodeAcked {
		q.text(` AND e.responded_at < `, q.arg(in.To))
	}
}

func (q *query) unless(t EpisodeTime, in EpisodeSpan) {
	column := `e.` + string(t)
	q.text(` AND (`, column, ` IS NULL OR `, column, ` < `, q.arg(in.From), ` OR `, column, ` >= `, q.arg(in.To), `)`)
}

// run hands on the rows of a statement.
func (r *reading) run(ctx context.Context, tx *Tx, q *query) error {
	q.text(` LIMIT `, strconv.Itoa(r.limit-r.rows))
	dest := r.row.places(r.f, r.followed)
	return tx.rowsOnce(ctx, q.String(), q.args, func(s scanner) error {
		r.row = EpisodeRow{}
		if err := s.Scan(dest...); err != nil {
			return err
		}
		if r.rows++; r.rows > MaxEpisodes {
			return tooManyEpisodes()
		}
		return r.each(&r.row)
	})
}

// places are where the columns of a filter go.
func (e *EpisodeRow) places(f EpisodeFilter, followed bool) []any {
	out := []any{
		&e.ProjectID, zero(&e.FirstEventAt), &e.OpenedAt, zero(&e.AlertedAt), zero(&e.RespondedAt), zero(&e.AckedAt), zero(&e.ResolvedAt),
		zero(&e.ClosedAt), zero((*string)(&e.CloseReason)), zero(&e.ResolutionKind), &e.ReopenCount,
		severityIn{&e.SeverityPeak},
		&e.Imported,
	}
	if f.Words {
		out = append(out, &e.ID, &e.IssueID, &e.Seq, (*string)(&e.OpenReason), &e.Environment, &e.Release, &e.Code,
			zero((*string)(&e.ResponseKind)), zero(&e.RespondedBy), zero(&e.AckedBy), zero(&e.ResolvedBy), severityIn{&e.SeverityOpen}, &e.Events)
	}
	if f.Owner {
		out = append(out, zero(&e.Owner))
	}
	if followed {
		out = append(out, (*string)(&e.Next), &e.NextAt)
	}
	return out
}

// severityIn scans a severity without the detour over text that a named type
// takes.
type severityIn struct{ to *errata.Severity }

// Scan implements sql.Scanner.
func (s severityIn) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a severity is a number, not %T", src)
	}
	*s.to = errata.Severity(n) //nolint:gosec // the table checks 0 to 3
	return nil
}

func tooManyEpisodes() error {
	const sentence = "More than 200,000 episodes lie in this range."
	return errata.Because(errata.Invalid, sentence, nil, errata.Detail{
		Reason: "too_many_rows", Field: "from", Message: sentence, Hint: "Shorten the range, or name a service.",
	})
}

// EpisodePage says where a page of episodes begins and in which order: newest
// first by a time, or with Open those that are not closed, longest open first.
type EpisodePage struct {
	Time     EpisodeTime
	From, To int64 // µs; ignored with Open
	Open     bool
	At       int64 // the cursor: time and id of the last row of the page before; ID "" = the first page
	ID       string
	Size     int
}

// EpisodeList returns a page of episodes with all that is known of them.
func (tx *Tx) EpisodeList(ctx context.Context, f EpisodeFilter, p EpisodePage) (out []EpisodeRow, err error) {
	f.Words = true
	out = make([]EpisodeRow, 0, p.Size)
	read := reading{f: f, limit: p.Size, each: func(r *EpisodeRow) error {
		out = append(out, *r)
		return nil
	}}
	q := read.query(``)
	column, order, past := `e.`+string(p.Time), ` DESC`, ` < `
	if p.Open {
		column, order, past, q = `e.opened_at`, ` ASC`, ` > `, read.open()
	} else {
		q.within(p.Time, EpisodeSpan{From: p.From, To: p.To})
	}
	if p.ID != "" {
		q.text(` AND (`, column, `, e.id)`, past, `(`, q.arg(p.At), `, `, q.arg(p.ID), `)`)
	}
	q.text(` ORDER BY `, column, order, `, e.id`, order)
	err = read.run(ctx, tx, q)
	return slices.Clip(out), err
}

// LastTransition returns the greatest id of the ledger, "" while it is empty.
// What it does not know yet has not changed any episode.
func (tx *Tx) LastTransition(ctx context.Context) (id string, err error) {
	_, err = tx.row(ctx, `SELECT id FROM issue_transition ORDER BY id DESC LIMIT 1`, nil, &id)
	return id, err
}
