package ui

import (
	"strings"

	"github.com/a-h/templ"
)

// current returns aria-current for the link that is shown.
func current(is bool, value string) templ.Attributes {
	if !is {
		return nil
	}
	return templ.Attributes{"aria-current": value}
}

// keyed returns the attribute by which a shortcut finds its link.
func keyed(key string) templ.Attributes {
	if key == "" {
		return nil
	}
	return templ.Attributes{"data-key": key}
}

// Current returns aria-current="page" for the link that is shown.
func Current(is bool) templ.Attributes { return current(is, "page") }

// Keyed returns the attribute by which a shortcut finds its link or button.
func Keyed(key string) templ.Attributes { return keyed(key) }

func noticeIcon(tone string) string {
	switch tone {
	case "ok":
		return "circle-check"
	case "warn":
		return "triangle-alert"
	case "bad":
		return "circle-alert"
	}
	return "info"
}

// described joins an input to its hint and its error.
func described(f Field) templ.Attributes {
	ids := ""
	if f.Error != "" {
		ids = "e-" + f.Name
	}
	if f.Hint != "" {
		ids += " h-" + f.Name
	}
	out := templ.Attributes{}
	if ids != "" {
		out["aria-describedby"] = strings.TrimSpace(ids)
	}
	if f.Error != "" {
		out["aria-invalid"] = "true"
	}
	return out
}
