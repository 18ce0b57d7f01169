package normalize_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/normalize"
)

func TestSeverity(t *testing.T) {
	tests := []struct {
		name, raw string
		kind      errata.KeyKind
		want      errata.Severity
	}{
		{"fatal", `{"level":"fatal"}`, errata.KeyPublic, errata.P1},
		{"error", `{"level":"error"}`, errata.KeyPublic, errata.P2},
		{"warning", `{"level":"warning"}`, errata.KeyPublic, errata.P3},
		{"debug", `{"level":"debug"}`, errata.KeyPublic, errata.P3},
		{"unhandled error in production", `{"exception":[{"type":"E","mechanism":{"handled":false}}]}`, errata.KeyPublic, errata.P1},
		{"unhandled warning in production", `{"level":"warning","exception":[{"type":"E","mechanism":{"handled":false}}]}`, errata.KeyPublic, errata.P2},
		{"unhandled fatal stays", `{"level":"fatal","exception":[{"type":"E","mechanism":{"handled":false}}]}`, errata.KeyPublic, errata.P1},
		{"unhandled cause", `{"exception":[{"type":"C","mechanism":{"handled":false}},{"type":"E","mechanism":{"handled":true}}]}`, errata.KeyPublic, errata.P1},
		{"unhandled in staging", `{"environment":"staging","exception":[{"type":"E","mechanism":{"handled":false}}]}`, errata.KeyPublic, errata.P2},
		{"unhandled in prod-eu", `{"environment":"Prod-EU","exception":[{"type":"E","mechanism":{"handled":false}}]}`, errata.KeyPublic, errata.P1},
		{"handled unknown", `{"exception":[{"type":"E","mechanism":{"type":"x"}}]}`, errata.KeyPublic, errata.P2},
		{"explicit from a server", `{"tags":{"errata.severity":"P0"}}`, errata.KeyServer, errata.P0},
		{"explicit from a page is capped", `{"tags":{"errata.severity":"critical"}}`, errata.KeyPublic, errata.P1},
		{"explicit word", `{"tags":{"errata.severity":"WARNING"}}`, errata.KeyServer, errata.P2},
		{"explicit lower than the level", `{"level":"fatal","tags":{"errata.severity":"P3"}}`, errata.KeyPublic, errata.P3},
		{"explicit is not stepped", `{"tags":{"errata.severity":"info"},"exception":[{"type":"E","mechanism":{"handled":false}}]}`, errata.KeyServer, errata.P3},
		{"P4 is none", `{"tags":{"errata.severity":"P4"}}`, errata.KeyServer, errata.P2},
		{"a field severity is none", `{"severity":"P0"}`, errata.KeyServer, errata.P2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev, err := normalize.Sentry([]byte(tt.raw), input())
			if err != nil {
				t.Fatal(err)
			}
			normalize.Derive(ev, errata.Project{Settings: errata.ProjectSettings{RetentionDays: 7}}, tt.kind)
			if ev.Severity != tt.want || ev.Class != 7 {
				t.Errorf("got %v, class %d, want %v, class 7", ev.Severity, ev.Class, tt.want)
			}
		})
	}
}

func TestCulprit(t *testing.T) {
	stack := func(frames string) string {
		return `{"exception":[{"type":"E","stacktrace":{"frames":[` + frames + `]}}],"transaction":"/cart"}`
	}
	tests := []struct{ name, raw, want string }{
		{"newest own frame", stack(`{"function":"f","module":"a","in_app":true},{"function":"g","module":"b","in_app":true},{"function":"h","module":"java.util","in_app":false}`), "b.g"},
		{"no module", stack(`{"function":"pay","filename":"https://a.test/js/app.js?v=1","in_app":true}`), "pay (app.js)"},
		{"Windows path", stack(`{"function":"pay","filename":"C:\\src\\app.cs","in_app":true}`), "pay (app.cs)"},
		{"module within the function", stack(`{"function":"main.(*Svc).Pay","module":"main","in_app":true}`), "main.(*Svc).Pay"},
		{"a function without a name", stack(`{"function":"?","module":"server","in_app":true}`), "server"},
		{"a method without a name", stack(`{"function":"Server.?","module":"server","in_app":true}`), "server.Server"},
		{"only a file", stack(`{"filename":"a/b.py","in_app":true}`), "b.py"},
		{"only foreign frames", stack(`{"function":"f","module":"java.util","in_app":false}`), "/cart"},
		{"thread", `{"message":"m","threads":[{"current":true,"stacktrace":{"frames":[{"function":"f","module":"a","in_app":true}]}}]}`, "a.f"},
		{"nothing", `{"message":"m"}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev, err := normalize.Sentry([]byte(tt.raw), input())
			if err != nil {
				t.Fatal(err)
			}
			normalize.Derive(ev, errata.Project{}, errata.KeyPublic)
			if ev.Culprit != tt.want {
				t.Errorf("got %q, want %q", ev.Culprit, tt.want)
			}
		})
	}
}

func TestURLParts(t *testing.T) {
	tests := []struct{ url, domain, path string }{
		{"https://Shop.example.test/cart/1#top", "shop.example.test", "/cart/1"},
		{"https://shop.example.test", "shop.example.test", "/"},
		{"http://bob:secret@shop.test:8080/a", "shop.test", "/a"},
		{"http://[::1]:8080/a", "::1", "/a"},
		{"http://[ip]:8080/a", "[ip]:8080", "/a"},
		{"/cart/1", "", "/cart/1"},
		{"cart", "", ""},
		{"", "", ""},
		{"https://", "", "/"},
	}
	for _, tt := range tests {
		ev := &errata.Event{Request: &errata.Request{URL: tt.url}}
		normalize.Derive(ev, errata.Project{}, errata.KeyPublic)
		if ev.Request.Domain != tt.domain || ev.Request.Path != tt.path {
			t.Errorf("%q: got %q %q, want %q %q", tt.url, ev.Request.Domain, ev.Request.Path, tt.domain, tt.path)
		}
	}
}

func TestUserTerms(t *testing.T) {
	terms := func(u errata.User, ip string) *errata.User {
		ev := &errata.Event{User: &u}
		normalize.UserTerms(ev, []byte("secret"), ip)
		return ev.User
	}
	all := terms(errata.User{ID: "7", Email: "bob@example.test", Username: "bob", IP: "203.0.113.9"}, "")
	if len(all.Terms) != 4 || all.Hash != all.Terms[0] || len(all.Hash) != 16 {
		t.Fatalf("got %+v", all)
	}
	// HMAC-SHA256("secret", "bob"), first 8 bytes, computed elsewhere.
	if got := all.Terms[2]; got != bobTerm {
		t.Errorf("term of bob: %s", got)
	}
	if diff := cmp.Diff(all.Terms, terms(errata.User{ID: " 7", Email: "BOB@example.TEST", Username: "Bob ", IP: "203.0.113.9"}, "").Terms); diff != "" {
		t.Error("case and space count:", diff)
	}
	if u := terms(errata.User{ID: "bob", Username: "bob"}, ""); len(u.Terms) != 1 {
		t.Errorf("equal values give %d terms", len(u.Terms))
	}
	if u := terms(errata.User{IP: "{{auto}}"}, "::ffff:203.0.113.9"); u == nil || u.IP != "203.0.113.9" || u.Hash != all.Terms[3] {
		t.Errorf("automatic address: %+v", u)
	}
	if u := terms(errata.User{IP: "{{auto}}"}, ""); u != nil {
		t.Errorf("nobody is left as %+v", u)
	}
	if u := terms(errata.User{Email: "bob@example.test"}, ""); u.Hash != all.Terms[1] {
		t.Error("the hash is not the first term there is")
	}
}

const bobTerm = "9c90819f88377266"
