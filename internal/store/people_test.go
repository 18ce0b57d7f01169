package store_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

func addProject(t testing.TB, s *store.Store, slug string) (p errata.Project) {
	t.Helper()
	change(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
		p, err = tx.CreateProject(ctx, errata.Project{Slug: slug, Name: slug, Platform: "go", CreatedAt: start, CreatedBy: "u1"})
		return err
	})
	return p
}

func addAccount(t testing.TB, s *store.Store, id, email, login string) (a errata.Account) {
	t.Helper()
	change(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
		a, err = tx.CreateAccount(ctx, errata.Account{
			ID: id, Email: email, Login: login, Name: "Anna", State: errata.UserActive,
			PasswordHash: "argon", CreatedAt: start,
		})
		return err
	})
	return a
}

func TestInstallation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		want := store.Installation{ID: "i", Engine: "embedded:e1", UserSecret: []byte("12345"), CreatedAt: start, SetupHash: "h", SetupUntil: start + 1}
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			if _, found, err := tx.Installation(ctx); found || err != nil {
				t.Errorf("before: %v, %v", found, err)
			}
			if err := tx.CheckEngine(ctx, "elastic"); err != nil {
				t.Errorf("no installation yet: %v", err)
			}
			first, err := tx.CreateInstallation(ctx, want)
			if !first || err != nil {
				t.Errorf("first: %v, %v", first, err)
			}
			second, err := tx.CreateInstallation(ctx, store.Installation{ID: "j", Engine: "elastic", UserSecret: []byte("x")})
			if second {
				t.Error("a second installation")
			}
			return err
		})
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			got, found, err := tx.Installation(ctx)
			if d := cmp.Diff(want, got); d != "" || !found {
				t.Error(d)
			}
			if err := tx.CheckEngine(ctx, "embedded:e1"); err != nil {
				t.Error(err)
			}
			if err := tx.CheckEngine(ctx, "elastic"); errata.CodeOf(err) != errata.Conflict {
				t.Errorf("another engine: %v", err)
			}
			return err
		})
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.OfferSetup(ctx, "h2", start+5); err != nil {
				t.Error(err)
			}
			if err := tx.FinishSetup(ctx, "Shop", start+9); err != nil {
				t.Error(err)
			}
			if err := tx.FinishSetup(ctx, "Other", start+10); errata.ReasonOf(err) != store.ReasonSetUpDone {
				t.Errorf("twice: %v", err)
			}
			if err := tx.OfferSetup(ctx, "h3", start); errata.ReasonOf(err) != store.ReasonSetUpDone {
				t.Errorf("offered again: %v", err)
			}
			got, _, err := tx.Installation(ctx)
			want.Org, want.SetupDone, want.SetupHash, want.SetupUntil = "Shop", start+9, "", 0
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			return err
		})
	})
}

func TestAccounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		a := addAccount(t, s, "u1", "anna@x.org", "anna")
		b := addAccount(t, s, "u2", "anna@y.org", "anna")
		if a.Login != "anna" || b.Login != "anna2" || a.Zone != "UTC" {
			t.Errorf("logins %s, %s, zone %s", a.Login, b.Login, a.Zone)
		}
		err := s.InTx(t.Context(), func(tx *store.Tx) error {
			_, err := tx.CreateAccount(t.Context(), errata.Account{ID: "u3", Email: "anna@x.org", Login: "x", State: errata.UserActive})
			return err
		})
		if errata.ReasonOf(err) != store.ReasonEmailTaken || errata.CodeOf(err) != errata.Conflict {
			t.Errorf("same address: %v", err)
		}
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			byEmail, err := tx.AccountByEmail(ctx, "anna@y.org")
			if d := cmp.Diff(b, byEmail); d != "" || err != nil {
				t.Error(d, err)
			}
			if _, err := tx.AccountByID(ctx, "nobody"); errata.CodeOf(err) != errata.NotFound {
				t.Errorf("nobody: %v", err)
			}
			if n, err := tx.CountAccounts(ctx); n != 2 || err != nil {
				t.Errorf("%d accounts, %v", n, err)
			}
			all, err := tx.Accounts(ctx)
			if d := cmp.Diff([]errata.Account{a, b}, all); d != "" {
				t.Error(d)
			}
			return err
		})
		checkSignIn(t, s, a)
	})
}

// checkSignIn fails three times, then signs in and changes the password.
func checkSignIn(t *testing.T, s *store.Store, a errata.Account) {
	t.Helper()
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		for want := int64(1); want <= 3; want++ {
			if n, err := tx.LoginFailed(ctx, a.ID, start+want); n != want || err != nil {
				t.Errorf("failure %d counted as %d, %v", want, n, err)
			}
		}
		got, err := tx.AccountByID(ctx, a.ID)
		if got.LoginFailures != 3 || got.LoginAfter != start+3 {
			t.Errorf("got %+v", got)
		}
		return err
	})
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.LoginSucceeded(ctx, a.ID, start+7); err != nil {
			return err
		}
		if err := tx.SetPassword(ctx, a.ID, "new"); err != nil {
			return err
		}
		if err := tx.SetPassword(ctx, "nobody", "new"); errata.CodeOf(err) != errata.NotFound {
			t.Errorf("nobody: %v", err)
		}
		got, err := tx.AccountByID(ctx, a.ID)
		want := a
		want.PasswordHash, want.SeenAt = "new", start+7
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		return err
	})
}

func TestSessions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		addAccount(t, s, "u1", "anna@x.org", "anna")
		ctx := t.Context()
		early := store.Session{ID: "s1", IP: "10.0.0.1", Agent: "Firefox", Data: []byte{0, 1, '2'}, CreatedAt: start, SeenAt: start, Expires: start + 100}
		later := store.Session{ID: "s2", UserID: "u1", Data: []byte("{}"), CreatedAt: start, SeenAt: start + 5, Expires: start + 200}
		for _, row := range []store.Session{early, later} {
			if err := s.SaveSession(ctx, row); err != nil {
				t.Fatal(err)
			}
		}
		early.UserID, early.SeenAt, early.Data = "u1", start+1, []byte("signed in")
		if err := s.SaveSession(ctx, early); err != nil {
			t.Fatal(err)
		}
		got, ok, err := s.FindSession(ctx, "s1", start+99)
		if d := cmp.Diff(early, got); d != "" || !ok || err != nil {
			t.Error(d, ok, err)
		}
		if _, ok, err := s.FindSession(ctx, "s1", start+100); ok || err != nil {
			t.Errorf("expired: %v, %v", ok, err)
		}
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			all, err := tx.Sessions(ctx, start)
			if d := cmp.Diff([]store.Session{later, early}, all); d != "" || err != nil {
				t.Error(d, err)
			}
			of, err := tx.SessionsOf(ctx, "u1", start+150)
			if d := cmp.Diff([]store.Session{later}, of); d != "" {
				t.Error(d)
			}
			return err
		})
		if err := s.DeleteSession(ctx, "s1"); err != nil {
			t.Error(err)
		}
		if err := s.DeleteSession(ctx, "unknown"); err != nil {
			t.Error(err)
		}
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			n, err := tx.EndSessionsOf(ctx, "u1", "s1")
			if n != 1 {
				t.Errorf("%d ended", n)
			}
			return err
		})
	})
}

func TestTokens(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		addAccount(t, s, "u1", "anna@x.org", "anna")
		want := errata.Token{
			ID: "t1", Kind: "personal", UserID: "u1", Name: "ci", Hash: "abc", Hint: "err_abcd…wxyz",
			Scopes: errata.TokenScopes{Actions: []errata.Action{errata.IssueRead}, Projects: []string{"1"}}, CreatedAt: start, ExpiresAt: start + 9, CreatedBy: "u1",
		}
		change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.CreateToken(ctx, want) })
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.TokenByHash(ctx, "abc")
			if d := cmp.Diff(want, got); d != "" || err != nil {
				t.Error(d, err)
			}
			if _, err := tx.TokenByHash(ctx, "xyz"); errata.CodeOf(err) != errata.NotFound {
				t.Errorf("unknown: %v", err)
			}
			for _, at := range []int64{start, start + 59_999_999, start + 60_000_000} {
				if err := tx.UseToken(ctx, "t1", at); err != nil {
					return err
				}
			}
			if err := tx.RevokeToken(ctx, "t1", start+70_000_000); err != nil {
				return err
			}
			if err := tx.RevokeToken(ctx, "t1", start+80_000_000); err != nil {
				return err
			}
			if err := tx.RevokeToken(ctx, "t9", start); errata.CodeOf(err) != errata.NotFound {
				t.Errorf("unknown: %v", err)
			}
			want.UsedAt, want.RevokedAt = start+60_000_000, start+70_000_000
			all, err := tx.TokensOf(ctx, "u1")
			if d := cmp.Diff([]errata.Token{want}, all); d != "" {
				t.Error(d)
			}
			return err
		})
	})
}

func TestProjects(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		a, b, c := addProject(t, s, "checkout"), addProject(t, s, "checks"), addProject(t, s, "incident")
		if got := [3]string{a.Prefix, b.Prefix, c.Prefix}; got != [3]string{"CHE", "HEC", "NCI"} {
			t.Errorf("prefixes %v", got)
		}
		if got := [3]string{a.ID, b.ID, c.ID}; got != [3]string{"1", "2", "3"} {
			t.Errorf("ids %v", got)
		}
		for name, c := range map[string]struct {
			p      errata.Project
			reason string
		}{
			"slug":   {errata.Project{Slug: "checkout"}, store.ReasonSlugTaken},
			"prefix": {errata.Project{Slug: "other", Prefix: "CHE"}, store.ReasonPrefixTaken},
		} {
			err := s.InTx(t.Context(), func(tx *store.Tx) error {
				tx.System("test")
				_, err := tx.CreateProject(t.Context(), c.p)
				return err
			})
			if errata.ReasonOf(err) != c.reason {
				t.Errorf("%s: %v", name, err)
			}
		}
		d := errata.Project{
			Slug: "typed", Prefix: "TY", Name: "Typed", CreatedAt: start + 1, CreatedBy: "u1",
			Settings: errata.ProjectSettings{RetentionDays: 90, RedactKeys: []string{"iban"}},
		}
		change(t, s, func(ctx context.Context, tx *store.Tx) (err error) { d, err = tx.CreateProject(ctx, d); return err })
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			bySlug, err := tx.ProjectBySlug(ctx, "typed")
			if diff := cmp.Diff(d, bySlug); diff != "" || err != nil {
				t.Error(diff, err)
			}
			byID, err := tx.ProjectByID(ctx, "4") // what failed took no number
			if diff := cmp.Diff(d, byID); diff != "" || err != nil {
				t.Error(diff, err)
			}
			if _, err := tx.ProjectBySlug(ctx, "none"); errata.CodeOf(err) != errata.NotFound {
				t.Errorf("none: %v", err)
			}
			all, err := tx.Projects(ctx)
			if diff := cmp.Diff([]errata.Project{a, b, c, d}, all); diff != "" {
				t.Error(diff)
			}
			return err
		})
	})
}

func TestKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := addProject(t, s, "shop")
		browser := errata.IngestKey{
			Key: "aa", ProjectID: p.ID, Name: "browser", Kind: errata.KeyPublic, Origins: []string{"shop.example"}, PerMinute: 60,
			CreatedAt: start, CreatedBy: "u1",
		}
		server := errata.IngestKey{Key: "bb", ProjectID: p.ID, Kind: errata.KeyServer, Origins: []string{}, CreatedAt: start + 1, CreatedBy: "u1"}
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.CreateKey(ctx, browser); err != nil {
				return err
			}
			return tx.CreateKey(ctx, server)
		})
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			k, of, err := tx.IngestKey(ctx, "aa")
			if d := cmp.Diff(browser, k) + cmp.Diff(p, of); d != "" || err != nil {
				t.Error(d, err)
			}
			if _, _, err := tx.IngestKey(ctx, "cc"); errata.CodeOf(err) != errata.NotFound {
				t.Errorf("unknown: %v", err)
			}
			for _, at := range []int64{start, start + 30_000_000, start + 60_000_000} {
				if err := tx.UseKeys(ctx, map[string]int64{"aa": at, "bb": start, "cc": at}); err != nil {
					return err
				}
			}
			for _, at := range []int64{start + 5, start + 6} {
				if err := tx.DisableKey(ctx, "bb", at); err != nil {
					return err
				}
			}
			if err := tx.DisableKey(ctx, "cc", start); errata.CodeOf(err) != errata.NotFound {
				t.Errorf("unknown: %v", err)
			}
			browser.UsedAt, server.UsedAt, server.DisabledAt = start+60_000_000, start, start+5
			all, err := tx.KeysOf(ctx, p.ID)
			if d := cmp.Diff([]errata.IngestKey{browser, server}, all); d != "" {
				t.Error(d)
			}
			return err
		})
	})
}
