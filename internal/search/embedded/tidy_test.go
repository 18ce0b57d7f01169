package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

// canary stands in the events that are erased, and nowhere else.
const canary = "zebrafinch"

// canaryDoc is an event that is full of the canary in every place there is.
func canaryDoc(n int, when time.Time) search.Doc {
	ev := errata.Event{
		ID: fmt.Sprintf("%032x", n), ProjectID: "1", Timestamp: when.UnixMicro(), ReceivedAt: when.UnixMicro(), Class: 30,
		Message: "order of " + canary + "message failed", Release: canary + "release", Code: canary + "code", Culprit: "in " + canary + "culprit",
		Environment: canary + "env", User: &errata.User{Hash: canary + "user", Terms: []string{canary + "term"}},
		Exceptions: []errata.Exception{{Type: canary + "Type", Frames: []errata.Frame{{Function: canary + "function", File: canary + ".go"}}}},
		Tags:       []errata.Pair{{Key: canary + "key", Value: canary + "value"}},
	}
	rec := querylang.NewRecord(&ev, querylang.Meta{Service: "shop", Issue: canary + "issue", Title: canary + "title"})
	return search.Doc{Record: rec, Class: 30, Payload: fmt.Appendf(nil, `{"id":"%s","message":"the %spayload of %d"}`, ev.ID, canary, n)}
}

// onDisk says how often the canary, and the hash of its tag, stand in the files.
func onDisk(t *testing.T, dir string) (n int) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	hash := appendToken(nil, hashTerm("tags."+canary+"key="+canary+"value"))
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		n += bytes.Count(bytes.ToLower(b), []byte(canary)) + bytes.Count(b, hash[1:])
	}
	return n
}

// fillCanaries fills an engine with events of which some are canaries, the first ones
// too, from which the dictionary is trained.
func fillCanaries(t *testing.T, e *Engine, n int) {
	t.Helper()
	start := time.Date(2026, 11, 18, 0, 0, 0, 0, time.UTC)
	for from := 0; from < n; from += 50 {
		var docs []search.Doc
		for i := from; i < from+50; i++ {
			at := start.Add(time.Duration(i) * time.Minute)
			if i%10 == 0 {
				docs = append(docs, canaryDoc(i, at))
				continue
			}
			d := sent(i, at)
			d.Payload = fmt.Appendf(d.Payload[:len(d.Payload)-1], `,"text":"%x order %d of customer %d failed"}`, i*7919, i, i%17)
			docs = append(docs, d)
		}
		if _, err := e.Index(t.Context(), docs); err != nil {
			t.Fatal(err)
		}
	}
}

func erase(t *testing.T, e *Engine, q string, want int64) {
	t.Helper()
	x, _, err := querylang.Parse(q)
	if err == nil {
		x, err = querylang.Bind(x, querylang.Env{Now: time.Now()})
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Erase(t.Context(), search.EraseRequest{Scope: search.Scope{All: true}, Query: x})
	if err != nil || got.Events != want {
		t.Fatalf("erased %d, want %d: %v", got.Events, want, err)
	}
}

// TestErasedBytesAreGone looks for every byte of erased events after Tidy, and
// for the others with their payload.
func TestErasedBytesAreGone(t *testing.T) {
	dir := t.TempDir()
	e := open(t, Options{Dir: dir})
	fillCanaries(t, e, 1000)
	e.background.Wait() // the dictionary
	before := payloads(t, e)
	if onDisk(t, dir) == 0 || !bytes.Contains(dictionary(t, e), []byte(canary)) {
		t.Fatal("the canary cannot be found in files and dictionary: the test sees nothing")
	}
	erase(t, e, "code:"+canary+"code", 100)
	if err := e.Tidy(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if n := onDisk(t, dir); n > 0 {
		t.Errorf("the canary stands %d times in the files", n)
	}
	if len(dictionary(t, e)) == 0 {
		t.Error("the file has no dictionary any more")
	}
	after := payloads(t, e)
	if len(after) != 900 {
		t.Errorf("%d events are left, want 900", len(after))
	}
	for id, payload := range after {
		if before[id] != payload {
			t.Fatalf("event %s has changed: %s", id, payload)
		}
	}
	for _, p := range e.snapshot() {
		if p.untidy.Load() != 0 {
			t.Error("a file is still untidy")
		}
	}
	fillCanaries(t, e, 50) // terms, values and stacks that went may come back
	if n := len(payloads(t, e)); n != 905 {
		t.Errorf("%d events after five came back, want 905", n)
	}
	checkIndexes(t, e)
}

// TestTidyGoesOn erases, closes, and tidies after opening again.
func TestTidyGoesOn(t *testing.T) {
	dir := t.TempDir()
	first := open(t, Options{Dir: dir})
	fillCanaries(t, first, 600)
	first.background.Wait()
	erase(t, first, "code:"+canary+"code", 60)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	e := open(t, Options{Dir: dir})
	if err := e.Tidy(t.Context(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if onDisk(t, dir) == 0 {
		t.Error("Tidy does not wait until its time")
	}
	if err := e.Tidy(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if n := onDisk(t, dir); n > 0 {
		t.Errorf("the canary stands %d times in the files", n)
	}
	checkIndexes(t, e)
}

// TestTidyCutShort ends Tidy after each of its jobs once; the next call brings
// it to its end.
func TestTidyCutShort(t *testing.T) {
	dir := t.TempDir()
	e := open(t, Options{Dir: dir})
	fillCanaries(t, e, 600)
	e.background.Wait()
	erase(t, e, "code:"+canary+"code", 60)
	p := e.snapshot()[0]
	if _, err := e.tidyWords(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := e.tidyStacks(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := e.beginRepack(t.Context(), p, nil); err != nil { // and no body packed again
		t.Fatal(err)
	}
	if n := len(payloads(t, e)); n != 540 {
		t.Fatalf("%d events between two dictionaries, want 540", n)
	}
	if err := e.Tidy(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if n := onDisk(t, dir); n > 0 {
		t.Errorf("the canary stands %d times in the files", n)
	}
	if n := len(payloads(t, e)); n != 540 {
		t.Errorf("%d events, want 540", n)
	}
	checkIndexes(t, e)
}

// TestTidyWhileIndexing lets events arrive and be erased while files are
// written anew.
func TestTidyWhileIndexing(t *testing.T) {
	e := open(t, Options{})
	fillCanaries(t, e, 300)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int)
	go func() {
		n := 0
		for ; ctx.Err() == nil && n < 200; n++ {
			at := time.Date(2026, 11, 18, 12, 0, n, 0, time.UTC)
			if _, err := e.Index(t.Context(), []search.Doc{sent(5000+n, at), canaryDoc(9000+n, at)}); err != nil {
				t.Error(err)
			}
		}
		done <- n
	}()
	erase(t, e, "code:"+canary+"code event:"+fmt.Sprintf("%032x", 10), 1)
	if err := e.Tidy(t.Context(), time.Now()); err != nil {
		t.Error(err)
	}
	cancel()
	n := <-done
	if got := len(payloads(t, e)); got != 299+2*n {
		t.Errorf("%d events, want %d", got, 299+2*n)
	}
	checkIndexes(t, e)
}

// dictionary reads the dictionary of the first file.
func dictionary(t *testing.T, e *Engine) (dict []byte) {
	t.Helper()
	db, err := e.snapshot()[0].aside()
	if err != nil {
		t.Fatal(err)
	}
	err = db.QueryRowContext(t.Context(), "SELECT v FROM meta WHERE k = ?", metaDict).Scan(&dict)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return dict
}

// payloads reads all events with their payload.
func payloads(t *testing.T, e *Engine) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := e.Scan(t.Context(), search.ScanRequest{Scope: search.Scope{All: true}, Fields: search.FieldsFull}, func(h *search.Hit) error {
		all[h.EventID] = string(h.Payload)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// checkIndexes has SQLite look over the files and their word indexes.
func checkIndexes(t *testing.T, e *Engine) {
	t.Helper()
	for _, p := range e.snapshot() {
		db, err := p.aside()
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"fts", "ftss", "kw"} {
			if _, err := db.ExecContext(t.Context(), "INSERT INTO "+table+"("+table+") VALUES('integrity-check')"); err != nil {
				t.Errorf("%s: %v", table, err)
			}
		}
		var finding string
		if err := errors.Join(db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&finding), db.Close()); err != nil || finding != "ok" {
			t.Error(finding, err)
		}
	}
}
