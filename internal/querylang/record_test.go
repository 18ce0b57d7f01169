package querylang

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
)

func TestNewRecord(t *testing.T) {
	ev := typicalEvent()
	ev.Exceptions[1].Frames = []errata.Frame{{Module: "acme.pay", Function: "Client.call", File: "src/Pay/Client.java", Line: 88}}
	ev.Contexts = errata.Object{
		{Key: "os", Value: json.RawMessage(`{"name":"iOS","version":"17.1"}`)},
		{Key: "trace", Value: json.RawMessage(`{"trace_id":"771a"}`)},
		{Key: "cart", Value: json.RawMessage(`{"items":3,"List":["A","a","A",null,true,""],"bad key":1,"deep":{"x":-1.5e3}}`)},
	}
	ev.Tags = ev.Tags[:2]
	ev.Tags = append(ev.Tags, errata.Pair{Key: "no=key", Value: "x"}, errata.Pair{Key: "Empty", Value: ""})
	ev.Message, ev.MessageTemplate = "out of stock", "out of stock"
	ev.Extra = nil
	got := NewRecord(ev, Meta{Service: "checkout-api", Issue: "i1", Title: "T"})
	want := Record{
		Time: ev.Timestamp, Received: ev.ReceivedAt, Project: "42", Issue: "i1", EventID: ev.ID,
		UserHash: "9f2c51d0ab34e877", Service: "checkout-api", Level: "error", Severity: errata.P1, Status: 500, IP: "203.0.113.0",
		Env: "production", Release: ev.Release, Type: "OrderReservationError", Code: "40P01", Culprit: ev.Culprit, Title: "T",
		Pairs: []string{
			"ctx.cart.deep.x=-1.5e3", "ctx.cart.items=3", "ctx.cart.list=A", "ctx.cart.list=a", "ctx.cart.list=true",
			"ctx.os.name=iOS", "ctx.os.version=17.1", "host=checkout-api-7c5bd6fd8-x2x7v", "http.method=POST", "logger=checkout.orders",
			"mechanism=django", "os.version=17.1", "os=iOS", "platform=python", "sdk.version=2.19.0", "sdk=sentry.python.django",
			"tags.region=Value-0", "tags.tenant=Value-1", "transaction=POST /api/v1/orders/{id}/reserve", "url.domain=shop.example",
			"url.path=/api/v1/orders/8812/reserve",
		},
		Terms: []string{
			"code=40p01", "ctx.cart.deep.x=-1.5e3", "ctx.cart.items=3", "ctx.cart.list=a", "ctx.cart.list=true",
			"ctx.os.name=ios", "ctx.os.version=17.1", "culprit=checkout.orders.store.stockstore.reserve", "env=production",
			"frame=acme.pay.client.call", "frame=call", "frame=client.call", "frame=client.java", "frame=pay.client.call",
			"frame=pay/client.java", "frame=src/pay/client.java", "host=checkout-api-7c5bd6fd8-x2x7v", "http.method=post",
			"logger=checkout.orders", "mechanism=django", "os.version=17.1", "os=ios", "platform=python",
			"release=checkout-api@4.13.0+8812ab", "request_id=7b1e-9af0-11", "sdk.version=2.19.0", "sdk=sentry.python.django",
			"service=checkout-api", "span=b0e6f15b45c36b12", "tags.region=value-0", "tags.tenant=value-1",
			"trace=771a43a4192642f0b136d5159a501700", "transaction=post /api/v1/orders/{id}/reserve", "type=orderreservationerror",
			"url.domain=shop.example", "url.path=/api/v1/orders/8812/reserve", "user=1f2c51d0ab34e877", "user=9f2c51d0ab34e877",
		},
		Keys: []string{
			"code", "ctx.cart.deep.x", "ctx.cart.items", "ctx.cart.list", "ctx.os.name", "ctx.os.version", "culprit", "env",
			"frame", "host", "http.method", "http.status", "logger", "mechanism", "message", "os", "os.version", "platform", "release",
			"request_id", "sdk", "sdk.version", "span", "stack", "tags.region", "tags.tenant", "trace", "transaction", "type",
			"url.domain", "url.path", "user",
		},
		Words: [3]string{
			"out of stock ¶ could not reserve stock for order 8812 ¶ deadlock detected process 811 waits for share lock on transaction 771 blocked by process 812 ¶ sharelock ¶",
			"order reservation error ¶ deadlock detected ¶ checkout orders store stock store reserve ¶ orderreservationerror ¶ deadlockdetected ¶ stockstore ¶",
			"acme pay client call src pay client java 88",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRecordOfAlmostNothing(t *testing.T) {
	got := NewRecord(&errata.Event{ID: "e", Level: errata.LevelError, Environment: "production"}, Meta{})
	want := Record{
		EventID: "e", Level: errata.LevelError, Handled: true, Env: "production",
		Pairs: []string{}, Terms: []string{"env=production"}, Keys: []string{"env"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFrameTerms(t *testing.T) {
	tests := map[string]struct {
		frame errata.Frame
		want  string
	}{
		"go":             {errata.Frame{Module: "github.com/acme/orders", Function: "(*Store).Reserve"}, "(*store).reserve github.com/acme/orders.(*store).reserve orders.(*store).reserve reserve"},
		"go generic":     {errata.Frame{Module: "orders", Function: "Map[...].Do"}, "do map[...].do orders.map[...].do"},
		"rust":           {errata.Frame{Function: "shop::cart::Cart::add"}, "add cart::add cart::cart::add shop::cart::cart::add"},
		"php":            {errata.Frame{Function: `App\Cart::add`}, `add app\cart::add cart::add`},
		"c++ operator":   {errata.Frame{Function: "operator<<"}, "operator<<"},
		"module in name": {errata.Frame{Module: "acme.Pay", Function: "acme.Pay.call"}, "acme.pay.call call pay.call"},
		"script":         {errata.Frame{Function: "<anonymous>", AbsPath: "https://shop.example/static/app.js"}, "<anonymous> app.js https://shop.example/static/app.js static/app.js"},
		"windows":        {errata.Frame{File: `C:\app\views.py`}, `app\views.py c:\app\views.py views.py`},
		"trailing slash": {errata.Frame{File: "a/b/"}, "a/b/ b/"},
		"too long":       {errata.Frame{Module: strings.Repeat("m", 300), Function: strings.Repeat("f", 300)}, strings.Repeat("f", 300)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := NewRecord(&errata.Event{Exceptions: []errata.Exception{{Frames: []errata.Frame{tt.frame}}}}, Meta{})
			var got []string
			for _, s := range r.Terms {
				if f, ok := strings.CutPrefix(s, "frame="); ok {
					got = append(got, f)
				}
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got %s\nwant %s", s, tt.want)
			}
		})
	}
}

func TestFramesComeFromTheCrashOutwards(t *testing.T) {
	frames := func(prefix string, n int) (out []errata.Frame) {
		for i := range n {
			out = append(out, errata.Frame{Function: prefix + string(rune('a'+i))})
		}
		return out
	}
	ev := &errata.Event{
		Exceptions: []errata.Exception{{Frames: frames("cause", 3)}, {Frames: frames("thrown", 2)}},
		Threads:    []errata.Thread{{Crashed: true, Frames: frames("thread", 2)}},
	}
	r := NewRecord(ev, Meta{})
	if want := "thrownb ¶ throwna ¶ causec ¶ causeb ¶ causea"; r.Words[StreamStack] != want {
		t.Errorf("got %q, want %q", r.Words[StreamStack], want)
	}
	ev.Exceptions = nil
	if got, want := NewRecord(ev, Meta{}).Words[StreamStack], "threadb ¶ threada"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	ev.Threads[0].Frames = make([]errata.Frame, 3000)
	for i := range ev.Threads[0].Frames {
		ev.Threads[0].Frames[i].Function = "a b"
	}
	if r := NewRecord(ev, Meta{}); !r.Cut || len(strings.Fields(r.Words[StreamStack])) > MaxStackTokens {
		t.Error("a long stack is not cut, or not flagged")
	}
}

func TestRecordLimits(t *testing.T) {
	ev := &errata.Event{}
	for i := range 150 {
		ev.Tags = append(ev.Tags, errata.Pair{Key: "k" + string(rune('a'+i/26)) + string(rune('a'+i%26)), Value: "v"})
	}
	long := strings.Repeat("ä", 201)
	items := strings.Repeat(`"x1",`, 150)
	ev.Contexts = errata.Object{
		{Key: "a", Value: json.RawMessage(`{"long":"` + long + `","fits":"` + long[2:] + `"}`)},
		{Key: "b", Value: json.RawMessage("[" + items[:len(items)-1] + "]")},
		{Key: "c", Value: json.RawMessage(`1`)},
	}
	r := NewRecord(ev, Meta{})
	tags, has := 0, func(s string) bool { return slices.Contains(r.Keys, s) }
	for _, k := range r.Keys {
		if strings.HasPrefix(k, "tags.") {
			tags++
		}
	}
	if tags != maxTags || !has("ctx.a.long") || !has("ctx.a.fits") || has("ctx.c") {
		t.Errorf("%d tags, keys %v", tags, r.Keys)
	}
	for _, s := range r.Terms {
		if strings.HasPrefix(s, "ctx.a.long=") || utf8.RuneCountInString(s) > maxTermRunes {
			t.Errorf("term %q is kept", s)
		}
	}
}

// FuzzRecord feeds contexts that no encoder of ours would write.
func FuzzRecord(f *testing.F) {
	for _, s := range []string{
		`{"a":1}`, `{"a":{"b":[1,"x",{"c":"\u00e9\ud83d"}]}}`, `[`, `{"a"`, `"`, `nul`, `{"":"x"}`,
		strings.Repeat("[", 200), `{"a":"b" "c"}`, "\xff", `{"a":tru,"b":1}`, `{"A=b":{"c":1},"d":"e=f"}`,
	} {
		f.Add([]byte(s), "key", "fooBar baz")
	}
	f.Fuzz(func(t *testing.T, raw []byte, key, text string) {
		ev := &errata.Event{
			Message: text, Culprit: key, Contexts: errata.Object{{Key: "c", Value: raw}, {Key: "os", Value: raw}},
			Tags:       []errata.Pair{{Key: key, Value: text}, {Key: text, Value: key}},
			Exceptions: []errata.Exception{{Type: key, Value: text, Frames: []errata.Frame{{Module: key, Function: text, File: text}}}},
		}
		r := NewRecord(ev, Meta{Service: "s"})
		for name, list := range map[string][]string{"terms": r.Terms, "keys": r.Keys} {
			if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
				t.Errorf("%s are not sorted and unique: %q", name, list)
			}
		}
		for _, p := range r.Pairs {
			if _, ok := slices.BinarySearch(r.Terms, Fold(p)); !ok {
				t.Errorf("pair %q has no term", p)
			}
		}
		for _, s := range r.Terms {
			k, _, _ := strings.Cut(s, "=")
			if _, ok := slices.BinarySearch(r.Keys, k); !ok && k != "service" {
				t.Errorf("term %q has no key", s)
			}
		}
		for i, s := range r.Words {
			if strings.Join(strings.Fields(s), " ") != s {
				t.Errorf("stream %d has wrong spaces: %q", i, s)
			}
		}
	})
}
