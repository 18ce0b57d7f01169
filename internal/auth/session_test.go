package auth

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"errata/internal/errata"
)

// failingStore refuses to save while it is told to.
type failingStore struct {
	memory
	saves int
	fail  bool
}

func (f *failingStore) SaveSession(ctx context.Context, r errata.Session) error {
	f.saves++
	if f.fail {
		return errors.New("away")
	}
	return f.memory.SaveSession(ctx, r)
}

func (f *failingStore) KeepSession(ctx context.Context, r errata.Session) error {
	f.saves++
	if f.fail {
		return errors.New("away")
	}
	return f.memory.KeepSession(ctx, r)
}

func TestSessionStore(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	db := &failingStore{memory: memory{rows: map[string]errata.Session{}}}
	s := newSessionStore(db, func() time.Time { return now })
	data := func(user string) []byte {
		b, err := jsonCodec{}.Encode(now.Add(SessionLife), map[string]any{keyUser: user, keyBegan: float64(now.UnixMicro())})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	first := data("u1")
	if err := s.CommitCtx(t.Context(), "token", first, time.Time{}); err != nil || db.saves != 1 {
		t.Fatal(err, db.saves)
	}
	if row := db.rows["token"]; row.Expires != now.Add(SessionIdle).UnixMicro() || row.UserID != "u1" {
		t.Errorf("%+v", row)
	}
	use := func(wantSaves int) {
		t.Helper()
		if _, ok, err := s.FindCtx(t.Context(), "token"); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if err := s.CommitCtx(t.Context(), "token", first, time.Time{}); err != nil || db.saves != wantSaves {
			t.Errorf("%v, %d saves, want %d", err, db.saves, wantSaves)
		}
	}
	now = now.Add(59 * time.Second)
	use(1)
	now = now.Add(time.Second)
	use(2)
	now = now.Add(time.Minute)
	db.fail = true
	use(3) // not noted, and nobody is sent away for it
	if err := s.CommitCtx(t.Context(), "token", data("u2"), time.Time{}); err == nil {
		t.Error("a sign-in that was not written passes")
	}
	db.fail = false

	// A request that was under way when another process ended its session.
	if _, ok, _ := s.FindCtx(t.Context(), "token"); !ok {
		t.Fatal("no session")
	}
	row := db.rows["token"]
	delete(db.rows, "token")
	now = now.Add(time.Hour)
	if err := s.CommitCtx(t.Context(), "token", data("u3"), time.Time{}); err != nil || len(db.rows) != 0 {
		t.Errorf("a session that was ended elsewhere came back: %v %v", err, db.rows)
	}
	db.rows["token"] = row

	// A request that was under way when its session was signed out.
	if _, ok, _ := s.FindCtx(t.Context(), "token"); !ok {
		t.Fatal("no session")
	}
	now = now.Add(time.Hour)
	if err := s.DeleteCtx(t.Context(), "token"); err != nil {
		t.Fatal(err)
	}
	if err := s.CommitCtx(t.Context(), "token", first, time.Time{}); err != nil || len(db.rows) != 0 {
		t.Errorf("a session came back: %v %v", err, db.rows)
	}
}

// Of several that start at once one writes, and all read the same.
func TestOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "id")
	var wg sync.WaitGroup
	got := make([]string, 8)
	for i := range got {
		wg.Go(func() {
			var err error
			if got[i], err = Once(file, NewSecret(8)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, g := range got {
		if g != got[0] || len(g) != 16 {
			t.Errorf("%q and %q", g, got[0])
		}
	}
	if left, _ := filepath.Glob(file + ".new-*"); len(left) > 0 {
		t.Errorf("drafts left: %v", left)
	}
}
