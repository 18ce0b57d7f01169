package redact

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"errata/internal/errata"
)

// django reads a captured event of 4.6 KB whose personal data was invented.
func django(tb testing.TB) *errata.Event {
	tb.Helper()
	text, err := os.ReadFile("testdata/django.json")
	if err != nil {
		tb.Fatal(err)
	}
	var ev errata.Event
	if err := json.Unmarshal(text, &ev); err != nil {
		tb.Fatal(err)
	}
	return &ev
}

// The goal is 8 to 15 µs and no allocation: nothing is left to be found.
func BenchmarkEvent(b *testing.B) {
	r := New(errata.ProjectSettings{})
	ev := django(b)
	r.Event(ev)
	b.ReportAllocs()
	for b.Loop() {
		r.Event(ev)
	}
}

func BenchmarkHarmless(b *testing.B) {
	r := New(errata.ProjectSettings{})
	text := strings.Join(harmless(b), "\n")
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		r.Text(text)
	}
}

func BenchmarkCorpus(b *testing.B) {
	r := New(errata.ProjectSettings{})
	all := corpus(b)
	n := 0
	for _, x := range all {
		n += len(x.in)
	}
	b.SetBytes(int64(n))
	for b.Loop() {
		for _, x := range all {
			r.Text(x.in)
		}
	}
}

func BenchmarkOracle(b *testing.B) {
	all := corpus(b)
	n := 0
	for _, x := range all {
		n += len(x.in)
	}
	b.SetBytes(int64(n))
	for b.Loop() {
		for _, x := range all {
			oracle(x.in)
		}
	}
}

// hostile are texts in which everything starts a check.
var hostile = map[string]string{
	"at":        "a@",
	"digits":    "1.",
	"colons":    "1:",
	"hex":       "ab:",
	"keys":      "password=",
	"nested":    `"password":{`,
	"quotes":    `token="`,
	"urls":      "://",
	"userinfo":  "a://b:c/",
	"homes":     "/home/",
	"pem":       "-----BEGIN A-----AAAAAAAAAAAAAAAA",
	"pem words": "-----BEGIN A-----",
	"dashes":    "-p",
	"elements":  "</password>",
	"cookies":   "cookie: a=b;",
	"words":     "a1",
	"brackets":  "token=[",
	"bearer":    "bearer ",
	"json":      `[`,
	"columns":   "(password)=(",
	"forms":     `form-data; name="password"`,
	"commas":    "token=a,",
	"cards":     "4111 ",
}

// The budget is set by these: none may take much more than 10 ms.
func BenchmarkWorstCase(b *testing.B) {
	r := New(errata.ProjectSettings{})
	for name, part := range hostile {
		text := strings.Repeat(part, 1<<20/len(part))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r.Text(text)
			}
		})
	}
}
