package config

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Print writes every effective value and where it comes from; secrets as dots.
func (c *Config) Print(w io.Writer) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range c.settings {
		fmt.Fprintf(tab, "%s\t%s\t%s\n", s.Key, s.Value, s.Origin)
	}
	return tab.Flush()
}

// Document writes the reference of all settings as Markdown.
func Document(w io.Writer) error {
	var b strings.Builder
	b.WriteString(heading)
	for _, flag := range model() {
		key := keyOf(flag.Name)
		def := flag.Default
		if def != "" {
			def = "`" + def + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s |\n", key, def, EnvName(key), flag.Help)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

const heading = `# Settings

Made from the code; do not edit. Every setting has a default that works on a laptop. It is read
from, each overruling the one before: the default, the YAML file named by ` + "`--config`" + `, the
environment, the flag. The flag is the key with ` + "`-`" + ` for ` + "`_`" + `: ` + "`data_dir`" + ` is ` + "`--data-dir`" + `. In the file
the parts of a key are nested:

` + "```yaml" + `
url: https://errata.example.com
database:
  url: file:/run/secrets/database
search:
  elastic:
    urls: [https://es-1:9200, https://es-2:9200]
` + "```" + `

Sizes are written ` + "`64KiB`, `20MiB`, `8GiB`" + `; times ` + "`5s`, `1m`" + `; lists are joined by commas. Where a
secret is expected, ` + "`file:PATH`" + ` stands for what the file holds. A variable that is set but empty
counts as not set. A wrong value ends the program with exit code 78 and one line that names the key
and the remedy. ` + "`web config print`" + ` shows the effective values and where each comes from.

| Key | Default | Environment | Meaning |
| --- | --- | --- | --- |
`
