package grouping_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/grouping"
)

// usedParts returns what counted, as leaves are written.
func usedParts(r grouping.Result) []string {
	var parts []string
	for _, p := range r.Parts {
		if p.Used {
			parts = append(parts, p.Name+":"+p.Text)
		}
	}
	return parts
}

func TestFrameKeys(t *testing.T) {
	type frame = errata.Frame
	for platform, cases := range map[string][]struct {
		frame frame
		want  string // "" = no key
	}{
		"java": {
			{frame{Module: "com.acme.Foo$$Lambda$14/0x0000000801234", Function: "run"}, "com.acme.Foo|run"},
			{frame{Module: "com.acme.Foo$$Lambda/0x0000000801234", Function: "run"}, "com.acme.Foo|run"},
			{frame{Module: "com.acme.Svc$$EnhancerBySpringCGLIB$$1a2b3c", Function: "pay"}, "com.acme.Svc|pay"},
			{frame{Module: "com.acme.Svc$$FastClassBySpringCGLIB$$9f", Function: "invoke"}, "com.acme.Svc|invoke"},
			{frame{Module: "com.acme.Svc_$$_jvst3f2_0", Function: "pay"}, "com.acme.Svc|pay"},
			{frame{Module: "com.acme.reflect.GeneratedMethodAccessor123", Function: "invoke"}, "com.acme.reflect.GeneratedMethodAccessor|invoke"},
			{frame{Module: "com.acme.Order", Function: "lambda$pay$12"}, "com.acme.Order|lambda$pay"},
			{frame{Module: "com.acme.Order$$inlined$map", Function: "lambda$x"}, "com.acme.Order$$inlined$map|lambda$x"},
		},
		"python": {
			{frame{Module: "shop.cart", Function: "pay", ContextLine: "    charge(  o )  "}, "shop.cart|pay|charge( o )"},
			{frame{File: "/srv/app/Shop/Cart.py", Function: "<module>"}, "cart.py|<module>"},
			{frame{Module: "m", ContextLine: strings.Repeat("x", 200)}, "m|" + strings.Repeat("x", 120)},
		},
		"javascript": {
			{frame{AbsPath: "https://shop.example/assets/app.3f2a9c1b.js?v=1#x", Function: "Object.Cart.pay"}, "app.js|pay"},
			{frame{File: "main-3F2A9C1B77.chunk.js", Function: "ab"}, "main.chunk.js"},
			{frame{File: "app.js", Function: "ab", ContextLine: "pay()"}, "app.js|ab|pay()"},
			{frame{File: "app.js", Function: "<anonymous>"}, "app.js"},
			{frame{File: "app.js", Function: "eval"}, "app.js"},
			{frame{Function: "?"}, ""},
			{frame{File: "app.js", Function: "?", ContextLine: "pay()"}, "app.js|?|pay()"},
			{frame{File: "app.3f2a9c1b", Function: "pay"}, "app|pay"},
			{frame{File: "app.deadbeefx.js", Function: "pay"}, "app.deadbeefx.js|pay"},
		},
		"node": {{frame{Module: "dist.cart:index", Function: "async Cart.pay", ContextLine: "  x"}, "dist.cart:index|pay|x"}},
		"go": {
			{frame{Module: "main", Function: "(*Shop[...]).Pay.func1.2.1"}, "main|(*Shop).Pay.func"},
			{frame{Module: "main", Function: "run.func12.gowrap.func3"}, "main|run.func.gowrap.func"},
			{frame{Module: "main", Function: "func2"}, "main|func"},
			{frame{Module: "main", Function: "main.functional"}, "main|main.functional"},
		},
		"csharp": {
			{frame{Module: "Shop.Cart+<>c__DisplayClass7_0", Function: "<Pay>b__3"}, "Shop.Cart|Pay"},
			{frame{Module: "Shop.Cart", Function: "<Pay>g__Inner|3_0"}, "Shop.Cart|Pay"},
			{frame{Module: "Shop.List<int>", Function: "Add"}, "Shop.List<int>|Add"},
		},
		"php": {
			{frame{File: "/srv/app/src/Cart.php", Function: `App\Cart::pay`}, `cart.php|App\Cart::pay`},
			{frame{File: "Cart.php", Function: `App\Cart::App\{closure}`}, `cart.php|App\Cart::{closure}`},
			{frame{File: "Cart.php", Function: `{closure:App\Cart::pay():12}`}, `cart.php|{closure}`},
			{frame{File: "Cart.php", Function: "class@anonymous\x00/srv/app/x.php:12$0::run"}, "cart.php|class@anonymous::run"},
		},
		"ruby": {
			{frame{File: "app/cart.rb", Function: "rescue in block (3 levels) in Shop::Cart#pay"}, "cart.rb|block in pay"},
			{frame{File: "app/cart.rb", Function: "ensure in Cart.pay"}, "cart.rb|pay"},
			{frame{File: "app/cart.rb", Function: "<main>"}, "cart.rb|<main>"},
			{frame{File: "index.html.erb", Function: "_app_views_index_html_erb__4287_6120"}, "index.html.erb|_app_views_index_html_erb"},
		},
		"native": {
			{frame{Function: "shop::cart::pay::h0123456789abcdef"}, "shop::cart::pay"},
			{frame{Function: "shop::Cart::pay(int, std::vector<int>) const", Package: "/usr/bin/shop"}, "shop::Cart::pay"},
			{frame{Function: "(anonymous namespace)::pay(int)"}, "(anonymous namespace)::pay"},
			{frame{Function: "Cart::operator()(int)"}, "Cart::operator()"},
			{frame{Function: "run<void (int)>(int)"}, "run<void (int)>"},
			{frame{Package: "/opt/shop/lib/libshop.so"}, "libshop.so"},
		},
		"elixir": {{frame{Module: "Shop.Cart", Function: "pay/2"}, "Shop.Cart|pay/2"}},
	} {
		t.Run(platform, func(t *testing.T) {
			for _, c := range cases {
				r := fingerprint(&errata.Event{Platform: platform, Exceptions: []errata.Exception{{Type: "E", Frames: []frame{c.frame}}}})
				want := []string{"type:E"}
				if c.want != "" {
					want = append(want, "frame:"+c.want)
				}
				if d := cmp.Diff(want, usedParts(r)); d != "" {
					t.Errorf("%+v: %s", c.frame, d)
				}
			}
		})
	}
}

func TestNeverFrames(t *testing.T) {
	for _, f := range []errata.Frame{
		{Module: "sentry_sdk.hub", Function: "capture"},
		{Module: "opentelemetry.trace", Function: "x"},
		{Module: "io.sentry.Hub", Function: "x"},
		{Module: "github.com/getsentry/sentry-go", Function: "Recover"},
		{Module: "go.opentelemetry.io/otel/sdk/trace", Function: "End"},
		{Module: "Sentry.Hub", Function: "x"},
		{Module: "OpenTelemetry.Trace", Function: "x"},
		{Function: `Sentry\State\Hub::capture`},
		{Module: "runtime", Function: "gopanic"},
		{Function: "panic"},
		{Function: "runtime.gopanic"},
		{Module: "runtime/debug", Function: "Stack"},
		{Function: "process.processTicksAndRejections"},
		{Function: "__awaiter"},
		{Function: "sentry_core::hub::Hub::capture"},
	} {
		frames := []errata.Frame{{Module: "m", Function: "f"}, f}
		r := fingerprint(&errata.Event{Exceptions: []errata.Exception{{Type: "E", Frames: frames}}})
		if d := cmp.Diff([]string{"type:E", "frame:m|f"}, usedParts(r)); d != "" {
			t.Errorf("%+v: %s", f, d)
		}
	}
	for platform, f := range map[string]errata.Frame{
		"node":       {AbsPath: "/srv/app/node_modules/@sentry/node/node_modules/x/index.js", Function: "x"},
		"javascript": {File: "webpack:///./node_modules/x/node_modules/tslib/tslib.js", Function: "x"},
		"ruby":       {AbsPath: "/var/gems/sentry-ruby-5.3.0/lib/sentry.rb", Function: "x"},
	} {
		f.InApp = new(true)
		frames := []errata.Frame{{Module: "m", Function: "main"}, f}
		r := grouping.Fingerprint(&errata.Event{Platform: platform, Exceptions: []errata.Exception{{Type: "E", Frames: frames}}}, errata.Project{})
		if d := cmp.Diff([]string{"type:E", "frame:m|main"}, usedParts(r)); d != "" {
			t.Errorf("%+v: %s", f, d)
		}
	}
	only := fingerprint(&errata.Event{Exceptions: []errata.Exception{{Type: "E", Value: "order 5", Frames: []errata.Frame{{Function: "panic"}}}}})
	if d := cmp.Diff([]string{"type:E", "value:order <num>"}, usedParts(only)); d != "" {
		t.Error(d)
	}
	own := fingerprint(&errata.Event{Exceptions: []errata.Exception{{Type: "E", Frames: []errata.Frame{{Module: "sentry_sdkx", Function: "panic"}}}}})
	if d := cmp.Diff([]string{"type:E", "frame:sentry_sdkx|panic"}, usedParts(own)); d != "" {
		t.Error(d)
	}
}

func TestExceptions(t *testing.T) {
	node := func(id, parent int, name string, group bool) errata.Exception {
		m := &errata.Mechanism{ID: new(id), IsExceptionGroup: group}
		if parent >= 0 {
			m.ParentID = new(parent)
		}
		return errata.Exception{Type: name, Mechanism: m, Frames: []errata.Frame{{Module: "m", Function: strings.ToLower(name)}}}
	}
	var long []errata.Exception
	want := []string{}
	for i := range 14 {
		long = append(long, errata.Exception{Type: fmt.Sprint("E", i), Mechanism: &errata.Mechanism{}})
		if i == 8 {
			long[i].Mechanism.Type = "suppressed"
		} else if i >= 3 {
			want = append(want, fmt.Sprint("type:E", i))
		}
	}
	for name, c := range map[string]struct {
		xs   []errata.Exception
		want []string
	}{
		"newest ten, not suppressed": {long, want},
		"neither type nor frames":    {[]errata.Exception{{Value: "x"}, {Type: "E", Value: "v 1"}}, []string{"type:E", "value:v <num>"}},
		"synthetic without frames":   {[]errata.Exception{{Type: "Error", Value: "text 1", Mechanism: &errata.Mechanism{Synthetic: true}}}, []string{"message:text <num>"}},
		"equal errors with causes": {
			[]errata.Exception{node(4, 3, "Cause", false), node(3, 0, "Err", false), node(2, 1, "Cause", false), node(1, 0, "Err", false), node(0, -1, "Group", true)},
			[]string{"type:Cause", "frame:m|cause", "type:Err", "frame:m|err"},
		},
		"different causes": {
			[]errata.Exception{node(4, 3, "Other", false), node(3, 0, "Err", false), node(2, 1, "Cause", false), node(1, 0, "Err", false), node(0, -1, "Group", true)},
			[]string{"type:Group", "frame:m|group"},
		},
		"groups in groups": {
			[]errata.Exception{node(3, 1, "Err", false), node(2, 0, "Err", false), node(1, 0, "Inner", true), node(0, -1, "Group", true)},
			[]string{"type:Err", "frame:m|err"},
		},
		"a group as cause": {
			[]errata.Exception{node(2, 1, "Err", false), node(1, 0, "Group", true), node(0, -1, "Top", false)},
			[]string{"type:Err", "frame:m|err", "type:Group", "frame:m|group", "type:Top", "frame:m|top"},
		},
		"a group of nothing": {[]errata.Exception{node(0, -1, "Group", true)}, []string{"type:Group", "frame:m|group"}},
		"no root": {
			[]errata.Exception{node(2, 1, "Err", false), node(1, 7, "Group", true)},
			[]string{"type:Err", "frame:m|err", "type:Group", "frame:m|group"},
		},
		"a circle": {[]errata.Exception{node(1, 0, "A", true), node(0, 1, "B", true)}, []string{"type:B", "frame:m|b"}},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(c.want, usedParts(fingerprint(&errata.Event{Exceptions: c.xs}))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestStackLimits(t *testing.T) {
	var frames []errata.Frame
	var want []string
	for i := range 60 {
		frames = append(frames, errata.Frame{Module: "m", Function: fmt.Sprint("f", i)})
		if i >= 10 {
			want = append(want, fmt.Sprint("frame:m|f", i))
		}
	}
	if d := cmp.Diff(want, usedParts(fingerprint(&errata.Event{Exceptions: []errata.Exception{{Frames: frames}}}))); d != "" {
		t.Error(d)
	}
}

func TestThreadsAndMessages(t *testing.T) {
	one, two := []errata.Frame{{Module: "m", Function: "f"}}, []errata.Frame{{Module: "m", Function: "f"}, {Module: "m", Function: "g"}}
	separate := errata.Project{Settings: errata.ProjectSettings{SeparateServices: true}}
	service := []errata.Pair{{Key: "service.name", Value: "shop"}}
	for name, c := range map[string]struct {
		ev      errata.Event
		project errata.Project
		want    []string
	}{
		"crashed before current": {
			ev:   errata.Event{Threads: []errata.Thread{{Current: true, Frames: one}, {Crashed: true, Frames: two}}},
			want: []string{"frame:m|f", "frame:m|g"},
		},
		"two frames of one's own need no text": {ev: errata.Event{Message: "x 1", Threads: []errata.Thread{{Frames: two}}}, want: []string{"frame:m|f", "frame:m|g"}},
		"none crashed or current of several":   {ev: errata.Event{Message: "x 1", Threads: []errata.Thread{{Frames: one}, {Frames: two}}}, want: []string{"message:x <num>"}},
		"thread without frames":                {ev: errata.Event{Message: "x", Threads: []errata.Thread{{}}}, want: []string{"message:x"}},
		"template first":                       {ev: errata.Event{Message: "order 5", MessageTemplate: "order %d", Logger: "shop"}, want: []string{"logger:shop", "message:order %d"}},
		"value last":                           {ev: errata.Event{Exceptions: []errata.Exception{{Value: "a"}, {Value: "b 1"}}}, want: []string{"message:b <num>"}},
		"services apart":                       {ev: errata.Event{Message: "x", Tags: service}, project: separate, want: []string{"message:x", "service:shop"}},
		"services together":                    {ev: errata.Event{Message: "x", Tags: service}, want: []string{"message:x"}},
		"level never counts":                   {ev: errata.Event{Message: "x", Level: errata.LevelFatal}, want: []string{"message:x"}},
		"nothing":                              {ev: errata.Event{}, want: nil},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range c.ev.Threads {
				errata.DecideInApp(c.ev.Threads[i].Frames, "")
			}
			if d := cmp.Diff(c.want, usedParts(grouping.Fingerprint(&c.ev, c.project))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestClientFingerprints(t *testing.T) {
	ev := func(parts ...string) *errata.Event {
		return &errata.Event{
			ClientFingerprint: parts, Level: errata.LevelError, Environment: "production", Release: "shop@1", Logger: "log", Transaction: "/t",
			Message: "msg", Tags: []errata.Pair{{Key: "region", Value: "eu"}}, Checksum: "ignored", Exceptions: []errata.Exception{{
				Type: "E", Value: "v",
				Frames: []errata.Frame{{Module: "m", Function: "f", AbsPath: "/srv/app/m.py"}, {Module: "l", Function: "lib", InApp: new(false)}},
			}},
		}
	}
	for name, c := range map[string]struct {
		parts []string
		kind  grouping.Kind
		want  []string
	}{
		"variables": {
			[]string{
				"{{ error.type }}-{{error.value}}", "{{ stack.function }}|{{ stack.module }}|{{ stack.abs_path }}", "{{ transaction }} {{ message }}",
				"{{ level }} {{ logger }} {{ environment }} {{ release }}", "{{ tags.region }}",
			},
			grouping.KindCustom,
			[]string{"part:E-v", "part:f|m|/srv/app/m.py", "part:/t msg", "part:error log production shop@1", "part:eu"},
		},
		"missing":  {[]string{"{{ tags.x }}"}, grouping.KindCustom, []string{"part:<no-tags.x>"}},
		"unknown":  {[]string{"{{ other }} {{", "}} {{ level }}"}, grouping.KindCustom, []string{"part:{{ other }} {{", "part:}} error"}},
		"constant": {[]string{"a", "b"}, grouping.KindCustom, []string{"part:a", "part:b"}},
		"default":  {[]string{"{{default}}"}, grouping.KindStack, []string{"type:E", "frame:m|f"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := fingerprint(ev(c.parts...))
			if d := cmp.Diff(c.want, usedParts(r)); d != "" || r.Kind != c.kind {
				t.Errorf("kind %s, %s", r.Kind, d)
			}
		})
	}
	plain := ev()
	plain.Checksum = ""
	mixed := fingerprint(ev(" {{ default }} ", "eu"))
	if d := cmp.Diff([]string{"default:" + fingerprint(plain).Hash, "part:eu"}, usedParts(mixed)); d != "" || mixed.Kind != grouping.KindMixed {
		t.Errorf("kind %s, %s", mixed.Kind, d)
	}
	long := ev(strings.Repeat("{{ message }}", 70))
	long.Message = strings.Repeat("ü", 4000)
	if got := usedParts(fingerprint(long))[0]; len(got) > 8192+len("part:") || !utf8.ValidString(got) {
		t.Errorf("a part of %d bytes", len(got))
	}
}

// A separator inside a leaf cannot forge two leaves.
func TestSeparatorInLeaf(t *testing.T) {
	a := fingerprint(&errata.Event{ClientFingerprint: []string{"a\x1fp:b"}})
	b := fingerprint(&errata.Event{ClientFingerprint: []string{"a", "b"}})
	c := fingerprint(&errata.Event{ClientFingerprint: []string{"a p:b"}})
	if a.Hash == b.Hash || a.Hash != c.Hash {
		t.Error("0x1F inside a leaf must count as a space")
	}
}

func TestBuiltInRule(t *testing.T) {
	chunk := func(platform, name, value string) *errata.Event {
		return &errata.Event{Platform: platform, Exceptions: []errata.Exception{{Type: name, Value: value}}}
	}
	a, b := fingerprint(chunk("javascript", "ChunkLoadError", "Loading chunk 7 failed.")), fingerprint(chunk("javascript", "Error", "chunkloaderror: Loading CSS"))
	if a.Hash != b.Hash || a.Kind != grouping.KindCustom || a.Rule != "platform:javascript type:ChunkLoadError -> chunkloaderror" {
		t.Errorf("%+v and %+v", a, b)
	}
	if d := cmp.Diff([]string{"part:chunkloaderror"}, usedParts(a)); d != "" {
		t.Error(d)
	}
	for _, ev := range []*errata.Event{chunk("python", "ChunkLoadError", "x"), chunk("javascript", "XChunkLoadError", "x"), chunk("javascript", "Error", "a ChunkLoadError")} {
		if r := fingerprint(ev); r.Rule != "" || r.Kind != grouping.KindStack {
			t.Errorf("%+v: rule %q", ev.Exceptions, r.Rule)
		}
	}
	own := chunk("javascript", "ChunkLoadError", "x")
	own.ClientFingerprint = []string{"mine"}
	if r := fingerprint(own); r.Rule != "" {
		t.Errorf("what the program set counts before rule %q", r.Rule)
	}
	own.ClientFingerprint = []string{"{{ default }}"}
	if r := fingerprint(own); r.Hash != a.Hash || r.Rule != a.Rule {
		t.Errorf("the default includes the rule: %+v", r)
	}
}

func TestWhyIsBounded(t *testing.T) {
	var frames []errata.Frame
	for i := range 250 {
		frames = append(frames, errata.Frame{Module: strings.Repeat(`"\ü<`, 60), Function: fmt.Sprint("f", i), InApp: new(i%2 == 0)})
	}
	r := fingerprint(&errata.Event{Exceptions: []errata.Exception{{Type: "E", Frames: frames}}})
	text := r.Why()
	why, err := grouping.ParseWhy(text)
	if err != nil || len(text) > 4096 {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	if why.Omitted+len(why.Parts) != len(r.Parts) || len(why.Parts) == 0 {
		t.Errorf("%d shown and %d omitted of %d", len(why.Parts), why.Omitted, len(r.Parts))
	}
	for _, p := range why.Parts {
		if !p.Used {
			t.Errorf("%q stands where one that counted was omitted", p.Text)
		}
	}
	small := fingerprint(&errata.Event{Message: "order 5 <b>"})
	if want := `{"version":"g1","kind":"message","parts":[{"part":"message","text":"order <num> <b>","used":true}]}`; small.Why() != want {
		t.Errorf("%s, want %s", small.Why(), want)
	}
}

func TestScore(t *testing.T) {
	ev := errata.Event{}
	steps := []func(){
		func() { ev.Exceptions = []errata.Exception{{Frames: []errata.Frame{{Function: "f"}}}} }, func() { ev.Request = &errata.Request{} },
		func() { ev.Breadcrumbs = []errata.Breadcrumb{{}} }, func() { ev.Trace = &errata.Trace{} },
	}
	for want, step := range steps {
		if got := grouping.Score(&ev); got != int64(want) {
			t.Errorf("score %d, want %d", got, want)
		}
		step()
	}
	if got := grouping.Score(&ev); got != 4 {
		t.Errorf("score %d, want 4", got)
	}
}

func FuzzFingerprint(f *testing.F) {
	for _, ev := range []errata.Event{
		benchmarkEvent(),
		{Message: "order 5", Tags: []errata.Pair{{Key: "a", Value: "b"}}},
		{ClientFingerprint: []string{"{{ default }}", "{{ tags.a }}"}},
		{Platform: "ruby", Threads: []errata.Thread{{Crashed: true, Frames: []errata.Frame{{File: "a.rb", Function: "block (2 levels) in X#y"}}}}},
		{Platform: "csharp", Exceptions: []errata.Exception{{Type: "G", Mechanism: &errata.Mechanism{ID: new(0), IsExceptionGroup: true}}, {
			Type:      "E",
			Mechanism: &errata.Mechanism{ID: new(1), ParentID: new(0)}, Frames: []errata.Frame{{Module: "A.<B>d__1", Function: "<M>b__0"}},
		}}},
	} {
		b, err := json.Marshal(ev)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, text string) {
		var ev, same errata.Event
		if json.Unmarshal([]byte(text), &ev) != nil {
			t.Skip()
		}
		if err := json.Unmarshal([]byte(text), &same); err != nil {
			t.Fatal(err)
		}
		r := grouping.Fingerprint(&ev, errata.Project{})
		if !reflect.DeepEqual(ev, same) {
			t.Error("the event was changed")
		}
		if again := grouping.Fingerprint(&ev, errata.Project{}); !reflect.DeepEqual(r, again) {
			t.Errorf("%+v, then %+v", r, again)
		}
		if len(r.Hash) != 32 || strings.Trim(r.Hash, "0123456789abcdef") != "" {
			t.Errorf("hash %q", r.Hash)
		}
		why := r.Why()
		if _, err := grouping.ParseWhy(why); err != nil || len(why) > 4096 {
			t.Errorf("%d bytes of %q: %v", len(why), why, err)
		}
		if title := grouping.Title(&ev); title == "" || utf8.RuneCountInString(title) > 200 || strings.ContainsAny(title, "\r\n") {
			t.Errorf("title %q", title)
		}
	})
}

// benchmarkEvent is an error of a web application: 30 frames, 8 of its own.
func benchmarkEvent() errata.Event {
	frames := make([]errata.Frame, 0, 30)
	for i := range 30 {
		f := errata.Frame{
			Module: "django.core.handlers.exception", Function: "inner", Line: 55 + i,
			File:        "django/core/handlers/exception.py",
			AbsPath:     "/srv/app/venv/lib/python3.11/site-packages/django/core/handlers/exception.py",
			ContextLine: "            response = get_response(request)",
		}
		if i >= 22 {
			f = errata.Frame{
				Module: "shop.checkout.views", Function: fmt.Sprint("charge_card_", i), Line: 100 + i, File: "shop/checkout/views.py",
				AbsPath: "/srv/app/shop/checkout/views.py", ContextLine: "        receipt = gateway.charge(order.total, card=order.card, key=order.key)",
			}
		}
		frames = append(frames, f)
	}
	errata.DecideInApp(frames, "python")
	return errata.Event{Platform: "python", Level: errata.LevelError, Exceptions: []errata.Exception{
		{Type: "TimeoutError", Value: "no answer from 10.0.0.7:5432 after 1200ms", Frames: frames[20:]},
		{Type: "PaymentError", Value: "order 17 of bob@example.test failed", Frames: frames},
	}}
}

func BenchmarkFingerprint(b *testing.B) {
	ev := benchmarkEvent()
	b.Run("fingerprint", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			grouping.Fingerprint(&ev, errata.Project{})
		}
	})
	b.Run("why", func(b *testing.B) {
		r := grouping.Fingerprint(&ev, errata.Project{})
		b.ReportAllocs()
		for b.Loop() {
			_ = r.Why()
		}
	})
	b.Run("title", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			grouping.Title(&ev)
		}
	})
}
