package redact

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
)

// The corpus: testdata/named.tsv was written by hand, testdata/synthetic.tsv
// was made once by a program that knew what it had put in, testdata/harmless.txt
// holds what must stay. Columns are name, text, expectation; ␤ stands for a line
// end and ␉ for a tab.

type example struct{ name, in, want string }

var controls = strings.NewReplacer("␤", "\n", "␉", "\t")

func lines(tb testing.TB, file string) []string {
	tb.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func examples(tb testing.TB, file string) []example {
	tb.Helper()
	var out []example
	for _, line := range lines(tb, file) {
		f := strings.Split(line, "\t")
		if len(f) != 3 {
			tb.Fatalf("%s: want three columns: %q", file, line)
		}
		out = append(out, example{f[0], controls.Replace(f[1]), controls.Replace(f[2])})
	}
	return out
}

func harmless(tb testing.TB) []string {
	tb.Helper()
	var out []string
	for _, line := range lines(tb, "harmless.txt") {
		out = append(out, controls.Replace(line))
	}
	return out
}

func corpus(tb testing.TB) []example {
	tb.Helper()
	return slices.Concat(examples(tb, "named.tsv"), examples(tb, "synthetic.tsv"))
}

func TestCorpus(t *testing.T) {
	r := New(errata.ProjectSettings{})
	all := corpus(t)
	if len(all) < 255 {
		t.Errorf("%d examples, want at least 255", len(all))
	}
	seen := map[string]bool{}
	missed := 0
	for _, x := range all {
		if seen[x.name] {
			t.Errorf("two examples are called %s", x.name)
		}
		seen[x.name] = true
		if got := r.Text(x.in); got != x.want {
			missed++
			t.Errorf("%s\n in   %q\n got  %q\n want %q", x.name, x.in, got, x.want)
		}
		if again := r.Text(x.want); again != x.want {
			t.Errorf("%s: not idempotent: %q becomes %q", x.name, x.want, again)
		}
	}
	t.Logf("%d examples, %d misses", len(all), missed)
}

func TestHarmless(t *testing.T) {
	r := New(errata.ProjectSettings{})
	all := harmless(t)
	if len(all) < 1000 {
		t.Errorf("%d texts, want at least 1,000", len(all))
	}
	alarms := 0
	for _, s := range all {
		if got := r.Text(s); got != s {
			alarms++
			t.Errorf("false alarm\n in  %q\n got %q", s, got)
		}
	}
	t.Logf("%d harmless texts, %d false alarms", len(all), alarms)
}

// Every example must also come out right inside a larger text and inside JSON,
// where it is escaped.
func TestCorpusInside(t *testing.T) {
	r := New(errata.ProjectSettings{})
	for _, x := range corpus(t) {
		in, err := json.Marshal(map[string]string{"note": x.in})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"note": x.want}
		got := map[string]string{}
		if err := json.Unmarshal([]byte(r.Text(string(in))), &got); err != nil {
			t.Errorf("%s: no longer JSON: %v", x.name, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s in JSON (-want +got):\n%s", x.name, diff)
		}
	}
}

// The regular expressions of the documentation, slow and simple, must find
// the same as the scanner.
func TestOracleAgrees(t *testing.T) {
	texts := harmless(t)
	for _, x := range corpus(t) {
		texts = append(texts, x.in)
	}
	r := New(errata.ProjectSettings{})
	for _, s := range texts {
		got, want := r.Text(s), oracle(s)
		if got != want && !sameJSON(got, want) {
			t.Errorf("they differ on %q\n scanner %q\n oracle  %q", s, got, want)
		}
	}
	t.Logf("%d texts", len(texts))
}

// sameJSON compares what two JSON texts say.
func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && cmp.Equal(x, y)
}
