package querylang_test

import (
	"testing"

	"errata/internal/querylang"
)

func TestParseKey(t *testing.T) {
	for in, want := range map[string]querylang.Key{
		"os": {Name: "os"}, "Environment": {Name: "env"}, "server_name": {Name: "host"}, "tags[Region]": {Name: "tags", Arg: "region"},
		"tag[a:b]": {Name: "tags", Arg: "a:b"}, "tags.region": {Name: "tags", Arg: "region"}, "ctx.cart.items": {Name: "ctx", Arg: "cart.items"},
		"extra.n": {Name: "ctx", Arg: "extra.n"}, "event.severity": {Name: "event.severity"},
	} {
		k, ok := querylang.ParseKey(in)
		if !ok || k != want {
			t.Errorf("ParseKey(%q) = %v, %v, want %v", in, k, ok, want)
		}
		if again, ok := querylang.ParseKey(k.String()); !ok || again != k {
			t.Errorf("%v reads back as %v, %v", k, again, ok)
		}
		if again, ok := querylang.ParseKey(querylang.TermKey(k)); !ok || again != k {
			t.Errorf("%v reads back from %s as %v, %v", k, querylang.TermKey(k), again, ok)
		}
	}
	for _, in := range []string{"", "region", "tags", "tags[]", "tags[a", "tags[a b]", "os[x]", "ctx", "user.id", "t", string(make([]byte, 300))} {
		if k, ok := querylang.ParseKey(in); ok {
			t.Errorf("ParseKey(%q) = %v, want none", in, k)
		}
	}
}
