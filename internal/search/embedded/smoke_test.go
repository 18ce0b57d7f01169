package embedded

import (
	"context"
	"fmt"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	e, err := Open(ctx, Options{Dir: t.TempDir(), Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	base := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	var docs []search.Doc
	for i := range 1000 {
		docs = append(docs, search.Doc{Class: 30, Payload: []byte(fmt.Sprintf(`{"n":%d}`, i)), Record: querylang.Record{
			Time: base.Add(-time.Duration(i) * time.Hour).UnixMicro(), Received: base.UnixMicro(), Project: "1", Issue: fmt.Sprintf("i%d", i%7),
			EventID: fmt.Sprintf("%032x", i), Level: errata.LevelError, Env: "production", Type: "FooError",
			Pairs: []string{"os=iOS"}, Terms: []string{"env=production", "os=ios"}, Keys: []string{"env", "os"},
			Words: [3]string{"deadlock detected", "foo error", "main go 17"},
		}})
	}
	res, err := e.Index(ctx, docs)
	if err != nil || res[0].Status != search.Created {
		t.Fatal(err, res)
	}
	r := search.Request{Scope: search.Scope{All: true}, From: base.AddDate(0, -2, 0), To: base.AddDate(0, 0, 1), Size: 5, TotalUpTo: 10000,
		Query: &querylang.Leaf{Values: []querylang.Value{{Kind: querylang.Words, Tokens: []string{"deadlock"}}}},
		Aggs: []search.Agg{{Name: "i", Kind: search.Terms, Key: querylang.Key{Name: "issue"}, Size: 3, Sub: []search.Agg{{Name: "h", Kind: search.Histogram, Interval: "1d"}}},
			{Name: "o", Kind: search.Terms, Key: querylang.Key{Name: "os"}, Size: 3}}}
	out, err := e.Search(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d hits total %+v gaps %v next %q took %v", len(out.Hits), out.Total, out.Gaps, out.Next, out.Took)
	d, err := e.Get(ctx, r.Scope, out.Hits[0].Ref())
	if err != nil || string(d.Payload) != `{"n":0}` {
		t.Fatal(err, d)
	}
	t.Logf("%+v", d)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}
