package embedded

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/search/searchtest"
)

func TestVector(t *testing.T) {
	v := newVector(0)
	var want []uint32
	var before vector
	for _, n := range []uint32{0, 255, 7, 256, 65_535, 3, 65_536, 1 << 31, 9, 255} {
		if n == 65_536 {
			before = v
		}
		v.push(n)
		want = append(want, n)
	}
	rows := []int32{9, 0, 7, 3}
	got := make([]uint32, len(rows))
	v.gather(rows, got)
	if diff := gocmp.Diff([]uint32{255, 0, 1 << 31, 256}, got); diff != "" {
		t.Error(diff)
	}
	for i, n := range want {
		if v.at(i) != n {
			t.Errorf("number %d is %d, want %d", i, v.at(i), n)
		}
		if i < 6 && before.at(i) != n {
			t.Errorf("the copy's number %d is %d, want %d", i, before.at(i), n)
		}
	}
	straight := newVector(0)
	straight.push(1 << 20) // over two widths at once
	if straight.at(0) != 1<<20 {
		t.Errorf("got %d", straight.at(0))
	}
}

func TestHashSet(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var s hashSet
	want := map[uint64]bool{}
	for range 5000 {
		h := r.Uint64N(3000) + 1
		s.add(h)
		want[h] = true
	}
	if s.n != len(want) {
		t.Errorf("%d members, want %d", s.n, len(want))
	}
}

// shown is what columns say of each row, by name: codes depend on who made them.
func shown(c *columns) (out []string) {
	for i := range c.n {
		if c.flags[i]&noRow != 0 {
			continue
		}
		var r querylang.Record
		c.record(int32(i), &r)
		user := c.text[colUser]
		out = append(out, fmt.Sprintf("%d %d %v %v %v %d %s %s %s %s %s %s %s %s stack %d user %x", i, r.Time, r.Level, r.Severity, r.Handled, r.Status,
			r.Project, r.Service, r.Env, r.Release, r.Type, r.Code, r.Culprit, r.Issue, c.stack.at(i), user.hash(int64(user.codes.at(i)))))
	}
	return out
}

// read returns the columns of a file as a start would read them.
func read(t *testing.T, e *Engine, p *partition) *columnWriter {
	t.Helper()
	var w *columnWriter
	err := e.reading(t.Context(), p, func(q queryer) (err error) { w, err = readColumns(t.Context(), q, p.events.Load()); return err })
	if err != nil || w == nil {
		t.Fatal("no columns:", err)
	}
	return w
}

// What the writer keeps is what the rows say: after duplicates, late events,
// values that only one event had, erasures, expiry, and files written anew.
func TestColumnsAreTheRows(t *testing.T) {
	e := open(t, Options{DaysPerFile: 5})
	same := func(when string) {
		t.Helper()
		for _, p := range e.snapshot() {
			if diff := gocmp.Diff(shown(&read(t, e, p).columns), shown(p.cols.Load())); diff != "" {
				t.Errorf("%s, %s:\n%s", when, fileOf(p), diff)
			}
		}
	}
	g := searchtest.NewGenerator(4)
	var docs []search.Doc
	for range 40 {
		batch := make([]search.Doc, 50)
		for i := range batch {
			if batch[i] = g.Doc(); len(docs) > 100 && i%5 == 0 {
				batch[i] = docs[i] // again
			}
		}
		docs = append(docs, batch...)
		if _, err := e.Index(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	same("stored")
	if _, err := e.Erase(t.Context(), search.EraseRequest{Scope: search.Scope{All: true}, Query: parse(t, "env:staging deadlock")}); err != nil {
		t.Fatal(err)
	}
	same("erased")
	if _, err := e.Expire(t.Context(), 30, searchtest.Now.AddDate(0, 0, -12)); err != nil {
		t.Fatal(err)
	}
	same("expired")
	if err := e.Tidy(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := e.Index(t.Context(), []search.Doc{g.Doc(), docs[1], g.Doc()}); err != nil {
			t.Fatal(err)
		}
	}
	same("tidied")
}

// A start reads beside the writer: what came and went meanwhile is not lost.
func TestColumnsReadWhileWritten(t *testing.T) {
	e := open(t, Options{})
	doc := func(n int) search.Doc { return sent(n, noon.Add(time.Duration(n)*time.Second)) }
	for n := range 5 {
		index(t, e, doc(n))
	}
	p := e.snapshot()[0]
	early := read(t, e, p)
	other := doc(7)
	other.Env = "never seen"
	index(t, e, doc(6), other)
	if err := e.reading(t.Context(), p, func(q queryer) error { return early.read(t.Context(), q) }); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(shown(p.cols.Load()), shown(&early.columns)); diff != "" {
		t.Error(diff)
	}
	p.cols.Store(nil)
	if err := e.loadColumnsOf(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	index(t, e, doc(8)) // goes on where the start ended
	if diff := gocmp.Diff(shown(&read(t, e, p).columns), shown(p.cols.Load())); diff != "" {
		t.Error(diff)
	}
}

// A file of which hardly a row is left is not worth its columns.
func TestColumnsOfFewRows(t *testing.T) {
	e := open(t, Options{})
	index(t, e, sent(1, noon))
	err := e.submit(t.Context(), &job{do: func(w *writer) error {
		return w.change(e.snapshot()[0], func(f *file) error { return f.run("UPDATE ev SET id = 1000000") })
	}})
	if err != nil {
		t.Fatal(err)
	}
	err = e.reading(t.Context(), e.snapshot()[0], func(q queryer) error {
		w, err := readColumns(t.Context(), q, 1)
		if w != nil {
			t.Error("columns with a million places for one row")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The oldest columns leave first; answers stay the same, also after a restart.
func TestColumnsLeave(t *testing.T) {
	dir := t.TempDir()
	e := open(t, Options{Dir: dir, DaysPerFile: 1, Memory: 3000})
	for n := range 60 {
		index(t, e, sent(n, noon.AddDate(0, 0, -n/10).Add(time.Duration(n)*time.Second)), sent(100+n, noon.AddDate(0, 0, -n/10)))
	}
	in := func(e *Engine) (out []bool) {
		for _, p := range e.snapshot() {
			out = append(out, p.cols.Load() != nil)
		}
		return out
	}
	ask := func(e *Engine) *search.Result {
		r := everything()
		r.Aggs = []search.Agg{{Name: "h", Kind: search.Histogram, Interval: "1d"}}
		res, err := e.Search(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		res.Took = 0
		return res
	}
	has, before := in(e), ask(e)
	if !has[len(has)-1] || has[0] || !slices.IsSortedFunc(has, func(a, b bool) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) }) {
		t.Errorf("files with columns, oldest first: %v", has)
	}
	if _, bytes := e.inColumns(); before.Total.Value != 120 || bytes > 3000 {
		t.Errorf("%d events found; columns take %d bytes", before.Total.Value, bytes)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, Options{Dir: dir, DaysPerFile: 1, Memory: 3000})
	if has := in(again); !has[len(has)-1] || has[0] {
		t.Errorf("after a restart: %v", has)
	}
	if diff := gocmp.Diff(before, ask(again)); diff != "" {
		t.Error(diff)
	}
}

// What is known of a word goes on with the rows that follow, and forgets those
// that are erased.
func TestPostingsGoOn(t *testing.T) {
	e := open(t, Options{tuning: tiny})
	total := func() int64 {
		t.Helper()
		r := everything()
		r.Query = parse(t, "text !env:canary")
		res, err := e.Search(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return res.Total.Value
	}
	word := func(n int) search.Doc {
		return sent(n, noon.Add(time.Duration(n)*time.Second), func(ev *errata.Event) { ev.Message = "some text" })
	}
	for n := range 70 {
		index(t, e, word(n))
	}
	p := e.snapshot()[0]
	key := postingKey{p, postingText(querylang.Key{}, &querylang.Value{Kind: querylang.Words, Text: "text", Raw: "text", Tokens: []string{"text"}})}
	if got := total(); got != 70 || e.postings.get(key).n < p.cols.Load().n {
		t.Fatalf("%d events; %d rows known", got, e.postings.get(key).n)
	}
	index(t, e, word(70), word(71))
	if got := total(); got != 72 {
		t.Errorf("%d events after two more", got)
	}
	_, err := e.Erase(t.Context(), search.EraseRequest{Scope: search.Scope{All: true}, Query: parse(t, "event:"+word(3).EventID+","+word(71).EventID)})
	if err != nil {
		t.Fatal(err)
	}
	if got := total(); got != 70 {
		t.Errorf("%d events after two were erased", got)
	}
	e.forget(p)
	if e.postings.get(key).n > 0 || e.postings.bytes != 0 {
		t.Error("postings of a file that is gone")
	}
}

// The cache holds what was asked last.
func TestPostingsLeave(t *testing.T) {
	c := newPostingCache(3 * (80 + 160 + 1))
	for _, k := range []string{"a", "b", "c", "a", "d"} {
		if key := (postingKey{nil, k}); c.get(key).n == 0 {
			c.put(key, posting{rows: newBitset(640), n: 640})
		}
	}
	for k, want := range map[string]bool{"a": true, "b": false, "c": true, "d": true} {
		if got := c.get(postingKey{nil, k}).n == 640; got != want {
			t.Errorf("%s: known %v", k, got)
		}
	}
}

// The rows at the ends are those that a sort of all would give.
func TestEnds(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		w := newColumns(0)
		for id := int64(1); id < 3*blockRows; id++ {
			if r.IntN(4) > 0 {
				w.push(&numbers{id: id, ts: id/int64(1+seed%7) + r.Int64N(1+int64(seed)*40)})
			}
		}
		f := &found{columns: w.published()}
		f.rows = f.between(0, 1<<60)
		for w := range f.rows {
			f.rows[w] &= r.Uint64()
		}
		all := f.rows.rows(nil, 0, len(f.rows))
		n, newer := 1+r.IntN(300), seed%2 == 0
		var behind *int64
		if seed%3 == 0 {
			behind = &f.ts[all[r.IntN(len(all))]]
		}
		checkEnds(t, f, all, n, newer, behind)
	}
}

func checkEnds(t *testing.T, f *found, all []int32, n int, newer bool, behind *int64) {
	t.Helper()
	sign := int64(-1)
	if newer {
		sign = 1
	}
	all = slices.DeleteFunc(all, func(i int32) bool { return behind != nil && sign*f.ts[i] < sign**behind })
	slices.SortFunc(all, func(a, b int32) int { return cmp.Compare(sign*f.ts[a], sign*f.ts[b]) })
	end := n
	for i := 0; behind != nil && i < len(all) && f.ts[all[i]] == *behind; i++ {
		end++ // these may all lie before the cursor
	}
	for end = min(end, len(all)); end > 0 && end < len(all) && f.ts[all[end]] == f.ts[all[end-1]]; end++ {
	}
	want, got := all[:end], f.ends(n, newer, behind)
	slices.Sort(got)
	slices.Sort(want)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Fatalf("%d rows, newer %v, behind %v:\n%s", n, newer, behind, diff)
	}
}

// Searches beside the writer see whole commits, and every one that was answered.
func TestColumnsBesideTheWriter(t *testing.T) {
	e := open(t, Options{tuning: tiny})
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			last := int64(0)
			for ctx.Err() == nil {
				r := everything()
				r.Query, r.Size = parse(t, "message"), 5
				r.Aggs = []search.Agg{{Name: "env", Kind: search.Terms, Key: querylang.Key{Name: "env"}, Size: 5}}
				res, err := e.Search(context.Background(), r)
				if err != nil {
					t.Error(err)
					return
				}
				if n := res.Total.Value; n%4 != 0 || n < last || len(res.Aggs["env"].Buckets) > 0 && res.Aggs["env"].Buckets[0].Count != n {
					t.Errorf("total %d after %d, by environment %+v", n, last, res.Aggs["env"])
					return
				}
				last = res.Total.Value
			}
		})
	}
	for n := 0; n < 400; n += 4 {
		var docs []search.Doc
		for i := range 4 {
			docs = append(docs, sent(n+i, noon.Add(time.Duration(n+i)*time.Second), func(ev *errata.Event) { ev.Message = "message" }))
		}
		index(t, e, docs...)
	}
	cancel()
	group.Wait()
}
