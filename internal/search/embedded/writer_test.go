package embedded

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
	"unsafe"

	"errata/internal/errata"
	"errata/internal/search"
)

// TestDictionary stores events before and after the file has its dictionary and
// reads all of them, before and after opening it again.
func TestDictionary(t *testing.T) {
	dir := t.TempDir()
	e := open(t, Options{Dir: dir})
	var docs []search.Doc
	for i := range 3 * dictAfter {
		docs = append(docs, sent(i, noon.Add(-time.Duration(i)*time.Second)))
	}
	index(t, e, docs[:dictAfter]...)
	p := e.snapshot()[0]
	plain, err := p.packer()
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { now, err := p.packer(); return err == nil && now != plain })
	index(t, e, docs[dictAfter:]...)
	for range 2 {
		for i := range docs {
			d, err := e.Get(t.Context(), search.Scope{All: true}, errata.Ref{Project: "1", EventID: docs[i].EventID})
			if err != nil || !bytes.Equal(d.Payload, docs[i].Payload) {
				t.Fatalf("event %d: %v %s", i, err, d.Payload)
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		e = open(t, Options{Dir: dir})
	}
	with, without := pack(t, e, docs[900]), packPlain(t, docs[900])
	if with >= without {
		t.Errorf("%d bytes with dictionary, %d without", with, without)
	}
}

// TestDictionaryStays closes the file for writing while its dictionary is made,
// and brings a second dictionary. What was packed with the first must stay
// readable.
func TestDictionaryStays(t *testing.T) {
	dir := t.TempDir()
	e := open(t, Options{Dir: dir})
	var docs []search.Doc
	for i := range 5 * dictAfter {
		docs = append(docs, sent(i, noon.Add(-time.Duration(i)*time.Second)))
	}
	add := func(n int) {
		t.Helper()
		index(t, e, docs[:n]...)
		docs = append(docs[n:], docs[:n]...)
	}
	ask := func(do func(w *writer) error) {
		t.Helper()
		if err := e.submit(t.Context(), &job{do: do}); err != nil {
			t.Fatal(err)
		}
	}
	add(dictAfter)
	p := e.snapshot()[0]
	plain, err := p.packer()
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		ask(func(w *writer) error { w.close(w.open[0]); return nil })
		add(dictAfter / 10)
	}
	waitFor(t, func() bool { now, err := p.packer(); return err == nil && now != plain })
	add(dictAfter)
	e.background.Wait() // a second training would be through
	add(dictAfter)
	var other [][]byte
	for i := range dictAfter {
		other = append(other, docs[len(docs)-1-i].Payload)
	}
	dict, err := train(other, firstDict)
	if err != nil {
		t.Fatal(err)
	}
	pack, err := newCodec(dict)
	if err != nil {
		t.Fatal(err)
	}
	ask(func(w *writer) error { return w.setDict(p, dict, pack, p.erasures) })
	add(dictAfter)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = open(t, Options{Dir: dir})
	stored := 0
	for i := range docs {
		d, err := e.Get(t.Context(), search.Scope{All: true}, errata.Ref{Project: "1", EventID: docs[i].EventID})
		if errata.CodeOf(err) == errata.NotFound {
			continue
		}
		if stored++; err != nil || !bytes.Equal(d.Payload, docs[i].Payload) {
			t.Fatalf("event %s: %v", docs[i].EventID, err)
		}
	}
	if want := 4*dictAfter + dictAfter/2; stored != want {
		t.Errorf("%d events are stored", stored)
	}
}

func pack(t *testing.T, e *Engine, d search.Doc) int {
	t.Helper()
	c, err := e.snapshot()[0].packer()
	if err != nil {
		t.Fatal(err)
	}
	_, z := c.pack(face{}, d.Payload)
	return len(z)
}

func packPlain(t *testing.T, d search.Doc) int {
	t.Helper()
	c, err := newCodec(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, z := c.pack(face{}, d.Payload)
	return len(z)
}

// TestFullDisk limits the pages of a file: its events are to be sent again,
// those of other files are stored.
func TestFullDisk(t *testing.T) {
	e := open(t, Options{DaysPerFile: 1})
	index(t, e, sent(1, noon), sent(2, noon.AddDate(0, 0, -1)))
	limit := func(sql string) {
		t.Helper()
		p := e.snapshot()[1]
		err := e.submit(t.Context(), &job{do: func(w *writer) error {
			f, err := w.file(p)
			if err != nil {
				return err
			}
			return f.script(sql)
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	limit("PRAGMA max_page_count = 1")
	big := sent(3, noon)
	big.Payload = make([]byte, 500<<10)
	for i, r := 0, rand.New(rand.NewPCG(1, 1)); i < len(big.Payload); i++ {
		big.Payload[i] = byte(r.IntN(256))
	}
	res, err := e.Index(t.Context(), []search.Doc{big, sent(4, noon.AddDate(0, 0, -1)), {}})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(res[0].Status, res[1].Status, res[2].Status); got != "retrycreatedrejected" {
		t.Fatalf("got %s: %+v", got, res)
	}
	index(t, e, big) // the file was opened afresh, without the limit
}

// TestIDsAreNotReused deletes the newest rows of a file: what is stored next
// must not answer to their words.
func TestIDsAreNotReused(t *testing.T) {
	dir := t.TempDir()
	e := open(t, Options{Dir: dir})
	week := func(ev *errata.Event) { ev.Class = 7 }
	old := noon.AddDate(0, 0, -5)
	index(t, e, sent(1, old), sent(2, old.Add(time.Hour), week), sent(3, old.Add(2*time.Hour), week))
	rep, err := e.Expire(t.Context(), 7, noon.AddDate(0, 0, -2))
	if err != nil || rep.Events != 2 || rep.Places != 0 {
		t.Fatalf("%+v %v", rep, err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = open(t, Options{Dir: dir})
	index(t, e, sent(4, old), sent(5, old))
	r := everything()
	r.Query = parse(t, "number2 OR number3")
	res, err := e.Search(t.Context(), r)
	if err != nil || len(res.Hits) != 0 {
		t.Errorf("found %+v %v", res.Hits, err)
	}
}

// TestExpireBesideWriting drops files while late events of their days arrive:
// none is lost or stored in a file that is not there.
func TestExpireBesideWriting(t *testing.T) {
	dir := t.TempDir()
	e := open(t, Options{Dir: dir, DaysPerFile: 1})
	old := noon.AddDate(0, 0, -9)
	long := func(ev *errata.Event) { ev.Class = 90 }
	var wg sync.WaitGroup
	for round := range 15 {
		index(t, e, sent(1000+round, old))
		wg.Go(func() {
			for i := range 4 {
				if _, err := e.Index(context.Background(), []search.Doc{sent(round*10+i, old, long)}); err != nil {
					t.Error(err)
				}
			}
		})
		if _, err := e.Expire(t.Context(), 30, noon.AddDate(0, 0, -2)); err != nil {
			t.Error(err)
		}
		wg.Wait()
	}
	if _, err := e.Expire(t.Context(), 30, noon.AddDate(0, 0, -2)); err != nil {
		t.Error(err)
	}
	for range 2 {
		res, err := e.Search(t.Context(), everything())
		if err != nil || res.Total.Value != 60 {
			t.Fatalf("%+v %v", res.Total, err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		e = open(t, Options{Dir: dir, DaysPerFile: 1})
	}
	if _, err := e.Expire(t.Context(), 90, noon); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "ev-*")); len(left) > 0 {
		t.Error("left:", left)
	}
}

// TestHalfMadeFile opens a directory in which the process ended while a file
// was made, and one in which it ended while a file was removed.
func TestHalfMadeFile(t *testing.T) {
	dir := t.TempDir()
	files := days10(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "ev-2026-01-01.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	e := &Engine{o: Options{WriteCacheKiB: 512}}
	f, err := e.openFile(&partition{path: files[0], created: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.setMeta(metaGone, int64(1)); err != nil {
		t.Fatal(err)
	}
	f.shut()
	again := open(t, Options{Dir: dir})
	res, err := again.Search(t.Context(), everything())
	if err != nil || res.Total.Value != 320 || len(res.Gaps) > 0 {
		t.Errorf("%+v %v", res, err)
	}
}

// TestNamesAreCopied looks whether what the writer remembers of an event is a
// piece of the event: a name of twenty bytes would keep four kilobytes.
func TestNamesAreCopied(t *testing.T) {
	e := &Engine{o: Options{WriteCacheKiB: 512}}
	f, err := e.openFile(&partition{path: filepath.Join(t.TempDir(), "ev-2026-01-01.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer f.shut()
	whole := string(bytes.Repeat([]byte("x"), 4096))
	if err := f.transaction(func() error { _, err := f.dictID(colUser, whole[:20]); return err }); err != nil {
		t.Fatal(err)
	}
	for k := range f.dict {
		if unsafe.StringData(k.val) == unsafe.StringData(whole) {
			t.Error("the name is a piece of the event")
		}
	}
	if len(f.dict) != 1 {
		t.Errorf("%d names remembered", len(f.dict))
	}
}

// TestFileGoneBeforeWriting takes a file away between the preparation of a batch
// and its writing: the events get a new file.
func TestFileGoneBeforeWriting(t *testing.T) {
	for _, c := range []struct {
		name string
		take func(e *Engine) error
	}{
		{"expired", func(e *Engine) error {
			_, err := e.Expire(context.Background(), 30, noon.AddDate(0, 0, 1))
			return err
		}},
		{"set aside", func(e *Engine) error {
			p := e.snapshot()[0]
			return e.submit(context.Background(), &job{do: func(w *writer) error { w.setAside(p); return nil }})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			e := open(t, Options{Dir: dir})
			var first []search.Doc
			for i := range dictAfter {
				first = append(first, sent(i, noon))
			}
			index(t, e, first...)
			plain, err := e.snapshot()[0].packer()
			if err != nil {
				t.Fatal(err)
			}
			waitFor(t, func() bool { now, err := e.snapshot()[0].packer(); return err == nil && now != plain })
			docs, results := []search.Doc{sent(1000, noon), sent(1001, noon)}, make([]search.ItemResult, 2)
			items, err := e.prepare(t.Context(), docs, results) // packed with the dictionary of the old file
			if err != nil {
				t.Fatal(err)
			}
			if err := c.take(e); err != nil {
				t.Fatal(err)
			}
			if err := e.submit(t.Context(), &job{ctx: t.Context(), items: items, results: results}); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				for _, d := range docs {
					got, err := e.Get(t.Context(), search.Scope{All: true}, errata.Ref{Project: "1", EventID: d.EventID, Time: d.Time})
					if err != nil || !bytes.Equal(got.Payload, d.Payload) {
						t.Error(got, err)
					}
				}
				if err := e.Close(); err != nil {
					t.Fatal(err)
				}
				e = open(t, Options{Dir: dir})
			}
		})
	}
}
