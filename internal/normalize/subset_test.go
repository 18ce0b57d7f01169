package normalize_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"errata/internal/errata"
	"errata/internal/normalize"
)

// expect compares the canonical JSON of ev with a subset given as JSON: objects
// hold at least what is asked for, lists are equal in length, null means
// absent, and "name#count" asks for the number of entries.
func expect(t *testing.T, ev *errata.Event, want string) {
	t.Helper()
	raw, err := normalize.Encode(ev)
	if err != nil {
		t.Fatal(err)
	}
	var got, asked any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatalf("Encode wrote no JSON: %v\n%s", err, raw)
	}
	if err := json.Unmarshal([]byte(want), &asked); err != nil {
		t.Fatalf("bad expectation: %v", err)
	}
	if problems := subset("", asked, got); len(problems) > 0 {
		t.Errorf("%s\nevent: %s", strings.Join(problems, "\n"), raw)
	}
}

func subset(path string, want, got any) (problems []string) {
	switch w := want.(type) {
	case map[string]any:
		g, _ := got.(map[string]any)
		for name, x := range w {
			if bare, ok := strings.CutSuffix(name, "#count"); ok {
				list, _ := g[bare].([]any)
				problems = append(problems, subset(path+"."+name, x, float64(len(list)))...)
				continue
			}
			problems = append(problems, subset(path+"."+name, x, g[name])...)
		}
	case []any:
		g, _ := got.([]any)
		if len(g) != len(w) {
			return []string{fmt.Sprintf("%s: %d entries, want %d", path, len(g), len(w))}
		}
		for i := range w {
			problems = append(problems, subset(fmt.Sprintf("%s[%d]", path, i), w[i], g[i])...)
		}
	default:
		if want != got {
			return []string{fmt.Sprintf("%s: %v, want %v", path, got, want)}
		}
	}
	return problems
}
