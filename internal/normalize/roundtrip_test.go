package normalize_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/normalize"
)

// roundTrip checks that Encode writes JSON and that Decode reads back the same.
func roundTrip(t *testing.T, ev *errata.Event) {
	t.Helper()
	b, err := normalize.Encode(ev)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(b) || !utf8.Valid(b) {
		t.Fatalf("Encode wrote %q", b)
	}
	back, err := normalize.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ev, back); diff != "" {
		t.Fatalf("Decode(Encode(x)) != x: %s\n%s", diff, b)
	}
}

func TestRoundTrip(t *testing.T) {
	yes, no, zero, two := true, false, 0, 2
	frames := []errata.Frame{{}, {
		Module: "m", Function: "f", File: "a.go", AbsPath: "/a.go", Package: "p", Line: 1, Column: 2, InApp: &no,
		ContextLine: "\tx", PreContext: []string{"", "a"}, PostContext: []string{"b"}, Vars: errata.Object{{Key: "v", Value: json.RawMessage(`{"a":[1,null]}`)}},
	}}
	full := &errata.Event{
		ID: "0b5b7a3e9c3f4b1c8d2e6f7a9b0c1d2e", ProjectID: "42", Timestamp: 1795168799123456, ReceivedAt: 1795168800000000,
		OriginalTimestamp: 1, Clamped: true, Source: errata.SourceSentry, Level: errata.LevelFatal, Severity: errata.P1, Class: 90,
		Platform: "go", Logger: "l", Message: "m \"q\" \\ \n\r\t\x01 é 😀 \u2028", MessageTemplate: "t",
		Exceptions: []errata.Exception{{Type: "T", Value: "v", Module: "m", ThreadID: "1", Frames: frames, Mechanism: &errata.Mechanism{
			Type:    "g",
			Handled: &yes, Synthetic: true, Source: "cause", ID: &two, ParentID: &zero, IsExceptionGroup: true,
		}}, {Mechanism: &errata.Mechanism{}}},
		Threads:     []errata.Thread{{ID: "1", Name: "main", Crashed: true, Current: true, Frames: frames}, {}},
		Transaction: "/t", Culprit: "c", Code: "E1", Release: "r", Dist: "d", Environment: "e", Host: "h",
		User:     &errata.User{ID: "1", Email: "e", Username: "u", IP: "10.0.0.7", Hash: "h", Terms: []string{"h", "i"}},
		ClientIP: "10.0.0.7",
		Request: &errata.Request{
			Method: "GET", URL: "http://a.test/", Path: "/", Domain: "a.test", Query: []errata.Pair{{Key: "a", Value: ""}, {Key: "a", Value: "2"}},
			Headers: []errata.Pair{{Key: "H", Value: "v"}}, Cookies: []errata.Pair{{Key: "c", Value: "v"}}, Body: `{"k":1}`, Status: 503,
		},
		Trace:     &errata.Trace{TraceID: "t", SpanID: "s", ParentSpanID: "p", Op: "o"},
		RequestID: "r", SessionID: "s", Tags: []errata.Pair{{Key: "b", Value: "1"}, {Key: "a", Value: "2"}},
		Contexts: errata.Object{{Key: "os", Value: json.RawMessage(`{"name":"Linux"}`)}}, Extra: errata.Object{{Key: "", Value: json.RawMessage(`null`)}},
		Breadcrumbs: []errata.Breadcrumb{{
			Timestamp: 1795168799000000, Type: "t", Category: "c", Level: errata.LevelInfo, Message: "m",
			Data: errata.Object{{Key: "d", Value: json.RawMessage(`"x"`)}},
		}, {}},
		Modules: []errata.Pair{{Key: "m", Value: "1"}}, SDK: &errata.SDK{Name: "n", Version: "v"}, ClientFingerprint: []string{"a", "b"},
		Checksum: "c", DebugIDs: []string{"d"}, Notes: []errata.Note{{Path: "p", Code: "c", Was: "w"}, {}},
	}
	for name, ev := range map[string]*errata.Event{"full": full, "empty": {}, "odd parts": {User: &errata.User{}, Request: &errata.Request{}, Trace: &errata.Trace{}, SDK: &errata.SDK{}}} {
		t.Run(name, func(t *testing.T) { roundTrip(t, ev) })
	}
}

func TestRoundTripOfPayloads(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	captured, err2 := filepath.Glob("../ingest/testdata/payloads/*.json")
	if err != nil || err2 != nil || len(files) == 0 || len(captured) == 0 {
		t.Fatal("no payloads", err, err2)
	}
	for _, file := range append(files, captured...) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			ev, err := normalize.Sentry(raw, input())
			if err != nil {
				t.Fatal(err)
			}
			normalize.UserTerms(ev, []byte("secret"), "")
			normalize.Derive(ev, errata.Project{}, errata.KeyPublic)
			for _, n := range ev.Notes {
				if n.Code != "out_of_range" && n.Code != "too_long" { // captured on another day; long source lines
					t.Errorf("a good payload has a note: %v", n)
				}
			}
			roundTrip(t, ev)
		})
	}
}

// The event must not hang on to memory that the caller goes on using.
func TestSentryCopiesItsInput(t *testing.T) {
	raw := payload(t, "python-django.json")
	ev, err := normalize.Sentry(raw, input())
	if err != nil {
		t.Fatal(err)
	}
	before, err := normalize.Encode(ev)
	if err != nil {
		t.Fatal(err)
	}
	clear(raw)
	after, err := normalize.Encode(ev)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("the event changed with the input")
	}
}

var naughty = []string{
	"undefined", "null", "NaN", "-1e309", "0x1p-1074", "1/0", "<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "' OR 1=1 --",
	"${7*7}{{7*7}}<%= 7*7 %>", "../../../etc/passwd%00.png", "%s%s%n%d%x", "=HYPERLINK(\"x\")", "\u202eevil\u2066\u2069", "Z\u0351\u036b\u0343a\u0321l\u035b\u030bgo",
	"\u200b\ufeff\u00ad", "\U0001F468\u200d\U0001F469\u200d\U0001F467", "\ufffe\uffff", "田中さんにあげて下さい", "ثم نفس سقطت", "a\tb\r\nc\x7f\x1b[31m", "\\\\server\\share",
	"__proto__", "{\"a\":", "[object Object]", " ", strings.Repeat("\u0300", 1000),
}

// A hostile text in every field is kept as text, and nothing breaks.
func TestNaughtyStrings(t *testing.T) {
	var doc any
	if err := json.Unmarshal(payload(t, "python-django.json"), &doc); err != nil {
		t.Fatal(err)
	}
	for _, s := range naughty {
		raw, err := json.Marshal(replaceTexts(doc, s))
		if err != nil {
			t.Fatal(err)
		}
		ev, err := normalize.Sentry(raw, input())
		if err != nil {
			t.Errorf("%q: %v", s, err)
			continue
		}
		if len(ev.Exceptions) != 2 || strings.TrimSpace(s) != "" && !strings.HasPrefix(s, ev.Exceptions[1].Value) {
			t.Errorf("%q: exceptions %v", s, ev.Exceptions)
		}
		normalize.UserTerms(ev, []byte("secret"), "")
		normalize.Derive(ev, errata.Project{}, errata.KeyPublic)
		roundTrip(t, ev)
	}
}

func replaceTexts(v any, by string) any {
	switch v := v.(type) {
	case string:
		return by
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = replaceTexts(v[i], by)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			out[k] = replaceTexts(x, by)
		}
		return out
	}
	return v
}

func TestEncodeMendsBadText(t *testing.T) {
	b, err := normalize.Encode(&errata.Event{Message: "a\xffb"})
	if err != nil || !json.Valid(b) || !bytes.Contains(b, []byte("a\ufffdb")) {
		t.Errorf("got %q, %v", b, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for raw, reason := range map[string]string{"": "empty_body", "[]": "expected_object", "{": "bad_json"} {
		if _, err := normalize.Decode([]byte(raw)); errata.ReasonOf(err) != reason {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func FuzzSentry(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.json")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, int64(0))
	}
	for _, seed := range []string{
		`{"exception":{"type":"A","value":{"code":7}},"tags":[["a",1]],"timestamp":"1795168598.5","stacktrace":{"frames":[null,{"lineno":"12","vars":["x"]}]}}`,
		`{"message":{"message":"%s {} %(a)s","params":["%s"]},"logentry":"x","breadcrumbs":[{"timestamp":1e11,"data":[1]}]}`,
		`{"extra":{"a":NaN,"a":1e999},"request":{"query_string":"%00=%ff&a","headers":[["Cookie","a;b=c"]],"data":{"a":"\ud800"}}}`,
		`{"user":{"ip_address":"{{auto}}"},"sdk":{"settings":{"infer_ip":"auto"}},"contexts":{"trace":{"trace_id":"x"},"response":{"status_code":5e2}}}`,
	} {
		f.Add([]byte(seed), int64(7200))
	}
	f.Fuzz(func(t *testing.T, raw []byte, drift int64) {
		in := input()
		if drift != 0 {
			in.SentAt = received.Add(time.Duration(drift) * time.Second)
		}
		ev, err := normalize.Sentry(raw, in)
		if err != nil {
			if errata.ReasonOf(err) == "" {
				t.Fatalf("an error without a reason: %v", err)
			}
			return
		}
		bounded(t, ev)
		normalize.UserTerms(ev, []byte("secret"), in.ClientIP)
		normalize.Derive(ev, in.Project, in.KeyKind)
		roundTrip(t, ev)
	})
}

func bounded(t *testing.T, ev *errata.Event) {
	t.Helper()
	chars := func(name, s string, limit int) {
		if utf8.RuneCountInString(s) > limit || !utf8.ValidString(s) || bytes.IndexByte([]byte(s), 0) >= 0 {
			t.Errorf("%s: %d characters, or bad: %.50q", name, utf8.RuneCountInString(s), s)
		}
	}
	chars("message", ev.Message, 8192)
	chars("release", ev.Release, 200)
	chars("transaction", ev.Transaction, 200)
	for _, x := range ev.Exceptions {
		chars("type", x.Type, 256)
		chars("value", x.Value, 8192)
	}
	for _, p := range ev.Tags {
		chars("tag key", p.Key, 200)
		chars("tag", p.Value, 200)
	}
	if len(ev.Exceptions) > 50 || len(ev.Threads) > 50 || len(ev.Tags) > 100 || len(ev.Breadcrumbs) > 100 || len(ev.Notes) > 50 {
		t.Error("a list is too long")
	}
	if ev.ID == "" || ev.Environment == "" || ev.Level == "" || ev.Timestamp == 0 {
		t.Error("a field that is always there is not")
	}
}
