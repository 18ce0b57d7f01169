package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"errata/internal/errata"
)

const projectColumns = `project.id, project.slug, project.prefix, project.name, project.team_id, project.platform, project.settings, project.created_at, project.created_by`

// projectRow scans projectColumns; done reads the settings afterwards.
type projectRow struct {
	errata.Project
	settings string
}

func (p *projectRow) dest() []any {
	return []any{&p.ID, &p.Slug, &p.Prefix, &p.Name, zero(&p.TeamID), &p.Platform, &p.settings, &p.CreatedAt, &p.CreatedBy}
}

func (p *projectRow) done() (errata.Project, error) {
	if err := json.Unmarshal([]byte(p.settings), &p.Settings); err != nil {
		return p.Project, fmt.Errorf("settings of project %s: %w", p.ID, err)
	}
	return p.Project, nil
}

// CreateProject adds a project. An empty id takes the next number; an empty
// prefix the first free proposal (errata.Prefixes). It returns the project as
// written; conflict (slug_taken, prefix_taken).
func (tx *Tx) CreateProject(ctx context.Context, p errata.Project) (errata.Project, error) {
	if _, taken, err := tx.findProject(ctx, "slug", p.Slug); err != nil || taken {
		return p, orConflict(err, ReasonSlugTaken, "slug", "There is a service with this name in its address.")
	}
	if p.ID == "" {
		n, err := tx.Next(ctx, counterProject)
		if err != nil {
			return p, err
		}
		p.ID = strconv.FormatInt(n, 10)
	}
	prefixes := []string{p.Prefix}
	if p.Prefix == "" {
		prefixes = errata.Prefixes(p.Slug)
	}
	for _, p.Prefix = range prefixes {
		if done, err := tx.insertProject(ctx, p); err != nil || done {
			return p, err
		}
	}
	return p, conflict(ReasonPrefixTaken, "prefix", "Another service has this prefix.")
}

func orConflict(err error, reason, field, message string) error {
	if err != nil {
		return err
	}
	return conflict(reason, field, message)
}

func (tx *Tx) insertProject(ctx context.Context, p errata.Project) (bool, error) {
	settings, err := json.Marshal(p.Settings)
	if err != nil {
		return false, err
	}
	n, err := tx.change(ctx, `INSERT INTO project (id, slug, prefix, name, platform, settings, created_at, created_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (prefix) DO NOTHING`,
		p.ID, p.Slug, p.Prefix, p.Name, p.Platform, string(settings), p.CreatedAt, p.CreatedBy)
	return n == 1, err
}

func (tx *Tx) findProject(ctx context.Context, column, value string) (p errata.Project, found bool, err error) {
	all, err := tx.projects(ctx, `SELECT `+projectColumns+` FROM project WHERE `+column+` = $1`, value)
	if err != nil || len(all) == 0 {
		return p, false, err
	}
	return all[0], true, nil
}

func (tx *Tx) projects(ctx context.Context, text string, args ...any) (out []errata.Project, err error) {
	err = tx.rows(ctx, text, args, func(r scanner) error {
		var row projectRow
		if err := r.Scan(row.dest()...); err != nil {
			return err
		}
		p, err := row.done()
		out = append(out, p)
		return err
	})
	return out, err
}

// ProjectBySlug returns a project; not_found.
func (tx *Tx) ProjectBySlug(ctx context.Context, slug string) (errata.Project, error) {
	return tx.oneProject(ctx, "slug", slug)
}

// ProjectByID returns a project; not_found.
func (tx *Tx) ProjectByID(ctx context.Context, id string) (errata.Project, error) {
	return tx.oneProject(ctx, "id", id)
}

func (tx *Tx) oneProject(ctx context.Context, column, value string) (errata.Project, error) {
	p, found, err := tx.findProject(ctx, column, value)
	if err == nil && !found {
		err = notFound("service")
	}
	return p, err
}

// Projects returns all projects in order of creation.
func (tx *Tx) Projects(ctx context.Context) ([]errata.Project, error) {
	return tx.projects(ctx, `SELECT `+projectColumns+` FROM project ORDER BY created_at, id`)
}
