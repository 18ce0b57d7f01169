package store

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"errata/internal/errata"
)

// Standing is where unresolved issues stand: their status and severity.
type Standing struct {
	Status   errata.Status
	Severity errata.Severity
}

// Unresolved says whether an issue that stands there is counted.
func (s Standing) Unresolved() bool {
	return s.Status == errata.Open || s.Status == errata.Acknowledged
}

// Standings counts the unresolved issues of a project as they stand now.
func (tx *Tx) Standings(ctx context.Context, projectID string) (map[Standing]int64, error) {
	out := map[Standing]int64{}
	err := tx.rows(ctx, `SELECT status, severity, COUNT(*) FROM issue
		WHERE project_id = $1 AND status IN ('open','acknowledged') GROUP BY status, severity`, []any{projectID}, func(r scanner) error {
		var s Standing
		var n int64
		err := r.Scan((*string)(&s.Status), severityIn{&s.Severity}, &n)
		out[s] = n
		return err
	})
	return out, err
}

// Move is a row of the ledger as a change of standing at a time (µs): an issue
// left From, or was not there when its status is "", and stands at To.
type Move struct {
	At       int64
	From, To Standing
}

// Moves returns what a project's ledger says since a time (µs), the latest row
// first. Severities that a row does not name are those of the issue's later
// rows, or of the issue itself.
func (tx *Tx) Moves(ctx context.Context, projectID string, since int64) (out []Move, err error) {
	severities := map[string]errata.Severity{} // of each issue before the row at hand
	err = tx.rows(ctx, `SELECT t.issue_id, t.at, t.from_status, t.to_status, t.detail, i.severity
		FROM issue_transition t JOIN issue i ON i.id = t.issue_id
		WHERE t.project_id = $1 AND t.at >= $2 ORDER BY t.issue_id, t.seq DESC`, []any{projectID, since}, func(r scanner) error {
		var m Move
		var issue, detail string
		var now errata.Severity
		if err := r.Scan(&issue, &m.At, (*string)(&m.From.Status), (*string)(&m.To.Status), &detail, severityIn{&now}); err != nil {
			return err
		}
		after, known := severities[issue]
		if !known {
			after = now
		}
		m.From.Severity, m.To.Severity = after, after
		if before, changed, err := severityBefore(detail); err != nil {
			return err
		} else if changed {
			m.From.Severity = before
		}
		severities[issue] = m.From.Severity
		out = append(out, m)
		return nil
	})
	slices.SortStableFunc(out, func(a, b Move) int { return cmp.Compare(b.At, a.At) })
	return out, err
}

// severityBefore reads the old severity from a row's detail.
func severityBefore(detail string) (s errata.Severity, changed bool, err error) {
	if detail == "{}" {
		return 0, false, nil
	}
	var d struct{ Severity [2]string }
	if err := json.Unmarshal([]byte(detail), &d); err != nil {
		return 0, false, err
	}
	s, changed = errata.ParseSeverity(d.Severity[0])
	return s, changed && d.Severity[0] != "", nil
}

// FirstTransition returns when the ledger of a project begins, µs; 0 while it is
// empty.
func (tx *Tx) FirstTransition(ctx context.Context, projectID string) (at int64, err error) {
	_, err = tx.row(ctx, `SELECT at FROM issue_transition WHERE project_id = $1 ORDER BY at LIMIT 1`, []any{projectID}, &at)
	return at, err
}

// LastStatusHour returns the last hour that was counted for a project, µs; 0 =
// none.
func (tx *Tx) LastStatusHour(ctx context.Context, projectID string) (hour int64, err error) {
	_, err = tx.row(ctx, `SELECT hour FROM status_hour WHERE project_id = $1 ORDER BY hour DESC LIMIT 1`, []any{projectID}, &hour)
	return hour, err
}

// StatusHour is a count at one hour (µs).
type StatusHour struct {
	Hour int64
	Standing
}

func (h StatusHour) compare(o StatusHour) int {
	return cmp.Or(cmp.Compare(h.Hour, o.Hour), cmp.Compare(h.Status, o.Status), cmp.Compare(h.Severity, o.Severity))
}

var insertStatusHours = bulk{head: `INSERT INTO status_hour (project_id, hour, status, severity, n) VALUES `, width: 5}

// PutStatusHours replaces the counts of a project at the hours [from, to], µs.
func (tx *Tx) PutStatusHours(ctx context.Context, projectID string, from, to int64, counts map[StatusHour]int64) error {
	if _, err := tx.change(ctx, `DELETE FROM status_hour WHERE project_id = $1 AND hour >= $2 AND hour <= $3`, projectID, from, to); err != nil {
		return err
	}
	keys := slices.SortedFunc(maps.Keys(counts), StatusHour.compare)
	return tx.changeBulk(ctx, &insertStatusHours, len(keys), nil, func(args []any, i int) []any {
		k := &keys[i]
		return append(args, projectID, k.Hour, string(k.Status), int64(k.Severity), counts[*k])
	})
}

// SweepStatusHours removes hours before (µs).
func (tx *Tx) SweepStatusHours(ctx context.Context, before int64) (int64, error) {
	return tx.sweepProjects(ctx, "status_hour", "hour", before)
}
