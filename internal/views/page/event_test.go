package page

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/views/ui"
)

func frame(function string, inApp bool) errata.Frame {
	return errata.Frame{Function: function, File: function + ".go", Line: 7, InApp: &inApp}
}

// shape writes items as "f! [2]": frames with "!" when they stand open, "^"
// where the error was raised, folds as their length.
func shape(items []FrameItem) string {
	var out []string
	for _, i := range items {
		if i.Fold != nil {
			out = append(out, strings.Repeat("·", len(i.Fold.Frames)))
			continue
		}
		s := i.Frame.Function
		if i.Frame.Open {
			s += "!"
		}
		if i.Frame.Raised {
			s += "^"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestFrameItems(t *testing.T) {
	withCode := frame("b", true)
	withCode.ContextLine = "x := 1"
	mixed := []errata.Frame{frame("main", true), frame("http", false), frame("echo", false), withCode, frame("lib", false)}
	none := []errata.Frame{frame("x", false), frame("y", false)}
	for name, c := range map[string]struct {
		frames []errata.Frame
		mode   FrameMode
		want   string
	}{
		"framework runs are folded, newest first": {mixed, FramesInApp, "· b! ·· main"},
		"all":                            {mixed, FramesAll, "lib^ b! echo http main"},
		"nothing in app: nothing folded": {none, FramesInApp, "y^ x"},
		"no frames":                      {nil, FramesInApp, ""},
	} {
		t.Run(name, func(t *testing.T) {
			open := openFrames
			if got := shape(frameItems(c.frames, "other", c.mode, true, &open)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestOpenFramesAreLimited(t *testing.T) {
	var many []errata.Frame
	for range 9 {
		f := frame("f", true)
		f.ContextLine = "x"
		many = append(many, f)
	}
	open := openFrames
	if got := strings.Count(shape(frameItems(many, "go", FramesInApp, true, &open)), "!"); got != openFrames {
		t.Errorf("%d stand open, want %d", got, openFrames)
	}
}

func TestFrameFunction(t *testing.T) {
	for platform, c := range map[string]struct{ module, want string }{
		"go": {"shop.example/internal/orders", "orders.pay"}, "java": {"com.acme.Pdf", "Pdf.pay"}, "python": {"shop.cart", "shop.cart.pay"},
		"javascript": {"app/cart", "pay"}, "ruby": {"", "pay"},
	} {
		if got := frameFunction(&errata.Frame{Module: c.module, Function: "pay"}, platform); got != c.want {
			t.Errorf("%s: got %q, want %q", platform, got, c.want)
		}
	}
	if got := frameFunction(&errata.Frame{}, "other"); got != "?" {
		t.Errorf("without a name: %q", got)
	}
}

func TestFrameSource(t *testing.T) {
	f := &errata.Frame{File: "a.go", Line: 20, PreContext: []string{"\t\ta", "\t\t\tb", ""}, ContextLine: "\t\tc\r\n", PostContext: []string{"\t\td"}}
	lines := frameSource(f, "go")
	var got []string
	for _, l := range lines {
		s := ""
		for _, p := range l.Spans {
			s += p.Text
		}
		if l.Hit {
			s = "> " + s
		}
		got = append(got, ui.Exact(int64(l.Number))+" "+s)
	}
	if diff := cmp.Diff([]string{"17 a", "18 \tb", "19 ", "20 > c", "21 d"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestChainPhrases(t *testing.T) {
	for _, c := range []struct{ platform, source, want string }{
		{"python", "__cause__", "caused by"},
		{"python", "__context__", "during handling of"},
		{"go", "", "wraps"},
		{"java", "", "caused by"},
		{"csharp", "InnerException", "inner exception"},
		{"javascript", "errors[0]", "in the group"},
		{"python", "exceptions[1]", "in the group"},
	} {
		if got := chainPhrase(c.platform, &errata.Exception{Mechanism: &errata.Mechanism{Source: c.source}}); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.platform, c.source, got, c.want)
		}
	}
}

func TestRawStack(t *testing.T) {
	chain := func(platform string) *errata.Event {
		f := errata.Frame{Module: "m", Function: "f", File: "a.x", AbsPath: "/a.x", Line: 3, ContextLine: "  call()  "}
		g := errata.Frame{Module: "m", Function: "g", File: "b.x", AbsPath: "/b.x", Line: 9, Column: 2}
		return &errata.Event{Platform: platform, Exceptions: []errata.Exception{{Type: "Root", Value: "r"}, {Type: "Top", Value: "t", Frames: []errata.Frame{f, g}}}}
	}
	for platform, want := range map[string]string{
		"go":         "Top: t\nm.g(...)\n\t/b.x:9\nm.f(...)\n\t/a.x:3\n\nCaused by: Root: r\n",
		"python":     "Traceback (most recent call last):\n  File \"/a.x\", line 3, in f\n    call()\n  File \"/b.x\", line 9, in g\nTop: t\n\nTraceback (most recent call last):\nRoot: r\n",
		"java":       "Top: t\n\tat m.g(b.x:9)\n\tat m.f(a.x:3)\n\nCaused by: Root: r\n",
		"javascript": "Top: t\n    at g (/b.x:9:2)\n    at f (/a.x:3)\n\nCaused by: Root: r\n",
		"csharp":     "Top: t\n   at m.g in /b.x:line 9\n   at m.f in /a.x:line 3\n\nCaused by: Root: r\n",
	} {
		if diff := cmp.Diff(want, rawStack(chain(platform))); diff != "" {
			t.Errorf("%s: %s", platform, diff)
		}
	}
	if got := rawStack(&errata.Event{Message: "only words"}); got != "only words" {
		t.Errorf("without a stack: %q", got)
	}
}

func TestBreadcrumbs(t *testing.T) {
	at := int64(1e15)
	ev := &errata.Event{Timestamp: at, Message: "boom\nmore", Level: errata.LevelError, Breadcrumbs: []errata.Breadcrumb{
		{Timestamp: at - 412_000, Category: "http", Data: errata.Object{{Key: "method", Value: []byte(`"GET"`)}, {Key: "url", Value: []byte(`"http://a/b"`)}, {Key: "status_code", Value: []byte("502")}}},
		{Timestamp: at - 90_000_000, Category: "navigation", Data: errata.Object{{Key: "from", Value: []byte(`"/a"`)}, {Key: "to", Value: []byte(`"/b"`)}}},
		{Type: "default", Level: errata.LevelWarning, Message: "careful"},
		{Timestamp: at + 1_500_000, Data: errata.Object{{Key: "n", Value: []byte("1")}, {Key: "s", Value: []byte(`"x"`)}}},
	}}
	var got []string
	for _, c := range newBreadcrumbs(ev, 0).Rows {
		got = append(got, strings.Join([]string{c.Icon, c.Tone, c.Category, c.Text, c.Level, c.Before}, "|"))
	}
	want := []string{
		"network||http|GET http://a/b  502|info|-412 ms", "arrow-right||navigation|/a → /b|info|-1m 30s", "triangle-alert|wrn|default|careful|warning|",
		"circle-small||default|n=1  s=x|info|+1.5 s", "circle-alert|err|this event|boom|error|0 ms",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if b := newBreadcrumbs(ev, 2); len(b.Rows) != 3 || b.More.Text != "Show 2 earlier" || b.Count != "4 before the error" {
		t.Errorf("limited: %+v", b)
	}
	if b := newBreadcrumbs(&errata.Event{}, 2); len(b.Rows) != 0 {
		t.Errorf("none: %+v", b)
	}
}

func TestUserRows(t *testing.T) {
	all := &errata.User{ID: "u1", Email: "a@b.example", Username: "ada", IP: "203.0.113.0", Hash: "9f2c51d0ab34e877", Terms: []string{"1", "2", "3", "4"}}
	hashed := &errata.User{ID: "u1", Hash: "9f2c51d0ab34e877", Terms: []string{"1", "2", "3"}}
	keepAll := errata.ProjectSettings{KeepEmail: "keep", KeepUsername: "keep"}
	for name, c := range map[string]struct {
		user *errata.User
		s    errata.ProjectSettings
		pii  bool
		want string
	}{
		"nobody":                        {nil, keepAll, true, ""},
		"all kept and seen":             {all, keepAll, true, "Id=u1 E-mail=a@b.example Name=ada Address=203.0.113.0 Hash=~9f2c51d0"},
		"all kept, none seen":           {all, keepAll, false, "Id(id) E-mail(email) Name(name) Address(address) Hash=~9f2c51d0"},
		"hashed only":                   {hashed, errata.ProjectSettings{}, true, "Id=u1 E-mail(email) Name(name) Hash=~9f2c51d0"},
		"one of two is hashed":          {&errata.User{ID: "u1", Terms: []string{"1", "2"}}, errata.ProjectSettings{}, true, "Id=u1 Other(email or name)"},
		"nothing else was sent":         {&errata.User{ID: "u1", Terms: []string{"1"}}, errata.ProjectSettings{}, true, "Id=u1"},
		"kept fields were not sent":     {&errata.User{ID: "u1", Terms: []string{"1", "2"}}, keepAll, true, "Id=u1"},
		"already masked by the reading": {&errata.User{ID: "masked", Terms: []string{"1"}}, keepAll, false, "Id(id)"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, r := range userRows(&errata.Event{User: c.user}, c.s, c.pii) {
				if r.Masked != "" {
					got = append(got, r.Name+"("+r.Masked+")")
					if r.Value != "" {
						t.Errorf("%s is masked and shows %q", r.Name, r.Value)
					}
				} else {
					got = append(got, r.Name+"="+r.Value)
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClientAddressIsMaskedToo(t *testing.T) {
	ev := &errata.Event{ClientIP: "203.0.113.0", Request: &errata.Request{Method: "GET", URL: "https://a.example/"}}
	if r := newRequest(ev, false); r.Groups[0].Rows[0].Masked != "address" || r.Groups[0].Rows[0].Value != "" {
		t.Errorf("%+v", r.Groups)
	}
	if r := newRequest(ev, true); r.Groups[0].Rows[0].Value != "203.0.113.0" {
		t.Errorf("%+v", r.Groups)
	}
	if r := newRequest(&errata.Event{}, true); !r.None {
		t.Error("no request")
	}
}

func TestTagSheetKeepsOrder(t *testing.T) {
	ev := &errata.Event{
		Tags:     []errata.Pair{{Key: "z", Value: "1"}, {Key: "a", Value: "2"}},
		Contexts: errata.Object{{Key: "os", Value: []byte(`{"version":"1","name":"linux","none":null,"deep":{"b":1,"a":2}}`)}, {Key: "odd", Value: []byte(`[1]`)}, {Key: "empty", Value: []byte(`{}`)}},
		Modules:  []errata.Pair{{Key: "m", Value: "v1"}},
	}
	got := newTagSheet(ev)
	var names []string
	for _, g := range got.Groups {
		var line strings.Builder
		line.WriteString(g.Title + ":")
		for _, r := range g.Rows {
			line.WriteString(" " + r.Name + "=" + r.Value)
		}
		names = append(names, line.String())
	}
	want := []string{`Operating system: version=1 name=linux deep={"b":1,"a":2}`, "odd: value=[1]", "Modules: m=v1"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if got.None || !newTagSheet(&errata.Event{}).None || got.Tags[0].Name != "z" {
		t.Errorf("%+v", got)
	}
}

func TestEventSteps(t *testing.T) {
	u := IssueURL{ID: "CHK-1", Event: "22", Part: PartTags}
	x := EventIn{Event: &errata.Event{ID: "22"}, First: "11", Previous: "11", Next: "", Last: "22"}
	var got []string
	for _, s := range eventSteps(u, x) {
		got = append(got, s.Key+" "+s.URL)
	}
	want := []string{"H /issues/CHK-1/events/first/tags", "h /issues/CHK-1/events/11/tags", "l ", "L "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLongTextIsFolded(t *testing.T) {
	text := strings.Repeat("å", shownText+10)
	got := newClipped(text)
	if got.Start+got.Rest != text || len(got.Start) == 0 || got.Rest == "" || got.Note != "Show all 1,210 characters" {
		t.Errorf("start %d, rest %d, note %q", len(got.Start), len(got.Rest), got.Note)
	}
	if got := newClipped("short"); got.Rest != "" || got.Start != "short" {
		t.Errorf("%+v", got)
	}
}

func TestVariable(t *testing.T) {
	for in, want := range map[string]string{`"[email]"`: "[email]", `"a [email]"`: `"a [email]"`, `"x"`: `"x"`, `7`: "7", `{"a":"[email]"}`: `{"a":"[email]"}`, `"[x]"`: `"[x]"`, `null`: "null"} {
		if got := variable(json.RawMessage(in)); got != want {
			t.Errorf("variable(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestWhy(t *testing.T) {
	if newWhy(WhyIn{}) != nil {
		t.Error("an empty answer is shown")
	}
	in := WhyIn{Version: "errata-g1", Kind: "message", Rule: "type:X -> y", Parts: []WhyPart{{Name: "message", Text: "m"}, {Name: "level", Text: "error", Ignored: "never counts"}}}
	for range 20 {
		in.Parts = append(in.Parts, WhyPart{Name: "frame", Text: "f"})
	}
	got := newWhy(in)
	if len(got.Used) != whyShown || got.UsedMore != "and 9 more" || len(got.Left) != 1 || got.Left[0].Ignored != "never counts" || !strings.Contains(got.Sentence, "Rule: type:X -> y.") {
		t.Errorf("%+v", got)
	}
}

// FuzzEventSheets: the canonical event is checked on arrival, but what is read
// back decides nothing here: any bytes give a page.
func FuzzEventSheets(f *testing.F) {
	f.Add("os", `{"a":1}`, "msg")
	f.Add("x", `not json`, "\u202e")
	f.Fuzz(func(t *testing.T, key, value, text string) {
		ev := &errata.Event{
			Message: text, Platform: key, Contexts: errata.Object{{Key: key, Value: []byte(value)}}, Extra: errata.Object{{Key: key, Value: []byte(value)}},
			Breadcrumbs: []errata.Breadcrumb{{Category: key, Message: text, Data: errata.Object{{Key: "url", Value: []byte(value)}}}},
			Exceptions:  []errata.Exception{{Type: key, Value: text, Frames: []errata.Frame{{Function: text, File: key, ContextLine: value, Vars: errata.Object{{Key: key, Value: []byte(value)}}}}}},
			Request:     &errata.Request{URL: text, Body: value},
		}
		newTagSheet(ev)
		newBreadcrumbs(ev, 1)
		newRequest(ev, true)
		rawStack(ev)
		newStack(ev, FramesAll)
	})
}
