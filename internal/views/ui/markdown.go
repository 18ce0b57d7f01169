package ui

import (
	"bytes"
	"context"
	"io"
	"net/url"

	"github.com/a-h/templ"
	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// maxNesting is how many quotes and lists of a note may lie in one another.
// What nests deeper is shown as it was typed.
const maxNesting = 12

// markdown knows CommonMark with bare links, ~~struck~~ text and line ends kept
// as they were typed. Markup in the text is left out by it, and once more by
// the policy.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.Linkify, extension.Strikethrough),
	goldmark.WithRendererOptions(html.WithHardWraps(), renderer.WithNodeRenderers(util.Prioritized(plainParts{}, 100))),
)

// policy is what the markup of a note may hold: no attribute but the target of
// a link, no picture, no heading.
var policy = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "hr")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemeWithCustomPolicy("http", hosted)
	p.AllowURLSchemeWithCustomPolicy("https", hosted)
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true) // adds noopener too
	return p
}()

func hosted(u *url.URL) bool { return u.Host != "" }

// Markdown shows what somebody wrote: paragraphs, lists, quotes, code and
// links to http and https. Nothing else of it becomes markup.
func Markdown(text string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b bytes.Buffer
		if nesting(text) > maxNesting {
			return templ.Raw("<p>"+templ.EscapeString(text)+"</p>").Render(context.Background(), w)
		}
		if err := markdown.Convert([]byte(text), &b); err != nil {
			return err
		}
		_, err := w.Write(policy.SanitizeBytes(b.Bytes()))
		return err
	})
}

// nesting is an upper bound of how deep quotes and lists lie in one another:
// the most markers and steps of indentation that a line begins with.
func nesting(text string) (deepest int) {
	depth, indent, leading := 0, 0, true
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\n':
			depth, indent, leading = 0, 0, true
		case !leading:
		case c == ' ':
			indent++
		case c == '\t':
			indent += 4
		case c == '>' || c == '-' || c == '*' || c == '+' || c >= '0' && c <= '9' || c == '.' || c == ')':
			depth++
		default:
			leading = false
		}
		if leading {
			deepest = max(deepest, depth+indent/4)
		}
	}
	return deepest
}

// plainParts shows headings as bold paragraphs, since the page has headings of
// its own, and pictures as links to them: a picture from elsewhere would tell
// its host who reads the note.
type plainParts struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (p plainParts) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindHeading, p.heading)
	r.Register(ast.KindImage, p.picture)
}

func (plainParts) heading(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
	text := "</strong></p>\n"
	if entering {
		text = "<p><strong>"
	}
	_, err := w.WriteString(text)
	return ast.WalkContinue, err
}

func (plainParts) picture(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	text := "</a>"
	if image, ok := n.(*ast.Image); ok && entering {
		text = `<a href="` + string(util.EscapeHTML(util.URLEscape(image.Destination, true))) + `">picture: `
	}
	_, err := w.WriteString(text)
	return ast.WalkContinue, err
}
