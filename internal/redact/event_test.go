package redact

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
)

func object(members ...string) errata.Object {
	var o errata.Object
	for i := 0; i < len(members); i += 2 {
		o = append(o, errata.Member{Key: members[i], Value: json.RawMessage(members[i+1])})
	}
	return o
}

func pairs(kv ...string) []errata.Pair {
	var p []errata.Pair
	for i := 0; i < len(kv); i += 2 {
		p = append(p, errata.Pair{Key: kv[i], Value: kv[i+1]})
	}
	return p
}

func frames(f errata.Frame) []errata.Exception {
	return []errata.Exception{{Type: "E", Frames: []errata.Frame{f}}}
}

func TestEvent(t *testing.T) {
	tests := []struct {
		name     string
		in, want errata.Event
	}{
		{
			"message and template",
			errata.Event{Message: "no user bob@example.com", MessageTemplate: "no user %s at 10.0.0.7"},
			errata.Event{Message: "no user [email]", MessageTemplate: "no user %s at [ip]"},
		},
		{
			"exception value keeps its text",
			errata.Event{Exceptions: []errata.Exception{{Type: "AuthError", Value: "token expired: password=hunter2"}}},
			errata.Event{Exceptions: []errata.Exception{{Type: "AuthError", Value: "token expired: password=[redacted]"}}},
		},
		{
			"frame file and path lose only the user",
			errata.Event{Exceptions: frames(errata.Frame{
				Module: "shop.auth", Function: "get_token", File: "auth/token=1.py",
				AbsPath: "/home/ada/auth/token=1.py",
			})},
			errata.Event{Exceptions: frames(errata.Frame{
				Module: "shop.auth", Function: "get_token", File: "auth/token=1.py",
				AbsPath: "/home/[user]/auth/token=1.py",
			})},
		},
		{
			"frame paths of packages and browsers",
			errata.Event{Exceptions: frames(errata.Frame{
				File:    "node_modules/react@18.2.0/index.js",
				AbsPath: "http://10.0.0.5:3000/static/js/main.js",
			})},
			errata.Event{Exceptions: frames(errata.Frame{
				File:    "node_modules/react@18.2.0/index.js",
				AbsPath: "http://10.0.0.5:3000/static/js/main.js",
			})},
		},
		{
			"source lines cautiously",
			errata.Event{Exceptions: frames(errata.Frame{
				ContextLine: `client = Client(token="sk9f8e7d6c5b", user=me)`,
				PreContext:  []string{`if token == "EOF":`, "password = getpass()", `label = {"password": "Your password"}`},
				PostContext: []string{`ADMIN = "ada@example.org"`},
			})},
			errata.Event{Exceptions: frames(errata.Frame{
				ContextLine: `client = Client(token="[redacted]", user=me)`,
				PreContext:  []string{`if token == "EOF":`, "password = getpass()", `label = {"password": "Your password"}`},
				PostContext: []string{`ADMIN = "[email]"`},
			})},
		},
		{
			"a private key across source lines",
			errata.Event{Exceptions: frames(errata.Frame{PreContext: []string{
				`KEY = """-----BEGIN RSA PRIVATE KEY-----`,
				"MIIEpAIBAAKCAQEA1234567890abcdef",
			}, ContextLine: "qwertzuiopasdfghjklyxcvbnm", PostContext: []string{
				"1234abcd==",
				`-----END RSA PRIVATE KEY-----"""`, "client(KEY)",
			}})},
			errata.Event{Exceptions: frames(errata.Frame{PreContext: []string{
				`KEY = """-----BEGIN RSA PRIVATE KEY-----`,
				"[pem]",
			}, ContextLine: "[pem]", PostContext: []string{"[pem]", `-----END RSA PRIVATE KEY-----"""`, "client(KEY)"}})},
		},
		{
			"the end of a private key",
			errata.Event{Exceptions: frames(errata.Frame{
				PreContext:  []string{"1234abcd=="},
				ContextLine: `-----END RSA PRIVATE KEY-----"`, PostContext: []string{"client(KEY)"},
			})},
			errata.Event{Exceptions: frames(errata.Frame{
				PreContext:  []string{"[pem]"},
				ContextLine: `-----END RSA PRIVATE KEY-----"`, PostContext: []string{"client(KEY)"},
			})},
		},
		{
			"variables",
			errata.Event{Exceptions: frames(errata.Frame{Vars: object("password", `"'hunter2'"`, "tokens", `["a","b"]`, "n", `1`,
				"environ", `{"QUERY_STRING":"user=ada&password=hunter2","HTTP_COOKIE":"sessionid=abc; a=b"}`, "otp", "123456",
				"request", `"<Request GET '/x?token=abc'>"`, "author", `"Ada"`, "secret", `null`)})},
			errata.Event{Exceptions: frames(errata.Frame{Vars: object("password", `"[redacted]"`, "tokens", `"[redacted]"`, "n", `1`,
				"environ", `{"QUERY_STRING":"user=ada&password=[redacted]","HTTP_COOKIE":"sessionid=[redacted]; a=b"}`,
				"otp", `"[redacted]"`, "request", `"<Request GET '/x?token=[redacted]'>"`, "author", `"Ada"`, "secret", `null`)})},
		},
		{
			"threads",
			errata.Event{Threads: []errata.Thread{{Name: "mail to bob@example.com", Frames: []errata.Frame{{AbsPath: "/Users/ada/x.js"}}}}},
			errata.Event{Threads: []errata.Thread{{Name: "mail to [email]", Frames: []errata.Frame{{AbsPath: "/Users/[user]/x.js"}}}}},
		},
		{
			"headers",
			errata.Event{Request: &errata.Request{Headers: pairs("Authorization", "Bearer x", "X-API-Key", "k", "Cookie",
				"theme=dark; sessionid=abc; my_sid=1", "Set-Cookie", "csrf=x; Path=/", "User-Agent",
				"Mozilla/5.0 Chrome/120.0.0.0 token=x (bob@example.com)", "X-Forwarded-For", "203.0.113.9, 10.0.0.1",
				"Host", "shop.example.com", "Referer", "https://x.example/?token=abc", "X-Session", "abc")}},
			errata.Event{Request: &errata.Request{Headers: pairs("Authorization", "[redacted]", "X-API-Key", "[redacted]", "Cookie",
				"theme=dark; sessionid=[redacted]; my_sid=[redacted]", "Set-Cookie", "csrf=[redacted]; Path=/", "User-Agent",
				"Mozilla/5.0 Chrome/120.0.0.0 token=x ([email])", "X-Forwarded-For", "[ip], [ip]",
				"Host", "shop.example.com", "Referer", "https://x.example/?token=[redacted]", "X-Session", "abc")}},
		},
		{
			"query and cookies",
			errata.Event{Request: &errata.Request{Query: pairs("q", "mug", "reset_token", "abc", "email", "bob@example.com",
				"session", "kept", "next", "/login?password=x"), Cookies: pairs("session", "abc", "connect.sid", "s", "theme", "dark",
				"XSRF-TOKEN", "x")}},
			errata.Event{Request: &errata.Request{Query: pairs("q", "mug", "reset_token", "[redacted]", "email", "[email]",
				"session", "kept", "next", "/login?password=[redacted]"), Cookies: pairs("session", "[redacted]", "connect.sid", "[redacted]",
				"theme", "dark", "XSRF-TOKEN", "[redacted]")}},
		},
		{
			"url keeps its host",
			errata.Event{Request: &errata.Request{URL: "http://ada:pw@10.0.0.5:8080/home/index?token=abc&ip=10.0.0.9"}},
			errata.Event{Request: &errata.Request{URL: "http://[redacted]@10.0.0.5:8080/home/index?token=[redacted]&ip=[ip]"}},
		},
		{
			"body as JSON",
			errata.Event{Request: &errata.Request{Body: `{"user":"ada","password":"x","nested":"{\"card\":\"4111 1111 1111 1111\"}"}`}},
			errata.Event{Request: &errata.Request{Body: `{"user":"ada","password":"[redacted]","nested":"{\"card\":\"[creditcard]\"}"}`}},
		},
		{
			"body as JSON that was cut",
			errata.Event{Request: &errata.Request{Body: `{"user":"ada","password":"hunt`}},
			errata.Event{Request: &errata.Request{Body: `{"user":"ada","password":"[redacted]`}},
		},
		{
			"body as a form",
			errata.Event{Request: &errata.Request{Body: "user=ada&password=a;b,c'd&mail=bob%40example.com"}},
			errata.Event{Request: &errata.Request{Body: "user=ada&password=[redacted]&mail=[email]"}},
		},
		{
			"tags",
			errata.Event{Tags: pairs("tenant", "acme", "auth_token", "abc", "user.email", "bob@example.com", "session_id", "s-1",
				"browser", "Chrome 120.0.0.0", "app.version", "1.2.3.4", "peer", "10.0.0.1")},
			errata.Event{Tags: pairs("tenant", "acme", "auth_token", "[redacted]", "user.email", "[email]", "session_id", "s-1",
				"browser", "Chrome 120.0.0.0", "app.version", "1.2.3.4", "peer", "[ip]")},
		},
		{
			"breadcrumbs",
			errata.Event{Breadcrumbs: []errata.Breadcrumb{{
				Category: "http", Message: "GET /x?token=abc",
				Data: object("url", `"https://u:p@x.example/"`, "authorization", `"Bearer x"`, "status_code", `200`),
			}}},
			errata.Event{Breadcrumbs: []errata.Breadcrumb{{
				Category: "http", Message: "GET /x?token=[redacted]",
				Data: object("url", `"https://[redacted]@x.example/"`, "authorization", `"[redacted]"`, "status_code", `200`),
			}}},
		},
		{
			"contexts",
			errata.Event{Contexts: object("trace", `{"trace_id":"458446231c457982087f5f0fc9e6f050","data":{"http.query":"?token=abc"}}`,
				"runtime", `{"name":"x","version":"1.2.3.4"}`, "browser", `{"name":"Chrome","version":"120.0.0.0"}`,
				"peer", `{"ip":"2001:db8::1"}`)},
			errata.Event{Contexts: object("trace", `{"trace_id":"458446231c457982087f5f0fc9e6f050","data":{"http.query":"?token=[redacted]"}}`,
				"runtime", `{"name":"x","version":"1.2.3.4"}`, "browser", `{"name":"Chrome","version":"120.0.0.0"}`,
				"peer", `{"ip":"[ip]"}`)},
		},
		{
			"extra",
			errata.Event{Extra: object("sys.argv", `["run","--password=x","-v"]`, "usage", `{"total_tokens":1026}`, "card",
				`4111111111111111`, "bob@example.com", `true`, "cookies", `{"session":"abc","a":"b"}`, "config", `"password: x\n"`)},
			errata.Event{Extra: object("sys.argv", `["run","--password=[redacted]","-v"]`, "usage", `{"total_tokens":1026}`, "card",
				`"[creditcard]"`, "[email]", `true`, "cookies", `{"session":"[redacted]","a":"b"}`, "config", `"password: [redacted]\n"`)},
		},
		{
			"names of all kinds",
			errata.Event{
				Transaction: "/reset?token=abc", Culprit: "mail(bob@example.com)", Logger: "bob@example.com",
				Release: "shop@1.2.3.4", Host: "10.0.0.7", Environment: "ada@example.org", RequestID: "bob@example.com",
				ClientFingerprint: []string{"{{ default }}", "bob@example.com"}, Modules: pairs("git", "https://u:p@x.example/r", "a", "1.2.3.4"),
			},
			errata.Event{
				Transaction: "/reset?token=[redacted]", Culprit: "mail([email])", Logger: "[email]",
				Release: "shop@1.2.3.4", Host: "10.0.0.7", Environment: "[email]", RequestID: "[email]",
				ClientFingerprint: []string{"{{ default }}", "[email]"}, Modules: pairs("git", "https://[redacted]@x.example/r", "a", "1.2.3.4"),
			},
		},
		{
			"notes",
			errata.Event{Notes: []errata.Note{
				{Path: "tags.password", Code: "too_long", Was: "hunter2"},
				{Path: "user.email", Code: "type", Was: "[bob@example.com]"},
			}},
			errata.Event{Notes: []errata.Note{
				{Path: "tags.password", Code: "too_long", Was: "[redacted]"},
				{Path: "user.email", Code: "type", Was: "[[email]]"},
			}},
		},
		{
			"nothing to do",
			errata.Event{DebugIDs: []string{"550e8400-e29b-41d4-a716-446655440000"}, Checksum: "deadbeef", SDK: &errata.SDK{Name: "x", Version: "1.2.3.4"}},
			errata.Event{DebugIDs: []string{"550e8400-e29b-41d4-a716-446655440000"}, Checksum: "deadbeef", SDK: &errata.SDK{Name: "x", Version: "1.2.3.4"}},
		},
	}
	r := New(errata.ProjectSettings{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r.Event(&tt.in)
			if diff := cmp.Diff(tt.want, tt.in); diff != "" {
				t.Errorf("first time (-want +got):\n%s", diff)
			}
			r.Event(&tt.in)
			if diff := cmp.Diff(tt.want, tt.in); diff != "" {
				t.Errorf("second time (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUser(t *testing.T) {
	terms := []string{"0123456789abcdef"}
	full := errata.User{ID: "u-7", Email: "bob@example.com", Username: "bob", IP: "203.0.113.77", Hash: terms[0], Terms: terms}
	tests := []struct {
		name     string
		settings errata.ProjectSettings
		ip       string
		want     errata.User
		client   string
	}{
		{"defaults", errata.ProjectSettings{}, "", errata.User{ID: "u-7", IP: "203.0.113.0"}, "203.0.113.0"},
		{
			"keep all",
			errata.ProjectSettings{KeepEmail: "keep", KeepUsername: "keep", IPMode: "keep"},
			"",
			errata.User{ID: "u-7", Email: "bob@example.com", Username: "bob", IP: "203.0.113.77"},
			"203.0.113.77",
		},
		{"hash only", errata.ProjectSettings{KeepID: "hash"}, "", errata.User{IP: "203.0.113.0"}, "203.0.113.0"},
		{"drop", errata.ProjectSettings{KeepID: "drop", IPMode: "drop"}, "", errata.User{}, ""},
		{"IPv6", errata.ProjectSettings{}, "2001:db8:1:2::3%eth0", errata.User{ID: "u-7", IP: "2001:db8:1::"}, "2001:db8:1::"},
		{"mapped", errata.ProjectSettings{}, "::ffff:203.0.113.77", errata.User{ID: "u-7", IP: "203.0.113.0"}, "203.0.113.0"},
		{"no address", errata.ProjectSettings{}, "somewhere", errata.User{ID: "u-7"}, ""},
		{"an unknown choice removes", errata.ProjectSettings{KeepID: "x", IPMode: "x"}, "", errata.User{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := full
			if tt.ip != "" {
				u.IP = tt.ip
			}
			ev := errata.Event{User: &u, ClientIP: u.IP}
			tt.want.Hash, tt.want.Terms = full.Hash, full.Terms
			r := New(tt.settings)
			for range 2 {
				r.Event(&ev)
				if diff := cmp.Diff(errata.Event{User: &tt.want, ClientIP: tt.client}, ev); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestProjectKeys(t *testing.T) {
	r := New(errata.ProjectSettings{RedactKeys: []string{"Customer-Number", "pin"}, SafeKeys: []string{"page_token"}})
	for in, want := range map[string]string{
		"customer_number=17":         "customer_number=[redacted]",
		"order.customerNumber=17":    "order.customerNumber=[redacted]",
		`{"pin":1234,"shipping":1}`:  `{"pin":"[redacted]","shipping":1}`,
		"pageToken=abc token=abc":    "pageToken=abc token=[redacted]",
		"shipping=1&page_token=abc":  "shipping=1&page_token=abc",
		"session_token=a customer=1": "session_token=[redacted] customer=1",
	} {
		if got := r.Text(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got := New(errata.ProjectSettings{}).Text("customer_number=17"); got != "customer_number=17" {
		t.Errorf("another project's key: got %q", got)
	}
}

// A canary in every text of an event must not survive.
func TestCanary(t *testing.T) {
	const canary = "kanarienvogel77@example.com"
	ev := &errata.Event{}
	n := fill(reflect.ValueOf(ev).Elem(), "x "+canary+" y", 3)
	if n < 60 {
		t.Fatalf("only %d texts were filled", n)
	}
	r := New(errata.ProjectSettings{KeepID: "drop"})
	r.Event(ev)
	text, err := json.Marshal(ev)
	if err != nil {
		t.Fatal(err)
	}
	if i := strings.Index(string(text), "kanarienvogel"); i >= 0 {
		t.Errorf("found again: …%s…", text[max(0, i-120):min(len(text), i+60)])
	}
}

// untouched are fields that hold no text of the client, or only digits of it.
var untouched = map[string]bool{
	"ID": true, "ProjectID": true, "Source": true, "DebugIDs": true, "Hash": true, "Terms": true,
	"TraceID": true, "SpanID": true, "ParentSpanID": true, "Method": true, "SDK": true, "Mechanism": true, "ThreadID": true,
	"Level": true, "Code": false, "Path": false, "Domain": true,
}

// fill sets every text below v and returns how many there are.
func fill(v reflect.Value, s string, depth int) int {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
		return 1
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(v.Elem(), s, depth)
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			v.SetBytes(fmt.Appendf(nil, `{"a":[%q,{%q:1}]}`, s, s))
			return 2
		}
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return 0
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		return fill(v.Index(0), s, depth-1) + fill(v.Index(1), s, depth-1)
	case reflect.Struct:
		n := 0
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if untouched[name] && (name != "ID" || v.Type() != reflect.TypeFor[errata.User]()) ||
				v.Type() == reflect.TypeFor[errata.Note]() && name != "Was" ||
				v.Type() == reflect.TypeFor[errata.Thread]() && name == "ID" {
				continue
			}
			n += fill(v.Field(i), s, depth)
		}
		return n
	}
	return 0
}

// What the budget does not reach is removed, noted, and stays as it is when
// the event comes again.
func TestBudget(t *testing.T) {
	ev := func() *errata.Event {
		return &errata.Event{
			Message: "no user bob@example.com",
			Extra: object("a", `"`+strings.Repeat("password= ", 1<<17)+`"`, "b", `"`+strings.Repeat("a@", 1<<19)+`"`, "c",
				`{"d":["bob@example.com","plain"]}`, "e", "1"),
		}
	}
	r := New(errata.ProjectSettings{})
	got := ev()
	r.Event(got)
	if got.Message != "no user [email]" {
		t.Errorf("message is %q", got.Message)
	}
	for _, m := range got.Extra[1:] {
		if string(m.Value) != `"[redacted]"` {
			t.Errorf("%s is %.40q", m.Key, m.Value)
		}
	}
	want := []errata.Note{{Path: "extra", Code: "redaction_limit"}}
	if diff := cmp.Diff(want, got.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	first, _ := json.Marshal(got)
	r.Event(got)
	if second, _ := json.Marshal(got); string(first) != string(second) {
		t.Error("the second time changed something")
	}
	again := ev()
	r.Event(again)
	if diff := cmp.Diff(got, again); diff != "" {
		t.Errorf("not deterministic:\n%s", diff)
	}
}

func TestNoAllocation(t *testing.T) {
	if raced {
		t.Skip("allocations are not counted under the race detector")
	}
	r := New(errata.ProjectSettings{})
	ev := django(t)
	r.Event(ev)
	if n := testing.AllocsPerRun(100, func() { r.Event(ev) }); n >= 1 {
		t.Errorf("%v allocations for an event without a find", n)
	}
	text := "2026-11-20 10:30:45 ERROR shop.cart - checkout of order 4711 failed: b=1, c: 2, https://x.example/a-b"
	if n := testing.AllocsPerRun(100, func() { r.Text(text) }); n >= 1 {
		t.Errorf("%v allocations for a text without a find", n)
	}
}
