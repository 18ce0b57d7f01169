package store

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"errata/internal/errata"
)

var addOutcomes = bulk{
	head: `INSERT INTO outcome_hourly (project_id, hour, category, outcome, reason, items, bytes) VALUES `, width: 7,
	tail: ` ON CONFLICT (project_id, hour, category, outcome, reason) DO UPDATE SET items = outcome_hourly.items + excluded.items,
		bytes = outcome_hourly.bytes + excluded.bytes`,
}

func compareOutcomes(a, b errata.OutcomeKey) int {
	return cmp.Or(cmp.Compare(a.ProjectID, b.ProjectID), cmp.Compare(a.Hour, b.Hour), cmp.Compare(a.Category, b.Category),
		cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Reason, b.Reason))
}

// AddOutcomes adds to the counters of items.
func (tx *Tx) AddOutcomes(ctx context.Context, counts errata.Outcomes) error {
	keys := slices.SortedFunc(maps.Keys(counts), compareOutcomes)
	return tx.changeBulk(ctx, &addOutcomes, len(keys), nil, func(args []any, i int) []any {
		k, c := &keys[i], counts[keys[i]]
		return append(args, k.ProjectID, k.Hour, string(k.Category), string(k.Outcome), k.Reason, c.Items, c.Bytes)
	})
}

// OutcomeSum says what of outcomes to add up: hours that start in [From, To),
// told apart by project, by hour, or not.
type OutcomeSum struct {
	Scope             Scope
	From, To          int64 // µs
	ByProject, ByHour bool
}

// Outcomes adds up outcomes. Keys have no project and no hour where these are
// not told apart.
func (tx *Tx) Outcomes(ctx context.Context, sum OutcomeSum) (errata.Outcomes, error) {
	project, hour, group := "''", "0", "category, outcome, reason"
	if sum.ByProject {
		project, group = "project_id", group+", project_id"
	}
	if sum.ByHour {
		hour, group = "hour", group+", hour"
	}
	var q query
	q.text(`SELECT `, project, `, `, hour, `, category, outcome, reason, CAST(SUM(items) AS BIGINT), CAST(SUM(bytes) AS BIGINT) FROM outcome_hourly WHERE `)
	q.projects(sum.Scope)
	q.text(` AND hour >= `, q.arg(sum.From), ` AND hour < `, q.arg(sum.To), ` GROUP BY `, group)
	out := errata.Outcomes{}
	err := tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
		var k errata.OutcomeKey
		var c errata.OutcomeCount
		err := r.Scan(&k.ProjectID, &k.Hour, &k.Category, &k.Outcome, &k.Reason, &c.Items, &c.Bytes)
		out[k] = c
		return err
	})
	return out, err
}
