package pipeline_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	parts "errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/queue"
)

// sent is one event of a random history.
type sent struct {
	parts.Event
	poison bool
}

// history is batches, and the turns in which they are delivered, some again.
type history struct {
	batches [][]sent
	turns   [][]int
}

func drawHistory(t *rapid.T) history {
	pick := func(name string, from ...string) string { return rapid.SampledFrom(from).Draw(t, name) }
	one := func() sent {
		return sent{poison: rapid.IntRange(0, 9).Draw(t, "poison") == 0, Event: parts.Event{
			ID:   id(rapid.IntRange(1, 8).Draw(t, "id")),
			Type: pick("type", "KeyError", "ValueError", "OSError"), User: pick("user", "", "u-1", "u-2"), Env: pick("env", "production", "staging"),
			Level: pick("level", "fatal", "error", "warning"), Release: pick("release", "", "shop@1.0.0", "shop@1.1.0"),
			Time: time.Now().Add(-time.Duration(rapid.IntRange(0, 48*60).Draw(t, "minutes ago")) * time.Minute),
		}}
	}
	var h history
	for range rapid.IntRange(1, 5).Draw(t, "batches") {
		var b []sent
		for range rapid.IntRange(1, 5).Draw(t, "events") {
			b = append(b, one())
		}
		h.batches = append(h.batches, b)
	}
	var order []int
	for i := range h.batches {
		order = append(order, i)
	}
	order = append(order, rapid.SliceOfN(rapid.IntRange(0, len(h.batches)-1), 0, 4).Draw(t, "again")...)
	for len(order) > 0 {
		n := rapid.IntRange(1, min(3, len(order))).Draw(t, "turn")
		turn := slices.Compact(slices.Sorted(slices.Values(order[:n]))) // a message is in one turn once
		h.turns, order = append(h.turns, turn), order[n:]
	}
	return h
}

// expect counts a history by hand: the first content of an id counts.
func (h history) expect() figures {
	f := figures{Issues: map[string]int64{}, Users: map[string]int64{}, Outcomes: map[string]int64{}, Letters: map[string]int64{}}
	batches, ids, users, kinds := map[int]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, turn := range h.turns {
		for _, i := range turn {
			if batches[i] {
				continue
			}
			batches[i] = true
			for _, e := range h.batches[i] {
				switch {
				case e.poison:
					f.Outcomes["dead_lettered/poison"]++
					f.Letters["poison counted=false"]++
				case ids[e.ID]:
					f.Outcomes["deduplicated/event_id"]++
				default:
					ids[e.ID], kinds[e.Type] = true, true
					f.Outcomes["stored/full"]++
					f.Issues[e.Type]++
					f.Users[e.Type] += 0
					if who := e.Type + e.User; e.User != "" && !users[who] {
						users[who] = true
						f.Users[e.Type]++
					}
					f.Stored = append(f.Stored, e.ID)
				}
			}
		}
	}
	slices.Sort(f.Stored)
	n := int64(len(f.Stored))
	f.Events, f.Hours, f.Envs, f.Quarters = n, n, n, n
	for i := range len(kinds) {
		f.Numbers = append(f.Numbers, int64(i+1))
	}
	return f
}

// Whatever is sent, and however often it is delivered: each item ends in one
// outcome, and every counter and the engine agree.
func TestEveryHistoryAddsUp(t *testing.T) {
	if err := flag.Set("rapid.checks", "40"); err != nil { // each check syncs files
		t.Fatal(err)
	}
	p := parts.Open(t, parts.Options{Idle: true})
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		h := drawHistory(rt)
		round++
		shop := p.NewProject(fmt.Sprintf("shop-%d", round), errata.ProjectSettings{})
		var batches []queue.Batch
		for _, b := range h.batches {
			var entries []queue.Entry
			for _, e := range b {
				entry := p.Entry(shop, e.Event)
				if e.poison {
					entry.Payload = []byte("{")
				}
				entries = append(entries, entry)
			}
			batches = append(batches, p.Batch(entries...))
		}
		for _, turn := range h.turns {
			var now []queue.Batch
			for _, i := range turn {
				now = append(now, batches[i])
			}
			if err := p.Worker.Work(t.Context(), now...); err != nil {
				rt.Fatal(err)
			}
		}
		if d := cmp.Diff(h.expect(), read(t, p, shop)); d != "" {
			rt.Fatalf("after %v (-want +got):\n%s", h, d)
		}
	})
}
