package page

import (
	"strconv"

	"github.com/a-h/templ"

	"errata/internal/views/ui"
)

// SuggestionIn is one way how a query can go on. Kind: field, value, recent,
// view. Text replaces the bytes [Start, End) of what is typed.
type SuggestionIn struct {
	Kind, Text, Help, Title string
	Count                   int64
	Counted, About          bool
	Start, End              int
}

// Suggestions is the list below the search field.
type Suggestions struct {
	Groups []SuggestionGroup
	What   string // what Counts count

	Unknown bool // values could not be counted
}

// SuggestionGroup is the suggestions of one kind.
type SuggestionGroup struct {
	ID, Title string
	Options   []SuggestionOption
}

// SuggestionOption is one suggestion. Whole: it is a query to run as it is.
type SuggestionOption struct {
	ID, Text, Help, Count, Start, End string
	Whole                             bool
}

var suggestionTitles = []struct{ kind, title string }{
	{"value", "Values"}, {"field", "Fields"}, {"recent", "Recent"}, {"view", "Saved views"},
}

// NewSuggestions makes the list; what is counted is issues or events.
func NewSuggestions(all []SuggestionIn, what string) Suggestions {
	m := Suggestions{What: what}
	n := 0
	for _, s := range all {
		m.Unknown = m.Unknown || s.Kind == "unknown"
	}
	for _, k := range suggestionTitles {
		g := SuggestionGroup{ID: "suggest-" + k.kind, Title: k.title}
		for _, s := range all {
			if s.Kind != k.kind {
				continue
			}
			o := SuggestionOption{
				ID: "suggest-" + strconv.Itoa(n), Text: s.Text, Help: ui.Clip(s.Help, 60), Start: strconv.Itoa(s.Start), End: strconv.Itoa(s.End),
				Whole: s.Kind == "recent" || s.Kind == "view",
			}
			if s.Title != "" {
				o.Help = ui.Clip(s.Title, 60)
			}
			if s.Counted {
				o.Count = ui.Num(s.Count)
			}
			if s.About {
				o.Count = "about " + o.Count
			}
			g.Options = append(g.Options, o)
			n++
		}
		if len(g.Options) > 0 {
			m.Groups = append(m.Groups, g)
		}
	}
	return m
}

// List shows the suggestions.
func (m Suggestions) List() templ.Component { return suggestions(m) }
