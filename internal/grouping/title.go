package grouping

import (
	"strings"

	"errata/internal/errata"
)

// maxTitle is how many characters a title has at most.
const maxTitle = 200

// Title names the error in one line of at most 200 characters: the thrown
// exception's type and the first line of its text. Without a type, or with one
// that the SDK made up (as for captured texts), it is the text, else the
// message, else the newest function of the stack.
func Title(ev *errata.Event) string {
	kind, value := "", ""
	if x := ev.Thrown(); x != nil {
		value = firstLine(x.Value)
		if !x.Synthetic() {
			kind = firstLine(x.Type)
		}
	}
	var title string
	switch {
	case kind != "" && value != "":
		title = kind + ": " + value
	case kind != "":
		title = kind
	case value != "":
		title = value
	default:
		title = otherTitle(ev)
	}
	return strings.TrimSpace(cutText(title, maxTitle))
}

func otherTitle(ev *errata.Event) string {
	texts := []string{ev.Message, ev.MessageTemplate}
	if f := newestFrame(ev); f != nil {
		texts = append(texts, f.Function)
	}
	for _, text := range append(texts, ev.Type(), ev.Transaction) {
		if line := firstLine(text); line != "" {
			return line
		}
	}
	return "Event without a message"
}

// firstLine returns the first line that is not blank, without space around.
func firstLine(s string) string {
	for line := range strings.FieldsFuncSeq(s, isLineBreak) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}

func isLineBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// Score rates how much an event tells, for choosing the one to show first: one
// point each for a stack, a request, breadcrumbs and a trace.
func Score(ev *errata.Event) int64 {
	score := int64(0)
	for _, has := range [...]bool{len(ev.MainFrames()) > 0, ev.Request != nil, len(ev.Breadcrumbs) > 0, ev.Trace != nil} {
		if has {
			score++
		}
	}
	return score
}
