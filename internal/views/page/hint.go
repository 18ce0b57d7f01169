package page

import "errata/internal/views/ui"

// HintIn names the part of a search that hides most: Rest is the search without
// it, with Total matches.
type HintIn struct {
	Token, Rest string
	Total       Total
}

// empty says of an empty list which part of the search hides most.
func (h HintIn) empty(u ListURL, title string) *Empty {
	return &Empty{
		Icon: "search", Title: title, Code: h.Token,
		Text:   "Without this part of the search there " + isAre(h.Total) + ":",
		Action: &ui.Link{Text: "Leave it out", URL: u.WithQ(h.Rest).String()},
		Other:  &ui.Link{Text: "Clear the search", URL: u.WithQ("").String()},
	}
}

func isAre(t Total) string {
	if t.Exact && t.Value == 1 {
		return "is 1"
	}
	if t.Exact {
		return "are " + ui.Exact(t.Value)
	}
	return "are about " + ui.Num(t.Value)
}
