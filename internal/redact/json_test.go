package redact

import (
	"cmp"
	"encoding/json"
	"strings"
	"testing"

	"errata/internal/errata"
)

func TestJSON(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"layout stays", `{ "a" : [ 1 , "bob@example.com" ] }`, `{ "a" : [ 1 , "[email]" ] }`},
		{"empty and null stay", `{"token":"","secret":null,"auth":{},"apikey":[],"password":false}`, ``},
		{"marks stay", `{"token":"[redacted]","password":"[Filtered]","secret":"****"}`, ``},
		{
			"numbers", `{"otp":123456,"n":4111111111111112,"pan":4111111111111111,"t":1700000000000}`,
			`{"otp":"[redacted]","n":4111111111111112,"pan":"[creditcard]","t":1700000000000}`,
		},
		{"counts", `{"max_tokens":4096,"token_count":"12","token":4096}`, `{"max_tokens":4096,"token_count":"12","token":"[redacted]"}`},
		{"nested values go whole", `{"credentials":{"a":[1,{"b":"c"}]},"d":1}`, `{"credentials":"[redacted]","d":1}`},
		{"escapes", `{"a":"x\u0020bob@example.com\n\"q\" \ud83d\ude00"}`, `{"a":"x [email]\n\"q\" 😀"}`},
		{"escapes stay without a find", `{"a":"\u0041\/\ud83d\ude00"}`, ``},
		{"key with escapes", `{"pass\u0077ord":"x"}`, `{"pass\u0077ord":"[redacted]"}`},
		{"key with an address", `{"bob@example.com":1,"4111111111111111":2}`, `{"[email]":1,"[creditcard]":2}`},
		{"JSON in a string", `{"a":"{\"b\":\"{\\\"token\\\":\\\"x\\\"}\"}"}`, `{"a":"{\"b\":\"{\\\"token\\\":\\\"[redacted]\\\"}\"}"}`},
		{
			"name and value", `[{"name":"X-Api-Key","value":"k"},{"name":"Host","value":"h"}]`,
			`[{"name":"X-Api-Key","value":"[redacted]"},{"name":"Host","value":"h"}]`,
		},
		{"array of pairs", `[["authorization","x"],["host","y"]]`, `[["authorization","[redacted]"],["host","y"]]`},
		{"array of words", `["password","token"]`, ``},
		{"cookies", `{"cookies":{"session":"x","a":"b"},"session":"y"}`, `{"cookies":{"session":"[redacted]","a":"b"},"session":"y"}`},
		{"cookie header", `{"Cookie":"session=x; a=b"}`, `{"Cookie":"session=[redacted]; a=b"}`},
		{"versions", `{"version":"1.2.3.4","ip":"1.2.3.4"}`, `{"version":"1.2.3.4","ip":"[ip]"}`},
		{"user agent", `{"user_agent":"x Chrome/120.0.0.0 token=1"}`, ``},
		{"directory", `{"PWD":"/srv/shop","pwd":"hunter2"}`, `{"PWD":"/srv/shop","pwd":"[redacted]"}`},
		{
			"deep", strings.Repeat("[", 150) + `"bob@example.com"` + strings.Repeat("]", 150),
			strings.Repeat("[", 150) + `"[email]"` + strings.Repeat("]", 150),
		},
		{"exponents", `[1e5,-1.5E-3,0,-0.1]`, ``},
	}
	r := New(errata.ProjectSettings{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := cmp.Or(tt.want, tt.in)
			got := r.Text(tt.in)
			if got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if !json.Valid([]byte(got)) {
				t.Error("no longer JSON")
			}
			if again := r.Text(got); again != got {
				t.Errorf("the second time: %s", again)
			}
		})
	}
}

// What is no JSON is redacted as text.
func TestNotJSON(t *testing.T) {
	r := New(errata.ProjectSettings{})
	for in, want := range map[string]string{
		`{"token":"x",}`:           `{"token":"[redacted]",}`,
		`{"token":"x"`:             `{"token":"[redacted]"`,
		`[1 2 bob@example.com]`:    `[1 2 [email]]`,
		`{token: "x"}`:             `{token: "[redacted]"}`,
		`["a":"bob@example.com"]`:  `["a":"[email]"]`,
		`{"a":01,"token":"x"}`:     `{"a":01,"token":"[redacted]"}`,
		`{"a":"\x","token":"x"}`:   `{"a":"\x","token":"[redacted]"}`,
		`{"a":"\u12","token":"x"}`: `{"a":"\u12","token":"[redacted]"}`,
		`{"a" "token":"x"}`:        `{"a" "token":"[redacted]"}`,
		`{"a":1.,"token":"x"}`:     `{"a":1.,"token":"[redacted]"}`,
		`{"a":tru,"token":"x"}`:    `{"a":tru,"token":"[redacted]"}`,
		`[bob@example.com}`:        `[[email]}`,
		`[]]`:                      `[]]`,
	} {
		if got := r.Text(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// A member whose value is no JSON, which no decoder produces, goes whole.
func TestBrokenMember(t *testing.T) {
	ev := errata.Event{Extra: object("a", `{"b":`)}
	New(errata.ProjectSettings{}).Event(&ev)
	if got := string(ev.Extra[0].Value); got != `"[redacted]"` {
		t.Errorf("got %s", got)
	}
}
