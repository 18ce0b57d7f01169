package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

var anna = errata.Actor{Kind: errata.ActorUser, ID: "u1", Active: true}

func TestPermission(t *testing.T) {
	gone := anna
	gone.Active = false
	limited := anna
	limited.Scopes = &errata.TokenScopes{Actions: []errata.Action{errata.IssueRead}, Projects: []string{"1"}}
	for name, c := range map[string]struct {
		before func(*store.Tx) error
		want   func(error) bool
	}{
		"permitted":       {func(tx *store.Tx) error { return permit(tx, anna, errata.KeyWrite, "1") }, func(err error) bool { return err == nil }},
		"background work": {func(tx *store.Tx) error { tx.System("sweep"); return nil }, func(err error) bool { return err == nil }},
		"nobody asked":    {func(*store.Tx) error { return nil }, func(err error) bool { return errors.Is(err, store.ErrUnaudited) }},
		"nameless work":   {func(tx *store.Tx) error { tx.System(""); return nil }, func(err error) bool { return errors.Is(err, store.ErrUnaudited) }},
		"refusal ignored": {
			func(tx *store.Tx) error { _ = permit(tx, gone, errata.KeyWrite, "1"); return nil },
			func(err error) bool { return errors.Is(err, store.ErrUnaudited) },
		},
		"refused":         {func(tx *store.Tx) error { return permit(tx, gone, errata.KeyWrite, "1") }, forbidden},
		"token's action":  {func(tx *store.Tx) error { return permit(tx, limited, errata.KeyWrite, "1") }, forbidden},
		"token's project": {func(tx *store.Tx) error { return permit(tx, limited, errata.IssueRead, "2") }, forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				err := s.InTx(t.Context(), func(tx *store.Tx) error {
					if err := c.before(tx); err != nil {
						return err
					}
					_, err := tx.Next(t.Context(), "n")
					return err
				})
				if !c.want(err) {
					t.Errorf("got %v", err)
				}
				wantNumber(t, s, map[bool]int64{true: 2, false: 1}[err == nil])
			})
		})
	}
}

func permit(tx *store.Tx, who errata.Actor, what errata.Action, project string) error {
	_, err := tx.Permit(who, what, errata.Resource{Project: project, Name: "key:1"})
	return err
}

func forbidden(err error) bool { return errata.CodeOf(err) == errata.Forbidden }

// wantNumber takes the next number of the counter n: what failed left none.
func wantNumber(t *testing.T, s *store.Store, want int64) {
	t.Helper()
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Next(ctx, "n")
		if n != want {
			t.Errorf("next number %d, want %d", n, want)
		}
		return err
	})
}

func TestNoDecisionRefuses(t *testing.T) {
	s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "e.db"), Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.InTx(t.Context(), func(tx *store.Tx) error { return permit(tx, anna, errata.KeyWrite, "") }); !forbidden(err) {
		t.Errorf("got %v", err)
	}
}

func TestReadingNeedsNoPermit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		err := s.InTx(t.Context(), func(tx *store.Tx) error { _, err := tx.Projects(t.Context()); return err })
		if err != nil {
			t.Error(err)
		}
	})
}

func TestViewDoesNotWrite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		err := s.View(t.Context(), func(tx *store.Tx) error {
			tx.System("test")
			_, err := tx.Next(t.Context(), "n")
			return err
		})
		if err == nil {
			t.Error("View wrote")
		}
		wantNumber(t, s, 1)
	})
}

// TestViewIsOneSnapshot writes while a page is being read.
func TestViewIsOneSnapshot(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			before, err := tx.Projects(ctx)
			if err != nil {
				return err
			}
			addProject(t, s, "shop")
			after, err := tx.Projects(ctx)
			if len(before) != 0 || len(after) != 0 {
				t.Errorf("%d projects, then %d", len(before), len(after))
			}
			return err
		})
	})
}

func TestFailureRollsBack(t *testing.T) {
	boom := errors.New("boom")
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		err := s.InTx(t.Context(), func(tx *store.Tx) error {
			tx.System("test")
			if _, err := tx.Next(t.Context(), "n"); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Errorf("got %v", err)
		}
		wantNumber(t, s, 1)
	})
}

func TestPanicRollsBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			change(t, s, func(ctx context.Context, tx *store.Tx) error {
				if _, err := tx.Next(ctx, "n"); err != nil {
					return err
				}
				panic("boom")
			})
		}()
		wantNumber(t, s, 1)
	})
}

func TestRunsAgain(t *testing.T) {
	meeting := &pgconn.PgError{Code: "40001"}
	for name, c := range map[string]struct {
		fails int
		err   error
		runs  int
		ok    bool
	}{
		"met another once":   {1, meeting, 2, true},
		"met another twice":  {2, meeting, 3, true},
		"met another always": {9, meeting, 3, false},
		"another failure":    {9, &pgconn.PgError{Code: "23514"}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				runs := 0
				err := s.InTx(t.Context(), func(tx *store.Tx) error {
					tx.System("test")
					if _, err := tx.Next(t.Context(), "n"); err != nil {
						return err
					}
					if runs++; runs <= c.fails {
						return c.err
					}
					return nil
				})
				if runs != c.runs || (err == nil) != c.ok {
					t.Errorf("%d runs, %v", runs, err)
				}
				wantNumber(t, s, map[bool]int64{true: 2, false: 1}[c.ok]) // a number once, however often it ran
			})
		})
	}
}

// TestDeadlock lets two transactions take two rows in opposite order.
func TestDeadlock(t *testing.T) {
	s := storetest.Postgres(t)
	var both sync.WaitGroup
	both.Add(2)
	meet := func(first, second string, once *sync.Once) error {
		return s.InTx(t.Context(), func(tx *store.Tx) error {
			tx.System("test")
			if _, err := tx.Next(t.Context(), first); err != nil {
				return err
			}
			once.Do(both.Done)
			both.Wait()
			_, err := tx.Next(t.Context(), second)
			return err
		})
	}
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Next(ctx, "a")
		if err == nil {
			_, err = tx.Next(ctx, "b")
		}
		return err
	})
	errs := make(chan error, 2)
	go func() { errs <- meet("a", "b", &sync.Once{}) }()
	go func() { errs <- meet("b", "a", &sync.Once{}) }()
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	st, err := s.Stats(t.Context())
	if err != nil || st.Retries == 0 {
		t.Errorf("nobody ran again: %+v, %v", st, err)
	}
}

// TestNumbers takes numbers from many sides, every fifth of them in vain.
func TestNumbers(t *testing.T) {
	boom := errors.New("boom")
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const workers, each = 8, 25
		taken, errs := make(chan int64, workers*each), make(chan error, workers)
		for w := range workers {
			go func() {
				var failed error
				for i := range each {
					var n int64
					err := s.InTx(t.Context(), func(tx *store.Tx) (err error) {
						tx.System("test")
						if n, err = tx.Next(t.Context(), "issue:1"); err == nil && (w+i)%5 == 0 {
							err = boom
						}
						return err
					})
					if err == nil {
						taken <- n
					} else if !errors.Is(err, boom) {
						failed = err
					}
				}
				errs <- failed
			}()
		}
		for range workers {
			if err := <-errs; err != nil {
				t.Fatal(err)
			}
		}
		close(taken)
		seen := map[int64]bool{}
		for n := range taken {
			if seen[n] {
				t.Errorf("number %d twice", n)
			}
			seen[n] = true
		}
		if len(seen) != workers*each*4/5 || !seen[int64(len(seen))] {
			t.Errorf("%d numbers with a gap", len(seen))
		}
	})
}

func TestNow(t *testing.T) {
	at := time.Date(2031, 5, 1, 0, 0, 0, 0, time.UTC)
	t.Run("sqlite", func(t *testing.T) {
		s := storetest.Open(t, store.Options{Path: filepath.Join(t.TempDir(), "e.db"), Clock: func() time.Time { return at }})
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			now, err := tx.Now(ctx)
			if now != at.UnixMicro() {
				t.Errorf("got %d", now)
			}
			return err
		})
	})
	t.Run("postgres", func(t *testing.T) {
		s := storetest.Open(t, store.Options{URL: storetest.PostgresURL(t), Clock: func() time.Time { return at }})
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			now, err := tx.Now(ctx)
			again, _ := tx.Now(ctx)
			if off := time.Since(time.UnixMicro(now)); off.Abs() > time.Hour || now != again {
				t.Errorf("got %v, then %v", now, again)
			}
			return err
		})
	})
}

func TestCancelled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		err := s.InTx(ctx, func(tx *store.Tx) error {
			tx.System("test")
			if _, err := tx.Next(ctx, "n"); err != nil {
				return err
			}
			cancel()
			return nil
		})
		if errata.CodeOf(err) != errata.Unavailable || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		wantNumber(t, s, 1)
		if err := s.View(ctx, func(*store.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("View: %v", err)
		}
	})
}

// TestInterrupted leaves a page whose query would never end.
func TestInterrupted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		endless := `WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT COUNT(*) FROM c`
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := s.View(ctx, func(tx *store.Tx) error {
			return tx.Select(ctx, endless, nil, func(func(...any) error) error { return nil })
		})
		if errata.CodeOf(err) != errata.Unavailable {
			t.Errorf("got %v", err)
		}
		for range 30 { // every connection, the one that was interrupted among them
			if err := s.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestGuard puts a breaker before every transaction.
func TestGuard(t *testing.T) {
	open := errata.E(errata.Unavailable, "open", nil)
	var calls int
	var refuse bool
	s := storetest.Open(t, store.Options{
		Path: filepath.Join(t.TempDir(), "e.db"),
		Guard: func(ctx context.Context, call func(context.Context) error) error {
			if calls++; refuse {
				return open
			}
			return call(ctx)
		},
	})
	wantNumber(t, s, 1)
	refuse = true
	if err := s.View(t.Context(), func(*store.Tx) error { return nil }); !errors.Is(err, open) || calls != 2 {
		t.Errorf("%d calls: %v", calls, err)
	}
}

// TestClose waits for the transaction that is running and refuses the next.
func TestClose(t *testing.T) {
	for _, base := range bases(t) {
		t.Run(base.name, func(t *testing.T) {
			opt := base.options(t)
			opt.Clock = time.Now
			s, err := store.Open(t.Context(), opt)
			if err != nil {
				t.Fatal(err)
			}
			closed := make(chan error, 1)
			change(t, s, func(ctx context.Context, tx *store.Tx) error {
				go func() { closed <- s.Close() }()
				_, err := tx.Next(ctx, "n")
				return err
			})
			if err := <-closed; err != nil {
				t.Error(err)
			}
			if err := s.View(t.Context(), func(*store.Tx) error { return nil }); err == nil {
				t.Error("View after Close")
			}
		})
	}
}

func TestManyReadersAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for i := range 3 {
			addProject(t, s, "shop"+strconv.Itoa(i))
		}
		errs := make(chan error)
		for range 50 {
			go func() {
				errs <- s.View(t.Context(), func(tx *store.Tx) error {
					all, err := tx.Projects(t.Context())
					if err == nil && len(all) != 3 {
						err = errors.New("wrong count")
					}
					return err
				})
			}()
		}
		for range 50 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if err := s.Optimize(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
