package layout

import (
	"strings"

	"github.com/a-h/templ"

	"errata/internal/views/ui"
)

// htmxConfig: history reloads from the server and leaves no page in the
// browser's storage; indicators are styled by our stylesheet.
const htmxConfig = `{"history":"reload","includeIndicatorCSS":false,"transitions":false}`

// attributes are those of the html element: what the reader chose.
func (c Chrome) attributes() templ.Attributes {
	out := templ.Attributes{}
	if c.Theme == Light || c.Theme == Dark {
		out["data-theme"] = string(c.Theme)
	}
	if c.Density == Compact {
		out["data-density"] = string(c.Density)
	}
	return out
}

func (c Chrome) colorScheme() string {
	if c.Theme == Light || c.Theme == Dark {
		return string(c.Theme)
	}
	return "light dark"
}

// chosen says whether an appearance is the present one; System and Comfortable
// are what holds when nothing was chosen.
func (c Chrome) chosen(t Theme) bool { return t == ParseTheme(string(c.Theme)) }

func (c Chrome) dense(d Density) bool { return d == ParseDensity(string(c.Density)) }

// goKey is the data-key of a place: "g i".
func (n NavItem) goKey() templ.Attributes {
	if n.Keys == "" {
		return nil
	}
	return ui.Keyed("g " + n.Keys)
}

// avatarTone spreads people over the tones of avatars.
func (u User) avatarTone() string {
	tones := []string{"", "b", "c", "d", "e"}
	sum := 0
	for _, r := range u.Name {
		sum += int(r)
	}
	return tones[sum%len(tones)]
}

func (h Health) words() string {
	if h.Since.ISO == "" {
		return h.What
	}
	return strings.TrimSpace(h.What + " since " + h.Since.Text)
}
