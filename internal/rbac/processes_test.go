package rbac_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/rbac"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// process is a store with the policy over it, as the program has them.
type process struct {
	*store.Store
	policy *rbac.Policy
}

func newProcess(t *testing.T, opt store.Options) *process {
	t.Helper()
	p := &process{}
	opt.Decide = func(who errata.Actor, what errata.Action, project string) error {
		return p.policy.Decide(who, what, project)
	}
	opt.PolicyChanged = func(ctx context.Context) {
		if err := p.policy.Refresh(ctx); err != nil {
			t.Error(err)
		}
	}
	p.Store = storetest.Open(t, opt)
	var err error
	if p.policy, err = rbac.New(t.Context(), rbac.Options{Source: p.Store, Clock: time.Now}); err != nil {
		t.Fatal(err)
	}
	return p
}

// A role that one process grants, or takes, is in force there with the commit,
// and in another process with its next poll.
func TestTwoProcesses(t *testing.T) {
	for name, options := range map[string]func(t *testing.T) store.Options{
		"sqlite":   func(t *testing.T) store.Options { return store.Options{Path: filepath.Join(t.TempDir(), "e.db")} },
		"postgres": func(t *testing.T) store.Options { return store.Options{URL: storetest.PostgresURL(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			opt := options(t)
			here, there := newProcess(t, opt), newProcess(t, opt)
			line := errata.Grant{UserID: "a", Role: errata.RoleResponder, Project: "1"}.Line()
			may := func(p *process) bool { return p.policy.Decide(user("a"), errata.IssueAck, "1") == nil }
			write := func(do func(ctx context.Context, tx *store.Tx) (bool, error)) {
				t.Helper()
				err := here.InTx(t.Context(), func(tx *store.Tx) error {
					if _, err := tx.Permit(errata.System("cli", "cli"), errata.UserManage, errata.On("", "user", "a")); err != nil {
						return err
					}
					changed, err := do(t.Context(), tx)
					if !changed {
						t.Error("nothing changed")
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			poll := func() {
				t.Helper()
				if err := there.policy.Poll(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if may(here) || may(there) {
				t.Fatal("allowed by nothing")
			}
			write(func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.AddPolicy(ctx, line) })
			if !may(here) || may(there) {
				t.Errorf("after the grant: here %v, there %v", may(here), may(there))
			}
			if poll(); !may(there) {
				t.Error("the grant is not in force there")
			}
			write(func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.RemovePolicy(ctx, line) })
			if may(here) || !may(there) {
				t.Errorf("after the removal: here %v, there %v", may(here), may(there))
			}
			if poll(); may(there) {
				t.Error("the removal is not in force there")
			}
		})
	}
}
