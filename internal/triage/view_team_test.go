package triage_test

import (
	"slices"
	"testing"

	parts "errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/triage"
)

// team makes a team of people.
func (w *world) team(t *testing.T, slug string, people ...errata.Actor) errata.Team {
	t.Helper()
	team := errata.Team{ID: "team-" + slug, Slug: slug, Name: "Team " + slug}
	w.Write(func(tx *store.Tx) error {
		err := tx.CreateTeam(t.Context(), team)
		for _, p := range people {
			if err == nil {
				_, err = tx.SetMember(t.Context(), errata.Membership{TeamID: team.ID, UserID: p.ID, Role: errata.TeamMember})
			}
		}
		return err
	})
	return team
}

func forTeam(title, query, slug string) (f triage.ViewForm) {
	f = viewForm(title, query)
	f.Visibility, f.Team = errata.ViewForTeam, slug
	return f
}

// A view for a team is known to its members alone, and ends with a membership.
func TestTeamViews(t *testing.T) {
	worlds(t, parts.Options{Idle: true}, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.begin(t, "Teams")
		secret := w.NewProject("secret", errata.ProjectSettings{})
		pay := w.team(t, "pay", ada, grace)
		w.team(t, "web", grace)
		member := limited(grace, errata.IssueRead, errata.ViewSave, errata.ViewShare)
		outsider := member
		outsider.Scopes = &errata.TokenScopes{Actions: member.Scopes.Actions, Projects: []string{w.shop.ID}}

		if _, err := w.Triage.SaveView(ctx, ada, forTeam("Foreign", "", "web")); errata.ReasonOf(err) != "view.team" {
			t.Errorf("shared with a team of others: %v", err)
		}
		if _, err := w.Triage.SaveView(ctx, limited(ada, errata.IssueRead, errata.ViewSave), forTeam("No right", "", "pay")); errata.CodeOf(err) != errata.Forbidden {
			t.Errorf("shared without view:share: %v", err)
		}
		v, err := w.Triage.SaveView(ctx, ada, forTeam("Ours", "is:open", "pay"))
		if err != nil || v.TeamID != pay.ID {
			t.Fatalf("%+v, %v", v, err)
		}
		about, err := w.Triage.SaveView(ctx, ada, forTeam("About secret", "service:"+secret.Slug, "pay"))
		if err != nil {
			t.Fatal(err)
		}
		if row, err := w.Find.SavedView(ctx, member, v.Slug); err != nil || row.Mine || row.Team != pay || row.Owner.ID != ada.ID {
			t.Errorf("a member reads %+v, %v", row, err)
		}
		if got := titles(t, w, member); !slices.Equal(got, []string{"About secret", "Ours"}) {
			t.Errorf("a member is shown %q", got)
		}
		if got := titles(t, w, outsider); !slices.Equal(got, []string{"Ours"}) {
			t.Errorf("a member who does not see the service is shown %q", got)
		}
		_, absent := w.Find.SavedView(ctx, outsider, "no-such-view")
		if _, err := w.Find.SavedView(ctx, outsider, about.Slug); err == nil || err.Error() != absent.Error() {
			t.Errorf("the view of a service out of sight: %v", err)
		}
		if _, err := w.Triage.ChangeView(ctx, member, v.Slug, forTeam("Hers", "", "pay")); errata.ReasonOf(err) != "view.not_yours" {
			t.Errorf("changed by another member: %v", err)
		}
		if renamed, err := w.Triage.ChangeView(ctx, grace, v.Slug, forTeam("Renamed", "is:open", "pay")); err != nil || renamed.OwnerID != ada.ID || renamed.TeamID != pay.ID {
			t.Errorf("renamed by who manages accounts and is a member: %v", err)
		}
		if _, err := w.Triage.ChangeView(ctx, grace, v.Slug, forTeam("Moved", "is:open", "web")); errata.ReasonOf(err) != "view.team" {
			t.Errorf("moved to a team that its owner is not in: %v", err)
		}

		leave := func(who errata.Actor) {
			t.Helper()
			w.Write(func(tx *store.Tx) error { _, _, err := tx.RemoveMember(ctx, pay.ID, who.ID); return err })
		}
		leave(grace)
		_, read := w.Find.SavedView(ctx, grace, v.Slug)
		_, changed := w.Triage.ChangeView(ctx, grace, v.Slug, viewForm("Taken", ""))
		deleted := w.Triage.DeleteView(ctx, grace, v.Slug, 0)
		for what, err := range map[string]error{"read": read, "changed": changed, "deleted": deleted} {
			if err == nil || err.Error() != absent.Error() {
				t.Errorf("%s after leaving: %v", what, err)
			}
		}
		if got := titles(t, w, grace); got != nil {
			t.Errorf("after leaving: %q", got)
		}
		w.Write(func(tx *store.Tx) error {
			_, err := tx.SetMember(ctx, errata.Membership{TeamID: pay.ID, UserID: grace.ID, Role: errata.TeamLead})
			return err
		})
		leave(ada)
		if got := titles(t, w, grace); got != nil {
			t.Errorf("views of an owner who left: %q", got)
		}
		if row, err := w.Find.SavedView(ctx, ada, v.Slug); err != nil || row.Visibility != errata.ViewPrivate || row.Team.ID != "" {
			t.Errorf("the owner keeps %+v, %v", row, err)
		}
	})
}
