package store

import (
	"context"
	"strconv"

	"errata/internal/errata"
)

// quarters writes the start of the quarter of an hour of a column.
func quarters(column string) string {
	return column + ` - ` + column + ` % ` + strconv.Itoa(quarterUS)
}

// RegressedAt counts the episodes of Regressions by the quarter of an hour (its
// start, µs) in which they opened.
func (tx *Tx) RegressedAt(ctx context.Context, s Slice, from, to int64) (map[int64]int64, error) {
	return tx.pairs(ctx, episodesAt(s, EpisodeOpened, ` AND open_reason = 'regressed'`, from, to))
}

// ResolvedAt counts the episodes that ended resolved in [from, to) by the
// quarter of an hour of their end; the environments are those of the events that
// opened them.
func (tx *Tx) ResolvedAt(ctx context.Context, s Slice, from, to int64) (map[int64]int64, error) {
	return tx.pairs(ctx, episodesAt(s, EpisodeResolved, ``, from, to))
}

func episodesAt(s Slice, by EpisodeTime, more string, from, to int64) *query {
	q := &query{}
	column := string(by)
	q.text(`SELECT `, quarters(column), `, COUNT(*) FROM issue_episode WHERE `)
	q.projects(s.Scope)
	q.text(` AND `, column, ` >= `, q.arg(from), ` AND `, column, ` < `, q.arg(to), more)
	if len(s.Environments) > 0 {
		q.text(` AND environment IN (`, q.list(s.Environments), `)`)
	}
	if s.Issue.query != nil {
		q.text(` AND issue_id IN (SELECT id FROM issue WHERE `)
		q.where(s.Issue, from, to)
		q.text(`)`)
	}
	q.text(` GROUP BY `, quarters(column))
	return q
}

// NewIssueIDs returns the issues whose first event lies in [from, to): the most
// urgent first, then those with the most events.
func (tx *Tx) NewIssueIDs(ctx context.Context, s Slice, from, to int64, limit int) ([]string, error) {
	q := &query{}
	q.text(`SELECT id FROM issue WHERE `)
	q.firstSeen(s, from, to)
	q.text(` ORDER BY severity, events DESC, id DESC LIMIT `, q.arg(limit))
	return tx.ids(ctx, q)
}

// RegressedIssueIDs returns the issues of Regressions: those that came back last
// first, each once.
func (tx *Tx) RegressedIssueIDs(ctx context.Context, s Slice, from, to int64, limit int) ([]string, error) {
	q := &query{}
	q.text(`SELECT issue_id FROM issue_episode WHERE `)
	q.projects(s.Scope)
	q.text(` AND opened_at >= `, q.arg(from), ` AND opened_at < `, q.arg(to), ` AND open_reason = 'regressed'`)
	if len(s.Environments) > 0 {
		q.text(` AND environment IN (`, q.list(s.Environments), `)`)
	}
	q.text(` GROUP BY issue_id ORDER BY MAX(opened_at) DESC, issue_id DESC LIMIT `, q.arg(limit))
	return tx.ids(ctx, q)
}

func (tx *Tx) ids(ctx context.Context, q *query) (out []string, err error) {
	err = tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
		var id string
		err := r.Scan(&id)
		out = append(out, id)
		return err
	})
	return out, err
}

// Since is what happened after a moment that changes figures of a time that was
// over by then.
type Since struct {
	Late      int64 // events of that time that arrived later, as far as arrivals are on record
	TakenBack int64 // resolutions of that time that somebody undid, or took up again within ten minutes
	Severity  int64 // changes of an issue's severity, by whomever
}

// ChangedSince counts, from the arrivals of events and the ledger, what happened
// since a moment to [from, to), µs.
func (tx *Tx) ChangedSince(ctx context.Context, in Scope, since, from, to int64) (out Since, err error) {
	if !in.All && len(in.Projects) == 0 {
		return out, nil
	}
	late := &query{}
	late.text(`SELECT COUNT(*) FROM event_applied WHERE `)
	late.projects(in)
	late.text(` AND at >= `, late.arg(since), ` AND event_time >= `, late.arg(from), ` AND event_time < `, late.arg(to))
	back := ledgerSince(in, since)
	back.text(` AND t.rule IN ('`, string(errata.RuleReopenSame), `','`, string(errata.RuleUndo), `') AND EXISTS (SELECT 1 FROM issue_transition r WHERE r.issue_id = t.issue_id
		AND r.seq < t.seq AND r.episode_seq = t.episode_seq AND r.rule = '`, string(errata.RuleResolve), `' AND r.at >= `, back.arg(from), ` AND r.at < `, back.arg(to), `)`)
	severity := ledgerSince(in, since)
	severity.text(` AND t.detail LIKE '%"severity":[%'`)
	for _, c := range []struct {
		q  *query
		to *int64
	}{{late, &out.Late}, {back, &out.TakenBack}, {severity, &out.Severity}} {
		if err := tx.rowsOnce(ctx, c.q.String(), c.q.args, func(r scanner) error { return r.Scan(c.to) }); err != nil {
			return out, err
		}
	}
	return out, nil
}

func ledgerSince(in Scope, since int64) *query {
	q := &query{}
	q.text(`SELECT COUNT(*) FROM issue_transition t WHERE t.`)
	q.projects(in)
	q.text(` AND t.at >= `, q.arg(since))
	return q
}
