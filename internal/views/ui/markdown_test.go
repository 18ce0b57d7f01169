package ui

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func rendered(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Markdown(text).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

func TestMarkdown(t *testing.T) {
	link := func(to, text string) string {
		return `<a href="` + to + `" rel="nofollow noreferrer noopener" target="_blank">` + text + `</a>`
	}
	for name, c := range map[string]struct{ text, want string }{
		"paragraphs":      {"one\n\ntwo", "<p>one</p>\n<p>two</p>"},
		"line ends stay":  {"one\ntwo", "<p>one<br>\ntwo</p>"},
		"marks":           {"**b** *i* ~~s~~ `c`", "<p><strong>b</strong> <em>i</em> <del>s</del> <code>c</code></p>"},
		"list":            {"- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"},
		"code":            {"```go\nif a < b {}\n```", "<pre><code>if a &lt; b {}\n</code></pre>"},
		"heading":         {"# big", "<p><strong>big</strong></p>"},
		"link":            {"[x](https://a.example/b?c=d)", "<p>" + link("https://a.example/b?c=d", "x") + "</p>"},
		"bare link":       {"see https://a.example", "<p>see " + link("https://a.example", "https://a.example") + "</p>"},
		"picture":         {"![cat](https://a.example/c.png)", "<p>" + link("https://a.example/c.png", "picture: cat") + "</p>"},
		"picture, data":   {"![x](data:image/png;base64,AA)", "<p>picture: x</p>"},
		"script link":     {"[x](javascript:alert(1))", "<p>x</p>"},
		"script, encoded": {"[x](JaVaScRiPt&#58;alert(1))", "<p>x</p>"},
		"relative link":   {"[x](/logout)", "<p>x</p>"},
		"no host":         {"[x](http:)", "<p>x</p>"},
		"host alone":      {"[x](//a.example)", "<p>x</p>"},
		"markup":          {"<img src=x onerror=alert(1)>", ""},
		"inline markup":   {"a <b onclick=x>b</b>", "<p>a b</p>"},
		"attributes":      {`<p style="color:red" hx-get="/x">a</p>`, ""},
		"entities":        {"a &lt;script&gt; b", "<p>a &lt;script&gt; b</p>"},
		"quotes too deep": {strings.Repeat(">", 13) + " <b>", "<p>&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt; &lt;b&gt;</p>"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, rendered(t, c.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

var (
	allowedTag = regexp.MustCompile(`^</?(p|br|strong|em|del|code|pre|blockquote|ul|ol|li|hr)/?>$`)
	allowedA   = regexp.MustCompile(`^(</a>|<a href="https?://[^"<>]*" rel="nofollow noreferrer noopener" target="_blank">)$`)
	anyTag     = regexp.MustCompile(`<[^>]*>`)
)

// FuzzMarkdown: whatever is typed, only the markup of the policy comes out.
func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{
		"# a\n- b\n  1. c\n> d", "<script>alert(1)</script>", "[a](http://x \"t\")", "![a](http://x)", "[a]: http://x\n[a]",
		"<http://x>", "`<b>`", "***a**b*", strings.Repeat("[", 300), strings.Repeat("*a ", 300), "www.a.example", "a@b.example",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4000 {
			return
		}
		for _, tag := range anyTag.FindAllString(rendered(t, text), -1) {
			if !allowedTag.MatchString(tag) && !allowedA.MatchString(tag) {
				t.Errorf("%q became %s", text, tag)
			}
		}
	})
}

// BenchmarkMarkdownWorst renders notes of the greatest length that are made to
// be slow.
func BenchmarkMarkdownWorst(b *testing.B) {
	for name, piece := range map[string]string{"brackets": "[", "stars": "*a ", "links": "[a](", "lists": "- ", "references": "[a]: b\n", "ticks": "` `` "} {
		text := strings.Repeat(piece, 20_000/len(piece))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				rendered(b, text)
			}
		})
	}
}
