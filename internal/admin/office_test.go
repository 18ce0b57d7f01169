package admin_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"errata/internal/admin"
	"errata/internal/auth"
	"errata/internal/errata"
	"errata/internal/notify/email"
	"errata/internal/rbac"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// postbox takes mail, or refuses it while err is set.
type postbox struct {
	got []email.Message
	err error
}

func (p *postbox) Send(_ context.Context, m email.Message) error {
	if p.err == nil {
		p.got = append(p.got, m)
	}
	return p.err
}

// office is the service with real permissions over a fresh store, an
// administrator, and two services.
type office struct {
	*admin.Service
	t         *testing.T
	clock     *stepped
	boss      errata.Actor
	shop, pay errata.Project
	mail      *postbox
}

func openOffice(t *testing.T, o store.Options) *office {
	t.Helper()
	clock := &stepped{}
	clock.set(start)
	var policy *rbac.Policy
	o.Clock = clock.now
	o.Decide = func(who errata.Actor, what errata.Action, project string) error {
		return policy.Decide(who, what, project)
	}
	o.PolicyChanged = func(ctx context.Context) {
		if policy == nil {
			return
		}
		if err := policy.Refresh(ctx); err != nil {
			t.Error(err)
		}
	}
	s := storetest.Open(t, o)
	var err error
	if policy, err = rbac.New(t.Context(), rbac.Options{Source: s, Clock: clock.now}); err != nil {
		t.Fatal(err)
	}
	mail := &postbox{}
	out := &office{t: t, clock: clock, mail: mail, Service: admin.New(admin.Options{
		Store: s, Passwords: auth.NewPasswords(), Clock: clock.now, Decide: policy.Decide, Log: slog.New(slog.DiscardHandler),
		URL: "https://errors.example.com", Mail: mail,
	})}
	out.change(func(tx *store.Tx) error {
		if out.shop, err = tx.CreateProject(t.Context(), errata.Project{Slug: "shop", Name: "Shop", CreatedBy: "x"}); err != nil {
			return err
		}
		out.pay, err = tx.CreateProject(t.Context(), errata.Project{Slug: "pay", Name: "Pay", CreatedBy: "x"})
		return err
	})
	out.boss = out.person("boss", errata.Grant{Role: errata.RoleAdmin})
	return out
}

// inOffice runs fn on both databases.
func inOffice(t *testing.T, fn func(t *testing.T, o *office)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		fn(t, openOffice(t, store.Options{Path: filepath.Join(t.TempDir(), "errata.db")}))
	})
	t.Run("postgres", func(t *testing.T) { fn(t, openOffice(t, store.Options{URL: storetest.PostgresURL(t)})) })
}

func (o *office) change(fn func(*store.Tx) error) {
	o.t.Helper()
	err := o.Store.InTx(o.t.Context(), func(tx *store.Tx) error {
		tx.System("test")
		return fn(tx)
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// person makes an account with roles; nobody knows its password.
func (o *office) person(login string, grants ...errata.Grant) errata.Actor {
	o.t.Helper()
	o.change(func(tx *store.Tx) error {
		_, err := tx.CreateAccount(o.t.Context(), errata.Account{
			ID: login, Email: login + "@example.com", Login: login, Name: strings.ToUpper(login), State: errata.UserActive, CreatedAt: start.UnixMicro(),
		})
		for _, g := range grants {
			g.UserID = login
			if _, err := tx.AddPolicy(o.t.Context(), g.Line()); err != nil {
				return err
			}
		}
		return err
	})
	return errata.Actor{Kind: errata.ActorUser, ID: login, Name: strings.ToUpper(login), Via: "session", Active: true}
}

// grants are the roles that the database has of an account, as "viewer shop".
func (o *office) grants(id string) (out []string) {
	o.t.Helper()
	err := o.Store.View(o.t.Context(), func(tx *store.Tx) error {
		all, err := tx.GrantsOf(o.t.Context(), id)
		for _, g := range all {
			out = append(out, strings.TrimSpace(string(g.Role)+" "+map[string]string{o.shop.ID: "shop", o.pay.ID: "pay"}[g.Project]))
		}
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return out
}

// audited are the newest rows of the chain as "action result object detail".
func (o *office) audited(n int) (out []string) {
	o.t.Helper()
	err := o.Store.View(o.t.Context(), func(tx *store.Tx) error {
		rows, err := tx.Audit(o.t.Context(), store.AuditQuery{Stream: errata.StreamChange, Scope: store.Scope{All: true}, Size: n})
		for _, r := range rows[:min(n, len(rows))] {
			out = append(out, string(r.Action)+" "+string(r.Result)+" "+r.Object+" "+r.Detail)
		}
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return out
}

func (o *office) sessions(id string, n int) {
	o.t.Helper()
	for i := range n {
		err := o.Store.SaveSession(o.t.Context(), store.Session{
			ID: id + string(rune('a'+i)), UserID: id, Data: []byte{1},
			CreatedAt: start.UnixMicro(), SeenAt: start.UnixMicro(), Expires: start.Add(oneDay).UnixMicro(),
		})
		if err != nil {
			o.t.Fatal(err)
		}
	}
}

func want(t *testing.T, err error, code errata.Code, reason string) {
	t.Helper()
	if errata.CodeOf(err) != code || errata.ReasonOf(err) != reason {
		t.Errorf("answered %v (%s, %s), want %s, %s", err, errata.CodeOf(err), errata.ReasonOf(err), code, reason)
	}
}
