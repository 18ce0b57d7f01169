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
		for _, name := range []string{"Ada\u202eadA", "Ada\nBcc: x", "Ada\u200b", "Ada\xff", "Ada\u2028Bo"} {
			want(t, o.EditProfile(ctx, bo, name, "UTC"), errata.Invalid, "format")
		}
		if err := o.EditProfile(ctx, bo, "\u0646\u06af\u200c\u0627\u0631 Zo\u00eb O'Neil-Ng", "UTC"); err != nil {
			t.Errorf("a name of another script: %v", err)
		}
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

func TestChangePassword(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		in, err := o.Invite(ctx, o.boss, admin.InviteForm{Email: "bo@example.com", Grants: []errata.Grant{{Role: errata.RoleViewer}}})
		if err != nil {
			t.Fatal(err)
		}
		acc, err := o.AcceptInvite(ctx, errata.Actor{}, admin.AcceptForm{Token: in.Link[strings.LastIndex(in.Link, "/")+1:], Name: "Bo", Password: "seven green lanterns"})
		if err != nil {
			t.Fatal(err)
		}
		bo, err := o.SessionActor(ctx, acc.ID)
		if err != nil {
			t.Fatal(err)
		}
		o.sessions(acc.ID, 2)
		bo.SessionID = acc.ID + "a"
		want(t, o.ChangePassword(ctx, bo, "wrong", "nine purple kettles"), errata.Invalid, "credentials")
		want(t, o.ChangePassword(ctx, bo, "seven green lanterns", "short"), errata.Invalid, "password.length")
		if err := o.ChangePassword(ctx, bo, "seven green lanterns", "nine purple kettles"); err != nil {
			t.Fatal(err)
		}
		if got := o.audited(1)[0]; !strings.HasPrefix(got, "user:password done user:"+acc.ID) || !strings.Contains(got, `"sessions":1`) {
			t.Errorf("audited %s", got)
		}
		if _, err := o.SignIn(ctx, errata.Actor{}, "bo@example.com", "seven green lanterns"); errata.CodeOf(err) != errata.Unauthenticated {
			t.Errorf("the old password: %v", err)
		}
		for range 6 {
			if _, err = o.SignIn(ctx, errata.Actor{}, "bo@example.com", "guess"); errata.CodeOf(err) == errata.SlowDown {
				break
			}
		}
		want(t, o.ChangePassword(ctx, bo, "nine purple kettles", "two orange spoons here"), errata.SlowDown, "rate")
		own, err := o.Own(ctx, bo)
		if err != nil || len(own.Sessions) != 1 || own.Sessions[0].ID != bo.SessionID {
			t.Errorf("%+v, %v", own.Sessions, err)
		}
	})
}

func TestReadAudit(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		mate := o.person("mate", errata.Grant{Role: errata.RoleMaintainer, Project: o.shop.ID})
		for _, slug := range []string{"shop", "pay", "shop"} {
			if _, err := o.CreateKey(ctx, o.boss, slug, errata.KeyPublic); err != nil {
				t.Fatal(err)
			}
		}
		_, err := o.GrantRole(ctx, mate, errata.Grant{UserID: "mate", Role: errata.RoleAdmin})
		want(t, err, errata.Forbidden, "permission")
		changes := admin.AuditForm{Stream: errata.StreamChange}
		all, err := o.Audit(ctx, o.boss, changes)
		if err != nil || len(all.Rows) != 4 || !all.Whole || !all.MayVerify || all.People["mate"].Name != "MATE" {
			t.Fatalf("%+v, %v", all, err)
		}
		some, err := o.Audit(ctx, mate, changes)
		if err != nil || len(some.Rows) != 2 || some.Whole || some.MayVerify || len(some.Projects) != 1 {
			t.Errorf("%+v, %v", some, err)
		}
		for _, r := range all.Rows {
			_, _, err := o.AuditRow(ctx, mate, r.Stream, r.Seq)
			if seen := err == nil; seen != (r.ProjectID == o.shop.ID) {
				t.Errorf("row of %q: %v", r.ProjectID, err)
			}
		}
		denied, err := o.Audit(ctx, o.boss, admin.AuditForm{Stream: errata.StreamChange, Result: errata.AuditDenied, Actor: "mate", Action: errata.UserManage})
		if err != nil || len(denied.Rows) != 1 {
			t.Errorf("%+v, %v", denied, err)
		}
		v, err := o.VerifyAudit(ctx, o.boss)
		if err != nil || v.Rows != 4 || v.Why != "" {
			t.Errorf("%+v, %v", v, err)
		}
		if _, err := o.VerifyAudit(ctx, mate); errata.CodeOf(err) != errata.Forbidden {
			t.Errorf("a maintainer verifies: %v", err)
		}
		_, err = o.Audit(ctx, o.person("viewer", errata.Grant{Role: errata.RoleViewer}), changes)
		want(t, err, errata.Forbidden, "permission")
		for _, f := range []admin.AuditForm{{}, {Stream: "other"}, {Stream: errata.StreamChange, Result: "x"}, {Stream: errata.StreamChange, From: 2, To: 1}} {
			if _, err := o.Audit(ctx, o.boss, f); errata.CodeOf(err) != errata.Invalid {
				t.Errorf("%+v: %v", f, err)
			}
		}
	})
}
