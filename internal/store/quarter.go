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

// AddProjectQuarters adds events to the quarters of projects, and to what is
// made of them: half hours and the spans of environments.
func (tx *Tx) AddProjectQuarters(ctx context.Context, counts map[Quarter]int64) error {
	keys := slices.SortedFunc(maps.Keys(counts), Quarter.compare)
	err := tx.changeBulk(ctx, &addQuarters, len(keys), nil, func(args []any, i int) []any {
		k := &keys[i]
		return append(args, k.ProjectID, k.Start, k.Environment, int64(k.Severity), string(k.Level), counts[*k])
	})
	if err != nil {
		return err
	}
	if err := tx.addHalves(ctx, counts); err != nil {
		return err
	}
	return tx.addEnvironments(ctx, counts)
}

// halfUS is half an hour. It divides the days of nearly every zone.
const halfUS = int64(30 * 60 * 1e6)

// half names a half hour that starts at start (µs), of a project and, in
// environment_half, of one environment.
type half struct {
	project, environment string
	start                int64
}

func (h half) compare(o half) int {
	return cmp.Or(cmp.Compare(h.project, o.project), cmp.Compare(h.environment, o.environment), cmp.Compare(h.start, o.start))
}

// addHalves are the statements of the two tables, which differ in their keys
// alone.
var (
	addHalves    = halvesInto("project_half", "project_id, half", 6)
	addEnvHalves = halvesInto("environment_half", "project_id, environment, half", 7)
)

func halvesInto(table, key string, width int) *bulk {
	b := &bulk{head: `INSERT INTO ` + table + ` (` + key + `, p0, p1, p2, p3) VALUES `, width: width, tail: ` ON CONFLICT (` + key + `) DO UPDATE SET `}
	for i, c := range halfColumns {
		if i > 0 {
			b.tail += `, `
		}
		b.tail += c + ` = ` + table + `.` + c + ` + excluded.` + c
	}
	return b
}

// bySeverity are numbers of events by severity.
type bySeverity [len(halfColumns)]int64

func (tx *Tx) addHalves(ctx context.Context, counts map[Quarter]int64) error {
	projects, envs := map[half]bySeverity{}, map[half]bySeverity{}
	for k, n := range counts {
		h := half{project: k.ProjectID, start: k.Start - k.Start%halfUS}
		sums := projects[h]
		sums[k.Severity] += n
		projects[h] = sums
		h.environment = k.Environment
		sums = envs[h]
		sums[k.Severity] += n
		envs[h] = sums
	}
	err := tx.changeHalves(ctx, addHalves, projects, func(args []any, h half) []any { return append(args, h.project, h.start) })
	if err != nil {
		return err
	}
	return tx.changeHalves(ctx, addEnvHalves, envs, func(args []any, h half) []any { return append(args, h.project, h.environment, h.start) })
}

func (tx *Tx) changeHalves(ctx context.Context, b *bulk, sums map[half]bySeverity, key func(args []any, h half) []any) error {
	keys := slices.SortedFunc(maps.Keys(sums), half.compare)
	return tx.changeBulk(ctx, b, len(keys), nil, func(args []any, i int) []any {
		n := sums[keys[i]]
		return append(key(args, keys[i]), n[errata.P0], n[errata.P1], n[errata.P2], n[errata.P3])
	})
}

// projectEnvironment names an environment of a project.
type projectEnvironment struct{ project, environment string }

func (e projectEnvironment) compare(o projectEnvironment) int {
	return cmp.Or(cmp.Compare(e.project, o.project), cmp.Compare(e.environment, o.environment))
}

var addEnvironments = bulk{
	head: `INSERT INTO project_environment (project_id, environment, first_quarter, last_quarter) VALUES `, width: 4,
	tail: ` ON CONFLICT (project_id, environment) DO UPDATE SET
		first_quarter = CASE WHEN excluded.first_quarter < project_environment.first_quarter THEN excluded.first_quarter ELSE project_environment.first_quarter END,
		last_quarter = CASE WHEN excluded.last_quarter > project_environment.last_quarter THEN excluded.last_quarter ELSE project_environment.last_quarter END
		WHERE excluded.first_quarter < project_environment.first_quarter OR excluded.last_quarter > project_environment.last_quarter`,
}

func (tx *Tx) addEnvironments(ctx context.Context, counts map[Quarter]int64) error {
	spans := map[projectEnvironment]Span{}
	for k := range counts {
		e := projectEnvironment{k.ProjectID, k.Environment}
		spans[e] = spans[e].Add(k.Start)
	}
	keys := slices.SortedFunc(maps.Keys(spans), projectEnvironment.compare)
	return tx.changeBulk(ctx, &addEnvironments, len(keys), nil, func(args []any, i int) []any {
		s := spans[keys[i]]
		return append(args, keys[i].project, keys[i].environment, s.First, s.Last)
	})
}
