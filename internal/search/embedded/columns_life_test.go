package embedded

import (
	"math/rand/v2"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/search/searchtest"
)

// bothWays asks with columns and without.
func bothWays(t *testing.T, e *Engine, r search.Request) (onColumns, onRows *search.Result) {
	t.Helper()
	ask := func() *search.Result {
		res, err := e.Search(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		res.Took = 0
		return res
	}
	onColumns = ask()
	kept := map[*partition]*columns{}
	for _, p := range e.snapshot() {
		kept[p] = p.cols.Swap(nil)
	}
	onRows = ask()
	for p, c := range kept {
		p.cols.Store(c)
	}
	return onColumns, onRows
}

// Columns and rows answer alike, whatever has happened to the files.
func TestColumnsAnswerAsRows(t *testing.T) {
	for seed := range uint64(4) {
		o := Options{Dir: t.TempDir(), DaysPerFile: 1 + int(seed), FacetEvents: 100_000, tuning: []tuning{tuned, small, tiny}[seed%3]}
		if seed == 3 {
			o.TermsPerFile = 300
		}
		l := life{T: t, o: o, e: open(t, o), r: rand.New(rand.NewPCG(seed, 9)), g: searchtest.NewGenerator(seed)}
		for range 10 {
			l.store()
			l.happen()
			for range 8 {
				l.ask()
			}
		}
	}
}

// life is one engine that things happen to.
type life struct {
	*testing.T
	o    Options
	e    *Engine
	r    *rand.Rand
	g    *searchtest.Generator
	docs []search.Doc
}

// store stores events of which some were there before, and some have the time
// or the id of another.
func (l *life) store() {
	batch := make([]search.Doc, 80)
	for i := range batch {
		batch[i] = l.g.Doc()
		batch[i].Time -= batch[i].Time % 3_600_000_000
		if len(l.docs) == 0 {
			continue
		}
		switch other := l.docs[l.r.IntN(len(l.docs))]; l.r.IntN(8) {
		case 0:
			batch[i] = other
		case 1:
			batch[i].Time, batch[i].EventID = other.Time, other.EventID
		}
	}
	l.docs = append(l.docs, batch...)
	if _, err := l.e.Index(l.Context(), batch); err != nil {
		l.Fatal(err)
	}
}

func (l *life) happen() {
	var err error
	switch l.r.IntN(7) {
	case 0:
		r, _, made := l.g.Request()
		if made != nil {
			l.Fatal(made)
		}
		_, _ = l.e.Erase(l.Context(), search.EraseRequest{Scope: search.Scope{All: true}, Query: r.Query}) // one by an open class is refused
	case 1:
		_, err = l.e.Expire(l.Context(), 30, searchtest.Now.AddDate(0, 0, -10))
	case 2:
		err = l.e.Tidy(l.Context(), time.Now().Add(time.Hour))
	case 3:
		if err = l.e.Close(); err == nil {
			l.e = open(l.T, l.o)
		}
	}
	if err != nil {
		l.Fatal(err)
	}
}

// ask asks both ways, and for some pages more.
func (l *life) ask() {
	r, q, err := l.g.Request()
	if err != nil {
		l.Fatal(err)
	}
	for range 3 {
		onColumns, onRows := bothWays(l.T, l.e, r)
		if diff := gocmp.Diff(onRows, onColumns); diff != "" {
			l.Fatalf("%s (size %d after %q before %q):\n%.1500s", q, r.Size, r.After, r.Before, diff)
		}
		switch {
		case onColumns.Next != "" && l.r.IntN(3) > 0:
			r.After, r.Before = onColumns.Next, ""
		case onColumns.Prev != "":
			r.After, r.Before = "", onColumns.Prev
		default:
			return
		}
	}
}

// A search whose columns are older than an erasure still fills its page, and
// counts what is there.
func TestErasedSinceColumns(t *testing.T) {
	e := open(t, Options{})
	for n := range 50 {
		index(t, e, sent(n, noon.Add(time.Duration(n)*time.Second)))
	}
	p := e.snapshot()[0]
	stale := p.cols.Load()
	for _, n := range []int{49, 45, 44, 40, 39} {
		eraseEvent(t, e, sent(n, noon))
	}
	p.cols.Store(stale)
	r := everything()
	r.Size = 10
	res, err := e.Search(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Hits) != 10 || res.Next == "" || res.Total.Value != 45 {
		t.Errorf("%d hits, total %d, next %q", len(res.Hits), res.Total.Value, res.Next)
	}
	r.Size = 100
	if res, err = e.Search(t.Context(), r); err != nil || len(res.Hits) != 45 || res.Total != (search.Total{Value: 45, Exact: true}) {
		t.Errorf("%d hits, total %+v %v", len(res.Hits), res.Total, err)
	}
}

// A sample that ends with the last event of a file says that there are more.
func TestSampleEndsWithAFile(t *testing.T) {
	e := open(t, Options{DaysPerFile: 1, FacetEvents: 5})
	for n := range 10 {
		index(t, e, sent(n, noon.AddDate(0, 0, -n/5).Add(time.Duration(n)*time.Second)))
	}
	r := everything()
	r.Size, r.Aggs = 0, []search.Agg{{Name: "env", Kind: search.Terms, Key: querylang.Key{Name: "env"}, Size: 5, Newest: true}}
	onColumns, onRows := bothWays(t, e, r)
	if diff := gocmp.Diff(onRows, onColumns); diff != "" || !onColumns.Aggs["env"].Approx {
		t.Errorf("approx %v\n%s", onColumns.Aggs["env"].Approx, diff)
	}
}

// A project that all events had left, and that has come again, is a new value
// of the file; pages go on behind its events.
func TestProjectComesAgain(t *testing.T) {
	e := open(t, Options{})
	of := func(p string) func(*errata.Event) { return func(ev *errata.Event) { ev.ProjectID = p } }
	index(t, e, sent(1, noon, of("1")), sent(2, noon, of("2")), sent(3, noon, of("2")))
	if _, err := e.Erase(t.Context(), search.EraseRequest{Scope: search.Scope{Projects: []string{"1"}}}); err != nil {
		t.Fatal(err)
	}
	if err := e.Tidy(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	index(t, e, sent(5, noon, of("1")), sent(6, noon, of("1")), sent(7, noon, of("1")))
	r := everything()
	r.Size = 2
	page := func() *search.Result {
		t.Helper()
		onColumns, onRows := bothWays(t, e, r)
		if diff := gocmp.Diff(onRows, onColumns); diff != "" {
			t.Fatal(diff)
		}
		return onColumns
	}
	r.After = page().Next
	r.After, r.Before = "", page().Prev
	page()
}

// Whether a key is there, or is one of some values, may be asked at once.
func TestPresentAmongValues(t *testing.T) {
	e := open(t, Options{})
	index(t, e, sent(1, noon), sent(2, noon, func(ev *errata.Event) { ev.Environment = "" }))
	for _, key := range []string{"env", "release", "code", "service", "issue"} {
		r := everything()
		r.Query = &querylang.Leaf{Key: querylang.Key{Name: key}, Values: []querylang.Value{{Kind: querylang.Present}, {Kind: querylang.Equal, Text: "x"}}}
		onColumns, onRows := bothWays(t, e, r)
		if diff := gocmp.Diff(onRows, onColumns); diff != "" {
			t.Errorf("%s:\n%s", key, diff)
		}
	}
}

// eraseEvent erases one event.
func eraseEvent(t *testing.T, e *Engine, d search.Doc) {
	t.Helper()
	if _, err := e.Erase(t.Context(), search.EraseRequest{Scope: search.Scope{All: true}, Query: parse(t, "event:"+d.EventID)}); err != nil {
		t.Fatal(err)
	}
}

// A file of which nothing that matched is left has no hits, but is not damaged.
func TestAllErasedSinceColumns(t *testing.T) {
	e := open(t, Options{})
	index(t, e, sent(1, noon), sent(99, noon.AddDate(0, 0, -20)))
	p := e.snapshot()[len(e.snapshot())-1]
	stale := p.cols.Load()
	eraseEvent(t, e, sent(1, noon))
	index(t, e, sent(100, noon)) // the file is not empty
	p.cols.Store(stale)
	res, err := e.Search(t.Context(), everything())
	if err != nil || len(res.Gaps) > 0 || len(res.Hits) != 1 {
		t.Errorf("%+v %v", res, err)
	}
}
