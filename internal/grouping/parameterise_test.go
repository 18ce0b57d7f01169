package grouping

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParameterise(t *testing.T) {
	for name, cases := range map[string][][2]string{
		"placeholders stay": {{"a <num> of <email>", "a <num> of <email>"}, {"<div>", "<div>"}, {"12<num>", "12<num>"}, {"<num>5", "<num><num>"}},
		"quotes": {
			{"unknown column 'a1'", "unknown column '<str>'"},
			{"state 'open'", "state 'open'"},
			{`key "user id 7" and "x"`, `key "<str>" and "x"`},
			{"`b2` or 'c'", "`<str>` or 'c'"},
			{"'a name of more than twenty letters'", "'<str>'"},
			{"can't open '5'", "can't open '<str>'"},
			{"users' data 'x'", "users' data 'x'"},
			{"'' and ''", "'' and ''"},
			{`'a)',some text that is long,'b)'`, `'a)',some text that is long,'b)'`},
			{`say "it's 5 o'clock"`, `say "<str>"`},
			{`{"id":"a1","n":5}`, `{"id":"<str>","n":<num>}`},
			{"'" + strings.Repeat("word ", 50) + "'", "'" + strings.Repeat("word ", 50) + "'"},
		},
		"booleans": {{"ok=true", "ok=<bool>"}, {"x=nil,y=None", "x=<bool>,y=<bool>"}, {"true story", "true story"}, {"a=trueish", "a=trueish"}},
		"marks":    {{"to [email] from [ip]", "to <email> from <ip>"}, {"[creditcard] [email]x", "[creditcard] [email]x"}},
		"e-mail": {
			{"bob@example.test: no", "<email>: no"},
			{"<bob.b+x@mail.example.test>", "<<email>>"},
			{"@team", "@team"},
			{"a@b", "a@b"},
			{"bob@10.0.0.7", "bob@<ip>"},
			{"mailto:bob@example.test.", "mailto:<email>."},
		},
		"addresses": {
			{"GET https://x.example/a?b failed", "GET <url> failed"},
			{"(see postgres://u@db:5432/x).", "(see <url>)."},
			{"/a/b", "/a/b"},
			{"jdbc:mysql://h/d", "jdbc:<url>"},
			{"a://", "a://"},
			{"file:///tmp/x", "<url>"},
		},
		"traces": {{"tp 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tp <trace>"}, {"00-11", "<num>-<num>"}},
		"UUIDs": {
			{"{3f2504e0-4f89-11d3-9a0c-0305e82c3301}", "<uuid>"},
			{"id=3F2504E0-4F89-11D3-9A0C-0305E82C3301,", "id=<uuid>,"},
			{"01ARZ3NDEKTSV4RRFFQ69G5FAV", "<uuid>"},
			{"3f2504e0", "<num>"},
			{"{5}", "{<num>}"},
		},
		"dates": {
			{"2026-11-20T10:00Z", "<date>"},
			{"at 10:30", "at <date>"},
			{"10.30", "<num>"},
			{"2026-11-20", "<date>"},
			{"2026-11-20 10:00:00.123 +0100 x", "<date> x"},
			{"2026-11-20 10:00:00,123 x", "<date> x"},
			{"[2026/11/20 10:00:00]", "[<date>]"},
			{"20/11/2026, 10:00:00 PM", "<date>"},
			{"Fri, 20 Nov 2026 10:00:00 GMT", "<date>"},
			{"Fri Nov 20 10:00:00 UTC 2026", "<date>"},
			{"Fri Nov 20 10:00:00 2026", "<date>"},
			{"Nov 20 10:00:00 host", "<date> host"},
			{"Nov 2 10:00:00", "<date>"},
			{"[20/Nov/2026:10:00:00 +0000]", "[<date>]"},
			{"20-Nov-2026", "<date>"},
			{"November 20, 2026", "<date>"},
			{"20261120T100000Z", "<date>"},
			{"2026-13-20", "<num>-<num>-<num>"},
			{"app.js:10:30", "app.js:<num>:<num>"},
			{"Mon 5", "Mon <num>"},
			{"May fail", "May fail"},
			{"0001-01-01T00:00:00Z", "<date>"},
			{"10:30:15.25", "<date>"},
			{"25:10", "<num>:<num>"},
		},
		"IP addresses": {
			{"10.0.0.7:5432", "<ip>"},
			{"10.0.0.0/8", "<ip>"},
			{"1.2.3", "<num>"},
			{"1.2.3.4.5", "<num>"},
			{"256.1.1.1", "<num>"},
			{"[::1]:8080", "<ip>"},
			{"::1", "<ip>"},
			{"fe80::a:b%eth0", "<ip>%eth0"},
			{"2001:db8::1/64", "<ip>"},
			{"::ffff:10.0.0.7", "<ip>"},
			{"std::vector", "std::vector"},
			{"2001:db8:0:0:0:0:0:1: refused", "<ip>: refused"},
			{"a::b", "a::b"},
		},
		"hosts": {
			{"dial db-01.internal:5432", "dial <host>"},
			{"localhost", "<host>"},
			{"localhost:80", "<host>"},
			{"Order.pay", "Order.pay"},
			{"shop.example.test.", "<host>."},
			{"com.acme.net.Foo", "com.acme.net.Foo"},
			{"x.com.5", "x.com.<num>"},
			{"a.py", "a.py"},
			{"x-localhost", "x-localhost"},
		},
		"durations": {{"1h30m", "<dur>"}, {"after 1200ms", "after <dur>"}, {"1m3.5s", "<dur>"}, {"5µs", "<dur>"}, {"ms", "ms"}, {"5msx", "5msx"}, {"1.5.3s", "<num>.<dur>"}},
		"sizes":     {{"3.5GB", "<size>"}, {"512KiB left", "<size> left"}, {"GB", "GB"}},
		"paths": {
			{"open /tmp/up-8f3a/a.png: no", "open <path>: no"},
			{"/api/orders", "/api/orders"},
			{"/home", "/home"},
			{`C:\Users\bob\a.txt`, "<path>"},
			{"/var/www/x.", "<path>."},
			{"/srv/app/ü.txt", "<path>"},
			{"/tmp/[email]", "/tmp/<email>"},
			{"D:/x", "<path>"},
		},
		"numbers": {
			{"order 991", "order <num>"},
			{"1a2b3c4d", "<num>"},
			{"utf8", "utf8"},
			{"0xdeadBEEF", "<num>"},
			{"1,234.5", "<num>"},
			{"v1.2.3", "<num>"},
			{"v2", "v2"},
			{"x = -5", "x = <num>"},
			{"-5", "<num>"},
			{"(+7,-8)", "(<num>,<num>)"},
			{"a-5", "a-<num>"},
			{"1A2b3c4d", "1A2b3c4d"},
			{"deadbeef", "deadbeef"},
			{"Foo@6d06d69c", "Foo@<num>"},
			{"user_17", "user_<num>"},
			{"#5", "#<num>"},
			{"订单5号", "订单<num>号"},
			{"-2026-11-20", "-<date>"},
			{"1e5", "1e5"},
			{"a1", "a1"},
			{"0x", "0x"},
		},
		"lines": {{"\n\n one\t two \r\n\n three 3\nfour", "one two three <num>"}, {"", ""}, {" \n ", ""}, {"a\u00a0 b", "a b"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range cases {
				got := Parameterise(c[0])
				if want := strings.TrimSpace(c[1]); got != want {
					t.Errorf("%q gives %q, want %q", c[0], got, want)
				}
				if again := Parameterise(got); again != got {
					t.Errorf("%q gives %q, and again %q", c[0], got, again)
				}
			}
		})
	}
}

func TestParameteriseLimits(t *testing.T) {
	for name, text := range map[string]string{
		"long word": strings.Repeat("x", 5000), "many numbers": strings.Repeat("1 ", 3000), "no space": strings.Repeat("1;", 3000),
		"wide": strings.Repeat("ü", 3000), "wide and numbers": strings.Repeat("ü5", 3000), "late number": strings.Repeat("é", 1020) + "5;5;5",
		"quotes": strings.Repeat(`'"`+"`", 2000), "open quotes": strings.Repeat(" 'a", 2000),
	} {
		t.Run(name, func(t *testing.T) {
			got := Parameterise(text)
			if n := utf8.RuneCountInString(got); n > maxMessage || n == 0 {
				t.Errorf("%d characters", n)
			}
			if again := Parameterise(got); again != got {
				t.Errorf("not stable: %q, then %q", got, again)
			}
		})
	}
}

func FuzzParameterise(f *testing.F) {
	for _, seed := range []string{
		"order 17 of bob@example.test failed after 1h30m at 10.0.0.7:5432", "'a1'/tmp/x 'b2'", `"it's" 5'x'`, "fe80::12345 [::1]5 {5",
		"a.com-5 a.com.5", "Fri, 20 Nov 2026 10:00:00 GMT+0100 (CET)", "x=-5,+6(7=true", "https://h/a<num> /tmp/<num>", "1.2.3.4.5:6/7 0x1f v1.2.3x", "`\"'5'\"`",
		"dial tcp [2001:db8::1]:443: i/o timeout", "Nov 20 10:00:00 2026-11-20T10:00:00.123456789+01:00", `C:\a "b" 'c" d' e`, "ü5µs", "'a'::1 'b'[ip] \"c\"{}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Parameterise(text)
		if again := Parameterise(got); again != got {
			t.Fatalf("not idempotent:\n in    %q\n once  %q\n twice %q", text, got, again)
		}
		if utf8.RuneCountInString(got) > maxMessage {
			t.Fatalf("%d characters", utf8.RuneCountInString(got))
		}
		if utf8.ValidString(text) && !utf8.ValidString(got) {
			t.Fatalf("%q gives invalid UTF-8 %q", text, got)
		}
		checkAddresses(t, text)
	})
}

// checkAddresses compares our walk of IPv6 addresses with the standard parser.
func checkAddresses(t *testing.T, text string) {
	s := scanner{in: text}
	for i := range min(len(text), 200) {
		if end := s.ipv6(i, func(int) bool { return true }); end > 0 {
			if _, err := netip.ParseAddr(text[i:end]); err != nil {
				t.Fatalf("%q is no address: %v", text[i:end], err)
			}
		}
	}
}

func BenchmarkParameterise(b *testing.B) {
	for name, text := range map[string]string{
		"typical": "dial tcp 10.0.0.7:5432: order 17 of bob@example.test failed after 1200ms",
		"plain":   "cannot read property of undefined while rendering the basket",
		"hostile": strings.Repeat("1:a.1-'", 150), "quotes": strings.Repeat(`"'`+"`", 350), "dots": strings.Repeat("a.1.", 256), "at": strings.Repeat("a.b-", 250) + "@",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Parameterise(text)
			}
		})
	}
}

// TestParameteriseAssembled tries texts put together from pieces that meet
// awkwardly, more of them than a short fuzz run finds.
func TestParameteriseAssembled(t *testing.T) {
	pieces := strings.Split("a|1|'|\"|`| |/tmp/|/|:|::|[|]|{|}|<num>|<str>|<|num>|-|+|(|=|,|.|@|b.com|x|true|v1.2|0x|deadbee1|Nov|20|2026|10:00|"+
		"2026-11-20|10.0.0.7|fe80|localhost|5ms|3GB|C:\\|http://h/|[ip]|[email]|[::1]|é|\n|T|Z|UTC|Mon,|3f2504e0-4f89-11d3-9a0c-0305e82c3301|"+
		"01ARZ3NDEKTSV4RRFFQ69G5FAV|some long text here|bob@x.test|%|#|\u00a0|io|com|_|12345", "|")
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 30_000 {
		size := 1 + r.IntN(14)
		if n%100 == 0 {
			size = 1 + r.IntN(700)
		}
		var b strings.Builder
		for range size {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		once := Parameterise(b.String())
		if twice := Parameterise(once); twice != once {
			t.Fatalf("not idempotent:\n in    %q\n once  %q\n twice %q", b.String(), once, twice)
		}
	}
}
