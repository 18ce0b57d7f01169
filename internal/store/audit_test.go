package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

var (
	bert   = errata.Actor{Kind: errata.ActorUser, ID: "u2", Via: "session", SessionID: "s2", IP: "192.0.2.1", RequestID: "r2", Active: true}
	ofShop = errata.On("7", "issue", "i1")
)

func auditOf(t *testing.T, s *store.Store, q store.AuditQuery) (out []errata.AuditRow) {
	t.Helper()
	if q.Size == 0 {
		q.Size = 1000
	}
	if q.Scope.Projects == nil {
		q.Scope.All = true
	}
	view(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
		out, err = tx.Audit(ctx, q)
		return err
	})
	return out
}

func countAudit(t *testing.T, s *store.Store, q store.AuditQuery, most int) (n int64) {
	t.Helper()
	q.Scope.All = q.Scope.Projects == nil
	view(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
		if head, err := tx.AuditHead(ctx, errata.StreamChange); err != nil || head != 8 {
			t.Errorf("the head is %d, %v", head, err)
		}
		n, err = tx.CountAudit(ctx, q, most)
		return err
	})
	return n
}

// brief is what tells rows apart.
func brief(rows []errata.AuditRow) (out []string) {
	for _, a := range rows {
		out = append(out, fmt.Sprint(a.Seq, " ", a.ActorID, " ", a.Action, " ", a.Result, " ", a.ProjectID, " ", a.Object, " ", a.Detail))
	}
	return out
}

func verified(t *testing.T, s *store.Store) store.Verified {
	t.Helper()
	v, err := s.VerifyAudit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAuditLines(t *testing.T) {
	boom := errors.New("boom")
	refused := bert
	refused.Active = false
	acts := map[string]struct {
		do   func(ctx context.Context, tx *store.Tx) error
		want []string
	}{
		"done": {func(ctx context.Context, tx *store.Tx) error {
			line, err := tx.Permit(bert, errata.IssueAck, ofShop)
			if err != nil {
				return err
			}
			line.Detail("version", 4)
			line.Detail("fields", []string{"status"})
			_, err = tx.Next(ctx, "n")
			return err
		}, []string{`1 u2 issue:ack done 7 issue:i1 {"fields":["status"],"version":4}`}},
		"so already": {func(_ context.Context, tx *store.Tx) error {
			line, err := tx.Permit(bert, errata.IssueAck, ofShop)
			if err == nil {
				line.Noop()
			}
			return err
		}, []string{"1 u2 issue:ack noop 7 issue:i1 {}"}},
		"two acts": {func(_ context.Context, tx *store.Tx) error {
			_, err := tx.Permit(bert, errata.IssueAck, ofShop)
			if err == nil {
				_, err = tx.Permit(bert, errata.IssueAssign, ofShop)
			}
			return err
		}, []string{"2 u2 issue:assign done 7 issue:i1 {}", "1 u2 issue:ack done 7 issue:i1 {}"}},
		"it fails after the permit": {func(_ context.Context, tx *store.Tx) error {
			_, err := tx.Permit(bert, errata.IssueAck, ofShop)
			return errors.Join(err, boom)
		}, nil},
		"refused": {func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.Next(ctx, "n"); err != nil {
				return err
			}
			_, err := tx.Permit(refused, errata.IssueAck, ofShop)
			return err
		}, []string{"1 u2 issue:ack denied 7 issue:i1 {}"}},
		"permitted, and not one's own": {func(_ context.Context, tx *store.Tx) error {
			_, err := tx.Permit(bert, errata.IssueComment, ofShop)
			return errors.Join(err, errata.E(errata.Forbidden, "This comment is somebody else's.", nil))
		}, []string{"1 u2 issue:comment denied 7 issue:i1 {}"}},
		"one of two refused": {func(_ context.Context, tx *store.Tx) error {
			if _, err := tx.Permit(refused, errata.IssueAck, ofShop); err == nil {
				return boom
			}
			_, err := tx.Permit(bert, errata.IssueAck, ofShop)
			return err
		}, []string{"2 u2 issue:ack denied 7 issue:i1 {}", "1 u2 issue:ack done 7 issue:i1 {}"}},
		"a wrong password": {func(_ context.Context, tx *store.Tx) error {
			tx.Record(errata.Actor{Kind: errata.ActorUser}, errata.SignIn, errata.Resource{Name: "user:u2"}).Failed()
			return nil
		}, []string{"1  session:sign_in failed  user:u2 {}"}},
		"background work": {func(ctx context.Context, tx *store.Tx) error {
			tx.System("sweep")
			_, err := tx.Next(ctx, "n")
			return err
		}, nil},
	}
	for name, c := range acts {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				_ = s.InTx(t.Context(), func(tx *store.Tx) error { return c.do(t.Context(), tx) }) // the rows tell
				rows := auditOf(t, s, store.AuditQuery{Stream: errata.StreamChange})
				if d := cmp.Diff(c.want, brief(rows)); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
				for _, a := range rows {
					if a.ActorID == "u2" && (a.Via != "session" || a.IP != "192.0.2.1" || a.RequestID != "r2" || a.At == 0) {
						t.Errorf("row %+v", a)
					}
				}
				if v := verified(t, s); v.Why != "" || v.Rows != int64(len(c.want)) {
					t.Errorf("verified %+v", v)
				}
			})
		})
	}
}

func acts(t *testing.T, s *store.Store, n int) {
	t.Helper()
	for range n {
		if err := s.InTx(t.Context(), func(tx *store.Tx) error { _, err := tx.Permit(bert, errata.IssueAck, ofShop); return err }); err != nil {
			t.Fatal(err)
		}
	}
}

// A chain written by many at once has no gap and verifies.
func TestAuditAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { acts(t, s, 5) })
		}
		all.Wait()
		if v := verified(t, s); v.Rows != 40 || v.Why != "" {
			t.Errorf("verified %+v", v)
		}
	})
}

// tamper writes past the triggers.
func tamper(t *testing.T, s *store.Store, text string) {
	t.Helper()
	on := map[bool]string{true: " ON audit"}[s.Postgres()]
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		for _, step := range []string{"DROP TRIGGER IF EXISTS audit_update" + on, "DROP TRIGGER IF EXISTS audit_delete" + on, text} {
			if _, err := tx.Change(ctx, step); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestAuditNamesTheFirstBrokenRow(t *testing.T) {
	const insert = `INSERT INTO audit (stream, seq, at, actor_kind, actor_id, via, action, result, prev_hash, hash)
		SELECT stream, %d, at, actor_kind, actor_id, via, action, result, prev_hash, hash FROM audit WHERE stream = 'change' AND seq = %d`
	for name, c := range map[string]struct {
		text   string
		broken int64
	}{
		"changed":             {`UPDATE audit SET actor_id = 'u9' WHERE stream = 'change' AND seq = 4`, 4},
		"time":                {`UPDATE audit SET at = at + 1 WHERE stream = 'change' AND seq = 1`, 1},
		"detail":              {`UPDATE audit SET detail = '{"n":1}' WHERE stream = 'change' AND seq = 9`, 9},
		"a byte moved":        {`UPDATE audit SET project_id = '', object = '7issue:i1' WHERE stream = 'change' AND seq = 5`, 5},
		"hash":                {`UPDATE audit SET hash = prev_hash WHERE stream = 'change' AND seq = 3`, 3},
		"removed":             {`DELETE FROM audit WHERE stream = 'change' AND seq = 6`, 6},
		"the first removed":   {`DELETE FROM audit WHERE stream = 'change' AND seq = 1`, 1},
		"the last removed":    {`DELETE FROM audit WHERE stream = 'change' AND seq = 9`, 9},
		"all removed":         {`DELETE FROM audit WHERE stream = 'change'`, 1},
		"added at the end":    {fmt.Sprintf(insert, 10, 9), 10},
		"added at the front":  {fmt.Sprintf(insert, 0, 1), 0},
		"the head was turned": {`UPDATE audit_head SET hash = 'x' WHERE stream = 'change'`, 9},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				acts(t, s, 9)
				if v := verified(t, s); v.Rows != 9 || v.Why != "" {
					t.Fatalf("before: %+v", v)
				}
				tamper(t, s, c.text)
				if v := verified(t, s); v.Broken != c.broken || v.Why == "" {
					t.Errorf("got %+v, want row %d", v, c.broken)
				}
			})
		})
	}
}

// The database itself refuses to change the chain.
func TestAuditIsAppendOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acts(t, s, 2)
		for _, text := range []string{`UPDATE audit SET actor_id = 'u9'`, `DELETE FROM audit WHERE stream = 'change'`} {
			err := s.InTx(t.Context(), func(tx *store.Tx) error {
				tx.System("test")
				_, err := tx.Change(t.Context(), text)
				return err
			})
			if err == nil {
				t.Errorf("took %s", text)
			}
		}
		if v := verified(t, s); v.Rows != 2 || v.Why != "" {
			t.Errorf("verified %+v", v)
		}
	})
}

func TestAuditPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acts(t, s, 7)
		other := anna
		other.ID = "u3"
		change(t, s, func(_ context.Context, tx *store.Tx) error {
			_, err := tx.Permit(other, errata.KeyWrite, errata.On("8", "project", "8"))
			return err
		})
		for name, c := range map[string]struct {
			q    store.AuditQuery
			want int
		}{
			"all":              {store.AuditQuery{}, 8},
			"actor":            {store.AuditQuery{Actor: "u3"}, 1},
			"action":           {store.AuditQuery{Action: errata.IssueAck}, 7},
			"object":           {store.AuditQuery{Object: "project:8"}, 1},
			"result":           {store.AuditQuery{Result: errata.AuditDenied}, 0},
			"project":          {store.AuditQuery{Scope: store.Scope{Projects: []string{"8", "9"}}}, 1},
			"no project":       {store.AuditQuery{Scope: store.Scope{Projects: []string{}}}, 0},
			"later":            {store.AuditQuery{From: time.Now().Add(time.Hour).UnixMicro()}, 0},
			"earlier":          {store.AuditQuery{To: time.Now().Add(time.Hour).UnixMicro()}, 8},
			"up to a row":      {store.AuditQuery{Last: 5}, 5},
			"the other stream": {store.AuditQuery{Stream: errata.StreamAccess}, 0},
		} {
			if c.q.Stream == "" {
				c.q.Stream = errata.StreamChange
			}
			if rows := auditOf(t, s, c.q); len(rows) != c.want {
				t.Errorf("%s: %d rows, want %d", name, len(rows), c.want)
			}
			if n := countAudit(t, s, c.q, 100); n != int64(c.want) {
				t.Errorf("%s: counted %d, want %d", name, n, c.want)
			}
		}
		if n := countAudit(t, s, store.AuditQuery{Stream: errata.StreamChange}, 3); n != 3 {
			t.Errorf("counted %d, want no more than 3", n)
		}
		var seen []int64
		for q := (store.AuditQuery{Stream: errata.StreamChange, Size: 3}); ; {
			rows := auditOf(t, s, q)
			for _, a := range rows[:min(3, len(rows))] {
				seen = append(seen, a.Seq)
				q.After = store.AuditPlace{At: a.At, Seq: a.Seq}
			}
			if len(rows) <= 3 {
				break
			}
		}
		if d := cmp.Diff([]int64{8, 7, 6, 5, 4, 3, 2, 1}, seen); d != "" {
			t.Error(d)
		}
	})
}

func TestAccess(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for range 2 { // strict: every one writes
			if err := s.NoteAccess(t.Context(), bert, errata.EventReadPII, errata.On("7", "event", "e1")); err != nil {
				t.Fatal(err)
			}
		}
		rows := auditOf(t, s, store.AuditQuery{Stream: errata.StreamAccess})
		want := []string{"2 u2 event:read_pii done 7 event:e1 {}", "1 u2 event:read_pii done 7 event:e1 {}"}
		if d := cmp.Diff(want, brief(rows)); d != "" || rows[0].Hash != "" {
			t.Error(d, rows[0].Hash)
		}
		if v := verified(t, s); v.Rows != 0 || v.Why != "" {
			t.Errorf("the chain holds accesses: %+v", v)
		}
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			n, err := tx.SweepAccess(ctx, rows[0].At)
			if n != 1 {
				t.Errorf("swept %d", n)
			}
			return err
		})
	})
}

func TestViews(t *testing.T) {
	dir := t.TempDir() // before the bubble: it ends after it
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), store.Options{Path: dir + "/e.db", Clock: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		v := store.NewViews(s)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- v.Run(ctx) }()
		look := func(who errata.Actor, event string) { v.Note(who, errata.EventRead, errata.On("7", "event", event)) }
		wait := func(d time.Duration) { <-time.After(d) }
		count := func() int { return len(auditOf(t, s, store.AuditQuery{Stream: errata.StreamAccess})) }

		look(bert, "e1")
		look(bert, "e1")
		look(bert, "e2")
		look(anna, "e1")
		wait(time.Second)
		if n := count(); n != 3 {
			t.Errorf("%d rows within a second, want 3", n)
		}
		wait(4 * time.Minute)
		look(bert, "e1")
		wait(time.Second)
		if n := count(); n != 3 {
			t.Errorf("%d rows after four minutes, want 3", n)
		}
		wait(time.Minute)
		look(bert, "e1")
		wait(time.Second)
		if n := count(); n != 4 {
			t.Errorf("%d rows after five minutes, want 4", n)
		}
		look(bert, "e3")
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := count(); n != 5 {
			t.Errorf("%d rows after the stop, want 5", n)
		}
	})
}
