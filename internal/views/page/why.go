package page

import (
	"errors"

	"errata/internal/views/ui"
)

var errNoObject = errors.New("no object")

// WhyIn says why events are one issue. A zero WhyIn is not shown.
type WhyIn struct {
	Version, Kind, Hash, Rule string
	Parts                     []WhyPart
}

// WhyPart is one thing that was looked at: what it is, and why it was left
// out, "" = it counted.
type WhyPart struct {
	Name    string // what it is: type, frame, message …
	Text    string
	Ignored string
}

// Why is the answer to "why are these one issue".
type Why struct {
	Sentence       string
	Used, Left     []WhyPart
	Version, Hash  string
	UsedMore, More string
}

var whyKinds = map[string]string{
	"stack":    "Same exception types and same calls.",
	"thread":   "Same calls in the crashed thread.",
	"message":  "Same message, numbers and names left out.",
	"fallback": "No exception and no message: same platform and transaction.",
	"checksum": "The application sent the same checksum.",
	"custom":   "The application sent the same fingerprint.",
	"mixed":    "Same fingerprint of the application, and same default grouping.",
}

const whyShown = 12

func newWhy(in WhyIn) *Why {
	if in.Kind == "" {
		return nil
	}
	w := &Why{Sentence: whyKinds[in.Kind], Version: in.Version, Hash: in.Hash}
	if w.Sentence == "" {
		w.Sentence = "Same " + in.Kind + "."
	}
	if in.Rule != "" {
		w.Sentence += " Rule: " + in.Rule + "."
	}
	for _, p := range in.Parts {
		if p.Ignored == "" {
			w.Used = append(w.Used, WhyPart{Name: p.Name, Text: ui.Clip(p.Text, 160)})
		} else {
			w.Left = append(w.Left, WhyPart{Name: p.Name, Text: ui.Clip(p.Text, 160), Ignored: p.Ignored})
		}
	}
	w.Used, w.UsedMore = cutParts(w.Used)
	w.Left, w.More = cutParts(w.Left)
	return w
}

func cutParts(parts []WhyPart) ([]WhyPart, string) {
	if len(parts) <= whyShown {
		return parts, ""
	}
	return parts[:whyShown], "and " + ui.Num(int64(len(parts)-whyShown)) + " more"
}
