package grouping

import (
	"strings"

	"errata/internal/errata"
)

// custom returns the result for parts that a program or a rule set. Only
// {{ default }} is the default result itself.
func custom(ev *errata.Event, p errata.Project, texts []string, rule string) Result {
	defaults := 0
	for _, text := range texts {
		if isDefault(text) {
			defaults++
		}
	}
	// A rule's {{ default }} is the content: the rule itself is the default else.
	rest := byDefault
	if rule != "" {
		rest = byContent
	}
	if defaults == len(texts) {
		r := rest(ev, p)
		if rule != "" {
			r.Rule = rule
		}
		return r
	}
	kind := KindCustom
	var below Result
	if defaults > 0 {
		kind, below = KindMixed, rest(ev, p)
	}
	r := finish(kind, customParts(ev, texts, below.Hash))
	r.Rule = rule
	if r.Rule == "" {
		r.Rule = below.Rule
	}
	for _, part := range below.Parts {
		if part.Used {
			part.Used, part.Why = false, "counts inside the default"
		}
		r.Parts = append(r.Parts, part)
	}
	return r
}

func customParts(ev *errata.Event, texts []string, below string) []Part {
	parts := make([]Part, 0, len(texts))
	for _, text := range texts {
		if isDefault(text) {
			parts = append(parts, used(partDefault, below))
			continue
		}
		parts = append(parts, used(partCustom, fill(text, ev)))
	}
	return parts
}

func isDefault(text string) bool {
	name, ok := strings.CutPrefix(strings.TrimSpace(text), "{{")
	if !ok {
		return false
	}
	name, ok = strings.CutSuffix(name, "}}")
	return ok && strings.TrimSpace(name) == "default"
}

// maxPart is how many bytes a part may grow to when its variables are filled.
const maxPart = 8192

// fill replaces each {{ variable }} of text; unknown ones stay as they are.
func fill(text string, ev *errata.Event) string {
	if !strings.Contains(text, "{{") {
		return text
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{{")
		name, after, closed := strings.Cut(rest, "}}")
		if !ok || !closed || b.Len() > maxPart {
			b.WriteString(text)
			break
		}
		b.WriteString(before)
		if value, known := variable(ev, strings.TrimSpace(name)); known {
			b.WriteString(value)
		} else {
			b.WriteString("{{" + name + "}}")
		}
		text = after
	}
	filled := b.String()
	if len(filled) > maxPart {
		filled = strings.ToValidUTF8(filled[:maxPart], "")
	}
	return filled
}

// variable returns the value of a variable, "<no-x>" when the event has none.
func variable(ev *errata.Event, name string) (value string, known bool) {
	if key, ok := strings.CutPrefix(name, "tags."); ok {
		return orMissing(ev.Tag(key), name), true
	}
	switch name {
	case "error.type":
		value = ev.Type()
	case "error.value":
		if x := ev.Thrown(); x != nil {
			value = x.Value
		}
	case "stack.function", "stack.module", "stack.abs_path":
		value = ofFrame(newestFrame(ev), name)
	case "transaction":
		value = ev.Transaction
	case "message":
		value = ev.Message
	case "level":
		value = string(ev.Level)
	case "logger":
		value = ev.Logger
	case "environment":
		value = ev.Environment
	case "release":
		value = ev.Release
	default:
		return "", false
	}
	return orMissing(value, name), true
}

func ofFrame(f *errata.Frame, name string) string {
	switch {
	case f == nil:
		return ""
	case name == "stack.function":
		return f.Function
	case name == "stack.module":
		return f.Module
	}
	return f.AbsPath
}

func orMissing(value, name string) string {
	if value == "" {
		return "<no-" + name + ">"
	}
	return value
}

// newestFrame returns the newest in-app frame of the main stack, else its
// newest, else nil.
func newestFrame(ev *errata.Event) *errata.Frame {
	frames := ev.MainFrames()
	for i := len(frames) - 1; i >= 0; i-- {
		if frames[i].IsInApp() {
			return &frames[i]
		}
	}
	if len(frames) == 0 {
		return nil
	}
	return &frames[len(frames)-1]
}
