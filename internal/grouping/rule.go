package grouping

import (
	"fmt"
	"strings"

	"errata/internal/errata"
)

// rule is one line "key:glob key:glob -> part, part": where all globs hold,
// the parts make the fingerprint.
type rule struct {
	line     string
	matchers []matcher
	parts    []string
}

type matcher struct{ key, glob string }

// builtIn are the rules of every project. A chunk that cannot be loaded fails
// in whatever code asked for it, with the chunk's number in its text: after a
// deploy that is one problem, not hundreds.
var builtIn = mustParseRules(
	"platform:javascript type:ChunkLoadError -> chunkloaderror",
	"platform:javascript value:ChunkLoadError* -> chunkloaderror",
	"platform:node type:ChunkLoadError -> chunkloaderror",
)

func mustParseRules(lines ...string) []rule {
	rules := make([]rule, 0, len(lines))
	for _, line := range lines {
		r, err := parseRule(line)
		if err != nil {
			panic(err)
		}
		rules = append(rules, r)
	}
	return rules
}

// parseRule reads one line.
func parseRule(line string) (rule, error) {
	head, tail, ok := strings.Cut(line, "->")
	if !ok {
		return rule{}, fmt.Errorf("grouping rule %q has no ->", line)
	}
	r := rule{line: line}
	for word := range strings.FieldsSeq(head) {
		key, glob, _ := strings.Cut(word, ":")
		if glob == "" || ruleTexts[key] == nil {
			return rule{}, fmt.Errorf("grouping rule %q: %q is not key:glob", line, word)
		}
		r.matchers = append(r.matchers, matcher{key, strings.ToLower(glob)})
	}
	for part := range strings.SplitSeq(tail, ",") {
		if part = strings.TrimSpace(part); part != "" {
			r.parts = append(r.parts, part)
		}
	}
	if len(r.matchers) == 0 || len(r.parts) == 0 {
		return rule{}, fmt.Errorf("grouping rule %q needs a matcher and a part", line)
	}
	return r, nil
}

// ruleTexts says whether any text of the event under a key is what asks.
var ruleTexts = map[string]func(ev *errata.Event, is func(string) bool) bool{
	"platform": func(ev *errata.Event, is func(string) bool) bool { return is(ev.Platform) },
	"type": func(ev *errata.Event, is func(string) bool) bool {
		return anyException(ev, func(x *errata.Exception) bool { return is(x.Type) })
	},
	"value": func(ev *errata.Event, is func(string) bool) bool {
		return anyException(ev, func(x *errata.Exception) bool { return is(x.Value) })
	},
}

func anyException(ev *errata.Event, is func(*errata.Exception) bool) bool {
	for i := range ev.Exceptions {
		if is(&ev.Exceptions[i]) {
			return true
		}
	}
	return false
}

// matchRule returns the first rule that holds, or nil.
func matchRule(rules []rule, ev *errata.Event) *rule {
	for i := range rules {
		if rules[i].holds(ev) {
			return &rules[i]
		}
	}
	return nil
}

func (r *rule) holds(ev *errata.Event) bool {
	for _, m := range r.matchers {
		if !ruleTexts[m.key](ev, func(text string) bool { return globMatch(m.glob, text) }) {
			return false
		}
	}
	return true
}

// globMatch compares without case; * stands for any text. The glob is in
// lower case. Its time is bounded by the product of the lengths.
func globMatch(glob, text string) bool {
	pieces := strings.Split(glob, "*")
	first, last := pieces[0], pieces[len(pieces)-1]
	if len(text) < len(first) || !strings.EqualFold(text[:len(first)], first) {
		return false
	}
	if len(pieces) == 1 {
		return len(text) == len(first)
	}
	text = strings.ToLower(text[len(first):])
	for _, piece := range pieces[1 : len(pieces)-1] {
		_, after, ok := strings.Cut(text, piece)
		if !ok {
			return false
		}
		text = after
	}
	return strings.HasSuffix(text, last)
}
