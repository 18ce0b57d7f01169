package querylang

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The caret is where the bar stands.
func TestCaretAt(t *testing.T) {
	for name, c := range map[string]struct {
		q    string
		want Caret
	}{
		"nothing yet":          {"|", Caret{}},
		"a key":                {"is:open sev|", Caret{Typed: "sev", Start: 8, End: 11, Rest: "is:open"}},
		"a key that is there":  {"sev|erity:P0", Caret{Typed: "sev", Start: 0, End: 9}},
		"behind a space":       {"is:open |", Caret{Start: 8, End: 8, Rest: "is:open"}},
		"a value":              {"is:open env:pro|", Caret{Key: Key{Name: "env"}, Typed: "pro", Start: 12, End: 15, Rest: "is:open"}},
		"no value yet":         {"env:|", Caret{Key: Key{Name: "env"}, Start: 4, End: 4}},
		"an alias":             {"environment:p|", Caret{Key: Key{Name: "env"}, Typed: "p", Start: 12, End: 13}},
		"negated":              {"!env:p|", Caret{Key: Key{Name: "env"}, Typed: "p", Start: 5, End: 6}},
		"in a list":            {"env:a,b|,c", Caret{Key: Key{Name: "env"}, Typed: "b", Start: 6, End: 7}},
		"bracketed":            {"env:[a,b|]", Caret{Key: Key{Name: "env"}, Typed: "b", Start: 7, End: 8}},
		"quoted":               {`type:"a b|" x`, Caret{Key: Key{Name: "type"}, Typed: "a b", Start: 5, End: 10, Rest: "x"}},
		"quoted comma":         {`type:"a, b|`, Caret{Key: Key{Name: "type"}, Typed: "a, b", Start: 5, End: 10}},
		"a comparison":         {"age:>7|", Caret{Key: Key{Name: "age"}, Operator: ">", Typed: "7", Start: 5, End: 6}},
		"a tag":                {"tags[Region]:e|", Caret{Key: Key{Name: "tags", Arg: "region"}, Typed: "e", Start: 13, End: 14}},
		"unknown key is a tag": {"zone:e|", Caret{Key: Key{Name: "tags", Arg: "zone"}, Typed: "e", Start: 5, End: 6}},
		"in parentheses":       {"(env:p|) x", Caret{Key: Key{Name: "env"}, Typed: "p", Start: 5, End: 6, Rest: ") x"}},
		"no key: an address":   {"http://e|", Caret{Typed: "http://e", Start: 0, End: 8}},
		"no key: a name":       {"Foo::B|", Caret{Typed: "Foo::B", Start: 0, End: 6}},
		"many bytes":           {"ünü env:ö|", Caret{Key: Key{Name: "env"}, Typed: "ö", Start: 10, End: 12, Rest: "ünü"}},
	} {
		t.Run(name, func(t *testing.T) {
			at := strings.Index(c.q, "|")
			if d := cmp.Diff(c.want, CaretAt(strings.Replace(c.q, "|", "", 1), at)); d != "" {
				t.Error(d)
			}
		})
	}
}

func FuzzCaretAt(f *testing.F) {
	f.Add(`(!env:[a,"b c`, 9)
	f.Add("tags[a:b", 4)
	f.Add("\u00a0", 1) // in the middle of a space of two bytes
	f.Fuzz(func(t *testing.T, q string, at int) {
		c := CaretAt(q, at)
		if c.Start < 0 || c.Start > c.End || c.End > len(q) {
			t.Errorf("%q at %d: [%d, %d)", q, at, c.Start, c.End)
		}
	})
}

func TestValueText(t *testing.T) {
	for value, want := range map[string]string{"production": "production", "a b": `"a b"`, "a,b": `"a,b"`, `say "hi"`: `"say \"hi\""`, "a*b": `a\*b`} {
		if got := ValueText(Key{Name: "env"}, value); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
		x, _, err := Parse("env:" + want)
		if l, ok := x.(*Leaf); err != nil || !ok || l.Values[0].Kind != Equal || l.Values[0].Text != Fold(value) {
			t.Errorf("env:%s does not mean %q: %+v, %v", want, value, x, err)
		}
	}
}

func TestWithout(t *testing.T) {
	for q, want := range map[string]string{
		"env:a": "", "env:a is:open": "is:open", "!env:a is:open": "is:open", "(env:a OR env:b) x": "(env:a OR env:b) x", "": "", "x": "x",
		"env:a !env:b x y": "x y",
	} {
		x, _, err := Parse(q)
		if err != nil {
			t.Fatal(err)
		}
		if got := Print(Without(x, Key{Name: "env"})); got != want {
			t.Errorf("%q: %q, want %q", q, got, want)
		}
	}
}
