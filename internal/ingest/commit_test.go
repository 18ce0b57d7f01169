package ingest

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/queue"
)

func entry(id string, size int) queue.Entry {
	return queue.Entry{ProjectID: "1", Category: errata.CategoryError, Key: id, Payload: bytes.Repeat([]byte("x"), size)}
}

// batches reads what was published, as the keys of the entries.
func batches(t *testing.T, q *queue.Queue) (out [][]string) {
	t.Helper()
	c, err := q.Consumer(t.Context(), queue.Events)
	if err != nil {
		t.Fatal(err)
	}
	for {
		st, err := q.State(t.Context(), queue.Events)
		if err != nil {
			t.Fatal(err)
		}
		if st.Messages == 0 {
			return out
		}
		all, err := c.Next(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			b, err := queue.Decode(m.Data)
			if err != nil {
				t.Fatal(err)
			}
			var keys []string
			for _, e := range b.Entries {
				keys = append(keys, e.Key)
			}
			out = append(out, keys)
			if err := m.Ack(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// drain commits with one loop what is in line, and ends.
func (c *committer) drain() {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	c.loop(ended)
}

func TestGroupCommit(t *testing.T) {
	r := newRig(t, Options{})
	line := func(entries ...queue.Entry) [][]string {
		var all []*waiter
		for _, e := range entries {
			w := &waiter{entry: e, done: make(chan error, 1)}
			r.committer.in <- w
			all = append(all, w)
		}
		r.committer.drain()
		for _, w := range all {
			if err := <-w.done; err != nil {
				t.Error(err)
			}
		}
		return batches(t, r.queue)
	}
	if diff := cmp.Diff([][]string{{"a", "b"}}, line(entry("a", 10), entry("b", 10))); diff != "" {
		t.Error("two together", diff)
	}
	if diff := cmp.Diff([][]string{{"a"}, {"large"}, {"b"}}, line(entry("a", 10), entry("large", 300<<10), entry("b", 10))); diff != "" {
		t.Error("a large one alone", diff)
	}
	if diff := cmp.Diff([][]string{{"a"}, {"b", "c"}}, line(entry("a", 200<<10), entry("b", 100<<10), entry("c", 10))); diff != "" {
		t.Error("what does not fit begins the next", diff)
	}
	var many []queue.Entry
	for range queue.MaxBatchEvents + 1 {
		many = append(many, entry("m", 1))
	}
	if got := line(many...); len(got) != 2 || len(got[0]) != queue.MaxBatchEvents {
		t.Errorf("%d batches", len(got))
	}
}

// A client that leaves changes nothing: its event is kept.
func TestClientThatLeaves(t *testing.T) {
	r := newRig(t, Options{})
	ctx, leave := context.WithCancel(t.Context())
	answered := make(chan error)
	go func() { answered <- r.committer.commit(ctx, entry("left", 10)) }()
	for len(r.committer.in) == 0 { // it stands in line
		<-time.After(time.Millisecond)
	}
	leave()
	if err := <-answered; errata.CodeOf(err) != errata.Unavailable || errata.ReasonOf(err) != "" {
		t.Error(err)
	}
	r.committer.drain()
	if diff := cmp.Diff([][]string{{"left"}}, batches(t, r.queue)); diff != "" {
		t.Error(diff)
	}
}

// What comes after the last batch is refused, not left waiting.
func TestAfterTheEnd(t *testing.T) {
	r := newRig(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
	r.settle(0, false)
	r.key("known", 0)
	a, err := r.Project(t.Context(), "known", "", "192.0.2.7")
	if err != nil {
		t.Fatal(err)
	}
	err = r.Accept(t.Context(), a, &errata.Event{ID: "e", ProjectID: r.project.ID, ReceivedAt: 1, Timestamp: 1}, 10)
	if errata.CodeOf(err) != errata.Unavailable || errata.ReasonOf(err) != "queue_unavailable" {
		t.Error(err)
	}
	if got := r.counted()["rate_limited/queue_unavailable"]; got != 1 {
		t.Errorf("counted %d times", got)
	}
}

func TestFullLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCommitter(nil, slog.New(slog.DiscardHandler))
		for range cap(c.in) {
			c.in <- &waiter{}
		}
		began := time.Now()
		if err := c.commit(t.Context(), entry("late", 1)); errata.ReasonOf(err) != "queue_full" || time.Since(began) != inFlightWait {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}
