package store

import (
	"context"

	"errata/internal/errata"
)

const teamColumns = `team.id, team.slug, team.name, team.created_at`

func (tx *Tx) teams(ctx context.Context, text string, args ...any) (out []errata.Team, err error) {
	err = tx.rows(ctx, text, args, func(r scanner) error {
		var t errata.Team
		err := r.Scan(&t.ID, &t.Slug, &t.Name, &t.CreatedAt)
		out = append(out, t)
		return err
	})
	return out, err
}

// CreateTeam adds a team with all fields set; conflict (slug_taken).
func (tx *Tx) CreateTeam(ctx context.Context, t errata.Team) error {
	n, err := tx.change(ctx, `INSERT INTO team (id, slug, name, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (slug) DO NOTHING`,
		t.ID, t.Slug, t.Name, t.CreatedAt)
	if err == nil && n == 0 {
		err = conflict(ReasonSlugTaken, "slug", "There is a team with this name in its address.")
	}
	return err
}

// Teams returns all teams by their short names.
func (tx *Tx) Teams(ctx context.Context) ([]errata.Team, error) {
	return tx.teams(ctx, `SELECT `+teamColumns+` FROM team ORDER BY slug`)
}

// TeamsOf returns the teams that somebody is in, by their short names.
func (tx *Tx) TeamsOf(ctx context.Context, userID string) ([]errata.Team, error) {
	return tx.teams(ctx, `SELECT `+teamColumns+` FROM team JOIN team_member ON team_member.team_id = team.id
		WHERE team_member.user_id = $1 ORDER BY team.slug`, userID)
}

// TeamBySlug returns a team; not_found.
func (tx *Tx) TeamBySlug(ctx context.Context, slug string) (errata.Team, error) {
	return tx.oneTeam(ctx, "slug", slug)
}

// TeamByID returns a team; not_found.
func (tx *Tx) TeamByID(ctx context.Context, id string) (errata.Team, error) {
	return tx.oneTeam(ctx, "id", id)
}

func (tx *Tx) oneTeam(ctx context.Context, column, value string) (errata.Team, error) {
	all, err := tx.teams(ctx, `SELECT `+teamColumns+` FROM team WHERE `+column+` = $1`, value)
	if err == nil && len(all) == 0 {
		err = notFound("team")
	}
	if err != nil {
		return errata.Team{}, err
	}
	return all[0], nil
}

// RenameTeam changes the name, not the short name, and says whether it was
// another one.
func (tx *Tx) RenameTeam(ctx context.Context, id, name string) (bool, error) {
	n, err := tx.change(ctx, `UPDATE team SET name = $2 WHERE id = $1 AND name <> $2`, id, name)
	return n == 1, err
}

// DeleteTeam removes a team. Its services have none afterwards, and the views
// shared with it are private. It returns how many of each that were.
func (tx *Tx) DeleteTeam(ctx context.Context, id string) (services, views int64, err error) {
	if services, err = tx.change(ctx, `UPDATE project SET team_id = NULL WHERE team_id = $1`, id); err != nil {
		return 0, 0, err
	}
	views, err = tx.change(ctx, `UPDATE saved_view SET visibility = 'private', team_id = NULL, version = version + 1 WHERE team_id = $1`, id)
	if err != nil {
		return 0, 0, err
	}
	_, err = tx.change(ctx, `DELETE FROM team WHERE id = $1`, id)
	return services, views, err
}

// Memberships returns who is in which team, in no order.
func (tx *Tx) Memberships(ctx context.Context) (out []errata.Membership, err error) {
	err = tx.rows(ctx, `SELECT team_id, user_id, role, at FROM team_member`, nil, func(r scanner) error {
		var m errata.Membership
		err := r.Scan(&m.TeamID, &m.UserID, &m.Role, &m.At)
		out = append(out, m)
		return err
	})
	return out, err
}

// SetMember takes somebody into a team or changes what they are in it, and says
// whether that was not so before.
func (tx *Tx) SetMember(ctx context.Context, m errata.Membership) (bool, error) {
	n, err := tx.change(ctx, `INSERT INTO team_member (team_id, user_id, role, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (team_id, user_id) DO UPDATE SET role = excluded.role WHERE team_member.role <> excluded.role`,
		m.TeamID, m.UserID, string(m.Role), m.At)
	return n == 1, err
}

// RemoveMember takes somebody out of a team, and makes the views private that
// they shared with it. It returns how many those were, and whether they were in.
func (tx *Tx) RemoveMember(ctx context.Context, teamID, userID string) (views int64, was bool, err error) {
	n, err := tx.change(ctx, `DELETE FROM team_member WHERE team_id = $1 AND user_id = $2`, teamID, userID)
	if err != nil || n == 0 {
		return 0, false, err
	}
	views, err = tx.change(ctx, `UPDATE saved_view SET visibility = 'private', team_id = NULL, version = version + 1
		WHERE team_id = $1 AND owner_id = $2`, teamID, userID)
	return views, true, err
}

// HoldMember says whether somebody is in a team, and keeps it so until the
// transaction ends.
func (tx *Tx) HoldMember(ctx context.Context, teamID, userID string) (bool, error) {
	n, err := tx.change(ctx, `UPDATE team_member SET role = role WHERE team_id = $1 AND user_id = $2`, teamID, userID)
	return n == 1, err
}

// SetProjectTeam gives a project to a team, "" = to none, and says whether it
// was not so before.
func (tx *Tx) SetProjectTeam(ctx context.Context, projectID, teamID string) (bool, error) {
	n, err := tx.change(ctx, `UPDATE project SET team_id = $2 WHERE id = $1 AND COALESCE(team_id, '') <> $3`, projectID, null(teamID), teamID)
	return n == 1, err
}

// CountTeamViews returns how many views are shared with a team.
func (tx *Tx) CountTeamViews(ctx context.Context, teamID string) (n int64, err error) {
	_, err = tx.row(ctx, `SELECT COUNT(*) FROM saved_view WHERE team_id = $1`, []any{teamID}, &n)
	return n, err
}
