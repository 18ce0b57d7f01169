package querylang

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// slowRuns is the tokenizer as the rules say it, rune by rune: runs of parts.
func slowRuns(s string) [][]string {
	var runs [][]string
	var run []rune
	flush := func() {
		if len(run) > 0 {
			runs = append(runs, slowParts(run))
			run = nil
		}
	}
	for _, r := range s {
		switch slowClass(r) {
		case separator:
			flush()
		case single:
			flush()
			runs = append(runs, []string{string(unicode.ToLower(r))})
		default:
			run = append(run, r)
		}
	}
	flush()
	return runs
}

func slowParts(run []rune) []string {
	// letters are the places of what is no mark; an accent belongs to its letter.
	var letters []int
	for i, r := range run {
		if slowClass(r) != mark || i == 0 {
			letters = append(letters, i)
		}
	}
	at := func(n int) class {
		if n < 0 || n >= len(letters) {
			return separator
		}
		return slowClass(run[letters[n]])
	}
	var cuts []int
	for n := 1; n < len(letters); n++ {
		if at(n-1) == lower && at(n) == upper || at(n-1) == upper && at(n) == upper && at(n+1) == lower {
			cuts = append(cuts, letters[n])
		}
	}
	var parts []string
	from := 0
	for _, c := range append(cuts, len(run)) {
		part := run[from:c]
		parts = append(parts, strings.Map(unicode.ToLower, string(part[:min(len(part), maxTokenRunes)])))
		from = c
	}
	return parts
}

func slowStream(texts ...string) string {
	var out, joined []string
	for _, t := range texts {
		var tokens []string
		for _, run := range slowRuns(t) {
			tokens = append(tokens, run...)
			if j := []rune(strings.Join(run, "")); len(run) > 1 {
				if w := string(j[:min(len(j), maxTokenRunes)]); !slices.Contains(joined, w) {
					joined = append(joined, w)
				}
			}
		}
		if len(out) > 0 && len(tokens) > 0 {
			out = append(out, "¶")
		}
		out = append(out, tokens...)
	}
	if len(joined) > 0 {
		out = append(out, "¶", strings.Join(joined, " ¶ "), "¶")
	}
	return strings.Join(out, " ")
}

func TestStreamAgreesWithRules(t *testing.T) {
	alphabet := []rune("aabcxyzABCXYZ019_- .:äÖßéñ決済エーラーｰ가ไทยǅª٣क्𝒜\u0301\u0308🙂")
	r := rand.New(rand.NewPCG(1, 1))
	for range 5000 {
		texts := make([]string, 1+r.IntN(3))
		for i := range texts {
			s := make([]rune, r.IntN(24))
			for j := range s {
				s[j] = alphabet[r.IntN(len(alphabet))]
			}
			texts[i] = string(s)
		}
		got, cut := Stream(MaxTextTokens, texts...)
		if diff := cmp.Diff(slowStream(texts...), got); diff != "" || cut {
			t.Fatalf("%q: cut %v\n%s", texts, cut, diff)
		}
	}
}

func TestStreamLimits(t *testing.T) {
	tests := map[string]struct {
		text  string
		limit int
		want  string
		cut   bool
	}{
		"fits":             {"a b c", 3, "a b c", false},
		"one too many":     {"a b c d", 3, "a b c", true},
		"no joined run":    {"aB cD", 4, "a b c d", true},
		"joined run fits":  {"aB", 5, "a b ¶ ab ¶", false},
		"long part":        {strings.Repeat("a", 70) + "Bc", 99, strings.Repeat("a", 64) + " bc ¶ " + strings.Repeat("a", 64) + " ¶", false},
		"long capitals":    {strings.Repeat("A", 70) + "b", 99, strings.Repeat("a", 64) + " ab ¶ " + strings.Repeat("a", 64) + " ¶", false},
		"same run twice":   {"fooBar x fooBar", 99, "foo bar x foo bar ¶ foobar ¶", false},
		"nothing":          {"€ ✓", 9, "", false},
		"inside a run":     {"aBcDeF", 2, "a bc", true},
		"case without end": {"FOO", 9, "foo", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, cut := Stream(tt.limit, tt.text)
			if got != tt.want || cut != tt.cut {
				t.Errorf("got %q %v, want %q %v", got, cut, tt.want, tt.cut)
			}
		})
	}
}

func TestStreamNeverExceedsItsLimit(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 2000 {
		var b strings.Builder
		for range r.IntN(40) {
			b.WriteString([]string{"fooBar", "x", " ", "HTTPServer", "決", "_"}[r.IntN(6)])
		}
		limit := r.IntN(20)
		got, _ := Stream(limit, b.String(), b.String())
		if n := len(strings.Fields(got)); n > limit {
			t.Fatalf("%q: %d tokens, limit %d: %q", b.String(), n, limit, got)
		}
	}
}

func TestWildAgreesWithRules(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	text := func(n int) string {
		b := make([]byte, r.IntN(n))
		for i := range b {
			b[i] = "ab"[r.IntN(2)]
		}
		return string(b)
	}
	for range 5000 {
		parts := make([]string, 2+r.IntN(3))
		for i := range parts {
			parts[i] = text(3)
		}
		s := text(9)
		if got, want := Wild(s, parts), slowWild(s, strings.Join(parts, "*")); got != want {
			t.Fatalf("%q against %q: %v, want %v", s, parts, got, want)
		}
	}
}

func slowWild(s, pat string) bool {
	switch {
	case pat == "":
		return s == ""
	case pat[0] == '*':
		return slowWild(s, pat[1:]) || s != "" && slowWild(s[1:], pat)
	}
	return s != "" && s[0] == pat[0] && slowWild(s[1:], pat[1:])
}
