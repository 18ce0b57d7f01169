package queue

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
)

func open(t *testing.T, dir string, size int64) *Queue {
	t.Helper()
	q, err := Open(t.Context(), Options{DataDir: dir, MaxBytes: size, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func sample(n int) Batch {
	b := Batch{ID: "0192-batch"}
	for i := range n {
		b.Entries = append(b.Entries, Entry{
			ProjectID: "1", Category: errata.CategoryError, KeyKind: errata.KeyPublic,
			Key: "k", Unchecked: i%2 == 0, Bytes: int64(i), Payload: bytes.Repeat([]byte{byte('a' + i%26)}, 100+i),
		})
	}
	return b
}

func TestEncodeDecode(t *testing.T) {
	for _, n := range []int{0, 1, MaxBatchEvents} {
		got, err := Decode(Encode(sample(n)))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(sample(n), got); d != "" {
			t.Errorf("%d entries: %s", n, d)
		}
	}
}

func TestDecodeRefusesDamage(t *testing.T) {
	good := Encode(sample(3))
	for at := range good {
		bad := bytes.Clone(good)
		bad[at] ^= 0x40
		if _, err := Decode(bad); err == nil {
			t.Errorf("a flipped bit in byte %d went unnoticed", at)
		}
	}
	for cut := range good {
		if _, err := Decode(good[:cut]); err == nil {
			t.Errorf("cut at %d went unnoticed", cut)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Encode(sample(2)))
	f.Add([]byte{Schema, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Decode(data)
		if err == nil && len(b.Entries) > MaxBatchEvents {
			t.Fatal("too many entries")
		}
		_, _ = readBatch(data)
	})
}

func TestPublishedSurvivesReopen(t *testing.T) {
	dir := t.TempDir()
	q := open(t, dir, 64<<20)
	for _, id := range []string{"a", "b", "a"} {
		if err := q.Publish(t.Context(), Events, id, []byte("data "+id), 7); err != nil {
			t.Fatal(err)
		}
	}
	q.Close()

	q = open(t, dir, 64<<20)
	defer q.Close()
	st, err := q.State(t.Context(), Events)
	if err != nil || st.Messages != 2 || st.Items != 14 || st.Oldest.IsZero() {
		t.Fatalf("state after reopening: %+v, %v", st, err)
	}
	got := take(t, q, Events, 2)
	if got[0].ID != "a" || string(got[1].Data) != "data b" || got[0].Tries != 1 {
		t.Errorf("got %+v", got)
	}
	for _, m := range got {
		if err := m.Ack(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if st, _ := q.State(t.Context(), Events); st.Messages != 0 || st.Items != 0 {
		t.Errorf("after ack: %+v", st)
	}
}

func take(t *testing.T, q *Queue, from Stream, n int) (out []*Message) {
	t.Helper()
	c, err := q.Consumer(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	for len(out) < n {
		ms, err := c.Next(t.Context(), n-len(out))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, ms...)
	}
	return out
}

// A process that died had messages in work: the next one gets them at once, in
// order, and not when the time to acknowledge them is over.
func TestWorkOfTheDeadIsGivenOutAtOnce(t *testing.T) {
	dir := t.TempDir()
	q := open(t, dir, 64<<20)
	for _, id := range []string{"a", "b", "c"} {
		if err := q.Publish(t.Context(), Events, id, []byte(id), 1); err != nil {
			t.Fatal(err)
		}
	}
	ms := take(t, q, Events, 2)
	if err := ms[0].Ack(t.Context()); err != nil {
		t.Fatal(err)
	}
	q.Close()

	q = open(t, dir, 64<<20)
	defer q.Close()
	ctx, cancel := context.WithTimeout(t.Context(), ackWait/2)
	defer cancel()
	c, err := q.Consumer(ctx, Events)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for len(got) < 2 && ctx.Err() == nil {
		ms, err := c.Next(ctx, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range ms {
			got = append(got, m.ID)
		}
	}
	if diff := cmp.Diff([]string{"b", "c"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRetryComesBackCounted(t *testing.T) {
	q := open(t, t.TempDir(), 64<<20)
	defer q.Close()
	if err := q.Publish(t.Context(), Backlog, "x", []byte("1"), 1); err != nil {
		t.Fatal(err)
	}
	m := take(t, q, Backlog, 1)[0]
	if err := m.Retry(time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if m = take(t, q, Backlog, 1)[0]; m.Tries != 2 {
		t.Errorf("tries %d, want 2", m.Tries)
	}
}

func TestFullIsRefusedNotDropped(t *testing.T) {
	q := open(t, t.TempDir(), 4<<20)
	defer q.Close()
	big := make([]byte, 512<<10)
	_, _ = rand.Read(big)
	var err error
	sent := 0
	for ; err == nil && sent < 20; sent++ {
		err = q.Publish(t.Context(), Events, string(rune('a'+sent)), big, 1)
	}
	if errata.CodeOf(err) != errata.SlowDown || errata.ReasonOf(err) != "queue_full" {
		t.Fatalf("after %d messages: %v (%s)", sent, err, errata.ReasonOf(err))
	}
	st, err := q.State(t.Context(), Events)
	if err != nil || st.Messages != uint64(sent-1) || st.Share < 0.7 {
		t.Errorf("kept %+v of %d, %v", st, sent, err)
	}
	if !q.Writable() {
		t.Error("a full queue is not an unreachable one")
	}
}

func TestBudgetIsKept(t *testing.T) {
	dir := t.TempDir()
	first, err := budget(dir, 0)
	if err != nil || first < minBudget || first > maxBudget {
		t.Fatalf("%d, %v", first, err)
	}
	if again, err := budget(dir, 0); err != nil || again != first {
		t.Errorf("second start: %d, %v", again, err)
	}
	if asked, err := budget(dir, 5); err != nil || asked != 5 {
		t.Errorf("asked for 5: %d, %v", asked, err)
	}
}

func TestNextEndsWithContext(t *testing.T) {
	q := open(t, t.TempDir(), 64<<20)
	defer q.Close()
	c, err := q.Consumer(t.Context(), Events)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := c.Next(ctx, 5); len(got) != 0 || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}

// A disk is full at a twentieth, within bounds.
func TestFullDisk(t *testing.T) {
	const gib = 1 << 30
	for _, c := range []struct {
		free, total int64
		want        bool
	}{
		{gib - 1, 10 * gib, true},
		{gib, 10 * gib, false},
		{2*gib - 1, 40 * gib, true},
		{2 * gib, 40 * gib, false},
		{5*gib - 1, 4000 * gib, true},
		{5 * gib, 4000 * gib, false},
	} {
		if got := full(c.free, c.total); got != c.want {
			t.Errorf("%d of %d bytes free: full %v", c.free, c.total, got)
		}
	}
}
