package store

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"errata/internal/errata"
)

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
// do not filter. Grain (µs, whole quarters, 0 = one) is what starts are rounded
// down to: with half hours or more, no levels and few environments, far fewer
// rows are read.
type VolumeFilter struct {
	Scope        Scope
	From, To     int64 // µs
	Grain        int64
	Environments []string
	Severities   []errata.Severity // of the event
	Levels       []errata.Level
}

// Volume is a number of events in a grain that starts at Start.
type Volume struct {
	Start  int64
	Key    string
	Events int64
}

// Volume counts events per grain and key, in no particular order; a grain may
// come in several parts. Errors: invalid for a key that does not exist.
func (tx *Tx) Volume(ctx context.Context, f VolumeFilter, by VolumeKey) (out []Volume, err error) {
	if _, ok := volumeColumns[by]; !ok {
		return nil, errata.E(errata.Invalid, "Events cannot be told apart by "+string(by)+".", nil)
	}
	first, last := (f.From+halfUS-1)/halfUS*halfUS, f.To/halfUS*halfUS
	if !f.inHalves(by) || first >= last {
		return tx.quarters(ctx, nil, f, by)
	}
	before, behind := f, f
	f.From, f.To, before.To, behind.From = first, last, first, last
	if out, err = tx.halves(ctx, f, by); err != nil {
		return nil, err
	}
	for _, ragged := range []VolumeFilter{before, behind} {
		if ragged.From < ragged.To && err == nil {
			out, err = tx.quarters(ctx, out, ragged, by)
		}
	}
	return out, err
}

// fewEnvironments is how many are looked up one by one in each project.
const fewEnvironments = 20

// inHalves says whether half hours hold what is asked.
func (f VolumeFilter) inHalves(by VolumeKey) bool {
	return f.Grain > 0 && f.Grain%halfUS == 0 && len(f.Environments) <= fewEnvironments && len(f.Levels) == 0 && by != ByLevel && by != ByEnvironment
}

// quarters appends what project_quarter says.
func (tx *Tx) quarters(ctx context.Context, out []Volume, f VolumeFilter, by VolumeKey) ([]Volume, error) {
	q := volumeOfQuarters(f, by)
	err := tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
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

func volumeOfQuarters(f VolumeFilter, by VolumeKey) *query {
	q, column, start := &query{}, volumeColumns[by], f.start("quarter")
	q.text(`SELECT `, start, `, `, column, `, CAST(SUM(events) AS BIGINT) FROM project_quarter WHERE `)
	q.span(f, "quarter")
	q.environments(f)
	if len(f.Severities) > 0 {
		q.text(` AND severity IN (`, severities(f.Severities), `)`)
	}
	if len(f.Levels) > 0 {
		q.text(` AND level IN (`, q.list(words(f.Levels)), `)`)
	}
	q.groupBy(start, by)
	return q
}

// start writes the grain in which a column lies.
func (f VolumeFilter) start(column string) string {
	if f.Grain == 0 {
		return column
	}
	grain := strconv.FormatInt(f.Grain, 10)
	return column + ` / ` + grain + ` * ` + grain
}

func (q *query) span(f VolumeFilter, column string) {
	q.projects(f.Scope)
	q.text(` AND `, column, ` >= `, q.arg(f.From), ` AND `, column, ` < `, q.arg(f.To))
}

func (q *query) environments(f VolumeFilter) {
	if len(f.Environments) > 0 {
		q.text(` AND environment IN (`, q.list(f.Environments), `)`)
	}
}

func (q *query) groupBy(start string, by VolumeKey) {
	q.text(` GROUP BY `, start)
	if by != ByNothing {
		q.text(`, `, volumeColumns[by])
	}
}

// halfColumns are the columns of half hours, by severity.
var halfColumns = [...]string{errata.P0: "p0", errata.P1: "p1", errata.P2: "p2", errata.P3: "p3"}

// halves reads project_half or environment_half.
func (tx *Tx) halves(ctx context.Context, f VolumeFilter, by VolumeKey) (out []Volume, err error) {
	q, keys := volumeOfHalves(f, by)
	v, sums := Volume{}, make([]int64, len(keys))
	dest := []any{&v.Start, &v.Key}
	for i := range sums {
		dest = append(dest, &sums[i])
	}
	err = tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
		err := r.Scan(dest...)
		for i, n := range sums {
			if n > 0 {
				out = append(out, Volume{v.Start, keys[i] + v.Key, n})
			}
		}
		return err
	})
	return out, err
}

// volumeOfHalves writes the statement, whose rows have a start, a key and the
// sums of the keys that are returned.
func volumeOfHalves(f VolumeFilter, by VolumeKey) (q *query, keys []string) {
	in := f.Severities
	if len(in) == 0 {
		in = errata.Severities
	}
	var columns []string
	for _, s := range in {
		columns = append(columns, halfColumns[s])
		keys = append(keys, s.String())
	}
	key := `''`
	if by != BySeverity {
		columns, keys, key = []string{strings.Join(columns, " + ")}, []string{""}, volumeColumns[by]
	}
	q = &query{}
	start := f.start("half")
	q.text(`SELECT `, start, `, `, key)
	for _, c := range columns {
		q.text(`, CAST(SUM(`, c, `) AS BIGINT)`)
	}
	table := ` FROM project_half WHERE `
	if len(f.Environments) > 0 {
		table = ` FROM environment_half WHERE `
	}
	q.text(table)
	q.span(f, "half")
	q.environments(f)
	if by == BySeverity {
		by = ByNothing // in columns
	}
	q.groupBy(start, by)
	return q, keys
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
// quarters that start in [from, to), in order, at most a thousand. Quarters are
// looked at only where the span of an environment reaches beyond both ends.
func (tx *Tx) Environments(ctx context.Context, s Scope, from, to int64) (out []string, err error) {
	var q query
	q.text(`SELECT DISTINCT environment FROM project_environment e WHERE `)
	q.projects(s)
	a, b := q.arg(from), q.arg(to)
	q.text(` AND (first_quarter >= `, a, ` AND first_quarter < `, b, ` OR last_quarter >= `, a, ` AND last_quarter < `, b,
		` OR first_quarter < `, a, ` AND last_quarter >= `, b, ` AND EXISTS (SELECT 1 FROM project_quarter q
		WHERE q.project_id = e.project_id AND q.quarter >= `, a, ` AND q.quarter < `, b, ` AND q.environment = e.environment)) LIMIT `, q.arg(MaxEnvironments))
	err = tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
		var name string
		err := r.Scan(&name)
		out = append(out, name)
		return err
	})
	slices.Sort(out)
	return out, err
}
