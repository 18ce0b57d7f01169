package archtest

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The driver is a translation of SQLite against one exact libc; another one
// corrupts memory in rare places (modernc sqlite issue 177).
func TestLibcIsTheDriversOwn(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.GoMod}}", "modernc.org/sqlite").Output()
	if err != nil {
		t.Fatal("go list:", err)
	}
	want := libcOf(t, strings.TrimSpace(string(out)))
	if got := libcOf(t, filepath.Join(root, "go.mod")); got != want {
		t.Errorf("go.mod names modernc.org/libc %s, the SQLite driver was built with %s", got, want)
	}
}

var libcLine = regexp.MustCompile(`(?m)^(?:require)?\s*modernc\.org/libc (v\S+)`)

func libcOf(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := libcLine.FindSubmatch(text)
	if m == nil {
		t.Fatalf("%s does not name modernc.org/libc", file)
	}
	return string(m[1])
}

// inline finds what the content security policy would refuse, or what would
// weaken it: styles and scripts inside pages.
var inline = map[string]*regexp.Regexp{
	"style attribute":       regexp.MustCompile(`(?i)\sstyle\s*=`),
	"event attribute":       regexp.MustCompile(`(?i)\s(on[a-z]+|hx-on[:a-z-]*)\s*=`),
	"style element":         regexp.MustCompile(`(?i)<style\b`),
	"inline script":         regexp.MustCompile(`(?is)<script\b[^>]*>[^<\s]|<script>`),
	"javascript: address":   regexp.MustCompile(`(?i)["']javascript:`),
	"templ style or script": regexp.MustCompile(`(?m)^(css|script) \w+\(`),
}

func TestNothingInlineInTemplates(t *testing.T) {
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".templ") ||
			strings.Contains(path, "/views/mail/") { // mail programs know nothing else
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for what, pattern := range inline {
			if at := pattern.FindIndex(text); at != nil {
				t.Errorf("%s:%d: %s", path, 1+strings.Count(string(text[:at[1]-1]), "\n"), what)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestInlinePatterns(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"style", `<p style="x">`, "style attribute"},
		{"style expression", `<p class="a" style={ x }>`, "style attribute"},
		{"event", `<a onclick="x">`, "event attribute"},
		{"htmx event", `<a hx-on:click="x">`, "event attribute"},
		{"element", "<style>p{}</style>", "style element"},
		{"script", "<script>alert(1)</script>", "inline script"},
		{"address", `<a href="javascript:x">`, "javascript: address"},
		{"templ css", "css box() {", "templ style or script"},
		{"linked script", `<script src={ static.URL("js/errata.js") } defer></script>`, ""},
		{"words", `<p data-on="x">style is onerous</p>`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got string
			for what, pattern := range inline {
				if pattern.MatchString(tt.text) {
					got = what
				}
			}
			if got != tt.want {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}
