package store_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

func TestInvites(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		first := errata.Invite{
			ID: "h1", Email: "bo@x.org", CreatedAt: start, CreatedBy: "u1", ExpiresAt: start + 100,
			Grants: []errata.Grant{{Role: errata.RoleResponder, Project: "7"}, {Role: errata.RoleViewer}},
		}
		second, other := first, first
		second.ID, second.CreatedAt = "h2", start+1
		other.ID, other.Email, other.Grants = "h3", "cy@x.org", nil
		list := func(want ...errata.Invite) {
			t.Helper()
			view(t, s, func(ctx context.Context, tx *store.Tx) error {
				all, err := tx.Invites(ctx)
				if d := cmp.Diff(want, all); d != "" {
					t.Error(d)
				}
				return err
			})
		}
		add := func(all ...errata.Invite) {
			t.Helper()
			change(t, s, func(ctx context.Context, tx *store.Tx) error {
				for _, i := range all {
					if err := tx.CreateInvite(ctx, i); err != nil {
						return err
					}
				}
				return nil
			})
		}
		add(first, other)
		list(first, other)
		add(second) // to the same address: the link of the first ends
		list(second, other)
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.Invite(ctx, "h1"); errata.CodeOf(err) != errata.NotFound {
				t.Errorf("the first: %v", err)
			}
			for i, want := range []bool{true, false} {
				if ok, err := tx.UseInvite(ctx, "h2", "u9", start+5); ok != want || err != nil {
					t.Errorf("use %d: %v, %v", i, ok, err)
				}
			}
			used, err := tx.Invite(ctx, "h2")
			second.UsedAt = start + 5
			if d := cmp.Diff(second, used); d != "" {
				t.Error(d)
			}
			if err := tx.WithdrawInvite(ctx, "h2"); errata.CodeOf(err) != errata.NotFound {
				t.Errorf("a used one was withdrawn: %v", err)
			}
			return err
		})
		list(other)
		change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.WithdrawInvite(ctx, "h3") })
		list()
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			if n, err := tx.SweepInvites(ctx, start+100); n != 0 || err != nil {
				t.Errorf("swept %d, %v", n, err)
			}
			n, err := tx.SweepInvites(ctx, start+101)
			if n != 1 {
				t.Errorf("swept %d of the used one", n)
			}
			return err
		})
	})
}

func TestAccountState(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		addAccount(t, s, "u1", "anna@x.org", "anna")
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			for i, want := range []bool{true, false} {
				if changed, err := tx.SetAccountState(ctx, "u1", errata.UserDisabled, start+int64(i)); changed != want || err != nil {
					t.Errorf("disable %d: %v, %v", i, changed, err)
				}
			}
			if err := tx.SetProfile(ctx, "nobody", "n", "UTC"); errata.CodeOf(err) != errata.NotFound {
				t.Errorf("profile of nobody: %v", err)
			}
			return tx.SetProfile(ctx, "u1", "Anna B.", "Europe/Oslo")
		})
		account := func() (a errata.Account) {
			view(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
				a, err = tx.AccountByID(ctx, "u1")
				return err
			})
			return a
		}
		if a := account(); a.State != errata.UserDisabled || a.DisabledAt != start || a.Name != "Anna B." || a.Zone != "Europe/Oslo" {
			t.Errorf("%+v", a)
		}
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.SetAccountState(ctx, "u1", errata.UserActive, start+9)
			return err
		})
		if a := account(); a.State != errata.UserActive || a.DisabledAt != 0 {
			t.Errorf("%+v", a)
		}
	})
}

func TestEndSessions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		addAccount(t, s, "u1", "anna@x.org", "anna")
		addAccount(t, s, "u2", "bo@x.org", "bo")
		session := func(id, user string, expires int64) store.Session {
			return store.Session{ID: id, UserID: user, Data: []byte{1}, CreatedAt: start, SeenAt: start, Expires: expires}
		}
		for _, row := range []store.Session{session("s1", "u1", start+9), session("s2", "u1", start+9), session("s3", "u2", start+9), session("s4", "u2", start), session("s5", "", start+9)} {
			if err := s.SaveSession(t.Context(), row); err != nil {
				t.Fatal(err)
			}
		}
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			n, err := tx.SumSessions(ctx, start)
			if d := cmp.Diff(map[string]store.SessionSum{"u1": {Count: 2, Seen: start}, "u2": {Count: 1, Seen: start}}, n); d != "" || err != nil {
				t.Error(d, err)
			}
			if err := tx.EndSession(ctx, "s3", "u1"); errata.CodeOf(err) != errata.NotFound {
				t.Errorf("the session of somebody else: %v", err)
			}
			return tx.EndSession(ctx, "s1", "u1")
		})
		if err := s.KeepSession(t.Context(), session("s1", "u1", start+99)); err != nil {
			t.Fatal(err)
		}
		if _, found, err := s.FindSession(t.Context(), "s1", start); found || err != nil {
			t.Errorf("an ended session came back: %v, %v", found, err)
		}
		if err := s.KeepSession(t.Context(), session("s2", "u1", start+99)); err != nil {
			t.Fatal(err)
		}
		if row, _, err := s.FindSession(t.Context(), "s2", start); row.Expires != start+99 || err != nil {
			t.Errorf("%+v, %v", row, err)
		}
	})
}
