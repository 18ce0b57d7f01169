package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRead(t *testing.T) {
	tests := []struct {
		name, in, out string
		want          tally
	}{
		{"pass with subtest", `{"Action":"run","Package":"p","Test":"A"}
{"Action":"pass","Package":"p","Test":"A/x"}
{"Action":"pass","Package":"p","Test":"A"}
{"Action":"pass","Package":"p"}
`, "", tally{passed: 2}},
		{"skip says why", `{"Action":"output","Package":"p","Test":"A","Output":"=== RUN   A\n"}
{"Action":"output","Package":"p","Test":"A","Output":"    a_test.go:7: no server\n"}
{"Action":"output","Package":"p","Test":"A","Output":"--- SKIP: A (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"A"}
{"Action":"skip","Package":"q"}
`, "skipped p A: a_test.go:7: no server\n", tally{skipped: 1}},
		{"fail shows output and counts the package once", `{"Action":"output","Package":"p","Test":"A","Output":"bad\n"}
{"Action":"fail","Package":"p","Test":"A"}
{"Action":"fail","Package":"p"}
`, "failed p A\nbad\nfailed p \n", tally{failed: 1}},
		{"build failure", `{"ImportPath":"p","Action":"build-output","Output":"x.go:1: no\n"}
{"ImportPath":"p","Action":"build-fail"}
{"Action":"fail","Package":"p","FailedBuild":"p"}
`, "x.go:1: no\nfailed p \n", tally{failed: 1}},
		{"not an event", "panic\n", "panic\n", tally{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			got, err := read(strings.NewReader(tt.in), &out)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("counts = %+v, want %+v", got, tt.want)
			}
			if d := cmp.Diff(tt.out, out.String()); d != "" {
				t.Error(d)
			}
		})
	}
}
