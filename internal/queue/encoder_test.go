package queue

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEncoderWritesTheSameAgain(t *testing.T) {
	var e Encoder
	large := Batch{ID: "large", Entries: []Entry{{ProjectID: "1", Payload: bytes.Repeat([]byte("0123456789abcdef"), 1<<16)}}}
	for _, b := range []Batch{sample(3), large, sample(MaxBatchEvents), sample(0), sample(3)} {
		got, err := Decode(e.Encode(b))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(b, got); d != "" {
			t.Errorf("%d entries: %s", len(b.Entries), d)
		}
		if cap(e.plain) > keepBuffer || cap(e.out) > keepBuffer {
			t.Errorf("keeps %d and %d bytes", cap(e.plain), cap(e.out))
		}
	}
	if n := testing.AllocsPerRun(20, func() { e.Encode(sample(0)) }); n > 1 {
		t.Errorf("%v allocations for an empty batch", n)
	}
}
