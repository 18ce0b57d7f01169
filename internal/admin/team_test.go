package admin_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/admin"
	"errata/internal/errata"
	"errata/internal/store"
)

// told is a team as text: name, members, services.
func told(t admin.Team) string {
	var in, for_ []string
	for _, m := range t.Members {
		in = append(in, string(m.Role)+" "+m.ID)
	}
	for _, p := range t.Services {
		for_ = append(for_, p.Slug)
	}
	return t.Slug + " " + t.Name + ": " + strings.Join(in, ", ") + "; " + strings.Join(for_, ", ")
}

func TestTeams(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		ana := o.person("ana", errata.Grant{Role: errata.RoleMaintainer})
		cleo := o.person("cleo", errata.Grant{Role: errata.RoleViewer, Project: o.shop.ID})
		ok := func(what string, changed, want bool, err error) {
			t.Helper()
			if changed != want || err != nil {
				t.Errorf("%s: %v, %v", what, changed, err)
			}
		}
		team, err := o.CreateTeam(ctx, o.boss, admin.TeamForm{Name: " Payments & Billing "})
		if err != nil || team.Slug != "payments-billing" || team.Name != "Payments & Billing" {
			t.Fatalf("%+v, %v", team, err)
		}
		if got := o.audited(1)[0]; !strings.HasPrefix(got, "team:manage done team:"+team.ID) || !strings.Contains(got, `"act":"create"`) {
			t.Errorf("audited %s", got)
		}
		for _, c := range []struct {
			user string
			role errata.TeamRole
			want bool
		}{{"ana", errata.TeamMember, true}, {"cleo", errata.TeamLead, true}, {"cleo", errata.TeamLead, false}, {"boss", errata.TeamMember, true}} {
			changed, err := o.SetMember(ctx, o.boss, team.Slug, c.user, c.role)
			ok("member "+c.user, changed, c.want, err)
		}
		changed, err := o.GiveService(ctx, o.boss, team.Slug, o.shop.ID, false)
		ok("shop", changed, true, err)
		changed, err = o.GiveService(ctx, o.boss, team.Slug, o.pay.ID, false)
		ok("pay", changed, true, err)
		if got := o.audited(1)[0]; !strings.Contains(got, `"act":"service"`) || !strings.Contains(got, `"project":"`+o.pay.ID+`"`) {
			t.Errorf("audited %s", got)
		}
		seen := func(who errata.Actor) (out []string) {
			all, err := o.Teams(ctx, who)
			if err != nil {
				t.Error(err)
			}
			for _, x := range all.Teams {
				out = append(out, told(x))
			}
			return out
		}
		const members = "lead cleo, member ana, member boss"
		if d := cmp.Diff([]string{"payments-billing Payments & Billing: " + members + "; pay, shop"}, seen(ana)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"payments-billing Payments & Billing: " + members + "; shop"}, seen(cleo)); d != "" {
			t.Errorf("who sees one service: %s", d)
		}

		other, err := o.CreateTeam(ctx, o.boss, admin.TeamForm{Name: "Web", Slug: "web"})
		if err != nil {
			t.Fatal(err)
		}
		changed, err = o.GiveService(ctx, o.boss, other.Slug, o.shop.ID, false)
		ok("a service of another team", changed, true, err)
		if got := o.audited(1)[0]; !strings.Contains(got, `"from":"`+team.ID+`"`) {
			t.Errorf("audited %s", got)
		}
		changed, err = o.GiveService(ctx, o.boss, team.Slug, o.shop.ID, true)
		ok("a service that it has no longer", changed, false, err)
		if err := o.RenameTeam(ctx, o.boss, other.Slug, "Storefront"); err != nil {
			t.Error(err)
		}
		was, err := o.RemoveMember(ctx, o.boss, team.Slug, "ana")
		ok("ana leaves", was, true, err)
		was, err = o.RemoveMember(ctx, o.boss, team.Slug, "<nobody>")
		ok("nobody leaves", was, false, err)
		if got := o.audited(1)[0]; !strings.Contains(got, "noop") || strings.Contains(got, "nobody") {
			t.Errorf("audited %s", got)
		}
		v, err := o.Team(ctx, o.boss, team.Slug)
		if err != nil || !v.MayManage || len(v.People) != 1 || v.People[0].ID != "ana" || len(v.Projects) != 1 || v.Projects[0].ID != o.shop.ID || v.Names[other.ID] != "Storefront" {
			t.Errorf("%+v, %v", v, err)
		}
		if v, err := o.Team(ctx, ana, team.Slug); err != nil || v.MayManage || v.People != nil || v.Projects != nil || v.Views != 0 {
			t.Errorf("%+v, %v", v, err)
		}

		own, err := o.Own(ctx, cleo)
		if d := cmp.Diff([]errata.Team{team}, own.Teams); d != "" || err != nil {
			t.Errorf("%v %s", err, d)
		}
		p, err := o.Person(ctx, ana, "cleo")
		if d := cmp.Diff([]errata.Team{team}, p.Teams); d != "" || err != nil {
			t.Errorf("%v %s", err, d)
		}
		if set, err := o.ServiceSetup(ctx, ana, "shop"); err != nil || set.Team.Name != "Storefront" {
			t.Errorf("%+v, %v", set.Team, err)
		}

		if err := o.DeleteTeam(ctx, o.boss, team.Slug); err != nil {
			t.Error(err)
		}
		if got := o.audited(1)[0]; !strings.Contains(got, `"act":"delete"`) || !strings.Contains(got, `"services":1`) {
			t.Errorf("audited %s", got)
		}
		if d := cmp.Diff([]string{"web Storefront: ; shop"}, seen(ana)); d != "" {
			t.Error(d)
		}
	})
}

func TestTeamsRefused(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		ana := o.person("ana", errata.Grant{Role: errata.RoleMaintainer})
		nobody := o.person("nobody")
		if _, err := o.CreateTeam(ctx, o.boss, admin.TeamForm{Name: "Pay"}); err != nil {
			t.Fatal(err)
		}
		second := func(_ any, err error) error { return err }
		for name, c := range map[string]struct {
			err    error
			code   errata.Code
			reason string
		}{
			"no name":           {second(o.CreateTeam(ctx, o.boss, admin.TeamForm{Slug: "x"})), errata.Invalid, "length"},
			"a long name":       {second(o.CreateTeam(ctx, o.boss, admin.TeamForm{Slug: "x", Name: strings.Repeat("ü", 81)})), errata.Invalid, "length"},
			"two lines":         {o.RenameTeam(ctx, o.boss, "pay", "a\nb"), errata.Invalid, "length"},
			"a strange address": {second(o.CreateTeam(ctx, o.boss, admin.TeamForm{Name: "X", Slug: "My Team"})), errata.Invalid, "format"},
			"none":              {second(o.CreateTeam(ctx, o.boss, admin.TeamForm{Name: "None"})), errata.Invalid, "format"},
			"nothing to write":  {second(o.CreateTeam(ctx, o.boss, admin.TeamForm{Name: "支付"})), errata.Invalid, "format"},
			"taken":             {second(o.CreateTeam(ctx, o.boss, admin.TeamForm{Name: "pay"})), errata.Conflict, store.ReasonSlugTaken},
			"another role":      {second(o.SetMember(ctx, o.boss, "pay", "ana", "boss")), errata.Invalid, "unknown"},
			"nobody's account":  {second(o.SetMember(ctx, o.boss, "pay", "x", errata.TeamLead)), errata.Invalid, "unknown"},
			"no service":        {second(o.GiveService(ctx, o.boss, "pay", "99", false)), errata.Invalid, "unknown"},
			"no team":           {second(o.GiveService(ctx, o.boss, "web", o.shop.ID, false)), errata.NotFound, ""},
			"no team to delete": {o.DeleteTeam(ctx, o.boss, "web"), errata.NotFound, ""},
			"no team to read":   {second(o.Team(ctx, o.boss, "web")), errata.NotFound, ""},
			"by a maintainer":   {second(o.CreateTeam(ctx, ana, admin.TeamForm{Name: "Mine"})), errata.Forbidden, "permission"},
			"rename":            {o.RenameTeam(ctx, ana, "pay", "Mine"), errata.Forbidden, "permission"},
			"delete":            {o.DeleteTeam(ctx, ana, "pay"), errata.Forbidden, "permission"},
			"join":              {second(o.SetMember(ctx, ana, "pay", "ana", errata.TeamLead)), errata.Forbidden, "permission"},
			"leave":             {second(o.RemoveMember(ctx, ana, "pay", "ana")), errata.Forbidden, "permission"},
			"take a service":    {second(o.GiveService(ctx, ana, "pay", o.shop.ID, false)), errata.Forbidden, "permission"},
			"what is not there": {o.RenameTeam(ctx, ana, "web", "Mine"), errata.Forbidden, "permission"},
			"list":              {second(o.Teams(ctx, nobody)), errata.Forbidden, "permission"},
			"one":               {second(o.Team(ctx, nobody, "pay")), errata.Forbidden, "permission"},
		} {
			if errata.CodeOf(c.err) != c.code || errata.ReasonOf(c.err) != c.reason {
				t.Errorf("%s: %v (%s, %s), want %s, %s", name, c.err, errata.CodeOf(c.err), errata.ReasonOf(c.err), c.code, c.reason)
			}
		}
		if got := strings.Join(o.audited(6), "\n"); strings.Count(got, "team:manage denied") < 6 {
			t.Errorf("audited\n%s", got)
		}
	})
}
