package pipeline_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"errata/internal/apptest"
	"errata/internal/errata"
	"errata/internal/store"
)

// fault lets one step of the worker fail a number of times.
type fault struct {
	mu    sync.Mutex
	point string
	left  int
	hit   int
}

func (f *fault) at(point string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if point != f.point || f.left == 0 {
		return nil
	}
	f.left--
	f.hit++
	return errata.E(errata.Unavailable, "failpoint "+point, errors.New("on purpose"))
}

func (f *fault) arm(point string, times int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.point, f.left, f.hit = point, times, 0
}

func payload(id, kind string) string {
	return fmt.Sprintf(`{"event_id":%q,"platform":"python","level":"error","release":"shop@1.0.0","user":{"id":"u-%s"},
		"exception":{"values":[{"type":%q,"value":"went wrong","stacktrace":{"frames":[{"module":"shop","function":"pay","in_app":true}]}}]}}`, id, id[:2], kind)
}

func eventID(n int) string { return fmt.Sprintf("%032x", n) }

type issueList struct {
	Items []struct {
		ID            string
		Type          string
		Events, Users int64
	}
}

// outcomes sums what the SQL store counted, by outcome and reason.
func outcomes(t *testing.T, p *apptest.Product) map[string]int64 {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: p.Config.Database.URL.Reveal(), Path: filepath.Join(p.DataDir, "errata.db"), Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	out := map[string]int64{}
	err = s.View(t.Context(), func(tx *store.Tx) error {
		all, err := tx.Outcomes(t.Context(), store.OutcomeSum{Scope: store.Scope{All: true}, To: time.Now().Add(time.Hour).UnixMicro()})
		for k, c := range all {
			out[string(k.Outcome)+"/"+k.Reason] += c.Items
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// found pages through every event of every issue and counts each id.
func found(t *testing.T, p *apptest.Product, token string) (ids map[string]int, counted int64) {
	t.Helper()
	ids, counted, code := tryFound(t, p, token)
	if code != http.StatusOK {
		t.Fatalf("events or issues: %d", code)
	}
	return ids, counted
}

// tryFound is found with the first answer that is not 200.
func tryFound(t *testing.T, p *apptest.Product, token string) (ids map[string]int, counted int64, code int) {
	t.Helper()
	var list issueList
	if code := p.Get(token, "/api/v1/issues?size=100", &list); code != http.StatusOK {
		return nil, 0, code
	}
	ids = map[string]int{}
	for _, is := range list.Items {
		counted += is.Events
		next := ""
		for {
			var page struct {
				Items []struct{ ID string }
				Next  string
			}
			if code := p.Get(token, "/api/v1/issues/"+is.ID+"/events?size=100&cursor="+next, &page); code != http.StatusOK {
				return nil, 0, code
			}
			for _, e := range page.Items {
				ids[e.ID]++
			}
			if next = page.Next; next == "" {
				break
			}
		}
	}
	return ids, counted, http.StatusOK
}

func TestEveryStepMayFail(t *testing.T) {
	points := []string{"sql.before", "sql.inside", "sql.after", "engine.before", "engine.after", "ack.before", "ack.after"}
	f := &fault{}
	apptest.Each(t, apptest.Options{Fail: f.at}, func(t *testing.T, p *apptest.Product) {
		to, token := p.NewProject("shop"), p.Token(apptest.AllScopes)
		sent, repeats := 0, int64(0)
		for _, point := range points {
			f.arm(point, 2)
			for range 3 {
				sent++
				p.Send(to, payload(eventID(sent), "KeyError"))
			}
			p.Send(to, payload(eventID(sent), "KeyError")) // a client that repeats
			repeats++
			want := sent
			p.Until(30*time.Second, fmt.Sprintf("%s: %d events found", point, want), func() bool {
				f.mu.Lock()
				hit := f.hit
				f.mu.Unlock()
				ids, _ := found(t, p, token)
				return hit == 2 && len(ids) == want
			})
		}
		p.Until(10*time.Second, "queue empty", func() bool { return outcomes(t, p)["deduplicated/event_id"] == repeats })
		ids, counted := found(t, p, token)
		for id, n := range ids {
			if n != 1 {
				t.Errorf("event %s is there %d times", id, n)
			}
		}
		if got := outcomes(t, p)["stored/full"]; got != int64(sent) || counted != int64(sent) || len(ids) != sent {
			t.Errorf("sent %d: outcome counts %d, issues count %d, found %d", sent, got, counted, len(ids))
		}
	})
}

func TestPoisonHarmsNoOther(t *testing.T) {
	apptest.Each(t, apptest.Options{}, func(t *testing.T, p *apptest.Product) {
		to, token := p.NewProject("shop"), p.Token(apptest.AllScopes)
		for i := range 5 {
			p.Send(to, payload(eventID(i+1), fmt.Sprintf("Kind%dError", i%2)))
		}
		p.Until(10*time.Second, "all stored", func() bool { ids, _ := found(t, p, token); return len(ids) == 5 })
		var list issueList
		p.Get(token, "/api/v1/issues", &list)
		if len(list.Items) != 2 {
			t.Errorf("%d issues, want 2: %+v", len(list.Items), list)
		}
	})
}

func TestQueueSurvivesRestart(t *testing.T) {
	f := &fault{}
	p := apptest.Start(t, apptest.Options{Fail: f.at})
	to, token := p.NewProject("shop"), p.Token(apptest.AllScopes)
	f.arm("sql.before", 1_000_000) // nothing is worked off
	for i := range 20 {
		p.Send(to, payload(eventID(i+1), "KeyError"))
	}
	p.Stop()
	f.arm("", 0)
	p.Boot()
	p.Until(90*time.Second, "all stored after the restart", func() bool { ids, _ := found(t, p, token); return len(ids) == 20 })
	if _, err := os.Stat(filepath.Join(p.DataDir, "quarantine")); err == nil {
		t.Error("something was put aside")
	}
}
