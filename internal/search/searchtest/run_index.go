package searchtest

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"errata/internal/errata"
	"errata/internal/search"
)

var indexCases = []testCase{
	{"empty", func(f *fixture) {
		if got := f.statuses(); got != "" || f.count() != 0 {
			f.Errorf("got %q", got)
		}
	}},
	{"one", func(f *fixture) {
		f.index(doc(1, message("deadlock detected"), typed("FooError", "ledger"), tag("region", "eu"), user("00112233445566ff"),
			contextOf("os", `{"name":"iOS"}`), func(ev *errata.Event) {
				ev.Release, ev.Code, ev.Culprit, ev.RequestID = "1.2", "E42", "main.run", "r-9"
				ev.Request = &errata.Request{Method: "POST", Path: "/a", Domain: "b.example", Status: 503}
				ev.Trace = &errata.Trace{TraceID: "7f", SpanID: "8e"}
				ev.Exceptions[0].Frames = []errata.Frame{{Module: "acme", Function: "run", File: "x/run.go", Line: 7}}
			}))
		for _, q := range []string{
			"deadlock", `"deadlock detected"`, "FooError", "type:fooerror", "code:e42", "culprit:main.run", "env:production",
			"release:1.2", "level:error", "event.severity:P2", "handled:true", "http.status:503", "trace:7f", "span:8e", "request_id:r-9",
			"event:" + fmt.Sprintf("%032x", 1), "user:~00112233445566ff", "message:ledger", "stack:run.go", "frame:acme.run", "tags[region]:eu",
			"os:ios", "service:service-1", "http.method:post", "url.path:/a", "url.domain:b.example", "has:tags[region]", "received:>2026-01-01",
		} {
			f.finds(q, "1")
		}
	}},
	{"duplicate_in_batch", func(f *fixture) {
		if got := f.statuses(doc(1), doc(2), doc(1)); got != "created created duplicate" || f.count() != 2 {
			f.Errorf("got %q", got)
		}
	}},
	{"duplicate_later", func(f *fixture) {
		f.index(doc(1), doc(2))
		if got := f.statuses(doc(1), doc(3)); got != "duplicate created" || f.count() != 3 {
			f.Errorf("got %q", got)
		}
	}},
	{"duplicate_after_reopen", func(f *fixture) {
		f.index(doc(1))
		f.reopen()
		if got := f.statuses(doc(1)); got != "duplicate" || f.count() != 1 {
			f.Errorf("got %q", got)
		}
	}},
	{"same_id_two_projects", func(f *fixture) {
		if got := f.statuses(doc(1), doc(1, project("2"))); got != "created created" || f.count() != 2 {
			f.Errorf("got %q", got)
		}
	}},
	{"late_day", func(f *fixture) {
		f.index(doc(1), doc(2, at(Now.AddDate(0, 0, -20))))
		f.foundInOwnRange(2, -20)
	}},
	{"oldest_allowed", func(f *fixture) {
		f.index(doc(1), doc(2, at(Now.AddDate(0, 0, -30))))
		f.foundInOwnRange(2, -30)
	}},
	{"bad_item_alone", func(f *fixture) {
		docs := make([]search.Doc, 10)
		for i := range docs {
			docs[i] = doc(i)
		}
		docs[4].EventID = "not hex"
		want := strings.TrimSpace(strings.Repeat("created ", 4) + "rejected" + strings.Repeat(" created", 5))
		if got := f.statuses(docs...); got != want || f.count() != 9 {
			f.Errorf("got %q", got)
		}
	}},
	{"too_many", func(f *fixture) {
		docs := make([]search.Doc, search.MaxDocs+1)
		for i := range docs {
			docs[i] = doc(i)
		}
		_, err := f.e.Index(f.Context(), docs)
		f.refused(err, errata.TooLarge, search.ReasonBatch)
		if n := f.count(); n != 0 {
			f.Errorf("%d stored", n)
		}
	}},
	{"too_big", func(f *fixture) {
		docs := []search.Doc{doc(1), doc(2)}
		docs[0].Payload = bytes.Repeat([]byte{' '}, search.MaxBytes)
		_, err := f.e.Index(f.Context(), docs)
		f.refused(err, errata.TooLarge, search.ReasonBatch)
		if n := f.count(); n != 0 {
			f.Errorf("%d stored", n)
		}
	}},
	{"payload_bytes_equal", func(f *fixture) { f.payloads(plainPayloads()) }},
	{"payload_hostile", func(f *fixture) { f.payloads(hostilePayloads) }},
	{"cancelled_before_commit", func(f *fixture) {
		ctx, cancel := context.WithCancel(f.Context())
		cancel()
		docs := []search.Doc{doc(1), doc(2), doc(3, at(Now.AddDate(0, 0, -20)))}
		if _, err := f.e.Index(ctx, docs); err == nil {
			f.Error("a cancelled batch was accepted")
		}
		_, err := f.e.Index(f.Context(), docs)
		f.ok(err)
		f.ok(f.e.Refresh(f.Context()))
		if n := f.count(); n != 3 {
			f.Errorf("%d documents, want 3", n)
		}
	}},
}

// foundInOwnRange looks for event n in the day that lies days away.
func (f *fixture) foundInOwnRange(n, days int) {
	f.Helper()
	r := f.everything()
	r.From, r.To = Now.AddDate(0, 0, days).Add(-1), Now.AddDate(0, 0, days).Add(1000)
	if got := ids(f.agree(r).Hits); got != fmt.Sprintf("%x", n) {
		f.Errorf("found %q", got)
	}
}

func plainPayloads() [][]byte {
	return [][]byte{
		[]byte(`{}`), []byte("{\"a\" : 1,\n\t\"b\":[ ]}"), []byte(`{"é":"決済エラー 🙂 \u00e9 \ud83d\ude42"}`),
		[]byte(`{"big":"` + strings.Repeat("0123456789abcdef", 1<<16) + `"}`), []byte(`{"long":"` + strings.Repeat("x", 20<<10) + `"}`),
	}
}

var hostilePayloads = [][]byte{
	[]byte(`{"__proto__":{"x":1},"constructor":1}`), []byte(`{"a.b":{"c.d":1},"a":{"b":2}}`),
	[]byte(`{"a":1,"a":2}`), []byte(`{"n":1.10,"m":1e400,"z":-0.0}`), []byte(`{"` + "\u2028" + `":"` + "\ufeff" + `"}`),
	[]byte(strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200)), []byte(`{"type":1,"type":"object"}`),
}

// payloads checks that bytes come back as they went in, by Get and by Search.
func (f *fixture) payloads(all [][]byte) {
	f.Helper()
	var docs []search.Doc
	for i, p := range all {
		d := doc(i)
		d.Payload = p
		docs = append(docs, d)
	}
	f.index(docs...)
	r := f.everything()
	r.Fields = search.FieldsFull
	for i, h := range f.agree(r).Hits {
		if !bytes.Equal(h.Payload, all[i]) {
			f.Errorf("payload %d came back from Search as %.200q", i, h.Payload)
		}
		d, err := f.e.Get(f.Context(), f.all, h.Ref())
		f.ok(err)
		if !bytes.Equal(d.Payload, all[i]) {
			f.Errorf("payload %d came back from Get as %.200q", i, d.Payload)
		}
	}
}

// reopen closes the engine and opens it on the same store.
func (f *fixture) reopen() {
	f.Helper()
	f.ok(f.e.Close())
	f.e = f.open(f.T, f.store)
}
