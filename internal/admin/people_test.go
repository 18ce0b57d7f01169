package admin_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/admin"
	"errata/internal/errata"
	"errata/internal/store"
)

func TestInvite(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		form := admin.InviteForm{Email: " Bo@Example.com ", Grants: []errata.Grant{{Role: errata.RoleResponder, Project: o.shop.ID}, {Role: errata.RoleViewer}}}
		in, err := o.Invite(ctx, o.boss, form)
		if err != nil || !in.Mailed || in.Email != "bo@example.com" {
			t.Fatalf("%+v, %v", in, err)
		}
		if len(o.mail.got) != 1 || o.mail.got[0].To != in.Email || !strings.Contains(o.mail.got[0].Text, in.Link) || !strings.Contains(o.mail.got[0].Subject, "BOSS invites you") {
			t.Errorf("mailed %+v", o.mail.got)
		}
		token := strings.TrimPrefix(in.Link, "https://errors.example.com/invite/")
		seen, err := o.Invitation(ctx, token)
		if err != nil || seen.By != "BOSS" || seen.Projects[o.shop.ID].Slug != "shop" {
			t.Errorf("%+v, %v", seen, err)
		}
		_, err = o.AcceptInvite(ctx, errata.Actor{}, admin.AcceptForm{Token: token, Name: "Bo", Password: "short"})
		want(t, err, errata.Invalid, "password.length")

		// Ten at once: one account.
		var wg sync.WaitGroup
		results := make(chan error, 10)
		for range 10 {
			wg.Go(func() {
				_, err := o.AcceptInvite(ctx, errata.Actor{IP: "10.0.0.9", RequestID: "r"}, admin.AcceptForm{Token: token, Name: "Bo", Password: "seven green lanterns"})
				results <- err
			})
		}
		wg.Wait()
		close(results)
		made := 0
		for err := range results {
			if err == nil {
				made++
				continue
			}
			want(t, err, errata.Conflict, "invite_used")
		}
		if made != 1 {
			t.Fatalf("%d accounts of one invitation", made)
		}
		all, err := o.People(ctx, o.boss)
		if err != nil || len(all.People) != 2 || len(all.Invites) != 0 {
			t.Fatalf("%+v, %v", all, err)
		}
		bo := all.People[0]
		if d := cmp.Diff([]string{"responder shop", "viewer"}, sorted(o.grants(bo.ID))); d != "" || bo.State != errata.UserActive || bo.Login != "bo" {
			t.Errorf("%s %+v", d, bo)
		}
		_, err = o.Invitation(ctx, token)
		want(t, err, errata.Conflict, "invite_used")
		if got := o.audited(1)[0]; !strings.HasPrefix(got, "user:join done user:"+bo.ID) || !strings.Contains(got, `"invited_by":"boss"`) {
			t.Errorf("audited %s", got)
		}
		acc, err := o.SignIn(ctx, errata.Actor{}, "bo@example.com", "seven green lanterns")
		if err != nil || acc.ID != bo.ID {
			t.Errorf("sign-in: %+v, %v", acc, err)
		}
		_, err = o.Invite(ctx, o.boss, form)
		want(t, err, errata.Conflict, "email_taken")
	})
}

func sorted(s []string) []string {
	out := append([]string{}, s...)
	for i := range out {
		for j := i; j > 0 && out[j] < out[j-1]; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}

func TestInviteEnds(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		form := admin.InviteForm{Email: "bo@example.com", Grants: []errata.Grant{{Role: errata.RoleViewer}}}
		invite := func() (admin.Invited, string) {
			t.Helper()
			in, err := o.Invite(ctx, o.boss, form)
			if err != nil {
				t.Fatal(err)
			}
			return in, in.Link[strings.LastIndex(in.Link, "/")+1:]
		}
		first, old := invite()
		o.mail.err = errors.New("no route to host")
		second, token := invite()
		if second.Mailed || second.MailErr == nil {
			t.Error("a mail that was refused counts as sent")
		}
		_, err := o.Invitation(ctx, old)
		want(t, err, errata.NotFound, "invite_unknown")
		want(t, o.WithdrawInvite(ctx, o.boss, first.ID), errata.NotFound, "")
		third, err := o.RenewInvite(ctx, o.boss, second.ID)
		if err != nil || third.Email != form.Email || !cmp.Equal(third.Grants, form.Grants) {
			t.Errorf("renewed %+v, %v", third, err)
		}
		_, err = o.Invitation(ctx, token)
		want(t, err, errata.NotFound, "invite_unknown")
		token = third.Link[strings.LastIndex(third.Link, "/")+1:]
		o.clock.set(start.Add(7*oneDay - time.Second))
		if _, err := o.Invitation(ctx, token); err != nil {
			t.Error(err)
		}
		o.clock.set(start.Add(7 * oneDay))
		_, err = o.AcceptInvite(ctx, errata.Actor{}, admin.AcceptForm{Token: token, Name: "Bo", Password: "seven green lanterns"})
		want(t, err, errata.Conflict, "invite_expired")
		if err := o.WithdrawInvite(ctx, o.boss, third.ID); err != nil {
			t.Error(err)
		}
		for name, bad := range map[string]admin.InviteForm{
			"no address": {Email: "bo", Grants: form.Grants}, "two addresses": {Email: "a@b.c,d@e.f", Grants: form.Grants},
			"line break": {Email: "a@b.c\r\nBcc: d@e.f", Grants: form.Grants},
			"no role":    {Email: "bo@example.com"},
		} {
			if _, err := o.Invite(ctx, o.boss, bad); errata.CodeOf(err) != errata.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err = o.Invite(ctx, o.boss, admin.InviteForm{Email: "bo@example.com", Grants: []errata.Grant{{Role: errata.RoleAdmin, Project: o.shop.ID}}})
		want(t, err, errata.Invalid, "everywhere_only")
		_, err = o.Invite(ctx, o.boss, admin.InviteForm{Email: "bo@example.com", Grants: []errata.Grant{{Role: errata.RoleViewer, Project: "99"}}})
		want(t, err, errata.Invalid, "unknown")
	})
}

// Nobody but administrators changes people, and a refusal changes nothing.
func TestOnlyAdministratorsManage(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		mate := o.person("mate", errata.Grant{Role: errata.RoleMaintainer})
		viewer := o.person("viewer", errata.Grant{Role: errata.RoleViewer, Project: o.shop.ID})
		nobody := o.person("nobody")
		in, err := o.Invite(ctx, o.boss, admin.InviteForm{Email: "bo@example.com", Grants: []errata.Grant{{Role: errata.RoleViewer}}})
		if err != nil {
			t.Fatal(err)
		}
		viaToken := o.boss
		viaToken.Scopes = &errata.TokenScopes{Actions: errata.Actions}
		for name, who := range map[string]errata.Actor{"maintainer": mate, "viewer": viewer, "without a role": nobody, "an administrator's token": viaToken} {
			acts := map[string]func() error{
				"invite": func() error {
					_, err := o.Invite(ctx, who, admin.InviteForm{Email: "cy@example.com", Grants: in.Grants})
					return err
				},
				"renew":         func() error { _, err := o.RenewInvite(ctx, who, in.ID); return err },
				"renew unknown": func() error { _, err := o.RenewInvite(ctx, who, "x"); return err },
				"withdraw":      func() error { return o.WithdrawInvite(ctx, who, in.ID) },
				"grant": func() error {
					_, err := o.GrantRole(ctx, who, errata.Grant{UserID: who.ID, Role: errata.RoleAdmin})
					return err
				},
				"revoke": func() error {
					_, err := o.RevokeRole(ctx, who, errata.Grant{UserID: "boss", Role: errata.RoleAdmin})
					return err
				},
				"disable":  func() error { _, err := o.DisableUser(ctx, who, "viewer"); return err },
				"enable":   func() error { return o.EnableUser(ctx, who, "viewer") },
				"sign out": func() error { _, err := o.EndSessionsOf(ctx, who, "boss"); return err },
			}
			for act, do := range acts {
				before := o.audited(1)
				if err := do(); errata.CodeOf(err) != errata.Forbidden {
					t.Errorf("%s may %s: %v", name, act, err)
				}
				if after := o.audited(2); !strings.HasPrefix(after[0], "user:manage denied") || after[1] != before[0] {
					t.Errorf("%s, %s: audited %q", name, act, after)
				}
			}
		}
		if d := cmp.Diff([]string{"admin"}, o.grants("boss")); d != "" {
			t.Error(d)
		}
		// What others see: no addresses, no invitations, and no services that are not theirs.
		o.change(func(tx *store.Tx) error {
			_, err := tx.AddPolicy(ctx, errata.Grant{UserID: "mate", Role: errata.RoleAuditor, Project: o.pay.ID}.Line())
			return err
		})
		all, err := o.People(ctx, viewer)
		if err != nil || len(all.Invites) != 0 || len(all.Projects) != 1 || all.MayManage {
			t.Fatalf("%+v, %v", all, err)
		}
		for _, p := range all.People {
			if (p.Email != "") != (p.ID == "viewer") || p.PasswordHash != "" {
				t.Errorf("%s shows %q", p.ID, p.Email)
			}
			for _, g := range p.Grants {
				if g.Project == o.pay.ID {
					t.Errorf("%s shows a role on a service that the reader cannot see", p.ID)
				}
			}
		}
		if _, err := o.People(ctx, nobody); errata.CodeOf(err) != errata.Forbidden {
			t.Errorf("without a role: %v", err)
		}
		one, err := o.Person(ctx, viewer, "boss")
		if err != nil || one.Email != "" || one.Sessions != nil || one.Tokens != nil {
			t.Errorf("%+v, %v", one, err)
		}
	})
}

func TestRoles(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		bo := o.person("bo")
		steps := []struct {
			name    string
			do      func(context.Context, errata.Actor, errata.Grant) (bool, error)
			grant   errata.Grant
			changed bool
			left    []string
			audit   string
		}{
			{"on a service", o.GrantRole, errata.Grant{Role: errata.RoleResponder, Project: o.shop.ID}, true, []string{"responder shop"}, "done"},
			{"again", o.GrantRole, errata.Grant{Role: errata.RoleResponder, Project: o.shop.ID}, false, []string{"responder shop"}, "noop"},
			{"everywhere", o.GrantRole, errata.Grant{Role: errata.RoleAuditor}, true, []string{"auditor", "responder shop"}, "done"},
			{"taken back", o.RevokeRole, errata.Grant{Role: errata.RoleResponder, Project: o.shop.ID}, true, []string{"auditor"}, "done"},
			{"taken twice", o.RevokeRole, errata.Grant{Role: errata.RoleResponder, Project: o.shop.ID}, false, []string{"auditor"}, "noop"},
		}
		for _, s := range steps {
			s.grant.UserID = "bo"
			changed, err := s.do(ctx, o.boss, s.grant)
			if d := cmp.Diff(s.left, sorted(o.grants("bo"))); d != "" || err != nil || changed != s.changed {
				t.Errorf("%s: %v, %v %s", s.name, changed, err, d)
			}
			if got := o.audited(1)[0]; !strings.HasPrefix(got, "user:manage "+s.audit+" user:bo") {
				t.Errorf("%s: audited %s", s.name, got)
			}
		}
		if err := o.Decide(bo, errata.IssueRead, o.pay.ID); err != nil {
			t.Errorf("a role is not in force at once: %v", err)
		}
		_, err := o.GrantRole(ctx, o.boss, errata.Grant{UserID: "boss", Role: errata.RoleAuditor})
		want(t, err, errata.Forbidden, "own_rights")
		_, err = o.GrantRole(ctx, o.boss, errata.Grant{UserID: "bo", Role: "king"})
		want(t, err, errata.Invalid, "unknown")
		_, err = o.GrantRole(ctx, o.boss, errata.Grant{UserID: "bo", Role: errata.RoleViewer, Project: "99"})
		want(t, err, errata.Invalid, "unknown")
		_, err = o.GrantRole(ctx, o.boss, errata.Grant{UserID: "ghost", Role: errata.RoleViewer})
		want(t, err, errata.NotFound, "")
	})
}

func TestTheLastAdministratorStays(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		adminOf := func(id string) errata.Grant { return errata.Grant{UserID: id, Role: errata.RoleAdmin} }
		_, err := o.RevokeRole(ctx, o.boss, adminOf("boss"))
		want(t, err, errata.Conflict, "last_admin")
		_, err = o.DisableUser(ctx, errata.System("cli", "cli"), "boss")
		want(t, err, errata.Conflict, "last_admin")
		_, err = o.DisableUser(ctx, o.boss, "boss")
		want(t, err, errata.Forbidden, "own_rights")
		two := o.person("two", adminOf(""))
		one, err := o.Person(ctx, o.boss, "boss")
		if err != nil || one.LastAdmin || !one.Self {
			t.Errorf("%+v, %v", one, err)
		}

		// Both take the other's role at the same time, several times.
		for range 5 {
			var wg sync.WaitGroup
			var errs [2]error
			wg.Go(func() { _, errs[0] = o.RevokeRole(ctx, errata.System("a", "cli"), adminOf("two")) })
			wg.Go(func() { _, errs[1] = o.DisableUser(ctx, errata.System("b", "cli"), "boss") })
			wg.Wait()
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Fatalf("both or none went through: %v", errs)
			}
			for _, err := range errs {
				if err != nil {
					want(t, err, errata.Conflict, "last_admin")
				}
			}
			if err := o.EnableUser(ctx, errata.System("c", "cli"), "boss"); err != nil {
				t.Fatal(err)
			}
			if _, err := o.GrantRole(ctx, errata.System("c", "cli"), adminOf("two")); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := o.DisableUser(ctx, two, "boss"); err != nil {
			t.Error(err)
		}
		one, err = o.Person(ctx, two, "two")
		if err != nil || !one.LastAdmin {
			t.Errorf("%+v, %v", one, err)
		}
	})
}

func TestDisable(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		o.person("bo", errata.Grant{Role: errata.RoleViewer})
		o.sessions("bo", 3)
		o.sessions("boss", 1)
		text, _, err := o.CreateToken(ctx, errata.System("cli", "cli"), admin.TokenForm{Email: "bo@example.com", Actions: []errata.Action{errata.IssueRead}})
		if err != nil {
			t.Fatal(err)
		}
		ended, err := o.DisableUser(ctx, o.boss, "bo")
		if ended != 3 || err != nil {
			t.Errorf("%d sessions ended, %v", ended, err)
		}
		if d := cmp.Diff([]string{`user:manage done user:bo {"sessions":3,"state":"disabled"}`}, o.audited(1)); d != "" {
			t.Error(d)
		}
		if _, err := o.SessionActor(ctx, "bo"); errata.CodeOf(err) != errata.Unauthenticated {
			t.Errorf("a disabled account acts: %v", err)
		}
		if _, err := o.TokenActor(ctx, "Bearer "+text); errata.CodeOf(err) != errata.Unauthenticated {
			t.Errorf("the token of a disabled account works: %v", err)
		}
		if ended, err := o.DisableUser(ctx, o.boss, "bo"); ended != 0 || err != nil || !strings.Contains(o.audited(1)[0], "noop") {
			t.Errorf("again: %d, %v", ended, err)
		}
		if err := o.EnableUser(ctx, o.boss, "bo"); err != nil {
			t.Fatal(err)
		}
		one, err := o.Person(ctx, o.boss, "bo")
		if err != nil || one.State != errata.UserActive || len(one.Grants) != 1 || one.SessionCount != 0 || len(one.Tokens) != 1 {
			t.Errorf("%+v, %v", one, err)
		}
		if n, err := o.EndSessionsOf(ctx, o.boss, "boss"); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	})
}
