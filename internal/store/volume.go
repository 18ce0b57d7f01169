package store

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"errata/internal/errata"
)

// Quarter names a counter of a project's events. Start is the µs at which a
// quarter of an hour begins: half-hour zones get exact days from these.
type Quarter struct {
	ProjectID   string
	Start       int64
	Environment string
	Severity    errata.Severity // of the event
	Level       errata.Level
}

func (q Quarter) compare(o Quarter) int {
	return cmp.Or(cmp.Compare(q.ProjectID, o.ProjectID), cmp.Compare(q.Start, o.Start), cmp.Compare(q.Environment, o.Environment),
		cmp.Compare(q.Severity, o.Severity), cmp.Compare(q.Level, o.Level))
}

var addQuarters = bulk{
	head: `INSERT INTO project_quarter (project_id, quarter, environment, severity, level, events) VALUES `, width: 6,
	tail: ` ON CONFLICT (project_id, quarter, environment, severity, level) DO UPDATE SET events = project_quarter.events + excluded.events`,
}

// AddProjectQuarters adds events to the quarters of projects.
func (tx *Tx) AddProjectQuarters(ctx context.Context, counts map[Quarter]int64) error {
	keys := slices.SortedFunc(maps.Keys(counts), Quarter.compare)
	return tx.changeBulk(ctx, &addQuarters, len(keys), nil, func(args []any, i int) []any {
		k := &keys[i]
		return append(args, k.ProjectID, k.Start, k.Environment, int64(k.Severity), string(k.Level), counts[*k])
	})
}

// VolumeKey is what events are told apart by.
type VolumeKey string

// The keys of Volume.
const (
	ByNothing     VolumeKey = ""
	BySeverity    VolumeKey = "severity" // of the event: P0 … P3
	ByLevel       VolumeKey = "level"
	ByProject     VolumeKey = "project" // its id
	ByEnvironment VolumeKey = "environment"
)

// volumeColumns are the columns of the keys; ByNothing has a constant.
var volumeColumns = map[VolumeKey]string{ByNothing: "''", BySeverity: "severity", ByLevel: "level", ByProject: "project_id", ByEnvironment: "environment"}

// VolumeFilter selects events by quarters that start in [From, To). Empty lists
// do not filter.
type VolumeFilter struct {
	Scope        Scope
	From, To     int64 // µs
	Environments []string
	Severities   []errata.Severity // of the event
	Levels       []errata.Level
}

// Volume is a number of events in a quarter of an hour that starts at Start.
type Volume struct {
	Start  int64
	Key    string
	Events int64
}

// Volume counts events per quarter and key, in no particular order. Errors:
// invalid for a key that does not exist.
func (tx *Tx) Volume(ctx context.Context, f VolumeFilter, by VolumeKey) (out []Volume, err error) {
	column, ok := volumeColumns[by]
	if !ok {
		return nil, errata.E(errata.Invalid, "Events cannot be told apart by "+string(by)+".", nil)
	}
	var q query
	group := `quarter`
	if by != ByNothing {
		group += `, ` + column
	}
	q.text(`SELECT quarter, `, column, `, CAST(SUM(events) AS BIGINT) FROM project_quarter WHERE `)
	q.volume(f)
	q.text(` GROUP BY `, group)
	err = tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
		var v Volume
		err := r.Scan(&v.Start, &v.Key, &v.Events)
		if by == BySeverity {
			v.Key = "P" + v.Key
		}
		out = append(out, v)
		return err
	})
	return out, err
}

func (q *query) volume(f VolumeFilter) {
	q.projects(f.Scope)
	q.text(` AND quarter >= `, q.arg(f.From), ` AND quarter < `, q.arg(f.To))
	if len(f.Environments) > 0 {
		q.text(` AND environment IN (`, q.list(f.Environments), `)`)
	}
	if len(f.Severities) > 0 {
		q.text(` AND severity IN (`, severities(f.Severities), `)`)
	}
	if len(f.Levels) > 0 {
		q.text(` AND level IN (`, q.list(words(f.Levels)), `)`)
	}
}

// words turns typed words into text.
func words[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, w := range in {
		out[i] = string(w)
	}
	return out
}

// MaxEnvironments bounds the list that Environments returns.
const MaxEnvironments = 1000

// Environments returns the environments in which the projects had events in
// quarters that start in [from, to), in order, at most a thousand.
func (tx *Tx) Environments(ctx context.Context, s Scope, from, to int64) (out []string, err error) {
	var q query
	q.text(`SELECT DISTINCT environment FROM project_quarter WHERE `)
	q.projects(s)
	q.text(` AND quarter >= `, q.arg(from), ` AND quarter < `, q.arg(to), ` LIMIT `, q.arg(MaxEnvironments))
	err = tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
		var name string
		err := r.Scan(&name)
		out = append(out, name)
		return err
	})
	slices.Sort(out)
	return out, err
}
