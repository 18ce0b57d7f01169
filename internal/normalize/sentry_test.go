package normalize_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/normalize"
)

func TestSentry(t *testing.T) {
	tests := []struct{ name, raw, want string }{
		{
			"nothing but an object", `{}`,
			`{"id":"00000000000000000000000000000f00","project_id":"42","timestamp":"2026-11-20T10:00:00.000Z",
			  "received_at":"2026-11-20T10:00:00.000Z","source":"sentry","level":"error","environment":"production",
			  "clamped":null,"notes":null,"user":null,"request":null}`,
		},
		{
			"every field of the server is ignored", `{"project_id":"7","received":1,"received_at":"x","_errata":{},"_meta":{},
			"source":"x","severity":0,"class":9,"culprit":"/cart","issue_id":"1","title":"x","project":3}`,
			`{"project_id":"42","source":"sentry","severity":0,"class":null,"transaction":"/cart","culprit":null}`,
		},
		{
			"null and empty text are absent", `{"message":"","release":null,"logger":"","transaction":" ","tags":null,"exception":null}`,
			`{"message":null,"release":null,"logger":null,"transaction":null,"tags":null,"exceptions":null,"notes":null}`,
		},
		{
			"plain fields", `{"platform":"Python","logger":"shop.cart","release":"shop@1.4.0","dist":12,"environment":"qa",
			"server_name":"web-3","checksum":"deadbeef","transaction":"/cart","level":"warn"}`,
			`{"platform":"python","logger":"shop.cart","release":"shop@1.4.0","dist":"12","environment":"qa",
			 "host":"web-3","checksum":"deadbeef","transaction":"/cart","level":"warning"}`,
		},
		{
			"a list where a text belongs", `{"release":["a"],"environment":{"a":1}}`,
			`{"release":null,"environment":"production","notes":[{"path":"release","code":"expected_text"},{"path":"environment"}]}`,
		},
		{
			"slashes and line breaks in names", `{"release":"front/1.2\n","transaction":"a\nb"}`,
			`{"release":"front-1.2","transaction":"a b","notes":[{"path":"release","code":"slash_replaced"}]}`,
		},
		{"names are exact", `{"Message":"x","LEVEL":"fatal"}`, `{"message":null,"level":"error"}`},
		{"numeric level", `{"level":40}`, `{"level":"error"}`},
		{
			"fantastic level", `{"level":"fatalistic"}`,
			`{"level":"error","notes":[{"path":"level","code":"bad_level","was":"fatalistic"}]}`,
		},
		{"last of equal keys", `{"message":"a","message":"b"}`, `{"message":"b","notes":[{"path":null,"code":"repeated_keys","was":"1"}]}`},
		{"byte order mark", "\xef\xbb\xbf" + `{"message":"x"}`, `{"message":"x","notes":[{"code":"byte_order_mark"}]}`},
		{"bare NaN", `{"message":"x","extra":{"a":NaN}}`, `{"message":"x","notes":[{"code":"nan_as_null"}]}`},
		{"bad UTF-8", "{\"message\":\"raw \xff\xfe bytes\"}", `{"message":"raw �� bytes","notes":[{"path":"message","code":"bad_utf8"}]}`},
		{"NUL", `{"message":"a\u0000b"}`, `{"message":"ab","notes":[{"path":"message","code":"nul_removed"}]}`},
		{
			"prototype names are inert", `{"__proto__":{"message":"x"},"extra":{"__proto__":1,"constructor":{"a":2}}}`,
			`{"message":null,"extra":{"__proto__":1,"constructor":{"a":2}}}`,
		},

		{
			"user", `{"user":{"id":42,"email":"Bob@example.test","username":"bob","ip_address":"::ffff:10.0.0.7","segment":"x"}}`,
			`{"user":{"id":"42","email":"Bob@example.test","username":"bob","ip":"10.0.0.7","segment":null},"client_ip":"10.0.0.7"}`,
		},
		{"automatic address", `{"user":{"ip_address":"{{auto}}"}}`, `{"user":{"ip":"203.0.113.9"},"client_ip":"203.0.113.9"}`},
		{"inferred address", `{"sdk":{"name":"sentry.javascript.browser","settings":{"infer_ip":"auto"}}}`, `{"user":{"ip":"203.0.113.9"}}`},
		{"address not to be inferred", `{"sdk":{"settings":{"infer_ip":"never"}},"user":{"id":"7"}}`, `{"user":{"id":"7","ip":null},"client_ip":null}`},
		{"bad address", `{"user":{"ip_address":"localhost"}}`, `{"user":null,"client_ip":null,"notes":[{"path":"user.ip","code":"bad_address","was":null}]}`},
		{"user is a text", `{"user":"bob"}`, `{"user":null,"notes":[{"path":"user","code":"expected_object"}]}`},

		{
			"tags as an object", `{"tags":{"a b":"x","region":"eu","vip":true,"n":1.5,"none":null,"empty":"","o":{},"two":"l1\nl2"}}`,
			`{"tags":{"a_b":"x","region":"eu","vip":"true","n":"1.5","none":null,"empty":null,"o":null,"two":"l1 l2"}}`,
		},
		{"tags as pairs", `{"tags":[["a","1"],["b",2],["a","3"],null,["x"],[{},"y"],"z"]}`, `{"tags":{"a":"3","b":"2","x":null}}`},
		{
			"tags with their own fields", `{"tags":{"error_code":"E42","request_id":"r-1","session_id":"s-1"}}`,
			`{"code":"E42","request_id":"r-1","session_id":"s-1","tags":{"error_code":"E42"}}`,
		},

		{
			"contexts", `{"contexts":{"trace":{"trace_id":"458446231C457982-087f5f0fc9e6f050","span_id":"a0e1b2c3d4e5f607","op":"http","type":"trace"},
			"runtime":{"name":"CPython"},"odd":"x","none":null,"response":{"status_code":"503"}}}`,
			`{"trace":{"trace_id":"458446231c457982087f5f0fc9e6f050","span_id":"a0e1b2c3d4e5f607","op":"http"},
			 "contexts":{"trace":null,"runtime":{"name":"CPython"},"odd":null,"none":null,"response":{"status_code":"503"}},"request":{"status":503}}`,
		},
		{
			"bad trace ids", `{"contexts":{"trace":{"trace_id":"xyz","span_id":"123","data":{"k":1}}}}`,
			`{"trace":null,"contexts":{"trace":{"data":{"k":1}}},"notes#count":2}`,
		},
		{
			"extra", `{"extra":{"a":1e999,"b":-0,"c":18446744073709551616,"d":[1,{"e":null}],"f":"x"}}`,
			`{"extra":{"a":"1e999","b":"-0","c":"18446744073709551616","d":[1,{"e":null}],"f":"x"},"notes":[{"path":"extra","code":"number_as_text"}]}`,
		},
		{
			"extra is deep", `{"extra":{"a":{"1":{"2":{"3":{"4":{"5":{"6":{"7":{}}}}}}}}}}`,
			`{"extra":{"a":{"1":{"2":{"3":{"4":{"5":{"6":{"7":"[object]"}}}}}}}},"notes":[{"path":"extra","code":"too_deep"}]}`,
		},
		{"contexts are deep", `{"contexts":{"c":{"1":{"2":{"3":{"4":{"5":[1]}}}}}}}`, `{"contexts":{"c":{"1":{"2":{"3":{"4":{"5":"[list]"}}}}}}}`},
		{"extra is a list", `{"extra":["a",{"b":1}]}`, `{"extra":{"0":"a","1":{"b":1}}}`},
		{"extra is a text", `{"extra":"a"}`, `{"extra":null,"notes":[{"path":"extra","code":"expected_object"}]}`},

		{
			"request as objects", `{"request":{"method":"post","url":"https://shop.example.test/cart?step=2&q=a%20b#top",
			"headers":{"Host":"shop.example.test","cookie":"a=b; sid=x","X-Request-Id":"r-9","Accept":["a","b"]},"data":{"k":[1]}}}`,
			`{"request":{"method":"POST","url":"https://shop.example.test/cart#top","query":[["step","2"],["q","a b"]],
			 "headers":{"Host":"shop.example.test","cookie":null,"Accept":"a, b"},"cookies":{"a":"b","sid":"x"},"body":"{\"k\":[1]}"},"request_id":"r-9"}`,
		},
		{
			"request as pairs", `{"request":{"headers":[["Host","a"],["host","b"],["X","1"]],"query_string":[["p","1"],["p","2"]],"cookies":[["c","1"]],"data":"raw text"}}`,
			`{"request":{"headers":{"Host":"a, b","X":"1"},"query":[["p","1"],["p","2"]],"cookies":{"c":"1"},"body":"raw text"}}`,
		},
		{
			"request as text", `{"request":{"query_string":"?a=1&flag&bad=%zz","cookies":"x=1;y=2"}}`,
			`{"request":{"query":[["a","1"],["flag",""],["bad","%zz"]],"cookies":{"x":"1","y":"2"}}}`,
		},
		{
			"explicit query wins over the URL's", `{"request":{"url":"http://a.test/?x=1","query_string":"y=2"}}`,
			`{"request":{"url":"http://a.test/","query":[["y","2"]]}}`,
		},

		{
			"breadcrumbs under values", `{"breadcrumbs":{"values":[{"timestamp":1795168799.5,"type":"http","category":"fetch","level":"warn","message":"m","data":{"a":1}},null]}}`,
			`{"breadcrumbs":[{"timestamp":"2026-11-20T09:59:59.500Z","type":"http","category":"fetch","level":"warning","message":"m","data":{"a":1}}]}`,
		},
		{"breadcrumbs as a list", `{"breadcrumbs":[{"message":"a"},{"message":{"x":1}}]}`, `{"breadcrumbs":[{"message":"a"},{"message":"{\"x\":1}"}]}`},
		{"modules as pairs", `{"modules":[["lib","1.0"]]}`, `{"modules":{"lib":"1.0"}}`},
		{
			"fingerprint", `{"fingerprint":["a",1,true,null,{},"b"]}`,
			`{"client_fingerprint":["a","1","true","b"],"notes":[{"path":"client_fingerprint","code":"expected_text"}]}`,
		},
		{"fingerprint is a text", `{"fingerprint":"one"}`, `{"client_fingerprint":["one"]}`},
		{"empty fingerprint", `{"fingerprint":[]}`, `{"client_fingerprint":null}`},
		{"debug ids", `{"debug_meta":{"images":[{"debug_id":"AB-1"},{"type":"x"}]}}`, `{"debug_ids":["ab-1"]}`},
		{
			"raven's names", `{"sentry.interfaces.User":{"id":"1"},"sentry.interfaces.Http":{"url":"https://a.test/cart"},
			"sentry.interfaces.Exception":[{"type":"E","value":"v"}],"sentry.interfaces.Message":{"message":"no stock for %s","params":["mug"]}}`,
			`{"user":{"id":"1"},"request":{"url":"https://a.test/cart"},"exceptions":[{"type":"E","value":"v"}],
			 "message":"no stock for mug","message_template":"no stock for %s"}`,
		},
		{"the short name wins", `{"user":{"id":"2"},"sentry.interfaces.User":{"id":"1"}}`, `{"user":{"id":"2"}}`},
		{
			"browser from its name", `{"request":{"headers":{"User-Agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"}}}`,
			`{"contexts":{"browser":{"name":"Chrome","version":"131.0.0.0"},"os":{"name":"Windows","version":"10.0"}}}`,
		},
		{
			"the SDK's browser wins", `{"contexts":{"browser":{"name":"X"}},"request":{"headers":{"User-Agent":"Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"}}}`,
			`{"contexts":{"browser":{"name":"X"},"os":{"name":"Linux","version":null}}}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev, err := normalize.Sentry([]byte(tt.raw), input())
			if err != nil {
				t.Fatal(err)
			}
			expect(t, ev, tt.want)
		})
	}
}

func TestSentryStacks(t *testing.T) {
	const frames = `{"frames":[{"function":"f","filename":"a.py","lineno":"12","in_app":true}]}`
	tests := []struct{ name, raw, want string }{
		{"list", `{"exception":[{"type":"A"},null,{"type":"B"}]}`, `{"exceptions":[{"type":"A"},{"type":"B"}]}`},
		{"values", `{"exception":{"values":[{"type":"A","module":"m","thread_id":3}]}}`, `{"exceptions":[{"type":"A","module":"m","thread_id":"3"}]}`},
		{"single object", `{"exception":{"type":"A","value":{"code":7}}}`, `{"exceptions":[{"type":"A","value":"{\"code\":7}"}]}`},
		{"values is null", `{"exception":{"values":null}}`, `{"exceptions":null,"notes":null}`},
		{"a text", `{"exception":"boom"}`, `{"exceptions":[{"value":"boom"}]}`},
		{"a number", `{"exception":7}`, `{"exceptions":null,"notes":[{"path":"exceptions","code":"expected_list"}]}`},
		{"empty ones go", `{"exception":[{},{"type":"A"},{"mechanism":{}}]}`, `{"exceptions":[{"type":"A"}]}`},
		{
			"mechanism", `{"exception":[{"type":"A","mechanism":{"type":"generic","handled":"false","synthetic":1,"source":"cause","exception_id":1,"parent_id":"0","is_exception_group":true}}]}`,
			`{"exceptions":[{"mechanism":{"type":"generic","handled":false,"synthetic":true,"source":"cause","exception_id":1,"parent_id":0,"is_exception_group":true}}]}`,
		},
		{
			"frames", `{"exception":[{"type":"A","stacktrace":{"frames":[null,{"function":"f","module":"m","filename":"a.py","abs_path":"/a.py","package":"p","lineno":"12","colno":3,
			"in_app":false,"context_line":" x","pre_context":["a",""],"post_context":[],"vars":["x","y"]}]}}]}`,
			`{"exceptions":[{"frames":[{"function":"f","module":"m","file":"a.py","abs_path":"/a.py","package":"p","line":12,"column":3,
			 "context_line":" x","pre_context":["a",""],"post_context":null,"vars":{"0":"x","1":"y"}}]}]}`,
		},
		{
			"frames are nonsense", `{"exception":[{"type":"A","stacktrace":{"frames":"x"}},{"type":"B","stacktrace":null},{"type":"C","stacktrace":[{"function":"g"}]}]}`,
			`{"exceptions":[{"type":"A","frames":null},{"type":"B","frames":null},{"type":"C","frames":[{"function":"g"}]}],"notes":[{"path":"exceptions[0].frames"}]}`,
		},
		{
			"line out of range", `{"exception":[{"type":"A","stacktrace":{"frames":[{"function":"f","lineno":-1},{"function":"g","lineno":1e3}]}}]}`,
			`{"exceptions":[{"frames":[{"line":null},{"line":1000}]}],"notes":[{"path":"exceptions[0].frames[0].line","code":"expected_number","was":"-1"}]}`,
		},
		{
			"a stack beside the only exception", `{"exception":{"type":"A"},"stacktrace":` + frames + `}`,
			`{"exceptions":[{"type":"A","frames":[{"function":"f","line":12}]}],"threads":null}`,
		},
		{
			"a stack beside a message", `{"message":"m","stacktrace":` + frames + `}`,
			`{"exceptions":null,"threads":[{"current":true,"frames":[{"function":"f"}]}]}`,
		},
		{
			"a stack beside two exceptions", `{"exception":[{"type":"A"},{"type":"B"}],"stacktrace":` + frames + `}`,
			`{"exceptions#count":2,"threads":[{"current":true}]}`,
		},
		{
			"threads", `{"threads":{"values":[{"id":1,"name":"main","crashed":true,"current":false,"stacktrace":` + frames + `},null,{"id":"2"}]}}`,
			`{"threads":[{"id":"1","name":"main","crashed":true,"current":null,"frames":[{"function":"f"}]},{"id":"2","frames":null}]}`,
		},
		{
			"a captured message of JavaScript", `{"message":"cart is empty","exception":{"values":[{"value":"cart is empty","stacktrace":` + frames + `}]}}`,
			`{"message":"cart is empty","exceptions":null,"threads":[{"current":true,"frames":[{"function":"f"}]}]}`,
		},
		{"the same without a stack", `{"message":"m","exception":[{"value":"m"}]}`, `{"message":"m","exceptions":null,"threads":null}`},
		{"an error without a type stays", `{"message":"other","exception":[{"value":"m"}]}`, `{"exceptions":[{"value":"m"}]}`},
		{
			"a string panic of Go", `{"message":"boom","level":"fatal","threads":[{"stacktrace":` + frames + `,"current":true}]}`,
			`{"message":"boom","level":"fatal","exceptions":null,"threads":[{"current":true,"frames":[{"function":"f","in_app":true}]}]}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev, err := normalize.Sentry([]byte(tt.raw), input())
			if err != nil {
				t.Fatal(err)
			}
			expect(t, ev, tt.want)
		})
	}
}

func TestSentryMessages(t *testing.T) {
	tests := []struct{ name, raw, message, template string }{
		{"text", `{"message":"a"}`, "a", ""},
		{"number", `{"message":7}`, "7", ""},
		{"object", `{"message":{"message":"a %s","params":["b"],"formatted":"a b"}}`, "a b", "a %s"},
		{"formatted", `{"logentry":{"message":"a %s","params":["b"],"formatted":"ready"}}`, "ready", "a %s"},
		{"text beside a template", `{"message":"ready","logentry":{"message":"a %s","params":["b"]}}`, "ready", "a %s"},
		{"logentry is a text", `{"logentry":"x"}`, "x", ""},
		{"no parameters", `{"logentry":{"message":"100% {x}"}}`, "100% {x}", ""},
		{"positional", `{"logentry":{"message":"%s %d %r %5.2f %% %x","params":["a",1,null,2.5]}}`, "a 1 null 2.5 % %x", "%s %d %r %5.2f %% %x"},
		{"named", `{"logentry":{"message":"%(a)s-%(b)d-%(c)s","params":{"a":"x","b":2}}}`, "x-2-%(c)s", "%(a)s-%(b)d-%(c)s"},
		{"braces", `{"logentry":{"message":"{} {1} {0} {} {9}","params":["a","b"]}}`, "a b a b {9}", "{} {1} {0} {} {9}"},
		{"named braces", `{"logentry":{"message":"{a} {b:>3} {c}","params":{"a":"x","b":"y"}}}`, "x y {c}", "{a} {b:>3} {c}"},
		{"one parameter", `{"logentry":{"message":"hi %s","params":"bob"}}`, "hi bob", "hi %s"},
		{"an object as parameter", `{"logentry":{"message":"%s","params":[{"k":[1]}]}}`, `{"k":[1]}`, "%s"},
		{"a per cent that is none", `{"logentry":{"message":"50% done %s","params":["x"]}}`, "50% done x", "50% done %s"},
		{"parameters are not templates", `{"logentry":{"message":"%s %s","params":["%s","b"]}}`, "%s b", "%s %s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev, err := normalize.Sentry([]byte(tt.raw), input())
			if err != nil {
				t.Fatal(err)
			}
			if ev.Message != tt.message || ev.MessageTemplate != tt.template {
				t.Errorf("got %q from %q, want %q from %q", ev.Message, ev.MessageTemplate, tt.message, tt.template)
			}
		})
	}
}

func TestSentryLimits(t *testing.T) {
	long := strings.Repeat("é", 10_000)
	many := func(n int, entry string) string { return strings.TrimSuffix(strings.Repeat(entry+",", n), ",") }
	var tags strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&tags, `,"t%d":"v"`, i)
	}
	tests := []struct {
		name, raw string
		check     func(*errata.Event) bool
		note      string // path code was
	}{
		{"message", `{"message":"` + long + `"}`, func(e *errata.Event) bool { return e.Message == long[:2*8192] }, "message too_long 10000"},
		{"type", `{"exception":[{"type":"` + long + `"}]}`, func(e *errata.Event) bool { return e.Type() == long[:2*256] }, "exceptions[0].type too_long 10000"},
		{
			"exceptions: the newest stay", `{"exception":[` + many(60, `{"type":"A"}`) + `,{"type":"B"}]}`,
			func(e *errata.Event) bool { return len(e.Exceptions) == 50 && e.Type() == "B" }, "exceptions too_many 11",
		},
		{
			"frames: the newest stay", `{"exception":[{"type":"A","stacktrace":{"frames":[` + many(300, `{"function":"f","vars":{"a":1},"context_line":"x"}`) + `,{"function":"g","vars":{"a":1}}]}}]}`,
			func(e *errata.Event) bool {
				f := e.MainFrames()
				return len(f) == 250 && f[249].Function == "g" && f[199].Vars == nil && f[200].Vars != nil && f[199].ContextLine == ""
			}, "exceptions[0].frames too_many 51",
		},
		{
			"100,000 frames", `{"exception":[{"type":"A","stacktrace":{"frames":[` + many(100_000, `{}`) + `]}}]}`,
			func(e *errata.Event) bool { return len(e.MainFrames()) == 250 }, "exceptions[0].frames too_many 99750",
		},
		{
			"threads: the crashed one stays", `{"threads":[` + many(80, `{"id":1}`) + `,{"id":9,"crashed":true}]}`,
			func(e *errata.Event) bool { return len(e.Threads) == 49 && e.CrashThread().ID == "9" }, "threads too_many 31",
		},
		{
			"breadcrumbs: the newest stay", `{"breadcrumbs":[` + many(150, `{"message":"a"}`) + `,{"message":"z"}]}`,
			func(e *errata.Event) bool { return len(e.Breadcrumbs) == 100 && e.Breadcrumbs[99].Message == "z" }, "breadcrumbs too_many 51",
		},
		{
			"tags: the first stay", `{"tags":{"first":"1"` + tags.String() + `}}`,
			func(e *errata.Event) bool {
				return len(e.Tags) == 100 && e.Tags[0].Key == "first" && e.Tags[99].Key == "t98"
			}, "tags too_many 4901",
		},
		{
			"tag of a megabyte", `{"tags":{"a":"` + strings.Repeat("x", 1<<20) + `"}}`,
			func(e *errata.Event) bool { return len(e.Tag("a")) == 200 }, "tags too_long 1",
		},
		{
			"fingerprint", `{"fingerprint":[` + many(1000, `"p"`) + `]}`,
			func(e *errata.Event) bool { return len(e.ClientFingerprint) == 32 }, "client_fingerprint too_many 968",
		},
		{
			"extra value", `{"extra":{"a":"` + strings.Repeat("x", 20_000) + `","b":1}}`,
			func(e *errata.Event) bool { return len(e.Extra) == 2 && len(e.Extra[0].Value) <= 16<<10 }, "extra too_long ",
		},
		{
			"extra in all", `{"extra":{` + many(30, `"a`+strings.Repeat("k", 10)+`":"`+strings.Repeat("x", 16_000)+`"`) + `}}`,
			func(e *errata.Event) bool { return len(e.Extra) == 1 }, " repeated_keys 29",
		},
		{
			"context", `{"contexts":{"a":{"b":"` + strings.Repeat("x", 10_000) + `"}}}`,
			func(e *errata.Event) bool { return len(e.Contexts[0].Value) <= 8<<10+2 }, "contexts too_long ",
		},
		{
			"request body", `{"request":{"data":"` + strings.Repeat("é", 10_000) + `"}}`,
			func(e *errata.Event) bool { return len(e.Request.Body) == 16<<10 }, "request.body too_long 20000",
		},
		{
			"modules", `{"modules":{` + many(1, `"a":"1"`) + strings.ReplaceAll(tags.String(), `"v"`, `"1.2.3.4.5.6"`) + `}}`,
			func(e *errata.Event) bool { return len(e.Modules) <= 500 && len(e.Modules) > 400 }, "modules too_many ",
		},
		{
			"notes", `{"exception":[` + many(50, `{"type":[],"value":"v","module":[]}`) + `]}`,
			func(e *errata.Event) bool { return len(e.Notes) == 50 }, "exceptions[24].module expected_text ",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev, err := normalize.Sentry([]byte(tt.raw), input())
			if err != nil {
				t.Fatal(err)
			}
			if !tt.check(ev) {
				t.Error("the event is not as it should be")
			}
			var notes []string
			for _, n := range ev.Notes {
				notes = append(notes, n.Path+" "+n.Code+" "+n.Was)
			}
			if !strings.Contains(strings.Join(notes, "\n")+"\n", tt.note) {
				t.Errorf("notes %q lack %q", notes, tt.note)
			}
		})
	}
}

func TestSentryTimes(t *testing.T) {
	const at = int64(1795168800000000) // 2026-11-20T10:00:00Z
	tests := []struct {
		name, timestamp string
		sentAt          time.Time
		want, original  int64
		clamped         bool
		note            string
	}{
		{"none", `null`, time.Time{}, at, 0, false, ""},
		{"RFC 3339", `"2026-11-20T09:59:59.123456Z"`, time.Time{}, at - 876544, 0, false, ""},
		{"zone", `"2026-11-20T10:59:59+01:00"`, time.Time{}, at - 1e6, 0, false, ""},
		{"zone without colon", `"2026-11-20T10:59:59+0100"`, time.Time{}, at - 1e6, 0, false, ""},
		{"no zone is UTC", `"2026-11-20T09:59:59.5"`, time.Time{}, at - 5e5, 0, false, ""},
		{"space for T", `"2026-11-20 09:59:59"`, time.Time{}, at - 1e6, 0, false, ""},
		{"seconds", `1795168799.25`, time.Time{}, at - 75e4, 0, false, ""},
		{"seconds as text", `"1795168799.25"`, time.Time{}, at - 75e4, 0, false, ""},
		{"yesterday", `"yesterday"`, time.Time{}, at, 0, true, "bad_time"},
		{"0", `0`, time.Time{}, at, 0, true, "out_of_range"},
		{"9999", `9999`, time.Time{}, at, 9999e6, true, "out_of_range"},
		{"year 9999", `"9999-12-31T23:59:59Z"`, time.Time{}, at, 253402300799e6, true, "out_of_range"},
		{"milliseconds", `1795168799250`, time.Time{}, at, 0, true, "bad_time"},
		{"a list", `[1]`, time.Time{}, at, 0, true, "bad_time"},
		{"infinite", `1e400`, time.Time{}, at, 0, true, "bad_time"},
		{"just not too far ahead", `"2026-11-20T10:01:00Z"`, time.Time{}, at + 60e6, 0, false, ""},
		{"too far ahead", `"2026-11-20T10:01:01Z"`, time.Time{}, at, at + 61e6, true, "out_of_range"},
		{"just not too old", `"2026-10-21T10:00:00Z"`, time.Time{}, at - 30*86400e6, 0, false, ""},
		{"too old", `"2026-10-21T09:59:59Z"`, time.Time{}, at, at - 30*86400e6 - 1e6, true, "out_of_range"},
		{"clock an hour behind", `"2026-11-20T08:59:58Z"`, received.Add(-time.Hour), at - 2e6, at - 3602e6, false, "clock_drift"},
		{"clock a day ahead", `"2026-11-21T09:59:58Z"`, received.Add(24 * time.Hour), at - 2e6, at + 86398e6, false, "clock_drift"},
		{"clock within tolerance", `"2026-11-20T09:30:00Z"`, received.Add(-55 * time.Minute), at - 1800e6, 0, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input()
			in.SentAt = tt.sentAt
			ev, err := normalize.Sentry([]byte(`{"timestamp":`+tt.timestamp+`}`), in)
			if err != nil {
				t.Fatal(err)
			}
			note := ""
			if len(ev.Notes) > 0 {
				note = ev.Notes[0].Code
			}
			if ev.Timestamp != tt.want || ev.OriginalTimestamp != tt.original || ev.Clamped != tt.clamped || note != tt.note {
				t.Errorf("got %d, original %d, clamped %v, note %q; want %d, %d, %v, %q",
					ev.Timestamp, ev.OriginalTimestamp, ev.Clamped, note, tt.want, tt.original, tt.clamped, tt.note)
			}
		})
	}
}

func TestSentryIdentity(t *testing.T) {
	const header, body = "5c1e7a9d04b84f6e9a2d7f31c0be8842", "0b5b7a3e9c3f4b1c8d2e6f7a9b0c1d2e"
	tests := []struct{ name, header, payload, want, note string }{
		{"header wins", header, body, header, ""},
		{"payload", "", body, body, ""},
		{"dashes and capitals", "5C1E7A9D-04B8-4F6E-9A2D-7F31C0BE8842", "", header, ""},
		{"odd header, good payload", "abc", body, body, "header.event_id bad_id abc"},
		{"both odd", "xyz", "12", "00000000000000000000000000000f00", "header.event_id bad_id xyz"},
		{"nil UUID", "00000000-0000-0000-0000-000000000000", "", "00000000000000000000000000000f00", "header.event_id bad_id 00000000-0000-0000-0000-000000000000"},
		{"33 digits", header + "0", "", "00000000000000000000000000000f00", "header.event_id bad_id " + header + "0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input()
			in.HeaderID = tt.header
			ev, err := normalize.Sentry([]byte(`{"event_id":"`+tt.payload+`"}`), in)
			if err != nil {
				t.Fatal(err)
			}
			note := ""
			if len(ev.Notes) > 0 {
				note = ev.Notes[0].Path + " " + ev.Notes[0].Code + " " + ev.Notes[0].Was
			}
			if ev.ID != tt.want || note != tt.note {
				t.Errorf("got %s, note %q; want %s, %q", ev.ID, note, tt.want, tt.note)
			}
		})
	}
}

func TestSentryRefuses(t *testing.T) {
	tests := []struct {
		name, raw string
		code      errata.Code
		reason    string
	}{
		{"nothing", "", errata.Invalid, "empty_body"},
		{"white space", " \n", errata.Invalid, "empty_body"},
		{"null", "null", errata.Invalid, "expected_object"},
		{"list", "[]", errata.Invalid, "expected_object"},
		{"text", `"x"`, errata.Invalid, "expected_object"},
		{"number", "0", errata.Invalid, "expected_object"},
		{"10,000 levels", strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000), errata.Invalid, "too_deep"},
		{"500,000 keys", `{"extra":[` + strings.TrimSuffix(strings.Repeat(`{"a":1},`, 500_000), ",") + `]}`, errata.TooLarge, "too_many_keys"},
		{"not JSON", "hello", errata.Invalid, "bad_json"},
		{"cut", `{"message":"x`, errata.Invalid, "bad_json"},
		{"two objects", `{}{}`, errata.Invalid, "bad_json"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := normalize.Sentry([]byte(tt.raw), input())
			if errata.CodeOf(err) != tt.code || errata.ReasonOf(err) != tt.reason {
				t.Errorf("got %v (%s, %s)", err, errata.CodeOf(err), errata.ReasonOf(err))
			}
		})
	}
}
