package admin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/admin"
	"errata/internal/errata"
)

func TestOwnProfile(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		bo := o.person("bo", errata.Grant{Role: errata.RoleViewer})
		if err := o.EditProfile(ctx, bo, " Bo Berg ", "Europe/Oslo"); err != nil {
			t.Fatal(err)
		}
		own, err := o.Own(ctx, bo)
		if err != nil || own.Name != "Bo Berg" || own.Zone != "Europe/Oslo" || own.Email != "bo@example.com" || own.PasswordHash != "" || len(own.Projects) != 2 {
			t.Errorf("%+v, %v", own, err)
		}
		if d := cmp.Diff([]string{`user:profile done user:bo {"fields":["name","zone"]}`}, o.audited(1)); d != "" {
			t.Error(d)
		}
		if err := o.EditProfile(ctx, bo, "Bo Berg", "Europe/Oslo"); err != nil || !strings.Contains(o.audited(1)[0], "noop") {
			t.Errorf("unchanged: %v", err)
		}
		want(t, o.EditProfile(ctx, bo, " ", "UTC"), errata.Invalid, "length")
		for _, zone := range []string{"", "Local", "Mars/Olympus", "../../etc/passwd"} {
			want(t, o.EditProfile(ctx, bo, "Bo", zone), errata.Invalid, "zone")
		}
	})
}

func TestOwnSessions(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		bo := o.person("bo")
		o.sessions("bo", 3)
		o.sessions("boss", 1)
		bo.SessionID = "boa"
		want(t, o.EndOwnSession(ctx, bo, "bossa"), errata.NotFound, "")
		if err := o.EndOwnSession(ctx, bo, "bob"); err != nil {
			t.Error(err)
		}
		if n, err := o.EndOtherSessions(ctx, bo); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		own, err := o.Own(ctx, bo)
		if err != nil || len(own.Sessions) != 1 || own.Sessions[0].ID != "boa" {
			t.Errorf("%+v, %v", own.Sessions, err)
		}
	})
}

func TestOwnTokens(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		bo := o.person("bo", errata.Grant{Role: errata.RoleViewer, Project: o.shop.ID})
		cy := o.person("cy", errata.Grant{Role: errata.RoleMaintainer})
		form := admin.OwnTokenForm{Name: "dashboard", Actions: []errata.Action{errata.IssueRead, errata.EventRead}, Life: 24 * time.Hour}
		text, row, err := o.CreateOwnToken(ctx, bo, form)
		if err != nil {
			t.Fatal(err)
		}
		who, err := o.TokenActor(ctx, "Bearer "+text)
		if err != nil || who.ID != "bo" {
			t.Fatalf("%+v, %v", who, err)
		}
		for _, tt := range []struct {
			action  errata.Action
			project string
			code    errata.Code
		}{
			{errata.IssueRead, o.shop.ID, ""}, {errata.IssueRead, o.pay.ID, errata.NotFound}, {errata.ProjectRead, o.shop.ID, errata.Forbidden},
		} {
			if err := o.Decide(who, tt.action, tt.project); errata.CodeOf(err) != tt.code {
				t.Errorf("%s on %s: %v", tt.action, tt.project, err)
			}
		}
		for name, tt := range map[string]struct {
			form          admin.OwnTokenForm
			field, reason string
		}{
			"no name":       {admin.OwnTokenForm{Actions: form.Actions}, "name", "length"},
			"no scope":      {admin.OwnTokenForm{Name: "x"}, "scope", "required"},
			"unknown scope": {admin.OwnTokenForm{Name: "x", Actions: []errata.Action{"all:all"}}, "scope", "unknown"},
			"not held":      {admin.OwnTokenForm{Name: "x", Actions: []errata.Action{errata.IssueResolve}}, "scope", "not_held"},
			"too long":      {admin.OwnTokenForm{Name: "x", Actions: form.Actions, Life: 400 * 24 * time.Hour}, "expires", "range"},
		} {
			_, _, err := o.CreateOwnToken(ctx, bo, tt.form)
			if d := errata.DetailsOf(err); len(d) != 1 || d[0].Field != tt.field || d[0].Reason != tt.reason {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, _, err = o.CreateOwnToken(ctx, o.boss, admin.OwnTokenForm{Name: "x", Actions: []errata.Action{errata.UserManage}})
		want(t, err, errata.Invalid, "not_held")
		if d := cmp.Diff([]errata.Action{errata.IssueRead}, o.TokenActions(bo, []errata.Action{errata.IssueRead, errata.IssueAck, errata.UserManage})); d != "" {
			t.Error(d)
		}

		_, err = o.RevokeToken(ctx, cy, row.ID)
		want(t, err, errata.NotFound, "")
		if owner, err := o.RevokeToken(ctx, o.boss, row.ID); owner != "bo" || err != nil {
			t.Errorf("%s, %v", owner, err)
		}
		if got := o.audited(1)[0]; !strings.HasPrefix(got, "token:manage done token:"+row.ID) {
			t.Errorf("audited %s", got)
		}
		if _, err := o.RevokeToken(ctx, bo, row.ID); err != nil || !strings.HasPrefix(o.audited(1)[0], "token:own noop") {
			t.Errorf("again: %v", err)
		}
		if _, err := o.TokenActor(ctx, "Bearer "+text); errata.CodeOf(err) != errata.Unauthenticated {
			t.Errorf("a revoked token works: %v", err)
		}
	})
}
