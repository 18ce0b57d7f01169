package grouping

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Why tells what a fingerprint was made of; it is stored beside it and shown
// as "why grouped".
type Why struct {
	Version string `json:"version"`
	Kind    Kind   `json:"kind"`
	Rule    string `json:"rule,omitempty"`
	Parts   []Part `json:"parts"`
	Omitted int    `json:"omitted,omitempty"` // parts left out for want of room
}

const (
	maxWhy     = 4096 // bytes of JSON
	maxWhyText = 200  // characters of one part
)

// Why returns the explanation as JSON of at most 4 KiB. Parts that counted go
// before those that did not, newer before older; all keep their order.
func (r Result) Why() string {
	w := Why{Version: r.Version, Kind: r.Kind, Rule: cutText(r.Rule, maxWhyText), Parts: []Part{}}
	room := maxWhy - len(`,"omitted":99999`) - len(encoded(w))
	keep := make([]bool, len(r.Parts))
	for _, counted := range [...]bool{true, false} {
		for i := len(r.Parts) - 1; i >= 0 && room > 0; i-- {
			if r.Parts[i].Used == counted {
				size := len(encoded(shortened(r.Parts[i]))) + 1
				keep[i] = size <= room
				room -= size // the first that does not fit ends it: no gaps
			}
		}
	}
	for i := range keep {
		if keep[i] {
			w.Parts = append(w.Parts, shortened(r.Parts[i]))
		}
	}
	w.Omitted = len(r.Parts) - len(w.Parts)
	return string(encoded(w))
}

// ParseWhy reads what Why wrote.
func ParseWhy(s string) (Why, error) {
	var w Why
	err := json.Unmarshal([]byte(s), &w)
	return w, err
}

func shortened(p Part) Part {
	p.Text = cutText(p.Text, maxWhyText)
	return p
}

// encoded returns v as JSON; what is encoded here cannot fail. Placeholders
// stay readable: whoever shows them escapes them.
func encoded(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// cutText returns at most limit characters of s.
func cutText(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	n := 0
	for i := range s {
		if n == limit {
			return strings.Clone(s[:i]) // do not keep a long text alive
		}
		n++
	}
	return s
}
