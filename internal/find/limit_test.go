package find

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"errata/internal/errata"
	"errata/internal/search"
)

func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns()
		take := func(who string) (func(), error) { return turns.take(t.Context(), who) }
		var leave []func()
		for range maxPerson {
			l, err := take("ada")
			if err != nil {
				t.Fatal(err)
			}
			leave = append(leave, l)
		}
		began := time.Now()
		if _, err := take("ada"); errata.CodeOf(err) != errata.SlowDown || errata.ReasonOf(err) != search.ReasonBusy {
			t.Fatalf("a fifth search of one reader: %v", err)
		}
		if waited := time.Since(began); waited != turnWait {
			t.Errorf("it waited %v, not %v", waited, turnWait)
		}
		if l, err := take("grace"); err != nil {
			t.Errorf("another reader waits for the first: %v", err)
		} else {
			l()
		}
		go func() {
			time.Sleep(turnWait / 2)
			leave[0]()
		}()
		l, err := take("ada")
		if err != nil {
			t.Fatalf("a place became free and was not given: %v", err)
		}
		l()
		for _, l := range leave[1:] {
			l()
		}
		if len(turns.per) != 0 || len(turns.all) != 0 {
			t.Errorf("%d readers and %d turns are left over", len(turns.per), len(turns.all))
		}
	})
}

func TestTurnsOfAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns()
		for i := range maxRunning {
			if _, err := turns.take(t.Context(), string(rune('a'+i/2))); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := turns.take(t.Context(), "late"); errata.CodeOf(err) != errata.SlowDown {
			t.Errorf("a seventeenth search: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := turns.take(ctx, "gone"); errata.ReasonOf(err) != search.ReasonCancelled {
			t.Errorf("the reader has gone: %v", err)
		}
		if len(turns.per) != maxRunning/2 {
			t.Errorf("%d readers, want %d: who was refused is still counted", len(turns.per), maxRunning/2)
		}
	})
}
