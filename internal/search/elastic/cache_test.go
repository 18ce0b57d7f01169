package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"errata/internal/errata"
	"errata/internal/search"
)

// An answer is given again for three seconds, whoever asks; other questions,
// and answers that lack something, are asked again.
func TestAnswersAreGivenAgain(t *testing.T) {
	torn := `{"status":200,"timed_out":true,"hits":{"total":{"value":7},"hits":[]}}`
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		answer := emptyMember
		f.msearch = func(int, []string) reply { return members(answer) }
		e := open(t, f, nil)
		r := day(nil)
		r.TotalUpTo = 10
		asked := func(what string, r search.Request, want int) {
			t.Helper()
			before := f.searches
			_, _ = e.Search(t.Context(), r)
			if n := f.searches - before; n != want {
				t.Errorf("%s: %d requests, want %d", what, n, want)
			}
		}
		asked("first", r, 1)
		asked("again", r, 0)
		hurried := r
		hurried.Timeout = 700 * time.Millisecond
		asked("again, with less time", hurried, 0)
		turned := r
		turned.Scope = search.Scope{Projects: []string{"43", "42"}}
		asked("again, services in another order", turned, 0)
		other := day(eq("env", "production"))
		asked("another question", other, 1)
		time.Sleep(keepFor - time.Millisecond)
		asked("within three seconds", r, 0)
		time.Sleep(time.Millisecond)
		asked("after three seconds", r, 1)
		if err := e.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		asked("after a refresh", r, 1)
		time.Sleep(keepFor)
		answer = torn
		asked("a part is missing", r, 1)
		asked("still", r, 1)
		answer = busyMember
		asked("refused", r, 1)
		answer = emptyMember
		asked("well again", r, 1)
		asked("and kept", r, 0)
	})
}

// Those who ask the same while it is under way wait for it, each with their own
// patience; the last who leaves ends it.
func TestOneFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, calls, ended := newAnswers(time.Now), 0, error(nil)
		slow := func(ctx context.Context) ([]member, error) {
			calls++
			select {
			case <-time.After(time.Second):
				return []member{{Status: 200}}, nil
			case <-ctx.Done():
				ended = ctx.Err()
				return nil, ctx.Err()
			}
		}
		var all sync.WaitGroup
		impatient, leave := context.WithCancel(t.Context())
		for i := range 5 {
			all.Go(func() {
				ctx := t.Context()
				if i == 0 {
					ctx = impatient
				}
				got, err := a.get(ctx, []byte("q"), 10*time.Second, slow)
				if i == 0 {
					if errata.ReasonOf(err) != search.ReasonCancelled {
						t.Error(err)
					}
				} else if err != nil || len(got) != 1 {
					t.Error(got, err)
				}
			})
		}
		synctest.Wait()
		leave()
		all.Wait()
		if calls != 1 || ended != nil {
			t.Errorf("%d calls, ended %v", calls, ended)
		}
		alone, leave := context.WithCancel(t.Context())
		all.Go(func() {
			if _, err := a.get(alone, []byte("other"), 10*time.Second, slow); errata.ReasonOf(err) != search.ReasonCancelled {
				t.Error(err)
			}
		})
		synctest.Wait()
		leave()
		all.Wait()
		synctest.Wait()
		if !errors.Is(ended, context.Canceled) {
			t.Errorf("nobody waits, and it goes on: %v", ended)
		}
	})
}

// Who has more time does not wait for a flight that is given up soon.
func TestHurriedFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, calls := newAnswers(time.Now), 0
		slow := func(ctx context.Context) ([]member, error) {
			calls++
			<-ctx.Done()
			return []member{{TimedOut: true}}, nil
		}
		var all sync.WaitGroup
		ask := func(limit time.Duration) {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				_, _ = a.get(ctx, []byte("q"), limit, slow)
			})
			synctest.Wait()
		}
		ask(time.Second)
		time.Sleep(400 * time.Millisecond)
		ask(time.Second)
		if calls != 1 {
			t.Errorf("%d calls; the second could wait for the first", calls)
		}
		time.Sleep(400 * time.Millisecond)
		ask(time.Second)
		if calls != 2 {
			t.Errorf("%d calls; the third would have got a fifth of its time", calls)
		}
		all.Wait()
	})
}

// A cluster that is late fails as late, however many gave up: its guard has to
// see that.
func TestLateFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAnswers(time.Now)
		seen := make(chan error, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := a.get(ctx, []byte("q"), time.Second, func(ctx context.Context) ([]member, error) {
			<-ctx.Done()
			seen <- ctx.Err()
			return nil, lost(ctx, ctx.Err())
		})
		if errata.ReasonOf(err) != search.ReasonTimeout {
			t.Error(err)
		}
		if err := <-seen; !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// What is kept is bounded in number and bytes.
func TestKeptAnswersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAnswers(time.Now)
		big := make([]byte, keepBytes/4)
		for i := range 2 * keepMost {
			answer := []member{{}}
			if i < 8 {
				answer[0].Aggs = map[string]json.RawMessage{"a": big}
			}
			if _, err := a.get(t.Context(), []byte{byte(i), byte(i >> 8)}, time.Second, func(context.Context) ([]member, error) { return answer, nil }); err != nil {
				t.Fatal(err)
			}
			synctest.Wait() // an answer is handed on before it is kept
			if len(a.flights) > keepMost || a.bytes > keepBytes {
				t.Fatalf("%d answers of %d bytes", len(a.flights), a.bytes)
			}
		}
		time.Sleep(keepFor)
		if !a.room(keepBytes) || len(a.flights) != 0 || a.bytes != 0 {
			t.Errorf("%d answers of %d bytes are still there", len(a.flights), a.bytes)
		}
	})
}
