package store_test

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
	"errata/migrations"
)

// older are the migrations below a number.
func older(t *testing.T, below string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if name < below {
			text, err := fs.ReadFile(migrations.FS, name)
			if err != nil {
				t.Fatal(err)
			}
			out[name] = &fstest.MapFile{Data: text}
		}
	}
	return out
}

// A database with views from before there were teams keeps them as they are.
func TestTeamsMigration(t *testing.T) {
	for _, base := range bases(t) {
		t.Run(base.name, func(t *testing.T) {
			db, migrate := base.raw(t)
			if err := migrate(t.Context(), db, older(t, "0007")); err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{
				`INSERT INTO app_user (id, email, login, name, state, created_at) VALUES ('u1', 'a@x.org', 'a', 'A', 'active', 1)`,
				`INSERT INTO project (id, slug, prefix, name, created_at, created_by) VALUES ('1', 'shop', 'SHO', 'Shop', 1, 'u1')`,
				`INSERT INTO saved_view (id, slug, owner_id, visibility, page, title, query, params, position, version, created_at, updated_at)
					VALUES ('v1', 'mine', 'u1', 'private', 'issues', 'Mine', 'is:open', '{"range":"7d"}', 2, 3, 4, 5),
						('v2', 'all', 'u1', 'all', 'events', 'All', '', '{}', 0, 1, 1, 1)`,
			} {
				if _, err := db.Exec(text); err != nil {
					t.Fatal(err)
				}
			}
			if err := migrate(t.Context(), db, older(t, "9999")); err != nil {
				t.Fatal(err)
			}
			var got string
			if err := db.QueryRow(`SELECT id || slug || owner_id || visibility || page || title || query || params || position || version || created_at || updated_at ||
				COALESCE(team_id, '-') FROM saved_view WHERE id = 'v1'`).Scan(&got); err != nil || got != `v1mineu1privateissuesMineis:open{"range":"7d"}2345-` {
				t.Errorf("%s, %v", got, err)
			}
			if err := db.QueryRow(`SELECT COUNT(*) || MAX(slug) FROM saved_view`).Scan(&got); err != nil || got != "2mine" {
				t.Errorf("%s, %v", got, err)
			}
			for what, text := range map[string]string{
				"a team view without a team":  `UPDATE saved_view SET visibility = 'team'`,
				"a private view of a team":    `UPDATE saved_view SET team_id = 't1' WHERE id = 'v1'`,
				"a view of another kind":      `UPDATE saved_view SET visibility = 'some'`,
				"another view of this slug":   `UPDATE saved_view SET slug = 'mine'`,
				"a view of an unknown page":   `UPDATE saved_view SET page = 'users'`,
				"a place that is none":        `INSERT INTO team_member (team_id, user_id, role, at) VALUES ('t1', 'u1', 'boss', 1)`,
				"a second team of this name ": `INSERT INTO team (id, slug, name, created_at) VALUES ('t1', 'a', 'A', 1), ('t2', 'a', 'A', 1)`,
			} {
				if _, err := db.Exec(text); err == nil {
					t.Errorf("%s was written", what)
				}
			}
			if _, err := db.Exec(`INSERT INTO team (id, slug, name, created_at) VALUES ('t1', 'pay', 'Pay', 1)`); err != nil {
				t.Error(err)
			}
			if _, err := db.Exec(`UPDATE saved_view SET visibility = 'team', team_id = 't1' WHERE id = 'v1'`); err != nil {
				t.Error(err)
			}
		})
	}
}

func view1(id, owner, team string) errata.SavedView {
	v := errata.SavedView{ID: id, Slug: id, OwnerID: owner, Visibility: errata.ViewPrivate, Page: "issues", Title: id, Version: 1, CreatedAt: start, UpdatedAt: start}
	if team != "" {
		v.Visibility, v.TeamID = errata.ViewForTeam, team
	}
	return v
}

var payTeam, webTeam = errata.Team{ID: "t1", Slug: "pay", Name: "Payments", CreatedAt: start}, errata.Team{ID: "t2", Slug: "web", Name: "Web", CreatedAt: start}

// addTeams makes two teams. Of the first u1 is lead and u2 member, it answers
// for both services, and each of its members shares a view with it.
func addTeams(t *testing.T, s *store.Store) (shop, api errata.Project) {
	t.Helper()
	shop, api = addProject(t, s, "shop"), addProject(t, s, "api")
	for _, id := range []string{"u1", "u2", "u3"} {
		addAccount(t, s, id, id+"@x.org", id)
	}
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		for _, team := range []errata.Team{webTeam, payTeam} {
			if err := tx.CreateTeam(ctx, team); err != nil {
				return err
			}
		}
		for user, role := range map[string]errata.TeamRole{"u1": errata.TeamLead, "u2": errata.TeamMember} {
			if _, err := tx.SetMember(ctx, errata.Membership{TeamID: "t1", UserID: user, Role: role, At: start}); err != nil {
				return err
			}
		}
		for _, p := range []errata.Project{shop, api} {
			if _, err := tx.SetProjectTeam(ctx, p.ID, "t1"); err != nil {
				return err
			}
		}
		for _, v := range []errata.SavedView{view1("v1", "u1", "t1"), view1("v2", "u2", "t1"), view1("v3", "u1", "")} {
			if err := tx.CreateView(ctx, v); err != nil {
				return err
			}
		}
		return nil
	})
	return shop, api
}

// Each change of a team says whether it was one.
func TestTeamChanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		shop, api := addTeams(t, s)
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			same := func(what string, want, got bool, err error) {
				t.Helper()
				if want != got || err != nil {
					t.Errorf("%s: %v, %v", what, got, err)
				}
			}
			for _, c := range []struct {
				user string
				role errata.TeamRole
				want bool
			}{{"u3", errata.TeamMember, true}, {"u3", errata.TeamMember, false}, {"u3", errata.TeamLead, true}} {
				was, err := tx.SetMember(ctx, errata.Membership{TeamID: "t2", UserID: c.user, Role: c.role, At: start})
				same("member "+c.user, c.want, was, err)
			}
			held, err := tx.HoldMember(ctx, "t1", "u3")
			same("a stranger", false, held, err)
			held, err = tx.HoldMember(ctx, "t1", "u1")
			same("a member", true, held, err)
			for _, c := range []struct {
				project, team string
				want          bool
			}{{shop.ID, "t1", false}, {shop.ID, "t2", true}, {api.ID, "", true}, {api.ID, "", false}} {
				was, err := tx.SetProjectTeam(ctx, c.project, c.team)
				same("service "+c.project+" of "+c.team, c.want, was, err)
			}
			renamed, err := tx.RenameTeam(ctx, "t2", "Web")
			same("the same name", false, renamed, err)
			renamed, err = tx.RenameTeam(ctx, "t2", "Storefront")
			same("another name", true, renamed, err)
			if err := tx.CreateTeam(ctx, errata.Team{ID: "t3", Slug: "pay"}); errata.ReasonOf(err) != store.ReasonSlugTaken {
				t.Errorf("the same short name: %v", err)
			}
			return nil
		})
	})
}

func TestTeamsAreRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		addTeams(t, s)
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			all, err := tx.Teams(ctx)
			if d := cmp.Diff([]errata.Team{payTeam, webTeam}, all); d != "" || err != nil {
				t.Error(d, err)
			}
			of, err := tx.TeamsOf(ctx, "u2")
			if d := cmp.Diff([]errata.Team{payTeam}, of); d != "" || err != nil {
				t.Error(d, err)
			}
			p, err := tx.ProjectBySlug(ctx, "shop")
			if p.TeamID != "t1" || err != nil {
				t.Errorf("%+v, %v", p, err)
			}
			n, err := tx.CountTeamViews(ctx, "t1")
			if n != 2 || err != nil {
				t.Errorf("%d views, %v", n, err)
			}
			_, err = tx.TeamBySlug(ctx, "none")
			if errata.CodeOf(err) != errata.NotFound {
				t.Error(err)
			}
			return nil
		})
	})
}

// shownViews checks which views somebody sees, each with its team.
func shownViews(t *testing.T, s *store.Store, user string, want ...string) {
	t.Helper()
	view(t, s, func(ctx context.Context, tx *store.Tx) error {
		all, err := tx.ViewsFor(ctx, user)
		var got []string
		for _, v := range all {
			got = append(got, v.ID+v.TeamID)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("views of %s: %s", user, d)
		}
		return err
	})
}

// Views shared with a team are private when their owner leaves it, or it goes.
func TestTeamsLeftAndDeleted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		addTeams(t, s)
		shownViews(t, s, "u1", "v1t1", "v2t1", "v3")
		shownViews(t, s, "u2", "v1t1", "v2t1")
		shownViews(t, s, "u3")
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			views, was, err := tx.RemoveMember(ctx, "t1", "u1")
			if views != 1 || !was || err != nil {
				t.Errorf("left: %d, %v, %v", views, was, err)
			}
			_, was, err = tx.RemoveMember(ctx, "t1", "u3")
			if was {
				t.Error("a stranger left")
			}
			return err
		})
		shownViews(t, s, "u1", "v1", "v3")
		shownViews(t, s, "u2", "v2t1")
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			services, views, err := tx.DeleteTeam(ctx, "t1")
			if services != 2 || views != 1 || err != nil {
				t.Errorf("deleted: %d, %d, %v", services, views, err)
			}
			left, err := tx.Memberships(ctx)
			if len(left) != 0 {
				t.Errorf("members of nothing: %v", left)
			}
			return err
		})
		shownViews(t, s, "u2", "v2")
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			v, err := tx.ViewBySlug(ctx, "v2")
			if v.Visibility != errata.ViewPrivate || v.Version != 2 {
				t.Errorf("%+v", v)
			}
			p, err2 := tx.ProjectBySlug(ctx, "api")
			if p.TeamID != "" || err2 != nil {
				t.Errorf("%+v, %v", p, err2)
			}
			return err
		})
	})
}

// What a transaction has held stays until it ends, so that no view is shared
// with a team that its owner is leaving.
func TestHoldMemberWaits(t *testing.T) {
	s := storetest.Postgres(t)
	addAccount(t, s, "u1", "u1@x.org", "u1")
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.CreateTeam(ctx, errata.Team{ID: "t1", Slug: "pay", Name: "Pay"}); err != nil {
			return err
		}
		_, err := tx.SetMember(ctx, errata.Membership{TeamID: "t1", UserID: "u1", Role: errata.TeamMember})
		return err
	})
	left := make(chan error, 1)
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		if held, err := tx.HoldMember(ctx, "t1", "u1"); !held || err != nil {
			t.Errorf("%v, %v", held, err)
		}
		go func() {
			left <- s.InTx(context.WithoutCancel(ctx), func(tx *store.Tx) error {
				tx.System("test")
				_, _, err := tx.RemoveMember(context.WithoutCancel(ctx), "t1", "u1")
				return err
			})
		}()
		eventually(t, "the other transaction to wait", func() (waits bool) {
			view(t, s, func(ctx context.Context, tx *store.Tx) error {
				return tx.Select(ctx, `SELECT COUNT(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`, nil,
					func(scan func(...any) error) error { return scan(&waits) })
			})
			return waits
		})
		return tx.CreateView(ctx, view1("v1", "u1", "t1"))
	})
	if err := <-left; err != nil {
		t.Fatal(err)
	}
	view(t, s, func(ctx context.Context, tx *store.Tx) error {
		v, err := tx.ViewBySlug(ctx, "v1")
		if v.Visibility != errata.ViewPrivate || strings.TrimSpace(v.TeamID) != "" {
			t.Errorf("%+v", v)
		}
		return err
	})
}
