package ui

import (
	"maps"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CodeLine is a line of source. Number 0 is unknown; Hit is the line at fault.
type CodeLine struct {
	Number int
	Hit    bool
	Spans  []CodeSpan
}

// CodeSpan is a run of one kind. Class is "" or one of kw, st, nu, cm, ty, fu:
// keyword, string, number, comment, type, call.
type CodeSpan struct{ Class, Text string }

// Language says how a source is coloured; the zero Language colours nothing.
type Language struct {
	line       string            // starts a comment to the end of the line
	open, shut string            // around a comment
	quotes     string            // characters around a string that ends with its line
	long       []string          // quotes of strings over several lines, longest first
	words      map[string]string // word → class
	raw        bool              // a backslash in backquotes is itself
	upperTypes bool              // a word that begins with a capital is a type
}

func words(class, list string) map[string]string {
	m := map[string]string{}
	for w := range strings.FieldsSeq(list) {
		m[w] = class
	}
	return m
}

func merged(all ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}

var golang = Language{
	line: "//", open: "/*", shut: "*/", quotes: `"'`, long: []string{"`"},
	words: merged(
		words("kw", `break case chan const continue default defer else fallthrough for func go goto if import interface map
			package range return select struct switch type var nil true false iota`),
		words("ty", `any bool byte comparable complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune string
			uint uint8 uint16 uint32 uint64 uintptr`)),
	raw: true, upperTypes: true,
}

var script = Language{
	line: "//", open: "/*", shut: "*/", quotes: `"'`, long: []string{"`"},
	words: merged(
		words("kw", `as async await break case catch class const continue debugger default delete do else enum export extends
			false finally for from function get if implements import in instanceof interface let new null of private protected
			public readonly return set static super switch this throw true try type typeof undefined var void while with yield`),
		words("ty", `any bigint boolean never number object string symbol unknown`)),
	upperTypes: true,
}

var python = Language{
	line: "#", quotes: `"'`, long: []string{`"""`, `'''`},
	words: merged(
		words("kw", `False None True and as assert async await break case class continue def del elif else except finally for from
			global if import in is lambda match nonlocal not or pass raise return self try while with yield`),
		words("ty", `bool bytes dict float frozenset int list object set str tuple type`)),
	upperTypes: true,
}

var languages = map[string]Language{
	".go": golang, ".js": script, ".jsx": script, ".ts": script, ".tsx": script, ".mjs": script, ".cjs": script,
	".vue": script, ".svelte": script, ".py": python, ".pyi": python,
}

var platformLanguages = map[string]Language{"go": golang, "javascript": script, "node": script, "python": python}

// LanguageOf chooses by the file's ending, else by the platform.
func LanguageOf(file, platform string) Language {
	file, _, _ = strings.Cut(file, "?")
	if l, ok := languages[strings.ToLower(path.Ext(file))]; ok {
		return l
	}
	if path.Ext(file) == "" {
		return platformLanguages[platform]
	}
	return Language{}
}

// Highlight colours lines that follow one another. The text of the spans of a
// line, joined, is the line.
func Highlight(l Language, lines []string) []CodeLine {
	x := lexer{lang: l}
	out := make([]CodeLine, len(lines))
	for i, text := range lines {
		if l.words == nil {
			out[i] = CodeLine{Spans: []CodeSpan{{Text: text}}}
			continue
		}
		out[i] = CodeLine{Spans: x.scan(text)}
	}
	return out
}

// lexer carries what is open from one line to the next: the text that ends it
// and its class.
type lexer struct {
	lang  Language
	until string
	class string
	spans []CodeSpan
}

func (x *lexer) scan(s string) []CodeSpan {
	x.spans = nil
	if x.until != "" {
		s = x.finish(s, 0)
	}
	for s != "" {
		s = s[x.token(s):]
		if x.until != "" {
			break
		}
	}
	return x.spans
}

// finish takes the rest of what is open, from s[from:], and returns what
// follows it.
func (x *lexer) finish(s string, from int) string {
	i := closing(s[from:], x.until, x.escapes())
	if i < 0 {
		x.add(x.class, s)
		return ""
	}
	end := from + i + len(x.until)
	x.add(x.class, s[:end])
	x.until = ""
	return s[end:]
}

// escapes says whether a backslash hides the end: in strings, but for Go's raw
// ones.
func (x *lexer) escapes() bool { return x.class == "st" && (x.until != "`" || !x.lang.raw) }

// closing finds the end mark, skipping what a backslash escapes.
func closing(s, mark string, escapes bool) int {
	for i := 0; i < len(s); i++ {
		if escapes && s[i] == '\\' && i+1 < len(s) {
			i++
			continue
		}
		if strings.HasPrefix(s[i:], mark) {
			return i
		}
	}
	return -1
}

// token adds one token and returns its length; one that goes on over the line
// takes the whole rest.
func (x *lexer) token(s string) int {
	if n := x.comment(s); n > 0 {
		return n
	}
	if n := x.text(s); n > 0 {
		return n
	}
	r, w := utf8.DecodeRuneInString(s)
	switch {
	case unicode.IsLetter(r) || r == '_' || r == '$':
		return x.word(s)
	case r >= '0' && r <= '9':
		return x.number(s)
	}
	x.add("", s[:w])
	return w
}

func (x *lexer) comment(s string) int {
	if x.lang.line != "" && strings.HasPrefix(s, x.lang.line) {
		x.add("cm", s)
		return len(s)
	}
	if x.lang.open != "" && strings.HasPrefix(s, x.lang.open) {
		x.until, x.class = x.lang.shut, "cm"
		return len(s) - len(x.finish(s, len(x.lang.open)))
	}
	return 0
}

func (x *lexer) text(s string) int {
	for _, q := range x.lang.long {
		if strings.HasPrefix(s, q) {
			x.until, x.class = q, "st"
			return len(s) - len(x.finish(s, len(q)))
		}
	}
	if !strings.ContainsRune(x.lang.quotes, rune(s[0])) {
		return 0
	}
	end := len(s) // an open string ends with its line
	if i := closing(s[1:], s[:1], true); i >= 0 {
		end = i + 2
	}
	x.add("st", s[:end])
	return end
}

func (x *lexer) word(s string) int {
	n := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '$' })
	if n < 0 {
		n = len(s)
	}
	word, rest := s[:n], strings.TrimLeft(s[n:], " ")
	class := x.lang.words[word]
	first, _ := utf8.DecodeRuneInString(word)
	switch {
	case class != "":
	case strings.HasPrefix(rest, "("):
		class = "fu"
	case x.lang.upperTypes && unicode.IsUpper(first) && !x.afterDot():
		class = "ty"
	}
	x.add(class, word)
	return n
}

// afterDot says that the word before was joined to this one: a field, not a
// type.
func (x *lexer) afterDot() bool {
	if len(x.spans) == 0 {
		return false
	}
	return strings.HasSuffix(x.spans[len(x.spans)-1].Text, ".")
}

func (x *lexer) number(s string) int {
	n := strings.IndexFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '.' && r != '_'
	})
	if n < 0 {
		n = len(s)
	}
	x.add("nu", s[:n])
	return n
}

// add appends a span, joining it to one of the same kind.
func (x *lexer) add(class, text string) {
	if text == "" {
		return
	}
	if k := len(x.spans) - 1; k >= 0 && x.spans[k].Class == class {
		x.spans[k].Text += text
		return
	}
	x.spans = append(x.spans, CodeSpan{Class: class, Text: text})
}
