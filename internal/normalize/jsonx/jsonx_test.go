package jsonx_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/normalize/jsonx"
)

var wire = jsonx.Limits{Depth: 128, Keys: 100_000, PerObject: 2000, PerList: 10_000}

func compact(t *testing.T, raw string) (string, jsonx.Mended) {
	t.Helper()
	d, err := jsonx.Parse([]byte(raw), wire)
	if err != nil {
		t.Fatalf("Parse(%.80q): %v", raw, err)
	}
	defer d.Release()
	out, mended := d.Root().AppendJSON(nil, 100, 1<<20)
	return string(out), mended
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, raw, want string
		mended          jsonx.Mended
	}{
		{"white space goes", " { \"a\" : [ 1 ,\t2 ] }\r\n", `{"a":[1,2]}`, 0},
		{"scalars", `[null,true,false,"x",-1.5e3]`, `[null,true,false,"x",-1.5e3]`, 0},
		{"order stays", `{"b":1,"a":2}`, `{"b":1,"a":2}`, 0},
		{"empty containers", `{"a":{},"b":[]}`, `{"a":{},"b":[]}`, 0},
		{"last of equal names", `{"a":1,"b":2,"a":3}`, `{"b":2,"a":3}`, 0},
		{"names differ by case", `{"a":1,"A":2}`, `{"a":1,"A":2}`, 0},
		{"equal names written differently", `{"a":1,"\u0061":2}`, `{"a":2}`, 0},
		{"equal names inside a list", `[{"a":{"x":1},"a":{"x":2}}]`, `[{"a":{"x":2}}]`, 0},
		{"byte order mark", "\xef\xbb\xbf{}", `{}`, 0},
		{"escapes", `"\u00e9\n\"\/\t\u0001"`, `"é\n\"/\t\u0001"`, 0},
		{"surrogate pair", `"\ud83d\ude00"`, `"😀"`, 0},
		{"lone surrogate", `"x\ud800y"`, "\"x\ufffdy\"", jsonx.BadUTF8},
		{"bad UTF-8", "\"raw \xff\xfe bytes\"", "\"raw \ufffd\ufffd bytes\"", jsonx.BadUTF8},
		{"NUL", `"a\u0000b"`, `"ab"`, jsonx.NUL},
		{"bare NaN", `{"a":NaN,"b":-Infinity,"c":"NaN","d":[Infinity]}`, `{"a":null,"b":null,"c":"NaN","d":[null]}`, 0},
		{"beyond float64", `1e999`, `"1e999"`, jsonx.BigNumber},
		{"minus zero", `[-0,-0.0,0]`, `["-0","-0.0",0]`, jsonx.BigNumber},
		{"2^64", `18446744073709551616`, `"18446744073709551616"`, jsonx.BigNumber},
		{"2^64-1 and -2^63", `[18446744073709551615,-9223372036854775808]`, `[18446744073709551615,-9223372036854775808]`, 0},
		{"tiny", `1e-400`, `1e-400`, 0},
		{"proto", `{"__proto__":1,"constructor":2}`, `{"__proto__":1,"constructor":2}`, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, mended := compact(t, tt.raw)
			if got != tt.want || mended != tt.mended {
				t.Errorf("got %s (%b), want %s (%b)", got, mended, tt.want, tt.mended)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		name, raw string
		want      error
	}{
		{"nothing", "", jsonx.ErrEmpty},
		{"white space", " \n\t", jsonx.ErrEmpty},
		{"byte order mark alone", "\xef\xbb\xbf", jsonx.ErrEmpty},
		{"129 levels", strings.Repeat("[", 129) + strings.Repeat("]", 129), jsonx.ErrTooDeep},
		{"10,000 levels", strings.Repeat(`{"a":`, 10_000), jsonx.ErrTooDeep},
		{"deep in what is not kept", "[" + strings.Repeat("1,", 10_000) + strings.Repeat("[", 200), jsonx.ErrTooDeep},
		{"100,001 keys", "[" + strings.Repeat(`{"a":1},`, 100_001) + "1]", jsonx.ErrKeys},
		{"two values", `{} {}`, jsonx.ErrSyntax},
		{"rubbish behind", `{}x`, jsonx.ErrSyntax},
		{"cut", `{"a":`, jsonx.ErrSyntax},
		{"bare NaN cut", `{"a":NaN`, jsonx.ErrSyntax},
		{"minus NaN", `[-NaN]`, jsonx.ErrSyntax},
		{"word", `hello`, jsonx.ErrSyntax},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := jsonx.Parse([]byte(tt.raw), wire); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestEntriesBeyondTheLimitAreCounted(t *testing.T) {
	raw := `{"list":[` + strings.Repeat(`[{"k":1}],`, 10_004) + `1],"after":1,` + repeatMembers(2100) + `"z":1}`
	d, err := jsonx.Parse([]byte(raw), wire)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Release()
	root := d.Root()
	if root.Len() != 2000 || root.Lost() != 103 {
		t.Errorf("members kept %d, lost %d", root.Len(), root.Lost())
	}
	list := root.Get("list")
	if list.Len() != 10_000 || list.Lost() != 5 {
		t.Errorf("entries kept %d, lost %d", list.Len(), list.Lost())
	}
	if root.Get("after").Raw() != "1" || root.Get("z").Kind() != jsonx.Absent {
		t.Error("the wrong members were kept")
	}
}

func repeatMembers(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`"m` + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26) + `":1,`)
	}
	return b.String()
}

func TestAppendJSONLimits(t *testing.T) {
	tests := []struct {
		name, raw   string
		depth, size int
		want        string
		mended      jsonx.Mended
	}{
		{"depth", `{"a":{"b":{"c":1}},"l":[[1]]}`, 2, 1000, `{"a":{"b":"[object]"},"l":["[list]"]}`, jsonx.TooDeep},
		{"members left out", `{"a":1,"bb":"x","c":3}`, 5, 12, `{"a":1}`, jsonx.TooLong},
		{"text cut between characters", `"ééééé"`, 5, 9, `"ééé"`, jsonx.TooLong},
		{"list left out", `[1,2,3,4,5,6,7,8]`, 5, 10, `[1,2,3,4]`, jsonx.TooLong},
		{"scalar at depth 0", `7`, 0, 10, `7`, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := jsonx.Parse([]byte(tt.raw), wire)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Release()
			got, mended := d.Root().AppendJSON([]byte("x"), tt.depth, tt.size)
			if string(got) != "x"+tt.want || mended != tt.mended {
				t.Errorf("got %s (%b), want x%s (%b)", got, mended, tt.want, tt.mended)
			}
		})
	}
}

func TestValueAccess(t *testing.T) {
	d, err := jsonx.Parse([]byte(`{"t":"x\ny","n":1.50,"b":true,"z":null,"l":[1,"two"],"o":{"k":"v"}}`), wire)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Release()
	var got []string
	for name, v := range d.Root().Members() {
		s, _, ok := v.Text()
		if !ok {
			s = "-"
		}
		got = append(got, name+"="+s+"/"+string(v.RawJSON()))
	}
	want := []string{`t=x` + "\n" + `y/"x\ny"`, `n=1.50/1.50`, `b=true/true`, `z=-/null`, `l=-/[1,"two"]`, `o=-/{"k":"v"}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d.Root().Get("T").Kind() != jsonx.Absent {
		t.Error("names are compared without case")
	}
	if v := (jsonx.Value{}); v.Kind() != jsonx.Absent || v.Len() != 0 || v.Raw() != "" {
		t.Error("the zero Value is not absent")
	}
}

// What encoding/json accepts is accepted and means the same; AppendJSON always
// writes JSON. Numbers are compared as encoding/json reads them, so the ones
// that become text are let pass.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,2,{"b":null}],"a":"\ud800"}`, `[NaN,-Infinity,"NaN"]`, "\xef\xbb\xbf{}", `"\u0000"`, `{"a":1e999}`,
		"\"\xff\"", `[[[[[[]]]]]]`, `-0`, `{"a":{"a":{"a":{}}}}`, `18446744073709551616`, "{\"\xff\":1,\"\xfe\":2}",
	} {
		f.Add([]byte(seed), 8, 100)
	}
	f.Fuzz(func(t *testing.T, raw []byte, depth, size int) {
		before := string(raw)
		d, err := jsonx.Parse(raw, wire)
		if string(raw) != before {
			t.Fatal("Parse changed its input")
		}
		if err != nil {
			if json.Valid(raw) && errors.Is(err, jsonx.ErrSyntax) {
				t.Fatalf("refused what encoding/json accepts: %q", raw)
			}
			return
		}
		defer d.Release()
		if !d.BOM && !d.Retried && !json.Valid(raw) {
			t.Fatalf("accepted what encoding/json refuses: %q", raw)
		}
		if out, _ := d.Root().AppendJSON(nil, depth%200, size%(1<<20)); !json.Valid(out) {
			t.Fatalf("%q became %q", raw, out)
		}
		full, mended := d.Root().AppendJSON(nil, 200, 1<<24)
		if mended == 0 && d.Repeated == 0 && !d.BOM && !d.Retried {
			sameMeaning(t, raw, full)
		}
	})
}

func sameMeaning(t *testing.T, a, b []byte) {
	t.Helper()
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return
	}
	if diff := cmp.Diff(x, y); diff != "" {
		t.Fatalf("%q became %q: %s", a, b, diff)
	}
}
