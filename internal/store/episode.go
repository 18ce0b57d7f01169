package store

import (
	"context"

	"errata/internal/errata"
)

const episodeColumns = `id, issue_id, project_id, seq, open_reason, environment, release, code, open_event_id, first_event_ts, opened_at,
	alerted_at, responded_at, response_kind, responded_by, acked_at, acked_by, resolved_at, resolution_kind, resolved_by, closed_at,
	close_reason, reopen_count, events, severity_open, severity_peak, imported`

func scanEpisode(r scanner) (e errata.Episode, err error) {
	var open, peak int64
	err = r.Scan(&e.ID, &e.IssueID, &e.ProjectID, &e.Seq, (*string)(&e.OpenReason), &e.Environment, &e.Release, &e.Code,
		zero(&e.OpenEventID), zero(&e.FirstEventAt), &e.OpenedAt, zero(&e.AlertedAt), zero(&e.RespondedAt), zero((*string)(&e.ResponseKind)),
		zero(&e.RespondedBy), zero(&e.AckedAt), zero(&e.AckedBy), zero(&e.ResolvedAt), zero(&e.ResolutionKind), zero(&e.ResolvedBy),
		zero(&e.ClosedAt), zero((*string)(&e.CloseReason)), &e.ReopenCount, &e.Events, &open, &peak, &e.Imported)
	e.SeverityOpen, e.SeverityPeak = errata.Severity(open), errata.Severity(peak) //nolint:gosec // the table checks 0 to 3
	return e, err
}

// CreateEpisode adds an episode. An issue has at most one that is not closed.
func (tx *Tx) CreateEpisode(ctx context.Context, e errata.Episode) error {
	_, err := tx.change(ctx, `INSERT INTO issue_episode (`+episodeColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)`,
		e.ID, e.IssueID, e.ProjectID, e.Seq, string(e.OpenReason), e.Environment, e.Release, e.Code, null(e.OpenEventID),
		nullInt(e.FirstEventAt), e.OpenedAt, nullInt(e.AlertedAt), nullInt(e.RespondedAt), null(string(e.ResponseKind)), null(e.RespondedBy),
		nullInt(e.AckedAt), null(e.AckedBy), nullInt(e.ResolvedAt), null(e.ResolutionKind), null(e.ResolvedBy), nullInt(e.ClosedAt),
		null(string(e.CloseReason)), e.ReopenCount, e.Events, int64(e.SeverityOpen), int64(e.SeverityPeak), e.Imported)
	return err
}

// UpdateEpisode writes what became of an episode; not_found. Events are only
// ever added (AddEpisodeEvents), the peak only rises, and an alert, once noted,
// stays: others write these without looking at the version of the issue.
func (tx *Tx) UpdateEpisode(ctx context.Context, e errata.Episode) error {
	n, err := tx.change(ctx, `UPDATE issue_episode SET alerted_at = COALESCE($2, alerted_at), responded_at = $3, response_kind = $4,
		responded_by = $5, acked_at = $6, acked_by = $7, resolved_at = $8, resolution_kind = $9, resolved_by = $10, closed_at = $11,
		close_reason = $12, reopen_count = $13, severity_peak = CASE WHEN $14 < severity_peak THEN $14 ELSE severity_peak END
		WHERE id = $1`,
		e.ID, nullInt(e.AlertedAt), nullInt(e.RespondedAt), null(string(e.ResponseKind)), null(e.RespondedBy), nullInt(e.AckedAt),
		null(e.AckedBy), nullInt(e.ResolvedAt), null(e.ResolutionKind), null(e.ResolvedBy), nullInt(e.ClosedAt),
		null(string(e.CloseReason)), e.ReopenCount, int64(e.SeverityPeak))
	if err == nil && n == 0 {
		return notFound("episode")
	}
	return err
}

// RestoreEpisode puts back how urgent an episode was at most, which UpdateEpisode
// only raises, and gives it the events of one that was withdrawn without any
// left to it. The version of the issue says that nobody wrote meanwhile.
func (tx *Tx) RestoreEpisode(ctx context.Context, e errata.Episode, undone *errata.Episode) error {
	if _, err := tx.change(ctx, `UPDATE issue_episode SET severity_peak = $2 WHERE id = $1`, e.ID, int64(e.SeverityPeak)); err != nil {
		return err
	}
	if undone == nil || undone.Events > 0 {
		return nil
	}
	if _, err := tx.change(ctx, `UPDATE issue_episode SET events = events + (SELECT u.events FROM issue_episode u WHERE u.id = $2) WHERE id = $1`,
		e.ID, undone.ID); err != nil {
		return err
	}
	_, err := tx.change(ctx, `UPDATE issue_episode SET events = 0 WHERE id = $1`, undone.ID)
	return err
}

// AddEpisodeEvents counts events into the open episode of an issue that has
// come to a severity; without an open episode nothing happens.
func (tx *Tx) AddEpisodeEvents(ctx context.Context, issueID string, n int64, severity errata.Severity) error {
	_, err := tx.change(ctx, `UPDATE issue_episode SET events = events + $2,
		severity_peak = CASE WHEN $3 < severity_peak THEN $3 ELSE severity_peak END WHERE issue_id = $1 AND closed_at IS NULL`,
		issueID, n, int64(severity))
	return err
}

// EpisodeOf returns the open episode of an issue, else the last that was not
// undone; Seq 0: none.
func (tx *Tx) EpisodeOf(ctx context.Context, issueID string) (e errata.Episode, err error) {
	err = tx.rows(ctx, `SELECT `+episodeColumns+` FROM issue_episode WHERE issue_id = $1 ORDER BY `+shownFirst+` LIMIT 1`, []any{issueID},
		func(r scanner) (err error) {
			e, err = scanEpisode(r)
			return err
		})
	return e, err
}

// EpisodesOf returns every episode of an issue, oldest first.
func (tx *Tx) EpisodesOf(ctx context.Context, issueID string) (out []errata.Episode, err error) {
	err = tx.rows(ctx, `SELECT `+episodeColumns+` FROM issue_episode WHERE issue_id = $1 ORDER BY seq`, []any{issueID}, func(r scanner) error {
		e, err := scanEpisode(r)
		out = append(out, e)
		return err
	})
	return out, err
}

// shownFirst orders the episodes of an issue: the open one, then the last that
// was not undone.
const shownFirst = `CASE WHEN closed_at IS NULL THEN 0 WHEN close_reason = 'undone' THEN 2 ELSE 1 END, seq DESC`

var episodeOfEach = bulk{
	head: `SELECT ` + episodeColumns + ` FROM (SELECT ` + episodeColumns + `, ROW_NUMBER() OVER (PARTITION BY issue_id ORDER BY ` + shownFirst + `) AS place
		FROM issue_episode WHERE issue_id IN (`, width: 1, tail: `)) AS ranked WHERE place = 1`,
}

// EpisodeOfEach returns what EpisodeOf does for many issues, by the id of the
// issue; one without an episode is missing.
func (tx *Tx) EpisodeOfEach(ctx context.Context, issueIDs []string) (map[string]errata.Episode, error) {
	ids := sortedUnique(issueIDs)
	out := make(map[string]errata.Episode, len(ids))
	err := tx.bulkRows(ctx, &episodeOfEach, len(ids), nil, func(args []any, i int) []any { return append(args, ids[i]) },
		func(r scanner) error {
			e, err := scanEpisode(r)
			out[e.IssueID] = e
			return err
		})
	return out, err
}
