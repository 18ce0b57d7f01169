package ui

import (
	"strings"
	"testing"
)

// marked writes a line with its classes: "kw:func ".
func marked(line CodeLine) string {
	var b strings.Builder
	for _, s := range line.Spans {
		if s.Class == "" {
			b.WriteString(s.Text)
		} else {
			b.WriteString("‹" + s.Class + " " + s.Text + "›")
		}
	}
	return b.String()
}

func TestHighlight(t *testing.T) {
	for name, c := range map[string]struct {
		file     string
		in, want []string
	}{
		"go": {
			"a.go",
			[]string{"func (s *Store) Reserve(ctx context.Context) error {", "\tx := 0x1f + 2.5 // half", "\treturn fmt.Errorf(\"a \\\" b: %w\", err)"},
			[]string{"‹kw func› (s *‹ty Store›) ‹fu Reserve›(ctx context.Context) ‹ty error› {", "\tx := ‹nu 0x1f› + ‹nu 2.5› ‹cm // half›", "\t‹kw return› fmt.‹fu Errorf›(‹st \"a \\\" b: %w\"›, err)"},
		},
		"go raw string over lines": {"a.go", []string{"q := `SELECT", "func \\` + x"}, []string{"q := ‹st `SELECT›", "‹st func \\`› + x"}},
		"go comment over lines":    {"a.go", []string{"a /* one", "two */ b"}, []string{"a ‹cm /* one›", "‹cm two */› b"}},
		"script": {
			"a.tsx",
			[]string{"const rows = rates.map((r) => `${r.name}`);", "export class A extends B { x: string = 'y' }"},
			[]string{"‹kw const› rows = rates.‹fu map›((r) => ‹st `${r.name}`›);", "‹kw export› ‹kw class› ‹ty A› ‹kw extends› ‹ty B› { x: ‹ty string› = ‹st 'y'› }"},
		},
		"script template escapes": {"a.js", []string{"`a\\`b` + 1"}, []string{"‹st `a\\`b`› + ‹nu 1›"}},
		"python": {
			"a.py",
			[]string{"def pay(self):  # now", "    \"\"\"Doc", "    more\"\"\"", "    raise ValueError(f'x {y}')"},
			[]string{"‹kw def› ‹fu pay›(‹kw self›):  ‹cm # now›", "    ‹st \"\"\"Doc›", "‹st     more\"\"\"›", "    ‹kw raise› ‹fu ValueError›(f‹st 'x {y}'›)"},
		},
		"open string ends with its line":   {"a.py", []string{"x = 'open", "y = 1"}, []string{"x = ‹st 'open›", "y = ‹nu 1›"}},
		"unknown language is plain":        {"a.zig", []string{"const x = 1; // y"}, []string{"const x = 1; // y"}},
		"platform when there is no ending": {"", []string{"func f()"}, []string{"‹kw func› ‹fu f›()"}},
		"empty line":                       {"a.go", []string{""}, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Highlight(LanguageOf(c.file, "go"), c.in)
			for i := range c.want {
				if m := marked(got[i]); m != c.want[i] {
					t.Errorf("line %d:\n got %s\nwant %s", i, m, c.want[i])
				}
			}
		})
	}
}

// FuzzHighlight: colouring never changes the text.
func FuzzHighlight(f *testing.F) {
	for _, s := range []string{"func (s *Store) x() {\n\t`a\nb` /* c\n*/ \"d\\\"", "'''a\n\\'''b'''", "`${a}`\\", "//\n#", "\"\"\"\"\"\"", "\xff\xfe0x", "$_a(1)"} {
		for _, file := range []string{"a.go", "a.ts", "a.py", "a"} {
			f.Add(file, s)
		}
	}
	f.Fuzz(func(t *testing.T, file, text string) {
		lines := strings.Split(text, "\n")
		for i, line := range Highlight(LanguageOf(file, ""), lines) {
			var joined strings.Builder
			for _, s := range line.Spans {
				joined.WriteString(s.Text)
			}
			if joined.String() != lines[i] {
				t.Fatalf("line %d became %q, was %q", i, joined.String(), lines[i])
			}
		}
	})
}

// FuzzPieces: splitting at marks never changes the text.
func FuzzPieces(f *testing.F) {
	f.Add("to [email] [email][ip]x[")
	f.Fuzz(func(t *testing.T, s string) {
		var joined strings.Builder
		for _, p := range Pieces(s) {
			joined.WriteString(p.Text)
			if p.Mark && !IsMark(p.Text) {
				t.Fatalf("%q is no mark", p.Text)
			}
		}
		if joined.String() != s {
			t.Fatalf("became %q, was %q", joined.String(), s)
		}
	})
}
