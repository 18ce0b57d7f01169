package pipeline_test

import (
	"fmt"
	"sync"
	"testing"

	parts "errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/queue"
)

// Many workers meet the first events of one fingerprint at once.
func TestOneIssueForManyFirstEvents(t *testing.T) {
	parts.Each(t, parts.Options{Idle: true}, func(t *testing.T, p *parts.Parts) {
		shop := p.NewProject("shop", errata.ProjectSettings{})
		var batches []queue.Batch
		var ids []string
		for n := 1; n <= 20; n++ {
			batches = append(batches, p.Batch(p.Entry(shop, event(n))))
			ids = append(ids, id(n))
		}
		atOnce(t, p, batches)
		same(t, "20 first events", read(t, p, shop), plain("KeyError", ids...))
	})
}

// atOnce works batches off side by side, each until the database took it.
func atOnce(t *testing.T, p *parts.Parts, batches []queue.Batch) {
	t.Helper()
	var wg sync.WaitGroup
	start := make(chan struct{})
	for _, b := range batches {
		wg.Go(func() {
			<-start
			for range 20 {
				err := p.Worker.Work(t.Context(), b)
				if err == nil {
					return
				}
				if c := errata.CodeOf(err); c != errata.Unavailable {
					t.Errorf("batch %s: %v", b.ID, err)
					return
				}
			}
			t.Errorf("batch %s was refused 20 times", b.ID)
		})
	}
	close(start)
	wg.Wait()
	if err := p.Engine.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Clients that send one id with two contents at once: one of them wins, and the
// engine's document lies under the issue that counted it.
func TestOneIDTwoContents(t *testing.T) {
	parts.Each(t, parts.Options{Idle: true}, func(t *testing.T, p *parts.Parts) {
		shop := p.NewProject("shop", errata.ProjectSettings{})
		var batches []queue.Batch
		var ids []string
		for n := 1; n <= 12; n++ {
			ids = append(ids, id(n))
			for _, kind := range []string{"KeyError", "ValueError", fmt.Sprintf("Kind%dError", n)} {
				e := event(n)
				e.Type = kind
				batches = append(batches, p.Batch(p.Entry(shop, e)))
			}
		}
		atOnce(t, p, batches)
		got := read(t, p, shop)
		var numbers []int64
		for range got.Issues {
			numbers = append(numbers, int64(len(numbers)+1))
		}
		want := figures{
			Issues: got.Issues, Users: got.Users, Numbers: numbers, Events: 12, Hours: 12, Envs: 12, Quarters: 12,
			Outcomes: map[string]int64{"stored/full": 12, "deduplicated/event_id": 24}, Letters: map[string]int64{}, Stored: ids,
		}
		same(t, "each id once", got, want)
	})
}
