package embedded

import (
	"context"
	"encoding/hex"
	"runtime"
	"sync"

	"errata/internal/querylang"
	"errata/internal/search"
)

// item is a document made ready outside of the transaction.
type item struct {
	doc     *search.Doc
	at      int // index in the batch
	part    *partition
	eid     []byte
	head, z []byte
	text    string // tokens of kw
	terms   []term
	frames  []string // frame terms
	stack   int64    // hash of the stack, 0 = none
	id      int64    // row id, given by the writer; 0 = was there

	values [len(columnNames)]int64 // ids in dict of its columns, given by the writer
	stk    int64                   // of its stack
}

// prepare checks, packs and hashes the documents on all cores. Refused ones
// get their result at once.
func (e *Engine) prepare(ctx context.Context, docs []search.Doc, results []search.ItemResult) ([]*item, error) {
	items := make([]*item, 0, len(docs))
	for i := range docs {
		if fault := docs[i].Fault(); fault != "" {
			results[i] = search.ItemResult{Status: search.Rejected, Reason: fault}
			continue
		}
		items = append(items, &item{doc: &docs[i], at: i, part: e.place(dayOf(docs[i].Time))})
	}
	workers := min(runtime.GOMAXPROCS(0), len(items)/16+1)
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(items) && errs[w] == nil && ctx.Err() == nil; i += workers {
				errs[w] = items[i].prepare()
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return items, ctx.Err()
}

func (it *item) prepare() error {
	pack, err := it.part.packer()
	if err != nil {
		return err
	}
	d := it.doc
	it.eid, _ = hex.DecodeString(d.EventID) // Fault saw that it is hex
	it.head, it.z = pack.pack(newFace(&d.Record), d.Payload)
	before, frames, after := splitFrames(d.Terms)
	it.text, it.terms = terms(before, after, d.Keys)
	it.frames, it.stack = frames, hashStack(d.Words[querylang.StreamStack], frames)
	return nil
}
