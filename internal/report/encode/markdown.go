package encode

import (
	"bufio"
	"io"
	"strings"

	"errata/internal/errata"
)

// Markdown writes a document as CommonMark with tables. What people and
// programs have written stays text: it can make no link, image or tag.
func Markdown(w io.Writer, d *errata.Document) error {
	b := bufio.NewWriter(w)
	line := func(parts ...string) {
		for _, p := range parts {
			_, _ = b.WriteString(p) // the buffer keeps the error
		}
		_ = b.WriteByte('\n')
	}
	line("# ", inline(d.Title))
	line()
	for _, f := range d.Filters {
		line("- ", inline(f))
	}
	line("- As of ", Words(errata.IntCell(d.AsOf), errata.ColumnTime), ", time zone ", inline(d.Zone))
	for _, s := range d.Sections {
		line()
		line("## ", inline(s.Title))
		if s.Text != "" {
			line()
			line(block(s))
		}
		if s.Table != nil {
			line()
			markdownTable(line, s.Table)
		}
	}
	return b.Flush()
}

// block is the text of a section; code stands in a fence longer than any in it.
func block(s errata.Section) string {
	if !s.Code {
		return inline(s.Text)
	}
	fence := "```"
	for strings.Contains(s.Text, fence) {
		fence += "`"
	}
	return fence + "\n" + s.Text + "\n" + fence
}

func markdownTable(line func(...string), t *errata.Table) {
	heads, rules := make([]string, len(t.Columns)), make([]string, len(t.Columns))
	for i, c := range t.Columns {
		heads[i], rules[i] = inline(c.Title), "---"
		if c.Kind != errata.ColumnText {
			rules[i] = "---:"
		}
	}
	line("| ", strings.Join(heads, " | "), " |")
	line("| ", strings.Join(rules, " | "), " |")
	for _, r := range t.Rows {
		cells := make([]string, len(r))
		for i, c := range r {
			cells[i] = inline(Words(c, t.Columns[i].Kind))
		}
		line("| ", strings.Join(cells, " | "), " |")
	}
}

// markup is what means something inside of a line, escaped.
var markup = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`, `<`, `&lt;`, `>`, `&gt;`, `&`, `&amp;`, `|`, `\|`, `#`, `\#`, `!`, `\!`, `~`, `\~`,
	"\r\n", " ", "\n", " ", "\r", " ", "\t", " ", "://", `:\//`, "www.", `www\.`, "@", `\@`,
)

// inline is text in one line that is nothing but text.
func inline(s string) string { return markup.Replace(s) }
