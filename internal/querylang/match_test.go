package querylang

import (
	"encoding/json"
	"testing"

	"errata/internal/errata"
)

// TestMatchCases are the cases of the engines' contract that table 4 leaves out.
func TestMatchCases(t *testing.T) {
	tag := func(kv ...string) *errata.Event {
		ev := &errata.Event{}
		for i := 0; i < len(kv); i += 2 {
			ev.Tags = append(ev.Tags, errata.Pair{Key: kv[i], Value: kv[i+1]})
		}
		return ev
	}
	says := func(values ...string) *errata.Event {
		ev := &errata.Event{}
		for _, v := range values {
			ev.Exceptions = append(ev.Exceptions, errata.Exception{Value: v})
		}
		return ev
	}
	tests := map[string]struct {
		event   *errata.Event
		yes, no []string
	}{
		"missing and not":     {tag("a", "x"), []string{"!tags[b]:x", "!tags[a]:y", "!http.status:500", "!has:tags[b]", `tags[b]:""`, `tags[b]:x,""`}, []string{"!tags[a]:x", "tags[b]:x", "http.status:<500", `tags[a]:""`}},
		"case":                {tag("a", "ÄRGER Straße"), []string{`tags[a]:"ärger straße"`, "tags[A]:Är*", "TAGS[a]:*STRASSE,*Straße"}, []string{`tags[a]:arger*`, `tags[a]:"ärger strasse"`}},
		"special characters":  {tag("a", `?[x]\.+*(`), []string{`tags[a]:"?[x]\\.+\*("`, `tags[a]:"?[x]*"`, `tags[a]:"*+\*("`}, []string{`tags[a]:"a[x]*"`, `tags[a]:"?x*"`, `tags[a]:"?[x]\\.+\*"`}},
		"literal star":        {tag("a", "5x"), []string{`tags[a]:5*x`}, []string{`tags[a]:5\*`}},
		"tag is no key":       {tag("os", "iOS", "env", "qa"), []string{"tags[os]:ios", "has:tags[os]", "tags[env]:qa"}, []string{"os:ios", "has:os", "env:qa"}},
		"equals and dot":      {tag("a.b", "c=d", "a", "b.c=d"), []string{"tags[a.b]:c=d", "tags[a]:b.c=d"}, []string{"tags[a]:b", "tags[a.b]:c", "tags[a]:c=d", "tags[a.b.c]:d"}},
		"several values":      {&errata.Event{Contexts: errata.Object{{Key: "x", Value: json.RawMessage(`{"l":["a","b"]}`)}}}, []string{"ctx.x.l:a", "ctx.x.l:b", "ctx.x.l:c,a", "ctx.x.l:a ctx.x.l:b"}, []string{"ctx.x.l:c", "!ctx.x.l:a", "ctx.x:a"}},
		"phrase boundary":     {says("payment timeout", "retry later"), []string{`"payment timeout"`, `"retry later"`, "timeout retry"}, []string{`"timeout retry"`, `"later payment"`}},
		"part is no prefix":   {says("timeouts"), []string{"timeout*", "timeouts"}, []string{"timeout", `"timeout"`, "imeouts*"}},
		"joined":              {says("ConnPoolError"), []string{"connpoolerror", "ConnPoolError", "connpool*", "poolError", `"conn pool"`}, []string{`"connpoolerror conn"`, "poolconn", "poolerror"}},
		"joined run is apart": {says("fooBar BazQux"), []string{`"bar baz"`}, []string{`"qux foobar"`, `"foobar bazqux"`}},
		"only symbols":        {says("€ ✓"), []string{"€", "!has:message"}, []string{"has:message"}},
		"any stream":          {&errata.Event{Message: "first", Exceptions: []errata.Exception{{Type: "Second"}}}, []string{"first second", "message:first"}, []string{"message:second", "stack:first", `"first second"`}},
		"unhandled":           {&errata.Event{Exceptions: []errata.Exception{{Mechanism: &errata.Mechanism{Handled: new(bool)}}}}, []string{"handled:false", "error.unhandled:true"}, []string{"handled:true", "error.unhandled:no"}},
		"severity":            {&errata.Event{Severity: errata.P2}, []string{"event.severity:P2", "event.severity:>=P3", "event.severity:P1..P3", "severity:medium"}, []string{"event.severity:>P2", "event.severity:P0,P1"}},
		"issue keys":          {tag(), []string{"!is:open", "!events:>5"}, []string{"is:open", "events:>=0", "assigned:me"}},
		"keys beside keys":    {&errata.Event{Contexts: errata.Object{{Key: "os", Value: json.RawMessage(`{"name":"x","version":"1"}`)}}}, []string{"os:x", "os.version:1", "has:os", "has:os.version"}, []string{"os:1", "os.version:x"}},
		"ids":                 {&errata.Event{ID: "4c79f60c11214eb38604f4ae0781bfb2", Trace: &errata.Trace{TraceID: "771A43a4192642f0b136d5159a501700"}}, []string{"event:4C79F60C-1121-4eb3-8604-f4ae0781bfb2", "trace:771a43a4192642f0b136d5159a501700"}, []string{"event:4c79", "trace:x"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := NewRecord(tt.event, Meta{})
			for want, queries := range map[bool][]string{true: tt.yes, false: tt.no} {
				for _, q := range queries {
					x, err := Bind(mustParse(t, q), Env{Now: testNow, Me: "7"})
					if err != nil {
						t.Fatal(err)
					}
					if got := Match(x, &r); got != want {
						t.Errorf("%s: %v", q, got)
					}
				}
			}
		})
	}
}

func TestMatchOfEmptyTrees(t *testing.T) {
	var r Record
	for name, tt := range map[string]struct {
		x    Expr
		want bool
	}{"nil": {nil, true}, "and": {&And{}, true}, "or": {&Or{}, false}, "not nil": {&Not{}, false}, "leaf": {&Leaf{}, false}} {
		if got := Match(tt.x, &r); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestPlanParts(t *testing.T) {
	tests := map[string]struct {
		sql, events string
		ok          bool
	}{
		"":                             {"", "", true},
		"is:open":                      {"is:open", "", true},
		"os:x y":                       {"", "os:x y", true},
		"is:open os:x type:A y":        {"is:open type:A", "os:x y", true},
		"!(is:open OR os:x)":           {"!is:open", "!os:x", true},
		"is:open OR os:x":              {"", "", false},
		"(is:open OR os:x) env:qa":     {"", "", false},
		"(is:open OR type:A) (a OR b)": {"is:open OR type:A", "a OR b", true},
	}
	for q, tt := range tests {
		t.Run(q, func(t *testing.T) {
			sql, events, ok := Split(mustParse(t, q), InIssues).Parts()
			if Print(sql) != tt.sql || Print(events) != tt.events || ok != tt.ok {
				t.Errorf("got %q, %q, %v", Print(sql), Print(events), ok)
			}
		})
	}
	_, events, _ := Split(mustParse(t, "type:A service:web os:x"), InEvents).Parts()
	if got := Print(events); got != "type:A service:web os:x" {
		t.Errorf("in events the engine answers %q", got)
	}
}
