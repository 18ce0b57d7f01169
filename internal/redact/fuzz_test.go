package redact

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"errata/internal/errata"
)

func FuzzText(f *testing.F) {
	for _, x := range corpus(f) {
		f.Add(x.in)
	}
	for i, s := range harmless(f) {
		if i%10 == 0 {
			f.Add(s)
		}
	}
	for _, part := range hostile {
		f.Add(part + part + part + " bob@example.com")
	}
	r := New(errata.ProjectSettings{})
	f.Fuzz(func(t *testing.T, s string) {
		once := r.Text(s)
		if again := r.Text(once); again != once {
			t.Errorf("not idempotent:\n in    %q\n once  %q\n again %q", s, once, again)
		}
		if utf8.ValidString(s) && !utf8.ValidString(once) {
			t.Errorf("%q becomes %q, which is not UTF-8", s, once)
		}
		if len(once) > 8*len(s)+16 {
			t.Errorf("%d bytes become %d", len(s), len(once))
		}
		if json.Valid([]byte(s)) && looksJSON(s) && !json.Valid([]byte(once)) {
			t.Errorf("%q is JSON, %q is not", s, once)
		}
	})
}

func FuzzEvent(f *testing.F) {
	f.Add("password", `{"a":"bob@example.com","token":[1,2]}`, "GET /?token=abc")
	f.Add("cookies", `{"session":"x","b":{"version":"1.2.3.4"}}`, "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA")
	f.Add("a@b.co", `"{\"a\":\"{\\\"otp\\\":1}\"}"`, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc")
	f.Add("[token]", `[["authorization","x"],{"name":"pwd","value":"y"}]`, "user[password]=a&b=c")
	f.Add("name", `4111111111111111`, "a:b@tcp(c)/d")
	r := New(errata.ProjectSettings{RedactKeys: []string{"name"}})
	f.Fuzz(func(t *testing.T, key, raw, text string) {
		if !json.Valid([]byte(raw)) || !utf8.ValidString(key) || !utf8.ValidString(raw) || !utf8.ValidString(text) {
			t.Skip()
		}
		ev := errata.Event{
			Message: text, Transaction: text, Release: text,
			Exceptions: []errata.Exception{{Type: key, Value: text, Frames: []errata.Frame{{
				File: text, ContextLine: text,
				PreContext: []string{text, key}, Vars: object(key, raw),
			}}}},
			Request: &errata.Request{URL: text, Body: raw, Headers: pairs(key, text), Query: pairs(key, text), Cookies: pairs(key, text)},
			Tags:    pairs(key, text), Extra: object(key, raw), Contexts: object("x", raw),
			Notes: []errata.Note{{Path: key, Was: text}},
		}
		r.Event(&ev)
		once := check(t, &ev)
		r.Event(&ev)
		if again := check(t, &ev); once != again {
			t.Errorf("not idempotent:\n once  %s\n again %s", once, again)
		}
	})
}

// check says that the event can be written, and what is written.
func check(t *testing.T, ev *errata.Event) string {
	t.Helper()
	for _, o := range []errata.Object{ev.Extra, ev.Contexts, ev.Exceptions[0].Frames[0].Vars} {
		if !json.Valid(o[0].Value) || !utf8.Valid(o[0].Value) {
			t.Errorf("%q is not JSON", o[0].Value)
		}
	}
	out, err := json.Marshal(ev)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
