package store

import (
	"context"

	"errata/internal/errata"
)

// Targets are how fast responses are wanted, by project; "" is the
// installation.
type Targets map[string]map[errata.Severity]errata.Target

// Of returns the target of a project, which overrides that of the installation,
// for a severity.
func (t Targets) Of(project string, s errata.Severity) errata.Target {
	if own, ok := t[project][s]; ok {
		return own
	}
	return t[""][s]
}

// Targets reads all of them.
func (tx *Tx) Targets(ctx context.Context) (Targets, error) {
	out := Targets{}
	err := tx.rows(ctx, `SELECT project_id, severity, ack_us, resolve_us FROM target`, nil, func(r scanner) error {
		var t errata.Target
		err := r.Scan(&t.ProjectID, severityIn{&t.Severity}, zero(&t.Ack), zero(&t.Resolve))
		if out[t.ProjectID] == nil {
			out[t.ProjectID] = map[errata.Severity]errata.Target{}
		}
		out[t.ProjectID][t.Severity] = t
		return err
	})
	return out, err
}
